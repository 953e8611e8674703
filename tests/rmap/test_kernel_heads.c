/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Heads and links against the running kernel. A family of real processes and a family of spaces do
 * the same random deeds; after each, the areas must be equal, and so must be how many heads and
 * links the kernel has made and freed and the spaces have. That shows what maps cannot: which
 * heads are shared by neighbours, and which a fork re-uses.
 *
 * VAS_SEED chooses the scripts. Skipped where the kernel's trace points cannot be read, and on
 * kernels other than 6.18, whose rules are set below.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include <cmocka.h>

#include <vas/anon_vma_chain.h>
#include <vas/space.h>

#include "family.h"

enum { SCRIPTS = 40, STEPS = 120, TEXT = 8192 };

#define RW (PROT_READ | PROT_WRITE)

struct step {
	struct command command;
	int err;	  /* the model's */
	struct gain gain; /* the model's */
	char areas[TEXT]; /* the model's */
};

struct model {
	struct vas_settings settings;
	struct vas_anon_vma_chain *chain;
	struct vas_space *spaces[FAMILY];
	struct vas_anon_vma_chain_stats before;
	uint64_t random;
};

static uint64_t pick(struct model *model, uint64_t bound)
{
	model->random =
		model->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (model->random >> 33) % bound;
}

/* The model. */

static void model_start(struct model *model, uint64_t seed)
{
	struct vas_anon_rmap_config chain;
	struct vas_space_config config;

	memset(model, 0, sizeof(*model));
	model->random = seed;
	vas_settings_default(&model->settings);
	vas_space_default(&config, &model->settings);
	config.privileges = VAS_MAY_LOCK; /* the test runs as root */
	chain = (struct vas_anon_rmap_config){ .allocator = &vas_libc_allocator,
					       .settings = &model->settings,
					       .huge_faults = VAS_HUGE_FAULTS_ADVISED };
	assert_int_equal(vas_anon_vma_chain_create(&chain, &model->chain), 0);
	config.listeners[0].listener = &vas_anon_vma_chain_listener;
	config.listeners[0].data = model->chain;
	assert_int_equal(vas_space_create(&config, &model->spaces[0]), 0);
}

static void model_end(struct model *model)
{
	for (int i = 0; i < FAMILY; i++)
		vas_space_destroy(model->spaces[i]);
	vas_anon_vma_chain_destroy(model->chain);
}

static uint64_t address_of(uint32_t page)
{
	return WINDOW + page * VAS_PAGE_SIZE;
}

static int model_remap(struct vas_space *space, const struct command *command)
{
	struct vas_remap remap = {
		.old = address_of(command->page),
		.old_length = command->pages * VAS_PAGE_SIZE,
		.new_length = command->pages * VAS_PAGE_SIZE,
		.flags = (uint64_t)command->b,
		.new_address = address_of((uint32_t)command->a),
	};
	uint64_t address;

	if (command->deed == DEED_GROW) {
		remap.new_length = (uint64_t)command->a * VAS_PAGE_SIZE;
		remap.flags = 0;
	}
	return vas_remap(space, &remap, &address);
}

static int model_map(struct vas_space *space, const struct command *command)
{
	struct vas_map map = {
		.length = command->pages * VAS_PAGE_SIZE,
		.prot = (uint32_t)command->a,
		.flags = VAS_PRIVATE | VAS_ANONYMOUS | VAS_FIXED,
	};
	uint64_t address = address_of(command->page);

	return vas_map(space, &map, &address);
}

static int model_guard(struct vas_space *space, uint64_t at, uint64_t length)
{
	int err = vas_advise(space, at, length, VAS_ADVICE_GUARD_INSTALL);

	(void)!vas_advise(space, at, length, VAS_ADVICE_GUARD_REMOVE);
	return err;
}

