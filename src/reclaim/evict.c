/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * How a page leaves memory:
 *
 *	private          a slot; entries name the slot; write; out of the swap cache
 *	  lazily free    entries forget it, if nobody wrote to it since
 *	file             entries forget it; write if dirty; out of the object
 *	shared memory    entries forget it; a slot; write; the object names the slot
 *
 * Each step leaves something that works, so that any of them may fail: a page whose write failed is
 * dirty and in its cache, where those who need it find it. The page's lock is held all the time,
 * over the write too, and no other.
 *
 * Entries are taken away before the page is written, so nobody writes to it meanwhile; what the
 * hardware had set in an entry until that moment is in the page's flags then.
 */

#include "inside.h"

bool vas_page_lazy(const struct vas_page *page)
{
	return (vas_page_flags(page) & (VAS_PAGE_LAZY_FREE | VAS_PAGE_DIRTY)) ==
		       VAS_PAGE_LAZY_FREE &&
	       page->slot == 0;
}

/* What the reverse map needs to know when the page comes back. */
static void save_binding(struct vas_memory *memory, struct vas_page *page)
{
	const struct vas_anon_rmap_design *design = memory->rmap.anon;
	struct vas_binding *saved = vas_swap_binding(memory->swap, page->slot);

	/* It came back and was bound to nothing yet. */
	if (page->owner == NULL && !vas_page_is(page, VAS_PAGE_MERGED))
		return;
	if (saved->owner != NULL && design->forget != NULL)
		design->forget(memory->rmap.anon_data, saved);
	*saved = (struct vas_binding){ .owner = page->owner, .index = page->index };
	if (vas_page_is(page, VAS_PAGE_MERGED))
		*saved = (struct vas_binding){ .owner = NULL, .index = VAS_BINDING_MERGED };
	else if (design->save != NULL)
		design->save(memory->rmap.anon_data, page, saved);
}

/* *fresh: the slot holds nothing yet, whatever the page's flags say. */
static int add_slot(struct vas_memory *memory, struct vas_page *page, bool *fresh)
{
	*fresh = page->slot == 0;
	if (!*fresh)
		return 0;
	if (memory->swap == NULL || vas_swap_add(memory->swap, page) == 0)
		return -VAS_ENOSPC;
	return 0;
}

static int write_slot(struct vas_memory *memory, struct vas_page *page, bool fresh)
{
	int err;

	if (!fresh && !vas_page_is(page, VAS_PAGE_DIRTY))
		return 0;
	vas_page_set(page, VAS_PAGE_WRITEBACK);
	err = vas_swap_write(memory->swap, page->slot, page);
	vas_page_clear(page, VAS_PAGE_WRITEBACK);
	vas_memory_count(err == 0 ? &memory->counts.swapped_out : &memory->counts.write_errors);
	return err;
}

static int evict_lazy(struct vas_memory *memory, struct vas_page *page)
{
	vas_page_take_entries(memory, page, VAS_TAKE_UNLESS_DIRTY);
	return vas_page_mapcount(page) == 0 && vas_page_references(page) == 1 ? 0 : -VAS_EBUSY;
}

/* A page that stays. If nobody names its slot, that is of no use; else what the slot holds may be
 * old or nothing. */
static void keep_private(struct vas_memory *memory, struct vas_page *page, bool unwritten)
{
	if (unwritten)
		vas_page_set(page, VAS_PAGE_DIRTY);
	if (vas_swap_count(memory->swap, page->slot) == 0) {
		vas_page_set(page, VAS_PAGE_DIRTY);
		vas_swap_discard(memory->swap, page);
	}
}

static int evict_private(struct vas_memory *memory, struct vas_page *page)
{
	bool unwritten;
	int err;

	if (vas_page_lazy(page))
		return evict_lazy(memory, page);
	vas_page_clear(page, VAS_PAGE_LAZY_FREE);
	if (vas_page_mapcount(page) == 0 && page->slot == 0)
		return vas_page_references(page) == 1 ? 0 : -VAS_EBUSY;
	err = add_slot(memory, page, &unwritten);
	if (err != 0)
		return err;
	save_binding(memory, page);
	vas_page_take_entries(memory, page, VAS_TAKE_UNLESS_LOCKED);
	if (vas_page_mapcount(page) != 0 || vas_page_references(page) != 2) {
		err = -VAS_EBUSY;
	} else if (vas_swap_count(memory->swap, page->slot) != 0) {
		err = write_slot(memory, page, unwritten);
		unwritten &= err != 0;
	}
	if (err == 0 && !vas_swap_remove(memory->swap, page, 0))
		err = -VAS_EBUSY;
	if (err != 0)
		keep_private(memory, page, unwritten);
	return err;
}

