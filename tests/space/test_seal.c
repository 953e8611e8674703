/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* mseal. What sealed areas refuse stands with each call that they refuse. */

#include "fixture.h"

/*
 *	AAAAAAAA  ->  AABBBBCC
 *	  ****
 */
static void seals_its_range(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 8, RW, 0));
	assert_ok(seal_pages(f, 2, 4));
	assert_ruler(f, "AABBBBCC");
	assert_flagged(f, VAS_AREA_SEALED, "--####--");
	assert_ok(seal_pages(f, 0, 4));
	assert_ruler(f, "AAAAAABB");
	assert_ok(seal_pages(f, 0, 8));
	assert_ruler(f, "AAAAAAAA");
	assert_ok(seal_pages(f, 0, 8));
}

/* All or nothing: a hole anywhere is seen first. */
static void holes(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 6, 4, RW, 0));
	assert_error(VAS_ENOMEM, seal_pages(f, 2, 6));
	assert_error(VAS_ENOMEM, seal_pages(f, 8, 6));
	assert_error(VAS_ENOMEM, seal_pages(f, 4, 4));
	assert_flagged(f, VAS_AREA_SEALED, "----..----");
}

static void arguments(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_error(VAS_EINVAL, vas_seal(f->space, at(0), VAS_PAGE_SIZE, 1));
	assert_error(VAS_EINVAL, vas_seal(f->space, at(0) + 1, VAS_PAGE_SIZE, 0));
	assert_error(VAS_EINVAL, vas_seal(f->space, at(0), UINT64_MAX, 0));
	assert_error(VAS_EINVAL, vas_seal(f->space, at(0), UINT64_MAX - VAS_PAGE_SIZE, 0));
	assert_ok(vas_seal(f->space, at(20), 0, 0));
	assert_ok(vas_seal(f->space, at(0), 1, 0));
	assert_flagged(f, VAS_AREA_SEALED, "#---");
	f->settings.kernel = VAS_KERNEL(6, 9);
	assert_error(VAS_ENOSYS, vas_seal(f->space, at(0), VAS_PAGE_SIZE, 0));
	fixture_check(f, f->space);
}

/* Once sealed, an area can be locked and advised on, and is inherited so. */
static void what_stays_possible(void **state)
{
	struct fixture *f = *state;
	struct vas_space *child;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(seal_pages(f, 0, 4));
	assert_ok(lock_pages(f, 0, 2));
	assert_ok(advise_pages(f, 0, 4, VAS_ADVICE_DONTDUMP));
	assert_ok(touch_page(f, 0, VAS_ACCESS_WRITE));
	assert_ok(vas_fork(f->space, &child));
	assert_error(VAS_EPERM, vas_unmap(child, at(0), VAS_PAGE_SIZE));
	vas_space_destroy(child);
	assert_error(VAS_EPERM, vas_unmap(f->space, 0, f->config.layout.task_size));
}

static void number_of_areas(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 8, RW, 0));
	f->settings.max_map_count = 2;
	assert_error(VAS_ENOMEM, seal_pages(f, 2, 2));
	assert_ruler(f, "AABBBBBB");
	assert_flagged(f, VAS_AREA_SEALED, "--------");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(seals_its_range), fixture_test(holes),
		fixture_test(arguments),       fixture_test(what_stays_possible),
		fixture_test(number_of_areas),
	};

	return fixture_run("seal", tests);
}
