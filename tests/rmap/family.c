/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Each process reads commands from a pipe of its own and answers on another. All pipes are made
 * before the first process, so that a child has its own from birth. Processes exit when told; the
 * end of one is awaited through a pidfd, which speaks up after its memory is gone.
 *
 * The first process and its twin are forked one right after the other, and first do each deed
 * once, so that the rest of their memory is alike.
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

enum { PIDS = 256, PAGE = 4096, TRACE_ROOM = 1 << 20, ANSWER_MS = 10000 };

#define INSTANCES "/sys/kernel/tracing/instances"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE  103
#endif

struct member {
	int commands[2], answers[2];
	pid_t pid; /* 0: not running */
};

/* The real processes and their twins. */
enum { REAL, TWIN, KINDS };

struct family {
	struct member members[KINDS][FAMILY];
	pid_t all[KINDS][PIDS]; /* that ever ran */
	size_t count[KINDS];
	char instance[64]; /* a folder of the tracefs */
	int pipe;	   /* the trace as it comes; what was read is gone */
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

	(void)madvise(at, length, MADV_GUARD_REMOVE); /* also what a failed call put in */
	return err;
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
	case DEED_LOCK: /* the sanitizers' own mlock does nothing */
		return result(syscall(SYS_mlock, at, length));
	case DEED_UNLOCK:
		return result(syscall(SYS_munlock, at, length));
	case DEED_FORK:
	case DEED_EXIT:
		break;
	}
	return -EINVAL;
}

/* Does each deed once, and leaves nothing: what a first call writes elsewhere (lazy binding, a
 * sanitizer's records) is behind it then, in a dry run as in a real one. */
static void warm_up(void)
{
	const struct command map = { .deed = DEED_MAP, .pages = 4, .a = PROT_READ | PROT_WRITE };

	for (int deed = DEED_MAP; deed < DEED_FORK; deed++) {
		struct command command = map;

		(void)do_deed(&command);
		command.deed = (enum deed)deed;
		if (command.deed == DEED_MOVE) {
			command.a = 8;
			command.b = MREMAP_MAYMOVE | MREMAP_FIXED;
		}
		(void)do_deed(&command);
		command = (struct command){ .deed = DEED_UNMAP, .pages = WINDOW_PAGES };
		(void)do_deed(&command);
	}
}

/* Processes. */

static void live(struct family *family, int kind)
{
	const struct member *self = &family->members[kind][0];
	struct command command;

	while (read(self->commands[0], &command, sizeof(command)) == sizeof(command)) {
		int answer = 0;

		if (command.deed == DEED_EXIT)
			_exit(0);
		if (command.deed == DEED_FORK) {
			answer = fork();
			if (answer == 0) {
				self = &family->members[kind][command.a];
				continue;
			}
		} else if (kind == REAL) {
			answer = do_deed(&command);
		}
		if (write(self->answers[1], &answer, sizeof(answer)) != sizeof(answer))
			break;
	}
	_exit(1);
}

static void enlist(struct family *family, int kind, int number, pid_t pid)
{
	family->members[kind][number].pid = pid;
	if (family->count[kind] < PIDS)
		family->all[kind][family->count[kind]++] = pid;
}

static bool say(const struct member *member, const struct command *command)
{
	return write(member->commands[1], command, sizeof(*command)) == sizeof(*command);
}

/* Tells a process to exit, and waits until its memory is gone. */
static int do_exit(struct member *member, const struct command *command)
{
	int fd = (int)syscall(SYS_pidfd_open, member->pid, 0), err = 0;
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		return -errno;
	if (!say(member, command))
		err = -EPIPE;
	else if (poll(&wait, 1, ANSWER_MS) != 1)
		err = -ETIMEDOUT;
	close(fd);
	member->pid = 0;
	return err;
}

static int do_one(struct family *family, int kind, const struct command *command)
{
	struct member *member = &family->members[kind][command->process];
	struct pollfd wait = { .fd = member->answers[0], .events = POLLIN };
	int answer = 0;

	if (command->deed == DEED_EXIT)
		return do_exit(member, command);
	if (!say(member, command) || poll(&wait, 1, ANSWER_MS) != 1 ||
	    read(wait.fd, &answer, sizeof(answer)) != sizeof(answer))
		return -EPIPE; /* it died */
	if (command->deed != DEED_FORK || answer < 0)
		return answer;
	enlist(family, kind, command->a, answer);
	return 0;
}

int family_do(struct family *family, const struct command *command)
{
	int err = do_one(family, REAL, command);
	int twin = do_one(family, TWIN, command);

	return err != 0 ? err : twin;
}

/* Trace points. */

