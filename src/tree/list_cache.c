/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The sorted list with the gap search that the augmented tree replaced in 2012: a free-area cache
 * and the size of the largest hole passed over (Wolfgang Wander 2005, Linux 2.6.12 to 3.7); and the
 * cache alone, as it was before.
 *
 * Two figures for each direction: where the last search ended, and the largest hole that was passed
 * on the way there. A request that is longer than that hole cannot fit below the cache, so its
 * search starts there, and mostly ends there. A shorter one starts at the limit again. What is
 * unmapped below the cache moves it there.
 *
 *	   limit                 cache
 *	     |aaa..bbb.cc...dddddd|........ee
 *	         2    1   3        hole: 3; a request of 4 starts at the cache
 *
 * A search that finds nothing behind the cache starts over once, from the limit; when the limit
 * changes the figures are void. As long as every address that was found is mapped, list-cache finds
 * the same places as a search from the limit. list-cache-bare does without the size: then small
 * requests go behind the cache while holes that would do lie below it, and the address space falls
 * to pieces.
 *
 * Costs: O(1) in a process that only grows, O(n) when holes of many sizes come and go. Without a
 * cache every search is O(n). The cached places move in searches, so even a search changes this
 * index. All else is `list`.
 */

#include "gap.h"
#include "list.h"

#include "base/print.h"

static void restart(struct vas_hole_cache *cache, uint64_t limit)
{
	cache->limit = limit;
	cache->place = limit;
	cache->hole = 0;
}

