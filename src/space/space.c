/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * A space from its making to its end, its defaults, counts, look-ups and walks. The calls that
 * change its areas have a file each; what they are made of stands in edit.h.
 */

#include "space.h"

#include "area.h"
#include "edit.h"
#include "limit.h"
#include "map.h"

#include <string.h>

void vas_settings_default(struct vas_settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	settings->kernel = VAS_KERNEL(6, 18);
	settings->max_map_count = 65530;
	settings->mmap_min_addr = 65536;
	settings->fixed_min_addr = 65536;
	settings->stack_guard_gap = 256 * VAS_PAGE_SIZE;
	settings->commit_limit = UINT64_MAX;
	settings->total_pages = UINT64_MAX;
	settings->huge_pages = true;
	settings->area_names = true;
	settings->mergeable_pages = true;
	settings->userfault = true;
}

void vas_space_default(struct vas_space_config *config, struct vas_settings *settings)
{
	memset(config, 0, sizeof(*config));
#if __STDC_HOSTED__
	config->allocator = &vas_libc_allocator;
#endif
	config->settings = settings;
	config->layout = (struct vas_layout){
		.task_size = UINT64_C(0x7ffffffff000),
		.map_window = UINT64_C(0x7ffffffff000),
		.map_base = UINT64_C(0x7ffff7fff000),
		.legacy_base = UINT64_C(0x2aaaaaaab000),
		.low_base = UINT64_C(0x40000000),
		.direction = VAS_TOP_DOWN,
	};
	config->limits = (struct vas_limits){
		.address_space = VAS_UNLIMITED,
		.data = VAS_UNLIMITED,
		.data_hard = VAS_UNLIMITED,
		.stack = UINT64_C(8) << 20,
		.locked = UINT64_C(8) << 20,
	};
}

/* Bytes of a listener, kept apart so that each finds its own well aligned. */
static size_t rounded(size_t bytes)
{
	return (bytes + 15) & ~(size_t)15;
}

static size_t size_with_listeners(const struct vas_space_config *config)
{
	size_t size = rounded(sizeof(struct vas_space));

	for (unsigned i = 0; i < VAS_LISTENERS_MAX && config->listeners[i].listener != NULL; i++)
		size += rounded(config->listeners[i].listener->space_bytes);
	return size;
}

static void add_listeners(struct vas_space *space, const struct vas_space_config *config)
{
	size_t offset = rounded(sizeof(struct vas_space));

	space->area_bytes = sizeof(struct vas_area);
	for (unsigned i = 0; i < VAS_LISTENERS_MAX && config->listeners[i].listener != NULL; i++) {
		const struct vas_listener *listener = config->listeners[i].listener;

		space->listeners[i].listener = listener;
		space->listeners[i].data = config->listeners[i].data;
		space->listeners[i].offset = space->area_bytes;
		space->listeners[i].space_offset = offset;
		space->area_bytes += rounded(listener->area_bytes);
		offset += rounded(listener->space_bytes);
		space->listener_count++;
	}
}

/* Tells the first `count` listeners that the space ends. */
static void close_listeners(struct vas_space *space, unsigned count)
{
	while (count-- > 0) {
		if (space->listeners[count].listener->close != NULL)
			space->listeners[count].listener->close(space->listeners[count].data,
								space);
	}
}

static int open_listeners(struct vas_space *space, struct vas_space *parent)
{
	for (unsigned i = 0; i < space->listener_count; i++) {
		int err;

		if (space->listeners[i].listener->open == NULL)
			continue;
		err = space->listeners[i].listener->open(space->listeners[i].data, space, parent);
		if (err != 0) {
			close_listeners(space, i);
			return err;
		}
	}
	return 0;
}

static bool sensible(const struct vas_space_config *config)
{
	const struct vas_layout *layout = &config->layout;

	return config->allocator != NULL && config->settings != NULL && layout->task_size != 0 &&
	       ((layout->task_size | layout->map_base | layout->legacy_base) & VAS_PAGE_MASK) ==
		       0 &&
	       layout->map_base <= layout->task_size;
}

static void release_space(struct vas_space *space)
{
	vas_index_destroy(space->index);
	space->allocator->release(space->allocator->context, space, space->size);
}

int vas_space_make(const struct vas_space_config *config, struct vas_space *parent,
		   struct vas_space **out)
{
	const struct vas_allocator *allocator = config->allocator;
	struct vas_space *space;
	size_t size;
	int err;

	*out = NULL;
	if (!sensible(config))
		return -VAS_EINVAL;
	size = size_with_listeners(config);
	space = allocator->allocate(allocator->context, size, _Alignof(struct vas_space));
	if (space == NULL)
		return -VAS_ENOMEM;
	memset(space, 0, size);
	space->size = size;
	space->allocator = allocator;
	space->settings = config->settings;
	space->layout = config->layout;
	space->limits = config->limits;
	space->privileges = config->privileges;
	space->personality = config->personality;
	space->fit = config->fit;
	space->keys = space->settings->protection_keys ? 1 : 0;
	space->link_bytes = vas_index_link_bytes(config->index);
	add_listeners(space, config);
	err = vas_index_create(config->index, allocator, &space->index);
	if (err == 0)
		err = open_listeners(space, parent);
	if (err != 0) {
		release_space(space);
		return err;
	}
	*out = space;
	return 0;
}

int vas_space_create(const struct vas_space_config *config, struct vas_space **space)
{
	return vas_space_make(config, NULL, space);
}

void vas_enter(struct vas_space *space)
{
	for (unsigned i = 0; i < space->listener_count; i++) {
		if (space->listeners[i].listener->enter != NULL)
			space->listeners[i].listener->enter(space->listeners[i].data, space);
	}
}

