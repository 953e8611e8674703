/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The workloads of `vas bench file-rmap`: what the programs on which reverse maps were judged since
 * 2003 do to the map of the one object that they share, at the sizes that were published.
 */

#include <stdlib.h>

#include "bench_file_rmap.h"
#include "bench_index.h"

static uint64_t below(struct bench_script *script, uint64_t count)
{
	return (bench_random(&script->random) >> 11) % count;
}

static void add(struct bench_script *script, struct bench_changes *changes,
		const struct bench_change *change)
{
	if (changes->count == changes->room) {
		size_t room = changes->room == 0 ? 4096 : 2 * changes->room;
		struct bench_change *at = realloc(changes->at, room * sizeof(*at));

		if (at == NULL) {
			script->failed = true;
			return;
		}
		changes->at = at;
		changes->room = room;
	}
	changes->at[changes->count++] = *change;
}

/* A new link; `call` as in struct bench_change. Returns its number. */
static uint32_t map(struct bench_script *script, struct bench_changes *changes, uint32_t process,
		    uint64_t first, uint64_t pages, size_t call)
{
	add(script, changes,
	    &(struct bench_change){
		    .kind = BENCH_INSERT,
		    .link = script->links,
		    .process = process,
		    .first = first,
		    .last = first + pages - 1,
		    .call = (uint32_t)call,
	    });
	if (process >= script->processes)
		script->processes = process + 1;
	return script->links++;
}

static void resize(struct bench_script *script, struct bench_changes *changes, uint32_t link,
		   uint32_t process, uint64_t first, uint64_t last, size_t call)
{
	add(script, changes,
	    &(struct bench_change){
		    .kind = BENCH_RESIZE,
		    .link = link,
		    .process = process,
		    .first = first,
		    .last = last,
		    .call = (uint32_t)call,
	    });
}

static void unmap(struct bench_script *script, struct bench_changes *changes, uint32_t link,
		  uint32_t process, size_t call)
{
	add(script, changes,
	    &(struct bench_change){
		    .kind = BENCH_REMOVE,
		    .link = link,
		    .process = process,
		    .call = (uint32_t)call,
	    });
}

/* All that the links of `from` to `to` map by now is mapped by so many children too, in one call
 * each. */
static void fork_all(struct bench_script *script, size_t from, size_t to, uint32_t children)
{
	for (uint32_t child = 1; child <= children; child++)
		for (size_t i = from; i < to; i++) {
			struct bench_change change = script->build.at[i];

			(void)map(script, &script->build, child, change.first,
				  change.last - change.first + 1, i == from ? to - from : 0);
			if (script->failed)
				return;
		}
}

/* Asks for pages `first` to `last`, upwards, or in random order, `count` times. */
static void ask(struct bench_script *script, uint64_t first, uint64_t last, bool random,
		size_t count)
{
	uint64_t *pages = realloc(script->pages, (script->page_count + count) * sizeof(*pages));

	if (pages == NULL) {
		script->failed = true;
		return;
	}
	script->pages = pages;
	for (size_t i = 0; i < count; i++)
		pages[script->page_count++] = random ? first + below(script, last - first + 1)
						     : first + i % (last - first + 1);
}

/* N windows of so many pages, a page between any two; mapped one by one, then forked. */
static void windows(struct bench_script *script, uint64_t count, uint64_t pages, uint32_t children)
{
	for (uint64_t i = 0; i < count; i++)
		(void)map(script, &script->build, 0, i * (pages + 1), pages, 1);
	fork_all(script, 0, script->build.count, children);
}

static void write_w1(struct bench_script *script)
{
	windows(script, 100, 600, 100);
	ask(script, 0, 100 * 601 - 2, false, 100 * 601 - 1);
}

static void write_w2(struct bench_script *script)
{
	windows(script, 100, 600, 100);
	ask(script, 0, 100 * 601 - 2, true, 60000);
}

static void write_w3(struct bench_script *script)
{
	windows(script, 10000, 7, 1);
	ask(script, 0, 10000 * 8 - 2, false, 10000 * 8 - 1);
}

static void write_w3b(struct bench_script *script)
{
	windows(script, 100, 600, 100);
	/* One child keeps to the first half; what is cold there is asked for seldom. */
	for (unsigned int i = 0; i < 10; i++) {
		ask(script, 50 * 601, 100 * 601 - 2, true, 5000);
		ask(script, 0, 50 * 601 - 2, true, 500);
	}
}

