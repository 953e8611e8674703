/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The hot paths of the B-tree, written once and compiled once for each instruction set. The file
 * that includes this one has defined BTREE_OPS, the name of the table, and these functions on arrays
 * of VAS_BTREE_SLOTS words:
 *
 *	rank(key, at)              how many of the ascending keys are <= at
 *	at_least(words, x)         bit i: words[i] >= x
 *	set_word(words, slot, x)   words[slot] = x
 *	widest(leaf)               the largest hole of the leaf; 0 when it has no range
 *	holes_above(leaf, at, x)   bit i: key[i] - side[i] >= x, and key[i] > at
 *	holes_below(leaf, at, x)   the same, and side[i] < at
 *	add_entry(leaf, slot, start, end, link), cut_entry(leaf, slot, start, end)
 *	                           entry `slot` comes or goes, those above it move by one
 *
 * All but the last two take the same time whatever they find: a branch on it could not be foreseen.
 */

#include "btree.h"
#include "gap.h"

#include "base/assert.h"

static unsigned int highest_bit(uint32_t bits)
{
	return 31 - (unsigned int)__builtin_clz(bits);
}

static unsigned int lowest_bit(uint32_t bits)
{
	return (unsigned int)__builtin_ctz(bits);
}

/* The leaf in which a range that contains `key` would lie. */
static inline const struct vas_btree_node *descend(const struct vas_btree *tree, uint64_t key)
{
	const struct vas_btree_node *node = tree->root;

	for (unsigned int level = tree->height; level != 0; level--)
		node = vas_btree_child(node, rank(node->key, key));
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
		unsigned int slot = rank(node->key, key);

		tree->way.at[level].node = node;
		tree->way.at[level].slot = slot;
		node = vas_btree_child(node, slot);
	}
	tree->way.at[0].node = node;
	return rank(node->key, key);
}

/* The way to a range of the index; returns its link. */
static inline unsigned int way_to(struct vas_btree *tree, const struct vas_range *range)
{
	const struct vas_btree_node *leaf = tree->way.at[0].node;
	unsigned int slot = tree->way.at[0].slot;

	if (leaf != NULL) {
		if (vas_btree_range(leaf, slot) == range)
			return slot;
		if (vas_btree_range(leaf, (slot + 1) % VAS_BTREE_SLOTS) == range)
			return slot + 1;
	}
	slot = find_way(tree, range->start);
	vas_assert(slot != 0 && vas_btree_range(tree->way.at[0].node, slot) == range);
	return slot;
}

/*
 * Can [start, end) go right behind the last change? The first place of a leaf is left to the
 * search, and the last one is not in its bounds, but for the last leaf.
 */
static inline bool fits_behind(const struct vas_btree *tree, uint64_t start, uint64_t end)
{
	const struct vas_btree_node *leaf = tree->way.at[0].node;
	unsigned int slot = tree->way.at[0].slot;

	return leaf != NULL && slot != 0 && leaf->side[slot] <= start && end <= leaf->key[slot] &&
	       (leaf->key[slot] != VAS_BTREE_UNUSED || leaf == tree->last);
}

/* A hole of `gap` bytes of the leaf is gone or smaller: if it was the largest, looks for the next.
 */
static inline void shrank(struct vas_btree *tree, uint64_t gap)
{
	const struct vas_btree_path *way = &tree->way;

	if (tree->height != 0 && way->at[1].node->side[way->at[1].slot] == gap)
		vas_btree_set_gap(tree, way, 1, widest(way->at[0].node));
}

static inline void changed(struct vas_btree *tree, uint64_t was, uint64_t is)
{
	if (is > was)
		vas_btree_raise(tree, &tree->way, 1, is);
	else if (is < was)
		shrank(tree, was);
}

