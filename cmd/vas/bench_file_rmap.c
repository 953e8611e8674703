/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `vas bench file-rmap`: what each file reverse map costs on the programs on which they were judged.
 *
 * Each workload is a list of changes of one object's map, and of pages to ask for; each run of a
 * design is a process of its own. The designs take turns, and each figure is the median of the
 * runs. Whatever takes too long or too much memory is stopped, and said to have been. All designs
 * must give the same answers: a sum over the addresses that the first queries visited is compared.
 */

#include <dlfcn.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "bench_file_rmap.h"
#include "bench_file_rmap_trace.h"
#include "cmd.h"
#include "median.h"
#include "output.h"
#include "progress.h"

#define MOST_DESIGNS 16
#define MOST_RUNS    31
#define MOST_TRACES  64

static const char usage[] =
	"usage: vas bench file-rmap [OPTION...]\n"
	"\n"
	"Times the file reverse maps on the workloads on which they were judged, at the sizes that\n"
	"were published. Times are ns; '>' marks what was stopped at a bound, and measured until\n"
	"then; '-' what it never came to.\n"
	"\n"
	"  --workload=LIST  with commas; all of them\n"
	"  --design=LIST    'vas designs' lists them\n"
	"  --peer=FILE      beside a design of this plug-in; bench/peers builds one of Linux's\n"
	"  --runs=N         of which the median is taken (3)\n"
	"  --time=MS        the bound of each phase of a run, in milliseconds (1000)\n"
	"  --memory=MIB     the bound of what a design may take (1024)\n"
	"  --seed=N         of all random choices (1)\n"
	"  --trace=TRACE    instead of the workloads: what a recorded program did; may be repeated\n"
	"  --whole          instead of the workloads: W1 and W3 in a machine, with all their faults, and\n"
	"                   one question for each page\n"
	"  --json           as one JSON object\n"
	"  -h, --help       this text\n"
	"\n"
	"Exit status: 0 all designs gave the same answers, 1 they did not, 2 trouble.\n";

static const struct {
	const char *name, *text;
} figures[RMAP_FIGURES] = {
	[RMAP_INSERT] = { "build_ns", "build" },
	[RMAP_CHURN] = { "churn_ns", "churn" },
	[RMAP_REMOVE] = { "remove_ns", "remove" },
	[RMAP_QUERY] = { "query_ns", "query" },
	[RMAP_VISIT] = { "visit_ns", "/area" },
	[RMAP_VISITS] = { "visits", "areas" },
	[RMAP_CANDIDATES] = { "candidates_per_hit", "looked" },
	[RMAP_BYTES] = { "bytes_per_area", "bytes" },
};

struct options {
	const struct vas_file_rmap_design *designs[MOST_DESIGNS];
	size_t design_count;
	const struct vas_file_rmap_design *peer; /* one of them, or NULL */
	const char *works;			 /* NULL: all */
	size_t runs;
	unsigned milliseconds;
	uint64_t bytes, seed;
	bool json, whole;
	const char *traces[MOST_TRACES];
	size_t trace_count;
};

/* The runs of one design on one workload, sorted by value once all are in. */
struct column {
	double values[RMAP_FIGURES][MOST_RUNS];
	struct bench_rmap_result last;
};

static double median(const struct options *options, const struct column *column, size_t figure)
{
	return column->values[figure][options->runs / 2];
}

/* All runs of all designs on one workload. False: one failed. */
static bool measure(const struct options *options, const struct bench_rmap_work *work,
		    const struct bench_script *script, struct column *columns)
{
	bool ok = true;

	progress_start(work->name, options->runs * options->design_count);
	for (size_t run = 0; ok && run < options->runs; run++) {
		for (size_t i = 0; ok && i < options->design_count; i++) {
			struct column *column = &columns[i];

			progress_at(run * options->design_count + i);
			ok = bench_rmap_run(script, options->designs[i], options->milliseconds,
					    options->bytes, &column->last);
			for (size_t figure = 0; figure < RMAP_FIGURES; figure++)
				column->values[figure][run] = column->last.value[figure];
		}
	}
	progress_end();
	for (size_t i = 0; i < options->design_count; i++)
		for (size_t figure = 0; figure < RMAP_FIGURES; figure++)
			sort_values(columns[i].values[figure], options->runs);
	return ok;
}

