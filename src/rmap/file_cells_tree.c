/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The tree of the design `cells`: a B+-tree over distinct ranges, ordered by first and then by last
 * page, with the largest last page below each child.
 *
 *	- Whoever has a link has its leaf, and nodes name their parents: a removal does not descend.
 *	  Rows move within a node without anybody being told; those that change the node are few, a
 *	  split or a join moves the smaller part.
 *	- The rows of a node may begin anywhere in it, so runs upwards and downwards move none.
 *	- Where the largest last pages rise from row to row, as those of ranges do that do not nest,
 *	  the largest one is the last, and a search need not look at each.
 *
 * A node that overflows is split in half; where one row was added at its end, into a quarter and the
 * rest; and at either end of the whole tree so that a run leaves full nodes behind. A node with few
 * rows left gives them to a neighbour that has room.
 */

#include <string.h>

#include "base/assert.h"
#include "file_cells.h"

/* A node with no more rows looks for a neighbour to join. */
#define FEW 3

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

size_t vas_cells_node_bytes(const struct cells_node *node)
{
	return bytes_for(node->level, node->capacity);
}

static struct cells_node *take_node(struct vas_pool *pool, unsigned int level,
				    unsigned int capacity)
{
	struct cells_node *node = vas_pool_take(pool, bytes_for(level, capacity));

	vas_debug(((uintptr_t)node & CELLS_CODE) == 0);
	*node = (struct cells_node){
		.capacity = (uint8_t)capacity,
		.level = (uint8_t)level,
		.rises = 1,
	};
	return node;
}

static void give_node(struct vas_pool *pool, struct cells_node *node)
{
	vas_pool_give(pool, node, vas_cells_node_bytes(node));
}

static void forget_finger(struct cells_map *map)
{
	if (map->finger != NULL)
		map->finger->leaf = NULL;
}

/* ---- Rows of one node ---- */

/* Tells what hangs off these rows where it hangs. */
static void adopt(struct cells_node *node, unsigned int slot, unsigned int count)
{
	const uint64_t *who = cells_column(node, CELLS_WHO);

	for (unsigned int end = slot + count; slot < end; slot++) {
		if (node->level == 0)
			vas_cells_group_settle(who[slot], node);
		else
			cells_child(node, slot)->parent = node;
	}
}

/* Does the row at `slot` end before the one before it, or behind the next? */
static void look_at_rise(struct cells_node *node, unsigned int slot)
{
	const uint64_t *tops = cells_column(node, cells_tops(node));

	if ((slot > 0 && tops[slot - 1] > tops[slot]) ||
	    (slot + 1u < node->count && tops[slot] > tops[slot + 1]))
		node->rises = 0;
}

/* The largest last page of all rows. => there are some. */
static uint64_t find_max(struct cells_node *node)
{
	const uint64_t *tops = cells_column(node, cells_tops(node));
	unsigned int last = node->count - 1u;
	uint64_t max = tops[0];
	bool rises = true;

	if (node->rises != 0)
		return tops[last];
	for (unsigned int slot = 1; slot <= last; slot++) {
		rises &= tops[slot] >= max;
		max = tops[slot] > max ? tops[slot] : max;
	}
	node->rises = rises;
	return max;
}

/* Moves rows from `slot` up by one place, or down; mostly few, for which a call takes longer. All
 * columns at once, so that the end of one loop is guessed wrong and not of four. */
static void move_up(struct cells_node *node, unsigned int slot, unsigned int count)
{
	uint64_t *first = cells_column_of(node, CELLS_FIRST) + slot;
	uint64_t *last = cells_column_of(node, CELLS_LAST) + slot;
	uint64_t *who = cells_column_of(node, CELLS_WHO) + slot;
	uint64_t *max = node->level == 0 ? who : cells_column_of(node, CELLS_MAX) + slot;

	while (count-- > 0) {
		first[count + 1] = first[count];
		last[count + 1] = last[count];
		max[count + 1] = max[count];
		if (max != who)
			who[count + 1] = who[count];
	}
}

