/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The interval tree of Linux, which is what its i_mmap is, behind the interface of file reverse
 * maps: for `vas bench file-rmap --peer`. linux.sh compiles it against the kernel's sources, of which
 * nothing is kept.
 *
 * At its best: the node stands right behind the pages, so that a descent reads one or two cache
 * lines of a link; in the kernel's own areas they lie farther apart.
 */

#include <linux/rbtree_augmented.h>

#include "lib/rbtree.c"

#include <linux/interval_tree_generic.h>

#include <vas/file_rmap.h>

struct peer_link {
	struct vas_file_link link;
	struct rb_node rb;
	uint64_t subtree_last;
};

struct peer_map {
	struct vas_file_map head;
	struct rb_root_cached root;
};

#define FIRST(node) ((node)->link.first)
#define LAST(node)  ((node)->link.last)

INTERVAL_TREE_DEFINE(struct peer_link, rb, uint64_t, subtree_last, FIRST, LAST, static, peer_tree)

static struct rb_root_cached *root_of(struct vas_file_map *map)
{
	return &((struct peer_map *)map)->root;
}

static void peer_insert(struct vas_file_map *map, struct vas_file_link *link, struct vas_pool *pool)
{
	(void)pool;
	peer_tree_insert((struct peer_link *)link, root_of(map));
}

static void peer_remove(struct vas_file_map *map, struct vas_file_link *link, struct vas_pool *pool)
{
	(void)pool;
	peer_tree_remove((struct peer_link *)link, root_of(map));
}

static void peer_resize(struct vas_file_map *map, struct vas_file_link *link, uint64_t first,
			uint64_t last, uint64_t start, struct vas_pool *pool)
{
	peer_remove(map, link, pool);
	link->first = first;
	link->last = last;
	link->start = start;
	peer_insert(map, link, pool);
}

/* All in one go. */
static bool peer_walk(struct vas_file_map *map, struct vas_file_walk *walk)
{
	struct peer_link *link = peer_tree_iter_first(root_of(map), walk->first, walk->last);

	for (; link != NULL; link = peer_tree_iter_next(link, walk->first, walk->last)) {
		walk->candidates++; /* those that it passes on its way are not seen from here */
		walk->hits++;
		if (!walk->visit(walk->context, &link->link))
			return false;
	}
	return false;
}

static size_t peer_bytes(const struct vas_file_map *map)
{
	return sizeof(struct peer_map) +
	       map->count * (sizeof(struct peer_link) - sizeof(struct vas_file_link));
}

static bool peer_validate(const struct vas_file_map *map, const struct vas_printer *printer)
{
	(void)map;
	(void)printer;
	return true;
}

VAS_API const struct vas_file_rmap_design vas_peer_file_rmap = {
	.name = "linux",
	.source = "the interval tree of linux-source-6.12",
	.year = 2012,
	.map_bytes = sizeof(struct peer_map),
	.link_bytes = sizeof(struct peer_link),
	.insert = peer_insert,
	.remove = peer_remove,
	.resize = peer_resize,
	.walk = peer_walk,
	.bytes = peer_bytes,
	.validate = peer_validate,
};
