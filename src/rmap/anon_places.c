/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "anon_places.h"

#include <string.h>

#include "base/assert.h"
#include "base/print.h"

/* Blocks of each size that a space's pool keeps between calls. */
enum { KEPT = 4 };

static void lock(struct vas_anon_places *places)
{
	vas_mutex_lock(&places->lock, VAS_RANK_RMAP);
}

static void unlock(struct vas_anon_places *places)
{
	vas_mutex_unlock(&places->lock, VAS_RANK_RMAP);
}

struct vas_anon_place *vas_anon_place_of(const struct vas_anon_places *places,
					 const struct vas_area *area)
{
	return vas_area_data(area, places->kind->listener);
}

void *vas_anon_places_space(const struct vas_anon_places *places, const struct vas_space *space)
{
	return vas_space_data(space, places->kind->listener);
}

static struct vas_pool *pool_of(const struct vas_anon_places *places, const struct vas_space *space)
{
	struct vas_anon_places_space *mine = vas_anon_places_space(places, space);

	return &mine->pool;
}

/* Records. */

void *vas_anon_record_new(struct vas_anon_places *places, struct vas_pool *pool)
{
	struct vas_anon_record *record = pool != NULL ? vas_record_take(&places->store, pool)
						      : vas_record_make(&places->store);

	if (record == NULL)
		return NULL;
	memset(record, 0, places->store.size);
	vas_list_add_before(&places->records, &record->all);
	return record;
}

void vas_anon_record_free(struct vas_anon_places *places, struct vas_anon_record *record)
{
	vas_debug(record->pages == 0);
	vas_list_remove(&record->all);
	vas_record_put(&places->store, record);
}

static void get(struct vas_anon_places *places, struct vas_anon_record *record)
{
	if (places->kind->counts_pages)
		record->pages++;
}

/* NULL: it was never bound. */
static void put(struct vas_anon_places *places, struct vas_anon_record *record)
{
	if (!places->kind->counts_pages || record == NULL)
		return;
	vas_assert(record->pages > 0);
	if (--record->pages == 0)
		places->kind->emptied(places, record);
}

/* Places. */

static uint64_t index_at(const struct vas_area *area, const struct vas_anon_place *place,
			 uint64_t address)
{
	return area->offset + place->bias + ((address - area->range.start) >> VAS_PAGE_SHIFT);
}

static void sync_place(struct vas_anon_place *place, const struct vas_area *area)
{
	place->space = area->space;
	place->start = area->range.start;
	place->end = area->range.end;
	place->index = area->offset + place->bias;
}

bool vas_anon_place_visit(const struct vas_anon_place *place, uint64_t index,
			  struct vas_anon_walk *walk)
{
	uint64_t page = index - place->index;

	walk->candidates++;
	if (page >= (place->end - place->start) >> VAS_PAGE_SHIFT)
		return true;
	return walk->visit(walk->context, place->space, place->start + (page << VAS_PAGE_SHIFT));
}

static bool private_area(const struct vas_area *area)
{
	return (area->flags & (VAS_AREA_SHARED | VAS_AREA_MAY_SHARE)) == 0;
}

static void leave(struct vas_anon_places *places, struct vas_anon_place *place)
{
	if (place->owner == NULL)
		return;
	places->kind->leave(places, place);
	vas_anon_place_own(place, NULL);
	place->bias = 0;
}

/* Pages. */

int vas_anon_places_prepare(void *instance, struct vas_area *area)
{
	struct vas_anon_places *places = instance;
	struct vas_anon_place *place = vas_anon_place_of(places, area);
	bool given = true;

	if (__atomic_load_n(&place->owner, __ATOMIC_ACQUIRE) != NULL)
		return 0;
	lock(places);
	if (place->owner == NULL) {
		place->space = area->space;
		given = places->kind->give(places, place, area, NULL);
		sync_place(place, area);
	}
	unlock(places);
	return given ? 0 : -VAS_ENOMEM;
}

void vas_anon_places_bind(void *instance, struct vas_page *page, struct vas_area *area,
			  uint64_t address)
{
	struct vas_anon_places *places = instance;
	const struct vas_anon_place *place = vas_anon_place_of(places, area);

	vas_assert(place->owner != NULL);
	page->owner = place->owner;
	page->index = index_at(area, place, address);
	if (!places->kind->counts_pages)
		return;
	lock(places);
	get(places, page->owner);
	unlock(places);
}

