/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * mremap.
 *
 * Shrinking is an unmap of the tail. Growing tries in place first, and moves if it may. A move
 * makes (or merges into) an area at the new place, moves what the old one held, then unmaps the
 * old range or, with DONTUNMAP, leaves it empty. With MREMAP_FIXED and equal lengths, kernels
 * since 6.17 move several areas in one call, keeping the holes between them.
 *
 * Where the pages of a moved anonymous area have never been (may_reindex), the area's offset is
 * taken from its new address, so that it can merge there as if it had always been there; else it
 * keeps its offset: the displacement that reverse maps have to live with.
 */

#include "remap.h"

#include "edit.h"
#include "limit.h"
#include "lock.h"
#include "populate.h"
#include "where.h"

static int check_arguments(const struct vas_space *space, const struct vas_move *move)
{
	const uint64_t known = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED | VAS_REMAP_DONTUNMAP;
	uint64_t task_size = space->layout.task_size;

	if ((move->flags & ~known) != 0 || (move->old & VAS_PAGE_MASK) != 0 ||
	    move->new_length == 0 || move->new_length > task_size)
		return -VAS_EINVAL;
	if (!vas_has_target(move))
		return 0;
	if (move->to > task_size - move->new_length || (move->to & VAS_PAGE_MASK) != 0)
		return -VAS_EINVAL;
	if ((move->flags & VAS_REMAP_MAYMOVE) == 0)
		return -VAS_EINVAL;
	if ((move->flags & VAS_REMAP_DONTUNMAP) != 0 && move->old_length != move->new_length)
		return -VAS_EINVAL;
	if (move->old + move->old_length > move->to && move->to + move->new_length > move->old)
		return -VAS_EINVAL;
	/* Both ends may be cut out of the middle of an area, and the move itself wants room. */
	if (vas_index_count(space->index) + 5 >= (uint64_t)space->settings->max_map_count)
		return -VAS_ENOMEM;
	return 0;
}

/* Huge pages move whole, to where huge pages may be, and never become more. */
static int check_huge_pages(struct vas_move *move)
{
	const struct vas_area *area = move->area;

	if ((area->flags & VAS_AREA_HUGE_PAGES) == 0 || area->file == NULL)
		return 0;
	move->old_length = vas_whole_pages(area, move->old_length);
	move->new_length = vas_whole_pages(area, move->new_length);
	if (((move->old | move->to) & (area->file->huge_page - 1)) != 0 ||
	    move->new_length > move->old_length)
		return -VAS_EINVAL;
	return 0;
}

/* What the area at `old` must allow. */
static int check_area(struct vas_move *move)
{
	struct vas_area *area = move->area;
	uint64_t offset, stays, delta;
	bool grows;
	int err;

	if (area == NULL)
		return -VAS_EFAULT;
	if ((area->flags & VAS_AREA_SEALED) != 0)
		return -VAS_EPERM;
	err = check_huge_pages(move);
	if (err != 0)
		return err;
	delta = move->new_length - move->old_length;
	grows = move->new_length > move->old_length;
	if (!vas_has_target(move))
		move->to = move->old;
	if (!grows && !vas_has_target(move))
		return 0;
	if (move->old_length == 0 && (area->flags & (VAS_AREA_SHARED | VAS_AREA_MAY_SHARE)) == 0)
		return -VAS_EINVAL;
	if ((move->flags & VAS_REMAP_DONTUNMAP) != 0 &&
	    (area->flags & (VAS_AREA_DONT_EXPAND | VAS_AREA_RAW_FRAMES)) != 0)
		return -VAS_EINVAL;
	stays = grows ? move->old_length : move->new_length;
	if (stays > area->range.end - move->old)
		return -VAS_EFAULT;
	if (move->new_length == move->old_length)
		return 0;
	if (grows)
		move->populate = (area->flags & VAS_AREA_LOCKED) != 0;
	offset = area->offset + ((move->old - area->range.start) >> VAS_PAGE_SHIFT);
	if (offset + (move->new_length >> VAS_PAGE_SHIFT) < offset)
		return -VAS_EINVAL;
	if ((area->flags & (VAS_AREA_DONT_EXPAND | VAS_AREA_RAW_FRAMES)) != 0 &&
	    (area->flags & VAS_AREA_HUGE_PAGES) == 0) /* those were looked at above */
		return -VAS_EFAULT;
	if (!grows)
		return 0;
	if (!vas_may_lock_more(move->space, area->flags, delta))
		return -VAS_EAGAIN;
	if (!vas_may_expand(move->space, area->flags, delta >> VAS_PAGE_SHIFT))
		return -VAS_ENOMEM;
	return 0;
}

