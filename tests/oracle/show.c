/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "show.h"
#include "script.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *show_result(const struct call *call, int64_t result, char text[RESULT_TEXT])
{
	static const char *const touches[] = { "done", "SEGV_MAPERR", "SEGV_ACCERR", "SIGBUS" };
	const char *name;

	if (call->op == CALL_TOUCH && result >= 0 && result <= TOUCH_BUS) {
		snprintf(text, RESULT_TEXT, "%s", touches[result]);
	} else if (result < 0 && result > -4096) {
		name = strerrorname_np((int)-result);
		snprintf(text, RESULT_TEXT, "-%s", name ? name : "?");
		if (!name)
			snprintf(text, RESULT_TEXT, "%" PRId64, result);
	} else {
		snprintf(text, RESULT_TEXT, result == 0 ? "0" : "0x%" PRIx64, (uint64_t)result);
	}
	return text;
}

/* An area's line, with its VmFlags when the text is that of smaps. */
struct lines {
	char **lines;
	size_t count;
};

static void split_lines(struct lines *lines, const char *text, size_t length)
{
	const char *end = text + length, *next;
	size_t size;

	lines->lines = NULL;
	lines->count = 0;
	for (; text < end; text = next + 1) {
		next = memchr(text, '\n', (size_t)(end - text));
		if (!next)
			break;
		size = (size_t)(next - text);
		if (strncmp(text, "VmFlags:", 8) == 0 && lines->count > 0) {
			char **last = &lines->lines[lines->count - 1];
			char *both;

			if (asprintf(&both, "%s  [%.*s]", *last, (int)size - 9, text + 9) < 0)
				err(2, "no memory");
			free(*last);
			*last = both;
		} else if (text[0] >= '0' && text[0] != 'S' &&
			   memchr(text, '-', size < 20 ? size : 20)) {
			lines->lines =
				realloc(lines->lines, (lines->count + 1) * sizeof(*lines->lines));
			lines->lines[lines->count++] = strndup(text, size);
		}
	}
}

static void free_lines(struct lines *lines)
{
	while (lines->count > 0)
		free(lines->lines[--lines->count]);
	free(lines->lines);
	lines->lines = NULL;
}

static bool has_line(const struct lines *lines, const char *line)
{
	size_t i;

	for (i = 0; i < lines->count; i++)
		if (strcmp(lines->lines[i], line) == 0)
			return true;
	return false;
}

static void print_changes(const struct lines *before, const struct lines *after)
{
	size_t i;

	for (i = 0; i < before->count; i++)
		if (!has_line(after, before->lines[i]))
			printf("    - %s\n", before->lines[i]);
	for (i = 0; i < after->count; i++)
		if (!has_line(before, after->lines[i]))
			printf("    + %s\n", after->lines[i]);
}

void show_run(struct run *run, const struct task *task, bool flags)
{
	struct lines *before = calloc(PROCESSES_MAX, sizeof(*before)), now;
	char call_text[CALL_TEXT], result_text[RESULT_TEXT];
	const struct record *record;
	const char *text;

	run_start(run, task);
	while ((record = run_next(run)) && record->kind != RECORD_DONE) {
		text = (const char *)(record + 1);
		if (record->kind < CALL_COUNT)
			printf("%s = %s\n", script_call_text(&record->call, call_text),
			       show_result(&record->call, record->result, result_text));
		else
			printf("%s\n", record->kind == RECORD_START ? "start" : "child");
		if (record->maps_bytes == 0)
			continue;
		split_lines(&now, flags ? text + record->maps_bytes : text,
			    flags ? record->smaps_bytes : record->maps_bytes);
		print_changes(&before[record->call.process], &now);
		free_lines(&before[record->call.process]);
		before[record->call.process] = now;
	}
	if (!record)
		printf("the subject died: status 0x%x\n", run->status);
	run_stop(run);
	for (unsigned int i = 0; i < PROCESSES_MAX; i++)
		free_lines(&before[i]);
	free(before);
}
