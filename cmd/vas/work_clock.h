/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_WORK_CLOCK_H
#define VAS_CMD_WORK_CLOCK_H

/*
 * How long the library works in a replay, by kind of work. One clock; one thread. It stands still
 * until it is started, and then all brackets around calls of the library cost nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vas/base.h>

enum work {
	WORK_NONE, /* not the library's */
	WORK_MAP,  /* mmap, munmap, mprotect, madvise, brk and their kin; what exec maps */
	WORK_FAULT,
	WORK_FORK,
	WORK_EXIT, /* of spaces: exit, and exec's of the old one */
	WORK_REMAP,
	WORK_RECLAIM, /* in whatever it began */
	WORKS,
};

/* "map", "fault" ... as in JSON's map_ns; the names are the same in `vas compare`. */
extern const char *const work_names[WORKS];

struct work_times {
	uint64_t ns[WORKS]; /* walks of reverse maps are in them; [WORK_NONE] is 0 */
	/* Walks alone: for pages that no file has, and for those of files. */
	uint64_t anon_walk_ns, anon_walks;
	uint64_t file_walk_ns, file_walks;
	uint64_t total_ns;
};

void work_clock_start(void);
void work_clock_stop(void);
/* All that was measured between starts and stops since the last reset. */
void work_clock_read(struct work_times *times);
void work_clock_reset(void);
/* The first becomes the median of all, each figure by itself; its total is the sum of its kinds.
 * => count > 0. */
void work_times_settle(struct work_times *times, size_t count);
/* What one look at the clock costs, in ns. It has been taken off already. */
double work_clock_cost(void);

/* What is done from now on is of that kind. Returns what it was before. */
enum work work_switch(enum work next);

/* Tells of reclaim and of walks: for struct vas_machine_config.work. */
void work_heard(void *data, enum vas_work work, bool begins);

/* The value of a call of the library, timed. */
#define TIMED(kind, call)                                                                          \
	__extension__({                                                                            \
		enum work was_ = work_switch(kind);                                                \
		__auto_type value_ = (call);                                                       \
                                                                                                   \
		work_switch(was_);                                                                 \
		value_;                                                                            \
	})

#endif
