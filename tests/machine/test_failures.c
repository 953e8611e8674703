/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Everything that can fail fails once: each allocation of each call, each read, write and sync of
 * swap and of files. The call says so, or does without; nothing else has changed; made again, it
 * works; and in the end nothing has leaked. Each on a scene made anew, in a machine with room and in
 * one that is full.
 */

#include "steps.h"

struct scene {
	struct world world;
	struct contents contents;
	struct vas_space *child, *other; /* the second is made by a deed */
};

/* The scene: a parent, and its child, by page. */
enum {
	OWN = 0,	/* 8 private pages that both share; two are out in swap */
	ALONE = 16,	/* 4 that only the parent has (the child's are wiped) */
	SHARED = 32,	/* 4 of shared memory without a name; one is out */
	FILE_HERE = 48, /* 4 of the first file, shared, two dirty */
	COPIES = 64,	/* 4 of the first file, private, one written */
	SEGMENT = 80,	/* 4 of the shared memory with a name */
	EQUAL = 96,	/* 4 equal pages that may be merged */
	FREE = 128,	/* nothing */
	FILLER = 600,	/* what fills the memory */
};

#define FRAMES 80
#define SLOTS  128

static void write_token(struct scene *scene, struct vas_space *space, uint64_t page, uint64_t token)
{
	must_put(space, page, token);
	contents_put(&scene->contents, space, page, token, false);
}

static void page_out(struct scene *scene, uint64_t page, uint64_t count)
{
	assert_int_equal(
		vas_advise(scene->world.space, at(page), count * VAS_PAGE_SIZE, VAS_ADVICE_PAGEOUT),
		0);
}

static void fill(struct scene *scene, struct vas_space *space)
{
	for (uint64_t i = 0; count(&scene->world).free > 1; i++) {
		assert_int_equal(map_pages(space, FILLER + i, 1, RW, 0), 0);
		write_token(scene, space, FILLER + i, 1000 + i);
	}
}

static void start(struct scene *scene, const struct world_config *config, bool full)
{
	struct vas_space *space;

	memset(scene, 0, sizeof(*scene));
	world_start(&scene->world, config, &contents_listener, &scene->contents);
	space = scene->world.space;
	for (unsigned i = 0; i <= WORLD_FILES; i++)
		contents_file(&scene->contents, scene->world.files[i]);
	assert_int_equal(map_pages(space, OWN, 8, RW, 0), 0);
	assert_int_equal(map_pages(space, ALONE, 4, RW, 0), 0);
	assert_int_equal(map_pages(space, SHARED, 4, RW, VAS_SHARED), 0);
	assert_int_equal(map_file(&scene->world, space, 0, FILE_HERE, 4, 0, true), 0);
	assert_int_equal(map_file(&scene->world, space, 0, COPIES, 4, 8, false), 0);
	assert_int_equal(map_file(&scene->world, space, WORLD_FILES, SEGMENT, 4, 0, true), 0);
	assert_int_equal(map_pages(space, EQUAL, 4, RW, 0), 0);
	for (uint64_t i = 0; i < 8; i++)
		write_token(scene, space, OWN + i, 100 + i);
	for (uint64_t i = 0; i < 4; i++) {
		write_token(scene, space, ALONE + i, 200 + i);
		write_token(scene, space, SHARED + i, 300 + i);
		write_token(scene, space, EQUAL + i, 7);
	}
	write_token(scene, space, FILE_HERE, 400);
	write_token(scene, space, FILE_HERE + 1, 401);
	write_token(scene, space, COPIES, 500);
	must_get(space, COPIES + 1, 0);
	write_token(scene, space, SEGMENT, 600);
	write_token(scene, space, SEGMENT + 1, 601);
	assert_int_equal(vas_advise(space, at(ALONE), 4 * VAS_PAGE_SIZE, VAS_ADVICE_WIPEONFORK), 0);
	assert_int_equal(vas_advise(space, at(EQUAL), 4 * VAS_PAGE_SIZE, VAS_ADVICE_MERGEABLE), 0);
	page_out(scene, OWN, 2);
	page_out(scene, SHARED, 1);
	page_out(scene, SEGMENT, 1);
	assert_int_equal(vas_fork(space, &scene->child), 0);
	if (full)
		fill(scene, space);
}

