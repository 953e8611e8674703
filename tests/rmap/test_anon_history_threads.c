/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The older anonymous designs under several threads: spaces change, fork and end while others
 * fault in them, bind, restore and re-use pages, move them, search for them and drop them. Places
 * are not compared with entries here (test_anon_rmap.c does); what is left is seen by the
 * sanitizers, the ranks of locks, and the validators at the end.
 *
 * VAS_SEED chooses the run.
 */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vas/space.h>

#include "rmap/anon_designs.h"

enum { SPACES = 6, PAGES = 64, THREADS = 4, STEPS = 40000, WINDOW = 32, LONGEST = 8, HITS = 50 };

#define BASE UINT64_C(0x40000000)

/* A page that may be bound, and a slot that may remember it. */
struct item {
	pthread_mutex_t lock;
	struct vas_page page;
	struct vas_binding saved;
	bool bound, out;
};

struct seat {
	pthread_rwlock_t lock;
	struct vas_space *space;
};

struct work {
	const struct vas_anon_rmap_design *design;
	void *instance;
	struct vas_settings settings;
	struct seat seats[SPACES];
	struct item items[PAGES];
};

struct worker {
	struct work *work;
	uint64_t random;
};

static _Thread_local struct worker *self;

static uint64_t pick(uint64_t bound)
{
	self->random = self->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (self->random >> 33) % bound;
}

static uint64_t some_address(void)
{
	return BASE + pick(WINDOW) * VAS_PAGE_SIZE;
}

static struct item *lock_item(struct work *work)
{
	struct item *item = &work->items[pick(PAGES)];

	pthread_mutex_lock(&item->lock);
	return item;
}

/* => its lock */
static void unbind(struct work *work, struct item *item)
{
	if (item->bound && work->design->unbind != NULL)
		work->design->unbind(work->instance, &item->page);
	item->bound = false;
	memset(&item->page, 0, sizeof(item->page));
}

static void forget(struct work *work, struct item *item)
{
	if (item->out && work->design->forget != NULL)
		work->design->forget(work->instance, &item->saved);
	item->out = false;
}

/* The machine's listener: pages, whichever, are moved with the areas. */
static void on_apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	struct work *work = data;

	(void)space;
	if (op->kind != VAS_OP_MOVE || work->design->moved == NULL)
		return;
	for (uint64_t i = 0; i < op->end - op->start; i += VAS_PAGE_SIZE) {
		struct item *item = lock_item(work);

		item->page.mapcount = 1 + (int32_t)pick(2);
		if (item->bound)
			work->design->moved(work->instance, &item->page, NULL, op->area,
					    op->from + i, op->start + i);
		if (item->out)
			work->design->moved(work->instance, NULL, &item->saved, op->area,
					    op->from + i, op->start + i);
		pthread_mutex_unlock(&item->lock);
	}
}

static const struct vas_listener mover = { .apply = on_apply };

static struct vas_space *new_space(struct work *work)
{
	struct vas_space_config config;
	struct vas_space *space;

	vas_space_default(&config, &work->settings);
	config.listeners[0].listener = work->design->listener;
	config.listeners[0].data = work->instance;
	config.listeners[1].listener = &mover;
	config.listeners[1].data = work;
	assert_int_equal(vas_space_create(&config, &space), 0);
	return space;
}

/* The child takes another one's seat. => the parent's seat, alone */
static void fork_into(struct vas_space *parent, struct seat *seat)
{
	if (pthread_rwlock_trywrlock(&seat->lock) != 0)
		return;
	vas_space_destroy(seat->space);
	if (vas_fork(parent, &seat->space) != 0)
		abort();
	pthread_rwlock_unlock(&seat->lock);
}

/* What the calls answer is of no matter here. */
static void change(struct work *work)
{
	struct seat *seat = &work->seats[pick(SPACES)];
	uint64_t address = some_address(), length = (1 + pick(LONGEST)) * VAS_PAGE_SIZE;
	struct vas_map map = { .length = length,
			       .prot = VAS_READ | VAS_WRITE,
			       .flags = VAS_PRIVATE | VAS_ANONYMOUS | VAS_FIXED };
	struct vas_remap remap = { .old = address,
				   .old_length = length,
				   .new_length = length,
				   .flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED,
				   .new_address = some_address() };
	int err = 0;

	pthread_rwlock_wrlock(&seat->lock);
	switch (pick(7)) {
	case 0:
		err = vas_unmap(seat->space, address, length);
		break;
	case 1:
		err = vas_remap(seat->space, &remap, &address);
		break;
	case 2:
		err = vas_protect(seat->space, address, length,
				  pick(2) == 0 ? VAS_READ : VAS_READ | VAS_WRITE, -1);
		break;
	case 3:
		err = vas_touch(seat->space, address, VAS_ACCESS_WRITE);
		break;
	case 4:
		fork_into(seat->space, &work->seats[pick(SPACES)]);
		break;
	default:
		err = vas_map(seat->space, &map, &address);
		break;
	}
	(void)err;
	pthread_rwlock_unlock(&seat->lock);
}

