/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_RMAP_PTE_CHAIN_H
#define VAS_SRC_RMAP_PTE_CHAIN_H

/*
 * Page-table chains: a page's own list of the entries that map it. Who keeps them: the designs
 * called `pte-chain`, anonymous and of files, for all their pages; and every design for pages with
 * VAS_PAGE_MERGED or VAS_PAGE_CHAINED, whose mappings have no areas in common.
 *
 * A record names an entry by its table's frame and its slot in there. The table's own record
 * (struct vas_page) names the pmap and the table's first virtual page; so a table that moves as a
 * whole takes all records along.
 *
 * Locks. A chain is guarded by the lowest bit of its page's `lock` word, rank VAS_RANK_CHAIN, which
 * these functions take. An entry changes, and so does its record, under its table's lock, which
 * comes before: a walk, which finds tables by the chain, only tries to take theirs.
 */

#include <vas/frame.h>
#include <vas/pmap.h>
#include <vas/pool.h>

/* Figures of all chains of a machine or a design; changed atomically. All zero at first. */
struct vas_pte_chains {
	size_t nodes, records;
};

/* Of their records. */
size_t vas_pte_chains_bytes(const struct vas_pte_chains *chains);

/* Fills the pool for so many adds. -VAS_ENOMEM. */
VAS_MUST_CHECK int vas_pte_chain_reserve(struct vas_pool *pool, size_t adds);

/* The entry maps the page from now on, and did not before. => the table's lock. O(1). */
void vas_pte_chain_add(struct vas_pte_chains *chains, const struct vas_frames *frames,
		       struct vas_page *page, const struct vas_entry *entry, struct vas_pool *pool);

/* The entry maps it no more. Memory goes to the pool: any of the caller's own. => the table's lock;
 * it is in the chain (asserted). O(length). */
void vas_pte_chain_remove(struct vas_pte_chains *chains, const struct vas_frames *frames,
			  struct vas_page *page, const struct vas_entry *entry,
			  struct vas_pool *pool);

/* What `from` mapped is mapped by `to` now. => the lock of the table of `to`, if another than that
 * of `from`, and nobody else finds the page at `from` or `to`. O(length). */
void vas_pte_chain_move(const struct vas_frames *frames, struct vas_page *page,
			const struct vas_entry *from, const struct vas_entry *to);

/* How many records the chain has. O(length). */
size_t vas_pte_chain_length(struct vas_page *page);

/*
 * Calls `visit` for every entry of the chain, with its table locked and the chain not: the visitor
 * may change the entry and its record. Each entry that is in the chain from begin to end is visited
 * once; one that comes or moves meanwhile, perhaps. The newest come first. False from `visit` ends
 * the walk.
 *  => one walk of a page at a time: the page's lock. No table's lock.
 * Returns how many records it looked at.
 */
typedef bool vas_pte_chain_fn(void *context, struct vas_pmap *pmap, uint64_t address,
			      const struct vas_entry *entry);
size_t vas_pte_chain_walk(const struct vas_frames *frames, struct vas_page *page,
			  vas_pte_chain_fn *visit, void *context);

#endif
