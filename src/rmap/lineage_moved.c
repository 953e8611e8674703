/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The areas of a space that mremap has moved and that could not be renumbered: a tree by index, in
 * which ranges may overlap, each node with the greatest last index below it. Ranges are copies:
 * a walk holds no space's lock, and must not look at an area.
 */

#include "lineage.h"

#include "base/assert.h"

static struct lineage_moved *moved_at(const struct vas_red_black *node)
{
	return (struct lineage_moved *)(uintptr_t)node;
}

static uint64_t most_of(const struct vas_red_black *node)
{
	return node != NULL ? moved_at(node)->most : 0;
}

static bool update(struct vas_red_black *node)
{
	struct lineage_moved *moved = moved_at(node);
	uint64_t left = most_of(node->left), right = most_of(node->right);
	uint64_t most = left > right ? left : right;

	most = most > moved->last ? most : moved->last;
	if (most == moved->most)
		return false;
	moved->most = most;
	return true;
}

static void copy(struct vas_red_black *to, const struct vas_red_black *from)
{
	moved_at(to)->most = moved_at(from)->most;
}

static const struct vas_red_black_figure figure = { update, copy };

static void insert(struct lineage_space *mine, struct lineage_moved *moved)
{
	struct vas_red_black **place = &mine->moved, *parent = NULL;

	while (*place != NULL) {
		struct lineage_moved *at = moved_at(*place);

		parent = *place;
		at->most = at->most > moved->last ? at->most : moved->last;
		place = moved->first < at->first ? &parent->left : &parent->right;
	}
	moved->most = moved->last;
	vas_red_black_insert(&mine->moved, &moved->tree, parent, place, &figure);
}

bool vas_lineage_moved_reserve(struct lineage *lineage, struct lineage_space *mine, size_t count)
{
	const struct vas_allocator *allocator = lineage->allocator;

	mine->promised += (uint32_t)count;
	while (mine->spare_count < mine->promised) {
		struct lineage_moved *moved =
			allocator->allocate(allocator->context, sizeof(*moved), 64);

		if (moved == NULL)
			return false;
		moved->spare = mine->spares;
		mine->spares = moved;
		mine->spare_count++;
		__atomic_fetch_add(&lineage->spare_areas, 1, __ATOMIC_RELAXED);
	}
	return true;
}

void vas_lineage_moved_trim(struct lineage *lineage, struct lineage_space *mine, size_t keep)
{
	const struct vas_allocator *allocator = lineage->allocator;

	mine->promised = 0;
	while (mine->spare_count > keep) {
		struct lineage_moved *moved = mine->spares;

		mine->spares = moved->spare;
		mine->spare_count--;
		__atomic_fetch_sub(&lineage->spare_areas, 1, __ATOMIC_RELAXED);
		allocator->release(allocator->context, moved, sizeof(*moved));
	}
}

/* => start < end, bytes */
static void set_range(struct lineage_moved *moved, uint64_t start, uint64_t end)
{
	uint64_t bias = moved->displacement + LINEAGE_BIAS;

	moved->first = (start >> VAS_PAGE_SHIFT) + bias;
	moved->last = (end >> VAS_PAGE_SHIFT) - 1 + bias;
}

void vas_lineage_moved_add(struct lineage *lineage, struct lineage_space *mine,
			   struct lineage_space *store, const struct vas_area *area, uint64_t start,
			   uint64_t end, uint64_t displacement)
{
	struct lineage_moved *moved = store->spares;

	vas_assert(moved != NULL);
	store->spares = moved->spare;
	store->spare_count--;
	store->promised -= store->promised != 0;
	__atomic_fetch_sub(&lineage->spare_areas, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&lineage->moved_areas, 1, __ATOMIC_RELAXED);
	moved->displacement = displacement;
	set_range(moved, start, end);
	insert(mine, moved);
	*lineage_moved_of(area) = moved;
}

void vas_lineage_moved_remove(struct lineage *lineage, struct lineage_space *mine,
			      const struct vas_area *area)
{
	struct lineage_moved **place = lineage_moved_of(area), *moved = *place;

	if (moved == NULL)
		return;
	vas_red_black_remove(&mine->moved, &moved->tree, &figure);
	*place = NULL;
	moved->spare = mine->spares;
	mine->spares = moved;
	mine->spare_count++;
	__atomic_fetch_add(&lineage->spare_areas, 1, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&lineage->moved_areas, 1, __ATOMIC_RELAXED);
}

void vas_lineage_moved_extend(struct lineage_space *mine, const struct vas_area *area,
			      uint64_t start, uint64_t end)
{
	struct lineage_moved *moved = *lineage_moved_of(area), part;

	if (moved == NULL)
		return;
	part.displacement = moved->displacement;
	set_range(&part, start, end);
	vas_red_black_remove(&mine->moved, &moved->tree, &figure);
	moved->first = part.first < moved->first ? part.first : moved->first;
	moved->last = part.last > moved->last ? part.last : moved->last;
	insert(mine, moved);
}

void vas_lineage_moved_shrink(struct lineage *lineage, struct lineage_space *mine,
			      const struct vas_area *area, uint64_t start, uint64_t end)
{
	struct lineage_moved *moved = *lineage_moved_of(area), part;

	if (moved == NULL)
		return;
	part.displacement = moved->displacement;
	set_range(&part, start, end);
	if (part.first <= moved->first && part.last >= moved->last) {
		vas_lineage_moved_remove(lineage, mine, area);
		return;
	}
	vas_red_black_remove(&mine->moved, &moved->tree, &figure);
	if (part.first <= moved->first)
		moved->first = part.last + 1;
	else
		moved->last = part.first - 1;
	insert(mine, moved);
}

static bool each(const struct vas_red_black *node, uint64_t index,
		 bool (*visit)(void *context, uint64_t page), void *context)
{
	const struct lineage_moved *moved;

	if (node == NULL || most_of(node) < index)
		return true;
	if (!each(node->left, index, visit, context))
		return false;
	moved = moved_at(node);
	if (moved->first > index)
		return true;
	if (moved->last >= index && !visit(context, index - LINEAGE_BIAS - moved->displacement))
		return false;
	return each(node->right, index, visit, context);
}

bool vas_lineage_moved_each(const struct lineage_space *mine, uint64_t index,
			    bool (*visit)(void *context, uint64_t page), void *context)
{
	return each(mine->moved, index + LINEAGE_BIAS, visit, context);
}

bool vas_lineage_moved_check(const struct lineage_space *mine, size_t *count)
{
	const struct vas_red_black *node = vas_red_black_first(mine->moved);
	uint64_t below = 0;

	for (*count = 0; node != NULL; node = vas_red_black_next(node), ++*count) {
		struct lineage_moved *moved = moved_at(node);
		uint64_t left = most_of(node->left), right = most_of(node->right);
		uint64_t most = left > right ? left : right;

		if (moved->first < below || moved->last < moved->first ||
		    moved->most != (most > moved->last ? most : moved->last))
			return false;
		below = moved->first;
	}
	return true;
}
