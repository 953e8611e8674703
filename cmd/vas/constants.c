/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Names and numbers, as strace prints the ones for the others.
 *
 * The numbers are x86-64's, spelled out here rather than taken from the host's headers: a trace
 * may be replayed on a machine whose headers do not know them yet. Sets are short, the names in
 * them are looked for one after the other, the usual ones first.
 */

#include "constants.h"

#include <stdint.h>

struct constant {
	const char *name;
	uint64_t value;
};

static const struct constant prot[] = {
	{ "PROT_READ", 1 },
	{ "PROT_WRITE", 2 },
	{ "PROT_NONE", 0 },
	{ "PROT_EXEC", 4 },
	{ "PROT_SEM", 8 },
	{ "PROT_GROWSDOWN", 0x01000000 },
	{ "PROT_GROWSUP", 0x02000000 },
	{ NULL, 0 },
};

static const struct constant map[] = {
	{ "MAP_PRIVATE", 0x02 },
	{ "MAP_ANONYMOUS", 0x20 },
	{ "MAP_FIXED", 0x10 },
	{ "MAP_DENYWRITE", 0x800 },
	{ "MAP_NORESERVE", 0x4000 },
	{ "MAP_STACK", 0x20000 },
	{ "MAP_SHARED", 0x01 },
	{ "MAP_SHARED_VALIDATE", 0x03 },
	{ "MAP_POPULATE", 0x8000 },
	{ "MAP_LOCKED", 0x2000 },
	{ "MAP_FIXED_NOREPLACE", 0x100000 },
	{ "MAP_32BIT", 0x40 },
	{ "MAP_HUGETLB", 0x40000 },
	{ "MAP_NONBLOCK", 0x10000 },
	{ "MAP_GROWSDOWN", 0x100 },
	{ "MAP_EXECUTABLE", 0x1000 },
	{ "MAP_SYNC", 0x80000 },
	{ "MAP_FILE", 0 },
	{ "MAP_ANON", 0x20 },
	{ "MAP_DROPPABLE", 0x08 },
	{ "MAP_ABOVE4G", 0x80 },
	{ "MAP_UNINITIALIZED", 0x4000000 },
	{ "MAP_HUGE_SHIFT", 26 },
	{ NULL, 0 },
};

static const struct constant mremap[] = {
	{ "MREMAP_MAYMOVE", 1 },
	{ "MREMAP_FIXED", 2 },
	{ "MREMAP_DONTUNMAP", 4 },
	{ NULL, 0 },
};

static const struct constant madv[] = {
	{ "MADV_DONTNEED", 4 },	       { "MADV_NORMAL", 0 },
	{ "MADV_RANDOM", 1 },	       { "MADV_SEQUENTIAL", 2 },
	{ "MADV_WILLNEED", 3 },	       { "MADV_FREE", 8 },
	{ "MADV_REMOVE", 9 },	       { "MADV_DONTFORK", 10 },
	{ "MADV_DOFORK", 11 },	       { "MADV_MERGEABLE", 12 },
	{ "MADV_UNMERGEABLE", 13 },    { "MADV_HUGEPAGE", 14 },
	{ "MADV_NOHUGEPAGE", 15 },     { "MADV_DONTDUMP", 16 },
	{ "MADV_DODUMP", 17 },	       { "MADV_WIPEONFORK", 18 },
	{ "MADV_KEEPONFORK", 19 },     { "MADV_COLD", 20 },
	{ "MADV_PAGEOUT", 21 },	       { "MADV_POPULATE_READ", 22 },
	{ "MADV_POPULATE_WRITE", 23 }, { "MADV_DONTNEED_LOCKED", 24 },
	{ "MADV_COLLAPSE", 25 },       { "MADV_HWPOISON", 100 },
	{ "MADV_SOFT_OFFLINE", 101 },  { "MADV_GUARD_INSTALL", 102 },
	{ "MADV_GUARD_REMOVE", 103 },  { NULL, 0 },
};

static const struct constant mlock[] = { { "MLOCK_ONFAULT", 1 }, { NULL, 0 } };

static const struct constant mcl[] = {
	{ "MCL_CURRENT", 1 },
	{ "MCL_FUTURE", 2 },
	{ "MCL_ONFAULT", 4 },
	{ NULL, 0 },
};

