/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* What a machine does, one thing at a time. */

#include <time.h>

#include "world.h"

/* ---- Private memory ---- */

static void untouched_memory_reads_as_the_one_page_of_zeroes(void **state)
{
	struct world *world = *state;
	uint32_t free;

	assert_int_equal(map_pages(world->space, 0, 8, RW, 0), 0);
	must_get(world->space, 0, 0);
	free = count(world).free;
	for (uint64_t page = 0; page < 8; page++) {
		must_get(world->space, page, 0);
		assert_true(look(world->space, page).zero);
		assert_int_equal(look(world->space, page).mapcount, 0);
	}
	assert_int_equal(count(world).free, free);
	assert_int_equal(count(world).faults_zero, 8);
}

static void a_write_gets_a_page_of_its_own(void **state)
{
	struct world *world = *state;

	assert_int_equal(map_pages(world->space, 0, 2, RW, 0), 0);
	must_get(world->space, 0, 0);
	must_put(world->space, 0, 7);
	must_put(world->space, 1, 8);
	must_get(world->space, 0, 7);
	must_get(world->space, 1, 8);
	assert_int_equal(look(world->space, 0).mapcount, 1);
	assert_true(look(world->space, 0).writable);
	assert_true(look(world->space, 0).dirty);
	assert_int_equal(count(world).faults_new, 2);
}

static void bytes_cross_pages(void **state)
{
	struct world *world = *state;
	unsigned char out[3 * VAS_PAGE_SIZE], in[sizeof(out)];
	size_t done = 0;

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (unsigned char)(i * 7);
	assert_int_equal(map_pages(world->space, 0, 4, RW, 0), 0);
	assert_int_equal(vas_write(world->space, at(0) + 100, out, sizeof(out), &done), 0);
	assert_int_equal(done, sizeof(out));
	assert_int_equal(vas_read(world->space, at(0) + 100, in, sizeof(in), &done), 0);
	assert_memory_equal(in, out, sizeof(out));
	/* As far as it goes. */
	assert_int_equal(vas_read(world->space, at(2), in, sizeof(in), &done), -VAS_EFAULT);
	assert_int_equal(done, 2 * VAS_PAGE_SIZE);
}

static void what_is_unmapped_is_gone(void **state)
{
	struct world *world = *state;
	uint32_t free = count(world).free;
	uint64_t token;

	assert_int_equal(map_pages(world->space, 0, 8, RW, 0), 0);
	for (uint64_t page = 0; page < 8; page++)
		must_put(world->space, page, page + 1);
	assert_int_equal(vas_unmap(world->space, at(2), 3 * VAS_PAGE_SIZE), 0);
	assert_int_equal(get(world->space, 3, &token), -VAS_EFAULT);
	must_get(world->space, 1, 2);
	must_get(world->space, 5, 6);
	assert_int_equal(map_pages(world->space, 0, 8, RW, 0), 0);
	must_get(world->space, 1, 0);
	assert_int_equal(vas_unmap(world->space, at(0), 8 * VAS_PAGE_SIZE), 0);
	/* Tables too. */
	assert_int_equal(count(world).free, free);
	assert_int_equal(count(world).tables, 1);
}

static void a_moved_page_keeps_its_contents(void **state)
{
	struct world *world = *state;
	uint64_t address, token;

	assert_int_equal(map_pages(world->space, 0, 2, RW, 0), 0);
	must_put(world->space, 1, 5);
	address = at(100);
	assert_int_equal(vas_remap(world->space,
				   &(struct vas_remap){
					   .old = at(0),
					   .old_length = 2 * VAS_PAGE_SIZE,
					   .new_length = 2 * VAS_PAGE_SIZE,
					   .flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED,
					   .new_address = at(100),
				   },
				   &address),
			 0);
	must_get(world->space, 101, 5);
	assert_int_equal(get(world->space, 1, &token), -VAS_EFAULT);
}

static void a_whole_table_moves_at_once(void **state)
{
	struct world *world = *state;
	uint64_t address, moved;

	assert_int_equal(map_pages(world->space, 0, 512, RW, 0), 0);
	for (uint64_t page = 0; page < 512; page += 64)
		must_put(world->space, page, page + 1);
	moved = count(world).entries_moved;
	assert_int_equal(vas_remap(world->space,
				   &(struct vas_remap){
					   .old = at(0),
					   .old_length = 512 * VAS_PAGE_SIZE,
					   .new_length = 512 * VAS_PAGE_SIZE,
					   .flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED,
					   .new_address = at(1024),
				   },
				   &address),
			 0);
	for (uint64_t page = 0; page < 512; page += 64)
		must_get(world->space, page + 1024, page + 1);
	assert_int_equal(count(world).entries_moved, moved);
}

