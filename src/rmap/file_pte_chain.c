/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * pte-chain, for pages of objects: each page has a chain of the entries that map it
 * (pte_chain.c), and nobody asks the areas. They still stand in a plain list, since truncation, and
 * whoever shares page tables or writes back a whole file, asks for areas and not for one page's
 * entries; Linux 2.5 had these lists (i_mmap, i_mmap_shared) beside its chains for the same reason.
 */

#include "file_list.h"

static void chain_init(struct vas_file_map *map)
{
	vas_file_list.init(map);
}

static void chain_insert(struct vas_file_map *map, struct vas_file_link *link,
			 struct vas_pool *pool)
{
	vas_file_list.insert(map, link, pool);
}

static void chain_remove(struct vas_file_map *map, struct vas_file_link *link,
			 struct vas_pool *pool)
{
	vas_file_list.remove(map, link, pool);
}

static void chain_resize(struct vas_file_map *map, struct vas_file_link *link, uint64_t first,
			 uint64_t last, uint64_t start, struct vas_pool *pool)
{
	vas_file_list.resize(map, link, first, last, start, pool);
}

static bool chain_walk(struct vas_file_map *map, struct vas_file_walk *walk)
{
	return vas_file_list.walk(map, walk);
}

static size_t chain_bytes(const struct vas_file_map *map)
{
	return vas_file_list.bytes(map);
}

static bool vas_chain_validate(const struct vas_file_map *map, const struct vas_printer *printer)
{
	return vas_file_list.validate(map, printer);
}

const struct vas_file_rmap_design vas_file_pte_chain = {
	.name = "pte-chain",
	.source = "Rik van Riel; Linux 2.5.27 to 2.6.6",
	.year = 2002,
	.chains = true,
	.map_bytes = sizeof(struct list_map),
	.link_bytes = sizeof(struct list_link),
	.init = chain_init,
	.insert = chain_insert,
	.remove = chain_remove,
	.resize = chain_resize,
	.walk = chain_walk,
	.bytes = chain_bytes,
	.validate = vas_chain_validate,
};
