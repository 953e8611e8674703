/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* What the older anonymous designs are known for: where each searches too much, which areas each
 * keeps apart, what each leaves behind. And their validators. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "rmap/anon_designs.h"
#include "rmap/anon_places.h"
#include "rmap/anonmm.h"
#include "toy.h"

enum { ANON_VMA, PRIVATE_RING, AREA_INODE, SPACE_INODE, ANONMM, ANONMM_COPY, DESIGNS };

static const struct vas_anon_rmap_design *const designs[DESIGNS] = {
	[ANON_VMA] = &vas_anon_vma_design,     [PRIVATE_RING] = &vas_private_ring_design,
	[AREA_INODE] = &vas_area_inode_design, [SPACE_INODE] = &vas_space_inode_design,
	[ANONMM] = &vas_anonmm_design,	       [ANONMM_COPY] = &vas_anonmm_copy_design,
};

static struct toy *start(int design, struct toy_space **space)
{
	struct toy *toy = toy_start(designs[design], 0);

	assert_int_equal(toy_space_new(toy, space), 0);
	return toy;
}

static void map(struct toy_space *space, uint64_t page, uint64_t pages)
{
	assert_int_equal(toy_map(space, page, pages, NULL), 0);
}

static void fill(struct toy_space *space, uint64_t page, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		assert_int_equal(toy_write(space, page + i), 0);
}

static void move(struct toy_space *space, uint64_t page, uint64_t pages, uint64_t to)
{
	assert_int_equal(
		toy_remap(space, page, pages, pages, VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED, to), 0);
}

static bool go_on(void *context, struct vas_space *space, uint64_t address)
{
	(void)context;
	(void)space;
	(void)address;
	return true;
}

/* How many are looked at when the search does not end early. */
static uint64_t candidates(const struct toy_space *space, uint64_t page)
{
	struct vas_anon_walk walk = { .visit = go_on };

	space->toy->design->walk(space->toy->instance, &toy_page_at(space, page)->page, &walk);
	return walk.candidates;
}

static uint64_t records(const struct toy *toy)
{
	struct vas_anon_rmap_counts counts;

	toy->design->count(toy->instance, &counts);
	return counts.records;
}

static size_t areas(const struct toy_space *space)
{
	struct vas_counts counts;

	vas_space_count(space->space, &counts);
	return (size_t)counts.areas;
}

static void children_that_copied_everything_are_searched(void **state)
{
	enum { CHILDREN = 50 };
	static const uint64_t expected[DESIGNS] = { CHILDREN + 1, CHILDREN + 1, 1,
						    CHILDREN + 1, CHILDREN + 1, CHILDREN + 1 };

	(void)state;
	for (int design = 0; design < DESIGNS; design++) {
		struct toy_space *parent, *child = NULL;
		struct toy *toy = start(design, &parent);

		map(parent, 40, 8);
		fill(parent, 40, 8);
		for (int i = 0; i < CHILDREN; i++) {
			assert_int_equal(toy_fork(parent, &child), 0);
			fill(child, 40, 8);
		}
		assert_int_equal(candidates(child, 44), expected[design]);
		toy_finish(toy);
	}
}

static void neighbours_touched_apart_merge_by_design(void **state)
{
	static const size_t expected[DESIGNS] = { 2, 1, 2, 1, 1, 1 };

	(void)state;
	for (int design = 0; design < DESIGNS; design++) {
		struct toy_space *space;
		struct toy *toy = start(design, &space);
		size_t others = areas(space);

		map(space, 40, 4);
		map(space, 48, 4);
		fill(space, 40, 4);
		fill(space, 48, 4);
		map(space, 44, 4);
		assert_int_equal(areas(space) - others, expected[design]);
		fill(space, 44, 4);
		toy_check(toy);
		toy_finish(toy);
	}
}

