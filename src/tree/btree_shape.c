/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The rare half of the B-tree: splits, joins, moves between neighbours, and the figures kept at
 * leaf boundaries. Plain C; a split or a join comes once in ten or twenty changes.
 *
 *	inner      [ |k| ]            k: where c ends; what begins there or above goes right
 *	          /       \
 *	leaf  [a b c .] -> [d e . .]  side[0] of the right leaf is the end of c too: the hole
 *	                              between c and d is counted in that leaf
 */

#include "btree.h"

#include <string.h>

#include "base/assert.h"

/* A leaf with fewer free entries than this takes nothing from a full neighbour: it would be full
 * too. */
#define ROOM_WORTH_A_MOVE (VAS_BTREE_SLOTS / 8)

/* Two nodes are joined when the result has this many entries at most, so that it is not split
 * again. */
#define JOIN_ENTRIES (VAS_BTREE_ENTRIES - VAS_BTREE_SLOTS / 8)

unsigned int vas_btree_entries(const struct vas_btree_node *node)
{
	const uint64_t *base = node->key;

	for (unsigned int step = VAS_BTREE_SLOTS / 2; step != 0; step /= 2)
		base += base[step - 1] != VAS_BTREE_UNUSED ? step : 0;
	return (unsigned int)(base - node->key);
}

/* Four at a time are looked for apart, so that a processor can compare them at once. */
static uint64_t largest_of(const uint64_t most[4])
{
	uint64_t low = most[0] > most[1] ? most[0] : most[1];
	uint64_t high = most[2] > most[3] ? most[2] : most[3];

	return low > high ? low : high;
}

uint64_t vas_btree_widest(const struct vas_btree_node *leaf)
{
	uint64_t most[4] = { 0 };

	for (unsigned int i = 0; i < VAS_BTREE_SLOTS && leaf->key[i] != VAS_BTREE_UNUSED; i += 4) {
		for (unsigned int j = 0; j < 4; j++) {
			uint64_t key = leaf->key[i + j], hole = key - leaf->side[i + j];

			hole = key != VAS_BTREE_UNUSED ? hole : 0;
			most[j] = hole > most[j] ? hole : most[j];
		}
	}
	return largest_of(most);
}

uint64_t vas_btree_largest(const struct vas_btree_node *inner)
{
	uint64_t most[4] = { 0 };

	for (unsigned int i = 0; i < VAS_BTREE_SLOTS; i += 4) {
		for (unsigned int j = 0; j < 4; j++)
			most[j] = inner->side[i + j] > most[j] ? inner->side[i + j] : most[j];
	}
	return largest_of(most);
}

void vas_btree_set_gap(const struct vas_btree *tree, const struct vas_btree_path *path,
		       unsigned int level, uint64_t gap)
{
	for (; level <= tree->height; level++) {
		struct vas_btree_node *node = path->node[level];
		uint64_t was = node->side[path->slot[level]], above;

		if (was == gap)
			return;
		node->side[path->slot[level]] = gap;
		if (level == tree->height)
			return;
		above = path->node[level + 1]->side[path->slot[level + 1]];
		if (gap > above)
			continue;
		if (was < above)
			return;
		gap = vas_btree_largest(node);
	}
}

static bool has_child(const struct vas_btree_node *node, unsigned int slot)
{
	return slot < VAS_BTREE_SLOTS && node->link[slot] != 0;
}

/*
 * The first level where the way can turn right leads to the next leaf, by its leftmost children;
 * the key passed there is the next leaf's lower bound.
 */
void vas_btree_end_moved(struct vas_btree *tree, uint64_t end)
{
	const struct vas_btree_path *path = &tree->way;
	struct vas_btree_node *next = vas_btree_child(path->node[0], 0), *node;
	struct vas_btree_path other = *path;
	unsigned int level = 1;
	uint64_t was, is;

	if (next == NULL) {
		tree->end = end;
		return;
	}
	while (!has_child(path->node[level], path->slot[level] + 1))
		level++;
	other.node[level]->key[other.slot[level]] = end;
	other.slot[level]++;
	while (level > 1) {
		node = vas_btree_child(other.node[level], other.slot[level]);
		level--;
		other.node[level] = node;
		other.slot[level] = 0;
	}
	was = next->key[0] - next->side[0];
	next->side[0] = end;
	is = next->key[0] - end;
	if (is > was)
		vas_btree_raise(tree, &other, 1, is);
	else if (is < was && other.node[1]->side[other.slot[1]] == was)
		vas_btree_set_gap(tree, &other, 1, vas_btree_widest(next));
}

