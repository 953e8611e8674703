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
 * below each child, as the interval tree of Linux does (2012), but with up to 42 children in a node
 * and 14 ranges in a leaf of 256 bytes, so that a look-up reads two or three nodes where a binary
 * tree reads fifteen links.
 *
 *	           [ 0-  max 99 | 40-  max 57 | 60- ]
 *	             /                |            \
 *	  [0-9 12-30 -- 0-99]      [41-57 40-49]   [60-60 -- 60-80]      --: free
 *	    |    |       |           |     |         |        |
 *	  group  a       b           c   group       d        e
 *	    |
 *	  [ link | link | ... ]  or  [ space,start,link | space,start,link | ... ]
 *
 * A range is one word (file_cells.h), so to compare two is one comparison, and a range with its
 * group takes 16 bytes. Ranges of a TiB, or behind 256 TiB, do not fit: all with the same word
 * share a group, and there a walk asks each link.
 *
 * Every child that a walk enters, but for those at the two ends of its range and the last of a
 * level, holds a link that it visits: so a look-up of k links among n ranges costs O(log n + k)
 * where ranges nest or lie apart, never more than O(min(n, k log n)), and no link is looked at in
 * vain.
 *
 * Why not cut cells. Cutting buys the "+" in O(log n + k) for ranges that overlap in odd ways, and
 * pays with a record for each link in each cell: n areas, each a page further than the last, make
 * n * n of them (the "staircase"; see the designs cell-list and cell-tree, which do it, and `vas
 * bench file-rmap`, where they have to be stopped). A bound with a second structure behind it would
 * mend that; but the one structure here has nothing to mend. A staircase is n ranges like any
 * others, 16 bytes each and what is free in the leaves.
 *
 * Groups (file_cells_group.c). Few links are a chain through the links themselves: it costs eight
 * bytes a link. From eight on an array names them, eight bytes more: a walk still touches each link,
 * but asks for all at once. From fifty-six on they stand in chunks, with space and address beside
 * each: a walk reads consecutive memory, some forty links to the KiB, and touches none of them. That
 * is what five thousand tasks with one segment come to, or an exec storm over one C library: an
 * insert appends, a remove makes a hole. Programs that fork come to arrays, which take less than the
 * 32 bytes a link of an intrusive tree; chunks take a little more. A link knows its slot.
 *
 * One link or two are a list without a tree; the first leaf is of 64 bytes, and grows.
 *
 * Runs. Areas come and go in runs of neighbours: at fork, exec and exit, or when a window is mapped
 * page by page. So the tree remembers the leaf of its last look-up, the finger, with the keys that
 * belong there, and each leaf the place behind the last change.
 *
 * Links that know their leaf. Ranges that only one link maps each go in random order, and to look
 * each up from the root takes longer than an intrusive tree's change of a few neighbours. So the
 * oldest link of each chain, whose `place` has nothing else to say, names the leaf of its group,
 * and is removed without a look-up. When a leaf is split, those that move are told: seven links,
 * all fetched at once. Where runs leave full leaves behind, none moves.
 *
 * Costs. Insert: O(log n), and no other link is touched but when a leaf is split, an array or chunk
 * grows, or is joined with another one. Remove: O(1) in an array or a chunk or of a link that is
 * alone, else a look-up.
 *
 * Memory. How many nodes a change needs depends on how full the tree is, which nobody knows before
 * he holds the object's lock; the worst case is a dozen for each of the ten thousand areas of a
 * fork, that are then not needed. So nothing is reserved: a change takes from the pool what it
 * finds there, asks for more, and does without when there is none: the link then waits on the list
 * that every walk goes through too, until it is removed or resized. Nothing fails, and no walk
 * misses it.
 *
 * Where it breaks. Groups of some links: one that is not alone is looked up from the root, and of
 * eight to fifty-five each is touched by a walk, twice as long as in a chunk. A link that is
 * resized leaves its group and joins another one, but for one by itself that keeps its place.
 */

#include "file_cells.h"

#include "base/assert.h"
#include "base/bits.h"
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

static uint64_t key_of(const struct cells_link *link)
{
	return cells_key(link->head.first, link->head.last);
}

