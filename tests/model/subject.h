/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MODEL_SUBJECT_H
#define TESTS_MODEL_SUBJECT_H

/* libvas on one side of a comparison: a family of spaces of one index design, with a twin that
 * checks the operations (tests/space/twin.h). */

#include "call.h"
#include "failing_allocator.h"
#include "space/twin.h"

/* What may be set for a run; all subjects of it get the same. */
struct subject_rules {
	enum vas_direction direction;
	enum vas_fit fit;
	uint64_t address_space; /* RLIMIT_AS, bytes */
	uint64_t locked;	/* RLIMIT_MEMLOCK, bytes */
	int overcommit_memory;
	uint64_t commit_limit, total_pages;
	uint32_t max_map_count;
	uint64_t stack_guard_gap;
	bool huge_pages;
	uint32_t kernel; /* VAS_KERNEL() */
	bool heads;	 /* areas that were written to are told apart (anon-vma-chain) */
};

/* Drawn so that most runs have limits that matter. */
void subject_rules_draw(struct subject_rules *rules, struct source *source);
void subject_rules_print(FILE *stream, const struct subject_rules *rules);

struct subject {
	const char *design;
	struct failing_allocator memory;
	struct vas_settings settings;
	struct vas_space_config config;
	struct vas_space *spaces[CALL_SPACES];
	struct vas_file files[CALL_FILES];
	struct vas_anon_vma_chain *chain;
	struct twin *twin;
};

void subject_start(struct subject *subject, const char *design, const struct subject_rules *rules);

/* The text of what is left over or wrong at the end, or NULL. */
const char *subject_finish(struct subject *subject);

/* The call's result, and in *address where it put or left something. */
int subject_do(struct subject *subject, const struct call *call, uint64_t *address);

/* What is wrong with any of its spaces, or NULL. */
const char *subject_check(struct subject *subject);

/* Are the spaces of both alike to the last flag and boundary? */
bool subject_equal(const struct subject *a, const struct subject *b);

void subject_print(const struct subject *subject, FILE *stream);

#endif
