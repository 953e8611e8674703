/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `vas bench fault`, `vas bench fork`, `vas bench reclaim`: what memory costs in a machine of the
 * library, beside what the same work costs in this machine's kernel, in the same run.
 *
 * The kernel does more (it traps, it flushes, its fork makes a process); the library does what the
 * kernel leaves to the hardware (it walks page tables). The two take turns, and each figure is the
 * median of the runs.
 */

#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <vas/anon_rmap.h>
#include <vas/file_rmap.h>

#include "bench_memory.h"
#include "cmd.h"
#include "median.h"
#include "output.h"
#include "progress.h"

#define MOST_RUNS 101

static const char usage[] =
	"usage: vas bench %s [OPTION...]\n"
	"\n"
	"Times faults, forks or reclaim in a machine of the library, and the same work done by this\n"
	"machine's kernel; how many times longer the kernel takes.\n"
	"\n"
	"  --pages=N      of each round (4000)\n"
	"  --runs=N       of which the median is taken (5)\n"
	"  --anon-rmap=D  the design of the anonymous reverse map\n"
	"  --file-rmap=D  the design of the file reverse map\n"
	"  --json         as one JSON object\n"
	"  -h, --help     this text\n"
	"\n"
	"Exit status: 0, or 2 for trouble.\n";

static const struct {
	const char *bench, *name, *text;
	bool ratio;
} works[BENCH_MEMORY_WORKS] = {
	[BENCH_TRAP] = { "fault", "system_call", "a system call that does nothing", false },
	[BENCH_FAULT_ZERO] = { "fault", "zero", "anonymous read: the page of zeroes", false },
	[BENCH_FAULT_NEW] = { "fault", "new", "anonymous write: a new page", false },
	[BENCH_FAULT_ZERO_WRITE] = { "fault", "zero_write", "a write after the read", false },
	[BENCH_FAULT_SHARED] = { "fault", "shared", "shared memory, write, page in memory", false },
	[BENCH_FAULT_FILE_COPY] = { "fault", "file_copy", "file, private write: a copy", false },
	[BENCH_FAULT_COPY] = { "fault", "copy", "write after fork: a copy", false },
	[BENCH_FAULT_REUSE] = { "fault", "reuse", "write after the child's exit", false },
	[BENCH_PAIR] = { "fault", "pair", "mmap and munmap of a page", false },
	[BENCH_PAIR_TOUCHED] = { "fault", "pair_touched", "mmap, a write, munmap", false },
	[BENCH_TWO_SPACES] = { "fault", "two_spaces", "two threads, a space each: times one",
			       true },
	[BENCH_TWO_THREADS] = { "fault", "two_threads", "two threads, one space: times one", true },
	[BENCH_FORK_AREA] = { "fork", "area", "per area", false },
	[BENCH_FORK_PAGE] = { "fork", "page", "per page", false },
	[BENCH_RECLAIM_FILE] = { "reclaim", "file", "per clean page of a file", false },
	[BENCH_RECLAIM_PRIVATE] = { "reclaim", "private", "per private page, to a swap in memory",
				    false },
};

struct options {
	struct bench_memory_options memory;
	size_t runs;
	bool json;
};

struct row {
	double library[MOST_RUNS], kernel[MOST_RUNS];
};

static void measure(const char *bench, const struct options *options, struct row *rows)
{
	progress_start(bench, options->runs * BENCH_MEMORY_WORKS);
	for (size_t run = 0; run < options->runs; run++) {
		for (size_t work = 0; work < BENCH_MEMORY_WORKS; work++) {
			enum bench_memory_work which = (enum bench_memory_work)work;

			progress_at(run * BENCH_MEMORY_WORKS + work);
			if (strcmp(works[work].bench, bench) != 0)
				continue;
			rows[work].kernel[run] = bench_memory_kernel(&options->memory, which);
			rows[work].library[run] = bench_memory_library(&options->memory, which);
		}
	}
	progress_end();
	for (size_t work = 0; work < BENCH_MEMORY_WORKS; work++) {
		sort_values(rows[work].kernel, options->runs);
		sort_values(rows[work].library, options->runs);
	}
}

