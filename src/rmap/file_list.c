/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `list`: all links of an object in one list, as Dave McCracken's objrmap had them (February 2003)
 * for Linux 2.5: "which pte maps this page" is answered by looking at every area of the file.
 *
 *	map -> a 0-9 -> b 3-5 -> c 0-9 -> d 7-7 -> ...
 *
 * Insert and remove are two pointers each, in the area's memory, where chains of every page's
 * entries cost time on each fault and memory for each page. But a walk looks at all links, those of
 * other pages too: a hundred processes that map a file in a hundred windows make it look at 10,000
 * links to find 100, which was 13 times slower than the chains, and 10,000 windows 39 times. Those
 * figures are why all the other designs exist.
 *
 * Whoever is put in or resized goes to the end, so the list is in the order of `changed`, and an
 * interrupted walk goes on behind the last number that it saw. To get there it has to pass all
 * before it, again, at each batch.
 */

#include "file_list.h"

static struct list_map *list_map(const struct vas_file_map *map)
{
	return (struct list_map *)(uintptr_t)map;
}

static struct list_link *list_link(struct vas_file_link *link)
{
	return (struct list_link *)link;
}

static struct vas_file_link *link_at(struct vas_list *place)
{
	return &vas_container_of(place, struct list_link, place)->link;
}

static void list_init(struct vas_file_map *map)
{
	vas_list_init(&list_map(map)->links);
}

static void list_insert(struct vas_file_map *map, struct vas_file_link *link, struct vas_pool *pool)
{
	(void)pool;
	vas_list_add_before(&list_map(map)->links, &list_link(link)->place);
}

static void list_remove(struct vas_file_map *map, struct vas_file_link *link, struct vas_pool *pool)
{
	(void)map;
	(void)pool;
	vas_list_remove(&list_link(link)->place);
}

static void list_resize(struct vas_file_map *map, struct vas_file_link *link, uint64_t first,
			uint64_t last, uint64_t start, struct vas_pool *pool)
{
	list_remove(map, link, pool);
	link->first = first;
	link->last = last;
	link->start = start;
	list_insert(map, link, pool);
}

static bool list_walk(struct vas_file_map *map, struct vas_file_walk *walk)
{
	size_t left = walk->batch;

	vas_list_for_each (place, &list_map(map)->links) {
		struct vas_file_link *link = link_at(place);

		if (link->changed > walk->until)
			break;
		walk->candidates++;
		if (link->changed <= walk->key[0] ||
		    !vas_file_overlaps(link, walk->first, walk->last))
			continue;
		walk->hits++;
		walk->key[0] = link->changed;
		if (!walk->visit(walk->context, link))
			return false;
		if (--left == 0)
			return true;
	}
	return false;
}

static size_t list_bytes(const struct vas_file_map *map)
{
	return sizeof(struct list_map) + map->count * sizeof(struct vas_list);
}

static bool list_validate(const struct vas_file_map *map, const struct vas_printer *printer)
{
	const struct vas_list *before = &list_map(map)->links;
	uint64_t changed = 0;
	size_t found = 0;

	vas_list_for_each (place, &list_map(map)->links) {
		const struct vas_file_link *link = link_at(place);

		if (place->prev != before)
			return vas_file_broken(
				printer, "FRMAP-3: link %zu of the list names another before it",
				found);
		if (!vas_file_check_link(map, link, printer))
			return false;
		if (link->changed <= changed)
			return vas_file_broken(printer,
					       "FRMAP-4: link %zu of the list changed before the "
					       "one before it",
					       found);
		changed = link->changed;
		before = place;
		found++;
	}
	return vas_file_check_count(map, found, printer);
}

const struct vas_file_rmap_design vas_file_list = {
	.name = "list",
	.source = "Dave McCracken's objrmap; patches to Linux 2.5",
	.year = 2003,
	.map_bytes = sizeof(struct list_map),
	.link_bytes = sizeof(struct list_link),
	.init = list_init,
	.insert = list_insert,
	.remove = list_remove,
	.resize = list_resize,
	.walk = list_walk,
	.bytes = list_bytes,
	.validate = list_validate,
};
