/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * To be recorded: a family of processes, several levels deep, that move areas with mremap between
 * the forks. Which neighbours merge afterwards depends on who has written to their pages.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEPTH = 4, CHILDREN = 2, PAGE = 4096, PAGES = 16 };

static char *map(void *where, size_t pages, int flags)
{
	char *at = mmap(where, pages * PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (at == MAP_FAILED)
		exit(1);
	return at;
}

static void move(char *from, size_t pages, char *to)
{
	if (mremap(from, pages * PAGE, pages * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		exit(1);
}

static void protect(char *at, size_t pages, int prot)
{
	if (mprotect(at, pages * PAGE, prot) != 0)
		exit(1);
}

/* Takes a window of pages apart and together again, in an order that depends on the level. */
static void shuffle(char *window, int level)
{
	char *aside = map(NULL, PAGES, 0);

	/* The middle goes aside and comes back; the same pages, so the parts merge again. */
	memset(window + level * PAGE, level, PAGE);
	move(window + 4 * PAGE, 4, aside + 4 * PAGE);
	move(aside + 4 * PAGE, 4, window + 4 * PAGE);

	/* Fresh pages beside old ones; touched or not. */
	map(window + 8 * PAGE, 2, MAP_FIXED);
	if (level % 2 == 0)
		window[8 * PAGE] = 1;

	/* Two ends swap their places. */
	move(window, 2, aside);
	move(window + 12 * PAGE, 2, window);
	move(aside, 2, window + 12 * PAGE);

	protect(window + 6 * PAGE, 6, PROT_READ);
	protect(window + 6 * PAGE, 6, PROT_READ | PROT_WRITE);
	if (munmap(aside, PAGES * PAGE) != 0)
		exit(1);
}

static void family(char *window, int level)
{
	pid_t children[CHILDREN];

	shuffle(window, level);
	if (level == DEPTH)
		return;
	for (int i = 0; i < CHILDREN; i++) {
		children[i] = fork();
		if (children[i] < 0)
			exit(1);
		if (children[i] == 0) {
			window[(3 + i) * PAGE]++;
			family(window, level + 1);
			exit(0);
		}
		shuffle(window, level + i);
	}
	for (int i = 0; i < CHILDREN; i++) {
		int status;

		if (waitpid(children[i], &status, 0) < 0 || status != 0)
			exit(1);
	}
	shuffle(window, level);
}

int main(void)
{
	char *window = map(NULL, PAGES, 0);

	memset(window, 1, PAGES * PAGE);
	family(window, 0);
	return 0;
}
