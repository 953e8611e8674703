/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include <vas/frame.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_allocator.h"

#define FRAMES 100

static void a_record_fills_one_cache_line(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct vas_page), 64);
}

static void every_frame_is_handed_out_once(void **state)
{
	struct vas_page *pages[FRAMES];
	struct vas_frame_counts counts;
	struct vas_frames *frames;

	(void)state;
	assert_int_equal(vas_frames_create(&vas_libc_allocator, FRAMES, &frames), 0);
	for (unsigned i = 0; i < FRAMES; i++) {
		pages[i] = vas_frame_alloc(frames, VAS_PAGE_ANONYMOUS);
		assert_non_null(pages[i]);
		assert_int_equal(pages[i]->references, 1);
		assert_int_equal((uintptr_t)vas_frame_bytes(frames, pages[i]) % VAS_PAGE_SIZE, 0);
		memset(vas_frame_bytes(frames, pages[i]), (int)i, VAS_PAGE_SIZE);
		for (unsigned j = 0; j < i; j++)
			assert_ptr_not_equal(pages[i], pages[j]);
	}
	assert_null(vas_frame_alloc(frames, VAS_PAGE_ANONYMOUS));
	for (unsigned i = 0; i < FRAMES; i++) {
		const unsigned char *bytes = vas_frame_bytes(frames, pages[i]);

		assert_ptr_equal(vas_frame_page(frames, vas_frame_number(frames, pages[i])),
				 pages[i]);
		assert_int_equal(bytes[0], i);
		assert_int_equal(bytes[VAS_PAGE_SIZE - 1], i);
		vas_frame_free(frames, pages[i]);
	}
	vas_frames_count(frames, &counts);
	assert_int_equal(counts.total, FRAMES);
	assert_int_equal(counts.free, FRAMES);
	vas_frames_destroy(frames);
}

static void creation_fails_cleanly_at_every_allocation(void **state)
{
	struct failing_allocator memory;
	struct vas_frames *frames;

	(void)state;
	failing_allocator_init(&memory);
	for (uint64_t n = 1;; n++) {
		int err;

		failing_allocator_fail_at(&memory, n);
		err = vas_frames_create(&memory.allocator, FRAMES, &frames);
		failing_allocator_fail_at(&memory, 0);
		if (err == 0)
			break;
		assert_int_equal(err, -VAS_ENOMEM);
		assert_null(frames);
		assert_int_equal(memory.live_blocks, 0);
	}
	vas_frames_destroy(frames);
	assert_int_equal(failing_allocator_finish(&memory), 0);
}

static void impossible_sizes_are_refused(void **state)
{
	struct vas_frames *frames;

	(void)state;
	assert_int_equal(vas_frames_create(&vas_libc_allocator, 0, &frames), -VAS_EINVAL);
	assert_int_equal(vas_frames_create(&vas_libc_allocator, UINT32_MAX, &frames), -VAS_EINVAL);
	assert_int_equal(vas_frames_create(NULL, 1, &frames), -VAS_EINVAL);
}

/* Two threads take and give back all the time; each writes its mark into what it holds. */
struct worker {
	struct vas_frames *frames;
	unsigned char mark;
	bool intact;
};

static void *take_and_give(void *data)
{
	struct worker *worker = data;
	struct vas_page *held[8] = { NULL };

	worker->intact = true;
	for (unsigned i = 0; i < 200000; i++) {
		unsigned at = i * 7 % 8;

		if (held[at] != NULL) {
			unsigned char *bytes = vas_frame_bytes(worker->frames, held[at]);

			worker->intact &= bytes[17] == worker->mark;
			vas_frame_free(worker->frames, held[at]);
			held[at] = NULL;
		} else {
			held[at] = vas_frame_alloc(worker->frames, VAS_PAGE_ANONYMOUS);
			if (held[at] != NULL)
				((unsigned char *)vas_frame_bytes(worker->frames, held[at]))[17] =
					worker->mark;
		}
	}
	for (unsigned i = 0; i < 8; i++) {
		if (held[i] != NULL)
			vas_frame_free(worker->frames, held[i]);
	}
	return NULL;
}

static void two_threads_never_get_one_frame(void **state)
{
	struct vas_frame_counts counts;
	struct vas_frames *frames;
	struct worker workers[2];
	pthread_t threads[2];

	(void)state;
	assert_int_equal(vas_frames_create(&vas_libc_allocator, 12, &frames), 0);
	for (unsigned i = 0; i < 2; i++) {
		workers[i] = (struct worker){ .frames = frames, .mark = (unsigned char)(i + 1) };
		assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, &workers[i]), 0);
	}
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_true(workers[0].intact && workers[1].intact);
	vas_frames_count(frames, &counts);
	assert_int_equal(counts.free, 12);
	vas_frames_destroy(frames);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_fills_one_cache_line),
		cmocka_unit_test(every_frame_is_handed_out_once),
		cmocka_unit_test(creation_fails_cleanly_at_every_allocation),
		cmocka_unit_test(impossible_sizes_are_refused),
		cmocka_unit_test(two_threads_never_get_one_frame),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
