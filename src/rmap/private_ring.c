/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * private-ring: Benjamin LaHaise's first proposal of 1998, never built by him.
 *
 * The idea. A page names an area and its offset there; areas that may share pages are linked in a
 * ring. From any of them all others are found, and in each the address by the offset.
 *
 *	page --> seat --> seat --> seat --> (back to the first)
 *	          |        |        |
 *	          A     A's child  none: its area has gone
 *
 * Two things make it more than a list with a head (anon_vma.c). A page names where it was born,
 * and the search begins there. And two rings can be made one in O(1), so areas merge whenever all
 * else agrees, whatever pages they hold: no design but those that index by address says that.
 *
 * What had to be added. The proposal leaves open what a page names once its area has gone while a
 * child still maps it. Here a page names a seat, a record that an area takes with its first page.
 * A seat counts the pages and swap slots bound to it; left by its area, it stays in the ring until
 * the last of them is gone. So no page ever has to be found and told anything when an area ends.
 * An area that is swallowed by another leaves its seat in the same way.
 *
 * A new seat stands right behind that of the area it was copied from: a walk that begins where
 * the page was born passes a parent before its children.
 *
 * Costs. Fault: a count under the lock. Fork, split, move: one seat per area that has held a page.
 * Exit: O(1) per area. Merge: a look along the ring, whether it is one or two. mremap: nothing per
 * page. A walk: the ring, empty seats too.
 *
 * Where it breaks. As anon-vma: with 1,000 children that copied everything, 1,001 seats are passed
 * for each page; and rings that were joined never part again, so many merges make long rings. A
 * process that forks, and exits a little later, again and again leaves a seat for each generation
 * that made a page which is still there.
 *
 * Literature: docs/anonymous-reverse-maps.md.
 */

#include "anon_designs.h"
#include "anon_places.h"
#include "base/print.h"

struct seat {
	struct vas_anon_record record;
	struct vas_list ring;	      /* the other seats; no head */
	struct vas_anon_place *place; /* NULL: the area has gone, its pages have not */
};

/* A seat for the area, behind `before`, or in a ring of its own (NULL). */
static bool sit(struct vas_anon_places *places, struct vas_anon_place *place, struct seat *before,
		struct vas_pool *pool)
{
	struct seat *seat = vas_anon_record_new(places, pool);

	if (seat == NULL)
		return false;
	vas_list_init(&seat->ring);
	if (before != NULL)
		vas_list_add_after(&before->ring, &seat->ring);
	seat->place = place;
	vas_anon_place_own(place, seat);
	return true;
}

static bool same_ring(const struct seat *a, const struct seat *b)
{
	const struct vas_list *at = &a->ring;

	do {
		if (at == &b->ring)
			return true;
		at = at->next;
	} while (at != &a->ring);
	return false;
}

/* Puts b's ring, from b on, behind a. => they are two rings. */
static void make_one(struct seat *a, struct seat *b)
{
	struct vas_list *after = a->ring.next, *last = b->ring.prev;

	a->ring.next = &b->ring;
	b->ring.prev = &a->ring;
	last->next = after;
	after->prev = last;
}

static bool give(struct vas_anon_places *places, struct vas_anon_place *place,
		 const struct vas_area *area, struct vas_pool *pool)
{
	(void)area;
	return sit(places, place, NULL, pool);
}

static void join(struct vas_anon_places *places, struct vas_anon_place *target,
		 struct vas_anon_place *source, struct vas_pool *pool)
{
	if (target->owner == NULL)
		(void)sit(places, target, source->owner, pool);
	else if (!same_ring(target->owner, source->owner))
		make_one(target->owner, source->owner);
}

static void fork_place(struct vas_anon_places *places, struct vas_anon_place *child,
		       struct vas_anon_place *parent, struct vas_pool *pool)
{
	(void)sit(places, child, parent->owner, pool);
}

static void drop_if_unused(struct vas_anon_places *places, struct seat *seat)
{
	if (seat->place != NULL || seat->record.pages != 0)
		return;
	vas_list_remove(&seat->ring);
	vas_anon_record_free(places, &seat->record);
}

static void leave(struct vas_anon_places *places, struct vas_anon_place *place)
{
	struct seat *seat = place->owner;

	seat->place = NULL;
	drop_if_unused(places, seat);
}

static void emptied(struct vas_anon_places *places, struct vas_anon_record *record)
{
	drop_if_unused(places, (struct seat *)record);
}

static bool visit_seat(const struct seat *seat, uint64_t index, struct vas_anon_walk *walk)
{
	if (seat->place != NULL)
		return vas_anon_place_visit(seat->place, index, walk);
	walk->candidates++;
	return true;
}

static void walk_ring(void *instance, struct vas_page *page, struct vas_anon_walk *walk)
{
	struct vas_anon_places *places = instance;
	const struct seat *first = page->owner, *seat = first;

	if (first == NULL)
		return;
	vas_mutex_lock(&places->lock, VAS_RANK_RMAP);
	do {
		if (!visit_seat(seat, page->index, walk))
			break;
		seat = vas_container_of(seat->ring.next, struct seat, ring);
	} while (seat != first);
	vas_mutex_unlock(&places->lock, VAS_RANK_RMAP);
}

static bool check(struct vas_anon_places *places, struct vas_anon_record *record,
		  const struct vas_printer *printer)
{
	const struct seat *seat = (const struct seat *)record;

	if (seat->place != NULL && !vas_anon_place_check(places, seat->place, seat, printer))
		return false;
	if (seat->place == NULL && seat->record.pages == 0) {
		vas_print(printer, "RING-4: a seat has neither an area nor pages\n");
		return false;
	}
	if (seat->ring.next->prev != &seat->ring || seat->ring.prev->next != &seat->ring) {
		vas_print(printer, "RING-5: a seat's neighbours do not name it\n");
		return false;
	}
	return true;
}

static const struct vas_listener listener = {
	VAS_ANON_PLACES_LISTENER,
	.space_bytes = sizeof(struct vas_anon_places_space),
	.open = vas_anon_places_open,
};

static const struct vas_anon_places_kind kind = {
	.listener = &listener,
	.id = "RING",
	.record_bytes = sizeof(struct seat),
	.counts_pages = true,
	.for_clone = 1,
	.for_fork = 1,
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

const struct vas_anon_rmap_design vas_private_ring_design = {
	.name = "private-ring",
	.source = "Benjamin LaHaise, proposal (a) to linux-mm",
	.year = 1998,
	.listener = &listener,
	.create = create,
	.walk = walk_ring,
	VAS_ANON_PLACES_DESIGN,
	VAS_ANON_PLACES_COUNTED,
};
