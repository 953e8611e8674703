/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * lineage: ours, 2026; from anonmm (Dickins 2004), whose index it keeps, and from the tree that
 * forks make.
 *
 * The idea. Two processes can only share a page if one has inherited it, or both have, from the
 * process in which it was made; and forks make a tree of processes. So a page belongs to a place
 * in that tree and to a virtual page number, and nothing is kept for an area, let alone for an
 * area and an ancestor. Who maps a page: whoever lives below its place, at its number.
 *
 *	            root {A}               page 7 of label A: made before the first fork
 *	           /        \
 *	    parent {B}       n {C}         page 7 of label B: made by the parent since
 *	                    /     \
 *	              child {D}   grandchild {}
 *
 * The tree. A *leaf* is a live space. A fork turns the parent's leaf into an inner node with two
 * new leaves: one for the parent from now on, one for the child. So a page made after the fork
 * is never looked for in the child. If the parent has made no page since its last fork, the
 * child becomes a sibling of its leaf instead. An inner node with one child left is merged with
 * it. So inner nodes never outnumber the live spaces. A space that loses its last area (exec,
 * exit) leaves the tree.
 *
 * Labels. A page names a *label*, and the label its node; when nodes merge, their labels are
 * written anew: at most as many as the fork that made the node had pages to copy, so there is no
 * need for a chain of forwards. A leaf gets a label with the first page after a fork: a child
 * that only execs costs none. Labels outlive their nodes' merging, and a line of a million
 * generations would collect a million. So some labels count their pages, and go when no page
 * names them. Counting is an atomic add for each page made and freed; most processes are spared
 * that: a label does not count if there are fewer than 4 at its leaf and the node above, and
 * fewer than 4 for each live space in all. It goes with the last space below it. So those that
 * do not count are never more than 4 for each space that lived when there were most, and those
 * that do are bounded by the pages that live. Where one would have to count, and the node above
 * the leaf has but two leaves, and this one has unmapped nothing, births take a label of that
 * node instead: a walk may look at one space in vain, as the chains do when they re-use a head;
 * soon one of the two exits.
 *
 * Displacement. A page's index is its virtual page number where it was made, and stays so by
 * fork. mremap breaks that. If every page of the area is the space's own, they are numbered anew
 * while their entries are moved anyway: if they are few, or if the area can then merge with its
 * new neighbours, and they are not too many. Else the area keeps a displacement, index minus page
 * number, and only such areas have a record, in a tree of their space by index. Two areas may claim
 * one index: the page-table entry decides. So nobody has to hand out indexes. A page that is made
 * at its natural place, although a displaced area claims its index, has a mark; it only tells where
 * to look first.
 *
 * Gone. A space that has unmapped what it had inherited knows so (lineage_gone.c), and a walk
 * for an ancestor's page does not look there; nor where DONTFORK or WIPEONFORK kept something
 * back.
 *
 * No mapping is missed. For every page P that is mapped, and every space S that maps it at page
 * V:
 *
 *	(1) S's leaf is P's node or below it;
 *	(2) P's index is V plus the displacement of S's area at V;
 *	(3) if the area is not displaced, V is not gone at S's leaf nor at a node above it and
 *	    below P's.
 *
 * The walk visits each leaf below P's node, and there the natural place unless it is gone, and
 * each displaced area that covers the index: by (1), (2) and (3) V among them. They hold when P is
 * made, or comes back from swap for one space alone: it is bound to S's own leaf, with V plus the
 * displacement. They are kept by
 *
 *	fork      the child's leaf hangs below all nodes that the parent's does, and its areas
 *	          have the parent's displacements; what was gone at the leaf is gone at the node
 *	          that takes its place, that is for labels above it only
 *	birth, re-use   S alone maps P: its own leaf, or the node above it, covers all mappers
 *	collapse  the leaves below are the same; labels of the two nodes were bound to pages of
 *	          these leaves only. What was gone at either is gone at the merged node, for
 *	          labels above it
 *	exit      of a mapper: the others' leaves stay where they are
 *	unmap     gone is only what has been unmapped; births there are the leaf's own from then
 *	          on, to whose labels what is gone does not matter
 *	mremap    either index, or displacement and place, change together; what has come to a
 *	          natural place is gone no longer, at S's leaf and above
 *	split, merge   ranges pass with their displacement; areas of different ones do not merge,
 *	          but for one that is renumbered on its way
 *	swap      a slot names label and index as the page did, and counts as one; entries that
 *	          name it are in the same spaces and places. mremap tells of slots as of pages
 *
 * A label is used again only when no page that is mapped names it: it counts none; or its leaf
 * has ended, and with it all that could map its pages. A page that nobody maps may still name
 * it. Its walk finds nothing, wherever it looks; and since labels that count stay labels that
 * count, giving it back takes nothing from others. What a leaf has borrowed from the node above
 * does not count, so it goes only with the last space below that node.
 *
 * Locks. One for each family, in its first label; a walk holds it, and so does whoever changes
 * the tree, what is gone, or a displaced area. Making a page takes none. A bind may race with a
 * collapse that gives the leaf other labels: all of them are the leaf's, or above it. Labels of
 * a leaf are only freed with its space's lock held alone. A walk visits a parent before its
 * children, so that a fork that copies entries meanwhile is behind it or will be seen; and while
 * a move is under way, first the places that it takes pages away from.
 *
 * Costs. Fault: no lock; two loads and two stores (and an add, if its label counts). Fork: one node
 * of 64 bytes, whatever the areas; a look at each area's flags. Exit: taking a leaf out. mremap:
 * each page when it is renumbered, else a record of 64 bytes. Memory, on a 64-bit machine: 152
 * bytes in each space and 32 once it has a page; 8 in each area. A walk: the live leaves below the
 * node; 1 for what was made since the last fork.
 *
 * Where it breaks. A thousand children that all still have a page's area, but not the page: each
 * is looked at, as in the chains. A space that unmaps more than 64 separate parts of what it
 * inherited is looked at in vain for the rest. Areas that moved by themselves stay displaced: what
 * is mapped beside them merges, but not what was there with pages of its own and comes to touch
 * them later, by growth or mprotect. Large ones never merge. And where two areas of a space claim
 * one index, and the mark is wrong, a page costs a look more.
 *
 * Literature: docs/anonymous-reverse-maps.md.
 */

