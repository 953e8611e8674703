/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Who gets which head, in small cases. Rulers: a letter is a page of an area, a capital one has
 * been touched, `|` parts areas.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_space.h"
#include "rmap/anon_designs.h"
#include "rmap/anon_vma_chain.h"

#define RW     ((uint64_t)(VAS_AREA_READ | VAS_AREA_WRITE))
#define RWX    (RW | VAS_AREA_EXEC)
#define SHARED (RW | VAS_AREA_SHARED | VAS_AREA_MAY_SHARE)

struct fixture {
	struct failing_allocator memory;
	struct vas_settings settings;
	struct vas_anon_vma_chain *chain;
	struct vas_space spaces[4]; /* parent, child, grandchild, ... */
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct vas_anon_rmap_config config;

	failing_allocator_init(&f->memory);
	f->settings.kernel = VAS_KERNEL(6, 18);
	config = (struct vas_anon_rmap_config){
		.allocator = &f->memory.allocator,
		.settings = &f->settings,
		.huge_faults = VAS_HUGE_FAULTS_ADVISED,
	};
	assert_int_equal(vas_anon_vma_chain_create(&config, &f->chain), 0);
	for (size_t i = 0; i < 4; i++)
		fake_space_init(&f->spaces[i], f->chain, &f->memory);
	*state = f;
	return 0;
}

static void print_to_stderr(void *context, const char *text, size_t length)
{
	(void)context;
	fwrite(text, 1, length, stderr);
}

static const struct vas_printer to_stderr = { print_to_stderr, NULL };

static bool valid(struct fixture *f, const struct vas_printer *printer)
{
	return vas_anon_vma_chain_validate(f->chain, printer);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	struct vas_anon_vma_chain_stats stats;

	assert_true(valid(f, &to_stderr));
	for (size_t i = 0; i < 4; i++)
		fake_exit(&f->spaces[i]);
	vas_anon_vma_chain_count(f->chain, &stats);
	assert_int_equal(stats.heads, 0);
	assert_int_equal(stats.links, 0);
	for (size_t i = 0; i < 4; i++)
		fake_space_end(&f->spaces[i]);
	vas_anon_vma_chain_destroy(f->chain);
	assert_int_equal(failing_allocator_finish(&f->memory), 0);
	free(f);
	return 0;
}

static void assert_counts(struct fixture *f, uint64_t heads, uint64_t links)
{
	struct vas_anon_vma_chain_stats stats;

	vas_anon_vma_chain_count(f->chain, &stats);
	assert_int_equal(stats.heads, heads);
	assert_int_equal(stats.links, links);
}

static uint64_t head_of(const struct vas_area *area)
{
	struct vas_anon_vma_chain_view view;

	vas_anon_vma_chain_look(area, &view);
	assert_int_equal(view.has_head, view.id != 0);
	return view.id;
}

static size_t links_of(const struct vas_area *area)
{
	struct vas_anon_vma_chain_view view;

	vas_anon_vma_chain_look(area, &view);
	return view.links;
}

static enum vas_heads_verdict compare(struct fixture *f, const struct vas_area *target,
				      const struct vas_area *source)
{
	enum vas_heads_verdict verdict =
		vas_anon_vma_chain_compare(f->chain, target, source, false);

	assert_int_equal(fake_listener->may_merge(f->chain, target, source, false),
			 verdict == VAS_HEADS_AGREE);
	return verdict;
}

/* A mapped and touched area of 4 pages. */
static struct vas_area *touched(struct vas_space *space, uint64_t page, uint64_t flags)
{
	struct vas_area *area = fake_map(space, page, 4, flags);

	assert_int_equal(fake_touch(area, true), 0);
	return area;
}

static void fork_space(struct vas_space *parent, struct vas_space *child)
{
	assert_int_equal(fake_fork(parent, child), 0);
}

/* Giving. */

static void a_write_gives_a_head_and_a_read_does_not(void **state)
{
	struct fixture *f = *state;
	struct vas_area *area = fake_map(&f->spaces[0], 0, 4, RW);

	assert_int_equal(fake_touch(area, false), 0);
	assert_int_equal(head_of(area), 0);
	assert_true(fake_listener->may_reindex(f->chain, area));
	assert_int_equal(fake_touch(area, true), 0);
	assert_int_equal(head_of(area), 1);
	assert_false(fake_listener->may_reindex(f->chain, area));
	assert_int_equal(fake_touch(area, true), 0);
	assert_counts(f, 1, 1);
}

