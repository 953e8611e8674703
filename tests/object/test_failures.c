/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Each allocation and each input, output, sync, resize and hole fails once, in a short life of a
 * file and of shared memory. A step that failed is done again, and must then do all it should.
 */

#include "world.h"

static int with_page(struct vas_object *object, uint64_t index, struct vas_page **page)
{
	bool fresh;

	return vas_object_page(object, index, page, &fresh);
}

static int change_file(struct world *world)
{
	struct vas_page *page;
	int err = with_page(world->file, 3, &page);

	if (err != 0)
		return err;
	memset(world_bytes(world, page), 50, VAS_PAGE_SIZE);
	(void)vas_page_set(page, VAS_PAGE_DIRTY);
	world_put(world, page);
	return 0;
}

static int write_file(struct world *world)
{
	struct vas_page *page = vas_object_find(world->file, 3);
	int err;

	assert_non_null(page);
	assert_int_equal(world_bytes(world, page)[9], 50);
	vas_page_lock(page);
	err = vas_object_write(world->file, page);
	vas_page_unlock(page);
	world_put(world, page);
	return err;
}

static int sync_file(struct world *world)
{
	return vas_object_sync(world->file);
}

static int change_shared(struct world *world)
{
	struct vas_page *page;
	int err = with_page(world->shared, 10, &page);

	if (err != 0)
		return err;
	memset(world_bytes(world, page), 51, VAS_PAGE_SIZE);
	(void)vas_page_set(page, VAS_PAGE_DIRTY);
	world_put(world, page);
	return 0;
}

static int page_out(struct world *world)
{
	struct vas_page *page = vas_object_find(world->shared, 10);
	int err;

	assert_non_null(page);
	assert_int_equal(world_bytes(world, page)[9], 51);
	(void)world_page_out(world, page, &err);
	return err;
}

static int page_in(struct world *world)
{
	struct vas_page *page;
	int err = with_page(world->shared, 10, &page);

	if (err != 0)
		return err;
	assert_int_equal(world_bytes(world, page)[9], 51);
	world_put(world, page);
	return 0;
}

static int cut_shared(struct world *world)
{
	int err = vas_object_resize(world->shared, FILE_BYTES - 50);

	return err != 0 ? err : vas_object_zero_tail(world->shared, FILE_BYTES - 50);
}

static int look_at_tail(struct world *world)
{
	struct vas_page *page;
	int err = with_page(world->shared, 10, &page);

	if (err != 0)
		return err;
	assert_int_equal(world_bytes(world, page)[49], 51);
	assert_int_equal(world_bytes(world, page)[50], 0);
	assert_int_equal(world_bytes(world, page)[4095], 0);
	world_put(world, page);
	return 0;
}

static int extend_file(struct world *world)
{
	return vas_object_resize(world->file, 12 * VAS_PAGE_SIZE);
}

static int punch_file(struct world *world)
{
	return vas_object_punch(world->file, 5, 6);
}

static int look_at_hole(struct world *world)
{
	struct vas_page *page;
	int err = with_page(world->file, 6, &page);

	if (err != 0)
		return err;
	assert_int_equal(world_bytes(world, page)[9], 0);
	world_put(world, page);
	return 0;
}

static int (*const steps[])(struct world *world) = {
	change_file, write_file, sync_file,    change_shared, page_out,	  page_in,	page_out,
	cut_shared,  page_in,	 look_at_tail, extend_file,   punch_file, look_at_hole, sync_file,
};

/* One life in which the n-th call of some sort fails; how many did (0: there was no n-th). */
static uint64_t live(uint64_t n, bool memory, bool swap, bool holes)
{
	struct world *world;
	struct failing_store *disk;
	uint64_t failures;

	world_set_up((void **)&world);
	disk = swap ? &world->swap_disk : &world->disk;
	disk->torn = 33;
	if (!holes)
		world->disk.store.punch = NULL;
	if (memory)
		failing_allocator_fail_at(&world->memory, n);
	else
		failing_store_fail_at(disk, FAILING_STORE_ALL, n, -VAS_EIO);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int err = steps[i](world);

		if (err != 0) {
			assert_int_equal(err, memory ? -VAS_ENOMEM : -VAS_EIO);
			world_check(world);
			assert_int_equal(steps[i](world), 0);
		}
		world_check(world);
	}
	failures = memory ? world->memory.failures : disk->failures;
	failing_allocator_fail_at(&world->memory, 0);
	failing_store_fail_at(disk, 0, 0, 0);
	for (unsigned i = 0; i < VAS_PAGE_SIZE; i++)
		assert_int_equal(failing_store_page(&world->disk, 3)[i], 50);
	assert_int_equal(world->disk.size, 12 * VAS_PAGE_SIZE);
	world_tear_down((void **)&world);
	return failures;
}

static void every_call_of_a_store_may_fail(void **state)
{
	uint64_t n;

	(void)state;
	for (unsigned holes = 0; holes < 2; holes++) {
		for (n = 1; live(n, false, false, holes != 0) != 0; n++)
			continue;
		assert_true(n > 10);
	}
}

static void every_call_of_swap_may_fail(void **state)
{
	uint64_t n;

	(void)state;
	for (n = 1; live(n, false, true, true) != 0; n++)
		continue;
	assert_true(n > 6);
}

static void every_allocation_may_fail(void **state)
{
	uint64_t n;

	(void)state;
	for (n = 1; live(n, true, false, true) != 0; n++)
		continue;
	assert_true(n > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_of_a_store_may_fail),
		cmocka_unit_test(every_call_of_swap_may_fail),
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests_name("failures", tests, NULL, NULL);
}
