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
 * that: a label does not count if there are fewer than 4 at its leaf and the node above (for a
 * child, 5), and fewer than 4 for each live space in all. It goes with the last space below it.
 * So those that do not count are never more than 4 for each space that lived when there were most,
 * and those that do are bounded by the pages that live. Where one would have to count, and the
 * node above the leaf has but two leaves, and this one has unmapped nothing, births take a label of
 * that node instead: a walk may look at one space in vain, as the chains do when they re-use a
 * head; soon one of the two exits. But who has forked before is likely to stay, and to fork again:
 * the births of a child other than the first count.
 *
 * Moved parts. A page's number is its virtual page number where it was made, and stays so by
 * fork. mremap breaks that. A few pages that are the space's own are numbered anew while their
 * entries are moved anyway. Others keep their numbers, and their place becomes a *moved part*: a
 * range of addresses with a displacement, number minus virtual page. Only these have a record. It
 * has nothing to do with areas, so areas split and merge as if there were no reverse map.
 *
 * Times. So two pages of a space can have one number: one that was moved away, one that was made
 * since at the place it had left; and a part that grows runs into its old neighbours' numbers. What
 * tells them apart is *when* they were made. Each space has a clock, inherited by fork, that goes
 * on by 2 with each new moved part, which takes the odd time between. The time stands in a page's
 * index, above the number:
 *
 *	0         made at its natural place, when no moved part had its number
 *	even      the clock: made at its natural place, while a moved part had its number
 *	odd       made in the moved part that has this time
 *
 *	clock 0   page 7 is made: 7, time 0
 *	          7 moves to 40: a part of time 1; clock 2
 *	          another page is made at 7: 7, time 2; and one at 41, behind 40: 8, time 1
 *	          7 moves to 50: a part of time 3; clock 4
 *
 *	part 1, at 40: 7 of time 0; all of time 1      part 3, at 50: 7 of times 0 to 2
 *
 * A part took along what lay at its *home*, the numbers that it had when it moved. A page of time
 * 0 is in both ranges, but in part 1 only: part 3 has what was at the place later. So a page is in
 * the earliest part that may hold it, and then nowhere else in this space. Unless a part has come
 * home in the meantime, whose pages then lie among younger ones: the space remembers when that
 * was, and trusts the order only of parts that moved later. Nobody has to hand out indexes: two
 * spaces that move the same number do not know of each other.
 *
 * Gone. A space that has unmapped what it had inherited knows so (lineage_gone.c): these numbers,
 * up to this time, are there no more. So with what DONTFORK or WIPEONFORK kept back.
 *
 * No mapping is missed. For every page P that is mapped, and every space S that maps it at page V:
 *
 *	(1) S's leaf is P's node or below it;
 *	(2) P's number is V plus the displacement of the part of S at V, or V if there is none; and
 *	    in a part its time is the part's, or an earlier one with a number of the part's home;
 *	(3) if S has a part that moved after P was made, with P's number in its home, and none
 *	    has come home to S or an ancestor since it moved, V is in that part or in one that
 *	    moved earlier; and if P's time is odd and none has come home since, in one of that
 *	    time;
 *	(4) if a node at S's leaf or above it, and below P's, has P's number and time as gone since T,
 *	    then V is in a part that did not move later than T.
 *
 * The walk visits each leaf below P's node; there the parts that may hold P by (2), the earliest
 * first, up to one that moved after the last coming home, by (3), or later than T, by (4); then the
 * natural place, if none such was met and P is not gone. By (1) to (4) V is among them. These hold
 * when P is made, or comes back from swap for one space alone: it is bound to S's own leaf, with
 * the time of the part, or with the clock if any part has its number, which is later than all
 * parts. They are kept by
 *
 *	fork      the child's leaf hangs below all nodes that the parent's does; it gets the
 *	          parent's parts, clock and coming home; what was gone at the leaf is gone at the
 *	          node that takes its place, that is for labels above it only. From then on
 *	          both clocks go their own ways, and so do the pages of both leaves
 *	birth, re-use   S alone maps P: its own leaf, or the node above it, covers all mappers
 *	collapse  the leaves below are the same; labels of the two nodes were bound to pages of
 *	          these leaves only. What was gone at either is gone at the merged node, for
 *	          labels above it
 *	exit      of a mapper: the others' leaves stay where they are
 *	unmap     gone is only what has been unmapped, or, with a part, what it alone could hold;
 *	          births there are the leaf's own from then on, to whose labels what is gone does
 *	          not matter
 *	mremap    from a natural place: all that was there has earlier times than the new part.
 *	          From part to part: nothing changes but the displacement. Coming home: numbers
 *	          and times stay, no part's order is trusted, and what has come is gone no longer,
 *	          at S's leaf and above
 *	growth    of a part: births there have its own time, which nothing else has. If it was cut
 *	          in two, only the upper piece may grow: the lower would reach the other's numbers
 *	split, merge   of areas: parts do not care
 *	swap      a slot names label and index as the page did, and counts as one; entries that
 *	          name it are in the same spaces and places. mremap tells of slots as of pages
 *
 * When a clock has come to its end (2^18), all further parts have the last time: that is trusted to
 * say nothing, and walks look at all of them and at the natural place.
 *
 * A label is used again only when no page that is mapped names it: it counts none; or its leaf
 * has ended, and with it all that could map its pages. A page that nobody maps may still name
 * it. Its walk finds nothing, wherever it looks; and since labels that count stay labels that
 * count, giving it back takes nothing from others. What a leaf has borrowed from the node above
 * does not count, so it goes only with the last space below that node.
 *
 * Locks. One for each family, in its first label; a walk holds it, and so does whoever changes
 * the tree, what is gone, or a moved part. Making a page takes none. A bind may race with a
 * collapse that gives the leaf other labels: all of them are the leaf's, or above it. Labels of
 * a leaf are only freed with its space's lock held alone. A walk visits a parent before its
 * children, so that a fork that copies entries meanwhile is behind it or will be seen. While
 * mremap moves entries, a walk may miss them, as in any design; who needs all counts them.
 * One lock more, below all others, guards the list of roots and the labels that are free.
 *
 * Costs. Fault: no lock; two loads and two stores (and an add, if its label counts); two looks into
 * small trees where something has moved. Fork: one node of 64 bytes, whatever the areas; a look at
 * each area's flags; a copy of each moved part's record. Exit: taking a leaf out. mremap: each page
 * when it is renumbered, else a record of 88 bytes. Memory, on a 64-bit machine: 112 bytes in each
 * space and 32 once it has a page; nothing in an area. A walk: the live leaves below the node, one
 * place in each, older spaces first, as the chains mostly have them, since what few still map is
 * mostly left with the old; 1 for what was made since the last fork.
 *
 * Where it breaks. A thousand children that all still have a page's number, but not the page: each
 * is looked at, as in the chains. A space that unmaps more than 64 separate parts of what it
 * inherited is looked at in vain for the rest; so is one that has displaced something 131,072
 * times, for all that it displaces later. An area that grew together from moved parts has a record
 * for each when it moves again. There are no indexes for addresses above 2^58.
 *
 * Literature: docs/anonymous-reverse-maps.md.
 */

