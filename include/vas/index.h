/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_INDEX_H
#define VAS_INDEX_H

/*
 * An index: an ordered set of disjoint ranges that finds the range at an address and the gap of a
 * wanted length. Four designs give the same answers at different prices:
 *
 *   btree   cache-line nodes that hold the keys and gaps of their children; the default
 *   rbtree  augmented red-black tree (Lespinasse 2012)
 *   avl     balanced tree of 1995 to 2001, with the largest gap kept per subtree
 *   list    sorted doubly linked list
 *
 * Two more, list-cache and list-cache-bare, find the same ranges, but choose gaps as Linux did
 * from 2.6.12 to 3.7, and before that: from where the last search ended, with or without the size
 * of the largest hole passed over. Their answers depend on what was asked before. They are here
 * to compare with.
 *
 * The index stores pointers to the caller's `struct vas_range`. A design that is intrusive keeps
 * its links in the `link_bytes` bytes just before the range, so that what a descent reads lies in
 * one cache line; the caller allocates those bytes (vas_index_link_bytes) and never touches them.
 * A range's start and end may be changed only through the index while it is in it.
 *
 * No locks: one thread changes an index while no other uses it; any number may read together.
 */

#include <vas/base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vas_index;

enum vas_direction { VAS_BOTTOM_UP, VAS_TOP_DOWN };

/*
 * VAS_FIT_LINUX: the kernel's own padding: look for length + align - 1 bytes, then align inside;
 *                misses an aligned hole that fits exactly.
 * VAS_FIT_EXACT: align each gap before testing it; finds every hole that fits.
 */
enum vas_fit { VAS_FIT_LINUX, VAS_FIT_EXACT };

/*
 * What vas_index_gap looks for: `length` bytes within [low, high) that no range touches, at an
 * address with address % align == align_offset % align; the lowest (VAS_BOTTOM_UP) or the highest
 * (VAS_TOP_DOWN) gap that fits.
 *  => length > 0; align is 0 or 1 (none) or a power of two.
 *  => VAS_FIT_LINUX chooses the lowest (highest) gap of length + align - 1 bytes inside
 *     [low, high), clipped to it, then the lowest (highest) aligned address within that gap.
 */
struct vas_gap {
	uint64_t length;
	uint64_t low, high;
	uint64_t align, align_offset;
	enum vas_direction direction;
	enum vas_fit fit;
};

/* The names of the designs that give the same answers, NULL-terminated; the first is the
 * default. */
VAS_API const char *const *vas_index_designs(void);

/* The names of those that choose gaps in their own way, NULL-terminated. */
VAS_API const char *const *vas_index_historic_designs(void);

/* How many bytes `design` (NULL: the default) wants before each range; 0 for an unknown name too.
 * A multiple of sizeof(void *). */
VAS_API size_t vas_index_link_bytes(const char *design);

/* -VAS_EINVAL: no such design. -VAS_ENOMEM. `allocator` must outlive the index. */
VAS_API VAS_MUST_CHECK int vas_index_create(const char *design,
					    const struct vas_allocator *allocator,
					    struct vas_index **index);

/* Frees the index's own memory; the ranges are the caller's. NULL is allowed. */
VAS_API void vas_index_destroy(struct vas_index *index);

VAS_API const char *vas_index_design(const struct vas_index *index);
VAS_API size_t vas_index_count(const struct vas_index *index);

/* After success the next `inserts` calls of vas_index_insert need no memory and cannot fail;
 * a later reserve replaces an earlier one. -VAS_ENOMEM: nothing changed. O(inserts). */
VAS_API VAS_MUST_CHECK int vas_index_reserve(struct vas_index *index, size_t inserts);

/*
 * Adds a range.
 *  => range->start < range->end; overlaps nothing in the index; reserved (above).
 * O(log n) amortised; `list`: O(n).
 */
VAS_API void vas_index_insert(struct vas_index *index, struct vas_range *range);

/* Fills an empty index with `count` ranges, ascending and disjoint, in O(count).
 * -VAS_ENOMEM: still empty. */
VAS_API VAS_MUST_CHECK int vas_index_load(struct vas_index *index, struct vas_range *const *ranges,
					  size_t count);

/*
 * Fills an empty index with `ranges`, which have the bounds of those in `from`, all of them, in
 * their order: what fork does. Faster than a load where the designs are the same, as none of the
 * ranges is looked at. O(count). -VAS_ENOMEM: still empty.
 */
