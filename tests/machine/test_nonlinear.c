/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Nonlinear areas: one area that shows pages of its object in any order. What they do one thing at a
 * time; random runs against an array that says which page stands where; and every allocation fails
 * once. For each file design that differs in what it does for them.
 */

#include <pthread.h>

#include <vas/file_rmap.h>

#include "world.h"

#include "machine/machine.h"

#define PAGES  16
#define MEMORY WORLD_FILES /* the file that is shared memory */

static const char *const designs[] = { "cells", "interval-tree", "prio-tree", "pte-chain",
				       "cell-tree" };
#define DESIGNS (sizeof(designs) / sizeof(designs[0]))

static int remap(struct vas_space *space, uint64_t page, uint64_t count, uint64_t file_page)
{
	return vas_remap_file_pages(space, at(page), count * VAS_PAGE_SIZE, 0, file_page, 0);
}

static struct vas_area *area_at(struct vas_space *space, uint64_t page)
{
	return vas_find(space, at(page));
}

static bool nonlinear_at(struct vas_space *space, uint64_t page)
{
	return (area_at(space, page)->flags & VAS_AREA_NONLINEAR) != 0;
}

static uint64_t areas(struct vas_space *space)
{
	struct vas_counts counts;

	vas_space_count(space, &counts);
	return counts.areas;
}

/* 100 + n in page n of the file, which is mapped at 0 and then shown in reverse. */
static void show_reversed(struct world *world, unsigned which)
{
	vas_machine_settings(world->machine)->nonlinear = true;
	assert_int_equal(map_file(world, world->space, which, 0, PAGES, 0, true), 0);
	for (uint64_t page = 0; page < PAGES; page++)
		must_put(world->space, page, 100 + page);
	for (uint64_t page = 0; page < PAGES; page++)
		assert_int_equal(remap(world->space, page, 1, PAGES - 1 - page), 0);
}

static void must_be_reversed(struct vas_space *space, uint64_t first)
{
	for (uint64_t page = 0; page < PAGES; page++)
		must_get(space, first + page, 100 + PAGES - 1 - page);
}

/* ---- One thing at a time ---- */

static void one_area_shows_pages_in_any_order(void **state)
{
	struct world *world = *state;
	uint64_t token = 0;

	show_reversed(world, MEMORY);
	assert_int_equal(areas(world->space), 1);
	assert_true(nonlinear_at(world->space, 0));
	must_be_reversed(world->space, 0);
	must_put(world->space, 3, 7);
	assert_int_equal(map_file(world, world->space, MEMORY, 100, PAGES, 0, true), 0);
	must_get(world->space, 100 + PAGES - 4, 7);
	assert_int_equal(vas_file_read(world->files[MEMORY],
				       (PAGES - 4) * VAS_PAGE_SIZE + TOKEN_OFFSET, &token,
				       sizeof(token), NULL),
			 0);
	assert_int_equal(token, 7);
	/* One page in two places, and back in order. */
	assert_int_equal(remap(world->space, 4, 4, 8), 0);
	assert_int_equal(remap(world->space, 8, 4, 8), 0);
	must_put(world->space, 5, 8);
	must_get(world->space, 9, 8);
	assert_int_equal(remap(world->space, 0, PAGES, 0), 0);
	must_get(world->space, 9, 8);
	must_get(world->space, 0, 100);
	assert_true(nonlinear_at(world->space, 0));
	world_check(world);
}

