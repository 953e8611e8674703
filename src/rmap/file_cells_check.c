/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The figures and the validator of the design `cells`. */

#include "base/print.h"
#include "file_cells.h"
#include "file_designs.h"

static const struct cells_map *map_of(const struct vas_file_map *map)
{
	return (const struct cells_map *)map;
}

static size_t bytes_below(const struct cells_node *node)
{
	size_t bytes = vas_pool_size(vas_cells_node_bytes(node));

	for (unsigned int i = 0; i < node->count; i++) {
		uint64_t group = cells_column(node, CELLS_WHO)[i];
		const struct cells_chunk *chunk = cells_group_chunk(group);

		if (node->level > 0)
			bytes += bytes_below(cells_child(node, i));
		else if ((group & CELLS_LENGTH) == 0)
			for (; chunk != NULL; chunk = chunk->older)
				bytes += vas_cells_chunk_bytes(chunk);
	}
	return bytes;
}

size_t vas_cells_bytes(const struct vas_file_map *head)
{
	const struct cells_map *map = map_of(head);

	return sizeof(*map) +
	       head->count * (sizeof(struct cells_link) - sizeof(struct vas_file_link)) +
	       (map->root == NULL ? 0 : bytes_below(map->root)) +
	       (map->finger == NULL ? 0 : vas_pool_size(sizeof(*map->finger)));
}

struct check {
	const struct vas_file_map *map;
	const struct vas_printer *printer;
	size_t found;
	/* Of the row before, if `any`. */
	bool any;
	uint64_t first, last;
};

static bool range_broken(const struct check *check, const char *what, uint64_t first, uint64_t last)
{
	return vas_file_broken(check->printer, "%s, at pages %llu to %llu", what, vas_ll(first),
			       vas_ll(last));
}

/* One link of a group, newer than `changed`, or with `older` older than that. */
static bool check_link(struct check *check, const struct cells_link *link, uint64_t first,
		       uint64_t last)
{
	check->found++;
	if (link->head.first != first || link->head.last != last)
		return range_broken(check, "FRMAP-6: a link of another range", first, last);
	return vas_file_check_link(check->map, &link->head, check->printer);
}

static bool check_chain(struct check *check, const struct cells_node *leaf, uint64_t group,
			uint64_t first, uint64_t last)
{
	const struct cells_link *link = cells_group_link(group);
	uint64_t below = UINT64_MAX, left = group & CELLS_LENGTH;

	for (;; link = (const struct cells_link *)link->place) {
		if (!check_link(check, link, first, last))
			return false;
		if (link->head.changed >= below)
			return range_broken(check, "FRMAP-4: a chain is not in order", first, last);
		below = link->head.changed;
		if (--left == 0)
			break;
		if ((link->place & CELLS_LENGTH) != 0)
			return range_broken(check, "FRMAP-6: a chain is too short", first, last);
	}
	if (link->place != ((uintptr_t)leaf | CELLS_HOME))
		return range_broken(check, "FRMAP-15: a chain does not know its leaf", first, last);
	return true;
}

static bool check_slot(struct check *check, const struct cells_chunk *chunk, unsigned int slot,
		       uint64_t *below)
{
	const struct vas_file_place *at = &chunk->slots[slot];
	const struct cells_link *link = (const struct cells_link *)at->link;
	uint64_t first = link->head.first, last = link->head.last;

	if (!cells_in_chunk(link) || cells_named(link->place) != chunk ||
	    cells_slot_of(link) != slot)
		return range_broken(check, "FRMAP-15: a link does not know its slot", first, last);
	if (at->space != link->head.space || at->start != link->head.start)
		return range_broken(check, "FRMAP-16: a slot tells another place than its link",
				    first, last);
	if (link->head.changed >= *below)
		return range_broken(check, "FRMAP-4: a chunk is not in order", first, last);
	*below = link->head.changed;
	return true;
}

