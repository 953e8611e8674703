/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_PROCFS_H
#define VAS_PROCFS_H

/*
 * What /proc says of a live process: areas, limits, where its parts begin, and the settings of
 * the whole system that shape a space. All calls are snapshots: a process that runs meanwhile
 * changes under the reader.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One line of /proc/PID/maps. */
struct proc_area {
	uint64_t start, end, offset, inode;
	uint32_t major, minor; /* of the device */
	bool read, write, execute, shared;
	const char *path; /* "" when there is none; escapes of the kernel are kept */
	size_t path_length;

	/* From smaps; flags is "" and the figures 0 when it was not read. */
	char flags[128]; /* the two-letter words of VmFlags, one blank between two */
	uint64_t rss_kb, anonymous_kb, swap_kb, locked_kb;
	uint64_t page_kb; /* KernelPageSize; 0: unknown */
};

/*
 * Takes one line of /proc/PID/maps apart; `line` needs no NUL at its end, and a newline at its
 * end does not count. area->path points into the line.
 *  => false: not such a line; *area is undefined
 */
bool proc_parse_area(const char *line, size_t length, struct proc_area *area);

/* All areas of a process, in the order of their addresses. */
struct proc_areas {
	struct proc_area *list;
	size_t count;
	char *text; /* what the paths point into */
};

/*
 * Reads /proc/PID/maps, or smaps when `details` is set (much slower: the kernel walks the page
 * tables). PID may be a thread.
 *  => 0, or a negative error number: -ENOENT/-ESRCH no such process, -EACCES not ours
 *  => a process without a space (a zombie, a kernel thread) has 0 areas
 */
int proc_read_areas(pid_t pid, bool details, struct proc_areas *areas);
void proc_free_areas(struct proc_areas *areas);

/*
 * A whole file of /proc/PID ("maps", "fdinfo/3"; PID 0: of /proc itself), terminated by NUL, in
 * a buffer that is kept for the next call and may be freed with free().
 */
struct proc_buffer {
	char *text;
	size_t length, size;
};

/* => 0 or a negative error number */
int proc_read(struct proc_buffer *buffer, pid_t pid, const char *name);

/* The number after `key` at the start of a line ("CapEff:\t"), in the given base. */
bool proc_field(const char *text, const char *key, int base, uint64_t *value);

/* Soft and hard limits in bytes; UINT64_MAX: unlimited. */
struct proc_limit {
	uint64_t soft, hard;
};

struct proc_limits {
	struct proc_limit as, data, stack, memlock;
};

int proc_read_limits(pid_t pid, struct proc_limits *limits);

/* Where the parts of a program are; 0: not known to us. */
struct proc_layout {
	uint64_t start_code, end_code, start_data, end_data;
	uint64_t start_brk, start_stack;
	uint64_t personality;
};

int proc_read_layout(pid_t pid, struct proc_layout *layout);

/* What a thread may do beyond others. */
struct proc_privileges {
	uint64_t capabilities; /* effective ones, bit by bit; none outside the first user namespace
				*/
	uid_t uid;
};

int proc_read_privileges(pid_t pid, struct proc_privileges *privileges);

/* Settings of the system that decide what a space looks like. PROC_UNKNOWN: not readable. */
#define PROC_UNKNOWN UINT64_MAX

struct proc_settings {
	char kernel[72], machine[72]; /* as uname says */
	uint64_t overcommit_memory, overcommit_limit_pages, total_ram_pages, swap_pages;
	uint64_t max_map_count, mmap_min_addr, randomize_va_space, legacy_va_layout;
	char thp[16], shmem_thp[16]; /* the mode in brackets; "" unknown */
	uint64_t stack_guard_gap;    /* in pages */
};

void proc_read_settings(struct proc_settings *settings);

/* One line of settings as @settings and @vas-trace lines print them, without newline. */
size_t proc_print_settings(const struct proc_settings *settings, char *into, size_t size);

#endif
