/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Gap searches whose answers are known: two workloads of the literature, and the ends of the
 * address space. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "index_model.h"

#define MIB (UINT64_C(1) << 20)

/* One index and the ranges in it, by number. */
struct bed {
	const char *design;
	size_t link_bytes;
	struct vas_index *index;
	struct vas_range *ranges[8];
};

static void bed_create(struct bed *bed, const char *design)
{
	*bed = (struct bed){ .design = design, .link_bytes = vas_index_link_bytes(design) };
	assert_int_equal(vas_index_create(design, &vas_libc_allocator, &bed->index), 0);
}

static void bed_map(struct bed *bed, size_t number, uint64_t start, uint64_t end)
{
	bed->ranges[number] = range_create(bed->link_bytes, start, end);
	assert_int_equal(vas_index_reserve(bed->index, 1), 0);
	vas_index_insert(bed->index, bed->ranges[number]);
}

static void bed_unmap(struct bed *bed, size_t number)
{
	vas_index_erase(bed->index, bed->ranges[number]);
	range_free(bed->link_bytes, bed->ranges[number]);
	bed->ranges[number] = NULL;
}

static void bed_destroy(struct bed *bed)
{
	for (size_t i = 0; i < sizeof(bed->ranges) / sizeof(bed->ranges[0]); i++) {
		if (bed->ranges[i] != NULL)
			bed_unmap(bed, i);
	}
	assert_true(vas_index_validate(bed->index, &stderr_printer));
	vas_index_destroy(bed->index);
}

static void for_each_of(const char *const *design, void (*test)(struct bed *bed))
{
	struct bed bed;

	for (; *design != NULL; design++) {
		bed_create(&bed, *design);
		test(&bed);
		bed_destroy(&bed);
	}
}

/* Runs a test over every design, the historic ones too. */
static void for_each_design(void (*test)(struct bed *bed))
{
	for_each_of(vas_index_designs(), test);
	for_each_of(vas_index_historic_designs(), test);
}

/* Maps what a search finds, as mmap does. */
static uint64_t map_found(struct bed *bed, size_t number, const struct vas_gap *gap)
{
	uint64_t address = 0;

	assert_true(vas_index_gap(bed->index, gap, &address));
	bed_map(bed, number, address, address + gap->length);
	return address;
}

/*
 * W15, the smallest case: five equal regions, 4, 2 and 3 go, one comes.
 *
 *	|11|22|33|44|55........    ->    |11|NN|..|..|55........
 *
 * It must come to lie beside 1 and leave a hole of two, not in 3's place with a hole of one on each
 * side.
 */
static void five_regions(struct bed *bed, enum vas_direction direction)
{
	struct vas_gap gap = {
		.length = MIB,
		.low = 16 * MIB,
		.high = 64 * MIB,
		.direction = direction,
	};
	uint64_t first = direction == VAS_BOTTOM_UP ? gap.low : gap.high - MIB;
	uint64_t second = direction == VAS_BOTTOM_UP ? gap.low + MIB : gap.high - 2 * MIB;

	for (size_t i = 1; i <= 5; i++)
		map_found(bed, i, &gap);
	assert_int_equal(bed->ranges[1]->start, first);
	bed_unmap(bed, 4);
	bed_unmap(bed, 2);
	bed_unmap(bed, 3);
	assert_int_equal(map_found(bed, 2, &gap), second);
}

static void five_regions_up(struct bed *bed)
{
	five_regions(bed, VAS_BOTTOM_UP);
}

static void five_regions_down(struct bed *bed)
{
	five_regions(bed, VAS_TOP_DOWN);
}

static void a_hole_in_the_middle_is_filled_from_its_live_end(void **state)
{
	(void)state;
	for_each_design(five_regions_up);
	for_each_design(five_regions_down);
}

/*
 * W16: 32 bits, one hole of 64 MiB that is aligned to huge pages already, and a request for 64 MiB
 * aligned to them. The padding asks for 2 MiB less a byte too much.
 */
