/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The B-tree: the fast design, and the default.
 *
 * A binary tree asks one question per cache line, and a processor cannot foresee the answer: at
 * 100 ranges a find waits for three or four mistaken branches, at 10,000 for as many cache
 * misses as well. So a node here is an array of 31 keys (Bayer and McCreight 1972, as a B+-tree:
 * ranges are in leaves only), and the way on is the number of keys that are not above the address,
 * counted without a branch, with vectors where there are any. 100 ranges are two nodes deep, 10,000
 * three, a million five.
 *
 *	inner    key         50            120        the end of the last range on the left
 *	         side   20          5             40   the largest hole in each child
 *	         link    |          |             |
 *	leaf      [10,20) [40,50)    [55,60) [60,120)   [160,200) ...
 *
 * Next to each child stands the largest hole that precedes any of its ranges (the figure of
 * the tree of 2012, but beside the key instead of in the child), so a gap search reads one node
 * per level, and asks all children at once. A leaf holds the ends as well as the starts: neither a find
 * nor a gap search touches a range.
 *
 * Bounds. The key between two children is the end of the last range on its left, nothing else. So
 * the hole between two leaves lies wholly with the right one, whose first range it precedes: a
 * range that comes there becomes the first of that leaf, and only when the last range of a
 * leaf goes or changes its end must anything be told beyond the leaf (btree_shape.c).
 *
 * Fullness. A full leaf gives to a neighbour before it is split, and a leaf with fewer than 12 ranges
 * is joined with a neighbour; random inserts leave nodes four fifths full: 31 bytes per range,
 * against 48 in a binary tree. A copy is as full as the original.
 * The first leaf is part of the index itself, so that up to 31 ranges need no allocation at all.
 *
 * Memory. An insert may need nodes, and must not fail: vas_index_reserve stocks as many as can be
 * needed at most (nodes_needed, below). An erase needs none.
 *
 * Sources: btree_core.h has the hot paths, which btree_avx512.c, btree_avx2.c and
 * btree_portable.c compile around their own node searches; vas_btree_create chooses one of the
 * three by what the processor has. btree_shape.c splits and joins, btree_check.c validates.
 *
 * Literature: Rao and Ross 2000 (cache-conscious B+-trees), Khuong and Morin 2017 (searching arrays
 * without branches), Linux's maple tree (2022: gaps in B-tree nodes).
 */

#include "btree.h"

#include <string.h>

#include "base/assert.h"

/* How full vas_btree_load leaves the nodes, so that the first inserts after a fork split nothing.
 */
#define LOAD_ENTRIES  (VAS_BTREE_ENTRIES - VAS_BTREE_SLOTS / 8)
#define LOAD_CHILDREN (LOAD_ENTRIES + 1)

/* Spares beyond what is reserved that are kept when nodes fall out of use. */
#define SPARES_KEPT 2

void vas_btree_drop(struct vas_btree_node *node, unsigned int level, unsigned int from,
		    unsigned int to)
{
	size_t bytes = (to - from) * sizeof(uint64_t);

	memset(node->key + from, 0xff, bytes);
	memset(node->side + from + 1, level == 0 ? 0xff : 0, bytes);
	memset(node->link + from + 1, 0, bytes);
}

/* A node without entries, children or neighbours. */
static void make_empty(struct vas_btree_node *node, unsigned int level)
{
	vas_btree_drop(node, level, 0, VAS_BTREE_ENTRIES);
	node->key[VAS_BTREE_ENTRIES] = VAS_BTREE_UNUSED;
	node->side[0] = 0;
	node->link[0] = 0;
}

static void release_node(const struct vas_btree *tree, struct vas_btree_node *node)
{
	const struct vas_allocator *allocator = tree->head.allocator;

	allocator->release(allocator->context, node, sizeof(*node));
}

static void push_spare(struct vas_btree *tree, struct vas_btree_node *node)
{
	node->link[0] = vas_btree_link(tree->spare);
	tree->spare = node;
	tree->spares++;
}

static struct vas_btree_node *pop_spare(struct vas_btree *tree)
{
	struct vas_btree_node *node = tree->spare;

	tree->spare = vas_btree_child(node, 0);
	tree->spares--;
	return node;
}

/* Gives spares back to the allocator until `kept` are left. */
static void trim(struct vas_btree *tree, size_t kept)
{
	while (tree->spares > kept)
		release_node(tree, pop_spare(tree));
}

