/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Calls on a range of addresses: they return 0 or an error, and move nothing.
 *
 * All go the same way: areas that a partial space lacks are learnt from the kernel's success, the
 * call is made, the errors are compared. If the kernel refused what the model did, the areas of
 * the range are put back as they were.
 */

#include "interpret_inside.h"

#include <errno.h>
#include <stdlib.h>

enum {
	PRCTL_SET_VMA = 0x53564d41,
	PRCTL_SET_MM = 35,
	PRCTL_SET_MDWE = 65,
	MM_START_DATA = 3,
	MM_END_DATA = 4,
	MM_START_STACK = 5,
	MM_START_BRK = 6,
	MM_BRK = 7,
	MM_MAP = 14,
	MADVISE_POPULATE_READ = 22,
	MADVISE_POPULATE_WRITE = 23,
	MADVISE_COLLAPSE = 25,
	MADVISE_HWPOISON = 100,
	MADVISE_SOFT_OFFLINE = 101,
	MADVISE_GUARD_INSTALL = 102,
	NAME_MOST = 256,
	IOCTL_REGISTER = 0xc020aa00,
	IOCTL_UNREGISTER = 0x8010aa01,
};

/* One call on [start, start + length), with whatever else it takes. */
struct range_call {
	uint64_t start, length;
	uint64_t flags, offset;
	int64_t number;
	const char *name;
	bool populates;
	int (*run)(struct vas_space *space, const struct range_call *call);
};

/*
 * Did the kernel fail to give the range its pages, after the areas were changed? How many huge
 * pages there were is not told, nor where files end since somebody cut them; and guard pages are
 * known only to a machine.
 */
static bool lacked_pages(const struct call_context *context, const struct range_call *call)
{
	int error = context->call->error;
	struct vas_walk walk;
	struct vas_area *area;

	/* EINVAL is an area behind, which may not be populated. */
	if (kernel_succeeded(context) || (error != VAS_ENOMEM && error != VAS_EFAULT &&
					  !(call->populates && error == VAS_EINVAL)))
		return false;
	vas_walk_start(&walk, context->space, call->start);
	while ((area = vas_walk_next(&walk)) != NULL &&
	       area->range.start < call->start + call->length)
		if ((area->flags & VAS_AREA_HUGE_PAGES) != 0 ||
		    (call->populates && (context->in->guards || !vas_area_anonymous(area))))
			return true;
	return false;
}

/* The kernel has populated the range: so files that end before it here have grown unseen. */
static int learn_sizes(const struct call_context *context, const struct range_call *call)
{
	const struct interpreter_options *options = &context->in->options;
	uint64_t end = vas_page_up(call->start + call->length);
	struct vas_area *area = vas_find_ge(context->space, call->start);

	for (; area != NULL && area->range.start < end; area = vas_area_next(area)) {
		uint64_t stop = area->range.end < end ? area->range.end : end;
		uint64_t size = (area->offset << VAS_PAGE_SHIFT) + (stop - area->range.start);

		if (vas_area_anonymous(area) || area->file->size >= size - VAS_PAGE_MASK)
			continue;
		area->file->size = size;
		if (options->memory != NULL &&
		    options->memory->told(options->memory_data, area->file->data) != 0)
			return interpret_no_memory(context->in, context->event);
	}
	return 0;
}

static int run_range(const struct call_context *context, const struct range_call *call)
{
	uint64_t end = call->start + call->length;
	struct saved_areas saved = { 0 };
	int err;

	if (refused_by_driver(context, call->start, call->length))
		return 0;
	if (end >= call->start && call->length != 0 && learn_areas(context, call->start, end) < 0)
		return -1;
	if (call->populates && kernel_succeeded(context) && learn_sizes(context, call) < 0)
		return -1;
	if (save_areas(context, call->start, call->length, &saved) < 0)
		return -1;
	err = TIMED(WORK_MAP, call->run(context->space, call));
	if (-err != context->call->error && lacked_pages(context, call))
		outcome_skip(context, SKIP_ERROR);
	else if (!outcome_check(context, (struct outcome){ -err, 0 }, NULL) && err == 0)
		restore_areas(context, &saved);
	drop_saved(&saved);
	return 0;
}

