/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * mremap and mprotect: entries that move with their area, and entries whose bits follow it.
 *
 * Walkers of a reverse map may miss an entry while it moves. They know: the page's mapcount says how
 * many there are. So nothing is locked for the sake of them here but the tables.
 *
 * Some designs want pages that are shared copied before they move. A page is shared while more than
 * one entry maps it or names its slot. Nobody else can begin to share one that this space has for
 * itself, and this space's lock is held alone: so there are never more of them when they move than
 * when the call began, and frames are got then. What the page's lock keeps as it is, is looked at
 * under it. Merged pages are bound to nothing, and move as they are; so does what is out in swap.
 */

#include "machine.h"

#include "base/assert.h"
#include "base/bytes.h"

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
	vas_page_moved(memory, page, from, to);
}

struct telling {
	struct machine_space *in;
	struct vas_area *area;
	uint64_t from, to;
	struct vas_entry entry;
	bool slot_told;
};

/* => locked, an entry maps it or names its slot. */
static void tell_page(const struct telling *telling, struct vas_page *page)
{
	const struct vas_rmap *rmap = &telling->in->machine->memory.rmap;

	/* Merged pages are bound to nothing. */
	if (page->kind == VAS_PAGE_ANONYMOUS && page->owner != NULL &&
	    !vas_page_is(page, VAS_PAGE_MERGED))
		rmap->anon->moved(rmap->anon_data, page, NULL, telling->area, telling->from,
				  telling->to);
}

/* => the slot's page is locked, or it has none. */
static void tell_slot(struct telling *telling, uint32_t slot)
{
	struct vas_memory *memory = &telling->in->machine->memory;
	struct vas_binding *saved = vas_swap_binding(memory->swap, slot);

	if (saved->owner != NULL && !telling->slot_told)
		memory->rmap.anon->moved(memory->rmap.anon_data, NULL, saved, telling->area,
					 telling->from, telling->to);
	telling->slot_told = true;
}

/* The page that the entry maps, or whose slot it names, with a reference; NULL: it is in none. */
static struct vas_page *hold_page(const struct telling *telling, uint32_t *slot)
{
	struct vas_memory *memory = &telling->in->machine->memory;
	struct vas_page *page = NULL;
	uint64_t value;
	uint32_t frame;

	vas_pmap_lock(telling->entry.table);
	value = vas_entry_read(&telling->entry);
	frame = vas_entry_maps(value);
	*slot = vas_entry_slot(value);
	if (frame != 0) {
		page = vas_frame_page(memory->frames, frame);
		if (vas_entry_present(value))
			vas_page_get(page);
		else
			vas_page_hold_frozen(page);
	}
	vas_pmap_unlock(telling->entry.table);
	if (*slot != 0)
		page = vas_swap_find(memory->swap, *slot);
	return page;
}

/* Does it still, now that it is locked? Then nobody changes that. */
static bool holds(const struct telling *telling, const struct vas_page *page, uint32_t slot)
{
	struct vas_memory *memory = &telling->in->machine->memory;
	uint64_t value;

	if (slot != 0)
		return page->slot == slot;
	vas_pmap_lock(telling->entry.table);
	value = vas_entry_read(&telling->entry);
	vas_pmap_unlock(telling->entry.table);
	return vas_entry_maps(value) == vas_frame_number(memory->frames, page);
}

/* Was the page bound after its slot was told? => locked. */
static bool follows_slot(const struct telling *telling, const struct vas_page *page, uint32_t slot)
{
	const struct vas_binding *saved;

	if (slot == 0 || !telling->slot_told)
		return false;
	saved = vas_swap_binding(telling->in->machine->memory.swap, slot);
	return page->owner == saved->owner && page->index == saved->index;
}

/* False: what the entry held has changed meanwhile: again. */
static bool tell_entry(struct telling *telling)
{
	struct vas_memory *memory = &telling->in->machine->memory;
	uint32_t slot;
	struct vas_page *page = hold_page(telling, &slot);
	bool held;

	if (page == NULL) {
		if (slot == 0 || telling->slot_told)
			return true;
		/* Who brings it in now may have read the binding as it was before. */
		tell_slot(telling, slot);
		return false;
	}
	vas_page_lock(page);
	held = holds(telling, page, slot);
	if (held && !follows_slot(telling, page, slot))
		tell_page(telling, page);
	if (held && slot != 0)
		tell_slot(telling, slot);
	vas_page_release(memory, page);
	return held;
}

/* Each private page that moved is told to designs which number pages by address. */
static void tell_address(struct machine_space *in, struct vas_area *area, uint64_t from,
			 uint64_t to)
{
	struct telling telling = { .in = in, .area = area, .from = from, .to = to };

	if (!vas_pmap_find(in->pmap, to, &telling.entry))
		return;
	while (!tell_entry(&telling))
		;
}

/* Tables that go as a whole, and their entries with them. */
static void count_tables(const struct machine_space *in, const struct vas_op *op)
{
	uint64_t end = op->from + (op->end - op->start), at = op->from;
	uint64_t count = 0;

	if (((op->from ^ op->start) & (TABLE_SPAN - 1)) != 0)
		return;
	at += (0 - at) & (TABLE_SPAN - 1);
	end &= ~(TABLE_SPAN - 1);
	for (; at < end && vas_pmap_next(in->pmap, &at, end); at += TABLE_SPAN)
		count++;
	__atomic_add_fetch(&in->machine->tables_moved, count, __ATOMIC_RELAXED);
}

