/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Lines of a trace: their start, the lines about the whole trace, notes. */

#include "record.h"

#include "procfs.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define NANOSECONDS UINT64_C(1000000000)

uint64_t line_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NANOSECONDS + (uint64_t)now.tv_nsec;
}

void line_start(struct recorder *recorder, pid_t tid)
{
	text_clear(&recorder->text);
	text_decimal(&recorder->text, (uint64_t)tid);
	text_char(&recorder->text, ' ');
}

/* Seconds and microseconds of CLOCK_MONOTONIC, as strace -ttt prints a time. */
void line_start_timed(struct recorder *recorder, pid_t tid)
{
	uint64_t micros = recorder->now % NANOSECONDS / 1000;
	char fraction[8] = ".000000";

	for (int i = 6; i > 0; i--, micros /= 10)
		fraction[i] = (char)('0' + micros % 10);
	line_start(recorder, tid);
	text_decimal(&recorder->text, recorder->now / NANOSECONDS);
	text_add(&recorder->text, fraction, 7);
	text_char(&recorder->text, ' ');
}

void line_end(struct recorder *recorder)
{
	text_char(&recorder->text, '\n');
	trace_write(recorder->trace, recorder->text.data, recorder->text.length);
}

void line_note(struct recorder *recorder, const char *format, ...)
{
	char note[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(note, sizeof(note), format, arguments);
	va_end(arguments);
	text_clear(&recorder->text);
	text_string(&recorder->text, "@note ");
	text_string(&recorder->text, note);
	line_end(recorder);
}

void line_header(struct recorder *recorder)
{
	struct proc_settings settings;
	char line[512];

	proc_read_settings(&settings);
	text_clear(&recorder->text);
	text_format(&recorder->text, "@vas-trace 1 kernel=%s machine=%s recorder=vas-%s",
		    settings.kernel, settings.machine, VAS_VERSION);
	line_end(recorder);
	proc_print_settings(&settings, line, sizeof(line));
	text_clear(&recorder->text);
	text_format(&recorder->text, "@settings %s", line);
	line_end(recorder);
	text_clear(&recorder->text);
	text_format(&recorder->text, "@faults %s", faults_name(recorder->source));
	line_end(recorder);
}