/* ---- fork ---- */

static void a_forks_child_shares_pages_until_someone_writes(void **state)
{
	struct world *world = *state;
	struct vas_space *child;
	uint32_t free;

	assert_int_equal(map_pages(world->space, 0, 4, RW, 0), 0);
	for (uint64_t page = 0; page < 4; page++)
		must_put(world->space, page, page + 1);
	free = count(world).free;
	assert_int_equal(vas_fork(world->space, &child), 0);
	/* Four levels of tables. */
	assert_int_equal(count(world).free, free - 4);
	assert_int_equal(look(child, 2).mapcount, 2);
	assert_false(look(child, 2).writable);
	assert_false(look(world->space, 2).writable);
	must_put(child, 2, 30);
	must_get(world->space, 2, 3);
	must_get(child, 2, 30);
	must_put(world->space, 1, 20);
	must_get(child, 1, 2);
	assert_int_equal(count(world).free, free - 6);
	assert_int_equal(count(world).faults_copied, 2);
	world_check(world);
	vas_space_destroy(child);
}

static void the_last_who_has_a_page_keeps_it_without_a_copy(void **state)
{
	struct world *world = *state;
	struct vas_space *child;
	uint32_t frame;

	assert_int_equal(map_pages(world->space, 0, 1, RW, 0), 0);
	must_put(world->space, 0, 1);
	frame = look(world->space, 0).frame;
	assert_int_equal(vas_fork(world->space, &child), 0);
	must_put(child, 0, 2);
	must_put(world->space, 0, 3);
	assert_int_equal(look(world->space, 0).frame, frame);
	assert_int_equal(count(world).faults_copied, 1);
	assert_int_equal(count(world).faults_reused, 1);
	must_get(child, 0, 2);
	vas_space_destroy(child);
}

static void a_child_outlives_its_parent(void **state)
{
	struct world *world = *state;
	struct vas_space *child, *grandchild;

	assert_int_equal(map_pages(world->space, 0, 2, RW, 0), 0);
	must_put(world->space, 0, 1);
	assert_int_equal(vas_fork(world->space, &child), 0);
	assert_int_equal(vas_fork(child, &grandchild), 0);
	vas_space_destroy(world->space);
	world->space = NULL;
	world_check(world);
	must_put(grandchild, 0, 3);
	vas_space_destroy(child);
	must_get(grandchild, 0, 3);
	world_check(world);
	vas_space_destroy(grandchild);
}

static void shared_memory_is_shared_after_a_fork(void **state)
{
	struct world *world = *state;
	struct vas_space *child;

	assert_int_equal(map_pages(world->space, 0, 2, RW, VAS_SHARED), 0);
	must_put(world->space, 0, 1);
	assert_int_equal(vas_fork(world->space, &child), 0);
	must_get(child, 0, 1);
	must_put(child, 1, 2);
	must_get(world->space, 1, 2);
	vas_space_destroy(child);
}

static void wiped_and_withheld_areas_do_not_pass_on(void **state)
{
	struct world *world = *state;
	struct vas_space *child;
	uint64_t token;

	assert_int_equal(map_pages(world->space, 0, 2, RW, 0), 0);
	must_put(world->space, 0, 1);
	must_put(world->space, 1, 2);
	assert_int_equal(vas_advise(world->space, at(0), VAS_PAGE_SIZE, VAS_ADVICE_WIPEONFORK), 0);
	assert_int_equal(vas_advise(world->space, at(1), VAS_PAGE_SIZE, VAS_ADVICE_DONTFORK), 0);
	assert_int_equal(vas_fork(world->space, &child), 0);
	must_get(child, 0, 0);
	assert_int_equal(get(child, 1, &token), -VAS_EFAULT);
	must_get(world->space, 0, 1);
	vas_space_destroy(child);
}

/* ---- Access rights and signals ---- */

static void accesses_that_are_not_allowed_tell_why(void **state)
{
	struct world *world = *state;
	uint64_t token;

	assert_int_equal(map_pages(world->space, 0, 1, VAS_READ, 0), 0);
	assert_int_equal(map_pages(world->space, 1, 1, VAS_NONE, 0), 0);
	must_get(world->space, 0, 0);
	assert_int_equal(put(world->space, 0, 1), -VAS_EACCES);
	assert_int_equal(vas_access(world->space, at(0), VAS_ACCESS_EXEC), -VAS_EACCES);
	assert_int_equal(get(world->space, 1, &token), -VAS_EACCES);
	assert_int_equal(get(world->space, 2, &token), -VAS_EFAULT);
	assert_int_equal(vas_access(world->space, UINT64_C(1) << 47, VAS_ACCESS_READ), -VAS_EFAULT);
	assert_int_equal(vas_access(world->space, UINT64_MAX, VAS_ACCESS_READ), -VAS_EFAULT);
}

