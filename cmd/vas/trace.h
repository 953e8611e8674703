/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_TRACE_H
#define VAS_CMD_TRACE_H

/*
 * Traces: what `vas record` writes, and what `strace` prints, in one syntax (vas-trace(5)).
 *
 * The parser turns lines into events and knows no process and no space: it strips strace's
 * decorations, joins "<unfinished ...>" with "<... resumed>", and cuts a call into its name, its
 * arguments and its result. What it all means is interpret.h's.
 */

#include <stdint.h>
#include <stdio.h>

#include "mapsfile.h"
#include "slice.h"

/* The calls that the interpreter knows; all others are CALL_OTHER. */
enum call_kind {
	CALL_OTHER,
	CALL_MMAP,
	CALL_MUNMAP,
	CALL_MPROTECT,
	CALL_PKEY_MPROTECT,
	CALL_PKEY_ALLOC,
	CALL_PKEY_FREE,
	CALL_MREMAP,
	CALL_BRK,
	CALL_MADVISE,
	CALL_PROCESS_MADVISE,
	CALL_MLOCK,
	CALL_MLOCK2,
	CALL_MUNLOCK,
	CALL_MLOCKALL,
	CALL_MUNLOCKALL,
	CALL_MSEAL,
	CALL_REMAP_FILE_PAGES,
	CALL_SHMGET,
	CALL_SHMAT,
	CALL_SHMDT,
	CALL_PRCTL,
	CALL_ARCH_PRCTL,
	CALL_FORK,
	CALL_VFORK,
	CALL_CLONE,
	CALL_CLONE3,
	CALL_EXECVE,
	CALL_EXECVEAT,
	CALL_EXIT,
	CALL_EXIT_GROUP,
	CALL_SETRLIMIT,
	CALL_PRLIMIT64,
	CALL_PERSONALITY,
	CALL_MBIND,
	CALL_IO_SETUP,
	CALL_IO_DESTROY,
	CALL_IOCTL,
	CALL_MAP_SHADOW_STACK,
	CALL_OPEN, /* open, openat, openat2, creat, memfd_create, memfd_secret ... */
	CALL_CLOSE,
	CALL_CLOSE_RANGE,
	CALL_DUP, /* dup, dup2, dup3, fcntl(F_DUPFD...) */
	CALL_FCNTL,
	CALL_KINDS,
};

/* Its name, "mmap". */
const char *call_name(enum call_kind kind);
enum call_kind call_find(struct slice name);

enum call_result {
	RESULT_VALUE,	/* value */
	RESULT_ERROR,	/* error: a positive errno */
	RESULT_NONE,	/* "?": the call did not return, or strace could not see it */
	RESULT_RESTART, /* "? ERESTARTSYS": it will be made again; nothing happened */
};

#define CALL_ARGUMENTS 8
#define UNKNOWN_ERRNO  0xffff

struct trace_call {
	enum call_kind kind;
	struct slice name;
	struct slice arguments[CALL_ARGUMENTS]; /* as printed, without blanks around */
	unsigned count;
	enum call_result result;
	uint64_t value;
	int error;		  /* UNKNOWN_ERRNO: one that is not in our tables */
	struct slice result_text; /* "0x7f...", "-1 ENOMEM (Cannot allocate memory)", "?" */
	bool joined;		  /* of an unfinished and a resumed line; TRACE_OTHER too */
	unsigned long start_line; /* where it began; the event's line unless joined */
};

