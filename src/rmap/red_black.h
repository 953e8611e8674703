/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_RMAP_RED_BLACK_H
#define VAS_RMAP_RED_BLACK_H

/*
 * A red-black tree whose nodes keep a figure about their subtree (Bayer 1972; Guibas and Sedgewick
 * 1978): a red node has no red child, and all ways down from a node pass as many black nodes.
 *
 * The user descends and compares by himself, and hands in what is to be done with the figures; all
 * of it is compiled into his own file, so that neither costs a call.
 *
 *	static const struct vas_red_black_figure figure = { update, copy };
 *
 *	vas_red_black_insert(&root, node, parent, place, &figure);
 *	vas_red_black_remove(&root, node, &figure);
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vas_red_black {
	struct vas_red_black *left, *right;
	uintptr_t parent_colour; /* the lowest bit: red */
};

struct vas_red_black_figure {
	/* Recomputes a node's figure from its own part and its children's. Has it changed? */
	bool (*update)(struct vas_red_black *node);
	/* `to` takes over the place, and so the figure, of `from`. */
	void (*copy)(struct vas_red_black *to, const struct vas_red_black *from);
};

#define VAS_RED ((uintptr_t)1)

static inline struct vas_red_black *vas_red_black_parent(const struct vas_red_black *node)
{
	return (struct vas_red_black *)(node->parent_colour & ~VAS_RED);
}

static inline bool vas_red_black_is_red(const struct vas_red_black *node)
{
	return node != NULL && (node->parent_colour & VAS_RED) != 0;
}

static inline void vas_red_black_set_parent(struct vas_red_black *node,
					    const struct vas_red_black *parent)
{
	node->parent_colour = (uintptr_t)parent | (node->parent_colour & VAS_RED);
}

static inline void vas_red_black_paint(struct vas_red_black *node, bool red)
{
	node->parent_colour = (node->parent_colour & ~VAS_RED) | (red ? VAS_RED : 0);
}

static inline struct vas_red_black *vas_red_black_first(struct vas_red_black *node)
{
	while (node != NULL && node->left != NULL)
		node = node->left;
	return node;
}

static inline struct vas_red_black *vas_red_black_next(const struct vas_red_black *node)
{
	struct vas_red_black *parent;

	if (node->right != NULL)
		return vas_red_black_first(node->right);
	while ((parent = vas_red_black_parent(node)) != NULL && parent->right == node)
		node = parent;
	return parent;
}

static inline struct vas_red_black *vas_red_black_prev(const struct vas_red_black *node)
{
	struct vas_red_black *parent = node->left;

	if (parent != NULL) {
		while (parent->right != NULL)
			parent = parent->right;
		return parent;
	}
	while ((parent = vas_red_black_parent(node)) != NULL && parent->left == node)
		node = parent;
	return parent;
}

/* Updates `node` and those above it until a figure stays as it was. NULL is allowed. */
static inline void vas_red_black_propagate(struct vas_red_black *node,
					   const struct vas_red_black_figure *figure)
{
	while (node != NULL && figure->update(node))
		node = vas_red_black_parent(node);
}

/* Puts `child`, which may be NULL, where `node` hangs below `parent`. */
static inline void vas_red_black_replace(struct vas_red_black **root, struct vas_red_black *parent,
					 const struct vas_red_black *node,
					 struct vas_red_black *child)
{
	if (parent == NULL)
		*root = child;
	else if (parent->left == node)
		parent->left = child;
	else
		parent->right = child;
}

/*
 * Lifts `node` above its parent.
 *
 *	    p              n
 *	   / \            / \
 *	  n   c   <-->   a   p
 *	 / \                / \
 *	a   b              b   c
 */
static inline void vas_red_black_lift(struct vas_red_black **root, struct vas_red_black *node,
				      const struct vas_red_black_figure *figure)
{
	struct vas_red_black *parent = vas_red_black_parent(node);
	struct vas_red_black *top = vas_red_black_parent(parent);
	struct vas_red_black *middle;

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
		vas_red_black_set_parent(middle, parent);
	vas_red_black_replace(root, top, parent, node);
	vas_red_black_set_parent(node, top);
	vas_red_black_set_parent(parent, node);
	figure->copy(node, parent);
	figure->update(parent);
}

/* Hangs `node` into `place`, the empty link of `parent` that the user's descent found.
 * => the figures of the node and of all above it are right. */
