/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* fork. */

#include <string.h>

#include "fixture.h"

static void the_child_is_a_copy(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x");
	struct vas_space *child;
	struct vas_counts ours, theirs;

	assert_ok(map_pages(f, 0, 4, RW, VAS_POPULATE));
	assert_ok(map_file(f, 6, 4, VAS_READ, VAS_SHARED | VAS_FIXED, file, 3));
	assert_ok(vas_fork(f->space, &child));
	fixture_check(f, f->space);
	fixture_check(f, child);
	assert_ruler_of(f, child, "AAAA..BBBB");
	assert_int_equal(file->references, 3);
	assert_int_equal(twin_stamp(f->twin, child, at(2)), twin_stamp(f->twin, f->space, at(2)));
	vas_space_count(f->space, &ours);
	vas_space_count(child, &theirs);
	assert_int_equal(ours.total, theirs.total);
	assert_int_equal(ours.data, theirs.data);
	assert_int_equal(f->settings.committed, 8);
	/* From now on they go their own ways. */
	assert_ok(unmap_pages(f, 0, 2));
	assert_ok(vas_protect(child, at(1), VAS_PAGE_SIZE, VAS_READ, -1));
	fixture_check(f, child);
	assert_ruler(f, "..AA..BBBB");
	assert_ruler_of(f, child, "ABCC..DDDD");
	vas_space_destroy(child);
	assert_int_equal(f->settings.committed, 2);
}

static void what_is_told(void **state)
{
	struct fixture *f = *state;
	struct vas_space *child;

	assert_ok(map_pages(f, 0, 2, RW, 0));
	assert_ok(map_pages(f, 4, 2, VAS_READ, 0));
	twin_clear_log(f->twin);
	assert_ok(vas_fork(f->space, &child));
	assert_told(f, "fork 3 1 0-2\nfork 4 2 4-6\n");
	twin_clear_log(f->twin);
	vas_space_destroy(child);
	assert_told(f, "unmap 4 4-6\nfree 4\nunmap 3 0-2\nfree 3\n");
}

static void what_is_left_out(void **state)
{
	struct fixture *f = *state;
	struct vas_space *child;
	struct vas_counts counts;

	assert_ok(map_pages(f, 0, 2, RW, VAS_POPULATE));
	assert_ok(map_pages(f, 2, 2, VAS_READ, VAS_POPULATE));
	assert_ok(map_pages(f, 4, 2, RW, VAS_LOCKED));
	assert_ok(advise_pages(f, 0, 2, VAS_ADVICE_DONTFORK));
	assert_ok(advise_pages(f, 4, 2, VAS_ADVICE_WIPEONFORK));
	assert_ok(vas_lock_all(f->space, VAS_LOCK_ALL_FUTURE));
	assert_ok(vas_fork(f->space, &child));
	fixture_check(f, child);
	assert_ruler_of(f, child, "..AABB");
	/* Locks are not inherited, neither those that are nor those to come. */
	vas_space_count(child, &counts);
	assert_int_equal(counts.locked, 0);
	assert_int_equal(counts.areas, 2);
	assert_int_equal(vas_find(child, at(4))->flags & VAS_AREA_LOCKED, 0);
	assert_int_not_equal(vas_find(child, at(4))->flags & VAS_AREA_WIPE_ON_FORK, 0);
	assert_int_not_equal(twin_stamp(f->twin, child, at(2)), 0);
	assert_int_equal(twin_stamp(f->twin, child, at(4)), 0);
	vas_space_destroy(child);
}