/* Did all that were asked answer alike? */
static bool compare_checksums(const struct options *options, const struct bench_rmap_work *work,
			      const struct column *columns)
{
	const struct column *first = NULL;
	bool alike = true;

	for (size_t i = 0; i < options->design_count; i++) {
		if (columns[i].last.asked == 0)
			continue;
		if (first == NULL)
			first = &columns[i];
		if (columns[i].last.checksum == first->last.checksum)
			continue;
		complain("%s: %s answers otherwise than the designs before it", work->name,
			 options->designs[i]->name);
		alike = false;
	}
	return alike;
}

static void print_table(const struct options *options, const struct bench_rmap_work *work,
			const struct column *columns)
{
	printf("\n%s: %s\n%-14s", work->name, work->text, "");
	for (size_t figure = 0; figure < RMAP_FIGURES; figure++)
		printf(" %10s", figures[figure].text);
	printf("\n");
	for (size_t i = 0; i < options->design_count; i++) {
		printf("%-14s", options->designs[i]->name);
		for (size_t figure = 0; figure < RMAP_FIGURES; figure++) {
			double value = median(options, &columns[i], figure);

			if (value < 0)
				printf(" %10s", "-");
			else
				printf(" %c%9.*f", columns[i].last.stopped[figure] ? '>' : ' ',
				       value < 100 ? 2 : 0, value);
		}
		printf("\n");
	}
	fflush(stdout);
}

static void report_columns(const struct options *options, const struct bench_rmap_work *work,
			   const struct bench_script *script, const struct column *columns,
			   json_t *results)
{
	for (size_t i = 0; i < options->design_count; i++) {
		const struct column *column = &columns[i];
		json_t *result = json_object(), *stopped = json_array();

		report_set(result, "workload", json_string(work->name));
		report_set(result, "design", json_string(options->designs[i]->name));
		report_set(result, "peer", json_boolean(options->designs[i] == options->peer));
		for (size_t figure = 0; figure < RMAP_FIGURES; figure++) {
			double value = median(options, column, figure);

			if (value >= 0)
				report_set(result, figures[figure].name, json_real(value));
			if (column->last.stopped[figure])
				report_append(stopped, json_string(figures[figure].name));
		}
		report_set(result, "stopped", stopped);
		report_set(result, "changes", json_integer((json_int_t)script->build.count));
		report_set(result, "changes_done", json_integer((json_int_t)column->last.built));
		report_set(result, "queries_done", json_integer((json_int_t)column->last.asked));
		report_set(result, "checksum", json_address(column->last.checksum));
		report_append(results, result);
	}
}

static int finish(const struct options *options, json_t *results, bool alike)
{
	json_t *report;

	if (results == NULL) {
		if (options->peer == NULL)
			printf("\nLinux's own interval tree was not measured: --peer names it, "
			       "bench/peers/linux.sh builds it\n");
		return finish_output(alike ? STATUS_OK : STATUS_DIFFERENT);
	}
	report = report_new("bench-file-rmap");
	report_set(report, "results", results);
	report_set(report, "runs", json_integer((json_int_t)options->runs));
	report_set(report, "checksums_agree", json_boolean(alike));
	return report_print(report, alike ? STATUS_OK : STATUS_DIFFERENT);
}

