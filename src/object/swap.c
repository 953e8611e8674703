/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Swap: one record for each slot in one array, 32 bytes each.
 *
 *	slot	count	page	binding
 *	  1	  2	  -	node 7, index 0x7f01	two entries name it; it is out
 *	  2	  1	 63	node 7, index 0x7f02	in the swap cache: one entry names it, frame 63 has it
 *	  3	  0	 64	-			on its way out: nobody names it yet
 *	  4	  0	  -	-			free
 *
 * What is counted is who would miss the contents; the page in the cache is not one of them. Linux
 * keeps the same two facts in one byte a slot and a tree of the cached pages; a word for each in the
 * record costs 12 bytes more, and a lookup is one index.
 *
 * A record is changed under its own lock, which is held for a few instructions: never while the
 * store works. What keeps a slot's contents in place during input and output is that somebody names
 * it or that its page is locked.
 *
 * Free slots stand in lists, one for each part of the swap, so that threads seldom meet. A part is a
 * contiguous run of slots, handed out upwards at first: pages that go out together lie together on
 * the disk. After a while the lists are in no order, and so are the pages.
 */

#include "swap.h"

#include "base/assert.h"
#include "page/page.h"

#include "swap_inside.h"

#include <string.h>

#define SLOTS_MAX (UINT32_C(1) << 31)

static struct vas_swap_part *part_of(struct vas_swap *swap, uint32_t slot)
{
	return &swap->parts[(slot - 1) / swap->each];
}

static struct vas_swap_slot *lock_slot(struct vas_swap *swap, uint32_t slot)
{
	struct vas_swap_slot *record = vas_swap_slot_at(swap, slot);

	vas_mutex_lock(&record->lock, VAS_RANK_SWAP);
	return record;
}

static void unlock_slot(struct vas_swap_slot *record)
{
	vas_mutex_unlock(&record->lock, VAS_RANK_SWAP);
}

static struct vas_swap_part *lock_part(struct vas_swap_part *part)
{
	vas_mutex_lock(&part->lock, VAS_RANK_LEAF);
	return part;
}

static void unlock_part(struct vas_swap_part *part)
{
	vas_mutex_unlock(&part->lock, VAS_RANK_LEAF);
}

int vas_swap_create(const struct vas_allocator *allocator, struct vas_frames *frames,
		    uint32_t slots, const struct vas_store *store, void *store_data,
		    void (*forget)(void *data, struct vas_binding *binding), void *forget_data,
		    struct vas_swap **out)
{
	struct vas_swap *swap;

	*out = NULL;
	if (slots == 0 || slots > SLOTS_MAX ||
	    slots * sizeof(struct vas_swap_slot) / sizeof(struct vas_swap_slot) != slots)
		return -VAS_EINVAL;
	swap = allocator->allocate(allocator->context, sizeof(*swap), _Alignof(struct vas_swap));
	if (swap == NULL)
		return -VAS_ENOMEM;
	*swap = (struct vas_swap){
		.allocator = allocator,
		.frames = frames,
		.store = store,
		.store_data = store_data,
		.forget = forget,
		.forget_data = forget_data,
		.total = slots,
		.each = (slots - 1) / VAS_SWAP_PARTS + 1,
	};
	swap->slots = allocator->allocate(allocator->context, slots * sizeof(struct vas_swap_slot),
					  _Alignof(struct vas_swap_slot));
	if (swap->slots == NULL) {
		allocator->release(allocator->context, swap, sizeof(*swap));
		return -VAS_ENOMEM;
	}
	memset(swap->slots, 0, slots * sizeof(struct vas_swap_slot));
	for (uint32_t slot = slots; slot > 0; slot--) {
		struct vas_swap_part *part = part_of(swap, slot);

		vas_swap_slot_at(swap, slot)->next = part->free;
		part->free = slot;
	}
	*out = swap;
	return 0;
}

