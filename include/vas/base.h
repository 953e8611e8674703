/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_BASE_H
#define VAS_BASE_H

/*
 * What every other header of libvas stands on: errors, ranges, the allocator.
 *
 * Conventions of the whole library:
 *  - addresses, lengths and offsets are bytes in uint64_t unless a name says "pages";
 *  - ranges are half-open, [start, end), and never wrap;
 *  - a function that can fail returns 0 or a negative error number; a call that failed has
 *    changed nothing, except where its comment says otherwise;
 *  - nothing here prints, locks, or calls malloc behind the caller's back;
 *  - a bare space takes no lock: the caller lets one thread at a time change it.
 *
 * Freestanding: needs <stdbool.h>, <stddef.h>, <stdint.h> and memcpy, memmove, memset, memcmp.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VAS_API	       __attribute__((visibility("default")))
#define VAS_MUST_CHECK __attribute__((warn_unused_result))

#define VAS_PAGE_SHIFT 12
#define VAS_PAGE_SIZE  (UINT64_C(1) << VAS_PAGE_SHIFT)
#define VAS_PAGE_MASK  (VAS_PAGE_SIZE - 1)

/* Error numbers: Linux's values on x86-64, whatever the host's <errno.h> says. */
enum vas_error {
	VAS_EPERM = 1,
	VAS_ENOENT = 2,
	VAS_EINTR = 4,
	VAS_EIO = 5,
	VAS_EBADF = 9,
	VAS_EAGAIN = 11,
	VAS_ENOMEM = 12,
	VAS_EACCES = 13,
	VAS_EFAULT = 14,
	VAS_EBUSY = 16,
	VAS_EEXIST = 17,
	VAS_ENODEV = 19,
	VAS_EINVAL = 22,
	VAS_ETXTBSY = 26,
	VAS_ENOSPC = 28,
	VAS_ENOSYS = 38,
	VAS_EOVERFLOW = 75,
	VAS_EOPNOTSUPP = 95,
	VAS_ENOTSUPP = 524, /* the kernel's own; leaks out of mmap(MAP_DROPPABLE) */
};

/* The name of an error ("ENOMEM") for -error or error; "?" for one not in the list. Never NULL. */
VAS_API const char *vas_error_name(int error);

/* Bytes [start, end); empty when start == end. */
struct vas_range {
	uint64_t start, end;
};

static inline uint64_t vas_range_length(struct vas_range range)
{
	return range.end - range.start;
}

static inline bool vas_range_contains(struct vas_range range, uint64_t address)
{
	return range.start <= address && address < range.end;
}

static inline bool vas_ranges_overlap(struct vas_range a, struct vas_range b)
{
	return a.start < b.end && b.start < a.end;
}

/* Rounds up to a page; wraps to 0 past the last page, which callers test as Linux does. */
static inline uint64_t vas_page_up(uint64_t value)
{
	return (value + VAS_PAGE_MASK) & ~VAS_PAGE_MASK;
}

static inline uint64_t vas_page_down(uint64_t value)
{
	return value & ~VAS_PAGE_MASK;
}

/*
 * Where memory comes from.
 *  => allocate: `align` is a power of two; NULL when there is none; contents undefined.
 *  => release: `size` is the one asked for; `memory` is never NULL.
 *  => both may be called from any thread that calls the library, and must not call back into it.
 */
struct vas_allocator {
	void *(*allocate)(void *context, size_t size, size_t align);
	void (*release)(void *context, void *memory, size_t size);
	void *context;
};

/* The C library's aligned_alloc and free. Absent from freestanding builds. */
VAS_API extern const struct vas_allocator vas_libc_allocator;

/* "0.1.0" */
VAS_API const char *vas_version(void);

/* Where validators and printers write: one call for each piece of text, not terminated. */
typedef void vas_print_fn(void *context, const char *text, size_t length);

struct vas_printer {
	vas_print_fn *print;
	void *context;
};

/*
 * Work whose cost hangs on a machine's designs and that no caller sees begin: who wants to time it
 * is told, by the thread that does it. Reclaim may begin in any call or access that needs a frame,
 * and most walks of reverse maps are made by reclaim: then one is told of within the other.
 * => it must not call back into the machine; locks are held.
 */
enum vas_work {
	VAS_WORK_RECLAIM,
	VAS_WORK_WALK,	    /* for a page that no file has */
	VAS_WORK_FILE_WALK, /* for a page of a file, or of shared memory */
};
typedef void vas_work_fn(void *data, enum vas_work work, bool begins);

#ifdef __cplusplus
}
#endif

#endif
