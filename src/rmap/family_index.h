/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_RMAP_FAMILY_INDEX_H
#define VAS_SRC_RMAP_FAMILY_INDEX_H

/* The records of family-index, for its own files; family_index.c tells what they are for. */

#include <vas/anon_rmap.h>
#include <vas/index.h>

#include "base/list.h"
#include "base/lock.h"
#include "record_store.h"
#include "red_black.h"

/* Pages of an area that have indexes in a row. Most areas have one run. */
struct family_run {
	struct vas_red_black tree; /* family.runs, by `first`; must be first */
	uint64_t first, last;	   /* indexes */
	uint64_t most;		   /* the greatest `last` in the subtree */
	uint64_t start;		   /* the address of `first` */
	struct vas_space *space;
	struct family_run *next; /* of the same area, upwards; or of the spare ones */
};

/* A part of the index space that is in use, behind the bytes that the index of ranges wants. */
struct family_piece {
	struct vas_range range;
};

/* All that descends from one exec; what pages are bound to. */
struct family {
	struct vas_record record;
	struct vas_mutex lock; /* of all below, and of its spaces' runs */
	uint32_t spaces;
	struct vas_red_black *runs;
	struct vas_index *used;
};

/* What the listener keeps in an area. */
struct family_area {
	struct family_run *first;
	uint64_t pages; /* that its runs have */
	size_t ready;	/* the same, if it fits: read without the lock */
	size_t runs;
};

/* And in a space. */
struct family_space {
	struct family *family; /* NULL: no page yet */
	struct vas_space *space;
	struct family_run *spares;
	size_t spare_count, promised;
	struct vas_list all;
};

struct family_index {
	const struct vas_allocator *allocator;
	uint64_t limit; /* of indexes */
	size_t link_bytes;
	struct vas_mutex lock; /* of what is next; the lowest */
	struct vas_record_store families;
	struct vas_list spaces;

	/* Changed by atomic operations. */
	size_t runs, spare_runs, pieces;
	struct family_index_figures {
		size_t natural, elsewhere; /* areas that got their own page numbers, or others */
		size_t grown, not_grown;   /* growth that could have the next indexes, or not */
		size_t refused;		   /* merges */
		size_t shared;		   /* indexes that had to be given out twice */
		size_t lost;		   /* that could not be given back for lack of memory */
		size_t widest; /* bits of a family's least to its greatest index in use */
	} figures;
};

extern const struct vas_listener vas_family_index_listener;

static inline struct family_space *family_space_of(const struct vas_space *space)
{
	return vas_space_data(space, &vas_family_index_listener);
}

static inline struct family_area *family_area_of(const struct vas_area *area)
{
	return vas_area_data(area, &vas_family_index_listener);
}

static inline uint64_t family_run_pages(const struct family_run *run)
{
	return run->last - run->first + 1;
}

static inline uint64_t family_run_end(const struct family_run *run)
{
	return run->start + (family_run_pages(run) << VAS_PAGE_SHIFT);
}

static inline void family_lock(struct family *family)
{
	if (family != NULL)
		vas_mutex_lock(&family->lock, VAS_RANK_RMAP);
}

static inline void family_unlock(struct family *family)
{
	if (family != NULL)
		vas_mutex_unlock(&family->lock, VAS_RANK_RMAP);
}

static inline void family_count(size_t *figure, size_t more)
{
	__atomic_fetch_add(figure, more, __ATOMIC_RELAXED);
}

/* family_index_space.c: the index space of a family. => the family's lock */

/* Are these indexes free? `pages` > 0; false too when they lie outside of the space. */
bool vas_family_indexes_free(const struct family_index *design, const struct family *family,
			     uint64_t first, uint64_t pages);
/* Takes free ones that follow, or precede, indexes in use, or any. -VAS_ENOMEM */
int vas_family_indexes_take(struct family_index *design, struct family *family, uint64_t first,
			    uint64_t pages);
/* Chooses and takes indexes for an area's pages from this address on. -VAS_ENOMEM */
int vas_family_indexes_choose(struct family_index *design, struct family *family, uint64_t address,
			      uint64_t pages, uint64_t *first);
/* Gives back those of [first, last] that no run covers. */
void vas_family_indexes_give(struct family_index *design, struct family *family, uint64_t first,
			     uint64_t last);
/* Gives back all. */
void vas_family_indexes_end(struct family_index *design, struct family *family);
void vas_family_indexes_measure(struct family_index *design, struct family *family);

/* family_index_run.c: runs, in the family's tree and in their area's list. => the same */

/* Promises `count` more. False: no memory. */
bool vas_family_runs_reserve(struct family_index *design, struct family_space *mine, size_t count);
void vas_family_runs_trim(struct family_index *design, struct family_space *mine, size_t keep);

/* A run for a hole in the area's list. `store` NULL: from the allocator, and NULL: no memory. */
struct family_run *vas_family_run_add(struct family_index *design, struct family *family,
				      struct family_space *store, const struct vas_area *area,
				      uint64_t start, uint64_t first, uint64_t pages);
/* Gives the run more pages below and above it. => those indexes are the run's to have */
void vas_family_run_grow(struct family *family, const struct vas_area *area, struct family_run *run,
			 uint64_t below, uint64_t above);
/* The run that covers the address, or the next one above it, or NULL. */
struct family_run *vas_family_run_at(const struct vas_area *area, uint64_t address);
/* Takes what lies in [start, end) out of the area's list: it passes to `to`, an area of the same
 * space, or, when that is NULL, goes. `store`: for a run that is cut in two. */
void vas_family_runs_cut(struct family_index *design, struct family *family,
			 struct family_space *store, const struct vas_area *area, uint64_t start,
			 uint64_t end, const struct vas_area *to);
/* Copies of what `from` has in [start, end), `delta` bytes higher, for `to`. */
void vas_family_runs_copy(struct family_index *design, struct family *family,
			  struct family_space *store, const struct vas_area *from, uint64_t start,
			  uint64_t end, const struct vas_area *to, uint64_t delta);
/* Calls `visit` for each run with an index in [first, last]; false: it stopped. */
bool vas_family_runs_each(const struct family *family, uint64_t first, uint64_t last,
			  bool (*visit)(void *context, const struct family_run *run),
			  void *context);
bool vas_family_runs_check(const struct family *family, size_t *count);

/* family_index_check.c */

void vas_family_index_count(void *instance, struct vas_anon_rmap_counts *counts);
void vas_family_index_print(void *instance, const struct vas_printer *printer);
bool vas_family_index_validate(void *instance, const struct vas_printer *printer);

#endif
