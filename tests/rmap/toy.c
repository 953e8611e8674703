/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "toy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct vas_listener toy_listener;

/* Pages and slots. */

static struct toy_page *new_page(struct toy *toy)
{
	struct toy_page *page = calloc(1, sizeof(*page));

	page->page.kind = VAS_PAGE_ANONYMOUS;
	page->page.references = 1;
	page->id = ++toy->last_id;
	page->next = toy->pages;
	if (page->next != NULL)
		page->next->prev = page;
	toy->pages = page;
	toy->page_count++;
	return page;
}

static void free_page(struct toy *toy, struct toy_page *page)
{
	assert_int_equal(page->page.mapcount, 0);
	if (page->next != NULL)
		page->next->prev = page->prev;
	if (page->prev != NULL)
		page->prev->next = page->next;
	else
		toy->pages = page->next;
	toy->page_count--;
	memset(page, 0xdb, sizeof(*page));
	free(page);
}

/* One entry, and nothing in swap, leads to it. */
static bool sole(const struct toy_page *page)
{
	return page->page.mapcount == 1 && page->slot == NULL;
}

/* The entry that stands for a toy's in chains. */
static struct vas_entry real_entry(const struct toy_space *space, const struct toy_entry *entry)
{
	uint64_t *entries = vas_frame_bytes(space->toy->frames, space->table);

	return (struct vas_entry){ &entries[entry - space->entries], space->table };
}

static void map_entry(struct toy_space *space, struct toy_entry *entry, struct toy_page *page,
		      bool write)
{
	struct toy *toy = space->toy;
	struct vas_entry real = real_entry(space, entry);

	entry->page = page;
	entry->write = write;
	page->page.mapcount++;
	if (toy->chains == NULL)
		return;
	assert_int_equal(vas_pte_chain_reserve(&toy->pool, 1), 0);
	vas_pte_chain_add(toy->chains, toy->frames, &page->page, &real, &toy->pool);
	vas_pool_trim(&toy->pool, 8);
}

static void unmap_entry(struct toy_space *space, struct toy_entry *entry)
{
	struct toy *toy = space->toy;
	struct vas_entry real = real_entry(space, entry);

	if (toy->chains != NULL)
		vas_pte_chain_remove(toy->chains, toy->frames, &entry->page->page, &real,
				     &toy->pool);
	entry->page->page.mapcount--;
	entry->page = NULL;
	entry->write = false;
}

/* `slot`: NULL takes the page out of the swap cache. */
static void set_slot(struct toy_page *page, struct toy_slot *slot)
{
	if (page->slot != NULL)
		page->slot->page = NULL;
	page->slot = slot;
	page->page.slot = slot != NULL; /* its number is of no matter */
	if (slot != NULL)
		slot->page = page;
}

/* The page lost a mapping; its last one? */
static void put_page(struct toy *toy, struct toy_page *page)
{
	if (page->page.mapcount != 0)
		return;
	set_slot(page, NULL);
	if (toy->design->unbind != NULL)
		toy->design->unbind(toy->instance, &page->page);
	free_page(toy, page);
}

static void put_slot(struct toy *toy, struct toy_slot *slot)
{
	if (--slot->references != 0)
		return;
	if (slot->page != NULL)
		set_slot(slot->page, NULL);
	if (toy->design->forget != NULL)
		toy->design->forget(toy->instance, &slot->saved);
	toy->slot_count--;
	free(slot);
}

static void zap(struct toy_space *space, uint64_t start, uint64_t end)
{
	for (uint64_t at = (start - TOY_BASE) >> VAS_PAGE_SHIFT;
	     at < (end - TOY_BASE) >> VAS_PAGE_SHIFT; at++) {
		struct toy_entry *entry = &space->entries[at];
		struct toy_page *page = entry->page;
		struct toy_slot *slot = entry->slot;

		if (page != NULL) {
			unmap_entry(space, entry);
			put_page(space->toy, page);
		} else if (slot != NULL) {
			entry->slot = NULL;
			put_slot(space->toy, slot);
		}
	}
}

/* The machine's listener, which comes after the design's. */

static struct toy_space *toy_of(const struct vas_space *space)
{
	return *(struct toy_space **)vas_space_data(space, &toy_listener);
}

static struct toy_entry *entry_of(struct toy_space *space, uint64_t address)
{
	assert_true(address >= TOY_BASE && address - TOY_BASE < TOY_PAGES * VAS_PAGE_SIZE);
	return &space->entries[(address - TOY_BASE) >> VAS_PAGE_SHIFT];
}