static int model_do(struct model *model, const struct command *command)
{
	struct vas_space *space = model->spaces[command->process];
	uint64_t at = address_of(command->page), length = command->pages * VAS_PAGE_SIZE;

	switch (command->deed) {
	case DEED_MAP:
		return model_map(space, command);
	case DEED_UNMAP:
		return vas_unmap(space, at, length);
	case DEED_PROTECT:
		return vas_protect(space, at, length, (uint32_t)command->a, -1);
	case DEED_WRITE:
		return vas_touch(space, at, VAS_ACCESS_WRITE);
	case DEED_READ:
		return vas_touch(space, at, VAS_ACCESS_READ);
	case DEED_MOVE:
	case DEED_GROW:
		return model_remap(space, command);
	case DEED_ADVISE:
		return vas_advise(space, at, length, command->a);
	case DEED_GUARD:
		return model_guard(space, at, length);
	case DEED_LOCK:
		return vas_lock(space, at, length, 0);
	case DEED_UNLOCK:
		return vas_unlock(space, at, length);
	case DEED_FORK:
		return vas_fork(space, &model->spaces[command->a]);
	case DEED_EXIT:
		vas_space_destroy(space);
		model->spaces[command->process] = NULL;
		return 0;
	}
	return -VAS_EINVAL;
}

static void model_areas(const struct vas_space *space, char *text)
{
	const struct vas_area *area = vas_find_ge(space, WINDOW);
	size_t length = 0;

	text[0] = '\0';
	for (; area != NULL; area = vas_area_next(area))
		length += (size_t)snprintf(text + length, TEXT - length, "%u-%u %c%c%cp\n",
					   (unsigned)((area->range.start - WINDOW) / VAS_PAGE_SIZE),
					   (unsigned)((area->range.end - WINDOW) / VAS_PAGE_SIZE),
					   (area->flags & VAS_AREA_READ) != 0 ? 'r' : '-',
					   (area->flags & VAS_AREA_WRITE) != 0 ? 'w' : '-',
					   (area->flags & VAS_AREA_EXEC) != 0 ? 'x' : '-');
}

static struct gain model_gain(struct model *model)
{
	struct vas_anon_vma_chain_stats now;
	struct gain gain;

	vas_anon_vma_chain_count(model->chain, &now);
	gain.heads = (long)now.heads - (long)model->before.heads;
	gain.links = (long)now.links - (long)model->before.links;
	model->before = now;
	return gain;
}

/* The script. */

static int someone(struct model *model, bool running)
{
	for (int tries = 0; tries < 50; tries++) {
		int number = (int)pick(model, FAMILY);

		if ((model->spaces[number] != NULL) == running)
			return number;
	}
	return -1;
}

static void choose_family_deed(struct model *model, struct command *command)
{
	int child = someone(model, false), running = 0;

	for (int i = 0; i < FAMILY; i++)
		running += model->spaces[i] != NULL;
	if (running > 1 && (child < 0 || pick(model, 2) == 0)) {
		command->deed = DEED_EXIT;
	} else if (child >= 0) {
		command->deed = DEED_FORK;
		command->a = child;
	}
}

static void choose(struct model *model, struct command *command)
{
	static const int prots[] = { RW, RW, RW, RW | PROT_EXEC, PROT_READ, PROT_NONE };
	static const int advice[] = { VAS_ADVICE_WIPEONFORK,   VAS_ADVICE_KEEPONFORK,
				      VAS_ADVICE_DONTFORK,     VAS_ADVICE_DOFORK,
				      VAS_ADVICE_DONTNEED,     VAS_ADVICE_POPULATE_WRITE,
				      VAS_ADVICE_POPULATE_READ };
	static const enum deed deeds[] = { DEED_MAP,   DEED_MAP,     DEED_MAP,	   DEED_UNMAP,
					   DEED_WRITE, DEED_WRITE,   DEED_WRITE,   DEED_WRITE,
					   DEED_READ,  DEED_PROTECT, DEED_PROTECT, DEED_PROTECT,
					   DEED_MOVE,  DEED_MOVE,    DEED_GROW,	   DEED_ADVISE,
					   DEED_GUARD, DEED_LOCK,    DEED_UNLOCK };

	*command = (struct command){
		.deed = deeds[pick(model, sizeof(deeds) / sizeof(deeds[0]))],
		.process = someone(model, true),
		.page = 3 * (uint32_t)pick(model, WINDOW_PAGES / 3 - 2),
		.pages = pick(model, 2) == 0 ? 3 : 1 + (uint32_t)pick(model, 6),
		.a = prots[pick(model, 6)],
	};
	if (command->deed == DEED_ADVISE)
		command->a = advice[pick(model, 7)];
	if (command->deed == DEED_GROW)
		command->a = (int)command->pages + 1 + (int)pick(model, 4);
	if (command->deed == DEED_MOVE) {
		static const int flags[] = { 3, 3, 3, 7 };

		command->a = 3 * (int)pick(model, WINDOW_PAGES / 3 - 2);
		command->b = flags[pick(model, 4)];
	}
	if (pick(model, 9) == 0)
		choose_family_deed(model, command);
}