static bool add_to_tree(struct cells_map *map, struct cells_link *link, struct vas_pool *pool)
{
	struct cells_spot spot = { .leaf = NULL };
	uint64_t key = key_of(link);

	if (map->root != NULL)
		spot = vas_cells_find(map, key);
	if (spot.row != NULL)
		return vas_cells_group_add(&spot.row->group, link, pool);
	link->place = 0; /* its leaf is put in there */
	return vas_cells_add_row(map, spot.leaf, key, cells_group_new(link), pool);
}

static void add_waiting(struct cells_map *map, struct cells_link *link)
{
	link->place = (uintptr_t)map->waiting;
	map->waiting = link;
}

/* There are more than a few links: they get a tree, the oldest first. */
static void plant(struct cells_map *map, struct vas_pool *pool)
{
	struct cells_link *link = map->waiting, *oldest = NULL, *next;

	if (!vas_cells_room_for_root(pool))
		return;
	for (; link != NULL; link = next) {
		next = (struct cells_link *)link->place;
		link->place = (uintptr_t)oldest;
		oldest = link;
	}
	map->waiting = NULL;
	for (link = oldest; link != NULL; link = next) {
		next = (struct cells_link *)link->place;
		/* What is left after one that found no memory must stay in order. */
		if (map->waiting != NULL || !add_to_tree(map, link, pool))
			add_waiting(map, link);
	}
}

static void cells_insert(struct vas_file_map *head, struct vas_file_link *link,
			 struct vas_pool *pool)
{
	struct cells_map *map = cells_map(head);
	struct cells_link *mine = (struct cells_link *)link;

	vas_debug(((uintptr_t)mine & CELLS_LENGTH) == 0);
	if (map->root == NULL) {
		map->stranded &= map->waiting != NULL;
		add_waiting(map, mine);
		if (head->count >= CELLS_FEW && !map->stranded)
			plant(map, pool);
	} else if (!add_to_tree(map, mine, pool)) {
		add_waiting(map, mine);
	}
}

static void cells_remove(struct vas_file_map *head, struct vas_file_link *link,
			 struct vas_pool *pool)
{
	struct cells_map *map = cells_map(head);
	struct cells_link *mine = (struct cells_link *)link;
	bool in_pack = cells_in_pack(mine), gone = false;
	struct cells_spot spot;

	if (in_pack) {
		if (!vas_cells_pack_remove(mine, pool))
			return;
	} else if (map->waiting != NULL && remove_waiting(map, mine)) {
		return;
	}
	spot = in_pack ? vas_cells_find(map, key_of(mine))
		       : vas_cells_home(map, mine, key_of(mine));
	vas_assert(spot.row != NULL);
	if (in_pack) {
		vas_cells_group_shrink(&spot.row->group, pool);
		vas_cells_name_leaf(spot.leaf, spot.row->group);
		gone = spot.row->group == 0;
	} else if (spot.row->group == cells_group_new(mine)) {
		gone = true;
	} else {
		vas_cells_chain_remove(&spot.row->group, mine);
	}
	if (gone)
		vas_cells_drop_row(map, spot, pool);
	if (map->root == NULL)
		map->stranded = true;
}

/* A range that only this link has changes where it stands, if it need not move. */
static bool change_alone(struct cells_map *map, struct cells_link *link, uint64_t first,
			 uint64_t last)
{
	struct cells_spot spot;

	if (map->waiting != NULL || cells_in_pack(link))
		return false;
	spot = vas_cells_find(map, key_of(link));
	vas_assert(spot.row != NULL);
	return spot.row->group == cells_group_new(link) &&
	       vas_cells_change_row(map, spot, cells_key(first, last));
}

static void cells_resize(struct vas_file_map *map, struct vas_file_link *link, uint64_t first,
			 uint64_t last, uint64_t start, struct vas_pool *pool)
{
	bool stays = change_alone(cells_map(map), (struct cells_link *)link, first, last);

	if (!stays)
		cells_remove(map, link, pool);
	link->first = first;
	link->last = last;
	link->start = start;
	if (!stays)
		cells_insert(map, link, pool);
}

/*
 * Where a walk goes on: those that wait come first, then the ranges in the tree's order, and in
 * each the newest link first. The low bits of key[3] say how far it came (0: nowhere); the last
 * link that it visited had key[0] in the tree, and was changed at key[2].
 *
 * If all were few when it stopped, and have a tree by now, they were not moved in between: those
 * changed at key[2] or later it has visited. This bound stands in the high bits of key[3] then.
 */
enum { NOWHERE, AMONG_WAITING, AMONG_FEW, IN_TREE };

enum next { GO_ON, FULL, OVER };

