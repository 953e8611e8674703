/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * A page's life, told by its references:
 *
 *	a fault      a frame, bound to its reverse map           1: the fault's
 *	map          an entry maps it, and takes that reference  1: the entry's
 *	fork         another one does                            2
 *	reclaim      looks at it                                 3
 *	swap_add     has a slot and is in the swap cache         4
 *	unmap        no entry maps it                            2
 *	swap_remove  out of the swap cache                       1: reclaim's
 *	put          the last one: unbound, a free frame         0
 *
 * So whether somebody else looks at a page is a question of counting: references that are neither
 * entries', nor a cache's, nor one's own. There is no other mark for it, and no page is taken away
 * while there are such.
 *
 * map, unmap and put are on the way of every fault: one or two atomic operations each.
 */

#include "inside.h"

#include "base/print.h"

void vas_page_free(struct vas_memory *memory, struct vas_page *page)
{
	const struct vas_anon_rmap_design *design = memory->rmap.anon;

	vas_debug(page->slot == 0 && vas_page_mapcount(page) == 0);
	if (vas_page_is(page, VAS_PAGE_LISTED))
		vas_lru_remove(&memory->lru, page);
	if (page->kind == VAS_PAGE_ANONYMOUS && page->owner != NULL && design->unbind != NULL)
		design->unbind(memory->rmap.anon_data, page);
	vas_frame_free(memory->frames, page);
}

void vas_page_put(struct vas_memory *memory, struct vas_page *page)
{
	if (vas_page_drop(page))
		vas_page_free(memory, page);
}

/* Nobody maps the page, and nobody names its slot. */
static bool forgotten(struct vas_memory *memory, const struct vas_page *page, uint32_t slot)
{
	return slot != 0 && vas_page_mapcount(page) == 0 && vas_swap_count(memory->swap, slot) == 0;
}

void vas_page_forget_slot(struct vas_memory *memory, struct vas_page *page)
{
	uint32_t slot;

	/* Again, if it was the lock that kept somebody else from it. */
	do {
		if (page->kind != VAS_PAGE_ANONYMOUS || !vas_page_trylock(page))
			return;
		slot = page->slot;
		if (forgotten(memory, page, slot)) {
			vas_swap_discard(memory->swap, page);
			slot = 0;
		}
		vas_page_unlock(page);
	} while (forgotten(memory, page, slot));
}

void vas_page_let_go(struct vas_memory *memory, struct vas_page *page)
{
	bool cached = page->slot != 0;

	vas_page_unlock(page);
	if (cached && vas_page_mapcount(page) == 0)
		vas_page_forget_slot(memory, page);
}

void vas_page_release(struct vas_memory *memory, struct vas_page *page)
{
	vas_page_let_go(memory, page);
	vas_page_put(memory, page);
}

void vas_page_count_lock(struct vas_page *page, int by)
{
	uint16_t locks = __atomic_load_n(&page->locks, __ATOMIC_RELAXED);

	/* A page with more locks than can be counted stays in memory for good. */
	while (locks != UINT16_MAX && (locks != 0 || by > 0)) {
		if (__atomic_compare_exchange_n(&page->locks, &locks, (uint16_t)(locks + by), true,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			break;
	}
}

int vas_page_map_reserve(struct vas_memory *memory, struct vas_pool *pool, size_t entries)
{
	(void)memory;
	return vas_pte_chain_reserve(pool, entries);
}

void vas_page_map(struct vas_memory *memory, struct vas_page *page, const struct vas_entry *entry,
		  bool locked, struct vas_pool *pool)
{
	vas_debug(vas_page_references(page) > 0 && page != memory->zero);
	if (vas_rmap_chained(&memory->rmap, page))
		vas_pte_chain_add(memory->rmap.chains, memory->frames, page, entry, pool);
	if (locked)
		vas_page_count_lock(page, 1);
	__atomic_add_fetch(&page->mapcount, 1, __ATOMIC_RELAXED);
}

static void remove_record(struct vas_memory *memory, struct vas_page *page,
			  const struct vas_entry *entry)
{
	struct vas_pool pool;

	vas_pool_init(&pool, memory->allocator);
	vas_pte_chain_remove(memory->rmap.chains, memory->frames, page, entry, &pool);
	vas_pool_trim(&pool, 0);
}

void vas_page_uncount(struct vas_memory *memory, struct vas_page *page,
		      const struct vas_entry *entry, bool locked)
{
	if (vas_rmap_chained(&memory->rmap, page))
		remove_record(memory, page, entry);
	if (locked)
		vas_page_count_lock(page, -1);
	/* What was done to the page before is seen by who sees this. */
	__atomic_sub_fetch(&page->mapcount, 1, __ATOMIC_RELEASE);
}

void vas_page_unmap(struct vas_memory *memory, struct vas_page *page, const struct vas_entry *entry,
		    uint64_t value, bool locked)
{
	uint32_t set = 0;

	if (vas_entry_present(value)) {
		set |= (value & VAS_PTE_DIRTY) != 0 ? VAS_PAGE_DIRTY : 0;
		set |= (value & VAS_PTE_ACCESSED) != 0 ? VAS_PAGE_REFERENCED : 0;
		if ((vas_page_flags(page) & set) != set)
			vas_page_set(page, set);
	} else {
		vas_page_unfreeze_entry(page);
	}
	vas_page_uncount(memory, page, entry, locked);
}

void vas_page_moved(struct vas_memory *memory, struct vas_page *page, const struct vas_entry *from,
		    const struct vas_entry *to)
{
	if (vas_rmap_chained(&memory->rmap, page))
		vas_pte_chain_move(memory->frames, page, from, to);
}

/* A page of private memory or of an object that somebody holds. */
static bool page_in_order(const struct vas_memory *memory, const struct vas_page *page,
			  const struct vas_printer *printer)
{
	uint32_t number = vas_frame_number(memory->frames, page);
	bool object = page->kind == VAS_PAGE_OBJECT && page->owner != NULL;
	int32_t known = page->mapcount + (page->slot != 0) + object;

	if (page->mapcount > 0 || page->slot != 0 || object) {
		if ((page->flags & VAS_PAGE_LISTED) == 0) {
			vas_print(printer, "LRU-5: frame %u is in use, and on no list\n", number);
			return false;
		}
	}
	if ((page->flags & (VAS_PAGE_LOCKED | VAS_PAGE_WRITEBACK)) != 0) {
		vas_print(printer,
			  "LRU-6: frame %u is locked or being written, by nobody: flags %x\n",
			  number, page->flags);
		return false;
	}
	if (page->references < known || page->mapcount < 0) {
		vas_print(printer, "LRU-7: frame %u: %d references, at least %d are known\n",
			  number, page->references, known);
		return false;
	}
	return true;
}

bool vas_memory_validate(struct vas_memory *memory, const struct vas_printer *printer)
{
	struct vas_frame_counts counts;

	if (!vas_lru_validate(&memory->lru, printer))
		return false;
	vas_frames_count(memory->frames, &counts);
	for (uint32_t number = 1; number <= counts.total; number++) {
		const struct vas_page *page = vas_frame_page(memory->frames, number);

		if ((page->kind == VAS_PAGE_ANONYMOUS || page->kind == VAS_PAGE_OBJECT) &&
		    !page_in_order(memory, page, printer))
			return false;
	}
	return true;
}
