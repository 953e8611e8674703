/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Snapshots: the areas of a process as /proc/PID/maps and smaps showed them.
 *
 * One at exec is taken as it is: the kernel's own doings there (the program's image, stack, vdso)
 * are no calls. The layout is worked out from it. The vdso is the last thing that exec maps, by the
 * same search as mmap's, and what was mapped by a search before it (the dynamic linker, or a static
 * position-independent program) lies right beside it; so that cluster tells where searches begin:
 *
 *	top-down                                   bottom-up
 *	..[vdso][ld.so]|<- map_base  ... [stack]   legacy_base ->|[ld.so][vdso].. ... [stack]
 *
 * How far the bottom-up base is moved by randomization follows from the top-down one, as both are
 * moved by the same random number.
 *
 * Others are compared (interpret_compare.c).
 */

#include "interpret_inside.h"

#include <stdlib.h>

#define CLUSTER_GAP    (UINT64_C(128) << 20) /* the least that lies between stack and map_base */
#define RANDOM_MOST    (UINT64_C(1) << 40)   /* 28 bits of pages */
#define FILE_LOOK_BACK 1024		     /* lines among which a file is looked for */
#define STACK_RANDOM   (UINT64_C(0x3fffff) << VAS_PAGE_SHIFT)

/* ---- @layout and @privileges ---- */

/* caps=ipc_lock|sys_rawio|... of both; nothing changes when they are not there. */
static void take_privileges(const struct trace_event *event, struct process *process)
{
	static const struct {
		const char *name;
		uint32_t privilege;
	} names[] = {
		{ "ipc_lock", VAS_MAY_LOCK },
		{ "sys_rawio", VAS_MAY_RAWIO },
		{ "sys_resource", VAS_MAY_RESOURCE },
		{ "sys_admin", VAS_MAY_ADMIN },
	};
	struct slice caps;

	if (!trace_word(event->words, "caps", &caps))
		return;
	process->privileges = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (memmem(caps.at, caps.length, names[i].name, strlen(names[i].name)) != NULL)
			process->privileges |= names[i].privilege;
}

void interpret_privileges(const struct trace_event *event, struct thread *thread)
{
	take_privileges(event, thread->process);
	interpret_sync_process(thread->process);
}

int interpret_layout(struct interpreter *in, const struct trace_event *event, struct thread *thread)
{
	struct process *process = thread->process;
	struct vas_layout *layout;
	uint64_t value;

	if (process->space == NULL)
		return interpret_fail(in, event, "@layout of a process without a space");
	layout = vas_space_layout(process->space->space);
	trace_word_number(event->words, "start_brk", &layout->start_brk);
	layout->brk = layout->start_brk;
	trace_word_number(event->words, "brk", &layout->brk);
	trace_word_number(event->words, "start_stack", &layout->start_stack);
	trace_word_number(event->words, "start_data", &layout->start_data);
	trace_word_number(event->words, "end_data", &layout->end_data);
	if (trace_word_number(event->words, "task_size", &value) && value >= CLUSTER_GAP &&
	    (value & VAS_PAGE_MASK) == 0) {
		layout->task_size = value;
		layout->map_window = value;
	}
	if (trace_word_number(event->words, "personality", &value))
		process->personality = (uint32_t)value;
	take_privileges(event, process);
	interpret_sync_process(process);
	return 0;
}

/* ---- where searches begin ---- */

/* The gap that exec leaves for the stack. */
static uint64_t stack_gap(const struct interpreter *in, const struct process *process,
			  uint64_t task_size)
{
	uint64_t gap = process->limits.stack, pad = in->settings.stack_guard_gap;

	if (in->randomized && (process->personality & PERSONALITY_NO_RANDOMIZE) == 0)
		pad += STACK_RANDOM;
	if (gap + pad > gap)
		gap += pad;
	if (gap < CLUSTER_GAP)
		return CLUSTER_GAP;
	return gap > task_size / 6 * 5 ? task_size / 6 * 5 : gap;
}

