/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Fuzzes the trace parser and, with what it lets through, the interpreter: whatever stands in a
 * trace, there must be an error or a replay, and the spaces must be sound at the end.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "interpret.h"

static void print_to_stderr(void *context, const char *text, size_t length)
{
	(void)context;
	fwrite(text, 1, length, stderr);
}

/* The next line of `rest`, in memory of its own size, so that a sanitizer sees its end. */
static char *take_line(struct slice *rest, size_t *length)
{
	const char *newline = memchr(rest->at, '\n', rest->length);
	char *line;

	*length = newline == NULL ? rest->length : (size_t)(newline - rest->at);
	line = malloc(*length + 1);
	if (line == NULL)
		abort();
	memcpy(line, rest->at, *length);
	*rest = slice_after(*rest, *length + 1);
	return line;
}

static void validate(struct interpreter *interpreter)
{
	static const struct vas_printer printer = { print_to_stderr, NULL };
	struct process_table *table = interpreter_processes(interpreter);
	struct thread *thread;
	size_t position = 0;

	while ((thread = process_table_next(table, &position)) != NULL) {
		const struct traced_space *traced = thread->process->space;

		if (process_table_leads(table, thread) && traced != NULL &&
		    !vas_space_validate(traced->space, &printer))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct interpreter_options options = { .level = COMPARE_EXACT };
	struct interpreter *interpreter = interpreter_create(&options);
	struct trace_parser *parser = trace_parser_create("input");
	struct slice rest = { (const char *)data, size };
	struct trace_event event;
	int err = 0;

	if (interpreter == NULL || parser == NULL)
		abort();
	while (err == 0 && rest.length > 0) {
		size_t length;
		char *line = take_line(&rest, &length);

		err = trace_parse(parser, (struct slice){ line, length }, &event);
		if (err == 0 && event.kind != TRACE_NOTHING)
			err = interpreter_feed(interpreter, &event);
		free(line);
	}
	if (err == 0)
		err = interpreter_finish(interpreter);
	validate(interpreter);
	interpreter_destroy(interpreter);
	trace_parser_destroy(parser);
	return 0;
}
