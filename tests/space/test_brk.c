/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* brk. */

#include "fixture.h"

/* A heap that begins at page `page`, empty. */
static void start_heap(struct fixture *f, uint64_t page)
{
	f->config.layout.start_brk = at(page);
	f->config.layout.brk = at(page);
	fixture_restart(f);
}

/* The break after brk(page). */
static uint64_t brk_page(struct fixture *f, uint64_t page)
{
	uint64_t now = 0;

	assert_ok(vas_brk(f->space, at(page), &now));
	fixture_check(f, f->space);
	return (now - FIXTURE_BASE) / VAS_PAGE_SIZE;
}

static void grow_and_shrink(void **state)
{
	struct fixture *f = *state;

	start_heap(f, 4);
	assert_int_equal(brk_page(f, 8), 8);
	assert_ruler(f, "....AAAA");
	assert_flagged(f, VAS_AREA_ACCOUNT, "....####");
	assert_int_equal(brk_page(f, 12), 12);
	assert_ruler(f, "....AAAAAAAA");
	assert_int_equal(brk_page(f, 6), 6);
	assert_ruler(f, "....AA");
	assert_int_equal(brk_page(f, 4), 4);
	assert_ruler(f, "");
	assert_told(f,
		    "map 1 4-8\n"
		    "map 1 8-12\n"
		    "split 1 2 6-12\n"
		    "unmap 2 6-12\n"
		    "free 2\n"
		    "unmap 1 4-6\n"
		    "free 1\n");
}

static void any_byte(void **state)
{
	struct fixture *f = *state;
	uint64_t now;

	start_heap(f, 4);
	assert_ok(vas_brk(f->space, at(4) + 1, &now));
	assert_int_equal(now, at(4) + 1);
	assert_ruler(f, "....A");
	assert_ok(vas_brk(f->space, at(5), &now));
	assert_int_equal(now, at(5));
	assert_ruler(f, "....A");
	assert_ok(vas_brk(f->space, at(5) + 1, &now));
	assert_ruler(f, "....AA");
	assert_ok(vas_brk(f->space, 0, &now));
	assert_int_equal(now, at(5) + 1);
	fixture_check(f, f->space);
}

static void below_its_start_or_far_away(void **state)
{
	struct fixture *f = *state;
	uint64_t now;

	start_heap(f, 4);
	assert_int_equal(brk_page(f, 8), 8);
	assert_int_equal(brk_page(f, 3), 8);
	assert_ok(vas_brk(f->space, UINT64_MAX, &now));
	assert_int_equal(now, at(8));
	assert_ok(vas_brk(f->space, UINT64_MAX & ~VAS_PAGE_MASK, &now));
	assert_int_equal(now, at(8));
	assert_ok(vas_brk(f->space, f->config.layout.task_size + 1, &now));
	assert_int_equal(now, at(8));
	fixture_check(f, f->space);
}

static void a_space_without_heap(void **state)
{
	struct fixture *f = *state;
	uint64_t now = 1;

	assert_ok(vas_brk(f->space, at(4), &now));
	assert_int_equal(now, 0);
	assert_null(vas_find_ge(f->space, 0));
}

/* A page stays free below what lies above, and a stack's guard gap. */
static void something_above(void **state)
{
	struct fixture *f = *state;

	start_heap(f, 4);
	f->settings.stack_guard_gap = 8 * VAS_PAGE_SIZE;
	assert_ok(map_pages(f, 10, 2, RW, 0));
	assert_int_equal(brk_page(f, 10), 4);
	assert_int_equal(brk_page(f, 9), 9);
	assert_ok(unmap_pages(f, 10, 2));
	assert_ok(map_pages(f, 20, 2, RW, VAS_GROWSDOWN));
	assert_int_equal(brk_page(f, 12), 9);
	assert_int_equal(brk_page(f, 11), 11);
	assert_ruler(f, "....AAAAAAA.........BB");
}

/* What begins where the break is stops it, even if it looks like a heap. */
static void something_at_the_break(void **state)
{
	struct fixture *f = *state;

	start_heap(f, 4);
	assert_int_equal(brk_page(f, 8), 8);
	assert_ok(map_pages(f, 8, 1, RW, 0));
	assert_ruler(f, "....AAAAA");
	assert_int_equal(brk_page(f, 9), 8);
	/* The break is moved down, not the page that lies above it. */
	assert_int_equal(brk_page(f, 6), 6);
	assert_ruler(f, "....AA..B");
}

