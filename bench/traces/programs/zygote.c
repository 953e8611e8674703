/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * To be recorded: a process that prepares everything and is then forked for each program to run, as
 * Android's does. It has many areas: heaps with guards between them, and files, which it makes in
 * the current folder, mapped in pieces of several permissions. The children are all alive together;
 * each writes to some of the areas and has a few of its own.
 *
 * usage: zygote [CHILDREN]
 */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, HEAPS = 120, HEAP_PAGES = 8, LIBRARIES = 16, LIBRARY_PAGES = 12, OWN = 3 };

static char *map(size_t pages, int prot, int fd)
{
	int flags = MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0);
	char *at = mmap(NULL, pages * PAGE, prot, flags, fd, 0);

	if (at == MAP_FAILED)
		exit(1);
	return at;
}

static void protect(char *at, size_t pages, int prot)
{
	if (mprotect(at, pages * PAGE, prot) != 0)
		exit(1);
}

/* A page without access behind it keeps it apart from its neighbour. */
static char *make_heap(void)
{
	char *heap = map(HEAP_PAGES + 1, PROT_READ | PROT_WRITE, -1);

	memset(heap, 1, HEAP_PAGES * PAGE);
	protect(heap + HEAP_PAGES * PAGE, 1, PROT_NONE);
	return heap;
}

/* As a dynamic linker maps one: headers, code, constants, and data that it writes to. */
static void load_library(int number)
{
	char page[PAGE], *start, name[] = "library-a";
	int fd;

	name[sizeof(name) - 2] = (char)('a' + number);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	memset(page, number, PAGE);
	for (int i = 0; i < LIBRARY_PAGES; i++) {
		if (write(fd, page, PAGE) != PAGE)
			exit(1);
	}
	start = map(LIBRARY_PAGES, PROT_READ, fd);
	close(fd);
	protect(start + 1 * PAGE, 5, PROT_READ | PROT_EXEC);
	protect(start + 8 * PAGE, 4, PROT_READ | PROT_WRITE);
	start[9 * PAGE] = start[2 * PAGE];
	start[10 * PAGE] = 1;
	protect(start + 8 * PAGE, 2, PROT_READ);
}

static void child(char **heaps, int number)
{
	char *own[OWN];

	for (int i = 0; i < OWN; i++) {
		own[i] = map(4, PROT_READ | PROT_WRITE, -1);
		memset(own[i], number, 2 * PAGE);
	}
	for (int i = number % 5; i < HEAPS; i += 5 + number % 3)
		heaps[i][(number + i) % HEAP_PAGES * PAGE]++;
}

int main(int argc, char **argv)
{
	int children = argc > 1 ? atoi(argv[1]) : 50;
	int ends[2], status, worst = 0;
	char *heaps[HEAPS], byte;

	for (int i = 0; i < HEAPS; i++)
		heaps[i] = make_heap();
	for (int i = 0; i < LIBRARIES; i++)
		load_library(i);
	if (pipe(ends) != 0)
		return 1;
	for (int i = 0; i < children; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (pid > 0)
			continue;
		close(ends[1]);
		child(heaps, i);
		_exit(read(ends[0], &byte, 1) != 0); /* until all are there */
	}
	close(ends[1]); /* now they may end */
	while (wait(&status) > 0)
		worst |= status;
	return worst != 0;
}
