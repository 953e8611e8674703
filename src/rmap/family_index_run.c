/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Runs. Each stands in two places: in its family's tree, by index, where ranges may overlap (parent
 * and child have the same indexes), each node with the greatest index below it; and in its area's
 * list, by address.
 */

#include "family_index.h"

#include "base/assert.h"

static struct family_run *run_at(const struct vas_red_black *node)
{
	return (struct family_run *)(uintptr_t)node;
}

static uint64_t most_of(const struct vas_red_black *node)
{
	return node != NULL ? run_at(node)->most : 0;
}

static uint64_t most_now(const struct family_run *run)
{
	uint64_t left = most_of(run->tree.left), right = most_of(run->tree.right);
	uint64_t most = left > right ? left : right;

	return most > run->last ? most : run->last;
}

static bool update(struct vas_red_black *node)
{
	uint64_t most = most_now(run_at(node));

	if (most == run_at(node)->most)
		return false;
	run_at(node)->most = most;
	return true;
}

static void copy(struct vas_red_black *to, const struct vas_red_black *from)
{
	run_at(to)->most = run_at(from)->most;
}

static const struct vas_red_black_figure figure = { update, copy };

static void tree_insert(struct family *family, struct family_run *run)
{
	struct vas_red_black **place = &family->runs, *parent = NULL;

	while (*place != NULL) {
		struct family_run *at = run_at(*place);

		parent = *place;
		at->most = at->most > run->last ? at->most : run->last;
		place = run->first < at->first ? &parent->left : &parent->right;
	}
	run->most = run->last;
	vas_red_black_insert(&family->runs, &run->tree, parent, place, &figure);
}

static void tree_remove(struct family *family, struct family_run *run)
{
	vas_red_black_remove(&family->runs, &run->tree, &figure);
}

/* Memory. */

static struct family_run *new_run(struct family_index *design)
{
	return design->allocator->allocate(design->allocator->context, sizeof(struct family_run),
					   _Alignof(struct family_run));
}

static void keep(struct family_index *design, struct family_space *mine, struct family_run *run)
{
	run->next = mine->spares;
	mine->spares = run;
	mine->spare_count++;
	family_count(&design->spare_runs, 1);
}

bool vas_family_runs_reserve(struct family_index *design, struct family_space *mine, size_t count)
{
	mine->promised += count;
	while (mine->spare_count < mine->promised) {
		struct family_run *run = new_run(design);

		if (run == NULL)
			return false;
		keep(design, mine, run);
	}
	return true;
}

static struct family_run *take(struct family_index *design, struct family_space *mine)
{
	struct family_run *run = mine->spares;

	vas_assert(run != NULL);
	mine->spares = run->next;
	mine->spare_count--;
	mine->promised -= mine->promised != 0;
	family_count(&design->spare_runs, (size_t)-1);
	return run;
}

void vas_family_runs_trim(struct family_index *design, struct family_space *mine, size_t least)
{
	mine->promised = 0;
	while (mine->spare_count > least) {
		struct family_run *run = take(design, mine);

		design->allocator->release(design->allocator->context, run, sizeof(*run));
	}
}

/* Lists. */

static struct family_run **place_for(const struct vas_area *area, uint64_t address)
{
	struct family_run **place = &family_area_of(area)->first;

	while (*place != NULL && (*place)->start < address)
		place = &(*place)->next;
	return place;
}

struct family_run *vas_family_run_at(const struct vas_area *area, uint64_t address)
{
	struct family_run *run = family_area_of(area)->first;

	while (run != NULL && family_run_end(run) <= address)
		run = run->next;
	return run;
}

static void set_pages(struct family_area *mine, uint64_t pages)
{
	mine->pages = pages;
	__atomic_store_n(&mine->ready, pages <= SIZE_MAX ? (size_t)pages : 0, __ATOMIC_RELEASE);
}

static void link_run(struct family *family, const struct vas_area *area, struct family_run *run)
{
	struct family_area *mine = family_area_of(area);
	struct family_run **place = place_for(area, run->start);

	run->next = *place;
	*place = run;
	mine->runs++;
	set_pages(mine, mine->pages + family_run_pages(run));
	tree_insert(family, run);
}

static void unlink_run(struct family *family, const struct vas_area *area, struct family_run *run)
{
	struct family_area *mine = family_area_of(area);
	struct family_run **place = place_for(area, run->start);

	vas_debug(*place == run);
	*place = run->next;
	mine->runs--;
	set_pages(mine, mine->pages - family_run_pages(run));
	tree_remove(family, run);
}

struct family_run *vas_family_run_add(struct family_index *design, struct family *family,
				      struct family_space *store, const struct vas_area *area,
				      uint64_t start, uint64_t first, uint64_t pages)
{
	struct family_run *run = store != NULL ? take(design, store) : new_run(design);

	if (run == NULL)
		return NULL;
	*run = (struct family_run){
		.first = first, .last = first + pages - 1, .start = start, .space = area->space
	};
	link_run(family, area, run);
	family_count(&design->runs, 1);
	return run;
}