/* A touch that the model refuses would kill the process: another deed instead. */
static void next_step(struct model *model, struct step *step)
{
	struct command *command = &step->command;

	do {
		choose(model, command);
		step->err = model_do(model, command);
	} while ((command->deed == DEED_WRITE || command->deed == DEED_READ) && step->err != 0);
	step->gain = model_gain(model);
	step->areas[0] = '\0';
	if (command->deed != DEED_EXIT)
		model_areas(model->spaces[command->process], step->areas);
}

static struct step *make_script(uint64_t seed, struct vas_anon_vma_chain_stats *stats)
{
	struct step *steps = calloc(STEPS, sizeof(*steps));
	struct model model;

	model_start(&model, seed);
	for (int i = 0; i < STEPS; i++)
		next_step(&model, &steps[i]);
	vas_anon_vma_chain_count(model.chain, stats);
	model_end(&model);
	return steps;
}

static void show(const struct step *step, int number, const char *areas, struct gain gain)
{
	const struct command *c = &step->command;

	print_error(
		"step %d: deed %d in process %d: page %u, %u pages, a %d, b %d\n"
		"model: result %d, heads %+ld, links %+ld\n%s"
		"kernel: heads %+ld, links %+ld\n%s",
		number, (int)c->deed, c->process, c->page, c->pages, c->a, c->b, step->err,
		step->gain.heads, step->gain.links, step->areas, gain.heads, gain.links, areas);
}

/* Ended by the teardown when an assertion ends the test. */
static struct family *family;

static void end_family(void)
{
	if (family != NULL)
		family_end(family);
	family = NULL;
}

static int tear_down(void **state)
{
	(void)state;
	end_family();
	return 0;
}

static void run_script(struct step *steps)
{
	char *areas = malloc(TEXT);

	family = family_start();
	assert_non_null(family);
	for (int i = 0; i < STEPS; i++) {
		struct step *step = &steps[i];
		int err = family_do(family, &step->command);
		struct gain gain = family_gain(family);

		areas[0] = '\0';
		if (step->command.deed != DEED_EXIT)
			family_areas(family, step->command.process, areas, TEXT);
		if (err != step->err || gain.heads != step->gain.heads ||
		    gain.links != step->gain.links || strcmp(areas, step->areas) != 0)
			show(step, i, areas, gain);
		assert_int_equal(err, step->err);
		assert_string_equal(areas, step->areas);
		assert_int_equal(gain.heads, step->gain.heads);
		assert_int_equal(gain.links, step->gain.links);
	}
	free(areas);
	end_family();
}

static bool can_run(void)
{
	struct utsname name;

	if (uname(&name) != 0 || strncmp(name.release, "6.18.", 5) != 0)
		return false;
	family = family_start();
	if (family == NULL)
		return false;
	end_family();
	return true;
}

static void the_kernel_makes_the_same_heads_and_links(void **state)
{
	const char *text = getenv("VAS_SEED");
	uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : 1;
	uint64_t heads = 0, shared = 0, reused = 0;

	(void)state;
	if (!can_run())
		skip();
	for (uint64_t i = 0; i < SCRIPTS; i++) {
		struct vas_anon_vma_chain_stats stats;
		struct step *steps = make_script(seed + i, &stats);

		print_message("# VAS_SEED=%llu\n", (unsigned long long)(seed + i));
		run_script(steps);
		free(steps);
		heads += stats.created;
		shared += stats.shared;
		reused += stats.reused;
	}
	print_message("# %d heads, %d shared, %d re-used\n", (int)heads, (int)shared, (int)reused);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_kernel_makes_the_same_heads_and_links, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
