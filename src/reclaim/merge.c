/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Equal pages become one (Linux's KSM, 2.6.32, Izik Eidus and others; VMware ESX had it in 2002:
 * Waldspurger, "Memory Resource Management in VMware ESX Server").
 *
 * A merged page is bound to no area: it may be mapped anywhere. Each of its mappings has a record in
 * its chain. It is never written: a write gets a copy, bound to where it was made, and so the page
 * falls apart again as it should.
 *
 * An entry of a page with a chain always has its record, or fork, mremap and munmap would go wrong.
 * So a page does not get a chain while entries map it. It first moves to another frame, entries and
 * binding and all, as in migration; then it is a page of its own, with the same bytes, to which the
 * entries come back with records. That happens once for each merged page; who merges with it later
 * comes at once:
 *
 *	keep <-- entries          keep, merged                  keep <-- entries, records
 *	                -- move -->            -- join -->
 *	                          spare <-- entries              spare, free
 */

#include "inside.h"

#include "base/bytes.h"

#include <string.h>

/* While somebody may be writing to them: a guess. */
static bool look_equal(const struct vas_memory *memory, const struct vas_page *a,
		       const struct vas_page *b)
{
	const unsigned char *bytes_a = vas_frame_bytes(memory->frames, a);
	const unsigned char *bytes_b = vas_frame_bytes(memory->frames, b);
	unsigned char part_a[256], part_b[sizeof(part_a)];

	for (size_t at = 0; at < VAS_PAGE_SIZE; at += sizeof(part_a)) {
		vas_copy_bytes(part_a, bytes_a + at, sizeof(part_a));
		vas_copy_bytes(part_b, bytes_b + at, sizeof(part_b));
		if (memcmp(part_a, part_b, sizeof(part_a)) != 0)
			return false;
	}
	return true;
}

/* Only entries know it. => locked, a private page. */
static bool may_join(const struct vas_page *page)
{
	return page->slot == 0 && vas_page_is(page, VAS_PAGE_UPTODATE);
}

/* => the page's entries are frozen; no one else looks at it. */
static int compare(struct vas_memory *memory, struct vas_page *page, struct vas_page *keep,
		   struct vas_pool *pool)
{
	if (memcmp(vas_frame_bytes(memory->frames, page), vas_frame_bytes(memory->frames, keep),
		   VAS_PAGE_SIZE) != 0)
		return -VAS_ENOENT;
	return vas_page_map_reserve(memory, pool, (size_t)vas_page_mapcount(page));
}

/* Entries of `page` map the merged page `keep` from now on. => both locked. */
static int join(struct vas_memory *memory, struct vas_page *page, struct vas_page *keep)
{
	struct vas_pool pool;
	bool active;
	int err = -VAS_EBUSY;

	if (!may_join(page) || !vas_lru_take(&memory->lru, page, &active))
		return -VAS_EBUSY;
	vas_pool_init(&pool, memory->allocator);
	if (vas_page_freeze_entries(memory, page, 0))
		err = compare(memory, page, keep, &pool);
	vas_page_thaw(memory, page, err == 0 ? keep : page, err == 0, &pool);
	vas_pool_trim(&pool, 0);
	if (err != 0)
		vas_lru_add(&memory->lru, page, active);
	return err;
}

/* Makes a merged page of one that is none. => locked. */
static int make_merged(struct vas_memory *memory, struct vas_page *keep)
{
	struct vas_page *spare;
	int err;

	if (!may_join(keep))
		return -VAS_EBUSY;
	spare = vas_frame_alloc(memory->frames, VAS_PAGE_ANONYMOUS);
	if (spare == NULL)
		return -VAS_ENOMEM;
	err = vas_page_move(memory, keep, spare);
	if (err == 0) {
		vas_page_clear(keep, VAS_PAGE_LAZY_FREE);
		vas_page_set(keep, VAS_PAGE_UPTODATE | VAS_PAGE_DIRTY | VAS_PAGE_MERGED |
					   VAS_PAGE_CHAINED);
		vas_lru_add(&memory->lru, keep, true);
		if (vas_page_trylock(spare)) {
			err = join(memory, spare, keep);
			vas_page_let_go(memory, spare);
		}
	}
	vas_page_put(memory, spare);
	return err;
}

int vas_page_merge(struct vas_memory *memory, struct vas_page *keep, struct vas_page *page)
{
	int err = -VAS_EBUSY;

	vas_debug(keep != page && __atomic_load_n(&memory->merging, __ATOMIC_RELAXED));
	if (keep->kind != VAS_PAGE_ANONYMOUS || page->kind != VAS_PAGE_ANONYMOUS)
		return -VAS_EBUSY;
	if (!look_equal(memory, keep, page))
		return -VAS_ENOENT;
	if (!vas_page_trylock(keep))
		return -VAS_EBUSY;
	if (!vas_page_is(keep, VAS_PAGE_MERGED))
		err = make_merged(memory, keep);
	/* Its old entries may not have come back to it; it is a merged page nevertheless. */
	if (vas_page_is(keep, VAS_PAGE_MERGED) && vas_page_trylock(page)) {
		err = join(memory, page, keep);
		vas_page_let_go(memory, page);
	}
	vas_page_let_go(memory, keep);
	if (err == 0)
		vas_memory_count(&memory->counts.merged);
	return err;
}
