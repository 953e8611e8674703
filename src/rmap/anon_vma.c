/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * anon-vma: Andrea Arcangeli's, 2004; in Linux from 2.6.7 to 2.6.33.
 *
 * The idea. Areas that may share pages have one head; a page names the head, the head lists the
 * areas. A page's index is its place in the area by the area's own offset, which mremap leaves
 * alone, so that a moved page is found with no more ado.
 *
 *	       parent   child   child's child
 *	         A        B         C
 *	         |        |         |
 *	head ----+--------+---------+-----> list, oldest space first
 *	 ^
 *	 every page of A, B and C, whoever made it
 *
 * An area gets a head with its first page: that of a neighbour with which it could become one but
 * for its access bits (Hugh Dickins's "better anon_vma sharing"), else a new one. Splits, moves
 * and forks put the new area on the same head.
 *
 * What had to be added. Little. Linux freed a head with its last area and guarded against late
 * walks by other means; here dead heads stay in the instance, with empty lists, to be used again:
 * a page that nobody maps any more may still name one. Saved bindings need no care, since all that
 * an area holds, in memory or in swap, is bound to the area's one head.
 *
 * Costs. Fault: none after the first. Fork, split, move, exit: one list operation per area.
 * mremap: nothing per page. A walk: the length of the head's list, most of which may never have
 * had the page.
 *
 * Where it breaks. 1,000 children that each copied all of a 1,000-page area leave 1,001 areas on
 * one head, and each of a million pages, mapped once, is searched for in all of them. (That ended
 * it: see anon_vma_chain.c.) Two areas with different heads never merge, even where everything
 * else agrees.
 *
 * Literature: docs/anonymous-reverse-maps.md.
 */

#include "anon_designs.h"
#include "anon_places.h"
#include "base/print.h"

struct head {
	struct vas_anon_record record;
	struct vas_list areas; /* vas_anon_place.at; empty when dead */
};

static struct head *new_head(struct vas_anon_places *places, struct vas_pool *pool)
{
	struct head *head = vas_anon_record_new(places, pool);

	if (head != NULL)
		vas_list_init(&head->areas);
	return head;
}

/* `below` lies below `above`: could they become one but for what mprotect changes? */
static bool nearly_one(const struct vas_area *below, const struct vas_area *above)
{
	return below->range.end == above->range.start && below->file == above->file &&
	       ((below->flags ^ above->flags) & ~VAS_AREA_ACCESS) == 0 &&
	       below->offset + vas_area_pages(below) == above->offset &&
	       below->policy == above->policy;
}

/* A neighbour that has a head to share, or NULL. */
static struct vas_anon_place *sharing_neighbour(const struct vas_anon_places *places,
						const struct vas_area *area)
{
	const struct vas_area *next = vas_area_next(area), *prev = vas_area_prev(area);
	struct vas_anon_place *near = NULL;

	if (next != NULL && nearly_one(area, next))
		near = vas_anon_place_of(places, next);
	if ((near == NULL || near->owner == NULL) && prev != NULL && nearly_one(prev, area))
		near = vas_anon_place_of(places, prev);
	return near != NULL && near->owner != NULL ? near : NULL;
}

/* Beside another place of the same space, so that the list stays ordered by the spaces' age. */
static void join(struct vas_anon_places *places, struct vas_anon_place *target,
		 struct vas_anon_place *source, struct vas_pool *pool)
{
	(void)places;
	(void)pool;
	if (target->owner != NULL)
		return;
	vas_list_add_after(&source->at, &target->at);
	vas_anon_place_own(target, source->owner);
}

static bool give(struct vas_anon_places *places, struct vas_anon_place *place,
		 const struct vas_area *area, struct vas_pool *pool)
{
	struct vas_anon_place *near = sharing_neighbour(places, area);
	struct head *head;

	if (near != NULL) {
		join(places, place, near, pool);
		return true;
	}
	head = new_head(places, pool);
	if (head == NULL)
		return false;
	vas_list_add_before(&head->areas, &place->at);
	vas_anon_place_own(place, head);
	return true;
}

static void fork_place(struct vas_anon_places *places, struct vas_anon_place *child,
		       struct vas_anon_place *parent, struct vas_pool *pool)
{
	struct head *head = parent->owner;

	(void)places;
	(void)pool;
	vas_list_add_before(&head->areas, &child->at);
	vas_anon_place_own(child, head);
}

static void leave(struct vas_anon_places *places, struct vas_anon_place *place)
{
	struct head *head = place->owner;

	vas_list_remove(&place->at);
	if (vas_list_empty(&head->areas))
		vas_anon_record_free(places, &head->record);
}

static void walk_head(void *instance, struct vas_page *page, struct vas_anon_walk *walk)
{
	struct vas_anon_places *places = instance;
	const struct head *head = page->owner;

	if (head == NULL)
		return;
	vas_mutex_lock(&places->lock, VAS_RANK_RMAP);
	vas_list_for_each (at, &head->areas)
		if (!vas_anon_place_visit(vas_container_of(at, struct vas_anon_place, at),
					  page->index, walk))
			break;
	vas_mutex_unlock(&places->lock, VAS_RANK_RMAP);
}

static bool check(struct vas_anon_places *places, struct vas_anon_record *record,
		  const struct vas_printer *printer)
{
	const struct head *head = (const struct head *)record;

	if (vas_list_empty(&head->areas)) {
		vas_print(printer, "AVMA-4: a head has no areas\n");
		return false;
	}
	vas_list_for_each (at, &head->areas)
		if (!vas_anon_place_check(places, vas_container_of(at, struct vas_anon_place, at),
					  head, printer))
			return false;
	return true;
}

static const struct vas_listener listener = {
	VAS_ANON_PLACES_LISTENER,
	.space_bytes = sizeof(struct vas_anon_places_space),
	.open = vas_anon_places_open,
	.may_merge = vas_anon_places_may_merge,
};

static const struct vas_anon_places_kind kind = {
	.listener = &listener,
	.id = "AVMA",
	.record_bytes = sizeof(struct head),
	.give = give,
	.join = join,
	.fork = fork_place,
	.leave = leave,
	.check = check,
};

static int create(const struct vas_anon_rmap_config *config, void **instance)
{
	return vas_anon_places_create(&kind, config, instance);
}

const struct vas_anon_rmap_design vas_anon_vma_design = {
	.name = "anon-vma",
	.source = "Andrea Arcangeli; Linux 2.6.7 to 2.6.33",
	.year = 2004,
	.listener = &listener,
	.create = create,
	.walk = walk_head,
	VAS_ANON_PLACES_DESIGN,
};
