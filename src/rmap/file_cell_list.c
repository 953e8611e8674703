/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* `cell-list`: Bligh's sub-objects (file_cell.c), kept in a sorted list. */

#include "file_cell.h"

static void cell_list_init(struct vas_file_map *map)
{
	cell_init(map, "list");
}

const struct vas_file_rmap_design vas_file_cell_list = {
	.name = "cell-list",
	.source = "Martin Bligh's sub-objects, a proposal for Linux 2.5",
	.year = 2003,
	.map_bytes = sizeof(struct cell_map),
	.link_bytes = sizeof(struct cell_link),
	.init = cell_list_init,
	.destroy = cell_destroy,
	.insert = cell_insert,
	.remove = cell_remove,
	.resize = cell_resize,
	.walk = cell_walk,
	.bytes = cell_bytes,
	.validate = cell_validate,
};
