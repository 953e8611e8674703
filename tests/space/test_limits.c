/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* RLIMIT_AS, RLIMIT_DATA, the number of areas, overcommit. RLIMIT_MEMLOCK: test_lock.c;
 * RLIMIT_STACK: test_touch.c. */

#include "fixture.h"

static void address_space(void **state)
{
	struct fixture *f = *state;

	vas_space_limits(f->space)->address_space = 10 * VAS_PAGE_SIZE + 5;
	assert_ok(map_pages(f, 0, 8, RW, 0));
	assert_error(VAS_ENOMEM, map_pages(f, 10, 3, VAS_NONE, 0));
	assert_ok(map_pages(f, 10, 2, VAS_NONE, 0));
	/* What is replaced counts back. */
	assert_ok(map_pages(f, 0, 8, VAS_READ, 0));
	assert_error(VAS_ENOMEM, map_pages(f, 4, 6, RW, 0));
	assert_error(VAS_ENOMEM, remap_pages(f, 10, 2, 3, 0, NULL));
	assert_ok(remap_pages(f, 0, 8, 7, 0, NULL));
	assert_ok(remap_pages(f, 10, 2, 3, 0, NULL));
	/* A limit below what is there stops growth only. */
	vas_space_limits(f->space)->address_space = 0;
	assert_ok(protect_pages(f, 10, 3, VAS_READ));
	assert_error(VAS_ENOMEM, map_pages(f, 30, 1, RW, 0));
	assert_ok(unmap_pages(f, 0, 1));
}

/* Private writable memory; mprotect into it counts too. */
static void data(void **state)
{
	struct fixture *f = *state;

	vas_space_limits(f->space)->data = 4 * VAS_PAGE_SIZE;
	vas_space_limits(f->space)->data_hard = 8 * VAS_PAGE_SIZE;
	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_error(VAS_ENOMEM, map_pages(f, 4, 1, RW, 0));
	assert_ok(map_pages(f, 4, 4, VAS_READ, 0));
	assert_ok(map_file(f, 8, 4, RW, VAS_SHARED | VAS_ANONYMOUS | VAS_FIXED, NULL, 0));
	assert_ok(map_pages(f, 12, 4, RW, VAS_GROWSDOWN));
	assert_error(VAS_ENOMEM, protect_pages(f, 4, 1, RW));
	assert_access(f, "wwwwrrrrwwwwwwww");
	/* A soft limit of 0 gives way to the hard one. */
	vas_space_limits(f->space)->data = 0;
	assert_ok(protect_pages(f, 4, 4, RW));
	assert_error(VAS_ENOMEM, map_pages(f, 16, 1, RW, 0));
}

static void number_of_areas(void **state)
{
	struct fixture *f = *state;

	f->settings.max_map_count = 3;
	assert_ok(map_pages(f, 0, 1, RW, 0));
	assert_ok(map_pages(f, 2, 1, RW, 0));
	assert_ok(map_pages(f, 4, 1, RW, 0));
	/* mmap may go one beyond it, as Linux does. */
	assert_ok(map_pages(f, 6, 1, RW, 0));
	assert_error(VAS_ENOMEM, map_pages(f, 8, 1, RW, 0));
	/* Even where nothing would be added. */
	assert_error(VAS_ENOMEM, map_pages(f, 7, 1, RW, 0));
	assert_error(VAS_ENOMEM, map_pages(f, 6, 1, RW, 0));
	assert_ok(unmap_pages(f, 6, 1));
	assert_ok(map_pages(f, 5, 1, RW, 0));
	assert_ruler(f, "A.B.CC");
}

