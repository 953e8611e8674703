/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_RMAP_FILE_CELLS_H
#define VAS_RMAP_FILE_CELLS_H

/*
 * The parts of the design `cells` (file_cells.c tells what they are for): the tree over distinct
 * ranges (file_cells_tree.c) and the groups of links that hang off it (file_cells_group.c).
 */

#include <vas/file_rmap.h>

/*
 * A range as one word: its first page, and how many follow. Words are in the order of first and
 * then of last pages. What does not fit (a range of a TiB, or behind 256 TiB) stands for all such
 * ranges with the same word, which may reach to the end; whoever looks asks each link.
 */
#define CELLS_MORE_BITS	 28
#define CELLS_MORE_MOST	 ((UINT64_C(1) << CELLS_MORE_BITS) - 1)
#define CELLS_FIRST_MOST (UINT64_MAX >> CELLS_MORE_BITS)

static inline uint64_t cells_key(uint64_t first, uint64_t last)
{
	uint64_t more = last - first;

	if (first >= CELLS_FIRST_MOST)
		return UINT64_MAX;
	return first << CELLS_MORE_BITS | (more < CELLS_MORE_MOST ? more : CELLS_MORE_MOST);
}

/* The key of no range. */
#define CELLS_NO_KEY (UINT64_MAX - 1)

static inline bool cells_exact(uint64_t key)
{
	return (key & CELLS_MORE_MOST) != CELLS_MORE_MOST;
}

static inline uint64_t cells_first(uint64_t key)
{
	return key >> CELLS_MORE_BITS;
}

static inline uint64_t cells_last(uint64_t key)
{
	return cells_exact(key) ? cells_first(key) + (key & CELLS_MORE_MOST) : UINT64_MAX;
}

/* The leaf of the last look-up, what its parent says of it, and the keys that belong there. */
struct cells_finger {
	struct cells_leaf *leaf; /* NULL: not known */
	struct cells_child *child;
	uint64_t low, high; /* both inside; `high` is UINT64_MAX in the last leaf only */
};

struct cells_map {
	struct vas_file_map head;
	struct cells_node *root; /* NULL: no ranges */
	union {
		/* Of a tree with a root: NULL in one of one leaf. */
		struct cells_finger *finger;
		/* Without: the tree went while links waited. These stay so, or a walk that was
		 * interrupted might find them once more in the next one. */
		bool stranded;
	};
	/* All links as long as they are few; and those for which there was no memory when they came.
	 * The newest first. */
	struct cells_link *waiting;
};

/* So many links are not worth a tree. */
#define CELLS_FEW 2

/*
 * `place` says where the link stands: the next older link of its chain, or nothing; the leaf of its
 * group, if it is the oldest of a chain; or an array or chunk and a slot in it. Links lie at
 * multiples of eight bytes, the others of sixty-four, so there is room for a code: one whose low
 * three bits are not 0 is a slot, but for the last one.
 */
struct cells_link {
	struct vas_file_link head;
	uintptr_t place;
};

#define CELLS_CODE  ((uintptr_t)63)
#define CELLS_SLOTS 55
#define CELLS_LEAF  CELLS_CODE

/* A group: its newest chunk; or its array, with a bit set; or its newest link, and in the low bits
 * how long the chain is. */
#define CELLS_LENGTH ((uint64_t)7)
#define CELLS_ARRAY  ((uint64_t)8)
#define CELLS_CHAIN  7

/* Links of one group that stand side by side, in the order of `changed`; slots without a bit in
 * `live` are holes. */
struct cells_pack {
	uint64_t live;
	uint32_t bytes; /* a block of the pool */
	uint16_t capacity;
	bool wide; /* a chunk */
};

/* All of a group of some links. */
struct cells_array {
	struct cells_pack pack;
	struct cells_link *links[];
};

/* Some of a group of many, each with its place beside it. */
struct cells_chunk {
	struct cells_pack pack;
	struct cells_chunk *older, *newer;
	struct vas_file_place slots[];
};

/* In bytes. An array grows until it has all slots that a place can name. */
#define CELLS_ARRAY_LEAST 128
#define CELLS_CHUNK_BYTES 1024

/* What the nodes of the tree have in common. */
struct cells_node {
	struct cells_inner *parent;
	uint8_t count; /* of the rows in use */
	uint8_t level; /* 0: a leaf */
	/* Of a leaf only. */
	uint16_t live;	  /* a bit for each row that is in use */
	uint8_t capacity; /* rows */
	uint8_t hint;	  /* the slot where the next change is looked for first */
	uint8_t top;	  /* that of a row with the largest last page, or CELLS_NO_TOP */
	bool vast;	  /* it has had a key that is not exact */
};

/* The last leaf, about which nobody asks, need not know. */
#define CELLS_NO_TOP 255

/* A range, and its group. */
struct cells_row {
	uint64_t key; /* CELLS_NO_KEY: not in use */
	uint64_t group;
};

/* Rows in no order: none ever moves but to another leaf. */
struct cells_leaf {
	struct cells_node node;
	struct cells_row rows[];
};

/* In bytes. The only leaf of a tree may be smaller. */
#define CELLS_LEAF_BYTES 256
#define CELLS_LEAF_LEAST 64

/* Behind the rows of a full-sized leaf: a byte for each, 0, or one of its key's hash, not 0. */
#define CELLS_TAG_BYTES 16
#define CELLS_LEAF_ROWS                                                                            \
	((CELLS_LEAF_BYTES - sizeof(struct cells_node) - CELLS_TAG_BYTES) /                        \
	 sizeof(struct cells_row))

