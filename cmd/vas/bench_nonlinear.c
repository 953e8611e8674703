/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `vas bench nonlinear`: three ways of showing the pages of a file in another order.
 *
 * The program is the one by which the kernel's own two ways were compared when it gave up the first
 * (Shutemov 2014): shared memory, a number written to each page; then every page is remapped, the
 * whole in reverse order; all are read back; munmap. There 1,048,576 areas took 1.88 times as long as
 * one nonlinear area.
 *
 *	native     one area, a run for each linear part, in the map of the file design
 *	pte-chain  the same, but the pages' own chains of entries say who maps them
 *	split      an area for each part, as kernels since 4.0 have it
 *	kernel     this machine's kernel, if it allows so many areas
 *
 * Each phase is timed apart. Only every N-th page is touched, so that memory for all of them is not
 * needed; --every=1 touches all, as the published test did. Bytes are those of the library's own
 * memory that the remaps took; page tables and the chains of pages that are touched are not in it.
 */

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <vas/file_rmap.h>
#include <vas/machine.h>

#include "bench_memory.h"
#include "clock.h"
#include "cmd.h"
#include "median.h"
#include "output.h"
#include "progress.h"

#define MOST_RUNS 31
#define MOST_ROWS 16
#define ASKED	  4096 /* pages of which it is asked who maps them, at most */

static const char usage[] =
	"usage: vas bench nonlinear [OPTION...]\n"
	"\n"
	"Times remap_file_pages: native, with chains of entries, by splitting areas, and the kernel's.\n"
	"Shared memory is written to, remapped page by page in reverse order, read back, unmapped.\n"
	"\n"
	"  --pages=N      of the mapping (1048576)\n"
	"  --every=N      only every N-th page is touched (16)\n"
	"  --design=LIST  file reverse maps (cells,interval-tree,pte-chain)\n"
	"  --runs=N       of which the median is taken (3)\n"
	"  --json         as one JSON object\n"
	"  -h, --help     this text\n"
	"\n"
	"Exit status: 0, 1 when a page read back was not the right one, or 2 for trouble.\n";

enum figure { WRITE, REMAP, READ, WHO, UNMAP, BYTES, FIGURES };

static const struct {
	const char *name, *text;
} figures[FIGURES] = {
	[WRITE] = { "write_ns", "write" }, [REMAP] = { "remap_ns", "remap" },
	[READ] = { "read_ns", "read" },	   [WHO] = { "who_ns", "who" },
	[UNMAP] = { "unmap_ns", "unmap" }, [BYTES] = { "bytes_per_page", "bytes" },
};

struct options {
	uint64_t pages, every;
	const char *designs;
	size_t runs;
	bool json;
};

/* One way of doing it. */
struct row {
	char name[48];
	const struct vas_file_rmap_design *design; /* NULL: the kernel */
	bool nonlinear;
	bool impossible; /* too many areas for this kernel */
	uint64_t areas;
	double values[FIGURES][MOST_RUNS]; /* negative: none */
};

/* ---- Memory that is counted ---- */

struct counted {
	struct vas_allocator allocator;
	uint64_t bytes;
};

static void *allocate(void *context, size_t size, size_t align)
{
	struct counted *counted = context;
	void *memory = vas_libc_allocator.allocate(vas_libc_allocator.context, size, align);

	if (memory != NULL)
		counted->bytes += size;
	return memory;
}

static void release(void *context, void *memory, size_t size)
{
	struct counted *counted = context;

	counted->bytes -= size;
	vas_libc_allocator.release(vas_libc_allocator.context, memory, size);
}

/* ---- The program ---- */

struct program {
	const struct options *options;
	uint64_t start;
	struct vas_space *space; /* NULL: the kernel's turn */
	struct counted memory;
	double *result[FIGURES];
	bool wrong; /* a page was not what it should be */
};

static uint64_t page_shown(const struct program *program, uint64_t page)
{
	return program->options->pages - 1 - page;
}

