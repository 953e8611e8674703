/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_RMAP_ANON_VMA_CHAIN_H
#define VAS_SRC_RMAP_ANON_VMA_CHAIN_H

/*
 * The records of anon-vma-chain, for its own files.
 *
 * Locks. All heads of a tree, and all links to them, are guarded by the lock in the tree's root.
 * A record never leads from one tree to another, so a call takes one such lock at a time.
 *
 *	space's lock                 areas; chain_area.own and .newest; chain_link.older
 *	  chain_space.giving         the same, where several threads hold the space's lock
 *	    root's lock              chain_head but for `root`; links in its tree; what links cover
 *	      vas_anon_vma_chain.lock    the lists of all heads and spaces, figures
 *
 * A walk holds the root's lock only. So it looks at the copies of an area's range that
 * struct chain_area keeps, which change under that lock, and never at the area's own.
 */

#include <vas/anon_vma_chain.h>
#include <vas/pool.h>

#include "base/list.h"
#include "base/lock.h"
#include "red_black.h"

/* What areas share that may share pages (Linux: anon_vma). Alive while it has links. Its memory
 * stays a head's for good, since a page that is mapped no more may still name it. */
struct chain_head {
	struct vas_mutex lock;	     /* of the whole tree, when this is the root */
	struct vas_red_black *links; /* chain_link.node, by first page, then by age */
	struct chain_head *parent;   /* a root's is itself */
	struct chain_head *root;     /* read without the lock; changes with it, in a free head */
	uint64_t id;		     /* 0: it is free */
	size_t link_count;
	size_t children; /* heads whose parent this is, a root itself too */
	size_t active;	 /* areas whose own head this is */
	struct chain_head *next_free;
	struct chain_head *next_all; /* of all that were ever made */

	/* The validator's own counts. */
	size_t seen_links, seen_children, seen_active;
};

/* Ties an area to a head (Linux: anon_vma_chain): one cache line. */
struct chain_link {
	struct vas_red_black node;
	uint64_t first; /* as of->first: the tree's key */
	uint64_t max;	/* the largest last page of the subtree */
	struct chain_head *head;
	struct chain_area *of;
	struct chain_link *older; /* next of the same area */
};

/* What the listener keeps in each area; all zero: never held an anonymous page. */
struct chain_area {
	struct chain_head *own;	   /* for pages made from now on; NULL exactly when links is 0 */
	struct chain_link *newest; /* heads of descendants stand before those of ancestors */
	size_t links;

	/* What the links cover, when there are any. */
	struct vas_area *area;
	uint64_t start; /* address of page `first` */
	uint64_t first, pages;
};

/* And in each space. */
struct chain_space {
	struct vas_list all; /* in vas_anon_vma_chain.spaces */
	struct vas_space *space;
	struct vas_mutex giving; /* of heads to areas */
	struct vas_pool pool;	 /* of links */
	struct chain_head *spare_heads;
	/* What the present call was promised and has not used yet. */
	size_t spare_head_count, promised_heads;
	/* Figures, which others may look at meanwhile. */
	size_t link_count, spare_bytes, shared, reused;
};

struct vas_anon_vma_chain {
	const struct vas_allocator *allocator;
	const struct vas_settings *settings;
	enum vas_huge_faults huge_faults;

	struct vas_mutex lock;
	struct vas_list spaces;
	struct chain_head *heads; /* all, by next_all */
	struct chain_head *free_heads;
	uint64_t head_count; /* alive */
	uint64_t made_count; /* alive or not */
	uint64_t last_id;
	uint64_t inherited;
	uint64_t shared, reused; /* of spaces that are gone */
};

static inline struct chain_area *chain_area_of(const struct vas_area *area)
{
	return vas_area_data(area, &vas_anon_vma_chain_listener);
}

static inline struct chain_space *chain_space_of(const struct vas_space *space)
{
	return vas_space_data(space, &vas_anon_vma_chain_listener);
}

static inline struct chain_head *chain_own(const struct chain_area *area)
{
	return __atomic_load_n(&area->own, __ATOMIC_ACQUIRE);
}

static inline void chain_raise(size_t *figure)
{
	__atomic_store_n(figure, *figure + 1, __ATOMIC_RELAXED);
}

/* anon_vma_chain_record.c: memory, locks and trees. */

/* What stays reserved between calls, so that a touch or a split mostly needs no allocator. */
enum { CHAIN_LINKS_KEPT = 16, CHAIN_HEADS_KEPT = 4 };

/* Promises so many more. -VAS_ENOMEM. */
int vas_chain_promise(struct vas_anon_vma_chain *chain, struct chain_space *space, size_t links,
		      size_t heads);
/* Ends all promises and gives back what is more than is kept. */
void vas_chain_trim(struct vas_anon_vma_chain *chain, struct chain_space *space, size_t links,
		    size_t heads);

/* Locks the tree of a head; returns its root, to be unlocked. */
struct chain_head *vas_chain_lock(struct chain_head *head);
void vas_chain_unlock(struct chain_head *root);

/* Makes the next new head of `space` one of the tree of `root`, or with NULL a root.
 * => nothing locked, promised. */
void vas_chain_plant(struct chain_space *space, struct chain_head *root);
/* That head; parent NULL: it is a root. => its tree is locked. */
struct chain_head *vas_chain_new_head(struct vas_anon_vma_chain *chain, struct chain_space *space,
				      struct chain_head *parent);

/* Ties an area to a head, with a link that `space` was promised; it becomes the one that *place
 * pointed to, before the rest. => locked; the area's copies are set. */
struct chain_link *vas_chain_tie(struct chain_space *space, struct chain_area *area,
				 struct chain_head *head, struct chain_link **place);
/* Sets the copies of an area without links. */
void vas_chain_cover(struct chain_area *mine, struct vas_area *area);
/* The area's range or numbering may have changed: so do the copies. Takes the lock. */
void vas_chain_follow(struct vas_area *area);
/* Unties an area from all its heads; those that nobody is tied to any more go. Takes the lock. */
void vas_chain_untie(struct vas_anon_vma_chain *chain, struct vas_area *area);
/* => locked, tied to it. */
void vas_chain_set_own(struct chain_area *area, struct chain_head *head);

/* Calls `visit` for each place where page `index` of the head may be mapped. => locked. */
void vas_chain_visit(const struct chain_head *head, uint64_t index, struct vas_anon_walk *walk);

/* The last page that the link covers. */
static inline uint64_t chain_last(const struct chain_link *link)
{
	return link->first + link->of->pages - 1;
}

/* anon_vma_chain.c; as the design's. => no call on the space is under way. */
int vas_chain_prepare(void *instance, struct vas_area *area);

/* anon_vma_chain_check.c */
bool vas_chain_validate(void *instance, const struct vas_printer *printer);

#endif
