/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Invariants of file reverse maps are broken on purpose; the validator must name each. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rmap/file_cell.h"
#include "rmap/file_cells.h"
#include "rmap/file_interval_tree.h"
#include "rmap/file_list.h"
#include "rmap/file_prio_tree.h"
#include "rmap/file_range_list.h"

/* Links 3n and 3n + 1 have pages 10n to 10n + 14, link 3n + 2 has page 10n. */
#define COUNT 90

struct bed {
	const struct vas_file_rmap_design *design;
	struct vas_file_map *map;
	struct vas_pool pool;
	struct vas_file_link *links[COUNT];
	char said[1024];
	size_t length;
};

static void listen(void *context, const char *text, size_t length)
{
	struct bed *bed = context;

	assert_true(bed->length + length < sizeof(bed->said));
	memcpy(bed->said + bed->length, text, length);
	bed->length += length;
	bed->said[bed->length] = '\0';
}

static bool validate(struct bed *bed)
{
	const struct vas_printer printer = { listen, bed };

	bed->length = 0;
	bed->said[0] = '\0';
	return bed->design->validate(bed->map, &printer);
}

static void make(struct bed *bed, const struct vas_file_rmap_design *design)
{
	memset(bed, 0, sizeof(*bed));
	bed->design = design;
	vas_pool_init(&bed->pool, &vas_libc_allocator);
	bed->map = malloc(design->map_bytes);
	assert_non_null(bed->map);
	vas_file_map_init(bed->map, design, &vas_libc_allocator);
	if (design->reserve != NULL)
		assert_int_equal(design->reserve(&bed->pool, COUNT), 0);
	for (size_t i = 0; i < COUNT; i++) {
		struct vas_file_link *link = malloc(design->link_bytes);

		assert_non_null(link);
		link->first = i / 3 * 10;
		link->last = link->first + (i % 3 < 2 ? 14 : 0);
		bed->links[i] = link;
		vas_file_map_insert(bed->map, link, &bed->pool);
	}
	assert_true(validate(bed));
	assert_int_equal(bed->length, 0);
}

static void unmake(struct bed *bed)
{
	assert_true(validate(bed));
	for (size_t i = 0; i < COUNT; i++) {
		vas_file_map_remove(bed->map, bed->links[i], &bed->pool);
		free(bed->links[i]);
	}
	vas_file_map_destroy(bed->map);
	vas_pool_trim(&bed->pool, 0);
	free(bed->map);
}

/* The map is broken now, and the validator says one line that begins with `id` and a colon. */
static void expect(struct bed *bed, const char *id)
{
	size_t length = strlen(id);

	assert_false(validate(bed));
	if (strncmp(bed->said, id, length) != 0 || bed->said[length] != ':')
		fail_msg("%s: expected %s, the validator said: %s", bed->design->name, id,
			 bed->said);
	assert_ptr_equal(strchr(bed->said, '\n'), bed->said + bed->length - 1);
}

/* Sets *word, expects the validator to name `id`, and sets it back. */
#define BREAK(bed, word, value, id)                                                                \
	do {                                                                                       \
		__typeof__(word) kept = (word);                                                    \
                                                                                                   \
		(word) = (value);                                                                  \
		expect(bed, id);                                                                   \
		(word) = kept;                                                                     \
	} while (0)

static void break_any(struct bed *bed)
{
	struct vas_file_link *link = bed->links[COUNT / 2];

	BREAK(bed, bed->map->count, COUNT + 1, "FRMAP-1");
	BREAK(bed, link->changed, 0, "FRMAP-2");
	BREAK(bed, link->changed, bed->map->changes + 1, "FRMAP-2");
}

static void list_invariants_are_checked(void **state)
{
	struct bed bed;
	struct list_link *link, *next;

	(void)state;
	make(&bed, &vas_file_list);
	break_any(&bed);
	link = (struct list_link *)bed.links[COUNT / 2];
	next = (struct list_link *)bed.links[COUNT / 2 + 1];
	BREAK(&bed, link->link.first, link->link.last + 1, "FRMAP-2");
	BREAK(&bed, link->place.prev, &next->place, "FRMAP-3");
	BREAK(&bed, link->place.next, next->place.next, "FRMAP-3");
	BREAK(&bed, link->link.changed, next->link.changed, "FRMAP-4");
	unmake(&bed);
}

static void range_list_invariants_are_checked(void **state)
{
	struct range_map *map;
	struct range_link *link;
	struct file_range *range;
	struct bed bed;

	(void)state;
	make(&bed, &vas_file_range_list);
	break_any(&bed);
	map = (struct range_map *)bed.map;
	link = (struct range_link *)bed.links[COUNT / 2];
	range = vas_container_of(link->place.prev, struct file_range, links);
	BREAK(&bed, map->range_count, COUNT, "FRMAP-1");
	BREAK(&bed, link->place.prev, link->place.next, "FRMAP-3");
	BREAK(&bed, range->place.prev, range->place.next, "FRMAP-3");
	BREAK(&bed, link->link.changed, bed.map->changes, "FRMAP-4");
	BREAK(&bed, range->first, 0, "FRMAP-5");
	BREAK(&bed, range->last, range->last + 1, "FRMAP-6");
	BREAK(&bed, link->link.last, link->link.last + 1, "FRMAP-6");
	unmake(&bed);
}

