/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * To be recorded: a process that forks and exits, and its child too, and so on, as some daemons do
 * to start afresh. At any time two are alive; but a page may be older than hundreds of them.
 *
 * Each writes to a few pages of those that it has inherited, maps some new ones, and drops the
 * oldest.
 *
 * usage: serial_forks [GENERATIONS]
 */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 256, WRITES = 6, KEPT = 16, NEW_PAGES = 4 };

static char *map(size_t pages)
{
	char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);

	if (at == MAP_FAILED)
		exit(1);
	return at;
}

/* What one generation does to what it got. */
static void live(char *old, char **kept, unsigned generation)
{
	char **slot = &kept[generation % KEPT];

	for (unsigned i = 0; i < WRITES; i++)
		old[(generation * 7 + i * 41) % PAGES * PAGE]++;
	if (*slot != NULL && munmap(*slot, NEW_PAGES * PAGE) != 0)
		exit(1);
	*slot = map(NEW_PAGES);
	memset(*slot, (int)generation, NEW_PAGES * PAGE);
	/* Read only: what the next one maps beside it does not merge with it. */
	if (generation % 2 != 0 && mprotect(*slot, PAGE, PROT_READ) != 0)
		exit(1);
}

int main(int argc, char **argv)
{
	unsigned generations = argc > 1 ? (unsigned)atoi(argv[1]) : 300;
	char *old = map(PAGES), *kept[KEPT] = { NULL };

	memset(old, 1, PAGES * PAGE);
	for (unsigned generation = 0; generation < generations; generation++) {
		pid_t pid;

		live(old, kept, generation);
		pid = fork();
		if (pid != 0)
			return pid < 0;
	}
	return 0;
}
