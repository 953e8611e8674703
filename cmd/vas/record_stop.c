/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Stops: what waitpid reported of a thread, and what is done about it.
 *
 *     entry of a call (seccomp)   note the arguments, let it run to its return
 *     return of a call            write the line, let the next thread of the space go on
 *     fork, vfork, clone          record_clone.c
 *     exec                        the old space ends, limits, layout and areas of the new one
 *     exit                        the areas, when it is the last thread of its space
 *     signal                      a line; the signal is delivered as it would have been
 *     group stop                  the thread stays stopped until SIGCONT (PTRACE_LISTEN)
 *
 * Every request may fail with ESRCH at any moment, since SIGKILL ends any stop; the death is
 * reported later, and so these failures are passed over.
 */

#include "record.h"

#include "output.h"
#include "record_call.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SYSCALL_STOP = SIGTRAP | 0x80 };

/* A report that came while another one of the same task was handled; the loop takes it next. */
static void early_add(struct recorder *recorder, pid_t tid, int status)
{
	struct early_report *report = text_allocate(sizeof(*report));

	*report = (struct early_report){ .tid = tid, .status = status, .next = recorder->early };
	recorder->early = report;
}

bool stop_take_early(struct recorder *recorder)
{
	struct early_report *report = recorder->early;

	if (!report)
		return false;
	recorder->early = report->next;
	stop_handle(recorder, report->tid, report->status);
	free(report);
	return true;
}

/*
 * SIGKILL takes a task out of any stop and into its exit stop, at any moment: then this would let
 * it go from that stop, unseen. So a new report is looked for first.
 */
void stop_resume(struct recorder *recorder, struct task *task, int signal)
{
	int status;

	if (waitpid(task->tid, &status, __WALL | WNOHANG) == task->tid)
		early_add(recorder, task->tid, status);
	else
		ptrace(task->in_call ? PTRACE_SYSCALL : PTRACE_CONT, task->tid, 0, (long)signal);
}

static bool counts(const struct task *task)
{
	return task->space && !task->space->silent && !task->space->foreign;
}

/* Stopped at the entry of a call that the filter asked for. */
static void at_entry(struct recorder *recorder, struct task *task)
{
	struct __ptrace_syscall_info info;

	task->call = NULL;
	if (task->space && !task->space->foreign &&
	    ptrace(PTRACE_GET_SYSCALL_INFO, task->tid, sizeof(info), &info) > 0 &&
	    info.op == PTRACE_SYSCALL_INFO_SECCOMP)
		task->call = call_numbered(info.seccomp.nr);
	if (!task->call) {
		stop_resume(recorder, task, 0);
		return;
	}
	memcpy(task->arguments, info.seccomp.args, sizeof(task->arguments));
	turn_enter(recorder, task);
}

static void write_line(struct recorder *recorder, struct task *task, int64_t result)
{
	trace_write(recorder->trace, task->before.data, task->before.length);
	line_start_timed(recorder, task->tid);
	text_add(&recorder->text, task->line.data, task->line.length);
	call_result(&recorder->text, task->call->result, result);
	line_end(recorder);
}

/* A program that traces its children may wait for ever when it cannot: so this is said at once. */
static void ptrace_refused(struct recorder *recorder, struct task *task)
{
	if (recorder->ptrace_refused)
		return;
	recorder->ptrace_refused = true;
	complain("record: process %d calls ptrace, which is refused while it is recorded",
		 task->tgid);
	line_note(recorder, "%d: calls ptrace, which is refused while it is recorded", task->tgid);
}

/* A call has returned: its line, and what can be seen only now. */
static void finish_call(struct recorder *recorder, struct task *task, int64_t result)
{
	touch_until_effect(recorder, task);
	if (task->call->number == SYS_ptrace) {
		if (result == -EPERM)
			ptrace_refused(recorder, task);
		return;
	}
	if (task->call->result == RESULT_HIDDEN) {
		snapshot_privileges(recorder, task);
		return;
	}
	call_finish(task, result);
	write_line(recorder, task, result);
	if (call_changes_layout(task, result))
		snapshot_layout(recorder, task);
	touch_after_call(recorder, task, result);
	task->space->changed = true;
	if (task->call->number == SYS_ioctl && result == 0)
		task->space->watched = true;
	turn_snapshot(recorder, task);
}

