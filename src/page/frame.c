/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The frame allocator: stacks of free frames. A stack's head holds the top frame's number and a
 * count of changes in one 64-bit word, so that a thread which was overtaken between reading the
 * top and taking it sees that the word has changed, even when the same frame is on top again.
 *
 *	head { changes | top } -> record.next -> record.next -> 0
 *
 * There are a few stacks, so that threads do not wait for each other's cache lines: a thread takes
 * from the one that its number says, and from the others when that is empty. A frame goes back to
 * the stack that its own number says.
 */

#include <vas/frame.h>

#include "base/assert.h"
#include "base/lock.h"

#include <string.h>

#define FRAMES_MAX (UINT32_C(1) << 31)

#define STACKS VAS_SHARED_SLOTS

struct stack {
	uint64_t head __attribute__((aligned(8))); /* on 32 bits too */
	int32_t used;				   /* taken from here, less those that came back */
} __attribute__((aligned(64)));

struct vas_frames {
	const struct vas_allocator *allocator;
	unsigned char *bytes;
	struct vas_page *pages;
	uint32_t count;
	struct stack stacks[STACKS];
};

static uint64_t head_of(uint32_t changes, uint32_t top)
{
	return (uint64_t)changes << 32 | top;
}

static struct stack *stack_of(struct vas_frames *frames, uint32_t number)
{
	return &frames->stacks[number % STACKS];
}

static void push(struct vas_frames *frames, uint32_t number)
{
	struct vas_page *page = vas_frame_page(frames, number);
	struct stack *stack = stack_of(frames, number);
	uint64_t old = __atomic_load_n(&stack->head, __ATOMIC_RELAXED), head;

	do {
		__atomic_store_n(&page->next, (uint32_t)old, __ATOMIC_RELAXED);
		head = head_of((uint32_t)(old >> 32) + 1, number);
	} while (!__atomic_compare_exchange_n(&stack->head, &old, head, true, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
}

static uint32_t pop(struct vas_frames *frames, struct stack *stack)
{
	uint64_t old = __atomic_load_n(&stack->head, __ATOMIC_ACQUIRE), head;

	do {
		uint32_t top = (uint32_t)old, next;

		if (top == 0)
			return 0;
		/* May belong to someone else by now; then the exchange fails. */
		next = __atomic_load_n(&vas_frame_page(frames, top)->next, __ATOMIC_RELAXED);
		head = head_of((uint32_t)(old >> 32) + 1, next);
	} while (!__atomic_compare_exchange_n(&stack->head, &old, head, true, __ATOMIC_ACQUIRE,
					      __ATOMIC_ACQUIRE));
	return (uint32_t)old;
}

int vas_frames_create(const struct vas_allocator *allocator, uint32_t count,
		      struct vas_frames **out)
{
	struct vas_frames *frames;

	*out = NULL;
	if (allocator == NULL || count == 0 || count > FRAMES_MAX ||
	    (size_t)count << VAS_PAGE_SHIFT >> VAS_PAGE_SHIFT != count)
		return -VAS_EINVAL;
	frames = allocator->allocate(allocator->context, sizeof(*frames),
				     _Alignof(struct vas_frames));
	if (frames == NULL)
		return -VAS_ENOMEM;
	*frames = (struct vas_frames){ .allocator = allocator, .count = count };
	frames->pages = allocator->allocate(allocator->context, count * sizeof(struct vas_page),
					    sizeof(struct vas_page));
	if (frames->pages != NULL)
		frames->bytes = allocator->allocate(allocator->context,
						    (size_t)count << VAS_PAGE_SHIFT, VAS_PAGE_SIZE);
	if (frames->bytes == NULL) {
		if (frames->pages != NULL)
			allocator->release(allocator->context, frames->pages,
					   count * sizeof(struct vas_page));
		allocator->release(allocator->context, frames, sizeof(*frames));
		return -VAS_ENOMEM;
	}
	memset(frames->pages, 0, count * sizeof(struct vas_page));
	for (uint32_t number = count; number > 0; number--)
		push(frames, number);
	*out = frames;
	return 0;
}

/* Threads add to their own stack's count only; the sum is exact when they rest. */
static uint32_t frames_used(const struct vas_frames *frames)
{
	int64_t used = 0;

	for (unsigned i = 0; i < STACKS; i++)
		used += __atomic_load_n(&frames->stacks[i].used, __ATOMIC_RELAXED);
	return used < 0 ? 0 : (uint32_t)used;
}

void vas_frames_destroy(struct vas_frames *frames)
{
	const struct vas_allocator *allocator;

	if (frames == NULL)
		return;
	vas_debug(frames_used(frames) == 0);
	allocator = frames->allocator;
	allocator->release(allocator->context, frames->bytes,
			   (size_t)frames->count << VAS_PAGE_SHIFT);
	allocator->release(allocator->context, frames->pages,
			   frames->count * sizeof(struct vas_page));
	allocator->release(allocator->context, frames, sizeof(*frames));
}

struct vas_page *vas_frame_page(const struct vas_frames *frames, uint32_t number)
{
	vas_debug(number > 0 && number <= frames->count);
	return &frames->pages[number - 1];
}

uint32_t vas_frame_number(const struct vas_frames *frames, const struct vas_page *page)
{
	return (uint32_t)(page - frames->pages) + 1;
}

void *vas_frame_bytes(const struct vas_frames *frames, const struct vas_page *page)
{
	return frames->bytes + ((size_t)(page - frames->pages) << VAS_PAGE_SHIFT);
}

struct vas_page *vas_frame_alloc(struct vas_frames *frames, enum vas_page_kind kind)
{
	unsigned slot = vas_thread_slot();
	struct vas_page *page;
	uint32_t number = 0;

	for (unsigned i = 0; i < STACKS && number == 0; i++)
		number = pop(frames, &frames->stacks[(slot + i) % STACKS]);
	if (number == 0)
		return NULL;
	page = vas_frame_page(frames, number);
	vas_debug(page->kind == VAS_PAGE_FREE && page->references == 0);
	/* `next` may still be read by a thread that was overtaken in pop. */
	__atomic_store_n(&page->next, 0, __ATOMIC_RELAXED);
	page->kind = (uint8_t)kind;
	__atomic_store_n(&page->references, 1, __ATOMIC_RELEASE);
	__atomic_add_fetch(&stack_of(frames, number)->used, 1, __ATOMIC_RELAXED);
	return page;
}

void vas_frame_free(struct vas_frames *frames, struct vas_page *page)
{
	uint32_t next = page->next;

	vas_assert(page->kind != VAS_PAGE_FREE && page->mapcount == 0);
	vas_debug((page->flags & VAS_PAGE_LISTED) == 0 && next == 0);
	(void)next;
	page->flags = 0;
	page->kind = VAS_PAGE_FREE;
	page->level = 0;
	page->locks = 0;
	page->references = 0;
	page->owner = NULL;
	page->index = 0;
	page->rmap = NULL;
	page->prev = 0;
	page->slot = 0;
	page->lock = 0;
	page->stamp = 0;
	if (VAS_CHECKS >= 1)
		memset(vas_frame_bytes(frames, page), 0xa5, VAS_PAGE_SIZE);
	__atomic_sub_fetch(&stack_of(frames, vas_frame_number(frames, page))->used, 1,
			   __ATOMIC_RELAXED);
	push(frames, vas_frame_number(frames, page));
}

void vas_frames_count(const struct vas_frames *frames, struct vas_frame_counts *counts)
{
	uint32_t used = frames_used(frames);

	*counts = (struct vas_frame_counts){
		.total = frames->count,
		.free = frames->count - used,
	};
}
