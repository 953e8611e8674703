/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * One run of a workload of `vas bench file-rmap` on one design, in a child process: what a design
 * that had to be stopped leaves behind goes with it.
 *
 * Links lie in objects of 192 bytes, in random order in memory, as areas do in a heap that has been
 * in use for a while. The heap is touched beforehand, so that nobody's first page faults are
 * measured. A link that is to be changed is fetched a few changes ahead: who maps has just filled
 * the area in, and who unmaps has just gone through it, so that it is in the cache by then. What a
 * design reads of other links is not.
 */

#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench_file_rmap.h"
#include "bench_index.h"

#define OBJECT	       192
#define CHANGES_A_LOOK 256 /* at the clock */
#define CHECKED	       32  /* queries, by the checksum */
#define AHEAD	       8   /* changes */
#define BLOCKS_KEPT    8   /* of each class of the pool, between calls */
#define WARM	       ((size_t)64 << 20)

struct counter {
	uint64_t bytes;
};

static void *allocate(void *context, size_t size, size_t align)
{
	((struct counter *)context)->bytes += size;
	return vas_libc_allocator.allocate(NULL, size, align);
}

static void release(void *context, void *memory, size_t size)
{
	((struct counter *)context)->bytes -= size;
	vas_libc_allocator.release(NULL, memory, size);
}

struct rmap_run {
	const struct bench_script *script;
	const struct vas_file_rmap_design *design;
	uint64_t limit_ns, limit_bytes;
	struct counter counter;
	struct vas_allocator allocator;
	struct vas_pool pool;
	struct vas_file_map *map;
	char *arena;
	uint32_t *place; /* of each link in it */
	struct bench_rmap_result *result;
};

struct asker {
	struct vas_file_walk walk;
	uint64_t sum;
};

static struct vas_file_link *link_of(const struct rmap_run *run, uint32_t link)
{
	return (struct vas_file_link *)(void *)(run->arena + (size_t)run->place[link] * OBJECT);
}

/* Any address will do; nobody looks there. */
static struct vas_space *space_of(uint32_t process)
{
	return (struct vas_space *)(((uintptr_t)process + 1) * 4096);
}

/* The address of the page, as unmapping it needs it. */
static bool visit(void *context, struct vas_file_link *link)
{
	struct asker *asker = context;
	const struct vas_space *space = asker->walk.space;
	uint64_t address = asker->walk.address;

	if (space == NULL) {
		space = link->space;
		address = link->start + ((asker->walk.first - link->first) << VAS_PAGE_SHIFT);
	}
	asker->sum += address * ((uintptr_t)space + 1);
	return true;
}

static bool visit_places(void *context, const struct vas_file_place *places, size_t count,
			 uint64_t offset)
{
	uint64_t sum = 0;

	for (const struct vas_file_place *at = places; at < places + count; at++)
		sum += (at->start + offset) * ((uintptr_t)at->space + 1);
	((struct asker *)context)->sum += sum;
	return true;
}

static void change(struct rmap_run *run, const struct bench_change *change)
{
	struct vas_file_link *link = link_of(run, change->link);
	uint64_t start = (change->first ^ (uint64_t)change->link << 20) << VAS_PAGE_SHIFT;

	if (change->call > 0 && run->design->reserve != NULL) {
		vas_pool_trim(&run->pool, BLOCKS_KEPT);
		if (run->design->reserve(&run->pool, change->call) != 0)
			_exit(1);
	}
	switch (change->kind) {
	case BENCH_INSERT:
		link->space = space_of(change->process);
		link->first = change->first;
		link->last = change->last;
		link->start = start;
		vas_file_map_insert(run->map, link, &run->pool);
		break;
	case BENCH_RESIZE:
		vas_file_map_resize(run->map, link, change->first, change->last, start, &run->pool);
		break;
	case BENCH_REMOVE:
		vas_file_map_remove(run->map, link, &run->pool);
		break;
	}
}

/* ns per change. Returns false when the bound came first. */
static bool do_changes(struct rmap_run *run, const struct bench_changes *changes,
		       enum bench_rmap_figure figure, size_t *done)
{
	uint64_t begin = bench_spent(), now = begin;
	size_t i = 0;

	while (i < changes->count) {
		size_t end =
			changes->count - i < CHANGES_A_LOOK ? changes->count : i + CHANGES_A_LOOK;

		for (; i < end; i++) {
			if (i + AHEAD < changes->count)
				__builtin_prefetch(link_of(run, changes->at[i + AHEAD].link), 1);
			change(run, &changes->at[i]);
		}
		/* A design that reserves nothing makes no promises that must end with each call. */
		if (run->design->reserve == NULL)
			vas_pool_trim(&run->pool, BLOCKS_KEPT);
		now = bench_spent();
		if (i < changes->count &&
		    (now - begin > run->limit_ns || run->counter.bytes > run->limit_bytes))
			break;
	}
	if (i > 0)
		run->result->value[figure] = (double)(now - begin) / (double)i;
	*done = i;
	run->result->stopped[figure] = i < changes->count;
	return i == changes->count;
}

