/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Who watches a machine: an observer of its page tables, and listeners of the caller's own in its
 * spaces. And what page tables cost. */

#include <vas/pmap.h>

#include "world.h"

/* A machine with one disk for swap and one file, made here for the sake of its observer. */
struct watched {
	struct world world; /* what world.h's functions need of it */
	struct vas_pmap_observer observer;
	uint64_t entries[WORLD_PAGES]; /* as the observer was told */
	uint64_t detached[512];	       /* of a table that is between two places */
	uint64_t tables_moved;
};

#define HARDWARE (VAS_PTE_ACCESSED | VAS_PTE_DIRTY) /* set without telling */

static void hear(void *data, uint64_t address, unsigned level, uint64_t old, uint64_t value)
{
	struct watched *watched = data;
	uint64_t page = (address - WORLD_BASE) / VAS_PAGE_SIZE;
	uint64_t *entries = watched->entries + page;

	if (level == 1) {
		assert_true(page < WORLD_PAGES);
		if (vas_entry_present(old))
			assert_int_equal(old & ~HARDWARE, *entries & ~HARDWARE);
		else
			assert_int_equal(old, *entries);
		*entries = value;
		return;
	}
	assert_int_equal(level, 2);
	assert_true(page + 512 <= WORLD_PAGES);
	if (value == 0) {
		memcpy(watched->detached, entries, sizeof(watched->detached));
		memset(entries, 0, sizeof(watched->detached));
	} else {
		memcpy(entries, watched->detached, sizeof(watched->detached));
		watched->tables_moved++;
	}
}

static void start(struct watched *watched)
{
	struct world *world = &watched->world;
	struct vas_object_open open = {
		.store = &world->disks[0].store,
		.store_data = &world->disks[0],
		.flags = VAS_FILE_READ | VAS_FILE_WRITE,
		.name = "/file",
	};
	struct vas_machine_config config = {
		.allocator = &world->memory.allocator,
		.frames = 64,
		.swap = &world->swap.store,
		.swap_data = &world->swap,
		.swap_slots = 32,
		.pmaps = &watched->observer,
	};

	memset(watched, 0, sizeof(*watched));
	watched->observer = (struct vas_pmap_observer){ hear, watched };
	failing_allocator_init(&world->memory);
	failing_store_init(&world->swap, 33);
	failing_store_init(&world->disks[0], 8);
	world->disks[0].size = 8 * VAS_PAGE_SIZE;
	assert_int_equal(vas_machine_create(&config, &world->machine), 0);
	assert_int_equal(vas_machine_space(world->machine, NULL, &world->space), 0);
	assert_int_equal(vas_object_open(world->machine, &open, &world->files[0]), 0);
}

static void finish(struct watched *watched)
{
	struct world *world = &watched->world;

	vas_space_destroy(world->space);
	for (uint64_t page = 0; page < WORLD_PAGES; page++)
		assert_int_equal(watched->entries[page], 0);
	vas_file_put(world->files[0]);
	vas_machine_destroy(world->machine);
	failing_store_finish(&world->swap);
	failing_store_finish(&world->disks[0]);
	assert_int_equal(failing_allocator_finish(&world->memory), 0);
}

/* What was told is what is there. */
static void compare(struct watched *watched)
{
	for (uint64_t page = 0; page < WORLD_PAGES; page++) {
		struct vas_view view = look(watched->world.space, page);
		uint64_t entry = watched->entries[page];
		bool present = vas_entry_present(entry);
		enum vas_entry_kind kind = vas_entry_kind(entry);

		assert_int_equal(view.present, present);
		if (present) {
			assert_int_equal(view.writable, (entry & VAS_PTE_WRITE) != 0);
			assert_int_equal(view.zero, (entry & VAS_PTE_SPECIAL) != 0);
			if (!view.zero)
				assert_int_equal(view.frame, vas_entry_frame(entry));
		} else {
			assert_int_equal(view.swapped, kind == VAS_ENTRY_SWAP);
			assert_int_equal(view.guard, kind == VAS_ENTRY_GUARD);
		}
	}
	world_check(&watched->world);
}

static void move(struct vas_space *space, uint64_t from, uint64_t count, uint64_t to)
{
	struct vas_remap remap = {
		.old = at(from),
		.old_length = count * VAS_PAGE_SIZE,
		.new_length = count * VAS_PAGE_SIZE,
		.flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED,
		.new_address = at(to),
	};
	uint64_t address;

	assert_int_equal(vas_remap(space, &remap, &address), 0);
}

