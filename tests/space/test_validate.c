/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Every invariant of docs/invariants.md (SPACE-1 ...) broken on purpose, and named. */

#include <stdio.h>
#include <string.h>

#include "fixture.h"

#include "space/space.h"

struct text {
	char bytes[512];
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

/* The validator must name `id`, and nothing else. */
static void assert_broken(const struct fixture *f, const char *id)
{
	struct text text = { .length = 0 };
	const struct vas_printer printer = { append, &text };
	char start[16];

	assert_false(vas_space_validate(f->space, &printer));
	snprintf(start, sizeof(start), "%s:", id);
	assert_int_equal(strncmp(text.bytes, start, strlen(start)), 0);
	assert_ptr_equal(strchr(text.bytes, '\n'), text.bytes + text.length - 1);
}

/* An area that is not anything special. */
static struct vas_area *make(struct fixture *f)
{
	assert_ok(map_pages(f, 0, 4, RW, 0));
	return vas_find(f->space, at(0));
}

static void space_1_of_this_space(void **state)
{
	struct fixture *f = *state;
	struct vas_area *area = make(f);

	area->space = NULL;
	assert_broken(f, "SPACE-1");
	area->space = f->space;
}

static void space_2_page_aligned(void **state)
{
	struct fixture *f = *state;
	struct vas_area *area = make(f);

	vas_index_resize(f->space->index, &area->range, at(0) + 1, at(4));
	assert_broken(f, "SPACE-2");
	vas_index_resize(f->space->index, &area->range, at(0), at(4) - 1);
	assert_broken(f, "SPACE-2");
	vas_index_resize(f->space->index, &area->range, at(0), at(4));
}

static void space_3_names_are_held(void **state)
{
	struct fixture *f = *state;
	struct vas_area *area = make(f);

	assert_ok(name_pages(f, 0, 4, "x"));
	area->name->references = 0;
	assert_broken(f, "SPACE-3");
	area->name->references = 1;
}

static void space_4_files_are_held(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/x");

	assert_ok(map_file(f, 0, 4, RW, VAS_SHARED | VAS_FIXED, file, 0));
	file->references = 0;
	assert_broken(f, "SPACE-4");
	file->references = 2;
}

/* Sets a flag, checks, and takes it back. */
static void with_flag(struct fixture *f, struct vas_area *area, uint64_t flag, const char *id)
{
	uint64_t old = area->flags;

	area->flags |= flag;
	assert_broken(f, id);
	area->flags = old;
}

static void space_5_locked_on_fault_is_locked(void **state)
{
	struct fixture *f = *state;

	with_flag(f, make(f), VAS_AREA_LOCK_ON_FAULT, "SPACE-5");
}

static void space_6_shared_was_mapped_so(void **state)
{
	struct fixture *f = *state;

	with_flag(f, make(f), VAS_AREA_SHARED, "SPACE-6");
}

static void space_7_userfault_has_a_context(void **state)
{
	struct fixture *f = *state;
	struct vas_area *area = make(f);

	with_flag(f, area, VAS_AREA_USERFAULT_WP, "SPACE-7");
	with_flag(f, area, UINT64_C(5) << VAS_AREA_CONTEXT_SHIFT, "SPACE-7");
}

static void space_8_to_12_counts(void **state)
{
	struct fixture *f = *state;
	struct {
		uint64_t *count;
		const char *id;
	} counts[] = {
		{ &f->space->total, "SPACE-8" },  { &f->space->locked, "SPACE-9" },
		{ &f->space->data, "SPACE-10" },  { &f->space->exec, "SPACE-11" },
		{ &f->space->stack, "SPACE-12" },
	};

	make(f);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		++*counts[i].count;
		assert_broken(f, counts[i].id);
		--*counts[i].count;
	}
	f->space->locked_lost++;
	assert_broken(f, "SPACE-9");
	f->space->locked_lost--;
}

static void space_13_spare_areas(void **state)
{
	struct fixture *f = *state;

	make(f);
	f->space->spares++;
	assert_broken(f, "SPACE-13");
	f->space->spares--;
}

static void space_14_promises(void **state)
{
	struct fixture *f = *state;

	make(f);
	f->settings.committed--;
	assert_broken(f, "SPACE-14");
	f->settings.committed++;
	/* Other spaces may have promised some more. */
	f->settings.committed++;
	assert_true(vas_space_validate(f->space, &fixture_printer));
	f->settings.committed--;
}

/* A broken index is seen first. */
static void index_first(void **state)
{
	struct fixture *f = *state;
	struct vas_area *area = make(f);
	struct text text = { .length = 0 };
	const struct vas_printer printer = { append, &text };

	area->range.end = area->range.start;
	assert_false(vas_space_validate(f->space, &printer));
	assert_int_equal(strncmp(text.bytes, "INDEX-", 6), 0);
	area->range.end = at(4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(space_1_of_this_space),
		fixture_test(space_2_page_aligned),
		fixture_test(space_3_names_are_held),
		fixture_test(space_4_files_are_held),
		fixture_test(space_5_locked_on_fault_is_locked),
		fixture_test(space_6_shared_was_mapped_so),
		fixture_test(space_7_userfault_has_a_context),
		fixture_test(space_8_to_12_counts),
		fixture_test(space_13_spare_areas),
		fixture_test(space_14_promises),
		fixture_test(index_first),
	};

	return fixture_run("validate", tests);
}
