/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * All designs of file reverse maps against the naive one. VAS_STEPS sets how many random steps
 * there are, over all designs; VAS_DESIGN picks one of them.
 */

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "file_maps.h"

/* Those to be tested, and a NULL. */
static const struct vas_file_rmap_design *designs[16];
static size_t design_count;

#define for_each_design(design)                                                                    \
	for (const struct vas_file_rmap_design *const *at = designs, *design;                      \
	     (design = *at) != NULL; at++)

static uint64_t seed;

static void designs_have_names(void **state)
{
	(void)state;
	assert_ptr_equal(vas_file_rmap_find(NULL), vas_file_rmap_designs()[0]);
	assert_null(vas_file_rmap_find("no such design"));
	assert_null(vas_file_rmap_find(""));
	for_each_design(design)
	{
		assert_ptr_equal(vas_file_rmap_find(design->name), design);
		assert_true(design->year >= 2002 && strlen(design->source) > 0);
		assert_true(design->map_bytes >= sizeof(struct vas_file_map));
		assert_true(design->link_bytes >= sizeof(struct vas_file_link));
	}
}

static void an_empty_map_has_no_links(void **state)
{
	(void)state;
	for_each_design(design)
	{
		struct file_maps *maps = file_maps_start("empty", design, seed);

		file_maps_walk(maps, 0, UINT64_MAX);
		file_maps_begin(maps, 0, 0, UINT64_MAX, 1);
		assert_false(file_maps_go_on(maps, 0));
		file_maps_finish(maps);
	}
}

/* Each page of areas like these, by itself and with all behind it. */
static void small_cases(struct file_maps *maps, const char *const *rulers)
{
	uint64_t length = 0;

	for (; *rulers != NULL; rulers++) {
		const char *begin = strchr(*rulers, '*'), *end = strrchr(*rulers, '*');

		length = strlen(*rulers);
		file_maps_insert(maps, 1, (uint64_t)(begin - *rulers), (uint64_t)(end - *rulers));
	}
	file_maps_check(maps);
	for (uint64_t first = 0; first < length; first++)
		for (uint64_t last = first; last < length; last++)
			file_maps_walk(maps, first, last);
}

static void walks_visit_what_overlaps(void **state)
{
	static const char *const cases[][8] = {
		{ "*         ", "  *       ", "    *     ", "         *" },
		{ "  *****   ", "  *****   ", "  *****   ", "       ***" },
		{ "**********", " ******** ", "  ******  ", "   ****   ", "    **    " },
		{ "****      ", " ****     ", "  ****    ", "   ****   ", "    ****  " },
		{ "*         ", "**        ", "***       ", "****      ", "**********" },
		{ "         *", "        **", "       ***", "      ****", "**********" },
		{ " **       ", "  **      ", " **       ", "**********", "     *    ",
		  "     **   " },
	};

	(void)state;
	for_each_design(design)
	{
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct file_maps *maps = file_maps_start("small cases", design, seed);

			small_cases(maps, cases[i]);
			file_maps_finish(maps);
		}
	}
}

/* Areas of TiBs and more, and some that lie far behind: a design that packs ranges into words has one
 * for all of them. */
static void vast_ranges_are_told_apart(void **state)
{
	const uint64_t far = UINT64_C(1) << 40, step = UINT64_C(1) << 30;

	(void)state;
	for_each_design(design)
	{
		struct file_maps *maps = file_maps_start("vast ranges", design, seed);

		for (uint64_t i = 1; i <= 12; i++) {
			file_maps_insert(maps, 1, 5, 5 + i * step);
			file_maps_insert(maps, 2, far + i * 10, far + i * 10 + 14);
			file_maps_insert(maps, 3, i, i + 1);
		}
		file_maps_check(maps);
		for (uint64_t i = 0; i <= 13; i++) {
			file_maps_walk(maps, 5 + i * step, 5 + i * step);
			file_maps_walk(maps, 6 + i * step, 6 + i * step);
			file_maps_walk(maps, far + i * 10, far + i * 10);
			file_maps_begin(maps, 0, i * step, far + 60, 3);
			file_maps_insert(maps, 1, 5, 5 + i * step / 2);
			while (file_maps_go_on(maps, 0))
				;
		}
		file_maps_exit(maps, 1);
		file_maps_check(maps);
		file_maps_finish(maps);
	}
}

