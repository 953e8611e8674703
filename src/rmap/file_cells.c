/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `cells`: a B+-tree over the distinct ranges of an object, each with all links of that range.
 *
 * The idea. Martin Bligh's sub-objects (2003) were to hold all areas that map one and the same part
 * of a file, since most areas map a part that others map already, or one that nobody does: "we'll
 * either map a new space, or an existing space completely". His patch of that summer kept the part
 * of it that lasts: one node for each distinct range, which overlap as they like, and nothing is
 * ever cut. Its list was its end. Here the ranges stand in a tree that knows the largest last page
 * below each child, as the interval tree of Linux does (2012), but with up to 21 of them in a node
 * of 512 bytes, so that a look-up reads three or four nodes where a binary tree reads fifteen links.
 *
 *	           [ 0-  max 99 | 40-  max 57 | 60-  max 80 ]
 *	             /                |               \
 *	  [0-9|0-99|12-30]      [40-49|41-57]      [60-60|60-80]
 *	    |    |    |           |     |            |     |
 *	  group  a    b           c   group          d     e
 *	    |
 *	  [ space,start,link | space,start,link | ... ]
 *
 * Every child that a walk enters, but for those at the two ends of its range, holds a link that it
 * visits: so a look-up of k links among n ranges costs O(log n + k) where ranges nest or lie apart,
 * never more than O(min(n, k log n)), and no link is looked at in vain.
 *
 * Why not cut cells. Cutting buys the "+" in O(log n + k) for ranges that overlap in odd ways, and
 * pays with a record for each link in each cell: n areas, each a page further than the last, make
 * n * n of them (the "staircase"; see the designs cell-list and cell-tree, which do it, and `vas
 * bench file-rmap`, where they have to be stopped). A bound with a second structure behind it would
 * mend that; but the one structure here has nothing to mend. A staircase is n ranges like any
 * others: 40 bytes each, and neighbours in the staircase are neighbours in the leaves.
 *
 * Groups (file_cells_group.c). Few links are a chain through the links themselves: it costs eight
 * bytes a link. From eight on they stand in chunks, with space and address beside each: a walk reads
 * consecutive memory, some forty links to the KiB, and touches none of the links, each of which
 * would be a cache miss. That is what five thousand tasks with one segment come to, or an exec storm
 * over one C library: an insert appends, a remove makes a hole. A link knows its slot.
 *
 * Runs. Areas come and go in runs of neighbours: at fork, exec and exit, or when a window is mapped
 * page by page. So a tree of more than one node keeps the way to its last change, the finger, and
 * looks beside it first.
 *
 * Costs. Insert: O(log n), and no other link is touched but when a chunk grows or is joined with
 * another one, which is paid for by as many changes before it. Remove: O(1) in a chunk; O(log n)
 * when the group is short or ends.
 *
 * Memory. How many nodes a change needs depends on how full the tree is, which nobody knows before
 * he holds the object's lock; the worst case is a dozen for each of the ten thousand areas of a
 * fork, that are then not needed. So nothing is reserved: a change takes from the pool what it
 * finds there, asks for more, and does without when there is none: the link then waits on a list
 * that every walk goes through too, until it is removed or resized. Nothing fails, and no walk
 * misses it.
 *
 * Where it breaks. A range that only one link maps costs a descent to remove, where an intrusive
 * tree needs none; and an insert into the tree may move up to 500 bytes. A link that is resized
 * leaves its group and joins another one.
 */

#include "file_cells.h"

#include "base/assert.h"
#include "file_designs.h"

static struct cells_map *cells_map(struct vas_file_map *map)
{
	return (struct cells_map *)map;
}

/* O(1) where nothing waits, which is so unless memory ran out. */
static bool remove_waiting(struct cells_map *map, struct cells_link *link)
{
	struct cells_link *at = map->waiting;

	if (at == link) {
		map->waiting = (struct cells_link *)link->place;
		return true;
	}
	while (at != NULL && at->place != (uintptr_t)link)
		at = (struct cells_link *)at->place;
	if (at != NULL)
		at->place = link->place;
	return at != NULL;
}

static void cells_insert(struct vas_file_map *head, struct vas_file_link *link,
			 struct vas_pool *pool)
{
	struct cells_map *map = cells_map(head);
	struct cells_link *mine = (struct cells_link *)link;
	struct cells_path spare, *path = &spare;
	bool done;

