/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* What the kernel decides by facts that no call tells; what is not to be had here is left out. */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096 };

static char *map(size_t pages, int flags, int fd)
{
	return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
}

static char *map_anonymous(size_t pages)
{
	return map(pages, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/* ---- userfaultfd ---- */

static int open_userfault(uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd >= 0)
		ioctl(fd, UFFDIO_API, &api);
	return fd;
}

static void watch(int fd, char *area, size_t pages, uint64_t mode)
{
	struct uffdio_register range = { { (uintptr_t)area, pages * PAGE }, mode, 0 };

	ioctl(fd, UFFDIO_REGISTER, &range);
}

static void forget(int fd, char *area, size_t pages)
{
	struct uffdio_range range = { (uintptr_t)area, pages * PAGE };

	ioctl(fd, UFFDIO_UNREGISTER, &range);
}

/* Features, and when a descriptor is closed, are not recorded. */
static void userfault(void)
{
	const uint64_t unpopulated = 1 << 13, asynchronous = 1 << 15; /* since 6.4, 6.7 */
	int file = open("/proc/self/exe", O_RDONLY), first, second;
	char *area = map_anonymous(16);

	first = open_userfault(0);
	watch(first, area, 2, 0); /* no mode at all: EINVAL */
	watch(first, area, 4, UFFDIO_REGISTER_MODE_MISSING);
	watch(first, area + 8 * PAGE, 4, UFFDIO_REGISTER_MODE_MISSING);
	second = open_userfault(0);
	watch(second, area, 2, UFFDIO_REGISTER_MODE_MISSING); /* EBUSY */
	close(first);
	watch(second, area + 2 * PAGE, 4, UFFDIO_REGISTER_MODE_MISSING);
	forget(second, area, 16);
	watch(second, area, 2, UFFDIO_REGISTER_MODE_MISSING);
	close(second); /* and nothing shows it but the last areas */
	first = open_userfault(unpopulated | asynchronous);
	area = map(4, MAP_PRIVATE, file);
	watch(first, area + PAGE, 2, UFFDIO_REGISTER_MODE_WP);
	watch(first, area, 4, UFFDIO_REGISTER_MODE_WP | UFFDIO_REGISTER_MODE_MISSING);
	forget(first, area, 4);
	forget(first, area + PAGE, 2);
}

/* ---- files ---- */

/* A file that is sealed between two mappings, and one with rules of its own. */
static void files(void)
{
	struct perf_event_attr event = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(event),
		.config = PERF_COUNT_SW_DUMMY,
	};
	int memory = memfd_create("sealed", MFD_ALLOW_SEALING);
	int perf = (int)syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);
	int version = open("/proc/version", O_RDONLY), zero = open("/dev/zero", O_RDWR);
	char *area;

	if (ftruncate(memory, 8 * PAGE) == 0)
		munmap(map(8, MAP_SHARED, memory), 8 * PAGE);
	fcntl(memory, F_ADD_SEALS, 0x10 /* F_SEAL_FUTURE_WRITE */);
	map(8, MAP_SHARED, memory);
	area = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, memory, 0);
	mprotect(area, PAGE, PROT_READ | PROT_WRITE);

	map(3, MAP_SHARED, perf); /* EINVAL: it is one page, and a power of two */
	area = map(5, MAP_SHARED, perf);
	mprotect(area, PAGE, PROT_READ);
	mremap(area, 5 * PAGE, 9 * PAGE, MREMAP_MAYMOVE);
	mlock(area, PAGE);
	munmap(area + 2 * PAGE, PAGE);
	map(1, MAP_PRIVATE, version);
	map(520, MAP_PRIVATE, zero);
	map(520, MAP_SHARED, zero);
	mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, zero, (off_t)1 << 50);
	mmap((char *)PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, zero, 0);
	map(1, MAP_PRIVATE | 0x80000 /* MAP_SYNC */, memory);
}

/* ---- advice, policies ---- */