/* Everything that is mapped holds what it must. */
static void look_at_space(struct scene *scene, struct vas_space *space)
{
	for (uint64_t page = 0; page < WORLD_PAGES; page++) {
		struct contents_place place =
			contents_look(&scene->contents, space, page, VAS_ACCESS_READ);

		if (place.err == 0) {
			uint64_t token = 0;

			assert_int_equal(get(space, page, &token), 0);
			if (!place.perhaps_zero || token != 0)
				assert_int_equal(token, place.token);
		}
	}
}

static void look_at_all(struct scene *scene)
{
	contents_settle(&scene->contents);
	world_check(&scene->world);
	look_at_space(scene, scene->world.space);
	if (scene->child != NULL)
		look_at_space(scene, scene->child);
	if (scene->other != NULL)
		look_at_space(scene, scene->other);
	world_check(&scene->world);
}

static void finish(struct scene *scene)
{
	vas_space_destroy(scene->child);
	vas_space_destroy(scene->other);
	world_finish(&scene->world);
}

/* ---- What is done ---- */

static int do_put(struct scene *scene, struct vas_space *space, uint64_t page)
{
	int err = put(space, page, 77);

	if (err == 0)
		contents_put(&scene->contents, space, page, 77, false);
	return err;
}

static int do_get(struct vas_space *space, uint64_t page)
{
	uint64_t token;

	return get(space, page, &token);
}

static int first_write(struct scene *scene)
{
	int err = map_pages(scene->world.space, FREE, 2, RW, 0);

	return err != 0 ? err : do_put(scene, scene->world.space, FREE);
}

static int write_after_fork(struct scene *scene)
{
	return do_put(scene, scene->child, OWN + 4);
}

static int write_alone(struct scene *scene)
{
	return do_put(scene, scene->world.space, ALONE);
}

static int read_swapped(struct scene *scene)
{
	return do_get(scene->child, OWN);
}

static int write_swapped(struct scene *scene)
{
	return do_put(scene, scene->world.space, OWN + 1);
}

static int read_swapped_object(struct scene *scene)
{
	return do_get(scene->child, SHARED);
}

static int read_file_page(struct scene *scene)
{
	return do_get(scene->child, FILE_HERE + 3);
}

static int write_file_page(struct scene *scene)
{
	return do_put(scene, scene->child, FILE_HERE + 2);
}

static int write_private_file_page(struct scene *scene)
{
	return do_put(scene, scene->child, COPIES + 2);
}

static int fork_parent(struct scene *scene)
{
	return vas_fork(scene->world.space, &scene->other);
}

static int map_private(struct scene *scene)
{
	return map_pages(scene->world.space, OWN + 2, 3, RW, 0);
}

static int map_populated(struct scene *scene)
{
	return map_pages(scene->world.space, FREE, 4, RW, VAS_POPULATE);
}

static int map_shared(struct scene *scene)
{
	return map_pages(scene->world.space, FREE, 4, RW, VAS_SHARED);
}

static int map_of_file(struct scene *scene)
{
	return map_file(&scene->world, scene->child, 1, SHARED + 1, 2, 0, false);
}

static int unmap_middle(struct scene *scene)
{
	return vas_unmap(scene->world.space, at(OWN + 1), 3 * VAS_PAGE_SIZE);
}

static int unmap_object(struct scene *scene)
{
	return vas_unmap(scene->child, at(FILE_HERE + 1), VAS_PAGE_SIZE);
}

static int protect_middle(struct scene *scene)
{
	int err = vas_protect(scene->world.space, at(OWN + 1), 3 * VAS_PAGE_SIZE, VAS_READ, -1);

	return err != 0 ? err
			: vas_protect(scene->world.space, at(OWN + 1), 3 * VAS_PAGE_SIZE, RW, -1);
}

static int remap(struct vas_space *space, uint64_t from, uint64_t to, uint64_t count)
{
	struct vas_remap remap = {
		.old = at(from),
		.old_length = count * VAS_PAGE_SIZE,
		.new_length = count * VAS_PAGE_SIZE,
		.flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED,
		.new_address = at(to),
	};
	uint64_t address;

	return vas_remap(space, &remap, &address);
}

