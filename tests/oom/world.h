/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_OOM_WORLD_H
#define TESTS_OOM_WORLD_H

/*
 * A machine's worth of spaces whose memory comes from a failing allocator: a family of forks with
 * areas of every kind, and anon-vma-chain listening to all of them.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vas/anon_vma_chain.h>
#include <vas/space.h>

#include "failing_allocator.h"

enum { WORLD_FILES = 3, WORLD_SPACES = 6 };

/* In pages from WORLD_BASE: the first page that no area of the filled space touches, with room for
 * 700; the start of the brk area; the area that grows down. */
enum { HOLE = 200, BRK = 1000, STACK = 3000 };

#define WORLD_BASE UINT64_C(0x100000000)
#define PAGE	   VAS_PAGE_SIZE
#define RW	   (VAS_READ | VAS_WRITE)
#define ANON	   (VAS_PRIVATE | VAS_ANONYMOUS)

struct world {
	struct failing_allocator memory;
	struct vas_settings settings;
	struct vas_anon_vma_chain *chain;
	struct vas_space *spaces[WORLD_SPACES]; /* NULL: none */
	struct vas_file files[WORLD_FILES];	/* a file, shared memory, /dev/zero */
};

static inline uint64_t at(uint64_t page)
{
	return WORLD_BASE + page * PAGE;
}

/* An empty space in spaces[0]. `index` names a design. */
void world_start(struct world *world, const char *index);

/* Fills spaces[0], forks it into spaces[1], and lets that one do some more. */
void world_fill(struct world *world);

/* Destroys all; nothing may be left. */
void world_end(struct world *world);

/* All that must not change when a call fails, as text: areas with their attributes, counts,
 * charges, references, heads and links. The caller frees it. */
char *world_describe(struct world *world);

/* Asserts that all validators are content and that no block was written over. */
void world_validate(struct world *world);

#endif
