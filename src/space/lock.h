/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_SPACE_LOCK_H
#define VAS_SRC_SPACE_LOCK_H

/* The flags that mlock sets. */

#include "space.h"

#define VAS_LOCK_FLAGS ((uint64_t)(VAS_AREA_LOCKED | VAS_AREA_LOCK_ON_FAULT))

#endif
