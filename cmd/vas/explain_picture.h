/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_EXPLAIN_PICTURE_H
#define VAS_CMD_EXPLAIN_PICTURE_H

/*
 * A picture: the areas of one space at one moment, wherever they were learnt from, with all that is
 * known of each. `vas maps` shows it, `vas explain` reasons about it.
 *
 *	picture_of_process	/proc/PID/smaps, or maps		live
 *	picture_of_text		the same text, kept in a file		saved
 *	picture_of_trace	a model that did what the trace says	trace
 *
 * A live picture knows what the kernel tells. A picture from a trace knows also the reverse map's
 * heads, where mremap moved memory, and which call made each area.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <vas/area.h>

#include "slice.h"

enum area_kind {
	KIND_TEXT,	    /* code of a file */
	KIND_DATA,	    /* private, writable memory of a file */
	KIND_FILE,	    /* private memory of a file that is only read, or not accessible */
	KIND_FILE_SHARED,   /* shared memory of a file on a disk */
	KIND_SHARED_MEMORY, /* memfd, System V, /dev/shm, shared anonymous */
	KIND_ANONYMOUS,	    /* private memory without a file */
	KIND_CODE,	    /* the same, executable: a just-in-time compiler's */
	KIND_HEAP,	    /* brk's */
	KIND_STACK,	    /* the main thread's */
	KIND_THREAD_STACK,  /* another thread's, or one kept for re-use */
	KIND_GUARD,	    /* no access, small, beside private memory */
	KIND_RESERVED,	    /* no access, otherwise */
	KIND_HUGE,	    /* hugetlbfs */
	KIND_DEVICE,	    /* of a driver */
	KIND_SPECIAL,	    /* [vdso] and its like */
	KINDS,
};

/* "thread stacks" and "thread stack", for people; "thread_stack", for JSON. */
const char *area_kind_text(enum area_kind kind);
const char *area_kind_one(enum area_kind kind);
const char *area_kind_name(enum area_kind kind);

/* A call of a trace, or the kind of it: what it was, without addresses and lengths. */
struct picture_source {
	char *text;  /* "mprotect(PROT_NONE)"; owned */
	bool stack;  /* asked for with MAP_STACK */
	size_t made; /* areas that calls of this kind made, mapped, or changed last */
	size_t mapped;
	size_t changed;
	size_t touched;			/* areas whose first page they wrote */
	uint64_t first_line, last_line; /* of those that made areas of this picture */
};

/* Who did it: a source and its line in the trace. line 0: not known. */
struct picture_call {
	uint32_t source;
	uint64_t line;
};

struct picture_area {
	struct vas_range range;
	uint64_t flags;	 /* VAS_AREA_ ... */
	uint64_t offset; /* bytes, as maps prints it; 0 for anonymous memory */
	uint64_t inode;
	uint32_t major, minor;
	enum area_kind kind;
	struct slice name;  /* as maps prints it */
	struct slice words; /* VmFlags as smaps prints them; length 0: not known */
	bool has_figures;   /* the three below are known */
	uint64_t resident_kb, anonymous_kb, swap_kb;
	struct slice policy; /* of NUMA placement, live; length 0: not read */

	/* From the model of a trace. */
	uint64_t policy_number;
	uint64_t index; /* what the reverse map calls the first page; a file's page number */
	uint64_t file;	/* which open file: equal numbers, equal files; 0: none */
	uint64_t head;	/* the reverse map's; 0: none */
	size_t links;	/* heads that it is tied to */
	struct picture_call mapped;  /* the call that mapped the memory */
	struct picture_call made;    /* the call that made it an area of its own */
	struct picture_call changed; /* the last one that changed its flags; line 0: none */
	struct picture_call touched; /* gave it its head */
	unsigned forks;		     /* since `made`: it happened in an ancestor */
};

enum picture_origin { ORIGIN_PROCESS, ORIGIN_SAVED, ORIGIN_TRACE };

/* One process of a trace, for a list to choose from. */
struct picture_process {
	int pid;
	char *program;	/* owned; NULL: not known */
	uint64_t areas; /* at its end */
	uint64_t peak;	/* the most it had, in this program */
	uint64_t peak_line;
	uint64_t refused;      /* calls that failed with ENOMEM at the limit of areas */
	uint64_t refused_line; /* the first of them */
};

