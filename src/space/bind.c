/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* mbind: a NUMA policy for part of a space. Only its effect on areas is kept: two ranges of
 * different policies are two areas. */

#include "each.h"
#include "edit.h"

#define BIND_AREAS 2

static int bind_area(struct vas_area *area, struct vas_range part, void *data, uint64_t *past)
{
	struct vas_attributes to = vas_with_flags(area, area->flags);

	to.policy = *(const uint64_t *)data;
	if (to.policy == area->policy)
		return 0;
	return vas_modify(area, part, to, past);
}

/* Is there a hole that the kernel refuses? The default policy may be set over holes. */
static bool refused(const struct vas_space *space, struct vas_range range, uint64_t policy)
{
	struct vas_area *area = vas_find_ge(space, range.start);
	uint64_t at = range.start;

	if (policy == 0)
		return area == NULL || area->range.start >= range.end;
	for (; area != NULL && area->range.start <= at; area = vas_area_next(area)) {
		at = area->range.end;
		if (at >= range.end)
			return false;
	}
	return true;
}

static int do_bind(struct vas_space *space, uint64_t start, uint64_t length, uint64_t policy)
{
	struct vas_need need = { .areas = BIND_AREAS };
	struct vas_range range = { start, start + vas_page_up(length) };
	int err;

	if ((start & VAS_PAGE_MASK) != 0 || range.end < start)
		return -VAS_EINVAL;
	if (range.end == start)
		return 0;
	if (refused(space, range, policy))
		return -VAS_EFAULT;
	need.range = range;
	err = vas_space_reserve(space, &need);
	if (err != 0)
		return err;
	err = vas_each_mapped(space, range, bind_area, &policy);
	vas_space_settle(space);
	return err;
}

int vas_bind(struct vas_space *space, uint64_t start, uint64_t length, uint64_t policy)
{
	return VAS_CALL(space, do_bind(space, start, length, policy));
}
