/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Anonymous designs with several threads. A family of spaces shares a few pages; threads fork it on,
 * write, move, split and exit, each in spaces of its own, while another walks the pages. Mappings
 * that nobody touches meanwhile must be named by every walk. VAS_DESIGN chooses one design.
 */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vas/anon_rmap.h>

#include "page/page.h"

enum { WORKERS = 2, SHARED = 8, OWN = 4, ROUNDS = 300, AREAS = 64, GIVERS = 3 };

#define BASE  UINT64_C(0x40000000)
#define OTHER UINT64_C(0x50000000)

struct worker {
	struct run *run;
	struct vas_space *base; /* lives on, and keeps its mappings */
	struct vas_page own[OWN];
	uint64_t random;
	pthread_t thread;
};

struct run {
	const struct vas_anon_rmap_design *design;
	void *instance;
	struct vas_settings settings;
	struct vas_space *root;
	struct vas_page shared[SHARED]; /* mapped in root and in all bases */
	struct worker workers[WORKERS];
	unsigned running;
	uint64_t walks;
};

static void must(bool good, const struct vas_anon_rmap_design *design, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "%s: %s\n", design->name, what);
	abort();
}

static uint64_t pick(struct worker *worker, uint64_t bound)
{
	worker->random =
		worker->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (worker->random >> 33) % bound;
}

static uint64_t place_of(size_t page)
{
	return BASE + 2 * page * VAS_PAGE_SIZE;
}

/* The machine's listener: tells of the shared pages that moved. */
static void on_apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	struct run *run = data;

	(void)space;
	if (op->kind != VAS_OP_MOVE || run->design->moved == NULL ||
	    (run->design->follows != NULL && !run->design->follows(run->instance, op)))
		return;
	for (size_t i = 0; i < SHARED; i++) {
		vas_page_lock(&run->shared[i]);
		run->design->moved(run->instance, &run->shared[i], NULL, op->area, place_of(i),
				   op->start + place_of(i) - op->from);
		vas_page_unlock(&run->shared[i]);
	}
}

static const struct vas_listener machine_listener = { .apply = on_apply };

static struct vas_space *new_space(struct run *run)
{
	struct vas_space_config config;
	struct vas_space *space;
	unsigned next = 0;

	vas_space_default(&config, &run->settings);
	if (run->design->listener != NULL) {
		config.listeners[next].listener = run->design->listener;
		config.listeners[next++].data = run->instance;
	}
	config.listeners[next].listener = &machine_listener;
	config.listeners[next].data = run;
	must(vas_space_create(&config, &space) == 0, run->design, "no space");
	return space;
}

static void map(struct run *run, struct vas_space *space, uint64_t start, uint64_t pages)
{
	struct vas_map map = { .length = pages * VAS_PAGE_SIZE,
			       .prot = VAS_READ | VAS_WRITE,
			       .flags = VAS_PRIVATE | VAS_ANONYMOUS | VAS_FIXED };

	must(vas_map(space, &map, &start) == 0, run->design, "no area");
}

static void bind(struct run *run, struct vas_space *space, struct vas_page *page, uint64_t address)
{
	struct vas_area *area = vas_find(space, address);

	if (run->design->prepare != NULL)
		must(run->design->prepare(run->instance, area) == 0, run->design, "no memory");
	page->kind = VAS_PAGE_ANONYMOUS;
	page->references = 1;
	run->design->bind(run->instance, page, area, address);
	__atomic_store_n(&page->mapcount, 1, __ATOMIC_RELEASE);
}

static void unbind(struct run *run, struct vas_page *page)
{
	__atomic_store_n(&page->mapcount, 0, __ATOMIC_RELEASE);
	if (run->design->unbind != NULL)
		run->design->unbind(run->instance, page);
}

static struct run *start_run(const struct vas_anon_rmap_design *design)
{
	struct run *run = calloc(1, sizeof(*run));
	struct vas_anon_rmap_config config = { .allocator = &vas_libc_allocator };

	run->design = design;
	vas_settings_default(&run->settings);
	config.settings = &run->settings;
	assert_int_equal(design->create(&config, &run->instance), 0);
	run->root = new_space(run);
	return run;
}

