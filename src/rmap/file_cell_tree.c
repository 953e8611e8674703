/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* `cell-tree`: Bligh's sub-objects (file_cell.c), kept in a red-black tree. */

#include "file_cell.h"

static void cell_tree_init(struct vas_file_map *map)
{
	vas_cell_init(map, "rbtree");
}

const struct vas_file_rmap_design vas_file_cell_tree = {
	.name = "cell-tree",
	.source = "Martin Bligh's sub-objects, a proposal for Linux 2.5",
	.year = 2003,
	.map_bytes = sizeof(struct cell_map),
	.link_bytes = sizeof(struct cell_link),
	.init = cell_tree_init,
	.destroy = vas_cell_destroy,
	.insert = vas_cell_insert,
	.remove = vas_cell_remove,
	.resize = vas_cell_resize,
	.walk = vas_cell_walk,
	.bytes = vas_cell_bytes,
	.validate = vas_cell_validate,
};
