/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_SPACE_POPULATE_H
#define VAS_SRC_SPACE_POPULATE_H

/* Touching pages on the caller's behalf: MAP_POPULATE, mlock, madvise(MADV_POPULATE_...). */

#include "space.h"

/* Touches [start, end) as mlock does: private writable memory with writes, all other with reads;
 * stops at the first page that cannot be: -VAS_EFAULT (no access, past the end of the file).
 * Unmapped parts are passed over. => touches are reserved. */
int vas_populate(struct vas_space *space, uint64_t start, uint64_t end, enum vas_touch_for who);

/* The same, on past what cannot be touched. */
void vas_populate_all(struct vas_space *space, uint64_t start, uint64_t end);

/* One area's part of it. */
int vas_populate_area(struct vas_area *area, uint64_t start, uint64_t end, bool write,
		      enum vas_touch_for who);

/* How many areas overlap [start, end). */
size_t vas_count_areas(const struct vas_space *space, uint64_t start, uint64_t end);

#endif
