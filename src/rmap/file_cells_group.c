/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The groups of the design `cells`: all links with one and the same range, the newest first.
 *
 *	chain    group -> newest link -> ... -> oldest link -> leaf
 *
 *	array    group -> [link link -- link]                        --: a hole
 *
 *	chunks   group -> newest chunk -> ... -> oldest chunk
 *	                  [slot slot -- slot]                        a slot: space, start, link
 *
 * One link to seven are a chain, up to 55 an array, more of them chunks of 1 KiB. An array takes
 * half of what chunks do, since it says of a link only where it is; but as a walk knows all of them
 * beforehand, it need not wait for one after the other.
 *
 * New links go behind the last slot in use. A removal leaves a hole. An array that is full is
 * closed up, if that helps, or makes place for a larger one. A chunk of which an eighth is left is
 * joined with a neighbour if both fit into three quarters of one; an array or a chunk by itself
 * becomes a chain then. So links never change their order, and a walk that was interrupted finds its
 * place again.
 */

#include <string.h>

#include "base/assert.h"
#include "base/bits.h"
#include "file_cells.h"

/* Bytes behind the last slot that are fetched before they are written, so that nobody waits. */
#define AHEAD 240

/* So many links become a chain again. */
#define CHAIN_AGAIN 3

static unsigned int live_count(const struct cells_pack *pack)
{
	return vas_count_bits(pack->live);
}

/* One behind the last slot in use. */
static unsigned int slots_used(const struct cells_pack *pack)
{
	return pack->live == 0 ? 0 : 64u - (unsigned int)__builtin_clzll(pack->live);
}

static bool is_newest(const struct cells_chunk *chunk)
{
	return chunk->newer == NULL;
}

static size_t capacity_of(size_t bytes, bool wide)
{
	size_t capacity =
		wide ? (bytes - sizeof(struct cells_chunk)) / sizeof(struct vas_file_place)
		     : (bytes - sizeof(struct cells_array)) / sizeof(struct cells_link *);

	return capacity < CELLS_SLOTS ? capacity : CELLS_SLOTS;
}

/* => there is memory. */
static struct cells_pack *take_pack(struct vas_pool *pool, size_t bytes, bool wide)
{
	struct cells_pack *pack = vas_pool_take(pool, bytes);

	vas_debug(((uintptr_t)pack & CELLS_CODE) == 0);
	*pack = (struct cells_pack){
		.bytes = (uint32_t)bytes,
		.capacity = (uint16_t)capacity_of(bytes, wide),
		.wide = wide,
	};
	return pack;
}

static struct cells_chunk *take_chunk(struct vas_pool *pool)
{
	struct cells_chunk *chunk = cells_chunk(take_pack(pool, CELLS_CHUNK_BYTES, true));

	chunk->older = chunk->newer = NULL;
	return chunk;
}

static void give_pack(struct vas_pool *pool, struct cells_pack *pack)
{
	vas_pool_give(pool, pack, pack->bytes);
}

static void set_place(struct cells_link *link, const struct cells_pack *pack, unsigned int slot)
{
	link->place = (uintptr_t)pack | ((slot / 7) << 3) | (slot % 7 + 1);
}

/* => there is room behind the last slot in use. */
static void append(struct cells_pack *pack, struct cells_link *link)
{
	unsigned int slot = slots_used(pack);

	if (pack->wide) {
		struct vas_file_place *at = &cells_chunk(pack)->slots[slot];

		at->space = link->head.space;
		at->start = link->head.start;
		at->link = &link->head;
		/* Who appends here does so again. */
		__builtin_prefetch((const void *)((uintptr_t)at + AHEAD), 1);
	} else {
		cells_array(pack)->links[slot] = link;
	}
	pack->live |= UINT64_C(1) << slot;
	set_place(link, pack, slot);
}

/* Puts the links of these slots of `from` behind those of `to`, which may be the same, and empty
 * now. => they are newer, and fit. */
