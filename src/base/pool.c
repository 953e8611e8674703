/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include <vas/pool.h>

#include "assert.h"

#define SMALLEST 32

struct block {
	struct block *next;
};

static unsigned class_of(size_t size)
{
	unsigned class = 0;

	while ((size_t)SMALLEST << class < size)
		class ++;
	vas_assert(class < VAS_POOL_CLASSES);
	return class;
}

size_t vas_pool_size(size_t size)
{
	return (size_t)SMALLEST << class_of(size);
}

void vas_pool_init(struct vas_pool *pool, const struct vas_allocator *allocator)
{
	*pool = (struct vas_pool){ .allocator = allocator };
}

static void push(struct vas_pool *pool, unsigned class, void *memory)
{
	struct block *block = memory;

	block->next = pool->classes[class].first;
	pool->classes[class].first = block;
	pool->classes[class].count++;
	pool->bytes += (size_t)SMALLEST << class;
	pool->used |= UINT32_C(1) << class;
}

static void *pop(struct vas_pool *pool, unsigned class)
{
	struct block *block = pool->classes[class].first;

	pool->classes[class].first = block->next;
	pool->classes[class].count--;
	pool->bytes -= (size_t)SMALLEST << class;
	return block;
}

int vas_pool_reserve(struct vas_pool *pool, size_t size, size_t count)
{
	const struct vas_allocator *allocator = pool->allocator;
	unsigned class = class_of(size);

	pool->classes[class].promised += count;
	pool->used |= UINT32_C(1) << class;
	while (pool->classes[class].count < pool->classes[class].promised) {
		size_t bytes = (size_t)SMALLEST << class;
		void *memory =
			allocator->allocate(allocator->context, bytes, bytes < 64 ? bytes : 64);

		if (memory == NULL)
			return -VAS_ENOMEM;
		push(pool, class, memory);
	}
	return 0;
}

void *vas_pool_take(struct vas_pool *pool, size_t size)
{
	unsigned class = class_of(size);

	vas_assert(pool->classes[class].count > 0);
	if (pool->classes[class].promised > 0)
		pool->classes[class].promised--;
	return pop(pool, class);
}

void vas_pool_give(struct vas_pool *pool, void *memory, size_t size)
{
	push(pool, class_of(size), memory);
}

void vas_pool_trim(struct vas_pool *pool, size_t keep)
{
	const struct vas_allocator *allocator = pool->allocator;

	for (unsigned class = 0; pool->used >> class != 0; class ++) {
		if ((pool->used >> class & 1) == 0)
			continue;
		pool->classes[class].promised = 0;
		while (pool->classes[class].count > keep)
			allocator->release(allocator->context, pop(pool, class),
					   (size_t)SMALLEST << class);
		if (pool->classes[class].count == 0)
			pool->used &= ~(UINT32_C(1) << class);
	}
}

size_t vas_pool_bytes(const struct vas_pool *pool)
{
	return pool->bytes;
}
