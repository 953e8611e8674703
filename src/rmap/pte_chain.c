/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * pte-chain: Rik van Riel, in Linux 2.5.27 (July 2002) to 2.6.6.
 *
 * The idea. The plainest answer to "who maps this page": write it down. Each mapping of a page, of
 * whatever kind, adds a record to the page's chain, and its end takes it out. So a walk is exact:
 * it looks at as many records as there are mappings, and areas need no thought at all, however they
 * split, merge, move and fork.
 *
 * Why it went. Every fault, every fork of every page and every exit pays, also when nobody ever
 * asks: fork became 10 to 30 per cent slower, and a page that 1,000 processes share takes 8,000
 * bytes of records, in memory that cannot be reclaimed to free others. Dave McCracken's and Andrea
 * Arcangeli's walks through areas replaced it. It stays right where mappings have nothing in common
 * but the page: equal pages that were merged (Linux's KSM keeps such a list to this day).
 *
 *	page.rmap --> | next | r r r r r . . | --> | next | r r r r r r r | --> ...
 *	              the only node with room       full
 *
 * A record is the table's frame number and the entry's slot, 8 bytes; seven of them and a pointer
 * fill a cache line, as in Andrew Morton's version of November 2002. A page mapped once, as most
 * are, has no node: the record stands in page.rmap itself (Dave McCracken, 2.5.32), where a pointer
 * has room for it: on 64-bit machines.
 *
 * A walk cannot hold the chain's lock while it waits for a table's, because who changes an entry
 * takes them the other way round. So it tries, and if that fails lets go of the chain. To find its
 * way again it marks what it has visited: a bit in the record, and who holds the page's lock is the
 * only one to use it. As long as no record was taken out, it also knows where it was: the chain's
 * lock counts that.
 *
 *	page.lock:  | removals 31..1 | locked 0 |
 *
 * Costs. Map: O(1). Unmap: a search through the page's chain; the newest are first, which a
 * child's exit after a fork likes.
 */

#include "pte_chain.h"

#include "anon_designs.h"
#include "base/assert.h"
#include "base/lock.h"

#include <string.h>

#define RECORDS 7

struct node {
	struct node *next;
	uint64_t records[RECORDS]; /* from the first; 0: none */
};

/* A record:  | visited 62 | frame number 41..10 | slot 9..1 | 0 |
 * In page.rmap, one that stands there itself has the lowest bit set. */
#define VISITED (UINT64_C(1) << 62)

/* Would a record fit into a pointer? */
#define DIRECT (sizeof(uintptr_t) >= sizeof(uint64_t))

static uint64_t record_of(const struct vas_frames *frames, const struct vas_entry *entry)
{
	uint64_t slot = ((uintptr_t)entry->entry & VAS_PAGE_MASK) / sizeof(uint64_t);

	return (uint64_t)vas_frame_number(frames, entry->table) << 10 | slot << 1;
}

static struct vas_entry entry_of(const struct vas_frames *frames, uint64_t record)
{
	struct vas_page *table = vas_frame_page(frames, (uint32_t)(record >> 10));
	uint64_t *entries = vas_frame_bytes(frames, table);

	return (struct vas_entry){ .entry = &entries[record >> 1 & 511], .table = table };
}

/* The lock. */

static uint32_t lock(struct vas_page *page)
{
	unsigned rounds = 0;
	uint32_t word;

	VAS_RANK_TAKE(VAS_RANK_CHAIN, false);
	while ((word = __atomic_fetch_or(&page->lock, 1, __ATOMIC_ACQUIRE)) & 1)
		vas_pause(&rounds);
	return word;
}

static void unlock(struct vas_page *page, bool removed)
{
	uint32_t word = __atomic_load_n(&page->lock, __ATOMIC_RELAXED);

	VAS_RANK_DROP(VAS_RANK_CHAIN);
	__atomic_store_n(&page->lock, removed ? word + 1 : word - 1, __ATOMIC_RELEASE);
}

/* The chain. => locked. */

static bool is_direct(const struct vas_page *page)
{
	return ((uintptr_t)page->rmap & 1) != 0;
}

static void set_direct(struct vas_page *page, uint64_t record)
{
	page->rmap = (void *)(uintptr_t)(record | 1);
}

static struct node *first_node(const struct vas_page *page)
{
	return is_direct(page) ? NULL : page->rmap;
}

static uint64_t direct_record(const struct vas_page *page)
{
	return (uintptr_t)page->rmap & ~(uintptr_t)1;
}

static unsigned used(const struct node *node)
{
	unsigned count = 0;

	while (count < RECORDS && node->records[count] != 0)
		count++;
	return count;
}

static struct node *push_node(struct vas_pte_chains *chains, struct vas_page *page,
			      struct node *next, struct vas_pool *pool)
{
	struct node *node = vas_pool_take(pool, sizeof(*node));

	memset(node, 0, sizeof(*node));
	node->next = next;
	page->rmap = node;
	__atomic_add_fetch(&chains->nodes, 1, __ATOMIC_RELAXED);
	return node;
}

int vas_pte_chain_reserve(struct vas_pool *pool, size_t adds)
{
	return vas_pool_reserve(pool, sizeof(struct node), adds);
}

void vas_pte_chain_add(struct vas_pte_chains *chains, const struct vas_frames *frames,
		       struct vas_page *page, const struct vas_entry *entry, struct vas_pool *pool)
{
	uint64_t record = record_of(frames, entry);
	struct node *node;

	(void)lock(page);
	if (page->rmap == NULL && DIRECT) {
		set_direct(page, record);
	} else if (is_direct(page)) {
		uint64_t other = direct_record(page);

		node = push_node(chains, page, NULL, pool);
		node->records[0] = other;
		node->records[1] = record;
	} else {
		node = page->rmap;
		if (node == NULL || node->records[RECORDS - 1] != 0)
			node = push_node(chains, page, node, pool);
		node->records[used(node)] = record;
	}
	unlock(page, false);
	__atomic_add_fetch(&chains->records, 1, __ATOMIC_RELAXED);
}

/* The place of a record in the nodes. */
static uint64_t *find(const struct vas_page *page, uint64_t record)
{
	for (struct node *node = first_node(page); node != NULL; node = node->next)
		for (unsigned i = 0; i < RECORDS; i++)
			if ((node->records[i] & ~VISITED) == record)
				return &node->records[i];
	return NULL;
}

void vas_pte_chain_remove(struct vas_pte_chains *chains, const struct vas_frames *frames,
			  struct vas_page *page, const struct vas_entry *entry,
			  struct vas_pool *pool)
{
	uint64_t record = record_of(frames, entry), *place;
	struct node *first;
	unsigned last;

	(void)lock(page);
	if (is_direct(page)) {
		vas_assert((direct_record(page) & ~VISITED) == record);
		page->rmap = NULL;
		first = NULL;
	} else {
		place = find(page, record);
		vas_assert(place != NULL);
		first = page->rmap;
		last = used(first) - 1;
		*place = first->records[last];
		first->records[last] = 0;
		if (last != 0)
			first = NULL;
		else
			page->rmap = first->next;
	}
	unlock(page, true);
	__atomic_sub_fetch(&chains->records, 1, __ATOMIC_RELAXED);
	if (first == NULL)
		return;
	vas_pool_give(pool, first, sizeof(*first));
	__atomic_sub_fetch(&chains->nodes, 1, __ATOMIC_RELAXED);
}

void vas_pte_chain_move(const struct vas_frames *frames, struct vas_page *page,
			const struct vas_entry *from, const struct vas_entry *to)
{
	uint64_t old = record_of(frames, from), record = record_of(frames, to), *place;

	(void)lock(page);
	if (is_direct(page)) {
		vas_assert((direct_record(page) & ~VISITED) == old);
		set_direct(page, record | (direct_record(page) & VISITED));
	} else {
		place = find(page, old);
		vas_assert(place != NULL);
		*place = record | (*place & VISITED);
	}
	unlock(page, false);
}

size_t vas_pte_chain_length(struct vas_page *page)
{
	size_t length = 0;

	(void)lock(page);
	if (is_direct(page))
		length = 1;
	for (const struct node *node = first_node(page); node != NULL; node = node->next)
		length += used(node);
	unlock(page, false);
	return length;
}

/* Walks. */

/* Where a walk is; `node` is good as long as `removals` stays. */
struct place {
	struct node *node;
	unsigned next;
	uint32_t removals;
};

static void forget_marks(struct vas_page *page)
{
	if (is_direct(page))
		set_direct(page, direct_record(page) & ~VISITED);
	for (struct node *node = first_node(page); node != NULL; node = node->next)
		for (unsigned i = 0; i < RECORDS; i++)
			node->records[i] &= ~VISITED;
}

/* The next record that has not been visited, with *place beyond it; 0: there is none. *mark is NULL
 * for one that is alone. */
static uint64_t next_record(struct vas_page *page, struct place *place, uint64_t **mark)
{
	*mark = NULL;
	if (is_direct(page))
		return (direct_record(page) & VISITED) == 0 ? direct_record(page) : 0;
	for (; place->node != NULL; place->node = place->node->next, place->next = 0) {
		while (place->next < RECORDS) {
			uint64_t *at = &place->node->records[place->next++];

			if (*at == 0 || (*at & VISITED) != 0)
				continue;
			*mark = at;
			return *at;
		}
	}
	return 0;
}

static void start_over(struct vas_page *page, struct place *place, uint32_t removals)
{
	place->removals = removals;
	place->node = first_node(page);
	place->next = 0;
}

/* Locks the table of one more entry and visits it. False: the walk is over. */
static bool visit_one(const struct vas_frames *frames, struct vas_page *page, struct place *place,
		      size_t *looked, vas_pte_chain_fn *visit, void *context)
{
	unsigned rounds = 0;

	for (;;) {
		uint32_t removals = lock(page);
		struct vas_entry entry;
		uint64_t record, *mark;
		uint64_t address;
		bool more;

		if (removals != place->removals || place->node == NULL)
			start_over(page, place, removals);
		record = next_record(page, place, &mark);
		if (record == 0) {
			unlock(page, false);
			return false;
		}
		entry = entry_of(frames, record);
		if (!vas_pmap_trylock(entry.table)) {
			if (mark != NULL)
				place->next--;
			unlock(page, false);
			vas_pause(&rounds);
			continue;
		}
		if (mark != NULL)
			*mark |= VISITED;
		else
			set_direct(page, record | VISITED);
		unlock(page, false);
		++*looked;
		address = (entry.table->index << VAS_PAGE_SHIFT) +
			  ((record >> 1 & 511) << VAS_PAGE_SHIFT);
		more = visit(context, entry.table->owner, address, &entry);
		vas_pmap_unlock(entry.table);
		return more;
	}
}

size_t vas_pte_chain_walk(const struct vas_frames *frames, struct vas_page *page,
			  vas_pte_chain_fn *visit, void *context)
{
	struct place place = { 0 };
	size_t looked = 0;

	place.removals = lock(page);
	forget_marks(page);
	start_over(page, &place, place.removals);
	unlock(page, false);
	while (visit_one(frames, page, &place, &looked, visit, context))
		continue;
	return looked;
}

/* The design. A page needs no more than its chain, which the front keeps. */

struct pte_chain {
	struct vas_pte_chains chains; /* first: what the front changes */
	const struct vas_allocator *allocator;
};

static int design_create(const struct vas_anon_rmap_config *config, void **instance)
{
	const struct vas_allocator *allocator = config->allocator;
	struct pte_chain *new;

	*instance = NULL;
	if (allocator == NULL || config->settings == NULL)
		return -VAS_EINVAL;
	new = allocator->allocate(allocator->context, sizeof(*new), _Alignof(struct pte_chain));
	if (new == NULL)
		return -VAS_ENOMEM;
	*new = (struct pte_chain){ .allocator = allocator };
	*instance = new;
	return 0;
}

static void design_destroy(void *instance)
{
	struct pte_chain *chain = instance;

	vas_assert(chain->chains.records == 0 && chain->chains.nodes == 0);
	chain->allocator->release(chain->allocator->context, chain, sizeof(*chain));
}

static void design_bind(void *instance, struct vas_page *page, struct vas_area *area,
			uint64_t address)
{
	(void)area;
	page->owner = instance;
	page->index = address >> VAS_PAGE_SHIFT;
}

size_t vas_pte_chains_bytes(const struct vas_pte_chains *chains)
{
	return __atomic_load_n(&chains->nodes, __ATOMIC_RELAXED) * sizeof(struct node);
}

static void design_count(void *instance, struct vas_anon_rmap_counts *counts)
{
	const struct vas_pte_chains *chains = instance;

	*counts = (struct vas_anon_rmap_counts){
		.bytes = vas_pte_chains_bytes(chains),
		.records = __atomic_load_n(&chains->records, __ATOMIC_RELAXED),
	};
}

/* Chains hang on pages, which who keeps them checks. */
static bool design_validate(void *instance, const struct vas_printer *printer)
{
	(void)instance;
	(void)printer;
	return true;
}

const struct vas_anon_rmap_design vas_pte_chain_design = {
	.name = "pte-chain",
	.source = "Rik van Riel; Linux 2.5.27 to 2.6.6",
	.year = 2002,
	.chains = true,
	.create = design_create,
	.destroy = design_destroy,
	.bind = design_bind,
	.count = design_count,
	.validate = design_validate,
};
