/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Looking at what is there: one address, and who else maps its page. And what is done with one page
 * on demand: moving it. */

#include "machine.h"

static void look_at_page(const struct vas_memory *memory, const struct vas_page *page,
			 struct vas_view *view)
{
	view->file = page->kind == VAS_PAGE_OBJECT;
	view->merged = vas_page_is(page, VAS_PAGE_MERGED);
	view->frame = vas_frame_number(memory->frames, page);
	view->mapcount = vas_page_mapcount(page);
}

void vas_look(struct vas_space *space, uint64_t address, struct vas_view *view)
{
	struct machine_space *in = machine_space_of(space);
	struct vas_memory *memory = &in->machine->memory;
	unsigned slot = vas_shared_lock_read(&in->lock);
	struct vas_entry entry;
	uint64_t value = 0;

	*view = (struct vas_view){ 0 };
	if (address < space->layout.task_size && vas_pmap_find(in->pmap, address, &entry)) {
		vas_pmap_lock(entry.table);
		value = vas_entry_read(&entry);
		if (vas_entry_present(value)) {
			view->present = true;
			view->zero = (value & VAS_PTE_SPECIAL) != 0;
			view->writable = (value & VAS_PTE_WRITE) != 0;
			view->dirty = (value & VAS_PTE_DIRTY) != 0;
		}
		if (vas_entry_maps(value) != 0)
			look_at_page(memory, vas_frame_page(memory->frames, vas_entry_maps(value)),
				     view);
		vas_pmap_unlock(entry.table);
	}
	if (value != 0 && !vas_entry_present(value)) {
		view->guard = vas_entry_kind(value) == VAS_ENTRY_GUARD;
		view->swapped = vas_entry_kind(value) == VAS_ENTRY_SWAP;
		view->offset = vas_entry_kind(value) == VAS_ENTRY_FILE;
	}
	if (view->swapped) {
		view->frame = (uint32_t)vas_entry_payload(value);
		view->slot_count = vas_swap_count(memory->swap, view->frame);
	}
	vas_shared_unlock_read(&in->lock, slot);
}

/* The page at an address, with a reference; NULL: none. */
static struct vas_page *get_page(struct machine_space *in, uint64_t address)
{
	struct vas_memory *memory = &in->machine->memory;
	unsigned slot = vas_shared_lock_read(&in->lock);
	struct vas_page *page = NULL;
	struct vas_entry entry;

	if (address < in->space->layout.task_size && vas_pmap_find(in->pmap, address, &entry))
		page = entry_hold(memory, &entry);
	vas_shared_unlock_read(&in->lock, slot);
	return page;
}

struct asking {
	vas_mapper_fn *fn;
	void *context;
};

static bool tell_mapper(void *context, struct vas_pmap *pmap, uint64_t address,
			const struct vas_entry *entry)
{
	const struct asking *asking = context;

	(void)entry;
	asking->fn(asking->context, vas_pmap_space(pmap), address);
	return true;
}

int vas_who(struct vas_space *space, uint64_t address, vas_mapper_fn *fn, void *context)
{
	struct machine_space *in = machine_space_of(space);
	struct asking asking = { fn, context };
	struct vas_page *page = get_page(in, address);

	if (page == NULL)
		return -VAS_ENOENT;
	vas_page_lock(page);
	vas_rmap_walk(&in->machine->memory.rmap, page, tell_mapper, &asking);
	vas_page_unlock(page);
	vas_page_put(&in->machine->memory, page);
	return 0;
}

int vas_migrate(struct vas_space *space, uint64_t address)
{
	struct machine_space *in = machine_space_of(space);
	struct vas_page *page = get_page(in, address);
	unsigned tries = 0;
	int err;

	if (page == NULL)
		return -VAS_ENOENT;
	do
		err = vas_page_migrate(&in->machine->memory, page);
	while (err == -VAS_ENOMEM && vas_make_frames(in->machine, 1, &tries) == 0);
	vas_page_put(&in->machine->memory, page);
	return err;
}

size_t vas_machine_reclaim(struct vas_machine *machine, size_t goal, int *error)
{
	(void)machine_note_peak(machine);
	return vas_reclaim(&machine->memory, goal, error);
}
