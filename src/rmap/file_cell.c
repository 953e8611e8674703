/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `cell-list` and `cell-tree`: the sub-objects that Martin Bligh proposed on 6 April 2003, "linear
 * ranges of memory that have the same set of vma's mapping them".
 *
 *	pages  0         10        20        30        40
 *	       aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
 *	                 bbbbbbbbbb          cccccccccc
 *	                 ddddddddddddddddddddd
 *
 *	cells  [0-9    ][10-19   ][20-29   ][30][31-39 ]
 *	        a        a b d     a d       c d c
 *
 * Cells are disjoint, so a page has one, and its list holds just the links that map the page: a
 * look-up passes none in vain. The price is paid by who changes the map. A link has an entry in
 * each cell that it covers; one whose ends lie inside of cells splits them, and each split copies a
 * list. Bligh guessed ("with no real proof, save intuition") that most areas map a part that is a
 * cell already, or a new one. Where that holds, and it does for libraries and for windows that are
 * forked, all is cheap. Where it does not, n links make up to 2n - 1 cells with n * n entries: n
 * areas of n pages, each a page further than the last, do.
 *
 * His text leaves open what happens when links go. Here a boundary goes when no link begins or ends
 * there any more, so that cells never outnumber the ends of links.
 *
 * The text also leaves open where the memory comes from. A change may need an entry for each cell
 * of the object and each link of two of them; that cannot be reserved by somebody who does not
 * hold the object's lock and has not looked. So it is asked for when it is known, and a link for
 * which there is none waits on a list that each walk goes through, until it is removed or resized.
 *
 * Costs, for k links a page, m cells under the link: look-up O(order + k); insert and remove
 * O(order + m + k), and a cell has 100 bytes or so, an entry 64 (one is in the link). `order` is the
 * search for the first cell: O(cells) in cell-list, as drawn in his mail, O(log cells) in cell-tree:
 * "we should be able to just turn the subobject sorted list into an rbtree".
 */

#include "file_cell.h"

#include "base/assert.h"

static struct cell_map *cell_map(const struct vas_file_map *map)
{
	return (struct cell_map *)(uintptr_t)map;
}

static struct cell *cell_at(struct vas_range *range)
{
	return vas_container_of(range, struct cell, range);
}

static struct cell_entry *entry_at(struct vas_list *place)
{
	return vas_container_of(place, struct cell_entry, place);
}

static size_t block_bytes(const struct cell_map *map)
{
	return vas_index_link_bytes(map->order) + sizeof(struct cell);
}

void vas_cell_init(struct vas_file_map *head, const char *order)
{
	struct cell_map *map = cell_map(head);

	map->order = order;
	vas_list_init(&map->waiting);
}

void vas_cell_destroy(struct vas_file_map *head)
{
	vas_index_destroy(cell_map(head)->index);
}

/* A new cell without links. => reserved. */
static struct cell *make_cell(struct cell_map *map, uint64_t start, uint64_t end,
			      struct vas_pool *pool)
{
	char *block = vas_pool_take(pool, block_bytes(map));
	struct cell *cell = (struct cell *)(void *)(block + vas_index_link_bytes(map->order));

	*cell = (struct cell){ .range = { start, end } };
	vas_list_init(&cell->entries);
	vas_index_insert(map->index, &cell->range);
	return cell;
}

static void drop_cell(struct cell_map *map, struct cell *cell, struct vas_pool *pool)
{
	vas_index_erase(map->index, &cell->range);
	vas_pool_give(pool, (char *)cell - vas_index_link_bytes(map->order), block_bytes(map));
}

static struct cell_entry *make_entry(struct cell_map *map, struct vas_pool *pool)
{
	map->entries++;
	return vas_pool_take(pool, sizeof(struct cell_entry));
}

static void drop_entry(struct cell_map *map, struct cell_entry *entry, struct vas_pool *pool)
{
	vas_list_remove(&entry->place);
	if (entry == &entry->link->entry)
		return;
	map->entries--;
	vas_pool_give(pool, entry, sizeof(*entry));
}

static void append(struct cell *cell, struct cell_entry *entry, struct cell_link *link)
{
	entry->link = link;
	entry->cell = cell;
	vas_list_add_before(&cell->entries, &entry->place);
}

