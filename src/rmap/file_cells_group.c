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
 * New links go to the end of the newest chunk. The first chunk of a group grows from 256 bytes to 1
 * KiB; others have that from the start. A removal leaves a hole; a chunk of which an eighth is left
 * is joined with a neighbour if both fit into three quarters of one. So links never change their
 * order, and a walk that was interrupted finds its place again.
 */

#include <string.h>

#include "base/assert.h"
#include "base/bits.h"
#include "file_cells.h"

/* Slots that are fetched before they are written, so that nobody waits for memory. */
#define AHEAD 10

static size_t capacity_of(size_t bytes)
{
	return (bytes - sizeof(struct cells_chunk)) / sizeof(struct vas_file_place);
}

size_t vas_cells_chunk_bytes(const struct cells_chunk *chunk)
{
	size_t bytes = CELLS_CHUNK_LEAST;

	while (capacity_of(bytes) < chunk->capacity)
		bytes *= 2;
	return bytes;
}

static unsigned int live_count(const struct cells_chunk *chunk)
{
	return vas_count_bits(chunk->live);
}

/* One behind the last slot in use. */
static unsigned int slots_used(const struct cells_chunk *chunk)
{
	return chunk->live == 0 ? 0 : 64u - (unsigned int)__builtin_clzll(chunk->live);
}

static bool is_newest(const struct cells_chunk *chunk)
{
	return chunk->newer == NULL;
}

static void set_place(struct vas_file_link *link, struct cells_chunk *chunk, unsigned int slot)
{
	((struct cells_link *)link)->place = (uintptr_t)chunk | ((slot / 7) << 3) | (slot % 7 + 1);
}

static struct cells_chunk *take_chunk(struct vas_pool *pool, size_t bytes)
{
	struct cells_chunk *chunk;

	if (vas_pool_reserve(pool, bytes, 1) != 0)
		return NULL;
	chunk = vas_pool_take(pool, bytes);
	vas_debug(((uintptr_t)chunk & CELLS_CODE) == 0);
	*chunk = (struct cells_chunk){ .capacity = capacity_of(bytes) };
	return chunk;
}

static void give_chunk(struct vas_pool *pool, struct cells_chunk *chunk)
{
	vas_pool_give(pool, chunk, vas_cells_chunk_bytes(chunk));
}

/* => there is room behind the last slot in use. */
static void append(struct cells_chunk *chunk, struct vas_file_link *link)
{
	unsigned int slot = slots_used(chunk);

	/* Who appends here does so again. */
	__builtin_prefetch(
		(const void *)((uintptr_t)&chunk->slots[slot] + AHEAD * sizeof(chunk->slots[0])),
		1);
	chunk->slots[slot] = (struct vas_file_place){
		.space = link->space,
		.start = link->start,
		.link = link,
	};
	chunk->live |= UINT64_C(1) << slot;
	set_place(link, chunk, slot);
}