static int move_private(struct scene *scene)
{
	return remap(scene->world.space, OWN + 1, 1100, 4);
}

static int move_object(struct scene *scene)
{
	return remap(scene->child, FILE_HERE + 1, 1100, 2);
}

static int grow_brk(struct scene *scene)
{
	uint64_t now;

	return vas_brk(scene->world.space, at(WORLD_BRK + 3), &now);
}

static int advise(struct scene *scene, uint64_t page, int advice)
{
	return vas_advise(scene->world.space, at(page), 2 * VAS_PAGE_SIZE, advice);
}

static int give_up(struct scene *scene)
{
	return advise(scene, OWN + 1, VAS_ADVICE_DONTNEED);
}

static int free_lazily(struct scene *scene)
{
	return advise(scene, ALONE + 1, VAS_ADVICE_FREE);
}

static int put_out(struct scene *scene)
{
	return advise(scene, ALONE + 1, VAS_ADVICE_PAGEOUT);
}

static int put_file_out(struct scene *scene)
{
	return advise(scene, FILE_HERE, VAS_ADVICE_PAGEOUT);
}

static int put_shared_out(struct scene *scene)
{
	return advise(scene, SHARED + 1, VAS_ADVICE_PAGEOUT);
}

static int set_flag(struct scene *scene)
{
	return advise(scene, OWN + 3, VAS_ADVICE_DONTFORK);
}

static int install_guards(struct scene *scene)
{
	return advise(scene, OWN + 3, VAS_ADVICE_GUARD_INSTALL);
}

static int guard_new_table(struct scene *scene)
{
	int err = map_pages(scene->world.space, 1100, 8, RW, 0);

	return err != 0 ? err : advise(scene, 1102, VAS_ADVICE_GUARD_INSTALL);
}

static int populate(struct scene *scene)
{
	return advise(scene, COPIES + 2, VAS_ADVICE_POPULATE_WRITE);
}

static int remove_shared(struct scene *scene)
{
	return advise(scene, SHARED, VAS_ADVICE_REMOVE);
}

static int lock_pages(struct scene *scene)
{
	int err = vas_lock(scene->world.space, at(OWN + 1), 3 * VAS_PAGE_SIZE, 0);

	return err != 0 ? err : vas_unlock(scene->world.space, at(OWN + 1), 3 * VAS_PAGE_SIZE);
}

static int resize(struct scene *scene, unsigned file, uint64_t size)
{
	uint64_t before = vas_file_size(scene->world.files[file]);
	int err = vas_truncate(scene->world.files[file], size);

	if (err == 0)
		contents_resize(&scene->contents, scene->world.files[file], size);
	else
		assert_int_equal(vas_file_size(scene->world.files[file]), before);
	return err;
}

static int grow_file(struct scene *scene)
{
	return resize(scene, 0, 30 * VAS_PAGE_SIZE + 100);
}

static int shrink_file(struct scene *scene)
{
	return resize(scene, 0, VAS_PAGE_SIZE + 100);
}

static int shrink_segment(struct scene *scene)
{
	return resize(scene, WORLD_FILES, 100);
}

static int punch(struct scene *scene, unsigned file)
{
	uint64_t offset = 1024, length = VAS_PAGE_SIZE + 4096;
	int err = vas_punch(scene->world.files[file], offset, length);

	if (err == 0)
		contents_punch(&scene->contents, scene->world.files[file], offset, length);
	return err;
}

static int punch_file(struct scene *scene)
{
	return punch(scene, 0);
}

static int punch_segment(struct scene *scene)
{
	return punch(scene, WORLD_FILES);
}

static int write_file(struct scene *scene)
{
	uint64_t token = 88, page = 10;
	int err = vas_file_write(scene->world.files[0], page * VAS_PAGE_SIZE + TOKEN_OFFSET, &token,
				 sizeof(token), NULL);

	if (err == 0)
		contents_file_put(&scene->contents, scene->world.files[0], page, token);
	return err;
}

static int read_file(struct scene *scene)
{
	uint64_t token;

	return vas_file_read(scene->world.files[1], 0, &token, sizeof(token), NULL);
}

