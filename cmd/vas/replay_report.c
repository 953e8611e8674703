/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The report of a replay. Text is printed as it comes; JSON is one object, printed at the end.
 * Divergences beyond a number are counted only: a trace of another kernel may have very many.
 */

#include "replay.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cmd.h"
#include "output.h"
#include "progress.h"

enum { TEXT_DIVERGENCES = 100, JSON_DIVERGENCES = 1000, TEXT_NOTES = 20 };

struct replay_report {
	FILE *stream;
	json_t *json; /* NULL: text */
	json_t *traces, *trace, *divergences, *notes, *maps;
	const char *name;
	unsigned long divergence_count, note_count; /* of this trace */
	uint64_t total_divergences;
};

struct replay_report *replay_report_create(bool json, enum compare_level level, const char *index,
					   FILE *stream)
{
	struct replay_report *report = calloc(1, sizeof(*report));

	if (report == NULL) {
		complain("out of memory");
		exit(STATUS_TROUBLE);
	}
	report->stream = stream;
	if (!json)
		return report;
	report->json = report_new("replay");
	report->traces = json_array();
	report_set(report->json, "level",
		   json_string(level == COMPARE_EXACT ? "exact" : "coverage"));
	report_set(report->json, "index",
		   json_string(index == NULL ? vas_index_designs()[0] : index));
	report_set(report->json, "traces", report->traces);
	return report;
}

void replay_report_trace(struct replay_report *report, const char *name)
{
	report->name = name;
	report->divergence_count = 0;
	report->note_count = 0;
	if (report->json == NULL)
		return;
	report->trace = json_object();
	report_append(report->traces, report->trace);
	report->divergences = json_array();
	report->notes = json_array();
	report->maps = NULL;
	report_set(report->trace, "file", json_text(name));
	report_set(report->trace, "divergences", report->divergences);
	report_set(report->trace, "notes", report->notes);
}

/* ---- divergences and notes ---- */

static const char *kind_name(enum divergence_kind kind)
{
	switch (kind) {
	case DIVERGENCE_RESULT:
		return "result";
	case DIVERGENCE_SNAPSHOT:
		return "snapshot";
	case DIVERGENCE_TOUCH:
		return "touch";
	case DIVERGENCE_ACCESS:
		return "access";
	case DIVERGENCE_CONTENTS:
		return "contents";
	case DIVERGENCE_MACHINE:
		return "machine";
	}
	return "?";
}

static void diverged_json(struct replay_report *report, const struct divergence *divergence)
{
	json_t *object = json_object();

	report_append(report->divergences, object);
	report_set(object, "kind", json_string(kind_name(divergence->kind)));
	report_set(object, "line", json_integer((json_int_t)divergence->line));
	report_set(object, "pid", json_integer(divergence->pid));
	report_set(object, "call", json_text(divergence->call));
	report_set(object, "model", json_text(divergence->model));
	report_set(object, "kernel", json_text(divergence->kernel));
	report_set(object, "reason",
		   divergence->reason == NULL ? json_null() : json_text(divergence->reason));
	if (divergence->kind == DIVERGENCE_SNAPSHOT)
		report_set(object, "areas", json_integer((json_int_t)divergence->more + 1));
}

static void diverged_text(struct replay_report *report, const struct divergence *divergence)
{
	bool contents =
		divergence->kind == DIVERGENCE_CONTENTS || divergence->kind == DIVERGENCE_MACHINE;

	progress_hide();
	fprintf(report->stream, "%s:%lu: ", divergence->file, divergence->line);
	if (divergence->pid != 0)
		fprintf(report->stream, "process %d: ", divergence->pid);
	fprintf(report->stream, "%s\n    %s  %s\n    %s  %s\n", divergence->call,
		contents ? "found   " : "model ", divergence->model,
		contents ? "expected" : "kernel", divergence->kernel);
	if (divergence->more > 0)
		fprintf(report->stream, "    and %lu more differences of areas\n",
			divergence->more);
	if (divergence->reason != NULL)
		fprintf(report->stream, "    reason  %s\n", divergence->reason);
}

void replay_report_diverged(struct replay_report *report, const struct divergence *divergence)
{
	unsigned long count = report->divergence_count++;

	if (report->json != NULL) {
		if (count < JSON_DIVERGENCES)
			diverged_json(report, divergence);
		return;
	}
	if (count < TEXT_DIVERGENCES)
		diverged_text(report, divergence);
	else if (count == TEXT_DIVERGENCES)
		fprintf(report->stream, "%s: further divergences are counted, not shown\n",
			report->name);
}

