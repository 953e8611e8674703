/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `vas replay`: does the model do just what the kernel did? Reads traces, has them interpreted,
 * and reports; interpret.c has the theory.
 */

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "interpret.h"
#include "output.h"
#include "progress.h"
#include "replay.h"
#include "work_clock.h"

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
	"With memory: page faults become accesses, and what is read must be what was written.\n"
	"  --frames=SIZE     so much memory: bytes, or with K, M or G; or a part of what the trace\n"
	"                    needs, as in 25%\n"
	"  --swap=FILE       swap is there; otherwise in a temporary file\n"
	"  --swap-size=SIZE  so much swap; 0: none\n"
	"  --anon-rmap=DESIGN, --file-rmap=DESIGN\n"
	"                    the reverse maps; 'vas designs' lists them\n"
	"  --time[=MS]       time the library's own work instead of checking contents: again and\n"
	"                    again until it comes to so many milliseconds (50)\n"
	"\n"
	"Exit status: 0 no difference, 1 a divergence, 2 trouble.\n";

enum { PROGRESS_EVENTS = 4096, LEAST_FRAMES = 16 };

#define MOST_MEMORY  (UINT64_C(1) << 43)
#define SWAP_LEAST   (UINT64_C(1) << 30)
#define FIRST_MEMORY (UINT64_C(256) << 20)
#define SWAP_TIMES   8 /* as much as there is memory, if nothing is said */
#define TIME_MS	     50
#define MOST_PASSES  200 /* over a trace that is timed */

struct replay {
	enum compare_level level;
	const char *index;
	bool json;
	bool maps;
	int maps_pid; /* 0: all */
	bool maps_shown;
	struct replay_report *report;

	uint64_t frames; /* bytes; 0: no memory, unless... */
	uint64_t percent;
	bool swap_told;
	struct replay_memory_options memory_options;
	struct replay_memory *memory; /* of this trace; NULL: none */
	bool measuring;		      /* another pass than the one that is told of */
	uint64_t time_ms;	      /* of timed work; 0: nothing is timed */
	uint32_t unlimited;	      /* frames, measured */
};

/* ---- areas at the end ---- */

static void show_maps(struct replay *replay, struct thread *thread, const char *when)
{
	const struct vas_printer printer = { print_to_file, stdout };
	const struct process *process = thread->process;
	bool first;

	if (!replay->maps || process->space == NULL || replay->measuring ||
	    (replay->maps_pid != 0 && replay->maps_pid != process->pid))
		return;
	first = !replay->maps_shown;
	replay->maps_shown = true;
	if (replay->json) {
		replay_report_maps(replay->report, thread, when);
		return;
	}
	progress_hide();
	if (replay->maps_pid == 0) {
		const char *program = process->space->program;

		printf("%s# process %d, %s, at %s\n", first ? "" : "\n", process->pid,
		       program == NULL ? "unknown program" : program, when);
	}
	vas_space_print(process->space->space, &printer);
}

static void exiting(void *context, struct interpreter *interpreter, struct thread *thread)
{
	struct replay *replay = context;

	show_maps(replay, thread, "its exit");
	if (replay->memory != NULL)
		replay_memory_leave(replay->memory, interpreter, thread);
}

/* A space that exec replaces ends too. */
static void before(void *context, struct interpreter *interpreter, const struct trace_event *event,
		   struct thread *thread)
{
	struct replay *replay = context;

	if (replay->memory != NULL && thread != NULL && event->kind == TRACE_CALL &&
	    (event->call.kind == CALL_EXECVE || event->call.kind == CALL_EXECVEAT) &&
	    event->call.result == RESULT_VALUE)
		replay_memory_leave(replay->memory, interpreter, thread);
}

static void after(void *context, struct interpreter *interpreter, const struct trace_event *event,
		  struct thread *thread)
{
	struct replay *replay = context;

	(void)interpreter;
	(void)event;
	if (replay->memory != NULL && replay->measuring && thread != NULL &&
	    thread->process->space != NULL)
		replay_memory_look_locks(replay->memory, thread->process->space->space);
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

	if (!replay->measuring)
		replay_report_diverged(replay->report, divergence);
}

