/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * A file behind a descriptor as a store. The store's data is no memory but the descriptor itself,
 * and whether it is ours to close:
 *
 *	descriptor << 1 | owned
 *
 * Calls are taken up again after signals and after short counts. What has an error number of its
 * own in <vas/base.h> keeps it; all other trouble is an input/output error.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* fallocate */
#endif
#define _FILE_OFFSET_BITS 64

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vas/store.h>

void *vas_store_descriptor(int descriptor, bool owned)
{
	return (void *)((intptr_t)descriptor * 2 + owned);
}

static int descriptor_of(void *data)
{
	return (int)((intptr_t)data >> 1);
}

static int failure(void)
{
	switch (errno) {
	case EPERM:
		return -VAS_EPERM;
	case EBADF:
		return -VAS_EBADF;
	case EAGAIN:
		return -VAS_EAGAIN;
	case ENOMEM:
		return -VAS_ENOMEM;
	case EINVAL:
		return -VAS_EINVAL;
	case ETXTBSY:
		return -VAS_ETXTBSY;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return -VAS_ENOSPC;
	default:
		return -VAS_EIO;
	}
}

/* Where a page begins. False: no file reaches so far. */
static bool offset_of(uint64_t page, off_t *offset)
{
	*offset = (off_t)(page << VAS_PAGE_SHIFT);
	return page <= (uint64_t)INT64_MAX >> VAS_PAGE_SHIFT;
}

static int descriptor_read(void *data, uint64_t page, void *bytes)
{
	unsigned char *to = bytes;
	size_t done = 0;
	off_t offset;

	if (!offset_of(page, &offset))
		return -VAS_EINVAL;
	while (done < VAS_PAGE_SIZE) {
		ssize_t got = pread(descriptor_of(data), to + done, VAS_PAGE_SIZE - done,
				    offset + (off_t)done);

		if (got == 0)
			break;
		if (got > 0)
			done += (size_t)got;
		else if (errno != EINTR)
			return failure();
	}
	memset(to + done, 0, VAS_PAGE_SIZE - done);
	return 0;
}

static int descriptor_write(void *data, uint64_t page, const void *bytes, size_t length)
{
	const unsigned char *from = bytes;
	size_t done = 0;
	off_t offset;

	if (!offset_of(page, &offset))
		return -VAS_ENOSPC;
	while (done < length) {
		ssize_t put = pwrite(descriptor_of(data), from + done, length - done,
				     offset + (off_t)done);

		if (put > 0)
			done += (size_t)put;
		else if (put == 0)
			return -VAS_EIO;
		else if (errno != EINTR)
			return failure();
	}
	return 0;
}

static int descriptor_sync(void *data)
{
	while (fdatasync(descriptor_of(data)) != 0) {
		if (errno != EINTR)
			return failure();
	}
	return 0;
}

static int descriptor_size(void *data, uint64_t *size)
{
	struct stat status;

	if (fstat(descriptor_of(data), &status) != 0)
		return failure();
	if (!S_ISREG(status.st_mode))
		return -VAS_ENODEV;
	*size = (uint64_t)status.st_size;
	return 0;
}

static int descriptor_resize(void *data, uint64_t size)
{
	if (size > INT64_MAX)
		return -VAS_EINVAL;
	while (ftruncate(descriptor_of(data), (off_t)size) != 0) {
		if (errno != EINTR)
			return failure();
	}
	return 0;
}

/* For file systems without holes: zeroes, as far as the file reaches. */
static int write_zeroes(void *data, uint64_t page, uint64_t count)
{
	static const unsigned char zeroes[VAS_PAGE_SIZE];
	uint64_t size = 0;
	int err = descriptor_size(data, &size);

	for (; err == 0 && count > 0; page++, count--) {
		uint64_t start = page << VAS_PAGE_SHIFT;

		if (page > size >> VAS_PAGE_SHIFT || start == size)
			break;
		err = descriptor_write(
			data, page, zeroes,
			(size_t)(size - start < VAS_PAGE_SIZE ? size - start : VAS_PAGE_SIZE));
	}
	return err;
}

static int descriptor_punch(void *data, uint64_t page, uint64_t count)
{
#ifdef FALLOC_FL_PUNCH_HOLE
	off_t offset, length;

	if (!offset_of(page, &offset) || !offset_of(count, &length) || length > INT64_MAX - offset)
		return -VAS_EINVAL;
	while (fallocate(descriptor_of(data), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset,
			 length) != 0) {
		if (errno == EOPNOTSUPP || errno == ENOSYS)
			return write_zeroes(data, page, count);
		if (errno != EINTR)
			return failure();
	}
	return 0;
#else
	return write_zeroes(data, page, count);
#endif
}

static void descriptor_close(void *data)
{
	if (((intptr_t)data & 1) != 0)
		(void)close(descriptor_of(data));
}

const struct vas_store vas_descriptor_store = {
	.read = descriptor_read,
	.write = descriptor_write,
	.sync = descriptor_sync,
	.size = descriptor_size,
	.resize = descriptor_resize,
	.punch = descriptor_punch,
	.close = descriptor_close,
};
