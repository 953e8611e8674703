/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * anon-vma-chain, the area side.
 *
 * What. A page that belongs to no file is found through the head that was its area's own when the
 * page was made, and through the areas that are tied to that head. Before 2010 (Arcangeli's
 * anon_vma, 2004) a family of forked processes shared one head for an area: with 1,000 children
 * that each copied their 1,000 pages, every search visited 1,000 areas to find one page. Now a
 * fork adds a head, private to the child, and ties the child's area to it and to all heads of the
 * parent's area: a page made after the fork is searched for in the child (and its children) only.
 *
 *	parent      child       grandchild        A, B, C: one area in each
 *	  A           B             C
 *	  |           |             |
 *	head 1 ----- link -------- link           pages of A, also those that B and C still share
 *	            head 2 ------- link           pages that B made after the first fork
 *	                          head 3          pages of C alone
 *
 * The price is a link for every (area, ancestor), made by each fork, split and move, and the
 * allocations for them: all that a call can need is reserved before it starts.
 *
 * When an area gets a head: with the first page that is made in it, that is with a write to a
 * private area, whoever does it (the program, MAP_POPULATE, mlock); with the growth of a stack,
 * even by a read; with the installation of guard pages in anonymous memory; and with a read where
 * the huge zero page would go. Other reads map the zero page or the file's, and give none. Once
 * given, a head stays until the area is freed, or emptied by mremap with MREMAP_DONTUNMAP.
 *
 * When a head is shared. A new one would keep the area from ever merging with a neighbour that has
 * one. So if the neighbour above or below (asked in that order) touches it, maps the same file at
 * the offset that runs on, and differs at most in its access bits, its head is taken. But not from
 * an area that inherited: the pages of this area would be searched for in relatives that never had
 * them.
 *
 * When a head is re-used. A process that forks, lets its child go on and exits, again and again,
 * would add a head and a longer chain for each generation, and none could go, since the last child
 * is tied to them all. So a fork first looks for an ancestor's head that is nobody's own any more
 * and has fewer than two children, the oldest first, and makes it the child's own. (A root counts
 * itself as a child, and has one more in the chain of anyone who forks: it is never re-used.)
 * Daniel Forrest reported the endless chain in 2012; the rule is Konstantin Khlebnikov's of 2015,
 * with the two separate counts that Jann Horn's use-after-free of 2022 asked for.
 *
 * When areas may merge. Their pages must be found through one chain. Two heads must be the same
 * one; an area without a head has no pages and takes the other's chain, unless that one inherited:
 * joined, the searches for the relatives' pages would pass through memory that never held them.
 * Kernels before 6.16 refused one more case, in which the area that lives on has no head.
 *
 * Locks: one for each tree of heads (anon_vma_chain.h tells more), taken once for each area that a
 * call changes; a walk holds it for as long as it visits.
 *
 * Costs. A first touch: the search for two neighbours; a later one: O(1). Split, move, fork and
 * freeing: the length of the chain, times the logarithm of the links of each head; so does a merge,
 * or a growth, whose links must say so. On a 64-bit machine a head takes 104 bytes (24 of them for
 * the validator), a link 64, an area 56.
 *
 * Rules of kernel 6.18 were tried on 6.18.44, with the areas of /proc/self/maps and the trace
 * points of the kernel's allocations of heads and links side by side; those before 6.16 are from
 * the history of the change (Lorenzo Stoakes 2025).
 *
 * Literature: docs/anonymous-reverse-maps.md.
 */

#include "anon_vma_chain.h"

#include "base/assert.h"

#define HUGE_PAGE (UINT64_C(2) << 20)

/* Since then an area without head may swallow one with a head. */
#define FRESH_MAY_SWALLOW VAS_KERNEL(6, 16)

/* Reserving. */

/*
 * The most that a call can use:
 *
 *	a first touch       1 head, 1 link
 *	a clone of an area  as many links as it has: split, move, merge into an area without head;
 *	    by fork         1 head and 1 link more
 *
 * An area without a head may get one and be cloned later in the same call: its own, by a touch, or
 * that of a neighbour, by a merge. Such a chain is one link long, since one that was inherited is
 * not passed on by a merge, and the link that stands here for a fork pays its copy.
 */
enum { LINKS_OF_TOUCH = 1, HEADS_OF_TOUCH = 1, LINKS_OF_FORK = 1, HEADS_OF_FORK = 1 };

