/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The cache of an object's pages. */

#include "world.h"

#include "object/object_inside.h"

static void a_page_is_read_once_and_stays(void **state)
{
	struct world *world = *state;
	struct vas_page *page, *again;
	bool fresh;

	assert_null(vas_object_find(world->file, 3));
	assert_int_equal(vas_object_page(world->file, 3, &page, &fresh), 0);
	assert_true(fresh);
	assert_int_equal(page->kind, VAS_PAGE_OBJECT);
	assert_ptr_equal(page->owner, world->file);
	assert_int_equal(page->index, 3);
	assert_int_equal(vas_page_flags(page), VAS_PAGE_UPTODATE);
	assert_int_equal(vas_page_references(page), 2);
	assert_memory_equal(world_bytes(world, page), failing_store_page(&world->disk, 3),
			    VAS_PAGE_SIZE);
	assert_int_equal(vas_object_page(world->file, 3, &again, &fresh), 0);
	assert_false(fresh);
	assert_ptr_equal(again, page);
	assert_int_equal(world->disk.calls[FAILING_STORE_READ], 1);
	world_put(world, again);
	assert_ptr_equal(vas_object_find(world->file, 3), page);
	world_put(world, page);
	world_put(world, page);
}

static void shared_memory_begins_as_zeroes(void **state)
{
	struct world *world = *state;
	struct vas_page *page = world_page(world, world->shared, 10);

	for (unsigned i = 0; i < VAS_PAGE_SIZE; i++)
		assert_int_equal(world_bytes(world, page)[i], 0);
	assert_false(vas_page_is(page, VAS_PAGE_DIRTY));
	world_put(world, page);
}

static void a_page_past_the_end_cannot_be_had(void **state)
{
	struct world *world = *state;
	struct vas_page *page;
	bool fresh;

	page = world_page(world, world->file, 10); /* in part */
	world_put(world, page);
	assert_int_equal(vas_object_page(world->file, 11, &page, &fresh), -VAS_EOVERFLOW);
	assert_null(page);
	assert_int_equal(vas_object_page(world->shared, 11, &page, &fresh), -VAS_EOVERFLOW);
	assert_int_equal(vas_object_page(world->shared, UINT64_MAX, &page, &fresh), -VAS_EOVERFLOW);
}

static void a_file_that_others_extend_is_seen(void **state)
{
	struct world *world = *state;
	struct vas_page *page;

	world->disk.size = 13 * VAS_PAGE_SIZE;
	page = world_page(world, world->file, 12);
	assert_int_equal(world_bytes(world, page)[0], 13);
	world_put(world, page);
	assert_int_equal(vas_object_size(world->file), 13 * VAS_PAGE_SIZE);
}

static void a_file_that_others_shrink_is_seen(void **state)
{
	struct world *world = *state;
	struct vas_page *page = world_page(world, world->file, 8), *none;
	bool fresh;

	world->disk.size = 5 * VAS_PAGE_SIZE;
	assert_int_equal(vas_object_page(world->file, 7, &none, &fresh), -VAS_EOVERFLOW);
	assert_null(vas_object_find(world->file, 7));
	assert_int_equal(world->file->size, 5 * VAS_PAGE_SIZE);
	/* What is in memory stays until somebody removes it, and is had no more. */
	assert_int_equal(vas_object_page(world->file, 8, &none, &fresh), -VAS_EOVERFLOW);
	assert_int_equal(world_bytes(world, page)[0], 9);
	world_put(world, page);
	page = world_page(world, world->file, 4);
	world_put(world, page);
}

static void an_unreadable_page_leaves_nothing_behind(void **state)
{
	static const int errors[] = { -VAS_EIO, -VAS_ENOMEM, -VAS_EBADF };
	struct world *world = *state;
	struct vas_page *page;
	struct vas_frame_counts counts;
	bool fresh;

	for (unsigned i = 0; i < 3; i++) {
		world->disk.torn = i * 1000;
		failing_store_fail_at(&world->disk, FAILING_STORE_IO, 1, errors[i]);
		assert_int_equal(vas_object_page(world->file, 2, &page, &fresh), errors[i]);
		assert_null(page);
		assert_null(vas_object_find(world->file, 2));
		assert_int_equal(world->file->page_count, 0);
		vas_frames_count(world->frames, &counts);
		assert_int_equal(counts.free, FRAMES);
		world_check(world);
	}
	page = world_page(world, world->file, 2); /* the disk is well again */
	assert_memory_equal(world_bytes(world, page), failing_store_page(&world->disk, 2),
			    VAS_PAGE_SIZE);
	world_put(world, page);
	assert_int_equal(vas_object_sync(world->file), 0); /* no error of write-back's */
}

