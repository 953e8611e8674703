/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Interpreting a trace.
 *
 * A recorded trace holds all that a space depends on: what the kernel mapped at exec, the layout,
 * limits, the files behind descriptors, and which pages were touched. So each call is made in the
 * model as the program made it, and the kernel's answer is only compared. A plain strace log
 * lacks all of this. Its spaces are "partial": what exec mapped is not known, nor where searches
 * begin; so areas are put where the kernel put them, and what that leaves uncertain is counted
 * as not compared instead of being called a divergence.
 *
 * After a divergence the model is put in step with the kernel again, as well as can be done: areas
 * go where the kernel has them, a call that the kernel refused is undone, a snapshot that differs
 * replaces the areas. So one difference is told once.
 *
 * Order. Calls of one space may overlap in an strace log; a call counts as made when it returns.
 * That is wrong for an munmap whose range another thread was given before munmap's own return was
 * seen: such calls are remembered from their beginning, and made early when another call's result
 * shows that they must have happened. Likewise a fork is made when the child is first seen.
 *
 *	interpret.c           events, settings, touches
 *	interpret_thread.c    which thread an event is about; unknown ones
 *	interpret_process.c   clone, exec, exit, limits
 *	interpret_map.c       calls that choose an address
 *	interpret_range.c     calls on a range
 *	interpret_file.c      files and descriptors
 *	interpret_snapshot.c  areas as the kernel shows them, taken as they are
 *	interpret_compare.c   or compared
 *	interpret_check.c     comparing results, and getting in step again
 */

#include "interpret_inside.h"

#include <stdarg.h>
#include <stdlib.h>

#define LSM_MIN_ADDR 65536

/* ---- creation ---- */

struct interpreter *interpreter_create(const struct interpreter_options *options)
{
	struct interpreter *in = calloc(1, sizeof(*in));
	bool known = options->index == NULL;

	if (in == NULL)
		return NULL;
	for (const char *const *design = vas_index_designs(); !known && *design != NULL; design++)
		known = strcmp(*design, options->index) == 0;
	in->options = *options;
	in->table = process_table_create();
	in->randomized = true;
	vas_settings_default(&in->settings);
	in->settings.huge_pages_free = UINT64_MAX; /* a trace does not tell; see lacks_huge_pages */
	in->told_min_addr = in->settings.mmap_min_addr;
	if (in->table == NULL || !known) {
		interpreter_destroy(in);
		return NULL;
	}
	return in;
}

void interpreter_destroy(struct interpreter *in)
{
	if (in == NULL)
		return;
	interpreter_clear(in);
	process_table_destroy(in->table);
	vas_anon_vma_chain_destroy(in->chain);
	free(in->snapshot.lines);
	free(in->snapshot.names);
	free(in);
}

void interpreter_clear(struct interpreter *in)
{
	struct thread *thread;
	size_t position = 0;

	while (in->table != NULL && (thread = process_table_next(in->table, &position)) != NULL) {
		process_exit(in->table, thread);
		position = 0;
	}
	interpret_drop_postponed(in);
	file_map_free(&in->files);
	file_map_free(&in->segments);
}

int interpret_fail(struct interpreter *in, const struct trace_event *event, const char *format, ...)
{
	va_list arguments;
	int used = snprintf(in->error, sizeof(in->error), "%.300s:%lu: ", event->file, event->line);

	va_start(arguments, format);
	vsnprintf(in->error + used, sizeof(in->error) - (size_t)used, format, arguments);
	va_end(arguments);
	return -1;
}

int interpret_no_memory(struct interpreter *in, const struct trace_event *event)
{
	const struct interpreter_memory *memory = in->options.memory;
	const char *full = memory == NULL ? NULL : memory->full(in->options.memory_data);

	return interpret_fail(in, event, "%s", full == NULL ? "out of memory" : full);
}

void interpreter_diverged(struct interpreter *in, const struct divergence *divergence)
{
	struct divergence placed = *divergence;

	in->counts.divergences++;
	placed.file = in->file;
	placed.line = in->line;
	if (in->options.diverged != NULL)
		in->options.diverged(in->options.context, &placed);
}

void interpret_note(struct interpreter *in, const char *format, ...)
{
	char text[512];
	va_list arguments;

	if (in->options.note == NULL)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	in->options.note(in->options.context, text);
}

/* A space without memory, which knows when Linux merges areas. */
static int create_bare(struct interpreter *in, struct vas_space_config *config,
		       struct vas_space **space)
{
	const struct vas_anon_rmap_config chain = {
		.allocator = &vas_libc_allocator,
		.settings = &in->settings,
		.huge_faults = in->huge_faults,
	};

