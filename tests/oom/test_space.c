/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Every allocation fails once, over every call of a space.
 *
 * A call is made in a rich space (areas of every kind, a family of forks, heads and chains) with
 * its first allocation failing, then with its second, and so on until it succeeds; then the same
 * with all allocations failing from the n-th on. After each failure the call must have said
 * -VAS_ENOMEM, and all must be as it was (world_describe). In the end nothing is left. For every
 * index design.
 */

#include "world.h"

/* The calls. */

static int map(struct world *world, uint64_t page, uint64_t pages, uint32_t prot, uint32_t flags,
	       int file)
{
	struct vas_map map = {
		.length = pages * PAGE,
		.prot = prot,
		.flags = flags,
		.file = file < 0 ? NULL : &world->files[file],
	};
	uint64_t address = page == 0 && (flags & VAS_FIXED) == 0 ? 0 : at(page);

	return vas_map(world->spaces[1], &map, &address);
}

static int remap(struct world *world, uint64_t old, uint64_t old_pages, uint64_t new_pages,
		 uint64_t flags, uint64_t target)
{
	struct vas_remap remap = {
		.old = at(old),
		.old_length = old_pages * PAGE,
		.new_length = new_pages * PAGE,
		.flags = flags,
		.new_address = at(target),
	};
	uint64_t address;

	return vas_remap(world->spaces[1], &remap, &address);
}

static int move_brk(struct world *world, uint64_t pages)
{
	uint64_t now = 0;
	int err = vas_brk(world->spaces[1], at(BRK + pages), &now);

	if (err == 0)
		assert_int_equal(now, at(BRK + pages));
	return err;
}

static int attach(struct world *world)
{
	uint64_t address = 0;

	return vas_attach(world->spaces[1], &world->files[1], 4 * PAGE, 0, &address);
}

static int place(struct world *world)
{
	struct vas_place place = {
		.range = { at(HOLE), at(HOLE + 2) },
		.flags = VAS_AREA_READ | VAS_AREA_MAY_READ,
		.name = "[vdso]",
	};

	return vas_place(world->spaces[1], &place);
}

static int create(struct world *world)
{
	struct vas_space_config config;

	vas_space_default(&config, &world->settings);
	config.allocator = &world->memory.allocator;
	config.listeners[0].listener = &vas_anon_vma_chain_listener;
	config.listeners[0].data = world->chain;
	return vas_space_create(&config, &world->spaces[2]);
}

static int advise(struct world *world, uint64_t page, uint64_t pages, int advice)
{
	return vas_advise(world->spaces[1], at(page), pages * PAGE, advice);
}

#define MAYMOVE VAS_REMAP_MAYMOVE
#define FIXED	(VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED)
#define KEEP	(VAS_REMAP_MAYMOVE | VAS_REMAP_DONTUNMAP)

