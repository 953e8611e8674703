/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The tree of the design `cells`: a B+-tree over distinct ranges, ordered by first and then by last
 * page, with the largest last page below each child.
 *
 * A node that overflows is split in half; near its ends, into a quarter and the rest; and at either
 * end of the whole tree so that a run of ranges upwards or downwards leaves full nodes behind. Of two neighbours that fit into three
 * quarters of a node one goes, but only when one of them has become small.
 */

#include <string.h>

#include "base/assert.h"
#include "file_cells.h"

struct row {
	uint64_t first, last, who, max;
};

static unsigned int columns(const struct cells_node *node)
{
	return node->level == 0 ? 3 : 4;
}

static size_t bytes_for(unsigned int level, unsigned int capacity)
{
	return sizeof(struct cells_node) + sizeof(uint64_t) * capacity * (level == 0 ? 3 : 4);
}

size_t cells_node_bytes(const struct cells_node *node)
{
	return bytes_for(node->level, node->capacity);
}

static struct cells_node *take_node(struct vas_pool *pool, unsigned int level,
				    unsigned int capacity)
{
	struct cells_node *node = vas_pool_take(pool, bytes_for(level, capacity));

	*node = (struct cells_node){
		.capacity = (uint16_t)capacity,
		.level = (uint16_t)level,
	};
	return node;
}

static void give_node(struct vas_pool *pool, struct cells_node *node)
{
	vas_pool_give(pool, node, cells_node_bytes(node));
}

/* Moves `count` rows from one node to another one. */
static void move_rows(struct cells_node *to, unsigned int at, const struct cells_node *from,
		      unsigned int start, unsigned int count)
{
	for (unsigned int i = 0; i < columns(from); i++)
		memcpy(cells_column_of(to, i) + at, cells_column(from, i) + start,
		       count * sizeof(uint64_t));
}

static void set_row(struct cells_node *node, unsigned int slot, const struct row *row)
{
	cells_column_of(node, CELLS_FIRST)[slot] = row->first;
	cells_column_of(node, CELLS_LAST)[slot] = row->last;
	cells_column_of(node, CELLS_WHO)[slot] = row->who;
	if (node->level > 0)
		cells_column_of(node, CELLS_MAX)[slot] = row->max;
}

/* Often few rows move, for which a call of memmove takes longer than this. */
static void put_row(struct cells_node *node, unsigned int slot, const struct row *row)
{
	for (unsigned int i = 0; i < columns(node); i++) {
		uint64_t *column = cells_column_of(node, i);

		for (unsigned int k = node->count; k > slot; k--)
			column[k] = column[k - 1];
	}
	set_row(node, slot, row);
	node->count++;
}

static void cut_row(struct cells_node *node, unsigned int slot)
{
	node->count--;
	for (unsigned int i = 0; i < columns(node); i++) {
		uint64_t *column = cells_column_of(node, i);

		for (unsigned int k = slot; k < node->count; k++)
			column[k] = column[k + 1];
	}
}

static uint64_t largest_last(const struct cells_node *node)
{
	const uint64_t *lasts = cells_column(node, node->level == 0 ? CELLS_LAST : CELLS_MAX);
	unsigned int slot = node->count - 1u;
	uint64_t max = lasts[slot];

	/* Mostly the last one: a loop that only compares does not wait for what it found. */
	while (slot > 0) {
		while (slot > 0 && lasts[slot - 1] <= max)
			slot--;
		if (slot > 0)
			max = lasts[--slot];
	}
	return max;
}

/* How its parent describes a node. => it has rows. */
static struct row describe(const struct cells_node *node)
{
	return (struct row){
		.first = cells_column(node, CELLS_FIRST)[0],
		.last = cells_column(node, CELLS_LAST)[0],
		.who = (uintptr_t)node,
		.max = largest_last(node),
	};
}

