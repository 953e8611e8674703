/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "space/space.h"

static void print(void *context, const char *text, size_t length)
{
	(void)context;
	fwrite(text, 1, length, stderr);
}

static const struct vas_printer printer = { .print = print };

static struct vas_pmap *pmap_of(const struct vas_space *space)
{
	return space->home;
}

static void forget(void *data, struct vas_binding *binding)
{
	const struct vas_rmap *rmap = &((struct world *)data)->memory.rmap;

	if (rmap->anon->forget != NULL && binding->owner != NULL)
		rmap->anon->forget(rmap->anon_data, binding);
}

static bool held_alone(void *data, const struct vas_area *area)
{
	(void)data;
	(void)area;
	return false;
}

static size_t each_shared(void *data, const struct vas_area *area, uint64_t start, uint64_t end,
			  void (*visit)(void *context, struct vas_page *page, uint64_t address),
			  void *context)
{
	(void)data, (void)area, (void)start, (void)end, (void)visit, (void)context;
	return 0;
}

void world_start(struct world *world, const char *anon, const char *file, uint32_t frames,
		 uint32_t slots)
{
	struct vas_anon_rmap_config config = {
		.allocator = &vas_libc_allocator,
		.settings = &world->settings,
		.host = { held_alone, each_shared, world },
	};
	const struct vas_anon_rmap_design *design = vas_anon_rmap_find(anon);
	struct vas_memory *memory = &world->memory;
	void *instance;

	memset(world, 0, sizeof(*world));
	vas_settings_default(&world->settings);
	assert_non_null(design);
	memory->allocator = &vas_libc_allocator;
	assert_int_equal(vas_frames_create(memory->allocator, frames, &memory->frames), 0);
	assert_int_equal(design->create(&config, &instance), 0);
	vas_rmap_init(&memory->rmap, memory->frames, design, instance, vas_file_rmap_find(file),
		      pmap_of);
	vas_lru_init(&memory->lru, memory->frames);
	memory->merging = true;
	memory->zero = vas_frame_alloc(memory->frames, VAS_PAGE_ZERO);
	failing_store_init(&world->disk, slots);
	if (slots > 0)
		assert_int_equal(vas_swap_create(memory->allocator, memory->frames, slots,
						 &world->disk.store, &world->disk, forget, world,
						 &memory->swap),
				 0);
}

static void free_page(struct vas_object *object, struct vas_page *page)
{
	vas_page_free(object->machine, page);
}

void world_open(struct world *world, bool file, uint64_t pages)
{
	struct vas_memory *memory = &world->memory;
	const struct vas_file_rmap_design *design = memory->rmap.file;
	struct vas_object_config config = {
		.allocator = memory->allocator,
		.frames = memory->frames,
		.swap = memory->swap,
		.size = pages * VAS_PAGE_SIZE,
	};

	failing_store_init(&world->file_disk, pages);
	if (file) {
		world->file_disk.size = pages * VAS_PAGE_SIZE;
		config.store = &world->file_disk.store;
		config.store_data = &world->file_disk;
	}
	assert_int_equal(vas_object_create(&config, &world->object), 0);
	world->object->map = calloc(1, design->map_bytes);
	world->object->machine = memory;
	world->object->free_page = free_page;
	vas_file_map_init(world->object->map, design, memory->allocator);
}

static struct world_space *add(struct world *world, struct vas_space *space, uint64_t pages)
{
	size_t place = __atomic_fetch_add(&world->count, 1, __ATOMIC_RELAXED);
	struct world_space *in = &world->spaces[place];

	assert_true(place < WORLD_SPACES);
	*in = (struct world_space){ .world = world, .space = space, .pages = pages };
	vas_pool_init(&in->pool, &vas_libc_allocator);
	while (vas_pmap_create(&vas_libc_allocator, world->memory.frames, space, NULL, &in->pmap) !=
	       0)
		(void)vas_reclaim(&world->memory, 8, NULL);
	space->home = in->pmap;
	return in;
}

struct world_space *world_space(struct world *world, uint64_t pages)
{
	struct vas_space_config config;
	struct vas_space *space;
	uint64_t at = WORLD_BASE;

