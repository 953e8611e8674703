/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * mprotect and pkey_mprotect. Areas change one by one from below; an error leaves those below it
 * changed, as in Linux.
 */

#include "edit.h"
#include "limit.h"
#include "map.h"
#include "populate.h"

#define KEYS 16

/* Splits at both ends. */
#define PROTECT_AREAS 2

struct change {
	uint64_t start, end;
	uint32_t prot;
	int key;
};

static uint64_t key_flags(uint64_t flags, int key)
{
	if (key < 0)
		return flags & VAS_AREA_PKEY;
	return (uint64_t)key << VAS_AREA_PKEY_SHIFT;
}

/* Does turning this area's memory into private writable memory need a promise? */
static bool becomes_accountable(uint64_t flags)
{
	return (flags & (VAS_AREA_ACCOUNT | VAS_AREA_WRITE | VAS_AREA_HUGE_PAGES | VAS_AREA_SHARED |
			 VAS_AREA_NO_RESERVE)) == 0;
}

/* Memory that was never written and can be no longer: its promise is taken back (since 6.5). */
static bool gives_promise_back(const struct vas_area *area)
{
	return area->space->settings->kernel >= VAS_KERNEL(6, 5) &&
	       (area->flags & VAS_AREA_ACCOUNT) != 0 && vas_area_anonymous(area) &&
	       vas_untouched(area);
}

/* One area's part, [start, end). *past: where the area that covers it now ends. */
static int protect_area(struct vas_area *area, uint64_t start, uint64_t end, uint64_t flags,
			uint64_t *past)
{
	struct vas_space *space = area->space;
	uint64_t old = area->flags, pages = (end - start) >> VAS_PAGE_SHIFT, charged = 0;
	int err;

	*past = area->range.end;
	if ((old & VAS_AREA_SEALED) != 0)
		return -VAS_EPERM;
	if (flags == old)
		return 0;
	if ((flags & VAS_AREA_WRITE) != 0) {
		if (!vas_may_expand(space, flags, pages) && vas_may_expand(space, old, pages))
			return -VAS_ENOMEM;
		if (becomes_accountable(old)) {
			if (!vas_charge(space, pages))
				return -VAS_ENOMEM;
			charged = pages;
			flags |= VAS_AREA_ACCOUNT;
		}
	} else if (gives_promise_back(area)) {
		flags &= ~(uint64_t)VAS_AREA_ACCOUNT;
	}
	err = vas_modify(area, (struct vas_range){ start, end }, vas_with_flags(area, flags), past);
	if (err != 0) {
		vas_uncharge(space, charged);
		return err;
	}
	if ((old & VAS_AREA_ACCOUNT) != 0 && (flags & VAS_AREA_ACCOUNT) == 0)
		vas_uncharge(space, pages);
	vas_count_pages(space, old, -(int64_t)pages);
	vas_count_pages(space, flags, (int64_t)pages);
	if ((old & (VAS_AREA_WRITE | VAS_AREA_SHARED | VAS_AREA_LOCKED)) == VAS_AREA_LOCKED &&
	    (flags & VAS_AREA_WRITE) != 0)
		(void)vas_populate(space, start, end, VAS_TOUCH_FOR_NOBODY);
	return 0;
}

/* Would the new flags break the promise of vas_space_refuse_exec_gain? */
static bool gains_exec(const struct vas_area *area, uint64_t flags)
{
	if (!area->space->refuse_exec_gain || (flags & VAS_AREA_EXEC) == 0)
		return false;
	return (flags & VAS_AREA_WRITE) != 0 || (area->flags & VAS_AREA_EXEC) == 0;
}

