/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Look-ups, walks over areas and over gaps, counts. */

#include "fixture.h"

/*
 *	..AAAA..BBCC....DD
 */
static void make(struct fixture *f)
{
	assert_ok(map_pages(f, 2, 4, RW, 0));
	assert_ok(map_pages(f, 8, 2, RW, 0));
	assert_ok(map_pages(f, 10, 2, VAS_READ, 0));
	assert_ok(map_pages(f, 16, 2, RX, 0));
	assert_ruler(f, "..AAAA..BBCC....DD");
}

/* Where an area starts, as a page; 0 for none. */
static uint64_t start_of(const struct vas_area *area)
{
	return area == NULL ? 0 : (area->range.start - FIXTURE_BASE) / VAS_PAGE_SIZE;
}

static void find(void **state)
{
	struct fixture *f = *state;

	assert_null(vas_find(f->space, 0));
	assert_null(vas_find_ge(f->space, 0));
	make(f);
	assert_null(vas_find(f->space, 0));
	assert_null(vas_find(f->space, at(2) - 1));
	assert_int_equal(start_of(vas_find(f->space, at(2))), 2);
	assert_int_equal(start_of(vas_find(f->space, at(6) - 1)), 2);
	assert_null(vas_find(f->space, at(6)));
	assert_int_equal(start_of(vas_find(f->space, at(10))), 10);
	assert_null(vas_find(f->space, at(18)));
	assert_null(vas_find(f->space, UINT64_MAX));
	assert_int_equal(start_of(vas_find_ge(f->space, 0)), 2);
	assert_int_equal(start_of(vas_find_ge(f->space, at(6) - 1)), 2);
	assert_int_equal(start_of(vas_find_ge(f->space, at(6))), 8);
	assert_int_equal(start_of(vas_find_ge(f->space, at(12))), 16);
	assert_null(vas_find_ge(f->space, at(18)));
	assert_null(vas_find_ge(f->space, UINT64_MAX));
}

static void neighbours(void **state)
{
	struct fixture *f = *state;
	const struct vas_area *area;

	make(f);
	area = vas_find(f->space, at(8));
	assert_int_equal(start_of(vas_area_prev(area)), 2);
	assert_int_equal(start_of(vas_area_next(area)), 10);
	assert_null(vas_area_prev(vas_area_prev(area)));
	assert_null(vas_area_next(vas_find(f->space, at(16))));
}

static void walk_from(struct fixture *f, uint64_t from, const uint64_t *starts)
{
	struct vas_walk walk;

	vas_walk_start(&walk, f->space, from);
	for (; *starts != 0; starts++)
		assert_int_equal(start_of(vas_walk_next(&walk)), *starts);
	assert_null(vas_walk_next(&walk));
	assert_null(vas_walk_next(&walk));
}

static void walks(void **state)
{
	struct fixture *f = *state;

	walk_from(f, 0, (const uint64_t[]){ 0 });
	make(f);
	walk_from(f, 0, (const uint64_t[]){ 2, 8, 10, 16, 0 });
	walk_from(f, at(5), (const uint64_t[]){ 2, 8, 10, 16, 0 });
	walk_from(f, at(6), (const uint64_t[]){ 8, 10, 16, 0 });
	walk_from(f, at(17), (const uint64_t[]){ 16, 0 });
	walk_from(f, at(18), (const uint64_t[]){ 0 });
	walk_from(f, UINT64_MAX, (const uint64_t[]){ 0 });
}

static void assert_gap(const struct fixture *f, uint64_t *from, uint64_t start, uint64_t end)
{
	struct vas_range gap;

	assert_true(vas_gap_next(f->space, from, &gap));
	assert_int_equal(gap.start, start);
	assert_int_equal(gap.end, end);
}

static void gaps(void **state)
{
	struct fixture *f = *state;
	uint64_t from = 0, end = f->config.layout.task_size;
	struct vas_range gap;

	assert_gap(f, &from, 0, end);
	assert_false(vas_gap_next(f->space, &from, &gap));
	make(f);
	from = 0;
	assert_gap(f, &from, 0, at(2));
	assert_gap(f, &from, at(6), at(8));
	assert_gap(f, &from, at(12), at(16));
	assert_gap(f, &from, at(18), end);
	assert_false(vas_gap_next(f->space, &from, &gap));
	/* From the middle of a gap, and of an area. */
	from = at(13);
	assert_gap(f, &from, at(13), at(16));
	from = at(9);
	assert_gap(f, &from, at(12), at(16));
	from = UINT64_MAX;
	assert_false(vas_gap_next(f->space, &from, &gap));
}

static void no_gap_at_the_ends(void **state)
{
	struct fixture *f = *state;
	uint64_t from = 0, end = f->config.layout.task_size;
	uint64_t last = end - VAS_PAGE_SIZE, first = 0;
	struct vas_range gap;

	vas_space_set_privileges(f->space, VAS_MAY_RAWIO);
	assert_ok(map_anywhere(f, VAS_PAGE_SIZE, VAS_FIXED, NULL, &first));
	assert_ok(map_anywhere(f, VAS_PAGE_SIZE, VAS_FIXED, NULL, &last));
	assert_gap(f, &from, VAS_PAGE_SIZE, last);
	assert_false(vas_gap_next(f->space, &from, &gap));
}

/* Each page counts as one of these: executable and not writable, stack, private and writable. */
static void counts(void **state)
{
	struct fixture *f = *state;
	struct vas_counts counts;

	vas_space_count(f->space, &counts);
	assert_int_equal(counts.areas, 0);
	assert_int_equal(counts.total, 0);
	assert_ok(map_pages(f, 0, 1, RX, 0));
	assert_ok(map_pages(f, 2, 2, RW, 0));
	assert_ok(map_pages(f, 6, 3, RW, VAS_GROWSDOWN));
	assert_ok(map_pages(f, 12, 4, FULL, 0));
	assert_ok(map_pages(f, 20, 5, VAS_READ, 0));
	assert_ok(map_file(f, 30, 6, RW, VAS_SHARED | VAS_ANONYMOUS | VAS_FIXED, NULL, 0));
	assert_ok(lock_pages(f, 20, 5));
	vas_space_count(f->space, &counts);
	assert_int_equal(counts.areas, 6);
	assert_int_equal(counts.total, 21);
	assert_int_equal(counts.exec, 1);
	assert_int_equal(counts.stack, 3);
	assert_int_equal(counts.data, 6);
	assert_int_equal(counts.locked, 5);
	assert_true(counts.bytes >= 6 * sizeof(struct vas_area));
	assert_ok(protect_pages(f, 12, 4, RX));
	vas_space_count(f->space, &counts);
	assert_int_equal(counts.exec, 5);
	assert_int_equal(counts.data, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(find), fixture_test(neighbours),	      fixture_test(walks),
		fixture_test(gaps), fixture_test(no_gap_at_the_ends), fixture_test(counts),
	};

	return fixture_run("walk", tests);
}