static void shared_areas_never_get_a_head(void **state)
{
	struct fixture *f = *state;
	struct vas_area *shared = touched(&f->spaces[0], 0, SHARED);
	struct vas_area *read_only = touched(&f->spaces[0], 8, VAS_AREA_READ | VAS_AREA_MAY_SHARE);

	assert_int_equal(fake_advise(shared, VAS_ADVICE_GUARD_INSTALL), 0);
	assert_int_equal(fake_advise(read_only, VAS_ADVICE_GUARD_INSTALL), 0);
	assert_counts(f, 0, 0);
}

static void guard_pages_give_a_head_to_anonymous_memory_only(void **state)
{
	struct fixture *f = *state;
	struct vas_file file = { .references = 1 };
	struct vas_area *anonymous = fake_map(&f->spaces[0], 0, 4, VAS_AREA_READ);
	struct vas_area *mapped = fake_map(&f->spaces[0], 8, 4, RW);

	mapped->file = &file;
	assert_int_equal(fake_advise(anonymous, VAS_ADVICE_DONTNEED), 0);
	assert_int_equal(fake_advise(anonymous, VAS_ADVICE_GUARD_REMOVE), 0);
	assert_counts(f, 0, 0);
	assert_int_equal(fake_advise(anonymous, VAS_ADVICE_GUARD_INSTALL), 0);
	assert_int_equal(fake_advise(mapped, VAS_ADVICE_GUARD_INSTALL), 0);
	assert_int_equal(head_of(anonymous), 1);
	assert_int_equal(head_of(mapped), 0);
}

/*
 *	|        2 MiB        |        2 MiB        |
 *	      aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa      a read in the second block only
 */
static void a_read_gives_a_head_where_the_huge_zero_page_goes(void **state)
{
	struct fixture *f = *state;
	const uint64_t block = 512, page = VAS_PAGE_SIZE;
	struct vas_area *plain = fake_map(&f->spaces[0], 8 * block, 2 * block, RW);
	struct vas_area *area =
		fake_map(&f->spaces[0], block / 2, 3 * block / 2 + 7, RW | VAS_AREA_HUGE);

	assert_int_equal(fake_touch(plain, false), 0);
	assert_int_equal(head_of(plain), 0);
	assert_int_equal(fake_touch_range(area, area->range.start, block * page, false), 0);
	assert_int_equal(fake_touch_range(area, 2 * block * page, area->range.end, false), 0);
	assert_int_equal(head_of(area), 0);
	assert_int_equal(fake_touch_range(area, block * page, (block + 1) * page, false), 0);
	assert_int_equal(head_of(area), 1);
}

/* Sharing. */

/* AAAA|BBBB that differ in access bits: one head, which lets them merge later. */
static void a_neighbour_that_could_merge_later_lends_its_head(void **state)
{
	struct fixture *f = *state;
	struct vas_area *a = touched(&f->spaces[0], 0, RW);
	struct vas_area *b = touched(&f->spaces[0], 4, RWX);
	struct vas_anon_vma_chain_stats stats;

	assert_int_equal(head_of(a), head_of(b));
	assert_counts(f, 1, 2);
	assert_int_equal(compare(f, a, b), VAS_HEADS_AGREE);
	vas_anon_vma_chain_count(f->chain, &stats);
	assert_int_equal(stats.shared, 1);
}

static void the_neighbour_above_is_asked_first(void **state)
{
	struct fixture *f = *state;
	struct vas_area *below = touched(&f->spaces[0], 0, RW);
	struct vas_area *above = touched(&f->spaces[0], 8, RW);
	struct vas_area *middle = touched(&f->spaces[0], 4, RWX);

	assert_int_not_equal(head_of(below), head_of(above));
	assert_int_equal(head_of(middle), head_of(above));
	assert_int_equal(compare(f, below, middle), VAS_HEADS_DIFFER);
}

