/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The groups of the design `cells`: all links with one and the same range, the newest first.
 *
 *	chain    group -> newest link -> ... -> oldest link
 *
 *	packed   group -> chunk -> ... -> oldest chunk
 *	                  [slot slot -- slot]            --: a hole
 *
 * New links go to the end of the newest chunk, which grows from 256 bytes to 1 KiB before the next
 * one is begun. A removal leaves a hole; a chunk of which an eighth is left is joined with a
 * neighbour if both fit into three quarters of one. So links never change their order, and a walk
 * that was interrupted finds its place again.
 */

#include <string.h>

#include "base/assert.h"
#include "file_cells.h"

static size_t capacity_of(size_t bytes)
{
	size_t slots = (bytes - sizeof(struct cells_chunk)) / sizeof(struct cells_slot);

	return slots < CELLS_SLOTS_MOST ? slots : CELLS_SLOTS_MOST;
}

size_t cells_chunk_bytes(const struct cells_chunk *chunk)
{
	size_t bytes = CELLS_CHUNK_LEAST;

	while (capacity_of(bytes) < chunk->capacity)
		bytes *= 2;
	return bytes;
}

static struct cells_chunk *chunk_of_group(uint64_t group)
{
	return (struct cells_chunk *)(uintptr_t)(group & ~CELLS_PACKED);
}

static unsigned int live_count(const struct cells_chunk *chunk)
{
	return (unsigned int)__builtin_popcountll(chunk->live);
}

/* One behind the last slot in use. */
static unsigned int slots_used(const struct cells_chunk *chunk)
{
	return chunk->live == 0 ? 0 : 64u - (unsigned int)__builtin_clzll(chunk->live);
}

static void set_place(struct cells_link *link, struct cells_chunk *chunk, unsigned int slot)
{
	link->place = (uintptr_t)chunk | ((slot / 3) << 2) | (slot % 3 + 1);
}

static struct cells_chunk *take_chunk(struct vas_pool *pool, size_t bytes)
{
	struct cells_chunk *chunk;

	if (vas_pool_reserve(pool, bytes, 1) != 0)
		return NULL;
	chunk = vas_pool_take(pool, bytes);
	vas_debug(((uintptr_t)chunk & CELLS_CODE) == 0);
	*chunk = (struct cells_chunk){ .capacity = (uint32_t)capacity_of(bytes) };
	return chunk;
}

static void give_chunk(struct vas_pool *pool, struct cells_chunk *chunk)
{
	vas_pool_give(pool, chunk, cells_chunk_bytes(chunk));
}

/* => there is room behind the last slot in use. */
static void append(struct cells_chunk *chunk, struct cells_link *link)
{
	unsigned int slot = slots_used(chunk);

	chunk->slots[slot] = (struct cells_slot){
		.space = link->head.space,
		.start = link->head.start,
		.link = link,
	};
	chunk->live |= UINT64_C(1) << slot;
	chunk->newest = link->head.changed;
	set_place(link, chunk, slot);
}

/* Closes the holes. */
static void compact(struct cells_chunk *chunk)
{
	unsigned int to = 0;

	for (uint64_t live = chunk->live; live != 0; live &= live - 1, to++) {
		unsigned int from = (unsigned int)__builtin_ctzll(live);

		if (from == to)
			continue;
		chunk->slots[to] = chunk->slots[from];
		set_place(chunk->slots[to].link, chunk, to);
	}
	chunk->live = (UINT64_C(1) << to) - 1;
}

/* Puts all links of `from`, which are newer, behind those of `to`. => they fit. */
static void move_links(struct cells_chunk *to, const struct cells_chunk *from)
{
	uint64_t newest = from->newest;

	compact(to);
	for (uint64_t live = from->live; live != 0; live &= live - 1)
		append(to, from->slots[__builtin_ctzll(live)].link);
	to->newest = newest;
}

/* Makes the newest chunk of a group larger, or begins a new one. NULL: no memory. */
static struct cells_chunk *extend(uint64_t *group, struct cells_chunk *old, struct vas_pool *pool)
{
	size_t bytes = cells_chunk_bytes(old);
	bool larger = bytes < CELLS_CHUNK_MOST;
	struct cells_chunk *chunk = take_chunk(pool, larger ? bytes * 2 : CELLS_CHUNK_LEAST);

	if (chunk == NULL)
		return NULL;
	if (larger) {
		move_links(chunk, old);
		chunk->older = old->older;
		give_chunk(pool, old);
	} else {
		chunk->older = old;
	}
	if (chunk->older != NULL)
		chunk->older->newer = chunk;
	*group = (uintptr_t)chunk | CELLS_PACKED;
	return chunk;
}

