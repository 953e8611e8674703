/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Threads, processes, spaces and descriptors of a trace.
 *
 * The table is an array of threads in the order of their ids: traces ask for the same thread again
 * and again, so the last answer is tried first, and a binary search serves the rest. Threads come
 * and go rarely enough for memmove.
 *
 * Who is shared by whom is counted: a process by its threads, a space by its processes, a table of
 * descriptors by the threads that use it, a file (in its vas_file) by descriptors and areas.
 */

#include "process.h"

#include <stdlib.h>

#include "work_clock.h"

/* Descriptors above this are not kept; Linux's own limit per process is 2^20 by default. */
#define DESCRIPTORS_MOST (1 << 20)

struct descriptors {
	unsigned users;
	size_t count;
	struct traced_file **files;
};

struct process_table {
	struct thread **threads;
	size_t count, size;
	struct thread *last;
};

/* ---- files and descriptors ---- */

static void release_file(struct vas_file *file)
{
	struct traced_file *traced = (struct traced_file *)(void *)file;

	if (traced->memory != NULL)
		traced->put_memory(traced->memory);
	free(traced->name);
	free(traced);
}

struct traced_file *traced_file_create(struct slice name)
{
	struct traced_file *traced = calloc(1, sizeof(*traced));

	if (traced == NULL)
		return NULL;
	traced->name = strndup(name.at, name.length);
	if (traced->name == NULL) {
		free(traced);
		return NULL;
	}
	traced->file.references = 1;
	traced->file.flags = VAS_FILE_READ | VAS_FILE_WRITE;
	traced->file.size = UINT64_MAX;
	traced->file.name = traced->name;
	traced->file.release = release_file;
	traced->file.data = traced;
	return traced;
}

struct traced_file *descriptors_find(const struct descriptors *table, int fd)
{
	if (fd < 0 || (size_t)fd >= table->count)
		return NULL;
	return table->files[fd];
}

bool descriptors_set(struct descriptors *table, int fd, struct traced_file *file)
{
	if (fd < 0 || fd >= DESCRIPTORS_MOST)
		return true;
	if ((size_t)fd >= table->count) {
		size_t count = ((size_t)fd + 16) * 3 / 2;
		struct traced_file **files;

		if (file == NULL)
			return true;
		files = realloc(table->files, count * sizeof(*files));
		if (files == NULL)
			return false;
		memset(files + table->count, 0, (count - table->count) * sizeof(*files));
		table->files = files;
		table->count = count;
	}
	if (file != NULL)
		vas_file_get(&file->file);
	if (table->files[fd] != NULL)
		vas_file_put(&table->files[fd]->file);
	table->files[fd] = file;
	return true;
}

static struct descriptors *descriptors_create(void)
{
	struct descriptors *table = calloc(1, sizeof(*table));

	if (table != NULL)
		table->users = 1;
	return table;
}

static void descriptors_put(struct descriptors *table)
{
	if (table == NULL || --table->users > 0)
		return;
	for (size_t i = 0; i < table->count; i++)
		if (table->files[i] != NULL)
			vas_file_put(&table->files[i]->file);
	free(table->files);
	free(table);
}

static struct descriptors *descriptors_copy(const struct descriptors *from)
{
	struct descriptors *table = descriptors_create();

	if (table == NULL || from->count == 0)
		return table;
	table->files = malloc(from->count * sizeof(*table->files));
	if (table->files == NULL) {
		free(table);
		return NULL;
	}
	table->count = from->count;
	for (size_t i = 0; i < from->count; i++) {
		table->files[i] = from->files[i];
		if (table->files[i] != NULL)
			vas_file_get(&table->files[i]->file);
	}
	return table;
}

/* ---- spaces ---- */

struct traced_space *traced_space_create(int pid, unsigned long number, unsigned long line)
{
	struct traced_space *space = calloc(1, sizeof(*space));

	if (space == NULL)
		return NULL;
	space->pid = pid;
	space->number = number;
	space->line = line;
	return space;
}

void traced_space_put(struct traced_space *space)
{
	enum work was;

	if (space == NULL || (space->users > 0 && --space->users > 0))
		return;
	was = work_switch(WORK_EXIT);
	vas_space_destroy(space->space);
	work_switch(was);
	free(space->program);
	free(space);
}

void process_set_space(struct process *process, struct traced_space *space)
{
	struct traced_space *old = process->space;

	if (space != NULL)
		space->users++;
	process->space = space;
	traced_space_put(old);
}

/* ---- threads ---- */

/* The place of `tid`, or where it would be. */
static size_t table_place(const struct process_table *table, int tid)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->threads[middle]->tid < tid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct process_table *process_table_create(void)
{
	return calloc(1, sizeof(struct process_table));
}

void process_table_destroy(struct process_table *table)
{
	if (table == NULL)
		return;
	while (table->count > 0)
		process_exit(table, table->threads[table->count - 1]);
	free(table->threads);
	free(table);
}

struct thread *process_table_find(struct process_table *table, int tid)
{
	size_t place;

	if (table->last != NULL && table->last->tid == tid)
		return table->last;
	place = table_place(table, tid);
	if (place == table->count || table->threads[place]->tid != tid)
		return NULL;
	table->last = table->threads[place];
	return table->last;
}