struct walker {
	struct vas_file_walk *walk;
	size_t left;
	uint64_t highest; /* no range with a page of the walk has a key above it */
	/* The walk's last page, and how many stand before it; cut down to what keys can tell. */
	uint64_t to, span;
	/* Rows one after the other as their keys are, so that the walk can be interrupted. */
	bool in_order;
	/* In the tree: go on with this key; there, behind the link changed at `changed`. */
	bool seek;
	uint64_t key, changed;
	/* In the tree pass over links that changed at or after this. */
	uint64_t bound;
};

#define WHERE_BITS 2
#define LAST_PAGE  (UINT64_MAX >> VAS_PAGE_SHIFT)
#define NO_BOUND   (UINT64_MAX >> WHERE_BITS)

static void stop_behind(struct walker *walker, const struct vas_file_link *link, unsigned int where)
{
	struct vas_file_walk *walk = walker->walk;

	walk->key[0] = cells_key(link->first, link->last);
	walk->key[2] = link->changed;
	walk->key[3] = walker->bound << WHERE_BITS | where;
}

static uint64_t offset_in(const struct vas_file_walk *walk, uint64_t first)
{
	return first < walk->first ? (walk->first - first) << VAS_PAGE_SHIFT : 0;
}

static enum next visit_link(struct walker *walker, const struct cells_link *link,
			    unsigned int where)
{
	struct vas_file_walk *walk = walker->walk;
	struct vas_file_link *head = (struct vas_file_link *)(uintptr_t)link;

	walk->hits++;
	walk->space = head->space;
	walk->address = head->start + offset_in(walk, head->first);
	if (!walk->visit(walk->context, head))
		return OVER;
	if (--walker->left > 0)
		return GO_ON;
	stop_behind(walker, head, where);
	return FULL;
}

static enum next visit_waiting(struct walker *walker, const struct cells_link *link, uint64_t below,
			       unsigned int where)
{
	struct vas_file_walk *walk = walker->walk;

	while (link != NULL) {
		const struct cells_link *older = (const struct cells_link *)link->place;
		enum next next = GO_ON;

		walk->candidates++;
		if (link->head.changed < below &&
		    vas_file_overlaps(&link->head, walk->first, walk->last))
			next = visit_link(walker, link, where);
		if (next != GO_ON)
			return next;
		link = older;
	}
	return GO_ON;
}

static enum next visit_chain(struct walker *walker, uint64_t group, uint64_t below, bool exact)
{
	const struct cells_link *link = cells_group_link(group);
	struct vas_file_walk *walk = walker->walk;

	for (uint64_t left = group & CELLS_LENGTH; left > 0; left--) {
		const struct cells_link *older = (const struct cells_link *)link->place;
		enum next next = GO_ON;

		walk->candidates++;
		if ((below == NO_BOUND || link->head.changed < below) &&
		    (exact || vas_file_overlaps(&link->head, walk->first, walk->last)))
			next = visit_link(walker, link, IN_TREE);
		if (next != GO_ON)
			return next;
		link = older;
	}
	return GO_ON;
}

static unsigned int highest_bit(uint64_t bits)
{
	return 63u - (unsigned int)__builtin_clzll(bits);
}

/* The slots whose links changed before `below`. */
static uint64_t live_below(const struct cells_pack *pack, uint64_t below)
{
	uint64_t live = pack->live;

	if (cells_link_at(pack, vas_lowest_bit(live))->head.changed >= below)
		return 0;
	for (;;) {
		unsigned int slot = highest_bit(live);

		if (cells_link_at(pack, slot)->head.changed < below)
			break;
		live &= ~(UINT64_C(1) << slot);
	}
	return live;
}

/* Visits slots that lie side by side and have no holes, the last one first. */
static bool visit_run(struct vas_file_walk *walk, const struct vas_file_place *places, size_t count,
		      uint64_t offset)
{
	bool (*visit)(void *context, struct vas_file_link *link) = walk->visit;
	void *context = walk->context;

	if (walk->visit_places != NULL) {
		walk->hits += count;
		return walk->visit_places(context, places, count, offset);
	}
	for (const struct vas_file_place *at = places + count; at-- > places;) {
		walk->hits++;
		walk->space = at->space;
		walk->address = at->start + offset;
		if (!visit(context, at->link))
			return false;
	}
	return true;
}

