/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The B-tree's hot paths in plain C, for freestanding builds and processors without wide vectors.
 */

#include "btree.h"

#define BTREE_OPS vas_btree_portable_ops

#define BLOCK 8

/*
 * Counts in two steps, in which block and then where in it, without a branch: the last key of each block but
 * the last, then all keys of one block but its last.
 */
static inline unsigned int rank(const uint64_t *key, uint64_t at)
{
	unsigned int count = 0;

	for (unsigned int i = BLOCK - 1; i < VAS_BTREE_SLOTS - 1; i += BLOCK)
		count += key[i] <= at;
	count *= BLOCK;
	key += count;
	for (unsigned int i = 0; i < BLOCK - 1; i++)
		count += key[i] <= at;
	return count;
}

/* Bit i: words[i] >= least, for a block. Written out: compilers leave so short a loop as it is. */
static inline uint32_t block_at_least(const uint64_t *words, uint64_t least)
{
	return (uint32_t)(words[0] >= least) | (uint32_t)(words[1] >= least) << 1 |
	       (uint32_t)(words[2] >= least) << 2 | (uint32_t)(words[3] >= least) << 3 |
	       (uint32_t)(words[4] >= least) << 4 | (uint32_t)(words[5] >= least) << 5 |
	       (uint32_t)(words[6] >= least) << 6 | (uint32_t)(words[7] >= least) << 7;
}

static inline uint32_t at_least(const uint64_t *words, uint64_t least)
{
	uint32_t bits = 0;

	for (unsigned int i = 0; i < VAS_BTREE_SLOTS; i += BLOCK)
		bits |= block_at_least(words + i, least) << i;
	return bits;
}

static inline uint32_t holes(const struct vas_btree_node *leaf, uint64_t least)
{
	uint64_t block[BLOCK];
	uint32_t bits = 0;

	for (unsigned int i = 0; i < VAS_BTREE_SLOTS; i += BLOCK) {
		for (unsigned int j = 0; j < BLOCK; j++)
			block[j] = leaf->key[i + j] - leaf->side[i + j];
		bits |= block_at_least(block, least) << i;
	}
	return bits;
}

static inline uint32_t holes_above(const struct vas_btree_node *leaf, uint64_t at, uint64_t least)
{
	return holes(leaf, least) & -((uint32_t)1 << rank(leaf->key, vas_btree_key(at)));
}

/* The sides ascend too: as many as are below `at` stand before the others. */
static inline uint32_t holes_below(const struct vas_btree_node *leaf, uint64_t at, uint64_t least)
{
	return at == 0 ? 0 : holes(leaf, least) & (((uint32_t)1 << rank(leaf->side, at - 1)) - 1);
}

static inline uint64_t widest(const struct vas_btree_node *leaf)
{
	return vas_btree_widest(leaf);
}

#include "btree_moves.h"

#include "btree_core.h"