/* The number of rows whose range is not above this one. */
static unsigned int rows_up_to(const struct cells_node *node, uint64_t first, uint64_t last)
{
	const uint64_t *firsts = cells_column(node, CELLS_FIRST);
	const uint64_t *lasts = cells_column(node, CELLS_LAST);
	unsigned int slot = 0, half = node->count / 2u;

	if (firsts[half] < first)
		slot = half;
	while (slot < node->count && firsts[slot] < first)
		slot++;
	while (slot < node->count && firsts[slot] == first && lasts[slot] <= last)
		slot++;
	return slot;
}

/* Is the row at `depth` the first, or one behind the last, of the whole tree's level? */
static bool at_left_end(const struct cells_path *path, unsigned int depth)
{
	for (unsigned int i = 0; i <= depth; i++)
		if (path->steps[i].slot > 0)
			return false;
	return true;
}

static bool at_right_end(const struct cells_path *path, unsigned int depth)
{
	for (unsigned int i = 0; i < depth; i++)
		if (path->steps[i].slot + 1u < path->steps[i].node->count)
			return false;
	return true;
}

/* Is the range of that row before, or the same as, or behind this one? */
static int compare_row(const struct cells_node *leaf, unsigned int slot, uint64_t first,
		       uint64_t last)
{
	uint64_t its_first = cells_column(leaf, CELLS_FIRST)[slot];
	uint64_t its_last = cells_column(leaf, CELLS_LAST)[slot];

	if (its_first != first)
		return its_first < first ? -1 : 1;
	return its_last == last ? 0 : its_last < last ? -1 : 1;
}

/* Does the range stand at this slot of the finger's leaf, or belong there? */
static bool fits_at(struct cells_path *path, unsigned int slot, uint64_t first, uint64_t last)
{
	const struct cells_node *leaf = path->steps[path->depth].node;
	int order = slot < leaf->count ? compare_row(leaf, slot, first, last) : 1;

	if (slot > leaf->count || order < 0)
		return false;
	path->steps[path->depth].slot = slot;
	path->found = order == 0;
	if (order == 0)
		return true;
	if (slot == 0 ? !at_left_end(path, path->depth)
		      : compare_row(leaf, slot - 1, first, last) >= 0)
		return false;
	return slot < leaf->count || at_right_end(path, path->depth);
}

/* Calls come in runs: what is mapped or unmapped next is often the neighbour. */
static bool finger_fits(struct cells_path *path, uint64_t first, uint64_t last)
{
	unsigned int slot;

	if (!path->valid)
		return false;
	slot = path->steps[path->depth].slot;
	return fits_at(path, slot, first, last) || fits_at(path, slot + 1, first, last) ||
	       (slot > 0 && fits_at(path, slot - 1, first, last));
}

struct cells_path *cells_find(const struct cells_map *map, uint64_t first, uint64_t last,
			      struct cells_path *spare)
{
	struct cells_path *path = map->finger != NULL ? map->finger : spare;
	struct cells_node *node = map->root;
	unsigned int depth = 0, slot;

	if (path == map->finger && finger_fits(path, first, last))
		return path;
	for (; node->level > 0; node = cells_child(node, slot)) {
		slot = rows_up_to(node, first, last);
		slot -= slot > 0;
		path->steps[depth].node = node;
		path->steps[depth++].slot = slot;
	}
	slot = rows_up_to(node, first, last);
	path->found = slot > 0 && compare_row(node, slot - 1, first, last) == 0;
	path->steps[depth].node = node;
	path->steps[depth].slot = slot - path->found;
	path->depth = depth;
	path->valid = true;
	return path;
}

uint64_t *cells_group(const struct cells_path *path)
{
	return cells_column_of(path->steps[path->depth].node, CELLS_WHO) +
	       path->steps[path->depth].slot;
}

