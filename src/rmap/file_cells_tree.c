/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The tree of the design `cells`: a B+-tree over the keys of distinct ranges, with the largest last
 * page below each child.
 *
 *	inner    key      0             60-              its lowest; children in order
 *	         max      99            *                *: the last one of a level has no bound
 *	                  |             |
 *	leaf     rows  [ 12-30  --  0-9  0-99 ]  ...     in no order; --: free
 *
 * A leaf's rows are in no order: a row comes into any free place, and goes by leaving one, and who
 * asks for a page looks at all fourteen without a branch. One with just this key is found by its
 * tag, a byte of the key's hash: a leaf's tags are compared all at once.
 *
 * Its parent names a leaf, and the oldest link of each chain in it, so that a link that is alone is
 * removed without a descent. Those whose row moves to another leaf are told.
 *
 * What cannot be guessed is computed instead: to look at a few more keys takes less time than one
 * branch that the processor guessed wrong, and it may begin the next change meanwhile.
 *
 * The largest last pages are exact, but for the last child of each level, which may be entered in
 * vain: so ranges that come in ascending order change nothing above their leaf. A leaf knows which
 * row has the largest one, and tells its parent nothing when another row goes.
 *
 * A full leaf is split in two halves; where the new key is above or below all of them, it gets a
 * leaf by itself, so that runs in either direction leave full leaves behind, and move no row. One
 * with few rows left gives them to a neighbour that has room.
 */

#include <string.h>

#include "base/assert.h"
#include "base/bits.h"
#include "file_cells.h"

/* A node with no more rows looks for a neighbour to join. */
#define FEW 3

/* Where the tags of a full-sized leaf stand there is another row in a smaller one's size. */
static size_t leaf_bytes(size_t capacity)
{
	return sizeof(struct cells_node) + capacity * sizeof(struct cells_row) +
	       (capacity == CELLS_LEAF_ROWS ? CELLS_TAG_BYTES : 0);
}

size_t vas_cells_node_bytes(const struct cells_node *node)
{
	return node->level == 0 ? leaf_bytes(node->capacity) : sizeof(struct cells_inner);
}

static struct cells_leaf *take_leaf(struct vas_pool *pool, size_t capacity)
{
	struct cells_leaf *leaf = vas_pool_take(pool, leaf_bytes(capacity));

	leaf->node = (struct cells_node){ .capacity = (uint8_t)capacity };
	return leaf;
}

/* From `count` on no child is in use. */
static void set_children(struct cells_inner *inner, unsigned int count)
{
	inner->node.count = (uint8_t)count;
	for (unsigned int slot = count; slot < CELLS_CHILDREN; slot++)
		inner->children[slot].key = UINT64_MAX;
}

static struct cells_inner *take_inner(struct vas_pool *pool, unsigned int level)
{
	struct cells_inner *inner = vas_pool_take(pool, sizeof(*inner));

	inner->node = (struct cells_node){ .level = (uint8_t)level };
	set_children(inner, 0);
	return inner;
}

static void give_node(struct vas_pool *pool, struct cells_node *node)
{
	vas_pool_give(pool, node, vas_cells_node_bytes(node));
}

/* ---- Look-ups ---- */

/* A byte of a key's hash, not 0. */
static uint64_t tag_of(uint64_t key)
{
	return key * UINT64_C(0x9e3779b97f4a7c15) >> 56 | 1;
}

/* => the leaf has its full size, or nothing is done. */
static void set_tag(struct cells_leaf *leaf, unsigned int slot, uint64_t tag)
{
	uint64_t *word = cells_tags(leaf) + slot / 8;
	unsigned int shift = slot % 8 * 8;

	if (leaf->node.capacity == CELLS_LEAF_ROWS)
		*word = (*word & ~(UINT64_C(255) << shift)) | tag << shift;
}

/* The child below which this key stands, or belongs: first every sixth is looked at, then those
 * behind it. No branches; keys that are not in use are the highest. */
