/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_TREE_LIST_H
#define VAS_TREE_LIST_H

/* The sorted list, for list.c and for list_cache.c, which adds the historic gap search to it. */

#include "design.h"

struct vas_list_link {
	struct vas_list_link *prev, *next;
	/* the range follows */
};

struct vas_list_index {
	struct vas_index head;
	struct vas_list_link *first, *last;
};

/*
 * What list-cache knows of one direction. Bottom-up: the part of any hole between limit and place
 * has `hole` bytes at most; top-down: the part between place and limit.
 */
struct vas_hole_cache {
	uint64_t limit, place, hole;
	/* A range near the place, to walk from; NULL when the list is empty. */
	struct vas_list_link *near;
};

struct vas_list_cache {
	struct vas_list_index list;
	struct vas_hole_cache up, down;
};

static inline struct vas_list_cache *vas_list_cache_of(const struct vas_index *index)
{
	return (struct vas_list_cache *)(uintptr_t)index;
}

static inline struct vas_list_index *vas_list_index(const struct vas_index *index)
{
	return (struct vas_list_index *)(uintptr_t)index;
}

static inline struct vas_list_link *vas_list_of(const struct vas_range *range)
{
	return (struct vas_list_link *)(uintptr_t)range - 1;
}

static inline struct vas_range *vas_list_range(const struct vas_list_link *link)
{
	return (struct vas_range *)(uintptr_t)(link + 1);
}

/* The lowest range with end > address, searched from `near` in either direction. NULL: there is
 * none, or `near` was NULL, which it is only when the list is empty. */
struct vas_list_link *vas_list_near(struct vas_list_link *near, uint64_t address);

/* The hole right before a range; before NULL: what follows the last range. */
struct vas_range vas_list_hole(const struct vas_list_index *list, const struct vas_list_link *link);

/* Puts a range into the list, right before `next`, or at the end. */
void vas_list_add(struct vas_list_index *list, struct vas_range *range, struct vas_list_link *next);

/* The functions of list's table, for list-cache's. */
int vas_list_load(struct vas_index *index, struct vas_range *const *ranges, size_t count);
void vas_list_erase(struct vas_index *index, struct vas_range *range);
void vas_list_resize(struct vas_index *index, struct vas_range *range, uint64_t start,
		     uint64_t end);
struct vas_range *vas_list_find(const struct vas_index *index, uint64_t address);
struct vas_range *vas_list_find_ge(const struct vas_index *index, uint64_t address);
struct vas_range *vas_list_next(const struct vas_index *index, const struct vas_range *range);
struct vas_range *vas_list_prev(const struct vas_index *index, const struct vas_range *range);
struct vas_range *vas_list_first(const struct vas_index *index);
struct vas_range *vas_list_last(const struct vas_index *index);
void vas_list_seek(struct vas_cursor *cursor, const struct vas_index *index, uint64_t address);
struct vas_range *vas_list_step(struct vas_cursor *cursor);
bool vas_list_hole_up(const struct vas_index *index, uint64_t from, uint64_t length,
		      struct vas_range *hole);
bool vas_list_hole_down(const struct vas_index *index, uint64_t below, uint64_t length,
			struct vas_range *hole);
size_t vas_list_bytes(const struct vas_index *index);
bool vas_list_validate(const struct vas_index *index, const struct vas_printer *printer);
void vas_list_print(const struct vas_index *index, const struct vas_printer *printer);

#endif
