/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Objects and swap under several threads. */

#include "world.h"

#include <pthread.h>

#define THREADS 3
#define ROUNDS	(VAS_CHECKS >= 1 ? 6000 : 30000)

/* One call in a thread of its own. */
struct call {
	struct world *world;
	uint64_t index; /* of the page, or the size */
	struct vas_page *page;
	bool fresh;
	int err;
	pthread_t thread;
};

static void *get_page(void *data)
{
	struct call *call = data;

	call->err = vas_object_page(call->world->file, call->index, &call->page, &call->fresh);
	return NULL;
}

static void *write_page(void *data)
{
	struct call *call = data;

	vas_page_lock(call->page);
	call->err = vas_object_write(call->world->file, call->page);
	vas_page_unlock(call->page);
	return NULL;
}

static void *change_size(void *data)
{
	struct call *call = data;

	call->err = vas_object_resize(call->world->file, call->index);
	return NULL;
}

static void begin(struct call *call, void *(*body)(void *))
{
	assert_int_equal(pthread_create(&call->thread, NULL, body, call), 0);
}

static void end(struct call *call)
{
	assert_int_equal(pthread_join(call->thread, NULL), 0);
}

/* Two calls for one page: one is in the store, the other waits for it. */
static void both_wait(struct world *world, struct call calls[2])
{
	struct vas_page *page;
	unsigned rounds = 0;

	failing_store_hold(&world->disk, 1 << FAILING_STORE_READ);
	for (unsigned i = 0; i < 2; i++) {
		calls[i] = (struct call){ .world = world, .index = 3 };
		begin(&calls[i], get_page);
	}
	failing_store_await(&world->disk, 1);
	page = vas_object_find(world->file, 3);
	assert_non_null(page);
	while (vas_page_references(page) != 4) /* the cache's, theirs, this one */
		vas_pause(&rounds);
	world_put(world, page);
}

static void both_go_on(struct world *world, struct call calls[2])
{
	failing_store_hold(&world->disk, 0);
	end(&calls[0]);
	end(&calls[1]);
}

static void one_reads_and_the_other_waits(void **state)
{
	struct world *world = *state;
	struct call calls[2];

	both_wait(world, calls);
	both_go_on(world, calls);
	assert_int_equal(calls[0].err, 0);
	assert_int_equal(calls[1].err, 0);
	assert_ptr_equal(calls[0].page, calls[1].page);
	assert_int_equal(calls[0].fresh + calls[1].fresh, 1);
	assert_int_equal(world->disk.calls[FAILING_STORE_READ], 1);
	world_put(world, calls[0].page);
	world_put(world, calls[1].page);
}

static void who_waits_for_a_failed_read_tries_again(void **state)
{
	struct world *world = *state;
	struct call calls[2];
	unsigned good;

	failing_store_fail_at(&world->disk, FAILING_STORE_IO, 1, -VAS_EIO);
	both_wait(world, calls);
	both_go_on(world, calls);
	good = calls[0].err == 0 ? 0 : 1;
	assert_int_equal(calls[good].err, 0);
	assert_int_equal(calls[1 - good].err, -VAS_EIO);
	assert_null(calls[1 - good].page);
	assert_int_equal(world_bytes(world, calls[good].page)[0], 4);
	world_put(world, calls[good].page);
}

static void all_who_wait_for_a_broken_disk_hear_of_it(void **state)
{
	struct world *world = *state;
	struct call calls[2];

	failing_store_fail_from(&world->disk, FAILING_STORE_IO, 1, -VAS_EIO);
	both_wait(world, calls);
	both_go_on(world, calls);
	assert_int_equal(calls[0].err, -VAS_EIO);
	assert_int_equal(calls[1].err, -VAS_EIO);
	assert_null(vas_object_find(world->file, 3));
	assert_int_equal(world->file->page_count, 0);
}

static void a_page_that_is_cut_off_while_it_is_read_is_not_had(void **state)
{
	struct world *world = *state;
	struct call call = { .world = world, .index = 9 };

	failing_store_hold(&world->disk, 1 << FAILING_STORE_READ);
	begin(&call, get_page);
	failing_store_await(&world->disk, 1);
	assert_int_equal(vas_object_resize(world->file, 4 * VAS_PAGE_SIZE), 0);
	failing_store_hold(&world->disk, 0);
	end(&call);
	assert_int_equal(call.err, -VAS_EOVERFLOW);
	assert_int_equal(world->file->page_count, 0);
}

