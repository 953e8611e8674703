/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "twin.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOG_BYTES = 1 << 16, STAMPED_PAGES = 4096 };

/* What the twin keeps in each area. */
struct note {
	uint64_t id;   /* 0: not heard of yet */
	uint64_t head; /* 0: it was never written to */
};

/* The head of an area that swallowed another one's: the twin lets them merge. */
#define MIXED UINT64_MAX

struct piece {
	const struct vas_space *space;
	uint64_t start, end;
	const struct vas_area *owner;
	uint64_t flags;
};

struct stamp {
	const struct vas_space *space;
	uint64_t page, value;
};

/* One clone of an area with this head is paid for. */
struct token {
	uint64_t head;
	bool spent;
};

struct list {
	void *items;
	size_t count, room, size;
};

struct twin {
	uint64_t base;
	struct list pieces, stamps, tokens;
	uint64_t touches; /* left in the budget */
	bool reserved, ignore_clones;
	uint64_t last_id, last_head, last_stamp;
	char error[256];
	char log[LOG_BYTES];
	size_t logged;
};

static void *list_add(struct list *list)
{
	if (list->count == list->room) {
		list->room = list->room == 0 ? 64 : list->room * 2;
		list->items = realloc(list->items, list->room * list->size);
		if (list->items == NULL)
			abort();
	}
	return (char *)list->items + list->count++ * list->size;
}

/* The last one takes its place. */
static void list_drop(struct list *list, size_t i)
{
	char *items = list->items;

	list->count--;
	memmove(items + i * list->size, items + list->count * list->size, list->size);
}

static struct piece *piece_at(const struct twin *twin, size_t i)
{
	return (struct piece *)twin->pieces.items + i;
}

static struct stamp *stamp_at(const struct twin *twin, size_t i)
{
	return (struct stamp *)twin->stamps.items + i;
}

static struct note *note_of(struct twin *twin, const struct vas_area *area)
{
	struct note *note = vas_area_data(area, &twin_listener);

	if (note->id == 0)
		note->id = ++twin->last_id;
	return note;
}

__attribute__((format(printf, 2, 3))) static void complain(struct twin *twin, const char *format,
							   ...)
{
	va_list arguments;

	if (twin->error[0] != '\0')
		return;
	va_start(arguments, format);
	vsnprintf(twin->error, sizeof(twin->error), format, arguments);
	va_end(arguments);
}

__attribute__((format(printf, 2, 3))) static void note_down(struct twin *twin, const char *format,
							    ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(twin->log + twin->logged, LOG_BYTES - twin->logged, format, arguments);
	va_end(arguments);
	if ((size_t)length < LOG_BYTES - twin->logged)
		twin->logged += (size_t)length;
	twin->log[twin->logged] = '\0';
}

static unsigned long long page_of(const struct twin *twin, uint64_t address)
{
	return (address - twin->base) >> VAS_PAGE_SHIFT;
}

/* Pages: no piece lies across `at` any more. */

static void cut(struct twin *twin, const struct vas_space *space, uint64_t at)
{
	for (size_t i = 0; i < twin->pieces.count; i++) {
		struct piece *piece = piece_at(twin, i), *upper;

		if (piece->space != space || piece->start >= at || piece->end <= at)
			continue;
		upper = list_add(&twin->pieces);
		piece = piece_at(twin, i);
		*upper = *piece;
		piece->end = at;
		upper->start = at;
		return;
	}
}

static bool inside(const struct piece *piece, const struct vas_space *space, uint64_t start,
		   uint64_t end)
{
	return piece->space == space && piece->start < end && piece->end > start;
}

static uint64_t owned(const struct twin *twin, const struct vas_area *area, uint64_t start,
		      uint64_t end)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < twin->pieces.count; i++) {
		const struct piece *piece = piece_at(twin, i);

		if (piece->owner == area && inside(piece, area->space, start, end))
			bytes += piece->end - piece->start;
	}
	return bytes;
}

/* Cuts at both ends; complains unless all of [start, end) belongs to `area`. */
static void expect_owned(struct twin *twin, const char *what, const struct vas_area *area,
			 uint64_t start, uint64_t end)
{
	cut(twin, area->space, start);
	cut(twin, area->space, end);
	if (owned(twin, area, start, end) != end - start)
		complain(twin, "%s: area %llu does not own all of %llx-%llx", what,
			 (unsigned long long)note_of(twin, area)->id, (unsigned long long)start,
			 (unsigned long long)end);
}

static void give(struct twin *twin, const struct vas_area *to, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < twin->pieces.count; i++)
		if (inside(piece_at(twin, i), to->space, start, end))
			piece_at(twin, i)->owner = to;
}

