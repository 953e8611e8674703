/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Random steps for the toy machine. */

#include "toy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { CHECK_EVERY = 128, VALIDATE_EVERY = 16, LONGEST = 12 };

/* What a step did, and where: the pages there are walked after it. */
struct step {
	struct toy *toy;
	struct toy_space *space;
	uint64_t page, pages;
	size_t spaces; /* at most */
};

static const char *last_step = "start";

const char *toy_last_step(void)
{
	return last_step;
}

static void anywhere(struct step *step)
{
	step->page = toy_pick(step->toy, TOY_PAGES);
	step->pages = 1 + toy_pick(step->toy, LONGEST);
	if (step->page + step->pages > TOY_PAGES)
		step->pages = TOY_PAGES - step->page;
}

/* A range that has to do with an area: all of it, or a part. */
static void somewhere_mapped(struct step *step)
{
	const struct vas_area *area;
	uint64_t first, count;

	anywhere(step);
	area = vas_find_ge(step->space->space, TOY_BASE + step->page * VAS_PAGE_SIZE);
	if (area == NULL)
		return;
	first = (area->range.start - TOY_BASE) >> VAS_PAGE_SHIFT;
	count = vas_area_pages(area);
	step->page = first;
	step->pages = count;
	if (toy_pick(step->toy, 2) == 0)
		return;
	/* its beginning, its end, or any part */
	if (toy_pick(step->toy, 3) != 0)
		step->page = first + toy_pick(step->toy, count);
	if (toy_pick(step->toy, 3) != 0)
		step->pages = 1 + toy_pick(step->toy, first + count - step->page);
	else
		step->pages = first + count - step->page;
}

/* A page that is there, or none: false. */
static bool somewhere_present(struct step *step)
{
	uint64_t start = toy_pick(step->toy, TOY_PAGES);

	for (uint64_t i = 0; i < TOY_PAGES; i++) {
		step->page = (start + i) % TOY_PAGES;
		step->pages = 1;
		if (toy_page_at(step->space, step->page) != NULL)
			return true;
	}
	return false;
}

static int do_write(struct step *step)
{
	somewhere_mapped(step);
	step->page += toy_pick(step->toy, step->pages);
	step->pages = 1;
	return toy_write(step->space, step->page);
}

static int do_read(struct step *step)
{
	somewhere_mapped(step);
	step->page += toy_pick(step->toy, step->pages);
	step->pages = 1;
	return toy_read(step->space, step->page);
}

/* Writes all of an area: what merges and moves then hold is many pages. */
static int do_fill(struct step *step)
{
	int err = 0;

	somewhere_mapped(step);
	for (uint64_t i = 0; i < step->pages && err == 0; i++)
		err = toy_write(step->space, step->page + i);
	return err;
}

static int do_map(struct step *step)
{
	struct toy *toy = step->toy;

	anywhere(step);
	return toy_map(step->space, step->page, step->pages,
		       toy_pick(toy, 4) == 0 ? &toy->file : NULL);
}

static int do_unmap(struct step *step)
{
	if (toy_pick(step->toy, 2) == 0)
		anywhere(step);
	else
		somewhere_mapped(step);
	return toy_unmap(step->space, step->page, step->pages);
}

static int do_protect(struct step *step)
{
	somewhere_mapped(step);
	return toy_protect(step->space, step->page, step->pages,
			   toy_pick(step->toy, 3) == 0 ? VAS_READ : VAS_READ | VAS_WRITE);
}

static int do_move(struct step *step)
{
	uint64_t flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED, to, pages, old;
	int err;

	somewhere_mapped(step);
	old = step->page;
	pages = step->pages;
	if (toy_pick(step->toy, 4) == 0)
		flags |= VAS_REMAP_DONTUNMAP;
	else if (toy_pick(step->toy, 8) == 0)
		pages = 1 + toy_pick(step->toy, LONGEST);
	to = toy_pick(step->toy, TOY_PAGES - TOY_STACK);
	if (to + pages > TOY_PAGES)
		to = TOY_PAGES - pages;
	err = toy_remap(step->space, old, step->pages, pages, flags, to);
	step->page = to;
	step->pages = pages;
	return err;
}

/* There and back, often: a page may then lie at its first address again. */
static int do_ping_pong(struct step *step)
{
	uint64_t there;
	int err;

	somewhere_mapped(step);
	there = toy_pick(step->toy, TOY_PAGES - TOY_STACK);
	if (there + step->pages > TOY_PAGES)
		there = TOY_PAGES - step->pages;
	err = toy_remap(step->space, step->page, step->pages, step->pages,
			VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED, there);
	if (err != 0)
		return err;
	toy_walk_range(step->space, there, step->pages);
	return toy_remap(step->space, there, step->pages, step->pages,
			 VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED, step->page);
}

