/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_BASE_BITS_H
#define VAS_BASE_BITS_H

/* Bits of a 64-bit word, where a compiler would call its support library: for the count without
 * popcnt, on 32 bits for the lowest one. */

#include <stdint.h>

/* How many bits are set: sums of 2, 4 and 8 neighbours, then of all bytes. */
static inline unsigned vas_count_bits(uint64_t word)
{
	word -= word >> 1 & UINT64_C(0x5555555555555555);
	word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
	word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (unsigned)(word * UINT64_C(0x0101010101010101) >> 56);
}

/* => not 0. */
static inline unsigned vas_lowest_bit(uint64_t word)
{
#if __SIZEOF_POINTER__ == 8
	return (unsigned)__builtin_ctzll(word);
#else
	uint32_t low = (uint32_t)word;

	return low != 0 ? (unsigned)__builtin_ctz(low)
			: 32 + (unsigned)__builtin_ctz((uint32_t)(word >> 32));
#endif
}

#endif
