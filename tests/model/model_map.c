/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The naive model: what adds pages and takes them away. */

#include "model.h"

#include <string.h>

int model_clear_prepare(struct model_space *space, uint64_t start, uint64_t end)
{
	struct run run = model_clip(start, end);
	struct page *pages = space->pages;

	if (run.from < run.to && pages[run.from].mapped && !model_begins(space, run.from)) {
		if ((pages[run.from].flags & VAS_AREA_SEALED) != 0)
			return -VAS_EPERM;
		pages[run.from].cut = true;
	}
	for (size_t i = run.from; i < run.to; i++)
		if (pages[i].mapped && (pages[i].flags & VAS_AREA_SEALED) != 0)
			return -VAS_EPERM;
	if (run.from < run.to && run.to < CALL_PAGES && pages[run.to].mapped &&
	    !model_begins(space, run.to))
		pages[run.to].cut = true;
	return 0;
}

void model_clear(struct model_space *space, uint64_t start, uint64_t end)
{
	struct run run = model_clip(start, end);

	for (size_t i = run.from; i < run.to; i++)
		memset(&space->pages[i], 0, sizeof(space->pages[i]));
	if (run.from < run.to && run.to < CALL_PAGES)
		space->pages[run.to].cut = false;
}

int model_unmap(struct model_space *space, uint64_t start, uint64_t length)
{
	uint64_t end;
	int err;

	if ((start & VAS_PAGE_MASK) != 0 || start > CALL_END || length > CALL_END - start ||
	    length == 0)
		return -VAS_EINVAL;
	end = start + vas_page_up(length);
	err = model_clear_prepare(space, start, end);
	if (err == 0)
		model_clear(space, start, end);
	return err;
}

/* The first address of the guard below what is mapped at or above `page`; CALL_END: nothing is. */
static uint64_t guard_of_next(const struct model *model, const struct model_space *space,
			      size_t page)
{
	uint64_t gap = model->rules->stack_guard_gap;

	while (page < CALL_PAGES && !space->pages[page].mapped)
		page++;
	if (page == CALL_PAGES)
		return UINT64_MAX;
	if ((space->pages[page].flags & VAS_AREA_GROWS_DOWN) == 0)
		return model_address(page);
	return model_address(page) < gap ? 0 : model_address(page) - gap;
}

static bool all_free(const struct model_space *space, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (space->pages[i].mapped)
			return false;
	return true;
}

static bool hint_free(const struct model *model, const struct model_space *space, uint64_t hint,
		      uint64_t length)
{
	struct run run = model_clip(hint, hint + length);

	return all_free(space, run.from, run.to) &&
	       hint + length <= guard_of_next(model, space, run.to);
}

/* The highest place below page `high`; a stack's guard lowers `high` and the search begins anew. */
static bool search_down(const struct model *model, const struct model_space *space, size_t high,
			size_t count, size_t *page)
{
	while (high >= count) {
		size_t at = high - count, top;
		uint64_t guard;

		while (at > 0 && !all_free(space, at, at + count))
			at--;
		if (!all_free(space, at, at + count))
			return false;
		top = at + count;
		while (top < high && !space->pages[top].mapped)
			top++;
		guard = guard_of_next(model, space, top);
		*page = at;
		if (guard == UINT64_MAX || guard >= model_address(top))
			return true;
		if (guard < CALL_BASE)
			return false;
		high = model_page(guard);
	}
	return false;
}

/* The lowest place from page `low` on. */
static bool search_up(const struct model *model, const struct model_space *space, size_t low,
		      size_t count, size_t *page)
{
	for (size_t at = low; at + count <= CALL_PAGES; at++) {
		uint64_t guard;

		if (!all_free(space, at, at + count))
			continue;
		guard = guard_of_next(model, space, at + count);
		/* Linux is content with one byte less than it should. */
		if (guard == UINT64_MAX || guard >= model_address(at + count) - 1) {
			*page = at;
			return true;
		}
		while (!space->pages[at].mapped)
			at++;
	}
	return false;
}

