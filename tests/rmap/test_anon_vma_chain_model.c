/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Long random runs against a twin that keeps no counts: an area is a set of head numbers and its
 * own one, a head is its parent's number, and every question is answered by looking at all areas
 * of all spaces. Heads are numbered in the order of their making on both sides, so the numbers
 * must be equal. VAS_SEED chooses the run.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_space.h"
#include "rmap/anon_vma_chain.h"

enum { SPACES = 6, AREAS = 12, PAGES = 60, HEADS = 20000, STEPS = 30000, CHAIN = 64 };

#define RW ((uint64_t)(VAS_AREA_READ | VAS_AREA_WRITE))

struct twin_area {
	int own;		 /* 0: none */
	int heads[CHAIN], count; /* oldest first */
};

struct run {
	struct failing_allocator memory;
	struct vas_settings settings;
	struct vas_anon_vma_chain *chain;
	struct vas_space spaces[SPACES];
	int parents[HEADS]; /* by head; a root's is itself */
	int last;
	uint64_t random;
};

static uint64_t pick(struct run *run, uint64_t bound)
{
	run->random = run->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (run->random >> 33) % bound;
}

static struct twin_area *twin_of(const struct vas_area *area)
{
	return area->user;
}

static bool twin_has(const struct twin_area *twin, int head)
{
	for (int i = 0; i < twin->count; i++)
		if (twin->heads[i] == head)
			return true;
	return false;
}

#define for_each_area(area, run)                                                                   \
	for (size_t s_ = 0; s_ < SPACES; s_++)                                                     \
		for (struct vas_area *area = vas_find_ge(&(run)->spaces[s_], 0); area != NULL;     \
		     area = vas_area_next(area))

static int twin_active(struct run *run, int head)
{
	int active = 0;

	for_each_area(area, run) active += twin_of(area)->own == head;
	return active;
}

static int twin_links(struct run *run, int head)
{
	int links = 0;

	for_each_area(area, run) links += twin_has(twin_of(area), head);
	return links;
}

static int twin_children(struct run *run, int parent)
{
	int children = 0;

	for (int head = 1; head <= run->last; head++)
		children += run->parents[head] == parent && twin_links(run, head) != 0;
	return children;
}

static int twin_new_head(struct run *run, int parent)
{
	int head = ++run->last;

	assert_true(head < HEADS);
	run->parents[head] = parent != 0 ? parent : head;
	return head;
}

static void twin_tie(struct twin_area *twin, int head)
{
	assert_true(twin->count < CHAIN);
	twin->heads[twin->count++] = head;
}

static int twin_lent(const struct vas_area *area, const struct vas_area *other)
{
	const struct vas_area *below = area, *above = other;

	if (other == NULL)
		return 0;
	if (other->range.start < area->range.start) {
		below = other;
		above = area;
	}
	if (below->range.end != above->range.start || below->file != above->file ||
	    (below->flags | VAS_AREA_ACCESS) != (above->flags | VAS_AREA_ACCESS) ||
	    above->offset - below->offset != vas_area_pages(below))
		return 0;
	return twin_of(other)->count == 1 ? twin_of(other)->own : 0;
}

static void twin_touch(struct run *run, struct vas_area *area)
{
	struct twin_area *twin = twin_of(area);
	int head;

	if (twin->own != 0 || (area->flags & VAS_AREA_SHARED) != 0)
		return;
	head = twin_lent(area, vas_area_next(area));
	if (head == 0)
		head = twin_lent(area, vas_area_prev(area));
	if (head == 0)
		head = twin_new_head(run, 0);
	twin->own = head;
	twin_tie(twin, head);
}

/* Runs before the child's areas exist: the counts are those of the moment of each area's copy, so
 * the caller calls it area by area, with those already copied in place. */
static void twin_fork(struct run *run, const struct vas_area *parent, struct vas_area *child)
{
	const struct twin_area *from = twin_of(parent);
	struct twin_area *to = twin_of(child);

	*to = (struct twin_area){ 0 };
	if (from->own == 0 || (parent->flags & VAS_AREA_WIPE_ON_FORK) != 0)
		return;
	for (int i = 0; i < from->count && to->own == 0; i++)
		if (twin_active(run, from->heads[i]) == 0 && twin_children(run, from->heads[i]) < 2)
			to->own = from->heads[i];
	memcpy(to->heads, from->heads, sizeof(to->heads));
	to->count = from->count;
	if (to->own == 0) {
		to->own = twin_new_head(run, from->own);
		twin_tie(to, to->own);
	}
}

/* Twins live in `user`, which splits, moves and forks copy: give the new area its own. */
static void own_twin(struct vas_area *area, const struct twin_area *model)
{
	struct twin_area *twin = calloc(1, sizeof(*twin));

	if (model != NULL)
		*twin = *model;
	area->user = twin;
}