static void protection_that_went_and_came_back_loses_nothing(void **state)
{
	struct world *world = *state;
	uint64_t token;

	assert_int_equal(map_pages(world->space, 0, 1, RW, 0), 0);
	must_put(world->space, 0, 1);
	assert_int_equal(vas_protect(world->space, at(0), VAS_PAGE_SIZE, VAS_NONE, -1), 0);
	assert_int_equal(get(world->space, 0, &token), -VAS_EACCES);
	assert_int_equal(vas_protect(world->space, at(0), VAS_PAGE_SIZE, VAS_READ, -1), 0);
	must_get(world->space, 0, 1);
	assert_int_equal(put(world->space, 0, 2), -VAS_EACCES);
	assert_int_equal(vas_protect(world->space, at(0), VAS_PAGE_SIZE, RW, -1), 0);
	must_put(world->space, 0, 2);
	assert_int_equal(count(world).faults_copied, 0);
}

static void errors_stand_for_signals(void **state)
{
	int signal, code;

	(void)state;
	assert_false(vas_signal_of(0, &signal, &code));
	assert_true(vas_signal_of(-VAS_EFAULT, &signal, &code));
	assert_int_equal(signal, 11);
	assert_int_equal(code, 1);
	assert_true(vas_signal_of(-VAS_EACCES, &signal, &code));
	assert_int_equal(signal, 11);
	assert_int_equal(code, 2);
	assert_true(vas_signal_of(-VAS_EOVERFLOW, &signal, &code));
	assert_int_equal(signal, 7);
	assert_int_equal(code, 2);
	assert_true(vas_signal_of(-VAS_EIO, &signal, &code));
	assert_int_equal(signal, 7);
	assert_true(vas_signal_of(-VAS_ENOMEM, &signal, &code));
	assert_int_equal(signal, 9);
}

static void a_stack_grows_when_it_is_touched_below(void **state)
{
	struct world *world = *state;
	uint64_t token;

	assert_int_equal(map_pages(world->space, 600, 2, RW, VAS_GROWSDOWN), 0);
	must_put(world->space, 590, 1);
	must_get(world->space, 595, 0);
	must_get(world->space, 590, 1);
	assert_int_equal(vas_find(world->space, at(600))->range.start, at(590));
	/* It may not come near what is mapped below. */
	assert_int_equal(map_pages(world->space, 300, 1, RW, 0), 0);
	assert_int_not_equal(get(world->space, 301, &token), 0);
}

static void guard_pages_refuse_every_access(void **state)
{
	struct world *world = *state;
	struct vas_space *child;
	uint64_t token;

	assert_int_equal(map_pages(world->space, 0, 3, RW, 0), 0);
	must_put(world->space, 1, 1);
	assert_int_equal(vas_advise(world->space, at(1), VAS_PAGE_SIZE, VAS_ADVICE_GUARD_INSTALL),
			 0);
	assert_true(look(world->space, 1).guard);
	assert_int_equal(get(world->space, 1, &token), -VAS_EFAULT);
	assert_int_equal(vas_advise(world->space, at(0), 3 * VAS_PAGE_SIZE, VAS_ADVICE_DONTNEED),
			 0);
	assert_int_equal(put(world->space, 1, 2), -VAS_EFAULT);
	assert_int_equal(vas_fork(world->space, &child), 0);
	assert_int_equal(get(child, 1, &token), -VAS_EFAULT);
	vas_space_destroy(child);
	assert_int_equal(vas_advise(world->space, at(1), VAS_PAGE_SIZE, VAS_ADVICE_GUARD_REMOVE),
			 0);
	must_get(world->space, 1, 0);
}

/* ---- Files and shared memory ---- */

static void a_shared_mapping_and_the_file_are_one(void **state)
{
	struct world *world = *state;
	uint64_t token = 0;

	assert_int_equal(map_file(world, world->space, 0, 0, 4, 2, true), 0);
	must_put(world->space, 1, 9);
	assert_int_equal(vas_file_read(world->files[0], 3 * VAS_PAGE_SIZE + TOKEN_OFFSET, &token,
				       sizeof(token), NULL),
			 0);
	assert_int_equal(token, 9);
	token = 10;
	assert_int_equal(vas_file_write(world->files[0], 3 * VAS_PAGE_SIZE + TOKEN_OFFSET, &token,
					sizeof(token), NULL),
			 0);
	must_get(world->space, 1, 10);
}

