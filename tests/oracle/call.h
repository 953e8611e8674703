/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef ORACLE_CALL_H
#define ORACLE_CALL_H

/*
 * What the subject (the process that does each call for real) and the oracle (which does the same
 * on the model) share: the calls, and the region of shared memory through which they talk.
 *
 *   struct region | script: struct call[script_count] | ring
 *
 * The ring carries struct record, each followed by its texts. One producer at a time: of the
 * subject's processes only the one whose turn it is runs; the others sleep on `turn`.
 */

#include <stdint.h>

enum call_op {
	CALL_MMAP,	  /* address, length, prot, flags, file slot, offset */
	CALL_MUNMAP,	  /* address, length */
	CALL_MPROTECT,	  /* address, length, prot */
	CALL_PKEY,	  /* address, length, prot, key */
	CALL_MREMAP,	  /* old, old length, new length, flags, new address */
	CALL_BRK,	  /* address */
	CALL_MADVISE,	  /* address, length, advice */
	CALL_MLOCK,	  /* address, length */
	CALL_MLOCK2,	  /* address, length, flags */
	CALL_MUNLOCK,	  /* address, length */
	CALL_MLOCKALL,	  /* flags */
	CALL_MUNLOCKALL,  /* */
	CALL_MSEAL,	  /* address, length, flags */
	CALL_REMAP_FILE,  /* address, length, prot, page offset, flags */
	CALL_SHMAT,	  /* segment slot, address, flags */
	CALL_SHMDT,	  /* address */
	CALL_NAME,	  /* address, length, number of the name; 0: none */
	CALL_REGISTER,	  /* userfaultfd slot, address, length, mode */
	CALL_UNREGISTER,  /* userfaultfd slot, address, length */
	CALL_SETRLIMIT,	  /* resource, soft value */
	CALL_PERSONALITY, /* persona */
	CALL_FORK,	  /* number of the child */
	CALL_EXIT,	  /* */
	CALL_TOUCH,	  /* address, access */
	CALL_COUNT,
	/* Only in records: */
	RECORD_START = 100, /* the subject's state before the first call */
	RECORD_CHILD,	    /* a new process' first word; its maps */
	RECORD_DONE,	    /* the last one */
};

#define CALL_ARGS 6

struct call {
	uint16_t op;
	uint16_t process;
	uint32_t reserved;
	uint64_t args[CALL_ARGS];
};

/* Results of CALL_TOUCH. */
enum touch_result { TOUCH_DONE, TOUCH_NO_AREA, TOUCH_NOT_ALLOWED, TOUCH_BUS };
enum touch_access { TOUCH_READ = 1, TOUCH_WRITE = 2, TOUCH_EXEC = 4 };

/* Descriptors, by slot. The oracle opens them at FILE_FD + slot. Those after the first unusable
 * one give an error from mmap itself. */
enum file_slot {
	FILE_NONE,
	FILE_MEMFD,
	FILE_TMPFS,
	FILE_DISK,
	FILE_DISK_AGAIN, /* the same file, opened once more */
	FILE_READ_ONLY,	 /* the same file */
	FILE_WRITE_ONLY, /* the same file */
	FILE_ZERO,	 /* /dev/zero */
	FILE_SEALED,	 /* memfd with F_SEAL_WRITE */
	FILE_SEALED_FUTURE,
	FILE_APPEND,	/* the inode is append-only */
	FILE_NOEXEC,	/* on a file system mounted noexec */
	FILE_PIPE,	/* cannot be mapped */
	FILE_DIRECTORY, /* cannot be mapped */
	FILE_PATH,	/* O_PATH: as good as closed */
	FILE_CLOSED,
	FILE_SLOTS,
};
#define FILE_FD	   200 /* descriptor of slot 0, which is never open */
#define REGION_FD  190
#define MAPS_FD	   191
#define SMAPS_FD   192
#define STATUS_FD  193
#define FAULT_FD   194			/* userfaultfd of slot 0; 195 of slot 1 */
#define FILE_BYTES (UINT64_C(64) << 20) /* of each file; sparse */

