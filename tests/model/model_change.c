/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The naive model: what changes the attributes of pages. */

#include "model.h"

static void set_flags(struct model_space *space, size_t from, size_t to, uint64_t flags)
{
	for (size_t i = from; i < to; i++)
		space->pages[i].flags = flags;
	model_heal(space, from, to);
}

/* mprotect of a part of one area. */
static int protect_part(struct model *model, struct model_space *space, size_t from, size_t to,
			uint32_t prot)
{
	uint64_t old = space->pages[from].flags;
	uint64_t flags = (old & ~VAS_AREA_ACCESS) | (prot & VAS_AREA_ACCESS);

	if ((flags & VAS_AREA_ACCESS & ~(old >> 4)) != 0)
		return -VAS_EACCES;
	if ((old & VAS_AREA_SEALED) != 0)
		return -VAS_EPERM;
	if (flags == old)
		return 0;
	if ((flags & VAS_AREA_WRITE) != 0) {
		if ((old & (VAS_AREA_ACCOUNT | VAS_AREA_WRITE | VAS_AREA_SHARED |
			    VAS_AREA_NO_RESERVE)) == 0) {
			if (!model_may_charge(model, to - from))
				return -VAS_ENOMEM;
			flags |= VAS_AREA_ACCOUNT;
		}
	} else if (space->pages[from].file == 0) {
		flags &= ~(uint64_t)VAS_AREA_ACCOUNT;
	}
	set_flags(space, from, to, flags);
	if ((old & (VAS_AREA_LOCKED | VAS_AREA_WRITE | VAS_AREA_SHARED)) == VAS_AREA_LOCKED &&
	    (flags & VAS_AREA_WRITE) != 0)
		(void)model_populate(model, space, from, to, false);
	return 0;
}

int model_protect(struct model *model, struct model_space *space, const struct call *call)
{
	uint64_t end = call->start + vas_page_up(call->length);
	struct run run;

	if ((call->start & VAS_PAGE_MASK) != 0)
		return -VAS_EINVAL;
	if (call->length == 0)
		return 0;
	if (end <= call->start || call->start < CALL_BASE || call->start >= CALL_END)
		return -VAS_ENOMEM;
	run = model_clip(call->start, end);
	for (size_t i = run.from; i < run.to;) {
		size_t to;
		int err;

		if (!space->pages[i].mapped)
			return -VAS_ENOMEM;
		to = model_end(space, i);
		if (to > run.to)
			to = run.to;
		err = protect_part(model, space, i, to, call->prot);
		if (err != 0)
			return err;
		i = to;
	}
	return end > CALL_END ? -VAS_ENOMEM : 0;
}

/* A walk over the parts of areas in a range, past holes. */
typedef int part_fn(struct model_space *space, size_t from, size_t to, const struct call *call);

static int each_part(struct model_space *space, const struct call *call, part_fn *visit)
{
	uint64_t length = vas_page_up(call->length), end = call->start + length;
	struct run run = model_clip(call->start, end);
	int hole = call->start < CALL_BASE || end > CALL_END ? -VAS_ENOMEM : 0;

	for (size_t i = run.from; i < run.to;) {
		size_t to;
		int err;

		if (!space->pages[i].mapped) {
			hole = -VAS_ENOMEM;
			i++;
			continue;
		}
		to = model_end(space, i);
		if (to > run.to)
			to = run.to;
		err = visit(space, i, to, call);
		if (err != 0)
			return err;
		i = to;
	}
	return hole;
}

/* What madvise, mseal and their like say about their arguments; 1: go on. */
static int range_arguments(const struct call *call)
{
	uint64_t length = vas_page_up(call->length);

	if ((call->start & VAS_PAGE_MASK) != 0 || (call->length != 0 && length == 0) ||
	    call->start + length < call->start)
		return -VAS_EINVAL;
	return length == 0 ? 0 : 1;
}

static bool wipes(int advice)
{
	return advice == VAS_ADVICE_FREE || advice == VAS_ADVICE_DONTNEED ||
	       advice == VAS_ADVICE_DONTFORK || advice == VAS_ADVICE_WIPEONFORK;
}