static void note(void *context, const char *text)
{
	struct replay *replay = context;

	if (!replay->measuring)
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

/* Memory for one trace. false: there is none, which was complained of. */
static bool make_memory(struct replay *replay, uint64_t bytes)
{
	struct replay_memory_options *options = &replay->memory_options;
	char error[4096];

	options->frames = bytes;
	if (!replay->swap_told)
		options->swap_bytes =
			bytes > SWAP_LEAST / SWAP_TIMES ? bytes * SWAP_TIMES : SWAP_LEAST;
	replay->memory = replay_memory_create(options, error, sizeof(error));
	if (replay->memory == NULL && !replay->measuring)
		complain("%s", error);
	return replay->memory != NULL;
}

/* Others than Linux's design merge areas by rules of their own. */
static bool merges_otherwise(const struct replay *replay)
{
	return vas_anon_rmap_find(replay->memory_options.anon_rmap) != vas_anon_rmap_designs()[0];
}

static struct interpreter *make_interpreter(struct replay *replay)
{
	struct interpreter_options options = {
		.index = replay->index,
		.level = replay->level,
		.diverged = diverged,
		.note = note,
		.before = before,
		.after = after,
		.exiting = exiting,
		.context = replay,
	};
	if (replay->memory != NULL) {
		options.memory = &replay_memory_calls;
		options.memory_data = replay->memory;
		options.listener = replay_memory_listener(replay->memory, &options.listener_data);
		if (merges_otherwise(replay))
			options.level = COMPARE_COVERAGE;
	}
	return interpreter_create(&options);
}

/* The end of a trace that could be read: of its spaces, and of its memory. */
static void end_memory(struct replay *replay, struct interpreter *interpreter,
		       struct replay_memory_summary *summary)
{
	replay_memory_over(replay->memory, interpreter);
	interpreter_clear(interpreter);
	replay_memory_emptied(replay->memory, interpreter);
	*summary = (struct replay_memory_summary){
		.anon_rmap = vas_anon_rmap_find(replay->memory_options.anon_rmap)->name,
		.file_rmap = vas_file_rmap_find(replay->memory_options.file_rmap)->name,
		.own_rule = merges_otherwise(replay),
		.unlimited = replay->unlimited,
		.counts = *replay_memory_counts(replay->memory),
	};
	replay_memory_figures(replay->memory, summary->figures, sizeof(summary->figures));
}

/* One pass over a trace. The status; *summary is set when it could be read. */
static int pass(struct replay *replay, const char *path, struct trace *trace,
		struct interpreter *interpreter, struct replay_memory_summary *summary)
{
	struct replay_end end = { .error = NULL };
	int status = STATUS_OK;

	progress_start(replay->measuring ? "measuring" : "replaying", trace_size(trace));
	if (replay->memory_options.timed)
		work_clock_start();
	end.error = feed(trace, interpreter);
	work_clock_stop();
	if (end.error == NULL)
		show_living(replay, interpreter);
	progress_end();
	if (end.error == NULL && replay->memory != NULL) {
		end_memory(replay, interpreter, summary);
		end.memory = summary;
	}
	if (replay->measuring)
		return end.error == NULL ? STATUS_OK : STATUS_TROUBLE;
	if (end.error != NULL) {
		if (end.error[0] == '\0')
			complain("%s: not a trace: there is no call in it", path);
		else
			complain("%s", end.error);
		status = STATUS_TROUBLE;
	} else if (interpreter_counts(interpreter)->divergences > 0) {
		status = STATUS_DIFFERENT;
	}
	end.cut_off = trace_cut_off(trace);
	end.lines = trace_lines(trace);
	replay_report_done(replay->report, interpreter, &end);
	return status;
}

static int replay_once(struct replay *replay, const char *path, uint64_t memory,
		       struct replay_memory_summary *summary)
{
	struct interpreter *interpreter;
	struct trace *trace;
	const char *error;
	int status = STATUS_TROUBLE;

	trace = trace_open(path, &error);
	if (trace == NULL) {
		if (!replay->measuring)
			complain("%s: %s", path, error);
		return STATUS_TROUBLE;
	}
	if (memory != 0 && !make_memory(replay, memory)) {
		trace_close(trace);
		return STATUS_TROUBLE;
	}
	interpreter = make_interpreter(replay);
	if (interpreter == NULL) {
		complain("out of memory");
	} else {
		if (!replay->measuring)
			replay_report_trace(replay->report, path);
		status = pass(replay, path, trace, interpreter, summary);
	}
	interpreter_destroy(interpreter);
	replay_memory_destroy(replay->memory);
	replay->memory = NULL;
	trace_close(trace);
	return status;
}

/* How many bytes a part of what the trace needs is: a first pass, in so much memory that nothing is
 * reclaimed (or half of this machine's). Page tables and pages of locked areas come on top, as they
 * cannot be reclaimed. What is wrong with the trace the second pass will tell. */
static uint64_t measure(struct replay *replay, const char *path)
{
	struct replay_memory_summary summary = { .anon_rmap = NULL };
	uint64_t most = (uint64_t)sysconf(_SC_PHYS_PAGES) << VAS_PAGE_SHIFT >> 1;
	uint64_t bytes = FIRST_MEMORY < most ? FIRST_MEMORY : most, frames, fixed;
	int status;

	replay->unlimited = 0;
	replay->measuring = true;
	status = replay_once(replay, path, bytes, &summary);
	while (bytes < most && (status == STATUS_TROUBLE || summary.counts.machine.reclaimed > 0)) {
		bytes = bytes < most / 16 ? bytes * 16 : most;
		status = replay_once(replay, path, bytes, &summary);
	}
	replay->measuring = false;
	if (status == STATUS_TROUBLE)
		return most;
	replay->unlimited = summary.counts.machine.peak;
	fixed = summary.counts.most_tables + summary.counts.most_locked;
	if (fixed > replay->unlimited)
		fixed = replay->unlimited;
	frames = (replay->unlimited - fixed) * replay->percent / 100 + fixed;
	return (frames < LEAST_FRAMES ? LEAST_FRAMES : frames) << VAS_PAGE_SHIFT;
}

/* The kernel hands out and zeroes the memory of a program when it is first touched, and takes back
 * large blocks: that would be timed too. So it is all touched now, and kept. */
static void keep_heap(uint64_t bytes)
{
	void *block;

	mallopt(M_MMAP_MAX, 0);
	mallopt(M_TRIM_THRESHOLD, -1);
	block = malloc(bytes);
	if (block != NULL)
		memset(block, 1, bytes);
	/* The compiler must not think that nobody would see. */
	__asm__ volatile("" : : "r"(block) : "memory");
	free(block);
}

/* A pass of one that is timed; sets what it took. */
static int time_pass(struct replay *replay, const char *path, uint64_t memory,
		     struct work_times *times)
{
	struct replay_memory_summary summary;
	int status;

	work_clock_reset();
	status = replay_once(replay, path, memory, &summary);
	work_clock_read(times);
	return status;
}

/*
 * A replay that is timed. If the first pass is too short to be measured well, it was to warm up:
 * others follow, until they come to as much time as was asked for.
 */
static int replay_timed(struct replay *replay, const char *path, uint64_t memory)
{
	struct work_times times[MOST_PASSES];
	size_t passes = 1;
	int status;

	keep_heap(memory);
	replay->memory_options.timed = true;
	status = time_pass(replay, path, memory, &times[0]);
	if (status != STATUS_TROUBLE && times[0].total_ns < replay->time_ms * 1000000) {
		uint64_t left = replay->time_ms * 1000000;

		replay->measuring = true;
		for (passes = 0; passes < MOST_PASSES && left > 0; passes++) {
			(void)time_pass(replay, path, memory, &times[passes]);
			left -= times[passes].total_ns < left ? times[passes].total_ns : left;
		}
		replay->measuring = false;
	}
	replay->memory_options.timed = false;
	if (status != STATUS_TROUBLE) {
		work_times_settle(times, passes);
		replay_report_times(replay->report, times, passes);
	}
	return status;
}

static int replay_trace(struct replay *replay, const char *path)
{
	struct replay_memory_summary summary;
	uint64_t memory = replay->frames;

	if ((replay->percent != 0 || replay->time_ms != 0) && strcmp(path, "-") == 0) {
		complain("-: standard input cannot be read twice%s",
			 replay->time_ms != 0 ? "" : ": give a size to --frames");
		return STATUS_TROUBLE;
	}
	if (replay->percent != 0)
		memory = measure(replay, path);
	if (replay->time_ms != 0)
		return replay_timed(replay, path, memory);
	return replay_once(replay, path, memory, &summary);
}

/* ---- options ---- */

static bool known_design(const char *name)
{
	for (const char *const *design = vas_index_designs(); *design != NULL; design++)
		if (strcmp(*design, name) == 0)
			return true;
	return false;
}

/* "64M" as bytes, whole pages. */
static bool parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMG";
	char number[32];
	size_t length = strlen(text);
	const char *unit = length == 0 ? NULL : strchr(units, text[length - 1]);
	unsigned shift = unit == NULL ? 0 : 10 * (unsigned)(unit - units + 1);

	if (unit != NULL)
		length--;
	if (length == 0 || length >= sizeof(number))
		return false;
	memcpy(number, text, length);
	number[length] = '\0';
	if (!parse_number(number, MOST_MEMORY >> shift, bytes))
		return false;
	*bytes = vas_page_up(*bytes << shift);
	return true;
}