/* A tree of several nodes has one, if there is memory. */
static void make_finger(struct cells_map *map, struct vas_pool *pool)
{
	if (map->finger != NULL || vas_pool_reserve(pool, sizeof(*map->finger), 1) != 0)
		return;
	map->finger = vas_pool_take(pool, sizeof(*map->finger));
	map->finger->valid = false;
}

static void drop_finger(struct cells_map *map, struct vas_pool *pool)
{
	if (map->finger == NULL)
		return;
	vas_pool_give(pool, map->finger, sizeof(*map->finger));
	map->finger = NULL;
}

/* Puts a row into a full node by splitting it; `row` is what the parent gets then. */
static void split(struct cells_map *map, struct cells_path *path, unsigned int depth,
		  unsigned int slot, struct row *row, struct vas_pool *pool)
{
	struct cells_node *left = path->steps[depth].node;
	struct cells_node *right = take_node(pool, left->level, left->capacity);
	unsigned int keep = left->count / 2u;

	if (slot == left->count && at_right_end(path, depth))
		keep = left->count;
	else if (slot == 0 && at_left_end(path, depth))
		keep = 0;
	else if (slot <= 1)
		keep = left->count / 4u;
	else if (slot + 1u >= left->count)
		keep = left->count * 3u / 4;
	right->count = (uint16_t)(left->count - keep);
	move_rows(right, 0, left, keep, right->count);
	left->count = (uint16_t)keep;
	if (slot < keep || keep == 0)
		put_row(left, slot, row);
	else
		put_row(right, slot - keep, row);
	path->valid = false;
	if (depth == 0) {
		struct row all = describe(left);

		map->root = take_node(pool, left->level + 1u, CELLS_INNER_ROWS);
		put_row(map->root, 0, &all);
		make_finger(map, pool);
	} else {
		cells_column_of(path->steps[depth - 1].node,
				CELLS_MAX)[path->steps[depth - 1].slot] = largest_last(left);
	}
	*row = describe(right);
}

/* A small root gets larger. */
static void grow_root(struct cells_map *map, struct cells_path *path, unsigned int rows,
		      struct vas_pool *pool)
{
	struct cells_node *old = map->root, *node = take_node(pool, 0, rows);

	if (old != NULL) {
		move_rows(node, 0, old, 0, old->count);
		node->count = old->count;
		give_node(pool, old);
	}
	map->root = node;
	path->steps[0].node = node;
}

/* 32, 64, 128, 256, 512 bytes. */
static unsigned int next_rows(unsigned int rows)
{
	return rows < 1 ? 1 : rows < 2 ? 2 : rows < 5 ? 5 : rows < 10 ? 10 : CELLS_LEAF_ROWS;
}

/* Gets what the row to be added may take. */
static bool provide(const struct cells_path *path, struct vas_pool *pool)
{
	unsigned int depth = path->depth + 1, inner = 0;
	bool leaf = path->steps[path->depth].node->count == CELLS_LEAF_ROWS;

	if (!leaf)
		return true;
	while (--depth > 0 && path->steps[depth - 1].node->count == CELLS_INNER_ROWS)
		inner++;
	inner += depth == 0;
	vas_assert(path->depth + 2 < CELLS_LEVELS);
	return vas_pool_reserve(pool, bytes_for(0, CELLS_LEAF_ROWS), 1) == 0 &&
	       (inner == 0 || vas_pool_reserve(pool, bytes_for(1, CELLS_INNER_ROWS), inner) == 0);
}

/* Tells all above the leaf of a range that comes. */
static void announce(struct cells_path *path, uint64_t first, uint64_t last)
{
	for (unsigned int i = 0; i < path->depth; i++) {
		struct cells_node *node = path->steps[i].node;
		unsigned int slot = path->steps[i].slot;
		uint64_t *low = cells_column_of(node, CELLS_FIRST) + slot;
		uint64_t *low_last = cells_column_of(node, CELLS_LAST) + slot;
		uint64_t *max = cells_column_of(node, CELLS_MAX) + slot;

		if (first < *low || (first == *low && last < *low_last)) {
			*low = first;
			*low_last = last;
		}
		if (last > *max)
			*max = last;
	}
}

