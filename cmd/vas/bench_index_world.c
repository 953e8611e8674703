/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* `vas bench index`: the areas that all structures work on, and the random choices. */

#include "bench_index.h"
#include "bench_index_pool.h"

#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>

#include "clock.h"

#define PAGE	     VAS_PAGE_SIZE
#define TOP	     (UINT64_C(1) << 47)
#define LEAST_ORDERS ((size_t)1 << 16) /* areas in all random orders together, at least */

uint64_t bench_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t bench_now(void)
{
	return wall_ns();
}

uint64_t bench_spent(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static void shuffle(uint32_t *numbers, size_t n, uint64_t *random)
{
	for (size_t i = 0; i < n; i++)
		numbers[i] = (uint32_t)i;
	for (size_t i = n; i > 1; i--) {
		size_t other = bench_random(random) % i;
		uint32_t number = numbers[i - 1];

		numbers[i - 1] = numbers[other];
		numbers[other] = number;
	}
}

/* Areas in pairs that touch, each pair in a cell of its own: TOP / (n / 2) bytes. The last one
 * reaches to the top, where processes have their stack. */
static void lay_out(struct bench_world *world, uint64_t *random)
{
	uint64_t cell = TOP / ((world->n + 1) / 2) / PAGE, at = 0, length;

	for (size_t i = 0; i < world->n; i++) {
		length = 3 + bench_random(random) % (cell / 4);
		if (i % 2 == 0)
			at = i / 2 * cell + 1 + bench_random(random) % (cell / 4);
		world->ranges[i].start = at * PAGE;
		at += length;
		world->ranges[i].end = at * PAGE;
	}
	world->ranges[world->n - 1].end = TOP;
}

/* The length of a random hole before a range. */
static uint64_t some_hole(const struct bench_world *world, uint64_t *random)
{
	size_t which = bench_random(random) % ((world->n + 1) / 2) * 2;

	return world->ranges[which].start - (which != 0 ? world->ranges[which - 1].end : PAGE);
}

/* Whole huge pages: all structures have their areas and their nodes in such, as in a kernel. */
static size_t arena_bytes(size_t n)
{
	return ((n + 2) * BENCH_OBJECT + BENCH_CHUNK - 1) / BENCH_CHUNK * BENCH_CHUNK;
}

bool bench_world_create(struct bench_world *world, size_t n, uint64_t seed)
{
	*world = (struct bench_world){ .n = n, .orders = 2 + LEAST_ORDERS / n };
	world->ranges = malloc(n * sizeof(*world->ranges));
	world->place = malloc((n + 2) * sizeof(*world->place));
	world->order = malloc(world->orders * n * sizeof(*world->order));
	world->inside = malloc(BENCH_ADDRESSES * sizeof(*world->inside));
	world->anywhere = malloc(BENCH_ADDRESSES * sizeof(*world->anywhere));
	world->holes = malloc(BENCH_CHOICES * sizeof(*world->holes));
	world->choice = malloc(BENCH_CHOICES * sizeof(*world->choice));
	world->arena = bench_map_huge(arena_bytes(n));
	if (world->ranges == NULL || world->place == NULL || world->order == NULL ||
	    world->inside == NULL || world->anywhere == NULL || world->holes == NULL ||
	    world->choice == NULL || world->arena == NULL) {
		bench_world_free(world);
		return false;
	}
	memset(world->arena, 0, arena_bytes(n));
	lay_out(world, &seed);
	shuffle(world->place, n + 2, &seed);
	for (size_t i = 0; i < world->orders; i++)
		shuffle(world->order + i * n, n, &seed);
	for (size_t i = 0; i < BENCH_ADDRESSES; i++) {
		const struct vas_range *range = &world->ranges[bench_random(&seed) % n];

		world->inside[i] = range->start + bench_random(&seed) % vas_range_length(*range);
		world->anywhere[i] = bench_random(&seed) % TOP;
	}
	for (size_t i = 0; i < BENCH_CHOICES; i++) {
		world->holes[i] = some_hole(world, &seed);
		world->choice[i] = (uint32_t)(bench_random(&seed) % n);
	}
	return true;
}

void bench_world_free(struct bench_world *world)
{
	free(world->ranges);
	free(world->place);
	free(world->order);
	free(world->inside);
	free(world->anywhere);
	free(world->holes);
	free(world->choice);
	if (world->arena != NULL)
		munmap(world->arena, arena_bytes(world->n));
}
