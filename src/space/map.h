/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_SPACE_MAP_H
#define VAS_SRC_SPACE_MAP_H

/* mmap behind the checks of the system call itself; System V and remap_file_pages come in here. */

#include "space.h"

/* The most that any file may have. */
#define VAS_FILE_PAGES_MAX (UINT64_C(0x7fffffffffffffff) >> VAS_PAGE_SHIFT)

/* As vas_map, with `set` added to the flags that the request gives to the area, and `clear` taken
 * from them. */
int vas_map_checked(struct vas_space *space, const struct vas_map *map, uint64_t set,
		    uint64_t clear, uint64_t *address);

/* The access flags of an area for PROT_ bits. */
uint64_t vas_prot_flags(uint32_t prot);

/* The highest area, or NULL. */
static inline struct vas_area *vas_area_last(const struct vas_space *space)
{
	return (struct vas_area *)(void *)vas_index_last(space->index);
}

#endif
