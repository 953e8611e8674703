/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The file of the report: the data in its page, plain and compressed, and what may go wrong. */

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "../../cmd/vas/cmd.h"
#include "../../cmd/vas/output.h"
#include "../../cmd/vas/report_html.h"
#include "../../cmd/vas/report_template.h"

#define BEFORE "<!doctype html><script id=\"vas-report\" type=\"application/json\">"
#define AFTER  "</script><script>/* the page */</script>\n"

static const char text[] = BEFORE REPORT_MARK AFTER;
static const struct report_page page = { text, sizeof(text) - 1 };
static char folder[] = "/tmp/report-XXXXXX", path[64], trace[4096];
static const char *fixtures;

/* What stands between BEFORE and AFTER in the file; NULL: there is no file. */
static char *read_data(void)
{
	FILE *file = fopen(path, "r");
	struct stat status;
	char *all, *data;
	size_t size;

	if (file == NULL)
		return NULL;
	assert_int_equal(fstat(fileno(file), &status), 0);
	size = (size_t)status.st_size;
	all = malloc(size + 1);
	assert_non_null(all);
	assert_int_equal(fread(all, 1, size, file), size);
	all[size] = '\0';
	fclose(file);
	assert_memory_equal(all, BEFORE, strlen(BEFORE));
	assert_string_equal(all + size - strlen(AFTER), AFTER);
	all[size - strlen(AFTER)] = '\0';
	data = strdup(all + strlen(BEFORE));
	free(all);
	return data;
}

static unsigned digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0') + 52;
	return c == '+' ? 62 : c == '/' ? 63 : c == '=' ? 0 : 64;
}

static size_t decode_base64(char *data)
{
	size_t length = strlen(data), bytes = 0;

	assert_int_equal(length % 4, 0);
	for (size_t i = 0; i < length; i += 4) {
		unsigned bits = 0;

		for (size_t j = 0; j < 4; j++) {
			assert_in_range(digit(data[i + j]), 0, 63);
			bits = bits << 6 | digit(data[i + j]);
		}
		data[bytes++] = (char)(bits >> 16);
		data[bytes++] = (char)(bits >> 8);
		data[bytes++] = (char)bits;
	}
	while (length > 0 && data[--length] == '=')
		bytes--;
	return bytes;
}

