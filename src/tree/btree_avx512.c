/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The B-tree's hot paths with vectors of eight words (AVX-512).
 *
 * Words are moved from register to register, and every store is a whole vector at its own place. So
 * a load that follows finds what it needs in one store that has not reached the cache yet; a vector
 * that must be put together from several such stores would wait for all of them.
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

static inline __mmask8 part(uint32_t bits, unsigned int i)
{
	return (__mmask8)(bits >> (LANES * i));
}

static inline uint32_t at_least(const uint64_t *words, uint64_t least)
{
	__m512i wanted = fill(least);

	return join(_mm512_cmpge_epu64_mask(load(words, 0), wanted),
		    _mm512_cmpge_epu64_mask(load(words, 1), wanted),
		    _mm512_cmpge_epu64_mask(load(words, 2), wanted),
		    _mm512_cmpge_epu64_mask(load(words, 3), wanted));
}

static inline unsigned int rank(const uint64_t *key, uint64_t at)
{
	__m512i wanted = fill(at);

	return (unsigned int)__builtin_popcount(
		join(_mm512_cmple_epu64_mask(load(key, 0), wanted),
		     _mm512_cmple_epu64_mask(load(key, 1), wanted),
		     _mm512_cmple_epu64_mask(load(key, 2), wanted),
		     _mm512_cmple_epu64_mask(load(key, 3), wanted)));
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

#include "btree_moves.h"

#include "btree_core.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
