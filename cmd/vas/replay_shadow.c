/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The shadow: the simplest account of what memory holds.
 *
 *	space, virtual page ---> its own token, if it was written there
 *	   \-- none: object, page ---> the object's token
 *	                     \-- none: what its file held at first, or zeroes
 *
 * It knows no frames, entries, faults, slots, nor when a page is copied: a private page is a token
 * of its own from its first write on, fork copies all tokens, and so on. It is a listener of the
 * spaces, as the machine is, and shares nothing else with it.
 */

#include "replay_shadow.h"

#include <string.h>

struct shadow_space {
	struct shadow_space *next, *before;
	struct vas_space *space;
	struct page_map tokens;
	/* Where nonlinear areas show another page than the one whose turn it is: its number + 1. */
	struct page_map pages;
};

/* ---- objects ---- */

void shadow_object_init(struct shadow_object *object, uint64_t number, uint64_t size,
			uint64_t made_up)
{
	*object = (struct shadow_object){
		.tokens = { .record = sizeof(struct token) },
		.number = number,
		.size = size,
		.made_up = made_up,
	};
}

void shadow_object_free(struct shadow_object *object)
{
	page_map_free(&object->tokens);
}

static size_t bytes_below(uint64_t page, uint64_t end)
{
	uint64_t start = page << VAS_PAGE_SHIFT;

	if (page > PAGE_MAP_LAST || end <= start)
		return 0;
	return end - start < VAS_PAGE_SIZE ? (size_t)(end - start) : (size_t)VAS_PAGE_SIZE;
}

size_t shadow_valid(const struct shadow_object *object, uint64_t page)
{
	return bytes_below(page, object->size);
}

struct token shadow_object_expected(const struct shadow_object *object, uint64_t page)
{
	const struct token *token = page_map_find(&object->tokens, page);

	if (token != NULL && token->kind != TOKEN_NONE)
		return *token;
	return (struct token){
		.number = object->number,
		.word = page,
		.length = (uint16_t)bytes_below(page, object->made_up),
		.kind = TOKEN_FILE,
	};
}

/* ---- what a page holds ---- */

uint64_t shadow_index(const struct vas_area *area, uint64_t address)
{
	const struct shadow_space *in = vas_space_data(area->space, &shadow_listener);
	const uint64_t *page = NULL;

	if ((area->flags & VAS_AREA_NONLINEAR) != 0)
		page = page_map_find(&in->pages, address >> VAS_PAGE_SHIFT);
	if (page != NULL && *page != 0)
		return *page - 1;
	return area->offset + ((address - area->range.start) >> VAS_PAGE_SHIFT);
}

static struct token *own_token(const struct shadow_space *in, uint64_t address)
{
	struct token *token = page_map_find(&in->tokens, address >> VAS_PAGE_SHIFT);

	return token == NULL || token->kind == TOKEN_NONE ? NULL : token;
}

struct token shadow_expected(struct shadow *shadow, const struct vas_area *area, uint64_t address)
{
	const struct shadow_space *in = vas_space_data(area->space, &shadow_listener);
	const struct shadow_object *object = shadow->object_of(area);
	const struct token *token = own_token(in, address);

	if (token != NULL)
		return *token;
	if (object != NULL)
		return shadow_object_expected(object, shadow_index(area, address));
	return (struct token){ .kind = TOKEN_ZERO };
}

void shadow_set(struct shadow *shadow, const struct vas_area *area, uint64_t address,
		const struct token *token)
{
	struct shadow_space *in = vas_space_data(area->space, &shadow_listener);
	struct shadow_object *object = shadow_shared(area) ? shadow->object_of(area) : NULL;
	struct token *record;

	if (object != NULL)
		record = page_map_make(&object->tokens, shadow_index(area, address));
	else
		record = page_map_make(&in->tokens, address >> VAS_PAGE_SHIFT);
	*record = *token;
	if (object == NULL && (area->flags & VAS_AREA_DROPPABLE) != 0)
		record->may_be_zero = true;
}

/* ---- ranges ---- */

static void forget(void *context, uint64_t page, void *record)
{
	(void)context;
	(void)page;
	*(struct token *)record = (struct token){ 0 };
}

static void forget_page(void *context, uint64_t page, void *record)
{
	(void)context;
	(void)page;
	*(uint64_t *)record = 0;
}

static void may_be_zero(void *context, uint64_t page, void *record)
{
	(void)context;
	(void)page;
	((struct token *)record)->may_be_zero = true;
}

