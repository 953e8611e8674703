/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_AREA_H
#define VAS_AREA_H

/* An area: one contiguous mapping in a space (Linux: vm_area_struct), and the file that it maps. */

#include <vas/base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vas_space;
struct vas_listener;
struct vas_object;

/* What an area is; merged areas have equal flags. Bits are the library's own, not the kernel's. */
enum {
	VAS_AREA_READ = 1u << 0,
	VAS_AREA_WRITE = 1u << 1,
	VAS_AREA_EXEC = 1u << 2,
	VAS_AREA_SHARED = 1u << 3,   /* writes are seen by others */
	VAS_AREA_MAY_READ = 1u << 4, /* mprotect may set READ, ... */
	VAS_AREA_MAY_WRITE = 1u << 5,
	VAS_AREA_MAY_EXEC = 1u << 6,
	VAS_AREA_MAY_SHARE = 1u << 7, /* was mapped shared: an 's' in maps */
	VAS_AREA_GROWS_DOWN = 1u << 8,
	VAS_AREA_LOCKED = 1u << 9,
	VAS_AREA_LOCK_ON_FAULT = 1u << 10,
	VAS_AREA_NO_RESERVE = 1u << 11,
	VAS_AREA_ACCOUNT = 1u << 12, /* its pages count against the overcommit limit */
	VAS_AREA_DONT_FORK = 1u << 13,
	VAS_AREA_WIPE_ON_FORK = 1u << 14,
	VAS_AREA_DONT_DUMP = 1u << 15,
	VAS_AREA_DONT_EXPAND = 1u << 16,
	VAS_AREA_SEQUENTIAL = 1u << 17,
	VAS_AREA_RANDOM = 1u << 18,
	VAS_AREA_HUGE = 1u << 19,    /* madvise(MADV_HUGEPAGE) */
	VAS_AREA_NO_HUGE = 1u << 20, /* madvise(MADV_NOHUGEPAGE) */
	VAS_AREA_MERGEABLE = 1u << 21,
	VAS_AREA_SEALED = 1u << 22,
	VAS_AREA_IO = 1u << 23,		/* device memory */
	VAS_AREA_RAW_FRAMES = 1u << 24, /* frames without records (Linux: VM_PFNMAP) */
	VAS_AREA_MIXED = 1u << 25,
	VAS_AREA_HUGE_PAGES = 1u << 26, /* hugetlbfs */
	VAS_AREA_DROPPABLE = 1u << 27,
	VAS_AREA_USERFAULT_MISSING = 1u << 28,
	VAS_AREA_USERFAULT_WP = 1u << 29,
	VAS_AREA_USERFAULT_MINOR = 1u << 30,
};
#define VAS_AREA_SYSV	       (UINT64_C(1) << 31) /* shmat; cannot be swallowed by a neighbour */
#define VAS_AREA_PKEY_SHIFT    32		   /* four bits of protection key */
#define VAS_AREA_PKEY	       (UINT64_C(15) << VAS_AREA_PKEY_SHIFT)
#define VAS_AREA_NO_CLOSE      (UINT64_C(1) << 36) /* file with a close hook, as SYSV */
#define VAS_AREA_NO_SPLIT      (UINT64_C(1) << 37) /* [vdso] and its like */
#define VAS_AREA_SYNC	       (UINT64_C(1) << 38) /* mapped with MAP_SYNC */
#define VAS_AREA_NONLINEAR     (UINT64_C(1) << 39) /* shows pages in any order: vas_remap_file_pages */
#define VAS_AREA_CONTEXT_SHIFT 40		   /* which userfaultfd: 24 bits */
#define VAS_AREA_CONTEXT       (UINT64_C(0xffffff) << VAS_AREA_CONTEXT_SHIFT)
#define VAS_AREA_USERFAULT                                                                         \
	((uint64_t)(VAS_AREA_USERFAULT_MISSING | VAS_AREA_USERFAULT_WP | VAS_AREA_USERFAULT_MINOR))
#define VAS_AREA_ACCESS (UINT64_C(7))
/* Areas that Linux never merges, locks or grows (VM_SPECIAL). */
#define VAS_AREA_SPECIAL                                                                           \
	((uint64_t)(VAS_AREA_IO | VAS_AREA_DONT_EXPAND | VAS_AREA_RAW_FRAMES | VAS_AREA_MIXED))

