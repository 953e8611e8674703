/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SPACE_H
#define VAS_SPACE_H

/*
 * A space: one process's address space, behaving as Linux's does on x86-64, call for call: the
 * same addresses, the same errors in the same order of checks, the same boundaries, the same
 * partial effects.
 *
 * Numbers that a system call takes (protection, flags, advice) have Linux's values, so that an
 * emulator can hand them through. A call checks them as the kernel does.
 *
 * -VAS_ENOMEM has two causes that look alike, as in the kernel: a limit (RLIMIT_AS, the number of
 * areas, overcommit, no gap), with the partial effects that Linux has; or the allocator, and then
 * the space is as it was.
 *
 * One thread at a time changes a space; see <vas/base.h> for all other conventions.
 */

#include <vas/area.h>
#include <vas/base.h>
#include <vas/index.h>
#include <vas/listener.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VAS_KERNEL(major, minor) (((uint32_t)(major) << 16) | (uint32_t)(minor))
#define VAS_UNLIMITED		 UINT64_MAX

/* Protection: PROT_... */
enum {
	VAS_NONE = 0,
	VAS_READ = 1,
	VAS_WRITE = 2,
	VAS_EXEC = 4,
	VAS_PROT_SEM = 8,
	VAS_PROT_GROWSDOWN = 0x01000000,
	VAS_PROT_GROWSUP = 0x02000000,
};

/* Flags of vas_map: MAP_... */
enum {
	VAS_SHARED = 0x01,
	VAS_PRIVATE = 0x02,
	VAS_SHARED_VALIDATE = 0x03,
	VAS_DROPPABLE = 0x08,
	VAS_MAP_TYPE = 0x0f,
	VAS_FIXED = 0x10,
	VAS_ANONYMOUS = 0x20,
	VAS_32BIT = 0x40,
	VAS_ABOVE4G = 0x80,
	VAS_GROWSDOWN = 0x100,
	VAS_DENYWRITE = 0x800,
	VAS_EXECUTABLE = 0x1000,
	VAS_LOCKED = 0x2000,
	VAS_NORESERVE = 0x4000,
	VAS_POPULATE = 0x8000,
	VAS_NONBLOCK = 0x10000,
	VAS_STACK = 0x20000,
	VAS_HUGETLB = 0x40000,
	VAS_SYNC = 0x80000,
	VAS_FIXED_NOREPLACE = 0x100000,
};

/* Flags of vas_remap: MREMAP_... */
enum {
	VAS_REMAP_MAYMOVE = 1,
	VAS_REMAP_FIXED = 2,
	VAS_REMAP_DONTUNMAP = 4,
};

/* Flags of vas_lock (mlock2) and vas_lock_all (mlockall). */
enum {
	VAS_LOCK_ONFAULT = 1,
	VAS_LOCK_ALL_CURRENT = 1,
	VAS_LOCK_ALL_FUTURE = 2,
	VAS_LOCK_ALL_ONFAULT = 4,
};

/* Advice: MADV_... (the numbers that the header of madvise(2) gives). */
enum {
	VAS_ADVICE_NORMAL = 0,
	VAS_ADVICE_RANDOM = 1,
	VAS_ADVICE_SEQUENTIAL = 2,
	VAS_ADVICE_WILLNEED = 3,
	VAS_ADVICE_DONTNEED = 4,
	VAS_ADVICE_FREE = 8,
	VAS_ADVICE_REMOVE = 9,
	VAS_ADVICE_DONTFORK = 10,
	VAS_ADVICE_DOFORK = 11,
	VAS_ADVICE_MERGEABLE = 12,
	VAS_ADVICE_UNMERGEABLE = 13,
	VAS_ADVICE_HUGEPAGE = 14,
	VAS_ADVICE_NOHUGEPAGE = 15,
	VAS_ADVICE_DONTDUMP = 16,
	VAS_ADVICE_DODUMP = 17,
	VAS_ADVICE_WIPEONFORK = 18,
	VAS_ADVICE_KEEPONFORK = 19,
	VAS_ADVICE_COLD = 20,
	VAS_ADVICE_PAGEOUT = 21,
	VAS_ADVICE_POPULATE_READ = 22,
	VAS_ADVICE_POPULATE_WRITE = 23,
	VAS_ADVICE_DONTNEED_LOCKED = 24,
	VAS_ADVICE_COLLAPSE = 25,
	VAS_ADVICE_HWPOISON = 100,
	VAS_ADVICE_SOFT_OFFLINE = 101,
	VAS_ADVICE_GUARD_INSTALL = 102,
	VAS_ADVICE_GUARD_REMOVE = 103,
};

