/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* brk: the heap that grows at its end. */

#include "edit.h"
#include "limit.h"
#include "lock.h"
#include "populate.h"
#include "where.h"

/* Shrinking splits twice, growing makes one. */
#define BRK_AREAS 2

static bool data_limit_allows(const struct vas_space *space, uint64_t address)
{
	const struct vas_layout *layout = &space->layout;

	if (space->limits.data == VAS_UNLIMITED)
		return true;
	return address - layout->start_brk + (layout->end_data - layout->start_data) <=
	       space->limits.data;
}

static bool shrink(struct vas_space *space, uint64_t end, uint64_t old_end)
{
	struct vas_area *area = vas_find_ge(space, end);

	if (area == NULL || area->range.start >= old_end)
		return false;
	if (vas_clear_prepare(space, end, old_end) != 0)
		return false;
	vas_clear_commit(space, end, old_end);
	return true;
}

static bool room(struct vas_space *space, uint64_t start, uint64_t end)
{
	uint64_t task_size = space->layout.task_size;
	struct vas_area *next = vas_find_ge(space, start);

	if (end < start || end > task_size)
		return false;
	if (!vas_may_lock_more(space, space->future_flags, end - start))
		return false;
	return next == NULL || end + VAS_PAGE_SIZE <= vas_guarded_start(next);
}

static bool grow(struct vas_space *space, uint64_t start, uint64_t end)
{
	uint64_t pages = (end - start) >> VAS_PAGE_SHIFT;
	/* An area that ends where the break began is the program's own, and stays apart. */
	struct vas_area *area =
		start == space->layout.start_brk ? NULL : vas_find(space, start - 1);
	struct vas_candidate range = {
		.start = start,
		.end = end,
		.flags = VAS_AREA_READ | VAS_AREA_WRITE | VAS_AREA_MAY_READ | VAS_AREA_MAY_WRITE |
			 VAS_AREA_MAY_EXEC | VAS_AREA_ACCOUNT | space->future_flags,
		.offset = start >> VAS_PAGE_SHIFT,
		.expand_only = true,
	};

	if ((space->personality & VAS_READ_IMPLIES_EXEC) != 0)
		range.flags |= VAS_AREA_EXEC;
	if (!room(space, start, end) || !vas_may_expand(space, range.flags, pages) ||
	    vas_index_count(space->index) > space->settings->max_map_count ||
	    !vas_charge(space, pages))
		return false;
	if (area != NULL && area->range.end != start)
		area = NULL;
	if (vas_merge_new(&range, area, NULL) == NULL) {
		area = vas_area_new(space);
		area->range = (struct vas_range){ start, end };
		area->flags = range.flags;
		area->offset = range.offset;
		vas_link(area);
	}
	vas_count_pages(space, range.flags, (int64_t)pages);
	if ((range.flags & VAS_AREA_LOCKED) != 0)
		space->locked += pages;
	return true;
}

/* True when the break may now be `address`. */
static bool move_break(struct vas_space *space, uint64_t address)
{
	uint64_t end = vas_page_up(address), old_end = vas_page_up(space->layout.brk);

	if (space->layout.start_brk == 0 || address < space->layout.start_brk ||
	    !data_limit_allows(space, address))
		return false;
	if (end == old_end)
		return true;
	if (address <= space->layout.brk)
		return shrink(space, end, old_end);
	if (!grow(space, old_end, end))
		return false;
	if ((space->future_flags & VAS_AREA_LOCKED) != 0)
		(void)vas_populate(space, old_end, end, VAS_TOUCH_FOR_NOBODY);
	return true;
}

static int do_brk(struct vas_space *space, uint64_t address, uint64_t *now)
{
	struct vas_need need = { .areas = BRK_AREAS, .touches = 1 };
	uint64_t end = vas_page_up(address), old_end = vas_page_up(space->layout.brk);
	int err;

	if (end < old_end && address >= space->layout.start_brk)
		vas_clear_need(space, end, old_end, &need);
	err = vas_space_reserve(space, &need);
	if (err != 0)
		return err;
	if (move_break(space, address))
		space->layout.brk = address;
	*now = space->layout.brk;
	vas_space_settle(space);
	return 0;
}

int vas_brk(struct vas_space *space, uint64_t address, uint64_t *now)
{
	return VAS_CALL(space, do_brk(space, address, now));
}