static void a_store_that_cannot_tell_its_size(void **state)
{
	struct world *world = *state;
	struct vas_object_config config = {
		.allocator = world->allocator,
		.frames = world->frames,
		.store = &world->disk.store,
		.store_data = &world->disk,
		.size = 7,
	};
	struct vas_object *object;
	struct vas_page *page;

	failing_store_fail_at(&world->disk, 1 << FAILING_STORE_SIZE, 1, -VAS_EIO);
	assert_int_equal(vas_object_create(&config, &object), -VAS_EIO);
	assert_null(object);
	/* Later, what was known counts. */
	failing_store_fail_from(&world->disk, 1 << FAILING_STORE_SIZE, 1, -VAS_EIO);
	assert_int_equal(vas_object_size(world->file), FILE_BYTES);
	page = world_page(world, world->file, 0);
	world_put(world, page);
	failing_store_fail_at(&world->disk, 0, 0, 0);
	/* And without such a function, what the creator says. */
	world->disk.store.size = NULL;
	world->disk.store.close = NULL;
	assert_int_equal(vas_object_create(&config, &object), 0);
	assert_int_equal(vas_object_size(object), 7);
	vas_object_put(object);
	failing_store_finish(&world->disk);
	failing_store_init(&world->disk, FILE_PAGES);
}

static void memory_full_is_an_error_and_no_more(void **state)
{
	struct world *world = *state;
	struct vas_page *held[FRAMES + 1], *page;
	unsigned count = 0;
	bool fresh;

	while ((held[count] = vas_frame_alloc(world->frames, VAS_PAGE_KERNEL)) != NULL)
		count++;
	assert_int_equal(vas_object_page(world->file, 1, &page, &fresh), -VAS_ENOMEM);
	assert_int_equal(world->file->page_count, 0);
	vas_frame_free(world->frames, held[--count]);
	page = world_page(world, world->file, 1);
	world_put(world, page);
	while (count > 0)
		vas_frame_free(world->frames, held[--count]);
}

static void every_allocation_may_fail(void **state)
{
	struct world *world = *state;
	struct vas_page *page;
	bool fresh;
	uint64_t n;

	for (n = 1;; n++) {
		int err;

		failing_allocator_fail_at(&world->memory, n);
		err = vas_object_page(world->file, 9, &page, &fresh);
		failing_allocator_fail_at(&world->memory, 0);
		if (err == 0)
			break;
		assert_int_equal(err, -VAS_ENOMEM);
		assert_null(vas_object_find(world->file, 9));
		assert_int_equal(world->file->pages.nodes, 0);
		world_check(world);
	}
	assert_true(n > 1);
	world_put(world, page);
}

static void a_page_is_removed_when_nobody_looks_at_it(void **state)
{
	struct world *world = *state;
	struct vas_page *page = world_page(world, world->file, 6);

	vas_page_get(page); /* somebody else */
	vas_page_lock(page);
	assert_false(vas_object_remove(world->file, page));
	assert_ptr_equal(page->owner, world->file);
	assert_int_equal(vas_page_references(page), 3);
	world_put(world, page);
	assert_true(vas_object_remove(world->file, page));
	assert_null(page->owner);
	assert_int_equal(vas_page_references(page), 1);
	vas_page_unlock(page);
	assert_null(vas_object_find(world->file, 6));
	world_put(world, page);
}

static void shared_memory_goes_out_and_comes_back(void **state)
{
	struct world *world = *state;
	struct vas_page *page = world_page(world, world->shared, 4);
	struct vas_swap_counts counts;
	uint32_t slot;
	int err;

	memset(world_bytes(world, page), 77, VAS_PAGE_SIZE);
	slot = world_page_out(world, page, &err);
	assert_int_equal(err, 0);
	assert_int_equal(world->shared->slot_count, 1);
	assert_int_equal(world->shared->page_count, 0);
	assert_int_equal(vas_swap_count(world->swap, slot), 1);
	assert_null(vas_object_find(world->shared, 4));
	world_check(world);
	page = world_page(world, world->shared, 4);
	for (unsigned i = 0; i < VAS_PAGE_SIZE; i++)
		assert_int_equal(world_bytes(world, page)[i], 77);
	assert_true(vas_page_is(page, VAS_PAGE_DIRTY));
	vas_swap_counts(world->swap, &counts);
	assert_int_equal(counts.used, 0);
	assert_int_equal(world->forgotten, 1);
	world_put(world, page);
}

