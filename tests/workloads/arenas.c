/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* To be recorded: threads that all allocate, free, protect and grow at the same time. */

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { THREADS = 6, ROUNDS = 60, KEPT = 16, PAGE = 4096 };

/* A thread's own numbers, so that a run can be repeated. */
static uint32_t next_number(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(*state >> 33);
}

/* Maps some pages, touches them, takes rights from one in the middle, grows it, lets it go. */
static int use_mapping(uint64_t *state)
{
	size_t pages = 3 + next_number(state) % 30;
	char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);
	char *moved;

	if (at == MAP_FAILED)
		return -1;
	memset(at, 1, pages * PAGE);
	if (mprotect(at + PAGE, PAGE, PROT_READ) != 0)
		return -1;
	if (mprotect(at + PAGE, PAGE, PROT_READ | PROT_WRITE) != 0)
		return -1;
	moved = mremap(at, pages * PAGE, 2 * pages * PAGE, MREMAP_MAYMOVE);
	if (moved == MAP_FAILED)
		return -1;
	memset(moved, 2, 2 * pages * PAGE);
	return munmap(moved, 2 * pages * PAGE);
}

static void *work(void *argument)
{
	uint64_t state = (uintptr_t)argument;
	char *kept[KEPT] = { 0 };
	int err = 0;

	for (int round = 0; round < ROUNDS && err == 0; round++) {
		unsigned int slot = next_number(&state) % KEPT;
		/* From small pieces of an arena to mappings of their own. */
		size_t size = (size_t)16 << next_number(&state) % 15;

		free(kept[slot]);
		kept[slot] = malloc(size);
		if (kept[slot] == NULL)
			err = -1;
		else
			memset(kept[slot], round, size);
		if (err == 0 && round % 4 == 0)
			err = use_mapping(&state);
	}
	for (unsigned int slot = 0; slot < KEPT; slot++)
		free(kept[slot]);
	return err == 0 ? NULL : argument;
}

int main(void)
{
	pthread_t threads[THREADS];
	int failed = 0;

	for (int wave = 0; wave < 2; wave++) {
		for (uintptr_t i = 0; i < THREADS; i++)
			if (pthread_create(&threads[i], NULL, work, (void *)(i + 1)) != 0)
				return 1;
		for (int i = 0; i < THREADS; i++) {
			void *result;

			pthread_join(threads[i], &result);
			failed |= result != NULL;
		}
	}
	return failed;
}
