/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "shrink.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What is found until then must do. */
#define SECONDS_MAX 120

/* Does this list of calls still show a difference? Cuts off what comes after it. */
static bool differs(struct run *run, struct model *model, struct script *script)
{
	struct difference difference;
	struct totals totals = { 0 };
	struct task task = { 0 };
	struct script done = { 0 };

	task.setup = script->setup;
	task.script = script->calls;
	task.script_count = script->count;
	script_sample(script, &task.smaps_every, &task.maps_every);
	compare_run(run, model, &task, &done, &difference, &totals);
	free(difference.text);
	if (difference.found && done.count < script->count) {
		memcpy(script->calls, done.calls, done.count * sizeof(*done.calls));
		script->count = done.count;
	}
	free(done.calls);
	return difference.found;
}

/* Leaves out `count` calls from `at` on, if the difference stays. */
static bool leave_out(struct run *run, struct model *model, struct script *script, uint32_t at,
		      uint32_t count)
{
	struct script less = { .setup = script->setup, .count = script->count - count };

	less.calls = malloc((less.count + 1) * sizeof(*less.calls));
	if (!less.calls)
		err(2, "no memory");
	memcpy(less.calls, script->calls, at * sizeof(*less.calls));
	memcpy(less.calls + at, script->calls + at + count,
	       (less.count - at) * sizeof(*less.calls));
	if (!differs(run, model, &less)) {
		free(less.calls);
		return false;
	}
	free(script->calls);
	script->calls = less.calls;
	script->count = less.count;
	return true;
}

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

void shrink_script(struct run *run, struct model *model, struct script *script)
{
	time_t end = now() + SECONDS_MAX;
	uint32_t size, at;
	bool again;

	if (!differs(run, model, script))
		return;
	for (size = script->count / 2; size > 1 && now() < end; size /= 2) {
		at = script->count;
		while (at > 0 && now() < end) {
			uint32_t from = at > size ? at - size : 0;

			if (at <= script->count)
				leave_out(run, model, script, from, at - from);
			at = from < script->count ? from : script->count;
		}
	}
	do {
		again = false;
		for (at = script->count; at > 0 && now() < end; at--)
			if (at <= script->count)
				again |= leave_out(run, model, script, at - 1, 1);
	} while (again);
}
