/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Snapshots: what /proc says of a space at this moment.
 *
 * After exec, smaps (few areas, little memory, so it is cheap) gives the flags of each area; at
 * the exit of a large process the walk over its page tables would cost more than all its calls,
 * so from a resident set of some size on the plain maps are taken.
 */

#include "record.h"

#include "procfs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	DETAILS_LIMIT_PAGES = 8192, /* resident; above this no smaps */
};

static bool is_area_head(const char *line)
{
	return (*line >= '0' && *line <= '9') || (*line >= 'a' && *line <= 'f');
}

static bool starts_with(const char *line, const char *prefix)
{
	return strncmp(line, prefix, strlen(prefix)) == 0;
}

/* Up to the line's end, or the text's. (strcspn would be as good, were it not that sanitizers make
 * it read all of a long text for each line.) */
static size_t line_length(const char *line)
{
	return (size_t)(strchrnul(line, '\n') - line);
}

static const char *next_line(const char *line)
{
	line = strchrnul(line, '\n');
	return line + (*line == '\n');
}

/* The lines of smaps that follow the head of an area, until the next head. */
static const char *add_details(struct text *text, const char *line)
{
	const char *flags = NULL;
	uint64_t anonymous = 0, locked = 0, swap = 0;

	while (*line && !is_area_head(line)) {
		if (starts_with(line, "Anonymous:"))
			proc_field(line, "Anonymous:", 10, &anonymous);
		else if (starts_with(line, "Locked:"))
			proc_field(line, "Locked:", 10, &locked);
		else if (starts_with(line, "Swap:"))
			proc_field(line, "Swap:", 10, &swap);
		else if (starts_with(line, "VmFlags: "))
			flags = line + strlen("VmFlags: ");
		line = next_line(line);
	}
	if (!flags)
		return line;
	text_string(text, " @ ");
	text_add(text, flags, line_length(flags));
	if (text->data[text->length - 1] != ' ')
		text_char(text, ' ');
	text_format(text, "anon=%" PRIu64, anonymous);
	if (locked)
		text_format(text, " locked=%" PRIu64, locked);
	if (swap)
		text_format(text, " swap=%" PRIu64, swap);
	return line;
}

/* One @area line for each area of maps or smaps. => how many */
static unsigned add_areas(struct text *text, pid_t tid, const char *source)
{
	unsigned count = 0;

	while (*source) {
		size_t length = line_length(source);
		bool skipped = length > 10 && memcmp(source + length - 10, "[vsyscall]", 10) == 0;

		if (skipped) {
			source += length + (source[length] == '\n');
			while (*source && !is_area_head(source))
				source = next_line(source);
			continue;
		}
		text_decimal(text, (uint64_t)tid);
		text_string(text, " @area ");
		text_add(text, source, length);
		source = add_details(text, source + length + (source[length] == '\n'));
		text_char(text, '\n');
		count++;
	}
	return count;
}

static bool is_small(struct recorder *recorder, pid_t tid)
{
	uint64_t total, resident;
	char *end;

	if (proc_read(&recorder->scratch, tid, "statm") < 0)
		return false;
	total = strtoull(recorder->scratch.text, &end, 10);
	resident = strtoull(end, NULL, 10);
	(void)total;
	return resident <= DETAILS_LIMIT_PAGES;
}

void snapshot_write(struct recorder *recorder, struct task *task, const char *when)
{
	struct text areas = { 0 };
	unsigned count;
	int error = -1;

	if (strcmp(when, "exec") == 0 || is_small(recorder, task->tid))
		error = proc_read(&recorder->scratch, task->tid, "smaps");
	if (error)
		error = proc_read(&recorder->scratch, task->tid, "maps");
	if (error) {
		line_note(recorder, "%d: no snapshot at %s: %s", task->tid, when,
			  strerrordesc_np(-error));
		return;
	}
	count = add_areas(&areas, task->tid, recorder->scratch.text);
	line_start_timed(recorder, task->tid);
	text_format(&recorder->text, "@snapshot %s %u", when, count);
	line_end(recorder);
	trace_write(recorder->trace, areas.data, areas.length);
	text_free(&areas);
	task->space->changed = false;
	task->space->wanted = false;
}

