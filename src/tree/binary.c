/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Binary search trees with the largest hole per subtree, as in "mm: augment vma rbtree with
 * rb_subtree_gap" (Rik van Riel and Michel Lespinasse 2012). What avl.c and rbtree.c share.
 *
 * The figure is about the hole before a range, not after it: then the order in which neighbours are
 * linked does not matter to the direction of a search, and only the space after the last range needs
 * a special case (gap.h).
 *
 *	        [50,60) gap 30                holes: [0,10) 10, [20,50) 30, [60,65) 5
 *	       /              \
 *	[10,20) gap 10     [65,70) gap 5
 *
 * When a range comes, goes or changes its end, two figures of its own can change: its hole and its
 * next neighbour's. Each is carried upwards until an ancestor's maximum does not move.
 */

#include "binary.h"

#include "base/assert.h"

bool vas_binary_update(struct vas_binary *node)
{
	uint64_t gap = vas_binary_hole(node);

	if (node->left != NULL && node->left->gap > gap)
		gap = node->left->gap;
	if (node->right != NULL && node->right->gap > gap)
		gap = node->right->gap;
	if (gap == node->gap)
		return false;
	node->gap = gap;
	return true;
}

void vas_binary_propagate(struct vas_binary *node)
{
	while (node != NULL && vas_binary_update(node))
		node = vas_binary_parent(node);
}

static void list_add(struct vas_binary_index *tree, struct vas_binary *node,
		     struct vas_binary *prev, struct vas_binary *next)
{
	node->prev = prev;
	node->next = next;
	*(prev != NULL ? &prev->next : &tree->first) = node;
	*(next != NULL ? &next->prev : &tree->last) = node;
}

struct vas_binary *vas_binary_link(struct vas_binary_index *tree, struct vas_range *range)
{
	struct vas_binary *node = vas_binary_of(range);
	struct vas_binary *parent = NULL, *prev = NULL, *next = NULL;
	struct vas_binary **link = &tree->root;

	while (*link != NULL) {
		parent = *link;
		if (range->start < vas_binary_range(parent)->start) {
			next = parent;
			link = &parent->left;
		} else {
			prev = parent;
			link = &parent->right;
		}
	}

	vas_assert(prev == NULL || vas_binary_range(prev)->end <= range->start);
	vas_assert(next == NULL || vas_binary_range(next)->start >= range->end);
	list_add(tree, node, prev, next);
	node->left = NULL;
	node->right = NULL;
	node->parent_tag = (uintptr_t)parent;
	node->gap = vas_binary_hole(node);
	*link = node;
	/* The next neighbour is an ancestor; its hole shrank. Then the new hole may raise the
	 * others. */
	vas_binary_propagate(next);
	vas_binary_propagate(parent);
	return node;
}

/* Puts `child`, or nothing, where `node` hangs below `parent`. */
static void replace_child(struct vas_binary_index *tree, struct vas_binary *parent,
			  const struct vas_binary *node, struct vas_binary *child)
{
	if (parent == NULL)
		tree->root = child;
	else if (parent->left == node)
		parent->left = child;
	else
		parent->right = child;
}

/* The case of two children: the successor, which has no left child, moves into the node's place. */
static struct vas_binary_cut unlink_inner(struct vas_binary_index *tree, struct vas_binary *node,
					  struct vas_binary *successor)
{
	struct vas_binary *parent = vas_binary_parent(successor);
	struct vas_binary_cut cut = { .tag = vas_binary_tag(successor) };

	if (parent == node) {
		cut.parent = successor;
	} else {
		cut.parent = parent;
		cut.left = true;
		parent->left = successor->right;
		if (successor->right != NULL)
			vas_binary_set_parent(successor->right, parent);
		successor->right = node->right;
		vas_binary_set_parent(node->right, successor);
	}
	successor->left = node->left;
	vas_binary_set_parent(node->left, successor);
	successor->parent_tag = node->parent_tag;
	replace_child(tree, vas_binary_parent(node), node, successor);

	successor->gap = node->gap;
	for (struct vas_binary *at = cut.parent; at != successor; at = vas_binary_parent(at))
		vas_binary_update(at);
	vas_binary_propagate(successor);
	return cut;
}

struct vas_binary_cut vas_binary_unlink(struct vas_binary_index *tree, struct vas_binary *node)
{
	struct vas_binary *parent = vas_binary_parent(node);
	struct vas_binary *next = node->next;
	struct vas_binary *child = node->left != NULL ? node->left : node->right;
	struct vas_binary_cut cut = { .parent = parent, .tag = vas_binary_tag(node) };

	*(node->prev != NULL ? &node->prev->next : &tree->first) = next;
	*(next != NULL ? &next->prev : &tree->last) = node->prev;

	if (node->left != NULL && node->right != NULL)
		return unlink_inner(tree, node, next);

	cut.left = parent != NULL && parent->left == node;
	replace_child(tree, parent, node, child);
	if (child != NULL)
		vas_binary_set_parent(child, parent);
	vas_binary_propagate(parent);
	vas_binary_propagate(next);
	return cut;
}

void vas_binary_lift(struct vas_binary_index *tree, struct vas_binary *node)
{
	struct vas_binary *parent = vas_binary_parent(node);
	struct vas_binary *top = vas_binary_parent(parent);
	struct vas_binary *middle;

	if (parent->left == node) {
		middle = node->right;
		parent->left = middle;
		node->right = parent;
	} else {
		middle = node->left;
		parent->right = middle;
		node->left = parent;
	}
	if (middle != NULL)
		vas_binary_set_parent(middle, parent);
	replace_child(tree, top, parent, node);
	vas_binary_set_parent(node, top);
	vas_binary_set_parent(parent, node);
	node->gap = parent->gap;
	vas_binary_update(parent);
}

/* Builds the subtree of `count` ranges below `parent`; left is the larger half. */
static struct vas_binary *build(struct vas_range *const *ranges, size_t count,
				struct vas_binary *parent, unsigned int depth,
				const struct vas_binary_shape *shape)
{
	size_t left = count / 2, right = count - 1 - left;
	struct vas_binary *node;

	if (count == 0)
		return NULL;
	node = vas_binary_of(ranges[left]);
	node->parent_tag = (uintptr_t)parent | shape->tag(shape, depth, left, right);
	node->left = build(ranges, left, node, depth + 1, shape);
	node->right = build(ranges + left + 1, right, node, depth + 1, shape);
	node->gap = 0;
	vas_binary_update(node);
	return node;
}

void vas_binary_build(struct vas_binary_index *tree, struct vas_range *const *ranges, size_t count,
		      const struct vas_binary_shape *shape)
{
	struct vas_binary *prev = NULL;

	for (size_t i = 0; i < count; i++) {
		struct vas_binary *node = vas_binary_of(ranges[i]);

		list_add(tree, node, prev, NULL);
		prev = node;
	}
	tree->root = build(ranges, count, NULL, 0, shape);
}

void vas_binary_resize(struct vas_index *index, struct vas_range *range, uint64_t start,
		       uint64_t end)
{
	struct vas_binary *node = vas_binary_of(range);

	(void)index;
	vas_assert(node->prev == NULL || vas_binary_range(node->prev)->end <= start);
	vas_assert(node->next == NULL || vas_binary_range(node->next)->start >= end);
	range->start = start;
	range->end = end;
	vas_binary_propagate(node);
	vas_binary_propagate(node->next);
}
