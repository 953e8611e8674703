/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The text of `vas explain`: first the whole, then its parts, then what would help. */

#include "explain_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain_format.h"

/* Groups that are shown of each class. */
enum { GROUPS_SHOWN = 4, NAME_COLUMNS = 56, SHORT_NAME = 24 };

/* Of many pairs, causes of fewer than this part are not shown. */
enum { MANY_PAIRS = 1000, SHOWN_PART = 1000, CALLS_PART = 50, CALLS_LEAST = 3 };

/* ---- kinds ---- */

static void sort_kinds(const struct summary *summary, enum area_kind order[KINDS])
{
	for (unsigned i = 0; i < KINDS; i++) {
		unsigned at = i;

		while (at > 0 && summary->kinds[order[at - 1]].areas < summary->kinds[i].areas) {
			order[at] = order[at - 1];
			at--;
		}
		order[at] = (enum area_kind)i;
	}
}

static void print_kinds(const struct summary *summary)
{
	enum area_kind order[KINDS];

	puts("\nWhat they are");
	printf("  %9s  %10s  %10s  %-16s  %s\n", "areas", "size",
	       summary->has_figures ? "resident" : "", "kind", "each");
	sort_kinds(summary, order);
	for (unsigned i = 0; i < KINDS; i++) {
		const struct kind_count *kind = &summary->kinds[order[i]];

		if (kind->areas == 0)
			break;
		printf("  %9s  %10s  %10s  %-16s  %s\n", format_count(kind->areas).at,
		       format_size(kind->bytes).at,
		       summary->has_figures ? format_size(kind->resident_kb * 1024).at : "",
		       area_kind_text(order[i]), format_extent(&kind->size).at);
	}
}

/* ---- causes ---- */

/* The last part of a path, or the name. */
static void print_short_name(struct slice name)
{
	size_t start = name.length;

	if (name.length == 0)
		return;
	while (start > 0 && name.at[start - 1] != '/')
		start--;
	name = slice_after(name, start);
	printf(" %.*s%s", (int)(name.length < SHORT_NAME ? name.length : SHORT_NAME), name.at,
	       name.length > SHORT_NAME ? "..." : "");
}

static void print_call(const struct picture *picture, const char *did, struct picture_call call)
{
	if (call.line != 0)
		printf("\n  %9s        %s by line %s, %s", "", did, format_count(call.line).at,
		       picture->sources[call.source].text);
}

static void print_calls_of(const struct picture *picture, const struct picture_area *area,
			   bool heads)
{
	print_call(picture, "mapped", area->mapped);
	if (area->made.line != area->mapped.line)
		print_call(picture, "cut off or moved", area->made);
	if (area->changed.line != area->made.line && area->changed.line != area->mapped.line)
		print_call(picture, "changed", area->changed);
	if (heads)
		print_call(picture, "first written", area->touched);
}

static void print_area(const struct picture_area *area, const char *before)
{
	char mode[5];

	picture_area_mode(area, mode);
	printf("%s%" PRIx64 "-%" PRIx64 " %s", before, area->range.start, area->range.end, mode);
	print_short_name(area->name);
}

static void print_group(const struct picture *picture, const struct summary *summary,
			const struct group *group)
{
	const struct group_side *a = &group->sides[0], *b = &group->sides[1];
	const struct picture_area *below = &picture->areas[group->examples[0]];
	bool heads = (group->pair.reasons & (REASON_HEAD | REASON_INHERITED | REASON_MOVED)) != 0;
	/* Who made a single area out of hundreds is not worth so many lines. */
	bool traced = below->mapped.line != 0 && group->count >= CALLS_LEAST &&
		      group->count >= summary->pairs / CALLS_PART;

	printf("  %9s    %s %s %s | %s %s %s", format_count(group->count).at,
	       area_kind_text(a->kind), a->mode, format_extent(&a->size).at,
	       area_kind_text(b->kind), b->mode, format_extent(&b->size).at);
	if ((group->pair.reasons & REASON_GAP) != 0)
		printf(", gap %s", format_extent(&group->gap).at);
	printf("\n  %9s      ", "");
	print_area(below, "e.g. ");
	if (traced) {
		print_calls_of(picture, below, heads);
		printf("\n  %9s      ", "");
	}
	print_area(below + 1, traced ? "and  " : " | ");
	if (traced)
		print_calls_of(picture, below + 1, heads);
	putchar('\n');
}

static size_t print_groups(const struct picture *picture, const struct summary *summary,
			   size_t class, size_t first)
{
	size_t end = first, shown, rest = 0;

	while (end < summary->group_count && summary->groups[end].class == class)
		end++;
	shown = end - first > GROUPS_SHOWN ? GROUPS_SHOWN : end - first;
	for (size_t i = first; i < first + shown; i++)
		print_group(picture, summary, &summary->groups[i]);
	for (size_t i = first + shown; i < end; i++)
		rest += summary->groups[i].count;
	if (rest > 0)
		printf("  %9s    of %zu other combinations\n", format_count(rest).at,
		       end - first - shown);
	return end;
}

