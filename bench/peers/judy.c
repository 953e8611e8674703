/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * JudyL of Doug Baskins's Judy arrays, for `vas bench index --peer`.
 *
 * An array of words under keys of a word, sparse, ordered: a trie of 256 ways whose nodes take the
 * form that suits what is in them. Its user has a word for each area: the key is the first page, the
 * value the area's address. The last key at or below an address is the area that may hold it; whether
 * it does, the area must say, so a search reads one area at the end, as in no other peer with nodes of
 * its own. In return a bound that moves upwards changes nothing in the array. A copy for a fork
 * inserts in ascending order: Judy has none of its own. Nothing can be inlined: the library is
 * compiled, as its makers shipped it.
 *
 * At its best: JudyMalloc, which the library lets a program replace, is a free list for each size
 * over huge pages. It lacks a gap index: a search for a gap walks down from the top.
 */

#include <Judy.h>

#include "../../cmd/vas/bench_index.h"
#include "../../cmd/vas/bench_index_pool.h"

#define PEER_LACKS	0
#define PEER_WALKS_GAPS 1

#define MOST_WORDS ((Word_t)1024)
#define LINE_WORDS (BENCH_LINE / sizeof(Word_t))

struct block {
	struct block *next;
};

static struct block *unused[MOST_WORDS + 1];
static char *chunk_at, *chunk_end;
static size_t bytes_used;

/* As malloc lays blocks out: even numbers of words. */
static Word_t even(Word_t words)
{
	return (words + 1) & ~(Word_t)1;
}

/* Those of a cache line and more begin at one. */
static Word_t grow(Word_t words)
{
	size_t skip = words >= LINE_WORDS ? -(uintptr_t)chunk_at % BENCH_LINE : 0;
	char *block;

	if ((size_t)(chunk_end - chunk_at) < skip + words * sizeof(Word_t)) {
		chunk_at = bench_map_huge(BENCH_CHUNK);
		chunk_end = chunk_at != NULL ? chunk_at + BENCH_CHUNK : NULL;
		skip = 0;
		if (chunk_at == NULL)
			return 0;
	}
	block = chunk_at + skip;
	chunk_at = block + words * sizeof(Word_t);
	bytes_used += words * sizeof(Word_t);
	return (Word_t)block;
}

#pragma GCC visibility push(default)
Word_t JudyMalloc(Word_t words)
{
	struct block *block;

	words = even(words);
	if (words > MOST_WORDS)
		return 0;
	block = unused[words];
	if (block == NULL)
		return grow(words);
	unused[words] = block->next;
	bytes_used += words * sizeof(Word_t);
	return (Word_t)block;
}

void JudyFree(Pvoid_t at, Word_t words)
{
	struct block *block = at;

	words = even(words);
	block->next = unused[words];
	unused[words] = block;
	bytes_used -= words * sizeof(Word_t);
}

Word_t JudyMallocVirtual(Word_t words)
{
	return JudyMalloc(words);
}

void JudyFreeVirtual(Pvoid_t at, Word_t words)
{
	JudyFree(at, words);
}
#pragma GCC visibility pop

struct peer {
	Pvoid_t array;
	size_t before; /* bytes that other arrays had when this one began */
	bool no_memory;
};

static Word_t page_of(uint64_t address)
{
	return address / VAS_PAGE_SIZE;
}

static struct vas_range *range_at(PPvoid_t value)
{
	return value != NULL ? *value : NULL;
}

static size_t peer_link_bytes(const char *design)
{
	(void)design;
	return 0;
}

static void peer_create(struct peer *peer, const char *design)
{
	(void)design;
	peer->before = bytes_used;
}

static void peer_destroy(struct peer *peer)
{
	JudyLFreeArray(&peer->array, PJE0);
}

static size_t peer_bytes(const struct peer *peer)
{
	return sizeof(peer->array) + bytes_used - peer->before;
}

static inline void peer_insert(struct peer *peer, struct vas_range *range)
{
	PPvoid_t value = JudyLIns(&peer->array, page_of(range->start), PJE0);

	if (value == PPJERR)
		peer->no_memory = true;
	else
		*value = range;
}

static inline void peer_erase(struct peer *peer, struct vas_range *range)
{
	if (JudyLDel(&peer->array, page_of(range->start), PJE0) == JERR)
		peer->no_memory = true;
}

static inline struct vas_range *peer_find(struct peer *peer, uint64_t address)
{
	Word_t page = page_of(address);
	struct vas_range *range = range_at(JudyLLast(peer->array, &page, PJE0));

	return range != NULL && address < range->end ? range : NULL;
}

static inline struct vas_range *peer_find_ge(struct peer *peer, uint64_t address)
{
	struct vas_range *range = peer_find(peer, address);
	Word_t page = page_of(address);

	return range != NULL ? range : range_at(JudyLNext(peer->array, &page, PJE0));
}

struct peer_walk {
	Pvoid_t array;
	Word_t page;
	PPvoid_t next;
};

static inline void peer_walk_start(struct peer_walk *walk, struct peer *peer)
{
	walk->array = peer->array;
	walk->page = 0;
	walk->next = JudyLFirst(walk->array, &walk->page, PJE0);
}

static inline struct vas_range *peer_walk_next(struct peer_walk *walk)
{
	struct vas_range *range = range_at(walk->next);

	if (range != NULL)
		walk->next = JudyLNext(walk->array, &walk->page, PJE0);
	return range;
}

static bool peer_gap(struct peer *peer, const struct vas_gap *gap, uint64_t *address)
{
	Word_t page = page_of(gap->high - 1);
	PPvoid_t value = JudyLLast(peer->array, &page, PJE0);
	uint64_t high = gap->high;

	while (value != NULL) {
		if (bench_place(gap, range_at(value)->end, high, address))
			return true;
		high = page * VAS_PAGE_SIZE;
		if (high <= gap->low)
			return false;
		value = JudyLPrev(peer->array, &page, PJE0);
	}
	return bench_place(gap, 0, high, address);
}

#include "by_inserts.h"
#include "index_peer.h"

PEER_TABLE("JudyL", "libJudy 1.0.5")
