/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * From lines to events.
 *
 * What can stand before a call, in this order, each of them only with some option of strace:
 *
 *	[pid  7106] 01:56:03.258240 (+     0.000012) [  9] [00007f3aff881ca3] mmap(...
 *	7106        1795312563.298  0.000198
 *	7106<comm>
 *
 * What strace tears apart is put together again here:
 *
 *	- "mmap(NULL, 4096 <unfinished ...>" waits, one per process, for "<... mmap resumed>...";
 *	- without -o, "strace: Process 7107 attached" can stand in the middle of a line, and the
 *	  rest of it, on the next line, has nothing before it.
 *
 * With "[pid N]" strace leaves the pid out as long as there is one process only. So a resumed line
 * may have a pid where its first half had none, and the other way round; and an execve that a
 * thread began is resumed by its leader. When the pid does not match, the name of the call decides.
 */

#include "trace.h"

#include <stdlib.h>

#include "trace_call.h"
#include "trace_value.h"
#include "trace_words.h"

#define PID_MOST    4194304 /* Linux's largest; a larger number in front of a line is a time */
#define PENDING_SET 64	    /* hash chains */

/* The first half of a call. */
struct pending {
	struct pending *next;
	int pid; /* 0: none stood there */
	unsigned long line;
	size_t length;
	char text[];
};

struct trace_parser {
	const char *name;
	unsigned long line;
	struct pending *pending[PENDING_SET];
	char *torn; /* a line's beginning, torn by a remark; NULL: none */
	size_t torn_length;
	struct buffer {
		char *text;
		size_t size;
	} mended, joined; /* what the last event points into */
	bool in_summary;  /* the table of strace -C */
	char error[512];
};

struct trace_parser *trace_parser_create(const char *name)
{
	struct trace_parser *parser = calloc(1, sizeof(*parser));

	if (parser != NULL)
		parser->name = name;
	return parser;
}

void trace_parser_destroy(struct trace_parser *parser)
{
	if (parser == NULL)
		return;
	for (size_t i = 0; i < PENDING_SET; i++) {
		while (parser->pending[i] != NULL) {
			struct pending *pending = parser->pending[i];

			parser->pending[i] = pending->next;
			free(pending);
		}
	}
	free(parser->torn);
	free(parser->mended.text);
	free(parser->joined.text);
	free(parser);
}

const char *trace_parser_error(const struct trace_parser *parser)
{
	return parser->error;
}

static int broken(struct trace_parser *parser, const char *what)
{
	snprintf(parser->error, sizeof(parser->error), "%.300s:%lu: %s", parser->name, parser->line,
		 what);
	return -1;
}

/* ---- what stands before a call ---- */

static size_t count_digits(struct slice text)
{
	size_t n = 0;

	while (n < text.length && text.at[n] >= '0' && text.at[n] <= '9')
		n++;
	return n;
}

/* Digits as a number; unlike value_number, 0 in front means nothing. */
static bool decimal(struct slice digits, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < digits.length; i++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (unsigned)(digits.at[i] - '0'), value))
			return false;
	return digits.length > 0;
}

/* Skips "<comm>" of strace -Y behind a pid. */
static void skip_comm(struct slice *text)
{
	const char *end;

	if (!slice_starts(*text, "<"))
		return;
	end = memchr(text->at, '>', text->length);
	if (end != NULL)
		*text = slice_after(*text, (size_t)(end - text->at) + 1);
}

/* A pid at the front: digits, and a blank or a comm behind. */
static bool take_pid(struct slice *text, struct trace_event *event)
{
	size_t digits = count_digits(*text);
	struct slice rest = slice_after(*text, digits);
	uint64_t pid;

	if (digits == 0 || digits > 7 || rest.length == 0 ||
	    (rest.at[0] != ' ' && rest.at[0] != '<') ||
	    !decimal((struct slice){ text->at, digits }, &pid) || pid == 0 || pid > PID_MOST)
		return false;
	skip_comm(&rest);
	event->has_pid = true;
	event->pid = (int)pid;
	*text = slice_trim(rest);
	return true;
}

