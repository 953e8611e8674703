/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Which thread is an event about?
 *
 * Usually the one that the line names. But a line may name none (strace with one process), or one
 * that was never heard of:
 *
 *	- the line resumes a call: so the process was there before, as the one without a name (0);
 *	- someone is just making a child: it is the child, seen before its parent's clone returns.
 *	  If several are at it, nobody can say whose child it is until their calls return: the
 *	  events of the unknown one are kept and fed later;
 *	- there is a process without a name: now we know its name;
 *	- else the trace began in the middle of the process's life.
 */

#include "interpret_inside.h"

#include <stdlib.h>

/* ---- events kept for later ---- */

/* Moves a slice to its copy behind *end. */
static void keep_slice(struct slice *slice, char **end)
{
	if (slice->length > 0)
		memcpy(*end, slice->at, slice->length);
	slice->at = *end;
	*end += slice->length;
}

static size_t kept_bytes(const struct trace_event *event)
{
	size_t bytes = event->text.length + event->words.length + event->call.name.length +
		       event->call.result_text.length + event->area.name.length;

	for (unsigned i = 0; i < event->call.count; i++)
		bytes += event->call.arguments[i].length;
	return bytes;
}

static struct postponed_process *find_postponed(const struct interpreter *in, int pid)
{
	struct postponed_process *process = in->postponed;

	while (process != NULL && process->pid != pid)
		process = process->next;
	return process;
}

static struct postponed_process *add_process(struct interpreter *in, int pid)
{
	struct postponed_process *process = calloc(1, sizeof(*process));

	if (process == NULL)
		return NULL;
	process->pid = pid;
	process->end = &process->first;
	process->next = in->postponed;
	in->postponed = process;
	return process;
}

static int postpone(struct interpreter *in, const struct trace_event *event)
{
	struct postponed_process *process = find_postponed(in, event->pid);
	struct postponed *kept = malloc(sizeof(*kept) + kept_bytes(event));
	char *end;

	if (process == NULL)
		process = add_process(in, event->pid);
	if (kept == NULL || process == NULL) {
		free(kept);
		return interpret_no_memory(in, event);
	}
	kept->next = NULL;
	kept->event = *event;
	end = kept->text;
	keep_slice(&kept->event.text, &end);
	keep_slice(&kept->event.words, &end);
	keep_slice(&kept->event.call.name, &end);
	keep_slice(&kept->event.call.result_text, &end);
	keep_slice(&kept->event.area.name, &end);
	for (unsigned i = 0; i < event->call.count; i++)
		keep_slice(&kept->event.call.arguments[i], &end);
	*process->end = kept;
	process->end = &kept->next;
	return 0;
}

/* Takes the first event out; a process without events is forgotten. */
static struct postponed *take_postponed(struct interpreter *in, struct postponed_process *process)
{
	struct postponed_process **place = &in->postponed;
	struct postponed *kept = process->first;

	if (kept != NULL)
		process->first = kept->next;
	if (process->first != NULL)
		return kept;
	while (*place != process)
		place = &(*place)->next;
	*place = process->next;
	free(process);
	return kept;
}

void interpret_drop_postponed(struct interpreter *in)
{
	while (in->postponed != NULL)
		free(take_postponed(in, in->postponed));
}

/* ---- unknown processes ---- */

/* Threads that are making a child which has not been seen. */
static unsigned count_parents(struct interpreter *in, struct thread **parent)
{
	struct thread *thread;
	size_t position = 0;
	unsigned count = 0;

	while ((thread = process_table_next(in->table, &position)) != NULL) {
		if (thread->begun.kind != BEGUN_CLONE || thread->begun.child != 0)
			continue;
		*parent = thread;
		count++;
	}
	return count;
}

/* A process whose leader is gone, and whose execve another thread made. */
static struct thread *find_executing(struct interpreter *in, int pid)
{
	struct thread *thread, *found = NULL;
	size_t position = 0;

	while ((thread = process_table_next(in->table, &position)) != NULL)
		if (thread->process->pid == pid && (found == NULL || thread->seen))
			found = thread;
	return found;
}

static int adopt_child(struct interpreter *in, const struct trace_event *event,
		       struct thread *parent, struct thread **thread)
{
	if (interpret_make_child(in, event, parent, event->pid, parent->begun.flags) < 0)
		return -1;
	parent->begun.child = event->pid;
	*thread = process_table_find(in->table, event->pid);
	return *thread != NULL;
}