static size_t links_in(const struct cell *cell)
{
	size_t count = 0;

	vas_list_for_each (place, &cell->entries)
		count++;
	return count;
}

/* Gets what putting in [start, end) takes. */
static bool provide(struct cell_map *map, uint64_t start, uint64_t end, struct vas_pool *pool)
{
	size_t cells = 0, entries = 0;
	struct vas_cursor cursor;
	struct vas_range *range;
	uint64_t at = start;

	if (map->index == NULL &&
	    vas_index_create(map->order, map->head.allocator, &map->index) != 0)
		return false;
	vas_cursor_seek(&cursor, map->index, start);
	while (at < end) {
		range = vas_cursor_next(&cursor);
		if (range == NULL || range->start >= end)
			break;
		cells += range->start > at; /* for the hole before it */
		entries += range->start > at ? 2 : 1;
		if (range->start < start) {
			cells++;
			entries += links_in(cell_at(range));
		}
		if (range->end > end) {
			cells++;
			entries += links_in(cell_at(range));
		}
		at = range->end;
	}
	if (at < end) {
		cells++;
		entries++;
	}
	return (cells == 0 || vas_pool_reserve(pool, block_bytes(map), cells) == 0) &&
	       (entries == 1 ||
		vas_pool_reserve(pool, sizeof(struct cell_entry), entries - 1) == 0);
}

/* Makes two cells of the one that has `at` inside, if there is one. => reserved. */
static void split_at(struct cell_map *map, uint64_t at, struct vas_pool *pool)
{
	struct vas_range *range = vas_index_find(map->index, at);
	struct cell *low, *high;
	uint64_t end;

	if (range == NULL || range->start == at)
		return;
	low = cell_at(range);
	end = range->end;
	vas_index_resize(map->index, range, range->start, at);
	high = make_cell(map, at, end, pool);
	vas_list_for_each (place, &low->entries) {
		struct cell_entry *entry = entry_at(place), *copy = make_entry(map, pool);

		append(high, copy, entry->link);
		copy->next = entry->next;
		entry->next = copy;
	}
	high->end = low->end;
	low->end = 0;
}

/* Makes one cell of two neighbours, if no link begins or ends between them. Returns that one, or
 * `high`. Either may be NULL. */
static struct cell *join(struct cell_map *map, struct cell *low, struct cell *high,
			 struct vas_pool *pool)
{
	uint64_t end;

	if (low == NULL || high == NULL || low->range.end != high->range.start || low->end > 0 ||
	    high->begin > 0)
		return high;
	vas_list_for_each (place, &low->entries) {
		struct cell_entry *entry = entry_at(place), *copy = entry->next;

		entry->next = copy->next;
		drop_entry(map, copy, pool);
	}
	low->end = high->end;
	end = high->range.end;
	drop_cell(map, high, pool);
	vas_index_resize(map->index, &low->range, low->range.start, end);
	return low;
}

void vas_cell_insert(struct vas_file_map *head, struct vas_file_link *link, struct vas_pool *pool)
{
	struct cell_map *map = cell_map(head);
	struct cell_link *mine = (struct cell_link *)link;
	struct cell_entry *entry = &mine->entry, *before = NULL;
	uint64_t at = link->first, end = link->last + 1;
	struct cell *cell = NULL;

	vas_assert(link->last < UINT64_MAX);
	*entry = (struct cell_entry){ .link = mine };
	if (!provide(map, at, end, pool)) {
		vas_list_add_before(&map->waiting, &entry->place);
		return;
	}
	split_at(map, at, pool);
	split_at(map, end, pool);
	while (at < end) {
		struct vas_range *range = cell == NULL ? vas_index_find_ge(map->index, at)
						       : vas_index_next(map->index, &cell->range);

		if (range != NULL && range->start == at)
			cell = cell_at(range);
		else
			cell = make_cell(map, at,
					 range == NULL || range->start > end ? end : range->start,
					 pool);
		if (before != NULL) {
			entry = make_entry(map, pool);
			entry->next = NULL;
			before->next = entry;
		} else {
			cell->begin++;
		}
		append(cell, entry, mine);
		before = entry;
		at = cell->range.end;
	}
	cell->end++;
}

