/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_SPACE_EACH_H
#define VAS_SRC_SPACE_EACH_H

/* madvise's walk, which mseal and prctl(PR_SET_VMA) share: each area's part of a range in turn. */

#include "space.h"

/* One area's part. It may merge or split the area, and then moves *past, which is the area's end,
 * to the end of what covers `part` now. An error ends the walk. */
typedef int vas_each_fn(struct vas_area *area, struct vas_range part, void *data, uint64_t *past);

/* -VAS_ENOMEM at the end when a hole was passed over. */
int vas_each_area(struct vas_space *space, struct vas_range range, vas_each_fn *visit, void *data);

/* The same, but holes are no error. */
int vas_each_mapped(struct vas_space *space, struct vas_range range, vas_each_fn *visit,
		    void *data);

#endif
