/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The library's side of `vas bench fault`, `fork` and `reclaim`. */

#include "bench_memory.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <vas/machine.h>

#include "clock.h"

#define PAIRS 2000

/* A store in memory, so that no disk is timed. */
struct memory_store {
	unsigned char *bytes;
	size_t pages;
};

static int store_read(void *data, uint64_t page, void *bytes)
{
	const struct memory_store *store = data;

	if (page < store->pages)
		memcpy(bytes, store->bytes + page * BENCH_PAGE, BENCH_PAGE);
	else
		memset(bytes, 0, BENCH_PAGE);
	return 0;
}

static int store_write(void *data, uint64_t page, const void *bytes, size_t length)
{
	const struct memory_store *store = data;

	if (page >= store->pages)
		return -VAS_ENOSPC;
	memcpy(store->bytes + page * BENCH_PAGE, bytes, length);
	return 0;
}

static const struct vas_store memory_store = { .read = store_read, .write = store_write };

struct bench {
	size_t pages;
	struct vas_machine *machine;
	struct vas_space *space;
	struct vas_file *file, *shared;
	struct memory_store disk, swap;
};

static void close_bench(struct bench *bench)
{
	vas_space_destroy(bench->space);
	if (bench->file != NULL)
		vas_file_put(bench->file);
	if (bench->shared != NULL)
		vas_file_put(bench->shared);
	vas_machine_destroy(bench->machine);
	free(bench->disk.bytes);
	free(bench->swap.bytes);
}

static bool open_bench(struct bench *bench, const struct bench_memory_options *options)
{
	size_t pages = options->pages;
	struct vas_machine_config config = {
		.frames = (uint32_t)(5 * pages + 16384),
		.anon_rmap = options->anon_rmap,
		.file_rmap = options->file_rmap,
		.swap = &memory_store,
		.swap_data = &bench->swap,
		.swap_slots = (uint32_t)(2 * pages),
	};
	struct vas_object_open file = {
		.store = &memory_store,
		.store_data = &bench->disk,
		.size = pages * BENCH_PAGE,
		.flags = VAS_FILE_READ | VAS_FILE_WRITE,
		.inode = 1,
		.name = "file",
	};
	struct vas_object_open shared = file;

	shared.store = NULL;
	shared.flags |= VAS_FILE_SHARED_MEMORY;
	*bench = (struct bench){ .pages = pages };
	bench->disk = (struct memory_store){ calloc(pages, BENCH_PAGE), pages };
	bench->swap = (struct memory_store){ calloc(2 * pages + 1, BENCH_PAGE), 2 * pages + 1 };
	return bench->disk.bytes != NULL && bench->swap.bytes != NULL &&
	       vas_machine_create(&config, &bench->machine) == 0 &&
	       vas_machine_space(bench->machine, NULL, &bench->space) == 0 &&
	       vas_object_open(bench->machine, &file, &bench->file) == 0 &&
	       vas_object_open(bench->machine, &shared, &bench->shared) == 0;
}

static uint64_t map(struct vas_space *space, struct vas_file *file, size_t pages, uint32_t flags)
{
	struct vas_map map = {
		.length = pages * BENCH_PAGE,
		.prot = VAS_READ | VAS_WRITE,
		.flags = flags | (file == NULL ? VAS_ANONYMOUS : 0),
		.file = file,
	};
	uint64_t address = 0;

	return vas_map(space, &map, &address) == 0 ? address : 0;
}

/* ns per access to each of the pages. */
static double touch(struct vas_space *space, uint64_t address, size_t pages, enum vas_access access)
{
	uint64_t start = wall_ns();

	for (size_t i = 0; i < pages; i++) {
		if (vas_access(space, address + i * BENCH_PAGE, access) != 0)
			return -1;
	}
	return (double)(wall_ns() - start) / (double)pages;
}

static double lesser(double a, double b)
{
	return b < a ? b : a;
}

/* Gets pages of `at` into the state from which the work starts. *child is alive meanwhile. */
static bool prepare(struct bench *bench, enum bench_memory_work work, uint64_t *at,
		    struct vas_file *file, uint32_t flags, struct vas_space **child)
{
	size_t pages = bench->pages;

