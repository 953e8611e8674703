/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The maple tree of Linux, its index of areas since 6.1, for `vas bench index --peer`. linux.sh
 * compiles it against the kernel's sources, of which nothing is kept. Two plug-ins:
 *
 *   maple      at its best: no readers to heed, nodes replaced in place; memory is asked for when it
 *              is needed; a store goes on from where the gap search stood
 *   maple-rcu  (MAPLE_RCU) as the kernel pays: every node that changes shape is replaced and freed
 *              after a grace period, nodes are got before each store, which walks from the root
 *
 * In both a copy is the tree alone, with the same areas; the kernel's fork then stores the new
 * areas over the old ones.
 */

#include <linux/maple_tree.h>

#include "lib/maple_tree.c"

#include "../../cmd/vas/bench_index.h"

#ifdef MAPLE_RCU
#define TREE_NAME  "maple-rcu"
#define TREE_FLAGS (MT_FLAGS_ALLOC_RANGE | MT_FLAGS_LOCK_EXTERN | MT_FLAGS_USE_RCU)
#else
#define TREE_NAME  "maple"
#define TREE_FLAGS (MT_FLAGS_ALLOC_RANGE | MT_FLAGS_LOCK_EXTERN)
#endif

#define PEER_LACKS	0
#define PEER_WALKS_GAPS 0

struct peer {
	struct maple_tree tree;
	/* Nodes that others had when this began. */
	size_t before;
	bool no_memory;
};

struct peer_walk {
	struct ma_state state;
};

static size_t peer_link_bytes(const char *design)
{
	(void)design;
	return 0;
}

static void peer_create(struct peer *peer, const char *design)
{
	(void)design;
	if (maple_node_cache == NULL)
		maple_tree_init();
	rcu_flush();
	peer->before = maple_node_cache->live;
	mt_init_flags(&peer->tree, TREE_FLAGS);
}

static void peer_destroy(struct peer *peer)
{
	__mt_destroy(&peer->tree);
	rcu_flush();
}

static size_t peer_bytes(const struct peer *peer)
{
	rcu_flush();
	return sizeof(peer->tree) +
	       (maple_node_cache->live - peer->before) * sizeof(struct maple_node);
}

/* `range` over all of [index, last] of the state; NULL: nothing is there any more. */
static void store(struct peer *peer, struct ma_state *state, struct vas_range *range)
{
#ifdef MAPLE_RCU
	if (mas_preallocate(state, range, GFP_KERNEL) != 0)
		peer->no_memory = true;
	else
		mas_store_prealloc(state, range);
#else
	if (mas_store_gfp(state, range, GFP_KERNEL) != 0)
		peer->no_memory = true;
#endif
}

static void store_at(struct peer *peer, uint64_t start, uint64_t end, struct vas_range *range)
{
	MA_STATE(state, &peer->tree, start, end - 1);

	store(peer, &state, range);
}

static void peer_insert(struct peer *peer, struct vas_range *range)
{
	store_at(peer, range->start, range->end, range);
}

static void peer_erase(struct peer *peer, struct vas_range *range)
{
	store_at(peer, range->start, range->end, NULL);
}

static struct vas_range *peer_find(struct peer *peer, uint64_t address)
{
	return mtree_load(&peer->tree, address);
}

static struct vas_range *peer_find_ge(struct peer *peer, uint64_t address)
{
	MA_STATE(state, &peer->tree, address, address);

	return mas_find(&state, ULONG_MAX);
}

static void peer_walk_start(struct peer_walk *walk, struct peer *peer)
{
	mas_init(&walk->state, &peer->tree, 0);
}

static struct vas_range *peer_walk_next(struct peer_walk *walk)
{
	return mas_find(&walk->state, ULONG_MAX);
}

/* The state then stands in the gap. */
static bool search(struct ma_state *state, const struct vas_gap *gap, uint64_t *address)
{
	uint64_t padding = gap->align > 1 ? gap->align - 1 : 0;

	if (mas_empty_area_rev(state, gap->low, gap->high - 1, gap->length + padding) != 0)
		return false;
	*address = (state->last + 1 - gap->length) & ~padding;
	return true;
}

static bool peer_gap(struct peer *peer, const struct vas_gap *gap, uint64_t *address)
{
	MA_STATE(state, &peer->tree, 0, 0);

	return search(&state, gap, address);
}

static bool peer_map(struct peer *peer, const struct vas_gap *gap, struct vas_range *range)
{
	MA_STATE(state, &peer->tree, 0, 0);

	if (!search(&state, gap, &range->start))
		return false;
	range->end = range->start + gap->length;
#ifdef MAPLE_RCU
	mas_set_range(&state, range->start, range->end - 1);
#else
	__mas_set_range(&state, range->start, range->end - 1);
#endif
	store(peer, &state, range);
	return true;
}

/* A store over a part cuts off what was there. */
static void peer_split(struct peer *peer, struct vas_range *low, struct vas_range *high,
		       uint64_t at)
{
	high->start = at;
	high->end = low->end;
	low->end = at;
	peer_insert(peer, high);
}

static void peer_merge(struct peer *peer, struct vas_range *low, struct vas_range *middle,
		       struct vas_range *high)
{
	(void)middle;
	low->end = high->end;
	peer_insert(peer, low);
}

static void peer_copy(struct peer *to, struct peer *from, struct vas_range *const *ranges, size_t n)
{
	(void)ranges;
	(void)n;
	if (__mt_dup(&from->tree, &to->tree, GFP_KERNEL) != 0)
		to->no_memory = true;
}

#include "index_peer.h"

PEER_TABLE(TREE_NAME, "the maple tree of linux-source-6.12")
