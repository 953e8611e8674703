/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The soft pmap against a naive twin: an array of (address, entry). */

#include <vas/pmap.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAMES	600
#define WINDOWS 3
#define PAGES	2048 /* a window: four last-level tables */

static const uint64_t bases[WINDOWS] = { 0, UINT64_C(0x7f0000000000), UINT64_C(0x7fffff800000) };

struct world {
	struct vas_frames *frames;
	struct vas_pmap *pmap;
	uint64_t twin[WINDOWS][PAGES];
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	if (world == NULL || vas_frames_create(&vas_libc_allocator, FRAMES, &world->frames) != 0 ||
	    vas_pmap_create(&vas_libc_allocator, world->frames, NULL, NULL, &world->pmap) != 0)
		return -1;
	*state = world;
	return 0;
}

static void write_entry(struct world *world, unsigned window, unsigned page, uint64_t value)
{
	struct vas_entry entry;
	uint64_t at = bases[window] + page * VAS_PAGE_SIZE;

	if (value == 0 && !vas_pmap_find(world->pmap, at, &entry)) {
		assert_int_equal(world->twin[window][page], 0);
		return;
	}
	assert_int_equal(vas_pmap_make(world->pmap, at, &entry), 0);
	vas_pmap_lock(entry.table);
	assert_int_equal(vas_entry_set(&entry, value), world->twin[window][page]);
	vas_pmap_unlock(entry.table);
	world->twin[window][page] = value;
}

static bool none(void *data, uint64_t address, const struct vas_entry *entry)
{
	(void)address;
	(void)entry;
	(*(unsigned *)data)++;
	return true;
}

struct expected {
	const struct world *world;
	unsigned window, page;
};

static bool same(void *data, uint64_t address, const struct vas_entry *entry)
{
	struct expected *expected = data;
	const uint64_t *twin = expected->world->twin[expected->window];

	while (expected->page < PAGES && twin[expected->page] == 0)
		expected->page++;
	assert_true(expected->page < PAGES);
	assert_int_equal(address, bases[expected->window] + expected->page * VAS_PAGE_SIZE);
	assert_int_equal(vas_entry_read(entry), twin[expected->page]);
	expected->page++;
	return true;
}

static void check(struct world *world)
{
	for (unsigned window = 0; window < WINDOWS; window++) {
		struct expected expected = { .world = world, .window = window };

		vas_pmap_each(world->pmap, bases[window], bases[window] + PAGES * VAS_PAGE_SIZE,
			      same, &expected);
		while (expected.page < PAGES)
			assert_int_equal(world->twin[window][expected.page++], 0);
	}
	assert_true(vas_pmap_validate(world->pmap, NULL));
}

static int tear_down(void **state)
{
	struct world *world = *state;
	struct vas_frame_counts counts;

	for (unsigned window = 0; window < WINDOWS; window++)
		for (unsigned page = 0; page < PAGES; page++)
			write_entry(world, window, page, 0);
	vas_pmap_destroy(world->pmap);
	vas_frames_count(world->frames, &counts);
	vas_frames_destroy(world->frames);
	free(world);
	return counts.free == FRAMES ? 0 : -1;
}

static uint64_t random_value(void)
{
	return (uint64_t)(random() % FRAMES + 1) << VAS_PAGE_SHIFT | VAS_PTE_PRESENT |
	       VAS_PTE_USER | (random() % 2 ? VAS_PTE_WRITE : 0);
}

static unsigned seed(void)
{
	const char *text = getenv("VAS_SEED");
	unsigned value = text == NULL ? 1 : (unsigned)strtoul(text, NULL, 0);

	print_message("seed %u\n", value);
	return value;
}

static void move_range(struct world *world, bool aligned)
{
	unsigned from = (unsigned)random() % WINDOWS, to = (from + 1) % WINDOWS;
	unsigned length = (unsigned)random() % PAGES + 1;
	unsigned a = (unsigned)random() % (PAGES - length + 1);
	unsigned b = (unsigned)random() % (PAGES - length + 1);

	if (aligned) {
		a &= ~511u;
		b &= ~511u;
	}
	for (unsigned i = 0; i < length; i++)
		write_entry(world, to, b + i, 0);
	assert_int_equal(vas_pmap_move(world->pmap, bases[from] + a * VAS_PAGE_SIZE,
				       bases[to] + b * VAS_PAGE_SIZE, length * VAS_PAGE_SIZE, NULL,
				       NULL),
			 0);
	memcpy(&world->twin[to][b], &world->twin[from][a], length * sizeof(uint64_t));
	memset(&world->twin[from][a], 0, length * sizeof(uint64_t));
}

static void random_changes_equal_the_twin(void **state)
{
	struct world *world = *state;

	srandom(seed());
	for (unsigned step = 0; step < 3000; step++) {
		unsigned window = (unsigned)random() % WINDOWS;
		unsigned start = (unsigned)random() % PAGES;
		unsigned end = start + (unsigned)random() % 40;

		for (unsigned page = start; page < end && page < PAGES; page++)
			write_entry(world, window, page, random() % 3 ? random_value() : 0);
		if (random() % 8 == 0)
			move_range(world, random() % 2);
		if (random() % 4 == 0)
			vas_pmap_trim(world->pmap, bases[window],
				      bases[window] + PAGES * VAS_PAGE_SIZE);
		check(world);
	}
}