static void print_to_stderr(void *context, const char *text, size_t length)
{
	(void)context;
	fwrite(text, 1, length, stderr);
}

static const struct vas_printer to_stderr = { print_to_stderr, NULL };

static void compare_area(struct run *run, const struct vas_area *area)
{
	const struct twin_area *twin = twin_of(area);
	struct vas_anon_vma_chain_view view;
	const struct chain_link *link;
	int i = twin->count;

	vas_anon_vma_chain_look(area, &view);
	assert_int_equal(view.id, twin->own);
	assert_int_equal(view.links, twin->count);
	for (link = chain_area_of(area)->newest; link != NULL; link = link->older)
		assert_int_equal(link->head->id, twin->heads[--i]);
	if (twin->own == 0)
		return;
	assert_int_equal(view.parent_id, run->parents[twin->own]);
	assert_int_equal(view.head_links, twin_links(run, twin->own));
	assert_int_equal(view.head_active, twin_active(run, twin->own));
	assert_int_equal(view.head_children, twin_children(run, twin->own));
}

static void compare_all(struct run *run, bool deep)
{
	struct vas_anon_vma_chain_stats stats;
	uint64_t heads = 0, links = 0;

	assert_true(vas_anon_vma_chain_validate(run->chain, &to_stderr));
	for_each_area(area, run) links += (uint64_t)twin_of(area)->count;
	vas_anon_vma_chain_count(run->chain, &stats);
	assert_int_equal(stats.links, links);
	if (!deep)
		return;
	for_each_area(area, run) compare_area(run, area);
	for (int head = 1; head <= run->last; head++)
		heads += twin_links(run, head) != 0;
	assert_int_equal(stats.heads, heads);
}

static bool twin_may_merge(const struct vas_area *target, const struct vas_area *source)
{
	const struct twin_area *t = twin_of(target), *s = twin_of(source);

	if (t->own != 0 && s->own != 0)
		return t->own == s->own;
	return (t->own == 0 || t->count == 1) && (s->own == 0 || s->count == 1);
}

static struct vas_area *random_area(struct run *run, struct vas_space *space)
{
	return space->count == 0 ? NULL : space->areas[pick(run, space->count)];
}

static int step_map(struct run *run, struct vas_space *space)
{
	static const uint64_t kinds[] = {
		0, 0, 0, VAS_AREA_EXEC, VAS_AREA_EXEC, VAS_AREA_WIPE_ON_FORK, VAS_AREA_SHARED
	};
	uint64_t start = pick(run, PAGES), length = 1 + pick(run, 6);
	struct vas_area *above = vas_find_ge(space, start * VAS_PAGE_SIZE);
	struct vas_area *area;

	if (space->count >= AREAS)
		return 0;
	if (above != NULL && above->range.start < (start + length) * VAS_PAGE_SIZE)
		return 0;
	area = fake_map(space, start, length, RW | kinds[pick(run, 7)]);
	if (area == NULL)
		return -VAS_ENOMEM;
	own_twin(area, NULL);
	return 0;
}

static void step_unmap(struct vas_area *area)
{
	free(area->user);
	fake_unmap(area);
}

static int step_split(struct run *run, struct vas_area *area)
{
	uint64_t pages = vas_area_pages(area);
	struct vas_area *upper;
	int err;

	if (pages < 2 || area->space->count >= AREAS)
		return 0;
	err = fake_split(area, 1 + pick(run, pages - 1), &upper);
	if (err == 0)
		own_twin(upper, twin_of(area));
	return err;
}

static int step_merge(struct run *run, struct vas_area *area)
{
	struct vas_area *other = vas_area_next(area), *target, *source;
	struct twin_area *twin;
	bool may;
	int err;

	if (other == NULL || other->range.start != area->range.end || other->file != area->file ||
	    other->offset != area->offset + vas_area_pages(area))
		return 0;
	target = pick(run, 2) ? area : other;
	source = target == area ? other : area;
	may = twin_may_merge(target, source);
	assert_int_equal(fake_listener->may_merge(run->chain, target, source, false), may);
	if (!may)
		return 0;
	twin = twin_of(source);
	err = fake_merge(target, source);
	if (err != 0)
		return err;
	target->flags = RW;
	if (twin_of(target)->own == 0)
		*twin_of(target) = *twin;
	free(twin);
	return 0;
}

static int step_move(struct run *run, struct vas_area *area)
{
	struct vas_space *space = area->space;
	uint64_t start = pick(run, PAGES), pages = vas_area_pages(area);
	struct vas_area *above = vas_find_ge(space, start * VAS_PAGE_SIZE), *moved;
	struct twin_area *twin = twin_of(area);
	bool stay = pick(run, 3) == 0;
	int err;

	if (space->count >= AREAS ||
	    (above != NULL && above->range.start < (start + pages) * VAS_PAGE_SIZE))
		return 0;
	err = fake_move(area, start, stay, &moved);
	if (err != 0)
		return err;
	if (stay) {
		own_twin(moved, twin);
		*twin = (struct twin_area){ 0 };
	}
	return 0;
}