static int on_open(void *data, struct vas_space *space, struct vas_space *parent)
{
	struct toy *toy = data;
	struct toy_space *new = calloc(1, sizeof(*new));

	(void)parent;
	assert_true(toy->count < TOY_SPACES);
	new->toy = toy;
	new->space = space;
	new->table = vas_frame_alloc(toy->frames, VAS_PAGE_TABLE);
	new->table->owner = new;
	new->table->index = TOY_BASE >> VAS_PAGE_SHIFT;
	new->place = toy->count;
	toy->spaces[toy->count++] = new;
	*(struct toy_space **)vas_space_data(space, &toy_listener) = new;
	return 0;
}

static void on_close(void *data, struct vas_space *space)
{
	struct toy *toy = data;
	struct toy_space *old = toy_of(space);

	for (size_t i = 0; i < TOY_PAGES; i++)
		assert_true(old->entries[i].page == NULL && old->entries[i].slot == NULL);
	toy->spaces[old->place] = toy->spaces[--toy->count];
	toy->spaces[old->place]->place = old->place;
	vas_frame_free(toy->frames, old->table);
	free(old);
}

static void copy_entries(const struct vas_op *op)
{
	struct toy_space *child = toy_of(op->area->space), *parent = toy_of(op->other->space);

	if ((op->area->flags & (VAS_AREA_MAY_SHARE | VAS_AREA_WIPE_ON_FORK)) != 0)
		return;
	for (uint64_t at = op->start; at < op->end; at += VAS_PAGE_SIZE) {
		struct toy_entry *from = entry_of(parent, at), *to = entry_of(child, at);

		from->write = false;
		if (from->page != NULL) {
			map_entry(child, to, from->page, false);
		} else if (from->slot != NULL) {
			to->slot = from->slot;
			to->slot->references++;
		}
	}
}

/* A slot's page may be in memory, and come to the new address from there. */
static void tell_moved(struct toy *toy, const struct toy_entry *entry, struct vas_area *area,
		       uint64_t from, uint64_t to)
{
	struct toy_slot *slot = entry->slot;
	struct toy_page *page = slot != NULL ? slot->page : entry->page;

	if (page != NULL)
		toy->design->moved(toy->instance, &page->page, NULL, area, from, to);
	if (slot != NULL)
		toy->design->moved(toy->instance, NULL, &slot->saved, area, from, to);
}

static void move_entries(struct toy *toy, struct vas_space *space, const struct vas_op *op)
{
	const struct vas_anon_rmap_design *design = toy->design;
	struct toy_space *at = toy_of(space);
	bool tell = design->moved != NULL &&
		    (design->follows == NULL || design->follows(toy->instance, op));

	for (uint64_t i = 0; i < op->end - op->start; i += VAS_PAGE_SIZE) {
		struct toy_entry *from = entry_of(at, op->from + i),
				 *to = entry_of(at, op->start + i);

		assert_true(to->page == NULL && to->slot == NULL);
		*to = *from;
		*from = (struct toy_entry){ 0 };
		if (toy->chains != NULL && to->page != NULL) {
			struct vas_entry old = real_entry(at, from), new = real_entry(at, to);

			vas_pte_chain_move(toy->frames, &to->page->page, &old, &new);
		}
		if (to->page == NULL && to->slot == NULL)
			continue;
		toy->moved++;
		if (tell)
			tell_moved(toy, to, op->area, op->from + i, op->start + i);
	}
}

static void on_apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	struct toy_space *mine = toy_of(space);

	switch (op->kind) {
	case VAS_OP_UNMAP:
		zap(mine, op->start, op->end);
		break;
	case VAS_OP_ADVISE:
		if (op->advice == VAS_ADVICE_DONTNEED || op->advice == VAS_ADVICE_GUARD_INSTALL)
			zap(mine, op->start, op->end);
		break;
	case VAS_OP_FORK:
		copy_entries(op);
		break;
	case VAS_OP_MOVE:
		move_entries(data, space, op);
		break;
	case VAS_OP_FLAGS:
		if ((op->area->flags & VAS_AREA_WRITE) == 0)
			for (uint64_t at = op->start; at < op->end; at += VAS_PAGE_SIZE)
				entry_of(mine, at)->write = false;
		break;
	default:
		break;
	}
}

static const struct vas_listener toy_listener = {
	.space_bytes = sizeof(struct toy_space *),
	.open = on_open,
	.close = on_close,
	.apply = on_apply,
};

