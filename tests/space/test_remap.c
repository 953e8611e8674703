/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* mremap. */

#include "fixture.h"

enum { MAYMOVE = VAS_REMAP_MAYMOVE, FIXED = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED };
enum { DONTUNMAP = VAS_REMAP_MAYMOVE | VAS_REMAP_DONTUNMAP };

static int remap_to(struct fixture *f, uint64_t page, uint64_t old_count, uint64_t new_count,
		    uint64_t flags, uint64_t to)
{
	return remap_pages(f, page, old_count, new_count, flags, &to);
}

/*
 *	AAAAAAAA  ->  AAAAA		AAAAAAAA  ->  AAA..BBB (cut out of the middle)
 */
static void shrink(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 8, RW, 0));
	assert_ok(remap_pages(f, 0, 8, 5, 0, NULL));
	assert_ruler(f, "AAAAA");
	assert_ok(remap_pages(f, 1, 3, 1, 0, NULL));
	assert_ruler(f, "AA..B");
	assert_ok(remap_pages(f, 0, 2, 2, 0, NULL));
	assert_ruler(f, "AA..B");
}

/* A range that is too long may be shrunk: what lies in it goes, holes are passed over. */
static void shrink_over_other_areas(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 2, RW, 0));
	assert_ok(map_pages(f, 2, 2, VAS_READ, 0));
	assert_ok(map_pages(f, 6, 4, RW, 0));
	assert_ok(remap_pages(f, 0, 8, 1, 0, NULL));
	assert_ruler(f, "A.......BB");
}

/*
 *	AAAA....	->	AAAAAA
 *	AAAA..BB	->	AAAAAABB	merged with the next, if alike
 */
static void grow_in_place(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 8, 2, VAS_READ, 0));
	assert_ok(remap_pages(f, 0, 4, 6, 0, NULL));
	assert_ruler(f, "AAAAAA..BB");
	assert_ok(remap_pages(f, 2, 4, 6, 0, NULL));
	assert_ruler(f, "AAAAAAAABB");
	assert_error(VAS_ENOMEM, remap_pages(f, 0, 8, 9, 0, NULL));
	assert_ok(unmap_pages(f, 4, 2));
	assert_ruler(f, "AAAA..BBCC");
	assert_ok(remap_pages(f, 0, 4, 6, 0, NULL));
	assert_ruler(f, "AAAAAAAABB");
}

/* Only the end of an area grows in place; from the middle it moves, or is refused. */
static void growth_from_the_middle_moves(void **state)
{
	struct fixture *f = *state;
	uint64_t to = 0;

	assert_ok(map_pages(f, 0, 6, RW, 0));
	assert_error(VAS_ENOMEM, remap_pages(f, 0, 2, 3, 0, NULL));
	assert_ok(remap_pages(f, 2, 2, 3, MAYMOVE, &to));
	assert_ruler(f, "AA..BB");
	assert_int_equal(at(to) + 3 * VAS_PAGE_SIZE, f->config.layout.map_base);
	assert_error(VAS_EFAULT, remap_pages(f, 4, 3, 4, MAYMOVE, NULL));
}

/*
 *	AAAA....	->	....BBBB	with the pages
 */
static void move_to_a_fixed_place(void **state)
{
	struct fixture *f = *state;
	uint64_t stamp;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(touch_page(f, 1, VAS_ACCESS_WRITE));
	stamp = twin_stamp(f->twin, f->space, at(1));
	twin_clear_log(f->twin);
	assert_ok(remap_to(f, 0, 4, 4, FIXED, 10));
	assert_ruler(f, "..........AAAA");
	assert_int_equal(twin_stamp(f->twin, f->space, at(11)), stamp);
	assert_told(f,
		    "map 2 10-14\n"
		    "move 2 1 10-14 from 0\n"
		    "unmap 1 0-4\n"
		    "free 1\n");
}

/*
 *	AAAAAAAA....CCCC	->	AA..AAAA....CCBBCC ... with growth: BBB
 *	  **		 ^
 */
