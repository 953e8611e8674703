/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The hot paths of the B-tree, written once and compiled once for each instruction set. The file
 * that includes this one has defined BTREE_OPS, the name of the table, and these functions on
 * nodes and arrays of VAS_BTREE_SLOTS words:
 *
 *	rank(key, at)              how many of the ascending keys are <= at
 *	rank_soon(key, at)         the same for a change, which waits for the answer; of
 *	                           searches many may be under way at once
 *	set_word(words, slot, x)   words[slot] = x
 *	widest(leaf)               the largest hole of the leaf; 0 when it has no range
 *	first_at_least(inner, from, x)  bits: i >= from and side[i] >= x
 *	last_at_least(inner, below, x)  bits: i < below and side[i] >= x
 *	first_hole(leaf, from, x)  bits: key[i] > from and key[i] - side[i] >= x
 *	last_hole(leaf, below, x)  bits: side[i] < below and key[i] - side[i] >= x
 *	top_hole(leaf, end, x)     the same, where the last range of the leaf ends at `end`
 *	add_entry(leaf, slot, start, end, link, alone), cut_entry(leaf, slot, start, end, alone)
 *	                           entry `slot`, not behind all others, comes, or any goes;
 *	                           those above it move by one
 *	split_entry(leaf, slot, at, link, alone), merge_entry(leaf, slot, at, alone)
 *	                           entry slot - 1 then ends at `at`, where entry `slot` comes, with
 *	                           the end that the other one had; the reverse
 *
 * alone: there is no other leaf, so how full it is can be foreseen.
 *
 * Bits: a mask with bit i set where that holds; only the lowest one of first_... and the highest
 * one of last_... need be right. Which key is found is never a branch: it could not be foreseen.
 */

#include "btree.h"
#include "gap.h"

#include "base/assert.h"

static inline unsigned int lowest(uint32_t bits)
{
	return (unsigned int)__builtin_ctz(bits);
}

static inline unsigned int highest(uint32_t bits)
{
	return 31 - (unsigned int)__builtin_clz(bits);
}

/*
 * Trees of this height have more leaves than a processor's own caches hold. There a search waits
 * for the keys of a node, and then for the link that they lead to: unless all links are on their
 * way by then. In a tree one higher the ends in the leaf are fetched too; in a lower one that is
 * not worth it, as whether there is a range can be foreseen, and nobody waits for its end. (A
 * change does not gain by this: it wants all of the leaf at once, whatever the keys are.)
 */
#define FAR_HEIGHT 3

static inline void fetch(const uint64_t *words)
{
	for (unsigned int i = 0; i < VAS_BTREE_SLOTS; i += VAS_BTREE_LINE_WORDS)
		__builtin_prefetch(words + i);
}

/* The leaf in which a range that contains `key` would lie. */
static inline const struct vas_btree_node *descend(const struct vas_btree *tree, uint64_t key)
{
	const struct vas_btree_node *node = tree->root;

	for (unsigned int level = tree->height; level != 0; level--) {
		node = vas_btree_child(node, rank(node->key, key));
		if (tree->height >= FAR_HEIGHT)
			fetch(node->link);
	}
	if (tree->height > FAR_HEIGHT)
		fetch(node->side);
	return node;
}

/*
 * The same for a change, kept in tree->way; returns how many ranges of the leaf start at or below
 * the key.
 *
 * A change is often next to the one before: the parts of a split, areas that are unmapped one after
 * the other, a program that maps at the end of what it mapped before. So the way stays, and with it
 * the link of the range that was changed last, or of the one before it when it is gone. The next
 * change looks there first, in words that are still in the cache, and is spared the search and,
 * what matters more, the wait for the vectors that the last one wrote.
 */
static inline unsigned int find_way(struct vas_btree *tree, uint64_t key)
{
	struct vas_btree_node *node = tree->root;

	for (unsigned int level = tree->height; level != 0; level--) {
		unsigned int slot = rank_soon(node->key, key);

		tree->way.node[level] = node;
		tree->way.slot[level] = slot;
		node = vas_btree_child(node, slot);
	}
	tree->way.node[0] = node;
	return rank_soon(node->key, key);
}

