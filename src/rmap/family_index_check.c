/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The figures of family-index, and its validator:
 *
 *	FAMILY-1  an area's runs lie in it, in order, and have as many pages as it counts
 *	FAMILY-2  the tree of runs is in order, and holds those of all areas of the family
 *	FAMILY-3  every index that a run has is in use
 *	FAMILY-4  a family counts its spaces
 */

#include "family_index.h"

#include "base/print.h"

static size_t load(const size_t *figure)
{
	return __atomic_load_n(figure, __ATOMIC_RELAXED);
}

void vas_family_index_count(void *instance, struct vas_anon_rmap_counts *counts)
{
	struct family_index *design = instance;
	size_t runs = load(&design->runs), pieces = load(&design->pieces);

	*counts = (struct vas_anon_rmap_counts){ 0 };
	vas_mutex_lock(&design->lock, VAS_RANK_LEAF);
	vas_record_store_count(&design->families, counts);
	vas_mutex_unlock(&design->lock, VAS_RANK_LEAF);
	counts->records += runs + pieces;
	counts->bytes += runs * sizeof(struct family_run) +
			 pieces * (design->link_bytes + sizeof(struct family_piece));
	counts->spare_bytes += load(&design->spare_runs) * sizeof(struct family_run);
}

void vas_family_index_print(void *instance, const struct vas_printer *printer)
{
	const struct family_index_figures *figures = &((struct family_index *)instance)->figures;
	const struct {
		const char *text;
		const size_t *figure;
	} lines[] = {
		{ "areas that got their own page numbers", &figures->natural },
		{ "areas that got other indexes", &figures->elsewhere },
		{ "areas that got indexes of others", &figures->shared },
		{ "growth with the indexes that follow", &figures->grown },
		{ "growth without", &figures->not_grown },
		{ "merges refused", &figures->refused },
		{ "indexes never given back", &figures->lost },
		{ "widest index space, bits", &figures->widest },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		vas_print(printer, "%s: %llu\n", lines[i].text,
			  (unsigned long long)load(lines[i].figure));
}

static bool broken(const struct vas_printer *printer, const char *id, const char *what)
{
	vas_print(printer, "%s: %s\n", id, what);
	return false;
}

/* Are all indexes of the run in use? Not where they had to be given out twice. */
static bool in_use(const struct family *family, const struct family_run *run)
{
	uint64_t at = run->first;

	while (at <= run->last) {
		const struct vas_range *range = vas_index_find(family->used, at);

		if (range == NULL)
			return false;
		at = range->end;
	}
	return true;
}

static bool check_area(const struct family_index *design, const struct family *family,
		       const struct vas_area *area, const struct vas_printer *printer, size_t *runs)
{
	const struct family_area *mine = family_area_of(area);
	uint64_t at = area->range.start, pages = 0;
	size_t count = 0;

	for (const struct family_run *run = mine->first; run != NULL; run = run->next) {
		if (run->start < at || family_run_end(run) > area->range.end ||
		    run->space != area->space)
			return broken(printer, "FAMILY-1", "a run lies outside of its area");
		if (load(&design->figures.shared) == 0 && !in_use(family, run))
			return broken(printer, "FAMILY-3", "an index of a run is free");
		at = family_run_end(run);
		pages += family_run_pages(run);
		count++;
	}
	*runs += count;
	if (pages != mine->pages || count != mine->runs)
		return broken(printer, "FAMILY-1", "an area counts its runs wrongly");
	return true;
}

/* All spaces of the family that `first` is the first of. */
static bool check_family(const struct family_index *design, const struct family_space *first,
			 const struct vas_printer *printer)
{
	const struct family *family = first->family;
	size_t runs = 0, in_tree, spaces = 0;

	vas_list_for_each (link, &design->spaces) {
		const struct family_space *mine = vas_container_of(link, struct family_space, all);
		struct vas_walk walk;
		const struct vas_area *area;

		if (mine->family != family)
			continue;
		spaces++;
		vas_walk_start(&walk, mine->space, 0);
		while ((area = vas_walk_next(&walk)) != NULL)
			if (!check_area(design, family, area, printer, &runs))
				return false;
	}
	if (!vas_family_runs_check(family, &in_tree) || in_tree != runs)
		return broken(printer, "FAMILY-2", "the tree of runs");
	if (spaces != family->spaces)
		return broken(printer, "FAMILY-4", "a family counts its spaces wrongly");
	return vas_index_validate(family->used, printer);
}

bool vas_family_index_validate(void *instance, const struct vas_printer *printer)
{
	struct family_index *design = instance;

	vas_list_for_each (link, &design->spaces) {
		const struct family_space *mine = vas_container_of(link, struct family_space, all);
		bool seen = false;

		if (mine->family == NULL)
			continue;
		vas_list_for_each (before, &design->spaces) {
			if (before == link)
				break;
			seen = seen || vas_container_of(before, struct family_space, all)->family ==
					       mine->family;
		}
		if (!seen && !check_family(design, mine, printer))
			return false;
	}
	return true;
}
