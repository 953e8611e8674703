/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Boost's Interval Container Library, for `vas bench index --peer`.
 *
 * An interval_map from addresses to areas, which is a std::map whose keys are intervals. It knows
 * ranges as no other peer does, so its user says what becomes of addresses: split sets the upper part
 * to the new area, which cuts the old one short; merge sets the upper two to the lowest area, which
 * makes them one, as intervals that touch with the same value join. (A split_interval_map would keep
 * them apart.) The intervals are right_open_interval, whose kind of bounds is fixed: 16 bytes; keys
 * stand in the nodes, so that a search reads no area. Its iterators may go stale where intervals
 * join, so erase finds the area by its start. A copy for a fork is the map's own copy constructor,
 * then each value is set to the area of the child.
 *
 * At its best: nodes from a pool, each in a cache line. It lacks a gap index: a search for a gap
 * walks down from the top.
 */

#include <boost/icl/interval_map.hpp>
#include <boost/icl/right_open_interval.hpp>
#include <boost/version.hpp>

#include "../../cmd/vas/bench_index.h"
#include "pool_allocator.h"

#define PEER_LACKS	0
#define PEER_WALKS_GAPS 1

/* An area as a value: interval maps want to be able to add values. Nothing is ever added to one that
 * is there already. */
struct area_value {
	struct vas_range *range = NULL;

	bool operator==(const area_value &other) const
	{
		return range == other.range;
	}

	area_value &operator+=(const area_value &)
	{
		return *this;
	}
};

typedef boost::icl::right_open_interval<uint64_t> interval;
typedef boost::icl::interval_map<uint64_t, area_value, boost::icl::partial_absorber, std::less,
				 boost::icl::inplace_plus, boost::icl::inter_section, interval,
				 pool_allocator>
	area_map;

struct peer {
	area_map *map;
	size_t before; /* bytes that other maps had when this one began */
	bool no_memory;
};

static inline size_t peer_link_bytes(const char *)
{
	return 0;
}

static inline void peer_create(struct peer *peer, const char *)
{
	peer->before = peer_pool_used;
	peer->map = new area_map;
}

static inline void peer_destroy(struct peer *peer)
{
	delete peer->map;
}

static inline size_t peer_bytes(const struct peer *peer)
{
	return sizeof(*peer->map) + peer_pool_used - peer->before;
}

static inline area_map::segment_type segment_of(uint64_t start, uint64_t end,
						struct vas_range *range)
{
	return area_map::segment_type(interval(start, end), area_value{ range });
}

static inline void peer_insert(struct peer *peer, struct vas_range *range)
{
	peer->map->insert(segment_of(range->start, range->end, range));
}

static inline void peer_erase(struct peer *peer, struct vas_range *range)
{
	peer->map->erase(peer->map->lower_bound(interval(range->start, range->end)));
}

static inline struct vas_range *peer_find(struct peer *peer, uint64_t address)
{
	area_map::const_iterator at = peer->map->find(address);

	return at != peer->map->end() ? at->second.range : NULL;
}

static inline struct vas_range *peer_find_ge(struct peer *peer, uint64_t address)
{
	area_map::iterator at = peer->map->lower_bound(interval(address, address + 1));

	return at != peer->map->end() ? at->second.range : NULL;
}

struct peer_walk {
	area_map::iterator at, end;
};

static inline void peer_walk_start(struct peer_walk *walk, struct peer *peer)
{
	walk->at = peer->map->begin();
	walk->end = peer->map->end();
}

static inline struct vas_range *peer_walk_next(struct peer_walk *walk)
{
	return walk->at != walk->end ? (walk->at++)->second.range : NULL;
}

/* Like peer_gap; *above becomes the area above the gap. */
static inline bool walk_down(struct peer *peer, const struct vas_gap *gap, uint64_t *address,
			     area_map::iterator *above)
{
	area_map::iterator first = peer->map->begin(), at;
	uint64_t high = gap->high;

	at = peer->map->upper_bound(interval(gap->high - 1, gap->high));
	while (at != first) {
		*above = at;
		--at;
		if (bench_place(gap, at->first.upper(), high, address))
			return true;
		high = at->first.lower();
		if (high <= gap->low)
			return false;
	}
	*above = first;
	return bench_place(gap, 0, high, address);
}

static inline bool peer_gap(struct peer *peer, const struct vas_gap *gap, uint64_t *address)
{
	area_map::iterator above;

	return walk_down(peer, gap, address, &above);
}

static inline bool peer_map(struct peer *peer, const struct vas_gap *gap, struct vas_range *range)
{
	area_map::iterator above;

	if (!walk_down(peer, gap, &range->start, &above))
		return false;
	range->end = range->start + gap->length;
	peer->map->insert(above, segment_of(range->start, range->end, range));
	return true;
}

static inline void peer_split(struct peer *peer, struct vas_range *low, struct vas_range *high,
			      uint64_t at)
{
	high->start = at;
	high->end = low->end;
	low->end = at;
	peer->map->set(segment_of(at, high->end, high));
}

static inline void peer_merge(struct peer *peer, struct vas_range *low, struct vas_range *middle,
			      struct vas_range *high)
{
	peer->map->set(segment_of(middle->start, high->end, low));
	low->end = high->end;
}

static inline void peer_copy(struct peer *to, struct peer *from, struct vas_range *const *ranges,
			     size_t)
{
	*to->map = *from->map;
	for (area_map::iterator at = to->map->begin(); at != to->map->end(); ++at)
		at->second.range = *ranges++;
}

#include "index_peer.h"

PEER_TABLE("Boost.ICL", "Boost.ICL " BOOST_LIB_VERSION)