int model_place(const struct model *model, const struct model_space *space, uint64_t hint,
		uint64_t length, uint64_t *address)
{
	size_t count = length >> VAS_PAGE_SHIFT, page;
	bool found = false;

	hint = model->rules->direction == VAS_TOP_DOWN ? vas_page_down(hint) : vas_page_up(hint);
	if (hint != 0 && CALL_END - length >= hint && hint_free(model, space, hint, length)) {
		*address = hint;
		return 0;
	}
	if (count > CALL_PAGES)
		return -VAS_ENOMEM;
	if (model->rules->direction == VAS_TOP_DOWN)
		found = search_down(model, space, CALL_PAGES - 20, count, &page);
	if (!found && !search_up(model, space, 30, count, &page))
		return -VAS_ENOMEM;
	*address = model_address(page);
	return 0;
}

/* What the area of a mapping would be like: file, flags, or why not. */
static int draft(const struct model_space *space, const struct call *call, struct page *page)
{
	bool shared = (call->flags & VAS_MAP_TYPE) == VAS_SHARED;

	*page = (struct page){ .mapped = true, .file = call->number };
	page->flags = RUN_MAY | (call->prot & VAS_AREA_ACCESS) | space->future;
	if ((call->flags & VAS_GROWSDOWN) != 0)
		page->flags |= VAS_AREA_GROWS_DOWN;
	if ((call->flags & VAS_LOCKED) != 0)
		page->flags |= VAS_AREA_LOCKED;
	if ((call->flags & VAS_MAP_TYPE) == VAS_DROPPABLE) {
		if ((call->flags & (VAS_LOCKED | VAS_GROWSDOWN)) != 0)
			return -VAS_EINVAL;
		page->flags |= VAS_AREA_DROPPABLE | VAS_AREA_NO_RESERVE | VAS_AREA_WIPE_ON_FORK |
			       VAS_AREA_DONT_DUMP;
		page->flags &= ~RUN_LOCKS;
	}
	if (call->number == 2) { /* opened for reading, on a file system without execution */
		if (shared && (call->prot & VAS_WRITE) != 0)
			return -VAS_EACCES;
		if ((call->prot & VAS_EXEC) != 0)
			return -VAS_EPERM;
		page->flags &= ~(uint64_t)VAS_AREA_MAY_EXEC;
	}
	if (call->number != 0 && (call->flags & VAS_GROWSDOWN) != 0)
		return -VAS_EINVAL;
	if (shared) {
		page->flags |= VAS_AREA_MAY_SHARE | VAS_AREA_SHARED;
		if (call->number == 2)
			page->flags &= ~(uint64_t)(VAS_AREA_SHARED | VAS_AREA_MAY_WRITE);
	}
	return 0;
}

/* Its address, checked. */
static int choose(const struct model *model, const struct model_space *space,
		  const struct call *call, uint64_t length, uint64_t *address)
{
	struct run run;
	int err;

	*address = call->start;
	if (length > CALL_END)
		return -VAS_ENOMEM;
	if ((call->flags & (VAS_FIXED | VAS_FIXED_NOREPLACE)) == 0) {
		uint64_t hint = vas_page_down(call->start);

		if (hint != 0 && hint < CALL_BASE)
			hint = CALL_BASE;
		err = model_place(model, space, hint, length, address);
		if (err != 0)
			return err;
	}
	if (*address > UINT64_MAX - 4095)
		return -(int)(UINT64_MAX - *address + 1);
	if (*address > CALL_END - length)
		return -VAS_ENOMEM;
	if ((*address & VAS_PAGE_MASK) != 0)
		return -VAS_EINVAL;
	if (*address < CALL_BASE)
		return -VAS_EPERM;
	run = model_clip(*address, *address + length);
	if ((call->flags & VAS_FIXED_NOREPLACE) != 0 && !all_free(space, run.from, run.to))
		return -VAS_EEXIST;
	return 0;
}

