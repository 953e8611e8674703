/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Lines of /proc/PID/maps, good and bad, and this process's own. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "procfs.h"

static bool parse(const char *line, struct proc_area *area)
{
	return proc_parse_area(line, strlen(line), area);
}

static void a_line_is_taken_apart(void **state)
{
	struct proc_area area;

	(void)state;
	assert_true(parse(
		"7f3c79853000-7f3c799a9000 r-xp 00026000 fe:10 332835   /usr/lib/a b.so\n", &area));
	assert_int_equal(area.start, 0x7f3c79853000);
	assert_int_equal(area.end, 0x7f3c799a9000);
	assert_int_equal(area.offset, 0x26000);
	assert_int_equal(area.major, 0xfe);
	assert_int_equal(area.minor, 0x10);
	assert_int_equal(area.inode, 332835);
	assert_true(area.read && !area.write && area.execute && !area.shared);
	assert_int_equal(area.path_length, strlen("/usr/lib/a b.so"));
	assert_memory_equal(area.path, "/usr/lib/a b.so", area.path_length);
}

static void a_line_without_a_path_has_an_empty_one(void **state)
{
	static const char *const lines[] = {
		"1000-2000 ---s 00000000 00:00 0",
		"1000-2000 ---s 00000000 00:00 0 ",
		"1000-2000 ---s 00000000 00:00 0\n",
	};
	struct proc_area area;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		assert_true(parse(lines[i], &area));
		assert_int_equal(area.path_length, 0);
		assert_true(area.shared && !area.read);
	}
}

static void other_lines_are_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"\n",
		"1000",
		"1000-2000",
		"2000-1000 r--p 00000000 00:00 0",
		"1000-1000 r--p 00000000 00:00 0",
		"1000-2000 r--x 00000000 00:00 0",
		"1000-2000 r--p 00000000 00:00",
		"1000-2000 r--p 00000000 0000 0",
		"1000-2000 r--p 00000000 00:00 0x",
		"g000-2000 r--p 00000000 00:00 0",
		"1000-2000 r--p 00000000 100000000:00 0",
		"11111111111111111-22222222222222222 r--p 00000000 00:00 0",
		"Rss:                  12 kB",
	};
	struct proc_area area;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		assert_false(parse(lines[i], &area));
}

static void our_own_areas_are_there(void **state)
{
	char *mapping =
		mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct proc_areas areas;
	bool found = false;

	(void)state;
	mapping[4096] = 1;
	for (int details = 0; details < 2; details++) {
		assert_int_equal(proc_read_areas(getpid(), details, &areas), 0);
		for (size_t i = 0; i < areas.count; i++) {
			const struct proc_area *area = &areas.list[i];

			if (i > 0)
				assert_true(areas.list[i - 1].end <= area->start);
			if (area->start != (uint64_t)(uintptr_t)mapping)
				continue;
			found = true;
			assert_true(area->shared && area->write);
			assert_int_equal(area->rss_kb, details ? 4 : 0);
			assert_int_equal(strncmp(area->flags, "rd wr sh", 8) == 0, details);
		}
		assert_true(found);
		proc_free_areas(&areas);
	}
	munmap(mapping, 3 * 4096);
}

static void limits_and_layout_are_ours(void **state)
{
	struct proc_privileges privileges;
	struct proc_limits limits;
	struct proc_layout layout;
	struct rlimit stack;

	(void)state;
	getrlimit(RLIMIT_STACK, &stack);
	assert_int_equal(proc_read_limits(getpid(), &limits), 0);
	assert_int_equal(limits.stack.soft, stack.rlim_cur);
	assert_int_equal(limits.stack.hard, stack.rlim_max);
	assert_int_equal(proc_read_layout(getpid(), &layout), 0);
	assert_true(layout.start_brk <= (uint64_t)(uintptr_t)sbrk(0));
	assert_true(layout.start_stack > (uint64_t)(uintptr_t)&layout);
	assert_int_equal(proc_read_privileges(getpid(), &privileges), 0);
	assert_int_equal(privileges.uid, getuid());
}

static void a_process_that_is_not_there(void **state)
{
	struct proc_areas areas;

	(void)state;
	assert_int_equal(proc_read_areas(0x3fffffff, false, &areas), -2 /* ENOENT */);
	assert_int_equal(areas.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_taken_apart),
		cmocka_unit_test(a_line_without_a_path_has_an_empty_one),
		cmocka_unit_test(other_lines_are_refused),
		cmocka_unit_test(our_own_areas_are_there),
		cmocka_unit_test(limits_and_layout_are_ours),
		cmocka_unit_test(a_process_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