static void a_write_does_not_make_a_cut_file_grow(void **state)
{
	struct world *world = *state;
	struct vas_page *page = world_page(world, world->file, 9);
	struct call write = { .world = world, .page = page };
	struct call cut = { .world = world, .index = VAS_PAGE_SIZE };

	failing_store_hold(&world->disk, 1 << FAILING_STORE_WRITE);
	begin(&write, write_page);
	failing_store_await(&world->disk, 1);
	begin(&cut, change_size);
	/* The resize waits for the write: give it time to do wrong. */
	for (unsigned rounds = 0; rounds < 1100;)
		vas_pause(&rounds);
	assert_int_equal(world->disk.calls[FAILING_STORE_RESIZE], 0);
	failing_store_hold(&world->disk, 0);
	end(&write);
	end(&cut);
	assert_int_equal(write.err, 0);
	assert_int_equal(cut.err, 0);
	assert_int_equal(world->disk.size, VAS_PAGE_SIZE);
	/* And one that comes later writes nothing. */
	begin(&write, write_page);
	end(&write);
	assert_int_equal(world->disk.size, VAS_PAGE_SIZE);
	world_put(world, page);
}

/* Threads that write, drop and page out the same pages; `last` is what each page holds, changed
 * with the page's lock. */
struct stress {
	struct world *world;
	unsigned char last[2][10];
	uint32_t slots[4];
	unsigned wrong, errors;
};

struct worker {
	struct stress *stress;
	unsigned number, seed;
	pthread_t thread;
};

static unsigned draw(struct worker *worker, unsigned below)
{
	worker->seed = worker->seed * 1103515245u + 12345u;
	return (worker->seed >> 16) % below;
}

static bool all_are(const unsigned char *bytes, unsigned char byte)
{
	return bytes[0] == byte && memcmp(bytes, bytes + 1, VAS_PAGE_SIZE - 1) == 0;
}

/* => locked, in its object. */
static void use(struct worker *worker, struct vas_object *object, struct vas_page *page)
{
	struct stress *stress = worker->stress;
	struct world *world = stress->world;
	unsigned char *last = &stress->last[object == world->shared][page->index];
	unsigned char *bytes = world_bytes(world, page);

	if (!all_are(bytes, *last))
		__atomic_add_fetch(&stress->wrong, 1, __ATOMIC_RELAXED);
	switch (draw(worker, 3)) {
	case 0:
		*last = (unsigned char)draw(worker, 256);
		memset(bytes, *last, VAS_PAGE_SIZE);
		(void)vas_page_set(page, VAS_PAGE_DIRTY);
		break;
	case 1:
		if (object == world->file && vas_object_write(object, page) == 0)
			(void)vas_object_remove(object, page);
		break;
	default:
		break;
	}
}

static void *work(void *data)
{
	struct worker *worker = data;
	struct world *world = worker->stress->world;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct vas_object *object = draw(worker, 2) == 0 ? world->file : world->shared;
		struct vas_page *page;
		bool fresh;
		int err;

		if (worker->number == 0 && round % 64 == 0)
			failing_store_fail_at(round % 128 == 0 ? &world->disk : &world->swap_disk,
					      FAILING_STORE_IO, 3, -VAS_EIO);
		err = vas_object_page(object, draw(worker, 10), &page, &fresh);
		if (err != 0) {
			__atomic_add_fetch(&worker->stress->errors, 1, __ATOMIC_RELAXED);
			if (err != -VAS_EIO)
				__atomic_add_fetch(&worker->stress->wrong, 1, __ATOMIC_RELAXED);
			continue;
		}
		if (object == world->shared && draw(worker, 4) == 0) {
			(void)world_page_out(world, page, &err);
			continue;
		}
		vas_page_lock(page);
		if (page->owner == object)
			use(worker, object, page);
		vas_page_unlock(page);
		world_put(world, page);
	}
	return NULL;
}

static void threads_find_what_was_last_written(void **state)
{
	struct world *world = *state;
	struct stress stress = { .world = world };
	struct worker workers[THREADS];

	for (unsigned i = 0; i < 10; i++)
		stress.last[0][i] = (unsigned char)(i + 1);
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .stress = &stress, .number = i, .seed = i };
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
	failing_store_fail_at(&world->disk, 0, 0, 0);
	failing_store_fail_at(&world->swap_disk, 0, 0, 0);
	assert_int_equal(stress.wrong, 0);
	print_message("%u input/output errors\n", stress.errors);
	world_check(world);
}

