/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* munmap. */

#include "fixture.h"

static void unmap_of_all_or_an_end(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 2, 8, RW, 0));
	assert_ruler(f, "..AAAAAAAA");
	assert_ok(unmap_pages(f, 2, 2));
	assert_ruler(f, "....AAAAAA");
	assert_ok(unmap_pages(f, 8, 2));
	assert_ruler(f, "....AAAA");
	assert_ok(unmap_pages(f, 4, 4));
	assert_ruler(f, "");
}

/*
 *	AAAAAAAAAA
 *	    **
 */
static void unmap_inside_makes_two(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 10, RW, 0));
	twin_clear_log(f->twin);
	assert_ok(unmap_pages(f, 4, 2));
	assert_ruler(f, "AAAA..BBBB");
	assert_told(f,
		    "split 1 2 4-10\n"
		    "split 2 3 6-10\n"
		    "unmap 2 4-6\n"
		    "free 2\n");
	assert_int_equal(vas_find(f->space, at(6))->offset, at(6) >> VAS_PAGE_SHIFT);
}

/*
 *	AAAA..BBBB..CCCC..DDDD
 *	  ******************
 */
static void unmap_over_holes(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 6, 4, VAS_READ, 0));
	assert_ok(map_pages(f, 12, 4, FULL, 0));
	assert_ok(map_pages(f, 18, 4, VAS_NONE, 0));
	assert_ok(unmap_pages(f, 2, 18));
	assert_ruler(f, "AA..................BB");
	assert_access(f, "ww..................--");
}

static void unmap_of_nothing_succeeds(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 2, RW, 0));
	twin_clear_log(f->twin);
	assert_ok(unmap_pages(f, 2, 20));
	assert_ok(vas_unmap(f->space, 0, VAS_PAGE_SIZE));
	assert_told(f, "");
}

static void lengths_round_up(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(vas_unmap(f->space, at(1), 1));
	assert_ruler(f, "A.BB");
	assert_ok(vas_unmap(f->space, at(2), VAS_PAGE_SIZE + 1));
	assert_ruler(f, "A");
}

static void bad_ranges_are_refused(void **state)
{
	struct fixture *f = *state;
	uint64_t end = f->config.layout.task_size;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_error(VAS_EINVAL, vas_unmap(f->space, at(0) + 1, VAS_PAGE_SIZE));
	assert_error(VAS_EINVAL, vas_unmap(f->space, at(0), 0));
	assert_error(VAS_EINVAL, vas_unmap(f->space, at(0), UINT64_MAX));
	assert_error(VAS_EINVAL, vas_unmap(f->space, at(0), end));
	assert_error(VAS_EINVAL, vas_unmap(f->space, end, VAS_PAGE_SIZE));
	assert_error(VAS_EINVAL, vas_unmap(f->space, end, 0));
	assert_error(VAS_EINVAL, vas_unmap(f->space, UINT64_MAX & ~VAS_PAGE_MASK, VAS_PAGE_SIZE));
	assert_ruler(f, "AAAA");
	assert_ok(vas_unmap(f->space, 0, end));
	assert_ruler(f, "");
	fixture_check(f, f->space);
}

static void last_page_of_the_space(void **state)
{
	struct fixture *f = *state;
	uint64_t address = f->config.layout.task_size - 2 * VAS_PAGE_SIZE;

	assert_ok(map_anywhere(f, 2 * VAS_PAGE_SIZE, VAS_FIXED, NULL, &address));
	assert_ok(vas_unmap(f->space, address + VAS_PAGE_SIZE, VAS_PAGE_SIZE));
	assert_non_null(vas_find(f->space, address));
	assert_null(vas_find_ge(f->space, address + VAS_PAGE_SIZE));
	assert_ok(vas_unmap(f->space, address, 1));
	fixture_check(f, f->space);
}

/* A sealed area stops the call, but the first split stands. */
static void sealed_area_stops_it(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 4, 4, VAS_READ, 0));
	assert_ok(seal_pages(f, 4, 4));
	assert_error(VAS_EPERM, unmap_pages(f, 2, 4));
	assert_ruler(f, "AABBCCCC");
	assert_error(VAS_EPERM, unmap_pages(f, 5, 1));
	assert_ruler(f, "AABBCCCC");
}

/* The number of areas counts only where one area becomes two. */
static void number_of_areas(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 10, RW, 0));
	f->settings.max_map_count = 1;
	assert_error(VAS_ENOMEM, unmap_pages(f, 4, 2));
	assert_ruler(f, "AAAAAAAAAA");
	assert_ok(unmap_pages(f, 0, 1));
	assert_ok(unmap_pages(f, 9, 1));
	assert_ruler(f, ".AAAAAAAA");
	f->settings.max_map_count = 2;
	assert_ok(unmap_pages(f, 4, 2));
	assert_ruler(f, ".AAA..BBB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(unmap_of_all_or_an_end), fixture_test(unmap_inside_makes_two),
		fixture_test(unmap_over_holes),	      fixture_test(unmap_of_nothing_succeeds),
		fixture_test(lengths_round_up),	      fixture_test(bad_ranges_are_refused),
		fixture_test(last_page_of_the_space), fixture_test(sealed_area_stops_it),
		fixture_test(number_of_areas),
	};

	return fixture_run("unmap", tests);
}
