/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_RMAP_FILE_CELLS_H
#define VAS_RMAP_FILE_CELLS_H

/*
 * The parts of the design `cells` (file_cells.c tells what they are for): the tree over distinct
 * ranges (file_cells_tree.c) and the groups of links that hang off it (file_cells_group.c).
 */

#include <vas/file_rmap.h>

struct cells_map {
	struct vas_file_map head;
	struct cells_node *root;   /* NULL: no ranges */
	struct cells_path *finger; /* the way to the last change; NULL: in a tree of one leaf */
	/* Links for which there was no memory when they came, the newest first. */
	struct cells_link *waiting;
};

/*
 * `place` says where the link stands in its group: the next older link of a chain, or 0; or a
 * chunk and a slot in it, which CELLS_CODE bits hold. Codes whose low two bits are zero are left
 * out, so that a link's address is never taken for one.
 */
struct cells_link {
	struct vas_file_link head;
	uintptr_t place;
};

#define CELLS_CODE     ((uintptr_t)63)
#define CELLS_IN_CHUNK ((uintptr_t)3)

/* A group: a chain of links (0: the last), or with CELLS_PACKED its newest chunk. */
#define CELLS_PACKED ((uint64_t)1)

/* Chains longer than this are packed; a lone chunk with CELLS_UNPACK links is a chain again. */
#define CELLS_CHAIN  7
#define CELLS_UNPACK 3

/* What a visit reads, one after the other in memory. */
struct cells_slot {
	struct vas_space *space;
	uint64_t start;
	struct cells_link *link;
};

/* Slots in the order of `changed`; those without a bit in `live` are holes. */
struct cells_chunk {
	struct cells_chunk *older, *newer;
	uint64_t live;
	uint64_t newest; /* no link in it has a larger `changed` */
	uint32_t capacity;
	struct cells_slot slots[];
};

/* In bytes; each is a block of the pool. The last one bounds the slots of a chunk. */
#define CELLS_CHUNK_LEAST 256
#define CELLS_CHUNK_MOST  1024
#define CELLS_SLOTS_MOST  48

/*
 * A node of the tree: columns of `capacity` words each. In a leaf a row is a range and its group.
 * Above, it is a child, the lowest range that may be below it, and the largest `last` that is.
 */
struct cells_node {
	uint16_t count, capacity;
	uint16_t level; /* 0: a leaf */
	uint16_t unused;
	uint64_t words[];
};

enum cells_column { CELLS_FIRST, CELLS_LAST, CELLS_WHO, CELLS_MAX };

/* 512 bytes. A leaf that is the root may be smaller. */
#define CELLS_LEAF_ROWS	 21
#define CELLS_INNER_ROWS 15
#define CELLS_LEVELS	 24

static inline const uint64_t *cells_column(const struct cells_node *node, enum cells_column column)
{
	return node->words + (size_t)column * node->capacity;
}

static inline uint64_t *cells_column_of(struct cells_node *node, enum cells_column column)
{
	return node->words + (size_t)column * node->capacity;
}

static inline struct cells_node *cells_child(const struct cells_node *node, size_t slot)
{
	return (struct cells_node *)(uintptr_t)cells_column(node, CELLS_WHO)[slot];
}

/* The way down to a row of a leaf, or to where one would stand. */
struct cells_path {
	struct {
		struct cells_node *node;
		unsigned int slot;
	} steps[CELLS_LEVELS];
	unsigned int depth; /* of the leaf */
	bool found;
	bool valid; /* of the finger: no node came or went since */
};

/* Looks for exactly this range, from the finger or from the root. => the map has a root. Returns
 * the way, which is the finger or `spare`. */
struct cells_path *cells_find(const struct cells_map *map, uint64_t first, uint64_t last,
			      struct cells_path *spare);
/* The group at the end of a path that found one. */
uint64_t *cells_group(const struct cells_path *path);
/* Adds a range where a path (NULL: there is no root) did not find it. False: no memory. */
bool cells_add_row(struct cells_map *map, struct cells_path *path, uint64_t first, uint64_t last,
		   uint64_t group, struct vas_pool *pool);
void cells_drop_row(struct cells_map *map, struct cells_path *path, struct vas_pool *pool);
/* Bytes of a node, as asked of the pool. */
size_t cells_node_bytes(const struct cells_node *node);

/* Adds a link, the newest of all, to a group. False: no memory. */
bool cells_group_add(uint64_t *group, struct cells_link *link, struct vas_pool *pool);

/* The chunk and the slot of a link that is in one. */
static inline struct cells_chunk *cells_chunk_of(const struct cells_link *link)
{
	return (struct cells_chunk *)(link->place & ~CELLS_CODE);
}

static inline unsigned int cells_slot_of(const struct cells_link *link)
{
	unsigned int code = (unsigned int)(link->place & CELLS_CODE);

	return (code >> 2) * 3 + (code & 3) - 1;
}

/* Takes a link out of its chunk. False: that was all, and the group must be changed by
 * cells_group_settle. */
bool cells_chunk_remove(struct cells_link *link, struct vas_pool *pool);
/* Whatever cells_chunk_remove left to do in the group of that chunk; 0 when none is left. */
void cells_group_settle(uint64_t *group, struct vas_pool *pool);
/* Takes a link out of a chain. => it is in it. */
void cells_chain_remove(uint64_t *chain, struct cells_link *link);

size_t cells_chunk_bytes(const struct cells_chunk *chunk);

size_t cells_bytes(const struct vas_file_map *map);
bool cells_validate(const struct vas_file_map *map, const struct vas_printer *printer);

#endif
