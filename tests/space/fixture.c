/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_message_text(void *context, const char *text, size_t length)
{
	(void)context;
	print_error("%.*s", (int)length, text);
}

const struct vas_printer fixture_printer = { print_message_text, NULL };

static void create(struct fixture *f)
{
	assert_int_equal(vas_space_create(&f->config, &f->space), 0);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -1;
	f->design = *state;
	failing_allocator_init(&f->memory);
	vas_settings_default(&f->settings);
	vas_space_default(&f->config, &f->settings);
	f->config.allocator = &f->memory.allocator;
	f->config.index = f->design;
	f->twin = twin_create(FIXTURE_BASE);
	twin_listen(f->twin, &f->config);
	create(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	vas_space_destroy(f->space);
	assert_true(twin_is_empty(f->twin));
	for (size_t i = 0; i < f->file_count; i++)
		assert_int_equal(f->files[i].references, 1);
	assert_int_equal(f->settings.committed, 0);
	twin_destroy(f->twin);
	assert_int_equal(failing_allocator_finish(&f->memory), 0);
	free(f);
	return 0;
}

void fixture_restart(struct fixture *f)
{
	vas_space_destroy(f->space);
	create(f);
}

struct vas_file *fixture_file(struct fixture *f, const char *name)
{
	struct vas_file *file = &f->files[f->file_count++];

	assert_true(f->file_count <= FIXTURE_FILES);
	*file = (struct vas_file){
		.references = 1,
		.flags = VAS_FILE_READ | VAS_FILE_WRITE,
		.major = 8,
		.minor = 1,
		.inode = f->file_count,
		.size = UINT64_MAX,
		.name = name,
	};
	return file;
}

int fixture_run_tests(const char *group, const struct CMUnitTest *tests, size_t count)
{
	const char *const *designs = vas_index_designs();
	struct CMUnitTest *all;
	size_t total = 0;
	int failed;

	while (designs[total] != NULL)
		total++;
	total *= count;
	all = calloc(total, sizeof(*all));
	if (all == NULL)
		return 1;
	for (size_t i = 0; i < total; i++) {
		const char *design = designs[i / count];
		char *name = malloc(128);

		if (name == NULL)
			return 1;
		all[i] = tests[i % count];
		snprintf(name, 128, "%s: %s", design, all[i].name);
		all[i].name = name;
		all[i].setup_func = setup;
		all[i].teardown_func = teardown;
		all[i].initial_state = (void *)(uintptr_t)design;
	}
	failed = _cmocka_run_group_tests(group, all, total, NULL, NULL);
	for (size_t i = 0; i < total; i++)
		free((void *)(uintptr_t)all[i].name);
	free(all);
	return failed;
}

void fixture_check(struct fixture *f, const struct vas_space *space)
{
	const char *error;

	assert_true(vas_space_validate(space, &fixture_printer));
	error = twin_check(f->twin, space);
	if (error != NULL)
		fail_msg("%s\n%s", error, twin_log(f->twin));
}

static int checked(struct fixture *f, int result)
{
	fixture_check(f, f->space);
	return result;
}

int map_file(struct fixture *f, uint64_t page, uint64_t count, uint32_t prot, uint32_t flags,
	     struct vas_file *file, uint64_t file_page)
{
	uint64_t address = at(page);
	struct vas_map map = {
		.length = count * VAS_PAGE_SIZE,
		.prot = prot,
		.flags = flags,
		.file = file,
		.offset = file_page * VAS_PAGE_SIZE,
	};
	int err = vas_map(f->space, &map, &address);

	assert_true(err != 0 || (flags & VAS_FIXED) == 0 || address == at(page));
	return checked(f, err);
}

int map_pages(struct fixture *f, uint64_t page, uint64_t count, uint32_t prot, uint32_t flags)
{
	return map_file(f, page, count, prot, HERE | flags, NULL, 0);
}

int unmap_pages(struct fixture *f, uint64_t page, uint64_t count)
{
	return checked(f, vas_unmap(f->space, at(page), count * VAS_PAGE_SIZE));
}

int protect_pages(struct fixture *f, uint64_t page, uint64_t count, uint32_t prot)
{
	return checked(f, vas_protect(f->space, at(page), count * VAS_PAGE_SIZE, prot, -1));
}

int advise_pages(struct fixture *f, uint64_t page, uint64_t count, int advice)
{
	return checked(f, vas_advise(f->space, at(page), count * VAS_PAGE_SIZE, advice));
}

int lock_pages(struct fixture *f, uint64_t page, uint64_t count)
{
	return checked(f, vas_lock(f->space, at(page), count * VAS_PAGE_SIZE, 0));
}

int unlock_pages(struct fixture *f, uint64_t page, uint64_t count)
{
	return checked(f, vas_unlock(f->space, at(page), count * VAS_PAGE_SIZE));
}

int seal_pages(struct fixture *f, uint64_t page, uint64_t count)
{
	return checked(f, vas_seal(f->space, at(page), count * VAS_PAGE_SIZE, 0));
}

int name_pages(struct fixture *f, uint64_t page, uint64_t count, const char *name)
{
	return checked(f, vas_set_name(f->space, at(page), count * VAS_PAGE_SIZE, name));
}

int touch_page(struct fixture *f, uint64_t page, enum vas_access access)
{
	return checked(f, vas_touch(f->space, at(page), access));
}

int remap_pages(struct fixture *f, uint64_t page, uint64_t old_count, uint64_t new_count,
		uint64_t flags, uint64_t *to)
{
	uint64_t address = 0;
	struct vas_remap remap = {
		.old = at(page),
		.old_length = old_count * VAS_PAGE_SIZE,
		.new_length = new_count * VAS_PAGE_SIZE,
		.flags = flags,
		.new_address = to == NULL ? 0 : at(*to),
	};
	int err = vas_remap(f->space, &remap, &address);

	if (err == 0 && to != NULL)
		*to = (address - FIXTURE_BASE) / VAS_PAGE_SIZE;
	return checked(f, err);
}

int map_anywhere(struct fixture *f, uint64_t length, uint32_t flags, struct vas_file *file,
		 uint64_t *address)
{
	struct vas_map map = {
		.length = length,
		.prot = RW,
		.flags = flags | (file == NULL ? VAS_ANONYMOUS : 0) |
			 ((flags & VAS_MAP_TYPE) == 0 ? VAS_PRIVATE : 0),
		.file = file,
	};

	return checked(f, vas_map(f->space, &map, address));
}

/* Rulers. */

static void trim(struct fixture *f)
{
	size_t length = FIXTURE_PAGES;

	while (length > 0 && f->ruler[length - 1] == '.')
		length--;
	f->ruler[length] = '\0';
}

typedef char letter_fn(const struct vas_area *area, unsigned number, uint64_t argument);

static void draw_with(struct fixture *f, const struct vas_space *space, letter_fn *letter,
		      uint64_t argument)
{
	const struct vas_area *last = NULL;
	unsigned number = 0;

	for (size_t page = 0; page < FIXTURE_PAGES; page++) {
		const struct vas_area *area = vas_find(space, at(page));

		if (area != NULL && last != NULL && area != last)
			number++;
		if (area != NULL)
			last = area;
		f->ruler[page] = area == NULL ? '.' : letter(area, number, argument);
	}
	trim(f);
}

static char area_letter(const struct vas_area *area, unsigned number, uint64_t argument)
{
	(void)area;
	(void)argument;
	return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[number % 52];
}

static char access_letter(const struct vas_area *area, unsigned number, uint64_t argument)
{
	(void)number;
	(void)argument;
	return "-rowex_X"[area->flags & VAS_AREA_ACCESS];
}

static char flag_letter(const struct vas_area *area, unsigned number, uint64_t argument)
{
	(void)number;
	return (area->flags & argument) != 0 ? '#' : '-';
}

void draw(struct fixture *f, const struct vas_space *space)
{
	draw_with(f, space, area_letter, 0);
}

void draw_access(struct fixture *f, const struct vas_space *space)
{
	draw_with(f, space, access_letter, 0);
}

void draw_flag(struct fixture *f, const struct vas_space *space, uint64_t flag)
{
	draw_with(f, space, flag_letter, flag);
}
