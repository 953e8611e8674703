/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `vas bench index`: what each design of the area index costs, from ten areas to a million.
 *
 * Designs take turns within a run, so that a machine that slows down slows all of them; a figure is
 * the median of the runs, with half the distance between the best and the worst as its spread. All
 * designs must have given the same answers: a checksum over them is compared.
 */

#include <dlfcn.h>
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
#define MOST_PEERS   16
#define MOST_SIZES   16
#define MOST_RUNS    101
#define MOST_AREAS   10000000

/* Structures that walk a list are left out above this: the build alone would take a minute. */
#define LINEAR_AREAS 1000

static const char usage[] =
	"usage: vas bench index [OPTION...]\n"
	"\n"
	"Times the designs of the area index on the same areas and requests, and other structures\n"
	"beside them. The fastest of each row is marked with '*'. Then, what the tree and the old\n"
	"free-area cache cost: searches and changes of two workloads, and how many areas are left in\n"
	"how many bytes of address space.\n"
	"\n"
	"  --n=LIST        numbers of areas, with commas (10,30,100,1000,10000,100000,1000000)\n"
	"  --designs=LIST  'vas designs' lists them (btree,rbtree,avl,list)\n"
	"  --peer=LIST     plug-ins with other structures; bench/peers/build makes them\n"
	"  --runs=N        of which the median is taken (5)\n"
	"  --seed=N        of all random choices (1)\n"
	"  --json          as one JSON object\n"
	"  -h, --help      this text\n"
	"\n"
	"Exit status: 0 all gave the same answers, 1 they did not, 2 trouble.\n";

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
	[ERASE] = { "erase", "erase, random order", "ns", false },
	[FIND_ERASE] = { "find_erase", "find and erase", "ns", false },
	[COPY] = { "copy", "copy (fork), per area", "ns", false },
	[GAP] = { "gap", "gap, whole space", "ns", true },
	[GAP_WINDOW] = { "gap_window", "gap, random window", "ns", true },
	[CHURN] = { "churn", "gap + map + unmap", "ns", true },
	[SPLIT_MERGE] = { "split_merge", "split in 3, merge", "ns", false },
	[FIND_SPLIT_MERGE] = { "find_split_merge", "find, split in 3, merge", "ns", false },
	[BYTES] = { "bytes", "bytes per area", "", false },
	[BYTES_COPIED] = { "bytes_copied", "bytes per area, copied", "", false },
};

/* What is measured: a design of libvas, or a plug-in's structure. */
struct structure {
	const char *name;
	const struct bench_peer *peer; /* NULL: a design */
};

struct options {
	size_t sizes[MOST_SIZES];
	size_t size_count;
	const char *designs[MOST_DESIGNS];
	size_t design_count;
	/* The designs, and the peers behind them. */
	struct structure structures[MOST_DESIGNS + MOST_PEERS];
	size_t structure_count;
	const struct bench_peer *peers[MOST_PEERS];
	size_t peer_count;
	size_t runs;
	uint64_t seed;
	bool json;
};

/* What one structure gave with one number of areas, sorted by value once all runs are in. */
struct column {
	bool done[FIGURES];
	double values[FIGURES][MOST_RUNS];
	uint64_t checksum[FIGURES];
};

static bool is_linear(const char *design)
{
	return strncmp(design, "list", 4) == 0;
}

