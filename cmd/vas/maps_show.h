/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_MAPS_SHOW_H
#define VAS_CMD_MAPS_SHOW_H

/* What `vas maps` shows of a picture. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "explain_picture.h"

/* A letter for each kind, and '.' for a gap. With `colour`, in colours. */
void maps_draw(const struct picture *picture, bool colour);

/* Areas and gaps, one a line; what repeats itself is shown once, unless `all`. => 0, or -1 and a
 * complaint (no memory) */
int maps_list(const struct picture *picture, bool all);

/* Gaps of a space, from the lowest address that may be mapped to the highest. Start with *at = 0;
 * false: no more. */
bool maps_next_gap(const struct picture *picture, size_t *at, struct vas_range *gap);

/* The `count` largest gaps, the largest first; returns how many there are. */
size_t maps_largest_gaps(const struct picture *picture, struct vas_range *gaps, size_t count);

void maps_json(json_t *report, const struct picture *picture, const struct vas_range *largest,
	       size_t largest_count);

#endif
