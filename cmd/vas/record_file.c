/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * What a mapped descriptor is: the @file and @shm lines.
 *
 * Two neighbouring areas of a file merge only when they map the same open file, not just the same
 * inode, and nothing under /proc says which open file an area holds. So each descriptor that is
 * mapped gets an id: kcmp(2) tells whether it is the same open file as one that was mapped before
 * and is still open. One that was closed meanwhile cannot be compared; the same number on the
 * same inode is then taken for the same open file, which is a guess: a program that closes and
 * opens a file again between two mappings of adjoining pages fools it.
 *
 * The device is the superblock's number, as /proc/PID/maps prints it. stat(2) says the same but
 * on file systems that make up numbers of their own (btrfs, overlayfs); there the mount table
 * tells.
 */

#include "record.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum {
	SAME_INODE_LIMIT = 8, /* open files of one inode that are compared */
	PATH_BYTES = 4096,
};

static bool same_open_file(const struct mapped_file *file, pid_t pid, int fd)
{
	return syscall(SYS_kcmp, pid, file->pid, KCMP_FILE, (long)fd, (long)file->fd) == 0;
}

/* The id of an open file of this space; a new one when it was not mapped before. */
static uint64_t find_id(struct recorder *recorder, struct task *task, int fd, uint64_t device,
			uint64_t inode)
{
	struct mapped_file *file;
	unsigned compared = 0;

	for (file = task->space->files; file && compared < SAME_INODE_LIMIT; file = file->next) {
		if (file->device != device || file->inode != inode)
			continue;
		if (same_open_file(file, task->tgid, fd))
			return file->id;
		compared++;
	}
	file = text_allocate(sizeof(*file));
	*file = (struct mapped_file){
		.device = device,
		.inode = inode,
		.id = ++recorder->next_file_id,
		.pid = task->tgid,
		.fd = fd,
		.next = task->space->files,
	};
	task->space->files = file;
	return file->id;
}

void file_forget_all(struct space *space)
{
	struct mapped_file *next;

	for (struct mapped_file *file = space->files; file; file = next) {
		next = file->next;
		free(file);
	}
	space->files = NULL;
}

/* A forked child maps what its parent mapped, through the same open files. */
void file_inherit(struct space *child, const struct space *parent)
{
	struct mapped_file **end = &child->files;

	for (const struct mapped_file *file = parent->files; file; file = file->next) {
		*end = text_allocate(sizeof(**end));
		**end = *file;
		(*end)->next = NULL;
		end = &(*end)->next;
	}
}

static const char *file_system_name(const struct statfs *status)
{
	static const struct {
		long magic;
		const char *name;
	} names[] = {
		{ EXT4_SUPER_MAGIC, "ext4" },
		{ BTRFS_SUPER_MAGIC, "btrfs" },
		{ 0x58465342, "xfs" },
		{ TMPFS_MAGIC, "tmpfs" },
		{ HUGETLBFS_MAGIC, "hugetlbfs" },
		{ OVERLAYFS_SUPER_MAGIC, "overlay" },
		{ PROC_SUPER_MAGIC, "proc" },
		{ SYSFS_MAGIC, "sysfs" },
		{ NFS_SUPER_MAGIC, "nfs" },
		{ 0x65735546, "fuse" },
		{ ANON_INODE_FS_MAGIC, "anon_inode" },
		{ SQUASHFS_MAGIC, "squashfs" },
		{ F2FS_SUPER_MAGIC, "f2fs" },
		{ 0x2fc12fc1, "zfs" },
		{ V9FS_MAGIC, "9p" },
		{ SECRETMEM_MAGIC, "secretmem" },
		{ DEVPTS_SUPER_MAGIC, "devpts" },
		{ RAMFS_MAGIC, "ramfs" },
		{ EROFS_SUPER_MAGIC_V1, "erofs" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i].magic == status->f_type)
			return names[i].name;
	}
	return NULL;
}

/* The major and minor number of a mount, from the mount table of the program. */
static bool find_mount(struct recorder *recorder, pid_t pid, uint64_t mount, dev_t *device)
{
	const char *line;
	unsigned major, minor;
	unsigned long long id;

	if (proc_read(&recorder->scratch, pid, "mountinfo") < 0)
		return false;
	for (line = recorder->scratch.text; line && *line; line++) {
		if (sscanf(line, "%llu %*u %u:%u", &id, &major, &minor) == 3 && id == mount) {
			*device = makedev(major, minor);
			return true;
		}
		line = strchr(line, '\n');
		if (!line)
			break;
	}
	return false;
}

static bool makes_up_devices(const struct statfs *status)
{
	return status->f_type == BTRFS_SUPER_MAGIC || status->f_type == OVERLAYFS_SUPER_MAGIC ||
	       status->f_type == 0xca451a4e; /* bcachefs */
}