static int read_range(const struct call_context *context, struct range_call *call)
{
	if (argument_number(context, 0, &call->start) < 0)
		return -1;
	return argument_number(context, 1, &call->length);
}

/* ---- munmap ---- */

int interpret_munmap(struct call_context *context)
{
	struct begun_call *begun = &context->thread->begun;
	bool applied = begun->kind == BEGUN_UNMAP && begun->applied;
	struct saved_areas saved = { 0 };
	uint64_t start, length;
	int err = 0;

	begun->kind = BEGUN_NOTHING;
	if (argument_number(context, 0, &start) < 0 || argument_number(context, 1, &length) < 0)
		return -1;
	if (refused_by_driver(context, start, length))
		return 0;
	if (save_areas(context, start, length, &saved) < 0)
		return -1;
	if (!applied)
		err = TIMED(WORK_MAP, vas_unmap(context->space, start, length));
	if (!outcome_check(context, (struct outcome){ -err, 0 }, NULL) && err == 0)
		restore_areas(context, &saved);
	drop_saved(&saved);
	return 0;
}

/* ---- protection ---- */

static int run_protect(struct vas_space *space, const struct range_call *call)
{
	return vas_protect(space, call->start, call->length, (uint32_t)call->flags,
			   (int)call->number);
}

static int protect(struct call_context *context, int64_t key)
{
	struct range_call call = { .number = key, .run = run_protect };

	if (read_range(context, &call) < 0 ||
	    argument_flags(context, 2, CONSTANTS_PROT, &call.flags) < 0)
		return -1;
	if (call.flags > UINT32_MAX)
		call.flags = UINT32_MAX; /* as invalid as it was */
	return run_range(context, &call);
}

int interpret_mprotect(struct call_context *context)
{
	return protect(context, -1);
}

int interpret_pkey_mprotect(struct call_context *context)
{
	uint64_t key;

	if (argument_number(context, 3, &key) < 0)
		return -1;
	return protect(context, (int)(uint32_t)key);
}

/* The processor's keys are there if one could be had. */
int interpret_pkey_alloc(struct call_context *context)
{
	struct interpreter *in = context->in;
	int key = 0, err;

	if (kernel_succeeded(context)) {
		in->settings.protection_keys = true;
		in->keys_learnt = true;
	}
	if (!in->keys_learnt) {
		outcome_skip(context, SKIP_ERROR);
		return 0;
	}
	err = vas_pkey_alloc(context->space, &key);
	if (!kernel_succeeded(context) && context->call->error == VAS_EINVAL)
		return 0; /* flags or rights that are none */
	(void)outcome_check(context, (struct outcome){ -err, (uint64_t)key }, NULL);
	return 0;
}

int interpret_pkey_free(struct call_context *context)
{
	uint64_t key;
	int err;

	if (argument_number(context, 0, &key) < 0)
		return -1;
	err = vas_pkey_free(context->space, (int)(uint32_t)key);
	(void)outcome_check(context, (struct outcome){ -err, 0 }, NULL);
	return 0;
}

/* ---- advice ---- */

static int run_advise(struct vas_space *space, const struct range_call *call)
{
	return vas_advise(space, call->start, call->length, (int)call->number);
}

static int read_advice(const struct call_context *context, unsigned index, int64_t *advice)
{
	uint64_t value;

	if (argument_flags(context, index, CONSTANTS_MADV, &value) < 0)
		return -1;
	*advice = (int)(uint32_t)value;
	return 0;
}

/* Advice whose success hangs on the very pages. */
static bool of_pages(int64_t advice)
{
	return advice == MADVISE_COLLAPSE || advice == MADVISE_HWPOISON ||
	       advice == MADVISE_SOFT_OFFLINE;
}