static void write_w4(struct bench_script *script)
{
	const uint64_t pages = 19000;

	for (uint64_t i = 0; i < pages; i++)
		(void)map(script, &script->build, 0, pages - 1 - i, 1, 1);
	ask(script, 0, pages - 1, true, 100000);
}

/* A window of `pages` pages is mapped at once, then page by page again, the other way round: what is
 * left of the window gets shorter each time. */
static void reverse(struct bench_script *script, uint64_t pages)
{
	uint32_t window = map(script, &script->build, 0, 0, pages, 1);

	for (uint64_t i = 0; i < pages; i++) {
		if (i + 1 < pages)
			resize(script, &script->build, window, 0, i + 1, pages - 1, 2);
		else
			unmap(script, &script->build, window, 0, 2);
		(void)map(script, &script->build, 0, pages - i, 1, 0);
	}
}

static void reverse_and_fork(struct bench_script *script, uint64_t pages)
{
	struct bench_changes *build = &script->build;
	const uint32_t processes = 32;

	reverse(script, pages);
	for (uint32_t child = 1; child < processes; child++)
		for (uint64_t i = 0; i < pages; i++)
			(void)map(script, build, child, pages - i, 1, i == 0 ? (size_t)pages : 0);
	ask(script, 1, pages, true, 100000);
}

static void write_w5(struct bench_script *script)
{
	reverse_and_fork(script, 1800);
}

static void write_w6(struct bench_script *script)
{
	reverse_and_fork(script, 18000);
}

/* Windows of 32 KiB anywhere in a file of 4 GiB, and they are re-pointed all the time. */
static void write_w7(struct bench_script *script)
{
	const uint64_t slots = UINT64_C(1) << 17;
	const uint32_t processes = 8, each = 16384;

	for (uint32_t process = 0; process < processes; process++)
		for (uint32_t i = 0; i < each; i++)
			(void)map(script, &script->build, process, below(script, slots) * 8, 8, 1);
	for (uint32_t i = 0; i < 200000; i++) {
		uint32_t link = (uint32_t)below(script, processes * each);
		uint64_t first = below(script, slots) * 8;

		resize(script, &script->churn, link, link / each, first, first + 7, 1);
	}
	ask(script, 0, slots * 8 - 1, true, 100000);
}

static void write_w8(struct bench_script *script)
{
	const uint64_t pages = UINT64_C(2) << 18;

	for (uint32_t process = 0; process < 5000; process++)
		(void)map(script, &script->build, process, 0, pages, 1);
	ask(script, 0, pages - 1, true, 20000);
}

static void write_w14(struct bench_script *script)
{
	const uint64_t pages = UINT64_C(1) << 20;

	reverse(script, pages);
	ask(script, 1, pages, false, (size_t)pages);
}

/*
 * An exec maps a library whole, and then four parts of it anew: the first mapping is cut down and
 * four more come, a call each. The process that ends is any.
 */
static void run_program(struct bench_script *script, struct bench_changes *changes,
			uint32_t process, uint32_t links[5])
{
	static const uint64_t parts[6] = { 0, 38, 379, 466, 470, 472 };

	links[0] = map(script, changes, process, 0, parts[5], 1);
	for (unsigned int i = 1; i < 5; i++) {
		if (i == 1)
			resize(script, changes, links[0], process, 0, parts[1] - 1, 2);
		links[i] = map(script, changes, process, parts[i], parts[i + 1] - parts[i],
			       i == 1 ? 0 : 1);
	}
}

static void write_w19(struct bench_script *script)
{
	enum { ALIVE = 1200, EXECS = 40000 };
	static uint32_t links[ALIVE][5];

	for (uint32_t process = 0; process < ALIVE; process++)
		run_program(script, &script->build, process, links[process]);
	for (uint32_t i = 0; i < EXECS; i++) {
		uint32_t process = (uint32_t)below(script, ALIVE);

		for (unsigned int k = 0; k < 5; k++)
			unmap(script, &script->churn, links[process][k], process, k == 0 ? 5 : 0);
		run_program(script, &script->churn, process, links[process]);
	}
	ask(script, 0, 471, true, 10000);
}