/* Visits the links of a chunk, the newest first, from the highest slot in `live`. */
static enum next visit_slots(struct walker *walker, const struct cells_chunk *chunk, uint64_t live,
			     uint64_t offset)
{
	struct vas_file_walk *walk = walker->walk;
	uint64_t hits = walk->hits;
	bool over = false;

	while (live != 0 && !over && walker->left > 0) {
		unsigned int above = (unsigned int)__builtin_clzll(live);
		size_t count = (size_t)__builtin_clzll(~(live << above)), from;

		/* A run of slots without a hole. */
		if (count > walker->left)
			count = walker->left;
		from = 64 - above - count;
		live &= (UINT64_C(1) << from) - 1;
		over = !visit_run(walk, chunk->slots + from, count, offset);
		walker->left -= count;
		if (walker->left == 0)
			stop_behind(walker, chunk->slots[from].link, IN_TREE);
	}
	walk->candidates += walk->hits - hits;
	return over ? OVER : walker->left == 0 ? FULL : GO_ON;
}

static enum next visit_chunks(struct walker *walker, const struct cells_chunk *chunk, uint64_t key,
			      uint64_t below)
{
	uint64_t offset = offset_in(walker->walk, cells_first(key));
	enum next next = GO_ON;

	for (; next == GO_ON && chunk != NULL; chunk = chunk->older) {
		uint64_t live = chunk->pack.live;

		if (below != NO_BOUND) {
			live = live_below(&chunk->pack, below);
			/* All older ones are below. */
			if (live != 0)
				below = NO_BOUND;
		}
		next = visit_slots(walker, chunk, live, offset);
	}
	return next;
}

/* So many links of an array are on their way. */
#define LINKS_AHEAD 32

__attribute__((always_inline)) static inline void fetch_highest(const struct cells_pack *pack,
								uint64_t *live)
{
	unsigned int slot = highest_bit(*live);

	__builtin_prefetch(cells_link_at(pack, slot));
	*live &= ~(UINT64_C(1) << slot);
}

/* Visits links one by one, the newest first. Not exact: the range does not say whether a link has a
 * page of the walk. */
static enum next visit_each(struct walker *walker, const struct cells_pack *pack, uint64_t below,
			    bool exact)
{
	struct vas_file_walk *walk = walker->walk;
	uint64_t live = below == NO_BOUND ? pack->live : live_below(pack, below), ahead = live;

	for (unsigned int i = 0; i < LINKS_AHEAD && ahead != 0; i++)
		fetch_highest(pack, &ahead);
	while (live != 0) {
		unsigned int slot = highest_bit(live);
		const struct cells_link *link = cells_link_at(pack, slot);
		enum next next = GO_ON;

		if (ahead != 0)
			fetch_highest(pack, &ahead);
		live &= ~(UINT64_C(1) << slot);
		walk->candidates++;
		if (exact || vas_file_overlaps(&link->head, walk->first, walk->last))
			next = visit_link(walker, link, IN_TREE);
		if (next != GO_ON)
			return next;
	}
	return GO_ON;
}

static enum next visit_row(struct walker *walker, const struct cells_row *row)
{
	uint64_t below = walker->bound;
	bool exact = cells_exact(row->key);
	const struct cells_chunk *chunk;
	enum next next = GO_ON;
	struct cells_pack *pack;

	if (walker->seek && row->key == walker->key)
		below = walker->changed < below ? walker->changed : below;
	if (cells_group_is_chain(row->group))
		return visit_chain(walker, row->group, below, exact);
	pack = cells_group_pack(row->group);
	if (!pack->wide)
		return visit_each(walker, pack, below, exact);
	if (exact)
		return visit_chunks(walker, cells_chunk(pack), row->key, below);
	for (chunk = cells_chunk(pack); next == GO_ON && chunk != NULL; chunk = chunk->older)
		next = visit_each(walker, &chunk->pack, below, false);
	return next;
}

/* A bit for each exact key that has a page of [to - span, to]. Without branches: rows are in no
 * order. */
__attribute__((always_inline)) static inline uint32_t
rows_exact(const struct cells_leaf *leaf, unsigned int capacity, uint64_t to, uint64_t span)
{
	uint32_t hit = 0;

	/* first <= to, and to - span <= first + more: as one comparison, since no other difference
	 * is as small. */
#pragma GCC unroll 14
	for (unsigned int slot = capacity; slot-- > 0;) {
		uint64_t key = leaf->rows[slot].key;

		hit = hit << 1 | (to - cells_first(key) <= (key & CELLS_MORE_MOST) + span);
	}
	return hit;
}