/* Words [from, from + count) of each array to the place `to` of another node's, or of the same. */
static void copy_entries(struct vas_btree_node *target, unsigned int to,
			 const struct vas_btree_node *source, unsigned int from, unsigned int count)
{
	memmove(target->key + to, source->key + from, count * sizeof(uint64_t));
	memmove(target->side + to + 1, source->side + from + 1, count * sizeof(uint64_t));
	memmove(target->link + to + 1, source->link + from + 1, count * sizeof(uint64_t));
}

/*
 * Neighbours below one parent, and the parent's key between them. Leaves and inner nodes differ in
 * one thing: the bound between two inner nodes is a key of theirs that went up, with the right
 * node's first child as its link; between two leaves it only repeats where the left one ends.
 */
struct pair {
	struct vas_btree_node *parent, *left, *right;
	unsigned int slot; /* of the left one; the bound is the key of the same number */
	unsigned int level;
};

static void keep_gaps(const struct pair *pair)
{
	uint64_t (*gap)(const struct vas_btree_node *) =
		pair->level == 0 ? vas_btree_widest : vas_btree_largest;

	pair->parent->side[pair->slot] = gap(pair->left);
	pair->parent->side[pair->slot + 1] = gap(pair->right);
}

/* Moves the last `count` of the left node's `entries` to the front of the right one, which has
 * `others`. */
static void move_right(const struct pair *pair, unsigned int entries, unsigned int others,
		       unsigned int count)
{
	struct vas_btree_node *left = pair->left, *right = pair->right;
	uint64_t *bound = &pair->parent->key[pair->slot];
	unsigned int from = entries - count;

	copy_entries(right, count, right, 0, others);
	if (pair->level == 0) {
		copy_entries(right, 0, left, from, count);
		right->side[0] = left->side[from];
		*bound = right->side[0];
	} else {
		right->key[count - 1] = *bound;
		right->side[count] = right->side[0];
		right->link[count] = right->link[0];
		copy_entries(right, 0, left, from + 1, count - 1);
		right->side[0] = left->side[from + 1];
		right->link[0] = left->link[from + 1];
		*bound = left->key[from];
	}
	vas_btree_drop(left, pair->level, from, entries);
	keep_gaps(pair);
}

/* Moves the first `count` of the right node's `others` to the end of the left one. */
static void move_left(const struct pair *pair, unsigned int entries, unsigned int others,
		      unsigned int count)
{
	struct vas_btree_node *left = pair->left, *right = pair->right;
	uint64_t *bound = &pair->parent->key[pair->slot];

	if (pair->level == 0) {
		copy_entries(left, entries, right, 0, count);
		right->side[0] = right->side[count];
		*bound = right->side[0];
	} else {
		left->key[entries] = *bound;
		left->side[entries + 1] = right->side[0];
		left->link[entries + 1] = right->link[0];
		copy_entries(left, entries + 1, right, 0, count - 1);
		right->side[0] = right->side[count];
		right->link[0] = right->link[count];
		*bound = right->key[count - 1];
	}
	copy_entries(right, 0, right, count, others - count);
	vas_btree_drop(right, pair->level, others - count, others);
	keep_gaps(pair);
}

/* A root above the root, which becomes its only child. */
static void grow(struct vas_btree *tree, struct vas_btree_path *path)
{
	struct vas_btree_node *root = vas_btree_take(tree, tree->height + 1);

	root->link[0] = vas_btree_link(tree->root);
	root->side[0] =
		tree->height == 0 ? vas_btree_widest(tree->root) : vas_btree_largest(tree->root);
	tree->root = root;
	tree->height++;
	path->node[tree->height] = root;
	path->slot[tree->height] = 0;
}

