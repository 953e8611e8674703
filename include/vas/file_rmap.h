/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_FILE_RMAP_H
#define VAS_FILE_RMAP_H

/*
 * File reverse maps: which areas map pages [first, last] of this object?
 *
 * Each object has a *map*; each area that maps the object has a *link* in it, which says which
 * pages it maps, and where. A link keeps its own copy of that: who walks a map holds the object's
 * lock, not the spaces', and never looks at an area.
 *
 * A design is a table of functions. Memory of its own it takes from a pool, filled beforehand by
 * `reserve`, so that nothing fails once a call has begun to change things.
 *
 * Locks: none here. The owner of the map (the object) lets one thread change it at a time, and
 * none walk it meanwhile; several may walk it at once.
 */

#include <vas/base.h>
#include <vas/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vas_space;

/*
 * One linear run of pages of an object in one area. Designs keep their own fields behind it; the
 * pages stand last, close to those. At multiples of eight bytes: designs use the low bits.
 */
struct vas_file_link {
	struct vas_space *space;
	void *area; /* the owner's: walkers do not look at what it points to */
	uint64_t start __attribute__((aligned(8))); /* the address of `first` */
	uint64_t changed;     /* the front's: the map's `changes` when it was put in or resized */
	uint64_t first, last; /* pages of the object, both inside; below 2^52 */
};

/* Of one object. Designs keep their own fields behind it. */
struct vas_file_map {
	const struct vas_file_rmap_design *design;
	const struct vas_allocator *allocator;
	size_t count;	  /* links in it */
	uint64_t changes; /* the front's: inserts and resizes so far */
};

/* What most visitors want to know of a link. */
struct vas_file_place {
	struct vas_space *space;
	uint64_t start;
	struct vas_file_link *link;
};

/*
 * A walk: visits every link that has a page of [first, last], each once.
 *
 * With a `batch` it stops after that many visits, and may be called again after the lock was
 * dropped and taken, or be forgotten. A link that was there all the time and was not changed is
 * visited once. One that was put in or resized meanwhile is visited at least once if it has a page
 * of [first, last] when the walk ends; so of an area that was split, merged or moved between two
 * batches no part is missed. To that end the walk looks once more for links that changed, and a
 * last time, without a stop, for those that changed while it did that; it may stop with fewer
 * visits than `batch`, even none.
 */
struct vas_file_walk {
	uint64_t first, last; /* up to UINT64_MAX */
	size_t batch;	      /* visits in one go; 0: all */
	/* False: the walk is over. It must not change the map. */
	bool (*visit)(void *context, struct vas_file_link *link);
	void *context;
	/* NULL, or what is called instead where a design has several such links side by side: with
	 * all of them at once, so that memory is read in order, and no link unless the visitor wants
	 * it. The first page of each within [first, last] is at its start plus `offset`. */
	bool (*visit_places)(void *context, const struct vas_file_place *places, size_t count,
			     uint64_t offset);

	/* For visitors that need not know more, so that they need not read the link, which may lie
	 * far away: whose pages they are, and the address of the first one within [first, last].
	 * Set by designs that keep them elsewhere; NULL: the link says. Zero before the first
	 * call. */
	struct vas_space *space;
	uint64_t address;

	uint64_t candidates; /* added up: links that the design had to look at */
	uint64_t hits;	     /* and that it visited */

	/* All zero before the first call. The design's: where to go on. */
	uint64_t key[4];
	/* The front's: which round this is, and which links it is for: since < changed <= until. */
	unsigned int round;
	uint64_t since, until;
};

struct vas_file_rmap_design {
	const char *name;
	const char *source; /* who proposed it, where it ran */
	int year;
	/* Each mapping of a page has its own record (src/rmap/pte_chain.h), kept by who maps it. */
	bool chains;
	size_t map_bytes;  /* of a map, struct vas_file_map included */
	size_t link_bytes; /* of a link, struct vas_file_link included */

	/* The map: `design` and `allocator` are set, all else is zero. Init allocates nothing;
	 * destroy: => it has no links. Either may be NULL. */
	void (*init)(struct vas_file_map *map);
	void (*destroy)(struct vas_file_map *map);

	/* Fills the pool for so many changes (inserts, removes and resizes) of any map of this
	 * design, whatever others do to it meanwhile. -VAS_ENOMEM. NULL: a change
	 * needs no memory, or asks for it itself and does without when there is none. */
	int (*reserve)(struct vas_pool *pool, size_t changes);

	/* => the link is in no map; first <= last. */
	void (*insert)(struct vas_file_map *map, struct vas_file_link *link, struct vas_pool *pool);
	/* => the link is in this map. */
	void (*remove)(struct vas_file_map *map, struct vas_file_link *link, struct vas_pool *pool);
	/* The link now covers `first` to `last`, at `start`. => it is in this map. */
	void (*resize)(struct vas_file_map *map, struct vas_file_link *link, uint64_t first,
		       uint64_t last, uint64_t start, struct vas_pool *pool);

	/* True: a batch is done and there may be more; call it again. One round of the front's:
	 * links with `changed` above the walk's `until` are passed over. */
	bool (*walk)(struct vas_file_map *map, struct vas_file_walk *walk);

	/* All memory of the design for this map and its links: map_bytes, what stands behind
	 * struct vas_file_link in each link, and what came from pools. */
	size_t (*bytes)(const struct vas_file_map *map);

	/* Recomputes everything; prints the id of the first broken invariant. */
	bool (*validate)(const struct vas_file_map *map, const struct vas_printer *printer);
};

/* All designs, the default first; behind the last a NULL. */
VAS_API const struct vas_file_rmap_design *const *vas_file_rmap_designs(void);
/* NULL: the default. Returns NULL when there is none of that name. */
VAS_API const struct vas_file_rmap_design *vas_file_rmap_find(const char *name);

/* The front: checks what they have in common and counts links. */
VAS_API void vas_file_map_init(struct vas_file_map *map, const struct vas_file_rmap_design *design,
			       const struct vas_allocator *allocator);
VAS_API void vas_file_map_destroy(struct vas_file_map *map);
VAS_API void vas_file_map_insert(struct vas_file_map *map, struct vas_file_link *link,
				 struct vas_pool *pool);
VAS_API void vas_file_map_remove(struct vas_file_map *map, struct vas_file_link *link,
				 struct vas_pool *pool);
VAS_API void vas_file_map_resize(struct vas_file_map *map, struct vas_file_link *link,
				 uint64_t first, uint64_t last, uint64_t start,
				 struct vas_pool *pool);
/* True: stopped at a batch; call it again. => the walk's range, visit and batch stay the same. */
VAS_API bool vas_file_map_walk(struct vas_file_map *map, struct vas_file_walk *walk);

#ifdef __cplusplus
}
#endif

#endif
