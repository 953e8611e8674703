/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Writing pages to a store, sync, resizes and holes. */

#include "world.h"

static struct vas_page *dirty_page(struct world *world, uint64_t index, int byte)
{
	struct vas_page *page = world_page(world, world->file, index);

	memset(world_bytes(world, page), byte, VAS_PAGE_SIZE);
	(void)vas_page_set(page, VAS_PAGE_DIRTY);
	return page;
}

static int write_page(struct world *world, struct vas_page *page)
{
	int err;

	vas_page_lock(page);
	err = vas_object_write(world->file, page);
	vas_page_unlock(page);
	return err;
}

/* How many bytes of this value a page on the disk begins with. */
static unsigned run(struct world *world, uint64_t page, int byte)
{
	const unsigned char *bytes = failing_store_page(&world->disk, page);
	unsigned length = 0;

	while (length < VAS_PAGE_SIZE && bytes[length] == byte)
		length++;
	return length;
}

static void what_is_written_is_clean(void **state)
{
	struct world *world = *state;
	struct vas_page *page = dirty_page(world, 3, 201);

	assert_int_equal(write_page(world, page), 0);
	assert_false(vas_page_is(page, VAS_PAGE_DIRTY));
	assert_int_equal(run(world, 3, 201), VAS_PAGE_SIZE);
	world_put(world, page);
	page = world_page(world, world->shared, 0);
	vas_page_lock(page);
	assert_int_equal(vas_object_write(world->shared, page), 0); /* nothing to do */
	vas_page_unlock(page);
	world_put(world, page);
}

static void the_last_page_is_written_in_part(void **state)
{
	struct world *world = *state;
	struct vas_page *page = dirty_page(world, 10, 202);

	assert_int_equal(write_page(world, page), 0);
	assert_int_equal(run(world, 10, 202), 100);
	assert_int_equal(world->disk.size, FILE_BYTES);
	world_put(world, page);
}

static void an_unwritable_page_stays_dirty(void **state)
{
	struct world *world = *state;
	struct vas_page *page = dirty_page(world, 4, 203);

	world->disk.torn = 1000;
	failing_store_fail_at(&world->disk, FAILING_STORE_IO, 1, -VAS_EIO);
	assert_int_equal(write_page(world, page), -VAS_EIO);
	assert_true(vas_page_is(page, VAS_PAGE_DIRTY));
	assert_int_equal(run(world, 4, 203), 1000); /* torn */
	failing_store_fail_at(&world->disk, FAILING_STORE_IO, 1, -VAS_ENOSPC);
	assert_int_equal(write_page(world, page), -VAS_ENOSPC);
	world_check(world);
	assert_int_equal(write_page(world, page), 0); /* the next time */
	assert_int_equal(run(world, 4, 203), VAS_PAGE_SIZE);
	assert_false(vas_page_is(page, VAS_PAGE_DIRTY));
	world_put(world, page);
	/* The first error, once. */
	assert_int_equal(vas_object_sync(world->file), -VAS_EIO);
	assert_int_equal(vas_object_sync(world->file), 0);
}

static void a_failed_sync_keeps_the_error_of_write_back(void **state)
{
	struct world *world = *state;
	struct vas_page *page = dirty_page(world, 4, 204);

	failing_store_fail_at(&world->disk, FAILING_STORE_IO, 1, -VAS_ENOSPC);
	assert_int_equal(write_page(world, page), -VAS_ENOSPC);
	failing_store_fail_at(&world->disk, FAILING_STORE_IO, 1, -VAS_EIO);
	assert_int_equal(vas_object_sync(world->file), -VAS_EIO);
	assert_int_equal(vas_object_sync(world->file), -VAS_ENOSPC);
	assert_int_equal(vas_object_sync(world->file), 0);
	assert_int_equal(vas_object_sync(world->shared), 0);
	world_put(world, page);
}

