/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_OBJECT_OBJECT_INSIDE_H
#define VAS_SRC_OBJECT_OBJECT_INSIDE_H

/*
 * What the sources of an object share: the values of its array, and its locks.
 *
 *	frame << 1 | 1	the page is in memory
 *	slot << 1	shared memory: it is out in swap
 */

#include "page/page.h"

#include "object.h"

static inline bool vas_value_is_page(uint64_t value)
{
	return (value & 1) != 0;
}

static inline uint64_t vas_value_of_page(const struct vas_object *object,
					 const struct vas_page *page)
{
	return (uint64_t)vas_frame_number(object->frames, page) << 1 | 1;
}

static inline struct vas_page *vas_value_page(const struct vas_object *object, uint64_t value)
{
	return vas_frame_page(object->frames, (uint32_t)(value >> 1));
}

static inline uint64_t vas_value_of_slot(uint32_t slot)
{
	return (uint64_t)slot << 1;
}

static inline uint32_t vas_value_slot(uint64_t value)
{
	return (uint32_t)(value >> 1);
}

static inline void vas_object_lock(struct vas_object *object)
{
	vas_mutex_lock(&object->lock, VAS_RANK_OBJECT);
}

static inline void vas_object_unlock(struct vas_object *object)
{
	vas_mutex_unlock(&object->lock, VAS_RANK_OBJECT);
}

/* How many pages so many bytes are, the last one perhaps in part. */
static inline uint64_t vas_pages_of(uint64_t size)
{
	return (size >> VAS_PAGE_SHIFT) + ((size & VAS_PAGE_MASK) != 0);
}

/* Gives a reference to a page back. */
void vas_object_put_page(struct vas_object *object, struct vas_page *page);

/* A page of the array, locked and not up to date: new, or in place of a slot, which is kept here to
 * be put back. */
struct vas_claim {
	struct vas_page *page;
	uint64_t index;
	uint32_t slot;
};

/* => locked object, nothing or a slot at the index. Two references: the cache's, the caller's.
 * -VAS_ENOMEM. */
int vas_object_claim(struct vas_object *object, uint64_t index, struct vas_claim *claim);
/* All as it was before: the page is gone for the caller, and unlocked. Whoever waits for it finds
 * that it has no owner. */
void vas_object_unclaim(struct vas_object *object, const struct vas_claim *claim);

#endif