static int protect_range(struct vas_space *space, const struct change *change)
{
	bool implies_exec =
		(space->personality & VAS_READ_IMPLIES_EXEC) != 0 && (change->prot & VAS_READ) != 0;
	struct vas_area *area = vas_find_ge(space, change->start);
	uint64_t at = change->start;

	while (at < change->end) {
		uint64_t flags, to, past;
		uint32_t prot = change->prot;
		int err;

		if (area == NULL || area->range.start > at)
			return -VAS_ENOMEM;
		if (implies_exec && (area->flags & VAS_AREA_MAY_EXEC) != 0)
			prot |= VAS_EXEC;
		flags = (area->flags & ~(VAS_AREA_ACCESS | VAS_AREA_PKEY)) | vas_prot_flags(prot) |
			key_flags(area->flags, change->key);
		if ((vas_prot_flags(prot) & ~(area->flags >> 4)) != 0)
			return -VAS_EACCES;
		if (gains_exec(area, flags))
			return -VAS_EACCES;
		to = area->range.end < change->end ? area->range.end : change->end;
		err = protect_area(area, at, to, flags, &past);
		if (err != 0)
			return err;
		at = past > to ? past : to;
		area = vas_find_ge(space, at);
	}
	return 0;
}

/* Where the range really begins or ends with PROT_GROWSDOWN and PROT_GROWSUP. */
static int adjust(struct vas_space *space, uint32_t grows, struct change *change)
{
	struct vas_area *area = vas_find_ge(space, change->start);

	if (area == NULL || area->range.start >= change->end)
		return -VAS_ENOMEM;
	if (grows == VAS_PROT_GROWSDOWN) {
		change->start = area->range.start;
		return (area->flags & VAS_AREA_GROWS_DOWN) == 0 ? -VAS_EINVAL : 0;
	}
	if (area->range.start > change->start)
		return -VAS_ENOMEM;
	return grows == VAS_PROT_GROWSUP ? -VAS_EINVAL : 0;
}

static int do_protect(struct vas_space *space, uint64_t start, uint64_t length, uint32_t prot,
		      int key)
{
	const uint32_t both = VAS_PROT_GROWSDOWN | VAS_PROT_GROWSUP;
	struct vas_need need = { .areas = PROTECT_AREAS };
	struct change change = { .start = start, .prot = prot & ~both, .key = key };
	int err;

	if ((prot & both) == both || (start & VAS_PAGE_MASK) != 0)
		return -VAS_EINVAL;
	if (length == 0)
		return 0;
	change.end = start + vas_page_up(length);
	if (change.end <= start)
		return -VAS_ENOMEM;
	if ((change.prot & ~(uint32_t)(VAS_READ | VAS_WRITE | VAS_EXEC | VAS_PROT_SEM)) != 0)
		return -VAS_EINVAL;
	if (key != -1 && (key < 0 || key >= KEYS || (space->keys >> key & 1) == 0))
		return -VAS_EINVAL;
	err = adjust(space, prot & both, &change);
	if (err != 0)
		return err;
	need.range = (struct vas_range){ change.start, change.end };
	need.touches = vas_count_areas(space, change.start, change.end);
	err = vas_space_reserve(space, &need);
	if (err != 0)
		return err;
	err = protect_range(space, &change);
	vas_space_settle(space);
	return err;
}

int vas_protect(struct vas_space *space, uint64_t start, uint64_t length, uint32_t prot, int key)
{
	return VAS_CALL(space, do_protect(space, start, length, prot, key));
}

static int do_pkey_alloc(struct vas_space *space, int *key)
{
	if (!space->settings->protection_keys)
		return -VAS_ENOSPC;
	for (int i = 1; i < KEYS; i++) {
		if ((space->keys >> i & 1) == 0) {
			space->keys |= 1u << i;
			*key = i;
			return 0;
		}
	}
	return -VAS_ENOSPC;
}

int vas_pkey_alloc(struct vas_space *space, int *key)
{
	return VAS_CALL(space, do_pkey_alloc(space, key));
}

static int do_pkey_free(struct vas_space *space, int key)
{
	if (key <= 0 || key >= KEYS || (space->keys >> key & 1) == 0)
		return -VAS_EINVAL;
	space->keys &= ~(1u << key);
	return 0;
}

int vas_pkey_free(struct vas_space *space, int key)
{
	return VAS_CALL(space, do_pkey_free(space, key));
}