static bool write_pages(struct program *program)
{
	for (uint64_t page = 0; page < program->options->pages; page += program->options->every) {
		uint64_t at = program->start + page * BENCH_PAGE;

		if (program->space == NULL)
			*(volatile uint64_t *)(uintptr_t)at = page;
		else if (vas_write(program->space, at, &page, sizeof(page), NULL) != 0)
			return false;
	}
	return true;
}

static bool remap_pages(struct program *program)
{
	for (uint64_t page = 0; page < program->options->pages; page++) {
		uint64_t at = program->start + page * BENCH_PAGE;
		uint64_t shown = page_shown(program, page);
		int err;

		/* Nothing is populated: that is a fault, and timed as one. */
		if (program->space == NULL)
			err = remap_file_pages((void *)(uintptr_t)at, BENCH_PAGE, 0, shown,
					       MAP_NONBLOCK);
		else
			err = vas_remap_file_pages(program->space, at, BENCH_PAGE, 0, shown,
						   VAS_NONBLOCK);
		if (err != 0)
			return false;
	}
	return true;
}

static bool read_pages(struct program *program)
{
	for (uint64_t page = 0; page < program->options->pages; page += program->options->every) {
		uint64_t at = program->start + page_shown(program, page) * BENCH_PAGE;
		uint64_t found = 0;

		if (program->space == NULL)
			found = *(volatile uint64_t *)(uintptr_t)at;
		else if (vas_read(program->space, at, &found, sizeof(found), NULL) != 0)
			return false;
		program->wrong |= found != page;
	}
	return true;
}

static void found_one(void *context, struct vas_space *space, uint64_t address)
{
	(void)space;
	*(uint64_t *)context = address;
}

static bool ask_pages(struct program *program, uint64_t asked)
{
	uint64_t touched = (program->options->pages - 1) / program->options->every + 1;

	for (uint64_t i = 0; i < asked; i++) {
		uint64_t page = i * (touched / asked) * program->options->every;
		uint64_t at = program->start + page_shown(program, page) * BENCH_PAGE, found = 0;

		if (vas_who(program->space, at, found_one, &found) != 0)
			return false;
		program->wrong |= found != at;
	}
	return true;
}

static bool unmap_pages(struct program *program)
{
	uint64_t length = program->options->pages * BENCH_PAGE;

	if (program->space == NULL)
		return munmap((void *)(uintptr_t)program->start, length) == 0;
	return vas_unmap(program->space, program->start, length) == 0;
}

/* Times a phase: ns for each of `count`. */
static bool timed(struct program *program, bool (*phase)(struct program *), enum figure figure,
		  uint64_t count)
{
	uint64_t before = wall_ns();
	bool ok = phase(program);

	*program->result[figure] = (double)(wall_ns() - before) / (double)count;
	return ok;
}

static bool run_program(struct program *program, struct row *row)
{
	uint64_t pages = program->options->pages;
	uint64_t touched = (pages - 1) / program->options->every + 1;
	uint64_t asked = touched < ASKED ? touched : ASKED;
	uint64_t bytes;
	uint64_t before;
	bool ok;

	ok = timed(program, write_pages, WRITE, touched);
	bytes = program->memory.bytes;
	ok = ok && timed(program, remap_pages, REMAP, pages);
	if (ok && program->space != NULL) {
		struct vas_counts counts;

		vas_space_count(program->space, &counts);
		row->areas = counts.areas;
		*program->result[BYTES] = (double)(program->memory.bytes - bytes) / (double)pages;
	}
	ok = ok && timed(program, read_pages, READ, touched);
	if (ok && program->space != NULL) {
		before = wall_ns();
		ok = ask_pages(program, asked);
		*program->result[WHO] = (double)(wall_ns() - before) / (double)asked;
	}
	return ok && timed(program, unmap_pages, UNMAP, pages);
}

/* ---- In a machine, and for real ---- */

