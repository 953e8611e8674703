/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Calls as strace prints them:
 *
 *	mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 3</lib/x.so>, 0) = 0x7f0a00000000 <0.000011>
 *	clone3({flags=..., stack=...} => {parent_tid=[7108]}, 88) = 7108
 *	exit_group(0)                     = ?
 *	futex(0x7f..., FUTEX_WAIT, 2, NULL <unfinished ...>) = ?
 *
 * A call of no interest is known by its name and not looked at any further; so nothing that an
 * argument of read() or sendmsg() may hold can disturb us.
 */

#include "trace_call.h"

#include "trace_value.h"

static const char *const names[CALL_KINDS] = {
	[CALL_OTHER] = "other",
	[CALL_MMAP] = "mmap",
	[CALL_MUNMAP] = "munmap",
	[CALL_MPROTECT] = "mprotect",
	[CALL_PKEY_MPROTECT] = "pkey_mprotect",
	[CALL_PKEY_ALLOC] = "pkey_alloc",
	[CALL_PKEY_FREE] = "pkey_free",
	[CALL_MREMAP] = "mremap",
	[CALL_BRK] = "brk",
	[CALL_MADVISE] = "madvise",
	[CALL_PROCESS_MADVISE] = "process_madvise",
	[CALL_MLOCK] = "mlock",
	[CALL_MLOCK2] = "mlock2",
	[CALL_MUNLOCK] = "munlock",
	[CALL_MLOCKALL] = "mlockall",
	[CALL_MUNLOCKALL] = "munlockall",
	[CALL_MSEAL] = "mseal",
	[CALL_REMAP_FILE_PAGES] = "remap_file_pages",
	[CALL_SHMGET] = "shmget",
	[CALL_SHMAT] = "shmat",
	[CALL_SHMDT] = "shmdt",
	[CALL_PRCTL] = "prctl",
	[CALL_ARCH_PRCTL] = "arch_prctl",
	[CALL_FORK] = "fork",
	[CALL_VFORK] = "vfork",
	[CALL_CLONE] = "clone",
	[CALL_CLONE3] = "clone3",
	[CALL_EXECVE] = "execve",
	[CALL_EXECVEAT] = "execveat",
	[CALL_EXIT] = "exit",
	[CALL_EXIT_GROUP] = "exit_group",
	[CALL_SETRLIMIT] = "setrlimit",
	[CALL_PRLIMIT64] = "prlimit64",
	[CALL_PERSONALITY] = "personality",
	[CALL_MBIND] = "mbind",
	[CALL_IO_SETUP] = "io_setup",
	[CALL_IO_DESTROY] = "io_destroy",
	[CALL_IOCTL] = "ioctl",
	[CALL_MAP_SHADOW_STACK] = "map_shadow_stack",
	[CALL_OPEN] = "open",
	[CALL_CLOSE] = "close",
	[CALL_CLOSE_RANGE] = "close_range",
	[CALL_DUP] = "dup",
	[CALL_FCNTL] = "fcntl",
};

/* Other spellings: numbers that an old strace has no name for, and calls that work alike. */
static const struct {
	const char *name;
	enum call_kind kind;
} spellings[] = {
	{ "openat", CALL_OPEN },
	{ "openat2", CALL_OPEN },
	{ "creat", CALL_OPEN },
	{ "memfd_create", CALL_OPEN },
	{ "memfd_secret", CALL_OPEN },
	{ "userfaultfd", CALL_OPEN },
	{ "dup2", CALL_DUP },
	{ "dup3", CALL_DUP },
	{ "syscall_0x1ce", CALL_MSEAL },
	{ "syscall_0x1c5", CALL_MAP_SHADOW_STACK },
};

const char *call_name(enum call_kind kind)
{
	return (unsigned)kind < CALL_KINDS ? names[kind] : "?";
}

enum call_kind call_find(struct slice name)
{
	for (unsigned kind = CALL_OTHER + 1; kind < CALL_KINDS; kind++)
		if (names[kind][0] == name.at[0] && slice_equal(name, names[kind]))
			return (enum call_kind)kind;
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
		if (slice_equal(name, spellings[i].name))
			return spellings[i].kind;
	return CALL_OTHER;
}

struct slice trace_call_name(struct slice text)
{
	size_t n = 0;

	while (n < text.length) {
		char c = text.at[n];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
		      (n > 0 && c >= '0' && c <= '9')))
			break;
		n++;
	}
	return (struct slice){ text.at, n };
}

/* ---- the result ---- */

/* " <0.000011>" at the end, from strace -T. */
static struct slice without_duration(struct slice text)
{
	size_t at;

	if (!slice_ends(text, ">"))
		return text;
	at = text.length - 1;
	while (at > 0 &&
	       ((text.at[at - 1] >= '0' && text.at[at - 1] <= '9') || text.at[at - 1] == '.'))
		at--;
	if (at < 2 || at == text.length - 1 || text.at[at - 1] != '<' || text.at[at - 2] != ' ')
		return text;
	return slice_trim((struct slice){ text.at, at - 2 });
}

