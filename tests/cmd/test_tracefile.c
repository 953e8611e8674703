/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Streams of lines: written and read back in all formats, cut off, damaged. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracefile.h"

enum { LINES = 30000, LONG_LINE = 700000 };

static const char *const names[] = { "trace", "trace.gz", "trace.zst" };

static int enter_folder(void **state)
{
	static char folder[] = "/tmp/vas-tracefile-XXXXXX";

	*state = mkdtemp(folder);
	return *state == NULL || chdir(folder) < 0 ? -1 : 0;
}

static int leave_folder(void **state)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(names[i]);
	return rmdir(*state);
}

/* Numbered lines, an empty one, one that is longer than every buffer, and no newline at the end. */
static void write_lines(const char *name)
{
	struct trace_writer *writer = trace_writer_open(name);
	char *line = malloc(LONG_LINE);

	assert_non_null(writer);
	assert_non_null(line);
	for (int i = 0; i < LINES; i++) {
		int length = snprintf(line, LONG_LINE, "%d @touch w 0x7f%06x\n", i, i * 7919);

		trace_write(writer, line, (size_t)length);
		if (i % 10000 == 0)
			trace_writer_flush(writer);
	}
	memset(line, 'x', LONG_LINE);
	trace_write(writer, "\n", 1);
	trace_write(writer, line, LONG_LINE);
	trace_write(writer, "\nlast", 5);
	assert_true(trace_writer_pending(writer));
	assert_int_equal(trace_writer_close(writer), 0);
	free(line);
}

static void read_lines(const char *name)
{
	struct trace_reader *reader = trace_reader_open(name);
	uint64_t done, size;
	char *line, expected[64];
	size_t length;

	assert_non_null(reader);
	for (int i = 0; i < LINES; i++) {
		snprintf(expected, sizeof(expected), "%d @touch w 0x7f%06x", i, i * 7919);
		assert_int_equal(trace_reader_line(reader, &line, &length), 1);
		assert_string_equal(line, expected);
	}
	assert_int_equal(trace_reader_line(reader, &line, &length), 1);
	assert_int_equal(length, 0);
	assert_int_equal(trace_reader_line(reader, &line, &length), 1);
	assert_int_equal(length, LONG_LINE);
	assert_int_equal(trace_reader_line(reader, &line, &length), 1);
	assert_string_equal(line, "last");
	assert_int_equal(trace_reader_number(reader), LINES + 3);
	assert_int_equal(trace_reader_line(reader, &line, &length), 0);
	trace_reader_progress(reader, &done, &size);
	assert_int_equal(done, size);
	trace_reader_close(reader);
}

static void what_was_written_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		write_lines(names[i]);
		read_lines(names[i]);
	}
}

static void names_end_in_a_format_and_bytes_tell_it(void **state)
{
	(void)state;
	write_lines("trace.zst");
	assert_int_equal(rename("trace.zst", "trace"), 0);
	read_lines("trace");
}

/* => what trace_reader_line returned last */
static int read_to_the_end(const char *name, uint64_t *lines, char *message, size_t size)
{
	struct trace_reader *reader = trace_reader_open(name);
	size_t length;
	char *line;
	int result;

	assert_non_null(reader);
	while ((result = trace_reader_line(reader, &line, &length)) == 1)
		continue;
	*lines = trace_reader_number(reader);
	snprintf(message, size, "%s", result < 0 ? trace_reader_message(reader) : "");
	trace_reader_close(reader);
	return result;
}

static void a_file_that_is_cut_off_gives_its_lines_and_a_message(void **state)
{
	char message[256];
	uint64_t lines;

	(void)state;
	for (size_t i = 1; i < sizeof(names) / sizeof(*names); i++) {
		struct stat status;

		write_lines(names[i]);
		assert_int_equal(stat(names[i], &status), 0);
		assert_int_equal(truncate(names[i], status.st_size - 20), 0);
		assert_int_equal(read_to_the_end(names[i], &lines, message, sizeof(message)), -1);
		assert_in_range(lines, 10000, LINES + 3);
		assert_non_null(strstr(message, "end too early"));
	}
}

static void damage_is_found(void **state)
{
	char message[256];
	uint64_t lines;

	(void)state;
	for (size_t i = 1; i < sizeof(names) / sizeof(*names); i++) {
		FILE *file;

		write_lines(names[i]);
		file = fopen(names[i], "r+");
		assert_non_null(file);
		fseek(file, 3000, SEEK_SET);
		for (int n = 0; n < 200; n++)
			fputc(0xff, file);
		fclose(file);
		assert_int_equal(read_to_the_end(names[i], &lines, message, sizeof(message)), -1);
		assert_non_null(strstr(message, names[i]));
	}
}

static void errors_stick(void **state)
{
	struct trace_writer *writer = trace_writer_open("/dev/full");

	(void)state;
	assert_non_null(writer);
	trace_write(writer, "line\n", 5);
	trace_writer_flush(writer);
	assert_int_not_equal(trace_writer_error(writer), 0);
	trace_write(writer, "line\n", 5);
	assert_int_not_equal(trace_writer_close(writer), 0);
	assert_null(trace_writer_open("no/such/folder"));
	assert_null(trace_reader_open("no/such/file"));
}

static void an_empty_file_has_no_lines(void **state)
{
	char message[256];
	uint64_t lines;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct trace_writer *writer = trace_writer_open(names[i]);

		assert_non_null(writer);
		assert_int_equal(trace_writer_close(writer), 0);
		assert_int_equal(read_to_the_end(names[i], &lines, message, sizeof(message)), 0);
		assert_int_equal(lines, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(names_end_in_a_format_and_bytes_tell_it),
		cmocka_unit_test(a_file_that_is_cut_off_gives_its_lines_and_a_message),
		cmocka_unit_test(damage_is_found),
		cmocka_unit_test(errors_stick),
		cmocka_unit_test(an_empty_file_has_no_lines),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