/* The JSON of a compressed report. */
static json_t *unpack(char *data, size_t most)
{
	static const char head[] = "deflate-raw:";
	z_stream stream = { .next_in = NULL };
	char *json = malloc(most);
	char *padding = strchr(data, '=');
	json_t *report;
	size_t bytes;

	assert_non_null(json);
	assert_memory_equal(data, head, strlen(head));
	bytes = padding == NULL ? 0 : strlen(padding);
	assert_in_range(bytes, 0, 2);
	stream.next_in = (Bytef *)data + strlen(head);
	stream.avail_in = (uInt)(strlen(data + strlen(head)) / 4 * 3 - bytes);
	decode_base64(data + strlen(head));
	stream.next_out = (Bytef *)json;
	stream.avail_out = (uInt)most;
	assert_int_equal(inflateInit2(&stream, -MAX_WBITS), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	report = json_loadb(json, stream.total_out, 0, NULL);
	inflateEnd(&stream);
	free(json);
	assert_non_null(report);
	return report;
}

static size_t files_in_folder(void)
{
	DIR *opened = opendir(folder);
	size_t count = 0;

	assert_non_null(opened);
	while (readdir(opened) != NULL)
		count++;
	closedir(opened);
	return count - 2;
}

static void data_is_put_into_the_page(void **state)
{
	char *traces[] = { trace, trace };
	json_t *compare = json_pack("{s:s, s:f}", "text", "</script><!-- \"&\\", "number", 0.1),
	       *report, *one;
	char *data;

	(void)state;
	assert_int_equal(report_html_write_page(&page, path, compare, traces, 2), STATUS_OK);
	assert_int_equal(files_in_folder(), 1);
	data = read_data();
	assert_int_equal(data[0], '{');
	assert_null(strchr(data, '<'));
	report = json_loads(data, 0, NULL);
	assert_non_null(report);
	assert_true(json_equal(json_object_get(report, "compare"), compare));
	assert_string_equal(json_string_value(json_object_get(report, "kind")), "report");
	assert_int_equal(json_array_size(json_object_get(report, "traces")), 2);
	one = json_array_get(json_object_get(report, "traces"), 1);
	assert_string_equal(json_string_value(json_object_get(one, "name")), "recorded.trace");
	assert_true(json_is_object(json_object_get(json_object_get(one, "timeline"), "areas")));
	json_decref(report);
	json_decref(compare);
	free(data);
}

static void without_a_comparison(void **state)
{
	char *traces[] = { trace };
	json_t *report;
	char *data;

	(void)state;
	assert_int_equal(report_html_write_page(&page, path, NULL, traces, 1), STATUS_OK);
	data = read_data();
	report = json_loads(data, 0, NULL);
	assert_true(json_is_null(json_object_get(report, "compare")));
	json_decref(report);
	free(data);
}

/* Of every length about the limit, so that the last piece of base64 is whole once, and not. */
static void much_data_is_compressed(void **state)
{
	const size_t limit = 1 << 20;
	char *much = malloc(limit * 2);
	uint64_t random = 1;

	(void)state;
	assert_non_null(much);
	for (size_t extra = 0; extra < 7; extra++) {
		json_t *compare, *report;
		char *data;

		for (size_t i = 0; i < limit + extra; i++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			much[i] = (char)(' ' + 10 + (random >> 33) % 80);
			much[i] = much[i] == '\\' ? '<' : much[i];
		}
		much[limit + extra] = '\0';
		compare = json_string(much);
		assert_int_equal(report_html_write_page(&page, path, compare, NULL, 0), STATUS_OK);
		data = read_data();
		assert_null(strchr(data, '<'));
		report = unpack(data, limit * 2);
		assert_true(json_equal(json_object_get(report, "compare"), compare));
		json_decref(report);
		json_decref(compare);
		free(data);
	}
	free(much);
}

static void a_trace_that_cannot_be_read_leaves_no_file(void **state)
{
	char missing[] = "/nowhere/at.trace";
	char *traces[] = { trace, missing };

	(void)state;
	assert_int_equal(report_html_write_page(&page, path, NULL, traces, 2), STATUS_TROUBLE);
	assert_int_equal(files_in_folder(), 0);
}

static void an_old_report_stays_when_a_new_one_fails(void **state)
{
	char missing[] = "/nowhere/at.trace";
	char *traces[] = { missing };
	char *data;

	(void)state;
	assert_int_equal(report_html_write_page(&page, path, NULL, NULL, 0), STATUS_OK);
	assert_int_equal(report_html_write_page(&page, path, NULL, traces, 1), STATUS_TROUBLE);
	data = read_data();
	assert_non_null(data);
	free(data);
	assert_int_equal(files_in_folder(), 1);
}

static void places_that_cannot_be_written(void **state)
{
	char name[4200];

	(void)state;
	assert_int_equal(report_html_write_page(&page, "/nowhere/report.html", NULL, NULL, 0),
			 STATUS_TROUBLE);
	assert_int_equal(report_html_write_page(&page, folder, NULL, NULL, 0), STATUS_TROUBLE);
	assert_int_equal(report_html_write_page(&page, "/dev/full/x", NULL, NULL, 0),
			 STATUS_TROUBLE);
	snprintf(name, sizeof(name), "%s.%d.part", folder, (int)getpid());
	assert_int_equal(access(name, F_OK), -1);
}

static void what_is_no_file_stays_what_it_is(void **state)
{
	char target[80];
	struct stat status;
	char *data;

	(void)state;
	assert_int_equal(symlink("/dev/full", path), 0);
	assert_int_equal(report_html_write_page(&page, path, NULL, NULL, 0), STATUS_TROUBLE);
	assert_int_equal(stat(path, &status), 0);
	assert_true(S_ISCHR(status.st_mode));
	unlink(path);

	snprintf(target, sizeof(target), "%s/target", folder);
	fclose(fopen(target, "w"));
	assert_int_equal(symlink("target", path), 0);
	assert_int_equal(report_html_write_page(&page, path, NULL, NULL, 0), STATUS_OK);
	assert_int_equal(lstat(path, &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	data = read_data();
	assert_non_null(data);
	free(data);
	unlink(target);
}

static void where_a_page_may_be_written(void **state)
{
	(void)state;
	if (vas_report_template_size == 0)
		skip();
	assert_true(report_html_possible(path));
	assert_true(report_html_possible("report.html"));
	assert_true(report_html_possible("/dev/null"));
	assert_false(report_html_possible("/nowhere/report.html"));
	assert_false(report_html_possible(folder));
	assert_int_equal(files_in_folder(), 0);
}

static void a_page_without_a_place(void **state)
{
	const struct report_page none = { AFTER, strlen(AFTER) };

	(void)state;
	assert_int_equal(report_html_write_page(&none, path, NULL, NULL, 0), STATUS_TROUBLE);
	assert_int_equal(files_in_folder(), 0);
}

static void the_page_of_this_build(void **state)
{
	(void)state;
	assert_int_equal(report_html_possible(path), vas_report_template_size > 0);
	assert_int_equal(report_html_write(path, NULL, NULL, 0),
			 vas_report_template_size > 0 ? STATUS_OK : STATUS_TROUBLE);
	assert_int_equal(files_in_folder(), vas_report_template_size > 0);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(trace, sizeof(trace), "%s/recorded.trace", fixtures);
	snprintf(path, sizeof(path), "%s/report.html", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(data_is_put_into_the_page),
		TEST(without_a_comparison),
		TEST(much_data_is_compressed),
		TEST(a_trace_that_cannot_be_read_leaves_no_file),
		TEST(an_old_report_stays_when_a_new_one_fails),
		TEST(places_that_cannot_be_written),
		TEST(what_is_no_file_stays_what_it_is),
		TEST(where_a_page_may_be_written),
		TEST(a_page_without_a_place),
		TEST(the_page_of_this_build),
	};
	int failed;

	if (argc < 2 || mkdtemp(folder) == NULL)
		return 2;
	fixtures = argv[1];
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return failed;
}
