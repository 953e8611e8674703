/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * A process with many areas, all of one cause; and the cure which `vas explain` advises.
 *
 *	explain_areas CASE COUNT [COMMAND BEFORE [AFTER]]
 *
 * makes the areas, runs "COMMAND PID >BEFORE", cures, runs "COMMAND PID >AFTER". A cure that the
 * kernel refuses ends the program with status 1; a case that cannot be had here with 77.
 *
 *	   0   1   2   3   4   5   6   7        COUNT pieces of two pages, of which the second
 *	 |--x|--x|--x|--x|--x|--x|--x|--x|      is treated in another way than the first
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA	     0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

#define PAGE   4096L
#define PIECE  (2 * PAGE)
#define RW     (PROT_READ | PROT_WRITE)
#define MEMORY (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

/* Status when the kernel or the processor lacks what the case is about. */
enum { NOT_HERE = 77 };

/* MPOL_INTERLEAVE, of a header that is not everywhere. */
enum { BIND_INTERLEAVE = 3 };

static long count;
static char *base;

static void must(bool well, const char *what)
{
	if (well)
		return;
	fprintf(stderr, "explain_areas: %s: %s\n", what, strerror(errno));
	exit(1);
}

static char *map_at(char *at, long length, int prot, int flags, int fd, long offset)
{
	char *got = mmap(at, (size_t)length, prot, flags | (at ? MAP_FIXED : 0), fd, offset);

	must(got != MAP_FAILED, "mmap");
	return got;
}

static char *odd(long i)
{
	return base + i * PIECE + PAGE;
}

static void whole(int prot)
{
	base = map_at(NULL, count * PIECE, prot, MEMORY, -1, 0);
}

static void protect(char *at, long length, int prot)
{
	must(mprotect(at, (size_t)length, prot) == 0, "mprotect");
}

static void advise(char *at, long length, int advice)
{
	must(madvise(at, (size_t)length, advice) == 0, "madvise");
}

/* ---- permission ---- */

static void make_stripes(void)
{
	whole(RW);
	for (long i = 0; i < count; i++)
		protect(odd(i), PAGE, PROT_READ);
}

static void cure_stripes(void)
{
	protect(base, count * PIECE, RW);
}

static void make_guards(void)
{
	whole(RW);
	for (long i = 0; i < count; i++)
		protect(odd(i), PAGE, PROT_NONE);
}

static void cure_guards(void)
{
	int ends[2];

	protect(base, count * PIECE, RW);
	for (long i = 0; i < count; i++)
		advise(odd(i), PAGE, MADV_GUARD_INSTALL);
	must(pipe(ends) == 0, "pipe");
	must(write(ends[1], odd(count / 2), 1) < 0 && errno == EFAULT, "a guard lets through");
	must(write(ends[1], base, 1) == 1, "beside a guard");
	close(ends[0]);
	close(ends[1]);
}

/* Until the kernel refuses one more area. */
static void make_limit(void)
{
	whole(RW);
	for (long i = 0; i < count; i++)
		if (mprotect(odd(i), PAGE, PROT_READ) != 0) {
			must(errno == ENOMEM, "mprotect");
			return;
		}
	must(false, "the limit was not reached");
}

/* ---- flags ---- */

/* What the odd pages are told, and what the whole range is told to cure it. */
static int advice, cure_advice;

static void make_advised(void)
{
	whole(RW);
	if (madvise(base, PAGE, advice) != 0)
		exit(NOT_HERE);
	advise(base, PAGE, cure_advice);
	for (long i = 0; i < count; i++)
		advise(odd(i), PAGE, advice);
}

static void cure_advised(void)
{
	advise(base, count * PIECE, cure_advice);
}

/* A file without a name, as long as `length`. */
static int new_file(long length)
{
	char name[] = "/tmp/explain_areas_XXXXXX";
	int fd = mkstemp(name);

	must(fd >= 0 && unlink(name) == 0 && ftruncate(fd, length) == 0, "a file");
	return fd;
}

/* Private memory of a file that was writable once stays charged. */
static void make_account(void)
{
	int fd = new_file(count * PIECE);

	base = map_at(NULL, count * PIECE, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	for (long i = 0; i < count; i++) {
		protect(odd(i), PAGE, RW);
		protect(odd(i), PAGE, PROT_READ);
	}
}

static void cure_account(void)
{
	protect(base, count * PIECE, RW);
	protect(base, count * PIECE, PROT_READ);
}

static void make_noreserve(void)
{
	whole(RW);
	for (long i = 0; i < count; i++)
		map_at(odd(i), PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void cure_noreserve(void)
{
	for (long i = 0; i < count; i++)
		map_at(odd(i), PAGE, RW, MEMORY, -1, 0);
}

static void make_locked(void)
{
	whole(RW);
	for (long i = 0; i < count; i++)
		must(mlock2(odd(i), PAGE, MLOCK_ONFAULT) == 0, "mlock2");
}

static void cure_locked(void)
{
	must(munlock(base, (size_t)(count * PIECE)) == 0, "munlock");
}

static void make_names(void)
{
	whole(RW);
	if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, base, PAGE, NULL) != 0)
		exit(NOT_HERE);
	for (long i = 0; i < count; i++)
		must(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, odd(i), PAGE, "odd") == 0, "prctl");
}

