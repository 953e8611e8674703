/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Objects of a machine: opening them, reading and writing them without mapping them, truncation,
 * holes, msync.
 *
 * Truncation. The size is set first: no fault gets a page past it from then on. Then every entry for
 * a page past it goes, private copies too, found through the object's map; then the pages, each
 * locked, so that a fault which was faster is waited for; and then entries once more, for the
 * private copies which such a fault has made.
 */

#include "machine.h"

#include "base/bytes.h"

#include <string.h>

#define WALK_BATCH 16

static struct vas_machine *machine_of(const struct vas_object *object)
{
	return object->machine;
}

static void release_object(struct vas_object *object)
{
	struct machine_object *behind = machine_object_behind(object);
	struct vas_machine *machine = behind->machine;
	const struct vas_file_rmap_design *design = behind->map.design;

	vas_mutex_lock(&machine->lock, VAS_RANK_LEAF);
	vas_list_remove(&behind->all);
	vas_mutex_unlock(&machine->lock, VAS_RANK_LEAF);
	vas_file_map_destroy(&behind->map);
	machine->allocator->release(machine->allocator->context, behind,
				    offsetof(struct machine_object, map) + design->map_bytes);
}

/* The last file: nobody is left who could ask for its pages to be written, or hear of an error. */
static void release_file(struct vas_file *file)
{
	const struct vas_allocator *allocator = machine_of(file->object)->allocator;
	struct machine_object *behind = machine_object_behind(file->object);

	if (__atomic_sub_fetch(&behind->files, 1, __ATOMIC_ACQ_REL) == 0)
		(void)!vas_write_back(&behind->machine->memory, file->object, 0,
				      UINT64_MAX >> VAS_PAGE_SHIFT);
	vas_object_put(file->object);
	allocator->release(allocator->context, file, sizeof(*file));
}

static void free_page(struct vas_object *object, struct vas_page *page)
{
	vas_page_free(&machine_of(object)->memory, page);
}

static int create_map(struct vas_machine *machine, struct vas_object *object)
{
	const struct vas_file_rmap_design *design = machine->memory.rmap.file;
	const struct vas_allocator *allocator = machine->allocator;
	size_t bytes = offsetof(struct machine_object, map) + design->map_bytes;
	struct machine_object *behind = allocator->allocate(allocator->context, bytes, 64);

	if (behind == NULL)
		return -VAS_ENOMEM;
	memset(behind, 0, bytes);
	behind->object = object;
	behind->machine = machine;
	vas_file_map_init(&behind->map, design, allocator);
	object->map = &behind->map;
	object->machine = machine;
	object->release = release_object;
	object->free_page = free_page;
	vas_mutex_lock(&machine->lock, VAS_RANK_LEAF);
	vas_list_add_before(&machine->objects, &behind->all);
	vas_mutex_unlock(&machine->lock, VAS_RANK_LEAF);
	return 0;
}

/* A file of an object, whose reference it takes. */
static int create_file(struct vas_object *object, const struct vas_object_open *open,
		       struct vas_file **out)
{
	const struct vas_allocator *allocator = machine_of(object)->allocator;
	struct vas_file *file =
		allocator->allocate(allocator->context, sizeof(*file), _Alignof(struct vas_file));

	if (file == NULL)
		return -VAS_ENOMEM;
	*file = (struct vas_file){
		.references = 1,
		.flags = open->flags,
		.major = open->major,
		.minor = open->minor,
		.inode = open->inode,
		.size = vas_object_size(object),
		.name = open->name,
		.object = object,
		.release = release_file,
	};
	__atomic_add_fetch(&machine_object_behind(object)->files, 1, __ATOMIC_RELAXED);
	*out = file;
	return 0;
}

int vas_object_open(struct vas_machine *machine, const struct vas_object_open *open,
		    struct vas_file **file)
{
	struct vas_object_config config = {
		.allocator = machine->allocator,
		.frames = machine->memory.frames,
		.store = open->store,
		.store_data = open->store_data,
		.swap = open->store == NULL ? machine->memory.swap : NULL,
		.size = open->size,
	};
	struct vas_object *object;
	int err = vas_object_create(&config, &object);

	*file = NULL;
	if (err != 0)
		return err;
	err = create_map(machine, object);
	if (err == 0)
		err = create_file(object, open, file);
	if (err != 0)
		vas_object_put(object);
	return err;
}

