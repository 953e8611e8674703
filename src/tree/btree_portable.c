/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The B-tree's hot paths in plain C, for freestanding builds and processors without wide vectors.
 */

#include "btree.h"

#define BTREE_OPS vas_btree_portable_ops

#include "btree_moves.h"

/* One after the other: the first is mostly near, and a mask of all would cost more. */
static inline uint32_t first_at_least(const struct vas_btree_node *inner, unsigned int from,
				      uint64_t least)
{
	for (; from < VAS_BTREE_SLOTS; from++) {
		if (inner->side[from] >= least)
			return (uint32_t)1 << from;
	}
	return 0;
}

/* What is unused is passed over block by block; child i has key i - 1. */
static inline uint32_t last_at_least(const struct vas_btree_node *inner, unsigned int below,
				     uint64_t least)
{
	while (below > BLOCK && inner->key[below - BLOCK - 1] == VAS_BTREE_UNUSED)
		below -= BLOCK;
	while (below-- != 0) {
		if (inner->side[below] >= least)
			return (uint32_t)1 << below;
	}
	return 0;
}

static inline uint32_t first_hole(const struct vas_btree_node *leaf, uint64_t from, uint64_t least)
{
	for (unsigned int i = rank(leaf->key, vas_btree_key(from)); i < VAS_BTREE_SLOTS; i++) {
		if (leaf->key[i] - leaf->side[i] >= least)
			return (uint32_t)1 << i;
	}
	return 0;
}

/* The sides ascend as the keys do, and the last one of a leaf counts as none. */
static inline uint32_t last_hole(const struct vas_btree_node *leaf, uint64_t below, uint64_t least)
{
	for (unsigned int i = below != 0 ? rank(leaf->side, below - 1) : 0; i-- != 0;) {
		if (leaf->key[i] - leaf->side[i] >= least)
			return (uint32_t)1 << i;
	}
	return 0;
}

/* Without a search for the end: blocks that are unused are passed over. */
static inline uint32_t top_hole(const struct vas_btree_node *leaf, uint64_t end, uint64_t least)
{
	unsigned int i = VAS_BTREE_SLOTS;

	while (i > BLOCK && leaf->side[i - BLOCK] >= end)
		i -= BLOCK;
	while (i-- != 0) {
		if ((leaf->side[i] < end) & (leaf->key[i] - leaf->side[i] >= least))
			return (uint32_t)1 << i;
	}
	return 0;
}

static inline uint64_t widest(const struct vas_btree_node *leaf)
{
	return vas_btree_widest(leaf);
}

#include "btree_core.h"
