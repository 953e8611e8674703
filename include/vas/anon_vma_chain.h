/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_ANON_VMA_CHAIN_H
#define VAS_ANON_VMA_CHAIN_H

/*
 * The anonymous reverse map of Linux, laid open.
 *
 * anon-vma-chain (Rik van Riel 2010, in Linux since 2.6.34): what areas share, because pages may
 * be shared between them, is a *head* (Linux: anon_vma); a *link* (Linux: anon_vma_chain) ties one
 * area to one head. An area gets a head of its own with its first anonymous page; fork ties the
 * child's area to all heads of the parent's, and adds a new one for the pages born after it.
 *
 *	space 1   area A ---link--- head 1                 A's pages, from before the fork too
 *	                              |
 *	space 2   area B ---link------+
 *	                 ---link--- head 2 (parent: 1)     pages that B made since
 *
 * Whether two neighbouring areas may merge depends on their heads, which makes them visible in
 * /proc/PID/maps. This is that side: who has which heads. The page's side is behind the table of
 * <vas/anon_rmap.h>, with an instance of this design as its own.
 *
 * One instance serves all spaces of a machine. Different threads may change different spaces; who
 * looks at heads (vas_anon_vma_chain_look and _compare) holds the lock of the area's space.
 */

#include <vas/anon_rmap.h>
#include <vas/area.h>
#include <vas/base.h>
#include <vas/listener.h>
#include <vas/space.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vas_anon_vma_chain;

/* To stand in vas_space_config.listeners, with an instance as its data. */
VAS_API extern const struct vas_listener vas_anon_vma_chain_listener;

/* -VAS_EINVAL: no allocator or no settings. -VAS_ENOMEM. */
VAS_API VAS_MUST_CHECK int vas_anon_vma_chain_create(const struct vas_anon_rmap_config *config,
						     struct vas_anon_vma_chain **chain);

/* => all spaces that listen through it are destroyed. NULL is allowed. */
VAS_API void vas_anon_vma_chain_destroy(struct vas_anon_vma_chain *chain);

struct vas_anon_vma_chain_stats {
	/* Now. */
	uint64_t heads, links;
	uint64_t bytes;	      /* of heads and links */
	uint64_t spare_bytes; /* of heads and links kept ready */
	/* Ever. */
	uint64_t created;   /* heads made anew */
	uint64_t inherited; /* of these: by a fork */
	uint64_t shared;    /* first touches that took the head of a neighbour */
	uint64_t reused;    /* forks that took the idle head of an ancestor */
};
VAS_API void vas_anon_vma_chain_count(struct vas_anon_vma_chain *chain,
				      struct vas_anon_vma_chain_stats *stats);

/* An area, seen from its heads. */
struct vas_anon_vma_chain_view {
	bool has_head;
	size_t links; /* heads that the area is tied to; more than 1: it inherited */
	/* Of its own head; 0 when it has none. */
	uint64_t id;	    /* counted from 1, never used twice */
	uint64_t parent_id; /* its own id for a root */
	uint64_t root_id;
	size_t head_links;    /* areas tied to it */
	size_t head_children; /* heads whose parent it is; a root counts itself */
	size_t head_active;   /* areas whose own head it is */
};

/* => `area` is in a space that listens through an instance of this design. */
VAS_API void vas_anon_vma_chain_look(const struct vas_area *area,
				     struct vas_anon_vma_chain_view *view);

/* What the heads of two ranges say about merging. */
enum vas_heads_verdict {
	VAS_HEADS_AGREE,  /* the same head, or none on either side, or one side may take the other's
			   */
	VAS_HEADS_DIFFER, /* each has a head, and not the same */
	VAS_HEADS_INHERITED, /* one has none; the other's came through a fork, with its ancestors'
			      */
	VAS_HEADS_FRESH,     /* kernels before 6.16: the one that would swallow has none */
};

/*
 * May `target` swallow the range whose pages are (or will be) those of `source`? As
 * vas_listener.may_merge, with the reason.
 *  => source NULL: the range has no pages yet. `copied`: source is elsewhere.
 *  => Without `copied` and with a gap between the two:
 *     source below target: source is to grow over the gap until it touches target;
 *     source above target: the gap is what changes, and all three would become one.
 */
VAS_API enum vas_heads_verdict vas_anon_vma_chain_compare(const struct vas_anon_vma_chain *chain,
							  const struct vas_area *target,
							  const struct vas_area *source,
							  bool copied);

/* One sentence for people, without a full stop; never NULL. */
VAS_API const char *vas_heads_verdict_text(enum vas_heads_verdict verdict);

/*
 * Recomputes all counts; true when all is well, else prints the id of the first broken invariant
 * (RMAP-1 ... in docs/invariants.md) and what it saw.
 *  => between calls on the instance's spaces.
 * O(links x length of a chain).
 */
VAS_API VAS_MUST_CHECK bool vas_anon_vma_chain_validate(struct vas_anon_vma_chain *chain,
							const struct vas_printer *printer);

/* Prints every head with its areas, a head a line, oldest first. O(heads^2). => as validate. */
VAS_API void vas_anon_vma_chain_print(const struct vas_anon_vma_chain *chain,
				      const struct vas_printer *printer);

#ifdef __cplusplus
}
#endif

#endif
