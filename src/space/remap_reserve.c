/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* What mremap may need, worked out before it begins. */

#include "remap.h"

#include "populate.h"

/* The source is split three times at most; each target twice, and is one more. */
#define REMAP_AREAS  3
#define TARGET_AREAS 3
#define AROUND	     7 /* areas named around a target */

/* What may be cloned around the target [start, end): the area below it is split; the one above it
 * is split and passes to the one below; and where that is the source itself, or swallows it, it is
 * split twice more with the head of either. Returns how many. */
static size_t list_around(const struct vas_space *space, uint64_t start, uint64_t end,
			  struct vas_area **out)
{
	struct vas_area *below = start == 0 ? NULL : vas_find(space, start - 1);
	struct vas_area *above = vas_find_ge(space, end);
	size_t count = 0;

	for (int i = 0; below != NULL && i < 3; i++)
		out[count++] = below;
	for (int i = 0; above != NULL && i < 4; i++)
		out[count++] = above;
	return count;
}

/* Would the pages from `from` on, moved so that they end at `end`, be part of the area there? */
static bool would_join(const struct vas_area *area, uint64_t from, uint64_t pages,
		       const struct vas_area *above, uint64_t end)
{
	uint64_t offset = area->offset + ((from - area->range.start) >> VAS_PAGE_SHIFT);

	return above != NULL && above->range.start <= end && above->flags == area->flags &&
	       above->file == area->file && above->policy == area->policy &&
	       offset + pages == above->offset + ((end - above->range.start) >> VAS_PAGE_SHIFT);
}

/*
 * What may be cloned for the part [from, to) of one area of several, each of which goes to a place
 * of its own. Where it joins the area above its target, that one may become as it is, and is then
 * split twice by each of the parts that follow.
 */
static size_t list_part(const struct vas_move *move, struct vas_area *area, uint64_t from,
			uint64_t to, struct vas_area **out)
{
	const struct vas_space *space = move->space;
	uint64_t start = move->to + (from - move->old), end = move->to + (to - move->old);
	struct vas_area *few[AROUND], *above = vas_find_ge(space, end);
	size_t count = list_around(space, start, end, out == NULL ? few : out), again = 0;

	if (would_join(area, from, (to - from) >> VAS_PAGE_SHIFT, above, end)) {
		uint64_t reach = move->old + (above->range.end - move->to);
		uint64_t last = move->old + move->old_length;

		again = 2 * vas_count_areas(space, to, reach < last ? reach : last);
	}
	for (size_t i = 0; out != NULL && i < again; i++)
		out[count + i] = area;
	return count + again;
}

/* The same for all of them; `out` may be NULL. */
static size_t list_parts(const struct vas_move *move, struct vas_area **out)
{
	uint64_t end = move->old + move->old_length;
	struct vas_walk walk;
	struct vas_area *area;
	size_t count = 0;

	vas_walk_start(&walk, move->space, move->old);
	while ((area = vas_walk_next(&walk)) != NULL && area->range.start < end) {
		uint64_t from = area->range.start > move->old ? area->range.start : move->old;
		uint64_t to = area->range.end < end ? area->range.end : end;

		count += list_part(move, area, from, to, out == NULL ? NULL : out + count);
	}
	return count;
}

/* Where the one area of a move will lie, found out before it is needed. */
static void foresee(struct vas_move *move, uint64_t *start, uint64_t *end)
{
	bool grows = move->new_length > move->old_length;

	*start = vas_has_target(move) ? move->to : move->old;
	if (move->area != NULL && (move->flags & VAS_REMAP_FIXED) == 0 &&
	    (vas_has_target(move) || (grows && !vas_move_fits_in_place(move)))) {
		struct vas_move probe = *move;

		move->foreseen = vas_move_choose_target(&probe) == 0;
		move->place = probe.to;
		if (move->foreseen)
			*start = probe.to;
	}
	*end = *start + vas_whole_pages(move->area, move->new_length);
}

/* How many bytes may move: only what areas have. */
static uint64_t most_moved(const struct vas_move *move, bool many)
{
	uint64_t end = move->old + move->old_length, last;

	if (move->area == NULL)
		return 0;
	last = move->area->range.end;
	if (many || end < last)
		last = end < move->space->layout.task_size ? end : move->space->layout.task_size;
	return last > move->old ? last - move->old : 0;
}

int vas_move_reserve(struct vas_space *space, struct vas_move *move, bool many)
{
	const struct vas_allocator *allocator = space->allocator;
	struct vas_need need = {
		.areas = REMAP_AREAS,
		.touches = 1,
		.moved_from = move->old,
	};
	uint64_t end = move->old + move->old_length, start, to_end;
	size_t pieces = many ? vas_count_areas(space, move->old, end) : 1;
	size_t listed = many ? list_parts(move, NULL) : 0,
	       size = listed * sizeof(struct vas_area *);
	struct vas_area *few[AROUND], **others = few, *last;
	int err;

	move->area = vas_find(space, move->old);
	need.moved = most_moved(move, many);
	if (listed > AROUND)
		others = allocator->allocate(allocator->context, size, sizeof(*others));
	if (others == NULL)
		return -VAS_ENOMEM;
	if (many) {
		need.other_count = list_parts(move, others);
	} else {
		foresee(move, &start, &to_end);
		if (!move->foreseen && !vas_has_target(move))
			need.moved = 0; /* it stays where it is */
		need.other_count = list_around(space, start, to_end, others);
	}
	need.others = others;
	need.areas += pieces * TARGET_AREAS;
	/* The source is split three times at most, and moved: its range names it once more. */
	vas_need_clone(&need, move->area);
	vas_need_clone(&need, move->area);
	last = end > move->old ? vas_find(space, end - 1) : NULL;
	if (last != NULL && last->range.end > end)
		vas_need_clone(&need, last);
	need.range = (struct vas_range){ move->old, end > move->old ? end : move->old + 1 };
	err = vas_space_reserve(space, &need);
	if (others != few)
		allocator->release(allocator->context, others, size);
	return err;
}