static void what_cannot_be_nonlinear_is_refused(void **state)
{
	struct world *world = *state;
	struct vas_space *space = world->space;

	vas_machine_settings(world->machine)->nonlinear = true;
	assert_int_equal(map_file(world, space, MEMORY, 0, 8, 0, true), 0);
	assert_int_equal(map_file(world, space, MEMORY, 8, 8, 0, true), 0);
	assert_int_equal(map_file(world, space, MEMORY, 20, 8, 0, false), 0);
	assert_int_equal(remap(space, 4, 8, 0), -VAS_EINVAL);
	assert_int_equal(remap(space, 16, 1, 0), -VAS_EINVAL);
	assert_int_equal(remap(space, 20, 1, 0), -VAS_EINVAL);
	assert_int_equal(remap(space, 0, 0, 0), -VAS_EINVAL);
	assert_int_equal(vas_remap_file_pages(space, at(0), VAS_PAGE_SIZE, VAS_READ, 0, 0),
			 -VAS_EINVAL);
	assert_int_equal(remap(space, 0, 1, UINT64_MAX >> 12), -VAS_EOVERFLOW);
	/* What it shows anyway changes nothing. */
	assert_int_equal(remap(space, 2, 3, 2), 0);
	assert_false(nonlinear_at(space, 2));
	assert_int_equal(vas_seal(space, at(0), 8 * VAS_PAGE_SIZE, 0), 0);
	assert_int_equal(remap(space, 0, 1, 5), -VAS_EPERM);
	assert_int_equal(remap(space, 8, 1, 5), 0);
	assert_int_equal(vas_advise(space, at(8), VAS_PAGE_SIZE, VAS_ADVICE_REMOVE), -VAS_EINVAL);
	world_check(world);
}

static void without_the_setting_areas_are_split(void **state)
{
	struct world *world = *state;

	assert_int_equal(map_file(world, world->space, MEMORY, 0, 8, 0, true), 0);
	assert_int_equal(remap(world->space, 2, 1, 7), 0);
	assert_int_equal(areas(world->space), 3);
	assert_false(nonlinear_at(world->space, 2));
}

static void a_child_sees_what_its_parent_saw(void **state)
{
	struct world *world = *state;
	struct vas_space *child;

	show_reversed(world, MEMORY);
	assert_int_equal(vas_fork(world->space, &child), 0);
	must_be_reversed(child, 0);
	world_check(world);
	assert_int_equal(remap(child, 0, PAGES, 0), 0);
	must_get(child, 3, 103);
	must_be_reversed(world->space, 0);
	must_put(child, 3, 5);
	must_get(world->space, PAGES - 4, 5);
	world_check(world);
	vas_exec(world->space, vas_space_layout(world->space));
	must_get(child, 3, 5);
	world_check(world);
	vas_space_destroy(child);
}

static void moved_pages_stay_in_their_order(void **state)
{
	struct world *world = *state;
	uint64_t address;
	struct vas_remap move = {
		.old = at(0),
		.old_length = PAGES * VAS_PAGE_SIZE,
		.new_length = PAGES * VAS_PAGE_SIZE,
		.flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED,
		.new_address = at(600),
	};

	show_reversed(world, MEMORY);
	assert_true(vas_machine_reclaim(world->machine, 6, NULL) >= 6);
	assert_int_equal(vas_remap(world->space, &move, &address), 0);
	must_be_reversed(world->space, 600);
	world_check(world);
	/* A part of it; DONTUNMAP leaves the order where it was. */
	move.old = at(604);
	move.old_length = move.new_length = 4 * VAS_PAGE_SIZE;
	move.flags |= VAS_REMAP_DONTUNMAP;
	move.new_address = at(20);
	assert_int_equal(vas_remap(world->space, &move, &address), 0);
	must_get(world->space, 21, 100 + PAGES - 6);
	must_be_reversed(world->space, 600);
	world_check(world);
	move.flags &= ~(uint64_t)VAS_REMAP_DONTUNMAP;
	move.new_address = at(700);
	assert_int_equal(vas_remap(world->space, &move, &address), 0);
	must_get(world->space, 701, 100 + PAGES - 6);
	must_get(world->space, 603, 100 + PAGES - 4);
	must_get(world->space, 608, 100 + PAGES - 9);
	world_check(world);
}

