/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_REPLAY_H
#define VAS_CMD_REPLAY_H

/* What `vas replay` says, as text or as JSON. */

#include <stdio.h>

#include <jansson.h>

#include "interpret.h"
#include "replay_memory.h"

struct replay_report;

/* `json` or text on `stream`. Never NULL. */
struct replay_report *replay_report_create(bool json, enum compare_level level, const char *index,
					   FILE *stream);

/* A trace begins; what follows is about it. */
void replay_report_trace(struct replay_report *report, const char *name);
void replay_report_diverged(struct replay_report *report, const struct divergence *divergence);
void replay_report_note(struct replay_report *report, const char *text);
/* The areas of a process, for --json: `when` is "exit" or "end". */
void replay_report_maps(struct replay_report *report, struct thread *thread, const char *when);

/* Of a replay with memory. */
struct replay_memory_summary {
	const char *anon_rmap, *file_rmap;
	bool own_rule;	    /* areas merge by other rules than Linux's: compared by coverage */
	uint32_t unlimited; /* frames that it takes without limit; 0: not measured */
	struct replay_memory_counts counts;
	char figures[1024]; /* the design's own: lines "text: number" */
};

/* How a trace ended. */
struct replay_end {
	bool cut_off;
	unsigned long lines;
	const char *error;			    /* NULL: it could be read */
	const struct replay_memory_summary *memory; /* NULL: there was none */
};
void replay_report_done(struct replay_report *report, struct interpreter *interpreter,
			const struct replay_end *end);

/* How long the library worked, in so many passes over the trace that was told of last. */
struct work_times;
void replay_report_times(struct replay_report *report, const struct work_times *times,
			 size_t passes);

/* replay_memory_report.c */
json_t *replay_times_json(const struct work_times *times, size_t passes);
void replay_times_print(const struct work_times *times, size_t passes, FILE *stream);
json_t *replay_memory_json(const struct replay_memory_summary *summary);
void replay_memory_print(const struct replay_memory_summary *summary, FILE *stream);

/* Prints what is left, frees, and returns `status`, or STATUS_TROUBLE if it could not be written.
 */
int replay_report_finish(struct replay_report *report, int status);

#endif
