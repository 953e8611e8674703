/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_MACHINE_MACHINE_H
#define VAS_SRC_MACHINE_MACHINE_H

/* A machine seen from inside: what it keeps in each space and in each area. */

#include <vas/machine.h>

#include "base/cache.h"
#include "base/list.h"
#include "base/lock.h"
#include "reclaim/memory.h"
#include "space/space.h"

/* How often one who found no frame gets some by reclaim, and tries again. */
#define MACHINE_TRIES 8

/* What one last-level table covers. */
#define TABLE_SPAN (VAS_PAGE_SIZE * 512)

/* What happens on every fault is counted in a line that few threads share. */
enum machine_event {
	EVENT_ZERO,
	EVENT_NEW,
	EVENT_FILE,
	EVENT_READ_IN,
	EVENT_WRITE,
	EVENT_COPIED,
	EVENT_REUSED,
	EVENT_SWAP,
	EVENTS,
};

struct machine_events {
	vas_counter count[EVENTS];
} __attribute__((aligned(64)));

struct vas_machine {
	struct vas_memory memory;
	const struct vas_allocator *allocator; /* the cache's front */
	struct vas_cache cache;
	struct vas_settings *settings, own_settings;
	struct vas_listener listener; /* its area_bytes depend on the file design */
	const struct vas_pmap_observer *observer;
	struct machine_events events[VAS_SHARED_SLOTS];
	vas_counter forks, fork_entries, entries_moved, tables_moved;
	vas_counter next_inode;
	uint32_t peak;
	bool may_merge; /* all know that memory.merging is set */

	struct vas_mutex lock;	/* of what follows; a leaf */
	struct vas_list spaces; /* machine_space.all */
	struct vas_list objects;
	struct machine_background *background;
	void (*stop)(struct vas_machine *machine); /* ends that; NULL: there is none */
};

/* What a call remembers to do when it has let go of the space. Of more ranges than that, the last
 * reaches over what lies between. */
#define LATER_MAX 16

/* Pages to be touched on the caller's behalf. */
struct machine_populate {
	struct vas_range range;
	bool write; /* else with reads, which make no copies */
	bool mixed; /* it reaches over several: only private memory is written */
	enum vas_touch_for who;
};

struct machine_later {
	struct machine_populate populate[LATER_MAX];
	unsigned populate_count;
	struct vas_range out;
	bool cold; /* `out` is only made old */
};

struct machine_space {
	struct vas_shared_lock lock;
	struct vas_machine *machine;
	struct vas_space *space;
	struct vas_pmap *pmap;
	size_t area_offset; /* of struct machine_area, from an area */
	struct vas_list all;
	uint32_t pins;		     /* others who look at it: its end waits for them */
	struct vas_pool pool;	     /* changed with the lock held alone */
	uint32_t copies;	     /* frames for pages that move as copies, by `next`; 0: none */
	struct vas_index *runs;	     /* of nonlinear areas; NULL: there was never one */
	bool listed;		     /* it is in the machine's list */
	bool linked;		     /* a fork's child: its areas are in their objects' maps */
	uint32_t wanted;	     /* frames that a call could not get */
	int refused;		     /* what a store said to a call under way (MADV_REMOVE) */
	unsigned tries;		     /* how often it was made again for want of them */
	struct machine_space *child; /* of the fork that goes on */
	struct machine_later later;
};

struct machine_area {
	bool has_private; /* has held a page that no file has: fork copies its entries */
	bool linked;	  /* `link` is in its object's map; never of a nonlinear area */
	struct vas_file_link link;
	/* The file design's fields follow. */
};

static inline struct machine_space *machine_space_of(const struct vas_space *space)
{
	return space->home;
}

static inline struct machine_area *machine_area_of(const struct machine_space *in,
						   const struct vas_area *area)
{
	return (struct machine_area *)(void *)((unsigned char *)(uintptr_t)area + in->area_offset);
}

/* May an entry that is made or copied need a record of its own? */
static inline bool machine_chains(const struct vas_memory *memory)
{
	return memory->rmap.anon->chains || memory->rmap.file->chains ||
	       __atomic_load_n(&memory->merging, __ATOMIC_RELAXED);
}