int interpret_madvise(struct call_context *context)
{
	struct range_call call = { .run = run_advise };

	if (read_range(context, &call) < 0 || read_advice(context, 2, &call.number) < 0)
		return -1;
	if (of_pages(call.number) && !kernel_succeeded(context)) {
		outcome_skip(context, SKIP_ERROR);
		return 0;
	}
	if (call.number == MADVISE_GUARD_INSTALL)
		context->in->guards = context->in->options.memory == NULL;
	call.populates =
		call.number == MADVISE_POPULATE_READ || call.number == MADVISE_POPULATE_WRITE;
	return run_range(context, &call);
}

/* The space that a pidfd stands for: strace -yy shows the pid, -y does not. */
static bool targets_itself(const struct call_context *context)
{
	struct slice text = context->call->arguments[0], path;
	uint64_t pid;
	bool deleted;
	int fd;

	if (!value_descriptor(text, &fd, &path, &deleted) || !slice_starts(path, "pid:"))
		return true;
	return value_number(slice_after(path, 4), &pid) &&
	       (int)pid == context->thread->process->pid;
}

/* Each range in turn; what was done before an error counts as success. */
static int advise_ranges(const struct call_context *context, int64_t advice, struct outcome *model)
{
	struct slice rest = value_inside(context->call->arguments[1]), element, base, length;

	while (model->error == 0 && value_element(&rest, &element)) {
		uint64_t start, bytes;

		if (!value_field(element, "iov_base", &base) ||
		    !value_field(element, "iov_len", &length) || !value_number(base, &start) ||
		    !value_number(length, &bytes))
			return interpret_fail(context->in, context->event,
					      "process_madvise: a vector that cannot be read");
		model->error =
			-TIMED(WORK_MAP, vas_advise(context->space, start, bytes, (int)advice));
		if (model->error == 0)
			model->value += bytes;
	}
	if (model->value != 0)
		model->error = 0;
	return 0;
}

/* process_madvise(PIDFD, [{iov_base=..., iov_len=...}, ...], COUNT, ADVICE, FLAGS) = bytes */
int interpret_process_madvise(struct call_context *context)
{
	const struct trace_call *call = context->call;
	struct outcome model = { 0 };
	uint64_t flags;
	int64_t advice;

	if (call->count < 4 || value_is_pointer(call->arguments[1]) || !targets_itself(context)) {
		outcome_skip(context, SKIP_POLICY);
		return 0;
	}
	if (!kernel_succeeded(context) &&
	    (call->error == VAS_EBADF || call->error == VAS_EPERM || call->error == ESRCH)) {
		outcome_skip(context, SKIP_ERROR); /* what the descriptor stands for is not told */
		return 0;
	}
	if (read_advice(context, 3, &advice) < 0 || argument_number(context, 4, &flags) < 0)
		return -1;
	if ((uint32_t)flags != 0)
		model.error = VAS_EINVAL;
	else if (advise_ranges(context, advice, &model) < 0)
		return -1;
	(void)outcome_check(context, model, NULL);
	return 0;
}

/* ---- mbind ---- */

static int run_bind(struct vas_space *space, const struct range_call *call)
{
	return vas_bind(space, call->start, call->length, call->flags);
}

/* A number for a policy: equal ones have equal modes and nodes. */
static uint64_t policy_number(uint64_t mode, struct slice nodes)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ mode;

	if (mode == 0)
		return 0;
	for (size_t i = 0; i < nodes.length; i++)
		hash = (hash ^ (unsigned char)nodes.at[i]) * UINT64_C(0x100000001b3);
	return hash == 0 ? 1 : hash;
}

/* mbind(ADDRESS, LENGTH, MODE, NODES, COUNT, FLAGS) */
int interpret_mbind(struct call_context *context)
{
	struct range_call call = { .run = run_bind };
	uint64_t mode;

	if (read_range(context, &call) < 0 || argument_flags(context, 2, CONSTANTS_MPOL, &mode) < 0)
		return -1;
	if (!argument_exists(context, 3))
		return interpret_fail(context->in, context->event, "mbind: argument 4 is missing");
	if (!kernel_succeeded(context) &&
	    (context->call->error != VAS_EFAULT || value_is_pointer(context->call->arguments[3]))) {
		outcome_skip(context, SKIP_ERROR); /* modes and nodes are not looked at */
		return 0;
	}
	call.flags = policy_number(mode, context->call->arguments[3]);
	return run_range(context, &call);
}