/* Ten areas of ten pages, side by side; a walk has done the first half of them. */
static struct file_maps *half_done(const struct vas_file_rmap_design *design,
				   struct file_record **areas)
{
	struct file_maps *maps = file_maps_start("a walk at half time", design, seed);

	for (uint64_t i = 0; i < 10; i++)
		areas[i] = file_maps_insert(maps, 1, i * 10, i * 10 + 9);
	file_maps_begin(maps, 0, 5, 95, 5);
	assert_true(file_maps_go_on(maps, 0));
	return maps;
}

static void end_walk(struct file_maps *maps)
{
	while (file_maps_go_on(maps, 0))
		;
	file_maps_finish(maps);
}

static void interrupted_walks_miss_nothing_that_moves(void **state)
{
	struct file_record *areas[10];

	(void)state;
	for_each_design(design)
	{
		for (size_t i = 0; i < 10; i++) {
			struct file_maps *maps = half_done(design, areas);

			/* To the front, all over, to the end, and out of the walk's range. */
			file_maps_resize(maps, areas[i], 0, 9);
			end_walk(maps);
			maps = half_done(design, areas);
			file_maps_resize(maps, areas[i], 0, 99);
			end_walk(maps);
			maps = half_done(design, areas);
			file_maps_resize(maps, areas[i], 90, 99);
			end_walk(maps);
			maps = half_done(design, areas);
			file_maps_resize(maps, areas[i], 0, 4);
			end_walk(maps);
		}
	}
}

static void interrupted_walks_miss_no_part_of_a_split_or_merge(void **state)
{
	struct file_record *areas[10];

	(void)state;
	for_each_design(design)
	{
		for (size_t i = 0; i + 1 < 10; i++) {
			struct file_maps *maps = half_done(design, areas);

			file_maps_resize(maps, areas[i], i * 10 + 5, i * 10 + 9);
			file_maps_insert(maps, 1, i * 10, i * 10 + 4);
			end_walk(maps);
			maps = half_done(design, areas);
			file_maps_remove(maps, areas[i]);
			file_maps_resize(maps, areas[i + 1], i * 10, i * 10 + 19);
			end_walk(maps);
			maps = half_done(design, areas);
			file_maps_remove(maps, areas[i + 1]);
			file_maps_resize(maps, areas[i], i * 10, i * 10 + 19);
			end_walk(maps);
		}
	}
}

/* Between any two batches an area that the walk has not seen moves behind its back. */
static void walks_end_though_areas_never_rest(void **state)
{
	(void)state;
	for_each_design(design)
	{
		struct file_maps *maps = file_maps_start("restless areas", design, seed);
		struct file_record *restless = file_maps_insert(maps, 1, 90, 99);
		unsigned int batches = 1;

		for (uint64_t i = 0; i < 20; i++)
			file_maps_insert(maps, 1, i * 5, i * 5 + 4);
		file_maps_begin(maps, 0, 0, 99, 1);
		for (; file_maps_go_on(maps, 0); batches++) {
			bool low = batches % 2 != 0;

			file_maps_resize(maps, restless, low ? 0 : 90, low ? 9 : 99);
		}
		assert_true(batches < 100);
		file_maps_finish(maps);
	}
}

/* A reserve that cannot be had changes nothing; one that can be is enough, whatever happens to the
 * map before it is used. */
static void reserve_with(struct file_maps *maps, size_t changes)
{
	struct vas_pool *pool = &maps->other;
	int err = -1;

	for (uint64_t n = 1; err != 0; n++) {
		failing_allocator_fail_at(&maps->memory, n);
		err = maps->design->reserve(pool, changes);
		assert_int_equal(err, maps->memory.failures != 0 ? -VAS_ENOMEM : 0);
		failing_allocator_fail_at(&maps->memory, 0);
		vas_pool_trim(pool, n % 4);
		file_maps_check(maps);
	}
	vas_pool_trim(pool, 0);
	assert_int_equal(maps->design->reserve(pool, changes), 0);
	file_maps_random(maps, FILE_MIXED, 20, 50);
	maps->from_other = true;
	for (size_t i = 0; i < changes; i++) {
		if (maps->count < 10 || i % 3 == 0)
			file_maps_insert(maps, 1, i, 1000 + i);
		else if (i % 3 == 1)
			file_maps_resize(maps, maps->records[i % maps->count], i, i * 7);
		else
			file_maps_remove(maps, maps->records[i % maps->count]);
	}
	maps->from_other = false;
	vas_pool_trim(pool, 0);
	file_maps_check(maps);
}

