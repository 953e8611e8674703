/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `prio-tree`: McCreight's priority search tree (1985) in its radix form, as Rajesh
 * Venkatasubramanian built it for Linux (March 2004; in 2.6.7 to 3.6).
 *
 * It is a heap and a radix tree at once. Downwards the last pages do not grow; and whether a node
 * lies left or right of the one `depth` levels down says that bit of its first page, from the
 * highest on:
 *
 *	                   [1-15]              3 bits: first pages 0 to 7
 *	           0__ /          \ 1__
 *	          [2-9]            [4-12]      all that begin at 4 to 7
 *	     00_ /     \ 01_      /     \
 *	     [0-7]     [3-5]   [5-12]   [6-6]
 *
 * A walk leaves a subtree whose root ends before the walk's first page, for all in it do, and one
 * whose digits say that it begins behind the walk's last page. All else that it enters is a hit, or
 * lies on the one way down along the last page: O(log + k), which no other tree here has.
 *
 *  - When the digits of the first page are used up, all in the subtree begin at the same page: the
 *    *overflow* subtree. The digits of the size follow (ours from the lowest on, so that they do
 *    not depend on how many digits the first page has).
 *  - Links with the same pages stand in a ring behind one node: range-list's idea.
 *  - A first page that needs more digits puts new levels on top: the root, which has the largest
 *    last page, is taken out of the heap and made the new root, whose left side is all the rest.
 *
 * An insert goes down by the digits; at the first node that ends earlier it takes the place, and
 * goes on with the node that it put out. A remove fills the hole with the child that ends later,
 * and so on down. So both rewrite a path of nodes, and a tree of few links over a large object may
 * be as deep as the object has digits: why Linux gave it up for the interval tree. Costs 32 bytes a
 * link and nothing else.
 *
 * An interrupted walk needs an order that no other link's coming and going can change, which the
 * heap's is not. It visits in the order of the digits instead: by first page, then by the size's
 * bits in reverse, then by `changed`; and looks for the next one in O(log) each.
 */

#include "file_prio_tree.h"

#include "base/print.h"

#define DIGITS	64
/* Both digits of the longest key, and one for what hangs beside each of the way down. */
#define DEEPEST (2 * DIGITS + 2)

static struct prio_map *prio_map(const struct vas_file_map *map)
{
	return (struct prio_map *)(uintptr_t)map;
}

static struct prio_link *prio_link(struct vas_file_link *link)
{
	return (struct prio_link *)link;
}

static uint64_t size_of(const struct prio_link *node)
{
	return node->link.last - node->link.first;
}

static bool same_pages(const struct prio_link *a, const struct prio_link *b)
{
	return a->link.first == b->link.first && a->link.last == b->link.last;
}

/* Does the way to this node turn right below level `depth`? */
static bool turns_right(const struct prio_map *map, const struct prio_link *node,
			unsigned int depth)
{
	if (depth < map->bits)
		return node->link.first >> (map->bits - 1 - depth) & 1;
	return size_of(node) >> (depth - map->bits) & 1;
}

/* Hangs a subtree, which may be empty, below `parent`. */
static void hang(struct prio_link **place, struct prio_link *child, struct prio_link *parent)
{
	*place = child;
	if (child != NULL)
		child->parent = parent;
}

/* Where the tree names this node. */
static struct prio_link **place_of(struct prio_map *map, const struct prio_link *node)
{
	if (node->parent == NULL)
		return &map->root;
	return node->parent->left == node ? &node->parent->left : &node->parent->right;
}

/* `to` takes over the place in the tree that `from` had. */
static void take_place(struct prio_link **place, struct prio_link *to, const struct prio_link *from)
{
	hang(place, to, from->parent);
	hang(&to->left, from->left, to);
	hang(&to->right, from->right, to);
}

/* Puts the link behind all that stand in the ring of `node`. */
static void join(struct prio_link *node, struct prio_link *link)
{
	struct prio_link *first = node->others;

	link->parent = link;
	link->others = NULL;
	if (first == NULL) {
		link->prev = link->next = link;
		link->others = node;
		node->others = link;
		return;
	}
	link->next = first;
	link->prev = first->prev;
	link->prev->next = link;
	first->prev = link;
}

