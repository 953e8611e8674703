/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_OUTPUT_H
#define VAS_CMD_OUTPUT_H

/*
 * What all sub-commands share in what they say and how they read their options.
 *
 * Errors are one line on stderr that begins with "vas: ". A broken pipe on stdout is not an error:
 * main() sees to it. JSON is one object on stdout; names are snake_case, addresses are strings in
 * hexadecimal ("0x7f0012345000"), counts are numbers.
 */

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/* "vas: " and the text and a line end, on stderr; a progress bar that stands there is wiped away.
 */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

/* The same and ": No such file or directory" from errno. */
__attribute__((format(printf, 1, 2))) void complain_errno(const char *format, ...);

/*
 * getopt_long for a sub-command, whose name is argv[0]. A wrong option is complained of here, with
 * where to find help, and '?' is returned: the caller returns STATUS_TROUBLE. `shorts` may begin
 * with '+': stop at the first argument that is no option.
 */
int next_option(int argc, char **argv, const char *shorts, const struct option *longs);

/* A complaint about arguments, in the words of next_option. Returns STATUS_TROUBLE. */
__attribute__((format(printf, 2, 3))) int wrong_usage(const char *command, const char *format, ...);

/* The same of the value (optarg) of the option that next_option has returned. */
int wrong_value(const char *command, const struct option *longs, int option);

/* All of `text` as a number, decimal or with 0x; false: not one, or more than `most`. */
bool parse_number(const char *text, uint64_t most, uint64_t *value);

/* Is `name` one of those in a list with commas? */
bool in_list(const char *list, const char *name);

/* May `stream` be written to in colour? It is a terminal, TERM is not "dumb", NO_COLOR is not set.
 */
bool use_colour(FILE *stream);

/* Copies a FILE's worth of printer text to `context`, a FILE *: for struct vas_printer. */
void print_to_file(void *context, const char *text, size_t length);

/* Flushes stdout and returns `status`, or complains and returns STATUS_TROUBLE if it could not all
 * be written (a full disk). The last call of a sub-command. */
int finish_output(int status);

/* A new report: {"schema": "vas-NAME", "schema_version": 1, "vas_version": "0.1.0"}. Never NULL. */
json_t *report_new(const char *name);

/* Prints it to stdout, indented, and lets it go; then as finish_output. */
int report_print(json_t *report, int status);

/* A number. */
json_t *json_count(uint64_t count);

/* A string. Names of files are any bytes, JSON wants UTF-8: of others, those that are not ASCII
 * become \\ and three octal digits, and only the first 4 KiB are kept. */
json_t *json_bytes(const char *bytes, size_t length);
json_t *json_text(const char *text);

/* A string "0x7f0012345000". Never NULL. */
json_t *json_address(uint64_t address);

/* Sets object[name] = value, whose reference it takes; no memory stops the program. */
void report_set(json_t *object, const char *name, json_t *value);
void report_append(json_t *array, json_t *value);

#endif
