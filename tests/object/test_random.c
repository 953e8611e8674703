/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Random steps on a file and on shared memory beside a naive twin, an array of bytes each. Stores
 * fail now and then; then the step must have changed nothing, and in the end no byte is lost.
 */

#include "world.h"

#define STEPS 20000

struct twin {
	struct vas_object *object;
	uint64_t size;
	unsigned char bytes[FILE_PAGES * VAS_PAGE_SIZE];
};

static uint64_t pick(uint64_t below)
{
	return (uint64_t)random() % below;
}

/* The page, with what the twin says in it; NULL when it cannot be had now. */
static struct vas_page *look(struct world *world, struct twin *twin, uint64_t index)
{
	struct vas_page *page;
	bool fresh;
	int err = vas_object_page(twin->object, index, &page, &fresh);

	if (index * VAS_PAGE_SIZE >= twin->size) {
		assert_int_equal(err, -VAS_EOVERFLOW);
		return NULL;
	}
	if (err != 0) {
		assert_true(world->disk.failures + world->swap_disk.failures > 0);
		assert_int_equal(err, -VAS_EIO);
		return NULL;
	}
	assert_memory_equal(world_bytes(world, page), twin->bytes + index * VAS_PAGE_SIZE,
			    VAS_PAGE_SIZE);
	return page;
}

static void write_bytes(struct world *world, struct twin *twin, uint64_t index)
{
	struct vas_page *page = look(world, twin, index);
	uint64_t start = index * VAS_PAGE_SIZE;
	size_t from, length;

	if (page == NULL)
		return;
	/* Not past the end: that is what zero_tail is for. */
	length = (size_t)(twin->size - start < VAS_PAGE_SIZE ? twin->size - start : VAS_PAGE_SIZE);
	from = (size_t)pick(length);
	length = (size_t)pick(length - from) + 1;
	memset(world_bytes(world, page) + from, (int)pick(255) + 1, length);
	memcpy(twin->bytes + start + from, world_bytes(world, page) + from, length);
	(void)vas_page_set(page, VAS_PAGE_DIRTY);
	world_put(world, page);
}

/* Writes a page of the file, and drops it if that went well and it is wanted. */
static void clean_page(struct world *world, struct twin *twin, uint64_t index, bool drop)
{
	struct vas_page *page = vas_object_find(twin->object, index);
	int err;

	if (page == NULL)
		return;
	vas_page_lock(page);
	err = vas_object_write(twin->object, page);
	assert_int_equal(vas_page_is(page, VAS_PAGE_DIRTY), err != 0);
	if (err == 0 && drop)
		assert_true(vas_object_remove(twin->object, page));
	vas_page_unlock(page);
	world_put(world, page);
}

static void page_out(struct world *world, struct twin *twin, uint64_t index)
{
	struct vas_page *page = vas_object_find(twin->object, index);
	int err;

	if (page != NULL)
		(void)world_page_out(world, page, &err);
}

static void remove_pages(struct world *world, struct twin *twin, uint64_t first, uint64_t last)
{
	struct vas_page *page;

	while ((page = vas_object_next(twin->object, &first)) != NULL) {
		bool inside = first++ <= last;

		if (inside) {
			vas_page_lock(page);
			assert_true(vas_object_remove(twin->object, page));
			vas_page_unlock(page);
		}
		world_put(world, page);
		if (!inside)
			break;
	}
}

/* The store is well: what begins here is to end. */
static void heal(struct world *world)
{
	failing_store_fail_at(&world->disk, 0, 0, 0);
	failing_store_fail_at(&world->swap_disk, 0, 0, 0);
}

static void resize(struct world *world, struct twin *twin)
{
	uint64_t size = pick(FILE_PAGES * VAS_PAGE_SIZE + 1), old = twin->size;
	uint64_t pages = (size + VAS_PAGE_MASK) / VAS_PAGE_SIZE;

	if (vas_object_resize(twin->object, size) != 0)
		return;
	heal(world);
	twin->size = size;
	if (size < old) {
		memset(twin->bytes + size, 0, sizeof(twin->bytes) - size);
		remove_pages(world, twin, pages, UINT64_MAX);
		vas_object_drop_slots(twin->object, pages, UINT64_MAX);
		assert_int_equal(vas_object_zero_tail(twin->object, size), 0);
	}
}

static void punch(struct world *world, struct twin *twin)
{
	uint64_t first = pick(FILE_PAGES), last = first + pick(FILE_PAGES - first);

	if (vas_object_punch(twin->object, first, last) != 0)
		return;
	remove_pages(world, twin, first, last);
	vas_object_drop_slots(twin->object, first, last);
	memset(twin->bytes + first * VAS_PAGE_SIZE, 0, (last - first + 1) * VAS_PAGE_SIZE);
}

static void step(struct world *world, struct twin *file, struct twin *shared)
{
	struct twin *twin = random() % 2 == 0 ? file : shared;
	uint64_t index = pick(FILE_PAGES);
	struct vas_page *page;

	switch (pick(20)) {
	case 0:
		failing_store_fail_at(&world->disk, FAILING_STORE_ALL, pick(6) + 1, -VAS_EIO);
		world->disk.torn = 0;
		break;
	case 1:
		failing_store_fail_at(&world->swap_disk, FAILING_STORE_ALL, pick(6) + 1, -VAS_EIO);
		world->swap_disk.torn = (size_t)pick(VAS_PAGE_SIZE + 1);
		break;
	case 2:
		resize(world, twin);
		break;
	case 3:
		punch(world, twin);
		break;
	case 4:
		(void)!vas_object_sync(file->object);
		break;
	case 5:
	case 6:
	case 7:
		clean_page(world, file, index, true);
		break;
	case 8:
		clean_page(world, file, index, false);
		break;
	case 9:
	case 10:
	case 11:
		page_out(world, shared, index);
		break;
	case 12:
	case 13:
		page = look(world, twin, index);
		if (page != NULL)
			world_put(world, page);
		break;
	default:
		write_bytes(world, twin, index);
	}
}

static void no_byte_is_lost(void **state)
{
	struct world *world = *state;
	struct twin *file = calloc(1, sizeof(*file)), *shared = calloc(1, sizeof(*shared));

	world_seed();
	/* A file that was never more than this. */
	world->disk.size = 0;
	memset(world->disk.bytes, 0, FILE_PAGES * VAS_PAGE_SIZE);
	*file = (struct twin){ .object = world->file };
	*shared = (struct twin){ .object = world->shared, .size = FILE_BYTES };
	assert_int_equal(vas_object_size(world->file), 0);
	for (unsigned i = 0; i < STEPS; i++) {
		step(world, file, shared);
		if (i % 64 == 0)
			world_check(world);
	}
	heal(world);
	for (uint64_t index = 0; index < FILE_PAGES; index++)
		clean_page(world, file, index, false);
	assert_int_equal(world->disk.size, file->size);
	assert_memory_equal(world->disk.bytes, file->bytes, file->size);
	for (uint64_t index = 0; index * VAS_PAGE_SIZE < shared->size; index++)
		world_put(world, look(world, shared, index));
	free(file);
	free(shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_byte_is_lost, world_set_up, world_tear_down),
	};

	return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
