/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Which file does a call map?
 *
 * Two areas merge only if they map the same open file description, so it is not enough to know
 * the path. A recorded trace tells: before each call that has a descriptor stands an @file line,
 * and equal ids are the same description. In an strace log, descriptors are followed through
 * open, dup, close and fork as far as these calls are in the log; and when a descriptor's path (-y)
 * is not what we thought, the descriptor is a new one.
 */

#include "interpret_inside.h"

#include <stdlib.h>

#define HUGE_PAGE (UINT64_C(2) << 20)

/* fcntl's commands that make a copy */
enum { DUPFD = 0, DUPFD_CLOEXEC = 1030 };

/* memfd seals, as fcntl(F_GET_SEALS) gives them */
enum { SEAL_WRITE = 0x8, SEAL_FUTURE_WRITE = 0x10, SEAL_EXEC = 0x20 };

/* ---- files by number ---- */

static size_t file_map_slot(const struct file_map *map, uint64_t id)
{
	size_t slot = (size_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (map->size - 1);

	while (map->entries[slot].file != NULL && map->entries[slot].id != id)
		slot = (slot + 1) & (map->size - 1);
	return slot;
}

struct traced_file *file_map_find(const struct file_map *map, uint64_t id)
{
	return map->size == 0 ? NULL : map->entries[file_map_slot(map, id)].file;
}

static bool file_map_grow(struct file_map *map)
{
	struct file_map bigger = { .count = map->count, .size = map->size * 2 };

	if (map->size == 0)
		bigger.size = 64;
	bigger.entries = calloc(bigger.size, sizeof(*bigger.entries));
	if (bigger.entries == NULL)
		return false;
	for (size_t i = 0; i < map->size; i++)
		if (map->entries[i].file != NULL)
			bigger.entries[file_map_slot(&bigger, map->entries[i].id)] =
				map->entries[i];
	free(map->entries);
	*map = bigger;
	return true;
}

bool file_map_set(struct file_map *map, uint64_t id, struct traced_file *file)
{
	struct file_entry *entry;

	if (map->count * 2 >= map->size && !file_map_grow(map))
		return false;
	entry = &map->entries[file_map_slot(map, id)];
	if (entry->file != NULL)
		vas_file_put(&entry->file->file);
	else
		map->count++;
	*entry = (struct file_entry){ id, file };
	return true;
}

void file_map_free(struct file_map *map)
{
	for (size_t i = 0; i < map->size; i++)
		if (map->entries[i].file != NULL)
			vas_file_put(&map->entries[i].file->file);
	free(map->entries);
	*map = (struct file_map){ 0 };
}

/* ---- what kind of file it is ---- */

static void set_device(struct vas_file *file, bool zero)
{
	file->flags &= ~(uint32_t)VAS_FILE_SHARED_MEMORY;
	file->flags |= zero ? VAS_FILE_DEVICE_ZERO | VAS_FILE_HUGE_ALIGN : VAS_FILE_DEVICE;
	file->limit = UINT64_MAX;
	if (!zero)
		file->area_flags = VAS_AREA_IO | VAS_AREA_RAW_FRAMES | VAS_AREA_DONT_EXPAND |
				   VAS_AREA_DONT_DUMP;
}

static void guess_kind(struct traced_file *traced)
{
	static const char *const special[] = { "/dev/", "/proc/", "/sys/",
					       "anon_inode:", "socket:" };
	const struct slice name = slice_of(traced->name);
	struct vas_file *file = &traced->file;

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		traced->own_rules = traced->own_rules || slice_starts(name, special[i]);
	if (slice_starts(name, "/dev/shm/") || slice_equal(name, "/dev/zero"))
		traced->own_rules = false;

	if (slice_starts(name, "/memfd:") || slice_starts(name, "memfd:") ||
	    slice_starts(name, "/dev/shm/") || slice_starts(name, "/SYSV"))
		file->flags |= VAS_FILE_SHARED_MEMORY;
	else if (slice_starts(name, "/dev/"))
		set_device(file, slice_equal(name, "/dev/zero"));
	else if (slice_starts(name, "anon_inode:"))
		file->area_flags = VAS_AREA_DONT_EXPAND | VAS_AREA_IO | VAS_AREA_RAW_FRAMES;
	if (slice_starts(name, "anon_inode:[perf_event]"))
		file->area_flags |= VAS_AREA_DONT_FORK | VAS_AREA_DONT_DUMP;
}

struct traced_file *interpret_shared_memory(const char *name, uint64_t size)
{
	struct traced_file *traced = traced_file_create(slice_of(name));

	if (traced == NULL)
		return NULL;
	traced->learn_inode = true;
	traced->file.size = size;
	traced->file.flags |= VAS_FILE_SHARED_MEMORY;
	return traced;
}

int interpret_open(struct interpreter *in, const struct trace_event *event,
		   struct traced_file *file)
{
	const struct interpreter_memory *memory = in->options.memory;

	if (memory == NULL || memory->open(in->options.memory_data, file) == 0)
		return 0;
	return interpret_no_memory(in, event);
}

/* A file that is known by what strace shows. */
static struct traced_file *file_of_path(struct slice path, bool deleted)
{
	char name[4200];
	size_t length = value_string(path, name, 4096);
	struct traced_file *traced;

	if (length > 4095)
		length = 4095;
	if (deleted)
		length += (size_t)snprintf(name + length, sizeof(name) - length, " (deleted)");
	traced = traced_file_create((struct slice){ name, length });
	if (traced != NULL)
		guess_kind(traced);
	return traced;
}

/* ---- recorded files ---- */

static void told_mode(struct vas_file *file, struct slice words)
{
	struct slice mode;

	if (!trace_word(words, "mode", &mode))
		return;
	file->flags &= ~(uint32_t)(VAS_FILE_READ | VAS_FILE_WRITE);
	if (memchr(mode.at, 'r', mode.length) != NULL)
		file->flags |= VAS_FILE_READ;
	if (memchr(mode.at, 'w', mode.length) != NULL)
		file->flags |= VAS_FILE_WRITE;
}

/* File systems whose files are not just bytes; a number stands for one without a name of ours. */
static bool is_special(struct slice fs)
{
	static const char *const special[] = { "proc",	 "sysfs", "anon_inode", "secretmem",
					       "devpts", "fuse",  "9p",		"0x" };

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (slice_starts(fs, special[i]))
			return true;
	return false;
}

/* The file system, and what kind of file it is: devices live in a tmpfs, but are no memory. */
static void told_system(struct traced_file *traced, struct slice words)
{
	static const char *const aligned[] = { "ext2", "ext3", "ext4", "xfs", "btrfs" };
	struct slice fs, type = { "", 0 }, device = { "", 0 };
	struct vas_file *file = &traced->file;

	trace_word(words, "type", &type);
	if (slice_equal(type, "char") || slice_equal(type, "block")) {
		trace_word(words, "rdev", &device);
		set_device(file, slice_equal(device, "1:5"));
		traced->own_rules = (file->flags & VAS_FILE_DEVICE) != 0;
		return;
	}
	if (slice_equal(type, "file")) {
		file->flags &= ~(uint32_t)(VAS_FILE_DEVICE | VAS_FILE_DEVICE_ZERO);
		file->area_flags = 0;
	}
	if (!trace_word(words, "fs", &fs))
		return;
	traced->own_rules = !slice_equal(type, "file") || is_special(fs);
	for (size_t i = 0; i < sizeof(aligned) / sizeof(aligned[0]); i++)
		if (slice_equal(fs, aligned[i]))
			file->flags |= VAS_FILE_HUGE_ALIGN;
	if (slice_equal(fs, "tmpfs") || slice_equal(fs, "shm"))
		file->flags |= VAS_FILE_SHARED_MEMORY;
	if (slice_equal(fs, "hugetlbfs")) {
		file->flags |= VAS_FILE_HUGE_PAGES;
		file->huge_page = HUGE_PAGE;
	}
}

static void told_seals(struct vas_file *file, uint64_t seals)
{
	file->flags &=
		~(uint32_t)(VAS_FILE_SEAL_WRITE | VAS_FILE_SEAL_FUTURE_WRITE | VAS_FILE_SEAL_EXEC);
	if ((seals & SEAL_WRITE) != 0)
		file->flags |= VAS_FILE_SEAL_WRITE;
	if ((seals & SEAL_FUTURE_WRITE) != 0)
		file->flags |= VAS_FILE_SEAL_FUTURE_WRITE;
	if ((seals & SEAL_EXEC) != 0)
		file->flags |= VAS_FILE_SEAL_EXEC;
}

static void told_device(struct vas_file *file, struct slice words)
{
	struct slice text;
	uint64_t value;

	/* "fe:00", hexadecimal */
	if (trace_word(words, "dev", &text) && text.length < 32) {
		char device[32];
		unsigned major, minor;

		memcpy(device, text.at, text.length);
		device[text.length] = '\0';
		if (sscanf(device, "%8x:%8x", &major, &minor) == 2) {
			file->major = major;
			file->minor = minor;
		}
	}
	if (trace_word_number(words, "ino", &value))
		file->inode = value;
}

/* What an @file line tells of a file, the first time and later. */
static void told_file(struct traced_file *traced, struct slice words)
{
	struct vas_file *file = &traced->file;
	uint64_t value;

	told_device(file, words);
	told_mode(file, words);
	told_system(traced, words);
	if (traced->own_rules)
		file->size = UINT64_MAX; /* what stat says of them bounds no mapping */
	else if (trace_word_number(words, "size", &value))
		file->size = value;
	if (trace_word_number(words, "seals", &value))
		told_seals(file, value);
	if (trace_word_number(words, "noexec", &value) && value != 0)
		file->flags |= VAS_FILE_NO_EXEC;
	if (trace_word_number(words, "append", &value) && value != 0)
		file->flags |= VAS_FILE_APPEND;
}

/* PID @file FD dev=... ino=... mode=... id=... path="..." */
int interpret_file_line(struct interpreter *in, const struct trace_event *event,
			struct thread *thread)
{
	struct traced_file *traced;
	struct slice path = { "", 0 };
	uint64_t id;

	if (!trace_word_number(event->words, "id", &id))
		return interpret_fail(in, event, "@file without an id");
	trace_word(event->words, "path", &path);
	traced = file_map_find(&in->files, id);
	if (traced == NULL) {
		traced = file_of_path(path, false);
		if (traced == NULL || !file_map_set(&in->files, id, traced)) {
			if (traced != NULL)
				vas_file_put(&traced->file);
			return interpret_no_memory(in, event);
		}
	}
	told_file(traced, event->words);
	if (in->options.memory != NULL &&
	    in->options.memory->told(in->options.memory_data, traced) != 0)
		return interpret_no_memory(in, event);
	vas_file_get(&traced->file);
	if (thread->file != NULL)
		vas_file_put(&thread->file->file);
	thread->file = traced;
	thread->file_descriptor = (int)event->number;
	return 0;
}

/* ---- segments ---- */

static int add_segment(struct interpreter *in, const struct trace_event *event, uint64_t id,
		       uint64_t size, struct traced_file **segment)
{
	*segment = file_map_find(&in->segments, id);
	if (*segment != NULL) {
		if ((*segment)->file.size < size)
			(*segment)->file.size = size;
		return 0;
	}
	*segment = interpret_shared_memory("/SYSV00000000 (deleted)", size);
	if (*segment != NULL && file_map_set(&in->segments, id, *segment)) {
		(*segment)->file.inode = id;
		return 0;
	}
	if (*segment != NULL)
		vas_file_put(&(*segment)->file);
	return interpret_no_memory(in, event);
}

/* PID @shm ID size=N ino=N ... */
int interpret_shm_line(struct interpreter *in, const struct trace_event *event)
{
	struct traced_file *segment;
	uint64_t size, value;

	if (!trace_word_number(event->words, "size", &size))
		return interpret_fail(in, event, "@shm without a size");
	if (add_segment(in, event, event->number, size, &segment) < 0)
		return -1;
	if (trace_word_number(event->words, "hugetlb", &value) && value != 0) {
		segment->file.flags |= VAS_FILE_HUGE_PAGES;
		segment->file.huge_page = HUGE_PAGE;
	}
	return 0;
}

/* shmget(KEY, SIZE, FLAGS) = ID */
int interpret_shmget(struct interpreter *in, const struct trace_event *event)
{
	const struct trace_call *call = &event->call;
	struct traced_file *segment;
	uint64_t size;

	if (call->result != RESULT_VALUE || call->count < 2 ||
	    !value_number(call->arguments[1], &size) || size == 0)
		return 0;
	return add_segment(in, event, call->value, size, &segment);
}

/* ---- descriptors ---- */

/* A descriptor and its path, if it is one that can be followed. */
static bool read_descriptor(struct slice text, int *fd, struct slice *path, bool *deleted)
{
	return value_descriptor(text, fd, path, deleted) && *fd >= 0;
}

/* Does the file have the name that stands in the trace now? */
static bool same_name(const struct traced_file *file, struct slice path, bool deleted)
{
	char name[4096];
	size_t length = value_string(path, name, sizeof(name)), known = strlen(file->name);

	if (length >= sizeof(name))
		length = sizeof(name) - 1;
	if (known < length || memcmp(file->name, name, length) != 0)
		return false;
	return known == length || (deleted && strcmp(file->name + length, " (deleted)") == 0);
}

/* The file behind a descriptor that an strace log names. */
static int find_descriptor(const struct call_context *context, int fd, struct slice path,
			   bool deleted, struct traced_file **file)
{
	struct descriptors *table = context->thread->descriptors;

	*file = descriptors_find(table, fd);
	if (*file != NULL && (path.length == 0 || same_name(*file, path, deleted))) {
		vas_file_get(&(*file)->file);
		return 0;
	}
	*file = file_of_path(path, deleted);
	if (*file != NULL && descriptors_set(table, fd, *file))
		return 0;
	if (*file != NULL)
		vas_file_put(&(*file)->file);
	return interpret_no_memory(context->in, context->event);
}

int interpret_descriptor(const struct call_context *context, unsigned index, int *fd,
			 struct traced_file **file)
{
	struct thread *thread = context->thread;
	struct slice path;
	bool deleted;

	*file = NULL;
	if (!argument_exists(context, index) ||
	    !value_descriptor(context->call->arguments[index], fd, &path, &deleted))
		return interpret_fail(context->in, context->event,
				      "%s: a descriptor that cannot be read",
				      call_name(context->call->kind));
	if (*fd < 0 || (!kernel_succeeded(context) && context->call->error == VAS_EBADF))
		return 0;
	if (thread->file != NULL && thread->file_descriptor == *fd) {
		*file = thread->file;
		vas_file_get(&(*file)->file);
		return 0;
	}
	return find_descriptor(context, *fd, path, deleted, file);
}

/* What open's flags say; creat and memfd_create have others. */
static void open_mode(const struct trace_call *call, struct traced_file *traced)
{
	struct slice unknown, text;
	uint64_t flags;
	unsigned index = slice_equal(call->name, "open") ? 1 : 2;

	if (!slice_starts(call->name, "open") || call->count <= index)
		return;
	text = call->arguments[index];
	if (slice_equal(call->name, "openat2") && !value_field(text, "flags", &text))
		return;
	if (!value_flags(text, CONSTANTS_OPEN, &flags, &unknown))
		return;
	traced->file.flags &= ~(uint32_t)(VAS_FILE_READ | VAS_FILE_WRITE);
	if ((flags & 3) != 1)
		traced->file.flags |= VAS_FILE_READ;
	if ((flags & 3) != 0)
		traced->file.flags |= VAS_FILE_WRITE;
}

static int open_file(struct interpreter *in, const struct trace_event *event, struct thread *thread)
{
	const struct trace_call *call = &event->call;
	struct traced_file *traced;
	struct slice path, word = call->result_text;
	bool deleted, good;
	int fd;

	if (!read_descriptor(word, &fd, &path, &deleted))
		return 0;
	if (path.length == 0) { /* without -y: the name that was opened */
		unsigned index = slice_starts(call->name, "openat") ? 1 : 0;

		if (call->count > index && slice_starts(call->arguments[index], "\""))
			path = value_inside(call->arguments[index]);
	}
	traced = file_of_path(path, deleted);
	if (traced == NULL)
		return interpret_no_memory(in, event);
	open_mode(call, traced);
	good = descriptors_set(thread->descriptors, fd, traced);
	vas_file_put(&traced->file);
	return good ? 0 : interpret_no_memory(in, event);
}

static void close_range(const struct trace_call *call, struct thread *thread)
{
	uint64_t first, last, flags;
	struct slice unknown;

	if (call->count < 3 || !value_number(call->arguments[0], &first) ||
	    !value_number(call->arguments[1], &last) ||
	    !value_flags(call->arguments[2], CONSTANTS_CLOSE_RANGE, &flags, &unknown) || flags != 0)
		return;
	for (uint64_t fd = first; fd <= last && fd < 65536; fd++)
		descriptors_set(thread->descriptors, (int)fd, NULL);
}

int interpret_files(struct interpreter *in, const struct trace_event *event, struct thread *thread)
{
	const struct trace_call *call = &event->call;
	struct traced_file *file;
	struct slice path, unknown;
	uint64_t command;
	bool deleted;
	int fd, copy;

	if (call->result != RESULT_VALUE || call->count == 0)
		return 0;
	if (call->kind == CALL_OPEN)
		return open_file(in, event, thread);
	if (call->kind == CALL_CLOSE_RANGE) {
		close_range(call, thread);
		return 0;
	}
	if (!read_descriptor(call->arguments[0], &fd, &path, &deleted))
		return 0;
	if (call->kind == CALL_CLOSE) {
		descriptors_set(thread->descriptors, fd, NULL);
		return 0;
	}
	if (call->kind == CALL_FCNTL &&
	    (call->count < 2 ||
	     !value_flags(call->arguments[1], CONSTANTS_FCNTL, &command, &unknown) ||
	     (command != DUPFD && command != DUPFD_CLOEXEC)))
		return 0; /* not a dup */
	if (!read_descriptor(call->result_text, &copy, &path, &deleted))
		return 0;
	file = descriptors_find(thread->descriptors, fd);
	return descriptors_set(thread->descriptors, copy, file) ? 0
								: interpret_no_memory(in, event);
}
