/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* What is promised to private memory stays promised while it holds pages, under every design. */

#include <vas/anon_rmap.h>

#include "world.h"

#define PAGES 8

static uint64_t promised(struct world *world)
{
	return vas_machine_settings(world->machine)->committed;
}

/* What stays promised to PAGES writable pages that may then be written no longer. */
static uint64_t kept(const char *design, bool write, bool touch)
{
	const struct world_config config = { .anon = design, .frames = 200, .slots = 8 };
	struct world world;
	uint64_t before;

	world_start(&world, &config, NULL, NULL);
	before = promised(&world);
	assert_int_equal(map_pages(world.space, 0, PAGES, RW, 0), 0);
	assert_int_equal(promised(&world) - before, PAGES);
	if (touch)
		assert_int_equal(
			vas_access(world.space, at(2), write ? VAS_ACCESS_WRITE : VAS_ACCESS_READ),
			0);
	assert_int_equal(vas_protect(world.space, at(0), PAGES * VAS_PAGE_SIZE, VAS_READ, -1), 0);
	before = promised(&world) - before;
	world_finish(&world);
	return before;
}

static void memory_that_was_written_keeps_its_promise(void **state)
{
	const struct vas_anon_rmap_design *const *design = vas_anon_rmap_designs();

	(void)state;
	for (; *design != NULL; design++) {
		assert_int_equal(kept((*design)->name, true, true), PAGES);
		assert_int_equal(kept((*design)->name, false, true), 0);
		assert_int_equal(kept((*design)->name, false, false), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_that_was_written_keeps_its_promise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