	vas_space_default(&config, &world->settings);
	config.listeners[0].listener = world->memory.rmap.anon->listener;
	config.listeners[0].data = world->memory.rmap.anon_data;
	assert_int_equal(vas_space_create(&config, &space), 0);
	assert_int_equal(
		vas_map(space,
			&(struct vas_map){ .length = pages * VAS_PAGE_SIZE,
					   .prot = VAS_READ | VAS_WRITE,
					   .flags = VAS_PRIVATE | VAS_ANONYMOUS | VAS_FIXED },
			&at),
		0);
	return add(world, space, pages);
}

struct world_space *world_object_space(struct world *world)
{
	uint64_t pages = world->object->size >> VAS_PAGE_SHIFT;
	struct world_space *in = world_space(world, pages);
	const struct vas_file_rmap_design *design = world->memory.rmap.file;

	in->object = world->object;
	in->link = calloc(1, design->link_bytes);
	*in->link = (struct vas_file_link){
		.space = in->space, .start = WORLD_BASE, .first = 0, .last = pages - 1
	};
	if (design->reserve != NULL)
		assert_int_equal(design->reserve(&in->pool, 4), 0);
	vas_mutex_lock(&world->object->lock, VAS_RANK_OBJECT);
	vas_file_map_insert(world->object->map, in->link, &in->pool);
	vas_mutex_unlock(&world->object->lock, VAS_RANK_OBJECT);
	return in;
}

static struct vas_entry entry_at(struct world_space *in, uint64_t page)
{
	struct vas_entry entry;

	assert_true(page < in->pages);
	while (vas_pmap_make(in->pmap, WORLD_BASE + page * VAS_PAGE_SIZE, &entry) != 0)
		(void)vas_reclaim(&in->world->memory, 8, NULL);
	return entry;
}

static uint64_t value_for(struct world_space *in, struct vas_page *page, bool write)
{
	uint64_t value = (uint64_t)vas_frame_number(in->world->memory.frames, page)
				 << VAS_PAGE_SHIFT |
			 VAS_PTE_PRESENT | VAS_PTE_USER | VAS_PTE_ACCESSED;

	return value | (write ? VAS_PTE_WRITE | VAS_PTE_DIRTY : 0) |
	       (in->locked ? VAS_PTE_LOCKED : 0);
}

/* Copies what an entry maps, waiting while it is on its way. */
static void copy_entry(struct world_space *parent, struct world_space *child, uint64_t page)
{
	struct vas_memory *memory = &parent->world->memory;
	struct vas_entry from = entry_at(parent, page), to = entry_at(child, page);
	uint64_t value;
	unsigned rounds = 0;

	assert_int_equal(vas_page_map_reserve(memory, &parent->pool, 1), 0);
	for (;;) {
		vas_pmap_lock(from.table);
		vas_pmap_lock(to.table);
		value = vas_entry_read(&from);
		if (vas_entry_present(value) || vas_entry_kind(value) != VAS_ENTRY_MIGRATION)
			break;
		vas_pmap_unlock(to.table);
		vas_pmap_unlock(from.table);
		vas_pause(&rounds);
	}
	if (vas_entry_present(value)) {
		struct vas_page *mapped = vas_frame_page(memory->frames, vas_entry_frame(value));

		(void)vas_entry_set(&from, value & ~VAS_PTE_WRITE);
		value &= ~(VAS_PTE_WRITE | VAS_PTE_LOCKED);
		vas_page_get(mapped);
		vas_page_map(memory, mapped, &to, false, &parent->pool);
	} else if (value != 0) {
		vas_swap_get(memory->swap, (uint32_t)vas_entry_payload(value));
	}
	(void)vas_entry_set(&to, value);
	vas_pmap_unlock(to.table);
	vas_pmap_unlock(from.table);
	vas_pool_trim(&parent->pool, 8);
}

struct world_space *world_fork(struct world_space *parent)
{
	struct vas_space *space;
	struct world_space *child;

	assert_int_equal(vas_fork(parent->space, &space), 0);
	child = add(parent->world, space, parent->pages);
	for (uint64_t page = 0; page < parent->pages; page++)
		copy_entry(parent, child, page);
	return child;
}

/* Maps the page there if the entry is still `old`; takes a reference. */
static bool map(struct world_space *in, const struct vas_entry *entry, uint64_t old,
		struct vas_page *page, bool write)
{
	struct vas_memory *memory = &in->world->memory;
	bool same;