void vas_anon_places_reuse(void *instance, struct vas_page *page, struct vas_area *area,
			   uint64_t address)
{
	struct vas_anon_record *old = page->owner;

	/* With a slot: others may find it through that. */
	if (page->owner == vas_anon_place_of(instance, area)->owner || page->slot != 0)
		return;
	vas_anon_places_bind(instance, page, area, address);
	lock(instance);
	put(instance, old);
	unlock(instance);
}

void vas_anon_places_unbind(void *instance, struct vas_page *page)
{
	lock(instance);
	put(instance, page->owner);
	unlock(instance);
	page->owner = NULL;
}

void vas_anon_places_save(void *instance, struct vas_page *page, struct vas_binding *saved)
{
	saved->owner = page->owner;
	saved->index = page->index;
	lock(instance);
	get(instance, saved->owner);
	unlock(instance);
}

void vas_anon_places_restore(void *instance, struct vas_page *page, struct vas_area *area,
			     uint64_t address, bool alone, const struct vas_binding *saved)
{
	if (alone) {
		vas_anon_places_bind(instance, page, area, address);
		return;
	}
	page->owner = saved->owner;
	page->index = saved->index;
	lock(instance);
	get(instance, page->owner);
	unlock(instance);
}

void vas_anon_places_forget(void *instance, struct vas_binding *saved)
{
	lock(instance);
	put(instance, saved->owner);
	unlock(instance);
	saved->owner = NULL;
}

/* The listener. */

int vas_anon_places_open(void *data, struct vas_space *space, struct vas_space *parent)
{
	struct vas_anon_places *places = data;
	struct vas_anon_places_space *mine = vas_anon_places_space(places, space);

	(void)parent;
	vas_pool_init(&mine->pool, places->allocator);
	lock(places);
	mine->stamp = ++places->stamp;
	unlock(places);
	return 0;
}

void vas_anon_places_close(void *data, struct vas_space *space)
{
	vas_pool_trim(pool_of(data, space), 0);
}

/* An area without owner may get one by a touch and be cloned later in the same call, or take one
 * from a neighbour; so all count. Nothing is touched by a fork, where only owners count. */
int vas_anon_places_reserve(void *data, struct vas_space *space, const struct vas_budget *budget)
{
	const struct vas_anon_places *places = data;
	size_t records = budget->touches;

	for (size_t i = 0; i < budget->count; i++) {
		if (!budget->fork)
			records += places->kind->for_clone;
		else if (vas_anon_place_of(places, budget->areas[i])->owner != NULL)
			records += places->kind->for_fork;
	}
	if (records == 0)
		return 0;
	return vas_pool_reserve(pool_of(places, space), places->store.size, records);
}

void vas_anon_places_settle(void *data, struct vas_space *space)
{
	vas_pool_trim(pool_of(data, space), KEPT);
}

static void join(struct vas_anon_places *places, struct vas_anon_place *target,
		 struct vas_anon_place *source, struct vas_pool *pool)
{
	if (source->owner == NULL || target == source)
		return;
	if (target->owner == NULL)
		target->bias = source->bias;
	places->kind->join(places, target, source, pool);
}

static void fork_place(struct vas_anon_places *places, const struct vas_op *op)
{
	struct vas_anon_place *child = vas_anon_place_of(places, op->area);
	struct vas_anon_place *parent = vas_anon_place_of(places, op->other);

	if (parent->owner == NULL || (op->area->flags & VAS_AREA_WIPE_ON_FORK) != 0)
		return;
	child->bias = parent->bias;
	places->kind->fork(places, child, parent, pool_of(places, op->other->space));
}

