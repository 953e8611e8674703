/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Layout of one block, inside one allocation of the C library:
 *
 *	raw ... | struct failing_block | front guard | the caller's bytes | back guard
 *
 * The caller's bytes are aligned as asked; what is left over lies at the front. Live blocks form a
 * list; released ones wait in a ring.
 */

#include "failing_allocator.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD = 16, GUARD_BYTE = 0x5c, LEAKS_SHOWN = 8 };

enum { STATE_LIVE = 0x4c495645, STATE_DEAD = 0x44454144 };

struct failing_block {
	struct failing_block *next, *prev;
	void *raw;
	size_t size;
	uint64_t number; /* which allocation made it */
	uint32_t state;
};

static unsigned char *block_bytes(struct failing_block *block)
{
	return (unsigned char *)(block + 1) + GUARD;
}

__attribute__((noreturn, format(printf, 2, 3))) static void
misuse(const struct failing_block *block, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "failing_allocator: ");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, ": block number %" PRIu64 " of %zu bytes\n", block->number, block->size);
	abort();
}

static bool all_bytes_are(const unsigned char *bytes, size_t size, unsigned char value)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != value)
			return false;
	return true;
}

static void check_guards(struct failing_block *block)
{
	unsigned char *bytes = block_bytes(block);

	if (!all_bytes_are(bytes - GUARD, GUARD, GUARD_BYTE))
		misuse(block, "a write before the block");
	if (!all_bytes_are(bytes + block->size, GUARD, GUARD_BYTE))
		misuse(block, "a write behind the block");
}

static void check_dead(struct failing_block *block)
{
	check_guards(block);
	if (!all_bytes_are(block_bytes(block), block->size, FAILING_ALLOCATOR_DEAD))
		misuse(block, "a write to a released block");
}

static bool fails_now(struct failing_allocator *memory)
{
	memory->asked++;
	if (memory->fail_at == 0 || memory->asked < memory->fail_at)
		return false;
	if (memory->asked > memory->fail_at && !memory->and_after)
		return false;
	memory->failures++;
	return true;
}

static void *failing_allocate(void *context, size_t size, size_t align)
{
	struct failing_allocator *memory = context;
	struct failing_block *block;
	unsigned char *bytes;
	uintptr_t at;
	void *raw;

	if (align == 0 || (align & (align - 1)) != 0 || size == 0) {
		fprintf(stderr, "failing_allocator: asked for %zu bytes aligned to %zu\n", size,
			align);
		abort();
	}
	if (fails_now(memory))
		return NULL;
	if (align < _Alignof(struct failing_block))
		align = _Alignof(struct failing_block);

	raw = malloc(sizeof(*block) + GUARD + align + size + GUARD);
	if (raw == NULL)
		abort();
	at = (uintptr_t)raw + sizeof(*block) + GUARD;
	at = (at + align - 1) & ~(uintptr_t)(align - 1);
	bytes = (unsigned char *)at;
	block = (struct failing_block *)(void *)(bytes - GUARD - sizeof(*block));
	*block = (struct failing_block){
		.next = memory->live,
		.raw = raw,
		.size = size,
		.number = ++memory->allocations,
		.state = STATE_LIVE,
	};
	if (memory->live != NULL)
		memory->live->prev = block;
	memory->live = block;
	memset(bytes - GUARD, GUARD_BYTE, GUARD);
	memset(bytes, FAILING_ALLOCATOR_FRESH, size);
	memset(bytes + size, GUARD_BYTE, GUARD);

	memory->live_blocks++;
	memory->live_bytes += size;
	if (memory->live_bytes > memory->peak_bytes)
		memory->peak_bytes = memory->live_bytes;
	return bytes;
}

/* Puts a dead block into the ring and gives the one that it pushes out back. */
static void keep(struct failing_allocator *memory, struct failing_block *block)
{
	struct failing_block **place = &memory->kept[memory->next_kept];

	if (*place != NULL) {
		check_dead(*place);
		free((*place)->raw);
	}
	*place = block;
	memory->next_kept = (memory->next_kept + 1) % FAILING_ALLOCATOR_KEPT;
}

static void unlink_live(struct failing_allocator *memory, struct failing_block *block)
{
	if (block->prev != NULL)
		block->prev->next = block->next;
	else
		memory->live = block->next;
	if (block->next != NULL)
		block->next->prev = block->prev;
	memory->live_blocks--;
	memory->live_bytes -= block->size;
}

static void failing_release(void *context, void *bytes, size_t size)
{
	struct failing_allocator *memory = context;
	struct failing_block *block;

	if (bytes == NULL) {
		fprintf(stderr, "failing_allocator: NULL was released\n");
		abort();
	}
	block = (struct failing_block *)(void *)((unsigned char *)bytes - GUARD - sizeof(*block));
	if (block->state == STATE_DEAD)
		misuse(block, "released twice");
	if (block->state != STATE_LIVE) {
		fprintf(stderr,
			"failing_allocator: %p was never allocated, or what lies before "
			"it was overwritten\n",
			bytes);
		abort();
	}
	check_guards(block);
	if (block->size != size)
		misuse(block, "released as %zu bytes", size);

	unlink_live(memory, block);
	block->state = STATE_DEAD;
	memset(bytes, FAILING_ALLOCATOR_DEAD, size);
	keep(memory, block);
}

void failing_allocator_init(struct failing_allocator *memory)
{
	*memory = (struct failing_allocator){
	    .allocator =
		{
		    .allocate = failing_allocate,
		    .release = failing_release,
		    .context = memory,
		},
	};
}

void failing_allocator_fail_at(struct failing_allocator *memory, uint64_t n)
{
	memory->fail_at = n;
	memory->and_after = false;
	if (n != 0) {
		memory->asked = 0;
		memory->failures = 0;
	}
}

void failing_allocator_fail_from(struct failing_allocator *memory, uint64_t n)
{
	failing_allocator_fail_at(memory, n);
	memory->and_after = true;
}

void failing_allocator_check(struct failing_allocator *memory)
{
	for (struct failing_block *block = memory->live; block != NULL; block = block->next)
		check_guards(block);
	for (size_t i = 0; i < FAILING_ALLOCATOR_KEPT; i++)
		if (memory->kept[i] != NULL)
			check_dead(memory->kept[i]);
}

uint64_t failing_allocator_finish(struct failing_allocator *memory)
{
	uint64_t leaked = memory->live_blocks;
	uint64_t shown = 0;

	failing_allocator_check(memory);
	for (size_t i = 0; i < FAILING_ALLOCATOR_KEPT; i++) {
		if (memory->kept[i] != NULL)
			free(memory->kept[i]->raw);
		memory->kept[i] = NULL;
	}
	while (memory->live != NULL) {
		struct failing_block *block = memory->live;

		if (shown++ < LEAKS_SHOWN)
			fprintf(stderr,
				"failing_allocator: leaked block number %" PRIu64 " of %zu bytes\n",
				block->number, block->size);
		unlink_live(memory, block);
		free(block->raw);
	}
	return leaked;
}