static void move_down(struct cells_node *node, unsigned int slot, unsigned int count)
{
	uint64_t *first = cells_column_of(node, CELLS_FIRST) + slot;
	uint64_t *last = cells_column_of(node, CELLS_LAST) + slot;
	uint64_t *who = cells_column_of(node, CELLS_WHO) + slot;
	uint64_t *max = node->level == 0 ? who : cells_column_of(node, CELLS_MAX) + slot;

	for (unsigned int i = 0; i < count; i++) {
		first[i] = first[i + 1];
		last[i] = last[i + 1];
		max[i] = max[i + 1];
		if (max != who)
			who[i] = who[i + 1];
	}
}

/* Makes room for a row at `slot`, from the nearer side if there is room. => the node is not full. */
static void open_row(struct cells_node *node, unsigned int slot)
{
	bool at_end = node->begin + node->count == node->capacity;

	if (at_end || (node->begin > 0 && slot < node->count / 2u)) {
		node->begin--;
		move_down(node, 0, slot);
	} else {
		move_up(node, slot, node->count - slot);
	}
	node->count++;
}

static void put_row(struct cells_node *node, unsigned int slot, const struct row *row)
{
	open_row(node, slot);
	cells_column_of(node, CELLS_FIRST)[slot] = row->first;
	cells_column_of(node, CELLS_LAST)[slot] = row->last;
	cells_column_of(node, CELLS_WHO)[slot] = row->who;
	if (node->level > 0)
		cells_column_of(node, CELLS_MAX)[slot] = row->max;
	if (node->rises != 0)
		look_at_rise(node, slot);
}

static void cut_row(struct cells_node *node, unsigned int slot)
{
	node->count--;
	if (slot < node->count / 2u) {
		move_up(node, 0, slot);
		node->begin++;
	} else {
		move_down(node, slot, node->count - slot);
	}
}

/* Puts rows of one node before or behind all rows of another one. They go from the first one. */
static void move_rows(struct cells_node *to, bool behind, struct cells_node *from,
		      unsigned int slot, unsigned int count)
{
	unsigned int begin = behind ? 0 : to->capacity - to->count - count;
	bool fits = behind ? to->begin + to->count + count <= to->capacity : to->begin >= count;
	unsigned int at = behind ? to->count : 0;

	for (unsigned int i = 0; i < columns(to); i++) {
		uint64_t *old = cells_column_of(to, (enum cells_column)i);
		uint64_t *column = to->words + (size_t)i * to->capacity + begin;

		if (fits)
			column = behind ? old : old - count;
		else
			memmove(column + (behind ? 0 : count), old, to->count * sizeof(*old));
		memcpy(column + at, cells_column(from, (enum cells_column)i) + slot,
		       count * sizeof(*old));
	}
	if (!fits)
		to->begin = (uint8_t)begin;
	else if (!behind)
		to->begin = (uint8_t)(to->begin - count);
	to->count = (uint8_t)(to->count + count);
	from->count = (uint8_t)(from->count - count);
	if (slot == 0)
		from->begin = (uint8_t)(from->begin + count);
	to->rises = 0;
	adopt(to, at, count);
}

/* ---- Ways up and down ---- */

static unsigned int slot_of(const struct cells_node *parent, const struct cells_node *child)
{
	const uint64_t *who = cells_column(parent, CELLS_WHO);
	unsigned int slot = parent->count - 1u;

	while (who[slot] != (uint64_t)(uintptr_t)child)
		slot--;
	return slot;
}

/* Is the node the first of its level? */
static bool leftmost(const struct cells_node *node)
{
	for (; node->parent != NULL; node = node->parent)
		if (cells_child(node->parent, 0) != node)
			return false;
	return true;
}

static bool rightmost(const struct cells_node *node)
{
	for (; node->parent != NULL; node = node->parent)
		if (cells_child(node->parent, node->parent->count - 1u) != node)
			return false;
	return true;
}

/* The node's largest last page is now this one: tells all above. */
static void tell_max(struct cells_node *node, uint64_t max)
{
	struct cells_node *parent;
	unsigned int slot;
	uint64_t old;

	for (; max != node->max; node = parent) {
		old = node->max;
		node->max = max;
		parent = node->parent;
		if (parent == NULL)
			return;
		slot = slot_of(parent, node);
		cells_column_of(parent, CELLS_MAX)[slot] = max;
		if (parent->rises != 0)
			look_at_rise(parent, slot);
		if (max < parent->max) {
			if (old != parent->max)
				return;
			max = find_max(parent);
		}
	}
}