int vas_file_again(struct vas_file *file, uint32_t flags, struct vas_file **again)
{
	struct vas_object_open open = {
		.flags = flags,
		.major = file->major,
		.minor = file->minor,
		.inode = file->inode,
		.name = file->name,
	};
	int err;

	vas_object_get(file->object);
	err = create_file(file->object, &open, again);
	if (err != 0)
		vas_object_put(file->object);
	return err;
}

uint64_t vas_file_size(struct vas_file *file)
{
	return vas_object_size(file->object);
}

/* A page of an object, whatever it takes to get it. */
static int get_page(struct vas_object *object, uint64_t index, struct vas_page **page)
{
	struct vas_memory *memory = &machine_of(object)->memory;
	unsigned tries = 0;
	bool fresh;
	int err;

	do
		err = vas_object_page(object, index, page, &fresh);
	while (err == -VAS_ENOMEM && vas_make_frames(machine_of(object), 1, &tries) == 0);
	if (err == 0 && fresh)
		vas_lru_add(&memory->lru, *page, false);
	return err;
}

/* One page's part of a read or write. */
static int transfer(struct vas_object *object, uint64_t offset, unsigned char *bytes, size_t length,
		    bool write)
{
	struct vas_memory *memory = &machine_of(object)->memory;
	struct vas_page *page;
	unsigned char *at;
	bool there = false;

	while (!there) {
		int err = get_page(object, offset >> VAS_PAGE_SHIFT, &page);

		if (err != 0)
			return err;
		vas_page_lock(page);
		there = page->owner == object && page->index == offset >> VAS_PAGE_SHIFT;
		if (there) {
			at = vas_frame_bytes(memory->frames, page);
			at += offset & VAS_PAGE_MASK;
			if (write) {
				vas_copy_bytes(at, bytes, length);
				vas_page_set(page, VAS_PAGE_DIRTY);
			} else {
				vas_copy_bytes(bytes, at, length);
			}
		}
		vas_page_unlock(page);
		vas_page_put(memory, page);
	}
	return 0;
}

static int transfer_all(struct vas_object *object, uint64_t offset, unsigned char *bytes,
			size_t length, bool write, size_t *done)
{
	size_t at = 0;
	int err = 0;

	while (at < length && err == 0) {
		size_t room = (size_t)(VAS_PAGE_SIZE - ((offset + at) & VAS_PAGE_MASK));
		size_t part = room < length - at ? room : length - at;

		err = transfer(object, offset + at, bytes + at, part, write);
		if (err == 0)
			at += part;
	}
	if (done != NULL)
		*done = at;
	return err;
}

int vas_file_read(struct vas_file *file, uint64_t offset, void *bytes, size_t length, size_t *done)
{
	uint64_t size = vas_object_size(file->object);

	if (offset >= size)
		length = 0;
	else if (length > size - offset)
		length = (size_t)(size - offset);
	return transfer_all(file->object, offset, bytes, length, false, done);
}

/* Brings the page that a boundary lies in into memory and holds it there, so that what is done to a
 * part of it later cannot fail. *page is NULL if the boundary lies in none. */
static int hold_page(struct vas_object *object, uint64_t boundary, struct vas_page **page)
{
	int err;

	*page = NULL;
	if ((boundary & VAS_PAGE_MASK) == 0)
		return 0;
	err = get_page(object, boundary >> VAS_PAGE_SHIFT, page);
	return err == -VAS_EOVERFLOW ? 0 : err;
}

static void let_go(struct vas_object *object, struct vas_page *page)
{
	if (page != NULL)
		vas_page_put(&machine_of(object)->memory, page);
}

/* What lies behind `size` in its page reads as zeroes from now on. */
static int zero_tail(struct vas_object *object, uint64_t size)
{
	unsigned tries = 0;
	int err;

	if ((size & VAS_PAGE_MASK) == 0)
		return 0;
	do
		err = vas_object_zero_tail(object, size);
	while (err == -VAS_ENOMEM && vas_make_frames(machine_of(object), 1, &tries) == 0);
	return err;
}

/* ---- Entries for a range of pages, in all spaces ---- */

struct unmapping {
	struct vas_memory *memory;
	uint64_t first, last;
	enum zap what;
};

static bool unmap_link(void *context, struct vas_file_link *link)
{
	const struct unmapping *unmapping = context;
	uint64_t first = link->first > unmapping->first ? link->first : unmapping->first;
	uint64_t last = link->last < unmapping->last ? link->last : unmapping->last;
	struct vas_range range = {
		link->start + ((first - link->first) << VAS_PAGE_SHIFT),
		link->start + ((last + 1 - link->first) << VAS_PAGE_SHIFT),
	};

	vas_zap(unmapping->memory, machine_space_of(link->space)->pmap, range, unmapping->what,
		true);
	return true;
}