	assert_int_equal(vas_page_map_reserve(memory, &in->pool, 1), 0);
	vas_pmap_lock(entry->table);
	same = (vas_entry_read(entry) & ~VAS_PTE_ACCESSED) == (old & ~VAS_PTE_ACCESSED);
	if (same) {
		if (vas_entry_present(old)) {
			struct vas_page *before =
				vas_frame_page(memory->frames, vas_entry_frame(old));

			vas_page_unmap(memory, before, entry, vas_entry_read(entry), in->locked);
		}
		vas_page_get(page);
		(void)vas_entry_set(entry, value_for(in, page, write));
		vas_page_map(memory, page, entry, in->locked, &in->pool);
	}
	vas_pmap_unlock(entry->table);
	vas_pool_trim(&in->pool, 8);
	return same;
}

/* A new private page in place of what was there: zeroes, or a copy. */
static int fault_new(struct world_space *in, uint64_t at, const struct vas_entry *entry,
		     uint64_t old, struct vas_page *from)
{
	struct vas_memory *memory = &in->world->memory;
	const struct vas_rmap *rmap = &memory->rmap;
	struct vas_area *area = vas_find(in->space, WORLD_BASE);
	struct vas_page *page;

	if (rmap->anon->prepare != NULL)
		assert_int_equal(rmap->anon->prepare(rmap->anon_data, area), 0);
	page = vas_frame_alloc(memory->frames, VAS_PAGE_ANONYMOUS);
	if (page == NULL)
		return -VAS_EAGAIN;
	vas_page_set(page, VAS_PAGE_UPTODATE | VAS_PAGE_DIRTY);
	if (from != NULL)
		memcpy(vas_frame_bytes(memory->frames, page), vas_frame_bytes(memory->frames, from),
		       VAS_PAGE_SIZE);
	else
		memset(vas_frame_bytes(memory->frames, page), 0, VAS_PAGE_SIZE);
	rmap->anon->bind(rmap->anon_data, page, area, WORLD_BASE + at * VAS_PAGE_SIZE);
	if (map(in, entry, old, page, true)) {
		vas_lru_add(&memory->lru, page, false);
		if (from != NULL) {
			vas_page_forget_slot(memory, from);
			vas_page_put(memory, from);
		}
	}
	vas_page_put(memory, page);
	return 0;
}

static int fault_object(struct world_space *in, uint64_t at, const struct vas_entry *entry,
			uint64_t old, bool write)
{
	struct vas_memory *memory = &in->world->memory;
	struct vas_page *page;
	bool fresh;
	int err = vas_object_page(in->object, at, &page, &fresh);

	if (err != 0)
		return err == -VAS_ENOMEM ? -VAS_EAGAIN : err;
	if (fresh)
		vas_lru_add(&memory->lru, page, false);
	vas_page_lock(page);
	if (page->owner == in->object) {
		if (write)
			vas_page_set(page, VAS_PAGE_DIRTY);
		if (!vas_entry_present(old)) {
			(void)map(in, entry, old, page, write);
		} else {
			vas_pmap_lock(entry->table);
			if (vas_entry_maps(vas_entry_read(entry)) ==
				    vas_frame_number(memory->frames, page) &&
			    vas_entry_present(vas_entry_read(entry)))
				(void)vas_entry_set(entry, vas_entry_read(entry) | VAS_PTE_WRITE |
								   VAS_PTE_DIRTY);
			vas_pmap_unlock(entry->table);
		}
	}
	vas_page_unlock(page);
	vas_page_put(memory, page);
	return 0;
}

static void leave_swap(struct vas_memory *memory, struct vas_page *page)
{
	if (page->slot != 0 && vas_swap_count(memory->swap, page->slot) == 0 &&
	    vas_swap_remove(memory->swap, page, vas_page_mapcount(page)))
		vas_page_set(page, VAS_PAGE_DIRTY);
}