static void overcommit_by_guess(void **state)
{
	struct fixture *f = *state;

	f->settings.total_pages = 10;
	assert_error(VAS_ENOMEM, map_pages(f, 0, 11, RW, 0));
	assert_ok(map_pages(f, 0, 10, RW, 0));
	assert_ok(map_pages(f, 10, 10, RW, 0));
	assert_ok(map_pages(f, 20, 11, RW, VAS_NORESERVE));
	assert_ok(map_pages(f, 32, 11, VAS_READ, 0));
	assert_error(VAS_ENOMEM, protect_pages(f, 32, 11, RW));
	assert_ok(protect_pages(f, 32, 10, RW));
	assert_error(VAS_ENOMEM,
		     map_file(f, 44, 11, RW, VAS_SHARED | VAS_ANONYMOUS | VAS_FIXED, NULL, 0));
	assert_int_equal(f->settings.committed, 30);
}

static void overcommit_always(void **state)
{
	struct fixture *f = *state;

	f->settings.overcommit_memory = 1;
	f->settings.total_pages = 1;
	f->settings.commit_limit = 1;
	assert_ok(map_pages(f, 0, 60, RW, 0));
	assert_int_equal(f->settings.committed, 60);
}

/* NORESERVE counts for nothing then. */
static void overcommit_never(void **state)
{
	struct fixture *f = *state;
	struct vas_space *other;
	uint64_t address = at(0);

	f->settings.overcommit_memory = 2;
	f->settings.commit_limit = 10;
	assert_ok(map_pages(f, 0, 6, RW, VAS_NORESERVE));
	assert_flagged(f, VAS_AREA_NO_RESERVE, "------");
	assert_error(VAS_ENOMEM, map_pages(f, 6, 5, RW, 0));
	assert_ok(map_pages(f, 6, 4, RW, 0));
	assert_ok(map_pages(f, 10, 10, VAS_READ, 0));
	/* What is replaced counts back. */
	assert_ok(map_pages(f, 2, 8, RX, 0));
	assert_int_equal(f->settings.committed, 2);
	assert_ok(map_pages(f, 2, 8, RW, 0));
	assert_ok(map_pages(f, 0, 10, FULL, 0));
	/* All spaces of the machine share the limit. */
	assert_ok(vas_space_create(&f->config, &other));
	assert_error(VAS_ENOMEM,
		     vas_map(other, &(struct vas_map){ 1, RW, HERE, NULL, 0 }, &address));
	assert_ok(unmap_pages(f, 0, 1));
	assert_ok(vas_map(other, &(struct vas_map){ 1, RW, HERE, NULL, 0 }, &address));
	assert_int_equal(f->settings.committed, 10);
	vas_space_destroy(other);
	assert_int_equal(f->settings.committed, 9);
}

/* mremap promises what it adds; a move without unmapping promises all of it again. */
static void overcommit_of_moves(void **state)
{
	struct fixture *f = *state;
	uint64_t to = 20;

	f->settings.overcommit_memory = 2;
	f->settings.commit_limit = 10;
	assert_ok(map_pages(f, 0, 6, RW, 0));
	assert_error(VAS_ENOMEM, remap_pages(f, 0, 6, 11, 0, NULL));
	assert_ok(remap_pages(f, 0, 6, 8, 0, NULL));
	assert_ok(remap_pages(f, 0, 8, 8, VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED, &to));
	assert_int_equal(f->settings.committed, 8);
	to = 40;
	assert_error(VAS_ENOMEM,
		     remap_pages(f, 20, 8, 8, VAS_REMAP_MAYMOVE | VAS_REMAP_DONTUNMAP, &to));
	to = 40;
	assert_ok(remap_pages(f, 20, 2, 2, VAS_REMAP_MAYMOVE | VAS_REMAP_DONTUNMAP, &to));
	assert_int_equal(f->settings.committed, 10);
	assert_ok(unmap_pages(f, 0, 60));
	assert_int_equal(f->settings.committed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(address_space),	   fixture_test(data),
		fixture_test(number_of_areas),	   fixture_test(overcommit_by_guess),
		fixture_test(overcommit_always),   fixture_test(overcommit_never),
		fixture_test(overcommit_of_moves),
	};

	return fixture_run("limits", tests);
}