static int chain_reserve(void *data, struct vas_space *space, const struct vas_budget *budget)
{
	size_t links = budget->touches * LINKS_OF_TOUCH;
	size_t heads = budget->touches * HEADS_OF_TOUCH;

	for (size_t i = 0; i < budget->count; i++) {
		links += chain_area_of(budget->areas[i])->links + LINKS_OF_FORK;
		heads += budget->fork ? HEADS_OF_FORK : 0;
	}
	return vas_chain_promise(data, chain_space_of(space), links, heads);
}

static void chain_settle(void *data, struct vas_space *space)
{
	vas_chain_trim(data, chain_space_of(space), CHAIN_LINKS_KEPT, CHAIN_HEADS_KEPT);
}

/* Copies of chains. */

/* Ties `target`, which has no links, to all heads of `source`. => locked. */
static void copy_links(struct chain_space *space, struct vas_area *target,
		       const struct vas_area *source)
{
	struct chain_area *mine = chain_area_of(target);
	struct chain_link **end = &mine->newest;

	vas_assert(*end == NULL);
	vas_chain_cover(mine, target);
	for (struct chain_link *link = chain_area_of(source)->newest; link; link = link->older)
		end = &vas_chain_tie(space, mine, link->head, end)->older;
}

/* Split, move, merge: the pages of `source` are to be found in `target` too. */
static void clone(struct vas_area *target, const struct vas_area *source)
{
	struct chain_head *head = chain_area_of(source)->own, *root;

	if (head == NULL || chain_area_of(target)->own != NULL)
		return;
	root = vas_chain_lock(head);
	copy_links(chain_space_of(target->space), target, source);
	vas_chain_set_own(chain_area_of(target), head);
	vas_chain_unlock(root);
}

/* The oldest head in the area's chain that a fork may re-use, or NULL. */
static struct chain_head *idle_ancestor(const struct vas_area *area)
{
	struct chain_head *idle = NULL;

	for (struct chain_link *link = chain_area_of(area)->newest; link; link = link->older)
		if (link->head->active == 0 && link->head->children < 2)
			idle = link->head;
	return idle;
}

static void fork_area(struct vas_anon_vma_chain *chain, struct vas_area *child,
		      const struct vas_area *parent)
{
	struct chain_space *space = chain_space_of(parent->space);
	struct chain_area *mine = chain_area_of(child);
	struct chain_head *parent_head = chain_area_of(parent)->own;
	struct chain_head *head, *root;

	if (parent_head == NULL || (child->flags & VAS_AREA_WIPE_ON_FORK) != 0)
		return;
	vas_chain_plant(space, parent_head->root);
	root = vas_chain_lock(parent_head);
	head = idle_ancestor(parent);
	copy_links(space, child, parent);
	if (head != NULL) {
		chain_raise(&space->reused);
	} else {
		head = vas_chain_new_head(chain, space, parent_head);
		(void)vas_chain_tie(space, mine, head, &mine->newest);
	}
	vas_chain_set_own(mine, head);
	vas_chain_unlock(root);
}

/* First touches. */

/* What neighbours that share a head may differ in: access, and whose userfaultfd it is. */
#define MAY_DIFFER (VAS_AREA_ACCESS | VAS_AREA_CONTEXT)

/* `below` lies below `above`: could they become one, but for these? */
static bool nearly_one(const struct vas_area *below, const struct vas_area *above)
{
	return below->range.end == above->range.start && below->file == above->file &&
	       ((below->flags ^ above->flags) & ~MAY_DIFFER) == 0 &&
	       below->offset + vas_area_pages(below) == above->offset &&
	       below->policy == above->policy;
}

static struct chain_head *head_to_share(const struct vas_area *area)
{
	const struct chain_area *mine = chain_area_of(area);

	return mine->links == 1 ? mine->own : NULL;
}

static struct chain_head *head_of_neighbour(const struct vas_area *area)
{
	const struct vas_area *next = vas_area_next(area), *prev;
	struct chain_head *head = NULL;

	if (next != NULL && nearly_one(area, next))
		head = head_to_share(next);
	if (head != NULL)
		return head;
	prev = vas_area_prev(area);
	if (prev != NULL && nearly_one(prev, area))
		head = head_to_share(prev);
	return head;
}