int vas_btree_stock(struct vas_btree *tree, size_t spares)
{
	const struct vas_allocator *allocator = tree->head.allocator;
	size_t before = tree->spares;

	while (tree->spares < spares) {
		struct vas_btree_node *node = allocator->allocate(allocator->context, sizeof(*node),
								  _Alignof(struct vas_btree_node));

		if (node == NULL) {
			trim(tree, before);
			return -VAS_ENOMEM;
		}
		push_spare(tree, node);
	}
	return 0;
}

/* Takes a spare, with anything in it. */
static struct vas_btree_node *take_spare(struct vas_btree *tree, unsigned int level)
{
	vas_assert(tree->spares != 0 && level < VAS_BTREE_LEVELS);
	tree->nodes[level != 0]++;
	return pop_spare(tree);
}

struct vas_btree_node *vas_btree_take(struct vas_btree *tree, unsigned int level)
{
	struct vas_btree_node *node = take_spare(tree, level);

	make_empty(node, level);
	return node;
}

void vas_btree_give(struct vas_btree *tree, struct vas_btree_node *node, unsigned int level)
{
	tree->nodes[level != 0]--;
	push_spare(tree, node);
	trim(tree, tree->reserved + SPARES_KEPT);
}

/*
 * How many nodes `inserts` inserts can need at most, whatever happens between them.
 *
 * Level by level. An insert splits one leaf at most, and a split splits one node of the level above
 * at most. For many inserts there is a better bound: after a split in the middle, each half takes in
 * half its entries again before it is full, and moving entries to a neighbour makes no pair fuller
 * than it was; at each end of the tree, where splits are lopsided, half the entries come in between
 * two of them. So each of the three needs ENTRIES / 2 new entries for a split, besides one for each
 * node that is there, and one at each end:
 *
 *	splits(level) <= nodes(level) + 2 + splits(level - 1) / REFILL
 *
 * where all inner nodes are counted for each of their levels, as they are few. Nodes that are joined
 * in between become spares and stay at hand. A level that does not exist yet is one node, the new
 * root, and what splits off it.
 */
#define REFILL (VAS_BTREE_ENTRIES / 2 / 3)

static size_t nodes_needed(const struct vas_btree *tree, size_t inserts)
{
	size_t splits = inserts, bound, needed = 0;

	if (inserts < REFILL) {
		/* A split on each level for each; the root only when it is full, and then it grows.
		 */
		needed = inserts * tree->height;
		if (tree->root->key[VAS_BTREE_ENTRIES - inserts] != VAS_BTREE_UNUSED)
			needed += inserts + 1;
		return needed;
	}
	for (unsigned int level = 0; level <= tree->height; level++) {
		bound = tree->nodes[level != 0] + 2 + splits / REFILL;
		splits = splits < bound ? splits : bound;
		needed += splits;
	}
	for (; splits != 0; splits /= REFILL)
		needed += 1 + splits / REFILL;
	return needed;
}

int vas_btree_reserve(struct vas_index *index, size_t inserts)
{
	struct vas_btree *tree = vas_btree_of(index);
	size_t needed;
	int err;

	if (inserts > SIZE_MAX / 4 - tree->head.count)
		return -VAS_ENOMEM;
	needed = nodes_needed(tree, inserts);
	if (tree->spares < needed) {
		err = vas_btree_stock(tree, needed);
		if (err != 0)
			return err;
	}
	tree->reserved = needed;
	trim(tree, needed + SPARES_KEPT);
	return 0;
}

/* A load in progress: what goes in, and how many nodes each level gets. */
struct load {
	struct vas_btree *tree;
	struct vas_range *const *ranges;
	/* Each node of a level gets `each` ranges or children, and the first `more` one more. */
	struct {
		size_t nodes, each, more;
	} at[VAS_BTREE_LEVELS];
};

/* The first of what node `which` of `level` gets. */
static size_t first_of(const struct load *load, unsigned int level, size_t which)
{
	size_t more = load->at[level].more;

	return which * load->at[level].each + (which < more ? which : more);
}

/* A large copy waits for memory: so each leaf is on its way while the one before is built. */
static void fetch(const struct vas_btree_node *node)
{
	for (size_t at = 0; node != NULL && at < sizeof(*node); at += VAS_BTREE_LINE)
		__builtin_prefetch((const char *)node + at);
}

