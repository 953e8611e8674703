/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* madvise, as far as it concerns pages: contents that go now, may go later, or are not needed soon;
 * holes in objects; guard pages. */

#include "machine.h"

#include "base/assert.h"

static void zap(struct machine_space *in, const struct vas_op *op, enum zap what)
{
	vas_zap(&in->machine->memory, in->pmap, (struct vas_range){ op->start, op->end }, what,
		false);
}

/* MADV_FREE: the page may be dropped unless it is written again, which its dirty bit will tell. */
static bool free_entry(void *data, uint64_t address, const struct vas_entry *entry)
{
	struct machine_space *in = data;
	uint64_t value = vas_entry_read(entry);
	struct vas_page *page;

	(void)address;
	if (!vas_entry_present(value) || (value & VAS_PTE_SPECIAL) != 0)
		return true;
	page = entry_page(&in->machine->memory, value);
	if (page->kind != VAS_PAGE_ANONYMOUS || vas_page_mapcount(page) != 1 || page->slot != 0 ||
	    vas_page_is(page, VAS_PAGE_MERGED))
		return true;
	vas_page_set(page, VAS_PAGE_LAZY_FREE);
	vas_page_clear(page, VAS_PAGE_DIRTY);
	(void)vas_entry_set(entry, value & ~(VAS_PTE_DIRTY | VAS_PTE_ACCESSED));
	return true;
}

static void install_guards(struct machine_space *in, const struct vas_op *op)
{
	const uint64_t guard = vas_entry_make(VAS_ENTRY_GUARD, 0);

	zap(in, op, ZAP_CONTENTS);
	/* fork copies them. */
	machine_area_of(in, op->area)->has_private = true;
	for (uint64_t at = op->start; at < op->end; at += VAS_PAGE_SIZE) {
		struct vas_entry entry;
		int err = vas_pmap_make(in->pmap, at, &entry);

		vas_assert(err == 0); /* its tables were reserved */
		vas_pmap_lock(entry.table);
		if (vas_entry_read(&entry) == 0)
			(void)vas_entry_set(&entry, guard);
		vas_pmap_unlock(entry.table);
	}
}

static void remove_pages(struct machine_space *in, const struct vas_op *op)
{
	struct vas_object *object = machine_object_of(op->area);
	uint64_t first, last;

	/* An area's failure ends the call. */
	if (object == NULL || in->refused != 0)
		return;
	first = machine_index_of(op->area, op->start);
	last = first + ((op->end - op->start) >> VAS_PAGE_SHIFT) - 1;
	in->refused = vas_punch_pages(object, first, last);
}

static void remember(struct machine_space *in, const struct vas_op *op, bool cold)
{
	struct vas_range *out = &in->later.out;

	if (out->start == out->end)
		*out = (struct vas_range){ op->start, op->end };
	if (op->start < out->start)
		out->start = op->start;
	if (op->end > out->end)
		out->end = op->end;
	in->later.cold = cold;
}

void vas_advise_entries(struct machine_space *in, const struct vas_op *op)
{
	switch (op->advice) {
	case VAS_ADVICE_DONTNEED:
	case VAS_ADVICE_DONTNEED_LOCKED:
		zap(in, op, ZAP_CONTENTS);
		break;
	case VAS_ADVICE_FREE:
		vas_pmap_each(in->pmap, op->start, op->end, free_entry, in);
		break;
	case VAS_ADVICE_REMOVE:
		remove_pages(in, op);
		break;
	case VAS_ADVICE_COLD:
	case VAS_ADVICE_PAGEOUT:
		remember(in, op, op->advice == VAS_ADVICE_COLD);
		break;
	case VAS_ADVICE_GUARD_INSTALL:
		install_guards(in, op);
		break;
	case VAS_ADVICE_GUARD_REMOVE:
		zap(in, op, ZAP_GUARDS);
		break;
	default:
		break;
	}
}

/* The page that an entry maps, with a reference; NULL: none. */
static struct vas_page *page_at(struct machine_space *in, uint64_t *address, uint64_t end)
{
	unsigned slot = vas_shared_lock_read(&in->lock);
	struct vas_memory *memory = &in->machine->memory;
	struct vas_page *page = NULL;
	struct vas_entry entry;

	while (page == NULL && vas_pmap_next(in->pmap, address, end)) {
		if (vas_pmap_find(in->pmap, *address, &entry))
			page = entry_hold(memory, &entry);
		*address += VAS_PAGE_SIZE;
	}
	vas_shared_unlock_read(&in->lock, slot);
	return page;
}

void vas_age_pages(struct machine_space *in, struct vas_range range, bool cold)
{
	struct vas_memory *memory = &in->machine->memory;
	uint64_t at = range.start;
	struct vas_page *page;

	while ((page = page_at(in, &at, range.end)) != NULL) {
		/* As in Linux, pages that others map too are theirs to give up. */
		if (vas_page_mapcount(page) == 1) {
			if (cold)
				vas_lru_age(&memory->lru, page);
			else if (vas_page_out(memory, page) == -VAS_ENOSPC)
				at = range.end; /* no use going on */
		}
		vas_page_put(memory, page);
	}
}
