/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_EXPLAIN_ADVICE_H
#define VAS_CMD_EXPLAIN_ADVICE_H

/* What would make areas fewer. The tests do what is advised here, as far as kernel and processor
 * have it, and count again. */

#include "explain_summary.h"

struct advice {
	size_t fewer; /* areas, at best */
	const char *text;
};

enum { ADVICE_MOST = 6 };

/* Fills `advice` with what helps most, first what helps most; returns how many. */
size_t advise(const struct picture *picture, const struct summary *summary,
	      struct advice advice[ADVICE_MOST]);

#endif
