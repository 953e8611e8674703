/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* mlock, mlock2, munlock, mlockall, munlockall. */

#include "lock.h"

#include "edit.h"
#include "limit.h"
#include "populate.h"

#define LOCK_AREAS 2

/* Areas that the lock calls pass over. */
static bool never_locked(const struct vas_area *area)
{
	return (area->flags & (VAS_AREA_SPECIAL | VAS_AREA_HUGE_PAGES | VAS_AREA_DROPPABLE)) != 0;
}

/* One area's part, [start, end); *past as in mprotect. */
static int lock_area(struct vas_area *area, uint64_t start, uint64_t end, uint64_t lock,
		     uint64_t *past)
{
	struct vas_space *space = area->space;
	uint64_t old = area->flags, flags = (old & ~VAS_LOCK_FLAGS) | lock;
	int err;

	*past = area->range.end;
	if (flags == old || never_locked(area))
		return 0;
	err = vas_modify(area, (struct vas_range){ start, end }, vas_with_flags(area, flags), past);
	if (err != 0)
		return err;
	if ((flags & VAS_AREA_LOCKED) == 0)
		space->locked -= (end - start) >> VAS_PAGE_SHIFT;
	else if ((old & VAS_AREA_LOCKED) == 0)
		space->locked += (end - start) >> VAS_PAGE_SHIFT;
	return 0;
}

static int lock_range(struct vas_space *space, uint64_t start, uint64_t end, uint64_t lock)
{
	struct vas_area *area = vas_find(space, start);
	uint64_t at = start;

	while (at < end) {
		uint64_t to, past;
		int err;

		if (area == NULL || area->range.start > at)
			return -VAS_ENOMEM;
		to = area->range.end < end ? area->range.end : end;
		err = lock_area(area, at, to, lock, &past);
		if (err != 0)
			return err;
		at = past > to ? past : to;
		area = vas_find_ge(space, at);
	}
	return 0;
}

static uint64_t locked_pages(const struct vas_space *space, uint64_t start, uint64_t end)
{
	struct vas_walk walk;
	struct vas_area *area;
	uint64_t bytes = 0;

	vas_walk_start(&walk, space, start);
	while ((area = vas_walk_next(&walk)) != NULL && area->range.start < end) {
		uint64_t from = area->range.start > start ? area->range.start : start;
		uint64_t to = area->range.end < end ? area->range.end : end;

		if ((area->flags & VAS_AREA_LOCKED) != 0)
			bytes += to - from;
	}
	return bytes >> VAS_PAGE_SHIFT;
}

static int reserve_range(struct vas_space *space, uint64_t start, uint64_t end)
{
	struct vas_need need = { .areas = LOCK_AREAS, .range = { start, end } };

	need.touches = vas_count_areas(space, start, end);
	return vas_space_reserve(space, &need);
}

static int do_lock(struct vas_space *space, uint64_t start, uint64_t length, uint32_t flags)
{
	uint64_t lock = VAS_AREA_LOCKED, end, pages;
	int err;

	if ((flags & ~(uint32_t)VAS_LOCK_ONFAULT) != 0)
		return -VAS_EINVAL;
	if ((flags & VAS_LOCK_ONFAULT) != 0)
		lock |= VAS_AREA_LOCK_ON_FAULT;
	if (!vas_may_lock_any(space))
		return -VAS_EPERM;
	length = vas_page_up(length + (start & VAS_PAGE_MASK));
	start = vas_page_down(start);
	end = start + length;
	pages = (length >> VAS_PAGE_SHIFT) + space->locked;
	if (!vas_space_may(space, VAS_MAY_LOCK)) {
		uint64_t limit = space->limits.locked >> VAS_PAGE_SHIFT;

		if (pages > limit)
			pages -= locked_pages(space, start, end < start ? UINT64_MAX : end);
		if (pages > limit)
			return -VAS_ENOMEM;
	}
	if (end < start)
		return -VAS_EINVAL;
	if (end == start)
		return 0;
	err = reserve_range(space, start, end);
	if (err != 0)
		return err;
	err = lock_range(space, start, end, lock);
	if (err == 0 && vas_populate(space, start, end, VAS_TOUCH_FOR_LOCK) != 0)
		err = -VAS_ENOMEM;
	vas_space_settle(space);
	return err;
}

int vas_lock(struct vas_space *space, uint64_t start, uint64_t length, uint32_t flags)
{
	return VAS_CALL(space, do_lock(space, start, length, flags));
}

static int do_unlock(struct vas_space *space, uint64_t start, uint64_t length)
{
	uint64_t end;
	int err;

	length = vas_page_up(length + (start & VAS_PAGE_MASK));
	start = vas_page_down(start);
	end = start + length;
	if (end < start)
		return -VAS_EINVAL;
	if (end == start)
		return 0;
	err = reserve_range(space, start, end);
	if (err != 0)
		return err;
	err = lock_range(space, start, end, 0);
	vas_space_settle(space);
	return err;
}

int vas_unlock(struct vas_space *space, uint64_t start, uint64_t length)
{
	return VAS_CALL(space, do_unlock(space, start, length));
}

/* Every area; one that cannot be changed is passed over. */
static void lock_each(struct vas_space *space, uint64_t lock)
{
	struct vas_area *area = vas_find_ge(space, 0);

	while (area != NULL) {
		uint64_t past;

		(void)lock_area(area, area->range.start, area->range.end, lock, &past);
		area = vas_find_ge(space, past);
	}
}

static int do_lock_all(struct vas_space *space, uint32_t flags)
{
	const uint32_t known = VAS_LOCK_ALL_CURRENT | VAS_LOCK_ALL_FUTURE | VAS_LOCK_ALL_ONFAULT;
	uint64_t lock = VAS_AREA_LOCKED;
	int err;

	if (flags == 0 || (flags & ~known) != 0 || flags == VAS_LOCK_ALL_ONFAULT)
		return -VAS_EINVAL;
	if (!vas_may_lock_any(space))
		return -VAS_EPERM;
	if ((flags & VAS_LOCK_ALL_CURRENT) != 0 && !vas_space_may(space, VAS_MAY_LOCK) &&
	    space->total > space->limits.locked >> VAS_PAGE_SHIFT)
		return -VAS_ENOMEM;
	err = reserve_range(space, 0, UINT64_MAX);
	if (err != 0)
		return err;
	if ((flags & VAS_LOCK_ALL_ONFAULT) != 0)
		lock |= VAS_AREA_LOCK_ON_FAULT;
	space->future_flags &= ~VAS_LOCK_FLAGS;
	if ((flags & VAS_LOCK_ALL_FUTURE) != 0)
		space->future_flags |= lock;
	if ((flags & VAS_LOCK_ALL_CURRENT) != 0) {
		lock_each(space, lock);
		vas_populate_all(space, 0, space->layout.task_size);
	}
	vas_space_settle(space);
	return 0;
}

int vas_lock_all(struct vas_space *space, uint32_t flags)
{
	return VAS_CALL(space, do_lock_all(space, flags));
}

static int do_unlock_all(struct vas_space *space)
{
	int err = reserve_range(space, 0, UINT64_MAX);

	if (err != 0)
		return err;
	space->future_flags &= ~VAS_LOCK_FLAGS;
	lock_each(space, 0);
	vas_space_settle(space);
	return 0;
}

int vas_unlock_all(struct vas_space *space)
{
	return VAS_CALL(space, do_unlock_all(space));
}
