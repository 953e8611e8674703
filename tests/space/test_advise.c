/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* madvise. */

#include "fixture.h"

/* Advice that is a flag of the area, and the advice that takes it back. */
static const struct {
	int set, clear;
	uint64_t flag;
} pairs[] = {
	{ VAS_ADVICE_SEQUENTIAL, VAS_ADVICE_NORMAL, VAS_AREA_SEQUENTIAL },
	{ VAS_ADVICE_RANDOM, VAS_ADVICE_NORMAL, VAS_AREA_RANDOM },
	{ VAS_ADVICE_DONTFORK, VAS_ADVICE_DOFORK, VAS_AREA_DONT_FORK },
	{ VAS_ADVICE_WIPEONFORK, VAS_ADVICE_KEEPONFORK, VAS_AREA_WIPE_ON_FORK },
	{ VAS_ADVICE_DONTDUMP, VAS_ADVICE_DODUMP, VAS_AREA_DONT_DUMP },
	{ VAS_ADVICE_MERGEABLE, VAS_ADVICE_UNMERGEABLE, VAS_AREA_MERGEABLE },
};

enum { PAIRS = sizeof(pairs) / sizeof(pairs[0]) };

/*
 *	AAAAAAAA  ->  AAABBCCC  ->  AAAAAAAA
 *	   **
 */
static void flags_split_and_merge(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 8, RW, 0));
	for (size_t i = 0; i < PAIRS; i++) {
		assert_ok(advise_pages(f, 3, 2, pairs[i].set));
		assert_ruler(f, "AAABBCCC");
		assert_flagged(f, pairs[i].flag, "---##---");
		assert_ok(advise_pages(f, 4, 4, pairs[i].clear));
		assert_ruler(f, "AAABCCCC");
		assert_ok(advise_pages(f, 0, 8, pairs[i].clear));
		assert_ruler(f, "AAAAAAAA");
	}
}

/* They wear each other out. */
static void opposites(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 2, RW, 0));
	assert_ok(advise_pages(f, 0, 2, VAS_ADVICE_RANDOM));
	assert_ok(advise_pages(f, 0, 2, VAS_ADVICE_SEQUENTIAL));
	assert_flagged(f, VAS_AREA_RANDOM, "--");
	assert_ok(advise_pages(f, 0, 2, VAS_ADVICE_HUGEPAGE));
	assert_flagged(f, VAS_AREA_HUGE, "##");
	assert_ok(advise_pages(f, 0, 2, VAS_ADVICE_NOHUGEPAGE));
	assert_flagged(f, VAS_AREA_HUGE, "--");
	assert_flagged(f, VAS_AREA_NO_HUGE, "##");
}

/*
 *	AAAA..BBBB	holes are passed over, and reported at the end
 *	  ******
 */
static void holes(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 6, 4, RW, 0));
	assert_error(VAS_ENOMEM, advise_pages(f, 2, 6, VAS_ADVICE_DONTFORK));
	assert_flagged(f, VAS_AREA_DONT_FORK, "--##..##--");
	assert_error(VAS_ENOMEM, advise_pages(f, 4, 1, VAS_ADVICE_DOFORK));
	assert_error(VAS_ENOMEM, advise_pages(f, 8, 20, VAS_ADVICE_DOFORK));
	assert_error(VAS_ENOMEM, advise_pages(f, 20, 20, VAS_ADVICE_DOFORK));
	assert_flagged(f, VAS_AREA_DONT_FORK, "--##..##--");
}

/* The areas below an error have changed. */
static void an_error_stops_it(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x");

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_file(f, 4, 4, RW, VAS_SHARED | VAS_FIXED, file, 0));
	assert_ok(map_pages(f, 8, 4, RW, 0));
	assert_error(VAS_EINVAL, advise_pages(f, 0, 12, VAS_ADVICE_WIPEONFORK));
	assert_flagged(f, VAS_AREA_WIPE_ON_FORK, "####--------");
}

static void arguments(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_error(VAS_EINVAL, vas_advise(f->space, at(0) + 1, 1, VAS_ADVICE_NORMAL));
	assert_error(VAS_EINVAL, vas_advise(f->space, at(0), 1, 5));
	assert_error(VAS_EINVAL, vas_advise(f->space, at(0), 1, -1));
	assert_error(VAS_EINVAL, vas_advise(f->space, at(0), 0, 5));
	assert_ok(vas_advise(f->space, at(20), 0, VAS_ADVICE_DONTFORK));
	assert_error(VAS_EINVAL, vas_advise(f->space, at(0), UINT64_MAX, VAS_ADVICE_NORMAL));
	assert_error(VAS_EINVAL,
		     vas_advise(f->space, at(0), UINT64_MAX - VAS_PAGE_SIZE, VAS_ADVICE_NORMAL));
	assert_ok(vas_advise(f->space, at(1), 1, VAS_ADVICE_DONTFORK));
	assert_ruler(f, "ABCC");
	fixture_check(f, f->space);
}

static void contents(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, VAS_POPULATE));
	twin_clear_log(f->twin);
	assert_ok(advise_pages(f, 1, 2, VAS_ADVICE_DONTNEED));
	assert_told(f, "advise 1 1-3 4\n");
	assert_int_not_equal(twin_stamp(f->twin, f->space, at(0)), 0);
	assert_int_equal(twin_stamp(f->twin, f->space, at(1)), 0);
	assert_ok(advise_pages(f, 0, 1, VAS_ADVICE_FREE));
	assert_ok(advise_pages(f, 0, 4, VAS_ADVICE_WILLNEED));
	assert_ok(advise_pages(f, 0, 4, VAS_ADVICE_COLD));
	assert_ok(advise_pages(f, 0, 4, VAS_ADVICE_PAGEOUT));
	assert_error(VAS_EINVAL, advise_pages(f, 0, 1, VAS_ADVICE_REMOVE));
	assert_ruler(f, "AAAA");
}