/* The first anonymous page of `area` is about to be made. => promised; `giving` is held. */
static void give_head(struct vas_anon_vma_chain *chain, struct vas_area *area)
{
	struct chain_space *space = chain_space_of(area->space);
	struct chain_area *mine = chain_area_of(area);
	struct chain_head *head = head_of_neighbour(area), *root;

	if (head != NULL) {
		space->promised_heads--;
		chain_raise(&space->shared);
		root = vas_chain_lock(head);
	} else {
		vas_chain_plant(space, NULL);
		root = vas_chain_lock(space->spare_heads);
		head = vas_chain_new_head(chain, space, NULL);
	}
	vas_chain_cover(mine, area);
	(void)vas_chain_tie(space, mine, head, &mine->newest);
	vas_chain_set_own(mine, head);
	vas_chain_unlock(root);
}

static void touch(struct vas_anon_vma_chain *chain, struct vas_area *area)
{
	struct chain_space *space = chain_space_of(area->space);

	if (chain_own(chain_area_of(area)) != NULL)
		return;
	vas_mutex_lock(&space->giving, VAS_RANK_SPACE);
	if (chain_own(chain_area_of(area)) == NULL)
		give_head(chain, area);
	vas_mutex_unlock(&space->giving, VAS_RANK_SPACE);
}

int vas_chain_prepare(void *instance, struct vas_area *area)
{
	struct chain_space *space = chain_space_of(area->space);
	int err = 0;

	if (chain_own(chain_area_of(area)) != NULL)
		return 0;
	vas_mutex_lock(&space->giving, VAS_RANK_SPACE);
	if (chain_own(chain_area_of(area)) == NULL) {
		err = vas_chain_promise(instance, space, LINKS_OF_TOUCH, HEADS_OF_TOUCH);
		if (err == 0)
			give_head(instance, area);
		else
			vas_chain_trim(instance, space, CHAIN_LINKS_KEPT, CHAIN_HEADS_KEPT);
	}
	vas_mutex_unlock(&space->giving, VAS_RANK_SPACE);
	return err;
}

static bool private_area(const struct vas_area *area)
{
	return (area->flags & (VAS_AREA_SHARED | VAS_AREA_MAY_SHARE)) == 0;
}

/*
 * Would a read in [start, end) find place for a huge page?
 *
 *	    |       2 MiB       |       2 MiB       |
 *	  AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
 *	             yes                no
 *
 * Linux also wants no small page to be there already, which areas do not know.
 */
static bool reads_huge(const struct vas_anon_vma_chain *chain, const struct vas_area *area,
		       uint64_t start, uint64_t end)
{
	uint64_t lowest = (area->range.start + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	uint64_t block = start & ~(HUGE_PAGE - 1);

	if (chain->huge_faults == VAS_HUGE_FAULTS_NEVER || !vas_area_anonymous(area) ||
	    (area->flags & (VAS_AREA_NO_HUGE | VAS_AREA_SPECIAL)) != 0)
		return false;
	if (chain->huge_faults == VAS_HUGE_FAULTS_ADVISED && (area->flags & VAS_AREA_HUGE) == 0)
		return false;
	if (lowest < area->range.start)
		return false;
	if (block < lowest)
		block = lowest;
	return block < end && area->range.end - block >= HUGE_PAGE && block < area->range.end;
}

/* The listener. */

static int chain_open(void *data, struct vas_space *space, struct vas_space *parent)
{
	struct vas_anon_vma_chain *chain = data;
	struct chain_space *mine = chain_space_of(space);

	(void)parent;
	mine->space = space;
	vas_pool_init(&mine->pool, chain->allocator);
	vas_mutex_lock(&chain->lock, VAS_RANK_LEAF);
	vas_list_add_before(&chain->spaces, &mine->all);
	vas_mutex_unlock(&chain->lock, VAS_RANK_LEAF);
	return 0;
}

static void chain_close(void *data, struct vas_space *space)
{
	struct vas_anon_vma_chain *chain = data;
	struct chain_space *mine = chain_space_of(space);

	vas_assert(mine->link_count == 0);
	vas_chain_trim(chain, mine, 0, 0);
	vas_mutex_lock(&chain->lock, VAS_RANK_LEAF);
	vas_list_remove(&mine->all);
	chain->shared += mine->shared;
	chain->reused += mine->reused;
	vas_mutex_unlock(&chain->lock, VAS_RANK_LEAF);
}

static void chain_apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	struct vas_anon_vma_chain *chain = data;

	(void)space;
	switch (op->kind) {
	case VAS_OP_MAP:
		vas_chain_follow(op->area);
		break;
	case VAS_OP_SPLIT:
		clone(op->other, op->area);
		vas_chain_follow(op->area);
		break;
	case VAS_OP_MERGE: /* first all is found in both, then in one */
		clone(op->area, op->other);
		vas_chain_follow(op->area);
		vas_chain_follow(op->other);
		break;
	case VAS_OP_MOVE:
		clone(op->area, op->other);
		break;
	case VAS_OP_FORK:
		fork_area(chain, op->area, op->other);
		break;
	case VAS_OP_TOUCH:
		if (private_area(op->area) &&
		    (op->write || reads_huge(chain, op->area, op->start, op->end)))
			touch(chain, op->area);
		break;
	case VAS_OP_ADVISE:
		if (op->advice == VAS_ADVICE_GUARD_INSTALL && private_area(op->area) &&
		    vas_area_anonymous(op->area))
			touch(chain, op->area);
		break;
	case VAS_OP_EMPTY:
	case VAS_OP_FREE:
		vas_chain_untie(chain, op->area);
		break;
	case VAS_OP_UNMAP:
	case VAS_OP_FLAGS:
	case VAS_OP_REINDEX:
		break;
	}
}

