/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * What a recorded program did to the maps of its files: the interpreter of `vas replay` does its
 * calls in spaces of the library, in which a listener writes down how each area with a file came,
 * changed and went.
 */

#include "bench_file_rmap_trace.h"

#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "interpret.h"
#include "output.h"
#include "progress.h"

/* An area with a file, while it is there. */
struct live_link {
	uint32_t number, object;
	uint64_t first, last;
};

/* A file that areas map by now. */
struct live_object {
	uint32_t major, minor;
	uint64_t inode;		     /* 0: has none ... */
	const struct vas_file *file; /* ... so this one it is */
	uint32_t number, areas;
};

struct gathering {
	struct traced_program *program;
	struct live_link *links;
	size_t link_count, link_room;
	struct live_object *objects;
	size_t object_count, object_room;
	bool failed; /* no memory */
};

/* In each area, by the listener: the number of its link and one; 0: none. */
struct area_mark {
	uint32_t link;
};

static void *more_room(struct gathering *gathering, void *items, size_t count, size_t *room,
		       size_t bytes)
{
	size_t wanted = *room == 0 ? 1024 : 2 * *room;
	void *larger;

	if (count < *room)
		return items;
	larger = realloc(items, wanted * bytes);
	if (larger == NULL) {
		gathering->failed = true;
		return items;
	}
	*room = wanted;
	return larger;
}

static struct live_object *object_of(struct gathering *gathering, const struct vas_file *file)
{
	struct live_object *object;

	for (size_t i = 0; i < gathering->object_count; i++) {
		object = &gathering->objects[i];
		if (file->inode != 0
			    ? object->inode == file->inode && object->major == file->major &&
				      object->minor == file->minor
			    : object->file == file)
			return object;
	}
	gathering->objects = more_room(gathering, gathering->objects, gathering->object_count,
				       &gathering->object_room, sizeof(*object));
	if (gathering->failed)
		return NULL;
	object = &gathering->objects[gathering->object_count++];
	*object = (struct live_object){
		.major = file->major,
		.minor = file->minor,
		.inode = file->inode,
		.file = file,
		.number = gathering->program->objects++,
	};
	return object;
}

static void write_down(struct gathering *gathering, const struct traced_change *change)
{
	struct traced_program *program = gathering->program;

	program->changes = more_room(gathering, program->changes, program->count, &program->room,
				     sizeof(*change));
	if (!gathering->failed)
		program->changes[program->count++] = *change;
}

/* Bligh's question. */
static enum traced_cells classify(const struct gathering *gathering, uint32_t object,
				  uint64_t first, uint64_t last)
{
	bool overlaps = false, exact = false, ends_inside = false;
	/* Does an area go across, and does one end there, at either end? */
	bool across[2] = { false, false }, ends[2] = { false, false };

	for (size_t i = 0; i < gathering->link_count; i++) {
		const struct live_link *link = &gathering->links[i];

		if (link->object != object)
			continue;
		ends[0] |= link->first == first || link->last + 1 == first;
		ends[1] |= link->first == last + 1 || link->last == last;
		if (link->last < first || link->first > last)
			continue;
		overlaps = true;
		exact |= link->first <= first && link->last >= last;
		ends_inside |= (link->first > first && link->first <= last) ||
			       (link->last >= first && link->last < last);
		across[0] |= link->first < first;
		across[1] |= link->last > last;
	}
	if (!overlaps)
		return CELLS_NEW;
	if ((across[0] && !ends[0]) || (across[1] && !ends[1]))
		return CELLS_CUT;
	return exact && !ends_inside ? CELLS_EXACT : CELLS_SEVERAL;
}

static void add_link(struct gathering *gathering, const struct vas_area *area, enum vas_op_kind how,
		     struct area_mark *mark, const struct traced_change *like)
{
	struct traced_program *program = gathering->program;
	struct live_object *object = object_of(gathering, area->file);
	struct traced_change change = *like;
	enum traced_cells cells;

	gathering->links = more_room(gathering, gathering->links, gathering->link_count,
				     &gathering->link_room, sizeof(*gathering->links));
	if (object == NULL || gathering->failed)
		return;
	change.kind = TRACED_INSERT;
	change.link = program->links++;
	change.object = object->number;
	cells = classify(gathering, object->number, change.first, change.last);
	if (how == VAS_OP_FORK)
		program->forked[cells]++;
	else if (how == VAS_OP_SPLIT)
		program->split++;
	else
		program->mapped[cells]++;
	write_down(gathering, &change);
	object->areas++;
	mark->link = change.link + 1;
	gathering->links[gathering->link_count++] = (struct live_link){
		.number = change.link,
		.object = object->number,
		.first = change.first,
		.last = change.last,
	};
	if (gathering->link_count > program->most) {
		program->most = (uint32_t)gathering->link_count;
		program->peak = program->count;
	}
}

