/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * When neighbours become one area. In the rulers above the cases: P the area below (previous), N
 * the one above (next), M the area in between, **** the range that is new or changes.
 */

#include <string.h>

#include "fixture.h"

/*
 *	    ****
 *	....    ....	no neighbours
 */
static void new_range_alone(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 2, RW, 0));
	assert_ok(map_pages(f, 10, 2, RW, 0));
	assert_ok(map_pages(f, 4, 4, RW, 0));
	assert_ruler(f, "AA..BBBB..CC");
}

/*
 *	    ****
 *	PPPP	NNNN	->	PPPPPPPPPPPP
 */
static void new_range_joins_both(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 8, 4, RW, 0));
	twin_clear_log(f->twin);
	assert_ok(map_pages(f, 4, 4, RW, 0));
	assert_ruler(f, "AAAAAAAAAAAA");
	assert_told(f, "map 1 4-8\nmerge 1 2 8-12\nfree 2\n");
}

/*
 *	    ****
 *	PPPP	nnnn	->	PPPPPPPPNNNN
 */
static void new_range_joins_the_one_below(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 8, 4, VAS_READ, 0));
	twin_clear_log(f->twin);
	assert_ok(map_pages(f, 4, 4, RW, 0));
	assert_ruler(f, "AAAAAAAABBBB");
	assert_told(f, "map 1 4-8\n");
}

/*
 *	    ****
 *	pppp	NNNN	->	PPPPNNNNNNNN
 */
static void new_range_joins_the_one_above(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, VAS_READ, 0));
	assert_ok(map_pages(f, 8, 4, RW, 0));
	twin_clear_log(f->twin);
	assert_ok(map_pages(f, 4, 4, RW, 0));
	assert_ruler(f, "AAAABBBBBBBB");
	assert_told(f, "map 2 4-8\n");
	assert_int_equal(vas_find(f->space, at(4))->offset, at(4) >> VAS_PAGE_SHIFT);
}

/* PPPP, MMMM and NNNN, of which only M's permissions are of another kind. */
static void three(struct fixture *f, uint32_t prev, uint32_t middle, uint32_t next)
{
	assert_ok(map_pages(f, 0, 4, prev, VAS_NORESERVE));
	assert_ok(map_pages(f, 4, 4, middle, VAS_NORESERVE));
	assert_ok(map_pages(f, 8, 4, next, VAS_NORESERVE));
	assert_ruler(f, "AAAABBBBCCCC");
	twin_clear_log(f->twin);
}

/*
 *	    ****
 *	PPPPMMMMNNNN	->	PPPPPPPPPPPP
 */
static void whole_area_joins_both(void **state)
{
	struct fixture *f = *state;

	three(f, RW, VAS_READ, RW);
	assert_ok(protect_pages(f, 4, 4, RW));
	assert_ruler(f, "AAAAAAAAAAAA");
	assert_told(f, "merge 1 2 4-8\nfree 2\nmerge 1 3 8-12\nfree 3\nflags 1 4-8\n");
}

/*
 *	    ****
 *	PPPPMMMMnnnn	->	PPPPPPPPNNNN
 */
static void whole_area_joins_the_one_below(void **state)
{
	struct fixture *f = *state;

	three(f, RW, VAS_READ, VAS_NONE);
	assert_ok(protect_pages(f, 4, 4, RW));
	assert_ruler(f, "AAAAAAAABBBB");
	assert_told(f, "merge 1 2 4-8\nfree 2\nflags 1 4-8\n");
}

/*
 *	    ****
 *	ppppMMMMNNNN	->	PPPPNNNNNNNN
 */
static void whole_area_joins_the_one_above(void **state)
{
	struct fixture *f = *state;

	three(f, VAS_NONE, VAS_READ, RW);
	assert_ok(protect_pages(f, 4, 4, RW));
	assert_ruler(f, "AAAABBBBBBBB");
	assert_told(f, "merge 3 2 4-8\nfree 2\nflags 3 4-8\n");
	assert_int_equal(vas_find(f->space, at(4))->offset, at(4) >> VAS_PAGE_SHIFT);
}

/*
 *	    **
 *	PPPPMMMMNNNN	->	PPPPPPMMNNNN
 */
static void first_part_joins_the_one_below(void **state)
{
	struct fixture *f = *state;

	three(f, RW, VAS_READ, RW);
	assert_ok(protect_pages(f, 4, 2, RW));
	assert_ruler(f, "AAAAAABBCCCC");
	assert_told(f, "merge 1 2 4-6\nflags 1 4-6\n");
	assert_int_equal(vas_find(f->space, at(6))->offset, at(6) >> VAS_PAGE_SHIFT);
}

/*
 *	      **
 *	PPPPMMMMNNNN	->	PPPPMMNNNNNN
 */
