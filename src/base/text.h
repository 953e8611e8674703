/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_BASE_TEXT_H
#define VAS_BASE_TEXT_H

/* Names of designs, compared without strcmp, which a freestanding build lacks. */

#include <stdbool.h>

static inline bool vas_text_equal(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

#endif