static int read_frames(struct replay *replay, const char *command, char *text)
{
	size_t length = strlen(text);
	bool part = length > 1 && text[length - 1] == '%';

	if (part) {
		text[length - 1] = '\0';
		if (parse_number(text, 1000, &replay->percent) && replay->percent > 0)
			return STATUS_OK;
	} else if (parse_size(text, &replay->frames) &&
		   replay->frames >> VAS_PAGE_SHIFT >= LEAST_FRAMES) {
		return STATUS_OK;
	}
	return wrong_usage(
		command,
		"so much memory cannot be had: '%s%s' (a size of %u KiB or more, or 1%% to "
		"1000%% of what the trace needs)",
		text, part ? "%" : "", LEAST_FRAMES << (VAS_PAGE_SHIFT - 10));
}

enum {
	OPTION_FRAMES = 256,
	OPTION_SWAP,
	OPTION_SWAP_SIZE,
	OPTION_ANON,
	OPTION_FILE,
	OPTION_TIME,
};

/* An option that is about memory. */
static int read_memory_option(struct replay *replay, const char *command, int option)
{
	struct replay_memory_options *options = &replay->memory_options;

	switch (option) {
	case OPTION_FRAMES:
		return read_frames(replay, command, optarg);
	case OPTION_SWAP:
		options->swap = optarg;
		return STATUS_OK;
	case OPTION_SWAP_SIZE:
		replay->swap_told = true;
		if (!parse_size(optarg, &options->swap_bytes))
			return wrong_usage(command, "so much swap cannot be had: '%s'", optarg);
		return STATUS_OK;
	case OPTION_ANON:
		options->anon_rmap = optarg;
		if (vas_anon_rmap_find(optarg) == NULL)
			return wrong_usage(command, "no anonymous reverse map is called '%s'",
					   optarg);
		return STATUS_OK;
	case OPTION_TIME:
		replay->time_ms = TIME_MS;
		if (optarg != NULL &&
		    (!parse_number(optarg, 1000000, &replay->time_ms) || replay->time_ms == 0))
			return wrong_usage(command, "'%s' milliseconds cannot be timed", optarg);
		return STATUS_OK;
	default:
		options->file_rmap = optarg;
		if (vas_file_rmap_find(optarg) == NULL)
			return wrong_usage(command, "no file reverse map is called '%s'", optarg);
		return STATUS_OK;
	}
}