static void a_slot_that_cannot_be_read_stays(void **state)
{
	struct world *world = *state;
	struct vas_page *page = world_page(world, world->shared, 4);
	bool fresh;
	int err;

	memset(world_bytes(world, page), 78, VAS_PAGE_SIZE);
	assert_int_not_equal(world_page_out(world, page, &err), 0);
	failing_store_fail_at(&world->swap_disk, FAILING_STORE_IO, 1, -VAS_EIO);
	assert_int_equal(vas_object_page(world->shared, 4, &page, &fresh), -VAS_EIO);
	assert_int_equal(world->shared->slot_count, 1);
	world_check(world);
	page = world_page(world, world->shared, 4);
	assert_int_equal(world_bytes(world, page)[4095], 78);
	world_put(world, page);
}

static void a_page_that_cannot_go_out_stays(void **state)
{
	struct world *world = *state;
	struct vas_page *page = world_page(world, world->shared, 4);
	int err;

	memset(world_bytes(world, page), 79, VAS_PAGE_SIZE);
	failing_store_fail_at(&world->swap_disk, FAILING_STORE_IO, 1, -VAS_ENOSPC);
	assert_int_equal(world_page_out(world, page, &err), 0);
	assert_int_equal(err, -VAS_ENOSPC);
	world_check(world);
	page = world_page(world, world->shared, 4);
	assert_int_equal(world_bytes(world, page)[0], 79);
	assert_true(vas_page_is(page, VAS_PAGE_DIRTY));
	vas_page_get(page); /* somebody else */
	assert_int_equal(world_page_out(world, page, &err), 0);
	assert_int_equal(err, -VAS_EBUSY);
	world_check(world);
	assert_int_not_equal(world_page_out(world, page, &err), 0);
}

/* Reclaim began with it, and gave up: it is in the swap cache as well. */
static struct vas_page *half_way_out(struct world *world, uint64_t index)
{
	struct vas_page *page = world_page(world, world->shared, index);
	uint32_t slot;

	vas_page_lock(page);
	slot = vas_swap_add(world->swap, page);
	assert_int_not_equal(slot, 0);
	vas_page_unlock(page);
	return page;
}

static void what_is_in_the_swap_cache_can_be_removed(void **state)
{
	struct world *world = *state;
	struct vas_page *page = half_way_out(world, 2);
	struct vas_swap_counts counts;

	vas_page_lock(page);
	assert_true(vas_object_remove(world->shared, page));
	vas_page_unlock(page);
	assert_int_equal(page->slot, 0);
	world_put(world, page);
	vas_swap_counts(world->swap, &counts);
	assert_int_equal(counts.used, 0);
	/* The last one is left for the object's end. */
	world_put(world, half_way_out(world, 3));
}

static void another_frame_takes_a_page_s_place(void **state)
{
	struct world *world = *state;
	struct vas_page *from = half_way_out(world, 2), *to;

	to = vas_frame_alloc(world->frames, VAS_PAGE_OBJECT);
	memcpy(world_bytes(world, to), world_bytes(world, from), VAS_PAGE_SIZE);
	(void)vas_page_set(from, VAS_PAGE_DIRTY);
	__atomic_add_fetch(&from->references, 3, __ATOMIC_RELAXED); /* two entries, and one other */
	vas_page_lock(from);
	(void)vas_page_trylock(to);
	assert_false(vas_object_replace(world->shared, from, to, 2));
	assert_ptr_equal(from->owner, world->shared);
	world_put(world, from);
	assert_true(vas_object_replace(world->shared, from, to, 2));
	vas_page_unlock(to);
	vas_page_unlock(from);
	assert_int_equal(vas_page_references(from), 1);
	assert_int_equal(vas_page_references(to), 4);
	assert_null(from->owner);
	assert_int_equal(vas_page_flags(to), VAS_PAGE_DIRTY | VAS_PAGE_UPTODATE);
	assert_ptr_equal(vas_object_find(world->shared, 2), to);
	world_put(world, from);
	for (unsigned i = 0; i < 4; i++)
		world_put(world, to);
	world_check(world);
}