static unsigned int child_for(const struct cells_inner *inner, uint64_t key)
{
	const struct cells_child *child = inner->children;
	unsigned int sixth = 0, slot;

#pragma GCC unroll 6
	for (unsigned int i = CELLS_STEP; i < CELLS_CHILDREN; i += CELLS_STEP)
		sixth += child[i].key <= key;
	slot = sixth * CELLS_STEP;
	child += slot;
#pragma GCC unroll 6
	for (unsigned int i = 1; i < CELLS_STEP; i++)
		slot += child[i].key <= key;
	return slot < inner->node.count ? slot : inner->node.count - 1u;
}

static struct cells_leaf *descend(const struct cells_map *map, uint64_t key)
{
	const struct cells_node *node = map->root;
	uint64_t low = 0, high = UINT64_MAX;
	const struct cells_child *child;

	for (;; node = child->node) {
		const struct cells_inner *inner = (const struct cells_inner *)node;
		unsigned int slot = child_for(inner, key);

		child = &inner->children[slot];
		if (slot > 0)
			low = child->key;
		if (slot + 1u < node->count)
			high = child[1].key - 1;
		if (node->level == 1)
			break;
	}
	*map->finger = (struct cells_finger){
		.leaf = cells_leaf(child->node),
		.child = (struct cells_child *)(uintptr_t)child,
		.low = low,
		.high = high,
	};
	for (size_t at = 0; at < CELLS_LEAF_BYTES; at += 64)
		__builtin_prefetch((const char *)child->node + at);
	return map->finger->leaf;
}

static struct cells_leaf *leaf_for(const struct cells_map *map, uint64_t key)
{
	const struct cells_finger *finger = map->finger;

	if (finger == NULL)
		return cells_leaf(map->root);
	if (finger->leaf != NULL && key >= finger->low && key <= finger->high)
		return finger->leaf;
	return descend(map, key);
}

/* Eight tags at once: a bit for each that equals this one, and perhaps for a few others. */
static uint32_t equal_tags(uint64_t tags, uint64_t tag)
{
	const uint64_t ones = UINT64_MAX / 255;
	uint64_t differ = tags ^ tag * ones;
	uint64_t equal = ((differ - ones) & ~differ & ones << 7) >> 7;

	return (uint32_t)(equal * UINT64_C(0x0102040810204080) >> 56);
}

__attribute__((always_inline)) static inline const struct cells_row *
tagged_row(const struct cells_leaf *leaf, uint64_t key)
{
	const uint64_t *tags = &leaf->rows[CELLS_LEAF_ROWS].key;
	uint32_t equal = equal_tags(tags[0], tag_of(key)) | equal_tags(tags[1], tag_of(key)) << 8;

	/* The last two bytes belong to no row, but may be among the few others. */
	equal &= (UINT32_C(1) << CELLS_LEAF_ROWS) - 1;
	for (; equal != 0; equal &= equal - 1) {
		const struct cells_row *row = leaf->rows + vas_lowest_bit(equal);

		if (row->key == key)
			return row;
	}
	return NULL;
}

static const struct cells_row *small_row(const struct cells_leaf *leaf, uint64_t key)
{
	for (unsigned int slot = 0; slot < leaf->node.capacity; slot++)
		if (leaf->rows[slot].key == key)
			return &leaf->rows[slot];
	return NULL;
}

__attribute__((always_inline)) static inline const struct cells_row *
find_row(const struct cells_leaf *leaf, uint64_t key)
{
	return leaf->node.capacity == CELLS_LEAF_ROWS ? tagged_row(leaf, key)
						      : small_row(leaf, key);
}

const struct cells_row *vas_cells_row(const struct cells_leaf *leaf, uint64_t key)
{
	return find_row(leaf, key);
}

__attribute__((always_inline)) static inline struct cells_row *row_of(struct cells_leaf *leaf,
								      uint64_t key)
{
	struct cells_row *row = leaf->rows + leaf->node.hint;

	/* In a run it stands behind the last one. */
	if (leaf->node.hint < leaf->node.capacity && row->key == key) {
		leaf->node.hint++;
		cells_fetch_link(leaf, leaf->node.hint + CELLS_AHEAD - 1u);
		return row;
	}
	row = (struct cells_row *)(uintptr_t)find_row(leaf, key);
	if (row != NULL)
		leaf->node.hint = (uint8_t)(row - leaf->rows + 1);
	return row;
}