#include "lineage.h"

#include "anon_designs.h"
#include "base/assert.h"

/* Areas of more pages are not renumbered when they move, since it would cost more than the move,
 * even if they could merge then; and if they could not, since a record costs less. */
#define RENUMBER_MOST  1024
#define RENUMBER_ALONE 32

/* Records of moved areas that stay with a space between calls. */
#define SPARES_KEPT 16

static bool private_area(const struct vas_area *area)
{
	return (area->flags & (VAS_AREA_SHARED | VAS_AREA_MAY_SHARE)) == 0;
}

static void forget_call(struct lineage_space *mine)
{
	mine->fresh = NULL;
	mine->asked = NULL;
}

/* Is every page of the area this space's own? Asked of the machine once in a call. */
static bool held_alone(const struct lineage *lineage, struct lineage_space *mine,
		       const struct vas_area *area)
{
	if (vas_area_pages(area) > RENUMBER_MOST)
		return false;
	if (!lineage_has_relatives(mine))
		return true;
	if (lineage->host.held_alone == NULL)
		return false;
	if (mine->asked != area) {
		mine->alone = lineage->host.held_alone(lineage->host.data, area);
		mine->asked = area;
	}
	return mine->alone;
}

/* What the file offset (or the like) of an area adds up to with the index of its pages: two areas
 * that continue each other by offset also do so by index, if these are equal. */
static uint64_t lie(const struct lineage_space *mine, const struct vas_area *area)
{
	return (area->range.start >> VAS_PAGE_SHIFT) - area->offset +
	       lineage_displacement(mine, area);
}

/* The listener. */

static int on_open(void *data, struct vas_space *space, struct vas_space *parent)
{
	struct lineage *lineage = data;
	struct lineage_space *mine = lineage_space_of(space);

	*mine = (struct lineage_space){ .node.space = space };
	if (parent != NULL) {
		struct lineage_space *from = lineage_space_of(parent);
		int err = vas_lineage_tree_fork(lineage, from, mine);

		if (err != 0)
			return err;
		from->child = mine;
	}
	vas_mutex_lock(&lineage->lock, VAS_RANK_LEAF);
	vas_list_add_before(&lineage->spaces, &mine->all);
	lineage->space_count++;
	vas_mutex_unlock(&lineage->lock, VAS_RANK_LEAF);
	return 0;
}

