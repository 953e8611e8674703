/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Pictures of live processes.
 *
 * maps costs one walk over the areas. smaps has the flags that tell why neighbours do not merge,
 * but the kernel also walks the page tables for it, some milliseconds for each GiB in use. NUMA
 * policies stand in numa_maps only, another such walk, so that is read only when neighbours are
 * left that nothing else tells apart. Where the stacks of threads are, only the threads know: their
 * stack pointers, as long as they sleep, are in /proc/PID/task/TID/syscall.
 *
 * The process goes on meanwhile: the text is right area by area, not as a whole.
 */

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain_pair.h"
#include "explain_picture.h"
#include "output.h"
#include "procfs.h"

static int complain_of(pid_t pid, int error)
{
	if (error == -ENOENT || error == -ESRCH)
		complain("no process %d", pid);
	else if (error == -EACCES || error == -EPERM)
		complain("process %d is open to its own user and to CAP_SYS_PTRACE only", pid);
	else
		complain("cannot read the areas of process %d: %s", pid, strerror(-error));
	return -1;
}

/* Reads smaps if it may be had, else maps. */
static int read_text(struct picture *picture, pid_t pid, bool quick, struct proc_buffer *buffer)
{
	int error;

	if (!quick) {
		error = proc_read(buffer, pid, "smaps");
		if (error == 0 && buffer->length > 0)
			return 0;
	}
	error = proc_read(buffer, pid, "maps");
	if (error == 0 && buffer->length > 0)
		picture_note(picture, "%s, so the flags of the areas are not known",
			     quick ? "smaps was not read" : "smaps cannot be read");
	return error;
}

/* "7f10a0000000 default anon=1 ...", a line for each area. */
static void take_policies(struct picture *picture, struct slice rest)
{
	size_t i = 0;

	while (rest.length > 0) {
		const char *newline = memchr(rest.at, '\n', rest.length);
		struct slice line = rest;
		uint64_t start;

		if (newline != NULL)
			line.length = (size_t)(newline - rest.at);
		rest = slice_after(rest, line.length + 1);
		start = strtoull(line.at, NULL, 16);
		(void)slice_word(&line);
		while (i < picture->count && picture->areas[i].range.start < start)
			i++;
		if (i < picture->count && picture->areas[i].range.start == start)
			picture->areas[i].policy = slice_word(&line);
	}
}

/* Are there neighbours that only something unseen keeps apart? */
static bool wants_policies(const struct picture *picture)
{
	for (size_t i = 0; i + 1 < picture->count; i++) {
		struct pair pair = pair_look(picture, i);

		if ((pair.reasons &
		     (REASON_HEAD_OR_MOVED | REASON_OPEN_FILE_OR_HEAD | REASON_OPEN_FILE)) != 0)
			return true;
	}
	return false;
}

static void read_policies(struct picture *picture, pid_t pid)
{
	struct proc_buffer buffer = { 0 };

	if (!picture->flags_known || !wants_policies(picture))
		return;
	if (proc_read(&buffer, pid, "numa_maps") != 0 || buffer.length == 0) {
		free(buffer.text);
		return;
	}
	picture->policy_text = buffer.text;
	picture->policies_known = true;
	take_policies(picture, (struct slice){ buffer.text, buffer.length });
}

struct addresses {
	uint64_t *list;
	size_t count, room;
};

static void add_address(struct addresses *addresses, uint64_t address)
{
	if (addresses->count == addresses->room) {
		size_t room = addresses->room * 2 + 64;
		uint64_t *list = realloc(addresses->list, room * sizeof(*list));

		if (list == NULL)
			return; /* one stack fewer is seen */
		addresses->list = list;
		addresses->room = room;
	}
	addresses->list[addresses->count++] = address;
}

/* "0 0x0 ... STACK_POINTER INSTRUCTION_POINTER", or "-1 STACK_POINTER ...", or "running". */
static void take_stack_pointer(struct addresses *stacks, const char *text)
{
	const char *instruction = strrchr(text, ' '), *stack = instruction;

	if (instruction == NULL)
		return;
	do
		stack--;
	while (stack > text && *stack != ' ');
	if (stack > text)
		add_address(stacks, strtoull(stack, NULL, 16));
}

static int compare_addresses(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

/* The stack pointers of all threads but the first, sorted; counts the threads. */
static void read_stacks(struct picture *picture, pid_t pid, struct addresses *stacks)
{
	struct proc_buffer buffer = { 0 };
	struct dirent *entry;
	char path[64];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	if (tasks == NULL)
		return;
	while ((entry = readdir(tasks)) != NULL) {
		int thread = atoi(entry->d_name);

		if (thread <= 0)
			continue;
		picture->threads++;
		snprintf(path, sizeof(path), "task/%d/syscall", thread);
		if (thread != pid && proc_read(&buffer, pid, path) == 0)
			take_stack_pointer(stacks, buffer.text);
	}
	closedir(tasks);
	free(buffer.text);
	if (stacks->count > 0)
		qsort(stacks->list, stacks->count, sizeof(uint64_t), compare_addresses);
}

static void read_surroundings(struct picture *picture, pid_t pid)
{
	struct proc_buffer buffer = { 0 };
	struct proc_settings settings;
	struct proc_limits limits;

	if (proc_read(&buffer, pid, "comm") == 0 && buffer.text != NULL) {
		buffer.text[strcspn(buffer.text, "\n")] = '\0';
		picture->program = strdup(buffer.text);
	}
	free(buffer.text);
	proc_read_settings(&settings);
	picture->limit_known = settings.max_map_count != PROC_UNKNOWN;
	picture->max_map_count =
		picture->limit_known ? settings.max_map_count : DEFAULT_MAX_MAP_COUNT;
	picture->lowest = settings.mmap_min_addr != PROC_UNKNOWN ? settings.mmap_min_addr : 0;
	if (proc_read_limits(pid, &limits) == 0)
		picture->stack_limit = limits.stack.soft;
}

int picture_of_process(struct picture *picture, pid_t pid, const struct picture_options *options)
{
	struct proc_buffer buffer = { 0 };
	struct addresses stacks = { 0 };
	char name[64];
	int error;

	picture->origin = ORIGIN_PROCESS;
	picture->pid = pid;
	error = read_text(picture, pid, options->quick, &buffer);
	if (error != 0) {
		free(buffer.text);
		return complain_of(pid, error);
	}
	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	if (picture_parse(picture, buffer.text, buffer.length, name) != 0)
		return -1;
	if (picture->count == 0) {
		complain("process %d has no memory: it is dead, or the kernel's own", pid);
		return -1;
	}
	read_surroundings(picture, pid);
	read_stacks(picture, pid, &stacks);
	picture_classify(picture, stacks.list, stacks.count);
	read_policies(picture, pid);
	free(stacks.list);
	return 0;
}