static void last_part_joins_the_one_above(void **state)
{
	struct fixture *f = *state;

	three(f, RW, VAS_READ, RW);
	assert_ok(protect_pages(f, 6, 2, RW));
	assert_ruler(f, "AAAABBCCCCCC");
	assert_told(f, "merge 3 2 6-8\nflags 3 6-8\n");
	assert_int_equal(vas_find(f->space, at(6))->offset, at(6) >> VAS_PAGE_SHIFT);
}

/*
 *	    **				      **			     **
 *	PPPPMMMMNNNN -> PPPPXXMMNNNN	PPPPMMMMNNNN -> PPPPMMXXNNNN	 PPPPMMMMNNNN -> ...MXXM...
 */
static void no_neighbour_fits(void **state)
{
	struct fixture *f = *state;

	three(f, RW, VAS_READ, RW);
	assert_ok(protect_pages(f, 4, 2, VAS_NONE));
	assert_ruler(f, "AAAABBCCDDDD");
	assert_told(f, "split 2 4 6-8\nflags 2 4-6\n");
	assert_ok(unmap_pages(f, 0, 12));
	assert_ok(map_pages(f, 4, 4, VAS_READ, 0));
	twin_clear_log(f->twin);
	assert_ok(protect_pages(f, 6, 2, VAS_NONE));
	assert_told(f, "split 5 6 6-8\nflags 6 6-8\n");
	assert_ok(map_pages(f, 4, 4, VAS_READ, 0));
	twin_clear_log(f->twin);
	assert_ok(protect_pages(f, 5, 2, VAS_NONE));
	assert_ruler(f, "....ABBC");
	assert_told(f, "split 7 8 5-8\nsplit 8 9 7-8\nflags 8 5-7\n");
}

/* Heads: a number in each area, given by the test; 0 agrees with all others. */

struct head {
	uint64_t number;
};

static bool heads_agree(void *data, const struct vas_area *target, const struct vas_area *source,
			bool copied);

static const struct vas_listener heads = {
	.area_bytes = sizeof(struct head),
	.may_merge = heads_agree,
};

static uint64_t head_of(const struct vas_area *area)
{
	return ((const struct head *)vas_area_data(area, &heads))->number;
}

static bool heads_agree(void *data, const struct vas_area *target, const struct vas_area *source,
			bool copied)
{
	uint64_t ours = head_of(target), theirs = source == NULL ? 0 : head_of(source);

	(void)data;
	(void)copied;
	return ours == 0 || theirs == 0 || ours == theirs;
}

static void use_heads(struct fixture *f)
{
	f->config.listeners[1].listener = &heads;
	fixture_restart(f);
}

static void set_head(struct fixture *f, uint64_t page, uint64_t number)
{
	((struct head *)vas_area_data(vas_find(f->space, at(page)), &heads))->number = number;
}

/*
 *	    ****
 *	1111    2222	->	11111111222	each would fit, but not all three: the one below
 * wins
 */
static void neighbours_must_fit_each_other(void **state)
{
	struct fixture *f = *state;

	use_heads(f);
	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 8, 4, RW, 0));
	set_head(f, 0, 1);
	set_head(f, 8, 2);
	assert_ok(map_pages(f, 4, 4, RW, 0));
	assert_ruler(f, "AAAAAAAABBBB");
	assert_int_equal(head_of(vas_find(f->space, at(4))), 1);
	assert_ok(protect_pages(f, 4, 4, VAS_READ));
	assert_ruler(f, "AAAABBBBCCCC");
	assert_ok(protect_pages(f, 4, 4, RW));
	assert_ruler(f, "AAAAAAAABBBB");
}

/*
 *	    ****
 *	1111333322222	an area with a head of its own joins neither
 */
static void heads_keep_areas_apart(void **state)
{
	struct fixture *f = *state;

	use_heads(f);
	three(f, RW, VAS_READ, RW);
	set_head(f, 0, 1);
	set_head(f, 4, 3);
	set_head(f, 8, 2);
	assert_ok(protect_pages(f, 4, 4, RW));
	assert_ruler(f, "AAAABBBBCCCC");
	set_head(f, 4, 2);
	assert_ok(protect_pages(f, 4, 4, VAS_READ));
	assert_ok(protect_pages(f, 4, 4, RW));
	assert_ruler(f, "AAAABBBBBBBB");
	set_head(f, 4, 0);
	assert_ok(protect_pages(f, 6, 2, VAS_READ));
	assert_ok(protect_pages(f, 6, 2, RW));
	/* The part left over went first: it never met the one below again. */
	assert_ruler(f, "AAAABBBBBBBB");
}

/* What is told to a neighbour that is asked. */

