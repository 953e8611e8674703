/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * What lineage promises beyond finding every mapping: where it does not look, what it does not
 * keep, what merges. On the toy machine of toy.h.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rmap/anon_designs.h"
#include "rmap/lineage.h"
#include "toy.h"

static const struct vas_printer nowhere;

static uint64_t seed(void)
{
	const char *text = getenv("VAS_SEED");

	return text != NULL ? strtoull(text, NULL, 0) : 0;
}

static struct toy *start(struct toy_space **first, uint64_t page, uint64_t pages)
{
	struct toy *toy = toy_start(&vas_lineage_design, seed());

	assert_int_equal(toy_space_new(toy, first), 0);
	assert_int_equal(toy_map(*first, page, pages, NULL), 0);
	for (uint64_t at = page; at < page + pages; at++)
		assert_int_equal(toy_write(*first, at), 0);
	return toy;
}

static struct toy_space *fork_of(struct toy_space *parent)
{
	struct toy_space *child;

	assert_int_equal(toy_fork(parent, &child), 0);
	return child;
}

static bool count_place(void *context, struct vas_space *space, uint64_t address)
{
	(void)space;
	(void)address;
	++*(uint64_t *)context;
	return true;
}

/* How many places the walk would look at, if nobody stopped it. */
static uint64_t places(struct toy_space *space, uint64_t page)
{
	uint64_t count = 0;
	struct vas_anon_walk walk = { .visit = count_place, .context = &count };

	vas_lineage_design.walk(space->toy->instance, &toy_page_at(space, page)->page, &walk);
	assert_int_equal(count, walk.candidates);
	return count;
}

static struct vas_anon_rmap_counts counts_of(struct toy *toy)
{
	struct vas_anon_rmap_counts counts;

	vas_lineage_design.count(toy->instance, &counts);
	return counts;
}

static size_t areas_between(const struct toy_space *space, uint64_t page, uint64_t pages)
{
	uint64_t end = TOY_BASE + (page + pages) * VAS_PAGE_SIZE;
	const struct vas_area *area = vas_find_ge(space->space, TOY_BASE + page * VAS_PAGE_SIZE);
	size_t count = 0;

	for (; area != NULL && area->range.start < end; area = vas_area_next(area))
		count++;
	return count;
}

static void move(struct toy_space *space, uint64_t page, uint64_t pages, uint64_t to)
{
	assert_int_equal(
		toy_remap(space, page, pages, pages, VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED, to), 0);
}

/*
 *	parent  AAAA  writes, then forks; both write again
 *	child   AAAA
 */
static void pages_made_after_a_fork_are_looked_for_in_one_place(void **state)
{
	struct toy_space *parent, *child;
	struct toy *toy = start(&parent, 40, 4);

	(void)state;
	child = fork_of(parent);
	assert_int_equal(places(parent, 40), 2);
	assert_int_equal(toy_write(parent, 40), 0);
	assert_int_equal(toy_write(child, 41), 0);
	assert_int_equal(places(parent, 40), 1);
	assert_int_equal(places(child, 41), 1);
	toy_check(toy);
	toy_finish(toy);
}

static void a_lone_process_has_one_record_whatever_its_areas(void **state)
{
	struct toy_space *space;
	struct toy *toy = start(&space, 40, 4);

	(void)state;
	for (uint64_t at = 50; at < 100; at += 2) {
		assert_int_equal(toy_map(space, at, 1, NULL), 0);
		assert_int_equal(toy_write(space, at), 0);
	}
	assert_int_equal(counts_of(toy).records, 1);
	assert_int_equal(counts_of(toy).bytes, 32);
	toy_finish(toy);
}

static void a_child_that_makes_no_page_costs_no_label(void **state)
{
	struct toy_space *parent, *child;
	struct toy *toy = start(&parent, 40, 4);

	(void)state;
	child = fork_of(parent);
	/* The node above the two, and the label of old. */
	assert_int_equal(counts_of(toy).records, 2);
	(void)fork_of(parent);
	(void)fork_of(child);
	assert_int_equal(counts_of(toy).records, 2);
	toy_check(toy);
	toy_finish(toy);
}

static void a_child_that_unmaps_or_execs_is_not_looked_at(void **state)
{
	struct toy_space *parent, *unmaps, *execs;
	struct toy *toy = start(&parent, 40, 4);
	struct vas_layout layout;

	(void)state;
	unmaps = fork_of(parent);
	execs = fork_of(parent);
	assert_int_equal(places(parent, 41), 3);
	assert_int_equal(toy_unmap(unmaps, 41, 1), 0);
	assert_int_equal(places(parent, 40), 3);
	assert_int_equal(places(parent, 41), 2);
	layout = *vas_space_layout(execs->space);
	vas_exec(execs->space, &layout);
	assert_int_equal(places(parent, 40), 2);
	assert_int_equal(places(parent, 41), 1);
	/* What is mapped there now is the child's own. */
	assert_int_equal(toy_map(unmaps, 41, 1, NULL), 0);
	assert_int_equal(toy_write(unmaps, 41), 0);
	assert_int_equal(places(unmaps, 41), 1);
	toy_check(toy);
	toy_finish(toy);
}

