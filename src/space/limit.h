/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_SPACE_LIMIT_H
#define VAS_SRC_SPACE_LIMIT_H

/* Limits and accounts: what a space may still map, lock or promise. All figures are pages. */

#include "space.h"

/* Adds (or takes, when negative) pages of an area with these flags to the space's counts. */
void vas_count_pages(struct vas_space *space, uint64_t flags, int64_t pages);

/* RLIMIT_AS and RLIMIT_DATA. */
bool vas_may_expand(const struct vas_space *space, uint64_t flags, uint64_t pages);

/* RLIMIT_MEMLOCK, for an area with these flags. */
bool vas_may_lock_more(const struct vas_space *space, uint64_t flags, uint64_t bytes);

/* May this process lock at all? */
bool vas_may_lock_any(const struct vas_space *space);

/* Overcommit: charges pages, or returns false and charges nothing. */
bool vas_charge(struct vas_space *space, uint64_t pages);
/* Charges without asking. */
void vas_charge_always(struct vas_space *space, uint64_t pages);
void vas_uncharge(struct vas_space *space, uint64_t pages);

/* Does an area of this file with these flags count against overcommit? */
bool vas_accountable(const struct vas_file *file, uint64_t flags);

#endif