static void each_page(const struct page_map *map, uint64_t start, uint64_t end, page_map_fn *visit,
		      void *context)
{
	if (start < end)
		page_map_each(map, start >> VAS_PAGE_SHIFT, (end - 1) >> VAS_PAGE_SHIFT, visit,
			      context);
}

struct copying {
	struct page_map *to;
	uint64_t distance; /* in pages, may wrap */
	bool move;
};

static void copy_token(void *context, uint64_t page, void *record)
{
	const struct copying *copying = context;
	struct token *token = record;

	if (token->kind == TOKEN_NONE)
		return;
	*(struct token *)page_map_make(copying->to, page + copying->distance) = *token;
	if (copying->move)
		*token = (struct token){ 0 };
}

static void copy_page(void *context, uint64_t page, void *record)
{
	const struct copying *copying = context;
	uint64_t *shown = record;

	if (*shown == 0)
		return;
	*(uint64_t *)page_map_make(copying->to, page + copying->distance) = *shown;
	if (copying->move)
		*shown = 0;
}

/* Copies or moves tokens, and what nonlinear areas show. */
static void copy_range(struct shadow_space *from, struct shadow_space *to, struct vas_range range,
		       uint64_t start, bool move)
{
	struct copying copying = {
		.to = &to->tokens,
		.distance = (start >> VAS_PAGE_SHIFT) - (range.start >> VAS_PAGE_SHIFT),
		.move = move,
	};

	each_page(&from->tokens, range.start, range.end, copy_token, &copying);
	copying.to = &to->pages;
	each_page(&from->pages, range.start, range.end, copy_page, &copying);
}

static void show(struct shadow_space *in, const struct vas_op *op)
{
	uint64_t shown = op->from + 1;

	for (uint64_t at = op->start; at < op->end; at += VAS_PAGE_SIZE, shown++)
		*(uint64_t *)page_map_make(&in->pages, at >> VAS_PAGE_SHIFT) = shown;
}

/* The pages are private copies from now on, as what populates memory makes them. */
static void freeze(struct shadow *shadow, const struct vas_op *op)
{
	const struct vas_area *area = op->area;
	const uint64_t skip = VAS_AREA_IO | VAS_AREA_RAW_FRAMES | VAS_AREA_LOCK_ON_FAULT;
	const struct shadow_object *object = shadow->object_of(area);

	if (!op->write || object == NULL || shadow_shared(area) || (area->flags & skip) != 0 ||
	    (area->flags & VAS_AREA_WRITE) == 0)
		return;
	for (uint64_t at = op->start; at < op->end; at += VAS_PAGE_SIZE) {
		struct token token;

		if (shadow_valid(object, shadow_index(area, at)) == 0)
			break;
		token = shadow_expected(shadow, area, at);
		shadow_set(shadow, area, at, &token);
	}
}

static void punch(struct shadow *shadow, const struct vas_op *op)
{
	struct shadow_object *object = shadow->object_of(op->area);
	uint64_t first, last;

	if (object == NULL)
		return;
	first = shadow_index(op->area, op->start);
	last = shadow_index(op->area, op->end - VAS_PAGE_SIZE);
	page_map_each(&object->tokens, first, last, forget, NULL);
	for (uint64_t page = first; page <= last && bytes_below(page, object->made_up) != 0; page++)
		((struct token *)page_map_make(&object->tokens, page))->kind = TOKEN_ZERO;
}

static void advise(struct shadow *shadow, struct shadow_space *in, const struct vas_op *op)
{
	switch (op->advice) {
	case VAS_ADVICE_DONTNEED:
	case VAS_ADVICE_DONTNEED_LOCKED:
	case VAS_ADVICE_GUARD_INSTALL:
		each_page(&in->tokens, op->start, op->end, forget, NULL);
		break;
	case VAS_ADVICE_FREE:
		each_page(&in->tokens, op->start, op->end, may_be_zero, NULL);
		break;
	case VAS_ADVICE_REMOVE:
		punch(shadow, op);
		break;
	default:
		break;
	}
}

/* ---- resizing ---- */

/* Private copies behind the end go too. */
static void forget_copies(struct shadow *shadow, struct shadow_space *in,
			  const struct shadow_object *object, uint64_t first)
{
	struct vas_walk walk;
	struct vas_area *area;

	vas_walk_start(&walk, in->space, 0);
	while ((area = vas_walk_next(&walk)) != NULL) {
		uint64_t start = area->range.start;

		if (shadow->object_of(area) != object ||
		    area->offset + vas_area_pages(area) <= first)
			continue;
		if (area->offset < first)
			start += (first - area->offset) << VAS_PAGE_SHIFT;
		each_page(&in->tokens, start, area->range.end, forget, NULL);
	}
}

