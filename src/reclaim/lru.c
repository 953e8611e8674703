/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Pages by age, in doubly linked lists through the frames' records.
 *
 *	            young end                      old end
 *	active      first -> page -> ... -> page -> last     --.
 *	                                                       | not used since it got here
 *	inactive .->first -> page -> ... -> page -> last ------|--> reclaim
 *	         '---------------------------------------------'
 *
 * Second chance with two lists, as Linux and the BSDs have it (the segmented FIFO of Turner and
 * Levy, VMS 1981): a page that was used once and never again passes through the inactive list and
 * leaves what is in steady use alone.
 */

#include "lru.h"

#include "base/print.h"
#include "page/page.h"

void vas_lru_init(struct vas_lru *lru, struct vas_frames *frames)
{
	*lru = (struct vas_lru){ .frames = frames };
}

static struct vas_lru_part *part_of(struct vas_lru *lru, const struct vas_page *page)
{
	return &lru->parts[vas_frame_number(lru->frames, page) % VAS_SHARED_SLOTS];
}

static enum vas_lru_kind kind_of(const struct vas_page *page, bool active)
{
	enum vas_lru_kind inactive =
		page->kind == VAS_PAGE_OBJECT ? VAS_LRU_OBJECT_INACTIVE : VAS_LRU_PRIVATE_INACTIVE;

	return (enum vas_lru_kind)(inactive + active);
}

/* The frame allocator may still look at `next` of a frame that another thread has taken. */
static void set_next(struct vas_page *page, uint32_t next)
{
	__atomic_store_n(&page->next, next, __ATOMIC_RELAXED);
}

static void set_count(struct vas_lru_list *list, uint32_t count)
{
	__atomic_store_n(&list->count, count, __ATOMIC_RELAXED);
}

/* All below: => the part's lock. */
static void link_young(struct vas_lru *lru, struct vas_lru_list *list, struct vas_page *page)
{
	uint32_t number = vas_frame_number(lru->frames, page);

	page->prev = 0;
	set_next(page, list->first);
	if (list->first != 0)
		vas_frame_page(lru->frames, list->first)->prev = number;
	else
		list->last = number;
	list->first = number;
	set_count(list, list->count + 1);
}

static void link_old(struct vas_lru *lru, struct vas_lru_list *list, struct vas_page *page)
{
	uint32_t number = vas_frame_number(lru->frames, page);

	page->prev = list->last;
	set_next(page, 0);
	if (list->last != 0)
		set_next(vas_frame_page(lru->frames, list->last), number);
	else
		list->first = number;
	list->last = number;
	set_count(list, list->count + 1);
}

static void unlink_page(struct vas_lru *lru, struct vas_lru_list *list, struct vas_page *page)
{
	if (page->prev != 0)
		set_next(vas_frame_page(lru->frames, page->prev), page->next);
	else
		list->first = page->next;
	if (page->next != 0)
		vas_frame_page(lru->frames, page->next)->prev = page->prev;
	else
		list->last = page->prev;
	set_next(page, 0);
	page->prev = 0;
	set_count(list, list->count - 1);
}

static struct vas_lru_list *list_of(struct vas_lru_part *part, const struct vas_page *page)
{
	return &part->lists[kind_of(page, vas_page_is(page, VAS_PAGE_ACTIVE))];
}

void vas_lru_add(struct vas_lru *lru, struct vas_page *page, bool active)
{
	struct vas_lru_part *part = part_of(lru, page);

	vas_debug(vas_page_references(page) > 0);
	vas_mutex_lock(&part->lock, VAS_RANK_LEAF);
	if (!vas_page_is(page, VAS_PAGE_LISTED)) {
		vas_page_set(page, VAS_PAGE_LISTED | (active ? VAS_PAGE_ACTIVE : 0));
		link_young(lru, &part->lists[kind_of(page, active)], page);
	}
	vas_mutex_unlock(&part->lock, VAS_RANK_LEAF);
}

bool vas_lru_take(struct vas_lru *lru, struct vas_page *page, bool *active)
{
	struct vas_lru_part *part = part_of(lru, page);
	bool listed;

	vas_mutex_lock(&part->lock, VAS_RANK_LEAF);
	listed = vas_page_is(page, VAS_PAGE_LISTED);
	if (active != NULL)
		*active = listed && vas_page_is(page, VAS_PAGE_ACTIVE);
	if (listed) {
		unlink_page(lru, list_of(part, page), page);
		vas_page_clear(page, VAS_PAGE_LISTED | VAS_PAGE_ACTIVE);
	}
	vas_mutex_unlock(&part->lock, VAS_RANK_LEAF);
	return listed;
}

void vas_lru_remove(struct vas_lru *lru, struct vas_page *page)
{
	(void)vas_lru_take(lru, page, NULL);
}

