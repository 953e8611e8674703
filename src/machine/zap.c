/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Entries that go: munmap, madvise, truncate. One last-level table at a time: its entries are taken
 * out under its lock, the pages' references are given back after it was let go, since that may take
 * locks of lower rank.
 */

#include "machine.h"

struct zapping {
	struct vas_memory *memory;
	enum zap what;
	size_t count, slot_count;
	struct vas_page *pages[512];
	uint32_t slots[512];
};

static bool keeps(const struct zapping *zap, uint64_t value)
{
	if (zap->what == ZAP_ALL)
		return false;
	if (!vas_entry_present(value) && vas_entry_kind(value) == VAS_ENTRY_GUARD)
		return zap->what != ZAP_GUARDS;
	if (zap->what == ZAP_GUARDS)
		return true;
	if (zap->what != ZAP_OBJECT)
		return false;
	/* Private copies stay, wherever they are. */
	return vas_entry_maps(value) == 0 ||
	       vas_frame_page(zap->memory->frames, vas_entry_maps(value))->kind != VAS_PAGE_OBJECT;
}

static bool zap_entry(void *data, uint64_t address, const struct vas_entry *entry)
{
	struct zapping *zap = data;
	uint64_t value = vas_entry_read(entry);
	uint32_t frame, slot;

	(void)address;
	if (keeps(zap, value))
		return true;
	value = vas_entry_set(entry, 0);
	frame = vas_entry_maps(value);
	slot = vas_entry_slot(value);
	if (frame != 0) {
		struct vas_page *page = vas_frame_page(zap->memory->frames, frame);

		vas_page_unmap(zap->memory, page, entry, value, entry_locked(value));
		zap->pages[zap->count++] = page;
	} else if (slot != 0) {
		zap->slots[zap->slot_count++] = slot;
	}
	return true;
}

static void put_all(struct zapping *zap)
{
	for (size_t i = 0; i < zap->count; i++) {
		if (__atomic_load_n(&zap->pages[i]->slot, __ATOMIC_RELAXED) != 0)
			vas_page_forget_slot(zap->memory, zap->pages[i]);
		vas_page_put(zap->memory, zap->pages[i]);
	}
	for (size_t i = 0; i < zap->slot_count; i++) {
		struct vas_page *page = vas_swap_find(zap->memory->swap, zap->slots[i]);

		vas_swap_put(zap->memory->swap, zap->slots[i]);
		if (page != NULL) {
			/* On its way out or in, and perhaps nobody's any more. */
			vas_page_forget_slot(zap->memory, page);
			vas_page_put(zap->memory, page);
		}
	}
	zap->count = zap->slot_count = 0;
}

void vas_zap(struct vas_memory *memory, struct vas_pmap *pmap, struct vas_range range,
	     enum zap what, bool foreign)
{
	struct zapping zap;
	bool more = true;

	zap.memory = memory;
	zap.what = what;
	zap.count = zap.slot_count = 0;
	while (more) {
		uint64_t stop;

		if (foreign)
			vas_pmap_walk_lock(pmap);
		more = vas_pmap_next(pmap, &range.start, range.end);
		if (more) {
			stop = (range.start | (TABLE_SPAN - 1)) + 1;
			if (stop > range.end)
				stop = range.end;
			vas_pmap_each(pmap, range.start, stop, zap_entry, &zap);
			range.start = stop;
		}
		if (foreign)
			vas_pmap_walk_unlock(pmap);
		put_all(&zap);
	}
}
