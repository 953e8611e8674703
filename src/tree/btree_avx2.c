/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The B-tree's hot paths with vectors of four words (AVX2): holes are looked for with vectors.
 * Keys are counted in plain C: to compare unsigned words here, and to gather eight masks, takes
 * longer.
 */

#include "btree.h"

#if VAS_BTREE_VECTORS

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,popcnt,bmi,bmi2,lzcnt"))),                \
			     apply_to = function)
#else
#pragma GCC target("avx2,popcnt,bmi,bmi2,lzcnt")
#endif

#define BTREE_OPS vas_btree_avx2_ops
#define LANES	  4
#define VECTORS	  (VAS_BTREE_SLOTS / LANES)

static inline __m256i load(const uint64_t *words, unsigned int i)
{
	return _mm256_load_si256((const __m256i *)(const void *)(words + LANES * i));
}

static inline __m256i fill(uint64_t word)
{
	return _mm256_set1_epi64x((long long)word);
}

/* AVX2 compares signed words only; flipping the top bit of both sides makes that an unsigned
 * compare. */
static inline __m256i flip(__m256i words)
{
	return _mm256_xor_si256(words, fill(UINT64_C(1) << 63));
}

static inline uint32_t bits_of(__m256i mask)
{
	return (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(mask));
}

static inline uint32_t at_least(const uint64_t *words, uint64_t least)
{
	__m256i wanted = flip(fill(least));
	uint32_t less = 0;

	for (unsigned int i = 0; i < VECTORS; i++)
		less |= bits_of(_mm256_cmpgt_epi64(wanted, flip(load(words, i)))) << (LANES * i);
	return ~less;
}

/* Before keys LANES * i and up. */
static inline __m256i holes_of(const struct vas_btree_node *leaf, unsigned int i)
{
	return _mm256_sub_epi64(load(leaf->key, i), load(leaf->side, i));
}

static inline uint32_t holes_above(const struct vas_btree_node *leaf, uint64_t at, uint64_t least)
{
	__m256i limit = flip(fill(at)), wanted = flip(fill(least)), in, less;
	uint32_t bits = 0;

	for (unsigned int i = 0; i < VECTORS; i++) {
		in = _mm256_cmpgt_epi64(flip(load(leaf->key, i)), limit);
		less = _mm256_cmpgt_epi64(wanted, flip(holes_of(leaf, i)));
		bits |= bits_of(_mm256_andnot_si256(less, in)) << (LANES * i);
	}
	return bits;
}

static inline uint32_t holes_below(const struct vas_btree_node *leaf, uint64_t at, uint64_t least)
{
	__m256i limit = flip(fill(at)), wanted = flip(fill(least)), in, less;
	uint32_t bits = 0;

	for (unsigned int i = 0; i < VECTORS; i++) {
		in = _mm256_cmpgt_epi64(limit, flip(load(leaf->side, i)));
		less = _mm256_cmpgt_epi64(wanted, flip(holes_of(leaf, i)));
		bits |= bits_of(_mm256_andnot_si256(less, in)) << (LANES * i);
	}
	return bits;
}

/* Of words whose top bits are flipped. */
static inline __m256i larger(__m256i a, __m256i b)
{
	return _mm256_blendv_epi8(a, b, _mm256_cmpgt_epi64(b, a));
}

static inline uint64_t widest(const struct vas_btree_node *leaf)
{
	__m256i most = flip(fill(0)), unused;

	for (unsigned int i = 0; i < VECTORS; i++) {
		unused = _mm256_cmpeq_epi64(load(leaf->key, i), fill(VAS_BTREE_UNUSED));
		most = larger(most, flip(_mm256_andnot_si256(unused, holes_of(leaf, i))));
	}
	most = larger(most, _mm256_permute4x64_epi64(most, 0x4e));
	most = larger(most, _mm256_shuffle_epi32(most, 0x4e));
	return (uint64_t)_mm256_extract_epi64(flip(most), 0);
}

#include "btree_masks.h"
#include "btree_moves.h"

#include "btree_core.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
