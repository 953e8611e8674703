/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * family-index and family-index-32: Rik van Riel, March 2004; never written. An allocator of
 * indexes is what Linus Torvalds missed in it the same day: "I don't see any good page->index
 * allocation scheme that is implementable".
 *
 * The idea. All processes that descend from one exec share an object, as the mappings of a file
 * share one, and each page of anonymous memory has an index of its own in it. An area carries the
 * index of its first page. mremap changes where the area lies, and nothing of its pages.
 *
 *	index space of a family   |....AAAA......BBBB.......................CC......|
 *	parent                         AAAA      BBBB
 *	child                          AAAA      BBBB                       CC
 *
 * Who maps a page: all areas of the family that cover its index, as with a file.
 *
 * Where indexes come from. Unique ones are easy to give out; what was doubted is that they can also
 * run on when an area grows. So, with an area's first page:
 *  - its virtual page numbers, if nobody in the family has them: then it can grow as far as the
 *    address space lets it, and meets its neighbours there with indexes that run on;
 *  - else the middle of the largest gap, so that it has room on both sides. A search for gaps of
 *    half the space, a quarter ..., in the tree that finds gaps of addresses too.
 * An area that has grown takes the indexes that follow its own, if they are free. If not, the new
 * part gets others: the area then has two *runs*, and stands for the two areas that a kernel would
 * have to make of it. Indexes that no area covers any more are free again.
 *
 * Areas merge only if their indexes run on. How often they did not, how often an area could not
 * grow, and how wide the index space became is counted and printed: the answer to the question.
 *
 * The two designs differ in the space: 2^32 indexes, as in the page cache of a 32-bit machine of
 * 2004 (4 KiB x 2^32 = 2^44 bytes), or 2^62. In the small one the lower 32 bits of the page number
 * stand for it. When even the largest gap is too small, indexes are given out twice and the page
 * tables have to tell; that is counted too.
 *
 * Costs. First fault of an area: a search for a gap and a record of 72 bytes. Fork: one such record
 * for each area with pages, and a place in the family's tree. mremap: one. Split: one. All under
 * the family's lock. A walk: every area of the family that covers the index, one after the other.
 *
 * Where it breaks. Like all designs in which parent and child share an object, it looks for a page
 * in all relatives: 1,000 children that have copied everything cost 1,000 looks each. And two
 * relatives that map anew at the same address, as all children of one server do, cannot both have
 * its page numbers: the later one neither grows nor merges as its parent would have.
 *
 * Order of a walk: by the first index of the run, then by age; so a parent comes before its child
 * where their areas are still the same. Where the parent has split its area since, it may not.
 *
 * Literature: docs/anonymous-reverse-maps.md.
 */

#include "family_index.h"

#include "anon_designs.h"
#include "base/assert.h"

/* Runs that stay with a space between calls. */
#define SPARES_KEPT 16

#define WIDE   (UINT64_C(1) << 62)
#define NARROW (UINT64_C(1) << 32)

/* Families. */

/* The space's first page. -VAS_ENOMEM */
static int found(struct family_index *design, struct family_space *mine)
{
	struct family *family;
	struct vas_index *used = NULL;
	bool new;

	if (vas_index_create("rbtree", design->allocator, &used) != 0)
		return -VAS_ENOMEM;
	vas_mutex_lock(&design->lock, VAS_RANK_LEAF);
	if (mine->family == NULL) {
		/* A walk for a page of long ago may hold the lock of one that is used again. */
		new = design->families.dead == NULL;
		family = vas_record_make(&design->families);
		if (family != NULL) {
			if (new)
				family->lock = (struct vas_mutex){ 0 };
			family->spaces = 1;
			family->runs = NULL;
			family->used = used;
			used = NULL;
			__atomic_store_n(&mine->family, family, __ATOMIC_RELEASE);
		}
	}
	vas_mutex_unlock(&design->lock, VAS_RANK_LEAF);
	vas_index_destroy(used);
	return mine->family != NULL ? 0 : -VAS_ENOMEM;
}

