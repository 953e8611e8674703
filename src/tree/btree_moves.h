/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* How keys are counted, and how an entry comes into a leaf or goes out of it, in plain C; for
 * btree_core.h. */

#include "btree.h"

#include <string.h>

#define BLOCK 8

/*
 * Counts in three steps without a branch: in which block, in which half of it, and where in that.
 * The last key of each is looked at, and the fence never: seven compares for 31 keys.
 */
static inline unsigned int rank(const uint64_t *key, uint64_t at)
{
	unsigned int count = 0, half;

	for (unsigned int i = BLOCK - 1; i < VAS_BTREE_SLOTS - 1; i += BLOCK)
		count += key[i] <= at;
	count *= BLOCK;
	key += count;
	half = key[BLOCK / 2 - 1] <= at ? BLOCK / 2 : 0;
	key += half;
	count += half;
	for (unsigned int i = 0; i < BLOCK / 2 - 1; i++)
		count += key[i] <= at;
	return count;
}

/* In two steps, with ten compares: more work, but the answer is there sooner. */
static inline unsigned int rank_soon(const uint64_t *key, uint64_t at)
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

static inline void open_word(uint64_t *words, unsigned int slot, uint64_t word)
{
	memmove(words + slot + 1, words + slot, (VAS_BTREE_SLOTS - 1 - slot) * sizeof(*words));
	words[slot] = word;
}

static inline void close_word(uint64_t *words, unsigned int slot, uint64_t fill)
{
	memmove(words + slot, words + slot + 1, (VAS_BTREE_SLOTS - 1 - slot) * sizeof(*words));
	words[VAS_BTREE_SLOTS - 1] = fill;
}

static inline void add_entry(struct vas_btree_node *leaf, unsigned int slot, uint64_t start,
			     uint64_t end, uint64_t link, bool alone)
{
	(void)alone;
	open_word(leaf->key, slot, start);
	open_word(leaf->side, slot + 1, end);
	open_word(leaf->link, slot + 1, link);
}

static inline void cut_entry(struct vas_btree_node *leaf, unsigned int slot, uint64_t start,
			     uint64_t end, bool alone)
{
	(void)alone;
	(void)start;
	(void)end;
	close_word(leaf->key, slot, VAS_BTREE_UNUSED);
	close_word(leaf->side, slot + 1, VAS_BTREE_UNUSED);
	close_word(leaf->link, slot + 1, 0);
}

static inline void split_entry(struct vas_btree_node *leaf, unsigned int slot, uint64_t at,
			       uint64_t link, bool alone)
{
	(void)alone;
	open_word(leaf->key, slot, at);
	open_word(leaf->side, slot, at);
	open_word(leaf->link, slot + 1, link);
}

static inline void merge_entry(struct vas_btree_node *leaf, unsigned int slot, uint64_t at,
			       bool alone)
{
	(void)alone;
	(void)at;
	close_word(leaf->key, slot, VAS_BTREE_UNUSED);
	close_word(leaf->side, slot, VAS_BTREE_UNUSED);
	close_word(leaf->link, slot + 1, 0);
}

static inline void set_word(uint64_t *words, unsigned int slot, uint64_t word)
{
	words[slot] = word;
}