struct question {
	uint64_t target, source; /* where they start; 0 for no source */
	bool copied;
};

static struct question asked[8];
static size_t questions;

static bool write_down(void *data, const struct vas_area *target, const struct vas_area *source,
		       bool copied)
{
	(void)data;
	assert_true(questions < 8);
	asked[questions++] = (struct question){
		.target = target->range.start,
		.source = source == NULL ? 0 : source->range.start,
		.copied = copied,
	};
	return true;
}

static void assert_asked(size_t i, uint64_t target, uint64_t source, bool copied)
{
	assert_true(i < questions);
	assert_int_equal(asked[i].target, target);
	assert_int_equal(asked[i].source, source);
	assert_int_equal(asked[i].copied, copied);
}

static void what_is_asked(void **state)
{
	struct fixture *f = *state;
	static const struct vas_listener curious = { .may_merge = write_down };
	uint64_t to = 4;

	f->config.listeners[1].listener = &curious;
	fixture_restart(f);
	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 8, 4, RW, 0));
	assert_ok(map_pages(f, 20, 4, RW, 0));
	questions = 0;
	assert_ok(map_pages(f, 4, 4, RW, 0));
	assert_int_equal(questions, 3);
	assert_asked(0, at(0), 0, false);
	assert_asked(1, at(8), 0, false);
	assert_asked(2, at(0), at(8), false);
	assert_ok(protect_pages(f, 4, 4, VAS_READ));
	questions = 0;
	assert_ok(protect_pages(f, 4, 4, RW));
	assert_int_equal(questions, 3);
	assert_asked(0, at(0), at(4), false);
	assert_asked(1, at(8), at(4), false);
	assert_asked(2, at(0), at(8), false);
	assert_ok(unmap_pages(f, 4, 4));
	questions = 0;
	assert_ok(remap_pages(f, 20, 4, 4, VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED, &to));
	assert_int_equal(questions, 3);
	assert_asked(0, at(0), at(20), true);
	assert_asked(1, at(8), at(20), true);
	assert_ruler(f, "AAAAAAAAAAAA");
	/* Nothing is asked where anything else keeps them apart. */
	questions = 0;
	assert_ok(map_pages(f, 12, 4, VAS_READ, 0));
	assert_int_equal(questions, 0);
}

/* What areas are told apart by, one thing at a time. */

static void permissions(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 2, VAS_READ, 0));
	assert_ok(map_pages(f, 2, 2, VAS_NONE, 0));
	assert_ok(map_pages(f, 4, 2, VAS_EXEC, 0));
	assert_ruler(f, "AABBCC");
}

static void flags(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 2, RW, 0));
	assert_ok(map_pages(f, 2, 2, RW, VAS_NORESERVE));
	assert_ok(map_pages(f, 4, 2, RW, VAS_LOCKED));
	assert_ok(map_pages(f, 6, 2, RW, VAS_GROWSDOWN));
	assert_ok(map_pages(f, 8, 2, RW, VAS_STACK));
	assert_ok(map_file(f, 10, 2, RW, VAS_SHARED | VAS_ANONYMOUS | VAS_FIXED, NULL, 0));
	assert_ok(map_file(f, 12, 2, RW, VAS_DROPPABLE | VAS_ANONYMOUS | VAS_FIXED, NULL, 0));
	assert_ruler(f, "AABBCCDDEEFFGG");
}

/* Its offset must run on, in both directions. */
static void file_offsets(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/x");

	assert_ok(map_file(f, 4, 4, RW, VAS_SHARED | VAS_FIXED, file, 4));
	assert_ok(map_file(f, 8, 4, RW, VAS_SHARED | VAS_FIXED, file, 8));
	assert_ok(map_file(f, 0, 4, RW, VAS_SHARED | VAS_FIXED, file, 0));
	assert_ruler(f, "AAAAAAAAAAAA");
	assert_int_equal(file->references, 2);
	assert_ok(map_file(f, 12, 4, RW, VAS_SHARED | VAS_FIXED, file, 13));
	assert_ok(map_file(f, 16, 4, RW, VAS_SHARED | VAS_FIXED, file, 16));
	assert_ok(map_file(f, 20, 4, RW, VAS_SHARED | VAS_FIXED, file, 16));
	assert_ruler(f, "AAAAAAAAAAAABBBBCCCCDDDD");
}

/* A file opened twice is two. */
static void files(void **state)
{
	struct fixture *f = *state;
	struct vas_file *once = fixture_file(f, "/x"), *twice = fixture_file(f, "/x");

	twice->inode = once->inode;
	assert_ok(map_file(f, 0, 4, VAS_READ, VAS_PRIVATE | VAS_FIXED, once, 0));
	assert_ok(map_file(f, 4, 4, VAS_READ, VAS_PRIVATE | VAS_FIXED, twice, 4));
	assert_ok(map_file(f, 8, 4, VAS_READ, VAS_SHARED | VAS_FIXED, twice, 8));
	assert_ruler(f, "AAAABBBBCCCC");
}