static int evict_shared(struct vas_memory *memory, struct vas_object *object, struct vas_page *page)
{
	bool fresh;
	int err = add_slot(memory, page, &fresh);

	if (err != 0)
		return err;
	if (vas_page_references(page) != 3)
		err = -VAS_EBUSY;
	else
		err = write_slot(memory, page, fresh);
	if (err == 0 && !vas_object_swap_out(object, page, page->slot))
		err = -VAS_EBUSY;
	if (err != 0)
		vas_page_set(page, VAS_PAGE_DIRTY);
	/* The object names the slot now, or nobody does. */
	vas_swap_discard(memory->swap, page);
	return err;
}

static int write_file(struct vas_memory *memory, struct vas_object *object, struct vas_page *page)
{
	int err;

	vas_page_set(page, VAS_PAGE_WRITEBACK);
	err = vas_object_write(object, page);
	vas_page_clear(page, VAS_PAGE_WRITEBACK);
	vas_memory_count(err == 0 ? &memory->counts.written : &memory->counts.write_errors);
	return err;
}

static int evict_object(struct vas_memory *memory, struct vas_page *page)
{
	struct vas_object *object = page->owner;
	int err = 0;

	if (object == NULL)
		return vas_page_references(page) == 1 ? 0 : -VAS_EBUSY;
	vas_page_take_entries(memory, page, VAS_TAKE_UNLESS_LOCKED);
	if (vas_page_mapcount(page) != 0 || vas_page_references(page) != 2)
		return -VAS_EBUSY;
	if (vas_page_is(page, VAS_PAGE_DIRTY)) {
		if (object->store == NULL)
			return evict_shared(memory, object, page);
		err = write_file(memory, object, page);
	}
	if (err == 0 && !vas_object_remove(object, page))
		err = -VAS_EBUSY;
	return err;
}

int vas_page_evict(struct vas_memory *memory, struct vas_page *page)
{
	if (__atomic_load_n(&page->locks, __ATOMIC_RELAXED) != 0)
		return -VAS_EBUSY;
	if (page->kind == VAS_PAGE_OBJECT)
		return evict_object(memory, page);
	return evict_private(memory, page);
}

int vas_page_out(struct vas_memory *memory, struct vas_page *page)
{
	bool active, listed;
	int err = -VAS_EBUSY;

	vas_rmap_tell(&memory->rmap, VAS_WORK_RECLAIM, true);
	vas_page_lock(page);
	listed = vas_lru_take(&memory->lru, page, &active);
	if (listed)
		err = vas_page_evict(memory, page);
	if (err == 0)
		vas_memory_count(&memory->counts.reclaimed);
	else if (listed)
		vas_lru_add(&memory->lru, page, active);
	vas_page_let_go(memory, page);
	vas_rmap_tell(&memory->rmap, VAS_WORK_RECLAIM, false);
	return err;
}

int vas_write_back(struct vas_memory *memory, struct vas_object *object, uint64_t first,
		   uint64_t last)
{
	struct vas_page *page;
	int err = 0;

	while (first <= last && object->store != NULL &&
	       (page = vas_object_next(object, &first)) != NULL) {
		int failed = 0;

		vas_page_lock(page);
		if (first <= last && page->owner == object) {
			vas_page_clean(memory, page);
			if (vas_page_is(page, VAS_PAGE_DIRTY))
				failed = write_file(memory, object, page);
		}
		vas_page_unlock(page);
		vas_page_put(memory, page);
		if (err == 0)
			err = failed;
		if (first++ == UINT64_MAX)
			break;
	}
	return err;
}

/* False: it was not there any more, or somebody looks at it: ask again. */
static bool drop_page(struct vas_memory *memory, struct vas_object *object, struct vas_page *page)
{
	bool gone = false;

	vas_page_lock(page);
	if (page->owner == object && vas_page_unmap_all(memory, page))
		gone = vas_object_remove(object, page);
	vas_page_unlock(page);
	vas_page_put(memory, page);
	return gone;
}

void vas_drop_pages(struct vas_memory *memory, struct vas_object *object, uint64_t first,
		    uint64_t last)
{
	unsigned rounds = 0;

	while (first <= last) {
		struct vas_page *page = vas_object_next(object, &first);

		if (page == NULL)
			break;
		if (first > last) {
			vas_page_put(memory, page);
			break;
		}
		if (drop_page(memory, object, page))
			rounds = 0;
		else
			vas_pause(&rounds);
	}
}
