/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Reclaim: which pages go.
 *
 * It goes round the parts of the lists, a batch from each. In a part it first moves what has not
 * been used from the active to the inactive lists, until these are the longer ones, then looks at
 * the old end of these. "Used" is asked through the reverse map: this is why there is one.
 *
 *	a private page that was used     goes to the active list
 *	one of an object                 stays for one more round; the second time, the same
 *	the rest                         goes: evict.c
 *
 * A page of an object that is read once, as most of large files are, has been used when it is looked
 * at first; so it takes two uses to be worth keeping.
 *
 * All pages may be in use. When every page has been looked at often enough without success, uses are
 * not asked for any more; and after as many again, reclaim gives up. Pages are isolated while they
 * are looked at: off their list, with a reference. Two who reclaim at once never meet at one page.
 */

#include "inside.h"

#define BATCH  32
#define ROUNDS 3 /* looks at each page before its use does not matter; and as many after that */

struct scan {
	struct vas_memory *memory;
	size_t goal, freed;
	size_t looked, total;
	bool no_swap; /* it is full */
	int error;
};

static bool desperate(const struct scan *scan)
{
	return scan->looked > ROUNDS * scan->total;
}

enum verdict { VERDICT_OUT, VERDICT_INACTIVE, VERDICT_ACTIVE };

static enum verdict judge(struct scan *scan, struct vas_page *page)
{
	unsigned used;

	if (__atomic_load_n(&page->locks, __ATOMIC_RELAXED) != 0)
		return VERDICT_ACTIVE;
	if (page->kind == VAS_PAGE_ANONYMOUS && scan->no_swap && page->slot == 0 &&
	    !vas_page_lazy(page))
		return VERDICT_ACTIVE;
	used = vas_page_accessed(scan->memory, page);
	if (used == 0 || desperate(scan))
		return VERDICT_OUT;
	if (page->kind == VAS_PAGE_OBJECT && used == 1 && !vas_page_set(page, VAS_PAGE_REFERENCED))
		return VERDICT_INACTIVE;
	return VERDICT_ACTIVE;
}

/* => locked, isolated. */
static enum verdict try_out(struct scan *scan, struct vas_page *page)
{
	enum verdict verdict = judge(scan, page);
	int err;

	if (verdict != VERDICT_OUT) {
		if (verdict == VERDICT_ACTIVE)
			vas_memory_count(&scan->memory->counts.activated);
		return verdict;
	}
	err = vas_page_evict(scan->memory, page);
	if (err == -VAS_ENOSPC && page->kind == VAS_PAGE_ANONYMOUS)
		scan->no_swap = true;
	if (err != 0 && err != -VAS_EBUSY)
		scan->error = err;
	if (err != 0)
		return VERDICT_ACTIVE;
	vas_memory_count(&scan->memory->counts.reclaimed);
	scan->freed++;
	return VERDICT_OUT;
}

static void look_at_oldest(struct scan *scan, unsigned part, enum vas_lru_kind kind, size_t limit)
{
	struct vas_memory *memory = scan->memory;
	struct vas_page *pages[BATCH];
	size_t left = scan->goal - scan->freed, count;

	count = vas_lru_take_oldest(&memory->lru, part, kind, pages, limit < left ? limit : left);
	__atomic_add_fetch(&memory->counts.scanned, count, __ATOMIC_RELAXED);
	scan->looked += count;
	for (size_t i = 0; i < count; i++) {
		enum verdict verdict;

		if (!vas_page_trylock(pages[i])) {
			vas_lru_add(&memory->lru, pages[i], false);
			vas_page_put(memory, pages[i]);
			continue;
		}
		verdict = try_out(scan, pages[i]);
		if (verdict != VERDICT_OUT)
			vas_lru_add(&memory->lru, pages[i], verdict == VERDICT_ACTIVE);
		vas_page_release(memory, pages[i]);
	}
}

/* The oldest active pages become inactive, unless they were used. */
static void age_oldest(struct scan *scan, unsigned part, enum vas_lru_kind kind)
{
	struct vas_memory *memory = scan->memory;
	struct vas_page *pages[BATCH];
	size_t count = vas_lru_take_oldest(&memory->lru, part, kind, pages, BATCH);

	scan->looked += count;
	for (size_t i = 0; i < count; i++) {
		bool active = true;

		if (vas_page_trylock(pages[i])) {
			active = vas_page_accessed(memory, pages[i]) != 0;
			vas_lru_add(&memory->lru, pages[i], active);
			vas_page_release(memory, pages[i]);
			continue;
		}
		vas_lru_add(&memory->lru, pages[i], active);
		vas_page_put(memory, pages[i]);
	}
}

static uint32_t balance(struct scan *scan, unsigned part, enum vas_lru_kind inactive)
{
	const struct vas_lru *lru = &scan->memory->lru;
	enum vas_lru_kind active = (enum vas_lru_kind)(inactive + 1);

	if (vas_lru_count(lru, part, inactive) <= vas_lru_count(lru, part, active))
		age_oldest(scan, part, active);
	return vas_lru_count(lru, part, inactive);
}

/* A batch of one part: private pages and those of objects as there are of each. */
static void scan_part(struct scan *scan, unsigned part)
{
	uint32_t private_pages = balance(scan, part, VAS_LRU_PRIVATE_INACTIVE);
	uint32_t object_pages = balance(scan, part, VAS_LRU_OBJECT_INACTIVE);
	size_t both = (size_t)private_pages + object_pages;
	size_t limit;

	if (both == 0)
		return;
	limit = (BATCH * (size_t)object_pages + both - 1) / both;
	if (limit > 0)
		look_at_oldest(scan, part, VAS_LRU_OBJECT_INACTIVE, limit);
	if (limit < BATCH)
		look_at_oldest(scan, part, VAS_LRU_PRIVATE_INACTIVE, BATCH - limit);
}

size_t vas_reclaim(struct vas_memory *memory, size_t goal, int *error)
{
	struct scan scan = {
		.memory = memory,
		.goal = goal,
		.total = vas_lru_total(&memory->lru),
	};
	size_t idle = 0;

	vas_rmap_tell(&memory->rmap, VAS_WORK_RECLAIM, true);
	while (scan.freed < goal && idle < VAS_SHARED_SLOTS &&
	       scan.looked <= 2 * ROUNDS * (scan.total + BATCH)) {
		unsigned part = __atomic_fetch_add(&memory->lru.next_part, 1, __ATOMIC_RELAXED) %
				VAS_SHARED_SLOTS;
		size_t before = scan.looked;

		scan_part(&scan, part);
		idle = scan.looked == before ? idle + 1 : 0;
	}
	vas_rmap_tell(&memory->rmap, VAS_WORK_RECLAIM, false);
	if (error != NULL)
		*error = scan.error;
	return scan.freed;
}
