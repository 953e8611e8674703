/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_BENCH_SPACE_H
#define VAS_CMD_BENCH_SPACE_H

/*
 * The parts of `vas bench space`: workloads of calls (bench_space_work.c), and what they are done
 * on (bench_space_target.c): a space of the library, or a process of this machine's kernel.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_target;

/* Calls as Linux has them; results below 0 are error numbers. */
struct bench_target_ops {
	int64_t (*map)(struct bench_target *target, uint64_t address, uint64_t length,
		       uint32_t prot, uint32_t flags);
	int (*unmap)(struct bench_target *target, uint64_t start, uint64_t length);
	int (*protect)(struct bench_target *target, uint64_t start, uint64_t length, uint32_t prot);
	int64_t (*remap)(struct bench_target *target, uint64_t old, uint64_t old_length,
			 uint64_t new_length, uint32_t flags, uint64_t address);
	uint64_t (*brk)(struct bench_target *target, uint64_t address);
	/* Is something mapped there? */
	bool (*find)(struct bench_target *target, uint64_t address);
	/* fork, and the end of the child. */
	int (*fork)(struct bench_target *target);
};

struct bench_target {
	const struct bench_target_ops *ops;
	size_t areas;	  /* that stand around the work */
	size_t all_areas; /* with those that were there before */
	uint64_t base;	  /* where they lie, a page each */
	uint64_t place;	  /* free pages for the work */
	uint64_t heap;	  /* the break at the beginning */
	struct bench_library *library;
};

/* Of the library: `chains` lets anon-vma-chain listen. False: no memory. */
bool bench_library_open(struct bench_target *target, const char *design, bool chains);
void bench_library_close(struct bench_target *target);

/* Of the kernel: this very process. */
void bench_kernel_open(struct bench_target *target);

/* Maps `areas` areas of a page each, no two neighbours alike. False: it failed. */
bool bench_target_fill(struct bench_target *target, size_t areas);

enum bench_work {
	BENCH_SYSTEM_CALL, /* the kernel only: one that does nothing */
	BENCH_FIND,
	BENCH_MAP,
	BENCH_PROTECT,
	BENCH_GROW,
	BENCH_MOVE,
	BENCH_BRK,
	BENCH_FORK,
	BENCH_WORKS,
};

/* ns per operation (per area for fork), or a negative number when a call failed. Runs for about
 * `milliseconds`. */
double bench_space_run(struct bench_target *target, enum bench_work work, unsigned milliseconds);

#endif
