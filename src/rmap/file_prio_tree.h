/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_RMAP_FILE_PRIO_TREE_H
#define VAS_RMAP_FILE_PRIO_TREE_H

/* Maps and links of the design `prio-tree`, laid open for its tests. */

#include "file_designs.h"

struct prio_link;

struct prio_map {
	struct vas_file_map head;
	struct prio_link *root;
	unsigned int bits; /* that the first page of any link needs, or more */
};

/*
 * Of links with the same pages the oldest is a node of the tree, and the others stand behind it in
 * a ring in the order of `changed`.
 */
struct prio_link {
	struct vas_file_link link;
	union {
		struct {
			struct prio_link *left, *right;
		};
		struct {
			struct prio_link *prev, *next; /* in the ring */
		};
	};
	struct prio_link *parent; /* NULL: the root; in a ring: the link itself */
	/* Of a node: the first of the ring, or NULL. Of the first of a ring: the node. Of the rest:
	 * NULL. */
	struct prio_link *others;
};

#endif
