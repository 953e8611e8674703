/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * mremap and mprotect: entries that move with their area, and entries whose bits follow it.
 *
 * Walkers of a reverse map may miss an entry while it moves. They know: the page's mapcount says how
 * many there are. So nothing is locked for the sake of them here but the tables.
 */

#include "machine.h"

#include "base/assert.h"

#include "rmap/pte_chain.h"

static void entry_moved(void *data, const struct vas_entry *from, const struct vas_entry *to,
			uint64_t value)
{
	struct machine_space *in = data;
	struct vas_memory *memory = &in->machine->memory;
	uint32_t frame = vas_entry_maps(value);
	struct vas_page *page;

	__atomic_add_fetch(&in->machine->entries_moved, 1, __ATOMIC_RELAXED);
	if (frame == 0)
		return;
	page = vas_frame_page(memory->frames, frame);
	if (vas_rmap_chained(&memory->rmap, page))
		vas_pte_chain_move(memory->frames, page, from, to);
}

/* A page that is out in swap has moved; merged ones are bound to nothing. */
static void tell_saved(struct vas_memory *memory, uint32_t slot, struct vas_area *area,
		       uint64_t from, uint64_t to)
{
	struct vas_binding *saved = vas_swap_binding(memory->swap, slot);

	if (saved->owner != NULL)
		memory->rmap.anon->moved(memory->rmap.anon_data, NULL, saved, area, from, to);
}

/* Each private page that moved is told to designs which number pages by address. */
static void tell_page(struct machine_space *in, struct vas_area *area, uint64_t address,
		      uint64_t from)
{
	const struct vas_rmap *rmap = &in->machine->memory.rmap;
	struct vas_memory *memory = &in->machine->memory;
	struct vas_page *page = NULL;
	struct vas_entry entry;
	uint32_t slot = 0, frame;
	uint64_t value;

	if (!vas_pmap_find(in->pmap, address, &entry))
		return;
	vas_pmap_lock(entry.table);
	value = vas_entry_read(&entry);
	frame = vas_entry_maps(value);
	if (frame != 0 && vas_entry_present(value)) {
		page = vas_frame_page(memory->frames, frame);
		vas_page_get(page);
	} else if (frame != 0) {
		/* On its way: who moves it holds its lock, and looks for this entry. */
		page = vas_frame_page(memory->frames, frame);
		if (page->kind == VAS_PAGE_ANONYMOUS && !vas_page_is(page, VAS_PAGE_MERGED))
			rmap->anon->moved(rmap->anon_data, page, NULL, area, from, address);
		page = NULL;
	} else if (value != 0 && !vas_entry_present(value) &&
		   vas_entry_kind(value) == VAS_ENTRY_SWAP) {
		slot = (uint32_t)vas_entry_payload(value);
	}
	vas_pmap_unlock(entry.table);
	if (slot != 0) {
		page = vas_swap_find(memory->swap, slot);
		if (page == NULL) {
			tell_saved(memory, slot, area, from, address);
			return;
		}
	}
	if (page == NULL)
		return;
	vas_page_lock(page);
	if (page->kind == VAS_PAGE_ANONYMOUS && !vas_page_is(page, VAS_PAGE_MERGED))
		rmap->anon->moved(rmap->anon_data, page, NULL, area, from, address);
	if (slot != 0)
		tell_saved(memory, slot, area, from, address);
	vas_page_unlock(page);
	vas_page_put(memory, page);
}

void vas_move_entries(struct machine_space *in, const struct vas_op *op)
{
	const struct vas_rmap *rmap = &in->machine->memory.rmap;
	uint64_t at = op->start;
	int err =
		vas_pmap_move(in->pmap, op->from, op->start, op->end - op->start, entry_moved, in);

	vas_assert(err == 0); /* its tables were reserved */
	if (rmap->anon->moved == NULL ||
	    (rmap->anon->follows != NULL && !rmap->anon->follows(rmap->anon_data, op)))
		return;
	while (vas_pmap_next(in->pmap, &at, op->end)) {
		uint64_t stop = (at | (TABLE_SPAN - 1)) + 1;

		for (; at < stop && at < op->end; at += VAS_PAGE_SIZE)
			tell_page(in, op->area, at, op->from + (at - op->start));
	}
}

struct protecting {
	struct machine_space *in;
	const struct vas_area *area;
	int locks; /* +1: the area is locked now, -1: no more */
};

static bool protect_entry(void *data, uint64_t address, const struct vas_entry *entry)
{
	const uint64_t bits = VAS_PTE_USER | VAS_PTE_NX | VAS_PTE_LOCKED;
	struct protecting *protecting = data;
	uint64_t old = vas_entry_read(entry), value = old;
	bool present = vas_entry_present(old);
	uint32_t frame = vas_entry_maps(old);

	(void)address;
	if (frame != 0 && protecting->locks != 0) {
		struct vas_page *page =
			vas_frame_page(protecting->in->machine->memory.frames, frame);

		if (protecting->locks > 0)
			__atomic_add_fetch(&page->locks, 1, __ATOMIC_RELAXED);
		else
			__atomic_sub_fetch(&page->locks, 1, __ATOMIC_RELAXED);
	}
	if (!present && frame != 0)
		value = vas_migration_end(old, frame);
	if (!vas_entry_present(value))
		return true;
	/* Write permission goes at once, and comes back with a fault. */
	value = (value & ~bits) | (entry_bits(protecting->area, false) & bits);
	if (frame == 0)
		value &= ~VAS_PTE_LOCKED; /* the page of zeroes */
	if ((protecting->area->flags & VAS_AREA_WRITE) == 0)
		value &= ~VAS_PTE_WRITE;
	if (!present)
		value = vas_migration_make(value);
	if (value != old)
		(void)vas_entry_set(entry, value);
	return true;
}

void vas_protect_entries(struct machine_space *in, const struct vas_op *op)
{
	const uint64_t matter = VAS_AREA_ACCESS | VAS_AREA_LOCKED;
	struct protecting protecting = { .in = in, .area = op->area };
	bool was = (op->old_flags & VAS_AREA_LOCKED) != 0;

	if (((op->area->flags ^ op->old_flags) & matter) == 0)
		return;
	protecting.locks = (int)((op->area->flags & VAS_AREA_LOCKED) != 0) - (int)was;
	vas_pmap_each(in->pmap, op->start, op->end, protect_entry, &protecting);
}