static int run(const struct options *options)
{
	struct column *columns = calloc(options->design_count, sizeof(*columns));
	json_t *results = options->json ? json_array() : NULL;
	const struct bench_rmap_work *work = bench_rmap_works;
	bool ok = columns != NULL, alike = true;

	if (!options->json)
		printf("median of %zu runs; build, churn, remove: ns per change; query: ns, of "
		       "which ns per area visited;\nareas visited per query; areas looked at for "
		       "each; bytes per area\n",
		       options->runs);
	for (; ok && work->name != NULL; work++) {
		struct bench_script script;

		if (options->works != NULL && !in_list(options->works, work->name))
			continue;
		ok = bench_script_write(&script, work, options->seed);
		if (!ok)
			break;
		ok = measure(options, work, &script, columns);
		if (ok) {
			alike = compare_checksums(options, work, columns) && alike;
			if (options->json)
				report_columns(options, work, &script, columns, results);
			else
				print_table(options, work, columns);
		}
		bench_script_free(&script);
	}
	free(columns);
	if (ok)
		return finish(options, results, alike);
	complain("%s: no memory, or a run that failed", work->name);
	if (results != NULL)
		json_decref(results);
	return STATUS_TROUBLE;
}

/* ---- Recorded programs ---- */

static const char *const cell_names[CELLS_KINDS] = {
	[CELLS_NEW] = "new",
	[CELLS_EXACT] = "exact",
	[CELLS_SEVERAL] = "several",
	[CELLS_CUT] = "cut",
};

static uint64_t sum_of(const uint64_t *counts)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < CELLS_KINDS; i++)
		sum += counts[i];
	return sum;
}

static void print_shares(const char *how, const uint64_t *counts)
{
	uint64_t sum = sum_of(counts);

	if (sum == 0)
		return;
	printf("  %-8s %7" PRIu64 ":", how, sum);
	for (size_t i = 0; i < CELLS_KINDS; i++)
		printf("  %s %.1f %%", cell_names[i], 100.0 * (double)counts[i] / (double)sum);
	printf("\n");
}

static void print_program(const char *path, const struct traced_program *program)
{
	printf("\n%s: %" PRIu32 " areas of %" PRIu32 " objects in %" PRIu32
	       " spaces, at most %" PRIu32 " at once; %" PRIu64 " pages touched\n",
	       path, program->links, program->objects, program->spaces, program->most,
	       program->pages);
	print_shares("mapped", program->mapped);
	print_shares("forked", program->forked);
	printf("  %-8s %7" PRIu64 "\n", "split", program->split);
	printf("%-14s %10s %10s\n", "", "ns", "bytes");
}

static json_t *json_shares(const uint64_t *counts)
{
	json_t *shares = json_object();

	for (size_t i = 0; i < CELLS_KINDS; i++)
		report_set(shares, cell_names[i], json_integer((json_int_t)counts[i]));
	return shares;
}

static json_t *json_program(const char *path, const struct traced_program *program)
{
	json_t *result = json_object();

	report_set(result, "trace", json_text(path));
	report_set(result, "areas", json_integer((json_int_t)program->links));
	report_set(result, "objects", json_integer((json_int_t)program->objects));
	report_set(result, "spaces", json_integer((json_int_t)program->spaces));
	report_set(result, "most_areas", json_integer((json_int_t)program->most));
	report_set(result, "pages", json_integer((json_int_t)program->pages));
	report_set(result, "mapped", json_shares(program->mapped));
	report_set(result, "forked", json_shares(program->forked));
	report_set(result, "split", json_integer((json_int_t)program->split));
	report_set(result, "designs", json_array());
	return result;
}

/* The price of a chain is that of the areas' list, and of each page. */
static bool measure_program(const struct options *options, const struct traced_program *program,
			    double chain_ns, json_t *result)
{
	double pages = (double)program->pages / (double)program->links;

	for (size_t i = 0; i < options->design_count; i++) {
		const struct vas_file_rmap_design *design = options->designs[i];
		double ns, bytes;

		if (!traced_program_time(program, design, options->runs, &ns, &bytes))
			return false;
		if (design->chains)
			ns += pages * chain_ns;
		if (result == NULL) {
			printf("%-14s %10.1f %10.1f\n", design->name, ns, bytes);
		} else {
			json_t *figures = json_object();

			report_set(figures, "design", json_string(design->name));
			report_set(figures, "ns", json_real(ns));
			report_set(figures, "bytes_per_area", json_real(bytes));
			report_append(json_object_get(result, "designs"), figures);
		}
	}
	return true;
}