static void a_part_over_something_else(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 8, RW, 0));
	assert_ok(map_pages(f, 12, 6, VAS_READ, 0));
	assert_ok(remap_to(f, 2, 2, 2, FIXED, 14));
	assert_ruler(f, "AA..BBBB....CCDDEE");
	assert_access(f, "ww..wwww....rrwwrr");
	assert_ok(remap_to(f, 4, 2, 4, FIXED, 20));
	assert_ruler(f, "AA....BB....CCDDEE..FFFF");
	assert_ok(remap_to(f, 20, 4, 1, FIXED, 30));
	assert_ruler(f, "AA....BB....CCDDEE............F");
}

/* Pages that were never there are numbered anew, and so fit where they come to lie. */
static void a_moved_area_merges(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 10, 2, RW, 0));
	assert_ok(map_pages(f, 14, 2, RW, 0));
	twin_clear_log(f->twin);
	assert_ok(remap_to(f, 0, 2, 2, FIXED, 12));
	assert_ruler(f, "..AA......BBBBBB");
	assert_told(f,
		    "map 2 12-14\n"
		    "merge 2 3 14-16\n"
		    "free 3\n"
		    "move 2 1 12-14 from 0\n"
		    "split 1 4 2-4\n"
		    "unmap 1 0-2\n"
		    "free 1\n");
}

static bool never(void *data, const struct vas_area *area)
{
	(void)data;
	(void)area;
	return false;
}

/* Pages that have been there keep their numbers: the area keeps its offset. */
static void a_displaced_area_keeps_its_offset(void **state)
{
	struct fixture *f = *state;
	static const struct vas_listener touched = { .may_reindex = never };

	f->config.listeners[1].listener = &touched;
	fixture_restart(f);
	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 10, 2, RW, 0));
	assert_ok(remap_to(f, 0, 2, 2, FIXED, 12));
	assert_ruler(f, "..AA......BBCC");
	assert_int_equal(vas_find(f->space, at(12))->offset, at(0) >> VAS_PAGE_SHIFT);
	/* Back home, it is natural again. */
	assert_ok(remap_to(f, 12, 2, 2, FIXED, 0));
	assert_ruler(f, "AAAA......BB");
}

/*
 *	AAAA....	->	AAAA....BBBB	the pages go, the area stays
 */
static void dontunmap(void **state)
{
	struct fixture *f = *state;
	uint64_t stamp;

	assert_ok(map_pages(f, 0, 4, RW, VAS_POPULATE));
	stamp = twin_stamp(f->twin, f->space, at(2));
	twin_clear_log(f->twin);
	assert_ok(remap_to(f, 0, 4, 4, DONTUNMAP, 8));
	assert_ruler(f, "AAAA....BBBB");
	assert_int_equal(twin_stamp(f->twin, f->space, at(2)), 0);
	assert_int_equal(twin_stamp(f->twin, f->space, at(10)), stamp);
	assert_told(f,
		    "map 2 8-12\n"
		    "move 2 1 8-12 from 0\n"
		    "empty 1 0-4\n");
	assert_int_equal(f->settings.committed, 8);
	twin_clear_log(f->twin);
	assert_ok(remap_to(f, 9, 2, 2, DONTUNMAP | VAS_REMAP_FIXED, 0));
	assert_ruler(f, "AAAA....BBBB"); /* numbered anew, it fits again */
}

/* Linux forgets the lock on the area that stays, but goes on counting its pages. */
static void dontunmap_of_locked_memory(void **state)
{
	struct fixture *f = *state;
	struct vas_counts counts;

	assert_ok(map_pages(f, 0, 4, RW, VAS_LOCKED));
	assert_ok(remap_to(f, 0, 4, 4, DONTUNMAP, 8));
	assert_flagged(f, VAS_AREA_LOCKED, "----....####");
	vas_space_count(f->space, &counts);
	assert_int_equal(counts.locked, 8);
	assert_ok(unmap_pages(f, 0, 12));
	vas_space_count(f->space, &counts);
	assert_int_equal(counts.locked, 4);
	vas_exec(f->space, &f->config.layout);
	vas_space_count(f->space, &counts);
	assert_int_equal(counts.locked, 0);
}