struct cells_spot vas_cells_find(const struct cells_map *map, uint64_t key)
{
	struct cells_leaf *leaf = leaf_for(map, key);

	return (struct cells_spot){ leaf, row_of(leaf, key) };
}

struct cells_spot vas_cells_home(const struct cells_map *map, const struct cells_link *link,
				 uint64_t key)
{
	struct cells_leaf *leaf;

	if (map->root->level == 0 || (link->place & CELLS_CODE) != CELLS_LEAF)
		return vas_cells_find(map, key);
	leaf = (struct cells_leaf *)(link->place & ~CELLS_CODE);
	return (struct cells_spot){ leaf, row_of(leaf, key) };
}

/* How its parent describes a node. => it has one. */
static struct cells_child *child_of(const struct cells_node *node)
{
	struct cells_child *child = node->parent->children;

	while (child->node != node)
		child++;
	return child;
}

/* The same for a leaf, which may be the finger's. => nothing has happened since it was. */
static struct cells_child *child_of_leaf(const struct cells_map *map, const struct cells_leaf *leaf)
{
	return map->finger->leaf == leaf ? map->finger->child : child_of(&leaf->node);
}

/* The slot of a row with the largest last page. => there is one. */
static uint8_t top_of(const struct cells_leaf *leaf)
{
	unsigned int top = vas_lowest_bit(leaf->node.live);
	uint64_t max = 0;

	for (uint32_t live = leaf->node.live; live != 0; live &= live - 1) {
		unsigned int slot = vas_lowest_bit(live);
		uint64_t last = cells_last(leaf->rows[slot].key);

		top = last > max ? slot : top;
		max = last > max ? last : max;
	}
	return (uint8_t)top;
}

static uint64_t largest_in_leaf(struct cells_leaf *leaf)
{
	if (leaf->node.top == CELLS_NO_TOP)
		leaf->node.top = top_of(leaf);
	return cells_last(leaf->rows[leaf->node.top].key);
}

/* The largest last page of a leaf, or what is kept of the children. => it has any. */
static uint64_t largest(struct cells_node *node)
{
	uint64_t max = 0;

	if (node->level == 0)
		return largest_in_leaf(cells_leaf(node));
	for (unsigned int i = 0; i < node->count; i++) {
		uint64_t other = cells_inner(node)->children[i].max;

		max = other > max ? other : max;
	}
	return max;
}

/* A child's largest last page is now this one: tells all above. */
static void tell_max(struct cells_child *child, uint64_t max)
{
	for (;;) {
		struct cells_inner *inner = child->node->parent;
		uint64_t old = child->max;

		child->max = max;
		if (max == old || inner->node.parent == NULL)
			return;
		child = child_of(&inner->node);
		/* Another child reaches as far. */
		if (old < child->max && max <= child->max)
			return;
		if (max < child->max)
			max = largest(&inner->node);
	}
}

/* A row of the finger's leaf ends at `last` now. */
static void raise_max(struct cells_map *map, uint64_t last)
{
	if (map->finger != NULL && map->finger->leaf != NULL && last > map->finger->child->max)
		tell_max(map->finger->child, last);
}

/* Is it the last node of its level? */
static bool is_last(const struct cells_node *node)
{
	for (; node->parent != NULL; node = &node->parent->node)
		if (node->parent->children[node->parent->node.count - 1u].node != node)
			return false;
	return true;
}

/* Another row may have the largest last page now. => there is one. */
static void settle_max(struct cells_map *map, struct cells_leaf *leaf)
{
	leaf->node.top = CELLS_NO_TOP;
	if (!is_last(&leaf->node))
		tell_max(child_of_leaf(map, leaf), largest_in_leaf(leaf));
}

static void forget_finger(struct cells_map *map)
{
	if (map->finger != NULL)
		map->finger->leaf = NULL;
}

