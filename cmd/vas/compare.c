/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `vas compare`: what does each design cost on this program? Replays each trace under each design, a
 * process of its own for each run, in an order that changes from run to run, so that a machine which
 * gets slower or faster does so for all.
 *
 * The replay is `vas replay --json`: what it counts is what is compared; its processor time is taken
 * from outside. The model's part of that time is small: the rest is reading the trace, the same for
 * all.
 */

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vas/anon_rmap.h>
#include <vas/file_rmap.h>
#include <vas/index.h>

#include "cmd.h"
#include "median.h"
#include "output.h"
#include "progress.h"

#define MOST_SUBJECTS 64
#define MOST_RUNS     51

static const char usage[] =
	"usage: vas compare [OPTION...] TRACE...\n"
	"\n"
	"Replays each trace, with memory, under each design of a reverse map and of the area index,\n"
	"and says what each costs.\n"
	"\n"
	"  --anon-rmap=LIST  these designs only, with commas; 'none': leave them out\n"
	"  --file-rmap=LIST  the same\n"
	"  --index=LIST      the same\n"
	"  --frames=SIZE     of the machine: bytes, with K, M or G; or a part of what the trace needs\n"
	"                    (25%)\n"
	"  --runs=N          of which the median is taken (3)\n"
	"  --csv             one line for each design, with commas\n"
	"  --json            as one JSON object\n"
	"  -h, --help        this text\n"
	"\n"
	"Exit status: 0; 1 when a replay found a difference; 2 for trouble.\n";

enum subject_kind { ANON, FILES, INDEX, KINDS };

static const struct {
	const char *name, *option, *text;
} kinds[KINDS] = {
	[ANON] = { "anon_rmap", "--anon-rmap=", "anonymous reverse map" },
	[FILES] = { "file_rmap", "--file-rmap=", "file reverse map" },
	[INDEX] = { "index", "--index=", "area index" },
};

/* A design, and what its runs said. */
struct subject {
	enum subject_kind kind;
	const char *name;
	double seconds[MOST_RUNS];
	size_t runs;
	json_t *memory; /* of the first run; NULL: it failed */
	int64_t divergences;
};

struct options {
	const char *chosen[KINDS]; /* lists; NULL: all */
	const char *frames;
	size_t runs;
	bool csv, json;
};

/* ---- One replay ---- */

/* All that a child says, and how much processor time it took. NULL: it could not be run. */
static json_t *run_replay(char *const *arguments, double *seconds)
{
	struct rusage usage_of_child;
	json_t *report;
	int ends[2], status;
	FILE *stream;
	pid_t pid;

	if (pipe(ends) != 0)
		return NULL;
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		/* Which list of frames a thread uses depends on where its stack lies. */
		personality(ADDR_NO_RANDOMIZE);
		execv("/proc/self/exe", arguments);
		_exit(STATUS_TROUBLE);
	}
	close(ends[1]);
	stream = pid < 0 ? NULL : fdopen(ends[0], "r");
	report = stream == NULL ? NULL : json_loadf(stream, 0, NULL);
	if (stream != NULL)
		fclose(stream);
	else
		close(ends[0]);
	if (pid < 0 || wait4(pid, &status, 0, &usage_of_child) != pid)
		return report;
	*seconds = (double)usage_of_child.ru_utime.tv_sec +
		   (double)usage_of_child.ru_utime.tv_usec * 1e-6 +
		   (double)usage_of_child.ru_stime.tv_sec +
		   (double)usage_of_child.ru_stime.tv_usec * 1e-6;
	return report;
}

static int64_t number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* Replays a trace under one design; keeps its figures. False: it could not be done. */
static bool replay(struct subject *subject, const char *frames, const char *trace)
{
	char design[128], memory[64];
	char *arguments[8] = { "vas", "replay", "--json", "--level=coverage" };
	size_t count = 4;
	json_t *report, *first;
	double seconds = 0;

	snprintf(design, sizeof(design), "%s%s", kinds[subject->kind].option, subject->name);
	snprintf(memory, sizeof(memory), "--frames=%s", frames);
	arguments[count++] = design;
	arguments[count++] = memory;
	arguments[count++] = (char *)(uintptr_t)trace; /* execv only reads it */
	report = run_replay(arguments, &seconds);
	first = json_array_get(json_object_get(report, "traces"), 0);
	if (first == NULL) {
		json_decref(report);
		return false;
	}
	subject->seconds[subject->runs++] = seconds;
	subject->divergences += (int64_t)json_array_size(json_object_get(first, "divergences"));
	if (subject->memory == NULL)
		subject->memory = json_incref(json_object_get(first, "memory"));
	json_decref(report);
	return subject->memory != NULL;
}

/* ---- Which designs ---- */

/* Is `name` in a list with commas? */
static bool listed(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = list; at != NULL; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0'))
			return true;
	}
	return false;
}

