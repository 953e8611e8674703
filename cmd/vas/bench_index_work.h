/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_BENCH_INDEX_WORK_H
#define VAS_CMD_BENCH_INDEX_WORK_H

/*
 * The workloads of `vas bench index`, as functions that are compiled around the operations of one
 * structure: once in bench_index_library.c around libvas's public calls, and once in each plug-in
 * of bench/peers around what the plug-in's structure offers, inlined as its user would have it. C11
 * and C++17.
 *
 * Every structure gets the same areas, objects at the same places in memory and the same random
 * choices, and a sum over all answers is kept, so that a structure that answers wrongly, or does
 * less work, is seen. Short phases are repeated, and what reading the clock costs is taken off.
 *
 * What a file defines before it includes this:
 *
 *	PEER_LACKS	  a bit `1u << figure` for each figure that it has no operation for
 *	PEER_WALKS_GAPS	  1: looks for a gap by walking its areas. It does the first BENCH_WALKS of
 *			  the operations, and none with more than BENCH_WALKED_AREAS areas.
 *
 *	struct peer { bool no_memory; ... };	     one structure at work; zeroed before peer_create
 *	size_t peer_link_bytes(const char *design)   bytes right before each range that are its own
 *	void peer_create(struct peer *, const char *design)  empty; `design` is NULL for plug-ins
 *	void peer_destroy(struct peer *)	     gives its memory back; the ranges are not its own
 *	size_t peer_bytes(const struct peer *)	     of the index, with the links in the areas
 *
 *	void peer_insert(struct peer *, struct vas_range *)
 *	void peer_erase(struct peer *, struct vas_range *)   => is in it
 *	struct vas_range *peer_find(struct peer *, uint64_t address)	  the area there, or NULL
 *	struct vas_range *peer_find_ge(struct peer *, uint64_t address)	  the lowest with end > address
 *
 *	struct peer_walk;			     a place in a walk upwards over all areas
 *	void peer_walk_start(struct peer_walk *, struct peer *)
 *	struct vas_range *peer_walk_next(struct peer_walk *)		  NULL at the end
 *
 *	bool peer_gap(struct peer *, const struct vas_gap *, uint64_t *address)
 *		As vas_index_gap with VAS_TOP_DOWN and VAS_FIT_LINUX; bench_place (bench_index.h) does the
 *		arithmetic for one hole. The hole above the last area counts as well.
 *	bool peer_map(struct peer *, const struct vas_gap *, struct vas_range *)
 *		Finds a gap, sets the range to it, and inserts it; what the search learnt may be used.
 *		False: no gap.
 *	void peer_split(struct peer *, struct vas_range *low, struct vas_range *high, uint64_t at)
 *		Of `low`, [at, end) becomes `high`, which is not in it yet; sets all four bounds.
 *	void peer_merge(struct peer *, struct vas_range *low, struct vas_range *middle,
 *			struct vas_range *high)
 *		Three that touch become `low` again; sets its end.
 *	void peer_copy(struct peer *to, struct peer *from, struct vas_range *const *ranges, size_t n)
 *		`to` is empty, and gets all that is in `from`, which are `ranges`, ascending. Or, for
 *		a structure whose links are in the areas: is linked anew; `from` is not used again.
 *
 * An operation that gets no memory sets no_memory and does nothing; or the program ends.
 */

#include <stdlib.h>
#include <string.h>

#include "bench_index.h"
#include "bench_index_pool.h"
#include "clock.h"

#define BENCH_PAGE  VAS_PAGE_SIZE
#define BENCH_TOP   (UINT64_C(1) << 47)
#define BENCH_LEAST ((size_t)1 << 15) /* a phase is repeated until it did so many operations */

/* One structure at work. */
struct bench_subject {
	const struct bench_world *world;
	const char *design;
	size_t link_bytes;
	struct peer peer;
	/* The objects, by number of the area; two spare ones at the end. */
	struct vas_range **ranges;
	uint64_t clock_cost;
};

static inline struct bench_area *bench_area_of(const struct vas_range *range)
{
	return (struct bench_area *)(uintptr_t)range;
}

/* What a search that found `range` adds to the checksum; none is 0. */
static inline uint64_t bench_place_of(const struct bench_subject *subject,
				      const struct vas_range *range)
{
	return range == NULL
		       ? 0
		       : (uint64_t)(uintptr_t)range - (uint64_t)(uintptr_t)subject->world->arena -
				 subject->link_bytes;
}

