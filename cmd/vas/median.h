/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_MEDIAN_H
#define VAS_CMD_MEDIAN_H

#include <stddef.h>

/* Sorts what several runs gave, ascending: then the one in the middle is the median, and the first
 * and the last are how far they lie apart. */
void sort_values(double *values, size_t count);

#endif
