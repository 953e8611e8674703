/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_RMAP_FAKE_SPACE_H
#define TESTS_RMAP_FAKE_SPACE_H

/*
 * A space that does what it is told: no rules, no limits, no tree. It keeps its areas in an array,
 * in order, and calls the listener as a real one would. It stands in for the real one at link
 * time, so exactly one file of a program includes it.
 *
 * Each fake_ function is one call: it reserves, applies, settles. -VAS_ENOMEM changes nothing.
 */

#include <stdlib.h>
#include <string.h>

#include <vas/anon_vma_chain.h>

#include "failing_allocator.h"

enum { FAKE_AREAS = 64 };

struct vas_space {
	struct vas_anon_vma_chain *chain;
	void *data; /* the listener's; NULL: not begun */
	struct failing_allocator *memory;
	struct vas_area *areas[FAKE_AREAS];
	size_t count;
};

static const struct vas_listener *const fake_listener = &vas_anon_vma_chain_listener;

static inline size_t fake_area_size(void)
{
	return sizeof(struct vas_area) + fake_listener->area_bytes;
}

static inline size_t fake_position(const struct vas_area *area)
{
	size_t at = 0;

	while (area->space->areas[at] != area)
		at++;
	return at;
}

/* What the code under test wants of a space. */

void *vas_area_data(const struct vas_area *area, const struct vas_listener *listener)
{
	return listener == fake_listener ? (void *)(area + 1) : NULL;
}

void *vas_space_data(const struct vas_space *space, const struct vas_listener *listener)
{
	return listener == fake_listener ? space->data : NULL;
}

struct vas_area *vas_area_next(const struct vas_area *area)
{
	size_t at = fake_position(area) + 1;

	return at < area->space->count ? area->space->areas[at] : NULL;
}

struct vas_area *vas_area_prev(const struct vas_area *area)
{
	size_t at = fake_position(area);

	return at > 0 ? area->space->areas[at - 1] : NULL;
}

struct vas_area *vas_find_ge(const struct vas_space *space, uint64_t address)
{
	for (size_t i = 0; i < space->count; i++)
		if (space->areas[i]->range.end > address)
			return space->areas[i];
	return NULL;
}

/* What the tests do. */

static inline void fake_space_init(struct vas_space *space, struct vas_anon_vma_chain *chain,
				   struct failing_allocator *memory)
{
	*space = (struct vas_space){ .chain = chain, .memory = memory };
	space->data = calloc(1, fake_listener->space_bytes);
	if (space->data == NULL || fake_listener->open(chain, space, NULL) != 0)
		abort();
}

static inline void fake_space_end(struct vas_space *space)
{
	fake_listener->close(space->chain, space);
	free(space->data);
	space->data = NULL;
}

static inline int fake_reserve(struct vas_space *space, struct vas_area *const *areas, size_t count,
			       size_t touches)
{
	struct vas_budget budget = {
		.areas = areas, .count = count, .touches = touches, .fork = true
	};
	int err = fake_listener->reserve(space->chain, space, &budget);

	if (err != 0)
		fake_listener->settle(space->chain, space);
	return err;
}

static inline void fake_tell(struct vas_space *space, const struct vas_op *op)
{
	fake_listener->apply(space->chain, space, op);
}

static inline void fake_settle(struct vas_space *space)
{
	fake_listener->settle(space->chain, space);
}

static inline void fake_insert(struct vas_space *space, struct vas_area *area)
{
	size_t at = 0;

	if (space->count == FAKE_AREAS)
		abort();
	while (at < space->count && space->areas[at]->range.start < area->range.start)
		at++;
	memmove(&space->areas[at + 1], &space->areas[at],
		(space->count - at) * sizeof(space->areas[0]));
	space->areas[at] = area;
	space->count++;
}

/* A new area with the attributes of `model`, at [start, end), or NULL. */
static inline struct vas_area *fake_new(struct vas_space *space, const struct vas_area *model,
					uint64_t start, uint64_t end)
{
	const struct vas_allocator *allocator = &space->memory->allocator;
	struct vas_area *area =
		allocator->allocate(allocator->context, fake_area_size(), _Alignof(max_align_t));

	if (area == NULL)
		return NULL;
	memset(area, 0, fake_area_size());
	*area = *model;
	area->space = space;
	area->range = (struct vas_range){ start, end };
	return area;
}

static inline void fake_discard(struct vas_area *area)
{
	const struct vas_allocator *allocator = &area->space->memory->allocator;

	allocator->release(allocator->context, area, fake_area_size());
}

static inline void fake_erase(struct vas_area *area)
{
	struct vas_space *space = area->space;
	size_t at = fake_position(area);

	memmove(&space->areas[at], &space->areas[at + 1],
		(space->count - at - 1) * sizeof(space->areas[0]));
	space->count--;
}

static inline struct vas_area *fake_map(struct vas_space *space, uint64_t start_page,
					uint64_t pages, uint64_t flags)
{
	const struct vas_area model = { .flags = flags, .offset = start_page };
	struct vas_area *area = fake_new(space, &model, start_page * VAS_PAGE_SIZE,
					 (start_page + pages) * VAS_PAGE_SIZE);

	if (area == NULL)
		return NULL;
	fake_insert(space, area);
	fake_tell(space, &(struct vas_op){ .kind = VAS_OP_MAP,
					   .area = area,
					   .start = area->range.start,
					   .end = area->range.end });
	return area;
}