static void a_reserve_fails_cleanly_or_is_enough(void **state)
{
	(void)state;
	for_each_design(design)
	{
		struct file_maps *maps = file_maps_start("reserve", design, seed);

		if (design->reserve != NULL) {
			file_maps_random(maps, FILE_MIXED, 20, 100);
			file_maps_insert(maps, 1, 0, 0);
			reserve_with(maps, 1);
			reserve_with(maps, 2);
			reserve_with(maps, 30);
		}
		file_maps_finish(maps);
	}
}

static uint64_t wanted_steps(void)
{
	const char *text = getenv("VAS_STEPS");

	return text != NULL ? strtoull(text, NULL, 0) : 1000000;
}

static void random_steps_equal_the_brute_force(void **state)
{
	/* Most maps are small, so that all cases come up close together. */
	static const size_t limits[] = { 6, 20, 20, 60, 60, 300 };
	static const size_t limit_count = sizeof(limits) / sizeof(limits[0]);
	uint64_t share = wanted_steps() / design_count / FILE_SHAPES;

	(void)state;
	for_each_design(design)
	{
		uint64_t steps = 0, walks = 0, visits = 0;

		for (int shape = 0; shape < FILE_SHAPES; shape++) {
			struct file_maps *maps =
				file_maps_start(file_shape_names[shape], design, seed);

			for (size_t i = 0; i < limit_count; i++)
				file_maps_random(maps, (enum file_shape)shape, limits[i],
						 share / limit_count);
			steps += maps->steps;
			walks += maps->walks;
			visits += maps->visits;
			file_maps_finish(maps);
		}
		print_message("%s: %llu changes, %llu walks, %llu visits\n", design->name,
			      (unsigned long long)steps, (unsigned long long)walks,
			      (unsigned long long)visits);
	}
}

static void large_maps_equal_the_brute_force(void **state)
{
	(void)state;
	for_each_design(design)
	{
		struct file_maps *maps = file_maps_start("large", design, seed);

		for (uint64_t i = 0; i < 2000; i++)
			file_maps_insert(maps, (unsigned int)(i % 2), i * 37 % 2003 * 8,
					 i * 37 % 2003 * 8 + i % 64);
		file_maps_check(maps);
		file_maps_fork(maps, 0, 2);
		file_maps_fork(maps, 1, 3);
		file_maps_random(maps, FILE_OVERLAPPING, 3000, 200);
		file_maps_exit(maps, 0);
		file_maps_exit(maps, 3);
		file_maps_finish(maps);
	}
}

static void choose_designs(void)
{
	const char *only = getenv("VAS_DESIGN");

	for (size_t i = 0; vas_file_rmap_designs()[i] != NULL; i++) {
		assert(design_count + 1 < sizeof(designs) / sizeof(designs[0]));
		if (only == NULL || strcmp(vas_file_rmap_designs()[i]->name, only) == 0)
			designs[design_count++] = vas_file_rmap_designs()[i];
	}
	assert(design_count > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(designs_have_names),
		cmocka_unit_test(an_empty_map_has_no_links),
		cmocka_unit_test(walks_visit_what_overlaps),
		cmocka_unit_test(vast_ranges_are_told_apart),
		cmocka_unit_test(interrupted_walks_miss_nothing_that_moves),
		cmocka_unit_test(interrupted_walks_miss_no_part_of_a_split_or_merge),
		cmocka_unit_test(walks_end_though_areas_never_rest),
		cmocka_unit_test(a_reserve_fails_cleanly_or_is_enough),
		cmocka_unit_test(large_maps_equal_the_brute_force),
		cmocka_unit_test(random_steps_equal_the_brute_force),
	};

	choose_designs();
	seed = random_seed("file_rmap");
	return cmocka_run_group_tests_name("file_rmap", tests, NULL, NULL);
}
