/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Printer and validator of the B-tree. See btree.c and btree_shape.c. */

#include "btree.h"

#include "base/print.h"

static void print_below(const struct vas_btree_node *node, unsigned int level, unsigned int depth,
			const struct vas_printer *printer)
{
	unsigned int entries = vas_btree_entries(node);

	vas_print(printer, "%*s%s, %u keys:", (int)(2 * depth), "", level == 0 ? "leaf" : "inner",
		  entries);
	for (unsigned int i = 0; i <= entries; i++) {
		if (level == 0 && i != entries)
			vas_print(printer, " [0x%llx, 0x%llx)", vas_ll(node->key[i]),
				  vas_ll(node->side[i + 1]));
		else if (level != 0)
			vas_print(printer, "%s0x%llx gap 0x%llx", i != 0 ? ", " : " ",
				  i != 0 ? vas_ll(node->key[i - 1]) : 0ull, vas_ll(node->side[i]));
	}
	vas_print(printer, "\n");
	for (unsigned int i = 0; level != 0 && i <= entries; i++)
		print_below(vas_btree_child(node, i), level - 1, depth + 1, printer);
}

void vas_btree_print(const struct vas_index *index, const struct vas_printer *printer)
{
	const struct vas_btree *tree = vas_btree_of(index);

	print_below(tree->root, tree->height, 0, printer);
}

/* Where the validator stands. */
struct walk {
	const struct vas_btree *tree;
	const struct vas_printer *printer;
	const struct vas_btree_node *leaf; /* the last one passed */
	uint64_t end;			   /* of the last range */
	size_t count;
	size_t nodes[2];
};

static bool check_shape(struct walk *walk, const struct vas_btree_node *node, unsigned int level,
			bool edge)
{
	unsigned int entries = vas_btree_entries(node);
	unsigned int least = level == walk->tree->height ? level != 0 : edge ? 1 : VAS_BTREE_MIN;

	walk->nodes[level != 0]++;
	for (unsigned int i = 0; i < VAS_BTREE_SLOTS; i++) {
		if ((i < entries) != (node->key[i] != VAS_BTREE_UNUSED))
			return vas_index_broken(
				walk->printer, "INDEX-10",
				"level %u: key %u of %u is not in use, or beyond the end", level, i,
				entries);
		if (level == 0 && i > entries && node->side[i] != VAS_BTREE_UNUSED)
			return vas_index_broken(walk->printer, "INDEX-10",
						"a leaf keeps the end of range %u of %u", i - 1,
						entries);
		if (i != 0 && (i <= entries) != (node->link[i] != 0))
			return vas_index_broken(walk->printer, "INDEX-10",
						"level %u: link %u of a node with %u keys", level,
						i, entries);
		if (i != 0 && i < entries && node->key[i - 1] >= node->key[i])
			return vas_index_broken(walk->printer, "INDEX-1",
						"level %u: key 0x%llx follows 0x%llx", level,
						vas_ll(node->key[i]), vas_ll(node->key[i - 1]));
	}
	if (entries < least)
		return vas_index_broken(walk->printer, "INDEX-11",
					"level %u: a node has %u keys, fewer than %u", level,
					entries, least);
	return true;
}

static bool check_range(struct walk *walk, const struct vas_btree_node *leaf, unsigned int i)
{
	const struct vas_range *range = vas_btree_range(leaf, i + 1);

	if (range->start != leaf->key[i] || range->end != leaf->side[i + 1])
		return vas_index_broken(
			walk->printer, "INDEX-12",
			"range [0x%llx, 0x%llx) stands as [0x%llx, 0x%llx) in its leaf",
			vas_ll(range->start), vas_ll(range->end), vas_ll(leaf->key[i]),
			vas_ll(leaf->side[i + 1]));
	if (range->start >= range->end)
		return vas_index_broken(walk->printer, "INDEX-1", "range [0x%llx, 0x%llx) is empty",
					vas_ll(range->start), vas_ll(range->end));
	if (range->start < walk->end)
		return vas_index_broken(
			walk->printer, "INDEX-1",
			"range at 0x%llx starts before 0x%llx, the end of the one before it",
			vas_ll(range->start), vas_ll(walk->end));
	walk->end = range->end;
	return true;
}