static void add(struct subject *subjects, size_t *count, const struct options *options,
		enum subject_kind kind, const char *name)
{
	if (options->chosen[kind] != NULL && !listed(options->chosen[kind], name))
		return;
	if (*count < MOST_SUBJECTS)
		subjects[(*count)++] = (struct subject){ .kind = kind, .name = name };
}

static size_t choose(struct subject *subjects, const struct options *options)
{
	const struct vas_anon_rmap_design *const *anon = vas_anon_rmap_designs();
	const struct vas_file_rmap_design *const *files = vas_file_rmap_designs();
	const char *const *indexes = vas_index_designs();
	size_t count = 0;

	for (; *anon != NULL; anon++)
		add(subjects, &count, options, ANON, (*anon)->name);
	for (; *files != NULL; files++)
		add(subjects, &count, options, FILES, (*files)->name);
	for (; *indexes != NULL; indexes++)
		add(subjects, &count, options, INDEX, *indexes);
	return count;
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
			complain("there is no design '%s' of an %s", name, kinds[kind].text);
	}
	free(copy);
	return good;
}

/* ---- What is said ---- */

static double ratio(int64_t a, int64_t b)
{
	return b == 0 ? 0 : (double)a / (double)b;
}

struct line {
	double median, least, most;
	int64_t walks, candidates, hits, bytes, areas, areas_end, copied, out, in;
};

static struct line line_of(struct subject *subject)
{
	const json_t *rmap = json_object_get(subject->memory, "rmap");
	const json_t *faults = json_object_get(subject->memory, "faults");

	sort_values(subject->seconds, subject->runs);
	return (struct line){
		.median = subject->seconds[subject->runs / 2],
		.least = subject->seconds[0],
		.most = subject->seconds[subject->runs - 1],
		.walks = number_of(rmap, "walks"),
		.candidates = number_of(rmap, "candidates"),
		.hits = number_of(rmap, "hits"),
		.bytes = (subject->kind != FILES ? number_of(rmap, "most_anon_bytes") : 0) +
			 (subject->kind != ANON ? number_of(rmap, "most_file_bytes") : 0),
		.areas = number_of(subject->memory, "most_areas"),
		.areas_end = number_of(subject->memory, "areas"),
		.copied = number_of(faults, "copied"),
		.out = number_of(subject->memory, "swapped_out"),
		.in = number_of(subject->memory, "swapped_in"),
	};
}

static void print_table(const char *trace, struct subject *subjects, size_t count)
{
	int last = -1;

	for (size_t i = 0; i < count; i++) {
		struct line line;
		char swap[48], spread[32];

		if (subjects[i].memory == NULL)
			continue;
		line = line_of(&subjects[i]);
		if ((int)subjects[i].kind != last) {
			last = (int)subjects[i].kind;
			printf("%s%s: %s, %lld frames\n", i == 0 ? "" : "\n", trace,
			       kinds[last].text,
			       (long long)number_of(subjects[i].memory, "frames"));
			printf("%-17s%15s%9s%11s%7s%11s%10s%15s\n", "", "CPU s", "walks",
			       "looks/hit", "areas", "bytes", "per area", "out/in");
		}
		snprintf(spread, sizeof(spread), "+-%4.1f%%",
			 line.median > 0 ? 50 * (line.most - line.least) / line.median : 0);
		snprintf(swap, sizeof(swap), "%lld/%lld", (long long)line.out, (long long)line.in);
		printf("%-17s%7.3f %7s%9lld%11.2f%7lld%11lld%10.1f%15s%s\n", subjects[i].name,
		       line.median, subjects[i].runs > 1 ? spread : "", (long long)line.walks,
		       ratio(line.candidates, line.hits), (long long)line.areas,
		       (long long)line.bytes, ratio(line.bytes, line.areas), swap,
		       subjects[i].divergences > 0 ? "  differs" : "");
	}
}

static void print_csv(const char *trace, struct subject *subjects, size_t count, bool first)
{
	if (first)
		printf("trace,kind,design,seconds,seconds_least,seconds_most,walks,candidates,hits,"
		       "most_areas,areas,most_bytes,copied,swapped_out,swapped_in,divergences\n");
	for (size_t i = 0; i < count; i++) {
		struct line line;

		if (subjects[i].memory == NULL)
			continue;
		line = line_of(&subjects[i]);
		printf("\"%s\",%s,%s,%.4f,%.4f,%.4f,%lld,%lld,%lld,%lld,%lld,%lld,%lld,%lld,%lld,"
		       "%lld\n",
		       trace, kinds[subjects[i].kind].name, subjects[i].name, line.median,
		       line.least, line.most, (long long)line.walks, (long long)line.candidates,
		       (long long)line.hits, (long long)line.areas, (long long)line.areas_end,
		       (long long)line.bytes, (long long)line.copied, (long long)line.out,
		       (long long)line.in, (long long)subjects[i].divergences);
	}
}