static void what_grows_goes_on_in_order(void **state)
{
	struct world *world = *state;
	uint64_t address, token;
	struct vas_remap grow = {
		.old = at(0),
		.old_length = PAGES * VAS_PAGE_SIZE,
		.new_length = (PAGES + 4) * VAS_PAGE_SIZE,
	};

	show_reversed(world, MEMORY);
	assert_int_equal(vas_remap(world->space, &grow, &address), 0);
	assert_int_equal(areas(world->space), 1);
	must_put(world->space, PAGES + 1, 9);
	must_be_reversed(world->space, 0);
	assert_int_equal(vas_file_read(world->files[MEMORY],
				       (PAGES + 1) * VAS_PAGE_SIZE + TOKEN_OFFSET, &token,
				       sizeof(token), NULL),
			 0);
	assert_int_equal(token, 9);
	/* And moved meanwhile: something is in the way. */
	assert_int_equal(map_pages(world->space, PAGES + 4, 1, RW, 0), 0);
	grow.old_length = grow.new_length;
	grow.new_length += 4 * VAS_PAGE_SIZE;
	grow.flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED;
	grow.new_address = at(500);
	assert_int_equal(vas_remap(world->space, &grow, &address), 0);
	must_be_reversed(world->space, 500);
	must_get(world->space, 500 + PAGES + 1, 9);
	must_get(world->space, 500 + PAGES + 6, 0);
	world_check(world);
}

static void parts_are_unmapped_and_protected(void **state)
{
	struct world *world = *state;
	struct vas_space *space = world->space;
	uint64_t token;

	show_reversed(world, MEMORY);
	assert_int_equal(remap(space, 4, 8, 4), 0); /* a run to be cut */
	assert_int_equal(vas_protect(space, at(6), 2 * VAS_PAGE_SIZE, VAS_READ, -1), 0);
	assert_int_equal(areas(space), 3);
	must_get(space, 6, 106);
	assert_int_equal(put(space, 6, 1), -VAS_EACCES);
	assert_int_equal(vas_protect(space, at(6), 2 * VAS_PAGE_SIZE, RW, -1), 0);
	assert_int_equal(areas(space), 3); /* they do not merge */
	must_put(space, 6, 106);
	assert_int_equal(vas_unmap(space, at(5), 2 * VAS_PAGE_SIZE), 0);
	assert_int_equal(get(space, 5, &token), -VAS_EFAULT);
	must_get(space, 4, 104);
	must_get(space, 7, 107);
	must_get(space, 8, 108);
	must_get(space, 15, 100);
	world_check(world);
	assert_int_equal(map_file(world, space, MEMORY, 5, 2, 5, true), 0);
	assert_false(nonlinear_at(space, 5));
	must_get(space, 5, 105);
	world_check(world);
}

static void past_the_end_nothing_is_there(void **state)
{
	struct world *world = *state;
	uint64_t token;

	show_reversed(world, 0);
	assert_true(vas_machine_reclaim(world->machine, 4, NULL) > 0);
	assert_int_equal(vas_truncate(world->files[0], 8 * VAS_PAGE_SIZE), 0);
	world_check(world);
	assert_int_equal(get(world->space, 0, &token), -VAS_EOVERFLOW);
	must_get(world->space, PAGES - 1, 100);
	must_get(world->space, PAGES - 8, 107);
	assert_int_equal(get(world->space, PAGES - 9, &token), -VAS_EOVERFLOW);
	assert_int_equal(vas_truncate(world->files[0], PAGES * VAS_PAGE_SIZE), 0);
	must_get(world->space, 0, 0);
	must_put(world->space, 0, 5);
	assert_int_equal(vas_punch(world->files[0], 2 * VAS_PAGE_SIZE, 2 * VAS_PAGE_SIZE), 0);
	must_get(world->space, PAGES - 3, 0);
	must_get(world->space, PAGES - 4, 0);
	must_get(world->space, PAGES - 5, 104);
	world_check(world);
}

static void an_entry_keeps_the_offset_of_a_page_that_is_out(void **state)
{
	struct world *world = *state;
	unsigned out = 0;

	show_reversed(world, 0);
	show_reversed(world, MEMORY); /* in its place, and written back there */
	assert_int_equal(vas_advise(world->space, at(0), PAGES * VAS_PAGE_SIZE, VAS_ADVICE_PAGEOUT),
			 0);
	for (uint64_t page = 0; page < PAGES; page++)
		out += look(world->space, page).offset;
	assert_int_equal(out, PAGES);
	world_check(world);
	must_be_reversed(world->space, 0);
	for (uint64_t page = 0; page < PAGES; page++)
		assert_true(look(world->space, page).present);
	assert_int_equal(vas_migrate(world->space, at(3)), 0);
	must_be_reversed(world->space, 0);
	assert_int_equal(vas_advise(world->space, at(3), VAS_PAGE_SIZE, VAS_ADVICE_PAGEOUT), 0);
	assert_true(look(world->space, 3).offset);
	/* What is forgotten is not lost: the area knows. */
	assert_int_equal(
		vas_advise(world->space, at(0), PAGES * VAS_PAGE_SIZE, VAS_ADVICE_DONTNEED), 0);
	assert_false(look(world->space, 3).offset);
	must_be_reversed(world->space, 0);
	world_check(world);
}

