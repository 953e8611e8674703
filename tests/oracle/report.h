/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef ORACLE_REPORT_H
#define ORACLE_REPORT_H

/* What the oracle prints: for people, or in TAP (the Test Anything Protocol). */

#include <stdbool.h>

struct report {
	bool tap, quiet;
	unsigned int number, failed; /* tests so far */
};

/* Text of any number of lines; comments in TAP. */
void report_note(const struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* One test is over. In TAP always a line; else one unless `quiet`. */
void report_test(struct report *report, bool good, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* One test was left out. */
void report_skip(struct report *report, const char *name, const char *why);

/* The last line. */
void report_end(const struct report *report);

#endif
