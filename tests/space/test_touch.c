/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Accesses, and the stacks that grow by them. */

#include "fixture.h"

#define READ  VAS_ACCESS_READ
#define WRITE VAS_ACCESS_WRITE
#define EXEC  VAS_ACCESS_EXEC

static void permissions(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 1, VAS_NONE, 0));
	assert_ok(map_pages(f, 1, 1, VAS_READ, 0));
	assert_ok(map_pages(f, 2, 1, RW, 0));
	assert_ok(map_pages(f, 3, 1, VAS_EXEC, 0));
	assert_ok(map_pages(f, 4, 1, VAS_WRITE, 0));
	assert_error(VAS_EACCES, touch_page(f, 0, READ));
	assert_error(VAS_EACCES, touch_page(f, 1, WRITE));
	assert_error(VAS_EACCES, touch_page(f, 2, EXEC));
	assert_error(VAS_EACCES, touch_page(f, 3, WRITE));
	assert_ok(touch_page(f, 1, READ));
	assert_ok(touch_page(f, 2, WRITE));
	/* What may be executed or written may be read. */
	assert_ok(touch_page(f, 3, READ));
	assert_ok(touch_page(f, 4, READ));
	assert_ok(touch_page(f, 3, EXEC));
	assert_error(VAS_EFAULT, touch_page(f, 5, READ));
	assert_ruler(f, "ABCDE");
}

static void outside(void **state)
{
	struct fixture *f = *state;

	assert_error(VAS_EFAULT, vas_touch(f->space, 0, READ));
	assert_error(VAS_EFAULT, vas_touch(f->space, UINT64_MAX, READ));
	assert_error(VAS_EFAULT, vas_touch(f->space, f->config.layout.task_size, READ));
	assert_ok(map_pages(f, 4, 2, RW, 0));
	assert_error(VAS_EFAULT, touch_page(f, 3, READ));
	assert_ok(vas_touch(f->space, at(5) + VAS_PAGE_SIZE - 1, WRITE));
	assert_int_not_equal(twin_stamp(f->twin, f->space, at(5)), 0);
	fixture_check(f, f->space);
}

/*
 *	......SSSS  ->  ..SSSSSSSS
 *	  *
 */
static void a_stack_grows_down(void **state)
{
	struct fixture *f = *state;
	struct vas_counts counts;

	assert_ok(map_pages(f, 6, 4, RW, VAS_GROWSDOWN));
	twin_clear_log(f->twin);
	assert_ok(touch_page(f, 2, WRITE));
	assert_ruler(f, "..AAAAAAAA");
	assert_told(f, "touch! 1 6-6\nmap 1 2-6\ntouch! 1 2-3\n");
	assert_int_equal(vas_find(f->space, at(2))->offset, at(2) >> VAS_PAGE_SHIFT);
	vas_space_count(f->space, &counts);
	assert_int_equal(counts.stack, 8);
	assert_int_equal(counts.total, 8);
	assert_int_equal(f->settings.committed, 8);
}

/* A read grows it too; one that the area does not allow grows it as well, and then fails. */
static void any_access_grows_it(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 6, 4, RW, VAS_GROWSDOWN));
	assert_ok(touch_page(f, 5, READ));
	assert_error(VAS_EACCES, touch_page(f, 4, EXEC));
	assert_ruler(f, "....AAAAAA");
}

/*
 *	AAAA..*...SSSS		the guard gap below the stack stays, above what can be accessed
 */
static void the_guard_gap(void **state)
{
	struct fixture *f = *state;

	f->settings.stack_guard_gap = 4 * VAS_PAGE_SIZE;
	assert_ok(map_pages(f, 0, 2, RW, 0));
	assert_ok(map_pages(f, 12, 4, RW, VAS_GROWSDOWN));
	assert_error(VAS_EFAULT, touch_page(f, 5, WRITE));
	assert_ruler(f, "AA..........BBBB");
	assert_ok(touch_page(f, 6, WRITE));
	assert_ruler(f, "AA....BBBBBBBBBB");
	/* Memory without access is no neighbour, nor is another stack. */
	assert_ok(protect_pages(f, 0, 2, VAS_NONE));
	assert_ok(touch_page(f, 3, WRITE));
	assert_ruler(f, "AA.BBBBBBBBBBBBB");
	assert_ok(unmap_pages(f, 0, 16));
	assert_ok(map_pages(f, 0, 2, RW, VAS_GROWSDOWN));
	assert_ok(map_pages(f, 12, 4, RW, VAS_GROWSDOWN));
	assert_ok(touch_page(f, 2, WRITE));
	assert_ruler(f, "AABBBBBBBBBBBBBB");
}

static void limits(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 20, 4, RW, VAS_GROWSDOWN));
	vas_space_limits(f->space)->stack = 8 * VAS_PAGE_SIZE;
	assert_error(VAS_EFAULT, touch_page(f, 15, WRITE));
	assert_ok(touch_page(f, 16, WRITE));
	vas_space_limits(f->space)->stack = VAS_UNLIMITED;
	vas_space_limits(f->space)->address_space = 10 * VAS_PAGE_SIZE;
	assert_error(VAS_EFAULT, touch_page(f, 13, WRITE));
	assert_ok(touch_page(f, 14, WRITE));
	vas_space_limits(f->space)->address_space = VAS_UNLIMITED;
	assert_ok(lock_pages(f, 14, 10));
	vas_space_limits(f->space)->locked = 11 * VAS_PAGE_SIZE;
	assert_error(VAS_EFAULT, touch_page(f, 12, WRITE));
	assert_ok(touch_page(f, 13, WRITE));
	vas_space_set_privileges(f->space, VAS_MAY_LOCK);
	f->settings.overcommit_memory = 2;
	f->settings.commit_limit = 12;
	assert_error(VAS_EFAULT, touch_page(f, 11, WRITE));
	assert_ok(touch_page(f, 12, WRITE));
	f->settings.overcommit_memory = 0;
	f->settings.mmap_min_addr = at(8);
	assert_error(VAS_EFAULT, touch_page(f, 7, WRITE));
	assert_ok(touch_page(f, 8, WRITE));
	assert_ruler(f, "........AAAAAAAAAAAAAAAA");
}

/* Without a guard below it (nothing is there), a stack reaches down to the first page. */
static void down_to_the_first_page(void **state)
{
	struct fixture *f = *state;

	f->settings.mmap_min_addr = 0;
	vas_space_limits(f->space)->stack = VAS_UNLIMITED;
	assert_ok(map_pages(f, 0, 1, RW, VAS_GROWSDOWN));
	assert_ok(vas_touch(f->space, 0, WRITE));
	fixture_check(f, f->space);
	assert_int_equal(vas_find(f->space, 0)->offset, 0);
	assert_int_equal(vas_find(f->space, 0)->range.end, at(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(permissions),
		fixture_test(outside),
		fixture_test(a_stack_grows_down),
		fixture_test(any_access_grows_it),
		fixture_test(the_guard_gap),
		fixture_test(limits),
		fixture_test(down_to_the_first_page),
	};

	return fixture_run("touch", tests);
}