enum trace_kind {
	TRACE_NOTHING,	  /* a line without news: blank, stack line, strace's own remarks */
	TRACE_CALL,	  /* a call that returned (or never will): call */
	TRACE_START,	  /* a call that began, "<unfinished ...>": call, without result */
	TRACE_OTHER,	  /* a call of no interest; its pid is alive */
	TRACE_EXITED,	  /* "+++ exited with ... +++", "+++ killed by ... +++" */
	TRACE_SUPERSEDED, /* "+++ superseded by execve in pid N +++": number */
	TRACE_RENAMED,	  /* "execve(...) <pid changed to N ...>": number */
	TRACE_ATTACHED,	  /* "strace: Process N attached": the event's pid is N */
	TRACE_BITS,	  /* "[ Process PID=N runs in B bit mode. ]": number is 32 or 64 */
	TRACE_RECORD,	  /* @vas-trace VERSION: number; words */
	TRACE_SETTINGS,	  /* @settings: words */
	TRACE_FAULTS,	  /* @faults: words is the source */
	TRACE_LOST,	  /* @lost: number */
	TRACE_NOTE,	  /* @note: words */
	TRACE_END,	  /* @end: words */
	TRACE_LIMITS,	  /* @limits: words */
	TRACE_LAYOUT,	  /* @layout: words */
	TRACE_PRIVILEGES, /* @privileges: words */
	TRACE_SNAPSHOT,	  /* @snapshot: words is "exec", "exit" or "now"; number of areas to come */
	TRACE_AREA,	  /* @area: area */
	TRACE_FILE,	  /* @file: number is the descriptor; words */
	TRACE_SHM,	  /* @shm: number is the id; words */
	TRACE_TOUCH,	  /* @touch: access, number is the address */
	TRACE_SIGNAL,	  /* "--- SIGSEGV {...} ---": words is "SIGSEGV" */
};

/* One line's news. Slices point into the parser's buffers: valid until its next call. */
struct trace_event {
	enum trace_kind kind;
	const char *file; /* the trace's name */
	unsigned long line;
	struct slice text; /* the whole line; of a joined call the later one */
	bool has_pid;
	int pid; /* the thread; 0 without has_pid */
	bool has_time;
	uint64_t time; /* microseconds, since whatever the trace's clock began */
	uint64_t number;
	char access;	    /* 'r', 'w', 'x', '?' */
	bool in_kernel;	    /* TRACE_TOUCH */
	struct slice words; /* KEY=VALUE words, or text */
	struct trace_call call;
	struct maps_line area;
};

/* ---- lines ---- */

struct trace_parser;

/* `name` stands in messages and must outlive the parser. NULL: no memory. */
struct trace_parser *trace_parser_create(const char *name);
void trace_parser_destroy(struct trace_parser *parser);

/*
 * Parses the next line (without its newline). 0 and an event, or -1: malformed;
 * trace_parser_error() is "FILE:LINE: what". The parser may go on with the next line.
 */
int trace_parse(struct trace_parser *parser, struct slice line, struct trace_event *event);
const char *trace_parser_error(const struct trace_parser *parser);

/* ---- words of @ lines: KEY=VALUE ... ---- */

/* The value of `key` in `words`; a value in quotes is returned without them, escapes as they
 * stand. false: not there. */
bool trace_word(struct slice words, const char *key, struct slice *value);
/* The same as a number (decimal, 0x, "unlimited" = UINT64_MAX); false also if it is none. */
bool trace_word_number(struct slice words, const char *key, uint64_t *value);
/* One such number. */
bool trace_number(struct slice text, uint64_t *value);

/* ---- whole files ---- */

struct trace;

/* Opens a trace; "-" is standard input; compressed or not. NULL: *error says why (a static
 * buffer). */
struct trace *trace_open(const char *path, const char **error);
void trace_close(struct trace *trace);

/*
 * The next event that is not TRACE_NOTHING. 1: an event; 0: the end; -1: malformed or unreadable,
 * trace_error() is "FILE:LINE: what".
 * A last line that was cut off (no newline, and it cannot be parsed) ends the trace, and
 * trace_cut_off() is then true.
 */
int trace_next(struct trace *trace, struct trace_event *event);
const char *trace_error(const struct trace *trace);
bool trace_cut_off(const struct trace *trace);

/* How far we are, in bytes of the file as it lies on the disk; total 0: unknown (a pipe). */
uint64_t trace_position(const struct trace *trace);
uint64_t trace_size(const struct trace *trace);
unsigned long trace_lines(const struct trace *trace);

#endif
