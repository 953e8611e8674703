/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_BENCH_ANON_RMAP_H
#define VAS_CMD_BENCH_ANON_RMAP_H

/*
 * The parts of `vas bench anon-rmap`: a small machine (bench_anon_rmap_machine.c) on which the
 * workloads (bench_anon_rmap_work.c) run with one design after the other.
 *
 * The machine: real spaces, records of pages without memory behind them, and page tables of one
 * level that lie in one window of the address space. Faults, forks, unmaps and moves do to entries
 * and records what a real one does, and ask the design in the same order.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vas/anon_rmap.h>

#define BENCH_WINDOW	   UINT64_C(0x100000000000) /* its first address */
#define BENCH_WINDOW_PAGES 131072

/* What is timed. */
enum bench_timer {
	BENCH_FORKS,
	BENCH_EXITS,
	BENCH_FAULTS,
	BENCH_CALLS,
	BENCH_PAGE_WALKS,
	BENCH_TIMERS
};

struct bench_anon_result {
	struct {
		double ns; /* in all */
		uint64_t count;
	} timers[BENCH_TIMERS];
	uint64_t candidates, hits;
	uint64_t bytes;		/* of the design's records, the most seen */
	uint64_t all_bytes;	/* with what stands in areas and spaces, at that time */
	uint64_t spaces, areas; /* at that time */
	uint64_t size;		/* how much of the work was done */
	bool stopped;		/* it took too long, and was left unfinished */
};

struct bench_machine;

/* A process. */
struct bench_process {
	struct bench_machine *machine;
	struct vas_space *space;
	struct bench_process *next, *prev; /* of the machine; the oldest first */
	uint32_t *tables[BENCH_WINDOW_PAGES / 512];
};

struct bench_machine {
	const struct vas_anon_rmap_design *design; /* NULL: none, to know what the rest costs */
	void *instance;
	struct vas_settings settings;
	struct vas_page *pages;
	uint32_t page_count, free, used;
	struct bench_process *first, *last;
	struct bench_anon_result *result;
	uint64_t deadline;
	uint64_t cpu; /* the thread's time when something began */
};

/* False: no memory. */
bool bench_machine_open(struct bench_machine *machine, const struct vas_anon_rmap_design *design,
			uint32_t pages, double seconds, struct bench_anon_result *result);
void bench_machine_close(struct bench_machine *machine);

/* Is it over its time? The result then says so. */
bool bench_machine_late(struct bench_machine *machine);

/* All of these stop the program when a call fails that must not: no memory. Pages are counted from
 * the window's first. */
struct bench_process *bench_process_new(struct bench_machine *machine);
struct bench_process *bench_process_fork(struct bench_process *parent);
void bench_process_exit(struct bench_process *process);

void bench_map(struct bench_process *process, uint64_t page, uint64_t pages, uint32_t prot);
void bench_unmap(struct bench_process *process, uint64_t page, uint64_t pages);
void bench_protect(struct bench_process *process, uint64_t page, uint64_t pages, uint32_t prot);
/* mremap to a fixed place. */
void bench_move(struct bench_process *process, uint64_t page, uint64_t pages, uint64_t to);
/* UFFDIO_MOVE: one page that nobody shares goes to an empty place in another area. */
void bench_move_page(struct bench_process *process, uint64_t page, uint64_t to);
/* Writes to every `step`th page. */
void bench_write(struct bench_process *process, uint64_t page, uint64_t pages, uint64_t step);

/* Walks every page that there is, or, when there are many, every nth. */
void bench_walk_all(struct bench_machine *machine, uint64_t most);
/* Adds up what there is now, if it is more than before. */
void bench_measure(struct bench_machine *machine);

/* A workload. */
struct bench_anon_work {
	const char *name, *what;
	uint64_t size;	/* of which the text speaks */
	uint32_t pages; /* that the machine must have */
	void (*run)(struct bench_machine *machine, uint64_t size);
};

/* Ends with a NULL name. */
extern const struct bench_anon_work bench_anon_works[];

#endif