static inline void vas_red_black_insert(struct vas_red_black **root, struct vas_red_black *node,
					struct vas_red_black *parent, struct vas_red_black **place,
					const struct vas_red_black_figure *figure)
{
	struct vas_red_black *top, *uncle;

	node->left = NULL;
	node->right = NULL;
	node->parent_colour = (uintptr_t)parent | VAS_RED;
	*place = node;
	while (vas_red_black_is_red(parent = vas_red_black_parent(node))) {
		top = vas_red_black_parent(parent);
		uncle = parent == top->left ? top->right : top->left;
		if (vas_red_black_is_red(uncle)) {
			vas_red_black_paint(parent, false);
			vas_red_black_paint(uncle, false);
			vas_red_black_paint(top, true);
			node = top;
			continue;
		}
		if ((node == parent->left) != (parent == top->left)) {
			vas_red_black_lift(root, node, figure);
			parent = node;
		}
		vas_red_black_lift(root, parent, figure);
		vas_red_black_paint(parent, false);
		vas_red_black_paint(top, true);
		break;
	}
	vas_red_black_paint(*root, false);
}

/* One step of a remove: the side `left` of `parent` lacks a black node. Returns whether that is
 * mended. */
static inline bool vas_red_black_mend(struct vas_red_black **root, struct vas_red_black *parent,
				      bool left, const struct vas_red_black_figure *figure)
{
	struct vas_red_black *other = left ? parent->right : parent->left, *near, *far;

	if (vas_red_black_is_red(other)) {
		vas_red_black_lift(root, other, figure);
		vas_red_black_paint(other, false);
		vas_red_black_paint(parent, true);
		other = left ? parent->right : parent->left;
	}
	near = left ? other->left : other->right;
	far = left ? other->right : other->left;
	if (vas_red_black_is_red(far)) {
		vas_red_black_lift(root, other, figure);
		vas_red_black_paint(other, vas_red_black_is_red(parent));
		vas_red_black_paint(parent, false);
		vas_red_black_paint(far, false);
		return true;
	}
	if (vas_red_black_is_red(near)) {
		vas_red_black_lift(root, near, figure);
		vas_red_black_lift(root, near, figure);
		vas_red_black_paint(near, vas_red_black_is_red(parent));
		vas_red_black_paint(parent, false);
		return true;
	}
	vas_red_black_paint(other, true);
	return false;
}

/* Cuts `node` out. Returns the node below which a side may be too low now, and which side; `red`:
 * whether what went missing there was red. */
static inline struct vas_red_black *vas_red_black_cut(struct vas_red_black **root,
						      struct vas_red_black *node, bool *left,
						      bool *red,
						      const struct vas_red_black_figure *figure)
{
	struct vas_red_black *parent = vas_red_black_parent(node), *next, *low;
	struct vas_red_black *child = node->left != NULL ? node->left : node->right;

	if (node->left == NULL || node->right == NULL) {
		*left = parent != NULL && parent->left == node;
		*red = vas_red_black_is_red(node);
		vas_red_black_replace(root, parent, node, child);
		if (child != NULL)
			vas_red_black_set_parent(child, parent);
		vas_red_black_propagate(parent, figure);
		return parent;
	}
	/* The next one, which has no left child, moves into its place. */
	next = vas_red_black_first(node->right);
	low = vas_red_black_parent(next);
	*left = low != node;
	*red = vas_red_black_is_red(next);
	if (low == node) {
		low = next;
	} else {
		low->left = next->right;
		if (next->right != NULL)
			vas_red_black_set_parent(next->right, low);
		next->right = node->right;
		vas_red_black_set_parent(node->right, next);
	}
	next->left = node->left;
	vas_red_black_set_parent(node->left, next);
	next->parent_colour = node->parent_colour;
	vas_red_black_replace(root, parent, node, next);
	figure->copy(next, node);
	for (struct vas_red_black *at = low; at != next; at = vas_red_black_parent(at))
		figure->update(at);
	vas_red_black_propagate(next, figure);
	return low;
}

static inline void vas_red_black_remove(struct vas_red_black **root, struct vas_red_black *node,
					const struct vas_red_black_figure *figure)
{
	bool left, red;
	struct vas_red_black *parent = vas_red_black_cut(root, node, &left, &red, figure);

	if (red)
		return;
	for (;;) {
		if (parent == NULL)
			node = *root;
		else
			node = left ? parent->left : parent->right;
		if (vas_red_black_is_red(node)) {
			vas_red_black_paint(node, false);
			return;
		}
		if (parent == NULL || vas_red_black_mend(root, parent, left, figure))
			return;
		node = parent;
		parent = vas_red_black_parent(node);
		left = parent != NULL && parent->left == node;
	}
}

#endif
