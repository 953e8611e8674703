/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Pictures from traces. The interpreter does what the trace says; a picture is taken of a process
 * that exits, or of those alive when the wanted line (or the trace) has come to its end. Only the
 * best one so far is kept: of the process that was asked for, else the one with the most areas.
 *
 * The moment at which a process had the most areas is known at the end only: then the trace is
 * read once more, up to there.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vas/anon_vma_chain.h>

#include "explain_origin.h"
#include "explain_picture.h"
#include "interpret.h"
#include "output.h"
#include "progress.h"
#include "trace_value.h"

enum { PROGRESS_EVENTS = 4096, BUCKETS = 1024 };

/* Where a thread's stack is, as clone was told. */
struct clone_stack {
	int tid;
	uint64_t address;
};

struct tracer {
	const struct picture_options *options;
	const char *path, *name; /* as the argument, and in messages */
	uint64_t stop_line;	 /* 0: the end */
	bool keep;		 /* pictures are wanted, not only figures */
	struct origins origins;
	struct picture *picture;
	bool taken, failed; /* failed: and complained of */

	/* Processes, by pid: chains of places + 1. */
	struct picture_process *processes;
	size_t *next;
	size_t count, room;
	size_t buckets[BUCKETS];

	struct clone_stack *stacks;
	size_t stack_count, stack_room;
};

/* ---- processes ---- */

static struct picture_process *find_process(struct tracer *tracer, int pid)
{
	size_t *bucket = &tracer->buckets[(unsigned)pid % BUCKETS];

	for (size_t at = *bucket; at != 0; at = tracer->next[at - 1])
		if (tracer->processes[at - 1].pid == pid)
			return &tracer->processes[at - 1];
	if (tracer->count == tracer->room) {
		size_t room = tracer->room * 2 + 16;
		struct picture_process *processes =
			realloc(tracer->processes, room * sizeof(*processes));
		size_t *next;

		if (processes == NULL)
			return NULL;
		tracer->processes = processes;
		next = realloc(tracer->next, room * sizeof(*next));
		if (next == NULL)
			return NULL;
		tracer->next = next;
		tracer->room = room;
	}
	tracer->processes[tracer->count] = (struct picture_process){ .pid = pid };
	tracer->next[tracer->count] = *bucket;
	*bucket = ++tracer->count;
	return &tracer->processes[tracer->count - 1];
}

static bool has_space(const struct thread *thread)
{
	return thread != NULL && thread->process != NULL && thread->process->space != NULL &&
	       thread->process->space->space != NULL;
}

static uint64_t areas_of(const struct thread *thread)
{
	struct vas_counts counts;

	vas_space_count(thread->process->space->space, &counts);
	return counts.areas;
}

static void count_process(struct tracer *tracer, const struct trace_event *event,
			  const struct thread *thread)
{
	struct picture_process *process = find_process(tracer, thread->process->pid);
	const struct trace_call *call = &event->call;
	uint64_t areas;

	if (process == NULL)
		return;
	areas = areas_of(thread);
	if (event->kind == TRACE_CALL && call->result == RESULT_VALUE &&
	    (call->kind == CALL_EXECVE || call->kind == CALL_EXECVEAT))
		process->peak = process->refused = 0; /* another program */
	process->areas = areas;
	if (areas > process->peak) {
		process->peak = areas;
		process->peak_line = event->line;
	}
	if (event->kind == TRACE_CALL && call->result == RESULT_ERROR && call->error == ENOMEM &&
	    areas + 1 >= vas_space_settings(thread->process->space->space)->max_map_count &&
	    process->refused++ == 0)
		process->refused_line = event->line;
}

/* ---- stacks of threads ---- */

/* "child_stack=0x7f..." of clone, "{..., stack=0x7f..., stack_size=0x...}" of clone3. */
static bool clone_stack(const struct trace_call *call, uint64_t *address)
{
	struct slice value;
	uint64_t size;

	for (unsigned i = 0; i < call->count && i < CALL_ARGUMENTS; i++)
		if (slice_starts(call->arguments[i], "child_stack="))
			return value_number(slice_after(call->arguments[i], strlen("child_stack=")),
					    address);
	return call->count > 0 && value_field(call->arguments[0], "stack", &value) &&
	       value_number(value, address) &&
	       value_field(call->arguments[0], "stack_size", &value) &&
	       value_number(value, &size) && !__builtin_add_overflow(*address, size, address);
}

