/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_BENCH_FILE_RMAP_TRACE_H
#define VAS_CMD_BENCH_FILE_RMAP_TRACE_H

/*
 * The part of `vas bench file-rmap` that is about recorded programs: what a trace does to the maps
 * of all its objects (bench_file_rmap_trace.c), and what that costs (bench_file_rmap_again.c).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vas/file_rmap.h>

enum traced_kind { TRACED_INSERT, TRACED_RESIZE, TRACED_REMOVE };

struct traced_change {
	enum traced_kind kind;
	uint32_t link, object, space;
	uint64_t first, last, start;
};

/* What a new area's pages were to the cells of its object: pieces without an end of any area
 * inside. */
enum traced_cells {
	CELLS_NEW,     /* nobody maps any of them */
	CELLS_EXACT,   /* they are one cell */
	CELLS_SEVERAL, /* whole cells, and perhaps pages that nobody maps */
	CELLS_CUT,     /* one cell or two must be cut */
	CELLS_KINDS,
};

struct traced_program {
	struct traced_change *changes;
	size_t count, room;
	size_t peak; /* so many changes make the most areas */
	uint32_t links, objects, spaces, most;
	uint64_t mapped[CELLS_KINDS]; /* areas made by mmap, exec and the like */
	uint64_t forked[CELLS_KINDS];
	uint64_t split; /* made by cutting an area in two */
	uint64_t pages; /* of objects, that were touched through them */
};

/* False: the trace cannot be read, which was complained of. */
bool traced_program_read(struct traced_program *program, const char *path);
void traced_program_free(struct traced_program *program);

/* ns for each area, from its insert to its remove, all resizes included: the median of `runs`; and
 * bytes for each when there were the most. False: no memory. */
bool traced_program_time(const struct traced_program *program,
			 const struct vas_file_rmap_design *design, size_t runs, double *ns,
			 double *bytes);

/* ns that a chain of entries costs for each page, when it is mapped and unmapped: what a machine
 * with the design pte-chain takes longer than one with the list. Negative: not known. */
double traced_chain_price(size_t runs);

/* ---- bench_file_rmap_machine.c: W1 and W3 in a machine, with faults, forks and exits ---- */

struct whole_program {
	const char *name, *text;
	uint32_t windows, pages, processes;
};

/* Ends with a NULL name. */
extern const struct whole_program whole_programs[];

struct whole_times {
	double changes_ns;  /* all that was mapped, forked, faulted, ended */
	double question_ns; /* who maps a page, for each */
	double pages;
};

/* False: no memory, or a wrong answer. */
bool whole_program_run(const struct whole_program *program, const char *design, double bound_ns,
		       struct whole_times *times);

#endif
