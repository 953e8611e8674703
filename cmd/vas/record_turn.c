/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * One call at a time in each space.
 *
 * Two calls that overlap on one space have no order that a trace could tell, so a thread that
 * stops at the entry of a call waits there until the call of another thread has ended. A call
 * that blocks (a mapping on a file system that hangs, an execve that waits for threads) must not
 * dead-lock the program: after 100 ms the next one is let go all the same.
 */

#include "record.h"

#include "record_call.h"

#include <string.h>
#include <sys/syscall.h>

#define HELD_LIMIT_NS UINT64_C(100000000)

static void add_held(struct recorder *recorder, struct task *task)
{
	struct space *space = task->space;

	task->held = true;
	task->next_held = NULL;
	*space->last_held = task;
	space->last_held = &task->next_held;
	if (space->contended)
		return;
	space->contended = true;
	space->next_contended = recorder->contended;
	recorder->contended = space;
}

static struct task *take_held(struct space *space)
{
	struct task *task = space->first_held;

	if (!task)
		return NULL;
	space->first_held = task->next_held;
	if (!space->first_held)
		space->last_held = &space->first_held;
	task->held = false;
	return task;
}

/* A held task that dies or whose space goes away. */
void turn_drop_held(struct task *task)
{
	struct task **at;

	if (!task->held)
		return;
	for (at = &task->space->first_held; *at != task; at = &(*at)->next_held)
		continue;
	*at = task->next_held;
	if (!*at)
		task->space->last_held = at;
	task->held = false;
}

static bool counts(const struct space *space)
{
	return !space->silent && !space->foreign;
}

/* Lets the call of a task run, after what can only be learnt before it. */
static void start_call(struct recorder *recorder, struct task *task)
{
	struct space *space = task->space;

	touch_flush_deferred(recorder, space);
	space->caller = task;
	task->in_call = true;
	if (call_is_clone(task->call))
		clone_prepare(task);
	if (counts(space) || call_is_exec(task->call))
		call_start(recorder, task);
	touch_before_call(recorder, task);
	if ((call_is_exec(task->call) && counts(space) && space->live == 1 && space->changed) ||
	    (call_is_clone(task->call) && counts(space) && space->watched))
		snapshot_write(recorder, task, "now");
	task->resumed = space->since = line_clock();
	stop_resume(recorder, task, 0);
}

/* At the entry of a call whose number and arguments are in the task. */
void turn_enter(struct recorder *recorder, struct task *task)
{
	if (task->space->caller)
		add_held(recorder, task);
	else
		start_call(recorder, task);
}

/* A snapshot that was asked for during a call, at the end of that call. */
void turn_snapshot(struct recorder *recorder, struct task *task)
{
	if (!task->space->wanted)
		return;
	touch_flush_deferred(recorder, task->space);
	touch_settle_all(recorder);
	snapshot_write(recorder, task, "now");
}

/* After a call, or when its task is gone. */
void turn_leave(struct recorder *recorder, struct task *task)
{
	struct space *space = task->space;
	struct task *next;

	task->in_call = false;
	if (!space || space->caller != task)
		return;
	space->caller = NULL;
	touch_flush_deferred(recorder, space);
	next = take_held(space);
	if (next)
		start_call(recorder, next);
}

bool turn_release_late(struct recorder *recorder)
{
	struct space **at = &recorder->contended;

	while (*at) {
		struct space *space = *at;

		if (!space->first_held) {
			space->contended = false;
			*at = space->next_contended;
			continue;
		}
		if (recorder->now - space->since > HELD_LIMIT_NS)
			start_call(recorder, take_held(space));
		at = &space->next_contended;
	}
	return recorder->contended != NULL;
}
