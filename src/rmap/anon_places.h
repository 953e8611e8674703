/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_RMAP_ANON_PLACES_H
#define VAS_SRC_RMAP_ANON_PLACES_H

/*
 * What private-ring, area-inode, space-inode and anon-vma have in common: each ties areas to
 * records (a seat, an inode, a head), binds pages to the record of their area, and searches for a
 * page in all areas that the record leads to. They differ in what a record is and which areas it
 * leads to: a `struct vas_anon_places_kind`.
 *
 * An area has a place, in the bytes that the listener asks for: where the area lies and which
 * index its first page has, as the design was last told. Places change under the design's lock
 * only, so that a walk, which holds no space's lock, reads places and never an area.
 *
 * One lock per instance: these are designs of their time.
 */

#include <vas/anon_rmap.h>
#include <vas/pool.h>

#include "base/list.h"
#include "base/lock.h"
#include "record_store.h"

struct vas_anon_place {
	struct vas_list at; /* in a list of its owner's */
	void *owner;	    /* NULL: has never held a page; then it is in no list */
	struct vas_space *space;
	uint64_t start, end;
	uint64_t index; /* of the page at start: the area's offset plus the bias */
	uint64_t bias;	/* 0, but for what space-inode gives to areas of files */
};

/* What each record begins with. */
struct vas_anon_record {
	struct vas_record record;
	struct vas_list all; /* in places.records */
	uint64_t pages;	     /* bound to it, and slots; only if the kind counts them */
};

/* The listener's bytes in a space begin with it. */
struct vas_anon_places_space {
	struct vas_pool pool;
	uint64_t stamp; /* no two spaces of an instance have had the same */
};

/* An instance. */
struct vas_anon_places {
	struct vas_mutex lock;
	const struct vas_anon_places_kind *kind;
	const struct vas_allocator *allocator;
	struct vas_record_store store;
	struct vas_list records; /* vas_anon_record.all, oldest first */
	uint64_t stamp;
};

/* Functions with a pool take records from it, or, when it is NULL, make them. All are called with
 * the lock. */
struct vas_anon_places_kind {
	const struct vas_listener *listener;
	const char *id; /* of its invariants: "AVMA" */
	size_t record_bytes;
	bool counts_pages;
	/* Records that one clone of an area takes at most; by fork. (A first touch takes one.) */
	size_t for_clone, for_fork;

	/* The first page: sets the place's owner. False: no memory. */
	bool (*give)(struct vas_anon_places *places, struct vas_anon_place *place,
		     const struct vas_area *area, struct vas_pool *pool);
	/* Pages of `source` are to be found in `target` too, an area of the same space.
	 * => source has an owner. */
	void (*join)(struct vas_anon_places *places, struct vas_anon_place *target,
		     struct vas_anon_place *source, struct vas_pool *pool);
	/* The same for a child, which has no owner yet and may be left without. */
	void (*fork)(struct vas_anon_places *places, struct vas_anon_place *child,
		     struct vas_anon_place *parent, struct vas_pool *pool);
	/* The area holds no page any more. => it has an owner, which is reset by the caller. */
	void (*leave)(struct vas_anon_places *places, struct vas_anon_place *place);
	/* No page is bound to this record any more. Only if it counts them. */
	void (*emptied)(struct vas_anon_places *places, struct vas_anon_record *record);
	/* What else must hold for a record. */
	bool (*check)(struct vas_anon_places *places, struct vas_anon_record *record,
		      const struct vas_printer *printer);
};

struct vas_anon_place *vas_anon_place_of(const struct vas_anon_places *places,
					 const struct vas_area *area);
void *vas_anon_places_space(const struct vas_anon_places *places, const struct vas_space *space);

/* A zeroed record with no pages, alive. NULL only without a pool. */
void *vas_anon_record_new(struct vas_anon_places *places, struct vas_pool *pool);
void vas_anon_record_free(struct vas_anon_places *places, struct vas_anon_record *record);

static inline void vas_anon_place_own(struct vas_anon_place *place, void *owner)
{
	/* prepare looks without the lock. */
	__atomic_store_n(&place->owner, owner, __ATOMIC_RELEASE);
}

/* Visits the place if it covers the index. False: the walk ends. */
bool vas_anon_place_visit(const struct vas_anon_place *place, uint64_t index,
			  struct vas_anon_walk *walk);

/* Functions for the tables of the designs. */
int vas_anon_places_create(const struct vas_anon_places_kind *kind,
			   const struct vas_anon_rmap_config *config, void **instance);
void vas_anon_places_destroy(void *instance);
int vas_anon_places_prepare(void *instance, struct vas_area *area);
void vas_anon_places_bind(void *instance, struct vas_page *page, struct vas_area *area,
			  uint64_t address);
void vas_anon_places_count(void *instance, struct vas_anon_rmap_counts *counts);
bool vas_anon_places_validate(void *instance, const struct vas_printer *printer);
/* These are needed where pages are counted, or not bound to what their area is tied to. */
void vas_anon_places_reuse(void *instance, struct vas_page *page, struct vas_area *area,
			   uint64_t address);
void vas_anon_places_unbind(void *instance, struct vas_page *page);
void vas_anon_places_save(void *instance, struct vas_page *page, struct vas_binding *saved);
void vas_anon_places_restore(void *instance, struct vas_page *page, struct vas_area *area,
			     uint64_t address, bool alone, const struct vas_binding *saved);
void vas_anon_places_forget(void *instance, struct vas_binding *saved);

/* And for their listeners. */
int vas_anon_places_open(void *data, struct vas_space *space, struct vas_space *parent);
void vas_anon_places_close(void *data, struct vas_space *space);
int vas_anon_places_reserve(void *data, struct vas_space *space, const struct vas_budget *budget);
void vas_anon_places_settle(void *data, struct vas_space *space);
void vas_anon_places_apply(void *data, struct vas_space *space, const struct vas_op *op);
/* Linux's rule of 2004: both are tied to the same record, or one of them has none. */
bool vas_anon_places_may_merge(void *data, const struct vas_area *target,
			       const struct vas_area *source, bool copied);
/* It has no pages. */
bool vas_anon_places_may_reindex(void *data, const struct vas_area *area);

/* A place in a record's list: does it say what its area says, and name the record? Prints the
 * kind's first or second invariant. */
bool vas_anon_place_check(const struct vas_anon_places *places, const struct vas_anon_place *place,
			  const void *owner, const struct vas_printer *printer);

/* What the tables of all kinds have alike: of the listener, of the design, and of a design that counts
 * pages. */
#define VAS_ANON_PLACES_LISTENER                                                                   \
	.area_bytes = sizeof(struct vas_anon_place), .close = vas_anon_places_close,               \
	.reserve = vas_anon_places_reserve, .settle = vas_anon_places_settle,                      \
	.apply = vas_anon_places_apply, .may_reindex = vas_anon_places_may_reindex
#define VAS_ANON_PLACES_DESIGN                                                                     \
	.destroy = vas_anon_places_destroy, .prepare = vas_anon_places_prepare,                    \
	.bind = vas_anon_places_bind, .restore = vas_anon_places_restore,                          \
	.count = vas_anon_places_count, .validate = vas_anon_places_validate
#define VAS_ANON_PLACES_COUNTED                                                                    \
	.reuse = vas_anon_places_reuse, .unbind = vas_anon_places_unbind,                          \
	.save = vas_anon_places_save, .forget = vas_anon_places_forget

#endif
