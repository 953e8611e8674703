/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef ORACLE_SYS_H
#define ORACLE_SYS_H

/* Bare system calls for a program without a C library: its mappings must be its own alone. */

#include <asm/unistd.h>
#include <stddef.h>
#include <stdint.h>

#ifndef __NR_mseal
#define __NR_mseal 462
#endif

static inline long sys_call6(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
			     uint64_t e, uint64_t f)
{
	register uint64_t r10 __asm__("r10") = d;
	register uint64_t r8 __asm__("r8") = e;
	register uint64_t r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#define sys0(n)		 sys_call6(n, 0, 0, 0, 0, 0, 0)
#define sys1(n, a)	 sys_call6(n, (uint64_t)(a), 0, 0, 0, 0, 0)
#define sys2(n, a, b)	 sys_call6(n, (uint64_t)(a), (uint64_t)(b), 0, 0, 0, 0)
#define sys3(n, a, b, c) sys_call6(n, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), 0, 0, 0)
#define sys4(n, a, b, c, d)                                                                        \
	sys_call6(n, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), 0, 0)
#define sys5(n, a, b, c, d, e)                                                                     \
	sys_call6(n, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e), 0)
#define sys6(n, a, b, c, d, e, f)                                                                  \
	sys_call6(n, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e),    \
		  (uint64_t)(f))

#endif