/* => the space's lock, shared; prepared */
static void fill(struct work *work, struct vas_area *area)
{
	const struct vas_anon_rmap_design *design = work->design;
	uint64_t address = area->range.start + pick(vas_area_pages(area)) * VAS_PAGE_SIZE;
	struct item *item = lock_item(work);

	if (item->bound && design->reuse != NULL && pick(2) == 0) {
		design->reuse(work->instance, &item->page, area, address);
	} else if (!item->bound && item->out && design->restore != NULL) {
		design->restore(work->instance, &item->page, area, address, pick(2) == 0,
				&item->saved);
	} else {
		unbind(work, item);
		design->bind(work->instance, &item->page, area, address);
	}
	item->bound = true;
	pthread_mutex_unlock(&item->lock);
}

static void fault(struct work *work)
{
	struct seat *seat = &work->seats[pick(SPACES)];
	struct vas_area *area;

	pthread_rwlock_rdlock(&seat->lock);
	area = vas_find_ge(seat->space, some_address());
	if (area != NULL && work->design->prepare(work->instance, area) == 0)
		fill(work, area);
	pthread_rwlock_unlock(&seat->lock);
}

static bool visit(void *context, struct vas_space *space, uint64_t address)
{
	(void)space;
	(void)address;
	return ++*(int *)context < HITS;
}

static void search(struct work *work)
{
	const struct vas_anon_rmap_design *design = work->design;
	struct item *item = lock_item(work);
	int hits = 0;
	struct vas_anon_walk walk = { .visit = visit, .context = &hits };

	if (item->bound) {
		design->walk(work->instance, &item->page, &walk);
		if (pick(8) == 0 && design->save != NULL) {
			forget(work, item);
			design->save(work->instance, &item->page, &item->saved);
			item->out = true;
		}
		if (pick(8) == 0)
			unbind(work, item);
	}
	pthread_mutex_unlock(&item->lock);
}

static void *run(void *context)
{
	self = context;
	for (int i = 0; i < STEPS; i++) {
		uint64_t deed = pick(8);

		if (deed == 0)
			change(self->work);
		else if (deed < 4)
			fault(self->work);
		else
			search(self->work);
	}
	return NULL;
}

static struct work *begin(const struct vas_anon_rmap_design *design)
{
	struct work *work = calloc(1, sizeof(*work));
	struct vas_anon_rmap_config config = { .allocator = &vas_libc_allocator };

	assert_non_null(work);
	work->design = design;
	vas_settings_default(&work->settings);
	config.settings = &work->settings;
	assert_int_equal(design->create(&config, &work->instance), 0);
	for (int i = 0; i < SPACES; i++) {
		pthread_rwlock_init(&work->seats[i].lock, NULL);
		work->seats[i].space = new_space(work);
	}
	for (int i = 0; i < PAGES; i++)
		pthread_mutex_init(&work->items[i].lock, NULL);
	return work;
}

static void end(struct work *work)
{
	struct vas_anon_rmap_counts counts;

	assert_true(work->design->validate(work->instance, NULL));
	for (int i = 0; i < PAGES; i++) {
		unbind(work, &work->items[i]);
		forget(work, &work->items[i]);
		pthread_mutex_destroy(&work->items[i].lock);
	}
	for (int i = 0; i < SPACES; i++) {
		vas_space_destroy(work->seats[i].space);
		pthread_rwlock_destroy(&work->seats[i].lock);
	}
	work->design->count(work->instance, &counts);
	assert_int_equal(counts.records, 0);
	work->design->destroy(work->instance);
	free(work);
}

static void designs_bear_several_threads(void **state)
{
	const struct vas_anon_rmap_design *const designs[] = {
		&vas_anon_vma_design,	 &vas_private_ring_design, &vas_area_inode_design,
		&vas_space_inode_design, &vas_anonmm_design,	   &vas_anonmm_copy_design,
	};
	const char *seed = getenv("VAS_SEED");
	uint64_t first = seed != NULL ? strtoull(seed, NULL, 0) : 1;

	(void)state;
	for (size_t i = 0; i < sizeof(designs) / sizeof(designs[0]); i++) {
		struct work *work = begin(designs[i]);
		struct worker workers[THREADS];
		pthread_t threads[THREADS];

		print_message("# VAS_SEED=%llu %s\n", (unsigned long long)first, designs[i]->name);
		for (uint64_t t = 0; t < THREADS; t++) {
			workers[t] = (struct worker){ work, (first * THREADS + t) * 2 + 1 };
			assert_int_equal(pthread_create(&threads[t], NULL, run, &workers[t]), 0);
		}
		for (int t = 0; t < THREADS; t++)
			pthread_join(threads[t], NULL);
		end(work);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(designs_bear_several_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
