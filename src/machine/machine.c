/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * A machine from its making to its end. It ties the layers together:
 *
 *	spaces ---- the operation list ----> machine ----> page tables, maps of objects
 *	   \------- the operation list ----> anonymous reverse map
 *	faults ---> frames, objects, swap ---> bind, map
 *	reclaim --> reverse maps ------------> page tables of whoever maps the page
 */

#include "machine.h"

#include <string.h>

static struct vas_pmap *pmap_of(const struct vas_space *space)
{
	return space->home == NULL ? NULL : machine_space_of(space)->pmap;
}

static void forget_binding(void *data, struct vas_binding *binding)
{
	struct vas_machine *machine = data;
	const struct vas_rmap *rmap = &machine->memory.rmap;

	/* Merged pages are bound to nothing. */
	if (rmap->anon->forget != NULL && binding->owner != NULL)
		rmap->anon->forget(rmap->anon_data, binding);
}

static bool held_alone(void *data, const struct vas_area *area);
static size_t each_shared(void *data, const struct vas_area *area, uint64_t start, uint64_t end,
			  void (*visit)(void *context, struct vas_page *page, uint64_t address),
			  void *context);

static int create_rmap(struct vas_machine *machine, const struct vas_machine_config *config)
{
	struct vas_anon_rmap_config anon = {
		.allocator = machine->allocator,
		.settings = machine->settings,
		.huge_faults = config->huge_faults,
		.host = { .held_alone = held_alone, .each_shared = each_shared, .data = machine },
	};
	const struct vas_anon_rmap_design *design = vas_anon_rmap_find(config->anon_rmap);
	const struct vas_file_rmap_design *file = vas_file_rmap_find(config->file_rmap);
	void *instance = NULL;
	int err = 0;

	if (design == NULL || file == NULL)
		return -VAS_EINVAL;
	if (design->create != NULL)
		err = design->create(&anon, &instance);
	if (err == 0)
		vas_rmap_init(&machine->memory.rmap, machine->memory.frames, design, instance, file,
			      pmap_of);
	return err;
}

static int create_parts(struct vas_machine *machine, const struct vas_machine_config *config)
{
	struct vas_memory *memory = &machine->memory;
	int err = vas_frames_create(machine->allocator, config->frames, &memory->frames);

	if (err == 0)
		err = create_rmap(machine, config);
	if (err == 0 && config->swap != NULL)
		err = vas_swap_create(machine->allocator, memory->frames, config->swap_slots,
				      config->swap, config->swap_data, forget_binding, machine,
				      &memory->swap);
	if (err != 0)
		return err;
	memory->zero = vas_frame_alloc(memory->frames, VAS_PAGE_ZERO);
	if (memory->zero == NULL)
		return -VAS_ENOMEM;
	memset(vas_frame_bytes(memory->frames, memory->zero), 0, VAS_PAGE_SIZE);
	vas_lru_init(&memory->lru, memory->frames);
	return 0;
}

int vas_machine_create(const struct vas_machine_config *config, struct vas_machine **out)
{
	const struct vas_allocator *allocator = config->allocator;
	struct vas_machine *machine;
	int err;

	*out = NULL;
#if __STDC_HOSTED__
	if (allocator == NULL)
		allocator = &vas_libc_allocator;
#endif
	if (allocator == NULL || config->frames == 0)
		return -VAS_EINVAL;
	machine = allocator->allocate(allocator->context, sizeof(*machine), 64);
	if (machine == NULL)
		return -VAS_ENOMEM;
	memset(machine, 0, sizeof(*machine));
	vas_cache_init(&machine->cache, allocator);
	machine->allocator = &machine->cache.front;
	machine->memory.allocator = machine->allocator;
	vas_list_init(&machine->spaces);
	vas_list_init(&machine->objects);
	vas_settings_default(&machine->own_settings);
	machine->settings = config->settings != NULL ? config->settings : &machine->own_settings;
	machine->observer = config->pmaps;
	err = create_parts(machine, config);
	machine->memory.rmap.work = config->work;
	machine->memory.rmap.work_data = config->work_data;
	if (err != 0) {
		vas_machine_destroy(machine);
		return err;
	}
	machine->listener = vas_machine_listener;
	machine->listener.area_bytes =
		offsetof(struct machine_area, link) + machine->memory.rmap.file->link_bytes;
	*out = machine;
	return 0;
}

void vas_machine_stop(struct vas_machine *machine)
{
	if (machine->stop != NULL)
		machine->stop(machine);
}

