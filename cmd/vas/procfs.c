/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * What /proc says of a live process.
 *
 * Everything here is text that the kernel prints, read whole with as few calls as it takes and
 * parsed by hand: the recorder reads some of these files at every exec and exit of the program
 * it records, so a call of sscanf for each line would show.
 *
 * Costs: /proc/PID/maps is one walk over the areas; smaps walks the page tables as well, so it
 * grows with the memory in use. The kernel prints maps a buffer at a time and finds its place
 * again by address, so no line is ever torn, but only a stopped process gives one state.
 */

#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

enum {
	FIRST_READ = 16 * 1024,
	PAGE_KB = 4,
};

struct cursor {
	const char *at, *end;
};

static bool take_number(struct cursor *cursor, unsigned base, uint64_t *value)
{
	const char *start = cursor->at;

	for (*value = 0; cursor->at < cursor->end; cursor->at++) {
		unsigned char c = (unsigned char)*cursor->at;
		unsigned digit = c >= '0' && c <= '9'	? c - (unsigned)'0'
				 : c >= 'a' && c <= 'f' ? c - (unsigned)'a' + 10
							: 16;

		if (digit >= base)
			break;
		if (*value > (UINT64_MAX - digit) / base)
			return false;
		*value = *value * base + digit;
	}
	return cursor->at > start;
}

static bool take(struct cursor *cursor, char c)
{
	if (cursor->at >= cursor->end || *cursor->at != c)
		return false;
	cursor->at++;
	return true;
}

/* One of two letters; *set when it is the first. */
static bool take_letter(struct cursor *cursor, char yes, char no, bool *set)
{
	*set = take(cursor, yes);
	return *set || take(cursor, no);
}

bool proc_parse_area(const char *line, size_t length, struct proc_area *area)
{
	struct cursor cursor = { line, line + length };
	uint64_t major, minor;
	bool ok;

	*area = (struct proc_area){ .path = "" };
	if (length > 0 && line[length - 1] == '\n')
		cursor.end--;
	ok = take_number(&cursor, 16, &area->start) && take(&cursor, '-') &&
	     take_number(&cursor, 16, &area->end) && take(&cursor, ' ') &&
	     take_letter(&cursor, 'r', '-', &area->read) &&
	     take_letter(&cursor, 'w', '-', &area->write) &&
	     take_letter(&cursor, 'x', '-', &area->execute) &&
	     take_letter(&cursor, 's', 'p', &area->shared) && take(&cursor, ' ') &&
	     take_number(&cursor, 16, &area->offset) && take(&cursor, ' ') &&
	     take_number(&cursor, 16, &major) && take(&cursor, ':') &&
	     take_number(&cursor, 16, &minor) && take(&cursor, ' ') &&
	     take_number(&cursor, 10, &area->inode);
	if (!ok || area->start >= area->end || major > UINT32_MAX || minor > UINT32_MAX)
		return false;
	area->major = (uint32_t)major;
	area->minor = (uint32_t)minor;
	if (cursor.at == cursor.end)
		return true;
	if (!take(&cursor, ' '))
		return false;
	while (take(&cursor, ' '))
		continue;
	area->path = cursor.at;
	area->path_length = (size_t)(cursor.end - cursor.at);
	return true;
}

int proc_read(struct proc_buffer *buffer, pid_t pid, const char *name)
{
	char path[96];
	ssize_t got;
	int fd, error = 0;

	if (pid == 0)
		snprintf(path, sizeof(path), "/proc/%s", name);
	else
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	buffer->length = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (;;) {
		if (buffer->size - buffer->length < FIRST_READ) {
			size_t size = buffer->size * 2 + 2 * FIRST_READ;
			char *text = realloc(buffer->text, size);

			if (!text) {
				error = -ENOMEM;
				break;
			}
			buffer->text = text;
			buffer->size = size;
		}
		got = read(fd, buffer->text + buffer->length, buffer->size - buffer->length - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			error = got < 0 ? -errno : 0;
			break;
		}
		buffer->length += (size_t)got;
	}
	close(fd);
	if (buffer->text)
		buffer->text[buffer->length] = '\0';
	return error;
}