	mine->place = 0;
	spare.found = false;
	if (map->root != NULL)
		path = cells_find(map, link->first, link->last, &spare);
	if (path->found)
		done = cells_group_add(cells_group(path), mine, pool);
	else
		done = cells_add_row(map, path, link->first, link->last, (uintptr_t)mine, pool);
	if (!done) {
		mine->place = (uintptr_t)map->waiting;
		map->waiting = mine;
	}
}

static void cells_remove(struct vas_file_map *head, struct vas_file_link *link,
			 struct vas_pool *pool)
{
	struct cells_map *map = cells_map(head);
	struct cells_link *mine = (struct cells_link *)link;
	bool in_chunk = (mine->place & CELLS_IN_CHUNK) != 0;
	struct cells_path spare, *path;
	uint64_t *group;

	if (map->waiting != NULL && !in_chunk && remove_waiting(map, mine))
		return;
	if (in_chunk && cells_chunk_remove(mine, pool))
		return;
	path = cells_find(map, link->first, link->last, &spare);
	vas_assert(path->found);
	group = cells_group(path);
	if (in_chunk)
		cells_group_settle(group, pool);
	else
		cells_chain_remove(group, mine);
	if (*group == 0)
		cells_drop_row(map, path, pool);
}

static void cells_resize(struct vas_file_map *map, struct vas_file_link *link, uint64_t first,
			 uint64_t last, uint64_t start, struct vas_pool *pool)
{
	cells_remove(map, link, pool);
	link->first = first;
	link->last = last;
	link->start = start;
	cells_insert(map, link, pool);
}

/*
 * Where a walk goes on: those that wait come first, then the ranges in the tree's order, and in
 * each the newest link first. key[3] says how far it came (0: nowhere); the last link that it
 * visited had the range key[0] to key[1], and was changed at key[2].
 */
enum { NOWHERE, AMONG_WAITING, IN_TREE };

enum next { GO_ON, FULL, OVER };

struct walker {
	struct vas_file_walk *walk;
	size_t left;
	/* In the tree: go on behind this range; in it, behind the link changed at `changed`. */
	bool seek;
	uint64_t first, last, changed;
};

static void stop_behind(struct vas_file_walk *walk, const struct vas_file_link *link,
			unsigned int where)
{
	walk->key[0] = link->first;
	walk->key[1] = link->last;
	walk->key[2] = link->changed;
	walk->key[3] = where;
}

static uint64_t offset_in(const struct vas_file_walk *walk, uint64_t first)
{
	return first < walk->first ? (walk->first - first) << VAS_PAGE_SHIFT : 0;
}

static enum next visit_chain(struct walker *walker, const struct cells_link *link, uint64_t below,
			     unsigned int where)
{
	struct vas_file_walk *walk = walker->walk;

	while (link != NULL) {
		const struct cells_link *older = (const struct cells_link *)link->place;
		struct vas_file_link *head = (struct vas_file_link *)(uintptr_t)link;
		bool hit = link->head.changed < below && head->first <= walk->last &&
			   head->last >= walk->first;

		walk->candidates++;
		if (hit) {
			walk->hits++;
			walk->space = head->space;
			walk->address = head->start + offset_in(walk, head->first);
			if (!walk->visit(walk->context, head))
				return OVER;
			if (--walker->left == 0) {
				stop_behind(walk, head, where);
				return FULL;
			}
		}
		link = older;
	}
	return GO_ON;
}

/* The slots of a chunk whose links changed before `below`. */
static uint64_t live_below(const struct cells_chunk *chunk, uint64_t below)
{
	uint64_t live = chunk->live;

	while (live != 0) {
		unsigned int slot = 63u - (unsigned int)__builtin_clzll(live);

		if (chunk->slots[slot].link->head.changed < below)
			break;
		live &= ~(UINT64_C(1) << slot);
	}
	return live;
}

/* Visits the links of a chunk, the newest first, from the highest slot in `live`. */
static enum next visit_slots(struct walker *walker, const struct cells_chunk *chunk, uint64_t live,
			     uint64_t offset)
{
	struct vas_file_walk *walk = walker->walk;
	bool (*visit)(void *context, struct vas_file_link *link) = walk->visit;
	void *context = walk->context;
	const struct cells_slot *at;
	size_t left = walker->left;
	enum next next = GO_ON;
	unsigned int above;

	if (live == 0)
		return GO_ON;
	above = (unsigned int)__builtin_clzll(live);
	at = &chunk->slots[63 - above];
	for (live <<= above; live != 0; at--, live <<= 1) {
		struct vas_file_link *link;

		/* A hole; most chunks have few. */
		if (live >> 63 == 0)
			continue;
		link = &at->link->head;
		left--;
		walk->space = at->space;
		walk->address = at->start + offset;
		if (!visit(context, link)) {
			next = OVER;
			break;
		}
		if (left == 0) {
			stop_behind(walk, link, IN_TREE);
			next = FULL;
			break;
		}
	}
	walk->candidates += walker->left - left;
	walk->hits += walker->left - left;
	walker->left = left;
	return next;
}

