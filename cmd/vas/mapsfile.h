/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_MAPSFILE_H
#define VAS_CMD_MAPSFILE_H

/*
 * The text of /proc/PID/maps, and the words of smaps' "VmFlags:" lines.
 *
 * Lines are taken as slices and nothing is copied: the results point into the caller's text.
 */

#include <vas/area.h>
#include <vas/space.h>

#include "slice.h"

/* One line of maps, with what a trace's @area line or smaps adds. */
struct maps_line {
	struct vas_range range;
	char mode[4];	 /* 'r' or '-', 'w' or '-', 'x' or '-', 's' or 'p' */
	uint64_t offset; /* bytes, as printed */
	uint32_t major, minor;
	uint64_t inode;
	struct slice name; /* "" when there is none; with its " (deleted)" */

	bool has_words;	 /* VmFlags are known */
	uint64_t words;	 /* the same as VAS_AREA_ flags; meaningful with has_words only */
	bool has_anon;	 /* anon is known */
	uint64_t anon;	 /* KiB of anonymous pages */
	uint64_t locked; /* KiB */
};

/*
 * Parses one line without its newline. Returns NULL, or what is wrong with it (a static text).
 *  => on error *line is undefined.
 *  => a range must not be empty, and must be made of whole pages.
 */
const char *mapsfile_parse(struct slice text, struct maps_line *line);

/* The same for a trace's "@area" text: a maps line, then " @ WORDS...": VmFlags words and
 * KEY=KB pairs. Unknown words and keys are skipped. */
const char *mapsfile_parse_area(struct slice text, struct maps_line *line);

/* VmFlags words, separated by blanks, as VAS_AREA_ flags. Unknown words are skipped. */
uint64_t mapsfile_words(struct slice words);

/* The VAS_AREA_ flags of a line: its words if it has them, else what its mode, file and name
 * make likely. */
uint64_t mapsfile_flags(const struct maps_line *line);

/* Is it a mapping of a file, named "[anon_shmem:", "/dev/zero (deleted)", "/SYSV..." included? */
bool mapsfile_has_file(const struct maps_line *line);

/*
 * A whole text, line by line. Start with *rest = the text; returns 1 and a line, 0 at the end,
 * -1 for a line that cannot be parsed (*error says why; *rest is after it).
 *  => the text of a file that was cut off mid-line gives -1 for the last one.
 */
int mapsfile_next(struct slice *rest, struct maps_line *line, const char **error);

#endif