static void names_and_policies(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 8, RW, 0));
	assert_ok(name_pages(f, 0, 4, "a"));
	assert_ok(name_pages(f, 4, 4, "b"));
	assert_ruler(f, "AAAABBBB");
	assert_ok(name_pages(f, 0, 8, "a"));
	assert_ruler(f, "AAAAAAAA");
	assert_ok(vas_bind(f->space, at(0), 4 * VAS_PAGE_SIZE, 1));
	assert_ok(vas_bind(f->space, at(4), 4 * VAS_PAGE_SIZE, 2));
	assert_ruler(f, "AAAABBBB");
}

/* Device memory is never merged, however alike it is. */
static void special_areas(void **state)
{
	struct fixture *f = *state;
	struct vas_file *device = fixture_file(f, "/dev/x");
	static const uint64_t kinds[] = { VAS_AREA_IO, VAS_AREA_DONT_EXPAND, VAS_AREA_RAW_FRAMES,
					  VAS_AREA_MIXED };

	for (size_t i = 0; i < 4; i++) {
		device->area_flags = kinds[i];
		assert_ok(map_file(f, 0, 4, RW, VAS_SHARED | VAS_FIXED, device, 0));
		assert_ok(map_file(f, 4, 4, RW, VAS_SHARED | VAS_FIXED, device, 4));
		assert_ruler(f, "AAAABBBB");
		assert_ok(protect_pages(f, 2, 2, VAS_READ));
		assert_ok(protect_pages(f, 2, 2, RW));
		assert_ruler(f, "AABBCCCC");
		assert_ok(unmap_pages(f, 0, 8));
	}
}

/*
 *	    ****
 *	PPPPMMMMNNNN	a file with a close hook: an area may grow, but none may disappear
 */
static void areas_that_are_not_swallowed(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/dev/x");

	file->area_flags = VAS_AREA_NO_CLOSE;
	assert_ok(map_file(f, 0, 4, RW, VAS_SHARED | VAS_FIXED, file, 0));
	assert_ok(map_file(f, 8, 4, RW, VAS_SHARED | VAS_FIXED, file, 8));
	assert_ok(map_file(f, 4, 4, RW, VAS_SHARED | VAS_FIXED, file, 4));
	assert_ruler(f, "AAAAAAAABBBB");
	assert_ok(protect_pages(f, 4, 4, VAS_READ));
	assert_ruler(f, "AAAABBBBCCCC");
	assert_ok(protect_pages(f, 4, 4, RW));
	assert_ruler(f, "AAAABBBBCCCC");
	assert_ok(protect_pages(f, 4, 4, VAS_READ));
	assert_ok(protect_pages(f, 4, 2, RW));
	assert_ruler(f, "AAAAAABBCCCC");
	assert_ok(protect_pages(f, 7, 1, RW));
	assert_ruler(f, "AAAAAABCCCCC");
}

/* The user's word goes with the area that lives on, and to both halves of a split. */
static void the_user_word(void **state)
{
	struct fixture *f = *state;
	int ours = 0, theirs = 0;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 8, 4, RW, 0));
	vas_find(f->space, at(0))->user = &ours;
	vas_find(f->space, at(8))->user = &theirs;
	assert_ok(map_pages(f, 4, 4, RW, 0));
	assert_ptr_equal(vas_find(f->space, at(8))->user, &ours);
	assert_ok(protect_pages(f, 4, 4, VAS_READ));
	assert_ptr_equal(vas_find(f->space, at(4))->user, &ours);
	assert_ptr_equal(vas_find(f->space, at(8))->user, &ours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(new_range_alone),
		fixture_test(new_range_joins_both),
		fixture_test(new_range_joins_the_one_below),
		fixture_test(new_range_joins_the_one_above),
		fixture_test(whole_area_joins_both),
		fixture_test(whole_area_joins_the_one_below),
		fixture_test(whole_area_joins_the_one_above),
		fixture_test(first_part_joins_the_one_below),
		fixture_test(last_part_joins_the_one_above),
		fixture_test(no_neighbour_fits),
		fixture_test(neighbours_must_fit_each_other),
		fixture_test(heads_keep_areas_apart),
		fixture_test(what_is_asked),
		fixture_test(permissions),
		fixture_test(flags),
		fixture_test(file_offsets),
		fixture_test(files),
		fixture_test(names_and_policies),
		fixture_test(special_areas),
		fixture_test(areas_that_are_not_swallowed),
		fixture_test(the_user_word),
	};

	return fixture_run("merge", tests);
}
