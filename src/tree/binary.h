/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_TREE_BINARY_H
#define VAS_TREE_BINARY_H

/*
 * What the two balanced binary trees share: the node, the neighbour list, the largest hole per
 * subtree, and everything that only reads. avl.c and rbtree.c add the rebalancing.
 *
 * A node lies right before its range, so that on 64-bit machines the two fill 64 bytes: a descent
 * reads one cache line per level when the caller aligns the allocation.
 *
 *	| left right parent|tag prev next gap | start end | the caller's own ...
 *	  <------- struct vas_binary -------->  <- range ->
 */

#include "design.h"

struct vas_binary {
	struct vas_binary *left, *right;
	uintptr_t parent_tag;		/* the parent, and in the low two bits colour or balance */
	struct vas_binary *prev, *next; /* neighbours in address order */
	uint64_t gap;			/* the largest hole right before any range of the subtree */
};

#define VAS_BINARY_TAG ((uintptr_t)3)

struct vas_binary_index {
	struct vas_index head;
	struct vas_binary *root, *first, *last;
};

static inline struct vas_binary_index *vas_binary_index(const struct vas_index *index)
{
	return (struct vas_binary_index *)(uintptr_t)index;
}

static inline struct vas_binary *vas_binary_of(const struct vas_range *range)
{
	return (struct vas_binary *)(uintptr_t)range - 1;
}

static inline struct vas_range *vas_binary_range(const struct vas_binary *node)
{
	return (struct vas_range *)(uintptr_t)(node + 1);
}

static inline struct vas_binary *vas_binary_parent(const struct vas_binary *node)
{
	return (struct vas_binary *)(node->parent_tag & ~VAS_BINARY_TAG);
}

static inline unsigned int vas_binary_tag(const struct vas_binary *node)
{
	return (unsigned int)(node->parent_tag & VAS_BINARY_TAG);
}

static inline void vas_binary_set_parent(struct vas_binary *node, struct vas_binary *parent)
{
	node->parent_tag = (uintptr_t)parent | (node->parent_tag & VAS_BINARY_TAG);
}

static inline void vas_binary_set_tag(struct vas_binary *node, unsigned int tag)
{
	node->parent_tag = (node->parent_tag & ~VAS_BINARY_TAG) | tag;
}

/* The hole right before the node's own range. */
static inline uint64_t vas_binary_hole(const struct vas_binary *node)
{
	return vas_binary_range(node)->start -
	       (node->prev != NULL ? vas_binary_range(node->prev)->end : 0);
}

/* Recomputes node->gap from its own hole and its children. Returns whether it changed. */
bool vas_binary_update(struct vas_binary *node);

/* Updates `node` and its ancestors until a figure does not change. NULL is allowed. */
void vas_binary_propagate(struct vas_binary *node);

/*
 * Links `range` as a leaf with tag 0, into the list too, and puts all gaps right. The caller
 * rebalances from the node that is returned.
 */
struct vas_binary *vas_binary_link(struct vas_binary_index *tree, struct vas_range *range);

/*
 * Takes `node` out of tree and list, and puts all gaps right. A node with two children is replaced
 * by its successor, which takes over its tag. On return `parent` is the node below which a side
 * became lower (NULL: the root), `left` which side, and `tag` the tag of the node that went missing
 * there.
 */
struct vas_binary_cut {
	struct vas_binary *parent;
	bool left;
	unsigned int tag;
};

struct vas_binary_cut vas_binary_unlink(struct vas_binary_index *tree, struct vas_binary *node);

/*
 * Lifts `node` above its parent; order and gaps stay right, tags are left alone.
 *
 *	    p              n
 *	   / \            / \
 *	  n   c   <-->   a   p
 *	 / \                / \
 *	a   b              b   c
 */
void vas_binary_lift(struct vas_binary_index *tree, struct vas_binary *node);

/* What tag a node of a freshly built tree gets: its depth (0: the root) and the ranges on each
 * side. */
struct vas_binary_shape {
	unsigned int (*tag)(const struct vas_binary_shape *shape, unsigned int depth, size_t left,
			    size_t right);
	unsigned int deepest; /* the depth of the lowest level */
};

/* Fills an empty tree: every level but the lowest is full. */
void vas_binary_build(struct vas_binary_index *tree, struct vas_range *const *ranges, size_t count,
		      const struct vas_binary_shape *shape);

/* The functions of the table that both designs use. */
void vas_binary_resize(struct vas_index *index, struct vas_range *range, uint64_t start,
		       uint64_t end);
struct vas_range *vas_binary_find(const struct vas_index *index, uint64_t address);
struct vas_range *vas_binary_find_ge(const struct vas_index *index, uint64_t address);
struct vas_range *vas_binary_next(const struct vas_index *index, const struct vas_range *range);
struct vas_range *vas_binary_prev(const struct vas_index *index, const struct vas_range *range);
struct vas_range *vas_binary_first(const struct vas_index *index);
struct vas_range *vas_binary_last(const struct vas_index *index);
void vas_binary_seek(struct vas_cursor *cursor, const struct vas_index *index, uint64_t address);
struct vas_range *vas_binary_step(struct vas_cursor *cursor);
bool vas_binary_hole_up(const struct vas_index *index, uint64_t from, uint64_t length,
			struct vas_range *hole);
bool vas_binary_hole_down(const struct vas_index *index, uint64_t below, uint64_t length,
			  struct vas_range *hole);
size_t vas_binary_bytes(const struct vas_index *index);
void vas_binary_print(const struct vas_index *index, const struct vas_printer *printer);

/*
 * Checks order, list, parents and gaps (INDEX-1 to INDEX-4). `balance` judges each node's tag when
 * both its subtrees are done: it gets their heights as it returned them before (0 for none) and
 * returns the node's own, or -1 after it printed what is broken.
 */
typedef int vas_binary_balance_fn(const struct vas_binary *node, int left, int right,
				  const struct vas_printer *printer);
bool vas_binary_validate(const struct vas_binary_index *tree, vas_binary_balance_fn *balance,
			 const struct vas_printer *printer);

#endif
