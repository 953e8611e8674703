/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_BASE_BYTES_H
#define VAS_BASE_BYTES_H

/*
 * Copies of bytes that a program inside a machine may be writing at the same time: such races are
 * that program's own affair, as on real memory, so the thread sanitizer does not look here.
 */

#include <vas/base.h>

#include <string.h>

#if defined(__SANITIZE_THREAD__)
#define VAS_RACY_COPIES 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define VAS_RACY_COPIES 1
#endif
#endif

#ifdef VAS_RACY_COPIES
__attribute__((no_sanitize("thread"), noinline, unused)) static void
vas_copy_bytes(void *to, const void *from, size_t length)
{
	volatile unsigned char *target = to;
	const volatile unsigned char *source = from;

	for (size_t i = 0; i < length; i++)
		target[i] = source[i];
}
#else
static inline void vas_copy_bytes(void *to, const void *from, size_t length)
{
	memcpy(to, from, length);
}
#endif

static inline void vas_copy_page(void *to, const void *from)
{
	vas_copy_bytes(to, from, VAS_PAGE_SIZE);
}

#endif
