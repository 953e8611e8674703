/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Migration: a page moves to another frame, and every entry that maps it follows (Linux 2.6.18,
 * Christoph Lameter's, for NUMA nodes; later the means to get large free blocks).
 *
 *	freeze      entries wait
 *	copy        bytes, flags
 *	replace     in the object, or in the swap cache; fails if somebody looks at the page
 *	thaw        entries map the new frame, with the permissions that they had
 *	transfer    the reverse map's binding, which was needed to find the entries
 *
 * Up to the replacement all can be taken back: thawed entries map the old frame again.
 */

#include "inside.h"

#include "base/bytes.h"

/* What passes on with the contents. Object pages are told apart from the others by their kind. */
#define FLAGS                                                                                      \
	((uint32_t)(VAS_PAGE_DIRTY | VAS_PAGE_UPTODATE | VAS_PAGE_REFERENCED |                     \
		    VAS_PAGE_UNEVICTABLE | VAS_PAGE_MERGED | VAS_PAGE_CHAINED |                    \
		    VAS_PAGE_LAZY_FREE))

/* The caches know `to` from now on. `from` keeps what it is bound to, for walks. */
static bool replace(struct vas_memory *memory, struct vas_page *from, struct vas_page *to)
{
	void *owner = from->owner;
	uint64_t index = from->index;
	bool done = true;

	if (from->kind == VAS_PAGE_OBJECT)
		done = vas_object_replace(owner, from, to, 0);
	else if (from->slot != 0)
		done = vas_swap_replace(memory->swap, from, to, 0);
	from->owner = owner;
	from->index = index;
	return done;
}

static void transfer(struct vas_memory *memory, struct vas_page *from, struct vas_page *to)
{
	const struct vas_anon_rmap_design *design = memory->rmap.anon;

	if (from->kind == VAS_PAGE_ANONYMOUS && from->owner != NULL) {
		if (design->transfer != NULL) {
			design->transfer(memory->rmap.anon_data, from, to);
		} else {
			to->owner = from->owner;
			to->index = from->index;
		}
	}
	from->owner = NULL;
	from->index = 0;
}

/* => both locked, and from's entries frozen. */
static int take_place(struct vas_memory *memory, struct vas_page *from, struct vas_page *to,
		      struct vas_pool *pool)
{
	if (vas_rmap_chained(&memory->rmap, from) &&
	    vas_page_map_reserve(memory, pool, (size_t)vas_page_mapcount(from)) != 0)
		return -VAS_ENOMEM;
	vas_copy_page(vas_frame_bytes(memory->frames, to), vas_frame_bytes(memory->frames, from));
	vas_page_set(to, vas_page_flags(from) & FLAGS);
	to->stamp = from->stamp;
	return replace(memory, from, to) ? 0 : -VAS_EBUSY;
}

int vas_page_move(struct vas_memory *memory, struct vas_page *from, struct vas_page *to)
{
	int32_t cached = (from->kind == VAS_PAGE_OBJECT) + (from->slot != 0);
	struct vas_pool pool;
	bool active;
	int err = -VAS_EBUSY;

	if ((from->kind == VAS_PAGE_OBJECT && from->owner == NULL) ||
	    !vas_lru_take(&memory->lru, from, &active))
		return -VAS_EBUSY;
	(void)vas_page_trylock(to); /* nobody knows it */
	vas_pool_init(&pool, memory->allocator);
	if (vas_page_freeze_entries(memory, from, cached))
		err = take_place(memory, from, to, &pool);
	vas_page_thaw(memory, from, err == 0 ? to : from, false, &pool);
	vas_pool_trim(&pool, 0);
	if (err == 0)
		transfer(memory, from, to);
	vas_lru_add(&memory->lru, err == 0 ? to : from, active);
	vas_page_let_go(memory, to);
	return err;
}

int vas_page_migrate(struct vas_memory *memory, struct vas_page *page)
{
	struct vas_page *to;
	int err = -VAS_EBUSY;

	if (page->kind != VAS_PAGE_ANONYMOUS && page->kind != VAS_PAGE_OBJECT)
		return -VAS_EBUSY;
	to = vas_frame_alloc(memory->frames, (enum vas_page_kind)page->kind);
	if (to == NULL)
		return -VAS_ENOMEM;
	if (vas_page_trylock(page)) {
		err = vas_page_move(memory, page, to);
		vas_page_let_go(memory, page);
	}
	if (err == 0)
		vas_memory_count(&memory->counts.migrated);
	vas_page_put(memory, to);
	return err;
}
