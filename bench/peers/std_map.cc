/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * std::map of the compiler's C++ library, for `vas bench index --peer`.
 *
 * A red-black tree of nodes of its own: what an emulator writes that takes the first container at
 * hand. How the key is chosen is told in map_peer.h. An iterator stays good while its element is in
 * the map, so each area keeps its own, and neither erase nor split searches; an insertion next to a
 * place in hand is constant time. A copy for a fork inserts each area above the one before: the map's
 * copy constructor would not save the visit of each area, which gets a new iterator.
 *
 * At its best: nodes from a pool, each in a cache line. It lacks a gap index: a search for a gap
 * walks down from the top.
 */

#include <map>

#include "map_peer.h"

typedef std::map<uint64_t, place, std::greater<uint64_t>, place_allocator> area_map;

#include "map_reads.h"

static inline size_t peer_link_bytes(const char *)
{
	return sizeof(area_map::iterator);
}

static inline size_t peer_bytes(const struct peer *peer)
{
	return map_bytes(peer) + peer->map->size() * peer_link_bytes(NULL);
}

static inline area_map::iterator &link_of(struct vas_range *range)
{
	return ((area_map::iterator *)(void *)range)[-1];
}

static inline void insert_above(struct peer *peer, area_map::iterator below,
				struct vas_range *range)
{
	link_of(range) = peer->map->emplace_hint(below, range->start, place{ range->end, range });
}

static inline void peer_insert(struct peer *peer, struct vas_range *range)
{
	link_of(range) = peer->map->emplace(range->start, place{ range->end, range }).first;
}

static inline void peer_erase(struct peer *peer, struct vas_range *range)
{
	peer->map->erase(link_of(range));
}

static inline bool peer_map(struct peer *peer, const struct vas_gap *gap, struct vas_range *range)
{
	area_map::iterator below;

	if (!walk_down(peer, gap, &range->start, &below))
		return false;
	range->end = range->start + gap->length;
	insert_above(peer, below, range);
	return true;
}

static inline void peer_split(struct peer *peer, struct vas_range *low, struct vas_range *high,
			      uint64_t at)
{
	area_map::iterator place = link_of(low);

	high->start = at;
	high->end = low->end;
	low->end = place->second.end = at;
	insert_above(peer, place, high);
}

static inline void peer_merge(struct peer *peer, struct vas_range *low, struct vas_range *middle,
			      struct vas_range *high)
{
	low->end = link_of(low)->second.end = high->end;
	peer_erase(peer, middle);
	peer_erase(peer, high);
}

static inline void peer_copy(struct peer *to, struct peer *, struct vas_range *const *ranges,
			     size_t n)
{
	for (size_t i = 0; i < n; i++)
		insert_above(to, to->map->begin(), ranges[i]);
}

#include "index_peer.h"

PEER_TABLE("std::map", "libstdc++ " PEER_VALUE(_GLIBCXX_RELEASE))
