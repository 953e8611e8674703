/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_RECLAIM_MEMORY_H
#define VAS_SRC_RECLAIM_MEMORY_H

/*
 * Memory: the frames of a machine, and what is done with the pages in them without asking which
 * space they belong to: lists by age, reclaim, swap, migration, merging. All of it finds the
 * entries that map a page through the reverse map (rmap/walk.h).
 *
 * An entry that maps a page holds one reference to it and counts in its mapcount; a migration
 * entry does both, too. An entry that names a swap slot counts in the slot.
 *
 * Nothing here takes the lock of a space, and everything but vas_page_map and vas_page_unmap is
 * called without any.
 */

#include <vas/anon_rmap.h>
#include <vas/frame.h>
#include <vas/pmap.h>

#include "object/object.h"
#include "object/swap.h"
#include "page/page.h"
#include "rmap/walk.h"

#include "lru.h"

/* Changed with atomic operations; what a machine prints. */
struct vas_memory_counts {
	vas_counter scanned;   /* pages that reclaim looked at */
	vas_counter reclaimed; /* and freed */
	vas_counter activated; /* and found in use */
	vas_counter swapped_out, swapped_in;
	vas_counter written; /* pages of files */
	vas_counter write_errors;
	vas_counter migrated;
	vas_counter merged;
};

struct vas_memory {
	const struct vas_allocator *allocator;
	struct vas_frames *frames;
	struct vas_swap *swap; /* NULL: none */
	struct vas_rmap rmap;
	struct vas_lru lru;
	struct vas_page *zero; /* the page of zeroes: mapped with VAS_PTE_SPECIAL, never counted */
	struct vas_memory_counts counts;
	/* Pages may get chains by merging: who maps an old page or copies an entry reserves for them.
	 * Set for good by who will merge, before every space's lock is taken once; then it merges. */
	bool merging;
};

/* Gives a reference back; the last one frees the page: off its list, unbound. => no lock of a
 * page, an object or a table. */
void vas_page_put(struct vas_memory *memory, struct vas_page *page);
/* What the last one does; for vas_object.free_page. => no references. */
void vas_page_free(struct vas_memory *memory, struct vas_page *page);

/* Unlocks a page that may be private. If its last entry, or the last that named its slot, went while
 * it was locked, so that vas_page_forget_slot failed, that is made up for. => a reference; and
 * vas_page_release gives that back, too. */
void vas_page_let_go(struct vas_memory *memory, struct vas_page *page);
void vas_page_release(struct vas_memory *memory, struct vas_page *page);

/*
 * `entry` maps the page from now on (it has been set, or is about to be), with a reference that the
 * caller had. `pool`: for pages with chains; filled by vas_page_map_reserve, with the space's lock
 * only. `locked`: the entry has VAS_PTE_LOCKED.
 *  => the table's lock.
 * Migration entries are not copied: a fork that finds one lets go of the tables and waits.
 */
void vas_page_map(struct vas_memory *memory, struct vas_page *page, const struct vas_entry *entry,
		  bool locked, struct vas_pool *pool);
VAS_MUST_CHECK int vas_page_map_reserve(struct vas_memory *memory, struct vas_pool *pool,
					size_t entries);

/* The entry, which was `value` (dirty and accessed bits pass on to the page), maps it no more. The
 * reference is the caller's again, to put when it has let go of the table's lock. A migration entry
 * may be taken away like any other: its page is that of vas_migration_frame. => the table's lock. */
void vas_page_unmap(struct vas_memory *memory, struct vas_page *page, const struct vas_entry *entry,
		    uint64_t value, bool locked);

/* One entry of a locked area more (+1) or less (-1) maps the page. => the table's lock. */
void vas_page_count_lock(struct vas_page *page, int by);

/* A reference to the page of a migration entry, for who does not want to wait: mremap, who then takes
 * the page's lock and tells the reverse map, if the entry still maps that page. => the table's lock. */
