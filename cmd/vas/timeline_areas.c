/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Areas as rectangles: addresses by moments.
 *
 *	          moment  3    4    5    6    7
 *	0x1000-0x3000     | rw-          |         mmap at 3
 *	0x1000-0x2000                    | rw-     mprotect of a half at 6
 *	0x2000-0x3000                    | r--
 *
 * A call may split, move and merge an area several times. What counts is how it lies when the call
 * is over: a listener notes which areas the call changed, and each of these is compared with its
 * open rectangle then. An area that is freed closes its rectangle; nothing has to be searched.
 */

#include "timeline_inside.h"

#include <string.h>

#include "explain_picture.h"

/* What the listener keeps in each area. */
struct area_mark {
	uint32_t row;	  /* of its open rectangle, and one; 0: none */
	uint32_t changed; /* its place among the changed ones, and one; 0: it is not there */
};

struct timeline_space *timeline_space_of(const struct vas_space *space)
{
	return vas_space_data(space, &timeline_listener);
}

static struct area_mark *mark_of(const struct vas_area *area)
{
	return vas_area_data(area, &timeline_listener);
}

static void change(struct timeline *timeline, struct vas_area *area)
{
	struct area_mark *mark = mark_of(area);

	if (mark->changed != 0)
		return;
	TIMELINE_ADD(&timeline->changed, area);
	mark->changed = (uint32_t)timeline->changed.count;
}

static void close_row(struct timeline *timeline, struct area_mark *mark)
{
	if (mark->row != 0)
		timeline->areas.list[mark->row - 1].died = timeline_moment(timeline);
	mark->row = 0;
}

void timeline_doubt(struct timeline *timeline, struct timeline_space *in)
{
	struct vas_area *area;

	for (area = vas_find_ge(in->space, 0); area != NULL; area = vas_area_next(area))
		change(timeline, area);
}

void timeline_own(struct timeline *timeline, struct timeline_space *in, uint32_t process)
{
	in->owner = process;
	timeline_doubt(timeline, in);
}

/* ---- rectangles ---- */

struct line {
	char text[4600]; /* as long as a path may be, and more */
	size_t length;
};

static void add_text(void *context, const char *text, size_t length)
{
	struct line *line = context;

	if (length > sizeof(line->text) - line->length)
		length = sizeof(line->text) - line->length;
	memcpy(line->text + line->length, text, length);
	line->length += length;
}

/* As `vas maps` has it, but for what neighbours tell. */
static enum area_kind kind_of(const struct vas_area *area)
{
	struct line line = { .length = 0 };
	struct picture_area picture = { .flags = area->flags };
	struct maps_line parsed;

	vas_area_print(area, &(struct vas_printer){ add_text, &line });
	while (line.length > 0 && line.text[line.length - 1] == '\n')
		line.length--;
	if (mapsfile_parse((struct slice){ line.text, line.length }, &parsed) == NULL) {
		picture.name = parsed.name;
		picture.inode = parsed.inode;
		picture.major = parsed.major;
		picture.minor = parsed.minor;
	}
	picture.file = area->file != NULL && !vas_area_anonymous(area);
	return area_kind_alone(&picture);
}

static uint32_t add_object(struct timeline *timeline, const struct vas_file *file, uint64_t number)
{
	const char *name = file->name == NULL ? "" : file->name;

	for (size_t i = 0; number == 0 && i < timeline->objects.count; i++)
		if (timeline->objects.list[i].nameless &&
		    strcmp(timeline->objects.list[i].name, name) == 0)
			return (uint32_t)i;
	TIMELINE_ADD(&timeline->objects,
		     (struct timeline_object){
			     .name = strdup(name),
			     .shared_memory = (file->flags & VAS_FILE_SHARED_MEMORY) != 0,
			     .nameless = number == 0,
		     });
	return (uint32_t)timeline->objects.count - 1;
}

static uint32_t object_of(struct timeline *timeline, const struct vas_area *area)
{
	uint64_t number = replay_memory_object(area);
	uint32_t *index;

	if (area->file == NULL || vas_area_anonymous(area))
		return TIMELINE_NONE;
	if (number == 0)
		return add_object(timeline, area->file, 0);
	index = page_map_make(&timeline->by_number, number);
	if (*index == 0)
		*index = add_object(timeline, area->file, number) + 1;
	return *index - 1;
}