static bool check_chunks(struct check *check, const struct cells_node *leaf,
			 const struct cells_chunk *chunk, uint64_t first, uint64_t last)
{
	uintptr_t newer = (uintptr_t)leaf | CELLS_HOME;
	uint64_t below = UINT64_MAX;

	for (; chunk != NULL; newer = (uintptr_t)chunk, chunk = chunk->older) {
		if (chunk->newer != newer)
			return range_broken(check, "FRMAP-3: a chunk names another after it", first,
					    last);
		if (chunk->live == 0 || (chunk->live >> (chunk->capacity - 1)) > 1)
			return range_broken(check, "FRMAP-17: a chunk with wrong slots", first,
					    last);
		for (uint64_t live = chunk->live; live != 0;) {
			unsigned int slot = 63u - (unsigned int)__builtin_clzll(live);

			live &= ~(UINT64_C(1) << slot);
			if (!check_link(check, (struct cells_link *)chunk->slots[slot].link, first,
					last) ||
			    !check_slot(check, chunk, slot, &below))
				return false;
		}
	}
	return true;
}

static bool check_row(struct check *check, const struct cells_node *leaf, unsigned int slot)
{
	uint64_t first = cells_column(leaf, CELLS_FIRST)[slot];
	uint64_t last = cells_column(leaf, CELLS_LAST)[slot];
	uint64_t group = cells_column(leaf, CELLS_WHO)[slot];

	if (check->any && (first < check->first || (first == check->first && last <= check->last)))
		return range_broken(check, "FRMAP-5: ranges are not in order", first, last);
	check->any = true;
	check->first = first;
	check->last = last;
	if (group == 0)
		return range_broken(check, "FRMAP-6: a range without links", first, last);
	return (group & CELLS_LENGTH) != 0
		       ? check_chain(check, leaf, group, first, last)
		       : check_chunks(check, leaf, cells_group_chunk(group), first, last);
}

static bool check_node(struct check *check, const struct cells_node *node);

static bool check_child(struct check *check, const struct cells_node *node, unsigned int slot)
{
	const struct cells_node *child = cells_child(node, slot);
	uint64_t first = cells_column(node, CELLS_FIRST)[slot];
	uint64_t last = cells_column(node, CELLS_LAST)[slot];

	if (child->level + 1 != node->level)
		return range_broken(check, "FRMAP-18: a child of another level", first, last);
	if (child->parent != node)
		return range_broken(check, "FRMAP-7: a child of another parent", first, last);
	if (slot == 0 ? first != 0 || last != 0
		      : first < check->first || (first == check->first && last <= check->last))
		return range_broken(check, "FRMAP-5: children are not in order", first, last);
	/* No range below it may come before that. */
	if (slot > 0) {
		check->first = first;
		check->last = last - 1;
	}
	if (!check_node(check, child))
		return false;
	return cells_column(node, CELLS_MAX)[slot] == child->max ||
	       range_broken(check, "FRMAP-9: a wrong largest last page", first, last);
}

static bool check_node(struct check *check, const struct cells_node *node)
{
	const uint64_t *tops = cells_column(node, cells_tops(node));
	uint64_t max = 0;

	if (node->count == 0 || node->begin + node->count > node->capacity)
		return vas_file_broken(check->printer, "FRMAP-18: a node has %u of %u rows",
				       (unsigned int)node->count, (unsigned int)node->capacity);
	for (unsigned int slot = 0; slot < node->count; slot++) {
		if (!(node->level == 0 ? check_row(check, node, slot)
				       : check_child(check, node, slot)))
			return false;
		if (node->rises != 0 && tops[slot] < max)
			return range_broken(check, "FRMAP-9: largest last pages that fall",
					    cells_column(node, CELLS_FIRST)[slot], tops[slot]);
		max = tops[slot] > max ? tops[slot] : max;
	}
	/* A leaf may be said to reach twice as far as it does. */
	if (node->level == 0 && node->rises != 0 && max < node->max &&
	    node->max - cells_column(node, CELLS_FIRST)[0] <=
		    2 * (max - cells_column(node, CELLS_FIRST)[0]))
		return true;
	return max == node->max ||
	       range_broken(check, "FRMAP-9: a wrong largest last page of a node",
			    cells_column(node, CELLS_FIRST)[0], node->max);
}

bool vas_cells_validate(const struct vas_file_map *head, const struct vas_printer *printer)
{
	const struct cells_map *map = map_of(head);
	struct check check = { .map = head, .printer = printer };
	const struct cells_link *link = map->waiting;

	for (; link != NULL; link = (const struct cells_link *)link->place) {
		check.found++;
		if (!vas_file_check_link(head, &link->head, printer))
			return false;
	}
	if (map->root != NULL && !check_node(&check, map->root))
		return false;
	return vas_file_check_count(head, check.found, printer);
}
