/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* mbind. */

#include "fixture.h"

static int bind_pages(struct fixture *f, uint64_t page, uint64_t count, uint64_t policy)
{
	int err = vas_bind(f->space, at(page), count * VAS_PAGE_SIZE, policy);

	fixture_check(f, f->space);
	return err;
}

/*
 *	AAAAAAAA  ->  AABBBBCC  ->  AABBBBBB  ->  AAAAAAAA
 *	  ****		      **
 */
static void policies_split_and_merge(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 8, RW, 0));
	assert_ok(bind_pages(f, 2, 4, 3));
	assert_ruler(f, "AABBBBCC");
	assert_int_equal(vas_find(f->space, at(2))->policy, 3);
	assert_ok(bind_pages(f, 6, 2, 3));
	assert_ruler(f, "AABBBBBB");
	assert_ok(bind_pages(f, 6, 2, 4));
	assert_ruler(f, "AABBBBCC");
	assert_ok(bind_pages(f, 0, 8, 0));
	assert_ruler(f, "AAAAAAAA");
}

/* The default may be set over holes; any other policy may not, and then nothing changes. */
static void holes(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 6, 4, RW, 0));
	assert_error(VAS_EFAULT, bind_pages(f, 2, 6, 1));
	assert_ruler(f, "AAAA..BBBB");
	assert_ok(bind_pages(f, 2, 2, 1));
	assert_ok(bind_pages(f, 2, 6, 0));
	assert_ruler(f, "AAAA..BBBB");
	assert_error(VAS_EFAULT, bind_pages(f, 4, 1, 0));
	assert_error(VAS_EFAULT, bind_pages(f, 20, 5, 0));
}

static void arguments(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_error(VAS_EINVAL, vas_bind(f->space, at(0) + 1, VAS_PAGE_SIZE, 1));
	assert_ok(vas_bind(f->space, at(20), 0, 1));
	f->settings.max_map_count = 1;
	assert_error(VAS_ENOMEM, bind_pages(f, 1, 1, 1));
	/* A hole is not a lack of areas, even when there is one. */
	assert_ok(bind_pages(f, 0, 8, 0));
	assert_error(VAS_EFAULT, vas_bind(f->space, f->config.layout.task_size, 4096, 1));
	assert_error(VAS_EFAULT, vas_bind(f->space, f->config.layout.task_size, 4096, 0));
}

/* They go along with a move, and to the child. */
static void moves_and_children(void **state)
{
	struct fixture *f = *state;
	struct vas_space *child;
	uint64_t to = 10;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(bind_pages(f, 0, 4, 7));
	assert_ok(vas_fork(f->space, &child));
	assert_int_equal(vas_find(child, at(0))->policy, 7);
	vas_space_destroy(child);
	assert_ok(remap_pages(f, 0, 4, 4, VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED, &to));
	assert_int_equal(vas_find(f->space, at(10))->policy, 7);
	assert_ok(map_pages(f, 14, 2, RW, 0));
	assert_ruler(f, "..........AAAABB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(policies_split_and_merge),
		fixture_test(holes),
		fixture_test(arguments),
		fixture_test(moves_and_children),
	};

	return fixture_run("bind", tests);
}
