/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The naive model: mremap. */

#include "model.h"

#include <string.h>

struct move {
	struct model *model;
	struct model_space *space;
	uint64_t old, old_length, to, new_length;
	uint32_t flags;
	bool fixed, stay;	/* FIXED, DONTUNMAP */
	uint64_t populate_from; /* 0: nothing */
};

static int check_arguments(const struct move *move)
{
	const uint32_t known = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED | VAS_REMAP_DONTUNMAP;

	if ((move->flags & ~known) != 0 || (move->old & VAS_PAGE_MASK) != 0 ||
	    move->new_length == 0 || move->new_length > CALL_END)
		return -VAS_EINVAL;
	if (!move->fixed && !move->stay)
		return 0;
	if (move->to > CALL_END - move->new_length || (move->to & VAS_PAGE_MASK) != 0 ||
	    (move->flags & VAS_REMAP_MAYMOVE) == 0 ||
	    (move->stay && move->old_length != move->new_length))
		return -VAS_EINVAL;
	if (move->old + move->old_length > move->to && move->to + move->new_length > move->old)
		return -VAS_EINVAL;
	return 0;
}

static int clear(struct model_space *space, uint64_t start, uint64_t length)
{
	int err;

	if (length == 0 || start > CALL_END || length > CALL_END - start)
		return -VAS_EINVAL;
	err = model_clear_prepare(space, start, start + length);
	if (err == 0)
		model_clear(space, start, start + length);
	return err;
}

static const struct page *page_at(const struct move *move, uint64_t address)
{
	return &move->space->pages[model_page(address)];
}

/* Bytes from `old` to the end of the area there; 0: there is none. */
static uint64_t bytes_of_area(const struct move *move)
{
	if (move->old < CALL_BASE || move->old >= CALL_END || !page_at(move, move->old)->mapped)
		return 0;
	return model_address(model_end(move->space, model_page(move->old))) - move->old;
}

static int check_area(const struct move *move)
{
	uint64_t bytes = bytes_of_area(move), flags, delta;
	bool grows = move->new_length > move->old_length;

	if (bytes == 0)
		return -VAS_EFAULT;
	flags = page_at(move, move->old)->flags;
	if ((flags & VAS_AREA_SEALED) != 0)
		return -VAS_EPERM;
	if (!grows && !move->fixed && !move->stay)
		return 0;
	if (move->old_length == 0 && (flags & (VAS_AREA_SHARED | VAS_AREA_MAY_SHARE)) == 0)
		return -VAS_EINVAL;
	if ((grows ? move->old_length : move->new_length) > bytes)
		return -VAS_EFAULT;
	if (!grows)
		return 0;
	delta = (move->new_length - move->old_length) >> VAS_PAGE_SHIFT;
	if ((flags & VAS_AREA_LOCKED) != 0 && !model_may_lock(move->model, move->space, delta))
		return -VAS_EAGAIN;
	return model_may_expand(move->model, move->space, delta) ? 0 : -VAS_ENOMEM;
}

static int place(struct move *move)
{
	uint64_t address = move->to;
	int err = 0;

	if (!move->fixed)
		err = model_place(move->model, move->space, move->stay ? move->to : 0,
				  move->new_length, &address);
	if (err != 0)
		return err;
	if (address < CALL_BASE)
		return -VAS_EPERM;
	move->to = address;
	return 0;
}

/* The area that the old pages are left in, all of it, is not locked any more. */
static void unlock_what_stays(struct move *move)
{
	struct model_space *space = move->space;
	size_t old = model_page(move->old);
	size_t from = model_start_of(space, old), to = model_end(space, old);

	if ((space->pages[old].flags & RUN_LOCKS) == 0)
		return;
	space->locked_lost += to - from;
	/* It merges with nobody by this. */
	space->pages[from].cut = true;
	if (to < CALL_PAGES && space->pages[to].mapped)
		space->pages[to].cut = true;
	for (size_t i = from; i < to; i++)
		space->pages[i].flags &= ~RUN_LOCKS;
}

static void move_pages(struct move *move)
{
	struct model_space *space = move->space;
	size_t from = model_page(move->old), to = model_page(move->to);
	size_t old_count = move->old_length >> VAS_PAGE_SHIFT;
	size_t new_count = move->new_length >> VAS_PAGE_SHIFT;
	const struct page first = space->pages[from];

	for (size_t i = 0; i < new_count; i++) {
		struct page *page = &space->pages[to + i];

		*page = first;
		page->offset = first.file != 0 ? first.offset + i
					       : model_address(to + i) >> VAS_PAGE_SHIFT;
		page->stamp = i < old_count ? space->pages[from + i].stamp : 0;
		if (i < old_count)
			space->pages[from + i].stamp = 0;
	}
	model_heal(space, to, to + new_count);
}

