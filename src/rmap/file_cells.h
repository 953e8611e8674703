/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_RMAP_FILE_CELLS_H
#define VAS_RMAP_FILE_CELLS_H

/*
 * The parts of the design `cells` (file_cells.c tells what they are for): the tree over distinct
 * ranges (file_cells_tree.c) and the groups of links that hang off it (file_cells_group.c).
 */

#include <vas/file_rmap.h>

/* The leaf of the last change, and the ranges that belong there: not below (low, low_last), and
 * below (high, high_last). */
struct cells_finger {
	struct cells_node *leaf; /* NULL: not known */
	uint64_t low, low_last, high, high_last;
};

struct cells_map {
	struct vas_file_map head;
	struct cells_node *root;     /* NULL: no ranges */
	struct cells_finger *finger; /* NULL: in a tree of one leaf */
	/* All links as long as they are few; and those for which there was no memory when they came.
	 * The newest first. */
	struct cells_link *waiting;
	/* The tree went while links waited: these stay so, or a walk that was interrupted might
	 * find them once more in the next one. */
	bool stranded;
};

/* So many links are not worth a tree. */
#define CELLS_FEW 8

/*
 * `place` says where the link stands: the next older link of its chain; in the oldest one the leaf
 * of its range; or a chunk and a slot in it. Links lie at multiples of eight bytes, leaves and
 * chunks of sixty-four, so there is room for a code: 0 means a link, CELLS_HOME a leaf, and those
 * above it whose low three bits are not 0 a slot.
 */
struct cells_link {
	struct vas_file_link head;
	uintptr_t place;
};

#define CELLS_CODE ((uintptr_t)63)
#define CELLS_HOME ((uintptr_t)1)

/* A group: its newest chunk; or its newest link, and in the low bits how long the chain is. */
#define CELLS_LENGTH ((uint64_t)7)
#define CELLS_CHAIN  7

/* A chunk by itself with so many links left becomes a chain again. */
#define CELLS_UNPACK 3

/* Slots in the order of `changed`; those without a bit in `live` are holes. */
struct cells_chunk {
	struct cells_chunk *older;
	uintptr_t newer; /* a chunk; of the newest one the leaf, and CELLS_HOME */
	uint64_t live;
	uint64_t capacity;
	struct vas_file_place slots[];
};

/* In bytes; each is a block of the pool. */
#define CELLS_CHUNK_LEAST 256
#define CELLS_CHUNK_MOST  1024

/*
 * A node of the tree: columns of `capacity` words each, with `count` rows from `begin` on. In a
 * leaf a row is a range and its group. Above, it is a child, the lowest range that may be below it
 * (of the first child 0, 0: whatever is below the node), and the largest `last` that is.
 */
struct cells_node {
	struct cells_node *parent;
	uint64_t max; /* no row has a larger `last`; all above have the same */
	uint8_t begin, count, capacity;
	uint8_t level; /* 0: a leaf */
	uint8_t rises; /* 1: the largest last pages do not fall from row to row */
	uint8_t hint;  /* in a leaf: the slot of the last change */
	uint64_t words[];
};

enum cells_column { CELLS_FIRST, CELLS_LAST, CELLS_WHO, CELLS_MAX };

/* 512 bytes. A leaf that is the root may be smaller. */
#define CELLS_LEAF_BYTES 512
#define CELLS_LEAF_ROWS	 20
#define CELLS_INNER_ROWS 15

static inline uint64_t *cells_column_of(struct cells_node *node, enum cells_column column)
{
	return node->words + (size_t)column * node->capacity + node->begin;
}

static inline const uint64_t *cells_column(const struct cells_node *node, enum cells_column column)
{
	return node->words + (size_t)column * node->capacity + node->begin;
}

/* The column with the largest last pages. */
static inline enum cells_column cells_tops(const struct cells_node *node)
{
	return node->level == 0 ? CELLS_LAST : CELLS_MAX;
}

static inline struct cells_node *cells_child(const struct cells_node *node, size_t slot)
{
	return (struct cells_node *)(uintptr_t)cells_column(node, CELLS_WHO)[slot];
}

/*
 * How many of these, which do not fall, are below `key`. With branches: pages are often asked for in
 * order, and then the processor guesses them all and need not wait for the words.
 */
static inline unsigned int cells_below(const uint64_t *words, unsigned int count, uint64_t key)
{
	unsigned int below = 0;

	while (below + 4 < count && words[below + 4] < key)
		below += 5;
	while (below < count && words[below] < key)
		below++;
	return below;
}