static void end_run(struct run *run)
{
	struct vas_anon_rmap_counts counts;

	assert_true(run->design->validate(run->instance, NULL));
	vas_space_destroy(run->root);
	run->design->count(run->instance, &counts);
	assert_int_equal(counts.records, 0);
	run->design->destroy(run->instance);
	free(run);
}

/* A child of the worker's base: writes, splits, moves, has a child itself, exits. */

static void count_shared(struct run *run, int32_t change)
{
	for (size_t i = 0; i < SHARED; i++)
		__atomic_add_fetch(&run->shared[i].mapcount, change, __ATOMIC_RELAXED);
}

static void move_shared(struct run *run, struct vas_space *space, uint64_t to)
{
	struct vas_remap remap = { .old = BASE,
				   .old_length = 2 * SHARED * VAS_PAGE_SIZE,
				   .new_length = 2 * SHARED * VAS_PAGE_SIZE,
				   .flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED,
				   .new_address = to };
	uint64_t address;

	if (!run->design->copies_moved)
		must(vas_remap(space, &remap, &address) == 0, run->design, "no move");
}

static void live(struct worker *worker)
{
	struct run *run = worker->run;
	struct vas_space *child, *grandchild = NULL;

	must(vas_fork(worker->base, &child) == 0, run->design, "no child");
	count_shared(run, 1);
	map(run, child, OTHER, OWN);
	for (size_t i = 0; i < OWN; i++)
		bind(run, child, &worker->own[i], OTHER + i * VAS_PAGE_SIZE);
	if (pick(worker, 2) == 0)
		must(vas_protect(child, place_of(3), VAS_PAGE_SIZE, VAS_READ, -1) == 0 &&
			     vas_protect(child, place_of(3), VAS_PAGE_SIZE, VAS_READ | VAS_WRITE,
					 -1) == 0,
		     run->design, "no split");
	if (pick(worker, 2) == 0) {
		must(vas_fork(child, &grandchild) == 0, run->design, "no grandchild");
		count_shared(run, 1);
		for (size_t i = 0; i < OWN; i++)
			__atomic_add_fetch(&worker->own[i].mapcount, 1, __ATOMIC_RELAXED);
	}
	if (pick(worker, 2) == 0)
		move_shared(run, child, OTHER + 16 * VAS_PAGE_SIZE);
	for (size_t i = 0; i < OWN; i++)
		unbind(run, &worker->own[i]);
	count_shared(run, -1);
	vas_space_destroy(child);
	if (grandchild == NULL)
		return;
	count_shared(run, -1);
	vas_space_destroy(grandchild);
}

