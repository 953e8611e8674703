/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "each.h"

/* *hole: -VAS_ENOMEM when one was passed over. */
static int walk(struct vas_space *space, struct vas_range range, vas_each_fn *visit, void *data,
		int *hole)
{
	uint64_t at = range.start;

	*hole = 0;
	while (at < range.end) {
		struct vas_area *area = vas_find_ge(space, at);
		struct vas_range part;
		uint64_t past;
		int err;

		if (area == NULL || area->range.start > at)
			*hole = -VAS_ENOMEM;
		if (area == NULL || area->range.start >= range.end)
			break;
		if (area->range.start > at)
			at = area->range.start;
		past = area->range.end;
		part = (struct vas_range){ at, past < range.end ? past : range.end };
		err = visit(area, part, data, &past);
		if (err != 0)
			return err;
		at = past > part.end ? past : part.end;
	}
	return 0;
}

int vas_each_area(struct vas_space *space, struct vas_range range, vas_each_fn *visit, void *data)
{
	int hole, err = walk(space, range, visit, data, &hole);

	return err != 0 ? err : hole;
}

int vas_each_mapped(struct vas_space *space, struct vas_range range, vas_each_fn *visit, void *data)
{
	int hole;

	return walk(space, range, visit, data, &hole);
}
