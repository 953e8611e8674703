/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * remap_file_pages, in two ways.
 *
 * As kernels since 4.0 have it: an mmap over part of a shared mapping, with another offset. Each such
 * part becomes an area of its own:
 *
 *	AAAAAAAAAA  ->  AAABBAAAAA  ->  AAABBCAAAA
 *
 * As it was before: the area stays one and becomes nonlinear. Its offset says no longer what it shows
 * where; the listeners are told (VAS_OP_REINDEX), and whoever fills its pages keeps that in mind. It
 * costs one area, whatever is done to it, and the limit on their number is never met.
 */

#include "map.h"

#include "area.h"
#include "populate.h"

static uint32_t prot_of(const struct vas_area *area)
{
	return (uint32_t)(area->flags & VAS_AREA_ACCESS);
}

/* Does one mapping after another, without a hole and all alike, cover up to `end`? */
static bool alike(const struct vas_area *area, uint64_t end)
{
	const struct vas_area *next;

	for (; area->range.end < end; area = next) {
		next = vas_area_next(area);
		if (next == NULL || next->range.start != area->range.end ||
		    next->file != area->file || next->flags != area->flags)
			return false;
	}
	return true;
}

/* May [start, start + length) of this area be made nonlinear? */
static int check_nonlinear(const struct vas_area *area, uint64_t start, uint64_t length,
			   uint64_t page_offset)
{
	const uint64_t refused = VAS_AREA_SPECIAL | VAS_AREA_HUGE_PAGES | VAS_AREA_NO_SPLIT;
	uint64_t limit = VAS_FILE_PAGES_MAX, pages = length >> VAS_PAGE_SHIFT;

	if (area->range.end - start < length || (area->flags & refused) != 0)
		return -VAS_EINVAL;
	if ((area->flags & VAS_AREA_SEALED) != 0)
		return -VAS_EPERM;
	if (area->file->limit != 0)
		limit = area->file->limit >> VAS_PAGE_SHIFT;
	return page_offset > limit || pages > limit - page_offset ? -VAS_EOVERFLOW : 0;
}

static int make_nonlinear(struct vas_area *area, uint64_t start, uint64_t length,
			  uint64_t page_offset, uint32_t flags)
{
	struct vas_space *space = area->space;
	struct vas_need need = { .touches = 1, .reindex = true };
	int err = check_nonlinear(area, start, length, page_offset);

	if (err != 0)
		return err;
	if ((area->flags & VAS_AREA_NONLINEAR) == 0 &&
	    page_offset == area->offset + ((start - area->range.start) >> VAS_PAGE_SHIFT))
		return 0;
	vas_need_clone(&need, area);
	err = vas_space_reserve(space, &need);
	if (err != 0)
		return err;
	if ((area->flags & VAS_AREA_NONLINEAR) == 0) {
		uint64_t old_flags = area->flags;

		area->flags |= VAS_AREA_NONLINEAR;
		vas_tell(space, &(struct vas_op){ .kind = VAS_OP_FLAGS,
						  .area = area,
						  .start = area->range.start,
						  .end = area->range.end,
						  .old_flags = old_flags });
	}
	vas_tell(space, &(struct vas_op){ .kind = VAS_OP_REINDEX,
					  .area = area,
					  .start = start,
					  .end = start + length,
					  .from = page_offset });
	if ((flags & VAS_NONBLOCK) == 0 || (area->flags & VAS_AREA_LOCKED) != 0)
		(void)vas_populate(space, start, start + length, VAS_TOUCH_FOR_NOBODY);
	vas_space_settle(space);
	return 0;
}

static int do_remap_file_pages(struct vas_space *space, uint64_t start, uint64_t length,
			       uint32_t prot, uint64_t page_offset, uint32_t flags)
{
	struct vas_map map = { .flags = VAS_SHARED | VAS_FIXED | VAS_POPULATE };
	struct vas_area *area;
	uint64_t keep;
	int err;

	start = vas_page_down(start);
	length = vas_page_down(length);
	if (prot != 0 || start + length <= start ||
	    page_offset + (length >> VAS_PAGE_SHIFT) < page_offset)
		return -VAS_EINVAL;
	area = vas_find(space, start);
	if (area == NULL || (area->flags & VAS_AREA_SHARED) == 0 || area->file == NULL)
		return -VAS_EINVAL;
	if (space->settings->nonlinear)
		return make_nonlinear(area, start, length, page_offset, flags);
	if (!alike(area, start + length))
		return -VAS_EINVAL;
	/* What lies beyond all bytes is refused by mmap, in its turn. */
	if (page_offset > UINT64_MAX >> VAS_PAGE_SHIFT)
		page_offset = UINT64_MAX >> VAS_PAGE_SHIFT;
	map.flags |= flags & VAS_NONBLOCK;
	if ((area->flags & VAS_AREA_LOCKED) != 0)
		map.flags |= VAS_LOCKED;
	map.length = length;
	map.prot = prot_of(area);
	map.file = vas_file_get(area->file);
	map.offset = page_offset << VAS_PAGE_SHIFT;
	keep = area->flags & VAS_AREA_SYSV; /* a segment's file makes its areas such */
	err = vas_map_checked(space, &map, keep, 0, &start);
	vas_file_put(map.file);
	return err;
}

int vas_remap_file_pages(struct vas_space *space, uint64_t start, uint64_t length, uint32_t prot,
			 uint64_t page_offset, uint32_t flags)
{
	return VAS_CALL(space, do_remap_file_pages(space, start, length, prot, page_offset, flags));
}