void replay_report_note(struct replay_report *report, const char *text)
{
	unsigned long count = report->note_count++;

	if (report->json != NULL) {
		if (count < JSON_DIVERGENCES)
			report_append(report->notes, json_text(text));
		return;
	}
	progress_hide();
	if (count < TEXT_NOTES)
		fprintf(report->stream, "%s\n", text);
	else if (count == TEXT_NOTES)
		fprintf(report->stream, "%s: further notes are not shown\n", report->name);
}

/* ---- areas ---- */

static json_t *json_area(const struct vas_area *area)
{
	json_t *object = json_object();
	const struct vas_file *file = area->file;
	const char mode[5] = {
		(area->flags & VAS_AREA_READ) != 0 ? 'r' : '-',
		(area->flags & VAS_AREA_WRITE) != 0 ? 'w' : '-',
		(area->flags & VAS_AREA_EXEC) != 0 ? 'x' : '-',
		(area->flags & VAS_AREA_MAY_SHARE) != 0 ? 's' : 'p',
	};

	report_set(object, "start", json_address(area->range.start));
	report_set(object, "end", json_address(area->range.end));
	report_set(object, "mode", json_string(mode));
	report_set(object, "offset",
		   json_address(file == NULL ? 0 : area->offset << VAS_PAGE_SHIFT));
	report_set(object, "file",
		   file == NULL || file->name == NULL ? json_null() : json_text(file->name));
	report_set(object, "name", json_text(vas_area_name(area)));
	return object;
}

void replay_report_maps(struct replay_report *report, struct thread *thread, const char *when)
{
	const struct traced_space *traced = thread->process->space;
	json_t *process, *areas;
	struct vas_walk walk;
	struct vas_area *area;

	if (report->json == NULL || traced == NULL)
		return;
	if (report->maps == NULL) {
		report->maps = json_array();
		report_set(report->trace, "maps", report->maps);
	}
	process = json_object();
	areas = json_array();
	report_append(report->maps, process);
	report_set(process, "pid", json_integer(thread->process->pid));
	report_set(process, "program",
		   traced->program == NULL ? json_null() : json_text(traced->program));
	report_set(process, "when", json_string(when));
	report_set(process, "areas", areas);
	vas_walk_start(&walk, traced->space, 0);
	while ((area = vas_walk_next(&walk)) != NULL)
		report_append(areas, json_area(area));
}

/* ---- the end of a trace ---- */

static void done_json(struct replay_report *report, struct interpreter *interpreter,
		      const struct replay_end *end)
{
	static const char *const skips[SKIP_REASONS] = {
		[SKIP_ADDRESS] = "address",
		[SKIP_ERROR] = "error",
		[SKIP_UNKNOWN_AREA] = "unknown_area",
		[SKIP_NO_RESULT] = "no_result",
		[SKIP_POLICY] = "not_modelled",
		[SKIP_FOREIGN] = "foreign",
		[SKIP_DRIVER] = "driver",
	};
	const struct interpreter_counts *counts = interpreter_counts(interpreter);
	json_t *trace = report->trace, *calls = json_object(), *skipped = json_object();

	for (unsigned kind = 0; kind < CALL_KINDS; kind++)
		if (counts->calls[kind] > 0)
			report_set(calls, call_name((enum call_kind)kind),
				   json_count(counts->calls[kind]));
	for (unsigned reason = 0; reason < SKIP_REASONS; reason++)
		report_set(skipped, skips[reason], json_count(counts->skipped[reason]));
	report_set(trace, "recorded", json_boolean(interpreter_recorded(interpreter)));
	report_set(trace, "faults", json_string(interpreter_faults(interpreter)));
	report_set(trace, "cut_off", json_boolean(end->cut_off));
	report_set(trace, "events", json_count(counts->events));
	report_set(trace, "calls", calls);
	report_set(trace, "other_calls", json_count(counts->other_calls));
	report_set(trace, "processes", json_count(counts->processes));
	report_set(trace, "spaces", json_count(counts->spaces));
	report_set(trace, "touches", json_count(counts->touches));
	report_set(trace, "touches_refused", json_count(counts->touch_faults));
	report_set(trace, "touches_lost", json_count(counts->lost));
	report_set(trace, "results_compared", json_count(counts->results));
	report_set(trace, "snapshots_compared", json_count(counts->snapshots));
	report_set(trace, "snapshots_loaded", json_count(counts->snapshots_loaded));
	report_set(trace, "areas_compared", json_count(counts->areas));
	report_set(trace, "not_compared", skipped);
	report_set(trace, "snapshots_with_other_names", json_count(counts->notes));
	report_set(trace, "divergence_count", json_count(counts->divergences));
	if (end->memory != NULL)
		report_set(trace, "memory", replay_memory_json(end->memory));
	report_set(trace, "error", end->error == NULL ? json_null() : json_text(end->error));
}

