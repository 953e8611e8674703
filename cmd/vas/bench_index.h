/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_BENCH_INDEX_H
#define VAS_CMD_BENCH_INDEX_H

/*
 * The parts of `vas bench index`: the data that all designs work on, the workloads, and the bench
 * of gap policies.
 */

#include <stdbool.h>
#include <stdint.h>

#include <vas/index.h>

/* The figures that one run over one design gives. */
enum figure {
	FIND,
	FIND_DEPENDENT,
	FIND_READ,
	FIND_GE,
	ITERATE,
	ITERATE_READ,
	INSERT,
	INSERT_ASCENDING,
	ERASE,
	LOAD,
	GAP,
	GAP_WINDOW,
	CHURN,
	SPLIT_MERGE,
	BYTES,
	BYTES_LOADED,
	FIGURES,
};

/* One area, 192 bytes in all with the links that a design wants before it. */
struct bench_area {
	struct vas_range range;
	uint64_t id; /* the field that "read" reads */
};

/*
 * n areas over 47 bits, every second one right after the one before, of random lengths; their
 * objects lie in random order in memory, as in a heap that has been in use for a while. And the
 * random choices that all designs are given alike.
 */
struct bench_world {
	size_t n;
	struct vas_range *ranges; /* ascending; n of them */
	uint32_t *place;	  /* of each in the arena */
	uint32_t *order;	  /* `orders` random orders of all, one after the other */
	size_t orders;
	char *arena; /* n + 2 objects */
	/* Addresses in areas; addresses; lengths of holes between areas. */
	uint64_t *inside, *anywhere, *holes;
	/* Random numbers below n. */
	uint32_t *choice;
};

/* Random addresses and choices that a workload goes through; a power of two. */
#define BENCH_CHOICES ((size_t)1 << 16)

/* False: no memory. */
bool bench_world_create(struct bench_world *world, size_t n, uint64_t seed);
void bench_world_free(struct bench_world *world);

/* A random number generator: the next number after *state. */
uint64_t bench_random(uint64_t *state);

/* Wall time in ns; cheap to read. */
uint64_t bench_now(void);

/* What one run gave: ns per operation or bytes per area, and a sum over all answers of each
 * workload. */
struct bench_result {
	double value[FIGURES];
	uint64_t checksum[FIGURES];
	bool done[FIGURES];
};

/* Runs all workloads, or those in `wanted`, once. False: no memory. */
bool bench_run(const struct bench_world *world, const char *design, uint32_t wanted,
	       struct bench_result *result);

/* What one run of a workload of bench_index_gap.c gave. */
struct bench_policy {
	/* Ranges that are left, those that touch counted as one. */
	size_t areas;
	/* Per search, and per insert or erase. */
	double gap_ns, change_ns;
	/* Bytes from the lowest address in use to the highest. */
	uint64_t span;
	/* Searches without an answer. */
	size_t failed;
};

struct policy_run;

struct bench_policy_work {
	const char *name, *what;
	void (*run)(struct policy_run *run);
};

/* Ends with a NULL name. */
extern const struct bench_policy_work bench_policy_works[];

/* False: no memory. */
bool bench_policy_run(const struct bench_policy_work *work, const char *design,
		      enum vas_direction direction, struct bench_policy *policy);

#endif