/* => the space has no runs */
static void leave(struct family_index *design, struct family_space *mine)
{
	struct family *family = mine->family;
	bool last;

	if (family == NULL)
		return;
	family_lock(family);
	mine->family = NULL;
	last = --family->spaces == 0;
	if (last) {
		vas_assert(family->runs == NULL);
		vas_family_indexes_end(design, family);
	}
	family_unlock(family);
	if (!last)
		return;
	vas_mutex_lock(&design->lock, VAS_RANK_LEAF);
	vas_record_put(&design->families, family);
	vas_mutex_unlock(&design->lock, VAS_RANK_LEAF);
}

/* Indexes for [start, end), a hole between the runs `below` and `above` of the area. */
static int fill_hole(struct family_index *design, struct family *family,
		     const struct vas_area *area, struct family_run *below,
		     struct family_run *above, uint64_t start, uint64_t end)
{
	uint64_t pages = (end - start) >> VAS_PAGE_SHIFT, first;

	if (below != NULL && vas_family_indexes_free(design, family, below->last + 1, pages)) {
		if (vas_family_indexes_take(design, family, below->last + 1, pages) != 0)
			return -VAS_ENOMEM;
		vas_family_run_grow(family, area, below, 0, pages);
		family_count(&design->figures.grown, 1);
		return 0;
	}
	if (above != NULL && above->first >= pages &&
	    vas_family_indexes_free(design, family, above->first - pages, pages)) {
		if (vas_family_indexes_take(design, family, above->first - pages, pages) != 0)
			return -VAS_ENOMEM;
		vas_family_run_grow(family, area, above, pages, 0);
		family_count(&design->figures.grown, 1);
		return 0;
	}
	if (below != NULL || above != NULL)
		family_count(&design->figures.not_grown, 1);
	if (vas_family_indexes_choose(design, family, start, pages, &first) != 0)
		return -VAS_ENOMEM;
	if (vas_family_run_add(design, family, NULL, area, start, first, pages) != NULL)
		return 0;
	vas_family_indexes_give(design, family, first, first + pages - 1);
	return -VAS_ENOMEM;
}

/* Gives indexes to all pages of the area that have none. */
static int cover(struct family_index *design, struct family *family, const struct vas_area *area)
{
	struct family_run *below = NULL, *above;
	uint64_t at = area->range.start, end;
	int err = 0;

	while (err == 0 && at < area->range.end) {
		above = vas_family_run_at(area, at);
		end = above != NULL ? above->start : area->range.end;
		if (at < end) {
			err = fill_hole(design, family, area, below, above, at, end);
			above = vas_family_run_at(area, at);
		}
		below = above;
		at = below != NULL ? family_run_end(below) : end;
	}
	vas_family_indexes_measure(design, family);
	return err;
}

static int prepare(void *instance, struct vas_area *area)
{
	struct family_index *design = instance;
	const struct family_area *mine = family_area_of(area);
	uint64_t pages = vas_area_pages(area);
	struct family_space *space;
	struct family *family;
	int err;

	if (pages <= SIZE_MAX && __atomic_load_n(&mine->ready, __ATOMIC_ACQUIRE) == pages)
		return 0;
	space = family_space_of(area->space);
	family = __atomic_load_n(&space->family, __ATOMIC_ACQUIRE);
	if (family == NULL) {
		err = found(design, space);
		if (err != 0)
			return err;
		family = space->family;
	}
	family_lock(family);
	err = cover(design, family, area);
	family_unlock(family);
	return err;
}

/* The listener. */

static bool private_area(const struct vas_area *area)
{
	return (area->flags & (VAS_AREA_SHARED | VAS_AREA_MAY_SHARE)) == 0;
}

