/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* A comparison as text: for each trace and kind a table of times and one of counts. */

#include <stdio.h>

#include "compare.h"

static double milliseconds(const struct result *result, enum figure figure)
{
	return result->times[figure].median * 1e-6;
}

static const char *mark_of(const struct result *result)
{
	return result->best ? "*" : result->as_good ? "=" : "";
}

/* `best`: the total of the quickest, in ms. */
static void print_times(const struct result *result, double best)
{
	const struct median *total = &result->times[TOTAL];
	char spread[16] = "";

	if (result->runs > 1)
		snprintf(spread, sizeof(spread), "%.1f%%",
			 100 * ratio(total->spread, total->median));
	printf("%-2s%-15s %9.3f %6s %5.2f", mark_of(result), result->subject.name,
	       milliseconds(result, TOTAL), spread, ratio(milliseconds(result, TOTAL), best));
	for (enum figure figure = MAP; figure <= RECLAIM; figure++)
		printf(" %8.3f", milliseconds(result, figure));
	printf("%s\n", result->divergences > 0 ? "  differs" : "");
}

static void print_counts(const struct result *result)
{
	char swap[48];

	snprintf(swap, sizeof(swap), "%lld/%lld", (long long)result->swapped_out,
		 (long long)result->swapped_in);
	printf("  %-15s %9lld %7.0f %9.2f %6lld %6lld %9lld %8.1f %8.2f %10s\n",
	       result->subject.name, (long long)result->walks,
	       ratio(result->times[WALK].median, (double)result->walks),
	       ratio((double)result->candidates, (double)result->hits),
	       (long long)result->most_areas, (long long)result->areas, (long long)result->bytes,
	       ratio((double)result->bytes, (double)result->most_areas),
	       ratio((double)result->bytes, (double)result->most_pages), swap);
}

static void print_head(const char *first, bool spread, const char *ratio)
{
	printf("%-17s %9s %6s%s", first, figure_names[TOTAL], spread ? "+-" : "", ratio);
	for (enum figure figure = MAP; figure <= RECLAIM; figure++)
		printf(" %8s", figure_names[figure]);
	printf("\n");
}

/* The designs of one kind, which stand in a row. Returns how many there are. */
static size_t print_kind(const struct comparison *comparison, size_t trace, size_t from)
{
	const struct result *first = result_of(comparison, trace, from), *result = first;
	enum subject_kind kind = first->subject.kind;
	double best = 0;
	size_t count = 0;

	while (from + count < comparison->subject_count && first[count].subject.kind == kind)
		result = first[count].failed ? result : &first[count], count++;
	if (result->failed)
		return count;
	printf("%s: %s, %lld frames%s\n", first->trace, subject_names[kind].text,
	       (long long)number_of(result->checked, "frames"),
	       number_of(result->checked, "written") + number_of(result->checked, "read") > 0
		       ? ""
		       : "; no page of it is touched: calls alone are compared");
	for (size_t i = 0; i < count; i++)
		best = first[i].best ? milliseconds(&first[i], TOTAL) : best;
	print_head("milliseconds", comparison->runs > 1, " ratio");
	for (size_t i = 0; i < count; i++)
		if (!first[i].failed)
			print_times(&first[i], best);
	printf("%-17s %9s %7s %9s %6s %6s %9s %8s %8s %10s\n", "counts", "walks", "ns each",
	       "looks/hit", "areas", "end", "bytes", "per area", "per page", "out/in");
	for (size_t i = 0; i < count; i++)
		if (!first[i].failed)
			print_counts(&first[i]);
	printf("\n");
	return count;
}

static void print_summary(const struct comparison *comparison)
{
	int last = -1;

	for (size_t i = 0; i < comparison->subject_count; i++) {
		const struct summary *summary = &comparison->summaries[i];
		char spread[16] = "", rank[24] = "-";

		if ((int)summary->subject.kind != last) {
			last = (int)summary->subject.kind;
			printf("%zu traces: %s\n", summed_up(comparison, summary->subject.kind),
			       subject_names[last].text);
			print_head("times the best", comparison->runs > 1, "");
		}
		if (comparison->runs > 1)
			snprintf(spread, sizeof(spread), "%.1f%%", 100 * summary->spread);
		if (summary->rank > 0)
			snprintf(rank, sizeof(rank), "%zu", summary->rank);
		printf("%c%2s %-15s %7.2f %6s",
		       summary->rank == 1 ? '*'
		       : summary->as_good ? '='
					  : ' ',
		       rank, summary->subject.name, summary->ratios[TOTAL], spread);
		for (enum figure figure = MAP; figure <= RECLAIM; figure++)
			if (summary->ratios[figure] > 0)
				printf(" %8.2f", summary->ratios[figure]);
			else
				printf(" %8s", "-");
		printf("\n");
		if (i + 1 == comparison->subject_count ||
		    (int)comparison->subjects[i + 1].kind != last)
			printf("\n");
	}
}

/* What the marks mean. */
static void print_legend(size_t runs)
{
	printf("*  the quickest\n");
	if (runs == 1)
		printf("   in one run; --runs=5 would say how much that means\n");
	else
		printf("=  cannot be told from it: the medians of %zu runs lie no further apart than\n"
		       "   twice their spreads (+-, half the interquartile range) together\n",
		       runs);
}

void print_comparison(const struct comparison *comparison)
{
	size_t count = comparison->trace_count * comparison->subject_count, good = 0;

	for (size_t trace = 0; trace < comparison->trace_count; trace++)
		for (size_t i = 0; i < comparison->subject_count;)
			i += print_kind(comparison, trace, i);
	while (good < count && comparison->results[good].failed)
		good++;
	if (good == count)
		return;
	if (comparison->summaries != NULL)
		print_summary(comparison);
	print_legend(comparison->runs);
}
