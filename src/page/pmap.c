/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `soft`: page tables as x86-64 has them, four levels of 512 entries, each table in a frame.
 *
 *	47      39 38      30 29      21 20      12 11        0
 *	| level 4 | level 3  | level 2  | level 1  | in page  |
 *
 * A table's record counts the entries in use (mapcount), so that an empty one is known without a
 * look at it; its `level` says which it is. Only last-level entries are ever swapped, moved or
 * locked one by one; whole last-level tables move between two entries above them when mremap
 * moves an aligned range.
 */

#include <vas/pmap.h>

#include "base/assert.h"
#include "base/lock.h"
#include "base/print.h"
#include "page/page.h"

#include <string.h>

#define LEVELS	     4
#define ENTRIES	     512
#define ADDRESS_BITS 48

#define TABLE_BITS (VAS_PTE_PRESENT | VAS_PTE_WRITE | VAS_PTE_USER | VAS_PTE_ACCESSED)

struct vas_pmap {
	const struct vas_allocator *allocator;
	struct vas_frames *frames;
	struct vas_page *root;
	void *space;
	const struct vas_pmap_observer *observer;
	uint32_t tables;
	struct vas_mutex walk;
	uint32_t reserved; /* frames on the list below, chained through their `next` */
	uint32_t reserve;
};

static unsigned slot_of(uint64_t address, unsigned level)
{
	return (unsigned)(address >> (VAS_PAGE_SHIFT + 9 * (level - 1))) & (ENTRIES - 1);
}

/* Bytes that one entry of a table of this level covers. */
static uint64_t span_of(unsigned level)
{
	return VAS_PAGE_SIZE << (9 * (level - 1));
}

static vas_pte *entries_of(const struct vas_pmap *pmap, const struct vas_page *table)
{
	return vas_frame_bytes(pmap->frames, table);
}

static struct vas_page *table_at(const struct vas_pmap *pmap, uint64_t entry)
{
	return vas_frame_page(pmap->frames, vas_entry_frame(entry));
}

static struct vas_page *take_reserved(struct vas_pmap *pmap)
{
	struct vas_page *table = vas_frame_page(pmap->frames, pmap->reserve);

	pmap->reserve = table->next;
	__atomic_store_n(&table->next, 0, __ATOMIC_RELAXED);
	pmap->reserved--;
	return table;
}

/* A table for the entries from this address on. */
static struct vas_page *new_table(struct vas_pmap *pmap, unsigned level, uint64_t address)
{
	struct vas_page *table = pmap->reserved > 0 ? take_reserved(pmap)
						    : vas_frame_alloc(pmap->frames, VAS_PAGE_TABLE);

	if (table == NULL)
		return NULL;
	table->level = (uint8_t)level;
	table->owner = pmap;
	table->index = (address & ~(span_of(level + 1) - 1)) >> VAS_PAGE_SHIFT;
	memset(vas_frame_bytes(pmap->frames, table), 0, VAS_PAGE_SIZE);
	__atomic_add_fetch(&pmap->tables, 1, __ATOMIC_RELAXED);
	return table;
}

static void free_table(struct vas_pmap *pmap, struct vas_page *table)
{
	__atomic_sub_fetch(&pmap->tables, 1, __ATOMIC_RELAXED);
	vas_frame_free(pmap->frames, table);
}

void vas_pmap_settle(struct vas_pmap *pmap)
{
	while (pmap->reserved > 0)
		vas_frame_free(pmap->frames, take_reserved(pmap));
}

int vas_pmap_reserve(struct vas_pmap *pmap, uint32_t count)
{
	while (pmap->reserved < count) {
		struct vas_page *table = vas_frame_alloc(pmap->frames, VAS_PAGE_TABLE);

		if (table == NULL) {
			vas_pmap_settle(pmap);
			return -VAS_ENOMEM;
		}
		/* May still be read by a thread that wanted this frame too. */
		__atomic_store_n(&table->next, pmap->reserve, __ATOMIC_RELAXED);
		pmap->reserve = vas_frame_number(pmap->frames, table);
		pmap->reserved++;
	}
	return 0;
}