/* In place, or it fails. */
static int do_resize(struct step *step)
{
	uint64_t pages;

	somewhere_mapped(step);
	pages = 1 + toy_pick(step->toy, step->pages + 4);
	return toy_remap(step->space, step->page, step->pages, pages, 0, 0);
}

static int do_advise(struct step *step)
{
	static const int advices[] = {
		VAS_ADVICE_DONTNEED,	  VAS_ADVICE_DONTNEED,	   VAS_ADVICE_DONTFORK,
		VAS_ADVICE_DOFORK,	  VAS_ADVICE_DOFORK,	   VAS_ADVICE_WIPEONFORK,
		VAS_ADVICE_KEEPONFORK,	  VAS_ADVICE_KEEPONFORK,   VAS_ADVICE_FREE,
		VAS_ADVICE_GUARD_INSTALL, VAS_ADVICE_GUARD_REMOVE,
	};

	somewhere_mapped(step);
	return toy_advise(step->space, step->page, step->pages,
			  advices[toy_pick(step->toy, sizeof(advices) / sizeof(advices[0]))]);
}

static int do_brk(struct step *step)
{
	step->page = 0;
	step->pages = toy_pick(step->toy, 24);
	return toy_brk(step->space, step->pages);
}

static int do_stack(struct step *step)
{
	step->page = TOY_PAGES - 1 - toy_pick(step->toy, 24);
	step->pages = 1;
	return toy_write(step->space, step->page);
}

static int do_swap_out(struct step *step)
{
	if (somewhere_present(step))
		toy_swap_out(step->space, step->page);
	return 0;
}

static int do_migrate(struct step *step)
{
	if (somewhere_present(step))
		toy_migrate(step->space, step->page);
	return 0;
}

static int do_exit(struct step *step)
{
	int err = 0;

	toy_exit(step->space);
	step->space = NULL;
	if (step->toy->count == 0)
		err = toy_space_new(step->toy, &step->space);
	return err;
}

static int do_fork(struct step *step)
{
	if (step->toy->count == step->spaces)
		return do_exit(step);
	step->page = 0;
	step->pages = TOY_PAGES;
	return toy_fork(step->space, &step->space);
}

static const struct {
	const char *name;
	unsigned weight;
	int (*run)(struct step *step);
} deeds[] = {
	{ "write", 280, do_write },	 { "read", 60, do_read },
	{ "fill", 40, do_fill },	 { "map", 80, do_map },
	{ "unmap", 60, do_unmap },	 { "protect", 80, do_protect },
	{ "move", 90, do_move },	 { "ping-pong", 20, do_ping_pong },
	{ "resize", 30, do_resize },	 { "advise", 50, do_advise },
	{ "brk", 20, do_brk },		 { "stack", 20, do_stack },
	{ "swap-out", 70, do_swap_out }, { "migrate", 20, do_migrate },
	{ "fork", 50, do_fork },	 { "exit", 30, do_exit },
};

static int one_step(struct step *step)
{
	unsigned at = 0, roll, weights = 0;

	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		weights += deeds[i].weight;
	roll = (unsigned)toy_pick(step->toy, weights);
	while (roll >= deeds[at].weight)
		roll -= deeds[at++].weight;
	last_step = deeds[at].name;
	step->space = step->toy->spaces[toy_pick(step->toy, step->toy->count)];
	step->page = 0;
	step->pages = 0;
	return deeds[at].run(step);
}

void toy_run(struct toy *toy, uint64_t steps, size_t spaces, bool failing)
{
	struct step step = { .toy = toy, .spaces = spaces };
	struct toy_space *first;

	if (toy->count == 0)
		assert_int_equal(toy_space_new(toy, &first), 0);
	for (uint64_t i = 0; i < steps; i++) {
		bool armed = failing && toy_pick(toy, 8) == 0;

		if (toy->count == 0) /* the making of one failed */
			assert_int_equal(toy_space_new(toy, &first), 0);
		if (armed)
			failing_allocator_fail_from(&toy->memory, 1 + toy_pick(toy, 6));
		(void)one_step(&step);
		failing_allocator_fail_at(&toy->memory, 0);
		if (step.space != NULL)
			toy_walk_range(step.space, step.page, step.pages);
		if (i % VALIDATE_EVERY == 0)
			toy_validate(toy);
		if (i % CHECK_EVERY == 0)
			toy_check(toy);
	}
	toy_check(toy);
}
