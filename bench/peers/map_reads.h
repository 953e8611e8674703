/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_PEERS_MAP_READS_H
#define BENCH_PEERS_MAP_READS_H

/* The operations that are the same for every `area_map` of map_peer.h. */

#include "map_peer.h"

#define PEER_LACKS	0
#define PEER_WALKS_GAPS 1

struct peer {
	area_map *map;
	size_t before; /* bytes that other maps had when this one began */
	bool no_memory;
};

static inline void peer_create(struct peer *peer, const char *)
{
	peer->before = peer_pool_used;
	peer->map = new area_map;
}

static inline void peer_destroy(struct peer *peer)
{
	delete peer->map;
}

/* Without links in the areas. */
static inline size_t map_bytes(const struct peer *peer)
{
	return sizeof(*peer->map) + peer_pool_used - peer->before;
}

static inline struct vas_range *peer_find(struct peer *peer, uint64_t address)
{
	area_map::iterator at = peer->map->lower_bound(address);

	return at != peer->map->end() && address < at->second.end ? at->second.range : NULL;
}

static inline struct vas_range *peer_find_ge(struct peer *peer, uint64_t address)
{
	area_map::iterator at = peer->map->lower_bound(address);

	if (at != peer->map->end() && address < at->second.end)
		return at->second.range;
	return at != peer->map->begin() ? (--at)->second.range : NULL;
}

struct peer_walk {
	area_map::iterator at, last;
};

static inline void peer_walk_start(struct peer_walk *walk, struct peer *peer)
{
	walk->at = peer->map->end();
	walk->last = peer->map->begin();
}

static inline struct vas_range *peer_walk_next(struct peer_walk *walk)
{
	return walk->at != walk->last ? (--walk->at)->second.range : NULL;
}

/* Like peer_gap; *below becomes the area below the gap. */
static inline bool walk_down(struct peer *peer, const struct vas_gap *gap, uint64_t *address,
			     area_map::iterator *below)
{
	area_map::iterator at = peer->map->lower_bound(gap->high - 1), last = peer->map->end();
	uint64_t high = gap->high;

	while (true) {
		if (bench_place(gap, at != last ? at->second.end : 0, high, address)) {
			*below = at;
			return true;
		}
		if (at == last || at->first <= gap->low)
			return false;
		high = at->first;
		++at;
	}
}

static inline bool peer_gap(struct peer *peer, const struct vas_gap *gap, uint64_t *address)
{
	area_map::iterator below;

	return walk_down(peer, gap, address, &below);
}

#endif
