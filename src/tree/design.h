/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_TREE_DESIGN_H
#define VAS_TREE_DESIGN_H

/*
 * The seam between the front of the index (index.c) and its designs: one table of functions each.
 *
 * The front checks arguments, counts the ranges and serves vas_index_gap; a design keeps the order
 * and answers where ranges and holes are. A design's own structure starts with `struct vas_index`.
 */

#include <vas/index.h>

struct vas_index_ops;

struct vas_index {
	const struct vas_index_ops *ops;
	const struct vas_allocator *allocator;
	size_t count;
};

/*
 * Preconditions are those of the functions of the same name in <vas/index.h>; the front has checked
 * what costs O(1). `count` is changed by the front, after insert and before erase.
 *
 * A hole is the space right before a range: from the end of the range before it, or 0, to its
 * start. The space after the last range is nobody's; the front looks at it by itself.
 */
struct vas_index_ops {
	const char *name;
	size_t link_bytes; /* wanted before each range */
	size_t size;  /* of the design's structure; `create` finds it zeroed but for the head */
	size_t align; /* of that structure; 0: no more than malloc gives */

	void (*create)(struct vas_index *index);
	void (*destroy)(struct vas_index *index);
	int (*reserve)(struct vas_index *index, size_t inserts);
	void (*insert)(struct vas_index *index, struct vas_range *range);
	int (*load)(struct vas_index *index, struct vas_range *const *ranges, size_t count);
	/* NULL: as a load. => the same design, and `from` is not empty. */
	int (*copy)(struct vas_index *index, const struct vas_index *from,
		    struct vas_range *const *ranges);
	void (*erase)(struct vas_index *index, struct vas_range *range);
	void (*resize)(struct vas_index *index, struct vas_range *range, uint64_t start,
		       uint64_t end);
	/* NULL: as a resize and an insert, an erase and a resize. */
	void (*split)(struct vas_index *index, struct vas_range *low, struct vas_range *high);
	void (*merge)(struct vas_index *index, struct vas_range *low, struct vas_range *high);

	struct vas_range *(*find)(const struct vas_index *index, uint64_t address);
	struct vas_range *(*find_ge)(const struct vas_index *index, uint64_t address);
	struct vas_range *(*next)(const struct vas_index *index, const struct vas_range *range);
	struct vas_range *(*prev)(const struct vas_index *index, const struct vas_range *range);
	struct vas_range *(*first)(const struct vas_index *index);
	struct vas_range *(*last)(const struct vas_index *index);
	void (*seek)(struct vas_cursor *cursor, const struct vas_index *index, uint64_t address);
	/* When no links are at hand, but a node; may put the next ones there. */
	struct vas_range *(*step)(struct vas_cursor *cursor);

	/* vas_gap_search of gap.h, on the two that follow; or a search of its own, and those are
	 * NULL. */
	bool (*gap)(struct vas_index *index, const struct vas_gap *gap, uint64_t *address);
	/* The lowest hole of at least `length` bytes (not 0) with hole->end > from. */
	bool (*hole_up)(const struct vas_index *index, uint64_t from, uint64_t length,
			struct vas_range *hole);
	/* The highest hole of at least `length` bytes (not 0) with hole->start < below. */
	bool (*hole_down)(const struct vas_index *index, uint64_t below, uint64_t length,
			  struct vas_range *hole);

	size_t (*bytes)(const struct vas_index *index);
	bool (*validate)(const struct vas_index *index, const struct vas_printer *printer);
	void (*print)(const struct vas_index *index, const struct vas_printer *printer);
};

extern const struct vas_index_ops vas_list_ops;
extern const struct vas_index_ops vas_list_cache_ops;
extern const struct vas_index_ops vas_list_cache_bare_ops;
extern const struct vas_index_ops vas_avl_ops;
extern const struct vas_index_ops vas_rbtree_ops;

/* Reports a broken invariant: "INDEX-n: ..." and a line end. Returns false. */
__attribute__((format(printf, 3, 4))) bool
vas_index_broken(const struct vas_printer *printer, const char *id, const char *format, ...);

#endif
