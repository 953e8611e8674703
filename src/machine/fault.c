/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Faults: what an entry must become so that an access may go on.
 *
 *	entry               access   area      becomes
 *	nothing             read     private   the page of zeroes, not counted
 *	nothing             write    private   a new page
 *	nothing             any      object    the object's page; a private write: a copy of it
 *	page of zeroes      write    private   a new page
 *	page, read-only     write    private   itself, writable, if nobody else has it; else a copy
 *	page, read-only     write    shared    itself, writable; the page is dirty from now on
 *	slot                any                the page, from the swap cache or the store
 *	migration entry     any                wait
 *	offset              any      nonlinear the object's page there, which had been taken away
 *	guard               any                an error
 *
 * Each case works the same way: get what is needed without any table's lock (a frame, a page of an
 * object, a slot's page), then take the table's lock, see whether the entry is still what it was,
 * and set it. If it is not, somebody else was faster: let go, and let the access find out.
 *
 * The space's lock is held shared all the time, so that areas stay; a page's lock is held while a
 * page is mapped that others could take away (truncate) or bind anew (swap).
 */

#include "machine.h"

#include "base/bytes.h"

#include <string.h>

struct fault {
	struct machine_space *in;
	struct vas_machine *machine;
	struct vas_memory *memory;
	struct vas_area *area;
	uint64_t address; /* of the page */
	bool write;
	struct vas_entry entry;
	uint64_t old; /* what the entry was */
	bool done;    /* the entry allows the access now */
	struct vas_pool pool;
};

/* A frame, bound to nothing; NULL: there is none. */
static struct vas_page *new_page(struct fault *fault)
{
	struct vas_page *page = vas_frame_alloc(fault->memory->frames, VAS_PAGE_ANONYMOUS);

	if (page != NULL)
		page->flags = VAS_PAGE_UPTODATE | VAS_PAGE_DIRTY;
	return page;
}

/* Gets ready for a page that no file has. */
static int prepare(struct fault *fault)
{
	const struct vas_rmap *rmap = &fault->memory->rmap;
	struct machine_area *data = machine_area_of(fault->in, fault->area);

	if (!__atomic_load_n(&data->has_private, __ATOMIC_RELAXED))
		__atomic_store_n(&data->has_private, true, __ATOMIC_RELAXED);
	if (rmap->anon->prepare == NULL)
		return 0;
	return rmap->anon->prepare(rmap->anon_data, fault->area);
}

/* With the table locked: is the entry still what it was? The accessed bit does not matter. */
static bool same(const struct fault *fault)
{
	uint64_t changed = vas_entry_read(&fault->entry) ^ fault->old;

	return (vas_entry_present(fault->old) ? changed & ~VAS_PTE_ACCESSED : changed) == 0;
}

static void map(struct fault *fault, struct vas_page *page, uint64_t bits)
{
	(void)vas_entry_set(&fault->entry, entry_for(fault->memory, page, bits));
	vas_page_map(fault->memory, page, &fault->entry, (bits & VAS_PTE_LOCKED) != 0,
		     &fault->pool);
	fault->done = (bits & VAS_PTE_WRITE) != 0 || !fault->write;
}

/*
 * Puts a new private page, filled by the caller, where the entry was, which may have mapped another
 * page (then its reference is given back).
 */
static int map_private(struct fault *fault, struct vas_page *page, enum machine_event event)
{
	struct vas_memory *memory = fault->memory;
	const struct vas_rmap *rmap = &memory->rmap;
	struct vas_page *before = NULL;

	rmap->anon->bind(rmap->anon_data, page, fault->area, fault->address);
	/* Once an entry maps it, it may be unmapped and gone. */
	vas_lru_add(&memory->lru, page, false);
	vas_pmap_lock(fault->entry.table);
	if (!same(fault)) {
		vas_pmap_unlock(fault->entry.table);
		vas_page_put(memory, page);
		return 0;
	}
	if (vas_entry_present(fault->old) && (fault->old & VAS_PTE_SPECIAL) == 0) {
		before = entry_page(memory, fault->old);
		vas_page_unmap(memory, before, &fault->entry, vas_entry_read(&fault->entry),
			       entry_locked(fault->old));
	}
	map(fault, page, entry_bits(fault->area, true) | (fault->write ? VAS_PTE_DIRTY : 0));
	vas_pmap_unlock(fault->entry.table);
	if (before != NULL) {
		vas_page_forget_slot(memory, before);
		vas_page_put(memory, before);
	}
	machine_count_event(fault->machine, event);
	return 0;
}