	switch (work) {
	case BENCH_FAULT_ZERO_WRITE:
		return touch(bench->space, *at, pages, VAS_ACCESS_READ) >= 0;
	case BENCH_FAULT_SHARED:
	case BENCH_FAULT_FILE_COPY:
		/* The pages are in the cache already. */
		if (touch(bench->space, *at, pages, VAS_ACCESS_READ) < 0 ||
		    vas_unmap(bench->space, *at, pages * BENCH_PAGE) != 0)
			return false;
		*at = map(bench->space, file, pages, flags);
		return *at != 0;
	case BENCH_FAULT_COPY:
	case BENCH_FAULT_REUSE:
		if (touch(bench->space, *at, pages, VAS_ACCESS_WRITE) < 0 ||
		    vas_fork(bench->space, child) != 0)
			return false;
		if (work == BENCH_FAULT_REUSE) {
			vas_space_destroy(*child);
			*child = NULL;
		}
		return true;
	default:
		return true;
	}
}

static double fault(struct bench *bench, enum bench_memory_work work)
{
	struct vas_file *file = work == BENCH_FAULT_SHARED	? bench->shared
				: work == BENCH_FAULT_FILE_COPY ? bench->file
								: NULL;
	uint32_t flags = work == BENCH_FAULT_SHARED ? VAS_SHARED : VAS_PRIVATE;
	enum vas_access access = work == BENCH_FAULT_ZERO ? VAS_ACCESS_READ : VAS_ACCESS_WRITE;
	uint64_t at = map(bench->space, file, bench->pages, flags);
	struct vas_space *child = NULL;
	double result = -1;

	if (at != 0 && prepare(bench, work, &at, file, flags, &child))
		result = touch(bench->space, at, bench->pages, access);
	vas_space_destroy(child);
	if (at != 0 && vas_unmap(bench->space, at, bench->pages * BENCH_PAGE) != 0)
		return -1;
	return result;
}

/* The fastest of several rounds, which take the same frames. */
static double fastest_fault(struct bench *bench, enum bench_memory_work work)
{
	double best = fault(bench, work);

	for (int round = 1; round < BENCH_ROUNDS; round++)
		best = lesser(best, fault(bench, work));
	return best;
}

static double pair(struct bench *bench, bool touched)
{
	uint64_t start = wall_ns();

	for (int i = 0; i < PAIRS; i++) {
		uint64_t at = map(bench->space, NULL, 1, VAS_PRIVATE);

		if (at == 0 || (touched && vas_access(bench->space, at, VAS_ACCESS_WRITE) != 0) ||
		    vas_unmap(bench->space, at, BENCH_PAGE) != 0)
			return -1;
	}
	return (double)(wall_ns() - start) / PAIRS;
}

/* ---- Threads ---- */

struct worker {
	pthread_t thread;
	pthread_barrier_t *barrier;
	struct vas_space *space;
	uint64_t at;
	size_t pages;
	uint64_t start, end;
	bool good;
};

static void *work_along(void *data)
{
	struct worker *worker = data;

	pthread_barrier_wait(worker->barrier);
	worker->start = wall_ns();
	worker->good = touch(worker->space, worker->at, worker->pages, VAS_ACCESS_WRITE) >= 0;
	worker->end = wall_ns();
	return NULL;
}

/* ns for all of them to fault their part in, at the same time. */
static double run_workers(struct worker *workers, size_t count)
{
	pthread_barrier_t barrier;
	uint64_t start = 0, end = 0;
	bool good = true;

	pthread_barrier_init(&barrier, NULL, (unsigned)count);
	for (size_t i = 0; i < count; i++) {
		workers[i].barrier = &barrier;
		good &= pthread_create(&workers[i].thread, NULL, work_along, &workers[i]) == 0;
	}
	for (size_t i = 0; i < count && good; i++) {
		pthread_join(workers[i].thread, NULL);
		if (i == 0 || workers[i].start < start)
			start = workers[i].start;
		if (workers[i].end > end)
			end = workers[i].end;
		good &= workers[i].good;
	}
	pthread_barrier_destroy(&barrier);
	return good ? (double)(end - start) : -1;
}

/* ns for `count` threads that fault new memory in, each in the space of its worker. */
static double fault_along(struct worker *workers, size_t count, size_t pages)
{
	double spent;

	for (size_t i = 0; i < count; i++) {
		workers[i].pages = pages;
		workers[i].at = map(workers[i].space, NULL, pages, VAS_PRIVATE);
		if (workers[i].at == 0)
			return -1;
	}
	spent = run_workers(workers, count);
	for (size_t i = 0; i < count; i++) {
		if (vas_unmap(workers[i].space, workers[i].at, pages * BENCH_PAGE) != 0)
			return -1;
	}
	return spent;
}

