/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * area-inode: Benjamin LaHaise's second proposal of 1998 ("this scheme is a headache"), never
 * built by him.
 *
 * The idea. Each private area has an inode of its own, as if it mapped a file; a page names the
 * inode and an offset in it. A fork makes two new inodes, for the parent from now on and for the
 * child, which point to the old one; the pages made before stay with it. Who maps a page is found
 * by walking the tree from the page's inode down.
 *
 *	        1               made before the first fork: both may map it
 *	      /   \
 *	     2     3            3: made by the first child since
 *	   /   \
 *	  4     5               4: made by the parent since the second fork
 *
 * It is the chain of 2010 (anon_vma_chain.c) turned upside down, without a link for each area and
 * ancestor: what a child makes is never searched for in its parent or its siblings.
 *
 * What had to be added.
 *  - Areas are split and moved: a leaf lists its areas, all of one space, with offsets; all areas
 *    of a leaf pass to the parent's new leaf at once, so that inner inodes have none. A fork that
 *    copies two areas of one leaf makes one pair of inodes.
 *  - An inode counts the pages and swap slots bound to it. An inner inode without any is taken out
 *    of the tree, its children become its parent's. So a leaf without pages is not split by a
 *    fork: the child's inode becomes its sibling; and if it has no parent, the child inherits
 *    nothing.
 *  - A page that is written to by its only mapper passes to the leaf, or the tree would only ever
 *    be emptied by exits.
 *
 * Costs. Fault: a count under the lock. Fork: two inodes and O(areas) for each leaf with pages.
 * Exit: O(1) per area. mremap: nothing per page. A walk: the areas and the inodes below the
 * page's; no recursion, it climbs by the parent pointers.
 *
 * Where it breaks. Two areas with pages of different inodes never merge, and after a fork
 * neighbours that were touched apart stay apart in every descendant. There may be as many inner
 * inodes as pages: a process that forks, exits and lets its child go on, again and again, makes a
 * chain of one-child inodes, as long as each generation leaves a page that is never written to
 * again.
 *
 * Literature: docs/anonymous-reverse-maps.md.
 */

#include "anon_designs.h"
#include "anon_places.h"
#include "base/print.h"

struct inode {
	struct vas_anon_record record;
	struct inode *parent; /* NULL: the root of a tree */
	struct vas_list at;   /* in parent->children; alone: in none */
	struct vas_list children;
	struct vas_list areas; /* vas_anon_place.at; of a leaf */
	/* The fork that this leaf went through last: the child's stamp and its inode. */
	uint64_t forked_to;
	struct inode *twin;
};

static struct inode *new_inode(struct vas_anon_places *places, struct inode *parent,
			       struct vas_pool *pool)
{
	struct inode *inode = vas_anon_record_new(places, pool);

	if (inode == NULL)
		return NULL;
	vas_list_init(&inode->at);
	vas_list_init(&inode->children);
	vas_list_init(&inode->areas);
	inode->parent = parent;
	if (parent != NULL)
		vas_list_add_before(&parent->children, &inode->at);
	return inode;
}

static void attach(struct vas_anon_place *place, struct inode *inode)
{
	vas_list_add_before(&inode->areas, &place->at);
	vas_anon_place_own(place, inode);
}

/* Takes the inode out of the tree if it has no pages and is not a leaf in use. */
static void drop_if_unused(struct vas_anon_places *places, struct inode *inode)
{
	if (inode->record.pages != 0 || !vas_list_empty(&inode->areas))
		return;
	vas_list_for_each_safe(link, spare, &inode->children)
	{
		struct inode *child = vas_container_of(link, struct inode, at);

		vas_list_remove(&child->at);
		child->parent = inode->parent;
		if (child->parent != NULL)
			vas_list_add_before(&inode->at, &child->at);
		else
			vas_list_init(&child->at);
	}
	vas_list_remove(&inode->at);
	vas_anon_record_free(places, &inode->record);
}

static bool give(struct vas_anon_places *places, struct vas_anon_place *place,
		 const struct vas_area *area, struct vas_pool *pool)
{
	struct inode *inode = new_inode(places, NULL, pool);

	(void)area;
	if (inode != NULL)
		attach(place, inode);
	return inode != NULL;
}

static void join(struct vas_anon_places *places, struct vas_anon_place *target,
		 struct vas_anon_place *source, struct vas_pool *pool)
{
	(void)places;
	(void)pool;
	if (target->owner == NULL)
		attach(target, source->owner);
}

/* The parent's areas pass to a new leaf below theirs; returns it. */
static struct inode *step_down(struct vas_anon_places *places, struct inode *inode,
			       struct vas_pool *pool)
{
	struct inode *leaf = new_inode(places, inode, pool);

