/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The text of /proc/PID/maps, byte for byte. */

#include <string.h>

#include "fixture.h"

struct text {
	char bytes[4096];
	size_t length;
};

static void append(void *context, const char *bytes, size_t length)
{
	struct text *text = context;

	assert_true(text->length + length < sizeof(text->bytes));
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

static void assert_prints(const struct vas_space *space, const char *expected)
{
	struct text text = { .length = 0 };
	const struct vas_printer printer = { append, &text };

	vas_space_print(space, &printer);
	assert_string_equal(text.bytes, expected);
}

/* A line without a name ends in one blank. */
static void anonymous_lines(void **state)
{
	struct fixture *f = *state;

	assert_prints(f->space, "");
	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 4, 1, VAS_NONE, 0));
	assert_ok(map_pages(f, 5, 1, FULL, 0));
	assert_ok(map_file(f, 6, 1, RX, VAS_SHARED | VAS_ANONYMOUS | VAS_FIXED, NULL, 0));
	assert_prints(f->space,
		      "10000000-10004000 rw-p 00000000 00:00 0 \n"
		      "10004000-10005000 ---p 00000000 00:00 0 \n"
		      "10005000-10006000 rwxp 00000000 00:00 0 \n"
		      "10006000-10007000 r-xs 00000000 00:00 0 \n");
}

/* Names begin in column 73, or two blanks after a number that reaches further. */
static void file_lines(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/usr/bin/cat"), *big = fixture_file(f, "/b i\\g");
	struct vas_file *nameless = fixture_file(f, NULL);

	big->major = 0xfd;
	big->minor = 0x1234;
	big->inode = UINT64_C(18446744073709551615);
	assert_ok(map_file(f, 0, 1, VAS_READ, VAS_PRIVATE | VAS_FIXED, file, 0x12));
	assert_ok(map_file(f, 1, 1, RW, VAS_SHARED | VAS_FIXED, big, UINT64_C(0x123456789)));
	assert_ok(map_file(f, 2, 1, RW, VAS_SHARED | VAS_FIXED, nameless, 0));
	assert_ok(map_file(f, UINT64_C(0x7ff000000), 1, RW, VAS_SHARED | VAS_FIXED, big,
			   UINT64_C(0x123456789)));
	assert_prints(f->space,
		      "10000000-10001000 r--p 00012000 08:01 1"
		      "                                  /usr/bin/cat\n"
		      "10001000-10002000 rw-s 123456789000 fd:1234 18446744073709551615"
		      "         /b i\\g\n"
		      "10002000-10003000 rw-s 00000000 08:01 3 \n"
		      "7ff010000000-7ff010001000 rw-s 123456789000 fd:1234 18446744073709551615"
		      "  /b i\\g\n");
}

static void addresses_of_all_widths(void **state)
{
	struct fixture *f = *state;
	struct vas_place low = { { 0, VAS_PAGE_SIZE }, VAS_AREA_READ, 0, NULL, NULL };
	struct vas_place vsyscall = { { UINT64_C(0xffffffffff600000),
					UINT64_C(0xffffffffff601000) },
				      VAS_AREA_EXEC,
				      0,
				      NULL,
				      "[vsyscall]" };
	struct vas_place vdso = { { UINT64_C(0x7ffff7fc1000), UINT64_C(0x7ffff7fc3000) },
				  VAS_AREA_READ | VAS_AREA_EXEC | VAS_AREA_NO_SPLIT,
				  0,
				  NULL,
				  "[vdso]" };

	assert_ok(vas_place(f->space, &vsyscall));
	assert_ok(vas_place(f->space, &low));
	assert_ok(vas_place(f->space, &vdso));
	assert_prints(f->space,
		      "00000000-00001000 r--p 00000000 00:00 0 \n"
		      "7ffff7fc1000-7ffff7fc3000 r-xp 00000000 00:00 0"
		      "                          [vdso]\n"
		      "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0"
		      "                  [vsyscall]\n");
	fixture_check(f, f->space);
}

static void heap_and_stack(void **state)
{
	struct fixture *f = *state;
	uint64_t now;

	f->config.layout.start_brk = at(0);
	f->config.layout.brk = at(0);
	f->config.layout.start_stack = at(9);
	fixture_restart(f);
	assert_ok(vas_brk(f->space, at(2), &now));
	assert_ok(protect_pages(f, 1, 1, VAS_READ));
	assert_ok(map_pages(f, 4, 2, RW, 0));
	assert_ok(map_pages(f, 6, 4, RW, VAS_GROWSDOWN));
	assert_prints(f->space,
		      "10000000-10001000 rw-p 00000000 00:00 0"
		      "                                  [heap]\n"
		      "10001000-10002000 r--p 00000000 00:00 0"
		      "                                  [heap]\n"
		      "10004000-10006000 rw-p 00000000 00:00 0 \n"
		      "10006000-1000a000 rw-p 00000000 00:00 0"
		      "                                  [stack]\n");
}

/* The program's own names; the heap's and the stack's come first, a file's last. */
static void names(void **state)
{
	struct fixture *f = *state;
	struct vas_file *object = fixture_file(f, "/dev/zero (deleted)");

	object->flags |= VAS_FILE_SHARED_MEMORY;
	object->major = 0;
	f->config.layout.start_stack = at(0);
	fixture_restart(f);
	assert_ok(map_pages(f, 0, 2, RW, VAS_GROWSDOWN));
	assert_ok(map_pages(f, 4, 2, RW, 0));
	assert_ok(map_file(f, 8, 1, RW, VAS_SHARED | VAS_ANONYMOUS | VAS_FIXED, object, 0));
	assert_ok(name_pages(f, 0, 1, "mine"));
	assert_ok(name_pages(f, 4, 1, "dalvik-main space"));
	assert_ok(name_pages(f, 8, 1, "pool"));
	assert_prints(f->space,
		      "10000000-10001000 rw-p 00000000 00:00 0"
		      "                                  [stack]\n"
		      "10001000-10002000 rw-p 00000000 00:00 0 \n"
		      "10004000-10005000 rw-p 00000000 00:00 0"
		      "                                  [anon:dalvik-main space]\n"
		      "10005000-10006000 rw-p 00000000 00:00 0 \n"
		      "10008000-10009000 rw-s 00000000 00:01 1"
		      "                                  [anon_shmem:pool]\n");
}

/* A private mapping of a file that cannot be written any more is still private. */
static void shared_means_how_it_was_mapped(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/x");

	file->flags = VAS_FILE_READ;
	assert_ok(map_file(f, 0, 1, VAS_READ, VAS_SHARED | VAS_FIXED, file, 0));
	assert_flagged(f, VAS_AREA_SHARED, "-");
	assert_prints(f->space,
		      "10000000-10001000 r--s 00000000 08:01 1"
		      "                                  /x\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(anonymous_lines),
		fixture_test(file_lines),
		fixture_test(addresses_of_all_widths),
		fixture_test(heap_and_stack),
		fixture_test(names),
		fixture_test(shared_means_how_it_was_mapped),
	};

	return fixture_run("print", tests);
}
