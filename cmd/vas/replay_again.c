/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The ends of a replay: of processes, of the trace, of all that is left. Everything is read once
 * more before it goes, and when all has gone, all memory must be free again.
 */

#include "replay_memory_inside.h"

#include <inttypes.h>
#include <string.h>

/* ---- what processes and files hold ---- */

static void read_again(void *context, uint64_t address)
{
	struct touch *touch = context;
	int err;

	touch->area = vas_find(touch->space, address);
	if (touch->area == NULL || (touch->area->flags & VAS_AREA_ACCESS) == 0 ||
	    replay_left_alone(touch->area))
		return;
	touch->page = address;
	err = replay_read_page(touch);
	if (err != 0)
		replay_failed(touch->memory, touch->in, touch->pid, address, touch->how, err);
	touch->memory->counts.read_again++;
}

struct object_reading {
	struct touch *touch;
	struct replay_object *object; /* NULL: through the area */
	uint64_t start, first;	      /* where the area begins, in the space and in the object */
};

static void read_mapped(void *context, uint64_t page, void *record)
{
	const struct object_reading *reading = context;
	uint64_t address = reading->start + ((page - reading->first) << VAS_PAGE_SHIFT);
	struct vas_view view;

	vas_look(reading->touch->space, address, &view);
	if (((const struct token *)record)->kind != TOKEN_NONE && !view.guard)
		read_again(reading->touch, address);
}

/* Shared memory that goes with this space. */
static void read_shared(struct touch *touch)
{
	struct vas_walk walk;
	struct vas_area *area;

	vas_walk_start(&walk, touch->space, 0);
	while ((area = vas_walk_next(&walk)) != NULL) {
		const struct shadow_object *object =
			shadow_shared(area) ? replay_object_of(area) : NULL;
		struct object_reading reading = { touch, NULL, area->range.start, area->offset };

		if (object != NULL && area->file->references == 1 &&
		    (area->flags & VAS_AREA_NONLINEAR) == 0)
			page_map_each(&object->tokens, area->offset,
				      area->offset + vas_area_pages(area) - 1, read_mapped,
				      &reading);
	}
}

static void read_space(struct replay_memory *memory, struct interpreter *in, int pid,
		       struct vas_space *space)
{
	struct touch touch = {
		.memory = memory,
		.in = in,
		.pid = pid,
		.space = space,
		.how = VAS_ACCESS_READ,
	};

	shadow_each(space, read_again, &touch);
	read_shared(&touch);
}

void replay_memory_leave(struct replay_memory *memory, struct interpreter *interpreter,
			 struct thread *thread)
{
	const struct traced_space *traced = thread->process->space;
	struct vas_counts counts;

	if (traced == NULL || traced->users > 1 || memory->machine == NULL ||
	    memory->options->timed)
		return;
	replay_look(memory);
	vas_space_count(traced->space, &counts);
	memory->counts.ended_areas += counts.areas;
	read_space(memory, interpreter, thread->tid, traced->space);
}

static void read_object_page(void *context, uint64_t page, void *record)
{
	const struct object_reading *reading = context;
	struct replay_object *object = reading->object;
	const struct token *token = record;
	unsigned char wanted[VAS_PAGE_SIZE], found[VAS_PAGE_SIZE] = { 0 };
	int err;

	if (token->kind == TOKEN_NONE || token->kind == TOKEN_UNKNOWN ||
	    shadow_valid(&object->shadow, page) == 0)
		return;
	err = vas_file_read(object->opened, page << VAS_PAGE_SHIFT, found, sizeof(found), NULL);
	reading->touch->memory->counts.read_again++;
	if (err != 0) {
		replay_failed(reading->touch->memory, reading->touch->in, 0, page << VAS_PAGE_SHIFT,
			      VAS_ACCESS_READ, err);
		return;
	}
	token_bytes(token, wanted);
	if (memcmp(wanted, found, sizeof(wanted)) != 0)
		replay_wrong(reading->touch->in, 0, "a file at", page << VAS_PAGE_SHIFT, token,
			     found);
}

/* ---- the end ---- */

struct broken {
	char text[256];
	size_t length;
};

static void print_broken(void *context, const char *text, size_t length)
{
	struct broken *broken = context;
	size_t room = sizeof(broken->text) - 1 - broken->length;

	length = length < room ? length : room;
	memcpy(broken->text + broken->length, text, length);
	broken->length += length;
}

static void validate(struct replay_memory *memory, struct interpreter *in, const char *when)
{
	struct broken broken = { 0 };
	const struct vas_printer printer = { print_broken, &broken };

	if (vas_machine_validate(memory->machine, &printer))
		return;
	while (broken.length > 0 && broken.text[broken.length - 1] == '\n')
		broken.text[--broken.length] = '\0';
	interpreter_diverged(in, &(struct divergence){
					 .kind = DIVERGENCE_MACHINE,
					 .call = when,
					 .model = broken.text,
					 .kernel = "no broken invariant",
				 });
}

void replay_memory_over(struct replay_memory *memory, struct interpreter *in)
{
	struct touch touch = { .memory = memory, .in = in };
	struct vas_space *space = NULL;

	if (memory->machine == NULL)
		return;
	replay_look(memory);
	if (memory->options->timed)
		return;
	memory->counts.ended_areas += memory->counts.areas;
	while ((space = shadow_next(&memory->shadow, space)) != NULL)
		read_space(memory, in, 0, space);
	for (struct replay_object *object = memory->objects; object != NULL;
	     object = object->next) {
		struct object_reading reading = { .touch = &touch, .object = object };

		page_map_each(&object->shadow.tokens, 0, PAGE_MAP_LAST, read_object_page, &reading);
	}
	vas_machine_count(memory->machine, &memory->counts.machine);
	validate(memory, in, "the machine when the trace is over");
}

void replay_memory_emptied(struct replay_memory *memory, struct interpreter *in)
{
	struct vas_machine_counts counts;
	char model[96];

	if (memory->machine == NULL || memory->options->timed)
		return;
	validate(memory, in, "the machine when all is gone");
	vas_machine_count(memory->machine, &counts);
	if (counts.free == memory->free && counts.swap_used == 0)
		return;
	snprintf(model, sizeof(model), "%" PRIu32 " frames and %" PRIu32 " slots in use",
		 memory->free - counts.free, counts.swap_used);
	interpreter_diverged(in, &(struct divergence){
					 .kind = DIVERGENCE_MACHINE,
					 .call = "the machine when all is gone",
					 .model = model,
					 .kernel = "none",
				 });
}
