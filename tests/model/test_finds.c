/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * What the fuzzer of call sequences (fuzz/fuzz_space.c) found, and a choice of what it tried on the
 * way, done once more without a fuzzer. The folder with the inputs is the one argument.
 */

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lockstep.h"

enum { CALLS_MOST = 400, BYTES_MOST = 1 << 16 };

static const char *folder;

static size_t read_input(const char *name, uint8_t *bytes)
{
	char path[4096];
	FILE *file;
	size_t length;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("%s: cannot be read", path);
	length = fread(bytes, 1, BYTES_MOST, file);
	fclose(file);
	return length;
}

static void every_input_runs_well(void **state)
{
	static uint8_t bytes[BYTES_MOST];
	struct dirent *entry;
	size_t inputs = 0;
	DIR *dir = opendir(folder);

	(void)state;
	if (dir == NULL)
		fail_msg("%s: cannot be read", folder);
	while ((entry = readdir(dir)) != NULL) {
		struct source source = { .bytes = bytes };

		if (entry->d_name[0] == '.')
			continue;
		source.left = read_input(entry->d_name, bytes);
		if (!lockstep_run(&source, CALLS_MOST, stderr))
			fail_msg("%s", entry->d_name);
		inputs++;
	}
	closedir(dir);
	assert_true(inputs > 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_input_runs_well),
	};

	folder = argc > 1 ? argv[1] : "tests/model/fixtures";
	return cmocka_run_group_tests_name("finds", tests, NULL, NULL);
}
