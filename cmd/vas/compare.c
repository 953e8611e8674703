/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `vas compare`: what does each design cost on this program? Each trace is replayed under each
 * design: once with all that is read checked, and counted; then several times with the library's own
 * work timed, and nothing else done (`vas replay --time`).
 *
 * Runs are made in rounds, each design once in each, so that a machine which gets slower or faster
 * does so for all. Each round begins with another design, and every second one goes backwards: none
 * always follows the same neighbour.
 */

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <vas/anon_rmap.h>
#include <vas/file_rmap.h>
#include <vas/index.h>

#include "cmd.h"
#include "compare.h"
#include "output.h"
#include "progress.h"
#include "report_html.h"

#define MOST_JOBS 64

static const char usage[] =
	"usage: vas compare [OPTION...] TRACE...\n"
	"\n"
	"Replays each trace, with memory, under each design of a reverse map and of the area index,\n"
	"and says what each costs: time by kind of work, looks, bytes.\n"
	"\n"
	"  --anon-rmap=LIST  these designs only, with commas; 'none': leave them out\n"
	"  --file-rmap=LIST  the same\n"
	"  --index=LIST      the same\n"
	"  --frames=SIZE     of the machine: bytes, with K, M or G; or a part of what the trace needs\n"
	"                    (25%)\n"
	"  --runs=N          of which the median is taken (5)\n"
	"  --jobs=N          so many timed runs at once, each on a processor of its own (1)\n"
	"  --csv             one line for each design, with commas\n"
	"  --bench=FILE      with --html or --json: what 'vas bench index --json' printed goes along\n"
	"  --html=FILE       also writes a page for browsers: all figures, and the address spaces of\n"
	"                    each trace over time\n"
	"  --json            as one JSON object\n"
	"  -h, --help        this text\n"
	"\n"
	"In the tables: total has its spread beside it (+-), and how many times the quickest's it is;\n"
	"then come its parts. A reverse map is asked in walks, and takes looks for each entry found\n"
	"(a hit). Areas and bytes are the most at one time; end: the areas of each space at its end;\n"
	"out/in: pages to swap and back.\n"
	"\n"
	"Exit status: 0; 1 when a replay found a difference; 2 for trouble.\n";

struct options {
	const char *chosen[KINDS]; /* lists; NULL: all */
	const char *frames, *html;
	json_t *bench; /* NULL: none was given */
	size_t runs, jobs;
	bool csv, json;
};

/* ---- Which designs ---- */

static void add(struct comparison *comparison, const struct options *options,
		enum subject_kind kind, const char *name)
{
	if (options->chosen[kind] != NULL && !in_list(options->chosen[kind], name))
		return;
	if (comparison->subject_count < MOST_SUBJECTS)
		comparison->subjects[comparison->subject_count++] =
			(struct subject){ .kind = kind, .name = name };
}

static void choose(struct comparison *comparison, const struct options *options)
{
	const struct vas_anon_rmap_design *const *anon = vas_anon_rmap_designs();
	const struct vas_file_rmap_design *const *files = vas_file_rmap_designs();
	const char *const *indexes = vas_index_designs();

	for (; *anon != NULL; anon++)
		add(comparison, options, ANON, (*anon)->name);
	for (; *files != NULL; files++)
		add(comparison, options, FILES, (*files)->name);
	for (; *indexes != NULL; indexes++)
		add(comparison, options, INDEX, *indexes);
}

static bool known(enum subject_kind kind, const char *name)
{
	const char *const *indexes = vas_index_designs();

	if (strcmp(name, "none") == 0)
		return true;
	if (kind == ANON)
		return vas_anon_rmap_find(name) != NULL;
	if (kind == FILES)
		return vas_file_rmap_find(name) != NULL;
	while (*indexes != NULL && strcmp(*indexes, name) != 0)
		indexes++;
	return *indexes != NULL;
}

/* Does every name of the list exist? */
static bool check_list(enum subject_kind kind, const char *list)
{
	char *copy = strdup(list), *rest = copy, *name;
	bool good = copy != NULL;

	while (good && (name = strsep(&rest, ",")) != NULL) {
		good = known(kind, name);
		if (!good)
			complain("there is no design '%s' of an %s", name,
				 subject_names[kind].text);
	}
	free(copy);
	return good;
}

/* ---- All runs of one trace ---- */

/* A replay says by itself what stopped it, but not when it dies; and it goes on when the disk is
 * full, which makes its figures worthless. Was there such trouble? */
static bool tell_of_trouble(const struct run *run)
{
	const json_t *memory = json_object_get(run->report, "memory");

	if (run->signal != 0)
		complain("%s: a replay under %s died: %s", run->trace, run->subject->name,
			 strsignal(run->signal));
	if (number_of(memory, "write_errors") > 0)
		complain("%s: under %s, swap or a file could not be written: is TMPDIR full?",
			 run->trace, run->subject->name);
	return run->signal != 0 || number_of(memory, "write_errors") > 0;
}