static const struct constant shm[] = {
	{ "SHM_RDONLY", 010000 },
	{ "SHM_RND", 020000 },
	{ "SHM_REMAP", 040000 },
	{ "SHM_EXEC", 0100000 },
	{ "IPC_PRIVATE", 0 },
	{ "IPC_CREAT", 01000 },
	{ "IPC_EXCL", 02000 },
	{ "SHM_HUGETLB", 04000 },
	{ "SHM_NORESERVE", 010000 },
	{ "SHM_HUGE_SHIFT", 26 },
	{ NULL, 0 },
};

static const struct constant clone[] = {
	{ "CLONE_VM", 0x100 },
	{ "CLONE_FS", 0x200 },
	{ "CLONE_FILES", 0x400 },
	{ "CLONE_SIGHAND", 0x800 },
	{ "CLONE_THREAD", 0x10000 },
	{ "CLONE_SYSVSEM", 0x40000 },
	{ "CLONE_SETTLS", 0x80000 },
	{ "CLONE_PARENT_SETTID", 0x100000 },
	{ "CLONE_CHILD_CLEARTID", 0x200000 },
	{ "CLONE_CHILD_SETTID", 0x1000000 },
	{ "CLONE_VFORK", 0x4000 },
	{ "SIGCHLD", 17 },
	{ "CLONE_PIDFD", 0x1000 },
	{ "CLONE_PTRACE", 0x2000 },
	{ "CLONE_PARENT", 0x8000 },
	{ "CLONE_NEWNS", 0x20000 },
	{ "CLONE_DETACHED", 0x400000 },
	{ "CLONE_UNTRACED", 0x800000 },
	{ "CLONE_NEWCGROUP", 0x02000000 },
	{ "CLONE_NEWUTS", 0x04000000 },
	{ "CLONE_NEWIPC", 0x08000000 },
	{ "CLONE_NEWUSER", 0x10000000 },
	{ "CLONE_NEWPID", 0x20000000 },
	{ "CLONE_NEWNET", 0x40000000 },
	{ "CLONE_IO", 0x80000000 },
	{ "CLONE_CLEAR_SIGHAND", UINT64_C(0x100000000) },
	{ "CLONE_INTO_CGROUP", UINT64_C(0x200000000) },
	{ "CLONE_NEWTIME", 0x80 },
	{ NULL, 0 },
};

static const struct constant prctl[] = {
	{ "PR_SET_VMA", 0x53564d41 },
	{ "PR_SET_MM", 35 },
	{ "PR_SET_MDWE", 65 },
	{ "PR_SET_THP_DISABLE", 41 },
	{ "PR_GET_THP_DISABLE", 42 },
	{ "PR_SET_NAME", 15 },
	{ NULL, 0 },
};

static const struct constant prctl_argument[] = {
	{ "PR_SET_VMA_ANON_NAME", 0 },
	{ "PR_SET_MM_START_CODE", 1 },
	{ "PR_SET_MM_END_CODE", 2 },
	{ "PR_SET_MM_START_DATA", 3 },
	{ "PR_SET_MM_END_DATA", 4 },
	{ "PR_SET_MM_START_STACK", 5 },
	{ "PR_SET_MM_START_BRK", 6 },
	{ "PR_SET_MM_BRK", 7 },
	{ "PR_SET_MM_ARG_START", 8 },
	{ "PR_SET_MM_ARG_END", 9 },
	{ "PR_SET_MM_ENV_START", 10 },
	{ "PR_SET_MM_ENV_END", 11 },
	{ "PR_SET_MM_AUXV", 12 },
	{ "PR_SET_MM_EXE_FILE", 13 },
	{ "PR_SET_MM_MAP", 14 },
	{ "PR_SET_MM_MAP_SIZE", 15 },
	{ NULL, 0 },
};

static const struct constant arch[] = {
	{ "ARCH_SET_GS", 0x1001 },	 { "ARCH_SET_FS", 0x1002 },
	{ "ARCH_GET_FS", 0x1003 },	 { "ARCH_GET_GS", 0x1004 },
	{ "ARCH_MAP_VDSO_X32", 0x2001 }, { "ARCH_MAP_VDSO_32", 0x2002 },
	{ "ARCH_MAP_VDSO_64", 0x2003 },	 { NULL, 0 },
};