/* ---- locks, seals ---- */

static int run_lock(struct vas_space *space, const struct range_call *call)
{
	return vas_lock(space, call->start, call->length, (uint32_t)call->flags);
}

static int run_unlock(struct vas_space *space, const struct range_call *call)
{
	return vas_unlock(space, call->start, call->length);
}

static int run_seal(struct vas_space *space, const struct range_call *call)
{
	return vas_seal(space, call->start, call->length, call->flags);
}

int interpret_mlock(struct call_context *context)
{
	struct range_call call = { .populates = true, .run = run_lock };

	return read_range(context, &call) < 0 ? -1 : run_range(context, &call);
}

int interpret_mlock2(struct call_context *context)
{
	struct range_call call = { .run = run_lock };

	if (read_range(context, &call) < 0 ||
	    argument_flags(context, 2, CONSTANTS_MLOCK, &call.flags) < 0)
		return -1;
	call.populates = call.flags == 0;
	return run_range(context, &call);
}

int interpret_munlock(struct call_context *context)
{
	struct range_call call = { .run = run_unlock };

	return read_range(context, &call) < 0 ? -1 : run_range(context, &call);
}

int interpret_mlockall(struct call_context *context)
{
	uint64_t flags;
	int err;

	if (argument_flags(context, 0, CONSTANTS_MCL, &flags) < 0)
		return -1;
	err = TIMED(WORK_MAP, vas_lock_all(context->space, (uint32_t)flags));
	if (!outcome_check(context, (struct outcome){ -err, 0 }, NULL) && err == 0)
		(void)!vas_unlock_all(context->space);
	return 0;
}

int interpret_munlockall(struct call_context *context)
{
	int err = TIMED(WORK_MAP, vas_unlock_all(context->space));

	(void)outcome_check(context, (struct outcome){ -err, 0 }, NULL);
	return 0;
}

int interpret_mseal(struct call_context *context)
{
	struct range_call call = { .run = run_seal };

	if (read_range(context, &call) < 0 || argument_number(context, 2, &call.flags) < 0)
		return -1;
	return run_range(context, &call);
}

/* ---- remap_file_pages, shmdt ---- */

static int run_file_pages(struct vas_space *space, const struct range_call *call)
{
	return vas_remap_file_pages(space, call->start, call->length, (uint32_t)call->number,
				    call->offset, (uint32_t)call->flags);
}

int interpret_remap_file_pages(struct call_context *context)
{
	struct range_call call = { .run = run_file_pages };
	uint64_t prot;

	if (read_range(context, &call) < 0 ||
	    argument_flags(context, 2, CONSTANTS_PROT, &prot) < 0 ||
	    argument_number(context, 3, &call.offset) < 0 ||
	    argument_flags(context, 4, CONSTANTS_MAP, &call.flags) < 0)
		return -1;
	call.number = (int64_t)(uint32_t)prot;
	return run_range(context, &call);
}

int interpret_shmdt(struct call_context *context)
{
	uint64_t address;
	int err;

	if (argument_number(context, 0, &address) < 0)
		return -1;
	err = TIMED(WORK_MAP, vas_detach(context->space, address));
	if (context->traced->partial && kernel_succeeded(context) && err != 0)
		outcome_skip(context, SKIP_UNKNOWN_AREA); /* attached before the trace began */
	else
		(void)outcome_check(context, (struct outcome){ -err, 0 }, NULL);
	return 0;
}

/* ---- prctl ---- */

static int run_name(struct vas_space *space, const struct range_call *call)
{
	return vas_set_name(space, call->start, call->length, call->name);
}

/* Kernels built without CONFIG_ANON_VMA_NAME answer EINVAL to everything. */
static void learn_names(struct interpreter *in, const struct call_context *context)
{
	if (in->names_learnt)
		return;
	in->settings.area_names = kernel_succeeded(context) || context->call->error != VAS_EINVAL;
	in->names_learnt = true;
}