static int on_open(void *data, struct vas_space *space, struct vas_space *parent)
{
	struct family_index *design = data;
	struct family_space *mine = family_space_of(space);
	struct family *family = parent != NULL ? family_space_of(parent)->family : NULL;

	*mine = (struct family_space){ .space = space, .family = family };
	family_lock(family);
	if (family != NULL)
		family->spaces++;
	family_unlock(family);
	vas_mutex_lock(&design->lock, VAS_RANK_LEAF);
	vas_list_add_before(&design->spaces, &mine->all);
	vas_mutex_unlock(&design->lock, VAS_RANK_LEAF);
	return 0;
}

static void on_close(void *data, struct vas_space *space)
{
	struct family_index *design = data;
	struct family_space *mine = family_space_of(space);

	leave(design, mine);
	vas_family_runs_trim(design, mine, 0);
	vas_mutex_lock(&design->lock, VAS_RANK_LEAF);
	vas_list_remove(&mine->all);
	vas_mutex_unlock(&design->lock, VAS_RANK_LEAF);
}

/* A clone of an area takes as many runs as it has, and two more where it is cut. */
enum { RUNS_OF_CUT = 2 };

static int on_reserve(void *data, struct vas_space *space, const struct vas_budget *budget)
{
	struct family_space *mine = family_space_of(space);
	size_t count = 0;

	if (mine->family == NULL)
		return 0;
	for (size_t i = 0; i < budget->count; i++) {
		const struct family_area *area = family_area_of(budget->areas[i]);

		if (budget->fork)
			count += area->runs;
		else
			count += (budget->moved != 0 ? area->runs : 0) + RUNS_OF_CUT;
	}
	if (vas_family_runs_reserve(data, mine, count))
		return 0;
	vas_family_runs_trim(data, mine, SPARES_KEPT);
	return -VAS_ENOMEM;
}

static void on_settle(void *data, struct vas_space *space)
{
	struct family_space *mine = family_space_of(space);

	if (mine->promised != 0 || mine->spare_count > SPARES_KEPT)
		vas_family_runs_trim(data, mine, SPARES_KEPT);
}

static void change(struct family_index *design, struct family_space *mine, const struct vas_op *op)
{
	struct family *family = mine->family;

	switch (op->kind) {
	case VAS_OP_UNMAP:
	case VAS_OP_EMPTY:
		vas_family_runs_cut(design, family, mine, op->area, op->start, op->end, NULL);
		break;
	case VAS_OP_FREE:
		vas_family_runs_cut(design, family, mine, op->area, 0, UINT64_MAX, NULL);
		break;
	case VAS_OP_SPLIT:
		vas_family_runs_cut(design, family, mine, op->area, op->start, op->end, op->other);
		break;
	case VAS_OP_MERGE:
		vas_family_runs_cut(design, family, mine, op->other, op->start, op->end, op->area);
		break;
	case VAS_OP_MOVE:
		if (private_area(op->area))
			vas_family_runs_copy(design, family, mine, op->other, op->from,
					     op->from + (op->end - op->start), op->area,
					     op->start - op->from);
		break;
	case VAS_OP_FORK:
		if ((op->area->flags & VAS_AREA_WIPE_ON_FORK) == 0)
			vas_family_runs_copy(design, family, family_space_of(op->other->space),
					     op->other, op->start, op->end, op->area, 0);
		break;
	default:
		break;
	}
}

static void on_apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	struct family_index *design = data;
	struct family_space *mine = family_space_of(space);
	struct family *family = mine->family;
	bool others;

	if (family == NULL)
		return;
	family_lock(family);
	change(design, mine, op);
	others = family->spaces > 1;
	family_unlock(family);
	/* Exec: what follows is another family. */
	if (op->kind == VAS_OP_FREE && others && vas_find_ge(space, 0) == NULL)
		leave(design, mine);
}

/* Which index the page at offset 0 would have, had the area been so long. */
static uint64_t base_of(const struct vas_area *area, const struct family_run *run)
{
	return run->first - ((run->start - area->range.start) >> VAS_PAGE_SHIFT) - area->offset;
}

