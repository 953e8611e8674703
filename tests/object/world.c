/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "world.h"

static void forget(void *data, struct vas_binding *binding)
{
	struct world *world = data;

	__atomic_add_fetch(&world->forgotten, 1, __ATOMIC_RELAXED);
	if (world->allocator == &world->memory.allocator)
		world->last = *binding;
}

static void make_objects(struct world *world)
{
	const struct vas_object_config file = {
		.allocator = world->allocator,
		.frames = world->frames,
		.store = &world->disk.store,
		.store_data = &world->disk,
	};
	const struct vas_object_config shared = {
		.allocator = world->allocator,
		.frames = world->frames,
		.swap = world->swap,
		.size = FILE_BYTES,
	};

	assert_int_equal(vas_object_create(&file, &world->file), 0);
	assert_int_equal(vas_object_create(&shared, &world->shared), 0);
}

static int set_up(void **state, bool threads)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	failing_allocator_init(&world->memory);
	world->allocator = threads ? &vas_libc_allocator : &world->memory.allocator;
	failing_store_init(&world->disk, FILE_PAGES);
	failing_store_init(&world->swap_disk, SLOTS);
	world->disk.size = FILE_BYTES;
	for (unsigned page = 0; page < FILE_PAGES; page++)
		memset(failing_store_page(&world->disk, page), (int)page + 1, VAS_PAGE_SIZE);
	memset(failing_store_page(&world->disk, 10) + 100, 0, VAS_PAGE_SIZE - 100);
	assert_int_equal(vas_frames_create(world->allocator, FRAMES, &world->frames), 0);
	assert_int_equal(vas_swap_create(world->allocator, world->frames, SLOTS,
					 &world->swap_disk.store, &world->swap_disk, forget, world,
					 &world->swap),
			 0);
	make_objects(world);
	*state = world;
	return 0;
}

int world_set_up(void **state)
{
	return set_up(state, false);
}

int world_set_up_threads(void **state)
{
	return set_up(state, true);
}

int world_tear_down(void **state)
{
	struct world *world = *state;
	struct vas_frame_counts frames;
	struct vas_swap_counts slots;

	world_check(world);
	vas_object_put(world->file);
	vas_object_put(world->shared);
	assert_int_equal(world->disk.calls[FAILING_STORE_CLOSE], 1);
	assert_true(vas_swap_validate(world->swap, NULL));
	vas_swap_counts(world->swap, &slots);
	assert_int_equal(slots.used, 0);
	assert_int_equal(slots.cached, 0);
	vas_swap_destroy(world->swap);
	assert_int_equal(world->swap_disk.calls[FAILING_STORE_CLOSE], 1);
	vas_frames_count(world->frames, &frames);
	assert_int_equal(frames.free, frames.total);
	vas_frames_destroy(world->frames);
	failing_store_finish(&world->disk);
	failing_store_finish(&world->swap_disk);
	assert_int_equal(failing_allocator_finish(&world->memory), 0);
	free(world);
	return 0;
}

struct vas_page *world_page(struct world *world, struct vas_object *object, uint64_t index)
{
	struct vas_page *page;
	bool fresh;

	(void)world;
	assert_int_equal(vas_object_page(object, index, &page, &fresh), 0);
	assert_non_null(page);
	return page;
}

void world_put(struct world *world, struct vas_page *page)
{
	if (vas_page_drop(page))
		vas_frame_free(world->frames, page);
}

unsigned char *world_bytes(struct world *world, struct vas_page *page)
{
	return vas_frame_bytes(world->frames, page);
}

uint32_t world_page_out(struct world *world, struct vas_page *page, int *err)
{
	uint32_t slot;

	*err = -VAS_EBUSY;
	vas_page_lock(page);
	if (page->owner != world->shared) {
		vas_page_unlock(page);
		world_put(world, page);
		return 0;
	}
	slot = vas_swap_add(world->swap, page);
	if (slot == 0) {
		*err = -VAS_ENOSPC;
	} else {
		*err = vas_swap_write(world->swap, slot, page);
		if (*err == 0 && !vas_object_swap_out(world->shared, page, slot))
			*err = -VAS_EBUSY;
		if (*err != 0) {
			/* The object has it still; nobody named the slot. */
			vas_swap_discard(world->swap, page);
			(void)vas_page_set(page, VAS_PAGE_DIRTY);
			slot = 0;
		} else if (!vas_swap_remove(world->swap, page, 0)) {
			abort(); /* nobody else could have found it */
		}
	}
	vas_page_unlock(page);
	world_put(world, page);
	return slot;
}

static void print_text(void *context, const char *text, size_t length)
{
	(void)context;
	print_message("%.*s", (int)length, text);
}

void world_check(struct world *world)
{
	const struct vas_printer printer = { print_text, NULL };

	if (world->allocator == &world->memory.allocator)
		failing_allocator_check(&world->memory);
	assert_true(vas_object_validate(world->file, &printer));
	assert_true(vas_object_validate(world->shared, &printer));
	assert_true(vas_swap_validate(world->swap, &printer));
}

unsigned world_seed(void)
{
	const char *text = getenv("VAS_SEED");
	unsigned seed = text == NULL ? 1 : (unsigned)strtoul(text, NULL, 0);

	print_message("seed %u\n", seed);
	srandom(seed);
	return seed;
}

static void keep_text(void *context, const char *text, size_t length)
{
	struct told *told = context;

	for (size_t i = 0; i < length && told->length < sizeof(told->text) - 1; i++) {
		if (text[i] == ':')
			told->length = sizeof(told->text);
		else
			told->text[told->length++] = text[i];
	}
}

struct vas_printer told_printer(struct told *told)
{
	*told = (struct told){ 0 };
	return (struct vas_printer){ keep_text, told };
}