#include "lineage.h"

#include "anon_designs.h"
#include "base/assert.h"

/* Areas of more pages are not renumbered when they move: a record costs less. */
#define RENUMBER_MOST 32

/* Records of moved parts that stay with a space between calls. */
#define SPARES_KEPT 8

static bool private_area(const struct vas_area *area)
{
	return (area->flags & (VAS_AREA_SHARED | VAS_AREA_MAY_SHARE)) == 0;
}

static uint64_t first_of(const struct vas_area *area)
{
	return area->range.start >> VAS_PAGE_SHIFT;
}

static uint64_t last_of(const struct vas_area *area)
{
	return (area->range.end >> VAS_PAGE_SHIFT) - 1;
}

/* The listener. */

static int on_open(void *data, struct vas_space *space, struct vas_space *parent)
{
	struct lineage *lineage = data;
	struct lineage_space *mine = lineage_space_of(space);

	if (vas_space_layout(space)->task_size > LINEAGE_NUMBERS << VAS_PAGE_SHIFT)
		return -VAS_EINVAL;
	*mine = (struct lineage_space){ .node.space = space };
	if (parent != NULL) {
		struct lineage_space *from = lineage_space_of(parent);
		int err;

		mine->clock = from->clock;
		mine->came_home = from->came_home;
		err = vas_lineage_tree_fork(lineage, from, mine);
		if (err != 0)
			return err;
		from->child = mine;
	}
	__atomic_fetch_add(&lineage->spaces, 1, __ATOMIC_RELAXED);
	return 0;
}