void vas_page_hold_frozen(struct vas_page *page);

/* What `from` mapped, `to` maps now (mremap). => the lock of the table of `to`. */
void vas_page_moved(struct vas_memory *memory, struct vas_page *page, const struct vas_entry *from,
		    const struct vas_entry *to);

/* A page that no entry maps any more and that was private memory: frees its slot and its place in
 * the swap cache, if nobody names the slot. If somebody has its lock, he does (vas_page_let_go).
 * => a reference. */
void vas_page_forget_slot(struct vas_memory *memory, struct vas_page *page);

/*
 * The page of a slot, from the swap cache or read in: up to date, locked, with a reference more.
 * *fresh: it has just come in: bound to nothing yet (restore binds it), on no list.
 * -VAS_ENOMEM: no frame. -VAS_EIO: what the store said. -VAS_EAGAIN: the slot is not named any
 * more.
 */
VAS_MUST_CHECK int vas_swap_in(struct vas_memory *memory, uint32_t slot, struct vas_page **page,
			       bool *fresh);

/* Looks through all entries that map the page. => locked, a reference.
 * Accessed: clears the bits, and tells how many were set. Clean: takes write permission and the
 * dirty bit away, and tells whether one was dirty; the page is marked so. */
unsigned vas_page_accessed(struct vas_memory *memory, struct vas_page *page);
bool vas_page_clean(struct vas_memory *memory, struct vas_page *page);

/* Unmaps the page everywhere: a page of an object leaves no entry, a private one its slot (which it
 * must have). False: some entry maps it still (it moved meanwhile): try again. => locked, a
 * reference. */
bool vas_page_unmap_all(struct vas_memory *memory, struct vas_page *page);

/* Frees `goal` pages or as many as can be had: writes, swaps, drops. Returns how many; *error (may
 * be NULL) is the last that a store gave. */
size_t vas_reclaim(struct vas_memory *memory, size_t goal, int *error);

/* One page, however young it is (madvise PAGEOUT). 0: it is gone. -VAS_EBUSY: in use.
 * -VAS_ENOSPC: no swap. Or what the store said. => a reference, which the caller keeps. */
VAS_MUST_CHECK int vas_page_out(struct vas_memory *memory, struct vas_page *page);

/* Writes the dirty pages of an object whose numbers lie in [first, last]: mapped ones are made clean
 * first. The first error; goes on after one. */
VAS_MUST_CHECK int vas_write_back(struct vas_memory *memory, struct vas_object *object,
				  uint64_t first, uint64_t last);

/* Removes from the cache and unmaps everywhere the object's pages [first, last]: truncate, punch.
 * (Private copies are the caller's affair.) */
void vas_drop_pages(struct vas_memory *memory, struct vas_object *object, uint64_t first,
		    uint64_t last);

/* Moves the page to another frame, with all entries that map it. -VAS_EBUSY: others look at it, or
 * it is locked or cannot be moved. -VAS_ENOMEM: no frame. The caller's reference to the old frame's
 * page stays (it is free when that is put). => no page's lock. */
VAS_MUST_CHECK int vas_page_migrate(struct vas_memory *memory, struct vas_page *page);

/* If both pages hold the same bytes, the entries of `page` map `keep` from now on, read-only.
 * `keep` becomes a page with VAS_PAGE_MERGED, never written again: a write copies it. -VAS_EBUSY;
 * -VAS_ENOENT: they differ. -VAS_ENOMEM: no frame for a moment, or no memory for records.
 * => a reference to each; anonymous, not the same; memory->merging; no page's lock. */
VAS_MUST_CHECK int vas_page_merge(struct vas_memory *memory, struct vas_page *keep,
				  struct vas_page *page);

/* Lists hold what they should: LRU-1 ... => nothing else runs. */
bool vas_memory_validate(struct vas_memory *memory, const struct vas_printer *printer);

#endif
