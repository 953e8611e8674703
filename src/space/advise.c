/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * madvise. Some advice changes an area's flags, and so splits and merges; some drops or fetches
 * contents, which the listeners are told; some is only checked. Holes in the range are passed
 * over, and reported at the end.
 */

#include "each.h"
#include "edit.h"
#include "populate.h"

#define ADVISE_AREAS 2

static bool known(const struct vas_space *space, int advice)
{
	uint32_t kernel = space->settings->kernel;

	switch (advice) {
	case VAS_ADVICE_NORMAL:
	case VAS_ADVICE_RANDOM:
	case VAS_ADVICE_SEQUENTIAL:
	case VAS_ADVICE_WILLNEED:
	case VAS_ADVICE_DONTNEED:
	case VAS_ADVICE_FREE:
	case VAS_ADVICE_REMOVE:
	case VAS_ADVICE_DONTFORK:
	case VAS_ADVICE_DOFORK:
	case VAS_ADVICE_DONTDUMP:
	case VAS_ADVICE_DODUMP:
	case VAS_ADVICE_WIPEONFORK:
	case VAS_ADVICE_KEEPONFORK:
	case VAS_ADVICE_COLD:
	case VAS_ADVICE_PAGEOUT:
	case VAS_ADVICE_POPULATE_READ:
	case VAS_ADVICE_POPULATE_WRITE:
		return true;
	case VAS_ADVICE_DONTNEED_LOCKED:
		return kernel >= VAS_KERNEL(5, 18);
	case VAS_ADVICE_MERGEABLE:
	case VAS_ADVICE_UNMERGEABLE:
		return space->settings->mergeable_pages;
	case VAS_ADVICE_HUGEPAGE:
	case VAS_ADVICE_NOHUGEPAGE:
		return space->settings->huge_pages;
	case VAS_ADVICE_COLLAPSE:
		return space->settings->huge_pages && kernel >= VAS_KERNEL(6, 1);
	case VAS_ADVICE_GUARD_INSTALL:
	case VAS_ADVICE_GUARD_REMOVE:
		return kernel >= VAS_KERNEL(6, 13);
	default:
		return false;
	}
}

/* Sealed memory that the caller cannot write keeps its contents: advice must not wipe them. */
static bool seal_forbids(const struct vas_area *area, int advice)
{
	if ((area->flags & VAS_AREA_SEALED) == 0)
		return false;
	switch (advice) {
	case VAS_ADVICE_FREE:
	case VAS_ADVICE_DONTNEED:
	case VAS_ADVICE_DONTNEED_LOCKED:
	case VAS_ADVICE_REMOVE:
	case VAS_ADVICE_DONTFORK:
	case VAS_ADVICE_WIPEONFORK:
	case VAS_ADVICE_GUARD_INSTALL:
		break;
	default:
		return false;
	}
	if ((area->flags & (VAS_AREA_SHARED | VAS_AREA_WRITE)) != 0)
		return false;
	return vas_area_anonymous(area);
}

static uint64_t changed(uint64_t flags, uint64_t clear, uint64_t set)
{
	return (flags & ~clear) | set;
}

static bool can_merge_pages(const struct vas_area *area)
{
	return (area->flags & (VAS_AREA_SHARED | VAS_AREA_MAY_SHARE | VAS_AREA_SPECIAL |
			       VAS_AREA_HUGE_PAGES | VAS_AREA_DROPPABLE)) == 0;
}