/* The machine's size in bytes, as text, from what a first replay made of --frames. */
static bool settle_frames(const struct options *options, const char *trace, char *frames,
			  size_t size)
{
	const struct subject probe = { .kind = INDEX, .name = vas_index_designs()[0] };
	struct run run = { .subject = &probe, .frames = options->frames, .trace = trace };
	const json_t *memory;
	long long count;
	bool good;

	run_all(&run, 1);
	good = !tell_of_trouble(&run);
	memory = json_object_get(run.report, "memory");
	count = number_of(memory, "frames");
	snprintf(frames, size, "%lld", count * 4096);
	if (memory != NULL && count == 0)
		complain("%s: there is no process in it", trace);
	json_decref(run.report);
	return good && count > 0;
}

/* Each design once, in this round's order, `jobs` at once. */
static void do_round(struct comparison *comparison, size_t trace, const char *frames, size_t round,
		     bool timed)
{
	size_t count = comparison->subject_count,
	       jobs = timed ? comparison->jobs : run_processors();
	struct result *results[MOST_JOBS];
	struct run runs[MOST_JOBS];

	jobs = jobs < MOST_JOBS ? jobs : MOST_JOBS;
	for (size_t i = 0, now; i < count; i += now) {
		now = count - i < jobs ? count - i : jobs;
		for (size_t j = 0; j < now; j++) {
			size_t at = (round % 2 == 0 ? i + j : count - 1 - i - j) + round;

			results[j] = result_of(comparison, trace, at % count);
			runs[j] = (struct run){
				.subject = &results[j]->subject,
				.frames = frames,
				.trace = results[j]->trace,
				.timed = timed,
			};
		}
		run_all(runs, now);
		for (size_t j = 0; j < now; j++) {
			result_add(results[j], tell_of_trouble(&runs[j]) ? NULL : runs[j].report,
				   timed);
			json_decref(runs[j].report);
		}
		progress_at((round + timed) * count + i + now);
	}
}

static bool compare_trace(struct comparison *comparison, const struct options *options,
			  size_t trace)
{
	const char *name = comparison->traces[trace];
	bool good = true;
	char frames[32];

	for (size_t i = 0; i < comparison->subject_count; i++)
		*result_of(comparison, trace, i) = (struct result){
			.trace = name,
			.subject = comparison->subjects[i],
			.failed = true,
		};
	if (!settle_frames(options, name, frames, sizeof(frames))) {
		complain("%s is not compared: it cannot be replayed", name);
		return false;
	}
	for (size_t i = 0; i < comparison->subject_count; i++)
		result_of(comparison, trace, i)->failed = false;
	progress_start(name, (options->runs + 1) * comparison->subject_count);
	do_round(comparison, trace, frames, 0, false);
	for (size_t round = 0; round < options->runs; round++)
		do_round(comparison, trace, frames, round, true);
	progress_end();
	for (size_t i = 0; i < comparison->subject_count; i++) {
		const struct result *result = result_of(comparison, trace, i);

		if (result->failed)
			complain("%s: a replay under %s failed", name, result->subject.name);
		good = good && !result->failed;
	}
	return good;
}

/* The page for browsers, with the traces that could be replayed; none without any. */
static int write_page(const struct comparison *comparison, const char *path, json_t *report)
{
	char **traces = calloc(comparison->trace_count, sizeof(*traces));
	size_t count = 0;
	int status;

	if (traces == NULL) {
		complain("out of memory");
		return STATUS_TROUBLE;
	}
	for (size_t trace = 0; trace < comparison->trace_count; trace++)
		for (size_t i = 0; i < comparison->subject_count; i++)
			if (!result_of(comparison, trace, i)->failed) {
				traces[count++] = comparison->traces[trace];
				break;
			}
	status = count == 0 ? STATUS_TROUBLE : report_html_write(path, report, traces, count);
	free(traces);
	return status;
}

static int say(const struct comparison *comparison, const struct options *options, int status)
{
	bool wanted = options->json || options->html != NULL;
	json_t *report = wanted ? comparison_json(comparison) : NULL;

	if (wanted && options->bench != NULL)
		report_set(report, "bench", json_incref(options->bench));
	if (options->html != NULL && write_page(comparison, options->html, report) != STATUS_OK)
		status = STATUS_TROUBLE;
	if (options->json)
		return report_print(report, status);
	json_decref(report);
	if (options->csv)
		print_comparison_csv(comparison);
	else
		print_comparison(comparison);
	return finish_output(status);
}