/* How many times as much two threads do in the time of one: of several rounds, which take the same
 * frames, the fastest of each. */
static double threads(struct bench *bench, bool one_space)
{
	struct vas_space *other = bench->space;
	double alone = INFINITY, both = INFINITY;
	struct worker workers[2];

	if (!one_space && vas_machine_space(bench->machine, NULL, &other) != 0)
		return -1;
	for (int round = 0; round < BENCH_ROUNDS; round++) {
		workers[0] = (struct worker){ .space = bench->space };
		workers[1] = (struct worker){ .space = other };
		alone = lesser(alone, fault_along(workers, 1, bench->pages));
		both = lesser(both, fault_along(workers, 2, bench->pages));
	}
	if (!one_space)
		vas_space_destroy(other);
	return alone < 0 || both < 0 ? -1 : 2 * alone / both;
}

/* ---- fork and reclaim ---- */

/* ns of one fork; the child's end is not timed. */
static double time_fork(struct vas_space *space)
{
	uint64_t start = wall_ns(), spent;
	struct vas_space *child;

	if (vas_fork(space, &child) != 0)
		return -1;
	spent = wall_ns() - start;
	vas_space_destroy(child);
	return (double)spent;
}

static double fork_areas(struct bench *bench)
{
	double few = time_fork(bench->space), many;

	for (size_t i = 0; i < BENCH_AREAS; i++) {
		struct vas_map map = { .length = BENCH_PAGE,
				       .prot = (i & 1) != 0 ? VAS_READ : VAS_READ | VAS_WRITE,
				       .flags = VAS_PRIVATE | VAS_ANONYMOUS };
		uint64_t at = 0;

		if (vas_map(bench->space, &map, &at) != 0)
			return -1;
	}
	(void)time_fork(bench->space);
	many = time_fork(bench->space);
	return few < 0 || many < 0 ? -1 : (many - few) / BENCH_AREAS;
}

static double fork_pages(struct bench *bench)
{
	uint64_t at = map(bench->space, NULL, bench->pages, VAS_PRIVATE);
	double none = time_fork(bench->space), all;

	if (at == 0 || touch(bench->space, at, bench->pages, VAS_ACCESS_WRITE) < 0)
		return -1;
	(void)time_fork(bench->space);
	all = time_fork(bench->space);
	return none < 0 || all < 0 ? -1 : (all - none) / (double)bench->pages;
}

static double reclaim(struct bench *bench, struct vas_file *file)
{
	uint64_t at = map(bench->space, file, bench->pages, VAS_PRIVATE);
	enum vas_access access = file == NULL ? VAS_ACCESS_WRITE : VAS_ACCESS_READ;
	uint64_t start;
	size_t freed;

	if (at == 0 || touch(bench->space, at, bench->pages, access) < 0)
		return -1;
	start = wall_ns();
	freed = vas_machine_reclaim(bench->machine, bench->pages, NULL);
	return freed == 0 ? -1 : (double)(wall_ns() - start) / (double)freed;
}

static double run(struct bench *bench, enum bench_memory_work work)
{
	switch (work) {
	case BENCH_PAIR:
		return pair(bench, false);
	case BENCH_PAIR_TOUCHED:
		return pair(bench, true);
	case BENCH_TWO_SPACES:
		return threads(bench, false);
	case BENCH_TWO_THREADS:
		return threads(bench, true);
	case BENCH_FORK_AREA:
		return fork_areas(bench);
	case BENCH_FORK_PAGE:
		return fork_pages(bench);
	case BENCH_RECLAIM_FILE:
		return reclaim(bench, bench->file);
	case BENCH_RECLAIM_PRIVATE:
		return reclaim(bench, NULL);
	default:
		return fastest_fault(bench, work);
	}
}

double bench_memory_library(const struct bench_memory_options *options, enum bench_memory_work work)
{
	struct bench bench;
	double result = -1;

	if (work == BENCH_TRAP)
		return -1;
	if (open_bench(&bench, options)) {
		/* The frames' memory comes from the host with a first use that is not ours. */
		uint64_t at = map(bench.space, NULL, 4 * bench.pages, VAS_PRIVATE);

		if (at != 0 && touch(bench.space, at, 4 * bench.pages, VAS_ACCESS_WRITE) >= 0 &&
		    vas_unmap(bench.space, at, 4 * bench.pages * BENCH_PAGE) == 0)
			result = run(&bench, work);
	}
	close_bench(&bench);
	return result;
}