static inline void copy_links(struct vas_btree_node *leaf, struct vas_range *const *ranges,
			      unsigned int count)
{
	if (sizeof(ranges[0]) == sizeof(leaf->link[0])) {
		memcpy(leaf->link + 1, ranges, count * sizeof(leaf->link[0]));
		return;
	}
	for (unsigned int i = 0; i < count; i++)
		leaf->link[i + 1] = vas_btree_link(ranges[i]);
}

/* The next leaf of a tree that is built from the left, with anything in it. */
static struct vas_btree_node *next_leaf(struct vas_btree *tree, bool first)
{
	struct vas_btree_node *leaf = first ? &tree->first : take_spare(tree, 0);

	fetch(tree->spare);
	if (!first)
		tree->last->link[0] = vas_btree_link(leaf);
	tree->last = leaf;
	return leaf;
}

/* Builds leaf `which`; returns its largest hole. */
static uint64_t load_leaf(struct load *load, struct vas_btree_node *leaf, size_t which)
{
	struct vas_range *const *ranges = load->ranges + first_of(load, 0, which);
	unsigned int count = (unsigned int)(load->at[0].each + (which < load->at[0].more));
	uint64_t widest = 0, hole;

	leaf->side[0] = load->tree->end;
	leaf->link[0] = 0;
	copy_links(leaf, ranges, count);
	for (unsigned int i = 0; i < count; i++) {
		hole = ranges[i]->start - leaf->side[i];
		widest = hole > widest ? hole : widest;
		leaf->key[i] = ranges[i]->start;
		leaf->side[i + 1] = ranges[i]->end;
	}
	leaf->key[VAS_BTREE_ENTRIES] = VAS_BTREE_UNUSED;
	vas_btree_drop(leaf, 0, count, VAS_BTREE_ENTRIES);
	load->tree->end = leaf->side[count];
	return widest;
}

/* Builds node `which` of `level` with all below it; returns its largest hole, and its lowest start.
 */
static struct vas_btree_node *load_node(struct load *load, unsigned int level, size_t which,
					uint64_t *gap, uint64_t *bound)
{
	struct vas_btree_node *node, *child;
	size_t from, to;
	uint64_t child_gap, child_bound;

	if (level == 0) {
		node = next_leaf(load->tree, which == 0);
		*gap = load_leaf(load, node, which);
		*bound = node->side[0];
		return node;
	}
	node = vas_btree_take(load->tree, level);
	*gap = 0;
	from = first_of(load, level, which);
	to = first_of(load, level, which + 1);
	for (size_t i = from; i < to; i++) {
		child = load_node(load, level - 1, i, &child_gap, &child_bound);
		node->link[i - from] = vas_btree_link(child);
		node->side[i - from] = child_gap;
		*gap = child_gap > *gap ? child_gap : *gap;
		if (i == from)
			*bound = child_bound;
		else
			node->key[i - from - 1] = child_bound;
	}
	return node;
}

/* How many nodes `level` has for `items`. */
static void share(struct load *load, unsigned int level, size_t items, size_t nodes)
{
	load->at[level].nodes = nodes;
	load->at[level].each = items / nodes;
	load->at[level].more = items % nodes;
}

int vas_btree_load(struct vas_index *index, struct vas_range *const *ranges, size_t count)
{
	struct load load = { .tree = vas_btree_of(index), .ranges = ranges };
	struct vas_btree *tree = load.tree;
	unsigned int level = 0;
	size_t nodes = (count + LOAD_ENTRIES - 1) / LOAD_ENTRIES, needed;
	uint64_t gap, bound;
	int err;

	if (count <= VAS_BTREE_ENTRIES)
		nodes = 1;
	needed = nodes - 1;
	share(&load, 0, count, nodes);
	while (nodes > 1) {
		nodes = (nodes + LOAD_CHILDREN - 1) / LOAD_CHILDREN;
		needed += nodes;
		level++;
		share(&load, level, load.at[level - 1].nodes, nodes);
	}
	err = vas_btree_stock(tree, needed);
	if (err != 0)
		return err;
	tree->height = level;
	tree->way.node[0] = NULL;
	tree->root = load_node(&load, level, 0, &gap, &bound);
	return 0;
}

/* A copy in progress: `ranges` are those that come next. */
struct copy {
	struct vas_btree *tree;
	struct vas_range *const *ranges;
};

