/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_MACHINE_H
#define VAS_MACHINE_H

/*
 * A machine: physical memory, swap, and the spaces and objects that share them. Spaces of a machine
 * are changed by the calls of <vas/space.h>, and have memory besides: what is written at an address
 * is what is read there, through copy-on-write, files, swap and all.
 *
 * Threads. Any call may be made from any thread at any time; calls on different spaces run side by
 * side, so do accesses in one space. What the caller sees to: a space is not used while it is
 * destroyed, and what vas_find and its kin return is not used while another thread changes the
 * space. The order of locks is in docs/locking.md.
 *
 * Memory that runs out. A call or an access that finds no frame lets go of its space, frees some
 * (writing to swap and files), and starts again; when nothing more can be freed it gets
 * -VAS_ENOMEM, and all is as before. Later, when there is room again, all goes on.
 */

#include <vas/anon_rmap.h>
#include <vas/base.h>
#include <vas/file_rmap.h>
#include <vas/space.h>
#include <vas/store.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vas_machine;

struct vas_machine_config {
	const struct vas_allocator *allocator; /* NULL: the C library's */
	uint32_t frames;		       /* of 4 KiB; page tables are among them */
	struct vas_settings *settings;	       /* NULL: Linux's defaults, the machine's own */
	const char *anon_rmap, *file_rmap;     /* designs; NULL: the defaults */
	enum vas_huge_faults huge_faults;
	const struct vas_store *swap; /* NULL: no swap */
	void *swap_data;
	uint32_t swap_slots;		       /* of 4 KiB */
	const struct vas_pmap_observer *pmaps; /* hears of every entry; may be NULL */
	vas_work_fn *work;		       /* NULL: nobody is told */
	void *work_data;
};

/* -VAS_EINVAL: no frames, an unknown design. -VAS_ENOMEM. */
VAS_API VAS_MUST_CHECK int vas_machine_create(const struct vas_machine_config *config,
					      struct vas_machine **machine);
/* => its spaces are destroyed, and its files put by all but the machine. NULL is allowed. */
VAS_API void vas_machine_destroy(struct vas_machine *machine);

/* A space of this machine. `config` may be NULL: Linux's defaults; else its allocator and settings
 * are taken from the machine, and up to two listeners of the caller's own may stand in it. Forks
 * of it are the machine's too. -VAS_ENOMEM. */
VAS_API VAS_MUST_CHECK int vas_machine_space(struct vas_machine *machine,
					     const struct vas_space_config *config,
					     struct vas_space **space);
VAS_API struct vas_machine *vas_space_machine(const struct vas_space *space);
VAS_API struct vas_settings *vas_machine_settings(struct vas_machine *machine);

/* ---- Accesses ---- */

/*
 * An access to one address: what the processor would do, the faults included.
 * -VAS_EFAULT: nothing is mapped there, or a guard page (SIGSEGV, SEGV_MAPERR).
 * -VAS_EACCES: the area does not allow it (SIGSEGV, SEGV_ACCERR).
 * -VAS_EOVERFLOW: past the end of the file (SIGBUS, BUS_ADRERR).
 * -VAS_EIO, -VAS_ENOSPC: what a store said when the page was read (SIGBUS, BUS_ADRERR).
 * -VAS_ENOMEM: no memory, not even by reclaim.
 */
VAS_API VAS_MUST_CHECK int vas_access(struct vas_space *space, uint64_t address,
				      enum vas_access access);

/* Copies bytes out of a space, or into it: each page as vas_access. *done (may be NULL): so many
 * bytes were copied before the error. */
VAS_API VAS_MUST_CHECK int vas_read(struct vas_space *space, uint64_t address, void *bytes,
				    size_t length, size_t *done);
VAS_API VAS_MUST_CHECK int vas_write(struct vas_space *space, uint64_t address, const void *bytes,
				     size_t length, size_t *done);

/* The signal that an error of these stands for, with its si_code; false: none. */
VAS_API bool vas_signal_of(int error, int *signal, int *code);

/* ---- Objects ---- */

/* What is to be opened. */
struct vas_object_open {
	const struct vas_store *store; /* NULL: shared memory, backed by swap */
	void *store_data;
	uint64_t size;	/* bytes; a store that knows its size is asked */
	uint32_t flags; /* VAS_FILE_ ... of the file */
	uint32_t major, minor;
	uint64_t inode;
	const char *name; /* the caller's memory */
};

/* An object, and a file by which it can be mapped (vas_map.file), with one reference: vas_file_put
 * closes it. With the last file, areas' references included, the object goes: what is dirty is
 * written to its store before, and an error then is lost; to hear of one call vas_file_sync first.
 * Another file of the same object: vas_file_again. -VAS_ENOMEM, or what the store says.
 */
VAS_API VAS_MUST_CHECK int vas_object_open(struct vas_machine *machine,
					   const struct vas_object_open *open,
					   struct vas_file **file);
VAS_API VAS_MUST_CHECK int vas_file_again(struct vas_file *file, uint32_t flags,
					  struct vas_file **again);

/* pread and pwrite through the page cache; vas_file_write extends the file. *done as vas_read. */
VAS_API VAS_MUST_CHECK int vas_file_read(struct vas_file *file, uint64_t offset, void *bytes,
					 size_t length, size_t *done);
VAS_API VAS_MUST_CHECK int vas_file_write(struct vas_file *file, uint64_t offset, const void *bytes,
					  size_t length, size_t *done);

