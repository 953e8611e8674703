/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_RMAP_WALK_H
#define VAS_SRC_RMAP_WALK_H

/*
 * The front of all walks: which entries map this page, whatever it is?
 *
 *	page of an object            its object's file map: areas that show the page
 *	private page                 the anonymous design: places
 *	merged, chained,             its chain of entries (pte_chain.h)
 *	or the design keeps chains
 *
 * What a map or a design names is a place: whether an entry there maps the page, a look at it
 * under its table's lock tells. An entry maps the page when it is present with its frame, or a
 * migration entry with it; the page of zeroes is mapped by nothing.
 */

#include <vas/anon_rmap.h>
#include <vas/file_rmap.h>
#include <vas/pmap.h>

#include "pte_chain.h"

/* Of a machine: who finds mappings, and how often. Filled by vas_rmap_init, then constant but for
 * the figures, which change atomically. */
struct vas_rmap {
	struct vas_frames *frames;
	const struct vas_anon_rmap_design *anon;
	void *anon_data; /* the design's instance */
	const struct vas_file_rmap_design *file;
	/* The space's tables; NULL: it has none any more. */
	struct vas_pmap *(*pmap_of)(const struct vas_space *space);

	struct vas_pte_chains *chains; /* the design's, or the next one */
	struct vas_pte_chains own_chains;
	vas_work_fn *work; /* hears of walks, and of reclaim; NULL: nobody does */
	void *work_data;
	struct vas_walk_figures {
		size_t walks, candidates, hits;
	} figures[2]; /* [1]: of pages of files */
};

static inline void vas_rmap_tell(const struct vas_rmap *rmap, enum vas_work work, bool begins)
{
	if (rmap->work != NULL)
		rmap->work(rmap->work_data, work, begins);
}

void vas_rmap_init(struct vas_rmap *rmap, struct vas_frames *frames,
		   const struct vas_anon_rmap_design *anon, void *anon_data,
		   const struct vas_file_rmap_design *file,
		   struct vas_pmap *(*pmap_of)(const struct vas_space *space));

/* Does each mapping of the page have a record of its own? Who maps and unmaps it keeps them. */
bool vas_rmap_chained(const struct vas_rmap *rmap, const struct vas_page *page);

/*
 * Calls `visit` for every entry that maps the page, with its table locked. The visitor may change
 * the entry, and false from it ends the walk. It ends by itself when as many were found as the
 * page's mapcount was at its beginning.
 *
 * An entry that moves meanwhile (mremap) may be missed or met twice, one that a fork adds may be
 * missed: who must have all looks at the page's mapcount afterwards, and walks again.
 *  => the page's lock, a reference to it; no lock of an object, no table's.
 * Returns how many entries were visited. Allocates nothing.
 */
uint32_t vas_rmap_walk(struct vas_rmap *rmap, struct vas_page *page, vas_pte_chain_fn *visit,
		       void *context);

#endif