/* The new flags for advice that changes them. */
static int new_flags(const struct vas_area *area, int advice, uint64_t *flags)
{
	uint64_t old = area->flags;

	switch (advice) {
	case VAS_ADVICE_NORMAL:
		*flags = changed(old, VAS_AREA_RANDOM | VAS_AREA_SEQUENTIAL, 0);
		break;
	case VAS_ADVICE_SEQUENTIAL:
		*flags = changed(old, VAS_AREA_RANDOM, VAS_AREA_SEQUENTIAL);
		break;
	case VAS_ADVICE_RANDOM:
		*flags = changed(old, VAS_AREA_SEQUENTIAL, VAS_AREA_RANDOM);
		break;
	case VAS_ADVICE_DONTFORK:
		*flags = changed(old, 0, VAS_AREA_DONT_FORK);
		break;
	case VAS_ADVICE_DOFORK:
		if ((old & VAS_AREA_IO) != 0)
			return -VAS_EINVAL;
		*flags = changed(old, VAS_AREA_DONT_FORK, 0);
		break;
	case VAS_ADVICE_WIPEONFORK:
		if (area->file != NULL || (old & VAS_AREA_SHARED) != 0)
			return -VAS_EINVAL;
		*flags = changed(old, 0, VAS_AREA_WIPE_ON_FORK);
		break;
	case VAS_ADVICE_KEEPONFORK:
		if ((old & VAS_AREA_DROPPABLE) != 0)
			return -VAS_EINVAL;
		*flags = changed(old, VAS_AREA_WIPE_ON_FORK, 0);
		break;
	case VAS_ADVICE_DONTDUMP:
		*flags = changed(old, 0, VAS_AREA_DONT_DUMP);
		break;
	case VAS_ADVICE_DODUMP:
		if (((old & VAS_AREA_HUGE_PAGES) == 0 && (old & VAS_AREA_SPECIAL) != 0) ||
		    (old & VAS_AREA_DROPPABLE) != 0)
			return -VAS_EINVAL;
		*flags = changed(old, VAS_AREA_DONT_DUMP, 0);
		break;
	case VAS_ADVICE_MERGEABLE:
		*flags = can_merge_pages(area) ? old | VAS_AREA_MERGEABLE : old;
		break;
	case VAS_ADVICE_UNMERGEABLE:
		*flags = changed(old, VAS_AREA_MERGEABLE, 0);
		break;
	case VAS_ADVICE_HUGEPAGE:
		*flags = changed(old, VAS_AREA_NO_HUGE, VAS_AREA_HUGE);
		break;
	case VAS_ADVICE_NOHUGEPAGE:
		*flags = changed(old, VAS_AREA_HUGE, VAS_AREA_NO_HUGE);
		break;
	default:
		return -VAS_EINVAL;
	}
	return 0;
}

static int change_flags(struct vas_area *area, struct vas_range part, int advice, uint64_t *past)
{
	uint64_t flags = area->flags;
	int err = new_flags(area, advice, &flags);

	if (err != 0 || flags == area->flags)
		return err;
	err = vas_modify(area, part, vas_with_flags(area, flags), past);
	return err == -VAS_ENOMEM ? -VAS_EAGAIN : err;
}

/* Huge pages are dropped whole: those that the range begins in the middle of cannot be. */
static bool cuts_huge_page(const struct vas_area *area, uint64_t start)
{
	return (area->flags & VAS_AREA_HUGE_PAGES) != 0 && area->file != NULL &&
	       (start & (area->file->huge_page - 1)) != 0;
}

/* 0, or why advice about the contents is refused for what begins at `start`. */
static int check_contents(const struct vas_area *area, uint64_t start, int advice)
{
	const uint64_t raw = VAS_AREA_RAW_FRAMES;
	uint64_t flags = area->flags;
	bool refused = false;

	switch (advice) {
	case VAS_ADVICE_REMOVE:
		if ((flags & (VAS_AREA_LOCKED | VAS_AREA_NONLINEAR)) != 0 || area->file == NULL)
			return -VAS_EINVAL;
		if ((flags & VAS_AREA_SHARED) == 0 || (flags & VAS_AREA_MAY_WRITE) == 0)
			return -VAS_EACCES;
		break;
	case VAS_ADVICE_FREE:
		refused = (flags & (raw | VAS_AREA_LOCKED | VAS_AREA_HUGE_PAGES)) != 0 ||
			  !vas_area_anonymous(area);
		break;
	case VAS_ADVICE_DONTNEED:
		refused = (flags & (raw | VAS_AREA_LOCKED)) != 0 || cuts_huge_page(area, start);
		break;
	case VAS_ADVICE_DONTNEED_LOCKED:
		refused = (flags & raw) != 0 || cuts_huge_page(area, start);
		break;
	case VAS_ADVICE_COLD:
	case VAS_ADVICE_PAGEOUT:
		refused = (flags & (raw | VAS_AREA_LOCKED | VAS_AREA_HUGE_PAGES)) != 0;
		break;
	case VAS_ADVICE_GUARD_INSTALL:
		refused = (flags & (VAS_AREA_SPECIAL | VAS_AREA_LOCKED | VAS_AREA_HUGE_PAGES)) != 0;
		break;
	case VAS_ADVICE_GUARD_REMOVE:
		refused = (flags & (VAS_AREA_SPECIAL | VAS_AREA_HUGE_PAGES)) != 0;
		break;
	case VAS_ADVICE_COLLAPSE:
		refused =
			(flags & (VAS_AREA_SPECIAL | VAS_AREA_HUGE_PAGES | VAS_AREA_NO_HUGE)) != 0;
		break;
	default:
		break;
	}
	return refused ? -VAS_EINVAL : 0;
}