static inline void bench_reset_areas(struct bench_subject *subject)
{
	const struct bench_world *world = subject->world;

	for (size_t i = 0; i < world->n + 2; i++) {
		char *object = world->arena + world->place[i] * BENCH_OBJECT;

		subject->ranges[i] = (struct vas_range *)(void *)(object + subject->link_bytes);
		if (i < world->n)
			*subject->ranges[i] = world->ranges[i];
		bench_area_of(subject->ranges[i])->id = i;
	}
}

static inline uint64_t bench_since(const struct bench_subject *subject, uint64_t start)
{
	uint64_t spent = thread_ns() - start;

	return spent > subject->clock_cost ? spent - subject->clock_cost : 0;
}

/* What bench_since gives for nothing at all: the mean of the batch in which nobody else had the
 * processor, as ten operations take no longer than reading the clock. */
static inline uint64_t bench_clock_cost(void)
{
	uint64_t least = UINT64_MAX;

	for (int batch = 0; batch < 16; batch++) {
		uint64_t total = 0;

		for (int i = 0; i < 64; i++) {
			uint64_t start = thread_ns();

			total += thread_ns() - start;
		}
		least = total / 64 < least ? total / 64 : least;
	}
	return least;
}

static inline void bench_set(struct bench_result *result, enum figure figure, uint64_t ns,
			     size_t operations, uint64_t checksum)
{
	result->value[figure] = (double)ns / (double)operations;
	result->checksum[figure] = checksum;
	result->done[figure] = true;
}

static inline void bench_create(struct bench_subject *subject)
{
	memset((void *)&subject->peer, 0, sizeof(subject->peer));
	peer_create(&subject->peer, subject->design);
}

/* `order`: NULL for ascending. */
static inline void bench_insert_all(struct bench_subject *subject, const uint32_t *order)
{
	size_t n = subject->world->n;

	if (order == NULL) {
		for (size_t i = 0; i < n && !subject->peer.no_memory; i++)
			peer_insert(&subject->peer, subject->ranges[i]);
	} else {
		for (size_t i = 0; i < n && !subject->peer.no_memory; i++)
			peer_insert(&subject->peer, subject->ranges[order[i]]);
	}
}

/* The areas are in hand. */
static inline void bench_erase_all(struct bench_subject *subject, const uint32_t *order)
{
	for (size_t i = 0; i < subject->world->n; i++)
		peer_erase(&subject->peer, subject->ranges[order[i]]);
}

/* Finds each by an address, as munmap has to, and takes it out. Returns the sum of what was found.
 */
static inline uint64_t bench_find_erase_all(struct bench_subject *subject, const uint32_t *order)
{
	const struct bench_world *world = subject->world;
	uint64_t sum = 0;

	for (size_t i = 0; i < world->n; i++) {
		uint64_t address = world->ranges[order[i]].end - 1;
		struct vas_range *range = peer_find(&subject->peer, address);

		peer_erase(&subject->peer, range);
		sum = sum * 3 + bench_place_of(subject, range);
	}
	return sum;
}

/* Another order each time: a processor learns a short one by heart. */
static inline const uint32_t *bench_order_of(const struct bench_world *world, size_t turn)
{
	return world->order + turn % world->orders * world->n;
}

static inline size_t bench_rounds(const struct bench_subject *subject)
{
	return 1 + BENCH_LEAST / subject->world->n;
}

/* How many areas there are, and which: counted in a walk. */
static inline uint64_t bench_survey(struct bench_subject *subject)
{
	struct peer_walk walk;
	const struct vas_range *range;
	uint64_t sum = 0;

	peer_walk_start(&walk, &subject->peer);
	while ((range = peer_walk_next(&walk)) != NULL)
		sum = sum * 3 + bench_place_of(subject, range) + 1;
	return sum;
}