static void unlike_neighbours_lend_nothing(void **state)
{
	struct fixture *f = *state;
	struct vas_space *space = &f->spaces[0];
	struct vas_file file = { .references = 1 };
	struct vas_area *area, *other;

	(void)touched(space, 0, RW);
	(void)touched(space, 5, RW);			  /* a gap */
	(void)touched(space, 9, RW | VAS_AREA_DONT_FORK); /* another flag */
	assert_counts(f, 3, 3);

	area = fake_map(space, 20, 4, RW); /* offsets that do not run on */
	area->offset = 100;
	assert_int_equal(fake_touch(area, true), 0);
	(void)touched(space, 24, RW);
	assert_counts(f, 5, 5);

	area = fake_map(space, 30, 4, RW); /* another file, then the same */
	area->file = &file;
	assert_int_equal(fake_touch(area, true), 0);
	(void)touched(space, 34, RW);
	assert_counts(f, 7, 7);
	other = fake_map(space, 26, 4, RW);
	other->file = &file;
	assert_int_equal(fake_touch(other, true), 0);
	assert_int_equal(head_of(other), head_of(area));
	assert_counts(f, 7, 8);
}

static void a_policy_keeps_heads_apart_and_a_userfaultfd_does_not(void **state)
{
	struct fixture *f = *state;
	struct vas_area *a = touched(&f->spaces[0], 0, RW);
	struct vas_area *b = fake_map(&f->spaces[0], 4, 4, RW);
	struct vas_area *c = touched(&f->spaces[0], 20, RW);
	struct vas_area *d =
		touched(&f->spaces[0], 24, RW | (UINT64_C(3) << VAS_AREA_CONTEXT_SHIFT));

	b->policy = 1;
	assert_int_equal(fake_touch(b, true), 0);
	assert_int_not_equal(head_of(a), head_of(b));
	assert_int_equal(head_of(c), head_of(d));
}

static void an_area_that_inherited_lends_nothing(void **state)
{
	struct fixture *f = *state;
	struct vas_area *a = touched(&f->spaces[0], 0, RW), *b;

	fork_space(&f->spaces[0], &f->spaces[1]);
	b = touched(&f->spaces[1], 4, RWX);
	assert_counts(f, 3, 4);
	assert_int_equal(links_of(b), 1);
	assert_int_equal(compare(f, f->spaces[1].areas[0], b), VAS_HEADS_DIFFER);

	b = touched(&f->spaces[0], 4, RWX); /* the parent's own did not inherit */
	assert_int_equal(head_of(a), head_of(b));
}

/* Split, merge, move. */

static void a_split_shares_and_a_merge_joins_again(void **state)
{
	struct fixture *f = *state;
	struct vas_area *a = touched(&f->spaces[0], 0, RW), *upper;

	assert_int_equal(fake_split(a, 1, &upper), 0);
	assert_int_equal(head_of(a), head_of(upper));
	assert_counts(f, 1, 2);
	assert_int_equal(compare(f, a, upper), VAS_HEADS_AGREE);
	assert_int_equal(fake_merge(a, upper), 0);
	assert_counts(f, 1, 1);
}

static void a_split_of_an_untouched_area_shares_nothing(void **state)
{
	struct fixture *f = *state;
	struct vas_area *a = fake_map(&f->spaces[0], 0, 4, RW), *upper;

	assert_int_equal(fake_split(a, 1, &upper), 0);
	assert_counts(f, 0, 0);
	assert_int_equal(fake_touch(upper, true), 0);
	assert_int_equal(head_of(a), 0);
	assert_int_equal(fake_touch(a, true), 0);
	assert_counts(f, 1, 2);
}

/* aaaa|BBBB -> AAAAAAAA */
static void a_fresh_area_that_swallows_takes_the_chain(void **state)
{
	struct fixture *f = *state;
	struct vas_area *a = fake_map(&f->spaces[0], 0, 4, RW);
	struct vas_area *b = touched(&f->spaces[0], 4, RWX);
	uint64_t head = head_of(b);

	assert_int_equal(compare(f, a, b), VAS_HEADS_AGREE);
	assert_int_equal(compare(f, b, a), VAS_HEADS_AGREE);
	assert_int_equal(fake_merge(a, b), 0);
	assert_int_equal(head_of(a), head);
	assert_counts(f, 1, 1);
}

