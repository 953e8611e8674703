/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_BENCH_INDEX_H
#define VAS_CMD_BENCH_INDEX_H

/*
 * The parts of `vas bench index`: the data that all designs work on, the workloads, and the bench
 * of gap policies.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vas/index.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The figures that one run over one structure gives. */
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
	FIND_ERASE,
	COPY,
	GAP,
	GAP_WINDOW,
	CHURN,
	SPLIT_MERGE,
	FIND_SPLIT_MERGE,
	BYTES,
	BYTES_COPIED,
	FIGURES,
};

/* Bytes of one area with the links that a structure wants before it; as many as in the kernel. */
#define BENCH_OBJECT ((size_t)192)

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
	/* BENCH_ADDRESSES of them: in areas; anywhere. */
	uint64_t *inside, *anywhere;
	/* BENCH_CHOICES of them: lengths of holes between areas; random numbers below n. */
	uint64_t *holes;
	uint32_t *choice;
};

/* Random addresses and choices that a workload goes through. */
#define BENCH_ADDRESSES ((size_t)1 << 20)
#define BENCH_CHOICES	((size_t)1 << 16)

/* A structure that looks for gaps by walking its areas does so few of the searches, and none with
 * more areas. */
#define BENCH_WALKS	   ((size_t)1 << 12)
#define BENCH_WALKED_AREAS 10000

/* False: no memory. */
bool bench_world_create(struct bench_world *world, size_t n, uint64_t seed);
void bench_world_free(struct bench_world *world);

/* A random number generator: the next number after *state. */
uint64_t bench_random(uint64_t *state);

/* Wall time in ns; cheap to read. */
uint64_t bench_now(void);

/* Processor time of this process in ns: others may be at work on this machine. */
uint64_t bench_spent(void);

/* What one run gave: ns per operation or bytes per area, and a sum over all answers of each
 * workload. */
struct bench_result {
	double value[FIGURES];
	uint64_t checksum[FIGURES];
	bool done[FIGURES];
	/* Answers that not all structures give; only so that they are asked for. */
	uint64_t unchecked;
};

/* Does a gap search end in the hole [low, high)? Then *address is where. */
static inline bool bench_place(const struct vas_gap *gap, uint64_t low, uint64_t high,
			       uint64_t *address)
{
	uint64_t padding = gap->align > 1 ? gap->align - 1 : 0;

	low = low > gap->low ? low : gap->low;
	high = high < gap->high ? high : gap->high;
	if (high < low || high - low < gap->length + padding)
		return false;
	*address = (high - gap->length) & ~padding;
	return true;
}

/* Runs the workloads of which `wanted` has the bit, 1 << figure, once, on a design of libvas. False:
 * no memory. */
bool bench_run(const struct bench_world *world, const char *design, uint32_t wanted,
	       struct bench_result *result);

/*
 * What a plug-in for --peer exports as `vas_peer_index`. All of BENCH_PEER_VERSION changes when
 * this, the world or the result do, or what an operation has to do.
 */
#define BENCH_PEER_VERSION 1

struct bench_peer {
	uint32_t version;
	/* One word, that heads the column. */
	const char *name;
	/* Where it is from; what compiled it, and how. */
	const char *source, *compiler;
	/* Bits of the figures that it has no operation for. */
	uint32_t lacks;
	bool (*run)(const struct bench_world *world, uint32_t wanted, struct bench_result *result);
};

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

#ifdef __cplusplus
}
#endif

#endif
