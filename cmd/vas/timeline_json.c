/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * A timeline as JSON. Tables are objects of columns, all of the same length: so a million rows are
 * a few long arrays of numbers, quick to parse and small when compressed. -1: none.
 *
 *	moments	  line, process, text
 *	texts	  what happened, by number
 *	processes a list: pid, name, parent, born, died; exec_of and borrows where there is such
 *	objects	  a list: name, kind
 *	kinds	  what areas are for, by number
 *	areas	  process, page, pages, born, died, prot (1 read, 2 write, 4 execute, 8 shared), kind,
 *		  object, object_page
 *	memory	  moment, process, resident, shared
 *	sharing	  a list: moment, a, b, pages
 *	lines, cut, sharing_cut
 */

#include "timeline_inside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "explain_picture.h"
#include "output.h"

/* Text on its way, in large pieces. */
struct out {
	const struct vas_printer *to;
	char text[16384];
	size_t used;
};

static void flush(struct out *out)
{
	out->to->print(out->to->context, out->text, out->used);
	out->used = 0;
}

static void put(struct out *out, const char *text, size_t length)
{
	if (length > sizeof(out->text) - out->used)
		flush(out);
	if (length > sizeof(out->text)) {
		out->to->print(out->to->context, text, length);
		return;
	}
	memcpy(out->text + out->used, text, length);
	out->used += length;
}

static void put_text(struct out *out, const char *text)
{
	put(out, text, strlen(text));
}

static void put_number(struct out *out, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	put(out, digits + at, sizeof(digits) - at);
}

/* A number of something, or none. */
static void put_index(struct out *out, uint32_t index)
{
	if (index == TIMELINE_NONE)
		put_text(out, "-1");
	else
		put_number(out, index);
}

static void put_string(struct out *out, const char *text)
{
	json_t *string = json_text(text);
	char *dumped = json_dumps(string, JSON_ENCODE_ANY);

	put_text(out, dumped == NULL ? "\"\"" : dumped);
	free(dumped);
	json_decref(string);
}

/* One column of a table: FIELD of each row of LIST, written by PUT. */
#define COLUMN(out, name, table, put_one, field)                                                   \
	do {                                                                                       \
		put_text(out, name);                                                               \
		put_text(out, "[");                                                                \
		for (size_t row = 0; row < (table).count; row++) {                                 \
			if (row > 0)                                                               \
				put_text(out, ",");                                                \
			put_one(out, (table).list[row].field);                                     \
		}                                                                                  \
		put_text(out, "]");                                                                \
	} while (0)

static void put_moments(struct out *out, const struct timeline *timeline)
{
	COLUMN(out, "\"moments\":{\"line\":", timeline->moments, put_number, line);
	COLUMN(out, ",\"process\":", timeline->moments, put_index, process);
	COLUMN(out, ",\"text\":", timeline->moments, put_number, text);
	put_text(out, "},\"texts\":[");
	for (size_t i = 0; i < timeline->texts.count; i++) {
		put_text(out, i == 0 ? "" : ",");
		put_string(out, timeline->texts.list[i]);
	}
	put_text(out, "]");
}

static void put_process(struct out *out, const struct timeline_process *process)
{
	put_text(out, "{\"pid\":");
	put_number(out, (uint64_t)process->pid);
	put_text(out, ",\"name\":");
	put_string(out, process->name);
	put_text(out, ",\"parent\":");
	put_index(out, process->parent);
	put_text(out, ",\"born\":");
	put_index(out, process->born);
	put_text(out, ",\"died\":");
	put_index(out, process->died);
	if (process->exec_of != TIMELINE_NONE) {
		put_text(out, ",\"exec_of\":");
		put_index(out, process->exec_of);
	}
	if (process->borrows != TIMELINE_NONE) {
		put_text(out, ",\"borrows\":");
		put_index(out, process->borrows);
	}
	put_text(out, "}");
}

static void put_names(struct out *out, const struct timeline *timeline)
{
	put_text(out, ",\"processes\":[");
	for (size_t i = 0; i < timeline->processes.count; i++) {
		put_text(out, i == 0 ? "" : ",");
		put_process(out, &timeline->processes.list[i]);
	}
	put_text(out, "],\"objects\":[");
	for (size_t i = 0; i < timeline->objects.count; i++) {
		const struct timeline_object *object = &timeline->objects.list[i];

		put_text(out, i == 0 ? "{\"name\":" : ",{\"name\":");
		put_string(out, object->name);
		put_text(out, object->shared_memory ? ",\"kind\":\"shared memory\"}"
						    : ",\"kind\":\"file\"}");
	}
	put_text(out, "],\"kinds\":[");
	for (int kind = 0; kind < KINDS; kind++) {
		put_text(out, kind == 0 ? "" : ",");
		put_string(out, area_kind_one((enum area_kind)kind));
	}
	put_text(out, "]");
}

static void put_areas(struct out *out, const struct timeline *timeline)
{
	COLUMN(out, ",\"areas\":{\"process\":", timeline->areas, put_index, process);
	COLUMN(out, ",\"page\":", timeline->areas, put_number, page);
	COLUMN(out, ",\"pages\":", timeline->areas, put_number, pages);
	COLUMN(out, ",\"born\":", timeline->areas, put_index, born);
	COLUMN(out, ",\"died\":", timeline->areas, put_index, died);
	COLUMN(out, ",\"prot\":", timeline->areas, put_number, prot);
	COLUMN(out, ",\"kind\":", timeline->areas, put_number, kind);
	COLUMN(out, ",\"object\":", timeline->areas, put_index, object);
	COLUMN(out, ",\"object_page\":", timeline->areas, put_number, object_page);
	put_text(out, "}");
}

static void put_memory(struct out *out, const struct timeline *timeline)
{
	COLUMN(out, ",\"memory\":{\"moment\":", timeline->memory, put_index, moment);
	COLUMN(out, ",\"process\":", timeline->memory, put_index, process);
	COLUMN(out, ",\"resident\":", timeline->memory, put_number, resident);
	COLUMN(out, ",\"shared\":", timeline->memory, put_number, shared);
	put_text(out, "},\"sharing\":[");
	for (size_t i = 0; i < timeline->sharing.count; i++) {
		const struct timeline_share *share = &timeline->sharing.list[i];

		put_text(out, i == 0 ? "{\"moment\":" : ",{\"moment\":");
		put_number(out, share->moment);
		put_text(out, ",\"a\":");
		put_number(out, share->a);
		put_text(out, ",\"b\":");
		put_number(out, share->b);
		put_text(out, ",\"pages\":");
		put_number(out, share->pages);
		put_text(out, "}");
	}
	put_text(out, "]");
}

void timeline_write(const struct timeline *timeline, const struct vas_printer *to)
{
	struct out out = { .to = to };

	put_text(&out, "{");
	put_moments(&out, timeline);
	put_names(&out, timeline);
	put_areas(&out, timeline);
	put_memory(&out, timeline);
	put_text(&out, ",\"lines\":");
	put_number(&out, timeline->lines);
	put_text(&out, timeline->cut ? ",\"cut\":true" : ",\"cut\":false");
	put_text(&out,
		 timeline->sharing_cut ? ",\"sharing_cut\":true}" : ",\"sharing_cut\":false}");
	flush(&out);
}
