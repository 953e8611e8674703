/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "area.h"

#include "base/assert.h"

#include <string.h>

/*
 * An area's memory, in one block aligned to a cache line:
 *
 *   [ index links | struct vas_area | data of listener 0 | data of listener 1 ... ]
 *
 * so that the links and the range lie in one line, and a listener needs no record of its own.
 */
#define AREA_ALIGN 64

size_t vas_area_size(const struct vas_space *space)
{
	return space->link_bytes + space->area_bytes;
}

static void *block_of(const struct vas_space *space, struct vas_area *area)
{
	return (unsigned char *)area - space->link_bytes;
}

static void spare_push(struct vas_space *space, struct vas_area *area)
{
	area->user = space->spare;
	space->spare = area;
	space->spares++;
}

static bool spare_add(struct vas_space *space)
{
	void *block = space->allocator->allocate(space->allocator->context, vas_area_size(space),
						 AREA_ALIGN);

	if (block == NULL)
		return false;
	spare_push(space, (struct vas_area *)(void *)((unsigned char *)block + space->link_bytes));
	return true;
}

void vas_area_trim(struct vas_space *space, size_t keep)
{
	while (space->spares > keep) {
		struct vas_area *area = space->spare;

		space->spare = area->user;
		space->spares--;
		space->allocator->release(space->allocator->context, block_of(space, area),
					  vas_area_size(space));
	}
}

struct vas_area *vas_area_new(struct vas_space *space)
{
	struct vas_area *area = space->spare;

	vas_assert(area != NULL);
	space->spare = area->user;
	space->spares--;
	memset(block_of(space, area), 0, vas_area_size(space));
	area->space = space;
	return area;
}

void vas_area_free(struct vas_area *area)
{
	struct vas_space *space = area->space;

	vas_tell(space, &(struct vas_op){ .kind = VAS_OP_FREE,
					  .area = area,
					  .start = area->range.start,
					  .end = area->range.end });
	if (area->file != NULL)
		vas_file_put(area->file);
	vas_name_put(space, area->name);
	if (VAS_CHECKS >= 1)
		memset(block_of(space, area), 0xa5, vas_area_size(space));
	spare_push(space, area);
}

void vas_need_clone(struct vas_need *need, struct vas_area *area)
{
	if (area == NULL)
		return;
	vas_assert(need->count < VAS_NEED_CLONES);
	need->clones[need->count++] = area;
}

/* The areas of need->range and its two neighbours, behind the fixed ones. */
static size_t count_range(struct vas_space *space, struct vas_range range, struct vas_area **out)
{
	struct vas_walk walk;
	struct vas_area *area;
	size_t count = 0;

	vas_walk_start(&walk, space, range.start == 0 ? 0 : range.start - 1);
	while ((area = vas_walk_next(&walk)) != NULL && area->range.start <= range.end) {
		if (out != NULL)
			out[count] = area;
		count++;
	}
	return count;
}

/* The area that holds all of `range` and more at both ends, and so may be split twice; or NULL. */
static struct vas_area *area_around(struct vas_space *space, struct vas_range range)
{
	struct vas_area *area = vas_find(space, range.start);

	return area != NULL && area->range.start < range.start && area->range.end > range.end
		       ? area
		       : NULL;
}

static int listeners_reserve(struct vas_space *space, const struct vas_budget *budget)
{
	for (unsigned i = 0; i < space->listener_count; i++) {
		int err;

		if (space->listeners[i].listener->reserve == NULL)
			continue;
		err = space->listeners[i].listener->reserve(space->listeners[i].data, space,
							    budget);
		if (err != 0)
			return err;
	}
	return 0;
}

static bool listeners_care(const struct vas_space *space)
{
	for (unsigned i = 0; i < space->listener_count; i++) {
		if (space->listeners[i].listener->reserve != NULL)
			return true;
	}
	return false;
}

#define CLONES_ON_STACK 32

static int reserve_listeners(struct vas_space *space, const struct vas_need *need)
{
	struct vas_area *few[CLONES_ON_STACK];
	struct vas_area **clones = few;
	size_t named = need->count + need->other_count;
	struct vas_budget budget = {
		.count = named,
		.touches = need->touches,
		.fork = need->fork,
		.reindex = need->reindex,
		.moved = need->moved,
		.moved_from = need->moved_from,
		.guarded = need->guarded,
	};
	bool ranged = need->range.start < need->range.end;
	struct vas_area *twice = ranged ? area_around(space, need->range) : NULL;
	size_t size = 0;
	int err;

	if (!listeners_care(space))
		return 0;
	if (ranged)
		budget.count += count_range(space, need->range, NULL) + (twice != NULL);
	if (budget.count > CLONES_ON_STACK) {
		size = budget.count * sizeof(struct vas_area *);
		clones = space->allocator->allocate(space->allocator->context, size,
						    sizeof(struct vas_area *));
		if (clones == NULL)
			return -VAS_ENOMEM;
	}
	for (size_t i = 0; i < need->count; i++)
		clones[i] = need->clones[i];
	for (size_t i = 0; i < need->other_count; i++)
		clones[need->count + i] = need->others[i];
	if (ranged)
		count_range(space, need->range, clones + named);
	if (twice != NULL)
		clones[budget.count - 1] = twice;
	budget.areas = clones;
	err = listeners_reserve(space, &budget);
	if (clones != few)
		space->allocator->release(space->allocator->context, clones, size);
	return err;
}