static void a_private_mapping_sees_the_file_until_it_writes(void **state)
{
	struct world *world = *state;
	uint64_t token = 1;

	assert_int_equal(map_file(world, world->space, 0, 0, 2, 0, false), 0);
	must_get(world->space, 0, 0);
	assert_true(look(world->space, 0).file);
	assert_int_equal(vas_file_write(world->files[0], TOKEN_OFFSET, &token, sizeof(token), NULL),
			 0);
	must_get(world->space, 0, 1);
	must_put(world->space, 0, 2);
	assert_false(look(world->space, 0).file);
	token = 3;
	assert_int_equal(vas_file_write(world->files[0], TOKEN_OFFSET, &token, sizeof(token), NULL),
			 0);
	must_get(world->space, 0, 2);
}

static void written_pages_reach_the_disk_at_sync(void **state)
{
	struct world *world = *state;
	struct failing_store *disk = &world->disks[0];
	uint64_t before;

	assert_int_equal(map_file(world, world->space, 0, 0, 2, 0, true), 0);
	must_put(world->space, 0, 1);
	before = disk->calls[FAILING_STORE_WRITE];
	assert_int_equal(vas_sync(world->space, at(0), 2 * VAS_PAGE_SIZE, 4), 0);
	assert_int_equal(disk->calls[FAILING_STORE_WRITE], before + 1);
	assert_int_equal(*(uint64_t *)(void *)(failing_store_page(disk, 0) + TOKEN_OFFSET), 1);
	/* Clean, and read-only until it is written again. */
	assert_false(look(world->space, 0).writable);
	assert_int_equal(vas_sync(world->space, at(0), 2 * VAS_PAGE_SIZE, 4), 0);
	assert_int_equal(disk->calls[FAILING_STORE_WRITE], before + 1);
	must_put(world->space, 0, 2);
	assert_int_equal(vas_file_sync(world->files[0]), 0);
	assert_int_equal(*(uint64_t *)(void *)(failing_store_page(disk, 0) + TOKEN_OFFSET), 2);
	assert_int_equal(vas_sync(world->space, at(0), 3 * VAS_PAGE_SIZE, 4), -VAS_ENOMEM);
	assert_int_equal(vas_sync(world->space, at(0), VAS_PAGE_SIZE, 5), -VAS_EINVAL);
}

static void past_the_end_of_a_file_nothing_is_there(void **state)
{
	struct world *world = *state;
	uint64_t token;

	assert_int_equal(map_file(world, world->space, 0, 0, 4, 0, true), 0);
	assert_int_equal(map_file(world, world->space, 0, 8, 4, 0, false), 0);
	must_put(world->space, 1, 1);
	must_put(world->space, 2, 2);
	must_put(world->space, 10, 3);
	assert_int_equal(vas_truncate(world->files[0], VAS_PAGE_SIZE + 100), 0);
	assert_int_equal(get(world->space, 2, &token), -VAS_EOVERFLOW);
	/* The private copy went too. */
	assert_int_equal(get(world->space, 10, &token), -VAS_EOVERFLOW);
	/* The rest of the last page is cleared. */
	must_get(world->space, 1, 0);
	must_put(world->space, 1, 4);
	assert_int_equal(vas_truncate(world->files[0], 4 * VAS_PAGE_SIZE), 0);
	must_get(world->space, 1, 0);
	must_get(world->space, 2, 0);
	must_get(world->space, 10, 0);
	world_check(world);
}

static void a_file_that_others_shrink_ends_where_it_ends(void **state)
{
	struct world *world = *state;
	uint64_t token;

	assert_int_equal(map_file(world, world->space, 0, 0, 4, 0, true), 0);
	must_get(world->space, 0, 0);
	world->disks[0].size = VAS_PAGE_SIZE;
	assert_int_equal(vas_file_size(world->files[0]), VAS_PAGE_SIZE);
	assert_int_equal(get(world->space, 2, &token), -VAS_EOVERFLOW);
	world->disks[0].size = 4 * VAS_PAGE_SIZE;
	must_get(world->space, 2, 0);
}

static void a_hole_reads_as_zeroes_but_private_copies_stay(void **state)
{
	struct world *world = *state;

	assert_int_equal(map_file(world, world->space, 0, 0, 4, 0, true), 0);
	assert_int_equal(map_file(world, world->space, 0, 8, 4, 0, false), 0);
	must_put(world->space, 1, 1);
	must_put(world->space, 2, 2);
	must_put(world->space, 9, 3);
	assert_int_equal(vas_punch(world->files[0], VAS_PAGE_SIZE, VAS_PAGE_SIZE), 0);
	must_get(world->space, 1, 0);
	must_get(world->space, 2, 2);
	must_get(world->space, 9, 3);
	assert_int_equal(vas_advise(world->space, at(2), VAS_PAGE_SIZE, VAS_ADVICE_REMOVE), 0);
	must_get(world->space, 2, 0);
}

