/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_OBJECT_WORLD_H
#define TESTS_OBJECT_WORLD_H

/*
 * What tests of objects and swap start with: a few frames, a disk with a file, a disk with swap,
 * and an object of each sort.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "object/object.h"
#include "object/swap.h"
#include "page/page.h"

#include "failing_allocator.h"
#include "failing_store.h"

#define FRAMES	   32
#define FILE_PAGES 20
#define FILE_BYTES (10 * VAS_PAGE_SIZE + 100) /* the file's size at first */
#define SLOTS	   24

struct world {
	struct failing_allocator memory;
	const struct vas_allocator *allocator; /* the one above; of the C library for threads */
	struct vas_frames *frames;
	struct failing_store disk, swap_disk;
	struct vas_swap *swap;
	struct vas_object *file, *shared; /* shared memory of FILE_BYTES bytes */
	unsigned forgotten;		  /* slots */
	struct vas_binding last;	  /* binding of such */
};

/* cmocka's; the second for threads. The file's page n is full of bytes n + 1. */
int world_set_up(void **state);
int world_set_up_threads(void **state);
/* Fails when a frame, a slot or memory has leaked. */
int world_tear_down(void **state);

/* The page at an index, which must be had. */
struct vas_page *world_page(struct world *world, struct vas_object *object, uint64_t index);
/* Gives a reference back; the last frees the page. */
void world_put(struct world *world, struct vas_page *page);
unsigned char *world_bytes(struct world *world, struct vas_page *page);

/* Writes the page of shared memory to swap and takes it out of memory, as reclaim does: its
 * slot, or 0 with an error. => a reference, which is given back. */
uint32_t world_page_out(struct world *world, struct vas_page *page, int *err);

/* Everything that can be recomputed is right. */
void world_check(struct world *world);

/* Prints the seed that it sets. */
unsigned world_seed(void);

/* A printer that keeps the first few characters: the id of what is broken. */
struct told {
	char text[8];
	size_t length;
};
struct vas_printer told_printer(struct told *told);

#endif
