/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* `cell-list`: Bligh's sub-objects (file_cell.c), kept in a sorted list. */

#include "file_cell.h"

static void cell_list_init(struct vas_file_map *map)
{
	vas_cell_init(map, "list");
}

const struct vas_file_rmap_design vas_file_cell_list = {
	.name = "cell-list",
	.source = "Martin Bligh's sub-objects, a proposal for Linux 2.5",
	.year = 2003,
	.map_bytes = sizeof(struct cell_map),
	.link_bytes = sizeof(struct cell_link),
	.init = cell_list_init,
	.destroy = vas_cell_destroy,
	.insert = vas_cell_insert,
	.remove = vas_cell_remove,
	.resize = vas_cell_resize,
	.walk = vas_cell_walk,
	.bytes = vas_cell_bytes,
	.validate = vas_cell_validate,
};
