/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_RMAP_FILE_CELL_H
#define VAS_RMAP_FILE_CELL_H

/* What the designs `cell-list` and `cell-tree` share: all but the order of the cells. */

#include <vas/index.h>

#include "base/list.h"
#include "file_designs.h"

struct cell_map {
	struct vas_file_map head;
	const char *order;	 /* the index design that keeps the cells in order */
	struct vas_index *index; /* of them; made when the first one comes */
	struct vas_list waiting; /* links for which there was no memory when they came */
	size_t entries;		 /* beyond one for each link */
};

/* A link in a cell. */
struct cell_entry {
	struct vas_list place; /* in the cell, or among those that wait */
	struct cell_link *link;
	struct cell *cell;	 /* NULL: it waits */
	struct cell_entry *next; /* of the same link, in the next cell upwards */
};

struct cell_link {
	struct vas_file_link head;
	struct cell_entry entry; /* in its lowest cell */
};

/* Pages that each of its links maps all of. What the index wants stands before it; the range's end
 * is one behind the last page. */
struct cell {
	struct vas_range range;
	struct vas_list entries; /* whoever changed last stands last */
	size_t begin, end;	 /* of its links, so many begin, and end, where it does */
};

void vas_cell_init(struct vas_file_map *map, const char *order);
void vas_cell_destroy(struct vas_file_map *map);
void vas_cell_insert(struct vas_file_map *map, struct vas_file_link *link, struct vas_pool *pool);
void vas_cell_remove(struct vas_file_map *map, struct vas_file_link *link, struct vas_pool *pool);
void vas_cell_resize(struct vas_file_map *map, struct vas_file_link *link, uint64_t first,
		     uint64_t last, uint64_t start, struct vas_pool *pool);
bool vas_cell_walk(struct vas_file_map *map, struct vas_file_walk *walk);
size_t vas_cell_bytes(const struct vas_file_map *map);
bool vas_cell_validate(const struct vas_file_map *map, const struct vas_printer *printer);

/* What the two designs' tables have alike: all but the name and the start. */
#define VAS_CELL_DESIGN                                                                            \
	.source = "Martin Bligh's sub-objects, a proposal for Linux 2.5", .year = 2003,            \
	.map_bytes = sizeof(struct cell_map), .link_bytes = sizeof(struct cell_link),              \
	.destroy = vas_cell_destroy, .insert = vas_cell_insert, .remove = vas_cell_remove,         \
	.resize = vas_cell_resize, .walk = vas_cell_walk, .bytes = vas_cell_bytes,                 \
	.validate = vas_cell_validate

#endif
