/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* What who times a machine is told: reclaim and walks, when they begin and when they end. */

#include "world.h"

#define FRAMES 64
#define PAGES  100

struct heard {
	unsigned reclaims, walks;
	bool in_reclaim, in_walk;
};

static void hear(void *data, enum vas_work work, bool begins)
{
	struct heard *heard = data;

	if (work == VAS_WORK_RECLAIM) {
		assert_int_not_equal(heard->in_reclaim, begins);
		assert_false(heard->in_walk);
		heard->in_reclaim = begins;
		heard->reclaims += begins;
	} else {
		assert_int_not_equal(heard->in_walk, begins);
		heard->in_walk = begins;
		heard->walks += begins;
	}
}

struct timed {
	struct failing_store swap;
	struct vas_machine *machine;
	struct vas_space *space;
	struct heard heard;
};

static void start(struct timed *timed)
{
	const struct vas_machine_config config = {
		.frames = FRAMES,
		.swap = &timed->swap.store,
		.swap_data = &timed->swap,
		.swap_slots = 2 * PAGES,
		.work = hear,
		.work_data = &timed->heard,
	};

	memset(timed, 0, sizeof(*timed));
	failing_store_init(&timed->swap, 2 * PAGES + 1);
	assert_int_equal(vas_machine_create(&config, &timed->machine), 0);
	assert_int_equal(vas_machine_space(timed->machine, NULL, &timed->space), 0);
	assert_int_equal(map_pages(timed->space, 0, PAGES, RW, 0), 0);
}

static void finish(struct timed *timed)
{
	assert_false(timed->heard.in_reclaim);
	assert_false(timed->heard.in_walk);
	vas_space_destroy(timed->space);
	vas_machine_destroy(timed->machine);
	failing_store_finish(&timed->swap);
}

static void each_walk_is_told_of_and_reclaim_around_it(void **state)
{
	struct vas_machine_counts counts;
	struct timed timed;

	(void)state;
	start(&timed);
	for (uint64_t page = 0; page < PAGES; page++)
		must_put(timed.space, page, page);
	vas_machine_count(timed.machine, &counts);
	assert_true(counts.reclaimed > 0);
	assert_true(timed.heard.reclaims > 0);
	assert_int_equal(timed.heard.walks, counts.walks);
	finish(&timed);
}

static void pages_sent_out_by_advice_are_reclaim(void **state)
{
	const int page_out = 21;
	struct timed timed;

	(void)state;
	start(&timed);
	must_put(timed.space, 3, 1);
	assert_int_equal(timed.heard.reclaims, 0);
	assert_int_equal(vas_advise(timed.space, at(3), VAS_PAGE_SIZE, page_out), 0);
	assert_true(look(timed.space, 3).swapped);
	assert_int_equal(timed.heard.reclaims, 1);
	assert_true(timed.heard.walks > 0);
	finish(&timed);
}

static void what_takes_no_frame_away_is_no_reclaim(void **state)
{
	struct vas_space *child;
	struct timed timed;

	(void)state;
	start(&timed);
	must_put(timed.space, 3, 1);
	assert_int_equal(vas_fork(timed.space, &child), 0);
	must_put(child, 3, 2);
	vas_space_destroy(child);
	assert_int_equal(timed.heard.reclaims, 0);
	finish(&timed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_walk_is_told_of_and_reclaim_around_it),
		cmocka_unit_test(pages_sent_out_by_advice_are_reclaim),
		cmocka_unit_test(what_takes_no_frame_away_is_no_reclaim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