/*
 *	BBBB....	the program's own data, up to where the heap begins
 *	BBBBAAAA	stays apart from the heap
 */
static void program_data_stays_apart(void **state)
{
	struct fixture *f = *state;

	start_heap(f, 4);
	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_int_equal(brk_page(f, 6), 6);
	assert_ruler(f, "AAAABB");
	assert_int_equal(brk_page(f, 8), 8);
	assert_ruler(f, "AAAABBBB");
}

/* The heap grows behind what it was split into, if that is alike; else it goes on with a new area.
 */
static void holes_and_other_permissions(void **state)
{
	struct fixture *f = *state;

	start_heap(f, 4);
	assert_int_equal(brk_page(f, 8), 8);
	assert_ok(protect_pages(f, 6, 2, VAS_READ));
	assert_int_equal(brk_page(f, 10), 10);
	assert_ruler(f, "....AABBCC");
	assert_ok(unmap_pages(f, 8, 2));
	assert_int_equal(brk_page(f, 12), 12);
	assert_ruler(f, "....AABB..CC");
	/* Shrinking wants something mapped between the two breaks. */
	assert_ok(unmap_pages(f, 10, 2));
	assert_int_equal(brk_page(f, 9), 12);
	assert_int_equal(brk_page(f, 7), 7);
	assert_ruler(f, "....AAB");
}

static void limits(void **state)
{
	struct fixture *f = *state;

	start_heap(f, 4);
	vas_space_limits(f->space)->data = 4 * VAS_PAGE_SIZE;
	assert_int_equal(brk_page(f, 9), 4);
	assert_int_equal(brk_page(f, 8), 8);
	vas_space_layout(f->space)->start_data = at(0);
	vas_space_layout(f->space)->end_data = at(2);
	assert_int_equal(brk_page(f, 7), 8);
	assert_int_equal(brk_page(f, 6), 6);
	vas_space_limits(f->space)->data = VAS_UNLIMITED;
	vas_space_limits(f->space)->address_space = 4 * VAS_PAGE_SIZE;
	assert_int_equal(brk_page(f, 9), 6);
	assert_int_equal(brk_page(f, 8), 8);
	vas_space_limits(f->space)->address_space = VAS_UNLIMITED;
	f->settings.max_map_count = 0;
	assert_int_equal(brk_page(f, 9), 8);
	f->settings.max_map_count = 1;
	assert_int_equal(brk_page(f, 9), 9);
	f->settings.overcommit_memory = 2;
	f->settings.commit_limit = 6;
	assert_int_equal(brk_page(f, 11), 9);
	assert_int_equal(brk_page(f, 10), 10);
}

static void sealed_heap(void **state)
{
	struct fixture *f = *state;

	start_heap(f, 4);
	assert_int_equal(brk_page(f, 8), 8);
	assert_ok(seal_pages(f, 4, 4));
	assert_int_equal(brk_page(f, 6), 8);
	assert_ruler(f, "....AAAA");
	assert_int_equal(brk_page(f, 10), 10);
	assert_ruler(f, "....AAAABB");
}

static void locked_heap(void **state)
{
	struct fixture *f = *state;
	struct vas_counts counts;

	start_heap(f, 4);
	assert_ok(vas_lock_all(f->space, VAS_LOCK_ALL_FUTURE));
	assert_int_equal(brk_page(f, 8), 8);
	assert_told(f, "map 1 4-8\ntouch! 1 4-8\n");
	vas_space_count(f->space, &counts);
	assert_int_equal(counts.locked, 4);
	vas_space_limits(f->space)->locked = 5 * VAS_PAGE_SIZE;
	assert_int_equal(brk_page(f, 10), 8);
	assert_int_equal(brk_page(f, 9), 9);
}

static void read_implies_exec(void **state)
{
	struct fixture *f = *state;

	start_heap(f, 4);
	vas_space_set_personality(f->space, VAS_READ_IMPLIES_EXEC);
	assert_int_equal(brk_page(f, 6), 6);
	assert_access(f, "....XX");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(grow_and_shrink),
		fixture_test(any_byte),
		fixture_test(below_its_start_or_far_away),
		fixture_test(a_space_without_heap),
		fixture_test(something_above),
		fixture_test(something_at_the_break),
		fixture_test(program_data_stays_apart),
		fixture_test(holes_and_other_permissions),
		fixture_test(limits),
		fixture_test(sealed_heap),
		fixture_test(locked_heap),
		fixture_test(read_implies_exec),
	};

	return fixture_run("brk", tests);
}
