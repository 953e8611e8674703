/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The parts of a space that mremap has moved and that could not be renumbered. They know nothing of
 * areas, so that these split and merge as they like. Each stands in two trees: by index, in which
 * ranges may overlap, each node with the greatest last index below it, for walks; and by virtual
 * page number, in which they are disjoint, for whoever makes pages, unmaps, moves or forks.
 */

#include "lineage.h"

#include "base/assert.h"
#include "base/list.h"

/* As the records have room for: no area has more pages, no call moves more parts. */
#define HOME(pages)	((pages) & ((UINT64_C(1) << 45) - 1))
#define PROMISED(count) ((count) & ((UINT32_C(1) << 27) - 1))

static struct lineage_moved *at_index(const struct vas_red_black *node)
{
	return (struct lineage_moved *)(uintptr_t)node;
}

static struct lineage_moved *at_page(const struct vas_red_black *node)
{
	return node == NULL ? NULL : vas_container_of(node, struct lineage_moved, by_page);
}

static uint64_t low(const struct lineage_moved *moved)
{
	return moved->first - moved->displacement;
}

static uint64_t high(const struct lineage_moved *moved)
{
	return moved->last - moved->displacement;
}

static uint64_t pages_of(const struct lineage_moved *moved)
{
	return moved->last - moved->first + 1;
}

/* The trees. */

static uint64_t most_of(const struct vas_red_black *node)
{
	return node != NULL ? at_index(node)->most : 0;
}

static bool update(struct vas_red_black *node)
{
	struct lineage_moved *moved = at_index(node);
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
	at_index(to)->most = at_index(from)->most;
}

static bool update_none(struct vas_red_black *node)
{
	(void)node;
	return false;
}

static void copy_none(struct vas_red_black *to, const struct vas_red_black *from)
{
	(void)to;
	(void)from;
}

static const struct vas_red_black_figure most_figure = { update, copy },
					 no_figure = { update_none, copy_none };

static void insert_index(struct lineage_space *mine, struct lineage_moved *moved)
{
	struct vas_red_black **place = &mine->moved, *parent = NULL;

	while (*place != NULL) {
		struct lineage_moved *at = at_index(*place);

		parent = *place;
		at->most = at->most > moved->last ? at->most : moved->last;
		place = moved->first < at->first ? &parent->left : &parent->right;
	}
	moved->most = moved->last;
	vas_red_black_insert(&mine->moved, &moved->by_index, parent, place, &most_figure);
}

static void remove_index(struct lineage_space *mine, struct lineage_moved *moved)
{
	vas_red_black_remove(&mine->moved, &moved->by_index, &most_figure);
}

static void insert_page(struct lineage_space *mine, struct lineage_moved *moved)
{
	struct vas_red_black **place = &mine->places, *parent = NULL;

	while (*place != NULL) {
		parent = *place;
		place = low(moved) < low(at_page(parent)) ? &parent->left : &parent->right;
	}
	vas_red_black_insert(&mine->places, &moved->by_page, parent, place, &no_figure);
}

static void remove_page(struct lineage_space *mine, struct lineage_moved *moved)
{
	vas_red_black_remove(&mine->places, &moved->by_page, &no_figure);
}

struct lineage_moved *vas_lineage_moved_seek(const struct lineage_space *mine, uint64_t page)
{
	struct vas_red_black *node = mine->places;
	struct lineage_moved *found = NULL;

	while (node != NULL) {
		struct lineage_moved *moved = at_page(node);

		if (high(moved) < page) {
			node = node->right;
		} else {
			found = moved;
			node = node->left;
		}
	}
	return found;
}

struct lineage_moved *vas_lineage_moved_next(const struct lineage_moved *moved)
{
	return at_page(vas_red_black_next((struct vas_red_black *)(uintptr_t)&moved->by_page));
}

/* The same, if it begins at `last` or below it. */
static struct lineage_moved *seek_among(const struct lineage_space *mine, uint64_t first,
					uint64_t last)
{
	struct lineage_moved *moved = vas_lineage_moved_seek(mine, first);

	return moved != NULL && low(moved) <= last ? moved : NULL;
}

