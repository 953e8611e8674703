/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "script.h"

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Scripts of more calls may make more areas than can be read at each step. */
#define SCRIPT_LARGE 5000

/* The kinds of arguments. */
enum kind {
	NUMBER,
	PROT,
	MAP,
	REMAP,
	ADVICE,
	LOCK,
	LOCK_ALL,
	FILES,
	SEGMENT,
	SHM,
	RESOURCE,
	PERSONA,
	PROCESS,
	ACCESS,
	UFFD,
};

static const struct {
	const char *name;
	uint8_t count;
	uint8_t kinds[CALL_ARGS];
} specs[CALL_COUNT] = {
	[CALL_MMAP] = { "mmap", 6, { NUMBER, NUMBER, PROT, MAP, FILES, NUMBER } },
	[CALL_MUNMAP] = { "munmap", 2, { NUMBER, NUMBER } },
	[CALL_MPROTECT] = { "mprotect", 3, { NUMBER, NUMBER, PROT } },
	[CALL_PKEY] = { "pkey_mprotect", 4, { NUMBER, NUMBER, PROT, NUMBER } },
	[CALL_MREMAP] = { "mremap", 5, { NUMBER, NUMBER, NUMBER, REMAP, NUMBER } },
	[CALL_BRK] = { "brk", 1, { NUMBER } },
	[CALL_MADVISE] = { "madvise", 3, { NUMBER, NUMBER, ADVICE } },
	[CALL_MLOCK] = { "mlock", 2, { NUMBER, NUMBER } },
	[CALL_MLOCK2] = { "mlock2", 3, { NUMBER, NUMBER, LOCK } },
	[CALL_MUNLOCK] = { "munlock", 2, { NUMBER, NUMBER } },
	[CALL_MLOCKALL] = { "mlockall", 1, { LOCK_ALL } },
	[CALL_MUNLOCKALL] = { "munlockall", 0, { 0 } },
	[CALL_MSEAL] = { "mseal", 3, { NUMBER, NUMBER, NUMBER } },
	[CALL_REMAP_FILE] = { "remap_file_pages", 5, { NUMBER, NUMBER, PROT, NUMBER, MAP } },
	[CALL_SHMAT] = { "shmat", 3, { SEGMENT, NUMBER, SHM } },
	[CALL_SHMDT] = { "shmdt", 1, { NUMBER } },
	[CALL_NAME] = { "set_name", 3, { NUMBER, NUMBER, NUMBER } },
	[CALL_REGISTER] = { "uffd_register", 4, { NUMBER, NUMBER, NUMBER, UFFD } },
	[CALL_UNREGISTER] = { "uffd_unregister", 3, { NUMBER, NUMBER, NUMBER } },
	[CALL_SETRLIMIT] = { "setrlimit", 2, { RESOURCE, NUMBER } },
	[CALL_PERSONALITY] = { "personality", 1, { PERSONA } },
	[CALL_FORK] = { "fork", 1, { PROCESS } },
	[CALL_EXIT] = { "exit", 0, { 0 } },
	[CALL_TOUCH] = { "touch", 2, { NUMBER, ACCESS } },
};