/* An old length of 0 makes a second mapping of shared memory. */
static void old_length_of_zero(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x");

	assert_ok(map_file(f, 0, 4, RW, VAS_SHARED | VAS_FIXED, file, 0));
	assert_ok(map_pages(f, 4, 4, RW, 0));
	assert_ok(remap_to(f, 1, 0, 3, FIXED, 10));
	assert_ruler(f, "AAAABBBB..CCC");
	assert_int_equal(vas_find(f->space, at(10))->offset, 1);
	assert_error(VAS_EINVAL, remap_to(f, 4, 0, 2, FIXED, 20));
	assert_error(VAS_ENOMEM, remap_pages(f, 0, 0, 2, 0, NULL));
}

/*
 *	AAAABB..CCCC		all of them, with the hole; since 6.17
 */
static void several_areas_at_once(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 4, 2, VAS_READ, 0));
	assert_ok(map_pages(f, 8, 4, RX, 0));
	assert_ok(remap_to(f, 2, 8, 8, FIXED, 20));
	assert_ruler(f, "AA........BB........CCDD..EE");
	assert_access(f, "ww........xx........wwrr..xx");
	assert_error(VAS_EFAULT, remap_to(f, 4, 8, 8, FIXED, 40));
	f->settings.kernel = VAS_KERNEL(6, 16);
	assert_error(VAS_EFAULT, remap_to(f, 20, 8, 8, FIXED, 40));
	f->settings.kernel = VAS_KERNEL(6, 17);
	assert_ok(remap_to(f, 20, 8, 8, FIXED, 40));
	assert_ruler(f, "AA........BB............................CCDD..EE");
}

/*
 *	ABCD....	->	....ABCD, over one area that each piece cuts once more
 */
static void many_areas_over_one(void **state)
{
	struct fixture *f = *state;

	for (uint64_t i = 0; i < 12; i++)
		assert_ok(map_pages(f, 2 * i, 1, i % 2 == 0 ? RW : VAS_READ, VAS_POPULATE));
	assert_ok(map_pages(f, 30, 25, RX, VAS_POPULATE));
	assert_ok(protect_pages(f, 30, 25, FULL));
	assert_ok(touch_page(f, 40, VAS_ACCESS_WRITE));
	assert_ok(remap_to(f, 0, 23, 23, FIXED, 31));
	assert_ruler(f, "..............................ABCDEFGHIJKLMNOPQRSTUVWXY");
	assert_access(f, "..............................XwXrXwXrXwXrXwXrXwXrXwXrX");
}

/*
 *	AAAAAAAAAAAA.....SSSSSSSS	one page of S becomes nine, from A's last page to inside S
 *	           *********   ^
 *
 * A takes the new pages and what is left of S: what S is split by from now on is A's. The twin sees
 * to it that all of this was told in the budget.
 */
static void source_swallowed_by_the_one_below(void **state)
{
	struct fixture *f = *state;

	for (uint32_t who = 0; who < 4; who++) { /* who has been written to */
		assert_ok(map_pages(f, 0, 12, RW, (who & 1) != 0 ? VAS_POPULATE : 0));
		assert_ok(map_pages(f, 17, 8, RW, (who & 2) != 0 ? VAS_POPULATE : 0));
		assert_ok(remap_to(f, 23, 1, 9, FIXED, 11));
		assert_ruler(f, "AAAAAAAAAAAAAAAAAAAAAAA.B");
		assert_ok(unmap_pages(f, 0, 25));
	}
}

/*
 *	AAAA..NNNN	A grows until it meets N, which has been written to
 */
static void growth_that_takes_the_next(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 6, 4, RW, VAS_POPULATE));
	assert_ok(remap_pages(f, 0, 4, 6, 0, NULL));
	assert_ruler(f, "AAAAAAAAAA");
	assert_ok(unmap_pages(f, 4, 1));
	assert_ruler(f, "AAAA.BBBBB");
}

