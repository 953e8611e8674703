/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "edit.h"

#include "base/assert.h"
#include "limit.h"

static uint64_t pages_of(uint64_t start, uint64_t end)
{
	return (end - start) >> VAS_PAGE_SHIFT;
}

void vas_link(struct vas_area *area)
{
	vas_index_insert(area->space->index, &area->range);
	vas_tell(area->space, &(struct vas_op){ .kind = VAS_OP_MAP,
						.area = area,
						.start = area->range.start,
						.end = area->range.end });
}

int vas_may_split(const struct vas_area *area, uint64_t at)
{
	if ((area->flags & VAS_AREA_NO_SPLIT) != 0)
		return -VAS_EINVAL;
	if ((area->flags & VAS_AREA_HUGE_PAGES) != 0 && area->file != NULL &&
	    area->file->huge_page != 0 && (at & (area->file->huge_page - 1)) != 0)
		return -VAS_EINVAL;
	return 0;
}

struct vas_area *vas_split(struct vas_area *area, uint64_t at)
{
	struct vas_space *space = area->space;
	struct vas_area *upper = vas_area_new(space);
	uint64_t end = area->range.end;

	vas_assert(area->range.start < at && at < end);
	upper->range = (struct vas_range){ at, end };
	upper->flags = area->flags;
	upper->offset = area->offset + pages_of(area->range.start, at);
	upper->file = area->file == NULL ? NULL : vas_file_get(area->file);
	upper->name = vas_name_get(area->name);
	upper->user = area->user;
	upper->policy = area->policy;
	vas_index_split(space->index, &area->range, &upper->range);
	vas_tell(space, &(struct vas_op){ .kind = VAS_OP_SPLIT,
					  .area = area,
					  .other = upper,
					  .start = at,
					  .end = end });
	return upper;
}

/* Shrinks `area` by [start, end), which lies at one of its ends; frees it when nothing is left. */
static void give(struct vas_area *area, uint64_t start, uint64_t end)
{
	struct vas_index *index = area->space->index;

	if (start == area->range.start && end == area->range.end) {
		vas_index_erase(index, &area->range);
	} else if (start == area->range.start) {
		area->offset += pages_of(start, end);
		vas_index_resize(index, &area->range, end, area->range.end);
	} else {
		vas_index_resize(index, &area->range, area->range.start, start);
	}
}

static void extend(struct vas_area *area, uint64_t start, uint64_t end)
{
	struct vas_index *index = area->space->index;

	if (end == area->range.start) {
		area->offset -= pages_of(start, end);
		vas_index_resize(index, &area->range, start, area->range.end);
	} else {
		vas_assert(start == area->range.end);
		vas_index_resize(index, &area->range, area->range.start, end);
	}
}

void vas_take(struct vas_area *target, struct vas_area *source, uint64_t start, uint64_t end)
{
	bool whole = start == source->range.start && end == source->range.end;

	if (whole && start == target->range.end) {
		vas_index_merge(target->space->index, &target->range, &source->range);
	} else {
		give(source, start, end);
		extend(target, start, end);
	}
	vas_tell(target->space, &(struct vas_op){ .kind = VAS_OP_MERGE,
						  .area = target,
						  .other = source,
						  .start = start,
						  .end = end });
	if (whole)
		vas_area_free(source);
}

void vas_drop(struct vas_area *area)
{
	struct vas_space *space = area->space;
	uint64_t pages = vas_area_pages(area);

	vas_index_erase(space->index, &area->range);
	vas_count_pages(space, area->flags, -(int64_t)pages);
	if ((area->flags & VAS_AREA_LOCKED) != 0)
		space->locked -= pages;
	if ((area->flags & VAS_AREA_ACCOUNT) != 0)
		vas_uncharge(space, pages);
	vas_tell(space, &(struct vas_op){ .kind = VAS_OP_UNMAP,
					  .area = area,
					  .start = area->range.start,
					  .end = area->range.end });
	vas_area_free(area);
}

void vas_grow(struct vas_area *area, uint64_t start, uint64_t end)
{
	extend(area, start, end);
	vas_tell(area->space,
		 &(struct vas_op){ .kind = VAS_OP_MAP, .area = area, .start = start, .end = end });
}

/*
 * munmap of [start, end), as the kernel goes about it: the first area is split, then each area is
 * checked in turn and the last one split. Whoever fails leaves the splits that were made.
 *
 *      start            end
 *        v               v
 *   AAAAAAAAAA  BBBB  CCCCCCCC
 */
int vas_clear_prepare(struct vas_space *space, uint64_t start, uint64_t end)
{
	struct vas_area *area = vas_find_ge(space, start);
	int err;

	if (area == NULL || area->range.start >= end)
		return 0;
	if (area->range.start < start) {
		if (end < area->range.end && vas_space_full(space))
			return -VAS_ENOMEM;
		if ((area->flags & VAS_AREA_SEALED) != 0)
			return -VAS_EPERM;
		err = vas_may_split(area, start);
		if (err != 0)
			return err;
		area = vas_split(area, start);
	}
	for (; area != NULL && area->range.start < end; area = vas_area_next(area)) {
		if ((area->flags & VAS_AREA_SEALED) != 0)
			return -VAS_EPERM;
		if (area->range.end > end) {
			err = vas_may_split(area, end);
			if (err != 0)
				return err;
			(void)vas_split(area, end);
			break;
		}
	}
	return 0;
}

void vas_clear_commit(struct vas_space *space, uint64_t start, uint64_t end)
{
	struct vas_area *area = vas_find_ge(space, start);

	while (area != NULL && area->range.start < end) {
		struct vas_area *next = vas_area_next(area);

		vas_drop(area);
		area = next;
	}
}

void vas_clear_need(struct vas_space *space, uint64_t start, uint64_t end, struct vas_need *need)
{
	struct vas_area *first = vas_find_ge(space, start);
	struct vas_area *last = end == 0 ? NULL : vas_find(space, end - 1);

	if (first != NULL && first->range.start < start)
		vas_need_clone(need, first);
	if (last != NULL && last->range.end > end)
		vas_need_clone(need, last);
	need->areas += 2;
}
