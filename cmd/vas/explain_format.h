/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_EXPLAIN_FORMAT_H
#define VAS_CMD_EXPLAIN_FORMAT_H

/* Figures for people. Results are values, so several may stand in one printf. */

#include <stdint.h>

#include "explain_pair.h"
#include "explain_summary.h"

struct short_text {
	char at[32];
};

struct phrase {
	char at[80];
};

struct long_text {
	char at[256];
};

/* "65,530" */
struct short_text format_count(uint64_t count);
/* "65,530 areas", "1 area": `one` gets an s unless it is one. */
struct phrase format_counted(uint64_t count, const char *one);
/* "4 KiB", "19.3 GiB" */
struct short_text format_size(uint64_t bytes);
/* "4 KiB", or "4 KiB to 2 MiB" */
struct phrase format_extent(const struct extent *extent);
/* "4.2 %" */
struct short_text format_share(uint64_t part, uint64_t whole);

/* "permission and name", "MADV_DONTDUMP and mlock", "a gap, else nothing" */
struct long_text format_reasons(struct pair pair);

/* The shape of a number with its noun: 1 area is, 2 areas are. */
static inline const char *plural(uint64_t count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}

#endif