/* "-1 ENOMEM (Cannot allocate memory)" or "-1 (errno 524)" after the "-1 ". */
static bool cut_error(struct slice text, struct trace_call *call)
{
	uint64_t number;
	struct slice word = slice_word(&text);

	if (slice_equal(word, "(errno")) {
		word = slice_word(&text);
		if (slice_ends(word, ")"))
			word.length--;
		if (!value_number(word, &number) || number == 0 || number > 4095)
			return false;
	} else if (!constant_find(CONSTANTS_ERRNO, word, &number)) {
		if (!slice_starts(word, "E"))
			return false;
		number = UNKNOWN_ERRNO;
	}
	call->result = RESULT_ERROR;
	call->error = (int)number;
	return true;
}

static bool cut_result(struct slice text, struct trace_call *call)
{
	struct slice rest, word;
	const char *angle;

	text = without_duration(slice_trim(text));
	call->result_text = text;
	rest = text;
	word = slice_word(&rest);
	if (slice_equal(word, "?")) {
		word = slice_word(&rest);
		call->result = slice_starts(word, "ERESTART") ? RESULT_RESTART : RESULT_NONE;
		return true;
	}
	if (slice_equal(word, "-1") && slice_trim(rest).length > 0)
		return cut_error(rest, call);
	angle = word.length == 0 ? NULL : memchr(word.at, '<', word.length);
	if (angle != NULL) /* a descriptor's path, or a child's name */
		word.length = (size_t)(angle - word.at);
	call->result = RESULT_VALUE;
	return value_number(word, &call->value);
}

/* ---- the call ---- */

/* Remarks that stand in the place of the rest of a call. */
static bool cut_remark(struct slice text, struct slice *head, const char *remark)
{
	size_t length = strlen(remark);

	if (!slice_ends(text, remark))
		return false;
	*head = slice_trim((struct slice){ text.at, text.length - length });
	return true;
}

/* "... <pid changed to N ...>" */
static bool cut_renamed(struct slice text, struct trace_call *call)
{
	static const char remark[] = "<pid changed to ";
	const char *at = text.at + text.length;

	if (!slice_ends(text, " ...>"))
		return false;
	while (at > text.at && *at != '<')
		at--;
	if (!slice_starts(slice_after(text, (size_t)(at - text.at)), remark))
		return false;
	text = slice_after(text, (size_t)(at - text.at) + strlen(remark));
	text.length -= strlen(" ...>");
	return value_number(text, &call->value);
}

static bool cut_unfinished(struct slice text, struct slice *head)
{
	return cut_remark(text, head, "<unfinished ...>") ||
	       cut_remark(text, head, "<detached ...>") ||
	       cut_remark(text, head, "<ptrace(SYSCALL):No such process>");
}

/* The arguments; *text is moved past the closing bracket. */
static const char *cut_arguments(struct slice *text, struct trace_call *call)
{
	for (;;) {
		size_t length = value_length(*text);
		struct slice argument, head;

		if (length == SIZE_MAX || length == text->length)
			return "the arguments do not end";
		argument = slice_trim((struct slice){ text->at, length });
		if (cut_unfinished(argument, &head))
			argument = head;
		if (argument.length > 0 || text->at[length] == ',') {
			if (call->count == CALL_ARGUMENTS)
				return "more arguments than a call can have";
			call->arguments[call->count++] = argument;
		}
		*text = slice_after(*text, length + 1);
		if (text->at[-1] == ')')
			return NULL;
		if (text->at[-1] != ',')
			return "a bracket that was never opened";
	}
}

/* As many arguments as there are, up to the end of an unfinished call. */
static void cut_head(struct slice text, struct trace_call *call)
{
	while (call->count < CALL_ARGUMENTS) {
		size_t length = value_length(text);

		if (length == SIZE_MAX || text.length == 0)
			return;
		call->arguments[call->count++] = slice_trim((struct slice){ text.at, length });
		text = slice_after(text, length + 1);
	}
}

enum call_state trace_call_cut(struct slice text, struct trace_call *call, struct slice *head,
			       const char **error)
{
	call->name = trace_call_name(text);
	if (call->name.length == 0 || call->name.length == text.length ||
	    text.at[call->name.length] != '(') {
		*error =
			"neither a call nor anything else of a trace (output of the program itself? "
			"strace -o keeps it apart)";
		return CALL_BROKEN;
	}
	call->kind = call_find(call->name);
	call->count = 0;
	if (cut_unfinished(text, head)) {
		if (call->kind != CALL_OTHER)
			cut_head(slice_after(*head, call->name.length + 1), call);
		return CALL_UNFINISHED;
	}
	if (call->kind == CALL_OTHER)
		return CALL_WHOLE;
	if (cut_renamed(text, call))
		return CALL_RENAMED;
	text = slice_after(text, call->name.length + 1);
	*error = cut_arguments(&text, call);
	if (*error != NULL)
		return CALL_BROKEN;
	text = slice_trim(text);
	*error = "no result after the arguments";
	if (!slice_starts(text, "="))
		return CALL_BROKEN;
	*error = "a result that cannot be read";
	return cut_result(slice_after(text, 1), call) ? CALL_WHOLE : CALL_BROKEN;
}