static void on_close(void *data, struct vas_space *space)
{
	struct lineage *lineage = data;
	struct lineage_space *mine = lineage_space_of(space);

	vas_assert(mine->moved == NULL);
	vas_lineage_tree_leave(lineage, mine);
	vas_lineage_moved_trim(lineage, mine, 0);
	vas_mutex_lock(&lineage->lock, VAS_RANK_LEAF);
	vas_list_remove(&mine->all);
	lineage->space_count--;
	vas_mutex_unlock(&lineage->lock, VAS_RANK_LEAF);
}

/* Areas of which the child has nothing: not inherited, or wiped. */
static void leave_out(struct lineage *lineage, struct lineage_space *child,
		      const struct vas_area *area)
{
	if ((area->flags & (VAS_AREA_DONT_FORK | VAS_AREA_WIPE_ON_FORK)) == 0 ||
	    !private_area(area) || child->family == NULL)
		return;
	lineage_lock(child->family);
	vas_lineage_gone_add(lineage, &child->node, area->range.start >> VAS_PAGE_SHIFT,
			     (area->range.end >> VAS_PAGE_SHIFT) - 1);
	lineage_unlock(child->family);
}

/*
 * The most that a call can use: a record for each clone of a displaced area, and, when something
 * may move, for each area that may be cloned: any of them may be what moves.
 */
static int on_reserve(void *data, struct vas_space *space, const struct vas_budget *budget)
{
	struct lineage *lineage = data;
	struct lineage_space *mine = lineage_space_of(space);
	size_t count = 0;

	mine->calling = true;
	if (budget->moved != 0)
		count = budget->count + 1;
	else if (mine->moved != NULL)
		for (size_t i = 0; i < budget->count; i++)
			count += *lineage_moved_of(budget->areas[i]) != NULL;
	if (count != 0 && !vas_lineage_moved_reserve(lineage, mine, count)) {
		vas_lineage_moved_trim(lineage, mine, SPARES_KEPT);
		return -VAS_ENOMEM;
	}
	if (budget->fork && mine->child != NULL)
		for (size_t i = 0; i < budget->count; i++)
			leave_out(lineage, mine->child, budget->areas[i]);
	return 0;
}

static void on_settle(void *data, struct vas_space *space)
{
	struct lineage_space *mine = lineage_space_of(space);

	mine->calling = false;
	mine->child = NULL;
	forget_call(mine);
	if (mine->promised != 0 || mine->spare_count > SPARES_KEPT)
		vas_lineage_moved_trim(data, mine, SPARES_KEPT);
	if (mine->node.from != mine->node.from_end) {
		lineage_lock(mine->family);
		mine->node.from = mine->node.from_end = 0;
		lineage_unlock(mine->family);
	}
}

/* [start, end) of the area is mapped no more; what the space had from its ancestors is gone there.
 */
static void unmap(struct lineage *lineage, struct lineage_space *mine, const struct vas_op *op)
{
	if (!mine->calling || !lineage_has_relatives(mine) || !private_area(op->area))
		return;
	lineage_lock(mine->family);
	/* Where something is gone, a birth must be the leaf's own. */
	if (mine->current != NULL && mine->current->node != &mine->node)
		mine->current = NULL;
	if (mine->node.parent != NULL)
		vas_lineage_gone_add(lineage, &mine->node, op->start >> VAS_PAGE_SHIFT,
				     (op->end >> VAS_PAGE_SHIFT) - 1);
	lineage_unlock(mine->family);
}

static void pass_on(struct lineage *lineage, struct lineage_space *mine, const struct vas_op *op)
{
	const struct vas_area *area = op->area, *other = op->other;
	const struct lineage_moved *moved = *lineage_moved_of(area);

	if (moved == NULL && (other == NULL || *lineage_moved_of(other) == NULL))
		return;
	lineage_lock(mine->family);
	switch (op->kind) {
	case VAS_OP_SPLIT:
		if (moved == NULL)
			break;
		vas_lineage_moved_add(lineage, mine, mine, other, op->start, op->end,
				      moved->displacement);
		vas_lineage_moved_shrink(lineage, mine, area, op->start, op->end);
		break;
	case VAS_OP_MERGE:
		vas_lineage_moved_extend(mine, area, op->start, op->end);
		vas_lineage_moved_shrink(lineage, mine, other, op->start, op->end);
		break;
	case VAS_OP_MAP:
		vas_lineage_moved_extend(mine, area, op->start, op->end);
		break;
	case VAS_OP_FREE:
		vas_lineage_moved_remove(lineage, mine, area);
		break;
	default:
		break;
	}
	lineage_unlock(mine->family);
}

