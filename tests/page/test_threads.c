/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Pages and page tables under several threads. */

#include <vas/pmap.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/lock.h"
#include "page/page.h"

#define THREADS 3
#define FRAMES	64
#define ROUNDS	(VAS_CHECKS >= 1 ? 5000 : 40000)
#define PAGES	64 /* of each thread, all over four last-level tables */

struct world {
	struct vas_frames *frames;
	struct vas_pmap *pmap;
	struct vas_page *page;
	struct vas_shared_lock lock; /* the space's */
	unsigned count;		     /* changed with the page's lock */
	unsigned wrong;
};

struct worker {
	struct world *world;
	unsigned number, seed;
	uint64_t twin[PAGES];
	pthread_t thread;
};

static void set_up(struct world *world)
{
	*world = (struct world){ 0 };
	assert_int_equal(vas_frames_create(&vas_libc_allocator, FRAMES, &world->frames), 0);
}

static void in_threads(struct world *world, void *(*body)(void *))
{
	struct worker workers[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .world = world, .number = i, .seed = i };
		assert_int_equal(pthread_create(&workers[i].thread, NULL, body, &workers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
	assert_int_equal(world->wrong, 0);
}

static unsigned draw(struct worker *worker, unsigned below)
{
	worker->seed = worker->seed * 1103515245u + 12345u;
	return (worker->seed >> 16) % below;
}

static void wrong(struct world *world)
{
	__atomic_add_fetch(&world->wrong, 1, __ATOMIC_RELAXED);
}

static void *lock_page(void *data)
{
	struct worker *worker = data;
	struct world *world = worker->world;

	for (unsigned i = 0; i < ROUNDS; i++) {
		if (i % 2 == 0)
			vas_page_lock(world->page);
		else
			while (!vas_page_trylock(world->page))
				continue;
		world->count++;
		/* Other flags may change meanwhile. */
		(void)vas_page_set(world->page, VAS_PAGE_DIRTY);
		vas_page_unlock(world->page);
		(void)vas_page_clear(world->page, VAS_PAGE_DIRTY);
	}
	return NULL;
}

static void a_page_s_lock_lets_one_thread_in(void **state)
{
	struct world world;

	(void)state;
	set_up(&world);
	world.page = vas_frame_alloc(world.frames, VAS_PAGE_ANONYMOUS);
	in_threads(&world, lock_page);
	assert_int_equal(world.count, THREADS * ROUNDS);
	assert_int_equal(vas_page_flags(world.page), 0);
	vas_frame_free(world.frames, world.page);
	vas_frames_destroy(world.frames);
}

/* Who freezes the page has it alone, whatever the others try. */
static void *look_or_freeze(void *data)
{
	struct worker *worker = data;
	struct world *world = worker->world;

	for (unsigned i = 0; i < ROUNDS; i++) {
		if (draw(worker, 4) == 0) {
			if (vas_page_freeze(world->page, 1)) {
				world->count++;
				vas_page_unfreeze(world->page, 1);
			}
		} else if (vas_page_try_get(world->page)) {
			/* Nobody changes it while we look. */
			unsigned before = world->count;

			if (world->count != before)
				wrong(world);
			if (vas_page_drop(world->page))
				wrong(world); /* one reference is the test's */
		}
	}
	return NULL;
}

static void a_frozen_page_is_got_by_nobody(void **state)
{
	struct world world;

	(void)state;
	set_up(&world);
	world.page = vas_frame_alloc(world.frames, VAS_PAGE_ANONYMOUS);
	in_threads(&world, look_or_freeze);
	assert_true(world.count > 0);
	assert_int_equal(vas_page_references(world.page), 1);
	vas_frame_free(world.frames, world.page);
	vas_frames_destroy(world.frames);
}

/* The threads' pages lie side by side, so that they make and use the same tables. */
static uint64_t address_of(const struct worker *worker, unsigned page)
{
	return UINT64_C(0x7f0000000000) + ((uint64_t)page * 32 + worker->number) * VAS_PAGE_SIZE;
}

static void set_entry(struct worker *worker, unsigned page, uint64_t value)
{
	struct vas_entry entry;

	if (vas_pmap_make(worker->world->pmap, address_of(worker, page), &entry) != 0) {
		wrong(worker->world);
		return;
	}
	vas_pmap_lock(entry.table);
	if ((vas_entry_set(&entry, value) | VAS_PTE_ACCESSED | VAS_PTE_DIRTY) !=
	    (worker->twin[page] | VAS_PTE_ACCESSED | VAS_PTE_DIRTY))
		wrong(worker->world);
	vas_pmap_unlock(entry.table);
	worker->twin[page] = value;
}

static bool count_entry(void *data, uint64_t address, const struct vas_entry *entry)
{
	(void)address;
	*(unsigned *)data += vas_entry_read(entry) != 0;
	return true;
}

/* Faults (the space's lock, shared), calls that free tables (alone), walks (neither). */
static void *use_tables(void *data)
{
	struct worker *worker = data;
	struct world *world = worker->world;
	const uint64_t start = UINT64_C(0x7f0000000000), end = start + (UINT64_C(1) << 24);

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned page = draw(worker, PAGES), slot, entries = 0;
		uint64_t faulting;

		switch (draw(worker, 64)) {
		case 0:
			vas_shared_lock_write(&world->lock);
			for (unsigned j = 0; j < PAGES; j++)
				set_entry(worker, j, 0);
			vas_pmap_trim(world->pmap, start, end);
			vas_shared_unlock_write(&world->lock);
			break;
		case 1:
			vas_pmap_walk_lock(world->pmap);
			vas_pmap_each(world->pmap, start, end, count_entry, &entries);
			vas_pmap_walk_unlock(world->pmap);
			if (entries > THREADS * PAGES)
				wrong(world);
			break;
		default:
			slot = vas_shared_lock_read(&world->lock);
			if (draw(worker, 2) == 0)
				set_entry(worker, page,
					  (uint64_t)(draw(worker, FRAMES) + 1) << VAS_PAGE_SHIFT |
						  VAS_PTE_PRESENT | VAS_PTE_USER | VAS_PTE_WRITE);
			else if ((vas_pmap_access(world->pmap, address_of(worker, page), true,
						  false, &faulting) != 0) !=
				 (worker->twin[page] != 0))
				wrong(world);
			vas_shared_unlock_read(&world->lock, slot);
		}
	}
	vas_shared_lock_write(&world->lock);
	for (unsigned j = 0; j < PAGES; j++)
		set_entry(worker, j, 0);
	vas_shared_unlock_write(&world->lock);
	return NULL;
}

static void threads_share_page_tables(void **state)
{
	struct vas_frame_counts counts;
	struct world world;

	(void)state;
	set_up(&world);
	assert_int_equal(
		vas_pmap_create(&vas_libc_allocator, world.frames, NULL, NULL, &world.pmap), 0);
	in_threads(&world, use_tables);
	assert_true(vas_pmap_validate(world.pmap, NULL));
	vas_pmap_destroy(world.pmap);
	vas_frames_count(world.frames, &counts);
	assert_int_equal(counts.free, FRAMES);
	vas_frames_destroy(world.frames);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_s_lock_lets_one_thread_in),
		cmocka_unit_test(a_frozen_page_is_got_by_nobody),
		cmocka_unit_test(threads_share_page_tables),
	};

	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