static void two_files_of_an_object_see_the_same(void **state)
{
	struct world *world = *state;
	struct vas_file *again;
	uint64_t token = 5;

	assert_int_equal(vas_file_again(world->files[0], VAS_FILE_READ, &again), 0);
	assert_int_equal(vas_file_write(world->files[0], 0, &token, sizeof(token), NULL), 0);
	token = 0;
	assert_int_equal(vas_file_read(again, 0, &token, sizeof(token), NULL), 0);
	assert_int_equal(token, 5);
	vas_file_put(again);
}

/* ---- Reclaim and swap ---- */

static void a_page_goes_out_and_comes_back(void **state)
{
	struct world *world = *state;

	assert_int_equal(map_pages(world->space, 0, 4, RW, 0), 0);
	must_put(world->space, 0, 1);
	assert_int_equal(vas_advise(world->space, at(0), VAS_PAGE_SIZE, VAS_ADVICE_PAGEOUT), 0);
	assert_true(look(world->space, 0).swapped);
	assert_int_equal(count(world).swap_used, 1);
	assert_int_equal(count(world).swapped_out, 1);
	must_get(world->space, 0, 1);
	assert_false(look(world->space, 0).swapped);
	must_put(world->space, 0, 2);
	assert_int_equal(count(world).swap_used, 0);
	world_check(world);
}

static void parent_and_child_share_a_slot_and_then_the_page(void **state)
{
	struct world *world = *state;
	struct vas_space *child;

	assert_int_equal(map_pages(world->space, 0, 1, RW, 0), 0);
	must_put(world->space, 0, 1);
	assert_int_equal(vas_advise(world->space, at(0), VAS_PAGE_SIZE, VAS_ADVICE_PAGEOUT), 0);
	assert_int_equal(vas_fork(world->space, &child), 0);
	assert_int_equal(look(child, 0).slot_count, 2);
	must_get(child, 0, 1);
	must_get(world->space, 0, 1);
	assert_int_equal(look(child, 0).frame, look(world->space, 0).frame);
	assert_int_equal(count(world).swapped_in, 1);
	must_put(child, 0, 2);
	must_get(world->space, 0, 1);
	world_check(world);
	vas_space_destroy(child);
}

static void a_page_that_both_have_goes_out_by_reclaim(void **state)
{
	struct world *world = *state;
	struct vas_space *child;

	assert_int_equal(map_pages(world->space, 0, 8, RW, 0), 0);
	for (uint64_t page = 0; page < 8; page++)
		must_put(world->space, page, page + 1);
	assert_int_equal(vas_fork(world->space, &child), 0);
	assert_true(vas_machine_reclaim(world->machine, 8, NULL) == 8);
	for (uint64_t page = 0; page < 8; page++) {
		assert_true(look(child, page).swapped);
		assert_true(look(world->space, page).swapped);
	}
	world_check(world);
	for (uint64_t page = 0; page < 8; page++) {
		must_get(world->space, page, page + 1);
		must_get(child, page, page + 1);
	}
	vas_space_destroy(child);
}

static void shared_memory_goes_to_swap(void **state)
{
	struct world *world = *state;

	assert_int_equal(map_pages(world->space, 0, 8, RW, VAS_SHARED), 0);
	for (uint64_t page = 0; page < 8; page++)
		must_put(world->space, page, page + 1);
	assert_true(vas_machine_reclaim(world->machine, 8, NULL) == 8);
	assert_int_equal(count(world).swap_used, 8);
	world_check(world);
	for (uint64_t page = 0; page < 8; page++)
		must_get(world->space, page, page + 1);
}

static void more_memory_than_there_is_can_be_used(void **state)
{
	struct world *world = *state;

	assert_int_equal(map_pages(world->space, 0, 140, RW, 0), 0);
	for (uint64_t page = 0; page < 140; page++)
		must_put(world->space, page, page + 1);
	for (uint64_t page = 0; page < 140; page++)
		must_get(world->space, page, page + 1);
	assert_true(count(world).swapped_in > 40);
	world_check(world);
}

static void without_memory_and_swap_there_is_an_error_and_then_it_goes_on(void **state)
{
	struct world *world = *state;
	struct vas_space *child;
	uint64_t page = 0;

	assert_int_equal(map_pages(world->space, 0, 300, RW, 0), 0);
	while (put(world->space, page, page + 1) == 0)
		page++;
	assert_int_equal(put(world->space, page, 1), -VAS_ENOMEM);
	assert_true(page > 96 + 64 - 16);
	assert_int_equal(count(world).swap_used, 64);
	assert_int_equal(vas_fork(world->space, &child), -VAS_ENOMEM);
	world_check(world);
	/* What is in memory is there; what is out has no place to come to. */
	for (uint64_t i = 0; i < page; i++) {
		if (look(world->space, i).present)
			must_get(world->space, i, i + 1);
	}
	/* Space comes back. */
	assert_int_equal(vas_advise(world->space, at(0), 20 * VAS_PAGE_SIZE, VAS_ADVICE_DONTNEED),
			 0);
	must_put(world->space, page, page + 1);
	assert_int_equal(vas_fork(world->space, &child), 0);
	for (uint64_t i = 20; i <= page; i++)
		must_get(child, i, i + 1);
	world_check(world);
	vas_space_destroy(child);
}

