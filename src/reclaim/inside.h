/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_RECLAIM_INSIDE_H
#define VAS_SRC_RECLAIM_INSIDE_H

/* What the parts of reclaim share. */

#include "memory.h"

/* What is saved for a merged page, with no owner. */
#define VAS_BINDING_MERGED UINT64_MAX

/* ---- memory.c ---- */

/* The entry does not count in the page any more; nothing else. => the table's lock. */
void vas_page_uncount(struct vas_memory *memory, struct vas_page *page,
		      const struct vas_entry *entry, bool locked);

static inline void vas_memory_count(vas_counter *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* ---- entries.c ---- */

/* Which entries lose the page. */
enum vas_take {
	VAS_TAKE_ALL,
	VAS_TAKE_UNLESS_LOCKED, /* none any more when one is found that is in a locked area */
	VAS_TAKE_UNLESS_DIRTY,	/* the same; nor if one was written to. No slot is named */
};

/* As far as it goes: the mapcount tells. A private page's entries name its slot, if it has one.
 * => locked, a reference. */
void vas_page_take_entries(struct vas_memory *memory, struct vas_page *page, enum vas_take which);

/* ---- evict.c ---- */

/* To be dropped without being written anywhere. */
bool vas_page_lazy(const struct vas_page *page);

/* Out of memory with it, whatever its age. 0: the caller has the last reference. -VAS_EBUSY,
 * -VAS_ENOSPC, or what the store said: it stays. => locked, on no list, one reference of the
 * caller's. */
int vas_page_evict(struct vas_memory *memory, struct vas_page *page);

/* ---- freeze.c ---- */

/* Freezes the entries of a page. False: some could not be found, or somebody else looks at the page;
 * it must be thawed in any case. `cached`: references that caches hold. => locked, on no list, the
 * caller has one reference. */
bool vas_page_freeze_entries(struct vas_memory *memory, struct vas_page *page, int32_t cached);

/* Thaws them: they map `to` from now on, which may be `page` itself. `pool`: if `to` has chains, and
 * is another. When it returns no entry maps `page`, unless it is `to`. The page's lock is let go of
 * now and then. => both locked, a reference to each. */
void vas_page_thaw(struct vas_memory *memory, struct vas_page *page, struct vas_page *to,
		   bool read_only, struct vas_pool *pool);

/* A frozen entry was taken away: it gets a reference again, to be put like that of any other.
 * => the table's lock. */
void vas_page_unfreeze_entry(struct vas_page *page);

/* ---- migrate.c ---- */

/* `to`, which nobody knows yet, takes the place of `from` everywhere. `from` then holds the same
 * bytes, is in no cache, on no list, and bound to nothing. -VAS_EBUSY. -VAS_ENOMEM. => from: locked,
 * one reference of the caller's. */
int vas_page_move(struct vas_memory *memory, struct vas_page *from, struct vas_page *to);

#endif
