/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Ranges that come and go in order, and what the index takes when they do not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "index_model.h"

/* Inserts and erases in every order that processes show; `next` gives the place of the i-th of n.
 */
struct order {
	const char *name;
	size_t (*next)(size_t i, size_t n);
};

static size_t upwards(size_t i, size_t n)
{
	(void)n;
	return i;
}

static size_t downwards(size_t i, size_t n)
{
	return n - 1 - i;
}

/* n / 2, n / 2 - 1, n / 2 + 1, n / 2 - 2 ... */
static size_t from_the_middle(size_t i, size_t n)
{
	return i % 2 == 0 ? n / 2 + i / 2 : n / 2 - 1 - i / 2;
}

static size_t to_the_middle(size_t i, size_t n)
{
	return from_the_middle(n - 1 - i, n);
}

/* Downwards from the middle, then upwards from above it: a heap below, and mappings that grow down
 * to it. */
static size_t down_then_up(size_t i, size_t n)
{
	return i < n / 2 ? n / 2 - 1 - i : i;
}

/* Every 64th, then the ones after them ... */
static size_t strided(size_t i, size_t n)
{
	size_t each = n / 64;

	return i % each * 64 + i / each;
}

static const struct order orders[] = {
	{ "upwards", upwards },
	{ "downwards", downwards },
	{ "from the middle", from_the_middle },
	{ "to the middle", to_the_middle },
	{ "down, then up", down_then_up },
	{ "strided", strided },
};

#define ORDERED ((size_t)64 * 40)

/* All places [100 * i, 100 * i + 60); erased in another order than they came in. */
static void run_order(const char *design, const struct order *in, const struct order *out)
{
	static struct vas_range *ranges[ORDERED];
	size_t link_bytes = vas_index_link_bytes(design), place;
	struct vas_index *index;

	assert_int_equal(vas_index_create(design, &vas_libc_allocator, &index), 0);
	for (size_t i = 0; i < ORDERED; i++) {
		place = in->next(i, ORDERED);
		ranges[place] = range_create(link_bytes, 100 * place, 100 * place + 60);
		assert_int_equal(vas_index_reserve(index, 1), 0);
		vas_index_insert(index, ranges[place]);
		if (i % 37 == 0 && !vas_index_validate(index, &stderr_printer))
			fail_msg("%s: inserts %s", design, in->name);
	}
	for (size_t i = 0; i < ORDERED; i++)
		assert_ptr_equal(vas_index_find(index, 100 * i + 59), ranges[i]);
	for (size_t i = 0; i < ORDERED; i++) {
		place = out->next(i, ORDERED);
		vas_index_erase(index, ranges[place]);
		range_free(link_bytes, ranges[place]);
		if (i % 37 == 0 && !vas_index_validate(index, &stderr_printer))
			fail_msg("%s: inserts %s, erases %s", design, in->name, out->name);
	}
	assert_true(vas_index_validate(index, &stderr_printer));
	assert_int_equal(vas_index_count(index), 0);
	vas_index_destroy(index);
}

static void ranges_may_come_and_go_in_any_order(void **state)
{
	size_t count = sizeof(orders) / sizeof(orders[0]);

	(void)state;
	for (const char *const *design = vas_index_designs(); *design != NULL; design++) {
		for (size_t i = 0; i < count * count; i++)
			run_order(*design, &orders[i / count], &orders[i % count]);
	}
}

/* One reservation for all, in any order; the memory is gone meanwhile. */
static void one_reservation_is_enough_for_any_order(void **state)
{
	static const size_t counts[] = { 1, 2, 3, 4, 5, 6, 7, 20, 31, 32, 33, 100, 800, ORDERED };
	struct test_allocator memory;
	struct vas_range *range;
	struct vas_index *index;

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		for (size_t j = 0; j < sizeof(orders) / sizeof(orders[0]); j++) {
			test_allocator_init(&memory);
			assert_int_equal(vas_index_create("btree", &memory.allocator, &index), 0);
			for (size_t at = 0; at < ORDERED; at++) {
				uint64_t start = 100 * orders[j].next(at, ORDERED);

				memory.refuse = false;
				if (at % counts[i] == 0)
					assert_int_equal(vas_index_reserve(index, counts[i]), 0);
				memory.refuse = true;
				range = range_create(0, start, start + 60);
				vas_index_insert(index, range);
			}
			assert_true(vas_index_validate(index, &stderr_printer));
			while ((range = vas_index_first(index)) != NULL) {
				vas_index_erase(index, range);
				range_free(0, range);
			}
			vas_index_destroy(index);
			assert_int_equal(memory.blocks, 0);
		}
	}
}

