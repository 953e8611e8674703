/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_OBJECT_SWAP_INSIDE_H
#define VAS_SRC_OBJECT_SWAP_INSIDE_H

/* The records of swap, for swap.c and its validator. */

#include "base/assert.h"
#include "base/lock.h"

#include "swap.h"

#define VAS_SWAP_PARTS	VAS_SHARED_SLOTS
#define VAS_SWAP_IN_USE UINT32_MAX /* `next` of a slot on no list */

struct vas_swap_slot {
	struct vas_mutex lock;
	uint32_t count; /* who name it */
	uint32_t page;	/* the frame in the swap cache, or 0 */
	uint32_t next;	/* free: the next such slot, or 0 */
	struct vas_binding binding;
};

struct vas_swap_part {
	struct vas_mutex lock;
	uint32_t free;		/* the first such slot */
	uint32_t used, cached;	/* slots */
	uint64_t written, read; /* pages */
	uint32_t padding[8];
};

struct vas_swap {
	const struct vas_allocator *allocator;
	struct vas_frames *frames;
	const struct vas_store *store;
	void *store_data;
	void (*forget)(void *data, struct vas_binding *binding);
	void *forget_data;
	uint32_t total;
	uint32_t each; /* slots of a part */
	struct vas_swap_slot *slots;
	struct vas_swap_part parts[VAS_SWAP_PARTS];
};

static inline struct vas_swap_slot *vas_swap_slot_at(const struct vas_swap *swap, uint32_t slot)
{
	vas_assert(slot - 1 < swap->total);
	return &swap->slots[slot - 1];
}

#endif
