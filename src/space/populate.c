/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "populate.h"

#include "area.h"

/* Where the area's file ends, as an address; the area's end if it does not end inside. */
static uint64_t file_end(const struct vas_area *area)
{
	uint64_t pages, have, size;

	if (area->file == NULL || vas_area_anonymous(area))
		return area->range.end;
	/* Others may truncate it meanwhile. */
	size = __atomic_load_n(&area->file->size, __ATOMIC_RELAXED);
	if (size == UINT64_MAX)
		return area->range.end;
	have = vas_page_up(size) >> VAS_PAGE_SHIFT;
	if (have <= area->offset)
		return area->range.start;
	pages = have - area->offset;
	if (pages >= vas_area_pages(area))
		return area->range.end;
	return area->range.start + (pages << VAS_PAGE_SHIFT);
}

int vas_populate_area(struct vas_area *area, uint64_t start, uint64_t end, bool write,
		      enum vas_touch_for who)
{
	uint64_t reach = file_end(area);

	if ((area->flags & VAS_AREA_ACCESS) == 0)
		return -VAS_EFAULT;
	if (reach > end)
		reach = end;
	if (reach < start)
		reach = start;
	/* Past the file's end nothing is mapped, but what a first page needs is made before that
	 * is found out: hence the operation even when it covers no page. */
	if (start < end)
		vas_tell(area->space, &(struct vas_op){ .kind = VAS_OP_TOUCH,
							.write = write,
							.touch_for = who,
							.area = area,
							.start = start,
							.end = reach });
	return reach < end ? -VAS_EFAULT : 0;
}

static int populate(struct vas_space *space, uint64_t start, uint64_t end, bool all,
		    enum vas_touch_for who)
{
	struct vas_area *area = vas_find_ge(space, start);

	for (; area != NULL && area->range.start < end; area = vas_area_next(area)) {
		uint64_t from = area->range.start > start ? area->range.start : start;
		uint64_t to = area->range.end < end ? area->range.end : end;
		bool write = (area->flags & (VAS_AREA_WRITE | VAS_AREA_SHARED)) == VAS_AREA_WRITE;
		int err;

		if ((area->flags & (VAS_AREA_IO | VAS_AREA_RAW_FRAMES)) != 0 ||
		    (area->flags & VAS_AREA_LOCK_ON_FAULT) != 0)
			continue;
		err = vas_populate_area(area, from, to, write, who);
		if (err != 0 && !all)
			return err;
	}
	return 0;
}

int vas_populate(struct vas_space *space, uint64_t start, uint64_t end, enum vas_touch_for who)
{
	return populate(space, start, end, false, who);
}

void vas_populate_all(struct vas_space *space, uint64_t start, uint64_t end)
{
	(void)populate(space, start, end, true, VAS_TOUCH_FOR_NOBODY);
}

size_t vas_count_areas(const struct vas_space *space, uint64_t start, uint64_t end)
{
	struct vas_walk walk;
	struct vas_area *area;
	size_t count = 0;

	vas_walk_start(&walk, space, start);
	while ((area = vas_walk_next(&walk)) != NULL && area->range.start < end)
		count++;
	return count;
}
