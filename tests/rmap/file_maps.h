/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_RMAP_FILE_MAPS_H
#define TESTS_RMAP_FILE_MAPS_H

/*
 * A file reverse map and beside it the naive one, an array that is looked through from end to end.
 * Each change is done to both, and each walk compared, by checks that hold for any design. What
 * differs ends the test with the design, and the seed that leads there again.
 *
 *	struct file_maps *maps = file_maps_start("interval-tree's", design, seed);
 *	struct file_record *a = file_maps_insert(maps, 1, 0, 9);
 *
 *	file_maps_resize(maps, a, 4, 9);
 *	file_maps_walk(maps, 3, 3);
 *	file_maps_finish(maps);
 *
 * Each change is reserved for first. While it runs the allocator fails, so memory that does not
 * come from the pool is missed; and what `reserve` promised too little trips the pool's assert. For
 * a design that reserves nothing the allocator fails now and then.
 */

#include <stdio.h>

#include <vas/file_rmap.h>

#include "failing_allocator.h"
#include "tree/index_model.h"

enum {
	FILE_INTERRUPTED = 3, /* walks that may be under way */
	FILE_SPACES = 8,
};

/* One link, as the naive map knows it. */
struct file_record {
	struct vas_file_link *link; /* its `area` is this record */
	uint64_t first, last, start;
	unsigned int space;
	size_t place;			     /* in the array */
	uint64_t changed;		     /* at which step it came, or was resized */
	uint64_t walk;			     /* the last walk in one go that visited it */
	unsigned int seen[FILE_INTERRUPTED]; /* how often each interrupted walk did */
};

struct file_interrupted {
	struct file_maps *maps;
	struct vas_file_walk walk;
	bool under_way;
	uint64_t began; /* at which step */
	size_t visits, in_batch;
};

struct file_maps {
	const struct vas_file_rmap_design *design;
	uint64_t seed;
	const char *doing;
	struct random random;
	struct failing_allocator memory;
	struct vas_pool pool;
	struct vas_pool other;
	bool from_other; /* changes use `other`, and reserve nothing */
	struct vas_file_map *map;
	struct file_record **records;
	size_t count, room;
	uint64_t steps; /* changes so far */
	uint64_t walks, visits, candidates;
	struct file_interrupted interrupted[FILE_INTERRUPTED];
};

/* `doing` is named when something differs. */
struct file_maps *file_maps_start(const char *doing, const struct vas_file_rmap_design *design,
				  uint64_t seed);
/* Takes all out, checks that no memory is left, and frees all. */
void file_maps_finish(struct file_maps *maps);

struct file_record *file_maps_insert(struct file_maps *maps, unsigned int space, uint64_t first,
				     uint64_t last);
void file_maps_remove(struct file_maps *maps, struct file_record *record);
void file_maps_resize(struct file_maps *maps, struct file_record *record, uint64_t first,
		      uint64_t last);

/* Inserts a copy of each link of one space for another, or removes all of one, in one go. */
void file_maps_fork(struct file_maps *maps, unsigned int from, unsigned int to);
void file_maps_exit(struct file_maps *maps, unsigned int space);

/* Walks in one go and compares. */
void file_maps_walk(struct file_maps *maps, uint64_t first, uint64_t last);

/* Begins walk number `number`, in batches of so many. */
void file_maps_begin(struct file_maps *maps, unsigned int number, uint64_t first, uint64_t last,
		     size_t batch);
/* One batch of it. False: it is over, and kept its promises. */
bool file_maps_go_on(struct file_maps *maps, unsigned int number);

/* Validates, and counts memory. */
void file_maps_check(struct file_maps *maps);

/* How ranges are chosen by random steps. */
enum file_shape {
	FILE_DISJOINT,
	FILE_IDENTICAL, /* of a few */
	FILE_NESTED,
	FILE_STAIRCASE,
	FILE_OVERLAPPING,
	FILE_WINDOWS, /* of one page, and now and then all of them */
	FILE_FULL,
	FILE_WIDE, /* anywhere in the largest object */
	FILE_MIXED,
	FILE_SHAPES,
};

extern const char *const file_shape_names[FILE_SHAPES];

/* So many random steps with walks between them, with up to `limit` links. */
void file_maps_random(struct file_maps *maps, enum file_shape shape, size_t limit, uint64_t steps);

#endif
