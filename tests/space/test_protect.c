/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* mprotect and pkey_mprotect. */

#include "fixture.h"

static void whole_area(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(protect_pages(f, 0, 4, VAS_READ));
	assert_ruler(f, "AAAA");
	assert_access(f, "rrrr");
	twin_clear_log(f->twin);
	assert_ok(protect_pages(f, 0, 4, VAS_READ));
	assert_told(f, "");
}

/*
 *	AAAAAAAAAA
 *	   ****
 */
static void the_middle_makes_three(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 10, RW, 0));
	twin_clear_log(f->twin);
	assert_ok(protect_pages(f, 3, 4, VAS_READ));
	assert_ruler(f, "AAABBBBCCC");
	assert_access(f, "wwwrrrrwww");
	assert_told(f,
		    "split 1 2 3-10\n"
		    "split 2 3 7-10\n"
		    "flags 2 3-7\n");
	twin_clear_log(f->twin);
	assert_ok(protect_pages(f, 3, 4, RW));
	assert_ruler(f, "AAAAAAAAAA");
	assert_told(f,
		    "merge 1 2 3-7\n"
		    "free 2\n"
		    "merge 1 3 7-10\n"
		    "free 3\n"
		    "flags 1 3-7\n");
}

/*
 *	AAAAAAAA	****AAAA	AAAA****
 *	****
 */
static void an_end_makes_two(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 8, RW, 0));
	assert_ok(protect_pages(f, 0, 4, VAS_READ));
	assert_ruler(f, "AAAABBBB");
	assert_ok(protect_pages(f, 6, 2, VAS_READ));
	assert_ruler(f, "AAAABBCC");
	assert_ok(protect_pages(f, 4, 2, VAS_READ));
	assert_ruler(f, "AAAAAAAA");
}

/*
 *	AAAABBBBCCCC	r w x
 *	  ********
 */
static void several_areas(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, VAS_READ, 0));
	assert_ok(map_pages(f, 4, 4, RW, 0));
	assert_ok(map_pages(f, 8, 4, RX, 0));
	assert_ok(protect_pages(f, 2, 8, VAS_READ));
	assert_access(f, "rrrrrrrrrrxx");
	/* The middle gave its promise back, so it fits below. */
	assert_ruler(f, "AAAAAAAAAABB");
}

/* Writable memory is promised memory; once written to it stays so, even if made read-only. */
static void promises_keep_areas_apart(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, VAS_READ, 0));
	assert_ok(map_pages(f, 4, 4, RW, 0));
	assert_int_equal(f->settings.committed, 4);
	assert_ok(protect_pages(f, 0, 4, RW));
	assert_ruler(f, "AAAAAAAA");
	assert_int_equal(f->settings.committed, 8);
	assert_ok(protect_pages(f, 0, 8, VAS_NONE));
	assert_int_equal(f->settings.committed, 0);
	assert_flagged(f, VAS_AREA_ACCOUNT, "--------");
}

/* A hole ends the call; what lies below it has changed. */
static void a_hole_stops_it(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 6, 4, RW, 0));
	assert_error(VAS_ENOMEM, protect_pages(f, 2, 6, VAS_READ));
	assert_access(f, "wwrr..wwww");
	assert_error(VAS_ENOMEM, protect_pages(f, 4, 4, VAS_READ));
	assert_error(VAS_ENOMEM, protect_pages(f, 20, 1, VAS_READ));
	assert_access(f, "wwrr..wwww");
}

static void so_does_what_may_not_be(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x");

	file->flags = VAS_FILE_READ;
	assert_ok(map_pages(f, 0, 4, VAS_READ, 0));
	assert_ok(map_file(f, 4, 4, VAS_READ, VAS_SHARED | VAS_FIXED, file, 0));
	assert_ok(map_pages(f, 8, 4, VAS_READ, 0));
	assert_error(VAS_EACCES, protect_pages(f, 2, 8, RW));
	assert_access(f, "rrwwrrrrrrrr");
	assert_ok(seal_pages(f, 8, 4));
	assert_error(VAS_EPERM, protect_pages(f, 9, 1, RW));
	assert_ruler(f, "AABBCCCCDDDD");
	/* Sealed comes before "nothing to change". */
	assert_error(VAS_EPERM, protect_pages(f, 8, 4, VAS_READ));
}

static void arguments(void **state)
{
	struct fixture *f = *state;
	const uint64_t last = UINT64_MAX & ~VAS_PAGE_MASK;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_error(VAS_EINVAL, vas_protect(f->space, at(0) + 1, VAS_PAGE_SIZE, VAS_READ, -1));
	assert_ok(vas_protect(f->space, at(30), 0, VAS_READ, -1));
	assert_ok(vas_protect(f->space, at(30), 0, 0x80, -1));
	assert_error(VAS_EINVAL, vas_protect(f->space, at(0), 1, 0x80, -1));
	assert_error(VAS_ENOMEM, vas_protect(f->space, at(0), UINT64_MAX, VAS_READ, -1));
	assert_error(VAS_ENOMEM, vas_protect(f->space, last, VAS_PAGE_SIZE, VAS_READ, -1));
	assert_error(VAS_ENOMEM, vas_protect(f->space, last, VAS_PAGE_SIZE, 0x80, -1));
	assert_error(VAS_ENOMEM, vas_protect(f->space, last - VAS_PAGE_SIZE, 1, VAS_READ, -1));
	assert_error(VAS_EINVAL, vas_protect(f->space, at(0), 1,
					     VAS_READ | VAS_PROT_GROWSDOWN | VAS_PROT_GROWSUP, -1));
	assert_ok(vas_protect(f->space, at(0), 1, VAS_READ | VAS_PROT_SEM, -1));
	assert_access(f, "rwww");
	fixture_check(f, f->space);
}

