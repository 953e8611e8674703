/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * A page comes back from swap.
 *
 * Several entries may name one slot, and their spaces may want it at the same time. The first puts
 * an empty page into the swap cache, locked, and reads into it; the others find it there and wait
 * for its lock. So all of them share one page again, as they did before it went out.
 */

#include "inside.h"

/* A page found in the swap cache: is it still the slot's, now that it is locked? */
static bool lock_cached(struct vas_memory *memory, struct vas_page *page, uint32_t slot)
{
	vas_page_lock(page);
	if (page->slot == slot) {
		vas_debug(vas_page_is(page, VAS_PAGE_UPTODATE));
		return true;
	}
	vas_page_release(memory, page);
	return false;
}

/* Reads into a new page, which is locked and in the swap cache. */
static int read_in(struct vas_memory *memory, struct vas_page *page, uint32_t slot)
{
	int err = vas_swap_read(memory->swap, slot, page);

	if (err != 0) {
		vas_swap_discard(memory->swap, page);
		vas_page_release(memory, page);
		return err;
	}
	vas_page_set(page, VAS_PAGE_UPTODATE);
	if (vas_swap_binding(memory->swap, slot)->index == VAS_BINDING_MERGED &&
	    vas_swap_binding(memory->swap, slot)->owner == NULL)
		vas_page_set(page, VAS_PAGE_MERGED | VAS_PAGE_CHAINED);
	__atomic_add_fetch(&memory->counts.swapped_in, 1, __ATOMIC_RELAXED);
	return 0;
}

int vas_swap_in(struct vas_memory *memory, uint32_t slot, struct vas_page **out, bool *fresh)
{
	*out = NULL;
	*fresh = false;
	for (;;) {
		struct vas_page *page = vas_swap_find(memory->swap, slot);
		int err;

		if (page != NULL) {
			if (!lock_cached(memory, page, slot))
				continue;
			*out = page;
			return 0;
		}
		if (vas_swap_count(memory->swap, slot) == 0)
			return -VAS_EAGAIN;
		page = vas_frame_alloc(memory->frames, VAS_PAGE_ANONYMOUS);
		if (page == NULL)
			return -VAS_ENOMEM;
		/* Nobody else knows it. */
		(void)vas_page_trylock(page);
		if (!vas_swap_insert(memory->swap, slot, page)) {
			vas_page_unlock(page);
			vas_frame_free(memory->frames, page);
			continue;
		}
		err = read_in(memory, page, slot);
		if (err != 0)
			return err;
		*out = page;
		*fresh = true;
		return 0;
	}
}
