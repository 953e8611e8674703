/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_FAULTS_H
#define VAS_FAULTS_H

/*
 * Page faults of a process and of all that it starts, from the kernel's perf buffers, in the
 * order of their times.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What is told of a program's faults, best first. */
enum fault_source {
	FAULTS_TRACEPOINT, /* the page-fault trace points: address and access, all of them */
	FAULTS_SOFTWARE,   /* perf's software event: address; those in user mode only if not root */
	FAULTS_PAGEMAP,	   /* pages that are new in /proc/PID/pagemap at a call (not read here) */
	FAULTS_NONE,
};

enum fault_kind {
	FAULT_TOUCH, /* somebody touched `address` */
	FAULT_EXEC,  /* from here on, pid's faults are in the space of its new program */
	FAULT_LOST,  /* `address` events were dropped about here */
	FAULT_LOCK,  /* the thread got the lock of its space, for change when access is 'w' */
};

struct fault {
	uint64_t time; /* nanoseconds of CLOCK_MONOTONIC */
	uint64_t address;
	pid_t pid, tid;
	enum fault_kind kind;
	char access;	/* 'r', 'w', 'x', or '?' when the source does not say */
	bool in_kernel; /* the kernel touched it on the program's behalf */
};

struct faults;

/* "tracepoint", "software", "pagemap", "none" */
const char *faults_name(enum fault_source source);

/* => false: no such name */
bool faults_find(const char *name, enum fault_source *source);

/*
 * Starts to collect the faults of `pid` and of everything that it will start.
 *  => source is FAULTS_TRACEPOINT or FAULTS_SOFTWARE
 *  => 0, or a negative error number: -EACCES and -EPERM not allowed, -ENOENT and -EOPNOTSUPP
 *     this kernel has no such events, -EMFILE too few descriptors for this many processors
 */
int faults_open(enum fault_source source, pid_t pid, struct faults **faults);

/* True when FAULT_LOCK events come, which put faults and calls of several threads in order. */
bool faults_tell_locks(const struct faults *faults);

/* Makes the epoll instance wake up when a buffer fills. */
int faults_watch(struct faults *faults, int epoll_fd);

/* Calls `each` for every event up to the time `until`, in order of time, and forgets it. */
typedef void fault_fn(void *context, const struct fault *fault);
void faults_drain(struct faults *faults, uint64_t until, fault_fn *each, void *context);

/*
 * A ring tells what was lost when it has room again. This is what none has told, to be asked for
 * when all is drained; 0 before Linux 6.0.
 */
uint64_t faults_lost_untold(const struct faults *faults);

/* Leaves a child behind that ends by itself, a tenth of a second later. */
void faults_close(struct faults *faults);

#endif
