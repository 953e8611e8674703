/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `vas bench index`: what each design of the area index costs, from ten areas to a million.
 *
 * Designs take turns within a run, so that a machine that slows down slows all of them; a figure is
 * the median of the runs, with half the distance between the best and the worst as its spread. All
 * designs must have given the same answers: a checksum over them is compared.
 */

#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "bench_index.h"
#include "cmd.h"
#include "median.h"
#include "output.h"
#include "progress.h"

#define MOST_DESIGNS 8
#define MOST_SIZES   16
#define MOST_RUNS    101
#define MOST_AREAS   10000000

/* Designs that walk a list are left out above this: the build alone would take a minute. */
#define LINEAR_AREAS 1000

static const char usage[] =
	"usage: vas bench index [OPTION...]\n"
	"\n"
	"Times the designs of the area index on the same areas and requests. The fastest of each row\n"
	"is marked with '*'. Calls begin with an address, as those on a space do. Then, what the tree and the old free-area cache cost: searches and changes\n"
	"of two workloads, and how many areas are left in how many bytes of address space.\n"
	"\n"
	"  --n=LIST        numbers of areas, with commas (10,30,100,1000,10000,100000,1000000)\n"
	"  --designs=LIST  'vas designs' lists them (btree,rbtree,avl,list)\n"
	"  --runs=N        of which the median is taken (5)\n"
	"  --seed=N        of all random choices (1)\n"
	"  --json          as one JSON object\n"
	"  -h, --help      this text\n"
	"\n"
	"Exit status: 0 all designs gave the same answers, 1 they did not, 2 trouble.\n";

static const struct {
	const char *name, *text, *unit;
	/* May a historic design answer differently? */
	bool placement;
} figures[FIGURES] = {
	[FIND] = { "find", "find, independent", "ns", false },
	[FIND_DEPENDENT] = { "find_dependent", "find, dependent", "ns", false },
	[FIND_READ] = { "find_read", "find and read a field", "ns", false },
	[FIND_GE] = { "find_ge", "find_ge, over holes too", "ns", false },
	[ITERATE] = { "iterate", "iterate, per area", "ns", false },
	[ITERATE_READ] = { "iterate_read", "iterate and read", "ns", false },
	[INSERT] = { "insert", "insert, random order", "ns", false },
	[INSERT_ASCENDING] = { "insert_ascending", "insert, ascending", "ns", false },
	[ERASE] = { "erase", "find and erase, random", "ns", false },
	[LOAD] = { "load", "load (fork), per area", "ns", false },
	[GAP] = { "gap", "gap, whole space", "ns", true },
	[GAP_WINDOW] = { "gap_window", "gap, random window", "ns", true },
	[CHURN] = { "churn", "gap + map + unmap", "ns", true },
	[SPLIT_MERGE] = { "split_merge", "find, split in 3, merge", "ns", false },
	[BYTES] = { "bytes", "bytes per area", "", false },
	[BYTES_LOADED] = { "bytes_loaded", "bytes per area, loaded", "", false },
};

struct options {
	size_t sizes[MOST_SIZES];
	size_t size_count;
	const char *designs[MOST_DESIGNS];
	size_t design_count;
	size_t runs;
	uint64_t seed;
	bool json;
};

/* What one design gave with one number of areas, sorted by value once all runs are in. */
struct column {
	bool skipped;
	double values[FIGURES][MOST_RUNS];
	uint64_t checksum[FIGURES];
};

static bool is_linear(const char *design)
{
	return strncmp(design, "list", 4) == 0;
}

