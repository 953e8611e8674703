/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Calls that make processes, replace their spaces, or change what they may do. */

#include "interpret_inside.h"

#include <stdlib.h>

enum {
	FLAG_VM = 0x100,
	FLAG_FILES = 0x400,
	FLAG_VFORK = 0x4000,
	FLAG_THREAD = 0x10000,
	PERSONALITY_ASK = 0xffffffff,
	LIMIT_DATA = 2,
	LIMIT_STACK = 3,
	LIMIT_MEMLOCK = 8,
	LIMIT_AS = 9,
};

/* ---- clone ---- */

/* The flags among clone's arguments; *known is false when strace did not look into a structure. */
static int clone_flags(struct interpreter *in, const struct trace_event *event, uint64_t *flags)
{
	const struct trace_call *call = &event->call;
	struct slice text, unknown;

	*flags = 0;
	if (call->kind == CALL_FORK)
		return 0;
	if (call->kind == CALL_VFORK) {
		*flags = FLAG_VM | FLAG_VFORK;
		return 0;
	}
	if (call->count == 0)
		return interpret_fail(in, event, "%s without arguments", call_name(call->kind));
	text = call->arguments[0];
	if (call->kind == CALL_CLONE3 && value_is_pointer(text)) {
		*flags = FLAG_VM | FLAG_FILES; /* what C libraries use it for: threads, spawning */
		return 0;
	}
	for (unsigned i = 0; i < call->count; i++)
		if (slice_starts(call->arguments[i], "flags="))
			text = slice_after(call->arguments[i], strlen("flags="));
	if (call->kind == CALL_CLONE3 && !value_field(call->arguments[0], "flags", &text))
		return interpret_fail(in, event, "clone3 without flags");
	if (!value_flags(text, CONSTANTS_CLONE, flags, &unknown))
		return interpret_fail(in, event, "an unknown flag of clone: '%.*s'",
				      SLICE_ARGS(unknown));
	return 0;
}

/* The kernel could, so we must. */
static int fork_space(struct interpreter *in, struct vas_space *parent, struct vas_space **child)
{
	int policy = in->settings.overcommit_memory, err;

	err = TIMED(WORK_FORK, vas_fork(parent, child));
	if (err == 0)
		return 0;
	in->settings.overcommit_memory = 1;
	err = TIMED(WORK_FORK, vas_fork(parent, child));
	in->settings.overcommit_memory = policy;
	return err != 0 ? err : 1;
}

static int copy_space(struct interpreter *in, const struct trace_event *event,
		      const struct process *parent, struct process *child)
{
	struct traced_space *from = parent->space, *traced;
	int err;

	if (from == NULL)
		return 0;
	traced = traced_space_create(child->pid, in->counts.spaces + 1, event->line);
	if (traced == NULL)
		return interpret_no_memory(in, event);
	err = fork_space(in, from->space, &traced->space);
	if (err < 0) {
		traced_space_put(traced);
		return interpret_no_memory(in, event);
	}
	if (err > 0) {
		in->counts.divergences++;
		if (in->options.diverged != NULL)
			in->options.diverged(in->options.context,
					     &(struct divergence){
						     .file = event->file,
						     .line = event->line,
						     .pid = parent->pid,
						     .call = "fork",
						     .model = "-1 ENOMEM",
						     .kernel = "a child",
						     .reason = "memory of other processes is "
							       "counted by the kernel too",
					     });
	}
	in->counts.spaces++;
	in->counts.results++;
	traced->partial = from->partial;
	traced->base_proved = from->base_proved;
	traced->no_faults = from->no_faults;
	traced->foreign = from->foreign;
	traced->program = from->program == NULL ? NULL : strdup(from->program);
	process_set_space(child, traced);
	return 0;
}

int interpret_make_child(struct interpreter *in, const struct trace_event *event,
			 const struct thread *parent, int tid, uint64_t flags)
{
	const struct process_share share = {
		.space = (flags & FLAG_VM) != 0,
		.group = (flags & FLAG_THREAD) != 0,
		.descriptors = (flags & FLAG_FILES) != 0,
		.vfork = (flags & FLAG_VFORK) != 0 && (flags & FLAG_VM) != 0,
	};
	struct thread *old = process_table_find(in->table, tid), *child;

	if (old == parent)
		return interpret_fail(in, event, "process %d is its own child", tid);
	if (old != NULL)
		process_exit(in->table, old); /* its end was not told, and the id is used again */
	child = process_clone(in->table, parent, tid, &share);
	if (child == NULL)
		return interpret_no_memory(in, event);
	if (!share.group)
		in->counts.processes++;
	return share.space ? 0 : copy_space(in, event, parent->process, child->process);
}

int interpret_clone(struct interpreter *in, const struct trace_event *event, struct thread *thread)
{
	const struct trace_call *call = &event->call;
	struct begun_call begun = thread->begun;
	uint64_t flags;

	thread->begun = (struct begun_call){ .kind = BEGUN_NOTHING };
	if (clone_flags(in, event, &flags) < 0)
		return -1;
	if (call->result != RESULT_VALUE) {
		in->counts.skipped[call->result == RESULT_ERROR ? SKIP_ERROR : SKIP_NO_RESULT]++;
		return 0;
	}
	if (call->value == 0 || call->value > INT32_MAX)
		return interpret_fail(in, event, "a child whose id is %llu",
				      (unsigned long long)call->value);
	if (begun.kind == BEGUN_CLONE && begun.child == (int)call->value)
		return 0;
	return interpret_make_child(in, event, thread, (int)call->value, flags);
}

/* ---- calls that have begun ---- */