static bool before(uint64_t first, uint64_t last, uint64_t other, uint64_t other_last)
{
	return first < other || (first == other && last < other_last);
}

static bool has_row(const struct cells_node *leaf, unsigned int slot, uint64_t first, uint64_t last)
{
	return slot < leaf->count && cells_column(leaf, CELLS_FIRST)[slot] == first &&
	       cells_column(leaf, CELLS_LAST)[slot] == last;
}

/* Is the range not behind the row at this slot, but behind the one before it? */
static bool fits(const struct cells_node *leaf, unsigned int slot, uint64_t first, uint64_t last)
{
	const uint64_t *firsts = cells_column(leaf, CELLS_FIRST);
	const uint64_t *lasts = cells_column(leaf, CELLS_LAST);

	return slot <= leaf->count &&
	       (slot == leaf->count || !before(firsts[slot], lasts[slot], first, last)) &&
	       (slot == 0 || before(firsts[slot - 1], lasts[slot - 1], first, last));
}

static unsigned int search(const struct cells_node *leaf, uint64_t first, uint64_t last)
{
	const uint64_t *firsts = cells_column(leaf, CELLS_FIRST);
	const uint64_t *lasts = cells_column(leaf, CELLS_LAST);
	unsigned int slot = cells_below(firsts, leaf->count, first);

	while (slot < leaf->count && firsts[slot] == first && lasts[slot] < last)
		slot++;
	return slot;
}

/* The number of rows before this range. Calls come in runs: it is often near the last one's. */
static unsigned int rows_before(struct cells_node *leaf, uint64_t first, uint64_t last)
{
	unsigned int slot = leaf->hint;

	if (!fits(leaf, slot, first, last) && !fits(leaf, ++slot, first, last))
		slot = search(leaf, first, last);
	leaf->hint = (uint8_t)slot;
	return slot;
}

/* The child below which this range stands, or belongs. */
static unsigned int child_for(const struct cells_node *node, uint64_t first, uint64_t last)
{
	const uint64_t *firsts = cells_column(node, CELLS_FIRST);
	const uint64_t *lasts = cells_column(node, CELLS_LAST);
	unsigned int slot = cells_below(firsts + 1, node->count - 1u, first);

	while (slot + 1u < node->count && firsts[slot + 1] == first && lasts[slot + 1] <= last)
		slot++;
	return slot;
}

/* From the root; says what else belongs there. */
static struct cells_node *descend(const struct cells_map *map, uint64_t first, uint64_t last,
				  struct cells_finger *finger)
{
	struct cells_node *node = map->root;
	unsigned int slot;

	*finger = (struct cells_finger){ .high = UINT64_MAX, .high_last = UINT64_MAX };
	for (; node->level > 0; node = cells_child(node, slot)) {
		const uint64_t *firsts = cells_column(node, CELLS_FIRST);
		const uint64_t *lasts = cells_column(node, CELLS_LAST);

		slot = child_for(node, first, last);
		if (slot > 0) {
			finger->low = firsts[slot];
			finger->low_last = lasts[slot];
		}
		if (slot + 1u < node->count) {
			finger->high = firsts[slot + 1];
			finger->high_last = lasts[slot + 1];
		}
	}
	cells_fetch(node);
	finger->leaf = node;
	return node;
}

void vas_cells_find(const struct cells_map *map, uint64_t first, uint64_t last,
		    struct cells_spot *spot)
{
	struct cells_finger *finger = map->finger, spare;
	struct cells_node *leaf = map->root;

	if (finger != NULL && finger->leaf != NULL &&
	    !before(first, last, finger->low, finger->low_last) &&
	    before(first, last, finger->high, finger->high_last))
		leaf = finger->leaf;
	else if (leaf->level > 0)
		leaf = descend(map, first, last, finger != NULL ? finger : &spare);
	spot->leaf = leaf;
	spot->slot = rows_before(leaf, first, last);
	spot->found = has_row(leaf, spot->slot, first, last);
}

