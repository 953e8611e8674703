/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_RMAP_LINEAGE_H
#define VAS_SRC_RMAP_LINEAGE_H

/* The records of lineage, for its own files; lineage.c tells what they are for. */

#include <vas/anon_rmap.h>

#include "base/list.h"
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

/* Indexes [first, last] at which no page from above the node is at its natural place any more. */
struct lineage_gone {
	uint32_t count, room;
	struct {
		uint64_t first, last;
	} ranges[];
};

/* A node of the fork tree: a live space, or what two or more of them have come from. */
struct lineage_node {
	struct lineage_node *parent, *next, *prev;
	union {
		struct {
			struct lineage_node *first, *last; /* in the order of their making */
		};
		struct {
			uint64_t from, from_end; /* of a leaf: pages that a move is taking away */
		};
	};
	struct lineage_label *labels;
	struct lineage_gone *gone; /* NULL: nothing */
	struct vas_space *space;   /* NULL: an inner node, the only kind that has children */
};

/* An area whose pages have other indexes than their addresses, since mremap moved it. */
struct lineage_moved {
	struct vas_red_black tree; /* lineage_space.moved; must be first */
	uint64_t first, last;	   /* indexes, plus LINEAGE_BIAS */
	uint64_t most;		   /* the greatest `last` in the subtree */
	uint64_t displacement;	   /* index minus virtual page number, modulo 2^64 */
	struct lineage_moved *spare;
};

/* What the listener keeps in a space. */
struct lineage_space {
	struct lineage_node node; /* must be first */
	/* For births: the leaf's or its parent's; NULL: none since the last fork. */
	struct lineage_label *current;
	struct lineage_label *family; /* NULL: no page yet */
	struct vas_red_black *moved;
	struct lineage_moved *spares;
	uint32_t spare_count, promised;
	struct vas_list all;	      /* lineage.spaces */
	const struct vas_area *fresh; /* made by the last VAS_OP_MAP */
	const struct vas_area *asked; /* in this call: is it held alone? */
	struct lineage_space *child;  /* of the fork that is under way */
	bool alone;		      /* the answer for `asked` */
	bool calling;		      /* inside a call: not exit, not exec */
};

struct lineage {
	const struct vas_allocator *allocator;
	struct vas_anon_rmap_host host;
	struct vas_mutex lock;			 /* of all below; the lowest */
	struct vas_record_store labels, counted; /* of both kinds */
	struct vas_record *dead; /* labels that count, without node, but not without pages */
	struct vas_list spaces;
	size_t space_count;
	/* Changed by atomic operations; the second line: ever. */
	size_t inner_nodes, moved_areas, spare_areas, gone_bytes;
	size_t splits, siblings, collapses, displaced, renumbered;
};

/* Indexes are biased in the tree, so that a moved area that has grown below its first page does not
 * wrap. */
#define LINEAGE_BIAS (UINT64_C(1) << 60)

/* In a page's index, above the index itself (or borrowed from it, when that has grown below zero):
 * the page was made at its natural place, although a displaced area claims the index too. */
#define LINEAGE_NATURAL		  (UINT64_C(1) << 62)
#define LINEAGE_IS_NATURAL(index) ((index) >> 62 == 1)

extern const struct vas_listener vas_lineage_listener;

static inline struct lineage_space *lineage_space_of(const struct vas_space *space)
{
	return vas_space_data(space, &vas_lineage_listener);
}

static inline struct lineage_space *lineage_space_at(struct lineage_node *leaf)
{
	return (struct lineage_space *)(void *)leaf;
}

static inline struct lineage_moved **lineage_moved_of(const struct vas_area *area)
{
	return vas_area_data(area, &vas_lineage_listener);
}