size_t vas_lineage_moved_among(const struct lineage_space *mine, uint64_t first, uint64_t last)
{
	const struct lineage_moved *moved = seek_among(mine, first, last);
	size_t count = 0;

	for (; moved != NULL && low(moved) <= last; moved = vas_lineage_moved_next(moved))
		count++;
	return count;
}

/* Records. */

bool vas_lineage_moved_reserve(struct lineage *lineage, struct lineage_space *mine, size_t count)
{
	const struct vas_allocator *allocator = lineage->allocator;

	mine->promised = PROMISED(mine->promised + (uint32_t)count);
	while (mine->spare_count < mine->promised) {
		struct lineage_moved *moved = allocator->allocate(
			allocator->context, sizeof(*moved), _Alignof(struct lineage_moved));

		if (moved == NULL)
			return false;
		moved->spare = mine->spares;
		mine->spares = moved;
		mine->spare_count++;
		__atomic_fetch_add(&lineage->spare_parts, 1, __ATOMIC_RELAXED);
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
		__atomic_fetch_sub(&lineage->spare_parts, 1, __ATOMIC_RELAXED);
		allocator->release(allocator->context, moved, sizeof(*moved));
	}
}

/* Puts one like `like` into the trees, with a record of `store`'s. */
static void add(struct lineage *lineage, struct lineage_space *mine, struct lineage_space *store,
		const struct lineage_moved *like)
{
	struct lineage_moved *moved = store->spares;

	vas_assert(moved != NULL);
	store->spares = moved->spare;
	store->spare_count--;
	if (store->promised != 0)
		store->promised = PROMISED(store->promised - 1);
	__atomic_fetch_sub(&lineage->spare_parts, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&lineage->moved_parts, 1, __ATOMIC_RELAXED);
	*moved = *like;
	insert_index(mine, moved);
	insert_page(mine, moved);
}

/* => out of the tree of pages */
static void free_record(struct lineage *lineage, struct lineage_space *mine,
			struct lineage_moved *moved)
{
	remove_index(mine, moved);
	moved->spare = mine->spares;
	mine->spares = moved;
	mine->spare_count++;
	__atomic_fetch_add(&lineage->spare_parts, 1, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&lineage->moved_parts, 1, __ATOMIC_RELAXED);
}

/* Takes pages off its ends. */
static void trim_high(struct lineage_moved *moved, uint64_t pages)
{
	moved->last -= pages;
	if (moved->home > pages_of(moved))
		moved->home = HOME(pages_of(moved));
	vas_red_black_propagate(&moved->by_index, &most_figure);
}

static void trim_low(struct lineage_space *mine, struct lineage_moved *moved, uint64_t pages)
{
	uint64_t lost = moved->home < pages ? moved->home : pages;

	remove_index(mine, moved);
	moved->first += pages;
	moved->home = HOME(moved->home - lost);
	insert_index(mine, moved);
}

/* What lies from `page` on gets a record of its own. => low < page <= high */
static void split(struct lineage *lineage, struct lineage_space *mine, struct lineage_moved *moved,
		  uint64_t page)
{
	struct lineage_moved above = *moved;
	uint64_t below = page - low(moved), lost = above.home < below ? above.home : below;

	above.first += below;
	above.home = HOME(above.home - lost);
	trim_high(moved, pages_of(moved) - below);
	moved->cut = 1;
	add(lineage, mine, mine, &above);
}

void vas_lineage_moved_drop(struct lineage *lineage, struct lineage_space *mine, uint64_t first,
			    uint64_t last, vas_lineage_lost_fn *lost)
{
	struct lineage_moved *moved = seek_among(mine, first, last), *next;

	for (; moved != NULL && low(moved) <= last; moved = next) {
		uint64_t from = low(moved) > first ? low(moved) : first;
		uint64_t to = high(moved) < last ? high(moved) : last;

		if (lost != NULL)
			lost(lineage, mine, moved, from + moved->displacement,
			     to + moved->displacement);
		if (from > low(moved) && to < high(moved))
			split(lineage, mine, moved, to + 1);
		next = vas_lineage_moved_next(moved);
		if (from > low(moved)) {
			trim_high(moved, high(moved) - from + 1);
		} else if (to < high(moved)) {
			trim_low(mine, moved, to - from + 1);
		} else {
			remove_page(mine, moved);
			free_record(lineage, mine, moved);
		}
	}
}

