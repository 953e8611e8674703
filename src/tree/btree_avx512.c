/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The B-tree's hot paths with vectors of eight words (AVX-512).
 *
 * Words are moved from register to register, and every store is a whole vector at its own place. So
 * a load that follows finds what it needs in one store that has not reached the cache yet; a vector
 * that must be put together from several such stores would wait for all of them. Of the only leaf,
 * while its upper half is empty, just the lower half is written: so a change among ten ranges takes
 * a tenth less, or more.
 */

#include "btree.h"

#if VAS_BTREE_VECTORS

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(                                                                      \
	__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,popcnt,bmi,bmi2,lzcnt"))),       \
	apply_to = function)
#else
#pragma GCC target("avx512f,avx512vl,avx512bw,avx512dq,popcnt,bmi,bmi2,lzcnt")
#endif

#define BTREE_OPS vas_btree_avx512_ops
#define LANES	  8

_Static_assert(VAS_BTREE_SLOTS == 4 * LANES, "four vectors are written out below");

static inline __m512i load(const uint64_t *words, unsigned int i)
{
	return _mm512_load_si512(words + LANES * i);
}

static inline void store(uint64_t *words, unsigned int i, __m512i vector)
{
	_mm512_store_si512(words + LANES * i, vector);
}

static inline __m512i fill(uint64_t word)
{
	return _mm512_set1_epi64((long long)word);
}

static inline uint32_t join(__mmask8 a, __mmask8 b, __mmask8 c, __mmask8 d)
{
	return _mm512_kunpackw(_mm512_kunpackb(d, c), _mm512_kunpackb(b, a));
}

static inline uint32_t at_least(const uint64_t *words, uint64_t least)
{
	__m512i wanted = fill(least);

	return join(_mm512_cmpge_epu64_mask(load(words, 0), wanted),
		    _mm512_cmpge_epu64_mask(load(words, 1), wanted),
		    _mm512_cmpge_epu64_mask(load(words, 2), wanted),
		    _mm512_cmpge_epu64_mask(load(words, 3), wanted));
}

static inline unsigned int count_up_to(const uint64_t *key, unsigned int i, __m512i at)
{
	__mmask8 below = _mm512_cmple_epu64_mask(load(key, i), at);

	return (unsigned int)__builtin_popcount(_cvtmask8_u32(below));
}

/* The four masks are counted apart: a processor has few mask registers to rename, and joining the masks
 * takes three more for each node, which halves the number of searches that can be under way. */
static inline unsigned int rank(const uint64_t *key, uint64_t at)
{
	__m512i wanted = fill(at);

	return count_up_to(key, 0, wanted) + count_up_to(key, 1, wanted) +
	       count_up_to(key, 2, wanted) + count_up_to(key, 3, wanted);
}

static inline unsigned int rank_soon(const uint64_t *key, uint64_t at)
{
	return rank(key, at);
}

/* Are two vectors of each array enough, with one more entry than there are? */
static inline bool has_few(const struct vas_btree_node *leaf, bool alone)
{
	return alone && leaf->key[2 * LANES - 2] == VAS_BTREE_UNUSED;
}

static inline void set_word(uint64_t *words, unsigned int slot, uint64_t word)
{
	uint64_t *vector = words + slot / LANES * LANES;
	__mmask8 at = (__mmask8)(1u << slot % LANES);

	store(vector, 0, _mm512_mask_mov_epi64(load(vector, 0), at, fill(word)));
}

/* The words one place further up; `low` is the vector below, whose last word comes in. */
static inline __m512i up(__m512i words, __m512i low)
{
	return _mm512_alignr_epi64(words, low, LANES - 1);
}

static inline __m512i down(__m512i words, __m512i high)
{
	return _mm512_alignr_epi64(high, words, 1);
}

/*
 * A word goes to its place among ascending ones. What is below it stays, what is above moves up: that is the
 * smaller of the old word and the larger of the new one and the old one's neighbour. No place is needed, so
 * the next search need not wait for this one's answer to come back from the vectors.
 */
static inline __m512i sort_in(__m512i old, __m512i low, __m512i word)
{
	return _mm512_min_epu64(_mm512_max_epu64(up(old, low), word), old);
}

/* Vectors 2 and 3 are left out unless there are many ranges: a constant where this is inlined. */
static inline void sort_in_word(uint64_t *words, bool many, uint64_t word)
{
	__m512i a = load(words, 0), b = load(words, 1), c = b, d = b, fresh = fill(word);

	if (many) {
		c = load(words, 2);
		d = load(words, 3);
	}
	store(words, 0, sort_in(a, fill(0), fresh));
	store(words, 1, sort_in(b, a, fresh));
	if (many) {
		store(words, 2, sort_in(c, b, fresh));
		store(words, 3, sort_in(d, c, fresh));
	}
}

/* Vector i of the links when a range comes in that ends at `end`: the ends tell which ones move up. */
static inline __m512i link_in(const struct vas_btree_node *leaf, unsigned int i, __m512i low,
			      __m512i end, __m512i link)
{
	__m512i old = load(leaf->link, i), ends = load(leaf->side, i);
	__m512i moved =
		_mm512_mask_mov_epi64(old, _mm512_cmpge_epu64_mask(ends, end), up(old, low));

	return _mm512_mask_mov_epi64(moved, _mm512_cmpeq_epu64_mask(ends, end), link);
}

/* The ends are sorted in first, so that the new one stands where the link is to go. It differs from the unused
 * ones, as there are ranges above it. */
static inline void put_entry(struct vas_btree_node *leaf, bool many, uint64_t start, uint64_t end,
			     uint64_t link)
{
	__m512i a = load(leaf->link, 0), b = load(leaf->link, 1), c = b;
	__m512i ends = fill(end), links = fill(link);

	if (many)
		c = load(leaf->link, 2);
	sort_in_word(leaf->key, many, start);
	sort_in_word(leaf->side, many, end);
	store(leaf->link, 0, link_in(leaf, 0, a, ends, links));
	store(leaf->link, 1, link_in(leaf, 1, a, ends, links));
	if (many) {
		store(leaf->link, 2, link_in(leaf, 2, b, ends, links));
		store(leaf->link, 3, link_in(leaf, 3, c, ends, links));
	}
}

static inline void add_entry(struct vas_btree_node *leaf, unsigned int slot, uint64_t start,
			     uint64_t end, uint64_t link, bool alone)
{
	(void)slot;
	if (has_few(leaf, alone))
		put_entry(leaf, false, start, end, link);
	else
		put_entry(leaf, true, start, end, link);
}

/* Vector i of ascending words without one of them. */
static inline __m512i sort_out(__m512i old, __m512i high, __m512i word)
{
	return _mm512_mask_mov_epi64(old, _mm512_cmpge_epu64_mask(old, word), down(old, high));
}

static inline void sort_out_word(uint64_t *words, bool many, uint64_t word)
{
	__m512i a = load(words, 0), b = load(words, 1), gone = fill(word);
	__m512i c = fill(VAS_BTREE_UNUSED), d = c;

	if (many) {
		c = load(words, 2);
		d = load(words, 3);
	}
	store(words, 0, sort_out(a, b, gone));
	store(words, 1, sort_out(b, c, gone));
	if (many) {
		store(words, 2, sort_out(c, d, gone));
		store(words, 3, sort_out(d, fill(VAS_BTREE_UNUSED), gone));
	}
}

static inline __m512i link_out(const struct vas_btree_node *leaf, unsigned int i, __m512i high,
			       __m512i end)
{
	__m512i old = load(leaf->link, i);
	__mmask8 moves = _mm512_cmpge_epu64_mask(load(leaf->side, i), end);

	return _mm512_mask_mov_epi64(old, moves, down(old, high));
}

static inline void take_entry(struct vas_btree_node *leaf, bool many, uint64_t start, uint64_t end)
{
	__m512i b = load(leaf->link, 1), c = fill(0), d = c, ends = fill(end);

	if (many) {
		c = load(leaf->link, 2);
		d = load(leaf->link, 3);
	}
	store(leaf->link, 0, link_out(leaf, 0, b, ends));
	store(leaf->link, 1, link_out(leaf, 1, c, ends));
	if (many) {
		store(leaf->link, 2, link_out(leaf, 2, d, ends));
		store(leaf->link, 3, link_out(leaf, 3, fill(0), ends));
	}
	sort_out_word(leaf->key, many, start);
	sort_out_word(leaf->side, many, end);
}

static inline void cut_entry(struct vas_btree_node *leaf, unsigned int slot, uint64_t start,
			     uint64_t end, bool alone)
{
	(void)slot;
	if (has_few(leaf, alone))
		take_entry(leaf, false, start, end);
	else
		take_entry(leaf, true, start, end);
}

/* Vector i with the words from `slot` on one place further up, or down. Which word goes where is known from
 * the place alone, so nothing of this waits for what the last change wrote but the words themselves. */
static inline __mmask8 from_slot(unsigned int slot, unsigned int i)
{
	return (__mmask8)(~UINT32_C(0) << slot >> LANES * i);
}

static inline __mmask8 at_slot(unsigned int slot, unsigned int i)
{
	return (__mmask8)(UINT32_C(1) << slot >> LANES * i);
}

static inline void open_vector(uint64_t *words, unsigned int i, unsigned int slot, __m512i old,
			       __m512i low, __m512i word)
{
	__m512i moved = _mm512_mask_mov_epi64(old, from_slot(slot, i), up(old, low));

	store(words, i, _mm512_mask_mov_epi64(moved, at_slot(slot, i), word));
}

static inline void open_word(uint64_t *words, bool many, unsigned int slot, uint64_t word)
{
	__m512i a = load(words, 0), b = load(words, 1), c = b, d = b, fresh = fill(word);

	if (many) {
		c = load(words, 2);
		d = load(words, 3);
	}
	open_vector(words, 0, slot, a, a, fresh);
	open_vector(words, 1, slot, b, a, fresh);
	if (many) {
		open_vector(words, 2, slot, c, b, fresh);
		open_vector(words, 3, slot, d, c, fresh);
	}
}

static inline void close_vector(uint64_t *words, unsigned int i, unsigned int slot, __m512i old,
				__m512i high)
{
	store(words, i, _mm512_mask_mov_epi64(old, from_slot(slot, i), down(old, high)));
}

static inline void close_link(uint64_t *words, bool many, unsigned int slot)
{
	__m512i a = load(words, 0), b = load(words, 1), c = fill(0), d = c;

	if (many) {
		c = load(words, 2);
		d = load(words, 3);
	}
	close_vector(words, 0, slot, a, b);
	close_vector(words, 1, slot, b, c);
	if (many) {
		close_vector(words, 2, slot, c, d);
		close_vector(words, 3, slot, d, fill(0));
	}
}

static inline void cut_in(struct vas_btree_node *leaf, bool many, unsigned int slot, uint64_t at,
			  uint64_t link)
{
	sort_in_word(leaf->key, many, at);
	sort_in_word(leaf->side, many, at);
	open_word(leaf->link, many, slot + 1, link);
}

static inline void split_entry(struct vas_btree_node *leaf, unsigned int slot, uint64_t at,
			       uint64_t link, bool alone)
{
	if (has_few(leaf, alone))
		cut_in(leaf, false, slot, at, link);
	else
		cut_in(leaf, true, slot, at, link);
}

static inline void cut_out(struct vas_btree_node *leaf, bool many, unsigned int slot, uint64_t at)
{
	sort_out_word(leaf->key, many, at);
	sort_out_word(leaf->side, many, at);
	close_link(leaf->link, many, slot + 1);
}

static inline void merge_entry(struct vas_btree_node *leaf, unsigned int slot, uint64_t at,
			       bool alone)
{
	if (has_few(leaf, alone))
		cut_out(leaf, false, slot, at);
	else
		cut_out(leaf, true, slot, at);
}

/* Before keys LANES * i and up. */
static inline __m512i holes_of(const struct vas_btree_node *leaf, unsigned int i)
{
	return _mm512_sub_epi64(load(leaf->key, i), load(leaf->side, i));
}

static inline __mmask8 above(const struct vas_btree_node *leaf, unsigned int i, __m512i at,
			     __m512i least)
{
	return _mm512_mask_cmpge_epu64_mask(_mm512_cmpgt_epu64_mask(load(leaf->key, i), at),
					    holes_of(leaf, i), least);
}

static inline uint32_t holes_above(const struct vas_btree_node *leaf, uint64_t at, uint64_t least)
{
	__m512i a = fill(at), l = fill(least);

	return join(above(leaf, 0, a, l), above(leaf, 1, a, l), above(leaf, 2, a, l),
		    above(leaf, 3, a, l));
}

static inline __mmask8 below(const struct vas_btree_node *leaf, unsigned int i, __m512i at,
			     __m512i least)
{
	return _mm512_mask_cmpge_epu64_mask(_mm512_cmplt_epu64_mask(load(leaf->side, i), at),
					    holes_of(leaf, i), least);
}

static inline uint32_t holes_below(const struct vas_btree_node *leaf, uint64_t at, uint64_t least)
{
	__m512i a = fill(at), l = fill(least);

	return join(below(leaf, 0, a, l), below(leaf, 1, a, l), below(leaf, 2, a, l),
		    below(leaf, 3, a, l));
}

/* `most`, or what is larger of the holes of vector i, where the keys are in use. */
static inline __m512i larger(__m512i most, const struct vas_btree_node *leaf, unsigned int i)
{
	__mmask8 used = _mm512_cmpneq_epu64_mask(load(leaf->key, i), fill(VAS_BTREE_UNUSED));

	return _mm512_mask_max_epu64(most, used, most, holes_of(leaf, i));
}

static inline uint64_t widest(const struct vas_btree_node *leaf)
{
	__m512i a = larger(larger(fill(0), leaf, 0), leaf, 1);
	__m512i b = larger(larger(fill(0), leaf, 2), leaf, 3);

	return _mm512_reduce_max_epu64(_mm512_max_epu64(a, b));
}

#include "btree_masks.h"

#include "btree_core.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
