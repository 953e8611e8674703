/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Chains of page-table entries, alone and under the front of walks, with real tables and frames.
 * VAS_SEED chooses the random run.
 */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "object/object.h"
#include "page/page.h"
#include "rmap/pte_chain.h"
#include "rmap/walk.h"

enum { PMAPS = 4, SLOTS = 600, FRAMES = 200 };

#define BASE UINT64_C(0x40000000)

struct fixture {
	struct vas_frames *frames;
	struct vas_pmap *pmaps[PMAPS];
	struct vas_pte_chains chains;
	struct vas_pool pool;
	struct vas_page *page;
	bool mapped[PMAPS][SLOTS];
	unsigned seen[PMAPS][SLOTS];
	size_t count, visits, stop_after;
	bool remove;
	uint64_t random;
};

static uint64_t pick(struct fixture *f, uint64_t bound)
{
	f->random = f->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (f->random >> 33) % bound;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *seed = getenv("VAS_SEED");

	f->random = seed != NULL ? strtoull(seed, NULL, 0) : 1;
	assert_int_equal(vas_frames_create(&vas_libc_allocator, FRAMES, &f->frames), 0);
	for (size_t i = 0; i < PMAPS; i++)
		assert_int_equal(
			vas_pmap_create(&vas_libc_allocator, f->frames, NULL, NULL, &f->pmaps[i]),
			0);
	vas_pool_init(&f->pool, &vas_libc_allocator);
	f->page = vas_frame_alloc(f->frames, VAS_PAGE_ANONYMOUS);
	*state = f;
	return 0;
}

static uint64_t address_of(size_t slot)
{
	return BASE + slot * VAS_PAGE_SIZE;
}

static uint64_t entry_value(const struct fixture *f)
{
	return (uint64_t)vas_frame_number(f->frames, f->page) << VAS_PAGE_SHIFT | VAS_PTE_PRESENT;
}

static void map(struct fixture *f, size_t pmap, size_t slot)
{
	struct vas_entry entry;

	assert_int_equal(vas_pmap_make(f->pmaps[pmap], address_of(slot), &entry), 0);
	assert_int_equal(vas_pte_chain_reserve(&f->pool, 1), 0);
	vas_pmap_lock(entry.table);
	(void)vas_entry_set(&entry, entry_value(f));
	vas_pte_chain_add(&f->chains, f->frames, f->page, &entry, &f->pool);
	__atomic_add_fetch(&f->page->mapcount, 1, __ATOMIC_RELAXED);
	vas_pmap_unlock(entry.table);
	vas_pool_trim(&f->pool, 4);
	f->mapped[pmap][slot] = true;
	f->count++;
}

static void unmap_locked(struct fixture *f, const struct vas_entry *entry, size_t pmap, size_t slot)
{
	(void)vas_entry_set(entry, 0);
	vas_pte_chain_remove(&f->chains, f->frames, f->page, entry, &f->pool);
	__atomic_sub_fetch(&f->page->mapcount, 1, __ATOMIC_RELAXED);
	f->mapped[pmap][slot] = false;
	f->count--;
}

static void unmap(struct fixture *f, size_t pmap, size_t slot)
{
	struct vas_entry entry;

	assert_true(vas_pmap_find(f->pmaps[pmap], address_of(slot), &entry));
	vas_pmap_lock(entry.table);
	unmap_locked(f, &entry, pmap, slot);
	vas_pmap_unlock(entry.table);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	for (size_t pmap = 0; pmap < PMAPS; pmap++)
		for (size_t slot = 0; slot < SLOTS; slot++)
			if (f->mapped[pmap][slot])
				unmap(f, pmap, slot);
	assert_int_equal(f->chains.nodes, 0);
	assert_int_equal(f->chains.records, 0);
	vas_pool_trim(&f->pool, 0);
	for (size_t i = 0; i < PMAPS; i++)
		vas_pmap_destroy(f->pmaps[i]);
	assert_null(f->page->rmap);
	vas_frame_free(f->frames, f->page);
	vas_frames_destroy(f->frames);
	free(f);
	return 0;
}

