/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* remap_file_pages, as kernels since 4.0 emulate it. */

#include "fixture.h"

static int remap_window(struct fixture *f, uint64_t page, uint64_t count, uint64_t file_page)
{
	int err = vas_remap_file_pages(f->space, at(page), count * VAS_PAGE_SIZE, 0, file_page, 0);

	fixture_check(f, f->space);
	return err;
}

/*
 *	AAAAAAAA	pages 0 to 7 of the file
 *	  **		pages 5 and 6
 */
static void a_window_of_its_own(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x");

	assert_ok(map_file(f, 0, 8, RW, VAS_SHARED | VAS_FIXED, file, 0));
	assert_ok(remap_window(f, 2, 2, 5));
	assert_ruler(f, "AABBCCCC");
	assert_int_equal(vas_find(f->space, at(2))->offset, 5);
	assert_int_equal(vas_find(f->space, at(4))->offset, 4);
	assert_access(f, "wwwwwwww");
	/* Back in line it is one area again. */
	assert_ok(remap_window(f, 2, 2, 2));
	assert_ruler(f, "AAAAAAAA");
}

/* Before 4.0: the area stays one, and stands alone. */
static void one_nonlinear_area(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x");

	vas_space_settings(f->space)->nonlinear = true;
	assert_ok(map_file(f, 0, 8, RW, VAS_SHARED | VAS_FIXED, file, 0));
	assert_ok(remap_window(f, 2, 2, 2));
	assert_int_equal(vas_find(f->space, at(2))->flags & VAS_AREA_NONLINEAR, 0);
	assert_ok(remap_window(f, 2, 2, 5));
	assert_ruler(f, "AAAAAAAA");
	assert_int_not_equal(vas_find(f->space, at(2))->flags & VAS_AREA_NONLINEAR, 0);
	assert_ok(map_file(f, 8, 2, RW, VAS_SHARED | VAS_FIXED, file, 8));
	assert_ruler(f, "AAAAAAAABB");
	assert_int_equal(remap_window(f, 6, 4, 0), -VAS_EINVAL);
	vas_space_settings(f->space)->nonlinear = false;
}

/* W14's shape: every page of a window, reversed. */
static void every_page_reversed(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x");

	assert_ok(map_file(f, 0, 40, RW, VAS_SHARED | VAS_FIXED, file, 0));
	for (uint64_t page = 0; page < 40; page++)
		assert_ok(remap_window(f, page, 1, 39 - page));
	for (uint64_t page = 0; page < 40; page++) {
		const struct vas_area *area = vas_find(f->space, at(page));

		assert_int_equal(vas_area_pages(area), 1);
		assert_int_equal(area->offset, 39 - page);
	}
	assert_ok(unmap_pages(f, 0, 40));
}

static void it_is_locked_and_populated_as_it_was(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x");

	assert_ok(map_file(f, 0, 4, RW, VAS_SHARED | VAS_FIXED, file, 0));
	assert_ok(lock_pages(f, 0, 4));
	twin_clear_log(f->twin);
	assert_ok(remap_window(f, 0, 2, 6));
	assert_flagged(f, VAS_AREA_LOCKED, "####");
	assert_told(f, "split 1 2 2-4\nunmap 1 0-2\nfree 1\nmap 3 0-2\ntouch 3 0-2\n");
}

/* Over several areas, if they are alike and without a hole. */
static void several_areas(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x");

	assert_ok(map_file(f, 0, 4, RW, VAS_SHARED | VAS_FIXED, file, 0));
	assert_ok(map_file(f, 4, 4, RW, VAS_SHARED | VAS_FIXED, file, 20));
	assert_ok(map_file(f, 8, 4, VAS_READ, VAS_SHARED | VAS_FIXED, file, 0));
	assert_ok(map_file(f, 14, 4, VAS_READ, VAS_SHARED | VAS_FIXED, file, 0));
	assert_error(VAS_EINVAL, remap_window(f, 2, 8, 0));
	assert_error(VAS_EINVAL, remap_window(f, 10, 6, 0));
	assert_ruler(f, "AAAABBBBCCCC..DDDD");
	assert_ok(remap_window(f, 2, 4, 50));
	assert_ruler(f, "AABBBBCCDDDD..EEEE");
}

static void arguments(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x");
	uint64_t length = VAS_PAGE_SIZE;

	assert_ok(map_file(f, 0, 4, RW, VAS_SHARED | VAS_FIXED, file, 0));
	assert_ok(map_file(f, 4, 4, RW, VAS_PRIVATE | VAS_FIXED, file, 0));
	assert_ok(map_pages(f, 8, 4, RW, 0));
	assert_error(VAS_EINVAL, remap_window(f, 4, 1, 0));
	assert_error(VAS_EINVAL, remap_window(f, 8, 1, 0));
	assert_error(VAS_EINVAL, remap_window(f, 12, 1, 0));
	assert_error(VAS_EINVAL, remap_window(f, 0, 0, 0));
	assert_error(VAS_EINVAL, vas_remap_file_pages(f->space, at(0), length, 1, 0, 0));
	assert_error(VAS_EINVAL, vas_remap_file_pages(f->space, at(0), length - 1, 0, 0, 0));
	assert_error(VAS_EINVAL, vas_remap_file_pages(f->space, at(0), UINT64_MAX, 0, 0, 0));
	assert_error(VAS_EINVAL, vas_remap_file_pages(f->space, at(0), length, 0, UINT64_MAX, 0));
	assert_error(VAS_EOVERFLOW,
		     vas_remap_file_pages(f->space, at(0), length, 0, UINT64_MAX - 1, 0));
	assert_error(VAS_EOVERFLOW,
		     vas_remap_file_pages(f->space, at(0), length, 0, UINT64_C(1) << 52, 0));
	/* Start and length are rounded down. */
	assert_ok(vas_remap_file_pages(f->space, at(1) + 5, 2 * length - 1, 0, 9, 0));
	assert_ruler(f, "ABCCDDDDEEEE");
	fixture_check(f, f->space);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(a_window_of_its_own),
		fixture_test(one_nonlinear_area),
		fixture_test(every_page_reversed),
		fixture_test(it_is_locked_and_populated_as_it_was),
		fixture_test(several_areas),
		fixture_test(arguments),
	};

	return fixture_run("file_pages", tests);
}