static void on_close(void *data, struct vas_space *space)
{
	struct lineage *lineage = data;
	struct lineage_space *mine = lineage_space_of(space);

	vas_assert(mine->moved == NULL);
	vas_lineage_tree_leave(lineage, mine);
	vas_lineage_moved_trim(lineage, mine, 0);
	__atomic_fetch_sub(&lineage->spaces, 1, __ATOMIC_RELAXED);
}

/* What was inherited with these numbers is gone. If there is anything at their natural place, it was
 * made later, where the part has come from; it may be older, where the part had grown. */
static void lose(struct lineage *lineage, struct lineage_space *mine,
		 const struct lineage_moved *moved, uint64_t first, uint64_t last)
{
	const struct vas_area *area = vas_find_ge(mine->node.space, first << VAS_PAGE_SHIFT);
	uint64_t end = moved->first + moved->home;
	uint32_t time = moved->time;

	if (area == NULL || first_of(area) > last)
		time = mine->clock;
	else if (lineage_alone(mine, time) && first < end)
		last = last < end ? last : end - 1;
	else
		return;
	vas_lineage_gone_add(lineage, &mine->node, first, last, time);
}

/* Areas of which the child has nothing: not inherited, or wiped. Its births are its own then. */
static void leave_out(struct lineage *lineage, struct lineage_space *child,
		      const struct vas_area *area)
{
	if ((area->flags & (VAS_AREA_DONT_FORK | VAS_AREA_WIPE_ON_FORK)) == 0 ||
	    !private_area(area) || child->node.family == NULL)
		return;
	lineage_lock(child->node.family);
	child->node.current = NULL;
	vas_lineage_gone_add(lineage, &child->node, first_of(area), last_of(area), child->clock);
	lineage_unlock(child->node.family);
}

/*
 * The most that a call can use. fork: a record for each moved part, once more for each area that it
 * reaches into. mremap: one for what each area moves besides the parts that were moved before, and
 * one for each place where these are cut. Any other: one, where the middle of a part is unmapped.
 */
static size_t most_records(const struct lineage_space *mine, const struct vas_budget *budget)
{
	uint64_t first = budget->moved_from >> VAS_PAGE_SHIFT;
	uint64_t pages = budget->moved >> VAS_PAGE_SHIFT, last = first + pages - 1;
	size_t count = pages != 0 ? 3 : 1;

	if (mine->node.family == NULL ||
	    (mine->places == NULL &&
	     (pages == 0 || (pages <= RENUMBER_MOST && !lineage_has_relatives(mine)))))
		return 0;
	if (pages != 0)
		count += vas_lineage_moved_among(mine, first, last);
	for (size_t i = 0; i < budget->count; i++) {
		const struct vas_area *area = budget->areas[i];

		if (budget->fork)
			count += vas_lineage_moved_among(mine, first_of(area), last_of(area));
		else if (pages != 0 && first_of(area) <= last && last_of(area) >= first)
			count += 2;
	}
	return count;
}

