/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "median.h"

#include <stdlib.h>

static int compare_values(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

void sort_values(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare_values);
}

/* The value at a part of the way from the first to the last, between two if need be. */
static double value_at(const double *values, size_t count, double part)
{
	double place = part * (double)(count - 1);
	size_t below = (size_t)place;

	if (below + 1 >= count)
		return values[count - 1];
	return values[below] + (place - (double)below) * (values[below + 1] - values[below]);
}

struct median median_of(double *values, size_t count)
{
	sort_values(values, count);
	return (struct median){
		.median = value_at(values, count, 0.5),
		.least = values[0],
		.most = values[count - 1],
		.spread = (value_at(values, count, 0.75) - value_at(values, count, 0.25)) / 2,
	};
}