static bool apart(const struct vas_area *a, const struct vas_area *b)
{
	return a->range.end < b->range.start || b->range.end < a->range.start;
}

enum vas_heads_verdict vas_anon_vma_chain_compare(const struct vas_anon_vma_chain *chain,
						  const struct vas_area *target,
						  const struct vas_area *source, bool copied)
{
	const struct chain_area *to = chain_area_of(target);
	const struct chain_area *from = source != NULL ? chain_area_of(source) : NULL;
	const struct chain_head *head = from != NULL ? from->own : NULL;
	bool gap = source != NULL && !copied && apart(target, source);

	if (to->own == head)
		return VAS_HEADS_AGREE;
	if (to->own != NULL && head != NULL)
		return VAS_HEADS_DIFFER;
	/* One of the two has no head. */
	if (gap && target->range.start < source->range.start)
		return VAS_HEADS_AGREE;
	if (to->own != NULL)
		return to->links == 1 ? VAS_HEADS_AGREE : VAS_HEADS_INHERITED;
	if (chain->settings->kernel < FRESH_MAY_SWALLOW)
		return VAS_HEADS_FRESH;
	return gap || from->links == 1 ? VAS_HEADS_AGREE : VAS_HEADS_INHERITED;
}

static bool chain_may_merge(void *data, const struct vas_area *target,
			    const struct vas_area *source, bool copied)
{
	return vas_anon_vma_chain_compare(data, target, source, copied) == VAS_HEADS_AGREE;
}

/* The two questions have one answer here: no head, no page. */
static bool chain_untouched(void *data, const struct vas_area *area)
{
	(void)data;
	return chain_area_of(area)->own == NULL;
}

const struct vas_listener vas_anon_vma_chain_listener = {
	.area_bytes = sizeof(struct chain_area),
	.space_bytes = sizeof(struct chain_space),
	.open = chain_open,
	.close = chain_close,
	.reserve = chain_reserve,
	.settle = chain_settle,
	.apply = chain_apply,
	.may_merge = chain_may_merge,
	.may_reindex = chain_untouched,
	.untouched = chain_untouched,
};

int vas_anon_vma_chain_create(const struct vas_anon_rmap_config *config,
			      struct vas_anon_vma_chain **chain)
{
	struct vas_anon_vma_chain *new;

	if (config->allocator == NULL || config->settings == NULL)
		return -VAS_EINVAL;
	new = config->allocator->allocate(config->allocator->context, sizeof(*new),
					  _Alignof(struct vas_anon_vma_chain));
	if (new == NULL)
		return -VAS_ENOMEM;
	*new = (struct vas_anon_vma_chain){
		.allocator = config->allocator,
		.settings = config->settings,
		.huge_faults = config->huge_faults,
	};
	vas_list_init(&new->spaces);
	*chain = new;
	return 0;
}

void vas_anon_vma_chain_destroy(struct vas_anon_vma_chain *chain)
{
	const struct vas_allocator *allocator;

	if (chain == NULL)
		return;
	allocator = chain->allocator;
	vas_assert(chain->head_count == 0 && vas_list_empty(&chain->spaces));
	for (struct chain_head *head = chain->heads, *next; head != NULL; head = next) {
		next = head->next_all;
		allocator->release(allocator->context, head, sizeof(*head));
	}
	allocator->release(allocator->context, chain, sizeof(*chain));
}
