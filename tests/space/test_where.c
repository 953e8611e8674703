/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Where a mapping goes: hints, both directions, guard gaps, alignment. */

#include "fixture.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

/* Top-down below page `base`, bottom-up from page `legacy`. */
static void lay_out(struct fixture *f, uint64_t base, uint64_t legacy, enum vas_direction direction)
{
	f->config.layout.map_base = at(base);
	f->config.layout.legacy_base = at(legacy);
	f->config.layout.direction = direction;
	fixture_restart(f);
}

/* The page where so many pages go; -1 for -VAS_ENOMEM. `hint` is a page, 0: none. */
static int64_t place(struct fixture *f, uint64_t count, uint32_t flags, uint64_t hint)
{
	uint64_t address = hint == 0 ? 0 : at(hint);
	int err = map_anywhere(f, count * VAS_PAGE_SIZE, flags, NULL, &address);

	if (err == -VAS_ENOMEM)
		return -1;
	assert_int_equal(err, 0);
	return ((int64_t)address - (int64_t)FIXTURE_BASE) / (int64_t)VAS_PAGE_SIZE;
}

/* Reserves pages that nothing merges with. */
static void wall(struct fixture *f, uint64_t page, uint64_t count)
{
	assert_ok(map_pages(f, page, count, VAS_NONE, VAS_NORESERVE));
}

/*
 *	........AAAA|	then below, and into the highest hole that is large enough
 */
static void top_down(void **state)
{
	struct fixture *f = *state;

	lay_out(f, 40, 50, VAS_TOP_DOWN);
	assert_int_equal(place(f, 4, 0, 0), 36);
	assert_int_equal(place(f, 4, 0, 0), 32);
	assert_ok(unmap_pages(f, 37, 2));
	wall(f, 20, 2);
	assert_int_equal(place(f, 3, 0, 0), 29);
	assert_int_equal(place(f, 2, 0, 0), 37);
	assert_int_equal(place(f, 7, 0, 0), 22);
	assert_int_equal(place(f, 8, 0, 0), 12);
}

/*
 *	|AAAA........	then above, and into the lowest hole that is large enough
 */
static void bottom_up(void **state)
{
	struct fixture *f = *state;

	lay_out(f, 60, 8, VAS_BOTTOM_UP);
	assert_int_equal(place(f, 4, 0, 0), 8);
	assert_int_equal(place(f, 4, 0, 0), 12);
	assert_ok(unmap_pages(f, 9, 2));
	wall(f, 20, 2);
	assert_int_equal(place(f, 3, 0, 0), 16);
	assert_int_equal(place(f, 2, 0, 0), 9);
	assert_int_equal(place(f, 2, 0, 0), 22);
	/* It goes on above the top-down base. */
	assert_int_equal(place(f, 1000, 0, 0), 24);
}

/* Nothing fits below the base: from the bottom-up base upwards then. */
static void top_down_turns_round(void **state)
{
	struct fixture *f = *state;
	uint64_t end = (f->config.layout.task_size - FIXTURE_BASE) / VAS_PAGE_SIZE;

	f->settings.mmap_min_addr = at(30);
	lay_out(f, 40, 36, VAS_TOP_DOWN);
	assert_int_equal(place(f, 8, 0, 0), 32);
	assert_int_equal(place(f, 4, 0, 0), 40);
	assert_int_equal(place(f, 2, 0, 0), 30);
	assert_int_equal(place(f, 2, 0, 0), 44);
	assert_int_equal(place(f, end - 46 + 1, 0, 0), -1);
	assert_int_equal(place(f, end - 46, 0, 0), 46);
	assert_int_equal(place(f, 1, 0, 0), -1);
}

