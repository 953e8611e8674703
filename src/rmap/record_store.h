/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_RMAP_RECORD_STORE_H
#define VAS_SRC_RMAP_RECORD_STORE_H

/*
 * Records that pages may name after they have died: one size, used again for the same thing, and
 * given back to the allocator only with the store. A dead record keeps what it held.
 *
 *  => all but init and finish: the design's lock.
 */

#include <vas/anon_rmap.h>
#include <vas/base.h>
#include <vas/pool.h>

/* What each record begins with. */
struct vas_record {
	struct vas_record *next; /* of the dead ones */
};

struct vas_record_store {
	const struct vas_allocator *allocator;
	size_t size; /* of a pool's block for such a record */
	struct vas_record *dead;
	uint64_t dead_count, live;
};

void vas_record_store_init(struct vas_record_store *store, const struct vas_allocator *allocator,
			   size_t size);
/* => no record is alive. */
void vas_record_store_finish(struct vas_record_store *store);

/* A record, from the allocator if none is dead. NULL: no memory. */
void *vas_record_make(struct vas_record_store *store);
/* The same from the pool, which has promised one. */
void *vas_record_take(struct vas_record_store *store, struct vas_pool *pool);
void vas_record_put(struct vas_record_store *store, void *record);

/* Adds the store's records to the counts. */
void vas_record_store_count(const struct vas_record_store *store,
			    struct vas_anon_rmap_counts *counts);

#endif