static int on_reserve(void *data, struct vas_space *space, const struct vas_budget *budget)
{
	struct lineage *lineage = data;
	struct lineage_space *mine = lineage_space_of(space);
	size_t count = most_records(mine, budget);

	mine->calling = true;
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

	/* The end of exit or exec. */
	if (!mine->calling && lineage_has_relatives(mine) && vas_find_ge(space, 0) == NULL)
		vas_lineage_tree_leave(data, mine);
	mine->calling = false;
	mine->carried = false;
	mine->child = NULL;
	if (mine->promised != 0 || mine->spare_count > SPARES_KEPT)
		vas_lineage_moved_trim(data, mine, SPARES_KEPT);
}

/* [start, end) of the area is mapped no more; what the space had from its ancestors is gone there.
 */
static void unmap(struct lineage *lineage, struct lineage_space *mine, const struct vas_op *op)
{
	uint64_t first = op->start >> VAS_PAGE_SHIFT, last = (op->end >> VAS_PAGE_SHIFT) - 1;
	bool told = mine->calling && lineage_has_relatives(mine) && private_area(op->area);

	if (mine->carried && op->start == mine->edge)
		return; /* what was there knows where it has gone */
	if (!told && mine->places == NULL)
		return;
	lineage_lock(mine->node.family);
	/* Where something is gone, a birth must be the leaf's own. */
	if (told && mine->node.current != NULL && mine->node.current->node != &mine->node)
		mine->node.current = NULL;
	told = told && mine->node.parent != NULL;
	if (told)
		vas_lineage_gone_add(lineage, &mine->node, first, last, mine->clock);
	if (mine->places != NULL)
		vas_lineage_moved_drop(lineage, mine, first, last, told ? lose : NULL);
	lineage_unlock(mine->node.family);
}

/* Newly mapped. A part that moved grows with its area. */
static void map(struct lineage_space *mine, const struct vas_op *op)
{
	if (mine->calling)
		mine->edge = op->end;
	if (mine->places == NULL || op->area->range.start == op->start || !private_area(op->area))
		return;
	lineage_lock(mine->node.family);
	vas_lineage_moved_grow(mine, op->start >> VAS_PAGE_SHIFT, (op->end >> VAS_PAGE_SHIFT) - 1);
	lineage_unlock(mine->node.family);
}

static void fork_area(struct lineage *lineage, const struct vas_op *op)
{
	struct lineage_space *parent = lineage_space_of(op->other->space);
	struct lineage_space *child = lineage_space_of(op->area->space);

	if (parent->places == NULL || (op->area->flags & VAS_AREA_WIPE_ON_FORK) != 0)
		return;
	lineage_lock(child->node.family);
	vas_lineage_moved_copy(lineage, parent, child, op->start >> VAS_PAGE_SHIFT,
			       (op->end >> VAS_PAGE_SHIFT) - 1);
	lineage_unlock(child->node.family);
}

/* Are the pages few, and all this space's own? => they have not moved yet. */
static bool may_renumber(const struct lineage *lineage, const struct lineage_space *mine,
			 const struct vas_op *op)
{
	if ((op->end - op->start) >> VAS_PAGE_SHIFT > RENUMBER_MOST)
		return false;
	if (!lineage_has_relatives(mine))
		return true;
	return vas_area_pages(op->other) <= RENUMBER_MOST && lineage->host.held_alone != NULL &&
	       lineage->host.held_alone(lineage->host.data, op->other);
}

/* mremap. A few pages that are held alone get the indexes of their new place. Others keep theirs,
 * and then their place is a moved part, unless it is where they have come from. */