/* A hint is taken where it is free, rounded down; else it counts for nothing. */
static void hints(void **state)
{
	struct fixture *f = *state;
	uint64_t address = at(10) + 5;

	lay_out(f, 40, 50, VAS_TOP_DOWN);
	assert_ok(map_anywhere(f, VAS_PAGE_SIZE, 0, NULL, &address));
	assert_int_equal(address, at(10));
	assert_int_equal(place(f, 4, 0, 20), 20);
	assert_int_equal(place(f, 4, 0, 22), 36);
	assert_int_equal(place(f, 4, 0, 18), 32);
	assert_int_equal(place(f, 2, 0, 18), 18);
	assert_int_equal(place(f, 2, 0, 50), 50);
	/* Beyond the end, or too near to it. */
	address = f->config.layout.task_size;
	assert_ok(map_anywhere(f, VAS_PAGE_SIZE, 0, NULL, &address));
	assert_int_equal(address, at(31));
	address = f->config.layout.task_size - VAS_PAGE_SIZE;
	assert_ok(map_anywhere(f, 2 * VAS_PAGE_SIZE, 0, NULL, &address));
	assert_int_equal(address, at(29));
	address = f->config.layout.task_size - VAS_PAGE_SIZE;
	assert_ok(map_anywhere(f, VAS_PAGE_SIZE, 0, NULL, &address));
	assert_int_equal(address, f->config.layout.task_size - VAS_PAGE_SIZE);
	address = UINT64_MAX;
	assert_ok(map_anywhere(f, VAS_PAGE_SIZE, 0, NULL, &address));
	assert_int_equal(address, at(28));
}

/* A hint below the lowest address that may be mapped means that address; 0 is no hint. */
static void low_hints(void **state)
{
	struct fixture *f = *state;
	uint64_t address = 1;

	f->settings.mmap_min_addr = 65536 - 5;
	assert_ok(map_anywhere(f, VAS_PAGE_SIZE, 0, NULL, &address));
	assert_int_equal(address, f->config.layout.map_base - VAS_PAGE_SIZE);
	address = VAS_PAGE_SIZE;
	assert_ok(map_anywhere(f, VAS_PAGE_SIZE, 0, NULL, &address));
	assert_int_equal(address, 65536);
	address = VAS_PAGE_SIZE;
	assert_ok(map_anywhere(f, VAS_PAGE_SIZE, 0, NULL, &address));
	assert_int_equal(address, f->config.layout.map_base - 2 * VAS_PAGE_SIZE);
	/* Those who may map there are not asked: hints are rounded all the same. */
	vas_space_set_privileges(f->space, VAS_MAY_RAWIO);
	address = VAS_PAGE_SIZE;
	assert_ok(map_anywhere(f, VAS_PAGE_SIZE, 0, NULL, &address));
	assert_int_equal(address, f->config.layout.map_base - 3 * VAS_PAGE_SIZE);
}

/*
 *	....[gg]SSSS....|	a stack keeps its guard below it; the room above it is as good as
 * any
 */
static void guard_gap_top_down(void **state)
{
	struct fixture *f = *state;

	f->settings.stack_guard_gap = 4 * VAS_PAGE_SIZE;
	lay_out(f, 40, 50, VAS_TOP_DOWN);
	assert_ok(map_pages(f, 30, 4, RW, VAS_GROWSDOWN));
	assert_int_equal(place(f, 6, 0, 0), 34);
	assert_int_equal(place(f, 4, 0, 0), 22);
	assert_int_equal(place(f, 1, 0, 0), 21);
	/* A hint must keep away too, a fixed address need not. */
	assert_int_equal(place(f, 1, 0, 26), 20);
	assert_ok(map_pages(f, 26, 1, RW, 0));
}

static void guard_gap_bottom_up(void **state)
{
	struct fixture *f = *state;

	f->settings.stack_guard_gap = 4 * VAS_PAGE_SIZE;
	lay_out(f, 60, 8, VAS_BOTTOM_UP);
	assert_ok(map_pages(f, 16, 4, RW, VAS_GROWSDOWN));
	assert_int_equal(place(f, 5, 0, 0), 20);
	assert_int_equal(place(f, 4, 0, 0), 8);
	assert_int_equal(place(f, 1, 0, 0), 25);
	assert_int_equal(place(f, 1, 0, 13), 26);
}

static void in_the_first_two_gibibytes(void **state)
{
	struct fixture *f = *state;
	uint64_t address = 0;

	assert_ok(map_anywhere(f, VAS_PAGE_SIZE, VAS_32BIT, NULL, &address));
	assert_int_equal(address, GIB);
	address = 2 * GIB - VAS_PAGE_SIZE;
	assert_ok(map_anywhere(f, VAS_PAGE_SIZE, VAS_32BIT, NULL, &address));
	assert_int_equal(address, 2 * GIB - VAS_PAGE_SIZE);
	address = 2 * GIB;
	assert_ok(map_anywhere(f, VAS_PAGE_SIZE, VAS_32BIT, NULL, &address));
	assert_int_equal(address, GIB + VAS_PAGE_SIZE);
	/* A hint may lie lower than the search would go. */
	address = at(0);
	assert_ok(map_anywhere(f, VAS_PAGE_SIZE, VAS_32BIT, NULL, &address));
	assert_int_equal(address, at(0));
	address = 0;
	assert_error(VAS_ENOMEM,
		     map_anywhere(f, GIB - 2 * VAS_PAGE_SIZE, VAS_32BIT, NULL, &address));
	assert_error(VAS_ENOMEM, map_anywhere(f, 3 * GIB, VAS_32BIT, NULL, &address));
	assert_ok(map_anywhere(f, GIB - 3 * VAS_PAGE_SIZE, VAS_32BIT, NULL, &address));
	assert_int_equal(address, GIB + 2 * VAS_PAGE_SIZE);
}

