/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* More memory than there is: 64 frames, 200 pages, and a swap that the program brings itself. */

#include <string.h>

#include <vas/machine.h>

#include "example.h"

#define PAGES 200
#define SLOTS 256

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

int main(void)
{
	struct vas_machine_config config = { .frames = 64, .swap = &store, .swap_slots = SLOTS };
	struct vas_map map = {
		.length = PAGES * VAS_PAGE_SIZE,
		.prot = VAS_READ | VAS_WRITE,
		.flags = VAS_PRIVATE | VAS_ANONYMOUS,
	};
	struct vas_machine_counts counts;
	struct vas_machine *machine;
	struct vas_space *space;
	uint64_t at = 0;
	int wrong = 0;

	must(vas_machine_create(&config, &machine), "machine");
	must(vas_machine_space(machine, NULL, &space), "space");
	must(vas_map(space, &map, &at), "map");
	for (int i = 0; i < PAGES; i++)
		must(vas_write(space, at + (uint64_t)i * VAS_PAGE_SIZE, &i, sizeof(i), NULL),
		     "write");
	for (int i = 0; i < PAGES; i++) {
		int found = -1;

		must(vas_read(space, at + (uint64_t)i * VAS_PAGE_SIZE, &found, sizeof(found), NULL),
		     "read");
		wrong += found != i;
	}
	vas_machine_count(machine, &counts);
	printf("%d pages in %u frames, %d wrong\n", PAGES, counts.frames, wrong);
	printf("some went out: %s; some came back: %s\n", counts.swapped_out > 0 ? "yes" : "no",
	       counts.swapped_in > 0 ? "yes" : "no");
	vas_space_destroy(space);
	vas_machine_destroy(machine);
	return wrong;
}