void shadow_resize(struct shadow *shadow, struct shadow_object *object, uint64_t size)
{
	uint64_t first = vas_page_up(size) >> VAS_PAGE_SHIFT;
	uint16_t tail = (uint16_t)(size & VAS_PAGE_MASK);
	struct token *token;

	if (size < object->size) {
		page_map_each(&object->tokens, first, PAGE_MAP_LAST, forget, NULL);
		token = page_map_find(&object->tokens, size >> VAS_PAGE_SHIFT);
		if (tail != 0 && token != NULL && token->length > tail)
			token->length = tail;
		if (object->made_up > size)
			object->made_up = size;
		for (struct shadow_space *in = shadow->first; in != NULL; in = in->next)
			forget_copies(shadow, in, object, first);
	}
	object->size = size;
}

/* ---- the listener ---- */

static int shadow_open(void *data, struct vas_space *space, struct vas_space *parent)
{
	struct shadow *shadow = data;
	struct shadow_space *in = vas_space_data(space, &shadow_listener);

	(void)parent;
	in->space = space;
	in->tokens.record = sizeof(struct token);
	in->pages.record = sizeof(uint64_t);
	in->next = shadow->first;
	if (in->next != NULL)
		in->next->before = in;
	shadow->first = in;
	return 0;
}

static void shadow_close(void *data, struct vas_space *space)
{
	struct shadow *shadow = data;
	struct shadow_space *in = vas_space_data(space, &shadow_listener);

	if (in->before != NULL)
		in->before->next = in->next;
	else
		shadow->first = in->next;
	if (in->next != NULL)
		in->next->before = in->before;
	page_map_free(&in->tokens);
	page_map_free(&in->pages);
}

static void shadow_apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	struct shadow_space *in = vas_space_data(space, &shadow_listener);
	const struct vas_area *area = op->area;

	if (((const struct shadow *)data)->spaces_only)
		return;
	switch (op->kind) {
	case VAS_OP_UNMAP:
		each_page(&in->tokens, op->start, op->end, forget, NULL);
		each_page(&in->pages, op->start, op->end, forget_page, NULL);
		break;
	case VAS_OP_MOVE:
		copy_range(in, in, (struct vas_range){ op->from, op->from + (op->end - op->start) },
			   op->start, true);
		break;
	case VAS_OP_FORK:
		if ((area->flags & VAS_AREA_WIPE_ON_FORK) == 0)
			copy_range(vas_space_data(op->other->space, &shadow_listener), in,
				   area->range, area->range.start, false);
		break;
	case VAS_OP_REINDEX:
		show(in, op);
		break;
	case VAS_OP_TOUCH:
		freeze(data, op);
		break;
	case VAS_OP_ADVISE:
		advise(data, in, op);
		break;
	case VAS_OP_MAP:
	case VAS_OP_SPLIT:
	case VAS_OP_MERGE:
	case VAS_OP_FLAGS:
	case VAS_OP_EMPTY:
	case VAS_OP_FREE:
		break;
	}
}

const struct vas_listener shadow_listener = {
	.space_bytes = sizeof(struct shadow_space),
	.open = shadow_open,
	.close = shadow_close,
	.apply = shadow_apply,
};

/* ---- going through ---- */

struct visiting {
	shadow_fn *visit;
	void *context;
};

static void visit_token(void *context, uint64_t page, void *record)
{
	const struct visiting *visiting = context;

	if (((struct token *)record)->kind != TOKEN_NONE)
		visiting->visit(visiting->context, page << VAS_PAGE_SHIFT);
}

void shadow_each(struct vas_space *space, shadow_fn *visit, void *context)
{
	const struct shadow_space *in = vas_space_data(space, &shadow_listener);
	struct visiting visiting = { visit, context };

	page_map_each(&in->tokens, 0, PAGE_MAP_LAST, visit_token, &visiting);
}

struct vas_space *shadow_next(struct shadow *shadow, struct vas_space *space)
{
	const struct shadow_space *in;

	if (space == NULL)
		return shadow->first == NULL ? NULL : shadow->first->space;
	in = vas_space_data(space, &shadow_listener);
	return in->next == NULL ? NULL : in->next->space;
}