static void kernels_before_6_16_keep_a_fresh_area_from_swallowing(void **state)
{
	struct fixture *f = *state;
	struct vas_area *a = fake_map(&f->spaces[0], 0, 4, RW);
	struct vas_area *b = touched(&f->spaces[0], 4, RWX);

	f->settings.kernel = VAS_KERNEL(6, 15);
	assert_int_equal(compare(f, a, b), VAS_HEADS_FRESH);
	assert_int_equal(compare(f, b, a), VAS_HEADS_AGREE);
	assert_int_equal(compare(f, a, NULL), VAS_HEADS_AGREE);
	assert_int_equal(compare(f, b, NULL), VAS_HEADS_AGREE);
	f->settings.kernel = VAS_KERNEL(6, 16);
	assert_int_equal(compare(f, a, b), VAS_HEADS_AGREE);
}

static void inherited_and_fresh_do_not_merge(void **state)
{
	struct fixture *f = *state;
	struct vas_area *a, *fresh;

	(void)touched(&f->spaces[0], 0, RW);
	fork_space(&f->spaces[0], &f->spaces[1]);
	a = f->spaces[1].areas[0];
	fresh = fake_map(&f->spaces[1], 4, 4, RWX);
	assert_int_equal(compare(f, a, fresh), VAS_HEADS_INHERITED);
	assert_int_equal(compare(f, fresh, a), VAS_HEADS_INHERITED);
	assert_int_equal(compare(f, a, NULL), VAS_HEADS_INHERITED);
	assert_int_equal(vas_anon_vma_chain_compare(f->chain, fresh, a, true), VAS_HEADS_INHERITED);
	assert_int_equal(compare(f, a, a), VAS_HEADS_AGREE);
}

/* AAAA****ffff: mremap grows A in place until it touches f. A inherited, and still it may. */
static void an_area_that_grows_over_a_gap_may_reach_a_fresh_one(void **state)
{
	struct fixture *f = *state;
	struct vas_area *a, *fresh, *single;

	(void)touched(&f->spaces[0], 0, RW);
	fork_space(&f->spaces[0], &f->spaces[1]);
	a = f->spaces[1].areas[0];
	fresh = fake_map(&f->spaces[1], 8, 4, RW);
	assert_int_equal(compare(f, fresh, a), VAS_HEADS_AGREE);
	assert_int_equal(compare(f, a, fresh), VAS_HEADS_AGREE);
	f->settings.kernel = VAS_KERNEL(6, 12);
	assert_int_equal(compare(f, fresh, a), VAS_HEADS_FRESH);
	f->settings.kernel = VAS_KERNEL(6, 18);

	/* the other way round: fresh grows and reaches one that inherited, or one that did not */
	fake_unmap(fresh);
	fresh = fake_map(&f->spaces[1], 8, 4, RW);
	single = touched(&f->spaces[1], 20, RW);
	assert_int_equal(compare(f, single, fresh), VAS_HEADS_AGREE);
	assert_int_equal(fake_move(a, 30, false, &a), 0);
	assert_int_equal(compare(f, a, fresh), VAS_HEADS_INHERITED);
}

static void a_move_takes_the_chain_along(void **state)
{
	struct fixture *f = *state;
	struct vas_area *a, *moved;
	uint64_t head;

	(void)touched(&f->spaces[0], 0, RW);
	fork_space(&f->spaces[0], &f->spaces[1]);
	a = f->spaces[1].areas[0];
	head = head_of(a);
	assert_int_equal(fake_move(a, 20, false, &moved), 0);
	assert_int_equal(head_of(moved), head);
	assert_int_equal(links_of(moved), 2);
	assert_counts(f, 2, 3);
}

static void an_emptied_area_starts_anew(void **state)
{
	struct fixture *f = *state;
	struct vas_area *a = touched(&f->spaces[0], 0, RW), *moved;

	assert_int_equal(fake_move(a, 20, true, &moved), 0);
	assert_int_equal(head_of(moved), 1);
	assert_int_equal(head_of(a), 0);
	assert_counts(f, 1, 1);
	assert_int_equal(fake_touch(a, true), 0);
	assert_int_equal(head_of(a), 2);
}

/* Fork. */