/* Stopped at the return of a call. */
static void at_return(struct recorder *recorder, struct task *task)
{
	struct __ptrace_syscall_info info;
	long told = 0;

	if (task->in_call)
		told = ptrace(PTRACE_GET_SYSCALL_INFO, task->tid, sizeof(info), &info);
	/* Killed in this stop: it is on its way to its exit stop, which tells the result, or there. */
	if ((told < 0 && errno == ESRCH) || (told > 0 && info.op == PTRACE_SYSCALL_INFO_NONE))
		return;
	if (told > 0 && info.op == PTRACE_SYSCALL_INFO_EXIT) {
		if (call_is_clone(task->call))
			clone_failed(task);
		if (counts(task))
			finish_call(recorder, task, info.exit.rval);
	}
	turn_leave(recorder, task);
	stop_resume(recorder, task, 0);
}

static void at_clone(struct recorder *recorder, struct task *task)
{
	if (task->in_call && counts(task))
		touch_until_effect(recorder, task);
	clone_done(recorder, task);
	turn_snapshot(recorder, task);
	turn_leave(recorder, task);
	stop_resume(recorder, task, 0);
}

/* A thread that was not the leader has called execve and got the leader's number. */
static struct task *take_over(struct recorder *recorder, struct task *leader)
{
	unsigned long former = 0;
	struct task *task;
	pid_t tid = leader->tid;
	bool mark = leader->exec_mark;

	ptrace(PTRACE_GETEVENTMSG, tid, 0, &former);
	task = task_find(&recorder->tasks, (pid_t)former);
	if (!task || task == leader)
		return leader;
	line_start_timed(recorder, tid);
	text_format(&recorder->text, "+++ superseded by execve in pid %d +++", task->tid);
	line_end(recorder);
	turn_drop_held(leader);
	turn_leave(recorder, leader);
	task_destroy(recorder, leader);
	task_rename(recorder, task, tid);
	task->exec_mark = mark;
	return task;
}

/* A 32-bit program: its calls have other numbers and pass the filter. */
static bool is_foreign(pid_t tid)
{
	struct user_regs_struct registers;
	struct iovec buffer = { &registers, sizeof(registers) };

	return ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &buffer) == 0 &&
	       buffer.iov_len != sizeof(registers);
}

/* The call of an exec that was not seen, since another architecture's code made it. */
static void make_up_exec(struct task *task)
{
	char link[32], path[4096];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/exe", task->tid);
	length = readlink(link, path, sizeof(path));
	task->call = call_numbered(SYS_execve);
	text_clear(&task->before);
	text_clear(&task->line);
	text_string(&task->line, "execve(");
	text_quoted(&task->line, path, length > 0 ? (size_t)length : 0);
	text_string(&task->line, ", [], NULL)");
}

/* Stopped in its new space. */
static void at_exec(struct recorder *recorder, struct task *task)
{
	struct space *old;

	touch_until(recorder, recorder->now); /* sets the exec mark, and parks what follows it */
	task = take_over(recorder, task);
	touch_settle(recorder, task);
	old = task->space;
	if (!task->in_call)
		make_up_exec(task);
	write_line(recorder, task, 0);
	old->references++; /* its turn may pass to a task that was made with CLONE_VM */
	turn_leave(recorder, task);
	task_leave_space(recorder, task);
	space_release(recorder, old);
	task->tgid = task->tid;
	task_enter_space(task, space_create());
	task->space->foreign = is_foreign(task->tid);
	if (task->space->foreign)
		line_note(recorder, "%d: a 32-bit program, not recorded", task->tid);
	else
		snapshot_after_exec(recorder, task);
	task->born = 0;
	touch_unpark(recorder, task);
	touch_before_call(recorder, task);
	stop_resume(recorder, task, 0);
}

/*
 * Killed in the middle of a call: whether the call was still done is told by the register of the
 * result, which holds ENOSYS until then.
 */
