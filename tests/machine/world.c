/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "world.h"

#include "machine/machine.h"

static void print(void *context, const char *text, size_t length)
{
	(void)context;
	fwrite(text, 1, length, stderr);
}

const struct vas_printer world_printer = { print, NULL };

static void open_files(struct world *world)
{
	for (unsigned i = 0; i <= WORLD_FILES; i++) {
		struct vas_object_open open = {
			.size = WORLD_FILE_PAGES * VAS_PAGE_SIZE,
			.flags = VAS_FILE_READ | VAS_FILE_WRITE,
			.inode = i + 1,
			.name = "/file",
		};

		if (i < WORLD_FILES) {
			struct failing_store *disk = &world->disks[i];

			failing_store_init(disk, WORLD_DISK_PAGES);
			disk->limit = WORLD_DISK_PAGES;
			disk->size = WORLD_FILE_PAGES * VAS_PAGE_SIZE;
			open.store = &disk->store;
			open.store_data = disk;
		} else {
			open.flags |= VAS_FILE_SHARED_MEMORY;
		}
		assert_int_equal(vas_object_open(world->machine, &open, &world->files[i]), 0);
	}
}

void world_start(struct world *world, const struct world_config *config,
		 const struct vas_listener *extra, void *data)
{
	struct vas_machine_config machine = {
		.frames = config->frames,
		.anon_rmap = config->anon,
		.file_rmap = config->file,
		.swap = config->slots > 0 ? &world->swap.store : NULL,
		.swap_data = &world->swap,
		.swap_slots = config->slots,
	};
	struct vas_space_config space;

	memset(world, 0, sizeof(*world));
	world->config = *config;
	failing_allocator_init(&world->memory);
	if (!config->threads)
		machine.allocator = &world->memory.allocator;
	failing_store_init(&world->swap, config->slots + 1);
	assert_int_equal(vas_machine_create(&machine, &world->machine), 0);
	vas_space_default(&space, vas_machine_settings(world->machine));
	space.layout.start_brk = space.layout.brk = at(WORLD_BRK);
	if (extra != NULL) {
		space.listeners[0].listener = extra;
		space.listeners[0].data = data;
	}
	assert_int_equal(vas_machine_space(world->machine, &space, &world->space), 0);
	open_files(world);
}

void world_finish(struct world *world)
{
	struct vas_machine_counts counts;

	if (world->machine->stop != NULL)
		world->machine->stop(world->machine);
	vas_space_destroy(world->space);
	for (unsigned i = 0; i <= WORLD_FILES; i++) {
		if (world->files[i] != NULL)
			vas_file_put(world->files[i]);
	}
	world_check(world);
	counts = count(world);
	assert_int_equal(counts.swap_used, 0);
	assert_int_equal(counts.tables, 0);
	/* The page of zeroes stays. */
	assert_int_equal(counts.free, counts.frames - 1);
	vas_machine_destroy(world->machine);
	failing_store_finish(&world->swap);
	for (unsigned i = 0; i < WORLD_FILES; i++)
		failing_store_finish(&world->disks[i]);
	assert_int_equal(failing_allocator_finish(&world->memory), 0);
}

int world_set_up(void **state)
{
	struct world *world = malloc(sizeof(*world));

	if (world == NULL)
		return -1;
	world_start(world, &(struct world_config){ .frames = 96, .slots = 64 }, NULL, NULL);
	*state = world;
	return 0;
}

int world_tear_down(void **state)
{
	world_finish(*state);
	free(*state);
	return 0;
}

void world_check(struct world *world)
{
	assert_true(vas_machine_validate(world->machine, &world_printer));
	assert_true(vas_machine_check_walks(world->machine, &world_printer));
}

int map_pages(struct vas_space *space, uint64_t page, uint64_t count, uint32_t prot,
	      uint32_t more_flags)
{
	struct vas_map map = {
		.length = count * VAS_PAGE_SIZE,
		.prot = prot,
		.flags = VAS_ANONYMOUS | VAS_FIXED | more_flags,
	};
	uint64_t address = at(page);

	if ((more_flags & VAS_MAP_TYPE) == 0)
		map.flags |= VAS_PRIVATE;
	return vas_map(space, &map, &address);
}

int map_file(struct world *world, struct vas_space *space, unsigned which, uint64_t page,
	     uint64_t count, uint64_t file_page, bool shared)
{
	struct vas_map map = {
		.length = count * VAS_PAGE_SIZE,
		.prot = RW,
		.flags = VAS_FIXED | (shared ? VAS_SHARED : VAS_PRIVATE),
		.file = world->files[which],
		.offset = file_page * VAS_PAGE_SIZE,
	};
	uint64_t address = at(page);

	return vas_map(space, &map, &address);
}

int put(struct vas_space *space, uint64_t page, uint64_t token)
{
	return vas_write(space, at(page) + TOKEN_OFFSET, &token, sizeof(token), NULL);
}

int get(struct vas_space *space, uint64_t page, uint64_t *token)
{
	return vas_read(space, at(page) + TOKEN_OFFSET, token, sizeof(*token), NULL);
}

void must_put(struct vas_space *space, uint64_t page, uint64_t token)
{
	assert_int_equal(put(space, page, token), 0);
}

void must_get(struct vas_space *space, uint64_t page, uint64_t token)
{
	uint64_t found = ~token;

	assert_int_equal(get(space, page, &found), 0);
	assert_int_equal(found, token);
}

struct vas_view look(struct vas_space *space, uint64_t page)
{
	struct vas_view view;

	vas_look(space, at(page), &view);
	return view;
}

struct vas_machine_counts count(struct world *world)
{
	struct vas_machine_counts counts;

	vas_machine_count(world->machine, &counts);
	return counts;
}

uint64_t world_figure(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text == NULL || *text == '\0' ? otherwise : strtoull(text, NULL, 0);
}

uint64_t world_seed(uint64_t own)
{
	uint64_t seed = world_figure("VAS_SEED", own);

	print_message("seed %llu\n", (unsigned long long)seed);
	return seed == 0 ? 1 : seed * UINT64_C(0x9e3779b97f4a7c15);
}

bool world_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
	return true;
#else
	return false;
#endif
#else
	return false;
#endif
}
