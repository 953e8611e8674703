/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Threads that map, touch, unmap and allocate all at once. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { THREADS = 8, ROUNDS = 200, PAGE = 4096 };

static void *work(void *argument)
{
	unsigned seed = (unsigned)(size_t)argument;

	for (int i = 0; i < ROUNDS; i++) {
		size_t length = (1 + (size_t)rand_r(&seed) % 20) * PAGE;
		char *area = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);
		char *memory = malloc(150000);

		if (area == MAP_FAILED || !memory)
			return argument;
		area[(size_t)rand_r(&seed) % length] = 1;
		memset(memory, 1, 150000);
		if (rand_r(&seed) % 4)
			munmap(area, length);
		if (rand_r(&seed) % 8)
			free(memory);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	int failed = 0;

	for (size_t i = 0; i < THREADS; i++)
		failed |= pthread_create(&threads[i], NULL, work, (void *)(i + 1));
	for (size_t i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		failed |= result != NULL;
	}
	return failed;
}
