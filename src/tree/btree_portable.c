/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The B-tree's hot paths in plain C, for freestanding builds and processors without wide vectors.
 */

#include "btree.h"

#define BTREE_OPS vas_btree_portable_ops

/* A binary search whose steps are conditional moves; the fence is never counted. */
static inline unsigned int rank(const uint64_t *key, uint64_t at)
{
	const uint64_t *base = key;

	for (unsigned int step = VAS_BTREE_SLOTS / 2; step != 0; step /= 2)
		base += base[step - 1] <= at ? step : 0;
	return (unsigned int)(base - key);
}

static inline uint32_t at_least(const uint64_t *words, uint64_t least)
{
	uint32_t bits = 0;

	for (unsigned int i = 0; i < VAS_BTREE_SLOTS; i++)
		bits |= (uint32_t)(words[i] >= least) << i;
	return bits;
}

static inline uint32_t holes_above(const struct vas_btree_node *leaf, uint64_t at, uint64_t least)
{
	uint32_t bits = 0;

	for (unsigned int i = 0; i < VAS_BTREE_SLOTS; i++)
		bits |= (uint32_t)(leaf->key[i] - leaf->side[i] >= least && leaf->key[i] > at) << i;
	return bits;
}

static inline uint32_t holes_below(const struct vas_btree_node *leaf, uint64_t at, uint64_t least)
{
	uint32_t bits = 0;

	for (unsigned int i = 0; i < VAS_BTREE_SLOTS; i++)
		bits |= (uint32_t)(leaf->key[i] - leaf->side[i] >= least && leaf->side[i] < at)
			<< i;
	return bits;
}

static inline uint64_t widest(const struct vas_btree_node *leaf)
{
	return vas_btree_widest(leaf);
}

#include "btree_moves.h"

#include "btree_core.h"