static const struct constant rlimit[] = {
	{ "RLIMIT_STACK", 3 },
	{ "RLIMIT_AS", 9 },
	{ "RLIMIT_DATA", 2 },
	{ "RLIMIT_MEMLOCK", 8 },
	{ "RLIMIT_CPU", 0 },
	{ "RLIMIT_FSIZE", 1 },
	{ "RLIMIT_CORE", 4 },
	{ "RLIMIT_RSS", 5 },
	{ "RLIMIT_NPROC", 6 },
	{ "RLIMIT_NOFILE", 7 },
	{ "RLIMIT_LOCKS", 10 },
	{ "RLIMIT_SIGPENDING", 11 },
	{ "RLIMIT_MSGQUEUE", 12 },
	{ "RLIMIT_NICE", 13 },
	{ "RLIMIT_RTPRIO", 14 },
	{ "RLIMIT_RTTIME", 15 },
	{ NULL, 0 },
};

static const struct constant rlimit_value[] = {
	{ "RLIM_INFINITY", UINT64_MAX },
	{ "RLIM64_INFINITY", UINT64_MAX },
	{ NULL, 0 },
};

static const struct constant personality[] = {
	{ "PER_LINUX", 0 },
	{ "ADDR_NO_RANDOMIZE", 0x0040000 },
	{ "READ_IMPLIES_EXEC", 0x0400000 },
	{ "ADDR_COMPAT_LAYOUT", 0x0200000 },
	{ "ADDR_LIMIT_32BIT", 0x0800000 },
	{ "ADDR_LIMIT_3GB", 0x8000000 },
	{ "MMAP_PAGE_ZERO", 0x0100000 },
	{ "UNAME26", 0x0020000 },
	{ "FDPIC_FUNCPTRS", 0x0080000 },
	{ "SHORT_INODE", 0x1000000 },
	{ "WHOLE_SECONDS", 0x2000000 },
	{ "STICKY_TIMEOUTS", 0x4000000 },
	{ "PER_LINUX32", 8 },
	{ "PER_BSD", 6 },
	{ NULL, 0 },
};

static const struct constant open_flags[] = {
	{ "O_RDONLY", 0 },
	{ "O_WRONLY", 1 },
	{ "O_RDWR", 2 },
	{ "O_CLOEXEC", 02000000 },
	{ "O_CREAT", 0100 },
	{ "O_TRUNC", 01000 },
	{ "O_EXCL", 0200 },
	{ "O_NONBLOCK", 04000 },
	{ "O_APPEND", 02000 },
	{ "O_DIRECTORY", 0200000 },
	{ "O_NOFOLLOW", 0400000 },
	{ "O_PATH", 010000000 },
	{ "O_NOCTTY", 0400 },
	{ "O_LARGEFILE", 0100000 },
	{ "O_NOATIME", 01000000 },
	{ "O_SYNC", 04010000 },
	{ "O_DSYNC", 010000 },
	{ "O_DIRECT", 040000 },
	{ "O_ASYNC", 020000 },
	{ "O_TMPFILE", 020200000 },
	{ "O_ACCMODE", 3 },
	{ "MFD_CLOEXEC", 1 },
	{ "MFD_ALLOW_SEALING", 2 },
	{ "MFD_HUGETLB", 4 },
	{ "MFD_NOEXEC_SEAL", 8 },
	{ "MFD_EXEC", 16 },
	{ "MFD_HUGE_SHIFT", 26 },
	{ NULL, 0 },
};

static const struct constant ioctl[] = {
	{ "UFFDIO_REGISTER", 0xc020aa00 },
	{ "UFFDIO_UNREGISTER", 0x8010aa01 },
	{ "UFFDIO_API", 0xc018aa3f },
	{ NULL, 0 },
};

static const struct constant uffd[] = {
	{ "UFFDIO_REGISTER_MODE_MISSING", 1 },
	{ "UFFDIO_REGISTER_MODE_WP", 2 },
	{ "UFFDIO_REGISTER_MODE_MINOR", 4 },
	{ NULL, 0 },
};

static const struct constant fcntl[] = {
	{ "F_DUPFD", 0 },
	{ "F_DUPFD_CLOEXEC", 1030 },
	{ NULL, 0 },
};