static int set_name(struct call_context *context)
{
	struct range_call call = { .run = run_name };
	char name[NAME_MOST];
	struct slice text;

	if (argument_number(context, 2, &call.start) < 0 ||
	    argument_number(context, 3, &call.length) < 0)
		return -1;
	learn_names(context->in, context);
	if (argument_exists(context, 4)) {
		text = context->call->arguments[4];
		if (slice_starts(text, "\"")) {
			value_string(text, name, sizeof(name));
			call.name = name;
		} else if (!slice_equal(text, "NULL") && !slice_equal(text, "0")) {
			call.name = "?"; /* strace did not look at it */
		}
	}
	return run_range(context, &call);
}

static int set_place(struct call_context *context)
{
	struct vas_layout *layout = vas_space_layout(context->space);
	uint64_t what, value;

	if (!kernel_succeeded(context))
		return 0;
	if (argument_flags(context, 1, CONSTANTS_PRCTL_ARGUMENT, &what) < 0)
		return -1;
	if (what == MM_MAP) {
		outcome_skip(context, SKIP_POLICY);
		return 0;
	}
	if (argument_number(context, 2, &value) < 0)
		return -1;
	switch (what) {
	case MM_START_DATA:
		layout->start_data = value;
		break;
	case MM_END_DATA:
		layout->end_data = value;
		break;
	case MM_START_STACK:
		layout->start_stack = value;
		break;
	case MM_START_BRK:
		layout->start_brk = value;
		break;
	case MM_BRK:
		layout->brk = value;
		break;
	}
	return 0;
}

/* prctl(PR_SET_MDWE, BITS): 1 refuses, with 2 not for children. */
static int set_mdwe(struct call_context *context)
{
	enum { REFUSE = 1, NO_INHERIT = 2 };
	uint64_t bits;

	if (!kernel_succeeded(context))
		return 0;
	if (argument_number(context, 1, &bits) < 0)
		return -1;
	if ((bits & REFUSE) == 0)
		return 0;
	vas_space_refuse_exec_gain(context->space, (bits & NO_INHERIT) == 0);
	if ((bits & NO_INHERIT) == 0)
		context->thread->process->refuses_exec_gain = true;
	return 0;
}

int interpret_prctl(struct call_context *context)
{
	uint64_t what;
	struct slice unknown;

	if (context->call->count < 2 ||
	    !value_flags(context->call->arguments[0], CONSTANTS_PRCTL, &what, &unknown))
		return 0;
	if (what == PRCTL_SET_VMA)
		return set_name(context);
	if (what == PRCTL_SET_MM)
		return set_place(context);
	if (what == PRCTL_SET_MDWE)
		return set_mdwe(context);
	return 0;
}

/* ---- userfaultfd ---- */

static int run_userfault(struct vas_space *space, const struct range_call *call)
{
	return vas_userfault(space, call->start, call->length, call->flags, (uint64_t)call->number);
}

/* UFFDIO_REGISTER with a mode that is none. */
static int refuse(struct vas_space *space, const struct range_call *call)
{
	(void)space;
	(void)call;
	return -VAS_EINVAL;
}

/* {range={start=..., len=...}, mode=...}, or {start=..., len=...} */
static int read_userfault(const struct call_context *context, bool registers,
			  struct range_call *call)
{
	struct slice structure = context->call->arguments[2], field, unknown;
	uint64_t mode;

	if (!value_field(structure, "start", &field) || !value_number(field, &call->start) ||
	    !value_field(structure, "len", &field) || !value_number(field, &call->length))
		return interpret_fail(context->in, context->event,
				      "ioctl: a range that cannot be read");
	if (!registers)
		return 0;
	if (!value_field(structure, "mode", &field) ||
	    !value_flags(field, CONSTANTS_UFFD, &mode, &unknown))
		return interpret_fail(context->in, context->event,
				      "ioctl: a mode that cannot be read");
	if ((mode & 1) != 0)
		call->flags |= VAS_AREA_USERFAULT_MISSING;
	if ((mode & 2) != 0)
		call->flags |= VAS_AREA_USERFAULT_WP;
	if ((mode & 4) != 0)
		call->flags |= VAS_AREA_USERFAULT_MINOR;
	if (mode == 0 || mode > 7)
		call->run = refuse;
	return 0;
}