static void interval_tree_invariants_are_checked(void **state)
{
	struct vas_red_black *root, *leaf, *red;
	struct interval_link *link;
	struct bed bed;

	(void)state;
	make(&bed, &vas_file_interval_tree);
	break_any(&bed);
	root = ((struct interval_map *)bed.map)->root;
	leaf = vas_red_black_first(root);
	for (red = leaf; !vas_red_black_is_red(red);)
		red = vas_red_black_next(red);
	link = vas_container_of(leaf, struct interval_link, node);
	BREAK(&bed, leaf->parent_colour, (uintptr_t)root | (leaf->parent_colour & VAS_RED),
	      "FRMAP-7");
	BREAK(&bed, link->link.first, 5, "FRMAP-8");
	BREAK(&bed, link->link.changed, bed.map->changes, "FRMAP-8");
	BREAK(&bed, link->max, link->max + 1, "FRMAP-9");
	BREAK(&bed, link->link.last, link->link.last + 1, "FRMAP-9");
	BREAK(&bed, red->parent_colour, red->parent_colour & ~VAS_RED, "FRMAP-10");
	BREAK(&bed, root->parent_colour, VAS_RED, "FRMAP-11");
	unmake(&bed);
}

static void prio_tree_invariants_are_checked(void **state)
{
	struct prio_link *root, *node, *other;
	struct prio_map *map;
	struct bed bed;

	(void)state;
	make(&bed, &vas_file_prio_tree);
	break_any(&bed);
	map = (struct prio_map *)bed.map;
	root = map->root;
	node = root->left;
	other = node->others;
	assert_non_null(other);
	BREAK(&bed, node->parent, node->left, "FRMAP-7");
	BREAK(&bed, node->link.last, root->link.last + 1, "FRMAP-12");
	BREAK(&bed, node->link.first, node->link.first ^ (UINT64_C(1) << (map->bits - 1)),
	      "FRMAP-13");
	BREAK(&bed, map->bits, map->bits - 1, "FRMAP-13");
	BREAK(&bed, other->others, root, "FRMAP-14");
	BREAK(&bed, other->parent, node, "FRMAP-14");
	BREAK(&bed, other->link.last, other->link.last + 1, "FRMAP-14");
	BREAK(&bed, other->link.changed, node->link.changed, "FRMAP-4");
	unmake(&bed);
}

/* So many links get one range. Returns its group. */
static uint64_t gather_links(struct bed *bed, size_t count)
{
	struct cells_spot spot;

	for (size_t i = 0; i < count; i++)
		vas_file_map_resize(bed->map, bed->links[i], 5, 25, 0, &bed->pool);
	spot = vas_cells_find((struct cells_map *)bed->map, cells_key(5, 25));
	assert_non_null(spot.row);
	return spot.row->group;
}

static void cells_arrays_are_checked(void **state)
{
	struct cells_array *array;
	struct cells_link *link;
	struct cells_pack *pack;
	struct bed bed;

	(void)state;
	make(&bed, &vas_file_cells);
	break_any(&bed);
	pack = cells_group_pack(gather_links(&bed, 12));
	assert_false(pack->wide);
	array = cells_array(pack);
	link = (struct cells_link *)bed.links[11];
	BREAK(&bed, link->head.changed, bed.links[5]->changed, "FRMAP-4");
	BREAK(&bed, link->head.last, link->head.last + 1, "FRMAP-6");
	BREAK(&bed, link->place, ((struct cells_link *)bed.links[10])->place, "FRMAP-15");
	BREAK(&bed, array->links[3], link, "FRMAP-15");
	BREAK(&bed, pack->live, 0, "FRMAP-17");
	BREAK(&bed, pack->live, pack->live | UINT64_C(1) << pack->capacity, "FRMAP-17");
	BREAK(&bed, pack->wide, true, "FRMAP-17");
	unmake(&bed);
}