static bool put(const struct family *family, const char *file, const char *text)
{
	char path[256];
	ssize_t done;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", family->instance, file);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text));
	close(fd);
	return done == (ssize_t)strlen(text);
}

static bool trace_start(struct family *family)
{
	static const char filter[] = "name==\"anon_vma\"||name==\"anon_vma_chain\"";
	char path[128];

	snprintf(family->instance, sizeof(family->instance), INSTANCES "/vas-heads-%d",
		 (int)getpid());
	if (mkdir(family->instance, 0700) != 0 && errno != EEXIST)
		return false;
	if (!put(family, "events/kmem/kmem_cache_alloc/filter", filter) ||
	    !put(family, "events/kmem/kmem_cache_free/filter", filter) ||
	    !put(family, "events/kmem/kmem_cache_alloc/enable", "1") ||
	    !put(family, "events/kmem/kmem_cache_free/enable", "1"))
		return false;
	snprintf(path, sizeof(path), "%s/trace_pipe", family->instance);
	family->pipe = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return family->pipe >= 0;
}

/* Leaves the rest of the machine out of the trace: it may be busy. */
static void follow(const struct family *family)
{
	char pids[64];

	snprintf(pids, sizeof(pids), "%d %d", (int)family->members[REAL][0].pid,
		 (int)family->members[TWIN][0].pid);
	(void)put(family, "options/event-fork", "1");
	(void)put(family, "set_event_pid", pids);
}

static int kind_of(const struct family *family, pid_t pid)
{
	for (int kind = 0; kind < KINDS; kind++)
		for (size_t i = 0; i < family->count[kind]; i++)
			if (family->all[kind][i] == pid)
				return kind;
	return KINDS;
}

/* "   name-PID   [001] ..... TIME: kmem_cache_alloc: call_site=... name=anon_vma ..." */
static void count_line(const struct family *family, const char *line, struct gain *gain)
{
	const char *end = strstr(line, " ["), *pid = end;
	int change = strstr(line, "kmem_cache_alloc") != NULL ? 1 : -1, kind;

	if (line[0] == '#' || end == NULL)
		return;
	while (pid > line && pid[-1] != '-')
		pid--;
	kind = kind_of(family, (pid_t)atoi(pid));
	if (kind == KINDS)
		return;
	if (kind == TWIN)
		change = -change;
	if (strstr(line, "name=anon_vma_chain") != NULL)
		gain->links += change;
	else
		gain->heads += change;
}

struct gain family_gain(struct family *family)
{
	struct gain gain = { 0, 0 };
	size_t length = 0;
	ssize_t got;

	while ((got = read(family->pipe, family->trace + length, TRACE_ROOM - 1 - length)) > 0)
		length += (size_t)got;
	family->trace[length] = '\0';
	for (char *line = strtok(family->trace, "\n"); line != NULL; line = strtok(NULL, "\n"))
		count_line(family, line, &gain);
	return gain;
}

/* Start and end. */

static void start_process(struct family *family, int kind)
{
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGCHLD, SIG_IGN); /* nobody waits for grandchildren */
		signal(SIGSEGV, SIG_DFL); /* the test's own handler */
		signal(SIGBUS, SIG_DFL);
		warm_up();
		live(family, kind);
	}
	enlist(family, kind, 0, pid);
}

struct family *family_start(void)
{
	struct family *family = calloc(1, sizeof(*family));

	if (family == NULL || geteuid() != 0 || !trace_start(family)) {
		if (family != NULL)
			rmdir(family->instance);
		free(family);
		return NULL;
	}
	for (int i = 0; i < KINDS * FAMILY; i++) {
		struct member *member = &family->members[i / FAMILY][i % FAMILY];

		if (pipe(member->commands) != 0 || pipe(member->answers) != 0)
			abort();
	}
	fflush(NULL);
	start_process(family, REAL);
	start_process(family, TWIN);
	follow(family);
	/* One command through, so that both stand where they will stand. */
	(void)family_do(family, &(struct command){ .deed = DEED_UNMAP, .pages = 1 });
	(void)family_gain(family);
	return family;
}

void family_end(struct family *family)
{
	for (int i = 0; i < KINDS * FAMILY; i++) {
		struct member *member = &family->members[i / FAMILY][i % FAMILY];

		if (member->pid != 0)
			(void)do_exit(member, &(struct command){ .deed = DEED_EXIT });
		close(member->commands[0]);
		close(member->commands[1]);
		close(member->answers[0]);
		close(member->answers[1]);
	}
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	close(family->pipe);
	rmdir(family->instance);
	free(family);
}

void family_areas(struct family *family, int process, char *text, size_t size)
{
	char path[64], line[512];
	size_t length = 0;
	FILE *maps;

	text[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)family->members[REAL][process].pid);
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