/* name, call; each must succeed when memory does. */
#define CASES(C)                                                                                   \
	C(create_a_space, create(w))                                                               \
	C(map_anywhere, map(w, 0, 4, RW, ANON, -1))                                                \
	C(map_with_hint, map(w, HOLE, 4, RW, ANON, -1))                                            \
	C(map_and_populate, map(w, HOLE, 4, RW, ANON | VAS_POPULATE, -1))                          \
	C(map_locked, map(w, HOLE, 4, RW, ANON | VAS_LOCKED, -1))                                  \
	C(map_file_private, map(w, HOLE, 4, RW, VAS_PRIVATE, 0))                                   \
	C(map_file_shared_populated, map(w, HOLE, 4, RW, VAS_SHARED | VAS_POPULATE, 1))            \
	C(map_shared_anonymous, map(w, HOLE, 4, RW, VAS_SHARED | VAS_ANONYMOUS, 1))                \
	C(map_growing_down, map(w, HOLE, 4, RW, ANON | VAS_GROWSDOWN, -1))                         \
	C(map_beside_one_that_inherited, map(w, 22, 4, RW, ANON | VAS_FIXED, -1))                  \
	C(map_beside_its_own, map(w, 176, 4, RW, ANON | VAS_FIXED, -1))                            \
	C(map_without_replacing, map(w, HOLE, 4, RW, ANON | VAS_FIXED_NOREPLACE, -1))              \
	C(map_into_the_middle, map(w, 11, 1, RW, ANON | VAS_FIXED, -1))                            \
	C(map_over_many, map(w, 1, 90, RW, ANON | VAS_FIXED | VAS_POPULATE, -1))                   \
	C(map_file_over_many, map(w, 1, 120, RW, VAS_PRIVATE | VAS_FIXED, 0))                      \
	C(unmap_whole, vas_unmap(w->spaces[1], at(0), 4 * PAGE))                                   \
	C(unmap_middle, vas_unmap(w->spaces[1], at(1), PAGE))                                      \
	C(unmap_many, vas_unmap(w->spaces[1], at(11), 122 * PAGE))                                 \
	C(protect_whole, vas_protect(w->spaces[1], at(0), 4 * PAGE, VAS_READ, -1))                 \
	C(protect_middle, vas_protect(w->spaces[1], at(1), PAGE, VAS_READ, -1))                    \
	C(protect_to_merge, vas_protect(w->spaces[1], at(4), 4 * PAGE, RW, -1))                    \
	C(protect_to_merge_three, vas_protect(w->spaces[1], at(14), 4 * PAGE, RW, -1))             \
	C(protect_file, vas_protect(w->spaces[1], at(33), 3 * PAGE, VAS_READ, -1))                 \
	C(protect_many_alike, vas_protect(w->spaces[1], at(80), 80 * PAGE, RW, -1))                \
	C(protect_many_apart, vas_protect(w->spaces[1], at(81), 77 * PAGE, VAS_NONE, -1))          \
	C(remap_shrink, remap(w, 10, 4, 2, 0, 0))                                                  \
	C(remap_grow_in_place, remap(w, 174, 2, 6, 0, 0))                                          \
	C(remap_grow_locked, remap(w, 172, 2, 4, MAYMOVE, 0))                                      \
	C(remap_grow_by_moving, remap(w, 10, 4, 8, MAYMOVE, 0))                                    \
	C(remap_middle, remap(w, 11, 1, 3, MAYMOVE, 0))                                            \
	C(remap_to_a_hole, remap(w, 0, 4, 4, FIXED, HOLE))                                         \
	C(remap_over_many, remap(w, 171, 1, 70, FIXED, 85))                                        \
	C(remap_beside_its_kin, remap(w, 170, 2, 2, FIXED, 178))                                   \
	C(remap_untouched_to_merge, remap(w, 60, 2, 2, FIXED, 176))                                \
	C(remap_several, remap(w, 80, 80, 80, FIXED, HOLE))                                        \
	C(remap_several_over_many, remap(w, 0, 40, 40, FIXED, 90))                                 \
	C(remap_keep_source, remap(w, 0, 4, 4, KEEP, HOLE))                                        \
	C(remap_keep_part, remap(w, 1, 2, 2, KEEP, HOLE))                                          \
	C(remap_keep_fixed, remap(w, 4, 4, 4, KEEP | FIXED, 88))                                   \
	C(remap_shared_copy, remap(w, 40, 0, 4, MAYMOVE, 0))                                       \
	C(brk_up, move_brk(w, 8))                                                                  \
	C(brk_down, move_brk(w, 2))                                                                \
	C(advise_dontfork, advise(w, 1, 1, VAS_ADVICE_DONTFORK))                                   \
	C(advise_wipeonfork, advise(w, 12, 4, VAS_ADVICE_WIPEONFORK))                              \
	C(advise_dontdump, advise(w, 80, 80, VAS_ADVICE_DONTDUMP))                                 \
	C(advise_random, advise(w, 31, 5, VAS_ADVICE_RANDOM))                                      \
	C(advise_mergeable, advise(w, 1, 1, VAS_ADVICE_MERGEABLE))                                 \
	C(advise_hugepage, advise(w, 81, 70, VAS_ADVICE_HUGEPAGE))                                 \
	C(advise_dontneed, advise(w, 10, 12, VAS_ADVICE_DONTNEED))                                 \
	C(advise_free, advise(w, 10, 12, VAS_ADVICE_FREE))                                         \
	C(advise_populate_read, advise(w, 80, 80, VAS_ADVICE_POPULATE_READ))                       \
	C(advise_populate_write, advise(w, 10, 4, VAS_ADVICE_POPULATE_WRITE))                      \
	C(advise_guard, advise(w, 80, 80, VAS_ADVICE_GUARD_INSTALL))                               \
	C(lock_part, vas_lock(w->spaces[1], at(1), PAGE, 0))                                       \
	C(lock_many, vas_lock(w->spaces[1], at(81), 77 * PAGE, 0))                                 \
	C(lock_on_fault, vas_lock(w->spaces[1], at(11), 9 * PAGE, VAS_LOCK_ONFAULT))               \
	C(unlock_part, vas_unlock(w->spaces[1], at(172), PAGE))                                    \
	C(unlock_to_merge, vas_unlock(w->spaces[1], at(170), 6 * PAGE))                            \
	C(lock_all, vas_lock_all(w->spaces[1], VAS_LOCK_ALL_CURRENT | VAS_LOCK_ALL_FUTURE))        \
	C(lock_all_on_fault,                                                                       \
	  vas_lock_all(w->spaces[1], VAS_LOCK_ALL_CURRENT | VAS_LOCK_ALL_ONFAULT))                 \
	C(unlock_all, vas_unlock_all(w->spaces[1]))                                                \
	C(seal_part, vas_seal(w->spaces[1], at(1), PAGE, 0))                                       \
	C(seal_many, vas_seal(w->spaces[1], at(80), 80 * PAGE, 0))                                 \
	C(file_pages, vas_remap_file_pages(w->spaces[1], at(41), PAGE, 0, 7, 0))                   \
	C(name_part, vas_set_name(w->spaces[1], at(1), PAGE, "name"))                              \
	C(name_many, vas_set_name(w->spaces[1], at(80), 80 * PAGE, "name"))                        \
	C(name_to_merge, vas_set_name(w->spaces[1], at(62), 2 * PAGE, "first"))                    \
	C(unname, vas_set_name(w->spaces[1], at(60), 2 * PAGE, NULL))                              \
	C(attach_segment, attach(w))                                                               \
	C(watch_part, vas_userfault(w->spaces[1], at(1), PAGE, VAS_AREA_USERFAULT_MISSING, 1))     \
	C(watch_many, vas_userfault(w->spaces[1], at(80), 80 * PAGE, VAS_AREA_USERFAULT_WP, 1))    \
	C(bind_part, vas_bind(w->spaces[1], at(1), PAGE, 1))                                       \
	C(bind_many, vas_bind(w->spaces[1], at(80), 80 * PAGE, 1))                                 \
	C(fork_it, vas_fork(w->spaces[1], &w->spaces[2]))                                          \
	C(place_an_area, place(w))                                                                 \
	C(touch_first, vas_touch(w->spaces[1], at(62), VAS_ACCESS_WRITE))                          \
	C(touch_below_a_stack, vas_touch(w->spaces[1], at(STACK - 1), VAS_ACCESS_READ))

