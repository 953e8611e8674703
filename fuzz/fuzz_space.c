/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Fuzzes sequences of calls: the bytes choose calls on a family of small spaces, one family for
 * each index design. After each call the validators must be content and all designs must agree.
 */

#include <stdlib.h>

#include "lockstep.h"

#define CALLS_MOST 400

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source source = { .bytes = data, .left = size };

	if (!lockstep_run(&source, CALLS_MOST, stderr))
		abort();
	return 0;
}
