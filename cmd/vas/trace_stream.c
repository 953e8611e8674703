/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Whole traces: lines from a file (tracefile.h) through the parser (trace.c). */

#include <errno.h>
#include <stdlib.h>

#include "trace.h"
#include "tracefile.h"

struct trace {
	struct trace_reader *reader;
	struct trace_parser *parser;
	char *name;
	uint64_t events;
	bool cut_off;
	const char *error;
};

struct trace *trace_open(const char *path, const char **error)
{
	struct trace *trace = calloc(1, sizeof(*trace));

	*error = strerror(ENOMEM);
	if (trace == NULL)
		return NULL;
	trace->name = strdup(strcmp(path, "-") == 0 ? "standard input" : path);
	if (trace->name == NULL)
		goto fail;
	trace->parser = trace_parser_create(trace->name);
	if (trace->parser == NULL)
		goto fail;
	trace->reader = trace_reader_open(path);
	if (trace->reader == NULL) {
		*error = strerror(errno);
		goto fail;
	}
	return trace;
fail:
	trace_close(trace);
	return NULL;
}

void trace_close(struct trace *trace)
{
	if (trace == NULL)
		return;
	if (trace->reader != NULL)
		trace_reader_close(trace->reader);
	trace_parser_destroy(trace->parser);
	free(trace->name);
	free(trace);
}

/* A file that its writer could not finish ends where it can no longer be understood; but some of
 * it must have been understood, or else it is no trace. */
static int stop(struct trace *trace, const char *error)
{
	if (trace->events > 0 && trace_reader_cut_off(trace->reader)) {
		trace->cut_off = true;
		return 0;
	}
	trace->error = error;
	return -1;
}

int trace_next(struct trace *trace, struct trace_event *event)
{
	for (;;) {
		char *line;
		size_t length;
		int got = trace_reader_line(trace->reader, &line, &length);

		if (got < 0)
			return stop(trace, trace_reader_message(trace->reader));
		if (got == 0)
			return 0;
		if (trace_parse(trace->parser, (struct slice){ line, length }, event) < 0)
			return stop(trace, trace_parser_error(trace->parser));
		if (event->kind == TRACE_NOTHING)
			continue;
		trace->events++;
		return 1;
	}
}

const char *trace_error(const struct trace *trace)
{
	return trace->error;
}

bool trace_cut_off(const struct trace *trace)
{
	return trace->cut_off;
}

uint64_t trace_position(const struct trace *trace)
{
	uint64_t done, size;

	trace_reader_progress(trace->reader, &done, &size);
	return done;
}

uint64_t trace_size(const struct trace *trace)
{
	uint64_t done, size;

	trace_reader_progress(trace->reader, &done, &size);
	return size;
}

unsigned long trace_lines(const struct trace *trace)
{
	return (unsigned long)trace_reader_number(trace->reader);
}
