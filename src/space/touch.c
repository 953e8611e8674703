/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* What an access at an address does to the areas: it may be refused, or let a stack grow. */

#include "edit.h"
#include "limit.h"

/*
 * A stack grows down to the page that was touched, if limits allow it and the guard gap above the
 * next accessible area stays:
 *
 *   AAAA......[ guard ]*SSSS
 */
static int grow_stack(struct vas_area *area, uint64_t address)
{
	struct vas_space *space = area->space;
	struct vas_area *prev = vas_area_prev(area);
	uint64_t page = vas_page_down(address), flags = area->flags;
	uint64_t pages = (area->range.start - page) >> VAS_PAGE_SHIFT;

	if (page < space->settings->mmap_min_addr)
		return -VAS_EPERM;
	if (prev != NULL && (prev->flags & VAS_AREA_GROWS_DOWN) == 0 &&
	    (prev->flags & VAS_AREA_ACCESS) != 0 &&
	    page - prev->range.end < space->settings->stack_guard_gap)
		return -VAS_ENOMEM;
	vas_tell(space, &(struct vas_op){ .kind = VAS_OP_TOUCH,
					  .write = true,
					  .area = area,
					  .start = area->range.start,
					  .end = area->range.start });
	if (pages > area->offset || !vas_may_expand(space, flags, pages) ||
	    area->range.end - page > space->limits.stack ||
	    !vas_may_lock_more(space, flags, pages << VAS_PAGE_SHIFT))
		return -VAS_ENOMEM;
	if (!vas_charge(space, pages))
		return -VAS_ENOMEM;
	if ((flags & VAS_AREA_ACCOUNT) == 0)
		vas_uncharge(space, pages);
	vas_grow(area, page, area->range.start);
	vas_count_pages(space, flags, (int64_t)pages);
	if ((flags & VAS_AREA_LOCKED) != 0)
		space->locked += pages;
	return 0;
}

/* Linux on x86 lets any access but a write read the page in before it refuses to execute it. */
static bool fetches(const struct vas_area *area, enum vas_access access)
{
	return access == VAS_ACCESS_EXEC && (area->flags & VAS_AREA_ACCESS) != 0 &&
	       (area->flags & VAS_AREA_EXEC) == 0;
}

static int do_touch(struct vas_space *space, uint64_t address, enum vas_access access)
{
	struct vas_need need = { .touches = 1 };
	struct vas_area *area = vas_find_ge(space, address);
	uint64_t page = vas_page_down(address);
	int err;

	if (area == NULL || address >= space->layout.task_size)
		return -VAS_EFAULT;
	if (area->range.start > address && (area->flags & VAS_AREA_GROWS_DOWN) == 0)
		return -VAS_EFAULT;
	need.range = area->range;
	err = vas_space_reserve(space, &need);
	if (err != 0)
		return err;
	if (area->range.start > address && grow_stack(area, address) != 0)
		err = -VAS_EFAULT;
	else if (!vas_area_allows(area, access))
		err = -VAS_EACCES;
	if (err == 0 || (err == -VAS_EACCES && fetches(area, access)))
		vas_tell(space, &(struct vas_op){ .kind = VAS_OP_TOUCH,
						  .write = (access & VAS_ACCESS_WRITE) != 0,
						  .area = area,
						  .start = page,
						  .end = page + VAS_PAGE_SIZE });
	vas_space_settle(space);
	return err;
}

int vas_touch(struct vas_space *space, uint64_t address, enum vas_access access)
{
	return VAS_CALL(space, do_touch(space, address, access));
}
