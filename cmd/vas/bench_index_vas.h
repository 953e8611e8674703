/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_BENCH_INDEX_VAS_H
#define VAS_CMD_BENCH_INDEX_VAS_H

/*
 * The operations of libvas's index for bench_index_work.h: called as any program calls them, nothing
 * inlined; nodes from a pool, as the allocator is the caller's. For the command, and for the plug-in
 * that is libvas with another instruction set. PEER_CREATED(index) is done to each new index.
 */

#include "bench_index.h"
#include "bench_index_pool.h"

#define PEER_LACKS	0
#define PEER_WALKS_GAPS 0

struct peer {
	struct vas_index *index;
	bool no_memory;
};

struct peer_walk {
	struct vas_cursor cursor;
};

static struct bench_pool peer_pool;

static void *peer_allocate(void *context, size_t bytes, size_t align)
{
	return bytes < BENCH_CLASSES * BENCH_LINE && align <= BENCH_LINE
		       ? bench_pool_get(context, bytes)
		       : vas_libc_allocator.allocate(vas_libc_allocator.context, bytes, align);
}

static void peer_release(void *context, void *at, size_t bytes)
{
	if (bytes < BENCH_CLASSES * BENCH_LINE)
		bench_pool_put(context, at, bytes);
	else
		vas_libc_allocator.release(vas_libc_allocator.context, at, bytes);
}

static const struct vas_allocator peer_allocator = {
	.context = &peer_pool,
	.allocate = peer_allocate,
	.release = peer_release,
};

static size_t peer_link_bytes(const char *design)
{
	return vas_index_link_bytes(design);
}

static void peer_create(struct peer *peer, const char *design)
{
	if (vas_index_create(design, &peer_allocator, &peer->index) != 0)
		peer->no_memory = true;
	else
		PEER_CREATED(peer->index);
}

static void peer_destroy(struct peer *peer)
{
	vas_index_destroy(peer->index);
}

static size_t peer_bytes(const struct peer *peer)
{
	return vas_index_bytes(peer->index);
}

static void peer_insert(struct peer *peer, struct vas_range *range)
{
	if (vas_index_reserve(peer->index, 1) != 0)
		peer->no_memory = true;
	else
		vas_index_insert(peer->index, range);
}

static void peer_erase(struct peer *peer, struct vas_range *range)
{
	vas_index_erase(peer->index, range);
}

static struct vas_range *peer_find(struct peer *peer, uint64_t address)
{
	return vas_index_find(peer->index, address);
}

static struct vas_range *peer_find_ge(struct peer *peer, uint64_t address)
{
	return vas_index_find_ge(peer->index, address);
}

static void peer_walk_start(struct peer_walk *walk, struct peer *peer)
{
	vas_cursor_seek(&walk->cursor, peer->index, 0);
}

static struct vas_range *peer_walk_next(struct peer_walk *walk)
{
	return vas_cursor_next(&walk->cursor);
}

static bool peer_gap(struct peer *peer, const struct vas_gap *gap, uint64_t *address)
{
	return vas_index_gap(peer->index, gap, address);
}

static bool peer_map(struct peer *peer, const struct vas_gap *gap, struct vas_range *range)
{
	if (!vas_index_gap(peer->index, gap, &range->start))
		return false;
	range->end = range->start + gap->length;
	peer_insert(peer, range);
	return true;
}

static void peer_split(struct peer *peer, struct vas_range *low, struct vas_range *high,
		       uint64_t at)
{
	*high = (struct vas_range){ at, low->end };
	if (vas_index_reserve(peer->index, 1) != 0)
		peer->no_memory = true;
	else
		vas_index_split(peer->index, low, high);
}

static void peer_merge(struct peer *peer, struct vas_range *low, struct vas_range *middle,
		       struct vas_range *high)
{
	vas_index_merge(peer->index, middle, high);
	vas_index_merge(peer->index, low, middle);
}

static void peer_copy(struct peer *to, struct peer *from, struct vas_range *const *ranges, size_t n)
{
	(void)n;
	if (vas_index_copy(to->index, from->index, ranges) != 0)
		to->no_memory = true;
}

#endif
