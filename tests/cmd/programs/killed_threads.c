/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Processes that end while some of their threads touch pages and others are in the midst of calls. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 40, TOUCHING = 3, PAGE = 4096, PAGES = 4096 };

static char *map(void)
{
	char *at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);

	if (at == MAP_FAILED)
		_exit(1);
	return at;
}

static void *touch(void *argument)
{
	for (;;) {
		char *at = map();

		for (size_t i = 0; i < PAGES; i++)
			at[i * PAGE] = 1;
		munmap(at, PAGES * PAGE);
	}
	return argument;
}

static void *protect(void *argument)
{
	char *at = map();

	for (;;) {
		mprotect(at, PAGES * PAGE, PROT_READ);
		mprotect(at, PAGES * PAGE, PROT_READ | PROT_WRITE);
	}
	return argument;
}

static int process(useconds_t time)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, protect, NULL) != 0)
		return 1;
	for (int i = 0; i < TOUCHING; i++)
		if (pthread_create(&thread, NULL, touch, NULL) != 0)
			return 1;
	usleep(time);
	return 0;
}

int main(void)
{
	int status, worst = 0;

	for (useconds_t i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(process(2000 + i * 37));
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			return 1;
		worst |= status;
	}
	return worst != 0;
}
