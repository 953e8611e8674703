/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The same random calls, of every kind, on spaces of every index design: after each call all results
 * are equal, and so are the areas, the counts, and what the listeners were told. In half of the runs
 * anon-vma-chain listens too. VAS_SEED chooses the run, VAS_CALLS how long it is.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lockstep.h"

enum { RUNS = 40, CALLS = 600 };

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text == NULL ? otherwise : strtoull(text, NULL, 0);
}

static void all_designs_do_the_same(void **state)
{
	uint64_t seed = from_environment("VAS_SEED", 1);
	uint64_t calls = from_environment("VAS_CALLS", CALLS);

	(void)state;
	print_message("# VAS_SEED=%llu\n", (unsigned long long)seed);
	for (uint64_t run = 0; run < RUNS; run++) {
		struct source source = { .random = seed * UINT64_C(0x9e3779b97f4a7c15) + run };

		if (!lockstep_run(&source, calls, stderr))
			fail_msg("run %llu, VAS_SEED=%llu", (unsigned long long)run,
				 (unsigned long long)seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_designs_do_the_same),
	};

	return cmocka_run_group_tests_name("designs", tests, NULL, NULL);
}