/* The way to a range of the index; returns its link. */
static inline unsigned int way_to(struct vas_btree *tree, const struct vas_range *range)
{
	const struct vas_btree_node *leaf = tree->way.node[0];
	unsigned int slot = tree->way.slot[0];

	if (leaf != NULL) {
		if (vas_btree_range(leaf, slot) == range)
			return slot;
		if (vas_btree_range(leaf, (slot + 1) % VAS_BTREE_SLOTS) == range)
			return slot + 1;
	}
	slot = find_way(tree, range->start);
	vas_assert(slot != 0 && vas_btree_range(tree->way.node[0], slot) == range);
	return slot;
}

/*
 * Can [start, end) go right behind the last change? The first place of a leaf is left to the
 * search, and the last one is not in its bounds, but for the last leaf.
 */
static inline bool fits_behind(const struct vas_btree *tree, uint64_t start, uint64_t end)
{
	const struct vas_btree_node *leaf = tree->way.node[0];
	unsigned int slot = tree->way.slot[0];

	return leaf != NULL && slot != 0 && leaf->side[slot] <= start && end <= leaf->key[slot] &&
	       (leaf->key[slot] != VAS_BTREE_UNUSED || leaf == tree->last);
}

/* A hole of `gap` bytes of the leaf is gone or smaller: if it was the largest, looks for the next.
 */
static inline void shrank(struct vas_btree *tree, uint64_t gap)
{
	const struct vas_btree_path *way = &tree->way;

	if (tree->height != 0 && way->node[1]->side[way->slot[1]] == gap)
		vas_btree_set_gap(tree, way, 1, widest(way->node[0]));
}

static inline void changed(struct vas_btree *tree, uint64_t was, uint64_t is)
{
	if (is > was)
		vas_btree_raise(tree, &tree->way, 1, is);
	else if (is < was)
		shrank(tree, was);
}

static inline bool is_alone(const struct vas_btree *tree)
{
	return tree->height == 0;
}

static void btree_insert(struct vas_index *index, struct vas_range *range)
{
	struct vas_btree *tree = vas_btree_of(index);
	uint64_t start = range->start, end = range->end, before, next;
	struct vas_btree_node *leaf;
	unsigned int slot;

	if (!fits_behind(tree, start, end))
		tree->way.slot[0] = find_way(tree, start);
	if (tree->way.node[0]->key[VAS_BTREE_ENTRIES - 1] != VAS_BTREE_UNUSED)
		vas_btree_make_room(tree);
	leaf = tree->way.node[0];
	slot = tree->way.slot[0]++;
	before = leaf->side[slot];
	next = leaf->key[slot];
	vas_assert(before <= start && end <= next);
	if (next != VAS_BTREE_UNUSED) {
		add_entry(leaf, slot, start, end, vas_btree_link(range), is_alone(tree));
		shrank(tree, next - before);
		return;
	}
	/* Behind all others of the leaf: nothing moves. */
	set_word(leaf->key, slot, start);
	set_word(leaf->side, slot + 1, end);
	set_word(leaf->link, slot + 1, vas_btree_link(range));
	vas_btree_raise(tree, &tree->way, 1, start - before);
	if (leaf == tree->last)
		tree->end = end;
	else
		vas_btree_end_moved(tree, end);
}

static void btree_erase(struct vas_index *index, struct vas_range *range)
{
	struct vas_btree *tree = vas_btree_of(index);
	unsigned int slot = way_to(tree, range) - 1;
	struct vas_btree_node *leaf = tree->way.node[0];
	uint64_t hole = leaf->key[slot] - leaf->side[slot];

	tree->way.slot[0] = slot;
	cut_entry(leaf, slot, range->start, range->end, is_alone(tree));
	if (leaf->key[slot] != VAS_BTREE_UNUSED) {
		vas_btree_raise(tree, &tree->way, 1, leaf->key[slot] - leaf->side[slot]);
	} else {
		vas_btree_end_moved(tree, leaf->side[slot]);
		shrank(tree, hole);
	}
	if (leaf->key[VAS_BTREE_MIN - 1] == VAS_BTREE_UNUSED && tree->height != 0)
		vas_btree_mend(tree);
}