/* munmap inside mremap, which has its own refusals for lengths. */
static int clear(struct vas_space *space, uint64_t start, uint64_t length)
{
	int err;

	if (length == 0 || start > space->layout.task_size ||
	    length > space->layout.task_size - start)
		return -VAS_EINVAL;
	err = vas_clear_prepare(space, start, start + length);
	if (err == 0)
		vas_clear_commit(space, start, start + length);
	return err;
}

static void count_new(struct vas_move *move, uint64_t flags, uint64_t bytes)
{
	uint64_t pages = bytes >> VAS_PAGE_SHIFT;

	vas_count_pages(move->space, flags, (int64_t)pages);
	if ((flags & VAS_AREA_LOCKED) != 0)
		move->space->locked += pages;
}

static struct vas_candidate candidate_for(const struct vas_area *area, uint64_t start, uint64_t end,
					  uint64_t offset)
{
	return (struct vas_candidate){
		.start = start,
		.end = end,
		.flags = area->flags,
		.offset = offset,
		.file = area->file,
		.name = area->name,
		.policy = area->policy,
		.source = area,
	};
}

/* Grows the area at its end over free space. False: it cannot. */
bool vas_move_fits_in_place(const struct vas_move *move)
{
	struct vas_area *area = move->area, *next;
	uint64_t delta = move->new_length - move->old_length;
	uint64_t end = area->range.end + delta;

	if (area->range.end - move->old != move->old_length)
		return false;
	if (end < area->range.end || end > move->space->layout.task_size)
		return false;
	next = vas_area_next(area);
	return next == NULL || next->range.start >= end;
}

static int grow_in_place(struct vas_move *move)
{
	struct vas_area *area = move->area;
	uint64_t delta = move->new_length - move->old_length, flags = area->flags;
	uint64_t end = area->range.end;
	struct vas_candidate range =
		candidate_for(area, end, end + delta, area->offset + vas_area_pages(area));

	if ((flags & VAS_AREA_ACCOUNT) != 0 && !vas_charge(move->space, delta >> VAS_PAGE_SHIFT))
		return -VAS_ENOMEM;
	if (vas_merge_new(&range, area, vas_area_next(area)) == NULL) {
		if ((flags & VAS_AREA_ACCOUNT) != 0)
			vas_uncharge(move->space, delta >> VAS_PAGE_SHIFT);
		return -VAS_ENOMEM;
	}
	count_new(move, flags, delta);
	move->grown = end;
	return 0;
}

int vas_move_choose_target(struct vas_move *move)
{
	struct vas_area *area = move->area;
	struct vas_where where = {
		.length = move->new_length,
		.page = area->offset + ((move->old - area->range.start) >> VAS_PAGE_SHIFT),
		.file = area->file,
	};
	uint64_t address = vas_has_target(move) ? move->to : 0;
	int err;

	if (move->foreseen) {
		move->to = move->place;
		return 0;
	}
	if ((move->flags & VAS_REMAP_FIXED) != 0)
		where.flags |= VAS_FIXED;
	if ((area->flags & VAS_AREA_MAY_SHARE) != 0)
		where.flags |= VAS_SHARED;
	if (where.file == NULL)
		where.page = 0;
	err = vas_find_place(move->space, &where, &address);
	if (err == 0)
		move->to = address;
	return err;
}

/* In 6.12 (not in 6.1, nor in 6.18) DONTUNMAP neither lets the copy join the area that it comes
 * from, nor takes a lock off more than the range that was moved. */
static bool keeps_apart(const struct vas_move *move)
{
	uint32_t kernel = move->space->settings->kernel;

	return (move->flags & VAS_REMAP_DONTUNMAP) != 0 && kernel >= VAS_KERNEL(6, 2) &&
	       kernel < VAS_KERNEL(6, 17);
}

/* Makes the area at the new place, or lets it join its neighbours there. */
static struct vas_area *copy_area(struct vas_move *move)
{
	struct vas_space *space = move->space;
	struct vas_area *area = move->area, *above, *below, *copy;
	uint64_t end = move->to + move->new_length;
	uint64_t offset = area->offset + ((move->old - area->range.start) >> VAS_PAGE_SHIFT);
	struct vas_candidate range;

