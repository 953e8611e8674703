/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The only file of the library that calls libc for more than memcpy and its kin. Hosted builds. */

#include <stdio.h>
#include <stdlib.h>

#include <vas/base.h>

#include "assert.h"

static void *libc_allocate(void *context, size_t size, size_t align)
{
	(void)context;
	if (align <= _Alignof(max_align_t))
		return malloc(size);
	/* aligned_alloc wants a multiple of the alignment. */
	if (size > SIZE_MAX - (align - 1))
		return NULL;
	return aligned_alloc(align, (size + align - 1) & ~(align - 1));
}

static void libc_release(void *context, void *memory, size_t size)
{
	(void)context;
	(void)size;
	free(memory);
}

const struct vas_allocator vas_libc_allocator = {
	.allocate = libc_allocate,
	.release = libc_release,
};

void vas_assert_failed(const char *expression, const char *file, int line)
{
	fprintf(stderr, "vas: %s:%d: assertion failed: %s\n", file, line, expression);
	abort();
}
