/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_SPACE_AREA_H
#define VAS_SRC_SPACE_AREA_H

/* Areas as objects: their memory, their names and files, and what the listeners are told. */

#include "space.h"

/* What a call may need at most. Fixed parts of a call name up to VAS_NEED_CLONES areas that may
 * be cloned; a range adds every area that overlaps or touches it. */
#define VAS_NEED_CLONES 6
struct vas_need {
	size_t areas;	/* new areas, each with its place in the index */
	size_t touches; /* areas that may be touched for the first time */
	bool fork;
	bool reindex;	     /* pages of an object are to be shown in another order */
	uint64_t moved;	     /* bytes that may move */
	uint64_t moved_from; /* from this address on */
	uint64_t guarded;    /* bytes that may get guard pages */
	size_t count;
	struct vas_area *clones[VAS_NEED_CLONES];
	struct vas_area *const *others; /* more of them, in the caller's memory */
	size_t other_count;
	struct vas_range range; /* empty: none */
};

/* Adds an area (or NULL: nothing) to need->clones. */
void vas_need_clone(struct vas_need *need, struct vas_area *area);

/* -VAS_ENOMEM: nothing has changed. On success vas_space_settle must follow in the end. */
int vas_space_reserve(struct vas_space *space, const struct vas_need *need);
void vas_space_settle(struct vas_space *space);

/* Takes a reserved area; zeroed, but for `space`. */
struct vas_area *vas_area_new(struct vas_space *space);
/* Tells VAS_OP_FREE, lets file and name go, keeps the memory as a spare or gives it back.
 * => no longer in the index. */
void vas_area_free(struct vas_area *area);
/* Frees the spares beyond `keep`. */
void vas_area_trim(struct vas_space *space, size_t keep);

/* Bytes of one area with its links and the listeners' data. */
size_t vas_area_size(const struct vas_space *space);

void vas_tell(struct vas_space *space, const struct vas_op *op);
bool vas_may_merge(const struct vas_area *target, const struct vas_area *source, bool copied);
bool vas_may_reindex(const struct vas_area *area);
bool vas_untouched(const struct vas_area *area);
/* The listeners' file for shared anonymous memory; NULL: they have none. -VAS_ENOMEM. */
int vas_share(struct vas_space *space, uint64_t length, struct vas_file **file);

/* Names are shared by areas: NULL is "no name". */
int vas_name_create(struct vas_space *space, const char *text, struct vas_name **name);
struct vas_name *vas_name_get(struct vas_name *name);
void vas_name_put(struct vas_space *space, struct vas_name *name);
bool vas_name_equal(const struct vas_name *a, const struct vas_name *b);

#endif