static bool about_contents(int advice)
{
	switch (advice) {
	case VAS_ADVICE_WILLNEED:
	case VAS_ADVICE_DONTNEED:
	case VAS_ADVICE_DONTNEED_LOCKED:
	case VAS_ADVICE_FREE:
	case VAS_ADVICE_REMOVE:
	case VAS_ADVICE_COLD:
	case VAS_ADVICE_PAGEOUT:
	case VAS_ADVICE_COLLAPSE:
	case VAS_ADVICE_GUARD_INSTALL:
	case VAS_ADVICE_GUARD_REMOVE:
		return true;
	default:
		return false;
	}
}

static int advise_area(struct vas_area *area, struct vas_range part, void *data, uint64_t *past)
{
	int advice = *(const int *)data, err;

	if (seal_forbids(area, advice))
		return -VAS_EPERM;
	if (!about_contents(advice))
		return change_flags(area, part, advice, past);
	err = check_contents(area, part.start, advice);
	if (err == 0)
		vas_tell(area->space, &(struct vas_op){ .kind = VAS_OP_ADVISE,
							.advice = advice,
							.area = area,
							.start = part.start,
							.end = part.end });
	return err;
}

/* MADV_POPULATE_READ and _WRITE: every page, or the first reason why not. */
static int populate(struct vas_space *space, uint64_t start, uint64_t end, bool write)
{
	uint64_t at = start;

	while (at < end) {
		struct vas_area *area = vas_find(space, at);
		uint64_t to;
		int err;

		if (area == NULL)
			return -VAS_ENOMEM;
		if ((area->flags & (VAS_AREA_IO | VAS_AREA_RAW_FRAMES)) != 0 ||
		    (area->flags & (write ? VAS_AREA_WRITE : VAS_AREA_READ)) == 0)
			return -VAS_EINVAL;
		to = area->range.end < end ? area->range.end : end;
		err = vas_populate_area(area, at, to, write, VAS_TOUCH_FOR_POPULATE);
		if (err != 0)
			return err;
		at = to;
	}
	return 0;
}

/* The same as part of the walk over areas, which passes over holes: before 6.9 (seen in 6.1). */
static int populate_area(struct vas_area *area, struct vas_range part, void *data, uint64_t *past)
{
	(void)past;
	return populate(area->space, part.start, part.end,
			*(const int *)data == VAS_ADVICE_POPULATE_WRITE);
}

static bool is_populate(int advice)
{
	return advice == VAS_ADVICE_POPULATE_READ || advice == VAS_ADVICE_POPULATE_WRITE;
}

static int do_advise(struct vas_space *space, uint64_t start, uint64_t length, int advice)
{
	struct vas_need need = { .areas = ADVISE_AREAS };
	struct vas_range range = { start, start + vas_page_up(length) };
	int err;

	if (!known(space, advice) || (start & VAS_PAGE_MASK) != 0)
		return -VAS_EINVAL;
	if ((length != 0 && vas_page_up(length) == 0) || range.end < start)
		return -VAS_EINVAL;
	if (range.end == start)
		return 0;
	need.range = range;
	need.touches = vas_count_areas(space, range.start, range.end);
	if (advice == VAS_ADVICE_GUARD_INSTALL)
		need.guarded = vas_range_length(range);
	err = vas_space_reserve(space, &need);
	if (err != 0)
		return err;
	if (is_populate(advice) && space->settings->kernel < VAS_KERNEL(6, 9))
		err = vas_each_area(space, range, populate_area, &advice);
	else if (is_populate(advice))
		err = populate(space, start, range.end, advice == VAS_ADVICE_POPULATE_WRITE);
	else
		err = vas_each_area(space, range, advise_area, &advice);
	vas_space_settle(space);
	return err;
}

int vas_advise(struct vas_space *space, uint64_t start, uint64_t length, int advice)
{
	return VAS_CALL(space, do_advise(space, start, length, advice));
}
