/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_EXPLAIN_REPORT_H
#define VAS_CMD_EXPLAIN_REPORT_H

/* What `vas explain` prints, and what it shares with `vas maps`. */

#include <jansson.h>

#include "explain_advice.h"
#include "explain_summary.h"

/* As text, on stdout; at most `rows` of each list. */
void explain_print(const struct picture *picture, const struct summary *summary,
		   const struct advice *advice, size_t advice_count, size_t rows);

/* As JSON, added to `report`. */
void explain_json(json_t *report, const struct picture *picture, const struct summary *summary,
		  const struct advice *advice, size_t advice_count, size_t rows);

/* The first lines: who, how many, how far from the limit. */
void picture_print_head(const struct picture *picture);
/* The last ones: what is not known; nothing if all is. */
void picture_print_note(const struct picture *picture);
/* Who and how many; limits; the processes of a trace. */
void picture_json_head(json_t *report, const struct picture *picture);
/* {"start": "0x1000", "end": "0x2000"} */
json_t *json_range(uint64_t start, uint64_t end);
json_t *json_slice(struct slice slice);

/* Prints `text` in lines of at most 78 columns, each after `indent` blanks. */
void print_wrapped(int indent, const char *text);

#endif
