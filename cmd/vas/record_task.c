/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Tasks (threads) by number, and the spaces that they share.
 *
 * A hash table that doubles, since a build makes tens of thousands of tasks and a server keeps
 * thousands. A space lives as long as a task names it.
 */

#include "record.h"

#include "faults_pagemap.h"

#include <stdlib.h>

enum { FIRST_BUCKETS = 64 };

static size_t bucket_of(const struct task_table *table, pid_t tid)
{
	return ((uint32_t)tid * UINT32_C(2654435761)) & (table->bucket_count - 1);
}

struct task *task_find(const struct task_table *table, pid_t tid)
{
	struct task *task;

	if (table->bucket_count == 0)
		return NULL;
	task = table->buckets[bucket_of(table, tid)];
	while (task && task->tid != tid)
		task = task->next_in_bucket;
	return task;
}

static void link_task(struct task_table *table, struct task *task)
{
	struct task **bucket = &table->buckets[bucket_of(table, task->tid)];

	task->next_in_bucket = *bucket;
	*bucket = task;
	table->count++;
}

static void unlink_task(struct task_table *table, struct task *task)
{
	struct task **at = &table->buckets[bucket_of(table, task->tid)];

	while (*at != task)
		at = &(*at)->next_in_bucket;
	*at = task->next_in_bucket;
	table->count--;
}

static void grow(struct task_table *table)
{
	struct task_table bigger = {
		.bucket_count = table->bucket_count ? table->bucket_count * 2 : FIRST_BUCKETS,
	};

	bigger.buckets = text_allocate(bigger.bucket_count * sizeof(*bigger.buckets));
	for (size_t i = 0; i < table->bucket_count; i++) {
		struct task *next;

		for (struct task *task = table->buckets[i]; task; task = next) {
			next = task->next_in_bucket;
			link_task(&bigger, task);
		}
	}
	free(table->buckets);
	*table = bigger;
}

struct task *task_create(struct recorder *recorder, pid_t tid)
{
	struct task *task = text_allocate(sizeof(*task));

	task->tid = task->tgid = tid;
	if (recorder->tasks.count >= recorder->tasks.bucket_count)
		grow(&recorder->tasks);
	link_task(&recorder->tasks, task);
	return task;
}

void task_destroy(struct recorder *recorder, struct task *task)
{
	task_leave_space(recorder, task);
	unlink_task(&recorder->tasks, task);
	text_free(&task->line);
	text_free(&task->before);
	free(task);
}

void task_rename(struct recorder *recorder, struct task *task, pid_t tid)
{
	unlink_task(&recorder->tasks, task);
	task->tid = tid;
	link_task(&recorder->tasks, task);
}

struct space *space_create(void)
{
	struct space *space = text_allocate(sizeof(*space));

	space->last_held = &space->first_held;
	space->last_deferred = &space->first_deferred;
	return space;
}

void task_enter_space(struct task *task, struct space *space)
{
	task->space = space;
	space->references++;
	space->live++;
}

/* The recorder's list of contended spaces is short: those with a call that blocks. */
static void forget_contended(struct recorder *recorder, struct space *space)
{
	struct space **at = &recorder->contended;

	while (*at && *at != space)
		at = &(*at)->next_contended;
	if (*at)
		*at = space->next_contended;
	space->contended = false;
}

void task_leave_space(struct recorder *recorder, struct task *task)
{
	struct space *space = task->space;

	if (!space)
		return;
	task->space = NULL;
	if (!task->exiting)
		space->live--;
	if (space->caller == task)
		space->caller = NULL;
	space_release(recorder, space);
}

void space_release(struct recorder *recorder, struct space *space)
{
	if (--space->references > 0)
		return;
	if (space->contended)
		forget_contended(recorder, space);
	touch_flush_deferred(recorder, space);
	file_forget_all(space);
	pagemap_free(space->pagemap);
	free(space);
}
