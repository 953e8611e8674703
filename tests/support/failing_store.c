/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "failing_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Counts a call and lets it wait; 0 or the error that it is to give. => locked from here on. */
static int begin(struct failing_store *disk, unsigned kind)
{
	unsigned mask = 1u << kind;

	pthread_mutex_lock(&disk->lock);
	disk->calls[kind]++;
	disk->waiting++;
	pthread_cond_broadcast(&disk->changed);
	while ((disk->held & mask) != 0)
		pthread_cond_wait(&disk->changed, &disk->lock);
	disk->waiting--;
	if ((disk->kinds & mask) == 0)
		return 0;
	disk->asked++;
	if (disk->asked != disk->fail_at && !(disk->and_after && disk->asked > disk->fail_at))
		return 0;
	disk->failures++;
	disk->failed[kind]++;
	return disk->error;
}

static int end(struct failing_store *disk, int err)
{
	pthread_mutex_unlock(&disk->lock);
	return err;
}

unsigned char *failing_store_page(struct failing_store *disk, uint64_t page)
{
	if (page >= disk->pages) {
		fprintf(stderr, "failing_store: page %llu of %llu\n", (unsigned long long)page,
			(unsigned long long)disk->pages);
		abort();
	}
	return disk->bytes + page * VAS_PAGE_SIZE;
}

static int store_read(void *data, uint64_t page, void *bytes)
{
	struct failing_store *disk = data;
	int err = begin(disk, FAILING_STORE_READ);

	if (err != 0)
		memset(bytes, 0xee, disk->torn);
	else if (page < disk->pages)
		memcpy(bytes, failing_store_page(disk, page), VAS_PAGE_SIZE);
	else
		memset(bytes, 0, VAS_PAGE_SIZE);
	return end(disk, err);
}

static int store_write(void *data, uint64_t page, const void *bytes, size_t length)
{
	struct failing_store *disk = data;
	int err = begin(disk, FAILING_STORE_WRITE);
	uint64_t limit = disk->limit;

	if (err != 0) {
		length = disk->torn < length ? disk->torn : length;
	} else if (page >= limit) {
		length = 0;
		err = -VAS_ENOSPC;
	}
	memcpy(failing_store_page(disk, page), bytes, length);
	if (length > 0 && disk->size < page * VAS_PAGE_SIZE + length)
		disk->size = page * VAS_PAGE_SIZE + length;
	return end(disk, err);
}

static int store_sync(void *data)
{
	return end(data, begin(data, FAILING_STORE_SYNC));
}

static int store_size(void *data, uint64_t *size)
{
	struct failing_store *disk = data;
	int err = begin(disk, FAILING_STORE_SIZE);

	if (err == 0)
		*size = disk->size;
	return end(disk, err);
}

static int store_resize(void *data, uint64_t size)
{
	struct failing_store *disk = data;
	int err = begin(disk, FAILING_STORE_RESIZE);

	if (err == 0) {
		if (size < disk->pages * VAS_PAGE_SIZE)
			memset(disk->bytes + size, 0, disk->pages * VAS_PAGE_SIZE - size);
		disk->size = size;
	}
	return end(disk, err);
}

static int store_punch(void *data, uint64_t page, uint64_t count)
{
	struct failing_store *disk = data;
	int err = begin(disk, FAILING_STORE_PUNCH);

	for (; err == 0 && count > 0; page++, count--)
		memset(failing_store_page(disk, page), 0, VAS_PAGE_SIZE);
	return end(disk, err);
}

static void store_close(void *data)
{
	(void)begin(data, FAILING_STORE_CLOSE);
	(void)end(data, 0);
}

void failing_store_init(struct failing_store *disk, uint64_t pages)
{
	*disk = (struct failing_store){
		.store = {
			.read = store_read,
			.write = store_write,
			.sync = store_sync,
			.size = store_size,
			.resize = store_resize,
			.punch = store_punch,
			.close = store_close,
		},
		.limit = UINT64_MAX,
		.pages = pages,
		.bytes = calloc(pages, VAS_PAGE_SIZE),
	};
	if (disk->bytes == NULL)
		abort();
	pthread_mutex_init(&disk->lock, NULL);
	pthread_cond_init(&disk->changed, NULL);
}

void failing_store_finish(struct failing_store *disk)
{
	pthread_cond_destroy(&disk->changed);
	pthread_mutex_destroy(&disk->lock);
	free(disk->bytes);
	disk->bytes = NULL;
}

static void fail(struct failing_store *disk, unsigned kinds, uint64_t n, int error, bool and_after)
{
	pthread_mutex_lock(&disk->lock);
	disk->kinds = n == 0 ? 0 : kinds;
	disk->fail_at = n;
	disk->and_after = and_after;
	disk->asked = 0;
	disk->error = error;
	if (n != 0)
		disk->failures = 0;
	pthread_mutex_unlock(&disk->lock);
}

void failing_store_fail_at(struct failing_store *disk, unsigned kinds, uint64_t n, int error)
{
	fail(disk, kinds, n, error, false);
}

void failing_store_fail_from(struct failing_store *disk, unsigned kinds, uint64_t n, int error)
{
	fail(disk, kinds, n, error, true);
}

void failing_store_hold(struct failing_store *disk, unsigned kinds)
{
	pthread_mutex_lock(&disk->lock);
	disk->held = kinds;
	pthread_cond_broadcast(&disk->changed);
	pthread_mutex_unlock(&disk->lock);
}

void failing_store_await(struct failing_store *disk, unsigned calls)
{
	pthread_mutex_lock(&disk->lock);
	while (disk->waiting < calls)
		pthread_cond_wait(&disk->changed, &disk->lock);
	pthread_mutex_unlock(&disk->lock);
}
