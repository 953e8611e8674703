/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Pages that move to other frames, and equal pages that become one. */

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

static void a_page_moves_with_all_that_map_it(void **state)
{
	static struct world world;
	struct world_space *in[5];

	(void)state;
	for (size_t i = 0; i < DESIGNS; i++) {
		struct vas_page *before;
		uint64_t entry;

		world_start(&world, designs[i], NULL, 128, 0);
		in[0] = world_space(&world, 2);
		world_put(in[0], 0, 7);
		world_put(in[0], 1, 8);
		for (size_t child = 1; child < 5; child++)
			in[child] = world_fork(in[child - 1]);
		before = world_page(in[0], 0);
		assert_int_equal(world_migrate(in[2], 0), 0);
		world_check(&world);
		assert_int_equal(before->kind, VAS_PAGE_FREE);
		assert_int_equal(world_page(in[0], 0)->mapcount, 5);
		for (size_t n = 0; n < 5; n++) {
			assert_ptr_equal(world_page(in[n], 0), world_page(in[0], 0));
			assert_int_equal(world_entry(in[n], 0) & VAS_PTE_WRITE, 0);
			assert_int_equal(world_get(in[n], 0), 7);
		}
		/* One of its own, written: the bits go along. */
		world_put(in[3], 1, 9);
		entry = world_entry(in[3], 1);
		assert_int_equal(world_migrate(in[3], 1), 0);
		assert_int_equal((world_entry(in[3], 1) ^ entry) & ~VAS_PTE_FRAME, 0);
		assert_true(((world_entry(in[3], 1) ^ entry) & VAS_PTE_FRAME) != 0);
		assert_int_equal(world_get(in[3], 1), 9);
		assert_int_equal(world_get(in[4], 1), 8);
		world_check(&world);
		assert_int_equal(world.memory.counts.migrated, 2);
		world_finish(&world);
	}
}

static void a_page_that_somebody_looks_at_stays(void **state)
{
	static struct world world;
	struct world_space *in;
	struct vas_page *page;
	uint64_t entry;

	(void)state;
	world_start(&world, NULL, NULL, 64, 0);
	in = world_space(&world, 1);
	world_put(in, 0, 7);
	page = world_page(in, 0);
	entry = world_entry(in, 0);
	vas_page_get(page);
	assert_int_equal(world_migrate(in, 0), -VAS_EBUSY);
	assert_int_equal(world_entry(in, 0), entry);
	assert_int_equal(page->references, 2);
	vas_page_put(&world.memory, page);
	vas_page_lock(page);
	assert_int_equal(world_migrate(in, 0), -VAS_EBUSY);
	vas_page_unlock(page);
	world_check(&world);
	world_finish(&world);
}

static void a_page_moves_in_the_swap_cache(void **state)
{
	static struct world world;
	struct world_space *in, *child;
	uint32_t slot;

	(void)state;
	world_start(&world, NULL, NULL, 64, 8);
	in = world_space(&world, 1);
	world_put(in, 0, 7);
	child = world_fork(in);
	assert_int_equal(world_out(in, 0), 0);
	assert_int_equal(world_get(in, 0), 7);
	slot = world_page(in, 0)->slot;
	assert_int_not_equal(slot, 0);
	assert_int_equal(world_migrate(in, 0), 0);
	assert_int_equal(world_page(in, 0)->slot, slot);
	world_check(&world);
	assert_int_equal(world_get(child, 0), 7);
	assert_ptr_equal(world_page(in, 0), world_page(child, 0));
	assert_int_equal(world.memory.counts.swapped_in, 1);
	assert_int_equal(world_slots_used(&world), 0);
	world_check(&world);
	world_finish(&world);
}