/* Names of values. A mask other than 0: a field of several bits; else each bit by itself. */
static const struct {
	enum kind kind;
	const char *name;
	uint64_t value, mask;
} names[] = {
	{ PROT, "PROT_READ", 1, 0 },
	{ PROT, "PROT_WRITE", 2, 0 },
	{ PROT, "PROT_EXEC", 4, 0 },
	{ PROT, "PROT_SEM", 8, 0 },
	{ PROT, "PROT_GROWSDOWN", 0x01000000, 0 },
	{ PROT, "PROT_GROWSUP", 0x02000000, 0 },
	{ PROT, "PROT_NONE", 0, UINT64_MAX },
	{ MAP, "MAP_SHARED", 1, 15 },
	{ MAP, "MAP_PRIVATE", 2, 15 },
	{ MAP, "MAP_SHARED_VALIDATE", 3, 15 },
	{ MAP, "MAP_DROPPABLE", 8, 15 },
	{ MAP, "MAP_FIXED", 0x10, 0 },
	{ MAP, "MAP_ANONYMOUS", 0x20, 0 },
	{ MAP, "MAP_32BIT", 0x40, 0 },
	{ MAP, "MAP_ABOVE4G", 0x80, 0 },
	{ MAP, "MAP_GROWSDOWN", 0x100, 0 },
	{ MAP, "MAP_DENYWRITE", 0x800, 0 },
	{ MAP, "MAP_EXECUTABLE", 0x1000, 0 },
	{ MAP, "MAP_LOCKED", 0x2000, 0 },
	{ MAP, "MAP_NORESERVE", 0x4000, 0 },
	{ MAP, "MAP_POPULATE", 0x8000, 0 },
	{ MAP, "MAP_NONBLOCK", 0x10000, 0 },
	{ MAP, "MAP_STACK", 0x20000, 0 },
	{ MAP, "MAP_HUGETLB", 0x40000, 0 },
	{ MAP, "MAP_SYNC", 0x80000, 0 },
	{ MAP, "MAP_FIXED_NOREPLACE", 0x100000, 0 },
	{ REMAP, "MREMAP_MAYMOVE", 1, 0 },
	{ REMAP, "MREMAP_FIXED", 2, 0 },
	{ REMAP, "MREMAP_DONTUNMAP", 4, 0 },
	{ ADVICE, "MADV_NORMAL", 0, UINT64_MAX },
	{ ADVICE, "MADV_RANDOM", 1, UINT64_MAX },
	{ ADVICE, "MADV_SEQUENTIAL", 2, UINT64_MAX },
	{ ADVICE, "MADV_WILLNEED", 3, UINT64_MAX },
	{ ADVICE, "MADV_DONTNEED", 4, UINT64_MAX },
	{ ADVICE, "MADV_FREE", 8, UINT64_MAX },
	{ ADVICE, "MADV_REMOVE", 9, UINT64_MAX },
	{ ADVICE, "MADV_DONTFORK", 10, UINT64_MAX },
	{ ADVICE, "MADV_DOFORK", 11, UINT64_MAX },
	{ ADVICE, "MADV_MERGEABLE", 12, UINT64_MAX },
	{ ADVICE, "MADV_UNMERGEABLE", 13, UINT64_MAX },
	{ ADVICE, "MADV_HUGEPAGE", 14, UINT64_MAX },
	{ ADVICE, "MADV_NOHUGEPAGE", 15, UINT64_MAX },
	{ ADVICE, "MADV_DONTDUMP", 16, UINT64_MAX },
	{ ADVICE, "MADV_DODUMP", 17, UINT64_MAX },
	{ ADVICE, "MADV_WIPEONFORK", 18, UINT64_MAX },
	{ ADVICE, "MADV_KEEPONFORK", 19, UINT64_MAX },
	{ ADVICE, "MADV_COLD", 20, UINT64_MAX },
	{ ADVICE, "MADV_PAGEOUT", 21, UINT64_MAX },
	{ ADVICE, "MADV_POPULATE_READ", 22, UINT64_MAX },
	{ ADVICE, "MADV_POPULATE_WRITE", 23, UINT64_MAX },
	{ ADVICE, "MADV_DONTNEED_LOCKED", 24, UINT64_MAX },
	{ ADVICE, "MADV_GUARD_INSTALL", 102, UINT64_MAX },
	{ ADVICE, "MADV_GUARD_REMOVE", 103, UINT64_MAX },
	{ LOCK, "MLOCK_ONFAULT", 1, 0 },
	{ LOCK_ALL, "MCL_CURRENT", 1, 0 },
	{ LOCK_ALL, "MCL_FUTURE", 2, 0 },
	{ LOCK_ALL, "MCL_ONFAULT", 4, 0 },
	{ FILES, "none", FILE_NONE, UINT64_MAX },
	{ FILES, "memfd", FILE_MEMFD, UINT64_MAX },
	{ FILES, "tmpfs", FILE_TMPFS, UINT64_MAX },
	{ FILES, "disk", FILE_DISK, UINT64_MAX },
	{ FILES, "disk_again", FILE_DISK_AGAIN, UINT64_MAX },
	{ FILES, "read_only", FILE_READ_ONLY, UINT64_MAX },
	{ FILES, "write_only", FILE_WRITE_ONLY, UINT64_MAX },
	{ FILES, "zero", FILE_ZERO, UINT64_MAX },
	{ FILES, "sealed", FILE_SEALED, UINT64_MAX },
	{ FILES, "sealed_future", FILE_SEALED_FUTURE, UINT64_MAX },
	{ FILES, "append", FILE_APPEND, UINT64_MAX },
	{ FILES, "noexec", FILE_NOEXEC, UINT64_MAX },
	{ FILES, "pipe", FILE_PIPE, UINT64_MAX },
	{ FILES, "directory", FILE_DIRECTORY, UINT64_MAX },
	{ FILES, "path", FILE_PATH, UINT64_MAX },
	{ FILES, "closed", FILE_CLOSED, UINT64_MAX },
	{ SEGMENT, "page", 0, UINT64_MAX },
	{ SEGMENT, "five_pages", 1, UINT64_MAX },
	{ SEGMENT, "two_mib", 2, UINT64_MAX },
	{ SHM, "SHM_RDONLY", 010000, 0 },
	{ SHM, "SHM_RND", 020000, 0 },
	{ SHM, "SHM_REMAP", 040000, 0 },
	{ SHM, "SHM_EXEC", 0100000, 0 },
	{ RESOURCE, "RLIMIT_DATA", 2, UINT64_MAX },
	{ RESOURCE, "RLIMIT_STACK", 3, UINT64_MAX },
	{ RESOURCE, "RLIMIT_MEMLOCK", 8, UINT64_MAX },
	{ RESOURCE, "RLIMIT_AS", 9, UINT64_MAX },
	{ PERSONA, "ADDR_NO_RANDOMIZE", 0x0040000, 0 },
	{ PERSONA, "ADDR_COMPAT_LAYOUT", 0x0200000, 0 },
	{ PERSONA, "READ_IMPLIES_EXEC", 0x0400000, 0 },
	{ ACCESS, "read", TOUCH_READ, UINT64_MAX },
	{ ACCESS, "write", TOUCH_WRITE, UINT64_MAX },
	{ ACCESS, "exec", TOUCH_EXEC, UINT64_MAX },
	{ UFFD, "MISSING", 1, 0 },
	{ UFFD, "WP", 2, 0 },
	{ UFFD, "MINOR", 4, 0 },
};
#define NAMES (sizeof(names) / sizeof(names[0]))

