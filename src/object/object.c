/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The cache of an object's pages.
 *
 * Who misses a page puts an empty one into the array first, locked, and then reads into it. So two
 * who want the same page read it once: the second finds the first one's page, and waits for its
 * lock.
 *
 *	A: nothing there -> claim: page, locked ---- read ----> up to date, unlock
 *	B:                        finds the page, waits for its lock ......... has it
 *
 * If the read fails, A takes the page out again before it lets go of the lock. B then sees a page
 * that belongs to nobody, and starts over: it reads for itself, and gets an error of its own.
 *
 * Pages leave the cache only when nobody else looks at them. Their references tell: those of the
 * cache and the caller are known, and taking away exactly so many at once (vas_page_freeze) fails
 * if there is one more. Without that a fault that has just found the page could map it when it is
 * gone already.
 *
 * Shared memory has no store. A page that was never written is zeroes; one that reclaim wrote to
 * swap leaves its slot in the array. When it comes back the slot is given up: keeping it would save
 * one write if the page went out again unchanged, at the price of swap space held by pages that are
 * in memory.
 */

#include "object.h"

#include "base/assert.h"

#include "object_inside.h"
#include "swap.h"

#include <string.h>

int vas_object_create(const struct vas_object_config *config, struct vas_object **out)
{
	const struct vas_allocator *allocator = config->allocator;
	const struct vas_store *store = config->store;
	uint64_t size = config->size;
	struct vas_object *object;

	*out = NULL;
	if (store != NULL && store->size != NULL) {
		int err = store->size(config->store_data, &size);

		if (err != 0)
			return err;
	}
	object = allocator->allocate(allocator->context, sizeof(*object),
				     _Alignof(struct vas_object));
	if (object == NULL)
		return -VAS_ENOMEM;
	*object = (struct vas_object){
		.references = 1,
		.allocator = allocator,
		.frames = config->frames,
		.store = store,
		.store_data = config->store_data,
		.swap = store == NULL ? config->swap : NULL,
		.size = size,
	};
	vas_radix_init(&object->pages, allocator);
	*out = object;
	return 0;
}

void vas_object_get(struct vas_object *object)
{
	__atomic_add_fetch(&object->references, 1, __ATOMIC_RELAXED);
}

void vas_object_put_page(struct vas_object *object, struct vas_page *page)
{
	if (!vas_page_drop(page))
		return;
	if (object->free_page != NULL)
		object->free_page(object, page);
	else
		vas_frame_free(object->frames, page);
}

/* The array loses the page, and gets the slot instead if there is one. => both locked. */
static void detach(struct vas_object *object, struct vas_page *page, uint32_t slot)
{
	vas_debug(vas_radix_get(&object->pages, page->index) == vas_value_of_page(object, page));
	if (slot == 0) {
		(void)vas_radix_erase(&object->pages, page->index);
	} else {
		int err = vas_radix_set(&object->pages, page->index, vas_value_of_slot(slot));

		vas_assert(err == 0); /* there was a value */
		object->slot_count++;
	}
	object->page_count--;
	page->owner = NULL;
	page->index = 0;
}

int vas_object_claim(struct vas_object *object, uint64_t index, struct vas_claim *claim)
{
	uint64_t value = vas_radix_get(&object->pages, index);
	struct vas_page *page;

	vas_debug(!vas_value_is_page(value));
	page = vas_frame_alloc(object->frames, VAS_PAGE_OBJECT);
	if (page == NULL)
		return -VAS_ENOMEM;
	if (vas_radix_set(&object->pages, index, vas_value_of_page(object, page)) != 0) {
		vas_frame_free(object->frames, page);
		return -VAS_ENOMEM;
	}
	/* Nobody else has seen it, so its lock is free. */
	(void)vas_page_trylock(page);
	page->owner = object;
	page->index = index;
	vas_page_get(page);
	object->page_count++;
	if (value != 0)
		object->slot_count--;
	*claim = (struct vas_claim){ page, index, vas_value_slot(value) };
	return 0;
}

void vas_object_unclaim(struct vas_object *object, const struct vas_claim *claim)
{
	vas_object_lock(object);
	detach(object, claim->page, claim->slot);
	vas_object_unlock(object);
	vas_page_unlock(claim->page);
	vas_object_put_page(object, claim->page);
	vas_object_put_page(object, claim->page);
}