static void pages_of_objects_move(void **state)
{
	static struct world world;
	struct world_space *a, *b;

	(void)state;
	for (int file = 0; file < 2; file++) {
		struct vas_page *before;

		world_start(&world, NULL, NULL, 64, 8);
		world_open(&world, file == 1, 4);
		a = world_object_space(&world);
		b = world_object_space(&world);
		world_put(a, 2, 7);
		assert_int_equal(world_get(b, 2), 7);
		before = world_page(a, 2);
		assert_int_equal(world_migrate(b, 2), 0);
		assert_ptr_not_equal(world_page(a, 2), before);
		assert_ptr_equal(world_page(a, 2), world_page(b, 2));
		world_check(&world);
		world_put(b, 2, 8);
		assert_int_equal(world_get(a, 2), 8);
		assert_int_equal(world_out(a, 2), 0);
		assert_int_equal(world_get(b, 2), 8);
		world_check(&world);
		world_finish(&world);
	}
}

static void equal_pages_become_one(void **state)
{
	static struct world world;
	struct world_space *a, *b, *c;

	(void)state;
	for (size_t i = 0; i < DESIGNS; i++) {
		uint32_t free;

		world_start(&world, designs[i], NULL, 128, 16);
		a = world_space(&world, 4);
		b = world_space(&world, 4);
		for (uint64_t page = 0; page < 4; page++) {
			world_put(a, page, 5);
			world_put(b, page, page == 3 ? 6 : 5);
		}
		c = world_fork(b);
		free = world_frames_free(&world);
		assert_int_equal(world_merge(a, 0, b, 3), -VAS_ENOENT);
		assert_int_equal(world_merge(a, 0, b, 0), 0);
		assert_int_equal(world_merge(a, 0, b, 1), 0);
		assert_int_equal(world_merge(a, 0, a, 1), 0);
		assert_int_equal(world_frames_free(&world), free + 3);
		assert_int_equal(world_page(a, 0)->mapcount, 6); /* c has two */
		assert_true(world_page(a, 0)->flags & VAS_PAGE_MERGED);
		world_check(&world);
		/* A write gets a copy; forks share it on. */
		world_put(b, 0, 9);
		assert_int_equal(world_get(a, 0), 5);
		assert_int_equal(world_page(a, 0)->mapcount, 5);
		assert_int_equal(world_get(world_fork(a), 1), 5);
		assert_int_equal(world_page(a, 0)->mapcount, 7);
		world_check(&world);
		/* It moves, goes to swap, and is a merged page again. */
		assert_int_equal(world_migrate(c, 0), 0);
		world_check(&world);
		assert_int_equal(world_out(c, 1), 0);
		assert_int_equal(vas_entry_kind(world_entry(a, 0)), VAS_ENTRY_SWAP);
		assert_int_equal(world_get(c, 1), 5);
		assert_int_equal(world_get(a, 1), 5);
		assert_ptr_equal(world_page(a, 1), world_page(c, 1));
		assert_true(world_page(a, 1)->flags & VAS_PAGE_MERGED);
		world_check(&world);
		world_put(c, 1, 10);
		assert_int_equal(world_get(a, 1), 5);
		assert_int_equal(world_get(b, 0), 9);
		assert_int_equal(world_get(b, 1), 5);
		world_check(&world);
		world_finish(&world);
	}
}

static void pages_that_others_look_at_are_not_merged(void **state)
{
	static struct world world;
	struct world_space *a;
	struct vas_page *page;

	(void)state;
	world_start(&world, NULL, NULL, 64, 0);
	a = world_space(&world, 2);
	world_put(a, 0, 5);
	world_put(a, 1, 5);
	page = world_page(a, 1);
	vas_page_get(page);
	assert_int_equal(world_merge(a, 0, a, 1), -VAS_EBUSY);
	assert_ptr_equal(world_page(a, 1), page);
	world_put(a, 1, 6);
	vas_page_put(&world.memory, page);
	assert_int_equal(world_merge(a, 0, a, 1), -VAS_ENOENT);
	world_put(a, 1, 5);
	assert_int_equal(world_merge(a, 1, a, 0), 0);
	world_check(&world);
	world_finish(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_moves_with_all_that_map_it),
		cmocka_unit_test(a_page_that_somebody_looks_at_stays),
		cmocka_unit_test(a_page_moves_in_the_swap_cache),
		cmocka_unit_test(pages_of_objects_move),
		cmocka_unit_test(equal_pages_become_one),
		cmocka_unit_test(pages_that_others_look_at_are_not_merged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
