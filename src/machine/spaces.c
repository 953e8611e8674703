/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Work on all spaces of a machine: going from one to the next while others come and go, merging
 * equal pages, counting. */

#include "machine.h"

#include <string.h>

static struct machine_space *behind(struct vas_list *link)
{
	return (struct machine_space *)(void *)((unsigned char *)link -
						offsetof(struct machine_space, all));
}

struct machine_space *vas_next_space(struct vas_machine *machine, struct machine_space *at)
{
	struct vas_list *next;
	struct machine_space *found = NULL;

	vas_mutex_lock(&machine->lock, VAS_RANK_LEAF);
	next = at == NULL ? machine->spaces.next : at->all.next;
	if (next != &machine->spaces) {
		found = behind(next);
		found->pins++;
	}
	if (at != NULL)
		at->pins--;
	vas_mutex_unlock(&machine->lock, VAS_RANK_LEAF);
	return found;
}

/* ---- Merging equal pages ---- */

/* Pages seen in this round, by what they hold: a hash table with open addressing. Each has a
 * reference. */
struct seen {
	uint64_t hash;
	struct vas_page *page;
};

struct merging {
	struct vas_memory *memory;
	struct seen *table;
	size_t size, used;
	size_t freed;
};

static uint64_t hash_page(const struct vas_memory *memory, const struct vas_page *page)
{
	const unsigned char *bytes = vas_frame_bytes(memory->frames, page);
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < VAS_PAGE_SIZE; i += 8) {
		uint64_t word;

		memcpy(&word, bytes + i, 8);
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash;
}

/* => a reference, which the table keeps or gives back. */
static void merge_page(struct merging *merging, struct vas_page *page)
{
	uint64_t hash = hash_page(merging->memory, page);
	size_t at = (size_t)hash & (merging->size - 1);

	for (; merging->table[at].page != NULL; at = (at + 1) & (merging->size - 1)) {
		struct seen *seen = &merging->table[at];

		if (seen->page == page) {
			vas_page_put(merging->memory, page);
			return;
		}
		if (seen->hash == hash && vas_page_merge(merging->memory, seen->page, page) == 0) {
			merging->freed++;
			vas_page_put(merging->memory, page);
			return;
		}
	}
	if (merging->used + 1 >= merging->size) {
		vas_page_put(merging->memory, page);
		return;
	}
	merging->table[at] = (struct seen){ hash, page };
	merging->used++;
}

/* The next page of a mergeable area at or above *address, with a reference; NULL: none. */
static struct vas_page *next_page(struct machine_space *in, uint64_t *address)
{
	unsigned slot = vas_shared_lock_read(&in->lock);
	struct vas_memory *memory = &in->machine->memory;
	struct vas_page *page = NULL;
	struct vas_area *area = vas_find_ge(in->space, *address);

	for (; page == NULL && area != NULL; area = vas_area_next(area)) {
		struct vas_entry entry;

		if ((area->flags & VAS_AREA_MERGEABLE) == 0)
			continue;
		if (*address < area->range.start)
			*address = area->range.start;
		for (; page == NULL && vas_pmap_next(in->pmap, address, area->range.end);
		     *address += VAS_PAGE_SIZE) {
			if (vas_pmap_find(in->pmap, *address, &entry))
				page = entry_hold(memory, &entry);
			if (page != NULL && page->kind != VAS_PAGE_ANONYMOUS) {
				vas_page_put(memory, page);
				page = NULL;
			}
		}
	}
	vas_shared_unlock_read(&in->lock, slot);
	return page;
}

/* From now on who maps a page reserves for its record. => all calls and faults that began before are
 * over when it returns. */
static void begin_merging(struct vas_machine *machine)
{
	struct machine_space *in = NULL;

	if (__atomic_load_n(&machine->may_merge, __ATOMIC_ACQUIRE))
		return;
	if (!__atomic_load_n(&machine->memory.merging, __ATOMIC_RELAXED))
		__atomic_store_n(&machine->memory.merging, true, __ATOMIC_RELAXED);
	while ((in = vas_next_space(machine, in)) != NULL) {
		vas_shared_lock_write(&in->lock);
		vas_shared_unlock_write(&in->lock);
	}
	__atomic_store_n(&machine->may_merge, true, __ATOMIC_RELEASE);
}

size_t vas_machine_merge(struct vas_machine *machine)
{
	const struct vas_allocator *allocator = machine->allocator;
	struct merging merging = { .memory = &machine->memory, .size = 64 };
	struct vas_frame_counts frames;
	struct machine_space *in = NULL;
	size_t bytes;

	begin_merging(machine);
	(void)machine_note_peak(machine);
	vas_frames_count(machine->memory.frames, &frames);
	while (merging.size < 2 * (size_t)(frames.total - frames.free))
		merging.size *= 2;
	bytes = merging.size * sizeof(struct seen);
	merging.table = allocator->allocate(allocator->context, bytes, sizeof(struct seen));
	if (merging.table == NULL)
		return 0;
	memset(merging.table, 0, bytes);
	while ((in = vas_next_space(machine, in)) != NULL) {
		struct vas_page *page;
		uint64_t at = 0;

		while ((page = next_page(in, &at)) != NULL)
			merge_page(&merging, page);
	}
	for (size_t i = 0; i < merging.size; i++) {
		if (merging.table[i].page != NULL)
			vas_page_put(merging.memory, merging.table[i].page);
	}
	allocator->release(allocator->context, merging.table, bytes);
	return merging.freed;
}

/* ---- Figures ---- */

