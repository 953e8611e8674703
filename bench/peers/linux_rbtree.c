/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The index of areas as Linux 3.8 to 6.0 had it, for `vas bench index --peer`: the kernel's
 * red-black tree, its largest gap kept for each subtree, and a list of neighbours, all inside the
 * area. linux.sh compiles it against the kernel's lib/rbtree.c; what stands here is the glue.
 *
 * At its best: the links stand right before the bounds, so that a descent reads one cache line of an
 * area; a new area is linked beside the gap that was found, or beside the area that it was split
 * from, instead of by a second descent.
 */

#include <linux/rbtree_augmented.h>

#include "lib/rbtree.c"

#include "../../cmd/vas/bench_index.h"

#define PEER_LACKS	0
#define PEER_WALKS_GAPS 0

struct node {
	struct rb_node rb;
	struct node *prev, *next;
	uint64_t gap; /* the largest hole before any range of this subtree */
	struct vas_range range;
};

_Static_assert(sizeof(struct node) == 64, "one cache line");

struct peer {
	struct rb_root root;
	struct node *first, *last;
	size_t count;
	bool no_memory;
};

struct peer_walk {
	struct node *next;
};

static inline struct node *node_of(struct vas_range *range)
{
	return container_of(range, struct node, range);
}

static inline struct node *node_at(struct rb_node *rb)
{
	return container_of(rb, struct node, rb);
}

static inline uint64_t hole_before(const struct node *node)
{
	return node->range.start - (node->prev != NULL ? node->prev->range.end : 0);
}

RB_DECLARE_CALLBACKS_MAX(static, peer_gaps, struct node, rb, uint64_t, gap, hole_before)

static inline uint64_t gap_of(struct rb_node *rb)
{
	return rb != NULL ? node_at(rb)->gap : 0;
}

/* The hole before this node has changed; NULL: there is none. */
static inline void hole_changed(struct node *node)
{
	if (node != NULL)
		peer_gaps_propagate(&node->rb, NULL);
}

static size_t peer_link_bytes(const char *design)
{
	(void)design;
	return offsetof(struct node, range);
}

static void peer_create(struct peer *peer, const char *design)
{
	(void)peer;
	(void)design;
}

static void peer_destroy(struct peer *peer)
{
	(void)peer;
}

static size_t peer_bytes(const struct peer *peer)
{
	return sizeof(*peer) + peer->count * offsetof(struct node, range);
}

/* Between two neighbours, one of which has a free place on the side of the other. */
static inline void link_between(struct peer *peer, struct node *node, struct node *prev,
				struct node *next)
{
	struct rb_node *parent = NULL, **link = &peer->root.rb_node;

	if (next != NULL && next->rb.rb_left == NULL) {
		parent = &next->rb;
		link = &next->rb.rb_left;
	} else if (prev != NULL) {
		parent = &prev->rb;
		link = &prev->rb.rb_right;
	}
	node->prev = prev;
	node->next = next;
	*(prev != NULL ? &prev->next : &peer->first) = node;
	*(next != NULL ? &next->prev : &peer->last) = node;
	node->gap = hole_before(node);
	rb_link_node(&node->rb, parent, link);
	/* Ancestors first, as rotations copy what they find; the hole before `next` shrank. */
	if (parent != NULL)
		peer_gaps_propagate(parent, NULL);
	if (next != NULL && parent != &next->rb)
		hole_changed(next);
	rb_insert_augmented(&node->rb, &peer->root, &peer_gaps);
	peer->count++;
}

static void peer_insert(struct peer *peer, struct vas_range *range)
{
	struct rb_node *rb = peer->root.rb_node;
	struct node *prev = NULL, *next = NULL;

	while (rb != NULL) {
		if (node_at(rb)->range.start > range->start) {
			next = node_at(rb);
			rb = rb->rb_left;
		} else {
			prev = node_at(rb);
			rb = rb->rb_right;
		}
	}
	link_between(peer, node_of(range), prev, next);
}

static void peer_erase(struct peer *peer, struct vas_range *range)
{
	struct node *node = node_of(range), *prev = node->prev, *next = node->next;

	/* First from the tree: its rotations rely on holes that are as the nodes say. */
	rb_erase_augmented(&node->rb, &peer->root, &peer_gaps);
	*(prev != NULL ? &prev->next : &peer->first) = next;
	*(next != NULL ? &next->prev : &peer->last) = prev;
	hole_changed(next);
	peer->count--;
}

static struct vas_range *peer_find(struct peer *peer, uint64_t address)
{
	struct rb_node *rb = peer->root.rb_node;

