/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Recomputes what a space keeps in mind, and names what is broken (docs/invariants.md). */

#include "area.h"
#include "limit.h"
#include "lock.h"

#include "base/print.h"

/* What the areas add up to. */
struct sums {
	struct vas_space fresh; /* only its counts are used */
	uint64_t promised;
};

static bool broken(const struct vas_printer *printer, const char *id, const char *what,
		   uint64_t expected, uint64_t got)
{
	vas_print(printer, "%s: %s: expected %llx, got %llx\n", id, what, vas_ll(expected),
		  vas_ll(got));
	return false;
}

static bool check_area(const struct vas_space *space, const struct vas_area *area,
		       struct sums *sums, const struct vas_printer *printer)
{
	const struct vas_range *range = &area->range;

	if (area->space != space)
		return broken(printer, "SPACE-1", "an area of another space", range->start, 0);
	if (range->start >= range->end || ((range->start | range->end) & VAS_PAGE_MASK) != 0)
		return broken(printer, "SPACE-2", "not page-aligned, or empty", range->start,
			      range->end);
	if (area->name != NULL && area->name->references == 0)
		return broken(printer, "SPACE-3", "a name without references", range->start, 0);
	if (area->file != NULL && area->file->references == 0)
		return broken(printer, "SPACE-4", "a file without references", range->start, 0);
	if ((area->flags & VAS_AREA_LOCK_ON_FAULT) != 0 && (area->flags & VAS_AREA_LOCKED) == 0)
		return broken(printer, "SPACE-5", "locked on fault, but not locked", range->start,
			      area->flags);
	if ((area->flags & VAS_AREA_SHARED) != 0 && (area->flags & VAS_AREA_MAY_SHARE) == 0)
		return broken(printer, "SPACE-6", "shared, but not mapped so", range->start,
			      area->flags);
	if (((area->flags & VAS_AREA_CONTEXT) != 0) != ((area->flags & VAS_AREA_USERFAULT) != 0))
		return broken(printer, "SPACE-7", "userfault mode without context", range->start,
			      area->flags);
	vas_count_pages(&sums->fresh, area->flags, (int64_t)vas_area_pages(area));
	if ((area->flags & VAS_AREA_LOCKED) != 0)
		sums->fresh.locked += vas_area_pages(area);
	if ((area->flags & VAS_AREA_ACCOUNT) != 0)
		sums->promised += vas_area_pages(area);
	return true;
}

/* Other spaces may have promised more. */
static bool check_promises(const struct vas_space *space, uint64_t promised,
			   const struct vas_printer *printer)
{
	uint64_t committed = __atomic_load_n(&space->settings->committed, __ATOMIC_RELAXED);

	if (committed < promised)
		return broken(printer, "SPACE-14", "pages promised", promised, committed);
	return true;
}

static bool check_counts(const struct vas_space *space, const struct vas_space *fresh,
			 const struct vas_printer *printer)
{
	if (space->total != fresh->total)
		return broken(printer, "SPACE-8", "total pages", fresh->total, space->total);
	if (space->locked != fresh->locked + space->locked_lost)
		return broken(printer, "SPACE-9", "locked pages",
			      fresh->locked + space->locked_lost, space->locked);
	if (space->data != fresh->data)
		return broken(printer, "SPACE-10", "data pages", fresh->data, space->data);
	if (space->exec != fresh->exec)
		return broken(printer, "SPACE-11", "exec pages", fresh->exec, space->exec);
	if (space->stack != fresh->stack)
		return broken(printer, "SPACE-12", "stack pages", fresh->stack, space->stack);
	return true;
}

bool vas_space_validate(const struct vas_space *space, const struct vas_printer *printer)
{
	struct sums sums = { 0 };
	struct vas_walk walk;
	struct vas_area *area;
	size_t spares = 0;

	if (!vas_index_validate(space->index, printer))
		return false;
	vas_walk_start(&walk, space, 0);
	while ((area = vas_walk_next(&walk)) != NULL) {
		if (!check_area(space, area, &sums, printer))
			return false;
	}
	if (!check_counts(space, &sums.fresh, printer) ||
	    !check_promises(space, sums.promised, printer))
		return false;
	for (area = space->spare; area != NULL; area = area->user)
		spares++;
	if (spares != space->spares)
		return broken(printer, "SPACE-13", "spare areas", spares, space->spares);
	return true;
}
