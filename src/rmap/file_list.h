/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_RMAP_FILE_LIST_H
#define VAS_RMAP_FILE_LIST_H

/* Maps and links of the design `list`, laid open for its tests. */

#include "base/list.h"
#include "file_designs.h"

struct list_map {
	struct vas_file_map head;
	struct vas_list links; /* whoever changed last stands last */
};

struct list_link {
	struct vas_file_link link;
	struct vas_list place;
};

#endif