static void unmap_range(struct vas_object *object, uint64_t first, uint64_t last, enum zap what)
{
	struct unmapping unmapping = { &machine_of(object)->memory, first, last, what };
	struct vas_file_walk walk = {
		.first = first,
		.last = last,
		.batch = WALK_BATCH,
		.visit = unmap_link,
		.context = &unmapping,
	};
	bool more = true;

	while (more) {
		vas_mutex_lock(&object->lock, VAS_RANK_OBJECT);
		more = vas_file_map_walk(object->map, &walk);
		vas_mutex_unlock(&object->lock, VAS_RANK_OBJECT);
	}
}

/* => the object's `change`. */
static int resize(struct vas_file *file, uint64_t size, bool only_grow)
{
	struct vas_object *object = file->object;
	struct vas_memory *memory = &machine_of(object)->memory;
	uint64_t first = (size >> VAS_PAGE_SHIFT) + ((size & VAS_PAGE_MASK) != 0);
	uint64_t before = vas_object_size(object);
	struct vas_page *last = NULL;
	int err = 0;

	if (only_grow && size <= before)
		return 0;
	/* Who maps the last page may have written behind the end. */
	if (size > before)
		err = zero_tail(object, before);
	else if (object->store == NULL)
		err = hold_page(object, size, &last);
	if (err == 0)
		err = vas_object_resize(object, size);
	if (err != 0 || size >= before) {
		if (err == 0)
			__atomic_store_n(&file->size, size, __ATOMIC_RELAXED);
		let_go(object, last);
		return err;
	}
	__atomic_store_n(&file->size, size, __ATOMIC_RELAXED);
	unmap_range(object, first, UINT64_MAX >> VAS_PAGE_SHIFT, ZAP_CONTENTS);
	vas_drop_pages(memory, object, first, UINT64_MAX >> VAS_PAGE_SHIFT);
	unmap_range(object, first, UINT64_MAX >> VAS_PAGE_SHIFT, ZAP_CONTENTS);
	vas_object_drop_slots(object, first, UINT64_MAX >> VAS_PAGE_SHIFT);
	err = zero_tail(object, size);
	let_go(object, last);
	return err;
}

static int change_size(struct vas_file *file, uint64_t size, bool only_grow)
{
	struct machine_object *behind = machine_object_behind(file->object);
	int err;

	vas_mutex_lock(&behind->change, VAS_RANK_SPACE);
	err = resize(file, size, only_grow);
	vas_mutex_unlock(&behind->change, VAS_RANK_SPACE);
	return err;
}

int vas_truncate(struct vas_file *file, uint64_t size)
{
	return change_size(file, size, false);
}

int vas_file_write(struct vas_file *file, uint64_t offset, const void *bytes, size_t length,
		   size_t *done)
{
	if (done != NULL)
		*done = 0;
	if (offset + length < offset)
		return -VAS_EINVAL;
	if (length > 0 && offset + length > vas_object_size(file->object)) {
		int err = change_size(file, offset + length, true);

		if (err != 0)
			return err;
	}
	/* Only read from. */
	return transfer_all(file->object, offset, (unsigned char *)(uintptr_t)bytes, length, true,
			    done);
}

/* Zeroes of part of a page. */
static int zero_part(struct vas_object *object, uint64_t offset, uint64_t length)
{
	static const unsigned char zeroes[VAS_PAGE_SIZE];

	if (length == 0)
		return 0;
	return transfer(object, offset, (unsigned char *)(uintptr_t)zeroes, (size_t)length, true);
}

static uint64_t written(const struct vas_memory *memory)
{
	return __atomic_load_n(&memory->counts.written, __ATOMIC_ACQUIRE);
}

/*
 * The store first: if it fails, nothing has changed; and what is not in memory any more must not be
 * read again as it was. A page that was written out between the two is in the store again, or was
 * even read again: then all is done once more. What is written from then on is another's affair.
 */
static int punch_pages(struct vas_object *object, uint64_t first, uint64_t last)
{
	struct vas_memory *memory = &machine_of(object)->memory;
	uint64_t before;
	unsigned rounds = 0;

	do {
		int err;

		before = written(memory);
		err = vas_object_punch(object, first, last);
		if (err != 0)
			return err;
		unmap_range(object, first, last, ZAP_OBJECT);
		vas_drop_pages(memory, object, first, last);
		vas_object_drop_slots(object, first, last);
	} while (rounds++ == 0 && object->store != NULL && written(memory) != before);
	return 0;
}