static int run_traces(const struct options *options)
{
	json_t *results = options->json ? json_array() : NULL;
	double chain_ns = traced_chain_price(options->runs);
	json_t *report;
	bool ok = chain_ns >= 0;

	if (!options->json)
		printf("ns per area, from insert to remove; bytes per area when there are the "
		       "most.\nA page in a chain: %.1f ns, which pte-chain adds for each page "
		       "touched.\n",
		       chain_ns);
	for (size_t i = 0; ok && i < options->trace_count; i++) {
		struct traced_program program;
		json_t *result = NULL;

		if (!traced_program_read(&program, options->traces[i])) {
			json_decref(results);
			return STATUS_TROUBLE;
		}
		if (results == NULL) {
			print_program(options->traces[i], &program);
		} else {
			result = json_program(options->traces[i], &program);
			report_append(results, result);
		}
		ok = program.links == 0 || measure_program(options, &program, chain_ns, result);
		traced_program_free(&program);
	}
	if (!ok) {
		complain("out of memory");
		json_decref(results);
		return STATUS_TROUBLE;
	}
	if (results == NULL)
		return finish_output(STATUS_OK);
	report = report_new("bench-file-rmap");
	report_set(report, "traces", results);
	report_set(report, "chain_ns", json_real(chain_ns));
	return report_print(report, STATUS_OK);
}

/* ---- In a machine ---- */

/* The medians of the runs of one design. False: it failed. */
static bool run_whole_design(const struct options *options, const struct whole_program *program,
			     const char *design, struct whole_times *median)
{
	double changes[MOST_RUNS], questions[MOST_RUNS];

	for (size_t run = 0; run < options->runs; run++) {
		if (!whole_program_run(program, design, options->milliseconds * 1e6, median)) {
			complain("%s under %s: no memory, or a wrong answer", program->name,
				 design);
			return false;
		}
		changes[run] = median->changes_ns;
		questions[run] = median->question_ns;
	}
	sort_values(changes, options->runs);
	sort_values(questions, options->runs);
	median->changes_ns = changes[options->runs / 2];
	median->question_ns = questions[options->runs / 2];
	return true;
}

static json_t *whole_json(const struct whole_program *program, const char *design,
			  const struct whole_times *times)
{
	json_t *json = json_object();

	report_set(json, "workload", json_string(program->name));
	report_set(json, "design", json_string(design));
	report_set(json, "changes_ns", json_real(times->changes_ns));
	report_set(json, "question_ns", json_real(times->question_ns));
	report_set(json, "pass_ns", json_real(times->question_ns * times->pages));
	return json;
}

static int run_whole(const struct options *options)
{
	json_t *results = options->json ? json_array() : NULL, *report;

	for (const struct whole_program *program = whole_programs; program->name != NULL;
	     program++) {
		if (!options->json)
			printf("%s%s: %s\n%-16s%12s%15s%12s%12s\n",
			       program == whole_programs ? "" : "\n", program->name, program->text,
			       "", "changes ms", "a question ns", "a pass ms", "together");
		for (size_t i = 0; i < options->design_count; i++) {
			const char *design = options->designs[i]->name;
			struct whole_times times;
			double pass;

			if (!run_whole_design(options, program, design, &times)) {
				json_decref(results);
				return STATUS_TROUBLE;
			}
			pass = times.question_ns * times.pages;
			if (options->json)
				report_append(results, whole_json(program, design, &times));
			else
				printf("%-16s%12.0f%15.0f%12.1f%12.0f\n", design,
				       times.changes_ns * 1e-6, times.question_ns, pass * 1e-6,
				       (times.changes_ns + pass) * 1e-6);
		}
	}
	if (!options->json)
		return finish_output(STATUS_OK);
	report = report_new("bench-file-rmap");
	report_set(report, "whole", results);
	return report_print(report, STATUS_OK);
}

/* ---- Options ---- */

static bool take_designs(struct options *options, char *list)
{
	char *rest = list, *part;

	options->design_count = 0;
	while ((part = strsep(&rest, ",")) != NULL) {
		const struct vas_file_rmap_design *design = vas_file_rmap_find(part);

		if (design == NULL || options->design_count == MOST_DESIGNS - 1)
			return false;
		options->designs[options->design_count++] = design;
	}
	return true;
}

