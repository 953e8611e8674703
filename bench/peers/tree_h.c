/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The red-black tree of BSD's <sys/tree.h>, from libbsd, for `vas bench index --peer`.
 *
 * Macros that generate the tree's functions around a comparison: the links lie in the area, no
 * memory is ever asked for, and erase starts from the area in hand. As the address spaces of the
 * BSDs have it: areas that overlap compare as equal, so that RB_FIND with a range of one byte gives
 * the area there and RB_NFIND that or the next one above. A bound that moves without passing a
 * neighbour is just written. Links and range stand beside each other, so that a descent reads one
 * cache line of an area. Neighbours come from RB_NEXT and RB_PREV, as in OpenBSD today: a list
 * through the areas would make each 16 bytes larger.
 *
 * It lacks a gap index: a search for a gap walks down from the top; and an insertion next to a place
 * in hand: RB_INSERT searches from the root, also for a copy.
 */

#include <bsd/sys/tree.h>

#include "../../cmd/vas/bench_index.h"

#define PEER_LACKS	0
#define PEER_WALKS_GAPS 1

struct area {
	RB_ENTRY(area) links;
	struct vas_range range;
};

RB_HEAD(area_tree, area);

static inline int compare(const struct area *a, const struct area *b)
{
	return a->range.end <= b->range.start ? -1 : a->range.start >= b->range.end;
}

/* What tree.h puts before each function, and Linux has no header for. */
#define __unused __attribute__((unused))
RB_GENERATE_STATIC(area_tree, area, links, compare)

struct peer {
	struct area_tree tree;
	size_t count;
	bool no_memory;
};

static struct area *area_of(struct vas_range *range)
{
	return (struct area *)(void *)((char *)range - offsetof(struct area, range));
}

static struct vas_range *range_of(struct area *area)
{
	return area != NULL ? &area->range : NULL;
}

static size_t peer_link_bytes(const char *design)
{
	(void)design;
	return offsetof(struct area, range);
}

static void peer_create(struct peer *peer, const char *design)
{
	(void)design;
	RB_INIT(&peer->tree);
}

static void peer_destroy(struct peer *peer)
{
	(void)peer;
}

static size_t peer_bytes(const struct peer *peer)
{
	return sizeof(peer->tree) + peer->count * peer_link_bytes(NULL);
}

static inline void peer_insert(struct peer *peer, struct vas_range *range)
{
	RB_INSERT(area_tree, &peer->tree, area_of(range));
	peer->count++;
}

static inline void peer_erase(struct peer *peer, struct vas_range *range)
{
	RB_REMOVE(area_tree, &peer->tree, area_of(range));
	peer->count--;
}

static inline struct vas_range *peer_find(struct peer *peer, uint64_t address)
{
	struct area key = { .range = { address, address + 1 } };

	return range_of(RB_FIND(area_tree, &peer->tree, &key));
}

static inline struct vas_range *peer_find_ge(struct peer *peer, uint64_t address)
{
	struct area key = { .range = { address, address + 1 } };

	return range_of(RB_NFIND(area_tree, &peer->tree, &key));
}

struct peer_walk {
	struct area *next;
};

static inline void peer_walk_start(struct peer_walk *walk, struct peer *peer)
{
	walk->next = RB_MIN(area_tree, &peer->tree);
}

static inline struct vas_range *peer_walk_next(struct peer_walk *walk)
{
	struct area *area = walk->next;

	if (area != NULL)
		walk->next = RB_NEXT(area_tree, NULL, area);
	return range_of(area);
}

/* The area below the window's top, or around it. */
static struct area *below(struct peer *peer, uint64_t high)
{
	struct area key = { .range = { high - 1, high } };
	struct area *area = RB_NFIND(area_tree, &peer->tree, &key);

	if (area == NULL)
		return RB_MAX(area_tree, &peer->tree);
	return area->range.start < high ? area : RB_PREV(area_tree, NULL, area);
}

static bool peer_gap(struct peer *peer, const struct vas_gap *gap, uint64_t *address)
{
	struct area *area = below(peer, gap->high);
	uint64_t high = gap->high;

	while (area != NULL) {
		if (bench_place(gap, area->range.end, high, address))
			return true;
		high = area->range.start;
		if (high <= gap->low)
			return false;
		area = RB_PREV(area_tree, NULL, area);
	}
	return bench_place(gap, 0, high, address);
}

#include "by_inserts.h"
#include "index_peer.h"

PEER_TABLE("tree.h", "libbsd")
