/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_STORE_H
#define VAS_STORE_H

/*
 * A backing store: where the pages of an object, or of swap, are when they are not in memory. The
 * embedder's own functions, or a file behind a descriptor.
 *
 * All functions may be called from several threads at once, for different pages. They return 0 or a
 * negative error number (-VAS_EIO, -VAS_ENOSPC), which reaches whoever needs the page.
 */

#include <vas/base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vas_store {
	/* 4 KiB at `page`; what lies past the store's end reads as zeroes. */
	int (*read)(void *data, uint64_t page, void *bytes);
	/* The first `length` bytes of the page (less than 4 KiB only for the last of a file). */
	int (*write)(void *data, uint64_t page, const void *bytes, size_t length);
	/* What was written reaches the disk. May be NULL. */
	int (*sync)(void *data);
	/* The bytes that it has now: others may change a file. NULL: the object alone knows. */
	int (*size)(void *data, uint64_t *size);
	/* Truncates or extends. NULL: not possible (-VAS_EINVAL). */
	int (*resize)(void *data, uint64_t size);
	/* `count` pages read as zeroes from now on. May be NULL: zeroes are written. */
	int (*punch)(void *data, uint64_t page, uint64_t count);
	/* It is not used any more. May be NULL. */
	void (*close)(void *data);
};

/* A file behind a descriptor, by pread and pwrite. => `data` is what vas_store_descriptor made of
 * it. The descriptor is closed in the end if `owned`. Absent from freestanding builds. */
VAS_API extern const struct vas_store vas_descriptor_store;
VAS_API void *vas_store_descriptor(int descriptor, bool owned);

#ifdef __cplusplus
}
#endif

#endif
