/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_INTERPRET_INSIDE_H
#define VAS_CMD_INTERPRET_INSIDE_H

/* What the interpret_*.c files share. */

#include <vas/anon_vma_chain.h>

#include "interpret.h"
#include "trace_value.h"
#include "work_clock.h"

/* Files by number: open file descriptions of @file lines, segments of @shm lines. */
struct file_map {
	struct file_entry {
		uint64_t id;
		struct traced_file *file; /* NULL: a free entry */
	} * entries;
	size_t count, size;
};

/* The areas of a snapshot, until all of them have been read. */
struct snapshot {
	bool open;
	int pid;
	char kind[8];
	unsigned long line;
	size_t expected, count, size;
	struct maps_line *lines;
	char *names; /* what the lines' names point into, once it is complete */
	size_t names_length, names_size;
};

/* An event of a process whose parent is not known yet. */
struct postponed {
	struct postponed *next;
	struct trace_event event;
	char text[];
};

/* All of them of one process, in order. */
struct postponed_process {
	struct postponed_process *next;
	int pid;
	bool known; /* it is in the process table now */
	struct postponed *first, **end;
};

struct interpreter {
	struct interpreter_options options;
	struct process_table *table;
	struct vas_settings settings;
	struct vas_anon_vma_chain *chain;
	struct interpreter_counts counts;
	bool recorded;
	bool randomized, legacy_layout; /* @settings randomize_va_space, legacy_va_layout */
	char faults[32];
	uint64_t told_min_addr; /* vm.mmap_min_addr; the kernel's own may be higher */
	enum vas_huge_faults huge_faults;
	bool names_learnt, keys_learnt; /* whether this kernel has them */
	struct file_map files, segments;
	struct snapshot snapshot;
	struct postponed_process *postponed;
	bool policy_noted;
	bool guards;	  /* there may be guard pages, and no machine knows where */
	const char *file; /* of the event that is being fed */
	unsigned long line;
	char error[512];
};

/* personality(2) */
enum { PERSONALITY_COMPAT_LAYOUT = 0x0200000, PERSONALITY_NO_RANDOMIZE = 0x0040000 };

/* A call on a space, on its way. */
struct call_context {
	struct interpreter *in;
	const struct trace_event *event;
	const struct trace_call *call;
	struct thread *thread;
	struct traced_space *traced; /* not NULL, with a space */
	struct vas_space *space;
};

/* What a call came to: an error number, or a value. */
struct outcome {
	int error;
	uint64_t value;
};

/* ---- interpret.c ---- */

/* Sets the error "FILE:LINE: ..." of the event. Returns -1. */
__attribute__((format(printf, 3, 4))) int
interpret_fail(struct interpreter *in, const struct trace_event *event, const char *format, ...);
/* The same when there is no memory. */
int interpret_no_memory(struct interpreter *in, const struct trace_event *event);
__attribute__((format(printf, 2, 3))) void interpret_note(struct interpreter *in,
							  const char *format, ...);

/* A new space with the process's limits, its areas and layout yet unknown. NULL: no memory. */
struct traced_space *interpret_new_space(struct interpreter *in, const struct process *process,
					 unsigned long line);
/* Hands the process's limits, privileges and personality to its space. */
void interpret_sync_process(struct process *process);
/* Does the trace tell of every touch (but those that it says were lost)? */
bool interpret_touches_known(const struct interpreter *in);
/* A touch, told by a fault. */
int interpret_touch(struct interpreter *in, struct thread *thread, uint64_t address, char access);

/* ---- interpret_check.c: results ---- */

/* Argument `index` as a number or flags; -1 and the error set when it is missing or is none. */
int argument_number(const struct call_context *context, unsigned index, uint64_t *value);
int argument_flags(const struct call_context *context, unsigned index, enum constant_set set,
		   uint64_t *value);
bool argument_exists(const struct call_context *context, unsigned index);

/* Did the kernel's call succeed? */
bool kernel_succeeded(const struct call_context *context);

/*
 * Compares the model's outcome with the kernel's, counts, and reports a difference.
 * true: they agree, the model is in step.
 *  => `reason`: why they may differ; NULL: not known.
 */
bool outcome_check(const struct call_context *context, struct outcome model, const char *reason);
/* Not compared, for this reason. */
void outcome_skip(const struct call_context *context, enum skip_reason reason);

/* In a space that is known in part only: areas that the kernel's success shows to exist are put
 * where the model has none in [start, end). */
int learn_areas(const struct call_context *context, uint64_t start, uint64_t end);

/* Calls of other threads that have begun and may have unmapped [start, end) already: applies
 * those. true: there were some. */
bool apply_begun(const struct call_context *context, uint64_t start, uint64_t end);

/* The areas of a range, to be put back after a call that the kernel refused and the model did. */
struct saved_areas {
	struct vas_range range;
	struct saved_area {
		struct vas_place place;
		struct vas_range whole; /* of the area that it is a part of */
		char *name;
	} * list;
	size_t count;
};
int save_areas(const struct call_context *context, uint64_t start, uint64_t length,
	       struct saved_areas *saved);
