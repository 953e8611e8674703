/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Makes a space, maps a file and some memory in it, and prints it as /proc/PID/maps. */

#include <inttypes.h>
#include <stdio.h>

#include <vas/space.h>

static void print_text(void *context, const char *text, size_t length)
{
	fwrite(text, 1, length, context);
}

static int run(struct vas_space *space)
{
	const struct vas_printer printer = { .print = print_text, .context = stdout };
	struct vas_file file = {
		.references = 1,
		.flags = VAS_FILE_READ,
		.major = 8,
		.minor = 1,
		.inode = 4711,
		.name = "/usr/lib/libexample.so",
	};
	const struct vas_map memory = {
		.length = 1 << 20,
		.prot = VAS_READ | VAS_WRITE,
		.flags = VAS_PRIVATE | VAS_ANONYMOUS,
	};
	const struct vas_map text = {
		.length = 5 * VAS_PAGE_SIZE,
		.prot = VAS_READ | VAS_EXEC,
		.flags = VAS_PRIVATE,
		.file = &file,
		.offset = 2 * VAS_PAGE_SIZE,
	};
	uint64_t address = 0;
	int err;

	err = vas_map(space, &memory, &address);
	if (err != 0)
		return err;
	printf("memory at %#" PRIx64 "\n", address);

	address = 0; /* no hint: wherever there is room */
	err = vas_map(space, &text, &address);
	if (err != 0)
		return err;
	printf("file at %#" PRIx64 "\n", address);

	vas_space_print(space, &printer);
	err = vas_unmap(space, address, text.length); /* gives the file back */
	if (err != 0)
		return err;
	printf("references to the file now: %" PRIu32 "\n", file.references);
	return 0;
}

int main(void)
{
	struct vas_settings settings;
	struct vas_space_config config;
	struct vas_space *space;
	int err;

	vas_settings_default(&settings);
	vas_space_default(&config, &settings);
	err = vas_space_create(&config, &space);
	if (err == 0) {
		err = run(space);
		vas_space_destroy(space);
	}
	if (err != 0)
		fprintf(stderr, "map: %s\n", vas_error_name(err));
	return err != 0;
}