void vas_lru_age(struct vas_lru *lru, struct vas_page *page)
{
	struct vas_lru_part *part = part_of(lru, page);

	vas_page_clear(page, VAS_PAGE_REFERENCED);
	vas_mutex_lock(&part->lock, VAS_RANK_LEAF);
	if (vas_page_is(page, VAS_PAGE_LISTED)) {
		unlink_page(lru, list_of(part, page), page);
		vas_page_clear(page, VAS_PAGE_ACTIVE);
		link_old(lru, list_of(part, page), page);
	}
	vas_mutex_unlock(&part->lock, VAS_RANK_LEAF);
}

void vas_lru_activate(struct vas_lru *lru, struct vas_page *page)
{
	struct vas_lru_part *part = part_of(lru, page);

	vas_mutex_lock(&part->lock, VAS_RANK_LEAF);
	if (vas_page_is(page, VAS_PAGE_LISTED)) {
		unlink_page(lru, list_of(part, page), page);
		vas_page_set(page, VAS_PAGE_ACTIVE);
		link_young(lru, list_of(part, page), page);
	}
	vas_mutex_unlock(&part->lock, VAS_RANK_LEAF);
}

size_t vas_lru_take_oldest(struct vas_lru *lru, unsigned part_number, enum vas_lru_kind kind,
			   struct vas_page **pages, size_t limit)
{
	struct vas_lru_part *part = &lru->parts[part_number];
	struct vas_lru_list *list = &part->lists[kind];
	uint32_t number;
	size_t taken = 0;

	vas_mutex_lock(&part->lock, VAS_RANK_LEAF);
	number = list->last;
	while (number != 0 && taken < limit) {
		struct vas_page *page = vas_frame_page(lru->frames, number);

		number = page->prev;
		/* Without a reference it is just being freed, or nobody may look at it now. */
		if (!vas_page_try_get(page))
			continue;
		unlink_page(lru, list, page);
		vas_page_clear(page, VAS_PAGE_LISTED | VAS_PAGE_ACTIVE);
		pages[taken++] = page;
	}
	vas_mutex_unlock(&part->lock, VAS_RANK_LEAF);
	return taken;
}

uint32_t vas_lru_count(const struct vas_lru *lru, unsigned part, enum vas_lru_kind kind)
{
	return __atomic_load_n(&lru->parts[part].lists[kind].count, __ATOMIC_RELAXED);
}

size_t vas_lru_total(const struct vas_lru *lru)
{
	size_t total = 0;

	for (unsigned part = 0; part < VAS_SHARED_SLOTS; part++) {
		for (unsigned kind = 0; kind < VAS_LRU_KINDS; kind++)
			total += vas_lru_count(lru, part, (enum vas_lru_kind)kind);
	}
	return total;
}

/* Follows one list both ways at once. */
static bool list_whole(const struct vas_lru *lru, unsigned part, enum vas_lru_kind kind,
		       const struct vas_printer *printer)
{
	const struct vas_lru_list *list = &lru->parts[part].lists[kind];
	uint32_t count = 0, before = 0;

	for (uint32_t number = list->first; number != 0;) {
		const struct vas_page *page = vas_frame_page(lru->frames, number);
		uint32_t wanted =
			VAS_PAGE_LISTED | (kind == kind_of(page, true) ? VAS_PAGE_ACTIVE : 0);

		if (page->prev != before) {
			vas_print(printer, "LRU-1: frame %u stands behind %u, but names %u\n",
				  number, before, page->prev);
			return false;
		}
		if ((page->flags & (VAS_PAGE_LISTED | VAS_PAGE_ACTIVE)) != wanted ||
		    (kind != kind_of(page, false) && kind != kind_of(page, true)) ||
		    number % VAS_SHARED_SLOTS != part) {
			vas_print(printer,
				  "LRU-3: frame %u, kind %u, flags %x, in list %u of part %u\n",
				  number, page->kind, page->flags, (unsigned)kind, part);
			return false;
		}
		if (page->references <= 0 ||
		    (page->kind != VAS_PAGE_ANONYMOUS && page->kind != VAS_PAGE_OBJECT)) {
			vas_print(printer, "LRU-4: frame %u on a list: kind %u, %d references\n",
				  number, page->kind, page->references);
			return false;
		}
		count++;
		before = number;
		number = page->next;
	}
	if (before != list->last || count != list->count) {
		vas_print(printer, "LRU-2: list %u of part %u: %u pages, counted as %u\n",
			  (unsigned)kind, part, count, list->count);
		return false;
	}
	return true;
}

bool vas_lru_validate(const struct vas_lru *lru, const struct vas_printer *printer)
{
	for (unsigned part = 0; part < VAS_SHARED_SLOTS; part++) {
		for (unsigned kind = 0; kind < VAS_LRU_KINDS; kind++) {
			if (!list_whole(lru, part, (enum vas_lru_kind)kind, printer))
				return false;
		}
	}
	return true;
}