void vas_cells_find_in(struct cells_node *leaf, uint64_t first, uint64_t last,
		       struct cells_spot *spot)
{
	unsigned int slot = leaf->hint;

	/* In a run upwards it stands where the last one stood, in a run downwards before that. */
	if (has_row(leaf, slot, first, last))
		cells_fetch_link(leaf, slot + CELLS_AHEAD);
	else if (slot > 0 && has_row(leaf, --slot, first, last))
		cells_fetch_link(leaf, slot - CELLS_AHEAD);
	else
		slot = search(leaf, first, last);
	leaf->hint = (uint8_t)slot;
	spot->leaf = leaf;
	spot->slot = slot;
	spot->found = true;
	vas_assert(has_row(leaf, slot, first, last));
}

/* A tree of several nodes has one, if there is memory. */
static void make_finger(struct cells_map *map, struct vas_pool *pool)
{
	if (map->finger != NULL || vas_pool_reserve(pool, sizeof(*map->finger), 1) != 0)
		return;
	map->finger = vas_pool_take(pool, sizeof(*map->finger));
	map->finger->leaf = NULL;
}

static void drop_finger(struct cells_map *map, struct vas_pool *pool)
{
	if (map->finger == NULL)
		return;
	vas_pool_give(pool, map->finger, sizeof(*map->finger));
	map->finger = NULL;
}

/* ---- More rows ---- */

/* How its parent describes a node. => it has rows. */
static struct row describe(const struct cells_node *node)
{
	return (struct row){
		.first = cells_column(node, CELLS_FIRST)[0],
		.last = cells_column(node, CELLS_LAST)[0],
		.who = (uintptr_t)node,
		.max = node->max,
	};
}

/* The first child of a node has no lower end of its own. */
static void open_low_end(struct cells_node *node)
{
	if (node->level == 0)
		return;
	cells_column_of(node, CELLS_FIRST)[0] = 0;
	cells_column_of(node, CELLS_LAST)[0] = 0;
}

static void add_root(struct cells_map *map, uint64_t max, struct vas_pool *pool)
{
	struct cells_node *old = map->root;
	struct cells_node *root = take_node(pool, old->level + 1u, CELLS_INNER_ROWS);
	struct row all = describe(old);

	put_row(root, 0, &all);
	open_low_end(root);
	root->max = max;
	old->parent = root;
	map->root = root;
	make_finger(map, pool);
}

/* How many rows a full node keeps left of the one that comes. */
static unsigned int split_at(const struct cells_node *node, unsigned int slot, bool *to_left)
{
	unsigned int count = node->count;

	if (slot <= 1 && leftmost(node)) {
		*to_left = true;
		return slot;
	}
	if (slot + 1u >= count && rightmost(node)) {
		*to_left = false;
		return slot;
	}
	count = slot <= 1 ? count / 4u : slot + 1u >= count ? count * 3u / 4 : count / 2u;
	*to_left = slot < count;
	return count;
}

/*
 * Puts a row into a full node by splitting it: the new node gets the smaller part. `row` is then
 * what the parent gets, at the slot that is returned.
 */
static unsigned int split(struct cells_map *map, struct cells_node *node, unsigned int slot,
			  struct row *row, struct vas_pool *pool)
{
	struct cells_node *new = take_node(pool, node->level, node->capacity), *left, *right,
			  *parent;
	bool to_left, new_left;
	unsigned int keep = split_at(node, slot, &to_left), at;
	struct row low;

	new_left = keep < node->count / 2u;
	if (new_left) {
		new->begin = new->capacity;
		move_rows(new, false, node, 0, keep);
	} else {
		move_rows(new, true, node, keep, node->count - keep);
	}
	left = new_left ? new : node;
	right = new_left ? node : new;
	put_row(to_left ? left : right, to_left ? slot : slot - keep, row);
	adopt(to_left ? left : right, to_left ? slot : slot - keep, 1);
	left->max = find_max(left);
	right->max = find_max(right);
	if (node->parent == NULL)
		add_root(map, left->max > right->max ? left->max : right->max, pool);
	parent = node->parent;
	at = slot_of(parent, node);
	low = describe(right);
	open_low_end(right);
	*row = describe(new);
	cells_column_of(parent, CELLS_MAX)[at] = node->max;
	if (new_left) {
		row->first = cells_column(parent, CELLS_FIRST)[at];
		row->last = cells_column(parent, CELLS_LAST)[at];
		cells_column_of(parent, CELLS_FIRST)[at] = low.first;
		cells_column_of(parent, CELLS_LAST)[at] = low.last;
	} else {
		row->first = low.first;
		row->last = low.last;
	}
	/* Its own largest last page may have gone to the other one. */
	if (parent->rises != 0)
		look_at_rise(parent, at);
	return new_left ? at : at + 1;
}