static struct timeline_area row_of(struct timeline *timeline, const struct vas_area *area,
				   uint32_t process)
{
	uint32_t object = object_of(timeline, area);
	bool shared = (area->flags & VAS_AREA_MAY_SHARE) != 0;

	return (struct timeline_area){
		.page = area->range.start >> VAS_PAGE_SHIFT,
		.pages = vas_area_pages(area),
		.object_page = object == TIMELINE_NONE ? 0 : area->offset,
		.process = process,
		.object = object,
		.died = TIMELINE_NONE,
		.prot = (uint8_t)((area->flags & VAS_AREA_ACCESS) | (shared ? VAS_AREA_SHARED : 0)),
		.kind = (uint8_t)kind_of(area),
	};
}

static bool same_row(const struct timeline_area *a, const struct timeline_area *b)
{
	return a->page == b->page && a->pages == b->pages && a->object_page == b->object_page &&
	       a->process == b->process && a->object == b->object && a->prot == b->prot &&
	       a->kind == b->kind;
}

static void settle_area(struct timeline *timeline, const struct vas_area *area)
{
	struct area_mark *mark = mark_of(area);
	uint32_t owner = timeline_space_of(area->space)->owner;
	struct timeline_area row;

	mark->changed = 0;
	if (owner == TIMELINE_NONE)
		return; /* comes again when it is known */
	row = row_of(timeline, area, owner);
	if (mark->row != 0 && same_row(&timeline->areas.list[mark->row - 1], &row))
		return;
	close_row(timeline, mark);
	if (timeline->areas.count >= timeline->options.most_areas) {
		timeline->cut = true;
		return;
	}
	row.born = timeline_moment(timeline);
	TIMELINE_ADD(&timeline->areas, row);
	mark->row = (uint32_t)timeline->areas.count;
}

void timeline_settle(struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->changed.count; i++)
		if (timeline->changed.list[i] != NULL)
			settle_area(timeline, timeline->changed.list[i]);
	timeline->changed.count = 0;
}

/* ---- the listener ---- */

static int timeline_open(void *data, struct vas_space *space, struct vas_space *parent)
{
	struct timeline *timeline = data;
	struct timeline_space *in = timeline_space_of(space);

	*in = (struct timeline_space){
		.next = timeline->spaces,
		.place = &timeline->spaces,
		.space = space,
		.owner = TIMELINE_NONE,
		.forked_from = parent == NULL ? TIMELINE_NONE : timeline_space_of(parent)->owner,
		.touched.record = 1,
	};
	if (in->next != NULL)
		in->next->place = &in->next;
	timeline->spaces = in;
	return 0;
}

static void timeline_close(void *data, struct vas_space *space)
{
	struct timeline_space *in = timeline_space_of(space);

	(void)data;
	*in->place = in->next;
	if (in->next != NULL)
		in->next->place = in->place;
	page_map_free(&in->touched);
}

static void forget(struct timeline *timeline, const struct vas_area *area)
{
	struct area_mark *mark = mark_of(area);

	close_row(timeline, mark);
	if (mark->changed != 0)
		timeline->changed.list[mark->changed - 1] = NULL;
	mark->changed = 0;
}

static void timeline_apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	struct timeline *timeline = data;

	if (timeline->over)
		return;
	timeline_memory_apply(timeline_space_of(space), op);
	switch (op->kind) {
	case VAS_OP_SPLIT:
	case VAS_OP_MERGE:
	case VAS_OP_MOVE:
		change(timeline, op->other);
		change(timeline, op->area);
		break;
	case VAS_OP_MAP:
	case VAS_OP_UNMAP:
	case VAS_OP_FLAGS:
	case VAS_OP_FORK:
	case VAS_OP_REINDEX:
		change(timeline, op->area);
		break;
	case VAS_OP_TOUCH:
	case VAS_OP_ADVISE:
	case VAS_OP_EMPTY:
		timeline->stirred = true;
		break;
	case VAS_OP_FREE:
		forget(timeline, op->area);
		break;
	}
}

const struct vas_listener timeline_listener = {
	.area_bytes = sizeof(struct area_mark),
	.space_bytes = sizeof(struct timeline_space),
	.open = timeline_open,
	.close = timeline_close,
	.apply = timeline_apply,
};