static void locked_pages_stay(void **state)
{
	struct world *world = *state;

	assert_int_equal(map_pages(world->space, 0, 4, RW, 0), 0);
	must_put(world->space, 3, 1);
	assert_int_equal(vas_lock(world->space, at(0), 4 * VAS_PAGE_SIZE, 0), 0);
	for (uint64_t page = 0; page < 4; page++)
		assert_true(look(world->space, page).present);
	(void)vas_machine_reclaim(world->machine, 90, NULL);
	for (uint64_t page = 0; page < 4; page++)
		assert_true(look(world->space, page).present);
	assert_int_equal(vas_unlock(world->space, at(0), 4 * VAS_PAGE_SIZE), 0);
	assert_true(vas_machine_reclaim(world->machine, 4, NULL) == 4);
	assert_true(look(world->space, 3).swapped);
	world_check(world);
}

static void memory_that_is_not_needed_is_zero_again(void **state)
{
	struct world *world = *state;

	assert_int_equal(map_pages(world->space, 0, 2, RW, 0), 0);
	must_put(world->space, 0, 1);
	must_put(world->space, 1, 2);
	assert_int_equal(vas_advise(world->space, at(0), VAS_PAGE_SIZE, VAS_ADVICE_DONTNEED), 0);
	must_get(world->space, 0, 0);
	must_get(world->space, 1, 2);
}

static void freed_memory_stays_until_it_is_reclaimed(void **state)
{
	struct world *world = *state;

	assert_int_equal(map_pages(world->space, 0, 2, RW, 0), 0);
	must_put(world->space, 0, 1);
	must_put(world->space, 1, 2);
	assert_int_equal(vas_advise(world->space, at(0), 2 * VAS_PAGE_SIZE, VAS_ADVICE_FREE), 0);
	must_get(world->space, 0, 1);
	/* What is written again is not free any more. */
	must_put(world->space, 1, 3);
	(void)vas_machine_reclaim(world->machine, 90, NULL);
	must_get(world->space, 0, 0);
	must_get(world->space, 1, 3);
	assert_int_equal(count(world).swapped_out, 1);
}

static void populated_memory_is_there_at_once(void **state)
{
	struct world *world = *state;

	assert_int_equal(map_pages(world->space, 0, 4, RW, VAS_POPULATE), 0);
	for (uint64_t page = 0; page < 4; page++) {
		assert_true(look(world->space, page).present);
		assert_true(look(world->space, page).writable);
	}
	assert_int_equal(map_pages(world->space, 8, 4, RW, 0), 0);
	assert_int_equal(
		vas_advise(world->space, at(8), 4 * VAS_PAGE_SIZE, VAS_ADVICE_POPULATE_READ), 0);
	assert_true(look(world->space, 9).zero);
}

/* ---- Migration and merging ---- */

static void a_page_moves_to_another_frame_under_its_users(void **state)
{
	struct world *world = *state;
	struct vas_space *child;
	uint32_t frame;

	assert_int_equal(map_pages(world->space, 0, 1, RW, 0), 0);
	must_put(world->space, 0, 1);
	assert_int_equal(vas_fork(world->space, &child), 0);
	frame = look(world->space, 0).frame;
	assert_int_equal(vas_migrate(world->space, at(0)), 0);
	assert_int_not_equal(look(world->space, 0).frame, frame);
	assert_int_equal(look(world->space, 0).frame, look(child, 0).frame);
	assert_int_equal(look(child, 0).mapcount, 2);
	must_get(child, 0, 1);
	assert_int_equal(vas_migrate(world->space, at(1)), -VAS_ENOENT);
	world_check(world);
	vas_space_destroy(child);
}