/* Those without a bound are the last of each level, wherever the tree ends by now. */
static void open_end(struct cells_map *map)
{
	struct cells_node *node = map->root;

	while (node->level > 0) {
		struct cells_child *last = &cells_inner(node)->children[node->count - 1u];

		last->max = UINT64_MAX;
		node = last->node;
	}
}

/* ---- More rows ---- */

void vas_cells_name_leaf(struct cells_leaf *leaf, uint64_t group)
{
	struct cells_link *link = cells_group_link(group);

	if (leaf->node.parent == NULL || !cells_group_is_chain(group))
		return;
	for (uint64_t left = group & CELLS_LENGTH; left > 1; left--)
		link = (struct cells_link *)link->place;
	link->place = (uintptr_t)leaf | CELLS_LEAF;
}

/* Tells all rows. */
static void name_leaf(struct cells_leaf *leaf)
{
	for (uint32_t live = leaf->node.live; live != 0; live &= live - 1)
		cells_fetch_link(leaf, vas_lowest_bit(live));
	for (uint32_t live = leaf->node.live; live != 0; live &= live - 1)
		vas_cells_name_leaf(leaf, leaf->rows[vas_lowest_bit(live)].group);
}

/* => there is room. */
static void put_row(struct cells_leaf *leaf, uint64_t key, uint64_t group)
{
	unsigned int slot = vas_lowest_bit(~(uint32_t)leaf->node.live), top = leaf->node.top;

	if (top != CELLS_NO_TOP && cells_last(key) > cells_last(leaf->rows[top].key))
		leaf->node.top = (uint8_t)slot;
	leaf->rows[slot] = (struct cells_row){ key, group };
	leaf->node.vast |= !cells_exact(key);
	set_tag(leaf, slot, tag_of(key));
	leaf->node.live = (uint16_t)(leaf->node.live | 1u << slot);
	leaf->node.count++;
	leaf->node.hint = (uint8_t)(slot + 1);
	vas_cells_name_leaf(leaf, group);
}

static void clear_row(struct cells_leaf *leaf, unsigned int slot)
{
	leaf->rows[slot].key = CELLS_NO_KEY;
	set_tag(leaf, slot, 0);
	leaf->node.live = (uint16_t)(leaf->node.live & ~(1u << slot));
	leaf->node.count--;
}

/* The rows up to `count` are in use, and no others. */
static void set_rows(struct cells_leaf *leaf, unsigned int count)
{
	uint64_t tags[2] = { 0, 0 };

	leaf->node.count = (uint8_t)count;
	leaf->node.live = (uint16_t)((1u << count) - 1);
	leaf->node.top = CELLS_NO_TOP;
	for (unsigned int slot = count; slot < leaf->node.capacity; slot++)
		leaf->rows[slot].key = CELLS_NO_KEY;
	if (leaf->node.capacity < CELLS_LEAF_ROWS)
		return;
	for (unsigned int slot = 0; slot < count; slot++)
		tags[slot / 8] |= tag_of(leaf->rows[slot].key) << slot % 8 * 8;
	memcpy(cells_tags(leaf), tags, sizeof(tags));
}

static void put_child(struct cells_inner *inner, unsigned int slot, const struct cells_child *child)
{
	struct cells_child *at = inner->children + slot;

	memmove(at + 1, at, (inner->node.count - slot) * sizeof(*at));
	*at = *child;
	child->node->parent = inner;
	inner->node.count++;
}

/* Moves all children of `from` from `slot` on behind those of `to`. */
static void move_children(struct cells_inner *to, struct cells_inner *from, unsigned int slot)
{
	unsigned int count = from->node.count - slot;
	struct cells_child *at = to->children + to->node.count;

	memcpy(at, from->children + slot, count * sizeof(*at));
	for (unsigned int i = 0; i < count; i++)
		at[i].node->parent = to;
	to->node.count = (uint8_t)(to->node.count + count);
	set_children(from, slot);
}

/* A root above the old one, which is its only child. */
static struct cells_child *add_root(struct cells_map *map, struct vas_pool *pool)
{
	struct cells_node *old = map->root;
	struct cells_inner *root = take_inner(pool, old->level + 1u);

