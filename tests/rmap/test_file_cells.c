/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* What the file reverse map `cells` promises of itself: how groups are kept, and what they take. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rmap/file_cells.h"
#include "rmap/file_designs.h"

#include "file_maps.h"

#define MOST   200 /* links of one range */
#define OTHERS 100 /* ranges beside it: then the tree has inner nodes */

static uint64_t seed;

/* A map whose allocator never fails. */
struct bed {
	struct cells_map map;
	struct vas_pool pool;
	struct cells_link *links[MOST + OTHERS];
	size_t count;
};

static void insert(struct bed *bed, uint64_t first, uint64_t last)
{
	struct cells_link *link = calloc(1, sizeof(*link));

	assert_non_null(link);
	link->head.first = first;
	link->head.last = last;
	bed->links[bed->count++] = link;
	vas_file_map_insert(&bed->map.head, &link->head, &bed->pool);
}

static void remove_last(struct bed *bed)
{
	struct cells_link *link = bed->links[--bed->count];

	vas_file_map_remove(&bed->map.head, &link->head, &bed->pool);
	free(link);
}

static void start(struct bed *bed, size_t others)
{
	*bed = (struct bed){ .count = 0 };
	vas_pool_init(&bed->pool, &vas_libc_allocator);
	vas_file_map_init(&bed->map.head, &vas_file_cells, &vas_libc_allocator);
	for (uint64_t i = 0; i < others; i++)
		insert(bed, 990 + i % 20, 1100 + i);
}

static void finish(struct bed *bed)
{
	while (bed->count > 0)
		remove_last(bed);
	vas_file_map_destroy(&bed->map.head);
	vas_pool_trim(&bed->pool, 0);
}

static void say(void *context, const char *text, size_t length)
{
	(void)context;
	print_error("%.*s", (int)length, text);
}

static bool count_visit(void *context, struct vas_file_link *link)
{
	(void)link;
	++*(size_t *)context;
	return true;
}

/* All `count` links that end at this page are visited. */
static void check(struct bed *bed, uint64_t last, size_t count)
{
	const struct vas_printer printer = { say, NULL };
	size_t visits = 0;
	struct vas_file_walk walk = {
		.first = last,
		.last = last,
		.visit = count_visit,
		.context = &visits,
	};

	assert_true(vas_cells_validate(&bed->map.head, &printer));
	(void)vas_file_map_walk(&bed->map.head, &walk);
	assert_int_equal(visits, count);
	assert_int_equal(walk.candidates, count);
}

enum kind { CHAIN, ARRAY, CHUNKS };

static enum kind kind_of(const struct bed *bed, uint64_t first, uint64_t last)
{
	struct cells_spot spot = vas_cells_find(&bed->map, cells_key(first, last));

	assert_non_null(spot.row);
	if (cells_group_is_chain(spot.row->group))
		return CHAIN;
	return cells_group_pack(spot.row->group)->wide ? CHUNKS : ARRAY;
}

static void groups_change_their_form_with_their_size(void **state)
{
	struct bed bed;

	(void)state;
	/* In a tree of one leaf, and in one with inner nodes. */
	for (size_t others = CELLS_FEW; others <= OTHERS; others += OTHERS - CELLS_FEW) {
		start(&bed, others);
		for (size_t count = 1; count <= MOST; count++) {
			insert(&bed, 10, 19);
			assert_int_equal(kind_of(&bed, 10, 19), count <= CELLS_CHAIN   ? CHAIN
								: count <= CELLS_SLOTS ? ARRAY
										       : CHUNKS);
			check(&bed, 19, count);
		}
		for (size_t count = MOST - 1; count > 0; count--) {
			remove_last(&bed);
			check(&bed, 19, count);
		}
		assert_int_equal(kind_of(&bed, 10, 19), CHAIN);
		finish(&bed);
	}
}

/* The oldest first, the newest, or any; and memory is missing now and then. */
static void groups_lose_links_in_any_order(void **state)
{
	(void)state;
	for (unsigned int way = 0; way < 3; way++) {
		struct file_maps *maps = file_maps_start("a group shrinks", &vas_file_cells, seed);

		for (uint64_t i = 0; i < OTHERS; i++)
			file_maps_insert(maps, 2, 990 + i % 20, 1100 + i);
		for (size_t count = 0; count < MOST; count++)
			file_maps_insert(maps, 1, 10, 19);
		/* A removal puts the last record where the other one was. */
		while (maps->count > OTHERS) {
			size_t left = maps->count - OTHERS,
			       at = way == 0   ? 0
				    : way == 1 ? left - 1
					       : (size_t)random_below(&maps->random, left);

			file_maps_remove(maps, maps->records[OTHERS + at]);
			file_maps_check(maps);
			file_maps_walk(maps, 15, 15);
		}
		file_maps_finish(maps);
	}
}

/* Programs that fork map a few ranges in each process, and the tree takes no more than 32 bytes for
 * each, a node in the link. */
static void forked_areas_take_less_than_a_node_each(void **state)
{
	struct bed bed;

	(void)state;
	for (size_t processes = 2; processes <= CELLS_SLOTS; processes++) {
		size_t bytes;

		start(&bed, 0);
		for (size_t i = 0; i < 5 * processes; i++)
			insert(&bed, i % 5 * 10, i % 5 * 10 + 9);
		check(&bed, 9, processes);
		bytes = vas_cells_bytes(&bed.map.head);
		/* But for a few words of the map's own. */
		if (bytes > sizeof(struct cells_map) + 32 * bed.count)
			fail_msg("%zu processes: %zu bytes for %zu links", processes, bytes,
				 bed.count);
		finish(&bed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_change_their_form_with_their_size),
		cmocka_unit_test(groups_lose_links_in_any_order),
		cmocka_unit_test(forked_areas_take_less_than_a_node_each),
	};

	seed = random_seed("file_cells");
	return cmocka_run_group_tests_name("file_cells", tests, NULL, NULL);
}
