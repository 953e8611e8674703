/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Every anonymous design on the toy machine: after each step, every entry that maps a page that
 * the step may have touched must be found, once; now and then, those of all pages.
 *
 * VAS_SEED chooses the run, VAS_STEPS how long it is (all designs together), VAS_DESIGN one design.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "toy.h"

enum { STEPS = 1000000, SPACES = 24, WIDE = 1000 };

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

static bool chosen(const struct vas_anon_rmap_design *design)
{
	const char *name = getenv("VAS_DESIGN");

	return name == NULL || strcmp(name, design->name) == 0;
}

static void report(const struct toy *toy, uint64_t seed)
{
	print_message(
		"# VAS_SEED=%llu VAS_DESIGN=%s: walks %llu, candidates per hit %.2f, "
		"moved %llu, born %llu, copied %llu\n",
		(unsigned long long)seed, toy->design->name, (unsigned long long)toy->walks,
		(double)toy->candidates / (double)(toy->hits + 1), (unsigned long long)toy->moved,
		(unsigned long long)toy->births, (unsigned long long)toy->copies);
}

static size_t design_count(void)
{
	size_t count = 0;

	while (vas_anon_rmap_designs()[count] != NULL)
		count++;
	return count;
}

static void run_all(uint64_t steps, size_t spaces, bool failing)
{
	const struct vas_anon_rmap_design *const *design = vas_anon_rmap_designs();
	uint64_t seed = number("VAS_SEED", failing ? 2 : 1);

	for (; *design != NULL; design++) {
		struct toy *toy;

		if (!chosen(*design))
			continue;
		toy = toy_start(*design, seed);
		toy_run(toy, steps / design_count(), spaces, failing);
		report(toy, seed);
		toy_finish(toy);
	}
}

static void walks_find_every_mapping(void **state)
{
	(void)state;
	run_all(number("VAS_STEPS", STEPS) * 8 / 10, SPACES, false);
}

static void walks_find_every_mapping_after_steps_that_failed(void **state)
{
	(void)state;
	run_all(number("VAS_STEPS", STEPS) / 10, SPACES, true);
}

static void walks_find_every_mapping_in_a_small_family(void **state)
{
	(void)state;
	run_all(number("VAS_STEPS", STEPS) / 10, 3, false);
}

/* One parent, many children; they live on at random and exit in any order. */
static void wide_family(const struct vas_anon_rmap_design *design, uint64_t seed)
{
	struct toy *toy = toy_start(design, seed);
	struct toy_space *parent, *child;

	assert_int_equal(toy_space_new(toy, &parent), 0);
	for (uint64_t at = 32; at < 96; at += 16) {
		assert_int_equal(toy_map(parent, at, 12, at == 64 ? &toy->file : NULL), 0);
		for (uint64_t page = at; page < at + 12; page += 2)
			assert_int_equal(toy_write(parent, page), 0);
	}
	assert_int_equal(toy_remap(parent, 32, 12, 12, VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED, 100),
			 0);
	for (int i = 0; i < WIDE; i++) {
		assert_int_equal(toy_fork(parent, &child), 0);
		assert_int_equal(toy_write(child, 48 + toy_pick(toy, 12)), 0);
	}
	toy_run(toy, 200, WIDE + 10, false);
	report(toy, seed);
	while (toy->count > WIDE / 2)
		toy_exit(toy->spaces[toy_pick(toy, toy->count)]);
	toy_check(toy);
	toy_finish(toy);
}

static void walks_find_every_mapping_in_a_wide_family(void **state)
{
	const struct vas_anon_rmap_design *const *design = vas_anon_rmap_designs();

	(void)state;
	for (; *design != NULL; design++)
		if (chosen(*design))
			wide_family(*design, number("VAS_SEED", 1));
}

/* Each generation forks one child, writes, and exits. */
static void serial_family(const struct vas_anon_rmap_design *design, uint64_t seed)
{
	struct toy *toy = toy_start(design, seed);
	struct vas_anon_rmap_counts counts;
	struct toy_space *parent, *child;

	assert_int_equal(toy_space_new(toy, &parent), 0);
	assert_int_equal(toy_map(parent, 40, 8, NULL), 0);
	for (uint64_t page = 40; page < 48; page++)
		assert_int_equal(toy_write(parent, page), 0);
	for (int i = 0; i < 3000; i++) {
		assert_int_equal(toy_fork(parent, &child), 0);
		toy_exit(parent);
		assert_int_equal(toy_write(child, 40 + toy_pick(toy, 8)), 0);
		parent = child;
	}
	toy_walk_range(parent, 40, 8);
	toy_check(toy);
	toy->design->count(toy->instance, &counts);
	print_message("# %s: %llu records after 3000 generations, candidates per hit %.2f\n",
		      design->name, (unsigned long long)counts.records,
		      (double)toy->candidates / (double)(toy->hits + 1));
	toy_finish(toy);
}

static void walks_find_every_mapping_after_generations(void **state)
{
	const struct vas_anon_rmap_design *const *design = vas_anon_rmap_designs();

	(void)state;
	for (; *design != NULL; design++)
		if (chosen(*design))
			serial_family(*design, number("VAS_SEED", 1));
}

static void designs_are_found_by_name(void **state)
{
	const struct vas_anon_rmap_design *const *design = vas_anon_rmap_designs();

	(void)state;
	assert_string_equal(design[0]->name, "anon-vma-chain");
	assert_ptr_equal(vas_anon_rmap_find(NULL), design[0]);
	for (; *design != NULL; design++)
		assert_ptr_equal(vas_anon_rmap_find((*design)->name), *design);
	assert_null(vas_anon_rmap_find("anon-vma-chains"));
	assert_null(vas_anon_rmap_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(designs_are_found_by_name),
		cmocka_unit_test(walks_find_every_mapping),
		cmocka_unit_test(walks_find_every_mapping_after_steps_that_failed),
		cmocka_unit_test(walks_find_every_mapping_in_a_small_family),
		cmocka_unit_test(walks_find_every_mapping_in_a_wide_family),
		cmocka_unit_test(walks_find_every_mapping_after_generations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