struct thread *process_table_next(struct process_table *table, size_t *position)
{
	return *position < table->count ? table->threads[(*position)++] : NULL;
}

size_t process_table_count(const struct process_table *table)
{
	return table->count;
}

bool process_table_leads(const struct process_table *table, const struct thread *thread)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->threads[i]->process == thread->process)
			return table->threads[i] == thread;
	return false;
}

static bool table_insert(struct process_table *table, struct thread *thread)
{
	size_t place = table_place(table, thread->tid);

	if (place < table->count && table->threads[place]->tid == thread->tid)
		return false;
	if (table->count == table->size) {
		size_t size = table->size * 2 + 16;
		struct thread **threads = realloc(table->threads, size * sizeof(*threads));

		if (threads == NULL)
			return false;
		table->threads = threads;
		table->size = size;
	}
	memmove(table->threads + place + 1, table->threads + place,
		(table->count - place) * sizeof(struct thread *));
	table->threads[place] = thread;
	table->count++;
	return true;
}

static void table_remove(struct process_table *table, const struct thread *thread)
{
	size_t place = table_place(table, thread->tid);

	table->count--;
	memmove(table->threads + place, table->threads + place + 1,
		(table->count - place) * sizeof(struct thread *));
	table->last = NULL;
}

bool process_table_rename(struct process_table *table, struct thread *thread, int tid)
{
	struct process *process = thread->process;

	if (process_table_find(table, tid) != NULL)
		return false;
	table_remove(table, thread);
	if (process->pid == thread->tid)
		process->pid = tid;
	thread->tid = tid;
	return table_insert(table, thread); /* there is room: one was taken out */
}

static struct thread *thread_create(struct process_table *table, int tid)
{
	struct thread *thread = calloc(1, sizeof(*thread));

	if (thread == NULL)
		return NULL;
	thread->tid = tid;
	thread->refused = UINT64_MAX;
	if (!table_insert(table, thread)) {
		free(thread);
		return NULL;
	}
	return thread;
}

static void process_default(struct process *process, int pid)
{
	process->pid = pid;
	process->limits = (struct vas_limits){
		.address_space = VAS_UNLIMITED,
		.data = VAS_UNLIMITED,
		.data_hard = VAS_UNLIMITED,
		.stack = UINT64_C(8) << 20,
		.locked = VAS_UNLIMITED,
	};
}

struct thread *process_start(struct process_table *table, int pid)
{
	struct thread *thread = thread_create(table, pid);

	if (thread == NULL)
		return NULL;
	thread->process = calloc(1, sizeof(*thread->process));
	thread->descriptors = descriptors_create();
	if (thread->process == NULL || thread->descriptors == NULL) {
		free(thread->process);
		thread->process = NULL;
		process_exit(table, thread);
		return NULL;
	}
	process_default(thread->process, pid);
	thread->process->threads = 1;
	return thread;
}

/* The child's process: the parent's, or one of its own. */
static struct process *clone_process(const struct thread *parent, int tid,
				     const struct process_share *share)
{
	struct process *process;

	if (share->group)
		return parent->process;
	process = calloc(1, sizeof(*process));
	if (process == NULL)
		return NULL;
	*process = *parent->process;
	process->pid = tid;
	process->threads = 0;
	process->space = NULL;
	process->vfork_child = share->vfork;
	if (share->space)
		process_set_space(process, parent->process->space);
	return process;
}

struct thread *process_clone(struct process_table *table, const struct thread *parent, int tid,
			     const struct process_share *share)
{
	struct thread *thread = thread_create(table, tid);

	if (thread == NULL)
		return NULL;
	if (share->descriptors) {
		thread->descriptors = parent->descriptors;
		thread->descriptors->users++;
	} else {
		thread->descriptors = descriptors_copy(parent->descriptors);
	}
	if (thread->descriptors != NULL)
		thread->process = clone_process(parent, tid, share);
	if (thread->process == NULL) {
		process_exit(table, thread);
		return NULL;
	}
	thread->process->threads++;
	return thread;
}

void process_exit(struct process_table *table, struct thread *thread)
{
	struct process *process = thread->process;

	table_remove(table, thread);
	if (process != NULL && --process->threads == 0) {
		process_set_space(process, NULL);
		free(process);
	}
	descriptors_put(thread->descriptors);
	if (thread->file != NULL)
		vas_file_put(&thread->file->file);
	free(thread->held);
	free(thread);
}

bool process_exec(struct process_table *table, struct thread *thread)
{
	struct process *process = thread->process;
	struct descriptors *own;

	for (size_t i = table->count; i-- > 0;)
		if (table->threads[i]->process == process && table->threads[i] != thread)
			process_exit(table, table->threads[i]);
	if (thread->tid != process->pid && !process_table_rename(table, thread, process->pid))
		return false;
	if (thread->descriptors->users == 1)
		return true;
	own = descriptors_copy(thread->descriptors);
	if (own == NULL)
		return false;
	descriptors_put(thread->descriptors);
	thread->descriptors = own;
	return true;
}