static bool is_name(const char *const *names, const char *name)
{
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

static bool is_historic(const char *design)
{
	return is_name(vas_index_historic_designs(), design);
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

/* Why there is no figure; NULL when there is one. */
static const char *why_not(const struct structure *structure, const struct column *column,
			   size_t figure)
{
	if (column->done[figure])
		return NULL;
	if (structure->peer == NULL)
		return "walks a list, and would take too long with so many areas";
	if ((structure->peer->lacks & 1u << figure) != 0)
		return "has no such operation";
	return "looks for a gap by walking, and would take too long with so many areas";
}

/* Does the figure depend on answers that a historic design gives in its own way? */
static bool is_comparable(const struct structure *structure, size_t figure)
{
	return structure->peer != NULL || !is_historic(structure->name) ||
	       !figures[figure].placement;
}

/* Compares what the structures answered with what the first of them did. Returns whether all is
 * alike. */
static bool compare_checksums(const struct options *options, const struct column *columns,
			      size_t areas)
{
	bool alike = true;

	for (size_t figure = 0; figure < BYTES; figure++) {
		const struct column *first = NULL;

		for (size_t i = 0; i < options->structure_count; i++) {
			if (!columns[i].done[figure] ||
			    !is_comparable(&options->structures[i], figure))
				continue;
			if (first == NULL)
				first = &columns[i];
			if (columns[i].checksum[figure] == first->checksum[figure])
				continue;
			complain("%s, %zu areas: %s answers otherwise than those before it",
				 figures[figure].text, areas, options->structures[i].name);
			alike = false;
		}
	}
	return alike;
}

static bool run_one(const struct bench_world *world, const struct structure *structure, size_t run,
		    struct column *column)
{
	struct bench_result result = { 0 };
	bool ok;

	if (structure->peer != NULL)
		ok = structure->peer->run(world, UINT32_MAX, &result);
	else if (is_linear(structure->name) && world->n > LINEAR_AREAS)
		ok = true;
	else
		ok = bench_run(world, structure->name, UINT32_MAX, &result);
	for (size_t figure = 0; figure < FIGURES; figure++) {
		column->values[figure][run] = result.value[figure];
		column->checksum[figure] = result.checksum[figure];
		column->done[figure] = result.done[figure];
	}
	return ok;
}

/* All runs of all structures with one number of areas, in an order that changes from run to run:
 * what one leaves in the caches meets another one each time. False: no memory. */
static bool measure(const struct options *options, size_t areas, struct column *columns)
{
	size_t count = options->structure_count, step = 0;
	size_t order[MOST_DESIGNS + MOST_PEERS];
	uint64_t random = options->seed;
	struct bench_world world;
	bool ok = bench_world_create(&world, areas, options->seed);

	if (!ok)
		return false;
	for (size_t i = 0; i < count; i++)
		order[i] = i;
	progress_start("bench index", options->runs * count);
	for (size_t run = 0; ok && run < options->runs; run++) {
		for (size_t i = count; i > 1; i--) {
			size_t other = (bench_random(&random) >> 11) % i, held = order[i - 1];

			order[i - 1] = order[other];
			order[other] = held;
		}
		for (size_t i = 0; ok && i < count; i++) {
			progress_at(step++);
			ok = run_one(&world, &options->structures[order[i]], run,
				     &columns[order[i]]);
		}
	}
	progress_end();
	bench_world_free(&world);
	for (size_t i = 0; i < count; i++) {
		for (size_t figure = 0; figure < FIGURES; figure++)
			sort_values(columns[i].values[figure], options->runs);
	}
	return ok;
}

static void print_row(const struct options *options, const struct column *columns, size_t figure)
{
	double best = 0;

	for (size_t i = 0; i < options->structure_count; i++) {
		double value = median(&columns[i], figure, options->runs);

		if (columns[i].done[figure] && (best == 0 || value < best))
			best = value;
	}
	printf("%-23s %-2s", figures[figure].text, figures[figure].unit);
	for (size_t i = 0; i < options->structure_count; i++) {
		double value = median(&columns[i], figure, options->runs);

		if (!columns[i].done[figure])
			printf("%19s", "-");
		else
			printf("%11.1f%c %3.0f%% ", value, value <= best ? '*' : ' ',
			       spread(&columns[i], figure, options->runs));
	}
	printf("\n");
}

static void print_table(const struct options *options, const struct column *columns, size_t areas)
{
	printf("\n%-26s", "");
	for (size_t i = 0; i < options->structure_count; i++)
		printf("%19s", options->structures[i].name);
	printf("\n%zu areas\n", areas);
	for (size_t figure = 0; figure < FIGURES; figure++)
		print_row(options, columns, figure);
	/* The reasons, each once a structure. */
	for (size_t i = 0; i < options->structure_count; i++) {
		const char *told = NULL;

		for (size_t figure = 0; figure < FIGURES; figure++) {
			const char *why = why_not(&options->structures[i], &columns[i], figure);

			if (why != NULL && why != told)
				printf("- %s: %s\n", options->structures[i].name, why);
			told = why != NULL ? why : told;
		}
	}
	fflush(stdout);
}

static void report_columns(const struct options *options, const struct column *columns,
			   size_t areas, json_t *results)
{
	for (size_t i = 0; i < options->structure_count; i++) {
		for (size_t figure = 0; figure < FIGURES; figure++) {
			const struct structure *structure = &options->structures[i];
			const double *values = columns[i].values[figure];
			const char *why = why_not(structure, &columns[i], figure);
			json_t *result = json_object();

			report_set(result, "areas", json_integer((json_int_t)areas));
			report_set(result, "design", json_string(structure->name));
			report_set(result, "peer", json_boolean(structure->peer != NULL));
			report_set(result, "workload", json_string(figures[figure].name));
			if (why != NULL) {
				report_set(result, "skipped", json_string(why));
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

/* What the plug-ins are, so that figures can be told apart later. */
static json_t *describe_peers(const struct options *options)
{
	json_t *peers = json_array();

	for (size_t i = 0; i < options->peer_count; i++) {
		json_t *peer = json_object();

		report_set(peer, "name", json_string(options->peers[i]->name));
		report_set(peer, "source", json_string(options->peers[i]->source));
		report_set(peer, "compiler", json_string(options->peers[i]->compiler));
		report_append(peers, peer);
	}
	return peers;
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
	struct column *columns = calloc(options->structure_count, sizeof(*columns));
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
		for (size_t i = 0; i < options->peer_count; i++)
			printf("%s: %s; %s\n", options->peers[i]->name, options->peers[i]->source,
			       options->peers[i]->compiler);
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
	report_set(report, "peers", describe_peers(options));
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
	    !(is_name(vas_index_designs(), part) || is_historic(part)))
		return false;
	options->designs[options->design_count++] = part;
	return true;
}

/* A plug-in stays loaded until the program ends. */
static bool take_peer(struct options *options, const char *part)
{
	void *plugin =
		options->peer_count < MOST_PEERS ? dlopen(part, RTLD_NOW | RTLD_LOCAL) : NULL;
	const struct bench_peer *peer =
		plugin == NULL ? NULL : (const struct bench_peer *)dlsym(plugin, "vas_peer_index");

	if (peer == NULL || peer->version != BENCH_PEER_VERSION)
		return false;
	options->peers[options->peer_count++] = peer;
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
	for (size_t i = 0; i < options->design_count; i++)
		options->structures[options->structure_count++].name = options->designs[i];
	for (size_t i = 0; i < options->peer_count; i++)
		options->structures[options->structure_count++] = (struct structure){
			.name = options->peers[i]->name,
			.peer = options->peers[i],
		};
}

int cmd_bench_index(int argc, char **argv)
{
	enum { OPTION_N = 256, OPTION_DESIGNS, OPTION_PEER, OPTION_RUNS, OPTION_SEED, OPTION_JSON };
	static const struct option longs[] = {
		{ "n", required_argument, NULL, OPTION_N },
		{ "designs", required_argument, NULL, OPTION_DESIGNS },
		{ "peer", required_argument, NULL, OPTION_PEER },
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
		case OPTION_PEER:
			if (!each_part(optarg, &options, take_peer)) {
				const char *why = dlerror();

				complain(
					"--peer takes up to %d plug-ins for version %d of 'vas "
					"bench index': %s",
					MOST_PEERS, BENCH_PEER_VERSION, why != NULL ? why : optarg);
				return STATUS_TROUBLE;
			}
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