static int sync_file(struct scene *scene)
{
	return vas_file_sync(scene->world.files[0]);
}

static int sync_range(struct scene *scene)
{
	return vas_sync(scene->child, at(FILE_HERE), 4 * VAS_PAGE_SIZE, 4);
}

static int migrate(struct scene *scene)
{
	return vas_migrate(scene->child, at(OWN + 4));
}

static int merge(struct scene *scene)
{
	(void)vas_machine_merge(scene->world.machine);
	return 0;
}

static int reclaim(struct scene *scene)
{
	int error = 0;

	(void)vas_machine_reclaim(scene->world.machine, 1000, &error);
	return error;
}

static int make_space(struct scene *scene)
{
	struct vas_space *space = NULL;
	int err = vas_machine_space(scene->world.machine, NULL, &space);

	vas_space_destroy(space);
	return err;
}

static int open_object(struct scene *scene)
{
	struct failing_store *disk = &scene->world.disks[1];
	struct vas_file *file = NULL, *again = NULL;
	int err = vas_object_open(scene->world.machine,
				  &(struct vas_object_open){ .store = &disk->store,
							     .store_data = disk,
							     .flags = VAS_FILE_READ },
				  &file);

	if (err == 0)
		err = vas_file_again(file, VAS_FILE_READ, &again);
	if (again != NULL)
		vas_file_put(again);
	if (file != NULL)
		vas_file_put(file);
	return err;
}

enum { READS = 1 << FAILING_STORE_READ, WRITES = 1 << FAILING_STORE_WRITE };

struct deed {
	int (*fn)(struct scene *scene);
	const char *name;
	unsigned must; /* kinds of input and output whose failure must be told; in a machine with
			  room */
};

#define SYNCS (WRITES | 1 << FAILING_STORE_SYNC)

static const struct deed deeds[] = {
	{ first_write, "a first write", 0 },
	{ write_after_fork, "a write after a fork", 0 },
	{ write_alone, "a write to a page of its own", 0 },
	{ read_swapped, "a read of what is out", READS },
	{ write_swapped, "a write to what is out", READS },
	{ read_swapped_object, "a read of shared memory that is out", READS },
	{ read_file_page, "a read of a file's page", READS },
	{ write_file_page, "a write to a file's page", READS },
	{ write_private_file_page, "a private write to a file's page", READS },
	{ fork_parent, "fork", 0 },
	{ map_private, "mmap", 0 },
	{ map_populated, "mmap, populated", 0 },
	{ map_shared, "mmap, shared", 0 },
	{ map_of_file, "mmap of a file", 0 },
	{ unmap_middle, "munmap", 0 },
	{ unmap_object, "munmap of a file", 0 },
	{ protect_middle, "mprotect", 0 },
	{ move_private, "mremap", 0 },
	{ move_object, "mremap of a file", 0 },
	{ grow_brk, "brk", 0 },
	{ give_up, "DONTNEED", 0 },
	{ free_lazily, "FREE", 0 },
	{ put_out, "PAGEOUT", 0 },
	{ put_file_out, "PAGEOUT of a file", 0 },
	{ put_shared_out, "PAGEOUT of shared memory", 0 },
	{ set_flag, "DONTFORK", 0 },
	{ install_guards, "GUARD_INSTALL", 0 },
	{ guard_new_table, "GUARD_INSTALL where there is no table", 0 },
	{ populate, "POPULATE_WRITE", READS },
	{ remove_shared, "REMOVE", 0 },
	{ lock_pages, "mlock and munlock", READS },
	{ grow_file, "a truncation upwards", 0 },
	{ shrink_file, "a truncation downwards", 0 },
	{ shrink_segment, "a truncation of shared memory", READS },
	{ punch_file, "a hole", READS },
	{ punch_segment, "a hole in shared memory", READS },
	{ write_file, "a write to a file", READS },
	{ read_file, "a read of a file", READS },
	{ sync_file, "fsync", SYNCS },
	{ sync_range, "msync", SYNCS },
	{ migrate, "migration", 0 },
	{ merge, "merging", 0 },
	{ reclaim, "reclaim", WRITES },
	{ make_space, "a new space", 0 },
	{ open_object, "a new object", 0 },
};

/* ---- Failures ---- */