	if (vas_area_anonymous(area) && vas_may_reindex(area))
		offset = move->to >> VAS_PAGE_SHIFT;
	range = candidate_for(area, move->to, end, offset);
	range.copied = true;
	below = vas_find(space, move->to - 1);
	above = vas_find_ge(space, move->to);
	if (keeps_apart(move)) {
		below = below == area ? NULL : below;
		above = above == area ? NULL : above;
	}
	copy = vas_merge_new(&range, below, above);
	/* A merge may have swallowed or stretched the source itself. */
	move->area = vas_find(space, move->old);
	if (copy != NULL)
		return copy;
	copy = vas_area_new(space);
	copy->range = (struct vas_range){ move->to, end };
	copy->flags = area->flags;
	copy->offset = offset;
	copy->file = area->file == NULL ? NULL : vas_file_get(area->file);
	copy->name = vas_name_get(area->name);
	copy->user = area->user;
	copy->policy = area->policy;
	vas_link(copy);
	return copy;
}

/* Unmaps the old range without giving back what it promised: that went along with the move. */
static void clear_source(struct vas_move *move)
{
	struct vas_space *space = move->space;
	uint64_t pages = move->old_length >> VAS_PAGE_SHIFT;
	bool accounted = (move->area->flags & VAS_AREA_ACCOUNT) != 0;

	if (clear(space, move->old, move->old_length) != 0)
		return;
	if (accounted)
		vas_charge_always(space, pages);
}

/* Takes the lock off the source; Linux goes on counting its pages as locked, until exec. (In 6.1
 * it does not count those of the copy, so that only what did not move is lost.) */
static void unlock_source(struct vas_move *move)
{
	struct vas_space *space = move->space;
	struct vas_area *area = move->area;
	struct vas_range part = area->range;
	uint64_t old_flags = area->flags, past;

	if ((old_flags & VAS_LOCK_FLAGS) == 0)
		return;
	if (keeps_apart(move))
		part = (struct vas_range){ move->old, move->old + move->old_length };
	if ((old_flags & VAS_AREA_LOCKED) != 0)
		space->locked_lost += vas_range_length(part) >> VAS_PAGE_SHIFT;
	if ((old_flags & VAS_AREA_LOCKED) != 0 && space->settings->kernel < VAS_KERNEL(6, 2)) {
		space->locked -= move->old_length >> VAS_PAGE_SHIFT;
		space->locked_lost -= move->old_length >> VAS_PAGE_SHIFT;
	}
	if (keeps_apart(move)) {
		/* The margin of areas that a move keeps has room for these splits. */
		(void)vas_modify(area, part, vas_with_flags(area, old_flags & ~VAS_LOCK_FLAGS),
				 &past);
		move->area = vas_find(space, move->old);
		return;
	}
	area->flags &= ~VAS_LOCK_FLAGS;
	vas_tell(space, &(struct vas_op){ .kind = VAS_OP_FLAGS,
					  .area = area,
					  .start = part.start,
					  .end = part.end,
					  .old_flags = old_flags });
}

static void leave_source_empty(struct vas_move *move, const struct vas_area *copy)
{
	struct vas_area *area;

	unlock_source(move);
	area = move->area;
	if (area != copy && area->range.start == move->old &&
	    area->range.end == move->old + move->old_length)
		vas_tell(move->space, &(struct vas_op){ .kind = VAS_OP_EMPTY,
							.area = area,
							.start = area->range.start,
							.end = area->range.end });
}

/* A userfaultfd does not go along. */
static void drop_userfault(struct vas_area *copy)
{
	uint64_t old_flags = copy->flags;

	copy->flags &= ~(VAS_AREA_USERFAULT | VAS_AREA_CONTEXT);
	if (copy->flags != old_flags)
		vas_tell(copy->space, &(struct vas_op){ .kind = VAS_OP_FLAGS,
							.area = copy,
							.start = copy->range.start,
							.end = copy->range.end,
							.old_flags = old_flags });
}

