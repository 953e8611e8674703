/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FAILING_ALLOCATOR_H
#define TESTS_FAILING_ALLOCATOR_H

/*
 * An allocator for tests: fails at the n-th allocation, counts what is live, and watches for
 * misuse.
 *
 *	struct failing_allocator memory;
 *
 *	failing_allocator_init(&memory);
 *	... hand out &memory.allocator ...
 *	for (n = 1;; n++) {
 *		failing_allocator_fail_at(&memory, n);
 *		err = the_call();
 *		failing_allocator_fail_at(&memory, 0);
 *		if (!memory.failures)
 *			break;                  the call never asked for an n-th block
 *		... err must be -VAS_ENOMEM, and all as it was ...
 *	}
 *	assert_int_equal(failing_allocator_finish(&memory), 0);
 *
 * New blocks are filled with FAILING_ALLOCATOR_FRESH, so that nobody counts on zeroes. A released
 * block is filled with FAILING_ALLOCATOR_DEAD and kept aside for a while before it goes back to the
 * C library, so that a later write to it is seen. These stop the program with a line on stderr: a
 * wrong size at release, a block released twice or never allocated, a write before or behind a
 * block, a write to a released block. One thread at a time.
 */

#include <vas/base.h>

enum {
	FAILING_ALLOCATOR_FRESH = 0xa7,
	FAILING_ALLOCATOR_DEAD = 0xdb,
	FAILING_ALLOCATOR_KEPT = 128, /* released blocks that are kept aside */
};

struct failing_block;

struct failing_allocator {
	struct vas_allocator allocator; /* hand this one out */

	/* To read. */
	uint64_t live_blocks, live_bytes;
	uint64_t peak_bytes;
	uint64_t allocations; /* that succeeded, ever */
	uint64_t asked;	      /* since failing_allocator_fail_at(n > 0), failed ones too */
	uint64_t failures;    /* since failing_allocator_fail_at(n > 0) */

	/* Its own. */
	uint64_t fail_at;
	bool and_after;
	struct failing_block *live;
	struct failing_block *kept[FAILING_ALLOCATOR_KEPT];
	size_t next_kept;
};

void failing_allocator_init(struct failing_allocator *memory);

/* From now on the n-th allocation fails (1: the next one), and no other; 0: none fails, and the
 * figures since then stay to be read. */
void failing_allocator_fail_at(struct failing_allocator *memory, uint64_t n);

/* From now on the n-th allocation fails and all that follow it. */
void failing_allocator_fail_from(struct failing_allocator *memory, uint64_t n);

/* Checks every live and every kept block for stray writes. O(bytes). */
void failing_allocator_check(struct failing_allocator *memory);

/* Checks all, gives the kept blocks back, and returns how many blocks still live: 0 when nothing
 * leaked. Prints the first few that leaked, then frees them. */
uint64_t failing_allocator_finish(struct failing_allocator *memory);

#endif
