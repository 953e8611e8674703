/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * To be recorded: a tree of processes that keep growing what they have inherited.
 *
 * Each holds some vectors that are larger than malloc's threshold for mmap, so realloc is mremap.
 * They grow in turn and stand in each other's way: most moves go elsewhere, with pages that parent
 * and child share. Then the process writes to every fourth page, and forks.
 *
 * usage: realloc_tree [DEPTH]
 */

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { VECTORS = 6, FIRST_SIZE = 160 * 1024, GROWTHS = 2, CHILDREN = 2, PAGE = 4096 };

struct vector {
	char *bytes;
	size_t size;
};

static void grow(struct vector *vector, size_t size)
{
	vector->bytes = realloc(vector->bytes, size);
	if (vector->bytes == NULL)
		exit(1);
	memset(vector->bytes + vector->size, 1, size - vector->size);
	vector->size = size;
}

static void work(struct vector *vectors)
{
	for (int growth = 0; growth < GROWTHS; growth++) {
		for (int i = 0; i < VECTORS; i++)
			grow(&vectors[i], vectors[i].size + vectors[i].size / 5);
	}
	for (int i = 0; i < VECTORS; i++) {
		for (size_t at = 0; at < vectors[i].size; at += 4 * PAGE)
			vectors[i].bytes[at]++;
	}
}

static int tree(struct vector *vectors, int depth)
{
	int status = 0, worst = 0;

	work(vectors);
	for (int i = 0; i < CHILDREN && depth > 0; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (pid == 0)
			exit(tree(vectors, depth - 1));
		work(vectors); /* while the child does */
	}
	while (wait(&status) > 0)
		worst |= status;
	return worst != 0;
}

int main(int argc, char **argv)
{
	struct vector vectors[VECTORS] = { 0 };

	for (int i = 0; i < VECTORS; i++)
		grow(&vectors[i], FIRST_SIZE);
	return tree(vectors, argc > 1 ? atoi(argv[1]) : 4);
}
