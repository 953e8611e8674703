/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_MEDIAN_H
#define VAS_CMD_MEDIAN_H

#include <stddef.h>

/* Sorts what several runs gave, ascending: then the one in the middle is the median, and the first
 * and the last are how far they lie apart. */
void sort_values(double *values, size_t count);

/* What several runs gave. The spread is half of what the middle half of them spans (half the
 * interquartile range); one run has none. */
struct median {
	double median, least, most, spread;
};
/* Sorts them. => count > 0. */
struct median median_of(double *values, size_t count);

#endif