static void cure_names(void)
{
	must(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, base, count * PIECE, "all") == 0, "prctl");
}

static void make_keys(void)
{
	int key = pkey_alloc(0, 0);

	if (key < 0)
		exit(NOT_HERE);
	whole(RW);
	for (long i = 0; i < count; i++)
		must(pkey_mprotect(odd(i), PAGE, RW, key) == 0, "pkey_mprotect");
}

static void cure_keys(void)
{
	must(pkey_mprotect(base, (size_t)(count * PIECE), RW, 0) == 0, "pkey_mprotect");
}

static long bind(char *at, long length, int mode)
{
	unsigned long first_node = 1;

	return syscall(SYS_mbind, at, length, mode, mode == 0 ? NULL : &first_node,
		       mode == 0 ? 0 : 8, 0);
}

static void make_policies(void)
{
	whole(RW);
	if (bind(base, PAGE, 0) != 0)
		exit(NOT_HERE);
	for (long i = 0; i < count; i++)
		must(bind(odd(i), PAGE, BIND_INTERLEAVE) == 0, "mbind");
}

static void cure_policies(void)
{
	must(bind(base, count * PIECE, 0) == 0, "mbind");
}

/* ---- heads, and moves ---- */

/* Pieces that are touched while something else lies between them. */
static void commit(void)
{
	for (long i = 0; i < count; i++) {
		protect(odd(i), PAGE, RW);
		*odd(i) = 1;
	}
	for (long i = 0; i < count; i++)
		protect(base + i * PIECE, PAGE, RW);
}

static void make_heads(void)
{
	whole(PROT_NONE);
	commit();
}

/* The same again; but the range was touched once while it was whole. */
static void cure_heads(void)
{
	must(munmap(base, (size_t)(count * PIECE)) == 0, "munmap");
	whole(RW);
	*base = 1;
	protect(base, count * PIECE, PROT_NONE);
	commit();
}

/* Pages in reverse order, written before (or after) they are moved. */
static void move(bool written)
{
	char *from = map_at(NULL, count * PAGE, RW, MEMORY, -1, 0);

	whole(PROT_NONE);
	for (long i = 0; i < count; i++) {
		if (written)
			from[i * PAGE] = 1;
		must(mremap(from + i * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			    base + (count - 1 - i) * PAGE) != MAP_FAILED,
		     "mremap");
	}
}

static void make_moved(void)
{
	move(true);
}

static void cure_moved(void)
{
	must(munmap(base, (size_t)(count * PIECE)) == 0, "munmap");
	move(false);
	for (long i = 0; i < count; i++)
		base[i * PAGE] = 1;
}

/* ---- files and holes ---- */

static void map_file(bool once, int sharing)
{
	int fd = new_file(count * PAGE);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	base = map_at(NULL, count * PAGE, PROT_NONE, MEMORY, -1, 0);
	for (long i = 0; i < count; i++) {
		int own = once ? dup(fd) : open(path, O_RDWR);

		must(own >= 0, path);
		map_at(base + i * PAGE, PAGE, RW, sharing, own, i * PAGE);
		close(own);
	}
	close(fd);
}

static void make_opened(void)
{
	map_file(false, MAP_SHARED);
}

static void cure_opened(void)
{
	must(munmap(base, (size_t)(count * PAGE)) == 0, "munmap");
	map_file(true, MAP_SHARED);
}

static void make_opened_privately(void)
{
	map_file(false, MAP_PRIVATE);
}

static void cure_opened_privately(void)
{
	must(munmap(base, (size_t)(count * PAGE)) == 0, "munmap");
	map_file(true, MAP_PRIVATE);
}

static void make_holes(void)
{
	whole(RW);
	for (long i = 0; i < count; i++)
		must(munmap(odd(i), PAGE) == 0, "munmap");
}

static void cure_holes(void)
{
	must(munmap(base, (size_t)(count * PIECE)) == 0, "munmap");
	whole(RW);
	for (long i = 0; i < count; i++)
		advise(odd(i), PAGE, MADV_DONTNEED);
}

/* ---- threads and forks ---- */

static sem_t leave;

static void *wait_to_leave(void *unused)
{
	(void)unused;
	sem_wait(&leave);
	return NULL;
}

