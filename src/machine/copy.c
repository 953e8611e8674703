/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * fork: the child's tables. Areas that have held private pages are copied entry by entry, pages of
 * objects in them too; all others are left to faults, as in Linux. A private page is read-only on
 * both sides from now on: whoever writes first copies it, or finds itself alone.
 *
 * All tables that the child can need were reserved. The parent's lock is held alone, so that nothing
 * is added to its tables meanwhile; what reclaim and migration take away, they take under the lock
 * of a table, and so does the copy: entry by entry, the parent's table locked, and the child's.
 */

#include "machine.h"

#include "base/assert.h"

struct copying {
	struct vas_memory *memory;
	struct vas_pool *pool;
	bool private_area;
	uint64_t count;
};

/* Takes write permission from the parent's entry of a private area; returns what the child's is to
 * be, which is not locked in memory. */
static uint64_t without_write(const struct copying *copying, const struct vas_entry *from,
			      uint64_t value)
{
	if (copying->private_area && (value & VAS_PTE_WRITE) != 0) {
		/* With the bits that the hardware set meanwhile. */
		uint64_t old = vas_entry_set(from, value & ~VAS_PTE_WRITE);

		if (old != value)
			(void)vas_entry_set(from, old & ~VAS_PTE_WRITE);
		value = old & ~VAS_PTE_WRITE;
	}
	return value & ~VAS_PTE_LOCKED;
}

static void copy_entry(struct copying *copying, const struct vas_entry *from,
		       const struct vas_entry *to)
{
	struct vas_memory *memory = copying->memory;
	uint64_t value = vas_entry_read(from);
	uint32_t frame = vas_entry_maps(value), slot = vas_entry_slot(value);

	if (value == 0)
		return;
	copying->count++;
	if (slot != 0)
		vas_swap_get(memory->swap, slot);
	if (frame != 0) {
		struct vas_page *page = vas_frame_page(memory->frames, frame);

		value = without_write(copying, from, value);
		vas_page_get(page);
		vas_page_map(memory, page, to, false, copying->pool);
	}
	(void)vas_entry_set(to, value);
}

/* One table's part, both tables locked. An entry that is on its way is waited for, with the tables let
 * go: who moves it needs them. */
static void copy_table(struct copying *copying, struct vas_entry source, struct vas_entry target,
		       uint64_t count)
{
	unsigned rounds = 0;

	while (count > 0) {
		vas_pmap_lock(source.table);
		vas_pmap_lock(target.table);
		for (; count > 0; count--) {
			uint64_t value = vas_entry_read(&source);

			if (!vas_entry_present(value) &&
			    vas_entry_kind(value) == VAS_ENTRY_MIGRATION)
				break;
			copy_entry(copying, &source, &target);
			source.entry++;
			target.entry++;
		}
		vas_pmap_unlock(target.table);
		vas_pmap_unlock(source.table);
		if (count > 0)
			vas_pause(&rounds);
	}
}

void vas_copy_entries(struct machine_space *parent, struct machine_space *child,
		      const struct vas_area *from)
{
	struct copying copying = {
		.memory = &parent->machine->memory,
		.pool = &parent->pool,
		.private_area = area_private(from),
	};
	uint64_t at = from->range.start;

	while (vas_pmap_next(parent->pmap, &at, from->range.end)) {
		uint64_t stop = (at | (TABLE_SPAN - 1)) + 1;
		struct vas_entry source, target;
		bool found = vas_pmap_find(parent->pmap, at, &source);
		int err = 0;

		if (stop > from->range.end)
			stop = from->range.end;
		if (vas_page_mapcount(source.table) > 0) {
			err = vas_pmap_make(child->pmap, at, &target);
			vas_assert(found && err == 0);
			copy_table(&copying, source, target, (stop - at) >> VAS_PAGE_SHIFT);
		}
		at = stop;
	}
	__atomic_add_fetch(&parent->machine->fork_entries, copying.count, __ATOMIC_RELAXED);
}