/* A page that came back. */
static void bind_again(struct world_space *in, struct vas_page *page, uint64_t at, uint32_t slot)
{
	struct vas_memory *memory = &in->world->memory;
	const struct vas_rmap *rmap = &memory->rmap;
	struct vas_area *area = vas_find(in->space, WORLD_BASE);
	uint64_t address = WORLD_BASE + at * VAS_PAGE_SIZE;

	if (vas_page_is(page, VAS_PAGE_MERGED))
		return;
	if (rmap->anon->restore == NULL)
		rmap->anon->bind(rmap->anon_data, page, area, address);
	else
		rmap->anon->restore(rmap->anon_data, page, area, address,
				    vas_swap_count(memory->swap, slot) == 1,
				    vas_swap_binding(memory->swap, slot));
}

static int fault_swap(struct world_space *in, uint64_t at, const struct vas_entry *entry,
		      uint64_t old)
{
	struct vas_memory *memory = &in->world->memory;
	uint32_t slot = (uint32_t)vas_entry_payload(old);
	struct vas_page *page;
	bool fresh;
	int err = vas_swap_in(memory, slot, &page, &fresh);

	if (err == -VAS_EAGAIN)
		return 0;
	if (err != 0)
		return err == -VAS_ENOMEM ? -VAS_EAGAIN : err;
	if (fresh) {
		bind_again(in, page, at, slot);
		vas_lru_add(&memory->lru, page, true);
	}
	if (map(in, entry, old, page, false)) {
		vas_swap_put(memory->swap, slot);
		leave_swap(memory, page);
	}
	vas_page_release(memory, page);
	return 0;
}

/* A write to a private page that is mapped read-only. */
static int fault_write(struct world_space *in, uint64_t at, const struct vas_entry *entry,
		       uint64_t old)
{
	struct vas_memory *memory = &in->world->memory;
	struct vas_page *page = NULL;
	int err = 0;

	vas_pmap_lock(entry->table);
	if (vas_entry_read(entry) == old) {
		page = vas_frame_page(memory->frames, vas_entry_frame(old));
		vas_page_get(page);
	}
	vas_pmap_unlock(entry->table);
	if (page == NULL)
		return 0;
	vas_page_lock(page);
	if (vas_page_mapcount(page) == 1)
		leave_swap(memory, page);
	if (vas_page_mapcount(page) == 1 && vas_page_references(page) == 2 &&
	    !vas_page_is(page, VAS_PAGE_MERGED)) {
		vas_pmap_lock(entry->table);
		if ((vas_entry_read(entry) & ~VAS_PTE_ACCESSED) == (old & ~VAS_PTE_ACCESSED))
			(void)vas_entry_set(entry, old | VAS_PTE_WRITE);
		vas_pmap_unlock(entry->table);
		vas_page_let_go(memory, page);
	} else {
		vas_page_let_go(memory, page);
		err = fault_new(in, at, entry, old, page);
	}
	vas_page_put(memory, page);
	return err;
}

static int fault(struct world_space *in, uint64_t page, bool write)
{
	struct vas_entry entry;
	uint64_t old;
	unsigned rounds = 0;

	if (vas_pmap_make(in->pmap, WORLD_BASE + page * VAS_PAGE_SIZE, &entry) != 0)
		return -VAS_EAGAIN;
	old = vas_entry_read(&entry);
	if (vas_entry_present(old) && (!write || (old & VAS_PTE_WRITE) != 0))
		return 0;
	if (in->object != NULL && (vas_entry_present(old) || old == 0))
		return fault_object(in, page, &entry, old, write);
	if (vas_entry_present(old))
		return fault_write(in, page, &entry, old);
	if (old == 0)
		return fault_new(in, page, &entry, 0, NULL);
	if (vas_entry_kind(old) == VAS_ENTRY_SWAP)
		return fault_swap(in, page, &entry, old);
	vas_pause(&rounds);
	return 0;
}

