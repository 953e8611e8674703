/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* remap_file_pages as an mmap over part of a shared mapping, with another offset. */

#include "map.h"

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