	if (in->chain == NULL && vas_anon_vma_chain_create(&chain, &in->chain) != 0)
		return -VAS_ENOMEM;
	config->listeners[2] = config->listeners[1];
	config->listeners[1] = config->listeners[0];
	config->listeners[0].listener = &vas_anon_vma_chain_listener;
	config->listeners[0].data = in->chain;
	return vas_space_create(config, space);
}

struct traced_space *interpret_new_space(struct interpreter *in, const struct process *process,
					 unsigned long line)
{
	const struct interpreter_memory *memory = in->options.memory;
	struct traced_space *traced;
	struct vas_space_config config;
	int err;

	traced = traced_space_create(process->pid, in->counts.spaces + 1, line);
	if (traced == NULL)
		return NULL;
	vas_space_default(&config, &in->settings);
	config.index = in->options.index;
	config.limits = process->limits;
	config.privileges = process->privileges;
	config.personality = process->personality;
	config.listeners[0].listener = in->options.listener;
	config.listeners[0].data = in->options.listener_data;
	config.listeners[1].listener = in->options.second_listener;
	config.listeners[1].data = in->options.second_data;
	err = memory == NULL ? create_bare(in, &config, &traced->space)
			     : memory->space(in->options.memory_data, &config, in->huge_faults,
					     &traced->space);
	if (err != 0) {
		traced_space_put(traced);
		return NULL;
	}
	if (process->refuses_exec_gain)
		vas_space_refuse_exec_gain(traced->space, true);
	traced->partial = true;
	traced->no_faults = !interpret_touches_known(in);
	in->counts.spaces++;
	return traced;
}

void interpret_sync_process(struct process *process)
{
	struct vas_space *space = process->space == NULL ? NULL : process->space->space;

	if (space == NULL)
		return;
	*vas_space_limits(space) = process->limits;
	vas_space_set_privileges(space, process->privileges);
	vas_space_set_personality(space, process->personality);
}

/* ---- settings ---- */

static void setting_number(struct slice words, const char *key, uint64_t *number)
{
	uint64_t value;

	if (trace_word_number(words, key, &value))
		*number = value;
}

static uint32_t kernel_version(struct slice text)
{
	uint64_t major, minor;
	const char *dot = memchr(text.at, '.', text.length);
	struct slice rest;
	size_t digits = 0;

	if (dot == NULL)
		return 0;
	rest = slice_after(text, (size_t)(dot - text.at) + 1);
	while (digits < rest.length && rest.at[digits] >= '0' && rest.at[digits] <= '9')
		digits++;
	rest.length = digits;
	text.length = (size_t)(dot - text.at);
	if (!value_number(text, &major) || !value_number(rest, &minor) || major > 999 ||
	    minor > 999)
		return 0;
	return VAS_KERNEL(major, minor);
}

static void read_record(struct interpreter *in, struct slice words)
{
	struct slice value;

	in->recorded = true;
	if (trace_word(words, "kernel", &value) && kernel_version(value) != 0)
		in->settings.kernel = kernel_version(value);
}

static void read_settings(struct interpreter *in, struct slice words)
{
	struct vas_settings *settings = &in->settings;
	uint64_t value, ram = 0, swap = 0;
	struct slice text;

	if (trace_word_number(words, "overcommit_memory", &value) && value <= 2)
		settings->overcommit_memory = (int)value;
	setting_number(words, "overcommit_limit_pages", &settings->commit_limit);
	setting_number(words, "total_ram_pages", &ram);
	setting_number(words, "swap_pages", &swap);
	if (ram != 0 && !__builtin_add_overflow(ram, swap, &value))
		settings->total_pages = value;
	if (trace_word_number(words, "max_map_count", &value) && value <= UINT32_MAX)
		settings->max_map_count = (uint32_t)value;
	if (trace_word_number(words, "mmap_min_addr", &value)) {
		/* Kernels with security modules (all of the distributions) have a least of their
		 * own, which no file tells; a search that goes below it shows that it is not so. */
		in->told_min_addr = value;
		settings->fixed_min_addr = value;
		settings->mmap_min_addr = value > LSM_MIN_ADDR ? value : LSM_MIN_ADDR;
	}
	if (trace_word_number(words, "stack_guard_gap", &value) && value <= 1u << 20)
		settings->stack_guard_gap = value << VAS_PAGE_SHIFT;
	if (trace_word_number(words, "randomize_va_space", &value))
		in->randomized = value != 0;
	if (trace_word_number(words, "legacy_va_layout", &value))
		in->legacy_layout = value != 0;
	if (trace_word(words, "thp", &text)) {
		in->huge_faults = slice_equal(text, "always")	 ? VAS_HUGE_FAULTS_ALWAYS
				  : slice_equal(text, "madvise") ? VAS_HUGE_FAULTS_ADVISED
								 : VAS_HUGE_FAULTS_NEVER;
	}
}