static int move_area(struct vas_move *move)
{
	struct vas_space *space = move->space;
	struct vas_area *area = move->area, *copy;
	uint64_t flags = area->flags, charge = move->new_length - move->old_length;
	bool keep = (move->flags & VAS_REMAP_DONTUNMAP) != 0;
	int err = 0;

	if (vas_index_count(space->index) + 3 >= (uint64_t)space->settings->max_map_count)
		return -VAS_ENOMEM;
	if (area->range.start != move->old)
		err = vas_may_split(area, move->old);
	if (err == 0 && area->range.end != move->old + move->old_length)
		err = vas_may_split(area, move->old + move->old_length);
	if (err != 0)
		return err;
	if (keep)
		charge = move->new_length;
	if ((flags & VAS_AREA_ACCOUNT) != 0 && !vas_charge(space, charge >> VAS_PAGE_SHIFT))
		return -VAS_ENOMEM;
	/* Linux since 6.17 charges what was cut off too, and never gives it back. Here it is given
	 * back; but a length that cannot be promised is refused alike. */
	if ((flags & VAS_AREA_ACCOUNT) != 0 && !vas_charge(space, move->cut >> VAS_PAGE_SHIFT)) {
		vas_uncharge(space, charge >> VAS_PAGE_SHIFT);
		return -VAS_ENOMEM;
	}
	if ((flags & VAS_AREA_ACCOUNT) != 0)
		vas_uncharge(space, move->cut >> VAS_PAGE_SHIFT);
	copy = copy_area(move);
	vas_tell(space, &(struct vas_op){ .kind = VAS_OP_MOVE,
					  .area = copy,
					  .other = move->area,
					  .start = move->to,
					  .end = move->to + move->old_length,
					  .from = move->old });
	count_new(move, flags, move->new_length);
	drop_userfault(copy);
	if (keep)
		leave_source_empty(move, copy);
	else
		clear_source(move);
	move->grown = move->to + move->old_length;
	return 0;
}

static int shrink(struct vas_move *move)
{
	return clear(move->space, move->old + move->new_length,
		     move->old_length - move->new_length);
}

/* A fixed target, or DONTUNMAP. */
static int move_to_target(struct vas_move *move)
{
	int err;

	if ((move->flags & VAS_REMAP_FIXED) != 0) {
		err = clear(move->space, move->to, move->new_length);
		if (err != 0)
			return err;
		move->area = vas_find(move->space, move->old);
		if (move->area == NULL)
			return -VAS_EFAULT;
	}
	if (move->old_length > move->new_length) {
		err = shrink(move);
		if (err != 0)
			return err;
		move->cut = move->old_length - move->new_length;
		move->old_length = move->new_length;
		move->area = vas_find(move->space, move->old);
	}
	if ((move->flags & VAS_REMAP_DONTUNMAP) != 0 &&
	    !vas_may_expand(move->space, move->area->flags, move->old_length >> VAS_PAGE_SHIFT))
		return -VAS_ENOMEM;
	err = vas_move_choose_target(move);
	return err != 0 ? err : move_area(move);
}

static int resize(struct vas_move *move)
{
	int err;

	if (move->new_length == move->old_length)
		return 0;
	if (move->new_length < move->old_length)
		return shrink(move);
	if (vas_move_fits_in_place(move))
		return grow_in_place(move);
	if ((move->flags & VAS_REMAP_MAYMOVE) == 0)
		return -VAS_ENOMEM;
	err = vas_move_choose_target(move);
	return err != 0 ? err : move_area(move);
}

static int remap_one(struct vas_move *move)
{
	int err;

	move->area = vas_find(move->space, move->old);
	err = check_area(move);
	if (err != 0)
		return err;
	return vas_has_target(move) ? move_to_target(move) : resize(move);
}

/* May this area be moved together with others? Not where its file has its own idea of the place,
 * nor where a userfaultfd wants to hear of each move. */
static bool moves_with_others(const struct vas_area *area)
{
	if ((area->flags & (VAS_AREA_USERFAULT | VAS_AREA_SYSV)) != 0)
		return false;
	return area->file == NULL ||
	       (area->file->flags & (VAS_FILE_DEVICE_ZERO | VAS_FILE_DEVICE)) == 0 ||
	       (area->file->flags & VAS_FILE_SHARED_MEMORY) != 0;
}

/* MREMAP_FIXED with equal lengths: every area in the range, holes kept. */
static int move_many(struct vas_move *whole)
{
	struct vas_space *space = whole->space;
	uint64_t end = whole->old + whole->old_length, last_end = whole->old, to = whole->to;
	uint64_t at = whole->old;
	bool seen = false;

	while (at < end) {
		struct vas_area *area = vas_find_ge(space, at);
		struct vas_move one = *whole;
		uint64_t area_end;
		int err;

		if (area == NULL || area->range.start >= end)
			break;
		if (!seen && area->range.start > whole->old)
			return -VAS_EFAULT;
		area_end = area->range.end;
		one.old = area->range.start > whole->old ? area->range.start : whole->old;
		one.old_length = (area_end < end ? area_end : end) - one.old;
		one.new_length = one.old_length;
		one.to = to + (seen ? area->range.start - last_end : 0);
		last_end = area_end;
		if (!moves_with_others(area) && (seen || area_end < end))
			return -VAS_EFAULT;
		err = remap_one(&one);
		if (err != 0)
			return err;
		to = one.to + one.new_length;
		at = area_end;
		seen = true;
	}
	return seen ? 0 : -VAS_EFAULT;
}

