/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The sorted list: what Linux 1.x had, and what every home-made mmap starts with.
 *
 * Two links before each range. Every search walks: a find or an insert from the lowest range, a
 * gap search along the holes in its direction. Next to a known range everything is O(1).
 *
 * Good up to some tens of ranges, the processes of 1993. It stays here as the plain truth that
 * the other designs are compared with.
 */

#include "list.h"
#include "gap.h"

#include "base/assert.h"
#include "base/print.h"

struct vas_list_link *vas_list_near(struct vas_list_link *link, uint64_t address)
{
	if (link == NULL)
		return NULL;
	if (vas_list_range(link)->end <= address) {
		while (link != NULL && vas_list_range(link)->end <= address)
			link = link->next;
		return link;
	}
	while (link->prev != NULL && vas_list_range(link->prev)->end > address)
		link = link->prev;
	return link;
}

static struct vas_list_link *link_ge(const struct vas_index *index, uint64_t address)
{
	struct vas_list_link *link = vas_list_index(index)->first;

	while (link != NULL && vas_list_range(link)->end <= address)
		link = link->next;
	return link;
}

void vas_list_add(struct vas_list_index *list, struct vas_range *range, struct vas_list_link *next)
{
	struct vas_list_link *link = vas_list_of(range);
	struct vas_list_link *prev = next != NULL ? next->prev : list->last;

	vas_assert(next == NULL || vas_list_range(next)->start >= range->end);
	link->prev = prev;
	link->next = next;
	*(prev != NULL ? &prev->next : &list->first) = link;
	*(next != NULL ? &next->prev : &list->last) = link;
}

static void list_insert(struct vas_index *index, struct vas_range *range)
{
	vas_list_add(vas_list_index(index), range, link_ge(index, range->start));
}

int vas_list_load(struct vas_index *index, struct vas_range *const *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		vas_list_add(vas_list_index(index), ranges[i], NULL);
	return 0;
}

void vas_list_erase(struct vas_index *index, struct vas_range *range)
{
	struct vas_list_index *list = vas_list_index(index);
	struct vas_list_link *link = vas_list_of(range);

	*(link->prev != NULL ? &link->prev->next : &list->first) = link->next;
	*(link->next != NULL ? &link->next->prev : &list->last) = link->prev;
}

void vas_list_resize(struct vas_index *index, struct vas_range *range, uint64_t start, uint64_t end)
{
	const struct vas_list_link *link = vas_list_of(range);

	(void)index;
	vas_assert(link->prev == NULL || vas_list_range(link->prev)->end <= start);
	vas_assert(link->next == NULL || vas_list_range(link->next)->start >= end);
	range->start = start;
	range->end = end;
}

static struct vas_range *range_or_null(const struct vas_list_link *link)
{
	return link != NULL ? vas_list_range(link) : NULL;
}

struct vas_range *vas_list_find_ge(const struct vas_index *index, uint64_t address)
{
	return range_or_null(link_ge(index, address));
}

struct vas_range *vas_list_find(const struct vas_index *index, uint64_t address)
{
	struct vas_range *range = vas_list_find_ge(index, address);

	return range != NULL && range->start <= address ? range : NULL;
}

struct vas_range *vas_list_next(const struct vas_index *index, const struct vas_range *range)
{
	(void)index;
	return range_or_null(vas_list_of(range)->next);
}

struct vas_range *vas_list_prev(const struct vas_index *index, const struct vas_range *range)
{
	(void)index;
	return range_or_null(vas_list_of(range)->prev);
}

struct vas_range *vas_list_first(const struct vas_index *index)
{
	return range_or_null(vas_list_index(index)->first);
}

struct vas_range *vas_list_last(const struct vas_index *index)
{
	return range_or_null(vas_list_index(index)->last);
}

void vas_list_seek(struct vas_cursor *cursor, const struct vas_index *index, uint64_t address)
{
	cursor->node = link_ge(index, address);
}

struct vas_range *vas_list_step(struct vas_cursor *cursor)
{
	struct vas_list_link *link = cursor->node;