static void a_full_disk_loses_nothing(void **state)
{
	struct world *world = *state;
	struct vas_page *pages[4];

	world->disk.limit = 2; /* pages 2 and 3 were holes */
	for (unsigned i = 0; i < 4; i++) {
		pages[i] = dirty_page(world, i, (int)i + 210);
		assert_int_equal(write_page(world, pages[i]), i < 2 ? 0 : -VAS_ENOSPC);
	}
	assert_int_equal(vas_object_sync(world->file), -VAS_ENOSPC);
	world->disk.limit = UINT64_MAX; /* space comes back */
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(vas_page_is(pages[i], VAS_PAGE_DIRTY), i >= 2);
		assert_int_equal(write_page(world, pages[i]), 0);
		assert_int_equal(run(world, i, (int)i + 210), VAS_PAGE_SIZE);
		world_put(world, pages[i]);
	}
	assert_int_equal(vas_object_sync(world->file), 0);
}

static void a_file_that_others_shrink_does_not_grow_again(void **state)
{
	struct world *world = *state;
	struct vas_page *page = dirty_page(world, 6, 205), *last = dirty_page(world, 5, 206);

	world->disk.size = 5 * VAS_PAGE_SIZE + 10;
	assert_int_equal(write_page(world, page), 0);
	assert_false(vas_page_is(page, VAS_PAGE_DIRTY));
	assert_int_equal(write_page(world, last), 0);
	assert_int_equal(world->disk.size, 5 * VAS_PAGE_SIZE + 10);
	assert_int_equal(run(world, 5, 206), 10);
	world_put(world, page);
	world_put(world, last);
}

static void a_resize_changes_the_store_too(void **state)
{
	struct world *world = *state;
	struct vas_page *page;
	bool fresh;

	assert_int_equal(vas_object_resize(world->file, 5000), 0);
	assert_int_equal(world->disk.size, 5000);
	assert_int_equal(vas_object_page(world->file, 2, &page, &fresh), -VAS_EOVERFLOW);
	assert_int_equal(vas_object_resize(world->file, 3 * VAS_PAGE_SIZE), 0);
	page = world_page(world, world->file, 2);
	assert_int_equal(world_bytes(world, page)[0], 0);
	world_put(world, page);
	failing_store_fail_at(&world->disk, FAILING_STORE_ALL, 1, -VAS_ENOSPC);
	assert_int_equal(vas_object_resize(world->file, 9 * VAS_PAGE_SIZE), -VAS_ENOSPC);
	assert_int_equal(vas_object_size(world->file), 3 * VAS_PAGE_SIZE);
	world->disk.store.resize = NULL;
	assert_int_equal(vas_object_resize(world->file, 1), -VAS_EINVAL);
	assert_int_equal(vas_object_resize(world->file, 3 * VAS_PAGE_SIZE), 0);
	assert_int_equal(vas_object_resize(world->shared, 1), 0);
	assert_int_equal(vas_object_size(world->shared), 1);
}

static unsigned first_not(const unsigned char *bytes, int byte, unsigned from)
{
	while (from < VAS_PAGE_SIZE && bytes[from] == byte)
		from++;
	return from;
}

static void the_tail_of_a_page_is_zeroed(void **state)
{
	struct world *world = *state;
	struct vas_page *page = dirty_page(world, 3, 207);

	assert_int_equal(vas_object_zero_tail(world->file, 3 * VAS_PAGE_SIZE), 0);
	assert_int_equal(first_not(world_bytes(world, page), 207, 0), VAS_PAGE_SIZE);
	assert_int_equal(vas_object_zero_tail(world->file, 3 * VAS_PAGE_SIZE + 30), 0);
	assert_int_equal(first_not(world_bytes(world, page), 207, 0), 30);
	assert_int_equal(first_not(world_bytes(world, page), 0, 30), VAS_PAGE_SIZE);
	assert_int_equal(vas_page_references(page), 2);
	world_put(world, page);
	/* Nothing in memory: nothing to do. */
	assert_int_equal(vas_object_zero_tail(world->file, 4 * VAS_PAGE_SIZE + 30), 0);
	assert_int_equal(vas_object_zero_tail(world->shared, 30), 0);
	assert_int_equal(world->shared->page_count, 0);
}

