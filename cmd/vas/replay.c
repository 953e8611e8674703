/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `vas replay`: does the model do just what the kernel did? Reads traces, has them interpreted,
 * and reports; interpret.c has the theory.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "interpret.h"
#include "output.h"
#include "progress.h"
#include "replay.h"

static const char usage[] =
	"usage: vas replay [OPTION...] TRACE...\n"
	"\n"
	"Does in the library what the programs of a trace did to their memory, and compares every\n"
	"result and every snapshot of areas with what the kernel did. A trace is what 'vas record'\n"
	"wrote, or a log of 'strace -f -y'; '-' is standard input.\n"
	"\n"
	"  --level=exact     areas must have the same boundaries (the default)\n"
	"  --level=coverage  pages must be mapped alike, whatever the boundaries\n"
	"  --index=DESIGN    how the areas are kept; 'vas designs' lists them\n"
	"  --maps[=PID]      print the areas of each process, or of one, at its end; the report goes\n"
	"                    to standard error then\n"
	"  --json            report as one JSON object\n"
	"  -h, --help        this text\n"
	"\n"
	"Exit status: 0 no difference, 1 a divergence, 2 trouble.\n";

enum { PROGRESS_EVENTS = 4096 };

struct replay {
	enum compare_level level;
	const char *index;
	bool json;
	bool maps;
	int maps_pid; /* 0: all */
	bool maps_shown;
	struct replay_report *report;
};

/* ---- areas at the end ---- */

static void show_maps(struct replay *replay, struct thread *thread, const char *when)
{
	const struct vas_printer printer = { print_to_file, stdout };
	const struct process *process = thread->process;

	if (!replay->maps || process->space == NULL ||
	    (replay->maps_pid != 0 && replay->maps_pid != process->pid))
		return;
	if (replay->json) {
		replay_report_maps(replay->report, thread, when);
		return;
	}
	progress_hide();
	if (replay->maps_pid == 0) {
		const char *program = process->space->program;

		printf("%s# process %d, %s, at %s\n", replay->maps_shown ? "\n" : "", process->pid,
		       program == NULL ? "unknown program" : program, when);
	}
	replay->maps_shown = true;
	vas_space_print(process->space->space, &printer);
}

static void exiting(void *context, struct interpreter *interpreter, struct thread *thread)
{
	(void)interpreter;
	show_maps(context, thread, "its exit");
}

/* Those that are alive when the trace ends; one thread stands for all of its process. */
static void show_living(struct replay *replay, struct interpreter *interpreter)
{
	struct process_table *table = interpreter_processes(interpreter);
	struct thread *thread;
	size_t position = 0;

	while ((thread = process_table_next(table, &position)) != NULL)
		if (process_table_leads(table, thread))
			show_maps(replay, thread, "the end of the trace");
}

/* ---- one trace ---- */

static void diverged(void *context, const struct divergence *divergence)
{
	struct replay *replay = context;

	replay_report_diverged(replay->report, divergence);
}

static void note(void *context, const char *text)
{
	struct replay *replay = context;

	replay_report_note(replay->report, text);
}

/* All events. NULL, or what is wrong with the trace. */
static const char *feed(struct trace *trace, struct interpreter *interpreter)
{
	struct trace_event event;
	uint64_t events = 0;
	int more;

	while ((more = trace_next(trace, &event)) > 0) {
		if (interpreter_feed(interpreter, &event) < 0)
			return interpreter_error(interpreter);
		if (++events % PROGRESS_EVENTS == 0)
			progress_at(trace_position(trace));
	}
	if (more < 0)
		return trace_error(trace);
	if (interpreter_finish(interpreter) < 0)
		return interpreter_error(interpreter);
	return events == 0 ? "" : NULL;
}

static int replay_trace(struct replay *replay, const char *path)
{
	const struct interpreter_options options = {
		.index = replay->index,
		.level = replay->level,
		.diverged = diverged,
		.note = note,
		.exiting = exiting,
		.context = replay,
	};
	struct interpreter *interpreter;
	struct trace *trace;
	const char *error;
	int status = STATUS_OK;

	trace = trace_open(path, &error);
	if (trace == NULL) {
		complain("%s: %s", path, error);
		return STATUS_TROUBLE;
	}
	interpreter = interpreter_create(&options);
	if (interpreter == NULL) {
		complain("out of memory");
		trace_close(trace);
		return STATUS_TROUBLE;
	}
	replay_report_trace(replay->report, path);
	progress_start("replaying", trace_size(trace));
	error = feed(trace, interpreter);
	if (error == NULL)
		show_living(replay, interpreter);
	progress_end();
	if (error != NULL) {
		if (error[0] == '\0')
			complain("%s: not a trace: there is no call in it", path);
		else
			complain("%s", error);
		status = STATUS_TROUBLE;
	} else if (interpreter_counts(interpreter)->divergences > 0) {
		status = STATUS_DIFFERENT;
	}
	replay_report_done(replay->report, interpreter, trace_cut_off(trace), trace_lines(trace),
			   error);
	interpreter_destroy(interpreter);
	trace_close(trace);
	return status;
}

/* ---- options ---- */

static bool known_design(const char *name)
{
	for (const char *const *design = vas_index_designs(); *design != NULL; design++)
		if (strcmp(*design, name) == 0)
			return true;
	return false;
}

/* STATUS_OK, or the status to end with; *done: nothing more to do. */
static int read_options(struct replay *replay, int argc, char **argv, bool *done)
{
	static const struct option longs[] = {
		{ "level", required_argument, NULL, 'l' },
		{ "index", required_argument, NULL, 'i' },
		{ "maps", optional_argument, NULL, 'm' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	uint64_t pid;
	int option;

	*done = true;
	while ((option = next_option(argc, argv, "h", longs)) != -1) {
		switch (option) {
		case 'l':
			if (strcmp(optarg, "coverage") == 0)
				replay->level = COMPARE_COVERAGE;
			else if (strcmp(optarg, "exact") == 0)
				replay->level = COMPARE_EXACT;
			else
				return wrong_usage(argv[0], "no level is called '%s'", optarg);
			break;
		case 'i':
			if (!known_design(optarg))
				return wrong_usage(argv[0], "no index design is called '%s'",
						   optarg);
			replay->index = optarg;
			break;
		case 'm':
			replay->maps = true;
			if (optarg == NULL)
				break;
			if (!parse_number(optarg, INT32_MAX, &pid) || pid == 0)
				return wrong_usage(argv[0], "'%s' is no process id", optarg);
			replay->maps_pid = (int)pid;
			break;
		case 'j':
			replay->json = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return finish_output(STATUS_OK);
		default:
			return STATUS_TROUBLE;
		}
	}
	if (optind == argc)
		return wrong_usage(argv[0], "which trace?");
	*done = false;
	return STATUS_OK;
}

int cmd_replay(int argc, char **argv)
{
	struct replay replay = { .level = COMPARE_EXACT };
	bool done;
	int status = read_options(&replay, argc, argv, &done);

	if (done)
		return status;
	replay.report = replay_report_create(replay.json, replay.level, replay.index,
					     replay.maps ? stderr : stdout);
	for (int i = optind; i < argc; i++) {
		int one = replay_trace(&replay, argv[i]);

		status = one > status ? one : status;
	}
	return replay_report_finish(replay.report, status);
}
