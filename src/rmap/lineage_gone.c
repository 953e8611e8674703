/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Ranges of numbers, sorted and disjoint: what a space had from its ancestors, was made at a range's
 * time or before, and is there no more, neither at its natural place nor in what moved from there
 * later. A walk for an ancestor's page need not look at these. Knowing less is always right; so it
 * is kept small, and in memory that need not be there.
 */

#include "lineage.h"

#include <string.h>

#define FIRST_ROOM 4
#define MOST_ROOM  64

static size_t size_of(uint32_t room)
{
	return sizeof(struct lineage_gone) + room * sizeof(((struct lineage_gone *)0)->ranges[0]);
}

/* The first range that ends at `number` or above it. */
static uint32_t seek(const struct lineage_gone *gone, uint64_t number)
{
	uint32_t low = 0, high = gone->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (gone->ranges[middle].last < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t vas_lineage_gone_since(const struct lineage_gone *gone, uint64_t index)
{
	uint64_t number = lineage_number(index);
	uint32_t at;

	if (gone == NULL)
		return LINEAGE_NEVER;
	at = seek(gone, number);
	if (at == gone->count || gone->ranges[at].first > number ||
	    gone->ranges[at].time < lineage_time(index))
		return LINEAGE_NEVER;
	return gone->ranges[at].time;
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

static void take_out(struct lineage_gone *gone, uint32_t at)
{
	gone->count--;
	memmove(&gone->ranges[at], &gone->ranges[at + 1],
		(gone->count - at) * sizeof(gone->ranges[0]));
}

/* Joins the range to the one below it, if they run on. */
static void join(struct lineage_gone *gone, uint32_t at)
{
	if (at == 0 || at >= gone->count || gone->ranges[at - 1].time != gone->ranges[at].time ||
	    gone->ranges[at - 1].last + 1 != gone->ranges[at].first)
		return;
	gone->ranges[at - 1].last = gone->ranges[at].last;
	take_out(gone, at);
}

static void put_in(struct lineage *lineage, struct lineage_node *node, uint32_t at, uint64_t first,
		   uint64_t last, uint32_t time)
{
	struct lineage_gone *gone = node->gone;

	if ((gone == NULL || gone->count == gone->room) && !make_room(lineage, node))
		return;
	gone = node->gone;
	memmove(&gone->ranges[at + 1], &gone->ranges[at],
		(gone->count - at) * sizeof(gone->ranges[0]));
	gone->count++;
	gone->ranges[at].first = first;
	gone->ranges[at].last = last & (LINEAGE_NUMBERS - 1);
	gone->ranges[at].time = time & LINEAGE_LAST_TIME;
	join(gone, at + 1);
	join(gone, at);
}

/* Cuts [first, last] out of a range that it meets; of two rests the lower one stays. True: nothing
 * is left of the range. */
static bool cut(struct lineage_gone *gone, uint32_t at, uint64_t first, uint64_t last)
{
	if (gone->ranges[at].first < first) {
		gone->ranges[at].last = (first - 1) & (LINEAGE_NUMBERS - 1);
	} else if (gone->ranges[at].last > last) {
		gone->ranges[at].first = last + 1;
	} else {
		take_out(gone, at);
		return true;
	}
	return false;
}

void vas_lineage_gone_add(struct lineage *lineage, struct lineage_node *node, uint64_t first,
			  uint64_t last, uint32_t time)
{
	uint32_t at = node->gone != NULL ? seek(node->gone, first) : 0;

	while (first <= last && node->gone != NULL && at < node->gone->count &&
	       node->gone->ranges[at].first <= last) {
		uint64_t low = node->gone->ranges[at].first, high = node->gone->ranges[at].last;

		if (node->gone->ranges[at].time < time) {
			if (!cut(node->gone, at, first, last))
				at += low < first;
			if (low >= first && high > last)
				break;
			continue;
		}
		/* It says more already. */
		if (low > first)
			put_in(lineage, node, at, first, low - 1, time);
		first = high + 1;
		at = seek(node->gone, first);
	}
	if (first <= last)
		put_in(lineage, node, at, first, last, time);
}

void vas_lineage_gone_add_all(struct lineage *lineage, struct lineage_node *node,
			      const struct lineage_gone *from)
{
	for (uint32_t i = 0; from != NULL && i < from->count; i++)
		vas_lineage_gone_add(lineage, node, from->ranges[i].first, from->ranges[i].last,
				     from->ranges[i].time);
}

void vas_lineage_gone_remove(struct lineage *lineage, struct lineage_node *node, uint64_t first,
			     uint64_t last)
{
	struct lineage_gone *gone = node->gone;
	uint32_t at;

	if (gone == NULL)
		return;
	at = seek(gone, first);
	while (at < gone->count && gone->ranges[at].first <= last)
		if (!cut(gone, at, first, last))
			at++;
	if (gone->count == 0)
		vas_lineage_gone_free(lineage, node);
}

void vas_lineage_gone_back(struct lineage *lineage, struct lineage_node *leaf, uint64_t first,
			   uint64_t last)
{
	for (struct lineage_node *node = leaf; node != NULL; node = node->parent)
		vas_lineage_gone_remove(lineage, node, first, last);
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