/* Reads into a claimed page. */
static int fill(struct vas_object *object, const struct vas_claim *claim)
{
	void *bytes = vas_frame_bytes(object->frames, claim->page);
	uint64_t size;
	int err;

	if (object->store != NULL) {
		err = object->store->read(object->store_data, claim->index, bytes);
		/* It reads zeroes past the end, so look whether there is one by now. */
		size = err == 0 ? vas_object_size(object) : 0;
	} else {
		err = claim->slot == 0 ? 0 : vas_swap_read(object->swap, claim->slot, claim->page);
		if (claim->slot == 0)
			memset(bytes, 0, VAS_PAGE_SIZE);
		size = vas_object_size(object);
	}
	if (err != 0)
		return err;
	return claim->index < vas_pages_of(size) ? 0 : -VAS_EOVERFLOW;
}

/* Brings a claimed page in, or takes it out again. */
static int bring_in(struct vas_object *object, const struct vas_claim *claim)
{
	int err = fill(object, claim);

	if (err != 0) {
		vas_object_unclaim(object, claim);
		return err;
	}
	if (claim->slot != 0) {
		(void)vas_page_set(claim->page, VAS_PAGE_DIRTY);
		vas_swap_put(object->swap, claim->slot);
	}
	(void)vas_page_set(claim->page, VAS_PAGE_UPTODATE);
	vas_page_unlock(claim->page);
	return 0;
}

/* Waits until somebody else has read a page; false: it did not become one of the object's. */
static bool wait_for(struct vas_object *object, struct vas_page *page)
{
	bool there;

	vas_page_lock(page);
	there = page->owner == object;
	vas_debug(!there || vas_page_is(page, VAS_PAGE_UPTODATE));
	vas_page_unlock(page);
	return there;
}

/* What is at an index: `found`, with a reference, or a claim. */
static int look(struct vas_object *object, uint64_t index, struct vas_page **found,
		struct vas_claim *claim)
{
	uint64_t value;
	int err = 0;

	*found = NULL;
	vas_object_lock(object);
	value = vas_radix_get(&object->pages, index);
	if (index >= vas_pages_of(object->size)) {
		err = -VAS_EOVERFLOW;
	} else if (vas_value_is_page(value)) {
		*found = vas_value_page(object, value);
		vas_page_get(*found);
	} else {
		err = vas_object_claim(object, index, claim);
	}
	vas_object_unlock(object);
	return err;
}

int vas_object_page(struct vas_object *object, uint64_t index, struct vas_page **out, bool *fresh)
{
	struct vas_claim claim = { 0 };

	*out = NULL;
	*fresh = false;
	for (;;) {
		struct vas_page *page;
		int err = look(object, index, &page, &claim);

		/* The file may have grown. */
		if (err == -VAS_EOVERFLOW && index < vas_pages_of(vas_object_size(object)))
			continue;
		if (err != 0)
			return err;
		if (page == NULL) {
			err = bring_in(object, &claim);
			if (err != 0)
				return err;
			*out = claim.page;
			*fresh = true;
			return 0;
		}
		if (vas_page_is(page, VAS_PAGE_UPTODATE) || wait_for(object, page)) {
			*out = page;
			return 0;
		}
		vas_object_put_page(object, page);
	}
}

struct vas_page *vas_object_find(struct vas_object *object, uint64_t index)
{
	struct vas_page *page = NULL;
	uint64_t value;

	vas_object_lock(object);
	value = vas_radix_get(&object->pages, index);
	if (vas_value_is_page(value)) {
		page = vas_value_page(object, value);
		vas_page_get(page);
	}
	vas_object_unlock(object);
	return page;
}

struct vas_page *vas_object_next(struct vas_object *object, uint64_t *index)
{
	struct vas_page *page = NULL;
	uint64_t at = *index, value;

	vas_object_lock(object);
	while (page == NULL && vas_radix_next(&object->pages, &at, &value)) {
		*index = at;
		if (vas_value_is_page(value)) {
			page = vas_value_page(object, value);
			vas_page_get(page);
		} else if (++at == 0) {
			break;
		}
	}
	vas_object_unlock(object);
	return page;
}

/* A page of shared memory that reclaim left in the swap cache: nobody names that slot. */
static bool leave_swap(struct vas_object *object, struct vas_page *page, int32_t others)
{
	return page->slot == 0 || vas_swap_remove(object->swap, page, others);
}

