/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Errors, options, numbers and JSON, the same in all sub-commands. */

#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vas/base.h>

#include "cmd.h"
#include "progress.h"

void complain(const char *format, ...)
{
	va_list arguments;

	progress_hide();
	fflush(stdout);
	fputs("vas: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

void complain_errno(const char *format, ...)
{
	int error = errno;
	va_list arguments;

	progress_hide();
	fflush(stdout);
	fputs("vas: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, ": %s\n", strerror(error));
}

/* The long option of this value, or NULL. */
static const char *option_name(const struct option *longs, int value)
{
	for (; longs->name != NULL; longs++)
		if (longs->flag == NULL && longs->val == value)
			return longs->name;
	return NULL;
}

/* Says what getopt_long, which found something wrong, does not say by itself when opterr is 0. */
static void complain_of_option(char **argv, int found, const struct option *longs)
{
	const char *word = argv[optind > 0 ? optind - 1 : 0];
	const char *name = optopt != 0 ? option_name(longs, optopt) : NULL;

	if (found == ':')
		complain("%s: option %s needs a value; see 'vas %s --help'", argv[0], word,
			 argv[0]);
	else if (name != NULL && strncmp(word, "--", 2) == 0)
		complain("%s: option --%s takes no value; see 'vas %s --help'", argv[0], name,
			 argv[0]);
	else if (optopt != 0)
		complain("%s: unknown option -%c; see 'vas %s --help'", argv[0], optopt, argv[0]);
	else
		complain("%s: unknown option %s; see 'vas %s --help'", argv[0], word, argv[0]);
}

int next_option(int argc, char **argv, const char *shorts, const struct option *longs)
{
	bool in_order = shorts[0] == '+';
	char quiet[64];
	int found;

	/* A colon in front makes getopt tell a missing value from an unknown option. */
	snprintf(quiet, sizeof(quiet), "%s:%s", in_order ? "+" : "", shorts + in_order);
	opterr = 0;
	found = getopt_long(argc, argv, quiet, longs, NULL);
	if (found == '?' || found == ':') {
		complain_of_option(argv, found, longs);
		return '?';
	}
	return found;
}

int wrong_usage(const char *command, const char *format, ...)
{
	va_list arguments;

	progress_hide();
	fflush(stdout);
	fprintf(stderr, "vas: %s: ", command);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "; see 'vas %s --help'\n", command);
	return STATUS_TROUBLE;
}

int wrong_value(const char *command, const struct option *longs, int option)
{
	return wrong_usage(command, "'%s' is no value for --%s", optarg,
			   option_name(longs, option));
}

bool parse_number(const char *text, uint64_t most, uint64_t *value)
{
	bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hexadecimal ? text + 2 : text;
	char *end;
	uintmax_t number;

	if (strspn(digits, hexadecimal ? "0123456789abcdefABCDEF" : "0123456789") == 0)
		return false;
	errno = 0;
	number = strtoumax(digits, &end, hexadecimal ? 16 : 10);
	if (errno != 0 || *end != '\0' || number > most)
		return false;
	*value = number;
	return true;
}

bool in_list(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (; list != NULL; list = strchr(list, ',')) {
		list += *list == ',';
		if (strncmp(list, name, length) == 0 &&
		    (list[length] == ',' || list[length] == '\0'))
			return true;
	}
	return false;
}

bool use_colour(FILE *stream)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if (no_colour != NULL && no_colour[0] != '\0')
		return false;
	if (terminal == NULL || strcmp(terminal, "dumb") == 0)
		return false;
	return isatty(fileno(stream)) == 1;
}

void print_to_file(void *context, const char *text, size_t length)
{
	fwrite(text, 1, length, context);
}

int finish_output(int status)
{
	progress_end();
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	complain_errno("cannot write the output");
	return STATUS_TROUBLE;
}

/* Jansson returns NULL for one reason here: no memory. */
static json_t *must(json_t *value)
{
	if (value == NULL) {
		complain("out of memory");
		exit(STATUS_TROUBLE);
	}
	return value;
}

void report_set(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, must(value)) != 0)
		must(NULL);
}

void report_append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, must(value)) != 0)
		must(NULL);
}

json_t *report_new(const char *name)
{
	json_t *report = must(json_object());

	report_set(report, "schema", json_sprintf("vas-%s", name));
	report_set(report, "schema_version", json_integer(1));
	report_set(report, "vas_version", json_string(vas_version()));
	return report;
}

int report_print(json_t *report, int status)
{
	progress_end();
	json_dumpf(report, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(report);
	return finish_output(status);
}

json_t *json_count(uint64_t count)
{
	return json_integer((json_int_t)count);
}

json_t *json_bytes(const char *bytes, size_t length)
{
	json_t *text = json_stringn(length > 0 ? bytes : "", length);
	char ascii[4096];
	size_t used = 0;

	if (text != NULL)
		return text;
	for (size_t i = 0; i < length && used + 5 < sizeof(ascii); i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c < 0x80)
			ascii[used++] = (char)c;
		else
			used += (size_t)snprintf(ascii + used, 5, "\\%03o", c);
	}
	return json_stringn(ascii, used);
}

json_t *json_text(const char *text)
{
	return json_bytes(text, strlen(text));
}

json_t *json_address(uint64_t address)
{
	return must(json_sprintf("0x%" PRIx64, address));
}
