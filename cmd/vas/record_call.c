/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The calls that are recorded, and how a line of one begins and ends. */

#include "record_call.h"

#include "record_numbers.h"

#include <string.h>
#include <sys/prctl.h>

static const struct call calls[] = {
	{ SYS_mmap, "mmap", RESULT_ADDRESS, print_mmap },
	{ SYS_munmap, "munmap", RESULT_NUMBER, print_range },
	{ SYS_mprotect, "mprotect", RESULT_NUMBER, print_mprotect },
	{ SYS_brk, "brk", RESULT_ADDRESS, print_brk },
	{ SYS_madvise, "madvise", RESULT_NUMBER, print_madvise },
	{ SYS_mremap, "mremap", RESULT_ADDRESS, print_mremap },
	{ SYS_clone, "clone", RESULT_NUMBER, print_clone },
	{ SYS_clone3, "clone3", RESULT_NUMBER, print_clone3 },
	{ SYS_execve, "execve", RESULT_NUMBER, print_execve },
	{ SYS_vfork, "vfork", RESULT_NUMBER, print_none },
	{ SYS_fork, "fork", RESULT_NUMBER, print_none },
	{ SYS_prctl, "prctl", RESULT_NUMBER, print_prctl },
	{ SYS_execveat, "execveat", RESULT_NUMBER, print_execveat },
	{ SYS_pkey_mprotect, "pkey_mprotect", RESULT_NUMBER, print_mprotect },
	{ SYS_process_madvise, "process_madvise", RESULT_NUMBER, print_process_madvise },
	{ SYS_mlock, "mlock", RESULT_NUMBER, print_range },
	{ SYS_mlock2, "mlock2", RESULT_NUMBER, print_mlock2 },
	{ SYS_munlock, "munlock", RESULT_NUMBER, print_range },
	{ SYS_mlockall, "mlockall", RESULT_NUMBER, print_mlockall },
	{ SYS_munlockall, "munlockall", RESULT_NUMBER, print_none },
	{ SYS_mseal, "mseal", RESULT_NUMBER, print_mseal },
	{ SYS_remap_file_pages, "remap_file_pages", RESULT_NUMBER, print_remap_file_pages },
	{ SYS_shmat, "shmat", RESULT_ADDRESS, print_shmat },
	{ SYS_shmdt, "shmdt", RESULT_NUMBER, print_shmdt },
	{ SYS_arch_prctl, "arch_prctl", RESULT_NUMBER, print_arch_prctl },
	{ SYS_setrlimit, "setrlimit", RESULT_NUMBER, print_setrlimit },
	{ SYS_prlimit64, "prlimit64", RESULT_NUMBER, print_prlimit },
	{ SYS_personality, "personality", RESULT_ADDRESS, print_personality },
	{ SYS_mbind, "mbind", RESULT_NUMBER, print_mbind },
	{ SYS_set_mempolicy_home_node, "set_mempolicy_home_node", RESULT_NUMBER, print_home_node },
	{ SYS_io_setup, "io_setup", RESULT_NUMBER, print_io_setup },
	{ SYS_io_destroy, "io_destroy", RESULT_NUMBER, print_io_destroy },
	{ SYS_ioctl, "ioctl", RESULT_NUMBER, print_ioctl },
	{ SYS_map_shadow_stack, "map_shadow_stack", RESULT_ADDRESS, print_shadow_stack },
	{ SYS_pkey_alloc, "pkey_alloc", RESULT_NUMBER, print_pkey_alloc },
	{ SYS_pkey_free, "pkey_free", RESULT_NUMBER, print_pkey_free },
	{ SYS_setuid, "setuid", RESULT_HIDDEN, print_none },
	{ SYS_setreuid, "setreuid", RESULT_HIDDEN, print_none },
	{ SYS_setresuid, "setresuid", RESULT_HIDDEN, print_none },
	{ SYS_capset, "capset", RESULT_HIDDEN, print_none },
	{ SYS_unshare, "unshare", RESULT_HIDDEN, print_none },
	{ SYS_setns, "setns", RESULT_HIDDEN, print_none },
	{ SYS_ptrace, "ptrace", RESULT_HIDDEN, print_none },
};

