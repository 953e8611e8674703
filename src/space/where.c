/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "where.h"

#include "edit.h"

/*
 * The index finds a gap between areas; what it does not know is that a stack wants a guard gap
 * below it. So a gap right under a stack is looked at once more, and the search goes on beyond it
 * where the guard would be cut:
 *
 *       low                                       high
 *        v                                         v
 *   AAAA..........[guard]SSSS......................      top-down: the hole above S first,
 *                                                        then below its guard
 *
 * Order of attempts: a fixed address is taken as it is; a hint is taken if it is free; then the
 * top-down search below map_base, and bottom-up from legacy_base when that finds nothing.
 */

#define HUGE_PAGE     (UINT64_C(1) << 21)
#define ERROR_NUMBERS 4095

static const uint64_t four_gib = UINT64_C(1) << 32;

uint64_t vas_guarded_start(const struct vas_area *area)
{
	uint64_t gap = area->space->settings->stack_guard_gap;

	if ((area->flags & VAS_AREA_GROWS_DOWN) == 0)
		return area->range.start;
	return area->range.start < gap ? 0 : area->range.start - gap;
}

/* Is [address, address + length) free, with room for the guard of what lies above? */
static bool place_free(const struct vas_space *space, uint64_t address, uint64_t length)
{
	struct vas_area *area = vas_find_ge(space, address);

	return area == NULL || address + length <= vas_guarded_start(area);
}

/*
 * Linux looks for room to align in: the gap must hold `length` and all of `align` but one page. The
 * place is then moved up to the next aligned address, or down from the gap's end. (The index's own
 * VAS_FIT_LINUX counts bytes, and would ask for align - 1.)
 */
static uint64_t align_inside(const struct vas_gap *wanted, uint64_t padded, uint64_t address)
{
	uint64_t mask = wanted->align - 1;

	if (wanted->direction == VAS_BOTTOM_UP)
		return address + ((wanted->align_offset - address) & mask);
	address += padded - wanted->length;
	return address - ((address - wanted->align_offset) & mask);
}

/* The gap search, repeated past guards that it runs into. */
static int search(struct vas_space *space, const struct vas_gap *wanted, uint64_t *address)
{
	struct vas_gap gap = *wanted;
	bool padded = wanted->align > 1 && wanted->fit == VAS_FIT_LINUX;
	uint64_t at, reach;

	if (padded) {
		gap.length += wanted->align - VAS_PAGE_SIZE;
		gap.align = 1;
		if (gap.length < wanted->length)
			return -VAS_ENOMEM;
	}
	if (gap.low < space->settings->mmap_min_addr)
		gap.low = space->settings->mmap_min_addr;
	for (;;) {
		struct vas_area *above;

		if (gap.low >= gap.high || !vas_index_gap(space->index, &gap, &at))
			return -VAS_ENOMEM;
		above = vas_find_ge(space, at);
		if (padded)
			at = align_inside(wanted, gap.length, at);
		*address = at;
		if (above == NULL || (above->flags & VAS_AREA_GROWS_DOWN) == 0)
			return 0;
		if (gap.direction == VAS_TOP_DOWN) {
			/* The whole gap down from its end counts, not only what alignment left. */
			reach = above->range.start < gap.high ? above->range.start : gap.high;
			if (vas_guarded_start(above) >= reach)
				return 0;
			gap.high = vas_guarded_start(above);
		} else {
			reach = at + gap.length;
			if (vas_guarded_start(above) >= reach - 1)
				return 0;
			gap.low = above->range.end;
		}
	}
}

static void set_alignment(const struct vas_space *space, const struct vas_where *where,
			  struct vas_gap *gap)
{
	if (where->file == NULL)
		return;
	gap->align_offset = where->page << VAS_PAGE_SHIFT;
	if ((where->file->flags & VAS_FILE_HUGE_PAGES) != 0) {
		gap->align = where->file->huge_page;
		gap->align_offset = 0;
	} else if (space->layout.align > 1) {
		gap->align = space->layout.align;
		gap->align_offset += space->layout.align_offset;
	}
}

static int bottom_up(struct vas_space *space, const struct vas_where *where, uint64_t hint,
		     uint64_t *address)
{
	struct vas_layout *layout = &space->layout;
	struct vas_gap gap = {
		.length = where->length,
		.low = layout->legacy_base,
		.high = hint > layout->map_window ? layout->task_size : layout->map_window,
		.align = 1,
		.direction = VAS_BOTTOM_UP,
		.fit = space->fit,
	};

	if ((where->flags & VAS_32BIT) != 0) {
		gap.low = layout->low_base;
		gap.high = UINT64_C(0x80000000);
	} else if ((where->flags & VAS_ABOVE4G) != 0 && gap.low < four_gib) {
		gap.low = four_gib;
	}
	if (where->length > gap.high)
		return -VAS_ENOMEM;
	if (hint != 0) {
		hint = vas_page_up(hint);
		if (gap.high - where->length >= hint && place_free(space, hint, where->length)) {
			*address = hint;
			return 0;
		}
	}
	set_alignment(space, where, &gap);
	return search(space, &gap, address);
}