/* index - virtual page number, of all pages of the area. => its space's lock */
static inline uint64_t lineage_displacement(const struct lineage_space *mine,
					    const struct vas_area *area)
{
	const struct lineage_moved *moved;

	if (mine->moved == NULL)
		return 0;
	moved = *lineage_moved_of(area);
	return moved != NULL ? moved->displacement : 0;
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

/* One page or slot more, or less, is bound to the label. */
static inline void lineage_hold(struct lineage_label *label)
{
	if (lineage_counts(label))
		__atomic_fetch_add(&label->as.pages, 1, __ATOMIC_RELAXED);
}

static inline void lineage_drop(struct lineage_label *label)
{
	if (lineage_counts(label))
		__atomic_fetch_sub(&label->as.pages, 1, __ATOMIC_RELEASE);
}

static inline void lineage_set_spaces(struct lineage_label *family, uint32_t spaces)
{
	__atomic_store_n(&family->as.own.spaces, spaces, __ATOMIC_RELAXED);
}

/* Does the space share its ancestry with others? => the space's lock, alone: no answer of "no"
 * turns into "yes" meanwhile. */
static inline bool lineage_has_relatives(const struct lineage_space *mine)
{
	return mine->family != NULL &&
	       __atomic_load_n(&mine->family->as.own.spaces, __ATOMIC_RELAXED) > 1;
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

bool vas_lineage_gone_has(const struct lineage_gone *gone, uint64_t index);
/* Without memory, or with too many ranges, nothing is added: a walk then looks in vain. */
void vas_lineage_gone_add(struct lineage *lineage, struct lineage_node *node, uint64_t first,
			  uint64_t last);
void vas_lineage_gone_add_all(struct lineage *lineage, struct lineage_node *node,
			      const struct lineage_gone *from);
void vas_lineage_gone_remove(struct lineage_node *node, uint64_t first, uint64_t last);
void vas_lineage_gone_free(struct lineage *lineage, struct lineage_node *node);

/* lineage_moved.c: the displaced areas of a space. => the family's lock and the space's. */

/* Promises `count` records more. False: no memory. */
bool vas_lineage_moved_reserve(struct lineage *lineage, struct lineage_space *mine, size_t count);
void vas_lineage_moved_trim(struct lineage *lineage, struct lineage_space *mine, size_t keep);
/* Puts the area's pages [start, end) (bytes) into the tree, with a record of `store`'s. */
void vas_lineage_moved_add(struct lineage *lineage, struct lineage_space *mine,
			   struct lineage_space *store, const struct vas_area *area, uint64_t start,
			   uint64_t end, uint64_t displacement);
void vas_lineage_moved_remove(struct lineage *lineage, struct lineage_space *mine,
			      const struct vas_area *area);
/* The area's part now: what it was with [start, end) added, or without. */
void vas_lineage_moved_extend(struct lineage_space *mine, const struct vas_area *area,
			      uint64_t start, uint64_t end);
void vas_lineage_moved_shrink(struct lineage *lineage, struct lineage_space *mine,
			      const struct vas_area *area, uint64_t start, uint64_t end);
/* Does a moved area have the index? */
static inline bool lineage_moved_has(const struct lineage_space *mine, uint64_t index)
{
	const struct vas_red_black *node = mine->moved;

	index += LINEAGE_BIAS;
	while (node != NULL) {
		const struct lineage_moved *at = (const struct lineage_moved *)(const void *)node;
		const struct lineage_moved *left =
			(const struct lineage_moved *)(const void *)node->left;

		/* If what ends late enough begins too late there, so does all to the right. */
		if (left != NULL && left->most >= index)
			node = node->left;
		else if (at->first > index)
			return false;
		else if (at->last >= index)
			return true;
		else
			node = node->right;
	}
	return false;
}
/* Calls `visit` for the virtual page of each moved area that has the index; false: it stopped. */
bool vas_lineage_moved_each(const struct lineage_space *mine, uint64_t index,
			    bool (*visit)(void *context, uint64_t page), void *context);
bool vas_lineage_moved_check(const struct lineage_space *mine, size_t *count);

/* lineage_check.c: its figures. */

void vas_lineage_count(void *instance, struct vas_anon_rmap_counts *counts);
void vas_lineage_print(void *instance, const struct vas_printer *printer);
bool vas_lineage_validate(void *instance, const struct vas_printer *printer);

#endif