static void btree_resize(struct vas_index *index, struct vas_range *range, uint64_t start,
			 uint64_t end)
{
	struct vas_btree *tree = vas_btree_of(index);
	unsigned int slot = way_to(tree, range);
	struct vas_btree_node *leaf = tree->way.node[0];
	uint64_t was;

	vas_assert(leaf->side[slot - 1] <= start && end <= leaf->key[slot]);
	tree->way.slot[0] = slot;
	if (start != range->start) {
		was = range->start - leaf->side[slot - 1];
		range->start = start;
		set_word(leaf->key, slot - 1, start);
		changed(tree, was, start - leaf->side[slot - 1]);
	}
	if (end == range->end)
		return;
	was = leaf->key[slot] - range->end;
	range->end = end;
	set_word(leaf->side, slot, end);
	if (leaf->key[slot] != VAS_BTREE_UNUSED)
		changed(tree, was, leaf->key[slot] - end);
	else
		vas_btree_end_moved(tree, end);
}

/* No hole comes or goes. A full leaf may be split between the two, so there it is done in steps. */
static void btree_split(struct vas_index *index, struct vas_range *low, struct vas_range *high)
{
	struct vas_btree *tree = vas_btree_of(index);
	uint64_t at = high->start;
	unsigned int slot = way_to(tree, low);
	struct vas_btree_node *leaf = tree->way.node[0];

	tree->way.slot[0] = slot;
	if (leaf->key[VAS_BTREE_ENTRIES - 1] != VAS_BTREE_UNUSED) {
		btree_resize(index, low, low->start, at);
		btree_insert(index, high);
		return;
	}
	low->end = at;
	split_entry(leaf, slot, at, vas_btree_link(high), is_alone(tree));
	tree->way.slot[0] = slot + 1;
}

/* The mirror image; in steps where the two are in two leaves. */
static void btree_merge(struct vas_index *index, struct vas_range *low, struct vas_range *high)
{
	struct vas_btree *tree = vas_btree_of(index);
	uint64_t end = high->end;
	unsigned int slot = way_to(tree, high);
	struct vas_btree_node *leaf = tree->way.node[0];

	tree->way.slot[0] = slot;
	if (slot == 1) {
		btree_erase(index, high);
		btree_resize(index, low, low->start, end);
		return;
	}
	low->end = end;
	merge_entry(leaf, slot - 1, high->start, is_alone(tree));
	tree->way.slot[0] = slot - 1;
	if (leaf->key[VAS_BTREE_MIN - 1] == VAS_BTREE_UNUSED && tree->height != 0)
		vas_btree_mend(tree);
}

static struct vas_range *btree_find(const struct vas_index *index, uint64_t address)
{
	uint64_t key = vas_btree_key(address);
	const struct vas_btree_node *leaf = descend(vas_btree_of(index), key);
	unsigned int slot = rank(leaf->key, key);

	return leaf->side[slot] > address ? vas_btree_range(leaf, slot) : NULL;
}

/* Behind the last range of a leaf another leaf begins, or nothing is. */
static struct vas_range *btree_find_ge(const struct vas_index *index, uint64_t address)
{
	uint64_t key = vas_btree_key(address);
	const struct vas_btree_node *leaf = descend(vas_btree_of(index), key);
	unsigned int slot = rank(leaf->key, key);

	slot += leaf->side[slot] <= address;
	return slot < VAS_BTREE_SLOTS ? vas_btree_range(leaf, slot) : NULL;
}

static struct vas_range *btree_next(const struct vas_index *index, const struct vas_range *range)
{
	const struct vas_btree_node *leaf = descend(vas_btree_of(index), range->start);
	unsigned int slot = rank(leaf->key, range->start) + 1;

	if (slot < VAS_BTREE_SLOTS && leaf->link[slot] != 0)
		return vas_btree_range(leaf, slot);
	leaf = vas_btree_child(leaf, 0);
	return leaf != NULL ? vas_btree_range(leaf, 1) : NULL;
}

