/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* A comparison as JSON, and as CSV with one line for each trace and design. */

#include <stdio.h>

#include "compare.h"
#include "output.h"

static json_t *median_json(const struct median *median)
{
	json_t *json = json_object();

	report_set(json, "median_ns", json_real(median->median));
	report_set(json, "least_ns", json_real(median->least));
	report_set(json, "most_ns", json_real(median->most));
	report_set(json, "spread_ns", json_real(median->spread));
	return json;
}

static json_t *result_json(const struct result *result)
{
	json_t *json = json_object(), *times;

	report_set(json, "trace", json_text(result->trace));
	report_set(json, "kind", json_string(subject_names[result->subject.kind].name));
	report_set(json, "design", json_string(result->subject.name));
	report_set(json, "failed", json_boolean(result->failed));
	if (result->failed)
		return json;
	times = json_object();
	for (enum figure figure = TOTAL; figure < FIGURES; figure++)
		report_set(times, figure_names[figure], median_json(&result->times[figure]));
	report_set(json, "times", times);
	report_set(json, "best", json_boolean(result->best));
	report_set(json, "as_good_as_best", json_boolean(result->best || result->as_good));
	report_set(json, "divergences", json_count((uint64_t)result->divergences));
	report_set(json, "walks", json_count((uint64_t)result->walks));
	report_set(json, "candidates", json_count((uint64_t)result->candidates));
	report_set(json, "hits", json_count((uint64_t)result->hits));
	report_set(json, "looks_per_hit",
		   json_real(ratio((double)result->candidates, (double)result->hits)));
	report_set(json, "ns_per_walk",
		   json_real(ratio(result->times[WALK].median, (double)result->walks)));
	report_set(json, "swapped_out", json_count((uint64_t)result->swapped_out));
	report_set(json, "swapped_in", json_count((uint64_t)result->swapped_in));
	report_set(json, "areas_at_end", json_count((uint64_t)result->areas));
	report_set(json, "most_areas", json_count((uint64_t)result->most_areas));
	report_set(json, "most_pages", json_count((uint64_t)result->most_pages));
	report_set(json, "most_bytes", json_count((uint64_t)result->bytes));
	report_set(json, "bytes_per_area",
		   json_real(ratio((double)result->bytes, (double)result->most_areas)));
	report_set(json, "bytes_per_page",
		   json_real(ratio((double)result->bytes, (double)result->most_pages)));
	report_set(json, "memory", json_incref(result->checked));
	return json;
}

static json_t *summary_json(const struct summary *summary)
{
	json_t *json = json_object(), *ratios = json_object();

	for (enum figure figure = TOTAL; figure < FIGURES; figure++)
		report_set(ratios, figure_names[figure],
			   summary->ratios[figure] > 0 ? json_real(summary->ratios[figure])
						       : json_null());
	report_set(json, "kind", json_string(subject_names[summary->subject.kind].name));
	report_set(json, "design", json_string(summary->subject.name));
	report_set(json, "traces", json_count(summary->traces));
	report_set(json, "rank", summary->rank > 0 ? json_count(summary->rank) : json_null());
	report_set(json, "as_good_as_best", json_boolean(summary->rank == 1 || summary->as_good));
	report_set(json, "spread", json_real(summary->spread));
	report_set(json, "times_the_best", ratios);
	return json;
}

json_t *comparison_json(const struct comparison *comparison)
{
	size_t count = comparison->trace_count * comparison->subject_count;
	json_t *report = report_new("compare"), *results = json_array(), *summary = json_array();

	for (size_t i = 0; i < count; i++)
		report_append(results, result_json(&comparison->results[i]));
	for (size_t i = 0; comparison->summaries != NULL && i < comparison->subject_count; i++)
		report_append(summary, summary_json(&comparison->summaries[i]));
	report_set(report, "runs", json_count(comparison->runs));
	report_set(report, "jobs", json_count(comparison->jobs));
	report_set(report, "results", results);
	report_set(report, "summary", summary);
	return report;
}

/* In quotes; a quote within is doubled. */
static void print_csv_text(const char *text)
{
	putchar('"');
	for (; *text != '\0'; text++)
		printf("%s%c", *text == '"' ? "\"" : "", *text);
	putchar('"');
}

static void print_csv_line(const struct result *result)
{
	print_csv_text(result->trace);
	printf(",%s,%s,%d", subject_names[result->subject.kind].name, result->subject.name,
	       result->best || result->as_good);
	for (enum figure figure = TOTAL; figure < FIGURES; figure++) {
		const struct median *times = &result->times[figure];

		printf(",%.0f,%.0f,%.0f,%.0f", times->median, times->least, times->most,
		       times->spread);
	}
	printf(",%lld,%lld,%lld,%lld,%lld,%lld,%lld,%lld,%lld,%lld\n", (long long)result->walks,
	       (long long)result->candidates, (long long)result->hits, (long long)result->areas,
	       (long long)result->most_areas, (long long)result->most_pages,
	       (long long)result->bytes, (long long)result->swapped_out,
	       (long long)result->swapped_in, (long long)result->divergences);
}

void print_comparison_csv(const struct comparison *comparison)
{
	size_t count = comparison->trace_count * comparison->subject_count;

	printf("trace,kind,design,as_good_as_best");
	for (enum figure figure = TOTAL; figure < FIGURES; figure++)
		printf(",%s_median_ns,%s_least_ns,%s_most_ns,%s_spread_ns", figure_names[figure],
		       figure_names[figure], figure_names[figure], figure_names[figure]);
	printf(",walks,candidates,hits,areas_at_end,most_areas,most_pages,most_bytes,swapped_out,"
	       "swapped_in,divergences\n");
	for (size_t i = 0; i < count; i++)
		if (!comparison->results[i].failed)
			print_csv_line(&comparison->results[i]);
}
