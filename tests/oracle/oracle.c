/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The oracle: random calls, each done for real by a process and once more by libvas, compared at
 * every step. docs/oracle.md tells how it works and what it checks.
 *
 *   call.h          what subject and oracle share
 *   subject.c       the process that does the calls; generate.c, distribution.c: which ones
 *   files.c, run.c  its descriptors; starting it, reading its records
 *   model.c         the same calls on libvas
 *   compare.c       both side by side; maps.c reads the texts of /proc
 *   shrink.c        the shortest script that still differs; script.c: scripts as text
 *   show.c          what the kernel alone does; report.c: what is printed
 */

#include "compare.h"
#include "distribution.h"
#include "report.h"
#include "show.h"
#include "shrink.h"

#include <dirent.h>
#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct options {
	uint64_t seed, calls;
	const char *distribution;
	const char *index;
	const char *save; /* folder for scripts of differences */
	unsigned int most;
	bool kernel, flags;
};

struct oracle {
	struct options options;
	struct report report;
	struct files files;
	struct run run;
	struct model model;
	struct totals totals;
	unsigned int differences;
};

static uint64_t mix(uint64_t z)
{
	z += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void save_script(const struct oracle *oracle, const struct task *task,
			const struct script *script)
{
	char path[4096];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s-%" PRIu64, oracle->options.save,
		 distributions[task->setup.distribution].name, task->seed);
	out = fopen(path, "w");
	if (!out)
		err(2, "%s", path);
	script_print(out, script);
	fclose(out);
}

/* Reports a difference with its shortest script; keeps that in a file when asked to. */
static void report_difference(struct oracle *oracle, const struct task *task, struct script *calls,
			      const struct difference *first)
{
	struct difference difference;
	struct totals totals = { 0 };
	struct task again = { .setup = task->setup };
	char *text = NULL;
	size_t length;
	FILE *out;

	oracle->differences++;
	report_note(
		&oracle->report, "DIFFERENCE: --distribution=%s --seed=%" PRIu64 ", call %u\n%s",
		distributions[task->setup.distribution].name, task->seed, first->at, first->text);
	calls->setup = task->setup;
	shrink_script(&oracle->run, &oracle->model, calls);
	script_sample(calls, &again.smaps_every, &again.maps_every);
	again.script = calls->calls;
	again.script_count = calls->count;
	compare_run(&oracle->run, &oracle->model, &again, NULL, &difference, &totals);
	out = open_memstream(&text, &length);
	script_print(out, calls);
	fclose(out);
	report_note(&oracle->report, "%s script:\n%s%s",
		    difference.found ? "shortest" : "not shown again by this", text,
		    difference.found ? difference.text : "");
	free(text);
	free(difference.text);
	if (oracle->options.save)
		save_script(oracle, task, calls);
}

static void compare_task(struct oracle *oracle, const struct task *task)
{
	struct difference difference;
	struct script calls = { 0 };

	compare_run(&oracle->run, &oracle->model, task, &calls, &difference, &oracle->totals);
	if (difference.found)
		report_difference(oracle, task, &calls, &difference);
	free(difference.text);
	script_free(&calls);
}

/* One run: a fresh process, its calls. Each has another design of the area index. */
static void run_seed(struct oracle *oracle, uint32_t number, uint64_t seed)
{
	const struct distribution *how = &distributions[number];
	const char *const *designs = vas_index_designs();
	uint64_t chance = mix(seed);
	struct task task = { .seed = seed, .calls = how->calls };
	uint32_t count = 0;

	task.setup.distribution = number;
	task.setup.privileged = chance % 100 >= how->unprivileged_percent;
	task.setup.legacy = chance / 100 % 100 < how->legacy_percent;
	task.smaps_every = 16;
	task.maps_every = 1;
	if (how->fill_percent) {
		task.calls += oracle->model.settings.max_map_count;
		task.fill = oracle->model.settings.max_map_count * how->fill_percent / 100;
		task.setup.huge_text = 1;
		task.maps_every = 61;
		task.smaps_every = 0;
	}
	while (designs[count])
		count++;
	oracle->model.index = oracle->options.index;
	if (!oracle->options.index && !how->fill_percent)
		oracle->model.index = designs[seed % count];
	if (oracle->options.kernel)
		show_run(&oracle->run, &task, oracle->options.flags);
	else
		compare_task(oracle, &task);
}