/* What a design may ask. */

static bool held_alone(void *data, const struct vas_area *area)
{
	struct toy_space *space = toy_of(area->space);

	(void)data;
	for (uint64_t at = area->range.start; at < area->range.end; at += VAS_PAGE_SIZE) {
		const struct toy_entry *entry = entry_of(space, at);

		if (entry->page != NULL && !sole(entry->page))
			return false;
		if (entry->slot != NULL &&
		    (entry->slot->references != 1 || entry->slot->page != NULL))
			return false;
	}
	return true;
}

static size_t each_shared(void *data, const struct vas_area *area, uint64_t start, uint64_t end,
			  void (*visit)(void *context, struct vas_page *page, uint64_t address),
			  void *context)
{
	struct toy_space *space = toy_of(area->space);
	size_t count = 0;

	(void)data;
	for (uint64_t at = start; at < end; at += VAS_PAGE_SIZE) {
		struct toy_page *page = entry_of(space, at)->page;

		if (page == NULL || page->page.mapcount == 1)
			continue;
		count++;
		if (visit != NULL)
			visit(context, &page->page, at);
	}
	return count;
}

/* Begin and end. */

struct toy *toy_start(const struct vas_anon_rmap_design *design, uint64_t seed)
{
	struct toy *toy = calloc(1, sizeof(*toy));
	struct vas_anon_rmap_config config;

	toy->design = design;
	toy->random = seed * 2 + 1;
	failing_allocator_init(&toy->memory);
	vas_settings_default(&toy->settings);
	toy->settings.kernel = seed % 4 == 3 ? VAS_KERNEL(6, 12) : VAS_KERNEL(6, 18);
	toy->settings.stack_guard_gap = 2 * VAS_PAGE_SIZE;
	toy->settings.overcommit_memory = 1;
	toy->file = (struct vas_file){ .references = 1,
				       .flags = VAS_FILE_READ | VAS_FILE_WRITE,
				       .inode = 1,
				       .size = UINT64_MAX,
				       .name = "/file" };
	config = (struct vas_anon_rmap_config){
		.allocator = &toy->memory.allocator,
		.settings = &toy->settings,
		.huge_faults = (enum vas_huge_faults)(seed % 3),
		.host = { .held_alone = held_alone, .each_shared = each_shared, .data = toy },
	};
	assert_int_equal(design->create(&config, &toy->instance), 0);
	assert_int_equal(vas_frames_create(&vas_libc_allocator, TOY_SPACES, &toy->frames), 0);
	vas_pool_init(&toy->pool, &vas_libc_allocator);
	if (design->chains)
		toy->chains = toy->instance;
	return toy;
}

void toy_finish(struct toy *toy)
{
	struct vas_anon_rmap_counts counts;

	while (toy->count != 0)
		toy_exit(toy->spaces[toy_pick(toy, toy->count)]);
	assert_int_equal(toy->page_count, 0);
	assert_int_equal(toy->slot_count, 0);
	toy->design->count(toy->instance, &counts);
	assert_int_equal(counts.records, 0);
	assert_int_equal(counts.bytes, 0);
	toy->design->destroy(toy->instance);
	vas_pool_trim(&toy->pool, 0);
	vas_frames_destroy(toy->frames);
	assert_int_equal(toy->file.references, 1);
	assert_int_equal(failing_allocator_finish(&toy->memory), 0);
	free(toy);
}

uint64_t toy_pick(struct toy *toy, uint64_t bound)
{
	toy->random = toy->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (toy->random >> 33) % bound;
}