static void exact_hole(struct bed *bed)
{
	struct vas_gap gap = {
		.length = 64 * MIB,
		.low = 0x1000,
		.high = UINT64_C(1) << 32,
		.align = 2 * MIB,
	};
	uint64_t address;

	bed_map(bed, 0, 0x1000, 0xf7a00000);
	bed_map(bed, 1, 0xfba00000, UINT64_C(1) << 32);
	for (int direction = 0; direction < 2; direction++) {
		gap.direction = direction != 0 ? VAS_TOP_DOWN : VAS_BOTTOM_UP;
		address = 1;
		gap.fit = VAS_FIT_LINUX;
		assert_false(vas_index_gap(bed->index, &gap, &address));
		assert_int_equal(address, 1);
		gap.fit = VAS_FIT_EXACT;
		assert_true(vas_index_gap(bed->index, &gap, &address));
		assert_int_equal(address, 0xf7a00000);
	}
}

static void an_aligned_hole_of_the_very_size_is_found_by_the_exact_fit_only(void **state)
{
	(void)state;
	for_each_design(exact_hole);
}

static bool search(struct bed *bed, enum vas_direction direction, uint64_t length, uint64_t low,
		   uint64_t high, uint64_t *address)
{
	const struct vas_gap gap = {
		.length = length,
		.low = low,
		.high = high,
		.direction = direction,
	};

	return vas_index_gap(bed->index, &gap, address);
}

static void empty_index(struct bed *bed)
{
	uint64_t address = 1;

	assert_true(search(bed, VAS_BOTTOM_UP, UINT64_MAX, 0, UINT64_MAX, &address));
	assert_int_equal(address, 0);
	assert_true(search(bed, VAS_TOP_DOWN, UINT64_MAX, 0, UINT64_MAX, &address));
	assert_int_equal(address, 0);
	assert_true(search(bed, VAS_TOP_DOWN, 1, 0, UINT64_MAX, &address));
	assert_int_equal(address, UINT64_MAX - 1);
	assert_false(search(bed, VAS_TOP_DOWN, 1, 7, 7, &address));
	assert_false(search(bed, VAS_BOTTOM_UP, 2, 7, 8, &address));
	assert_false(search(bed, VAS_BOTTOM_UP, 1, 8, 7, &address));
}

static void an_empty_index_is_one_hole(void **state)
{
	(void)state;
	for_each_design(empty_index);
}

/* Ranges at both ends of the address space, and limits inside of ranges. */
static void ends(struct bed *bed)
{
	uint64_t address;

	bed_map(bed, 0, 0, 10);
	bed_map(bed, 1, 20, 30);
	bed_map(bed, 2, UINT64_MAX - 10, UINT64_MAX);
	assert_true(search(bed, VAS_BOTTOM_UP, 5, 0, UINT64_MAX, &address));
	assert_int_equal(address, 10);
	assert_true(search(bed, VAS_BOTTOM_UP, 5, 5, 15, &address));
	assert_int_equal(address, 10);
	assert_false(search(bed, VAS_BOTTOM_UP, 6, 5, 15, &address));
	assert_true(search(bed, VAS_TOP_DOWN, 5, 25, UINT64_MAX, &address));
	assert_int_equal(address, UINT64_MAX - 15);
	assert_true(search(bed, VAS_TOP_DOWN, 5, 12, 25, &address));
	assert_int_equal(address, 15);
	assert_true(search(bed, VAS_TOP_DOWN, 3, 0, 15, &address));
	assert_int_equal(address, 12);
	assert_false(search(bed, VAS_TOP_DOWN, 11, 0, 30, &address));
	assert_true(search(bed, VAS_TOP_DOWN, UINT64_MAX - 40, 0, UINT64_MAX, &address));
	assert_int_equal(address, 30);
	assert_false(search(bed, VAS_TOP_DOWN, UINT64_MAX - 39, 0, UINT64_MAX, &address));
}

static void holes_are_clipped_to_the_limits(void **state)
{
	(void)state;
	for_each_design(ends);
}