static void change(struct vas_anon_places *places, const struct vas_op *op)
{
	struct vas_anon_place *place = vas_anon_place_of(places, op->area);
	struct vas_anon_place *other =
		op->other != NULL ? vas_anon_place_of(places, op->other) : NULL;
	struct vas_pool *pool = pool_of(places, op->area->space);

	place->space = op->area->space;
	if (other != NULL)
		other->space = op->other->space;
	switch (op->kind) {
	case VAS_OP_SPLIT:
		join(places, other, place, pool);
		break;
	case VAS_OP_MERGE:
	case VAS_OP_MOVE:
		join(places, place, other, pool);
		break;
	case VAS_OP_FORK:
		fork_place(places, op);
		break;
	case VAS_OP_TOUCH:
		if (op->write && place->owner == NULL && private_area(op->area))
			(void)places->kind->give(places, place, op->area, pool);
		break;
	case VAS_OP_EMPTY:
	case VAS_OP_FREE:
		leave(places, place);
		break;
	case VAS_OP_MAP:
	case VAS_OP_UNMAP:
	case VAS_OP_FLAGS:
	case VAS_OP_ADVISE:
	case VAS_OP_REINDEX:
		break;
	}
	sync_place(place, op->area);
	if (other != NULL && op->kind != VAS_OP_FORK)
		sync_place(other, op->other);
}

void vas_anon_places_apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	(void)space;
	lock(data);
	change(data, op);
	unlock(data);
}

bool vas_anon_places_may_merge(void *data, const struct vas_area *target,
			       const struct vas_area *source, bool copied)
{
	const void *to = vas_anon_place_of(data, target)->owner;
	const void *from = source != NULL ? vas_anon_place_of(data, source)->owner : NULL;

	(void)copied;
	return to == NULL || from == NULL || to == from;
}

bool vas_anon_places_may_reindex(void *data, const struct vas_area *area)
{
	return vas_anon_place_of(data, area)->owner == NULL;
}

/* An instance. */

int vas_anon_places_create(const struct vas_anon_places_kind *kind,
			   const struct vas_anon_rmap_config *config, void **instance)
{
	const struct vas_allocator *allocator = config->allocator;
	struct vas_anon_places *places;

	if (allocator == NULL)
		return -VAS_EINVAL;
	places = allocator->allocate(allocator->context, sizeof(*places),
				     _Alignof(struct vas_anon_places));
	if (places == NULL)
		return -VAS_ENOMEM;
	memset(places, 0, sizeof(*places));
	places->kind = kind;
	places->allocator = allocator;
	vas_record_store_init(&places->store, allocator, kind->record_bytes);
	vas_list_init(&places->records);
	*instance = places;
	return 0;
}

void vas_anon_places_destroy(void *instance)
{
	struct vas_anon_places *places = instance;

	if (places == NULL)
		return;
	vas_record_store_finish(&places->store);
	places->allocator->release(places->allocator->context, places, sizeof(*places));
}

void vas_anon_places_count(void *instance, struct vas_anon_rmap_counts *counts)
{
	struct vas_anon_places *places = instance;

	*counts = (struct vas_anon_rmap_counts){ 0 };
	lock(places);
	vas_record_store_count(&places->store, counts);
	unlock(places);
}

bool vas_anon_place_check(const struct vas_anon_places *places, const struct vas_anon_place *place,
			  const void *owner, const struct vas_printer *printer)
{
	const struct vas_area *area = vas_find(place->space, place->start);

	if (area == NULL || vas_anon_place_of(places, area) != place ||
	    area->range.start != place->start || area->range.end != place->end ||
	    area->offset + place->bias != place->index) {
		vas_print(printer, "%s-1: no area lies at %llx-%llx with index %llx\n",
			  places->kind->id, vas_ll(place->start), vas_ll(place->end),
			  vas_ll(place->index));
		return false;
	}
	if (place->owner != owner) {
		vas_print(printer, "%s-2: %llx-%llx is listed by a record that is not its own\n",
			  places->kind->id, vas_ll(place->start), vas_ll(place->end));
		return false;
	}
	return true;
}

bool vas_anon_places_validate(void *instance, const struct vas_printer *printer)
{
	struct vas_anon_places *places = instance;
	uint64_t count = 0;

	vas_list_for_each (link, &places->records) {
		struct vas_anon_record *record =
			vas_container_of(link, struct vas_anon_record, all);

		count++;
		if (!places->kind->check(places, record, printer))
			return false;
	}
	if (count == places->store.live)
		return true;
	vas_print(printer, "%s-3: %llu records are counted, there are %llu\n", places->kind->id,
		  vas_ll(places->store.live), vas_ll(count));
	return false;
}
