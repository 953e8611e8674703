/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* mlock, mlock2, munlock, mlockall, munlockall. */

#include "fixture.h"

static uint64_t locked(const struct fixture *f)
{
	struct vas_counts counts;

	vas_space_count(f->space, &counts);
	return counts.locked;
}

/*
 *	AAAAAAAA  ->  AABBBBCC  ->  AAAAAAAA
 *	  ****
 */
static void lock_and_unlock(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 8, RW, 0));
	twin_clear_log(f->twin);
	assert_ok(lock_pages(f, 2, 4));
	assert_ruler(f, "AABBBBCC");
	assert_flagged(f, VAS_AREA_LOCKED, "--####--");
	assert_int_equal(locked(f), 4);
	assert_told(f, "split 1 2 2-8\nsplit 2 3 6-8\nflags 2 2-6\ntouch! 2 2-6\n");
	assert_ok(lock_pages(f, 0, 4));
	assert_int_equal(locked(f), 6);
	assert_ok(unlock_pages(f, 1, 7));
	assert_int_equal(locked(f), 1);
	assert_ok(unlock_pages(f, 0, 1));
	assert_ruler(f, "AAAAAAAA");
	assert_int_equal(locked(f), 0);
}

static void on_fault(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	twin_clear_log(f->twin);
	assert_ok(vas_lock(f->space, at(0), 2 * VAS_PAGE_SIZE, VAS_LOCK_ONFAULT));
	assert_flagged(f, VAS_AREA_LOCK_ON_FAULT, "##--");
	assert_told(f, "split 1 2 2-4\nflags 1 0-2\n");
	assert_int_equal(locked(f), 2);
	assert_ok(lock_pages(f, 0, 1));
	assert_flagged(f, VAS_AREA_LOCK_ON_FAULT, "-#--");
	assert_flagged(f, VAS_AREA_LOCKED, "##--");
	assert_int_equal(locked(f), 2);
	assert_error(VAS_EINVAL, vas_lock(f->space, at(0), VAS_PAGE_SIZE, 2));
}

static void any_bytes(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(vas_lock(f->space, at(1) + 5, 1, 0));
	assert_flagged(f, VAS_AREA_LOCKED, "-#--");
	assert_ok(vas_lock(f->space, at(2) - 1, 2, 0));
	assert_flagged(f, VAS_AREA_LOCKED, "-##-");
	assert_ok(vas_unlock(f->space, at(1) + 5, 1));
	assert_flagged(f, VAS_AREA_LOCKED, "--#-");
	assert_ok(vas_lock(f->space, at(30), 0, 0));
	assert_ok(vas_unlock(f->space, at(30), 0));
	vas_space_set_privileges(f->space, VAS_MAY_LOCK);
	assert_error(VAS_EINVAL,
		     vas_lock(f->space, UINT64_MAX - 5 * VAS_PAGE_SIZE + 1, 6 * VAS_PAGE_SIZE, 0));
	assert_error(VAS_EINVAL, vas_unlock(f->space, at(0), UINT64_MAX - 2 * VAS_PAGE_SIZE));
	fixture_check(f, f->space);
}

/* A hole ends the call; what lies below it is locked, but not populated. */
static void a_hole(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 6, 4, RW, 0));
	twin_clear_log(f->twin);
	assert_error(VAS_ENOMEM, lock_pages(f, 2, 6));
	assert_flagged(f, VAS_AREA_LOCKED, "--##..----");
	assert_int_equal(locked(f), 2);
	assert_told(f, "split 1 3 2-4\nflags 3 2-4\n");
	assert_error(VAS_ENOMEM, lock_pages(f, 4, 6));
	assert_error(VAS_ENOMEM, unlock_pages(f, 0, 10));
	assert_flagged(f, VAS_AREA_LOCKED, "----..----");
}

/* Memory that cannot be touched is locked, but the call says so. */
static void no_access(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 2, VAS_NONE, 0));
	assert_error(VAS_ENOMEM, lock_pages(f, 0, 2));
	assert_flagged(f, VAS_AREA_LOCKED, "##");
	assert_int_equal(locked(f), 2);
}