static void arguments(void **state)
{
	struct fixture *f = *state;
	uint64_t end = f->config.layout.task_size, out = 1;
	struct vas_remap remap = { at(0), VAS_PAGE_SIZE, VAS_PAGE_SIZE, 0, 0 };

	assert_ok(map_pages(f, 0, 4, RW, 0));
	remap.flags = 8;
	assert_error(VAS_EINVAL, vas_remap(f->space, &remap, &out));
	remap.flags = VAS_REMAP_FIXED;
	assert_error(VAS_EINVAL, vas_remap(f->space, &remap, &out));
	remap.flags = VAS_REMAP_DONTUNMAP;
	assert_error(VAS_EINVAL, vas_remap(f->space, &remap, &out));
	remap.flags = 0;
	remap.old++;
	assert_error(VAS_EINVAL, vas_remap(f->space, &remap, &out));
	remap.old--;
	remap.new_length = 0;
	assert_error(VAS_EINVAL, vas_remap(f->space, &remap, &out));
	remap.new_length = UINT64_MAX;
	assert_error(VAS_EINVAL, vas_remap(f->space, &remap, &out));
	remap.new_length = end + 1;
	assert_error(VAS_EINVAL, vas_remap(f->space, &remap, &out));
	remap.new_length = end;
	assert_error(VAS_ENOMEM, vas_remap(f->space, &remap, &out));
	remap.old_length = UINT64_MAX;
	remap.new_length = VAS_PAGE_SIZE;
	assert_error(VAS_EINVAL, vas_remap(f->space, &remap, &out)); /* rounds up to 0 */
	remap.old_length = VAS_PAGE_SIZE;
	remap.flags = FIXED;
	remap.new_address = end;
	assert_error(VAS_EINVAL, vas_remap(f->space, &remap, &out));
	remap.new_address = UINT64_MAX & ~VAS_PAGE_MASK;
	assert_error(VAS_EINVAL, vas_remap(f->space, &remap, &out));
	remap.new_address = at(8) + 1;
	assert_error(VAS_EINVAL, vas_remap(f->space, &remap, &out));
	remap.new_address = 0;
	assert_error(VAS_EPERM, vas_remap(f->space, &remap, &out));
	remap.old = UINT64_MAX & ~VAS_PAGE_MASK;
	remap.new_address = at(8);
	assert_error(VAS_EFAULT, vas_remap(f->space, &remap, &out));
	remap.old = at(6);
	assert_error(VAS_EFAULT, vas_remap(f->space, &remap, &out));
	assert_error(VAS_EINVAL, remap_to(f, 0, 4, 4, FIXED, 2));
	assert_error(VAS_EINVAL, remap_to(f, 2, 2, 4, FIXED, 0));
	assert_error(VAS_EINVAL, remap_to(f, 0, 2, 4, DONTUNMAP, 8));
	assert_int_equal(out, 1);
	assert_ruler(f, "AAAA");
}

/* The source is looked at first, then the target cleared, then the limits are. */
static void target_is_cleared_first(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 2, RW, 0));
	assert_ok(map_pages(f, 8, 8, RW, 0));
	assert_error(VAS_EFAULT, remap_to(f, 0, 4, 5, FIXED, 10));
	assert_ruler(f, "AA......BBBBBBBB");
	vas_space_limits(f->space)->address_space = 11 * VAS_PAGE_SIZE;
	assert_error(VAS_ENOMEM, remap_to(f, 0, 2, 4, FIXED, 10));
	assert_ruler(f, "AA......BBBBBBBB");
	vas_space_limits(f->space)->address_space = 9 * VAS_PAGE_SIZE;
	assert_error(VAS_ENOMEM, remap_to(f, 0, 2, 2, DONTUNMAP | VAS_REMAP_FIXED, 10));
	assert_ruler(f, "AA......BB..CCCC");
}

static void sealed_areas(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 8, 4, RW, 0));
	assert_ok(seal_pages(f, 0, 4));
	assert_error(VAS_EPERM, remap_pages(f, 0, 4, 2, 0, NULL));
	assert_error(VAS_EPERM, remap_pages(f, 0, 4, 6, 0, NULL));
	assert_error(VAS_EPERM, remap_pages(f, 0, 4, 4, 0, NULL));
	assert_error(VAS_EPERM, remap_to(f, 0, 4, 4, FIXED, 20));
	assert_error(VAS_EPERM, remap_to(f, 8, 4, 4, FIXED, 2));
	assert_ruler(f, "AAAA....BBBB");
}

