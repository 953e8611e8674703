/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Random calls in a growing and shrinking family of spaces, every third of them with one of its
 * first allocations failing. A call that ran out of memory has changed nothing; all validators are
 * content after every call. What the calls do otherwise is not looked at here. VAS_SEED chooses
 * the run; VAS_VERBOSE shows every call.
 */

#include "world.h"

enum { STEPS = 4000, PAGES = 48 };

struct run {
	struct world world;
	uint64_t random;
	uint64_t failures, successes;
	bool verbose; /* VAS_VERBOSE: tells every call before it is made */
	int space;
};

/* Says what is about to be called. */
__attribute__((format(printf, 2, 3))) static void tell(struct run *run, const char *format, ...)
{
	va_list arguments;

	if (!run->verbose)
		return;
	printf("# space %d: ", run->space);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("%s\n", run->world.memory.fail_at != 0 ? " (armed)" : "");
	fflush(stdout);
}

/* In pages from at(0). */
static unsigned page_of(uint64_t address)
{
	return (unsigned)((address - at(0)) / PAGE);
}

static unsigned pages_in(uint64_t length)
{
	return (unsigned)(length / PAGE);
}

static uint64_t pick(struct run *run, uint64_t bound)
{
	run->random = run->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (run->random >> 33) % bound;
}

#define one_of(run, list) (list)[pick(run, sizeof(list) / sizeof((list)[0]))]

static uint64_t some_page(struct run *run)
{
	return at(pick(run, PAGES));
}

static uint64_t some_length(struct run *run)
{
	return (1 + pick(run, pick(run, 4) == 0 ? 30 : 4)) * PAGE;
}

static struct vas_file *some_file(struct run *run)
{
	return &run->world.files[pick(run, WORLD_FILES)];
}

static int call_map(struct run *run, struct vas_space *space)
{
	static const uint32_t flags[] = { ANON,
					  ANON,
					  ANON | VAS_POPULATE,
					  ANON | VAS_LOCKED,
					  ANON | VAS_GROWSDOWN,
					  VAS_PRIVATE,
					  VAS_SHARED,
					  VAS_SHARED | VAS_POPULATE };
	struct vas_map map = {
		.length = some_length(run),
		.prot = (uint32_t)pick(run, 8),
		.flags = one_of(run, flags),
	};
	uint64_t address = some_page(run);

	if ((map.flags & VAS_ANONYMOUS) == 0) {
		map.file = some_file(run);
		map.offset = address - at(0); /* so that neighbours may merge */
	}
	if (pick(run, 8) != 0)
		map.flags |= VAS_FIXED;
	tell(run, "map %u +%u prot %x flags %x file %d", page_of(address), pages_in(map.length),
	     map.prot, map.flags, map.file == NULL ? -1 : (int)(map.file - run->world.files));
	return vas_map(space, &map, &address);
}

static int call_remap(struct run *run, struct vas_space *space)
{
	static const uint64_t flags[] = { 0, 1, 1, 3, 3, 3, 5, 7 };
	struct vas_remap remap = {
		.old = some_page(run),
		.old_length = some_length(run),
		.flags = one_of(run, flags),
		.new_address = some_page(run),
	};
	uint64_t address;

	remap.new_length = pick(run, 2) == 0 ? remap.old_length : some_length(run);
	tell(run, "remap %u +%u to %u +%u flags %u", page_of(remap.old), pages_in(remap.old_length),
	     page_of(remap.new_address), pages_in(remap.new_length), (unsigned)remap.flags);
	return vas_remap(space, &remap, &address);
}

static int call_advise(struct run *run, struct vas_space *space)
{
	static const int advice[] = { VAS_ADVICE_NORMAL,	 VAS_ADVICE_RANDOM,
				      VAS_ADVICE_DONTNEED,	 VAS_ADVICE_DONTFORK,
				      VAS_ADVICE_DOFORK,	 VAS_ADVICE_DONTDUMP,
				      VAS_ADVICE_DODUMP,	 VAS_ADVICE_WIPEONFORK,
				      VAS_ADVICE_KEEPONFORK,	 VAS_ADVICE_MERGEABLE,
				      VAS_ADVICE_UNMERGEABLE,	 VAS_ADVICE_HUGEPAGE,
				      VAS_ADVICE_NOHUGEPAGE,	 VAS_ADVICE_POPULATE_READ,
				      VAS_ADVICE_POPULATE_WRITE, VAS_ADVICE_GUARD_INSTALL };
	uint64_t start = some_page(run), length = some_length(run);
	int which = one_of(run, advice);

	tell(run, "advise %u +%u %d", page_of(start), pages_in(length), which);
	return vas_advise(space, start, length, which);
}

static int call_lock(struct run *run, struct vas_space *space)
{
	uint64_t start = some_page(run), length = some_length(run), what = pick(run, 8);
	uint32_t flags = 1 + (uint32_t)pick(run, 7);

	tell(run, "lock call %u: %u +%u flags %u", (unsigned)what, page_of(start), pages_in(length),
	     flags);
	switch (what) {
	case 0:
		return vas_lock_all(space, flags);
	case 1:
		return vas_unlock_all(space);
	case 2:
		return vas_lock(space, start, length, VAS_LOCK_ONFAULT);
	case 3:
	case 4:
		return vas_lock(space, start, length, 0);
	default:
		return vas_unlock(space, start, length);
	}
}

