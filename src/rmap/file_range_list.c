/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `range-list`: the list of lists of Martin Bligh and Dave McCracken (2003, in Linux 2.5-mjb): a
 * sorted list of distinct ranges of pages, which may overlap, each with a list of the links that
 * map just that range.
 *
 *	map -> 0-9 -> 0-99 -> 3-5 -> 7-7
 *	        |      |       |      |
 *	        a,c    e       b      d,f,g
 *
 * Thousands of processes map a library by the same few ranges, so what grows is the lists behind
 * the ranges, whose links are all hits or none. A walk ends at the first range that begins behind
 * its last page. But to insert, too, is to look for the range from the front: 10,000 windows make
 * each insert pass 5,000 of them, and a walk as many, which is what its reviewers held against it
 * and what the prio tree, born of it, was to mend.
 *
 * A range costs 64 bytes of the pool, a link two pointers. It needs no pointer to its range: the
 * last one leaves a list in which both neighbours are the list's head.
 */

#include "file_range_list.h"

#include "base/print.h"

static struct range_map *range_map(const struct vas_file_map *map)
{
	return (struct range_map *)(uintptr_t)map;
}

static struct range_link *range_link(struct vas_file_link *link)
{
	return (struct range_link *)link;
}

static struct vas_file_link *link_at(struct vas_list *place)
{
	return &vas_container_of(place, struct range_link, place)->link;
}

static struct file_range *range_at(struct vas_list *place)
{
	return vas_container_of(place, struct file_range, place);
}

/* Is (a, b) before (c, d) in the list's order? */
static bool before(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	return a < c || (a == c && b < d);
}

static void range_init(struct vas_file_map *map)
{
	vas_list_init(&range_map(map)->ranges);
}

static int range_reserve(struct vas_pool *pool, size_t changes)
{
	return vas_pool_reserve(pool, sizeof(struct file_range), changes);
}

static void range_insert(struct vas_file_map *map, struct vas_file_link *link,
			 struct vas_pool *pool)
{
	struct range_map *ranges = range_map(map);
	struct vas_list *at = ranges->ranges.next;
	struct file_range *range;

	while (at != &ranges->ranges &&
	       before(range_at(at)->first, range_at(at)->last, link->first, link->last))
		at = at->next;
	range = range_at(at);
	if (at == &ranges->ranges || range->first != link->first || range->last != link->last) {
		range = vas_pool_take(pool, sizeof(*range));
		range->first = link->first;
		range->last = link->last;
		vas_list_init(&range->links);
		vas_list_add_before(at, &range->place);
		ranges->range_count++;
	}
	vas_list_add_before(&range->links, &range_link(link)->place);
}

static void range_remove(struct vas_file_map *map, struct vas_file_link *link,
			 struct vas_pool *pool)
{
	struct vas_list *place = &range_link(link)->place, *rest = place->next;

	vas_list_remove(place);
	if (vas_list_empty(rest)) {
		struct file_range *range = vas_container_of(rest, struct file_range, links);

		vas_list_remove(&range->place);
		vas_pool_give(pool, range, sizeof(*range));
		range_map(map)->range_count--;
	}
}

static void range_resize(struct vas_file_map *map, struct vas_file_link *link, uint64_t first,
			 uint64_t last, uint64_t start, struct vas_pool *pool)
{
	range_remove(map, link, pool);
	link->first = first;
	link->last = last;
	link->start = start;
	range_insert(map, link, pool);
}

