/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "life.h"

const struct world_config life_configs[LIFE_CONFIGS] = {
	{ .anon = "anon-vma-chain", .file = "cells", .frames = 128, .slots = 96 },
	{ .anon = "lineage", .file = "interval-tree", .frames = 128, .slots = 96 },
	{ .anon = "pte-chain", .file = "interval-tree", .frames = 128, .slots = 96 },
	{ .anon = "family-index", .file = "cells", .frames = 128, .slots = 96 },
};

/* ---- What a life looks like ---- */

struct text {
	char *bytes;
	size_t length, room;
};

static void append(void *context, const char *bytes, size_t length)
{
	struct text *text = context;

	if (text->length + length + 1 > text->room) {
		text->room = (text->length + length + 1) * 2;
		text->bytes = realloc(text->bytes, text->room);
		assert_non_null(text->bytes);
	}
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

static void append_page(struct text *text, char what, uint64_t page, int err,
			const unsigned char *bytes)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325), word;
	char line[64];
	int length;

	for (size_t i = 0; err == 0 && i < VAS_PAGE_SIZE; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x100000001b3);
		hash ^= hash >> 29;
	}
	length = snprintf(line, sizeof(line), "%c%llu %d %08x\n", what, (unsigned long long)page,
			  err, (unsigned)(hash ^ hash >> 32));
	append(text, line, (size_t)length);
}

static void append_space(struct text *text, struct vas_space *space)
{
	const struct vas_printer printer = { append, text };
	static unsigned char bytes[VAS_PAGE_SIZE];

	if (space == NULL)
		return;
	vas_space_print(space, &printer);
	for (struct vas_area *area = vas_find_ge(space, 0); area != NULL;
	     area = vas_area_next(area)) {
		for (uint64_t from = area->range.start; from < area->range.end;
		     from += VAS_PAGE_SIZE) {
			int err = vas_read(space, from, bytes, sizeof(bytes), NULL);

			append_page(text, ' ', (from - WORLD_BASE) / VAS_PAGE_SIZE, err, bytes);
		}
	}
}

static void append_file(struct text *text, struct vas_file *file)
{
	static unsigned char bytes[VAS_PAGE_SIZE];
	uint64_t size = vas_file_size(file);
	char line[32];

	append(text, line,
	       (size_t)snprintf(line, sizeof(line), "%llu\n", (unsigned long long)size));
	for (uint64_t page = 0; page << VAS_PAGE_SHIFT < size; page++) {
		int err;

		memset(bytes, 0, sizeof(bytes));
		err = vas_file_read(file, page << VAS_PAGE_SHIFT, bytes, sizeof(bytes), NULL);
		append_page(text, 'f', page, err, bytes);
	}
}

/* An inode that was given out in vain is not given out again. */
static void hide_inodes(struct text *text)
{
	char *at = text->bytes;

	while ((at = strstr(at, " /dev/zero (deleted)")) != NULL) {
		char *digit = at++;

		while (*--digit == ' ')
			;
		for (; *digit >= '0' && *digit <= '9'; digit--)
			*digit = '?';
	}
}

char *life_look(struct life *life)
{
	struct text text = { 0 };

	append_space(&text, life->world.space);
	append_space(&text, life->child);
	append_space(&text, life->more);
	for (unsigned i = 0; i <= WORLD_FILES; i++)
		append_file(&text, life->world.files[i]);
	hide_inodes(&text);
	return text.bytes;
}

void life_must_look(struct life *life, const char *wanted)
{
	char *looks = life_look(life);
	const char *found = looks;

	while (*wanted != '\0' && strncmp(found, wanted, strcspn(wanted, "\n") + 1) == 0) {
		found += strcspn(wanted, "\n") + 1;
		wanted += strcspn(wanted, "\n") + 1;
	}
	if (*wanted != '\0' || *found != '\0')
		fail_msg("%s: \"%.*s\", not \"%.*s\"", life->now, (int)strcspn(found, "\n"), found,
			 (int)strcspn(wanted, "\n"), wanted);
	free(looks);
}

/* ---- A life ---- */

static void page_out(struct vas_space *space, uint64_t page)
{
	assert_int_equal(vas_advise(space, at(page), VAS_PAGE_SIZE, VAS_ADVICE_PAGEOUT), 0);
}

static void fill(struct vas_space *space, uint64_t page)
{
	must_put(space, page + IS_WRITTEN, page + 1001);
	must_put(space, page + IS_OUT, page + 1003);
	page_out(space, page + IS_OUT);
	assert_int_equal(vas_access(space, at(page + IS_READ), VAS_ACCESS_READ), 0);
}

