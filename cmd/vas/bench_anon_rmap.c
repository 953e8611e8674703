/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `vas bench anon-rmap`: what each anonymous reverse map costs, on the workloads over which the
 * question has been argued since 1998.
 *
 * The designs take turns, and each run of one is a process of its own with a heap that is new and
 * has been written to, so that none pays for what another has left behind or made ready. Of several
 * runs a time is the median, and all other figures are the same in each. "none" is the machine
 * without any reverse map: what is left of a time when it is taken away is the design's own part.
 *
 * Bytes: "records" are all that the design has allocated; "all/process" adds what it keeps in areas
 * and in spaces, and divides by the processes; so nothing is left out on any side, but for records
 * that are kept ready.
 */

#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_anon_rmap.h"
#include "cmd.h"
#include "median.h"
#include "output.h"
#include "progress.h"

#define MOST_COLUMNS 32
#define MOST_RUNS    51
#define MOST_FIGURES 4096
#define HEAP	     ((size_t)24 << 20) /* what a workload needs besides its pages */

static const char usage[] =
	"usage: vas bench anon-rmap [OPTION...]\n"
	"\n"
	"Times the anonymous reverse maps on toy page tables. Per workload and design: the time of a\n"
	"fork, an exit, a fault and a call of mremap; the time of a walk for a page, and how many\n"
	"places it looked at for each that it found; bytes of records, in all and with those in\n"
	"areas and spaces; and how many areas there were. 'none' is the machine without any.\n"
	"\n"
	"  --workload=LIST  of the names that are printed, with commas; a name's beginning will do\n"
	"  --design=LIST    'vas designs' lists them\n"
	"  --runs=N         of which the median is taken (1)\n"
	"  --limit=SECONDS  of one design on one workload (30); then it is stopped, and says so\n"
	"  --figures        and what designs have counted themselves: how often indexes ran out, areas\n"
	"                   were renumbered, and the like\n"
	"  --json           as one JSON object\n"
	"  -h, --help       this text\n"
	"\n"
	"Exit status: 0, or 2 for trouble.\n";

static const struct {
	const char *name, *title;
} timers[BENCH_TIMERS] = {
	[BENCH_FORKS] = { "fork_ns", "fork us" },      [BENCH_EXITS] = { "exit_ns", "exit us" },
	[BENCH_FAULTS] = { "fault_ns", "fault ns" },   [BENCH_CALLS] = { "mremap_ns", "mremap ns" },
	[BENCH_PAGE_WALKS] = { "walk_ns", "walk ns" },
};

struct options {
	char *workloads, *designs; /* NULL: all */
	size_t runs;
	uint64_t seconds;
	bool figures, json;
};

struct column {
	const char *name;
	const struct vas_anon_rmap_design *design;
	struct bench_anon_result result; /* of the last run */
	double ns[BENCH_TIMERS][MOST_RUNS];
	char *figures; /* what the design itself has counted; NULL: nothing */
};

/* Without a list: yes. */
static bool chosen(const char *list, const char *name)
{
	return list == NULL || in_list(list, name);
}

/* Does something in the list begin the name? Without a list: yes. */
static bool begun(const char *list, const char *name)
{
	while (list != NULL && *list != '\0') {
		size_t length = strcspn(list, ",");

		if (strncmp(list, name, length) == 0)
			return true;
		list += length + (list[length] == ',');
	}
	return list == NULL;
}

static double median(const struct column *column, size_t timer, size_t runs)
{
	return column->ns[timer][runs / 2];
}

/* What the process of a run leaves. */
struct run {
	struct bench_anon_result result;
	bool done;
	char figures[MOST_FIGURES];
};

/* The design's own figures, as far as there is room. */
static void keep_figures(struct run *run, const struct bench_machine *machine)
{
	FILE *stream = fmemopen(run->figures, sizeof(run->figures), "w");
	struct vas_printer to = { print_to_file, stream };

	if (stream == NULL)
		return;
	if (machine->design != NULL && machine->design->print != NULL)
		machine->design->print(machine->instance, &to);
	fclose(stream);
}

/* => in a process of its own */
static void do_run(const struct options *options, const struct bench_anon_work *work,
		   const struct column *column, struct run *run)
{
	size_t size = HEAP + 2 * work->pages * sizeof(struct vas_page);
	void *heap = malloc(size);
	struct bench_machine machine;

	if (heap == NULL)
		return;
	memset(heap, 1, size);
	free(heap);
	if (!bench_machine_open(&machine, column->design, work->pages, (double)options->seconds,
				&run->result))
		return;
	work->run(&machine, work->size);
	if (options->figures)
		keep_figures(run, &machine);
	bench_machine_close(&machine);
	run->done = true;
}