	put_child(root, 0, &(struct cells_child){ 0, UINT64_MAX, old });
	map->root = &root->node;
	return root->children;
}

/* Splits an inner node that is full, where a child is to come in at `slot`. Returns the half where
 * it belongs, and its slot there. */
static struct cells_inner *split_inner(struct cells_map *map, struct cells_inner *inner,
				       unsigned int *slot, struct vas_pool *pool);

/* A new node stands right of this one, whose keys end before `key` now. */
static void add_right(struct cells_map *map, struct cells_child *left, uint64_t key,
		      struct cells_node *right, struct vas_pool *pool)
{
	struct cells_inner *parent = left->node->parent;
	unsigned int slot = (unsigned int)(left - parent->children) + 1;
	bool full = parent->node.count == CELLS_CHILDREN;

	/* Together they reach as far as one did, so nobody above need be told if the parent stays. */
	left->max = largest(left->node);
	if (full)
		parent = split_inner(map, parent, &slot, pool);
	put_child(parent, slot, &(struct cells_child){ key, largest(right), right });
	if (full && parent->node.parent != NULL)
		tell_max(child_of(&parent->node), largest(&parent->node));
}

static struct cells_inner *split_inner(struct cells_map *map, struct cells_inner *inner,
				       unsigned int *slot, struct vas_pool *pool)
{
	struct cells_inner *right = take_inner(pool, inner->node.level);
	unsigned int keep = *slot <= 2		      ? 2
			    : *slot == CELLS_CHILDREN ? CELLS_CHILDREN - 1
						      : CELLS_CHILDREN / 2;
	uint64_t key = inner->children[keep].key;

	move_children(right, inner, keep);
	right->children[0].key = 0;
	add_right(map, inner->node.parent == NULL ? add_root(map, pool) : child_of(&inner->node),
		  key, &right->node, pool);
	if (*slot <= keep)
		return inner;
	*slot -= keep;
	return right;
}

/* A key of a full leaf with about as many below as above. */
static uint64_t middle(const struct cells_leaf *leaf)
{
	unsigned int slot = CELLS_LEAF_ROWS / 2, below;

	for (;; slot = (slot + 1) % CELLS_LEAF_ROWS) {
		below = 0;
		for (unsigned int i = 0; i < CELLS_LEAF_ROWS; i++)
			below += leaf->rows[i].key < leaf->rows[slot].key;
		if (below >= CELLS_LEAF_ROWS / 3 && below <= CELLS_LEAF_ROWS * 2 / 3)
			return leaf->rows[slot].key;
	}
}

/* Moves the rows of a full leaf from this key on to an empty one. */
static void move_rows(struct cells_leaf *right, struct cells_leaf *left, uint64_t at)
{
	uint32_t goes = 0;

	for (unsigned int slot = 0; slot < CELLS_LEAF_ROWS; slot++)
		goes |= (uint32_t)(left->rows[slot].key >= at) << slot;
	for (uint32_t rows = goes; rows != 0; rows &= rows - 1)
		cells_fetch_link(left, vas_lowest_bit(rows));
	for (; goes != 0; goes &= goes - 1) {
		unsigned int slot = vas_lowest_bit(goes);

		put_row(right, left->rows[slot].key, left->rows[slot].group);
		clear_row(left, slot);
	}
	left->node.top = CELLS_NO_TOP;
}

/* Puts a row into a full leaf. */
static void split_leaf(struct cells_map *map, struct cells_leaf *leaf, uint64_t key, uint64_t group,
		       struct vas_pool *pool)
{
	bool first = leaf->node.parent == NULL;
	struct cells_child *child = first ? add_root(map, pool) : child_of_leaf(map, leaf);
	struct cells_leaf *new = take_leaf(pool, CELLS_LEAF_ROWS);
	unsigned int below = 0;
	uint64_t at;

