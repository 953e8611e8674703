/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_TREE_RADIX_H
#define VAS_TREE_RADIX_H

/*
 * A sparse array of 64-bit values by 64-bit index: a radix tree with 64 slots a node that is only
 * as high as its largest index needs. 0 is "nothing there".
 *
 *	height 2:   root -> [ 0 .. 63 ] -> [ 64 i .. 64 i + 63 ] -> values
 */

#include <vas/base.h>

struct vas_radix_node;

struct vas_radix {
	const struct vas_allocator *allocator;
	struct vas_radix_node *root;
	unsigned height; /* 0: empty */
	size_t count;	 /* of values */
	size_t nodes;
};

static inline void vas_radix_init(struct vas_radix *radix, const struct vas_allocator *allocator)
{
	*radix = (struct vas_radix){ .allocator = allocator };
}

/* The value at an index, or 0. O(height). */
uint64_t vas_radix_get(const struct vas_radix *radix, uint64_t index);

/* Sets a value (not 0). -VAS_ENOMEM: nothing changed; never for an index that has a value. */
VAS_MUST_CHECK int vas_radix_set(struct vas_radix *radix, uint64_t index, uint64_t value);

/* Takes a value out and returns it; 0 if there was none. Frees nodes that became empty. */
uint64_t vas_radix_erase(struct vas_radix *radix, uint64_t index);

/* The first value at or above *index: moves *index there. False: none. */
bool vas_radix_next(const struct vas_radix *radix, uint64_t *index, uint64_t *value);

#endif