/* Everything else is as the parent's: layout, break, limits, keys, direction, index design. */
static void the_rest_of_a_space(void **state)
{
	struct fixture *f = *state;
	struct vas_space *child;
	uint64_t now = 0, address = 0, twice = 0;

	f->config.layout.start_brk = at(10);
	f->config.layout.brk = at(10);
	fixture_restart(f);
	assert_ok(vas_brk(f->space, at(12), &now));
	vas_space_limits(f->space)->stack = 4096;
	vas_space_set_personality(f->space, VAS_READ_IMPLIES_EXEC);
	vas_space_refuse_exec_gain(f->space, true);
	assert_ok(vas_fork(f->space, &child));
	assert_ok(vas_brk(child, at(13), &now));
	assert_int_equal(now, at(13));
	assert_int_equal(vas_space_limits(child)->stack, 4096);
	assert_ptr_equal(vas_space_settings(child), &f->settings);
	/* Refused: readable memory would be executable, and writable too. */
	assert_error(VAS_EACCES,
		     vas_map(child, &(struct vas_map){ VAS_PAGE_SIZE, RW, HERE, NULL, 0 },
			     &(uint64_t){ at(40) }));
	assert_ok(map_anywhere(f, 1, 0, NULL, &address) == -VAS_EACCES ? 0 : 1);
	assert_ok(vas_map(child,
			  &(struct vas_map){ 1, VAS_READ, VAS_PRIVATE | VAS_ANONYMOUS, NULL, 0 },
			  &address));
	assert_ok(vas_map(f->space,
			  &(struct vas_map){ 1, VAS_READ, VAS_PRIVATE | VAS_ANONYMOUS, NULL, 0 },
			  &twice));
	assert_int_equal(address, twice);
	vas_space_destroy(child);
}

/*
 * A family tree: each child forks on, and the parents go first.
 */
static void generations(void **state)
{
	struct fixture *f = *state;
	struct vas_space *child;

	assert_ok(map_pages(f, 0, 4, RW, VAS_POPULATE));
	for (uint64_t i = 0; i < 10; i++) {
		assert_ok(vas_fork(f->space, &child));
		vas_space_destroy(f->space);
		f->space = child;
		fixture_check(f, f->space);
		assert_ok(protect_pages(f, 0, 1, i % 2 == 0 ? VAS_READ : RW));
		assert_ok(touch_page(f, 1 + i % 3, VAS_ACCESS_WRITE));
	}
	assert_ruler(f, "AAAA");
}

/* Promised memory must be there for the child too, or there is no child. */
static void overcommit(void **state)
{
	struct fixture *f = *state;
	struct vas_space *child = NULL;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 6, 4, VAS_READ, 0));
	assert_ok(map_pages(f, 12, 4, RW, 0));
	f->settings.overcommit_memory = 2;
	f->settings.commit_limit = 15;
	twin_clear_log(f->twin);
	assert_error(VAS_ENOMEM, vas_fork(f->space, &child));
	assert_null(child);
	assert_int_equal(f->settings.committed, 8);
	assert_told(f, "");
	fixture_check(f, f->space);
	f->settings.commit_limit = 16;
	assert_ok(vas_fork(f->space, &child));
	assert_int_equal(f->settings.committed, 16);
	vas_space_destroy(child);
}

static void an_empty_space(void **state)
{
	struct fixture *f = *state;
	struct vas_space *child;

	assert_ok(vas_fork(f->space, &child));
	assert_null(vas_find_ge(child, 0));
	vas_space_destroy(child);
	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(advise_pages(f, 0, 4, VAS_ADVICE_DONTFORK));
	assert_ok(vas_fork(f->space, &child));
	assert_null(vas_find_ge(child, 0));
	vas_space_destroy(child);
}

/* As many areas as a browser has, to run into every level of the index. */
static void many_areas(void **state)
{
	struct fixture *f = *state;
	struct vas_space *child;
	uint64_t count = 0;
	struct vas_walk walk;
	struct vas_area *area;

	memset(f->config.listeners, 0, sizeof(f->config.listeners));
	fixture_restart(f);
	for (uint64_t i = 0; i < 3000; i++) {
		struct vas_map map = { VAS_PAGE_SIZE, i % 2 == 0 ? RW : VAS_READ, HERE, NULL, 0 };
		uint64_t address = at(i);

		assert_ok(vas_map(f->space, &map, &address));
	}
	assert_ok(vas_fork(f->space, &child));
	assert_true(vas_space_validate(child, &fixture_printer));
	vas_walk_start(&walk, child, 0);
	while ((area = vas_walk_next(&walk)) != NULL) {
		assert_int_equal(area->range.start, at(count));
		assert_ptr_equal(area->space, child);
		count++;
	}
	assert_int_equal(count, 3000);
	vas_space_destroy(child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(the_child_is_a_copy), fixture_test(what_is_told),
		fixture_test(what_is_left_out),	   fixture_test(the_rest_of_a_space),
		fixture_test(generations),	   fixture_test(overcommit),
		fixture_test(an_empty_space),	   fixture_test(many_areas),
	};

	return fixture_run("fork", tests);
}