/* Builds and tears down, in random order; leaves an index with all areas. */
static inline void bench_build(struct bench_subject *subject, struct bench_result *result)
{
	const struct bench_world *world = subject->world;
	size_t rounds = bench_rounds(subject), operations = rounds * world->n;
	uint64_t inserts = 0, erases = 0, finds = 0, ascending = 0, found = 0, start;

	for (size_t round = 0; round < rounds && !subject->peer.no_memory; round++) {
		start = thread_ns();
		bench_insert_all(subject, bench_order_of(world, 2 * round));
		inserts += bench_since(subject, start);
		if (subject->peer.no_memory)
			return;
		if (round == 0) {
			result->value[BYTES] =
				(double)peer_bytes(&subject->peer) / (double)world->n;
			result->checksum[INSERT] = bench_survey(subject);
		}
		start = thread_ns();
		bench_erase_all(subject, bench_order_of(world, 2 * round + 1));
		erases += bench_since(subject, start);
		result->checksum[ERASE] += bench_survey(subject);
		start = thread_ns();
		bench_insert_all(subject, NULL);
		ascending += bench_since(subject, start);
		if (subject->peer.no_memory)
			return;
		if (round == 0)
			result->checksum[INSERT_ASCENDING] = bench_survey(subject);
		start = thread_ns();
		found += bench_find_erase_all(subject, bench_order_of(world, 2 * round + 1));
		finds += bench_since(subject, start);
	}
	result->done[BYTES] = true;
	bench_set(result, INSERT, inserts, operations, result->checksum[INSERT]);
	bench_set(result, ERASE, erases, operations, result->checksum[ERASE]);
	bench_set(result, INSERT_ASCENDING, ascending, operations,
		  result->checksum[INSERT_ASCENDING]);
	bench_set(result, FIND_ERASE, finds, operations, found);
	bench_insert_all(subject, world->order);
}

static inline void bench_copy(struct bench_subject *subject, struct bench_result *result)
{
	size_t rounds = bench_rounds(subject), n = subject->world->n;
	struct peer kept = subject->peer;
	uint64_t spent = 0, start, sum = 0;

	/* The first round is not counted: its memory is new to the program. */
	for (size_t round = 0; round <= rounds; round++) {
		bench_create(subject);
		start = thread_ns();
		peer_copy(&subject->peer, &kept, subject->ranges, n);
		if (subject->peer.no_memory)
			return;
		spent += round != 0 ? bench_since(subject, start) : 0;
		if (round == 0)
			sum = bench_survey(subject);
		result->value[BYTES_COPIED] = (double)peer_bytes(&subject->peer) / (double)n;
		peer_destroy(&subject->peer);
	}
	bench_set(result, COPY, spent, rounds * n, sum);
	result->done[BYTES_COPIED] = true;
	/* Links in the areas are those of the copy now: build all again. */
	subject->peer = kept;
	peer_destroy(&subject->peer);
	bench_create(subject);
	bench_insert_all(subject, subject->world->order);
}

static inline size_t bench_finds(const struct bench_subject *subject)
{
	return subject->world->n < BENCH_ADDRESSES / 8 ? BENCH_ADDRESSES / 8 : BENCH_ADDRESSES;
}

static inline void bench_find(struct bench_subject *subject, struct bench_result *result)
{
	const struct bench_world *world = subject->world;
	struct peer *peer = &subject->peer;
	size_t finds = bench_finds(subject);
	struct vas_range *range = NULL;
	uint64_t start, sum = 0;

	start = thread_ns();
	for (size_t i = 0; i < finds; i++)
		sum += (uint64_t)(uintptr_t)peer_find(peer, world->inside[i]);
	bench_set(result, FIND, bench_since(subject, start), finds,
		  sum - finds * ((uint64_t)(uintptr_t)world->arena + subject->link_bytes));

	/* The next address is known once this answer is. */
	sum = 0;
	start = thread_ns();
	for (size_t i = 0; i < finds; i++) {
		uint64_t address = world->inside[i] + ((uint64_t)(uintptr_t)range >> 63);

		range = peer_find(peer, address);
		sum += (uint64_t)(uintptr_t)range;
	}
	bench_set(result, FIND_DEPENDENT, bench_since(subject, start), finds,
		  sum - finds * ((uint64_t)(uintptr_t)world->arena + subject->link_bytes));

	sum = 0;
	start = thread_ns();
	for (size_t i = 0; i < finds; i++)
		sum += bench_area_of(peer_find(peer, world->inside[i]))->id;
	bench_set(result, FIND_READ, bench_since(subject, start), finds, sum);

	sum = 0;
	start = thread_ns();
	for (size_t i = 0; i < finds; i++)
		sum += bench_place_of(subject, peer_find_ge(peer, world->anywhere[i]));
	bench_set(result, FIND_GE, bench_since(subject, start), finds, sum);
}