static bool visit(void *context, struct vas_pmap *pmap, uint64_t address,
		  const struct vas_entry *entry)
{
	struct fixture *f = context;
	size_t slot = (address - BASE) >> VAS_PAGE_SHIFT, at = 0;

	while (f->pmaps[at] != pmap)
		at++;
	assert_true(slot < SLOTS);
	assert_true(f->mapped[at][slot]);
	assert_int_equal(vas_entry_maps(vas_entry_read(entry)),
			 vas_frame_number(f->frames, f->page));
	f->seen[at][slot]++;
	if (f->remove && slot % 2 == 0)
		unmap_locked(f, entry, at, slot);
	return ++f->visits != f->stop_after;
}

static void walk(struct fixture *f)
{
	memset(f->seen, 0, sizeof(f->seen));
	f->visits = 0;
	(void)vas_pte_chain_walk(f->frames, f->page, visit, f);
}

static void assert_all_seen_once(struct fixture *f)
{
	for (size_t pmap = 0; pmap < PMAPS; pmap++)
		for (size_t slot = 0; slot < SLOTS; slot++)
			assert_int_equal(f->seen[pmap][slot], f->mapped[pmap][slot]);
}

static void a_page_mapped_once_needs_no_node(void **state)
{
	struct fixture *f = *state;

	map(f, 0, 5);
	assert_int_equal(f->chains.nodes, sizeof(void *) < sizeof(uint64_t));
	assert_int_equal(f->chains.records, 1);
	walk(f);
	assert_all_seen_once(f);
	map(f, 1, 6);
	assert_int_equal(f->chains.nodes, 1);
	walk(f);
	assert_all_seen_once(f);
}

static void seven_records_fill_a_node(void **state)
{
	struct fixture *f = *state;

	for (size_t slot = 0; slot < 7; slot++)
		map(f, 2, slot);
	assert_int_equal(f->chains.nodes, 1);
	map(f, 2, 7);
	assert_int_equal(f->chains.nodes, 2);
	assert_int_equal(vas_pte_chain_length(f->page), 8);
	unmap(f, 2, 3);
	assert_int_equal(f->chains.nodes, 1);
	walk(f);
	assert_all_seen_once(f);
}

static void a_walk_ends_when_the_visitor_says_so(void **state)
{
	struct fixture *f = *state;

	for (size_t slot = 0; slot < 30; slot++)
		map(f, 0, slot);
	f->stop_after = 11;
	walk(f);
	assert_int_equal(f->visits, 11);
	f->stop_after = 0;
	walk(f);
	assert_all_seen_once(f);
}

static void visitors_may_unmap(void **state)
{
	struct fixture *f = *state;

	for (size_t slot = 0; slot < 40; slot++)
		map(f, slot % PMAPS, slot);
	f->remove = true;
	walk(f);
	assert_int_equal(f->visits, 40);
	assert_int_equal(f->count, 20);
	f->remove = false;
	walk(f);
	assert_all_seen_once(f);
}

static void a_record_moves_with_its_entry(void **state)
{
	struct fixture *f = *state;
	struct vas_entry from, to;

	for (size_t slot = 0; slot < 9; slot += 4) { /* alone, with others */
		map(f, 0, slot);
		assert_true(vas_pmap_find(f->pmaps[0], address_of(slot), &from));
		assert_int_equal(vas_pmap_make(f->pmaps[1], address_of(slot + 1), &to), 0);
		(void)vas_entry_set(&to, vas_entry_set(&from, 0));
		vas_pte_chain_move(f->frames, f->page, &from, &to);
		f->mapped[0][slot] = false;
		f->mapped[1][slot + 1] = true;
		walk(f);
		assert_all_seen_once(f);
	}
}

static void random_chains_equal_a_table(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 20000; i++) {
		size_t pmap = pick(f, PMAPS), slot = pick(f, i % 4000 < 2000 ? SLOTS : 12);

		if (f->mapped[pmap][slot])
			unmap(f, pmap, slot);
		else
			map(f, pmap, slot);
		assert_int_equal(f->chains.records, f->count);
		if (i % 64 != 0)
			continue;
		assert_int_equal(vas_pte_chain_length(f->page), f->count);
		f->remove = pick(f, 8) == 0;
		walk(f);
		if (!f->remove)
			assert_all_seen_once(f);
	}
}

/* Threads. */