static void print_value(FILE *out, enum kind kind, uint64_t value)
{
	const char *between = "";
	uint64_t rest = value;
	size_t i;

	if (kind == PROCESS) {
		fprintf(out, "P%" PRIu64, value);
		return;
	}
	for (i = 0; i < NAMES; i++) {
		uint64_t mask = names[i].mask ? names[i].mask : names[i].value;

		if (names[i].kind != kind || (value & mask) != names[i].value)
			continue;
		fprintf(out, "%s%s", between, names[i].name);
		between = "|";
		rest &= ~names[i].value;
		if (mask == UINT64_MAX)
			return;
	}
	if (rest != 0 || between[0] == '\0')
		fprintf(out, rest < 10 ? "%s%" PRIu64 : "%s0x%" PRIx64, between, rest);
}

char *script_call_text(const struct call *call, char text[CALL_TEXT])
{
	FILE *out = fmemopen(text, CALL_TEXT, "w");
	int i;

	fprintf(out, "P%u %s(", call->process, specs[call->op].name);
	for (i = 0; i < specs[call->op].count; i++) {
		fputs(i ? ", " : "", out);
		print_value(out, specs[call->op].kinds[i], call->args[i]);
	}
	fputs(")", out);
	fclose(out);
	return text;
}

void script_add(struct script *script, const struct call *call)
{
	if ((script->count & (script->count - 1)) == 0) {
		uint32_t room = script->count ? script->count * 2 : 1;

		script->calls = realloc(script->calls, room * sizeof(*call));
		if (!script->calls)
			err(2, "no memory");
	}
	script->calls[script->count++] = *call;
}

