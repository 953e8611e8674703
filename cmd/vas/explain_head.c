/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Beginning and end of what is said about a picture, as text and as JSON. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain_format.h"
#include "explain_report.h"
#include "output.h"

enum { COLUMNS = 78, PROCESSES_SHOWN = 8 };

void print_wrapped(int indent, const char *text)
{
	int column = 0;

	while (*text != '\0') {
		int length = (int)strcspn(text, " \n");

		if (column > 0 && column + 1 + length > COLUMNS) {
			putchar('\n');
			column = 0;
		}
		if (column == 0)
			column = printf("%*s%.*s", indent, "", length, text);
		else
			column += printf(" %.*s", length, text);
		text += length;
		if (*text == '\n') {
			putchar('\n');
			column = 0;
		}
		text += strspn(text, " \n");
	}
	if (column > 0)
		putchar('\n');
}

static void print_who(const struct picture *picture)
{
	const char *program = picture->program;

	switch (picture->origin) {
	case ORIGIN_PROCESS:
		printf("process %d", picture->pid);
		break;
	case ORIGIN_SAVED:
		printf("%s", picture->source);
		break;
	case ORIGIN_TRACE:
		printf("process %d of %s", picture->pid, picture->source);
		break;
	}
	if (program != NULL && program[0] != '\0')
		printf(" (%s)", program);
}

static void print_room(const struct picture *picture)
{
	const char *known = picture->limit_known ? "" : ", supposed to be";

	printf(", %s of vm.max_map_count%s %s\n",
	       format_share(picture->count, picture->max_map_count).at, known,
	       format_count(picture->max_map_count).at);
	if (picture->count >= picture->max_map_count)
		print_wrapped(2,
			      "At the limit: mmap, mprotect, munmap of a part, and other calls "
			      "that need one more area fail with ENOMEM.");
	else if (picture->count > picture->max_map_count / 2)
		printf("  %s more, and mmap, mprotect and others fail with ENOMEM.\n",
		       format_count(picture->max_map_count - picture->count).at);
}

static void print_processes(const struct picture *picture)
{
	size_t shown = 0;

	if (picture->process_count < 2)
		return;
	printf("  Other processes of the trace (--pid):");
	for (size_t i = 0; i < picture->process_count; i++) {
		const struct picture_process *process = &picture->processes[i];

		if (i == picture->chosen)
			continue;
		if (shown++ == PROCESSES_SHOWN) {
			printf(" ... (%zu in all)", picture->process_count);
			break;
		}
		printf("%s %d with %s", shown > 1 ? "," : "", process->pid,
		       format_counted(process->areas, "area").at);
	}
	putchar('\n');
}

static void print_moment(const struct picture *picture)
{
	const struct picture_process *process = &picture->processes[picture->chosen];

	printf("  After line %s", format_count(picture->line).at);
	if (process->peak > picture->count)
		printf("; it had most, %s, after line %s (--at=peak)",
		       format_count(process->peak).at, format_count(process->peak_line).at);
	puts(".");
	if (process->refused > 0)
		printf("  %s for want of areas (ENOMEM at the limit); the first on line %s.\n",
		       process->refused == 1 ? "A call failed"
					     : format_counted(process->refused, "call").at,
		       format_count(process->refused_line).at);
	print_processes(picture);
}

void picture_print_head(const struct picture *picture)
{
	uint64_t bytes = 0;
	uint64_t resident = 0;

	print_who(picture);
	printf(": %s", format_counted(picture->count, "area").at);
	print_room(picture);
	for (size_t i = 0; i < picture->count; i++) {
		bytes += picture_area_bytes(&picture->areas[i]);
		resident += picture->areas[i].resident_kb;
	}
	printf("  %s of addresses", format_size(bytes).at);
	if (picture->count > 0 && picture->areas[0].has_figures)
		printf(", %s resident", format_size(resident * 1024).at);
	if (picture->threads > 0)
		printf(", %s", format_counted(picture->threads, "thread").at);
	puts(".");
	if (picture->origin == ORIGIN_TRACE && picture->process_count > 0)
		print_moment(picture);
}

void picture_print_note(const struct picture *picture)
{
	if (picture->note == NULL)
		return;
	puts("\nNot known");
	print_wrapped(2, picture->note);
}

json_t *json_range(uint64_t start, uint64_t end)
{
	json_t *range = json_object();

	report_set(range, "start", json_address(start));
	report_set(range, "end", json_address(end));
	return range;
}

json_t *json_slice(struct slice slice)
{
	return json_bytes(slice.at, slice.length);
}

static json_t *json_processes(const struct picture *picture)
{
	json_t *array = json_array();

	for (size_t i = 0; i < picture->process_count; i++) {
		const struct picture_process *process = &picture->processes[i];
		json_t *object = json_object();

		report_set(object, "pid", json_integer(process->pid));
		report_set(object, "program",
			   process->program != NULL ? json_slice(slice_of(process->program))
						    : json_null());
		report_set(object, "areas", json_integer((json_int_t)process->areas));
		report_set(object, "peak_areas", json_integer((json_int_t)process->peak));
		report_set(object, "peak_line", json_integer((json_int_t)process->peak_line));
		report_set(object, "refused_calls", json_integer((json_int_t)process->refused));
		report_append(array, object);
	}
	return array;
}

void picture_json_head(json_t *report, const struct picture *picture)
{
	static const char *const origins[] = { "process", "saved", "trace" };
	uint64_t most = picture->max_map_count, count = picture->count;

	report_set(report, "origin", json_string(origins[picture->origin]));
	report_set(report, "source", json_slice(slice_of(picture->source)));
	report_set(report, "pid", picture->pid != 0 ? json_integer(picture->pid) : json_null());
	report_set(report, "program",
		   picture->program != NULL ? json_slice(slice_of(picture->program)) : json_null());
	report_set(report, "areas", json_integer((json_int_t)count));
	report_set(report, "max_map_count", json_integer((json_int_t)most));
	report_set(report, "max_map_count_known", json_boolean(picture->limit_known));
	report_set(report, "room", json_integer(count < most ? (json_int_t)(most - count) : 0));
	report_set(report, "threads",
		   picture->threads > 0 ? json_integer((json_int_t)picture->threads) : json_null());
	report_set(report, "flags_known", json_boolean(picture->flags_known));
	report_set(report, "note",
		   picture->note != NULL ? json_slice(slice_of(picture->note)) : json_null());
	if (picture->origin != ORIGIN_TRACE)
		return;
	report_set(report, "line", json_integer((json_int_t)picture->line));
	report_set(report, "processes", json_processes(picture));
}