static void start_threads(bool guarded)
{
	pthread_attr_t attributes;
	pthread_t thread;

	sem_init(&leave, 0, 0);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 256 * 1024);
	if (!guarded)
		pthread_attr_setguardsize(&attributes, 0);
	for (long i = 0; i < count; i++)
		must(pthread_create(&thread, &attributes, wait_to_leave, NULL) == 0, "a thread");
}

static void make_threads(void)
{
	start_threads(true);
}

static void make_unguarded(void)
{
	start_threads(false);
}

/* Goes on in a child; what a child inherits does not merge with what it maps beside it. */
static void go_on_in_child(void)
{
	int status;
	pid_t child = fork();

	must(child >= 0, "fork");
	if (child == 0)
		return;
	must(waitpid(child, &status, 0) == child && WIFEXITED(status), "the child");
	exit(WEXITSTATUS(status));
}

static void fill_holes(void)
{
	for (long i = 0; i < count; i++)
		map_at(odd(i), PAGE, RW, MEMORY, -1, 0);
}

static void make_inherited(void)
{
	make_holes();
	for (long i = 0; i < count; i++)
		base[i * PIECE] = 1;
	go_on_in_child();
	fill_holes();
}

/* Locks are not inherited; but nobody asks the kernel to merge what they had split. */
static void make_untried(void)
{
	make_locked();
	go_on_in_child();
}

static void cure_untried(void)
{
	must(mlock2(base, (size_t)(count * PIECE), MLOCK_ONFAULT) == 0, "mlock2");
	must(munlock(base, (size_t)(count * PIECE)) == 0, "munlock");
}

/* The same, if all was mapped and written before the fork. */
static void cure_inherited(void)
{
	must(munmap(base, (size_t)(count * PIECE)) == 0, "munmap");
	make_holes();
	fill_holes();
	for (long i = 0; i < 2 * count; i++)
		base[i * PAGE] = 1;
	go_on_in_child();
}

static const struct {
	const char *name;
	void (*make)(void);
	void (*cure)(void); /* NULL: there is none */
	int advice, cure_advice;
} cases[] = {
	{ "stripes", make_stripes, cure_stripes, 0, 0 },
	{ "limit", make_limit, cure_stripes, 0, 0 },
	{ "guards", make_guards, cure_guards, 0, 0 },
	{ "dontdump", make_advised, cure_advised, MADV_DONTDUMP, MADV_DODUMP },
	{ "dontfork", make_advised, cure_advised, MADV_DONTFORK, MADV_DOFORK },
	{ "wipeonfork", make_advised, cure_advised, MADV_WIPEONFORK, MADV_KEEPONFORK },
	{ "mergeable", make_advised, cure_advised, MADV_MERGEABLE, MADV_UNMERGEABLE },
	{ "sequential", make_advised, cure_advised, MADV_SEQUENTIAL, MADV_NORMAL },
	{ "hugepage", make_advised, cure_advised, MADV_HUGEPAGE, MADV_NOHUGEPAGE },
	{ "account", make_account, cure_account, 0, 0 },
	{ "noreserve", make_noreserve, cure_noreserve, 0, 0 },
	{ "locked", make_locked, cure_locked, 0, 0 },
	{ "names", make_names, cure_names, 0, 0 },
	{ "keys", make_keys, cure_keys, 0, 0 },
	{ "policies", make_policies, cure_policies, 0, 0 },
	{ "heads", make_heads, cure_heads, 0, 0 },
	{ "moved", make_moved, cure_moved, 0, 0 },
	{ "opened", make_opened, cure_opened, 0, 0 },
	{ "opened_privately", make_opened_privately, cure_opened_privately, 0, 0 },
	{ "holes", make_holes, cure_holes, 0, 0 },
	{ "threads", make_threads, NULL, 0, 0 },
	{ "unguarded", make_unguarded, NULL, 0, 0 },
	{ "inherited", make_inherited, cure_inherited, 0, 0 },
	{ "untried", make_untried, cure_untried, 0, 0 },
};

static void look(const char *command, const char *into)
{
	char line[4096];

	fflush(stdout);
	snprintf(line, sizeof(line), "%s %d >%s", command, getpid(), into);
	must(system(line) == 0, line);
}

int main(int argc, char **argv)
{
	size_t i = 0;

	if (argc < 3)
		return 2;
	while (i < sizeof(cases) / sizeof(cases[0]) && strcmp(cases[i].name, argv[1]) != 0)
		i++;
	if (i == sizeof(cases) / sizeof(cases[0]))
		return 2;
	count = atol(argv[2]);
	advice = cases[i].advice;
	cure_advice = cases[i].cure_advice;
	cases[i].make();
	if (argc > 4)
		look(argv[3], argv[4]);
	if (argc > 5 && cases[i].cure != NULL) {
		cases[i].cure();
		look(argv[3], argv[5]);
	}
	return 0;
}