static void remember_stack(struct tracer *tracer, const struct trace_call *call)
{
	uint64_t address;

	if ((call->kind != CALL_CLONE && call->kind != CALL_CLONE3) ||
	    call->result != RESULT_VALUE || !clone_stack(call, &address) || address == 0)
		return;
	if (tracer->stack_count == tracer->stack_room) {
		size_t room = tracer->stack_room * 2 + 64;
		struct clone_stack *stacks = realloc(tracer->stacks, room * sizeof(*stacks));

		if (stacks == NULL)
			return; /* one stack fewer is seen */
		tracer->stacks = stacks;
		tracer->stack_room = room;
	}
	tracer->stacks[tracer->stack_count++] =
		(struct clone_stack){ (int)call->value, address - 1 };
}

static int compare_addresses(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static void classify(const struct tracer *tracer, struct interpreter *interpreter,
		     const struct process *process)
{
	struct process_table *table = interpreter_processes(interpreter);
	uint64_t *list = calloc(tracer->stack_count + 1, sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; list != NULL && i < tracer->stack_count; i++) {
		const struct thread *thread = process_table_find(table, tracer->stacks[i].tid);

		if (thread != NULL && thread->process == process)
			list[count++] = tracer->stacks[i].address;
	}
	if (count > 0)
		qsort(list, count, sizeof(*list), compare_addresses);
	picture_classify(tracer->picture, list, count);
	free(list);
}

/* ---- pictures ---- */

struct text {
	char *at;
	size_t length, room;
	bool failed;
};

static void append(void *context, const char *piece, size_t length)
{
	struct text *text = context;

	if (text->failed)
		return;
	if (text->room - text->length < length) {
		size_t room = text->room * 2 + length + 4096;
		char *more = realloc(text->at, room);

		if (more == NULL) {
			text->failed = true;
			return;
		}
		text->at = more;
		text->room = room;
	}
	memcpy(text->at + text->length, piece, length);
	text->length += length;
}

/* What the text of maps does not tell. */
static void add_model(struct picture *picture, const struct vas_space *space)
{
	struct vas_anon_vma_chain_view view;
	struct vas_area *from;
	struct vas_walk walk;
	size_t i = 0;

	vas_walk_start(&walk, space, 0);
	while ((from = vas_walk_next(&walk)) != NULL && i < picture->count) {
		struct picture_area *area = &picture->areas[i++];

		area->flags = from->flags;
		area->index = from->offset;
		area->file = (uint64_t)(uintptr_t)from->file;
		area->policy_number = from->policy;
		vas_anon_vma_chain_look(from, &view);
		area->head = view.has_head ? view.id : 0;
		area->links = view.links;
		origins_read(from, area);
	}
}

static void add_notes(struct picture *picture, const struct interpreter *interpreter,
		      const struct traced_space *space)
{
	const struct interpreter_counts *counts = interpreter_counts(interpreter);

	if (space->partial)
		picture_note(picture,
			     "The trace shows no snapshot of this program's areas (it is "
			     "strace's, or the program ran before it began): those that "
			     "no call of the trace made are missing.");
	if (!picture->heads_known)
		picture_note(picture,
			     "Not all first writes to pages stand in the trace: areas that "
			     "reverse-map heads keep apart may be shown as one.");
	if (counts->divergences > 0)
		picture_note(picture,
			     "The model did not always do what the kernel did: see "
			     "'vas replay'.");
}

static void describe(struct picture *picture, const struct interpreter *interpreter,
		     const struct process *process)
{
	const struct traced_space *space = process->space;
	const struct vas_settings *settings = vas_space_settings(space->space);
	const char *faults = interpreter_faults(interpreter);

	picture->pid = process->pid;
	picture->program = space->program != NULL ? strdup(space->program) : NULL;
	picture->flags_known = true;
	picture->heads_known = interpreter_recorded(interpreter) && !space->no_faults &&
			       strcmp(faults, "none") != 0 && faults[0] != '\0' &&
			       interpreter_counts(interpreter)->lost == 0;
	picture->limit_known = interpreter_recorded(interpreter);
	picture->max_map_count = settings->max_map_count;
	picture->lowest = settings->mmap_min_addr;
	picture->top = vas_space_layout(space->space)->task_size;
	picture->stack_limit = process->limits.stack;
	picture->threads = process->threads;
	add_notes(picture, interpreter, space);
}

/* Takes a picture in the place of the one before. */
static void take(struct tracer *tracer, struct interpreter *interpreter,
		 const struct thread *thread, uint64_t line)
{
	const struct process *process = thread->process;
	struct picture *picture = tracer->picture;
	const char *source = picture->source;
	struct text text = { 0 };
	const struct vas_printer printer = { append, &text };

	picture_free(picture);
	picture->source = source;
	picture->origin = ORIGIN_TRACE;
	picture->line = line;
	vas_space_print(process->space->space, &printer);
	if (text.failed) {
		free(text.at);
		complain("out of memory");
		tracer->failed = true;
		return;
	}
	if (picture_parse(picture, text.at, text.length, tracer->name) != 0) {
		tracer->failed = true;
		return;
	}
	add_model(picture, process->space->space);
	describe(picture, interpreter, process);
	origins_give(&tracer->origins, picture);
	classify(tracer, interpreter, process);
	tracer->taken = true;
}

static void consider(struct tracer *tracer, struct interpreter *interpreter,
		     const struct thread *thread, uint64_t line)
{
	if (!tracer->keep || !has_space(thread) || tracer->failed)
		return;
	if (tracer->options->pid != 0 ? thread->process->pid != tracer->options->pid
				      : tracer->taken && areas_of(thread) <= tracer->picture->count)
		return;
	take(tracer, interpreter, thread, line);
}

/* ---- the interpreter's hooks ---- */

static void before(void *context, struct interpreter *interpreter, const struct trace_event *event,
		   struct thread *thread)
{
	struct tracer *tracer = context;

	(void)interpreter;
	(void)thread;
	origins_begin(&tracer->origins, event);
}

static void after(void *context, struct interpreter *interpreter, const struct trace_event *event,
		  struct thread *thread)
{
	struct tracer *tracer = context;

	(void)interpreter;
	if (!has_space(thread) || thread->process->vfork_child)
		return;
	if (event->kind == TRACE_CALL)
		remember_stack(tracer, &event->call);
	if (event->kind == TRACE_CALL || event->kind == TRACE_AREA)
		count_process(tracer, event, thread);
}

/* What a list of processes says of one that exits, or is alive at the end. */
static void note_end(struct tracer *tracer, const struct thread *thread)
{
	const struct traced_space *space = thread->process->space;
	struct picture_process *process = find_process(tracer, thread->process->pid);

	if (process == NULL)
		return;
	process->areas = areas_of(thread);
	if (process->areas > process->peak)
		process->peak = process->areas;
	free(process->program);
	process->program = space->program != NULL ? strdup(space->program) : NULL;
}

static void exiting(void *context, struct interpreter *interpreter, struct thread *thread)
{
	struct tracer *tracer = context;

	if (!has_space(thread) || thread->process->vfork_child)
		return;
	note_end(tracer, thread);
	/* At a line, only those that are alive then count. */
	if (tracer->stop_line == 0)
		consider(tracer, interpreter, thread, tracer->origins.event->line);
}

static void look_at_living(struct tracer *tracer, struct interpreter *interpreter, uint64_t line)
{
	struct process_table *table = interpreter_processes(interpreter);
	const struct thread *thread;
	size_t position = 0;

	while ((thread = process_table_next(table, &position)) != NULL)
		if (has_space(thread) && process_table_leads(table, thread) &&
		    !thread->process->vfork_child) {
			note_end(tracer, thread);
			consider(tracer, interpreter, thread, line);
		}
}

/* ---- one reading ---- */

/* NULL, or what is wrong with the trace. */
static const char *feed(struct tracer *tracer, struct trace *trace, struct interpreter *interpreter)
{
	struct trace_event event = { 0 };
	uint64_t events = 0, line = 0;
	int more;

	while ((more = trace_next(trace, &event)) > 0) {
		if (tracer->stop_line != 0 && event.line > tracer->stop_line)
			break;
		line = event.line;
		if (interpreter_feed(interpreter, &event) < 0)
			return interpreter_error(interpreter);
		if (++events % PROGRESS_EVENTS == 0)
			progress_at(trace_position(trace));
	}
	if (more < 0)
		return trace_error(trace);
	if (more == 0 && interpreter_finish(interpreter) < 0)
		return interpreter_error(interpreter);
	if (events == 0)
		return "";
	look_at_living(tracer, interpreter, line);
	return NULL;
}

static int run(struct tracer *tracer, struct interpreter *interpreter)
{
	struct trace *trace;
	const char *error;

	if (strcmp(tracer->path, "-") == 0)
		(void)lseek(STDIN_FILENO, 0, SEEK_SET);
	trace = trace_open(tracer->path, &error);
	if (trace == NULL) {
		complain("%s: %s", tracer->name, error);
		return -1;
	}
	progress_start("replaying", trace_size(trace));
	error = feed(tracer, trace, interpreter);
	progress_end();
	if (error != NULL && error[0] == '\0')
		complain("%s: neither a trace nor a list of areas", tracer->name);
	else if (error != NULL)
		complain("%s", error);
	if (error == NULL && tracer->taken && trace_cut_off(trace))
		picture_note(tracer->picture, "The trace was cut off.");
	trace_close(trace);
	return error == NULL && !tracer->failed ? 0 : -1;
}

static void forget(struct tracer *tracer)
{
	for (size_t i = 0; i < tracer->count; i++)
		free(tracer->processes[i].program);
	free(tracer->processes);
	free(tracer->next);
	free(tracer->stacks);
	origins_free(&tracer->origins);
	tracer->processes = NULL;
	tracer->next = NULL;
	tracer->stacks = NULL;
	tracer->count = tracer->room = 0;
	tracer->stack_count = tracer->stack_room = 0;
	memset(tracer->buckets, 0, sizeof(tracer->buckets));
}

/* Reads the trace once. */
static int read_once(struct tracer *tracer)
{
	const struct interpreter_options options = {
		.before = before,
		.after = after,
		.exiting = exiting,
		.listener = &origin_listener,
		.listener_data = &tracer->origins,
		.context = tracer,
	};
	struct interpreter *interpreter = interpreter_create(&options);
	int result;

	if (interpreter == NULL) {
		complain("out of memory");
		return -1;
	}
	result = run(tracer, interpreter);
	/* Spaces are unmapped now, and the listener hears of it: nothing of that is of a line. */
	interpreter_destroy(interpreter);
	return result;
}

/* Finds out where the process had the most areas. */
static int find_peak(struct tracer *tracer)
{
	const struct picture_process *best = NULL;
	int result;

	tracer->keep = false;
	result = read_once(tracer);
	for (size_t i = 0; i < tracer->count; i++) {
		const struct picture_process *process = &tracer->processes[i];

		if (tracer->options->pid != 0 && process->pid != tracer->options->pid)
			continue;
		if (best == NULL || process->peak > best->peak)
			best = process;
	}
	if (best != NULL)
		tracer->stop_line = best->peak_line;
	forget(tracer);
	return result;
}

static int by_areas(const void *a, const void *b)
{
	const struct picture_process *left = a, *right = b;

	if (left->areas != right->areas)
		return left->areas < right->areas ? 1 : -1;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

/* Hands the list of processes to the picture, those with the most areas first. */
static void give_processes(struct tracer *tracer)
{
	struct picture *picture = tracer->picture;

	picture->processes = tracer->processes;
	picture->process_count = tracer->count;
	tracer->processes = NULL;
	tracer->count = 0;
	qsort(picture->processes, picture->process_count, sizeof(*picture->processes), by_areas);
	for (size_t i = 0; i < picture->process_count; i++)
		if (picture->processes[i].pid == picture->pid)
			picture->chosen = i;
}

static int complain_of_none(const struct tracer *tracer)
{
	if (tracer->options->pid != 0 && tracer->stop_line != 0)
		complain("%s: process %d has no areas after line %llu", tracer->name,
			 tracer->options->pid, (unsigned long long)tracer->stop_line);
	else if (tracer->options->pid != 0)
		complain("%s: there is no process %d in it", tracer->name, tracer->options->pid);
	else if (tracer->stop_line != 0)
		complain("%s: no process has areas after line %llu", tracer->name,
			 (unsigned long long)tracer->stop_line);
	else
		complain("%s: no process in it has areas", tracer->name);
	return -1;
}

int picture_of_trace(struct picture *picture, const char *path,
		     const struct picture_options *options)
{
	struct tracer tracer = {
		.options = options,
		.path = path,
		.name = picture->source,
		.stop_line = options->at_line,
		.picture = picture,
	};
	int result = options->at_peak ? find_peak(&tracer) : 0;

	tracer.keep = true;
	if (result == 0)
		result = read_once(&tracer);
	if (result == 0 && !tracer.taken)
		result = complain_of_none(&tracer);
	if (result == 0)
		give_processes(&tracer);
	forget(&tracer);
	return result;
}