const struct call *call_numbered(uint64_t number)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		if (calls[i].number == number)
			return &calls[i];
	}
	return NULL;
}

bool call_is_clone(const struct call *call)
{
	return call->number == SYS_clone || call->number == SYS_clone3 ||
	       call->number == SYS_fork || call->number == SYS_vfork;
}

bool call_is_exec(const struct call *call)
{
	return call->number == SYS_execve || call->number == SYS_execveat;
}

void call_start(struct recorder *recorder, struct task *task)
{
	text_clear(&task->before);
	text_clear(&task->line);
	text_string(&task->line, task->call->name);
	text_char(&task->line, '(');
	task->call->print(recorder, task);
	text_char(&task->line, ')');
}

void call_finish(struct task *task, int64_t result)
{
	uint64_t context;

	if (task->call->number == SYS_shmat)
		shm_describe(task, (int)task->arguments[0], result < 0 ? 0 : (uint64_t)result);
	if (task->call->number == SYS_io_setup && result == 0 &&
	    memory_read(task->tid, task->arguments[1], &context, 8) == 8) {
		/* The context is the address of the ring that was mapped. */
		text_clear(&task->line);
		text_format(&task->line, "io_setup(%u, [%#llx])", (unsigned)task->arguments[0],
			    (unsigned long long)context);
	}
}

bool call_changes_layout(const struct task *task, int64_t result)
{
	return task->call->number == SYS_prctl && task->arguments[0] == PR_SET_MM && result == 0;
}

void call_populated(const struct task *task, int64_t result, uint64_t *start, uint64_t *end)
{
	const uint64_t *arguments = task->arguments;
	uint64_t length = 0;

	*start = arguments[0];
	switch (task->call->number) {
	case SYS_mmap:
	case SYS_mremap:
		*start = (uint64_t)result;
		length = task->call->number == SYS_mmap ? arguments[1] : arguments[2];
		break;
	case SYS_madvise:
	case SYS_mlock:
	case SYS_mlock2:
		length = arguments[1];
		break;
	case SYS_mlockall:
	case SYS_brk: /* when everything is locked */
		*start = 0;
		length = UINT64_MAX;
		break;
	}
	*end = *start + length < *start ? UINT64_MAX : *start + length;
}

/* What a call returns to the kernel's own entry code when a signal came first. */
static const char *restart_name(int64_t error)
{
	switch (error) {
	case 512:
		return "ERESTARTSYS (To be restarted if SA_RESTART is set)";
	case 513:
		return "ERESTARTNOINTR (To be restarted)";
	case 514:
		return "ERESTARTNOHAND (To be restarted if no handler)";
	case 516:
		return "ERESTART_RESTARTBLOCK (Interrupted by signal)";
	default:
		return NULL;
	}
}

void call_result(struct text *text, enum result_kind kind, int64_t result)
{
	enum { ERROR_LIMIT = 4096, KERNEL_ENOTSUPP = 524 };
	const char *name;
	int error;

	text_string(text, " = ");
	if (result >= 0 || result < -ERROR_LIMIT) {
		if (kind == RESULT_ADDRESS && result != 0)
			text_hex(text, (uint64_t)result);
		else
			text_signed(text, result);
		return;
	}
	error = (int)-result;
	name = restart_name(error);
	if (name) {
		text_format(text, "? %s", name);
		return;
	}
	name = strerrorname_np(error);
	if (error == KERNEL_ENOTSUPP)
		text_string(text, "-1 ENOTSUPP (Unknown error 524)");
	else if (name)
		text_format(text, "-1 %s (%s)", name, strerrordesc_np(error));
	else
		text_format(text, "-1 (errno %d)", error);
}