/* Turns a chain into a chunk, if it is long enough. Without memory it stays a chain. */
static void pack(uint64_t *group, struct vas_pool *pool)
{
	struct cells_link *links[CELLS_CHAIN + 1], *link;
	unsigned int count = 0;
	struct cells_chunk *chunk;

	for (uintptr_t place = (uintptr_t)*group; place != 0; place = link->place) {
		link = (struct cells_link *)place;
		if (count > CELLS_CHAIN)
			return;
		links[count++] = link;
	}
	if (count <= CELLS_CHAIN)
		return;
	chunk = take_chunk(pool, CELLS_CHUNK_LEAST);
	if (chunk == NULL)
		return;
	while (count-- > 0)
		append(chunk, links[count]);
	*group = (uintptr_t)chunk | CELLS_PACKED;
}

bool cells_group_add(uint64_t *group, struct cells_link *link, struct vas_pool *pool)
{
	struct cells_chunk *chunk;

	if ((*group & CELLS_PACKED) == 0) {
		link->place = (uintptr_t)*group;
		*group = (uintptr_t)link;
		pack(group, pool);
		return true;
	}
	chunk = chunk_of_group(*group);
	if (slots_used(chunk) == chunk->capacity) {
		if (live_count(chunk) * 4 <= chunk->capacity * 3)
			compact(chunk);
		else
			chunk = extend(group, chunk, pool);
		if (chunk == NULL)
			return false;
	}
	append(chunk, link);
	return true;
}

void cells_chain_remove(uint64_t *chain, struct cells_link *link)
{
	struct cells_link *at = (struct cells_link *)(uintptr_t)*chain;

	if (at == link) {
		*chain = link->place;
		return;
	}
	while (at->place != (uintptr_t)link)
		at = (struct cells_link *)at->place;
	at->place = link->place;
}

/* Joins a chunk with the next newer one if that leaves room enough. Only a full-sized one is. */
static bool join(struct cells_chunk *older, struct cells_chunk *newer, struct vas_pool *pool)
{
	if ((live_count(older) + live_count(newer)) * 4 > older->capacity * 3)
		return false;
	move_links(older, newer);
	older->newer = newer->newer;
	if (newer->newer != NULL)
		newer->newer->older = older;
	give_chunk(pool, newer);
	return true;
}

static void unlink_chunk(struct cells_chunk *chunk, struct vas_pool *pool)
{
	if (chunk->older != NULL)
		chunk->older->newer = chunk->newer;
	if (chunk->newer != NULL)
		chunk->newer->older = chunk->older;
	give_chunk(pool, chunk);
}

/* The newest chunk is what the group points to, so what changes it is left to settle. */
bool cells_chunk_remove(struct cells_link *link, struct vas_pool *pool)
{
	struct cells_chunk *chunk = cells_chunk_of(link);

	chunk->live &= ~(UINT64_C(1) << cells_slot_of(link));
	if (chunk->newer == NULL) {
		unsigned int least = chunk->older == NULL ? CELLS_UNPACK : chunk->capacity / 8;

		return live_count(chunk) > least;
	}
	if (chunk->live == 0)
		unlink_chunk(chunk, pool);
	else if (live_count(chunk) * 8 <= chunk->capacity &&
		 !(chunk->older != NULL && join(chunk->older, chunk, pool)) &&
		 chunk->newer->newer != NULL)
		(void)join(chunk, chunk->newer, pool);
	return true;
}

/* The slots of a lone chunk become a chain. */
static void unpack(uint64_t *group, struct cells_chunk *chunk, struct vas_pool *pool)
{
	uintptr_t chain = 0;

	for (uint64_t live = chunk->live; live != 0; live &= live - 1) {
		struct cells_link *link = chunk->slots[__builtin_ctzll(live)].link;

		link->place = chain;
		chain = (uintptr_t)link;
	}
	*group = chain;
	give_chunk(pool, chunk);
}

void cells_group_settle(uint64_t *group, struct vas_pool *pool)
{
	struct cells_chunk *chunk = chunk_of_group(*group), *older = chunk->older;

	if (older == NULL) {
		unpack(group, chunk, pool);
	} else if (chunk->live == 0) {
		unlink_chunk(chunk, pool);
		*group = (uintptr_t)older | CELLS_PACKED;
	} else if (join(older, chunk, pool)) {
		*group = (uintptr_t)older | CELLS_PACKED;
	}
}
