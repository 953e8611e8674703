/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * What a recorded program's changes cost a design: they are made again, over and over, on maps of
 * their own, by nobody but this loop. And what chains of entries cost, whose price is per page that
 * is mapped and not per area: a machine with them is compared with one without.
 */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <vas/machine.h>

#include "bench_file_rmap_trace.h"
#include "bench_index.h"
#include "median.h"

#define OBJECT	    192
#define BLOCKS_KEPT 8
#define TRIM_EVERY  64
#define LEAST_NS    20000000 /* of a run: the program is done again and again */
#define MOST_RUNS   31

struct again {
	const struct traced_program *program;
	const struct vas_file_rmap_design *design;
	struct vas_pool pool;
	char *maps, *links;
	size_t map_bytes;
	uint32_t *place; /* of each link in `links`, at random */
};

static struct vas_file_map *map_of(const struct again *again, uint32_t object)
{
	return (struct vas_file_map *)(void *)(again->maps + object * again->map_bytes);
}

static struct vas_file_link *link_of(const struct again *again, uint32_t link)
{
	return (struct vas_file_link *)(void *)(again->links + (size_t)again->place[link] * OBJECT);
}

static bool change(struct again *again, const struct traced_change *change)
{
	struct vas_file_map *map = map_of(again, change->object);
	struct vas_file_link *link = link_of(again, change->link);

	if (again->design->reserve != NULL && again->design->reserve(&again->pool, 1) != 0)
		return false;
	switch (change->kind) {
	case TRACED_INSERT:
		link->space = (struct vas_space *)((uintptr_t)change->space << 4);
		link->first = change->first;
		link->last = change->last;
		link->start = change->start;
		vas_file_map_insert(map, link, &again->pool);
		break;
	case TRACED_RESIZE:
		vas_file_map_resize(map, link, change->first, change->last, change->start,
				    &again->pool);
		break;
	case TRACED_REMOVE:
		vas_file_map_remove(map, link, &again->pool);
		break;
	}
	return true;
}

/* Changes `from` to `to`. False: no memory. */
static bool make_changes(struct again *again, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (!change(again, &again->program->changes[i]))
			return false;
		if (i % TRIM_EVERY == 0)
			vas_pool_trim(&again->pool, BLOCKS_KEPT);
	}
	return true;
}

/* Per area, when there are the most; an object that nobody maps is not counted. */
static double count_bytes(const struct again *again)
{
	size_t bytes = 0, links = 0;

	for (uint32_t i = 0; i < again->program->objects; i++) {
		const struct vas_file_map *map = map_of(again, i);

		links += map->count;
		bytes += map->count == 0 ? 0 : again->design->bytes(map);
	}
	return links == 0 ? 0 : (double)bytes / (double)links;
}

static bool prepare(struct again *again)
{
	const struct traced_program *program = again->program;
	uint64_t random = 1;

	again->map_bytes = (again->design->map_bytes + 63) / 64 * 64;
	again->maps = aligned_alloc(64, again->map_bytes * program->objects);
	again->links = aligned_alloc(64, (size_t)program->links * OBJECT);
	again->place = malloc(program->links * sizeof(*again->place));
	if (again->maps == NULL || again->links == NULL || again->place == NULL)
		return false;
	memset(again->links, 0, (size_t)program->links * OBJECT);
	for (uint32_t i = 0; i < program->links; i++) {
		uint32_t other = (uint32_t)((bench_random(&random) >> 11) % (i + (uint64_t)1));

		again->place[i] = again->place[other];
		again->place[other] = i;
	}
	vas_pool_init(&again->pool, &vas_libc_allocator);
	for (uint32_t i = 0; i < program->objects; i++)
		vas_file_map_init(map_of(again, i), again->design, &vas_libc_allocator);
	return true;
}

static bool time_runs(struct again *again, size_t runs, double *values)
{
	const struct traced_program *program = again->program;
	bool ok = true;

	for (size_t run = 0; ok && run < runs; run++) {
		uint64_t before = bench_spent(), now = before;
		size_t rounds = 0;

		for (; ok && now - before < LEAST_NS; rounds++, now = bench_spent())
			ok = make_changes(again, 0, program->count);
		values[run] = (double)(now - before) / ((double)rounds * program->links);
	}
	sort_values(values, runs);
	return ok;
}

bool traced_program_time(const struct traced_program *program,
			 const struct vas_file_rmap_design *design, size_t runs, double *ns,
			 double *bytes)
{
	struct again again = { .program = program, .design = design };
	double values[MOST_RUNS] = { 0 };
	bool ok = design->link_bytes <= OBJECT && prepare(&again) &&
		  make_changes(&again, 0, program->peak);

	*bytes = ok ? count_bytes(&again) : 0;
	ok = ok && make_changes(&again, program->peak, program->count) &&
	     time_runs(&again, runs, values);
	*ns = values[runs / 2];
	if (ok) {
		for (uint32_t i = 0; i < program->objects; i++)
			vas_file_map_destroy(map_of(&again, i));
		vas_pool_trim(&again.pool, 0);
	}
	free(again.maps);
	free(again.links);
	free(again.place);
	return ok;
}

/* ---- Chains ---- */

enum { CHAIN_PAGES = 4096, CHAIN_TURNS = 8 };

/* Maps and unmaps each page of an object, which stay in the cache, in another space's presence. ns
 * for each page; negative: it failed. */
static double map_pages(const char *design)
{
	const struct vas_machine_config config = { .frames = 4 * CHAIN_PAGES, .file_rmap = design };
	const struct vas_object_open open = {
		.size = (uint64_t)CHAIN_PAGES << VAS_PAGE_SHIFT,
		.flags = VAS_FILE_READ | VAS_FILE_WRITE | VAS_FILE_SHARED_MEMORY,
		.inode = 1,
		.name = "pages",
	};
	struct vas_map map = {
		.length = open.size,
		.prot = VAS_READ,
		.flags = VAS_SHARED,
	};
	struct vas_machine *machine;
	struct vas_space *space = NULL;
	double ns = 0;
	bool ok;

	if (vas_machine_create(&config, &machine) != 0)
		return -1;
	ok = vas_machine_space(machine, NULL, &space) == 0 &&
	     vas_object_open(machine, &open, &map.file) == 0;
	/* The first turn stays: each page is mapped once more. */
	for (unsigned int turn = 0; ok && turn <= CHAIN_TURNS; turn++) {
		uint64_t before = bench_spent();
		uint64_t at = 0;

		ok = vas_map(space, &map, &at) == 0;
		for (uint64_t page = 0; ok && page < CHAIN_PAGES; page++)
			ok = vas_access(space, at + (page << VAS_PAGE_SHIFT), VAS_ACCESS_READ) == 0;
		if (turn == 0)
			continue;
		ok = ok && vas_unmap(space, at, map.length) == 0;
		ns += (double)(bench_spent() - before);
	}
	if (space != NULL)
		vas_space_destroy(space);
	if (map.file != NULL)
		vas_file_put(map.file);
	vas_machine_destroy(machine);
	return ok ? ns / CHAIN_TURNS / CHAIN_PAGES : -1;
}

double traced_chain_price(size_t runs)
{
	double values[MOST_RUNS];

	for (size_t run = 0; run < runs; run++) {
		double without = map_pages("list"), with = map_pages("pte-chain");

		if (without < 0 || with < 0)
			return -1;
		values[run] = with - without;
	}
	sort_values(values, runs);
	return values[runs / 2] > 0 ? values[runs / 2] : 0;
}
