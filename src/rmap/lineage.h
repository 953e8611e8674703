/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_RMAP_LINEAGE_H
#define VAS_SRC_RMAP_LINEAGE_H

/* The records of lineage, for its own files; lineage.c tells what they are for. */

#include <vas/anon_rmap.h>

#include "base/lock.h"
#include "record_store.h"
#include "red_black.h"

/*
 * What pages are bound to. Most labels do not count their pages; one that does (lineage.c tells
 * which) has LINEAGE_COUNTED set in `family`. A family's first label stands for the family too: it
 * holds its lock, and is its own family. Labels are never given back to the allocator while the
 * instance lives, nor does one that counts become one that does not.
 */
struct lineage_label {
	struct vas_record list;	   /* the next label of the same node, or of the dead ones */
	struct lineage_node *node; /* NULL: it is dead, no entry maps a page of it */
	uintptr_t family;	   /* constant while it lives */
	union {
		size_t pages; /* bound to it, and slots; changed by atomic operations */
		struct {
			struct vas_mutex lock; /* of the whole family's tree */
			uint32_t spaces;
		} own; /* of a family */
	} as;
};

#define LINEAGE_COUNTED ((uintptr_t)1)

/* Numbers [first, last]: no page from above the node that was made at `time` or before is at its
 * natural place in a space below it any more, nor in a part that moved later than that. */
struct lineage_gone {
	uint32_t count, room;
	struct {
		uint64_t first;
		uint64_t last : 46, time : 18;
	} ranges[];
};

/*
 * A node of the fork tree: a live space, or what two or more of them have come from. A root has the
 * other roots for siblings, but no parent; these links of its own are under lineage.lock.
 */
struct lineage_node {
	struct lineage_node *parent, *next, *prev;
	union {
		struct {
			struct lineage_node *first, *last; /* in the order of their making */
		};
		struct { /* of a leaf */
			/* For births: its own or its parent's; NULL: none since the last fork. */
			struct lineage_label *current;
			struct lineage_label *family; /* NULL: no page yet */
		};
	};
	struct lineage_label *labels;
	struct lineage_gone *gone; /* NULL: nothing */
	struct vas_space *space;   /* NULL: an inner node, the only kind that has children */
};

/*
 * A part of a space whose pages have other indexes than their addresses, since mremap moved it.
 * What it holds came with it (it was made at an earlier time, and its index is one of the first
 * `home` ones), or was made in it, and has just its time (lineage.c).
 */
struct lineage_moved {
	union {
		struct vas_red_black by_index; /* lineage_space.moved; must be first */
		struct lineage_moved *spare;
	};
	struct vas_red_black by_page; /* lineage_space.places */
	uint64_t first, last;	      /* indexes */
	uint64_t most;		      /* the greatest `last` below by_index */
	uint64_t displacement;	      /* index minus virtual page number, modulo 2^64 */
	uint64_t home : 45;
	uint64_t cut : 1; /* what was above it lives elsewhere: it must not grow */
	uint64_t time : 18;
};

/* What the listener keeps in a space. */
struct lineage_space {
	struct lineage_node node;     /* must be first */
	struct vas_red_black *moved;  /* its moved parts, by index */
	struct vas_red_black *places; /* and by virtual page number */
	struct lineage_moved *spares;
	union {
		struct lineage_space *child; /* of the fork that is under way */
		/* Of mremap: where the last VAS_OP_MAP ended; then, where what moved was. */
		uint64_t edge;
	};
	/* Changed with the family's lock and the space's, so that either is enough to look. */
	uint32_t clock;	    /* even; what is made where a moved part has the index has this time */
	uint32_t came_home; /* the time when a moved part last did */
	/* The space's. */
	uint32_t spare_count;
	uint32_t promised : 27;
	uint32_t forked : 1;
	uint32_t eldest : 1;	  /* when it was made, its parent had not forked before */
	uint32_t calling : 1;	  /* inside a call: not exit, not exec */
	uint32_t renumbering : 1; /* what moves gets the indexes of its new place */
	uint32_t carried : 1;	  /* it has kept them */
};

struct lineage {
	const struct vas_allocator *allocator;
	struct vas_anon_rmap_host host;
	struct vas_mutex lock;			 /* of all below; the lowest */
	struct vas_record_store labels, counted; /* of both kinds */
	struct vas_record *dead;    /* labels that count, without node, but not without pages */
	struct lineage_node forest; /* its children are the roots of all families */
	/* Changed by atomic operations; the second line: ever. */
	size_t spaces, inner_nodes, moved_parts, spare_parts, gone_bytes;
	size_t splits, siblings, collapses, displaced, renumbered;
};

