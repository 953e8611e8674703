/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * What the runs come to. Times differ from run to run, so a design's time is the median of its runs,
 * with their spread; counts do not. That a few runs of one design lay close together may be luck, so
 * none has a smaller spread than the middle one of its table. Two designs can be told apart when
 * their medians lie further from one another than their spreads together, taken APART times: so that
 * a second comparison hardly ever ranks them the other way round.
 *
 * Walks, which are those of the reverse map that is compared, and what went to swap are those of the timed replays, which do what the program did and no
 * more. Bytes and areas are from the replay that checked contents: it stops to count now and then.
 */

#include <math.h>
#include <string.h>

#include "compare.h"

#define APART	 2
#define LEAST_NS 1000 /* shorter work has no ratio worth telling */

const struct subject_names subject_names[KINDS] = {
	[ANON] = { "anon_rmap", "--anon-rmap=", "anonymous reverse map" },
	[FILES] = { "file_rmap", "--file-rmap=", "file reverse map" },
	[INDEX] = { "index", "--index=", "area index" },
};

const char *const figure_names[FIGURES] = {
	[TOTAL] = "total", [MAP] = "map",      [FAULT] = "fault",     [FORK] = "fork",
	[EXIT] = "exit",   [REMAP] = "mremap", [RECLAIM] = "reclaim", [WALK] = "walk",
};

int64_t number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* Of the reverse map that is compared; of both where neither is. */
static double walk_ns(const json_t *times, enum subject_kind kind)
{
	return (kind != FILES ? (double)number_of(times, "anon_walk_ns") : 0) +
	       (kind != ANON ? (double)number_of(times, "file_walk_ns") : 0);
}

/* The same of "walks", "candidates", "hits". */
static int64_t walk_figure(const json_t *rmap, const char *name, enum subject_kind kind)
{
	char of_files[32];

	snprintf(of_files, sizeof(of_files), "file_%s", name);
	if (kind == FILES)
		return number_of(rmap, of_files);
	return number_of(rmap, name) - (kind == ANON ? number_of(rmap, of_files) : 0);
}

void result_add(struct result *result, const json_t *report, bool timed)
{
	json_t *memory = json_object_get(report, "memory");
	const json_t *times = json_object_get(report, "times");

	if (memory == NULL || (timed && times == NULL)) {
		result->failed = true;
		return;
	}
	result->divergences += (int64_t)json_array_size(json_object_get(report, "divergences"));
	if (!timed) {
		result->checked = json_incref(memory);
		return;
	}
	if (result->timed == NULL)
		result->timed = json_incref(memory);
	for (enum figure figure = TOTAL; figure < FIGURES; figure++) {
		char name[32];

		snprintf(name, sizeof(name), "%s_ns", figure_names[figure]);
		result->ns[figure][result->runs] = (double)number_of(times, name);
		if (figure == WALK)
			result->ns[figure][result->runs] = walk_ns(times, result->subject.kind);
	}
	result->runs++;
}

static void settle(struct result *result)
{
	const json_t *walked = json_object_get(result->timed, "rmap");
	const json_t *rmap = json_object_get(result->checked, "rmap");

	for (enum figure figure = TOTAL; figure < FIGURES; figure++)
		result->times[figure] = median_of(result->ns[figure], result->runs);
	result->walks = walk_figure(walked, "walks", result->subject.kind);
	result->candidates = walk_figure(walked, "candidates", result->subject.kind);
	result->hits = walk_figure(walked, "hits", result->subject.kind);
	result->swapped_out = number_of(result->timed, "swapped_out");
	result->swapped_in = number_of(result->timed, "swapped_in");
	result->areas = number_of(result->checked, "ended_areas");
	result->most_areas = number_of(result->checked, "most_areas");
	result->most_pages = number_of(result->checked, "most_pages");
	switch (result->subject.kind) {
	case ANON:
		result->bytes = number_of(rmap, "most_anon_bytes");
		break;
	case FILES:
		result->bytes = number_of(rmap, "most_file_bytes");
		break;
	default:
		result->bytes = number_of(result->checked, "most_space_bytes");
	}
}

/* Raises the spreads of a figure that are smaller, for their medians, than the middle one. */
static void widen(const struct comparison *comparison, size_t trace, enum subject_kind kind,
		  enum figure figure)
{
	double spreads[MOST_SUBJECTS], least;
	size_t count = 0;

	for (size_t i = 0; i < comparison->subject_count; i++) {
		const struct result *result = result_of(comparison, trace, i);
		const struct median *time = &result->times[figure];

		if (result->subject.kind == kind && !result->failed)
			spreads[count++] = ratio(time->spread, time->median);
	}
	least = count == 0 ? 0 : median_of(spreads, count).median;
	for (size_t i = 0; i < comparison->subject_count; i++) {
		struct result *result = result_of(comparison, trace, i);
		struct median *time = &result->times[figure];

		if (result->subject.kind == kind && !result->failed)
			time->spread = fmax(time->spread, least * time->median);
	}
}

