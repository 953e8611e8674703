/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The front of the file reverse maps: the table of designs, and what they have in common.
 *
 * The question: which areas map pages [first, last] of this object? Reclaim asks it for one page,
 * truncation for many; every mmap, munmap, fork and exec changes the answer. So the hot side
 * writes, and the rare side reads, but may read a hundred thousand areas at once. The designs
 * differ in what a change costs, and in how many areas they look at in vain; see the head of each
 * source, and docs/file-reverse-maps.md.
 *
 * Walks that are interrupted. Between two batches the lock is dropped, and the map may change. A
 * design finds its place again by a key, in an order of its own in which a link that does not
 * change keeps its place. But one that is resized may move from before the key to behind it:
 *
 *	       key
 *	  . . . | . . .        pages:  the walk has done what lies left of the key
 *	        |   bbb        b, not yet visited ...
 *	  bbbbbb|bbbb          ... has grown, begins left of the key now, and would be missed
 *
 * Hence every insert and resize gets a number, which the link keeps. A walk passes over links with
 * higher numbers than there were when it began, so that none that keeps moving ahead of it makes it
 * endless. If there were any changes it goes round again, for just those links; and a third time,
 * in one go, for what changed in the second round. That costs eight bytes a link and nothing else
 * where nobody interrupts a walk. The third round looks at all links of the range under one hold of
 * the lock, but visits few.
 */

#include "file_designs.h"

#include <string.h>

#include "base/assert.h"
#include "base/print.h"
#include "base/text.h"

static const struct vas_file_rmap_design *const designs[] = {
	&vas_file_cells,     &vas_file_interval_tree, &vas_file_prio_tree,
	&vas_file_cell_tree, &vas_file_cell_list,     &vas_file_range_list,
	&vas_file_list,	     &vas_file_pte_chain,     NULL,
};

const struct vas_file_rmap_design *const *vas_file_rmap_designs(void)
{
	return designs;
}

const struct vas_file_rmap_design *vas_file_rmap_find(const char *name)
{
	if (name == NULL)
		return designs[0];
	for (size_t i = 0; designs[i] != NULL; i++)
		if (vas_text_equal(designs[i]->name, name))
			return designs[i];
	return NULL;
}

void vas_file_map_init(struct vas_file_map *map, const struct vas_file_rmap_design *design,
		       const struct vas_allocator *allocator)
{
	memset(map, 0, design->map_bytes);
	map->design = design;
	map->allocator = allocator;
	if (design->init != NULL)
		design->init(map);
}

void vas_file_map_destroy(struct vas_file_map *map)
{
	vas_assert(map->count == 0);
	if (map->design->destroy != NULL)
		map->design->destroy(map);
}

void vas_file_map_insert(struct vas_file_map *map, struct vas_file_link *link,
			 struct vas_pool *pool)
{
	vas_assert(link->first <= link->last);
	link->changed = ++map->changes;
	map->design->insert(map, link, pool);
	map->count++;
}

void vas_file_map_remove(struct vas_file_map *map, struct vas_file_link *link,
			 struct vas_pool *pool)
{
	vas_assert(map->count > 0);
	map->count--;
	map->design->remove(map, link, pool);
}

void vas_file_map_resize(struct vas_file_map *map, struct vas_file_link *link, uint64_t first,
			 uint64_t last, uint64_t start, struct vas_pool *pool)
{
	vas_assert(first <= last);
	vas_debug(map->count > 0);
	link->changed = ++map->changes;
	map->design->resize(map, link, first, last, start, pool);
}

/* A round of a walk that may be interrupted. */
struct round {
	struct vas_file_walk *walk;
	const struct vas_file_walk *inner; /* the design's */
	uint64_t skipped;
	bool stopped;
};

static bool visit_in_round(void *context, struct vas_file_link *link)
{
	struct round *round = context;

	if (link->changed <= round->walk->since) {
		round->skipped++;
		return true;
	}
	round->walk->space = round->inner->space;
	round->walk->address = round->inner->address;
	round->stopped = !round->walk->visit(round->walk->context, link);
	return !round->stopped;
}

static bool visit_places_in_round(void *context, const struct vas_file_place *places, size_t count,
				  uint64_t offset)
{
	struct round *round = context;

	round->stopped = !round->walk->visit_places(round->walk->context, places, count, offset);
	return !round->stopped;
}

enum { ALL = 1, CHANGED, CHANGED_SINCE };

bool vas_file_map_walk(struct vas_file_map *map, struct vas_file_walk *walk)
{
	struct vas_file_walk inner;
	struct round round = { .walk = walk, .inner = &inner };
	bool more;

	vas_assert(walk->first <= walk->last);
	if (walk->batch == 0) {
		walk->until = map->changes;
		return map->design->walk(map, walk);
	}
	if (walk->round == 0) {
		walk->round = ALL;
		walk->until = map->changes;
	}
	inner = *walk;
	inner.visit = visit_in_round;
	inner.visit_places = NULL;
	/* In the first round nobody is passed over. */
	if (walk->visit_places != NULL && walk->round == ALL)
		inner.visit_places = visit_places_in_round;
	inner.context = &round;
	if (walk->round == CHANGED_SINCE) {
		inner.batch = 0;
		inner.until = map->changes;
	}
	more = map->design->walk(map, &inner);
	memcpy(walk->key, inner.key, sizeof(walk->key));
	walk->candidates = inner.candidates;
	walk->hits = inner.hits - round.skipped;
	if (round.stopped)
		return false;
	if (more)
		return true;
	if (walk->round == CHANGED_SINCE || map->changes == walk->until)
		return false;
	walk->round++;
	walk->since = walk->until;
	walk->until = map->changes;
	memset(walk->key, 0, sizeof(walk->key));
	return true;
}

bool vas_file_broken(const struct vas_printer *printer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vas_vprint(printer, format, arguments);
	va_end(arguments);
	vas_print(printer, "\n");
	return false;
}

bool vas_file_check_link(const struct vas_file_map *map, const struct vas_file_link *link,
			 const struct vas_printer *printer)
{
	if (link->first <= link->last && link->changed > 0 && link->changed <= map->changes)
		return true;
	return vas_file_broken(printer,
			       "FRMAP-2: a link of pages %llu to %llu, changed at %llu of %llu",
			       vas_ll(link->first), vas_ll(link->last), vas_ll(link->changed),
			       vas_ll(map->changes));
}

bool vas_file_check_count(const struct vas_file_map *map, size_t found,
			  const struct vas_printer *printer)
{
	return map->count == found ||
	       vas_file_broken(printer, "FRMAP-1: %zu links are counted, there are %zu", map->count,
			       found);
}