static void all_runs_are_synced(void **state)
{
	struct world *world = *state;
	struct failing_store *disk = &world->disks[0];

	show_reversed(world, 0);
	assert_int_equal(vas_sync(world->space, at(2), 2 * VAS_PAGE_SIZE, 4), 0);
	for (uint64_t page = PAGES - 4; page < PAGES - 2; page++)
		assert_int_equal(
			*(uint64_t *)(void *)(failing_store_page(disk, page) + TOKEN_OFFSET),
			100 + page);
}

/* The id of what is broken. */
struct told {
	char text[9];
	size_t length;
};

static void note(void *context, const char *text, size_t length)
{
	struct told *told = context;

	for (size_t i = 0; i < length && told->length < sizeof(told->text) - 1; i++)
		told->text[told->length++] = text[i];
}

static void must_tell(struct world *world)
{
	struct told told = { .length = 0 };
	struct vas_printer printer = { note, &told };

	assert_false(vas_machine_validate(world->machine, &printer));
	assert_string_equal(told.text, "MEMORY-8");
}

static void entries_that_differ_from_their_runs(void **state)
{
	struct world *world = *state;
	struct vas_area *area;
	struct vas_entry entry;
	uint64_t value;

	show_reversed(world, MEMORY);
	assert_int_equal(vas_advise(world->space, at(3), VAS_PAGE_SIZE, VAS_ADVICE_PAGEOUT), 0);
	assert_true(vas_pmap_find(machine_space_of(world->space)->pmap, at(3), &entry));
	value = vas_entry_set(&entry, vas_entry_make(VAS_ENTRY_FILE, 5));
	must_tell(world);
	(void)vas_entry_set(&entry, value);
	/* Runs of which nobody knows. */
	area = area_at(world->space, 3);
	area->flags &= ~VAS_AREA_NONLINEAR;
	must_tell(world);
	area->flags |= VAS_AREA_NONLINEAR;
	world_check(world);
}

/* ---- Side by side ---- */

struct actor {
	struct world *world;
	struct vas_space *space;
	pthread_t thread;
	uint64_t random;
	bool good;
};

/* Shows pages in a space of its own, each of which holds its number. */
static void *remap_and_read(void *data)
{
	struct actor *actor = data;
	uint64_t rounds = world_figure("VAS_STEPS", world_sanitized() ? 20000 : 100000) / 10;

	for (uint64_t i = 0; actor->good && i < rounds; i++) {
		uint64_t count = 1 + world_random(&actor->random) % 4, token = 0;
		uint64_t page = world_random(&actor->random) % (PAGES - count);
		uint64_t shown = world_random(&actor->random) % (PAGES - count);

		actor->good = remap(actor->space, page, count, shown) == 0;
		for (uint64_t k = 0; actor->good && k < count; k++)
			actor->good = get(actor->space, page + k, &token) == 0 &&
				      token == 100 + shown + k;
	}
	return NULL;
}

static void *reclaim_and_migrate(void *data)
{
	struct actor *actor = data;
	uint64_t rounds = world_figure("VAS_STEPS", world_sanitized() ? 20000 : 100000) / 50;

	for (uint64_t i = 0; i < rounds; i++) {
		(void)vas_machine_reclaim(actor->world->machine, 4, NULL);
		(void)!vas_migrate(actor->space, at(world_random(&actor->random) % PAGES));
		actor->good &= vas_sync(actor->space, at(0), PAGES * VAS_PAGE_SIZE, 4) == 0;
	}
	return NULL;
}

#define ACTORS 3