static void fork_area(struct lineage *lineage, const struct vas_op *op)
{
	struct lineage_space *parent = lineage_space_of(op->other->space);
	struct lineage_space *child = lineage_space_of(op->area->space);
	const struct lineage_moved *moved;

	if (parent->moved == NULL)
		return;
	moved = *lineage_moved_of(op->other);
	if (moved == NULL)
		return;
	lineage_lock(child->family);
	vas_lineage_moved_add(lineage, child, parent, op->area, op->start, op->end,
			      moved->displacement);
	lineage_unlock(child->family);
}

/*
 * mremap. Pages that are held alone get the indexes of the area that they have become a part of,
 * or, if they are few, those of their new place. Others keep theirs, and then the area at the new
 * place is displaced, unless it has come home.
 */
static void move(struct lineage *lineage, struct lineage_space *mine, const struct vas_op *op)
{
	const struct vas_area *area = op->area;
	uint64_t start = op->start >> VAS_PAGE_SHIFT, last = (op->end >> VAS_PAGE_SHIFT) - 1;
	uint64_t from = op->from >> VAS_PAGE_SHIFT;
	uint64_t kept = lineage_displacement(mine, op->other) + from - start;

	if (!private_area(area))
		return;
	lineage_lock(mine->family);
	if (area == mine->fresh && kept != 0) {
		if (vas_area_pages(area) <= RENUMBER_ALONE &&
		    held_alone(lineage, mine, op->other)) {
			__atomic_fetch_add(&lineage->renumbered, 1, __ATOMIC_RELAXED);
		} else {
			vas_lineage_moved_add(lineage, mine, mine, area, area->range.start,
					      area->range.end, kept);
			__atomic_fetch_add(&lineage->displaced, 1, __ATOMIC_RELAXED);
		}
	}
	if (lineage_displacement(mine, area) == 0)
		for (struct lineage_node *node = &mine->node; node != NULL; node = node->parent)
			vas_lineage_gone_remove(node, start, last);
	mine->node.from = from;
	mine->node.from_end = from + (last - start) + 1;
	lineage_unlock(mine->family);
	forget_call(mine);
}

static void on_apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	struct lineage *lineage = data;
	struct lineage_space *mine = lineage_space_of(space);

	switch (op->kind) {
	case VAS_OP_UNMAP:
		unmap(lineage, mine, op);
		break;
	case VAS_OP_MAP:
		if (op->start == op->area->range.start && op->end == op->area->range.end)
			mine->fresh = op->area;
		if (mine->moved != NULL)
			pass_on(lineage, mine, op);
		break;
	case VAS_OP_FREE:
		if (mine->moved != NULL)
			pass_on(lineage, mine, op);
		if (lineage_has_relatives(mine) && vas_find_ge(space, 0) == NULL)
			vas_lineage_tree_leave(lineage, mine);
		break;
	case VAS_OP_SPLIT:
	case VAS_OP_MERGE:
		if (mine->moved != NULL)
			pass_on(lineage, mine, op);
		break;
	case VAS_OP_MOVE:
		move(lineage, mine, op);
		break;
	case VAS_OP_FORK:
		fork_area(lineage, op);
		break;
	default:
		break;
	}
}

static bool on_may_merge(void *data, const struct vas_area *target, const struct vas_area *source,
			 bool copied)
{
	struct lineage_space *mine = lineage_space_of(target->space);

	if (source == NULL || !private_area(target) || lie(mine, target) == lie(mine, source))
		return true;
	return copied && held_alone(data, mine, source);
}

static bool on_may_reindex(void *data, const struct vas_area *area)
{
	return held_alone(data, lineage_space_of(area->space), area);
}

const struct vas_listener vas_lineage_listener = {
	.area_bytes = sizeof(struct lineage_moved *),
	.space_bytes = sizeof(struct lineage_space),
	.open = on_open,
	.close = on_close,
	.reserve = on_reserve,
	.settle = on_settle,
	.apply = on_apply,
	.may_merge = on_may_merge,
	.may_reindex = on_may_reindex,
};

