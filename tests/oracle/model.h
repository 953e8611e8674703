/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef ORACLE_MODEL_H
#define ORACLE_MODEL_H

/* The calls of a run, done on libvas. */

#include "files.h"
#include "run.h"

#include <stdbool.h>
#include <vas/anon_vma_chain.h>
#include <vas/space.h>

struct model {
	const struct files *files;
	const char *index; /* design of the area index; NULL: the default */
	struct vas_settings settings;
	struct vas_anon_vma_chain *chain;
	struct vas_space *spaces[PROCESSES_MAX];
	struct vas_file *slots[FILE_SLOTS];
	uint32_t privileges;
	uint64_t data_hard;
	bool guards; /* MADV_GUARD_INSTALL was called: pages may be missing that no area shows */
};

/* What the machine is like: the kernel, its settings, our privileges. Once. */
void model_init(struct model *model, const struct files *files);

/* Takes over the subject's areas from its first record. Exits with a message when it cannot. */
void model_start(struct model *model, const struct region *region, const struct record *record);

/* Does the call of a record; returns what the kernel should have returned. Results that the model
 * cannot know are taken from the record. */
int64_t model_apply(struct model *model, const struct record *record);

/* Frees all spaces. */
void model_stop(struct model *model);

#endif