static void moved_areas_merge_where_pages_have_numbers_of_their_own(void **state)
{
	static const size_t expected[DESIGNS] = { 2, 2, 2, 2, 1, 1 };

	(void)state;
	for (int design = 0; design < DESIGNS; design++) {
		struct toy_space *space, *child;
		struct toy *toy = start(design, &space);
		size_t others = areas(space);

		map(space, 40, 4);
		map(space, 60, 4);
		fill(space, 40, 4);
		fill(space, 60, 4);
		assert_int_equal(toy_fork(space, &child), 0);
		move(space, 60, 4, 44);
		assert_int_equal(areas(space) - others, expected[design]);
		toy_check(toy);
		move(space, 44, 4, 60);
		toy_check(toy);
		toy_finish(toy);
	}
}

/* Only what the child added, and nobody inherited, is overwritten. */
static void a_shared_page_gathers_addresses_only_between_forks(void **state)
{
	struct toy_space *parent, *child, *grandchild;
	struct toy *toy = start(ANONMM, &parent);

	(void)state;
	map(parent, 40, 4);
	fill(parent, 40, 4);
	assert_int_equal(toy_fork(parent, &child), 0);
	assert_int_equal(records(toy), 1);
	for (uint64_t at = 50; at < 90; at += 10) {
		move(child, at == 50 ? 40 : at - 10, 4, at);
		assert_int_equal(records(toy), 1 + 4);
		assert_int_equal(candidates(child, at), 2 * 2);
	}
	assert_int_equal(toy_fork(child, &grandchild), 0);
	move(child, 80, 4, 90);
	assert_int_equal(records(toy), 1 + 8);
	assert_int_equal(candidates(child, 90), 3 * 3);
	toy_check(toy);
	toy_exit(child);
	toy_exit(parent);
	fill(grandchild, 80, 4);
	fill(grandchild, 80, 4);
	toy_check(toy);
	toy_finish(toy);
}

/* Whoever else has the page there keeps it there. */
static void an_address_that_two_spaces_added_stays(void **state)
{
	struct toy_space *parent, *child;
	struct toy *toy = start(ANONMM, &parent);

	(void)state;
	map(parent, 40, 4);
	fill(parent, 40, 4);
	assert_int_equal(toy_fork(parent, &child), 0);
	move(child, 40, 4, 50);
	move(parent, 40, 4, 50);
	move(child, 50, 4, 60);
	toy_check(toy);
	move(parent, 50, 4, 70);
	toy_check(toy);
	toy_finish(toy);
}

/* Two areas of one inode have one inode each in parent and child after a fork, not two. */
static void areas_that_were_split_merge_again_after_a_fork(void **state)
{
	(void)state;
	for (int design = 0; design < DESIGNS; design++) {
		struct toy_space *parent, *child;
		struct toy *toy = start(design, &parent);
		size_t others = areas(parent);

		map(parent, 40, 8);
		fill(parent, 40, 8);
		assert_int_equal(toy_protect(parent, 40, 4, VAS_READ), 0);
		assert_int_equal(toy_fork(parent, &child), 0);
		assert_int_equal(areas(child) - others, 2);
		assert_int_equal(toy_protect(parent, 40, 4, VAS_READ | VAS_WRITE), 0);
		assert_int_equal(toy_protect(child, 40, 4, VAS_READ | VAS_WRITE), 0);
		assert_int_equal(areas(parent) - others, 1);
		assert_int_equal(areas(child) - others, 1);
		toy_check(toy);
		toy_finish(toy);
	}
}

static void moved_pages_are_copied_when_asked_for(void **state)
{
	struct toy_space *parent, *child;
	struct toy *toy = start(ANONMM_COPY, &parent);

	(void)state;
	map(parent, 40, 4);
	fill(parent, 40, 4);
	assert_int_equal(toy_fork(parent, &child), 0);
	move(child, 40, 4, 50);
	assert_int_equal(toy->copies, 4);
	assert_int_equal(records(toy), 1);
	assert_int_equal(candidates(child, 50), 2);
	toy_check(toy);
	toy_finish(toy);
}

