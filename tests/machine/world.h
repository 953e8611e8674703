/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MACHINE_WORLD_H
#define TESTS_MACHINE_WORLD_H

/*
 * What tests of machines start with: a machine with few frames, a disk for swap, disks with a file
 * each, and a space.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vas/machine.h>

#include "failing_allocator.h"
#include "failing_store.h"

/* Pages are counted from here, so that tests name them by small numbers: three tables' worth, the
 * first pages right before the end of a table. */
#define WORLD_BASE  UINT64_C(0x600000)
#define WORLD_PAGES 1600

/* Where brk begins. */
#define WORLD_BRK 1200

#define WORLD_FILES	 2
#define WORLD_FILE_PAGES 24 /* of a file at first; the disk has room for more */
#define WORLD_DISK_PAGES 64

#define RW   (VAS_READ | VAS_WRITE)
#define HERE (VAS_PRIVATE | VAS_ANONYMOUS | VAS_FIXED)

struct world_config {
	const char *anon, *file; /* designs; NULL: the defaults */
	uint32_t frames, slots;
	bool threads; /* the C library's allocator, which is not watched */
};

struct world {
	struct world_config config;
	struct failing_allocator memory;
	struct failing_store swap, disks[WORLD_FILES];
	struct vas_machine *machine;
	struct vas_space *space;		 /* NULL: the test has destroyed it */
	struct vas_file *files[WORLD_FILES + 1]; /* the last is shared memory; NULL: put */
};

/* `extra`: a listener for all spaces, with its data; may be NULL. */
void world_start(struct world *world, const struct world_config *config,
		 const struct vas_listener *extra, void *data);
/* Fails when a frame, a slot or memory has leaked. => the test's other spaces are gone. */
void world_finish(struct world *world);

/* cmocka's, with 96 frames and 64 slots. */
int world_set_up(void **state);
int world_tear_down(void **state);

/* Everything that can be recomputed is right. */
void world_check(struct world *world);

static inline uint64_t at(uint64_t page)
{
	return WORLD_BASE + page * VAS_PAGE_SIZE;
}

/* Private memory, or a part of file `which`, at a page. */
int map_pages(struct vas_space *space, uint64_t page, uint64_t count, uint32_t prot,
	      uint32_t more_flags);
int map_file(struct world *world, struct vas_space *space, unsigned which, uint64_t page,
	     uint64_t count, uint64_t file_page, bool shared);

/* Eight bytes in the middle of a page, which stand for all of it. */
#define TOKEN_OFFSET 2048
int put(struct vas_space *space, uint64_t page, uint64_t token);
int get(struct vas_space *space, uint64_t page, uint64_t *token);
/* They must be had; and the second: the token is this one. */
void must_put(struct vas_space *space, uint64_t page, uint64_t token);
void must_get(struct vas_space *space, uint64_t page, uint64_t token);

struct vas_view look(struct vas_space *space, uint64_t page);
struct vas_machine_counts count(struct world *world);

/* To stderr. */
extern const struct vas_printer world_printer;

/* Is this a sanitized build, in which everything takes longer? */
bool world_sanitized(void);

/* A figure from the environment, or what it is without. */
uint64_t world_figure(const char *name, uint64_t otherwise);
/* Prints the seed of a random run, VAS_SEED or one of the test's own. */
uint64_t world_seed(uint64_t own);

/* A run's own random numbers: the state is not zero. */
static inline uint64_t world_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * UINT64_C(0x2545f4914f6cdd1d) >> 11;
}

#endif