static void an_observer_is_told_of_faults_and_of_what_calls_take_away(void **state)
{
	struct watched watched;
	struct vas_space *space;

	(void)state;
	start(&watched);
	space = watched.world.space;
	assert_int_equal(map_pages(space, 0, 8, RW, 0), 0);
	assert_int_equal(map_file(&watched.world, space, 0, 16, 8, 0, true), 0);
	for (uint64_t page = 0; page < 4; page++)
		must_put(space, page, page + 1);
	must_get(space, 4, 0);
	must_put(space, 17, 1);
	must_get(space, 18, 0);
	compare(&watched);
	assert_int_equal(vas_advise(space, at(5), VAS_PAGE_SIZE, VAS_ADVICE_GUARD_INSTALL), 0);
	assert_int_equal(vas_advise(space, at(1), VAS_PAGE_SIZE, VAS_ADVICE_DONTNEED), 0);
	assert_int_equal(vas_protect(space, at(2), VAS_PAGE_SIZE, VAS_READ, -1), 0);
	assert_int_equal(vas_truncate(watched.world.files[0], VAS_PAGE_SIZE), 0);
	compare(&watched);
	assert_int_equal(vas_unmap(space, at(2), 2 * VAS_PAGE_SIZE), 0);
	compare(&watched);
	finish(&watched);
}

static void an_observer_is_told_of_what_reclaim_migration_and_merging_do(void **state)
{
	struct watched watched;
	struct vas_space *space;

	(void)state;
	start(&watched);
	space = watched.world.space;
	assert_int_equal(map_pages(space, 0, 8, RW, 0), 0);
	for (uint64_t page = 0; page < 8; page++)
		must_put(space, page, page / 4);
	assert_int_equal(vas_migrate(space, at(3)), 0);
	compare(&watched);
	assert_true(vas_machine_reclaim(watched.world.machine, 8, NULL) == 8);
	compare(&watched);
	for (uint64_t page = 0; page < 8; page++)
		must_get(space, page, page / 4);
	compare(&watched);
	assert_int_equal(vas_advise(space, at(0), 8 * VAS_PAGE_SIZE, VAS_ADVICE_MERGEABLE), 0);
	assert_int_equal(vas_machine_merge(watched.world.machine), 6);
	compare(&watched);
	must_put(space, 2, 9);
	compare(&watched);
	finish(&watched);
}

static void an_observer_is_told_of_entries_and_of_tables_that_move(void **state)
{
	struct watched watched;
	struct vas_space *space;

	(void)state;
	start(&watched);
	space = watched.world.space;
	assert_int_equal(map_pages(space, 0, 512, RW, 0), 0);
	for (uint64_t page = 0; page < 512; page += 100)
		must_put(space, page, page + 1);
	move(space, 100, 101, 600);
	compare(&watched);
	assert_int_equal(watched.tables_moved, 0);
	must_get(space, 700, 201);
	assert_int_equal(map_pages(space, 100, 101, RW, 0), 0);
	assert_int_equal(vas_unmap(space, at(600), 101 * VAS_PAGE_SIZE), 0);
	assert_int_equal(vas_unmap(space, at(0), 512 * VAS_PAGE_SIZE), 0);
	assert_int_equal(map_pages(space, 0, 512, RW, 0), 0);
	must_put(space, 7, 8);
	move(space, 0, 512, 1024);
	compare(&watched);
	assert_int_equal(watched.tables_moved, 1);
	must_get(space, 1024 + 7, 8);
	finish(&watched);
}

static void tables_are_counted_and_go_when_they_are_empty(void **state)
{
	struct watched watched;
	struct vas_space *space, *child;
	uint32_t free;

	(void)state;
	start(&watched);
	space = watched.world.space;
	assert_int_equal(map_pages(space, 0, 1536, RW, 0), 0);
	assert_int_equal(count(&watched.world).tables, 1);
	free = count(&watched.world).free;
	for (uint64_t page = 0; page < 1536; page += 512)
		must_get(space, page, 0);
	/* The root, one of each level below it, three of the last: pages of zeroes cost nothing else. */
	assert_int_equal(count(&watched.world).tables, 6);
	assert_int_equal(count(&watched.world).free, free - 5);
	assert_int_equal(vas_unmap(space, at(512), 512 * VAS_PAGE_SIZE), 0);
	assert_int_equal(count(&watched.world).tables, 5);
	assert_int_equal(vas_unmap(space, at(0), 512 * VAS_PAGE_SIZE), 0);
	assert_int_equal(vas_unmap(space, at(1024), 512 * VAS_PAGE_SIZE), 0);
	assert_int_equal(count(&watched.world).tables, 1);
	assert_int_equal(count(&watched.world).free, free);
	/* A child's root is there from the start, the rest comes with what is copied. */
	assert_int_equal(vas_fork(space, &child), 0);
	assert_int_equal(count(&watched.world).tables, 2);
	vas_space_destroy(child);
	assert_int_equal(count(&watched.world).tables, 1);
	finish(&watched);
}

