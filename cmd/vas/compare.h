/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_COMPARE_H
#define VAS_CMD_COMPARE_H

/*
 * What the sources of `vas compare` share:
 *
 *	compare.c         options, which designs, the order of runs
 *	compare_run.c     replays, several at once, each in a process and on a processor of its own
 *	compare_result.c  what the runs of a design come to, who is told from whom, ranks
 *	compare_table.c   as text
 *	compare_json.c    as JSON and as CSV
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "median.h"

#define MOST_SUBJECTS 64
#define MOST_RUNS     51

enum subject_kind { ANON, FILES, INDEX, KINDS };

struct subject_names {
	const char *name;   /* "anon_rmap" */
	const char *option; /* of vas replay */
	const char *text;   /* "anonymous reverse map" */
};
extern const struct subject_names subject_names[KINDS];

/* A design that is compared. */
struct subject {
	enum subject_kind kind;
	const char *name;
};

/* The times of a run; the first is the sum of all but WALK, which is a part of the others. */
enum figure { TOTAL, MAP, FAULT, FORK, EXIT, REMAP, RECLAIM, WALK, FIGURES };
extern const char *const figure_names[FIGURES];

/* What the replays of one trace under one design gave. */
struct result {
	const char *trace;
	struct subject subject;
	bool failed; /* a replay did; then nothing else is set */
	double ns[FIGURES][MOST_RUNS];
	size_t runs;
	int64_t divergences;
	json_t *checked; /* figures of the replay that checked contents, as vas replay tells them */
	json_t *timed;	 /* and of the first timed one */

	/* By settle_results: */
	struct median times[FIGURES];
	int64_t walks, candidates, hits; /* of a timed replay */
	int64_t swapped_out, swapped_in;
	int64_t areas, most_areas, most_pages, bytes;
	bool best, as_good; /* of its trace and kind; as_good: cannot be told from the best */
};

/* Of several traces: how often the time of the best one, as a geometric mean; 0: no trace has any. */
struct summary {
	struct subject subject;
	double ratios[FIGURES];
	double spread;	     /* of the total, as a part of it: the mean of those of the traces */
	size_t traces, rank; /* the first of its kind is 1; 0: it failed where another did not */
	bool as_good;	     /* cannot be told from the first */
};

/* All of it: results of each trace in a row, in the order of the subjects. */
struct comparison {
	char *const *traces;
	size_t trace_count, subject_count, runs, jobs;
	struct subject subjects[MOST_SUBJECTS];
	struct result *results;
	struct summary *summaries; /* NULL: of one trace */
};

static inline struct result *result_of(const struct comparison *comparison, size_t trace,
				       size_t subject)
{
	return &comparison->results[trace * comparison->subject_count + subject];
}

/* a / b; 0 where there is no b. */
static inline double ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

/* ---- compare_run.c ---- */

/* A replay to be done. */
struct run {
	const struct subject *subject;
	const char *frames, *trace;
	bool timed;
	json_t *report; /* what it said about the trace, to be let go of; NULL: it failed */
	int pid, from;	/* while it is under way */
	int signal;	/* that ended it; 0: none */
};

/* So many processors may be used. */
size_t run_processors(void);
/* Does all of these at once. */
void run_all(struct run *runs, size_t count);

/* ---- compare_result.c ---- */

int64_t number_of(const json_t *object, const char *name);
/* Keeps what a replay said. NULL: it failed. */
void result_add(struct result *result, const json_t *report, bool timed);
/* When all runs have been added. */
void settle_results(struct comparison *comparison);
/* How many traces the summary of a kind is of: those that could be replayed, and were work. */
size_t summed_up(const struct comparison *comparison, enum subject_kind kind);

/* ---- compare_table.c, compare_json.c ---- */

void print_comparison(const struct comparison *comparison);
void print_comparison_csv(const struct comparison *comparison);
json_t *comparison_json(const struct comparison *comparison);

#endif
