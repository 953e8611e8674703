/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_RECLAIM_WORLD_H
#define TESTS_RECLAIM_WORLD_H

/*
 * A small machine: real spaces, tables, pages, swap and reverse maps, and faults as plain as they
 * can be. Each space has one area at WORLD_BASE: of private memory, or of the world's object.
 * Different threads may use different spaces.
 */

#include <vas/space.h>

#include "failing_store.h"
#include "reclaim/memory.h"

#define WORLD_BASE   UINT64_C(0x10000000)
#define WORLD_SPACES 1024

struct world_space {
	struct world *world;
	struct vas_space *space;
	struct vas_pmap *pmap;
	struct vas_object *object; /* NULL: private memory */
	uint64_t pages;
	bool locked;
	struct vas_file_link *link;
	struct vas_pool pool;
};

struct world {
	struct vas_memory memory;
	struct failing_store disk;	/* swap */
	struct failing_store file_disk; /* the object's, if it is a file */
	struct vas_settings settings;
	struct vas_object *object;
	struct world_space spaces[WORLD_SPACES];
	size_t count;
};

/* `anon`, `file`: designs, NULL: the defaults. slots 0: no swap. */
void world_start(struct world *world, const char *anon, const char *file, uint32_t frames,
		 uint32_t slots);
/* Unmaps all and checks that no frame and no slot is left. */
void world_finish(struct world *world);
/* Validates everything; with a check that each page's walk finds as many entries as map it. */
void world_check(struct world *world);

/* The object, of so many pages: shared memory, or a file. */
void world_open(struct world *world, bool file, uint64_t pages);

struct world_space *world_space(struct world *world, uint64_t pages);
struct world_space *world_object_space(struct world *world);
struct world_space *world_fork(struct world_space *parent);

/* One page's first bytes. The result is that of the fault: 0, -VAS_ENOMEM, what a store said. When
 * there is no frame it reclaims. */
int world_write(struct world_space *in, uint64_t page, uint64_t value);
int world_read(struct world_space *in, uint64_t page, uint64_t *value);
/* The same, which must not fail. */
void world_put(struct world_space *in, uint64_t page, uint64_t value);
uint64_t world_get(struct world_space *in, uint64_t page);

/* The entry of a page; 0: none. The page that it maps, or NULL; no reference. */
uint64_t world_entry(struct world_space *in, uint64_t page);
struct vas_page *world_page(struct world_space *in, uint64_t page);
/* madvise(FREE) of a page. */
void world_free_lazily(struct world_space *in, uint64_t page);
void world_unmap(struct world_space *in, uint64_t page);
/* exit */
void world_end(struct world_space *in);

/* With a reference and the page at that place: vas_page_out, _migrate, _merge. */
int world_out(struct world_space *in, uint64_t page);
int world_migrate(struct world_space *in, uint64_t page);
int world_merge(struct world_space *keep, uint64_t keep_page, struct world_space *in,
		uint64_t page);

uint32_t world_frames_free(struct world *world);
uint32_t world_slots_used(struct world *world);

#endif