/* The parent's record stays while its pages do, and not longer. */
static void records_live_as_long_as_their_pages(void **state)
{
	static const uint64_t shared[DESIGNS] = { 1, 2, 2, 1, 1, 1 };
	static const uint64_t copied[DESIGNS] = { 1, 1, 1, 1, 1, 1 };

	(void)state;
	for (int design = 0; design < DESIGNS; design++) {
		struct toy_space *parent, *child;
		struct toy *toy = start(design, &parent);

		map(parent, 40, 4);
		fill(parent, 40, 4);
		assert_int_equal(toy_fork(parent, &child), 0);
		toy_exit(parent);
		toy_check(toy);
		assert_int_equal(records(toy), shared[design]);
		assert_int_equal(toy_advise(child, 40, 4, VAS_ADVICE_DONTNEED), 0);
		fill(child, 40, 4);
		assert_int_equal(records(toy), copied[design]);
		assert_int_equal(candidates(child, 40), 1);
		toy_finish(toy);
	}
}

/* Validators. */

static void keep_text(void *context, const char *text, size_t length)
{
	char *kept = context;
	size_t have = strlen(kept);

	assert_true(have + length < 200);
	memcpy(kept + have, text, length);
	kept[have + length] = '\0';
}

/* The validator finds this one, and it is called `id` there. */
static void expect_broken(struct toy *toy, const char *name, const char *number)
{
	char text[200] = "", id[16] = "";
	struct vas_printer printer = { keep_text, text };

	strcat(strcat(id, name), number);
	assert_false(toy->design->validate(toy->instance, &printer));
	assert_memory_equal(text, id, strlen(id));
}

static void expect_whole(struct toy *toy)
{
	char text[200] = "";
	struct vas_printer printer = { keep_text, text };

	assert_true(toy->design->validate(toy->instance, &printer));
	assert_string_equal(text, "");
}

static struct vas_anon_place *place_at(const struct toy_space *space, uint64_t page)
{
	return vas_anon_place_of(space->toy->instance,
				 vas_find(space->space, TOY_BASE + page * VAS_PAGE_SIZE));
}

static const char *const ids[] = { "AVMA-", "RING-", "INODE-", "SINODE-" };

static void validators_find_what_is_broken(void **state)
{
	(void)state;
	for (int design = 0; design <= SPACE_INODE; design++) {
		struct toy_space *space;
		struct toy *toy = start(design, &space);
		struct vas_anon_places *places = toy->instance;
		struct vas_anon_place *place;
		void *owner;

		map(space, 40, 4);
		map(space, 60, 4);
		fill(space, 40, 4);
		fill(space, 60, 4);
		place = place_at(space, 40);
		place->end += VAS_PAGE_SIZE;
		expect_broken(toy, ids[design], "1");
		place->end -= VAS_PAGE_SIZE;
		place->index++;
		expect_broken(toy, ids[design], "1");
		place->index--;
		owner = place->owner;
		place->owner = toy;
		expect_broken(toy, ids[design], "2");
		place->owner = owner;
		places->store.live++;
		expect_broken(toy, ids[design], "3");
		places->store.live--;
		expect_whole(toy);
		toy_finish(toy);
	}
}

static void validators_find_records_that_nobody_needs(void **state)
{
	static const char *const numbers[] = { "4", "4", "4", "5" };

	(void)state;
	for (int design = 0; design <= SPACE_INODE; design++) {
		struct toy_space *parent, *child;
		struct toy *toy = start(design, &parent);
		struct vas_anon_record *record;
		struct vas_anon_place *place;
		struct vas_list *before;
		uint64_t pages;

		map(parent, 40, 4);
		fill(parent, 40, 4);
		assert_int_equal(toy_fork(parent, &child), 0);
		toy_exit(parent);
		if (toy->design->unbind != NULL) {
			record = toy_page_at(child, 40)->page.owner;
			pages = record->pages;
			record->pages = 0;
			expect_broken(toy, ids[design], numbers[design]);
			record->pages = pages;
		} else {
			place = place_at(child, 40);
			before = place->at.prev;
			vas_list_remove(&place->at);
			expect_broken(toy, ids[design], numbers[design]);
			vas_list_add_after(before, &place->at);
		}
		expect_whole(toy);
		toy_finish(toy);
	}
}

