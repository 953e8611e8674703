/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The front of the index: the table of designs, and what they have in common.
 *
 * An index is asked in three ways: which range holds this address, which is next, and where is a
 * gap of this length. The first two need an order, the third a figure about each part of it, the
 * largest hole, without which a search has to look at every range. The designs differ in how they
 * keep order and figure; see the head of each source, and docs/index-designs.md for what they cost.
 */

#include "btree.h"

#include <string.h>

#include "base/assert.h"
#include "base/print.h"
#include "base/text.h"

/* btree stands for all of its tables: it chooses among them when an index is created. */
static const struct vas_index_ops *const designs[] = {
	&vas_btree_portable_ops, &vas_rbtree_ops,     &vas_avl_ops,
	&vas_list_ops,		 &vas_list_cache_ops, &vas_list_cache_bare_ops,
};

#define DESIGN_COUNT (sizeof(designs) / sizeof(designs[0]))

const char *const *vas_index_designs(void)
{
	static const char *const names[] = { "btree", "rbtree", "avl", "list", NULL };

	return names;
}

const char *const *vas_index_historic_designs(void)
{
	static const char *const names[] = { "list-cache", "list-cache-bare", NULL };

	return names;
}

static const struct vas_index_ops *design_named(const char *name)
{
	if (name == NULL)
		return designs[0];
	for (size_t i = 0; i < DESIGN_COUNT; i++) {
		if (vas_text_equal(designs[i]->name, name))
			return designs[i];
	}
	return NULL;
}

size_t vas_index_link_bytes(const char *design)
{
	const struct vas_index_ops *ops = design_named(design);

	return ops != NULL ? ops->link_bytes : 0;
}

int vas_index_create(const char *design, const struct vas_allocator *allocator,
		     struct vas_index **result)
{
	const struct vas_index_ops *ops = design_named(design);
	struct vas_index *index;

	if (ops == NULL)
		return -VAS_EINVAL;
	index = allocator->allocate(allocator->context, ops->size, ops->align);
	if (index == NULL)
		return -VAS_ENOMEM;
	memset(index, 0, ops->size);
	index->ops = ops;
	index->allocator = allocator;
	if (ops->create != NULL)
		ops->create(index);
	*result = index;
	return 0;
}

void vas_index_destroy(struct vas_index *index)
{
	if (index == NULL)
		return;
	if (index->ops->destroy != NULL)
		index->ops->destroy(index);
	index->allocator->release(index->allocator->context, index, index->ops->size);
}

const char *vas_index_design(const struct vas_index *index)
{
	return index->ops->name;
}

size_t vas_index_count(const struct vas_index *index)
{
	return index->count;
}

int vas_index_reserve(struct vas_index *index, size_t inserts)
{
	return index->ops->reserve != NULL ? index->ops->reserve(index, inserts) : 0;
}

void vas_index_insert(struct vas_index *index, struct vas_range *range)
{
	vas_assert(range->start < range->end);
	index->ops->insert(index, range);
	index->count++;
}

int vas_index_load(struct vas_index *index, struct vas_range *const *ranges, size_t count)
{
	int err;

	vas_assert(index->count == 0);
	if (count == 0)
		return 0;
	err = index->ops->load(index, ranges, count);
	if (err == 0)
		index->count = count;
	return err;
}

int vas_index_copy(struct vas_index *index, const struct vas_index *from,
		   struct vas_range *const *ranges)
{
	int err;

	if (from->ops->copy == NULL || index->ops->copy != from->ops->copy || from->count == 0)
		return vas_index_load(index, ranges, from->count);
	vas_assert(index->count == 0);
	err = index->ops->copy(index, from, ranges);
	if (err == 0)
		index->count = from->count;
	return err;
}

/* Links that are used once more lead nowhere. */
static void poison(const struct vas_index *index, struct vas_range *range)
{
	if (VAS_CHECKS >= 1)
		memset((char *)range - index->ops->link_bytes, 0x6b, index->ops->link_bytes);
}

void vas_index_erase(struct vas_index *index, struct vas_range *range)
{
	vas_assert(index->count != 0);
	index->ops->erase(index, range);
	index->count--;
	poison(index, range);
}

void vas_index_split(struct vas_index *index, struct vas_range *low, struct vas_range *high)
{
	vas_assert(low->start < high->start && high->start < high->end && high->end == low->end);
	if (index->ops->split != NULL) {
		index->ops->split(index, low, high);
	} else {
		index->ops->resize(index, low, low->start, high->start);
		index->ops->insert(index, high);
	}
	index->count++;
}

void vas_index_merge(struct vas_index *index, struct vas_range *low, struct vas_range *high)
{
	vas_assert(low->end == high->start && index->count > 1);
	if (index->ops->merge != NULL) {
		index->ops->merge(index, low, high);
	} else {
		index->ops->erase(index, high);
		index->ops->resize(index, low, low->start, high->end);
	}
	index->count--;
	poison(index, high);
}

void vas_index_resize(struct vas_index *index, struct vas_range *range, uint64_t start,
		      uint64_t end)
{
	vas_assert(start < end && start < range->end && end > range->start);
	index->ops->resize(index, range, start, end);
}

struct vas_range *vas_index_find(const struct vas_index *index, uint64_t address)
{
	return index->ops->find(index, address);
}

struct vas_range *vas_index_find_ge(const struct vas_index *index, uint64_t address)
{
	return index->ops->find_ge(index, address);
}

struct vas_range *vas_index_next(const struct vas_index *index, const struct vas_range *range)
{
	return index->ops->next(index, range);
}

struct vas_range *vas_index_prev(const struct vas_index *index, const struct vas_range *range)
{
	return index->ops->prev(index, range);
}

struct vas_range *vas_index_first(const struct vas_index *index)
{
	return index->ops->first(index);
}

struct vas_range *vas_index_last(const struct vas_index *index)
{
	return index->ops->last(index);
}

void vas_cursor_seek(struct vas_cursor *cursor, const struct vas_index *index, uint64_t address)
{
	*cursor = (struct vas_cursor){ .index = index };
	index->ops->seek(cursor, index, address);
}

struct vas_range *vas_cursor_step(struct vas_cursor *cursor)
{
	return cursor->index->ops->step(cursor);
}

bool vas_index_gap(struct vas_index *index, const struct vas_gap *gap, uint64_t *address)
{
	vas_assert(gap->length != 0 && (gap->align & (gap->align - 1)) == 0);
	return index->ops->gap(index, gap, address);
}

size_t vas_index_bytes(const struct vas_index *index)
{
	return index->ops->bytes(index);
}

bool vas_index_validate(const struct vas_index *index, const struct vas_printer *printer)
{
	return index->ops->validate(index, printer);
}

void vas_index_print(const struct vas_index *index, const struct vas_printer *printer)
{
	vas_print(printer, "%s: %zu ranges, %zu bytes\n", index->ops->name, index->count,
		  vas_index_bytes(index));
	index->ops->print(index, printer);
}

bool vas_index_broken(const struct vas_printer *printer, const char *id, const char *format, ...)
{
	va_list arguments;

	vas_print(printer, "%s: ", id);
	va_start(arguments, format);
	vas_vprint(printer, format, arguments);
	va_end(arguments);
	vas_print(printer, "\n");
	return false;
}