/* False: it has failed, or there is no memory. */
static bool start_run(const struct options *options, const struct bench_anon_work *work,
		      const struct column *column, struct run *run)
{
	pid_t process;
	int status;

	memset(run, 0, sizeof(*run));
	fflush(stdout);
	process = fork();
	if (process == 0) {
		do_run(options, work, column, run);
		_exit(0);
	}
	return process > 0 && waitpid(process, &status, 0) == process && status == 0 && run->done;
}

static void keep_run(struct column *column, const struct run *from, size_t run)
{
	column->result = from->result;
	for (size_t timer = 0; timer < BENCH_TIMERS; timer++)
		column->ns[timer][run] = from->result.timers[timer].count == 0
						 ? 0
						 : from->result.timers[timer].ns /
							   (double)from->result.timers[timer].count;
	free(column->figures);
	column->figures = from->figures[0] != '\0' ? strdup(from->figures) : NULL;
}

static bool measure(const struct options *options, const struct bench_anon_work *work,
		    struct column *columns, size_t count)
{
	struct run *run =
		mmap(NULL, sizeof(*run), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool ok = run != MAP_FAILED;

	if (!ok)
		return false;
	progress_start(work->name, options->runs * count);
	for (size_t i = 0; ok && i < options->runs * count; i++) {
		/* Each run begins with another one. */
		struct column *column = &columns[(i + i / count) % count];

		progress_at(i);
		ok = start_run(options, work, column, run);
		if (ok)
			keep_run(column, run, i / count);
	}
	progress_end();
	munmap(run, sizeof(*run));
	for (size_t i = 0; ok && i < count; i++)
		for (size_t timer = 0; timer < BENCH_TIMERS; timer++)
			sort_values(columns[i].ns[timer], options->runs);
	return ok;
}

static void print_time(double ns, bool micro)
{
	if (ns > 0)
		printf("%10.1f", micro ? ns / 1000 : ns);
	else
		printf("%10s", "-");
}

static void print_row(const struct column *column, const struct bench_anon_work *work, size_t runs)
{
	const struct bench_anon_result *result = &column->result;

	printf("  %-16s", column->name);
	for (size_t timer = 0; timer < BENCH_TIMERS; timer++)
		print_time(median(column, timer, runs),
			   timer == BENCH_FORKS || timer == BENCH_EXITS);
	if (result->hits != 0)
		printf("%10.3f", (double)result->candidates / (double)result->hits);
	else
		printf("%10s", "-");
	printf("%12llu%12llu%9llu", (unsigned long long)result->bytes,
	       (unsigned long long)(result->all_bytes / (result->spaces == 0 ? 1 : result->spaces)),
	       (unsigned long long)result->areas);
	if (result->stopped)
		printf("  stopped at %llu of %llu", (unsigned long long)result->size,
		       (unsigned long long)work->size);
	printf("\n");
}

static void print_table(const struct options *options, const struct bench_anon_work *work,
			const struct column *columns, size_t count)
{
	printf("\n%s: %s\n  %-16s", work->name, work->what, "");
	for (size_t timer = 0; timer < BENCH_TIMERS; timer++)
		printf("%10s", timers[timer].title);
	printf("%10s%12s%12s%9s\n", "look/hit", "bytes", "all/process", "areas");
	for (size_t i = 0; i < count; i++)
		print_row(&columns[i], work, options->runs);
	for (size_t i = 0; i < count; i++)
		if (columns[i].figures != NULL)
			printf("%s:\n%s", columns[i].name, columns[i].figures);
	fflush(stdout);
}

static void report_table(const struct options *options, const struct bench_anon_work *work,
			 const struct column *columns, size_t count, json_t *results)
{
	for (size_t i = 0; i < count; i++) {
		const struct bench_anon_result *from = &columns[i].result;
		json_t *result = json_object();

		report_set(result, "workload", json_string(work->name));
		report_set(result, "design", json_string(columns[i].name));
		for (size_t timer = 0; timer < BENCH_TIMERS; timer++)
			if (median(&columns[i], timer, options->runs) > 0)
				report_set(result, timers[timer].name,
					   json_real(median(&columns[i], timer, options->runs)));
		report_set(result, "candidates", json_integer((json_int_t)from->candidates));
		report_set(result, "hits", json_integer((json_int_t)from->hits));
		report_set(result, "bytes", json_integer((json_int_t)from->bytes));
		report_set(result, "all_bytes", json_integer((json_int_t)from->all_bytes));
		report_set(result, "spaces", json_integer((json_int_t)from->spaces));
		report_set(result, "areas", json_integer((json_int_t)from->areas));
		report_set(result, "stopped", json_boolean(from->stopped));
		if (columns[i].figures != NULL)
			report_set(result, "figures", json_string(columns[i].figures));
		report_append(results, result);
	}
}

/* Designs that keep a record for each entry need a machine of their own; they are left out. */
static size_t make_columns(const struct options *options, struct column *columns)
{
	const struct vas_anon_rmap_design *const *design = vas_anon_rmap_designs();
	size_t count = 0;

	if (chosen(options->designs, "none"))
		columns[count++] = (struct column){ .name = "none" };
	for (; *design != NULL && count < MOST_COLUMNS; design++)
		if (!(*design)->chains && chosen(options->designs, (*design)->name))
			columns[count++] =
				(struct column){ .name = (*design)->name, .design = *design };
	return count;
}

static int run(const struct options *options)
{
	struct column *columns = calloc(MOST_COLUMNS, sizeof(*columns));
	size_t count = columns != NULL ? make_columns(options, columns) : 0;
	json_t *report = NULL, *results = NULL;
	bool ok = columns != NULL;

	if (options->json) {
		report = report_new("bench-anon-rmap");
		results = json_array();
		report_set(report, "results", results);
		report_set(report, "runs", json_integer((json_int_t)options->runs));
	} else {
		printf("median of %zu runs; none: without a reverse map\n", options->runs);
	}
	for (const struct bench_anon_work *work = bench_anon_works; ok && work->name != NULL;
	     work++) {
		if (!begun(options->workloads, work->name))
			continue;
		ok = measure(options, work, columns, count);
		if (ok && options->json)
			report_table(options, work, columns, count, results);
		else if (ok)
			print_table(options, work, columns, count);
	}
	for (size_t i = 0; i < count; i++)
		free(columns[i].figures);
	free(columns);
	if (!ok)
		complain("a run has failed, or there is no memory");
	if (report != NULL)
		return report_print(report, ok ? STATUS_OK : STATUS_TROUBLE);
	return finish_output(ok ? STATUS_OK : STATUS_TROUBLE);
}

/* Does every part of the list name something? */
static bool known(const char *list, bool workloads)
{
	const struct vas_anon_rmap_design *const *design = vas_anon_rmap_designs();
	char one[64];

	while (*list != '\0') {
		size_t length = strcspn(list, ",");
		bool found = !workloads && length == 4 && strncmp(list, "none", 4) == 0;

		snprintf(one, sizeof(one), "%.*s", (int)length, list);
		for (size_t i = 0; !workloads && design[i] != NULL; i++)
			found = found || chosen(one, design[i]->name);
		for (size_t i = 0; workloads && bench_anon_works[i].name != NULL; i++)
			found = found || begun(one, bench_anon_works[i].name);
		if (!found || length == 0)
			return false;
		list += length + (list[length] == ',');
	}
	return true;
}

int cmd_bench_anon_rmap(int argc, char **argv)
{
	enum { WORKLOAD = UCHAR_MAX + 1, DESIGN, RUNS, LIMIT, FIGURES, JSON };
	static const struct option longs[] = {
		{ "workload", required_argument, NULL, WORKLOAD },
		{ "design", required_argument, NULL, DESIGN },
		{ "runs", required_argument, NULL, RUNS },
		{ "limit", required_argument, NULL, LIMIT },
		{ "figures", no_argument, NULL, FIGURES },
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = { .runs = 1, .seconds = 30 };
	uint64_t value = 1;
	int option;

	while ((option = next_option(argc, argv, "h", longs)) != -1) {
		bool good = true;

		if (option == WORKLOAD) {
			options.workloads = optarg;
			good = known(optarg, true);
		} else if (option == DESIGN) {
			options.designs = optarg;
			good = known(optarg, false);
		} else if (option == RUNS) {
			good = parse_number(optarg, MOST_RUNS, &value) && value > 0;
			options.runs = (size_t)value;
		} else if (option == LIMIT) {
			good = parse_number(optarg, 86400, &options.seconds) && options.seconds > 0;
		} else if (option == FIGURES) {
			options.figures = true;
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
	/* All in one heap that is never given back. */
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	mallopt(M_MMAP_MAX, 0);
	return run(&options);
}