/* Limits of one space: the soft values of setrlimit(2), in bytes; VAS_UNLIMITED. */
struct vas_limits {
	uint64_t address_space; /* RLIMIT_AS */
	uint64_t data;		/* RLIMIT_DATA */
	uint64_t data_hard;	/* its hard value: Linux lets a soft limit of 0 pass up to it */
	uint64_t stack;		/* RLIMIT_STACK */
	uint64_t locked;	/* RLIMIT_MEMLOCK */
};

/* Where things go in a space. */
struct vas_layout {
	uint64_t task_size;   /* first address that no area may reach: 0x7ffffffff000 */
	uint64_t map_window;  /* hints above it look above it; the same on 4-level tables */
	uint64_t map_base;    /* top-down search starts below it */
	uint64_t legacy_base; /* bottom-up search starts at it */
	uint64_t low_base;    /* VAS_32BIT: search [low_base, 2 GiB) upwards; 0x40000000 */
	uint64_t start_brk;   /* 0: no brk area */
	uint64_t brk;	      /* its present end, start_brk .. */
	uint64_t end_data, start_data; /* of the program image; RLIMIT_DATA counts them in brk */
	uint64_t start_stack;	       /* names the area that holds it "[stack]" */
	enum vas_direction direction;  /* VAS_TOP_DOWN, or VAS_BOTTOM_UP: the legacy layout */
	uint64_t align, align_offset;  /* colouring of file mappings; 0: none */
};

/* What the kernel's administrator sets; shared by all spaces that point to one. */
struct vas_settings {
	uint32_t kernel;	  /* VAS_KERNEL(6, 18): whose rules */
	uint32_t max_map_count;	  /* 65530 */
	uint64_t mmap_min_addr;	  /* 65536 bytes: what the kernel places lies above. It is the
				     higher of vm.mmap_min_addr and what the security modules
				     were built with, which /proc does not show */
	uint64_t fixed_min_addr;  /* 65536 bytes: vm.mmap_min_addr itself. Fixed mappings below it
				     need VAS_MAY_RAWIO */
	uint64_t stack_guard_gap; /* bytes: 1 MiB */
	int overcommit_memory;	  /* 0 heuristic, 1 always, 2 never */
	uint64_t commit_limit;	  /* pages; with 2 */
	uint64_t total_pages;	  /* memory and swap, in pages; with 0 */
	/* Pages charged now, by all spaces; changed by the library, atomically: hence the
	 * alignment, which 32-bit machines would not give by themselves. */
	__attribute__((aligned(8))) uint64_t committed;
	bool huge_pages;	  /* built with transparent huge pages: large areas are aligned */
	bool area_names;	  /* built with CONFIG_ANON_VMA_NAME */
	bool mergeable_pages;	  /* built with KSM */
	bool protection_keys;	  /* the processor has them */
	bool userfault;		  /* built with userfaultfd */
	bool nonlinear;		  /* vas_remap_file_pages makes nonlinear areas, as before 4.0 */
	uint64_t huge_pages_free; /* hugetlb pages that can be had; 0: MAP_HUGETLB gives ENOMEM */
};

