/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The index space of a family: which indexes are in use, as the same kind of index of ranges that
 * keeps the areas of a space, and the same search for gaps. The red-black tree is taken since an
 * insert into it needs no memory.
 */

#include "family_index.h"

#include "base/assert.h"

static struct family_piece *piece_of(struct vas_range *range)
{
	return (struct family_piece *)(void *)range;
}

static size_t piece_size(const struct family_index *design)
{
	return design->link_bytes + sizeof(struct family_piece);
}

/* NULL: no memory. */
static struct family_piece *add_piece(struct family_index *design, struct family *family,
				      uint64_t first, uint64_t end)
{
	const struct vas_allocator *allocator = design->allocator;
	unsigned char *block = allocator->allocate(allocator->context, piece_size(design),
						   _Alignof(struct family_piece));
	struct family_piece *piece;

	if (block == NULL)
		return NULL;
	piece = (struct family_piece *)(void *)(block + design->link_bytes);
	*piece = (struct family_piece){ .range = { first, end } };
	vas_index_insert(family->used, &piece->range);
	family_count(&design->pieces, 1);
	return piece;
}

static void release_piece(struct family_index *design, struct family_piece *piece)
{
	const struct vas_allocator *allocator = design->allocator;

	allocator->release(allocator->context, (unsigned char *)piece - design->link_bytes,
			   piece_size(design));
	family_count(&design->pieces, (size_t)-1);
}

bool vas_family_indexes_free(const struct family_index *design, const struct family *family,
			     uint64_t first, uint64_t pages)
{
	const struct vas_range *range;

	if (first >= design->limit || pages > design->limit - first)
		return false;
	range = vas_index_find_ge(family->used, first);
	return range == NULL || range->start >= first + pages;
}

int vas_family_indexes_take(struct family_index *design, struct family *family, uint64_t first,
			    uint64_t pages)
{
	struct vas_range *below = first > 0 ? vas_index_find(family->used, first - 1) : NULL;
	struct vas_range *above = vas_index_find(family->used, first + pages);

	if (below != NULL)
		vas_index_resize(family->used, below, below->start, first + pages);
	else if (above != NULL)
		vas_index_resize(family->used, above, first, above->end);
	else if (add_piece(design, family, first, first + pages) == NULL)
		return -VAS_ENOMEM;
	return 0;
}

/* The middle of the largest gap, found within a factor of two. False: none is large enough. */
static bool largest_gap(struct family_index *design, struct family *family, uint64_t pages,
			uint64_t *first)
{
	struct vas_gap gap = { .length = design->limit,
			       .high = design->limit,
			       .direction = VAS_BOTTOM_UP };
	uint64_t at;

	while (!vas_index_gap(family->used, &gap, &at)) {
		if (gap.length <= pages)
			return false;
		gap.length = gap.length / 2 > pages ? gap.length / 2 : pages;
	}
	*first = at + (gap.length - pages) / 2;
	return true;
}

int vas_family_indexes_choose(struct family_index *design, struct family *family, uint64_t address,
			      uint64_t pages, uint64_t *first)
{
	uint64_t natural = (address >> VAS_PAGE_SHIFT) & (design->limit - 1);

	*first = natural;
	if (vas_family_indexes_free(design, family, natural, pages)) {
		family_count(&design->figures.natural, 1);
		return vas_family_indexes_take(design, family, natural, pages);
	}
	if (largest_gap(design, family, pages, first)) {
		family_count(&design->figures.elsewhere, 1);
		return vas_family_indexes_take(design, family, *first, pages);
	}
	/* The space is full. Then indexes are not unique, and the page tables will tell. */
	family_count(&design->figures.shared, 1);
	*first = 0;
	return 0;
}

/* Takes [first, last] out of the pieces. */
static void erase(struct family_index *design, struct family *family, uint64_t first, uint64_t last)
{
	struct vas_range *range;

	while ((range = vas_index_find_ge(family->used, first)) != NULL && range->start <= last) {
		uint64_t start = range->start, end = range->end;

		if (start < first && end > last + 1) {
			vas_index_resize(family->used, range, start, first);
			if (add_piece(design, family, last + 1, end) == NULL) {
				vas_index_resize(family->used, range, start, end);
				family_count(&design->figures.lost, (size_t)(last - first + 1));
				return;
			}
		} else if (start < first) {
			vas_index_resize(family->used, range, start, first);
		} else if (end > last + 1) {
			vas_index_resize(family->used, range, last + 1, end);
		} else {
			vas_index_erase(family->used, range);
			release_piece(design, piece_of(range));
		}
	}
}

struct giving {
	struct family_index *design;
	struct family *family;
	uint64_t next; /* not yet known to be covered */
};

static bool give_below(void *context, const struct family_run *run)
{
	struct giving *giving = context;

	if (run->first > giving->next)
		erase(giving->design, giving->family, giving->next, run->first - 1);
	if (run->last >= giving->next)
		giving->next = run->last + 1;
	return true;
}

void vas_family_indexes_give(struct family_index *design, struct family *family, uint64_t first,
			     uint64_t last)
{
	struct giving giving = { .design = design, .family = family, .next = first };

	vas_family_runs_each(family, first, last, give_below, &giving);
	if (giving.next <= last)
		erase(design, family, giving.next, last);
}

void vas_family_indexes_end(struct family_index *design, struct family *family)
{
	struct vas_range *range;

	while ((range = vas_index_first(family->used)) != NULL) {
		vas_index_erase(family->used, range);
		release_piece(design, piece_of(range));
	}
	vas_index_destroy(family->used);
	family->used = NULL;
}

void vas_family_indexes_measure(struct family_index *design, struct family *family)
{
	const struct vas_range *first = vas_index_first(family->used);
	const struct vas_range *last = vas_index_last(family->used);
	unsigned bits = 0;

	if (first == NULL)
		return;
	while ((last->end - first->start - 1) >> bits > 1)
		bits++;
	bits++;
	if (bits > __atomic_load_n(&design->figures.widest, __ATOMIC_RELAXED))
		__atomic_store_n(&design->figures.widest, bits, __ATOMIC_RELAXED);
}
