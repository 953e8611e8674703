/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_RMAP_FILE_INTERVAL_TREE_H
#define VAS_RMAP_FILE_INTERVAL_TREE_H

/* Maps and links of the design `interval-tree`, laid open for its tests. */

#include "file_designs.h"
#include "red_black.h"

struct interval_map {
	struct vas_file_map head;
	struct vas_red_black *root;
};

struct interval_link {
	struct vas_file_link link;
	struct vas_red_black node; /* by first page, then by `changed` */
	uint64_t max;		   /* the largest last page of the subtree */
};

#endif
