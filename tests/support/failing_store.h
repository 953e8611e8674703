/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FAILING_STORE_H
#define TESTS_FAILING_STORE_H

/*
 * A backing store in memory for tests: fails at the n-th call, half-way if wanted, lets calls wait
 * at a gate, and counts them.
 *
 *	struct failing_store disk;
 *
 *	failing_store_init(&disk, 64);
 *	... hand out &disk.store and &disk ...
 *	for (n = 1;; n++) {
 *		failing_store_fail_at(&disk, FAILING_STORE_ALL, n, -VAS_EIO);
 *		err = the_call();
 *		failing_store_fail_at(&disk, 0, 0, 0);
 *		if (!disk.failures)
 *			break;                  the call never made an n-th one
 *		... err must be -VAS_EIO, and all as it was ...
 *	}
 *	failing_store_finish(&disk);
 *
 * A call that fails has done nothing, or with `torn` set: a write has written that many bytes, a
 * read has filled that many with garbage. After fail_at(0) `failures` stays to be read. Any number of
 * threads.
 */

#include <pthread.h>

#include <vas/store.h>

enum {
	FAILING_STORE_READ,
	FAILING_STORE_WRITE,
	FAILING_STORE_SYNC,
	FAILING_STORE_SIZE,
	FAILING_STORE_RESIZE,
	FAILING_STORE_PUNCH,
	FAILING_STORE_CLOSE,
	FAILING_STORE_KINDS,

	/* Sets of kinds are masks of 1 << kind. Close cannot fail. */
	FAILING_STORE_ALL = (1 << FAILING_STORE_CLOSE) - 1,
	FAILING_STORE_IO =
		1 << FAILING_STORE_READ | 1 << FAILING_STORE_WRITE | 1 << FAILING_STORE_SYNC,
};

struct failing_store {
	struct vas_store store; /* hand this one out; a test may take functions out of it */

	/* To read, and (size, limit) to change as others would. */
	uint64_t size;	/* bytes, of a file */
	uint64_t limit; /* pages: what lies above is a full disk, -VAS_ENOSPC */
	uint64_t calls[FAILING_STORE_KINDS];
	uint64_t failures;		      /* since fail_at or fail_from (n > 0) */
	uint64_t failed[FAILING_STORE_KINDS]; /* ever */

	size_t torn; /* bytes */

	/* Its own. */
	unsigned char *bytes;
	uint64_t pages;
	unsigned kinds;
	uint64_t fail_at, asked;
	bool and_after;
	int error;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned held;	  /* kinds that wait at the gate */
	unsigned waiting; /* calls that do */
};

/* An empty file (all zeroes, if it is used as swap) that may grow to so many pages. */
void failing_store_init(struct failing_store *disk, uint64_t pages);
void failing_store_finish(struct failing_store *disk);

/* From now on the n-th call of these kinds fails, and no other (0: none); and all that follow it. */
void failing_store_fail_at(struct failing_store *disk, unsigned kinds, uint64_t n, int error);
void failing_store_fail_from(struct failing_store *disk, unsigned kinds, uint64_t n, int error);

/* Calls of these kinds wait before they do anything; 0: all go on. */
void failing_store_hold(struct failing_store *disk, unsigned kinds);
/* Returns when so many calls wait. */
void failing_store_await(struct failing_store *disk, unsigned calls);

/* What is on the disk, 4 KiB. */
unsigned char *failing_store_page(struct failing_store *disk, uint64_t page);

#endif
