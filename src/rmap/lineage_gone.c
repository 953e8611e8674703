/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Ranges of indexes, sorted, disjoint and not adjacent: where a space has unmapped what it had from
 * its ancestors, so that a walk for an ancestor's page need not look there. Knowing less is always
 * right; so it is kept small, and in memory that need not be there.
 */

#include "lineage.h"

#include <string.h>

#define FIRST_ROOM 4
#define MOST_ROOM  64

static size_t size_of(uint32_t room)
{
	return sizeof(struct lineage_gone) + room * sizeof(((struct lineage_gone *)0)->ranges[0]);
}

/* The first range that ends at `index` or above it. */
static uint32_t seek(const struct lineage_gone *gone, uint64_t index)
{
	uint32_t low = 0, high = gone->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (gone->ranges[middle].last < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool vas_lineage_gone_has(const struct lineage_gone *gone, uint64_t index)
{
	uint32_t at;

	if (gone == NULL)
		return false;
	at = seek(gone, index);
	return at < gone->count && gone->ranges[at].first <= index;
}

static bool make_room(struct lineage *lineage, struct lineage_node *node)
{
	const struct vas_allocator *allocator = lineage->allocator;
	struct lineage_gone *old = node->gone, *new;
	uint32_t room = old == NULL ? FIRST_ROOM : 2 * old->room;

	if (room > MOST_ROOM)
		return false;
	new = allocator->allocate(allocator->context, size_of(room), _Alignof(uint64_t));
	if (new == NULL)
		return false;
	*new = (struct lineage_gone){ .room = room };
	__atomic_fetch_add(&lineage->gone_bytes, size_of(room), __ATOMIC_RELAXED);
	if (old != NULL) {
		new->count = old->count;
		memcpy(new->ranges, old->ranges, old->count * sizeof(old->ranges[0]));
		vas_lineage_gone_free(lineage, node);
	}
	node->gone = new;
	return true;
}

/* Replaces the ranges [from, to) by one, or by none. => there is room. */
static void replace(struct lineage_gone *gone, uint32_t from, uint32_t to, bool one, uint64_t first,
		    uint64_t last)
{
	uint32_t rest = from + (one ? 1 : 0);

	memmove(&gone->ranges[rest], &gone->ranges[to],
		(gone->count - to) * sizeof(gone->ranges[0]));
	gone->count = gone->count - to + rest;
	if (one) {
		gone->ranges[from].first = first;
		gone->ranges[from].last = last;
	}
}

void vas_lineage_gone_add(struct lineage *lineage, struct lineage_node *node, uint64_t first,
			  uint64_t last)
{
	struct lineage_gone *gone = node->gone;
	uint32_t from, to;

	if (gone == NULL && !make_room(lineage, node))
		return;
	gone = node->gone;
	from = seek(gone, first == 0 ? 0 : first - 1);
	to = from;
	while (to < gone->count && gone->ranges[to].first <= last + 1) {
		first = gone->ranges[to].first < first ? gone->ranges[to].first : first;
		last = gone->ranges[to].last > last ? gone->ranges[to].last : last;
		to++;
	}
	if (from == to && gone->count == gone->room) {
		if (!make_room(lineage, node))
			return;
		gone = node->gone;
	}
	replace(gone, from, to, true, first, last);
}

void vas_lineage_gone_add_all(struct lineage *lineage, struct lineage_node *node,
			      const struct lineage_gone *from)
{
	for (uint32_t i = 0; from != NULL && i < from->count; i++)
		vas_lineage_gone_add(lineage, node, from->ranges[i].first, from->ranges[i].last);
}

void vas_lineage_gone_remove(struct lineage_node *node, uint64_t first, uint64_t last)
{
	struct lineage_gone *gone = node->gone;
	uint32_t at;

	if (gone == NULL)
		return;
	at = seek(gone, first);
	while (at < gone->count && gone->ranges[at].first <= last) {
		uint64_t below = gone->ranges[at].first, above = gone->ranges[at].last;

		if (below < first && (above <= last || first - below >= above - last)) {
			/* Of two rests the larger one stays. */
			gone->ranges[at].last = first - 1;
			at++;
		} else if (above > last) {
			gone->ranges[at].first = last + 1;
			at++;
		} else {
			replace(gone, at, at + 1, false, 0, 0);
		}
	}
}

void vas_lineage_gone_free(struct lineage *lineage, struct lineage_node *node)
{
	struct lineage_gone *gone = node->gone;
	const struct vas_allocator *allocator = lineage->allocator;

	if (gone == NULL)
		return;
	__atomic_fetch_sub(&lineage->gone_bytes, size_of(gone->room), __ATOMIC_RELAXED);
	allocator->release(allocator->context, gone, size_of(gone->room));
	node->gone = NULL;
}