/* Closes the holes. */
static void compact(struct cells_chunk *chunk)
{
	unsigned int to = 0;

	for (uint64_t live = chunk->live; live != 0; live &= live - 1, to++) {
		unsigned int from = vas_lowest_bit(live);

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
	unsigned int slot;

	compact(to);
	slot = slots_used(to);
	for (uint64_t live = from->live; live != 0; live &= live - 1, slot++) {
		to->slots[slot] = from->slots[vas_lowest_bit(live)];
		set_place(to->slots[slot].link, to, slot);
	}
	to->live = (UINT64_C(1) << slot) - 1;
}

/* Makes the newest chunk of a group larger, or begins a new one. NULL: no memory. */
static struct cells_chunk *extend(uint64_t *group, struct cells_chunk *old, struct vas_pool *pool)
{
	size_t bytes = vas_cells_chunk_bytes(old);
	bool larger = bytes < CELLS_CHUNK_MOST;
	struct cells_chunk *chunk = take_chunk(pool, larger ? bytes * 2 : CELLS_CHUNK_MOST);

	if (chunk == NULL)
		return NULL;
	chunk->newer = old->newer;
	if (larger) {
		move_links(chunk, old);
		chunk->older = old->older;
		give_chunk(pool, old);
	} else {
		chunk->older = old;
	}
	if (chunk->older != NULL)
		chunk->older->newer = chunk;
	*group = (uintptr_t)chunk;
	return chunk;
}

/* Turns a full chain into a chunk. NULL: no memory. */
static struct cells_chunk *pack(uint64_t *group, struct vas_pool *pool)
{
	struct cells_link *links[CELLS_CHAIN];
	struct cells_chunk *chunk = take_chunk(pool, CELLS_CHUNK_LEAST);

	if (chunk == NULL)
		return NULL;
	links[0] = cells_group_link(*group);
	for (unsigned int i = 1; i < CELLS_CHAIN; i++)
		links[i] = (struct cells_link *)links[i - 1]->place;
	for (unsigned int i = CELLS_CHAIN; i-- > 0;)
		append(chunk, &links[i]->head);
	*group = (uintptr_t)chunk;
	return chunk;
}

bool vas_cells_group_add(uint64_t *group, struct cells_link *link, struct vas_pool *pool)
{
	uint64_t length = *group & CELLS_LENGTH;
	struct cells_chunk *chunk;

	if (length != 0 && length < CELLS_CHAIN) {
		link->place = (uintptr_t)(*group - length);
		*group = (uintptr_t)link | (length + 1);
		return true;
	}
	chunk = length != 0 ? pack(group, pool) : cells_group_chunk(*group);
	if (chunk != NULL && slots_used(chunk) == chunk->capacity) {
		if (live_count(chunk) * 4 <= chunk->capacity * 3)
			compact(chunk);
		else
			chunk = extend(group, chunk, pool);
	}
	if (chunk == NULL)
		return false;
	append(chunk, &link->head);
	return true;
}

void vas_cells_chain_remove(uint64_t *group, struct cells_link *link)
{
	struct cells_link *at = cells_group_link(*group);
	uint64_t length = (*group & CELLS_LENGTH) - 1;

	if (length == 0) {
		*group = 0;
	} else if (at == link) {
		*group = link->place | length;
	} else {
		while (at->place != (uintptr_t)link)
			at = (struct cells_link *)at->place;
		at->place = link->place;
		*group -= 1;
	}
}

/* Joins a chunk with the next newer one if that leaves room enough. Only a full-sized one is. */
static bool join(struct cells_chunk *older, struct cells_chunk *newer, struct vas_pool *pool)
{
	if ((live_count(older) + live_count(newer)) * 4 > older->capacity * 3)
		return false;
	move_links(older, newer);
	older->newer = newer->newer;
	if (!is_newest(newer))
		newer->newer->older = older;
	give_chunk(pool, newer);
	return true;
}

static void unlink_chunk(struct cells_chunk *chunk, struct vas_pool *pool)
{
	if (chunk->older != NULL)
		chunk->older->newer = chunk->newer;
	if (!is_newest(chunk))
		chunk->newer->older = chunk->older;
	give_chunk(pool, chunk);
}

/* The newest chunk is what the group points to, so what changes it is left to
 * vas_cells_group_shrink. */
bool vas_cells_chunk_remove(struct cells_link *link, struct vas_pool *pool)
{
	struct cells_chunk *chunk = cells_chunk_of(link), *newer = chunk->newer;

	chunk->live &= ~(UINT64_C(1) << cells_slot_of(link));
	if (is_newest(chunk))
		return live_count(chunk) <=
		       (chunk->older == NULL ? CELLS_UNPACK : (unsigned int)chunk->capacity / 8);
	if (chunk->live == 0)
		unlink_chunk(chunk, pool);
	else if (live_count(chunk) * 8 <= chunk->capacity &&
		 !(chunk->older != NULL && join(chunk->older, chunk, pool)) && !is_newest(newer))
		(void)join(chunk, newer, pool);
	return false;
}

/* The slots of a lone chunk become a chain. */
static void unpack(uint64_t *group, struct cells_chunk *chunk, struct vas_pool *pool)
{
	uintptr_t chain = 0;

	*group = 0;
	for (uint64_t live = chunk->live; live != 0; live &= live - 1) {
		struct vas_file_link *link = chunk->slots[vas_lowest_bit(live)].link;

		((struct cells_link *)link)->place = chain;
		chain = (uintptr_t)link;
		*group = chain | live_count(chunk);
	}
	give_chunk(pool, chunk);
}

void vas_cells_group_shrink(uint64_t *group, struct vas_pool *pool)
{
	struct cells_chunk *chunk = cells_group_chunk(*group), *older = chunk->older;

	if (older == NULL) {
		unpack(group, chunk, pool);
	} else if (chunk->live == 0) {
		unlink_chunk(chunk, pool);
		*group = (uintptr_t)older;
	} else if (join(older, chunk, pool)) {
		*group = (uintptr_t)older;
	}
}
