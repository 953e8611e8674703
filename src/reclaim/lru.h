/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_RECLAIM_LRU_H
#define VAS_SRC_RECLAIM_LRU_H

/*
 * Pages by age: an active and an inactive list for private pages, and the same for pages of objects.
 * In several parts, each with its lock, so that faults do not wait for each other; a page belongs to
 * the part that its frame number says. Reclaim goes round the parts.
 *
 * A page on a list has VAS_PAGE_LISTED; on the active one VAS_PAGE_ACTIVE too. A list holds no
 * reference: freeing a page takes it off.
 */

#include <vas/frame.h>

#include "base/lock.h"

enum vas_lru_kind {
	VAS_LRU_PRIVATE_INACTIVE,
	VAS_LRU_PRIVATE_ACTIVE,
	VAS_LRU_OBJECT_INACTIVE,
	VAS_LRU_OBJECT_ACTIVE,
	VAS_LRU_KINDS,
};

struct vas_lru_list {
	uint32_t first, last; /* frame numbers, the youngest and the oldest; 0: empty */
	uint32_t count;
};

struct vas_lru_part {
	struct vas_mutex lock;
	struct vas_lru_list lists[VAS_LRU_KINDS];
} __attribute__((aligned(64)));

struct vas_lru {
	struct vas_frames *frames;
	struct vas_lru_part parts[VAS_SHARED_SLOTS];
	uint32_t next_part; /* where reclaim goes on */
};

void vas_lru_init(struct vas_lru *lru, struct vas_frames *frames);

/* A page that has just come into memory: at the young end. One that is on a list already stays
 * where it is. => a reference. */
void vas_lru_add(struct vas_lru *lru, struct vas_page *page, bool active);

/* Off its list. False: it was on none; else *active tells on which it was (may be NULL). */
bool vas_lru_take(struct vas_lru *lru, struct vas_page *page, bool *active);

/* The same, for who does not care. */
void vas_lru_remove(struct vas_lru *lru, struct vas_page *page);

/* To the old end of the inactive list (madvise COLD, DONTNEED of a file page), or to the young end
 * of the active one. Nothing happens to a page that is on no list. */
void vas_lru_age(struct vas_lru *lru, struct vas_page *page);
void vas_lru_activate(struct vas_lru *lru, struct vas_page *page);

/* Takes at most `limit` pages off the old end of a list, each with a reference more. */
size_t vas_lru_take_oldest(struct vas_lru *lru, unsigned part, enum vas_lru_kind kind,
			   struct vas_page **pages, size_t limit);

/* Pages on a list of one part, and on all lists of all parts: as far as one can tell while others
 * run. */
uint32_t vas_lru_count(const struct vas_lru *lru, unsigned part, enum vas_lru_kind kind);
size_t vas_lru_total(const struct vas_lru *lru);

/* LRU-1 to LRU-4. => nothing else runs. */
bool vas_lru_validate(const struct vas_lru *lru, const struct vas_printer *printer);

#endif
