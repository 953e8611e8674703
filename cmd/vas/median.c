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