/* A small root gets larger. */
static void grow_root(struct cells_map *map, unsigned int rows, struct vas_pool *pool)
{
	struct cells_node *old = map->root, *node = take_node(pool, 0, rows);

	if (old != NULL) {
		node->max = old->max;
		move_rows(node, true, old, 0, old->count);
		give_node(pool, old);
	}
	map->root = node;
}

/* 256, 512 bytes. */
static unsigned int next_rows(unsigned int rows)
{
	return rows < 9 ? 9 : CELLS_LEAF_ROWS;
}

bool vas_cells_room_for_root(struct vas_pool *pool)
{
	return vas_pool_reserve(pool, bytes_for(0, next_rows(0)), 1) == 0;
}

/* Gets what the row to be added to this leaf may take. */
static bool provide(const struct cells_node *leaf, struct vas_pool *pool)
{
	const struct cells_node *node = leaf->parent;
	unsigned int inner = 0;

	if (leaf->count < leaf->capacity)
		return true;
	for (; node != NULL && node->count == node->capacity; node = node->parent)
		inner++;
	inner += node == NULL;
	return vas_pool_reserve(pool, bytes_for(0, CELLS_LEAF_ROWS), 1) == 0 &&
	       (inner == 0 || vas_pool_reserve(pool, bytes_for(1, CELLS_INNER_ROWS), inner) == 0);
}

bool vas_cells_add_row(struct cells_map *map, const struct cells_spot *spot, uint64_t first,
		       uint64_t last, uint64_t group, struct vas_pool *pool)
{
	struct row row = { first, last, group, last };
	struct cells_node *node = spot->leaf;
	unsigned int slot = spot->slot, rows = node == NULL ? 0 : node->capacity;
	bool rose;

	if (node == NULL || (node->count == rows && rows < CELLS_LEAF_ROWS)) {
		if (vas_pool_reserve(pool, bytes_for(0, next_rows(rows)), 1) != 0)
			return false;
		grow_root(map, next_rows(rows), pool);
		node = map->root;
	} else if (!provide(node, pool)) {
		return false;
	}
	if (node->count == node->capacity) {
		forget_finger(map);
		tell_max(node, find_max(node));
	}
	if (last > node->max)
		tell_max(node, last);
	for (; node->count == node->capacity; node = node->parent)
		slot = split(map, node, slot, &row, pool);
	rose = node->rises != 0;
	put_row(node, slot, &row);
	adopt(node, slot, 1);
	if (rose && node->rises == 0)
		tell_max(node, find_max(node));
	return true;
}

bool vas_cells_change_row(const struct cells_spot *spot, uint64_t first, uint64_t last)
{
	struct cells_node *leaf = spot->leaf;
	uint64_t *firsts = cells_column_of(leaf, CELLS_FIRST);
	uint64_t *lasts = cells_column_of(leaf, CELLS_LAST);
	unsigned int slot = spot->slot;
	uint64_t old = lasts[slot];
	bool rose = leaf->rises != 0;

	/* At the ends of a leaf it must not leave what belongs there. */
	if (before(first, last, firsts[slot], old)
		    ? (slot > 0 ? !before(firsts[slot - 1], lasts[slot - 1], first, last)
				: !leftmost(leaf))
		    : (slot + 1u < leaf->count
			       ? !before(first, last, firsts[slot + 1], lasts[slot + 1])
			       : !rightmost(leaf)))
		return false;
	firsts[slot] = first;
	lasts[slot] = last;
	if (leaf->rises != 0)
		look_at_rise(leaf, slot);
	if (last > leaf->max)
		tell_max(leaf, last);
	else if (rose || old == leaf->max)
		tell_max(leaf, find_max(leaf));
	return true;
}