static int access_page(struct world_space *in, uint64_t page, bool write, uint64_t *value)
{
	uint64_t address = WORLD_BASE + page * VAS_PAGE_SIZE, faulting, found;
	struct vas_frames *frames = in->world->memory.frames;
	unsigned tries = 0;

	for (;;) {
		struct vas_entry entry;
		int err;

		if (vas_pmap_find(in->pmap, address, &entry)) {
			vas_pmap_lock(entry.table);
			found = vas_pmap_access(in->pmap, address, write, false, &faulting);
			if (found != 0) {
				void *bytes = vas_frame_bytes(
					frames, vas_frame_page(frames, vas_entry_frame(found)));

				memcpy(write ? bytes : value, write ? value : bytes,
				       sizeof(*value));
			}
			vas_pmap_unlock(entry.table);
			if (found != 0)
				return 0;
		}
		err = fault(in, page, write);
		if (err == -VAS_EAGAIN) {
			if (tries++ == 16)
				return -VAS_ENOMEM;
			(void)vas_reclaim(&in->world->memory, 8, NULL);
			err = 0;
		}
		if (err != 0)
			return err;
	}
}

int world_write(struct world_space *in, uint64_t page, uint64_t value)
{
	return access_page(in, page, true, &value);
}

int world_read(struct world_space *in, uint64_t page, uint64_t *value)
{
	return access_page(in, page, false, value);
}

void world_put(struct world_space *in, uint64_t page, uint64_t value)
{
	assert_int_equal(world_write(in, page, value), 0);
}

uint64_t world_get(struct world_space *in, uint64_t page)
{
	uint64_t value = 0;

	assert_int_equal(world_read(in, page, &value), 0);
	return value;
}

uint64_t world_entry(struct world_space *in, uint64_t page)
{
	struct vas_entry entry;

	if (!vas_pmap_find(in->pmap, WORLD_BASE + page * VAS_PAGE_SIZE, &entry))
		return 0;
	return vas_entry_read(&entry);
}

struct vas_page *world_page(struct world_space *in, uint64_t page)
{
	uint32_t frame = vas_entry_maps(world_entry(in, page));

	return frame == 0 ? NULL : vas_frame_page(in->world->memory.frames, frame);
}

/* The page with a reference, got safely. */
static struct vas_page *get_page(struct world_space *in, uint64_t at)
{
	struct vas_page *page = NULL;
	struct vas_entry entry;

	if (!vas_pmap_find(in->pmap, WORLD_BASE + at * VAS_PAGE_SIZE, &entry))
		return NULL;
	vas_pmap_lock(entry.table);
	if (vas_entry_present(vas_entry_read(&entry))) {
		page = world_page(in, at);
		vas_page_get(page);
	}
	vas_pmap_unlock(entry.table);
	return page;
}

void world_free_lazily(struct world_space *in, uint64_t page)
{
	struct vas_entry entry = entry_at(in, page);

	vas_pmap_lock(entry.table);
	vas_page_set(world_page(in, page), VAS_PAGE_LAZY_FREE);
	vas_page_clear(world_page(in, page), VAS_PAGE_DIRTY);
	(void)vas_entry_set(&entry, vas_entry_read(&entry) & ~(VAS_PTE_DIRTY | VAS_PTE_ACCESSED));
	vas_pmap_unlock(entry.table);
}

void world_unmap(struct world_space *in, uint64_t at)
{
	struct vas_memory *memory = &in->world->memory;
	struct vas_entry entry;
	struct vas_page *page = NULL;
	uint64_t value;

	if (!vas_pmap_find(in->pmap, WORLD_BASE + at * VAS_PAGE_SIZE, &entry))
		return;
	vas_pmap_lock(entry.table);
	value = vas_entry_set(&entry, 0);
	if (vas_entry_maps(value) != 0) {
		page = vas_frame_page(memory->frames, vas_entry_maps(value));
		vas_page_unmap(memory, page, &entry, value, in->locked);
	}
	vas_pmap_unlock(entry.table);
	if (page == NULL && value != 0) {
		page = vas_swap_find(memory->swap, (uint32_t)vas_entry_payload(value));
		vas_swap_put(memory->swap, (uint32_t)vas_entry_payload(value));
	}
	if (page == NULL)
		return;
	vas_page_forget_slot(memory, page);
	vas_page_put(memory, page);
}

int world_out(struct world_space *in, uint64_t at)
{
	struct vas_page *page = get_page(in, at);
	int err;

	if (page == NULL)
		return -VAS_ENOENT;
	err = vas_page_out(&in->world->memory, page);
	vas_page_put(&in->world->memory, page);
	return err;
}

