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
	.init = cell_list_init,
	VAS_CELL_DESIGN,
};
