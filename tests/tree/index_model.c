/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "index_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

uint64_t random_seed(const char *test)
{
	const char *text = getenv("VAS_SEED");
	struct timespec now;
	uint64_t seed;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = text != NULL ? strtoull(text, NULL, 0)
			    : (uint64_t)now.tv_sec * 1000000007u + (uint64_t)now.tv_nsec;
	fprintf(stderr, "%s: VAS_SEED=%llu\n", test, (unsigned long long)seed);
	return seed;
}

/* splitmix64 */
uint64_t random_next(struct random *random)
{
	uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t random_below(struct random *random, uint64_t bound)
{
	return random_next(random) % bound;
}

static void *test_allocate(void *context, size_t size, size_t align)
{
	struct test_allocator *allocator = context;
	void *memory;

	allocator->calls++;
	if (allocator->refuse || (allocator->fail_at != 0 && --allocator->fail_at == 0))
		return NULL;
	if (align < sizeof(void *))
		align = sizeof(void *);
	if (posix_memalign(&memory, align, size) != 0)
		abort();
	memset(memory, 0xa5, size);
	allocator->blocks++;
	allocator->bytes += size;
	return memory;
}

static void test_release(void *context, void *memory, size_t size)
{
	struct test_allocator *allocator = context;

	memset(memory, 0x5a, size);
	free(memory);
	allocator->blocks--;
	allocator->bytes -= size;
}

void test_allocator_init(struct test_allocator *allocator)
{
	*allocator = (struct test_allocator){
		.allocator = { test_allocate, test_release, allocator },
	};
}

struct vas_range *range_create(size_t link_bytes, uint64_t start, uint64_t end)
{
	char *memory;
	struct vas_range *range;

	if (posix_memalign((void **)&memory, 64, link_bytes + sizeof(*range)) != 0)
		abort();
	memset(memory, 0xa5, link_bytes);
	range = (struct vas_range *)(void *)(memory + link_bytes);
	*range = (struct vas_range){ start, end };
	return range;
}

void range_free(size_t link_bytes, struct vas_range *range)
{
	free((char *)range - link_bytes);
}

void model_free(struct model *model)
{
	free(model->ranges);
	*model = (struct model){ 0 };
}

void model_insert(struct model *model, struct vas_range *range)
{
	size_t place = model_ge(model, range->start);

	if (model->count == model->room) {
		model->room = 2 * model->room + 16;
		model->ranges = realloc(model->ranges, model->room * sizeof(*model->ranges));
		if (model->ranges == NULL)
			abort();
	}
	memmove(model->ranges + place + 1, model->ranges + place,
		(model->count - place) * sizeof(*model->ranges));
	model->ranges[place] = range;
	model->count++;
}

void model_erase(struct model *model, const struct vas_range *range)
{
	size_t place = model_ge(model, range->start);

	model->count--;
	memmove(model->ranges + place, model->ranges + place + 1,
		(model->count - place) * sizeof(*model->ranges));
}

size_t model_ge(const struct model *model, uint64_t address)
{
	size_t place = 0, above = model->count;

	while (place < above) {
		size_t middle = place + (above - place) / 2;

		if (model->ranges[middle]->end <= address)
			place = middle + 1;
		else
			above = middle;
	}
	return place;
}

struct vas_range *model_at(const struct model *model, size_t place)
{
	return place < model->count ? model->ranges[place] : NULL;
}

/* Straight from the definition in <vas/index.h>, with 128-bit arithmetic so that nothing can wrap.
 */
static bool fits(const struct vas_gap *gap, uint64_t start, uint64_t end, uint64_t *address)
{
	unsigned __int128 align = gap->align != 0 ? gap->align : 1;
	unsigned __int128 from = start > gap->low ? start : gap->low;
	unsigned __int128 to = end < gap->high ? end : gap->high;
	unsigned __int128 offset = gap->align_offset % align, at;

	if (gap->fit == VAS_FIT_LINUX && from + gap->length + align - 1 > to)
		return false;
	if (from + gap->length > to)
		return false;
	if (gap->direction == VAS_BOTTOM_UP) {
		at = from - from % align + offset;
		if (at < from)
			at += align;
		if (at + gap->length > to)
			return false;
	} else {
		unsigned __int128 top = to - gap->length;

		if (top % align < offset && top - top % align + offset < align)
			return false;
		at = top - top % align + offset;
		if (at > top)
			at -= align;
		if (at < from)
			return false;
	}
	*address = (uint64_t)at;
	return true;
}

bool model_gap(const struct model *model, const struct vas_gap *gap, uint64_t *address)
{
	bool found = false;
	uint64_t end = 0;

	for (size_t i = 0; i <= model->count; i++) {
		uint64_t next = i < model->count ? model->ranges[i]->start : UINT64_MAX;

		if (fits(gap, end, next, address)) {
			found = true;
			if (gap->direction == VAS_BOTTOM_UP)
				return true;
		}
		if (i < model->count)
			end = model->ranges[i]->end;
	}
	return found;
}

static void print_stderr(void *context, const char *text, size_t length)
{
	(void)context;
	fwrite(text, 1, length, stderr);
}

const struct vas_printer stderr_printer = { .print = print_stderr };
