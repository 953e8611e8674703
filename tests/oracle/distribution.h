/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef ORACLE_DISTRIBUTION_H
#define ORACLE_DISTRIBUTION_H

/* How random calls are drawn. All figures named *_percent are percentages. */

#include "call.h"

/* What the arguments may be. */
enum {
	DRAW_SHARED = 1u << 0,	    /* shared anonymous areas */
	DRAW_FILES = 1u << 1,	    /* good descriptors */
	DRAW_BAD_FILES = 1u << 2,   /* also those that mmap must refuse */
	DRAW_FLAGS = 1u << 3,	    /* flags that any mapping may have: STACK, NORESERVE, ... */
	DRAW_LOW = 1u << 4,	    /* MAP_32BIT */
	DRAW_GROWS = 1u << 5,	    /* MAP_GROWSDOWN, PROT_GROWSDOWN */
	DRAW_LOCKED = 1u << 6,	    /* MAP_LOCKED, MAP_POPULATE */
	DRAW_HUGE_TLB = 1u << 7,    /* MAP_HUGETLB, of which the system has none */
	DRAW_HUGE_AREAS = 1u << 13, /* the same, promised without any */
	DRAW_FAR = 1u << 8,	    /* huge lengths, addresses everywhere */
	DRAW_TOP = 1u << 9,	 /* addresses below the end of the highest hole, and at the stack */
	DRAW_BREAK = 1u << 10,	 /* addresses around the brk area */
	DRAW_LARGE = 1u << 14,	 /* windows of pieces of 512 KiB instead of pages */
	DRAW_FILL = 1u << 12,	 /* addresses among the areas that were made first */
	DRAW_OFFSETS = 1u << 11, /* file offsets other than the one that matches the address */
};

struct distribution {
	const char *name;
	const char *about;
	uint16_t weights[CALL_COUNT];
	uint32_t draw;
	uint8_t pages;		   /* of each of the two windows */
	uint8_t length_pages;	   /* most of a small length */
	uint8_t odd_percent;	   /* arguments that make no sense */
	uint8_t fixed_percent;	   /* of mmap calls: MAP_FIXED */
	uint8_t noreplace_percent; /* MAP_FIXED_NOREPLACE */
	uint8_t hint_percent;	   /* an address without either; the rest have none */
	uint8_t large_percent;	   /* lengths around multiples of 2 MiB */
	uint8_t turn_percent;	   /* another process comes next */
	uint8_t unprivileged_percent, legacy_percent; /* runs so set up */
	uint8_t fill_percent; /* of vm.max_map_count: areas that are made first */
	uint16_t calls;	      /* in one run, at most */
	uint16_t share; /* of the calls of the whole test, relative to the others; 0: only when it
			   is named */
};

extern const struct distribution distributions[];
extern const uint32_t distribution_count;

#endif