static int fault_zero(struct fault *fault)
{
	vas_pmap_lock(fault->entry.table);
	if (same(fault)) {
		(void)vas_entry_set(&fault->entry,
				    entry_for(fault->memory, fault->memory->zero,
					      (entry_bits(fault->area, false) & ~VAS_PTE_LOCKED) |
						      VAS_PTE_SPECIAL));
		fault->done = true;
		machine_count_event(fault->machine, EVENT_ZERO);
	}
	vas_pmap_unlock(fault->entry.table);
	return 0;
}

static int fault_new(struct fault *fault)
{
	int err = prepare(fault);
	struct vas_page *page;

	if (err != 0)
		return err;
	page = new_page(fault);
	if (page == NULL)
		return -VAS_EAGAIN;
	memset(vas_frame_bytes(fault->memory->frames, page), 0, VAS_PAGE_SIZE);
	return map_private(fault, page, EVENT_NEW);
}

/* A private copy of `from`, of which the caller has a reference. => prepared. */
static int fault_copy(struct fault *fault, struct vas_page *from)
{
	struct vas_page *page = new_page(fault);

	if (page == NULL)
		return -VAS_EAGAIN;
	vas_copy_page(vas_frame_bytes(fault->memory->frames, page),
		      vas_frame_bytes(fault->memory->frames, from));
	return map_private(fault, page, EVENT_COPIED);
}

/* Maps a page of an object. => locked, and still the object's. */
static void map_object(struct fault *fault, struct vas_object *object, struct vas_page *page)
{
	bool shared = !area_private(fault->area);
	/* Files want to know who writes; shared memory does not. */
	bool writable = shared && (fault->write || object->store == NULL);
	uint64_t bits = entry_bits(fault->area, writable);

	if (shared && fault->write)
		bits |= VAS_PTE_DIRTY;
	if (machine_nonlinear(fault->area))
		bits |= VAS_PTE_NONLINEAR;
	if ((bits & VAS_PTE_WRITE) != 0)
		vas_page_set(page, VAS_PAGE_DIRTY);
	vas_pmap_lock(fault->entry.table);
	if (same(fault)) {
		vas_page_get(page);
		map(fault, page, bits);
		machine_count_event(fault->machine, EVENT_FILE);
	}
	vas_pmap_unlock(fault->entry.table);
}

/* Which page of the object is wanted. */
static uint64_t index_of(const struct fault *fault)
{
	if (vas_entry_kind(fault->old) == VAS_ENTRY_FILE)
		return vas_entry_payload(fault->old);
	return vas_run_page(fault->in, fault->area, fault->address, NULL);
}

static int fault_object(struct fault *fault, struct vas_object *object)
{
	uint64_t index = index_of(fault);
	bool copies = fault->write && area_private(fault->area), fresh;
	struct vas_page *page;
	int err = copies ? prepare(fault) : 0;

	if (err != 0)
		return err;
	err = vas_object_page(object, index, &page, &fresh);
	if (err == -VAS_ENOMEM)
		return -VAS_EAGAIN;
	if (err != 0)
		return err;
	if (fresh) {
		vas_lru_add(&fault->memory->lru, page, false);
		machine_count_event(fault->machine, EVENT_READ_IN);
	}
	/* Locked, so that a truncation which waits for the page finds what is mapped here. */
	vas_page_lock(page);
	if (page->owner == object && page->index == index) {
		if (copies)
			err = fault_copy(fault, page);
		else
			map_object(fault, object, page);
	}
	vas_page_unlock(page);
	vas_page_put(fault->memory, page);
	return err;
}

/* Takes the page out of the swap cache when nobody names the slot any more. Entries may map it, and
 * faults take references by them meanwhile: so no reference is counted on here. => locked, the caller
 * has a reference. */
