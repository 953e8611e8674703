/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_PAGE_MAP_H
#define VAS_CMD_PAGE_MAP_H

/* A sparse array: a record of a fixed size for each page number below 2^54. */

#include <stddef.h>
#include <stdint.h>

#define PAGE_MAP_LAST ((UINT64_C(1) << 54) - 1)

struct page_map {
	size_t record; /* bytes of one; the creator sets it, the rest begins as zeroes */
	void *root;
};

/* The record of a page; NULL: it was never made (what was not made is all zeroes). */
void *page_map_find(const struct page_map *map, uint64_t page);

/* The record, new ones zeroed. No memory ends the program. */
void *page_map_make(struct page_map *map, uint64_t page);

/* Calls `visit` for the records of [first, last] that were made, and for some that are zeroes,
 * upwards. It may make records of other maps. */
typedef void page_map_fn(void *context, uint64_t page, void *record);
void page_map_each(const struct page_map *map, uint64_t first, uint64_t last, page_map_fn *visit,
		   void *context);

void page_map_free(struct page_map *map);

#endif
