/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Locks: that they exclude, and that a wrong order is found. */

#include "base/lock.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define THREADS 3
#define ROUNDS	(VAS_CHECKS >= 1 ? 20000 : 100000)

static void in_threads(void *(*body)(void *), void *data)
{
	pthread_t threads[THREADS];

	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, body, data), 0);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

struct counted {
	struct vas_mutex mutex;
	unsigned count; /* changed with the lock, not atomically */
};

static void *count_up(void *data)
{
	struct counted *counted = data;

	for (unsigned i = 0; i < ROUNDS; i++) {
		if (i % 3 != 0)
			vas_mutex_lock(&counted->mutex, VAS_RANK_LEAF);
		else
			while (!vas_mutex_trylock(&counted->mutex, VAS_RANK_LEAF))
				continue;
		counted->count++;
		vas_mutex_unlock(&counted->mutex, VAS_RANK_LEAF);
	}
	return NULL;
}

static void a_mutex_lets_one_thread_in(void **state)
{
	struct counted counted = { 0 };

	(void)state;
	in_threads(count_up, &counted);
	assert_int_equal(counted.count, THREADS * ROUNDS);
	assert_true(vas_mutex_trylock(&counted.mutex, VAS_RANK_LEAF));
	assert_false(vas_mutex_trylock(&counted.mutex, VAS_RANK_LEAF));
	vas_mutex_unlock(&counted.mutex, VAS_RANK_LEAF);
}

/* Both words are equal for whoever has the lock. */
struct pair {
	struct vas_shared_lock lock;
	unsigned first, second;
	unsigned wrong;
};

static void *read_and_write(void *data)
{
	struct pair *pair = data;

	for (unsigned i = 0; i < ROUNDS; i++) {
		if (i % 16 == 0) {
			vas_shared_lock_write(&pair->lock);
			pair->first++;
			pair->second++;
			vas_shared_unlock_write(&pair->lock);
		} else {
			unsigned slot = vas_shared_lock_read(&pair->lock);

			if (pair->first != pair->second)
				__atomic_add_fetch(&pair->wrong, 1, __ATOMIC_RELAXED);
			vas_shared_unlock_read(&pair->lock, slot);
		}
	}
	return NULL;
}

static void a_writer_is_alone(void **state)
{
	struct pair pair = { 0 };

	(void)state;
	in_threads(read_and_write, &pair);
	assert_int_equal(pair.wrong, 0);
	assert_int_equal(pair.first, THREADS * ((ROUNDS + 15) / 16));
}

static void *meet(void *data)
{
	struct pair *pair = data;
	unsigned slot = vas_shared_lock_read(&pair->lock), rounds = 0;

	/* Nobody leaves until all are in. */
	__atomic_add_fetch(&pair->first, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&pair->first, __ATOMIC_SEQ_CST) < THREADS)
		vas_pause(&rounds);
	vas_shared_unlock_read(&pair->lock, slot);
	return NULL;
}

static void readers_are_in_together(void **state)
{
	struct pair pair = { 0 };

	(void)state;
	in_threads(meet, &pair);
	assert_int_equal(pair.first, THREADS);
	assert_true(vas_thread_slot() < VAS_SHARED_SLOTS);
}

/* Does this stop the program? */
static bool stops(void (*body)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		(void)!freopen("/dev/null", "w", stderr);
		signal(SIGABRT, SIG_DFL);
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void take_in_order(void)
{
	for (enum vas_rank rank = VAS_RANK_SPACE; rank < VAS_RANKS; rank++)
		vas_rank_take(rank, false);
	for (enum vas_rank rank = VAS_RANK_SPACE; rank < VAS_RANKS; rank++)
		vas_rank_drop(rank);
	vas_rank_take(VAS_RANK_SPACE, false);
}

static void take_out_of_order(void)
{
	vas_rank_take(VAS_RANK_OBJECT, false);
	vas_rank_take(VAS_RANK_PAGE, false);
}

static void try_out_of_order(void)
{
	vas_rank_take(VAS_RANK_OBJECT, false);
	vas_rank_take(VAS_RANK_PAGE, true);
}

static void take_two_objects(void)
{
	vas_rank_take(VAS_RANK_OBJECT, false);
	vas_rank_take(VAS_RANK_OBJECT, false);
}

static void take_two_tables(void)
{
	vas_rank_take(VAS_RANK_TABLE, false);
	vas_rank_take(VAS_RANK_TABLE, false);
}

static void drop_what_is_not_held(void)
{
	vas_rank_take(VAS_RANK_OBJECT, false);
	vas_rank_drop(VAS_RANK_PAGE);
}

static void a_wrong_order_stops_the_program(void **state)
{
	(void)state;
	assert_false(stops(take_in_order));
	assert_true(stops(take_out_of_order));
	assert_false(stops(try_out_of_order));
	assert_true(stops(take_two_objects));
	assert_false(stops(take_two_tables));
	assert_true(stops(drop_what_is_not_held));
}

static void *hold_nothing(void *data)
{
	*(bool *)data = !vas_rank_held(VAS_RANK_OBJECT);
	return NULL;
}

static void each_thread_has_its_own_ranks(void **state)
{
	pthread_t thread;
	bool nothing = false;

	(void)state;
	assert_false(vas_rank_held(VAS_RANK_OBJECT));
	vas_rank_take(VAS_RANK_OBJECT, false);
	assert_true(vas_rank_held(VAS_RANK_OBJECT));
	assert_int_equal(pthread_create(&thread, NULL, hold_nothing, &nothing), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(nothing);
	vas_rank_drop(VAS_RANK_OBJECT);
	assert_false(vas_rank_held(VAS_RANK_OBJECT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mutex_lets_one_thread_in),
		cmocka_unit_test(a_writer_is_alone),
		cmocka_unit_test(readers_are_in_together),
		cmocka_unit_test(a_wrong_order_stops_the_program),
		cmocka_unit_test(each_thread_has_its_own_ranks),
	};

	return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