static void limits(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 8, RW, 0));
	vas_space_limits(f->space)->locked = 4 * VAS_PAGE_SIZE;
	assert_error(VAS_ENOMEM, lock_pages(f, 0, 5));
	assert_ok(lock_pages(f, 0, 3));
	/* What is locked already does not count twice. */
	assert_ok(lock_pages(f, 0, 4));
	assert_error(VAS_ENOMEM, lock_pages(f, 2, 3));
	assert_error(VAS_EAGAIN, map_pages(f, 10, 1, RW, VAS_LOCKED));
	vas_space_limits(f->space)->locked = 0;
	assert_error(VAS_EPERM, lock_pages(f, 0, 1));
	assert_error(VAS_EPERM, map_pages(f, 10, 1, RW, VAS_LOCKED));
	assert_error(VAS_EPERM, vas_lock_all(f->space, VAS_LOCK_ALL_CURRENT));
	vas_space_set_privileges(f->space, VAS_MAY_LOCK);
	assert_ok(lock_pages(f, 0, 8));
	assert_int_equal(locked(f), 8);
}

static void all_there_is(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 2, RW, 0));
	assert_ok(map_pages(f, 4, 2, VAS_NONE, 0));
	assert_ok(map_pages(f, 8, 2, VAS_READ, 0));
	twin_clear_log(f->twin);
	assert_ok(vas_lock_all(f->space, VAS_LOCK_ALL_CURRENT));
	fixture_check(f, f->space);
	assert_flagged(f, VAS_AREA_LOCKED, "##..##..##");
	assert_told(f,
		    "flags 1 0-2\nflags 2 4-6\nflags 3 8-10\n"
		    "touch! 1 0-2\ntouch 3 8-10\n");
	assert_ok(map_pages(f, 12, 2, RW, 0));
	assert_flagged(f, VAS_AREA_LOCKED, "##..##..##..--");
	assert_ok(vas_unlock_all(f->space));
	assert_int_equal(locked(f), 0);
	vas_space_limits(f->space)->locked = 7 * VAS_PAGE_SIZE;
	assert_error(VAS_ENOMEM, vas_lock_all(f->space, VAS_LOCK_ALL_CURRENT));
	fixture_check(f, f->space);
}

static void all_to_come(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 2, RW, 0));
	assert_ok(vas_lock_all(f->space, VAS_LOCK_ALL_FUTURE | VAS_LOCK_ALL_ONFAULT));
	assert_ok(map_pages(f, 4, 2, RW, 0));
	assert_flagged(f, VAS_AREA_LOCK_ON_FAULT, "--..##");
	assert_ok(vas_lock_all(f->space, VAS_LOCK_ALL_FUTURE));
	assert_ok(map_pages(f, 8, 2, RW, 0));
	assert_flagged(f, VAS_AREA_LOCK_ON_FAULT, "--..##..--");
	assert_flagged(f, VAS_AREA_LOCKED, "--..##..##");
	/* CURRENT alone ends it. */
	assert_ok(vas_lock_all(f->space, VAS_LOCK_ALL_CURRENT));
	assert_ok(map_pages(f, 12, 2, RW, 0));
	assert_flagged(f, VAS_AREA_LOCKED, "##..##..##..--");
	fixture_check(f, f->space);
}

static void lock_all_arguments(void **state)
{
	struct fixture *f = *state;

	assert_error(VAS_EINVAL, vas_lock_all(f->space, 0));
	assert_error(VAS_EINVAL, vas_lock_all(f->space, 8));
	assert_error(VAS_EINVAL, vas_lock_all(f->space, VAS_LOCK_ALL_ONFAULT));
}

/* Device memory and droppable memory are passed over, without an error. */
static void what_is_never_locked(void **state)
{
	struct fixture *f = *state;
	struct vas_file *device = fixture_file(f, "/dev/x");

	device->area_flags = VAS_AREA_IO | VAS_AREA_RAW_FRAMES;
	assert_ok(map_file(f, 0, 2, RW, VAS_SHARED | VAS_FIXED, device, 0));
	assert_ok(map_file(f, 2, 2, RW, VAS_DROPPABLE | VAS_ANONYMOUS | VAS_FIXED, NULL, 0));
	assert_ok(lock_pages(f, 0, 4));
	assert_flagged(f, VAS_AREA_LOCKED, "----");
	assert_int_equal(locked(f), 0);
}

static void number_of_areas(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 8, RW, 0));
	f->settings.max_map_count = 1;
	assert_error(VAS_ENOMEM, lock_pages(f, 2, 2));
	assert_ruler(f, "AAAAAAAA");
	assert_int_equal(locked(f), 0);
	assert_ok(lock_pages(f, 0, 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(lock_and_unlock),	  fixture_test(on_fault),
		fixture_test(any_bytes),	  fixture_test(a_hole),
		fixture_test(no_access),	  fixture_test(limits),
		fixture_test(all_there_is),	  fixture_test(all_to_come),
		fixture_test(lock_all_arguments), fixture_test(what_is_never_locked),
		fixture_test(number_of_areas),
	};

	return fixture_run("lock", tests);
}