static bool run_library(struct program *program, struct row *row)
{
	const struct options *options = program->options;
	struct vas_settings settings;
	struct vas_machine_config config = {
		.allocator = &program->memory.allocator,
		/* The pages that are touched, and tables for all of them. */
		.frames = (uint32_t)(options->pages / options->every + options->pages / 256 + 4096),
		.settings = &settings,
		.file_rmap = row->design->name,
	};
	struct vas_map map = {
		.length = options->pages * BENCH_PAGE,
		.prot = VAS_READ | VAS_WRITE,
		.flags = VAS_SHARED | VAS_ANONYMOUS,
	};
	struct vas_machine *machine;
	bool ok;

	vas_settings_default(&settings);
	settings.nonlinear = row->nonlinear;
	settings.max_map_count = (uint32_t)options->pages + 65536;
	settings.overcommit_memory = 1;
	if (vas_machine_create(&config, &machine) != 0)
		return false;
	ok = vas_machine_space(machine, NULL, &program->space) == 0;
	ok = ok && vas_map(program->space, &map, &program->start) == 0 && run_program(program, row);
	if (program->space != NULL)
		vas_space_destroy(program->space);
	vas_machine_destroy(machine);
	return ok;
}

static uint64_t most_areas(void)
{
	FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
	unsigned long long most = 0;

	if (file != NULL) {
		if (fscanf(file, "%llu", &most) != 1)
			most = 0;
		fclose(file);
	}
	return most;
}

