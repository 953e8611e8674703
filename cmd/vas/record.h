/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_RECORD_H
#define VAS_RECORD_H

/*
 * Inside `vas record`; record.c opens with the map of its files.
 */

#include "faults.h"
#include "procfs.h"
#include "record_text.h"
#include "tracefile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct call;
struct described;
struct file_table;
struct pagemap;
struct recorder;

/* One address space, shared by all tasks that were made with CLONE_VM. */
struct space {
	unsigned references; /* tasks that name it */
	unsigned live;	     /* of these, not yet exiting */
	bool silent;	     /* the recorder's own copy, before the program's first exec */
	bool foreign;	     /* runs code of another architecture: nothing recorded */
	bool changed;	     /* by a call since the last snapshot */
	bool wanted;	     /* a snapshot was asked for */
	bool watched;	     /* a userfaultfd has watched some of it, and may since be closed */
	struct task *caller; /* whose call runs now */
	struct task *first_held, **last_held;
	uint64_t since; /* when the caller went on */
	struct space *next_contended;
	bool contended;
	bool past_lock; /* the caller has the lock of the space, as far as we have read */
	struct parked_fault *first_deferred, **last_deferred; /* faults after that */
	struct file_table *files;			      /* record_file.c */
	struct described *described;
	struct pagemap *pagemap; /* only with FAULTS_PAGEMAP */
};

/* One thread. */
struct task {
	pid_t tid, tgid;
	pid_t parent; /* as /proc said at the first stop of one that was not announced yet */
	struct space *space;
	struct task *next_in_bucket;
	struct task *next_held; /* in the queue of its space */
	bool held;
	bool announced; /* the line of the call that made it is written */
	bool stopped;	/* waits in its first stop to be announced */
	bool exec_mark; /* past the point of no return of execve, before the stop after it */
	bool exiting;	/* past its exit stop */
	bool in_call;	/* between a call's two stops */
	bool stripped;	/* CLONE_UNTRACED was taken out of its call and has to be put back */
	const struct call *call;
	struct proc_privileges privileges; /* as the trace says */
	bool has_pending;
	struct fault pending; /* the last one, until its place is known */
	uint64_t arguments[6];
	uint64_t resumed;     /* when the call was let go */
	uint64_t clone_flags; /* of a fork, vfork, clone or clone3 in progress */
	uint64_t born;	      /* when its parent's call was let go */
	struct text line;     /* the call so far, without its result */
	struct text before;   /* whole lines that go before it */
};

struct task_table {
	struct task **buckets;
	size_t bucket_count, count;
};

/* A fault whose place in the trace is not known yet: record_touch.c. */
struct parked_fault {
	struct fault fault;
	struct parked_fault *next;
};

/* A report of waitpid that has to be handled before others: record_stop.c. */
struct early_report {
	pid_t tid;
	int status;
	struct early_report *next;
};

struct recorder {
	struct trace_writer *trace;
	struct faults *faults;
	enum fault_source source;
	struct task_table tasks;
	struct space *contended; /* spaces in which tasks wait for a call to end */
	struct parked_fault *parked, **last_parked;
	size_t parked_count;
	unsigned unannounced; /* tasks that wait in their first stop */
	struct early_report *early;
	uint64_t now; /* CLOCK_MONOTONIC at the stop in hand, in nanoseconds */
	uint64_t next_file_id;
	struct proc_buffer scratch;
	struct text text;   /* a line under construction */
	pid_t program;	    /* the process that was started */
	int program_status; /* what waitpid said of its end */
	bool program_ended;
	bool interrupted;    /* the recorder was told to end */
	bool cut_short;	     /* ... and the program was still there */
	bool ptrace_refused; /* which was told of */
};

/* record_task.c */
struct task *task_find(const struct task_table *table, pid_t tid);
struct task *task_create(struct recorder *recorder, pid_t tid);
void task_destroy(struct recorder *recorder, struct task *task);
void task_enter_space(struct task *task, struct space *space);
void task_leave_space(struct recorder *recorder, struct task *task);
void task_rename(struct recorder *recorder, struct task *task, pid_t tid);
struct space *space_create(void);
void space_release(struct recorder *recorder, struct space *space);

/* record_stop.c: what waitpid reported, and what is done about it */
void stop_handle(struct recorder *recorder, pid_t tid, int status);
void stop_resume(struct recorder *recorder, struct task *task, int signal);
bool stop_take_early(struct recorder *recorder); /* => false: there was none */

/* record_signal.c */
void signal_write(struct recorder *recorder, struct task *task, int signal);

/* record_turn.c: one call at a time in each space */
void turn_enter(struct recorder *recorder, struct task *task);
void turn_snapshot(struct recorder *recorder, struct task *task);
void turn_leave(struct recorder *recorder, struct task *task);
void turn_drop_held(struct task *task);
/* Lets go of tasks that have waited too long for another's call. => true: some still wait */
bool turn_release_late(struct recorder *recorder);

/* record_clone.c: new tasks */
void clone_prepare(struct task *task);
void clone_done(struct recorder *recorder, struct task *task);
void clone_failed(struct task *task);
bool clone_adopt(struct recorder *recorder, struct task *parent);
void clone_first_stop(struct recorder *recorder, pid_t tid);

/* record_line.c: lines of the trace, and their clock */
uint64_t line_clock(void); /* nanoseconds of CLOCK_MONOTONIC */
void line_start(struct recorder *recorder, pid_t tid);
void line_start_timed(struct recorder *recorder, pid_t tid);
void line_end(struct recorder *recorder);
void line_note(struct recorder *recorder, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void line_header(struct recorder *recorder);

/* record_snapshot.c */
void snapshot_write(struct recorder *recorder, struct task *task, const char *when);
void snapshot_layout(struct recorder *recorder, struct task *task);
void snapshot_privileges(struct recorder *recorder, struct task *task);
void snapshot_after_exec(struct recorder *recorder, struct task *task);
void snapshot_all(struct recorder *recorder);

/* record_touch.c */
void touch_until(struct recorder *recorder, uint64_t time);
void touch_finish(struct recorder *recorder);
void touch_until_effect(struct recorder *recorder, struct task *task);
void touch_settle(struct recorder *recorder, struct task *task);
void touch_settle_all(struct recorder *recorder);
void touch_flush_deferred(struct recorder *recorder, struct space *space);
void touch_before_call(struct recorder *recorder, struct task *task);
void touch_after_call(struct recorder *recorder, struct task *task, int64_t result);
void touch_unpark(struct recorder *recorder, struct task *task);
void touch_forget(struct recorder *recorder, const struct task *task);
void touch_free(struct recorder *recorder);

/* record_file.c */
/* Adds the @file line to task->before, and "3</path>" to task->line. */
void file_describe(struct recorder *recorder, struct task *task, int fd);
void file_print_descriptor(struct text *text, pid_t tid, int fd);
void file_forget_all(struct space *space);
void file_inherit(struct space *child, const struct space *parent);
void shm_describe(struct task *task, int id, uint64_t address);

/* record_filter.c: => 0 or a negative error number */
int filter_install(void);

#endif