static bool in_list(const char *const *names, const char *name)
{
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

static bool is_historic(const char *design)
{
	return in_list(vas_index_historic_designs(), design);
}

static double median(const struct column *column, size_t figure, size_t runs)
{
	return column->values[figure][runs / 2];
}

static double spread(const struct column *column, size_t figure, size_t runs)
{
	const double *values = column->values[figure];
	double middle = values[runs / 2];

	return middle > 0 ? (values[runs - 1] - values[0]) / 2 / middle * 100 : 0;
}

/* Compares what the designs answered with what the first of them did. Returns whether all is alike.
 */
static bool compare_checksums(const struct options *options, const struct column *columns,
			      size_t areas)
{
	const struct column *first = NULL;
	bool alike = true;

	for (size_t i = 0; i < options->design_count; i++) {
		const char *design = options->designs[i];

		if (columns[i].skipped || is_historic(design))
			continue;
		if (first == NULL)
			first = &columns[i];
		for (size_t figure = 0; figure < BYTES; figure++) {
			if (columns[i].checksum[figure] == first->checksum[figure])
				continue;
			complain("%s, %zu areas: %s answers otherwise than the designs before it",
				 figures[figure].text, areas, design);
			alike = false;
		}
	}
	return alike;
}

/* All runs of all designs with one number of areas. False: no memory. */
static bool measure(const struct options *options, size_t areas, struct column *columns)
{
	struct bench_world world;
	struct bench_result result;
	size_t step = 0;
	bool ok = bench_world_create(&world, areas, options->seed);

	if (!ok)
		return false;
	progress_start("bench index", options->runs * options->design_count);
	for (size_t run = 0; ok && run < options->runs; run++) {
		for (size_t i = 0; ok && i < options->design_count; i++) {
			progress_at(step++);
			columns[i].skipped = is_linear(options->designs[i]) && areas > LINEAR_AREAS;
			if (columns[i].skipped)
				continue;
			ok = bench_run(&world, options->designs[i], UINT32_MAX, &result);
			for (size_t figure = 0; figure < FIGURES; figure++) {
				columns[i].values[figure][run] = result.value[figure];
				columns[i].checksum[figure] = result.checksum[figure];
			}
		}
	}
	progress_end();
	bench_world_free(&world);
	for (size_t i = 0; i < options->design_count; i++) {
		for (size_t figure = 0; figure < FIGURES; figure++)
			sort_values(columns[i].values[figure], options->runs);
	}
	return ok;
}

static void print_table(const struct options *options, const struct column *columns, size_t areas)
{
	bool skipped = false;

	printf("\n%-26s", "");
	for (size_t i = 0; i < options->design_count; i++)
		printf("%19s", options->designs[i]);
	printf("\n%zu areas\n", areas);
	for (size_t figure = 0; figure < FIGURES; figure++) {
		double best = 0;

		for (size_t i = 0; i < options->design_count; i++) {
			double value = median(&columns[i], figure, options->runs);

			skipped = skipped || columns[i].skipped;
			if (!columns[i].skipped && (best == 0 || value < best))
				best = value;
		}
		printf("%-23s %-2s", figures[figure].text, figures[figure].unit);
		for (size_t i = 0; i < options->design_count; i++) {
			double value = median(&columns[i], figure, options->runs);

			if (columns[i].skipped)
				printf("%19s", "-");
			else
				printf("%11.1f%c %3.0f%% ", value, value <= best ? '*' : ' ',
				       spread(&columns[i], figure, options->runs));
		}
		printf("\n");
	}
	if (skipped)
		printf("-: walks a list, and would take too long with so many areas\n");
	fflush(stdout);
}

static void report_columns(const struct options *options, const struct column *columns,
			   size_t areas, json_t *results)
{
	for (size_t i = 0; i < options->design_count; i++) {
		for (size_t figure = 0; figure < FIGURES; figure++) {
			const double *values = columns[i].values[figure];
			json_t *result = json_object();

			report_set(result, "areas", json_integer((json_int_t)areas));
			report_set(result, "design", json_string(options->designs[i]));
			report_set(result, "workload", json_string(figures[figure].name));
			if (columns[i].skipped) {
				report_set(result, "skipped", json_string("walks a list"));
			} else {
				report_set(result, "median", json_real(values[options->runs / 2]));
				report_set(result, "least", json_real(values[0]));
				report_set(result, "most", json_real(values[options->runs - 1]));
				report_set(result, "checksum",
					   json_address(columns[i].checksum[figure]));
			}
			report_append(results, result);
		}
	}
}

/* One workload in one direction on one design; the median run by the sum of both times. */
static bool measure_policy(const struct options *options, const struct bench_policy_work *work,
			   const char *design, enum vas_direction direction,
			   struct bench_policy *policy)
{
	double gap[MOST_RUNS], change[MOST_RUNS];
	/* A walk of the whole list each time takes long enough to be measured once. */
	size_t runs = is_linear(design) ? 1 : options->runs;

	for (size_t run = 0; run < runs; run++) {
		if (!bench_policy_run(work, design, direction, policy))
			return false;
		gap[run] = policy->gap_ns;
		change[run] = policy->change_ns;
	}
	sort_values(gap, runs);
	sort_values(change, runs);
	policy->gap_ns = gap[runs / 2];
	policy->change_ns = change[runs / 2];
	return true;
}

static void print_policy(const char *design, const struct bench_policy *policy)
{
	printf("  %-16s %10.1f %10.1f %10zu %12.1f\n", design, policy->gap_ns, policy->change_ns,
	       policy->areas, (double)policy->span / (1 << 20));
	fflush(stdout);
}

static void report_policy(const char *work, const char *design, enum vas_direction direction,
			  const struct bench_policy *policy, json_t *results)
{
	json_t *result = json_object();

	report_set(result, "workload", json_string(work));
	report_set(result, "direction",
		   json_string(direction == VAS_BOTTOM_UP ? "bottom_up" : "top_down"));
	report_set(result, "design", json_string(design));
	report_set(result, "gap_ns", json_real(policy->gap_ns));
	report_set(result, "change_ns", json_real(policy->change_ns));
	report_set(result, "areas_left", json_integer((json_int_t)policy->areas));
	report_set(result, "span", json_integer((json_int_t)policy->span));
	report_set(result, "failed", json_integer((json_int_t)policy->failed));
	report_append(results, result);
}

/* All designs, those chosen first and then the historic ones, on the workloads of gap policies. */
static bool policies(const struct options *options, json_t *results)
{
	const char *names[2 * MOST_DESIGNS];
	const char *const *historic = vas_index_historic_designs();
	size_t count = 0;

	for (size_t i = 0; i < options->design_count; i++)
		names[count++] = options->designs[i];
	for (; *historic != NULL && count < 2 * MOST_DESIGNS; historic++) {
		names[count] = *historic;
		names[count + 1] = NULL;
		for (size_t i = 0; i < count; i++) {
			if (strcmp(names[i], *historic) == 0)
				names[count] = NULL;
		}
		count += names[count] != NULL;
	}
	for (const struct bench_policy_work *work = bench_policy_works; work->name != NULL;
	     work++) {
		for (int down = 0; down < 2; down++) {
			enum vas_direction direction = down != 0 ? VAS_TOP_DOWN : VAS_BOTTOM_UP;
			struct bench_policy policy;

			if (results == NULL)
				printf("\n%s, %s: %s\n  %-16s %10s %10s %10s %12s\n", work->name,
				       down != 0 ? "top-down" : "bottom-up", work->what, "",
				       "search ns", "change ns", "areas", "span MiB");
			for (size_t i = 0; i < count; i++) {
				if (!measure_policy(options, work, names[i], direction, &policy))
					return false;
				if (results == NULL)
					print_policy(names[i], &policy);
				else
					report_policy(work->name, names[i], direction, &policy,
						      results);
			}
		}
	}
	return true;
}

static int run(const struct options *options)
{
	struct column *columns = calloc(options->design_count, sizeof(*columns));
	json_t *report = NULL, *results = NULL, *policy_results = NULL;
	bool ok = columns != NULL, alike = true;

	if (options->json) {
		report = report_new("bench-index");
		results = json_array();
		policy_results = json_array();
		report_set(report, "results", results);
		report_set(report, "gap_policies", policy_results);
	} else {
		printf("median of %zu runs, half the distance from best to worst in per cent\n",
		       options->runs);
	}
	for (size_t i = 0; ok && i < options->size_count; i++) {
		ok = measure(options, options->sizes[i], columns);
		if (!ok)
			break;
		alike = compare_checksums(options, columns, options->sizes[i]) && alike;
		if (options->json)
			report_columns(options, columns, options->sizes[i], results);
		else
			print_table(options, columns, options->sizes[i]);
	}
	ok = ok && policies(options, policy_results);
	free(columns);
	if (!ok) {
		complain("no memory for so many areas");
		if (report != NULL)
			json_decref(report);
		return STATUS_TROUBLE;
	}
	if (report == NULL)
		return finish_output(alike ? STATUS_OK : STATUS_DIFFERENT);
	report_set(report, "runs", json_integer((json_int_t)options->runs));
	report_set(report, "checksums_agree", json_boolean(alike));
	return report_print(report, alike ? STATUS_OK : STATUS_DIFFERENT);
}

/* Splits `list` at commas, in place; calls take() for each part until it returns false. */
static bool each_part(char *list, struct options *options,
		      bool (*take)(struct options *options, const char *part))
{
	char *rest = list, *part;

	while ((part = strsep(&rest, ",")) != NULL) {
		if (!take(options, part))
			return false;
	}
	return true;
}

static bool take_size(struct options *options, const char *part)
{
	uint64_t areas;

	if (options->size_count == MOST_SIZES || !parse_number(part, MOST_AREAS, &areas) ||
	    areas == 0)
		return false;
	options->sizes[options->size_count++] = (size_t)areas;
	return true;
}

static bool take_design(struct options *options, const char *part)
{
	if (options->design_count == MOST_DESIGNS ||
	    !(in_list(vas_index_designs(), part) || is_historic(part)))
		return false;
	options->designs[options->design_count++] = part;
	return true;
}

static void set_defaults(struct options *options)
{
	static const size_t sizes[] = { 10, 30, 100, 1000, 10000, 100000, 1000000 };
	const char *const *designs = vas_index_designs();

	if (options->size_count == 0) {
		options->size_count = sizeof(sizes) / sizeof(sizes[0]);
		memcpy(options->sizes, sizes, sizeof(sizes));
	}
	if (options->design_count == 0) {
		for (; *designs != NULL; designs++)
			options->designs[options->design_count++] = *designs;
	}
}

int cmd_bench_index(int argc, char **argv)
{
	enum { OPTION_N = 256, OPTION_DESIGNS, OPTION_RUNS, OPTION_SEED, OPTION_JSON };
	static const struct option longs[] = {
		{ "n", required_argument, NULL, OPTION_N },
		{ "designs", required_argument, NULL, OPTION_DESIGNS },
		{ "runs", required_argument, NULL, OPTION_RUNS },
		{ "seed", required_argument, NULL, OPTION_SEED },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = { .runs = 5, .seed = 1 };
	uint64_t number;
	int option;

	while ((option = next_option(argc, argv, "h", longs)) != -1) {
		switch (option) {
		case OPTION_N:
			if (!each_part(optarg, &options, take_size))
				return wrong_usage(argv[0],
						   "--n takes up to %d numbers from 1 to %d",
						   MOST_SIZES, MOST_AREAS);
			break;
		case OPTION_DESIGNS:
			if (!each_part(optarg, &options, take_design))
				return wrong_usage(argv[0],
						   "--designs takes up to %d names of "
						   "designs; 'vas designs' lists them",
						   MOST_DESIGNS);
			break;
		case OPTION_RUNS:
			if (!parse_number(optarg, MOST_RUNS, &number) || number == 0)
				return wrong_usage(argv[0], "--runs takes a number from 1 to %d",
						   MOST_RUNS);
			options.runs = (size_t)number;
			break;
		case OPTION_SEED:
			if (!parse_number(optarg, UINT64_MAX, &options.seed))
				return wrong_usage(argv[0], "--seed takes a number");
			break;
		case OPTION_JSON:
			options.json = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return finish_output(STATUS_OK);
		default:
			return STATUS_TROUBLE;
		}
	}
	if (optind != argc)
		return wrong_usage(argv[0], "no arguments are expected");
	set_defaults(&options);
	/* Or the heap would go back to the kernel after each round, and be faulted in again. */
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	return run(&options);
}
