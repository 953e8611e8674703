/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_INTERPRET_H
#define VAS_CMD_INTERPRET_H

/*
 * Interpreting a trace: applies its events, one after the other, to spaces of libvas, and compares
 * what the model did with what the kernel did. `vas replay` prints what is found here; `vas maps`
 * and `vas explain` use it to have a process's areas as they were at any point of a trace:
 *
 *	struct interpreter_options options = { .after = look, .context = &mine };
 *	struct interpreter *interpreter = interpreter_create(&options);
 *	struct trace *trace = trace_open(path, &error);
 *
 *	while ((more = trace_next(trace, &event)) > 0)
 *		if (interpreter_feed(interpreter, &event) < 0)
 *			die(interpreter_error(interpreter));
 *	interpreter_finish(interpreter);
 *	... process_table_next(interpreter_processes(interpreter), &position) ...
 *	interpreter_destroy(interpreter);
 */

#include <vas/anon_rmap.h>

#include "process.h"
#include "trace.h"

struct interpreter;

enum compare_level { COMPARE_EXACT, COMPARE_COVERAGE };

enum divergence_kind {
	DIVERGENCE_RESULT,   /* a call's address or errno */
	DIVERGENCE_SNAPSHOT, /* areas */
	DIVERGENCE_TOUCH,    /* the kernel had a page where the model has no area */
	DIVERGENCE_ACCESS,   /* an access failed that did not in the kernel */
	DIVERGENCE_CONTENTS, /* a page holds something else than was written to it */
	DIVERGENCE_MACHINE,  /* an invariant is broken, or memory is lost */
};

/* A difference between the model and the kernel. Texts are valid during the call only. */
struct divergence {
	enum divergence_kind kind;
	const char *file;
	unsigned long line;
	int pid;
	const char *call;  /* "mmap(NULL, 4096, ...)", "snapshot at exit" */
	const char *model; /* "0x7f0000000000", "-1 ENOMEM", an area's line */
	const char *kernel;
	const char *reason; /* NULL: not known */
	unsigned long more; /* DIVERGENCE_SNAPSHOT: areas that differ beside the one shown */
};

/* What was not compared, and why; index of interpreter_counts.skipped. */
enum skip_reason {
	SKIP_ADDRESS,	   /* an address in a space without snapshot: its layout is guessed */
	SKIP_ERROR,	   /* an error that hangs on things which the trace does not tell */
	SKIP_UNKNOWN_AREA, /* a call on areas made before the trace began or by exec, unseen */
	SKIP_NO_RESULT,	   /* "?" */
	SKIP_POLICY,	   /* memory policies (mbind) and other things that are not modelled */
	SKIP_FOREIGN,	   /* a 32-bit process */
	SKIP_DRIVER,	   /* refused by the rules of a driver or a special file system */
	SKIP_REASONS,
};
const char *skip_reason_text(enum skip_reason reason);

struct interpreter_counts {
	uint64_t events;		/* all that were fed */
	uint64_t calls[CALL_KINDS];	/* finished calls, by kind */
	uint64_t other_calls;		/* that do not concern memory */
	uint64_t touches, touch_faults; /* touches; those which the model refused */
	uint64_t lost;			/* touches that the kernel dropped */
	uint64_t results;		/* results compared */
	uint64_t snapshots, areas;	/* compared; the areas in them */
	uint64_t snapshots_loaded;	/* taken as they are (exec) */
	uint64_t skipped[SKIP_REASONS]; /* results not compared */
	uint64_t notes;			/* names that differ */
	uint64_t divergences;
	uint64_t processes, spaces; /* seen */
};

/* Memory behind the spaces, brought by who has a machine (replay_memory.c). */
struct interpreter_memory {
	/* Makes a space with memory. Its reverse map is the machine's. An error as vas_space_create.
	 */
	int (*space)(void *data, const struct vas_space_config *config,
		     enum vas_huge_faults huge_faults, struct vas_space **space);
	/* The file is about to be mapped: may give it an object. -VAS_ENOMEM. */
	int (*open)(void *data, struct traced_file *file);
	/* The trace has told how large it is. The same. */
	int (*told)(void *data, struct traced_file *file);
	/* A recorded fault, instead of vas_touch. */
	int (*touch)(void *data, struct interpreter *interpreter, struct thread *thread,
		     uint64_t address, enum vas_access access);
	/* Why there may be no memory; NULL: it is not known. */
	const char *(*full)(void *data);
};

struct interpreter_options {
	const char *index; /* design; NULL: the default */
	enum compare_level level;

	/* Called for each difference; may be NULL. */
	void (*diverged)(void *context, const struct divergence *divergence);
	/* Remarks for the user, a line each, no newline; may be NULL. */
	void (*note)(void *context, const char *text);

	/*
	 * Called before and after each event was applied; may be NULL. `thread` is the one that the
	 * event is about: NULL when it is about none, or (before) is not known yet, or (after) is
	 * gone. Its process's space may be NULL. After a fork the child's thread can be found by
	 * the call's value.
	 *  => must not change a space; may set `user` of areas.
	 */
	void (*before)(void *context, struct interpreter *interpreter,
		       const struct trace_event *event, struct thread *thread);
	void (*after)(void *context, struct interpreter *interpreter,
		      const struct trace_event *event, struct thread *thread);
	/* A process's last thread is about to go, with its space as it was at the end. */
	void (*exiting)(void *context, struct interpreter *interpreter, struct thread *thread);

	/* NULL: spaces are areas only. */
	const struct interpreter_memory *memory;
	void *memory_data;

	/* One more listener in every space (after the reverse map's); NULL: none. */
	const struct vas_listener *listener;
	void *listener_data;
	/* And one more, after that one. */
	const struct vas_listener *second_listener;
	void *second_data;

	void *context;
};

/* NULL: no memory, or no such index design. `options` is copied. */
struct interpreter *interpreter_create(const struct interpreter_options *options);
void interpreter_destroy(struct interpreter *interpreter);
/* Lets go of all processes, spaces and files; figures stay. */
void interpreter_clear(struct interpreter *interpreter);

/* Applies an event. 0, or -1: the trace makes no sense there (interpreter_error is
 * "FILE:LINE: what") or memory ran out. */
int interpreter_feed(struct interpreter *interpreter, const struct trace_event *event);
/* The end of a trace: what is still unfinished is let go. 0 or -1, as above. */
int interpreter_finish(struct interpreter *interpreter);
const char *interpreter_error(const struct interpreter *interpreter);

/* Counts and tells a difference that somebody else has found. File and line become those of the
 * event that is being fed. */
void interpreter_diverged(struct interpreter *interpreter, const struct divergence *divergence);

struct process_table *interpreter_processes(struct interpreter *interpreter);
const struct interpreter_counts *interpreter_counts(const struct interpreter *interpreter);
/* "tracepoint", "none", ...: where the touches come from; "" in a plain strace log. */
const char *interpreter_faults(const struct interpreter *interpreter);
/* Is it a trace of `vas record`? */
bool interpreter_recorded(const struct interpreter *interpreter);

#endif
