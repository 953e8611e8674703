/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Fault lines, put between the calls by time.
 *
 * Two kinds of faults have no place yet when they are read and are parked: those of a thread
 * whose first line is not written (the kernel writes its number into its memory before the
 * parent's call has ended), and those between the point of no return of execve and the stop
 * after it, which belong to the new program.
 *
 * Faults of other threads while a call on the same space runs come before it or after it by who
 * got the lock of the space first. A fault waits in its task for the lock, the task's next fault
 * or its next stop, whichever comes first (one that never asks for the lock changes no area); those
 * after the caller's lock wait in the space until the line of the call is written. Where no event
 * tells of the lock, they are put by the middle of the call's time and marked with "~".
 */

#include "record.h"

#include "faults_pagemap.h"
#include "record_call.h"

#include <stdlib.h>

enum { PARKED_LIMIT = 4096 };

static bool tells_locks(const struct recorder *recorder)
{
	return recorder->faults && faults_tell_locks(recorder->faults);
}

static void park(struct recorder *recorder, const struct fault *fault)
{
	struct parked_fault *parked = text_allocate(sizeof(*parked));

	if (!recorder->parked)
		recorder->last_parked = &recorder->parked;
	if (recorder->parked_count == PARKED_LIMIT) { /* of threads that never show up */
		struct parked_fault *oldest = recorder->parked;

		recorder->parked = oldest->next;
		recorder->parked_count--;
		free(oldest);
	}
	parked->fault = *fault;
	*recorder->last_parked = parked;
	recorder->last_parked = &parked->next;
	recorder->parked_count++;
}

static void write_touch(struct recorder *recorder, pid_t tid, const struct fault *fault,
			bool uncertain)
{
	struct text *text = &recorder->text;

	line_start(recorder, tid);
	text_add(text, "@touch ", 7);
	text_char(text, fault->access);
	text_char(text, ' ');
	text_hex(text, fault->address);
	if (fault->in_kernel)
		text_add(text, " k", 2);
	if (uncertain)
		text_add(text, " ~", 2);
	line_end(recorder);
}

static void write_lost(struct recorder *recorder, uint64_t count)
{
	text_clear(&recorder->text);
	text_string(&recorder->text, "@lost ");
	text_decimal(&recorder->text, count);
	line_end(recorder);
}

/* Writes a fault, or puts it behind the call that has the lock. */
static void place(struct recorder *recorder, struct task *task, const struct fault *fault)
{
	struct space *space = task->space;
	struct parked_fault *deferred;

	if (space->silent || space->foreign)
		return;
	if (!space->past_lock) {
		write_touch(recorder, task->tid, fault,
			    space->caller && space->caller != task && fault->time > space->since &&
				    !tells_locks(recorder));
		return;
	}
	deferred = text_allocate(sizeof(*deferred));
	deferred->fault = *fault;
	deferred->fault.tid = task->tid;
	*space->last_deferred = deferred;
	space->last_deferred = &deferred->next;
}

void touch_settle(struct recorder *recorder, struct task *task)
{
	if (!task->has_pending)
		return;
	task->has_pending = false;
	place(recorder, task, &task->pending);
}

/* Before a snapshot in the middle of things: no fault may wait for a better place. */
void touch_settle_all(struct recorder *recorder)
{
	struct task_table *table = &recorder->tasks;

	for (size_t i = 0; i < table->bucket_count; i++) {
		for (struct task *task = table->buckets[i]; task; task = task->next_in_bucket)
			touch_settle(recorder, task);
	}
}

void touch_flush_deferred(struct recorder *recorder, struct space *space)
{
	space->past_lock = false;
	while (space->first_deferred) {
		struct parked_fault *deferred = space->first_deferred;

		write_touch(recorder, deferred->fault.tid, &deferred->fault, false);
		space->first_deferred = deferred->next;
		free(deferred);
	}
	space->last_deferred = &space->first_deferred;
}

static void take_lock(struct recorder *recorder, const struct fault *lock)
{
	struct task *task = task_find(&recorder->tasks, lock->tid);

	if (!task || !task->space)
		return;
	touch_settle(recorder, task);
	/* An exec takes the lock of the space that it makes, which is another one. */
	if (lock->access == 'w' && task->in_call && task->space->caller == task &&
	    !call_is_exec(task->call))
		task->space->past_lock = true;
}

static void take_touch(struct recorder *recorder, const struct fault *fault)
{
	struct task *task = task_find(&recorder->tasks, fault->tid);
	struct task *process = task_find(&recorder->tasks, fault->pid);

	/* The kernel's own helpers (io_uring's workers) are threads that nobody announces. */
	if (!task && process && process->announced && fault->in_kernel)
		task = process;
	if (!task || !task->announced || task->exec_mark) {
		park(recorder, fault);
		return;
	}
	touch_settle(recorder, task);
	task->pending = *fault;
	task->has_pending = true;
	if (!tells_locks(recorder))
		touch_settle(recorder, task);
}

static void take_event(void *context, const struct fault *fault)
{
	struct recorder *recorder = context;
	struct task *task;

	switch (fault->kind) {
	case FAULT_TOUCH:
		take_touch(recorder, fault);
		break;
	case FAULT_LOCK:
		take_lock(recorder, fault);
		break;
	case FAULT_LOST:
		write_lost(recorder, fault->address);
		break;
	case FAULT_EXEC:
		task = task_find(&recorder->tasks, fault->pid);
		if (task)
			task->exec_mark = true;
		break;
	}
}

struct page_context {
	struct recorder *recorder;
	pid_t tid;
	uint64_t start, end; /* pages in here were not touched but brought by the call */
};

static void take_page(void *context, uint64_t address, char access)
{
	const struct page_context *page = context;
	struct fault fault = { .address = address, .access = access };

	if (address < page->start || address >= page->end)
		write_touch(page->recorder, page->tid, &fault, false);
}

/* With FAULTS_PAGEMAP: the pages that came since the last look. */
void touch_before_call(struct recorder *recorder, struct task *task)
{
	struct page_context context = { .recorder = recorder, .tid = task->tid };
	struct space *space = task->space;

	if (recorder->source != FAULTS_PAGEMAP || space->silent || space->foreign)
		return;
	if (!space->pagemap)
		space->pagemap = pagemap_create(NULL);
	pagemap_scan(space->pagemap, task->tid, take_page, &context);
}

/* Again after the call, since pages that it took away are new when they come back. */
void touch_after_call(struct recorder *recorder, struct task *task, int64_t result)
{
	struct page_context context = { .recorder = recorder, .tid = task->tid };

	if (recorder->source != FAULTS_PAGEMAP || !task->space->pagemap)
		return;
	call_populated(task, result, &context.start, &context.end);
	pagemap_scan(task->space->pagemap, task->tid, take_page, &context);
}

void touch_until(struct recorder *recorder, uint64_t time)
{
	if (recorder->faults)
		faults_drain(recorder->faults, time, take_event, recorder);
}

/* After all else. */
void touch_finish(struct recorder *recorder)
{
	uint64_t lost;

	touch_until(recorder, UINT64_MAX);
	lost = recorder->faults ? faults_lost_untold(recorder->faults) : 0;
	if (lost > 0)
		write_lost(recorder, lost);
}

/* Up to where the call of `task` took effect; later faults wait for its line to be written. */
void touch_until_effect(struct recorder *recorder, struct task *task)
{
	uint64_t middle = task->resumed + (recorder->now - task->resumed) / 2;

	touch_until(recorder, tells_locks(recorder) ? recorder->now : middle);
	touch_settle(recorder, task);
}

/* Writes the parked faults of a task that is known now; those before its birth are another's. */
void touch_unpark(struct recorder *recorder, struct task *task)
{
	struct parked_fault **at = &recorder->parked;

	task->exec_mark = false;
	while (*at) {
		struct parked_fault *parked = *at;

		if (parked->fault.tid != task->tid) {
			at = &parked->next;
			continue;
		}
		if (parked->fault.time >= task->born && !task->space->silent &&
		    !task->space->foreign)
			write_touch(recorder, task->tid, &parked->fault, false);
		*at = parked->next;
		recorder->parked_count--;
		free(parked);
	}
	recorder->last_parked = at;
}

/*
 * Of a task that is no more: what still waits for a place is dropped, and what waits behind the
 * call of another thread is told as that thread's, since it happened to their space.
 */
void touch_forget(struct recorder *recorder, const struct task *task)
{
	struct parked_fault **at = &recorder->parked;
	struct space *space = task->space;

	if (space && space->caller) {
		for (struct parked_fault *fault = space->first_deferred; fault; fault = fault->next)
			if (fault->fault.tid == task->tid)
				fault->fault.tid = space->caller->tid;
	}
	while (*at) {
		struct parked_fault *parked = *at;

		if (parked->fault.tid != task->tid) {
			at = &parked->next;
			continue;
		}
		*at = parked->next;
		recorder->parked_count--;
		free(parked);
	}
	recorder->last_parked = at;
}

void touch_free(struct recorder *recorder)
{
	while (recorder->parked) {
		struct parked_fault *parked = recorder->parked;

		recorder->parked = parked->next;
		free(parked);
	}
}
