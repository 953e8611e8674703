/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Every member of the family reads its steps from a pipe of its own, and answers on another; all
 * pipes are there from the start. The driver is the reaper of all. */

#include "subject.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int orders[MOST_MEMBERS][2], answers[MOST_MEMBERS][2];
static const int *files;
static sigjmp_buf back;
static volatile int told;

static void on_signal(int signal, siginfo_t *info, void *context)
{
	(void)context;
	told = signal * 16 + info->si_code;
	siglongjmp(back, 1);
}

static int touch(const struct step *step)
{
	volatile unsigned char *at = (volatile unsigned char *)(uintptr_t)step->address;

	told = 0;
	if (sigsetjmp(back, 1) == 0) {
		if (step->kind == STEP_READ)
			(void)*at;
		else
			*at = 1;
	}
	return told;
}

static int result(long value)
{
	return value == -1 ? -errno : 0;
}

static int do_map(const struct step *step)
{
	void *at =
		mmap((void *)(uintptr_t)step->address, step->length, (int)step->prot,
		     MAP_FIXED | (step->shared ? MAP_SHARED : MAP_PRIVATE) |
			     (step->file < 0 ? MAP_ANONYMOUS : 0) | (step->locked ? MAP_LOCKED : 0),
		     step->file < 0 ? -1 : files[step->file], (off_t)step->offset);

	return at == MAP_FAILED ? -errno : 0;
}

static void serve(int member);

static int do_fork(const struct step *step)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, 0);
		serve(step->child);
	}
	return pid < 0 ? -errno : (int)pid;
}

static int perform(const struct step *step)
{
	void *at = (void *)(uintptr_t)step->address;

	switch (step->kind) {
	case STEP_MAP:
		return do_map(step);
	case STEP_UNMAP:
		return result(munmap(at, step->length));
	case STEP_PROTECT:
		return result(mprotect(at, step->length, (int)step->prot));
	case STEP_MOVE:
		return mremap(at, step->length, step->length, MREMAP_MAYMOVE | MREMAP_FIXED,
			      (void *)(uintptr_t)step->to) == MAP_FAILED
			       ? -errno
			       : 0;
	case STEP_ADVISE:
		return result(madvise(at, step->length, step->advice));
	case STEP_LOCK:
		/* Without the C library: sanitizers make these do nothing. */
		return result((int)syscall(SYS_mlock, at, step->length));
	case STEP_UNLOCK:
		return result((int)syscall(SYS_munlock, at, step->length));
	case STEP_TRUNCATE:
		return result(ftruncate(files[step->file], (off_t)step->length));
	case STEP_FORK:
		return do_fork(step);
	case STEP_EXIT:
		_exit(0);
	case STEP_READ:
	case STEP_WRITE:
		return touch(step);
	}
	return 0;
}

__attribute__((noreturn)) static void serve(int member)
{
	struct step step;

	while (read(orders[member][0], &step, sizeof(step)) == sizeof(step)) {
		int answer = perform(&step);

		if (write(answers[member][1], &answer, sizeof(answer)) != sizeof(answer))
			break;
	}
	_exit(0);
}

pid_t subject_start(const int *descriptors)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	pid_t pid;

	files = descriptors;
	/* Those whose parent has gone come to this process, which can wait for them. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int i = 0; i < MOST_MEMBERS; i++) {
		if (pipe(orders[i]) != 0 || pipe(answers[i]) != 0)
			abort();
	}
	fflush(stdout);
	pid = fork();
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < MOST_MEMBERS; i++)
		close(orders[i][1]); /* so that all end with the driver */
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	/* Children need not be waited for by their parents. */
	signal(SIGCHLD, SIG_IGN);
	serve(0);
}

int subject_do(const struct step *step)
{
	int answer = -EPIPE;

	if (write(orders[step->member][1], step, sizeof(*step)) != sizeof(*step))
		return -EPIPE;
	if (step->kind == STEP_EXIT)
		return 0;
	if (read(answers[step->member][0], &answer, sizeof(answer)) != sizeof(answer))
		return -EPIPE;
	return answer;
}

void subject_wait(pid_t pid)
{
	/* A child of the driver's is waited for; another's is gone when no signal reaches it. */
	if (waitpid(pid, NULL, 0) == pid)
		return;
	while (kill(pid, 0) == 0)
		usleep(200);
}

void print_step(const struct step *step)
{
	static const char *const names[] = { "mmap",	"munmap", "mprotect", "mremap",
					     "madvise", "mlock",  "munlock",  "ftruncate",
					     "fork",	"exit",	  "read",     "write" };

	printf("process %d: %s(%" PRIx64 ", %" PRIx64 ") prot %u file %d offset %" PRIx64
	       " to %" PRIx64 " advice %d%s%s\n",
	       step->member, names[step->kind], step->address, step->length, step->prot, step->file,
	       step->offset, step->to, step->advice, step->shared ? " shared" : "",
	       step->locked ? " locked" : "");
}