/* What an open file allows (struct vas_file.flags). */
enum {
	VAS_FILE_READ = 1u << 0,       /* opened for reading */
	VAS_FILE_WRITE = 1u << 1,      /* opened for writing */
	VAS_FILE_NO_EXEC = 1u << 2,    /* on a file system mounted noexec */
	VAS_FILE_NO_MMAP = 1u << 3,    /* cannot be mapped: -VAS_ENODEV */
	VAS_FILE_APPEND = 1u << 4,     /* the inode is append-only */
	VAS_FILE_SEAL_WRITE = 1u << 5, /* memfd seals */
	VAS_FILE_SEAL_FUTURE_WRITE = 1u << 6,
	VAS_FILE_SEAL_EXEC = 1u << 7,
	VAS_FILE_SHARED_MEMORY = 1u << 8, /* memfd, tmpfs, System V, shared anonymous */
	VAS_FILE_HUGE_ALIGN = 1u << 9, /* large mappings start at a huge page (ext4, xfs, btrfs) */
	VAS_FILE_DEVICE_ZERO = 1u << 10, /* /dev/zero: a private mapping is anonymous */
	VAS_FILE_DEVICE = 1u << 11,	 /* maps device memory: area_flags below */
	VAS_FILE_SYNC = 1u << 12,	 /* knows MAP_SYNC */
	VAS_FILE_HUGE_PAGES = 1u << 13,	 /* hugetlbfs */
	VAS_FILE_CLOSE_HOOK = 1u << 14,	 /* areas of it may not be swallowed */
	VAS_FILE_SWAP = 1u << 15,	 /* in use as swap */
};

/*
 * An open file, as a descriptor names it. Two descriptors opened apart are two of these, and
 * areas of one do not merge with areas of the other. The creator fills it and holds the first
 * reference; each area holds one more.
 */
struct vas_file {
	uint32_t references;   /* changed through vas_file_get and vas_file_put only */
	uint32_t flags;	       /* VAS_FILE_ ... */
	uint32_t major, minor; /* of the device, as in maps */
	uint64_t inode;
	uint64_t limit; /* bytes that may be mapped; 0: the most that Linux allows */
	uint64_t size __attribute__((
		aligned(8))); /* bytes that it has; UINT64_MAX: not known. Populating ends there */
	uint64_t area_flags;  /* VAS_AREA_ flags which the file gives to its areas (devices) */
	uint64_t huge_page;   /* bytes of a page when VAS_FILE_HUGE_PAGES */
	const char *name;     /* as in maps; the creator's memory */
	struct vas_object *object; /* what holds its pages in a machine; NULL: nothing does */
	void (*release)(struct vas_file *file); /* when the last reference goes; may be NULL */
	void *data;				/* the creator's */
};

VAS_API struct vas_file *vas_file_get(struct vas_file *file);
VAS_API void vas_file_put(struct vas_file *file);

/*
 * An area, to read. It belongs to its space: it is valid until the next call that changes the
 * space. `range`, and the links before it, come first, so that a tree's descent reads one line.
 */
struct vas_area {
	struct vas_range range;
	uint64_t flags;
	uint64_t offset; /* in pages: of the file, or of the page at `start` were it anonymous:
			    its virtual page number, unless mremap moved it */
	struct vas_file *file; /* NULL: anonymous */
	struct vas_space *space;
	struct vas_name *name; /* from prctl(PR_SET_VMA) or vas_place; NULL: none */
	void *user;	       /* the embedder's; copied by splits, moves and forks */
	uint64_t policy;       /* of NUMA placement, from vas_bind; 0: the process's own */
};

/* The bytes that `listener` asked for in this area. O(number of listeners). */
VAS_API void *vas_area_data(const struct vas_area *area, const struct vas_listener *listener);

/* The area's own name, "" when it has none. */
VAS_API const char *vas_area_name(const struct vas_area *area);

/* Do its pages have no file below? So for a private area without file, or one of /dev/zero. */
static inline bool vas_area_anonymous(const struct vas_area *area)
{
	return area->file == NULL || ((area->file->flags & VAS_FILE_DEVICE_ZERO) != 0 &&
				      (area->flags & VAS_AREA_MAY_SHARE) == 0);
}

static inline uint64_t vas_area_pages(const struct vas_area *area)
{
	return (area->range.end - area->range.start) >> VAS_PAGE_SHIFT;
}

#ifdef __cplusplus
}
#endif

#endif
