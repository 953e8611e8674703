/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Long random runs of calls on small spaces, done by libvas and by the naive model: results,
 * addresses, pages, what they hold, counts and boundaries of areas must be equal after every call,
 * for every index design. VAS_SEED chooses the run, VAS_CALLS how long it is.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model.h"

enum { RUNS = 40, CALLS = 600, REMEMBERED = 6 };

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text == NULL ? otherwise : strtoull(text, NULL, 0);
}

struct pair {
	struct subject subject;
	struct model model;
	struct subject_rules rules;
	struct call last[REMEMBERED];
};

static void give_up(struct pair *pair, uint64_t seed, uint64_t run, uint64_t step, const char *what)
{
	fprintf(stderr, "# %s\n# %s, run %llu, call %llu, VAS_SEED=%llu\n# ", what,
		pair->subject.design, (unsigned long long)run, (unsigned long long)step,
		(unsigned long long)seed);
	subject_rules_print(stderr, &pair->rules);
	for (uint64_t i = step < REMEMBERED ? 0 : step - REMEMBERED + 1; i <= step; i++) {
		fprintf(stderr, "# %llu: ", (unsigned long long)i);
		call_print(stderr, &pair->last[i % REMEMBERED]);
	}
	fprintf(stderr, "%s", twin_log(pair->subject.twin));
	subject_print(&pair->subject, stderr);
	fail();
}

static void one_run(const char *design, uint64_t seed, uint64_t run, uint64_t calls)
{
	static struct pair pair;
	struct source source = { .random = seed * UINT64_C(0x9e3779b97f4a7c15) + run };
	const struct call_range range = { CALL_KINDS_OF_MODEL, 1 + run % CALL_SPACES };
	char text[256];

	subject_rules_draw(&pair.rules, &source);
	subject_start(&pair.subject, design, &pair.rules);
	model_start(&pair.model, &pair.rules);
	for (uint64_t step = 0; step < calls; step++) {
		struct call *call = &pair.last[step % REMEMBERED];
		uint64_t ours = 0, theirs = 0;
		const char *wrong;
		int got, expected;

		call_draw(call, &source, &range);
		twin_clear_log(pair.subject.twin);
		got = subject_do(&pair.subject, call, &ours);
		expected = model_do(&pair.model, call, &theirs);
		wrong = subject_check(&pair.subject);
		snprintf(text, sizeof(text), "result %d at %llx, the model says %d at %llx", got,
			 (unsigned long long)ours, expected, (unsigned long long)theirs);
		if (wrong == NULL && (got != expected || (got == 0 && ours != theirs)))
			wrong = text;
		if (wrong == NULL && model_differs(&pair.model, &pair.subject, text, sizeof(text)))
			wrong = text;
		if (wrong != NULL)
			give_up(&pair, seed, run, step, wrong);
	}
	assert_null(subject_finish(&pair.subject));
}

static void every_design_agrees_with_the_model(void **state)
{
	uint64_t seed = from_environment("VAS_SEED", 1);
	uint64_t calls = from_environment("VAS_CALLS", CALLS);

	(void)state;
	print_message("# VAS_SEED=%llu\n", (unsigned long long)seed);
	for (const char *const *design = vas_index_designs(); *design != NULL; design++)
		for (uint64_t run = 0; run < RUNS; run++)
			one_run(*design, seed, run, calls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_design_agrees_with_the_model),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