static void cells_chunks_are_checked(void **state)
{
	struct cells_chunk *chunk;
	struct cells_link *link;
	struct cells_pack *pack;
	struct bed bed;

	(void)state;
	make(&bed, &vas_file_cells);
	pack = cells_group_pack(gather_links(&bed, 60));
	assert_true(pack->wide);
	chunk = cells_chunk(pack);
	assert_non_null(chunk->older);
	link = (struct cells_link *)bed.links[59];
	BREAK(&bed, chunk->newer, chunk, "FRMAP-3");
	BREAK(&bed, chunk->older->newer, NULL, "FRMAP-3");
	BREAK(&bed, link->head.changed, bed.links[5]->changed, "FRMAP-4");
	BREAK(&bed, link->place, ((struct cells_link *)bed.links[58])->place, "FRMAP-15");
	BREAK(&bed, link->head.start, 4096, "FRMAP-16");
	BREAK(&bed, chunk->slots[0].space, (struct vas_space *)64, "FRMAP-16");
	BREAK(&bed, pack->live, 0, "FRMAP-17");
	BREAK(&bed, pack->live, pack->live | UINT64_C(1) << pack->capacity, "FRMAP-17");
	BREAK(&bed, pack->wide, false, "FRMAP-17");
	unmake(&bed);
}

static void cells_tree_invariants_are_checked(void **state)
{
	struct cells_inner *root;
	struct cells_link *link;
	struct cells_leaf *leaf;
	struct cells_map *map;
	struct cells_spot spot;
	struct bed bed;

	(void)state;
	make(&bed, &vas_file_cells);
	map = (struct cells_map *)bed.map;
	root = cells_inner(map->root);
	assert_int_equal(root->node.level, 1);
	link = (struct cells_link *)bed.links[2];
	spot = vas_cells_find(map, cells_key(link->head.first, link->head.last));
	leaf = spot.leaf;
	assert_non_null(spot.row);
	assert_ptr_equal(root->children[0].node, &leaf->node);
	BREAK(&bed, link->place, (uintptr_t)bed.links[3], "FRMAP-15");
	BREAK(&bed, link->place, link->place + 64, "FRMAP-15");
	BREAK(&bed, leaf->node.parent, NULL, "FRMAP-7");
	BREAK(&bed, root->children[0].max, root->children[0].max + 1000, "FRMAP-9");
	BREAK(&bed, root->children[0].max, 1, "FRMAP-9");
	BREAK(&bed, leaf->node.top, CELLS_NO_TOP, "FRMAP-9");
	BREAK(&bed, root->children[root->node.count - 1].max, 1, "FRMAP-9");
	BREAK(&bed, root->children[0].key, 1, "FRMAP-5");
	BREAK(&bed, root->children[2].key, 1, "FRMAP-5");
	BREAK(&bed, spot.row->key, root->children[1].key, "FRMAP-5");
	BREAK(&bed, spot.row->key, spot.row->key + 1, "FRMAP-18");
	BREAK(&bed, link->head.last, link->head.last + 1, "FRMAP-6");
	BREAK(&bed, spot.row->group, 0, "FRMAP-6");
	BREAK(&bed, spot.row->group, spot.row->group + 1, "FRMAP-6");
	BREAK(&bed, leaf->node.live, leaf->node.live & (leaf->node.live - 1), "FRMAP-18");
	BREAK(&bed, leaf->node.level, 1, "FRMAP-18");
	BREAK(&bed, leaf->node.count, 0, "FRMAP-18");
	BREAK(&bed, leaf->node.count, leaf->node.capacity + 1, "FRMAP-18");
	BREAK(&bed, *cells_tags(leaf), 0, "FRMAP-18");
	vas_file_map_resize(bed.map, bed.links[89], 7, UINT64_C(1) << 40, 0, &bed.pool);
	leaf = vas_cells_find(map, cells_key(7, UINT64_C(1) << 40)).leaf;
	BREAK(&bed, leaf->node.vast, false, "FRMAP-18");
	unmake(&bed);
}

static void break_cells(const struct vas_file_rmap_design *design)
{
	struct cell_link *link;
	struct cell *cell;
	struct bed bed;

	make(&bed, design);
	break_any(&bed);
	link = (struct cell_link *)bed.links[COUNT / 2];
	cell = link->entry.cell;
	assert_non_null(link->entry.next);
	BREAK(&bed, link->head.first, link->head.first + 1, "FRMAP-6");
	BREAK(&bed, link->entry.next, NULL, "FRMAP-19");
	BREAK(&bed, link->entry.next, link->entry.next->next, "FRMAP-19");
	BREAK(&bed, cell->begin, cell->begin + 1, "FRMAP-20");
	BREAK(&bed, cell->end, cell->end + 1, "FRMAP-20");
	unmake(&bed);
}

static void cell_invariants_are_checked(void **state)
{
	(void)state;
	break_cells(&vas_file_cell_list);
	break_cells(&vas_file_cell_tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_invariants_are_checked),
		cmocka_unit_test(range_list_invariants_are_checked),
		cmocka_unit_test(interval_tree_invariants_are_checked),
		cmocka_unit_test(prio_tree_invariants_are_checked),
		cmocka_unit_test(cells_arrays_are_checked),
		cmocka_unit_test(cells_chunks_are_checked),
		cmocka_unit_test(cells_tree_invariants_are_checked),
		cmocka_unit_test(cell_invariants_are_checked),
	};

	return cmocka_run_group_tests_name("file_rmap_validate", tests, NULL, NULL);
}
