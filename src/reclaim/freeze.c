/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Freezing a page: all entries that map it become migration entries, so that nobody can use it, and
 * whoever tries waits. Then it can be copied, or found equal to another, and its entries are thawed:
 * they map it again, or the page that takes its place.
 *
 *	present, a reference  -- freeze -->  migration entry, no reference  -- thaw -->  present
 *
 * A frozen entry counts in the page's mapcount as before, but its reference is given back. So a
 * frozen page has no references but those of its caches and of who froze it, unless somebody else
 * looks at it: the question that must be asked. The page's `prev`, of no use while it is on no list,
 * counts the frozen entries.
 *
 * Others meanwhile: faults and forks wait for the entry to thaw. mprotect changes the bits that it
 * remembers, mremap moves it, and munmap takes it away, all without waiting: they have changed the
 * areas by which a walk would find the entry. So who thaws walks until none is left, never until it
 * has seen as many as it froze. Some designs find an entry that mremap moved only when the page's
 * index has followed, and that takes the page's lock: between two walks it is free for a moment.
 */

#include "inside.h"

static uint32_t frozen_count(const struct vas_page *page)
{
	return __atomic_load_n(&page->prev, __ATOMIC_ACQUIRE);
}

static bool freeze_entry(void *context, struct vas_pmap *pmap, uint64_t address,
			 const struct vas_entry *entry)
{
	struct vas_page *page = context;
	uint64_t value = vas_entry_read(entry), now;
	bool last;

	(void)pmap;
	(void)address;
	if (!vas_entry_present(value))
		return true;
	now = vas_entry_set(entry, vas_migration_make(value));
	if (now != value) /* the hardware set a bit */
		(void)vas_entry_set(entry, vas_migration_make(now));
	/* If the entry goes while it is frozen, its dirty bit must not go with it. */
	if ((now & VAS_PTE_DIRTY) != 0)
		vas_page_set(page, VAS_PAGE_DIRTY);
	__atomic_add_fetch(&page->prev, 1, __ATOMIC_RELEASE);
	last = vas_page_drop(page);
	vas_assert(!last); /* the caller has one */
	return true;
}

bool vas_page_freeze_entries(struct vas_memory *memory, struct vas_page *page, int32_t cached)
{
	int32_t mapped;

	vas_debug(!vas_page_is(page, VAS_PAGE_LISTED) && page->prev == 0);
	vas_rmap_walk(&memory->rmap, page, freeze_entry, page);
	/* In this order: entries that go meanwhile cannot make up for one that was not found. */
	mapped = vas_page_mapcount(page);
	return (uint32_t)mapped == frozen_count(page) && vas_page_references(page) == cached + 1;
}

void vas_page_unfreeze_entry(struct vas_page *page)
{
	vas_page_hold_frozen(page);
	__atomic_sub_fetch(&page->prev, 1, __ATOMIC_RELEASE);
}

struct thawing {
	struct vas_memory *memory;
	struct vas_page *page, *to;
	bool read_only;
	struct vas_pool *pool;
};

static bool thaw_entry(void *context, struct vas_pmap *pmap, uint64_t address,
		       const struct vas_entry *entry)
{
	struct thawing *thawing = context;
	struct vas_page *page = thawing->page, *to = thawing->to;
	uint64_t value = vas_entry_read(entry);

	(void)pmap;
	(void)address;
	if (vas_entry_present(value))
		return true;
	value = vas_migration_end(value, vas_frame_number(thawing->memory->frames, to));
	if (thawing->read_only)
		value &= ~(VAS_PTE_WRITE | VAS_PTE_DIRTY);
	vas_page_get(to);
	if (to != page) {
		bool locked = (value & VAS_PTE_LOCKED) != 0;

		vas_page_uncount(thawing->memory, page, entry, locked);
		vas_page_map(thawing->memory, to, entry, locked, thawing->pool);
	}
	(void)vas_entry_set(entry, value);
	__atomic_sub_fetch(&page->prev, 1, __ATOMIC_RELEASE);
	return true;
}

/* Another page may be locked too: this lock is only tried. */
static void let_others(struct vas_page *page, unsigned *rounds)
{
	vas_page_unlock(page);
	do
		vas_pause(rounds);
	while (!vas_page_trylock(page));
}

void vas_page_thaw(struct vas_memory *memory, struct vas_page *page, struct vas_page *to,
		   bool read_only, struct vas_pool *pool)
{
	struct thawing thawing = { memory, page, to, read_only, pool };
	unsigned rounds = 0;

	/* The mapcount is the last that munmap changes. */
	while (frozen_count(page) != 0 || (to != page && vas_page_mapcount(page) != 0)) {
		vas_rmap_walk(&memory->rmap, page, thaw_entry, &thawing);
		if (frozen_count(page) != 0)
			let_others(page, &rounds);
	}
}

void vas_page_hold_frozen(struct vas_page *page)
{
	unsigned rounds = 0;

	/* Its references are all away for a moment when a cache exchanges it. */
	while (!vas_page_try_get(page))
		vas_pause(&rounds);
}