/* Where to go on: behind the link that changed at key[2], in the range key[0] to key[1]. */
static bool range_walk(struct vas_file_map *map, struct vas_file_walk *walk)
{
	uint64_t first = walk->key[0], last = walk->key[1], changed = walk->key[2];
	size_t left = walk->batch;

	vas_list_for_each (place, &range_map(map)->ranges) {
		struct file_range *range = range_at(place);

		if (range->first > walk->last)
			break;
		if (range->last < walk->first || before(range->first, range->last, first, last)) {
			walk->candidates++;
			continue;
		}
		vas_list_for_each (at, &range->links) {
			struct vas_file_link *link = link_at(at);

			if (link->changed > walk->until)
				break;
			walk->candidates++;
			if (range->first == first && range->last == last &&
			    link->changed <= changed)
				continue;
			walk->hits++;
			walk->key[0] = range->first;
			walk->key[1] = range->last;
			walk->key[2] = link->changed;
			if (!walk->visit(walk->context, link))
				return false;
			if (--left == 0)
				return true;
		}
	}
	return false;
}

static size_t range_bytes(const struct vas_file_map *map)
{
	return sizeof(struct range_map) +
	       map->count * (sizeof(struct range_link) - sizeof(struct vas_file_link)) +
	       range_map(map)->range_count * vas_pool_size(sizeof(struct file_range));
}

static bool check_links(const struct vas_file_map *map, struct file_range *range, size_t *found,
			const struct vas_printer *printer)
{
	const struct vas_list *previous = &range->links;
	uint64_t changed = 0;

	vas_list_for_each (place, &range->links) {
		const struct vas_file_link *link = link_at(place);

		if (place->prev != previous)
			return vas_file_broken(printer,
					       "FRMAP-3: a link of the range %llu to %llu names "
					       "another before it",
					       vas_ll(range->first), vas_ll(range->last));
		if (!vas_file_check_link(map, link, printer))
			return false;
		if (link->first != range->first || link->last != range->last)
			return vas_file_broken(printer,
					       "FRMAP-6: a link of pages %llu to %llu in the range "
					       "%llu to %llu",
					       vas_ll(link->first), vas_ll(link->last),
					       vas_ll(range->first), vas_ll(range->last));
		if (link->changed <= changed)
			return vas_file_broken(printer,
					       "FRMAP-4: a link of the range %llu to %llu changed "
					       "before the one before it",
					       vas_ll(range->first), vas_ll(range->last));
		changed = link->changed;
		previous = place;
		++*found;
	}
	if (previous == &range->links)
		return vas_file_broken(printer, "FRMAP-6: no links in the range %llu to %llu",
				       vas_ll(range->first), vas_ll(range->last));
	return true;
}

static bool range_validate(const struct vas_file_map *map, const struct vas_printer *printer)
{
	struct vas_list *previous = &range_map(map)->ranges;
	size_t found = 0, ranges = 0;

	vas_list_for_each (place, &range_map(map)->ranges) {
		struct file_range *range = range_at(place);

		if (place->prev != previous)
			return vas_file_broken(printer,
					       "FRMAP-3: the range %llu to %llu names another "
					       "before it",
					       vas_ll(range->first), vas_ll(range->last));
		if (ranges > 0 && !before(range_at(previous)->first, range_at(previous)->last,
					  range->first, range->last))
			return vas_file_broken(printer,
					       "FRMAP-5: the range %llu to %llu is not behind the "
					       "one before it",
					       vas_ll(range->first), vas_ll(range->last));
		if (!check_links(map, range, &found, printer))
			return false;
		previous = place;
		ranges++;
	}
	if (ranges != range_map(map)->range_count)
		return vas_file_broken(printer, "FRMAP-1: %zu ranges are counted, there are %zu",
				       range_map(map)->range_count, ranges);
	return vas_file_check_count(map, found, printer);
}

const struct vas_file_rmap_design vas_file_range_list = {
	.name = "range-list",
	.source = "Martin Bligh and Dave McCracken's list of lists; Linux 2.5.72-mjb2",
	.year = 2003,
	.map_bytes = sizeof(struct range_map),
	.link_bytes = sizeof(struct range_link),
	.init = range_init,
	.reserve = range_reserve,
	.insert = range_insert,
	.remove = range_remove,
	.resize = range_resize,
	.walk = range_walk,
	.bytes = range_bytes,
	.validate = range_validate,
};
