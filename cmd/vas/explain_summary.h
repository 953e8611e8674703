/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_EXPLAIN_SUMMARY_H
#define VAS_CMD_EXPLAIN_SUMMARY_H

/*
 * A picture in figures: how many areas of each kind, what keeps how many neighbours apart, which
 * files and names and calls there are most of.
 */

#include "explain_pair.h"
#include "explain_picture.h"

struct extent {
	uint64_t least, most, sum; /* bytes */
};

/* One kind of neighbour. */
struct group_side {
	enum area_kind kind;
	char mode[5];
	struct extent size;
};

enum { GROUP_EXAMPLES = 3 };

/* Pairs of neighbours of the same two kinds, whichever lies below, kept apart by the same things.
 */
struct group {
	struct pair pair;
	struct group_side sides[2];
	struct extent gap; /* with REASON_GAP */
	size_t count;
	size_t examples[GROUP_EXAMPLES]; /* the lower area's place in the picture; the first ones */
	size_t class;			 /* place among the classes */
};

/* All groups that are kept apart by the same things. */
struct reason_class {
	struct pair pair;
	size_t count;
	size_t guards;	/* pairs with a guard */
	size_t code;	/* with generated code */
	size_t threads; /* with a thread's stack */
	size_t files;	/* between parts of files, as of programs and libraries */
};

/* Areas with the same name: a file, a directory, a name given by prctl. */
struct name_count {
	struct slice name;
	size_t areas;
	uint64_t bytes;
};

struct kind_count {
	size_t areas;
	uint64_t bytes;
	uint64_t resident_kb;
	struct extent size;
};

struct summary {
	struct kind_count kinds[KINDS];
	uint64_t bytes, resident_kb;
	bool has_figures;

	size_t pairs, gaps, touching;
	size_t near;		      /* touching, and one thing alone keeps them apart */
	size_t alike;		      /* nothing but a gap keeps them apart */
	struct reason_class *classes; /* most pairs first */
	size_t class_count;
	struct group *groups; /* by class; then most pairs first */
	size_t group_count;

	/* Most areas first. */
	struct name_count *files, *directories, *names;
	size_t file_count, directory_count, name_count;
};

/* => 0, or -1 and a complaint (no memory) */
int summarize(const struct picture *picture, struct summary *summary);
void summary_free(struct summary *summary);

#endif