#define CALL(name, call)                                                                           \
	static int name(struct world *w)                                                           \
	{                                                                                          \
		return call;                                                                       \
	}
CASES(CALL)

struct oom_case {
	const char *name;
	int (*call)(struct world *world);
};

#define ENTRY(name, call) { #name, name },
static const struct oom_case cases[] = { CASES(ENTRY) };

/* Fails the n-th allocation, for every n, until the call succeeds; returns how many it makes. */
static uint64_t fail_each(const char *index, const struct oom_case *oom, bool and_after)
{
	struct world *world = malloc(sizeof(*world));
	uint64_t n;

	world_start(world, index);
	world_fill(world);
	world_validate(world);
	for (n = 1;; n++) {
		char *before = world_describe(world), *after;
		int err;

		if (and_after)
			failing_allocator_fail_from(&world->memory, n);
		else
			failing_allocator_fail_at(&world->memory, n);
		err = oom->call(world);
		failing_allocator_fail_at(&world->memory, 0);
		after = world_describe(world);
		if (world->memory.failures == 0 && err != 0)
			print_error("%s, %s: error %d\n", index, oom->name, err);
		if (world->memory.failures != 0 &&
		    (err != -VAS_ENOMEM || strcmp(before, after) != 0))
			print_error(
				"%s, %s, allocation %llu: returned %d\n--- before\n%s"
				"--- after\n%s",
				index, oom->name, (unsigned long long)(n), err, before, after);
		assert_int_equal(err, world->memory.failures != 0 ? -VAS_ENOMEM : 0);
		if (err != 0)
			assert_string_equal(before, after);
		free(before);
		free(after);
		world_validate(world);
		if (err == 0)
			break;
		assert_null(world->spaces[2]);
	}
	world_end(world);
	free(world);
	return n - 1;
}

static void every_allocation_fails_once(void **state)
{
	const char *index = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t one = fail_each(index, &cases[i], false);
		uint64_t all = fail_each(index, &cases[i], true);

		assert_int_equal(one, all);
		if (getenv("VAS_VERBOSE") != NULL)
			print_message("# %s %s: %llu allocations\n", index, cases[i].name,
				      (unsigned long long)(one));
	}
}

/* Calls that need no memory do not ask for any. */
static void exit_and_exec_need_no_memory(void **state)
{
	struct world *world = malloc(sizeof(*world));
	struct vas_layout layout;

	world_start(world, *state);
	world_fill(world);
	failing_allocator_fail_from(&world->memory, 1);
	layout = *vas_space_layout(world->spaces[1]);
	vas_exec(world->spaces[1], &layout);
	world_validate(world);
	vas_space_destroy(world->spaces[1]);
	world->spaces[1] = NULL;
	vas_space_destroy(world->spaces[0]);
	world->spaces[0] = NULL;
	assert_int_equal(world->memory.asked, 0);
	failing_allocator_fail_at(&world->memory, 0);
	world_end(world);
	free(world);
}

int main(void)
{
	struct CMUnitTest tests[16];
	size_t count = 0;

	for (const char *const *index = vas_index_designs(); *index != NULL; index++) {
		assert_true(count + 2 <= 16);
		tests[count++] = (struct CMUnitTest){
			.name = *index,
			.test_func = every_allocation_fails_once,
			.initial_state = (void *)(uintptr_t)*index,
		};
		tests[count++] = (struct CMUnitTest){
			.name = "exit and exec need no memory",
			.test_func = exit_and_exec_need_no_memory,
			.initial_state = (void *)(uintptr_t)*index,
		};
	}
	return _cmocka_run_group_tests("oom", tests, count, NULL, NULL);
}
