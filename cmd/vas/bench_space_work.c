/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The workloads of `vas bench space`: the same calls, whoever does them. */

#include <sys/syscall.h>
#include <unistd.h>

#include <vas/space.h>

#include "bench_index.h"
#include "bench_space.h"

#define PAGE	     VAS_PAGE_SIZE
#define WORK_PAGES   16
#define HERE	     (VAS_PRIVATE | VAS_ANONYMOUS | VAS_FIXED)
#define READ_WRITE   (VAS_READ | VAS_WRITE)
#define FIRST_ROUNDS 16

/* Does the work so many times. False: a call failed. */
typedef bool work_fn(struct bench_target *target, size_t rounds, uint64_t *random);

bool bench_target_fill(struct bench_target *target, size_t areas)
{
	const struct bench_target_ops *ops = target->ops;

	target->areas = areas;
	target->all_areas += areas;
	if (ops->map(target, target->base, areas * PAGE, VAS_NONE, HERE | VAS_NORESERVE) < 0)
		return false;
	for (size_t i = 1; i < areas; i += 2)
		if (ops->protect(target, target->base + i * PAGE, PAGE, VAS_READ) != 0)
			return false;
	return true;
}

/* The start of any area but the first and the last. */
static uint64_t some_area(const struct bench_target *target, uint64_t *random)
{
	size_t count = target->areas > 2 ? target->areas - 2 : 1;

	return target->base + (1 + (bench_random(random) >> 20) % count) * PAGE;
}

static bool do_nothing(struct bench_target *target, size_t rounds, uint64_t *random)
{
	(void)target;
	(void)random;
	for (size_t i = 0; i < rounds; i++)
		if (syscall(SYS_getppid) < 0)
			return false;
	return true;
}

static bool find(struct bench_target *target, size_t rounds, uint64_t *random)
{
	for (size_t i = 0; i < rounds; i++)
		if (!target->ops->find(target, some_area(target, random) + 100))
			return false;
	return true;
}

/* mmap where the kernel likes, then munmap; only execution, so that nothing merges with it. */
static bool map(struct bench_target *target, size_t rounds, uint64_t *random)
{
	(void)random;
	for (size_t i = 0; i < rounds; i++) {
		int64_t at = target->ops->map(target, 0, WORK_PAGES * PAGE, VAS_EXEC,
					      VAS_PRIVATE | VAS_ANONYMOUS);

		if (at < 0 || target->ops->unmap(target, (uint64_t)at, WORK_PAGES * PAGE) != 0)
			return false;
	}
	return true;
}

/* Three areas become one, and three again. */
static bool protect(struct bench_target *target, size_t rounds, uint64_t *random)
{
	for (size_t i = 0; i < rounds; i++) {
		uint64_t at = some_area(target, random);
		bool odd = (at - target->base) / PAGE % 2 != 0;

		if (target->ops->protect(target, at, PAGE, odd ? VAS_NONE : VAS_READ) != 0 ||
		    target->ops->protect(target, at, PAGE, odd ? VAS_READ : VAS_NONE) != 0)
			return false;
	}
	return true;
}

static bool work_area(struct bench_target *target)
{
	return target->ops->map(target, target->place, WORK_PAGES * PAGE, READ_WRITE, HERE) >= 0;
}

static bool grow(struct bench_target *target, size_t rounds, uint64_t *random)
{
	const uint64_t small = WORK_PAGES * PAGE, large = 2 * small;

	(void)random;
	if (!work_area(target))
		return false;
	for (size_t i = 0; i < rounds; i++)
		if (target->ops->remap(target, target->place, small, large, 0, 0) < 0 ||
		    target->ops->remap(target, target->place, large, small, 0, 0) < 0)
			return false;
	return target->ops->unmap(target, target->place, small) == 0;
}

/* To and fro between two places. */
static bool move(struct bench_target *target, size_t rounds, uint64_t *random)
{
	const uint32_t flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED;
	const uint64_t length = WORK_PAGES * PAGE;
	const uint64_t one = target->place, other = target->place + 8 * length;

	(void)random;
	if (!work_area(target))
		return false;
	for (size_t i = 0; i < rounds; i++)
		if (target->ops->remap(target, one, length, length, flags, other) < 0 ||
		    target->ops->remap(target, other, length, length, flags, one) < 0)
			return false;
	return target->ops->unmap(target, one, length) == 0;
}

static bool move_break(struct bench_target *target, size_t rounds, uint64_t *random)
{
	const uint64_t low = target->heap, high = low + WORK_PAGES * PAGE;

	(void)random;
	for (size_t i = 0; i < rounds; i++)
		if (target->ops->brk(target, high) != high || target->ops->brk(target, low) != low)
			return false;
	return true;
}

static bool fork_and_end(struct bench_target *target, size_t rounds, uint64_t *random)
{
	(void)random;
	for (size_t i = 0; i < rounds; i++)
		if (target->ops->fork(target) != 0)
			return false;
	return true;
}

static work_fn *const works[BENCH_WORKS] = {
	[BENCH_SYSTEM_CALL] = do_nothing, [BENCH_FIND] = find,	       [BENCH_MAP] = map,
	[BENCH_PROTECT] = protect,	  [BENCH_GROW] = grow,	       [BENCH_MOVE] = move,
	[BENCH_BRK] = move_break,	  [BENCH_FORK] = fork_and_end,
};

double bench_space_run(struct bench_target *target, enum bench_work work, unsigned milliseconds)
{
	uint64_t wanted = milliseconds * UINT64_C(1000000), random = 1, took = 0;
	size_t rounds = FIRST_ROUNDS / 2;

	/* Until it takes long enough to be measured; the rounds before warm it up. */
	do {
		uint64_t start;

		rounds *= 2;
		start = bench_now();
		if (!works[work](target, rounds, &random))
			return -1;
		took = bench_now() - start;
	} while (took < wanted && rounds < (size_t)1 << 24);
	return (double)took / (double)rounds /
	       (work == BENCH_FORK ? (double)target->all_areas : 1.0);
}