/* A hint counts only when it keeps to one side of the map window. */
static bool hint_valid(const struct vas_layout *layout, uint64_t hint, uint64_t length)
{
	if (layout->task_size - length < hint)
		return false;
	return (hint > layout->map_window) == (hint + length > layout->map_window);
}

static int top_down(struct vas_space *space, const struct vas_where *where, uint64_t hint,
		    uint64_t *address)
{
	struct vas_layout *layout = &space->layout;
	struct vas_gap gap = {
		.length = where->length,
		.low = VAS_PAGE_SIZE,
		.high = layout->map_base,
		.align = 1,
		.direction = VAS_TOP_DOWN,
		.fit = space->fit,
	};

	if ((where->flags & VAS_32BIT) != 0)
		return bottom_up(space, where, hint, address);
	if (hint != 0) {
		uint64_t page = vas_page_down(hint);

		if (hint_valid(layout, page, where->length) &&
		    place_free(space, page, where->length)) {
			*address = page;
			return 0;
		}
	}
	if ((where->flags & VAS_ABOVE4G) != 0)
		gap.low = four_gib;
	if (hint > layout->map_window)
		gap.high += layout->task_size - layout->map_window;
	set_alignment(space, where, &gap);
	if (search(space, &gap, address) == 0)
		return 0;
	return bottom_up(space, where, hint, address);
}

/* The plain search: fixed, hint, gap. */
static int plain(struct vas_space *space, const struct vas_where *where, uint64_t hint,
		 uint64_t *address)
{
	uint64_t rest = 0; /* of the hint, past a huge page's start */

	if (where->length > space->layout.task_size)
		return -VAS_ENOMEM;
	if (where->file != NULL && (where->file->flags & VAS_FILE_HUGE_PAGES) != 0)
		rest = hint & (where->file->huge_page - 1);
	if ((where->flags & VAS_FIXED) != 0) {
		if (rest != 0)
			return -VAS_EINVAL;
		*address = hint;
		return 0;
	}
	if (rest != 0)
		hint += where->file->huge_page - rest;
	if (space->layout.direction == VAS_BOTTOM_UP)
		return bottom_up(space, where, hint, address);
	return top_down(space, where, hint, address);
}

/*
 * A place where the file's huge pages fall on huge-page addresses: looks for one huge page more
 * than asked, then moves up inside it. False: not worth it, or nothing found.
 */
static bool huge(struct vas_space *space, const struct vas_where *where, uint64_t hint,
		 uint64_t *address)
{
	uint64_t offset = where->page << VAS_PAGE_SHIFT;
	uint64_t end = offset + where->length;
	uint64_t aligned = (offset + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	struct vas_where padded = *where;
	uint64_t sub;

	if (end <= aligned || end - aligned < HUGE_PAGE)
		return false;
	padded.length += HUGE_PAGE;
	if (padded.length < where->length || offset + padded.length < offset)
		return false;
	if (plain(space, &padded, hint, address) != 0)
		return false;
	if (*address == hint)
		return true;
	sub = (offset - *address) & (HUGE_PAGE - 1);
	if (sub == 0 && space->layout.direction == VAS_TOP_DOWN)
		*address += HUGE_PAGE;
	else
		*address += sub;
	return true;
}

/* Does Linux try for huge-page alignment here? Anonymous memory: since 6.7, for whole huge pages
 * only since 6.13 (and its stable kernels); /dev/zero: not yet in 6.12. */
static bool wants_huge(const struct vas_space *space, const struct vas_where *where, uint64_t hint)
{
	uint32_t kernel = space->settings->kernel;

	if (!space->settings->huge_pages)
		return false;
	if (where->file != NULL && (where->file->flags & VAS_FILE_DEVICE_ZERO) != 0 &&
	    kernel < VAS_KERNEL(6, 16))
		return false;
	if (where->file != NULL)
		return (where->file->flags & VAS_FILE_HUGE_ALIGN) != 0;
	if ((where->flags & VAS_SHARED) != 0 || hint != 0 || kernel < VAS_KERNEL(6, 7))
		return false;
	return (where->length & (HUGE_PAGE - 1)) == 0;
}

int vas_find_place(struct vas_space *space, const struct vas_where *where, uint64_t *address)
{
	uint64_t hint = *address;
	int err;

	if (where->length > space->layout.task_size)
		return -VAS_ENOMEM;
	if (!wants_huge(space, where, hint) || !huge(space, where, hint, address)) {
		err = plain(space, where, hint, address);
		if (err != 0)
			return err;
	}
	/* A fixed address among the last 4095 is taken for an error number on its way back. */
	if (*address > UINT64_MAX - ERROR_NUMBERS)
		return -(int)(UINT64_MAX - *address + 1);
	if (*address > space->layout.task_size - where->length)
		return -VAS_ENOMEM;
	if ((*address & VAS_PAGE_MASK) != 0)
		return -VAS_EINVAL;
	if (*address < space->settings->fixed_min_addr && !vas_space_may(space, VAS_MAY_RAWIO))
		return -VAS_EPERM;
	return 0;
}
