/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef ORACLE_COMPARE_H
#define ORACLE_COMPARE_H

/* One task done by the subject and by the model, compared at every step. */

#include "model.h"
#include "run.h"
#include "script.h"

#include <stdbool.h>
#include <stdint.h>

struct difference {
	bool found;
	char *text;  /* what differs, some lines; NULL: nothing */
	uint32_t at; /* number of the call */
};

struct totals {
	uint64_t calls, failed, maps, flags, forks;
	uint64_t per_op[CALL_COUNT];
};

/*
 * Runs a task to its end or to the first difference.
 *  => `calls` (may be NULL) gets the calls done, the differing one included.
 *  => the caller frees difference->text.
 */
void compare_run(struct run *run, struct model *model, const struct task *task,
		 struct script *calls, struct difference *difference, struct totals *totals);

#endif