bool vas_object_remove(struct vas_object *object, struct vas_page *page)
{
	bool alone;

	vas_debug(page->owner == object && vas_page_mapcount(page) == 0);
	if (!leave_swap(object, page, 1))
		return false;
	vas_object_lock(object);
	alone = vas_page_freeze(page, 2);
	if (alone) {
		detach(object, page, 0);
		(void)vas_page_clear(page, VAS_PAGE_DIRTY | VAS_PAGE_UPTODATE);
		vas_page_unfreeze(page, 1);
	}
	vas_object_unlock(object);
	return alone;
}

bool vas_object_swap_out(struct vas_object *object, struct vas_page *page, uint32_t slot)
{
	int32_t cached = page->slot != 0;
	bool alone;

	vas_debug(page->owner == object && vas_page_mapcount(page) == 0 && object->swap != NULL);
	vas_debug(page->slot == 0 || page->slot == slot);
	vas_object_lock(object);
	alone = vas_page_freeze(page, 2 + cached);
	if (alone) {
		vas_swap_get(object->swap, slot);
		detach(object, page, slot);
		(void)vas_page_clear(page, VAS_PAGE_DIRTY);
		vas_page_unfreeze(page, 1 + cached);
	}
	vas_object_unlock(object);
	return alone;
}

bool vas_object_replace(struct vas_object *object, struct vas_page *from, struct vas_page *to,
			int32_t mapped)
{
	bool alone;

	vas_debug(from->owner == object && to->owner == NULL && to->kind == from->kind);
	if (!leave_swap(object, from, 1 + mapped))
		return false;
	vas_object_lock(object);
	alone = vas_page_freeze(from, 2 + mapped);
	if (alone) {
		int err = vas_radix_set(&object->pages, from->index, vas_value_of_page(object, to));

		vas_assert(err == 0); /* there was a value */
		to->owner = object;
		to->index = from->index;
		(void)vas_page_set(to, vas_page_flags(from) & (VAS_PAGE_DIRTY | VAS_PAGE_UPTODATE));
		(void)__atomic_add_fetch(&to->references, 1 + mapped, __ATOMIC_RELEASE);
		from->owner = NULL;
		from->index = 0;
		(void)vas_page_clear(from, VAS_PAGE_DIRTY | VAS_PAGE_UPTODATE);
		vas_page_unfreeze(from, 1);
	}
	vas_object_unlock(object);
	return alone;
}

void vas_object_drop_slots(struct vas_object *object, uint64_t first, uint64_t last)
{
	uint64_t at = first, value;
	bool more = first <= last;

	while (more) {
		uint32_t slot = 0;

		vas_object_lock(object);
		more = vas_radix_next(&object->pages, &at, &value) && at <= last;
		if (more && !vas_value_is_page(value)) {
			slot = vas_value_slot(value);
			(void)vas_radix_erase(&object->pages, at);
			object->slot_count--;
		}
		vas_object_unlock(object);
		if (slot != 0)
			vas_swap_put(object->swap, slot);
		if (at++ == last)
			break;
	}
}

/* All pages, whoever looks at them: they find, with the lock, that they have no owner. */
static void drop_pages(struct vas_object *object)
{
	struct vas_page *page;
	uint64_t index = 0;

	while ((page = vas_object_next(object, &index)) != NULL) {
		vas_page_lock(page);
		if (page->owner == object) {
			vas_assert(vas_page_mapcount(page) == 0);
			if (page->slot != 0)
				vas_swap_discard(object->swap, page);
			vas_object_lock(object);
			detach(object, page, 0);
			vas_object_unlock(object);
			(void)vas_page_clear(page, VAS_PAGE_DIRTY | VAS_PAGE_UPTODATE);
			(void)vas_page_drop(page); /* ours is left */
		}
		vas_page_unlock(page);
		vas_object_put_page(object, page);
	}
}

void vas_object_put(struct vas_object *object)
{
	uint32_t left = __atomic_sub_fetch(&object->references, 1, __ATOMIC_ACQ_REL);

	vas_assert(left + 1 != 0);
	if (left != 0)
		return;
	drop_pages(object);
	vas_object_drop_slots(object, 0, UINT64_MAX);
	vas_debug(object->pages.count == 0);
	if (object->store != NULL && object->store->close != NULL)
		object->store->close(object->store_data);
	if (object->release != NULL)
		object->release(object);
	object->allocator->release(object->allocator->context, object, sizeof(*object));
}
