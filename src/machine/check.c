/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The machine's validator. Everything that is counted somewhere is counted again, from the one thing
 * that is true by itself: the entries in the page tables. And the brute force against reverse maps:
 * sorting all entries by the frame that they map gives, for every page, what its walk must find.
 */

#include "machine.h"

#include "base/print.h"
#include "object/object_inside.h"

#include <string.h>

/* What a scan of all tables finds for each frame. */
struct found {
	int32_t mapped;
	uint32_t locks;
	uint32_t first; /* of its entries, in the sorted list */
	uint32_t filled;
};

struct mapping {
	struct vas_pmap *pmap;
	uint64_t address;
	bool seen;
};

struct checking {
	struct vas_machine *machine;
	struct vas_memory *memory;
	const struct vas_printer *printer;
	uint32_t frames, slots;
	struct found *found;	  /* by frame number */
	uint32_t *slot_counts;	  /* by slot */
	struct mapping *mappings; /* sorted by frame; NULL: not wanted */
	size_t mapping_count;
	struct machine_space *in;
	bool filling;
	bool good;
};

static void *allocate(const struct checking *checking, size_t bytes)
{
	const struct vas_allocator *allocator = checking->machine->allocator;
	void *memory = allocator->allocate(allocator->context, bytes == 0 ? 1 : bytes, 16);

	if (memory != NULL)
		memset(memory, 0, bytes);
	return memory;
}

static void release(const struct checking *checking, void *memory, size_t bytes)
{
	const struct vas_allocator *allocator = checking->machine->allocator;

	if (memory != NULL)
		allocator->release(allocator->context, memory, bytes == 0 ? 1 : bytes);
}

static bool scan_entry(void *data, uint64_t address, const struct vas_entry *entry)
{
	struct checking *checking = data;
	uint64_t value = vas_entry_read(entry);
	uint32_t frame = vas_entry_maps(value);
	struct found *found = &checking->found[frame];

	if (checking->filling) {
		if (frame != 0)
			checking->mappings[found->first + found->filled++] =
				(struct mapping){ checking->in->pmap, address, false };
		return true;
	}
	if (frame != 0) {
		found->mapped++;
		found->locks += entry_locked(value);
	} else if (!vas_entry_present(value) && vas_entry_kind(value) == VAS_ENTRY_SWAP) {
		uint64_t slot = vas_entry_payload(value);

		if (slot == 0 || slot > checking->slots) {
			vas_print(checking->printer, "MEMORY-1: an entry at %llx names slot %llu\n",
				  (unsigned long long)address, (unsigned long long)slot);
			checking->good = false;
			return false;
		}
		checking->slot_counts[slot]++;
	}
	return true;
}

static void scan_all(struct checking *checking)
{
	while ((checking->in = vas_next_space(checking->machine, checking->in)) != NULL)
		vas_pmap_each(checking->in->pmap, 0, UINT64_C(1) << 47, scan_entry, checking);
}

/* References that a cache holds: an object's, or swap's. */
static int32_t cached(const struct checking *checking, struct vas_page *page)
{
	int32_t references = 0;

	if (page->kind == VAS_PAGE_OBJECT && page->owner != NULL)
		references++;
	if (page->slot != 0 && checking->memory->swap != NULL) {
		struct vas_page *other = vas_swap_find(checking->memory->swap, page->slot);

		references += other == page;
		if (other != NULL)
			(void)vas_page_drop(other);
	}
	return references;
}

static bool check_page(const struct checking *checking, uint32_t number)
{
	struct vas_page *page = vas_frame_page(checking->memory->frames, number);
	const struct found *found = &checking->found[number];
	const struct vas_printer *printer = checking->printer;

	if (page->kind == VAS_PAGE_TABLE || page == checking->memory->zero)
		return true;
	if (page->kind == VAS_PAGE_FREE) {
		if (found->mapped != 0)
			vas_print(printer, "MEMORY-2: %d entries map frame %u, which is free\n",
				  found->mapped, number);
		return found->mapped == 0;
	}
	if (page->mapcount != found->mapped) {
		vas_print(printer, "MEMORY-3: frame %u is mapped %d times, counted as %d\n", number,
			  found->mapped, page->mapcount);
		return false;
	}
	if (page->references != found->mapped + cached(checking, page)) {
		vas_print(printer, "MEMORY-4: frame %u has %d references, of which %d are known\n",
			  number, page->references, found->mapped + cached(checking, page));
		return false;
	}
	if (page->locks != found->locks && page->locks != UINT16_MAX) {
		vas_print(printer, "MEMORY-5: frame %u is locked by %u entries, counted as %u\n",
			  number, found->locks, page->locks);
		return false;
	}
	return true;
}

/* Slots of shared memory are named by its objects. */
static void scan_objects(struct checking *checking)
{
	struct vas_list *at = checking->machine->objects.next;

	for (; at != &checking->machine->objects; at = at->next) {
		const struct machine_object *behind =
			(const void *)((unsigned char *)at - offsetof(struct machine_object, all));
		const struct vas_object *object = behind->object;
		uint64_t index = 0, value;

		while (vas_radix_next(&object->pages, &index, &value)) {
			uint32_t slot = vas_value_is_page(value) ? 0 : vas_value_slot(value);

			if (slot != 0 && slot <= checking->slots)
				checking->slot_counts[slot]++;
			index++;
		}
		if (!vas_object_validate(behind->object, checking->printer) ||
		    !behind->map.design->validate(&behind->map, checking->printer))
			checking->good = false;
	}
}

