/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * A trace as a picture over time, for the report in the browser.
 *
 *	trace -> interpreter -> spaces of a machine
 *	             |               | operations
 *	             v               v
 *	        moments,        timeline_areas.c    rectangles
 *	        processes       timeline_memory.c   samples, sharing
 *
 * Time is counted in moments: lines of the trace after which something is not as it was before. A
 * moment stands for the state after its line; what is born at one and dies at another was there at
 * the first and is not there at the second. Everything is kept as columns of numbers, so that a
 * trace with a million moments stays small, here and in the browser.
 *
 * A process, here, is a program in one: exec ends it and begins another with the same id. A child
 * that borrows its parent's space (vfork) has no areas of its own until it execs; a space whose
 * process is gone before the borrowers are passes to one of them.
 *
 * Costs: that of `vas replay --frames`, some 100 bytes for an area's rectangle, and as many looks at
 * pages as timeline_memory.c allows itself.
 */

#include "timeline_inside.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "output.h"
#include "progress.h"

enum { PROGRESS_EVENTS = 4096, MOST_AREAS = 2000000, MOST_SAMPLES = 200, MOST_MOMENTS = 4000000 };

/* Of the machine that stands behind the spaces: what is held must not be reclaimed, or it would be
 * missing. So it grows until nothing is, or half of this machine's memory is reached. */
#define FIRST_MEMORY (UINT64_C(256) << 20)
#define MORE_MEMORY  4
#define SWAP_TIMES   4

void *timeline_room(void *list, size_t count, size_t *size, size_t record)
{
	if (count < *size)
		return list;
	*size = *size * 2 + 64;
	list = realloc(list, *size * record);
	if (list == NULL) {
		complain("out of memory");
		exit(STATUS_TROUBLE);
	}
	return list;
}

/* ---- moments ---- */

static uint32_t text_number(struct timeline *timeline, const char *text)
{
	for (size_t i = timeline->texts.count; i > 0; i--)
		if (strcmp(timeline->texts.list[i - 1], text) == 0)
			return (uint32_t)i - 1;
	TIMELINE_ADD(&timeline->texts, strdup(text));
	return (uint32_t)timeline->texts.count - 1;
}

uint32_t timeline_moment(struct timeline *timeline)
{
	timeline->pending = true;
	return (uint32_t)timeline->moments.count;
}

static void add_moment(struct timeline *timeline, const struct timeline_moment *moment)
{
	TIMELINE_ADD(&timeline->moments, *moment);
	timeline->pending = false;
	timeline->stirred = false;
}

uint32_t timeline_now(struct timeline *timeline)
{
	if (timeline->stirred || timeline->moments.count == 0)
		add_moment(timeline, &timeline->last);
	return (uint32_t)timeline->moments.count - 1;
}

static uint32_t event_text(struct timeline *timeline, const struct trace_event *event,
			   const char *program)
{
	char text[4200];

	switch (event->kind) {
	case TRACE_CALL:
		if (!timeline_is_exec(event))
			return text_number(timeline, timeline_is_clone(event)
							     ? "fork"
							     : call_name(event->call.kind));
		snprintf(text, sizeof(text), "exec %s", program);
		return text_number(timeline, text);
	case TRACE_EXITED:
		return text_number(timeline, "exit");
	case TRACE_AREA:
	case TRACE_SNAPSHOT:
		return text_number(timeline, timeline->exec_image ? "exec image" : "snapshot");
	case TRACE_TOUCH:
		return text_number(timeline, timeline->pending ? "stack growth" : "page fault");
	default:
		return text_number(timeline, "other");
	}
}

/* ---- events ---- */

static void before(void *context, struct interpreter *interpreter, const struct trace_event *event,
		   struct thread *thread)
{
	(void)interpreter;
	if (event->kind == TRACE_SNAPSHOT)
		((struct timeline *)context)->exec_image = slice_starts(event->words, "exec");
	if (thread != NULL && timeline_is_exec(event))
		timeline_leave(context, thread->process);
}

static void exiting(void *context, struct interpreter *interpreter, struct thread *thread)
{
	(void)interpreter;
	timeline_leave(context, thread->process);
}

static void after(void *context, struct interpreter *interpreter, const struct trace_event *event,
		  struct thread *thread)
{
	struct timeline *timeline = context;
	struct timeline_space *forked = NULL;
	uint32_t process = timeline_follow(timeline, event, thread, &forked);
	bool told;

	timeline_hand_over(timeline);
	timeline->leaving = TIMELINE_NONE;
	timeline_settle(timeline);
	if (event->kind == TRACE_TOUCH && thread != NULL &&
	    timeline_process_space(thread->process) != NULL) {
		timeline_touched(timeline_process_space(thread->process), event->number,
				 event->number + 1);
		timeline->stirred = true;
	}
	told = timeline->pending;
	if (process != TIMELINE_NONE) {
		const char *name = timeline->processes.list[process].name;

		timeline->last = (struct timeline_moment){ event->line, process,
							   event_text(timeline, event, name) };
	}
	if (told)
		add_moment(timeline, &timeline->last);
	if (told && timeline->options.moment != NULL)
		timeline->options.moment(timeline->options.context, interpreter,
					 timeline_now(timeline));
	if (forked != NULL && timeline->processes.list[forked->owner].borrows == TIMELINE_NONE)
		timeline_share(timeline, forked);
	timeline_memory_event(timeline);
}

/* ---- a whole trace ---- */

