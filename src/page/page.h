/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_PAGE_PAGE_H
#define VAS_SRC_PAGE_PAGE_H

/*
 * A page's flags, lock and references, all changed by atomic operations.
 *
 * Who holds references: each page-table entry that maps the page (and each migration entry), the
 * cache that knows it (its object, or the swap cache), and whoever looks at it for a while. A page
 * with no reference is gone: only vas_page_try_get may be asked about one that could be.
 */

#include <vas/frame.h>

#include "base/assert.h"
#include "base/lock.h"

static inline uint32_t vas_page_flags(const struct vas_page *page)
{
	return __atomic_load_n(&page->flags, __ATOMIC_ACQUIRE);
}

static inline bool vas_page_is(const struct vas_page *page, uint32_t flag)
{
	return (vas_page_flags(page) & flag) != 0;
}

/* Both return whether the flag was set before. */
static inline bool vas_page_set(struct vas_page *page, uint32_t flag)
{
	return (__atomic_fetch_or(&page->flags, flag, __ATOMIC_ACQ_REL) & flag) != 0;
}

static inline bool vas_page_clear(struct vas_page *page, uint32_t flag)
{
	return (__atomic_fetch_and(&page->flags, ~flag, __ATOMIC_ACQ_REL) & flag) != 0;
}

/* The page's lock: what it holds, its owner and index, its place in a cache. It may be held over
 * input and output. */
static inline bool vas_page_trylock(struct vas_page *page)
{
	if (vas_page_set(page, VAS_PAGE_LOCKED))
		return false;
	VAS_RANK_TAKE(VAS_RANK_PAGE, true);
	return true;
}

static inline void vas_page_lock(struct vas_page *page)
{
	unsigned rounds = 0;

	VAS_RANK_TAKE(VAS_RANK_PAGE, false);
	while (vas_page_set(page, VAS_PAGE_LOCKED))
		vas_pause(&rounds);
}

static inline void vas_page_unlock(struct vas_page *page)
{
	VAS_RANK_DROP(VAS_RANK_PAGE);
	vas_page_clear(page, VAS_PAGE_LOCKED);
}

static inline void vas_page_get(struct vas_page *page)
{
	__atomic_add_fetch(&page->references, 1, __ATOMIC_RELAXED);
}

/* False: it has none, and is being freed. */
static inline bool vas_page_try_get(struct vas_page *page)
{
	int32_t references = __atomic_load_n(&page->references, __ATOMIC_RELAXED);

	do {
		if (references == 0)
			return false;
	} while (!__atomic_compare_exchange_n(&page->references, &references, references + 1, true,
					      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
	return true;
}

/* Takes all references away if there are just so many: nobody else can get one. */
static inline bool vas_page_freeze(struct vas_page *page, int32_t references)
{
	return __atomic_compare_exchange_n(&page->references, &references, 0, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static inline void vas_page_unfreeze(struct vas_page *page, int32_t references)
{
	vas_debug(__atomic_load_n(&page->references, __ATOMIC_RELAXED) == 0);
	__atomic_store_n(&page->references, references, __ATOMIC_RELEASE);
}

/* Gives one reference back; true: it was the last, and the caller frees the page. */
static inline bool vas_page_drop(struct vas_page *page)
{
	int32_t left = __atomic_sub_fetch(&page->references, 1, __ATOMIC_ACQ_REL);

	vas_debug(left >= 0);
	return left == 0;
}

static inline int32_t vas_page_references(const struct vas_page *page)
{
	return __atomic_load_n(&page->references, __ATOMIC_ACQUIRE);
}

static inline int32_t vas_page_mapcount(const struct vas_page *page)
{
	return __atomic_load_n(&page->mapcount, __ATOMIC_ACQUIRE);
}

#endif