static void *work(void *argument)
{
	struct worker *worker = argument;

	for (int i = 0; i < ROUNDS; i++)
		live(worker);
	__atomic_sub_fetch(&worker->run->running, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Which of the steady mappings a walk named. */
struct steady {
	struct run *run;
	uint64_t address;
	unsigned found[1 + WORKERS];
};

static bool note(void *context, struct vas_space *space, uint64_t address)
{
	struct steady *steady = context;

	if (address != steady->address)
		return true;
	steady->found[WORKERS] += space == steady->run->root;
	for (size_t i = 0; i < WORKERS; i++)
		steady->found[i] += space == steady->run->workers[i].base;
	return true;
}

static void walk_shared(struct run *run)
{
	for (size_t page = 0; page < SHARED; page++) {
		struct steady steady = { .run = run, .address = place_of(page) };
		struct vas_anon_walk walk = { .visit = note, .context = &steady };

		vas_page_lock(&run->shared[page]);
		run->design->walk(run->instance, &run->shared[page], &walk);
		vas_page_unlock(&run->shared[page]);
		for (size_t i = 0; i < 1 + WORKERS; i++)
			must(steady.found[i] == 1, run->design,
			     "a steady mapping is not named once");
		run->walks++;
	}
}

static void run_family(const struct vas_anon_rmap_design *design)
{
	struct run *run = start_run(design);

	map(run, run->root, BASE, 2 * SHARED);
	for (size_t i = 0; i < SHARED; i++)
		bind(run, run->root, &run->shared[i], place_of(i));
	run->running = WORKERS;
	for (size_t i = 0; i < WORKERS; i++) {
		run->workers[i].run = run;
		run->workers[i].random = i;
		assert_int_equal(vas_fork(run->root, &run->workers[i].base), 0);
		count_shared(run, 1);
	}
	for (size_t i = 0; i < WORKERS; i++)
		pthread_create(&run->workers[i].thread, NULL, work, &run->workers[i]);
	while (__atomic_load_n(&run->running, __ATOMIC_ACQUIRE) != 0)
		walk_shared(run);
	for (size_t i = 0; i < WORKERS; i++)
		pthread_join(run->workers[i].thread, NULL);
	walk_shared(run);
	print_message("# %s: %llu walks\n", design->name, (unsigned long long)run->walks);
	for (size_t i = 0; i < SHARED; i++)
		unbind(run, &run->shared[i]);
	for (size_t i = 0; i < WORKERS; i++)
		vas_space_destroy(run->workers[i].base);
	end_run(run);
}

static bool chosen(const struct vas_anon_rmap_design *design)
{
	const char *name = getenv("VAS_DESIGN");

	return !design->chains && (name == NULL || strcmp(name, design->name) == 0);
}

static void steady_mappings_are_found_while_the_family_changes(void **state)
{
	const struct vas_anon_rmap_design *const *design = vas_anon_rmap_designs();

	(void)state;
	for (; *design != NULL; design++)
		if (chosen(*design))
			run_family(*design);
}

/* Faults of one space at once: areas apart, and all their first pages at the same time. */

struct giver {
	struct run *run;
	struct vas_page pages[AREAS];
	pthread_t thread;
};

static uint64_t area_of_giver(size_t area)
{
	return BASE + area * 8 * VAS_PAGE_SIZE;
}

static void *give(void *argument)
{
	struct giver *giver = argument;
	struct run *run = giver->run;
	uint64_t page = (uint64_t)(giver - (struct giver *)(void *)run->shared[0].owner);

	for (size_t i = 0; i < AREAS; i++)
		bind(run, run->root, &giver->pages[i], area_of_giver(i) + page * VAS_PAGE_SIZE);
	return NULL;
}

static bool note_root(void *context, struct vas_space *space, uint64_t address)
{
	struct steady *steady = context;

	steady->found[0] += space == steady->run->root && address == steady->address;
	return true;
}

static void run_givers(const struct vas_anon_rmap_design *design)
{
	struct run *run = start_run(design);
	struct giver *givers = calloc(GIVERS, sizeof(*givers));

	run->shared[0].owner = givers;
	for (size_t i = 0; i < AREAS; i++)
		map(run, run->root, area_of_giver(i), GIVERS);
	for (size_t i = 0; i < GIVERS; i++) {
		givers[i].run = run;
		pthread_create(&givers[i].thread, NULL, give, &givers[i]);
	}
	for (size_t i = 0; i < GIVERS; i++)
		pthread_join(givers[i].thread, NULL);
	for (size_t i = 0; i < GIVERS * AREAS; i++) {
		struct vas_page *page = &givers[i / AREAS].pages[i % AREAS];
		struct steady steady = {
			.run = run, .address = area_of_giver(i % AREAS) + i / AREAS * VAS_PAGE_SIZE
		};
		struct vas_anon_walk walk = { .visit = note_root, .context = &steady };

		design->walk(run->instance, page, &walk);
		assert_int_equal(steady.found[0], 1);
		unbind(run, page);
	}
	free(givers);
	end_run(run);
}

static void faults_of_one_space_may_come_at_once(void **state)
{
	const struct vas_anon_rmap_design *const *design = vas_anon_rmap_designs();

	(void)state;
	for (; *design != NULL; design++)
		if (chosen(*design))
			for (int i = 0; i < 20; i++)
				run_givers(*design);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steady_mappings_are_found_while_the_family_changes),
		cmocka_unit_test(faults_of_one_space_may_come_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