/* What changed an index before it was empty again has no say in what is loaded then. */
static void an_index_that_became_empty_may_be_loaded(void **state)
{
	struct vas_range *ranges[200], *extra;
	struct vas_index *index;

	(void)state;
	for (const char *const *design = vas_index_designs(); *design != NULL; design++) {
		size_t link_bytes = vas_index_link_bytes(*design);

		assert_int_equal(vas_index_create(*design, &vas_libc_allocator, &index), 0);
		for (size_t i = 0; i < 200; i++)
			ranges[i] = range_create(link_bytes, 100 * i + 50, 100 * i + 90);
		for (int turn = 0; turn < 3; turn++) {
			assert_int_equal(vas_index_load(index, ranges, 200), 0);
			for (size_t i = 0; i < 200; i++) {
				extra = range_create(link_bytes, 100 * i + 10, 100 * i + 20);
				assert_int_equal(vas_index_reserve(index, 1), 0);
				vas_index_insert(index, extra);
				assert_true(vas_index_validate(index, &stderr_printer));
				vas_index_erase(index, extra);
				range_free(link_bytes, extra);
			}
			for (size_t i = 0; i < 200; i++)
				vas_index_erase(index, ranges[turn == 0 ? i : 199 - i]);
			assert_true(vas_index_validate(index, &stderr_printer));
		}
		vas_index_destroy(index);
		for (size_t i = 0; i < 200; i++)
			range_free(link_bytes, ranges[i]);
	}
}

/* What one byte more or less for each range costs is seen at once: these are the bounds of the
 * contract. */
static void btree_takes_few_bytes_for_each_range(void **state)
{
	const size_t count = 20000;
	struct random random = { random_seed(__func__) };
	struct vas_index *index;
	struct vas_range **ranges = calloc(count, sizeof(*ranges));

	(void)state;
	assert_non_null(ranges);
	assert_int_equal(vas_index_create("btree", &vas_libc_allocator, &index), 0);
	for (size_t i = 0; i < count; i++)
		ranges[i] = range_create(0, 100 * i, 100 * i + 60);
	for (size_t i = count; i > 1; i--) {
		size_t other = random_below(&random, i);
		struct vas_range *range = ranges[i - 1];

		ranges[i - 1] = ranges[other];
		ranges[other] = range;
	}
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(vas_index_reserve(index, 1), 0);
		vas_index_insert(index, ranges[i]);
	}
	assert_in_range(vas_index_bytes(index), 24 * count, 36 * count);
	/* Spare nodes count. */
	assert_int_equal(vas_index_reserve(index, count), 0);
	assert_in_range(vas_index_bytes(index), 48 * count, SIZE_MAX);
	assert_int_equal(vas_index_reserve(index, 1), 0);
	/* Nine of ten go: nodes are joined. */
	for (size_t i = 0; i < count / 10 * 9; i++)
		vas_index_erase(index, ranges[i]);
	assert_in_range(vas_index_bytes(index), 24 * count / 10, 64 * count / 10);
	vas_index_destroy(index);
	for (size_t i = 0; i < count; i++)
		range_free(0, ranges[i]);
	free(ranges);
}

/* Nodes that nobody asked for are not copied, and no others are added. */
static void a_copy_takes_no_more_bytes_than_the_original(void **state)
{
	enum { COUNT = 6000 };
	static struct vas_range *ranges[COUNT];
	struct vas_index *index, *copy;
	size_t left = COUNT;

	(void)state;
	assert_int_equal(vas_index_create("btree", &vas_libc_allocator, &index), 0);
	for (size_t i = 0; i < COUNT; i++)
		ranges[i] = range_create(0, 100 * i, 100 * i + 60);
	assert_int_equal(vas_index_load(index, ranges, COUNT), 0);
	/* All are there; then every second one; then one of four ... */
	for (; left > 1; left = (left + 1) / 2) {
		assert_int_equal(vas_index_create("btree", &vas_libc_allocator, &copy), 0);
		assert_int_equal(vas_index_reserve(index, 1), 0);
		assert_int_equal(vas_index_copy(copy, index, ranges), 0);
		assert_true(vas_index_validate(copy, &stderr_printer));
		assert_int_equal(vas_index_count(copy), left);
		assert_in_range(vas_index_bytes(copy), 24 * left, vas_index_bytes(index));
		for (size_t i = 0; i < left; i++)
			assert_ptr_equal(vas_index_find(copy, ranges[i]->start), ranges[i]);
		vas_index_destroy(copy);
		for (size_t i = 0; i < left; i++) {
			if (i % 2 == 0) {
				ranges[i / 2] = ranges[i];
				continue;
			}
			vas_index_erase(index, ranges[i]);
			range_free(0, ranges[i]);
		}
	}
	vas_index_destroy(index);
	for (size_t i = 0; i < left; i++)
		range_free(0, ranges[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_may_come_and_go_in_any_order),
		cmocka_unit_test(one_reservation_is_enough_for_any_order),
		cmocka_unit_test(an_index_that_became_empty_may_be_loaded),
		cmocka_unit_test(btree_takes_few_bytes_for_each_range),
		cmocka_unit_test(a_copy_takes_no_more_bytes_than_the_original),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
