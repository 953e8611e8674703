/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "model.h"

#include <stdlib.h>
#include <string.h>

static void reset(struct model_space *space)
{
	memset(space, 0, sizeof(*space));
	space->brk = CALL_BASE;
}

void model_start(struct model *model, const struct subject_rules *rules)
{
	model->rules = rules;
	model->last_stamp = 0;
	for (unsigned i = 0; i < CALL_SPACES; i++)
		reset(&model->spaces[i]);
}

struct run model_clip(uint64_t start, uint64_t end)
{
	struct run run = { 0, 0 };

	if (end > CALL_END)
		end = CALL_END;
	if (start < CALL_BASE)
		start = CALL_BASE;
	if (start < end) {
		run.from = model_page(start);
		run.to = model_page(end);
	}
	return run;
}

static bool alike(const struct page *below, const struct page *above)
{
	return below->mapped && above->mapped && below->flags == above->flags &&
	       below->file == above->file && below->offset + 1 == above->offset &&
	       below->name == above->name && below->policy == above->policy;
}

bool model_begins(const struct model_space *space, size_t page)
{
	const struct page *pages = space->pages;

	if (!pages[page].mapped)
		return false;
	return page == 0 || pages[page].cut || !alike(&pages[page - 1], &pages[page]);
}

size_t model_end(const struct model_space *space, size_t page)
{
	do {
		page++;
	} while (page < CALL_PAGES && space->pages[page].mapped && !model_begins(space, page));
	return page;
}

size_t model_start_of(const struct model_space *space, size_t page)
{
	while (!model_begins(space, page))
		page--;
	return page;
}

void model_heal(struct model_space *space, size_t from, size_t to)
{
	for (size_t page = from; page <= to && page < CALL_PAGES; page++)
		space->pages[page].cut = false;
}

uint64_t model_count(const struct model_space *space, uint64_t flags)
{
	uint64_t count = 0;

	for (size_t i = 0; i < CALL_PAGES; i++)
		count += space->pages[i].mapped && (space->pages[i].flags & flags) == flags;
	return count;
}

uint64_t model_mapped(const struct model_space *space)
{
	return model_count(space, 0);
}

uint64_t model_committed(const struct model *model)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < CALL_SPACES; i++)
		count += model_count(&model->spaces[i], VAS_AREA_ACCOUNT);
	return count;
}

bool model_may_charge(const struct model *model, uint64_t pages)
{
	switch (model->rules->overcommit_memory) {
	case 0:
		return pages <= model->rules->total_pages;
	case 1:
		return true;
	default:
		return model_committed(model) + pages <= model->rules->commit_limit;
	}
}

bool model_may_expand(const struct model *model, const struct model_space *space, uint64_t pages)
{
	return model_mapped(space) + pages <= model->rules->address_space >> VAS_PAGE_SHIFT;
}

bool model_may_lock(const struct model *model, const struct model_space *space, uint64_t pages)
{
	uint64_t locked = model_count(space, VAS_AREA_LOCKED) + space->locked_lost;

	return locked + pages <= model->rules->locked >> VAS_PAGE_SHIFT;
}

void model_stamp(struct model *model, struct page *page)
{
	if (page->stamp == 0)
		page->stamp = ++model->last_stamp;
}

bool model_populate(struct model *model, struct model_space *space, size_t from, size_t to, bool on)
{
	for (size_t i = from; i < to; i++) {
		struct page *page = &space->pages[i];

		if (!page->mapped || (page->flags & VAS_AREA_LOCK_ON_FAULT) != 0)
			continue;
		if ((page->flags & VAS_AREA_ACCESS) != 0)
			model_stamp(model, page);
		else if (!on)
			return false;
	}
	return true;
}

