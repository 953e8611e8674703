/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_PMAP_H
#define VAS_PMAP_H

/*
 * A pmap: one space's page tables, and the only door to them. `soft` keeps 4-level x86-64 tables
 * in frames, entries in the hardware's layout, so that a real MMU could walk them:
 *
 *   present:      | NX 63 | ... | frame number 31..12 | 11..9 ours | D 6 | A 5 | U 2 | W 1 | P 0 |
 *   non-present:  | payload 63..4                      | kind 3..1                       |   0 |
 *
 * A table that holds no entry any more is freed by vas_pmap_trim. A table's own record counts its
 * entries (mapcount), and names its pmap (owner) and its first virtual page (index).
 *
 * `record`: a pmap may have an observer, who hears of every entry that is set, in order: tests log
 * them, and an embedder may keep real mappings in step.
 *
 * Locks: entries of one last-level table are changed under that table's lock (vas_pmap_lock); the
 * hardware's part (accessed, dirty) is set by atomic operations without it. Tables are added by
 * anyone who holds the space's lock (an atomic exchange of the entry above), and freed only by who
 * holds it alone (vas_pmap_trim, _move, _destroy) and the pmap's walk lock, which those take who
 * look at the tables without the space's lock: the walkers of a reverse map.
 */

#include <vas/frame.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bits of a present entry. */
#define VAS_PTE_PRESENT	  (UINT64_C(1) << 0)
#define VAS_PTE_WRITE	  (UINT64_C(1) << 1)
#define VAS_PTE_USER	  (UINT64_C(1) << 2)
#define VAS_PTE_ACCESSED  (UINT64_C(1) << 5)
#define VAS_PTE_DIRTY	  (UINT64_C(1) << 6)
#define VAS_PTE_SPECIAL	  (UINT64_C(1) << 9)  /* the zero page: not counted as mapped */
#define VAS_PTE_LOCKED	  (UINT64_C(1) << 10) /* counted in the page's locks */
#define VAS_PTE_NONLINEAR (UINT64_C(1) << 11) /* when its page goes, it keeps the page's offset */
#define VAS_PTE_NX	  (UINT64_C(1) << 63)
#define VAS_PTE_FRAME	  (UINT64_C(0x000ffffffffff000))

/* Kinds of non-present entries other than 0, "nothing here". */
enum vas_entry_kind {
	VAS_ENTRY_NONE,
	VAS_ENTRY_SWAP,	     /* payload: the slot */
	VAS_ENTRY_MIGRATION, /* payload: the frame that is on its way, and bits; see below */
	VAS_ENTRY_GUARD,     /* a guard page: any access is an error */
	VAS_ENTRY_FILE,	     /* payload: the page's offset in its nonlinear file mapping */
};

static inline uint64_t vas_entry_make(enum vas_entry_kind kind, uint64_t payload)
{
	return payload << 4 | (uint64_t)kind << 1;
}

static inline bool vas_entry_present(uint64_t entry)
{
	return (entry & VAS_PTE_PRESENT) != 0;
}

static inline enum vas_entry_kind vas_entry_kind(uint64_t entry)
{
	return (enum vas_entry_kind)(entry >> 1 & 7);
}

static inline uint64_t vas_entry_payload(uint64_t entry)
{
	return entry >> 4;
}

static inline uint32_t vas_entry_frame(uint64_t entry)
{
	return (uint32_t)((entry & VAS_PTE_FRAME) >> VAS_PAGE_SHIFT);
}

/*
 * A migration entry: made from the present one that it stands for, whose bits it remembers; the
 * frame it maps; and the present entry again, for another frame (or the same).
 *
 *	| 0 63..43 | N 42 | L 41 | U 40 | NX 39 | D 38 | A 37 | W 36 | frame number 35..4 | MIGRATION 3..1 | 0 |
 */
static inline uint64_t vas_migration_make(uint64_t present)
{
	uint64_t bits = (present & VAS_PTE_WRITE) >> 1 | (present & VAS_PTE_ACCESSED) >> 4 |
			(present & VAS_PTE_DIRTY) >> 4 | (present & VAS_PTE_NX) >> 60 |
			(present & VAS_PTE_USER) << 2 |
			(present & (VAS_PTE_LOCKED | VAS_PTE_NONLINEAR)) >> 5;

	return vas_entry_make(VAS_ENTRY_MIGRATION, bits << 32 | vas_entry_frame(present));
}

static inline uint32_t vas_migration_frame(uint64_t entry)
{
	return (uint32_t)vas_entry_payload(entry);
}

static inline uint64_t vas_migration_end(uint64_t entry, uint32_t frame)
{
	uint64_t bits = vas_entry_payload(entry) >> 32;

	return VAS_PTE_PRESENT | (bits & 1) << 1 | (bits & 6) << 4 | (bits & 8) << 60 |
	       (bits & 16) >> 2 | (bits & 96) << 5 | (uint64_t)frame << VAS_PAGE_SHIFT;
}

/* The frame of an entry that maps a page (present, or on its way); 0: it maps none. The page of
 * zeroes counts as none. */
static inline uint32_t vas_entry_maps(uint64_t entry)
{
	if (vas_entry_present(entry))
		return (entry & VAS_PTE_SPECIAL) == 0 ? vas_entry_frame(entry) : 0;
	return vas_entry_kind(entry) == VAS_ENTRY_MIGRATION ? vas_migration_frame(entry) : 0;
}

/* The swap slot that an entry names; 0: it names none. */
static inline uint32_t vas_entry_slot(uint64_t entry)
{
	if (vas_entry_present(entry) || vas_entry_kind(entry) != VAS_ENTRY_SWAP)
		return 0;
	return (uint32_t)vas_entry_payload(entry);
}