static void special_areas_do_not_grow(void **state)
{
	struct fixture *f = *state;
	struct vas_file *device = fixture_file(f, "/dev/x");

	device->area_flags = VAS_AREA_IO | VAS_AREA_RAW_FRAMES | VAS_AREA_DONT_EXPAND;
	assert_ok(map_file(f, 0, 4, RW, VAS_SHARED | VAS_FIXED, device, 0));
	assert_error(VAS_EFAULT, remap_pages(f, 0, 4, 6, MAYMOVE, NULL));
	assert_error(VAS_EINVAL, remap_to(f, 0, 4, 4, DONTUNMAP, 8));
	assert_ok(remap_to(f, 0, 4, 4, FIXED, 8));
	assert_ruler(f, "........AAAA");
	assert_ok(remap_pages(f, 8, 4, 2, 0, NULL));
	assert_ruler(f, "........AA");
}

static void locked_memory_is_counted_and_populated(void **state)
{
	struct fixture *f = *state;
	struct vas_counts counts;

	assert_ok(map_pages(f, 0, 4, RW, VAS_LOCKED));
	twin_clear_log(f->twin);
	assert_ok(remap_pages(f, 0, 4, 6, 0, NULL));
	assert_told(f, "map 1 4-6\ntouch! 1 4-6\n");
	vas_space_count(f->space, &counts);
	assert_int_equal(counts.locked, 6);
	assert_ok(remap_to(f, 0, 6, 8, FIXED, 20));
	vas_space_count(f->space, &counts);
	assert_int_equal(counts.locked, 8);
	vas_space_limits(f->space)->locked = 8 * VAS_PAGE_SIZE;
	assert_error(VAS_EAGAIN, remap_pages(f, 20, 8, 9, 0, NULL));
	assert_ok(remap_pages(f, 20, 8, 1, 0, NULL));
	vas_space_count(f->space, &counts);
	assert_int_equal(counts.locked, 1);
}

/* A move wants room for the splits around it, whether it needs them or not. */
static void number_of_areas(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	f->settings.max_map_count = 6;
	assert_error(VAS_ENOMEM, remap_to(f, 0, 4, 4, FIXED, 8));
	f->settings.max_map_count = 7;
	assert_ok(remap_to(f, 0, 4, 4, FIXED, 8));
	f->settings.max_map_count = 4;
	assert_error(VAS_ENOMEM, remap_pages(f, 8, 2, 4, MAYMOVE, NULL));
	assert_ok(remap_pages(f, 8, 4, 6, MAYMOVE, NULL));
	assert_ok(remap_pages(f, 8, 6, 5, MAYMOVE, NULL));
	f->settings.max_map_count = 0;
	assert_error(VAS_ENOMEM, remap_to(f, 8, 5, 5, FIXED, 0));
	assert_ruler(f, "........AAAAA");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(shrink),
		fixture_test(shrink_over_other_areas),
		fixture_test(grow_in_place),
		fixture_test(growth_from_the_middle_moves),
		fixture_test(move_to_a_fixed_place),
		fixture_test(a_part_over_something_else),
		fixture_test(a_moved_area_merges),
		fixture_test(a_displaced_area_keeps_its_offset),
		fixture_test(dontunmap),
		fixture_test(dontunmap_of_locked_memory),
		fixture_test(old_length_of_zero),
		fixture_test(several_areas_at_once),
		fixture_test(many_areas_over_one),
		fixture_test(source_swallowed_by_the_one_below),
		fixture_test(growth_that_takes_the_next),
		fixture_test(arguments),
		fixture_test(target_is_cleared_first),
		fixture_test(sealed_areas),
		fixture_test(special_areas_do_not_grow),
		fixture_test(locked_memory_is_counted_and_populated),
		fixture_test(number_of_areas),
	};

	return fixture_run("remap", tests);
}
