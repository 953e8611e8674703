/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef ORACLE_FILES_H
#define ORACLE_FILES_H

/* The descriptors that the subject maps, one per slot, open for the whole test. */

#include "call.h"

#include <stdint.h>

struct file_facts {
	const char *missing; /* why the slot is not open; NULL when it is */
	char name[256];	     /* as /proc/PID/maps shows it */
	uint32_t major, minor;
	uint64_t inode;
	uint32_t model_flags; /* VAS_FILE_ ... */
};

struct files {
	struct file_facts facts[FILE_SLOTS];
	uint32_t slots; /* bit per open slot */
	uint32_t features;
	int32_t segments[SEGMENT_SLOTS];
	uint64_t segment_bytes[SEGMENT_SLOTS];
	const char *no_fault, *no_segments, *no_huge_pages; /* why a feature is missing */
};

/* Opens all it can; what it cannot is left out with a reason. */
void files_open(struct files *files);

#endif
