/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SPACE_TWIN_H
#define TESTS_SPACE_TWIN_H

/*
 * A page table kept in step with spaces by nothing but the operations that they tell.
 *
 * It knows of every page which area it belongs to, with which flags, and what it holds (a stamp,
 * new at each first touch); it looks at the spaces only to compare. It also holds each call to what
 * it asked for in its budget: an area with a head (one that was written to) must have been named
 * there for each time it is cloned, and so must each first touch.
 *
 * One twin serves all spaces of a test; everything is a plain array that is searched from the
 * front.
 */

#include <vas/space.h>

struct twin;

extern const struct vas_listener twin_listener;

/* `base` is the address that the log calls page 0. */
struct twin *twin_create(uint64_t base);
void twin_destroy(struct twin *twin);

/* No more of clones that were not told of: without a reverse map beside the twin, areas merge that
 * never would, and their heads wander. */
void twin_ignore_clones(struct twin *twin);

/* Adds the twin to the listeners of a configuration. */
void twin_listen(struct twin *twin, struct vas_space_config *config);

/* What was wrong first, or NULL: in an operation, or between the twin and this space now. */
const char *twin_check(struct twin *twin, const struct vas_space *space);

/* Does the twin think that nothing is mapped anywhere? */
bool twin_is_empty(const struct twin *twin);

/* The stamp of the page at `address`; 0: it holds nothing. */
uint64_t twin_stamp(const struct twin *twin, const struct vas_space *space, uint64_t address);

/* The stamps of `count` pages from `base` on. */
void twin_stamps(const struct twin *twin, const struct vas_space *space, uint64_t base,
		 uint64_t *stamps, size_t count);

/*
 * The operations since the last twin_clear_log, one a line. Areas are called by numbers in the
 * order in which they were first heard of:
 *
 *	map 1 0-4          pages 0 to 3 of area 1
 *	split 1 2 2-4      area 2 got pages 2 and 3 of area 1
 *	merge 1 2 2-4      area 1 got them back from area 2
 *	move 3 1 8-10 from 0
 *	flags 1 0-2        touch 1 0-2 (write: "touch! 1 0-2")
 *	fork 4 1 0-2       advise 1 0-2 4
 *	unmap 1 0-2        empty 1 0-2      free 1
 */
const char *twin_log(const struct twin *twin);
void twin_clear_log(struct twin *twin);

#endif
