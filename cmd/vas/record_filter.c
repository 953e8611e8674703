/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The filter: which system calls stop a recorded program.
 *
 * A seccomp filter runs in the kernel at every system call and asks for a stop at those that can
 * change an address space or what bounds it; all others run at full speed (since 5.11 the kernel
 * remembers which numbers a filter always lets through and does not even run it). The filter
 * stays for ever and is inherited by all children: without a tracer its calls would fail with
 * ENOSYS, which is why the program cannot be let go but ends with the recorder.
 *
 * Calls of other architectures (32-bit programs) are let through; record_stop.c notes them.
 */

#include "record.h"

#include "record_numbers.h"

#include <asm/prctl.h>
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Calls that always stop. */
static const int plain[] = {
	SYS_mmap,
	SYS_munmap,
	SYS_mprotect,
	SYS_pkey_mprotect,
	SYS_mremap,
	SYS_brk,
	SYS_madvise,
	SYS_process_madvise,
	SYS_mlock,
	SYS_mlock2,
	SYS_munlock,
	SYS_mlockall,
	SYS_munlockall,
	SYS_mseal,
	SYS_remap_file_pages,
	SYS_shmat,
	SYS_shmdt,
	SYS_fork,
	SYS_vfork,
	SYS_clone,
	SYS_clone3,
	SYS_execve,
	SYS_execveat,
	SYS_mbind,
	SYS_io_setup,
	SYS_io_destroy,
	SYS_pkey_alloc,
	SYS_pkey_free,
	SYS_set_mempolicy_home_node,
	SYS_map_shadow_stack,
	SYS_setuid,
	SYS_setreuid,
	SYS_setresuid,
	SYS_capset,
	SYS_setns,
};

/* Calls that stop when the low 32 bits of one argument have this value. */
static const struct {
	int number;
	unsigned argument;
	uint32_t value;
} chosen[] = {
	{ SYS_prctl, 0, PR_SET_VMA },
	{ SYS_prctl, 0, PR_SET_MM },
	{ SYS_prctl, 0, PR_SET_MDWE },
	{ SYS_prctl, 0, PR_SET_THP_DISABLE },
	{ SYS_prctl, 0, PR_SET_MEMORY_MERGE },
	{ SYS_arch_prctl, 0, ARCH_MAP_VDSO_X32 },
	{ SYS_arch_prctl, 0, ARCH_MAP_VDSO_32 },
	{ SYS_arch_prctl, 0, ARCH_MAP_VDSO_64 },
	{ SYS_arch_prctl, 0, ARCH_SHSTK_ENABLE },
	{ SYS_arch_prctl, 0, ARCH_SHSTK_DISABLE },
	{ SYS_ioctl, 1, UFFDIO_REGISTER },
	{ SYS_ioctl, 1, UFFDIO_UNREGISTER },
	{ SYS_ioctl, 1, UFFDIO_COPY },
	{ SYS_ioctl, 1, UFFDIO_ZEROPAGE },
	{ SYS_ioctl, 1, UFFDIO_MOVE },
	{ SYS_ptrace, 0, PTRACE_TRACEME },
	{ SYS_ptrace, 0, PTRACE_ATTACH },
	{ SYS_ptrace, 0, PTRACE_SEIZE },
	{ SYS_setrlimit, 0, RLIMIT_AS },
	{ SYS_setrlimit, 0, RLIMIT_DATA },
	{ SYS_setrlimit, 0, RLIMIT_STACK },
	{ SYS_setrlimit, 0, RLIMIT_MEMLOCK },
};

static const uint32_t limits[] = { RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_MEMLOCK };

static int add_rules(scmp_filter_ctx filter)
{
	uint32_t stop = SCMP_ACT_TRACE(0);
	int error = 0;

	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain) && !error; i++)
		error = seccomp_rule_add(filter, stop, plain[i], 0);
	for (size_t i = 0; i < sizeof(chosen) / sizeof(*chosen) && !error; i++)
		error = seccomp_rule_add(filter, stop, chosen[i].number, 1,
					 SCMP_CMP(chosen[i].argument, SCMP_CMP_MASKED_EQ,
						  UINT32_MAX, chosen[i].value));
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits) && !error; i++)
		error = seccomp_rule_add(filter, stop, SYS_prlimit64, 2,
					 SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, limits[i]),
					 SCMP_A2(SCMP_CMP_NE, 0, 0));
	if (!error)
		error = seccomp_rule_add(filter, stop, SYS_unshare, 1,
					 SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER));
	if (!error) /* 0xffffffff only asks */
		error = seccomp_rule_add(filter, stop, SYS_personality, 1,
					 SCMP_A0(SCMP_CMP_NE, UINT32_MAX, 0));
	return error;
}

static int load(bool no_new_privileges)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int error;

	if (!filter)
		return -ENOMEM;
	error = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
	if (!error)
		error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, no_new_privileges);
	if (!error)
		error = add_rules(filter);
	if (!error)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return error;
}

/*
 * The privileged install a filter as they are; others must first give up what set-user-ID
 * programs would give them (which they lose under ptrace anyway).
 */
int filter_install(void)
{
	int error = load(false);

	return error ? load(true) : 0;
}