int model_do(struct model *model, const struct call *call, uint64_t *address)
{
	struct model_space *space = &model->spaces[call->space];

	*address = 0;
	switch (call->kind) {
	case CALL_MAP:
		return model_map(model, space, call, address);
	case CALL_UNMAP:
		return model_unmap(space, call->start, call->length);
	case CALL_PROTECT:
		return model_protect(model, space, call);
	case CALL_REMAP:
		return model_remap(model, space, call, address);
	case CALL_BRK:
		return model_brk(model, space, call->start, address);
	case CALL_ADVISE:
		return model_advise(model, space, call);
	case CALL_LOCK:
		return model_lock(model, space, call);
	case CALL_UNLOCK:
		return model_unlock(space, call);
	case CALL_LOCK_ALL:
		return model_lock_all(model, space, call);
	case CALL_UNLOCK_ALL:
		return model_unlock_all(space);
	case CALL_SEAL:
		return model_seal(space, call);
	case CALL_NAME:
		return model_name(space, call);
	case CALL_BIND:
		return model_bind(space, call);
	case CALL_TOUCH:
		return model_touch(model, space, call);
	case CALL_FORK:
		return model_fork(model, call);
	case CALL_EXIT:
		reset(space);
		return 0;
	default:
		abort();
	}
}

/* Comparing. */

static bool page_differs(const struct model_space *space, const struct subject *subject,
			 const struct vas_space *real, size_t i)
{
	const struct page *page = &space->pages[i];
	const struct vas_area *area = vas_find(real, model_address(i));
	const struct vas_file *file = page->file == 0 ? NULL : &subject->files[page->file];
	const char *name = call_name(page->name);
	uint64_t offset;

	if (area == NULL || !page->mapped)
		return (area != NULL) != page->mapped;
	offset = area->offset + ((model_address(i) - area->range.start) >> VAS_PAGE_SHIFT);
	return area->flags != page->flags || area->file != file || offset != page->offset ||
	       area->policy != page->policy ||
	       strcmp(vas_area_name(area), name == NULL ? "" : name) != 0 ||
	       (area->range.start == model_address(i)) != model_begins(space, i);
}

static bool counts_differ(const struct model_space *space, const struct vas_space *real)
{
	struct vas_counts counts;

	vas_space_count(real, &counts);
	return counts.total != model_mapped(space) ||
	       counts.locked != model_count(space, VAS_AREA_LOCKED) + space->locked_lost;
}

bool model_differs(const struct model *model, const struct subject *subject, char *buffer,
		   size_t size)
{
	uint64_t stamps[CALL_PAGES];

	for (unsigned s = 0; s < CALL_SPACES; s++) {
		const struct model_space *space = &model->spaces[s];

		twin_stamps(subject->twin, subject->spaces[s], CALL_BASE, stamps, CALL_PAGES);
		for (size_t i = 0; i < CALL_PAGES; i++) {
			const struct page *page = &space->pages[i];

			if (!page_differs(space, subject, subject->spaces[s], i) &&
			    stamps[i] == page->stamp)
				continue;
			snprintf(
				buffer, size,
				"space %u, page %zu (%llx): the model has %s, flags %llx, file %d, "
				"offset %llx, name %d, policy %llu, stamp %llu (not %llu), %s",
				s, i, (unsigned long long)model_address(i),
				page->mapped ? "a page" : "nothing",
				(unsigned long long)page->flags, page->file,
				(unsigned long long)page->offset, page->name,
				(unsigned long long)page->policy, (unsigned long long)page->stamp,
				(unsigned long long)stamps[i],
				model_begins(space, i) ? "an area begins" : "no area begins");
			return true;
		}
		if (counts_differ(space, subject->spaces[s])) {
			snprintf(buffer, size, "space %u: counts: %llu pages, %llu + %llu locked",
				 s, (unsigned long long)model_mapped(space),
				 (unsigned long long)model_count(space, VAS_AREA_LOCKED),
				 (unsigned long long)space->locked_lost);
			return true;
		}
	}
	if (subject->settings.committed != model_committed(model)) {
		snprintf(buffer, size, "promised: %llu, model: %llu",
			 (unsigned long long)subject->settings.committed,
			 (unsigned long long)model_committed(model));
		return true;
	}
	return false;
}