	set_rows(new, 0);
	new->node.parent = leaf->node.parent;
	for (unsigned int i = 0; i < CELLS_LEAF_ROWS; i++)
		below += leaf->rows[i].key < key;
	if (below == 0) {
		put_row(new, key, group);
		child->node = &new->node;
		add_right(map, child, key + 1, &leaf->node, pool);
	} else if (below == CELLS_LEAF_ROWS) {
		put_row(new, key, group);
		add_right(map, child, key, &new->node, pool);
	} else {
		at = middle(leaf);
		move_rows(new, leaf, at);
		put_row(key < at ? leaf : new, key, group);
		add_right(map, child, at, &new->node, pool);
	}
	if (first)
		name_leaf(leaf);
	forget_finger(map);
	open_end(map);
}

/* The only leaf gets larger. */
static struct cells_leaf *grow(struct cells_map *map, size_t bytes, struct vas_pool *pool)
{
	size_t rows = (bytes - sizeof(struct cells_node)) / sizeof(struct cells_row);
	struct cells_leaf *leaf = take_leaf(pool, rows < CELLS_LEAF_ROWS ? rows : CELLS_LEAF_ROWS),
			  *old = cells_leaf(map->root);
	unsigned int count = 0;

	if (old != NULL) {
		count = old->node.count;
		memcpy(leaf->rows, old->rows, count * sizeof(*old->rows));
		leaf->node.vast = old->node.vast;
		give_node(pool, &old->node);
	}
	set_rows(leaf, count);
	map->root = &leaf->node;
	map->finger = NULL;
	return leaf;
}

bool vas_cells_room_for_root(struct vas_pool *pool)
{
	return vas_pool_reserve(pool, CELLS_LEAF_LEAST, 1) == 0;
}

/* Gets what the split of this leaf may take. */
static bool provide(struct cells_map *map, const struct cells_leaf *leaf, struct vas_pool *pool)
{
	const struct cells_inner *inner = leaf->node.parent;
	unsigned int inners = 0;

	for (; inner != NULL && inner->node.count == CELLS_CHILDREN; inner = inner->node.parent)
		inners++;
	inners += inner == NULL;
	if (vas_pool_reserve(pool, CELLS_LEAF_BYTES, 1) != 0 ||
	    (inners > 0 && vas_pool_reserve(pool, sizeof(*inner), inners) != 0))
		return false;
	if (map->finger != NULL)
		return true;
	if (vas_pool_reserve(pool, sizeof(*map->finger), 1) != 0)
		return false;
	map->finger = vas_pool_take(pool, sizeof(*map->finger));
	*map->finger = (struct cells_finger){ .leaf = NULL };
	return true;
}

/* Makes room in a leaf that is full, or in one that is to be the first; the latter may still be
 * full, but there is memory to split it. NULL: there is not. */
static struct cells_leaf *make_room(struct cells_map *map, struct cells_leaf *leaf,
				    struct vas_pool *pool)
{
	size_t bytes = leaf == NULL ? CELLS_LEAF_LEAST
				    : 2 * vas_pool_size(leaf_bytes(leaf->node.capacity));

	if (bytes > CELLS_LEAF_BYTES)
		return provide(map, leaf, pool) ? leaf : NULL;
	return vas_pool_reserve(pool, bytes, 1) == 0 ? grow(map, bytes, pool) : NULL;
}

bool vas_cells_add_row(struct cells_map *map, struct cells_leaf *leaf, uint64_t key, uint64_t group,
		       struct vas_pool *pool)
{
	uint64_t last = cells_last(key);

	if (leaf == NULL || leaf->node.count == leaf->node.capacity)
		leaf = make_room(map, leaf, pool);
	if (leaf == NULL)
		return false;
	raise_max(map, last);
	if (leaf->node.count < leaf->node.capacity)
		put_row(leaf, key, group);
	else
		split_leaf(map, leaf, key, group, pool);
	return true;
}

bool vas_cells_change_row(struct cells_map *map, struct cells_spot spot, uint64_t key)
{
	const struct cells_finger *finger = map->finger;
	unsigned int slot = (unsigned int)(spot.row - spot.leaf->rows);

	if ((finger != NULL && (key < finger->low || key > finger->high)) ||
	    row_of(spot.leaf, key) != NULL)
		return false;
	spot.row->key = key;
	spot.leaf->node.vast |= !cells_exact(key);
	set_tag(spot.leaf, slot, tag_of(key));
	settle_max(map, spot.leaf);
	return true;
}

