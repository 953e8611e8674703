/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The kernel's side of `vas bench fault`, `fork` and `reclaim`: in a child, whose memory holds
 * little else, with pages of 4 KiB. */

#include "bench_memory.h"
#include "clock.h"
#include "median.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAIRS 2000

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

static unsigned char *map(size_t pages, int flags, int file)
{
	void *at = mmap(NULL, pages * BENCH_PAGE, PROT_READ | PROT_WRITE,
			flags | (file < 0 ? MAP_ANONYMOUS : 0), file, 0);

	return at == MAP_FAILED ? NULL : at;
}

static double touch(volatile unsigned char *at, size_t pages, bool write)
{
	uint64_t start = wall_ns();

	for (size_t i = 0; i < pages; i++) {
		if (write)
			at[i * BENCH_PAGE] = 1;
		else
			(void)at[i * BENCH_PAGE];
	}
	return (double)(wall_ns() - start) / (double)pages;
}

/* A file that is in the page cache. */
static int make_file(size_t pages)
{
	char name[] = "/tmp/vas-bench-XXXXXX";
	static unsigned char page[BENCH_PAGE];
	int file = mkstemp(name);

	if (file < 0)
		return -1;
	unlink(name);
	for (size_t i = 0; i < pages; i++) {
		page[0] = 1;
		if (write(file, page, sizeof(page)) != sizeof(page)) {
			close(file);
			return -1;
		}
	}
	return file;
}

static pid_t waiting_child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static double fault(size_t pages, enum bench_memory_work work)
{
	int file = -1;
	unsigned char *at;
	pid_t child = 0;
	double result;

	if (work == BENCH_FAULT_SHARED)
		file = (int)syscall(SYS_memfd_create, "vas-bench", 0u);
	else if (work == BENCH_FAULT_FILE_COPY)
		file = make_file(pages);
	if (work == BENCH_FAULT_SHARED && file >= 0) {
		if (ftruncate(file, (off_t)(pages * BENCH_PAGE)) != 0)
			return -1;
		at = map(pages, MAP_SHARED, file); /* the pages are in the cache already */
		if (at == NULL || touch(at, pages, true) < 0 || munmap(at, pages * BENCH_PAGE) != 0)
			return -1;
	}
	at = map(pages, work == BENCH_FAULT_SHARED ? MAP_SHARED : MAP_PRIVATE, file);
	if (at == NULL)
		return -1;
	if (work == BENCH_FAULT_ZERO_WRITE)
		touch(at, pages, false);
	if (work == BENCH_FAULT_COPY || work == BENCH_FAULT_REUSE) {
		touch(at, pages, true);
		child = waiting_child();
		if (child < 0)
			return -1;
	}
	if (work == BENCH_FAULT_REUSE)
		end_child(child);
	result = touch(at, pages, work != BENCH_FAULT_ZERO);
	if (work == BENCH_FAULT_COPY)
		end_child(child);
	munmap(at, pages * BENCH_PAGE);
	if (file >= 0)
		close(file);
	return result;
}

static double fastest_fault(size_t pages, enum bench_memory_work work)
{
	double best = fault(pages, work), next;

	for (int round = 1; round < BENCH_ROUNDS; round++) {
		next = fault(pages, work);
		if (next < best)
			best = next;
	}
	return best;
}

static double pair(bool touched)
{
	uint64_t start = wall_ns();

	for (int i = 0; i < PAIRS; i++) {
		unsigned char *at = map(1, MAP_PRIVATE, -1);

		if (at == NULL)
			return -1;
		if (touched)
			*(volatile unsigned char *)at = 1;
		munmap(at, BENCH_PAGE);
	}
	return (double)(wall_ns() - start) / PAIRS;
}

static double trap(void)
{
	uint64_t start = wall_ns();

	for (int i = 0; i < PAIRS * 10; i++)
		syscall(SYS_getppid);
	return (double)(wall_ns() - start) / (PAIRS * 10);
}

static double time_fork(void)
{
	uint64_t start = wall_ns(), spent;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	spent = wall_ns() - start;
	if (pid < 0)
		return -1;
	waitpid(pid, NULL, 0);
	return (double)spent;
}

/* Of a few: a fork that another process interrupts is not one. */
static double median_fork(void)
{
	double values[9];

	for (size_t i = 0; i < 9; i++)
		values[i] = time_fork();
	sort_values(values, 9);
	return values[4];
}

static double fork_areas(void)
{
	double few = median_fork();

	for (size_t i = 0; i < BENCH_AREAS; i++) {
		int prot = (i & 1) != 0 ? PROT_READ : PROT_READ | PROT_WRITE;

		if (mmap(NULL, BENCH_PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
			return -1;
	}
	return (median_fork() - few) / BENCH_AREAS;
}

static double fork_pages(size_t pages)
{
	double none = median_fork();
	unsigned char *at = map(pages, MAP_PRIVATE, -1);

	if (at == NULL)
		return -1;
	touch(at, pages, true);
	return (median_fork() - none) / (double)pages;
}

/* Clean pages of a file: dropped from the cache too. */
static double reclaim(size_t pages)
{
	int file = make_file(pages);
	unsigned char *at;
	uint64_t start;

	if (file < 0 || fsync(file) != 0)
		return -1;
	at = map(pages, MAP_PRIVATE, file);
	if (at == NULL)
		return -1;
	touch(at, pages, false);
	start = wall_ns();
	if (madvise(at, pages * BENCH_PAGE, MADV_PAGEOUT) != 0)
		return -1;
	return (double)(wall_ns() - start) / (double)pages;
}

static double run(size_t pages, enum bench_memory_work work)
{
	switch (work) {
	case BENCH_TRAP:
		return trap();
	case BENCH_PAIR:
		return pair(false);
	case BENCH_PAIR_TOUCHED:
		return pair(true);
	case BENCH_FORK_AREA:
		return fork_areas();
	case BENCH_FORK_PAGE:
		return fork_pages(pages);
	case BENCH_RECLAIM_FILE:
		return reclaim(pages);
	case BENCH_TWO_SPACES:
	case BENCH_TWO_THREADS:
	case BENCH_RECLAIM_PRIVATE:
		return -1;
	default:
		return fastest_fault(pages, work);
	}
}

double bench_memory_kernel(const struct bench_memory_options *options, enum bench_memory_work work)
{
	double result = -1;
	int ends[2];
	pid_t pid;

	if (pipe(ends) != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
		result = run(options->pages, work);
		_exit(write(ends[1], &result, sizeof(result)) == sizeof(result) ? 0 : 1);
	}
	close(ends[1]);
	if (pid > 0) {
		if (read(ends[0], &result, sizeof(result)) != sizeof(result))
			result = -1;
		waitpid(pid, NULL, 0);
	}
	close(ends[0]);
	return result;
}