/* Advice to another process, and some whose success hangs on what the pages are. */
static void advice(void)
{
	char *area = map_anonymous(1024);
	struct iovec range = { area, PAGE };
	pid_t child = fork();
	int other;

	if (child == 0) {
		pause();
		_exit(0);
	}
	other = (int)syscall(SYS_pidfd_open, child, 0);
	syscall(SYS_process_madvise, other, &range, 1L, (long)MADV_COLD, 0L);
	syscall(SYS_process_madvise, other, &range, 1L, (long)MADV_DONTNEED, 0L);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	*area = 1;
	madvise(area, 512 * PAGE, 25 /* MADV_COLLAPSE */);
	madvise(area + PAGE / 2, PAGE, 25);
}

static void policies(void)
{
	char *area = map_anonymous(64);
	unsigned long node = 1;

	for (int mode = 0; mode < 9; mode++)
		syscall(SYS_mbind, area + mode * 2 * PAGE, (long)PAGE, (long)mode, &node, 8L, 0L);
	syscall(SYS_mbind, area, (long)PAGE, (long)(MPOL_BIND | 1 << 13), &node, 8L, 0L);
	syscall(SYS_mbind, area, (long)PAGE, (long)MPOL_BIND, (char *)8, 8L, 0L);
}

/* Much more locked memory than anything else. */
static void locks(void)
{
	enum { LOCKED = 1500 };
	char *area = map_anonymous(LOCKED);

	mlock(area, LOCKED * PAGE);
	memset(area, 1, LOCKED * PAGE);
	munlock(area, LOCKED * PAGE);
}

/* What has been moved away has never held a page, and much that is moved holds few. */
static void moves(void)
{
	const size_t pages = (size_t)1 << 23; /* 32 GiB */
	const int alone = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	char *area = map_anonymous(4), *target = map_anonymous(8), *sparse = map(pages, alone, -1);

	mprotect(area, PAGE, PROT_NONE);
	area[PAGE] = area[2 * PAGE] = 1;
	mprotect(area + PAGE, 3 * PAGE, PROT_READ);
	mremap(area + PAGE, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
	       target);
	mprotect(area, 4 * PAGE, PROT_NONE); /* one area now */
	mremap(area, (size_t)1 << 47, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target);
	mremap(area, ~(size_t)0 << 12, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target);
	sparse[pages / 2 * PAGE] = 1;
	mremap(sparse, pages * PAGE, pages * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
}

/* Shared memory behind a guard page, and locked memory behind the end of a file. */
static void cut_off(void)
{
	int memory = memfd_create("cut", 0);
	char *area = map(4, MAP_SHARED | MAP_ANONYMOUS, -1);

	memset(area, 1, 4 * PAGE);
	madvise(area + PAGE, PAGE, 102 /* MADV_GUARD_INSTALL */);
	madvise(area, 4 * PAGE, 22 /* MADV_POPULATE_READ */);
	if (ftruncate(memory, 4 * PAGE) < 0)
		return;
	area = map(4, MAP_SHARED, memory);
	if (ftruncate(memory, PAGE) < 0)
		return;
	mlock(area, 3 * PAGE); /* ENOMEM, but locked */
	if (ftruncate(memory, 2 * PAGE) < 0)
		return;
	mlock(area, 2 * PAGE);
	mprotect(area + PAGE, PAGE, PROT_READ);
	area = map_anonymous(4);
	madvise(area + PAGE, PAGE, 102);
	mlock(area, 4 * PAGE);
}

/* The address of one with 32 bits is sought from a random place on. */
static void low_addresses(void)
{
	const int low = MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT;

	map(512, low, -1);
	map(1024, low, -1);
	map(1, low, -1);
	map(1536, low, -1);
	munmap(map(2, low, -1), PAGE);
}

int main(void)
{
	userfault();
	files();
	advice();
	policies();
	locks();
	moves();
	low_addresses();
	cut_off();
	if (fork() == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		_exit(0);
	}
	wait(NULL);
	return 0;
}
