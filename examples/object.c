/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* An object: a file that is mapped twice, shared and private. A write through the shared mapping
 * reaches the file with msync, one through the private mapping never does, and behind a new end
 * both meet the bus error. */

#include <string.h>

#include <vas/machine.h>

#include "example.h"

#define PAGES 2

/* The file, and what lies behind it: a disk that the program brings itself. */
static char disk[PAGES * 4096] = "old";

static int disk_read(void *data, uint64_t page, void *bytes)
{
	(void)data;
	if (page < PAGES)
		memcpy(bytes, disk + page * 4096, 4096);
	else
		memset(bytes, 0, 4096);
	return 0;
}

static int disk_write(void *data, uint64_t page, const void *bytes, size_t length)
{
	(void)data;
	memcpy(disk + page * 4096, bytes, length);
	return 0;
}

static int disk_resize(void *data, uint64_t size)
{
	(void)data;
	return size > sizeof(disk) ? -VAS_ENOSPC : 0;
}

static const struct vas_store store = {
	.read = disk_read,
	.write = disk_write,
	.resize = disk_resize,
};

static uint64_t map_file(struct vas_space *space, struct vas_file *file, uint32_t sharing)
{
	const struct vas_map map = {
		.length = sizeof(disk),
		.prot = VAS_READ | VAS_WRITE,
		.flags = sharing,
		.file = file,
	};
	uint64_t address = 0;

	must(vas_map(space, &map, &address), "map");
	return address;
}

static void tell(const char *when, struct vas_space *space, uint64_t shared, uint64_t copy)
{
	char a[4], b[4];

	must(vas_read(space, shared, a, sizeof(a), NULL), "read");
	must(vas_read(space, copy, b, sizeof(b), NULL), "read");
	printf("%-24s shared %s, private %s, disk %s\n", when, a, b, disk);
}

int main(void)
{
	struct vas_machine_config config = { .frames = 64 };
	struct vas_object_open open = {
		.store = &store,
		.size = sizeof(disk),
		.flags = VAS_FILE_READ | VAS_FILE_WRITE,
		.inode = 1,
		.name = "/example",
	};
	struct vas_machine *machine;
	struct vas_space *space;
	struct vas_file *file;
	uint64_t shared, copy;
	int err, signal, code;

	must(vas_machine_create(&config, &machine), "machine");
	must(vas_machine_space(machine, NULL, &space), "space");
	must(vas_object_open(machine, &open, &file), "open");
	shared = map_file(space, file, VAS_SHARED);
	copy = map_file(space, file, VAS_PRIVATE);
	tell("at first:", space, shared, copy);

	must(vas_write(space, shared, "new", 4, NULL), "write");
	tell("the shared one written:", space, shared, copy);
	must(vas_write(space, copy, "own", 4, NULL), "write"); /* copies the page */
	tell("the private one written:", space, shared, copy);
	must(vas_sync(space, shared, sizeof(disk), 4), "sync"); /* MS_SYNC */
	tell("after msync:", space, shared, copy);

	must(vas_truncate(file, 0), "truncate"); /* takes the private copy away, too */
	err = vas_access(space, copy, VAS_ACCESS_READ);
	if (vas_signal_of(err, &signal, &code))
		printf("after truncation: %s, which is signal %d with code %d\n",
		       vas_error_name(err), signal, code);

	vas_space_destroy(space);
	vas_file_put(file);
	vas_machine_destroy(machine);
	return 0;
}
