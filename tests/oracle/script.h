/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef ORACLE_SCRIPT_H
#define ORACLE_SCRIPT_H

/*
 * Calls as text, one a line, as strace would print them:
 *
 *   # a comment
 *   setup unprivileged legacy
 *   P0 mmap(0x10000000000, 0x2000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, none, 0)
 *   P0 fork(P1)
 *   P1 touch(0x10000000000, write)
 *
 * P0 is the first process; a call of a process that does not live is left out. "setup" lines tell
 * how the run is set up; without one it is privileged, with the top-down layout.
 */

#include "call.h"

#include <stdbool.h>
#include <stdio.h>

struct script {
	struct setup setup;
	struct call *calls;
	uint32_t count;
};

/* "P0 munmap(0x1000, 0x1000)"; returns `text`. */
#define CALL_TEXT 256
char *script_call_text(const struct call *call, char text[CALL_TEXT]);

/* Appends a call. */
void script_add(struct script *script, const struct call *call);

void script_print(FILE *out, const struct script *script);

/* How often a run of it should read the areas: each time, unless there are too many for that. */
void script_sample(const struct script *script, uint32_t *smaps_every, uint32_t *maps_every);

/* Reads a file. Prints what is wrong with it to stderr and returns false. */
bool script_read(const char *path, struct script *script);

void script_free(struct script *script);

#endif