static void end_call(struct recorder *recorder, struct task *task, bool has_registers)
{
	int64_t result = -ENOSYS;

	if (task->call->result == RESULT_HIDDEN)
		return;
	if (has_registers) {
		errno = 0;
		result = ptrace(PTRACE_PEEKUSER, task->tid, offsetof(struct user_regs_struct, rax),
				0);
		if (errno)
			result = -ENOSYS;
	}
	if (result != -ENOSYS) {
		touch_until_effect(recorder, task);
		call_finish(task, result);
		write_line(recorder, task, result);
		return;
	}
	line_start_timed(recorder, task->tid);
	text_add(&recorder->text, task->line.data, task->line.length);
	text_string(&recorder->text, " = ?");
	line_end(recorder);
}

/* The task leaves its space: the last stop in which /proc still shows the areas. */
static void leave(struct recorder *recorder, struct task *task, bool has_space)
{
	if (task->exiting || !task->space)
		return;
	touch_until(recorder, recorder->now);
	touch_settle(recorder, task);
	if (has_space)
		touch_before_call(recorder, task);
	turn_drop_held(task);
	if (task->in_call && !(call_is_clone(task->call) && clone_adopt(recorder, task)) &&
	    counts(task))
		end_call(recorder, task, has_space);
	task->exiting = true;
	task->space->live--;
	if (counts(task) && task->space->live == 0) {
		if (has_space)
			snapshot_write(recorder, task, "exit");
		else
			line_note(recorder, "%d: died without a stop, no snapshot", task->tid);
	}
	turn_leave(recorder, task);
}

static void at_exit(struct recorder *recorder, struct task *task)
{
	leave(recorder, task, true);
	stop_resume(recorder, task, 0);
}

static void at_death(struct recorder *recorder, struct task *task, int status)
{
	bool known = task->space && !task->space->silent;

	leave(recorder, task, false);
	if (known) {
		line_start_timed(recorder, task->tid);
		if (WIFEXITED(status)) {
			text_format(&recorder->text, "+++ exited with %d +++", WEXITSTATUS(status));
		} else {
			text_string(&recorder->text, "+++ killed by ");
			flags_signal(&recorder->text, (uint64_t)WTERMSIG(status));
			text_string(&recorder->text,
				    WCOREDUMP(status) ? " (core dumped) +++" : " +++");
		}
		line_end(recorder);
	}
	if (task->tid == recorder->program) {
		recorder->program_ended = true;
		recorder->program_status = status;
	}
	if (task->stopped)
		recorder->unannounced--;
	touch_forget(recorder, task);
	task_destroy(recorder, task);
}

static void at_signal(struct recorder *recorder, struct task *task, int signal)
{
	if (counts(task))
		signal_write(recorder, task, signal);
	stop_resume(recorder, task, signal);
}

/* A group stop lasts until SIGCONT; other stops of this kind only ask to go on. */
static void at_event_stop(struct recorder *recorder, struct task *task, int signal)
{
	if (signal != SIGSTOP && signal != SIGTSTP && signal != SIGTTIN && signal != SIGTTOU) {
		stop_resume(recorder, task, 0);
		return;
	}
	if (counts(task)) {
		line_start_timed(recorder, task->tid);
		text_string(&recorder->text, "--- stopped by ");
		flags_signal(&recorder->text, (uint64_t)signal);
		text_string(&recorder->text, " ---");
		line_end(recorder);
	}
	ptrace(PTRACE_LISTEN, task->tid, 0, 0);
}

void stop_handle(struct recorder *recorder, pid_t tid, int status)
{
	struct task *task = task_find(&recorder->tasks, tid);
	int signal = WSTOPSIG(status), event = status >> 16;

	recorder->now = line_clock();
	if (!task) {
		if (WIFSTOPPED(status))
			clone_first_stop(recorder, tid);
		return;
	}
	if (!WIFSTOPPED(status)) {
		at_death(recorder, task, status);
		return;
	}
	if (!task->in_call) {
		touch_until(recorder, recorder->now);
		touch_settle(recorder, task);
	}
	switch (event) {
	case PTRACE_EVENT_SECCOMP:
		at_entry(recorder, task);
		break;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		at_clone(recorder, task);
		break;
	case PTRACE_EVENT_EXEC:
		at_exec(recorder, task);
		break;
	case PTRACE_EVENT_EXIT:
		at_exit(recorder, task);
		break;
	case PTRACE_EVENT_STOP:
		at_event_stop(recorder, task, signal);
		break;
	default:
		if (signal == SYSCALL_STOP)
			at_return(recorder, task);
		else
			at_signal(recorder, task, signal);
	}
}
