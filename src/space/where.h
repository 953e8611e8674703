/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_SPACE_WHERE_H
#define VAS_SRC_SPACE_WHERE_H

/* Where a new mapping goes: hints, fixed addresses, the search for a gap, huge-page alignment. */

#include "space.h"

struct vas_where {
	uint64_t length; /* page-aligned, > 0 */
	uint64_t page;	 /* page offset in the file; 0 for anonymous memory */
	uint32_t flags;	 /* VAS_FIXED, VAS_32BIT, VAS_ABOVE4G, VAS_SHARED ... */
	const struct vas_file *file;
};

/*
 * In: *address is the hint or the fixed address; out: the place.
 * -VAS_ENOMEM: no gap, or it does not fit. -VAS_EINVAL: fixed and not page-aligned.
 * -VAS_EPERM: below fixed_min_addr.
 */
int vas_find_place(struct vas_space *space, const struct vas_where *where, uint64_t *address);

/* Where a stack's guard gap begins; the area's start for all others. */
uint64_t vas_guarded_start(const struct vas_area *area);

#endif