static void remaps_go_on_beside_reclaim(void **state)
{
	struct world *world = malloc(sizeof(*world));
	struct actor actors[ACTORS];

	(void)state;
	assert_non_null(world);
	world_start(world, &(struct world_config){ .frames = 96, .slots = 64, .threads = true },
		    NULL, NULL);
	show_reversed(world, 0);
	for (unsigned i = 0; i < ACTORS; i++) {
		actors[i] = (struct actor){ .world = world, .random = i + 1, .good = true };
		if (i == 0)
			actors[i].space = world->space;
		else
			assert_int_equal(vas_fork(world->space, &actors[i].space), 0);
	}
	for (unsigned i = 0; i < ACTORS; i++)
		assert_int_equal(pthread_create(&actors[i].thread, NULL,
						i == 2 ? reclaim_and_migrate : remap_and_read,
						&actors[i]),
				 0);
	for (unsigned i = 0; i < ACTORS; i++) {
		assert_int_equal(pthread_join(actors[i].thread, NULL), 0);
		assert_true(actors[i].good);
	}
	world_check(world);
	for (unsigned i = 1; i < ACTORS; i++)
		vas_space_destroy(actors[i].space);
	world_finish(world);
	free(world);
}

/* ---- Against an array ---- */

#define SPACES	   3
#define ROOM	   48 /* pages of each space that are used */
#define FILE_PAGES 40

struct cell {
	bool mapped, writable;
	unsigned file;
	uint64_t page;
};

struct model {
	struct world world;
	struct vas_space *spaces[SPACES];
	struct cell cells[SPACES][ROOM];
	uint64_t tokens[WORLD_FILES + 1][FILE_PAGES], sizes[WORLD_FILES + 1];
	uint64_t random, remaps, refused, outs;
};

static uint64_t pick(struct model *model, uint64_t below)
{
	return world_random(&model->random) % below;
}

/* A range of pages, mostly short. */
static void pick_range(struct model *model, uint64_t *first, uint64_t *count)
{
	*count = 1 + pick(model, pick(model, 4) == 0 ? ROOM / 2 : 6);
	*first = pick(model, ROOM - *count + 1);
}

/* One that lies in one area, as far as it goes. */
static bool pick_mapped(struct model *model, unsigned who, uint64_t *first, uint64_t *count)
{
	struct vas_area *area;
	uint64_t room;

	pick_range(model, first, count);
	if (!model->cells[who][*first].mapped)
		return false;
	area = area_at(model->spaces[who], *first);
	room = (area->range.end - at(*first)) >> VAS_PAGE_SHIFT;
	if (*count > room)
		*count = room;
	return true;
}

static unsigned pick_file(struct model *model)
{
	return pick(model, 2) == 0 ? 0 : MEMORY;
}

static void step_map(struct model *model, unsigned who)
{
	uint64_t first, count, page;
	unsigned file = pick_file(model);

	count = ROOM / 4 + pick(model, ROOM / 2);
	first = pick(model, ROOM - count + 1);
	page = pick(model, FILE_PAGES - count + 1);
	assert_int_equal(
		map_file(&model->world, model->spaces[who], file, first, count, page, true), 0);
	for (uint64_t i = 0; i < count; i++)
		model->cells[who][first + i] = (struct cell){ true, true, file, page + i };
}

static void step_remap(struct model *model, unsigned who)
{
	uint64_t first, count, page;
	bool inside;

	if (!pick_mapped(model, who, &first, &count))
		return;
	/* Now and then more than one area. */
	if (pick(model, 8) == 0 && first + count < ROOM)
		count++;
	page = pick(model, FILE_PAGES - count + 1);
	inside = area_at(model->spaces[who], first)->range.end >= at(first + count);
	assert_int_equal(remap(model->spaces[who], first, count, page), inside ? 0 : -VAS_EINVAL);
	model->remaps += inside;
	model->refused += !inside;
	for (uint64_t i = 0; inside && i < count; i++)
		model->cells[who][first + i].page = page + i;
}

static void step_unmap(struct model *model, unsigned who)
{
	uint64_t first, count;

	pick_range(model, &first, &count);
	assert_int_equal(vas_unmap(model->spaces[who], at(first), count * VAS_PAGE_SIZE), 0);
	for (uint64_t i = 0; i < count; i++)
		model->cells[who][first + i].mapped = false;
}