static const char *missing(const struct oracle *oracle, const struct distribution *how)
{
	if (how->weights[CALL_REGISTER] && oracle->files.no_fault)
		return oracle->files.no_fault;
	if (how->weights[CALL_SHMAT] > 1 && oracle->files.no_segments)
		return oracle->files.no_segments;
	if (how->draw & DRAW_HUGE_AREAS && oracle->files.no_huge_pages)
		return oracle->files.no_huge_pages;
	if (how->fill_percent && oracle->model.settings.max_map_count > 200000)
		return "vm.max_map_count is too large to be reached";
	if (how->fill_percent && !oracle->options.distribution && oracle->options.calls < 500000)
		return "only in longer runs";
	return NULL;
}

/* Runs of one distribution until it has done its share of calls. */
static void run_distribution(struct oracle *oracle, uint32_t number, uint64_t calls)
{
	const struct distribution *how = &distributions[number];
	const struct totals *totals = &oracle->totals;
	unsigned int before = oracle->differences;
	const char *why = missing(oracle, how);
	uint64_t seed = oracle->options.seed;

	if (why) {
		report_skip(&oracle->report, how->name, why);
		return;
	}
	memset(&oracle->totals, 0, sizeof(oracle->totals));
	do {
		run_seed(oracle, number, seed++);
		if (oracle->options.kernel)
			return;
	} while (totals->calls < calls && oracle->differences < oracle->options.most);
	report_test(&oracle->report, oracle->differences == before,
		    "%-9s %8" PRIu64 " calls, %7" PRIu64 " failed, %8" PRIu64 " maps, %6" PRIu64
		    " with flags, %5" PRIu64 " forks compared",
		    how->name, totals->calls, totals->failed, totals->maps, totals->flags,
		    totals->forks);
}

static bool chosen(const struct oracle *oracle, const struct distribution *how)
{
	if (!oracle->options.distribution)
		return how->share != 0;
	return strcmp(oracle->options.distribution, how->name) == 0;
}

static void run_distributions(struct oracle *oracle)
{
	uint64_t shares = 0;
	bool some = false;
	uint32_t i;

	for (i = 0; i < distribution_count; i++)
		if (chosen(oracle, &distributions[i])) {
			shares += distributions[i].share;
			some = true;
		}
	if (!some)
		errx(2, "no distribution is called %s", oracle->options.distribution);
	for (i = 0; i < distribution_count; i++)
		if (chosen(oracle, &distributions[i]))
			run_distribution(
				oracle, i,
				shares ? oracle->options.calls * distributions[i].share / shares + 1
				       : oracle->options.calls);
}

/* Returns false when the script cannot be read. */
static bool run_script(struct oracle *oracle, const char *path)
{
	struct task task = { 0 };
	struct difference difference;
	struct script script;

	if (!script_read(path, &script)) {
		script_free(&script);
		return false;
	}
	script_sample(&script, &task.smaps_every, &task.maps_every);
	task.setup = script.setup;
	task.script = script.calls;
	task.script_count = script.count;
	oracle->model.index = oracle->options.index;
	if (oracle->options.kernel) {
		show_run(&oracle->run, &task, oracle->options.flags);
		script_free(&script);
		return true;
	}
	compare_run(&oracle->run, &oracle->model, &task, NULL, &difference, &oracle->totals);
	if (difference.found) {
		oracle->differences++;
		report_note(&oracle->report, "DIFFERENCE: %s, call %u\n%s", path, difference.at,
			    difference.text);
	}
	report_test(&oracle->report, !difference.found, "%s", path);
	free(difference.text);
	script_free(&script);
	return true;
}

/* A script, or all files of a folder. */
static bool run_scripts(struct oracle *oracle, const char *path)
{
	struct dirent **names;
	char file[4096];
	bool good = true;
	int count, i;

	count = scandir(path, &names, NULL, alphasort);
	if (count < 0)
		return run_script(oracle, path);
	for (i = 0; i < count; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			good &= run_script(oracle, file);
		free(names[i]);
	}
	free(names);
	return good;
}

static void note_missing(const struct oracle *oracle)
{
	static const char *const slots[FILE_SLOTS] = {
		[FILE_MEMFD] = "memfd",
		[FILE_TMPFS] = "file on tmpfs",
		[FILE_DISK] = "file on disk",
		[FILE_ZERO] = "/dev/zero",
		[FILE_SEALED] = "sealed memfd",
		[FILE_SEALED_FUTURE] = "memfd, future seal",
		[FILE_APPEND] = "append-only file",
		[FILE_NOEXEC] = "file mounted noexec",
	};
	const struct report *report = &oracle->report;
	int i;

	for (i = 0; i < FILE_SLOTS; i++)
		if (slots[i] && oracle->files.facts[i].missing)
			report_note(report, "not checked: %s (%s)", slots[i],
				    oracle->files.facts[i].missing);
	if (!oracle->model.settings.area_names)
		report_note(report, "not checked: names of anonymous areas (the kernel has none)");
	if (!oracle->model.settings.protection_keys)
		report_note(report, "not checked: protection keys (the processor has none)");
	if (oracle->files.no_huge_pages)
		report_note(report, "not checked: MAP_HUGETLB (%s)", oracle->files.no_huge_pages);
	if (oracle->model.privileges == 0)
		report_note(report, "not checked: calls with privileges (we have none)");
}

