/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Who forked whom, who runs what, and whose a space is.
 *
 *	sh 10 ----------fork------------ exit          process 0
 *	                  `-- sh 11 -- exec             process 1, parent 0
 *	                               ls 11 -- exit    process 2, parent 0, exec_of 1
 *
 * Who is whose child is told by the calls that return ids. In a log whose lines are out of order a
 * child may be met before: then the space that it lives in tells.
 */

#include "timeline_inside.h"

#include <string.h>

bool timeline_is_exec(const struct trace_event *event)
{
	return event->kind == TRACE_CALL && event->call.result == RESULT_VALUE &&
	       (event->call.kind == CALL_EXECVE || event->call.kind == CALL_EXECVEAT);
}

bool timeline_is_clone(const struct trace_event *event)
{
	return event->kind == TRACE_CALL && event->call.result == RESULT_VALUE &&
	       (event->call.kind == CALL_FORK || event->call.kind == CALL_VFORK ||
		event->call.kind == CALL_CLONE || event->call.kind == CALL_CLONE3);
}

static uint32_t living(const struct timeline *timeline, int pid)
{
	const uint32_t *index = page_map_find(&timeline->by_pid, (uint64_t)pid);

	return index == NULL || *index == 0 ? TIMELINE_NONE : *index - 1;
}

struct timeline_space *timeline_process_space(const struct process *process)
{
	const struct traced_space *traced = process->space;

	return traced == NULL || traced->space == NULL ? NULL : timeline_space_of(traced->space);
}

static void end_process(struct timeline *timeline, uint32_t index)
{
	struct timeline_process *process = &timeline->processes.list[index];

	process->died = timeline_moment(timeline);
	*(uint32_t *)page_map_make(&timeline->by_pid, (uint64_t)process->pid) = 0;
}

static uint32_t add_process(struct timeline *timeline, const struct process *process,
			    uint32_t parent, uint32_t exec_of)
{
	const struct traced_space *traced = process->space;
	const char *program = traced == NULL ? NULL : traced->program;
	uint32_t index = (uint32_t)timeline->processes.count;

	TIMELINE_ADD(&timeline->processes, (struct timeline_process){
						   .pid = process->pid,
						   .name = strdup(program == NULL ? "" : program),
						   .parent = parent,
						   .exec_of = exec_of,
						   .borrows = TIMELINE_NONE,
						   .born = timeline_moment(timeline),
						   .died = TIMELINE_NONE,
					   });
	*(uint32_t *)page_map_make(&timeline->by_pid, (uint64_t)process->pid) = index + 1;
	return index;
}

/* A process that lives in a space which is nobody's yet gets it; otherwise it borrows it. */
static void settle_space(struct timeline *timeline, const struct process *process, uint32_t index)
{
	struct timeline_space *in = timeline_process_space(process);

	if (in == NULL)
		return;
	if (in->owner == TIMELINE_NONE)
		timeline_own(timeline, in, index);
	else if (in->owner != index)
		timeline->processes.list[index].borrows = in->owner;
}

/* Whose child a process is that nobody was seen to make. */
static uint32_t guess_parent(const struct process *process)
{
	const struct timeline_space *in = timeline_process_space(process);

	if (in == NULL)
		return TIMELINE_NONE;
	return in->owner != TIMELINE_NONE ? in->owner : in->forked_from;
}

/* A log that names no process until there are two: the first one had the id 0. */
static uint32_t find_renamed(struct timeline *timeline, const struct process *process)
{
	const struct timeline_space *in = timeline_process_space(process);
	uint32_t index = living(timeline, 0);

	if (index == TIMELINE_NONE || process->vfork_child || (in != NULL && in->owner != index) ||
	    process_table_find(interpreter_processes(timeline->interpreter), 0) != NULL)
		return TIMELINE_NONE;
	*(uint32_t *)page_map_make(&timeline->by_pid, 0) = 0;
	*(uint32_t *)page_map_make(&timeline->by_pid, (uint64_t)process->pid) = index + 1;
	timeline->processes.list[index].pid = process->pid;
	return index;
}

/* The process of an event's thread, as it is after it. */
static uint32_t meet(struct timeline *timeline, const struct trace_event *event,
		     const struct process *process)
{
	uint32_t index = living(timeline, process->pid), parent;

	if (index == TIMELINE_NONE)
		index = find_renamed(timeline, process);
	if (index == TIMELINE_NONE) {
		index = add_process(timeline, process, guess_parent(process), TIMELINE_NONE);
	} else if (timeline_is_exec(event)) {
		parent = timeline->processes.list[index].parent;
		end_process(timeline, index);
		index = add_process(timeline, process, parent, index);
	}
	settle_space(timeline, process, index);
	return index;
}

/* The child of a fork; it may have been met before, if its own lines came first. */
static void meet_child(struct timeline *timeline, const struct thread *child, uint32_t parent)
{
	const struct process *process = child->process;
	const struct timeline_space *in = timeline_process_space(process);
	uint32_t index = living(timeline, process->pid);

	if (process->pid != child->tid || index == parent)
		return; /* a thread */
	if (index != TIMELINE_NONE && in != NULL && in->owner != TIMELINE_NONE &&
	    (in->owner == index || timeline->processes.list[index].borrows == in->owner))
		return;
	if (index != TIMELINE_NONE) /* its end was not told, and the id is used again */
		end_process(timeline, index);
	index = add_process(timeline, process, parent, TIMELINE_NONE);
	settle_space(timeline, process, index);
}

/* The process that had this space is gone, others are still in it. */
void timeline_hand_over(struct timeline *timeline)
{
	struct process_table *table = interpreter_processes(timeline->interpreter);
	struct thread *thread;
	size_t position = 0;

	while (timeline->left != NULL && (thread = process_table_next(table, &position)) != NULL) {
		struct timeline_space *in = timeline_process_space(thread->process);
		uint32_t heir = living(timeline, thread->process->pid);

		if (in == NULL || in->space != timeline->left || heir == TIMELINE_NONE)
			continue;
		timeline_own(timeline, in, heir);
		timeline->left = NULL;
	}
	timeline->left = NULL;
}

/* A process is about to leave its space. */
void timeline_leave(struct timeline *timeline, const struct process *process)
{
	struct timeline_space *in = timeline_process_space(process);

	timeline->leaving = living(timeline, process->pid);
	if (in == NULL || timeline->leaving == TIMELINE_NONE || in->owner != timeline->leaving)
		return;
	if (process->space->users > 1)
		timeline->left = in->space;
	else
		timeline_share(timeline, in);
}

/* What an event told of processes; returns whose it was. */
uint32_t timeline_follow(struct timeline *timeline, const struct trace_event *event,
			 const struct thread *thread, struct timeline_space **forked)
{
	const struct thread *child;
	uint32_t index;

	if (thread == NULL) {
		index = timeline->leaving;
		if (index != TIMELINE_NONE)
			end_process(timeline, index);
		return index;
	}
	index = meet(timeline, event, thread->process);
	if (event->kind == TRACE_LAYOUT && timeline_process_space(thread->process) != NULL)
		timeline_doubt(timeline,
			       timeline_process_space(thread->process)); /* which is the heap? */
	if (!timeline_is_clone(event) || event->call.value > INT32_MAX)
		return index;
	child = process_table_find(interpreter_processes(timeline->interpreter),
				   (int)event->call.value);
	if (child != NULL && child->process != thread->process) {
		meet_child(timeline, child, index);
		*forked = timeline_process_space(child->process);
	}
	return index;
}