/* Privileges of the process. */
enum {
	VAS_MAY_LOCK = 1u << 0,	    /* CAP_IPC_LOCK: no RLIMIT_MEMLOCK */
	VAS_MAY_RAWIO = 1u << 1,    /* CAP_SYS_RAWIO: maps below fixed_min_addr */
	VAS_MAY_RESOURCE = 1u << 2, /* CAP_SYS_RESOURCE */
	VAS_MAY_ADMIN = 1u << 3,    /* CAP_SYS_ADMIN */
};

/* personality(2) bits that matter. */
enum {
	VAS_READ_IMPLIES_EXEC = 0x0400000,
};

#define VAS_LISTENERS_MAX 5

struct vas_space_config {
	const struct vas_allocator *allocator; /* must outlive the space */
	const char *index;		       /* a design's name; NULL: the default */
	struct vas_settings *settings;	       /* must outlive the space */
	struct vas_layout layout;
	struct vas_limits limits;
	uint32_t privileges;
	uint32_t personality;
	enum vas_fit fit;
	struct {
		const struct vas_listener *listener;
		void *data;
	} listeners[VAS_LISTENERS_MAX]; /* up to the first NULL */
};

/* Linux's defaults, for a 6.18 kernel on x86-64 without randomization. */
VAS_API void vas_settings_default(struct vas_settings *settings);
/* The same for a space; `settings` is kept. The allocator is left NULL (freestanding), or
 * &vas_libc_allocator. */
VAS_API void vas_space_default(struct vas_space_config *config, struct vas_settings *settings);

/* -VAS_EINVAL: no allocator or settings, unknown design, a layout that makes no sense.
 * -VAS_ENOMEM. */
VAS_API VAS_MUST_CHECK int vas_space_create(const struct vas_space_config *config,
					    struct vas_space **space);

/* The bytes that `listener` asked for in the space. */
VAS_API void *vas_space_data(const struct vas_space *space, const struct vas_listener *listener);

/* exit: unmaps everything (the listeners hear of it) and frees the space. NULL is allowed.
 * Needs no memory. */
VAS_API void vas_space_destroy(struct vas_space *space);

/*
 * mmap. In: *address is the hint or the fixed address; out: where it is.
 *  => file is NULL with VAS_ANONYMOUS; a call with neither gives -VAS_EBADF.
 *  => VAS_SHARED | VAS_ANONYMOUS with file: the shared memory object that stands for it (its
 *     inode shows in maps); NULL is allowed and shows inode 0.
 *  => VAS_ANONYMOUS | VAS_HUGETLB with file: one with VAS_FILE_HUGE_PAGES that stands for the huge
 *     pages; without: -VAS_EINVAL.
 */
struct vas_map {
	uint64_t length;
	uint32_t prot;
	uint32_t flags;
	struct vas_file *file;
	uint64_t offset; /* bytes */
};
VAS_API VAS_MUST_CHECK int vas_map(struct vas_space *space, const struct vas_map *map,
				   uint64_t *address);

VAS_API VAS_MUST_CHECK int vas_unmap(struct vas_space *space, uint64_t start, uint64_t length);

/* mprotect; pkey_mprotect with a key from 0 to 15; key -1 is mprotect. */
VAS_API VAS_MUST_CHECK int vas_protect(struct vas_space *space, uint64_t start, uint64_t length,
				       uint32_t prot, int key);

/* pkey_alloc and pkey_free: which keys vas_protect takes. -VAS_ENOSPC: none left, or the settings
 * say that the processor has none. -VAS_EINVAL. */
VAS_API VAS_MUST_CHECK int vas_pkey_alloc(struct vas_space *space, int *key);
VAS_API VAS_MUST_CHECK int vas_pkey_free(struct vas_space *space, int key);

/* mremap. Out: *address. -VAS_EFAULT, -VAS_EINVAL ... as in mremap(2). */
struct vas_remap {
	uint64_t old;
	uint64_t old_length;
	uint64_t new_length;
	uint64_t flags;
	uint64_t new_address; /* VAS_REMAP_FIXED, or a hint with VAS_REMAP_DONTUNMAP */
};
VAS_API VAS_MUST_CHECK int vas_remap(struct vas_space *space, const struct vas_remap *remap,
				     uint64_t *address);