/* May so much be mapped there? ACCOUNT is added to the page's flags where it is charged. */
static int charge(const struct model *model, const struct model_space *space,
		  const struct call *call, struct run run, struct page *page)
{
	uint64_t pages = run.to - run.from, replaced = 0, charged = 0;
	const uint64_t private_write = VAS_AREA_WRITE;

	if ((call->flags & VAS_NORESERVE) != 0 && model->rules->overcommit_memory != 2)
		page->flags |= VAS_AREA_NO_RESERVE;
	for (size_t i = run.from; i < run.to; i++) {
		replaced += space->pages[i].mapped;
		charged += (space->pages[i].flags & VAS_AREA_ACCOUNT) != 0;
	}
	if (!model_may_expand(model, space, pages - replaced))
		return -VAS_ENOMEM;
	if ((page->flags & (VAS_AREA_NO_RESERVE | VAS_AREA_SHARED | VAS_AREA_WRITE)) !=
	    private_write)
		return 0;
	if (pages > charged && !model_may_charge(model, pages - charged))
		return -VAS_ENOMEM;
	page->flags |= VAS_AREA_ACCOUNT;
	return 0;
}

int model_map(struct model *model, struct model_space *space, const struct call *call,
	      uint64_t *address)
{
	uint64_t length = vas_page_up(call->length), at;
	bool locks = (space->future & VAS_AREA_LOCKED) != 0 || (call->flags & VAS_LOCKED) != 0;
	struct page page;
	struct run run;
	int err;

	*address = call->start;
	if (call->length == 0)
		return -VAS_EINVAL;
	if (length == 0)
		return -VAS_ENOMEM;
	if ((call->offset >> VAS_PAGE_SHIFT) + (length >> VAS_PAGE_SHIFT) < call->offset >>
	    VAS_PAGE_SHIFT)
		return -VAS_EOVERFLOW;
	err = choose(model, space, call, length, &at);
	if (err != 0)
		return err;
	if (locks && !model_may_lock(model, space, length >> VAS_PAGE_SHIFT))
		return -VAS_EAGAIN;
	err = draft(space, call, &page);
	if (err == 0)
		err = model_clear_prepare(space, at, at + length);
	run = model_clip(at, at + length);
	if (err == 0)
		err = charge(model, space, call, run, &page);
	if (err != 0)
		return err;
	model_clear(space, at, at + length);
	for (size_t i = run.from; i < run.to; i++) {
		space->pages[i] = page;
		space->pages[i].offset = model_address(i) >> VAS_PAGE_SHIFT;
		if (page.file != 0)
			space->pages[i].offset = (call->offset >> VAS_PAGE_SHIFT) + (i - run.from);
	}
	model_heal(space, run.from, run.to);
	if (locks || (call->flags & (VAS_POPULATE | VAS_NONBLOCK)) == VAS_POPULATE)
		(void)model_populate(model, space, run.from, run.to, false);
	*address = at;
	return 0;
}

static bool shrink_heap(struct model_space *space, uint64_t end, uint64_t old_end)
{
	struct run run = model_clip(end, old_end);

	if (all_free(space, run.from, run.to) || model_clear_prepare(space, end, old_end) != 0)
		return false;
	model_clear(space, end, old_end);
	return true;
}

static bool grow_heap(struct model *model, struct model_space *space, uint64_t old_end,
		      uint64_t end)
{
	struct run run = model_clip(old_end, end);
	uint64_t count = run.to - run.from;

	if (end > CALL_END ||
	    ((space->future & VAS_AREA_LOCKED) != 0 && !model_may_lock(model, space, count)) ||
	    !all_free(space, run.from, run.to) ||
	    end + VAS_PAGE_SIZE > guard_of_next(model, space, run.to) ||
	    !model_may_expand(model, space, count) || !model_may_charge(model, count))
		return false;
	for (size_t i = run.from; i < run.to; i++)
		space->pages[i] = (struct page){
			.mapped = true,
			.flags = VAS_AREA_READ | VAS_AREA_WRITE | RUN_MAY | VAS_AREA_ACCOUNT |
				 space->future,
			.offset = model_address(i) >> VAS_PAGE_SHIFT,
		};
	model_heal(space, run.from, run.to - 1);
	if ((space->future & VAS_AREA_LOCKED) != 0)
		(void)model_populate(model, space, run.from, run.to, false);
	return true;
}