static void read_faults(struct interpreter *in, struct slice words)
{
	struct slice source = slice_word(&words);

	snprintf(in->faults, sizeof(in->faults), "%.*s", SLICE_ARGS(source));
}

/* The kernel dropped touches; nobody knows whose. */
static void read_lost(struct interpreter *in, uint64_t lost)
{
	struct thread *thread;
	size_t position = 0;

	in->counts.lost += lost;
	while ((thread = process_table_next(in->table, &position)) != NULL)
		if (thread->process->space != NULL)
			thread->process->space->no_faults = true;
}

bool interpret_touches_known(const struct interpreter *in)
{
	return strcmp(in->faults, "tracepoint") == 0 || strcmp(in->faults, "software") == 0;
}

/* ---- touches ---- */

int interpret_touch(struct interpreter *in, struct thread *thread, uint64_t address, char access)
{
	struct traced_space *traced = thread->process->space;
	const struct vas_area *area;
	enum vas_access how = VAS_ACCESS_READ;

	if (traced == NULL || traced->foreign)
		return 0;
	in->counts.touches++;
	if (access == '?') {
		area = vas_find_ge(traced->space, address);
		access = area != NULL && (area->flags & VAS_AREA_WRITE) != 0 ? 'w' : 'r';
	}
	if (access == 'w')
		how = VAS_ACCESS_WRITE;
	else if (access == 'x')
		how = VAS_ACCESS_EXEC;
	interpret_sync_process(thread->process);
	if (in->options.memory != NULL)
		return in->options.memory->touch(in->options.memory_data, in, thread, address, how);
	return vas_touch(traced->space, address, how);
}

static int hold_touch(struct interpreter *in, const struct trace_event *event,
		      struct thread *thread)
{
	if (thread->held_count == thread->held_size) {
		size_t size = thread->held_size * 2 + 16;
		struct held_touch *held = realloc(thread->held, size * sizeof(*held));

		if (held == NULL)
			return interpret_no_memory(in, event);
		thread->held = held;
		thread->held_size = size;
	}
	thread->held[thread->held_count++] = (struct held_touch){ event->number, event->access };
	return 0;
}

/* A child that borrows its parent's space touches, inside execve, pages of its new one. */
static void release_touches(struct interpreter *in, const struct trace_event *event,
			    struct thread *thread)
{
	bool exec = event->kind == TRACE_CALL && event->call.result == RESULT_VALUE &&
		    (event->call.kind == CALL_EXECVE || event->call.kind == CALL_EXECVEAT);

	for (size_t i = 0; !exec && i < thread->held_count; i++)
		if (interpret_touch(in, thread, thread->held[i].address, thread->held[i].access) !=
		    0)
			in->counts.touch_faults++;
	thread->held_count = 0;
}

static int feed_touch(struct interpreter *in, const struct trace_event *event,
		      struct thread *thread)
{
	struct process *process = thread->process;

	if (event->in_kernel && process->vfork_child)
		return hold_touch(in, event, thread);
	if (interpret_touch(in, thread, event->number, event->access) == 0)
		return 0;
	in->counts.touch_faults++;
	/* With other threads about, their calls may stand before or after this in the trace. */
	if (!event->in_kernel && process->threads == 1 && process->space != NULL &&
	    process->space->users == 1 && !process->space->partial) {
		thread->refused = event->number;
		thread->refused_line = event->line;
	}
	return 0;
}

/* A page that the model refused, and no signal told the program: the kernel had one there. */
static void check_refused(struct interpreter *in, const struct trace_event *event,
			  struct thread *thread)
{
	char call[64];
	uint64_t address = thread->refused;