static inline void bench_iterate(struct bench_subject *subject, struct bench_result *result)
{
	size_t rounds = bench_rounds(subject), n = subject->world->n;
	struct peer_walk walk;
	struct vas_range *range;
	uint64_t start, sum = 0;

	start = thread_ns();
	for (size_t round = 0; round < rounds; round++) {
		peer_walk_start(&walk, &subject->peer);
		while ((range = peer_walk_next(&walk)) != NULL)
			sum += (uint64_t)((char *)range - (char *)subject->ranges[0]);
	}
	bench_set(result, ITERATE, bench_since(subject, start), rounds * n, sum);

	sum = 0;
	start = thread_ns();
	for (size_t round = 0; round < rounds; round++) {
		peer_walk_start(&walk, &subject->peer);
		while ((range = peer_walk_next(&walk)) != NULL)
			sum += bench_area_of(range)->id;
	}
	bench_set(result, ITERATE_READ, bench_since(subject, start), rounds * n, sum);
}

static inline struct vas_gap bench_whole(void)
{
	struct vas_gap gap;

	memset(&gap, 0, sizeof(gap));
	gap.low = BENCH_PAGE;
	gap.high = BENCH_TOP;
	gap.direction = VAS_TOP_DOWN;
	gap.fit = VAS_FIT_LINUX;
	return gap;
}

/* Requests of 1, 16 and 512 pages, and of 512 aligned ones, a quarter each. */
static inline void bench_request(struct vas_gap *gap, uint32_t choice)
{
	static const uint64_t pages[] = { 1, 16, 512, 512 };

	gap->length = pages[choice % 4] * BENCH_PAGE;
	gap->align = choice % 4 == 3 ? 512 * BENCH_PAGE : 0;
}

/* Searches of the whole space, in which `i` counts on to `to`. */
static inline uint64_t bench_gaps(struct bench_subject *subject, size_t i, size_t to)
{
	const struct bench_world *world = subject->world;
	struct vas_gap gap = bench_whole();
	uint64_t sum = 0, address;

	for (; i < to; i++) {
		gap.length = world->holes[i];
		if (peer_gap(&subject->peer, &gap, &address))
			sum += address;
	}
	return sum;
}

static inline uint64_t bench_gaps_window(struct bench_subject *subject, size_t i, size_t to)
{
	const struct bench_world *world = subject->world;
	struct vas_gap gap = bench_whole();
	uint64_t sum = 0, address;

	for (; i < to; i++) {
		bench_request(&gap, world->choice[i]);
		gap.low = world->anywhere[i] / 16 * 15;
		gap.high = gap.low + BENCH_TOP / 16;
		if (peer_gap(&subject->peer, &gap, &address))
			sum += address;
	}
	return sum;
}

/* One area goes at the top of the highest gap, then a random one is unmapped. */
static inline uint64_t bench_churns(struct bench_subject *subject, size_t i, size_t to)
{
	const struct bench_world *world = subject->world;
	struct vas_range **spare = &subject->ranges[world->n], *range;
	struct vas_gap gap = bench_whole();
	uint64_t sum = 0;

	for (; i < to && !subject->peer.no_memory; i++) {
		uint32_t choice = world->choice[i % BENCH_CHOICES];

		bench_request(&gap, (uint32_t)(i * 7 + choice));
		range = *spare;
		if (!peer_map(&subject->peer, &gap, range))
			continue;
		sum += range->start;
		*spare = subject->ranges[choice];
		peer_erase(&subject->peer, *spare);
		subject->ranges[choice] = range;
	}
	return sum;
}

/*
 * BENCH_CHOICES operations, of which a structure that walks does the first BENCH_WALKS only; so
 * it is over these that the checksum is taken.
 */
static inline void bench_phase(struct bench_subject *subject, struct bench_result *result,
			       enum figure figure,
			       uint64_t (*work)(struct bench_subject *, size_t, size_t))
{
	uint64_t start = thread_ns(), sum = work(subject, 0, BENCH_WALKS), rest = 0;
	size_t operations = BENCH_WALKS;

	if (!PEER_WALKS_GAPS) {
		operations = BENCH_CHOICES;
		rest = work(subject, BENCH_WALKS, BENCH_CHOICES);
	}
	bench_set(result, figure, bench_since(subject, start), operations, sum);
	result->unchecked += rest;
}

/* In the whole space: as long as a random one of the holes is, so that it may have to look far. In
 * a window: where that lies makes the difference. */
static inline void bench_gap(struct bench_subject *subject, struct bench_result *result)
{
	bench_phase(subject, result, GAP, bench_gaps);
	bench_phase(subject, result, GAP_WINDOW, bench_gaps_window);
}

