/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Swap slots and the swap cache. */

#include "world.h"

#include "object/swap_inside.h"

static struct vas_page *private_page(struct world *world, int byte)
{
	struct vas_page *page = vas_frame_alloc(world->frames, VAS_PAGE_ANONYMOUS);

	assert_non_null(page);
	memset(world_bytes(world, page), byte, VAS_PAGE_SIZE);
	(void)vas_page_trylock(page);
	return page;
}

/* A slot that one entry names and whose page is gone. */
static uint32_t out(struct world *world, int byte)
{
	struct vas_page *page = private_page(world, byte);
	uint32_t slot = vas_swap_add(world->swap, page);

	assert_int_not_equal(slot, 0);
	assert_int_equal(vas_swap_write(world->swap, slot, page), 0);
	vas_swap_get(world->swap, slot);
	assert_true(vas_swap_remove(world->swap, page, 0));
	vas_page_unlock(page);
	world_put(world, page);
	return slot;
}

static void check_used(struct world *world, uint32_t used, uint32_t cached)
{
	struct vas_swap_counts counts;

	vas_swap_counts(world->swap, &counts);
	assert_int_equal(counts.total, SLOTS);
	assert_int_equal(counts.used, used);
	assert_int_equal(counts.cached, cached);
	world_check(world);
}

static void every_slot_is_handed_out_once(void **state)
{
	struct world *world = *state;
	struct vas_page *page;
	bool seen[SLOTS + 1] = { false };

	for (unsigned i = 0; i < SLOTS; i++) {
		uint32_t slot = out(world, (int)i);

		assert_true(slot >= 1 && slot <= SLOTS && !seen[slot]);
		seen[slot] = true;
	}
	check_used(world, SLOTS, 0);
	page = private_page(world, 0);
	assert_int_equal(vas_swap_add(world->swap, page), 0); /* full */
	assert_int_equal(page->slot, 0);
	assert_int_equal(vas_page_references(page), 1);
	vas_swap_put(world->swap, 17);
	assert_int_equal(vas_swap_add(world->swap, page), 17); /* and space comes back */
	assert_true(vas_swap_remove(world->swap, page, 0));
	vas_page_unlock(page);
	world_put(world, page);
	for (uint32_t slot = 1; slot <= SLOTS; slot++) {
		if (slot != 17)
			vas_swap_put(world->swap, slot);
	}
	check_used(world, 0, 0);
}

static void a_slot_lives_while_it_is_named_or_cached(void **state)
{
	struct world *world = *state;
	struct vas_page *page = private_page(world, 1);
	uint32_t slot = vas_swap_add(world->swap, page);

	assert_int_equal(page->slot, slot);
	assert_int_equal(vas_page_references(page), 2);
	vas_swap_get(world->swap, slot);
	vas_swap_get(world->swap, slot);
	assert_int_equal(vas_swap_count(world->swap, slot), 2);
	check_used(world, 1, 1);
	vas_swap_put(world->swap, slot);
	vas_swap_put(world->swap, slot);
	assert_int_equal(world->forgotten, 0);
	assert_true(vas_swap_remove(world->swap, page, 0));
	assert_int_equal(world->forgotten, 1);
	check_used(world, 0, 0);
	vas_page_unlock(page);
	world_put(world, page);
	slot = out(world, 2);
	check_used(world, 1, 0);
	vas_swap_put(world->swap, slot);
	check_used(world, 0, 0);
}

static void the_binding_waits_in_the_slot(void **state)
{
	struct world *world = *state;
	uint32_t slot = out(world, 1);
	int thing;

	*vas_swap_binding(world->swap, slot) = (struct vas_binding){ &thing, 42 };
	vas_swap_get(world->swap, slot);
	vas_swap_put(world->swap, slot);
	assert_int_equal(world->forgotten, 0);
	assert_int_equal(vas_swap_binding(world->swap, slot)->index, 42);
	vas_swap_put(world->swap, slot);
	assert_int_equal(world->forgotten, 1);
	assert_ptr_equal(world->last.owner, &thing);
	assert_int_equal(world->last.index, 42);
	slot = out(world, 1);
	assert_null(vas_swap_binding(world->swap, slot)->owner);
	vas_swap_put(world->swap, slot);
	assert_null(world->last.owner);
}

