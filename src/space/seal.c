/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* mseal: the mappings of a range can no longer be changed. */

#include "each.h"
#include "edit.h"

#define SEAL_AREAS 2

static int seal_area(struct vas_area *area, struct vas_range part, void *data, uint64_t *past)
{
	(void)data;
	if ((area->flags & VAS_AREA_SEALED) != 0)
		return 0;
	return vas_modify(area, part, vas_with_flags(area, area->flags | VAS_AREA_SEALED), past);
}

static int find_hole(struct vas_area *area, struct vas_range part, void *data, uint64_t *past)
{
	(void)area;
	(void)part;
	(void)data;
	(void)past;
	return 0;
}

static int do_seal(struct vas_space *space, uint64_t start, uint64_t length, uint64_t flags)
{
	struct vas_need need = { .areas = SEAL_AREAS };
	struct vas_range range = { start, start + vas_page_up(length) };
	int err;

	if (space->settings->kernel < VAS_KERNEL(6, 10))
		return -VAS_ENOSYS;
	if (flags != 0 || (start & VAS_PAGE_MASK) != 0)
		return -VAS_EINVAL;
	if ((length != 0 && vas_page_up(length) == 0) || range.end < start)
		return -VAS_EINVAL;
	if (range.end == start)
		return 0;
	err = vas_each_area(space, range, find_hole, NULL);
	if (err != 0)
		return err;
	need.range = range;
	err = vas_space_reserve(space, &need);
	if (err != 0)
		return err;
	err = vas_each_area(space, range, seal_area, NULL);
	vas_space_settle(space);
	return err;
}

int vas_seal(struct vas_space *space, uint64_t start, uint64_t length, uint64_t flags)
{
	return VAS_CALL(space, do_seal(space, start, length, flags));
}
