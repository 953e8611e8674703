/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_CONSTANTS_H
#define VAS_CMD_CONSTANTS_H

/* The names that strace prints for numbers, and the numbers that they stand for on x86-64. */

#include <stdint.h>

#include "slice.h"

enum constant_set {
	CONSTANTS_PROT,		  /* PROT_READ */
	CONSTANTS_MAP,		  /* MAP_PRIVATE */
	CONSTANTS_MREMAP,	  /* MREMAP_MAYMOVE */
	CONSTANTS_MADV,		  /* MADV_DONTNEED */
	CONSTANTS_MLOCK,	  /* MLOCK_ONFAULT */
	CONSTANTS_MCL,		  /* MCL_CURRENT */
	CONSTANTS_SHM,		  /* SHM_RDONLY, IPC_CREAT, ... */
	CONSTANTS_CLONE,	  /* CLONE_VM, and the signals that stand among its flags */
	CONSTANTS_PRCTL,	  /* PR_SET_VMA */
	CONSTANTS_PRCTL_ARGUMENT, /* PR_SET_VMA_ANON_NAME, PR_SET_MM_BRK, ... */
	CONSTANTS_ARCH,		  /* ARCH_MAP_VDSO_64 */
	CONSTANTS_RLIMIT,	  /* RLIMIT_STACK: which one */
	CONSTANTS_RLIMIT_VALUE,	  /* RLIM64_INFINITY */
	CONSTANTS_PERSONALITY,	  /* ADDR_NO_RANDOMIZE */
	CONSTANTS_OPEN,		  /* O_RDWR */
	CONSTANTS_IOCTL,	  /* UFFDIO_REGISTER */
	CONSTANTS_UFFD,		  /* UFFDIO_REGISTER_MODE_MISSING */
	CONSTANTS_FCNTL,	  /* F_DUPFD */
	CONSTANTS_MPOL,		  /* MPOL_DEFAULT */
	CONSTANTS_CLOSE_RANGE,	  /* CLOSE_RANGE_CLOEXEC */
	CONSTANTS_ERRNO,	  /* ENOMEM */
	CONSTANT_SETS,
};

/* The number of one name; false: not in the set. */
bool constant_find(enum constant_set set, struct slice name, uint64_t *value);

#endif
