/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "contents.h"

#include "object/object.h"

enum state {
	NOTHING, /* zero, or what the object has */
	OWN,	 /* a page of the space's own */
	GUARD,
};

struct cell {
	bool mapped, perhaps_zero;
	bool perhaps_copied; /* the call populates it: for writing */
	uint8_t state;
	struct contents_object *object; /* NULL: private memory */
	uint64_t index, flags, token;
};

/* In each space. */
struct cells {
	struct cell cells[WORLD_PAGES];
};

static struct cell *cell_at(const struct vas_space *space, uint64_t page)
{
	struct cells *cells = vas_space_data(space, &contents_listener);

	assert_true(page < WORLD_PAGES);
	return &cells->cells[page];
}

static uint64_t page_of(uint64_t address)
{
	assert_true(address >= WORLD_BASE && address <= at(WORLD_PAGES));
	return (address - WORLD_BASE) >> VAS_PAGE_SHIFT;
}

static bool is_shared(const struct cell *cell)
{
	return (cell->flags & (VAS_AREA_SHARED | VAS_AREA_MAY_SHARE)) != 0;
}

static bool token_inside(const struct contents_object *object, uint64_t page)
{
	return page * VAS_PAGE_SIZE + TOKEN_OFFSET + 8 <= object->size;
}

/* ---- Objects ---- */

/* Holes that its store would not make, so far. */
static uint64_t punches_failed(const struct contents_object *object)
{
	const struct failing_store *disk = object->object->store_data;

	return object->object->store == NULL ? 0 : disk->failed[FAILING_STORE_PUNCH];
}

static struct contents_object *object_of(struct contents *contents, const struct vas_file *file)
{
	struct contents_object *free = NULL;

	for (unsigned i = 0; i < CONTENTS_OBJECTS; i++) {
		if (contents->objects[i].object == file->object)
			return &contents->objects[i];
		if (contents->objects[i].object == NULL)
			free = &contents->objects[i];
	}
	assert_non_null(free);
	memset(free, 0, sizeof(*free));
	free->object = file->object;
	free->size = file->size;
	free->punches_failed = punches_failed(free);
	return free;
}

static void count_mapped(struct contents_object *object, int64_t by)
{
	if (object == NULL)
		return;
	object->mapped += by;
	assert_true(object->mapped >= 0);
	if (object->mapped == 0 && object->file == NULL)
		object->object = NULL;
}

void contents_file(struct contents *contents, struct vas_file *file)
{
	object_of(contents, file)->file = file;
}

static void clear(struct cell *cell)
{
	cell->state = NOTHING;
	cell->token = 0;
	cell->perhaps_zero = false;
}

/* Private copies of what lies past the end go. */
static void truncate_space(const struct vas_space *space, const struct contents_object *object)
{
	for (uint64_t page = 0; page < WORLD_PAGES; page++) {
		struct cell *cell = cell_at(space, page);

		if (cell->object == object && cell->state == OWN &&
		    cell->index * VAS_PAGE_SIZE >= object->size)
			clear(cell);
	}
}

void contents_resize(struct contents *contents, const struct vas_file *file, uint64_t size)
{
	struct contents_object *object = object_of(contents, file);
	bool shrinks = size < object->size;

	/* What lay behind the end comes in as zeroes, what lies there now goes. */
	for (uint64_t page = 0; page < CONTENTS_PAGES; page++) {
		if (!token_inside(object, page))
			object->tokens[page] = 0;
	}
	object->size = size;
	for (uint64_t page = 0; page < CONTENTS_PAGES; page++) {
		if (!token_inside(object, page))
			object->tokens[page] = 0;
	}
	for (unsigned i = 0; shrinks && i < CONTENTS_SPACES; i++) {
		if (contents->spaces[i] != NULL)
			truncate_space(contents->spaces[i], object);
	}
}

void contents_punch(struct contents *contents, const struct vas_file *file, uint64_t offset,
		    uint64_t length)
{
	struct contents_object *object = object_of(contents, file);

	for (uint64_t page = 0; page < CONTENTS_PAGES; page++) {
		uint64_t token = page * VAS_PAGE_SIZE + TOKEN_OFFSET;

		if (token >= offset && token < offset + length && token_inside(object, page))
			object->tokens[page] = 0;
	}
}

void contents_file_put(struct contents *contents, const struct vas_file *file, uint64_t page,
		       uint64_t token)
{
	struct contents_object *object = object_of(contents, file);

	if (!token_inside(object, page))
		contents_resize(contents, file, page * VAS_PAGE_SIZE + TOKEN_OFFSET + 8);
	object->tokens[page] = token;
}