static bool check_counts(struct checking *checking)
{
	for (uint32_t number = 1; number <= checking->frames; number++) {
		if (!check_page(checking, number))
			return false;
	}
	scan_objects(checking);
	for (uint32_t slot = 1; slot <= checking->slots; slot++) {
		uint32_t count = vas_swap_count(checking->memory->swap, slot);

		if (count != checking->slot_counts[slot]) {
			vas_print(checking->printer,
				  "MEMORY-6: slot %u is named %u times, counted as %u\n", slot,
				  checking->slot_counts[slot], count);
			return false;
		}
	}
	return checking->good;
}

/* ---- Walks ---- */

struct walking {
	struct checking *checking;
	struct found *found;
	uint32_t number;
};

static bool walk_entry(void *context, struct vas_pmap *pmap, uint64_t address,
		       const struct vas_entry *entry)
{
	struct walking *walking = context;
	struct mapping *mappings = &walking->checking->mappings[walking->found->first];

	(void)entry;
	for (int32_t i = 0; i < walking->found->mapped; i++) {
		if (mappings[i].pmap != pmap || mappings[i].address != address)
			continue;
		if (mappings[i].seen) {
			vas_print(walking->checking->printer,
				  "MEMORY-7: the walk of frame %u finds %llx twice\n",
				  walking->number, (unsigned long long)address);
			walking->checking->good = false;
		}
		mappings[i].seen = true;
		return true;
	}
	vas_print(walking->checking->printer,
		  "MEMORY-7: the walk of frame %u finds %llx, which does not map it\n",
		  walking->number, (unsigned long long)address);
	walking->checking->good = false;
	return true;
}

static bool check_walk(struct checking *checking, uint32_t number)
{
	struct vas_page *page = vas_frame_page(checking->memory->frames, number);
	struct walking walking = { checking, &checking->found[number], number };

	vas_page_get(page);
	vas_page_lock(page);
	vas_rmap_walk(&checking->memory->rmap, page, walk_entry, &walking);
	vas_page_unlock(page);
	(void)vas_page_drop(page);
	for (int32_t i = 0; checking->good && i < walking.found->mapped; i++) {
		const struct mapping *mapping =
			&checking->mappings[walking.found->first + (uint32_t)i];

		if (mapping->seen)
			continue;
		vas_print(checking->printer,
			  "MEMORY-7: the walk of frame %u (index %llx) does not find %llx, one of "
			  "%d that map it\n",
			  number, (unsigned long long)page->index,
			  (unsigned long long)mapping->address, walking.found->mapped);
		checking->good = false;
	}
	return checking->good;
}

static bool check_walks(struct checking *checking)
{
	uint32_t sum = 0;

	for (uint32_t number = 1; number <= checking->frames; number++) {
		checking->found[number].first = sum;
		sum += (uint32_t)checking->found[number].mapped;
	}
	checking->mapping_count = sum;
	checking->mappings = allocate(checking, sum * sizeof(struct mapping));
	if (checking->mappings == NULL)
		return false;
	checking->filling = true;
	scan_all(checking);
	for (uint32_t number = 1; number <= checking->frames; number++) {
		if (checking->found[number].mapped != 0 && !check_walk(checking, number))
			break;
	}
	release(checking, checking->mappings, sum * sizeof(struct mapping));
	return checking->good;
}

static bool check(struct vas_machine *machine, const struct vas_printer *printer,
		  bool (*what)(struct checking *checking))
{
	struct checking checking = {
		.machine = machine,
		.memory = &machine->memory,
		.printer = printer,
		.good = true,
	};
	struct vas_frame_counts frames;
	size_t found_bytes, slot_bytes;
	bool good = false;

	vas_frames_count(checking.memory->frames, &frames);
	checking.frames = frames.total;
	if (checking.memory->swap != NULL) {
		struct vas_swap_counts swap;

		vas_swap_counts(checking.memory->swap, &swap);
		checking.slots = swap.total;
	}
	found_bytes = ((size_t)checking.frames + 1) * sizeof(struct found);
	slot_bytes = ((size_t)checking.slots + 1) * sizeof(uint32_t);
	checking.found = allocate(&checking, found_bytes);
	checking.slot_counts = allocate(&checking, slot_bytes);
	if (checking.found != NULL && checking.slot_counts != NULL) {
		scan_all(&checking);
		good = checking.good && what(&checking);
	}
	release(&checking, checking.found, found_bytes);
	release(&checking, checking.slot_counts, slot_bytes);
	return good;
}

bool vas_machine_check_walks(struct vas_machine *machine, const struct vas_printer *printer)
{
	return check(machine, printer, check_walks);
}

bool vas_machine_validate(struct vas_machine *machine, const struct vas_printer *printer)
{
	const struct vas_rmap *rmap = &machine->memory.rmap;
	struct machine_space *in = NULL;

	while ((in = vas_next_space(machine, in)) != NULL) {
		if (vas_space_validate(in->space, printer) &&
		    vas_pmap_validate(in->pmap, printer) && vas_runs_validate(in, printer))
			continue;
		in->pins--;
		return false;
	}
	if (rmap->anon->validate != NULL && !rmap->anon->validate(rmap->anon_data, printer))
		return false;
	if (machine->memory.swap != NULL && !vas_swap_validate(machine->memory.swap, printer))
		return false;
	return vas_memory_validate(&machine->memory, printer) &&
	       check(machine, printer, check_counts);
}