/* Fetches all of a leaf at once: what is read of it first says where to read on. (gcc takes calls of
 * functions that only prefetch for calls that do nothing.) */
__attribute__((always_inline)) static inline void cells_fetch(const struct cells_node *leaf)
{
	for (size_t at = 0; at < CELLS_LEAF_BYTES; at += 64)
		__builtin_prefetch((const char *)leaf + at);
}

/* In a run the links of the next rows are wanted soon; so many rows ahead. */
#define CELLS_AHEAD 3

__attribute__((always_inline)) static inline void cells_fetch_link(const struct cells_node *leaf,
								   unsigned int slot)
{
	if (slot < leaf->count)
		__builtin_prefetch((const void *)(uintptr_t)(cells_column(leaf, CELLS_WHO)[slot] &
							     ~CELLS_LENGTH));
}

/* A row of a leaf, or where one would stand. */
struct cells_spot {
	struct cells_node *leaf;
	unsigned int slot;
	bool found;
};

/* Looks for exactly this range, from the finger or from the root. => the map has a root. */
void vas_cells_find(const struct cells_map *map, uint64_t first, uint64_t last,
		    struct cells_spot *spot);
/* The same, in its leaf. => it stands there. */
void vas_cells_find_in(struct cells_node *leaf, uint64_t first, uint64_t last,
		       struct cells_spot *spot);

static inline uint64_t *cells_group(const struct cells_spot *spot)
{
	return cells_column_of(spot->leaf, CELLS_WHO) + spot->slot;
}

/* Adds a range where `spot` (leaf NULL: there is no root) did not find it. False: no memory. */
bool vas_cells_add_row(struct cells_map *map, const struct cells_spot *spot, uint64_t first,
		       uint64_t last, uint64_t group, struct vas_pool *pool);
void vas_cells_drop_row(struct cells_map *map, const struct cells_spot *spot,
			struct vas_pool *pool);
/* Changes the range of a row, which stays where it is. False: that cannot be. */
bool vas_cells_change_row(const struct cells_spot *spot, uint64_t first, uint64_t last);
/* Is there memory for the first leaf of a tree? */
bool vas_cells_room_for_root(struct vas_pool *pool);
/* Bytes of a node, as asked of the pool. */
size_t vas_cells_node_bytes(const struct cells_node *node);

/* A group of one link. */
static inline uint64_t cells_group_new(const struct cells_link *link)
{
	return (uint64_t)(uintptr_t)link | 1;
}

static inline struct cells_chunk *cells_group_chunk(uint64_t group)
{
	return (struct cells_chunk *)(uintptr_t)group;
}

static inline struct cells_link *cells_group_link(uint64_t group)
{
	return (struct cells_link *)(uintptr_t)(group & ~CELLS_LENGTH);
}

/* Tells the links of a group their leaf. */
void vas_cells_group_settle(uint64_t group, struct cells_node *leaf);
/* Adds a link, the newest of all, to a group. False: no memory. */
bool vas_cells_group_add(uint64_t *group, struct cells_link *link, struct vas_pool *pool);

static inline bool cells_in_chunk(const struct cells_link *link)
{
	return (link->place & CELLS_LENGTH) != 0 && (link->place & CELLS_CODE) != CELLS_HOME;
}

/* The leaf or chunk that a place names. */
static inline void *cells_named(uintptr_t place)
{
	return (void *)(place & ~CELLS_CODE);
}

/* The slot of a link that is in a chunk. */
static inline unsigned int cells_slot_of(const struct cells_link *link)
{
	unsigned int code = (unsigned int)(link->place & CELLS_CODE);

	return (code >> 3) * 7 + (code & 7) - 2;
}

/* The leaf of a link that is in a chain. */
struct cells_node *vas_cells_home(const struct cells_link *link);
/* Takes a link out of its chunk. NULL: that was all; else the group's leaf, and the group must be
 * changed by vas_cells_group_shrink. */
struct cells_node *vas_cells_chunk_remove(struct cells_link *link, struct vas_pool *pool);
/* Whatever vas_cells_chunk_remove left to do in the group of that chunk; 0 when none is left. */
void vas_cells_group_shrink(uint64_t *group, struct vas_pool *pool);
/* Takes a link out of a chain. => it is in it; 0 when none is left. */
void vas_cells_chain_remove(uint64_t *group, struct cells_link *link);

size_t vas_cells_chunk_bytes(const struct cells_chunk *chunk);

size_t vas_cells_bytes(const struct vas_file_map *map);
bool vas_cells_validate(const struct vas_file_map *map, const struct vas_printer *printer);

#endif