void vas_swap_destroy(struct vas_swap *swap)
{
	struct vas_swap_counts counts;

	if (swap == NULL)
		return;
	vas_swap_counts(swap, &counts);
	vas_debug(counts.used == 0);
	if (swap->store->close != NULL)
		swap->store->close(swap->store_data);
	swap->allocator->release(swap->allocator->context, swap->slots,
				 swap->total * sizeof(struct vas_swap_slot));
	swap->allocator->release(swap->allocator->context, swap, sizeof(*swap));
}

static uint32_t take_free(struct vas_swap *swap)
{
	unsigned thread = vas_thread_slot();
	uint32_t slot = 0;

	for (unsigned i = 0; i < VAS_SWAP_PARTS && slot == 0; i++) {
		struct vas_swap_part *part = lock_part(&swap->parts[(thread + i) % VAS_SWAP_PARTS]);

		slot = part->free;
		if (slot != 0) {
			part->free = vas_swap_slot_at(swap, slot)->next;
			vas_swap_slot_at(swap, slot)->next = VAS_SWAP_IN_USE;
			part->used++;
			part->cached++; /* its page comes with it */
		}
		unlock_part(part);
	}
	return slot;
}

/* The slot belongs to nobody any more. => not locked. */
static void release_slot(struct vas_swap *swap, uint32_t slot)
{
	struct vas_swap_slot *record = vas_swap_slot_at(swap, slot);
	struct vas_swap_part *part;

	if (swap->forget != NULL)
		swap->forget(swap->forget_data, &record->binding);
	record->binding = (struct vas_binding){ 0 };
	part = lock_part(part_of(swap, slot));
	record->next = part->free;
	part->free = slot;
	part->used--;
	unlock_part(part);
}

static void count_cached(struct vas_swap *swap, uint32_t slot, bool more)
{
	struct vas_swap_part *part = lock_part(part_of(swap, slot));

	part->cached += more ? 1 : UINT32_MAX;
	unlock_part(part);
}

/* => locked. Who takes entries away reads it without the lock: to see whether it is worth having. */
static void set_slot(struct vas_page *page, uint32_t slot)
{
	__atomic_store_n(&page->slot, slot, __ATOMIC_RELAXED);
}

uint32_t vas_swap_add(struct vas_swap *swap, struct vas_page *page)
{
	uint32_t slot = take_free(swap);
	struct vas_swap_slot *record;

	vas_debug(page->slot == 0);
	if (slot == 0)
		return 0;
	vas_page_get(page);
	set_slot(page, slot);
	record = lock_slot(swap, slot);
	record->page = vas_frame_number(swap->frames, page);
	unlock_slot(record);
	return slot;
}

void vas_swap_get(struct vas_swap *swap, uint32_t slot)
{
	struct vas_swap_slot *record = lock_slot(swap, slot);

	vas_debug(record->count != 0 || record->page != 0);
	record->count++;
	unlock_slot(record);
}

void vas_swap_put(struct vas_swap *swap, uint32_t slot)
{
	struct vas_swap_slot *record = lock_slot(swap, slot);
	bool last;

	vas_assert(record->count > 0);
	record->count--;
	last = record->count == 0 && record->page == 0;
	unlock_slot(record);
	if (last)
		release_slot(swap, slot);
}

uint32_t vas_swap_count(struct vas_swap *swap, uint32_t slot)
{
	struct vas_swap_slot *record = lock_slot(swap, slot);
	uint32_t count = record->count;

	unlock_slot(record);
	return count;
}

struct vas_page *vas_swap_find(struct vas_swap *swap, uint32_t slot)
{
	struct vas_swap_slot *record = lock_slot(swap, slot);
	struct vas_page *page = NULL;

	if (record->page != 0) {
		page = vas_frame_page(swap->frames, record->page);
		vas_page_get(page);
	}
	unlock_slot(record);
	return page;
}

bool vas_swap_insert(struct vas_swap *swap, uint32_t slot, struct vas_page *page)
{
	struct vas_swap_slot *record = lock_slot(swap, slot);
	bool room = record->page == 0 && record->count > 0;

	vas_debug(page->slot == 0);
	if (room) {
		vas_page_get(page);
		set_slot(page, slot);
		record->page = vas_frame_number(swap->frames, page);
	}
	unlock_slot(record);
	if (room)
		count_cached(swap, slot, true);
	return room;
}

