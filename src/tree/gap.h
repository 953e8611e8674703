/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_TREE_GAP_H
#define VAS_TREE_GAP_H

/*
 * Gap search: one loop for all designs.
 *
 * A design answers "the next hole of at least so many bytes from here" in its own way; whether the
 * hole serves the request, and where in it, is decided here. So all designs give the same address,
 * and the arithmetic near 0 and 2^64 exists once.
 *
 *	       low                                   high
 *	        |                                     |
 *	  aaaa..|....bbbbb......ccc..dddddd...........|....eee
 *	      hole         hole    hole        hole
 *
 * A hole that straddles a limit is clipped to it. Coming from `high`, every later hole lies below
 * it, and only the last one can straddle `low`; so no more than two holes that are long enough can
 * fail for their limits. With VAS_FIT_EXACT a hole may also fail for its alignment; each costs one
 * more search.
 */

#include "design.h"

/* 0 means none, as 1 does. */
static inline uint64_t vas_gap_align(const struct vas_gap *gap)
{
	return gap->align != 0 ? gap->align : 1;
}

/*
 * How many bytes a hole needs before it is worth a look: `length`, and with VAS_FIT_LINUX the
 * padding for the alignment too. False: more than there are between the limits.
 */
static inline bool vas_gap_wanted(const struct vas_gap *gap, uint64_t *wanted)
{
	uint64_t padding = gap->fit == VAS_FIT_LINUX ? vas_gap_align(gap) - 1 : 0;

	return !__builtin_add_overflow(gap->length, padding, wanted) && gap->low < gap->high &&
	       gap->high - gap->low >= *wanted;
}

/* The address that `gap` takes in `hole`, clipped to its limits; `direction` is its own, as a
 * constant. False: it does not fit there. */
static inline bool vas_gap_place(const struct vas_gap *gap, enum vas_direction direction,
				 uint64_t wanted, struct vas_range hole, uint64_t *address)
{
	uint64_t mask = vas_gap_align(gap) - 1;
	uint64_t start = hole.start > gap->low ? hole.start : gap->low;
	uint64_t end = hole.end < gap->high ? hole.end : gap->high;
	uint64_t padding, room;

	if (start >= end || end - start < wanted)
		return false;
	room = end - start - gap->length;
	if (direction == VAS_BOTTOM_UP)
		padding = (gap->align_offset - start) & mask;
	else
		padding = (end - gap->length - gap->align_offset) & mask;
	if (padding > room)
		return false;
	*address = direction == VAS_BOTTOM_UP ? start + padding : end - gap->length - padding;
	return true;
}

/* A design's answer to "the next hole": see struct vas_index_ops. */
typedef bool vas_hole_fn(const struct vas_index *index, uint64_t from, uint64_t length,
			 struct vas_range *hole);

/*
 * vas_index_gap, on top of a design's searches; inline, so that a design that cares can have its
 * own compiled into the loop. `end`: of the last range, or 0.
 */
static inline bool vas_gap_up(const struct vas_index *index, const struct vas_gap *gap,
			      uint64_t end, vas_hole_fn *hole_up, uint64_t *address)
{
	struct vas_range hole;
	uint64_t wanted, from;

	if (!vas_gap_wanted(gap, &wanted))
		return false;
	for (from = gap->low; hole_up(index, from, wanted, &hole); from = hole.end) {
		if (hole.start >= gap->high)
			return false;
		if (vas_gap_place(gap, VAS_BOTTOM_UP, wanted, hole, address))
			return true;
	}
	hole = (struct vas_range){ .start = end, .end = UINT64_MAX };
	return vas_gap_place(gap, VAS_BOTTOM_UP, wanted, hole, address);
}

static inline bool vas_gap_down(const struct vas_index *index, const struct vas_gap *gap,
				uint64_t end, vas_hole_fn *hole_down, uint64_t *address)
{
	struct vas_range hole = { .start = end, .end = UINT64_MAX };
	uint64_t wanted, below;

	if (!vas_gap_wanted(gap, &wanted))
		return false;
	if (vas_gap_place(gap, VAS_TOP_DOWN, wanted, hole, address))
		return true;
	for (below = gap->high; hole_down(index, below, wanted, &hole); below = hole.start) {
		if (hole.end <= gap->low)
			return false;
		if (vas_gap_place(gap, VAS_TOP_DOWN, wanted, hole, address))
			return true;
	}
	return false;
}

/* vas_index_gap for designs without a search of their own. */
bool vas_gap_search(struct vas_index *index, const struct vas_gap *gap, uint64_t *address);

#endif