static void usage(FILE *out)
{
	uint32_t i;

	fprintf(out,
		"usage: oracle [OPTION]... [SCRIPT or FOLDER]...\n"
		"Does calls for real and on libvas, and compares: those of the scripts, and\n"
		"random ones when there is no script or --calls is given.\n\n"
		"  --calls=N         how many random calls (default 1000000)\n"
		"  --distribution=D  only this one\n"
		"  --seed=N          of the first run; each run takes the next (default: random)\n"
		"  --index=DESIGN    area index of the model (default: another one in each run)\n"
		"  --most=N          stop after so many differences (default 1)\n"
		"  --save=FOLDER     keep the shortest scripts there\n"
		"  --kernel          only show what the kernel does\n"
		"  --flags           with --kernel: show the VmFlags too\n"
		"  --tap             print in the Test Anything Protocol\n"
		"  --quiet           no line for what is good\n\n"
		"Exit status: 0 no difference, 1 a difference, 2 trouble.\n\nDistributions:\n");
	for (i = 0; i < distribution_count; i++)
		fprintf(out, "  %-10s %s\n", distributions[i].name, distributions[i].about);
}

static void set_option(struct oracle *oracle, int option)
{
	struct options *options = &oracle->options;

	if (option == 'c')
		options->calls = strtoull(optarg, NULL, 0);
	else if (option == 'd')
		options->distribution = optarg;
	else if (option == 's')
		options->seed = strtoull(optarg, NULL, 0);
	else if (option == 'i')
		options->index = optarg;
	else if (option == 'm')
		options->most = (unsigned int)strtoul(optarg, NULL, 0);
	else if (option == 'S')
		options->save = optarg;
	else if (option == 'k')
		options->kernel = true;
	else if (option == 'f')
		options->flags = true;
	else if (option == 't')
		oracle->report.tap = true;
	else if (option == 'q')
		oracle->report.quiet = true;
	else {
		usage(option == 'h' ? stdout : stderr);
		exit(option == 'h' ? 0 : 2);
	}
}

static void parse_options(struct oracle *oracle, int count, char **arguments)
{
	static const struct option longs[] = {
		{ "calls", required_argument, NULL, 'c' },
		{ "distribution", required_argument, NULL, 'd' },
		{ "seed", required_argument, NULL, 's' },
		{ "index", required_argument, NULL, 'i' },
		{ "most", required_argument, NULL, 'm' },
		{ "save", required_argument, NULL, 'S' },
		{ "kernel", no_argument, NULL, 'k' },
		{ "flags", no_argument, NULL, 'f' },
		{ "tap", no_argument, NULL, 't' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *environment = getenv("VAS_SEED");
	int option;

	oracle->options.most = 1;
	oracle->options.seed = environment ? strtoull(environment, NULL, 0)
					   : mix((uint64_t)time(NULL) ^ (uint64_t)getpid()) >> 32;
	while ((option = getopt_long(count, arguments, "h", longs, NULL)) != -1)
		set_option(oracle, option);
	if (oracle->options.calls == 0 && optind == count)
		oracle->options.calls = 1000000;
}

/* The subject stands beside this program. */
static void find_subject(char path[4096])
{
	ssize_t length = readlink("/proc/self/exe", path, 4000);
	char *slash;

	path[length < 0 ? 0 : length] = '\0';
	slash = strrchr(path, '/');
	strcpy(slash ? slash + 1 : path, "oracle-subject");
	if (access(path, X_OK) != 0)
		err(2, "%s", path);
}

int main(int count, char **arguments)
{
	static struct oracle oracle;
	char subject[4096];
	bool good = true;
	int i;

	parse_options(&oracle, count, arguments);
	find_subject(subject);
	files_open(&oracle.files);
	run_init(&oracle.run, subject, &oracle.files);
	model_init(&oracle.model, &oracle.files);
	note_missing(&oracle);
	for (i = optind; i < count; i++)
		good &= run_scripts(&oracle, arguments[i]);
	if (oracle.options.calls != 0) {
		report_note(&oracle.report, "seed %" PRIu64, oracle.options.seed);
		run_distributions(&oracle);
	}
	report_end(&oracle.report);
	return good ? oracle.differences != 0 : 2;
}