/* The line with this name (or one that begins so), or `count`. */
static size_t find_line(const struct snapshot *snapshot, const char *name)
{
	size_t at = 0;

	while (at < snapshot->count && !slice_starts(snapshot->lines[at].name, name))
		at++;
	return at;
}

/*
 * The lines [*first, *last] that lie together with the vdso; false: there is none. Kernels that
 * put the vdso beside the stack (6.1 and 6.12 do) leave the dynamic linker alone there: then it is
 * the highest line below the stack.
 */
static bool find_cluster(const struct snapshot *snapshot, uint64_t task_size, size_t *first,
			 size_t *last)
{
	const struct maps_line *lines = snapshot->lines;
	size_t stack = find_line(snapshot, "[stack]"), at = find_line(snapshot, "[v");

	if (at == snapshot->count)
		return false;
	if (stack < at) {
		if (stack == 0 || lines[stack - 1].range.start < task_size / 3)
			return false;
		at = stack - 1;
	}
	*first = *last = at;
	while (*first > 0 && lines[*first].range.start - lines[*first - 1].range.end < CLUSTER_GAP)
		--*first;
	while (*last + 1 < snapshot->count && !slice_equal(lines[*last + 1].name, "[stack]") &&
	       lines[*last + 1].range.start - lines[*last].range.end < CLUSTER_GAP)
		++*last;
	return true;
}

static void deduce_layout(const struct interpreter *in, const struct process *process)
{
	struct vas_layout *layout = vas_space_layout(process->space->space);
	uint64_t task_size = layout->task_size, third = vas_page_up(task_size / 3), random;
	size_t first, last;
	struct vas_range cluster;

	if (!find_cluster(&in->snapshot, task_size, &first, &last)) {
		/* Nothing tells: the lowest that it may be, until the first search finds a higher
		 * place and moves it there. */
		if (in->randomized && (process->personality & PERSONALITY_NO_RANDOMIZE) == 0)
			layout->map_base = vas_page_down(
				task_size - stack_gap(in, process, task_size) - RANDOM_MOST);
		return;
	}
	cluster.start = in->snapshot.lines[first].range.start;
	cluster.end = in->snapshot.lines[last].range.end;
	if (cluster.end > task_size)
		return;
	if (in->legacy_layout || (process->personality & PERSONALITY_COMPAT_LAYOUT) != 0 ||
	    (cluster.start >= third && cluster.end < third + 2 * RANDOM_MOST)) {
		layout->direction = VAS_BOTTOM_UP;
		layout->legacy_base = cluster.start;
		return;
	}
	layout->direction = VAS_TOP_DOWN;
	layout->map_base = cluster.end;
	random = task_size - stack_gap(in, process, task_size) - cluster.end;
	layout->legacy_base = third + (random < RANDOM_MOST ? vas_page_down(random) : 0);
}

/* ---- taking a snapshot as it is ---- */

static bool same_file(const struct vas_file *file, const struct maps_line *line)
{
	return file->inode == line->inode && file->major == line->major &&
	       file->minor == line->minor;
}

/* The file of line `index`, with a reference: what the model maps there, or what an earlier line
 * of the snapshot has, or a new one. NULL: no memory. */
static struct vas_file *line_file(const struct interpreter *in, const struct vas_space *space,
				  struct vas_file *const *files, size_t index)
{
	const struct maps_line *line = &in->snapshot.lines[index];
	const struct vas_area *area = vas_find(space, line->range.start);
	struct traced_file *traced;

	if (area != NULL && area->file != NULL && same_file(area->file, line))
		return vas_file_get(area->file);
	for (size_t i = index; i-- > 0 && index - i < FILE_LOOK_BACK;)
		if (files[i] != NULL && same_file(files[i], line) &&
		    slice_equal(line->name, files[i]->name))
			return vas_file_get(files[i]);
	traced = traced_file_create(line->name);
	if (traced == NULL)
		return NULL;
	traced->file.major = line->major;
	traced->file.minor = line->minor;
	traced->file.inode = line->inode;
	return &traced->file;
}