int vas_space_reserve(struct vas_space *space, const struct vas_need *need)
{
	int err;

	while (space->spares < need->areas) {
		if (!spare_add(space))
			goto no_memory;
	}
	err = vas_index_reserve(space->index, need->areas);
	if (err == 0)
		err = reserve_listeners(space, need);
	if (err == 0)
		return 0;
no_memory:
	vas_space_settle(space);
	return -VAS_ENOMEM;
}

void vas_space_settle(struct vas_space *space)
{
	if (space->spares > VAS_SPARES_KEPT)
		vas_area_trim(space, VAS_SPARES_KEPT);
	for (unsigned i = 0; i < space->listener_count; i++) {
		if (space->listeners[i].listener->settle != NULL)
			space->listeners[i].listener->settle(space->listeners[i].data, space);
	}
}

void vas_tell(struct vas_space *space, const struct vas_op *op)
{
	if (space->quiet)
		return;
	for (unsigned i = 0; i < space->listener_count; i++) {
		if (space->listeners[i].listener->apply != NULL)
			space->listeners[i].listener->apply(space->listeners[i].data, space, op);
	}
}

bool vas_may_merge(const struct vas_area *target, const struct vas_area *source, bool copied)
{
	struct vas_space *space = target->space;

	for (unsigned i = 0; i < space->listener_count; i++) {
		const struct vas_listener *listener = space->listeners[i].listener;

		if (listener->may_merge != NULL &&
		    !listener->may_merge(space->listeners[i].data, target, source, copied))
			return false;
	}
	return true;
}

int vas_share(struct vas_space *space, uint64_t length, struct vas_file **file)
{
	*file = NULL;
	for (unsigned i = 0; i < space->listener_count; i++) {
		const struct vas_listener *listener = space->listeners[i].listener;

		if (listener->share != NULL)
			return listener->share(space->listeners[i].data, space, length, file);
	}
	return 0;
}

bool vas_may_reindex(const struct vas_area *area)
{
	struct vas_space *space = area->space;

	for (unsigned i = 0; i < space->listener_count; i++) {
		const struct vas_listener *listener = space->listeners[i].listener;

		if (listener->may_reindex != NULL &&
		    !listener->may_reindex(space->listeners[i].data, area))
			return false;
	}
	return true;
}

bool vas_untouched(const struct vas_area *area)
{
	struct vas_space *space = area->space;

	for (unsigned i = 0; i < space->listener_count; i++) {
		const struct vas_listener *listener = space->listeners[i].listener;

		if (listener->untouched != NULL &&
		    !listener->untouched(space->listeners[i].data, area))
			return false;
	}
	return true;
}

void *vas_area_data(const struct vas_area *area, const struct vas_listener *listener)
{
	const struct vas_space *space = area->space;

	for (unsigned i = 0; i < space->listener_count; i++) {
		if (space->listeners[i].listener == listener)
			return (unsigned char *)(uintptr_t)area + space->listeners[i].offset;
	}
	return NULL;
}

void *vas_space_data(const struct vas_space *space, const struct vas_listener *listener)
{
	for (unsigned i = 0; i < space->listener_count; i++) {
		if (space->listeners[i].listener == listener)
			return (unsigned char *)(uintptr_t)space + space->listeners[i].space_offset;
	}
	return NULL;
}

const char *vas_area_name(const struct vas_area *area)
{
	return area->name == NULL ? "" : area->name->text;
}

int vas_name_create(struct vas_space *space, const char *text, struct vas_name **name)
{
	size_t length = 0;

	*name = NULL;
	if (text == NULL)
		return 0;
	while (text[length] != '\0')
		length++;
	*name = space->allocator->allocate(space->allocator->context,
					   sizeof(struct vas_name) + length + 1, sizeof(void *));
	if (*name == NULL)
		return -VAS_ENOMEM;
	(*name)->references = 1;
	(*name)->length = (uint32_t)length;
	memcpy((*name)->text, text, length + 1);
	return 0;
}

struct vas_name *vas_name_get(struct vas_name *name)
{
	if (name != NULL)
		__atomic_fetch_add(&name->references, 1, __ATOMIC_RELAXED);
	return name;
}

void vas_name_put(struct vas_space *space, struct vas_name *name)
{
	if (name == NULL || __atomic_sub_fetch(&name->references, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	space->allocator->release(space->allocator->context, name,
				  sizeof(struct vas_name) + name->length + 1);
}

bool vas_name_equal(const struct vas_name *a, const struct vas_name *b)
{
	if (a == b)
		return true;
	if (a == NULL || b == NULL)
		return false;
	return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

struct vas_file *vas_file_get(struct vas_file *file)
{
	__atomic_fetch_add(&file->references, 1, __ATOMIC_RELAXED);
	return file;
}

void vas_file_put(struct vas_file *file)
{
	if (__atomic_sub_fetch(&file->references, 1, __ATOMIC_ACQ_REL) == 0 &&
	    file->release != NULL)
		file->release(file);
}
