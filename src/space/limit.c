/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "limit.h"

enum { OVERCOMMIT_GUESS = 0, OVERCOMMIT_ALWAYS = 1 };

static bool is_data(uint64_t flags)
{
	return (flags & (VAS_AREA_WRITE | VAS_AREA_SHARED | VAS_AREA_GROWS_DOWN)) == VAS_AREA_WRITE;
}

static bool is_exec(uint64_t flags)
{
	return (flags & (VAS_AREA_EXEC | VAS_AREA_WRITE | VAS_AREA_GROWS_DOWN)) == VAS_AREA_EXEC;
}

void vas_count_pages(struct vas_space *space, uint64_t flags, int64_t pages)
{
	uint64_t change = (uint64_t)pages;

	space->total += change;
	if (is_exec(flags))
		space->exec += change;
	else if ((flags & VAS_AREA_GROWS_DOWN) != 0)
		space->stack += change;
	else if (is_data(flags))
		space->data += change;
}

bool vas_may_expand(const struct vas_space *space, uint64_t flags, uint64_t pages)
{
	const struct vas_limits *limits = &space->limits;

	if (space->total + pages > limits->address_space >> VAS_PAGE_SHIFT)
		return false;
	if (is_data(flags) && space->data + pages > limits->data >> VAS_PAGE_SHIFT) {
		/* A soft limit of 0 was common before the limit counted mmap: the hard one rules
		 * then. */
		return limits->data == 0 &&
		       space->data + pages <= limits->data_hard >> VAS_PAGE_SHIFT;
	}
	return true;
}

bool vas_may_lock_more(const struct vas_space *space, uint64_t flags, uint64_t bytes)
{
	if ((flags & VAS_AREA_LOCKED) == 0 || vas_space_may(space, VAS_MAY_LOCK))
		return true;
	return space->locked + (bytes >> VAS_PAGE_SHIFT) <= space->limits.locked >> VAS_PAGE_SHIFT;
}

bool vas_may_lock_any(const struct vas_space *space)
{
	return space->limits.locked != 0 || vas_space_may(space, VAS_MAY_LOCK);
}

bool vas_charge(struct vas_space *space, uint64_t pages)
{
	struct vas_settings *settings = space->settings;

	if (settings->overcommit_memory == OVERCOMMIT_GUESS) {
		if (pages > settings->total_pages)
			return false;
	} else if (settings->overcommit_memory != OVERCOMMIT_ALWAYS) {
		if (__atomic_load_n(&settings->committed, __ATOMIC_RELAXED) + pages >
		    settings->commit_limit)
			return false;
	}
	vas_charge_always(space, pages);
	return true;
}

void vas_charge_always(struct vas_space *space, uint64_t pages)
{
	__atomic_fetch_add(&space->settings->committed, pages, __ATOMIC_RELAXED);
}

void vas_uncharge(struct vas_space *space, uint64_t pages)
{
	__atomic_fetch_sub(&space->settings->committed, pages, __ATOMIC_RELAXED);
}

bool vas_accountable(const struct vas_file *file, uint64_t flags)
{
	if (file != NULL && (file->flags & VAS_FILE_HUGE_PAGES) != 0)
		return false;
	return (flags & (VAS_AREA_NO_RESERVE | VAS_AREA_SHARED | VAS_AREA_WRITE)) == VAS_AREA_WRITE;
}
