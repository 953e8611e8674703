/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Merging. Two neighbouring ranges become one area when nothing could tell them apart: equal
 * flags, file and name, offsets that run on, and pages that one reverse-map record can find
 * (the listeners decide). An area that its driver wants to hear the end of (System V, close hooks)
 * is never swallowed whole, and special ones (device memory, not expandable) take no part. Nor do
 * nonlinear ones, whose offset does not say what they show; but they may grow.
 *
 * A free range (mmap, brk, the target of mremap):
 *
 *   PPPP****NNNN   ->   PPPPPPPPPPPP      joins both, if they could also join each other
 *   PPPP****       ->   PPPPPPPP          joins the one below
 *       ****NNNN   ->       NNNNNNNN      joins the one above
 *
 * A range of an area whose attributes change (mprotect, madvise, mlock ...):
 *
 *   PPPPMMMMNNNN   ->   PPPPPPPPPPPP      the whole area changed and fits both
 *       ****
 *   PPPPMMMMMMMM   ->   PPPPPPPPMMMM      its first part fits the one below
 *       ****
 *   MMMMMMMMNNNN   ->   MMMMNNNNNNNN      its last part fits the one above
 *       ****
 *   MMMMMMMMMMMM   ->   MMMMXXXXMMMM      no neighbour fits: split
 *       ****
 */

#include "base/assert.h"
#include "edit.h"

static bool same_attributes(const struct vas_area *area, const struct vas_candidate *range)
{
	return area->flags == range->flags && area->file == range->file &&
	       area->policy == range->policy && vas_name_equal(area->name, range->name);
}

static bool swallowable(const struct vas_area *area)
{
	return (area->flags & (VAS_AREA_SYSV | VAS_AREA_NO_CLOSE)) == 0;
}

/* Before 6.8 (seen in 6.1) such an area took no part at all, but for its own growth. */
static bool may_join(const struct vas_area *area, const struct vas_candidate *range)
{
	if ((area->flags & VAS_AREA_NONLINEAR) != 0)
		return area == range->source && !range->copied;
	return area == range->source || area->space->settings->kernel >= VAS_KERNEL(6, 8) ||
	       swallowable(area);
}

static bool fits_below(const struct vas_area *prev, const struct vas_candidate *range)
{
	return prev != NULL && prev->range.end == range->start && may_join(prev, range) &&
	       same_attributes(prev, range) &&
	       prev->offset + vas_area_pages(prev) == range->offset &&
	       vas_may_merge(prev, range->source, range->copied);
}

static bool fits_above(const struct vas_area *next, const struct vas_candidate *range)
{
	return next != NULL && next->range.start == range->end && may_join(next, range) &&
	       same_attributes(next, range) &&
	       range->offset + ((range->end - range->start) >> VAS_PAGE_SHIFT) == next->offset &&
	       vas_may_merge(next, range->source, range->copied);
}

struct vas_area *vas_merge_new(const struct vas_candidate *range, struct vas_area *prev,
			       struct vas_area *next)
{
	bool below, above;

	if ((range->flags & VAS_AREA_SPECIAL) != 0)
		return NULL;
	below = fits_below(prev, range);
	above = !range->expand_only && fits_above(next, range);
	if (below && above)
		above = vas_may_merge(prev, next, false);
	if (!below && !above)
		return NULL;
	if (!below) {
		vas_grow(next, range->start, range->end);
		return next;
	}
	vas_grow(prev, range->start, range->end);
	if (above && swallowable(next))
		vas_take(prev, next, next->range.start, next->range.end);
	return prev;
}

static void tell_flags(struct vas_area *area, uint64_t start, uint64_t end, uint64_t old_flags)
{
	vas_tell(area->space, &(struct vas_op){ .kind = VAS_OP_FLAGS,
						.area = area,
						.start = start,
						.end = end,
						.old_flags = old_flags });
}

/* The four merging cases of an existing area; NULL: none applies. */
static struct vas_area *merge_existing(struct vas_area *area, const struct vas_candidate *range)
{
	struct vas_area *prev = vas_area_prev(area), *next = vas_area_next(area);
	bool left = range->start == area->range.start, right = range->end == area->range.end;
	bool below, above;

	if ((range->flags & VAS_AREA_SPECIAL) != 0 || (!left && !right))
		return NULL;
	below = left && fits_below(prev, range);
	above = right && fits_above(next, range);
	if (below && above)
		above = vas_may_merge(prev, next, false);
	if (!below && !above)
		return NULL;
	if (left && right && !swallowable(area))
		return NULL;
	if (below) {
		vas_take(prev, area, range->start, range->end);
		if (above && swallowable(next))
			vas_take(prev, next, next->range.start, next->range.end);
		return prev;
	}
	vas_take(next, area, range->start, range->end);
	return next;
}

/* Splits off what lies below `start` and above `end`; *area becomes the middle. */
static int isolate(struct vas_area **area, uint64_t start, uint64_t end)
{
	struct vas_space *space = (*area)->space;
	int err;

	if ((*area)->range.start < start) {
		if (vas_space_full(space))
			return -VAS_ENOMEM;
		err = vas_may_split(*area, start);
		if (err != 0)
			return err;
		*area = vas_split(*area, start);
	}
	if ((*area)->range.end > end) {
		if (vas_space_full(space))
			return -VAS_ENOMEM;
		err = vas_may_split(*area, end);
		if (err != 0)
			return err;
		(void)vas_split(*area, end);
	}
	return 0;
}

static void set_attributes(struct vas_area *area, struct vas_attributes to)
{
	area->flags = to.flags;
	area->policy = to.policy;
	if (area->name != to.name) {
		vas_name_put(area->space, area->name);
		area->name = vas_name_get(to.name);
	}
}

int vas_modify(struct vas_area *area, struct vas_range part, struct vas_attributes to,
	       uint64_t *past)
{
	uint64_t old_flags = area->flags;
	struct vas_candidate range = {
		.start = part.start,
		.end = part.end,
		.flags = to.flags,
		.offset = area->offset + ((part.start - area->range.start) >> VAS_PAGE_SHIFT),
		.file = area->file,
		.name = to.name,
		.policy = to.policy,
		.source = area,
	};
	struct vas_area *result;
	int err;

	vas_assert(area->range.start <= part.start && part.end <= area->range.end &&
		   part.start < part.end);
	result = merge_existing(area, &range);
	if (result == NULL) {
		err = isolate(&area, part.start, part.end);
		if (err != 0)
			return err;
		set_attributes(area, to);
		result = area;
	}
	if (to.flags != old_flags)
		tell_flags(result, part.start, part.end, old_flags);
	*past = result->range.end;
	return 0;
}
