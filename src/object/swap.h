/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_OBJECT_SWAP_H
#define VAS_SRC_OBJECT_SWAP_H

/*
 * Swap: slots of 4 KiB in a store, numbered from 1 (0 is "none"), each with a count of those who
 * name it: page-table entries, and objects of shared memory.
 *
 * The swap cache: an anonymous page may be in memory and have a slot too (vas_page.slot): on its way
 * out, or just come back while other entries still name the slot. The slot knows the page, and holds
 * one reference to it. A slot is free when nobody names it and it knows no page.
 *
 * A page is bound to something by its reverse map; while it is out, the slot keeps that.
 *
 * Locks: a slot's own (a bit), below the page's.
 */

#include <vas/frame.h>
#include <vas/store.h>

struct vas_swap;

/* `forget` (may be NULL) hears of each slot that is freed, with the binding that was saved (zeroes:
 * none was). It is called without any lock of swap's, before the slot can be had again. -VAS_ENOMEM. -VAS_EINVAL: no slots, or more than 2^31. */
VAS_MUST_CHECK int vas_swap_create(const struct vas_allocator *allocator, struct vas_frames *frames,
				   uint32_t slots, const struct vas_store *store, void *store_data,
				   void (*forget)(void *data, struct vas_binding *binding),
				   void *forget_data, struct vas_swap **swap);
/* => every slot is free (asserted in debug builds). NULL is allowed. Closes the store. */
void vas_swap_destroy(struct vas_swap *swap);

/* A free slot that nobody names, in the swap cache with this page from the start (which gets a
 * reference, and its `slot`). 0: swap is full. => locked page. O(1). */
uint32_t vas_swap_add(struct vas_swap *swap, struct vas_page *page);

/* One who names the slot more; one less. */
void vas_swap_get(struct vas_swap *swap, uint32_t slot);
void vas_swap_put(struct vas_swap *swap, uint32_t slot);
/* How many name it. */
uint32_t vas_swap_count(struct vas_swap *swap, uint32_t slot);

/* The page in the swap cache, with a reference more; NULL: none. */
struct vas_page *vas_swap_find(struct vas_swap *swap, uint32_t slot);
/* Puts a page that came back into the swap cache: false if another is there already, or nobody names
 * the slot any more. => locked. Takes a reference, sets page->slot. */
bool vas_swap_insert(struct vas_swap *swap, uint32_t slot, struct vas_page *page);
/* Takes the page out of the swap cache, if nobody has references but the cache, the caller (one) and
 * `others`, who stay. False: somebody has. The slot is freed if nobody names it. => locked; no entry
 * maps it, by which a fault could take a reference meanwhile. */
bool vas_swap_remove(struct vas_swap *swap, struct vas_page *page, int32_t others);
/* Out of the swap cache, whoever else looks at the page: its contents could not be had, or nobody
 * names its slot any more. Those find, with its lock, that its slot is 0, and ask for the slot again.
 * The slot is freed if nobody names it. => locked, in the swap cache, a reference. */
void vas_swap_discard(struct vas_swap *swap, struct vas_page *page);
/* `to` takes the place of `from` in the swap cache (migration), as vas_object_replace; but owner and
 * index are the reverse map's to transfer. */
bool vas_swap_replace(struct vas_swap *swap, struct vas_page *from, struct vas_page *to,
		      int32_t mapped);

/* What the page is bound to while it is out. => somebody names the slot, and the page's lock (or
 * none is in the cache). */
struct vas_binding *vas_swap_binding(struct vas_swap *swap, uint32_t slot);

/* To and from the store. => the page is locked. What the store says. A page that was written is
 * clean, or dirty again after an error. One that was read is for the caller to mark up to date. */
VAS_MUST_CHECK int vas_swap_write(struct vas_swap *swap, uint32_t slot, struct vas_page *page);
VAS_MUST_CHECK int vas_swap_read(struct vas_swap *swap, uint32_t slot, struct vas_page *page);

struct vas_swap_counts {
	uint32_t total, used; /* slots */
	uint32_t cached;      /* of those: with a page in memory */
	uint64_t written, read;
};
void vas_swap_counts(struct vas_swap *swap, struct vas_swap_counts *counts);

/* SWAP-1 ... of docs/invariants.md; prints the first that is broken. => nothing else runs. */
bool vas_swap_validate(struct vas_swap *swap, const struct vas_printer *printer);

#endif