/* ---- Fewer rows ---- */

/* Joins the children at `slot` and `slot` + 1 if that leaves room enough: the smaller one goes. */
static bool join(struct cells_node *parent, unsigned int slot, struct vas_pool *pool)
{
	struct cells_node *left = cells_child(parent, slot), *right = cells_child(parent, slot + 1);
	bool from_left = left->count < right->count;
	struct cells_node *to = from_left ? right : left, *from = from_left ? left : right;
	uint64_t *firsts = cells_column_of(parent, CELLS_FIRST);
	uint64_t *lasts = cells_column_of(parent, CELLS_LAST);

	if ((left->count + right->count) * 4 > left->capacity * 3)
		return false;
	tell_max(left, find_max(left));
	tell_max(right, find_max(right));
	if (right->level > 0) {
		cells_column_of(right, CELLS_FIRST)[0] = firsts[slot + 1];
		cells_column_of(right, CELLS_LAST)[0] = lasts[slot + 1];
	}
	move_rows(to, !from_left, from, 0, from->count);
	to->max = find_max(to);
	if (from_left) {
		firsts[slot + 1] = firsts[slot];
		lasts[slot + 1] = lasts[slot];
	}
	cells_column_of(parent, CELLS_MAX)[slot + from_left] = to->max;
	give_node(pool, from);
	cut_row(parent, slot + !from_left);
	return true;
}

/* Takes an empty node away, and all above it that get empty. Returns the lowest that is left, or
 * NULL when none is. */
static struct cells_node *drop_node(struct cells_map *map, struct cells_node *node,
				    struct vas_pool *pool)
{
	while (node->count == 0) {
		struct cells_node *parent = node->parent;

		if (parent == NULL) {
			map->root = NULL;
		} else {
			cut_row(parent, slot_of(parent, node));
			if (parent->count > 0)
				open_low_end(parent);
		}
		give_node(pool, node);
		node = parent;
		if (node == NULL)
			break;
	}
	return node;
}

static void lower_root(struct cells_map *map, struct vas_pool *pool)
{
	while (map->root != NULL && map->root->level > 0 && map->root->count == 1) {
		struct cells_node *old = map->root;

		map->root = cells_child(old, 0);
		map->root->parent = NULL;
		give_node(pool, old);
	}
	if (map->root == NULL || map->root->level == 0)
		drop_finger(map, pool);
}

/*
 * After a row went that ended at `last`: its leaf's largest last page. Where rows rise, a run from
 * the upper end changes it with each row; so those above are told only when half of the reach is
 * gone. A walk may enter such a leaf in vain.
 */
static void lower_max(struct cells_node *leaf, uint64_t last)
{
	uint64_t first, max;

	if (leaf->rises == 0) {
		if (last == leaf->max)
			tell_max(leaf, find_max(leaf));
		return;
	}
	first = cells_column(leaf, CELLS_FIRST)[0];
	max = cells_column(leaf, CELLS_LAST)[leaf->count - 1u];
	if (leaf->max - first > 2 * (max - first))
		tell_max(leaf, max);
}

void vas_cells_drop_row(struct cells_map *map, const struct cells_spot *spot, struct vas_pool *pool)
{
	struct cells_node *node = spot->leaf;
	uint64_t last = cells_column(node, CELLS_LAST)[spot->slot];

	cut_row(node, spot->slot);
	if (node->count > FEW) {
		lower_max(node, last);
		return;
	}
	if (node->count == 0) {
		forget_finger(map);
		node = drop_node(map, node, pool);
	}
	if (node != NULL)
		tell_max(node, find_max(node));
	while (node != NULL && node->count <= FEW && node->parent != NULL) {
		struct cells_node *parent = node->parent;
		unsigned int slot = slot_of(parent, node);

		if (!(slot > 0 && join(parent, slot - 1, pool)) &&
		    !(slot + 1u < parent->count && join(parent, slot, pool)))
			break;
		forget_finger(map);
		node = parent;
	}
	lower_root(map, pool);
}