static bool on_may_merge(void *data, const struct vas_area *target, const struct vas_area *source,
			 bool copied)
{
	struct family_index *design = data;
	const struct family_run *to, *from;

	(void)copied;
	to = family_area_of(target)->first;
	from = source != NULL ? family_area_of(source)->first : NULL;
	if (to == NULL || from == NULL || base_of(target, to) == base_of(source, from))
		return true;
	family_count(&design->figures.refused, 1);
	return false;
}

static bool on_may_reindex(void *data, const struct vas_area *area)
{
	(void)data;
	return family_area_of(area)->first == NULL;
}

const struct vas_listener vas_family_index_listener = {
	.area_bytes = sizeof(struct family_area),
	.space_bytes = sizeof(struct family_space),
	.open = on_open,
	.close = on_close,
	.reserve = on_reserve,
	.settle = on_settle,
	.apply = on_apply,
	.may_merge = on_may_merge,
	.may_reindex = on_may_reindex,
};

/* Pages. */

static void bind(void *instance, struct vas_page *page, struct vas_area *area, uint64_t address)
{
	const struct family_run *run = vas_family_run_at(area, address);

	(void)instance;
	page->owner = family_space_of(area->space)->family;
	page->index = run->first + ((address - run->start) >> VAS_PAGE_SHIFT);
}

struct search {
	struct vas_anon_walk *walk;
	uint64_t index;
};

static bool visit(void *context, const struct family_run *run)
{
	struct search *search = context;

	search->walk->candidates++;
	return search->walk->visit(search->walk->context, run->space,
				   run->start + ((search->index - run->first) << VAS_PAGE_SHIFT));
}

static void walk(void *instance, struct vas_page *page, struct vas_anon_walk *walk)
{
	struct search search = { .walk = walk, .index = page->index };
	struct family *family = page->owner;

	(void)instance;
	if (family == NULL)
		return;
	family_lock(family);
	(void)vas_family_runs_each(family, page->index, page->index, visit, &search);
	family_unlock(family);
}

/* The instances. */

static int create(const struct vas_anon_rmap_config *config, uint64_t limit, void **instance)
{
	struct family_index *design;

	if (config->allocator == NULL)
		return -VAS_EINVAL;
	design = config->allocator->allocate(config->allocator->context, sizeof(*design),
					     _Alignof(struct family_index));
	if (design == NULL)
		return -VAS_ENOMEM;
	*design = (struct family_index){
		.allocator = config->allocator,
		.limit = limit,
		.link_bytes = vas_index_link_bytes("rbtree"),
	};
	vas_record_store_init(&design->families, config->allocator, sizeof(struct family));
	vas_list_init(&design->spaces);
	*instance = design;
	return 0;
}

static int create_wide(const struct vas_anon_rmap_config *config, void **instance)
{
	return create(config, WIDE, instance);
}

static int create_narrow(const struct vas_anon_rmap_config *config, void **instance)
{
	return create(config, NARROW, instance);
}

static void destroy(void *instance)
{
	struct family_index *design = instance;

	if (design == NULL)
		return;
	vas_assert(vas_list_empty(&design->spaces) && design->runs == 0);
	vas_record_store_finish(&design->families);
	design->allocator->release(design->allocator->context, design, sizeof(*design));
}

#define FAMILY_INDEX                                                                               \
	.source = "Rik van Riel 2004, with an allocator of indexes", .year = 2004,                 \
	.listener = &vas_family_index_listener, .destroy = destroy, .prepare = prepare,            \
	.bind = bind, .walk = walk, .count = vas_family_index_count,                               \
	.print = vas_family_index_print, .validate = vas_family_index_validate

const struct vas_anon_rmap_design vas_family_index_design = { .name = "family-index",
							      .create = create_wide,
							      FAMILY_INDEX };

const struct vas_anon_rmap_design vas_family_index_32_design = { .name = "family-index-32",
								 .create = create_narrow,
								 FAMILY_INDEX };