static void what_goes_out_comes_back(void **state)
{
	struct world *world = *state;
	uint32_t slot = out(world, 5), other = out(world, 6);
	struct vas_page *page = private_page(world, 0), *second = private_page(world, 0);

	assert_null(vas_swap_find(world->swap, slot));
	assert_true(vas_swap_insert(world->swap, slot, page));
	assert_false(vas_swap_insert(world->swap, slot, second));
	assert_int_equal(second->slot, 0);
	assert_ptr_equal(vas_swap_find(world->swap, slot), page);
	assert_int_equal(vas_page_references(page), 3);
	assert_int_equal(vas_swap_read(world->swap, slot, page), 0);
	assert_int_equal(world_bytes(world, page)[0], 5);
	assert_int_equal(world_bytes(world, page)[VAS_PAGE_SIZE - 1], 5);
	check_used(world, 2, 1);
	assert_false(vas_swap_remove(world->swap, page, 0)); /* the one that found it */
	assert_true(vas_swap_remove(world->swap, page, 1));
	check_used(world, 2, 0);
	vas_swap_put(world->swap, slot);
	vas_swap_put(world->swap, other);
	assert_false(vas_swap_insert(world->swap, other, second)); /* too late */
	vas_page_unlock(page);
	vas_page_unlock(second);
	world_put(world, page);
	world_put(world, page);
	world_put(world, second);
}

static void a_page_that_cannot_be_read_is_discarded(void **state)
{
	struct world *world = *state;
	uint32_t slot = out(world, 5);
	struct vas_page *page = private_page(world, 0), *waiter;

	assert_true(vas_swap_insert(world->swap, slot, page));
	waiter = vas_swap_find(world->swap, slot);
	failing_store_fail_at(&world->swap_disk, FAILING_STORE_IO, 1, -VAS_EIO);
	assert_int_equal(vas_swap_read(world->swap, slot, page), -VAS_EIO);
	vas_swap_discard(world->swap, page);
	vas_page_unlock(page);
	world_put(world, page);
	/* The waiter gets the lock. */
	vas_page_lock(waiter);
	assert_int_equal(waiter->slot, 0);
	vas_page_unlock(waiter);
	world_put(world, waiter);
	check_used(world, 1, 0);
	/* Nothing was lost. */
	page = private_page(world, 0);
	assert_true(vas_swap_insert(world->swap, slot, page));
	assert_int_equal(vas_swap_read(world->swap, slot, page), 0);
	assert_int_equal(world_bytes(world, page)[9], 5);
	vas_swap_put(world->swap, slot);
	vas_swap_discard(world->swap, page); /* frees the slot */
	vas_page_unlock(page);
	world_put(world, page);
	check_used(world, 0, 0);
}

static void a_page_that_cannot_be_written_stays_dirty(void **state)
{
	struct world *world = *state;
	struct vas_page *page = private_page(world, 5);
	uint32_t slot = vas_swap_add(world->swap, page);
	struct vas_swap_counts counts;

	(void)vas_page_set(page, VAS_PAGE_DIRTY);
	failing_store_fail_at(&world->swap_disk, FAILING_STORE_IO, 1, -VAS_ENOSPC);
	assert_int_equal(vas_swap_write(world->swap, slot, page), -VAS_ENOSPC);
	assert_true(vas_page_is(page, VAS_PAGE_DIRTY));
	assert_int_equal(vas_swap_write(world->swap, slot, page), 0);
	assert_false(vas_page_is(page, VAS_PAGE_DIRTY));
	assert_int_equal(vas_swap_read(world->swap, slot, page), 0);
	vas_swap_counts(world->swap, &counts);
	assert_int_equal(counts.written, 1);
	assert_int_equal(counts.read, 1);
	assert_true(vas_swap_remove(world->swap, page, 0));
	vas_page_unlock(page);
	world_put(world, page);
}