/* A page's index: the number, and above it the time. */
#define LINEAGE_TIME_SHIFT 46
#define LINEAGE_NUMBERS	   (UINT64_C(1) << LINEAGE_TIME_SHIFT)
#define LINEAGE_LAST_TIME  ((UINT32_C(1) << (64 - LINEAGE_TIME_SHIFT)) - 1)

#define LINEAGE_NEVER UINT32_MAX

static inline uint64_t lineage_number(uint64_t index)
{
	return index & (LINEAGE_NUMBERS - 1);
}

static inline uint32_t lineage_time(uint64_t index)
{
	return (uint32_t)(index >> LINEAGE_TIME_SHIFT);
}

extern const struct vas_listener vas_lineage_listener;

static inline struct lineage_space *lineage_space_of(const struct vas_space *space)
{
	return vas_space_data(space, &vas_lineage_listener);
}

static inline struct lineage_space *lineage_space_at(struct lineage_node *leaf)
{
	return (struct lineage_space *)(void *)leaf;
}

static inline struct lineage_label *lineage_family_of(const struct lineage_label *label)
{
	uintptr_t family = __atomic_load_n(&label->family, __ATOMIC_ACQUIRE);

	return (struct lineage_label *)(family & ~LINEAGE_COUNTED);
}

static inline bool lineage_counts(const struct lineage_label *label)
{
	return (__atomic_load_n(&label->family, __ATOMIC_RELAXED) & LINEAGE_COUNTED) != 0;
}

/* What a page or slot names: a label, with LINEAGE_COUNTED if it counts; so others need not be looked
 * at when a page goes. */
static inline void *lineage_owner(struct lineage_label *label)
{
	return (char *)label +
	       (__atomic_load_n(&label->family, __ATOMIC_RELAXED) & LINEAGE_COUNTED);
}

static inline struct lineage_label *lineage_label_of(void *owner)
{
	return (struct lineage_label *)((uintptr_t)owner & ~LINEAGE_COUNTED);
}

/* One page or slot more, or less, is bound to it. */
static inline void lineage_hold(void *owner)
{
	if (((uintptr_t)owner & LINEAGE_COUNTED) != 0)
		__atomic_fetch_add(&lineage_label_of(owner)->as.pages, 1, __ATOMIC_RELAXED);
}

static inline void lineage_drop(void *owner)
{
	if (((uintptr_t)owner & LINEAGE_COUNTED) != 0)
		__atomic_fetch_sub(&lineage_label_of(owner)->as.pages, 1, __ATOMIC_RELEASE);
}

static inline void lineage_set_spaces(struct lineage_label *family, uint32_t spaces)
{
	__atomic_store_n(&family->as.own.spaces, spaces, __ATOMIC_RELAXED);
}

/* Does the space share its ancestry with others? => the space's lock, alone: no answer of "no"
 * turns into "yes" meanwhile. */
static inline bool lineage_has_relatives(const struct lineage_space *mine)
{
	const struct lineage_label *family = mine->node.family;

	return family != NULL && __atomic_load_n(&family->as.own.spaces, __ATOMIC_RELAXED) > 1;
}

/* The family's tree may be read and changed. A space that has no family yet has no walkers. */
static inline void lineage_lock(struct lineage_label *family)
{
	if (family != NULL)
		vas_mutex_lock(&family->as.own.lock, VAS_RANK_RMAP);
}

static inline void lineage_unlock(struct lineage_label *family)
{
	if (family != NULL)
		vas_mutex_unlock(&family->as.own.lock, VAS_RANK_RMAP);
}

/* Is what a part took along when it moved at this time at no other place in the space? */
static inline bool lineage_alone(const struct lineage_space *mine, uint32_t time)
{
	return time > mine->came_home && time < LINEAGE_LAST_TIME;
}

/* lineage_tree.c: families, nodes and labels. */

/* A child begins. -VAS_ENOMEM */
int vas_lineage_tree_fork(struct lineage *lineage, struct lineage_space *parent,
			  struct lineage_space *child);