static void leave_swap_cache(struct vas_memory *memory, struct vas_page *page)
{
	if (page->slot == 0 || vas_swap_count(memory->swap, page->slot) != 0)
		return;
	vas_swap_discard(memory->swap, page);
	vas_page_set(page, VAS_PAGE_DIRTY);
}

/* A write to a private page that is mapped read-only. => the caller has a reference. */
static int fault_write_private(struct fault *fault, struct vas_page *page)
{
	const struct vas_rmap *rmap = &fault->memory->rmap;
	bool reused = false;
	uint64_t now;
	int err = prepare(fault);

	if (err != 0)
		return err;
	if (page->kind != VAS_PAGE_ANONYMOUS || vas_page_is(page, VAS_PAGE_MERGED))
		return fault_copy(fault, page);
	vas_page_lock(page);
	if (vas_page_mapcount(page) == 1)
		leave_swap_cache(fault->memory, page);
	/* One entry's reference, and the caller's. */
	if (vas_page_mapcount(page) == 1 && vas_page_references(page) == 2 &&
	    !vas_page_is(page, VAS_PAGE_MERGED)) {
		vas_pmap_lock(fault->entry.table);
		reused = same(fault);
		vas_pmap_unlock(fault->entry.table);
		if (reused && rmap->anon->reuse != NULL)
			rmap->anon->reuse(rmap->anon_data, page, fault->area, fault->address);
		vas_pmap_lock(fault->entry.table);
		now = vas_entry_read(&fault->entry);
		if (same(fault)) {
			(void)vas_entry_set(&fault->entry,
					    now | VAS_PTE_WRITE | VAS_PTE_DIRTY | VAS_PTE_ACCESSED);
			fault->done = true;
			machine_count_event(fault->machine, EVENT_REUSED);
		}
		vas_pmap_unlock(fault->entry.table);
		vas_page_let_go(fault->memory, page);
		return 0;
	}
	vas_page_let_go(fault->memory, page);
	return fault_copy(fault, page);
}

/* A write to a page of an object through a shared mapping. => the caller has a reference. */
static int fault_write_shared(struct fault *fault, struct vas_page *page)
{
	vas_page_lock(page);
	vas_pmap_lock(fault->entry.table);
	if (same(fault)) {
		vas_page_set(page, VAS_PAGE_DIRTY);
		(void)vas_entry_set(&fault->entry,
				    fault->old | VAS_PTE_WRITE | VAS_PTE_DIRTY | VAS_PTE_ACCESSED);
		fault->done = true;
		machine_count_event(fault->machine, EVENT_WRITE);
	}
	vas_pmap_unlock(fault->entry.table);
	vas_page_unlock(page);
	return 0;
}

/* An entry maps a page, but not for this access. */
static int fault_present(struct fault *fault)
{
	struct vas_page *page;
	int err;

	if ((fault->old & VAS_PTE_SPECIAL) != 0)
		return fault->write ? fault_new(fault) : 0;
	vas_pmap_lock(fault->entry.table);
	if (!same(fault)) {
		vas_pmap_unlock(fault->entry.table);
		return 0;
	}
	/* The area's bits may have been changed without the entry's. */
	if (!fault->write) {
		entry_change(&fault->entry, fault->old,
			     (fault->old & ~(VAS_PTE_USER | VAS_PTE_NX)) |
				     (entry_bits(fault->area, false) & ~VAS_PTE_LOCKED));
		vas_pmap_unlock(fault->entry.table);
		return 0;
	}
	page = entry_page(fault->memory, fault->old);
	vas_page_get(page);
	vas_pmap_unlock(fault->entry.table);
	if (area_private(fault->area))
		err = fault_write_private(fault, page);
	else
		err = fault_write_shared(fault, page);
	vas_page_put(fault->memory, page);
	return err;
}

/* Does the entry still name its slot? The slot may have been given to another page meanwhile. */
static bool still_same(const struct fault *fault)
{
	bool yes;

	vas_pmap_lock(fault->entry.table);
	yes = same(fault);
	vas_pmap_unlock(fault->entry.table);
	return yes;
}