static void the_tail_of_a_page_in_swap_is_zeroed_there(void **state)
{
	struct world *world = *state;
	struct vas_page *page = world_page(world, world->shared, 3);
	uint64_t n;
	int err;

	memset(world_bytes(world, page), 208, VAS_PAGE_SIZE);
	assert_int_not_equal(world_page_out(world, page, &err), 0);
	for (n = 1;; n++) {
		failing_store_fail_at(&world->swap_disk, FAILING_STORE_IO, n, -VAS_EIO);
		world->swap_disk.torn = 50;
		err = vas_object_zero_tail(world->shared, 3 * VAS_PAGE_SIZE + 40);
		failing_store_fail_at(&world->swap_disk, 0, 0, 0);
		if (err == 0)
			break;
		assert_int_equal(err, -VAS_EIO);
		assert_int_equal(world->shared->slot_count, 1);
		world_check(world);
	}
	assert_int_equal(n, 3);
	assert_int_equal(world->shared->slot_count, 1);
	assert_int_equal(world->shared->page_count, 0);
	page = world_page(world, world->shared, 3);
	assert_int_equal(first_not(world_bytes(world, page), 208, 0), 40);
	assert_int_equal(first_not(world_bytes(world, page), 0, 40), VAS_PAGE_SIZE);
	world_put(world, page);
}

static void a_hole_is_the_store_s_or_zeroes(void **state)
{
	struct world *world = *state;

	assert_int_equal(vas_object_punch(world->file, 2, 3), 0);
	assert_int_equal(world->disk.calls[FAILING_STORE_PUNCH], 1);
	assert_int_equal(run(world, 1, 2), VAS_PAGE_SIZE);
	assert_int_equal(run(world, 2, 0), VAS_PAGE_SIZE);
	assert_int_equal(run(world, 3, 0), VAS_PAGE_SIZE);
	assert_int_equal(run(world, 4, 5), VAS_PAGE_SIZE);
	world->disk.store.punch = NULL;
	failing_store_fail_at(&world->disk, FAILING_STORE_IO, 2, -VAS_ENOSPC);
	assert_int_equal(vas_object_punch(world->file, 8, UINT64_MAX), -VAS_ENOSPC);
	assert_int_equal(vas_object_punch(world->file, 8, UINT64_MAX), 0);
	assert_int_equal(run(world, 7, 8), VAS_PAGE_SIZE);
	assert_int_equal(run(world, 9, 0), VAS_PAGE_SIZE);
	assert_int_equal(run(world, 10, 0), VAS_PAGE_SIZE);
	assert_int_equal(run(world, 11, 12), VAS_PAGE_SIZE); /* past the end */
	assert_int_equal(world->disk.size, FILE_BYTES);
	assert_int_equal(vas_object_punch(world->file, 11, 12), 0);
	assert_int_equal(vas_object_punch(world->shared, 0, 3), 0);
	world_check(world);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_clean),
		TEST(the_last_page_is_written_in_part),
		TEST(an_unwritable_page_stays_dirty),
		TEST(a_failed_sync_keeps_the_error_of_write_back),
		TEST(a_full_disk_loses_nothing),
		TEST(a_file_that_others_shrink_does_not_grow_again),
		TEST(a_resize_changes_the_store_too),
		TEST(the_tail_of_a_page_is_zeroed),
		TEST(the_tail_of_a_page_in_swap_is_zeroed_there),
		TEST(a_hole_is_the_store_s_or_zeroes),
	};

	return cmocka_run_group_tests_name("write-back", tests, NULL, NULL);
}