static void leave(struct prio_link *link)
{
	struct prio_link *node = link->others, *next = link->next != link ? link->next : NULL;

	link->next->prev = link->prev;
	link->prev->next = link->next;
	if (node != NULL) {
		node->others = next;
		if (next != NULL)
			next->others = node;
	}
}

/* Takes a node without a ring out of the tree: the child that ends later moves up, and so on. */
static void cut(struct prio_map *map, struct prio_link *node)
{
	struct prio_link *parent = node->parent, *left = node->left, *right = node->right, *child;
	struct prio_link **place = place_of(map, node);

	for (;;) {
		bool turn = left == NULL || (right != NULL && right->link.last > left->link.last);
		struct prio_link *below_left, *below_right;

		child = turn ? right : left;
		hang(place, child, parent);
		if (child == NULL)
			return;
		below_left = child->left;
		below_right = child->right;
		if (turn) {
			hang(&child->left, left, child);
			place = &child->right;
		} else {
			hang(&child->right, right, child);
			place = &child->left;
		}
		parent = child;
		left = below_left;
		right = below_right;
	}
}

/* One digit more. */
static void grow(struct prio_map *map)
{
	struct prio_link *top = map->root;

	map->bits++;
	if (top == NULL)
		return;
	cut(map, top);
	top->right = NULL;
	hang(&top->left, map->root, top);
	hang(&map->root, top, NULL);
}

static void prio_insert(struct vas_file_map *map, struct vas_file_link *link, struct vas_pool *pool)
{
	struct prio_map *prio = prio_map(map);
	struct prio_link *carried = prio_link(link), *parent = NULL, *node, **place = &prio->root;

	(void)pool;
	while (prio->bits < DIGITS && link->first >> prio->bits != 0)
		grow(prio);
	carried->others = NULL;
	for (unsigned int depth = 0; (node = *place) != NULL; depth++) {
		if (node->link.last < carried->link.last) {
			take_place(place, carried, node);
			parent = carried;
			carried = node;
		} else if (same_pages(node, carried)) {
			join(node, carried);
			return;
		} else {
			parent = node;
		}
		place = turns_right(prio, carried, depth) ? &parent->right : &parent->left;
	}
	carried->left = carried->right = NULL;
	hang(place, carried, parent);
}

static void prio_remove(struct vas_file_map *map, struct vas_file_link *link, struct vas_pool *pool)
{
	struct prio_map *prio = prio_map(map);
	struct prio_link *node = prio_link(link), *heir = node->others, *rest;

	(void)pool;
	if (node->parent == node) {
		leave(node);
	} else if (heir != NULL) {
		leave(heir);
		rest = node->others;
		take_place(place_of(prio, node), heir, node);
		heir->others = rest;
		if (rest != NULL)
			rest->others = heir;
	} else {
		cut(prio, node);
	}
	if (prio->root == NULL)
		prio->bits = 0;
}

static void prio_resize(struct vas_file_map *map, struct vas_file_link *link, uint64_t first,
			uint64_t last, uint64_t start, struct vas_pool *pool)
{
	prio_remove(map, link, pool);
	link->first = first;
	link->last = last;
	link->start = start;
	prio_insert(map, link, pool);
}

enum step { ON, BATCH_DONE, STOPPED };

/* Visits a link, but not one that changed up to `changed`, or since the round began. */
static enum step visit_link(struct vas_file_walk *walk, struct prio_link *link, uint64_t changed,
			    size_t *left)
{
	if (link->link.changed <= changed || link->link.changed > walk->until)
		return ON;
	walk->candidates++;
	walk->hits++;
	walk->key[2] = link->link.changed;
	if (!walk->visit(walk->context, &link->link))
		return STOPPED;
	return --*left == 0 ? BATCH_DONE : ON;
}

/* The same for a node and its ring. */
static enum step visit_node(struct vas_file_walk *walk, struct prio_link *node, uint64_t changed,
			    size_t *left)
{
	enum step step = visit_link(walk, node, changed, left);
	struct prio_link *first = node->others, *at = first;

	if (first == NULL)
		return step;
	do {
		if (step != ON)
			return step;
		step = visit_link(walk, at, changed, left);
		at = at->next;
	} while (at != first);
	return step;
}