/* ---- Fewer rows ---- */

/* Takes a child out of its parent, and frees it. */
static void drop_child(struct cells_child *child, struct vas_pool *pool)
{
	struct cells_inner *parent = child->node->parent;

	give_node(pool, child->node);
	memmove(child, child + 1,
		(size_t)(parent->children + parent->node.count - 1 - child) * sizeof(*child));
	parent->node.count--;
	parent->children[parent->node.count].key = UINT64_MAX;
	if (parent->node.count > 0)
		parent->children[0].key = 0;
}

/* Moves all that is right of a key to the left. */
static void move_left(struct cells_child *left, struct cells_child *right)
{
	if (left->node->level > 0) {
		cells_inner(right->node)->children[0].key = right->key;
		move_children(cells_inner(left->node), cells_inner(right->node), 0);
		return;
	}
	for (uint32_t live = right->node->live; live != 0; live &= live - 1) {
		const struct cells_row *row = &cells_leaf(right->node)->rows[vas_lowest_bit(live)];

		put_row(cells_leaf(left->node), row->key, row->group);
	}
}

/* Joins a child with the next one if that leaves room enough. */
static bool join(struct cells_child *left, struct vas_pool *pool)
{
	struct cells_child *right = left + 1;
	unsigned int most = left->node->level == 0 ? CELLS_LEAF_ROWS : CELLS_CHILDREN;

	if ((left->node->count + right->node->count) * 4u > most * 3)
		return false;
	if (left->node->level == 0 && left->node->count < right->node->count) {
		/* In a leaf they have no order: the smaller part moves. */
		struct cells_node *node = left->node;

		left->node = right->node;
		right->node = node;
	}
	move_left(left, right);
	left->max = left->max > right->max ? left->max : right->max;
	drop_child(right, pool);
	return true;
}

/* Joins a node with few rows with one beside it. */
static bool join_beside(struct cells_node *node, struct vas_pool *pool)
{
	struct cells_child *child = child_of(node), *first = node->parent->children;

	return (child > first && join(child - 1, pool)) ||
	       (child + 1 < first + node->parent->node.count && join(child, pool));
}

/* A root with one child is none; without any there is no tree. */
static void lower_root(struct cells_map *map, struct vas_pool *pool)
{
	while (map->root->level > 0 && map->root->count == 1) {
		struct cells_node *old = map->root;

		map->root = cells_inner(old)->children[0].node;
		map->root->parent = NULL;
		give_node(pool, old);
	}
	if (map->root->count == 0) {
		give_node(pool, map->root);
		map->root = NULL;
	}
	if (map->finger != NULL && (map->root == NULL || map->root->level == 0)) {
		vas_pool_give(pool, map->finger, sizeof(*map->finger));
		map->finger = NULL;
	}
}

void vas_cells_drop_row(struct cells_map *map, struct cells_spot spot, struct vas_pool *pool)
{
	struct cells_node *node = &spot.leaf->node, *parent;
	unsigned int slot = (unsigned int)(spot.row - spot.leaf->rows);

	clear_row(spot.leaf, slot);
	if (slot == node->top && node->count > 0)
		settle_max(map, spot.leaf);
	/* With fewer rows it stays, unless a neighbour comes to have few. */
	if (node->count > 0 && (node->count != FEW || node->parent == NULL))
		return;
	for (; node->parent != NULL && node->count <= FEW; node = parent) {
		parent = &node->parent->node;
		if (node->count == 0) {
			drop_child(child_of(node), pool);
			if (parent->count > 0 && parent->parent != NULL)
				tell_max(child_of(parent), largest(parent));
		} else if (!join_beside(node, pool)) {
			break;
		}
	}
	lower_root(map, pool);
	forget_finger(map);
	if (map->root != NULL)
		open_end(map);
}
