/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_RMAP_ANONMM_H
#define VAS_SRC_RMAP_ANONMM_H

/* The records of anonmm, for its own files. */

#include <vas/anon_rmap.h>
#include <vas/pool.h>

#include "base/list.h"
#include "base/lock.h"
#include "record_store.h"

struct bundle {
	struct vas_record record;
	struct vas_list all;	/* in anonmm.bundles */
	struct vas_list spaces; /* mm.at, oldest first; empty when dead */
};

/* Of a space. */
struct mm {
	struct vas_pool pool;
	struct bundle *bundle; /* NULL: has never held a page since it was empty */
	struct vas_list at;
	struct vas_space *space;
	uint64_t stamp; /* no space has had it before, nor this one before its last fork */
};

/* An address at which a page may be found besides its index. The first of a page counts the pages
 * and saved bindings that name it. */
struct stray {
	struct vas_record record;
	struct stray *next;
	uint64_t index;
	uint64_t stamp; /* of the one space that has the page there; 0: not known */
	struct bundle *bundle;
	uint64_t references;
};

struct anonmm {
	struct vas_mutex lock;
	const struct vas_allocator *allocator;
	struct vas_list bundles;
	struct vas_record_store bundle_store, stray_store;
	uint64_t stamp;
	uint64_t renumbered, scattered; /* pages that moved */
};

extern const struct vas_listener vas_anonmm_listener;

static inline struct mm *mm_of(const struct vas_space *space)
{
	return vas_space_data(space, &vas_anonmm_listener);
}

void vas_anonmm_print(void *instance, const struct vas_printer *printer);
bool vas_anonmm_validate(void *instance, const struct vas_printer *printer);

#endif
