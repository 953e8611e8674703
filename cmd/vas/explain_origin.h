/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_EXPLAIN_ORIGIN_H
#define VAS_CMD_EXPLAIN_ORIGIN_H

/*
 * Which call of a trace made an area: a listener that keeps, in each area, the calls that mapped
 * its memory, cut it off from a larger one, changed it last and touched it first. Splits, moves and
 * forks hand the record on.
 */

#include <vas/listener.h>

#include "explain_picture.h"
#include "trace.h"

struct origins {
	struct picture_source *sources; /* kinds of calls; owned */
	size_t count;

	const struct trace_event *event; /* what is being applied */
	struct picture_call call;	 /* the same, once it was asked for */
	bool asked;
	bool exec_snapshot; /* the areas that come are a program's image */
};

/* What the listener keeps in each area. */
struct origin {
	struct picture_call mapped, made, changed, touched;
	unsigned forks;
};

/* To be handed to the spaces, with a struct origins as its data. */
extern const struct vas_listener origin_listener;

/* The next operations are this event's. It must stay until the next call. */
void origins_begin(struct origins *origins, const struct trace_event *event);

/* The record of an area, copied into `area`. */
void origins_read(const struct vas_area *from, struct picture_area *area);

/* Counts which sources made the picture's areas, drops those which made none, sorts, and hands
 * them to the picture. */
void origins_give(const struct origins *origins, struct picture *picture);

void origins_free(struct origins *origins);

#endif