/* A subtree that is still to be walked, or looked through for a link. */
struct subtree {
	struct prio_link *node;
	uint64_t low;	    /* the smallest first page that its digits allow */
	unsigned int depth; /* of its root */
};

/* All in one go: a node before what is below it. */
static void walk_all(const struct prio_map *map, struct vas_file_walk *walk)
{
	struct subtree stack[DEEPEST];
	unsigned int count = 0;
	size_t left = 0;

	stack[count++] = (struct subtree){ .node = map->root };
	while (count > 0) {
		struct subtree at = stack[--count];

		for (; at.node != NULL; at.node = at.node->left) {
			struct prio_link *right = at.node->right;
			uint64_t low = at.low;

			if (at.depth < map->bits)
				low |= UINT64_C(1) << (map->bits - 1 - at.depth);
			at.depth++;
			if (at.node->link.last < walk->first) {
				walk->candidates++;
				break;
			}
			if (right != NULL && low <= walk->last)
				stack[count++] = (struct subtree){ right, low, at.depth };
			if (at.node->link.first > walk->last)
				walk->candidates++;
			else if (visit_node(walk, at.node, 0, &left) == STOPPED)
				return;
		}
	}
}

/* Where the ways to two nodes part, the one with the smaller key goes left. */
struct key {
	uint64_t first, size; /* the size's bits in reverse */
};

static uint64_t reverse(uint64_t bits)
{
	bits = (bits >> 1 & 0x5555555555555555) | (bits & 0x5555555555555555) << 1;
	bits = (bits >> 2 & 0x3333333333333333) | (bits & 0x3333333333333333) << 2;
	bits = (bits >> 4 & 0x0f0f0f0f0f0f0f0f) | (bits & 0x0f0f0f0f0f0f0f0f) << 4;
	return __builtin_bswap64(bits);
}

static struct key key_of(const struct prio_link *node)
{
	return (struct key){ node->link.first, reverse(size_of(node)) };
}

static bool less(struct key a, struct key b)
{
	return a.first < b.first || (a.first == b.first && a.size < b.size);
}

static uint64_t ones(unsigned int count)
{
	return count == 0 ? 0 : ~UINT64_C(0) >> (DIGITS - count);
}

/* The digits that are not settled by the way to a subtree `depth` levels down. */
static struct key open_digits(const struct prio_map *map, unsigned int depth)
{
	if (depth <= map->bits)
		return (struct key){ ones(map->bits - depth), ~UINT64_C(0) };
	return (struct key){ 0, ones(DIGITS - (depth - map->bits)) };
}

/* The first node, in the order of keys, with links behind the one where the walk stopped. */
static struct prio_link *next_node(const struct prio_map *map, struct vas_file_walk *walk)
{
	struct key after = { walk->key[0], walk->key[1] }, best_key = { UINT64_MAX, UINT64_MAX };
	struct subtree stack[DEEPEST];
	unsigned int count = 0;
	struct prio_link *best = NULL;

	if (map->root != NULL)
		stack[count++] = (struct subtree){ .node = map->root };
	while (count > 0) {
		struct subtree at = stack[--count];
		struct prio_link *node = at.node,
				 *newest = node->others ? node->others->prev : node;
		struct key open = open_digits(map, at.depth), key = key_of(node);
		struct key low = { key.first & ~open.first, key.size & ~open.size };
		struct key high = { key.first | open.first, key.size | open.size };

		walk->candidates++;
		if (node->link.last < walk->first || less(high, after) || low.first > walk->last ||
		    (best != NULL && less(best_key, low)))
			continue;
		if (key.first <= walk->last && (best == NULL || less(key, best_key)) &&
		    (less(after, key) ||
		     (!less(key, after) && newest->link.changed > walk->key[2]))) {
			best = node;
			best_key = key;
		}
		if (node->right != NULL)
			stack[count++] = (struct subtree){ node->right, 0, at.depth + 1 };
		if (node->left != NULL)
			stack[count++] = (struct subtree){ node->left, 0, at.depth + 1 };
	}
	if (best != NULL)
		walk->candidates--; /* its visit counts it */
	return best;
}