static const struct constant mpol[] = {
	{ "MPOL_DEFAULT", 0 },
	{ "MPOL_PREFERRED", 1 },
	{ "MPOL_BIND", 2 },
	{ "MPOL_INTERLEAVE", 3 },
	{ "MPOL_LOCAL", 4 },
	{ "MPOL_PREFERRED_MANY", 5 },
	{ "MPOL_WEIGHTED_INTERLEAVE", 6 },
	{ "MPOL_F_NUMA_BALANCING", 1 << 13 },
	{ "MPOL_F_STATIC_NODES", 1 << 15 },
	{ "MPOL_F_RELATIVE_NODES", 1 << 14 },
	{ "MPOL_MF_STRICT", 1 },
	{ "MPOL_MF_MOVE", 2 },
	{ "MPOL_MF_MOVE_ALL", 4 },
	{ NULL, 0 },
};

static const struct constant close_range[] = {
	{ "CLOSE_RANGE_UNSHARE", 2 },
	{ "CLOSE_RANGE_CLOEXEC", 4 },
	{ NULL, 0 },
};

static const struct constant errnos[] = {
	{ "ENOMEM", 12 },	{ "EINVAL", 22 },   { "ENOENT", 2 },
	{ "EACCES", 13 },	{ "EPERM", 1 },	    { "EEXIST", 17 },
	{ "EAGAIN", 11 },	{ "EBADF", 9 },	    { "EFAULT", 14 },
	{ "EBUSY", 16 },	{ "ENODEV", 19 },   { "EINTR", 4 },
	{ "ESRCH", 3 },		{ "EIO", 5 },	    { "ENXIO", 6 },
	{ "E2BIG", 7 },		{ "ENOEXEC", 8 },   { "ECHILD", 10 },
	{ "ENOTBLK", 15 },	{ "EXDEV", 18 },    { "ENOTDIR", 20 },
	{ "EISDIR", 21 },	{ "ENFILE", 23 },   { "EMFILE", 24 },
	{ "ENOTTY", 25 },	{ "ETXTBSY", 26 },  { "EFBIG", 27 },
	{ "ENOSPC", 28 },	{ "ESPIPE", 29 },   { "EROFS", 30 },
	{ "EMLINK", 31 },	{ "EPIPE", 32 },    { "EDOM", 33 },
	{ "ERANGE", 34 },	{ "EDEADLK", 35 },  { "ENAMETOOLONG", 36 },
	{ "ENOLCK", 37 },	{ "ENOSYS", 38 },   { "ENOTEMPTY", 39 },
	{ "ELOOP", 40 },	{ "EIDRM", 43 },    { "ENODATA", 61 },
	{ "EOVERFLOW", 75 },	{ "ELIBBAD", 80 },  { "EUSERS", 87 },
	{ "EOPNOTSUPP", 95 },	{ "ENOBUFS", 105 }, { "ETIMEDOUT", 110 },
	{ "EINPROGRESS", 115 }, { "EDQUOT", 122 },  { "EHWPOISON", 133 },
	{ "ENOTSUPP", 524 },	{ NULL, 0 },
};

static const struct constant *const sets[CONSTANT_SETS] = {
	[CONSTANTS_PROT] = prot,
	[CONSTANTS_MAP] = map,
	[CONSTANTS_MREMAP] = mremap,
	[CONSTANTS_MADV] = madv,
	[CONSTANTS_MLOCK] = mlock,
	[CONSTANTS_MCL] = mcl,
	[CONSTANTS_SHM] = shm,
	[CONSTANTS_CLONE] = clone,
	[CONSTANTS_PRCTL] = prctl,
	[CONSTANTS_PRCTL_ARGUMENT] = prctl_argument,
	[CONSTANTS_ARCH] = arch,
	[CONSTANTS_RLIMIT] = rlimit,
	[CONSTANTS_RLIMIT_VALUE] = rlimit_value,
	[CONSTANTS_PERSONALITY] = personality,
	[CONSTANTS_OPEN] = open_flags,
	[CONSTANTS_IOCTL] = ioctl,
	[CONSTANTS_UFFD] = uffd,
	[CONSTANTS_FCNTL] = fcntl,
	[CONSTANTS_MPOL] = mpol,
	[CONSTANTS_CLOSE_RANGE] = close_range,
	[CONSTANTS_ERRNO] = errnos,
};

bool constant_find(enum constant_set set, struct slice name, uint64_t *value)
{
	for (const struct constant *constant = sets[set]; constant->name != NULL; constant++) {
		if (!slice_equal(name, constant->name))
			continue;
		*value = constant->value;
		return true;
	}
	return false;
}