static bool run_kernel(struct program *program, struct row *row)
{
	void *at;

	row->areas = program->options->pages;
	if (program->options->pages + 1000 > most_areas()) {
		row->impossible = true;
		return true;
	}
	at = mmap(NULL, program->options->pages * BENCH_PAGE, PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return false;
	program->start = (uint64_t)(uintptr_t)at;
	return run_program(program, row);
}

/* ---- All of it ---- */

/* 0, STATUS_DIFFERENT or STATUS_TROUBLE. */
static int run_row(const struct options *options, struct row *row, size_t run)
{
	struct program program = { .options = options };
	bool ok;

	program.memory.allocator = (struct vas_allocator){ .context = &program.memory,
							   .allocate = allocate,
							   .release = release };
	for (size_t figure = 0; figure < FIGURES; figure++) {
		program.result[figure] = &row->values[figure][run];
		row->values[figure][run] = -1;
	}
	ok = row->design == NULL ? run_kernel(&program, row) : run_library(&program, row);
	if (!ok) {
		complain("%s could not be run", row->name);
		return STATUS_TROUBLE;
	}
	if (program.wrong)
		complain("%s: a page is not what it should be", row->name);
	return program.wrong ? STATUS_DIFFERENT : STATUS_OK;
}

static int measure(const struct options *options, struct row *rows, size_t count)
{
	int status = STATUS_OK;

	progress_start("nonlinear", options->runs * count);
	for (size_t run = 0; status == STATUS_OK && run < options->runs; run++) {
		for (size_t i = 0; status == STATUS_OK && i < count; i++) {
			progress_at(run * count + i);
			status = run_row(options, &rows[i], run);
		}
	}
	progress_end();
	for (size_t i = 0; i < count; i++)
		for (size_t figure = 0; figure < FIGURES; figure++)
			sort_values(rows[i].values[figure], options->runs);
	return status;
}

/* Native with each design of the list, splitting with all but chains, and the kernel. 0: a name is
 * not known. */
static size_t make_rows(const struct options *options, struct row *rows)
{
	const char *list = options->designs;
	size_t natives = 0, count;

	while (*list != '\0' && natives < (MOST_ROWS - 1) / 2) {
		size_t length = strcspn(list, ",");
		struct row *row = &rows[natives++];
		char name[32];

		snprintf(name, sizeof(name), "%.*s", (int)length, list);
		row->design = length == 0 ? NULL : vas_file_rmap_find(name);
		if (row->design == NULL)
			return 0;
		row->nonlinear = true;
		snprintf(row->name, sizeof(row->name), "native, %s", name);
		list += length + (list[length] == ',');
	}
	count = natives;
	for (size_t i = 0; i < natives; i++) {
		if (rows[i].design->chains)
			continue;
		rows[count].design = rows[i].design;
		snprintf(rows[count].name, sizeof(rows[count].name), "split, %s",
			 rows[i].design->name);
		count++;
	}
	snprintf(rows[count++].name, sizeof(rows[0].name), "kernel");
	return count;
}

static void print_table(const struct options *options, const struct row *rows, size_t count)
{
	printf("%llu pages, every %llu. touched; ns each, median of %zu runs\n\n",
	       (unsigned long long)options->pages, (unsigned long long)options->every,
	       options->runs);
	printf("%-24s", "");
	for (size_t figure = 0; figure < FIGURES; figure++)
		printf("%9s", figures[figure].text);
	printf("%10s\n", "areas");
	for (size_t i = 0; i < count; i++) {
		printf("%-24s", rows[i].name);
		for (size_t figure = 0; figure < FIGURES; figure++) {
			double value = rows[i].values[figure][options->runs / 2];

			if (value < 0)
				printf("%9s", "-");
			else
				printf("%9.0f", value);
		}
		if (rows[i].impossible)
			printf("%10s  more areas than vm.max_map_count\n", "-");
		else
			printf("%10llu\n", (unsigned long long)rows[i].areas);
	}
}

static json_t *make_report(const struct options *options, const struct row *rows, size_t count)
{
	json_t *report = report_new("bench-nonlinear"), *results = json_array();

	report_set(report, "pages", json_integer((json_int_t)options->pages));
	report_set(report, "every", json_integer((json_int_t)options->every));
	report_set(report, "runs", json_integer((json_int_t)options->runs));
	report_set(report, "results", results);
	for (size_t i = 0; i < count; i++) {
		json_t *result = json_object();

		report_append(results, result);
		report_set(result, "name", json_string(rows[i].name));
		if (rows[i].impossible)
			continue;
		for (size_t figure = 0; figure < FIGURES; figure++) {
			double value = rows[i].values[figure][options->runs / 2];

			if (value >= 0)
				report_set(result, figures[figure].name, json_real(value));
		}
		report_set(result, "areas", json_integer((json_int_t)rows[i].areas));
	}
	return report;
}

static int run(const struct options *options, const char *command)
{
	struct row *rows = calloc(MOST_ROWS, sizeof(*rows));
	size_t count = rows == NULL ? 0 : make_rows(options, rows);
	int status;

	if (count == 0) {
		free(rows);
		return wrong_usage(command, "'%s' are not all designs", options->designs);
	}
	status = measure(options, rows, count);
	if (status != STATUS_TROUBLE && options->json)
		status = report_print(make_report(options, rows, count), status);
	else if (status != STATUS_TROUBLE) {
		print_table(options, rows, count);
		status = finish_output(status);
	}
	free(rows);
	return status;
}

int cmd_bench_nonlinear(int argc, char **argv)
{
	enum { PAGES = UCHAR_MAX + 1, EVERY, DESIGN, RUNS, JSON };
	static const struct option longs[] = {
		{ "pages", required_argument, NULL, PAGES },
		{ "every", required_argument, NULL, EVERY },
		{ "design", required_argument, NULL, DESIGN },
		{ "runs", required_argument, NULL, RUNS },
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = {
		.pages = 1048576,
		.every = 16,
		.designs = "cells,interval-tree,pte-chain",
		.runs = 3,
	};
	uint64_t value = 3;
	int option;

	while ((option = next_option(argc, argv, "h", longs)) != -1) {
		bool good = true;

		if (option == PAGES) {
			good = parse_number(optarg, 1u << 24, &options.pages) && options.pages > 1;
		} else if (option == EVERY) {
			good = parse_number(optarg, 1u << 24, &options.every) && options.every > 0;
		} else if (option == DESIGN) {
			options.designs = optarg;
		} else if (option == RUNS) {
			good = parse_number(optarg, MOST_RUNS, &value) && value > 0;
			options.runs = (size_t)value;
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
	return run(&options, argv[0]);
}
