/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_RMAP_FILE_RANGE_LIST_H
#define VAS_RMAP_FILE_RANGE_LIST_H

/* Maps, ranges and links of the design `range-list`, laid open for its tests. */

#include "base/list.h"
#include "file_designs.h"

struct range_map {
	struct vas_file_map head;
	struct vas_list ranges; /* by first page, then by last */
	size_t range_count;
};

/* From the pool. */
struct file_range {
	struct vas_list place; /* in the map */
	struct vas_list links; /* never empty; whoever changed last stands last */
	uint64_t first, last;
};

struct range_link {
	struct vas_file_link link;
	struct vas_list place; /* in the range */
};

#endif