/* "[pid N] " or "[pid N<comm>] ": -1 when it is none that can be read. */
static int take_pid_prefix(struct slice *text, struct trace_event *event)
{
	struct slice rest, number;
	uint64_t pid;

	if (!slice_starts(*text, "[pid "))
		return 0;
	rest = slice_trim(slice_after(*text, 5));
	number = (struct slice){ rest.at, count_digits(rest) };
	rest = slice_after(rest, number.length);
	skip_comm(&rest);
	if (number.length == 0 || number.length > 7 || !slice_starts(rest, "]") ||
	    !decimal(number, &pid) || pid > PID_MOST)
		return -1;
	event->has_pid = true;
	event->pid = (int)pid;
	*text = slice_trim(slice_after(rest, 1));
	return 0;
}

/* Decimals of a second after the '.', as microseconds. */
static uint64_t take_microseconds(struct slice *text)
{
	uint64_t value = 0;
	size_t n = 0;

	for (; n < text->length && text->at[n] >= '0' && text->at[n] <= '9'; n++)
		if (n < 6)
			value = value * 10 + (unsigned)(text->at[n] - '0');
	*text = slice_after(*text, n);
	for (; n < 6; n++)
		value *= 10;
	return value;
}

/* "01:56:03", "01:56:03.258240", "1795312563.298", "0.000198", "1795312564", each with a blank. */
static void take_time(struct slice *text, struct trace_event *event)
{
	struct slice rest = *text;
	uint64_t seconds = 0, part;

	for (unsigned colons = 0;; colons++) {
		size_t digits = count_digits(rest);

		if (!decimal((struct slice){ rest.at, digits }, &part))
			return;
		rest = slice_after(rest, digits);
		if (__builtin_mul_overflow(seconds, 60, &seconds) ||
		    __builtin_add_overflow(seconds, part, &seconds))
			return;
		if (colons == 2 || !slice_starts(rest, ":"))
			break;
		rest = slice_after(rest, 1);
	}
	part = 0;
	if (slice_starts(rest, ".")) {
		rest = slice_after(rest, 1);
		part = take_microseconds(&rest);
	}
	if (!slice_starts(rest, " ") || seconds > UINT64_MAX / 1000000 - 1)
		return;
	event->has_time = true;
	event->time = seconds * 1000000 + part;
	*text = slice_trim(rest);
}

/* "(+     0.000012) ", "[  9] ", "[00007f3aff881ca3] ". */
static void skip_brackets(struct slice *text)
{
	for (;;) {
		bool interval = slice_starts(*text, "(+");
		const char *allowed = interval ? " .0123456789" : " ?0123456789abcdef";
		size_t n = interval ? 2 : 1;

		if (!interval && !slice_starts(*text, "["))
			return;
		while (n < text->length && memchr(allowed, text->at[n], strlen(allowed)) != NULL)
			n++;
		if (n == text->length || text->at[n] != (interval ? ')' : ']'))
			return;
		*text = slice_trim(slice_after(*text, n + 1));
	}
}

static int take_prefix(struct slice *text, struct trace_event *event)
{
	bool indented = slice_starts(*text, " ");

	*text = slice_trim(*text);
	if (take_pid_prefix(text, event) < 0)
		return -1;
	if (!event->has_pid && !indented)
		take_pid(text, event);
	take_time(text, event);
	skip_brackets(text);
	return 0;
}

/* ---- calls in two halves ---- */

static struct pending **pending_slot(struct trace_parser *parser, int pid)
{
	struct pending **slot = &parser->pending[(unsigned)pid % PENDING_SET];

	while (*slot != NULL && (*slot)->pid != pid)
		slot = &(*slot)->next;
	return slot;
}

static void pending_drop(struct pending **slot)
{
	struct pending *pending = *slot;

	if (pending == NULL)
		return;
	*slot = pending->next;
	free(pending);
}

static bool pending_named(const struct pending *pending, struct slice name)
{
	return name.length == 0 ||
	       (pending->length > name.length && pending->text[name.length] == '(' &&
		memcmp(pending->text, name.at, name.length) == 0);
}

/* The first half that `pid` resumes; see the essay. */
static struct pending **pending_find(struct trace_parser *parser, const struct trace_event *event,
				     struct slice name)
{
	struct pending **slot = pending_slot(parser, event->pid);
	bool any = !event->has_pid || slice_equal(name, "execve") || slice_equal(name, "execveat");

	if (*slot != NULL && pending_named(*slot, name))
		return slot;
	slot = pending_slot(parser, 0);
	if (*slot != NULL && pending_named(*slot, name))
		return slot;
	for (size_t i = 0; any && i < PENDING_SET; i++)
		for (slot = &parser->pending[i]; *slot != NULL; slot = &(*slot)->next)
			if (pending_named(*slot, name))
				return slot;
	return NULL;
}

