/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The gap search of gap.h on the functions in a design's table. */

#include "gap.h"

bool vas_gap_search(struct vas_index *index, const struct vas_gap *gap, uint64_t *address)
{
	const struct vas_range *last = index->ops->last(index);
	uint64_t end = last != NULL ? last->end : 0;

	if (gap->direction == VAS_BOTTOM_UP)
		return vas_gap_up(index, gap, end, index->ops->hole_up, address);
	return vas_gap_down(index, gap, end, index->ops->hole_down, address);
}
