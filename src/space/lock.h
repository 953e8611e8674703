/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_SPACE_LOCK_H
#define VAS_SRC_SPACE_LOCK_H

/* mlock's account of new mappings. */

#include "space.h"

#define VAS_LOCK_FLAGS ((uint64_t)(VAS_AREA_LOCKED | VAS_AREA_LOCK_ON_FAULT))

/* A mapping at [start, end) was made with VAS_AREA_LOCKED: counts it, or takes the flag off where
 * such an area is never locked. */
void vas_lock_new(struct vas_space *space, uint64_t start, uint64_t end);

#endif
