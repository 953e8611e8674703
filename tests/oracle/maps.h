/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef ORACLE_MAPS_H
#define ORACLE_MAPS_H

/* The texts of /proc/PID/maps and /proc/PID/smaps. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct maps_line {
	const char *line; /* its text, `length` bytes without the newline */
	size_t length;
	uint64_t start, end, offset, inode;
	char permissions[5];
	uint32_t major, minor;
	const char *name; /* to the end of the line */
	size_t name_length;
	/* From smaps only: */
	uint64_t flags; /* VAS_AREA_ ... of the words in VmFlags that the model has */
	bool anonymous; /* has anonymous pages */
};

/* The next line at *text, which moves on; false at the end. From smaps, the figures as well.
 * The vsyscall page, which belongs to no space, is left out. */
bool maps_next(const char **text, const char *end, struct maps_line *line);

/* The line of the area that holds `address`. */
bool maps_find(const char *text, size_t length, uint64_t address, struct maps_line *line);

/* "VmLck: 12 kB" in /proc/PID/status, in pages. */
uint64_t status_pages(const char *text, size_t length, const char *key);

/* The two-letter words for `flags`; returns `text`. */
#define FLAGS_TEXT 128
char *maps_flags_text(uint64_t flags, char text[FLAGS_TEXT]);

/* All flags that have a word. */
uint64_t maps_known_flags(uint32_t kernel);

#endif