void vas_machine_destroy(struct vas_machine *machine)
{
	const struct vas_allocator *behind;
	struct vas_memory *memory;

	if (machine == NULL)
		return;
	memory = &machine->memory;
	vas_machine_stop(machine);
	vas_swap_destroy(memory->swap);
	if (memory->rmap.anon != NULL && memory->rmap.anon->destroy != NULL)
		memory->rmap.anon->destroy(memory->rmap.anon_data);
	if (memory->zero != NULL)
		vas_frame_free(memory->frames, memory->zero);
	vas_frames_destroy(memory->frames);
	vas_cache_empty(&machine->cache);
	behind = machine->cache.behind;
	behind->release(behind->context, machine, sizeof(*machine));
}

int vas_machine_space(struct vas_machine *machine, const struct vas_space_config *wish,
		      struct vas_space **space)
{
	const struct vas_rmap *rmap = &machine->memory.rmap;
	struct vas_space_config config;
	unsigned count = 0, tries = 0;
	int err;

	*space = NULL;
	if (wish == NULL)
		vas_space_default(&config, machine->settings);
	else
		config = *wish;
	config.allocator = machine->allocator;
	config.settings = machine->settings;
	memset(config.listeners, 0, sizeof(config.listeners));
	config.listeners[count].listener = &vas_machine_tables;
	config.listeners[count++].data = machine;
	if (rmap->anon->listener != NULL) {
		config.listeners[count].listener = rmap->anon->listener;
		config.listeners[count++].data = rmap->anon_data;
	}
	config.listeners[count].listener = &machine->listener;
	config.listeners[count++].data = machine;
	for (unsigned i = 0; wish != NULL && i < 2 && wish->listeners[i].listener != NULL; i++)
		config.listeners[count++] = wish->listeners[i];
	do
		err = vas_space_create(&config, space);
	while (err == -VAS_ENOMEM && vas_make_frames(machine, 1, &tries) == 0);
	return err;
}

struct vas_machine *vas_space_machine(const struct vas_space *space)
{
	return space->home == NULL ? NULL : machine_space_of(space)->machine;
}

struct vas_settings *vas_machine_settings(struct vas_machine *machine)
{
	return machine->settings;
}

/* ---- What designs ask ---- */

struct asking {
	struct vas_machine *machine;
	bool shared; /* something is held by others too */
	size_t count;
	void (*visit)(void *context, struct vas_page *page, uint64_t address);
	void *context;
};

/* The private page of an entry; NULL: it maps none. */
static struct vas_page *private_page(const struct asking *asking, uint64_t value)
{
	uint32_t frame = vas_entry_maps(value);
	struct vas_page *page;

	if (frame == 0)
		return NULL;
	page = vas_frame_page(asking->machine->memory.frames, frame);
	return page->kind == VAS_PAGE_ANONYMOUS ? page : NULL;
}

static bool ask_alone(void *data, uint64_t address, const struct vas_entry *entry)
{
	struct asking *asking = data;
	struct vas_swap *swap = asking->machine->memory.swap;
	uint64_t value = vas_entry_read(entry);
	struct vas_page *page = private_page(asking, value);
	uint32_t slot = vas_entry_slot(value);

	(void)address;
	if (page != NULL)
		asking->shared |= vas_page_mapcount(page) != 1 ||
				  vas_page_is(page, VAS_PAGE_MERGED) ||
				  (page->slot != 0 && vas_swap_count(swap, page->slot) != 0);
	if (slot != 0) {
		/* In the swap cache, and mapped again by another? */
		page = vas_swap_find(swap, slot);
		asking->shared |= vas_swap_count(swap, slot) != 1 ||
				  (page != NULL && vas_page_mapcount(page) != 0);
		if (page != NULL)
			(void)vas_page_drop(page); /* the cache has one more */
	}
	return !asking->shared;
}

static bool held_alone(void *data, const struct vas_area *area)
{
	struct asking asking = { .machine = data };

	vas_pmap_each(machine_space_of(area->space)->pmap, area->range.start, area->range.end,
		      ask_alone, &asking);
	return !asking.shared;
}

static bool ask_shared(void *data, uint64_t address, const struct vas_entry *entry)
{
	struct asking *asking = data;
	struct vas_page *page = private_page(asking, vas_entry_read(entry));

	if (page != NULL && vas_page_mapcount(page) > 1) {
		asking->count++;
		if (asking->visit != NULL)
			asking->visit(asking->context, page, address);
	}
	return true;
}

static size_t each_shared(void *data, const struct vas_area *area, uint64_t start, uint64_t end,
			  void (*visit)(void *context, struct vas_page *page, uint64_t address),
			  void *context)
{
	struct asking asking = { .machine = data, .visit = visit, .context = context };

	vas_pmap_each(machine_space_of(area->space)->pmap, start, end, ask_shared, &asking);
	return asking.count;
}
