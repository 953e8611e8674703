/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Threads on one machine: in one space, and in forks of it, with little memory. Each owns some pages
 * of every sort, which nobody else writes to, and knows what they must hold; everything else it
 * meets is somebody else's affair. To be run under the thread sanitizer too.
 */

#include <pthread.h>

#include "world.h"

#define THREADS 4
#define WINDOW	40 /* private pages that a thread owns, at THREAD * WINDOW */
#define SHARED	200
#define FILES	300
#define PRIVATE 400
#define OWN	6 /* pages of shared memory and of the file that a thread owns */
#define VIEWS	3 /* the common space, a fork of it, a fork of that */

struct view {
	struct vas_space *space; /* NULL: none */
	bool mapped[WINDOW];
	uint64_t tokens[WINDOW];
};

struct actor {
	struct world *world;
	unsigned number;
	pthread_t thread;
	uint64_t random, last_token, steps;
	struct view views[VIEWS];
	uint64_t shared[OWN], file[OWN];
	uint64_t no_memory, forks;
};

/* cmocka's own stay in the first thread. */
#define check(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static uint64_t pick(struct actor *actor, uint64_t below)
{
	return world_random(&actor->random) % below;
}

static struct view *pick_view(struct actor *actor)
{
	struct view *view;

	do
		view = &actor->views[pick(actor, VIEWS)];
	while (view->space == NULL);
	return view;
}

static uint64_t next_token(struct actor *actor)
{
	/* Equal ones, for merging. */
	if (pick(actor, 3) == 0)
		return pick(actor, 3);
	return (++actor->last_token * THREADS + actor->number) << 8;
}

static uint64_t window_page(const struct actor *actor, uint64_t i)
{
	return actor->number * WINDOW + i;
}

/* Done, or there was no memory. */
static bool done(struct actor *actor, int err)
{
	if (err == -VAS_ENOMEM)
		actor->no_memory++;
	else
		check(err == 0);
	return err == 0;
}

/* ---- Private pages ---- */

static void check_page(struct actor *actor, struct view *view, uint64_t i)
{
	uint64_t token = 0;
	int err = get(view->space, window_page(actor, i), &token);

	if (!view->mapped[i])
		check(err == -VAS_EFAULT);
	else if (done(actor, err))
		check(token == view->tokens[i]);
}

static void write_some(struct actor *actor)
{
	struct view *view = pick_view(actor);
	uint64_t first = pick(actor, WINDOW), count = pick(actor, 8) + 1;

	for (uint64_t i = first; i < first + count && i < WINDOW; i++) {
		uint64_t token = next_token(actor);
		int err = put(view->space, window_page(actor, i), token);

		if (!view->mapped[i])
			check(err == -VAS_EFAULT);
		else if (done(actor, err))
			view->tokens[i] = token;
	}
}

static void read_some(struct actor *actor)
{
	struct view *view = pick_view(actor);
	uint64_t first = pick(actor, WINDOW), count = pick(actor, 8) + 1;

	for (uint64_t i = first; i < first + count && i < WINDOW; i++)
		check_page(actor, view, i);
}

static void change_areas(struct actor *actor)
{
	struct view *view = pick_view(actor);
	uint64_t first = pick(actor, WINDOW), count = pick(actor, 8) + 1;
	uint64_t start, length;
	unsigned what = (unsigned)pick(actor, 6);
	int err;

	if (count > WINDOW - first)
		count = WINDOW - first;
	start = at(window_page(actor, first));
	length = count * VAS_PAGE_SIZE;
	switch (what) {
	case 0:
		err = vas_unmap(view->space, start, length);
		break;
	case 1:
		err = vas_advise(view->space, start, length, VAS_ADVICE_DONTNEED);
		/* A hole is told, after all else was done. */
		if (err == -VAS_ENOMEM)
			err = 0;
		break;
	case 2:
		err = vas_advise(view->space, start, length, VAS_ADVICE_PAGEOUT);
		check(err == 0 || err == -VAS_ENOMEM);
		return;
	case 3:
		err = vas_advise(view->space, start, length, VAS_ADVICE_MERGEABLE);
		check(err == 0 || err == -VAS_ENOMEM);
		return;
	default:
		err = map_pages(view->space, window_page(actor, first), count, RW, 0);
		break;
	}
	if (!done(actor, err))
		return;
	for (uint64_t i = first; i < first + count; i++) {
		view->tokens[i] = 0;
		if (what != 1)
			view->mapped[i] = what != 0;
	}
}