static int move_area(struct move *move)
{
	uint64_t flags = page_at(move, move->old)->flags;
	uint64_t charge = move->new_length - (move->stay ? 0 : move->old_length);

	if ((flags & VAS_AREA_ACCOUNT) != 0 &&
	    !model_may_charge(move->model, charge >> VAS_PAGE_SHIFT))
		return -VAS_ENOMEM;
	move_pages(move);
	if (move->stay)
		unlock_what_stays(move);
	else if (move->old_length != 0)
		(void)clear(move->space, move->old, move->old_length);
	return 0;
}

static int move_to_target(struct move *move)
{
	int err = 0;

	if (move->fixed)
		err = clear(move->space, move->to, move->new_length);
	if (err == 0 && move->old_length > move->new_length) {
		err = clear(move->space, move->old + move->new_length,
			    move->old_length - move->new_length);
		move->old_length = move->new_length;
	}
	if (err != 0)
		return err;
	if (move->stay &&
	    !model_may_expand(move->model, move->space, move->old_length >> VAS_PAGE_SHIFT))
		return -VAS_ENOMEM;
	err = place(move);
	return err != 0 ? err : move_area(move);
}

/* Grows at the area's end, if there is room. 1: it cannot. */
static int grow_in_place(struct move *move)
{
	struct model_space *space = move->space;
	uint64_t delta = move->new_length - move->old_length, end = move->old + move->old_length;
	size_t last, count = delta >> VAS_PAGE_SHIFT;

	if (bytes_of_area(move) != move->old_length || end + delta < end || end + delta > CALL_END)
		return 1;
	last = model_page(end) - 1;
	for (size_t i = 1; i <= count; i++)
		if (space->pages[last + i].mapped)
			return 1;
	if ((space->pages[last].flags & VAS_AREA_ACCOUNT) != 0 &&
	    !model_may_charge(move->model, count))
		return -VAS_ENOMEM;
	for (size_t i = 1; i <= count; i++) {
		space->pages[last + i] = space->pages[last];
		space->pages[last + i].offset += i;
		space->pages[last + i].stamp = 0;
	}
	model_heal(space, last + 1, last + 1 + count);
	return 0;
}

static int resize(struct move *move)
{
	int err;

	move->to = move->old;
	if (move->new_length == move->old_length)
		return 0;
	if (move->new_length < move->old_length)
		return clear(move->space, move->old + move->new_length,
			     move->old_length - move->new_length);
	err = grow_in_place(move);
	if (err <= 0)
		return err;
	if ((move->flags & VAS_REMAP_MAYMOVE) == 0)
		return -VAS_ENOMEM;
	err = place(move);
	return err != 0 ? err : move_area(move);
}

static int move_one(struct move *move)
{
	bool grows = move->new_length > move->old_length;
	bool locked;
	int err = check_area(move);

	if (err != 0)
		return err;
	locked = (page_at(move, move->old)->flags & VAS_AREA_LOCKED) != 0;
	err = move->fixed || move->stay ? move_to_target(move) : resize(move);
	if (err == 0 && grows && locked)
		move->populate_from = move->to + move->old_length;
	return err;
}

/* With a fixed target and equal lengths: each area in turn. */
static int move_many(struct move *whole)
{
	uint64_t end = whole->old + whole->old_length, at = whole->old;
	bool seen = false;

	while (at < end) {
		struct move one = *whole;
		struct run run = model_clip(at, end);
		int err;

		while (run.from < run.to && !whole->space->pages[run.from].mapped)
			run.from++;
		if (run.from >= run.to)
			break;
		one.old = model_address(run.from);
		if (!seen && one.old > whole->old)
			return -VAS_EFAULT;
		one.old_length = bytes_of_area(&one);
		if (one.old_length > end - one.old)
			one.old_length = end - one.old;
		one.new_length = one.old_length;
		one.to = whole->to + (one.old - whole->old);
		at = one.old + one.old_length;
		err = move_one(&one);
		if (err != 0)
			return err;
		seen = true;
	}
	return seen ? 0 : -VAS_EFAULT;
}

int model_remap(struct model *model, struct model_space *space, const struct call *call,
		uint64_t *address)
{
	struct move move = {
		.model = model,
		.space = space,
		.old = call->start,
		.old_length = vas_page_up(call->length),
		.to = call->target,
		.new_length = vas_page_up(call->new_length),
		.flags = call->flags,
		.fixed = (call->flags & VAS_REMAP_FIXED) != 0,
		.stay = (call->flags & VAS_REMAP_DONTUNMAP) != 0,
	};
	uint64_t delta = move.new_length - move.old_length;
	int err = check_arguments(&move);

	if (err == 0 && move.fixed && move.old_length == move.new_length)
		err = move_many(&move);
	else if (err == 0)
		err = move_one(&move);
	if (err != 0)
		return err;
	*address = move.to;
	if (move.populate_from != 0) {
		struct run run = model_clip(move.populate_from, move.populate_from + delta);

		(void)model_populate(model, space, run.from, run.to, true);
	}
	return 0;
}
