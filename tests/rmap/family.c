/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Each process reads commands from a pipe of its own and answers on another. All pipes are made
 * before the first process, so that a child has its own from birth. Processes exit when told; the
 * end of one is awaited through a pidfd, which speaks up after its memory is gone.
 */

#include "family.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIDS = 256, PAGE = 4096, TRACE_ROOM = 1 << 20 };

#define INSTANCE "/sys/kernel/tracing/instances/vas-heads"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE  103
#endif

struct family {
	bool dry;
	int commands[FAMILY][2], answers[FAMILY][2];
	pid_t pids[FAMILY]; /* 0: not running */
	pid_t all[PIDS];    /* that ever ran */
	size_t count;
	char trace[TRACE_ROOM];
};

/* The window. */

static char *address_of(uint32_t page)
{
	return (char *)(uintptr_t)(WINDOW + (uint64_t)page * PAGE);
}

static int result(long value)
{
	return value == -1 ? -errno : 0;
}

static int guard(char *at, size_t length)
{
	int err = result(madvise(at, length, MADV_GUARD_INSTALL));

	return err != 0 ? err : result(madvise(at, length, MADV_GUARD_REMOVE));
}

static int do_deed(const struct command *command)
{
	char *at = address_of(command->page);
	size_t length = (size_t)command->pages * PAGE;

	switch (command->deed) {
	case DEED_MAP:
		return result((long)mmap(at, length, command->a,
					 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	case DEED_UNMAP:
		return result(munmap(at, length));
	case DEED_PROTECT:
		return result(mprotect(at, length, command->a));
	case DEED_WRITE:
		*(volatile char *)at = 1;
		return 0;
	case DEED_READ:
		return (*(volatile char *)at, 0);
	case DEED_MOVE:
		return result((long)mremap(at, length, length, command->b,
					   address_of((uint32_t)command->a)));
	case DEED_GROW:
		return result((long)mremap(at, length, (size_t)command->a * PAGE, 0));
	case DEED_ADVISE:
		return result(madvise(at, length, command->a));
	case DEED_GUARD:
		return guard(at, length);
	case DEED_LOCK:
		return result(mlock(at, length));
	case DEED_UNLOCK:
		return result(munlock(at, length));
	case DEED_FORK:
	case DEED_EXIT:
		break;
	}
	return -EINVAL;
}

/* Processes. */

static void live(struct family *family, int self)
{
	struct command command;

	while (read(family->commands[self][0], &command, sizeof(command)) == sizeof(command)) {
		int answer = 0;

		if (command.deed == DEED_EXIT)
			_exit(0);
		if (command.deed == DEED_FORK) {
			answer = fork();
			if (answer == 0) {
				self = command.a;
				continue;
			}
		} else if (!family->dry) {
			answer = do_deed(&command);
		}
		if (write(family->answers[self][1], &answer, sizeof(answer)) != sizeof(answer))
			break;
	}
	_exit(1);
}

static void enlist(struct family *family, int number, pid_t pid)
{
	family->pids[number] = pid;
	if (family->count < PIDS)
		family->all[family->count++] = pid;
}

/* Tells a process to exit, and waits until its memory is gone. */
static int do_exit(struct family *family, const struct command *command)
{
	int number = command->process, err = 0;
	int fd = (int)syscall(SYS_pidfd_open, family->pids[number], 0);
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		return -errno;
	if (write(family->commands[number][1], command, sizeof(*command)) != sizeof(*command))
		err = -EPIPE;
	else if (poll(&wait, 1, 10000) != 1)
		err = -ETIMEDOUT;
	close(fd);
	family->pids[number] = 0;
	return err;
}

int family_do(struct family *family, const struct command *command)
{
	int self = command->process, answer = 0;

	if (command->deed == DEED_EXIT)
		return do_exit(family, command);
	if (write(family->commands[self][1], command, sizeof(*command)) != sizeof(*command) ||
	    read(family->answers[self][0], &answer, sizeof(answer)) != sizeof(answer))
		return -EPIPE;
	if (command->deed != DEED_FORK || answer < 0)
		return answer;
	enlist(family, command->a, answer);
	return 0;
}

/* Trace points. */

static bool put(const char *file, const char *text)
{
	char path[256];
	ssize_t done;
	int fd;

	snprintf(path, sizeof(path), INSTANCE "/%s", file);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text));
	close(fd);
	return done == (ssize_t)strlen(text);
}

