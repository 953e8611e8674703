/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * A file as a trace has it: a number and a size, but no contents. A page that was never written is
 * made up; one that was has a place in the temporary file; one that was punched is zeroes:
 *
 *	written[page]  0: made up   HOLE: zeroes   else: page written[page] - 1 of the temporary file
 *
 * Shrinking forgets what lies behind the new end for good: made_up never grows again.
 */

#include "replay_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replay_token.h"
#include "work_clock.h"

#define HOLE UINT64_MAX

int replay_disk_open(struct replay_disk *disk)
{
	char name[4096];
	const char *directory = getenv("TMPDIR");

	snprintf(name, sizeof(name), "%.4000s/vas-replay-XXXXXX",
		 directory == NULL || directory[0] == '\0' ? "/tmp" : directory);
	disk->pages = 0;
	disk->descriptor = mkstemp(name);
	if (disk->descriptor < 0)
		return -1;
	unlink(name);
	return 0;
}

void replay_disk_close(struct replay_disk *disk)
{
	close(disk->descriptor);
}

static off_t place_of(uint64_t at)
{
	return (off_t)((at - 1) << VAS_PAGE_SHIFT);
}

void replay_store_init(struct replay_store *store, struct replay_disk *disk, uint64_t number,
		       uint64_t size)
{
	*store = (struct replay_store){
		.disk = disk,
		.written = { .record = sizeof(uint64_t) },
		.number = number,
		.size = size,
		.made_up = size,
	};
}

void replay_store_free(struct replay_store *store)
{
	page_map_free(&store->written);
}

/* Bytes of a page that lie below an end. */
static size_t bytes_below(uint64_t page, uint64_t end)
{
	uint64_t start = page << VAS_PAGE_SHIFT;

	if (end <= start)
		return 0;
	return end - start < VAS_PAGE_SIZE ? (size_t)(end - start) : (size_t)VAS_PAGE_SIZE;
}

static int store_read(void *data, uint64_t page, void *bytes)
{
	struct replay_store *store = data;
	const uint64_t *at = page_map_find(&store->written, page);
	size_t length = bytes_below(page, store->size);

	if (at == NULL || *at == 0 || *at == HOLE) {
		const struct token token = {
			.number = store->number,
			.word = page,
			.length = (uint16_t)bytes_below(page, store->made_up),
			.kind = at != NULL && *at == HOLE ? TOKEN_ZERO : TOKEN_FILE,
		};

		token_bytes(&token, bytes);
		return 0;
	}
	if (pread(store->disk->descriptor, bytes, VAS_PAGE_SIZE, place_of(*at)) !=
	    (ssize_t)VAS_PAGE_SIZE)
		return -VAS_EIO;
	memset((unsigned char *)bytes + length, 0, VAS_PAGE_SIZE - length);
	return 0;
}

static int store_write(void *data, uint64_t page, const void *bytes, size_t length)
{
	struct replay_store *store = data;
	unsigned char whole[VAS_PAGE_SIZE] = { 0 };
	uint64_t *at = page_map_make(&store->written, page);
	uint64_t place = *at == 0 || *at == HOLE ? store->disk->pages + 1 : *at;
	ssize_t done;

	memcpy(whole, bytes, length);
	done = pwrite(store->disk->descriptor, whole, sizeof(whole), place_of(place));
	if (done != (ssize_t)sizeof(whole))
		return done >= 0 || errno == ENOSPC ? -VAS_ENOSPC : -VAS_EIO;
	if (place > store->disk->pages)
		store->disk->pages = place;
	*at = place;
	return 0;
}

static void forget(void *context, uint64_t page, void *record)
{
	(void)context;
	(void)page;
	*(uint64_t *)record = 0;
}

static int store_resize(void *data, uint64_t size)
{
	struct replay_store *store = data;
	uint64_t tail = size >> VAS_PAGE_SHIFT;
	const uint64_t *at = page_map_find(&store->written, tail);
	unsigned char bytes[VAS_PAGE_SIZE];
	int err;

	if (size >= store->size) {
		store->size = size;
		return 0;
	}
	page_map_each(&store->written, vas_page_up(size) >> VAS_PAGE_SHIFT, PAGE_MAP_LAST, forget,
		      NULL);
	store->size = size;
	if (store->made_up > size)
		store->made_up = size;
	/* What is behind the end in the last page must not come back. */
	if ((size & VAS_PAGE_MASK) == 0 || at == NULL || *at == 0 || *at == HOLE)
		return 0;
	err = store_read(store, tail, bytes);
	return err != 0 ? err : store_write(store, tail, bytes, VAS_PAGE_SIZE);
}

static int store_punch(void *data, uint64_t page, uint64_t count)
{
	struct replay_store *store = data;
	uint64_t last = vas_page_up(store->made_up) >> VAS_PAGE_SHIFT;

	if (count == 0)
		return 0;
	page_map_each(&store->written, page, page + count - 1, forget, NULL);
	for (uint64_t i = page; i < page + count && i < last; i++)
		*(uint64_t *)page_map_make(&store->written, i) = HOLE;
	return 0;
}

/* ---- as the machine sees them: their time is not the library's ---- */

static int timed_read(void *data, uint64_t page, void *bytes)
{
	return TIMED(WORK_NONE, store_read(data, page, bytes));
}

static int timed_write(void *data, uint64_t page, const void *bytes, size_t length)
{
	return TIMED(WORK_NONE, store_write(data, page, bytes, length));
}

static int timed_resize(void *data, uint64_t size)
{
	return TIMED(WORK_NONE, store_resize(data, size));
}

static int timed_punch(void *data, uint64_t page, uint64_t count)
{
	return TIMED(WORK_NONE, store_punch(data, page, count));
}

const struct vas_store replay_store = {
	.read = timed_read,
	.write = timed_write,
	.resize = timed_resize,
	.punch = timed_punch,
};

static int swap_read(void *data, uint64_t page, void *bytes)
{
	return TIMED(WORK_NONE, vas_descriptor_store.read(data, page, bytes));
}

static int swap_write(void *data, uint64_t page, const void *bytes, size_t length)
{
	return TIMED(WORK_NONE, vas_descriptor_store.write(data, page, bytes, length));
}

const struct vas_store replay_swap_store = {
	.read = swap_read,
	.write = swap_write,
};
