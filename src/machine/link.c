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

void vas_link_area(struct machine_space *in, struct vas_area *area, struct vas_pool *pool,
		   bool gone)
{
	struct vas_object *object = machine_object_of(area);
	struct machine_area *data;
	struct vas_file_link *link;
	uint64_t first, last;

	if (object == NULL || machine_nonlinear(area))
		return;
	data = machine_area_of(in, area);
	link = &data->link;
	gone |= area->range.start >= area->range.end;
	if (gone && !data->linked)
		return;
	first = area->offset;
	last = first + vas_area_pages(area) - 1;
	if (!gone && data->linked && link->first == first && link->last == last &&
	    link->start == area->range.start)
		return;
	vas_mutex_lock(&object->lock, VAS_RANK_OBJECT);
	if (gone) {
		vas_file_map_remove(object->map, link, pool);
	} else if (data->linked) {
		vas_file_map_resize(object->map, link, first, last, area->range.start, pool);
	} else {
		link->first = first;
		link->last = last;
		link->start = area->range.start;
		link->space = in->space;
		link->area = area;
		vas_file_map_insert(object->map, link, pool);
	}
	data->linked = !gone;
	vas_mutex_unlock(&object->lock, VAS_RANK_OBJECT);
}
