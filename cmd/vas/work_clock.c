/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The clock of a replay. At each time one kind of work is under way; whoever changes the kind looks
 * at the clock, and what has passed goes to the old one:
 *
 *	       fault        reclaim  walk  reclaim  none (a store)  reclaim   fault
 *	none |-------------|--------|-----|--------|---------------|---------|------| none
 *
 * So nothing is counted twice, and what is not the library's own work (reading the trace, the
 * stores, the checks) is left out however deep inside it lies.
 *
 * A look costs some 20 ns, many calls not much more: so one is measured when the clock starts, and
 * taken off each piece. Other programs take the processor away in between: a piece that was long
 * asks the kernel how much of the time this thread really had. Shorter ones are not worth that call.
 */

#include "work_clock.h"

#include <stdlib.h>

#include "clock.h"
#include "median.h"

#define LONG_NS	    20000
#define CALIBRATION 2000

const char *const work_names[WORKS] = {
	[WORK_NONE] = "none",	    [WORK_MAP] = "map",	  [WORK_FAULT] = "fault",
	[WORK_FORK] = "fork",	    [WORK_EXIT] = "exit", [WORK_REMAP] = "mremap",
	[WORK_RECLAIM] = "reclaim",
};

struct pieces {
	uint64_t ns, count;
};

/* Walks for pages of files and for others are told apart. */
enum walking { NO_WALK, ANON_WALK, FILE_WALK, WALKINGS };

static struct {
	bool runs;
	enum work now, before_reclaim;
	enum walking walking;
	uint64_t since;
	uint64_t began, began_cpu, lost; /* of the time since it began, to others */
	struct pieces pieces[WORKS][WALKINGS];
	double cost;
} work_clock;

/* How much of a long piece that ends now others had. */
static uint64_t newly_lost(uint64_t now, uint64_t elapsed)
{
	uint64_t cpu = thread_ns() - work_clock.began_cpu;
	uint64_t passed = now - work_clock.began, lost;

	if (passed <= cpu || passed - cpu <= work_clock.lost)
		return 0;
	lost = passed - cpu - work_clock.lost;
	work_clock.lost += lost;
	return lost < elapsed ? lost : elapsed;
}

/* The piece that was under way is over; another begins. */
static void end_piece(void)
{
	struct pieces *pieces = &work_clock.pieces[work_clock.now][work_clock.walking];
	uint64_t now = wall_ns(), elapsed = now - work_clock.since;

	if (elapsed > LONG_NS) {
		elapsed -= newly_lost(now, elapsed);
		now = wall_ns();
	}
	pieces->ns += elapsed;
	pieces->count++;
	work_clock.since = now;
}

enum work work_switch(enum work next)
{
	enum work was = work_clock.now;

	if (!work_clock.runs)
		return WORK_NONE;
	end_piece();
	work_clock.now = next;
	return was;
}

void work_heard(void *data, enum vas_work work, bool begins)
{
	(void)data;
	if (!work_clock.runs)
		return;
	if (work != VAS_WORK_RECLAIM) {
		enum walking kind = work == VAS_WORK_WALK ? ANON_WALK : FILE_WALK;

		end_piece();
		work_clock.walking = begins ? kind : NO_WALK;
	} else if (begins) {
		work_clock.before_reclaim = work_switch(WORK_RECLAIM);
	} else {
		work_switch(work_clock.before_reclaim);
	}
}

/* The cost of a piece in which nothing is done: the least of several means. */
static void calibrate(void)
{
	struct pieces *pieces = &work_clock.pieces[WORK_NONE][NO_WALK];

	for (unsigned round = 0; round < 5; round++) {
		double mean;

		*pieces = (struct pieces){ 0 };
		for (unsigned i = 0; i < CALIBRATION; i++)
			work_switch(WORK_NONE);
		mean = (double)pieces->ns / (double)pieces->count;
		if (round == 0 || mean < work_clock.cost)
			work_clock.cost = mean;
	}
	*pieces = (struct pieces){ 0 };
}

void work_clock_start(void)
{
	work_clock.runs = true;
	work_clock.now = WORK_NONE;
	work_clock.walking = NO_WALK;
	work_clock.lost = 0;
	work_clock.began_cpu = thread_ns();
	work_clock.began = wall_ns();
	work_clock.since = work_clock.began;
	if (work_clock.cost == 0)
		calibrate();
}

void work_clock_stop(void)
{
	work_clock.runs = false;
}

void work_clock_reset(void)
{
	for (unsigned kind = 0; kind < WORKS; kind++)
		for (unsigned walking = 0; walking < WALKINGS; walking++)
			work_clock.pieces[kind][walking] = (struct pieces){ 0 };
}

double work_clock_cost(void)
{
	return work_clock.cost;
}

static uint64_t own_time(const struct pieces *pieces)
{
	double own = (double)pieces->ns - (double)pieces->count * work_clock.cost;

	return own > 0 ? (uint64_t)own : 0;
}

void work_clock_read(struct work_times *times)
{
	*times = (struct work_times){ 0 };
	for (unsigned kind = WORK_MAP; kind < WORKS; kind++) {
		const struct pieces *pieces = work_clock.pieces[kind];
		uint64_t anon_ns = own_time(&pieces[ANON_WALK]);
		uint64_t file_ns = own_time(&pieces[FILE_WALK]);

		times->ns[kind] = own_time(&pieces[NO_WALK]) + anon_ns + file_ns;
		times->anon_walk_ns += anon_ns;
		times->anon_walks += pieces[ANON_WALK].count;
		times->file_walk_ns += file_ns;
		times->file_walks += pieces[FILE_WALK].count;
		times->total_ns += times->ns[kind];
	}
}

static uint64_t middle(const struct work_times *times, size_t count, size_t offset)
{
	double *values = calloc(count, sizeof(*values));
	uint64_t median = 0;

	for (size_t i = 0; values != NULL && i < count; i++) {
		const unsigned char *at = (const unsigned char *)&times[i];

		values[i] = (double)*(const uint64_t *)(const void *)(at + offset);
	}
	if (values != NULL)
		median = (uint64_t)median_of(values, count).median;
	free(values);
	return median;
}

void work_times_settle(struct work_times *times, size_t count)
{
	struct work_times settled = {
		.anon_walk_ns = middle(times, count, offsetof(struct work_times, anon_walk_ns)),
		.anon_walks = times->anon_walks,
		.file_walk_ns = middle(times, count, offsetof(struct work_times, file_walk_ns)),
		.file_walks = times->file_walks,
	};

	for (unsigned kind = WORK_MAP; kind < WORKS; kind++) {
		settled.ns[kind] =
			middle(times, count,
			       offsetof(struct work_times, ns) + kind * sizeof(settled.ns[0]));
		settled.total_ns += settled.ns[kind];
	}
	*times = settled;
}