/* The name that an area of its own has, without the kernel's dress; NULL: none. */
static char *line_name(const struct maps_line *line)
{
	static const char anon[] = "[anon:", shmem[] = "[anon_shmem:";
	struct slice name = line->name;

	if (!slice_starts(name, "[") || slice_equal(name, "[heap]") || slice_equal(name, "[stack]"))
		return NULL;
	if (slice_starts(name, anon))
		name = slice_after(name, strlen(anon));
	else if (slice_starts(name, shmem))
		name = slice_after(name, strlen(shmem));
	else
		return strndup(name.at, name.length);
	return strndup(name.at, name.length > 0 ? name.length - 1 : 0);
}

/* Did the area hold pages of its own? */
static bool has_pages(const struct maps_line *line)
{
	if (line->mode[3] == 's')
		return false;
	return line->has_anon ? line->anon > 0 : slice_equal(line->name, "[stack]");
}

/* Tells the reverse map, whatever the area's permissions are by now. */
static void tell_chain(struct interpreter *in, struct vas_space *space, struct vas_area *area)
{
	const struct vas_listener *listener = &vas_anon_vma_chain_listener;
	const struct vas_budget budget = { .areas = &area, .count = 1, .touches = 1 };
	const struct vas_op op = {
		.kind = VAS_OP_TOUCH,
		.write = true,
		.area = area,
		.start = area->range.start,
		.end = area->range.start + VAS_PAGE_SIZE,
	};

	if (listener->reserve != NULL && listener->reserve(in->chain, space, &budget) != 0)
		return;
	listener->apply(in->chain, space, &op);
	if (listener->settle != NULL)
		listener->settle(in->chain, space);
}

/* A machine's reverse map hears of pages only, so one is written. => the area is writable. */
static void write_page(struct interpreter *in, struct thread *thread, const struct maps_line *line,
		       uint64_t flags)
{
	struct vas_space *space = thread->process->space->space;

	(void)!in->options.memory->touch(in->options.memory_data, in, thread, line->range.start,
					 VAS_ACCESS_WRITE);
	if ((flags & VAS_AREA_WRITE) == 0)
		(void)!vas_protect(space, line->range.start, vas_range_length(line->range),
				   (uint32_t)(flags & VAS_AREA_ACCESS), -1);
}

static int place_line(struct interpreter *in, struct thread *thread, const struct maps_line *line,
		      struct vas_file *file)
{
	struct vas_space *space = thread->process->space->space;
	bool writes = in->options.memory != NULL && has_pages(line);
	uint64_t flags = mapsfile_flags(line);
	char *name = line_name(line);
	struct vas_place place = {
		.range = line->range,
		.flags = flags | (writes ? VAS_AREA_WRITE : 0),
		.offset = (file == NULL ? line->range.start : line->offset) >> VAS_PAGE_SHIFT,
		.file = file,
		.name = name,
	};
	struct vas_area *area;
	int err = TIMED(WORK_MAP, vas_place(space, &place));

	free(name);
	if (err != 0)
		return err;
	area = vas_find(space, line->range.start);
	if (writes)
		write_page(in, thread, line, flags);
	else if (area != NULL && has_pages(line))
		tell_chain(in, space, area);
	return 0;
}

static int load(struct interpreter *in, const struct trace_event *event, struct thread *thread)
{
	const struct process *process = thread->process;
	const struct snapshot *snapshot = &in->snapshot;
	struct vas_space *space = process->space->space;
	struct vas_layout layout = *vas_space_layout(space);
	struct vas_file **files = calloc(snapshot->count + 1, sizeof(*files));
	int err = files == NULL ? -VAS_ENOMEM : 0;

	for (size_t i = 0; i < snapshot->count && err == 0; i++) {
		if (!mapsfile_has_file(&snapshot->lines[i]))
			continue;
		files[i] = line_file(in, space, files, i);
		if (files[i] == NULL || interpret_open(in, event, files[i]->data) < 0)
			err = -VAS_ENOMEM;
	}
	if (err == 0) {
		enum work was = work_switch(WORK_EXIT);

		vas_exec(space, &layout);
		work_switch(was);
	}
	for (size_t i = 0; i < snapshot->count && err == 0; i++)
		err = place_line(in, thread, &snapshot->lines[i], files[i]);
	for (size_t i = 0; files != NULL && i < snapshot->count; i++)
		if (files[i] != NULL)
			vas_file_put(files[i]);
	free(files);
	if (err == -VAS_ENOMEM)
		return interpret_no_memory(in, event);
	if (err != 0)
		return interpret_fail(in, event, "areas that overlap in a snapshot");
	if (process->space->partial)
		deduce_layout(in, process);
	process->space->partial = false;
	in->counts.snapshots_loaded++;
	return 0;
}

