/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_RMAP_FAMILY_H
#define TESTS_RMAP_FAMILY_H

/*
 * A family of real processes that do to a window of their memory what they are told, and a count
 * of the heads (anon_vma) and links (anon_vma_chain) that the kernel makes and frees for it.
 *
 * The counts come from the kmem trace points, through a trace instance of its own; they need root
 * and a tracefs. A fork or an exit also makes and frees those of the rest of a process's memory; so
 * each process has a twin that forks and exits with it and leaves its window alone, and what the
 * twins cost is taken off.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum { FAMILY = 5 };

/* Free in every process, far from what the loader and the sanitizers use. */
#define WINDOW	     UINT64_C(0x300000000000)
#define WINDOW_PAGES 32

enum deed {
	DEED_MAP, /* at `page`, `pages`, protection `a` */
	DEED_UNMAP,
	DEED_PROTECT, /* `a`: protection */
	DEED_WRITE,   /* the page at `page` */
	DEED_READ,
	DEED_MOVE,   /* to page `a`; mremap flags `b` */
	DEED_GROW,   /* in place, to `a` pages */
	DEED_ADVISE, /* `a`: advice */
	DEED_GUARD,  /* guard pages put in and taken out again */
	DEED_LOCK,
	DEED_UNLOCK,
	DEED_FORK, /* `a`: the number of the child, not in use */
	DEED_EXIT,
};

struct command {
	enum deed deed;
	int process;
	uint32_t page, pages;
	int a, b;
};

struct family;

/* Process 0 runs, with an empty window. NULL: no trace points here (not root, no tracefs). */
struct family *family_start(void);
void family_end(struct family *family);

/* Makes a process do a command; its result is 0 or -errno. */
int family_do(struct family *family, const struct command *command);

/* Heads and links that the windows have gained (or lost) since the last call. */
struct gain {
	long heads, links;
};
struct gain family_gain(struct family *family);

/* The areas in the window of a process, "START-END perm\n" each, in pages. */
void family_areas(struct family *family, int process, char *text, size_t size);

#endif