static inline void fake_unmap(struct vas_area *area)
{
	struct vas_space *space = area->space;

	fake_erase(area);
	fake_tell(space, &(struct vas_op){ .kind = VAS_OP_FREE,
					   .area = area,
					   .start = area->range.start,
					   .end = area->range.end });
	fake_discard(area);
	fake_settle(space);
}

static inline int fake_touch_range(struct vas_area *area, uint64_t start, uint64_t end, bool write)
{
	int err = fake_reserve(area->space, NULL, 0, 1);

	if (err != 0)
		return err;
	fake_tell(area->space, &(struct vas_op){ .kind = VAS_OP_TOUCH,
						 .area = area,
						 .write = write,
						 .start = start,
						 .end = end });
	fake_settle(area->space);
	return 0;
}

static inline int fake_touch(struct vas_area *area, bool write)
{
	return fake_touch_range(area, area->range.start, area->range.start + VAS_PAGE_SIZE, write);
}

static inline int fake_advise(struct vas_area *area, int advice)
{
	int err = fake_reserve(area->space, NULL, 0, 1);

	if (err != 0)
		return err;
	fake_tell(area->space, &(struct vas_op){ .kind = VAS_OP_ADVISE,
						 .area = area,
						 .advice = advice,
						 .start = area->range.start,
						 .end = area->range.end });
	fake_settle(area->space);
	return 0;
}

/* Splits at `pages` from the start; *upper is the new area. */
static inline int fake_split(struct vas_area *area, uint64_t pages, struct vas_area **upper)
{
	struct vas_space *space = area->space;
	uint64_t at = area->range.start + pages * VAS_PAGE_SIZE;
	struct vas_area *new = fake_new(space, area, at, area->range.end);
	int err = new == NULL ? -VAS_ENOMEM : fake_reserve(space, &area, 1, 0);

	if (err != 0) {
		if (new != NULL)
			fake_discard(new);
		return err;
	}
	new->offset += pages;
	area->range.end = at;
	fake_insert(space, new);
	fake_tell(space, &(struct vas_op){ .kind = VAS_OP_SPLIT,
					   .area = area,
					   .other = new,
					   .start = at,
					   .end = new->range.end });
	fake_settle(space);
	*upper = new;
	return 0;
}

/* `target` swallows its neighbour `source`. */
static inline int fake_merge(struct vas_area *target, struct vas_area *source)
{
	struct vas_area *both[] = { target, source };
	struct vas_space *space = target->space;
	int err = fake_reserve(space, both, 2, 0);

	if (err != 0)
		return err;
	fake_erase(source);
	if (source->range.start < target->range.start) {
		target->offset = source->offset;
		target->range.start = source->range.start;
	} else {
		target->range.end = source->range.end;
	}
	fake_tell(space, &(struct vas_op){ .kind = VAS_OP_MERGE,
					   .area = target,
					   .other = source,
					   .start = source->range.start,
					   .end = source->range.end });
	fake_tell(space, &(struct vas_op){ .kind = VAS_OP_FREE, .area = source });
	fake_discard(source);
	fake_settle(space);
	return 0;
}

/* mremap to a free place; *moved is the new area. `stay`: DONTUNMAP. */
static inline int fake_move(struct vas_area *area, uint64_t start_page, bool stay,
			    struct vas_area **moved)
{
	struct vas_space *space = area->space;
	uint64_t start = start_page * VAS_PAGE_SIZE;
	struct vas_area *new = fake_new(space, area, start, start + vas_range_length(area->range));
	int err = new == NULL ? -VAS_ENOMEM : fake_reserve(space, &area, 1, 0);

	if (err != 0) {
		if (new != NULL)
			fake_discard(new);
		return err;
	}
	if (fake_listener->may_reindex(space->chain, area))
		new->offset = start_page;
	fake_insert(space, new);
	fake_tell(space, &(struct vas_op){ .kind = VAS_OP_MOVE,
					   .area = new,
					   .other = area,
					   .start = new->range.start,
					   .end = new->range.end,
					   .from = area->range.start });
	*moved = new;
	if (stay) {
		fake_tell(space, &(struct vas_op){ .kind = VAS_OP_EMPTY, .area = area });
		fake_settle(space);
	} else {
		fake_unmap(area);
	}
	return 0;
}

/* `child` is an empty space. */
static inline int fake_fork(struct vas_space *parent, struct vas_space *child)
{
	struct vas_area *copies[FAKE_AREAS] = { NULL };
	int err = fake_reserve(parent, parent->areas, parent->count, 0);

	if (err != 0)
		return err;
	for (size_t i = 0; i < parent->count; i++) {
		struct vas_area *area = parent->areas[i];

		copies[i] = fake_new(child, area, area->range.start, area->range.end);
		if (copies[i] == NULL)
			err = -VAS_ENOMEM;
	}
	for (size_t i = 0; i < parent->count; i++) {
		if (err != 0) {
			if (copies[i] != NULL)
				fake_discard(copies[i]);
			continue;
		}
		fake_insert(child, copies[i]);
		fake_tell(child, &(struct vas_op){ .kind = VAS_OP_FORK,
						   .area = copies[i],
						   .other = parent->areas[i],
						   .start = copies[i]->range.start,
						   .end = copies[i]->range.end });
	}
	fake_settle(parent);
	return err;
}

static inline void fake_exit(struct vas_space *space)
{
	while (space->count != 0)
		fake_unmap(space->areas[0]);
}

#endif