int interpret_start(struct interpreter *in, const struct trace_event *event, struct thread *thread)
{
	const struct trace_call *call = &event->call;
	struct begun_call *begun = &thread->begun;
	uint64_t start, length;

	*begun = (struct begun_call){ .kind = BEGUN_NOTHING };
	switch (call->kind) {
	case CALL_FORK:
	case CALL_VFORK:
	case CALL_CLONE:
	case CALL_CLONE3:
		begun->kind = BEGUN_CLONE;
		return clone_flags(in, event, &begun->flags);
	case CALL_MUNMAP:
		if (call->count != 2 || !value_number(call->arguments[0], &start) ||
		    !value_number(call->arguments[1], &length) || start + length < start ||
		    length == 0)
			return 0;
		begun->kind = BEGUN_UNMAP;
		begun->range = (struct vas_range){ start, vas_page_up(start + length) };
		return 0;
	default:
		return 0;
	}
}

/* ---- exec ---- */

static char *program_name(const struct trace_call *call)
{
	unsigned index = call->kind == CALL_EXECVEAT ? 1 : 0;
	char name[4096];

	if (call->count <= index || !slice_starts(call->arguments[index], "\""))
		return NULL;
	value_string(call->arguments[index], name, sizeof(name));
	return strdup(name);
}

int interpret_execve(struct interpreter *in, const struct trace_event *event, struct thread *thread)
{
	struct process *process = thread->process;
	struct traced_space *traced;

	if (event->call.result != RESULT_VALUE)
		return 0;
	traced = interpret_new_space(in, process, event->line);
	if (traced == NULL || !process_exec(in->table, thread)) {
		traced_space_put(traced);
		return interpret_no_memory(in, event);
	}
	traced->program = program_name(&event->call);
	thread->begun = (struct begun_call){ .kind = BEGUN_NOTHING };
	process->vfork_child = false;
	process_set_space(process, traced);
	if (in->counts.processes == 0)
		in->counts.processes = 1;
	return 0;
}

/* ---- limits and personality ---- */

static void set_limit(struct vas_limits *limits, uint64_t which, uint64_t soft, uint64_t hard)
{
	switch (which) {
	case LIMIT_AS:
		limits->address_space = soft;
		break;
	case LIMIT_DATA:
		limits->data = soft;
		limits->data_hard = hard;
		break;
	case LIMIT_STACK:
		limits->stack = soft;
		break;
	case LIMIT_MEMLOCK:
		limits->locked = soft;
		break;
	}
}

/* setrlimit(WHICH, {...}), prlimit64(PID, WHICH, {...} or NULL, ...) */
int interpret_limit(struct interpreter *in, const struct trace_event *event, struct thread *thread)
{
	const struct trace_call *call = &event->call;
	unsigned first = call->kind == CALL_PRLIMIT64 ? 1 : 0;
	struct slice unknown, field;
	uint64_t which, soft, hard, pid = 0;

	if (call->result != RESULT_VALUE || call->count < first + 2)
		return 0;
	if (first == 1 && (!value_number(call->arguments[0], &pid) || pid > INT32_MAX))
		return 0;
	if (pid != 0)
		thread = process_table_find(in->table, (int)pid);
	if (thread == NULL || value_is_pointer(call->arguments[first + 1]))
		return 0;
	if (!value_flags(call->arguments[first], CONSTANTS_RLIMIT, &which, &unknown))
		return interpret_fail(in, event, "an unknown limit: '%.*s'", SLICE_ARGS(unknown));
	if (!value_field(call->arguments[first + 1], "rlim_cur", &field) ||
	    !value_flags(field, CONSTANTS_RLIMIT_VALUE, &soft, &unknown) ||
	    !value_field(call->arguments[first + 1], "rlim_max", &field) ||
	    !value_flags(field, CONSTANTS_RLIMIT_VALUE, &hard, &unknown))
		return interpret_fail(in, event, "a limit without values");
	set_limit(&thread->process->limits, which, soft, hard);
	return 0;
}

/* as=SOFT:HARD */
static void told_limit(struct vas_limits *limits, uint64_t which, struct slice words,
		       const char *key)
{
	uint64_t soft, hard;
	struct slice text, rest;
	const char *colon;

	if (!trace_word(words, key, &text) || (colon = memchr(text.at, ':', text.length)) == NULL)
		return;
	rest = slice_after(text, (size_t)(colon - text.at) + 1);
	text.length = (size_t)(colon - text.at);
	if (trace_number(text, &soft) && trace_number(rest, &hard))
		set_limit(limits, which, soft, hard);
}

int interpret_limits(struct interpreter *in, const struct trace_event *event, struct thread *thread)
{
	struct vas_limits *limits = &thread->process->limits;

	(void)in;
	told_limit(limits, LIMIT_AS, event->words, "as");
	told_limit(limits, LIMIT_DATA, event->words, "data");
	told_limit(limits, LIMIT_STACK, event->words, "stack");
	told_limit(limits, LIMIT_MEMLOCK, event->words, "memlock");
	return 0;
}

int interpret_personality(struct interpreter *in, const struct trace_event *event,
			  struct thread *thread)
{
	const struct trace_call *call = &event->call;
	struct slice unknown;
	uint64_t value;

	if (call->result != RESULT_VALUE || call->count == 0)
		return 0;
	if (!value_flags(call->arguments[0], CONSTANTS_PERSONALITY, &value, &unknown))
		return interpret_fail(in, event, "an unknown personality: '%.*s'",
				      SLICE_ARGS(unknown));
	if ((uint32_t)value != PERSONALITY_ASK)
		thread->process->personality = (uint32_t)value;
	return 0;
}
