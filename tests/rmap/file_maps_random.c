/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Random steps on a map and its naive twin. */

#include "file_maps.h"

#include <stdlib.h>

#define LARGEST ((UINT64_C(1) << 52) - 1) /* the last page of the largest object */
#define SMALL	1000			  /* pages of the objects of most shapes */

const char *const file_shape_names[FILE_SHAPES] = {
	"disjoint", "identical", "nested", "staircase", "overlapping",
	"windows",  "full",	 "wide",   "mixed",
};

static uint64_t below(struct file_maps *maps, uint64_t bound)
{
	return random_below(&maps->random, bound);
}

/* A number of up to so many bits, all sizes alike. */
static uint64_t any_size(struct file_maps *maps, unsigned int bits)
{
	return random_next(&maps->random) >> (64 - bits) >> below(maps, bits);
}

/* The range of an area, the pages [first, first + more]. */
struct span {
	uint64_t first, more;
};

static struct span choose(struct file_maps *maps, enum file_shape shape, size_t limit)
{
	uint64_t i = below(maps, limit);

	switch (shape) {
	case FILE_DISJOINT:
		return (struct span){ i * 10 + 1, 6 + i % 3 };
	case FILE_IDENTICAL:
		return i % 4 != 0 ? (struct span){ 40, 19 } : (struct span){ 60 + i % 3, 40 };
	case FILE_NESTED:
		return (struct span){ i, 2 * (limit - i) };
	case FILE_STAIRCASE:
		return (struct span){ i, limit };
	case FILE_OVERLAPPING:
		return (struct span){ below(maps, SMALL), any_size(maps, 10) };
	case FILE_WINDOWS:
		return i % 32 == 0 ? (struct span){ 0, SMALL } : (struct span){ i * 5 % SMALL, 0 };
	case FILE_FULL:
		return (struct span){ 0, i % 8 == 0 ? below(maps, SMALL) : SMALL };
	case FILE_WIDE:
		i = any_size(maps, 52);
		return i % 8 == 0 ? (struct span){ LARGEST - i, i }
				  : (struct span){ i, below(maps, LARGEST - i + 1) };
	default:
		return choose(maps, (enum file_shape)below(maps, FILE_MIXED), limit);
	}
}

static struct file_record *pick(struct file_maps *maps)
{
	return maps->records[below(maps, maps->count)];
}

static void insert(struct file_maps *maps, enum file_shape shape, size_t limit)
{
	struct span span = choose(maps, shape, limit);

	file_maps_insert(maps, (unsigned int)below(maps, FILE_SPACES), span.first,
			 span.first + span.more);
}

/* One end goes anywhere near, or both to where another area of the shape lies, or nowhere. */
static void resize(struct file_maps *maps, enum file_shape shape, size_t limit)
{
	struct file_record *record = pick(maps);
	uint64_t first = record->first, last = record->last;
	struct span span = choose(maps, shape, limit);

	switch (below(maps, 5)) {
	case 0:
		first += below(maps, last - first + 1);
		break;
	case 1:
		first -= below(maps, (first < 16 ? first : 16) + 1);
		break;
	case 2:
		last -= below(maps, last - first + 1);
		break;
	case 3:
		last += below(maps, (LARGEST - last < 16 ? LARGEST - last : 16) + 1);
		break;
	default:
		if (below(maps, 4) == 0)
			break;
		first = span.first;
		last = span.first + span.more;
	}
	file_maps_resize(maps, record, first, last);
}

static void split(struct file_maps *maps)
{
	struct file_record *record = pick(maps);
	uint64_t first = record->first, last = record->last, middle;

	if (first == last)
		return;
	middle = first + 1 + below(maps, last - first);
	if (below(maps, 2) == 0) {
		file_maps_resize(maps, record, first, middle - 1);
		file_maps_insert(maps, record->space, middle, last);
	} else {
		file_maps_resize(maps, record, middle, last);
		file_maps_insert(maps, record->space, first, middle - 1);
	}
}

