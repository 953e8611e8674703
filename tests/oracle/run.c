/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "run.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGES(bytes) (((bytes) + 4095) & ~UINT64_C(4095))

void run_init(struct run *run, const char *subject, const struct files *files)
{
	memset(run, 0, sizeof(*run));
	strncpy(run->subject, subject, sizeof(run->subject) - 1);
	run->files = files;
	run->fd = -1;
	/* Processes that outlive the one that forked them are ours to reap. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		err(2, "cannot become a subreaper");
}

/* A region of the wanted size; kept from run to run while it fits. */
static void make_region(struct run *run, uint64_t size)
{
	if (run->region && run->region->size == size)
		return;
	if (run->region) {
		munmap(run->region, run->region->size);
		close(run->fd);
	}
	run->fd = memfd_create("region", MFD_CLOEXEC);
	if (run->fd < 0 || ftruncate(run->fd, (off_t)size) != 0)
		err(2, "cannot make shared memory");
	run->region = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, run->fd, 0);
	if (run->region == MAP_FAILED)
		err(2, "cannot map shared memory");
}

static void fill_region(struct run *run, const struct task *task)
{
	uint64_t script = task->script_count * sizeof(struct call);
	uint64_t ring_offset = PAGES(sizeof(struct region) + script);
	uint64_t text_max = task->setup.huge_text ? 32 << 20 : 1 << 20;
	uint64_t size = ring_offset + 4 * text_max;
	struct region *region;

	make_region(run, size);
	region = run->region;
	memset(region, 0, sizeof(*region));
	region->setup = task->setup;
	region->seed = task->seed;
	region->calls = task->calls;
	region->script_count = task->script_count;
	region->smaps_every = task->smaps_every;
	region->maps_every = task->maps_every;
	region->fill = task->fill;
	region->size = size;
	region->ring_offset = ring_offset;
	region->ring_size = 4 * text_max;
	region->text_max = text_max;
	region->slots = run->files->slots;
	region->features = run->files->features;
	memcpy(region->segments, run->files->segments, sizeof(region->segments));
	region->oracle_pid = getpid();
	if (script != 0)
		memcpy(region + 1, task->script, script);
}

static void set_limit(int resource, rlim_t soft)
{
	struct rlimit limit;

	getrlimit((__rlimit_resource_t)resource, &limit);
	limit.rlim_cur = soft;
	if (limit.rlim_max != RLIM_INFINITY && soft > limit.rlim_max)
		limit.rlim_max = soft;
	if (setrlimit((__rlimit_resource_t)resource, &limit) == 0)
		return;
	limit.rlim_max = limit.rlim_cur = limit.rlim_max < soft ? limit.rlim_max : soft;
	setrlimit((__rlimit_resource_t)resource, &limit);
}

/* Should memory run out, take the subject first. */
static void offer_to_killer(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "1000", 4) == 4)
		close(fd);
}

static void become_subject(const struct run *run, const struct task *task)
{
	char *const arguments[] = { "subject", NULL };
	char *const environment[] = { NULL };
	unsigned long persona = ADDR_NO_RANDOMIZE;
	int slot;

	if (task->setup.legacy)
		persona |= ADDR_COMPAT_LAYOUT;
	personality(persona);
	setpgid(0, 0);
	offer_to_killer();
	set_limit(RLIMIT_AS, RLIM_INFINITY);
	set_limit(RLIMIT_DATA, RLIM_INFINITY);
	set_limit(RLIMIT_STACK, 8 << 20);
	set_limit(RLIMIT_MEMLOCK, 64 << 10);
	dup2(run->fd, REGION_FD);
	for (slot = 1; slot < FILE_SLOTS; slot++)
		if (run->files->slots & 1u << slot)
			fcntl(FILE_FD + slot, F_SETFD, 0);
	execve(run->subject, arguments, environment);
	_exit(127);
}

void run_start(struct run *run, const struct task *task)
{
	fill_region(run, task);
	run->current = NULL;
	run->status = 0;
	run->pid = fork();
	if (run->pid < 0)
		err(2, "cannot fork");
	if (run->pid == 0)
		become_subject(run, task);
}

/* Has the whole run ended? Reaps what has. */
static bool all_gone(struct run *run)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == run->pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
			run->status = status;
	return pid < 0 && errno == ECHILD;
}

static void pause_for(long nanoseconds)
{
	const struct timespec time = { 0, nanoseconds };

	nanosleep(&time, NULL);
}

/* No process is left, or the one whose turn it is has been killed. */
static bool is_dead(struct run *run, unsigned int tries)
{
	return all_gone(run) || run->region->failure != 0 || run->status != 0 || tries > 400000;
}

const struct record *run_next(struct run *run)
{
	struct region *region = run->region;
	const char *ring = (const char *)region + region->ring_offset;
	const struct record *record;
	unsigned int tries = 0;

	if (run->current)
		__atomic_store_n(&region->tail, region->tail + run->current->size,
				 __ATOMIC_RELEASE);
	run->current = NULL;
	for (;;) {
		if (region->tail == __atomic_load_n(&region->head, __ATOMIC_ACQUIRE)) {
			tries++;
			if (tries < 20)
				sched_yield();
			else
				pause_for(30000);
			if (tries % 1000 == 999 && is_dead(run, tries) &&
			    region->tail == __atomic_load_n(&region->head, __ATOMIC_ACQUIRE))
				return NULL;
			continue;
		}
		record = (const struct record *)(ring + region->tail % region->ring_size);
		if (record->kind != RECORD_SKIP)
			break;
		__atomic_store_n(&region->tail, region->tail + record->size, __ATOMIC_RELEASE);
	}
	run->current = record;
	return record;
}

void run_stop(struct run *run)
{
	struct region *region = run->region;
	unsigned int tries = 0;

	region->stop = 1;
	__atomic_store_n(&region->turn, TURN_END, __ATOMIC_RELEASE);
	syscall(SYS_futex, &region->turn, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
	while (!all_gone(run)) {
		/* Whoever runs now may be in the middle of its calls, or wait for room. */
		__atomic_store_n(&region->tail, region->head, __ATOMIC_RELEASE);
		if (tries++ > 2000)
			kill(-run->pid, SIGKILL);
		pause_for(tries < 20 ? 20000 : 200000);
	}
}
