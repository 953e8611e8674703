/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_FRAME_H
#define VAS_FRAME_H

/*
 * Frames: the physical memory of a machine, in one arena, with a record of 64 bytes for each.
 *
 * A frame has a number, 1 to the arena's count (0 is "none", so that a zeroed page-table entry
 * names nothing), 4 KiB of bytes, and a record, `struct vas_page`. Whoever holds a frame may use
 * the record's fields for what it holds; the allocator uses `next` of free frames only.
 *
 * Allocation and release are lock-free and may be called from any thread.
 */

#include <vas/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a frame holds. */
enum vas_page_kind {
	VAS_PAGE_FREE,
	VAS_PAGE_TABLE,	    /* of a page table */
	VAS_PAGE_ANONYMOUS, /* private memory */
	VAS_PAGE_OBJECT,    /* a page of a file or of shared memory */
	VAS_PAGE_ZERO,	    /* the shared page of zeroes */
	VAS_PAGE_KERNEL,    /* held by the embedder */
};

/* Bits of vas_page.flags; changed with atomic operations. */
enum {
	VAS_PAGE_LOCKED = 1u << 0,
	VAS_PAGE_DIRTY = 1u << 1,
	VAS_PAGE_UPTODATE = 1u << 2,
	VAS_PAGE_REFERENCED = 1u << 3,
	VAS_PAGE_ACTIVE = 1u << 4,
	VAS_PAGE_LISTED = 1u << 5, /* on a reclaim list */
	VAS_PAGE_WRITEBACK = 1u << 6,
	VAS_PAGE_UNEVICTABLE = 1u << 7,
	VAS_PAGE_MERGED = 1u << 8,     /* equal pages share it; never written */
	VAS_PAGE_CHAINED = 1u << 9,    /* each mapping has a record of its own */
	VAS_PAGE_LAZY_FREE = 1u << 10, /* madvise(FREE): may be dropped unless written again */
};

/* One frame's record: one cache line. */
struct vas_page {
	uint32_t flags;
	uint8_t kind;	    /* enum vas_page_kind */
	uint8_t level;	    /* of a table, 1 to 4 */
	uint16_t locks;	    /* entries of locked areas that map it: it stays in memory */
	int32_t references; /* holders, page-table entries among them; 0: free */
	int32_t mapcount;   /* page-table entries that map it; of a table: its entries in use */
	void *owner;	/* the object, or what the reverse map binds it to; of a table: its pmap */
	uint64_t index; /* in pages, inside the owner; of a table: its first virtual page */
	void *rmap;	/* the reverse map's own (pte-chain) */
	uint32_t next, prev; /* frame numbers: reclaim lists, the free list */
	uint32_t slot;	     /* of swap; 0: none */
	uint32_t lock;	     /* of a table's entries; of its own chain in pages that have one */
	uint64_t stamp;	     /* the embedder's */
};

/* What an anonymous page is bound to by its reverse map; kept beside its slot while it is out in
 * swap. */
struct vas_binding {
	void *owner;
	uint64_t index;
};

struct vas_frames;

/* -VAS_ENOMEM. -VAS_EINVAL: no frames, or more than 2^31. The arena is one block of the
 * allocator's, aligned to a page; the records are another. */
VAS_API VAS_MUST_CHECK int vas_frames_create(const struct vas_allocator *allocator, uint32_t count,
					     struct vas_frames **frames);
/* => every frame is free; an assert says so in debug builds. NULL is allowed. */
VAS_API void vas_frames_destroy(struct vas_frames *frames);

/* A free frame for this use, with one reference and a zeroed record; its bytes are undefined.
 * NULL: none is free. O(1). */
VAS_API struct vas_page *vas_frame_alloc(struct vas_frames *frames, enum vas_page_kind kind);
/* => no references but the caller's, not mapped, on no list. O(1). */
VAS_API void vas_frame_free(struct vas_frames *frames, struct vas_page *page);

VAS_API uint32_t vas_frame_number(const struct vas_frames *frames, const struct vas_page *page);
VAS_API struct vas_page *vas_frame_page(const struct vas_frames *frames, uint32_t number);
VAS_API void *vas_frame_bytes(const struct vas_frames *frames, const struct vas_page *page);

/* How many there are, and how many are free: exact when no other thread runs. */
struct vas_frame_counts {
	uint32_t total, free;
};
VAS_API void vas_frames_count(const struct vas_frames *frames, struct vas_frame_counts *counts);

#ifdef __cplusplus
}
#endif

#endif