/* The n-th allocation, or (a store's) the n-th call of a kind fails from now on; 0: none. */
static void arm(struct scene *scene, int kind, uint64_t n)
{
	if (kind < 0) {
		failing_allocator_fail_at(&scene->world.memory, n);
		return;
	}
	failing_store_fail_at(&scene->world.swap, 1u << kind, n, -VAS_EIO);
	for (unsigned i = 0; i < WORLD_FILES; i++)
		failing_store_fail_at(&scene->world.disks[i], 1u << kind, n, -VAS_EIO);
}

static uint64_t failures(struct scene *scene, int kind)
{
	uint64_t sum = scene->world.swap.failures;

	if (kind < 0)
		return scene->world.memory.failures;
	for (unsigned i = 0; i < WORLD_FILES; i++)
		sum += scene->world.disks[i].failures;
	return sum;
}

/* May what failed be told so? Of a page that could not be touched mlock and madvise tell in words of
 * their own. */
static bool told_as(const struct deed *deed, int kind, int err)
{
	if (deed->fn == lock_pages && err == (kind < 0 ? -VAS_EAGAIN : -VAS_ENOMEM))
		return true;
	if (deed->fn == populate && kind >= 0)
		return err == -VAS_EFAULT;
	return err == (kind < 0 ? -VAS_ENOMEM : -VAS_EIO);
}

/* False: the deed has no n-th chance to fail. */
static bool fail_once(const struct world_config *config, const struct deed *deed, int kind,
		      uint64_t n, bool full)
{
	static struct scene scene;
	int err;
	bool failed;

	start(&scene, config, full);
	arm(&scene, kind, n);
	err = deed->fn(&scene);
	arm(&scene, kind, 0);
	failed = failures(&scene, kind) > 0;
	if (err != 0 && !told_as(deed, kind, err))
		fail_msg("%s: error %d when %llu of kind %d fails", deed->name, err,
			 (unsigned long long)n, kind);
	if (!failed)
		assert_int_equal(err, 0);
	if (failed && !full && kind >= 0 && (deed->must & 1u << kind) != 0 && err == 0)
		fail_msg("%s: no error when %llu of kind %d fails", deed->name,
			 (unsigned long long)n, kind);
	look_at_all(&scene);
	if (err != 0) {
		/* What write-back could not do is told by fsync, once. */
		if (deed->fn != sync_file && deed->fn != sync_range && deed->fn(&scene) != 0)
			fail_msg("%s: does not work after %llu of kind %d failed", deed->name,
				 (unsigned long long)n, kind);
		look_at_all(&scene);
	}
	finish(&scene);
	return failed;
}

static void every_failure(const struct world_config *config, int kind)
{
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		for (unsigned full = 0; full < 2; full++) {
			uint64_t n = 1;

			while (fail_once(config, &deeds[i], kind, n, full != 0))
				n++;
		}
	}
}

static const struct world_config configs[] = {
	{ .anon = "anon-vma-chain", .file = "interval-tree", .frames = FRAMES, .slots = SLOTS },
	{ .anon = "pte-chain", .file = "pte-chain", .frames = FRAMES, .slots = SLOTS },
};

static void every_allocation_fails_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++)
		every_failure(&configs[i], -1);
}

static void every_input_and_output_fails_once(void **state)
{
	(void)state;
	for (int kind = 0; kind < FAILING_STORE_CLOSE; kind++)
		every_failure(&configs[kind % 2], kind);
}

static void a_machine_that_cannot_be_made_leaves_nothing(void **state)
{
	(void)state;
	for (uint64_t n = 1;; n++) {
		struct failing_allocator memory;
		struct failing_store swap;
		struct vas_machine *machine = NULL;
		struct vas_machine_config config = { .frames = 8, .swap_slots = 8 };
		bool failed;
		int err;

		failing_allocator_init(&memory);
		failing_store_init(&swap, 9);
		config.allocator = &memory.allocator;
		config.swap = &swap.store;
		config.swap_data = &swap;
		failing_allocator_fail_at(&memory, n);
		err = vas_machine_create(&config, &machine);
		failed = memory.failures > 0;
		assert_int_equal(err, failed ? -VAS_ENOMEM : 0);
		vas_machine_destroy(machine);
		assert_int_equal(failing_allocator_finish(&memory), 0);
		failing_store_finish(&swap);
		if (!failed)
			break;
	}
}

