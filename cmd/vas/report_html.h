/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_REPORT_HTML_H
#define VAS_CMD_REPORT_HTML_H

/* The report in the browser: one HTML file with all that it shows. */

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/*
 * Writes the report to `path`. `compare` is the object that `vas compare --json` prints, and stays
 * the caller's; NULL: there is no comparison. Each trace is replayed once more, for its timeline.
 * The file appears whole or not at all; a device or a pipe is written to as it is. STATUS_OK, or
 * STATUS_TROUBLE after a complaint: no page in this build, a trace that cannot be read, the disk.
 */
int report_html_write(const char *path, json_t *compare, char *const *traces, size_t count);

/* Does this build have the page, and may it be written there? false, after a complaint: --html may
 * be refused at once, before hours of work. */
bool report_html_possible(const char *path);

/* The same with a page of the caller's; it holds REPORT_MARK once. */
#define REPORT_MARK "@VAS_REPORT_DATA@"
struct report_page {
	const char *text;
	size_t size;
};
int report_html_write_page(const struct report_page *page, const char *path, json_t *compare,
			   char *const *traces, size_t count);

#endif