/* The first range of a leaf has its predecessor right below the address in side[0]. */
static struct vas_range *btree_prev(const struct vas_index *index, const struct vas_range *range)
{
	const struct vas_btree_node *leaf = descend(vas_btree_of(index), range->start);
	unsigned int slot = rank(leaf->key, range->start);

	if (slot > 1)
		return vas_btree_range(leaf, slot - 1);
	return leaf->side[0] != 0 ? btree_find(index, leaf->side[0] - 1) : NULL;
}

static struct vas_range *btree_first(const struct vas_index *index)
{
	return vas_btree_range(&vas_btree_of(index)->first, 1);
}

static struct vas_range *btree_last(const struct vas_index *index)
{
	const struct vas_btree_node *leaf = vas_btree_of(index)->last;
	unsigned int entries = rank(leaf->key, VAS_BTREE_UNUSED - 1);

	return entries != 0 ? vas_btree_range(leaf, entries) : NULL;
}

/* The cursor then ends with the leaf, and knows which one is next. */
static inline void take_leaf(struct vas_cursor *cursor, const struct vas_btree_node *leaf)
{
	cursor->end = leaf->link + 1 + rank(leaf->key, VAS_BTREE_UNUSED - 1);
	cursor->node = vas_btree_child(leaf, 0);
}

static void btree_seek(struct vas_cursor *cursor, const struct vas_index *index, uint64_t address)
{
	const struct vas_btree *tree = vas_btree_of(index);
	const struct vas_btree_node *leaf = &tree->first;
	uint64_t key = vas_btree_key(address);
	unsigned int slot = 1;

	if (address == 0 && tree->height == 0) {
		cursor->at = leaf->link + slot;
		cursor->end = cursor->at + tree->head.count;
		return;
	}
	if (address != 0) {
		leaf = descend(tree, key);
		slot = rank(leaf->key, key);
		slot += leaf->side[slot] <= address;
	}
	cursor->at = leaf->link + slot;
	take_leaf(cursor, leaf);
}

static struct vas_range *btree_step(struct vas_cursor *cursor)
{
	const struct vas_btree_node *leaf = cursor->node;

	cursor->at = leaf->link + 2;
	take_leaf(cursor, leaf);
	return vas_btree_range(leaf, 1);
}

static bool give_hole(const struct vas_btree_node *leaf, unsigned int slot, struct vas_range *hole)
{
	hole->start = leaf->side[slot];
	hole->end = leaf->key[slot];
	return true;
}

/* An inner node on the way down, and which child was taken. */
struct step {
	const struct vas_btree_node *node;
	unsigned int slot;
};

/*
 * Down towards `from` as long as there is a long enough hole at all, and up again to the first node
 * that has one in a child further right. The space behind a leaf's last range looks like a hole up to
 * UINT64_MAX, but above all the real ones.
 */
static inline bool hole_up(const struct vas_index *index, uint64_t from, uint64_t length,
			   struct vas_range *hole)
{
	const struct vas_btree *tree = vas_btree_of(index);
	const struct vas_btree_node *node = tree->root;
	struct step steps[VAS_BTREE_LEVELS];
	unsigned int level, slot;
	uint32_t bits;

	for (level = tree->height; level != 0; level--) {
		slot = rank(node->key, vas_btree_key(from));
		steps[level] = (struct step){ node, slot };
		if (node->side[slot] < length)
			break;
		node = vas_btree_child(node, slot);
	}
	if (level == 0) {
		bits = first_hole(node, from, length);
		if (bits != 0 && node->key[lowest(bits)] != VAS_BTREE_UNUSED)
			return give_hole(node, lowest(bits), hole);
		level = 1;
	}
	for (bits = 0; level <= tree->height; level++) {
		node = steps[level].node;
		bits = first_at_least(node, steps[level].slot + 1, length);
		if (bits != 0)
			break;
	}
	if (bits == 0)
		return false;
	while (node = vas_btree_child(node, lowest(bits)), --level != 0)
		bits = first_at_least(node, 0, length);
	return give_hole(node, lowest(first_hole(node, from, length)), hole);
}

