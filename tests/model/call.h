/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MODEL_CALL_H
#define TESTS_MODEL_CALL_H

/*
 * Calls on a family of small spaces, as values: drawn from random numbers or from a fuzzer's bytes,
 * and done by any number of subjects (subject.h) and by the naive model (model.h).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <vas/space.h>

/* A space is these pages, and nothing else: it begins at the lowest address that may be mapped, and
 * ends at the end of the task. */
#define CALL_BASE  UINT64_C(0x10000000)
#define CALL_PAGES 160
#define CALL_END   (CALL_BASE + CALL_PAGES * VAS_PAGE_SIZE)

enum { CALL_SPACES = 4, CALL_FILES = 4, CALL_NAMES = 3 };

enum call_kind {
	CALL_MAP,
	CALL_UNMAP,
	CALL_PROTECT,
	CALL_REMAP,
	CALL_BRK,
	CALL_ADVISE,
	CALL_LOCK,
	CALL_UNLOCK,
	CALL_LOCK_ALL,
	CALL_UNLOCK_ALL,
	CALL_SEAL,
	CALL_NAME,
	CALL_BIND,
	CALL_TOUCH,
	CALL_FORK, /* into `other`; what was there exits first */
	CALL_EXIT, /* and a new space is made in its place */
	CALL_KINDS_OF_MODEL,
	/* What the naive model does not do. */
	CALL_ATTACH = CALL_KINDS_OF_MODEL,
	CALL_DETACH,
	CALL_FILE_PAGES,
	CALL_USERFAULT,
	CALL_EXEC,
	CALL_KINDS,
};

struct call {
	enum call_kind kind;
	unsigned space, other;
	uint64_t start, length;
	uint64_t target, new_length; /* mremap */
	uint64_t offset;	     /* in the file, bytes */
	uint32_t prot, flags;	     /* access of touch is in prot */
	int number;		     /* advice, file, name, policy, context */
};

/* Where numbers come from. */
struct source {
	uint64_t random;
	const uint8_t *bytes; /* not NULL: a fuzzer's */
	size_t left;
};

/* 0 .. bound - 1; 0 when the bytes are at an end. */
uint64_t source_pick(struct source *source, uint64_t bound);

/* What a run of calls may contain. */
struct call_range {
	unsigned kinds;	 /* CALL_KINDS_OF_MODEL or CALL_KINDS */
	unsigned spaces; /* 1 .. CALL_SPACES */
};

void call_draw(struct call *call, struct source *source, const struct call_range *range);

/* One line of C, as near as possible. */
void call_print(FILE *stream, const struct call *call);

const char *call_name(int number); /* for CALL_NAME; NULL: none */

#endif