static int pending_add(struct trace_parser *parser, const struct trace_event *event,
		       struct slice head)
{
	struct pending **slot = pending_slot(parser, event->pid);
	struct pending *pending;

	pending_drop(slot);
	pending = malloc(sizeof(*pending) + head.length);
	if (pending == NULL)
		return broken(parser, "out of memory");
	slot = &parser->pending[(unsigned)event->pid % PENDING_SET];
	*pending = (struct pending){ *slot, event->pid, parser->line, head.length };
	memcpy(pending->text, head.at, head.length);
	*slot = pending;
	return 0;
}

/* buffer = a + b. */
static bool join(struct buffer *buffer, struct slice a, struct slice b)
{
	size_t size = a.length + b.length;

	if (size > buffer->size) {
		char *text = realloc(buffer->text, size * 2);

		if (text == NULL)
			return false;
		buffer->text = text;
		buffer->size = size * 2;
	}
	if (a.length > 0)
		memcpy(buffer->text, a.at, a.length);
	if (b.length > 0)
		memcpy(buffer->text + a.length, b.at, b.length);
	return true;
}

/* ---- each kind of line ---- */

static int parse_call(struct trace_parser *parser, struct slice text, struct trace_event *event)
{
	const char *error;
	struct slice head = text;

	if (event->call.start_line == 0)
		event->call.start_line = parser->line;
	switch (trace_call_cut(text, &event->call, &head, &error)) {
	case CALL_WHOLE:
		event->kind = event->call.kind == CALL_OTHER ? TRACE_OTHER : TRACE_CALL;
		return 0;
	case CALL_UNFINISHED:
		event->kind = event->call.kind == CALL_OTHER ? TRACE_OTHER : TRACE_START;
		if (event->kind == TRACE_OTHER)
			return 0;
		return pending_add(parser, event, head);
	case CALL_RENAMED:
		event->kind = TRACE_RENAMED;
		event->number = event->call.value;
		return pending_add(parser, event, slice_trim(head));
	case CALL_BROKEN:
		break;
	}
	return broken(parser, error);
}

/* "<... mmap resumed>, 4096) = 0x7f..." */
static int parse_resumed(struct trace_parser *parser, struct slice text, struct trace_event *event)
{
	static const char start[] = "<... ", middle[] = " resumed>";
	struct slice name = trace_call_name(slice_after(text, strlen(start)));
	struct slice rest = slice_after(text, strlen(start) + name.length);
	struct pending **slot;
	bool good;

	event->kind = TRACE_OTHER;
	if (slice_starts(rest, middle))
		rest = slice_after(rest, strlen(middle));
	else if (name.length > 0 || !slice_starts(rest, middle + 1))
		return broken(parser, "\"<...\" without \"resumed>\"");
	else
		rest = slice_after(rest, strlen(middle) - 1);
	event->call.joined = true;
	if (name.length > 0 && call_find(name) == CALL_OTHER)
		return 0;
	slot = pending_find(parser, event, name);
	if (slot == NULL)
		return 0; /* it began before the log did, or is of no interest */
	event->call.start_line = (*slot)->line;
	if (!event->has_pid && (*slot)->pid != 0) {
		event->has_pid = true;
		event->pid = (*slot)->pid;
	}
	good = join(&parser->joined, (struct slice){ (*slot)->text, (*slot)->length }, rest);
	text = (struct slice){ parser->joined.text, (*slot)->length + rest.length };
	pending_drop(slot);
	return good ? parse_call(parser, slice_trim(text), event) : broken(parser, "out of memory");
}

/* "+++ exited with 0 +++", "+++ superseded by execve in pid 7107 +++" */
static int parse_exit(struct trace_parser *parser, struct slice text, struct trace_event *event)
{
	static const char superseded[] = "+++ superseded by execve in pid ";
	struct slice number = slice_after(text, strlen(superseded));

	if (slice_starts(text, superseded)) {
		event->kind = TRACE_SUPERSEDED;
		number.length = count_digits(number);
		return decimal(number, &event->number) ? 0
						       : broken(parser, "superseded by no process");
	}
	if (!slice_starts(text, "+++ exited with ") && !slice_starts(text, "+++ killed by ") &&
	    !slice_starts(text, "+++ detached"))
		return broken(parser, "an end of a process that is neither exit nor signal");
	event->kind = TRACE_EXITED;
	pending_drop(pending_slot(parser, event->pid));
	return 0;
}

