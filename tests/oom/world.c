/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "world.h"

/* A text that grows, by the C library's memory. */
struct text {
	char *bytes;
	size_t length, room;
};

static void add_text(void *context, const char *bytes, size_t length)
{
	struct text *text = context;

	while (text->length + length + 1 > text->room) {
		text->room = text->room == 0 ? 4096 : text->room * 2;
		text->bytes = realloc(text->bytes, text->room);
		assert_non_null(text->bytes);
	}
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

__attribute__((format(printf, 2, 3))) static void add_line(struct text *text, const char *format,
							   ...)
{
	char line[400];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	add_text(text, line, (size_t)length);
}

#define LL(value) ((unsigned long long)(value))

static void describe_space(struct text *text, struct vas_space *space)
{
	const struct vas_printer printer = { add_text, text };
	struct vas_counts counts;
	struct vas_walk walk;
	const struct vas_area *area;

	if (space == NULL)
		return;
	vas_space_print(space, &printer);
	vas_walk_start(&walk, space, 0);
	while ((area = vas_walk_next(&walk)) != NULL) {
		struct vas_anon_vma_chain_view view;

		vas_anon_vma_chain_look(area, &view);
		add_line(text, "%llx flags %llx offset %llx policy %llx name %s head %llu of %zu\n",
			 LL(area->range.start), LL(area->flags), LL(area->offset), LL(area->policy),
			 vas_area_name(area), LL(view.id), view.links);
	}
	vas_space_count(space, &counts);
	add_line(text, "brk %llx\n", LL(vas_space_layout(space)->brk));
	add_line(text, "areas %llu total %llu locked %llu data %llu exec %llu stack %llu\n",
		 LL(counts.areas), LL(counts.total), LL(counts.locked), LL(counts.data),
		 LL(counts.exec), LL(counts.stack));
}

char *world_describe(struct world *world)
{
	struct text text = { NULL, 0, 0 };
	const struct vas_printer printer = { add_text, &text };
	struct vas_anon_vma_chain_stats stats;

	for (int i = 0; i < WORLD_SPACES; i++)
		describe_space(&text, world->spaces[i]);
	vas_anon_vma_chain_print(world->chain, &printer);
	vas_anon_vma_chain_count(world->chain, &stats);
	add_line(&text, "heads %llu links %llu bytes %llu created %llu inherited %llu\n",
		 LL(stats.heads), LL(stats.links), LL(stats.bytes), LL(stats.created),
		 LL(stats.inherited));
	add_line(&text, "shared %llu reused %llu committed %llu\n", LL(stats.shared),
		 LL(stats.reused), LL(world->settings.committed));
	for (int i = 0; i < WORLD_FILES; i++)
		add_line(&text, "file %d references %u\n", i, world->files[i].references);
	return text.bytes;
}

static void print_to_stderr(void *context, const char *text, size_t length)
{
	(void)context;
	fwrite(text, 1, length, stderr);
}

void world_validate(struct world *world)
{
	static const struct vas_printer printer = { print_to_stderr, NULL };
	struct vas_space *spaces[WORLD_SPACES];
	size_t count = 0;

	for (size_t i = 0; i < WORLD_SPACES; i++)
		if (world->spaces[i] != NULL)
			spaces[count++] = world->spaces[i];
	for (size_t i = 0; i < count; i++)
		assert_true(vas_space_validate(spaces[i], &printer));
	assert_true(vas_anon_vma_chain_validate(world->chain, &printer));
	failing_allocator_check(&world->memory);
}

/* Building the world. */

static void map_at(struct world *world, struct vas_space *space, uint64_t page, uint64_t pages,
		   uint32_t prot, uint32_t flags, int file)
{
	struct vas_map map = {
		.length = pages * PAGE,
		.prot = prot,
		.flags = flags | VAS_FIXED,
		.file = file < 0 ? NULL : &world->files[file],
		.offset = file < 0 ? 0 : page * PAGE,
	};
	uint64_t address = at(page);

	assert_int_equal(vas_map(space, &map, &address), 0);
}

static void touch(struct vas_space *space, uint64_t page)
{
	assert_int_equal(vas_touch(space, at(page), VAS_ACCESS_WRITE), 0);
}

/*
 * page  0         10        20        30        40        50        60        70
 *       AAAA....  Bbbb|BBBBbbbb|bbbb  ffff|ffff ssss                nnnn      zzzz
 *
 * A touched; B three pieces of different access, touched or not; f a private file in two
 * halves, one of them written to; s shared; n named; z /dev/zero. Far above: the brk
 * area, and one that grows down, with nothing within its guard gap.
 */
static void fill(struct world *world, struct vas_space *space)
{
	uint64_t now;

	map_at(world, space, 0, 4, RW, ANON, -1);
	touch(space, 0);
	map_at(world, space, 10, 12, RW, ANON, -1);
	touch(space, 14);
	assert_int_equal(vas_protect(space, at(14), 4 * PAGE, VAS_READ, -1), 0);
	map_at(world, space, 30, 8, RW, VAS_PRIVATE, 0);
	assert_int_equal(vas_protect(space, at(34), 4 * PAGE, VAS_READ, -1), 0);
	touch(space, 31);
	map_at(world, space, 40, 4, RW, VAS_SHARED, 1);
	map_at(world, space, STACK, 4, RW, ANON | VAS_GROWSDOWN, -1);
	map_at(world, space, 60, 4, RW, ANON, -1);
	assert_int_equal(vas_set_name(space, at(60), 2 * PAGE, "first"), 0);
	map_at(world, space, 70, 4, RW, VAS_PRIVATE, 2);
	touch(space, 70);
	assert_int_equal(vas_brk(space, at(BRK + 4), &now), 0);
	touch(space, BRK);
	/* A row of areas that cannot merge, more than fit on a stack somewhere: 80 .. 160. */
	for (uint64_t page = 80; page < 160; page += 2) {
		map_at(world, space, page, 2, page % 4 == 0 ? RW : VAS_READ, ANON, -1);
		if (page % 12 == 0)
			touch(space, page);
	}
}

void world_start(struct world *world, const char *index)
{
	static const uint32_t flags[WORLD_FILES] = {
		VAS_FILE_READ | VAS_FILE_WRITE,
		VAS_FILE_READ | VAS_FILE_WRITE | VAS_FILE_SHARED_MEMORY,
		VAS_FILE_READ | VAS_FILE_WRITE | VAS_FILE_DEVICE_ZERO
	};
	struct vas_anon_rmap_config chain;
	struct vas_space_config config;

	memset(world, 0, sizeof(*world));
	failing_allocator_init(&world->memory);
	vas_settings_default(&world->settings);
	for (int i = 0; i < WORLD_FILES; i++)
		world->files[i] = (struct vas_file){ .references = 1,
						     .flags = flags[i],
						     .inode = 100 + (uint64_t)i,
						     .size = UINT64_MAX,
						     .name = "/file" };
	chain = (struct vas_anon_rmap_config){ .allocator = &world->memory.allocator,
					       .settings = &world->settings };
	assert_int_equal(vas_anon_vma_chain_create(&chain, &world->chain), 0);
	vas_space_default(&config, &world->settings);
	config.allocator = &world->memory.allocator;
	config.index = index;
	config.layout.start_brk = at(BRK);
	config.layout.brk = at(BRK);
	config.listeners[0].listener = &vas_anon_vma_chain_listener;
	config.listeners[0].data = world->chain;
	assert_int_equal(vas_space_create(&config, &world->spaces[0]), 0);
}

void world_fill(struct world *world)
{
	struct vas_space *child;

	fill(world, world->spaces[0]);
	assert_int_equal(vas_fork(world->spaces[0], &world->spaces[1]), 0);
	child = world->spaces[1];
	/* What the child has made since: areas whose chain is one link long. */
	map_at(world, child, 4, 4, VAS_READ | VAS_WRITE | VAS_EXEC, ANON, -1);
	touch(child, 4);
	map_at(world, child, 170, 6, RW, ANON, -1);
	touch(child, 171);
	assert_int_equal(vas_lock(child, at(172), 2 * PAGE, 0), 0);
}

void world_end(struct world *world)
{
	for (int i = 0; i < WORLD_SPACES; i++)
		vas_space_destroy(world->spaces[i]);
	vas_anon_vma_chain_destroy(world->chain);
	assert_int_equal(world->settings.committed, 0);
	for (int i = 0; i < WORLD_FILES; i++)
		assert_int_equal(world->files[i].references, 1);
	assert_int_equal(failing_allocator_finish(&world->memory), 0);
}