#define FAULT_SLOTS   2
#define SEGMENT_SLOTS 3 /* System V segments: 1 page, 5 pages, 2 MiB */

/* Places. The subject's own image lies below all of them, so that no length, however large, that
 * starts in a window can hit it. */
#define REGION_ADDRESS UINT64_C(0x1000000)
#define SAFE_BELOW     UINT64_C(0x100000)   /* ranges that end below it hit nothing of its own */
#define WINDOW_LOW     UINT64_C(0x40000000) /* all windows lie above it */
#define BREAK_ADDRESS  UINT64_C(0x40100000)
#define WINDOW_A       UINT64_C(0x10000000000)
#define WINDOW_B       UINT64_C(0x200000000000)
#define WINDOW_FILL    UINT64_C(0x100000000000)

#define PROCESSES_MAX 1024 /* in one run */
#define LIVING_MAX    8	   /* at a time */
#define RECENT	      16

/* How a run is set up; chosen by the oracle, kept in scripts. */
struct setup {
	uint32_t distribution; /* number in the table of distributions */
	uint32_t privileged;   /* else without capabilities */
	uint32_t legacy;       /* bottom-up layout */
	uint32_t huge_text;    /* room for records of 65,530 areas */
};

struct region {
	struct setup setup;
	uint64_t seed;
	uint32_t calls; /* to generate, at most; 0: run the script */
	uint32_t script_count;
	uint32_t smaps_every; /* one record in so many has smaps and status; 0: none */
	uint32_t maps_every;  /* 1: every record has maps */
	uint32_t fill;	      /* so many areas are made before the first random call */
	uint64_t size;	      /* of the whole region */
	uint64_t ring_offset, ring_size;
	uint64_t text_max; /* longest record */
	uint32_t slots;	   /* bit per file slot that is open */
	uint32_t features; /* FEATURE_ ... */
	int32_t segments[SEGMENT_SLOTS];
	int32_t oracle_pid;

	/* The subject's, shared by its processes. */
	uint64_t random;
	uint64_t page_top; /* end of the highest hole; bottom-up: start of the lowest */
	uint64_t start_data, end_data, start_stack; /* as the kernel has them */
	int32_t layout_error;			    /* the brk area could not be moved */
	int32_t failure;			    /* the subject gave up; status of its exit */
	uint32_t done_calls;
	uint32_t next_call;	    /* in the script */
	uint32_t stop;		    /* the oracle's: no more calls */
	struct call current;	    /* being done */
	uint32_t recorded;	    /* it is over and its record written */
	uint32_t turn;		    /* futex: number of the process that runs, or TURN_END */
	uint32_t made;		    /* processes so far; the next one's number */
	uint32_t living;	    /* how many live */
	uint32_t alive[LIVING_MAX]; /* their numbers */
	int32_t leaving;	    /* pid of a process which is about to end; wait for it */
	struct {
		uint64_t address, length;
	} recent[RECENT];
	uint32_t recent_next;

	/* The ring. */
	uint64_t head __attribute__((aligned(64))); /* written so far */
	uint64_t tail __attribute__((aligned(64))); /* read so far */
};

#define TURN_END UINT32_MAX

enum { FEATURE_FAULT = 1, FEATURE_SHM = 2, FEATURE_HUGE_TLB = 4 /* and no huge page at hand */ };

struct record {
	uint32_t size; /* with texts, rounded up to 64; record never wraps */
	uint32_t kind; /* enum call_op, or 0xffffffff: skip to the ring's start */
	struct call call;
	int64_t result;
	uint32_t maps_bytes, smaps_bytes, status_bytes, reserved;
	/* maps, smaps, status texts */
};
#define RECORD_SKIP UINT32_MAX

#endif