/*
 * Kernels before 6.17 go about it in another order: the area is looked up before the target is
 * looked at, the lengths of DONTUNMAP are compared as they were given, and a fixed target is
 * cleared before the area is asked whether it may move at all.
 */
static int check_arguments_before_6_17(struct vas_space *space, const struct vas_remap *remap,
				       struct vas_move *move)
{
	const uint64_t known = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED | VAS_REMAP_DONTUNMAP;
	uint64_t task_size = space->layout.task_size;

	if ((move->flags & ~known) != 0 ||
	    (vas_has_target(move) && (move->flags & VAS_REMAP_MAYMOVE) == 0))
		return -VAS_EINVAL;
	if ((move->flags & VAS_REMAP_DONTUNMAP) != 0 && remap->old_length != remap->new_length)
		return -VAS_EINVAL;
	if ((move->old & VAS_PAGE_MASK) != 0 || move->new_length == 0)
		return -VAS_EINVAL;
	move->area = vas_find(space, move->old);
	if (move->area == NULL)
		return -VAS_EFAULT;
	if ((move->area->flags & VAS_AREA_SEALED) != 0)
		return -VAS_EPERM;
	if (!vas_has_target(move))
		return 0;
	if ((move->to & VAS_PAGE_MASK) != 0 || move->new_length > task_size ||
	    move->to > task_size - move->new_length)
		return -VAS_EINVAL;
	if (move->old + move->old_length > move->to && move->to + move->new_length > move->old)
		return -VAS_EINVAL;
	if (vas_index_count(space->index) + 5 >= (uint64_t)space->settings->max_map_count)
		return -VAS_ENOMEM;
	return 0;
}

static int remap_before_6_17(struct vas_move *move)
{
	int err = 0;

	if (!vas_has_target(move) && move->new_length <= move->old_length) {
		move->to = move->old;
		return move->new_length == move->old_length ? 0 : shrink(move);
	}
	if ((move->flags & VAS_REMAP_FIXED) != 0)
		err = clear(move->space, move->to, move->new_length);
	if (err == 0 && move->old_length > move->new_length) {
		err = shrink(move);
		move->old_length = move->new_length;
	}
	if (err != 0)
		return err;
	move->area = vas_find(move->space, move->old);
	err = check_area(move);
	if (err != 0)
		return err;
	if (!vas_has_target(move))
		return resize(move);
	if ((move->flags & VAS_REMAP_DONTUNMAP) != 0 &&
	    !vas_may_expand(move->space, move->area->flags, move->old_length >> VAS_PAGE_SHIFT))
		return -VAS_ENOMEM;
	err = vas_move_choose_target(move);
	return err != 0 ? err : move_area(move);
}

static int do_remap(struct vas_space *space, const struct vas_remap *remap, uint64_t *address)
{
	struct vas_move move = {
		.space = space,
		.old = remap->old,
		.old_length = vas_page_up(remap->old_length),
		.to = remap->new_address,
		.new_length = vas_page_up(remap->new_length),
		.flags = remap->flags,
	};
	bool modern = space->settings->kernel >= VAS_KERNEL(6, 17);
	bool many =
		modern && (move.flags & VAS_REMAP_FIXED) != 0 && move.old_length == move.new_length;
	int err = modern ? check_arguments(space, &move)
			 : check_arguments_before_6_17(space, remap, &move);

	if (err != 0)
		return err;
	err = vas_move_reserve(space, &move, many);
	if (err != 0)
		return err;
	if (many)
		err = move_many(&move);
	else if (modern)
		err = remap_one(&move);
	else
		err = remap_before_6_17(&move);
	if (err == 0) {
		*address = move.to;
		if (move.populate)
			vas_populate_all(space, move.grown,
					 move.grown + move.new_length - move.old_length);
	}
	vas_space_settle(space);
	return err;
}

int vas_remap(struct vas_space *space, const struct vas_remap *remap, uint64_t *address)
{
	return VAS_CALL(space, do_remap(space, remap, address));
}
