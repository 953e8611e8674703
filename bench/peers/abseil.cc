/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * absl::btree_map of Abseil, for `vas bench index --peer`.
 *
 * A B-tree with some ten places in each node of 256 bytes: what a C++ program takes whose std::map
 * has become slow. How the key is chosen is told in map_peer.h; with a plain integer and a standard
 * order Abseil looks through a node in a row. Any change may move places, so an area cannot keep an
 * iterator: erase, split and merge search by the start, and go on from there. A copy for a fork is
 * the map's own, which fills nodes one after the other; then it is given the areas of the child.
 *
 * At its best: nodes from a pool, at the start of a cache line. It lacks a gap index: a search for a
 * gap walks down from the top.
 */

#include <absl/container/btree_map.h>

#include "map_peer.h"

typedef absl::btree_map<uint64_t, place, std::greater<uint64_t>, place_allocator> area_map;

#include "map_reads.h"

static inline size_t peer_link_bytes(const char *)
{
	return 0;
}

static inline size_t peer_bytes(const struct peer *peer)
{
	return map_bytes(peer);
}

static inline void peer_insert(struct peer *peer, struct vas_range *range)
{
	peer->map->emplace(range->start, place{ range->end, range });
}

static inline void peer_erase(struct peer *peer, struct vas_range *range)
{
	peer->map->erase(range->start);
}

static inline bool peer_map(struct peer *peer, const struct vas_gap *gap, struct vas_range *range)
{
	area_map::iterator below;

	if (!walk_down(peer, gap, &range->start, &below))
		return false;
	range->end = range->start + gap->length;
	peer->map->emplace_hint(below, range->start, place{ range->end, range });
	return true;
}

static inline void peer_split(struct peer *peer, struct vas_range *low, struct vas_range *high,
			      uint64_t at)
{
	area_map::iterator found = peer->map->find(low->start);

	high->start = at;
	high->end = low->end;
	low->end = found->second.end = at;
	peer->map->emplace_hint(found, at, place{ high->end, high });
}

/* Three in a row, the highest first. */
static inline void peer_merge(struct peer *peer, struct vas_range *low, struct vas_range *,
			      struct vas_range *high)
{
	area_map::iterator found = peer->map->find(high->start);

	found = peer->map->erase(found);
	found = peer->map->erase(found);
	low->end = found->second.end = high->end;
}

static inline void peer_copy(struct peer *to, struct peer *from, struct vas_range *const *ranges,
			     size_t n)
{
	*to->map = *from->map;
	for (area_map::iterator at = to->map->begin(); n-- > 0; ++at)
		at->second.range = ranges[n];
}

#include "index_peer.h"

PEER_TABLE("absl::btree_map", "Abseil " PEER_VALUE(ABSL_LTS_RELEASE_VERSION))