static void add(struct twin *twin, const struct vas_area *area, uint64_t start, uint64_t end)
{
	struct piece *piece;

	for (size_t i = 0; i < twin->pieces.count; i++)
		if (inside(piece_at(twin, i), area->space, start, end))
			complain(twin, "map: something is at %llx-%llx already",
				 (unsigned long long)start, (unsigned long long)end);
	if (start < area->range.start || end > area->range.end)
		complain(twin, "map: %llx-%llx is not in the area", (unsigned long long)start,
			 (unsigned long long)end);
	piece = list_add(&twin->pieces);
	*piece = (struct piece){ area->space, start, end, area, area->flags };
}

static void forget(struct twin *twin, const struct vas_space *space, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < twin->stamps.count;) {
		const struct stamp *stamp = stamp_at(twin, i);

		if (stamp->space == space && stamp->page >= start && stamp->page < end)
			list_drop(&twin->stamps, i);
		else
			i++;
	}
}

static void take_away(struct twin *twin, const struct vas_space *space, uint64_t start,
		      uint64_t end)
{
	forget(twin, space, start, end);
	for (size_t i = 0; i < twin->pieces.count;) {
		if (inside(piece_at(twin, i), space, start, end))
			list_drop(&twin->pieces, i);
		else
			i++;
	}
}

/* The budget. */

static void spend_clone(struct twin *twin, const struct vas_area *area)
{
	struct token *tokens = twin->tokens.items;
	uint64_t head = note_of(twin, area)->head;

	if (head == MIXED || twin->ignore_clones)
		return;
	for (size_t i = 0; i < twin->tokens.count; i++) {
		if (tokens[i].head == head && !tokens[i].spent) {
			tokens[i].spent = true;
			return;
		}
	}
	complain(twin, "budget: area %llu is cloned once more than was told",
		 (unsigned long long)note_of(twin, area)->id);
}

static void spend_touch(struct twin *twin, const struct vas_area *area)
{
	if (note_of(twin, area)->head != 0 || (area->flags & VAS_AREA_SHARED) != 0)
		return;
	note_of(twin, area)->head = ++twin->last_head;
	if (!twin->reserved || twin->touches == 0)
		complain(twin, "budget: area %llu is one touch more than was told",
			 (unsigned long long)note_of(twin, area)->id);
	else
		twin->touches--;
}

static void copy_head(struct twin *twin, const struct vas_area *to, const struct vas_area *from)
{
	uint64_t ours = note_of(twin, to)->head, theirs = note_of(twin, from)->head;

	if (theirs == 0 || ours == theirs)
		return;
	if (ours != 0) {
		note_of(twin, to)->head = MIXED;
		return;
	}
	spend_clone(twin, from);
	note_of(twin, to)->head = theirs;
}

static void count_tokens(struct twin *twin, const struct vas_budget *budget)
{
	twin->tokens.count = 0;
	for (size_t i = 0; i < budget->count; i++) {
		struct token *token = list_add(&twin->tokens);

		*token = (struct token){ .head = note_of(twin, budget->areas[i])->head };
	}
}

static int reserve(void *data, struct vas_space *space, const struct vas_budget *budget)
{
	struct twin *twin = data;

	(void)space;
	count_tokens(twin, budget);
	twin->touches = budget->touches;
	twin->reserved = true;
	return 0;
}

static void settle(void *data, struct vas_space *space)
{
	struct twin *twin = data;

	(void)space;
	twin->tokens.count = 0;
	twin->touches = 0;
	twin->reserved = false;
}

/* Contents. */

static void stamp_pages(struct twin *twin, const struct vas_space *space, uint64_t start,
			uint64_t end)
{
	if ((end - start) >> VAS_PAGE_SHIFT > STAMPED_PAGES)
		return;
	for (uint64_t page = start; page < end; page += VAS_PAGE_SIZE) {
		if (twin_stamp(twin, space, page) == 0) {
			struct stamp *stamp = list_add(&twin->stamps);

			*stamp = (struct stamp){ space, page, ++twin->last_stamp };
		}
	}
}

static void move_stamps(struct twin *twin, const struct vas_op *op)
{
	const struct vas_space *space = op->area->space;
	uint64_t length = op->end - op->start;

	for (size_t i = 0; i < twin->stamps.count; i++) {
		struct stamp *stamp = stamp_at(twin, i);

		if (stamp->space == space && stamp->page >= op->start && stamp->page < op->end)
			complain(twin, "move: the target %llx holds a page",
				 (unsigned long long)stamp->page);
	}
	for (size_t i = 0; i < twin->stamps.count; i++) {
		struct stamp *stamp = stamp_at(twin, i);

		if (stamp->space == space && stamp->page >= op->from &&
		    stamp->page < op->from + length)
			stamp->page = stamp->page - op->from + op->start;
	}
}