static void locked_memory_keeps_its_contents(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 2, RW, 0));
	assert_ok(map_pages(f, 2, 2, RW, VAS_LOCKED));
	assert_error(VAS_EINVAL, advise_pages(f, 0, 4, VAS_ADVICE_DONTNEED));
	assert_error(VAS_EINVAL, advise_pages(f, 2, 2, VAS_ADVICE_FREE));
	assert_error(VAS_EINVAL, advise_pages(f, 2, 2, VAS_ADVICE_COLD));
	assert_error(VAS_EINVAL, advise_pages(f, 2, 2, VAS_ADVICE_GUARD_INSTALL));
	assert_ok(advise_pages(f, 2, 2, VAS_ADVICE_DONTNEED_LOCKED));
}

static void remove_wants_a_shared_writable_file(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/dev/shm/x");

	file->flags |= VAS_FILE_SHARED_MEMORY;
	assert_ok(map_file(f, 0, 2, RW, VAS_SHARED | VAS_FIXED, file, 0));
	assert_ok(map_file(f, 2, 2, RW, VAS_PRIVATE | VAS_FIXED, file, 2));
	assert_ok(advise_pages(f, 0, 2, VAS_ADVICE_REMOVE));
	assert_error(VAS_EACCES, advise_pages(f, 2, 2, VAS_ADVICE_REMOVE));
	assert_error(VAS_EINVAL, advise_pages(f, 2, 2, VAS_ADVICE_FREE));
	assert_ok(lock_pages(f, 0, 2));
	assert_error(VAS_EINVAL, advise_pages(f, 0, 2, VAS_ADVICE_REMOVE));
}

static void guard_regions(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, VAS_POPULATE));
	assert_ok(advise_pages(f, 1, 2, VAS_ADVICE_GUARD_INSTALL));
	assert_int_equal(twin_stamp(f->twin, f->space, at(2)), 0);
	assert_ruler(f, "AAAA");
	assert_ok(advise_pages(f, 1, 2, VAS_ADVICE_GUARD_REMOVE));
	f->settings.kernel = VAS_KERNEL(6, 12);
	assert_error(VAS_EINVAL, advise_pages(f, 1, 2, VAS_ADVICE_GUARD_INSTALL));
}

static void populating(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 4, 2, VAS_READ, 0));
	twin_clear_log(f->twin);
	assert_ok(advise_pages(f, 0, 2, VAS_ADVICE_POPULATE_WRITE));
	assert_ok(advise_pages(f, 2, 4, VAS_ADVICE_POPULATE_READ));
	assert_told(f, "touch! 1 0-2\ntouch 1 2-4\ntouch 2 4-6\n");
	assert_error(VAS_EINVAL, advise_pages(f, 2, 4, VAS_ADVICE_POPULATE_WRITE));
	assert_error(VAS_ENOMEM, advise_pages(f, 4, 4, VAS_ADVICE_POPULATE_READ));
}

/* What the settings do not have, advice cannot ask for. */
static void settings(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	f->settings.huge_pages = false;
	assert_error(VAS_EINVAL, advise_pages(f, 0, 4, VAS_ADVICE_HUGEPAGE));
	assert_error(VAS_EINVAL, advise_pages(f, 0, 4, VAS_ADVICE_COLLAPSE));
	f->settings.mergeable_pages = false;
	assert_error(VAS_EINVAL, advise_pages(f, 0, 4, VAS_ADVICE_MERGEABLE));
}

/* Sealed memory that cannot be written is not wiped. */
static void sealed_memory(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 2, VAS_READ, 0));
	assert_ok(map_pages(f, 2, 2, RW, 0));
	assert_ok(seal_pages(f, 0, 4));
	assert_error(VAS_EPERM, advise_pages(f, 0, 2, VAS_ADVICE_DONTNEED));
	assert_error(VAS_EPERM, advise_pages(f, 0, 2, VAS_ADVICE_DONTFORK));
	assert_ok(advise_pages(f, 0, 2, VAS_ADVICE_WILLNEED));
	assert_ok(advise_pages(f, 0, 2, VAS_ADVICE_DONTDUMP));
	assert_ok(advise_pages(f, 2, 2, VAS_ADVICE_DONTNEED));
}

/* Shared memory is not merged page by page; asking for it is no error. */
static void mergeable_only_where_it_can_be(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x");

	assert_ok(map_file(f, 0, 2, RW, VAS_SHARED | VAS_FIXED, file, 0));
	assert_ok(map_file(f, 2, 2, RW, VAS_PRIVATE | VAS_FIXED, file, 2));
	assert_ok(advise_pages(f, 0, 4, VAS_ADVICE_MERGEABLE));
	assert_flagged(f, VAS_AREA_MERGEABLE, "--##");
}

/* Too many areas is an error of its own here: "try again". */
static void number_of_areas(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 8, RW, 0));
	f->settings.max_map_count = 2;
	assert_error(VAS_EAGAIN, advise_pages(f, 2, 2, VAS_ADVICE_DONTFORK));
	assert_ruler(f, "AABBBBBB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(flags_split_and_merge),
		fixture_test(opposites),
		fixture_test(holes),
		fixture_test(an_error_stops_it),
		fixture_test(arguments),
		fixture_test(contents),
		fixture_test(locked_memory_keeps_its_contents),
		fixture_test(remove_wants_a_shared_writable_file),
		fixture_test(guard_regions),
		fixture_test(populating),
		fixture_test(settings),
		fixture_test(sealed_memory),
		fixture_test(mergeable_only_where_it_can_be),
		fixture_test(number_of_areas),
	};

	return fixture_run("advise", tests);
}
