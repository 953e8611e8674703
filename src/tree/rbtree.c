/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The red-black tree with the largest hole per subtree: Rik van Riel's idea and Michel Lespinasse's
 * code (2012) for the areas of Linux 3.8 to 6.0.
 *
 * Bayer 1972, Guibas and Sedgewick 1978: a red node has no red child, and every way down from a
 * node passes the same number of black nodes; so no path is more than twice as long as another. An
 * insert turns at most twice, an erase at most three times; recolouring may go up to the root, but
 * on average it stops after a constant number of steps. That is why Linux chose it over AVL trees
 * in 2001: areas come and go more often than the tree gets deep.
 *
 * Costs: 48 bytes in front of each range, none elsewhere, so no insert can fail. A find reads one
 * cache line per level, about log2 n of them, each chosen by a comparison that the processor
 * cannot foresee.
 */

#include "binary.h"
#include "gap.h"

#include "base/print.h"

enum colour { RED, BLACK };

static bool is_red(const struct vas_binary *node)
{
	return node != NULL && vas_binary_tag(node) == RED;
}

static struct vas_binary *sibling(const struct vas_binary *parent, bool left)
{
	return left ? parent->right : parent->left;
}

static void rbtree_insert(struct vas_index *index, struct vas_range *range)
{
	struct vas_binary_index *tree = vas_binary_index(index);
	struct vas_binary *node = vas_binary_link(tree, range); /* red */
	struct vas_binary *parent, *grandparent, *uncle;

	while (is_red(parent = vas_binary_parent(node))) {
		grandparent = vas_binary_parent(parent);
		uncle = sibling(grandparent, parent == grandparent->left);
		if (is_red(uncle)) {
			vas_binary_set_tag(parent, BLACK);
			vas_binary_set_tag(uncle, BLACK);
			vas_binary_set_tag(grandparent, RED);
			node = grandparent;
			continue;
		}
		if ((node == parent->left) != (parent == grandparent->left)) {
			vas_binary_lift(tree, node);
			parent = node;
		}
		vas_binary_lift(tree, parent);
		vas_binary_set_tag(parent, BLACK);
		vas_binary_set_tag(grandparent, RED);
		break;
	}
	vas_binary_set_tag(tree->root, BLACK);
}

/* One step of an erase: the side `left` of `parent` lacks a black node. Returns whether that is
 * mended. */
static bool mend(struct vas_binary_index *tree, struct vas_binary *parent, bool left)
{
	struct vas_binary *other = sibling(parent, left), *near, *far;

	if (is_red(other)) {
		vas_binary_lift(tree, other);
		vas_binary_set_tag(other, BLACK);
		vas_binary_set_tag(parent, RED);
		other = sibling(parent, left);
	}
	near = left ? other->left : other->right;
	far = sibling(other, left);
	if (is_red(far)) {
		vas_binary_lift(tree, other);
		vas_binary_set_tag(other, vas_binary_tag(parent));
		vas_binary_set_tag(parent, BLACK);
		vas_binary_set_tag(far, BLACK);
		return true;
	}
	if (is_red(near)) {
		vas_binary_lift(tree, near);
		vas_binary_lift(tree, near);
		vas_binary_set_tag(near, vas_binary_tag(parent));
		vas_binary_set_tag(parent, BLACK);
		return true;
	}
	vas_binary_set_tag(other, RED);
	return false;
}

static void rbtree_erase(struct vas_index *index, struct vas_range *range)
{
	struct vas_binary_index *tree = vas_binary_index(index);
	struct vas_binary_cut cut = vas_binary_unlink(tree, vas_binary_of(range));
	struct vas_binary *node;

	if (cut.tag == RED)
		return;
	for (;;) {
		if (cut.parent == NULL)
			node = tree->root;
		else
			node = cut.left ? cut.parent->left : cut.parent->right;
		if (is_red(node)) {
			vas_binary_set_tag(node, BLACK);
			return;
		}
		if (cut.parent == NULL || mend(tree, cut.parent, cut.left))
			return;
		node = cut.parent;
		cut.parent = vas_binary_parent(node);
		cut.left = cut.parent != NULL && cut.parent->left == node;
	}
}

/* All black but the lowest level, which need not be full. */
static unsigned int rbtree_shape(const struct vas_binary_shape *shape, unsigned int depth,
				 size_t left, size_t right)
{
	(void)left;
	(void)right;
	return depth == shape->deepest && depth != 0 ? RED : BLACK;
}

static int rbtree_load(struct vas_index *index, struct vas_range *const *ranges, size_t count)
{
	struct vas_binary_shape shape = { .tag = rbtree_shape };

	while (count >> shape.deepest > 1)
		shape.deepest++;
	vas_binary_build(vas_binary_index(index), ranges, count, &shape);
	return 0;
}

/* Returns how many black nodes a way down passes. */
static int rbtree_balance(const struct vas_binary *node, int left, int right,
			  const struct vas_printer *printer)
{
	uint64_t start = vas_binary_range(node)->start;

	if (left != right) {
		vas_index_broken(printer, "INDEX-6",
				 "%d black nodes left and %d right below the range at 0x%llx", left,
				 right, vas_ll(start));
		return -1;
	}
	if (is_red(node) &&
	    (is_red(node->left) || is_red(node->right) || vas_binary_parent(node) == NULL)) {
		vas_index_broken(printer, "INDEX-7",
				 "red node of the range at 0x%llx"
				 " has a red child or no parent",
				 vas_ll(start));
		return -1;
	}
	return left + !is_red(node);
}

static bool rbtree_validate(const struct vas_index *index, const struct vas_printer *printer)
{
	return vas_binary_validate(vas_binary_index(index), rbtree_balance, printer);
}

const struct vas_index_ops vas_rbtree_ops = {
	.name = "rbtree",
	.link_bytes = sizeof(struct vas_binary),
	.size = sizeof(struct vas_binary_index),
	.align = _Alignof(struct vas_binary_index),
	.insert = rbtree_insert,
	.load = rbtree_load,
	.erase = rbtree_erase,
	.resize = vas_binary_resize,
	.find = vas_binary_find,
	.find_ge = vas_binary_find_ge,
	.next = vas_binary_next,
	.prev = vas_binary_prev,
	.first = vas_binary_first,
	.last = vas_binary_last,
	.seek = vas_binary_seek,
	.step = vas_binary_step,
	.gap = vas_gap_search,
	.hole_up = vas_binary_hole_up,
	.hole_down = vas_binary_hole_down,
	.bytes = vas_binary_bytes,
	.validate = rbtree_validate,
	.print = vas_binary_print,
};
