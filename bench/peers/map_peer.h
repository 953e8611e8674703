/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_PEERS_MAP_PEER_H
#define BENCH_PEERS_MAP_PEER_H

/*
 * What the peers that are ordered maps of C++ have alike. A file includes this, names its map
 * `area_map`, and includes map_reads.h.
 *
 * The key is the start of an area, and the order is descending, so that lower_bound gives the area
 * that starts at or below an address without a step back. The value has the end too: a search reads
 * no area. Inserted next to a place in hand, that place is the hint.
 */

#include <functional>
#include <utility>

#include "../../cmd/vas/bench_index.h"
#include "pool_allocator.h"

struct place {
	uint64_t end;
	struct vas_range *range;
};

typedef pool_allocator<std::pair<const uint64_t, place>> place_allocator;

#endif