static void a_child_gets_the_chain_and_a_head_of_its_own(void **state)
{
	struct fixture *f = *state;
	struct vas_area *a = touched(&f->spaces[0], 0, RW);
	struct vas_anon_vma_chain_view view;

	(void)fake_map(&f->spaces[0], 10, 4, RW); /* untouched: none in the child */
	fork_space(&f->spaces[0], &f->spaces[1]);
	fork_space(&f->spaces[1], &f->spaces[2]);
	assert_counts(f, 3, 6);
	assert_int_equal(head_of(f->spaces[1].areas[1]), 0);
	vas_anon_vma_chain_look(f->spaces[2].areas[0], &view);
	assert_int_equal(view.links, 3);
	assert_int_equal(view.id, 3);
	assert_int_equal(view.parent_id, 2);
	assert_int_equal(view.root_id, head_of(a));
	vas_anon_vma_chain_look(a, &view);
	assert_int_equal(view.head_links, 3);
	assert_int_equal(view.head_children, 2); /* itself and the child's */
	assert_int_equal(view.head_active, 1);
}

static void wiped_areas_start_without_a_head(void **state)
{
	struct fixture *f = *state;

	(void)touched(&f->spaces[0], 0, RW | VAS_AREA_WIPE_ON_FORK);
	fork_space(&f->spaces[0], &f->spaces[1]);
	assert_int_equal(head_of(f->spaces[1].areas[0]), 0);
	assert_counts(f, 1, 1);
}

/* root <- 1 <- 2 <- 3: when 1's area is gone, 2's child takes 1's head and makes none. */
static void an_idle_ancestor_is_reused_once(void **state)
{
	struct fixture *f = *state;
	struct vas_anon_vma_chain_stats stats;
	uint64_t idle;

	(void)touched(&f->spaces[0], 0, RW);
	fork_space(&f->spaces[0], &f->spaces[1]);
	fork_space(&f->spaces[1], &f->spaces[2]);
	idle = head_of(f->spaces[1].areas[0]);
	fake_exit(&f->spaces[1]);
	assert_counts(f, 3, 4);

	fork_space(&f->spaces[2], &f->spaces[1]);
	assert_int_equal(head_of(f->spaces[1].areas[0]), idle);
	assert_counts(f, 3, 7);
	fork_space(&f->spaces[2], &f->spaces[3]); /* no longer idle */
	assert_int_not_equal(head_of(f->spaces[3].areas[0]), idle);
	assert_counts(f, 4, 11);
	vas_anon_vma_chain_count(f->chain, &stats);
	assert_int_equal(stats.reused, 1);
}

static void a_head_with_two_children_is_not_reused(void **state)
{
	struct fixture *f = *state;
	uint64_t idle;

	(void)touched(&f->spaces[0], 0, RW);
	fork_space(&f->spaces[0], &f->spaces[1]);
	idle = head_of(f->spaces[1].areas[0]);
	fork_space(&f->spaces[1], &f->spaces[2]);
	fork_space(&f->spaces[1], &f->spaces[3]);
	fake_exit(&f->spaces[1]);
	fork_space(&f->spaces[2], &f->spaces[1]);
	assert_int_not_equal(head_of(f->spaces[1].areas[0]), idle);
	fake_exit(&f->spaces[1]);
	fake_exit(&f->spaces[2]);
	fork_space(&f->spaces[3], &f->spaces[1]); /* one child is left */
	assert_int_equal(head_of(f->spaces[1].areas[0]), idle);
}

static void a_root_is_never_reused(void **state)
{
	struct fixture *f = *state;

	(void)touched(&f->spaces[0], 0, RW);
	fork_space(&f->spaces[0], &f->spaces[1]);
	fake_exit(&f->spaces[0]);
	fork_space(&f->spaces[1], &f->spaces[2]);
	assert_counts(f, 3, 5);
}

static void pieces_of_one_area_part_in_the_child(void **state)
{
	struct fixture *f = *state;
	struct vas_area *a = touched(&f->spaces[0], 0, RW), *upper;

	assert_int_equal(fake_split(a, 2, &upper), 0);
	fork_space(&f->spaces[0], &f->spaces[1]);
	assert_counts(f, 3, 6);
	assert_int_equal(compare(f, a, upper), VAS_HEADS_AGREE);
	assert_int_equal(compare(f, f->spaces[1].areas[0], f->spaces[1].areas[1]),
			 VAS_HEADS_DIFFER);
}

/* Workloads. */