	if (event->kind == TRACE_SIGNAL && !slice_equal(event->words, "SIGSEGV") &&
	    !slice_equal(event->words, "SIGBUS"))
		return; /* another signal may come first */
	if (event->kind == TRACE_TOUCH && event->number == address)
		return; /* it did, and the access was tried again */
	thread->refused = UINT64_MAX;
	if (event->kind == TRACE_SIGNAL || event->kind == TRACE_EXITED)
		return;
	in->counts.divergences++;
	if (in->options.diverged == NULL)
		return;
	snprintf(call, sizeof(call), "page fault at %#llx", (unsigned long long)address);
	in->options.diverged(in->options.context, &(struct divergence){
							  .kind = DIVERGENCE_TOUCH,
							  .file = event->file,
							  .line = thread->refused_line,
							  .pid = thread->tid,
							  .call = call,
							  .model = "no page may be there",
							  .kernel = "a page, no signal",
						  });
}

/* ---- events ---- */

static int (*const space_calls[CALL_KINDS])(struct call_context *) = {
	[CALL_MMAP] = interpret_mmap,
	[CALL_MUNMAP] = interpret_munmap,
	[CALL_MPROTECT] = interpret_mprotect,
	[CALL_PKEY_MPROTECT] = interpret_pkey_mprotect,
	[CALL_PKEY_ALLOC] = interpret_pkey_alloc,
	[CALL_PKEY_FREE] = interpret_pkey_free,
	[CALL_MREMAP] = interpret_mremap,
	[CALL_BRK] = interpret_brk,
	[CALL_MADVISE] = interpret_madvise,
	[CALL_PROCESS_MADVISE] = interpret_process_madvise,
	[CALL_MLOCK] = interpret_mlock,
	[CALL_MLOCK2] = interpret_mlock2,
	[CALL_MUNLOCK] = interpret_munlock,
	[CALL_MLOCKALL] = interpret_mlockall,
	[CALL_MUNLOCKALL] = interpret_munlockall,
	[CALL_MSEAL] = interpret_mseal,
	[CALL_REMAP_FILE_PAGES] = interpret_remap_file_pages,
	[CALL_SHMAT] = interpret_shmat,
	[CALL_SHMDT] = interpret_shmdt,
	[CALL_PRCTL] = interpret_prctl,
	[CALL_ARCH_PRCTL] = interpret_unmodelled,
	[CALL_MBIND] = interpret_mbind,
	[CALL_IO_SETUP] = interpret_io_setup,
	[CALL_IO_DESTROY] = interpret_io_destroy,
	[CALL_IOCTL] = interpret_ioctl,
	[CALL_MAP_SHADOW_STACK] = interpret_unmodelled,
};

static int feed_space_call(struct interpreter *in, const struct trace_event *event,
			   struct thread *thread)
{
	struct process *process = thread->process;
	struct call_context context = {
		.in = in,
		.event = event,
		.call = &event->call,
		.thread = thread,
	};

	if (process->space == NULL) {
		process_set_space(process, interpret_new_space(in, process, event->line));
		if (process->space == NULL)
			return interpret_no_memory(in, event);
	}
	context.traced = process->space;
	context.space = process->space->space;
	if (context.traced->foreign) {
		outcome_skip(&context, SKIP_FOREIGN);
		return 0;
	}
	if (event->call.result == RESULT_NONE || event->call.result == RESULT_RESTART) {
		outcome_skip(&context, SKIP_NO_RESULT);
		return 0;
	}
	/* The thread was killed before it got the lock of its space. */
	if (!kernel_succeeded(&context) && event->call.error == VAS_EINTR) {
		outcome_skip(&context, SKIP_ERROR);
		return 0;
	}
	interpret_sync_process(process);
	return space_calls[event->call.kind](&context);
}

static void exit_group(struct interpreter *in, const struct process *process)
{
	struct thread *thread;
	size_t position = 0;

	while ((thread = process_table_next(in->table, &position)) != NULL)
		if (thread->process == process)
			thread->exiting = true;
}

static int feed_call(struct interpreter *in, const struct trace_event *event, struct thread *thread)
{
	in->counts.calls[event->call.kind]++;
	release_touches(in, event, thread);
	if (space_calls[event->call.kind] != NULL)
		return feed_space_call(in, event, thread);
	switch (event->call.kind) {
	case CALL_FORK:
	case CALL_VFORK:
	case CALL_CLONE:
	case CALL_CLONE3:
		return interpret_clone(in, event, thread);
	case CALL_EXECVE:
	case CALL_EXECVEAT:
		return interpret_execve(in, event, thread);
	case CALL_EXIT:
		thread->exiting = true;
		return 0;
	case CALL_EXIT_GROUP:
		exit_group(in, thread->process);
		return 0;
	case CALL_SETRLIMIT:
	case CALL_PRLIMIT64:
		return interpret_limit(in, event, thread);
	case CALL_PERSONALITY:
		return interpret_personality(in, event, thread);
	case CALL_SHMGET:
		return interpret_shmget(in, event);
	case CALL_OPEN:
	case CALL_CLOSE:
	case CALL_CLOSE_RANGE:
	case CALL_DUP:
	case CALL_FCNTL:
		return interpret_files(in, event, thread);
	default:
		return 0;
	}
}

