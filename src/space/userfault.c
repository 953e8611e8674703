/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* userfaultfd's mark on areas: UFFDIO_REGISTER and UFFDIO_UNREGISTER. */

#include "each.h"
#include "edit.h"

#define USERFAULT_AREAS 2

struct mark {
	uint64_t flags; /* with the context; 0: take it away */
	uint64_t context;
	bool async;
};

/* `modes`: those that the area is to have, or has; `async`: nobody is waited for. */
static bool can_register(const struct vas_area *area, uint64_t modes, bool async)
{
	if ((area->flags & VAS_AREA_DROPPABLE) != 0)
		return false;
	if ((modes & VAS_AREA_USERFAULT_MINOR) != 0 &&
	    (area->file == NULL || (area->file->flags & VAS_FILE_SHARED_MEMORY) == 0))
		return false;
	if (async && modes == VAS_AREA_USERFAULT_WP)
		return true;
	return vas_area_anonymous(area) || (area->flags & VAS_AREA_HUGE_PAGES) != 0 ||
	       (area->file->flags & VAS_FILE_SHARED_MEMORY) != 0;
}

static int check_area(struct vas_area *area, struct vas_range part, void *data, uint64_t *past)
{
	const struct mark *mark = data;
	uint64_t old = area->flags & VAS_AREA_CONTEXT;
	uint64_t modes = (mark->flags != 0 ? mark->flags : area->flags) & VAS_AREA_USERFAULT;

	(void)part;
	(void)past;
	/* What is registered could be: of its own descriptor's asynchrony it is the proof. */
	if (!can_register(area, modes, mark->async || mark->flags == 0))
		return -VAS_EINVAL;
	if (mark->flags == 0) /* until 6.12, and perhaps later, any descriptor could */
		return old != 0 && old != mark->context &&
				       area->space->settings->kernel >= VAS_KERNEL(6, 17)
			       ? -VAS_EINVAL
			       : 0;
	if ((area->flags & VAS_AREA_MAY_WRITE) == 0)
		return -VAS_EPERM;
	if (old != 0 && old != mark->context)
		return -VAS_EBUSY;
	return 0;
}

static int mark_area(struct vas_area *area, struct vas_range part, void *data, uint64_t *past)
{
	const struct mark *mark = data;
	uint64_t flags = (area->flags & ~(VAS_AREA_USERFAULT | VAS_AREA_CONTEXT)) | mark->flags;

	/* What is registered for all of it already, and more, stays so. */
	if (flags == area->flags ||
	    (mark->flags != 0 && (area->flags | mark->flags) == area->flags))
		return 0;
	return vas_modify(area, part, vas_with_flags(area, flags), past);
}

/* 6.18 takes any address (seen). The bound of older kernels has not been tried. */
static uint64_t lowest(const struct vas_space *space)
{
	return space->settings->kernel < VAS_KERNEL(6, 18) ? space->settings->mmap_min_addr : 0;
}

static int do_userfault(struct vas_space *space, uint64_t start, uint64_t length, uint64_t flags,
			uint64_t context)
{
	struct vas_need need = { .areas = USERFAULT_AREAS };
	struct vas_range range = { start, start + length };
	struct mark mark = {
		.flags = flags & ~VAS_USERFAULT_ASYNC,
		.context = context << VAS_AREA_CONTEXT_SHIFT,
		.async = (flags & VAS_USERFAULT_ASYNC) != 0,
	};
	struct vas_area *first;
	int err;

	if (!space->settings->userfault || (mark.flags & ~VAS_AREA_USERFAULT) != 0 ||
	    context >= UINT64_C(1) << 24 || ((start | length) & VAS_PAGE_MASK) != 0 ||
	    length == 0 || start < lowest(space) || range.end < start ||
	    range.end > space->layout.task_size)
		return -VAS_EINVAL;
	if (mark.flags != 0)
		mark.flags |= mark.context;
	first = vas_find_ge(space, start);
	if (first == NULL)
		return -VAS_ENOMEM;
	if (first->range.start >= range.end)
		return -VAS_EINVAL;
	err = vas_each_mapped(space, range, check_area, &mark);
	if (err != 0)
		return err;
	need.range = range;
	err = vas_space_reserve(space, &need);
	if (err != 0)
		return err;
	err = vas_each_mapped(space, range, mark_area, &mark);
	vas_space_settle(space);
	return err;
}

int vas_userfault(struct vas_space *space, uint64_t start, uint64_t length, uint64_t flags,
		  uint64_t context)
{
	return VAS_CALL(space, do_userfault(space, start, length, flags, context));
}