/* From a steady state; leaves the areas where they are then. */
static inline void bench_churn(struct bench_subject *subject, struct bench_result *result)
{
	size_t n = subject->world->n;

	bench_churns(subject, 0, 2 * n < 4 * BENCH_CHOICES ? 2 * n : 4 * BENCH_CHOICES);
	bench_phase(subject, result, CHURN, bench_churns);
}

/* An area becomes three, and one again. Returns its end. */
static inline uint64_t bench_split_one(struct bench_subject *subject, struct vas_range *range)
{
	struct vas_range *middle = subject->ranges[subject->world->n];
	struct vas_range *high = subject->ranges[subject->world->n + 1];
	uint64_t third = (range->end - range->start) / 3 / BENCH_PAGE * BENCH_PAGE;

	peer_split(&subject->peer, range, middle, range->start + third);
	if (!subject->peer.no_memory)
		peer_split(&subject->peer, middle, high, middle->start + third);
	if (!subject->peer.no_memory)
		peer_merge(&subject->peer, range, middle, high);
	return range->end;
}

static inline void bench_split(struct bench_subject *subject, struct bench_result *result)
{
	const struct bench_world *world = subject->world;
	size_t splits = BENCH_CHOICES;
	uint64_t start, sum = 0;

	start = thread_ns();
	for (size_t i = 0; i < splits && !subject->peer.no_memory; i++)
		sum += bench_split_one(subject, subject->ranges[world->choice[i]]);
	bench_set(result, SPLIT_MERGE, bench_since(subject, start), splits, sum);

	sum = 0;
	start = thread_ns();
	for (size_t i = 0; i < splits && !subject->peer.no_memory; i++)
		sum += bench_split_one(subject, peer_find(&subject->peer, world->inside[i]));
	bench_set(result, FIND_SPLIT_MERGE, bench_since(subject, start), splits, sum);
}

#define BENCH_BIT(figure) (UINT32_C(1) << (figure))

/* Runs the workloads with a figure in `wanted`, once. False: no memory. */
static inline bool bench_work(const struct bench_world *world, const char *design, uint32_t wanted,
			      struct bench_result *result)
{
	struct bench_subject subject;
	bool ok;

	memset((void *)&subject, 0, sizeof(subject));
	memset(result, 0, sizeof(*result));
	subject.world = world;
	subject.design = design;
	subject.link_bytes = peer_link_bytes(design);
	subject.clock_cost = bench_clock_cost();
	subject.ranges = (struct vas_range **)malloc((world->n + 2) * sizeof(struct vas_range *));
	if (subject.ranges == NULL)
		return false;
	wanted &= ~(uint32_t)(PEER_LACKS);
	if (PEER_WALKS_GAPS && world->n > BENCH_WALKED_AREAS)
		wanted &= ~(BENCH_BIT(GAP) | BENCH_BIT(GAP_WINDOW) | BENCH_BIT(CHURN));
	bench_reset_areas(&subject);
	bench_create(&subject);
	if (wanted & (BENCH_BIT(INSERT) | BENCH_BIT(ERASE) | BENCH_BIT(FIND_ERASE) |
		      BENCH_BIT(INSERT_ASCENDING) | BENCH_BIT(BYTES)))
		bench_build(&subject, result);
	else
		bench_insert_all(&subject, world->order);
	if (wanted & (BENCH_BIT(FIND) | BENCH_BIT(FIND_DEPENDENT) | BENCH_BIT(FIND_READ) |
		      BENCH_BIT(FIND_GE)))
		bench_find(&subject, result);
	if (wanted & (BENCH_BIT(ITERATE) | BENCH_BIT(ITERATE_READ)))
		bench_iterate(&subject, result);
	if (wanted & (BENCH_BIT(GAP) | BENCH_BIT(GAP_WINDOW)))
		bench_gap(&subject, result);
	if (wanted & (BENCH_BIT(SPLIT_MERGE) | BENCH_BIT(FIND_SPLIT_MERGE)))
		bench_split(&subject, result);
	if (wanted & (BENCH_BIT(COPY) | BENCH_BIT(BYTES_COPIED)))
		bench_copy(&subject, result);
	if (wanted & BENCH_BIT(CHURN))
		bench_churn(&subject, result);
	ok = !subject.peer.no_memory;
	peer_destroy(&subject.peer);
	free(subject.ranges);
	for (int figure = 0; figure < FIGURES; figure++)
		result->done[figure] = result->done[figure] && (wanted & BENCH_BIT(figure)) != 0;
	return ok;
}

#endif