static void feed_exited(struct interpreter *in, struct thread *thread)
{
	if (thread->process->threads == 1 && in->options.exiting != NULL)
		in->options.exiting(in->options.context, in, thread);
	process_exit(in->table, thread);
}

static int feed_thread(struct interpreter *in, const struct trace_event *event,
		       struct thread *thread)
{
	if (thread->refused != UINT64_MAX)
		check_refused(in, event, thread);
	switch (event->kind) {
	case TRACE_CALL:
		return feed_call(in, event, thread);
	case TRACE_START:
		return interpret_start(in, event, thread);
	case TRACE_OTHER:
		in->counts.other_calls++;
		return 0;
	case TRACE_EXITED:
		feed_exited(in, thread);
		return 0;
	case TRACE_BITS:
		if (event->number != 64 && thread->process->space != NULL)
			thread->process->space->foreign = true;
		return 0;
	case TRACE_LIMITS:
		return interpret_limits(in, event, thread);
	case TRACE_LAYOUT:
		return interpret_layout(in, event, thread);
	case TRACE_PRIVILEGES:
		interpret_privileges(event, thread);
		return 0;
	case TRACE_SNAPSHOT:
		return interpret_snapshot(in, event, thread);
	case TRACE_AREA:
		return interpret_area(in, event, thread);
	case TRACE_FILE:
		return interpret_file_line(in, event, thread);
	case TRACE_SHM:
		return interpret_shm_line(in, event);
	case TRACE_TOUCH:
		return feed_touch(in, event, thread);
	default:
		return 0;
	}
}

int interpret_feed_one(struct interpreter *in, const struct trace_event *event,
		       struct thread *thread)
{
	int tid = thread->tid, err;

	thread->seen = true;
	in->file = event->file;
	in->line = event->line;
	if (in->options.before != NULL)
		in->options.before(in->options.context, in, event, thread);
	err = feed_thread(in, event, thread);
	if (err == 0 && in->options.after != NULL)
		in->options.after(in->options.context, in, event,
				  process_table_find(in->table, tid));
	return err;
}

/* Events that are about no thread. false: it is about one. */
static bool feed_whole(struct interpreter *in, const struct trace_event *event)
{
	switch (event->kind) {
	case TRACE_RECORD:
		read_record(in, event->words);
		return true;
	case TRACE_SETTINGS:
		read_settings(in, event->words);
		return true;
	case TRACE_FAULTS:
		read_faults(in, event->words);
		return true;
	case TRACE_LOST:
		read_lost(in, event->number);
		return true;
	case TRACE_NOTE:
		interpret_note(in, "%s:%lu: %.*s", event->file, event->line,
			       SLICE_ARGS(event->words));
		return true;
	case TRACE_END:
		return true;
	default:
		return event->kind == TRACE_NOTHING;
	}
}

int interpreter_feed(struct interpreter *in, const struct trace_event *event)
{
	struct thread *thread;
	int found;

	in->counts.events++;
	if (in->snapshot.open && event->kind != TRACE_AREA)
		return interpret_fail(in, event, "a snapshot of %zu areas ends after %zu",
				      in->snapshot.expected, in->snapshot.count);
	if (feed_whole(in, event)) {
		if (in->options.before != NULL)
			in->options.before(in->options.context, in, event, NULL);
		if (in->options.after != NULL)
			in->options.after(in->options.context, in, event, NULL);
		return 0;
	}
	found = interpret_find_thread(in, event, &thread);
	if (found <= 0)
		return found;
	if (interpret_feed_one(in, event, thread) < 0)
		return -1;
	if (in->postponed == NULL || !interpret_tells_children(event))
		return 0;
	return interpret_catch_up(in, false);
}

int interpreter_finish(struct interpreter *in)
{
	return interpret_catch_up(in, true);
}

const char *interpreter_error(const struct interpreter *in)
{
	return in->error;
}

struct process_table *interpreter_processes(struct interpreter *in)
{
	return in->table;
}

const struct interpreter_counts *interpreter_counts(const struct interpreter *in)
{
	return &in->counts;
}

const char *interpreter_faults(const struct interpreter *in)
{
	return in->faults;
}

bool interpreter_recorded(const struct interpreter *in)
{
	return in->recorded;
}