/* The twins are copied area by area, each seeing those before it: as the kernel goes about it. */
static int step_fork(struct run *run, struct vas_space *parent)
{
	struct vas_space *child = &run->spaces[pick(run, SPACES)];
	size_t count = parent->count;
	int err;

	if (child == parent)
		return 0;
	while (child->count != 0)
		step_unmap(child->areas[0]);
	err = fake_fork(parent, child);
	if (err != 0)
		return err;
	child->count = 0;
	for (size_t i = 0; i < count; i++) {
		own_twin(child->areas[i], NULL);
		twin_fork(run, parent->areas[i], child->areas[i]);
		child->count++;
	}
	return 0;
}

static int step(struct run *run)
{
	struct vas_space *space = &run->spaces[pick(run, SPACES)];
	struct vas_area *area = random_area(run, space);
	uint64_t what = pick(run, 100);
	bool write = pick(run, 4) != 0;
	int err;

	if (area == NULL || what < 20)
		return step_map(run, space);
	if (what < 50) {
		err = fake_touch(area, write);
		if (err == 0 && write)
			twin_touch(run, area);
		return err;
	}
	if (what < 60)
		return step_split(run, area);
	if (what < 72)
		return step_merge(run, area);
	if (what < 80)
		return step_move(run, area);
	if (what < 90) {
		step_unmap(area);
		return 0;
	}
	if (what < 98)
		return step_fork(run, space);
	while (space->count != 0)
		step_unmap(space->areas[0]);
	return 0;
}

static uint64_t seed_of_run(void)
{
	const char *text = getenv("VAS_SEED");

	return text != NULL ? strtoull(text, NULL, 0) : 1;
}

static struct run *start_run(uint64_t seed)
{
	struct run *run = calloc(1, sizeof(*run));
	struct vas_anon_rmap_config config;

	failing_allocator_init(&run->memory);
	run->settings.kernel = VAS_KERNEL(6, 18);
	run->random = seed;
	config = (struct vas_anon_rmap_config){
		.allocator = &run->memory.allocator,
		.settings = &run->settings,
	};
	assert_int_equal(vas_anon_vma_chain_create(&config, &run->chain), 0);
	for (size_t i = 0; i < SPACES; i++)
		fake_space_init(&run->spaces[i], run->chain, &run->memory);
	return run;
}

static void end_run(struct run *run)
{
	for (size_t i = 0; i < SPACES; i++) {
		while (run->spaces[i].count != 0)
			step_unmap(run->spaces[i].areas[0]);
		fake_space_end(&run->spaces[i]);
	}
	vas_anon_vma_chain_destroy(run->chain);
	assert_int_equal(failing_allocator_finish(&run->memory), 0);
	free(run);
}

/* `failing`: every third step one of its first allocations fails, and nothing may have changed. */
static void random_run(uint64_t seed, bool failing)
{
	struct run *run = start_run(seed);
	uint64_t failures = 0;
	struct vas_anon_vma_chain_stats stats;

	print_message("# VAS_SEED=%llu%s\n", (unsigned long long)seed, failing ? " failing" : "");
	for (int i = 0; i < STEPS && run->last < HEADS - AREAS; i++) {
		bool armed = failing && pick(run, 3) == 0;
		int err;

		if (armed)
			failing_allocator_fail_from(&run->memory, 1 + pick(run, 8));
		run->memory.failures = 0;
		err = step(run);
		failing_allocator_fail_at(&run->memory, 0);
		if (err != 0) {
			assert_true(armed);
			assert_int_equal(err, -VAS_ENOMEM);
			failures++;
		}
		/* the twin looks at everything each time: the deep look is dear once heads are many
		 */
		compare_all(run, i % 16 == 0 || run->last < 300);
	}
	vas_anon_vma_chain_count(run->chain, &stats);
	print_message("# heads made %d, inherited %d, shared %d, re-used %d, failures %d\n",
		      (int)stats.created, (int)stats.inherited, (int)stats.shared,
		      (int)stats.reused, (int)failures);
	assert_int_equal(stats.created, run->last);
	assert_true(stats.reused > 10 && stats.shared > 10);
	assert_true(!failing || failures > 100);
	end_run(run);
}

static void random_steps_agree_with_the_twin(void **state)
{
	(void)state;
	random_run(seed_of_run(), false);
}

static void failed_steps_change_nothing(void **state)
{
	(void)state;
	random_run(seed_of_run() + 1, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_steps_agree_with_the_twin),
		cmocka_unit_test(failed_steps_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
