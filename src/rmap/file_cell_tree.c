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
	.init = cell_tree_init,
	VAS_CELL_DESIGN,
};