static void add_limit(struct text *text, const char *name, struct proc_limit limit)
{
	const uint64_t values[] = { limit.soft, limit.hard };

	text_format(text, " %s=", name);
	for (int i = 0; i < 2; i++) {
		if (i)
			text_char(text, ':');
		if (values[i] == UINT64_MAX)
			text_string(text, "unlimited");
		else
			text_decimal(text, values[i]);
	}
}

static void write_limits(struct recorder *recorder, pid_t tid)
{
	struct proc_limits limits;

	if (proc_read_limits(tid, &limits) < 0)
		return;
	line_start(recorder, tid);
	text_string(&recorder->text, "@limits");
	add_limit(&recorder->text, "as", limits.as);
	add_limit(&recorder->text, "data", limits.data);
	add_limit(&recorder->text, "stack", limits.stack);
	add_limit(&recorder->text, "memlock", limits.memlock);
	line_end(recorder);
}

static void add_privileges(struct text *text, const struct proc_privileges *privileges)
{
	/* Those that the kernel asks for when it maps, locks, or raises a limit. */
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {
		{ 14, "ipc_lock" }, { 17, "sys_rawio" }, { 21, "sys_admin" }, { 24, "sys_resource" }
	};
	bool first = true;

	text_string(text, " caps=");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!(privileges->capabilities >> names[i].bit & 1))
			continue;
		if (!first)
			text_char(text, '|');
		text_string(text, names[i].name);
		first = false;
	}
	if (first)
		text_string(text, "none");
	text_string(text, " uid=");
	text_decimal(text, privileges->uid);
}

/* A line when they are others than before. */
void snapshot_privileges(struct recorder *recorder, struct task *task)
{
	struct proc_privileges now;

	if (proc_read_privileges(task->tid, &now) < 0 ||
	    (now.capabilities == task->privileges.capabilities && now.uid == task->privileges.uid))
		return;
	task->privileges = now;
	line_start(recorder, task->tid);
	text_string(&recorder->text, "@privileges");
	add_privileges(&recorder->text, &now);
	line_end(recorder);
}

/* The break has not moved yet, so that it is where the heap starts. */
void snapshot_layout(struct recorder *recorder, struct task *task)
{
	static const uint64_t task_size = UINT64_C(0x7ffffffff000);
	struct text *text = &recorder->text;
	struct proc_layout layout;

	if (proc_read_layout(task->tid, &layout) < 0 ||
	    proc_read_privileges(task->tid, &task->privileges) < 0)
		return;
	line_start(recorder, task->tid);
	text_string(text, "@layout");
	if (layout.start_brk)
		text_format(text, " start_brk=%#" PRIx64 " brk=%#" PRIx64, layout.start_brk,
			    layout.start_brk);
	if (layout.start_stack)
		text_format(text, " start_stack=%#" PRIx64, layout.start_stack);
	text_format(text, " task_size=%#" PRIx64 " personality=0x%" PRIx64, task_size,
		    layout.personality);
	if (layout.end_code)
		text_format(text,
			    " start_code=%#" PRIx64 " end_code=%#" PRIx64 " start_data=%#" PRIx64
			    " end_data=%#" PRIx64,
			    layout.start_code, layout.end_code, layout.start_data, layout.end_data);
	add_privileges(text, &task->privileges);
	line_end(recorder);
}

void snapshot_after_exec(struct recorder *recorder, struct task *task)
{
	write_limits(recorder, task->tid);
	snapshot_layout(recorder, task);
	snapshot_write(recorder, task, "exec");
}

/* Each space once, by any of its tasks; those in the middle of a call when it has ended. */
void snapshot_all(struct recorder *recorder)
{
	struct task_table *table = &recorder->tasks;

	touch_settle_all(recorder);
	for (size_t i = 0; i < table->bucket_count; i++) {
		for (struct task *task = table->buckets[i]; task; task = task->next_in_bucket) {
			struct space *space = task->space;

			if (space && !task->exiting && task->announced && !space->silent &&
			    !space->foreign)
				space->wanted = true;
		}
	}
	for (size_t i = 0; i < table->bucket_count; i++) {
		for (struct task *task = table->buckets[i]; task; task = task->next_in_bucket) {
			struct space *space = task->space;

			if (space && space->wanted && !task->exiting && !space->caller)
				snapshot_write(recorder, task, "now");
		}
	}
}