static void areas_that_fork_leaves_out_are_not_looked_at(void **state)
{
	struct toy_space *parent;
	struct toy *toy = start(&parent, 40, 8);

	(void)state;
	assert_int_equal(toy_advise(parent, 40, 2, VAS_ADVICE_DONTFORK), 0);
	assert_int_equal(toy_advise(parent, 44, 2, VAS_ADVICE_WIPEONFORK), 0);
	(void)fork_of(parent);
	assert_int_equal(places(parent, 40), 1);
	assert_int_equal(places(parent, 42), 2);
	assert_int_equal(places(parent, 44), 1);
	toy_check(toy);
	toy_finish(toy);
}

/*
 *	before  AAAA....BBBB........CCCC
 *	after   ................AAAABBBB		held alone: one area with what is there
 */
static void moved_areas_that_nobody_shares_merge(void **state)
{
	struct toy_space *space;
	struct toy *toy = start(&space, 40, 4);

	(void)state;
	assert_int_equal(toy_map(space, 60, 4, NULL), 0);
	assert_int_equal(toy_write(space, 61), 0);
	move(space, 40, 4, 64);
	assert_int_equal(areas_between(space, 60, 8), 1);
	assert_int_equal(places(space, 64), 1);
	assert_int_equal(counts_of(toy).records, 1);
	toy_check(toy);
	toy_finish(toy);
}

static void moved_areas_that_are_shared_keep_a_record_until_they_come_home(void **state)
{
	struct toy_space *parent, *child;
	struct toy *toy = start(&parent, 40, 4);

	(void)state;
	child = fork_of(parent);
	move(child, 40, 4, 60);
	assert_int_equal(places(parent, 40), 2);
	assert_int_equal(counts_of(toy).records, 3);
	toy_check(toy);
	/* It does not care for areas, but what is moved or unmapped out of its middle cuts it. */
	assert_int_equal(toy_protect(child, 61, 1, VAS_READ), 0);
	assert_int_equal(counts_of(toy).records, 3);
	assert_int_equal(toy_protect(child, 61, 1, VAS_READ | VAS_WRITE), 0);
	(void)fork_of(child);
	assert_int_equal(counts_of(toy).records, 4);
	assert_int_equal(places(parent, 40), 3);
	toy_check(toy);
	move(child, 60, 4, 40);
	assert_int_equal(places(parent, 40), 3);
	toy_check(toy);
	toy_finish(toy);
}

/* What was unmapped at a place does not hide what comes back to it. */
static void pages_that_come_home_are_found_where_something_was_unmapped(void **state)
{
	struct toy_space *parent, *child, *grandchild;
	struct toy *toy = start(&parent, 40, 4);

	(void)state;
	child = fork_of(parent);
	move(child, 40, 4, 60);
	assert_int_equal(toy_write(child, 63), 0);
	grandchild = fork_of(child);
	assert_int_equal(toy_map(grandchild, 40, 4, NULL), 0);
	assert_int_equal(toy_write(grandchild, 41), 0);
	assert_int_equal(toy_unmap(grandchild, 40, 4), 0);
	move(grandchild, 60, 4, 40);
	for (uint64_t at = 40; at < 44; at++)
		toy_walk(toy, toy_page_at(grandchild, at));
	toy_check(toy);
	toy_finish(toy);
}

/* Whoever survives, inner nodes are fewer than spaces, and labels do not pile up. */
static void generations_leave_nothing_behind(void **state)
{
	struct toy_space *parent, *child;
	struct toy *toy = start(&parent, 40, 8);

	(void)state;
	for (int i = 0; i < 2000; i++) {
		child = fork_of(parent);
		assert_int_equal(toy_write(child, 40 + toy_pick(toy, 8)), 0);
		assert_int_equal(toy_write(parent, 40 + toy_pick(toy, 8)), 0);
		if (toy_pick(toy, 2) == 0) {
			toy_exit(parent);
			parent = child;
		} else {
			toy_exit(child);
		}
		/* 4 labels that do not count, one for each page at most, and the present one. */
		assert_true(counts_of(toy).records <= 4 + 8 + 1);
		assert_int_equal(((struct lineage *)toy->instance)->inner_nodes, 0);
	}
	toy_check(toy);
	toy_finish(toy);
}