/* Looks how many frames are in use: asked wherever some may be given back soon. */
static inline uint32_t machine_note_peak(struct vas_machine *machine)
{
	uint32_t peak = __atomic_load_n(&machine->peak, __ATOMIC_RELAXED), used;
	struct vas_frame_counts frames;

	vas_frames_count(machine->memory.frames, &frames);
	used = frames.total - frames.free;
	while (used > peak && !__atomic_compare_exchange_n(&machine->peak, &peak, used, true,
							   __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	return used > peak ? used : peak;
}

static inline void machine_count_event(struct vas_machine *machine, enum machine_event event)
{
	__atomic_add_fetch(&machine->events[vas_thread_slot()].count[event], 1, __ATOMIC_RELAXED);
}

/* Is an entry, present or on its way, counted in its page's locks? */
static inline bool entry_locked(uint64_t value)
{
	if (!vas_entry_present(value))
		value = vas_migration_end(value, 0);
	return (value & VAS_PTE_LOCKED) != 0;
}

/* The object that an area maps; NULL: private memory, or nothing that could be read. */
static inline struct vas_object *machine_object_of(const struct vas_area *area)
{
	return area->file == NULL ? NULL : area->file->object;
}

/* Pages since the area's start. */
static inline uint64_t machine_index_of(const struct vas_area *area, uint64_t address)
{
	return area->offset + ((address - area->range.start) >> VAS_PAGE_SHIFT);
}

/* Does a write to this area stay its own? */
static inline bool area_private(const struct vas_area *area)
{
	return (area->flags & VAS_AREA_SHARED) == 0 && (area->flags & VAS_AREA_MAY_SHARE) == 0;
}

/* The hardware's permission bits for a page in an area; writable only where the caller says so. */
static inline uint64_t entry_bits(const struct vas_area *area, bool writable)
{
	uint64_t bits = VAS_PTE_PRESENT | VAS_PTE_ACCESSED;

	if ((area->flags & VAS_AREA_ACCESS) != 0)
		bits |= VAS_PTE_USER;
	if ((area->flags & VAS_AREA_EXEC) == 0)
		bits |= VAS_PTE_NX;
	if (writable && (area->flags & VAS_AREA_WRITE) != 0)
		bits |= VAS_PTE_WRITE;
	if ((area->flags & VAS_AREA_LOCKED) != 0)
		bits |= VAS_PTE_LOCKED;
	return bits;
}

static inline uint64_t entry_for(const struct vas_memory *memory, const struct vas_page *page,
				 uint64_t bits)
{
	return (uint64_t)vas_frame_number(memory->frames, page) << VAS_PAGE_SHIFT | bits;
}

/* The page that a present entry names. */
static inline struct vas_page *entry_page(const struct vas_memory *memory, uint64_t entry)
{
	return vas_frame_page(memory->frames, vas_entry_frame(entry));
}

/* Changes a present entry that was `old`; what the hardware has set in it meanwhile stays. => the
 * table's lock. */
static inline void entry_change(const struct vas_entry *entry, uint64_t old, uint64_t value)
{
	uint64_t set = vas_entry_set(entry, value) & ~old & (VAS_PTE_ACCESSED | VAS_PTE_DIRTY);

	if (set != 0)
		__atomic_or_fetch(entry->entry, set, __ATOMIC_RELAXED);
}

/* The page that an entry maps, with a reference; NULL: it maps none, or one that is on its way, whose
 * references only the one who moves it may change. => the space's lock; not the table's. */
static inline struct vas_page *entry_hold(const struct vas_memory *memory,
					  const struct vas_entry *entry)
{
	struct vas_page *page = NULL;
	uint64_t value;

	vas_pmap_lock(entry->table);
	value = vas_entry_read(entry);
	if (vas_entry_present(value) && (value & VAS_PTE_SPECIAL) == 0) {
		page = entry_page(memory, value);
		vas_page_get(page);
	}
	vas_pmap_unlock(entry->table);
	return page;
}

/* ---- fault.c ---- */

/*
 * One fault, with the space's lock shared. 1: the entry allows the access now. 0: something
 * changed, try the access again.
 * -VAS_EAGAIN: no frame: let go, reclaim, try again. Else as vas_access.
 */
int vas_fault(struct machine_space *in, struct vas_area *area, uint64_t address,
	      enum vas_access access);

/* ---- access.c ---- */

/* Faults pages in, with no lock held. An error ends an area's part; or, where somebody wants to
 * know, all: it is what he is told. */
int vas_populate_pages(struct machine_space *in, const struct machine_populate *populate);
/* Frees some frames for one who found none. 0, or -VAS_ENOMEM: there is nothing to be had. */
int vas_make_frames(struct vas_machine *machine, uint32_t wanted, unsigned *tries);

/* ---- zap.c ---- */

enum zap {
	ZAP_ALL,      /* unmap */
	ZAP_CONTENTS, /* DONTNEED, truncate: guard pages stay */
	ZAP_OBJECT,   /* only pages of objects: a hole was punched */
	ZAP_GUARDS,   /* only guard pages */
};
/* Forgets what [start, end) holds. `foreign`: the caller does not hold the space's lock (but
 * something that keeps the space alive, of a rank below VAS_RANK_WALK). */
void vas_zap(struct vas_memory *memory, struct vas_pmap *pmap, struct vas_range range,
	     enum zap what, bool foreign);

/* ---- copy.c, move.c, advise.c, link.c ---- */

/* fork: copies the entries of an area to the child. => the parent's lock alone. */
void vas_copy_entries(struct machine_space *parent, struct machine_space *child,
		      const struct vas_area *from);
void vas_move_entries(struct machine_space *in, const struct vas_op *op);
/* Frames for the pages of the range that must be copied before they move. -VAS_ENOMEM, and how many
 * there were not is in->wanted. What is left of them the other gives back. => the lock alone. */
int vas_copies_reserve(struct machine_space *in, struct vas_range range);
void vas_copies_settle(struct machine_space *in);
/* Bits follow an area's flags. */
void vas_protect_entries(struct machine_space *in, const struct vas_op *op);
void vas_advise_entries(struct machine_space *in, const struct vas_op *op);
/* madvise PAGEOUT and COLD, with no lock held. */
void vas_age_pages(struct machine_space *in, struct vas_range range, bool cold);

/* Brings an area's link in its object's map up to date; `gone`: takes it out. `pool` is that of the
 * space whose call it is. */
void vas_link_area(struct machine_space *in, struct vas_area *area, struct vas_pool *pool,
		   bool gone);
/* All areas of a space at once (fork, exit, exec): those of one object that lie side by side, as a
 * library's do, in one round of its lock. */
void vas_link_all(struct machine_space *in, struct vas_pool *pool, bool gone);
/* -VAS_ENOMEM. */
int vas_link_reserve(struct machine_space *in, size_t changes);

/* ---- runs.c ---- */

static inline bool machine_nonlinear(const struct vas_area *area)
{
	return (area->flags & VAS_AREA_NONLINEAR) != 0;
}

/* The page of its object that an area shows at `address`; *end (may be NULL): so far it goes on in
 * order. => the space's lock. */
uint64_t vas_run_page(const struct machine_space *in, const struct vas_area *area, uint64_t address,
		      uint64_t *end);
/* What an operation does to runs. */
void vas_apply_runs(struct machine_space *in, const struct vas_op *op);
/* -VAS_ENOMEM. */
int vas_runs_reserve(struct machine_space *in, const struct vas_budget *budget);
/* Bytes of all runs of a space that no map counts. */
size_t vas_runs_bytes(const struct machine_space *in);
/* MEMORY-8. => nothing else runs. */
bool vas_runs_validate(const struct machine_space *in, const struct vas_printer *printer);

/* ---- objects.c ---- */

/* What stands behind struct vas_object.map. */
struct machine_object {
	struct vas_list all;
	struct vas_object *object;
	struct vas_machine *machine;
	struct vas_mutex change; /* one truncation or hole at a time; of the rank of spaces, after
				    theirs */
	uint32_t files;		 /* by which it can be changed */
	struct vas_file_map map; /* the design's fields follow */
};

static inline struct machine_object *machine_object_behind(const struct vas_object *object)
{
	return (struct machine_object *)(void *)((unsigned char *)object->map -
						 offsetof(struct machine_object, map));
}

/* Whole pages, first to last, read as zeroes from now on. What the store said: then nothing has
 * changed. => no page's lock. */
int vas_punch_pages(struct vas_object *object, uint64_t first, uint64_t last);

/* ---- spaces.c ---- */

/* The spaces of a machine, one after the other, each kept alive while it is looked at: `at` is the
 * last one, or NULL at first; NULL: no more. */
struct machine_space *vas_next_space(struct vas_machine *machine, struct machine_space *at);

/* ---- machine.c ---- */

/* Ends the background thread, if there is one. */
void vas_machine_stop(struct vas_machine *machine);

/* ---- listener.c ---- */

extern const struct vas_listener vas_machine_listener;
extern const struct vas_listener vas_machine_tables; /* has the spaces' data */

#endif
