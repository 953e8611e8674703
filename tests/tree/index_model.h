/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_TESTS_INDEX_MODEL_H
#define VAS_TESTS_INDEX_MODEL_H

/*
 * The naive twin of an index: a sorted array of pointers, gaps found by looking at all of them.
 * And what the tests of the index share: range objects with room for links, an allocator that fails
 * when told to, a random source.
 */

#include <vas/index.h>

struct random {
	uint64_t state;
};

/* VAS_SEED if set, else from the clock; printed, so that a failure can be repeated. */
uint64_t random_seed(const char *test);
uint64_t random_next(struct random *random);
/* Below `bound`, which is not 0. */
uint64_t random_below(struct random *random, uint64_t bound);

/* Counts what is in use; fails the `fail_at`-th call from now on (1: the next), and all later ones
 * when `fail_after` is set. 0: never. */
struct test_allocator {
	struct vas_allocator allocator;
	size_t blocks, bytes;
	size_t calls, fail_at;
	bool refuse;
};

void test_allocator_init(struct test_allocator *allocator);

/* A range with `link_bytes` of rubbish before it, all of it from malloc so that overruns are seen.
 */
struct vas_range *range_create(size_t link_bytes, uint64_t start, uint64_t end);
void range_free(size_t link_bytes, struct vas_range *range);

struct model {
	struct vas_range **ranges;
	size_t count, room;
};

void model_free(struct model *model);
void model_insert(struct model *model, struct vas_range *range);
void model_erase(struct model *model, const struct vas_range *range);
/* The place of the lowest range with end > address; `count` when there is none. */
size_t model_ge(const struct model *model, uint64_t address);
struct vas_range *model_at(const struct model *model, size_t place);
bool model_gap(const struct model *model, const struct vas_gap *gap, uint64_t *address);

/* A printer that writes to stderr. */
extern const struct vas_printer stderr_printer;

#endif
