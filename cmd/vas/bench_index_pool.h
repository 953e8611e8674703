/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_BENCH_INDEX_POOL_H
#define VAS_CMD_BENCH_INDEX_POOL_H

/*
 * Where structures in `vas bench index` have their nodes from, when they may choose: a free list for
 * each size over huge pages, which takes 1 or 2 ns, as a kernel's slabs would. Nothing goes back to
 * the system; what one run of a structure frees, its next one has. C11 and C++17; each file that
 * includes this has pools of its own.
 */

#include <stddef.h>
#include <stdint.h>

#include <sys/mman.h>

#define BENCH_CHUNK   ((size_t)1 << 21)
#define BENCH_LINE    ((size_t)64)
#define BENCH_CLASSES ((size_t)32) /* blocks of up to so many lines */

struct bench_block {
	struct bench_block *next;
};

struct bench_pool {
	struct bench_block *unused[BENCH_CLASSES];
	/* The rest of the chunk in use. */
	char *from, *to;
};

/* Aligned memory in huge pages, where the system has them. NULL: none. */
static inline char *bench_map_huge(size_t bytes)
{
	char *at = (char *)mmap(NULL, bytes + BENCH_CHUNK, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *aligned;

	if (at == (char *)MAP_FAILED)
		return NULL;
	aligned = (char *)(((uintptr_t)at + BENCH_CHUNK - 1) & ~(uintptr_t)(BENCH_CHUNK - 1));
	if (aligned != at)
		munmap(at, (size_t)(aligned - at));
	munmap(aligned + bytes, BENCH_CHUNK - (size_t)(aligned - at));
	madvise(aligned, bytes, MADV_HUGEPAGE);
	return aligned;
}

/* A new block of `lines` cache lines. */
static inline void *bench_pool_grow(struct bench_pool *pool, size_t lines)
{
	char *block = pool->from;

	if ((size_t)(pool->to - pool->from) < lines * BENCH_LINE) {
		block = bench_map_huge(BENCH_CHUNK);
		if (block == NULL)
			return NULL;
		pool->to = block + BENCH_CHUNK;
	}
	pool->from = block + lines * BENCH_LINE;
	return block;
}

/* => 0 < bytes < BENCH_CLASSES * BENCH_LINE. The block begins at a cache line. NULL: no memory. */
static inline void *bench_pool_get(struct bench_pool *pool, size_t bytes)
{
	size_t lines = (bytes + BENCH_LINE - 1) / BENCH_LINE;
	struct bench_block *block = pool->unused[lines];

	if (block == NULL)
		return bench_pool_grow(pool, lines);
	pool->unused[lines] = block->next;
	return block;
}

static inline void bench_pool_put(struct bench_pool *pool, void *at, size_t bytes)
{
	struct bench_block *block = (struct bench_block *)at;
	size_t lines = (bytes + BENCH_LINE - 1) / BENCH_LINE;

	block->next = pool->unused[lines];
	pool->unused[lines] = block;
}

#endif