static void another_frame_takes_a_page_s_place(void **state)
{
	struct world *world = *state;
	struct vas_page *from = private_page(world, 5), *to = private_page(world, 5);
	uint32_t slot = vas_swap_add(world->swap, from);

	vas_swap_get(world->swap, slot);
	(void)vas_page_set(from, VAS_PAGE_UPTODATE);
	vas_page_get(from); /* an entry */
	assert_false(vas_swap_replace(world->swap, from, to, 0));
	assert_true(vas_swap_replace(world->swap, from, to, 1));
	assert_int_equal(from->slot, 0);
	assert_int_equal(to->slot, slot);
	assert_int_equal(vas_page_references(from), 1);
	assert_int_equal(vas_page_references(to), 3);
	assert_true(vas_page_is(to, VAS_PAGE_UPTODATE));
	check_used(world, 1, 1);
	vas_page_unlock(from);
	world_put(world, from);
	vas_swap_put(world->swap, slot);
	assert_true(vas_swap_remove(world->swap, to, 1));
	vas_page_unlock(to);
	world_put(world, to);
	world_put(world, to);
}

static void creation_fails_cleanly(void **state)
{
	struct world *world = *state;
	uint64_t live = world->memory.live_blocks;
	struct vas_store store = world->swap_disk.store;
	struct vas_swap *swap;

	store.close = NULL;
	for (uint64_t n = 1;; n++) {
		int err;

		failing_allocator_fail_at(&world->memory, n);
		err = vas_swap_create(world->allocator, world->frames, 3, &store, NULL, NULL, NULL,
				      &swap);
		failing_allocator_fail_at(&world->memory, 0);
		if (err == 0)
			break;
		assert_int_equal(err, -VAS_ENOMEM);
		assert_null(swap);
		assert_int_equal(world->memory.live_blocks, live);
	}
	assert_true(vas_swap_validate(swap, NULL));
	vas_swap_destroy(swap);
	vas_swap_destroy(NULL);
	assert_int_equal(vas_swap_create(world->allocator, world->frames, 0, &store, NULL, NULL,
					 NULL, &swap),
			 -VAS_EINVAL);
	assert_int_equal(vas_swap_create(world->allocator, world->frames, (UINT32_C(1) << 31) + 1,
					 &store, NULL, NULL, NULL, &swap),
			 -VAS_EINVAL);
}

static void check_broken(struct world *world, const char *id)
{
	struct told told;
	struct vas_printer printer = told_printer(&told);

	assert_false(vas_swap_validate(world->swap, &printer));
	assert_string_equal(told.text, id);
}

static void the_validator_names_what_is_broken(void **state)
{
	struct world *world = *state;
	struct vas_page *page = private_page(world, 0);
	struct vas_swap *swap = world->swap;
	uint32_t slot = vas_swap_add(swap, page), next;
	uint32_t first = swap->parts[(slot - 1) / swap->each].free;

	vas_swap_slot_at(swap, first)->count = 1;
	check_broken(world, "SWAP-1");
	vas_swap_slot_at(swap, first)->count = 0;
	next = vas_swap_slot_at(swap, first)->next;
	vas_swap_slot_at(swap, first)->next = VAS_SWAP_IN_USE;
	check_broken(world, "SWAP-2");
	vas_swap_slot_at(swap, first)->next = first;
	check_broken(world, "SWAP-4");
	vas_swap_slot_at(swap, first)->next = next;
	page->slot++;
	check_broken(world, "SWAP-3");
	page->slot--;
	swap->parts[0].cached++;
	check_broken(world, "SWAP-5");
	swap->parts[0].cached--;
	assert_true(vas_swap_remove(swap, page, 0));
	vas_page_unlock(page);
	world_put(world, page);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_slot_is_handed_out_once),
		TEST(a_slot_lives_while_it_is_named_or_cached),
		TEST(the_binding_waits_in_the_slot),
		TEST(what_goes_out_comes_back),
		TEST(a_page_that_cannot_be_read_is_discarded),
		TEST(a_page_that_cannot_be_written_stays_dirty),
		TEST(another_frame_takes_a_page_s_place),
		TEST(creation_fails_cleanly),
		TEST(the_validator_names_what_is_broken),
	};

	return cmocka_run_group_tests_name("swap", tests, NULL, NULL);
}
