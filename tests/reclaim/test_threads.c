/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Threads that read, write, fork and end, each in spaces of its own, while one moves, merges and
 * pushes out their pages. Memory is too small for all; every read finds what was written last.
 */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

#define WORKERS 3
#define PAGES	24
#define FORKS	100
#define STEPS	200 /* between forks */
#define FRAMES	130 /* a third of them are tables */

static struct world world;
static uint64_t seed;
static unsigned working;

struct worker {
	pthread_t thread;
	uint64_t random;
	struct world_space *in;	    /* private memory */
	struct world_space *object; /* the same for all; each has pages of its own there */
	uint64_t wanted[PAGES], shared[PAGES];
	unsigned number;
	const char *failed;
};

static uint64_t pick(uint64_t *random, uint64_t bound)
{
	*random = *random * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (*random >> 33) % bound;
}

static void step(struct worker *worker)
{
	uint64_t page = pick(&worker->random, PAGES);
	bool object = pick(&worker->random, 3) == 0;
	struct world_space *in = object ? worker->object : worker->in;
	uint64_t *wanted = object ? &worker->shared[page] : &worker->wanted[page], value = 0;
	uint64_t at = object ? page + worker->number * PAGES : page;

	if (pick(&worker->random, 2) == 0) {
		/* Few values, so that pages are equal. */
		value = pick(&worker->random, 3);
		if (world_write(in, at, value) != 0)
			worker->failed = "write";
		*wanted = value;
	} else if (world_read(in, at, &value) != 0) {
		worker->failed = "read";
	} else if (value != *wanted) {
		worker->failed = "contents";
	}
}

static void *work(void *data)
{
	struct worker *worker = data;

	for (unsigned fork = 0; fork < FORKS && worker->failed == NULL; fork++) {
		struct world_space *parent = worker->in;

		for (unsigned i = 0; i < STEPS && worker->failed == NULL; i++)
			step(worker);
		worker->in = world_fork(parent);
		/* Sometimes the parent goes on. */
		if (fork % 3 == 0) {
			struct world_space *child = worker->in;

			worker->in = parent;
			parent = child;
		}
		for (unsigned i = 0; i < STEPS && worker->failed == NULL; i++)
			step(worker);
		world_end(parent);
	}
	__atomic_sub_fetch(&working, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Any page that is in memory, with a reference. */
static struct vas_page *any_page(uint64_t *random)
{
	struct vas_lru *lru = &world.memory.lru;
	struct vas_page *page;

	if (vas_lru_take_oldest(lru, (unsigned)pick(random, VAS_SHARED_SLOTS),
				(enum vas_lru_kind)pick(random, VAS_LRU_KINDS), &page, 1) == 0)
		return NULL;
	vas_lru_add(lru, page, pick(random, 2) == 0);
	return page;
}

static void disturb(uint64_t *random)
{
	struct vas_memory *memory = &world.memory;
	struct vas_page *a = any_page(random), *b = any_page(random);

	int err = 0;

	switch (pick(random, 4)) {
	case 0:
		if (a != NULL)
			err = vas_page_migrate(memory, a);
		break;
	case 1:
		if (a != NULL)
			err = vas_page_out(memory, a);
		break;
	case 2:
		if (a != NULL && b != NULL && a != b)
			err = vas_page_merge(memory, a, b);
		break;
	default:
		err = vas_write_back(memory, world.object, pick(random, PAGES * WORKERS),
				     PAGES * WORKERS);
	}
	assert_true(err == 0 || err == -VAS_EBUSY || err == -VAS_ENOENT || err == -VAS_ENOMEM);
	if (a != NULL)
		vas_page_put(memory, a);
	if (b != NULL)
		vas_page_put(memory, b);
}

static void run(const char *design, const char *file_design, bool file)
{
	struct worker workers[WORKERS];
	uint64_t random = seed;

	memset(workers, 0, sizeof(workers));
	world_start(&world, design, file_design, FRAMES, 4096);
	world_open(&world, file, PAGES * WORKERS);
	working = WORKERS;
	for (unsigned i = 0; i < WORKERS; i++) {
		workers[i].number = i;
		workers[i].random = seed + i;
		workers[i].in = world_space(&world, PAGES);
		workers[i].object = world_object_space(&world);
	}
	for (unsigned i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	while (__atomic_load_n(&working, __ATOMIC_ACQUIRE) != 0) {
		disturb(&random);
	}
	for (unsigned i = 0; i < WORKERS; i++) {
		pthread_join(workers[i].thread, NULL);
		if (workers[i].failed != NULL)
			fail_msg("%s: wrong %s", design, workers[i].failed);
	}
	world_check(&world);
	print_message("%s: %llu out, %llu in, %llu moved, %llu merged, %llu of the file written\n",
		      design, (unsigned long long)world.memory.counts.swapped_out,
		      (unsigned long long)world.memory.counts.swapped_in,
		      (unsigned long long)world.memory.counts.migrated,
		      (unsigned long long)world.memory.counts.merged,
		      (unsigned long long)world.memory.counts.written);
	world_finish(&world);
}

static void contents_survive_everything_at_once(void **state)
{
	const struct vas_anon_rmap_design *const *design = vas_anon_rmap_designs();
	const struct vas_file_rmap_design *const *file = vas_file_rmap_designs();

	(void)state;
	for (; *design != NULL; design++) {
		run((*design)->name, (*file)->name, design == vas_anon_rmap_designs());
		if (file[1] != NULL)
			file++;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contents_survive_everything_at_once),
	};
	const char *given = getenv("VAS_SEED");

	seed = given != NULL ? strtoull(given, NULL, 0) : 1;
	print_message("seed %llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
