/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef ORACLE_GENERATE_H
#define ORACLE_GENERATE_H

/* Random calls, from the seed, a distribution and the results so far. Part of the subject: no C
 * library. State lives in the shared region, so all processes of a run go on with the same one. */

#include "call.h"

/* The process that does the next call: most often `self` again. */
uint32_t generate_turn(struct region *region, uint32_t self);

/* op and args of the next call. */
void generate_call(struct region *region, struct call *call);

/* Takes note of a call's result. */
void generate_note(struct region *region, const struct call *call, int64_t result);

#endif