/* The neighbours of a cell; NULL for none. */
static struct cell *cell_below(const struct cell_map *map, const struct cell *cell)
{
	struct vas_range *range = vas_index_prev(map->index, &cell->range);

	return range == NULL ? NULL : cell_at(range);
}

static struct cell *cell_above(const struct cell_map *map, const struct cell *cell)
{
	struct vas_range *range = vas_index_next(map->index, &cell->range);

	return range == NULL ? NULL : cell_at(range);
}

void vas_cell_remove(struct vas_file_map *head, struct vas_file_link *link, struct vas_pool *pool)
{
	struct cell_map *map = cell_map(head);
	struct cell_entry *entry = &((struct cell_link *)link)->entry, *next;
	struct cell *lowest = entry->cell, *cell = NULL;

	if (entry->cell == NULL) {
		vas_list_remove(&entry->place);
		return;
	}
	lowest->begin--;
	for (; entry != NULL; entry = next) {
		next = entry->next;
		cell = entry->cell;
		cell->end -= next == NULL;
		drop_entry(map, entry, pool);
		if (vas_list_empty(&cell->entries)) {
			lowest = cell == lowest ? NULL : lowest;
			drop_cell(map, cell, pool);
			cell = NULL;
		}
	}
	if (cell != NULL)
		(void)join(map, cell, cell_above(map, cell), pool);
	if (lowest != NULL)
		(void)join(map, cell_below(map, lowest), lowest, pool);
}

void vas_cell_resize(struct vas_file_map *map, struct vas_file_link *link, uint64_t first,
		     uint64_t last, uint64_t start, struct vas_pool *pool)
{
	vas_cell_remove(map, link, pool);
	link->first = first;
	link->last = last;
	link->start = start;
	vas_cell_insert(map, link, pool);
}

/*
 * A link is visited in the lowest of its cells that has a page of the walk; all that are visited in
 * one cell have the same lowest page there. So that page and `changed` give an order in which a
 * link that does not change keeps its place, whatever happens to the cells: key[0] and key[1].
 * key[2]: 0 at the beginning, 1 among those that wait, 2 in the cells.
 */
enum { NOWHERE, AMONG_WAITING, IN_CELLS };

/* Visits a link, and keeps the place. True: the walk stops; then *over tells whether for good. */
static bool visit(struct vas_file_walk *walk, struct cell_link *link, uint64_t page,
		  unsigned int where, size_t *left, bool *over)
{
	walk->hits++;
	walk->key[0] = page;
	walk->key[1] = link->head.changed;
	walk->key[2] = where;
	*over = !walk->visit(walk->context, &link->head);
	return *over || --*left == 0;
}

static bool visit_cell(struct vas_file_walk *walk, const struct cell *cell, size_t *left,
		       bool *over)
{
	uint64_t page = cell->range.start > walk->first ? cell->range.start : walk->first;
	uint64_t passed = 0;

	if (walk->key[2] == IN_CELLS && walk->key[0] >= page) {
		/* It has grown downwards, over cells that were done. */
		if (walk->key[0] > page)
			return false;
		passed = walk->key[1];
	}
	vas_list_for_each (place, &cell->entries) {
		struct cell_link *link = entry_at(place)->link;

		walk->candidates++;
		if ((link->head.first < page && page > walk->first) || link->head.changed <= passed)
			continue;
		if (visit(walk, link, page, IN_CELLS, left, over))
			return true;
	}
	return false;
}

bool vas_cell_walk(struct vas_file_map *head, struct vas_file_walk *walk)
{
	struct cell_map *map = cell_map(head);
	size_t left = walk->batch; /* 0 wraps: all of them */
	uint64_t from = walk->first;
	struct vas_cursor cursor;
	struct vas_range *range;
	bool over = false;

	if (walk->key[2] != IN_CELLS) {
		uint64_t passed = walk->key[1];

		vas_list_for_each (place, &map->waiting) {
			struct cell_link *link = entry_at(place)->link;

			walk->candidates++;
			if (link->head.changed > passed &&
			    vas_file_overlaps(&link->head, walk->first, walk->last) &&
			    visit(walk, link, 0, AMONG_WAITING, &left, &over))
				return !over;
		}
	} else {
		from = walk->key[0];
	}
	if (map->index == NULL)
		return false;
	vas_cursor_seek(&cursor, map->index, from);
	while ((range = vas_cursor_next(&cursor)) != NULL && range->start <= walk->last)
		if (visit_cell(walk, cell_at(range), &left, &over))
			return !over;
	return false;
}

