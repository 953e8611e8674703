/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The searches that btree_core.h wants, from masks with a bit for each slot, which the file that
 * includes this one has made with vectors:
 *
 *	at_least(words, x)         bit i: words[i] >= x
 *	holes_above(leaf, at, x)   bit i: key[i] - side[i] >= x, and key[i] > at
 *	holes_below(leaf, at, x)   bit i: key[i] - side[i] >= x, and side[i] < at
 */

#include "btree.h"

static inline uint32_t first_at_least(const struct vas_btree_node *inner, unsigned int from,
				      uint64_t least)
{
	return (uint32_t)((uint64_t)at_least(inner->side, least) >> from << from);
}

static inline uint32_t last_at_least(const struct vas_btree_node *inner, unsigned int below,
				     uint64_t least)
{
	return at_least(inner->side, least) & (uint32_t)(((uint64_t)1 << below) - 1);
}

static inline uint32_t first_hole(const struct vas_btree_node *leaf, uint64_t from, uint64_t least)
{
	return holes_above(leaf, from, least);
}

static inline uint32_t last_hole(const struct vas_btree_node *leaf, uint64_t below, uint64_t least)
{
	return holes_below(leaf, below, least);
}

static inline uint32_t top_hole(const struct vas_btree_node *leaf, uint64_t end, uint64_t least)
{
	return holes_below(leaf, end, least);
}
