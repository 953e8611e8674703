/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_REPLAY_MEMORY_H
#define VAS_CMD_REPLAY_MEMORY_H

/*
 * The memory of a replay: a machine of a given size behind the interpreter's spaces, and a check of
 * what its pages hold.
 */

#include <vas/machine.h>

#include "interpret.h"

struct replay_memory_options {
	uint64_t frames;  /* bytes */
	const char *swap; /* a path; NULL: a temporary file */
	uint64_t swap_bytes;
	const char *anon_rmap, *file_rmap; /* designs; NULL: the defaults */
	/* The work is timed (work_clock.h): touches are bare accesses, and nothing is checked, read
	 * again or counted on the way: counts have neither contents nor any most. */
	bool timed;
};

struct replay_memory_counts {
	uint64_t written, read; /* touches, with the contents that they checked */
	uint64_t read_again;	/* pages read once more when a process ended, or the trace */
	uint64_t left_alone;	/* touches of what has no object: [vdso], devices */
	uint64_t grown;		/* files that must have grown unseen */
	/* When the trace was over, and the most that was ever seen. */
	uint64_t ended_areas; /* of each space when it ended, or the trace did */
	uint64_t areas, most_areas, anon_rmap_bytes, most_anon_rmap_bytes, file_rmap_bytes,
		most_file_rmap_bytes;
	uint64_t space_bytes, most_space_bytes; /* of areas and their indexes */
	uint64_t pages, most_pages;		/* frames in use, page tables not */
	uint64_t most_locked; /* pages of locked areas: see replay_memory_look_locks */
	uint32_t tables, most_tables, swap_used;
	struct vas_machine_counts machine; /* at the very end */
};

struct replay_memory;

/* NULL: `error` says why. `options` and the texts in it must outlive it. */
struct replay_memory *replay_memory_create(const struct replay_memory_options *options, char *error,
					   size_t size);

/* What the interpreter wants to know, and its data. */
extern const struct interpreter_memory replay_memory_calls;
/* One more listener in every space; its data too. */
const struct vas_listener *replay_memory_listener(struct replay_memory *memory, void **data);

/* The file or shared memory that an area shows, as a number of its own; 0: none, or a device. */
uint64_t replay_memory_object(const struct vas_area *area);

/* Looks at how many pages are locked now, if any are in this space. */
void replay_memory_look_locks(struct replay_memory *memory, const struct vas_space *space);

/* The process's space is about to go, if nobody else has it: all that it holds is read once more.
 */
void replay_memory_leave(struct replay_memory *memory, struct interpreter *interpreter,
			 struct thread *thread);

/* The trace is over: reads all that is left, counts, validates. */
void replay_memory_over(struct replay_memory *memory, struct interpreter *interpreter);
/* All spaces and files are gone (interpreter_clear): is all memory free again? */
void replay_memory_emptied(struct replay_memory *memory, struct interpreter *interpreter);

/* => the trace is over. */
/* What the design of the anonymous reverse map has counted for itself; cut off where it does not fit.
 */
void replay_memory_figures(const struct replay_memory *memory, char *text, size_t size);
const struct replay_memory_counts *replay_memory_counts(const struct replay_memory *memory);
void replay_memory_destroy(struct replay_memory *memory);

#endif
