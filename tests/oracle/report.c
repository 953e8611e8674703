/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "report.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void report_note(const struct report *report, const char *format, ...)
{
	char *text, *line, *state = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		err(2, "no memory");
	va_end(arguments);
	for (line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state))
		printf("%s%s\n", report->tap ? "# " : "", line);
	free(text);
	fflush(stdout);
}

void report_test(struct report *report, bool good, const char *format, ...)
{
	va_list arguments;

	report->number++;
	report->failed += !good;
	if (!report->tap && report->quiet && good)
		return;
	if (report->tap)
		printf("%sok %u - ", good ? "" : "not ", report->number);
	else
		printf("%-4s ", good ? "ok" : "BAD");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	fflush(stdout);
}

void report_skip(struct report *report, const char *name, const char *why)
{
	report->number++;
	if (report->tap)
		printf("ok %u - %s # SKIP %s\n", report->number, name, why);
	else
		printf("skip %s: %s\n", name, why);
	fflush(stdout);
}

void report_end(const struct report *report)
{
	if (report->tap)
		printf("1..%u\n", report->number);
}