/*
 *	..SSSSSS	from the page given down to the start of the stack
 *	    *
 */
static void grows_down(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 2, 6, RW, VAS_GROWSDOWN));
	assert_ok(map_pages(f, 10, 2, RW, 0));
	assert_ok(protect_pages(f, 4, 1, VAS_READ | VAS_PROT_GROWSDOWN));
	assert_access(f, "..rrrwww..ww");
	assert_error(VAS_EINVAL, protect_pages(f, 10, 1, VAS_READ | VAS_PROT_GROWSDOWN));
	assert_error(VAS_EINVAL, protect_pages(f, 10, 1, VAS_READ | VAS_PROT_GROWSUP));
	assert_error(VAS_ENOMEM, protect_pages(f, 8, 1, VAS_READ | VAS_PROT_GROWSDOWN));
	assert_error(VAS_EINVAL, protect_pages(f, 8, 3, VAS_READ | VAS_PROT_GROWSDOWN));
	assert_error(VAS_ENOMEM, protect_pages(f, 9, 2, VAS_READ | VAS_PROT_GROWSUP));
	/* Below the stack: the range begins where the stack does, not where it was asked. */
	assert_ok(protect_pages(f, 0, 3, VAS_NONE | VAS_PROT_GROWSDOWN));
	assert_access(f, "..-rrwww..ww");
}

static void keys(void **state)
{
	struct fixture *f = *state;
	int key = -1;

	assert_ok(map_pages(f, 0, 8, RW, 0));
	assert_error(VAS_ENOSPC, vas_pkey_alloc(f->space, &key));
	assert_error(VAS_EINVAL, vas_protect(f->space, at(0), 1, RW, 0));
	assert_error(VAS_EINVAL, vas_protect(f->space, at(0), 1, RW, 1));
	f->settings.protection_keys = true;
	fixture_restart(f);
	assert_ok(map_pages(f, 0, 8, RW, 0));
	assert_ok(vas_pkey_alloc(f->space, &key));
	assert_int_equal(key, 1);
	assert_ok(vas_protect(f->space, at(2), 2 * VAS_PAGE_SIZE, RW, key));
	assert_ruler(f, "AABBCCCC");
	assert_flagged(f, VAS_AREA_PKEY, "--##----");
	assert_ok(vas_protect(f->space, at(2), VAS_PAGE_SIZE, VAS_READ, -1));
	assert_flagged(f, VAS_AREA_PKEY, "--##----");
	assert_ok(vas_protect(f->space, at(2), 2 * VAS_PAGE_SIZE, RW, 0));
	assert_ruler(f, "AAAAAAAA");
	assert_error(VAS_EINVAL, vas_protect(f->space, at(0), 1, RW, 2));
	assert_error(VAS_EINVAL, vas_protect(f->space, at(0), 1, RW, 16));
	assert_error(VAS_EINVAL, vas_protect(f->space, at(0), 1, RW, -2));
	assert_ok(vas_pkey_free(f->space, 1));
	assert_error(VAS_EINVAL, vas_pkey_free(f->space, 1));
	assert_error(VAS_EINVAL, vas_pkey_free(f->space, 0));
	assert_error(VAS_EINVAL, vas_pkey_free(f->space, 16));
	for (int i = 1; i < 16; i++)
		assert_ok(vas_pkey_alloc(f->space, &key));
	assert_int_equal(key, 15);
	assert_error(VAS_ENOSPC, vas_pkey_alloc(f->space, &key));
	fixture_check(f, f->space);
}

static void read_implies_exec(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x");

	file->flags |= VAS_FILE_NO_EXEC;
	assert_ok(map_pages(f, 0, 2, VAS_NONE, 0));
	assert_ok(map_file(f, 2, 2, VAS_NONE, VAS_PRIVATE | VAS_FIXED, file, 0));
	assert_ok(map_pages(f, 4, 2, VAS_NONE, 0));
	vas_space_set_personality(f->space, VAS_READ_IMPLIES_EXEC);
	assert_ok(protect_pages(f, 0, 6, VAS_READ));
	assert_access(f, "xxrrxx");
	assert_ok(protect_pages(f, 0, 6, VAS_WRITE));
	assert_access(f, "oooooo");
}

/* Locked memory that becomes writable gets pages of its own at once. */
static void locked_memory_is_populated(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, VAS_READ, 0));
	assert_ok(lock_pages(f, 0, 4));
	twin_clear_log(f->twin);
	assert_ok(protect_pages(f, 0, 2, RW));
	assert_told(f, "split 1 2 2-4\nflags 1 0-2\ntouch! 1 0-2\n");
}

/* Past the number of areas the call fails, and the first split stands. */
static void number_of_areas(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 10, RW, 0));
	f->settings.max_map_count = 2;
	assert_error(VAS_ENOMEM, protect_pages(f, 4, 2, VAS_READ));
	assert_ruler(f, "AAAABBBBBB");
	assert_access(f, "wwwwwwwwww");
	assert_ok(protect_pages(f, 4, 6, VAS_READ));
	assert_ok(protect_pages(f, 4, 2, RW));
	assert_ruler(f, "AAAAAABBBB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(whole_area),
		fixture_test(the_middle_makes_three),
		fixture_test(an_end_makes_two),
		fixture_test(several_areas),
		fixture_test(promises_keep_areas_apart),
		fixture_test(a_hole_stops_it),
		fixture_test(so_does_what_may_not_be),
		fixture_test(arguments),
		fixture_test(grows_down),
		fixture_test(keys),
		fixture_test(read_implies_exec),
		fixture_test(locked_memory_is_populated),
		fixture_test(number_of_areas),
	};

	return fixture_run("protect", tests);
}