/* W11: 1,000 children of one area; each child's pages are found through one area. */
static void a_thousand_children_have_a_head_each(void **state)
{
	enum { CHILDREN = 1000 };
	struct fixture *f = *state;
	struct vas_space *children = calloc(CHILDREN, sizeof(*children));
	struct vas_anon_vma_chain_view view;
	uint64_t candidates = 0;

	(void)fake_map(&f->spaces[0], 0, 1000, RW);
	assert_int_equal(fake_touch(f->spaces[0].areas[0], true), 0);
	for (size_t i = 0; i < CHILDREN; i++) {
		fake_space_init(&children[i], f->chain, &f->memory);
		fork_space(&f->spaces[0], &children[i]);
	}
	assert_counts(f, 1 + CHILDREN, 1 + 2 * CHILDREN);
	for (size_t i = 0; i < CHILDREN; i++) {
		vas_anon_vma_chain_look(children[i].areas[0], &view);
		candidates += view.head_links;
	}
	assert_int_equal(candidates, CHILDREN); /* 1 for each copied page, not 1,001 */
	vas_anon_vma_chain_look(f->spaces[0].areas[0], &view);
	assert_int_equal(view.head_links, CHILDREN + 1);
	for (size_t i = 0; i < CHILDREN; i++) {
		fake_exit(&children[i]);
		fake_space_end(&children[i]);
	}
	assert_counts(f, 1, 1);
	free(children);
}

/* W12: each generation forks, lives on beside its child for a while, and exits. */
static void serial_forks(struct fixture *f, size_t generations, size_t alive, uint64_t *most_heads,
			 uint64_t *most_links)
{
	struct vas_space ring[4];
	struct vas_anon_vma_chain_stats stats;

	*most_heads = 0;
	*most_links = 0;
	for (size_t i = 0; i < alive; i++)
		fake_space_init(&ring[i], f->chain, &f->memory);
	(void)touched(&ring[0], 0, RW);
	for (size_t i = 1; i <= generations; i++) {
		struct vas_space *child = &ring[i % alive];

		fake_exit(child); /* who was born `alive` generations ago */
		fork_space(&ring[(i - 1) % alive], child);
		assert_int_equal(fake_touch(child->areas[0], true), 0);
		vas_anon_vma_chain_count(f->chain, &stats);
		*most_heads = stats.heads > *most_heads ? stats.heads : *most_heads;
		*most_links = stats.links > *most_links ? stats.links : *most_links;
	}
	for (size_t i = 0; i < alive; i++) {
		fake_exit(&ring[i]);
		fake_space_end(&ring[i]);
	}
	assert_counts(f, 0, 0);
}

static void a_chain_of_100000_forks_stays_small(void **state)
{
	struct fixture *f = *state;
	uint64_t heads, links;

	for (size_t alive = 2; alive <= 4; alive++) {
		serial_forks(f, 100000, alive, &heads, &links);
		print_message("# %zu alive: at most %d heads, %d links\n", alive, (int)heads,
			      (int)links);
		assert_in_range(heads, 1, 2 * alive);
		assert_in_range(links, 1, alive * (alive + 2));
	}
	assert_true(f->memory.peak_bytes < 100000);
}

/* Reserving. */

static void every_allocation_may_fail(void **state)
{
	struct fixture *f = *state;
	struct vas_space *space = &f->spaces[0];
	struct vas_area *upper;
	struct vas_anon_vma_chain_stats before, after;

	/* more links and heads than the instance keeps ready */
	for (uint64_t page = 0; page < 30; page += 6) {
		struct vas_area *area = touched(space, page, RW);

		for (int i = 0; i < 3; i++)
			assert_int_equal(fake_split(area, 3 - (uint64_t)i, &upper), 0);
	}
	for (uint64_t n = 1;; n++) {
		int err;

		vas_anon_vma_chain_count(f->chain, &before);
		failing_allocator_fail_at(&f->memory, n);
		err = fake_fork(space, &f->spaces[1]);
		failing_allocator_fail_at(&f->memory, 0);
		assert_int_equal(err, f->memory.failures != 0 ? -VAS_ENOMEM : 0);
		if (err == 0)
			break;
		vas_anon_vma_chain_count(f->chain, &after);
		after.spare_bytes = before.spare_bytes;
		assert_memory_equal(&before, &after, sizeof(before));
		assert_true(valid(f, &to_stderr));
	}
}

