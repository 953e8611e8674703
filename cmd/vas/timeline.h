/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_TIMELINE_H
#define VAS_CMD_TIMELINE_H

/*
 * The whole life of a trace's processes, to scrub through: all areas that ever were, as rectangles
 * of addresses and moments; who forked whom; how much memory each held, and with whom.
 */

#include <vas/base.h>

#include "interpret.h"

struct timeline;

struct timeline_options {
	size_t most_areas;   /* rectangles; what comes after is cut off. 0: 2,000,000 */
	size_t most_samples; /* of memory; 0: 200 */
	/* Called when a moment has been told; may be NULL. => the spaces must not be changed. */
	void (*moment)(void *context, struct interpreter *interpreter, uint32_t moment);
	/* Called when the memory of all processes was counted; may be NULL. */
	void (*sample)(void *context, struct interpreter *interpreter, uint32_t moment);
	void *context;
};

/* Replays a trace; once more, with all calls of `options`, if it needs much memory. `options` may be NULL. NULL, after a complaint: it cannot be read. */
struct timeline *timeline_read(const char *path, const struct timeline_options *options);

/* As one JSON object, without a line end; what is in it stands in timeline_json.c. */
void timeline_write(const struct timeline *timeline, const struct vas_printer *to);

void timeline_destroy(struct timeline *timeline);

#endif
