/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The AVL tree: Linux's areas until 2001, here with the largest hole per subtree, which those never
 * had.
 *
 * Adelson-Velsky and Landis 1962: the two subtrees of a node differ in height by one at most, so no
 * path is longer than 1.44 log2 n, against 2 log2 n in a red-black tree. Finds are a little shorter
 * for it; an erase may turn once on every level, where a red-black tree turns three times at most.
 * In 1998 the question was whether that is worth it (LaHaise asked for red-black trees instead);
 * `vas bench index` answers it.
 *
 * Costs: as the red-black tree, 48 bytes in front of each range.
 */

#include "binary.h"
#include "gap.h"

#include "base/print.h"

/* The tag: which subtree is the higher one. */
enum balance { EVEN, LEFT, RIGHT };

static enum balance opposite(enum balance side)
{
	return side == LEFT ? RIGHT : LEFT;
}

static struct vas_binary *child_on(const struct vas_binary *node, enum balance side)
{
	return side == LEFT ? node->left : node->right;
}

/*
 * The inner grandchild on `side` of `node` goes to the top; its own lean tells which of the two
 * lacks a level.
 *
 *	    node             inner
 *	   /    \            /    \
 *	 child   z        child   node
 *	 /  \       ->    /  \    /  \
 *	w  inner         w    x  y    z
 *	    /  \
 *	   x    y
 */
static struct vas_binary *lift_twice(struct vas_binary_index *tree, struct vas_binary *node,
				     struct vas_binary *child, enum balance side)
{
	struct vas_binary *inner = child_on(child, opposite(side));
	enum balance lean = vas_binary_tag(inner);

	vas_binary_lift(tree, inner);
	vas_binary_lift(tree, inner);
	vas_binary_set_tag(node, lean == side ? opposite(side) : EVEN);
	vas_binary_set_tag(child, lean == opposite(side) ? side : EVEN);
	vas_binary_set_tag(inner, EVEN);
	return inner;
}

static void avl_insert(struct vas_index *index, struct vas_range *range)
{
	struct vas_binary_index *tree = vas_binary_index(index);
	struct vas_binary *node = vas_binary_link(tree, range); /* even */
	struct vas_binary *parent;

	for (; (parent = vas_binary_parent(node)) != NULL; node = parent) {
		enum balance side = parent->left == node ? LEFT : RIGHT;

		if (vas_binary_tag(parent) == EVEN) {
			vas_binary_set_tag(parent, side);
			continue;
		}
		if (vas_binary_tag(parent) != side) {
			vas_binary_set_tag(parent, EVEN);
			return;
		}
		if (vas_binary_tag(node) == side) {
			vas_binary_lift(tree, node);
			vas_binary_set_tag(node, EVEN);
			vas_binary_set_tag(parent, EVEN);
		} else {
			lift_twice(tree, parent, node, side);
		}
		return;
	}
}

/*
 * `node` is two levels higher on `side` than on the other. Returns the new top of this subtree, or
 * NULL when its height is what it was before the erase.
 */
static struct vas_binary *mend(struct vas_binary_index *tree, struct vas_binary *node,
			       enum balance side)
{
	struct vas_binary *child = child_on(node, side);
	enum balance lean = vas_binary_tag(child);

	if (lean == opposite(side))
		return lift_twice(tree, node, child, side);
	vas_binary_lift(tree, child);
	if (lean == EVEN) {
		vas_binary_set_tag(child, opposite(side));
		return NULL;
	}
	vas_binary_set_tag(child, EVEN);
	vas_binary_set_tag(node, EVEN);
	return child;
}

static void avl_erase(struct vas_index *index, struct vas_range *range)
{
	struct vas_binary_index *tree = vas_binary_index(index);
	struct vas_binary_cut cut = vas_binary_unlink(tree, vas_binary_of(range));
	struct vas_binary *node = cut.parent;
	enum balance lower = cut.left ? LEFT : RIGHT;

	while (node != NULL) {
		struct vas_binary *parent;

		if (vas_binary_tag(node) == EVEN) {
			vas_binary_set_tag(node, opposite(lower));
			return;
		}
		if (vas_binary_tag(node) == lower) {
			vas_binary_set_tag(node, EVEN);
		} else {
			node = mend(tree, node, opposite(lower));
			if (node == NULL)
				return;
		}
		parent = vas_binary_parent(node);
		lower = parent != NULL && parent->left == node ? LEFT : RIGHT;
		node = parent;
	}
}

/* The left side has as many ranges as the right or one more; it may need one level more. */
static unsigned int avl_shape(const struct vas_binary_shape *shape, unsigned int depth, size_t left,
			      size_t right)
{
	(void)shape;
	(void)depth;
	return left != right && (left & (left - 1)) == 0 ? LEFT : EVEN;
}

static int avl_load(struct vas_index *index, struct vas_range *const *ranges, size_t count)
{
	const struct vas_binary_shape shape = { .tag = avl_shape };

	vas_binary_build(vas_binary_index(index), ranges, count, &shape);
	return 0;
}

/* Returns the height. */
static int avl_balance(const struct vas_binary *node, int left, int right,
		       const struct vas_printer *printer)
{
	enum balance lean = left == right ? EVEN : left > right ? LEFT : RIGHT;

	if (left - right > 1 || right - left > 1 || vas_binary_tag(node) != lean) {
		vas_index_broken(printer, "INDEX-9",
				 "heights %d and %d below the range at 0x%llx, balance %u", left,
				 right, vas_ll(vas_binary_range(node)->start),
				 vas_binary_tag(node));
		return -1;
	}
	return 1 + (left > right ? left : right);
}

static bool avl_validate(const struct vas_index *index, const struct vas_printer *printer)
{
	return vas_binary_validate(vas_binary_index(index), avl_balance, printer);
}

const struct vas_index_ops vas_avl_ops = {
	.name = "avl",
	.link_bytes = sizeof(struct vas_binary),
	.size = sizeof(struct vas_binary_index),
	.align = _Alignof(struct vas_binary_index),
	.insert = avl_insert,
	.load = avl_load,
	.erase = avl_erase,
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
	.validate = avl_validate,
	.print = vas_binary_print,
};