int model_brk(struct model *model, struct model_space *space, uint64_t to, uint64_t *now)
{
	uint64_t end = vas_page_up(to), old_end = vas_page_up(space->brk);
	bool moved = to >= CALL_BASE;

	if (moved && end < old_end)
		moved = shrink_heap(space, end, old_end);
	else if (moved && end > old_end)
		moved = grow_heap(model, space, old_end, end);
	if (moved)
		space->brk = to;
	*now = space->brk;
	return 0;
}

/* The stack above `page` grows down to it. */
static bool grow_stack(struct model *model, struct model_space *space, size_t page, size_t stack)
{
	struct page *pages = space->pages;
	uint64_t flags = pages[stack].flags, count = stack - page;
	size_t below = page;

	while (below > 0 && !pages[below - 1].mapped)
		below--;
	if (below > 0 && (pages[below - 1].flags & VAS_AREA_GROWS_DOWN) == 0 &&
	    (pages[below - 1].flags & VAS_AREA_ACCESS) != 0 &&
	    (page - below) * VAS_PAGE_SIZE < model->rules->stack_guard_gap)
		return false;
	if (!model_may_expand(model, space, count) ||
	    ((flags & VAS_AREA_LOCKED) != 0 && !model_may_lock(model, space, count)) ||
	    !model_may_charge(model, count))
		return false;
	for (size_t i = page; i < stack; i++) {
		pages[i] = pages[stack];
		pages[i].offset = model_address(i) >> VAS_PAGE_SHIFT;
		pages[i].stamp = 0;
		pages[i].cut = i == page; /* even if it touches another stack */
	}
	pages[stack].cut = false;
	return true;
}

int model_touch(struct model *model, struct model_space *space, const struct call *call)
{
	size_t page, stack;
	uint64_t flags;

	if (call->start >= CALL_END)
		return -VAS_EFAULT;
	page = call->start < CALL_BASE ? 0 : model_page(call->start);
	for (stack = page; stack < CALL_PAGES && !space->pages[stack].mapped;)
		stack++;
	if (stack == CALL_PAGES)
		return -VAS_EFAULT;
	flags = space->pages[stack].flags;
	if (call->start < CALL_BASE || stack != page) {
		if ((flags & VAS_AREA_GROWS_DOWN) == 0 || call->start < CALL_BASE ||
		    !grow_stack(model, space, page, stack))
			return -VAS_EFAULT;
	}
	if ((call->prot & VAS_ACCESS_WRITE) != 0 ? (flags & VAS_AREA_WRITE) == 0
						 : (flags & VAS_AREA_ACCESS) == 0)
		return -VAS_EACCES;
	model_stamp(model, &space->pages[page]);
	return 0;
}

int model_fork(struct model *model, const struct call *call)
{
	const struct model_space *parent = &model->spaces[call->space];
	struct model_space *child = &model->spaces[call->other];
	uint64_t pages = 0;
	bool fits = true;

	if (call->space == call->other)
		return 0;
	memset(child, 0, sizeof(*child));
	child->brk = CALL_BASE;
	for (size_t i = 0; i < CALL_PAGES; i++) {
		const struct page *page = &parent->pages[i];

		if ((page->flags & (VAS_AREA_ACCOUNT | VAS_AREA_DONT_FORK)) != VAS_AREA_ACCOUNT)
			continue;
		pages++;
		/* Guesswork looks at each area by itself. */
		if (model->rules->overcommit_memory == 0 && model_begins(parent, i))
			fits &= model_may_charge(model, model_end(parent, i) - i);
	}
	if (!fits || (model->rules->overcommit_memory == 2 && !model_may_charge(model, pages)))
		return -VAS_ENOMEM;
	child->brk = parent->brk;
	for (size_t i = 0; i < CALL_PAGES; i++) {
		const struct page *page = &parent->pages[i];

		if (!page->mapped || (page->flags & VAS_AREA_DONT_FORK) != 0)
			continue;
		child->pages[i] = *page;
		child->pages[i].flags &= ~RUN_LOCKS;
		child->pages[i].cut = model_begins(parent, i);
		if ((page->flags & VAS_AREA_WIPE_ON_FORK) != 0)
			child->pages[i].stamp = 0;
	}
	return 0;
}