struct vas_pmap;

/* Aligned as the hardware has it, where 64-bit words are not. */
typedef uint64_t vas_pte __attribute__((aligned(8)));

/* An entry and the table that holds it. */
struct vas_entry {
	vas_pte *entry;
	struct vas_page *table;
};

/* Hears of entries (level 1) and of whole tables moved (level 2), under the table's lock. */
struct vas_pmap_observer {
	void (*set)(void *data, uint64_t address, unsigned level, uint64_t old, uint64_t value);
	void *data;
};

/* `space` is who it belongs to, for vas_pmap_space; `observer` may be NULL, else it outlives the
 * pmap. -VAS_ENOMEM: no frame for the root, or no memory. */
VAS_API VAS_MUST_CHECK int vas_pmap_create(const struct vas_allocator *allocator,
					   struct vas_frames *frames, void *space,
					   const struct vas_pmap_observer *observer,
					   struct vas_pmap **pmap);
VAS_API void *vas_pmap_space(const struct vas_pmap *pmap);
/* Frees all tables. => every entry is 0 (debug builds check). */
VAS_API void vas_pmap_destroy(struct vas_pmap *pmap);

/* The entry for an address; false when there is no table for it. */
VAS_API bool vas_pmap_find(const struct vas_pmap *pmap, uint64_t address, struct vas_entry *entry);

/* The same, with tables added as needed. -VAS_ENOMEM: no frame; what was added stays (trim). */
VAS_API VAS_MUST_CHECK int vas_pmap_make(struct vas_pmap *pmap, uint64_t address,
					 struct vas_entry *entry);

/* Frames kept for the tables that a coming call may need, used before any other: so that the call
 * cannot fail. -VAS_ENOMEM: no such many; none is kept. vas_pmap_settle gives back what is left.
 * => the space's lock, alone. vas_pmap_take_reserve passes one pmap's on to another, empty one. */
VAS_API VAS_MUST_CHECK int vas_pmap_reserve(struct vas_pmap *pmap, uint32_t count);
VAS_API void vas_pmap_settle(struct vas_pmap *pmap);
VAS_API void vas_pmap_take_reserve(struct vas_pmap *pmap, struct vas_pmap *from);
/* Tables that a range of so many bytes may need at most, wherever it lies. */
VAS_API uint32_t vas_pmap_worst(uint64_t length);

/* The lock of the table's entries. */
VAS_API void vas_pmap_lock(struct vas_page *table);
VAS_API bool vas_pmap_trylock(struct vas_page *table);
VAS_API void vas_pmap_unlock(struct vas_page *table);

/* While it is held, tables found stay. Without the space's lock, find nothing but under it. */
VAS_API void vas_pmap_walk_lock(struct vas_pmap *pmap);
VAS_API void vas_pmap_walk_unlock(struct vas_pmap *pmap);

/* The address that an entry stands for. */
VAS_API uint64_t vas_entry_address(const struct vas_pmap *pmap, const struct vas_entry *entry);

static inline uint64_t vas_entry_read(const struct vas_entry *entry)
{
	return __atomic_load_n(entry->entry, __ATOMIC_ACQUIRE);
}

/* Sets an entry and returns the old one, with the accessed and dirty bits that the hardware had
 * set by then. Counts the table's entries. => locked. */
VAS_API uint64_t vas_entry_set(const struct vas_entry *entry, uint64_t value);

/* What an access finds, as the hardware's walk would: sets accessed (and dirty for a write) in the
 * entry and returns it; 0 with *entry_out the non-present entry (or 0) when it faults. */
VAS_API uint64_t vas_pmap_access(const struct vas_pmap *pmap, uint64_t address, bool write,
				 bool execute, uint64_t *faulting);

/* Calls `visit` for each entry that is not 0 in [start, end), upwards, under its table's lock;
 * stops when it returns false. */
typedef bool vas_entry_fn(void *data, uint64_t address, const struct vas_entry *entry);
VAS_API void vas_pmap_each(struct vas_pmap *pmap, uint64_t start, uint64_t end, vas_entry_fn *visit,
			   void *data);

/* Moves *address up to the first address at or above it that has a last-level table. False: none
 * below `end`. O(holes / 512). */
VAS_API bool vas_pmap_next(const struct vas_pmap *pmap, uint64_t *address, uint64_t end);

/*
 * Moves all entries of [from, from + length) to `to`, whole tables at a time where both lie alike
 * in one. `moved` (may be NULL) hears of each entry that moved by itself, under the lock of its new
 * table; not of those that went with their table. => the target range holds no entry.
 * -VAS_ENOMEM: no frame for a table, and none reserved; some entries have moved.
 */
typedef void vas_entry_moved_fn(void *data, const struct vas_entry *from,
				const struct vas_entry *to, uint64_t value);
VAS_API VAS_MUST_CHECK int vas_pmap_move(struct vas_pmap *pmap, uint64_t from, uint64_t to,
					 uint64_t length, vas_entry_moved_fn *moved, void *data);

/* Frees the tables in [start, end) that hold nothing. */
VAS_API void vas_pmap_trim(struct vas_pmap *pmap, uint64_t start, uint64_t end);

/* How many tables there are, the root among them. */
VAS_API uint32_t vas_pmap_tables(const struct vas_pmap *pmap);

/* Checks the entry counts of all tables; PMAP-1 and PMAP-2 of docs/invariants.md. */
VAS_API VAS_MUST_CHECK bool vas_pmap_validate(const struct vas_pmap *pmap,
					      const struct vas_printer *printer);

#ifdef __cplusplus
}
#endif

#endif
