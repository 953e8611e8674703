/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_MODEL_MODEL_H
#define TESTS_MODEL_MODEL_H

/*
 * The naive model: a space is an array of pages, each with its attributes. There are no areas in
 * it; where one would begin follows from what its neighbours look like:
 *
 *	a page begins an area if there is none below it, or if that one differs in anything, or if
 *	something set the two apart (`cut`): a split that stood when its call failed, a fork that
 * made two areas alike, a stack that grew until it touched another.
 *
 * A cut heals when a call changes a page beside it: that is when Linux tries to merge.
 */

#include "call.h"
#include "subject.h"

struct page {
	bool mapped;
	bool cut;	 /* apart from the page below, although alike */
	uint64_t flags;	 /* VAS_AREA_ ... */
	int file;	 /* 0: none */
	uint64_t offset; /* pages; of anonymous memory: its own number */
	int name;	 /* 0: none */
	uint64_t policy;
	uint64_t stamp; /* what it holds; 0: nothing */
};

struct model_space {
	struct page pages[CALL_PAGES];
	uint64_t brk;	      /* an address */
	uint64_t future;      /* flags of mlockall(MCL_FUTURE) */
	uint64_t locked_lost; /* pages that stay counted as locked */
};

struct model {
	const struct subject_rules *rules;
	struct model_space spaces[CALL_SPACES];
	uint64_t last_stamp;
};

void model_start(struct model *model, const struct subject_rules *rules);

/* As subject_do, for the kinds below CALL_KINDS_OF_MODEL. */
int model_do(struct model *model, const struct call *call, uint64_t *address);

/* What differs between the model and a subject, as a text in `buffer`, or false. */
bool model_differs(const struct model *model, const struct subject *subject, char *buffer,
		   size_t size);

/* Shared by the parts of the model. Pages are counted from CALL_BASE, ranges are [from, to). */

#define RUN_LOCKS ((uint64_t)(VAS_AREA_LOCKED | VAS_AREA_LOCK_ON_FAULT))
#define RUN_MAY	  ((uint64_t)(VAS_AREA_MAY_READ | VAS_AREA_MAY_WRITE | VAS_AREA_MAY_EXEC))

struct run {
	size_t from, to;
};

static inline uint64_t model_page(uint64_t address)
{
	return (address - CALL_BASE) >> VAS_PAGE_SHIFT;
}

static inline uint64_t model_address(size_t page)
{
	return CALL_BASE + page * VAS_PAGE_SIZE;
}

/* The pages of [start, end) that exist. */
struct run model_clip(uint64_t start, uint64_t end);

/* Does an area begin at this page? And the end of the one that holds it. */
bool model_begins(const struct model_space *space, size_t page);
size_t model_end(const struct model_space *space, size_t page);
size_t model_start_of(const struct model_space *space, size_t page);

/* Cuts heal around pages that have changed. */
void model_heal(struct model_space *space, size_t from, size_t to);

uint64_t model_count(const struct model_space *space, uint64_t flags); /* that have them all */
uint64_t model_mapped(const struct model_space *space);
uint64_t model_committed(const struct model *model);

bool model_may_charge(const struct model *model, uint64_t pages);
bool model_may_expand(const struct model *model, const struct model_space *space, uint64_t pages);
bool model_may_lock(const struct model *model, const struct model_space *space, uint64_t pages);

/* munmap's checks and splits, and then what it drops. */
int model_clear_prepare(struct model_space *space, uint64_t start, uint64_t end);
void model_clear(struct model_space *space, uint64_t start, uint64_t end);

/* Where a mapping without fixed address goes, or -VAS_ENOMEM. */
int model_place(const struct model *model, const struct model_space *space, uint64_t hint,
		uint64_t length, uint64_t *address);

/* Stamps pages as populating does; false at the first that cannot be. `on`: goes on there. */
bool model_populate(struct model *model, struct model_space *space, size_t from, size_t to,
		    bool on);
void model_stamp(struct model *model, struct page *page);

/* Calls. */
int model_map(struct model *model, struct model_space *space, const struct call *call,
	      uint64_t *address);
int model_unmap(struct model_space *space, uint64_t start, uint64_t length);
int model_brk(struct model *model, struct model_space *space, uint64_t to, uint64_t *now);
int model_touch(struct model *model, struct model_space *space, const struct call *call);
int model_fork(struct model *model, const struct call *call);
int model_protect(struct model *model, struct model_space *space, const struct call *call);
int model_advise(struct model *model, struct model_space *space, const struct call *call);
int model_lock(struct model *model, struct model_space *space, const struct call *call);
int model_unlock(struct model_space *space, const struct call *call);
int model_lock_all(struct model *model, struct model_space *space, const struct call *call);
int model_unlock_all(struct model_space *space);
int model_seal(struct model_space *space, const struct call *call);
int model_name(struct model_space *space, const struct call *call);
int model_bind(struct model_space *space, const struct call *call);
int model_remap(struct model *model, struct model_space *space, const struct call *call,
		uint64_t *address);

#endif
