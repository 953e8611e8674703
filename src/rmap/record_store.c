/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "record_store.h"

#include "base/assert.h"

void vas_record_store_init(struct vas_record_store *store, const struct vas_allocator *allocator,
			   size_t size)
{
	*store = (struct vas_record_store){ .allocator = allocator, .size = vas_pool_size(size) };
}

void vas_record_store_finish(struct vas_record_store *store)
{
	vas_assert(store->live == 0);
	while (store->dead != NULL) {
		struct vas_record *record = store->dead;

		store->dead = record->next;
		store->allocator->release(store->allocator->context, record, store->size);
	}
}

static void *revive(struct vas_record_store *store)
{
	struct vas_record *record = store->dead;

	if (record == NULL)
		return NULL;
	store->dead = record->next;
	store->dead_count--;
	store->live++;
	return record;
}

void *vas_record_make(struct vas_record_store *store)
{
	size_t align = store->size < 64 ? store->size : 64;
	void *record = revive(store);

	if (record != NULL)
		return record;
	record = store->allocator->allocate(store->allocator->context, store->size, align);
	store->live += record != NULL;
	return record;
}

void *vas_record_take(struct vas_record_store *store, struct vas_pool *pool)
{
	void *record = revive(store);

	if (record != NULL)
		return record;
	store->live++;
	return vas_pool_take(pool, store->size);
}

void vas_record_put(struct vas_record_store *store, void *record)
{
	struct vas_record *dead = record;

	dead->next = store->dead;
	store->dead = dead;
	store->dead_count++;
	store->live--;
}

void vas_record_store_count(const struct vas_record_store *store,
			    struct vas_anon_rmap_counts *counts)
{
	counts->records += store->live;
	counts->bytes += store->live * store->size;
	counts->spare_bytes += store->dead_count * store->size;
}