static enum next visit_chunks(struct walker *walker, const struct cells_chunk *chunk,
			      uint64_t first, uint64_t below)
{
	uint64_t offset = offset_in(walker->walk, first);
	enum next next = GO_ON;

	/* All links of the older neighbour changed before any of this one. */
	if (below != UINT64_MAX) {
		while (chunk->older != NULL && chunk->older->newest >= below)
			chunk = chunk->older;
		next = visit_slots(walker, chunk, live_below(chunk, below), offset);
		chunk = chunk->older;
	}
	for (; next == GO_ON && chunk != NULL; chunk = chunk->older)
		next = visit_slots(walker, chunk, chunk->live, offset);
	return next;
}

/* Is the row at `slot` before the range where the walk goes on? */
static bool passed(const struct walker *walker, const struct cells_node *node, unsigned int slot)
{
	uint64_t first = cells_column(node, CELLS_FIRST)[slot];

	return first < walker->first ||
	       (first == walker->first && cells_column(node, CELLS_LAST)[slot] < walker->last);
}

static enum next visit_group(struct walker *walker, const struct cells_node *leaf,
			     unsigned int slot)
{
	uint64_t group = cells_column(leaf, CELLS_WHO)[slot];
	uint64_t first = cells_column(leaf, CELLS_FIRST)[slot], below = UINT64_MAX;

	if (walker->seek) {
		if (first == walker->first && cells_column(leaf, CELLS_LAST)[slot] == walker->last)
			below = walker->changed;
		walker->seek = false;
	}
	if ((group & CELLS_PACKED) == 0)
		return visit_chain(walker, (const struct cells_link *)(uintptr_t)group, below,
				   IN_TREE);
	return visit_chunks(walker, (const struct cells_chunk *)(uintptr_t)(group & ~CELLS_PACKED),
			    first, below);
}

/* Goes through the rows that have a page of the walk. */
static enum next visit_node(struct walker *walker, const struct cells_node *node)
{
	const uint64_t *firsts = cells_column(node, CELLS_FIRST);
	const uint64_t *lasts = cells_column(node, node->level == 0 ? CELLS_LAST : CELLS_MAX);
	uint64_t from = walker->walk->first, to = walker->walk->last;
	unsigned int count = node->count, slot = 0;
	enum next next;

	if (walker->seek) {
		/* What is below a child lies before the next one. */
		unsigned int ahead = node->level > 0;

		while (slot + ahead < count && passed(walker, node, slot + ahead))
			slot++;
	}
	for (;; slot++) {
		while (slot < count && lasts[slot] < from)
			slot++;
		if (slot == count || firsts[slot] > to)
			return GO_ON;
		next = node->level == 0 ? visit_group(walker, node, slot)
					: visit_node(walker, cells_child(node, slot));
		if (next != GO_ON)
			return next;
	}
}

static bool cells_walk(struct vas_file_map *head, struct vas_file_walk *walk)
{
	const struct cells_map *map = cells_map(head);
	struct walker walker = {
		.walk = walk,
		.left = walk->batch, /* 0 wraps: all of them */
		.seek = walk->key[3] == IN_TREE,
		.first = walk->key[0],
		.last = walk->key[1],
		.changed = walk->key[2],
	};
	enum next next = GO_ON;

	if (map->waiting != NULL && walk->key[3] != IN_TREE)
		next = visit_chain(&walker, map->waiting,
				   walk->key[3] == NOWHERE ? UINT64_MAX : walker.changed,
				   AMONG_WAITING);
	if (next == GO_ON && map->root != NULL)
		next = visit_node(&walker, map->root);
	return next == FULL;
}

const struct vas_file_rmap_design vas_file_cells = {
	.name = "cells",
	.source = "this library, after Bligh's sub-objects",
	.year = 2026,
	.map_bytes = sizeof(struct cells_map),
	.link_bytes = sizeof(struct cells_link),
	.insert = cells_insert,
	.remove = cells_remove,
	.resize = cells_resize,
	.walk = cells_walk,
	.bytes = cells_bytes,
	.validate = cells_validate,
};
