/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* What `vas bench space` works on: a space of the library, or this process and the kernel. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vas/anon_vma_chain.h>
#include <vas/space.h>

#include "bench_space.h"

/* Far away from all that a program has. */
#define AREAS_BASE UINT64_C(0x100000000000)
#define WORK_PLACE UINT64_C(0x200000000000)

struct bench_library {
	struct vas_settings settings;
	struct vas_anon_vma_chain *chain;
	struct vas_space *space;
};

static struct vas_space *space_of(const struct bench_target *target)
{
	return target->library->space;
}

static int64_t library_map(struct bench_target *target, uint64_t address, uint64_t length,
			   uint32_t prot, uint32_t flags)
{
	const struct vas_map map = { .length = length, .prot = prot, .flags = flags };
	int err = vas_map(space_of(target), &map, &address);

	return err != 0 ? err : (int64_t)address;
}

static int library_unmap(struct bench_target *target, uint64_t start, uint64_t length)
{
	return vas_unmap(space_of(target), start, length);
}

static int library_protect(struct bench_target *target, uint64_t start, uint64_t length,
			   uint32_t prot)
{
	return vas_protect(space_of(target), start, length, prot, -1);
}

static int64_t library_remap(struct bench_target *target, uint64_t old, uint64_t old_length,
			     uint64_t new_length, uint32_t flags, uint64_t address)
{
	const struct vas_remap remap = {
		.old = old,
		.old_length = old_length,
		.new_length = new_length,
		.flags = flags,
		.new_address = address,
	};
	uint64_t result;
	int err = vas_remap(space_of(target), &remap, &result);

	return err != 0 ? err : (int64_t)result;
}

static uint64_t library_brk(struct bench_target *target, uint64_t address)
{
	uint64_t now;

	return vas_brk(space_of(target), address, &now) != 0 ? 0 : now;
}

static bool library_find(struct bench_target *target, uint64_t address)
{
	return vas_find(space_of(target), address) != NULL;
}

static int library_fork(struct bench_target *target)
{
	struct vas_space *child;
	int err = vas_fork(space_of(target), &child);

	vas_space_destroy(child);
	return err;
}

static const struct bench_target_ops library_ops = {
	library_map, library_unmap, library_protect, library_remap,
	library_brk, library_find,  library_fork,
};

static bool open_space(struct bench_library *library, const char *design, bool chains,
		       uint64_t heap)
{
	struct vas_space_config config;

	vas_settings_default(&library->settings);
	library->settings.max_map_count = UINT32_MAX;
	vas_space_default(&config, &library->settings);
	config.index = design;
	config.layout.start_brk = config.layout.brk = heap;
	if (chains) {
		const struct vas_anon_rmap_config chain = {
			.allocator = config.allocator,
			.settings = &library->settings,
		};

		if (vas_anon_vma_chain_create(&chain, &library->chain) != 0)
			return false;
		config.listeners[0].listener = &vas_anon_vma_chain_listener;
		config.listeners[0].data = library->chain;
	}
	return vas_space_create(&config, &library->space) == 0;
}

bool bench_library_open(struct bench_target *target, const char *design, bool chains)
{
	*target = (struct bench_target){
		.ops = &library_ops,
		.base = AREAS_BASE,
		.place = WORK_PLACE,
		.heap = UINT64_C(0x555555560000),
		.library = calloc(1, sizeof(*target->library)),
	};
	if (target->library == NULL)
		return false;
	if (open_space(target->library, design, chains, target->heap))
		return true;
	bench_library_close(target);
	return false;
}

void bench_library_close(struct bench_target *target)
{
	vas_space_destroy(target->library->space);
	vas_anon_vma_chain_destroy(target->library->chain);
	free(target->library);
}

/* The kernel. */

static int64_t kernel_map(struct bench_target *target, uint64_t address, uint64_t length,
			  uint32_t prot, uint32_t flags)
{
	void *at = mmap((void *)(uintptr_t)address, length, (int)prot, (int)flags, -1, 0);

	(void)target;
	return at == MAP_FAILED ? -errno : (int64_t)(uintptr_t)at;
}

static int kernel_unmap(struct bench_target *target, uint64_t start, uint64_t length)
{
	(void)target;
	return munmap((void *)(uintptr_t)start, length) != 0 ? -errno : 0;
}

static int kernel_protect(struct bench_target *target, uint64_t start, uint64_t length,
			  uint32_t prot)
{
	(void)target;
	return mprotect((void *)(uintptr_t)start, length, (int)prot) != 0 ? -errno : 0;
}

static int64_t kernel_remap(struct bench_target *target, uint64_t old, uint64_t old_length,
			    uint64_t new_length, uint32_t flags, uint64_t address)
{
	long at = syscall(SYS_mremap, old, old_length, new_length, flags, address);

	(void)target;
	return at == -1 ? -errno : at;
}

static uint64_t kernel_brk(struct bench_target *target, uint64_t address)
{
	(void)target;
	return (uint64_t)syscall(SYS_brk, address);
}

/* PROCMAP_QUERY of <linux/fs.h>, since 6.11: the area at an address or above it. */
struct procmap_query {
	uint64_t size, query_flags, query_addr;
	uint64_t vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
	uint32_t dev_major, dev_minor, vma_name_size, build_id_size;
	uint64_t vma_name_addr, build_id_addr;
};

static bool kernel_find(struct bench_target *target, uint64_t address)
{
	static int maps = -1;
	struct procmap_query query = { .size = sizeof(query), .query_addr = address };

	(void)target;
	if (maps == -1)
		maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	return ioctl(maps, _IOWR('f', 17, struct procmap_query), &query) == 0;
}

static int kernel_fork(struct bench_target *target)
{
	pid_t pid = fork();

	(void)target;
	if (pid == 0)
		_exit(0);
	return pid < 0 || waitpid(pid, NULL, 0) != pid ? -errno : 0;
}

static const struct bench_target_ops kernel_ops = {
	kernel_map, kernel_unmap, kernel_protect, kernel_remap,
	kernel_brk, kernel_find,  kernel_fork,
};

/* How many areas this process has. */
static size_t count_areas(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	size_t lines = 0;
	int c;

	while (maps != NULL && (c = getc(maps)) != EOF)
		lines += c == '\n';
	if (maps != NULL)
		fclose(maps);
	return lines;
}

void bench_kernel_open(struct bench_target *target)
{
	*target = (struct bench_target){
		.ops = &kernel_ops,
		.all_areas = count_areas(),
		.base = AREAS_BASE,
		.place = WORK_PLACE,
		.heap = vas_page_up(kernel_brk(target, 0)),
	};
}