static void drop_link(struct gathering *gathering, size_t at, const struct traced_change *like)
{
	struct live_link *link = &gathering->links[at];
	struct traced_change change = *like;
	size_t i = 0;

	change.kind = TRACED_REMOVE;
	change.link = link->number;
	change.object = link->object;
	write_down(gathering, &change);
	while (gathering->objects[i].number != link->object)
		i++;
	if (--gathering->objects[i].areas == 0)
		gathering->objects[i] = gathering->objects[--gathering->object_count];
	*link = gathering->links[--gathering->link_count];
}

/* The area is now as it stands here; with `gone` it is about to be freed. */
static void look_at(struct gathering *gathering, struct vas_area *area, enum vas_op_kind how,
		    bool gone);

static int trace_open_space(void *data, struct vas_space *space, struct vas_space *parent)
{
	struct gathering *gathering = data;

	(void)space;
	(void)parent;
	gathering->program->spaces++;
	return 0;
}

static void trace_apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	(void)space;
	if (op->other != NULL)
		look_at(data, op->other, op->kind, false);
	look_at(data, op->area, op->kind, op->kind == VAS_OP_FREE);
}

static const struct vas_listener trace_listener = {
	.area_bytes = sizeof(struct area_mark),
	.open = trace_open_space,
	.apply = trace_apply,
};

static void look_at(struct gathering *gathering, struct vas_area *area, enum vas_op_kind how,
		    bool gone)
{
	struct area_mark *mark = vas_area_data(area, &trace_listener);
	uint64_t pages = vas_area_pages(area);
	struct traced_change change = {
		.kind = TRACED_RESIZE,
		.space = (uint32_t)((uintptr_t)area->space >> 4),
		.first = area->offset,
		.last = area->offset + pages - 1,
		.start = area->range.start,
	};
	struct live_link *link;
	size_t at = 0;

	gone |= pages == 0 || vas_area_anonymous(area);
	if (gathering->failed || (gone && mark->link == 0))
		return;
	if (mark->link == 0) {
		add_link(gathering, area, how, mark, &change);
		return;
	}
	while (gathering->links[at].number != mark->link - 1)
		at++;
	link = &gathering->links[at];
	change.link = link->number;
	change.object = link->object;
	if (gone) {
		mark->link = 0;
		drop_link(gathering, at, &change);
	} else if (link->first != change.first || link->last != change.last) {
		link->first = change.first;
		link->last = change.last;
		write_down(gathering, &change);
	}
}

/* A page fault: does it map a page of an object? Who writes to a private file gets a copy. */
static void after(void *context, struct interpreter *interpreter, const struct trace_event *event,
		  struct thread *thread)
{
	struct gathering *gathering = context;
	const struct vas_area *area;

	(void)interpreter;
	if (event->kind != TRACE_TOUCH || thread == NULL || thread->process->space == NULL)
		return;
	area = vas_find(thread->process->space->space, event->number);
	if (area == NULL || vas_area_anonymous(area))
		return;
	if (event->access != 'w' || (area->flags & VAS_AREA_SHARED) != 0)
		gathering->program->pages++;
}

static bool feed(struct trace *trace, struct interpreter *interpreter)
{
	struct trace_event event;
	const char *error = NULL;
	uint64_t events = 0;
	int more;

	while (error == NULL && (more = trace_next(trace, &event)) > 0) {
		if (interpreter_feed(interpreter, &event) < 0)
			error = interpreter_error(interpreter);
		if (++events % 4096 == 0)
			progress_at(trace_position(trace));
	}
	if (error == NULL && more < 0)
		error = trace_error(trace);
	if (error == NULL && interpreter_finish(interpreter) < 0)
		error = interpreter_error(interpreter);
	if (error != NULL)
		complain("%s", error);
	return error == NULL;
}

bool traced_program_read(struct traced_program *program, const char *path)
{
	struct gathering gathering = { .program = program };
	struct interpreter_options options = {
		.level = COMPARE_EXACT,
		.after = after,
		.context = &gathering,
		.listener = &trace_listener,
		.listener_data = &gathering,
	};
	struct interpreter *interpreter;
	const char *error;
	struct trace *trace = trace_open(path, &error);
	bool ok;

	memset(program, 0, sizeof(*program));
	if (trace == NULL) {
		complain("%s: %s", path, error);
		return false;
	}
	interpreter = interpreter_create(&options);
	ok = interpreter != NULL;
	if (ok) {
		progress_start("reading", trace_size(trace));
		ok = feed(trace, interpreter);
		progress_end();
		interpreter_clear(interpreter);
		interpreter_destroy(interpreter);
	}
	trace_close(trace);
	if (interpreter == NULL || gathering.failed)
		complain("%s: out of memory", path);
	free(gathering.links);
	free(gathering.objects);
	if (!ok || gathering.failed)
		traced_program_free(program);
	return ok && !gathering.failed;
}

void traced_program_free(struct traced_program *program)
{
	free(program->changes);
	program->changes = NULL;
}