/* Pages. */

static int prepare(void *instance, struct vas_area *area)
{
	struct lineage_space *mine = lineage_space_of(area->space);

	if (__builtin_expect(__atomic_load_n(&mine->current, __ATOMIC_ACQUIRE) != NULL, 1))
		return 0;
	return vas_lineage_tree_prepare(instance, mine);
}

/* => the space's lock, shared at least */
static uint64_t index_at(const struct lineage_space *mine, const struct vas_area *area,
			 uint64_t address)
{
	uint64_t page = address >> VAS_PAGE_SHIFT, displacement;

	if (mine->moved == NULL)
		return page;
	displacement = lineage_displacement(mine, area);
	if (displacement == 0 && lineage_moved_has(mine, page))
		return page | LINEAGE_NATURAL;
	return page + displacement;
}

static void bind(void *instance, struct vas_page *page, struct vas_area *area, uint64_t address)
{
	struct lineage_space *mine = lineage_space_of(area->space);
	struct lineage_label *label = __atomic_load_n(&mine->current, __ATOMIC_ACQUIRE);

	(void)instance;
	lineage_hold(label);
	page->owner = label;
	page->index = index_at(mine, area, address);
}

/* Binds what names `*owner` to the space's own label, if it has one. */
static void adopt(const struct lineage_space *mine, void **owner)
{
	struct lineage_label *old = *owner;
	struct lineage_label *label = __atomic_load_n(&mine->current, __ATOMIC_ACQUIRE);

	if (label == NULL || label == old)
		return;
	lineage_hold(label);
	*owner = label;
	lineage_drop(old);
}

static void reuse(void *instance, struct vas_page *page, struct vas_area *area, uint64_t address)
{
	(void)instance;
	(void)address;
	adopt(lineage_space_of(area->space), &page->owner);
}

static void unbind(void *instance, struct vas_page *page)
{
	(void)instance;
	if (page->owner != NULL)
		lineage_drop(page->owner);
}

static void save(void *instance, struct vas_page *page, struct vas_binding *saved)
{
	(void)instance;
	*saved = (struct vas_binding){ page->owner, page->index };
	lineage_hold(page->owner);
}

static void restore(void *instance, struct vas_page *page, struct vas_area *area, uint64_t address,
		    bool alone, const struct vas_binding *saved)
{
	if (alone) {
		bind(instance, page, area, address);
		return;
	}
	page->owner = saved->owner;
	page->index = saved->index;
	lineage_hold(saved->owner);
}

static void forget(void *instance, struct vas_binding *saved)
{
	(void)instance;
	lineage_drop(saved->owner);
}

static bool follows(void *instance, const struct vas_op *op)
{
	const struct lineage_space *mine = lineage_space_of(op->area->space);

	(void)instance;
	return private_area(op->area) &&
	       (op->from >> VAS_PAGE_SHIFT) + lineage_displacement(mine, op->other) !=
		       (op->start >> VAS_PAGE_SHIFT) + lineage_displacement(mine, op->area);
}

static void moved(void *instance, struct vas_page *page, struct vas_binding *saved,
		  struct vas_area *area, uint64_t from, uint64_t to)
{
	const struct lineage_space *mine = lineage_space_of(area->space);
	uint64_t index = index_at(mine, area, to);

	(void)instance;
	(void)from;
	if (page != NULL) {
		adopt(mine, &page->owner);
		page->index = index;
	} else {
		adopt(mine, &saved->owner);
		saved->index = index;
	}
}

/* The walk. */

struct search {
	struct vas_anon_walk *walk;
	const struct lineage_space *mine;
	uint64_t index;
	bool natural; /* the page is probably there, whoever else claims the index */
	bool leaving; /* only places that a move is taking pages away from, or only others */
};

static bool visit_page(void *context, uint64_t page)
{
	struct search *search = context;
	const struct lineage_space *mine = search->mine;

	if ((page - mine->node.from < mine->node.from_end - mine->node.from) != search->leaving)
		return true;
	if (page >= UINT64_C(1) << (64 - VAS_PAGE_SHIFT))
		return true;
	search->walk->candidates++;
	return search->walk->visit(search->walk->context, mine->node.space, page << VAS_PAGE_SHIFT);
}

/* The places in one space: the natural one unless it is known to be `gone`, and those in displaced
 * areas. */