static void map_all(struct world *world)
{
	struct vas_space *space = world->space;
	uint64_t now;

	assert_int_equal(map_pages(space, ANON, 8, RW, 0), 0);
	assert_int_equal(map_file(world, space, 0, SHARED_FILE, 8, 0, true), 0);
	assert_int_equal(map_file(world, space, 1, PRIVATE_FILE, 8, 0, false), 0);
	assert_int_equal(map_pages(space, SHARED, 6, RW, VAS_SHARED), 0);
	assert_int_equal(map_file(world, space, 2, MEMORY_FILE, 4, 0, true), 0);
	for (uint64_t i = 0; i < 20; i++)
		assert_int_equal(map_file(world, space, 1, MANY + 2 * i, 1, i, i % 2 != 0), 0);
	assert_int_equal(map_pages(space, GUARDED, 4, RW, 0), 0);
	assert_int_equal(
		vas_advise(space, at(GUARDED + 1), VAS_PAGE_SIZE, VAS_ADVICE_GUARD_INSTALL), 0);
	assert_int_equal(map_pages(space, STACK, 4, RW, VAS_GROWSDOWN), 0);
	assert_int_equal(vas_brk(space, at(WORLD_BRK) + PAGES(3), &now), 0);
	assert_int_equal(now, at(WORLD_BRK) + PAGES(3));
}

static void map_equal(struct life *life, uint64_t page, uint64_t token, bool merge)
{
	struct vas_space *space = life->world.space;

	assert_int_equal(map_pages(space, page, 4, RW, 0), 0);
	for (uint64_t i = 0; i < 4; i++)
		must_put(space, page + i, token);
	assert_int_equal(vas_advise(space, at(page), PAGES(4), VAS_ADVICE_MERGEABLE), 0);
	if (merge)
		assert_int_equal(vas_machine_merge(life->world.machine), 3);
}

void life_start(struct life *life, const struct world_config *config, bool merged)
{
	struct world *world = &life->world;
	struct vas_space *space;

	memset(life, 0, sizeof(*life));
	world_start(world, config, NULL, NULL);
	for (uint64_t page = 0; page < WORLD_FILE_PAGES; page++) {
		failing_store_page(&world->disks[0], page)[7] = (unsigned char)(page + 1);
		failing_store_page(&world->disks[1], page)[7] = (unsigned char)(page + 101);
	}
	space = world->space;
	map_all(world);
	for (uint64_t page = ANON; page <= MEMORY_FILE; page += 20)
		fill(space, page);
	fill(space, MEMORY_FILE);
	must_put(space, ANON + IS_REUSED, 1);
	must_put(space, GUARDED, 2);
	must_put(space, STACK, 3);
	must_put(space, WORLD_BRK, 4);
	map_equal(life, MERGED, 5, merged);
	assert_int_equal(vas_fork(space, &life->child), 0);
	must_put(life->child, ANON + IS_REUSED, 6);
	assert_int_equal(map_pages(space, OWN, 8, RW, 0), 0);
	fill(space, OWN);
	map_equal(life, EQUAL, 7, false);
}

/* What is on the disks is what the files say. */
static void check_disks(struct world *world)
{
	for (unsigned i = 0; i < WORLD_FILES; i++) {
		struct failing_store *disk = &world->disks[i];
		uint64_t size = vas_file_size(world->files[i]);
		int err = vas_file_sync(world->files[i]);

		/* What reclaim met is told once. */
		if (err != 0)
			assert_int_equal(vas_file_sync(world->files[i]), 0);
		assert_int_equal(disk->size, size);
		for (uint64_t page = 0; page << VAS_PAGE_SHIFT < size; page++) {
			unsigned char bytes[VAS_PAGE_SIZE] = { 0 };

			assert_int_equal(vas_file_read(world->files[i], page << VAS_PAGE_SHIFT,
						       bytes, sizeof(bytes), NULL),
					 0);
			assert_memory_equal(bytes, failing_store_page(disk, page), sizeof(bytes));
		}
	}
}

void life_finish(struct life *life)
{
	vas_space_destroy(life->child);
	vas_space_destroy(life->more);
	if (life->opened != NULL)
		vas_file_put(life->opened);
	check_disks(&life->world);
	world_finish(&life->world);
}

/* ---- Who takes all memory ---- */

void life_take_frames(struct life *life, uint64_t left)
{
	struct vas_space *hog;
	uint64_t page = 0;

	assert_int_equal(vas_machine_space(life->world.machine, NULL, &hog), 0);
	assert_int_equal(map_pages(hog, 0, 200, RW, 0), 0);
	assert_int_equal(vas_lock(hog, at(0), PAGES(200), VAS_LOCK_ONFAULT), 0);
	while (count(&life->world).free > left)
		must_put(hog, page++, 1);
	life->hog = hog;
}

void life_take_all(struct life *life)
{
	struct vas_space *hog;
	uint64_t page = 0;
	int err;

	assert_int_equal(vas_machine_space(life->world.machine, NULL, &hog), 0);
	assert_int_equal(map_pages(hog, 0, 400, RW, 0), 0);
	while ((err = put(hog, page, page + 1)) == 0)
		page++;
	assert_int_equal(err, -VAS_ENOMEM);
	assert_int_equal(count(&life->world).swap_used, life->world.config.slots);
	life->hog = hog;
}

void life_give(struct life *life)
{
	vas_space_destroy(life->hog);
	life->hog = NULL;
}
