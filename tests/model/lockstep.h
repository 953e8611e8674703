/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MODEL_LOCKSTEP_H
#define TESTS_MODEL_LOCKSTEP_H

/* One family of spaces for each index design, and the same calls on all of them: for random runs
 * (test_designs.c), for the fuzzer (fuzz/fuzz_space.c) and for what it found. */

#include "call.h"

/* False when anything was wrong or differed; then it is printed to `stream`. Ends early when the
 * source's bytes are at an end. */
bool lockstep_run(struct source *source, uint64_t calls, FILE *stream);

#endif
