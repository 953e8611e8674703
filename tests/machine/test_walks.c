/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Random runs: after every step the walk of every page's reverse map finds just what a scan of all
 * page tables finds, and pages hold what was written. Each design in turn; VAS_STEPS for more.
 */

#include "steps.h"

#include <vas/anon_rmap.h>
#include <vas/file_rmap.h>

#define VALIDATE_EVERY 64
#define LOOK_EVERY     4096

static uint64_t long_run, short_run;

static void check_walks(struct steps *steps)
{
	if (steps->count % VALIDATE_EVERY == 0)
		world_check(&steps->world);
	else
		assert_true(vas_machine_check_walks(steps->world.machine, &world_printer));
}

static void run(const char *anon, const char *file, uint64_t count)
{
	struct steps *steps = malloc(sizeof(*steps));
	struct world_config config = {
		.anon = anon,
		.file = file,
		.frames = 88,
		.slots = 40,
		.threads = true,
	};
	struct vas_machine_counts counts;

	assert_non_null(steps);
	steps_start(steps, &config, world_seed(1));
	while (steps->count < count) {
		steps_do(steps);
		steps_look(steps, 2);
		check_walks(steps);
		if (steps->count % LOOK_EVERY == 0)
			steps_look_at_all(steps);
	}
	vas_machine_count(steps->world.machine, &counts);
	print_message(
		"%s, %s: %llu steps, %llu with 6 forks or more, %llu out of memory; "
		"%llu out, %llu in, %llu moved, %llu merged\n",
		anon, file, (unsigned long long)steps->count, (unsigned long long)steps->deep,
		(unsigned long long)steps->no_memory, (unsigned long long)counts.swapped_out,
		(unsigned long long)counts.swapped_in, (unsigned long long)counts.migrated,
		(unsigned long long)counts.merged);
	if (count >= 10000) {
		assert_true(steps->deep > count / 10);
		assert_true(steps->no_memory < count / 4);
		assert_true(counts.swapped_in > count / 20);
		assert_true(counts.migrated > count / 100);
		assert_true(counts.merged > count / 200);
	}
	steps_finish(steps);
	free(steps);
}

struct pair {
	const char *anon, *file;
	bool long_run;
};

static void walks_find_what_the_tables_say(void **state)
{
	const struct pair *pair = *state;

	run(pair->anon, pair->file, pair->long_run ? long_run : short_run);
}

#define TESTS_MAX 32

int main(void)
{
	static struct pair pairs[TESTS_MAX] = {
		{ "anon-vma-chain", "interval-tree", true },
		{ "anon-vma-chain", "pte-chain", true },
		{ "pte-chain", "interval-tree", true },
		{ "pte-chain", "pte-chain", true },
	};
	struct CMUnitTest tests[TESTS_MAX];
	char names[TESTS_MAX][80];
	size_t count = 4;

	long_run = world_figure("VAS_STEPS", world_sanitized() ? 40000 : 1000000) / 4;
	short_run = long_run / 10;
	for (const struct vas_anon_rmap_design *const *anon = vas_anon_rmap_designs();
	     *anon != NULL && count < TESTS_MAX; anon++)
		pairs[count++] = (struct pair){ (*anon)->name, "interval-tree", false };
	for (const struct vas_file_rmap_design *const *file = vas_file_rmap_designs();
	     *file != NULL && count < TESTS_MAX; file++)
		pairs[count++] = (struct pair){ "anon-vma-chain", (*file)->name, false };
	for (size_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "walks find what the tables say: %s, %s",
			 pairs[i].anon, pairs[i].file);
		tests[i] = (struct CMUnitTest){
			.name = names[i],
			.test_func = walks_find_what_the_tables_say,
			.initial_state = &pairs[i],
		};
	}
	/* VAS_TEST="*: anonmm,*" runs those only. */
	cmocka_set_test_filter(getenv("VAS_TEST"));
	return _cmocka_run_group_tests("walks", tests, count, NULL, NULL);
}