bool contents_file_get(struct contents *contents, const struct vas_file *file, uint64_t page,
		       uint64_t *token)
{
	struct contents_object *object = object_of(contents, file);

	*token = object->tokens[page];
	return token_inside(object, page);
}

/* ---- Accesses ---- */

bool contents_mapped(const struct vas_space *space, uint64_t page)
{
	return cell_at(space, page)->mapped;
}

static bool allowed(const struct cell *cell, enum vas_access access)
{
	if ((access & VAS_ACCESS_WRITE) != 0)
		return (cell->flags & VAS_AREA_WRITE) != 0;
	if ((access & VAS_ACCESS_EXEC) != 0)
		return (cell->flags & VAS_AREA_EXEC) != 0;
	return (cell->flags & VAS_AREA_ACCESS) != 0;
}

static struct contents_place what_is_there(const struct cell *cell)
{
	const struct contents_object *object = cell->object;
	struct contents_place place = { 0 };

	if (cell->state == OWN) {
		place.token = cell->token;
		place.perhaps_zero = cell->perhaps_zero;
	} else if (object != NULL) {
		place.token = object->tokens[cell->index % CONTENTS_PAGES];
		place.perhaps_zero = !token_inside(object, cell->index);
	}
	return place;
}

struct contents_place contents_look(struct contents *contents, const struct vas_space *space,
				    uint64_t page, enum vas_access access)
{
	const struct cell *cell = cell_at(space, page);
	struct contents_place place = { 0 };

	(void)contents;
	if (!cell->mapped)
		place.err = -VAS_EFAULT;
	else if (!allowed(cell, access))
		place.err = -VAS_EACCES;
	else if (cell->state == GUARD)
		place.err = -VAS_EFAULT;
	else if (cell->state == NOTHING && cell->object != NULL &&
		 cell->index * VAS_PAGE_SIZE >= cell->object->size)
		place.err = -VAS_EOVERFLOW;
	else
		place = what_is_there(cell);
	return place;
}

void contents_found(struct contents *contents, const struct vas_space *space, uint64_t page,
		    uint64_t token)
{
	struct cell *cell = cell_at(space, page);

	(void)contents;
	if (cell->state == OWN && cell->perhaps_zero && token == 0) {
		cell->token = 0;
		cell->perhaps_zero = false;
	}
}

void contents_put(struct contents *contents, const struct vas_space *space, uint64_t page,
		  uint64_t token, bool touch)
{
	struct cell *cell = cell_at(space, page);
	struct contents_place before = what_is_there(cell);

	(void)contents;
	if (is_shared(cell)) {
		if (!touch)
			cell->object->tokens[cell->index] = token;
		return;
	}
	cell->state = OWN;
	cell->token = touch ? before.token : token;
	cell->perhaps_zero = touch && before.perhaps_zero;
}

static void settle_space(const struct vas_space *space)
{
	for (uint64_t page = 0; page < WORLD_PAGES; page++) {
		struct cell *cell = cell_at(space, page);
		struct vas_view view;

		if (!cell->perhaps_copied)
			continue;
		cell->perhaps_copied = false;
		vas_look((struct vas_space *)(uintptr_t)space, at(page), &view);
		if ((view.present && !view.file) || view.swapped)
			contents_put(NULL, space, page, 0, true);
	}
}

void contents_settle(struct contents *contents)
{
	for (unsigned i = 0; contents->populated && i < CONTENTS_SPACES; i++) {
		if (contents->spaces[i] != NULL)
			settle_space(contents->spaces[i]);
	}
	contents->populated = false;
	for (unsigned i = 0; i < CONTENTS_OBJECTS; i++) {
		if (contents->objects[i].object != NULL)
			contents->objects[i].punches_failed = punches_failed(&contents->objects[i]);
	}
}

/* ---- Operations ---- */

/* The page is an area's from now on. */
static void set_area(struct contents *contents, struct cell *cell, const struct vas_area *area,
		     uint64_t address)
{
	struct contents_object *before = cell->object;

	cell->mapped = true;
	cell->flags = area->flags;
	cell->index = area->offset + ((address - area->range.start) >> VAS_PAGE_SHIFT);
	cell->object = NULL;
	if (area->file != NULL && area->file->object != NULL) {
		cell->object = object_of(contents, area->file);
		cell->object->mapped++;
	}
	count_mapped(before, -1);
}

static void unmap(struct cell *cell)
{
	struct contents_object *object = cell->object;

	assert_true(cell->mapped);
	memset(cell, 0, sizeof(*cell));
	count_mapped(object, -1);
}