static int advised_flags(const struct page *page, int advice, uint64_t *flags)
{
	const uint64_t both = VAS_AREA_RANDOM | VAS_AREA_SEQUENTIAL;
	uint64_t old = page->flags;

	switch (advice) {
	case VAS_ADVICE_NORMAL:
		*flags = old & ~both;
		return 0;
	case VAS_ADVICE_RANDOM:
		*flags = (old & ~both) | VAS_AREA_RANDOM;
		return 0;
	case VAS_ADVICE_SEQUENTIAL:
		*flags = (old & ~both) | VAS_AREA_SEQUENTIAL;
		return 0;
	case VAS_ADVICE_DONTFORK:
		*flags = old | VAS_AREA_DONT_FORK;
		return 0;
	case VAS_ADVICE_DOFORK:
		*flags = old & ~(uint64_t)VAS_AREA_DONT_FORK;
		return 0;
	case VAS_ADVICE_DONTDUMP:
		*flags = old | VAS_AREA_DONT_DUMP;
		return 0;
	case VAS_ADVICE_DODUMP:
		*flags = old & ~(uint64_t)VAS_AREA_DONT_DUMP;
		return (old & VAS_AREA_DROPPABLE) != 0 ? -VAS_EINVAL : 0;
	case VAS_ADVICE_WIPEONFORK:
		*flags = old | VAS_AREA_WIPE_ON_FORK;
		return page->file != 0 || (old & VAS_AREA_SHARED) != 0 ? -VAS_EINVAL : 0;
	case VAS_ADVICE_KEEPONFORK:
		*flags = old & ~(uint64_t)VAS_AREA_WIPE_ON_FORK;
		return (old & VAS_AREA_DROPPABLE) != 0 ? -VAS_EINVAL : 0;
	case VAS_ADVICE_MERGEABLE:
		*flags = old;
		if ((old & (VAS_AREA_SHARED | VAS_AREA_MAY_SHARE | VAS_AREA_DROPPABLE)) == 0)
			*flags |= VAS_AREA_MERGEABLE;
		return 0;
	case VAS_ADVICE_UNMERGEABLE:
		*flags = old & ~(uint64_t)VAS_AREA_MERGEABLE;
		return 0;
	default:
		*flags = old;
		return 0;
	}
}

static int advise_part(struct model_space *space, size_t from, size_t to, const struct call *call)
{
	const struct page *page = &space->pages[from];
	bool locked = (page->flags & VAS_AREA_LOCKED) != 0;
	uint64_t flags;
	int err;

	if (wipes(call->number) && (page->flags & VAS_AREA_SEALED) != 0 &&
	    (page->flags & (VAS_AREA_SHARED | VAS_AREA_WRITE)) == 0 && page->file == 0)
		return -VAS_EPERM;
	if ((locked && (call->number == VAS_ADVICE_DONTNEED || call->number == VAS_ADVICE_FREE ||
			call->number == VAS_ADVICE_COLD)) ||
	    (page->file != 0 && call->number == VAS_ADVICE_FREE))
		return -VAS_EINVAL;
	if (call->number == VAS_ADVICE_DONTNEED || call->number == VAS_ADVICE_FREE) {
		for (size_t i = from; i < to; i++)
			space->pages[i].stamp = 0;
		return 0;
	}
	err = advised_flags(page, call->number, &flags);
	if (err == 0 && flags != page->flags)
		set_flags(space, from, to, flags);
	return err;
}

/* MADV_POPULATE_: stops at holes and at what may not be touched. */
static int populate(struct model *model, struct model_space *space, const struct call *call,
		    uint64_t access)
{
	uint64_t end = call->start + vas_page_up(call->length);
	struct run run = model_clip(call->start, end);

	if (call->start < CALL_BASE)
		return -VAS_ENOMEM;
	for (size_t i = run.from; i < run.to; i++) {
		if (!space->pages[i].mapped)
			return -VAS_ENOMEM;
		if ((space->pages[i].flags & access) == 0)
			return -VAS_EINVAL;
		model_stamp(model, &space->pages[i]);
	}
	return end > CALL_END ? -VAS_ENOMEM : 0;
}

int model_advise(struct model *model, struct model_space *space, const struct call *call)
{
	int go = range_arguments(call);

	if (go <= 0)
		return go;
	if (call->number == VAS_ADVICE_POPULATE_READ)
		return populate(model, space, call, VAS_AREA_READ);
	if (call->number == VAS_ADVICE_POPULATE_WRITE)
		return populate(model, space, call, VAS_AREA_WRITE);
	return each_part(space, call, advise_part);
}

static void lock_page_range(struct model_space *space, size_t from, size_t to, uint64_t lock)
{
	for (size_t i = from; i < to;) {
		size_t end = model_end(space, i);
		uint64_t old = space->pages[i].flags, flags = (old & ~RUN_LOCKS) | lock;

		if (end > to)
			end = to;
		if (flags != old && (old & VAS_AREA_DROPPABLE) == 0)
			set_flags(space, i, end, flags);
		i = end;
	}
}

/* mlock and munlock up to the first hole. */
static int lock_up_to_hole(struct model_space *space, uint64_t start, uint64_t end, uint64_t lock)
{
	struct run run = model_clip(start, end);
	size_t hole = run.from;

	if (start < CALL_BASE || start >= CALL_END)
		return -VAS_ENOMEM;
	while (hole < run.to && space->pages[hole].mapped)
		hole++;
	lock_page_range(space, run.from, hole, lock);
	return hole < run.to || end > CALL_END ? -VAS_ENOMEM : 0;
}