/* "Process N attached", "[ Process PID=N runs in 32 bit mode. ]": after "strace: ", or alone. */
static void parse_remark(struct slice text, struct trace_event *event)
{
	static const char attached[] = "Process ", runs[] = "[ Process PID=";
	struct slice rest;

	if (slice_starts(text, attached) && slice_ends(text, " attached")) {
		rest = slice_after(text, strlen(attached));
		if (take_pid(&rest, event))
			event->kind = TRACE_ATTACHED;
	} else if (slice_starts(text, runs)) {
		rest = slice_after(text, strlen(runs));
		if (!take_pid(&rest, event))
			return;
		event->kind = TRACE_BITS;
		event->number = slice_starts(rest, "runs in 64 bit") ? 64 : 32;
	}
}

/* The table of -C, blank lines, stack lines (-k), dumps (-e read). true: nothing more to do. */
static bool skip_line(struct trace_parser *parser, struct slice text)
{
	if (slice_starts(text, "% time"))
		parser->in_summary = true;
	if (parser->in_summary) {
		if (slice_ends(text, " total"))
			parser->in_summary = false;
		return true;
	}
	return text.length == 0 || slice_starts(text, " > ") || slice_starts(text, " | ") ||
	       slice_starts(text, "System call usage summary");
}

/* "pause(strace: Process 7107 attached": keeps the beginning, returns the remark. */
static int tear(struct trace_parser *parser, struct slice text, struct slice *remark)
{
	static const char mark[] = "strace: Process ";
	const char *at;

	*remark = (struct slice){ text.at, 0 };
	if (!slice_ends(text, " attached"))
		return 0;
	at = memmem(text.at, text.length, mark, strlen(mark));
	if (at == NULL || at == text.at)
		return 0;
	*remark = slice_after(text, (size_t)(at - text.at) + strlen("strace: "));
	if (parser->torn != NULL)
		return broken(parser, "a line torn twice");
	parser->torn_length = (size_t)(at - text.at);
	parser->torn = malloc(parser->torn_length);
	if (parser->torn == NULL)
		return broken(parser, "out of memory");
	memcpy(parser->torn, text.at, parser->torn_length);
	return 0;
}

static int parse_line(struct trace_parser *parser, struct slice text, struct trace_event *event)
{
	if (slice_starts(text, "[ Process PID=")) {
		parse_remark(text, event);
		return 0;
	}
	if (take_prefix(&text, event) < 0)
		return broken(parser, "a process id that cannot be read");
	event->text = text;
	if (slice_starts(text, "@")) {
		const char *error = trace_words_parse(text, event);

		return error == NULL ? 0 : broken(parser, error);
	}
	if (slice_starts(text, "<... "))
		return parse_resumed(parser, text, event);
	if (slice_starts(text, "+++ "))
		return parse_exit(parser, text, event);
	if (slice_starts(text, "--- ")) {
		text = slice_after(text, 4);
		event->kind = TRACE_SIGNAL;
		event->words = slice_word(&text);
		return 0;
	}
	return parse_call(parser, text, event);
}

int trace_parse(struct trace_parser *parser, struct slice line, struct trace_event *event)
{
	struct slice text = line, remark;

	memset(event, 0, sizeof(*event));
	event->file = parser->name;
	event->line = ++parser->line;
	while (text.length > 0 &&
	       (text.at[text.length - 1] == '\r' || text.at[text.length - 1] == ' '))
		text.length--;
	event->text = text;
	if (skip_line(parser, text))
		return 0;
	if (slice_starts(text, "strace: ")) {
		parse_remark(slice_after(text, strlen("strace: ")), event);
		return 0;
	}
	if (tear(parser, text, &remark) < 0)
		return -1;
	if (remark.length > 0) {
		parse_remark(remark, event);
		return 0;
	}
	if (parser->torn != NULL) {
		bool good = join(&parser->mended,
				 (struct slice){ parser->torn, parser->torn_length }, text);

		text = (struct slice){ parser->mended.text, parser->torn_length + text.length };
		free(parser->torn);
		parser->torn = NULL;
		if (!good)
			return broken(parser, "out of memory");
	}
	return parse_line(parser, text, event);
}