int world_migrate(struct world_space *in, uint64_t at)
{
	struct vas_page *page = get_page(in, at);
	int err;

	if (page == NULL)
		return -VAS_ENOENT;
	err = vas_page_migrate(&in->world->memory, page);
	vas_page_put(&in->world->memory, page);
	return err;
}

int world_merge(struct world_space *keep, uint64_t keep_page, struct world_space *in, uint64_t at)
{
	struct vas_page *kept = get_page(keep, keep_page), *page = get_page(in, at);
	int err = -VAS_ENOENT;

	if (kept != NULL && page != NULL && kept != page)
		err = vas_page_merge(&in->world->memory, kept, page);
	if (kept != NULL)
		vas_page_put(&in->world->memory, kept);
	if (page != NULL)
		vas_page_put(&in->world->memory, page);
	return err;
}

uint32_t world_frames_free(struct world *world)
{
	struct vas_frame_counts counts;

	vas_frames_count(world->memory.frames, &counts);
	return counts.free;
}

uint32_t world_slots_used(struct world *world)
{
	struct vas_swap_counts counts;

	if (world->memory.swap == NULL)
		return 0;
	vas_swap_counts(world->memory.swap, &counts);
	return counts.used;
}

static bool count_entry(void *context, struct vas_pmap *pmap, uint64_t address,
			const struct vas_entry *entry)
{
	(void)pmap, (void)address, (void)entry;
	++*(int32_t *)context;
	return true;
}

void world_check(struct world *world)
{
	struct vas_memory *memory = &world->memory;
	struct vas_frame_counts counts;

	assert_true(vas_memory_validate(memory, &printer));
	if (memory->swap != NULL)
		assert_true(vas_swap_validate(memory->swap, &printer));
	if (world->object != NULL)
		assert_true(vas_object_validate(world->object, &printer));
	for (size_t i = 0; i < world->count; i++) {
		if (world->spaces[i].pmap != NULL)
			assert_true(vas_pmap_validate(world->spaces[i].pmap, &printer));
	}
	vas_frames_count(memory->frames, &counts);
	for (uint32_t number = 1; number <= counts.total; number++) {
		struct vas_page *page = vas_frame_page(memory->frames, number);
		int32_t found = 0;

		if (page->kind != VAS_PAGE_ANONYMOUS && page->kind != VAS_PAGE_OBJECT)
			continue;
		vas_page_lock(page);
		vas_rmap_walk(&memory->rmap, page, count_entry, &found);
		vas_page_unlock(page);
		assert_int_equal(found, page->mapcount);
	}
}

static void close_object(struct world *world)
{
	struct vas_file_map *map;

	if (world->object == NULL)
		return;
	map = world->object->map;
	vas_object_put(world->object);
	vas_file_map_destroy(map);
	free(map);
	failing_store_finish(&world->file_disk);
}

void world_end(struct world_space *in)
{
	for (uint64_t page = 0; page < in->pages; page++)
		world_unmap(in, page);
	if (in->link != NULL) {
		vas_mutex_lock(&in->object->lock, VAS_RANK_OBJECT);
		vas_file_map_remove(in->object->map, in->link, &in->pool);
		vas_mutex_unlock(&in->object->lock, VAS_RANK_OBJECT);
		free(in->link);
	}
	/* Walkers find it until its areas are gone. */
	vas_space_destroy(in->space);
	vas_pmap_destroy(in->pmap);
	vas_pool_trim(&in->pool, 0);
	in->pages = 0;
	in->space = NULL;
	in->pmap = NULL;
}

void world_finish(struct world *world)
{
	struct vas_memory *memory = &world->memory;
	struct vas_frame_counts counts;

	failing_store_fail_at(&world->disk, 0, 0, 0);
	for (size_t i = 0; i < world->count; i++) {
		if (world->spaces[i].space != NULL)
			world_end(&world->spaces[i]);
	}
	close_object(world);
	vas_frame_free(memory->frames, memory->zero);
	vas_frames_count(memory->frames, &counts);
	assert_int_equal(counts.free, counts.total);
	assert_int_equal(world_slots_used(world), 0);
	vas_swap_destroy(memory->swap);
	if (memory->rmap.anon->destroy != NULL)
		memory->rmap.anon->destroy(memory->rmap.anon_data);
	vas_frames_destroy(memory->frames);
	failing_store_finish(&world->disk);
}
