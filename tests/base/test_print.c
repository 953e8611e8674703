/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The formatter beside the C library's. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/print.h"

/* Formats with both and compares text and length; the compiler checks the arguments for both. */
#define SAME(...)                                                                                  \
	do {                                                                                       \
		char ours[200], theirs[200];                                                       \
		size_t length = vas_format(ours, sizeof(ours), __VA_ARGS__);                       \
                                                                                                   \
		assert_int_equal(length, snprintf(theirs, sizeof(theirs), __VA_ARGS__));           \
		assert_string_equal(ours, theirs);                                                 \
	} while (0)

static void numbers_are_printed_as_printf_does(void **state)
{
	(void)state;
	SAME("%d %i %d", 0, -1, 2147483647);
	SAME("%d %ld %lld", -2147483647 - 1, -1L, -9223372036854775807LL - 1);
	SAME("%u %lu %llu", 4294967295u, 18446744073709551615ul, 18446744073709551615ull);
	SAME("%x %X %lx %llx", 0xdeadbeefu, 0xdeadbeefu, 0x123456789abcdeful, 0xfull);
	SAME("%zu %zd %jd %td", (size_t)7, (ssize_t)-7, (intmax_t)-8, (ptrdiff_t)9);
	SAME("%hhu %hu", (unsigned char)200, (unsigned short)60000);
	SAME("%p", (void *)&state);
	SAME("%u", 0u);
}

static void widths_and_flags_are_honoured(void **state)
{
	(void)state;
	SAME("[%5d][%-5d][%05d][%1d]", 42, 42, 42, 12345);
	SAME("[%5d][%-5d][%05d]", -42, -42, -42);
	SAME("[%08lx-%08lx]", 0x400000ul, 0x7ffff7ff8000ul);
	SAME("[%*d][%-*d]", 6, 1, 6, 2);
	SAME("[%10s][%-10s][%.3s][%.*s]", "abc", "abc", "abcdef", 2, "xyz");
	SAME("[%c][%3c][%-3c]", 'a', 'b', 'c');
	SAME("100%% of %s", "it");
	SAME("%s", "");
	SAME("no conversion");
}

static void a_buffer_that_is_too_small_is_cut_off_and_closed(void **state)
{
	char text[8] = "1234567";

	(void)state;
	assert_int_equal(vas_format(text, 5, "%s", "abcdefgh"), 8);
	assert_string_equal(text, "abcd");
	assert_int_equal(vas_format(text, 1, "%d", 1234), 4);
	assert_string_equal(text, "");
	text[0] = 'x';
	assert_int_equal(vas_format(text, 0, "%d", 1234), 4);
	assert_int_equal(text[0], 'x');
}

static void what_it_does_not_know_is_printed_as_it_stands(void **state)
{
	/* Through a variable, so that the compiler does not look. */
	const char *volatile unknown = "a%kb", *volatile open = "50%";
	char text[20];
	vas_print_fn *none = NULL;
	const struct vas_printer mute = { none, NULL };

	(void)state;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	vas_format(text, sizeof(text), unknown);
	assert_string_equal(text, "a%kb");
	vas_format(text, sizeof(text), open);
	assert_string_equal(text, "50%");
#pragma GCC diagnostic pop
	vas_print(NULL, "nobody listens %d", 1);
	vas_print(&mute, "nobody listens %d", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_printed_as_printf_does),
		cmocka_unit_test(widths_and_flags_are_honoured),
		cmocka_unit_test(a_buffer_that_is_too_small_is_cut_off_and_closed),
		cmocka_unit_test(what_it_does_not_know_is_printed_as_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