static void step_protect(struct model *model, unsigned who)
{
	bool writable = pick(model, 2) == 0;
	uint64_t first, count;

	if (!pick_mapped(model, who, &first, &count))
		return;
	assert_int_equal(vas_protect(model->spaces[who], at(first), count * VAS_PAGE_SIZE,
				     writable ? RW : VAS_READ, -1),
			 0);
	for (uint64_t i = 0; i < count; i++)
		model->cells[who][first + i].writable = writable;
}

/* To a fixed place, perhaps longer than before: linear there, by the area's offset. */
static void step_move(struct model *model, unsigned who)
{
	struct cell moved[ROOM];
	uint64_t first, count, target, length, address, page;
	struct vas_area *area;
	unsigned file;
	bool writable, keep;

	if (!pick_mapped(model, who, &first, &count))
		return;
	keep = pick(model, 4) == 0;
	length = count + (keep ? 0 : pick(model, 3));
	target = pick(model, ROOM);
	if (target + length > ROOM || (target < first + count && first < target + length))
		return;
	area = area_at(model->spaces[who], first);
	page = area->offset + ((at(first) - area->range.start) >> VAS_PAGE_SHIFT) + count;
	file = model->cells[who][first].file;
	writable = model->cells[who][first].writable;
	memcpy(moved, &model->cells[who][first], count * sizeof(struct cell));
	assert_int_equal(
		vas_remap(model->spaces[who],
			  &(struct vas_remap){ .old = at(first),
					       .old_length = count * VAS_PAGE_SIZE,
					       .new_length = length * VAS_PAGE_SIZE,
					       .flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED |
							(keep ? VAS_REMAP_DONTUNMAP : 0),
					       .new_address = at(target) },
			  &address),
		0);
	for (uint64_t i = 0; i < count; i++) {
		model->cells[who][first + i].mapped = keep;
		model->cells[who][target + i] = moved[i];
	}
	for (uint64_t i = count; i < length; i++)
		model->cells[who][target + i] =
			(struct cell){ true, writable, file, page + i - count };
}

static void step_fork(struct model *model, unsigned who)
{
	unsigned child = (unsigned)pick(model, SPACES);

	if (child == who)
		return;
	if (model->spaces[child] != NULL) {
		if (child != 0) {
			vas_space_destroy(model->spaces[child]);
			model->spaces[child] = NULL;
		}
		return;
	}
	assert_int_equal(vas_fork(model->spaces[who], &model->spaces[child]), 0);
	memcpy(model->cells[child], model->cells[who], sizeof(model->cells[who]));
}

static void step_truncate(struct model *model)
{
	unsigned file = pick_file(model);
	uint64_t size = FILE_PAGES / 2 + pick(model, FILE_PAGES / 2 + 1);

	assert_int_equal(vas_truncate(model->world.files[file], size * VAS_PAGE_SIZE), 0);
	model->sizes[file] = size;
	for (uint64_t page = size; page < FILE_PAGES; page++)
		model->tokens[file][page] = 0;
}

static void step_punch(struct model *model)
{
	unsigned file = pick_file(model);
	uint64_t first = pick(model, model->sizes[file]), count = 1 + pick(model, 4);

	if (first + count > model->sizes[file])
		count = model->sizes[file] - first;
	assert_int_equal(
		vas_punch(model->world.files[file], first * VAS_PAGE_SIZE, count * VAS_PAGE_SIZE),
		0);
	memset(&model->tokens[file][first], 0, count * sizeof(uint64_t));
}

static void step_forget(struct model *model, unsigned who)
{
	int advice = pick(model, 2) == 0 ? VAS_ADVICE_DONTNEED : VAS_ADVICE_PAGEOUT;
	uint64_t first, count;

	if (!pick_mapped(model, who, &first, &count))
		return;
	assert_int_equal(vas_advise(model->spaces[who], at(first), count * VAS_PAGE_SIZE, advice),
			 0);
}

