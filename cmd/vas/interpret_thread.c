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

static int postpone(struct interpreter *in, const struct trace_event *event)
{
	struct postponed *kept = malloc(sizeof(*kept) + kept_bytes(event));
	char *end;

	if (kept == NULL)
		return interpret_fail(in, event, "out of memory");
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
	*in->postponed_end = kept;
	in->postponed_end = &kept->next;
	return 0;
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
		return interpret_fail(in, event, "out of memory");
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
		return interpret_fail(in, event, "out of memory");
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

static bool is_postponed(const struct interpreter *in, int pid)
{
	for (const struct postponed *kept = in->postponed; kept != NULL; kept = kept->next)
		if (kept->event.pid == pid)
			return true;
	return false;
}

int interpret_find_thread(struct interpreter *in, const struct trace_event *event,
			  struct thread **thread)
{
	if (!event->has_pid)
		return find_unnamed(in, event, thread);
	if (in->postponed != NULL && is_postponed(in, event->pid))
		return postpone(in, event);
	*thread = process_table_find(in->table, event->pid);
	return *thread != NULL ? 1 : adopt(in, event, thread);
}

/* ---- catching up ---- */

/* Can the event be fed now? 1: *thread is whose it is. */
static int find_postponed(struct interpreter *in, const struct trace_event *event,
			  struct thread **thread)
{
	struct thread *parent = NULL;

	*thread = process_table_find(in->table, event->pid);
	if (*thread != NULL)
		return 1;
	if (count_parents(in, &parent) == 1)
		return adopt_child(in, event, parent, thread);
	return 0;
}

bool interpret_tells_children(const struct trace_event *event)
{
	if (event->kind != TRACE_CALL && event->kind != TRACE_START)
		return event->kind == TRACE_EXITED;
	return event->call.kind == CALL_FORK || event->call.kind == CALL_VFORK ||
	       event->call.kind == CALL_CLONE || event->call.kind == CALL_CLONE3;
}

/* Feeds the kept event at *place, and takes it out. */
static int feed_postponed(struct interpreter *in, struct postponed **place, struct thread *thread)
{
	struct postponed *kept = *place;
	int err;

	*place = kept->next;
	if (*place == NULL)
		in->postponed_end = place;
	err = interpret_feed_one(in, &kept->event, thread);
	free(kept);
	return err;
}

/* Nobody is making a child any more, or the trace is over: whose the first one is will never be
 * known. */
static int give_up(struct interpreter *in)
{
	struct thread *thread, *parent = NULL;
	const struct trace_event *event = &in->postponed->event;
	int found = count_parents(in, &parent) > 0 ? adopt_child(in, event, parent, &thread)
						   : start_unrelated(in, event, &thread);

	return found < 0 ? -1 : feed_postponed(in, &in->postponed, thread);
}

int interpret_catch_up(struct interpreter *in, bool end)
{
	struct postponed **place = &in->postponed;
	struct thread *thread;

	while (in->postponed != NULL) {
		bool tells;
		int found = *place == NULL ? 0 : find_postponed(in, &(*place)->event, &thread);

		if (found < 0)
			return -1;
		if (found == 0 && *place != NULL) {
			place = &(*place)->next;
			continue;
		}
		if (found == 0 && !end && count_parents(in, &thread) > 0)
			return 0;
		if (found == 0) {
			if (give_up(in) < 0)
				return -1;
			place = &in->postponed;
			continue;
		}
		tells = interpret_tells_children(&(*place)->event);
		if (feed_postponed(in, place, thread) < 0)
			return -1;
		if (tells) /* who is whose child, perhaps of those before it */
			place = &in->postponed;
	}
	return 0;
}