int vas_punch_pages(struct vas_object *object, uint64_t first, uint64_t last)
{
	struct machine_object *behind = machine_object_behind(object);
	int err;

	vas_mutex_lock(&behind->change, VAS_RANK_SPACE);
	err = punch_pages(object, first, last);
	vas_mutex_unlock(&behind->change, VAS_RANK_SPACE);
	return err;
}

int vas_punch(struct vas_file *file, uint64_t offset, uint64_t length)
{
	struct vas_object *object = file->object;
	uint64_t size = vas_object_size(object), end = offset + length, first, past;
	struct vas_page *head, *tail = NULL;
	int err;

	if (length == 0 || end < offset)
		return -VAS_EINVAL;
	if (end > size)
		end = size;
	if (offset >= end)
		return 0;
	first = vas_page_up(offset);
	past = end == size ? vas_page_up(end) : vas_page_down(end);
	if (first > past) /* all in one page */
		return zero_part(object, offset, end - offset);
	err = hold_page(object, offset, &head);
	if (err == 0 && past < end)
		err = hold_page(object, end, &tail);
	if (err == 0 && first < past)
		err = vas_punch_pages(object, first >> VAS_PAGE_SHIFT,
				      (past >> VAS_PAGE_SHIFT) - 1);
	if (err == 0)
		err = zero_part(object, offset, (first < end ? first : end) - offset);
	if (err == 0 && past < end)
		err = zero_part(object, past, end - past);
	let_go(object, head);
	let_go(object, tail);
	return err;
}

int vas_file_sync(struct vas_file *file)
{
	struct vas_object *object = file->object;
	int err = vas_write_back(&machine_of(object)->memory, object, 0,
				 UINT64_MAX >> VAS_PAGE_SHIFT);
	int later = vas_object_sync(object);

	return err != 0 ? err : later;
}

/* ---- msync ---- */

enum { SYNC_ASYNC = 1, SYNC_INVALIDATE = 2, SYNC_NOW = 4 };

/* The next part of [*at, end) that maps an object shared, with a reference to that; NULL: none.
 * *holes is set when something was not mapped. */
static struct vas_object *next_object(struct machine_space *in, uint64_t *at, uint64_t end,
				      int flags, uint64_t *first, uint64_t *last, int *err)
{
	unsigned slot = vas_shared_lock_read(&in->lock);
	struct vas_object *object = NULL;

	while (object == NULL && *at < end) {
		struct vas_area *area = vas_find_ge(in->space, *at);
		uint64_t stop, run_end;

		if (area == NULL || area->range.start > *at)
			*err = -VAS_ENOMEM;
		if (area == NULL || area->range.start >= end) {
			*at = end;
			break;
		}
		if (area->range.start > *at)
			*at = area->range.start;
		if ((flags & SYNC_INVALIDATE) != 0 && (area->flags & VAS_AREA_LOCKED) != 0) {
			*err = -VAS_EBUSY;
			*at = end;
			break;
		}
		stop = area->range.end < end ? area->range.end : end;
		object = area_private(area) || (flags & SYNC_NOW) == 0 ? NULL
								       : machine_object_of(area);
		if (object != NULL) {
			vas_object_get(object);
			*first = vas_run_page(in, area, *at, &run_end);
			if (run_end < stop)
				stop = run_end;
			*last = *first + ((stop - *at) >> VAS_PAGE_SHIFT) - 1;
		}
		*at = stop;
	}
	vas_shared_unlock_read(&in->lock, slot);
	return object;
}

int vas_sync(struct vas_space *space, uint64_t start, uint64_t length, int flags)
{
	struct machine_space *in = machine_space_of(space);
	uint64_t end = start + vas_page_up(length), at = start, first = 0, last = 0;
	struct vas_object *object;
	int result = 0;

	if ((flags & ~(SYNC_ASYNC | SYNC_INVALIDATE | SYNC_NOW)) != 0 ||
	    (start & VAS_PAGE_MASK) != 0 ||
	    (flags & (SYNC_ASYNC | SYNC_NOW)) == (SYNC_ASYNC | SYNC_NOW))
		return -VAS_EINVAL;
	if (end < start)
		return -VAS_ENOMEM;
	while ((object = next_object(in, &at, end, flags, &first, &last, &result)) != NULL) {
		int err = vas_write_back(&in->machine->memory, object, first, last);
		int later = vas_object_sync(object);

		vas_object_put(object);
		if (err == 0)
			err = later;
		if (err != 0)
			return err;
	}
	return result;
}