/* Line by line, or a compiler makes one slow instruction of it. */
static inline void copy_node(struct vas_btree_node *to, const struct vas_btree_node *from)
{
	for (size_t at = 0; at < sizeof(*to); at += VAS_BTREE_LINE)
		memcpy((char *)to + at, (const char *)from + at, VAS_BTREE_LINE);
}

/*
 * A copy has the bounds and holes of the original, so each node is copied as it is and then gets
 * links of its own; those behind the ranges are 0 already. To fill the leaves evenly would take
 * half as long again, as each would be put together from parts of two.
 */
static struct vas_btree_node *copy_leaf(struct copy *copy, const struct vas_btree_node *from,
					bool first, unsigned int count)
{
	struct vas_btree_node *leaf = next_leaf(copy->tree, first);

	fetch(vas_btree_child(from, 0));
	copy_node(leaf, from);
	leaf->link[0] = 0;
	copy_links(leaf, copy->ranges, count);
	copy->ranges += count;
	return leaf;
}

/* The only leaf: the new one is empty, so lines in which no entry is are the same already. */
static void copy_only(struct copy *copy, const struct vas_btree_node *from, unsigned int count)
{
	struct vas_btree_node *leaf = next_leaf(copy->tree, true);

	for (unsigned int at = 0; at <= count; at += VAS_BTREE_LINE_WORDS) {
		memcpy(leaf->key + at, from->key + at, VAS_BTREE_LINE);
		memcpy(leaf->side + at, from->side + at, VAS_BTREE_LINE);
	}
	copy_links(leaf, copy->ranges, count);
}

static struct vas_btree_node *copy_inner(struct copy *copy, const struct vas_btree_node *from,
					 unsigned int level, bool first)
{
	struct vas_btree_node *node = take_spare(copy->tree, level), *child;

	copy_node(node, from);
	for (unsigned int i = 0; i < VAS_BTREE_SLOTS && from->link[i] != 0; i++) {
		child = vas_btree_child(from, i);
		if (level == 1)
			child = copy_leaf(copy, child, first && i == 0, vas_btree_entries(child));
		else
			child = copy_inner(copy, child, level - 1, first && i == 0);
		node->link[i] = vas_btree_link(child);
	}
	return node;
}

int vas_btree_copy(struct vas_index *index, const struct vas_index *from,
		   struct vas_range *const *ranges)
{
	const struct vas_btree *source = vas_btree_of(from);
	struct vas_btree *tree = vas_btree_of(index);
	struct copy copy = { .tree = tree, .ranges = ranges };
	int err = vas_btree_stock(tree, source->nodes[0] - 1 + source->nodes[1]);

	if (err != 0)
		return err;
	tree->height = source->height;
	tree->end = source->end;
	tree->way.node[0] = NULL;
	if (source->height == 0)
		copy_only(&copy, &source->first, (unsigned int)from->count);
	else
		tree->root = copy_inner(&copy, source->root, source->height, true);
	return 0;
}

void vas_btree_create(struct vas_index *index)
{
	struct vas_btree *tree = vas_btree_of(index);

	make_empty(&tree->first, 0);
	tree->root = &tree->first;
	tree->last = &tree->first;
	tree->nodes[0] = 1;
#if VAS_BTREE_VECTORS
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
	    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
		index->ops = &vas_btree_avx512_ops;
	else if (__builtin_cpu_supports("avx2"))
		index->ops = &vas_btree_avx2_ops;
#endif
}

static void release_below(struct vas_btree *tree, struct vas_btree_node *node, unsigned int level)
{
	if (level != 0) {
		for (unsigned int i = 0; i < VAS_BTREE_SLOTS && node->link[i] != 0; i++)
			release_below(tree, vas_btree_child(node, i), level - 1);
	}
	if (node != &tree->first)
		release_node(tree, node);
}

void vas_btree_destroy(struct vas_index *index)
{
	struct vas_btree *tree = vas_btree_of(index);

	release_below(tree, tree->root, tree->height);
	trim(tree, 0);
}

size_t vas_btree_bytes(const struct vas_index *index)
{
	const struct vas_btree *tree = vas_btree_of(index);
	size_t nodes = tree->nodes[0] - 1 + tree->nodes[1] + tree->spares;

	return sizeof(*tree) + nodes * sizeof(struct vas_btree_node);
}
