/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The files of a replay, and its shared memory: objects of the machine, and what they must hold.
 *
 * A file is known by its device and inode; memory without a name by the trace's own record of it.
 * The first record that is about to be mapped opens the object, the last one that goes closes it.
 */

#include "replay_memory_inside.h"

#include <stdlib.h>
#include <string.h>

#define ENDLESS	   (UINT64_C(1) << 42) /* bytes of a file whose size is not known */
#define MOST_PAGES (UINT64_C(1) << 50)

struct shadow_object *replay_object_of(const struct vas_area *area)
{
	const struct traced_file *traced = area->file == NULL ? NULL : area->file->data;
	struct replay_object *object = traced == NULL ? NULL : traced->memory;

	return object == NULL || vas_area_anonymous(area) ? NULL : &object->shadow;
}

uint64_t replay_memory_object(const struct vas_area *area)
{
	const struct shadow_object *object = replay_object_of(area);

	return object == NULL ? 0 : object->number;
}

static void put_object(void *data)
{
	struct replay_object *object = data;

	if (--object->users > 0)
		return;
	*object->place = object->next;
	if (object->next != NULL)
		object->next->place = object->place;
	vas_file_put(object->opened);
	replay_store_free(&object->store);
	shadow_object_free(&object->shadow);
	free(object);
}

/* Shared memory that has no name is known by the trace's own record of it only. */
static struct replay_object *find_object(struct replay_memory *memory,
					 const struct traced_file *traced)
{
	const struct vas_file *file = &traced->file;
	struct replay_object *object = memory->objects;

	if (traced->learn_inode || file->inode == 0)
		return NULL;
	while (object != NULL && (!object->known || object->inode != file->inode ||
				  object->major != file->major || object->minor != file->minor))
		object = object->next;
	return object;
}

static struct replay_object *make_object(struct replay_memory *memory,
					 const struct traced_file *traced)
{
	const struct vas_file *file = &traced->file;
	bool shared_memory = (file->flags & VAS_FILE_SHARED_MEMORY) != 0;
	uint64_t size = file->size > ENDLESS ? ENDLESS : file->size;
	struct replay_object *object = calloc(1, sizeof(*object));
	struct vas_object_open open = {
		.store = shared_memory ? NULL : &replay_store,
		.size = size,
		.flags = file->flags,
	};

	if (object == NULL)
		return NULL;
	object->memory = memory;
	object->known = !traced->learn_inode && file->inode != 0;
	object->major = file->major;
	object->minor = file->minor;
	object->inode = file->inode;
	memory->last_object++;
	shadow_object_init(&object->shadow, memory->last_object, size, shared_memory ? 0 : size);
	replay_store_init(&object->store, &memory->disk, memory->last_object, size);
	open.store_data = &object->store;
	if (vas_object_open(memory->machine, &open, &object->opened) != 0) {
		free(object);
		return NULL;
	}
	object->next = memory->objects;
	object->place = &memory->objects;
	if (object->next != NULL)
		object->next->place = &object->next;
	memory->objects = object;
	return object;
}

int replay_open_file(void *data, struct traced_file *traced)
{
	static const char anonymous_inode[] = "anon_inode:";
	const uint32_t without = VAS_FILE_DEVICE | VAS_FILE_HUGE_PAGES | VAS_FILE_NO_MMAP;
	const uint32_t zero = VAS_FILE_DEVICE_ZERO | VAS_FILE_SHARED_MEMORY;
	struct replay_memory *memory = data;
	struct replay_object *object;

	if (traced->memory != NULL || memory->machine == NULL ||
	    (traced->file.flags & without) != 0 ||
	    (traced->file.flags & zero) == VAS_FILE_DEVICE_ZERO ||
	    strncmp(traced->name, anonymous_inode, strlen(anonymous_inode)) == 0)
		return 0;
	object = find_object(memory, traced);
	if (object == NULL)
		object = make_object(memory, traced);
	if (object == NULL)
		return -VAS_ENOMEM;
	object->users++;
	traced->memory = object;
	traced->put_memory = put_object;
	traced->file.object = object->opened->object;
	return 0;
}

static int resize(struct replay_memory *memory, struct replay_object *object, uint64_t size)
{
	shadow_resize(&memory->shadow, &object->shadow, size);
	return vas_truncate(object->opened, size);
}

int replay_told_size(void *data, struct traced_file *traced)
{
	struct replay_object *object = traced->memory;

	if (object == NULL || traced->file.size > ENDLESS ||
	    traced->file.size == object->shadow.size)
		return 0;
	return resize(data, object, traced->file.size);
}

bool replay_grow(const struct touch *touch)
{
	const struct traced_file *traced =
		touch->area->file == NULL ? NULL : touch->area->file->data;
	struct replay_object *object = traced == NULL ? NULL : traced->memory;
	uint64_t index = shadow_index(touch->area, touch->page);

	if (object == NULL || shadow_valid(&object->shadow, index) != 0 || index >= MOST_PAGES ||
	    resize(touch->memory, object, (index + 1) << VAS_PAGE_SHIFT) != 0)
		return false;
	touch->memory->counts.grown++;
	return true;
}