/* NULL, or what is wrong with it. */
static const char *feed(struct timeline *timeline, struct trace *trace)
{
	struct trace_event event;
	uint64_t events = 0;
	int more = 0;

	while (!timeline->cut && !timeline->crowded && (more = trace_next(trace, &event)) > 0) {
		if (interpreter_feed(timeline->interpreter, &event) < 0)
			return interpreter_error(timeline->interpreter);
		if (++events % PROGRESS_EVENTS == 0)
			progress_at(trace_position(trace));
		timeline->cut = timeline->cut || timeline->moments.count >= MOST_MOMENTS;
	}
	if (more < 0)
		return trace_error(trace);
	if (!timeline->cut && !timeline->crowded && interpreter_finish(timeline->interpreter) < 0)
		return interpreter_error(timeline->interpreter);
	timeline->lines = trace_lines(trace);
	return NULL;
}

static const char *run(struct timeline *timeline, struct trace *trace, struct replay_memory *memory)
{
	struct interpreter_options options = {
		.before = before,
		.after = after,
		.exiting = exiting,
		.context = timeline,
		.memory = &replay_memory_calls,
		.memory_data = memory,
		.listener = &timeline_listener,
		.listener_data = timeline,
	};
	const char *error;

	options.second_listener = replay_memory_listener(memory, &options.second_data);
	timeline->interpreter = interpreter_create(&options);
	if (timeline->interpreter == NULL)
		return "out of memory";
	progress_start("drawing", trace_size(trace));
	error = feed(timeline, trace);
	progress_end();
	if (error == NULL)
		timeline_memory_last(timeline);
	timeline->over = true;
	if (error != NULL && !timeline->may_try_again)
		complain("%s", error);
	timeline->crowded = timeline->crowded || error != NULL;
	interpreter_destroy(timeline->interpreter);
	timeline->interpreter = NULL;
	return error;
}

/* The same with a machine of so many bytes behind it. */
static bool run_with_memory(struct timeline *timeline, struct trace *trace, uint64_t bytes)
{
	const struct replay_memory_options options = {
		.frames = bytes,
		.swap_bytes = bytes * SWAP_TIMES,
		.timed = true, /* touches are bare accesses: nobody asks for contents */
	};
	char error[4096];
	struct replay_memory *memory = replay_memory_create(&options, error, sizeof(error));
	bool done;

	if (memory == NULL) {
		complain("%s", error);
		return false;
	}
	timeline_memory_begin(timeline, (uint32_t)(bytes >> VAS_PAGE_SHIFT));
	done = run(timeline, trace, memory) == NULL;
	timeline_memory_end(timeline);
	replay_memory_destroy(memory);
	page_map_free(&timeline->by_pid);
	page_map_free(&timeline->by_number);
	free(timeline->changed.list);
	return done;
}

/* NULL: it cannot be read, or *again: not in so little memory. */
static struct timeline *read_once(const char *path, const struct timeline_options *options,
				  uint64_t bytes, bool *again)
{
	struct timeline *timeline = malloc(sizeof(*timeline));
	const char *error;
	struct trace *trace = timeline == NULL ? NULL : trace_open(path, &error);
	bool done = false;

	if (trace == NULL) {
		complain("%s: %s", path, timeline == NULL ? "out of memory" : error);
		free(timeline);
		*again = false;
		return NULL;
	}
	*timeline = (struct timeline){
		.options = *options,
		.by_pid.record = sizeof(uint32_t),
		.by_number.record = sizeof(uint32_t),
		.leaving = TIMELINE_NONE,
		.may_try_again = *again,
	};
	done = run_with_memory(timeline, trace, bytes);
	trace_close(trace);
	*again = *again && timeline->crowded;
	if (done && !*again && timeline->moments.count > 0)
		return timeline;
	if (done && !*again)
		complain("%s: not a trace: there is no call in it", path);
	timeline_destroy(timeline);
	return NULL;
}

struct timeline *timeline_read(const char *path, const struct timeline_options *options)
{
	uint64_t most = (uint64_t)sysconf(_SC_PHYS_PAGES) << VAS_PAGE_SHIFT >> 1;
	uint64_t bytes = FIRST_MEMORY < most && strcmp(path, "-") != 0 ? FIRST_MEMORY : most;
	struct timeline_options chosen = { .most_areas = MOST_AREAS };
	struct timeline *timeline;
	bool again;

	if (options != NULL)
		chosen = *options;
	if (chosen.most_areas == 0)
		chosen.most_areas = MOST_AREAS;
	if (chosen.most_samples == 0)
		chosen.most_samples = MOST_SAMPLES;
	do {
		again = bytes < most;
		timeline = read_once(path, &chosen, bytes, &again);
		bytes = bytes < most / MORE_MEMORY ? bytes * MORE_MEMORY : most;
	} while (again);
	return timeline;
}

void timeline_destroy(struct timeline *timeline)
{
	if (timeline == NULL)
		return;
	for (size_t i = 0; i < timeline->texts.count; i++)
		free(timeline->texts.list[i]);
	for (size_t i = 0; i < timeline->processes.count; i++)
		free(timeline->processes.list[i].name);
	for (size_t i = 0; i < timeline->objects.count; i++)
		free(timeline->objects.list[i].name);
	free(timeline->texts.list);
	free(timeline->processes.list);
	free(timeline->objects.list);
	free(timeline->moments.list);
	free(timeline->areas.list);
	free(timeline->memory.list);
	free(timeline->sharing.list);
	free(timeline);
}