static bool check_leaf(struct walk *walk, const struct vas_btree_node *leaf, uint64_t bound)
{
	unsigned int entries = vas_btree_entries(leaf);
	const struct vas_btree_node *linked =
		walk->leaf != NULL ? vas_btree_child(walk->leaf, 0) : &walk->tree->first;

	if (linked != leaf)
		return vas_index_broken(
			walk->printer, "INDEX-3",
			"the leaf at 0x%llx is not the next one of the leaf before it",
			vas_ll(leaf->key[0]));
	if (bound != walk->end)
		return vas_index_broken(walk->printer, "INDEX-13",
					"the bound below the range at 0x%llx is 0x%llx, not 0x%llx",
					vas_ll(leaf->key[0]), vas_ll(bound), vas_ll(walk->end));
	if (leaf->side[0] != walk->end)
		return vas_index_broken(
			walk->printer, "INDEX-14",
			"the leaf at 0x%llx keeps 0x%llx as the end before it, not 0x%llx",
			vas_ll(leaf->key[0]), vas_ll(leaf->side[0]), vas_ll(walk->end));
	for (unsigned int i = 0; i < entries; i++) {
		if (!check_range(walk, leaf, i))
			return false;
	}
	walk->leaf = leaf;
	walk->count += entries;
	return true;
}

/* Checks the subtree that `bound` leads to; `first` and `last`: at an end of its level. */
static bool check_below(struct walk *walk, const struct vas_btree_node *node, unsigned int level,
			uint64_t bound, bool first, bool last)
{
	unsigned int entries = vas_btree_entries(node);

	if (!check_shape(walk, node, level, first || last))
		return false;
	if (level == 0)
		return check_leaf(walk, node, bound);
	for (unsigned int i = 0; i <= entries; i++) {
		const struct vas_btree_node *child = vas_btree_child(node, i);
		uint64_t low = i != 0 ? node->key[i - 1] : bound, gap;

		if (!check_below(walk, child, level - 1, low, first && i == 0,
				 last && i == entries))
			return false;
		gap = level == 1 ? vas_btree_widest(child) : vas_btree_largest(child);
		if (gap != node->side[i])
			return vas_index_broken(
				walk->printer, "INDEX-5",
				"level %u: largest hole above 0x%llx is 0x%llx, kept as 0x%llx",
				level, vas_ll(low), vas_ll(gap), vas_ll(node->side[i]));
	}
	for (unsigned int i = entries + 1; i < VAS_BTREE_SLOTS; i++) {
		if (node->side[i] != 0)
			return vas_index_broken(walk->printer, "INDEX-5",
						"level %u: a hole is kept for child %u of %u",
						level, i, entries + 1);
	}
	return true;
}

static bool check_way(const struct vas_btree *tree, const struct vas_printer *printer)
{
	const struct vas_btree_node *node = tree->root;

	if (tree->way.node[0] == NULL)
		return true;
	for (unsigned int level = tree->height;; level--) {
		unsigned int slot = tree->way.slot[level];

		if (tree->way.node[level] != node || slot > vas_btree_entries(node))
			return vas_index_broken(printer, "INDEX-17",
						"the way to the last change is wrong at level %u",
						level);
		if (level == 0)
			return true;
		node = vas_btree_child(node, slot);
	}
}

static bool check_spares(const struct walk *walk)
{
	const struct vas_btree *tree = walk->tree;
	const struct vas_btree_node *spare = tree->spare;
	size_t spares = 0;

	for (; spare != NULL && spares <= tree->spares; spares++)
		spare = vas_btree_child(spare, 0);
	if (spares != tree->spares)
		return vas_index_broken(walk->printer, "INDEX-15", "%zu spare nodes, %zu counted",
					spares, tree->spares);
	for (unsigned int level = 0; level < 2; level++) {
		if (walk->nodes[level] != tree->nodes[level])
			return vas_index_broken(walk->printer, "INDEX-15", "%s: %zu, %zu counted",
						level == 0 ? "leaves" : "inner nodes",
						walk->nodes[level], tree->nodes[level]);
	}
	return true;
}

bool vas_btree_validate(const struct vas_index *index, const struct vas_printer *printer)
{
	const struct vas_btree *tree = vas_btree_of(index);
	struct walk walk = { .tree = tree, .printer = printer };

	if (!check_below(&walk, tree->root, tree->height, 0, true, true))
		return false;
	if (walk.leaf != tree->last || walk.leaf->link[0] != 0)
		return vas_index_broken(printer, "INDEX-3", "the last leaf is not the tree's last");
	if (walk.end != tree->end)
		return vas_index_broken(printer, "INDEX-14",
					"the last range ends at 0x%llx, kept as 0x%llx",
					vas_ll(walk.end), vas_ll(tree->end));
	if (walk.count != index->count)
		return vas_index_broken(printer, "INDEX-2", "%zu ranges found, %zu counted",
					walk.count, index->count);
	return check_spares(&walk) && check_way(tree, printer);
}
