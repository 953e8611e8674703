/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/userfaultfd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <vas/area.h>

#define XFS_MAGIC 0x58465342

static void fill_facts(struct file_facts *facts, int fd, uint32_t model_flags)
{
	char link[64];
	struct stat status;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, facts->name, sizeof(facts->name) - 1);
	facts->name[length < 0 ? 0 : length] = '\0';
	if (fstat(fd, &status) == 0) {
		facts->major = major(status.st_dev);
		facts->minor = minor(status.st_dev);
		facts->inode = status.st_ino;
	}
	facts->model_flags = model_flags;
}

/* Puts `fd` into its slot; `missing` tells why there is none when fd < 0. */
static void take(struct files *files, enum file_slot slot, int fd, uint32_t model_flags,
		 const char *missing)
{
	struct file_facts *facts = &files->facts[slot];

	if (fd < 0) {
		facts->missing = missing;
		return;
	}
	if (dup2(fd, FILE_FD + (int)slot) < 0) {
		facts->missing = "no free descriptor";
		close(fd);
		return;
	}
	close(fd);
	fill_facts(facts, FILE_FD + (int)slot, model_flags);
	files->slots |= 1u << slot;
}

static int sized(int fd)
{
	if (fd >= 0 && ftruncate(fd, FILE_BYTES) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int open_memfd(const char *name, int seals)
{
	int fd = sized((int)syscall(SYS_memfd_create, name, MFD_ALLOW_SEALING));

	if (fd >= 0 && seals != 0 && fcntl(fd, F_ADD_SEALS, seals) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

static void open_memory(struct files *files)
{
	const uint32_t both = VAS_FILE_READ | VAS_FILE_WRITE | VAS_FILE_SHARED_MEMORY;
	char path[64];
	int fd;

	take(files, FILE_MEMFD, open_memfd("vas", 0), both, "no memfd");
	take(files, FILE_SEALED, open_memfd("vas-sealed", F_SEAL_WRITE), both | VAS_FILE_SEAL_WRITE,
	     "no sealed memfd");
	take(files, FILE_SEALED_FUTURE, open_memfd("vas-future", F_SEAL_FUTURE_WRITE),
	     both | VAS_FILE_SEAL_FUTURE_WRITE, "no F_SEAL_FUTURE_WRITE");
	snprintf(path, sizeof(path), "/dev/shm/vas-oracle-%d", getpid());
	fd = sized(open(path, O_RDWR | O_CREAT | O_EXCL, 0600));
	if (fd >= 0)
		unlink(path);
	take(files, FILE_TMPFS, fd, both, "cannot write to /dev/shm");
}

/* A directory on a file system which places large mappings at huge pages, as we know of it. */
static const char *find_disk(void)
{
	static const char *const places[] = { ".", "/var/tmp", "/tmp", "/root" };
	struct statfs status;
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (statfs(places[i], &status) == 0 && access(places[i], W_OK) == 0 &&
		    ((uint32_t)status.f_type == EXT4_SUPER_MAGIC ||
		     (uint32_t)status.f_type == XFS_MAGIC))
			return places[i];
	return NULL;
}

static void open_disk(struct files *files)
{
	static const char why[] = "no directory on ext4 or xfs";
	const char *place = find_disk();
	uint32_t flags = VAS_FILE_HUGE_ALIGN;
	char path[128] = "";
	int fd = -1;

	if (place) {
		snprintf(path, sizeof(path), "%s/vas-oracle-%d", place, getpid());
		fd = sized(open(path, O_RDWR | O_CREAT | O_EXCL, 0600));
	}
	if (fd < 0)
		path[0] = '\0';
	take(files, FILE_DISK, fd, flags | VAS_FILE_READ | VAS_FILE_WRITE, why);
	take(files, FILE_DISK_AGAIN, open(path, O_RDWR), flags | VAS_FILE_READ | VAS_FILE_WRITE,
	     why);
	take(files, FILE_READ_ONLY, open(path, O_RDONLY), flags | VAS_FILE_READ, why);
	take(files, FILE_WRITE_ONLY, open(path, O_WRONLY), flags | VAS_FILE_WRITE, why);
	if (fd >= 0) {
		unlink(path);
		/* The name that maps shows has changed. */
		for (fd = FILE_DISK; fd <= FILE_WRITE_ONLY; fd++)
			if (files->slots & 1u << fd)
				fill_facts(&files->facts[fd], FILE_FD + fd,
					   files->facts[fd].model_flags);
	}
}

/* A file whose inode is append-only; unlinked first, as it could not be afterwards. */
static int open_append(void)
{
	char path[64];
	int fd, flags = 0;

	snprintf(path, sizeof(path), "/dev/shm/vas-append-%d", getpid());
	fd = sized(open(path, O_RDWR | O_CREAT | O_EXCL, 0600));
	if (fd < 0)
		return -1;
	unlink(path);
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
		flags |= FS_APPEND_FL;
		if (ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0)
			return fd;
	}
	close(fd);
	return -1;
}

/* A file on a tmpfs that is mounted nowhere, noexec. */
static int open_noexec(void)
{
	int fs = (int)syscall(SYS_fsopen, "tmpfs", 0), mount, fd;

	if (fs < 0)
		return -1;
	syscall(SYS_fsconfig, fs, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0);
	mount = (int)syscall(SYS_fsmount, fs, 0, 0x8 /* MOUNT_ATTR_NOEXEC */);
	close(fs);
	if (mount < 0)
		return -1;
	fd = sized(openat(mount, "noexec", O_RDWR | O_CREAT, 0600));
	close(mount);
	return fd;
}

static void open_odd(struct files *files)
{
	const uint32_t both = VAS_FILE_READ | VAS_FILE_WRITE;
	int ends[2];

	take(files, FILE_ZERO, open("/dev/zero", O_RDWR),
	     both | VAS_FILE_DEVICE_ZERO | VAS_FILE_HUGE_ALIGN, "no /dev/zero");
	take(files, FILE_APPEND, open_append(), both | VAS_FILE_SHARED_MEMORY | VAS_FILE_APPEND,
	     "no append-only files on tmpfs");
	take(files, FILE_NOEXEC, open_noexec(), both | VAS_FILE_SHARED_MEMORY | VAS_FILE_NO_EXEC,
	     "cannot mount a tmpfs");
	if (pipe(ends) == 0) {
		/* Newer kernels keep pipes on a mount without execution: another error. */
		bool no_exec = mmap(NULL, 4096, PROT_EXEC, MAP_PRIVATE, ends[0], 0) == MAP_FAILED &&
			       errno == EPERM;

		take(files, FILE_PIPE, ends[0],
		     VAS_FILE_READ | VAS_FILE_NO_MMAP | (no_exec ? VAS_FILE_NO_EXEC : 0),
		     "no pipe");
		close(ends[1]);
	}
	take(files, FILE_DIRECTORY, open("/", O_RDONLY | O_DIRECTORY),
	     VAS_FILE_READ | VAS_FILE_NO_MMAP, "cannot open /");
	take(files, FILE_PATH, open("/", O_PATH), 0, "no O_PATH");
}

static void open_segments(struct files *files)
{
	static const uint64_t bytes[SEGMENT_SLOTS] = { 4096, 5 * 4096, 2 << 20 };
	int i;

	for (i = 0; i < SEGMENT_SLOTS; i++) {
		files->segment_bytes[i] = bytes[i];
		files->segments[i] = shmget(IPC_PRIVATE, bytes[i], 0700);
		if (files->segments[i] < 0) {
			files->no_segments = "no System V shared memory";
			return;
		}
		/* Attached here, it stays until we end; then it goes by itself. */
		if (shmat(files->segments[i], NULL, 0) == (void *)-1)
			files->no_segments = "cannot attach a segment";
		shmctl(files->segments[i], IPC_RMID, NULL);
	}
	files->features |= FEATURE_SHM;
}

/* Has the system set huge pages aside? Then what MAP_HUGETLB does depends on who else has some. */
static bool has_huge_pages(void)
{
	FILE *in = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "r");
	unsigned int count = 0;
	bool known;

	if (!in)
		return true;
	known = fscanf(in, "%u", &count) == 1;
	fclose(in);
	return !known || count != 0;
}

void files_open(struct files *files)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	memset(files, 0, sizeof(*files));
	open_memory(files);
	open_disk(files);
	open_odd(files);
	open_segments(files);
	if (fd >= 0) {
		files->features |= FEATURE_FAULT;
		close(fd);
	} else {
		files->no_fault = "no userfaultfd";
	}
	if (has_huge_pages())
		files->no_huge_pages = "the system has huge pages, or does not know them";
	else
		files->features |= FEATURE_HUGE_TLB;
}
