/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `vas bench space`: what calls on a space cost in the library, beside what the same calls cost in
 * this machine's kernel, in the same run.
 *
 * The kernel does more: it enters and leaves, takes locks, flushes; a fork makes a process. The
 * library has no page tables. The ratio says what an emulator or a simulator has to reckon with, not
 * whose code is better. The kernel's part is done in a child, whose areas are nobody else's; the
 * targets take turns, and each figure is the median of the runs.
 */

#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vas/index.h>

#include "bench_space.h"
#include "cmd.h"
#include "median.h"
#include "output.h"
#include "progress.h"

#define MOST_TARGETS 8
#define MOST_SIZES   8
#define MOST_RUNS    101
#define MOST_AREAS   60000 /* the kernel's own limit is not far above */

/* Designs that walk a list are left out above this. */
#define LINEAR_AREAS 1000

static const char usage[] =
	"usage: vas bench space [OPTION...]\n"
	"\n"
	"Times calls on a space of each index design, and the same calls done by this machine's\n"
	"kernel; in brackets, how many times longer the kernel takes. It does more: it enters and\n"
	"leaves, locks, keeps page tables, and its fork makes a process.\n"
	"\n"
	"  --n=LIST     numbers of areas around the work, with commas (10,100,1000,10000)\n"
	"  --runs=N     of which the median is taken (5)\n"
	"  --time=MS    of each measurement, in milliseconds (10)\n"
	"  --json       as one JSON object\n"
	"  -h, --help   this text\n"
	"\n"
	"Exit status: 0, or 2 for trouble.\n";

static const struct {
	const char *name, *text;
} works[BENCH_WORKS] = {
	[BENCH_SYSTEM_CALL] = { "system_call", "a system call that does nothing" },
	[BENCH_FIND] = { "find", "find the area at an address" },
	[BENCH_MAP] = { "map_unmap", "mmap and munmap" },
	[BENCH_PROTECT] = { "protect", "mprotect: 3 areas to 1, and back" },
	[BENCH_GROW] = { "grow_shrink", "mremap: grow and shrink" },
	[BENCH_MOVE] = { "move", "mremap: there and back" },
	[BENCH_BRK] = { "brk", "brk: up and down" },
	[BENCH_FORK] = { "fork", "fork and exit, per area" },
};

struct options {
	size_t sizes[MOST_SIZES];
	size_t size_count;
	size_t runs;
	unsigned milliseconds;
	bool json;
};

/* One column: the kernel, or a design. */
struct column {
	const char *name;
	const char *design; /* NULL: the kernel */
	bool chains, skipped;
	double values[BENCH_WORKS][MOST_RUNS]; /* negative: could not be done */
};

static bool measured(const struct column *column, size_t work)
{
	return !column->skipped && (work != BENCH_SYSTEM_CALL || column->design == NULL) &&
	       column->values[work][0] >= 0;
}

/* All workloads once. False: no memory. */
static bool run_works(struct bench_target *target, const struct options *options, size_t areas,
		      bool kernel, double *values)
{
	bool filled = bench_target_fill(target, areas);

	for (size_t work = 0; work < BENCH_WORKS; work++) {
		if (!filled || (work == BENCH_SYSTEM_CALL && !kernel))
			values[work] = -1;
		else
			values[work] = bench_space_run(target, (enum bench_work)work,
						       options->milliseconds);
	}
	return filled;
}

static bool run_library(const struct column *column, const struct options *options, size_t areas,
			double *values)
{
	struct bench_target target;
	bool ok = bench_library_open(&target, column->design, column->chains);

	if (!ok)
		return false;
	ok = run_works(&target, options, areas, false, values);
	bench_library_close(&target);
	return ok;
}

/* In a child, which writes its figures to a pipe. */
static bool run_kernel(const struct options *options, size_t areas, double *values)
{
	const size_t bytes = BENCH_WORKS * sizeof(*values);
	int ends[2], status;
	ssize_t got;
	pid_t pid;

	if (pipe(ends) != 0)
		return false;
	pid = fork();
	if (pid == 0) {
		struct bench_target target;

		bench_kernel_open(&target);
		(void)run_works(&target, options, areas, true, values);
		_exit(write(ends[1], values, bytes) == (ssize_t)bytes ? 0 : 1);
	}
	close(ends[1]);
	got = pid < 0 ? -1 : read(ends[0], values, bytes);
	close(ends[0]);
	return pid > 0 && waitpid(pid, &status, 0) == pid && got == (ssize_t)bytes;
}

/* All runs of all columns with one number of areas. */
static bool measure(const struct options *options, size_t areas, struct column *columns,
		    size_t count)
{
	double values[BENCH_WORKS];
	bool ok = true;

	progress_start("bench space", options->runs * count);
	for (size_t run = 0; ok && run < options->runs; run++) {
		for (size_t i = 0; ok && i < count; i++) {
			struct column *column = &columns[i];

			progress_at(run * count + i);
			column->skipped = column->design != NULL && areas > LINEAR_AREAS &&
					  strncmp(column->design, "list", 4) == 0;
			if (column->skipped)
				continue;
			ok = column->design == NULL ? run_kernel(options, areas, values)
						    : run_library(column, options, areas, values);
			for (size_t work = 0; work < BENCH_WORKS; work++)
				column->values[work][run] = values[work];
		}
	}
	progress_end();
	for (size_t i = 0; i < count; i++)
		for (size_t work = 0; work < BENCH_WORKS; work++)
			sort_values(columns[i].values[work], options->runs);
	return ok;
}

