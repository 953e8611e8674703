/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Forks four levels deep, two children each, and moves an area with mremap at every level. */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LEVELS = 4, CHILDREN = 2, PAGE = 4096, PAGES = 8 };

static void grow_tree(int level, char *area)
{
	void *room = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status;

	area[0] = (char)level;
	area = mremap(area, PAGES * PAGE, PAGES * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room);
	if (area == MAP_FAILED || area[0] != level)
		_exit(1);
	area[PAGE * (level % PAGES)] = 1;
	for (int i = 0; level < LEVELS && i < CHILDREN; i++) {
		if (fork() == 0) {
			grow_tree(level + 1, area);
			_exit(0);
		}
	}
	if (mprotect(area + PAGE, PAGE, PROT_READ) < 0 || munmap(area + 5 * PAGE, PAGE) < 0)
		_exit(1);
	while (wait(&status) > 0) {
		if (status != 0)
			_exit(1);
	}
}

int main(void)
{
	char *area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	grow_tree(0, area);
	return 0;
}
