/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * fork and exec. The child's areas are made first, all of them, then its index in one pass; only
 * then do the listeners hear of it, so that a fork that runs out of memory has never been.
 */

#include "area.h"
#include "limit.h"
#include "lock.h"

#include <string.h>

static struct vas_area *clone_area(struct vas_space *child, const struct vas_area *parent)
{
	struct vas_area *area = vas_area_new(child);

	area->range = parent->range;
	area->flags = parent->flags & ~VAS_LOCK_FLAGS;
	area->flags &= ~(VAS_AREA_USERFAULT | VAS_AREA_CONTEXT);
	area->offset = parent->offset;
	area->file = parent->file == NULL ? NULL : vas_file_get(parent->file);
	area->name = vas_name_get(parent->name);
	area->user = parent->user;
	area->policy = parent->policy;
	return area;
}

static bool inherited(const struct vas_area *area)
{
	return (area->flags & VAS_AREA_DONT_FORK) == 0;
}

/* Charges all that the child inherits, or nothing. */
static bool charge_child(struct vas_space *parent)
{
	struct vas_walk walk;
	struct vas_area *area, *failed = NULL;

	vas_walk_start(&walk, parent, 0);
	while ((area = vas_walk_next(&walk)) != NULL) {
		if (!inherited(area) || (area->flags & VAS_AREA_ACCOUNT) == 0)
			continue;
		if (!vas_charge(parent, vas_area_pages(area))) {
			failed = area;
			break;
		}
	}
	if (failed == NULL)
		return true;
	vas_walk_start(&walk, parent, 0);
	while ((area = vas_walk_next(&walk)) != failed) {
		if (inherited(area) && (area->flags & VAS_AREA_ACCOUNT) != 0)
			vas_uncharge(parent, vas_area_pages(area));
	}
	return false;
}

static int create_child(struct vas_space *parent, struct vas_space **child)
{
	struct vas_space_config config = {
		.allocator = parent->allocator,
		.index = vas_index_design(parent->index),
		.settings = parent->settings,
		.layout = parent->layout,
		.limits = parent->limits,
		.privileges = parent->privileges,
		.personality = parent->personality,
		.fit = parent->fit,
	};
	int err;

	for (unsigned i = 0; i < parent->listener_count; i++) {
		config.listeners[i].listener = parent->listeners[i].listener;
		config.listeners[i].data = parent->listeners[i].data;
	}
	err = vas_space_make(&config, parent, child);
	if (err != 0)
		return err;
	(*child)->keys = parent->keys;
	(*child)->refuse_exec_gain = parent->refuse_exec_gain && parent->exec_gain_inherited;
	(*child)->exec_gain_inherited = (*child)->refuse_exec_gain;
	return 0;
}

/* Spare areas for the child, and what the listeners want for a copy of every area. */
static int reserve_child(struct vas_space *parent, struct vas_space *child, size_t count)
{
	struct vas_need areas = { .areas = count };
	struct vas_need copies = { .range = { 0, UINT64_MAX }, .fork = true };
	int err = vas_space_reserve(child, &areas);

	return err != 0 ? err : vas_space_reserve(parent, &copies);
}

static void fill_child(struct vas_space *parent, struct vas_space *child, struct vas_range **ranges)
{
	struct vas_walk walk;
	struct vas_area *area;
	size_t count = 0;

	vas_walk_start(&walk, parent, 0);
	while ((area = vas_walk_next(&walk)) != NULL) {
		if (inherited(area))
			ranges[count++] = &clone_area(child, area)->range;
	}
}

static void tell_child(struct vas_space *parent, struct vas_space *child, struct vas_range **ranges)
{
	struct vas_walk walk;
	struct vas_area *area;
	size_t i = 0;

	vas_walk_start(&walk, parent, 0);
	while ((area = vas_walk_next(&walk)) != NULL) {
		if (!inherited(area))
			continue;
		vas_count_pages(child, area->flags, (int64_t)vas_area_pages(area));
		vas_tell(child, &(struct vas_op){ .kind = VAS_OP_FORK,
						  .area = (struct vas_area *)(void *)ranges[i++],
						  .other = area,
						  .start = area->range.start,
						  .end = area->range.end });
	}
}

/* Undoes fill_child for a child that no listener has heard of. */
static void empty_child(struct vas_space *child, struct vas_range **ranges, size_t count)
{
	child->quiet = true;
	for (size_t i = 0; i < count; i++)
		vas_area_free((struct vas_area *)(void *)ranges[i]);
}

static int do_fork(struct vas_space *parent, struct vas_space **child)
{
	const struct vas_allocator *allocator = parent->allocator;
	struct vas_range **ranges = NULL;
	struct vas_walk walk;
	struct vas_area *area;
	size_t count = 0, size = 0;
	int err;

	vas_walk_start(&walk, parent, 0);
	while ((area = vas_walk_next(&walk)) != NULL)
		count += inherited(area);
	err = create_child(parent, child);
	if (err != 0)
		return err;
	err = reserve_child(parent, *child, count);
	if (err == 0 && count > 0) {
		size = count * sizeof(struct vas_range *);
		ranges = allocator->allocate(allocator->context, size, sizeof(struct vas_range *));
		err = ranges == NULL ? -VAS_ENOMEM : 0;
	}
	if (err == 0) {
		fill_child(parent, *child, ranges);
		err = count == vas_index_count(parent->index)
			      ? vas_index_copy((*child)->index, parent->index, ranges)
			      : vas_index_load((*child)->index, ranges, count);
		if (err == 0 && !charge_child(parent)) {
			for (size_t i = 0; i < count; i++)
				vas_index_erase((*child)->index, ranges[i]);
			err = -VAS_ENOMEM;
		}
		if (err == 0)
			tell_child(parent, *child, ranges);
		else
			empty_child(*child, ranges, count);
	}
	if (ranges != NULL)
		allocator->release(allocator->context, ranges, size);
	vas_space_settle(parent);
	if (err != 0) {
		vas_space_destroy(*child);
		*child = NULL;
		return err;
	}
	vas_space_settle(*child);
	return 0;
}

int vas_fork(struct vas_space *parent, struct vas_space **child)
{
	return VAS_CALL(parent, do_fork(parent, child));
}