/* When a part that moves now does so. */
static uint32_t next_time(struct lineage_space *mine)
{
	uint32_t time = mine->clock + 1;

	if (time < LINEAGE_LAST_TIME)
		mine->clock += 2;
	return time;
}

/* Pages [first, last] have been at their natural place until now. */
static void leave_home(struct lineage *lineage, struct lineage_space *mine, uint64_t first,
		       uint64_t last, uint64_t by)
{
	struct lineage_moved moved = {
		.first = first,
		.last = last,
		.displacement = 0 - by,
		.home = HOME(last - first + 1),
		.time = next_time(mine) & LINEAGE_LAST_TIME,
	};

	add(lineage, mine, mine, &moved);
}

static void go_on(struct lineage *lineage, struct lineage_space *mine, struct lineage_moved *moved,
		  uint64_t by)
{
	remove_page(mine, moved);
	moved->displacement -= by;
	if (moved->displacement != 0) {
		insert_page(mine, moved);
		return;
	}
	vas_lineage_gone_back(lineage, &mine->node, moved->first, moved->last);
	mine->came_home = mine->clock;
	free_record(lineage, mine, moved);
}

void vas_lineage_moved_carry(struct lineage *lineage, struct lineage_space *mine, uint64_t first,
			     uint64_t last, uint64_t by)
{
	struct lineage_moved *moved = seek_among(mine, first, last);
	uint64_t at = first;

	if (moved != NULL && low(moved) < first)
		split(lineage, mine, moved, first);
	while (at <= last && (moved = seek_among(mine, at, last)) != NULL) {
		uint64_t from = low(moved);

		if (high(moved) > last)
			split(lineage, mine, moved, last + 1);
		if (from > at)
			leave_home(lineage, mine, at, from - 1, by);
		at = high(moved) + 1;
		go_on(lineage, mine, moved, by);
	}
	if (at <= last)
		leave_home(lineage, mine, at, last, by);
}

void vas_lineage_moved_grow(struct lineage_space *mine, uint64_t first, uint64_t last)
{
	struct lineage_moved *moved = seek_among(mine, first - 1, first - 1);
	uint64_t pages = last - first + 1;

	if (moved == NULL || moved->cut || moved->last + pages >= LINEAGE_NUMBERS)
		return;
	moved->last += pages;
	vas_red_black_propagate(&moved->by_index, &most_figure);
}

/* What lies in [first, last]. */
static struct lineage_moved clip(const struct lineage_moved *moved, uint64_t first, uint64_t last)
{
	struct lineage_moved part = *moved;
	uint64_t below = first > low(moved) ? first - low(moved) : 0;
	uint64_t above = last < high(moved) ? high(moved) - last : 0, home = moved->home;

	part.first += below;
	part.last -= above;
	home -= home < below ? home : below;
	home = home > pages_of(&part) ? pages_of(&part) : home;
	part.home = HOME(home);
	part.cut |= above != 0;
	return part;
}

/* The same record reaches over several areas. */
static bool goes_on(const struct lineage_moved *below, const struct lineage_moved *part)
{
	return below != NULL && below->time == part->time &&
	       below->displacement == part->displacement && below->last + 1 == part->first &&
	       (part->home == 0 || below->home == pages_of(below));
}

void vas_lineage_moved_copy(struct lineage *lineage, struct lineage_space *parent,
			    struct lineage_space *child, uint64_t first, uint64_t last)
{
	const struct lineage_moved *moved = seek_among(parent, first, last);
	struct lineage_moved part, *below;

