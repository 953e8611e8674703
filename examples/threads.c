/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Threads: four fault in one space at the same time, while a fifth maps and unmaps there, pages
 * move to other frames, and one more reclaims. No call needs a lock of the caller's. */

#include <pthread.h>
#include <string.h>

#include <vas/machine.h>

#include "example.h"

#define THREADS 4
#define PAGES	64 /* of each thread */
#define ROUNDS	20
#define SLOTS	1024

static unsigned char disk[SLOTS + 1][4096];

static int disk_read(void *data, uint64_t page, void *bytes)
{
	(void)data;
	memcpy(bytes, disk[page], sizeof(disk[page]));
	return 0;
}

static int disk_write(void *data, uint64_t page, const void *bytes, size_t length)
{
	(void)data;
	memcpy(disk[page], bytes, length);
	return 0;
}

static const struct vas_store store = { .read = disk_read, .write = disk_write };

struct worker {
	pthread_t thread;
	struct vas_space *space;
	uint64_t start;
	int wrong;
};

/* Writes to its pages, and looks whether they hold what it wrote last. */
static void *write_and_read(void *data)
{
	struct worker *worker = data;

	for (int i = 0; i < ROUNDS * PAGES; i++) {
		uint64_t at = worker->start + (uint64_t)(i % PAGES) * VAS_PAGE_SIZE;
		int found = 0, expected = i < PAGES ? 0 : i - PAGES;

		must(vas_read(worker->space, at, &found, sizeof(found), NULL), "read");
		worker->wrong += found != expected;
		must(vas_write(worker->space, at, &i, sizeof(i), NULL), "write");
	}
	return NULL;
}

/* Areas come and go, and pages of others move, while they are in use. */
static void *disturb(void *data)
{
	struct worker *workers = data;
	struct vas_space *space = workers[0].space;

	for (int i = 0; i < ROUNDS * PAGES; i++) {
		uint64_t at = workers[i % THREADS].start + (uint64_t)(i % PAGES) * VAS_PAGE_SIZE;
		uint64_t mine = map_pages(space, 3, VAS_READ | VAS_WRITE);
		int err = vas_migrate(space, at);

		if (err != -VAS_ENOENT && err != -VAS_EBUSY && err != -VAS_ENOMEM)
			must(err, "migrate");
		must(vas_unmap(space, mine, 3 * VAS_PAGE_SIZE), "unmap");
	}
	return NULL;
}

int main(void)
{
	/* Fewer frames than the pages of all threads. */
	struct vas_machine_config config = { .frames = 160, .swap = &store, .swap_slots = SLOTS };
	struct worker workers[THREADS] = { 0 };
	struct vas_machine *machine;
	struct vas_space *space;
	pthread_t disturber;
	int wrong = 0;

	must(vas_machine_create(&config, &machine), "machine");
	must(vas_machine_background(machine, 16, 32), "background");
	must(vas_machine_space(machine, NULL, &space), "space");
	for (int i = 0; i < THREADS; i++) {
		workers[i].space = space;
		workers[i].start = map_pages(space, PAGES, VAS_READ | VAS_WRITE);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_create(&workers[i].thread, NULL, write_and_read, &workers[i]);
	pthread_create(&disturber, NULL, disturb, workers);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		wrong += workers[i].wrong;
	}
	pthread_join(disturber, NULL);
	printf("%d threads read %d pages, %d of them wrong\n", THREADS, THREADS * ROUNDS * PAGES,
	       wrong);

	vas_space_destroy(space);
	vas_machine_destroy(machine);
	return wrong;
}