static void list_cache_create(struct vas_index *index)
{
	restart(&vas_list_cache_of(index)->up, 0);
	restart(&vas_list_cache_of(index)->down, UINT64_MAX);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* There is a hole now, or it is larger: a search must not start behind it. */
static void hole_appeared(struct vas_list_cache *self, struct vas_range hole)
{
	if (hole.start < self->up.place && hole.end > self->up.limit)
		self->up.place = larger(hole.start, self->up.limit);
	if (hole.end > self->down.place && hole.start < self->down.limit)
		self->down.place = smaller(hole.end, self->down.limit);
}

/* Bytes [start, end) stay free between limit and place. */
static void passed(struct vas_hole_cache *cache, uint64_t start, uint64_t end)
{
	if (start < end)
		cache->hole = larger(cache->hole, end - start);
}

/* What an insert or a range that grew leaves of a hole. */
static void hole_parted(struct vas_list_cache *self, struct vas_range hole)
{
	if (hole.end < self->up.place)
		passed(&self->up, larger(hole.start, self->up.limit), hole.end);
	if (hole.start > self->down.place)
		passed(&self->down, hole.start, smaller(hole.end, self->down.limit));
}

static void keep_near(struct vas_list_cache *self, struct vas_list_link *link)
{
	if (self->up.near == NULL)
		self->up.near = link;
	if (self->down.near == NULL)
		self->down.near = link;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* Most ranges go where the last search found a gap. */
static void list_cache_insert(struct vas_index *index, struct vas_range *range)
{
	struct vas_list_cache *self = vas_list_cache_of(index);
	struct vas_list_link *link = vas_list_of(range);

	const struct vas_hole_cache *cache = &self->up;

	if (distance(range->start, self->down.place) < distance(range->start, self->up.place))
		cache = &self->down;
	vas_list_add(&self->list, range, vas_list_near(cache->near, range->start));
	keep_near(self, link);
	hole_parted(self, vas_list_hole(&self->list, link));
	hole_parted(self, vas_list_hole(&self->list, link->next));
}

static int list_cache_load(struct vas_index *index, struct vas_range *const *ranges, size_t count)
{
	int err = vas_list_load(index, ranges, count);

	keep_near(vas_list_cache_of(index), vas_list_of(ranges[0]));
	return err;
}

static void list_cache_erase(struct vas_index *index, struct vas_range *range)
{
	struct vas_list_cache *self = vas_list_cache_of(index);
	struct vas_list_link *link = vas_list_of(range), *next = link->next;
	struct vas_list_link *neighbour = next != NULL ? next : link->prev;

	vas_list_erase(index, range);
	if (self->up.near == link)
		self->up.near = neighbour;
	if (self->down.near == link)
		self->down.near = neighbour;
	hole_appeared(self, vas_list_hole(&self->list, next));
}

static void list_cache_resize(struct vas_index *index, struct vas_range *range, uint64_t start,
			      uint64_t end)
{
	struct vas_list_cache *self = vas_list_cache_of(index);
	struct vas_list_link *link = vas_list_of(range);
	bool lower = start > range->start, upper = end < range->end;

	vas_list_resize(index, range, start, end);
	hole_parted(self, vas_list_hole(&self->list, link));
	hole_parted(self, vas_list_hole(&self->list, link->next));
	if (lower)
		hole_appeared(self, vas_list_hole(&self->list, link));
	if (upper)
		hole_appeared(self, vas_list_hole(&self->list, link->next));
}

/* One pass upwards from the cached place; false: nothing before the upper limit. */
static bool pass_up(struct vas_list_cache *self, const struct vas_gap *gap, uint64_t wanted,
		    uint64_t *address)
{
	struct vas_hole_cache *cache = &self->up;
	struct vas_list_link *link = vas_list_near(cache->near, cache->place);
	struct vas_range hole;
	uint64_t start;

	for (;; link = link->next) {
		hole = vas_list_hole(&self->list, link);
		if (hole.start >= gap->high)
			return false;
		start = larger(hole.start, cache->limit);
		hole.start = larger(hole.start, cache->place);
		cache->near = link != NULL ? link : self->list.last;
		if (vas_gap_place(gap, VAS_BOTTOM_UP, wanted, hole, address)) {
			passed(cache, start, *address);
			cache->place = *address + gap->length;
			return true;
		}
		passed(cache, start, hole.end);
		if (link == NULL)
			return false;
	}
}

/* Must a search start at the limit again? */
static bool is_void(const struct vas_list_cache *self, const struct vas_hole_cache *cache,
		    uint64_t limit, uint64_t wanted)
{
	bool sized = self->list.head.ops == &vas_list_cache_ops;

	return cache->limit != limit || (sized && wanted <= cache->hole);
}

static bool search_up(struct vas_list_cache *self, const struct vas_gap *gap, uint64_t wanted,
		      uint64_t *address)
{
	struct vas_hole_cache *cache = &self->up;

	if (is_void(self, cache, gap->low, wanted))
		restart(cache, gap->low);
	if (pass_up(self, gap, wanted, address))
		return true;
	if (cache->place == gap->low)
		return false;
	restart(cache, gap->low);
	return pass_up(self, gap, wanted, address);
}

/* The mirror image: downwards, from the hole that the cached place is in or above. */
static bool pass_down(struct vas_list_cache *self, const struct vas_gap *gap, uint64_t wanted,
		      uint64_t *address)
{
	struct vas_hole_cache *cache = &self->down;
	struct vas_list_link *link = vas_list_near(cache->near, cache->place - 1);
	struct vas_range hole;
	uint64_t end;

	if (link != NULL && vas_list_range(link)->start < cache->place)
		link = link->next;
	for (;;) {
		cache->near = link != NULL ? link : self->list.last;
		hole = vas_list_hole(&self->list, link);
		if (hole.end <= gap->low)
			return false;
		end = smaller(hole.end, cache->limit);
		hole.end = smaller(hole.end, cache->place);
		if (vas_gap_place(gap, VAS_TOP_DOWN, wanted, hole, address)) {
			passed(cache, *address + gap->length, end);
			cache->place = *address;
			return true;
		}
		passed(cache, hole.start, end);
		link = link != NULL ? link->prev : self->list.last;
		if (link == NULL)
			return false;
	}
}

static bool search_down(struct vas_list_cache *self, const struct vas_gap *gap, uint64_t wanted,
			uint64_t *address)
{
	struct vas_hole_cache *cache = &self->down;

	if (is_void(self, cache, gap->high, wanted))
		restart(cache, gap->high);
	if (cache->place != 0 && pass_down(self, gap, wanted, address))
		return true;
	if (cache->place == gap->high)
		return false;
	restart(cache, gap->high);
	return pass_down(self, gap, wanted, address);
}

static bool list_cache_gap(struct vas_index *index, const struct vas_gap *gap, uint64_t *address)
{
	uint64_t wanted;

	if (!vas_gap_wanted(gap, &wanted))
		return false;
	if (gap->direction == VAS_BOTTOM_UP)
		return search_up(vas_list_cache_of(index), gap, wanted, address);
	return search_down(vas_list_cache_of(index), gap, wanted, address);
}

/* Is `link` one of the list's, or NULL as the list is empty? */
static bool in_list(const struct vas_list_index *list, const struct vas_list_link *link)
{
	const struct vas_list_link *at = list->first;

	while (at != NULL && at != link)
		at = at->next;
	return link != NULL ? at == link : list->first == NULL;
}

static bool list_cache_validate(const struct vas_index *index, const struct vas_printer *printer)
{
	const struct vas_list_cache *self = vas_list_cache_of(index);

	if (!vas_list_validate(index, printer))
		return false;
	if (!in_list(&self->list, self->up.near) || !in_list(&self->list, self->down.near))
		return vas_index_broken(printer, "INDEX-8", "a cache's range is not in the list");
	for (const struct vas_list_link *link = self->list.first; link != NULL; link = link->next) {
		struct vas_range hole = vas_list_hole(&self->list, link);

		if (hole.start >= self->up.limit && hole.end < self->up.place &&
		    vas_range_length(hole) > self->up.hole)
			return vas_index_broken(
				printer, "INDEX-16",
				"the hole at 0x%llx is larger than any below the cache",
				vas_ll(hole.start));
		if (hole.end <= self->down.limit && hole.start > self->down.place &&
		    vas_range_length(hole) > self->down.hole)
			return vas_index_broken(
				printer, "INDEX-16",
				"the hole at 0x%llx is larger than any above the cache",
				vas_ll(hole.start));
	}
	return true;
}

static void list_cache_print(const struct vas_index *index, const struct vas_printer *printer)
{
	const struct vas_list_cache *self = vas_list_cache_of(index);

	vas_print(printer, "up: from 0x%llx, holes of 0x%llx passed; down: from 0x%llx, 0x%llx\n",
		  vas_ll(self->up.place), vas_ll(self->up.hole), vas_ll(self->down.place),
		  vas_ll(self->down.hole));
	vas_list_print(index, printer);
}

#define LIST_CACHE_OPS(its_name)                                                                   \
	{                                                                                          \
		.name = its_name, .link_bytes = sizeof(struct vas_list_link),                      \
		.size = sizeof(struct vas_list_cache), .align = _Alignof(struct vas_list_cache),   \
		.create = list_cache_create, .insert = list_cache_insert, .load = list_cache_load, \
		.erase = list_cache_erase, .resize = list_cache_resize, .find = vas_list_find,     \
		.find_ge = vas_list_find_ge, .next = vas_list_next, .prev = vas_list_prev,         \
		.first = vas_list_first, .last = vas_list_last, .seek = vas_list_seek,             \
		.step = vas_list_step, .gap = list_cache_gap, .bytes = vas_list_bytes,             \
		.validate = list_cache_validate, .print = list_cache_print,                        \
	}

const struct vas_index_ops vas_list_cache_ops = LIST_CACHE_OPS("list-cache");
const struct vas_index_ops vas_list_cache_bare_ops = LIST_CACHE_OPS("list-cache-bare");
