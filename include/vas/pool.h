/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_POOL_H
#define VAS_POOL_H

/*
 * A pool: memory got before a call changes anything, so that nothing can fail once it does. Each
 * space has its own, changed under the space's lock; so a reserve needs no other lock, and is
 * nobody else's to take.
 *
 * Blocks come in classes, powers of two from 32 bytes up. A block taken from one pool may be given
 * back to another.
 */

#include <vas/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VAS_POOL_CLASSES 12 /* 32 bytes to 64 KiB */

struct vas_pool {
	const struct vas_allocator *allocator;
	uint32_t used; /* classes with blocks or promises, a bit each */
	size_t bytes;  /* of all blocks */
	struct {
		void *first;	 /* chained through their first word */
		size_t count;	 /* of them */
		size_t promised; /* and of these: for the present call */
	} classes[VAS_POOL_CLASSES];
};

VAS_API void vas_pool_init(struct vas_pool *pool, const struct vas_allocator *allocator);

/* Promises `count` blocks of `size` bytes, over what was promised since the last trim.
 * -VAS_ENOMEM: what was got stays in the pool. */
VAS_API VAS_MUST_CHECK int vas_pool_reserve(struct vas_pool *pool, size_t size, size_t count);

/* A block; its contents are undefined. => reserved (asserted). O(1). */
VAS_API void *vas_pool_take(struct vas_pool *pool, size_t size);
/* => `memory` was taken with this size, from any pool with the same allocator. O(1). */
VAS_API void vas_pool_give(struct vas_pool *pool, void *memory, size_t size);

/* The end of a call: ends all promises, releases all but `keep` blocks of each class. */
VAS_API void vas_pool_trim(struct vas_pool *pool, size_t keep);

/* Bytes of the blocks in it. */
VAS_API size_t vas_pool_bytes(const struct vas_pool *pool);

/* Bytes that a block of this size takes. */
VAS_API size_t vas_pool_size(size_t size);

#ifdef __cplusplus
}
#endif

#endif
