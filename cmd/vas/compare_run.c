/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Replays for a comparison: `vas replay --json`, each in a process of its own, so that none finds
 * its memory as another one left it. Addresses are not randomised, as which list of frames a thread
 * uses depends on where its stack lies; and each process stays on one processor.
 */

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "compare.h"

size_t run_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
}

/* The processor number `index` of those that may be used. */
static void stay_on(size_t index)
{
	cpu_set_t all, one;

	if (sched_getaffinity(0, sizeof(all), &all) != 0)
		return;
	CPU_ZERO(&one);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all) && index-- == 0)
			CPU_SET(cpu, &one);
	(void)sched_setaffinity(0, sizeof(one), &one);
}

static void become_replay(const struct run *run)
{
	char design[128], memory[64];
	char *arguments[] = {
		"vas", "replay", "--json", "--level=coverage", design, memory, NULL, NULL, NULL,
	};
	size_t count = 6;

	snprintf(design, sizeof(design), "%s%s", subject_names[run->subject->kind].option,
		 run->subject->name);
	snprintf(memory, sizeof(memory), "--frames=%s", run->frames);
	if (run->timed)
		arguments[count++] = "--time";
	arguments[count] = (char *)(uintptr_t)run->trace; /* execv only reads it */
	prctl(PR_SET_PDEATHSIG, SIGKILL);		  /* nobody else wants its figures */
	personality(ADDR_NO_RANDOMIZE);
	execv("/proc/self/exe", arguments);
}

static void begin(struct run *run, size_t index)
{
	int ends[2];

	run->report = NULL;
	run->pid = -1;
	if (pipe(ends) != 0)
		return;
	run->from = ends[0];
	run->pid = fork();
	if (run->pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		stay_on(index);
		become_replay(run);
		_exit(STATUS_TROUBLE);
	}
	close(ends[1]);
	if (run->pid < 0)
		close(ends[0]);
}

static void end(struct run *run)
{
	int status = 0;
	FILE *stream;
	json_t *all;

	if (run->pid < 0)
		return;
	stream = fdopen(run->from, "r");
	all = stream == NULL ? NULL : json_loadf(stream, 0, NULL);
	run->report = json_incref(json_array_get(json_object_get(all, "traces"), 0));
	json_decref(all);
	if (stream != NULL)
		fclose(stream);
	else
		close(run->from);
	waitpid(run->pid, &status, 0);
	run->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void run_all(struct run *runs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		begin(&runs[i], i);
	for (size_t i = 0; i < count; i++)
		end(&runs[i]);
}