	while (rb != NULL) {
		struct node *node = node_at(rb);

		if (address < node->range.start)
			rb = rb->rb_left;
		else if (address >= node->range.end)
			rb = rb->rb_right;
		else
			return &node->range;
	}
	return NULL;
}

static struct vas_range *peer_find_ge(struct peer *peer, uint64_t address)
{
	struct rb_node *rb = peer->root.rb_node;
	struct node *best = NULL;

	while (rb != NULL) {
		struct node *node = node_at(rb);

		if (address >= node->range.end) {
			rb = rb->rb_right;
			continue;
		}
		best = node;
		if (address >= node->range.start)
			break;
		rb = rb->rb_left;
	}
	return best != NULL ? &best->range : NULL;
}

static void peer_walk_start(struct peer_walk *walk, struct peer *peer)
{
	walk->next = peer->first;
}

static struct vas_range *peer_walk_next(struct peer_walk *walk)
{
	struct node *node = walk->next;

	if (node == NULL)
		return NULL;
	walk->next = node->next;
	return &node->range;
}

/* Does the search end in the hole before `node`? */
static inline bool fits_before(const struct node *node, const struct vas_gap *gap,
			       uint64_t *address)
{
	return bench_place(gap, node->prev != NULL ? node->prev->range.end : 0, node->range.start,
			   address);
}

/*
 * The node before which the search ends, downwards; NULL: in no hole before a node. Goes only into
 * subtrees with a hole that is long enough, and not into those above the window or below it.
 */
static struct node *search(struct peer *peer, const struct vas_gap *gap, uint64_t *address)
{
	uint64_t least = gap->length + (gap->align > 1 ? gap->align - 1 : 0);
	struct rb_node *rb = peer->root.rb_node, *parent;
	struct node *node;

	if (gap_of(rb) < least || gap->high - gap->low < least)
		return NULL;
	for (;;) {
		node = node_at(rb);
		/* Down, rightmost first: the holes in there begin at this range's end or above. */
		if (node->range.end <= gap->high - least && gap_of(rb->rb_right) >= least) {
			rb = rb->rb_right;
			continue;
		}
		for (;;) {
			if (fits_before(node, gap, address))
				return node;
			if (node->range.start > gap->low && gap_of(rb->rb_left) >= least) {
				rb = rb->rb_left;
				break;
			}
			/* Up, to the first node that this one is on the right of. */
			for (;;) {
				parent = rb_parent(rb);
				if (parent == NULL || node->range.start <= gap->low)
					return NULL;
				if (parent->rb_right == rb)
					break;
				rb = parent;
			}
			rb = parent;
			node = node_at(rb);
		}
	}
}

/* The node after the hole in which the search ends; NULL when that is the last hole. */
static inline bool search_all(struct peer *peer, const struct vas_gap *gap, uint64_t *address,
			      struct node **next)
{
	*next = NULL;
	if (bench_place(gap, peer->last != NULL ? peer->last->range.end : 0, UINT64_MAX, address))
		return true;
	*next = search(peer, gap, address);
	return *next != NULL;
}

static bool peer_gap(struct peer *peer, const struct vas_gap *gap, uint64_t *address)
{
	struct node *next;

	return search_all(peer, gap, address, &next);
}

static bool peer_map(struct peer *peer, const struct vas_gap *gap, struct vas_range *range)
{
	struct node *next;

	if (!search_all(peer, gap, &range->start, &next))
		return false;
	range->end = range->start + gap->length;
	link_between(peer, node_of(range), next != NULL ? next->prev : peer->last, next);
	return true;
}

static void peer_split(struct peer *peer, struct vas_range *low, struct vas_range *high,
		       uint64_t at)
{
	high->start = at;
	high->end = low->end;
	low->end = at;
	link_between(peer, node_of(high), node_of(low), node_of(low)->next);
}

static void peer_merge(struct peer *peer, struct vas_range *low, struct vas_range *middle,
		       struct vas_range *high)
{
	uint64_t end = high->end;

	peer_erase(peer, high);
	peer_erase(peer, middle);
	low->end = end;
	hole_changed(node_of(low)->next);
}

/* The areas of a child: each goes to the right end, without a search. */
static void peer_copy(struct peer *to, struct peer *from, struct vas_range *const *ranges, size_t n)
{
	(void)from;
	for (size_t i = 0; i < n; i++)
		link_between(to, node_of(ranges[i]), to->last, NULL);
}

#include "index_peer.h"

PEER_TABLE("linux-rbtree", "lib/rbtree.c of linux-source-6.12, gaps as of 2012")