static void move_page(struct actor *actor)
{
	struct view *view = pick_view(actor);
	uint64_t from = pick(actor, WINDOW), to = pick(actor, WINDOW), address;
	struct vas_remap remap = {
		.old = at(window_page(actor, from)),
		.old_length = VAS_PAGE_SIZE,
		.new_length = VAS_PAGE_SIZE,
		.flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED,
		.new_address = at(window_page(actor, to)),
	};

	if (from == to || !view->mapped[from] ||
	    !done(actor, vas_remap(view->space, &remap, &address)))
		return;
	view->mapped[to] = true;
	view->tokens[to] = view->tokens[from];
	view->mapped[from] = false;
}

/* ---- Pages of objects ---- */

static void use_shared(struct actor *actor)
{
	struct vas_space *space = pick_view(actor)->space;
	uint64_t i = pick(actor, OWN), page = SHARED + actor->number * OWN + i;
	uint64_t token = next_token(actor);

	if (pick(actor, 2) == 0) {
		if (done(actor, put(space, page, token)))
			actor->shared[i] = token;
	} else if (done(actor, get(space, page, &token))) {
		check(token == actor->shared[i]);
	}
}

/* Others truncate it: what was written is there, or zero, or the file ends before. */
static void use_file(struct actor *actor)
{
	struct vas_space *space = pick_view(actor)->space;
	uint64_t i = pick(actor, OWN), page = FILES + actor->number * OWN + i;
	uint64_t token = next_token(actor);
	int err;

	if (pick(actor, 2) == 0) {
		err = put(space, page, token);
		if (err == 0)
			actor->file[i] = token;
	} else {
		err = get(space, page, &token);
		if (err == 0)
			check(token == actor->file[i] || token == 0);
	}
	if (err != -VAS_EOVERFLOW)
		(void)done(actor, err);
	/* And a private mapping of the same. */
	err = put(space, page - FILES + PRIVATE, token);
	if (err != -VAS_EOVERFLOW)
		(void)done(actor, err);
}

static void change_file(struct actor *actor)
{
	struct vas_file *file = actor->world->files[0];
	uint64_t pages = THREADS * OWN;
	int err;

	switch (pick(actor, 4)) {
	case 0:
		err = vas_truncate(file, pick(actor, pages) * VAS_PAGE_SIZE + 1024);
		break;
	case 1:
		err = vas_truncate(file, pages * VAS_PAGE_SIZE);
		break;
	case 2:
		err = vas_punch(file, pick(actor, pages) * VAS_PAGE_SIZE, VAS_PAGE_SIZE);
		break;
	default:
		err = vas_file_sync(file);
		break;
	}
	(void)done(actor, err);
}

/* ---- Spaces and the machine ---- */

static void fork_view(struct actor *actor)
{
	unsigned to = 1 + (unsigned)pick(actor, VIEWS - 1);
	struct view *parent = &actor->views[to - 1], *child = &actor->views[to];
	struct vas_space *space;

	if (parent->space == NULL || !done(actor, vas_fork(parent->space, &space)))
		return;
	vas_space_destroy(child->space);
	*child = *parent;
	child->space = space;
	actor->forks++;
}

static void exit_view(struct actor *actor)
{
	struct view *view = &actor->views[1 + pick(actor, VIEWS - 1)];

	vas_space_destroy(view->space);
	view->space = NULL;
}

static void work_for_all(struct actor *actor)
{
	struct vas_machine_counts counts;

	switch (pick(actor, 5)) {
	case 0:
		(void)vas_machine_merge(actor->world->machine);
		break;
	case 1:
		vas_machine_count(actor->world->machine, &counts);
		break;
	case 2:
		(void)vas_machine_reclaim(actor->world->machine, pick(actor, 16), NULL);
		break;
	default:
		for (unsigned i = 0; i < 4; i++) {
			int err = vas_migrate(actor->views[0].space,
					      at(pick(actor, THREADS * WINDOW)));

			check(err == 0 || err == -VAS_ENOENT || err == -VAS_EBUSY ||
			      err == -VAS_ENOMEM);
		}
		break;
	}
}

