/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef ORACLE_RUN_H
#define ORACLE_RUN_H

/* One run of the subject: a fresh process, its calls, their records. */

#include "call.h"
#include "files.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct run {
	char subject[4096]; /* path of the program */
	const struct files *files;
	struct region *region;
	int fd; /* of the region; -1 before the first start */
	pid_t pid;
	const struct record *current;
	int status; /* of the process, once it has ended */
};

/* What to run: a script, or so many random calls from a seed. */
struct task {
	struct setup setup;
	uint64_t seed;
	uint32_t calls;
	const struct call *script;
	uint32_t script_count;
	uint32_t smaps_every, maps_every;
	uint32_t fill; /* areas to make first */
};

void run_init(struct run *run, const char *subject, const struct files *files);

/* Starts the subject; exits with a message when that is not possible. */
void run_start(struct run *run, const struct task *task);

/* The next record, valid until the next call; NULL when the subject died without a last word
 * (RECORD_DONE is that). */
const struct record *run_next(struct run *run);

/* Ends all processes of the run. */
void run_stop(struct run *run);

#endif