int model_lock(struct model *model, struct model_space *space, const struct call *call)
{
	uint64_t length = vas_page_up(call->length + (call->start & VAS_PAGE_MASK));
	uint64_t start = vas_page_down(call->start), end = start + length;
	uint64_t lock = VAS_AREA_LOCKED, limit = model->rules->locked >> VAS_PAGE_SHIFT;
	uint64_t pages = model_count(space, VAS_AREA_LOCKED) + space->locked_lost;
	struct run run = model_clip(start, end < start ? UINT64_MAX : end);
	int err;

	if ((call->flags & VAS_LOCK_ONFAULT) != 0)
		lock |= VAS_AREA_LOCK_ON_FAULT;
	pages += length >> VAS_PAGE_SHIFT;
	for (size_t i = run.from; pages > limit && i < run.to; i++)
		pages -= space->pages[i].mapped && (space->pages[i].flags & VAS_AREA_LOCKED) != 0;
	if (pages > limit)
		return -VAS_ENOMEM;
	if (end < start)
		return -VAS_EINVAL;
	if (end == start)
		return 0;
	err = lock_up_to_hole(space, start, end, lock);
	if (err == 0 && !model_populate(model, space, run.from, run.to, false))
		err = -VAS_ENOMEM;
	return err;
}

int model_unlock(struct model_space *space, const struct call *call)
{
	uint64_t length = vas_page_up(call->length + (call->start & VAS_PAGE_MASK));
	uint64_t start = vas_page_down(call->start), end = start + length;

	if (end < start)
		return -VAS_EINVAL;
	return end == start ? 0 : lock_up_to_hole(space, start, end, 0);
}

static void lock_everything(struct model_space *space, uint64_t lock)
{
	for (size_t i = 0; i < CALL_PAGES; i++) {
		size_t end;

		if (!space->pages[i].mapped)
			continue;
		end = model_end(space, i);
		lock_page_range(space, i, end, lock);
		i = end - 1;
	}
}

int model_lock_all(struct model *model, struct model_space *space, const struct call *call)
{
	uint64_t lock = VAS_AREA_LOCKED;

	if ((call->flags & (VAS_LOCK_ALL_CURRENT | VAS_LOCK_ALL_FUTURE)) == 0)
		return -VAS_EINVAL;
	if ((call->flags & VAS_LOCK_ALL_CURRENT) != 0 &&
	    model_mapped(space) > model->rules->locked >> VAS_PAGE_SHIFT)
		return -VAS_ENOMEM;
	if ((call->flags & VAS_LOCK_ALL_ONFAULT) != 0)
		lock |= VAS_AREA_LOCK_ON_FAULT;
	space->future = (call->flags & VAS_LOCK_ALL_FUTURE) != 0 ? lock : 0;
	if ((call->flags & VAS_LOCK_ALL_CURRENT) != 0) {
		lock_everything(space, lock);
		(void)model_populate(model, space, 0, CALL_PAGES, true);
	}
	return 0;
}

int model_unlock_all(struct model_space *space)
{
	space->future = 0;
	lock_everything(space, 0);
	return 0;
}

static int seal_part(struct model_space *space, size_t from, size_t to, const struct call *call)
{
	uint64_t flags = space->pages[from].flags;

	(void)call;
	if ((flags & VAS_AREA_SEALED) == 0)
		set_flags(space, from, to, flags | VAS_AREA_SEALED);
	return 0;
}

static int look_part(struct model_space *space, size_t from, size_t to, const struct call *call)
{
	(void)space;
	(void)from;
	(void)to;
	(void)call;
	return 0;
}

int model_seal(struct model_space *space, const struct call *call)
{
	int go = range_arguments(call), err;

	if (go <= 0)
		return go;
	err = each_part(space, call, look_part);
	return err != 0 ? err : each_part(space, call, seal_part);
}

static int name_part(struct model_space *space, size_t from, size_t to, const struct call *call)
{
	const struct page *page = &space->pages[from];

	/* Of the files, number 3 is shared memory. */
	if (page->file != 0 && (page->file != 3 || (page->flags & VAS_AREA_MAY_SHARE) == 0))
		return -VAS_EBADF;
	if (page->name == call->number)
		return 0;
	for (size_t i = from; i < to; i++)
		space->pages[i].name = call->number;
	model_heal(space, from, to);
	return 0;
}

int model_name(struct model_space *space, const struct call *call)
{
	int go = range_arguments(call);

	return go <= 0 ? go : each_part(space, call, name_part);
}

static int bind_part(struct model_space *space, size_t from, size_t to, const struct call *call)
{
	if (space->pages[from].policy == (uint64_t)call->number)
		return 0;
	for (size_t i = from; i < to; i++)
		space->pages[i].policy = (uint64_t)call->number;
	model_heal(space, from, to);
	return 0;
}

int model_bind(struct model_space *space, const struct call *call)
{
	uint64_t end = call->start + vas_page_up(call->length);
	struct run run = model_clip(call->start, end);
	size_t holes = 0, pages = 0;

	if ((call->start & VAS_PAGE_MASK) != 0 || end < call->start)
		return -VAS_EINVAL;
	if (end == call->start)
		return 0;
	for (size_t i = run.from; i < run.to; i++) {
		pages += space->pages[i].mapped;
		holes += !space->pages[i].mapped;
	}
	if (call->number != 0 && (holes != 0 || call->start < CALL_BASE || end > CALL_END))
		return -VAS_EFAULT;
	if (pages == 0)
		return -VAS_EFAULT;
	(void)each_part(space, call, bind_part);
	return 0;
}