/* ftruncate: what lies past the new end is gone, from every space too. */
VAS_API VAS_MUST_CHECK int vas_truncate(struct vas_file *file, uint64_t size);
/* fallocate with FALLOC_FL_PUNCH_HOLE: the range reads as zeroes; private copies stay. */
VAS_API VAS_MUST_CHECK int vas_punch(struct vas_file *file, uint64_t offset, uint64_t length);
/* fsync: writes what is dirty. An error that write-back met before is told once. */
VAS_API VAS_MUST_CHECK int vas_file_sync(struct vas_file *file);
VAS_API uint64_t vas_file_size(struct vas_file *file);

/* msync. Flags are MS_ASYNC 1, MS_INVALIDATE 2, MS_SYNC 4. */
VAS_API VAS_MUST_CHECK int vas_sync(struct vas_space *space, uint64_t start, uint64_t length,
				    int flags);

/* ---- Who maps what ---- */

/* What there is at an address, without touching it. */
struct vas_view {
	bool present;	/* an entry maps a page */
	bool swapped;	/* an entry names a swap slot */
	bool zero;	/* the page of zeroes */
	bool file;	/* the page is an object's */
	bool writable;	/* by the entry as it is now */
	bool guard;	/* a guard page */
	bool offset;	/* an entry of a nonlinear area keeps the offset of a page that is out */
	bool dirty;	/* the entry's bit */
	bool merged;	/* an equal page is shared */
	uint32_t frame; /* or slot */
	int32_t mapcount;
	uint32_t slot_count;
};
VAS_API void vas_look(struct vas_space *space, uint64_t address, struct vas_view *view);

/* Calls `fn` for every space and address that maps the page at `address`, found through the reverse
 * map; it must not call back into the machine. -VAS_ENOENT: no page is there. */
typedef void vas_mapper_fn(void *context, struct vas_space *space, uint64_t address);
VAS_API VAS_MUST_CHECK int vas_who(struct vas_space *space, uint64_t address, vas_mapper_fn *fn,
				   void *context);

/* ---- The machine's own work ---- */

/* Frees up to so many frames; returns how many. *error (may be NULL): the last of a store. */
VAS_API size_t vas_machine_reclaim(struct vas_machine *machine, size_t goal, int *error);

/* Reclaims in the background, below `low` free frames, until `high` are free: a thread. Once. Absent
 * from freestanding builds. -VAS_ENOMEM. The machine's end stops it. */
VAS_API VAS_MUST_CHECK int vas_machine_background(struct vas_machine *machine, uint32_t low,
						  uint32_t high);

/* Moves the page at an address to another frame. -VAS_ENOENT: no page there. -VAS_EBUSY. */
VAS_API VAS_MUST_CHECK int vas_migrate(struct vas_space *space, uint64_t address);

/* Looks through the areas with VAS_AREA_MERGEABLE of all spaces, and lets equal pages share one
 * frame (KSM). Returns how many frames that freed. */
VAS_API size_t vas_machine_merge(struct vas_machine *machine);

/* Figures. All but the first lines are sums since the start. */
struct vas_machine_counts {
	/* `peak`: the most frames in use, of what was seen at the beginning of calls and before
	 * each reclaim: no more than a call or an access has freed in between is missing. */
	uint32_t frames, free, peak;
	uint32_t tables; /* of page tables, now */
	uint32_t swap_slots, swap_used;
	uint64_t faults_zero;	 /* anonymous reads: the page of zeroes */
	uint64_t faults_new;	 /* anonymous writes: a new page */
	uint64_t faults_file;	 /* pages of objects mapped */
	uint64_t faults_read_in; /* of these: read from a store first */
	uint64_t faults_write;	 /* shared pages that became writable */
	uint64_t faults_copied;	 /* copy-on-write, of private and of file pages */
	uint64_t faults_reused;	 /* and where no copy was needed */
	uint64_t faults_swap;	 /* entries that named a slot */
	uint64_t forks, fork_entries;
	uint64_t entries_moved, tables_moved;
	uint64_t scanned, reclaimed, activated;
	uint64_t swapped_out, swapped_in, written, write_errors;
	uint64_t migrated, merged;
	uint64_t walks, candidates, hits;		 /* of the reverse maps */
	uint64_t file_walks, file_candidates, file_hits; /* of these, for pages of files */
	/* Of reverse maps: their records, and what they keep in areas and spaces. */
	uint64_t anon_rmap_bytes, file_rmap_bytes;
};
VAS_API void vas_machine_count(struct vas_machine *machine, struct vas_machine_counts *counts);
/* What the design of the anonymous reverse map has counted for itself: lines "text: number". */
VAS_API void vas_machine_print(struct vas_machine *machine, const struct vas_printer *printer);

/*
 * Recomputes everything, from all page tables: map counts, references, slots, locks (MEMORY-1 ... in
 * docs/invariants.md), and validates what lies below. True when all is well.
 * => nothing else runs.
 */
VAS_API VAS_MUST_CHECK bool vas_machine_validate(struct vas_machine *machine,
						 const struct vas_printer *printer);

/* Brute force: the walk of every page's reverse map finds just the entries that a scan of all page
 * tables finds (MEMORY-7). => nothing else runs. O(entries + pages x walks). */
VAS_API VAS_MUST_CHECK bool vas_machine_check_walks(struct vas_machine *machine,
						    const struct vas_printer *printer);

#ifdef __cplusplus
}
#endif

#endif