/* brk: never fails as the system call never does; *now is the break after the call.
 * Returns -VAS_ENOMEM only when the allocator failed. */
VAS_API VAS_MUST_CHECK int vas_brk(struct vas_space *space, uint64_t address, uint64_t *now);

VAS_API VAS_MUST_CHECK int vas_advise(struct vas_space *space, uint64_t start, uint64_t length,
				      int advice);

/* mlock2 (flags 0: mlock), munlock, mlockall, munlockall. */
VAS_API VAS_MUST_CHECK int vas_lock(struct vas_space *space, uint64_t start, uint64_t length,
				    uint32_t flags);
VAS_API VAS_MUST_CHECK int vas_unlock(struct vas_space *space, uint64_t start, uint64_t length);
VAS_API VAS_MUST_CHECK int vas_lock_all(struct vas_space *space, uint32_t flags);
VAS_API VAS_MUST_CHECK int vas_unlock_all(struct vas_space *space);

VAS_API VAS_MUST_CHECK int vas_seal(struct vas_space *space, uint64_t start, uint64_t length,
				    uint64_t flags);

/* remap_file_pages(2) as kernels since 4.0 emulate it: the range gets an area of its own. With
 * settings->nonlinear as it was before: the range must lie in one area (else -VAS_EINVAL), which stays
 * one and becomes nonlinear, unless it shows those pages anyway. */
VAS_API VAS_MUST_CHECK int vas_remap_file_pages(struct vas_space *space, uint64_t start,
						uint64_t length, uint32_t prot,
						uint64_t page_offset, uint32_t flags);

/* prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME); name NULL takes it away. */
VAS_API VAS_MUST_CHECK int vas_set_name(struct vas_space *space, uint64_t start, uint64_t length,
					const char *name);

/* shmat: `file` is the segment, `size` its bytes; flags are SHM_RDONLY 010000, SHM_RND 020000,
 * SHM_REMAP 040000, SHM_EXEC 0100000. In: *address the wish or 0; out: where it is. */
VAS_API VAS_MUST_CHECK int vas_attach(struct vas_space *space, struct vas_file *file, uint64_t size,
				      uint32_t flags, uint64_t *address);
VAS_API VAS_MUST_CHECK int vas_detach(struct vas_space *space, uint64_t address);

/* Of vas_userfault: the descriptor has UFFD_FEATURE_WP_ASYNC, so that VAS_AREA_USERFAULT_WP alone
 * may be had of memory of any kind. */
#define VAS_USERFAULT_ASYNC UINT64_C(1)

/* userfaultfd: UFFDIO_REGISTER with VAS_AREA_USERFAULT_ flags; 0 is UFFDIO_UNREGISTER. `context`
 * names the descriptor, 1 .. 2^24-1:
 * areas of two do not merge. */
VAS_API VAS_MUST_CHECK int vas_userfault(struct vas_space *space, uint64_t start, uint64_t length,
					 uint64_t flags, uint64_t context);

/* mbind: gives a range a NUMA policy; equal numbers are equal policies, 0 is the default. Neither
 * the mode nor the nodes are looked at. -VAS_EFAULT: a hole (not with the default). */
VAS_API VAS_MUST_CHECK int vas_bind(struct vas_space *space, uint64_t start, uint64_t length,
				    uint64_t policy);

/* fork: a child with copies of all areas but those with VAS_AREA_DONT_FORK, the same
 * configuration, index design and listeners. (vfork and CLONE_VM share the space: no call.) */
VAS_API VAS_MUST_CHECK int vas_fork(struct vas_space *parent, struct vas_space **child);

/* exec: unmaps everything, takes a new layout, and keeps limits, privileges and listeners. The
 * caller then places the image (vas_place). Needs no memory. */
VAS_API void vas_exec(struct vas_space *space, const struct vas_layout *layout);