static void do_queries(struct rmap_run *run)
{
	const struct bench_script *script = run->script;
	struct bench_rmap_result *result = run->result;
	struct asker asker = { .sum = 0 };
	uint64_t begin = bench_spent(), now = begin, hits = 0, candidates = 0;
	size_t i = 0;

	while (i < script->page_count) {
		asker.walk = (struct vas_file_walk){
			.first = script->pages[i],
			.last = script->pages[i],
			.visit = visit,
			.visit_places = visit_places,
			.context = &asker,
		};
		(void)vas_file_map_walk(run->map, &asker.walk);
		hits += asker.walk.hits;
		candidates += asker.walk.candidates;
		if (++i == CHECKED)
			result->checksum = asker.sum;
		if (i % CHECKED == 0) {
			now = bench_spent();
			if (now - begin > run->limit_ns)
				break;
		}
	}
	now = bench_spent();
	result->asked = i;
	result->value[RMAP_QUERY] = (double)(now - begin) / (double)i;
	result->stopped[RMAP_QUERY] = i < script->page_count;
	result->value[RMAP_VISIT] = (double)(now - begin) / (double)hits;
	result->stopped[RMAP_VISIT] = i < script->page_count;
	result->value[RMAP_VISITS] = (double)hits / (double)i;
	result->value[RMAP_CANDIDATES] = (double)candidates / (double)hits;
}

/* Touches the heap: blocks that malloc does not map one by one, all of them at once. */
static bool warm_up(size_t bytes, size_t block)
{
	void **last = NULL, **next;
	bool ok = true;

	for (size_t done = 0; ok && done < bytes; done += block) {
		next = malloc(block);
		ok = next != NULL;
		if (!ok)
			break;
		memset(next, 1, block);
		*next = last;
		last = next;
	}
	for (; last != NULL; last = next) {
		next = *last;
		free(last);
	}
	return ok;
}

static bool prepare(struct rmap_run *run)
{
	const struct bench_script *script = run->script;
	uint64_t random = 1;

	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	run->arena = aligned_alloc(64, (size_t)script->links * OBJECT);
	run->place = malloc(script->links * sizeof(*run->place));
	run->map = aligned_alloc(64, (run->design->map_bytes + 63) / 64 * 64);
	if (run->arena == NULL || run->place == NULL || run->map == NULL ||
	    run->design->link_bytes > OBJECT)
		return false;
	memset(run->arena, 0, (size_t)script->links * OBJECT);
	for (uint32_t i = 0; i < script->links; i++) {
		uint32_t other = (uint32_t)((bench_random(&random) >> 11) % (i + (uint64_t)1));

		run->place[i] = run->place[other];
		run->place[other] = i;
	}
	/* Large blocks, and what lies between those. */
	if (!warm_up(WARM + script->links * (size_t)64, (size_t)1 << 20) || !warm_up(WARM, 2048))
		return false;
	run->allocator = (struct vas_allocator){ allocate, release, &run->counter };
	vas_pool_init(&run->pool, &run->allocator);
	vas_file_map_init(run->map, run->design, &run->allocator);
	return true;
}

/* Reads all links, so that no design finds them nearer for what it read before. */
static void read_links(const struct rmap_run *run)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < run->script->links; i++)
		sum += link_of(run, i)->first;
	__asm__ volatile("" : : "r"(sum));
}

static bool run_here(struct rmap_run *run)
{
	const struct bench_script *script = run->script;
	struct bench_rmap_result *result = run->result;
	size_t done;

	for (size_t i = 0; i < RMAP_FIGURES; i++)
		result->value[i] = -1;
	if (!prepare(run))
		return false;
	if (!do_changes(run, &script->build, RMAP_INSERT, &result->built))
		return true;
	result->value[RMAP_BYTES] = (double)run->design->bytes(run->map) / (double)run->map->count;
	do_queries(run);
	read_links(run);
	if (script->churn.count > 0 && !do_changes(run, &script->churn, RMAP_CHURN, &done))
		return true;
	read_links(run);
	(void)do_changes(run, &script->finish, RMAP_REMOVE, &done);
	return true;
}

bool bench_rmap_run(const struct bench_script *script, const struct vas_file_rmap_design *design,
		    unsigned milliseconds, uint64_t bytes, struct bench_rmap_result *result)
{
	int ends[2], status = 1;
	ssize_t got;
	pid_t pid;

	if (pipe(ends) != 0)
		return false;
	pid = fork();
	if (pid == 0) {
		struct rmap_run run = {
			.script = script,
			.design = design,
			.limit_ns = (uint64_t)milliseconds * 1000000,
			.limit_bytes = bytes,
			.result = result,
		};

		memset(result, 0, sizeof(*result));
		_exit(run_here(&run) && write(ends[1], result, sizeof(*result)) ==
						(ssize_t)sizeof(*result)
			      ? 0
			      : 1);
	}
	close(ends[1]);
	got = pid < 0 ? -1 : read(ends[0], result, sizeof(*result));
	close(ends[0]);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 &&
	       got == (ssize_t)sizeof(*result);
}
