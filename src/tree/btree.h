/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_TREE_BTREE_H
#define VAS_TREE_BTREE_H

/* The node of the B-tree, the tree, and the ways through it. See btree.c for the why. */

#include "design.h"

/*
 * Leaves and inner nodes have one shape: E entries, each with a key, and one more figure and link
 * than entries, because of the one on the left of all keys.
 *
 *	key[0..E)    leaf: the ranges' starts         inner: lower bounds of children 1..E
 *	side[0..E]   leaf: before[0], then the ends   inner: the largest hole in children 0..E
 *	link[0..E]   leaf: next leaf, then the ranges inner: children 0..E
 *
 * So the range of key e has its end in side[e + 1] and its pointer in link[e + 1]; the hole before
 * it is [side[e], key[e]), where side[0] is the end of the last range of the leaf before, or 0. A
 * count of the keys <= address leads straight to the side and the link, in leaves and inner nodes
 * alike.
 *
 * Unused keys are UINT64_MAX, which no start can be, and so are the unused ends of a leaf; unused
 * gaps and links are 0. E is not kept: it is where the keys become UINT64_MAX. Links are integers of
 * 64 bits on every machine.
 */
#define VAS_BTREE_SLOTS	  32
#define VAS_BTREE_ENTRIES (VAS_BTREE_SLOTS - 1) /* the last key stays unused, as a fence */

struct vas_btree_node {
	uint64_t key[VAS_BTREE_SLOTS];
	uint64_t side[VAS_BTREE_SLOTS];
	uint64_t link[VAS_BTREE_SLOTS];
} __attribute__((aligned(64)));

#define VAS_BTREE_UNUSED UINT64_MAX

/* Nodes are copied and fetched by cache lines. */
#define VAS_BTREE_LINE	     64
#define VAS_BTREE_LINE_WORDS (VAS_BTREE_LINE / 8)

/* Nodes have at least MIN entries, but for the root and the first and last of each level; so LEVELS
 * are enough for 2^52 bytes of nodes. */
#define VAS_BTREE_MIN	 (VAS_BTREE_SLOTS * 3 / 8)
#define VAS_BTREE_LEVELS 13

/* A way from the root down: in each inner node the child that was taken; node[0] is the leaf, with a
 * place in it. */
struct vas_btree_path {
	struct vas_btree_node *node[VAS_BTREE_LEVELS];
	unsigned int slot[VAS_BTREE_LEVELS];
};

/* Four cache lines before the first leaf. */
struct vas_btree {
	struct vas_index head;
	struct vas_btree_node *root;
	/* The leaf with the highest ranges, and the end of the last one, or 0. */
	struct vas_btree_node *last;
	uint64_t end;
	/* To where the last change was made; node[0] NULL: lost. */
	struct vas_btree_path way;
	/* Levels of inner nodes. */
	unsigned int height;
	/* Nodes in use: leaves, and inner ones. */
	size_t nodes[2];
	/* Nodes for inserts, linked through link[0], and how many may be needed for those
	 * announced. */
	struct vas_btree_node *spare;
	size_t spares, reserved;
	/* The leaf with the lowest ranges, always this one. */
	struct vas_btree_node first;
};

static inline struct vas_btree *vas_btree_of(const struct vas_index *index)
{
	return (struct vas_btree *)(uintptr_t)index;
}

static inline struct vas_btree_node *vas_btree_child(const struct vas_btree_node *node,
						     unsigned int slot)
{
	return (struct vas_btree_node *)(uintptr_t)node->link[slot];
}

static inline struct vas_range *vas_btree_range(const struct vas_btree_node *leaf,
						unsigned int slot)
{
	return (struct vas_range *)(uintptr_t)leaf->link[slot];
}

static inline uint64_t vas_btree_link(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

/* Where `address` is looked for: UINT64_MAX would count the unused keys. */
static inline uint64_t vas_btree_key(uint64_t address)
{
	return address - (address == UINT64_MAX);
}

/* How many keys of the node are in use. */
unsigned int vas_btree_entries(const struct vas_btree_node *node);

/* The largest hole before a range of this leaf; the largest below this inner node. */
uint64_t vas_btree_widest(const struct vas_btree_node *leaf);
uint64_t vas_btree_largest(const struct vas_btree_node *inner);

/*
 * The leaf of the way is full, and slot[0] is the entry that a new range should become. Moves
 * ranges to a neighbour or splits the leaf; the way then leads to the place, with a free entry in
 * its leaf.
 */
void vas_btree_make_room(struct vas_btree *tree);

/* The leaf of the way has fewer than MIN entries: joins it with a neighbour, or takes some from it.
 * The way is lost. => the leaf is not the root. */
void vas_btree_mend(struct vas_btree *tree);

/*
 * The range at the end of the way's leaf has a new end, or is new, or is gone: `end` is what lies
 * before the next leaf's first range from now on. Puts right what the next leaf and its ancestors
 * keep of it.
 */
void vas_btree_end_moved(struct vas_btree *tree, uint64_t end);

/* A hole below the node at `level - 1` of path is now `gap` bytes: raises what the ancestors keep.
 */
static inline void vas_btree_raise(const struct vas_btree *tree, const struct vas_btree_path *path,
				   unsigned int level, uint64_t gap)
{
	for (; level <= tree->height; level++) {
		uint64_t *kept = &path->node[level]->side[path->slot[level]];

		if (*kept >= gap)
			return;
		*kept = gap;
	}
}

/* Sets what is kept of the node at `level - 1` to `gap`, and puts its ancestors right. */
void vas_btree_set_gap(const struct vas_btree *tree, const struct vas_btree_path *path,
		       unsigned int level, uint64_t gap);

/* Adds spare nodes until there are `spares`. -VAS_ENOMEM: none was added. */
int vas_btree_stock(struct vas_btree *tree, size_t spares);

/* Makes entries [from, to) unused. */
void vas_btree_drop(struct vas_btree_node *node, unsigned int level, unsigned int from,
		    unsigned int to);

/* Takes a spare, with nothing in it. => there is one. */
struct vas_btree_node *vas_btree_take(struct vas_btree *tree, unsigned int level);

/* Puts a node that fell out of use to the spares, or back to the allocator when there are enough.
 */
void vas_btree_give(struct vas_btree *tree, struct vas_btree_node *node, unsigned int level);

int vas_btree_reserve(struct vas_index *index, size_t inserts);
int vas_btree_load(struct vas_index *index, struct vas_range *const *ranges, size_t count);
int vas_btree_copy(struct vas_index *index, const struct vas_index *from,
		   struct vas_range *const *ranges);
void vas_btree_create(struct vas_index *index);
void vas_btree_destroy(struct vas_index *index);
size_t vas_btree_bytes(const struct vas_index *index);
bool vas_btree_validate(const struct vas_index *index, const struct vas_printer *printer);
void vas_btree_print(const struct vas_index *index, const struct vas_printer *printer);

/* One table for each instruction set; the same functions around different node searches. */
extern const struct vas_index_ops vas_btree_portable_ops;
#if defined(__x86_64__) && __STDC_HOSTED__
#define VAS_BTREE_VECTORS 1
extern const struct vas_index_ops vas_btree_avx2_ops;
extern const struct vas_index_ops vas_btree_avx512_ops;
#endif

#endif