static void whole_tables_move_as_one(void **state)
{
	struct world *world = *state;
	struct vas_entry before, after;

	write_entry(world, 0, 512, random_value());
	write_entry(world, 0, 1000, random_value());
	assert_true(vas_pmap_find(world->pmap, bases[0] + 512 * VAS_PAGE_SIZE, &before));
	assert_int_equal(vas_pmap_move(world->pmap, bases[0] + 512 * VAS_PAGE_SIZE,
				       bases[1] + 1024 * VAS_PAGE_SIZE, 512 * VAS_PAGE_SIZE, NULL,
				       NULL),
			 0);
	assert_true(vas_pmap_find(world->pmap, bases[1] + 1024 * VAS_PAGE_SIZE, &after));
	assert_ptr_equal(before.entry, after.entry);
	world->twin[1][1024] = world->twin[0][512];
	world->twin[1][1512] = world->twin[0][1000];
	world->twin[0][512] = world->twin[0][1000] = 0;
	check(world);
}

static void the_walk_sets_accessed_and_dirty(void **state)
{
	struct world *world = *state;
	const uint64_t frame = UINT64_C(7) << VAS_PAGE_SHIFT | VAS_PTE_PRESENT | VAS_PTE_USER;
	const uint64_t read_only = frame | VAS_PTE_NX;
	uint64_t faulting, at = bases[1];

	assert_int_equal(vas_pmap_access(world->pmap, at, false, false, &faulting), 0);
	assert_int_equal(faulting, 0);
	write_entry(world, 1, 0, read_only);
	assert_int_equal(vas_pmap_access(world->pmap, at, false, false, &faulting),
			 read_only | VAS_PTE_ACCESSED);
	world->twin[1][0] |= VAS_PTE_ACCESSED;
	assert_int_equal(vas_pmap_access(world->pmap, at, true, false, &faulting), 0);
	assert_int_equal(faulting, read_only | VAS_PTE_ACCESSED);
	assert_int_equal(vas_pmap_access(world->pmap, at, false, true, &faulting), 0);
	write_entry(world, 1, 0, frame | VAS_PTE_WRITE);
	assert_true((vas_pmap_access(world->pmap, at, true, false, &faulting) & VAS_PTE_DIRTY) !=
		    0);
	world->twin[1][0] |= VAS_PTE_ACCESSED | VAS_PTE_DIRTY;
	write_entry(world, 1, 1, vas_entry_make(VAS_ENTRY_SWAP, 1234567));
	assert_int_equal(vas_pmap_access(world->pmap, at + VAS_PAGE_SIZE, false, false, &faulting),
			 0);
	assert_int_equal(vas_entry_kind(faulting), VAS_ENTRY_SWAP);
	assert_int_equal(vas_entry_payload(faulting), 1234567);
}

static void without_frames_nothing_changes_but_tables(void **state)
{
	struct vas_frames *frames;
	struct vas_pmap *pmap;
	struct vas_entry entry;

	(void)state;
	assert_int_equal(vas_frames_create(&vas_libc_allocator, 3, &frames), 0);
	assert_int_equal(vas_pmap_create(&vas_libc_allocator, frames, NULL, NULL, &pmap), 0);
	assert_int_equal(vas_pmap_make(pmap, bases[1], &entry), -VAS_ENOMEM);
	assert_true(vas_pmap_validate(pmap, NULL));
	vas_pmap_trim(pmap, bases[1], bases[1] + VAS_PAGE_SIZE);
	assert_int_equal(vas_pmap_tables(pmap), 1);
	vas_pmap_destroy(pmap);
	vas_frames_destroy(frames);
}

static void the_validator_names_what_is_broken(void **state)
{
	struct world *world = *state;
	struct vas_entry entry;
	unsigned count = 0;

	write_entry(world, 0, 3, random_value());
	assert_true(vas_pmap_find(world->pmap, 3 * VAS_PAGE_SIZE, &entry));
	entry.table->mapcount++;
	assert_false(vas_pmap_validate(world->pmap, NULL));
	entry.table->mapcount--;
	entry.table->level = 3;
	assert_false(vas_pmap_validate(world->pmap, NULL));
	entry.table->level = 1;
	assert_true(vas_pmap_validate(world->pmap, NULL));
	vas_pmap_each(world->pmap, 0, UINT64_C(1) << 47, none, &count);
	assert_int_equal(count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(random_changes_equal_the_twin, set_up, tear_down),
		cmocka_unit_test_setup_teardown(whole_tables_move_as_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_walk_sets_accessed_and_dirty, set_up,
						tear_down),
		cmocka_unit_test(without_frames_nothing_changes_but_tables),
		cmocka_unit_test_setup_teardown(the_validator_names_what_is_broken, set_up,
						tear_down),
	};

	return cmocka_run_group_tests_name("pmap", tests, NULL, NULL);
}