/* The best of a kind under a trace; NULL: all failed. */
static struct result *best_of(const struct comparison *comparison, size_t trace,
			      enum subject_kind kind, enum figure figure)
{
	struct result *best = NULL;

	for (size_t i = 0; i < comparison->subject_count; i++) {
		struct result *result = result_of(comparison, trace, i);

		if (result->subject.kind == kind && !result->failed &&
		    (best == NULL || result->times[figure].median < best->times[figure].median))
			best = result;
	}
	return best;
}

static bool told_apart(const struct median *a, const struct median *b)
{
	return fabs(a->median - b->median) > APART * (a->spread + b->spread);
}

static void mark(const struct comparison *comparison, size_t trace)
{
	for (size_t i = 0; i < comparison->subject_count; i++) {
		struct result *result = result_of(comparison, trace, i);
		struct result *best = best_of(comparison, trace, result->subject.kind, TOTAL);

		if (result->failed)
			continue;
		result->best = result == best;
		result->as_good = result != best && result->runs > 1 &&
				  !told_apart(&result->times[TOTAL], &best->times[TOTAL]);
	}
}

static void sum_up(const struct comparison *comparison, size_t subject, struct summary *summary)
{
	enum subject_kind kind = comparison->subjects[subject].kind;

	summary->subject = comparison->subjects[subject];
	for (enum figure figure = TOTAL; figure < FIGURES; figure++) {
		double logarithms = 0;
		size_t count = 0;

		for (size_t trace = 0; trace < comparison->trace_count; trace++) {
			const struct result *best = best_of(comparison, trace, kind, figure);
			const struct result *result = result_of(comparison, trace, subject);

			if (result->failed || best->times[figure].median < LEAST_NS)
				continue;
			logarithms +=
				log(result->times[figure].median / best->times[figure].median);
			count++;
			if (figure == TOTAL)
				summary->spread += ratio(result->times[TOTAL].spread,
							 result->times[TOTAL].median);
		}
		if (figure == TOTAL && count > 0)
			summary->spread /= (double)count;
		summary->ratios[figure] = count == 0 ? 0 : exp(logarithms / (double)count);
		if (figure == TOTAL)
			summary->traces = count;
	}
}

size_t summed_up(const struct comparison *comparison, enum subject_kind kind)
{
	size_t most = 0;

	for (size_t i = 0; i < comparison->subject_count; i++) {
		const struct summary *one = &comparison->summaries[i];

		if (one->subject.kind == kind && one->traces > most)
			most = one->traces;
	}
	return most;
}

static void rank(struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->subject_count; i++) {
		struct summary *one = &comparison->summaries[i];

		if (one->traces == 0 || one->traces < summed_up(comparison, one->subject.kind))
			continue;
		one->rank = 1;
		for (size_t j = 0; j < comparison->subject_count; j++) {
			const struct summary *other = &comparison->summaries[j];

			one->rank += other->subject.kind == one->subject.kind &&
				     other->traces == one->traces &&
				     other->ratios[TOTAL] < one->ratios[TOTAL];
		}
	}
}

static void mark_summary(struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->subject_count; i++) {
		const struct summary *first = &comparison->summaries[i];

		for (size_t j = 0; j < comparison->subject_count && first->rank == 1; j++) {
			struct summary *other = &comparison->summaries[j];

			other->as_good |= other->rank > 1 && comparison->runs > 1 &&
					  other->subject.kind == first->subject.kind &&
					  other->ratios[TOTAL] / first->ratios[TOTAL] - 1 <=
						  APART * (first->spread + other->spread);
		}
	}
}

void settle_results(struct comparison *comparison)
{
	size_t count = comparison->trace_count * comparison->subject_count;

	for (size_t i = 0; i < count; i++)
		if (!comparison->results[i].failed)
			settle(&comparison->results[i]);
	for (size_t trace = 0; trace < comparison->trace_count; trace++) {
		for (size_t pair = 0; pair < (size_t)KINDS * FIGURES; pair++)
			widen(comparison, trace, (enum subject_kind)(pair / FIGURES),
			      (enum figure)(pair % FIGURES));
		mark(comparison, trace);
	}
	if (comparison->summaries == NULL)
		return;
	for (size_t i = 0; i < comparison->subject_count; i++)
		sum_up(comparison, i, &comparison->summaries[i]);
	rank(comparison);
	mark_summary(comparison);
}