static const struct option longs[] = {
	{ "level", required_argument, NULL, 'l' },
	{ "index", required_argument, NULL, 'i' },
	{ "maps", optional_argument, NULL, 'm' },
	{ "json", no_argument, NULL, 'j' },
	{ "frames", required_argument, NULL, OPTION_FRAMES },
	{ "swap", required_argument, NULL, OPTION_SWAP },
	{ "swap-size", required_argument, NULL, OPTION_SWAP_SIZE },
	{ "anon-rmap", required_argument, NULL, OPTION_ANON },
	{ "file-rmap", required_argument, NULL, OPTION_FILE },
	{ "time", optional_argument, NULL, OPTION_TIME },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* STATUS_OK, or the status to end with; *done: nothing more to do. */
static int read_options(struct replay *replay, int argc, char **argv, bool *done)
{
	bool memory_option = false;
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
		case '?':
			return STATUS_TROUBLE;
		default:
			if (read_memory_option(replay, argv[0], option) != STATUS_OK)
				return STATUS_TROUBLE;
			memory_option = memory_option || option != OPTION_FRAMES;
		}
	}
	if (optind == argc)
		return wrong_usage(argv[0], "which trace?");
	if (memory_option && replay->frames == 0 && replay->percent == 0)
		return wrong_usage(argv[0], "swap, reverse maps and times need --frames");
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
	if (replay.maps_pid != 0 && !replay.maps_shown) {
		complain("no process %d with areas was met", replay.maps_pid);
		status = STATUS_TROUBLE;
	}
	return replay_report_finish(replay.report, status);
}
