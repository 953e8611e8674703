/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * What reclaim does to all entries that map a page, one at a time, each under its table's lock. The
 * page's lock is held: nobody maps a page anew but by copying an entry (fork), so the walks find
 * all, or the mapcount says that they did not.
 */

#include "inside.h"

struct entries {
	struct vas_memory *memory;
	struct vas_page *page;
	enum vas_take take;
	unsigned accessed;
	bool dirty;
};

/* An entry that is frozen is for who froze it. */
static bool has_bits(uint64_t value, uint64_t bits)
{
	return vas_entry_present(value) && (value & bits) != 0;
}

static bool clear_accessed(void *context, struct vas_pmap *pmap, uint64_t address,
			   const struct vas_entry *entry)
{
	struct entries *entries = context;

	(void)pmap;
	(void)address;
	/* The bit is the hardware's: no observer hears of it. */
	if (has_bits(vas_entry_read(entry), VAS_PTE_ACCESSED)) {
		__atomic_and_fetch(entry->entry, ~VAS_PTE_ACCESSED, __ATOMIC_RELAXED);
		entries->accessed++;
	}
	return true;
}

unsigned vas_page_accessed(struct vas_memory *memory, struct vas_page *page)
{
	struct entries entries = { .memory = memory, .page = page };

	vas_rmap_walk(&memory->rmap, page, clear_accessed, &entries);
	return entries.accessed;
}

static bool clean_entry(void *context, struct vas_pmap *pmap, uint64_t address,
			const struct vas_entry *entry)
{
	const uint64_t bits = VAS_PTE_WRITE | VAS_PTE_DIRTY;
	struct entries *entries = context;
	uint64_t value = vas_entry_read(entry);

	(void)pmap;
	(void)address;
	if (has_bits(value, bits)) {
		value = vas_entry_set(entry, value & ~bits);
		entries->dirty |= (value & VAS_PTE_DIRTY) != 0;
	}
	return true;
}

bool vas_page_clean(struct vas_memory *memory, struct vas_page *page)
{
	struct entries entries = { .memory = memory, .page = page };
	unsigned rounds = 0;

	/* An entry that moves may be missed; so until as many are found as there are. */
	while (vas_rmap_walk(&memory->rmap, page, clean_entry, &entries) <
	       (uint32_t)vas_page_mapcount(page))
		vas_pause(&rounds);
	if (entries.dirty)
		vas_page_set(page, VAS_PAGE_DIRTY);
	return entries.dirty;
}

/* What the entry becomes. */
static uint64_t instead(const struct entries *entries, uint64_t value)
{
	struct vas_page *page = entries->page;

	if (page->kind == VAS_PAGE_OBJECT && (value & VAS_PTE_NONLINEAR) != 0)
		return vas_entry_make(VAS_ENTRY_FILE, page->index);
	if (page->kind == VAS_PAGE_OBJECT || page->slot == 0)
		return 0;
	vas_swap_get(entries->memory->swap, page->slot);
	return vas_entry_make(VAS_ENTRY_SWAP, page->slot);
}

static bool take_entry(void *context, struct vas_pmap *pmap, uint64_t address,
		       const struct vas_entry *entry)
{
	struct entries *entries = context;
	struct vas_page *page = entries->page;
	uint64_t value = vas_entry_read(entry);
	bool last;

	(void)pmap;
	(void)address;
	if (!vas_entry_present(value))
		return true;
	if (entries->take != VAS_TAKE_ALL && (value & VAS_PTE_LOCKED) != 0)
		return false;
	value = vas_entry_set(entry, instead(entries, value));
	if (entries->take == VAS_TAKE_UNLESS_DIRTY && (value & VAS_PTE_DIRTY) != 0) {
		(void)vas_entry_set(entry, value);
		vas_page_set(page, VAS_PAGE_DIRTY);
		return false;
	}
	vas_page_unmap(entries->memory, page, entry, value, (value & VAS_PTE_LOCKED) != 0);
	last = vas_page_drop(page);
	vas_assert(!last); /* the caller has one */
	return true;
}

void vas_page_take_entries(struct vas_memory *memory, struct vas_page *page, enum vas_take take)
{
	struct entries entries = { .memory = memory, .page = page, .take = take };

	vas_rmap_walk(&memory->rmap, page, take_entry, &entries);
}

bool vas_page_unmap_all(struct vas_memory *memory, struct vas_page *page)
{
	vas_page_take_entries(memory, page, VAS_TAKE_ALL);
	return vas_page_mapcount(page) == 0;
}