static void print_classes(const struct picture *picture, const struct summary *summary, size_t rows)
{
	size_t group = 0, i, rest = 0;

	if (summary->pairs == 0)
		return;
	printf("\nWhat keeps them apart (%s of neighbours)\n",
	       format_counted(summary->pairs, "pair").at);
	printf("  %9s  %s\n", "pairs", "* nothing else does: without it the two would be one");
	for (i = 0; i < summary->class_count && i < rows; i++) {
		const struct reason_class *class = &summary->classes[i];

		if (summary->pairs > MANY_PAIRS && class->count < summary->pairs / SHOWN_PART)
			break;
		printf("  %9s  %s%s\n", format_count(class->count).at,
		       format_reasons(class->pair).at, pair_near(class->pair) ? " *" : "");
		group = print_groups(picture, summary, i, group);
	}
	for (size_t j = i; j < summary->class_count; j++)
		rest += summary->classes[j].count;
	if (rest > 0)
		printf("  %9s  %zu other causes\n", format_count(rest).at,
		       summary->class_count - i);
}

static void print_potential(const struct picture *picture, const struct summary *summary)
{
	size_t left = picture->count - summary->near;

	printf("\nAt best\n  %s if the %s marked * became one each", format_count(left).at,
	       plural(summary->near, "pair", "pairs"));
	if (summary->alike > 0)
		printf(";\n  %s if also the gaps between areas that are alike were closed",
		       format_count(left - summary->alike).at);
	puts(".");
}

/* ---- names ---- */

/* The end of a long path tells more than its beginning. */
static void print_name(struct slice name)
{
	if (name.length <= NAME_COLUMNS)
		printf("%.*s\n", SLICE_ARGS(name));
	else
		printf("...%.*s\n", NAME_COLUMNS - 3, name.at + name.length - (NAME_COLUMNS - 3));
}

static void print_names(const char *title, const struct name_count *list, size_t count, size_t rows)
{
	if (count == 0)
		return;
	printf("\n%s (%s in all)\n", title, format_count(count).at);
	for (size_t i = 0; i < count && i < rows; i++) {
		printf("  %9s  %10s  ", format_count(list[i].areas).at,
		       format_size(list[i].bytes).at);
		print_name(list[i].name);
	}
}

/* ---- calls ---- */

static void print_lines(const struct picture_source *source)
{
	if (source->first_line == 0)
		return;
	printf("  %s %s", plural(source->last_line - source->first_line + 1, "line", "lines"),
	       format_count(source->first_line).at);
	if (source->last_line != source->first_line)
		printf(" to %s", format_count(source->last_line).at);
}

static void print_calls(const struct picture *picture, size_t rows)
{
	if (picture->source_count == 0)
		return;
	puts("\nWhich calls made them");
	printf("  %9s  %9s  %9s  %s\n", "mapped", "cut,moved", "changed", "call");
	for (size_t i = 0; i < picture->source_count && i < rows; i++) {
		const struct picture_source *source = &picture->sources[i];

		if (source->mapped + source->made + source->changed == 0)
			break;
		printf("  %9s  %9s  %9s  %s", format_count(source->mapped).at,
		       format_count(source->made).at, format_count(source->changed).at,
		       source->text);
		print_lines(source);
		putchar('\n');
	}
}

/* ---- advice ---- */

/* Four times as many, in round numbers. */
static uint64_t higher_limit(uint64_t limit)
{
	uint64_t higher = 65536;

	while (higher < limit * 4 && higher <= UINT32_MAX / 4)
		higher *= 2;
	return higher;
}

static void print_advice(const struct picture *picture, const struct advice *advice, size_t count)
{
	bool near_limit = picture->count > picture->max_map_count / 2;

	if (count == 0 && !near_limit)
		return;
	puts("\nWhat would help");
	for (size_t i = 0; i < count; i++) {
		printf("  up to %s fewer:\n", format_counted(advice[i].fewer, "area").at);
		print_wrapped(4, advice[i].text);
	}
	if (near_limit)
		printf("  a higher limit, for all processes:\n"
		       "    sysctl -w vm.max_map_count=%" PRIu64 "\n",
		       higher_limit(picture->max_map_count));
}

/* When most pairs are of one sort, that is the answer. */
static void print_short(const struct summary *summary)
{
	const struct group *most = NULL;

	for (size_t i = 0; i < summary->group_count; i++)
		if (most == NULL || summary->groups[i].count > most->count)
			most = &summary->groups[i];
	if (most == NULL || most->count * 2 < summary->pairs || most->count < MANY_PAIRS)
		return;
	printf("\nIn short\n  %s of %s pairs of neighbours are %s %s beside %s %s,\n"
	       "  kept apart by%s: %s.\n",
	       format_count(most->count).at, format_count(summary->pairs).at,
	       area_kind_text(most->sides[0].kind), most->sides[0].mode,
	       area_kind_text(most->sides[1].kind), most->sides[1].mode,
	       pair_near(most->pair) ? " one thing alone" : "", format_reasons(most->pair).at);
}

void explain_print(const struct picture *picture, const struct summary *summary,
		   const struct advice *advice, size_t advice_count, size_t rows)
{
	picture_print_head(picture);
	print_short(summary);
	print_kinds(summary);
	print_classes(picture, summary, rows);
	print_potential(picture, summary);
	print_calls(picture, rows);
	print_names("Files", summary->files, summary->file_count, rows);
	if (summary->file_count > rows)
		print_names("Directories", summary->directories, summary->directory_count, rows);
	print_names("Names", summary->names, summary->name_count, rows);
	print_advice(picture, advice, advice_count);
	picture_print_note(picture);
}