VAS_API VAS_MUST_CHECK int vas_index_copy(struct vas_index *index, const struct vas_index *from,
					  struct vas_range *const *ranges);

/* Takes a range out. => it is in the index. */
VAS_API void vas_index_erase(struct vas_index *index, struct vas_range *range);

/* Moves a range's boundaries without changing its place in the order; start and end are set here.
 *  => the new [start, end) is not empty, touches no other range, and overlaps the old one. */
VAS_API void vas_index_resize(struct vas_index *index, struct vas_range *range, uint64_t start,
			      uint64_t end);

/*
 * Cuts a range in two: `low`, which is in the index, then ends where `high` starts, and `high` is
 * added. Cheaper than resize and insert, as no hole comes or goes.
 *  => low->start < high->start < high->end == low->end; reserved as for one insert.
 */
VAS_API void vas_index_split(struct vas_index *index, struct vas_range *low,
			     struct vas_range *high);

/* Makes one of two ranges of the index that touch: `high` is taken out, and `low` then ends where
 * `high` did. => low->end == high->start. */
VAS_API void vas_index_merge(struct vas_index *index, struct vas_range *low,
			     struct vas_range *high);

/* The range that contains `address`, or NULL. */
VAS_API struct vas_range *vas_index_find(const struct vas_index *index, uint64_t address);

/* The lowest range with end > address (so it contains the address or lies above it), or NULL. */
VAS_API struct vas_range *vas_index_find_ge(const struct vas_index *index, uint64_t address);

/* Neighbours of a range that is in the index; NULL at either end. O(log n) for `btree`, O(1)
 * elsewhere; to walk many, use a cursor. */
VAS_API struct vas_range *vas_index_next(const struct vas_index *index,
					 const struct vas_range *range);
VAS_API struct vas_range *vas_index_prev(const struct vas_index *index,
					 const struct vas_range *range);
VAS_API struct vas_range *vas_index_first(const struct vas_index *index);
VAS_API struct vas_range *vas_index_last(const struct vas_index *index);

/* A place in a walk upwards. Any change of the index makes it stale; seek again. */
struct vas_cursor {
	const struct vas_index *index;
	/* Links to the ranges that come next, side by side; at their end the design is asked. */
	const uint64_t *at, *end;
	void *node; /* the design's own; NULL: there are no others */
};

/* Places the cursor before the lowest range with end > address; 0 for the first of all. */
VAS_API void vas_cursor_seek(struct vas_cursor *cursor, const struct vas_index *index,
			     uint64_t address);

/* What vas_cursor_next does when the links at hand are through. => node is not NULL */
VAS_API struct vas_range *vas_cursor_step(struct vas_cursor *cursor);

/* The next range upwards, or NULL at the end. Amortised O(1). */
static inline struct vas_range *vas_cursor_next(struct vas_cursor *cursor)
{
	if (cursor->at != cursor->end)
		return (struct vas_range *)(uintptr_t)*cursor->at++;
	return cursor->node != NULL ? vas_cursor_step(cursor) : NULL;
}

/*
 * Finds a gap; see struct vas_gap.
 *  => returns false when none fits; *address is then unchanged.
 *  => the historic designs move their cache, so there a search counts as a change of the index.
 * O(log n) with VAS_FIT_LINUX, whatever lies outside of [low, high); with VAS_FIT_EXACT each hole
 * that is long enough but fails for its alignment costs O(log n) more. `list`: O(n); historic
 * designs: O(n), or O(1) where the cache helps.
 */
VAS_API VAS_MUST_CHECK bool vas_index_gap(struct vas_index *index, const struct vas_gap *gap,
					  uint64_t *address);

/* Bytes that the index takes now: its own structure, nodes in use and spare ones, and the links
 * before each range; without the ranges themselves. */
VAS_API size_t vas_index_bytes(const struct vas_index *index);

/*
 * Recomputes every cached figure and checks the order. Returns true when all is well; else prints
 * the id of the first broken invariant (INDEX-1 ... in docs/invariants.md) and what it saw.
 */
VAS_API VAS_MUST_CHECK bool vas_index_validate(const struct vas_index *index,
					       const struct vas_printer *printer);

/* Prints the structure, a node a line. */
VAS_API void vas_index_print(const struct vas_index *index, const struct vas_printer *printer);

#ifdef __cplusplus
}
#endif

#endif
