/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Sleeps, reads and forks under a storm of timer signals: EINTR and restarts as ever. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t alarms;

static void on_alarm(int signal)
{
	(void)signal;
	alarms++;
}

static int start_timer(int flags, long first, long interval)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = flags };
	struct itimerval timer = { .it_interval.tv_usec = interval, .it_value.tv_usec = first };

	sigaction(SIGALRM, &action, NULL);
	return setitimer(ITIMER_REAL, &timer, NULL);
}

int main(void)
{
	struct timespec second = { .tv_sec = 1 };
	int ends[2], status;
	char byte;

	start_timer(0, 20000, 0);
	if (nanosleep(&second, NULL) != -1 || errno != EINTR || alarms != 1)
		return 1;
	if (pipe(ends) < 0)
		return 2;
	start_timer(0, 20000, 0);
	if (read(ends[0], &byte, 1) != -1 || errno != EINTR)
		return 3;
	/* A read that restarts gets its byte from a child that waits longer than the timer. */
	start_timer(SA_RESTART, 20000, 0);
	if (fork() == 0) {
		nanosleep(&(struct timespec){ .tv_nsec = 60000000 }, NULL);
		_exit(write(ends[1], "x", 1) != 1);
	}
	if (read(ends[0], &byte, 1) != 1 || wait(&status) < 0 || status != 0)
		return 4;
	start_timer(SA_RESTART, 500, 500);
	for (int i = 0; i < 50; i++) {
		char *area = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);
		pid_t child;

		memset(area, 1, 65536);
		child = fork();
		if (child == 0)
			_exit(i & 1);
		if (child < 0 || waitpid(child, &status, 0) != child ||
		    WEXITSTATUS(status) != (i & 1))
			return 5;
		munmap(area, 65536);
	}
	return 0;
}
