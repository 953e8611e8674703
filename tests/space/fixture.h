/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SPACE_FIXTURE_H
#define TESTS_SPACE_FIXTURE_H

/*
 * What all tests of spaces share: one space per test, tests that run once per index design, calls
 * by page number, and rulers of pages.
 *
 * Pages are counted from FIXTURE_BASE. After every call the space is validated and compared with
 * its twin (twin.h); at the end of a test everything must have been given back: memory, promises
 * of memory, files.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <vas/space.h>

#include "failing_allocator.h"
#include "twin.h"

#define FIXTURE_BASE  UINT64_C(0x10000000)
#define FIXTURE_PAGES 64 /* that rulers show */
#define FIXTURE_FILES 8

#define RW   (VAS_READ | VAS_WRITE)
#define RX   (VAS_READ | VAS_EXEC)
#define FULL (VAS_READ | VAS_WRITE | VAS_EXEC)
#define HERE (VAS_PRIVATE | VAS_ANONYMOUS | VAS_FIXED)

struct fixture {
	const char *design; /* of the index */
	struct failing_allocator memory;
	struct vas_settings settings;
	struct vas_space_config config;
	struct vas_space *space;
	struct twin *twin;
	struct vas_file files[FIXTURE_FILES];
	size_t file_count;
	char ruler[FIXTURE_PAGES + 1];
};

/* Runs each test once for every index design, named "DESIGN: NAME", with a fixture as its state.
 * `fixture_test` makes the entries of the table. */
#define fixture_test(function)                                                                     \
	{                                                                                          \
#function, function, NULL, NULL, NULL                                              \
	}
#define fixture_run(group, tests)                                                                  \
	fixture_run_tests(group, tests, sizeof(tests) / sizeof((tests)[0]))
int fixture_run_tests(const char *group, const struct CMUnitTest *tests, size_t count);

/* The space anew, after `config` was changed. */
void fixture_restart(struct fixture *f);

/* Validates a space and compares it with the twin; done by all calls below. */
void fixture_check(struct fixture *f, const struct vas_space *space);

static inline uint64_t at(uint64_t page)
{
	return FIXTURE_BASE + page * VAS_PAGE_SIZE;
}

/* Calls by page. `flags` of map_pages are added to HERE. */
int map_pages(struct fixture *f, uint64_t page, uint64_t count, uint32_t prot, uint32_t flags);
int map_file(struct fixture *f, uint64_t page, uint64_t count, uint32_t prot, uint32_t flags,
	     struct vas_file *file, uint64_t file_page);
int unmap_pages(struct fixture *f, uint64_t page, uint64_t count);
int protect_pages(struct fixture *f, uint64_t page, uint64_t count, uint32_t prot);
int advise_pages(struct fixture *f, uint64_t page, uint64_t count, int advice);
int lock_pages(struct fixture *f, uint64_t page, uint64_t count);
int unlock_pages(struct fixture *f, uint64_t page, uint64_t count);
int seal_pages(struct fixture *f, uint64_t page, uint64_t count);
int name_pages(struct fixture *f, uint64_t page, uint64_t count, const char *name);
int touch_page(struct fixture *f, uint64_t page, enum vas_access access);

/* mremap; `*to` in and out is a page. */
int remap_pages(struct fixture *f, uint64_t page, uint64_t old_count, uint64_t new_count,
		uint64_t flags, uint64_t *to);

/* Anywhere: the whole call, checked; *address as in vas_map. */
int map_anywhere(struct fixture *f, uint64_t length, uint32_t flags, struct vas_file *file,
		 uint64_t *address);

/* A file that may be read and written, with one reference, which the fixture holds; at the end of
 * the test no other may be left. Each has an inode of its own, from 1. */
struct vas_file *fixture_file(struct fixture *f, const char *name);

/*
 * Areas as a ruler of pages: a letter for each area from below, '.' for nothing there, no '.' at
 * the end.
 *
 *	assert_ruler(f, "AAAA..BBCC");
 */
void draw(struct fixture *f, const struct vas_space *space);
#define assert_ruler(f, expected) assert_ruler_of(f, (f)->space, expected)
#define assert_ruler_of(f, space, expected)                                                        \
	do {                                                                                       \
		draw(f, space);                                                                    \
		assert_string_equal((f)->ruler, expected);                                         \
	} while (0)

/* The same with permissions: '-' none, 'r', 'w' (rw), 'x' (rx), 'X' (rwx), 'e' (only x), 'o' (only
 * w). */
void draw_access(struct fixture *f, const struct vas_space *space);
#define assert_access(f, expected)                                                                 \
	do {                                                                                       \
		draw_access(f, (f)->space);                                                        \
		assert_string_equal((f)->ruler, expected);                                         \
	} while (0)

/* The same with '#' where the area has `flag`, '-' where it has not. */
void draw_flag(struct fixture *f, const struct vas_space *space, uint64_t flag);
#define assert_flagged(f, flag, expected)                                                          \
	do {                                                                                       \
		draw_flag(f, (f)->space, flag);                                                    \
		assert_string_equal((f)->ruler, expected);                                         \
	} while (0)

/* Success, or this error. */
#define assert_ok(call)		  assert_int_equal(call, 0)
#define assert_error(error, call) assert_int_equal(call, -(error))

/* What the listeners have been told since twin_clear_log. */
#define assert_told(f, expected) assert_string_equal(twin_log((f)->twin), expected)

/* Prints to a cmocka message. */
extern const struct vas_printer fixture_printer;

#endif