static void merge(struct file_maps *maps)
{
	struct file_record *record = pick(maps), *next = NULL;
	uint64_t first = record->first, last;

	for (size_t i = 0; i < maps->count && next == NULL; i++)
		if (maps->records[i]->first == record->last + 1)
			next = maps->records[i];
	if (next == NULL)
		return;
	last = next->last;
	if (below(maps, 2) == 0) {
		file_maps_remove(maps, next);
		file_maps_resize(maps, record, first, last);
	} else {
		file_maps_remove(maps, record);
		file_maps_resize(maps, next, first, last);
	}
}

static void fork_or_exit(struct file_maps *maps, size_t limit)
{
	if (maps->count < limit)
		file_maps_fork(maps, (unsigned int)below(maps, FILE_SPACES),
			       (unsigned int)below(maps, FILE_SPACES));
	else
		file_maps_exit(maps, (unsigned int)below(maps, FILE_SPACES));
}

/* `growing`: more comes than goes. */
static void step(struct file_maps *maps, enum file_shape shape, size_t limit, bool growing)
{
	uint64_t dice = below(maps, 100);

	if (maps->count == 0 || (maps->count < limit * 2 && dice < (growing ? 45 : 20)))
		insert(maps, shape, limit);
	else if (dice < 55)
		file_maps_remove(maps, pick(maps));
	else if (dice < 75)
		resize(maps, shape, limit);
	else if (dice < 87)
		split(maps);
	else if (dice < 99)
		merge(maps);
	else
		fork_or_exit(maps, limit);
}

/* A range to walk: near an end of an area, a page of one, or any. */
static struct span question(struct file_maps *maps, enum file_shape shape, size_t limit)
{
	struct span span = choose(maps, shape, limit);
	const struct file_record *record;

	if (maps->count == 0 || below(maps, 16) == 0)
		return below(maps, 2) == 0 ? span : (struct span){ 0, UINT64_MAX };
	record = pick(maps);
	switch (below(maps, 6)) {
	case 0:
		return (struct span){ record->first, 0 };
	case 1:
		return (struct span){ record->last, 0 };
	case 2:
		return (struct span){ record->last + 1, 0 };
	case 3:
		return (struct span){ record->first > 0 ? record->first - 1 : 0, 0 };
	case 4:
		return (struct span){ record->first + below(maps, record->last - record->first + 1),
				      0 };
	default:
		return (struct span){ record->first, any_size(maps, 10) };
	}
}

static void interrupted_walks(struct file_maps *maps, enum file_shape shape, size_t limit)
{
	for (unsigned int i = 0; i < FILE_INTERRUPTED; i++) {
		if (!maps->interrupted[i].under_way) {
			struct span span = { 0, UINT64_MAX };

			if (below(maps, 2) == 0)
				span = choose(maps, shape, limit);
			file_maps_begin(maps, i, span.first, span.first + span.more,
					1 + below(maps, 3));
		} else if (below(maps, 500) == 0) {
			maps->interrupted[i].under_way = false; /* and forgotten */
			continue;
		}
		if (below(maps, 3) != 0)
			file_maps_go_on(maps, i);
	}
}

void file_maps_random(struct file_maps *maps, enum file_shape shape, size_t limit, uint64_t steps)
{
	uint64_t until = maps->steps + steps;
	bool growing = true;

	for (uint64_t round = 0; maps->steps < until; round++) {
		if (round % (4 * limit) == 0)
			growing = maps->count < limit / 2 || below(maps, 2) == 0;
		step(maps, shape, limit, growing);
		for (unsigned int i = 0; i < 2; i++) {
			struct span span = question(maps, shape, limit);

			file_maps_walk(maps, span.first, span.first + span.more);
		}
		interrupted_walks(maps, shape, limit);
		if (round % 64 == 0)
			file_maps_check(maps);
	}
}
