/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The allocator of indexes of family-index: which indexes areas get, when they can grow and merge,
 * and that what is counted about it is so. On the toy machine of toy.h.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rmap/anon_designs.h"
#include "rmap/family_index.h"
#include "toy.h"

#define BASE_PAGE (TOY_BASE >> VAS_PAGE_SHIFT)

static const struct vas_printer nowhere;

static struct toy *start(struct toy_space **first)
{
	struct toy *toy = toy_start(&vas_family_index_design, 0);

	assert_int_equal(toy_space_new(toy, first), 0);
	return toy;
}

static void map_and_write(struct toy_space *space, uint64_t page, uint64_t pages)
{
	assert_int_equal(toy_map(space, page, pages, NULL), 0);
	for (uint64_t at = page; at < page + pages; at++)
		assert_int_equal(toy_write(space, at), 0);
}

static uint64_t index_of(const struct toy_space *space, uint64_t page)
{
	return toy_page_at(space, page)->page.index;
}

static const struct vas_area *area_at(const struct toy_space *space, uint64_t page)
{
	return vas_find(space->space, TOY_BASE + page * VAS_PAGE_SIZE);
}

static struct family_index *design_of(const struct toy *toy)
{
	return toy->instance;
}

static void an_area_gets_its_own_page_numbers(void **state)
{
	struct toy_space *space;
	struct toy *toy = start(&space);

	(void)state;
	map_and_write(space, 40, 4);
	for (uint64_t at = 40; at < 44; at++)
		assert_int_equal(index_of(space, at), BASE_PAGE + at);
	assert_int_equal(design_of(toy)->figures.natural, 1);
	toy_check(toy);
	toy_finish(toy);
}

static void mremap_leaves_indexes_alone(void **state)
{
	struct toy_space *space;
	struct toy *toy = start(&space);

	(void)state;
	map_and_write(space, 40, 4);
	assert_int_equal(toy_remap(space, 40, 4, 4, VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED, 80), 0);
	assert_int_equal(index_of(space, 81), BASE_PAGE + 41);
	/* The old place is somebody else's now, and its numbers are taken. */
	map_and_write(space, 40, 4);
	assert_int_not_equal(index_of(space, 40), BASE_PAGE + 40);
	assert_int_equal(design_of(toy)->figures.elsewhere, 1);
	toy_check(toy);
	toy_finish(toy);
}

/*
 *	parent  AAAA****    each maps more behind A: one of them has the numbers that follow
 *	child   AAAA****
 */
static void of_two_relatives_that_grow_one_cannot(void **state)
{
	struct toy_space *parent, *child;
	struct toy *toy = start(&parent);

	(void)state;
	map_and_write(parent, 40, 4);
	assert_int_equal(toy_fork(parent, &child), 0);
	map_and_write(parent, 44, 4);
	map_and_write(child, 44, 4);
	assert_int_equal(index_of(parent, 44), BASE_PAGE + 44);
	assert_int_not_equal(index_of(child, 44), BASE_PAGE + 44);
	assert_int_equal(family_area_of(area_at(parent, 44))->runs, 1);
	assert_int_equal(family_area_of(area_at(child, 44))->runs, 2);
	assert_int_equal(design_of(toy)->figures.grown, 1);
	assert_int_equal(design_of(toy)->figures.not_grown, 1);
	/* And what was split there does not merge again. */
	assert_int_equal(toy_protect(child, 44, 4, VAS_READ), 0);
	assert_int_equal(toy_protect(child, 44, 4, VAS_READ | VAS_WRITE), 0);
	assert_ptr_not_equal(area_at(child, 40), area_at(child, 44));
	assert_int_not_equal(design_of(toy)->figures.refused, 0);
	toy_check(toy);
	toy_finish(toy);
}

static void areas_merge_only_if_their_indexes_run_on(void **state)
{
	struct toy_space *space;
	struct toy *toy = start(&space);

	(void)state;
	map_and_write(space, 40, 8);
	assert_int_equal(toy_protect(space, 44, 4, VAS_READ), 0);
	assert_int_equal(toy_protect(space, 44, 4, VAS_READ | VAS_WRITE), 0);
	assert_ptr_equal(area_at(space, 40), area_at(space, 44));
	assert_int_equal(design_of(toy)->figures.refused, 0);
	/* Away, and something else there, which comes between. */
	assert_int_equal(toy_remap(space, 44, 4, 4, VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED, 80), 0);
	map_and_write(space, 60, 4);
	assert_int_equal(toy_protect(space, 60, 4, VAS_READ), 0);
	assert_int_equal(toy_remap(space, 80, 4, 4, VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED, 44), 0);
	assert_ptr_equal(area_at(space, 40), area_at(space, 44));
	assert_int_equal(family_area_of(area_at(space, 40))->runs, 1);
	toy_check(toy);
	toy_finish(toy);
}