void vas_family_run_grow(struct family *family, const struct vas_area *area, struct family_run *run,
			 uint64_t below, uint64_t above)
{
	unlink_run(family, area, run);
	run->first -= below;
	run->start -= below << VAS_PAGE_SHIFT;
	run->last += above;
	link_run(family, area, run);
}

static void drop(struct family_index *design, struct family *family, struct family_space *store,
		 const struct vas_area *area, struct family_run *run)
{
	unlink_run(family, area, run);
	family_count(&design->runs, (size_t)-1);
	keep(design, store, run);
}

/* Joins the run at this place with the one after it, if indexes and addresses run on. */
static void join(struct family_index *design, struct family *family, struct family_space *store,
		 const struct vas_area *area, struct family_run *run)
{
	struct family_run *next = run != NULL ? run->next : NULL;
	uint64_t pages;

	if (next == NULL || next->start != family_run_end(run) || next->first != run->last + 1)
		return;
	pages = family_run_pages(next);
	drop(design, family, store, area, next);
	vas_family_run_grow(family, area, run, 0, pages);
}

static void join_around(struct family_index *design, struct family *family,
			struct family_space *store, const struct vas_area *area,
			struct family_run *run)
{
	struct family_run *below = family_area_of(area)->first;

	join(design, family, store, area, run);
	while (below != NULL && below->next != run)
		below = below->next;
	join(design, family, store, area, below);
}

/* Cuts the run that covers `address` in its midst into two. */
static void cut_at(struct family_index *design, struct family *family, struct family_space *store,
		   const struct vas_area *area, uint64_t address)
{
	struct family_run *run = vas_family_run_at(area, address);
	uint64_t low, high;

	if (run == NULL || run->start >= address)
		return;
	low = (address - run->start) >> VAS_PAGE_SHIFT;
	high = family_run_pages(run) - low;
	unlink_run(family, area, run);
	run->last -= high;
	link_run(family, area, run);
	(void)vas_family_run_add(design, family, store, area, address, run->last + 1, high);
}

void vas_family_runs_cut(struct family_index *design, struct family *family,
			 struct family_space *store, const struct vas_area *area, uint64_t start,
			 uint64_t end, const struct vas_area *to)
{
	struct family_run *run;

	if (family_area_of(area)->first == NULL)
		return;
	cut_at(design, family, store, area, start);
	cut_at(design, family, store, area, end);
	while ((run = vas_family_run_at(area, start)) != NULL && run->start < end) {
		uint64_t first = run->first, last = run->last;

		if (to != NULL) {
			unlink_run(family, area, run);
			link_run(family, to, run);
			join_around(design, family, store, to, run);
		} else {
			drop(design, family, store, area, run);
			vas_family_indexes_give(design, family, first, last);
		}
	}
}

void vas_family_runs_copy(struct family_index *design, struct family *family,
			  struct family_space *store, const struct vas_area *from, uint64_t start,
			  uint64_t end, const struct vas_area *to, uint64_t delta)
{
	for (uint64_t at = start; at < end;) {
		struct family_run *run = vas_family_run_at(from, at);
		uint64_t low, high, first;

		if (run == NULL || run->start >= end)
			break;
		low = run->start > at ? run->start : at;
		high = family_run_end(run) < end ? family_run_end(run) : end;
		first = run->first + ((low - run->start) >> VAS_PAGE_SHIFT);
		run = vas_family_run_add(design, family, store, to, low + delta, first,
					 (high - low) >> VAS_PAGE_SHIFT);
		join_around(design, family, store, to, run);
		at = high;
	}
}

/* The tree. */

static bool each(const struct vas_red_black *node, uint64_t first, uint64_t last,
		 bool (*visit)(void *context, const struct family_run *run), void *context)
{
	const struct family_run *run;

	if (node == NULL || most_of(node) < first)
		return true;
	if (!each(node->left, first, last, visit, context))
		return false;
	run = run_at(node);
	if (run->first > last)
		return true;
	if (run->last >= first && !visit(context, run))
		return false;
	return each(node->right, first, last, visit, context);
}

bool vas_family_runs_each(const struct family *family, uint64_t first, uint64_t last,
			  bool (*visit)(void *context, const struct family_run *run), void *context)
{
	return each(family->runs, first, last, visit, context);
}

bool vas_family_runs_check(const struct family *family, size_t *count)
{
	const struct vas_red_black *node = vas_red_black_first(family->runs);
	uint64_t below = 0;

	for (*count = 0; node != NULL; node = vas_red_black_next(node), ++*count) {
		const struct family_run *run = run_at(node);

		if (run->first < below || run->last < run->first || run->most != most_now(run))
			return false;
		below = run->first;
	}
	return true;
}