/* A bit for each row that may have a page of the walk. */
static uint32_t rows_hit(const struct walker *walker, const struct cells_leaf *leaf)
{
	unsigned int capacity = leaf->node.capacity;
	uint32_t hit = capacity == CELLS_LEAF_ROWS
			       ? rows_exact(leaf, CELLS_LEAF_ROWS, walker->to, walker->span)
			       : rows_exact(leaf, capacity, walker->to, walker->span);

	for (unsigned int slot = 0; leaf->node.vast && slot < capacity; slot++)
		hit |= (uint32_t)(!cells_exact(leaf->rows[slot].key) &&
				  leaf->rows[slot].key <= walker->highest)
		       << slot;
	return hit & leaf->node.live;
}

/* Of these rows the one with the lowest key. */
static unsigned int lowest_row(const struct cells_leaf *leaf, uint32_t rows)
{
	unsigned int lowest = vas_lowest_bit(rows);

	for (; rows != 0; rows &= rows - 1)
		if (leaf->rows[vas_lowest_bit(rows)].key < leaf->rows[lowest].key)
			lowest = vas_lowest_bit(rows);
	return lowest;
}

static enum next visit_leaf(struct walker *walker, const struct cells_leaf *leaf)
{
	uint32_t rows = rows_hit(walker, leaf);
	enum next next = GO_ON;

	while (rows != 0 && next == GO_ON) {
		unsigned int slot =
			walker->in_order ? lowest_row(leaf, rows) : vas_lowest_bit(rows);

		rows &= ~(UINT32_C(1) << slot);
		/* Who asks for one page after the other goes one way or the other. */
		cells_fetch_link(leaf, slot + CELLS_AHEAD);
		cells_fetch_link(leaf, slot - CELLS_AHEAD);
		if (!walker->seek || leaf->rows[slot].key >= walker->key)
			next = visit_row(walker, &leaf->rows[slot]);
	}
	return next;
}

/* Goes through the children that may have a page of the walk. => there is one that does not end
 * before it. */
static enum next visit_inner(struct walker *walker, const struct cells_inner *inner)
{
	const struct cells_child *child = inner->children, *end = child + inner->node.count;
	uint64_t from = walker->walk->first;
	enum next next = GO_ON;

#pragma GCC unroll 6
	while (child->max < from)
		child++;
	for (; next == GO_ON && child < end && child->key <= walker->highest; child++) {
		/* What is below a child lies before the next one. */
		if (child->max < from ||
		    (walker->seek && child + 1 < end && child[1].key <= walker->key))
			continue;
		next = inner->node.level == 1 ? visit_leaf(walker, cells_leaf(child->node))
					      : visit_inner(walker, cells_inner(child->node));
	}
	return next;
}

static bool cells_walk(struct vas_file_map *head, struct vas_file_walk *walk)
{
	const struct cells_map *map = cells_map(head);
	unsigned int where = (unsigned int)walk->key[3] & ((1u << WHERE_BITS) - 1);
	struct walker walker = {
		.walk = walk,
		.left = walk->batch > 0 ? walk->batch : SIZE_MAX,
		.highest = cells_key(walk->last, UINT64_MAX),
		.in_order = walk->batch > 0,
		.seek = where == IN_TREE,
		.key = walk->key[0],
		.changed = walk->key[2],
		.bound = where == NOWHERE ? NO_BOUND : walk->key[3] >> WHERE_BITS,
	};
	enum next next = GO_ON;

	walker.to = walk->last < LAST_PAGE ? walk->last : LAST_PAGE;
	walker.span = walk->first < walker.to ? walker.to - walk->first : 0;
	if (where == AMONG_FEW)
		walker.bound = walker.changed;
	if (map->waiting != NULL && where != IN_TREE)
		next = visit_waiting(
			&walker, map->waiting, where == NOWHERE ? NO_BOUND : walker.changed,
			map->root == NULL || where == AMONG_FEW ? AMONG_FEW : AMONG_WAITING);
	if (next == GO_ON && map->root != NULL)
		next = map->root->level == 0 ? visit_leaf(&walker, cells_leaf(map->root))
					     : visit_inner(&walker, cells_inner(map->root));
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
	.bytes = vas_cells_bytes,
	.validate = vas_cells_validate,
};
