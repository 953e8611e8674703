/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_BASE_PRINT_H
#define VAS_BASE_PRINT_H

/*
 * Text for printers and validators without libc.
 *
 * The format is a small part of printf's:
 *   %d %i %u %x %X %c %s %p %%, the lengths hh h l ll z j t, the flags - and 0, a width (digits or
 * *), and a precision for %s ("%.*s"). A conversion outside that list is printed as it stands.
 * 64-bit values go in as "%llx" with vas_ll(), since <inttypes.h> is not part of a freestanding
 * compiler.
 */

#include <stdarg.h>

#include <vas/base.h>

static inline unsigned long long vas_ll(uint64_t value)
{
	return value;
}

/* Sends the text to the printer, piece by piece. A NULL printer, or one without a function, takes
 * everything and keeps nothing. */
__attribute__((format(printf, 2, 3))) void vas_print(const struct vas_printer *printer,
						     const char *format, ...);

__attribute__((format(printf, 2, 0))) void vas_vprint(const struct vas_printer *printer,
						      const char *format, va_list arguments);

/*
 * As snprintf: writes at most size - 1 characters and a zero.
 * Returns the length that the whole text has, so that `result >= size` means "cut off".
 */
__attribute__((format(printf, 3, 4))) size_t vas_format(char *buffer, size_t size,
							const char *format, ...);

#endif