/* One process that maps the pages of its guest's processes. */
static void write_w23(struct bench_script *script)
{
	const uint64_t pages = 32768;

	for (uint32_t i = 0; i < 4134; i++) {
		uint64_t length = 1 + (below(script, 4) == 0 ? below(script, 16) : 0);

		(void)map(script, &script->build, 0, below(script, pages - length), length, 1);
	}
	ask(script, 0, pages - 1, true, 100000);
}

static void write_staircase(struct bench_script *script)
{
	const uint64_t steps = 10000;

	for (uint64_t i = 0; i < steps; i++)
		(void)map(script, &script->build, (uint32_t)i, i, steps, 1);
	ask(script, 0, 2 * steps - 2, true, 20000);
}

const struct bench_rmap_work bench_rmap_works[] = {
	{ "W1", "rmap-test 1: 100 windows of 600 pages in 101 processes; pages upwards", write_w1 },
	{ "W2", "rmap-test 2: the same, pages at random", write_w2 },
	{ "W3", "rmap-test 3: 10,000 windows of 7 pages in 2 processes; upwards", write_w3 },
	{ "W3b", "rmap-test 1 -h: as W1, but few ask for the first half", write_w3b },
	{ "W4", "test-mmap: 19,000 pages, one by one, backwards, in 1 process", write_w4 },
	{ "W5", "test-mmap2: 1,800 pages, one by one, backwards, in 32 processes", write_w5 },
	{ "W6", "test-mmap3: 18,000 pages, one by one, backwards, in 32 processes", write_w6 },
	{ "W7", "Oracle's buffer cache: 16,384 windows of 32 KiB in 8 processes; re-pointed",
	  write_w7 },
	{ "W8", "Oracle Apps: one segment of 2 GiB in 5,000 processes", write_w8 },
	{ "W14", "1,048,576 pages, one by one, backwards, in 1 process", write_w14 },
	{ "W19", "exec storm: a C library in 1,200 processes; 40,000 more come and go", write_w19 },
	{ "W23", "user-mode Linux: 4,134 short mappings of one file in 1 process", write_w23 },
	{ "staircase", "10,000 areas of 10,000 pages, each a page further", write_staircase },
	{ NULL, NULL, NULL },
};

/* The processes end in random order. */
static void write_finish(struct bench_script *script)
{
	uint32_t *owner = malloc(script->links * sizeof(*owner));
	uint32_t *links = malloc(script->links * sizeof(*links));
	uint32_t *order = malloc(script->processes * sizeof(*order));
	size_t *from = calloc(script->processes + (size_t)2, sizeof(*from));
	const struct bench_changes *both[] = { &script->build, &script->churn };

	if (owner == NULL || links == NULL || order == NULL || from == NULL) {
		script->failed = true;
		goto out;
	}
	for (uint32_t i = 0; i < script->links; i++)
		owner[i] = UINT32_MAX;
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < both[k]->count; i++)
			owner[both[k]->at[i].link] = both[k]->at[i].kind == BENCH_REMOVE
							     ? UINT32_MAX
							     : both[k]->at[i].process;
	for (uint32_t i = 0; i < script->links; i++)
		if (owner[i] != UINT32_MAX)
			from[owner[i] + 2]++;
	for (uint32_t i = 0; i < script->processes; i++)
		from[i + 2] += from[i + 1];
	for (uint32_t i = 0; i < script->links; i++)
		if (owner[i] != UINT32_MAX)
			links[from[owner[i] + 1]++] = i;
	for (uint32_t i = 0; i < script->processes; i++) {
		uint32_t other = (uint32_t)below(script, i + (uint64_t)1);

		order[i] = order[other];
		order[other] = i;
	}
	for (uint32_t i = 0; i < script->processes; i++) {
		size_t begin = from[order[i]], end = from[order[i] + 1];

		for (size_t k = begin; k < end; k++)
			unmap(script, &script->finish, links[k], order[i],
			      k == begin ? end - begin : 0);
	}
out:
	free(owner);
	free(links);
	free(order);
	free(from);
}

bool bench_script_write(struct bench_script *script, const struct bench_rmap_work *work,
			uint64_t seed)
{
	*script = (struct bench_script){ .random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1 };
	work->write(script);
	if (!script->failed)
		write_finish(script);
	if (script->failed)
		bench_script_free(script);
	return !script->failed;
}

void bench_script_free(struct bench_script *script)
{
	free(script->build.at);
	free(script->churn.at);
	free(script->finish.at);
	free(script->pages);
}