static void above_four_gibibytes(void **state)
{
	struct fixture *f = *state;
	uint64_t address = 0;

	f->config.layout.map_base = 4 * GIB + 2 * VAS_PAGE_SIZE;
	f->config.layout.legacy_base = GIB;
	fixture_restart(f);
	assert_ok(map_anywhere(f, 2 * VAS_PAGE_SIZE, VAS_ABOVE4G, NULL, &address));
	assert_int_equal(address, 4 * GIB);
	address = 0;
	assert_ok(map_anywhere(f, VAS_PAGE_SIZE, VAS_ABOVE4G, NULL, &address));
	assert_int_equal(address, 4 * GIB + 2 * VAS_PAGE_SIZE);
	address = 0;
	assert_ok(map_anywhere(f, VAS_PAGE_SIZE, 0, NULL, &address));
	assert_int_equal(address, 4 * GIB - VAS_PAGE_SIZE);
}

/* Whole huge pages of anonymous memory lie on huge pages, if no hint is given; others do not. */
static void huge_anonymous_memory(void **state)
{
	struct fixture *f = *state;
	uint64_t base = f->config.layout.map_base, address = 0;

	assert_ok(map_anywhere(f, 4 * MIB, 0, NULL, &address));
	assert_int_equal(address, (base - 4 * MIB) & ~(2 * MIB - 1));
	address = 0;
	assert_ok(map_anywhere(f, 4 * MIB + VAS_PAGE_SIZE, 0, NULL, &address));
	assert_int_equal(address & (2 * MIB - 1), 2 * MIB - VAS_PAGE_SIZE);
	address = 0;
	assert_ok(map_anywhere(f, VAS_PAGE_SIZE, 0, NULL, &address));
	assert_int_equal(address, base - VAS_PAGE_SIZE);
	address = 0;
	assert_ok(map_anywhere(f, 2 * MIB, VAS_SHARED, NULL, &address));
	assert_int_not_equal(address & (2 * MIB - 1), 0);
	f->settings.huge_pages = false;
	address = 0;
	assert_ok(map_anywhere(f, 2 * MIB, 0, NULL, &address));
	assert_int_not_equal(address & (2 * MIB - 1), 0);
}

/* File systems with huge pages: page 512 of the file on a huge page, wherever it begins. */
static void huge_file_mappings(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/ext4/x");
	struct vas_map map = { .prot = VAS_READ, .flags = VAS_PRIVATE, .file = file };
	uint64_t address = 0, below = 0;

	file->flags |= VAS_FILE_HUGE_ALIGN;
	map.length = 4 * MIB;
	map.offset = MIB;
	assert_ok(vas_map(f->space, &map, &address));
	assert_int_equal(address & (2 * MIB - 1), MIB);
	map.length = 2 * MIB; /* no whole huge page in it */
	assert_ok(vas_map(f->space, &map, &below));
	assert_int_equal(below, address - 2 * MIB);
	map.offset = 3 * VAS_PAGE_SIZE;
	map.length = 4 * MIB - 4 * VAS_PAGE_SIZE; /* one page less than the second huge page */
	address = 0;
	assert_ok(vas_map(f->space, &map, &address));
	assert_int_equal(address, below - map.length);
	map.length += VAS_PAGE_SIZE;
	address = 0;
	assert_ok(vas_map(f->space, &map, &address));
	assert_int_equal(address & (2 * MIB - 1), 3 * VAS_PAGE_SIZE);
	fixture_check(f, f->space);
}