static void walking_skips_what_is_out(void **state)
{
	static const uint64_t expected[] = { 1, 4, 9 };
	struct world *world = *state;
	struct vas_page *page;
	uint64_t index = 0;
	unsigned count = 0;
	int err;

	for (unsigned i = 0; i < 3; i++)
		world_put(world, world_page(world, world->shared, expected[i]));
	for (unsigned i = 2; i < 9; i += 3)
		(void)world_page_out(world, world_page(world, world->shared, i), &err);
	while ((page = vas_object_next(world->shared, &index)) != NULL) {
		assert_true(count < 3);
		assert_int_equal(index, expected[count++]);
		assert_int_equal(page->index, index);
		world_put(world, page);
		index++;
	}
	assert_int_equal(count, 3);
	vas_object_drop_slots(world->shared, 3, 7);
	assert_int_equal(world->shared->slot_count, 2);
	vas_object_drop_slots(world->shared, 3, 2); /* nothing */
	assert_int_equal(world->shared->slot_count, 2);
	vas_object_drop_slots(world->shared, 8, 8);
	assert_int_equal(world->shared->slot_count, 1);
	assert_int_equal(world->shared->page_count, 3);
}

struct ending {
	unsigned released, freed;
	struct vas_frames *frames;
};

static void count_release(struct vas_object *object)
{
	struct ending *ending = object->machine;

	ending->released++;
	assert_int_equal(object->page_count, 0);
}

static void count_free(struct vas_object *object, struct vas_page *page)
{
	struct ending *ending = object->machine;

	ending->freed++;
	vas_frame_free(ending->frames, page);
}

static void the_last_reference_drops_everything(void **state)
{
	struct world *world = *state;
	const struct vas_object_config config = {
		.allocator = world->allocator,
		.frames = world->frames,
		.swap = world->swap,
		.size = UINT64_MAX,
	};
	struct ending ending = { .frames = world->frames };
	struct vas_object *object;
	struct vas_page *looked_at;

	assert_int_equal(vas_object_create(&config, &object), 0);
	object->machine = &ending;
	object->release = count_release;
	object->free_page = count_free;
	world_put(world, world_page(world, object, 0));
	world_put(world, world_page(world, object, UINT64_MAX >> VAS_PAGE_SHIFT));
	looked_at = world_page(world, object, 5);
	vas_object_get(object);
	vas_object_put(object);
	assert_int_equal(ending.released, 0);
	vas_object_put(object);
	assert_int_equal(ending.released, 1);
	assert_int_equal(ending.freed, 2);
	assert_null(looked_at->owner);
	world_put(world, looked_at);
}

static void check_broken(struct world *world, const char *id)
{
	struct told told;
	struct vas_printer printer = told_printer(&told);

	assert_false(vas_object_validate(world->shared, &printer));
	assert_string_equal(told.text, id);
}

static void the_validator_names_what_is_broken(void **state)
{
	struct world *world = *state;
	struct vas_object *object = world->shared;
	struct vas_page *page = world_page(world, object, 1);
	int err;

	page->index = 2;
	check_broken(world, "OBJ-1");
	page->index = 1;
	page->mapcount = 2;
	check_broken(world, "OBJ-2");
	page->mapcount = 0;
	(void)vas_page_clear(page, VAS_PAGE_UPTODATE);
	check_broken(world, "OBJ-3");
	(void)vas_page_set(page, VAS_PAGE_UPTODATE);
	assert_int_equal(vas_radix_set(&object->pages, 7, vas_value_of_slot(3)), 0);
	check_broken(world, "OBJ-4");
	(void)vas_radix_erase(&object->pages, 7);
	object->slot_count = 1;
	check_broken(world, "OBJ-5");
	object->slot_count = 0;
	object->storing = 1;
	check_broken(world, "OBJ-6");
	object->storing = 0;
	assert_int_not_equal(world_page_out(world, page, &err), 0);
	world_check(world);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_page_is_read_once_and_stays),
		TEST(shared_memory_begins_as_zeroes),
		TEST(a_page_past_the_end_cannot_be_had),
		TEST(a_file_that_others_extend_is_seen),
		TEST(a_file_that_others_shrink_is_seen),
		TEST(an_unreadable_page_leaves_nothing_behind),
		TEST(a_store_that_cannot_tell_its_size),
		TEST(memory_full_is_an_error_and_no_more),
		TEST(every_allocation_may_fail),
		TEST(a_page_is_removed_when_nobody_looks_at_it),
		TEST(shared_memory_goes_out_and_comes_back),
		TEST(a_slot_that_cannot_be_read_stays),
		TEST(a_page_that_cannot_go_out_stays),
		TEST(what_is_in_the_swap_cache_can_be_removed),
		TEST(another_frame_takes_a_page_s_place),
		TEST(walking_skips_what_is_out),
		TEST(the_last_reference_drops_everything),
		TEST(the_validator_names_what_is_broken),
	};

	return cmocka_run_group_tests_name("object", tests, NULL, NULL);
}
