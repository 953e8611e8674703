/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Memory, swap or a disk that is full, and a file that others have cut: errors that say so, nothing
 * lost, and all goes on when there is room again. With each kind of design. */

#include "life.h"

static void full_memory_and_swap_are_errors_until_there_is_room(void **state)
{
	(void)state;
	for (size_t i = 0; i < LIFE_CONFIGS; i++) {
		struct life life;
		struct vas_space *space;
		char *before;

		life_start(&life, &life_configs[i], false);
		snprintf(life.now, sizeof(life.now), "%s", life_configs[i].anon);
		space = life.world.space;
		before = life_look(&life);
		life_take_all(&life);
		assert_int_equal(put(space, OWN + IS_UNTOUCHED, 1), -VAS_ENOMEM);
		assert_int_equal(put(life.child, SHARED + IS_UNTOUCHED, 1), -VAS_ENOMEM);
		assert_int_equal(vas_fork(space, &life.more), -VAS_ENOMEM);
		world_check(&life.world);
		life_give(&life);
		life_must_look(&life, before);
		must_put(space, OWN + IS_UNTOUCHED, 1);
		assert_int_equal(vas_fork(space, &life.more), 0);
		must_get(life.more, OWN + IS_UNTOUCHED, 1);
		free(before);
		life_finish(&life);
	}
}

static void what_a_full_disk_does_not_take_stays_dirty_in_memory(void **state)
{
	(void)state;
	for (size_t i = 0; i < LIFE_CONFIGS; i++) {
		struct life life;
		struct failing_store *disk = &life.world.disks[0];
		struct vas_space *space;
		int err = 0;

		life_start(&life, &life_configs[i], false);
		space = life.world.space;
		disk->limit = 1;
		must_put(space, SHARED_FILE + IS_UNTOUCHED, 9);
		for (unsigned round = 0; round < 2; round++)
			assert_int_equal(vas_sync(space, at(SHARED_FILE), PAGES(8), 4),
					 -VAS_ENOSPC);
		assert_int_equal(vas_file_sync(life.world.files[0]), -VAS_ENOSPC);
		(void)vas_machine_reclaim(life.world.machine, 100, &err);
		assert_int_equal(err, -VAS_ENOSPC);
		world_check(&life.world);
		must_get(space, SHARED_FILE + IS_UNTOUCHED, 9);
		must_get(life.child, SHARED_FILE + IS_WRITTEN, SHARED_FILE + 1001);
		disk->limit = WORLD_DISK_PAGES;
		/* What reclaim met is told once. */
		assert_int_equal(vas_sync(space, at(SHARED_FILE), PAGES(8), 4), -VAS_ENOSPC);
		assert_int_equal(vas_sync(space, at(SHARED_FILE), PAGES(8), 4), 0);
		assert_int_equal(failing_store_page(disk, IS_UNTOUCHED)[TOKEN_OFFSET], 9);
		life_finish(&life);
	}
}

static void past_the_end_that_others_gave_a_file_is_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < LIFE_CONFIGS; i++) {
		struct life life;
		struct failing_store *disks = life.world.disks;
		struct vas_space *space;
		uint64_t token, size;
		size_t done = 1;

		life_start(&life, &life_configs[i], false);
		space = life.world.space;
		size = disks[0].size;
		disks[0].size = disks[1].size = PAGES(2);
		assert_int_equal(vas_file_size(life.world.files[0]), PAGES(2));
		assert_int_equal(get(space, SHARED_FILE + 5, &token), -VAS_EOVERFLOW);
		assert_int_equal(put(life.child, SHARED_FILE + 5, 1), -VAS_EOVERFLOW);
		assert_int_equal(get(space, PRIVATE_FILE + 5, &token), -VAS_EOVERFLOW);
		assert_int_equal(put(space, PRIVATE_FILE + 5, 1), -VAS_EOVERFLOW);
		assert_int_equal(
			vas_file_read(life.world.files[0], PAGES(5), &token, sizeof(token), &done),
			0);
		assert_int_equal(done, 0);
		/* What is before the end is there; so are private copies, and what goes out. */
		must_get(life.child, SHARED_FILE + IS_WRITTEN, SHARED_FILE + 1001);
		must_get(space, PRIVATE_FILE + IS_OUT, PRIVATE_FILE + 1003);
		(void)vas_machine_reclaim(life.world.machine, 100, NULL);
		must_get(space, PRIVATE_FILE + IS_OUT, PRIVATE_FILE + 1003);
		world_check(&life.world);
		disks[0].size = disks[1].size = size;
		must_get(space, SHARED_FILE + 5, 0);
		must_put(space, PRIVATE_FILE + 5, 1);
		life_finish(&life);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_memory_and_swap_are_errors_until_there_is_room),
		cmocka_unit_test(what_a_full_disk_does_not_take_stays_dirty_in_memory),
		cmocka_unit_test(past_the_end_that_others_gave_a_file_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