static bool visit_places(struct search *search, bool gone)
{
	const struct lineage_space *mine = search->mine;

	if (search->natural && !gone && !visit_page(search, search->index))
		return false;
	if (lineage_moved_has(mine, search->index) &&
	    !vas_lineage_moved_each(mine, search->index, visit_page, search))
		return false;
	return search->natural || gone || visit_page(search, search->index);
}

static bool visit_space(struct search *search, const struct lineage_node *leaf, bool gone)
{
	const struct lineage_space *mine = (const struct lineage_space *)(const void *)leaf;

	search->mine = mine;
	search->leaving = false;
	if (mine->moved == NULL && mine->node.from == mine->node.from_end)
		return gone || visit_page(search, search->index);
	if (mine->node.from != mine->node.from_end) {
		search->leaving = true;
		if (!visit_places(search, gone))
			return false;
		search->leaving = false;
	}
	return visit_places(search, gone);
}

/* All leaves below `top`, a parent's own line before its children's. */
static void visit_below(const struct lineage_node *top, uint64_t index, struct vas_anon_walk *walk)
{
	bool natural = LINEAGE_IS_NATURAL(index);
	struct search search = { .walk = walk,
				 .index = natural ? index - LINEAGE_NATURAL : index,
				 .natural = natural };
	const struct lineage_node *node = top, *gone = NULL;

	if (top->space != NULL) {
		(void)visit_space(&search, top, false);
		return;
	}
	for (;;) {
		if (gone == NULL && node->gone != NULL && node != top &&
		    vas_lineage_gone_has(node->gone, search.index))
			gone = node;
		if (node->space != NULL && !visit_space(&search, node, gone != NULL))
			return;
		if (node->space == NULL) {
			node = node->first;
			continue;
		}
		while (node != top && node->next == NULL) {
			gone = gone == node ? NULL : gone;
			node = node->parent;
		}
		if (node == top)
			return;
		gone = gone == node ? NULL : gone;
		node = node->next;
	}
}

static void walk(void *instance, struct vas_page *page, struct vas_anon_walk *walk)
{
	struct lineage_label *label = page->owner, *family;

	(void)instance;
	if (label == NULL)
		return;
	for (;;) {
		family = lineage_family_of(label);
		lineage_lock(family);
		if (family == lineage_family_of(label))
			break;
		lineage_unlock(family);
	}
	if (label->node != NULL)
		visit_below(label->node, page->index, walk);
	lineage_unlock(family);
}

/* The instance. */

static int create(const struct vas_anon_rmap_config *config, void **instance)
{
	struct lineage *lineage;

	if (config->allocator == NULL)
		return -VAS_EINVAL;
	lineage = config->allocator->allocate(config->allocator->context, sizeof(*lineage),
					      _Alignof(struct lineage));
	if (lineage == NULL)
		return -VAS_ENOMEM;
	*lineage = (struct lineage){ .allocator = config->allocator, .host = config->host };
	vas_record_store_init(&lineage->labels, config->allocator, sizeof(struct lineage_label));
	vas_record_store_init(&lineage->counted, config->allocator, sizeof(struct lineage_label));
	vas_list_init(&lineage->spaces);
	*instance = lineage;
	return 0;
}

static void destroy(void *instance)
{
	struct lineage *lineage = instance;

	if (lineage == NULL)
		return;
	vas_assert(vas_list_empty(&lineage->spaces));
	vas_lineage_tree_bury(lineage, SIZE_MAX);
	vas_assert(lineage->dead == NULL && lineage->inner_nodes == 0);
	vas_record_store_finish(&lineage->labels);
	vas_record_store_finish(&lineage->counted);
	lineage->allocator->release(lineage->allocator->context, lineage, sizeof(*lineage));
}

const struct vas_anon_rmap_design vas_lineage_design = {
	.name = "lineage",
	.source = "this library",
	.year = 2026,
	.listener = &vas_lineage_listener,
	.create = create,
	.destroy = destroy,
	.prepare = prepare,
	.bind = bind,
	.reuse = reuse,
	.unbind = unbind,
	.save = save,
	.restore = restore,
	.forget = forget,
	.moved = moved,
	.follows = follows,
	.walk = walk,
	.count = vas_lineage_count,
	.print = vas_lineage_print,
	.validate = vas_lineage_validate,
};
