/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* munmap. */

#include "edit.h"

static int do_unmap(struct vas_space *space, uint64_t start, uint64_t length)
{
	struct vas_need need = { 0 };
	struct vas_area *area;
	uint64_t end;
	int err;

	if ((start & VAS_PAGE_MASK) != 0 || start > space->layout.task_size ||
	    length > space->layout.task_size - start)
		return -VAS_EINVAL;
	end = start + vas_page_up(length);
	if (end == start)
		return -VAS_EINVAL;
	area = vas_find_ge(space, start);
	if (area == NULL || area->range.start >= end)
		return 0;
	vas_clear_need(space, start, end, &need);
	err = vas_space_reserve(space, &need);
	if (err != 0)
		return err;
	err = vas_clear_prepare(space, start, end);
	if (err == 0)
		vas_clear_commit(space, start, end);
	vas_space_settle(space);
	return err;
}

int vas_unmap(struct vas_space *space, uint64_t start, uint64_t length)
{
	return VAS_CALL(space, do_unmap(space, start, length));
}