struct picture {
	enum picture_origin origin;
	const char *source; /* the argument: "1234", "trace.zst" */
	int pid;	    /* 0: not known */
	char *program;	    /* owned; NULL: not known */
	struct picture_area *areas;
	size_t count; /* as the kernel counts: without [vsyscall] */
	bool has_vsyscall;
	bool flags_known;     /* VmFlags of all areas were read, or the model's are true */
	bool policies_known;  /* numa_maps was read */
	bool heads_known;     /* the model was told of every touch */
	uint64_t lowest, top; /* where a program may map: [lowest, top) */
	uint64_t max_map_count;
	bool limit_known; /* max_map_count is the process's own, not the default */
	size_t threads;	  /* 0: not known */
	uint64_t stack_limit;

	/* From a trace. */
	uint64_t line; /* the moment, in lines */
	struct picture_source *sources;
	size_t source_count;
	struct picture_process *processes;
	size_t process_count;
	size_t chosen; /* its place among the processes */

	char *note; /* what could not be known: sentences, a line each; NULL: nothing */

	/* Texts that the slices point into. */
	char *text, *policy_text;
};

enum { DEFAULT_MAX_MAP_COUNT = 65530 };

/* Guard areas are at most so large: what runtimes use is 4 KiB to 1 MiB. */
#define GUARD_MOST (UINT64_C(1) << 20)

/* Is an end of x86-64's user space for 64-bit programs, and for 32-bit ones. */
#define TOP_64 UINT64_C(0x7ffffffff000)
#define TOP_32 UINT64_C(0xffffe000)

static inline uint64_t picture_area_bytes(const struct picture_area *area)
{
	return area->range.end - area->range.start;
}

/* "rw-p" and a NUL. */
void picture_area_mode(const struct picture_area *area, char mode[5]);

/* Private memory without a file? */
bool picture_area_anonymous(const struct picture_area *area);
bool picture_area_has_file(const struct picture_area *area);

/* The area that contains `address`, or NULL. */
struct picture_area *picture_find(const struct picture *picture, uint64_t address);

/*
 * Takes the text of maps or smaps apart, all of it, into picture->areas; picture->text is set and
 * owned from now on, also on error. `name` stands in the message.
 *  => 0, or -1 and a complaint: not such a text, or no memory
 */
int picture_parse(struct picture *picture, char *text, size_t length, const char *name);

/* Says of each area what it is. `stacks`: addresses inside of stacks of threads, sorted. */
void picture_classify(struct picture *picture, const uint64_t *stacks, size_t count);

/* What an area is for, as far as it tells by itself: name, flags and file are looked at. */
enum area_kind area_kind_alone(const struct picture_area *area);

/* Adds a sentence to picture->note. */
__attribute__((format(printf, 2, 3))) void picture_note(struct picture *picture, const char *format,
							...);

void picture_free(struct picture *picture);

/* ---- where pictures come from ---- */

struct picture_options {
	bool quick;	  /* live: do not read smaps */
	int pid;	  /* trace: of this process; 0: the one with the most areas at its end */
	uint64_t at_line; /* trace: after this line; 0: at the end */
	bool at_peak;	  /* trace: when it had the most areas */
};

/*
 * Looks at `argument` (a PID, a trace, a saved maps or smaps, "-") and makes the picture.
 *  => 0, or -1 and a complaint
 */
int picture_take(struct picture *picture, const char *argument,
		 const struct picture_options *options);

/* The three kinds, for picture_take. => 0, or -1 and a complaint */
int picture_of_process(struct picture *picture, pid_t pid, const struct picture_options *options);
int picture_of_trace(struct picture *picture, const char *path,
		     const struct picture_options *options);

/* What stands in a sub-command's struct option list for them. */
/* clang-format off */
#define PICTURE_OPTION_AT    { "at", required_argument, NULL, OPTION_AT }
#define PICTURE_OPTION_PID   { "pid", required_argument, NULL, OPTION_PID }
#define PICTURE_OPTION_QUICK { "quick", no_argument, NULL, OPTION_QUICK }
/* clang-format on */
enum { OPTION_AT = 512, OPTION_PID, OPTION_QUICK };

/* Reads such an option; false: it is none of them, or wrong (complained of). */
bool picture_option(struct picture_options *options, const char *command, int option);

#endif