size_t vas_cell_bytes(const struct vas_file_map *head)
{
	const struct cell_map *map = cell_map(head);
	size_t bytes = sizeof(*map) +
		       head->count * (sizeof(struct cell_link) - sizeof(struct vas_file_link)) +
		       map->entries * vas_pool_size(sizeof(struct cell_entry));

	if (map->index != NULL)
		bytes += vas_index_bytes(map->index) +
			 vas_index_count(map->index) * (vas_pool_size(block_bytes(map)) -
							vas_index_link_bytes(map->order));
	return bytes;
}

static bool cell_broken(const struct cell *cell, const char *what,
			const struct vas_printer *printer)
{
	return vas_file_broken(printer, "%s, in the cell of pages %llu to %llu", what,
			       (unsigned long long)cell->range.start,
			       (unsigned long long)(cell->range.end - 1));
}

/* An entry of a link in a cell; the cell above has the next one, if there is one. */
static bool check_entry(const struct vas_file_map *map, const struct cell *cell,
			const struct cell_entry *entry, uint64_t *changed,
			const struct vas_printer *printer)
{
	const struct vas_file_link *link = &entry->link->head;

	if (!vas_file_check_link(map, link, printer))
		return false;
	if (entry->cell != cell || link->first > cell->range.start ||
	    link->last < cell->range.end - 1)
		return cell_broken(cell, "FRMAP-6: a link that does not map it", printer);
	if ((link->first == cell->range.start) != (entry == &entry->link->entry))
		return cell_broken(cell, "FRMAP-19: a wrong entry of a link", printer);
	if (link->last == cell->range.end - 1
		    ? entry->next != NULL
		    : entry->next == NULL || entry->next->link != entry->link ||
			      entry->next->cell->range.start != cell->range.end)
		return cell_broken(cell, "FRMAP-19: a link is not in all cells above", printer);
	if (link->changed <= *changed)
		return cell_broken(cell, "FRMAP-4: links are not in order", printer);
	*changed = link->changed;
	return true;
}

static bool check_cell(const struct cell_map *map, const struct cell *cell,
		       const struct cell *before, size_t *found, const struct vas_printer *printer)
{
	size_t begin = 0, end = 0;
	uint64_t changed = 0;

	if (vas_list_empty(&cell->entries))
		return cell_broken(cell, "FRMAP-6: no links", printer);
	vas_list_for_each (place, &cell->entries) {
		const struct cell_entry *entry = entry_at(place);

		if (!check_entry(&map->head, cell, entry, &changed, printer))
			return false;
		begin += entry->link->head.first == cell->range.start;
		end += entry->link->head.last == cell->range.end - 1;
	}
	if (cell->begin != begin || cell->end != end)
		return cell_broken(cell, "FRMAP-20: a wrong number of links begin or end", printer);
	if (before != NULL && before->range.end == cell->range.start && before->end == 0 &&
	    begin == 0)
		return cell_broken(cell, "FRMAP-21: nothing sets it off from the one below",
				   printer);
	*found += begin;
	return true;
}

bool vas_cell_validate(const struct vas_file_map *head, const struct vas_printer *printer)
{
	const struct cell_map *map = cell_map(head);
	const struct cell *before = NULL;
	struct vas_cursor cursor;
	struct vas_range *range;
	size_t found = 0;

	vas_list_for_each (place, &map->waiting) {
		found++;
		if (!vas_file_check_link(head, &entry_at(place)->link->head, printer))
			return false;
	}
	if (map->index == NULL)
		return vas_file_check_count(head, found, printer);
	if (!vas_index_validate(map->index, printer))
		return false;
	vas_cursor_seek(&cursor, map->index, 0);
	while ((range = vas_cursor_next(&cursor)) != NULL) {
		if (!check_cell(map, cell_at(range), before, &found, printer))
			return false;
		before = cell_at(range);
	}
	return vas_file_check_count(head, found, printer);
}