static void equal_pages_become_one_and_fall_apart_again(void **state)
{
	struct world *world = *state;
	uint32_t free;

	assert_int_equal(map_pages(world->space, 0, 8, RW, 0), 0);
	for (uint64_t page = 0; page < 8; page++)
		must_put(world->space, page, page < 6 ? 1 : page);
	assert_int_equal(vas_machine_merge(world->machine), 0);
	assert_int_equal(vas_advise(world->space, at(0), 8 * VAS_PAGE_SIZE, VAS_ADVICE_MERGEABLE),
			 0);
	free = count(world).free;
	assert_int_equal(vas_machine_merge(world->machine), 5);
	assert_int_equal(count(world).free, free + 5);
	assert_true(look(world->space, 0).merged);
	assert_int_equal(look(world->space, 0).mapcount, 6);
	world_check(world);
	must_put(world->space, 3, 2);
	must_get(world->space, 3, 2);
	must_get(world->space, 4, 1);
	assert_int_equal(look(world->space, 0).mapcount, 5);
	/* And through swap. */
	(void)vas_machine_reclaim(world->machine, 90, NULL);
	world_check(world);
	for (uint64_t page = 0; page < 8; page++)
		must_get(world->space, page, page == 3 ? 2 : page < 6 ? 1 : page);
	must_put(world->space, 0, 9);
	must_get(world->space, 1, 1);
}

/* ---- Who maps what ---- */

struct found {
	struct vas_space *spaces[8];
	uint64_t addresses[8];
	size_t count;
};

static void note(void *context, struct vas_space *space, uint64_t address)
{
	struct found *found = context;

	assert_true(found->count < 8);
	found->spaces[found->count] = space;
	found->addresses[found->count++] = address;
}

static void all_who_map_a_page_are_found(void **state)
{
	struct world *world = *state;
	struct found found = { .count = 0 };
	struct vas_space *child;

	assert_int_equal(map_pages(world->space, 0, 1, RW, 0), 0);
	assert_int_equal(vas_who(world->space, at(0), note, &found), -VAS_ENOENT);
	must_put(world->space, 0, 1);
	assert_int_equal(vas_fork(world->space, &child), 0);
	assert_int_equal(vas_who(world->space, at(0), note, &found), 0);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.addresses[0], at(0));
	assert_int_equal(found.addresses[1], at(0));
	assert_ptr_not_equal(found.spaces[0], found.spaces[1]);
	vas_space_destroy(child);
}

static int move_pages(struct vas_space *space, uint64_t from, uint64_t count, uint64_t to)
{
	uint64_t address;

	return vas_remap(space,
			 &(struct vas_remap){
				 .old = at(from),
				 .old_length = count * VAS_PAGE_SIZE,
				 .new_length = count * VAS_PAGE_SIZE,
				 .flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED,
				 .new_address = at(to),
			 },
			 &address);
}

/* A family whose pages are copied before they move; pages 2 and 3 are out. */
static void start_copying(struct world *world, uint32_t slots, uint64_t pages,
			  struct vas_space **child)
{
	const struct world_config config = {
		.anon = "anonmm-copy",
		.frames = 96,
		.slots = slots,
	};

	world_start(world, &config, NULL, NULL);
	assert_int_equal(map_pages(world->space, 0, pages, RW, 0), 0);
	for (uint64_t page = 0; page < pages; page++)
		must_put(world->space, page, page + 1);
	assert_int_equal(vas_advise(world->space, at(2), 2 * VAS_PAGE_SIZE, VAS_ADVICE_PAGEOUT), 0);
	assert_int_equal(vas_fork(world->space, child), 0);
}

static void pages_that_are_shared_move_as_copies_if_the_design_wants_it(void **state)
{
	struct found found = { .count = 0 };
	struct vas_space *child, *grandchild;
	struct world world;

	(void)state;
	start_copying(&world, 64, 6, &child);
	must_put(child, 1, 10);
	must_get(child, 3, 4);
	assert_int_equal(vas_lock(child, at(4), VAS_PAGE_SIZE, 0), 0);
	assert_int_equal(vas_fork(child, &grandchild), 0);
	assert_int_equal(move_pages(child, 0, 6, 500), 0);
	world_check(&world);
	for (uint64_t page = 0; page < 6; page++) {
		assert_int_equal(look(child, 500 + page).mapcount, page == 2 ? 0 : 1);
		assert_false(look(child, 500 + page).writable);
		must_get(child, 500 + page, page == 1 ? 10 : page + 1);
	}
	assert_int_equal(vas_who(child, at(500), note, &found), 0);
	assert_int_equal(found.count, 1);
	assert_ptr_equal(found.spaces[0], child);
	assert_int_equal(found.addresses[0], at(500));
	/* Nobody has more than before when it writes. */
	for (uint64_t page = 0; page < 6; page++)
		must_put(child, 500 + page, 20);
	for (uint64_t page = 0; page < 6; page++)
		must_get(world.space, page, page + 1);
	must_get(grandchild, 1, 10);
	world_check(&world);
	vas_space_destroy(grandchild);
	vas_space_destroy(child);
	world_finish(&world);
}