/* A page that came back and is bound to nothing yet is bound as it was before. */
static void restore(const struct fault *fault, struct vas_page *page, uint32_t slot, bool alone)
{
	const struct vas_rmap *rmap = &fault->memory->rmap;
	const struct vas_binding *saved = vas_swap_binding(fault->memory->swap, slot);

	if (page->owner != NULL || vas_page_is(page, VAS_PAGE_MERGED))
		return;
	if (rmap->anon->restore != NULL) {
		rmap->anon->restore(rmap->anon_data, page, fault->area, fault->address, alone,
				    saved);
	} else {
		page->owner = saved->owner;
		page->index = saved->index;
	}
}

/* Maps a page that came back. => locked. */
static void map_swapped(struct fault *fault, struct vas_page *page, uint32_t slot)
{
	/* Nobody maps it, and only this entry names it: it is this area's own from now on. */
	bool alone = vas_page_mapcount(page) == 0 && vas_swap_count(fault->memory->swap, slot) == 1;
	bool writable = alone && fault->write && !vas_page_is(page, VAS_PAGE_MERGED);

	restore(fault, page, slot, alone);
	vas_pmap_lock(fault->entry.table);
	if (same(fault)) {
		uint64_t bits = entry_bits(fault->area, writable);

		if (writable)
			bits |= VAS_PTE_DIRTY;
		vas_page_get(page);
		map(fault, page, bits);
		vas_pmap_unlock(fault->entry.table);
		vas_swap_put(fault->memory->swap, slot);
		leave_swap_cache(fault->memory, page);
		machine_count_event(fault->machine, EVENT_SWAP);
	} else {
		vas_pmap_unlock(fault->entry.table);
	}
}

static int fault_swap(struct fault *fault)
{
	uint32_t slot = (uint32_t)vas_entry_payload(fault->old);
	struct vas_page *page;
	bool fresh;
	int err = prepare(fault);

	if (err != 0)
		return err;
	err = vas_swap_in(fault->memory, slot, &page, &fresh);
	if (err == -VAS_ENOMEM)
		return -VAS_EAGAIN;
	if (err == -VAS_EAGAIN)
		return 0; /* the entry has changed */
	if (err != 0)
		return err;
	if (fresh)
		vas_lru_add(&fault->memory->lru, page, true);
	if (still_same(fault))
		map_swapped(fault, page, slot);
	vas_page_release(fault->memory, page);
	return 0;
}

static int fault_missing(struct fault *fault)
{
	struct vas_object *object = machine_object_of(fault->area);

	if (object != NULL)
		return fault_object(fault, object);
	if (!area_private(fault->area) ||
	    (fault->area->flags & (VAS_AREA_IO | VAS_AREA_RAW_FRAMES)) != 0)
		return -VAS_EOVERFLOW; /* nothing that this machine could show */
	return fault->write ? fault_new(fault) : fault_zero(fault);
}

static int resolve(struct fault *fault)
{
	unsigned rounds = 0;

	if (vas_entry_present(fault->old))
		return fault_present(fault);
	switch (vas_entry_kind(fault->old)) {
	case VAS_ENTRY_NONE:
	case VAS_ENTRY_FILE:
		return fault_missing(fault);
	case VAS_ENTRY_SWAP:
		return fault_swap(fault);
	case VAS_ENTRY_MIGRATION:
		while (same(fault))
			vas_pause(&rounds);
		return 0;
	case VAS_ENTRY_GUARD:
		break;
	}
	return -VAS_EFAULT;
}

int vas_fault(struct machine_space *in, struct vas_area *area, uint64_t address,
	      enum vas_access access)
{
	struct fault fault = {
		.in = in,
		.machine = in->machine,
		.memory = &in->machine->memory,
		.area = area,
		.address = vas_page_down(address),
		.write = (access & VAS_ACCESS_WRITE) != 0,
	};
	int err;

	if (vas_pmap_make(in->pmap, address, &fault.entry) != 0)
		return -VAS_EAGAIN;
	fault.old = vas_entry_read(&fault.entry);
	if (!machine_chains(fault.memory)) {
		err = resolve(&fault);
		return err == 0 ? fault.done : err;
	}
	vas_pool_init(&fault.pool, in->machine->allocator);
	err = vas_page_map_reserve(fault.memory, &fault.pool, 1);
	if (err == 0)
		err = resolve(&fault);
	vas_pool_trim(&fault.pool, 0);
	return err == 0 ? fault.done : err;
}