	for (; moved != NULL && low(moved) <= last; moved = vas_lineage_moved_next(moved)) {
		part = clip(moved, first, last);
		below = vas_lineage_moved_seek(child, low(&part) - 1);
		if (goes_on(below, &part)) {
			below->last = part.last;
			below->home = HOME(below->home + part.home);
			below->cut = part.cut;
			vas_red_black_propagate(&below->by_index, &most_figure);
		} else {
			add(lineage, child, parent, &part);
		}
	}
}

/* Looking. */

bool vas_lineage_moved_has(const struct lineage_space *mine, uint64_t number)
{
	const struct vas_red_black *node = mine->moved;

	while (node != NULL) {
		const struct lineage_moved *moved = at_index(node);

		/* If what ends late enough begins too late there, so does all to the right. */
		if (node->left != NULL && most_of(node->left) >= number)
			node = node->left;
		else if (moved->first > number)
			return false;
		else if (moved->last >= number)
			return true;
		else
			node = node->right;
	}
	return false;
}

struct look {
	uint64_t number;
	uint32_t time;
	const struct lineage_moved *after; /* NULL: from the first */
	const struct lineage_moved *next;
};

/* Did it move before the other? One of two in the same call, which have no number in common, or
 * when times have run out, may be either. */
static bool earlier(const struct lineage_moved *moved, const struct lineage_moved *other)
{
	return moved->time != other->time ? moved->time < other->time
					  : (uintptr_t)moved < (uintptr_t)other;
}

/* May the part hold a page of this number, which was bound at this time? */
static bool may_hold(const struct lineage_moved *moved, uint64_t number, uint32_t time)
{
	return moved->first <= number && moved->last >= number &&
	       (moved->time == time || (moved->time > time && number - moved->first < moved->home));
}

/* Finds the earliest part after `after` that may hold the page. */
static void find_next(const struct vas_red_black *node, struct look *look)
{
	for (; node != NULL && most_of(node) >= look->number; node = node->right) {
		const struct lineage_moved *moved = at_index(node);

		if (most_of(node->left) >= look->number)
			find_next(node->left, look);
		if (moved->first > look->number)
			return;
		if (!may_hold(moved, look->number, look->time))
			continue;
		if ((look->after == NULL || earlier(look->after, moved)) &&
		    (look->next == NULL || earlier(moved, look->next)))
			look->next = moved;
	}
}

const struct lineage_moved *vas_lineage_moved_find(const struct lineage_space *mine, uint64_t index,
						   const struct lineage_moved *after)
{
	struct look look = { .number = lineage_number(index),
			     .time = lineage_time(index),
			     .after = after };
	const struct vas_red_black *root = mine->moved;

	/* Mostly there is one. */
	if (root != NULL && root->left == NULL && root->right == NULL) {
		const struct lineage_moved *only = at_index(root);

		return after == NULL && may_hold(only, look.number, look.time) ? only : NULL;
	}
	find_next(root, &look);
	return look.next;
}

static bool check_index(const struct lineage_space *mine, size_t *count)
{
	const struct vas_red_black *node = vas_red_black_first(mine->moved);
	uint64_t below = 0;

	for (*count = 0; node != NULL; node = vas_red_black_next(node), ++*count) {
		const struct lineage_moved *moved = at_index(node);
		uint64_t left = most_of(node->left), right = most_of(node->right);
		uint64_t most = left > right ? left : right;

		if (moved->first < below || moved->last < moved->first ||
		    moved->most != (most > moved->last ? most : moved->last))
			return false;
		below = moved->first;
	}
	return true;
}

bool vas_lineage_moved_check(const struct lineage_space *mine, size_t *count)
{
	const struct lineage_moved *moved = vas_lineage_moved_seek(mine, 0);
	uint64_t free = 0;
	size_t in_index;

	for (*count = 0; moved != NULL; moved = vas_lineage_moved_next(moved), ++*count) {
		bool timely = moved->time < mine->clock || moved->time == LINEAGE_LAST_TIME;

		if (low(moved) < free || moved->displacement == 0 || !timely ||
		    moved->time % 2 == 0 || moved->home > pages_of(moved))
			return false;
		free = high(moved) + 1;
	}
	return check_index(mine, &in_index) && in_index == *count;
}