int toy_space_new(struct toy *toy, struct toy_space **out)
{
	const uint64_t may = VAS_AREA_MAY_READ | VAS_AREA_MAY_WRITE | VAS_AREA_MAY_EXEC;
	struct vas_place stack = {
		.range = { TOY_BASE + (TOY_PAGES - TOY_STACK) * VAS_PAGE_SIZE,
			   TOY_BASE + TOY_PAGES * VAS_PAGE_SIZE },
		.flags = VAS_AREA_READ | VAS_AREA_WRITE | may | VAS_AREA_GROWS_DOWN |
			 VAS_AREA_ACCOUNT,
		.offset = (TOY_BASE >> VAS_PAGE_SHIFT) + TOY_PAGES - TOY_STACK,
	};
	struct vas_space_config config;
	struct vas_space *space;
	unsigned next = 0;
	int err;

	vas_space_default(&config, &toy->settings);
	config.allocator = &toy->memory.allocator;
	config.layout = (struct vas_layout){
		.task_size = TOY_BASE + TOY_PAGES * VAS_PAGE_SIZE,
		.map_window = TOY_BASE + TOY_PAGES * VAS_PAGE_SIZE,
		.map_base = TOY_BASE + TOY_PAGES * VAS_PAGE_SIZE,
		.legacy_base = TOY_BASE,
		.start_brk = TOY_BASE,
		.brk = TOY_BASE,
		.start_stack = TOY_BASE + (TOY_PAGES - 1) * VAS_PAGE_SIZE,
		.direction = VAS_TOP_DOWN,
	};
	if (toy->design->listener != NULL) {
		config.listeners[next].listener = toy->design->listener;
		config.listeners[next++].data = toy->instance;
	}
	config.listeners[next].listener = &toy_listener;
	config.listeners[next].data = toy;
	err = vas_space_create(&config, &space);
	if (err != 0)
		return err;
	err = vas_place(space, &stack);
	if (err != 0)
		vas_space_destroy(space);
	else
		*out = toy_of(space);
	return err;
}

int toy_fork(struct toy_space *parent, struct toy_space **out)
{
	struct vas_space *child;
	int err = vas_fork(parent->space, &child);

	if (err != 0)
		return err;
	*out = toy_of(child);
	return 0;
}

void toy_exit(struct toy_space *space)
{
	vas_space_destroy(space->space);
}

/* Calls. */

static uint64_t address_of(uint64_t page)
{
	return TOY_BASE + page * VAS_PAGE_SIZE;
}

int toy_map(struct toy_space *space, uint64_t page, uint64_t pages, struct vas_file *file)
{
	struct vas_map map = {
		.length = pages * VAS_PAGE_SIZE,
		.prot = VAS_READ | VAS_WRITE,
		.flags = VAS_PRIVATE | VAS_FIXED | (file == NULL ? (uint32_t)VAS_ANONYMOUS : 0),
		.file = file,
		.offset = file == NULL ? 0 : (TOY_FILE_PAGE + page % TOY_FILE_PAGE) * VAS_PAGE_SIZE,
	};
	uint64_t address = address_of(page);

	return vas_map(space->space, &map, &address);
}

int toy_unmap(struct toy_space *space, uint64_t page, uint64_t pages)
{
	return vas_unmap(space->space, address_of(page), pages * VAS_PAGE_SIZE);
}

int toy_protect(struct toy_space *space, uint64_t page, uint64_t pages, uint32_t prot)
{
	return vas_protect(space->space, address_of(page), pages * VAS_PAGE_SIZE, prot, -1);
}

int toy_advise(struct toy_space *space, uint64_t page, uint64_t pages, int advice)
{
	return vas_advise(space->space, address_of(page), pages * VAS_PAGE_SIZE, advice);
}

int toy_brk(struct toy_space *space, uint64_t pages)
{
	uint64_t now;

	return vas_brk(space->space, address_of(pages), &now);
}

/* Faults. */

static bool private_area(const struct vas_area *area)
{
	return (area->flags & VAS_AREA_MAY_SHARE) == 0;
}

/* A new page in place of what is there. */
static void make_page(struct toy_space *space, struct vas_area *area, struct toy_entry *entry,
		      uint64_t address)
{
	struct toy *toy = space->toy;
	struct toy_page *old = entry->page, *page = new_page(toy);

	toy->design->bind(toy->instance, &page->page, area, address);
	if (old != NULL) {
		toy->copies++;
		unmap_entry(space, entry);
		put_page(toy, old);
	}
	map_entry(space, entry, page, true);
	toy->births++;
}

static void swap_in(struct toy_space *space, struct vas_area *area, struct toy_entry *entry,
		    uint64_t address)
{
	struct toy *toy = space->toy;
	const struct vas_anon_rmap_design *design = toy->design;
	struct toy_slot *slot = entry->slot;
	struct toy_page *page = slot->page;

	if (page == NULL) {
		page = new_page(toy);
		if (design->restore != NULL) {
			design->restore(toy->instance, &page->page, area, address,
					slot->references == 1, &slot->saved);
		} else {
			page->page.owner = slot->saved.owner;
			page->page.index = slot->saved.index;
		}
		set_slot(page, slot);
	}
	entry->slot = NULL;
	map_entry(space, entry, page, false);
	put_slot(toy, slot);
}