void vas_pmap_take_reserve(struct vas_pmap *pmap, struct vas_pmap *from)
{
	vas_assert(pmap->reserved == 0);
	pmap->reserve = from->reserve;
	pmap->reserved = from->reserved;
	from->reserve = from->reserved = 0;
}

uint32_t vas_pmap_worst(uint64_t length)
{
	uint32_t count = 0;

	/* A range that touches a table without filling it touches one more at each end. */
	for (unsigned level = 1; level < LEVELS; level++)
		count += (uint32_t)(length / span_of(level + 1)) + 2;
	return length == 0 ? 0 : count;
}

int vas_pmap_create(const struct vas_allocator *allocator, struct vas_frames *frames, void *space,
		    const struct vas_pmap_observer *observer, struct vas_pmap **out)
{
	struct vas_pmap *pmap;

	*out = NULL;
	pmap = allocator->allocate(allocator->context, sizeof(*pmap), _Alignof(struct vas_pmap));
	if (pmap == NULL)
		return -VAS_ENOMEM;
	*pmap = (struct vas_pmap){
		.allocator = allocator, .frames = frames, .space = space, .observer = observer
	};
	pmap->root = new_table(pmap, LEVELS, 0);
	if (pmap->root == NULL) {
		allocator->release(allocator->context, pmap, sizeof(*pmap));
		return -VAS_ENOMEM;
	}
	*out = pmap;
	return 0;
}

void *vas_pmap_space(const struct vas_pmap *pmap)
{
	return pmap->space;
}

void vas_pmap_destroy(struct vas_pmap *pmap)
{
	if (pmap == NULL)
		return;
	vas_pmap_settle(pmap);
	vas_pmap_trim(pmap, 0, UINT64_C(1) << ADDRESS_BITS);
	vas_assert(pmap->root->mapcount == 0);
	free_table(pmap, pmap->root);
	pmap->allocator->release(pmap->allocator->context, pmap, sizeof(*pmap));
}

/* The last-level table that covers an address, or NULL. */
static struct vas_page *last_table(const struct vas_pmap *pmap, uint64_t address)
{
	struct vas_page *table = pmap->root;

	for (unsigned level = LEVELS; level > 1; level--) {
		vas_pte *entries = entries_of(pmap, table);
		uint64_t entry =
			__atomic_load_n(&entries[slot_of(address, level)], __ATOMIC_ACQUIRE);

		if (entry == 0)
			return NULL;
		table = table_at(pmap, entry);
	}
	return table;
}

bool vas_pmap_find(const struct vas_pmap *pmap, uint64_t address, struct vas_entry *entry)
{
	struct vas_page *table = last_table(pmap, address);

	if (table == NULL)
		return false;
	entry->table = table;
	entry->entry = &entries_of(pmap, table)[slot_of(address, 1)];
	return true;
}

