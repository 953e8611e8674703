/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_OBJECT_OBJECT_H
#define VAS_SRC_OBJECT_OBJECT_H

/*
 * An object: a file, or shared memory, and the cache of its pages.
 *
 * A sparse array gives for each page number either the frame that holds the page, or (shared
 * memory) the swap slot where it is, or nothing. The cache holds one reference to each of its pages,
 * whose `owner` is the object and whose `index` is the page number.
 *
 * Locks: a page's lock first, then the object's. The object's lock guards the array, the size and
 * the file map; a page's own lock its contents until it is VAS_PAGE_UPTODATE, and its place in the
 * array: who holds a page's lock and sees that its owner is the object knows that it stays there.
 * No lock but the page's is held while the store works.
 */

#include <vas/frame.h>
#include <vas/store.h>

#include "base/lock.h"
#include "tree/radix.h"

struct vas_file_map; /* <vas/file_rmap.h> */
struct vas_swap;

struct vas_object {
	struct vas_mutex lock;
	uint32_t references; /* files and others that name it */
	const struct vas_allocator *allocator;
	struct vas_frames *frames;
	const struct vas_store *store; /* NULL: shared memory */
	void *store_data;
	struct vas_swap *swap; /* for shared memory; NULL: it stays in memory */
	uint64_t size;	       /* bytes; pages past it cannot be had */
	struct vas_radix pages;
	uint64_t page_count, slot_count; /* of the values: frames, and slots */
	uint32_t storing;		 /* calls that count on the store's size to stay */
	bool resizing;			 /* one that changes it */
	int error;		  /* the first that write-back met since it was last asked for */
	struct vas_file_map *map; /* who maps it; memory of the creator's, released by `release` */
	void *machine;		  /* the creator's */
	void (*release)(struct vas_object *object); /* the last reference went: the creator frees
						       `map`; then the object is freed. May be NULL */
	/* The last reference to a page went while the object had it: takes the page off whatever
	 * list it is on and frees it. NULL: vas_frame_free. */
	void (*free_page)(struct vas_object *object, struct vas_page *page);
};

struct vas_object_config {
	const struct vas_allocator *allocator;
	struct vas_frames *frames;
	const struct vas_store *store;
	void *store_data;
	struct vas_swap *swap;
	uint64_t size; /* with a store that knows its size: ignored */
};

/* With one reference. -VAS_ENOMEM, or what the store says. */
VAS_MUST_CHECK int vas_object_create(const struct vas_object_config *config,
				     struct vas_object **object);
void vas_object_get(struct vas_object *object);
/* The last one: drops all pages and slots, without writing, then closes the store. => then nothing
 * maps it, and no page's lock is held. */
void vas_object_put(struct vas_object *object);

/* Its size in bytes, asked of the store again when others may have changed it (what the object knew
 * if the store cannot tell). Pages past it stay in the cache until they are removed. May wait for a
 * resize. */
uint64_t vas_object_size(struct vas_object *object);

/* The page in the cache, with a reference more; NULL: it is not there. One that is being read is
 * not VAS_PAGE_UPTODATE, and may leave the cache again: its lock tells. */
struct vas_page *vas_object_find(struct vas_object *object, uint64_t index);

/*
 * The page, read in if need be: up to date, with a reference more, not locked.
 *  => *fresh: it has just come into memory, and is on no reclaim list yet.
 * -VAS_EOVERFLOW: past the object's end. -VAS_ENOMEM: no frame (get some and try again), or no
 * memory for the array. Else what the store said; nothing stays in the cache then.
 * A page of shared memory that comes from a slot is dirty; one that is new is zero, and clean.
 * May wait for the page's lock and for the store. => no page's lock is held.
 */
VAS_MUST_CHECK int vas_object_page(struct vas_object *object, uint64_t index,
				   struct vas_page **page, bool *fresh);

/* Writes the page to its store, and marks it clean; with an error it stays dirty, and `error` is
 * kept. A page past the end is marked clean and not written: the file does not grow by it. May wait
 * for a resize. => locked; nothing may write to it meanwhile. Nothing to do for shared memory. */
VAS_MUST_CHECK int vas_object_write(struct vas_object *object, struct vas_page *page);

/* Takes the page out of the cache (and out of the swap cache), with the cache's reference, if nobody
 * but the caller has others: false if somebody has. Its contents are lost. => locked, not mapped, the caller has one
 * reference (and keeps it). */
bool vas_object_remove(struct vas_object *object, struct vas_page *page);
/* The same for shared memory, and the slot, which holds the contents, takes its place: the object
 * names the slot (vas_swap_get) if it returns true. A page that is in the swap cache stays there, for
 * the caller to vas_swap_remove. */
bool vas_object_swap_out(struct vas_object *object, struct vas_page *page, uint32_t slot);
/* `to` takes the place of `from`, with the cache's reference: owner, index, flags (dirty, up to
 * date) too. `mapped`: so many references of `from` are entries' and pass on as well. False: somebody
 * else has one. => both locked, the caller has one reference to each. */
bool vas_object_replace(struct vas_object *object, struct vas_page *from, struct vas_page *to,
			int32_t mapped);

/* The first page in the cache at or above *index, with a reference; *index is its number then. */
struct vas_page *vas_object_next(struct vas_object *object, uint64_t *index);

/* Sets the size alone (and the store's; -VAS_EINVAL: it has no resize): faults past it fail from now
 * on. The caller then unmaps and removes the pages, then vas_object_drop_slots the rest, and zeroes
 * the tail of the last page (vas_object_zero_tail: => before it is mapped anew); of the page that was
 * the last one too, before it makes an object larger. On failure nothing changed. */
VAS_MUST_CHECK int vas_object_resize(struct vas_object *object, uint64_t size);
/* Pages [first, last]. => removed before: a page that is being read in may become a slot again. */
void vas_object_drop_slots(struct vas_object *object, uint64_t first, uint64_t last);
/* Zeroes what lies behind `size` in its page, in memory or in its slot: -VAS_ENOMEM (no frame to do
 * that in) or what the store said. => no page's lock is held. */
VAS_MUST_CHECK int vas_object_zero_tail(struct vas_object *object, uint64_t size);

/* The store is told of a hole of whole pages, first to last. The caller removes pages and slots
 * before. */
VAS_MUST_CHECK int vas_object_punch(struct vas_object *object, uint64_t first, uint64_t last);

/* What was written reaches the disk; then the error that write-back met since the last call, once. */
VAS_MUST_CHECK int vas_object_sync(struct vas_object *object);

/* OBJ-1 ... of docs/invariants.md; prints the first that is broken. => nothing else runs. */
bool vas_object_validate(struct vas_object *object, const struct vas_printer *printer);

#endif