static void copies_for_a_move_are_had_by_reclaim_or_nothing_moves(void **state)
{
	(void)state;
	for (uint32_t slots = 4; slots <= 64; slots += 60) {
		struct vas_space *child, *hog;
		struct world world;
		uint64_t page = 0;

		start_copying(&world, slots, 24, &child);
		assert_int_equal(vas_machine_space(world.machine, NULL, &hog), 0);
		assert_int_equal(map_pages(hog, 0, 300, RW, 0), 0);
		/* With many slots, until memory is full; with few, until swap is, too. */
		while ((slots == 4 || count(&world).free > 4) && put(hog, page, 1) == 0)
			page++;
		assert_int_equal(move_pages(child, 0, 24, 500), slots == 64 ? 0 : -VAS_ENOMEM);
		world_check(&world);
		vas_space_destroy(hog);
		if (slots != 64)
			assert_int_equal(move_pages(child, 0, 24, 500), 0);
		world_check(&world);
		for (uint64_t i = 0; i < 24; i++) {
			must_get(child, 500 + i, i + 1);
			must_get(world.space, i, i + 1);
		}
		vas_space_destroy(child);
		world_finish(&world);
	}
}

static void a_machine_needs_frames_and_known_designs(void **state)
{
	struct vas_machine *machine;

	(void)state;
	assert_int_equal(vas_machine_create(&(struct vas_machine_config){ 0 }, &machine),
			 -VAS_EINVAL);
	assert_null(machine);
	assert_int_equal(
		vas_machine_create(&(struct vas_machine_config){ .frames = 8, .anon_rmap = "none" },
				   &machine),
		-VAS_EINVAL);
	assert_null(machine);
	vas_machine_destroy(NULL);
}

static void a_background_thread_keeps_frames_free(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, &(struct world_config){ .frames = 96, .slots = 64, .threads = true },
		    NULL, NULL);
	assert_int_equal(map_pages(world.space, 0, 80, RW, 0), 0);
	for (uint64_t page = 0; page < 80; page++)
		must_put(world.space, page, page + 1);
	assert_int_equal(vas_machine_background(world.machine, 30, 40), 0);
	for (unsigned i = 0; i < 10000 && count(&world).free < 30; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	assert_true(count(&world).free >= 30);
	for (uint64_t page = 0; page < 80; page++)
		must_get(world.space, page, page + 1);
	world_finish(&world);
}

#define machine_test(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_test(untouched_memory_reads_as_the_one_page_of_zeroes),
		machine_test(a_write_gets_a_page_of_its_own),
		machine_test(bytes_cross_pages),
		machine_test(what_is_unmapped_is_gone),
		machine_test(a_moved_page_keeps_its_contents),
		machine_test(a_whole_table_moves_at_once),
		machine_test(a_forks_child_shares_pages_until_someone_writes),
		machine_test(the_last_who_has_a_page_keeps_it_without_a_copy),
		machine_test(a_child_outlives_its_parent),
		machine_test(shared_memory_is_shared_after_a_fork),
		machine_test(wiped_and_withheld_areas_do_not_pass_on),
		machine_test(accesses_that_are_not_allowed_tell_why),
		machine_test(protection_that_went_and_came_back_loses_nothing),
		cmocka_unit_test(errors_stand_for_signals),
		machine_test(a_stack_grows_when_it_is_touched_below),
		machine_test(guard_pages_refuse_every_access),
		machine_test(a_shared_mapping_and_the_file_are_one),
		machine_test(a_private_mapping_sees_the_file_until_it_writes),
		machine_test(written_pages_reach_the_disk_at_sync),
		machine_test(past_the_end_of_a_file_nothing_is_there),
		machine_test(a_file_that_others_shrink_ends_where_it_ends),
		machine_test(a_hole_reads_as_zeroes_but_private_copies_stay),
		machine_test(two_files_of_an_object_see_the_same),
		machine_test(a_page_goes_out_and_comes_back),
		machine_test(parent_and_child_share_a_slot_and_then_the_page),
		machine_test(a_page_that_both_have_goes_out_by_reclaim),
		machine_test(shared_memory_goes_to_swap),
		machine_test(more_memory_than_there_is_can_be_used),
		machine_test(without_memory_and_swap_there_is_an_error_and_then_it_goes_on),
		machine_test(locked_pages_stay),
		machine_test(memory_that_is_not_needed_is_zero_again),
		machine_test(freed_memory_stays_until_it_is_reclaimed),
		machine_test(populated_memory_is_there_at_once),
		machine_test(a_page_moves_to_another_frame_under_its_users),
		machine_test(equal_pages_become_one_and_fall_apart_again),
		machine_test(all_who_map_a_page_are_found),
		cmocka_unit_test(pages_that_are_shared_move_as_copies_if_the_design_wants_it),
		cmocka_unit_test(copies_for_a_move_are_had_by_reclaim_or_nothing_moves),
		cmocka_unit_test(a_machine_needs_frames_and_known_designs),
		cmocka_unit_test(a_background_thread_keeps_frames_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