/* Is the node at `level` the first or the last of all on its level? */
static bool at_left_end(const struct vas_btree *tree, const struct vas_btree_path *path,
			unsigned int level)
{
	while (++level <= tree->height) {
		if (path->slot[level] != 0)
			return false;
	}
	return true;
}

static bool at_right_end(const struct vas_btree *tree, const struct vas_btree_path *path,
			 unsigned int level)
{
	while (++level <= tree->height) {
		if (has_child(path->node[level], path->slot[level] + 1))
			return false;
	}
	return true;
}

/*
 * After entries moved between a pair: `at` counts from the left node's first entry. Leads the way
 * to where it is now, when the left node has `entries`.
 */
static void follow(struct vas_btree_path *path, const struct pair *pair, unsigned int at,
		   unsigned int entries)
{
	bool right = pair->level == 0 ? at >= entries : at > entries;

	path->node[pair->level] = right ? pair->right : pair->left;
	path->slot[pair->level] = right ? at - entries - (pair->level != 0) : at;
	path->slot[pair->level + 1] = pair->slot + right;
}

/* Opens a place for the pair's new right node in the parent, which has one free. */
static void add_right(struct vas_btree *tree, const struct pair *pair)
{
	unsigned int entries = vas_btree_entries(pair->parent);

	copy_entries(pair->parent, pair->slot + 1, pair->parent, pair->slot, entries - pair->slot);
	pair->parent->link[pair->slot + 1] = vas_btree_link(pair->right);
	if (pair->level != 0)
		return;
	pair->right->link[0] = pair->left->link[0];
	pair->left->link[0] = vas_btree_link(pair->right);
	if (tree->last == pair->left)
		tree->last = pair->right;
}

/* Gives the new right node what follows the left one's first `kept` entries; the bound is the next
 * key. */
static void divide(const struct pair *pair, unsigned int kept)
{
	struct vas_btree_node *left = pair->left, *right = pair->right;
	unsigned int from = kept + (pair->level != 0);

	copy_entries(right, 0, left, from, VAS_BTREE_ENTRIES - from);
	right->side[0] = left->side[from];
	pair->parent->key[pair->slot] = right->side[0];
	if (pair->level != 0) {
		right->link[0] = left->link[from];
		pair->parent->key[pair->slot] = left->key[kept];
	}
	vas_btree_drop(left, pair->level, kept, VAS_BTREE_ENTRIES);
	keep_gaps(pair);
}

/*
 * Splits the full node at `level` in the middle. At either end of the tree, where ranges that come
 * in order are put, the old entries stay together and what comes next gets the other node nearly
 * for itself.
 */
static void split(struct vas_btree *tree, unsigned int level)
{
	struct vas_btree_path *path = &tree->way;
	struct pair pair = { .level = level, .left = path->node[level] };
	unsigned int slot = path->slot[level], kept = VAS_BTREE_ENTRIES / 2 + 1;
	unsigned int lopsided = level == 0 ? 0 : 2; /* an inner node needs two children */

	if (level == tree->height)
		grow(tree, path);
	if (path->node[level + 1]->key[VAS_BTREE_ENTRIES - 1] != VAS_BTREE_UNUSED)
		split(tree, level + 1);
	pair.parent = path->node[level + 1];
	pair.slot = path->slot[level + 1];
	if (slot == VAS_BTREE_ENTRIES && at_right_end(tree, path, level))
		kept = VAS_BTREE_ENTRIES - lopsided;
	else if (slot == 0 && at_left_end(tree, path, level))
		kept = lopsided / 2;

	pair.right = vas_btree_take(tree, level);
	add_right(tree, &pair);
	divide(&pair, kept);
	if (kept != 0)
		follow(path, &pair, slot, kept);
}

static unsigned int entries_of_child(const struct vas_btree_node *parent, unsigned int slot)
{
	return has_child(parent, slot) ? vas_btree_entries(vas_btree_child(parent, slot))
				       : VAS_BTREE_ENTRIES;
}

