/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * An object and its store: sizes, writing, holes.
 *
 * A write to a store counts on the size: what lies past it must not be written, or a file that has
 * just become shorter would grow again. So writes and resizes keep out of each other's way: many
 * writes at once, or one resize. No lock is held meanwhile, only a count (`storing`) and a mark
 * (`resizing`), and those who must wait do so without the object's lock.
 *
 * Others may change the size of a file too, and no lock keeps them from it. The object asks the
 * store again before each write, after each read, and whenever a page past the end is wanted. What
 * happens between the question and the write is lost to the one who wins, as it is between two
 * kernels that share a disk.
 */

#include "object.h"

#include "base/assert.h"

#include "object_inside.h"
#include "swap.h"

#include <string.h>

/* The store's size stays until `leave`, as far as this object is concerned. */
static void enter(struct vas_object *object)
{
	unsigned rounds = 0;

	vas_object_lock(object);
	while (object->resizing) {
		vas_object_unlock(object);
		vas_pause(&rounds);
		vas_object_lock(object);
	}
	object->storing++;
	vas_object_unlock(object);
}

static void leave(struct vas_object *object)
{
	vas_object_lock(object);
	object->storing--;
	vas_object_unlock(object);
}

/* The size as it is now. => entered, if the store is to be asked. */
static uint64_t current_size(struct vas_object *object)
{
	bool asked = object->store != NULL && object->store->size != NULL;
	uint64_t size = 0;

	if (asked)
		asked = object->store->size(object->store_data, &size) == 0;
	vas_object_lock(object);
	if (asked)
		object->size = size;
	size = object->size;
	vas_object_unlock(object);
	return size;
}

uint64_t vas_object_size(struct vas_object *object)
{
	bool others = object->store != NULL && object->store->size != NULL;
	uint64_t size;

	if (others)
		enter(object);
	size = current_size(object);
	if (others)
		leave(object);
	return size;
}

/* Keeps an error for vas_object_sync, if it is the first. */
static void keep_error(struct vas_object *object, int err)
{
	vas_object_lock(object);
	if (object->error == 0)
		object->error = err;
	vas_object_unlock(object);
}

/* Bytes of a page that lie before the end. */
static size_t bytes_inside(uint64_t size, uint64_t index)
{
	uint64_t start = index << VAS_PAGE_SHIFT;

	if (index >= vas_pages_of(size))
		return 0;
	return (size_t)(size - start < VAS_PAGE_SIZE ? size - start : VAS_PAGE_SIZE);
}

int vas_object_write(struct vas_object *object, struct vas_page *page)
{
	size_t length;
	int err = 0;

	vas_debug(page->owner == object);
	if (object->store == NULL)
		return 0;
	enter(object);
	length = bytes_inside(current_size(object), page->index);
	/* Clean from now on: what is written to it during the write makes it dirty again. */
	(void)vas_page_clear(page, VAS_PAGE_DIRTY);
	if (length != 0)
		err = object->store->write(object->store_data, page->index,
					   vas_frame_bytes(object->frames, page), length);
	leave(object);
	if (err != 0) {
		(void)vas_page_set(page, VAS_PAGE_DIRTY);
		keep_error(object, err);
	}
	return err;
}

/* Nobody counts on the size any more, and nobody will until the end of the resize. Returns the
 * size. */
static uint64_t begin_resize(struct vas_object *object)
{
	unsigned rounds = 0;
	uint64_t size;

	vas_object_lock(object);
	while (object->resizing) {
		vas_object_unlock(object);
		vas_pause(&rounds);
		vas_object_lock(object);
	}
	object->resizing = true;
	while (object->storing != 0) {
		vas_object_unlock(object);
		vas_pause(&rounds);
		vas_object_lock(object);
	}
	size = object->size;
	vas_object_unlock(object);
	return size;
}

int vas_object_resize(struct vas_object *object, uint64_t size)
{
	uint64_t old = begin_resize(object);
	int err = 0;

	if (object->store != NULL) {
		if (object->store->resize == NULL)
			err = size == old ? 0 : -VAS_EINVAL;
		else
			err = object->store->resize(object->store_data, size);
	}
	vas_object_lock(object);
	if (err == 0)
		object->size = size;
	object->resizing = false;
	vas_object_unlock(object);
	return err;
}

/* The same for a page that is out in swap: in a frame of its own, back into the same slot. If the
 * write fails half-way, what it has written is what was there. */
static int zero_in_slot(struct vas_object *object, const struct vas_claim *claim, size_t from)
{
	unsigned char *bytes = vas_frame_bytes(object->frames, claim->page);
	int err = vas_swap_read(object->swap, claim->slot, claim->page);

	if (err == 0) {
		memset(bytes + from, 0, VAS_PAGE_SIZE - from);
		err = vas_swap_write(object->swap, claim->slot, claim->page);
	}
	vas_object_unclaim(object, claim);
	return err;
}

static bool zero_in_memory(struct vas_object *object, struct vas_page *page, size_t from)
{
	unsigned char *bytes = vas_frame_bytes(object->frames, page);
	bool done;

	vas_page_lock(page);
	done = page->owner == object;
	if (done)
		memset(bytes + from, 0, VAS_PAGE_SIZE - from);
	vas_page_unlock(page);
	vas_object_put_page(object, page);
	return done;
}

int vas_object_zero_tail(struct vas_object *object, uint64_t size)
{
	uint64_t index = size >> VAS_PAGE_SHIFT;
	size_t from = (size_t)(size & VAS_PAGE_MASK);
	struct vas_claim claim = { 0 };

	if (from == 0)
		return 0;
	for (;;) {
		struct vas_page *page = NULL;
		uint64_t value;
		int err = 0;

		vas_object_lock(object);
		value = vas_radix_get(&object->pages, index);
		if (vas_value_is_page(value)) {
			page = vas_value_page(object, value);
			vas_page_get(page);
		} else if (value != 0) {
			err = vas_object_claim(object, index, &claim);
		}
		vas_object_unlock(object);
		if (err != 0 || value == 0)
			return err;
		if (page == NULL)
			return zero_in_slot(object, &claim, from);
		if (zero_in_memory(object, page, from))
			return 0;
	}
}

/* For stores that know no holes. => entered. */
static int write_zeroes(struct vas_object *object, uint64_t first, uint64_t last, uint64_t size)
{
	static const unsigned char zeroes[VAS_PAGE_SIZE];
	int err = 0;

	for (uint64_t index = first; index <= last && err == 0; index++)
		err = object->store->write(object->store_data, index, zeroes,
					   bytes_inside(size, index));
	return err;
}

int vas_object_punch(struct vas_object *object, uint64_t first, uint64_t last)
{
	const struct vas_store *store = object->store;
	uint64_t size, pages;
	int err = 0;

	if (store == NULL || first > last)
		return 0;
	enter(object);
	size = current_size(object);
	pages = vas_pages_of(size);
	if (first < pages) {
		if (last >= pages)
			last = pages - 1;
		err = store->punch != NULL
			      ? store->punch(object->store_data, first, last - first + 1)
			      : write_zeroes(object, first, last, size);
	}
	leave(object);
	return err;
}

int vas_object_sync(struct vas_object *object)
{
	int err = 0;

	if (object->store != NULL && object->store->sync != NULL)
		err = object->store->sync(object->store_data);
	if (err != 0)
		return err; /* the kept one is for the next call */
	vas_object_lock(object);
	err = object->error;
	object->error = 0;
	vas_object_unlock(object);
	return err;
}
