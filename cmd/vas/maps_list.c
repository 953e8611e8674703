/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Areas and gaps, a line each. The bar beside each has one column for each factor of 8: a page has
 * one, 2 MiB four, the largest gap thirteen.
 *
 * A process with 60,000 areas has few sorts of them, which repeat themselves: stack, guard, stack,
 * guard ... Where up to six lines repeat themselves often enough, they are shown once, with how
 * often and how far. Lines are alike when kind, permission and name are; sizes may differ.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain_format.h"
#include "maps_show.h"
#include "output.h"

enum {
	PERIOD_MOST = 6,
	FOLD_LEAST = 24,   /* lines, for folding to be worth it */
	MANY_AREAS = 1000, /* then files of one directory are alike */
	BAR_BITS = 3,	   /* a column */
	BAR_COLUMNS = 13,
};

struct row {
	struct vas_range range;
	const struct picture_area *area; /* NULL: a gap */
};

struct rows {
	struct row *list;
	size_t count;
	bool by_directory;
};

static struct slice name_that_counts(const struct rows *rows, const struct picture_area *area)
{
	struct slice name = area->name;

	if (rows->by_directory && name.length > 0 && name.at[0] == '/')
		while (name.length > 1 && name.at[name.length - 1] != '/')
			name.length--;
	return name;
}

static bool alike(const struct rows *rows, size_t i, size_t j)
{
	const struct picture_area *a = rows->list[i].area, *b = rows->list[j].area;
	uint64_t differ;

	if (a == NULL || b == NULL)
		return a == b;
	differ = (a->flags ^ b->flags) & (VAS_AREA_ACCESS | VAS_AREA_MAY_SHARE);
	return a->kind == b->kind && differ == 0 &&
	       slice_same(name_that_counts(rows, a), name_that_counts(rows, b));
}

/* How many rows from i on repeat the first `period` of them, those included. */
static size_t repeated(const struct rows *rows, size_t i, size_t period)
{
	size_t j = i + period;

	while (j < rows->count && alike(rows, j, j - period))
		j++;
	return j < rows->count ? j - i : rows->count - i;
}

/* The shortest period of what follows; 0: it does not repeat itself often. */
static size_t find_period(const struct rows *rows, size_t i, size_t *length)
{
	for (size_t period = 1; period <= PERIOD_MOST; period++) {
		*length = repeated(rows, i, period);
		if (*length >= FOLD_LEAST && *length >= 4 * period)
			return period;
	}
	return 0;
}

static void print_bar(uint64_t bytes, char c)
{
	char bar[BAR_COLUMNS + 1];
	unsigned length = 1;

	for (uint64_t left = bytes >> VAS_PAGE_SHIFT >> BAR_BITS; left != 0; left >>= BAR_BITS)
		length++;
	if (length > BAR_COLUMNS)
		length = BAR_COLUMNS;
	memset(bar, c, length);
	bar[length] = '\0';
	printf("%-*s", BAR_COLUMNS, bar);
}

static void print_row(const struct row *row)
{
	uint64_t bytes = vas_range_length(row->range);
	char mode[5];

	printf("  %12" PRIx64 "-%-12" PRIx64 " %9s ", row->range.start, row->range.end,
	       format_size(bytes).at);
	if (row->area == NULL) {
		printf("     ");
		print_bar(bytes, '.');
		puts(" gap");
		return;
	}
	picture_area_mode(row->area, mode);
	printf("%s ", mode);
	print_bar(bytes, '#');
	if (row->area->name.length > 0)
		printf(" %.*s\n", SLICE_ARGS(row->area->name));
	else
		printf(" (%s)\n", area_kind_one(row->area->kind));
}

/* The rows after the first `period` of `length`. */
static void print_folded(const struct rows *rows, size_t first, size_t period, size_t length)
{
	struct extent areas = { 0 }, gaps = { 0 };

	for (size_t i = first + period; i < first + length; i++) {
		const struct row *row = &rows->list[i];
		uint64_t bytes = vas_range_length(row->range);
		struct extent *extent = row->area != NULL ? &areas : &gaps;

		if (extent->sum == 0 || bytes < extent->least)
			extent->least = bytes;
		if (bytes > extent->most)
			extent->most = bytes;
		extent->sum += bytes;
	}
	printf("  %12s-%-12" PRIx64 " %9s the same, %s more times (--all)", "...",
	       rows->list[first + length - 1].range.end, format_size(areas.sum + gaps.sum).at,
	       format_count(length / period - 1).at);
	if (areas.least != areas.most)
		printf(", areas of %s", format_extent(&areas).at);
	if (gaps.least != gaps.most)
		printf(", gaps of %s", format_extent(&gaps).at);
	putchar('\n');
}

static void print_rows(const struct rows *rows, bool all)
{
	size_t i = 0;

	while (i < rows->count) {
		size_t length = 1, period = all ? 0 : find_period(rows, i, &length);

		if (period == 0) {
			print_row(&rows->list[i++]);
			continue;
		}
		length -= length % period;
		for (size_t j = i; j < i + period; j++)
			print_row(&rows->list[j]);
		print_folded(rows, i, period, length);
		i += length;
	}
}

int maps_list(const struct picture *picture, bool all)
{
	struct rows rows = { .by_directory = picture->count > MANY_AREAS };

	rows.list = calloc(2 * picture->count + 1, sizeof(*rows.list));
	if (rows.list == NULL) {
		complain("out of memory");
		return -1;
	}
	for (size_t i = 0; i < picture->count; i++) {
		const struct picture_area *area = &picture->areas[i];
		uint64_t end = i == 0 ? picture->lowest : (area - 1)->range.end;

		if (end < area->range.start)
			rows.list[rows.count++] = (struct row){ { end, area->range.start }, NULL };
		rows.list[rows.count++] = (struct row){ area->range, area };
	}
	if (picture->count > 0 && picture->areas[picture->count - 1].range.end < picture->top)
		rows.list[rows.count++] = (struct row){
			{ picture->areas[picture->count - 1].range.end, picture->top }, NULL
		};
	printf("\n  %12s-%-12s %9s mode %-*s name or kind\n", "start", "end", "size", BAR_COLUMNS,
	       "log size");
	print_rows(&rows, all);
	free(rows.list);
	return 0;
}
