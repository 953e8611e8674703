/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_RMAP_ANON_VMA_CHAIN_H
#define VAS_SRC_RMAP_ANON_VMA_CHAIN_H

/* The records of anon-vma-chain, for its own files. */

#include <vas/rmap.h>

#include "base/list.h"

/* What areas share that may share pages (Linux: anon_vma). Alive while it has links. */
struct chain_head {
	struct vas_list links;	   /* chain_link.at_head */
	struct vas_list all;	   /* in vas_anon_vma_chain.heads, oldest first */
	struct chain_head *parent; /* a root's is itself */
	struct chain_head *root;
	uint64_t id;
	size_t link_count;
	size_t children; /* heads whose parent this is, a root itself too */
	size_t active;	 /* areas whose own head this is */

	/* The validator's own counts. */
	size_t seen_links, seen_children, seen_active;
};

/* Ties an area to a head (Linux: anon_vma_chain). */
struct chain_link {
	struct vas_list at_head;
	struct chain_head *head;
	struct vas_area *area;
	struct chain_link *older; /* next of the same area */
};

/* What the listener keeps in each area; all zero: never held an anonymous page. */
struct chain_area {
	struct chain_head *own;	   /* for pages made from now on; NULL exactly when links is 0 */
	struct chain_link *newest; /* heads of descendants stand before those of ancestors */
	size_t links;
};

/* Reserved records: a stack through chain_link.older, or chain_head.parent. */
struct vas_anon_vma_chain {
	const struct vas_allocator *allocator;
	const struct vas_settings *settings;
	enum vas_huge_faults huge_faults;

	struct vas_list heads;
	uint64_t head_count, link_count;
	uint64_t last_id;
	uint64_t created, inherited, shared, reused;

	struct chain_link *spare_links;
	struct chain_head *spare_heads;
	size_t spare_link_count, spare_head_count;
	/* What the present call was promised and has not used yet. */
	size_t promised_links, promised_heads;
};

static inline struct chain_area *chain_area_of(const struct vas_area *area)
{
	return vas_area_data(area, &vas_anon_vma_chain_listener);
}

#endif
