/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* How an entry comes into a leaf or goes out of it, in plain C; for btree_core.h. */

#include "btree.h"

#include <string.h>

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

static inline void sort_in_word(uint64_t *words, unsigned int slot, uint64_t word)
{
	open_word(words, slot, word);
}

static inline void sort_out_word(uint64_t *words, unsigned int slot, uint64_t word)
{
	(void)word;
	close_word(words, slot, VAS_BTREE_UNUSED);
}

static inline void add_entry(struct vas_btree_node *leaf, unsigned int slot, uint64_t start,
			     uint64_t end, uint64_t link)
{
	open_word(leaf->key, slot, start);
	open_word(leaf->side, slot + 1, end);
	open_word(leaf->link, slot + 1, link);
}

static inline void cut_entry(struct vas_btree_node *leaf, unsigned int slot, uint64_t start,
			     uint64_t end)
{
	(void)start;
	(void)end;
	close_word(leaf->key, slot, VAS_BTREE_UNUSED);
	close_word(leaf->side, slot + 1, VAS_BTREE_UNUSED);
	close_word(leaf->link, slot + 1, 0);
}

static inline void set_word(uint64_t *words, unsigned int slot, uint64_t word)
{
	words[slot] = word;
}