void vas_btree_make_room(struct vas_btree *tree)
{
	struct vas_btree_path *path = &tree->way;
	struct pair pair = { .parent = path->node[1], .slot = path->slot[1] };
	unsigned int at = path->slot[0], others, before, after, moved;

	if (tree->height == 0) {
		split(tree, 0);
		return;
	}
	before = pair.slot != 0 ? entries_of_child(pair.parent, pair.slot - 1) : VAS_BTREE_ENTRIES;
	after = entries_of_child(pair.parent, pair.slot + 1);
	if (at == 0 && before < VAS_BTREE_ENTRIES) {
		/* Right before this leaf's first range: it may as well be the last one of the leaf
		 * before. */
		path->slot[1]--;
		path->node[0] = vas_btree_child(pair.parent, pair.slot - 1);
		path->slot[0] = before;
		return;
	}
	others = before < after ? before : after;
	if (others > VAS_BTREE_ENTRIES - ROOM_WORTH_A_MOVE) {
		split(tree, 0);
		return;
	}
	moved = (VAS_BTREE_ENTRIES - others) / 2;
	if (before < after)
		pair.slot--;
	pair.left = vas_btree_child(pair.parent, pair.slot);
	pair.right = vas_btree_child(pair.parent, pair.slot + 1);
	if (before < after) {
		move_left(&pair, others, VAS_BTREE_ENTRIES, moved);
		follow(path, &pair, others + at, others + moved);
	} else {
		move_right(&pair, VAS_BTREE_ENTRIES, others, moved);
		follow(path, &pair, at, VAS_BTREE_ENTRIES - moved);
	}
}

/* Moves all of the right node to the left one, and takes it and its bound out of the parent. */
static void join(struct vas_btree *tree, const struct pair *pair, unsigned int entries,
		 unsigned int others)
{
	struct vas_btree_node *left = pair->left, *right = pair->right, *parent = pair->parent;
	unsigned int slot = pair->slot, rest = vas_btree_entries(parent);

	if (pair->level == 0) {
		copy_entries(left, entries, right, 0, others);
		left->link[0] = right->link[0];
		if (tree->last == right)
			tree->last = left;
	} else {
		left->key[entries] = parent->key[slot];
		left->side[entries + 1] = right->side[0];
		left->link[entries + 1] = right->link[0];
		copy_entries(left, entries + 1, right, 0, others);
	}
	if (parent->side[slot] < parent->side[slot + 1])
		parent->side[slot] = parent->side[slot + 1];
	copy_entries(parent, slot, parent, slot + 1, rest - slot - 1);
	vas_btree_drop(parent, pair->level + 1, rest - 1, rest);
	vas_btree_give(tree, right, pair->level);
}

/* Puts the node at `level` of the way right, and those above it that become too small by that. */
static void mend(struct vas_btree *tree, unsigned int level)
{
	struct vas_btree_node *node = tree->way.node[level];
	struct pair pair = { .level = level };
	unsigned int entries, others;

	if (level == tree->height) {
		if (level != 0 && node->key[0] == VAS_BTREE_UNUSED) {
			tree->root = vas_btree_child(node, 0);
			tree->height--;
			vas_btree_give(tree, node, level);
		}
		return;
	}
	pair.parent = tree->way.node[level + 1];
	pair.slot = tree->way.slot[level + 1];
	if (!has_child(pair.parent, pair.slot + 1))
		pair.slot--;
	pair.left = vas_btree_child(pair.parent, pair.slot);
	pair.right = vas_btree_child(pair.parent, pair.slot + 1);
	entries = vas_btree_entries(pair.left);
	others = vas_btree_entries(pair.right);
	if (entries + others + (level != 0) > JOIN_ENTRIES) {
		if (entries < others)
			move_left(&pair, entries, others, (others - entries) / 2);
		else
			move_right(&pair, entries, others, (entries - others) / 2);
		return;
	}
	join(tree, &pair, entries, others);
	if (pair.parent->key[VAS_BTREE_MIN - 1] == VAS_BTREE_UNUSED)
		mend(tree, level + 1);
}

void vas_btree_mend(struct vas_btree *tree)
{
	mend(tree, 0);
	tree->way.node[0] = NULL;
}