/* Though the parent has more labels than do not count; it will fork again. */
static void the_child_of_an_old_process_has_its_pages_to_itself(void **state)
{
	struct toy_space *parent, *child;
	struct toy *toy = start(&parent, 40, 20);

	(void)state;
	for (uint64_t i = 0; i < 8; i++) {
		child = fork_of(parent);
		assert_int_equal(toy_unmap(parent, 50 + i, 1), 0);
		assert_int_equal(toy_write(parent, 41 + i), 0);
		assert_int_equal(toy_write(child, 40), 0);
		assert_int_equal(places(child, 40), 1);
		toy_exit(child);
	}
	child = fork_of(parent);
	assert_int_equal(toy_write(child, 40), 0);
	(void)fork_of(parent);
	assert_int_equal(places(child, 40), 1);
	toy_check(toy);
	toy_finish(toy);
}

struct visited {
	struct vas_space *spaces[8];
	size_t count;
};

static bool note_place(void *context, struct vas_space *space, uint64_t address)
{
	struct visited *visited = context;

	(void)address;
	assert_true(visited->count < 8);
	visited->spaces[visited->count++] = space;
	return true;
}

/*
 * P forks A, which forks a; P writes and forks B, writes and forks C. So three nodes stand above P.
 * What P unmaps then, only C is without.
 */
