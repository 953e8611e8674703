/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The sparse array beside a naive twin: an array of (index, value), sorted. */

#include "tree/radix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_allocator.h"

#define STEPS 30000
#define MOST  400 /* values in the twin */

struct pair {
	uint64_t index, value;
};

struct world {
	struct failing_allocator memory;
	struct vas_radix radix;
	struct pair twin[MOST];
	unsigned count;
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	failing_allocator_init(&world->memory);
	vas_radix_init(&world->radix, &world->memory.allocator);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	uint64_t index = 0, value;

	while (vas_radix_next(&world->radix, &index, &value))
		assert_int_equal(vas_radix_erase(&world->radix, index), value);
	assert_int_equal(world->radix.count, 0);
	assert_int_equal(world->radix.nodes, 0);
	assert_int_equal(world->radix.height, 0);
	assert_int_equal(failing_allocator_finish(&world->memory), 0);
	free(world);
	return 0;
}

/* The first pair of the twin at or above an index. */
static unsigned twin_at(const struct world *world, uint64_t index)
{
	unsigned at = 0;

	while (at < world->count && world->twin[at].index < index)
		at++;
	return at;
}

static bool twin_has(const struct world *world, unsigned at, uint64_t index)
{
	return at < world->count && world->twin[at].index == index;
}

static void check_next(struct world *world, uint64_t index)
{
	unsigned at = twin_at(world, index);
	uint64_t found = index, value = 0;

	assert_int_equal(vas_radix_next(&world->radix, &found, &value), at < world->count);
	if (at < world->count) {
		assert_int_equal(found, world->twin[at].index);
		assert_int_equal(value, world->twin[at].value);
	}
	assert_int_equal(vas_radix_get(&world->radix, index),
			 twin_has(world, at, index) ? world->twin[at].value : 0);
}

static void set(struct world *world, uint64_t index, uint64_t value)
{
	unsigned at = twin_at(world, index);
	bool there = twin_has(world, at, index);
	size_t nodes = world->radix.nodes;
	int err;

	if (!there && world->count == MOST)
		return;
	err = vas_radix_set(&world->radix, index, value);
	if (err != 0) {
		assert_int_equal(err, -VAS_ENOMEM);
		assert_false(there);
		assert_true(world->memory.failures > 0);
		assert_int_equal(world->radix.nodes, nodes);
		return;
	}
	if (!there) {
		memmove(&world->twin[at + 1], &world->twin[at],
			(world->count - at) * sizeof(struct pair));
		world->count++;
	}
	world->twin[at] = (struct pair){ index, value };
}

static void erase(struct world *world, uint64_t index)
{
	unsigned at = twin_at(world, index);

	if (!twin_has(world, at, index)) {
		assert_int_equal(vas_radix_erase(&world->radix, index), 0);
		return;
	}
	assert_int_equal(vas_radix_erase(&world->radix, index), world->twin[at].value);
	world->count--;
	memmove(&world->twin[at], &world->twin[at + 1], (world->count - at) * sizeof(struct pair));
}

/* Near 0, near powers of 64, near the end, and anywhere. */
static uint64_t pick(void)
{
	uint64_t near = (uint64_t)random() % 130;

	switch (random() % 4) {
	case 0:
		return near;
	case 1:
		return (UINT64_C(1) << (6 * (random() % 11))) - 65 + near;
	case 2:
		return UINT64_MAX - near;
	default:
		return (uint64_t)random() << 33 ^ (uint64_t)random() << 11 ^ near;
	}
}

static void random_changes_equal_the_twin(void **state)
{
	struct world *world = *state;
	const char *text = getenv("VAS_SEED");
	unsigned seed = text == NULL ? 1 : (unsigned)strtoul(text, NULL, 0);

	print_message("seed %u\n", seed);
	srandom(seed);
	for (unsigned i = 0; i < STEPS; i++) {
		/* Fills up for a while, then empties. */
		bool grows = i / 2000 % 2 == 0;
		uint64_t index = pick();

		if (random() % 3 == 0 && world->count > 0)
			index = world->twin[(unsigned)random() % world->count].index;
		if (random() % 16 == 0)
			failing_allocator_fail_at(&world->memory, (uint64_t)random() % 4 + 1);
		if (random() % 4 == 0 ? grows : !grows)
			erase(world, index);
		else
			set(world, index, (uint64_t)random() + 1);
		failing_allocator_fail_at(&world->memory, 0);
		check_next(world, index);
		check_next(world, pick());
		assert_int_equal(world->radix.count, world->count);
	}
}

static void it_is_as_high_as_its_largest_index_needs(void **state)
{
	struct world *world = *state;

	for (unsigned height = 1; height <= 10; height++) {
		uint64_t index = UINT64_C(1) << (6 * (height - 1));

		set(world, index, height);
		assert_int_equal(world->radix.height, height);
	}
	set(world, UINT64_MAX, 11);
	assert_int_equal(world->radix.height, 11);
	erase(world, UINT64_MAX);
	assert_int_equal(world->radix.height, 10);
	for (unsigned height = 10; height > 1; height--) {
		erase(world, UINT64_C(1) << (6 * (height - 1)));
		assert_int_equal(world->radix.height, height - 1);
	}
	assert_int_equal(world->radix.nodes, 1);
	erase(world, 1);
	assert_int_equal(world->memory.live_blocks, 0);
}

/* Nothing is left of a first value that stood far out. */
static void an_empty_one_gets_its_height_at_once(void **state)
{
	struct world *world = *state;

	set(world, 5000, 1);
	assert_int_equal(world->radix.nodes, world->radix.height);
	erase(world, 5000);
	assert_int_equal(world->radix.nodes, 0);
}

static void every_allocation_may_fail(void **state)
{
	struct world *world = *state;

	set(world, 3, 4);
	for (uint64_t n = 1;; n++) {
		int err;

		failing_allocator_fail_at(&world->memory, n);
		err = vas_radix_set(&world->radix, UINT64_MAX - 5, 6);
		failing_allocator_fail_at(&world->memory, 0);
		if (err == 0)
			break;
		assert_int_equal(err, -VAS_ENOMEM);
		assert_int_equal(world->radix.nodes, 1);
		assert_int_equal(world->radix.height, 1);
		assert_int_equal(world->memory.live_blocks, 1);
		check_next(world, 0);
	}
	failing_allocator_fail_from(&world->memory, 1);
	assert_int_equal(vas_radix_set(&world->radix, UINT64_MAX - 5, 7), 0); /* it has a value */
	failing_allocator_fail_at(&world->memory, 0);
	assert_int_equal(vas_radix_erase(&world->radix, UINT64_MAX - 5), 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_changes_equal_the_twin),
		TEST(it_is_as_high_as_its_largest_index_needs),
		TEST(an_empty_one_gets_its_height_at_once),
		TEST(every_allocation_may_fail),
	};

	return cmocka_run_group_tests_name("radix", tests, NULL, NULL);
}