static void indexes_are_free_again_when_the_last_area_that_has_them_goes(void **state)
{
	struct toy_space *parent, *child;
	struct toy *toy = start(&parent);

	(void)state;
	map_and_write(parent, 40, 4);
	assert_int_equal(toy_fork(parent, &child), 0);
	assert_int_equal(toy_unmap(parent, 40, 4), 0);
	map_and_write(parent, 40, 4);
	assert_int_not_equal(index_of(parent, 40), BASE_PAGE + 40);
	assert_int_equal(toy_unmap(parent, 40, 4), 0);
	assert_int_equal(toy_unmap(child, 41, 2), 0);
	assert_int_equal(toy_map(parent, 41, 2, NULL), 0);
	assert_int_equal(toy_write(parent, 41), 0);
	assert_int_equal(index_of(parent, 41), BASE_PAGE + 41);
	toy_check(toy);
	toy_finish(toy);
}

static void other_indexes_lie_far_from_all_that_may_grow(void **state)
{
	struct toy_space *space;
	struct toy *toy = start(&space);
	uint64_t last = 0, first;

	(void)state;
	for (int i = 0; i < 8; i++) {
		map_and_write(space, 40, 4);
		first = index_of(space, 40);
		if (i > 0)
			assert_true(first > last ? first - last > UINT64_C(1) << 32
						 : last - first > UINT64_C(1) << 32);
		last = first;
		assert_int_equal(toy_remap(space, 40, 4, 4, VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED,
					   60 + (uint64_t)i * 8),
				 0);
	}
	assert_int_equal(design_of(toy)->figures.elsewhere, 7);
	toy_check(toy);
	toy_finish(toy);
}

/* The toy's families are small, so the space must be smaller. */
static void a_full_space_gives_indexes_twice_and_says_so(void **state)
{
	struct toy_space *space;
	struct toy *toy = start(&space);

	(void)state;
	design_of(toy)->limit = 64;
	map_and_write(space, 40, 30);
	map_and_write(space, 80, 30);
	map_and_write(space, 120, 30);
	assert_int_not_equal(design_of(toy)->figures.shared, 0);
	toy_check(toy);
	toy_finish(toy);
}

static bool broken(struct toy *toy)
{
	return !vas_family_index_design.validate(toy->instance, &nowhere);
}

static void the_validator_names_what_is_broken(void **state)
{
	struct toy_space *space;
	struct toy *toy = start(&space);
	struct family_area *area;
	struct family *family;
	struct vas_range *range;

	(void)state;
	map_and_write(space, 40, 4);
	area = family_area_of(area_at(space, 40));
	family = family_space_of(space->space)->family;
	assert_false(broken(toy));
	area->pages++; /* FAMILY-1 */
	assert_true(broken(toy));
	area->pages--;
	area->first->most++; /* FAMILY-2 */
	assert_true(broken(toy));
	area->first->most--;
	range = vas_index_find(family->used, area->first->first); /* FAMILY-3 */
	vas_index_resize(family->used, range, range->start, range->end - 1);
	assert_true(broken(toy));
	vas_index_resize(family->used, range, range->start, range->end + 1);
	family->spaces++; /* FAMILY-4 */
	assert_true(broken(toy));
	family->spaces--;
	assert_false(broken(toy));
	toy_finish(toy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_area_gets_its_own_page_numbers),
		cmocka_unit_test(mremap_leaves_indexes_alone),
		cmocka_unit_test(of_two_relatives_that_grow_one_cannot),
		cmocka_unit_test(areas_merge_only_if_their_indexes_run_on),
		cmocka_unit_test(indexes_are_free_again_when_the_last_area_that_has_them_goes),
		cmocka_unit_test(other_indexes_lie_far_from_all_that_may_grow),
		cmocka_unit_test(a_full_space_gives_indexes_twice_and_says_so),
		cmocka_unit_test(the_validator_names_what_is_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