static bool prio_walk(struct vas_file_map *map, struct vas_file_walk *walk)
{
	size_t left = walk->batch;
	enum step step = ON;
	struct prio_link *node;

	if (walk->batch == 0) {
		walk_all(prio_map(map), walk);
		return false;
	}
	while (step == ON && (node = next_node(prio_map(map), walk)) != NULL) {
		struct key key = key_of(node);
		bool same = key.first == walk->key[0] && key.size == walk->key[1];

		walk->key[0] = key.first;
		walk->key[1] = key.size;
		step = visit_node(walk, node, same ? walk->key[2] : 0, &left);
		if (step == ON)
			walk->key[2] = UINT64_MAX;
	}
	return step == BATCH_DONE;
}

static size_t prio_bytes(const struct vas_file_map *map)
{
	return sizeof(struct prio_map) +
	       map->count * (sizeof(struct prio_link) - sizeof(struct vas_file_link));
}

/* A link's name in messages. */
#define LINK	    "the link of pages %llu to %llu"
#define PAGES(node) vas_ll((node)->link.first), vas_ll((node)->link.last)

static bool check_ring(const struct vas_file_map *map, const struct prio_link *node, size_t *found,
		       const struct vas_printer *printer)
{
	const struct prio_link *first = node->others, *at = first, *before = node;

	if (!vas_file_check_link(map, &node->link, printer))
		return false;
	++*found;
	if (first == NULL)
		return true;
	do {
		if (at->parent != at || at->others != (at == first ? node : NULL) ||
		    at->next->prev != at || !same_pages(at, node))
			return vas_file_broken(printer,
					       "FRMAP-14: " LINK " is odd in the ring of " LINK,
					       PAGES(at), PAGES(node));
		if (!vas_file_check_link(map, &at->link, printer))
			return false;
		if (at->link.changed <= before->link.changed)
			return vas_file_broken(printer,
					       "FRMAP-4: " LINK
					       " changed before the one "
					       "before it in the ring",
					       PAGES(at));
		before = at;
		at = at->next;
		++*found;
	} while (at != first);
	return true;
}

/* Does each turn on the way to the node agree with its digits? */
static bool check_way(const struct prio_map *map, const struct prio_link *node, unsigned int depth,
		      const struct vas_printer *printer)
{
	const struct prio_link *below = node;
	bool right = map->bits == DIGITS || node->link.first >> map->bits == 0;

	for (const struct prio_link *at = node->parent; right && at != NULL; at = at->parent) {
		right = turns_right(map, node, --depth) == (at->right == below);
		below = at;
	}
	return right || vas_file_broken(printer, "FRMAP-13: " LINK " is not where its digits lead",
					PAGES(node));
}

static bool check_subtree(const struct vas_file_map *map, const struct prio_link *node,
			  const struct prio_link *parent, unsigned int depth, size_t *found,
			  const struct vas_printer *printer)
{
	if (node == NULL)
		return true;
	if (node->parent != parent)
		return vas_file_broken(printer, "FRMAP-7: " LINK " names another parent",
				       PAGES(node));
	if (parent != NULL && parent->link.last < node->link.last)
		return vas_file_broken(printer, "FRMAP-12: " LINK " is below one that ends earlier",
				       PAGES(node));
	return check_way(prio_map(map), node, depth, printer) &&
	       check_ring(map, node, found, printer) &&
	       check_subtree(map, node->left, node, depth + 1, found, printer) &&
	       check_subtree(map, node->right, node, depth + 1, found, printer);
}

static bool prio_validate(const struct vas_file_map *map, const struct vas_printer *printer)
{
	size_t found = 0;

	return check_subtree(map, prio_map(map)->root, NULL, 0, &found, printer) &&
	       vas_file_check_count(map, found, printer);
}

const struct vas_file_rmap_design vas_file_prio_tree = {
	.name = "prio-tree",
	.source = "Rajesh Venkatasubramanian; Linux 2.6.7 to 3.6",
	.year = 2004,
	.map_bytes = sizeof(struct prio_map),
	.link_bytes = sizeof(struct prio_link),
	.insert = prio_insert,
	.remove = prio_remove,
	.resize = prio_resize,
	.walk = prio_walk,
	.bytes = prio_bytes,
	.validate = prio_validate,
};
