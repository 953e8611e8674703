/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MACHINE_STEPS_H
#define TESTS_MACHINE_STEPS_H

/*
 * Random steps on a machine with a tree of spaces, each beside the naive model: every token that is
 * read and every error of an access must be what the model says. Frames and slots are few, so that
 * there is always something on its way out or in.
 */

#include "contents.h"

#define STEPS_SPACES 8

struct steps_space {
	struct vas_space *space; /* NULL: none */
	unsigned depth;		 /* in the tree of forks */
};

struct steps {
	struct world world;
	struct contents contents;
	struct steps_space spaces[STEPS_SPACES];
	uint64_t random;
	uint64_t last_token;
	bool stores_fail; /* the test makes stores fail: their errors are right */

	/* What happened. */
	uint64_t count, reads, no_memory, store_errors, deep;
	unsigned deepest;
	const char *last; /* the step's name */
};

void steps_start(struct steps *steps, const struct world_config *config, uint64_t seed);
void steps_finish(struct steps *steps);

void steps_do(struct steps *steps);
/* A few random pages, or all that are mapped, hold what they must. */
void steps_look(struct steps *steps, unsigned pages);
void steps_look_at_all(struct steps *steps);

#endif
