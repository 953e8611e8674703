/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_PROCESS_H
#define VAS_CMD_PROCESS_H

/*
 * The processes of a trace: which thread lives in which space and has which files open.
 *
 *   thread (pid of a trace line) -> process (limits, privileges) -> traced space (a vas_space)
 *                                -> descriptors
 *
 * Threads share a process; CLONE_VM without CLONE_THREAD (vfork) shares a space between processes.
 */

#include <vas/space.h>

#include "slice.h"

/* A file as the trace names it; one for each open file description. Its vas_file comes first. */
struct traced_file {
	struct vas_file file;
	char *name;	  /* owned; file.name points to it */
	bool own_rules;	  /* a driver's, or a file system's that makes its files up: it may refuse
			     whatever it likes */
	bool learn_inode; /* shared memory without a name: device and inode come from the first
			     snapshot that shows it */
	void *memory;	  /* who gives it pages keeps this (struct interpreter_memory); */
	void (*put_memory)(void *memory); /* lets go of it in the end */
};

/* What a space is, beside its areas. */
struct traced_space {
	struct vas_space *space;
	unsigned users;	      /* processes that share it */
	unsigned long number; /* 1, 2, 3 ... in the order of their creation */
	int pid;	      /* the process that it was made for */
	bool partial;	      /* began without a snapshot: unknown areas, guessed layout */
	bool base_proved;     /* layout.map_base was confirmed by a search */
	bool no_faults;	      /* some touches of it are unknown: merging may be undecidable */
	bool foreign;	      /* a 32-bit process: not replayed */
	char *program;	      /* owned: the path of its last execve; NULL: unknown */
	unsigned long line;   /* where it was made */
};

struct process {
	int pid; /* thread group id */
	unsigned threads;
	struct traced_space *space;
	struct vas_limits limits;
	uint32_t privileges;
	uint32_t personality;
	bool refuses_exec_gain; /* PR_SET_MDWE, for its next program too */
	bool vfork_child;	/* borrows its parent's space until it calls exec */
};

struct descriptors;

/* A touch that was told and is kept for later. */
struct held_touch {
	uint64_t address;
	char access;
};

/* A call that changes areas and has begun, but not returned. */
struct begun_call {
	enum { BEGUN_NOTHING, BEGUN_UNMAP, BEGUN_CLONE } kind;
	struct vas_range range; /* BEGUN_UNMAP */
	bool applied;		/* another thread's call showed that it has happened already */
	uint64_t flags;		/* BEGUN_CLONE: clone's flags */
	int child;		/* BEGUN_CLONE: made already, because it was seen; 0: not yet */
};

struct thread {
	int tid;
	struct process *process;
	struct descriptors *descriptors;
	bool seen;    /* a line was its own */
	bool exiting; /* called exit; lines without a pid are not its */
	struct begun_call begun;
	struct traced_file *file; /* of the last @file line, for the call that follows */
	int file_descriptor;	  /* and its number */
	uint64_t refused;	  /* a touch that the model refused; UINT64_MAX: none */
	unsigned long refused_line;
	struct held_touch *held; /* in the kernel, before an exec perhaps */
	size_t held_count, held_size;
};

struct process_table;

struct process_table *process_table_create(void);
/* Lets go of all threads; spaces and files that nobody else uses are destroyed. */
void process_table_destroy(struct process_table *table);

/* NULL: no such thread. */
struct thread *process_table_find(struct process_table *table, int tid);

/* All threads, in the order of their ids; `*position` starts at 0. NULL at the end. */
struct thread *process_table_next(struct process_table *table, size_t *position);
size_t process_table_count(const struct process_table *table);
/* Is it the first of its process's threads in that order? So each process has one such. */
bool process_table_leads(const struct process_table *table, const struct thread *thread);

/* Gives a thread its true id (it had none: 0); a process whose leader it is follows. false: the id
 * is taken. */
bool process_table_rename(struct process_table *table, struct thread *thread, int tid);

/* The first thread of a process without relatives; its space is NULL. NULL: no memory, or the id
 * is taken. */
struct thread *process_start(struct process_table *table, int pid);

/* What clone's flags say of the child. */
struct process_share {
	bool space;	  /* CLONE_VM */
	bool group;	  /* CLONE_THREAD */
	bool descriptors; /* CLONE_FILES */
	bool vfork;	  /* CLONE_VFORK */
};

/* A child: the process's space is shared, or left NULL for the caller to fork. */
struct thread *process_clone(struct process_table *table, const struct thread *parent, int tid,
			     const struct process_share *share);

/* The thread is gone; the last one of a process lets go of its space. */
void process_exit(struct process_table *table, struct thread *thread);

/* exec: all other threads of the group are gone, `thread` is the group's leader now and its
 * descriptors are its own. false: no memory. */
bool process_exec(struct process_table *table, struct thread *thread);

/* Puts `space` (its users counted here) in the place of the process's space, which may be NULL. */
void process_set_space(struct process *process, struct traced_space *space);

struct traced_space *traced_space_create(int pid, unsigned long number, unsigned long line);
/* vas_space_destroy and free, when the last user is gone. */
void traced_space_put(struct traced_space *space);

/* ---- descriptors ---- */

/* What is open as `fd`, or NULL. */
struct traced_file *descriptors_find(const struct descriptors *table, int fd);
/* Puts a file (a reference is taken) there; NULL closes. false: no memory. */
bool descriptors_set(struct descriptors *table, int fd, struct traced_file *file);

/* A file with one reference, which is the caller's; vas_file_put(&file->file) lets go. */
struct traced_file *traced_file_create(struct slice name);

#endif