static void step_touch(struct model *model, unsigned who, uint64_t page)
{
	const struct cell *cell = &model->cells[who][page];
	uint64_t token = 0, *expected = &model->tokens[cell->file][cell->page];
	bool write = pick(model, 2) == 0;
	int err, result = 0;

	if (write)
		token = pick(model, UINT64_C(1) << 40);
	if (!cell->mapped)
		result = -VAS_EFAULT;
	else if (write && !cell->writable)
		result = -VAS_EACCES;
	else if (cell->page >= model->sizes[cell->file])
		result = -VAS_EOVERFLOW;
	model->outs += look(model->spaces[who], page).offset;
	err = write ? put(model->spaces[who], page, token) : get(model->spaces[who], page, &token);
	assert_int_equal(err, result);
	if (err != 0)
		return;
	if (write)
		*expected = token;
	else
		assert_int_equal(token, *expected);
}

static void step(struct model *model)
{
	unsigned who = (unsigned)pick(model, SPACES);

	while (model->spaces[who] == NULL)
		who = (who + 1) % SPACES;
	switch (pick(model, 30)) {
	case 0:
		step_map(model, who);
		break;
	case 1:
		step_unmap(model, who);
		break;
	case 2:
		step_protect(model, who);
		break;
	case 3:
	case 4:
		step_move(model, who);
		break;
	case 5:
		step_fork(model, who);
		break;
	case 6:
		step_truncate(model);
		break;
	case 7:
		step_punch(model);
		break;
	case 8:
		step_forget(model, who);
		break;
	case 9:
		(void)vas_machine_reclaim(model->world.machine, 1 + pick(model, 48), NULL);
		break;
	case 10:
		(void)!vas_migrate(model->spaces[who], at(pick(model, ROOM)));
		break;
	case 11:
	case 12:
		step_touch(model, who, pick(model, ROOM));
		break;
	default:
		step_remap(model, who);
		break;
	}
	for (int i = 0; i < 3; i++)
		step_touch(model, who, pick(model, ROOM));
}

static void random_steps_show_what_an_array_says(void **state)
{
	const char *const *design = *state;
	uint64_t steps = world_figure("VAS_STEPS", world_sanitized() ? 20000 : 100000) / DESIGNS;
	struct model *model = calloc(1, sizeof(*model));

	assert_non_null(model);
	world_start(&model->world,
		    &(struct world_config){
			    .file = *design, .frames = 160, .slots = 64, .threads = true },
		    NULL, NULL);
	vas_machine_settings(model->world.machine)->nonlinear = true;
	model->random = world_seed(1);
	model->spaces[0] = model->world.space;
	for (unsigned file = 0; file <= WORLD_FILES; file++) {
		model->sizes[file] = FILE_PAGES;
		assert_int_equal(vas_truncate(model->world.files[file], FILE_PAGES * VAS_PAGE_SIZE),
				 0);
	}
	for (uint64_t i = 0; i < steps; i++) {
		step(model);
		if (i % 32 == 0)
			assert_true(vas_machine_validate(model->world.machine, &world_printer));
		assert_true(vas_machine_check_walks(model->world.machine, &world_printer));
	}
	print_message("%s: %llu steps, %llu remaps, %llu refused, %llu offsets met\n", *design,
		      (unsigned long long)steps, (unsigned long long)model->remaps,
		      (unsigned long long)model->refused, (unsigned long long)model->outs);
	assert_true(model->remaps > steps / 10);
	assert_true(model->outs > steps / 100);
	for (unsigned who = 1; who < SPACES; who++) {
		if (model->spaces[who] != NULL)
			vas_space_destroy(model->spaces[who]);
	}
	world_finish(&model->world);
	free(model);
}

/* ---- Memory fails ---- */

enum call {
	CALL_FIRST,
	CALL_REMAP,
	CALL_PROTECT,
	CALL_UNMAP,
	CALL_MOVE,
	CALL_GROW,
	CALL_FORK,
	CALLS
};