static bool trace_start(void)
{
	static const char filter[] = "name==\"anon_vma\"||name==\"anon_vma_chain\"";

	if (mkdir(INSTANCE, 0700) != 0 && errno != EEXIST)
		return false;
	return put("events/kmem/kmem_cache_alloc/filter", filter) &&
	       put("events/kmem/kmem_cache_free/filter", filter) &&
	       put("events/kmem/kmem_cache_alloc/enable", "1") &&
	       put("events/kmem/kmem_cache_free/enable", "1") && put("trace", "\n");
}

static bool ours(const struct family *family, pid_t pid)
{
	for (size_t i = 0; i < family->count; i++)
		if (family->all[i] == pid)
			return true;
	return false;
}

/* "   name-PID   [001] ..... TIME: kmem_cache_alloc: call_site=... name=anon_vma ..." */
static void count_line(const struct family *family, const char *line, struct gain *gain)
{
	const char *end = strstr(line, " ["), *pid = end;
	bool made = strstr(line, "kmem_cache_alloc") != NULL;

	if (line[0] == '#' || end == NULL)
		return;
	while (pid > line && pid[-1] != '-')
		pid--;
	if (!ours(family, (pid_t)atoi(pid)))
		return;
	if (strstr(line, "name=anon_vma_chain") != NULL)
		gain->links += made ? 1 : -1;
	else
		gain->heads += made ? 1 : -1;
}

struct gain family_gain(struct family *family)
{
	struct gain gain = { 0, 0 };
	size_t length = 0;
	ssize_t got;
	int fd = open(INSTANCE "/trace", O_RDONLY | O_CLOEXEC);

	while ((got = read(fd, family->trace + length, TRACE_ROOM - 1 - length)) > 0)
		length += (size_t)got;
	close(fd);
	family->trace[length] = '\0';
	for (char *line = strtok(family->trace, "\n"); line != NULL; line = strtok(NULL, "\n"))
		count_line(family, line, &gain);
	(void)put("trace", "\n");
	return gain;
}

/* Start and end. */

struct family *family_start(bool dry)
{
	struct family *family;
	pid_t pid;

	if (geteuid() != 0 || !trace_start())
		return NULL;
	family = calloc(1, sizeof(*family));
	family->dry = dry;
	for (int i = 0; i < FAMILY; i++)
		if (pipe(family->commands[i]) != 0 || pipe(family->answers[i]) != 0)
			abort();
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		signal(SIGCHLD, SIG_IGN); /* nobody waits for grandchildren */
		live(family, 0);
	}
	enlist(family, 0, pid);
	/* One command through, so that the process stands where it will stand. */
	(void)family_do(family, &(struct command){ .deed = DEED_UNMAP, .pages = 1 });
	(void)family_gain(family);
	return family;
}

void family_end(struct family *family)
{
	for (int i = 0; i < FAMILY; i++)
		if (family->pids[i] != 0)
			(void)family_do(family,
					&(struct command){ .deed = DEED_EXIT, .process = i });
	for (int i = 0; i < FAMILY; i++) {
		close(family->commands[i][0]);
		close(family->commands[i][1]);
		close(family->answers[i][0]);
		close(family->answers[i][1]);
	}
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	rmdir(INSTANCE);
	free(family);
}

void family_areas(struct family *family, int process, char *text, size_t size)
{
	char path[64], line[512];
	size_t length = 0;
	FILE *maps;

	text[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)family->pids[process]);
	maps = fopen(path, "re");
	if (maps == NULL)
		return;
	while (fgets(line, sizeof(line), maps) != NULL) {
		unsigned long long start, end;
		char perm[8];

		if (sscanf(line, "%llx-%llx %4s", &start, &end, perm) != 3 || start < WINDOW ||
		    start >= WINDOW + (uint64_t)WINDOW_PAGES * PAGE || length + 64 > size)
			continue;
		length += (size_t)snprintf(text + length, size - length, "%llu-%llu %s\n",
					   (start - WINDOW) / PAGE, (end - WINDOW) / PAGE, perm);
	}
	fclose(maps);
}
