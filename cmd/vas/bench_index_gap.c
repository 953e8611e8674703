/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * What the tree costs, and what losing the free-area cache costs: the question that the cover
 * letter of the augmented tree (2012) left open, on workloads like those by which the cache was
 * judged in 2005 (Wander's leakme and test_str02; the sources are lost, the shapes are known).
 *
 *   leak    many small and large areas come and go, some small ones stay
 *   stacks  twenty thousand thread stacks of 2 MiB with a guard page, then a tenth of them end and
 *           as many begin
 *
 * Searches and changes are timed apart, by reading the clock around each; that cost is taken off.
 */

#include "bench_index.h"

#include <stdlib.h>
#include <string.h>

#define PAGE  VAS_PAGE_SIZE
#define LOW   (UINT64_C(1) << 30)
#define HIGH  (UINT64_C(1) << 47)
#define SPARE ((size_t)1 << 16) /* ranges at a time, at most */

/* A sum of times, and of how many. */
struct timer {
	uint64_t ns;
	size_t samples;
};

/* Another program had the processor meanwhile: no single call takes so long. */
#define INTERRUPTED_NS 2000000

static void account(struct timer *timer, uint64_t start, uint64_t clock_cost)
{
	uint64_t spent = bench_now() - start;

	if (spent >= INTERRUPTED_NS)
		return;
	timer->ns += spent > clock_cost ? spent - clock_cost : 0;
	timer->samples++;
}

static double mean(const struct timer *timer)
{
	return timer->samples != 0 ? (double)timer->ns / (double)timer->samples : 0;
}

/* One run over one design. */
struct policy_run {
	const char *design;
	struct vas_index *index;
	enum vas_direction direction;
	size_t link_bytes;
	char *objects;
	/* Numbers of objects that are free, and of those in use, in no order. */
	uint32_t *unused, *used;
	size_t unused_count, used_count;
	struct timer gaps, changes;
	uint64_t clock_cost;
	size_t failed;
	uint64_t state;
	bool no_memory;
};

static struct vas_range *range_number(const struct policy_run *run, uint32_t number)
{
	size_t each = run->link_bytes + sizeof(struct vas_range);

	return (struct vas_range *)(void *)(run->objects + number * each + run->link_bytes);
}

/* Maps [start, end); returns the number of its object. */
static uint32_t put(struct policy_run *run, uint64_t start, uint64_t end)
{
	uint32_t number = run->unused[--run->unused_count];
	struct vas_range *range = range_number(run, number);
	uint64_t before = bench_now();

	*range = (struct vas_range){ start, end };
	if (vas_index_reserve(run->index, 1) != 0)
		run->no_memory = true;
	else
		vas_index_insert(run->index, range);
	account(&run->changes, before, run->clock_cost);
	run->used[run->used_count++] = number;
	return number;
}

static void take(struct policy_run *run, size_t place)
{
	uint32_t number = run->used[place];
	uint64_t before = bench_now();

	vas_index_erase(run->index, range_number(run, number));
	account(&run->changes, before, run->clock_cost);
	run->used[place] = run->used[--run->used_count];
	run->unused[run->unused_count++] = number;
}

static bool search(struct policy_run *run, uint64_t length, uint64_t *address)
{
	const struct vas_gap gap = {
		.length = length,
		.low = LOW,
		.high = HIGH,
		.direction = run->direction,
	};
	uint64_t before = bench_now();
	bool found = vas_index_gap(run->index, &gap, address);

	account(&run->gaps, before, run->clock_cost);
	run->failed += !found;
	return found;
}

static bool room(const struct policy_run *run)
{
	return !run->no_memory && run->unused_count > 2;
}

/*
 * Each turn maps a large area of 1 to 4 MiB and a small one of 1 to 16 pages, and unmaps the large
 * one; half of the time a random small one goes too.
 */
static void leak(struct policy_run *run)
{
	uint64_t address;

	for (int turn = 0; turn < 10000 && room(run); turn++) {
		uint64_t length = (256 + bench_random(&run->state) % 768) * PAGE;
		bool large = search(run, length, &address);

		if (large)
			put(run, address, address + length);
		length = (1 + bench_random(&run->state) % 16) * PAGE;
		if (search(run, length, &address))
			put(run, address, address + length);
		/* The large one stands right before the small one, which came last. */
		if (large && run->used_count >= 2)
			take(run, run->used_count - 2);
		if (turn % 2 != 0 && run->used_count != 0)
			take(run, bench_random(&run->state) % run->used_count);
	}
}

static void start_thread(struct policy_run *run)
{
	uint64_t length = (UINT64_C(2) << 20) + PAGE, address;

	if (!search(run, length, &address))
		return;
	put(run, address, address + PAGE);
	put(run, address + PAGE, address + length);
}

/* A guard and its stack stand at an even place and the next, and both go. */
static void end_thread(struct policy_run *run)
{
	size_t place = bench_random(&run->state) % (run->used_count / 2) * 2;

	take(run, place + 1);
	take(run, place);
	/* take() filled the two places with the last two, the other way round. */
	if (place + 1 < run->used_count) {
		uint32_t number = run->used[place];

		run->used[place] = run->used[place + 1];
		run->used[place + 1] = number;
	}
}

static void stacks(struct policy_run *run)
{
	for (int i = 0; i < 20000 && room(run); i++)
		start_thread(run);
	for (int i = 0; i < 2000; i++)
		end_thread(run);
	for (int i = 0; i < 2000 && room(run); i++)
		start_thread(run);
}

/* How the address space looks at the end. */
static void survey(const struct policy_run *run, struct bench_policy *policy)
{
	struct vas_cursor cursor;
	const struct vas_range *range;
	uint64_t end = 0, first = 0;

	vas_cursor_seek(&cursor, run->index, 0);
	while ((range = vas_cursor_next(&cursor)) != NULL) {
		if (policy->areas == 0)
			first = range->start;
		if (policy->areas == 0 || range->start != end)
			policy->areas++;
		end = range->end;
	}
	policy->span = end - first;
	policy->gap_ns = mean(&run->gaps);
	policy->change_ns = mean(&run->changes);
	policy->failed = run->failed;
}

static uint64_t cost_of_clock(void)
{
	uint64_t start = bench_now();

	for (int i = 0; i < 1000; i++)
		bench_now();
	return (bench_now() - start) / 1001;
}

bool bench_policy_run(const struct bench_policy_work *work, const char *design,
		      enum vas_direction direction, struct bench_policy *policy)
{
	struct policy_run run = {
		.design = design,
		.direction = direction,
		.link_bytes = vas_index_link_bytes(design),
		.clock_cost = cost_of_clock(),
		.unused_count = SPARE,
		.state = 2005,
	};

	*policy = (struct bench_policy){ 0 };
	run.objects = malloc(SPARE * (run.link_bytes + sizeof(struct vas_range)));
	run.unused = malloc(SPARE * sizeof(*run.unused));
	run.used = malloc(SPARE * sizeof(*run.used));
	run.no_memory = run.objects == NULL || run.unused == NULL || run.used == NULL ||
			vas_index_create(design, &vas_libc_allocator, &run.index) != 0;
	if (!run.no_memory) {
		for (uint32_t i = 0; i < SPARE; i++)
			run.unused[i] = i;
		work->run(&run);
		survey(&run, policy);
	}
	vas_index_destroy(run.index);
	free(run.objects);
	free(run.unused);
	free(run.used);
	return !run.no_memory;
}

const struct bench_policy_work bench_policy_works[] = {
	{ "leak", "10,000 turns of one large and one small area", leak },
	{ "stacks", "20,000 thread stacks, 2,000 end, 2,000 begin", stacks },
	{ NULL, NULL, NULL },
};