/* ---- Listeners of the caller's own ---- */

struct heard {
	unsigned opened, forked, closed;
	unsigned ops[VAS_OP_FREE + 1];
	const struct vas_listener *listener;
};

static int heard_open(void *data, struct vas_space *space, struct vas_space *parent)
{
	struct heard *heard = data;
	uint64_t *mark = vas_space_data(space, heard->listener);

	assert_int_equal(*mark, 0);
	*mark = parent == NULL ? 1 : 1 + *(uint64_t *)vas_space_data(parent, heard->listener);
	heard->opened++;
	heard->forked += parent != NULL;
	return 0;
}

static void heard_close(void *data, struct vas_space *space)
{
	struct heard *heard = data;

	assert_true(*(uint64_t *)vas_space_data(space, heard->listener) != 0);
	heard->closed++;
}

/* Each area is given a mark when it is new, which it must have when it goes. */
static void heard_apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	struct heard *heard = data;
	uint64_t *mark = vas_area_data(op->area, heard->listener);

	(void)space;
	assert_true((size_t)op->kind < sizeof(heard->ops) / sizeof(heard->ops[0]));
	heard->ops[op->kind]++;
	if (op->kind == VAS_OP_MAP || op->kind == VAS_OP_FORK)
		*mark = 77;
	if (op->kind == VAS_OP_FREE)
		assert_int_equal(*mark, 77);
}

static void two_listeners_of_the_callers_own_hear_of_a_space_and_its_children(void **state)
{
	const struct vas_listener listeners[2] = {
		{ .area_bytes = sizeof(uint64_t),
		  .space_bytes = sizeof(uint64_t),
		  .open = heard_open,
		  .close = heard_close,
		  .apply = heard_apply },
		{ .area_bytes = 3 * sizeof(uint64_t),
		  .space_bytes = sizeof(uint64_t),
		  .open = heard_open,
		  .close = heard_close,
		  .apply = heard_apply },
	};
	struct world *world = *state;
	struct heard heard[2] = { { .listener = &listeners[0] }, { .listener = &listeners[1] } };
	struct vas_space_config config;
	struct vas_space *space, *child;

	vas_space_default(&config, vas_machine_settings(world->machine));
	for (unsigned i = 0; i < 2; i++) {
		config.listeners[i].listener = &listeners[i];
		config.listeners[i].data = &heard[i];
	}
	assert_int_equal(vas_machine_space(world->machine, &config, &space), 0);
	assert_ptr_equal(vas_space_machine(space), world->machine);
	assert_int_equal(map_pages(space, 0, 4, RW, 0), 0);
	must_put(space, 0, 1);
	assert_int_equal(vas_advise(space, at(0), VAS_PAGE_SIZE, VAS_ADVICE_DONTNEED), 0);
	assert_int_equal(vas_fork(space, &child), 0);
	assert_ptr_equal(vas_space_machine(child), world->machine);
	assert_int_equal(*(uint64_t *)vas_space_data(child, &listeners[1]), 2);
	world_check(world);
	vas_space_destroy(space);
	vas_space_destroy(child);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(heard[i].opened, 2);
		assert_int_equal(heard[i].forked, 1);
		assert_int_equal(heard[i].closed, 2);
		assert_int_equal(heard[i].ops[VAS_OP_MAP], 1);
		assert_int_equal(heard[i].ops[VAS_OP_ADVISE], 1);
		assert_int_equal(heard[i].ops[VAS_OP_FORK], 1);
		assert_int_equal(heard[i].ops[VAS_OP_FREE], 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_observer_is_told_of_faults_and_of_what_calls_take_away),
		cmocka_unit_test(an_observer_is_told_of_what_reclaim_migration_and_merging_do),
		cmocka_unit_test(an_observer_is_told_of_entries_and_of_tables_that_move),
		cmocka_unit_test(tables_are_counted_and_go_when_they_are_empty),
		cmocka_unit_test_setup_teardown(
			two_listeners_of_the_callers_own_hear_of_a_space_and_its_children,
			world_set_up, world_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