	if (link == NULL)
		return NULL;
	cursor->node = link->next;
	return vas_list_range(link);
}

struct vas_range vas_list_hole(const struct vas_list_index *list, const struct vas_list_link *link)
{
	const struct vas_list_link *prev = link != NULL ? link->prev : list->last;

	return (struct vas_range){
		.start = prev != NULL ? vas_list_range(prev)->end : 0,
		.end = link != NULL ? vas_list_range(link)->start : UINT64_MAX,
	};
}

bool vas_list_hole_up(const struct vas_index *index, uint64_t from, uint64_t length,
		      struct vas_range *hole)
{
	for (const struct vas_list_link *link = link_ge(index, from); link != NULL;
	     link = link->next) {
		*hole = vas_list_hole(vas_list_index(index), link);
		if (hole->end > from && vas_range_length(*hole) >= length)
			return true;
	}
	return false;
}

bool vas_list_hole_down(const struct vas_index *index, uint64_t below, uint64_t length,
			struct vas_range *hole)
{
	for (const struct vas_list_link *link = vas_list_index(index)->last; link != NULL;
	     link = link->prev) {
		*hole = vas_list_hole(vas_list_index(index), link);
		if (hole->start < below && vas_range_length(*hole) >= length)
			return true;
	}
	return false;
}

size_t vas_list_bytes(const struct vas_index *index)
{
	return index->ops->size + index->count * sizeof(struct vas_list_link);
}

bool vas_list_validate(const struct vas_index *index, const struct vas_printer *printer)
{
	const struct vas_list_index *list = vas_list_index(index);
	const struct vas_list_link *prev = NULL, *link;
	size_t count = 0;

	for (link = list->first; link != NULL; prev = link, link = link->next) {
		const struct vas_range *range = vas_list_range(link);

		if (range->start >= range->end)
			return vas_index_broken(printer, "INDEX-1",
						"range [0x%llx, 0x%llx) is empty",
						vas_ll(range->start), vas_ll(range->end));
		if (prev != NULL && vas_list_range(prev)->end > range->start)
			return vas_index_broken(
				printer, "INDEX-1",
				"range at 0x%llx starts before 0x%llx, the end of the one before it",
				vas_ll(range->start), vas_ll(vas_list_range(prev)->end));
		if (link->prev != prev)
			return vas_index_broken(
				printer, "INDEX-3",
				"the range at 0x%llx does not name the one before it",
				vas_ll(range->start));
		count++;
	}
	if (list->last != prev)
		return vas_index_broken(printer, "INDEX-3",
					"the list does not end at its last link");
	if (count != index->count)
		return vas_index_broken(printer, "INDEX-2", "%zu ranges found, %zu counted", count,
					index->count);
	return true;
}

void vas_list_print(const struct vas_index *index, const struct vas_printer *printer)
{
	for (const struct vas_list_link *link = vas_list_index(index)->first; link != NULL;
	     link = link->next)
		vas_print(printer, "[0x%llx, 0x%llx) after a hole of 0x%llx\n",
			  vas_ll(vas_list_range(link)->start), vas_ll(vas_list_range(link)->end),
			  vas_ll(vas_range_length(vas_list_hole(vas_list_index(index), link))));
}

const struct vas_index_ops vas_list_ops = {
	.name = "list",
	.link_bytes = sizeof(struct vas_list_link),
	.size = sizeof(struct vas_list_index),
	.align = _Alignof(struct vas_list_index),
	.insert = list_insert,
	.load = vas_list_load,
	.erase = vas_list_erase,
	.resize = vas_list_resize,
	.find = vas_list_find,
	.find_ge = vas_list_find_ge,
	.next = vas_list_next,
	.prev = vas_list_prev,
	.first = vas_list_first,
	.last = vas_list_last,
	.seek = vas_list_seek,
	.step = vas_list_step,
	.gap = vas_gap_search,
	.hole_up = vas_list_hole_up,
	.hole_down = vas_list_hole_down,
	.bytes = vas_list_bytes,
	.validate = vas_list_validate,
	.print = vas_list_print,
};