static void btree_insert(struct vas_index *index, struct vas_range *range)
{
	struct vas_btree *tree = vas_btree_of(index);
	uint64_t start = range->start, end = range->end, before, next;
	struct vas_btree_node *leaf;
	unsigned int slot;

	if (!fits_behind(tree, start, end))
		tree->way.at[0].slot = find_way(tree, start);
	if (tree->way.at[0].node->key[VAS_BTREE_ENTRIES - 1] != VAS_BTREE_UNUSED)
		vas_btree_make_room(tree);
	leaf = tree->way.at[0].node;
	slot = tree->way.at[0].slot++;
	before = leaf->side[slot];
	next = leaf->key[slot];
	vas_assert(before <= start && end <= next);
	add_entry(leaf, slot, start, end, vas_btree_link(range));
	if (next != VAS_BTREE_UNUSED) {
		shrank(tree, next - before);
		return;
	}
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
	struct vas_btree_node *leaf = tree->way.at[0].node;
	uint64_t hole = leaf->key[slot] - leaf->side[slot];

	tree->way.at[0].slot = slot;
	cut_entry(leaf, slot, range->start, range->end);
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
	struct vas_btree_node *leaf = tree->way.at[0].node;
	uint64_t was;

	vas_assert(leaf->side[slot - 1] <= start && end <= leaf->key[slot]);
	tree->way.at[0].slot = slot;
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

static void btree_seek(struct vas_cursor *cursor, const struct vas_index *index, uint64_t address)
{
	uint64_t key = vas_btree_key(address);
	const struct vas_btree_node *leaf = descend(vas_btree_of(index), key);
	unsigned int slot = rank(leaf->key, key);

	cursor->node = (void *)(uintptr_t)leaf;
	cursor->slot = slot + (leaf->side[slot] <= address);
}

static struct vas_range *btree_step(struct vas_cursor *cursor)
{
	struct vas_btree_node *leaf = cursor->node;
	size_t slot = cursor->slot;

	if (slot == VAS_BTREE_SLOTS || leaf->link[slot] == 0) {
		leaf = vas_btree_child(leaf, 0);
		if (leaf == NULL)
			return NULL;
		cursor->node = leaf;
		slot = 1;
	}
	cursor->slot = slot + 1;
	cursor->range = vas_btree_range(leaf, (unsigned int)slot);
	return cursor->range;
}

static bool give_hole(const struct vas_btree_node *leaf, unsigned int slot, struct vas_range *hole)
{
	hole->start = leaf->side[slot];
	hole->end = leaf->key[slot];
	return true;
}

/* Children of an inner node that have a long enough hole, all of whose holes are within the limit.
 */
struct candidates {
	const struct vas_btree_node *node;
	unsigned int level;
	uint32_t slots;
};

/*
 * On the way towards `from`, remembers the lowest level that has children to the right of the way.
 * The space behind a leaf's last range looks like a hole up to UINT64_MAX, but above all the real
 * ones.
 */
static inline bool hole_up(const struct vas_index *index, uint64_t from, uint64_t length,
			   struct vas_range *hole)
{
	const struct vas_btree *tree = vas_btree_of(index);
	const struct vas_btree_node *node = tree->root;
	struct candidates best = { 0 };
	unsigned int level, slot;
	uint32_t slots;

	for (level = tree->height; level != 0; level--) {
		slot = rank(node->key, vas_btree_key(from));
		slots = at_least(node->side, length) >> slot;
		if ((slots & ~1u) != 0)
			best = (struct candidates){ node, level, (slots & ~1u) << slot };
		if ((slots & 1) == 0)
			break;
		node = vas_btree_child(node, slot);
	}
	if (level == 0) {
		slots = holes_above(node, from, length);
		if (slots != 0 && node->key[lowest_bit(slots)] != VAS_BTREE_UNUSED)
			return give_hole(node, lowest_bit(slots), hole);
	}
	if (best.slots == 0)
		return false;
	node = vas_btree_child(best.node, lowest_bit(best.slots));
	for (level = best.level - 1; level != 0; level--)
		node = vas_btree_child(node, lowest_bit(at_least(node->side, length)));
	return give_hole(node, lowest_bit(holes_above(node, from, length)), hole);
}

/* The highest hole below a node whose last range ends at `end`; the space behind that is none. */
static inline bool highest_hole(const struct vas_btree_node *node, unsigned int level, uint64_t end,
				uint64_t length, struct vas_range *hole)
{
	unsigned int slot;
	uint32_t slots;

	for (; level != 0; level--) {
		slots = at_least(node->side, length);
		if (slots == 0)
			return false;
		slot = highest_bit(slots);
		end = node->key[slot] < end ? node->key[slot] : end;
		node = vas_btree_child(node, slot);
	}
	slots = holes_below(node, end, length);
	return slots != 0 && give_hole(node, highest_bit(slots), hole);
}

/* The mirror image. The last hole in range may end above `below`; its range follows the last one
 * that starts below it, in the same leaf. */
static inline bool hole_down(const struct vas_index *index, uint64_t below, uint64_t length,
			     struct vas_range *hole)
{
	const struct vas_btree *tree = vas_btree_of(index);
	const struct vas_btree_node *node = tree->root;
	struct candidates best = { 0 };
	unsigned int level, slot;
	uint32_t slots;

	if (below >= tree->end)
		return highest_hole(node, tree->height, tree->end, length, hole);
	if (below == 0)
		return false;
	for (level = tree->height; level != 0; level--) {
		slot = rank(node->key, below - 1);
		slots = at_least(node->side, length);
		if ((slots & ((1u << slot) - 1)) != 0)
			best = (struct candidates){ node, level, slots & ((1u << slot) - 1) };
		if ((slots >> slot & 1) == 0)
			break;
		node = vas_btree_child(node, slot);
	}
	if (level == 0) {
		slots = holes_below(node, below, length);
		if (slots != 0)
			return give_hole(node, highest_bit(slots), hole);
	}
	if (best.slots == 0)
		return false;
	slot = highest_bit(best.slots);
	return highest_hole(vas_btree_child(best.node, slot), best.level - 1, best.node->key[slot],
			    length, hole);
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
	.erase = btree_erase,
	.resize = btree_resize,
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
