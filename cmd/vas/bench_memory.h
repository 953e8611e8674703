/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_BENCH_MEMORY_H
#define VAS_CMD_BENCH_MEMORY_H

/*
 * The parts of `vas bench fault`, `vas bench fork` and `vas bench reclaim`: the same work done by a
 * machine of the library (bench_memory_library.c) and by a process of this machine's kernel
 * (bench_memory_kernel.c).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bench_memory_work {
	BENCH_TRAP, /* the kernel only: a system call that does nothing */
	BENCH_FAULT_ZERO,
	BENCH_FAULT_NEW,
	BENCH_FAULT_ZERO_WRITE,
	BENCH_FAULT_SHARED,
	BENCH_FAULT_FILE_COPY,
	BENCH_FAULT_COPY,
	BENCH_FAULT_REUSE,
	BENCH_PAIR,
	BENCH_PAIR_TOUCHED,
	BENCH_TWO_SPACES,  /* times as fast as one thread in one space */
	BENCH_TWO_THREADS, /* both in one space */
	BENCH_FORK_AREA,
	BENCH_FORK_PAGE,
	BENCH_RECLAIM_FILE,
	BENCH_RECLAIM_PRIVATE, /* the library only: the kernel's swap is not ours to use */
	BENCH_MEMORY_WORKS,
};

struct bench_memory_options {
	const char *anon_rmap, *file_rmap; /* NULL: the defaults */
	size_t pages;			   /* of one round */
};

/* ns per fault, pair, area or page; a ratio for the two of threads. Negative: could not be done. */
double bench_memory_library(const struct bench_memory_options *options,
			    enum bench_memory_work work);
/* In a child of its own, so that nothing of this process is in the way. */
double bench_memory_kernel(const struct bench_memory_options *options, enum bench_memory_work work);

#define BENCH_PAGE   4096
#define BENCH_ROUNDS 9	  /* of faults, the fastest of which counts */
#define BENCH_AREAS  1000 /* of the fork that is timed per area */

#endif