struct churn {
	struct fixture *f;
	size_t pmap;
	bool *stop;
};

/* Maps and unmaps the slots from 512 on, in a table of its own. */
static void *churn(void *argument)
{
	struct churn *churn = argument;
	struct fixture *f = churn->f;
	struct vas_pool pool;
	struct vas_entry entry;

	vas_pool_init(&pool, &vas_libc_allocator);
	for (size_t i = 0; !__atomic_load_n(churn->stop, __ATOMIC_RELAXED); i++) {
		if (vas_pte_chain_reserve(&pool, 1) != 0 ||
		    !vas_pmap_find(f->pmaps[churn->pmap], address_of(512 + i % 64), &entry))
			abort();
		vas_pmap_lock(entry.table);
		if (vas_entry_read(&entry) == 0) {
			(void)vas_entry_set(&entry, entry_value(f));
			vas_pte_chain_add(&f->chains, f->frames, f->page, &entry, &pool);
		} else {
			(void)vas_entry_set(&entry, 0);
			vas_pte_chain_remove(&f->chains, f->frames, f->page, &entry, &pool);
		}
		vas_pmap_unlock(entry.table);
		vas_pool_trim(&pool, 2);
	}
	for (size_t slot = 512; slot < 576; slot++) {
		(void)!vas_pmap_find(f->pmaps[churn->pmap], address_of(slot), &entry);
		vas_pmap_lock(entry.table);
		if (vas_entry_set(&entry, 0) != 0)
			vas_pte_chain_remove(&f->chains, f->frames, f->page, &entry, &pool);
		vas_pmap_unlock(entry.table);
	}
	vas_pool_trim(&pool, 0);
	return NULL;
}

static bool visit_steady(void *context, struct vas_pmap *pmap, uint64_t address,
			 const struct vas_entry *entry)
{
	struct fixture *f = context;
	size_t slot = (address - BASE) >> VAS_PAGE_SHIFT, at = 0;

	while (f->pmaps[at] != pmap)
		at++;
	if (vas_entry_maps(vas_entry_read(entry)) == 0)
		abort();
	f->seen[at][slot]++;
	return true;
}

