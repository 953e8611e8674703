/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Areas in the maps of the objects that they map: after every step of a call, the link of each area
 * that it named says what the area is now. Nonlinear areas have runs instead (runs.c). */

#include "machine.h"

int vas_link_reserve(struct machine_space *in, size_t changes)
{
	const struct vas_file_rmap_design *design = in->machine->memory.rmap.file;

	return design->reserve == NULL ? 0 : design->reserve(&in->pool, changes);
}

/* Is there nothing to do? An area that maps no object, is nonlinear, or stands there as it is. */
static bool settled(const struct machine_space *in, const struct vas_area *area, bool gone)
{
	const struct machine_area *data = machine_area_of(in, area);

	if (machine_object_of(area) == NULL || machine_nonlinear(area))
		return true;
	if (gone || !data->linked)
		return gone && !data->linked;
	return data->link.first == area->offset &&
	       data->link.last == area->offset + vas_area_pages(area) - 1 &&
	       data->link.start == area->range.start;
}

/* => the object's lock; there is something to do. */
static void change(struct machine_space *in, struct vas_area *area, struct vas_pool *pool,
		   bool gone)
{
	struct vas_file_map *map = machine_object_of(area)->map;
	struct machine_area *data = machine_area_of(in, area);
	struct vas_file_link *link = &data->link;
	uint64_t first = area->offset, last = first + vas_area_pages(area) - 1;

	if (gone) {
		vas_file_map_remove(map, link, pool);
	} else if (data->linked) {
		vas_file_map_resize(map, link, first, last, area->range.start, pool);
	} else {
		link->first = first;
		link->last = last;
		link->start = area->range.start;
		link->space = in->space;
		link->area = area;
		vas_file_map_insert(map, link, pool);
	}
	data->linked = !gone;
}

void vas_link_area(struct machine_space *in, struct vas_area *area, struct vas_pool *pool,
		   bool gone)
{
	struct vas_object *object = machine_object_of(area);

	gone |= area->range.start >= area->range.end;
	if (settled(in, area, gone))
		return;
	vas_mutex_lock(&object->lock, VAS_RANK_OBJECT);
	change(in, area, pool, gone);
	vas_mutex_unlock(&object->lock, VAS_RANK_OBJECT);
}

void vas_link_all(struct machine_space *in, struct vas_pool *pool, bool gone)
{
	struct vas_object *held = NULL;
	struct vas_area *area;
	struct vas_walk walk;

	vas_walk_start(&walk, in->space, 0);
	while ((area = vas_walk_next(&walk)) != NULL) {
		struct vas_object *object = machine_object_of(area);

		if (settled(in, area, gone))
			continue;
		if (object != held) {
			if (held != NULL)
				vas_mutex_unlock(&held->lock, VAS_RANK_OBJECT);
			vas_mutex_lock(&object->lock, VAS_RANK_OBJECT);
			held = object;
		}
		change(in, area, pool, gone);
	}
	if (held != NULL)
		vas_mutex_unlock(&held->lock, VAS_RANK_OBJECT);
}