static void report_results(json_t *results, const char *trace, struct subject *subjects,
			   size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct line line;
		json_t *result;

		if (subjects[i].memory == NULL)
			continue;
		line = line_of(&subjects[i]);
		result = json_object();
		report_set(result, "trace", json_string(trace));
		report_set(result, "kind", json_string(kinds[subjects[i].kind].name));
		report_set(result, "design", json_string(subjects[i].name));
		report_set(result, "median_seconds", json_real(line.median));
		report_set(result, "least_seconds", json_real(line.least));
		report_set(result, "most_seconds", json_real(line.most));
		report_set(result, "divergences", json_integer(subjects[i].divergences));
		report_set(result, "memory", json_incref(subjects[i].memory));
		report_append(results, result);
	}
}

/* ---- All runs of one trace ---- */

/* The machine's size in bytes, as text, from what the first replay made of --frames. */
static bool settle_frames(const struct options *options, const char *trace, char *frames,
			  size_t size)
{
	struct subject probe = { .kind = INDEX, .name = vas_index_designs()[0] };
	bool good = replay(&probe, options->frames, trace);

	if (good)
		snprintf(frames, size, "%lld", (long long)number_of(probe.memory, "frames") * 4096);
	json_decref(probe.memory);
	return good;
}

static bool compare_trace(const struct options *options, const char *trace,
			  struct subject *subjects, size_t count)
{
	char frames[32];

	if (!settle_frames(options, trace, frames, sizeof(frames))) {
		complain("%s cannot be replayed; 'vas replay' says why", trace);
		return false;
	}
	progress_start(trace, options->runs * count);
	for (size_t run = 0; run < options->runs; run++) {
		for (size_t i = 0; i < count; i++) {
			struct subject *subject = &subjects[(i + run) % count];

			progress_at(run * count + i);
			if (run > 0 && subject->memory == NULL)
				continue;
			if (!replay(subject, frames, trace)) {
				progress_hide();
				complain("%s: the replay under %s failed", trace, subject->name);
			}
		}
	}
	progress_end();
	return true;
}

static int compare(const struct options *options, char **traces, size_t trace_count)
{
	struct subject *subjects = calloc(MOST_SUBJECTS, sizeof(*subjects));
	json_t *report = options->json ? report_new("compare") : NULL;
	json_t *results = options->json ? json_array() : NULL;
	int status = subjects == NULL ? STATUS_TROUBLE : STATUS_OK;

	for (size_t i = 0; i < trace_count && subjects != NULL; i++) {
		size_t count = choose(subjects, options);

		if (!compare_trace(options, traces[i], subjects, count)) {
			status = STATUS_TROUBLE;
			continue;
		}
		if (options->json)
			report_results(results, traces[i], subjects, count);
		else if (options->csv)
			print_csv(traces[i], subjects, count, i == 0);
		else
			print_table(traces[i], subjects, count);
		for (size_t j = 0; j < count; j++) {
			if (subjects[j].memory == NULL)
				status = STATUS_TROUBLE;
			else if (subjects[j].divergences > 0 && status == STATUS_OK)
				status = STATUS_DIFFERENT;
			json_decref(subjects[j].memory);
		}
	}
	free(subjects);
	if (!options->json)
		return finish_output(status);
	report_set(report, "results", results);
	report_set(report, "runs", json_integer((json_int_t)options->runs));
	return report_print(report, status);
}

int cmd_compare(int argc, char **argv)
{
	enum { ANON_LIST = UCHAR_MAX + 1, FILE_LIST, INDEX_LIST, FRAMES, RUNS, CSV, JSON };
	static const struct option longs[] = {
		{ "anon-rmap", required_argument, NULL, ANON_LIST },
		{ "file-rmap", required_argument, NULL, FILE_LIST },
		{ "index", required_argument, NULL, INDEX_LIST },
		{ "frames", required_argument, NULL, FRAMES },
		{ "runs", required_argument, NULL, RUNS },
		{ "csv", no_argument, NULL, CSV },
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = { .frames = "25%", .runs = 3 };
	uint64_t value;
	int option;

	while ((option = next_option(argc, argv, "h", longs)) != -1) {
		switch (option) {
		case ANON_LIST:
		case FILE_LIST:
		case INDEX_LIST:
			options.chosen[option - ANON_LIST] = optarg;
			if (!check_list((enum subject_kind)(option - ANON_LIST), optarg))
				return STATUS_TROUBLE;
			break;
		case FRAMES:
			options.frames = optarg;
			break;
		case RUNS:
			if (!parse_number(optarg, MOST_RUNS, &value) || value == 0)
				return wrong_usage(argv[0], "'%s' does not do", optarg);
			options.runs = (size_t)value;
			break;
		case CSV:
			options.csv = true;
			break;
		case JSON:
			options.json = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return finish_output(STATUS_OK);
		default:
			return STATUS_TROUBLE;
		}
	}
	if (optind == argc)
		return wrong_usage(argv[0], "a trace is missing");
	return compare(&options, argv + optind, (size_t)(argc - optind));
}
