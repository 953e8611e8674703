/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef ORACLE_SHOW_H
#define ORACLE_SHOW_H

/* What the kernel did, in words. */

#include "run.h"

/* "0x7f0000000000", "-ENOMEM", "no area", as fits the call. */
#define RESULT_TEXT 64
char *show_result(const struct call *call, int64_t result, char text[RESULT_TEXT]);

/* Runs a task and prints each call with its result and the areas that it changed; with
 * `flags`, also their VmFlags. */
void show_run(struct run *run, const struct task *task, bool flags);

#endif