static int make_call(struct world *world, enum call call, struct vas_space **child)
{
	struct vas_remap move = {
		.old = at(4),
		.old_length = 8 * VAS_PAGE_SIZE,
		.new_length = 8 * VAS_PAGE_SIZE,
		.flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED,
		.new_address = at(700),
	};
	uint64_t address;

	switch (call) {
	case CALL_FIRST:
		return remap(world->space, 102, 2, 9);
	case CALL_REMAP:
		return remap(world->space, 6, 2, 3);
	case CALL_PROTECT:
		return vas_protect(world->space, at(3), 6 * VAS_PAGE_SIZE, VAS_READ, -1);
	case CALL_UNMAP:
		return vas_unmap(world->space, at(3), 6 * VAS_PAGE_SIZE);
	case CALL_MOVE:
		return vas_remap(world->space, &move, &address);
	case CALL_GROW:
		move = (struct vas_remap){ .old = at(0),
					   .old_length = PAGES * VAS_PAGE_SIZE,
					   .new_length = (PAGES + 2) * VAS_PAGE_SIZE };
		return vas_remap(world->space, &move, &address);
	case CALL_FORK:
		return vas_fork(world->space, child);
	default:
		return 0;
	}
}

/* The n-th allocation of a call fails. False: there was no such. */
static bool fail_at(const char *design, enum call call, uint64_t n)
{
	struct world *world = malloc(sizeof(*world));
	struct vas_space *child = NULL;
	bool failed;
	int err;

	assert_non_null(world);
	world_start(world, &(struct world_config){ .file = design, .frames = 96, .slots = 32 },
		    NULL, NULL);
	show_reversed(world, MEMORY);
	assert_int_equal(map_file(world, world->space, MEMORY, 100, PAGES, 0, true), 0);
	failing_allocator_fail_at(&world->memory, n);
	err = make_call(world, call, &child);
	failing_allocator_fail_at(&world->memory, 0);
	failed = world->memory.failures > 0;
	if (err != 0) {
		assert_true(failed);
		assert_int_equal(err, -VAS_ENOMEM);
		assert_null(child);
		assert_int_equal(areas(world->space), 2);
		must_be_reversed(world->space, 0);
		must_get(world->space, 102, 102);
		assert_false(nonlinear_at(world->space, 102));
		world_check(world);
		assert_int_equal(make_call(world, call, &child), 0);
	}
	world_check(world);
	if (child != NULL) {
		must_be_reversed(child, 0);
		vas_space_destroy(child);
	}
	world_finish(world);
	free(world);
	return failed;
}

static void every_allocation_fails_once(void **state)
{
	const char *const *design = *state;

	for (enum call call = 0; call < CALLS; call++) {
		uint64_t n = 1;

		while (fail_at(*design, call, n))
			n++;
		if (call == CALL_FORK)
			assert_true(n > 2);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_set_up, world_tear_down)
#define EACH(function, i)                                                                          \
	{                                                                                          \
#function, function, NULL, NULL, (void *)(uintptr_t)&designs[i]                    \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_area_shows_pages_in_any_order),
		TEST(what_cannot_be_nonlinear_is_refused),
		TEST(without_the_setting_areas_are_split),
		TEST(a_child_sees_what_its_parent_saw),
		TEST(moved_pages_stay_in_their_order),
		TEST(what_grows_goes_on_in_order),
		TEST(parts_are_unmapped_and_protected),
		TEST(past_the_end_nothing_is_there),
		TEST(an_entry_keeps_the_offset_of_a_page_that_is_out),
		TEST(all_runs_are_synced),
		TEST(entries_that_differ_from_their_runs),
		cmocka_unit_test(remaps_go_on_beside_reclaim),
		EACH(every_allocation_fails_once, 0),
		EACH(every_allocation_fails_once, 1),
		EACH(every_allocation_fails_once, 2),
		EACH(every_allocation_fails_once, 3),
		EACH(every_allocation_fails_once, 4),
		EACH(random_steps_show_what_an_array_says, 0),
		EACH(random_steps_show_what_an_array_says, 1),
		EACH(random_steps_show_what_an_array_says, 2),
		EACH(random_steps_show_what_an_array_says, 3),
		EACH(random_steps_show_what_an_array_says, 4),
	};

	cmocka_set_test_filter(getenv("VAS_TEST"));
	return cmocka_run_group_tests_name("nonlinear", tests, NULL, NULL);
}
