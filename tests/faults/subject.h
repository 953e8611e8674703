/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef FAULTS_SUBJECT_H
#define FAULTS_SUBJECT_H

/* A family of processes that does what it is told, one step at a time. */

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE	     UINT64_C(4096)
#define WINDOW	     UINT64_C(0x200000000000)
#define WINDOW_PAGES 96
#define FILES	     2
#define FILE_PAGES   24
#define MOST_MEMBERS 7

enum step_kind {
	STEP_MAP,
	STEP_UNMAP,
	STEP_PROTECT,
	STEP_MOVE,
	STEP_ADVISE,
	STEP_LOCK,
	STEP_UNLOCK,
	STEP_TRUNCATE,
	STEP_FORK,
	STEP_EXIT,
	STEP_READ,
	STEP_WRITE,
};

struct step {
	enum step_kind kind;
	int member; /* who does it */
	int child;  /* FORK: who comes */
	uint64_t address, length, to, offset;
	uint32_t prot;
	int file; /* -1: anonymous */
	int advice;
	bool shared, locked;
};

void print_step(const struct step *step);

/* The first process; it has the files under these descriptors. */
pid_t subject_start(const int *descriptors);

/* Does it for real: 0 or a negative error number; a touch that got a signal: 16 times its number and
 * its code; a fork: the child's process id. */
int subject_do(const struct step *step);

/* Until the process is gone, its memory too. */
void subject_wait(pid_t pid);

#endif