/* A plug-in: a shared object with a table of functions. It stays until the end. */
static bool take_peer(struct options *options, const char *path)
{
	void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	options->peer = plugin == NULL ? NULL : dlsym(plugin, "vas_peer_file_rmap");
	if (options->peer == NULL)
		complain("%s", dlerror());
	return options->peer != NULL;
}

/* False: one of the names is not known. */
static bool take_works(struct options *options, const char *list)
{
	const struct bench_rmap_work *work = bench_rmap_works;
	size_t known = 0, asked = 1;

	for (const char *at = list; *at != '\0'; at++)
		asked += *at == ',';
	for (; work->name != NULL; work++)
		known += in_list(list, work->name);
	options->works = list;
	return known == asked;
}

static void set_defaults(struct options *options)
{
	const struct vas_file_rmap_design *const *designs = vas_file_rmap_designs();

	for (; *designs != NULL && options->design_count < MOST_DESIGNS - 1; designs++)
		options->designs[options->design_count++] = *designs;
}

int cmd_bench_file_rmap(int argc, char **argv)
{
	enum {
		WORKLOAD = UCHAR_MAX + 1,
		DESIGN,
		PEER,
		RUNS,
		TIME,
		MEMORY,
		SEED,
		TRACE,
		WHOLE,
		JSON
	};
	static const struct option longs[] = {
		{ "workload", required_argument, NULL, WORKLOAD },
		{ "design", required_argument, NULL, DESIGN },
		{ "peer", required_argument, NULL, PEER },
		{ "runs", required_argument, NULL, RUNS },
		{ "time", required_argument, NULL, TIME },
		{ "memory", required_argument, NULL, MEMORY },
		{ "seed", required_argument, NULL, SEED },
		{ "trace", required_argument, NULL, TRACE },
		{ "whole", no_argument, NULL, WHOLE },
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = {
		.runs = 3,
		.milliseconds = 1000,
		.bytes = UINT64_C(1) << 30,
		.seed = 1,
	};
	uint64_t value;
	int option;

	while ((option = next_option(argc, argv, "h", longs)) != -1) {
		bool good = true;

		if (option == WORKLOAD) {
			good = take_works(&options, optarg);
		} else if (option == DESIGN) {
			good = take_designs(&options, optarg);
		} else if (option == PEER) {
			if (!take_peer(&options, optarg))
				return STATUS_TROUBLE;
		} else if (option == RUNS) {
			good = parse_number(optarg, MOST_RUNS, &value) && value > 0;
			options.runs = good ? (size_t)value : 1;
		} else if (option == TIME) {
			good = parse_number(optarg, 1000000, &value) && value > 0;
			options.milliseconds = good ? (unsigned)value : 1;
		} else if (option == MEMORY) {
			good = parse_number(optarg, UINT64_C(1) << 20, &value) && value > 0;
			options.bytes = good ? value << 20 : 1;
		} else if (option == SEED) {
			good = parse_number(optarg, UINT64_MAX, &options.seed);
		} else if (option == TRACE) {
			good = options.trace_count < MOST_TRACES;
			if (good)
				options.traces[options.trace_count++] = optarg;
		} else if (option == WHOLE) {
			options.whole = true;
		} else if (option == JSON) {
			options.json = true;
		} else if (option == 'h') {
			fputs(usage, stdout);
			return finish_output(STATUS_OK);
		} else {
			return STATUS_TROUBLE;
		}
		if (!good)
			return wrong_value(argv[0], longs, option);
	}
	if (optind < argc)
		return wrong_usage(argv[0], "'%s' is too much", argv[optind]);
	if (options.design_count == 0)
		set_defaults(&options);
	if (options.whole)
		return run_whole(&options);
	if (options.peer != NULL)
		options.designs[options.design_count++] = options.peer;
	return options.trace_count > 0 ? run_traces(&options) : run(&options);
}