/*
 * Puts an area at a fixed place as a program loader does, or a snapshot: no merging, no checks of
 * limits; counted as any other area.
 *  => page-aligned, free, below task_size or (the vsyscall page) wherever.
 * -VAS_EEXIST: something is there. -VAS_EINVAL. -VAS_ENOMEM.
 */
struct vas_place {
	struct vas_range range;
	uint64_t flags;	 /* VAS_AREA_ ... */
	uint64_t offset; /* pages */
	struct vas_file *file;
	const char *name; /* "[vdso]", "anon:name", NULL */
};
VAS_API VAS_MUST_CHECK int vas_place(struct vas_space *space, const struct vas_place *place);

enum vas_access { VAS_ACCESS_READ = 1, VAS_ACCESS_WRITE = 2, VAS_ACCESS_EXEC = 4 };

/*
 * "This page was touched": checks that Linux would let it, grows a stack that it lies below, and
 * tells the listeners (VAS_OP_TOUCH).
 * -VAS_EFAULT: no area there (MAPERR). -VAS_EACCES: the area does not allow it (ACCERR).
 * -VAS_ENOMEM: no memory for the growth or a listener's records.
 */
VAS_API VAS_MUST_CHECK int vas_touch(struct vas_space *space, uint64_t address,
				     enum vas_access access);

/* Limits and layout, to read or to change (setrlimit, prctl(PR_SET_MM), personality). */
VAS_API struct vas_limits *vas_space_limits(struct vas_space *space);
VAS_API struct vas_layout *vas_space_layout(struct vas_space *space);
VAS_API struct vas_settings *vas_space_settings(struct vas_space *space);
VAS_API void vas_space_set_personality(struct vas_space *space, uint32_t personality);
VAS_API void vas_space_set_privileges(struct vas_space *space, uint32_t privileges);
/* prctl(PR_SET_MDWE): from now on mmap refuses memory that is both writable and executable, and
 * mprotect to make memory executable; it cannot be taken back. `inherited`: so it is for children
 * and after an exec (without PR_MDWE_NO_INHERIT). */
VAS_API void vas_space_refuse_exec_gain(struct vas_space *space, bool inherited);

/* Counts, in pages. */
struct vas_counts {
	uint64_t areas, total, locked, data, exec, stack;
	uint64_t bytes; /* of the library's own memory: areas, index */
};
VAS_API void vas_space_count(const struct vas_space *space, struct vas_counts *counts);

/* The area at `address`, or NULL; the first area that ends above it, or NULL. O(log n). */
VAS_API struct vas_area *vas_find(const struct vas_space *space, uint64_t address);
VAS_API struct vas_area *vas_find_ge(const struct vas_space *space, uint64_t address);
VAS_API struct vas_area *vas_area_next(const struct vas_area *area);
VAS_API struct vas_area *vas_area_prev(const struct vas_area *area);

/* A walk upwards over the areas; stale once the space changes. Amortised O(1) a step. */
struct vas_walk {
	struct vas_cursor cursor;
};
VAS_API void vas_walk_start(struct vas_walk *walk, const struct vas_space *space, uint64_t from);
VAS_API struct vas_area *vas_walk_next(struct vas_walk *walk);

/* The next gap at or above *from, below task_size: sets *gap, moves *from past it. */
VAS_API bool vas_gap_next(const struct vas_space *space, uint64_t *from, struct vas_range *gap);

/* One area as a line of /proc/PID/maps with its newline; and all of them. */
VAS_API void vas_area_print(const struct vas_area *area, const struct vas_printer *printer);
VAS_API void vas_space_print(const struct vas_space *space, const struct vas_printer *printer);

/* Recomputes everything (SPACE-1 ... in docs/invariants.md); true when all is well, else prints
 * the id of the first broken invariant and what it saw. O(areas). */
VAS_API VAS_MUST_CHECK bool vas_space_validate(const struct vas_space *space,
					       const struct vas_printer *printer);

#ifdef __cplusplus
}
#endif

#endif