bool proc_field(const char *text, const char *key, int base, uint64_t *value)
{
	size_t length = strlen(key);

	while (text && strncmp(text, key, length) != 0) {
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	if (!text)
		return false;
	errno = 0;
	*value = strtoull(text + length, NULL, base);
	return errno == 0;
}

/* A line of smaps that is not the head of an area: "Rss:    4 kB". */
static void add_detail(struct proc_area *area, const char *line, size_t length)
{
	static const struct {
		const char *key;
		size_t length, offset;
	} figures[] = {
#define FIGURE(key, member) { key, sizeof(key) - 1, offsetof(struct proc_area, member) }
		FIGURE("Rss:", rss_kb),
		FIGURE("Anonymous:", anonymous_kb),
		FIGURE("Swap:", swap_kb),
		FIGURE("Locked:", locked_kb),
		FIGURE("KernelPageSize:", page_kb),
#undef FIGURE
	};
	static const char flags[] = "VmFlags: ";

	for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++) {
		if (length > figures[i].length &&
		    memcmp(line, figures[i].key, figures[i].length) == 0) {
			uint64_t value = strtoull(line + figures[i].length, NULL, 10);

			memcpy((char *)area + figures[i].offset, &value, sizeof(value));
			return;
		}
	}
	if (length >= sizeof(flags) - 1 && memcmp(line, flags, sizeof(flags) - 1) == 0) {
		length -= sizeof(flags) - 1;
		while (length > 0 && line[sizeof(flags) - 2 + length] == ' ')
			length--;
		if (length >= sizeof(area->flags))
			length = sizeof(area->flags) - 1;
		memcpy(area->flags, line + sizeof(flags) - 1, length);
		area->flags[length] = '\0';
	}
}

static bool is_area_head(const char *line)
{
	return (*line >= '0' && *line <= '9') || (*line >= 'a' && *line <= 'f');
}

static int parse_areas(struct proc_areas *areas, const char *text)
{
	size_t room = 0;
	const char *next;

	for (const char *line = text; *line; line = next) {
		size_t length = (size_t)(strchrnul(line, '\n') - line);

		next = line + length + (line[length] == '\n');
		if (!is_area_head(line)) {
			if (areas->count > 0)
				add_detail(&areas->list[areas->count - 1], line, length);
			continue;
		}
		if (areas->count == room) {
			struct proc_area *list;

			room = room * 2 + 64;
			list = realloc(areas->list, room * sizeof(*list));
			if (!list)
				return -ENOMEM;
			areas->list = list;
		}
		if (!proc_parse_area(line, length, &areas->list[areas->count]))
			return -EPROTO;
		areas->count++;
	}
	return 0;
}

int proc_read_areas(pid_t pid, bool details, struct proc_areas *areas)
{
	struct proc_buffer buffer = { 0 };
	int error = proc_read(&buffer, pid, details ? "smaps" : "maps");

	*areas = (struct proc_areas){ .text = buffer.text };
	if (!error)
		error = parse_areas(areas, buffer.text);
	if (error)
		proc_free_areas(areas);
	return error;
}

void proc_free_areas(struct proc_areas *areas)
{
	free(areas->list);
	free(areas->text);
	*areas = (struct proc_areas){ 0 };
}

static uint64_t take_limit(const char **at)
{
	*at += strspn(*at, " ");
	if (strncmp(*at, "unlimited", 9) == 0) {
		*at += 9;
		return UINT64_MAX;
	}
	return strtoull(*at, (char **)at, 10);
}

static void find_limit(const char *text, const char *key, struct proc_limit *limit)
{
	const char *at = strstr(text, key);

	*limit = (struct proc_limit){ UINT64_MAX, UINT64_MAX };
	if (!at)
		return;
	at += strlen(key);
	limit->soft = take_limit(&at);
	limit->hard = take_limit(&at);
}

