/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Everything that only reads a binary tree: finds, neighbours, cursor, holes. See binary.c. */

#include "binary.h"

static uint64_t gap_of(const struct vas_binary *node)
{
	return node != NULL ? node->gap : 0;
}

static struct vas_binary *node_ge(const struct vas_index *index, uint64_t address)
{
	struct vas_binary *node = vas_binary_index(index)->root, *best = NULL;

	while (node != NULL) {
		const struct vas_range *range = vas_binary_range(node);

		if (address >= range->end) {
			node = node->right;
		} else {
			best = node;
			if (address >= range->start)
				break;
			node = node->left;
		}
	}
	return best;
}

struct vas_range *vas_binary_find(const struct vas_index *index, uint64_t address)
{
	struct vas_binary *node = vas_binary_index(index)->root;

	while (node != NULL) {
		struct vas_range *range = vas_binary_range(node);

		if (address < range->start)
			node = node->left;
		else if (address < range->end)
			return range;
		else
			node = node->right;
	}
	return NULL;
}

static struct vas_range *range_or_null(const struct vas_binary *node)
{
	return node != NULL ? vas_binary_range(node) : NULL;
}

struct vas_range *vas_binary_find_ge(const struct vas_index *index, uint64_t address)
{
	return range_or_null(node_ge(index, address));
}

struct vas_range *vas_binary_next(const struct vas_index *index, const struct vas_range *range)
{
	(void)index;
	return range_or_null(vas_binary_of(range)->next);
}

struct vas_range *vas_binary_prev(const struct vas_index *index, const struct vas_range *range)
{
	(void)index;
	return range_or_null(vas_binary_of(range)->prev);
}

struct vas_range *vas_binary_first(const struct vas_index *index)
{
	return range_or_null(vas_binary_index(index)->first);
}

struct vas_range *vas_binary_last(const struct vas_index *index)
{
	return range_or_null(vas_binary_index(index)->last);
}

void vas_binary_seek(struct vas_cursor *cursor, const struct vas_index *index, uint64_t address)
{
	cursor->node = address == 0 ? vas_binary_index(index)->first : node_ge(index, address);
}

struct vas_range *vas_binary_step(struct vas_cursor *cursor)
{
	struct vas_binary *node = cursor->node;

	if (node == NULL)
		return NULL;
	cursor->node = node->next;
	return vas_binary_range(node);
}

static uint64_t hole_start(const struct vas_binary *node)
{
	return node->prev != NULL ? vas_binary_range(node->prev)->end : 0;
}

static bool give_hole(const struct vas_binary *node, struct vas_range *hole)
{
	hole->start = hole_start(node);
	hole->end = vas_binary_range(node)->start;
	return true;
}

/* => some hole of the subtree has at least `length` bytes. */
static const struct vas_binary *lowest_hole(const struct vas_binary *node, uint64_t length)
{
	for (;;) {
		if (gap_of(node->left) >= length)
			node = node->left;
		else if (vas_binary_hole(node) >= length)
			return node;
		else
			node = node->right;
	}
}

static const struct vas_binary *highest_hole(const struct vas_binary *node, uint64_t length)
{
	for (;;) {
		if (gap_of(node->right) >= length)
			node = node->right;
		else if (vas_binary_hole(node) >= length)
			return node;
		else
			node = node->left;
	}
}

/*
 * One descent towards `from`. Where it turns left, the node and its right subtree lie wholly in
 * range; the last such place with a long enough hole is the lowest.
 */
bool vas_binary_hole_up(const struct vas_index *index, uint64_t from, uint64_t length,
			struct vas_range *hole)
{
	const struct vas_binary *node = vas_binary_index(index)->root, *best = NULL;

	while (node != NULL && node->gap >= length) {
		if (vas_binary_range(node)->start <= from) {
			node = node->right;
			continue;
		}
		if (gap_of(node->right) >= length || vas_binary_hole(node) >= length)
			best = node;
		node = node->left;
	}
	if (best == NULL)
		return false;
	if (vas_binary_hole(best) < length)
		best = lowest_hole(best->right, length);
	return give_hole(best, hole);
}

/* The mirror image; a node is in range when its hole starts below `below`. */
bool vas_binary_hole_down(const struct vas_index *index, uint64_t below, uint64_t length,
			  struct vas_range *hole)
{
	const struct vas_binary *node = vas_binary_index(index)->root, *best = NULL;

	while (node != NULL && node->gap >= length) {
		if (hole_start(node) >= below) {
			node = node->left;
			continue;
		}
		if (gap_of(node->left) >= length || vas_binary_hole(node) >= length)
			best = node;
		node = node->right;
	}
	if (best == NULL)
		return false;
	if (vas_binary_hole(best) < length)
		best = highest_hole(best->left, length);
	return give_hole(best, hole);
}

size_t vas_binary_bytes(const struct vas_index *index)
{
	return index->ops->size + index->count * sizeof(struct vas_binary);
}
