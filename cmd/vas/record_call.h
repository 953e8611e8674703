/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_RECORD_CALL_H
#define VAS_RECORD_CALL_H

/*
 * System calls as strace prints them: "mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3</a>, 0) = ...".
 */

#include "record.h"
#include "record_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum result_kind {
	RESULT_NUMBER,
	RESULT_ADDRESS, /* printed in hexadecimal */
	RESULT_HIDDEN,	/* no line of its own: only what it did to privileges is written */
};

typedef void print_arguments_fn(struct recorder *recorder, struct task *task);

struct call {
	uint64_t number;
	const char *name;
	enum result_kind result;
	print_arguments_fn *print;
};

/* NULL: a call that the filter does not stop at. */
const struct call *call_numbered(uint64_t number);

/* Writes name and arguments to task->line, and the lines that go before it to task->before. */
void call_start(struct recorder *recorder, struct task *task);

/* What is only known when the call returns: changes task->line and task->before. */
void call_finish(struct task *task, int64_t result);

/* A call that moved the parts of the program (PR_SET_MM): a new @layout line is due. */
bool call_changes_layout(const struct task *task, int64_t result);

/* The bytes that a call may have filled with pages by itself; empty for most. */
void call_populated(const struct task *task, int64_t result, uint64_t *start, uint64_t *end);

/* Adds " = result" to a line. */
void call_result(struct text *text, enum result_kind kind, int64_t result);

bool call_is_clone(const struct call *call); /* fork, vfork, clone, clone3 */
bool call_is_exec(const struct call *call);

/* record_arguments.c */
print_arguments_fn print_mmap, print_range, print_mprotect, print_mremap, print_brk, print_madvise,
	print_process_madvise, print_mlock2, print_mlockall, print_none, print_mseal,
	print_remap_file_pages, print_shmat, print_shmdt, print_prctl, print_arch_prctl,
	print_clone, print_clone3, print_execve, print_execveat, print_setrlimit, print_prlimit,
	print_personality, print_mbind, print_home_node, print_io_setup, print_io_destroy,
	print_ioctl, print_shadow_stack, print_pkey_alloc, print_pkey_free;

/* record_flags.c */
struct flag_name {
	uint64_t value;
	const char *name;
};

/* One name for a value ("MADV_FREE"), or the number with "NAME_???". */
void flags_one(struct text *text, const struct flag_name *names, const char *unknown,
	       uint64_t value);
void flags_prot(struct text *text, uint64_t value);
void flags_map(struct text *text, uint64_t value);
void flags_mremap(struct text *text, uint64_t value);
void flags_madvise(struct text *text, uint64_t value);
void flags_mlock2(struct text *text, uint64_t value);
void flags_mlockall(struct text *text, uint64_t value);
void flags_shmat(struct text *text, uint64_t value);
void flags_clone(struct text *text, uint64_t value);
void flags_personality(struct text *text, uint64_t value);
void flags_resource(struct text *text, uint64_t value);
void flags_mbind_mode(struct text *text, uint64_t value);
void flags_mbind(struct text *text, uint64_t value);
void flags_uffd_mode(struct text *text, uint64_t value);
void flags_signal(struct text *text, uint64_t value);
void flags_execveat(struct text *text, uint64_t value);

/* record_memory.c */

/* Reads the program's memory. => bytes read, less than `size` where it ends */
size_t memory_read(pid_t tid, uint64_t address, void *into, size_t size);
bool memory_write(pid_t tid, uint64_t address, const void *from, size_t size);

/* A string in quotes, cut after `limit` bytes with "..."; an address when it cannot be read. */
void memory_print_string(struct text *text, pid_t tid, uint64_t address, size_t limit);

#endif