/* ---- Disks that are full ---- */

static void what_a_full_disk_does_not_take_stays_in_memory(void **state)
{
	static struct scene scene;
	struct failing_store *disk;

	(void)state;
	start(&scene, &configs[0], false);
	disk = &scene.world.disks[0];
	disk->limit = 1;
	assert_int_equal(vas_file_sync(scene.world.files[0]), -VAS_ENOSPC);
	(void)vas_machine_reclaim(scene.world.machine, 1000, NULL);
	look_at_all(&scene);
	disk->limit = WORLD_DISK_PAGES;
	/* Told once more: reclaim met it too. */
	(void)!vas_file_sync(scene.world.files[0]);
	assert_int_equal(vas_file_sync(scene.world.files[0]), 0);
	assert_int_equal(*(uint64_t *)(void *)(failing_store_page(disk, 1) + TOKEN_OFFSET), 401);
	look_at_all(&scene);
	finish(&scene);
}

static void a_swap_disk_that_is_full_is_done_without(void **state)
{
	static struct scene scene;
	uint64_t page = FILLER;
	int err;

	(void)state;
	start(&scene, &configs[0], false);
	scene.world.swap.limit = 0;
	assert_int_equal(map_pages(scene.world.space, FILLER, 200, RW, 0), 0);
	while ((err = put(scene.world.space, page, page)) == 0) {
		contents_put(&scene.contents, scene.world.space, page, page, false);
		page++;
	}
	assert_int_equal(err, -VAS_ENOMEM);
	world_check(&scene.world);
	scene.world.swap.limit = UINT64_MAX;
	must_put(scene.world.space, page, page);
	contents_put(&scene.contents, scene.world.space, page, page, false);
	look_at_all(&scene);
	finish(&scene);
}

/* ---- Failures at random ---- */

static void arm_at_random(struct steps *steps)
{
	uint64_t n = world_random(&steps->random) % 4;
	unsigned kinds = 1u << world_random(&steps->random) % FAILING_STORE_CLOSE;

	failing_store_fail_from(&steps->world.swap, kinds, n, -VAS_EIO);
	for (unsigned i = 0; i < WORLD_FILES; i++)
		failing_store_fail_at(&steps->world.disks[i], kinds, n, -VAS_EIO);
	failing_allocator_fail_at(&steps->world.memory, world_random(&steps->random) % 12);
}

static void disarm(struct steps *steps)
{
	failing_store_fail_at(&steps->world.swap, 0, 0, 0);
	for (unsigned i = 0; i < WORLD_FILES; i++)
		failing_store_fail_at(&steps->world.disks[i], 0, 0, 0);
	failing_allocator_fail_at(&steps->world.memory, 0);
}

static void random_failures_lose_nothing(void **state)
{
	uint64_t runs = world_figure("VAS_STEPS", world_sanitized() ? 4000 : 40000);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct steps *steps = malloc(sizeof(*steps));
		struct world_config config = configs[i];

		assert_non_null(steps);
		config.slots = 48;
		steps_start(steps, &config, world_seed(1));
		steps->stores_fail = true;
		while (steps->count < runs) {
			arm_at_random(steps);
			steps_do(steps);
			disarm(steps);
			steps_look(steps, 2);
			if (steps->count % 16 == 0)
				world_check(&steps->world);
			if (steps->count % 1024 == 0)
				steps_look_at_all(steps);
		}
		print_message("%llu errors of stores, %llu of memory\n",
			      (unsigned long long)steps->store_errors,
			      (unsigned long long)steps->no_memory);
		steps_finish(steps);
		free(steps);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_fails_once),
		cmocka_unit_test(every_input_and_output_fails_once),
		cmocka_unit_test(a_machine_that_cannot_be_made_leaves_nothing),
		cmocka_unit_test(what_a_full_disk_does_not_take_stays_in_memory),
		cmocka_unit_test(a_swap_disk_that_is_full_is_done_without),
		cmocka_unit_test(random_failures_lose_nothing),
	};

	cmocka_set_test_filter(getenv("VAS_TEST"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