static void move(struct lineage *lineage, struct lineage_space *mine, const struct vas_op *op)
{
	uint64_t start = op->start >> VAS_PAGE_SHIFT, from = op->from >> VAS_PAGE_SHIFT;
	uint64_t last = (op->end >> VAS_PAGE_SHIFT) - 1, grown = (mine->edge >> VAS_PAGE_SHIFT) - 1;

	mine->renumbering = false;
	mine->carried = false;
	if (!private_area(op->area) || mine->node.family == NULL)
		return;
	mine->renumbering = may_renumber(lineage, mine, op);
	lineage_lock(mine->node.family);
	/* A part below may have taken the place for its own growth. */
	vas_lineage_moved_drop(lineage, mine, start, grown, NULL);
	if (mine->renumbering) {
		vas_lineage_moved_drop(lineage, mine, from, from + (last - start), NULL);
		vas_lineage_gone_back(lineage, &mine->node, start, last);
		__atomic_fetch_add(&lineage->renumbered, 1, __ATOMIC_RELAXED);
	} else {
		vas_lineage_moved_carry(lineage, mine, from, from + (last - start), start - from);
		if (grown > last)
			vas_lineage_moved_grow(mine, last + 1, grown);
		mine->carried = true;
		mine->edge = op->from;
		__atomic_fetch_add(&lineage->displaced, 1, __ATOMIC_RELAXED);
	}
	lineage_unlock(mine->node.family);
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
		map(mine, op);
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

const struct vas_listener vas_lineage_listener = {
	.space_bytes = sizeof(struct lineage_space),
	.open = on_open,
	.close = on_close,
	.reserve = on_reserve,
	.settle = on_settle,
	.apply = on_apply,
};

/* Pages. */

static int prepare(void *instance, struct vas_area *area)
{
	struct lineage_space *mine = lineage_space_of(area->space);

	if (__builtin_expect(__atomic_load_n(&mine->node.current, __ATOMIC_ACQUIRE) != NULL, 1))
		return 0;
	return vas_lineage_tree_prepare(instance, mine);
}

/* Of a page that is made, or numbered anew, at this address. => the space's lock, shared at least */
static uint64_t index_at(const struct lineage_space *mine, uint64_t address)
{
	uint64_t page = address >> VAS_PAGE_SHIFT;
	const struct lineage_moved *moved;

	if (mine->places == NULL)
		return page;
	moved = vas_lineage_moved_seek(mine, page);
	if (moved != NULL && moved->first - moved->displacement <= page)
		return (page + moved->displacement) | (uint64_t)moved->time << LINEAGE_TIME_SHIFT;
	if (vas_lineage_moved_has(mine, page))
		return page | (uint64_t)mine->clock << LINEAGE_TIME_SHIFT;
	return page;
}

static void bind(void *instance, struct vas_page *page, struct vas_area *area, uint64_t address)
{
	struct lineage_space *mine = lineage_space_of(area->space);
	struct lineage_label *label = __atomic_load_n(&mine->node.current, __ATOMIC_ACQUIRE);

	(void)instance;
	page->owner = lineage_owner(label);
	lineage_hold(page->owner);
	page->index = index_at(mine, address);
}

/* Binds what names `*owner` to the space's own label, if it has one. */
static void adopt(const struct lineage_space *mine, void **owner)
{
	struct lineage_label *label = __atomic_load_n(&mine->node.current, __ATOMIC_ACQUIRE);
	void *old = *owner;

	if (label == NULL || old == lineage_owner(label))
		return;
	*owner = lineage_owner(label);
	lineage_hold(*owner);
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
	(void)instance;
	return lineage_space_of(op->area->space)->renumbering;
}

static void moved(void *instance, struct vas_page *page, struct vas_binding *saved,
		  struct vas_area *area, uint64_t from, uint64_t to)
{
	const struct lineage_space *mine = lineage_space_of(area->space);
	uint64_t index = index_at(mine, to);

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
	*instance = lineage;
	return 0;
}

static void destroy(void *instance)
{
	struct lineage *lineage = instance;

	if (lineage == NULL)
		return;
	vas_assert(lineage->forest.first == NULL);
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
	.walk = vas_lineage_walk,
	.count = vas_lineage_count,
	.print = vas_lineage_print,
	.validate = vas_lineage_validate,
};
