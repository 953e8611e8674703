/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Every invariant of docs/invariants.md is broken on purpose; the validator must name it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "index_model.h"

#include "tree/binary.h"
#include "tree/btree.h"
#include "tree/list.h"

#define COUNT ((size_t)2000)

/* An index with ranges [100 * i + 50, 100 * i + 110 or 100), and what its validator last said. */
struct bed {
	struct vas_index *index;
	struct vas_range *ranges[COUNT];
	size_t link_bytes;
	char said[4096];
	size_t length;
};

static void listen(void *context, const char *text, size_t length)
{
	struct bed *bed = context;
	size_t room = sizeof(bed->said) - 1 - bed->length;

	length = length < room ? length : room;
	memcpy(bed->said + bed->length, text, length);
	bed->length += length;
	bed->said[bed->length] = '\0';
}

static bool validate(struct bed *bed)
{
	const struct vas_printer printer = { listen, bed };

	bed->length = 0;
	bed->said[0] = '\0';
	return vas_index_validate(bed->index, &printer);
}

static struct bed *bed_create(const char *design)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	bed->link_bytes = vas_index_link_bytes(design);
	assert_int_equal(vas_index_create(design, &vas_libc_allocator, &bed->index), 0);
	for (size_t i = 0; i < COUNT; i++) {
		/* Holes of many sizes, some of none. */
		uint64_t length = 60 + i * 7 % 41;

		bed->ranges[i] = range_create(bed->link_bytes, 100 * i + 50, 100 * i + 50 + length);
	}
	assert_int_equal(vas_index_load(bed->index, bed->ranges, COUNT), 0);
	assert_true(validate(bed));
	assert_int_equal(bed->length, 0);
	return bed;
}

static void bed_destroy(struct bed *bed)
{
	assert_true(validate(bed));
	vas_index_destroy(bed->index);
	for (size_t i = 0; i < COUNT; i++)
		range_free(bed->link_bytes, bed->ranges[i]);
	free(bed);
}