/* The record forgets its page. Returns whether the slot is to be released. => locked slot. */
static bool forget_page(struct vas_swap_slot *record, struct vas_page *page)
{
	record->page = 0;
	set_slot(page, 0);
	return record->count == 0;
}

static void left_cache(struct vas_swap *swap, uint32_t slot, bool last)
{
	count_cached(swap, slot, false);
	if (last)
		release_slot(swap, slot);
}

bool vas_swap_remove(struct vas_swap *swap, struct vas_page *page, int32_t others)
{
	uint32_t slot = page->slot;
	struct vas_swap_slot *record = lock_slot(swap, slot);
	bool alone = vas_page_freeze(page, 2 + others), last = false;

	vas_debug(record->page == vas_frame_number(swap->frames, page));
	if (alone) {
		last = forget_page(record, page);
		vas_page_unfreeze(page, 1 + others);
	}
	unlock_slot(record);
	if (alone)
		left_cache(swap, slot, last);
	return alone;
}

void vas_swap_discard(struct vas_swap *swap, struct vas_page *page)
{
	uint32_t slot = page->slot;
	struct vas_swap_slot *record = lock_slot(swap, slot);
	bool last, gone;

	vas_debug(record->page == vas_frame_number(swap->frames, page));
	last = forget_page(record, page);
	unlock_slot(record);
	left_cache(swap, slot, last);
	gone = vas_page_drop(page);
	vas_assert(!gone); /* the caller has one */
}

bool vas_swap_replace(struct vas_swap *swap, struct vas_page *from, struct vas_page *to,
		      int32_t mapped)
{
	struct vas_swap_slot *record = lock_slot(swap, from->slot);
	bool alone = vas_page_freeze(from, 2 + mapped);

	vas_debug(to->slot == 0 && record->page == vas_frame_number(swap->frames, from));
	if (alone) {
		record->page = vas_frame_number(swap->frames, to);
		set_slot(to, from->slot);
		set_slot(from, 0);
		(void)vas_page_set(to, vas_page_flags(from) & (VAS_PAGE_DIRTY | VAS_PAGE_UPTODATE));
		(void)__atomic_add_fetch(&to->references, 1 + mapped, __ATOMIC_RELEASE);
		(void)vas_page_clear(from, VAS_PAGE_DIRTY | VAS_PAGE_UPTODATE);
		vas_page_unfreeze(from, 1);
	}
	unlock_slot(record);
	return alone;
}

struct vas_binding *vas_swap_binding(struct vas_swap *swap, uint32_t slot)
{
	return &vas_swap_slot_at(swap, slot)->binding;
}

int vas_swap_write(struct vas_swap *swap, uint32_t slot, struct vas_page *page)
{
	struct vas_swap_part *part;
	int err;

	(void)vas_page_clear(page, VAS_PAGE_DIRTY);
	err = swap->store->write(swap->store_data, slot - 1, vas_frame_bytes(swap->frames, page),
				 VAS_PAGE_SIZE);
	if (err != 0) {
		(void)vas_page_set(page, VAS_PAGE_DIRTY);
		return err;
	}
	part = lock_part(part_of(swap, slot));
	part->written++;
	unlock_part(part);
	return 0;
}

int vas_swap_read(struct vas_swap *swap, uint32_t slot, struct vas_page *page)
{
	struct vas_swap_part *part;
	int err =
		swap->store->read(swap->store_data, slot - 1, vas_frame_bytes(swap->frames, page));

	if (err != 0)
		return err;
	part = lock_part(part_of(swap, slot));
	part->read++;
	unlock_part(part);
	return 0;
}

void vas_swap_counts(struct vas_swap *swap, struct vas_swap_counts *counts)
{
	*counts = (struct vas_swap_counts){ .total = swap->total };
	for (unsigned i = 0; i < VAS_SWAP_PARTS; i++) {
		struct vas_swap_part *part = lock_part(&swap->parts[i]);

		counts->used += part->used;
		counts->cached += part->cached;
		counts->written += part->written;
		counts->read += part->read;
		unlock_part(part);
	}
}
