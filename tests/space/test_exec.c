/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* exec, and the placing of a program's image. */

#include "fixture.h"

static void everything_goes(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/bin/x");
	struct vas_layout layout = f->config.layout;
	struct vas_counts counts;
	uint64_t address = 0;

	assert_ok(map_pages(f, 0, 4, RW, VAS_POPULATE));
	assert_ok(map_file(f, 4, 4, RX, VAS_PRIVATE | VAS_FIXED, file, 0));
	assert_ok(seal_pages(f, 4, 4));
	assert_ok(vas_lock_all(f->space, VAS_LOCK_ALL_CURRENT | VAS_LOCK_ALL_FUTURE));
	layout.map_base = at(1000);
	vas_exec(f->space, &layout);
	fixture_check(f, f->space);
	assert_ruler(f, "");
	assert_int_equal(file->references, 1);
	assert_int_equal(f->settings.committed, 0);
	/* The new layout holds, and locks to come are forgotten. */
	assert_ok(map_anywhere(f, VAS_PAGE_SIZE, 0, NULL, &address));
	assert_int_equal(address, at(999));
	vas_space_count(f->space, &counts);
	assert_int_equal(counts.locked, 0);
	assert_int_equal(counts.total, 1);
}

static void limits_and_privileges_stay(void **state)
{
	struct fixture *f = *state;
	struct vas_layout layout = f->config.layout;

	vas_space_limits(f->space)->locked = 0;
	vas_space_set_privileges(f->space, VAS_MAY_LOCK);
	vas_exec(f->space, &layout);
	assert_ok(map_pages(f, 0, 1, RW, VAS_LOCKED));
	assert_flagged(f, VAS_AREA_LOCKED, "#");
}

/* As a loader does it: neighbours that would merge stay apart. */
static void an_image(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/bin/x");
	const uint64_t may = VAS_AREA_MAY_READ | VAS_AREA_MAY_WRITE | VAS_AREA_MAY_EXEC;
	struct vas_place text = {
		{ at(0), at(4) }, VAS_AREA_READ | VAS_AREA_EXEC | may, 0, file, NULL
	};
	struct vas_place more = {
		{ at(4), at(6) }, VAS_AREA_READ | VAS_AREA_EXEC | may, 4, file, NULL
	};
	struct vas_counts counts;

	assert_ok(vas_place(f->space, &text));
	assert_ok(vas_place(f->space, &more));
	assert_ruler(f, "AAAABB");
	assert_int_equal(file->references, 3);
	vas_space_count(f->space, &counts);
	assert_int_equal(counts.exec, 6);
	fixture_check(f, f->space);
	/* The next call that changes something there brings them together. */
	assert_ok(protect_pages(f, 4, 2, VAS_READ));
	assert_ok(protect_pages(f, 4, 2, RX));
	assert_ruler(f, "AAAAAA");
}

static void what_cannot_be_placed(void **state)
{
	struct fixture *f = *state;
	struct vas_place place = { { at(2), at(4) }, VAS_AREA_READ, 0, NULL, "[vvar]" };

	assert_ok(vas_place(f->space, &place));
	assert_error(VAS_EEXIST, vas_place(f->space, &place));
	place.range = (struct vas_range){ at(0), at(3) };
	assert_error(VAS_EEXIST, vas_place(f->space, &place));
	place.range = (struct vas_range){ at(0), at(0) };
	assert_error(VAS_EINVAL, vas_place(f->space, &place));
	place.range = (struct vas_range){ at(1), at(0) };
	assert_error(VAS_EINVAL, vas_place(f->space, &place));
	place.range = (struct vas_range){ at(0), at(1) + 1 };
	assert_error(VAS_EINVAL, vas_place(f->space, &place));
	place.range = (struct vas_range){ at(0), at(2) };
	assert_ok(vas_place(f->space, &place));
	assert_ruler(f, "AABB");
	fixture_check(f, f->space);
}

/* The kernel's own pages come whole or not at all. */
static void special_pages(void **state)
{
	struct fixture *f = *state;
	struct vas_place vdso = { { at(2), at(6) },
				  VAS_AREA_READ | VAS_AREA_EXEC | VAS_AREA_MAY_READ |
					  VAS_AREA_MAY_WRITE | VAS_AREA_MAY_EXEC |
					  VAS_AREA_DONT_EXPAND | VAS_AREA_NO_SPLIT,
				  0,
				  NULL,
				  "[vdso]" };
	uint64_t to = 20;

	assert_ok(vas_place(f->space, &vdso));
	assert_error(VAS_EINVAL, unmap_pages(f, 3, 1));
	assert_error(VAS_EINVAL, protect_pages(f, 2, 1, VAS_READ));
	assert_error(VAS_EINVAL, remap_pages(f, 2, 1, 1, VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED, &to));
	assert_ruler(f, "..AAAA");
	assert_ok(remap_pages(f, 2, 4, 4, VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED, &to));
	assert_string_equal(vas_area_name(vas_find(f->space, at(20))), "[vdso]");
	assert_ok(unmap_pages(f, 20, 4));
}

static void bad_configurations(void **state)
{
	struct fixture *f = *state;
	struct vas_space_config config = f->config;
	struct vas_space *space;

	config.index = "no such design";
	assert_error(VAS_EINVAL, vas_space_create(&config, &space));
	assert_null(space);
	config = f->config;
	config.allocator = NULL;
	assert_error(VAS_EINVAL, vas_space_create(&config, &space));
	config = f->config;
	config.settings = NULL;
	assert_error(VAS_EINVAL, vas_space_create(&config, &space));
	config = f->config;
	config.layout.task_size++;
	assert_error(VAS_EINVAL, vas_space_create(&config, &space));
	config = f->config;
	config.layout.map_base = config.layout.task_size + VAS_PAGE_SIZE;
	assert_error(VAS_EINVAL, vas_space_create(&config, &space));
	vas_space_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(everything_goes), fixture_test(limits_and_privileges_stay),
		fixture_test(an_image),	       fixture_test(what_cannot_be_placed),
		fixture_test(special_pages),   fixture_test(bad_configurations),
	};

	return fixture_run("exec", tests);
}