/* File mappings lie at addresses of the same colour as their offset. */
static void colours(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/x");
	const enum vas_direction both[] = { VAS_TOP_DOWN, VAS_BOTTOM_UP };

	f->config.layout.align = 8 * VAS_PAGE_SIZE;
	f->config.layout.align_offset = VAS_PAGE_SIZE;
	for (size_t i = 0; i < 2; i++) {
		uint64_t plain = 0;

		lay_out(f, 43, 3, both[i]);
		for (uint64_t page = 0; page < 20; page++) {
			struct vas_map map = { VAS_PAGE_SIZE, VAS_READ, VAS_PRIVATE, file,
					       page * VAS_PAGE_SIZE };
			uint64_t address = 0;

			assert_ok(vas_map(f->space, &map, &address));
			assert_int_equal((address / VAS_PAGE_SIZE) % 8, (page + 1) % 8);
		}
		assert_ok(map_anywhere(f, VAS_PAGE_SIZE, 0, NULL, &plain));
		assert_int_equal(plain, both[i] == VAS_TOP_DOWN ? at(42) : at(3));
	}
	fixture_restart(f);
}

/*
 * W16: a hole of 64 MiB that begins and ends on a huge page. Linux looks for room to align in, and
 * misses it; an exact fit does not.
 */
static void a_hole_that_fits_exactly(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/anon_hugepage (deleted)");
	const uint64_t hole = UINT64_C(0xf7a00000), end = UINT64_C(0xfba00000);
	const enum vas_fit fits[] = { VAS_FIT_LINUX, VAS_FIT_EXACT };
	const enum vas_direction both[] = { VAS_TOP_DOWN, VAS_BOTTOM_UP };

	file->flags |= VAS_FILE_HUGE_PAGES;
	file->huge_page = 2 * MIB;
	f->settings.huge_pages_free = 1000;
	f->config.layout.task_size = f->config.layout.map_window = UINT64_C(0xffffe000);
	f->config.layout.map_base = UINT64_C(0xfff00000);
	f->config.layout.legacy_base = UINT64_C(0x55555000);
	for (size_t i = 0; i < 4; i++) {
		struct vas_place below = { { 65536, hole }, VAS_AREA_READ, 0, NULL, NULL };
		struct vas_place above = { { end, UINT64_C(0xffffe000) }, 0, 0, NULL, NULL };
		struct vas_map map = { 64 * MIB, RW, VAS_SHARED, file, 0 };
		uint64_t address = 0;

		f->config.fit = fits[i / 2];
		f->config.layout.direction = both[i % 2];
		fixture_restart(f);
		assert_ok(vas_place(f->space, &below));
		assert_ok(vas_place(f->space, &above));
		if (f->config.fit == VAS_FIT_LINUX) {
			assert_error(VAS_ENOMEM, vas_map(f->space, &map, &address));
			map.length = 62 * MIB; /* and the room to align it */
		}
		assert_ok(vas_map(f->space, &map, &address));
		assert_in_range(address, hole, end - map.length);
		assert_int_equal(address % (2 * MIB), 0);
		fixture_check(f, f->space);
	}
	fixture_restart(f);
}

static void lengths_without_a_place(void **state)
{
	struct fixture *f = *state;
	uint64_t address = 0, end = f->config.layout.task_size;

	assert_error(VAS_ENOMEM, map_anywhere(f, end + 1, 0, NULL, &address));
	assert_error(VAS_ENOMEM, map_anywhere(f, end, 0, NULL, &address));
	assert_error(VAS_ENOMEM, map_anywhere(f, UINT64_MAX - VAS_PAGE_SIZE, 0, NULL, &address));
	assert_error(VAS_ENOMEM, map_anywhere(f, UINT64_C(1) << 63, 0, NULL, &address));
	address = VAS_PAGE_SIZE;
	assert_error(VAS_ENOMEM, map_anywhere(f, end, 0, NULL, &address));
	assert_int_equal(address, VAS_PAGE_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(top_down),
		fixture_test(bottom_up),
		fixture_test(top_down_turns_round),
		fixture_test(hints),
		fixture_test(low_hints),
		fixture_test(guard_gap_top_down),
		fixture_test(guard_gap_bottom_up),
		fixture_test(in_the_first_two_gibibytes),
		fixture_test(above_four_gibibytes),
		fixture_test(huge_anonymous_memory),
		fixture_test(huge_file_mappings),
		fixture_test(colours),
		fixture_test(a_hole_that_fits_exactly),
		fixture_test(lengths_without_a_place),
	};

	return fixture_run("where", tests);
}
