/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The clock of a replay, and what several runs come to. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <time.h>

#include "median.h"
#include "work_clock.h"

#define MS UINT64_C(1000000)

/* So much of the processor, whatever others have in between. */
static void work(uint64_t ns)
{
	struct timespec now;
	uint64_t start = 0, at;

	do {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
		at = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
		if (start == 0)
			start = at;
	} while (at - start < ns);
}

static int worked(uint64_t ns, int value)
{
	work(ns);
	return value;
}

/* As it should be, up to a fifth more. */
static void assert_about(uint64_t ns, uint64_t expected)
{
	assert_in_range(ns, expected - expected / 20, expected + expected / 5);
}

static void each_kind_has_its_own_time_and_the_rest_none(void **state)
{
	struct work_times times;

	(void)state;
	work_clock_reset();
	work_clock_start();
	assert_int_equal(TIMED(WORK_MAP, worked(10 * MS, 7)), 7);
	work(20 * MS);
	assert_int_equal(TIMED(WORK_FORK, worked(5 * MS, -3)), -3);
	work_clock_stop();
	work_clock_read(&times);
	assert_about(times.ns[WORK_MAP], 10 * MS);
	assert_about(times.ns[WORK_FORK], 5 * MS);
	assert_int_equal(times.ns[WORK_FAULT], 0);
	assert_int_equal(times.total_ns, times.ns[WORK_MAP] + times.ns[WORK_FORK]);
}

static void what_lies_within_another_is_counted_once(void **state)
{
	struct work_times times;
	enum work was, store;

	(void)state;
	work_clock_reset();
	work_clock_start();
	was = work_switch(WORK_FAULT);
	work(4 * MS);
	work_heard(NULL, VAS_WORK_RECLAIM, true);
	work(6 * MS);
	work_heard(NULL, VAS_WORK_WALK, true);
	work(8 * MS);
	work_heard(NULL, VAS_WORK_WALK, false);
	work_heard(NULL, VAS_WORK_FILE_WALK, true);
	work(5 * MS);
	work_heard(NULL, VAS_WORK_FILE_WALK, false);
	store = work_switch(WORK_NONE);
	work(30 * MS);
	work_switch(store);
	work_heard(NULL, VAS_WORK_RECLAIM, false);
	work(4 * MS);
	work_switch(was);
	work_clock_stop();
	work_clock_read(&times);
	assert_about(times.ns[WORK_FAULT], 8 * MS);
	assert_about(times.ns[WORK_RECLAIM], 19 * MS);
	assert_about(times.anon_walk_ns, 8 * MS);
	assert_int_equal(times.anon_walks, 1);
	assert_about(times.file_walk_ns, 5 * MS);
	assert_int_equal(times.file_walks, 1);
	assert_int_equal(times.total_ns, times.ns[WORK_FAULT] + times.ns[WORK_RECLAIM]);
}

static void time_that_the_thread_did_not_have_is_left_out(void **state)
{
	const struct timespec pause = { .tv_nsec = 50 * (long)MS };
	struct work_times times;
	enum work was;

	(void)state;
	work_clock_reset();
	work_clock_start();
	was = work_switch(WORK_EXIT);
	work(5 * MS);
	nanosleep(&pause, NULL);
	work_switch(was);
	work_clock_stop();
	work_clock_read(&times);
	assert_about(times.ns[WORK_EXIT], 5 * MS);
}

static void a_look_at_the_clock_costs_nothing_that_is_told(void **state)
{
	struct work_times times;

	(void)state;
	work_clock_reset();
	work_clock_start();
	for (unsigned i = 0; i < 100000; i++)
		work_switch(WORK_MAP);
	work_clock_stop();
	work_clock_read(&times);
	assert_true(work_clock_cost() > 0);
	assert_true((double)times.ns[WORK_MAP] < 100000 * work_clock_cost() / 2);
}

static void a_clock_that_stands_counts_nothing(void **state)
{
	struct work_times times;

	(void)state;
	work_clock_reset();
	assert_int_equal(TIMED(WORK_MAP, worked(MS, 1)), 1);
	work_heard(NULL, VAS_WORK_RECLAIM, true);
	work_heard(NULL, VAS_WORK_RECLAIM, false);
	work_clock_read(&times);
	assert_int_equal(times.total_ns, 0);
	assert_int_equal(times.anon_walks + times.file_walks, 0);
}

static void of_several_passes_each_figure_is_the_median(void **state)
{
	struct work_times times[3] = {
		{ .ns = { [WORK_MAP] = 10, [WORK_FORK] = 900 },
		  .file_walk_ns = 5,
		  .file_walks = 4 },
		{ .ns = { [WORK_MAP] = 12, [WORK_FORK] = 100 },
		  .file_walk_ns = 700,
		  .file_walks = 4 },
		{ .ns = { [WORK_MAP] = 800, [WORK_FORK] = 110 },
		  .file_walk_ns = 6,
		  .file_walks = 4 },
	};

	(void)state;
	work_times_settle(times, 3);
	assert_int_equal(times[0].ns[WORK_MAP], 12);
	assert_int_equal(times[0].ns[WORK_FORK], 110);
	assert_int_equal(times[0].file_walk_ns, 6);
	assert_int_equal(times[0].file_walks, 4);
	assert_int_equal(times[0].total_ns, 122);
}

static void the_spread_is_half_of_the_middle_half(void **state)
{
	double five[] = { 9, 1, 5, 100, 7 }, two[] = { 4, 2 }, one[] = { 3 };
	struct median median = median_of(five, 5);

	(void)state;
	assert_true(median.median == 7 && median.least == 1 && median.most == 100);
	assert_true(median.spread == 2);
	median = median_of(two, 2);
	assert_true(median.median == 3 && median.spread == 0.5);
	median = median_of(one, 1);
	assert_true(median.median == 3 && median.least == 3 && median.spread == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_own_time_and_the_rest_none),
		cmocka_unit_test(what_lies_within_another_is_counted_once),
		cmocka_unit_test(time_that_the_thread_did_not_have_is_left_out),
		cmocka_unit_test(a_look_at_the_clock_costs_nothing_that_is_told),
		cmocka_unit_test(a_clock_that_stands_counts_nothing),
		cmocka_unit_test(of_several_passes_each_figure_is_the_median),
		cmocka_unit_test(the_spread_is_half_of_the_middle_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