static int compare(struct comparison *comparison, const struct options *options)
{
	size_t count = comparison->trace_count * comparison->subject_count;
	int status = STATUS_OK;

	for (size_t trace = 0; trace < comparison->trace_count; trace++)
		if (!compare_trace(comparison, options, trace))
			status = STATUS_TROUBLE;
	settle_results(comparison);
	for (size_t i = 0; i < count; i++)
		if (comparison->results[i].divergences > 0 && status == STATUS_OK)
			status = STATUS_DIFFERENT;
	status = say(comparison, options, status);
	for (size_t i = 0; i < count; i++) {
		json_decref(comparison->results[i].checked);
		json_decref(comparison->results[i].timed);
	}
	return status;
}

static int compare_all(const struct options *options, char *const *traces, size_t trace_count)
{
	struct comparison *comparison = calloc(1, sizeof(*comparison));
	int status = STATUS_TROUBLE;
	size_t count;

	if (comparison == NULL) {
		complain("out of memory");
		return status;
	}
	comparison->traces = traces;
	comparison->trace_count = trace_count;
	comparison->runs = options->runs;
	comparison->jobs = options->jobs;
	choose(comparison, options);
	count = comparison->subject_count;
	comparison->results = calloc(trace_count * count + 1, sizeof(*comparison->results));
	if (trace_count > 1)
		comparison->summaries = calloc(count + 1, sizeof(*comparison->summaries));
	if (comparison->results == NULL || (trace_count > 1 && comparison->summaries == NULL))
		complain("out of memory");
	else if (count == 0)
		complain("compare: there is no design left to compare");
	else
		status = compare(comparison, options);
	free(comparison->results);
	free(comparison->summaries);
	free(comparison);
	return status;
}

/* ---- Options ---- */

enum {
	ANON_LIST = UCHAR_MAX + 1,
	FILE_LIST,
	INDEX_LIST,
	FRAMES,
	RUNS,
	JOBS,
	BENCH,
	CSV,
	HTML,
	JSON
};

static const struct option longs[] = {
	{ "anon-rmap", required_argument, NULL, ANON_LIST },
	{ "file-rmap", required_argument, NULL, FILE_LIST },
	{ "index", required_argument, NULL, INDEX_LIST },
	{ "frames", required_argument, NULL, FRAMES },
	{ "runs", required_argument, NULL, RUNS },
	{ "jobs", required_argument, NULL, JOBS },
	{ "bench", required_argument, NULL, BENCH },
	{ "csv", no_argument, NULL, CSV },
	{ "html", required_argument, NULL, HTML },
	{ "json", no_argument, NULL, JSON },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int read_count(const char *command, const char *option, size_t most, size_t *count)
{
	uint64_t value;

	if (!parse_number(optarg, most, &value) || value == 0)
		return wrong_usage(command, "--%s=%s: from 1 to %zu", option, optarg, most);
	*count = (size_t)value;
	return STATUS_OK;
}

/* The object that `vas bench index --json` printed. */
static int read_bench(struct options *options)
{
	json_error_t error;

	json_decref(options->bench);
	options->bench = json_load_file(optarg, 0, &error);
	if (json_is_array(json_object_get(options->bench, "results")))
		return STATUS_OK;
	if (options->bench == NULL)
		complain("%s:%d: %s", optarg, error.line, error.text);
	else
		complain("%s: not what 'vas bench index --json' prints", optarg);
	json_decref(options->bench);
	options->bench = NULL;
	return STATUS_TROUBLE;
}

static int read_option(struct options *options, const char *command, int option)
{
	switch (option) {
	case ANON_LIST:
	case FILE_LIST:
	case INDEX_LIST:
		options->chosen[option - ANON_LIST] = optarg;
		return check_list((enum subject_kind)(option - ANON_LIST), optarg) ? STATUS_OK
										   : STATUS_TROUBLE;
	case FRAMES:
		options->frames = optarg;
		return STATUS_OK;
	case RUNS:
		return read_count(command, "runs", MOST_RUNS, &options->runs);
	case JOBS:
		return read_count(command, "jobs", MOST_JOBS, &options->jobs);
	case BENCH:
		return read_bench(options);
	case CSV:
		options->csv = true;
		return STATUS_OK;
	case HTML:
		options->html = optarg;
		return report_html_possible(optarg) ? STATUS_OK : STATUS_TROUBLE;
	case JSON:
		options->json = true;
		return STATUS_OK;
	default:
		return STATUS_TROUBLE;
	}
}

int cmd_compare(int argc, char **argv)
{
	struct options options = { .frames = "25%", .runs = 5, .jobs = 1 };
	int option, status;

	while ((option = next_option(argc, argv, "h", longs)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return finish_output(STATUS_OK);
		}
		if (read_option(&options, argv[0], option) != STATUS_OK)
			return STATUS_TROUBLE;
	}
	if (optind == argc)
		return wrong_usage(argv[0], "a trace is missing");
	for (int i = optind; i < argc; i++)
		if (strcmp(argv[i], "-") == 0)
			return wrong_usage(argv[0],
					   "each trace is read many times, and standard "
					   "input only once: name a file");
	status = compare_all(&options, argv + optind, (size_t)(argc - optind));
	json_decref(options.bench);
	return status;
}
