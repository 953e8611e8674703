/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * What an area is for. The kernel says it of few: code and data of files, the heap, the main stack.
 * The rest is seen by shape and by neighbours:
 *
 *	---p  4 KiB     guard: no access, small, touches private memory
 *	rw-p  8 MiB     thread stack: above a guard, and a thread's stack pointer lies in it; or it
 *	                was mapped with MAP_STACK; or guard and stack have the size of one which
 *	                that is true of; or, where nothing is known of threads, the size of
 *	                RLIMIT_STACK with or without the guard (glibc's two ways)
 */

#include <stdlib.h>

#include "explain_picture.h"

static const struct {
	const char *many, *one, *name;
} kinds[KINDS] = {
	[KIND_TEXT] = { "code of files", "code of a file", "text" },
	[KIND_DATA] = { "data of files", "data of a file", "data" },
	[KIND_FILE] = { "read-only files", "read-only file", "file" },
	[KIND_FILE_SHARED] = { "shared files", "shared file", "file_shared" },
	[KIND_SHARED_MEMORY] = { "shared memory", "shared memory", "shared_memory" },
	[KIND_ANONYMOUS] = { "anonymous", "anonymous", "anonymous" },
	[KIND_CODE] = { "generated code", "generated code", "code" },
	[KIND_HEAP] = { "heap", "heap", "heap" },
	[KIND_STACK] = { "main stack", "main stack", "stack" },
	[KIND_THREAD_STACK] = { "thread stacks", "thread stack", "thread_stack" },
	[KIND_GUARD] = { "guards", "guard", "guard" },
	[KIND_RESERVED] = { "reserved", "reserved", "reserved" },
	[KIND_HUGE] = { "huge pages", "huge pages", "huge" },
	[KIND_DEVICE] = { "devices", "device", "device" },
	[KIND_SPECIAL] = { "special", "special", "special" },
};

const char *area_kind_text(enum area_kind kind)
{
	return kinds[kind].many;
}

const char *area_kind_one(enum area_kind kind)
{
	return kinds[kind].one;
}

const char *area_kind_name(enum area_kind kind)
{
	return kinds[kind].name;
}

static bool is_shared_memory(const struct picture_area *area)
{
	return slice_starts(area->name, "/memfd:") || slice_starts(area->name, "/SYSV") ||
	       slice_starts(area->name, "/dev/shm/") || slice_starts(area->name, "/dev/zero") ||
	       slice_starts(area->name, "[anon_shmem:");
}

static enum area_kind kind_of_file(const struct picture_area *area)
{
	if ((area->flags & VAS_AREA_HUGE_PAGES) != 0 || slice_starts(area->name, "/anon_hugepage"))
		return KIND_HUGE;
	if ((area->flags & (VAS_AREA_IO | VAS_AREA_RAW_FRAMES)) != 0 ||
	    slice_starts(area->name, "anon_inode:") || slice_starts(area->name, "/[aio]"))
		return KIND_DEVICE;
	if (is_shared_memory(area))
		return KIND_SHARED_MEMORY;
	if (slice_starts(area->name, "/dev/"))
		return KIND_DEVICE;
	if ((area->flags & VAS_AREA_EXEC) != 0)
		return KIND_TEXT;
	if ((area->flags & VAS_AREA_MAY_SHARE) != 0)
		return KIND_FILE_SHARED;
	return (area->flags & VAS_AREA_WRITE) != 0 ? KIND_DATA : KIND_FILE;
}

enum area_kind area_kind_alone(const struct picture_area *area)
{
	if (slice_equal(area->name, "[stack]"))
		return KIND_STACK;
	if (slice_equal(area->name, "[heap]"))
		return KIND_HEAP;
	if (area->name.length > 0 && area->name.at[0] == '[' &&
	    !slice_starts(area->name, "[anon:") && !slice_starts(area->name, "[anon_shmem:") &&
	    !slice_starts(area->name, "[stack:") && !slice_equal(area->name, "[unknown]"))
		return KIND_SPECIAL;
	if (picture_area_has_file(area))
		return kind_of_file(area);
	if ((area->flags & VAS_AREA_MAY_SHARE) != 0)
		return KIND_SHARED_MEMORY;
	if ((area->flags & VAS_AREA_ACCESS) == 0)
		return KIND_RESERVED;
	return (area->flags & VAS_AREA_EXEC) != 0 ? KIND_CODE : KIND_ANONYMOUS;
}

static bool touch(const struct picture_area *below, const struct picture_area *above)
{
	return below->range.end == above->range.start;
}

static bool is_private_memory(const struct picture_area *area)
{
	return area->kind == KIND_ANONYMOUS || area->kind == KIND_CODE || area->kind == KIND_HEAP;
}

static bool is_guard(const struct picture *picture, size_t i)
{
	const struct picture_area *area = &picture->areas[i];

	if (area->kind != KIND_RESERVED || picture_area_bytes(area) > GUARD_MOST)
		return false;
	return (i + 1 < picture->count && touch(area, area + 1) && is_private_memory(area + 1)) ||
	       (i > 0 && touch(area - 1, area) && is_private_memory(area - 1));
}

/* Could it be a stack with its guard below? */
static bool stack_shape(const struct picture *picture, size_t i)
{
	const struct picture_area *area = &picture->areas[i];

	return i > 0 && area->kind == KIND_ANONYMOUS && (area - 1)->kind == KIND_GUARD &&
	       touch(area - 1, area) && (area->flags & VAS_AREA_WRITE) != 0;
}

static uint64_t with_guard(const struct picture_area *area)
{
	return area->range.end - (area - 1)->range.start;
}

enum { STACK_SIZES = 16 };

/* Sizes, guard included, that stacks of this process are known to have. */
struct stack_sizes {
	uint64_t sizes[STACK_SIZES];
	size_t count;
};

static bool has_size(const struct stack_sizes *known, uint64_t size)
{
	for (size_t i = 0; i < known->count; i++)
		if (known->sizes[i] == size)
			return true;
	return false;
}

static void add_size(struct stack_sizes *known, uint64_t size)
{
	if (known->count < STACK_SIZES && !has_size(known, size))
		known->sizes[known->count++] = size;
}

static bool mapped_as_stack(const struct picture *picture, const struct picture_area *area)
{
	return area->mapped.line != 0 && area->mapped.source < picture->source_count &&
	       picture->sources[area->mapped.source].stack;
}

static void find_proved_stacks(struct picture *picture, const uint64_t *stacks, size_t count,
			       struct stack_sizes *known)
{
	size_t next = 0;

	for (size_t i = 0; i < picture->count; i++) {
		struct picture_area *area = &picture->areas[i];
		bool holds;

		while (next < count && stacks[next] < area->range.start)
			next++;
		holds = next < count && stacks[next] < area->range.end;
		if (area->kind != KIND_ANONYMOUS || (!holds && !mapped_as_stack(picture, area)))
			continue;
		if (stack_shape(picture, i))
			add_size(known, with_guard(area));
		area->kind = KIND_THREAD_STACK;
	}
}

static bool default_size(const struct picture *picture, const struct picture_area *area)
{
	return picture_area_bytes(area) == picture->stack_limit ||
	       with_guard(area) == picture->stack_limit;
}

void picture_classify(struct picture *picture, const uint64_t *stacks, size_t count)
{
	struct stack_sizes known = { .count = 0 };

	for (size_t i = 0; i < picture->count; i++)
		picture->areas[i].kind = area_kind_alone(&picture->areas[i]);
	for (size_t i = 0; i < picture->count; i++)
		if (is_guard(picture, i))
			picture->areas[i].kind = KIND_GUARD;
	find_proved_stacks(picture, stacks, count, &known);
	for (size_t i = 0; i < picture->count; i++) {
		struct picture_area *area = &picture->areas[i];

		if (stack_shape(picture, i) &&
		    (has_size(&known, with_guard(area)) || default_size(picture, area)))
			area->kind = KIND_THREAD_STACK;
	}
}