static int prepare(struct toy *toy, struct vas_area *area)
{
	return toy->design->prepare != NULL ? toy->design->prepare(toy->instance, area) : 0;
}

static int fault(struct toy_space *space, struct vas_area *area, uint64_t address, bool write)
{
	struct toy *toy = space->toy;
	struct toy_entry *entry = entry_of(space, address);
	int err;

	if (!write && entry->slot == NULL)
		return 0;
	err = prepare(toy, area);
	if (err != 0)
		return err;
	if (entry->slot != NULL)
		swap_in(space, area, entry, address);
	if (!write || (entry->page != NULL && entry->write))
		return 0;
	if (entry->page == NULL || !sole(entry->page)) {
		make_page(space, area, entry, address);
		return 0;
	}
	if (toy->design->reuse != NULL && toy_pick(toy, 4) != 0) {
		toy->design->reuse(toy->instance, &entry->page->page, area, address);
		toy->reuses++;
	}
	entry->write = true;
	return 0;
}

int toy_write(struct toy_space *space, uint64_t page)
{
	uint64_t address = address_of(page);
	struct vas_area *area = vas_find(space->space, address);

	if (area == NULL || toy_pick(space->toy, 2) == 0) {
		int err = vas_touch(space->space, address, VAS_ACCESS_WRITE);

		if (err != 0)
			return err;
		area = vas_find(space->space, address);
	}
	if ((area->flags & VAS_AREA_WRITE) == 0)
		return -VAS_EACCES;
	return private_area(area) ? fault(space, area, address, true) : 0;
}

int toy_read(struct toy_space *space, uint64_t page)
{
	uint64_t address = address_of(page);
	struct vas_area *area;
	int err = vas_touch(space->space, address, VAS_ACCESS_READ);

	if (err != 0)
		return err;
	area = vas_find(space->space, address);
	return private_area(area) ? fault(space, area, address, false) : 0;
}

/* Designs that cannot bear a shared page at two addresses have it copied before it moves. */
static int copy_before_move(struct toy_space *space, uint64_t start, uint64_t end)
{
	for (uint64_t at = start; at < end && at < address_of(TOY_PAGES); at += VAS_PAGE_SIZE) {
		struct toy_entry *entry = entry_of(space, at);
		struct vas_area *area = vas_find(space->space, at);
		bool write = entry->write;
		int err;

		if (entry->page == NULL && entry->slot == NULL)
			continue;
		err = prepare(space->toy, area);
		if (err != 0)
			return err;
		if (entry->slot != NULL)
			swap_in(space, area, entry, at);
		if (!sole(entry->page))
			make_page(space, area, entry, at);
		entry->write = write;
	}
	return 0;
}

int toy_remap(struct toy_space *space, uint64_t page, uint64_t pages, uint64_t new_pages,
	      uint64_t flags, uint64_t to)
{
	struct vas_remap remap = {
		.old = address_of(page),
		.old_length = pages * VAS_PAGE_SIZE,
		.new_length = new_pages * VAS_PAGE_SIZE,
		.flags = flags,
		.new_address = address_of(to),
	};
	uint64_t address;

	if (space->toy->design->copies_moved) {
		int err = copy_before_move(space, remap.old, remap.old + remap.old_length);

		if (err != 0)
			return err;
	}
	return vas_remap(space->space, &remap, &address);
}

/* Pages on their way. */

struct toy_page *toy_page_at(const struct toy_space *space, uint64_t page)
{
	return space->entries[page].page;
}

#define for_each_entry(entry, toy)                                                                 \
	for (size_t s_ = 0; s_ < (toy)->count; s_++)                                               \
		for (struct toy_entry *entry = (toy)->spaces[s_]->entries;                         \
		     entry < (toy)->spaces[s_]->entries + TOY_PAGES; entry++)

void toy_swap_out(struct toy_space *space, uint64_t at)
{
	struct toy *toy = space->toy;
	const struct vas_anon_rmap_design *design = toy->design;
	struct toy_page *page = toy_page_at(space, at);
	struct toy_slot *slot = page->slot;
	struct vas_binding saved = { page->page.owner, page->page.index };

	if (design->save != NULL)
		design->save(toy->instance, &page->page, &saved);
	if (slot == NULL) {
		slot = calloc(1, sizeof(*slot));
		toy->slot_count++;
	} else if (design->forget != NULL) {
		design->forget(toy->instance, &slot->saved);
	}
	slot->saved = saved;
	set_slot(page, NULL);
	for_each_entry(entry, toy)
	{
		if (entry->page != page)
			continue;
		unmap_entry(toy->spaces[s_], entry);
		entry->slot = slot;
		slot->references++;
	}
	put_page(toy, page);
}

