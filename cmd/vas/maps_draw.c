/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Drawn. An address space is nearly all gap: in proportion nothing would be seen. So it is cut at
 * the large gaps, and each run of areas between two of them is drawn over the whole width, in
 * proportion within itself:
 *
 *	55d10ad5b000    24 KiB |FFFFFFFFTTTTTTTTTTTTTTTTFFFFFFFFFFFFFFFFDDDDDDDD|
 *
 * A column shows the kind that has most of it; a gap only where nothing else is in it, so that no
 * area is lost.
 */

#include <inttypes.h>
#include <stdio.h>

#include "explain_format.h"
#include "maps_show.h"

enum { WIDTH = 50, COLOURS = 7 };

/* A gap of so many bytes ends a run. */
#define RUN_GAP (UINT64_C(1) << 30)

static const char letters[KINDS + 1] = "TDFfMaJHSs-_PdV";

/* ANSI colours: code, data, files, shared, private, stacks, the rest. */
static const int colours[KINDS] = {
	[KIND_TEXT] = 31,	  [KIND_DATA] = 33,	     [KIND_FILE] = 35,
	[KIND_FILE_SHARED] = 36,  [KIND_SHARED_MEMORY] = 36, [KIND_ANONYMOUS] = 32,
	[KIND_CODE] = 31,	  [KIND_HEAP] = 32,	     [KIND_STACK] = 34,
	[KIND_THREAD_STACK] = 34, [KIND_GUARD] = 90,	     [KIND_RESERVED] = 90,
	[KIND_HUGE] = 32,	  [KIND_DEVICE] = 36,	     [KIND_SPECIAL] = 90,
};

/* Areas [first, end) of the picture. */
struct run {
	size_t first, end;
	struct vas_range range;
};

static bool next_run(const struct picture *picture, struct run *run)
{
	size_t at = run->end;

	if (at == picture->count)
		return false;
	run->first = at;
	while (at + 1 < picture->count &&
	       picture->areas[at + 1].range.start - picture->areas[at].range.end < RUN_GAP)
		at++;
	run->end = at + 1;
	run->range.start = picture->areas[run->first].range.start;
	run->range.end = picture->areas[at].range.end;
	return true;
}

/* Where column `i` begins. */
static uint64_t edge(const struct run *run, unsigned i)
{
	uint64_t length = vas_range_length(run->range);

	return run->range.start + length / WIDTH * i + length % WIDTH * i / WIDTH;
}

/* The kind with the most bytes in [start, end); KINDS: a gap. *at is the first area that ends
 * above start. */
static unsigned column_kind(const struct picture *picture, size_t *at, uint64_t start, uint64_t end)
{
	uint64_t bytes[KINDS] = { 0 };
	unsigned best = KINDS;

	while (picture->areas[*at].range.end <= start)
		++*at;
	for (size_t i = *at; i < picture->count && picture->areas[i].range.start < end; i++) {
		const struct picture_area *area = &picture->areas[i];
		uint64_t from = area->range.start > start ? area->range.start : start;
		uint64_t to = area->range.end < end ? area->range.end : end;

		bytes[area->kind] += to - from;
		if (best == KINDS || bytes[area->kind] > bytes[best])
			best = area->kind;
	}
	return best;
}

static void draw_run(const struct picture *picture, const struct run *run, bool colour,
		     bool seen[KINDS])
{
	size_t at = run->first;
	int now = 0;

	printf("  %12" PRIx64 " %9s |", run->range.start,
	       format_size(vas_range_length(run->range)).at);
	for (unsigned i = 0; i < WIDTH; i++) {
		uint64_t start = edge(run, i), end = edge(run, i + 1);
		unsigned kind = column_kind(picture, &at, start, end > start ? end : start + 1);
		int wanted = kind == KINDS ? 0 : colours[kind];

		if (colour && wanted != now) {
			printf("\033[%dm", wanted);
			now = wanted;
		}
		putchar(kind == KINDS ? '.' : letters[kind]);
		if (kind != KINDS)
			seen[kind] = true;
	}
	printf("%s| %s\n", now != 0 ? "\033[0m" : "", format_count(run->end - run->first).at);
}

static void print_legend(const bool seen[KINDS])
{
	int column = 0;

	for (unsigned i = 0; i < KINDS; i++) {
		if (!seen[i])
			continue;
		if (column > 60) {
			putchar('\n');
			column = 0;
		}
		column += printf("%s%c %s", column > 0 ? ", " : "  ", letters[i],
				 area_kind_text((enum area_kind)i));
	}
	printf("%s. gap\n", column > 0 ? ", " : "  ");
}

void maps_draw(const struct picture *picture, bool colour)
{
	bool seen[KINDS] = { false };
	struct run run = { 0 };

	printf("\n  %12s %9s  %-*s  areas\n", "from", "size", WIDTH,
	       "drawn in proportion, cut at gaps of 1 GiB and more");
	while (next_run(picture, &run))
		draw_run(picture, &run, colour, seen);
	print_legend(seen);
}