	vas_list_splice(&leaf->areas, &inode->areas);
	vas_list_for_each (link, &leaf->areas)
		vas_anon_place_own(vas_container_of(link, struct vas_anon_place, at), leaf);
	return leaf;
}

static void fork_place(struct vas_anon_places *places, struct vas_anon_place *child,
		       struct vas_anon_place *parent, struct vas_pool *pool)
{
	const struct vas_anon_places_space *space = vas_anon_places_space(places, child->space);
	struct inode *inode = parent->owner;

	if (inode->forked_to != space->stamp) {
		if (inode->record.pages != 0)
			inode = step_down(places, inode, pool);
		inode->forked_to = space->stamp;
		inode->twin = inode->parent != NULL ? new_inode(places, inode->parent, pool) : NULL;
	}
	if (inode->twin != NULL)
		attach(child, inode->twin);
}

static void leave(struct vas_anon_places *places, struct vas_anon_place *place)
{
	vas_list_remove(&place->at);
	drop_if_unused(places, place->owner);
}

static void emptied(struct vas_anon_places *places, struct vas_anon_record *record)
{
	drop_if_unused(places, (struct inode *)record);
}

static bool visit_areas(const struct inode *inode, uint64_t index, struct vas_anon_walk *walk)
{
	vas_list_for_each (at, &inode->areas)
		if (!vas_anon_place_visit(vas_container_of(at, struct vas_anon_place, at), index,
					  walk))
			return false;
	return true;
}

/* The next below `root`, parents first; NULL: that was all. */
static const struct inode *next_inode(const struct inode *root, const struct inode *inode)
{
	if (!vas_list_empty(&inode->children))
		return vas_container_of(inode->children.next, struct inode, at);
	while (inode != root && inode->at.next == &inode->parent->children)
		inode = inode->parent;
	return inode == root ? NULL : vas_container_of(inode->at.next, struct inode, at);
}

static void walk_tree(void *instance, struct vas_page *page, struct vas_anon_walk *walk)
{
	struct vas_anon_places *places = instance;
	const struct inode *root = page->owner, *inode = root;

	vas_mutex_lock(&places->lock, VAS_RANK_RMAP);
	while (inode != NULL && visit_areas(inode, page->index, walk))
		inode = next_inode(root, inode);
	vas_mutex_unlock(&places->lock, VAS_RANK_RMAP);
}

static bool check_areas(const struct vas_anon_places *places, const struct inode *inode,
			const struct vas_printer *printer)
{
	const struct vas_space *space = NULL;

	vas_list_for_each (at, &inode->areas) {
		const struct vas_anon_place *place =
			vas_container_of(at, struct vas_anon_place, at);

		if (!vas_anon_place_check(places, place, inode, printer))
			return false;
		if (space != NULL && place->space != space) {
			vas_print(printer, "INODE-6: an inode has areas of two spaces\n");
			return false;
		}
		space = place->space;
	}
	return true;
}

static bool check(struct vas_anon_places *places, struct vas_anon_record *record,
		  const struct vas_printer *printer)
{
	const struct inode *inode = (const struct inode *)record;
	bool inner = !vas_list_empty(&inode->children), used = !vas_list_empty(&inode->areas);

	if (inode->record.pages == 0 && !used) {
		vas_print(printer, "INODE-4: an inode has neither areas nor pages\n");
		return false;
	}
	vas_list_for_each (at, &inode->children) {
		if (vas_container_of(at, struct inode, at)->parent != inode) {
			vas_print(printer, "INODE-5: a child names another parent\n");
			return false;
		}
	}
	if (inner && used) {
		vas_print(printer, "INODE-5: an inode has children and areas\n");
		return false;
	}
	return check_areas(places, inode, printer);
}

static const struct vas_listener listener = {
	VAS_ANON_PLACES_LISTENER,
	.space_bytes = sizeof(struct vas_anon_places_space),
	.open = vas_anon_places_open,
	.may_merge = vas_anon_places_may_merge,
};

static const struct vas_anon_places_kind kind = {
	.listener = &listener,
	.id = "INODE",
	.record_bytes = sizeof(struct inode),
	.counts_pages = true,
	.for_fork = 2,
	.give = give,
	.join = join,
	.fork = fork_place,
	.leave = leave,
	.emptied = emptied,
	.check = check,
};

static int create(const struct vas_anon_rmap_config *config, void **instance)
{
	return vas_anon_places_create(&kind, config, instance);
}

const struct vas_anon_rmap_design vas_area_inode_design = {
	.name = "area-inode",
	.source = "Benjamin LaHaise, proposal (b) to linux-mm",
	.year = 1998,
	.listener = &listener,
	.create = create,
	.walk = walk_tree,
	VAS_ANON_PLACES_DESIGN,
	VAS_ANON_PLACES_COUNTED,
};
