/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Errors, ranges, the C library's allocator, lists, asserts. */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <vas/base.h>

#include "base/assert.h"
#include "base/list.h"

static void errors_have_their_names(void **state)
{
	(void)state;
	assert_string_equal(vas_error_name(VAS_ENOMEM), "ENOMEM");
	assert_string_equal(vas_error_name(-VAS_ENOMEM), "ENOMEM");
	assert_string_equal(vas_error_name(VAS_ENOTSUPP), "ENOTSUPP");
	assert_string_equal(vas_error_name(0), "?");
	assert_string_equal(vas_error_name(-2147483647 - 1), "?");
}

/* The numbers are Linux's, and so are the host's here. */
static void error_numbers_are_those_of_linux(void **state)
{
	(void)state;
	assert_int_equal(VAS_EPERM, EPERM);
	assert_int_equal(VAS_ENOENT, ENOENT);
	assert_int_equal(VAS_EINTR, EINTR);
	assert_int_equal(VAS_EIO, EIO);
	assert_int_equal(VAS_EBADF, EBADF);
	assert_int_equal(VAS_EAGAIN, EAGAIN);
	assert_int_equal(VAS_ENOMEM, ENOMEM);
	assert_int_equal(VAS_EACCES, EACCES);
	assert_int_equal(VAS_EFAULT, EFAULT);
	assert_int_equal(VAS_EBUSY, EBUSY);
	assert_int_equal(VAS_EEXIST, EEXIST);
	assert_int_equal(VAS_ENODEV, ENODEV);
	assert_int_equal(VAS_EINVAL, EINVAL);
	assert_int_equal(VAS_ETXTBSY, ETXTBSY);
	assert_int_equal(VAS_ENOSPC, ENOSPC);
	assert_int_equal(VAS_ENOSYS, ENOSYS);
	assert_int_equal(VAS_EOVERFLOW, EOVERFLOW);
	assert_int_equal(VAS_EOPNOTSUPP, EOPNOTSUPP);
}

static void ranges_are_half_open(void **state)
{
	const struct vas_range low = { 10, 20 }, high = { 20, UINT64_MAX }, middle = { 19, 21 };

	(void)state;
	assert_int_equal(vas_range_length(high), UINT64_MAX - 20);
	assert_true(vas_range_contains(low, 10));
	assert_false(vas_range_contains(low, 20));
	assert_false(vas_ranges_overlap(low, high));
	assert_true(vas_ranges_overlap(low, middle));
	assert_true(vas_ranges_overlap(middle, high));
	assert_int_equal(vas_page_up(1), VAS_PAGE_SIZE);
	assert_int_equal(vas_page_up(UINT64_MAX), 0);
	assert_int_equal(vas_page_down(VAS_PAGE_SIZE + 1), VAS_PAGE_SIZE);
}

static void the_c_librarys_allocator_aligns(void **state)
{
	const struct vas_allocator *allocator = &vas_libc_allocator;

	(void)state;
	for (size_t align = 1; align <= 4096; align *= 2) {
		char *memory = allocator->allocate(allocator->context, 100, align);

		assert_non_null(memory);
		assert_int_equal((uintptr_t)memory % align, 0);
		memset(memory, 1, 100);
		allocator->release(allocator->context, memory, 100);
	}
	assert_null(allocator->allocate(allocator->context, SIZE_MAX, 4096));
}

struct item {
	int number;
	struct vas_list link;
};

/* The numbers in the list, as the digits of one number. */
static int digits(const struct vas_list *head)
{
	int sum = 0;

	vas_list_for_each (link, (struct vas_list *)(uintptr_t)head)
		sum = 10 * sum + vas_container_of(link, struct item, link)->number;
	return sum;
}

static void lists_keep_their_order(void **state)
{
	struct vas_list head, other;
	struct item items[5];

	(void)state;
	vas_list_init(&head);
	vas_list_init(&other);
	assert_true(vas_list_empty(&head));
	for (int i = 0; i < 5; i++) {
		items[i].number = i + 1;
		vas_list_add_before(i < 3 ? &head : &other, &items[i].link);
	}
	assert_int_equal(digits(&head), 123);
	vas_list_splice(&head, &other);
	assert_true(vas_list_empty(&other));
	vas_list_splice(&head, &other);
	assert_int_equal(digits(&head), 12345);
	vas_list_remove(&items[1].link);
	vas_list_add_after(&head, &items[1].link);
	assert_int_equal(digits(&head), 21345);
	vas_list_for_each_safe(link, spare, &head)
	{
		if (vas_container_of(link, struct item, link)->number % 2 == 1)
			vas_list_remove(link);
	}
	assert_int_equal(digits(&head), 24);
	assert_null(items[0].link.next);
}

static int evaluated(int *times)
{
	(*times)++;
	return 0;
}

static void asserts_that_are_off_evaluate_nothing(void **state)
{
	int times = 0;

	(void)state;
	(void)times;
	if (VAS_CHECKS < 1)
		vas_debug(evaluated(&times));
	if (VAS_CHECKS < 2)
		vas_paranoid(evaluated(&times));
	assert_int_equal(times, 0);
	vas_assert(evaluated(&times) == 0);
	assert_int_equal(times, 1);
}

static void an_assert_that_fails_says_where_and_aborts(void **state)
{
	char text[200] = "";
	int ends[2], status;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		dup2(ends[1], 2);
		signal(SIGABRT, SIG_DFL);
		vas_assert(text[0] != '\0');
		_exit(0);
	}
	close(ends[1]);
	assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_non_null(strstr(text, "test_base.c"));
	assert_non_null(strstr(text, "text[0] != '\\0'"));
}

static void the_version_has_three_numbers(void **state)
{
	const char *version = vas_version();
	int dots = 0;

	(void)state;
	for (const char *at = version; *at != '\0'; at++)
		dots += *at == '.';
	assert_int_equal(dots, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_have_their_names),
		cmocka_unit_test(error_numbers_are_those_of_linux),
		cmocka_unit_test(ranges_are_half_open),
		cmocka_unit_test(the_c_librarys_allocator_aligns),
		cmocka_unit_test(lists_keep_their_order),
		cmocka_unit_test(asserts_that_are_off_evaluate_nothing),
		cmocka_unit_test(an_assert_that_fails_says_where_and_aborts),
		cmocka_unit_test(the_version_has_three_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
