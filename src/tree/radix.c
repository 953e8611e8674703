/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "tree/radix.h"

#include "base/assert.h"

#include <string.h>

#define BITS  6
#define SLOTS 64

struct vas_radix_node {
	unsigned used;
	uint64_t slots[SLOTS]; /* values in the lowest nodes, pointers in all others */
};

static unsigned slot_of(uint64_t index, unsigned level)
{
	return (unsigned)(index >> (BITS * (level - 1))) & (SLOTS - 1);
}

/* Does a tree of this height reach the index? */
static bool reaches(unsigned height, uint64_t index)
{
	return height * BITS >= 64 || index >> (height * BITS) == 0;
}

static struct vas_radix_node *node_at(uint64_t slot)
{
	return (struct vas_radix_node *)(uintptr_t)slot;
}

static struct vas_radix_node *new_node(struct vas_radix *radix)
{
	struct vas_radix_node *node = radix->allocator->allocate(
		radix->allocator->context, sizeof(*node), _Alignof(struct vas_radix_node));

	if (node != NULL) {
		memset(node, 0, sizeof(*node));
		radix->nodes++;
	}
	return node;
}

static void free_node(struct vas_radix *radix, struct vas_radix_node *node)
{
	radix->nodes--;
	radix->allocator->release(radix->allocator->context, node, sizeof(*node));
}

uint64_t vas_radix_get(const struct vas_radix *radix, uint64_t index)
{
	const struct vas_radix_node *node = radix->root;

	if (node == NULL || !reaches(radix->height, index))
		return 0;
	for (unsigned level = radix->height; level > 1 && node != NULL; level--)
		node = node_at(node->slots[slot_of(index, level)]);
	return node == NULL ? 0 : node->slots[slot_of(index, 1)];
}

/* Makes the tree high enough: new roots above the old one; an empty tree is so at once. */
static bool raise(struct vas_radix *radix, uint64_t index)
{
	bool empty = radix->root == NULL;

	if (empty)
		radix->root = new_node(radix);
	if (radix->root == NULL)
		return false;
	if (empty)
		radix->height = 1;
	while (!reaches(radix->height, index)) {
		if (!empty) {
			struct vas_radix_node *root = new_node(radix);

			if (root == NULL)
				return false;
			root->slots[0] = (uintptr_t)radix->root;
			root->used = 1;
			radix->root = root;
		}
		radix->height++;
	}
	return true;
}

/* Frees nodes on the way to an index that hold nothing; true when `node` itself is one. */
static bool prune(struct vas_radix *radix, struct vas_radix_node *node, unsigned level,
		  uint64_t index)
{
	uint64_t *slot = &node->slots[slot_of(index, level)];

	if (level > 1 && *slot != 0 && prune(radix, node_at(*slot), level - 1, index)) {
		free_node(radix, node_at(*slot));
		*slot = 0;
		node->used--;
	}
	return node->used == 0;
}

/* Brings the tree down again: empty, or with a root that has only its first slot. */
static void lower(struct vas_radix *radix, uint64_t index)
{
	if (radix->root != NULL && prune(radix, radix->root, radix->height, index)) {
		free_node(radix, radix->root);
		radix->root = NULL;
		radix->height = 0;
	}
	while (radix->height > 1 && radix->root->used == 1 && radix->root->slots[0] != 0) {
		struct vas_radix_node *root = radix->root;

		radix->root = node_at(root->slots[0]);
		radix->height--;
		free_node(radix, root);
	}
}

int vas_radix_set(struct vas_radix *radix, uint64_t index, uint64_t value)
{
	struct vas_radix_node *node;
	uint64_t *slot;

	vas_debug(value != 0);
	if (!raise(radix, index)) {
		lower(radix, index);
		return -VAS_ENOMEM;
	}
	node = radix->root;
	for (unsigned level = radix->height; level > 1; level--) {
		slot = &node->slots[slot_of(index, level)];
		if (*slot == 0) {
			*slot = (uintptr_t)new_node(radix);
			if (*slot == 0) {
				lower(radix, index);
				return -VAS_ENOMEM;
			}
			node->used++;
		}
		node = node_at(*slot);
	}
	slot = &node->slots[slot_of(index, 1)];
	if (*slot == 0) {
		node->used++;
		radix->count++;
	}
	*slot = value;
	return 0;
}

uint64_t vas_radix_erase(struct vas_radix *radix, uint64_t index)
{
	struct vas_radix_node *node = radix->root;
	uint64_t *slot, value;

	if (vas_radix_get(radix, index) == 0)
		return 0;
	for (unsigned level = radix->height; level > 1; level--)
		node = node_at(node->slots[slot_of(index, level)]);
	slot = &node->slots[slot_of(index, 1)];
	value = *slot;
	*slot = 0;
	node->used--;
	radix->count--;
	lower(radix, index);
	return value;
}

/* On failure *index is the first one past the node's part. */
static bool next_in(const struct vas_radix_node *node, unsigned level, uint64_t *index,
		    uint64_t *value)
{
	const unsigned shift = BITS * (level - 1);

	for (unsigned slot = slot_of(*index, level); slot < SLOTS; slot++) {
		uint64_t content = node->slots[slot];

		if (content == 0) {
			*index = ((*index >> shift) + 1) << shift;
		} else if (level == 1) {
			*value = content;
			return true;
		} else if (next_in(node_at(content), level - 1, index, value)) {
			return true;
		}
	}
	return false;
}

bool vas_radix_next(const struct vas_radix *radix, uint64_t *index, uint64_t *value)
{
	if (radix->root == NULL || !reaches(radix->height, *index))
		return false;
	return next_in(radix->root, radix->height, index, value);
}