static void move(struct contents *contents, const struct vas_op *op)
{
	uint64_t pages = (op->end - op->start) >> VAS_PAGE_SHIFT;

	for (uint64_t i = 0; i < pages; i++) {
		struct cell *from = cell_at(op->area->space, page_of(op->from) + i);
		struct cell *to = cell_at(op->area->space, page_of(op->start) + i);

		to->state = from->state;
		to->token = from->token;
		to->perhaps_zero = from->perhaps_zero;
		set_area(contents, to, op->area, op->start + i * VAS_PAGE_SIZE);
		clear(from);
	}
}

static void inherit(struct contents *contents, const struct vas_op *op, struct cell *child,
		    uint64_t address)
{
	const struct cell *parent = cell_at(op->other->space, page_of(address));

	set_area(contents, child, op->area, address);
	clear(child);
	if ((op->area->flags & VAS_AREA_WIPE_ON_FORK) != 0)
		return;
	child->state = parent->state;
	child->token = parent->token;
	child->perhaps_zero = parent->perhaps_zero;
}

/* MADV_REMOVE whose hole the store would not make has changed nothing, and ends there. */
static bool removed(struct contents *contents, const struct vas_op *op)
{
	struct contents_object *object;
	uint64_t before;

	if (contents->refused)
		return false;
	if (op->area->file == NULL || op->area->file->object == NULL)
		return true;
	object = object_of(contents, op->area->file);
	before = object->punches_failed;
	object->punches_failed = punches_failed(object);
	contents->refused = object->punches_failed != before;
	return !contents->refused;
}

static void advise(const struct vas_op *op, struct cell *cell)
{
	switch (op->advice) {
	case VAS_ADVICE_DONTNEED:
	case VAS_ADVICE_DONTNEED_LOCKED:
		if (cell->state != GUARD)
			clear(cell);
		break;
	case VAS_ADVICE_FREE:
		if (cell->state == OWN)
			cell->perhaps_zero = true;
		break;
	case VAS_ADVICE_REMOVE:
		if (cell->object != NULL && cell->index < CONTENTS_PAGES)
			cell->object->tokens[cell->index] = 0;
		break;
	case VAS_ADVICE_GUARD_INSTALL:
		clear(cell);
		cell->state = GUARD;
		break;
	case VAS_ADVICE_GUARD_REMOVE:
		if (cell->state == GUARD)
			clear(cell);
		break;
	default:
		break;
	}
}

static void apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	struct contents *contents = data;

	if (op->kind == VAS_OP_MOVE) {
		move(contents, op);
		return;
	}
	if (op->kind == VAS_OP_SPLIT || op->kind == VAS_OP_MERGE || op->kind == VAS_OP_FREE)
		return;
	if (op->kind == VAS_OP_ADVISE && op->advice == VAS_ADVICE_REMOVE && !removed(contents, op))
		return;
	for (uint64_t address = op->start; address < op->end; address += VAS_PAGE_SIZE) {
		struct cell *cell = cell_at(space, page_of(address));

		switch (op->kind) {
		case VAS_OP_MAP:
			assert_false(cell->mapped);
			set_area(contents, cell, op->area, address);
			break;
		case VAS_OP_UNMAP:
			unmap(cell);
			break;
		case VAS_OP_FLAGS:
			cell->flags = op->area->flags;
			break;
		case VAS_OP_FORK:
			inherit(contents, op, cell, address);
			break;
		case VAS_OP_ADVISE:
			advise(op, cell);
			break;
		case VAS_OP_TOUCH:
			cell->perhaps_copied = cell->object != NULL && cell->state == NOTHING &&
					       !is_shared(cell) &&
					       (cell->flags & VAS_AREA_WRITE) != 0;
			contents->populated |= cell->perhaps_copied;
			break;
		default:
			break;
		}
	}
}

static void exchange(struct contents *contents, const struct vas_space *from,
		     const struct vas_space *to)
{
	unsigned i = 0;

	while (contents->spaces[i] != from)
		assert_true(++i < CONTENTS_SPACES);
	contents->spaces[i] = to;
}

static int open(void *data, struct vas_space *space, struct vas_space *parent)
{
	(void)parent;
	exchange(data, NULL, space);
	return 0;
}

static void close(void *data, struct vas_space *space)
{
	exchange(data, space, NULL);
}

static void enter(void *data, struct vas_space *space)
{
	struct contents *contents = data;

	(void)space;
	contents->refused = false;
}

const struct vas_listener contents_listener = {
	.space_bytes = sizeof(struct cells),
	.open = open,
	.close = close,
	.enter = enter,
	.apply = apply,
};