/* The index is broken now, and the validator's first words are `id` and a colon. */
static void expect(struct bed *bed, const char *id)
{
	size_t length = strlen(id);

	assert_false(validate(bed));
	if (strncmp(bed->said, id, length) != 0 || bed->said[length] != ':')
		fail_msg("expected %s, the validator said: %s", id, bed->said);
	assert_int_equal(bed->said[bed->length - 1], '\n');
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

static void break_ranges(struct bed *bed, const char *id)
{
	struct vas_range *range = bed->ranges[COUNT / 3];

	BREAK(bed, range->end, range->start, id);
	BREAK(bed, range->end, bed->ranges[COUNT / 3 + 1]->start + 1, id);
	BREAK(bed, range->start, bed->ranges[COUNT / 3 - 1]->end - 1, id);
	BREAK(bed, bed->index->count, COUNT + 1, "INDEX-2");
}

static void break_binary(struct bed *bed)
{
	struct vas_binary_index *tree = vas_binary_index(bed->index);
	struct vas_binary *node = vas_binary_of(bed->ranges[COUNT / 3]);

	break_ranges(bed, "INDEX-1");
	BREAK(bed, node->next, node->prev, "INDEX-3");
	BREAK(bed, node->prev, NULL, "INDEX-3");
	BREAK(bed, tree->last, tree->first, "INDEX-3");
	BREAK(bed, tree->first, NULL, "INDEX-3");
	BREAK(bed, node->parent_tag, (uintptr_t)tree->root->left | vas_binary_tag(node), "INDEX-4");
	BREAK(bed, node->gap, node->gap + 1, "INDEX-5");
	BREAK(bed, tree->root->gap, 1, "INDEX-5");
}

/* A node with two children, neither the root nor right above a leaf. */
static struct vas_binary *inner_node(struct bed *bed)
{
	struct vas_binary *root = vas_binary_index(bed->index)->root;

	return root->left->right;
}

static void rbtree_invariants_are_checked(void **state)
{
	struct bed *bed = bed_create("rbtree");
	struct vas_binary *node = inner_node(bed);
	struct vas_binary *leaf = vas_binary_index(bed->index)->first;

	(void)state;
	break_binary(bed);
	/* Black becomes red, with black children: a black node is missing. */
	assert_int_equal(vas_binary_tag(node), 1);
	BREAK(bed, node->parent_tag, node->parent_tag & ~VAS_BINARY_TAG, "INDEX-6");
	/* A red leaf whose parent becomes red, and its sibling's side lower. */
	assert_int_equal(vas_binary_tag(leaf), 0);
	BREAK(bed, vas_binary_parent(leaf)->parent_tag,
	      vas_binary_parent(leaf)->parent_tag & ~VAS_BINARY_TAG, "INDEX-7");
	bed_destroy(bed);
}

static void avl_invariants_are_checked(void **state)
{
	struct bed *bed = bed_create("avl");
	struct vas_binary *node = inner_node(bed);

	(void)state;
	break_binary(bed);
	BREAK(bed, node->parent_tag, node->parent_tag ^ 1, "INDEX-9");
	bed_destroy(bed);
}

static void break_list(struct bed *bed)
{
	struct vas_list_index *list = vas_list_index(bed->index);
	struct vas_list_link *link = vas_list_of(bed->ranges[COUNT / 3]);

	break_ranges(bed, "INDEX-1");
	BREAK(bed, link->prev, link->next, "INDEX-3");
	BREAK(bed, list->last, list->first, "INDEX-3");
}

static void list_invariants_are_checked(void **state)
{
	struct bed *bed = bed_create("list");

	(void)state;
	break_list(bed);
	bed_destroy(bed);
}

static void list_cache_invariants_are_checked(void **state)
{
	struct bed *bed = bed_create("list-cache");
	struct vas_list_cache *cache = vas_list_cache_of(bed->index);
	const struct vas_gap up = { .length = 45, .low = 1, .high = 1 << 30 };
	const struct vas_gap down = {
		.length = 45,
		.low = 100,
		.high = 100 * COUNT,
		.direction = VAS_TOP_DOWN,
	};
	uint64_t address;

	(void)state;
	break_list(bed);
	/* Holes are 40 at most but for the first, so both go all the way. */
	assert_true(vas_index_gap(bed->index, &up, &address));
	assert_true(vas_index_gap(bed->index, &up, &address));
	assert_false(vas_index_gap(bed->index, &down, &address));
	BREAK(bed, cache->up.near, NULL, "INDEX-8");
	BREAK(bed, cache->up.hole, 1, "INDEX-16");
	cache->down.place = 1000;
	BREAK(bed, cache->down.hole, 1, "INDEX-16");
	bed_destroy(bed);
}

/* The leaf with the range of that number. */
static struct vas_btree_node *leaf_of(struct bed *bed, size_t number)
{
	struct vas_btree_node *leaf = &vas_btree_of(bed->index)->first;

	for (; leaf != NULL; leaf = vas_btree_child(leaf, 0)) {
		unsigned int entries = vas_btree_entries(leaf);

		for (unsigned int i = 1; i <= entries; i++) {
			if (vas_btree_range(leaf, i) == bed->ranges[number])
				return leaf;
		}
	}
	fail_msg("range %zu is in no leaf", number);
	return NULL;
}

static void break_leaf(struct bed *bed)
{
	struct vas_btree_node *leaf = leaf_of(bed, COUNT / 3);
	unsigned int entries = vas_btree_entries(leaf);

	BREAK(bed, leaf->key[2], leaf->key[3], "INDEX-1");
	BREAK(bed, leaf->key[entries + 1], 1, "INDEX-10");
	BREAK(bed, leaf->side[entries + 1], 1, "INDEX-10");
	BREAK(bed, leaf->link[entries + 1], leaf->link[entries], "INDEX-10");
	BREAK(bed, leaf->link[2], 0, "INDEX-10");
	BREAK(bed, leaf->link[2], leaf->link[3], "INDEX-12");
	BREAK(bed, leaf->key[2], leaf->key[2] + 1, "INDEX-12");
	BREAK(bed, leaf->side[2], leaf->side[2] - 1, "INDEX-12");
	BREAK(bed, leaf->side[0], leaf->side[0] - 1, "INDEX-14");
	BREAK(bed, leaf->link[0], vas_btree_link(leaf), "INDEX-3");
}

static void btree_invariants_are_checked(void **state)
{
	struct bed *bed = bed_create("btree");
	struct vas_btree *tree = vas_btree_of(bed->index);
	struct vas_btree_node *root = tree->root, *leaf, copy;
	struct vas_range *range = bed->ranges[COUNT / 3];

	(void)state;
	assert_true(tree->height >= 2);
	/* The leaf's own copy is what is ordered; a range that differs from it is seen before. */
	break_ranges(bed, "INDEX-12");
	leaf = leaf_of(bed, COUNT / 3);
	for (unsigned int i = 1; i < vas_btree_entries(leaf); i++) {
		if (vas_btree_range(leaf, i) != range)
			continue;
		/* Both copies agree, and overlap the next range. */
		range->end = leaf->key[i] + 1;
		BREAK(bed, leaf->side[i], leaf->key[i] + 1, "INDEX-1");
		range->end = leaf->side[i];
	}
	break_leaf(bed);
	BREAK(bed, tree->last, &tree->first, "INDEX-3");
	BREAK(bed, root->side[0], root->side[0] + 1, "INDEX-5");
	BREAK(bed, vas_btree_child(root, 1)->side[2], 1000, "INDEX-5");
	BREAK(bed, root->side[vas_btree_entries(root) + 1], 1, "INDEX-5");
	BREAK(bed, root->key[0], root->key[0] - 1, "INDEX-13");
	BREAK(bed, tree->end, tree->end + 1, "INDEX-14");
	BREAK(bed, tree->nodes[0], tree->nodes[0] + 1, "INDEX-15");
	BREAK(bed, tree->spares, tree->spares + 1, "INDEX-15");

	/* A leaf with all but its first ranges taken away without the index's knowledge. */
	leaf = leaf_of(bed, COUNT / 2);
	copy = *leaf;
	vas_btree_drop(leaf, 0, VAS_BTREE_MIN - 1, vas_btree_entries(leaf));
	expect(bed, "INDEX-11");
	*leaf = copy;

	/* A change leaves a way to it. */
	vas_index_resize(bed->index, range, range->start, range->end - 1);
	assert_true(validate(bed));
	BREAK(bed, tree->way.node[0], &tree->first, "INDEX-17");
	BREAK(bed, tree->way.slot[0], 32, "INDEX-17");
	BREAK(bed, tree->way.slot[1], tree->way.slot[1] ^ 1, "INDEX-17");
	bed_destroy(bed);
}

static void an_index_prints_itself(void **state)
{
	const char *const *lists[] = { vas_index_designs(), vas_index_historic_designs() };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (const char *const *design = lists[i]; *design != NULL; design++) {
			struct bed *bed = bed_create(*design);
			const struct vas_printer printer = { listen, bed };

			vas_index_print(bed->index, &printer);
			assert_int_equal(strncmp(bed->said, *design, strlen(*design)), 0);
			assert_non_null(strstr(bed->said, "2000 ranges"));
			assert_non_null(strstr(bed->said, "[0x32, "));
			vas_index_print(bed->index, NULL);
			bed_destroy(bed);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rbtree_invariants_are_checked),
		cmocka_unit_test(avl_invariants_are_checked),
		cmocka_unit_test(list_invariants_are_checked),
		cmocka_unit_test(list_cache_invariants_are_checked),
		cmocka_unit_test(btree_invariants_are_checked),
		cmocka_unit_test(an_index_prints_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