static void move_links(struct cells_pack *to, const struct cells_pack *from, uint64_t live)
{
	unsigned int slot = slots_used(to);

	for (; live != 0; live &= live - 1, slot++) {
		unsigned int at = vas_lowest_bit(live);
		struct cells_link *link = cells_link_at(from, at);

		if (!to->wide)
			cells_array(to)->links[slot] = link;
		else if (from->wide)
			cells_chunk(to)->slots[slot] =
				((const struct cells_chunk *)from)->slots[at];
		else
			cells_chunk(to)->slots[slot] =
				(struct vas_file_place){ link->head.space, link->head.start,
							 &link->head };
		set_place(link, to, slot);
	}
	to->live = (UINT64_C(1) << slot) - 1;
}

/* Closes the holes. */
static void compact(struct cells_pack *pack)
{
	uint64_t live = pack->live;

	pack->live = 0;
	move_links(pack, pack, live);
}

/* Takes an array of twice the size instead of this one. NULL: no memory. */
static struct cells_pack *double_array(uint64_t *group, struct cells_pack *old,
				       struct vas_pool *pool)
{
	size_t bytes = (size_t)old->bytes * 2;
	struct cells_pack *pack;

	if (vas_pool_reserve(pool, bytes, 1) != 0)
		return NULL;
	pack = take_pack(pool, bytes, false);
	move_links(pack, old, old->live);
	give_pack(pool, old);
	*group = (uintptr_t)pack | CELLS_ARRAY;
	return pack;
}

/* The lowest `count` bits of these that are set. */
static uint64_t lowest_bits(uint64_t bits, unsigned int count)
{
	uint64_t rest = bits;

	for (; count > 0; count--)
		rest &= rest - 1;
	return bits ^ rest;
}

/* Two chunks instead of a full array. NULL: no memory. */
static struct cells_pack *widen(uint64_t *group, struct cells_pack *array, struct vas_pool *pool)
{
	struct cells_chunk *older, *newer;
	uint64_t low;

	if (vas_pool_reserve(pool, CELLS_CHUNK_BYTES, 2) != 0)
		return NULL;
	older = take_chunk(pool);
	newer = take_chunk(pool);
	low = lowest_bits(array->live, older->pack.capacity);
	move_links(&older->pack, array, low);
	move_links(&newer->pack, array, array->live ^ low);
	give_pack(pool, array);
	older->newer = newer;
	newer->older = older;
	*group = (uintptr_t)newer;
	return &newer->pack;
}

/* More room for a group whose array or newest chunk is full. NULL: no memory. */
static struct cells_pack *extend(uint64_t *group, struct cells_pack *old, struct vas_pool *pool)
{
	struct cells_chunk *chunk;

	if (!old->wide)
		return old->capacity < CELLS_SLOTS ? double_array(group, old, pool)
						   : widen(group, old, pool);
	if (vas_pool_reserve(pool, CELLS_CHUNK_BYTES, 1) != 0)
		return NULL;
	chunk = take_chunk(pool);
	chunk->older = cells_chunk(old);
	chunk->older->newer = chunk;
	*group = (uintptr_t)chunk;
	return &chunk->pack;
}

/* Turns a full chain into an array. NULL: no memory. */
static struct cells_pack *pack_chain(uint64_t *group, struct vas_pool *pool)
{
	struct cells_link *links[CELLS_CHAIN];
	struct cells_pack *pack;

	if (vas_pool_reserve(pool, CELLS_ARRAY_LEAST, 1) != 0)
		return NULL;
	pack = take_pack(pool, CELLS_ARRAY_LEAST, false);
	links[0] = cells_group_link(*group);
	for (unsigned int i = 1; i < CELLS_CHAIN; i++)
		links[i] = (struct cells_link *)links[i - 1]->place;
	for (unsigned int i = CELLS_CHAIN; i-- > 0;)
		append(pack, links[i]);
	*group = (uintptr_t)pack | CELLS_ARRAY;
	return pack;
}

