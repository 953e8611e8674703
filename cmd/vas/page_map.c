/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * A sparse array as a tree of fixed height, six levels of 512: what page tables do. Ranges without
 * records cost nothing to go over, whatever their size.
 */

#include "page_map.h"

#include <stdlib.h>

#include "cmd.h"
#include "output.h"

enum { BITS = 9, FAN = 1 << BITS, LEVELS = 6 };

static void *make_node(size_t size)
{
	void *node = calloc(FAN, size);

	if (node == NULL) {
		complain("out of memory");
		exit(STATUS_TROUBLE);
	}
	return node;
}

static size_t index_at(uint64_t page, unsigned level)
{
	return (size_t)(page >> level * BITS) & (FAN - 1);
}

void *page_map_find(const struct page_map *map, uint64_t page)
{
	void *node = map->root;

	for (unsigned level = LEVELS - 1; node != NULL && level > 0; level--)
		node = ((void **)node)[index_at(page, level)];
	return node == NULL || page > PAGE_MAP_LAST
		       ? NULL
		       : (unsigned char *)node + index_at(page, 0) * map->record;
}

void *page_map_make(struct page_map *map, uint64_t page)
{
	void **place = &map->root;

	for (unsigned level = LEVELS - 1; level > 0; level--) {
		if (*place == NULL)
			*place = make_node(sizeof(void *));
		place = (void **)*place + index_at(page, level);
	}
	if (*place == NULL)
		*place = make_node(map->record);
	return (unsigned char *)*place + index_at(page, 0) * map->record;
}

struct going {
	const struct page_map *map;
	uint64_t first, last;
	page_map_fn *visit;
	void *context;
};

/* The part of a node, whose first page is `base`, that lies in the range. */
static void go_over(const struct going *going, void *node, unsigned level, uint64_t base)
{
	uint64_t span = UINT64_C(1) << level * BITS;
	size_t from = going->first <= base ? 0 : (size_t)((going->first - base) / span);

	for (size_t i = from; i < FAN && base + i * span <= going->last; i++) {
		if (level == 0)
			going->visit(going->context, base + i,
				     (unsigned char *)node + i * going->map->record);
		else if (((void **)node)[i] != NULL)
			go_over(going, ((void **)node)[i], level - 1, base + i * span);
	}
}

void page_map_each(const struct page_map *map, uint64_t first, uint64_t last, page_map_fn *visit,
		   void *context)
{
	const struct going going = { map, first, last, visit, context };

	if (map->root != NULL && first <= last)
		go_over(&going, map->root, LEVELS - 1, 0);
}

static void free_node(void *node, unsigned level)
{
	for (size_t i = 0; level > 0 && i < FAN; i++)
		if (((void **)node)[i] != NULL)
			free_node(((void **)node)[i], level - 1);
	free(node);
}

void page_map_free(struct page_map *map)
{
	if (map->root != NULL)
		free_node(map->root, LEVELS - 1);
	map->root = NULL;
}
