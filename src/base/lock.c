/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* How a thread waits, and what it holds. Hosted builds: an embedder without a C library brings a
 * vas_pause of its own. */

#include "lock.h"

#include "assert.h"

#include <sched.h>
#include <time.h>

#define SPINS  64
#define YIELDS 1024

void vas_pause(unsigned *rounds)
{
	unsigned round = (*rounds)++;

	if (round < SPINS) {
#if defined(__x86_64__) || defined(__i386__)
		__builtin_ia32_pause();
#endif
	} else if (round < YIELDS) {
		sched_yield();
	} else {
		/* Whoever holds it waits for a disk. */
		nanosleep(&(struct timespec){ .tv_nsec = 50000 }, NULL);
	}
}

/* Locks of each rank that this thread holds. The page's and the table's may be held more than
 * once; all others are taken one at a time, in rising order unless by trying. */
static _Thread_local __attribute__((tls_model("initial-exec"))) unsigned held[VAS_RANKS];

void vas_rank_take(enum vas_rank rank, bool tried)
{
	for (unsigned higher = rank + 1u; !tried && higher < VAS_RANKS; higher++)
		vas_assert(held[higher] == 0);
	vas_assert(tried || held[rank] == 0 || rank == VAS_RANK_TABLE || rank == VAS_RANK_SPACE ||
		   rank == VAS_RANK_LEAF);
	held[rank]++;
}

void vas_rank_drop(enum vas_rank rank)
{
	vas_assert(held[rank] > 0);
	held[rank]--;
}

bool vas_rank_held(enum vas_rank rank)
{
	return held[rank] != 0;
}
