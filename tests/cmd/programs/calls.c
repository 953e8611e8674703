/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* One of every kind of call that is recorded. */
#include <errno.h>
#include <linux/aio_abi.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096 };

static char *map(size_t pages, int flags)
{
	return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags,
		    -1, 0);
}

static void change_areas(void)
{
	char *area = map(16, 0);

	mprotect(area, PAGE, PROT_READ | PROT_EXEC);
	syscall(SYS_pkey_mprotect, area + PAGE, PAGE, PROT_READ, -1);
	madvise(area + 2 * PAGE, PAGE, MADV_DONTFORK);
	mlock(area + 3 * PAGE, PAGE);
	mlock2(area + 4 * PAGE, PAGE, MLOCK_ONFAULT);
	munlock(area + 3 * PAGE, 2 * PAGE);
	prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, area + 5 * PAGE, PAGE, "a <name>");
	syscall(SYS_mbind, area + 6 * PAGE, (long)PAGE, MPOL_PREFERRED, NULL, 0L, 0L);
	syscall(462 /* mseal */, area + 7 * PAGE, (long)PAGE, 0L);
	mremap(area + 8 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	mremap(area + 9 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	munmap(area + 10 * PAGE, PAGE);
	mlockall(MCL_FUTURE);
	munlockall();
	map(4, MAP_GROWSDOWN | MAP_STACK | MAP_NORESERVE | MAP_POPULATE);
	mmap(area, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
}

static void use_files(void)
{
	int fd = memfd_create("a\nmemory file", 0);
	char *area;

	if (ftruncate(fd, 8 * PAGE) < 0)
		return;
	area = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	remap_file_pages(area, PAGE, 0, 4, 0);
	close(fd);
	mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0); /* EBADF */
}

static void use_shared_memory(void)
{
	int id = shmget(IPC_PRIVATE, 3 * PAGE, IPC_CREAT | 0600);
	char *area = shmat(id, NULL, SHM_RDONLY);

	shmctl(id, IPC_RMID, NULL);
	shmdt(area);
	shmat(-1, NULL, 0); /* EINVAL */
}

static void set_limits(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_AS, &limit);
	setrlimit(RLIMIT_AS, &limit);
	getrlimit(RLIMIT_NOFILE, &limit);
	setrlimit(RLIMIT_NOFILE, &limit); /* none of ours */
}

int main(void)
{
	aio_context_t context = 0;
	char stack[PAGE];
	int status;

	(void)stack;
	change_areas();
	use_files();
	use_shared_memory();
	set_limits();
	if (syscall(SYS_io_setup, 8, &context) == 0)
		syscall(SYS_io_destroy, context);
	personality((unsigned long)personality(0xffffffff) | ADDR_NO_RANDOMIZE);
	if (sbrk(PAGE) == (void *)-1)
		return 1;
	/* A child that asks not to be traced is followed all the same. */
	if (syscall(SYS_clone, CLONE_UNTRACED | 17, NULL, NULL, NULL, NULL) == 0) {
		map(3, 0);
		_exit(7);
	}
	if (wait(&status) < 0 || WEXITSTATUS(status) != 7)
		return 2;
	errno = 0;
	return 0;
}