static void count_events(const struct vas_machine *machine, struct vas_machine_counts *counts)
{
	uint64_t sum[EVENTS] = { 0 };

	for (unsigned i = 0; i < VAS_SHARED_SLOTS; i++) {
		for (unsigned event = 0; event < EVENTS; event++)
			sum[event] +=
				__atomic_load_n(&machine->events[i].count[event], __ATOMIC_RELAXED);
	}
	counts->faults_zero = sum[EVENT_ZERO];
	counts->faults_new = sum[EVENT_NEW];
	counts->faults_file = sum[EVENT_FILE];
	counts->faults_read_in = sum[EVENT_READ_IN];
	counts->faults_write = sum[EVENT_WRITE];
	counts->faults_copied = sum[EVENT_COPIED];
	counts->faults_reused = sum[EVENT_REUSED];
	counts->faults_swap = sum[EVENT_SWAP];
}

/* What reverse maps keep, in areas and spaces too. */
static void count_rmap_bytes(struct vas_machine *machine, struct vas_machine_counts *counts)
{
	const struct vas_rmap *rmap = &machine->memory.rmap;
	struct vas_anon_rmap_counts anon = { 0 };
	struct machine_space *in = NULL;
	struct vas_list *at;

	rmap->anon->count(rmap->anon_data, &anon);
	counts->anon_rmap_bytes = anon.bytes;
	while ((in = vas_next_space(machine, in)) != NULL) {
		unsigned slot = vas_shared_lock_read(&in->lock);

		if (rmap->anon->listener != NULL)
			counts->anon_rmap_bytes += rmap->anon->listener->space_bytes +
						   rmap->anon->listener->area_bytes *
							   vas_index_count(in->space->index);
		counts->file_rmap_bytes += vas_runs_bytes(in);
		vas_shared_unlock_read(&in->lock, slot);
	}
	vas_mutex_lock(&machine->lock, VAS_RANK_LEAF);
	for (at = machine->objects.next; at != &machine->objects; at = at->next) {
		struct machine_object *behind =
			(void *)((unsigned char *)at - offsetof(struct machine_object, all));
		unsigned rounds = 0;

		/* Not in rising order; but who holds it never waits for the machine's. */
		while (!vas_mutex_trylock(&behind->object->lock, VAS_RANK_OBJECT))
			vas_pause(&rounds);
		counts->file_rmap_bytes += rmap->file->bytes(&behind->map);
		vas_mutex_unlock(&behind->object->lock, VAS_RANK_OBJECT);
	}
	vas_mutex_unlock(&machine->lock, VAS_RANK_LEAF);
	/* Of files' pages, if their design is that; else of the few that it must help out with. */
	*(rmap->file->chains ? &counts->file_rmap_bytes : &counts->anon_rmap_bytes) +=
		vas_pte_chains_bytes(&rmap->own_chains);
}

static uint64_t figure(const vas_counter *figure)
{
	return __atomic_load_n(figure, __ATOMIC_RELAXED);
}

void vas_machine_count(struct vas_machine *machine, struct vas_machine_counts *counts)
{
	const struct vas_rmap *rmap = &machine->memory.rmap;
	const struct vas_walk_figures *anon = &rmap->figures[0], *file = &rmap->figures[1];
	const struct vas_memory_counts *memory = &machine->memory.counts;
	struct machine_space *in = NULL;
	struct vas_frame_counts frames;

	*counts = (struct vas_machine_counts){ 0 };
	vas_frames_count(machine->memory.frames, &frames);
	counts->frames = frames.total;
	counts->free = frames.free;
	counts->peak = machine_note_peak(machine);
	while ((in = vas_next_space(machine, in)) != NULL)
		counts->tables += vas_pmap_tables(in->pmap);
	if (machine->memory.swap != NULL) {
		struct vas_swap_counts swap;

		vas_swap_counts(machine->memory.swap, &swap);
		counts->swap_slots = swap.total;
		counts->swap_used = swap.used;
	}
	count_events(machine, counts);
	counts->forks = figure(&machine->forks);
	counts->fork_entries = figure(&machine->fork_entries);
	counts->entries_moved = figure(&machine->entries_moved);
	counts->tables_moved = figure(&machine->tables_moved);
	counts->scanned = figure(&memory->scanned);
	counts->reclaimed = figure(&memory->reclaimed);
	counts->activated = figure(&memory->activated);
	counts->swapped_out = figure(&memory->swapped_out);
	counts->swapped_in = figure(&memory->swapped_in);
	counts->written = figure(&memory->written);
	counts->write_errors = figure(&memory->write_errors);
	counts->migrated = figure(&memory->migrated);
	counts->merged = figure(&memory->merged);
	counts->file_walks = __atomic_load_n(&file->walks, __ATOMIC_RELAXED);
	counts->file_candidates = __atomic_load_n(&file->candidates, __ATOMIC_RELAXED);
	counts->file_hits = __atomic_load_n(&file->hits, __ATOMIC_RELAXED);
	counts->walks = __atomic_load_n(&anon->walks, __ATOMIC_RELAXED) + counts->file_walks;
	counts->candidates =
		__atomic_load_n(&anon->candidates, __ATOMIC_RELAXED) + counts->file_candidates;
	counts->hits = __atomic_load_n(&anon->hits, __ATOMIC_RELAXED) + counts->file_hits;
	count_rmap_bytes(machine, counts);
}

void vas_machine_print(struct vas_machine *machine, const struct vas_printer *printer)
{
	const struct vas_rmap *rmap = &machine->memory.rmap;

	if (rmap->anon->print != NULL)
		rmap->anon->print(rmap->anon_data, printer);
}
