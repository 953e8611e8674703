/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Reading what a call's arguments point to.
 *
 * A read by process_vm_readv of a page that is not there faults it in as a read of the program
 * itself would; it never changes areas.
 */

#include "record_call.h"

#include <string.h>
#include <sys/uio.h>

enum { PAGE = 4096 };

size_t memory_read(pid_t tid, uint64_t address, void *into, size_t size)
{
	struct iovec local = { into, size };
	struct iovec remote = { (void *)(uintptr_t)address, size };
	ssize_t got = process_vm_readv(tid, &local, 1, &remote, 1, 0);

	return got < 0 ? 0 : (size_t)got;
}

bool memory_write(pid_t tid, uint64_t address, const void *from, size_t size)
{
	struct iovec local = { (void *)(uintptr_t)from, size };
	struct iovec remote = { (void *)(uintptr_t)address, size };

	return process_vm_writev(tid, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

void memory_print_string(struct text *text, pid_t tid, uint64_t address, size_t limit)
{
	char data[PAGE];
	size_t got = 0, length;

	if (limit >= sizeof(data))
		limit = sizeof(data) - 1;
	/* One page at a time: the next one may not be there, and need not be. */
	while (got <= limit) {
		size_t part = PAGE - (size_t)((address + got) % PAGE);

		if (part > limit + 1 - got)
			part = limit + 1 - got;
		part = memory_read(tid, address + got, data + got, part);
		if (part == 0)
			break;
		got += part;
		if (memchr(data + got - part, '\0', part))
			break;
	}
	if (got == 0) {
		text_pointer(text, address);
		return;
	}
	length = strnlen(data, got);
	text_quoted(text, data, length > limit ? limit : length);
	if (length == got)
		text_string(text, "...");
}