static int call_attribute(struct run *run, struct vas_space *space)
{
	uint64_t start = some_page(run), length = some_length(run), address = 0;
	uint64_t what = pick(run, 8), choice = pick(run, 2);

	tell(run, "attribute call %u: %u +%u choice %u", (unsigned)what, page_of(start),
	     pages_in(length), (unsigned)choice);
	switch (what) {
	case 0:
		return vas_seal(space, start, PAGE, 0);
	case 1:
	case 2:
		return vas_set_name(space, start, length, choice == 0 ? NULL : "name");
	case 3:
	case 4:
		return vas_bind(space, start, length, choice);
	case 5:
		return vas_attach(space, &run->world.files[1], length, 0, &address);
	case 6:
		return vas_remap_file_pages(space, start, length, 0, choice, 0);
	default:
		return vas_userfault(space, start, length, choice == 0 ? 0 : VAS_AREA_USERFAULT_WP,
				     1 + pick(run, 2));
	}
}

static int call_touch(struct run *run, struct vas_space *space)
{
	uint64_t address = some_page(run);
	enum vas_access access = pick(run, 4) == 0 ? VAS_ACCESS_READ : VAS_ACCESS_WRITE;

	tell(run, "touch %u access %d", page_of(address), (int)access);
	return vas_touch(space, address, access);
}

static int call_unmap(struct run *run, struct vas_space *space)
{
	uint64_t start = some_page(run), length = some_length(run);

	tell(run, "unmap %u +%u", page_of(start), pages_in(length));
	return vas_unmap(space, start, length);
}

static int call_protect(struct run *run, struct vas_space *space)
{
	uint64_t start = some_page(run), length = some_length(run);
	uint32_t prot = (uint32_t)pick(run, 8);

	tell(run, "protect %u +%u %u", page_of(start), pages_in(length), prot);
	return vas_protect(space, start, length, prot, -1);
}

static int call_brk(struct run *run, struct vas_space *space)
{
	uint64_t now, wish = at(BRK + pick(run, 8));

	tell(run, "brk %u", page_of(wish));
	return vas_brk(space, wish, &now);
}

static int call_fork(struct run *run, struct vas_space *space)
{
	int child = (int)pick(run, WORLD_SPACES);

	if (run->world.spaces[child] != NULL)
		return 0;
	tell(run, "fork into %d", child);
	return vas_fork(space, &run->world.spaces[child]);
}

/* The last one is emptied instead. */
static int call_exit(struct run *run, struct vas_space *space)
{
	int left = 0;

	tell(run, "exit");
	for (int i = 0; i < WORLD_SPACES; i++)
		left += run->world.spaces[i] != NULL;
	if (left < 2)
		return vas_unmap(space, at(0), PAGES * PAGE);
	vas_space_destroy(space);
	run->world.spaces[run->space] = NULL;
	return 0;
}

static struct vas_space *some_space(struct run *run)
{
	do
		run->space = (int)pick(run, WORLD_SPACES);
	while (run->world.spaces[run->space] == NULL);
	return run->world.spaces[run->space];
}

static int call(struct run *run, struct vas_space *space)
{
	uint64_t what = pick(run, 100);

	if (what < 24)
		return call_map(run, space);
	if (what < 44)
		return call_touch(run, space);
	if (what < 50)
		return call_unmap(run, space);
	if (what < 64)
		return call_protect(run, space);
	if (what < 74)
		return call_remap(run, space);
	if (what < 80)
		return call_advise(run, space);
	if (what < 84)
		return call_lock(run, space);
	if (what < 90)
		return call_attribute(run, space);
	if (what < 92)
		return call_brk(run, space);
	return what < 97 ? call_fork(run, space) : call_exit(run, space);
}

static void step(struct run *run)
{
	struct world *world = &run->world;
	struct vas_space *space = some_space(run);
	bool armed = pick(run, 3) == 0;
	char *before = armed ? world_describe(world) : NULL;
	int err;

	if (armed)
		failing_allocator_fail_at(&world->memory, 1 + pick(run, 6));
	world->memory.failures = 0;
	err = call(run, space);
	failing_allocator_fail_at(&world->memory, 0);
	run->successes += err == 0;
	if (world->memory.failures != 0) {
		char *after = world_describe(world);

		run->failures++;
		if (strcmp(before, after) != 0)
			print_error("--- before\n%s--- after\n%s", before, after);
		assert_int_equal(err, -VAS_ENOMEM);
		assert_string_equal(before, after);
		free(after);
	}
	free(before);
	world_validate(world);
}

static void failed_calls_change_nothing(void **state)
{
	const char *text = getenv("VAS_SEED"), *index = *state;
	uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : 1;
	struct run *run = calloc(1, sizeof(*run));

	run->random = seed;
	run->verbose = getenv("VAS_VERBOSE") != NULL;
	print_message("# %s VAS_SEED=%llu\n", index, (unsigned long long)seed);
	world_start(&run->world, index);
	for (int i = 0; i < STEPS; i++)
		step(run);
	print_message("# %d calls did something, %d failed for want of memory\n",
		      (int)run->successes, (int)run->failures);
	assert_true(run->failures > STEPS / 50);
	assert_true(run->successes > STEPS / 4);
	world_end(&run->world);
	free(run);
}

int main(void)
{
	struct CMUnitTest tests[8];
	size_t count = 0;

	for (const char *const *index = vas_index_designs(); *index != NULL; index++) {
		assert_true(count < 8);
		tests[count++] = (struct CMUnitTest){
			.name = *index,
			.test_func = failed_calls_change_nothing,
			.initial_state = (void *)(uintptr_t)*index,
		};
	}
	return _cmocka_run_group_tests("random calls", tests, count, NULL, NULL);
}
