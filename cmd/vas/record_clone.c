/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * New tasks: fork, vfork, clone, clone3.
 *
 * A new task and its parent stop on their own, in any order. The child is held in its first stop
 * until its parent's call is written, so a trace never has a line of a task that it does not
 * know. A parent that is killed in between never reports its call; then the child is taken over
 * when the parent dies.
 *
 * CLONE_UNTRACED would let the child run without us, with a filter that nobody answers; the
 * flag is taken out of the call and put back after it.
 */

#include "record.h"

#include "faults_pagemap.h"
#include "record_call.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <unistd.h>

/* The first argument of a system call on x86-64. */
static void write_first_argument(pid_t tid, uint64_t value)
{
	ptrace(PTRACE_POKEUSER, tid, offsetof(struct user_regs_struct, rdi), value);
}

static void write_clone_flags(struct task *task, pid_t tid, uint64_t flags)
{
	if (task->call->number == SYS_clone)
		write_first_argument(tid, flags);
	else /* the flags come first in struct clone_args */
		memory_write(tid, task->arguments[0], &flags, sizeof(flags));
}

/* At the entry of a call that makes a task: what will it share? */
void clone_prepare(struct task *task)
{
	uint64_t flags = 0;

	task->clone_flags = 0;
	if (task->call->number == SYS_vfork)
		task->clone_flags = CLONE_VM | CLONE_VFORK;
	else if (task->call->number == SYS_clone)
		task->clone_flags = flags = task->arguments[0];
	else if (task->call->number == SYS_clone3 &&
		 memory_read(task->tid, task->arguments[0], &flags, sizeof(flags)) == sizeof(flags))
		task->clone_flags = flags;
	task->stripped = (flags & CLONE_UNTRACED) != 0;
	if (task->stripped)
		write_clone_flags(task, task->tid, flags & ~(uint64_t)CLONE_UNTRACED);
}

static void put_flags_back(struct task *task, const struct task *child)
{
	if (!task->stripped)
		return;
	task->stripped = false;
	write_clone_flags(task, task->tid, task->clone_flags);
	if (child && child->stopped)
		write_clone_flags(task, child->tid, task->clone_flags);
}

void clone_failed(struct task *task)
{
	put_flags_back(task, NULL);
}

/* What a child shares when its parent's call was not seen (another architecture's). */
static uint64_t guess_flags(struct recorder *recorder, pid_t parent, pid_t child)
{
	uint64_t flags = 0, tgid = 0;

	if (proc_read(&recorder->scratch, child, "status") == 0 &&
	    proc_field(recorder->scratch.text, "Tgid:\t", 10, &tgid) && (pid_t)tgid != child)
		flags |= CLONE_THREAD | CLONE_VM;
	if (syscall(SYS_kcmp, parent, child, KCMP_VM, 0L, 0L) == 0)
		flags |= CLONE_VM;
	return flags;
}

static void write_call(struct recorder *recorder, struct task *parent, pid_t child, bool seen)
{
	if (parent->space->silent)
		return;
	line_start_timed(recorder, parent->tid);
	if (seen)
		text_add(&recorder->text, parent->line.data, parent->line.length);
	else if (parent->clone_flags & CLONE_THREAD)
		text_string(&recorder->text,
			    "clone(child_stack=NULL, flags=CLONE_VM|CLONE_THREAD)");
	else
		text_string(&recorder->text, parent->clone_flags & CLONE_VM ? "vfork()" : "fork()");
	call_result(&recorder->text, RESULT_NUMBER, child);
	line_end(recorder);
}

static void announce(struct recorder *recorder, struct task *parent, struct task *child)
{
	struct space *space = parent->space;

	child->announced = true;
	child->born = parent->resumed;
	child->tgid = parent->clone_flags & CLONE_THREAD ? parent->tgid : child->tid;
	if (!(parent->clone_flags & CLONE_VM)) {
		space = space_create();
		space->silent = parent->space->silent;
		space->foreign = parent->space->foreign;
		file_inherit(space, parent->space);
		if (recorder->source == FAULTS_PAGEMAP)
			space->pagemap = pagemap_create(parent->space->pagemap);
	}
	task_enter_space(child, space);
	child->privileges = parent->privileges;
	if (parent->clone_flags & CLONE_NEWUSER)
		snapshot_privileges(recorder, child);
	touch_unpark(recorder, child);
	put_flags_back(parent, child);
	if (child->stopped) {
		child->stopped = false;
		recorder->unannounced--;
		stop_resume(recorder, child, 0);
	}
}

/* The parent's stop after a new task was made. */
void clone_done(struct recorder *recorder, struct task *task)
{
	unsigned long message = 0;
	struct task *child;
	bool seen = task->in_call;

	if (ptrace(PTRACE_GETEVENTMSG, task->tid, 0, &message) < 0)
		return;
	child = task_find(&recorder->tasks, (pid_t)message);
	if (!child)
		child = task_create(recorder, (pid_t)message);
	if (!seen) {
		task->clone_flags = guess_flags(recorder, task->tid, child->tid);
		task->resumed = recorder->now;
	}
	write_call(recorder, task, child->tid, seen);
	announce(recorder, task, child);
}

/* A task that nobody announced yet; it waits. */
void clone_first_stop(struct recorder *recorder, pid_t tid)
{
	struct task *task = task_create(recorder, tid);
	uint64_t value;

	task->stopped = true;
	recorder->unannounced++;
	if (proc_read(&recorder->scratch, tid, "status") < 0)
		return;
	if (proc_field(recorder->scratch.text, "Tgid:\t", 10, &value))
		task->tgid = (pid_t)value;
	if (proc_field(recorder->scratch.text, "PPid:\t", 10, &value))
		task->parent = (pid_t)value;
}

/* `parent` dies in the middle of a call that may have made a task. => it has */
bool clone_adopt(struct recorder *recorder, struct task *parent)
{
	struct task_table *table = &recorder->tasks;
	bool found = false;

	for (size_t i = 0; i < table->bucket_count && recorder->unannounced > 0; i++) {
		for (struct task *task = table->buckets[i]; task; task = task->next_in_bucket) {
			if (!task->stopped ||
			    (task->parent != parent->tgid && task->tgid != parent->tgid))
				continue;
			write_call(recorder, parent, task->tid, true);
			announce(recorder, parent, task);
			found = true;
		}
	}
	return found;
}
