/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_RMAP_TOY_H
#define TESTS_RMAP_TOY_H

/*
 * A toy machine to try anonymous reverse maps on: real spaces, page records without memory, and
 * page tables that are arrays. All areas lie in one window of a few pages, so that they meet each
 * other and the places where they have been.
 *
 *	TOY_BASE       heap grows up            stack grows down      TOY_BASE + TOY_PAGES pages
 *	|HHHH....   AAAA..BBB   maps wherever   ...........SSSS|
 *
 * Each function is one step of a machine, done as a real one would: it asks the design in the
 * order that <vas/anon_rmap.h> tells, and stops the test when an answer is wrong. A step fails
 * with -VAS_ENOMEM only when the allocator was told to fail; then nothing has changed that counts.
 * One thread.
 */

#include <vas/anon_rmap.h>
#include <vas/pool.h>

#include "failing_allocator.h"
#include "rmap/pte_chain.h"

#define TOY_BASE      UINT64_C(0x40000000) /* one page table covers the window */
#define TOY_PAGES     192
#define TOY_STACK     4 /* pages at the top of the window */
#define TOY_SPACES    1200
#define TOY_FILE_PAGE 8 /* where private file mappings like to begin */

/* Out in swap. */
struct toy_slot {
	uint32_t references; /* entries that name it */
	struct vas_binding saved;
	struct toy_page *page; /* read in again while others still name the slot; or NULL */
};

struct toy_page {
	struct vas_page page; /* first: designs see only this */
	struct toy_slot *slot;
	struct toy_page *next, *prev;
	uint64_t id;
};

/* All NULL: nothing there. */
struct toy_entry {
	struct toy_page *page;
	struct toy_slot *slot;
	bool write;
	uint64_t seen; /* by which walk */
};

struct toy_space {
	struct toy *toy;
	struct vas_space *space;
	struct vas_page *table; /* what records of page-table chains name */
	size_t place;		/* in toy.spaces */
	struct toy_entry entries[TOY_PAGES];
};

struct toy {
	const struct vas_anon_rmap_design *design;
	void *instance;
	struct failing_allocator memory;
	struct vas_settings settings;
	struct vas_file file;
	struct vas_frames *frames;     /* tables */
	struct vas_pte_chains *chains; /* NULL: the design has none */
	struct vas_pool pool;
	struct toy_space *spaces[TOY_SPACES];
	size_t count;
	struct toy_page *pages; /* all of them */
	uint64_t page_count, slot_count;

	uint64_t random, last_id, walk;
	/* Figures. */
	uint64_t walks, candidates, hits, moved, births, copies, reuses;
	bool quiet; /* the steps do not check */
};

struct toy *toy_start(const struct vas_anon_rmap_design *design, uint64_t seed);
/* Ends all spaces; checks that nothing is left; frees. */
void toy_finish(struct toy *toy);

/* 0 to bound - 1 */
uint64_t toy_pick(struct toy *toy, uint64_t bound);

/* A first space: empty but for a stack. Then its children. */
int toy_space_new(struct toy *toy, struct toy_space **space);
int toy_fork(struct toy_space *parent, struct toy_space **child);
void toy_exit(struct toy_space *space);

/* Pages are counted from TOY_BASE. The result is that of the call; a refusal is no failure. */
int toy_map(struct toy_space *space, uint64_t page, uint64_t pages, struct vas_file *file);
int toy_unmap(struct toy_space *space, uint64_t page, uint64_t pages);
int toy_protect(struct toy_space *space, uint64_t page, uint64_t pages, uint32_t prot);
int toy_advise(struct toy_space *space, uint64_t page, uint64_t pages, int advice);
int toy_remap(struct toy_space *space, uint64_t page, uint64_t pages, uint64_t new_pages,
	      uint64_t flags, uint64_t to);
int toy_brk(struct toy_space *space, uint64_t pages);

/* A fault that writes, or reads (what is out in swap comes back). -VAS_EFAULT, -VAS_EACCES. */
int toy_write(struct toy_space *space, uint64_t page);
int toy_read(struct toy_space *space, uint64_t page);
/* What is mapped there goes out to swap, wherever it is mapped. */
void toy_swap_out(struct toy_space *space, uint64_t page);
/* The same page content gets another record. */
void toy_migrate(struct toy_space *space, uint64_t page);

/* The page at this place, or NULL. */
struct toy_page *toy_page_at(const struct toy_space *space, uint64_t page);

/* Walks the page and checks that every entry that maps it was named, once. Returns how many
 * candidates the design counted. */
uint64_t toy_walk(struct toy *toy, struct toy_page *page);
/* The same for all pages of a range. */
void toy_walk_range(struct toy_space *space, uint64_t page, uint64_t pages);
/* The design checks itself. */
void toy_validate(struct toy *toy);
/* Walks all pages; also checks mapcounts by looking at all entries, and has the design check
 * itself. */
void toy_check(struct toy *toy);

/* Random steps. With `failing`, allocations fail now and then. */
void toy_run(struct toy *toy, uint64_t steps, size_t spaces, bool failing);
/* The name of the last step, for messages. */
const char *toy_last_step(void);

#endif
