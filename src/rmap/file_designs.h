/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_RMAP_FILE_DESIGNS_H
#define VAS_RMAP_FILE_DESIGNS_H

/*
 * The seam between the front of the file reverse maps (file_rmap.c) and the designs: one table
 * each, and what their validators share.
 *
 * A design may rely on the front for this: `count` is changed after insert and before remove, and
 * `changed` of a link is new, and larger than that of any other link, whenever insert or resize is
 * called. So links that are put behind all others whenever they change lie in the order of
 * `changed`, and a walk finds its place again by it.
 *
 * And what a design's walk owes the front when it goes on after a batch: a link that did not change
 * since the walk began is visited exactly once. Those that came or changed meanwhile, whose `changed`
 * is above the walk's `until`, should be passed over: the front looks for them afterwards, and a
 * link that changes between all batches might be visited for ever.
 */

#include <vas/file_rmap.h>

extern const struct vas_file_rmap_design vas_file_list;
extern const struct vas_file_rmap_design vas_file_range_list;
extern const struct vas_file_rmap_design vas_file_cell_list;
extern const struct vas_file_rmap_design vas_file_cell_tree;
extern const struct vas_file_rmap_design vas_file_prio_tree;
extern const struct vas_file_rmap_design vas_file_interval_tree;
extern const struct vas_file_rmap_design vas_file_pte_chain;
extern const struct vas_file_rmap_design vas_file_cells;

/* Does the link have a page of [first, last]? */
static inline bool vas_file_overlaps(const struct vas_file_link *link, uint64_t first,
				     uint64_t last)
{
	return link->first <= last && link->last >= first;
}

/* What holds of each link of a map (FRMAP-2). Prints and returns false when it does not. */
bool vas_file_check_link(const struct vas_file_map *map, const struct vas_file_link *link,
			 const struct vas_printer *printer);

/* The map counts as many links as the design found in it (FRMAP-1). */
bool vas_file_check_count(const struct vas_file_map *map, size_t found,
			  const struct vas_printer *printer);

/* One broken invariant: "FRMAP-n: ..." and a line end. Returns false. */
__attribute__((format(printf, 2, 3))) bool vas_file_broken(const struct vas_printer *printer,
							   const char *format, ...);

#endif