static void creation_may_fail(void **state)
{
	struct fixture *f = *state;
	struct vas_anon_rmap_config config = {
		.allocator = &f->memory.allocator,
		.settings = &f->settings,
	};
	struct vas_anon_vma_chain *chain;

	failing_allocator_fail_at(&f->memory, 1);
	assert_int_equal(vas_anon_vma_chain_create(&config, &chain), -VAS_ENOMEM);
	failing_allocator_fail_at(&f->memory, 0);
	config.settings = NULL;
	assert_int_equal(vas_anon_vma_chain_create(&config, &chain), -VAS_EINVAL);
	vas_anon_vma_chain_destroy(NULL);
}

static void settling_gives_back(void **state)
{
	struct fixture *f = *state;
	struct vas_anon_vma_chain_stats stats;

	assert_int_equal(fake_reserve(&f->spaces[0], NULL, 0, 1000), 0);
	vas_anon_vma_chain_count(f->chain, &stats);
	assert_int_equal(stats.spare_bytes,
			 1000 * (sizeof(struct chain_head) + sizeof(struct chain_link)));
	fake_settle(&f->spaces[0]);
	/* links go; heads are kept, for any space */
	vas_anon_vma_chain_count(f->chain, &stats);
	assert_in_range(stats.spare_bytes, 1000 * sizeof(struct chain_head),
			1000 * sizeof(struct chain_head) + 1024);
	assert_int_equal(fake_reserve(&f->spaces[1], NULL, 0, 1000), 0);
	fake_settle(&f->spaces[1]);
	vas_anon_vma_chain_count(f->chain, &stats);
	assert_in_range(stats.spare_bytes, 1000 * sizeof(struct chain_head),
			1004 * sizeof(struct chain_head) + 2048);
}

/* Validator. */

struct text {
	char bytes[400];
	size_t length;
};

static void keep_text(void *context, const char *bytes, size_t length)
{
	struct text *text = context;

	if (text->length + length < sizeof(text->bytes)) {
		memcpy(text->bytes + text->length, bytes, length);
		text->length += length;
	}
}

static void assert_broken(struct fixture *f, const char *id)
{
	struct text text = { .length = 0 };
	const struct vas_printer printer = { keep_text, &text };

	assert_false(valid(f, &printer));
	assert_memory_equal(text.bytes, id, strlen(id));
	assert_int_equal(text.bytes[text.length - 1], '\n');
}

/* Changes a field, wants the id, and puts the field back. */
#define assert_breaks(f, field, wrong, id)                                                         \
	do {                                                                                       \
		__typeof__(field) kept_ = (field);                                                 \
		(field) = (wrong);                                                                 \
		assert_broken(f, id);                                                              \
		(field) = kept_;                                                                   \
		assert_true(valid(f, &to_stderr));                                                 \
	} while (0)

static void the_validator_names_what_is_broken(void **state)
{
	struct fixture *f = *state;
	struct vas_area *a = touched(&f->spaces[0], 0, RW);
	struct vas_area *b = touched(&f->spaces[0], 10, RW);
	struct chain_area *mine, *child;
	struct chain_space *space = chain_space_of(&f->spaces[0]);
	struct vas_red_black *tree;

	fork_space(&f->spaces[0], &f->spaces[1]);
	mine = chain_area_of(a);
	child = chain_area_of(f->spaces[1].areas[0]);
	assert_breaks(f, mine->links, 2, "RMAP-1");
	assert_breaks(f, mine->newest->of, chain_area_of(b), "RMAP-1");
	assert_breaks(f, mine->own, NULL, "RMAP-2");
	assert_breaks(f, mine->own, chain_area_of(b)->own, "RMAP-2");
	assert_breaks(f, mine->own->link_count, 1, "RMAP-3");
	assert_breaks(f, mine->newest->head, chain_area_of(b)->own, "RMAP-2");
	assert_breaks(f, mine->own->active, 2, "RMAP-4");
	assert_breaks(f, mine->own->children, 1, "RMAP-5");
	assert_breaks(f, child->own->parent, chain_area_of(b)->own, "RMAP-6");
	assert_breaks(f, child->own->root, chain_area_of(b)->own, "RMAP-6");
	assert_breaks(f, f->chain->head_count, 3, "RMAP-7");
	assert_breaks(f, f->chain->made_count, 3, "RMAP-7");
	assert_breaks(f, space->link_count, 3, "RMAP-7");
	assert_breaks(f, space->spare_head_count, 100, "RMAP-8");
	assert_breaks(f, space->promised_heads, 1, "RMAP-8");
	assert_breaks(f, mine->pages, 5, "RMAP-9");
	assert_breaks(f, mine->start, 0x7000, "RMAP-9");
	assert_breaks(f, child->newest->older->first, 1, "RMAP-10");
	assert_breaks(f, mine->newest->max, 9, "RMAP-10");

	/* an area that the list of spaces leaves out */
	fork_space(&f->spaces[0], &f->spaces[2]);
	f->spaces[2].count--;
	assert_broken(f, "RMAP-3");
	f->spaces[2].count++;

	/* links that are not in their head's tree */
	tree = mine->own->links;
	mine->own->links = NULL;
	assert_broken(f, "RMAP-3");
	mine->own->links = tree;
}

