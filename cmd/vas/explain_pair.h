/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_EXPLAIN_PAIR_H
#define VAS_CMD_EXPLAIN_PAIR_H

/* Two neighbouring areas, and all that keeps them from being one. */

#include <stdbool.h>
#include <stdint.h>

#include "explain_picture.h"

/* In the order in which people should hear of them. */
enum reason {
	REASON_GAP = 1u << 0,		 /* nothing is mapped between them */
	REASON_SPECIAL = 1u << 1,	 /* of a kind that the kernel never merges */
	REASON_OBJECT = 1u << 2,	 /* one maps a file, the other none */
	REASON_FILE = 1u << 3,		 /* different files */
	REASON_OFFSET = 1u << 4,	 /* the same file, but not its next byte */
	REASON_SHARING = 1u << 5,	 /* one is shared, the other private */
	REASON_PERMISSION = 1u << 6,	 /* what mprotect sets */
	REASON_FLAG = 1u << 7,		 /* what madvise, mlock ... set: pair.flags */
	REASON_KEY = 1u << 8,		 /* protection keys */
	REASON_NAME = 1u << 9,		 /* names from prctl(PR_SET_VMA) */
	REASON_POLICY = 1u << 10,	 /* NUMA policies from mbind */
	REASON_MOVED = 1u << 11,	 /* mremap moved one: its pages are numbered elsewhere */
	REASON_HEAD = 1u << 12,		 /* different reverse-map heads */
	REASON_INHERITED = 1u << 13,	 /* one has the heads of ancestors, from fork */
	REASON_OPEN_FILE = 1u << 14,	 /* the same file, opened twice */
	REASON_HOOK = 1u << 15,		 /* the driver wants to hear of the end of each */
	REASON_HEAD_OR_MOVED = 1u << 16, /* HEAD, INHERITED or MOVED: the kernel does not tell */
	REASON_OPEN_FILE_OR_HEAD = 1u << 17, /* as it does not of OPEN_FILE either */
	REASON_NOTHING = 1u << 18,	     /* no call has given the kernel a reason to try */
	REASON_UNKNOWN = 1u << 19,	     /* the flags are not known */
};
enum { REASONS = 20 };

/* Alone, one of these keeps apart what could be one otherwise. */
#define REASONS_NEAR                                                                               \
	((uint32_t)(REASON_PERMISSION | REASON_FLAG | REASON_KEY | REASON_NAME | REASON_POLICY |   \
		    REASON_MOVED | REASON_HEAD | REASON_INHERITED | REASON_OPEN_FILE |             \
		    REASON_HEAD_OR_MOVED | REASON_OPEN_FILE_OR_HEAD | REASON_NOTHING))

struct pair {
	uint32_t reasons;
	uint64_t flags; /* VAS_AREA_ flags that differ, with REASON_FLAG */
};

/* What keeps areas i and i + 1 apart; never without a reason. With REASON_GAP: what would also
 * keep them apart if the gap were not there. => i + 1 < picture->count */
struct pair pair_look(const struct picture *picture, size_t i);

/* Does one thing alone keep them apart? */
bool pair_near(struct pair pair);

/* A gap, and nothing else. */
bool pair_alike_over_gap(struct pair pair);

/* "permission", for people and for JSON alike; `reason` is one bit. */
const char *reason_name(uint32_t reason);

/* A flag as people know it, "MADV_DONTDUMP"; `flag` is one bit. NULL: none that tells apart. */
const char *flag_text(uint64_t flag);
/* "dd", as in smaps. */
const char *flag_word(uint64_t flag);

#endif
