/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "cache.h"

#include "assert.h"

#define LARGEST ((size_t)VAS_CACHE_STEP * VAS_CACHE_CLASSES)

static bool kept(size_t size)
{
	return VAS_CHECKS == 0 && size != 0 && size <= LARGEST;
}

static unsigned class_of(size_t size)
{
	return (unsigned)((size - 1) / VAS_CACHE_STEP);
}

static size_t class_bytes(unsigned class)
{
	return ((size_t) class + 1) * VAS_CACHE_STEP;
}

static void *cache_allocate(void *context, size_t size, size_t align)
{
	struct vas_cache *cache = context;
	struct vas_cache_part *part;
	unsigned class;
	void *block;

	if (!kept(size))
		return cache->behind->allocate(cache->behind->context, size, align);
	vas_assert(align <= VAS_CACHE_STEP);
	part = &cache->parts[vas_thread_slot()];
	class = class_of(size);
	vas_mutex_lock(&part->lock, VAS_RANK_LEAF);
	block = part->free[class];
	if (block != NULL)
		part->free[class] = *(void **)block;
	vas_mutex_unlock(&part->lock, VAS_RANK_LEAF);
	if (block != NULL)
		return block;
	return cache->behind->allocate(cache->behind->context, class_bytes(class), VAS_CACHE_STEP);
}

static void cache_release(void *context, void *memory, size_t size)
{
	struct vas_cache *cache = context;
	struct vas_cache_part *part;
	unsigned class;

	if (!kept(size)) {
		cache->behind->release(cache->behind->context, memory, size);
		return;
	}
	part = &cache->parts[vas_thread_slot()];
	class = class_of(size);
	vas_mutex_lock(&part->lock, VAS_RANK_LEAF);
	*(void **)memory = part->free[class];
	part->free[class] = memory;
	vas_mutex_unlock(&part->lock, VAS_RANK_LEAF);
}

void vas_cache_init(struct vas_cache *cache, const struct vas_allocator *behind)
{
	*cache = (struct vas_cache){
		.front = { .allocate = cache_allocate, .release = cache_release, .context = cache },
		.behind = behind,
	};
}

void vas_cache_empty(struct vas_cache *cache)
{
	for (unsigned i = 0; i < VAS_SHARED_SLOTS; i++) {
		for (unsigned class = 0; class < VAS_CACHE_CLASSES; class ++) {
			void *block, *next;

			for (block = cache->parts[i].free[class]; block != NULL; block = next) {
				next = *(void **)block;
				cache->behind->release(cache->behind->context, block,
						       class_bytes(class));
			}
			cache->parts[i].free[class] = NULL;
		}
	}
}
