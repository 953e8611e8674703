/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Is stopped and continued, and sees what a process sees without a tracer. */
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t continued;

static void on_continue(int signal)
{
	(void)signal;
	continued = 1;
}

int main(void)
{
	int ends[2], status;
	char byte;
	pid_t child;

	if (pipe(ends) < 0)
		return 6;
	signal(SIGCONT, on_continue);
	child = fork();
	if (child == 0) {
		raise(SIGSTOP);
		munmap(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096);
		close(ends[1]);
		_exit(continued && read(ends[0], &byte, 1) == 0 ? 4 : 5);
	}
	if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status) ||
	    WSTOPSIG(status) != SIGSTOP)
		return 1;
	/* It stays stopped. */
	nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	if (waitpid(child, &status, WNOHANG) != 0)
		return 2;
	kill(child, SIGCONT);
	if (waitpid(child, &status, WCONTINUED) != child || !WIFCONTINUED(status))
		return 3;
	close(ends[1]);
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 4)
		return 4;
	return 0;
}
