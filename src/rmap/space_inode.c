/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * space-inode: Benjamin LaHaise's third proposal of 1998, never built by him. Rik van Riel's "one
 * address_space per exec group" of 2004 is the same but for the numbering of the pages.
 *
 * The idea. A space has one inode for all its anonymous memory, and shares it with its children:
 * a page names the inode, and its offset there is the virtual address (in pages) where it was
 * made. Who maps it is found as with a file: by the areas that map that offset of the inode.
 *
 *	inode --> space, its areas:   A     B   C'        C' was moved: it still maps the
 *	      --> child, its areas:   A     B             offsets of where it was before
 *	offset    ----------------- 3 4 5 - 8 9 -->
 *
 * Two pages may have one offset: a copy made on a write beside the original, and what was made at
 * an address from which mremap had taken other pages. The proposal has the page cache bear such
 * aliases. Nothing here looks pages up by their offset, so they cost nothing: the page-table entry
 * tells which page is meant.
 *
 * What had to be added.
 *  - The aliases of moved pages belong to the area that was moved: it goes on mapping the offsets
 *    that it has always mapped, and its new pages too get offsets that run on from those. So
 *    mremap touches no page.
 *  - Private copies of a file's pages get virtual offsets as well; their areas keep the distance
 *    between them and the file's, and merge only where it is the same.
 *  - An inode lists spaces, the oldest first, and each space its areas that have held pages. A
 *    space that holds none any more leaves its inode, and gets a new one with its next page: so
 *    an exec parts from the family.
 *
 * Costs. Fault: none after an area's first. Fork, split, move, exit: one list operation per area.
 * mremap: nothing per page. Memory: one inode for a family, and what stands in areas and spaces. A
 * walk: every area of every relative. (An interval tree instead of the lists would find those that
 * cover the offset in O(log n); in 1998 an inode's areas were a list.)
 *
 * Merging. Areas whose offsets run on merge, whatever they hold: only moved ones do not fit their
 * new neighbours.
 *
 * Where it breaks. All that is related is looked at, however long ago it parted: 1,000 children
 * that copied everything cost 1,001 times their number of areas for each page.
 *
 * Literature: docs/anonymous-reverse-maps.md.
 */

#include "anon_designs.h"
#include "anon_places.h"
#include "base/print.h"

struct inode {
	struct vas_anon_record record;
	struct vas_list spaces; /* inode_space.at, oldest first; empty when dead */
};

struct inode_space {
	struct vas_anon_places_space common; /* first */
	struct inode *inode;		     /* NULL exactly when it has no areas */
	struct vas_list at;
	struct vas_list areas; /* vas_anon_place.at */
};

static int open_space(void *data, struct vas_space *space, struct vas_space *parent)
{
	struct inode_space *mine = vas_anon_places_space(data, space);

	vas_list_init(&mine->areas);
	return vas_anon_places_open(data, space, parent);
}

static void attach(const struct vas_anon_places *places, struct vas_anon_place *place,
		   struct inode *inode)
{
	struct inode_space *space = vas_anon_places_space(places, place->space);

	if (space->inode == NULL) {
		space->inode = inode;
		vas_list_add_before(&inode->spaces, &space->at);
	}
	vas_list_add_before(&space->areas, &place->at);
	vas_anon_place_own(place, inode);
}

static bool give(struct vas_anon_places *places, struct vas_anon_place *place,
		 const struct vas_area *area, struct vas_pool *pool)
{
	const struct inode_space *space = vas_anon_places_space(places, area->space);
	struct inode *inode = space->inode;

	if (inode == NULL) {
		inode = vas_anon_record_new(places, pool);
		if (inode == NULL)
			return false;
		vas_list_init(&inode->spaces);
	}
	place->bias =
		vas_area_anonymous(area) ? 0 : (area->range.start >> VAS_PAGE_SHIFT) - area->offset;
	attach(places, place, inode);
	return true;
}

static void join(struct vas_anon_places *places, struct vas_anon_place *target,
		 struct vas_anon_place *source, struct vas_pool *pool)
{
	(void)pool;
	if (target->owner == NULL)
		attach(places, target, source->owner);
}

static void leave(struct vas_anon_places *places, struct vas_anon_place *place)
{
	struct inode_space *space = vas_anon_places_space(places, place->space);
	struct inode *inode = space->inode;

	vas_list_remove(&place->at);
	if (!vas_list_empty(&space->areas))
		return;
	vas_list_remove(&space->at);
	space->inode = NULL;
	if (vas_list_empty(&inode->spaces))
		vas_anon_record_free(places, &inode->record);
}

static bool visit_areas(const struct inode_space *space, uint64_t index, struct vas_anon_walk *walk)
{
	vas_list_for_each (at, &space->areas)
		if (!vas_anon_place_visit(vas_container_of(at, struct vas_anon_place, at), index,
					  walk))
			return false;
	return true;
}

static void walk_inode(void *instance, struct vas_page *page, struct vas_anon_walk *walk)
{
	struct vas_anon_places *places = instance;
	const struct inode *inode = page->owner;

	if (inode == NULL)
		return;
	vas_mutex_lock(&places->lock, VAS_RANK_RMAP);
	vas_list_for_each (at, &inode->spaces)
		if (!visit_areas(vas_container_of(at, struct inode_space, at), page->index, walk))
			break;
	vas_mutex_unlock(&places->lock, VAS_RANK_RMAP);
}

/* Where both have pages, one number must lead to those of both. Areas without file are numbered by
 * their offsets alone, which have been compared already. */
static bool may_merge(void *data, const struct vas_area *target, const struct vas_area *source,
		      bool copied)
{
	const struct vas_anon_place *to = vas_anon_place_of(data, target);
	const struct vas_anon_place *from = source != NULL ? vas_anon_place_of(data, source) : NULL;

	(void)copied;
	return to->owner == NULL || from == NULL || from->owner == NULL || to->bias == from->bias;
}

static bool check(struct vas_anon_places *places, struct vas_anon_record *record,
		  const struct vas_printer *printer)
{
	const struct inode *inode = (const struct inode *)record;

	if (vas_list_empty(&inode->spaces)) {
		vas_print(printer, "SINODE-4: an inode has no spaces\n");
		return false;
	}
	vas_list_for_each (link, &inode->spaces) {
		const struct inode_space *space = vas_container_of(link, struct inode_space, at);

		if (space->inode != inode || vas_list_empty(&space->areas)) {
			vas_print(printer,
				  "SINODE-5: a space in an inode's list has another "
				  "inode, or no areas\n");
			return false;
		}
		vas_list_for_each (at, &space->areas)
			if (!vas_anon_place_check(places,
						  vas_container_of(at, struct vas_anon_place, at),
						  inode, printer))
				return false;
	}
	return true;
}

static const struct vas_listener listener = {
	VAS_ANON_PLACES_LISTENER,
	.space_bytes = sizeof(struct inode_space),
	.open = open_space,
	.may_merge = may_merge,
};

static const struct vas_anon_places_kind kind = {
	.listener = &listener,
	.id = "SINODE",
	.record_bytes = sizeof(struct inode),
	.give = give,
	.join = join,
	.fork = join,
	.leave = leave,
	.check = check,
};

static int create(const struct vas_anon_rmap_config *config, void **instance)
{
	return vas_anon_places_create(&kind, config, instance);
}

const struct vas_anon_rmap_design vas_space_inode_design = {
	.name = "space-inode",
	.source = "Benjamin LaHaise, proposal (c) to linux-mm",
	.year = 1998,
	.listener = &listener,
	.create = create,
	.walk = walk_inode,
	VAS_ANON_PLACES_DESIGN,
};