int proc_read_limits(pid_t pid, struct proc_limits *limits)
{
	struct proc_buffer buffer = { 0 };
	int error = proc_read(&buffer, pid, "limits");

	if (!error) {
		find_limit(buffer.text, "Max address space ", &limits->as);
		find_limit(buffer.text, "Max data size ", &limits->data);
		find_limit(buffer.text, "Max stack size ", &limits->stack);
		find_limit(buffer.text, "Max locked memory ", &limits->memlock);
	}
	free(buffer.text);
	return error;
}

/* The fields of /proc/PID/stat, counted from 1 as proc(5) does; the second may hold blanks. */
static void read_stat(const char *text, struct proc_layout *layout)
{
	static const struct {
		unsigned field;
		size_t offset;
	} wanted[] = {
		{ 26, offsetof(struct proc_layout, start_code) },
		{ 27, offsetof(struct proc_layout, end_code) },
		{ 28, offsetof(struct proc_layout, start_stack) },
		{ 45, offsetof(struct proc_layout, start_data) },
		{ 46, offsetof(struct proc_layout, end_data) },
		{ 47, offsetof(struct proc_layout, start_brk) },
	};
	const char *at = strrchr(text, ')');
	unsigned field = 2;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		uint64_t value;

		for (; at && field < wanted[i].field; field++) {
			at = strchr(at, ' ');
			if (at)
				at++;
		}
		if (!at)
			return;
		value = strtoull(at, NULL, 10);
		memcpy((char *)layout + wanted[i].offset, &value, sizeof(value));
	}
}

int proc_read_layout(pid_t pid, struct proc_layout *layout)
{
	struct proc_buffer buffer = { 0 };
	int error;

	*layout = (struct proc_layout){ 0 };
	error = proc_read(&buffer, pid, "stat");
	if (!error)
		read_stat(buffer.text, layout);
	if (!error && proc_read(&buffer, pid, "personality") == 0)
		layout->personality = strtoull(buffer.text, NULL, 16);
	free(buffer.text);
	return error;
}