void script_print(FILE *out, const struct script *script)
{
	char text[CALL_TEXT];
	uint32_t i;

	if (!script->setup.privileged || script->setup.legacy)
		fprintf(out, "setup%s%s\n", script->setup.privileged ? "" : " unprivileged",
			script->setup.legacy ? " legacy" : "");
	for (i = 0; i < script->count; i++)
		fprintf(out, "%s\n", script_call_text(&script->calls[i], text));
}

/* One of the |-separated parts of a value. */
static bool parse_part(enum kind kind, const char *part, uint64_t *value)
{
	const char *digits = kind == PROCESS && part[0] == 'P' ? part + 1 : part;
	char *end;
	size_t i;

	for (i = 0; i < NAMES; i++)
		if (names[i].kind == kind && strcmp(names[i].name, part) == 0) {
			*value |= names[i].value;
			return true;
		}
	errno = 0;
	*value |= strtoull(digits, &end, 0);
	return errno == 0 && end != digits && *end == '\0' && digits[0] != '-';
}

static bool parse_value(enum kind kind, char *text, uint64_t *value)
{
	char *part, *state = NULL;
	bool some = false;

	*value = 0;
	for (part = strtok_r(text, "| \t", &state); part; part = strtok_r(NULL, "| \t", &state)) {
		if (!parse_part(kind, part, value))
			return false;
		some = true;
	}
	return some;
}

static bool parse_arguments(char *text, struct call *call)
{
	char *argument, *state = NULL;
	int i = 0;

	for (argument = strtok_r(text, ",", &state); argument;
	     argument = strtok_r(NULL, ",", &state)) {
		if (i == specs[call->op].count)
			return false;
		if (!parse_value(specs[call->op].kinds[i], argument, &call->args[i]))
			return false;
		i++;
	}
	return i == specs[call->op].count;
}

static bool parse_call(char *line, struct call *call)
{
	char *open = strchr(line, '('), *close = strrchr(line, ')'), *end;
	unsigned long process;

	memset(call, 0, sizeof(*call));
	if (line[0] != 'P' || !open || !close || close < open)
		return false;
	*open = *close = '\0';
	process = strtoul(line + 1, &end, 10);
	if (end == line + 1 || *end != ' ' || process >= PROCESSES_MAX)
		return false;
	call->process = (uint16_t)process;
	while (*end == ' ')
		end++;
	for (call->op = 0; call->op < CALL_COUNT; call->op++)
		if (strcmp(specs[call->op].name, end) == 0)
			return parse_arguments(open + 1, call);
	return false;
}

static bool parse_line(char *line, struct script *script)
{
	struct call call;
	char *word;

	line[strcspn(line, "#\n")] = '\0';
	while (isspace((unsigned char)*line))
		line++;
	if (*line == '\0')
		return true;
	if (strncmp(line, "setup", 5) != 0) {
		if (!parse_call(line, &call))
			return false;
		script_add(script, &call);
		return true;
	}
	for (word = strtok(line + 5, " \t"); word; word = strtok(NULL, " \t")) {
		if (strcmp(word, "unprivileged") == 0)
			script->setup.privileged = 0;
		else if (strcmp(word, "legacy") == 0)
			script->setup.legacy = 1;
		else
			return false;
	}
	return true;
}

bool script_read(const char *path, struct script *script)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	char *line = NULL;
	size_t room = 0;
	uint32_t number = 0;
	bool good = true;

	memset(script, 0, sizeof(*script));
	script->setup.privileged = 1;
	if (!in) {
		warn("%s", path);
		return false;
	}
	while (good && getline(&line, &room, in) >= 0) {
		number++;
		good = parse_line(line, script);
		if (!good)
			warnx("%s:%u: not a call", path, number);
	}
	free(line);
	if (in != stdin)
		fclose(in);
	script->setup.huge_text = script->count > SCRIPT_LARGE;
	return good;
}

void script_sample(const struct script *script, uint32_t *smaps_every, uint32_t *maps_every)
{
	bool large = script->count > SCRIPT_LARGE;

	*smaps_every = large ? 0 : 1;
	*maps_every = large ? script->count : 1;
}

void script_free(struct script *script)
{
	free(script->calls);
	memset(script, 0, sizeof(*script));
}