bool cells_add_row(struct cells_map *map, struct cells_path *path, uint64_t first, uint64_t last,
		   uint64_t group, struct vas_pool *pool)
{
	struct row row = { first, last, group, last };
	unsigned int rows = map->root == NULL ? 0 : map->root->capacity;
	unsigned int depth, slot;

	if (map->root == NULL) {
		path->depth = 0;
		path->steps[0].slot = 0;
	}
	if (map->root == NULL ||
	    (map->root->level == 0 && map->root->count == rows && rows < CELLS_LEAF_ROWS)) {
		if (vas_pool_reserve(pool, bytes_for(0, next_rows(rows)), 1) != 0)
			return false;
		grow_root(map, path, next_rows(rows), pool);
	} else if (!provide(path, pool)) {
		return false;
	}
	announce(path, first, last);
	depth = path->depth;
	slot = path->steps[depth].slot;
	while (path->steps[depth].node->count == path->steps[depth].node->capacity) {
		split(map, path, depth, slot, &row, pool);
		if (depth == 0) {
			put_row(map->root, 1, &row);
			return true;
		}
		slot = path->steps[--depth].slot + 1;
	}
	put_row(path->steps[depth].node, slot, &row);
	return true;
}

/* Puts the largest last pages right, from the parent of `depth` up, after `last` went. */
static void recompute(struct cells_path *path, unsigned int depth, uint64_t last)
{
	while (depth-- > 0) {
		uint64_t *max = cells_column_of(path->steps[depth].node, CELLS_MAX) +
				path->steps[depth].slot;

		if (*max != last)
			return;
		*max = largest_last(path->steps[depth + 1].node);
	}
}

/* Joins the children at `slot` and `slot` + 1 if that leaves room enough. */
static bool join(struct cells_node *parent, unsigned int slot, struct vas_pool *pool)
{
	struct cells_node *left = cells_child(parent, slot);
	struct cells_node *right = cells_child(parent, slot + 1);
	uint64_t *max = cells_column_of(parent, CELLS_MAX);

	if ((left->count + right->count) * 4 > left->capacity * 3)
		return false;
	move_rows(left, left->count, right, 0, right->count);
	left->count = (uint16_t)(left->count + right->count);
	if (max[slot + 1] > max[slot])
		max[slot] = max[slot + 1];
	give_node(pool, right);
	cut_row(parent, slot + 1);
	return true;
}

void cells_drop_row(struct cells_map *map, struct cells_path *path, struct vas_pool *pool)
{
	unsigned int depth = path->depth;
	struct cells_node *node = path->steps[depth].node;
	uint64_t last = cells_column(node, CELLS_LAST)[path->steps[depth].slot];

	cut_row(node, path->steps[depth].slot);
	while (depth > 0 && node->count == 0) {
		path->valid = false;
		give_node(pool, node);
		node = path->steps[--depth].node;
		cut_row(node, path->steps[depth].slot);
	}
	if (node->count > 0)
		recompute(path, depth, last);
	while (depth > 0 && node->count * 4 <= node->capacity) {
		struct cells_node *parent = path->steps[--depth].node;
		unsigned int slot = path->steps[depth].slot;

		if (!(slot > 0 && join(parent, slot - 1, pool)) &&
		    !(slot + 1 < parent->count && join(parent, slot, pool)))
			break;
		path->valid = false;
		node = parent;
	}
	while (map->root->count <= 1 && (map->root->level > 0 || map->root->count == 0)) {
		node = map->root;
		path->valid = false;
		map->root = node->count == 0 ? NULL : cells_child(node, 0);
		give_node(pool, node);
		if (map->root == NULL)
			break;
	}
	if (map->root == NULL || map->root->level == 0)
		drop_finger(map, pool);
}