static inline uint64_t *cells_tags(struct cells_leaf *leaf)
{
	return &leaf->rows[CELLS_LEAF_ROWS].key;
}

/* The lowest key that may be below a child (of the first one 0: whatever is below the node), and
 * the largest last page that is; of the last child of its level UINT64_MAX. */
struct cells_child {
	uint64_t key, max;
	struct cells_node *node;
};

/* Children in order. 1 KiB. */
#define CELLS_STEP     6
#define CELLS_CHILDREN (7 * CELLS_STEP)

struct cells_inner {
	struct cells_node node;
	struct cells_child children[CELLS_CHILDREN];
};

static inline struct cells_leaf *cells_leaf(struct cells_node *node)
{
	return (struct cells_leaf *)node;
}

static inline struct cells_inner *cells_inner(struct cells_node *node)
{
	return (struct cells_inner *)node;
}

/* In a run the links of the next rows are wanted soon; so many rows ahead. */
#define CELLS_AHEAD 3

/* (gcc takes calls of functions that only prefetch for calls that do nothing.) */
__attribute__((always_inline)) static inline void cells_fetch_link(const struct cells_leaf *leaf,
								   unsigned int slot)
{
	if (slot < leaf->node.capacity)
		__builtin_prefetch(
			(const void *)(uintptr_t)(leaf->rows[slot].group & ~CELLS_LENGTH));
}

/* A row of a leaf. */
struct cells_spot {
	struct cells_leaf *leaf;
	struct cells_row *row; /* NULL: there is none with this key */
};

/* The leaf where this key belongs, and its row there, if any. => the map has a root. */
struct cells_spot vas_cells_find(const struct cells_map *map, uint64_t key);
/* The same for the key of a link that is in a chain. */
struct cells_spot vas_cells_home(const struct cells_map *map, const struct cells_link *link,
				 uint64_t key);
/* This leaf has got a row with this group: if it is a chain, its oldest link is told. In a tree of
 * one leaf nobody need be. */
void vas_cells_name_leaf(struct cells_leaf *leaf, uint64_t group);

/* The row of a leaf with this key, or NULL. */
const struct cells_row *vas_cells_row(const struct cells_leaf *leaf, uint64_t key);

/* Adds a key to the leaf (NULL: there is no root) where it was not found. False: no memory. */
bool vas_cells_add_row(struct cells_map *map, struct cells_leaf *leaf, uint64_t key, uint64_t group,
		       struct vas_pool *pool);
/* => the spot was found, and nothing has happened since. */
void vas_cells_drop_row(struct cells_map *map, struct cells_spot spot, struct vas_pool *pool);
/* Changes the key of a row, which stays where it is. False: that cannot be. => as above. */
bool vas_cells_change_row(struct cells_map *map, struct cells_spot spot, uint64_t key);
/* Is there memory for the first leaf of a tree? */
bool vas_cells_room_for_root(struct vas_pool *pool);
/* Bytes of a node, as asked of the pool. */
size_t vas_cells_node_bytes(const struct cells_node *node);

/* A group of one link. */
static inline uint64_t cells_group_new(const struct cells_link *link)
{
	return (uint64_t)(uintptr_t)link | 1;
}

static inline bool cells_group_is_chain(uint64_t group)
{
	return (group & CELLS_LENGTH) != 0;
}

/* => it is a chain. */
static inline struct cells_link *cells_group_link(uint64_t group)
{
	return (struct cells_link *)(uintptr_t)(group & ~CELLS_LENGTH);
}

/* => it is not: its array, or its newest chunk. */
static inline struct cells_pack *cells_group_pack(uint64_t group)
{
	return (struct cells_pack *)(uintptr_t)(group & ~CELLS_ARRAY);
}

static inline struct cells_chunk *cells_chunk(struct cells_pack *pack)
{
	return (struct cells_chunk *)pack;
}

static inline struct cells_array *cells_array(struct cells_pack *pack)
{
	return (struct cells_array *)pack;
}

/* The link in a slot that is in use. */
static inline struct cells_link *cells_link_at(const struct cells_pack *pack, unsigned int slot)
{
	return pack->wide
		       ? (struct cells_link *)((const struct cells_chunk *)pack)->slots[slot].link
		       : ((const struct cells_array *)pack)->links[slot];
}

/* Adds a link, the newest of all, to a group. False: no memory. */
bool vas_cells_group_add(uint64_t *group, struct cells_link *link, struct vas_pool *pool);

static inline bool cells_in_pack(const struct cells_link *link)
{
	return (link->place & CELLS_LENGTH) != 0 && (link->place & CELLS_CODE) != CELLS_LEAF;
}

static inline struct cells_pack *cells_pack_of(const struct cells_link *link)
{
	return (struct cells_pack *)(link->place & ~CELLS_CODE);
}

/* The slot of a link that is in an array or chunk. */
static inline unsigned int cells_slot_of(const struct cells_link *link)
{
	unsigned int code = (unsigned int)(link->place & CELLS_CODE);

	return (code >> 3) * 7 + (code & 7) - 1;
}

/* Takes a link out of its array or chunk. True: vas_cells_group_shrink must be called. */
bool vas_cells_pack_remove(struct cells_link *link, struct vas_pool *pool);
/* What vas_cells_pack_remove left to do in the group of that pack; 0 when none is left. */
void vas_cells_group_shrink(uint64_t *group, struct vas_pool *pool);
/* Takes a link out of a chain. => it is in it, and not alone. */
void vas_cells_chain_remove(uint64_t *group, struct cells_link *link);

size_t vas_cells_bytes(const struct vas_file_map *map);
bool vas_cells_validate(const struct vas_file_map *map, const struct vas_printer *printer);

#endif
