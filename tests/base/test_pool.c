/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include <vas/pool.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_allocator.h"

struct world {
	struct failing_allocator memory;
	struct vas_pool pool;
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	failing_allocator_init(&world->memory);
	vas_pool_init(&world->pool, &world->memory.allocator);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	vas_pool_trim(&world->pool, 0);
	assert_int_equal(failing_allocator_finish(&world->memory), 0);
	free(world);
	return 0;
}

static void sizes_are_rounded_up_to_a_class(void **state)
{
	static const size_t sizes[][2] = {
		{ 1, 32 },
		{ 32, 32 },
		{ 33, 64 },
		{ 64, 64 },
		{ 65, 128 },
		{ 4096, 4096 },
		{ (1 << 16) - 1, 1 << 16 },
		{ 1 << 16, 1 << 16 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_int_equal(vas_pool_size(sizes[i][0]), sizes[i][1]);
}

static void what_was_reserved_can_be_taken_without_memory(void **state)
{
	struct world *world = *state;
	void *blocks[5];

	assert_int_equal(vas_pool_reserve(&world->pool, 40, 3), 0);
	assert_int_equal(vas_pool_reserve(&world->pool, 64, 2), 0); /* the same class: on top */
	assert_int_equal(vas_pool_reserve(&world->pool, 2000, 1), 0);
	assert_int_equal(world->memory.live_blocks, 6);
	failing_allocator_fail_from(&world->memory, 1);
	for (unsigned i = 0; i < 5; i++) {
		blocks[i] = vas_pool_take(&world->pool, 50);
		memset(blocks[i], (int)i, 64);
		assert_int_equal((uintptr_t)blocks[i] % 64, 0);
		for (unsigned j = 0; j < i; j++)
			assert_ptr_not_equal(blocks[i], blocks[j]);
	}
	failing_allocator_fail_at(&world->memory, 0);
	failing_allocator_check(&world->memory);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(((unsigned char *)blocks[i])[63], i);
		vas_pool_give(&world->pool, blocks[i], 50);
	}
}

static void a_promise_counts_what_is_there_already(void **state)
{
	struct world *world = *state;

	assert_int_equal(vas_pool_reserve(&world->pool, 100, 4), 0);
	vas_pool_trim(&world->pool, 3);
	assert_int_equal(world->memory.live_blocks, 3);
	assert_int_equal(vas_pool_reserve(&world->pool, 100, 2), 0);
	assert_int_equal(world->memory.live_blocks, 3);
	assert_int_equal(vas_pool_reserve(&world->pool, 100, 2), 0);
	assert_int_equal(world->memory.live_blocks, 4);
	/* What is given back is not promised again to those who asked before. */
	vas_pool_give(&world->pool, vas_pool_take(&world->pool, 100), 100);
	assert_int_equal(vas_pool_reserve(&world->pool, 100, 1), 0);
	assert_int_equal(world->memory.live_blocks, 4);
	vas_pool_trim(&world->pool, 1);
	assert_int_equal(world->memory.live_blocks, 1);
}

static void a_failed_reserve_keeps_what_it_got(void **state)
{
	struct world *world = *state;

	failing_allocator_fail_at(&world->memory, 3);
	assert_int_equal(vas_pool_reserve(&world->pool, 32, 5), -VAS_ENOMEM);
	failing_allocator_fail_at(&world->memory, 0);
	assert_int_equal(world->memory.live_blocks, 2);
	vas_pool_trim(&world->pool, SIZE_MAX);
	assert_int_equal(vas_pool_reserve(&world->pool, 32, 5), 0);
	assert_int_equal(world->memory.live_blocks, 5);
}

static void a_block_may_change_pools(void **state)
{
	struct world *world = *state;
	struct vas_pool other;

	vas_pool_init(&other, &world->memory.allocator);
	assert_int_equal(vas_pool_reserve(&world->pool, 300, 1), 0);
	vas_pool_give(&other, vas_pool_take(&world->pool, 300), 300);
	vas_pool_trim(&world->pool, 0);
	assert_int_equal(world->memory.live_blocks, 1);
	failing_allocator_fail_from(&world->memory, 1);
	assert_int_equal(vas_pool_reserve(&other, 257, 1), 0);
	failing_allocator_fail_at(&world->memory, 0);
	vas_pool_trim(&other, 0);
	assert_int_equal(world->memory.live_blocks, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sizes_are_rounded_up_to_a_class),
		TEST(what_was_reserved_can_be_taken_without_memory),
		TEST(a_promise_counts_what_is_there_already),
		TEST(a_failed_reserve_keeps_what_it_got),
		TEST(a_block_may_change_pools),
	};

	return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