static void copy_stamps(struct twin *twin, const struct vas_op *op)
{
	size_t count = twin->stamps.count;

	if ((op->area->flags & VAS_AREA_WIPE_ON_FORK) != 0)
		return;
	for (size_t i = 0; i < count; i++) {
		struct stamp old = *stamp_at(twin, i), *copy;

		if (old.space != op->other->space || old.page < op->start || old.page >= op->end)
			continue;
		copy = list_add(&twin->stamps);
		*copy = old;
		copy->space = op->area->space;
	}
}

/* Operations. */

static void apply_flags(struct twin *twin, const struct vas_op *op)
{
	expect_owned(twin, "flags", op->area, op->start, op->end);
	for (size_t i = 0; i < twin->pieces.count; i++) {
		struct piece *piece = piece_at(twin, i);

		if (!inside(piece, op->area->space, op->start, op->end))
			continue;
		if (piece->flags != op->old_flags)
			complain(twin, "flags: were %llx, not %llx",
				 (unsigned long long)piece->flags,
				 (unsigned long long)op->old_flags);
		piece->flags = op->area->flags;
	}
}

static void apply_split(struct twin *twin, const struct vas_op *op)
{
	expect_owned(twin, "split", op->area, op->start, op->end);
	if (op->area->range.end != op->start || op->other->range.start != op->start ||
	    op->other->range.end != op->end)
		complain(twin, "split: the areas are not so at %llx",
			 (unsigned long long)op->start);
	copy_head(twin, op->other, op->area);
	give(twin, op->other, op->start, op->end);
}

static void apply_advice(struct twin *twin, const struct vas_op *op)
{
	expect_owned(twin, "advise", op->area, op->start, op->end);
	switch (op->advice) {
	case VAS_ADVICE_GUARD_INSTALL:
		if (vas_area_anonymous(op->area))
			spend_touch(twin, op->area);
		forget(twin, op->area->space, op->start, op->end);
		break;
	case VAS_ADVICE_DONTNEED:
	case VAS_ADVICE_DONTNEED_LOCKED:
	case VAS_ADVICE_FREE:
	case VAS_ADVICE_REMOVE:
		forget(twin, op->area->space, op->start, op->end);
		break;
	default:
		break;
	}
}

static void apply_touch(struct twin *twin, const struct vas_op *op)
{
	expect_owned(twin, "touch", op->area, op->start, op->end);
	if (op->write)
		spend_touch(twin, op->area);
	stamp_pages(twin, op->area->space, op->start, op->end);
}

static void apply_empty(struct twin *twin, const struct vas_op *op)
{
	for (uint64_t page = op->start; page < op->end; page += VAS_PAGE_SIZE)
		if (twin_stamp(twin, op->area->space, page) != 0)
			complain(twin, "empty: %llx holds a page", (unsigned long long)page);
	note_of(twin, op->area)->head = 0;
}

static void apply_move(struct twin *twin, const struct vas_op *op)
{
	expect_owned(twin, "move to", op->area, op->start, op->end);
	expect_owned(twin, "move from", op->other, op->from, op->from + op->end - op->start);
	copy_head(twin, op->area, op->other);
	move_stamps(twin, op);
}

static void apply_changes(struct twin *twin, const struct vas_op *op)
{
	const struct vas_space *space = op->area->space;

	switch (op->kind) {
	case VAS_OP_MAP:
		add(twin, op->area, op->start, op->end);
		break;
	case VAS_OP_UNMAP:
		expect_owned(twin, "unmap", op->area, op->start, op->end);
		take_away(twin, space, op->start, op->end);
		break;
	case VAS_OP_SPLIT:
		apply_split(twin, op);
		break;
	case VAS_OP_MERGE:
		expect_owned(twin, "merge", op->other, op->start, op->end);
		copy_head(twin, op->area, op->other);
		give(twin, op->area, op->start, op->end);
		break;
	case VAS_OP_MOVE:
		apply_move(twin, op);
		break;
	case VAS_OP_FLAGS:
		apply_flags(twin, op);
		break;
	case VAS_OP_EMPTY:
		apply_empty(twin, op);
		break;
	case VAS_OP_FORK:
		add(twin, op->area, op->start, op->end);
		copy_head(twin, op->area, op->other);
		copy_stamps(twin, op);
		break;
	case VAS_OP_TOUCH:
		apply_touch(twin, op);
		break;
	case VAS_OP_ADVISE:
		apply_advice(twin, op);
		break;
	case VAS_OP_FREE:
		if (owned(twin, op->area, 0, UINT64_MAX) != 0)
			complain(twin, "free: the area still has pages");
		break;
	case VAS_OP_REINDEX:
		expect_owned(twin, "reindex", op->area, op->start, op->end);
		break;
	}
}