static void print_row(const char *text, double library, double kernel, bool ratio)
{
	printf("%-40s", text);
	if (library < 0)
		printf("%12s", "-");
	else
		printf(ratio ? "%12.2f" : "%12.1f", library);
	if (kernel < 0)
		printf("%12s", "-");
	else
		printf("%12.1f", kernel);
	if (library > 0 && kernel > 0)
		printf("%12.1f", kernel / library);
	else
		printf("%12s", "-");
	printf("\n");
}

static int report(const char *bench, const struct options *options, const struct row *rows)
{
	size_t middle = options->runs / 2;
	json_t *whole = NULL, *results = NULL;
	char name[32];

	if (options->json) {
		snprintf(name, sizeof(name), "bench-%s", bench);
		whole = report_new(name);
		results = json_array();
		report_set(whole, "results", results);
		report_set(whole, "runs", json_integer((json_int_t)options->runs));
	} else {
		printf("%-40s%12s%12s%12s\n", "ns, median", "library", "kernel", "ratio");
	}
	for (size_t work = 0; work < BENCH_MEMORY_WORKS; work++) {
		double library = rows[work].library[middle], kernel = rows[work].kernel[middle];
		json_t *result;

		if (strcmp(works[work].bench, bench) != 0)
			continue;
		if (!options->json) {
			print_row(works[work].text, library, kernel, works[work].ratio);
			continue;
		}
		result = json_object();
		report_set(result, "workload", json_string(works[work].name));
		if (library >= 0)
			report_set(result, works[work].ratio ? "speedup" : "median_ns",
				   json_real(library));
		if (kernel >= 0)
			report_set(result, "kernel_ns", json_real(kernel));
		if (library > 0 && kernel > 0)
			report_set(result, "kernel_ratio", json_real(kernel / library));
		report_append(results, result);
	}
	return whole != NULL ? report_print(whole, STATUS_OK) : finish_output(STATUS_OK);
}

static int run(const char *bench, const struct options *options)
{
	struct row *rows = calloc(BENCH_MEMORY_WORKS, sizeof(*rows));
	int status;

	if (rows == NULL) {
		complain("no memory");
		return STATUS_TROUBLE;
	}
	measure(bench, options, rows);
	status = report(bench, options, rows);
	free(rows);
	return status;
}

static int bench_memory(const char *bench, int argc, char **argv)
{
	enum { PAGES = UCHAR_MAX + 1, RUNS, ANON, FILES, JSON };
	static const struct option longs[] = {
		{ "pages", required_argument, NULL, PAGES },
		{ "runs", required_argument, NULL, RUNS },
		{ "anon-rmap", required_argument, NULL, ANON },
		{ "file-rmap", required_argument, NULL, FILES },
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = { .memory.pages = 4000, .runs = 5 };
	uint64_t value;
	int option;

	while ((option = next_option(argc, argv, "h", longs)) != -1) {
		bool good = true;

		switch (option) {
		case PAGES:
			good = parse_number(optarg, 10000000, &value) && value > 0;
			options.memory.pages = good ? (size_t)value : 0;
			break;
		case RUNS:
			good = parse_number(optarg, MOST_RUNS, &value) && value > 0;
			options.runs = good ? (size_t)value : 0;
			break;
		case ANON:
			good = vas_anon_rmap_find(optarg) != NULL;
			options.memory.anon_rmap = optarg;
			break;
		case FILES:
			good = vas_file_rmap_find(optarg) != NULL;
			options.memory.file_rmap = optarg;
			break;
		case JSON:
			options.json = true;
			break;
		case 'h':
			printf(usage, bench);
			return finish_output(STATUS_OK);
		default:
			return STATUS_TROUBLE;
		}
		if (!good)
			return wrong_value(argv[0], longs, option);
	}
	if (optind < argc)
		return wrong_usage(argv[0], "'%s' is too much", argv[optind]);
	/* Or the heap would go back to the kernel after each round, and be faulted in again. */
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	mallopt(M_MMAP_THRESHOLD, INT_MAX);
	return run(bench, &options);
}

int cmd_bench_fault(int argc, char **argv)
{
	return bench_memory("fault", argc, argv);
}

int cmd_bench_fork(int argc, char **argv)
{
	return bench_memory("fork", argc, argv);
}

int cmd_bench_reclaim(int argc, char **argv)
{
	return bench_memory("reclaim", argc, argv);
}