/* The space has no area any more: it leaves its family, if it has one. */
void vas_lineage_tree_leave(struct lineage *lineage, struct lineage_space *mine);
/* Gives the space a label for births. -VAS_ENOMEM. => the space's lock, shared at least */
int vas_lineage_tree_prepare(struct lineage *lineage, struct lineage_space *mine);
/* Gives back dead labels that no page names any more, and the rest a look. => lineage.lock */
void vas_lineage_tree_bury(struct lineage *lineage, size_t most);

/* lineage_gone.c: what a space has unmapped since it was forked. => the family's lock; changes:
 * the space's too. */

/* The time of the range that has a page of this index, or LINEAGE_NEVER. */
uint32_t vas_lineage_gone_since(const struct lineage_gone *gone, uint64_t index);
/* Without memory, or with too many ranges, nothing is added: a walk then looks in vain. */
void vas_lineage_gone_add(struct lineage *lineage, struct lineage_node *node, uint64_t first,
			  uint64_t last, uint32_t time);
void vas_lineage_gone_add_all(struct lineage *lineage, struct lineage_node *node,
			      const struct lineage_gone *from);
void vas_lineage_gone_remove(struct lineage *lineage, struct lineage_node *node, uint64_t first,
			     uint64_t last);
/* The same for all nodes from the leaf up: something has come back there. */
void vas_lineage_gone_back(struct lineage *lineage, struct lineage_node *leaf, uint64_t first,
			   uint64_t last);
void vas_lineage_gone_free(struct lineage *lineage, struct lineage_node *node);

/* lineage_moved.c: the moved parts of a space. => the family's lock and the space's, but for what
 * only looks: one of them. Pages are virtual page numbers. */

/* Promises `count` records more. False: no memory. */
bool vas_lineage_moved_reserve(struct lineage *lineage, struct lineage_space *mine, size_t count);
void vas_lineage_moved_trim(struct lineage *lineage, struct lineage_space *mine, size_t keep);

/* The first moved part that ends at `page` or above it. */
struct lineage_moved *vas_lineage_moved_seek(const struct lineage_space *mine, uint64_t page);
struct lineage_moved *vas_lineage_moved_next(const struct lineage_moved *moved);
/* How many there are in [first, last]. */
size_t vas_lineage_moved_among(const struct lineage_space *mine, uint64_t first, uint64_t last);

/* The numbers [first, last] of a moved part are in it no more. */
typedef void vas_lineage_lost_fn(struct lineage *lineage, struct lineage_space *mine,
				 const struct lineage_moved *moved, uint64_t first, uint64_t last);

/* Pages [first, last] are in no moved part any more. `lost` may be NULL. */
void vas_lineage_moved_drop(struct lineage *lineage, struct lineage_space *mine, uint64_t first,
			    uint64_t last, vas_lineage_lost_fn *lost);
/* What pages [first, last] held is `by` pages further up now (modulo 2^64). */
void vas_lineage_moved_carry(struct lineage *lineage, struct lineage_space *mine, uint64_t first,
			     uint64_t last, uint64_t by);
/* A moved part that ends below page `first` may go on to `last`, both newly mapped. */
void vas_lineage_moved_grow(struct lineage_space *mine, uint64_t first, uint64_t last);
/* The child gets its parent's moved parts of [first, last]. => called from low to high */
void vas_lineage_moved_copy(struct lineage *lineage, struct lineage_space *parent,
			    struct lineage_space *child, uint64_t first, uint64_t last);

/* May one have this number? A first look. */
static inline bool lineage_moved_reach(const struct lineage_space *mine, uint64_t number)
{
	const struct lineage_moved *root = (const struct lineage_moved *)(const void *)mine->moved;

	return root != NULL && root->most >= number &&
	       (root->first <= number || root->by_index.left != NULL);
}
/* Does one have it? */
bool vas_lineage_moved_has(const struct lineage_space *mine, uint64_t number);
/* The earliest moved part that may hold a page of this index, or, if `after` is not NULL, the next
 * one. NULL: none. */
const struct lineage_moved *vas_lineage_moved_find(const struct lineage_space *mine, uint64_t index,
						   const struct lineage_moved *after);
bool vas_lineage_moved_check(const struct lineage_space *mine, size_t *count);

/* lineage_walk.c */

void vas_lineage_walk(void *instance, struct vas_page *page, struct vas_anon_walk *walk);

/* lineage_check.c: its figures. */

void vas_lineage_count(void *instance, struct vas_anon_rmap_counts *counts);
void vas_lineage_print(void *instance, const struct vas_printer *printer);
bool vas_lineage_validate(void *instance, const struct vas_printer *printer);

#endif
