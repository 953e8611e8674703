/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Pages that leave memory, under pressure and one by one, and come back. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

static const char *const designs[] = { "anon-vma-chain", "pte-chain" };
#define DESIGNS (sizeof(designs) / sizeof(designs[0]))

static uint64_t token(uint64_t page)
{
	return page * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

static void memory_smaller_than_the_program_loses_no_byte(void **state)
{
	static struct world world;
	struct world_space *in;

	(void)state;
	for (size_t i = 0; i < DESIGNS; i++) {
		world_start(&world, designs[i], NULL, 64, 512);
		in = world_space(&world, 300);
		for (uint64_t page = 0; page < 300; page++)
			world_put(in, page, token(page));
		world_check(&world);
		for (uint64_t round = 0; round < 3; round++) {
			for (uint64_t page = round; page < 300; page += round + 1)
				assert_int_equal(world_get(in, page), token(page));
			world_check(&world);
		}
		assert_true(world.memory.counts.swapped_out >= 240);
		assert_true(world.memory.counts.swapped_in > 0);
		world_finish(&world);
	}
}

static void forked_spaces_share_slots_and_come_back_to_one_page(void **state)
{
	static struct world world;
	struct world_space *in[4];

	(void)state;
	for (size_t i = 0; i < DESIGNS; i++) {
		world_start(&world, designs[i], NULL, 64, 64);
		in[0] = world_space(&world, 4);
		world_put(in[0], 1, 77);
		for (size_t child = 1; child < 4; child++)
			in[child] = world_fork(in[child - 1]);
		assert_int_equal(world_page(in[3], 1)->mapcount, 4);
		assert_int_equal(world_out(in[2], 1), 0);
		for (size_t n = 0; n < 4; n++)
			assert_int_equal(vas_entry_kind(world_entry(in[n], 1)), VAS_ENTRY_SWAP);
		assert_int_equal(world_slots_used(&world), 1);
		world_check(&world);
		/* Two come back, and one of them writes. */
		assert_int_equal(world_get(in[3], 1), 77);
		assert_int_equal(world_get(in[1], 1), 77);
		assert_ptr_equal(world_page(in[3], 1), world_page(in[1], 1));
		world_put(in[1], 1, 78);
		assert_int_equal(world_get(in[3], 1), 77);
		world_check(&world);
		/* It goes out again with its slot: nothing need be written. */
		assert_int_equal(world_out(in[3], 1), 0);
		assert_int_equal(world.memory.counts.swapped_out, 1);
		for (size_t n = 0; n < 4; n++)
			assert_int_equal(world_get(in[n], 1), n == 1 ? 78 : 77);
		assert_int_equal(world_slots_used(&world), 0);
		world_check(&world);
		world_finish(&world);
	}
}

static void a_page_that_cannot_be_written_stays(void **state)
{
	static struct world world;
	struct world_space *in, *child;

	(void)state;
	world_start(&world, NULL, NULL, 64, 64);
	in = world_space(&world, 4);
	world_put(in, 0, 5);
	child = world_fork(in);
	failing_store_fail_from(&world.disk, 1 << FAILING_STORE_WRITE, 1, -VAS_EIO);
	assert_int_equal(world_out(in, 0), -VAS_EIO);
	assert_int_equal(world.memory.counts.write_errors, 1);
	world_check(&world);
	/* In the swap cache, dirty; both find it there. */
	assert_int_equal(world_get(child, 0), 5);
	assert_int_equal(world_out(child, 0), -VAS_EIO);
	world_put(in, 0, 6);
	assert_int_equal(world_get(child, 0), 5);
	failing_store_fail_at(&world.disk, 0, 0, 0);
	world_check(&world);
	assert_int_equal(world_out(in, 0), 0);
	assert_int_equal(world_out(child, 0), 0);
	assert_int_equal(world_get(in, 0), 6);
	assert_int_equal(world_get(child, 0), 5);
	world_check(&world);
	world_finish(&world);
}

static void a_page_that_cannot_be_read_is_asked_for_again(void **state)
{
	static struct world world;
	struct world_space *in;
	uint64_t value;

	(void)state;
	world_start(&world, NULL, NULL, 64, 64);
	in = world_space(&world, 1);
	world_put(in, 0, 5);
	assert_int_equal(world_out(in, 0), 0);
	failing_store_fail_from(&world.disk, 1 << FAILING_STORE_READ, 1, -VAS_EIO);
	assert_int_equal(world_read(in, 0, &value), -VAS_EIO);
	world_check(&world);
	failing_store_fail_at(&world.disk, 0, 0, 0);
	assert_int_equal(world_get(in, 0), 5);
	world_finish(&world);
}

static void full_swap_ends_reclaim_and_loses_nothing(void **state)
{
	static struct world world;
	struct world_space *in;
	uint64_t page;

	(void)state;
	world_start(&world, NULL, NULL, 64, 16);
	in = world_space(&world, 200);
	for (page = 0; page < 200 && world_write(in, page, token(page)) == 0; page++)
		continue;
	/* So many fit: what the tables leave, and the slots. */
	assert_in_range(page, 60, 64 + 16);
	assert_int_equal(world_write(in, page, 1), -VAS_ENOMEM);
	world_check(&world);
	/* Nothing can come in, since nothing can go out. */
	for (uint64_t at = 0; at < page; at++) {
		bool there = world_page(in, at) != NULL;
		uint64_t value = 0;

		assert_int_equal(world_read(in, at, &value), there ? 0 : -VAS_ENOMEM);
		assert_int_equal(value, there ? token(at) : 0);
	}
	/* There is room again. */
	for (uint64_t at = 0; at < 20; at++)
		world_unmap(in, at);
	world_put(in, page, token(page));
	for (uint64_t at = 20; at <= page; at++)
		assert_int_equal(world_get(in, at), token(at));
	world_check(&world);
	world_finish(&world);
}

static void lazily_freed_pages_go_without_swap_unless_written(void **state)
{
	static struct world world;
	struct world_space *in;

	(void)state;
	world_start(&world, NULL, NULL, 64, 0);
	in = world_space(&world, 3);
	for (uint64_t page = 0; page < 3; page++)
		world_put(in, page, 9);
	assert_int_equal(world_out(in, 0), -VAS_ENOSPC);
	world_free_lazily(in, 0);
	world_free_lazily(in, 1);
	world_put(in, 1, 10); /* writable still: only the entry knows */
	assert_int_equal(vas_reclaim(&world.memory, 10, NULL), 1);
	assert_int_equal(world_entry(in, 0), 0);
	assert_int_equal(world_get(in, 0), 0);
	assert_int_equal(world_get(in, 1), 10);
	assert_int_equal(world_get(in, 2), 9);
	world_check(&world);
	world_finish(&world);
}

static void locked_pages_stay(void **state)
{
	static struct world world;
	struct world_space *in, *other;

	(void)state;
	world_start(&world, NULL, NULL, 64, 64);
	in = world_space(&world, 4);
	in->locked = true;
	other = world_space(&world, 4);
	for (uint64_t page = 0; page < 4; page++) {
		world_put(in, page, page);
		world_put(other, page, page);
	}
	assert_int_equal(world_out(in, 0), -VAS_EBUSY);
	assert_int_equal(vas_reclaim(&world.memory, 8, NULL), 4);
	for (uint64_t page = 0; page < 4; page++) {
		assert_non_null(world_page(in, page));
		assert_null(world_page(other, page));
		assert_int_equal(world_page(in, page)->locks, 1);
	}
	assert_int_equal(world_migrate(in, 0), 0);
	assert_int_equal(world_page(in, 0)->locks, 1);
	world_check(&world);
	world_finish(&world);
}

static void used_pages_outlive_others(void **state)
{
	static struct world world;
	struct world_space *in;

	(void)state;
	world_start(&world, NULL, NULL, 128, 128);
	in = world_space(&world, 100);
	for (uint64_t page = 0; page < 100; page++)
		world_put(in, page, page);
	/* All have been used once; then some of them again and again. */
	for (int round = 0; round < 8; round++) {
		(void)vas_reclaim(&world.memory, 5, NULL);
		for (uint64_t page = 0; page < 30; page++)
			(void)world_get(in, page);
	}
	for (uint64_t page = 30; page < 100; page++) {
		if (world_page(in, page) == NULL)
			world.disk.asked++;
	}
	assert_true(world.memory.counts.activated > 0);
	for (uint64_t page = 0; page < 30; page++)
		assert_non_null(world_page(in, page));
	assert_true(world_slots_used(&world) >= 30);
	world_finish(&world);
}

static void files_are_written_when_dirty_and_dropped_when_clean(void **state)
{
	static struct world world;
	struct world_space *a, *b;
	uint64_t written;

	(void)state;
	world_start(&world, NULL, NULL, 64, 0);
	world_open(&world, true, 100);
	a = world_object_space(&world);
	b = world_object_space(&world);
	for (uint64_t page = 0; page < 100; page++) {
		world_put(a, page, token(page));
		assert_int_equal(world_get(b, page), token(page));
	}
	world_check(&world);
	written = world.memory.counts.written;
	assert_true(written >= 40);
	assert_int_equal(vas_write_back(&world.memory, world.object, 0, UINT64_MAX), 0);
	for (uint64_t page = 0; page < 100; page++)
		assert_memory_equal(failing_store_page(&world.file_disk, page),
				    &(uint64_t){ token(page) }, 8);
	/* Clean everywhere: a second write-back has nothing to do, and reclaim neither. */
	written = world.memory.counts.written;
	assert_int_equal(vas_write_back(&world.memory, world.object, 0, UINT64_MAX), 0);
	assert_true(vas_reclaim(&world.memory, 10, NULL) >= 10);
	assert_int_equal(world.memory.counts.written, written);
	/* Written to after write-back: dirty again. */
	world_put(b, 99, 4);
	assert_int_equal(world_get(a, 99), 4);
	assert_int_equal(vas_write_back(&world.memory, world.object, 99, 99), 0);
	assert_memory_equal(failing_store_page(&world.file_disk, 99), &(uint64_t){ 4 }, 8);
	/* A disk that fails. */
	world_put(b, 98, 3);
	failing_store_fail_from(&world.file_disk, 1 << FAILING_STORE_WRITE, 1, -VAS_EIO);
	assert_int_equal(world_out(b, 98), -VAS_EIO);
	assert_int_equal(vas_write_back(&world.memory, world.object, 0, UINT64_MAX), -VAS_EIO);
	failing_store_fail_at(&world.file_disk, 0, 0, 0);
	assert_int_equal(world_get(a, 98), 3);
	assert_int_equal(world_out(a, 98), 0);
	assert_memory_equal(failing_store_page(&world.file_disk, 98), &(uint64_t){ 3 }, 8);
	world_check(&world);
	world_finish(&world);
}

static void shared_memory_goes_to_swap_and_back(void **state)
{
	static struct world world;
	struct world_space *a, *b;

	(void)state;
	world_start(&world, NULL, NULL, 64, 128);
	world_open(&world, false, 100);
	a = world_object_space(&world);
	b = world_object_space(&world);
	for (uint64_t page = 0; page < 100; page++)
		world_put(a, page, token(page));
	world_check(&world);
	for (uint64_t page = 0; page < 100; page++)
		assert_int_equal(world_get(b, page), token(page));
	assert_true(world_slots_used(&world) > 30);
	/* A write error leaves it where it is. */
	world_put(a, 0, 1);
	failing_store_fail_from(&world.disk, 1 << FAILING_STORE_WRITE, 1, -VAS_EIO);
	assert_int_equal(world_out(a, 0), -VAS_EIO);
	failing_store_fail_at(&world.disk, 0, 0, 0);
	assert_int_equal(world_get(b, 0), 1);
	world_check(&world);
	world_finish(&world);
}

static void dropped_pages_are_gone_everywhere(void **state)
{
	static struct world world;
	struct world_space *a, *b;

	(void)state;
	world_start(&world, NULL, NULL, 64, 0);
	world_open(&world, true, 10);
	a = world_object_space(&world);
	a->locked = true;
	b = world_object_space(&world);
	for (uint64_t page = 0; page < 10; page++) {
		world_put(a, page, 1);
		world_put(b, page, 2);
	}
	vas_drop_pages(&world.memory, world.object, 3, 6);
	for (uint64_t page = 0; page < 10; page++) {
		bool gone = page >= 3 && page <= 6;

		assert_int_equal(world_entry(a, page) == 0, gone);
		assert_int_equal(world_entry(b, page) == 0, gone);
	}
	world_check(&world);
	assert_int_equal(world_get(a, 4), 0);
	world_check(&world);
	world_finish(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_smaller_than_the_program_loses_no_byte),
		cmocka_unit_test(forked_spaces_share_slots_and_come_back_to_one_page),
		cmocka_unit_test(a_page_that_cannot_be_written_stays),
		cmocka_unit_test(a_page_that_cannot_be_read_is_asked_for_again),
		cmocka_unit_test(full_swap_ends_reclaim_and_loses_nothing),
		cmocka_unit_test(lazily_freed_pages_go_without_swap_unless_written),
		cmocka_unit_test(locked_pages_stay),
		cmocka_unit_test(used_pages_outlive_others),
		cmocka_unit_test(files_are_written_when_dirty_and_dropped_when_clean),
		cmocka_unit_test(shared_memory_goes_to_swap_and_back),
		cmocka_unit_test(dropped_pages_are_gone_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
