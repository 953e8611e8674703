/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* prctl(PR_SET_VMA): names for anonymous memory. */

#include <string.h>

#include "fixture.h"

static const char *name_at(const struct fixture *f, uint64_t page)
{
	return vas_area_name(vas_find(f->space, at(page)));
}

/*
 *	AAAAAAAA  ->  AABBBBCC  ->  AABBBBBB (an equal name)  ->  AAAAAAAA (none)
 *	  ****		      **
 */
static void names_split_and_merge(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 8, RW, 0));
	assert_ok(name_pages(f, 2, 4, "heap of x"));
	assert_ruler(f, "AABBBBCC");
	assert_string_equal(name_at(f, 2), "heap of x");
	assert_string_equal(name_at(f, 0), "");
	assert_ok(name_pages(f, 6, 2, "heap of x"));
	assert_ruler(f, "AABBBBBB");
	assert_ok(name_pages(f, 3, 2, "y"));
	assert_ruler(f, "AABCCDDD");
	assert_ok(name_pages(f, 0, 8, NULL));
	assert_ruler(f, "AAAAAAAA");
	assert_string_equal(name_at(f, 4), "");
}

/* A new mapping has no name, so it stays apart. */
static void named_areas_do_not_grow(void **state)
{
	struct fixture *f = *state;
	uint64_t to = 10;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(name_pages(f, 0, 4, "x"));
	assert_ok(map_pages(f, 4, 2, RW, 0));
	assert_ruler(f, "AAAABB");
	assert_ok(remap_pages(f, 0, 4, 4, VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED, &to));
	assert_string_equal(name_at(f, 10), "x");
}

static void children_have_them_too(void **state)
{
	struct fixture *f = *state;
	struct vas_space *child;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(name_pages(f, 0, 4, "x"));
	assert_ok(vas_fork(f->space, &child));
	assert_ok(unmap_pages(f, 0, 4));
	assert_string_equal(vas_area_name(vas_find(child, at(0))), "x");
	vas_space_destroy(child);
}

static void what_is_a_name(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = { "a`b", "a$b", "a[b", "a]b", "a\\b", "a\nb", "\x7f" };
	char text[82];

	assert_ok(map_pages(f, 0, 4, RW, 0));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_error(VAS_EINVAL, name_pages(f, 0, 1, bad[i]));
	memset(text, 'x', sizeof(text));
	text[80] = '\0';
	assert_error(VAS_EINVAL, name_pages(f, 0, 1, text));
	text[79] = '\0';
	assert_ok(name_pages(f, 0, 1, text));
	assert_string_equal(name_at(f, 0), text);
	assert_ok(name_pages(f, 0, 1, ""));
	assert_string_equal(name_at(f, 0), "");
	assert_ruler(f, "ABBB"); /* an empty name is a name */
}

static void only_anonymous_memory(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x");
	struct vas_file *object = fixture_file(f, "/dev/zero (deleted)");

	object->flags |= VAS_FILE_SHARED_MEMORY;
	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_file(f, 4, 4, RW, VAS_SHARED | VAS_FIXED, file, 0));
	assert_ok(map_file(f, 8, 4, RW, VAS_SHARED | VAS_ANONYMOUS | VAS_FIXED, object, 0));
	assert_error(VAS_EBADF, name_pages(f, 2, 8, "x"));
	assert_string_equal(name_at(f, 2), "x");
	assert_string_equal(name_at(f, 8), "");
	assert_ok(name_pages(f, 8, 4, "shm"));
	assert_string_equal(name_at(f, 8), "shm");
}

static void arguments(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 6, 4, RW, 0));
	assert_error(VAS_EINVAL, vas_set_name(f->space, at(0) + 1, 1, "x"));
	assert_error(VAS_EINVAL, vas_set_name(f->space, at(0), UINT64_MAX, "x"));
	assert_error(VAS_EINVAL, vas_set_name(f->space, at(0), UINT64_MAX - VAS_PAGE_SIZE, "x"));
	assert_ok(vas_set_name(f->space, at(20), 0, "x"));
	assert_error(VAS_ENOMEM, name_pages(f, 2, 6, "x"));
	assert_string_equal(name_at(f, 7), "x");
	f->settings.max_map_count = 0;
	assert_error(VAS_EAGAIN, name_pages(f, 0, 1, "z"));
	f->settings.area_names = false;
	assert_error(VAS_EINVAL, name_pages(f, 0, 1, "z"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(names_split_and_merge),  fixture_test(named_areas_do_not_grow),
		fixture_test(children_have_them_too), fixture_test(what_is_a_name),
		fixture_test(only_anonymous_memory),  fixture_test(arguments),
	};

	return fixture_run("name", tests);
}