/* The descriptor of this context is closed: nothing is watched by it any more. */
static void forget_context(struct vas_space *space, uint64_t context)
{
	struct vas_area *area;
	uint64_t at = 0;

	while ((area = vas_find_ge(space, at)) != NULL) {
		const struct vas_range range = area->range;

		at = range.end;
		if ((area->flags & VAS_AREA_CONTEXT) == context)
			(void)!vas_userfault(space, range.start, vas_range_length(range), 0,
					     context >> VAS_AREA_CONTEXT_SHIFT);
	}
}

/* Whose watch, other than the caller's, is on some area of the range; 0: nobody's. */
static uint64_t other_context(struct vas_space *space, const struct range_call *call)
{
	uint64_t own = (uint64_t)call->number << VAS_AREA_CONTEXT_SHIFT;
	struct vas_area *area = vas_find_ge(space, call->start);

	for (; area != NULL && area->range.start < call->start + call->length;
	     area = vas_area_next(area)) {
		uint64_t context = area->flags & VAS_AREA_CONTEXT;

		if (context != 0 && context != own)
			return context;
	}
	return 0;
}

/*
 * Two things that no line tells: whether a descriptor has UFFD_FEATURE_WP_ASYNC, and when another
 * one was closed. The kernel's answer does. What is registered here stays as it is when it is
 * registered again.
 */
static void learn_userfault(const struct call_context *context, struct range_call *call)
{
	uint64_t other;
	int err;

	if (!kernel_succeeded(context))
		return;
	err = call->run(context->space, call);
	if (err == -VAS_EINVAL)
		call->flags |= VAS_USERFAULT_ASYNC;
	if (err == -VAS_EINVAL || err == -VAS_EBUSY)
		outcome_skip(context, SKIP_ERROR);
	while (err == -VAS_EBUSY && (other = other_context(context->space, call)) != 0)
		forget_context(context->space, other);
}

int interpret_ioctl(struct call_context *context)
{
	const struct trace_call *trace_call = context->call;
	struct range_call call = { .run = run_userfault };
	struct slice unknown, path;
	uint64_t request;
	bool registers, deleted;
	int fd;

	if (trace_call->count < 3 ||
	    !value_flags(trace_call->arguments[1], CONSTANTS_IOCTL, &request, &unknown) ||
	    (request != IOCTL_REGISTER && request != IOCTL_UNREGISTER) ||
	    !value_descriptor(trace_call->arguments[0], &fd, &path, &deleted))
		return 0;
	if (value_is_pointer(trace_call->arguments[2])) {
		outcome_skip(context, SKIP_POLICY);
		return 0;
	}
	registers = request == IOCTL_REGISTER;
	if (read_userfault(context, registers, &call) < 0)
		return -1;
	call.number = (fd & 0xffff) + 1;
	if (registers)
		learn_userfault(context, &call);
	return run_range(context, &call);
}

/* ---- the rest ---- */

/* arch_prctl: only ARCH_MAP_VDSO_... and ARCH_SHSTK_ENABLE map anything. */
static bool maps_nothing(const struct trace_call *call)
{
	struct slice unknown;
	uint64_t code;

	if (call->kind != CALL_ARCH_PRCTL)
		return false;
	return call->count == 0 ||
	       !value_flags(call->arguments[0], CONSTANTS_ARCH, &code, &unknown) ||
	       ((code < 0x2001 || code > 0x2003) && code != 0x5001);
}

int interpret_unmodelled(struct call_context *context)
{
	struct interpreter *in = context->in;

	if (!kernel_succeeded(context) || maps_nothing(context->call))
		return 0;
	outcome_skip(context, SKIP_POLICY);
	if (!in->policy_noted)
		interpret_note(in, "%s:%lu: %s is not modelled; areas may differ from here on",
			       context->event->file, context->event->line,
			       call_name(context->call->kind));
	in->policy_noted = true;
	return 0;
}