static void act(struct actor *actor)
{
	switch (pick(actor, 20)) {
	case 0:
	case 1:
		change_areas(actor);
		break;
	case 2:
		move_page(actor);
		break;
	case 3:
	case 4:
	case 5:
		use_shared(actor);
		break;
	case 6:
	case 7:
		use_file(actor);
		break;
	case 8:
		change_file(actor);
		break;
	case 9:
		fork_view(actor);
		break;
	case 10:
		if (pick(actor, 4) == 0)
			exit_view(actor);
		break;
	case 11:
		work_for_all(actor);
		break;
	case 12:
	case 13:
	case 14:
	case 15:
		read_some(actor);
		break;
	default:
		write_some(actor);
		break;
	}
}

static void *run(void *data)
{
	struct actor *actor = data;

	for (uint64_t i = 0; i < actor->steps; i++)
		act(actor);
	for (unsigned v = 0; v < VIEWS; v++) {
		for (uint64_t i = 0; actor->views[v].space != NULL && i < WINDOW; i++)
			check_page(actor, &actor->views[v], i);
	}
	for (unsigned v = 1; v < VIEWS; v++)
		vas_space_destroy(actor->views[v].space);
	return NULL;
}

static void nothing_is_lost(const char *anon, const char *file, uint64_t steps)
{
	static struct world world;
	static struct actor actors[THREADS];
	uint64_t seed = world_seed(1), forks = 0, no_memory = 0;
	struct vas_machine_counts counts;
	struct world_config config = {
		.anon = anon, .file = file, .frames = 120, .slots = 200, .threads = true
	};

	world_start(&world, &config, NULL, NULL);
	assert_int_equal(vas_machine_background(world.machine, 10, 20), 0);
	assert_int_equal(map_pages(world.space, 0, THREADS * WINDOW, RW, 0), 0);
	assert_int_equal(map_pages(world.space, SHARED, THREADS * OWN, RW, VAS_SHARED), 0);
	assert_int_equal(map_file(&world, world.space, 0, FILES, THREADS * OWN, 0, true), 0);
	assert_int_equal(map_file(&world, world.space, 0, PRIVATE, THREADS * OWN, 0, false), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		actors[i] = (struct actor){
			.world = &world,
			.number = i,
			.random = seed + i * UINT64_C(0x9e3779b97f4a7c15),
			.steps = steps,
		};
		actors[i].views[0].space = world.space;
		memset(actors[i].views[0].mapped, true, sizeof(actors[i].views[0].mapped));
		assert_int_equal(pthread_create(&actors[i].thread, NULL, run, &actors[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(actors[i].thread, NULL);
		forks += actors[i].forks;
		no_memory += actors[i].no_memory;
	}
	counts = count(&world);
	print_message(
		"%s, %s: %llu forks, %llu out of memory; %llu out, %llu in, %llu moved, "
		"%llu merged\n",
		anon, file, (unsigned long long)forks, (unsigned long long)no_memory,
		(unsigned long long)counts.swapped_out, (unsigned long long)counts.swapped_in,
		(unsigned long long)counts.migrated, (unsigned long long)counts.merged);
	world_finish(&world);
}

struct pair {
	const char *anon, *file;
	uint64_t part; /* of the steps */
};

static void nothing_is_lost_with(void **state)
{
	const struct pair *pair = *state;
	uint64_t steps = world_figure("VAS_STEPS", world_sanitized() ? 4000 : 40000);

	nothing_is_lost(pair->anon, pair->file, steps / pair->part);
}

#define TESTS_MAX 32

int main(void)
{
	static struct pair pairs[TESTS_MAX] = {
		{ "anon-vma-chain", "interval-tree", 1 },
		{ "pte-chain", "pte-chain", 1 },
	};
	struct CMUnitTest tests[TESTS_MAX];
	char names[TESTS_MAX][80];
	size_t count = 2;

	for (const struct vas_anon_rmap_design *const *anon = vas_anon_rmap_designs();
	     *anon != NULL && count < TESTS_MAX; anon++)
		pairs[count++] = (struct pair){ (*anon)->name, "interval-tree", 10 };
	for (const struct vas_file_rmap_design *const *file = vas_file_rmap_designs();
	     *file != NULL && count < TESTS_MAX; file++)
		pairs[count++] = (struct pair){ "anon-vma-chain", (*file)->name, 10 };
	for (size_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "nothing is lost: %s, %s", pairs[i].anon,
			 pairs[i].file);
		tests[i] = (struct CMUnitTest){
			.name = names[i],
			.test_func = nothing_is_lost_with,
			.initial_state = &pairs[i],
		};
	}
	cmocka_set_test_filter(getenv("VAS_TEST"));
	return _cmocka_run_group_tests("threads", tests, count, NULL, NULL);
}