static void log_op(struct twin *twin, const struct vas_op *op)
{
	static const char *const names[] = {
		"map",	 "unmap", "split", "merge",  "move", "flags",
		"empty", "fork",  "touch", "advise", "free", "reindex",
	};
	unsigned long long area = note_of(twin, op->area)->id;

	note_down(twin, "%s%s %llu", names[op->kind],
		  op->kind == VAS_OP_TOUCH && op->write ? "!" : "", area);
	if (op->other != NULL)
		note_down(twin, " %llu", (unsigned long long)note_of(twin, op->other)->id);
	if (op->kind != VAS_OP_FREE)
		note_down(twin, " %llu-%llu", page_of(twin, op->start), page_of(twin, op->end));
	if (op->kind == VAS_OP_MOVE)
		note_down(twin, " from %llu", page_of(twin, op->from));
	if (op->kind == VAS_OP_ADVISE)
		note_down(twin, " %d", op->advice);
	note_down(twin, "\n");
}

static void apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	struct twin *twin = data;

	if (op->area->space != space)
		complain(twin, "an operation on an area of another space");
	log_op(twin, op);
	apply_changes(twin, op);
}

const struct vas_listener twin_listener = {
	.area_bytes = sizeof(struct note),
	.reserve = reserve,
	.settle = settle,
	.apply = apply,
};

struct twin *twin_create(uint64_t base)
{
	struct twin *twin = calloc(1, sizeof(*twin));

	if (twin == NULL)
		abort();
	twin->base = base;
	twin->pieces.size = sizeof(struct piece);
	twin->stamps.size = sizeof(struct stamp);
	twin->tokens.size = sizeof(struct token);
	return twin;
}

void twin_destroy(struct twin *twin)
{
	free(twin->pieces.items);
	free(twin->stamps.items);
	free(twin->tokens.items);
	free(twin);
}

void twin_ignore_clones(struct twin *twin)
{
	twin->ignore_clones = true;
}

void twin_listen(struct twin *twin, struct vas_space_config *config)
{
	size_t i = 0;

	while (config->listeners[i].listener != NULL)
		i++;
	config->listeners[i].listener = &twin_listener;
	config->listeners[i].data = twin;
}

const char *twin_check(struct twin *twin, const struct vas_space *space)
{
	struct vas_walk walk;
	struct vas_area *area;
	uint64_t mapped = 0, known = 0;

	vas_walk_start(&walk, space, 0);
	while ((area = vas_walk_next(&walk)) != NULL) {
		mapped += vas_range_length(area->range);
		expect_owned(twin, "check", area, area->range.start, area->range.end);
	}
	for (size_t i = 0; i < twin->pieces.count; i++) {
		const struct piece *piece = piece_at(twin, i);

		if (piece->space != space)
			continue;
		known += piece->end - piece->start;
		area = vas_find(space, piece->start);
		if (area != NULL && area->flags != piece->flags)
			complain(twin, "check: flags at %llx are %llx, told were %llx",
				 (unsigned long long)piece->start, (unsigned long long)area->flags,
				 (unsigned long long)piece->flags);
	}
	if (mapped != known)
		complain(twin, "check: %llx bytes are mapped, told of were %llx",
			 (unsigned long long)mapped, (unsigned long long)known);
	if (twin->reserved)
		complain(twin, "check: a call reserved and did not settle");
	return twin->error[0] == '\0' ? NULL : twin->error;
}

bool twin_is_empty(const struct twin *twin)
{
	return twin->pieces.count == 0 && twin->stamps.count == 0;
}

uint64_t twin_stamp(const struct twin *twin, const struct vas_space *space, uint64_t address)
{
	for (size_t i = 0; i < twin->stamps.count; i++) {
		const struct stamp *stamp = stamp_at(twin, i);

		if (stamp->space == space && stamp->page == vas_page_down(address))
			return stamp->value;
	}
	return 0;
}

void twin_stamps(const struct twin *twin, const struct vas_space *space, uint64_t base,
		 uint64_t *stamps, size_t count)
{
	memset(stamps, 0, count * sizeof(*stamps));
	for (size_t i = 0; i < twin->stamps.count; i++) {
		const struct stamp *stamp = stamp_at(twin, i);
		uint64_t page = (stamp->page - base) >> VAS_PAGE_SHIFT;

		if (stamp->space == space && page < count)
			stamps[page] = stamp->value;
	}
}

const char *twin_log(const struct twin *twin)
{
	return twin->log;
}

void twin_clear_log(struct twin *twin)
{
	twin->logged = 0;
	twin->log[0] = '\0';
}