/* The table below one entry, made if there is none; whoever comes second frees its own. */
static struct vas_page *below(struct vas_pmap *pmap, struct vas_page *table, vas_pte *entry,
			      unsigned level, uint64_t address)
{
	uint64_t old = __atomic_load_n(entry, __ATOMIC_ACQUIRE), made;
	struct vas_page *fresh;

	if (old != 0)
		return table_at(pmap, old);
	fresh = new_table(pmap, level, address);
	if (fresh == NULL)
		return NULL;
	made = (uint64_t)vas_frame_number(pmap->frames, fresh) << VAS_PAGE_SHIFT | TABLE_BITS;
	if (__atomic_compare_exchange_n(entry, &old, made, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		__atomic_add_fetch(&table->mapcount, 1, __ATOMIC_RELAXED);
		return fresh;
	}
	free_table(pmap, fresh);
	return table_at(pmap, old);
}

int vas_pmap_make(struct vas_pmap *pmap, uint64_t address, struct vas_entry *entry)
{
	struct vas_page *table = pmap->root;

	vas_debug(address >> ADDRESS_BITS == 0);
	for (unsigned level = LEVELS; level > 1; level--) {
		vas_pte *entries = entries_of(pmap, table);

		table = below(pmap, table, &entries[slot_of(address, level)], level - 1, address);
		if (table == NULL)
			return -VAS_ENOMEM;
	}
	entry->table = table;
	entry->entry = &entries_of(pmap, table)[slot_of(address, 1)];
	return 0;
}

void vas_pmap_lock(struct vas_page *table)
{
	vas_mutex_lock((struct vas_mutex *)&table->lock, VAS_RANK_TABLE);
}

bool vas_pmap_trylock(struct vas_page *table)
{
	return vas_mutex_trylock((struct vas_mutex *)&table->lock, VAS_RANK_TABLE);
}

void vas_pmap_unlock(struct vas_page *table)
{
	vas_mutex_unlock((struct vas_mutex *)&table->lock, VAS_RANK_TABLE);
}

void vas_pmap_walk_lock(struct vas_pmap *pmap)
{
	vas_mutex_lock(&pmap->walk, VAS_RANK_WALK);
}

void vas_pmap_walk_unlock(struct vas_pmap *pmap)
{
	vas_mutex_unlock(&pmap->walk, VAS_RANK_WALK);
}

uint64_t vas_entry_address(const struct vas_pmap *pmap, const struct vas_entry *entry)
{
	uint64_t slot = (uint64_t)(entry->entry - entries_of(pmap, entry->table));

	return (entry->table->index << VAS_PAGE_SHIFT) + slot * span_of(entry->table->level);
}

uint64_t vas_entry_set(const struct vas_entry *entry, uint64_t value)
{
	uint64_t old = __atomic_exchange_n(entry->entry, value, __ATOMIC_ACQ_REL);
	const struct vas_pmap *pmap;

	if (old == 0 && value != 0)
		__atomic_add_fetch(&entry->table->mapcount, 1, __ATOMIC_RELAXED);
	else if (old != 0 && value == 0)
		__atomic_sub_fetch(&entry->table->mapcount, 1, __ATOMIC_RELAXED);
	pmap = entry->table->owner;
	if (__builtin_expect(pmap->observer != NULL, 0))
		pmap->observer->set(pmap->observer->data, vas_entry_address(pmap, entry),
				    entry->table->level, old, value);
	return old;
}

uint64_t vas_pmap_access(const struct vas_pmap *pmap, uint64_t address, bool write, bool execute,
			 uint64_t *faulting)
{
	uint64_t set = VAS_PTE_ACCESSED | (write ? VAS_PTE_DIRTY : 0), old;
	struct vas_entry entry;

	*faulting = 0;
	if (address >> ADDRESS_BITS != 0 || !vas_pmap_find(pmap, address, &entry))
		return 0;
	old = vas_entry_read(&entry);
	for (;;) {
		bool allowed = (old & VAS_PTE_PRESENT) != 0 && (old & VAS_PTE_USER) != 0 &&
			       !(write && (old & VAS_PTE_WRITE) == 0) &&
			       !(execute && (old & VAS_PTE_NX) != 0);

		if (!allowed) {
			*faulting = old;
			return 0;
		}
		if ((old & set) == set ||
		    __atomic_compare_exchange_n(entry.entry, &old, old | set, true,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return old | set;
	}
}

/* One last-level table's part of [start, end). */
static bool each_entry(struct vas_pmap *pmap, struct vas_page *table, struct vas_range part,
		       vas_entry_fn *visit, void *data)
{
	vas_pte *entries = entries_of(pmap, table);
	bool on = true;
	int32_t left;

	vas_pmap_lock(table);
	left = __atomic_load_n(&table->mapcount, __ATOMIC_RELAXED);
	for (uint64_t at = part.start; on && left > 0 && at < part.end; at += VAS_PAGE_SIZE) {
		struct vas_entry entry = { .entry = &entries[slot_of(at, 1)], .table = table };

		if (vas_entry_read(&entry) != 0) {
			left--;
			on = visit(data, at, &entry);
		}
	}
	vas_pmap_unlock(table);
	return on;
}

struct each {
	struct vas_pmap *pmap;
	vas_entry_fn *visit;
	void *data;
};

static bool each_table(const struct each *each, struct vas_page *table, struct vas_range part)
{
	unsigned level = table->level;
	uint64_t span = span_of(level);
	int32_t left = __atomic_load_n(&table->mapcount, __ATOMIC_RELAXED);

	if (level == 1)
		return each_entry(each->pmap, table, part, each->visit, each->data);
	for (uint64_t at = part.start; left > 0 && at < part.end;) {
		uint64_t end = (at | (span - 1)) + 1;
		uint64_t entry = __atomic_load_n(&entries_of(each->pmap, table)[slot_of(at, level)],
						 __ATOMIC_ACQUIRE);

		if (end > part.end)
			end = part.end;
		left -= entry != 0;
		if (entry != 0 &&
		    !each_table(each, table_at(each->pmap, entry), (struct vas_range){ at, end }))
			return false;
		at = end;
	}
	return true;
}

void vas_pmap_each(struct vas_pmap *pmap, uint64_t start, uint64_t end, vas_entry_fn *visit,
		   void *data)
{
	struct each each = { pmap, visit, data };

	vas_debug(end <= UINT64_C(1) << ADDRESS_BITS);
	if (start < end)
		(void)each_table(&each, pmap->root, (struct vas_range){ start, end });
}

bool vas_pmap_next(const struct vas_pmap *pmap, uint64_t *address, uint64_t end)
{
	uint64_t at = *address;

	while (at < end) {
		struct vas_page *table = pmap->root;
		unsigned level;

		for (level = LEVELS; level > 1; level--) {
			uint64_t entry = __atomic_load_n(
				&entries_of(pmap, table)[slot_of(at, level)], __ATOMIC_ACQUIRE);

			if (entry == 0)
				break;
			table = table_at(pmap, entry);
		}
		if (level == 1) {
			*address = at;
			return true;
		}
		at = (at | (span_of(level) - 1)) + 1;
	}
	return false;
}

/* Frees what is empty below a table, in [start, end). */
static void trim_table(struct vas_pmap *pmap, struct vas_page *table, struct vas_range part)
{
	unsigned level = table->level;
	vas_pte *entries = entries_of(pmap, table);
	uint64_t span = span_of(level);

	for (uint64_t at = part.start; at < part.end;) {
		uint64_t end = (at | (span - 1)) + 1;
		vas_pte *entry = &entries[slot_of(at, level)];

		if (end > part.end)
			end = part.end;
		if (*entry != 0) {
			struct vas_page *child = table_at(pmap, *entry);

			if (level > 2)
				trim_table(pmap, child, (struct vas_range){ at, end });
			if (vas_page_mapcount(child) == 0) {
				__atomic_store_n(entry, 0, __ATOMIC_RELEASE);
				table->mapcount--;
				free_table(pmap, child);
			}
		}
		at = end;
	}
}

void vas_pmap_trim(struct vas_pmap *pmap, uint64_t start, uint64_t end)
{
	if (start >= end)
		return;
	vas_pmap_walk_lock(pmap);
	trim_table(pmap, pmap->root, (struct vas_range){ start, end });
	vas_pmap_walk_unlock(pmap);
}

/* The entry that leads to the last-level table of an address: in its level-2 table, which is made
 * on demand when `make` is set. False: none, or no frame. */
static bool entry_above(struct vas_pmap *pmap, uint64_t address, bool make, struct vas_entry *above)
{
	struct vas_page *table = pmap->root;

	for (unsigned level = LEVELS; level > 2; level--) {
		vas_pte *entry = &entries_of(pmap, table)[slot_of(address, level)];

		if (make)
			table = below(pmap, table, entry, level - 1, address);
		else
			table = *entry == 0 ? NULL : table_at(pmap, *entry);
		if (table == NULL)
			return false;
	}
	above->table = table;
	above->entry = &entries_of(pmap, table)[slot_of(address, 2)];
	return true;
}

/* Moves a whole last-level table from one place to another. False: the one is not there, the
 * other is taken, or no frame. */
static bool move_table(struct vas_pmap *pmap, uint64_t from, uint64_t to)
{
	struct vas_entry source, target;
	struct vas_page *table;

	if (!entry_above(pmap, from, false, &source) || *source.entry == 0 ||
	    !entry_above(pmap, to, true, &target))
		return false;
	if (*target.entry != 0) {
		if (vas_page_mapcount(table_at(pmap, *target.entry)) != 0)
			return false;
		free_table(pmap, table_at(pmap, *target.entry));
		(void)vas_entry_set(&target, 0);
	}
	table = table_at(pmap, *source.entry);
	vas_pmap_lock(table);
	(void)vas_entry_set(&target, vas_entry_set(&source, 0));
	table->index = to >> VAS_PAGE_SHIFT;
	vas_pmap_unlock(table);
	return true;
}

static int move_entry(struct vas_pmap *pmap, const struct vas_entry *source, uint64_t to,
		      vas_entry_moved_fn *moved, void *data)
{
	struct vas_entry target;
	uint64_t value;

	if (vas_pmap_make(pmap, to, &target) != 0)
		return -VAS_ENOMEM;
	/* One table after the other: for a moment the entry is in neither. */
	vas_pmap_lock(source->table);
	value = vas_entry_set(source, 0);
	vas_pmap_unlock(source->table);
	vas_pmap_lock(target.table);
	(void)vas_entry_set(&target, value);
	if (moved != NULL)
		moved(data, source, &target, value);
	vas_pmap_unlock(target.table);
	return 0;
}

int vas_pmap_move(struct vas_pmap *pmap, uint64_t from, uint64_t to, uint64_t length,
		  vas_entry_moved_fn *moved, void *data)
{
	const uint64_t span = span_of(2);
	uint64_t done = 0;
	int err = 0;

	vas_pmap_walk_lock(pmap);
	while (done < length && err == 0) {
		struct vas_entry source;
		uint64_t at = from + done;

		if (((at | (to + done)) & (span - 1)) == 0 && length - done >= span &&
		    move_table(pmap, at, to + done)) {
			done += span;
		} else if (!vas_pmap_find(pmap, at, &source)) {
			done += span - (at & (span - 1));
		} else {
			if (vas_entry_read(&source) != 0)
				err = move_entry(pmap, &source, to + done, moved, data);
			done += VAS_PAGE_SIZE;
		}
	}
	if (length > 0)
		trim_table(pmap, pmap->root, (struct vas_range){ from, from + length });
	vas_pmap_walk_unlock(pmap);
	return err;
}

uint32_t vas_pmap_tables(const struct vas_pmap *pmap)
{
	return __atomic_load_n(&pmap->tables, __ATOMIC_RELAXED);
}

static bool check_table(const struct vas_pmap *pmap, const struct vas_page *table, uint32_t *tables,
			const struct vas_printer *printer)
{
	const vas_pte *entries = entries_of(pmap, table);
	int32_t used = 0;

	(*tables)++;
	for (unsigned i = 0; i < ENTRIES; i++) {
		if (entries[i] == 0)
			continue;
		used++;
		if (table->level > 1 && table_at(pmap, entries[i])->level + 1 != table->level) {
			vas_print(printer, "PMAP-1: a table of level %u under one of level %u\n",
				  table_at(pmap, entries[i])->level, table->level);
			return false;
		}
		if (table->level > 1 &&
		    !check_table(pmap, table_at(pmap, entries[i]), tables, printer))
			return false;
	}
	if (used != table->mapcount) {
		vas_print(printer,
			  "PMAP-2: a table of level %u has %d entries, its record says %d\n",
			  table->level, used, table->mapcount);
		return false;
	}
	return true;
}

bool vas_pmap_validate(const struct vas_pmap *pmap, const struct vas_printer *printer)
{
	uint32_t tables = 0;

	if (!check_table(pmap, pmap->root, &tables, printer))
		return false;
	if (tables != pmap->tables) {
		vas_print(printer, "PMAP-3: %u tables, counted as %u\n", tables, pmap->tables);
		return false;
	}
	return true;
}