/* ---- reading one ---- */

static int finish_compare(struct interpreter *in, const struct trace_event *event,
			  struct thread *thread)
{
	int different = interpret_compare(in, event, thread);

	if (different > 0 && strcmp(in->snapshot.kind, "now") == 0)
		return load(in, event, thread);
	return different < 0 ? -1 : 0;
}

static int finish(struct interpreter *in, const struct trace_event *event, struct thread *thread)
{
	struct snapshot *snapshot = &in->snapshot;
	struct process *process = thread->process;
	size_t at = 0;

	snapshot->open = false;
	for (size_t i = 0; i < snapshot->count; i++) {
		snapshot->lines[i].name.at = at == 0 ? snapshot->names : snapshot->names + at;
		at += snapshot->lines[i].name.length;
	}
	for (size_t i = 1; i < snapshot->count; i++)
		if (snapshot->lines[i].range.start < snapshot->lines[i - 1].range.end)
			return interpret_fail(in, event,
					      "the areas of a snapshot are not in order");
	if (process->space == NULL)
		process_set_space(process, interpret_new_space(in, process, event->line));
	if (process->space == NULL)
		return interpret_no_memory(in, event);
	if (process->space->foreign)
		return 0;
	interpret_sync_process(process);
	if (strcmp(snapshot->kind, "exec") == 0 || process->space->partial)
		return load(in, event, thread);
	return finish_compare(in, event, thread);
}

int interpret_snapshot(struct interpreter *in, const struct trace_event *event,
		       struct thread *thread)
{
	struct snapshot *snapshot = &in->snapshot;

	snapshot->open = true;
	snapshot->pid = event->pid;
	snapshot->line = event->line;
	snapshot->expected = (size_t)event->number;
	snapshot->count = 0;
	snapshot->names_length = 0;
	snprintf(snapshot->kind, sizeof(snapshot->kind), "%.*s", SLICE_ARGS(event->words));
	return snapshot->expected == 0 ? finish(in, event, thread) : 0;
}

static bool keep_name(struct snapshot *snapshot, struct slice name)
{
	size_t length = snapshot->names_length + name.length;

	if (length > snapshot->names_size) {
		char *names = realloc(snapshot->names, length * 2);

		if (names == NULL)
			return false;
		snapshot->names = names;
		snapshot->names_size = length * 2;
	}
	if (name.length > 0)
		memcpy(snapshot->names + snapshot->names_length, name.at, name.length);
	snapshot->names_length = length;
	return true;
}

int interpret_area(struct interpreter *in, const struct trace_event *event, struct thread *thread)
{
	struct snapshot *snapshot = &in->snapshot;

	if (!snapshot->open || snapshot->pid != event->pid)
		return interpret_fail(in, event, "an @area that no @snapshot announced");
	if (snapshot->count == snapshot->size) {
		size_t size = snapshot->size * 2 + 64;
		struct maps_line *lines = realloc(snapshot->lines, size * sizeof(*lines));

		if (lines == NULL)
			return interpret_no_memory(in, event);
		snapshot->lines = lines;
		snapshot->size = size;
	}
	if (!keep_name(snapshot, event->area.name))
		return interpret_no_memory(in, event);
	snapshot->lines[snapshot->count++] = event->area;
	return snapshot->count < snapshot->expected ? 0 : finish(in, event, thread);
}