static void an_inode_has_areas_of_one_space(void **state)
{
	struct toy_space *parent, *child;
	struct toy *toy = start(AREA_INODE, &parent);
	struct vas_anon_place *place, *other;
	struct vas_list *before;
	void *owner;

	(void)state;
	map(parent, 40, 4);
	fill(parent, 40, 4);
	assert_int_equal(toy_fork(parent, &child), 0);
	place = place_at(parent, 40);
	other = place_at(child, 40);
	owner = other->owner;
	before = other->at.prev;
	vas_list_remove(&other->at);
	vas_list_add_after(&place->at, &other->at);
	other->owner = place->owner;
	expect_broken(toy, "INODE-", "6");
	vas_list_remove(&other->at);
	vas_list_add_after(before, &other->at);
	other->owner = owner;
	expect_whole(toy);
	toy_finish(toy);
}

static void the_validator_of_bundles_finds_what_is_broken(void **state)
{
	struct toy_space *space;
	struct toy *toy = start(ANONMM, &space);
	struct anonmm *anonmm = toy->instance;
	struct mm *mm = mm_of(space->space);
	struct bundle *bundle;

	(void)state;
	map(space, 40, 4);
	fill(space, 40, 4);
	bundle = mm->bundle;
	mm->bundle = NULL;
	expect_broken(toy, "ANONMM-", "1");
	mm->bundle = bundle;
	vas_list_remove(&mm->at);
	expect_broken(toy, "ANONMM-", "2");
	vas_list_add_after(&bundle->spaces, &mm->at);
	anonmm->bundle_store.live++;
	expect_broken(toy, "ANONMM-", "4");
	anonmm->bundle_store.live--;
	expect_whole(toy);
	toy_finish(toy);
}

/* An exec, or the end of the last area, parts a space from its family. */
static void a_space_without_areas_leaves_its_family(void **state)
{
	(void)state;
	for (int design = 0; design < DESIGNS; design++) {
		struct toy_space *parent, *child;
		struct toy *toy = start(design, &parent);

		map(parent, 40, 4);
		fill(parent, 40, 4);
		assert_int_equal(toy_fork(parent, &child), 0);
		assert_int_equal(toy_unmap(child, 0, TOY_PAGES), 0);
		expect_whole(toy);
		assert_int_equal(candidates(parent, 40), 1);
		map(child, 40, 4);
		fill(child, 40, 4);
		assert_int_equal(candidates(child, 40), 1);
		toy_check(toy);
		toy_finish(toy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(children_that_copied_everything_are_searched),
		cmocka_unit_test(neighbours_touched_apart_merge_by_design),
		cmocka_unit_test(moved_areas_merge_where_pages_have_numbers_of_their_own),
		cmocka_unit_test(a_shared_page_gathers_addresses_only_between_forks),
		cmocka_unit_test(an_address_that_two_spaces_added_stays),
		cmocka_unit_test(areas_that_were_split_merge_again_after_a_fork),
		cmocka_unit_test(moved_pages_are_copied_when_asked_for),
		cmocka_unit_test(records_live_as_long_as_their_pages),
		cmocka_unit_test(validators_find_what_is_broken),
		cmocka_unit_test(validators_find_records_that_nobody_needs),
		cmocka_unit_test(an_inode_has_areas_of_one_space),
		cmocka_unit_test(the_validator_of_bundles_finds_what_is_broken),
		cmocka_unit_test(a_space_without_areas_leaves_its_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
