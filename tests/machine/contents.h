/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MACHINE_CONTENTS_H
#define TESTS_MACHINE_CONTENTS_H

/*
 * What every page of every space must hold: a naive model, an array of pages for each space and for
 * each object. It hears what the calls do to areas as any listener does, and is told what the test
 * wrote. Of each page it keeps one token, eight bytes in the middle.
 *
 * A page may hold one of two things where the rules allow both: after MADV_FREE the old token or
 * zero; likewise behind the end of a file, in its last page.
 */

#include "world.h"

#define CONTENTS_OBJECTS 64
#define CONTENTS_PAGES	 640 /* of an object, at most */

extern const struct vas_listener contents_listener;

struct contents_object {
	struct vas_object *object; /* NULL: free */
	struct vas_file *file;	   /* the test's own; NULL: shared memory without a name */
	uint64_t size;		   /* bytes */
	int64_t mapped;		   /* pages of spaces */
	uint64_t punches_failed;   /* that the model has seen */
	uint64_t tokens[CONTENTS_PAGES];
};

#define CONTENTS_SPACES 16

struct contents {
	struct contents_object objects[CONTENTS_OBJECTS];
	const struct vas_space *spaces[CONTENTS_SPACES];
	bool populated;
	bool refused; /* a store's error has ended the last call */
};

/* What one place must show. */
struct contents_place {
	int err; /* of an access; 0: the rest counts */
	uint64_t token;
	bool perhaps_zero;
};

/* The test's own files. */
void contents_file(struct contents *contents, struct vas_file *file);

/* What an access at a page must find; `access` as for vas_access. */
struct contents_place contents_look(struct contents *contents, const struct vas_space *space,
				    uint64_t page, enum vas_access access);
/* The page was read: one of two possible tokens was found. */
void contents_found(struct contents *contents, const struct vas_space *space, uint64_t page,
		    uint64_t token);
/* A write of a token, or (`touch`) of nothing, has been done. */
void contents_put(struct contents *contents, const struct vas_space *space, uint64_t page,
		  uint64_t token, bool touch);
/* After each call: it may have populated private areas of files, as far as there was memory. The one
 * thing that is asked of the machine: whether a page is the space's own now. */
void contents_settle(struct contents *contents);
bool contents_mapped(const struct vas_space *space, uint64_t page);

/* The objects' side. Sizes and ranges in bytes. */
void contents_resize(struct contents *contents, const struct vas_file *file, uint64_t size);
void contents_punch(struct contents *contents, const struct vas_file *file, uint64_t offset,
		    uint64_t length);
void contents_file_put(struct contents *contents, const struct vas_file *file, uint64_t page,
		       uint64_t token);
/* Is the token's place in the file, and what is there? */
bool contents_file_get(struct contents *contents, const struct vas_file *file, uint64_t page,
		       uint64_t *token);

#endif
