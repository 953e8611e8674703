/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_BASE_CACHE_H
#define VAS_BASE_CACHE_H

/*
 * An allocator before another: small blocks that are released stay here, by size, for the next who
 * asks. A fork takes a block for each area and its child's exit gives them all back; a C library's
 * aligned blocks cost more than all else that is done for an area.
 *
 * In several parts, so that threads do not wait for each other. All blocks go back when the cache is
 * destroyed. With VAS_CHECKS >= 1 nothing is kept, so that a use after release is found.
 */

#include <vas/base.h>

#include "lock.h"

#define VAS_CACHE_STEP	  64 /* sizes are rounded up to it */
#define VAS_CACHE_CLASSES 16

struct vas_cache_part {
	struct vas_mutex lock;
	void *free[VAS_CACHE_CLASSES]; /* chained through their first word */
} __attribute__((aligned(64)));

struct vas_cache {
	struct vas_allocator front; /* to be handed out */
	const struct vas_allocator *behind;
	struct vas_cache_part parts[VAS_SHARED_SLOTS];
};

/* => the cache stays where it is. */
void vas_cache_init(struct vas_cache *cache, const struct vas_allocator *behind);
/* => all that was allocated has been released. */
void vas_cache_empty(struct vas_cache *cache);

#endif