/* Moves *at up to the next entry that there is a table for. */
static bool next_entry(const struct machine_space *in, uint64_t *at, uint64_t end,
		       struct vas_entry *entry)
{
	return vas_pmap_next(in->pmap, at, end) && vas_pmap_find(in->pmap, *at, entry);
}

/* => locked. */
static bool is_shared(const struct vas_memory *memory, const struct vas_page *page)
{
	uint32_t users = (uint32_t)vas_page_mapcount(page);

	if (page->slot != 0)
		users += vas_swap_count(memory->swap, page->slot);
	return users > 1 && !vas_page_is(page, VAS_PAGE_MERGED);
}

/* The page that the entry maps, if it is private memory and shared: locked, with a reference. NULL:
 * there is nothing to copy. */
static struct vas_page *lock_shared(struct vas_memory *memory, const struct vas_entry *entry)
{
	unsigned rounds = 0;

	for (;; vas_pause(&rounds)) {
		struct vas_page *page = entry_hold(memory, entry);
		uint64_t value;

		if (page == NULL) {
			if (vas_entry_maps(vas_entry_read(entry)) == 0)
				return NULL;
			continue; /* it is on its way */
		}
		if (page->kind != VAS_PAGE_ANONYMOUS) {
			vas_page_put(memory, page);
			return NULL;
		}
		vas_page_lock(page);
		value = vas_entry_read(entry);
		if (vas_entry_present(value) && entry_page(memory, value) == page) {
			if (is_shared(memory, page))
				return page;
			vas_page_release(memory, page);
			return NULL;
		}
		vas_page_release(memory, page);
	}
}

int vas_copies_reserve(struct machine_space *in, struct vas_range range)
{
	struct vas_memory *memory = &in->machine->memory;
	struct vas_entry entry;

	for (uint64_t at = range.start; next_entry(in, &at, range.end, &entry);
	     at += VAS_PAGE_SIZE) {
		struct vas_page *page = lock_shared(memory, &entry), *copy;

		if (page == NULL)
			continue;
		vas_page_release(memory, page);
		copy = vas_frame_alloc(memory->frames, VAS_PAGE_ANONYMOUS);
		if (copy == NULL) {
			in->wanted++;
			continue;
		}
		copy->next = in->copies;
		in->copies = vas_frame_number(memory->frames, copy);
	}
	return in->wanted > 0 ? -VAS_ENOMEM : 0;
}

static struct vas_page *take_copy(struct machine_space *in)
{
	struct vas_page *copy;

	vas_assert(in->copies != 0);
	copy = vas_frame_page(in->machine->memory.frames, in->copies);
	in->copies = copy->next;
	copy->next = 0;
	return copy;
}

void vas_copies_settle(struct machine_space *in)
{
	while (in->copies != 0)
		vas_frame_free(in->machine->memory.frames, take_copy(in));
}

/* The page is read-only, as shared ones are, and so is its copy, until a fault finds it alone. */
static void copy_shared(struct machine_space *in, struct vas_area *area, uint64_t address,
			const struct vas_entry *entry)
{
	struct vas_memory *memory = &in->machine->memory;
	const struct vas_rmap *rmap = &memory->rmap;
	struct vas_page *page = lock_shared(memory, entry), *copy;
	uint64_t value;

	if (page == NULL)
		return;
	copy = take_copy(in);
	copy->flags = VAS_PAGE_UPTODATE | VAS_PAGE_DIRTY;
	vas_copy_page(vas_frame_bytes(memory->frames, copy), vas_frame_bytes(memory->frames, page));
	rmap->anon->bind(rmap->anon_data, copy, area, address);
	vas_lru_add(&memory->lru, copy, false);
	vas_pmap_lock(entry->table);
	value = vas_entry_read(entry);
	vas_debug((value & VAS_PTE_WRITE) == 0);
	value = vas_entry_set(entry, entry_for(memory, copy, value & ~VAS_PTE_FRAME));
	vas_page_unmap(memory, page, entry, value, entry_locked(value));
	vas_page_map(memory, copy, entry, entry_locked(value), &in->pool);
	vas_pmap_unlock(entry->table);
	vas_page_put(memory, page);
	vas_page_release(memory, page);
}

void vas_move_entries(struct machine_space *in, const struct vas_op *op)
{
	const struct vas_rmap *rmap = &in->machine->memory.rmap;
	uint64_t at = op->from, end = op->from + (op->end - op->start);
	struct vas_entry entry;
	int err;

	for (; rmap->anon->copies_moved && next_entry(in, &at, end, &entry); at += VAS_PAGE_SIZE)
		copy_shared(in, op->other, at, &entry);
	count_tables(in, op);
	err = vas_pmap_move(in->pmap, op->from, op->start, op->end - op->start, entry_moved, in);
	vas_assert(err == 0); /* its tables were reserved */
	if (rmap->anon->moved == NULL ||
	    (rmap->anon->follows != NULL && !rmap->anon->follows(rmap->anon_data, op)))
		return;
	at = op->start;
	while (vas_pmap_next(in->pmap, &at, op->end)) {
		uint64_t stop = (at | (TABLE_SPAN - 1)) + 1;

		for (; at < stop && at < op->end; at += VAS_PAGE_SIZE)
			tell_address(in, op->area, op->from + (at - op->start), at);
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
	if (frame != 0 && protecting->locks != 0)
		vas_page_count_lock(vas_frame_page(protecting->in->machine->memory.frames, frame),
				    protecting->locks);
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
		entry_change(entry, present ? old : UINT64_MAX, value);
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