bool vas_leave(struct vas_space *space, int *err)
{
	bool again = false;

	for (unsigned i = space->listener_count; i-- > 0;) {
		if (space->listeners[i].listener->leave != NULL)
			again |= space->listeners[i].listener->leave(space->listeners[i].data,
								     space, err);
	}
	return again && *err == -VAS_ENOMEM;
}

static void drop_all(struct vas_space *space)
{
	struct vas_area *area;

	for (unsigned i = 0; i < space->listener_count && !space->quiet; i++) {
		if (space->listeners[i].listener->end != NULL)
			space->listeners[i].listener->end(space->listeners[i].data, space);
	}
	while ((area = vas_area_last(space)) != NULL)
		vas_drop(area);
}

void vas_space_destroy(struct vas_space *space)
{
	int err = 0;

	if (space == NULL)
		return;
	vas_enter(space);
	drop_all(space);
	vas_space_settle(space);
	(void)vas_leave(space, &err);
	close_listeners(space, space->listener_count);
	vas_area_trim(space, 0);
	release_space(space);
}

void vas_exec(struct vas_space *space, const struct vas_layout *layout)
{
	int err = 0;

	vas_enter(space);
	drop_all(space);
	vas_space_settle(space);
	space->layout = *layout;
	space->locked -= space->locked_lost;
	space->locked_lost = 0;
	space->refuse_exec_gain &= space->exec_gain_inherited;
	space->future_flags = 0;
	space->keys = space->settings->protection_keys ? 1 : 0;
	(void)vas_leave(space, &err);
}

static int do_place(struct vas_space *space, const struct vas_place *place)
{
	struct vas_need need = { .areas = 1 };
	uint64_t pages = vas_range_length(place->range) >> VAS_PAGE_SHIFT;
	struct vas_area *area;
	struct vas_name *name;
	int err;

	if (place->range.start >= place->range.end ||
	    ((place->range.start | place->range.end) & VAS_PAGE_MASK) != 0 ||
	    (place->flags & VAS_AREA_NONLINEAR) != 0)
		return -VAS_EINVAL;
	area = vas_find_ge(space, place->range.start);
	if (area != NULL && area->range.start < place->range.end)
		return -VAS_EEXIST;
	err = vas_name_create(space, place->name, &name);
	if (err != 0)
		return err;
	err = vas_space_reserve(space, &need);
	if (err != 0) {
		vas_name_put(space, name);
		return err;
	}
	area = vas_area_new(space);
	area->range = place->range;
	area->flags = place->flags;
	area->offset = place->offset;
	area->file = place->file == NULL ? NULL : vas_file_get(place->file);
	area->name = name;
	vas_count_pages(space, area->flags, (int64_t)pages);
	if ((area->flags & VAS_AREA_LOCKED) != 0)
		space->locked += pages;
	if ((area->flags & VAS_AREA_ACCOUNT) != 0)
		vas_charge_always(space, pages);
	vas_link(area);
	vas_space_settle(space);
	return 0;
}

int vas_place(struct vas_space *space, const struct vas_place *place)
{
	return VAS_CALL(space, do_place(space, place));
}

struct vas_limits *vas_space_limits(struct vas_space *space)
{
	return &space->limits;
}

struct vas_layout *vas_space_layout(struct vas_space *space)
{
	return &space->layout;
}

struct vas_settings *vas_space_settings(struct vas_space *space)
{
	return space->settings;
}

void vas_space_set_personality(struct vas_space *space, uint32_t personality)
{
	space->personality = personality;
}

void vas_space_set_privileges(struct vas_space *space, uint32_t privileges)
{
	space->privileges = privileges;
}

void vas_space_refuse_exec_gain(struct vas_space *space, bool inherited)
{
	space->refuse_exec_gain = true;
	space->exec_gain_inherited = inherited;
}

void vas_space_count(const struct vas_space *space, struct vas_counts *counts)
{
	size_t areas = vas_index_count(space->index);

	*counts = (struct vas_counts){
		.areas = areas,
		.total = space->total,
		.locked = space->locked,
		.data = space->data,
		.exec = space->exec,
		.stack = space->stack,
		.bytes = areas * space->area_bytes + vas_index_bytes(space->index),
	};
}

struct vas_area *vas_find(const struct vas_space *space, uint64_t address)
{
	return (struct vas_area *)(void *)vas_index_find(space->index, address);
}

struct vas_area *vas_find_ge(const struct vas_space *space, uint64_t address)
{
	return (struct vas_area *)(void *)vas_index_find_ge(space->index, address);
}

struct vas_area *vas_area_next(const struct vas_area *area)
{
	return (struct vas_area *)(void *)vas_index_next(area->space->index, &area->range);
}

struct vas_area *vas_area_prev(const struct vas_area *area)
{
	return (struct vas_area *)(void *)vas_index_prev(area->space->index, &area->range);
}

void vas_walk_start(struct vas_walk *walk, const struct vas_space *space, uint64_t from)
{
	vas_cursor_seek(&walk->cursor, space->index, from);
}

struct vas_area *vas_walk_next(struct vas_walk *walk)
{
	return (struct vas_area *)(void *)vas_cursor_next(&walk->cursor);
}

bool vas_gap_next(const struct vas_space *space, uint64_t *from, struct vas_range *gap)
{
	uint64_t at = *from;

	while (at < space->layout.task_size) {
		struct vas_area *area = vas_find_ge(space, at);

		gap->start = at;
		gap->end = area == NULL ? space->layout.task_size : area->range.start;
		if (gap->end > space->layout.task_size)
			gap->end = space->layout.task_size;
		at = area == NULL ? gap->end : area->range.end;
		if (gap->start < gap->end) {
			*from = at;
			return true;
		}
	}
	*from = at;
	return false;
}