static void older_spaces_are_looked_at_before_younger_ones(void **state)
{
	struct toy_space *of[5]; /* P, A, a, B, C */
	struct toy *toy = start(&of[0], 40, 6);
	struct vas_anon_walk walk = { .visit = note_place };
	struct visited visited = { .count = 0 };

	(void)state;
	of[1] = fork_of(of[0]);
	of[2] = fork_of(of[1]);
	assert_int_equal(toy_write(of[0], 41), 0);
	of[3] = fork_of(of[0]);
	assert_int_equal(toy_write(of[0], 42), 0);
	assert_int_equal(toy_unmap(of[0], 44, 1), 0);
	of[4] = fork_of(of[0]);
	walk.context = &visited;
	vas_lineage_design.walk(toy->instance, &toy_page_at(of[0], 40)->page, &walk);
	assert_int_equal(visited.count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_ptr_equal(visited.spaces[i], of[i]->space);
	assert_int_equal(places(of[3], 44), 3);
	toy_check(toy);
	toy_finish(toy);
}

/*
 *	parent  AAAA				40 is left for 60, whose pages keep their numbers;
 *	child   BBBB................AAAABB	others are made at 40, and behind 60
 */
static void each_page_has_one_place_in_a_space_whoever_has_its_number(void **state)
{
	struct toy_space *parent, *child, *grandchild;
	struct toy *toy = start(&parent, 40, 6);

	(void)state;
	assert_int_equal(toy_unmap(parent, 44, 2), 0);
	child = fork_of(parent);
	move(child, 40, 4, 60);
	assert_int_equal(toy_write(child, 61), 0);
	assert_int_equal(toy_remap(child, 60, 4, 6, 0, 0), 0);
	assert_int_equal(toy_map(child, 40, 6, NULL), 0);
	for (uint64_t at = 40; at < 46; at++)
		assert_int_equal(toy_write(child, at), 0);
	assert_int_equal(toy_write(child, 64), 0);
	/* The numbers of these are 40 to 45 twice. */
	for (uint64_t at = 40; at < 46; at++)
		assert_int_equal(places(child, at), 1);
	assert_int_equal(places(child, 60), 2); /* the other is the parent's */
	assert_int_equal(places(child, 61), 1);
	assert_int_equal(places(child, 64), 1);
	/* Moved again, inherited, unmapped. */
	grandchild = fork_of(child);
	move(child, 40, 6, 80);
	assert_int_equal(toy_map(child, 40, 6, NULL), 0);
	assert_int_equal(toy_write(child, 41), 0);
	assert_int_equal(places(child, 41), 1);
	assert_int_equal(places(child, 81), 2);
	assert_int_equal(places(child, 61), 2);
	assert_int_equal(places(parent, 40), 3);
	assert_int_equal(toy_unmap(child, 60, 6), 0);
	assert_int_equal(places(grandchild, 61), 1);
	assert_int_equal(places(grandchild, 64), 1);
	assert_int_equal(places(parent, 40), 2);
	toy_check(toy);
	toy_finish(toy);
}

/* When times run out, walks look at more places; they still find all. */
static void times_may_run_out(void **state)
{
	struct toy *toy = toy_start(&vas_lineage_design, seed());
	struct toy_space *space;

	(void)state;
	for (int round = 0; round < 20; round++) {
		assert_int_equal(toy_space_new(toy, &space), 0);
		lineage_space_of(space->space)->clock = LINEAGE_LAST_TIME - 1 - 2 * (uint32_t)round;
		toy_run(toy, 1000, 12, false);
		while (toy->count != 0)
			toy_exit(toy->spaces[0]);
	}
	toy_finish(toy);
}

static bool broken(struct toy *toy)
{
	return !vas_lineage_design.validate(toy->instance, &nowhere);
}

static void the_validator_names_what_is_broken(void **state)
{
	struct toy_space *parent, *child;
	struct toy *toy = start(&parent, 40, 4);
	struct lineage_space *mine;
	struct lineage_node *inner;
	struct lineage_label *label;

	(void)state;
	child = fork_of(parent);
	assert_int_equal(toy_write(child, 40), 0);
	move(child, 40, 4, 60);
	mine = lineage_space_of(child->space);
	inner = mine->node.parent;
	assert_false(broken(toy));

	inner->last = inner->first; /* LINEAGE-1 */
	assert_true(broken(toy));
	inner->last = &mine->node;
	inner->prev = inner; /* and of roots */
	assert_true(broken(toy));
	inner->prev = NULL;
	label = inner->labels;
	label->node = &mine->node; /* LINEAGE-2, LINEAGE-3 */
	assert_true(broken(toy));
	label->node = inner;
	vas_lineage_gone_add(toy->instance, &mine->node, 1, 2, 2);
	mine->node.current = label; /* LINEAGE-4 */
	assert_true(broken(toy));
	mine->node.current = mine->node.labels;
	mine->node.family->as.own.spaces++; /* LINEAGE-5 */
	assert_true(broken(toy));
	mine->node.family->as.own.spaces--;
	((struct lineage_moved *)(void *)mine->moved)->last++; /* LINEAGE-6 */
	assert_true(broken(toy));
	((struct lineage_moved *)(void *)mine->moved)->last--;
	vas_lineage_gone_add(toy->instance, inner, 1, 2, LINEAGE_LAST_TIME); /* LINEAGE-7 */
	assert_true(broken(toy));
	vas_lineage_gone_free(toy->instance, inner);
	((struct lineage *)toy->instance)->spaces--; /* LINEAGE-8 */
	assert_true(broken(toy));
	((struct lineage *)toy->instance)->spaces++;
	assert_false(broken(toy));
	toy_finish(toy);
}

/* Ranges against a time for each number. */
static void what_is_gone_is_never_more_than_was_said(void **state)
{
	struct toy *toy = toy_start(&vas_lineage_design, seed());
	struct lineage *lineage = toy->instance;
	struct lineage_node node = { 0 };
	uint32_t times[400] = { 0 };
	uint64_t known = 0, added = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint64_t first = toy_pick(toy, 390), last = first + toy_pick(toy, 10);
		uint32_t time = (uint32_t)toy_pick(toy, 3);

		if (time != 0)
			vas_lineage_gone_add(lineage, &node, first, last, time);
		else
			vas_lineage_gone_remove(lineage, &node, first, last);
		for (uint64_t at = first; at <= last; at++)
			times[at] = time == 0 || time > times[at] ? time : times[at];
		for (uint64_t at = 0; at < 400; at++) {
			uint64_t index = at | (uint64_t)toy_pick(toy, 3) << LINEAGE_TIME_SHIFT;
			bool has = vas_lineage_gone_since(node.gone, index) != LINEAGE_NEVER;
			bool said = times[at] != 0 && times[at] >= lineage_time(index);

			assert_true(said || !has);
			known += has;
			added += said;
		}
	}
	/* And most of it: here the ranges never need more room than there is. */
	assert_true(known * 10 > added * 5);
	vas_lineage_gone_free(lineage, &node);
	toy_finish(toy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_made_after_a_fork_are_looked_for_in_one_place),
		cmocka_unit_test(a_lone_process_has_one_record_whatever_its_areas),
		cmocka_unit_test(a_child_that_makes_no_page_costs_no_label),
		cmocka_unit_test(a_child_that_unmaps_or_execs_is_not_looked_at),
		cmocka_unit_test(areas_that_fork_leaves_out_are_not_looked_at),
		cmocka_unit_test(moved_areas_that_nobody_shares_merge),
		cmocka_unit_test(moved_areas_that_are_shared_keep_a_record_until_they_come_home),
		cmocka_unit_test(pages_that_come_home_are_found_where_something_was_unmapped),
		cmocka_unit_test(generations_leave_nothing_behind),
		cmocka_unit_test(the_child_of_an_old_process_has_its_pages_to_itself),
		cmocka_unit_test(older_spaces_are_looked_at_before_younger_ones),
		cmocka_unit_test(each_page_has_one_place_in_a_space_whoever_has_its_number),
		cmocka_unit_test(times_may_run_out),
		cmocka_unit_test(the_validator_names_what_is_broken),
		cmocka_unit_test(what_is_gone_is_never_more_than_was_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
