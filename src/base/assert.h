/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_BASE_ASSERT_H
#define VAS_BASE_ASSERT_H

/*
 * Three grades of assert:
 *
 *   vas_assert(x)    always on: misuse that would corrupt what the caller owns
 *   vas_debug(x)     O(1) checks, on when VAS_CHECKS >= 1
 *   vas_paranoid(x)  O(n) checks, on when VAS_CHECKS >= 2
 *
 * Switched off, the last two still compile their expression, so that it cannot rot, and never
 * evaluate it. A failure names the place and stops: with a line on stderr and abort() in a hosted
 * build, with a trap in a freestanding one.
 */

#ifndef VAS_CHECKS
#define VAS_CHECKS 0
#endif

#if __STDC_HOSTED__
__attribute__((noreturn, cold)) void vas_assert_failed(const char *expression, const char *file,
						       int line);
#else
#define vas_assert_failed(expression, file, line) __builtin_trap()
#endif

#define vas_assert(x)                                                                              \
	do {                                                                                       \
		if (__builtin_expect(!(x), 0))                                                     \
			vas_assert_failed(#x, __FILE__, __LINE__);                                 \
	} while (0)

#define vas_assert_if(on, x)                                                                       \
	do {                                                                                       \
		if ((on) && !(x))                                                                  \
			vas_assert_failed(#x, __FILE__, __LINE__);                                 \
	} while (0)

#define vas_debug(x)	vas_assert_if(VAS_CHECKS >= 1, x)
#define vas_paranoid(x) vas_assert_if(VAS_CHECKS >= 2, x)

#endif