bool vas_cells_group_add(uint64_t *group, struct cells_link *link, struct vas_pool *pool)
{
	uint64_t length = *group & CELLS_LENGTH;
	struct cells_pack *pack;

	if (length != 0 && length < CELLS_CHAIN) {
		link->place = (uintptr_t)(*group - length);
		*group = (uintptr_t)link | (length + 1);
		return true;
	}
	pack = length != 0 ? pack_chain(group, pool) : cells_group_pack(*group);
	if (pack != NULL && slots_used(pack) == pack->capacity) {
		if (live_count(pack) * 4 <= pack->capacity * 3u)
			compact(pack);
		else
			pack = extend(group, pack, pool);
	}
	if (pack == NULL)
		return false;
	append(pack, link);
	return true;
}

void vas_cells_chain_remove(uint64_t *group, struct cells_link *link)
{
	struct cells_link *at = cells_group_link(*group);
	uint64_t length = (*group & CELLS_LENGTH) - 1;

	if (at == link) {
		*group = link->place | length;
	} else {
		while (at->place != (uintptr_t)link)
			at = (struct cells_link *)at->place;
		at->place = link->place;
		*group -= 1;
	}
}

/* Joins a chunk with the next newer one if that leaves room enough. */
static bool join(struct cells_chunk *older, struct cells_chunk *newer, struct vas_pool *pool)
{
	if ((live_count(&older->pack) + live_count(&newer->pack)) * 4 > older->pack.capacity * 3u)
		return false;
	compact(&older->pack);
	move_links(&older->pack, &newer->pack, newer->pack.live);
	older->newer = newer->newer;
	if (!is_newest(newer))
		newer->newer->older = older;
	give_pack(pool, &newer->pack);
	return true;
}

static void unlink_chunk(struct cells_chunk *chunk, struct vas_pool *pool)
{
	if (chunk->older != NULL)
		chunk->older->newer = chunk->newer;
	if (!is_newest(chunk))
		chunk->newer->older = chunk->older;
	give_pack(pool, &chunk->pack);
}

/* So few links that they are worth no array or chunk of their own. */
static unsigned int few_for(const struct cells_pack *pack)
{
	unsigned int few = pack->capacity / 8u;

	return few > CHAIN_AGAIN ? few : CHAIN_AGAIN;
}

/* What the group points to is left to vas_cells_group_shrink. */
bool vas_cells_pack_remove(struct cells_link *link, struct vas_pool *pool)
{
	struct cells_pack *pack = cells_pack_of(link);
	struct cells_chunk *chunk = cells_chunk(pack), *newer;

	pack->live &= ~(UINT64_C(1) << cells_slot_of(link));
	if (!pack->wide || is_newest(chunk))
		return live_count(pack) <= few_for(pack);
	newer = chunk->newer;
	if (pack->live == 0)
		unlink_chunk(chunk, pool);
	else if (live_count(pack) * 8 <= pack->capacity &&
		 !(chunk->older != NULL && join(chunk->older, chunk, pool)) && !is_newest(newer))
		(void)join(chunk, newer, pool);
	return false;
}

/* A few links become a chain. */
static void unpack(uint64_t *group, struct cells_pack *pack, struct vas_pool *pool)
{
	uintptr_t chain = 0;

	*group = 0;
	for (uint64_t live = pack->live; live != 0; live &= live - 1) {
		struct cells_link *link = cells_link_at(pack, vas_lowest_bit(live));

		link->place = chain;
		chain = (uintptr_t)link;
		*group = chain | live_count(pack);
	}
	give_pack(pool, pack);
}

void vas_cells_group_shrink(uint64_t *group, struct vas_pool *pool)
{
	struct cells_pack *pack = cells_group_pack(*group);
	struct cells_chunk *chunk = cells_chunk(pack), *older = pack->wide ? chunk->older : NULL;

	if (older == NULL) {
		unpack(group, pack, pool);
	} else if (pack->live == 0) {
		unlink_chunk(chunk, pool);
		*group = (uintptr_t)older;
	} else if (join(older, chunk, pool)) {
		*group = (uintptr_t)older;
	}
}