/* The highest hole below a node whose last range ends at `end`; the space behind that is none. */
static inline bool highest_hole(const struct vas_btree_node *node, unsigned int level, uint64_t end,
				uint64_t length, struct vas_range *hole)
{
	unsigned int slot;
	uint32_t bits;

	for (; level != 0; level--) {
		bits = last_at_least(node, VAS_BTREE_SLOTS, length);
		if (bits == 0)
			return false;
		slot = highest(bits);
		end = node->key[slot] < end ? node->key[slot] : end;
		node = vas_btree_child(node, slot);
	}
	bits = top_hole(node, end, length);
	return bits != 0 && give_hole(node, highest(bits), hole);
}

/* The mirror image. The last hole in range may end above `below`; its range follows the last one
 * that starts below it, in the same leaf. */
static inline bool hole_down(const struct vas_index *index, uint64_t below, uint64_t length,
			     struct vas_range *hole)
{
	const struct vas_btree *tree = vas_btree_of(index);
	const struct vas_btree_node *node = tree->root;
	struct step steps[VAS_BTREE_LEVELS];
	unsigned int level, slot;
	uint32_t bits;

	if (below >= tree->end) {
		/* Mostly near the end, where a way down is not needed. */
		if (tree->height != 0) {
			bits = top_hole(tree->last, tree->end, length);
			if (bits != 0)
				return give_hole(tree->last, highest(bits), hole);
		}
		return highest_hole(node, tree->height, tree->end, length, hole);
	}
	if (below == 0)
		return false;
	for (level = tree->height; level != 0; level--) {
		slot = rank(node->key, below - 1);
		steps[level] = (struct step){ node, slot };
		if (node->side[slot] < length)
			break;
		node = vas_btree_child(node, slot);
	}
	if (level == 0) {
		bits = last_hole(node, below, length);
		if (bits != 0)
			return give_hole(node, highest(bits), hole);
		level = 1;
	}
	for (; level <= tree->height; level++) {
		node = steps[level].node;
		bits = last_at_least(node, steps[level].slot, length);
		if (bits != 0)
			return highest_hole(vas_btree_child(node, highest(bits)), level - 1,
					    node->key[highest(bits)], length, hole);
	}
	return false;
}

/* Apart, so that neither has to save what only the other needs. */
#define NOINLINE __attribute__((noinline))

static NOINLINE bool gap_up(const struct vas_index *index, const struct vas_gap *gap,
			    uint64_t *address)
{
	return vas_gap_up(index, gap, vas_btree_of(index)->end, hole_up, address);
}

static NOINLINE bool gap_down(const struct vas_index *index, const struct vas_gap *gap,
			      uint64_t *address)
{
	return vas_gap_down(index, gap, vas_btree_of(index)->end, hole_down, address);
}

static bool btree_gap(struct vas_index *index, const struct vas_gap *gap, uint64_t *address)
{
	if (gap->direction == VAS_BOTTOM_UP)
		return gap_up(index, gap, address);
	return gap_down(index, gap, address);
}

const struct vas_index_ops BTREE_OPS = {
	.name = "btree",
	.size = sizeof(struct vas_btree),
	.align = _Alignof(struct vas_btree),
	.create = vas_btree_create,
	.destroy = vas_btree_destroy,
	.reserve = vas_btree_reserve,
	.insert = btree_insert,
	.load = vas_btree_load,
	.copy = vas_btree_copy,
	.erase = btree_erase,
	.resize = btree_resize,
	.split = btree_split,
	.merge = btree_merge,
	.find = btree_find,
	.find_ge = btree_find_ge,
	.next = btree_next,
	.prev = btree_prev,
	.first = btree_first,
	.last = btree_last,
	.seek = btree_seek,
	.step = btree_step,
	.gap = btree_gap,
	.bytes = vas_btree_bytes,
	.validate = vas_btree_validate,
	.print = vas_btree_print,
};