/* The kernel asks for these capabilities in its first namespace, whose number never changes. */
static bool in_first_user_namespace(pid_t pid)
{
	static const char first[] = "user:[4026531837]";
	char path[48], link[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	length = readlink(path, link, sizeof(link));
	return length < 0 ||
	       ((size_t)length == sizeof(first) - 1 && memcmp(link, first, sizeof(first) - 1) == 0);
}

int proc_read_privileges(pid_t pid, struct proc_privileges *privileges)
{
	struct proc_buffer buffer = { 0 };
	uint64_t value;
	int error;

	*privileges = (struct proc_privileges){ 0 };
	error = proc_read(&buffer, pid, "status");
	if (!error && proc_field(buffer.text, "Uid:\t", 10, &value))
		privileges->uid = (uid_t)value;
	if (!error && proc_field(buffer.text, "CapEff:\t", 16, &value) &&
	    in_first_user_namespace(pid))
		privileges->capabilities = value;
	free(buffer.text);
	return error;
}

static uint64_t read_sysctl(const char *name)
{
	struct proc_buffer buffer = { 0 };
	uint64_t value = PROC_UNKNOWN;
	char *end;

	if (proc_read(&buffer, 0, name) == 0) {
		uint64_t number = strtoull(buffer.text, &end, 10);

		if (end > buffer.text)
			value = number;
	}
	free(buffer.text);
	return value;
}

/* The word in brackets: "always [madvise] never". */
static void read_choice(const char *path, char *into, size_t size)
{
	char line[128] = "", *open_bracket, *close_bracket;
	FILE *file = fopen(path, "re");

	*into = '\0';
	if (!file)
		return;
	if (fgets(line, sizeof(line), file)) {
		open_bracket = strchr(line, '[');
		close_bracket = open_bracket ? strchr(open_bracket, ']') : NULL;
		if (close_bracket)
			snprintf(into, size, "%.*s", (int)(close_bracket - open_bracket - 1),
				 open_bracket + 1);
	}
	fclose(file);
}

/* Nothing tells the gap but the kernel's command line. */
static uint64_t read_stack_guard_gap(void)
{
	struct proc_buffer buffer = { 0 };
	uint64_t pages = 256;

	if (proc_read(&buffer, 0, "cmdline") == 0) {
		const char *word = strstr(buffer.text, "stack_guard_gap=");

		if (word)
			pages = strtoull(word + strlen("stack_guard_gap="), NULL, 10);
	}
	free(buffer.text);
	return pages;
}

void proc_read_settings(struct proc_settings *settings)
{
	struct proc_buffer buffer = { 0 };
	struct utsname name = { 0 };
	uint64_t kb;

	*settings = (struct proc_settings){
		.overcommit_memory = read_sysctl("sys/vm/overcommit_memory"),
		.overcommit_limit_pages = PROC_UNKNOWN,
		.total_ram_pages = PROC_UNKNOWN,
		.swap_pages = PROC_UNKNOWN,
		.max_map_count = read_sysctl("sys/vm/max_map_count"),
		.mmap_min_addr = read_sysctl("sys/vm/mmap_min_addr"),
		.randomize_va_space = read_sysctl("sys/kernel/randomize_va_space"),
		.legacy_va_layout = read_sysctl("sys/vm/legacy_va_layout"),
		.stack_guard_gap = read_stack_guard_gap(),
	};
	uname(&name);
	snprintf(settings->kernel, sizeof(settings->kernel), "%s", name.release);
	snprintf(settings->machine, sizeof(settings->machine), "%s", name.machine);
	if (proc_read(&buffer, 0, "meminfo") == 0) {
		if (proc_field(buffer.text, "MemTotal:", 10, &kb))
			settings->total_ram_pages = kb / PAGE_KB;
		if (proc_field(buffer.text, "SwapTotal:", 10, &kb))
			settings->swap_pages = kb / PAGE_KB;
		if (proc_field(buffer.text, "CommitLimit:", 10, &kb))
			settings->overcommit_limit_pages = kb / PAGE_KB;
	}
	free(buffer.text);
	read_choice("/sys/kernel/mm/transparent_hugepage/enabled", settings->thp,
		    sizeof(settings->thp));
	read_choice("/sys/kernel/mm/transparent_hugepage/shmem_enabled", settings->shmem_thp,
		    sizeof(settings->shmem_thp));
}

size_t proc_print_settings(const struct proc_settings *settings, char *into, size_t size)
{
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
		{ "overcommit_memory", settings->overcommit_memory },
		{ "overcommit_limit_pages", settings->overcommit_limit_pages },
		{ "total_ram_pages", settings->total_ram_pages },
		{ "swap_pages", settings->swap_pages },
		{ "max_map_count", settings->max_map_count },
		{ "mmap_min_addr", settings->mmap_min_addr },
		{ "randomize_va_space", settings->randomize_va_space },
		{ "legacy_va_layout", settings->legacy_va_layout },
		{ "stack_guard_gap", settings->stack_guard_gap },
	};
	size_t used = 0;

	if (size > 0)
		*into = '\0';
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers) && used < size; i++) {
		if (numbers[i].value != PROC_UNKNOWN)
			used += (size_t)snprintf(into + used, size - used, "%s%s=%" PRIu64,
						 used ? " " : "", numbers[i].key, numbers[i].value);
	}
	if (*settings->thp && used < size)
		used += (size_t)snprintf(into + used, size - used, " thp=%s", settings->thp);
	if (*settings->shmem_thp && used < size)
		used += (size_t)snprintf(into + used, size - used, " shmem_thp=%s",
					 settings->shmem_thp);
	return used < size ? used : size - 1;
}