/* F_GET_SEALS needs a descriptor of our own; only memory files have seals. */
static int read_seals(const char *path, const struct stat *status, const struct statfs *system)
{
	int fd, seals;

	if (!S_ISREG(status->st_mode) ||
	    (system->f_type != TMPFS_MAGIC && system->f_type != HUGETLBFS_MAGIC))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return 0;
	seals = fcntl(fd, F_GET_SEALS);
	close(fd);
	return seals < 0 ? 0 : seals;
}

/* From fdinfo: how it was opened, and its mount. */
struct descriptor {
	const char *mode;
	uint64_t mount;
};

static struct descriptor read_descriptor(struct recorder *recorder, pid_t tid, int fd)
{
	static const char *const modes[] = { "r", "w", "rw", "rw" };
	struct descriptor descriptor = { .mode = "?" };
	char name[64];
	uint64_t flags;

	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	if (proc_read(&recorder->scratch, tid, name) < 0)
		return descriptor;
	if (proc_field(recorder->scratch.text, "flags:\t", 8, &flags))
		descriptor.mode = flags & O_PATH ? "path" : modes[flags & O_ACCMODE];
	proc_field(recorder->scratch.text, "mnt_id:\t", 10, &descriptor.mount);
	return descriptor;
}

void file_describe(struct recorder *recorder, struct task *task, int fd)
{
	struct text *text = &task->before;
	char link[64], path[PATH_BYTES];
	struct descriptor descriptor;
	struct statfs system;
	struct stat status;
	const char *name;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", task->tid, fd);
	if (stat(link, &status) < 0 || statfs(link, &system) < 0)
		return; /* not open: the call will say so */
	length = readlink(link, path, sizeof(path));
	descriptor = read_descriptor(recorder, task->tid, fd);
	if (makes_up_devices(&system))
		find_mount(recorder, task->tid, descriptor.mount, &status.st_dev);

	text_decimal(text, (uint64_t)task->tid);
	text_format(text, " @file %d dev=%02x:%02x ino=%llu mode=%s id=%llu size=%lld", fd,
		    major(status.st_dev), minor(status.st_dev), (unsigned long long)status.st_ino,
		    descriptor.mode,
		    (unsigned long long)find_id(recorder, task, fd, status.st_dev, status.st_ino),
		    (long long)status.st_size);
	name = file_system_name(&system);
	if (name)
		text_format(text, " fs=%s", name);
	else
		text_format(text, " fs=0x%lx", (unsigned long)system.f_type);
	text_format(text, " type=%s",
		    S_ISREG(status.st_mode)   ? "file"
		    : S_ISCHR(status.st_mode) ? "char"
		    : S_ISBLK(status.st_mode) ? "block"
		    : S_ISDIR(status.st_mode) ? "directory"
					      : "other");
	if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode))
		text_format(text, " rdev=%x:%x", major(status.st_rdev), minor(status.st_rdev));
	text_format(text,
		    " seals=0x%x noexec=%d path=", (unsigned)read_seals(link, &status, &system),
		    (system.f_flags & ST_NOEXEC) != 0);
	text_quoted(text, path, length > 0 ? (size_t)length : 0);
	text_char(text, '\n');
}

/* The page size of the area at `address`, from smaps; 0 when it is not known. */
static uint64_t page_kb_at(pid_t tid, uint64_t address)
{
	struct proc_areas areas;
	uint64_t page_kb = 0;

	if (proc_read_areas(tid, true, &areas) < 0)
		return 0;
	for (size_t i = 0; i < areas.count; i++) {
		if (areas.list[i].start <= address && address < areas.list[i].end)
			page_kb = areas.list[i].page_kb;
	}
	proc_free_areas(&areas);
	return page_kb;
}

static bool same_ipc_namespace(pid_t tid)
{
	char path[64], ours[64], theirs[64];
	ssize_t our_length = readlink("/proc/self/ns/ipc", ours, sizeof(ours));
	ssize_t their_length;

	snprintf(path, sizeof(path), "/proc/%d/ns/ipc", tid);
	their_length = readlink(path, theirs, sizeof(theirs));
	return our_length > 0 && our_length == their_length &&
	       memcmp(ours, theirs, (size_t)our_length) == 0;
}

/* The line goes before that of shmat; `address` is what shmat returned. */
void shm_describe(struct task *task, int id, uint64_t address)
{
	struct text *text = &task->before;
	struct shmid_ds status;

	if (!same_ipc_namespace(task->tid) || shmctl(id, IPC_STAT, &status) < 0)
		return;
	text_decimal(text, (uint64_t)task->tid);
	text_format(text, " @shm %d size=%zu ino=%u mode=%04o hugetlb=%d\n", id, status.shm_segsz,
		    (unsigned)id, status.shm_perm.mode & 0777u, page_kb_at(task->tid, address) > 4);
}
