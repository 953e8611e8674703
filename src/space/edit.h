/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_SPACE_EDIT_H
#define VAS_SRC_SPACE_EDIT_H

/*
 * The small steps of which every call is made. Each leaves the index whole and tells the listeners
 * at once. None can fail for memory: the call has reserved (area.h).
 *
 *   split       AAAAAAAA          ->  AAAABBBB
 *   take        AAAABBBB          ->  AAAAAABB   or  AAAAAAAA, and B is gone
 *   drop        AAAA              ->  ....
 *   link        ....              ->  AAAA
 */

#include "area.h"

static inline struct vas_area *vas_area_of(struct vas_range *range)
{
	return (struct vas_area *)(void *)range;
}

/* Puts an area with everything but its counts filled in into the index, and tells VAS_OP_MAP. */
void vas_link(struct vas_area *area);

/* Splits; the result is the upper part, [at, end). => start < at < end. */
struct vas_area *vas_split(struct vas_area *area, uint64_t at);

/* 0, or -VAS_EINVAL when an area of this kind cannot be split there. */
int vas_may_split(const struct vas_area *area, uint64_t at);

/* `target` takes [start, end) from its neighbour `source`, which is freed when nothing is left.
 * Both carry equal attributes by now, but for source's flags where they change by this very step:
 * then the caller tells VAS_OP_FLAGS. */
void vas_take(struct vas_area *target, struct vas_area *source, uint64_t start, uint64_t end);

/* Takes a whole area out of index, counts and accounts; tells VAS_OP_UNMAP and VAS_OP_FREE. */
void vas_drop(struct vas_area *area);

/* Grows an area at its end (`end` above it) or start over free pages; tells VAS_OP_MAP. */
void vas_grow(struct vas_area *area, uint64_t start, uint64_t end);

/* The attributes of a range that wants to become part of its neighbours. */
struct vas_candidate {
	uint64_t start, end;
	uint64_t flags;
	uint64_t offset; /* pages */
	struct vas_file *file;
	struct vas_name *name;
	uint64_t policy;
	const struct vas_area *source; /* whose pages it holds or will hold; NULL: none */
	bool copied;		       /* they are moved here from elsewhere */
	bool expand_only;	       /* brk: join the area below only */
};

/*
 * Lets a free range join its neighbours, if the rules allow it; returns the area that now covers
 * it, or NULL. prev, next: the areas below and above the range, or NULL.
 */
struct vas_area *vas_merge_new(const struct vas_candidate *range, struct vas_area *prev,
			       struct vas_area *next);

/* What a call can change in part of an area. */
struct vas_attributes {
	uint64_t flags;
	struct vas_name *name;
	uint64_t policy;
};

/* The attributes of an area, with other flags. */
static inline struct vas_attributes vas_with_flags(const struct vas_area *area, uint64_t flags)
{
	return (struct vas_attributes){ flags, area->name, area->policy };
}

/*
 * Gives a part of `area` new attributes: merges it with its neighbours where the rules allow it,
 * else splits it off.
 *  => they differ from the area's.
 *  => *past: the end of the area that covers the part now (perhaps beyond the part).
 * -VAS_ENOMEM: too many areas; a first split may stand. -VAS_EINVAL: cannot be split.
 */
int vas_modify(struct vas_area *area, struct vas_range part, struct vas_attributes to,
	       uint64_t *past);

/* munmap's step: -VAS_EPERM at a sealed area, -VAS_ENOMEM past the number of areas, with splits
 * already made standing as in Linux; nothing is unmapped then.
 * vas_clear_prepare does the checks and the splits, vas_clear_commit drops the whole areas. */
int vas_clear_prepare(struct vas_space *space, uint64_t start, uint64_t end);
void vas_clear_commit(struct vas_space *space, uint64_t start, uint64_t end);

/* What vas_clear needs: two splits. Adds to `need`. */
void vas_clear_need(struct vas_space *space, uint64_t start, uint64_t end, struct vas_need *need);

#endif
