/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "each.h"

int vas_each_area(struct vas_space *space, struct vas_range range, vas_each_fn *visit, void *data)
{
	uint64_t at = range.start;
	int hole = 0;

	while (at < range.end) {
		struct vas_area *area = vas_find_ge(space, at);
		struct vas_range part;
		uint64_t past;
		int err;

		if (area == NULL)
			return -VAS_ENOMEM;
		if (area->range.start > at) {
			hole = -VAS_ENOMEM;
			at = area->range.start;
			if (at >= range.end)
				break;
		}
		past = area->range.end;
		part = (struct vas_range){ at, past < range.end ? past : range.end };
		err = visit(area, part, data, &past);
		if (err != 0)
			return err;
		at = past > part.end ? past : part.end;
	}
	return hole;
}
