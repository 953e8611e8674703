/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Old quarrels about where mappings should go, as work for every index design. W15: what made Linux
 * 2.6.12 remember the largest hole below its free-area cache. (W16 stands in test_where.c.)
 *
 * The design "list-cache" chooses other gaps than the rest; here it runs beside them.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

#define MIB (UINT64_C(1) << 20)

/* A plain space of a design; nobody listens, and no huge pages meddle. */
static struct vas_space *plain_space(struct vas_settings *settings, const char *design,
				     enum vas_direction direction)
{
	struct vas_space_config config;
	struct vas_space *space;

	vas_settings_default(settings);
	settings->huge_pages = false;
	vas_space_default(&config, settings);
	config.index = design;
	config.layout.direction = direction;
	assert_ok(vas_space_create(&config, &space));
	return space;
}

static uint64_t map(struct vas_space *space, uint64_t length, uint32_t prot, uint32_t flags)
{
	struct vas_map map = { length, prot, VAS_PRIVATE | VAS_ANONYMOUS | flags, NULL, 0 };
	uint64_t address = 0;

	assert_ok(vas_map(space, &map, &address));
	return address;
}

static uint64_t area_count(const struct vas_space *space)
{
	struct vas_counts counts;

	vas_space_count(space, &counts);
	return counts.areas;
}

typedef void design_fn(const char *design, enum vas_direction direction);

static void for_all_designs(design_fn *test)
{
	const char *const *lists[] = { vas_index_designs(), vas_index_historic_designs() };

	for (size_t i = 0; i < 2; i++) {
		for (const char *const *design = lists[i]; *design != NULL; design++) {
			test(*design, VAS_TOP_DOWN);
			test(*design, VAS_BOTTOM_UP);
		}
	}
}

/*
 *	1111222233334444 5555	4, 2 and 3 are freed, in this order
 *	1111............ 5555	the next one belongs beside 1, where it leaves a hole of two
 */
static void five_regions_of(const char *design, enum vas_direction direction)
{
	struct vas_settings settings;
	struct vas_space *space = plain_space(&settings, design, direction);
	uint64_t regions[5];

	for (size_t i = 0; i < 5; i++)
		regions[i] = map(space, MIB, RW, 0);
	assert_ok(vas_unmap(space, regions[3], MIB));
	assert_ok(vas_unmap(space, regions[1], MIB));
	assert_ok(vas_unmap(space, regions[2], MIB));
	assert_int_equal(map(space, MIB, RW, 0), regions[1]);
	assert_int_equal(map(space, 2 * MIB, RW, 0),
			 direction == VAS_TOP_DOWN ? regions[3] : regions[2]);
	assert_int_equal(area_count(space), 1);
	vas_space_destroy(space);
}

static void five_regions(void **state)
{
	(void)state;
	for_all_designs(five_regions_of);
}

/*
 * Small and large mappings come and go, 50,000 times, 64 at a time. What counts is how many areas
 * they lie in, for mappings that touch are one.
 */
enum { LEAK_STEPS = 50000, LEAK_SLOTS = 64 };

static uint64_t fragments(const char *design, enum vas_direction direction, uint64_t *sum)
{
	struct vas_settings settings;
	struct vas_space *space = plain_space(&settings, design, direction);
	struct vas_range slots[LEAK_SLOTS] = { { 0, 0 } };
	uint64_t random = 15, most = 0;

	*sum = 0;
	for (size_t step = 0; step < LEAK_STEPS; step++) {
		struct vas_range *slot;
		uint64_t length, areas;

		random = random * UINT64_C(6364136223846793005) + 1;
		slot = &slots[(random >> 33) % LEAK_SLOTS];
		if (slot->end != 0)
			assert_ok(vas_unmap(space, slot->start, vas_range_length(*slot)));
		length = ((random >> 45) % 8 == 0 ? 256 : 1 + (random >> 50) % 16) * VAS_PAGE_SIZE;
		slot->start = map(space, length, RW, 0);
		slot->end = slot->start + length;
		areas = area_count(space);
		*sum += areas;
		if (areas > most)
			most = areas;
	}
	assert_true(vas_space_validate(space, &fixture_printer));
	vas_space_destroy(space);
	return most;
}

static void coming_and_going(void **state)
{
	const char *const *designs = vas_index_designs();
	const char *const *historic = vas_index_historic_designs();
	const enum vas_direction both[] = { VAS_TOP_DOWN, VAS_BOTTOM_UP };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint64_t sum, first_sum, most = fragments(designs[0], both[i], &first_sum);

		for (size_t d = 1; designs[d] != NULL; d++) {
			assert_int_equal(fragments(designs[d], both[i], &sum), most);
			assert_int_equal(sum, first_sum);
		}
		assert_true(most < LEAK_SLOTS);
		for (size_t d = 0; historic[d] != NULL; d++) {
			uint64_t its = fragments(historic[d], both[i], &sum);

			print_message("# %s: at most %llu areas, on average %llu; %s: %llu, %llu\n",
				      designs[0], (unsigned long long)most,
				      (unsigned long long)(first_sum / LEAK_STEPS), historic[d],
				      (unsigned long long)its,
				      (unsigned long long)(sum / LEAK_STEPS));
			assert_true(its < 2 * LEAK_SLOTS);
		}
	}
}

/*
 * 20,000 threads with 8 MiB of stack and a guard page each; every other one ends, and as many begin
 * anew: they must find the holes. (Lists look at many areas for each: fewer threads.)
 */
enum { THREADS = 20000, THREADS_OF_LIST = 1000 };

static uint64_t new_stack(struct vas_space *space)
{
	uint64_t stack = map(space, 8 * MIB, VAS_NONE, VAS_STACK | VAS_NORESERVE);

	assert_ok(vas_protect(space, stack + VAS_PAGE_SIZE, 8 * MIB - VAS_PAGE_SIZE, RW, -1));
	return stack;
}

static void stacks_of(const char *design, enum vas_direction direction)
{
	size_t count = strncmp(design, "list", 4) == 0 ? THREADS_OF_LIST : THREADS;
	uint64_t *stacks = calloc(count, sizeof(*stacks));
	struct vas_settings settings;
	struct vas_space *space = plain_space(&settings, design, direction);
	uint64_t low, high;

	assert_non_null(stacks);
	for (size_t i = 0; i < count; i++)
		stacks[i] = new_stack(space);
	assert_int_equal(area_count(space), 2 * count);
	low = stacks[0] < stacks[count - 1] ? stacks[0] : stacks[count - 1];
	high = low + count * 8 * MIB;
	for (size_t i = 0; i < count; i += 2)
		assert_ok(vas_unmap(space, stacks[i], 8 * MIB));
	for (size_t i = 0; i < count; i += 2) {
		uint64_t stack = new_stack(space);

		assert_true(stack >= low && stack < high);
	}
	assert_int_equal(area_count(space), 2 * count);
	vas_space_destroy(space);
	free(stacks);
}

static void thread_stacks(void **state)
{
	(void)state;
	for_all_designs(stacks_of);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_regions),
		cmocka_unit_test(coming_and_going),
		cmocka_unit_test(thread_stacks),
	};

	return cmocka_run_group_tests_name("workloads", tests, NULL, NULL);
}