static void what_stays_is_visited_once_while_others_change(void **state)
{
	struct fixture *f = *state;
	bool stop = false;
	struct churn churns[2] = { { f, 0, &stop }, { f, 1, &stop } };
	pthread_t threads[2];
	struct vas_entry entry;

	for (size_t slot = 0; slot < 50; slot++)
		map(f, slot % PMAPS, slot);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(vas_pmap_make(f->pmaps[i], address_of(512), &entry), 0);
	for (size_t i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, churn, &churns[i]);
	for (int i = 0; i < 2000; i++) {
		memset(f->seen, 0, sizeof(f->seen));
		(void)vas_pte_chain_walk(f->frames, f->page, visit_steady, f);
		for (size_t slot = 0; slot < 50; slot++)
			assert_int_equal(f->seen[slot % PMAPS][slot], 1);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

/* The front. Spaces are not looked into: any pointer will do. */

static struct fixture *front;

static struct vas_pmap *pmap_of(const struct vas_space *space)
{
	return front->pmaps[(const struct vas_pmap **)(uintptr_t)space -
			    (const struct vas_pmap **)(uintptr_t)front->pmaps];
}

static struct vas_space *space_of(struct fixture *f, size_t pmap)
{
	return (struct vas_space *)(void *)&f->pmaps[pmap];
}

/* Names the first 20 pages of every space. */
static void walk_everywhere(void *instance, struct vas_page *page, struct vas_anon_walk *walk)
{
	struct fixture *f = instance;

	(void)page;
	for (size_t pmap = 0; pmap < PMAPS; pmap++)
		for (size_t slot = 0; slot < 20; slot++) {
			walk->candidates++;
			if (!walk->visit(walk->context, space_of(f, pmap), address_of(slot)))
				return;
		}
}

static const struct vas_anon_rmap_design everywhere = { .name = "everywhere",
							.walk = walk_everywhere };

static uint32_t walk_front(struct fixture *f, struct vas_rmap *rmap)
{
	uint32_t hits;

	memset(f->seen, 0, sizeof(f->seen));
	f->visits = 0;
	vas_page_lock(f->page);
	hits = vas_rmap_walk(rmap, f->page, visit, f);
	vas_page_unlock(f->page);
	return hits;
}

static void the_front_tells_by_entries_who_maps_a_private_page(void **state)
{
	struct fixture *f = *state;
	struct vas_rmap rmap;
	struct vas_entry entry;

	front = f;
	vas_rmap_init(&rmap, f->frames, &everywhere, f, vas_file_rmap_find("list"), pmap_of);
	assert_false(vas_rmap_chained(&rmap, f->page));
	assert_int_equal(walk_front(f, &rmap), 0);
	map(f, 0, 3);
	map(f, 1, 19);
	map(f, 2, 7);
	/* on its way, it still is mapped */
	assert_true(vas_pmap_find(f->pmaps[1], address_of(19), &entry));
	(void)vas_entry_set(&entry, vas_migration_make(vas_entry_read(&entry)));
	assert_int_equal(walk_front(f, &rmap), 3);
	assert_all_seen_once(f);
	assert_int_equal(rmap.figures[0].candidates, 2 * 20 + 8);
	/* merged: exact */
	(void)vas_page_set(f->page, VAS_PAGE_MERGED);
	assert_true(vas_rmap_chained(&rmap, f->page));
	assert_int_equal(walk_front(f, &rmap), 3);
	assert_all_seen_once(f);
	assert_int_equal(rmap.figures[0].candidates, 2 * 20 + 8 + 3);
	assert_int_equal(rmap.figures[0].hits, 6);
	assert_int_equal(rmap.figures[0].walks, 2);
}

static void the_front_finds_pages_of_objects_by_their_map(void **state)
{
	struct fixture *f = *state;
	const struct vas_file_rmap_design *const *design = vas_file_rmap_designs();

	front = f;
	f->page->kind = VAS_PAGE_OBJECT;
	for (size_t slot = 100; slot < 300; slot += 2)
		map(f, slot % PMAPS, slot);
	for (; *design != NULL; design++) {
		struct vas_file_map *file_map = calloc(1, (*design)->map_bytes);
		struct vas_file_link *links[200];
		struct vas_object object = { .map = file_map };
		struct vas_pool pool;
		struct vas_rmap rmap;

		vas_pool_init(&pool, &vas_libc_allocator);
		vas_rmap_init(&rmap, f->frames, &everywhere, f, *design, pmap_of);
		vas_file_map_init(file_map, *design, &vas_libc_allocator);
		f->page->owner = &object;
		f->page->index = 77;
		for (size_t i = 0; i < 200; i++) {
			links[i] = calloc(1, (*design)->link_bytes);
			/* an area of 4 pages; the page is its second, third ... */
			links[i]->first = 77 - i % 4;
			links[i]->last = links[i]->first + 3;
			links[i]->start = address_of(100 + i - i % 4);
			links[i]->space = space_of(f, (100 + i) % PMAPS);
			if ((*design)->reserve != NULL)
				assert_int_equal((*design)->reserve(&pool, 1), 0);
			vas_file_map_insert(file_map, links[i], &pool);
			vas_pool_trim(&pool, 8);
		}
		assert_int_equal(walk_front(f, &rmap), 100);
		assert_all_seen_once(f);
		for (size_t i = 0; i < 200; i++) {
			if ((*design)->reserve != NULL)
				assert_int_equal((*design)->reserve(&pool, 1), 0);
			vas_file_map_remove(file_map, links[i], &pool);
			vas_pool_trim(&pool, 8);
			free(links[i]);
		}
		vas_file_map_destroy(file_map);
		vas_pool_trim(&pool, 0);
		free(file_map);
	}
	f->page->owner = NULL;
	f->page->kind = VAS_PAGE_ANONYMOUS;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_page_mapped_once_needs_no_node),
		TEST(seven_records_fill_a_node),
		TEST(a_walk_ends_when_the_visitor_says_so),
		TEST(visitors_may_unmap),
		TEST(a_record_moves_with_its_entry),
		TEST(random_chains_equal_a_table),
		TEST(what_stays_is_visited_once_while_others_change),
		TEST(the_front_tells_by_entries_who_maps_a_private_page),
		TEST(the_front_finds_pages_of_objects_by_their_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
