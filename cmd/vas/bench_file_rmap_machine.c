/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The two programs on which lists and chains were judged in 2003, whole: a machine maps, forks and
 * faults as they did, then each page is asked once who maps it, which is what one pass of reclaim
 * asks, then all processes end. So what a design takes while nobody asks stands beside what its
 * answers take. The rest of the faults is in the sums, as it was in those of 2003.
 */

#include <stdlib.h>

#include <vas/machine.h>

#include "bench_file_rmap_trace.h"
#include "bench_index.h"

#define MOST_SPACES 128
#define LOOK_EVERY  64 /* questions between two looks at the clock */

const struct whole_program whole_programs[] = {
	{ "W1", "100 windows of 600 pages in 101 processes", 100, 600, 101 },
	{ "W3", "10,000 windows of 7 pages in 2 processes", 10000, 7, 2 },
	{ NULL, NULL, 0, 0, 0 },
};

struct whole {
	const struct whole_program *program;
	struct vas_machine *machine;
	struct vas_space *spaces[MOST_SPACES];
	struct vas_map map;
	uint64_t *windows; /* where each begins, in all spaces */
};

static bool touch_all(const struct whole *whole, struct vas_space *space)
{
	for (uint32_t window = 0; window < whole->program->windows; window++) {
		for (uint32_t page = 0; page < whole->program->pages; page++) {
			uint64_t at = whole->windows[window] + (uint64_t)page * VAS_PAGE_SIZE;

			if (vas_access(space, at, VAS_ACCESS_WRITE) != 0)
				return false;
		}
	}
	return true;
}

/* An unmapped page of the file stands between two windows, so that they never merge. */
static bool map_all(struct whole *whole)
{
	const struct whole_program *program = whole->program;

	for (uint32_t window = 0; window < program->windows; window++) {
		whole->map.offset = (uint64_t)window * (program->pages + 1) * VAS_PAGE_SIZE;
		whole->windows[window] = 0;
		if (vas_map(whole->spaces[0], &whole->map, &whole->windows[window]) != 0)
			return false;
	}
	return true;
}

static bool build(struct whole *whole)
{
	if (!map_all(whole) || !touch_all(whole, whole->spaces[0]))
		return false;
	for (uint32_t i = 1; i < whole->program->processes; i++)
		if (vas_fork(whole->spaces[0], &whole->spaces[i]) != 0 ||
		    !touch_all(whole, whole->spaces[i]))
			return false;
	return true;
}

static void count_mapper(void *context, struct vas_space *space, uint64_t address)
{
	uint64_t *count = context;

	(void)space;
	(void)address;
	(*count)++;
}

/* Asks for pages at random until all have been, on average, or the time is over. ns a page; negative:
 * an answer was wrong. */
static double ask(const struct whole *whole, double bound_ns)
{
	const struct whole_program *program = whole->program;
	uint64_t pages = (uint64_t)program->windows * program->pages, random = 1, asked = 0;
	uint64_t start = bench_spent(), now = start;

	while (asked < pages && (double)(now - start) < bound_ns) {
		for (unsigned i = 0; i < LOOK_EVERY; i++) {
			uint64_t page = bench_random(&random) % pages, mappers = 0;
			uint64_t at = whole->windows[page / program->pages] +
				      page % program->pages * VAS_PAGE_SIZE;

			if (vas_who(whole->spaces[0], at, count_mapper, &mappers) != 0 ||
			    mappers != program->processes)
				return -1;
		}
		asked += LOOK_EVERY;
		now = bench_spent();
	}
	return (double)(now - start) / (double)asked;
}

static bool start(struct whole *whole, const char *design)
{
	const struct whole_program *program = whole->program;
	uint64_t pages = (uint64_t)program->windows * (program->pages + 1);
	/* And a table for 512 pages, with room, in each process. */
	uint64_t tables = (pages / 256 + 64) * program->processes;
	const struct vas_machine_config config = {
		.frames = (uint32_t)(pages + tables + 1024),
		.file_rmap = design,
	};
	const struct vas_object_open open = {
		.size = pages << VAS_PAGE_SHIFT,
		.flags = VAS_FILE_READ | VAS_FILE_WRITE | VAS_FILE_SHARED_MEMORY,
		.inode = 1,
		.name = "windows",
	};

	whole->map = (struct vas_map){
		.length = (uint64_t)program->pages * VAS_PAGE_SIZE,
		.prot = VAS_READ | VAS_WRITE,
		.flags = VAS_SHARED,
	};
	whole->windows = calloc(program->windows, sizeof(*whole->windows));
	return whole->windows != NULL && vas_machine_create(&config, &whole->machine) == 0 &&
	       vas_machine_space(whole->machine, NULL, &whole->spaces[0]) == 0 &&
	       vas_object_open(whole->machine, &open, &whole->map.file) == 0;
}

static void finish(struct whole *whole)
{
	for (uint32_t i = 0; i < whole->program->processes; i++)
		if (whole->spaces[i] != NULL)
			vas_space_destroy(whole->spaces[i]);
	if (whole->map.file != NULL)
		vas_file_put(whole->map.file);
	whole->map.file = NULL;
}

bool whole_program_run(const struct whole_program *program, const char *design, double bound_ns,
		       struct whole_times *times)
{
	struct whole whole = { .program = program };
	bool good = start(&whole, design);
	uint64_t before = bench_spent();

	good = good && build(&whole);
	times->changes_ns = (double)(bench_spent() - before);
	if (good)
		times->question_ns = ask(&whole, bound_ns);
	good = good && times->question_ns >= 0;
	before = bench_spent();
	finish(&whole);
	times->changes_ns += (double)(bench_spent() - before);
	times->pages = (double)program->windows * program->pages;
	vas_machine_destroy(whole.machine);
	free(whole.windows);
	return good;
}