/* Threads that bring the same slots in, through the swap cache, as faults do, and drop them. */
static struct vas_page *bring_in(struct world *world, uint32_t slot)
{
	for (;;) {
		struct vas_page *page = vas_swap_find(world->swap, slot);

		if (page != NULL) {
			vas_page_lock(page);
			if (page->slot == slot && vas_page_is(page, VAS_PAGE_UPTODATE))
				return page;
			vas_page_unlock(page);
			world_put(world, page);
			continue;
		}
		page = vas_frame_alloc(world->frames, VAS_PAGE_ANONYMOUS);
		if (page == NULL)
			abort();
		vas_page_lock(page);
		if (vas_swap_insert(world->swap, slot, page)) {
			if (vas_swap_read(world->swap, slot, page) == 0) {
				(void)vas_page_set(page, VAS_PAGE_UPTODATE);
				return page;
			}
			vas_swap_discard(world->swap, page);
		}
		vas_page_unlock(page);
		world_put(world, page);
	}
}

static void *swap_work(void *data)
{
	struct worker *worker = data;
	struct world *world = worker->stress->world;

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint32_t slot = worker->stress->slots[draw(worker, 4)];
		struct vas_page *page;

		if (worker->number == 0 && round % 64 == 0)
			failing_store_fail_at(&world->swap_disk, FAILING_STORE_IO, 3, -VAS_EIO);
		vas_swap_get(world->swap, slot);
		page = bring_in(world, slot);
		if (!all_are(world_bytes(world, page), (unsigned char)slot))
			__atomic_add_fetch(&worker->stress->wrong, 1, __ATOMIC_RELAXED);
		if (draw(worker, 2) == 0)
			(void)vas_swap_remove(world->swap, page, 0);
		vas_page_unlock(page);
		world_put(world, page);
		vas_swap_put(world->swap, slot);
		/* And one of its own, which may be the last. */
		page = vas_frame_alloc(world->frames, VAS_PAGE_ANONYMOUS);
		vas_page_lock(page);
		slot = vas_swap_add(world->swap, page);
		vas_swap_get(world->swap, slot);
		vas_swap_put(world->swap, slot);
		if (!vas_swap_remove(world->swap, page, 0))
			__atomic_add_fetch(&worker->stress->wrong, 1, __ATOMIC_RELAXED);
		vas_page_unlock(page);
		world_put(world, page);
	}
	return NULL;
}

static void threads_share_slots(void **state)
{
	struct world *world = *state;
	struct stress stress = { .world = world };
	struct worker workers[THREADS];
	uint32_t *slots = stress.slots;

	for (unsigned i = 0; i < 4; i++) {
		struct vas_page *page = vas_frame_alloc(world->frames, VAS_PAGE_ANONYMOUS);

		(void)vas_page_trylock(page);
		slots[i] = vas_swap_add(world->swap, page);
		memset(world_bytes(world, page), (int)slots[i], VAS_PAGE_SIZE);
		assert_int_equal(vas_swap_write(world->swap, slots[i], page), 0);
		vas_swap_get(world->swap, slots[i]);
		assert_true(vas_swap_remove(world->swap, page, 0));
		vas_page_unlock(page);
		world_put(world, page);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .stress = &stress, .number = i, .seed = i };
		assert_int_equal(pthread_create(&workers[i].thread, NULL, swap_work, &workers[i]),
				 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
	failing_store_fail_at(&world->swap_disk, 0, 0, 0);
	assert_int_equal(stress.wrong, 0);
	world_check(world);
	for (unsigned i = 0; i < 4; i++) {
		struct vas_page *page = bring_in(world, slots[i]);

		vas_swap_put(world->swap, slots[i]);
		assert_true(vas_swap_remove(world->swap, page, 0));
		vas_page_unlock(page);
		world_put(world, page);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up_threads, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_reads_and_the_other_waits),
		TEST(who_waits_for_a_failed_read_tries_again),
		TEST(all_who_wait_for_a_broken_disk_hear_of_it),
		TEST(a_page_that_is_cut_off_while_it_is_read_is_not_had),
		TEST(a_write_does_not_make_a_cut_file_grow),
		TEST(threads_find_what_was_last_written),
		TEST(threads_share_slots),
	};

	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