static void printing_shows_heads_and_their_areas(void **state)
{
	struct fixture *f = *state;
	struct text text = { .length = 0 };
	const struct vas_printer printer = { keep_text, &text };
	const char *wanted =
		"head 1 parent 1 root 1 children 2 own 1: 0-4000* 0-4000\n"
		"head 2 parent 1 root 1 children 0 own 1: 0-4000*\n";

	(void)touched(&f->spaces[0], 0, RW);
	fork_space(&f->spaces[0], &f->spaces[1]);
	vas_anon_vma_chain_print(f->chain, &printer);
	assert_int_equal(text.length, strlen(wanted));
	assert_memory_equal(text.bytes, wanted, strlen(wanted));
}

static void verdicts_and_designs_have_texts(void **state)
{
	const struct vas_anon_rmap_design *design = &vas_anon_vma_chain_design;

	(void)state;
	for (int verdict = VAS_HEADS_AGREE; verdict <= VAS_HEADS_FRESH + 1; verdict++)
		assert_true(strlen(vas_heads_verdict_text((enum vas_heads_verdict)verdict)) > 3);
	assert_string_equal(design->name, "anon-vma-chain");
	assert_int_equal(design->year, 2010);
	assert_ptr_equal(design->listener, fake_listener);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_write_gives_a_head_and_a_read_does_not),
		TEST(shared_areas_never_get_a_head),
		TEST(guard_pages_give_a_head_to_anonymous_memory_only),
		TEST(a_read_gives_a_head_where_the_huge_zero_page_goes),
		TEST(a_neighbour_that_could_merge_later_lends_its_head),
		TEST(the_neighbour_above_is_asked_first),
		TEST(unlike_neighbours_lend_nothing),
		TEST(a_policy_keeps_heads_apart_and_a_userfaultfd_does_not),
		TEST(an_area_that_inherited_lends_nothing),
		TEST(a_split_shares_and_a_merge_joins_again),
		TEST(a_split_of_an_untouched_area_shares_nothing),
		TEST(a_fresh_area_that_swallows_takes_the_chain),
		TEST(kernels_before_6_16_keep_a_fresh_area_from_swallowing),
		TEST(inherited_and_fresh_do_not_merge),
		TEST(an_area_that_grows_over_a_gap_may_reach_a_fresh_one),
		TEST(a_move_takes_the_chain_along),
		TEST(an_emptied_area_starts_anew),
		TEST(a_child_gets_the_chain_and_a_head_of_its_own),
		TEST(wiped_areas_start_without_a_head),
		TEST(an_idle_ancestor_is_reused_once),
		TEST(a_head_with_two_children_is_not_reused),
		TEST(a_root_is_never_reused),
		TEST(pieces_of_one_area_part_in_the_child),
		TEST(a_thousand_children_have_a_head_each),
		TEST(a_chain_of_100000_forks_stays_small),
		TEST(every_allocation_may_fail),
		TEST(creation_may_fail),
		TEST(settling_gives_back),
		TEST(the_validator_names_what_is_broken),
		TEST(printing_shows_heads_and_their_areas),
		TEST(verdicts_and_designs_have_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