void toy_migrate(struct toy_space *space, uint64_t at)
{
	struct toy *toy = space->toy;
	struct toy_page *from = toy_page_at(space, at), *to = new_page(toy);

	if (toy->design->transfer != NULL) {
		toy->design->transfer(toy->instance, &from->page, &to->page);
	} else {
		to->page.owner = from->page.owner;
		to->page.index = from->page.index;
	}
	set_slot(to, from->slot);
	from->slot = NULL;
	for_each_entry(entry, toy)
	{
		bool write = entry->write;

		if (entry->page != from)
			continue;
		unmap_entry(toy->spaces[s_], entry);
		map_entry(toy->spaces[s_], entry, to, write);
	}
	free_page(toy, from);
}

/* Walks. */

struct looking {
	struct toy *toy;
	struct toy_page *page;
	int32_t hits;
	bool stop; /* when all are found */
};

static bool look(void *context, struct vas_space *space, uint64_t address)
{
	struct looking *looking = context;
	struct toy_space *at = toy_of(space);
	struct toy_entry *entry;

	assert_ptr_equal(looking->toy->spaces[at->place], at);
	assert_int_equal(address & VAS_PAGE_MASK, 0);
	if (address < TOY_BASE || address >= address_of(TOY_PAGES))
		return true;
	entry = entry_of(at, address);
	if (entry->page != looking->page)
		return true;
	if (entry->seen == looking->toy->walk)
		print_error("%s: a place named twice\n", looking->toy->design->name);
	assert_true(entry->seen != looking->toy->walk);
	entry->seen = looking->toy->walk;
	looking->hits++;
	return !looking->stop || looking->hits < looking->page->page.mapcount;
}

static bool look_in_chain(void *context, struct vas_pmap *pmap, uint64_t address,
			  const struct vas_entry *entry)
{
	struct toy_space *space = (struct toy_space *)(void *)pmap;
	struct vas_entry real = real_entry(space, entry_of(space, address));

	assert_ptr_equal(real.entry, entry->entry);
	assert_ptr_equal(real.table, entry->table);
	return look(context, space->space, address);
}

uint64_t toy_walk(struct toy *toy, struct toy_page *page)
{
	struct looking looking = { .toy = toy, .page = page, .stop = toy_pick(toy, 4) != 0 };
	struct vas_anon_walk walk = { .visit = look, .context = &looking };

	toy->walk++;
	if (toy->chains != NULL)
		walk.candidates =
			vas_pte_chain_walk(toy->frames, &page->page, look_in_chain, &looking);
	else
		toy->design->walk(toy->instance, &page->page, &walk);
	if (looking.hits != page->page.mapcount)
		print_error("%s: page %llu, after %s: %d of %d mappings found\n", toy->design->name,
			    (unsigned long long)page->id, toy_last_step(), looking.hits,
			    page->page.mapcount);
	assert_int_equal(looking.hits, page->page.mapcount);
	if (looking.stop) {
		toy->walks++;
		toy->hits += (uint64_t)looking.hits;
		toy->candidates += walk.candidates;
	}
	return walk.candidates;
}

void toy_walk_range(struct toy_space *space, uint64_t page, uint64_t pages)
{
	for (uint64_t at = page; at < page + pages && at < TOY_PAGES; at++)
		if (space->entries[at].page != NULL)
			toy_walk(space->toy, space->entries[at].page);
}

static void print_to_stderr(void *context, const char *text, size_t length)
{
	(void)context;
	fwrite(text, 1, length, stderr);
}

static const struct vas_printer to_stderr = { print_to_stderr, NULL };

void toy_validate(struct toy *toy)
{
	if (toy->design->validate(toy->instance, &to_stderr))
		return;
	print_error("%s: not valid after %s\n", toy->design->name, toy_last_step());
	fail();
}

void toy_check(struct toy *toy)
{
	uint64_t entries = 0, mapcounts = 0;

	for_each_entry(entry, toy) entries += entry->page != NULL;
	for (struct toy_page *page = toy->pages; page != NULL; page = page->next) {
		mapcounts += (uint64_t)page->page.mapcount;
		toy_walk(toy, page);
	}
	assert_int_equal(entries, mapcounts);
	toy_validate(toy);
}
