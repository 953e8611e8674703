/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The workloads of `vas bench index`.
 *
 * Every design gets the same areas, objects at the same places in memory and the same random
 * choices, and a sum over all answers is kept, so that a design that answers wrongly, or does less
 * work, is seen. Short phases are repeated, and what reading the clock costs is taken off.
 */

#include "bench_index.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sys/mman.h>

#define OBJECT		 ((size_t)192)
#define PAGE		 VAS_PAGE_SIZE
#define TOP		 (UINT64_C(1) << 47)
#define LEAST_OPERATIONS ((size_t)1 << 15) /* a phase is repeated until it did so many */

uint64_t bench_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t bench_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* Processor time, so that a program that runs beside this one takes no part in the figure. */
static uint64_t bench_cpu(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
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

bool bench_world_create(struct bench_world *world, size_t n, uint64_t seed)
{
	size_t bytes = (n + 2) * OBJECT;

	*world = (struct bench_world){ .n = n, .orders = 2 + 2 * LEAST_OPERATIONS / n };
	world->ranges = malloc(n * sizeof(*world->ranges));
	world->place = malloc((n + 2) * sizeof(*world->place));
	world->order = malloc(world->orders * n * sizeof(*world->order));
	world->inside = malloc(BENCH_CHOICES * sizeof(*world->inside));
	world->anywhere = malloc(BENCH_CHOICES * sizeof(*world->anywhere));
	world->holes = malloc(BENCH_CHOICES * sizeof(*world->holes));
	world->choice = malloc(BENCH_CHOICES * sizeof(*world->choice));
	world->arena =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (world->arena == MAP_FAILED)
		world->arena = NULL;
	if (world->ranges == NULL || world->place == NULL || world->order == NULL ||
	    world->inside == NULL || world->anywhere == NULL || world->holes == NULL ||
	    world->choice == NULL || world->arena == NULL) {
		bench_world_free(world);
		return false;
	}
	madvise(world->arena, bytes, MADV_NOHUGEPAGE);
	memset(world->arena, 0, bytes);
	lay_out(world, &seed);
	shuffle(world->place, n + 2, &seed);
	for (size_t i = 0; i < world->orders; i++)
		shuffle(world->order + i * n, n, &seed);
	for (size_t i = 0; i < BENCH_CHOICES; i++) {
		const struct vas_range *range = &world->ranges[bench_random(&seed) % n];

		world->inside[i] = range->start + bench_random(&seed) % vas_range_length(*range);
		world->anywhere[i] = bench_random(&seed) % TOP;
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
		munmap(world->arena, (world->n + 2) * OBJECT);
}

/* One design at work. */
struct subject {
	const struct bench_world *world;
	const char *design;
	struct vas_index *index;
	struct vas_range *
		*ranges; /* the objects, by number of the area; two spare ones at the end */
	uint64_t clock_cost;
	bool no_memory;
};

static struct bench_area *area_of(const struct vas_range *range)
{
	return (struct bench_area *)(uintptr_t)range;
}

/* What a search that found `range` adds to the checksum. */
static uint64_t token(const struct vas_range *range)
{
	return range != NULL ? range->start : 1;
}

static void reset_areas(struct subject *subject)
{
	const struct bench_world *world = subject->world;
	size_t link = vas_index_link_bytes(subject->design);

	for (size_t i = 0; i < world->n + 2; i++) {
		char *object = world->arena + world->place[i] * OBJECT;

		subject->ranges[i] = (struct vas_range *)(void *)(object + link);
		if (i < world->n)
			*subject->ranges[i] = world->ranges[i];
		area_of(subject->ranges[i])->id = i;
	}
}

static uint64_t since(const struct subject *subject, uint64_t start)
{
	uint64_t spent = bench_cpu() - start;

	return spent > subject->clock_cost ? spent - subject->clock_cost : 0;
}

/* What `since` gives for nothing at all. */
static uint64_t clock_cost(void)
{
	uint64_t total = 0;

	for (int i = 0; i < 1000; i++) {
		uint64_t start = bench_cpu();

		total += bench_cpu() - start;
	}
	return total / 1000;
}

static void insert(struct subject *subject, struct vas_range *range)
{
	if (vas_index_reserve(subject->index, 1) != 0) {
		subject->no_memory = true;
		return;
	}
	vas_index_insert(subject->index, range);
}

static bool create(struct subject *subject)
{
	int err = vas_index_create(subject->design, &vas_libc_allocator, &subject->index);

	subject->no_memory = subject->no_memory || err != 0;
	return err == 0;
}

/* `order`: NULL for ascending. */
static void insert_all(struct subject *subject, const uint32_t *order)
{
	for (size_t i = 0; i < subject->world->n && !subject->no_memory; i++)
		insert(subject, subject->ranges[order != NULL ? order[i] : i]);
}

/* Finds each by an address, as munmap has to, and takes it out. Returns the sum of what was found.
 */
static uint64_t erase_all(struct subject *subject, const uint32_t *order)
{
	const struct bench_world *world = subject->world;
	uint64_t sum = 0;

	for (size_t i = 0; i < world->n; i++) {
		uint64_t address = world->ranges[order[i]].end - 1;
		struct vas_range *range = vas_index_find(subject->index, address);

		vas_index_erase(subject->index, range);
		sum = sum * 3 + range->start;
	}
	return sum;
}

/* Another order each time: a processor learns a short one by heart. */
static const uint32_t *order_of(const struct bench_world *world, size_t turn)
{
	return world->order + turn % world->orders * world->n;
}

static size_t rounds_of(const struct subject *subject)
{
	return 1 + LEAST_OPERATIONS / subject->world->n;
}

static void set(struct bench_result *result, enum figure figure, uint64_t ns, size_t operations,
		uint64_t checksum)
{
	result->value[figure] = (double)ns / (double)operations;
	result->checksum[figure] = checksum;
	result->done[figure] = true;
}

/* Builds and tears down, in random order; leaves an index with all areas. */
static void bench_build(struct subject *subject, struct bench_result *result)
{
	size_t rounds = rounds_of(subject), operations = rounds * subject->world->n;
	uint64_t inserts = 0, erases = 0, ascending = 0, sum = 0, start;

	for (size_t round = 0; round < rounds && !subject->no_memory; round++) {
		const struct bench_world *world = subject->world;

		start = bench_cpu();
		insert_all(subject, order_of(world, 2 * round));
		inserts += since(subject, start);
		if (subject->no_memory)
			return;
		if (round == 0)
			result->value[BYTES] = (double)vas_index_bytes(subject->index);
		start = bench_cpu();
		sum += erase_all(subject, order_of(world, 2 * round + 1));
		erases += since(subject, start);
		start = bench_cpu();
		insert_all(subject, NULL);
		ascending += since(subject, start);
		erase_all(subject, order_of(world, 2 * round + 1));
	}
	result->value[BYTES] /= (double)subject->world->n;
	result->done[BYTES] = true;
	set(result, INSERT, inserts, operations, vas_index_count(subject->index));
	set(result, ERASE, erases, operations, sum);
	set(result, INSERT_ASCENDING, ascending, operations, vas_index_count(subject->index));
	insert_all(subject, subject->world->order);
}

static void bench_load(struct subject *subject, struct bench_result *result)
{
	size_t rounds = rounds_of(subject), n = subject->world->n;
	struct vas_index *kept = subject->index;
	uint64_t spent = 0, start, sum = 0;

	/* The first round is not counted: its memory is new to the heap. */
	for (size_t round = 0; round <= rounds; round++) {
		if (!create(subject))
			break;
		start = bench_cpu();
		if (vas_index_load(subject->index, subject->ranges, n) != 0)
			subject->no_memory = true;
		spent += round != 0 ? since(subject, start) : 0;
		sum += token(vas_index_last(subject->index));
		result->value[BYTES_LOADED] = (double)vas_index_bytes(subject->index) / (double)n;
		vas_index_destroy(subject->index);
	}
	set(result, LOAD, spent, rounds * n, sum);
	result->done[BYTES_LOADED] = true;
	subject->index = kept;
	/* Intrusive designs share the links with the index that was kept: build that again. */
	vas_index_destroy(subject->index);
	if (create(subject))
		insert_all(subject, subject->world->order);
}

static size_t finds_of(const struct subject *subject)
{
	return subject->world->n > 1000 ? 2 * BENCH_CHOICES : BENCH_CHOICES;
}

static void bench_find(struct subject *subject, struct bench_result *result)
{
	const struct bench_world *world = subject->world;
	const struct vas_index *index = subject->index;
	size_t finds = finds_of(subject);
	struct vas_range *range;
	uint64_t start, sum = 0;

	start = bench_cpu();
	for (size_t i = 0; i < finds; i++)
		sum += (uint64_t)(uintptr_t)vas_index_find(index, world->inside[i % BENCH_CHOICES]);
	set(result, FIND, since(subject, start), finds,
	    sum - finds * vas_index_link_bytes(subject->design) - (uintptr_t)world->arena * finds);

	sum = 0;
	range = NULL;
	start = bench_cpu();
	for (size_t i = 0; i < finds; i++) {
		size_t which = (i + ((uintptr_t)range >> 63)) % BENCH_CHOICES;

		range = vas_index_find(index, world->inside[which]);
		sum += (uintptr_t)range;
	}
	set(result, FIND_DEPENDENT, since(subject, start), finds,
	    sum - finds * vas_index_link_bytes(subject->design) - (uintptr_t)world->arena * finds);

	sum = 0;
	start = bench_cpu();
	for (size_t i = 0; i < finds; i++)
		sum += area_of(vas_index_find(index, world->inside[i % BENCH_CHOICES]))->id;
	set(result, FIND_READ, since(subject, start), finds, sum);

	sum = 0;
	start = bench_cpu();
	for (size_t i = 0; i < finds; i++) {
		range = vas_index_find_ge(index, world->anywhere[i % BENCH_CHOICES]);
		sum += (uintptr_t)range - (range != NULL ? (uintptr_t)world->arena : 0);
		sum -= range != NULL ? vas_index_link_bytes(subject->design) : 0;
	}
	set(result, FIND_GE, since(subject, start), finds, sum);
}

static void bench_iterate(struct subject *subject, struct bench_result *result)
{
	size_t rounds = rounds_of(subject), n = subject->world->n;
	struct vas_cursor cursor;
	struct vas_range *range;
	uint64_t start, sum = 0;

	start = bench_cpu();
	for (size_t round = 0; round < rounds; round++) {
		vas_cursor_seek(&cursor, subject->index, 0);
		while ((range = vas_cursor_next(&cursor)) != NULL)
			sum += (uintptr_t)range - (uintptr_t)subject->ranges[0];
	}
	set(result, ITERATE, since(subject, start), rounds * n, sum);

	sum = 0;
	start = bench_cpu();
	for (size_t round = 0; round < rounds; round++) {
		vas_cursor_seek(&cursor, subject->index, 0);
		while ((range = vas_cursor_next(&cursor)) != NULL)
			sum += area_of(range)->id;
	}
	set(result, ITERATE_READ, since(subject, start), rounds * n, sum);
}

static const struct vas_gap whole = {
	.low = PAGE,
	.high = TOP,
	.direction = VAS_TOP_DOWN,
	.fit = VAS_FIT_LINUX,
};

/* Requests of 1, 16 and 512 pages, and of 512 aligned ones, a quarter each. */
static void set_request(struct vas_gap *gap, uint32_t choice)
{
	static const uint64_t pages[] = { 1, 16, 512, 512 };

	gap->length = pages[choice % 4] * PAGE;
	gap->align = choice % 4 == 3 ? 512 * PAGE : 0;
}

/*
 * In the whole space: as long as a random one of the holes is, so that it may have to look far. In
 * a window: where that lies makes the difference.
 */
static void bench_gap(struct subject *subject, struct bench_result *result)
{
	const struct bench_world *world = subject->world;
	size_t searches = finds_of(subject);
	struct vas_gap gap = whole;
	uint64_t start, sum = 0, address;

	start = bench_cpu();
	for (size_t i = 0; i < searches; i++) {
		gap.length = world->holes[i % BENCH_CHOICES];
		if (vas_index_gap(subject->index, &gap, &address))
			sum += address;
	}
	set(result, GAP, since(subject, start), searches, sum);

	sum = 0;
	start = bench_cpu();
	for (size_t i = 0; i < searches; i++) {
		set_request(&gap, world->choice[i % BENCH_CHOICES]);
		gap.low = world->anywhere[i % BENCH_CHOICES] / 16 * 15;
		gap.high = gap.low + TOP / 16;
		if (vas_index_gap(subject->index, &gap, &address))
			sum += address;
	}
	set(result, GAP_WINDOW, since(subject, start), searches, sum);
}

/* One area goes at the top of the highest gap, then a random one is unmapped. */
static uint64_t churn(struct subject *subject, size_t cycles)
{
	const struct bench_world *world = subject->world;
	struct vas_range **spare = &subject->ranges[world->n], *range;
	struct vas_gap gap = whole;
	uint64_t address, sum = 0;

	for (size_t i = 0; i < cycles && !subject->no_memory; i++) {
		uint32_t choice = world->choice[i % BENCH_CHOICES];

		set_request(&gap, (uint32_t)(i * 7 + choice));
		if (!vas_index_gap(subject->index, &gap, &address))
			continue;
		sum += address;
		range = *spare;
		range->start = address;
		range->end = address + gap.length;
		insert(subject, range);
		*spare = subject->ranges[choice];
		vas_index_erase(subject->index, *spare);
		subject->ranges[choice] = range;
	}
	return sum;
}

/* Leaves the areas where they are then. */
static void bench_churn(struct subject *subject, struct bench_result *result)
{
	size_t n = subject->world->n, cycles = BENCH_CHOICES;
	uint64_t start, sum;

	churn(subject, 2 * n < 4 * BENCH_CHOICES ? 2 * n : 4 * BENCH_CHOICES);
	start = bench_cpu();
	sum = churn(subject, cycles);
	set(result, CHURN, since(subject, start), cycles, sum);
}

/* What is at an address becomes three, and one again. Returns its end. */
static uint64_t split_and_merge(struct subject *subject, uint64_t address)
{
	struct vas_range *range = vas_index_find(subject->index, address);
	struct vas_range *middle = subject->ranges[subject->world->n];
	struct vas_range *high = subject->ranges[subject->world->n + 1];
	uint64_t start = range->start, end = range->end;
	uint64_t third = (end - start) / 3 / PAGE * PAGE;

	if (vas_index_reserve(subject->index, 2) != 0) {
		subject->no_memory = true;
		return 0;
	}
	vas_index_resize(subject->index, range, start, start + third);
	*middle = (struct vas_range){ start + third, start + 2 * third };
	vas_index_insert(subject->index, middle);
	*high = (struct vas_range){ start + 2 * third, end };
	vas_index_insert(subject->index, high);

	vas_index_erase(subject->index, high);
	vas_index_erase(subject->index, middle);
	vas_index_resize(subject->index, range, start, end);
	return end;
}

static void bench_split(struct subject *subject, struct bench_result *result)
{
	const struct bench_world *world = subject->world;
	size_t splits = BENCH_CHOICES;
	uint64_t start, sum = 0;

	start = bench_cpu();
	for (size_t i = 0; i < splits && !subject->no_memory; i++)
		sum += split_and_merge(subject, world->inside[i]);
	set(result, SPLIT_MERGE, since(subject, start), splits, sum);
}

bool bench_run(const struct bench_world *world, const char *design, uint32_t wanted,
	       struct bench_result *result)
{
	struct subject subject = { .world = world, .design = design, .clock_cost = clock_cost() };

	subject.ranges = malloc((world->n + 2) * sizeof(*subject.ranges));
	if (subject.ranges == NULL)
		return false;
	*result = (struct bench_result){ 0 };
	reset_areas(&subject);
	if (create(&subject)) {
		if (wanted & (1u << INSERT | 1u << ERASE | 1u << INSERT_ASCENDING | 1u << BYTES))
			bench_build(&subject, result);
		else
			insert_all(&subject, world->order);
		if (wanted & (1u << FIND | 1u << FIND_DEPENDENT | 1u << FIND_READ | 1u << FIND_GE))
			bench_find(&subject, result);
		if (wanted & (1u << ITERATE | 1u << ITERATE_READ))
			bench_iterate(&subject, result);
		if (wanted & (1u << GAP | 1u << GAP_WINDOW))
			bench_gap(&subject, result);
		if (wanted & 1u << SPLIT_MERGE)
			bench_split(&subject, result);
		if (wanted & (1u << LOAD | 1u << BYTES_LOADED))
			bench_load(&subject, result);
		if (wanted & 1u << CHURN)
			bench_churn(&subject, result);
		vas_index_destroy(subject.index);
	}
	free(subject.ranges);
	return !subject.no_memory;
}