/* "mmap 12, munmap 3", the most frequent first. */
static void print_calls(struct replay_report *report, const struct interpreter_counts *counts)
{
	bool shown[CALL_KINDS] = { false };
	bool first = true;

	fprintf(report->stream, "  calls         ");
	for (;;) {
		unsigned most = CALL_KINDS;

		for (unsigned kind = 0; kind < CALL_KINDS; kind++)
			if (!shown[kind] && counts->calls[kind] > 0 &&
			    (most == CALL_KINDS || counts->calls[kind] > counts->calls[most]))
				most = kind;
		if (most == CALL_KINDS)
			break;
		shown[most] = true;
		fprintf(report->stream, "%s%s %" PRIu64, first ? "" : ", ",
			call_name((enum call_kind)most), counts->calls[most]);
		first = false;
	}
	if (counts->other_calls > 0)
		fprintf(report->stream, "%sothers %" PRIu64, first ? "" : ", ",
			counts->other_calls);
	else if (first)
		fprintf(report->stream, "none");
	fputc('\n', report->stream);
}

static void print_touches(struct replay_report *report, struct interpreter *interpreter)
{
	const struct interpreter_counts *counts = interpreter_counts(interpreter);

	if (!interpreter_recorded(interpreter))
		return;
	fprintf(report->stream, "  touches       %" PRIu64 " from %s", counts->touches,
		interpreter_faults(interpreter)[0] == '\0' ? "nowhere"
							   : interpreter_faults(interpreter));
	if (counts->touch_faults > 0)
		fprintf(report->stream, ", %" PRIu64 " where no page may be", counts->touch_faults);
	if (counts->lost > 0)
		fprintf(report->stream, ", %" PRIu64 " lost", counts->lost);
	fputc('\n', report->stream);
}

static void done_text(struct replay_report *report, struct interpreter *interpreter,
		      const struct replay_end *end)
{
	const struct interpreter_counts *counts = interpreter_counts(interpreter);
	FILE *stream = report->stream;

	progress_hide();
	fprintf(stream, "%s: %lu lines, %" PRIu64 " processes, %" PRIu64 " spaces%s\n",
		report->name, end->lines, counts->processes, counts->spaces,
		end->cut_off ? "; cut off at the end" : "");
	print_calls(report, counts);
	print_touches(report, interpreter);
	fprintf(stream,
		"  compared      %" PRIu64 " results, %" PRIu64 " snapshots with %" PRIu64
		" areas\n",
		counts->results, counts->snapshots, counts->areas);
	for (unsigned reason = 0; reason < SKIP_REASONS; reason++)
		if (counts->skipped[reason] > 0)
			fprintf(stream, "  not compared  %" PRIu64 " %s\n", counts->skipped[reason],
				skip_reason_text((enum skip_reason)reason));
	if (!interpreter_recorded(interpreter))
		fputs("  not compared  areas: a log of strace has no snapshots\n", stream);
	if (counts->notes > 0)
		fprintf(stream, "  note          %" PRIu64 " snapshots with other names\n",
			counts->notes);
	if (end->memory != NULL)
		replay_memory_print(end->memory, stream);
	fprintf(stream, "  divergences   %" PRIu64 "\n", counts->divergences);
}

void replay_report_done(struct replay_report *report, struct interpreter *interpreter,
			const struct replay_end *end)
{
	report->total_divergences += interpreter_counts(interpreter)->divergences;
	if (report->json != NULL)
		done_json(report, interpreter, end);
	else if (end->error == NULL)
		done_text(report, interpreter, end);
}

void replay_report_times(struct replay_report *report, const struct work_times *times,
			 size_t passes)
{
	if (report->json != NULL)
		report_set(report->trace, "times", replay_times_json(times, passes));
	else
		replay_times_print(times, passes, report->stream);
}

int replay_report_finish(struct replay_report *report, int status)
{
	json_t *json = report->json;
	uint64_t divergences = report->total_divergences;

	free(report);
	if (json == NULL)
		return finish_output(status);
	report_set(json, "divergences", json_count(divergences));
	return report_print(json, status);
}
