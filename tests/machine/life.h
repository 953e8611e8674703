/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MACHINE_LIFE_H
#define TESTS_MACHINE_LIFE_H

/*
 * A life: a parent, a child and three files, with some of everything in them: pages of each kind,
 * in memory, in swap, on disks, shared by both, merged. It is the same each time, so that one life
 * can be compared with another.
 */

#include "world.h"

struct life {
	struct world world;
	struct vas_space *child, *hog;
	struct vas_space *more;	 /* what a test has made */
	struct vas_file *opened; /* likewise */
	char now[160];		 /* for messages */
};

#define PAGES(count) ((count)*VAS_PAGE_SIZE)

/* Pages by numbers. Of each group: one that was read, one written, one untouched, one written and
 * then sent out. */
enum {
	ANON = 0, /* since before the fork */
	SHARED_FILE = 20,
	PRIVATE_FILE = 40,
	SHARED = 60, /* without a name */
	MEMORY_FILE = 70,
	OWN = 80, /* since after the fork: the parent's alone */
	GUARDED = 90,
	EQUAL = 100,  /* and to be merged */
	MERGED = 110, /* if the step wants it so */
	MANY = 200,   /* areas of one page each, of the private file; never touched */
	STACK = 900,
	NOWHERE = 700,

	IS_READ = 0,
	IS_WRITTEN = 1,
	IS_UNTOUCHED = 2,
	IS_OUT = 3,
	IS_REUSED = 4, /* the child has copied its own */
};

/* The designs that are tried: an anonymous one of each kind, two for files. */
#define LIFE_CONFIGS 4
extern const struct world_config life_configs[LIFE_CONFIGS];

/* `merged`: the pages that may be merged are. */
void life_start(struct life *life, const struct world_config *config, bool merged);
/* The disks hold what the files say; and nothing is left (world_finish). */
void life_finish(struct life *life);

/* All areas as they are printed, and for each page of each space and file what a read says: the
 * error, or a hash of its bytes. To be freed. */
char *life_look(struct life *life);
/* It must look like that. */
void life_must_look(struct life *life, const char *wanted);

/* A space, `hog`, that has all frames but so many, for good; or all of memory and swap. */
void life_take_frames(struct life *life, uint64_t left);
void life_take_all(struct life *life);
/* It goes. */
void life_give(struct life *life);

#endif
