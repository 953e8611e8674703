/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The machine's validator, and the brute force: each invariant is broken on purpose. */

#include "world.h"

#include "machine/machine.h"

/* The id of what is broken. */
struct told {
	char text[9];
	size_t length;
};

static void note(void *context, const char *text, size_t length)
{
	struct told *told = context;

	for (size_t i = 0; i < length && told->length < sizeof(told->text) - 1; i++)
		told->text[told->length++] = text[i];
}

static void must_tell(struct world *world, const char *id)
{
	struct told told = { .length = 0 };
	struct vas_printer printer = { note, &told };

	if (vas_machine_validate(world->machine, &printer))
		assert_false(vas_machine_check_walks(world->machine, &printer));
	assert_string_equal(told.text, id);
}

/* Two pages, one in memory and one out, and the entry of each. */
static void set_scene(struct world *world, struct vas_entry *here, struct vas_entry *out)
{
	struct vas_pmap *pmap = machine_space_of(world->space)->pmap;

	assert_int_equal(map_pages(world->space, 0, 2, RW, 0), 0);
	must_put(world->space, 0, 1);
	must_put(world->space, 1, 2);
	assert_int_equal(vas_advise(world->space, at(1), VAS_PAGE_SIZE, VAS_ADVICE_PAGEOUT), 0);
	assert_true(vas_pmap_find(pmap, at(0), here));
	assert_true(vas_pmap_find(pmap, at(1), out));
	world_check(world);
}

static struct vas_page *page_of(struct world *world, const struct vas_entry *entry)
{
	return entry_page(&world->machine->memory, vas_entry_read(entry));
}

static void a_slot_that_is_none(void **state)
{
	struct world *world = *state;
	struct vas_entry here, out;
	uint64_t value;

	set_scene(world, &here, &out);
	value = vas_entry_set(&out, vas_entry_make(VAS_ENTRY_SWAP, 1000));
	must_tell(world, "MEMORY-1");
	(void)vas_entry_set(&out, value);
}

static void an_entry_that_maps_a_free_frame(void **state)
{
	struct world *world = *state;
	struct vas_frames *frames = world->machine->memory.frames;
	struct vas_entry here, out;
	struct vas_page *free;
	uint64_t value;

	set_scene(world, &here, &out);
	free = vas_frame_alloc(frames, VAS_PAGE_ANONYMOUS);
	value = vas_entry_set(&out, entry_for(&world->machine->memory, free, VAS_PTE_PRESENT));
	vas_frame_free(frames, free);
	must_tell(world, "MEMORY-2");
	(void)vas_entry_set(&out, value);
}

static void a_map_count_that_is_wrong(void **state)
{
	struct world *world = *state;
	struct vas_entry here, out;

	set_scene(world, &here, &out);
	page_of(world, &here)->mapcount--;
	must_tell(world, "MEMORY-3");
	page_of(world, &here)->mapcount++;
}

static void a_reference_that_nobody_holds(void **state)
{
	struct world *world = *state;
	struct vas_entry here, out;

	set_scene(world, &here, &out);
	page_of(world, &here)->references++;
	must_tell(world, "MEMORY-4");
	page_of(world, &here)->references--;
}

static void a_lock_that_nobody_holds(void **state)
{
	struct world *world = *state;
	struct vas_entry here, out;

	set_scene(world, &here, &out);
	page_of(world, &here)->locks++;
	must_tell(world, "MEMORY-5");
	page_of(world, &here)->locks--;
}

static void a_slot_that_is_counted_wrong(void **state)
{
	struct world *world = *state;
	struct vas_entry here, out;
	uint32_t slot;

	set_scene(world, &here, &out);
	slot = (uint32_t)vas_entry_payload(vas_entry_read(&out));
	vas_swap_get(world->machine->memory.swap, slot);
	must_tell(world, "MEMORY-6");
	vas_swap_put(world->machine->memory.swap, slot);
}

static void a_page_that_its_walk_does_not_find(void **state)
{
	struct world *world = *state;
	struct vas_entry here, out;

	set_scene(world, &here, &out);
	page_of(world, &here)->index++;
	must_tell(world, "MEMORY-7");
	page_of(world, &here)->index--;
}

#define validate_test(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		validate_test(a_slot_that_is_none),
		validate_test(an_entry_that_maps_a_free_frame),
		validate_test(a_map_count_that_is_wrong),
		validate_test(a_reference_that_nobody_holds),
		validate_test(a_lock_that_nobody_holds),
		validate_test(a_slot_that_is_counted_wrong),
		validate_test(a_page_that_its_walk_does_not_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