static int start_unrelated(struct interpreter *in, const struct trace_event *event,
			   struct thread **thread)
{
	*thread = process_start(in->table, event->pid);
	if (*thread == NULL)
		return interpret_no_memory(in, event);
	in->counts.processes++;
	if (in->counts.processes > 1 && event->has_pid)
		interpret_note(in, "%s:%lu: process %d began before the trace", event->file,
			       event->line, event->pid);
	return 1;
}

static int adopt(struct interpreter *in, const struct trace_event *event, struct thread **thread)
{
	struct thread *nameless = process_table_find(in->table, 0), *parent = NULL;
	bool resumes = event->call.joined && event->kind != TRACE_START;
	unsigned parents;

	if (resumes && nameless == NULL) {
		*thread = find_executing(in, event->pid);
		if (*thread != NULL)
			return 1;
	}
	parents = count_parents(in, &parent);
	if (!resumes && (parents > 1 || (parents == 0 && in->postponed != NULL)))
		return postpone(in, event);
	if (!resumes && parents == 1)
		return adopt_child(in, event, parent, thread);
	if (event->kind == TRACE_ATTACHED)
		return 0;
	if (nameless == NULL)
		return start_unrelated(in, event, thread);
	*thread = nameless;
	if (!process_table_rename(in->table, nameless, event->pid))
		return interpret_no_memory(in, event);
	return 1;
}

/* The thread of a line without a pid: the nameless one, or the only one that is left. */
static int find_unnamed(struct interpreter *in, const struct trace_event *event,
			struct thread **thread)
{
	struct thread *other;
	size_t position = 0;

	*thread = process_table_find(in->table, 0);
	while (*thread == NULL && (other = process_table_next(in->table, &position)) != NULL)
		if (other->seen && !other->exiting)
			*thread = other;
	position = 0;
	while (*thread == NULL && (other = process_table_next(in->table, &position)) != NULL)
		*thread = other;
	return *thread != NULL ? 1 : start_unrelated(in, event, thread);
}

int interpret_find_thread(struct interpreter *in, const struct trace_event *event,
			  struct thread **thread)
{
	if (!event->has_pid)
		return find_unnamed(in, event, thread);
	if (find_postponed(in, event->pid) != NULL)
		return postpone(in, event);
	*thread = process_table_find(in->table, event->pid);
	return *thread != NULL ? 1 : adopt(in, event, thread);
}

/* ---- catching up ---- */

bool interpret_tells_children(const struct trace_event *event)
{
	if (event->kind != TRACE_CALL && event->kind != TRACE_START)
		return event->kind == TRACE_EXITED;
	return event->call.kind == CALL_FORK || event->call.kind == CALL_VFORK ||
	       event->call.kind == CALL_CLONE || event->call.kind == CALL_CLONE3;
}

/* Of the processes that are known by now (or of all), the one whose next event stands first. */
static struct postponed_process *next_process(struct interpreter *in, bool all)
{
	struct postponed_process *process, *first = NULL;

	for (process = in->postponed; process != NULL; process = process->next)
		if ((all || process->known) &&
		    (first == NULL || process->first->event.line < first->first->event.line))
			first = process;
	return first;
}

static void look_for_known(struct interpreter *in)
{
	struct postponed_process *process;

	for (process = in->postponed; process != NULL; process = process->next)
		process->known = process_table_find(in->table, process->pid) != NULL;
}

/* No process is known. If there is only one that may be the parent, or nobody makes children any
 * more, or the trace is over, the first one must do. 1: it is known now; 0: wait; -1. */
static int decide(struct interpreter *in, bool end)
{
	const struct trace_event *event = &next_process(in, true)->first->event;
	struct thread *parent = NULL, *thread;
	unsigned parents = count_parents(in, &parent);

	if (parents > 1 && !end)
		return 0;
	return parents > 0 ? adopt_child(in, event, parent, &thread)
			   : start_unrelated(in, event, &thread);
}

/* Feeds one event of a known process. */
static int feed_postponed(struct interpreter *in, struct postponed_process *process)
{
	struct thread *thread = process_table_find(in->table, process->pid);
	struct postponed *kept;
	int err;

	process->known = thread != NULL;
	if (thread == NULL)
		return 0;
	kept = take_postponed(in, process);
	err = interpret_feed_one(in, &kept->event, thread);
	if (interpret_tells_children(&kept->event))
		look_for_known(in);
	free(kept);
	return err;
}

int interpret_catch_up(struct interpreter *in, bool end)
{
	look_for_known(in);
	while (in->postponed != NULL) {
		struct postponed_process *process = next_process(in, false);
		int err;

		if (process != NULL) {
			err = feed_postponed(in, process);
		} else {
			err = decide(in, end);
			if (err == 0)
				return 0;
			look_for_known(in);
		}
		if (err < 0)
			return -1;
	}
	return 0;
}