static void print_table(const struct options *options, const struct column *columns, size_t count,
			size_t areas)
{
	printf("\n%zu areas, ns%27s", areas, "");
	for (size_t i = 0; i < count; i++)
		printf("%18s", columns[i].name);
	printf("\n");
	for (size_t work = 0; work < BENCH_WORKS; work++) {
		const struct column *kernel = &columns[0];

		printf("%-40s", works[work].text);
		for (size_t i = 0; i < count; i++) {
			double value = columns[i].values[work][options->runs / 2];

			if (!measured(&columns[i], work))
				printf("%18s", "-");
			else if (i == 0 || !measured(kernel, work))
				printf("%18.1f", value);
			else
				printf("%10.1f (%5.1f)", value,
				       kernel->values[work][options->runs / 2] / value);
		}
		printf("\n");
	}
	fflush(stdout);
}

static void report_table(const struct options *options, const struct column *columns, size_t count,
			 size_t areas, json_t *results)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t work = 0; work < BENCH_WORKS; work++) {
			const double *values = columns[i].values[work];
			json_t *result;

			if (!measured(&columns[i], work))
				continue;
			result = json_object();
			report_set(result, "areas", json_integer((json_int_t)areas));
			report_set(result, "target", json_string(columns[i].name));
			report_set(result, "workload", json_string(works[work].name));
			report_set(result, "median_ns", json_real(values[options->runs / 2]));
			report_set(result, "least_ns", json_real(values[0]));
			report_set(result, "most_ns", json_real(values[options->runs - 1]));
			if (i != 0 && measured(&columns[0], work))
				report_set(result, "kernel_ratio",
					   json_real(columns[0].values[work][options->runs / 2] /
						     values[options->runs / 2]));
			report_append(results, result);
		}
	}
}

/* The kernel, each design, and the first design with reverse maps. */
static size_t make_columns(struct column *columns)
{
	static char chained[64];
	const char *const *designs = vas_index_designs();
	size_t count = 0;

	columns[count++] = (struct column){ .name = "kernel" };
	snprintf(chained, sizeof(chained), "%s + chains", designs[0]);
	columns[count++] = (struct column){ .name = chained, .design = designs[0], .chains = true };
	for (; *designs != NULL && count < MOST_TARGETS; designs++)
		columns[count++] = (struct column){ .name = *designs, .design = *designs };
	return count;
}

static int run(const struct options *options)
{
	struct column *columns = calloc(MOST_TARGETS, sizeof(*columns));
	json_t *report = NULL, *results = NULL;
	bool ok = columns != NULL;
	size_t count = ok ? make_columns(columns) : 0;

	if (options->json) {
		report = report_new("bench-space");
		results = json_array();
		report_set(report, "results", results);
		report_set(report, "runs", json_integer((json_int_t)options->runs));
	} else {
		printf("median of %zu runs; in brackets: how many times longer the kernel takes\n",
		       options->runs);
	}
	for (size_t i = 0; ok && i < options->size_count; i++) {
		ok = measure(options, options->sizes[i], columns, count);
		if (ok && options->json)
			report_table(options, columns, count, options->sizes[i], results);
		else if (ok)
			print_table(options, columns, count, options->sizes[i]);
	}
	free(columns);
	if (!ok)
		complain("a space or a process could not be made");
	if (report != NULL)
		return report_print(report, ok ? STATUS_OK : STATUS_TROUBLE);
	return finish_output(ok ? STATUS_OK : STATUS_TROUBLE);
}

static bool take_sizes(struct options *options, char *list)
{
	char *rest = list, *part;

	options->size_count = 0;
	while ((part = strsep(&rest, ",")) != NULL) {
		uint64_t areas;

		if (options->size_count == MOST_SIZES || !parse_number(part, MOST_AREAS, &areas) ||
		    areas < 3)
			return false;
		options->sizes[options->size_count++] = (size_t)areas;
	}
	return true;
}

static bool take_number(const char *text, uint64_t most, uint64_t *value)
{
	return parse_number(text, most, value) && *value > 0;
}

int cmd_bench_space(int argc, char **argv)
{
	enum { N = UCHAR_MAX + 1, RUNS, TIME, JSON };
	static const struct option longs[] = {
		{ "n", required_argument, NULL, N },
		{ "runs", required_argument, NULL, RUNS },
		{ "time", required_argument, NULL, TIME },
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = {
		.sizes = { 10, 100, 1000, 10000 },
		.size_count = 4,
		.runs = 5,
		.milliseconds = 10,
	};
	uint64_t value;
	int option;

	while ((option = next_option(argc, argv, "h", longs)) != -1) {
		bool good = true;

		if (option == N) {
			good = take_sizes(&options, optarg);
		} else if (option == RUNS) {
			good = take_number(optarg, MOST_RUNS, &value);
			options.runs = good ? (size_t)value : 0;
		} else if (option == TIME) {
			good = take_number(optarg, 10000, &value);
			options.milliseconds = good ? (unsigned)value : 0;
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
	/* Or the heap would go back to the kernel after each round, and be faulted in again. */
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	return run(&options);
}