/* length + align - 1 does not fit in 64 bits: not found, rather than a small number of bytes. */
static void overflow(struct bed *bed)
{
	struct vas_gap gap = {
		.length = UINT64_MAX - 100,
		.high = UINT64_MAX,
		.align = 4096,
		.fit = VAS_FIT_LINUX,
	};
	uint64_t address = 1;

	assert_false(vas_index_gap(bed->index, &gap, &address));
	gap.fit = VAS_FIT_EXACT;
	assert_true(vas_index_gap(bed->index, &gap, &address));
	assert_int_equal(address, 0);
}

static void padding_does_not_overflow(void **state)
{
	(void)state;
	for_each_design(overflow);
}

/* Colouring: the address has the offset's remainder, whatever multiple of the alignment the offset
 * is given in. */
static void colours(struct bed *bed)
{
	struct vas_gap gap = {
		.length = 0x1000,
		.low = 0x1000,
		.high = 0x100000,
		.align = 0x8000,
		.align_offset = 0x7fff3000,
	};
	uint64_t address;

	bed_map(bed, 0, 0x3000, 0x4000);
	for (int fit = 0; fit < 2; fit++) {
		gap.fit = fit != 0 ? VAS_FIT_EXACT : VAS_FIT_LINUX;
		gap.direction = VAS_BOTTOM_UP;
		assert_true(vas_index_gap(bed->index, &gap, &address));
		assert_int_equal(address, 0xb000);
		gap.direction = VAS_TOP_DOWN;
		assert_true(vas_index_gap(bed->index, &gap, &address));
		assert_int_equal(address, 0xfb000);
	}
}

static void an_address_has_the_colour_that_was_asked_for(void **state)
{
	(void)state;
	for_each_of(vas_index_designs(), colours);
}

/* A large request has passed a hole of 2 MiB; where does a small one go? */
static void the_free_area_cache_forgets_a_hole_unless_it_keeps_its_size(void **state)
{
	const struct vas_gap small = { .length = MIB, .low = MIB, .high = 64 * MIB };
	const struct vas_gap large = { .length = 4 * MIB, .low = MIB, .high = 64 * MIB };
	struct bed bed;

	(void)state;
	bed_create(&bed, "list-cache-bare");
	bed_map(&bed, 0, 3 * MIB, 4 * MIB);
	assert_int_equal(map_found(&bed, 1, &large), 4 * MIB);
	assert_int_equal(map_found(&bed, 2, &small), 8 * MIB);
	/* Only an unmap below the cache, or the end of the address space, brings it back. */
	bed_unmap(&bed, 0);
	assert_int_equal(map_found(&bed, 0, &small), MIB);
	bed_destroy(&bed);

	bed_create(&bed, "list-cache");
	bed_map(&bed, 0, 3 * MIB, 4 * MIB);
	assert_int_equal(map_found(&bed, 1, &large), 4 * MIB);
	assert_int_equal(map_found(&bed, 2, &small), MIB);
	assert_int_equal(map_found(&bed, 3, &small), 2 * MIB);
	assert_int_equal(map_found(&bed, 4, &small), 8 * MIB);
	bed_destroy(&bed);
}

static void names_are_checked(void **state)
{
	struct vas_index *index = NULL;

	(void)state;
	assert_int_equal(vas_index_create("no such design", &vas_libc_allocator, &index),
			 -VAS_EINVAL);
	assert_null(index);
	assert_int_equal(vas_index_link_bytes("no such design"), 0);
	assert_int_equal(vas_index_create(NULL, &vas_libc_allocator, &index), 0);
	assert_string_equal(vas_index_design(index), vas_index_designs()[0]);
	vas_index_destroy(index);
	vas_index_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hole_in_the_middle_is_filled_from_its_live_end),
		cmocka_unit_test(an_aligned_hole_of_the_very_size_is_found_by_the_exact_fit_only),
		cmocka_unit_test(an_empty_index_is_one_hole),
		cmocka_unit_test(holes_are_clipped_to_the_limits),
		cmocka_unit_test(padding_does_not_overflow),
		cmocka_unit_test(an_address_has_the_colour_that_was_asked_for),
		cmocka_unit_test(the_free_area_cache_forgets_a_hole_unless_it_keeps_its_size),
		cmocka_unit_test(names_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