void restore_areas(const struct call_context *context, struct saved_areas *saved);
void drop_saved(struct saved_areas *saved);

/* Did the kernel refuse a call on a range with areas of a file whose rules are its own? That is
 * counted, and nothing is to be done. */
bool refused_by_driver(const struct call_context *context, uint64_t start, uint64_t length);

/* ---- the calls: 0, or -1 and the error set ---- */

/* interpret_map.c */
int interpret_mmap(struct call_context *context);
int interpret_mremap(struct call_context *context);
int interpret_brk(struct call_context *context);
int interpret_shmat(struct call_context *context);
int interpret_io_setup(struct call_context *context);
int interpret_io_destroy(struct call_context *context);

/* interpret_range.c */
int interpret_munmap(struct call_context *context);
int interpret_mprotect(struct call_context *context);
int interpret_pkey_mprotect(struct call_context *context);
int interpret_pkey_alloc(struct call_context *context);
int interpret_pkey_free(struct call_context *context);
int interpret_madvise(struct call_context *context);
int interpret_process_madvise(struct call_context *context);
int interpret_mbind(struct call_context *context);
int interpret_mlock(struct call_context *context);
int interpret_mlock2(struct call_context *context);
int interpret_munlock(struct call_context *context);
int interpret_mlockall(struct call_context *context);
int interpret_munlockall(struct call_context *context);
int interpret_mseal(struct call_context *context);
int interpret_remap_file_pages(struct call_context *context);
int interpret_shmdt(struct call_context *context);
int interpret_prctl(struct call_context *context);
int interpret_ioctl(struct call_context *context);
int interpret_unmodelled(struct call_context *context);

/* interpret_process.c; the thread need not have a space */
int interpret_start(struct interpreter *in, const struct trace_event *event, struct thread *thread);
/* Thread `tid`, made by `parent` with these flags of clone. */
int interpret_make_child(struct interpreter *in, const struct trace_event *event,
			 const struct thread *parent, int tid, uint64_t flags);
int interpret_clone(struct interpreter *in, const struct trace_event *event, struct thread *thread);
int interpret_execve(struct interpreter *in, const struct trace_event *event,
		     struct thread *thread);
int interpret_limit(struct interpreter *in, const struct trace_event *event, struct thread *thread);
int interpret_personality(struct interpreter *in, const struct trace_event *event,
			  struct thread *thread);
int interpret_limits(struct interpreter *in, const struct trace_event *event,
		     struct thread *thread);

/* interpret_thread.c */

/* The thread that an event is about. 1: *thread is set; 0: none (postponed, or a remark); -1. */
int interpret_find_thread(struct interpreter *in, const struct trace_event *event,
			  struct thread **thread);
/* May the event have told whose child somebody is? */
bool interpret_tells_children(const struct trace_event *event);
/* Feeds events that were postponed and whose parent is known now; at the end, all of them. */
int interpret_catch_up(struct interpreter *in, bool end);
void interpret_drop_postponed(struct interpreter *in);
/* interpret.c: one event whose thread is known. */
int interpret_feed_one(struct interpreter *in, const struct trace_event *event,
		       struct thread *thread);

/* interpret_file.c */

/* The file that argument `index` names, with a reference for the caller. */
int interpret_descriptor(const struct call_context *context, unsigned index, int *fd,
			 struct traced_file **file);
/* open, close, dup ... */
int interpret_files(struct interpreter *in, const struct trace_event *event, struct thread *thread);
int interpret_file_line(struct interpreter *in, const struct trace_event *event,
			struct thread *thread);
int interpret_shm_line(struct interpreter *in, const struct trace_event *event);
int interpret_shmget(struct interpreter *in, const struct trace_event *event);
/* Shared memory without a name, made by a call. NULL: no memory. */
struct traced_file *interpret_shared_memory(const char *name, uint64_t size);
/* The file is about to be mapped, its pages may be needed. 0, or -1 and the error set. */
int interpret_open(struct interpreter *in, const struct trace_event *event,
		   struct traced_file *file);
struct traced_file *file_map_find(const struct file_map *map, uint64_t id);
/* Takes the reference. false: no memory. */
bool file_map_set(struct file_map *map, uint64_t id, struct traced_file *file);
void file_map_free(struct file_map *map);

/* interpret_compare.c: 1: the snapshot that was read differs from the model, which was told; 0; -1.
 */
int interpret_compare(struct interpreter *in, const struct trace_event *event,
		      struct thread *thread);

/* interpret_snapshot.c */
int interpret_snapshot(struct interpreter *in, const struct trace_event *event,
		       struct thread *thread);
int interpret_area(struct interpreter *in, const struct trace_event *event, struct thread *thread);
void interpret_privileges(const struct trace_event *event, struct thread *thread);
int interpret_layout(struct interpreter *in, const struct trace_event *event,
		     struct thread *thread);

#endif
