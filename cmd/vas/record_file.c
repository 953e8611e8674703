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

/*
 * The open files that a space has mapped, by inode. A forked child shares its parent's table until
 * one of them maps another file: most children exec first.
 */
struct file_table {
	unsigned references;
	size_t bucket_count, count;
	struct mapped_file **buckets;
};

struct mapped_file {
	uint64_t device, inode, id;
	pid_t pid;
	int fd;
	struct mapped_file *next;
};

static size_t bucket_of(const struct file_table *table, uint64_t device, uint64_t inode)
{
	uint64_t mixed = (inode ^ device << 32) * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(mixed >> 32) & (table->bucket_count - 1);
}

static void link_file(struct file_table *table, struct mapped_file *file)
{
	struct mapped_file **bucket = &table->buckets[bucket_of(table, file->device, file->inode)];

	file->next = *bucket;
	*bucket = file;
	table->count++;
}

/* A table of `bucket_count` with the files of `from`, the newest of an inode still first. */
static struct file_table *copy_table(const struct file_table *from, size_t bucket_count)
{
	struct file_table *table = text_allocate(sizeof(*table));

	table->references = 1;
	table->bucket_count = bucket_count;
	table->buckets = text_allocate(bucket_count * sizeof(*table->buckets));
	for (size_t i = 0; from && i < from->bucket_count; i++) {
		struct mapped_file *reversed = NULL, *next;

		for (struct mapped_file *file = from->buckets[i]; file; file = file->next) {
			struct mapped_file *copy = text_allocate(sizeof(*copy));

			*copy = *file;
			copy->next = reversed;
			reversed = copy;
		}
		for (; reversed; reversed = next) {
			next = reversed->next;
			link_file(table, reversed);
		}
	}
	return table;
}

static void release_table(struct file_table *table)
{
	if (!table || --table->references > 0)
		return;
	for (size_t i = 0; i < table->bucket_count; i++) {
		struct mapped_file *next;

		for (struct mapped_file *file = table->buckets[i]; file; file = next) {
			next = file->next;
			free(file);
		}
	}
	free(table->buckets);
	free(table);
}

/* The descriptor that a space mapped last, since a program is mapped in five parts. */
struct described {
	pid_t pid;
	int fd;
	struct stat file;
	mode_t link_mode;     /* says whether it is open for reading and writing */
	bool sealable;	      /* what was told of its seals may have changed */
	struct text line;     /* "@file ..." */
	struct text argument; /* "3</a/path>" */
};

static void forget_last(struct space *space)
{
	if (!space->described)
		return;
	text_free(&space->described->line);
	text_free(&space->described->argument);
	free(space->described);
	space->described = NULL;
}

void file_forget_all(struct space *space)
{
	release_table(space->files);
	space->files = NULL;
	forget_last(space);
}

void file_inherit(struct space *child, const struct space *parent)
{
	child->files = parent->files;
	if (child->files)
		child->files->references++;
}

/* A table that is this space's own and has room for one more. */
static struct file_table *own_table(struct space *space)
{
	enum { FIRST_BUCKETS = 16 };
	struct file_table *table = space->files, *copy;
	size_t bucket_count = table ? table->bucket_count : FIRST_BUCKETS;

	if (table && table->references == 1 && table->count < bucket_count)
		return table;
	if (table && table->count >= bucket_count)
		bucket_count *= 2;
	copy = copy_table(table, bucket_count);
	release_table(table);
	space->files = copy;
	return copy;
}

/* kcmp fails when one of the two has been closed: then the number has to do. */
static bool same_open_file(const struct mapped_file *file, pid_t pid, int fd)
{
	long order = syscall(SYS_kcmp, pid, file->pid, KCMP_FILE, (long)fd, (long)file->fd);

	return order == 0 || (order < 0 && file->fd == fd);
}

/* The id of an open file of this space; a new one when it was not mapped before. */
static uint64_t find_id(struct recorder *recorder, struct task *task, int fd, uint64_t device,
			uint64_t inode)
{
	const struct file_table *table = task->space->files;
	struct mapped_file *file = table ? table->buckets[bucket_of(table, device, inode)] : NULL;

	for (unsigned compared = 0; file && compared < SAME_INODE_LIMIT; file = file->next) {
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
	};
	link_file(own_table(task->space), file);
	return file->id;
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

/* Only memory files have seals. */
static bool has_seals(const struct stat *status, const struct statfs *system)
{
	return S_ISREG(status->st_mode) &&
	       (system->f_type == TMPFS_MAGIC || system->f_type == HUGETLBFS_MAGIC);
}

/* F_GET_SEALS needs a descriptor of our own. */
static int read_seals(const char *path, const struct stat *status, const struct statfs *system)
{
	int fd, seals;

	if (!has_seals(status, system))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return 0;
	seals = fcntl(fd, F_GET_SEALS);
	close(fd);
	return seals < 0 ? 0 : seals;
}

/* From fdinfo: how it was opened, its mount, and the inode's number as maps prints it. */
struct descriptor {
	const char *mode;
	uint64_t mount, inode;
};

static struct descriptor read_descriptor(struct recorder *recorder, pid_t tid, int fd)
{
	static const char *const modes[] = { "r", "w", "rw", "rw" };
	struct descriptor descriptor = { .mode = "?" };
	const char *text;
	char name[64];
	uint64_t flags;

	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	if (proc_read(&recorder->scratch, tid, name) < 0)
		return descriptor;
	text = recorder->scratch.text;
	if (proc_field(text, "flags:\t", 8, &flags))
		descriptor.mode = flags & O_PATH ? "path" : modes[flags & O_ACCMODE];
	proc_field(text, "mnt_id:\t", 10, &descriptor.mount);
	proc_field(text, "ino:\t", 10, &descriptor.inode);
	return descriptor;
}

/* "pid:123", the process that a pidfd stands for; false: it is none. */
static bool add_pid(struct text *text, pid_t tid, int fd, const char *path, size_t length)
{
	static const char pidfd[] = "anon_inode:[pidfd]";
	struct proc_buffer info = { 0 };
	char name[64];
	uint64_t pid;
	bool known;

	if (length != sizeof(pidfd) - 1 || memcmp(path, pidfd, length) != 0)
		return false;
	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	known = proc_read(&info, tid, name) >= 0 && proc_field(info.text, "Pid:\t", 10, &pid);
	free(info.text);
	if (known)
		text_format(text, "pid:%d", (int)pid);
	return known;
}

void file_print_descriptor(struct text *text, pid_t tid, int fd)
{
	static const char deleted[] = " (deleted)";
	const size_t deleted_length = sizeof(deleted) - 1;
	char link[64], path[PATH_BYTES];
	ssize_t got;
	size_t length;

	text_signed(text, fd);
	snprintf(link, sizeof(link), "/proc/%d/fd/%d", tid, fd);
	got = fd < 0 ? -1 : readlink(link, path, sizeof(path));
	if (got <= 0)
		return;
	length = (size_t)got;
	text_char(text, '<');
	if (length > deleted_length &&
	    memcmp(path + length - deleted_length, deleted, deleted_length) == 0) {
		text_bare(text, path, length - deleted_length);
		text_string(text, ">(deleted)");
	} else {
		if (!add_pid(text, tid, fd, path, length))
			text_bare(text, path, length);
		text_char(text, '>');
	}
}

static const char *type_name(mode_t mode)
{
	return S_ISREG(mode)   ? "file"
	       : S_ISCHR(mode) ? "char"
	       : S_ISBLK(mode) ? "block"
	       : S_ISDIR(mode) ? "directory"
			       : "other";
}

/* chattr +a */
static bool only_appends(const char *path)
{
	struct statx status;

	return statx(AT_FDCWD, path, 0, STATX_TYPE, &status) == 0 &&
	       (status.stx_attributes & STATX_ATTR_APPEND) != 0;
}

static void add_system(struct text *text, const char *link, const struct stat *status,
		       const struct statfs *system)
{
	const char *name = file_system_name(system);

	if (name)
		text_format(text, " fs=%s", name);
	else
		text_format(text, " fs=0x%lx", (unsigned long)system->f_type);
	text_format(text, " type=%s", type_name(status->st_mode));
	if (S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode))
		text_format(text, " rdev=%x:%x", major(status->st_rdev), minor(status->st_rdev));
	text_format(text, " seals=0x%x noexec=%d", (unsigned)read_seals(link, status, system),
		    (system->f_flags & ST_NOEXEC) != 0);
	if (only_appends(link))
		text_string(text, " append=1");
}

static void describe(struct recorder *recorder, struct task *task, struct described *described,
		     const char *link)
{
	struct descriptor descriptor = read_descriptor(recorder, task->tid, described->fd);
	struct stat status = described->file;
	struct text *text = &described->line;
	struct statfs system = { 0 };
	char path[PATH_BYTES];
	ssize_t length = readlink(link, path, sizeof(path));

	statfs(link, &system);
	if (makes_up_devices(&system)) {
		find_mount(recorder, task->tid, descriptor.mount, &status.st_dev);
		if (descriptor.inode)
			status.st_ino = descriptor.inode;
	}
	text_clear(text);
	text_format(text, "@file %d dev=%02x:%02x ino=%llu mode=%s id=%llu size=%lld",
		    described->fd, major(status.st_dev), minor(status.st_dev),
		    (unsigned long long)status.st_ino, descriptor.mode,
		    (unsigned long long)find_id(recorder, task, described->fd, status.st_dev,
						status.st_ino),
		    (long long)status.st_size);
	add_system(text, link, &status, &system);
	described->sealable = has_seals(&status, &system);
	text_string(text, " path=");
	text_quoted(text, path, length > 0 ? (size_t)length : 0);
	text_char(text, '\n');
	text_clear(&described->argument);
	file_print_descriptor(&described->argument, task->tid, described->fd);
}

static bool is_last(const struct described *last, const struct task *task, int fd,
		    const struct stat *file, mode_t link_mode)
{
	return last && !last->sealable && last->pid == task->tgid && last->fd == fd &&
	       last->link_mode == link_mode && last->file.st_dev == file->st_dev &&
	       last->file.st_ino == file->st_ino && last->file.st_size == file->st_size;
}

void file_describe(struct recorder *recorder, struct task *task, int fd)
{
	struct space *space = task->space;
	struct stat file, link_status;
	char link[64];

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", task->tid, fd);
	if (stat(link, &file) < 0 || lstat(link, &link_status) < 0) {
		text_signed(&task->line, fd); /* not open: the call will say so */
		return;
	}
	if (!is_last(space->described, task, fd, &file, link_status.st_mode)) {
		if (!space->described)
			space->described = text_allocate(sizeof(*space->described));
		space->described->pid = task->tgid;
		space->described->fd = fd;
		space->described->file = file;
		space->described->link_mode = link_status.st_mode;
		describe(recorder, task, space->described, link);
	}
	text_decimal(&task->before, (uint64_t)task->tid);
	text_char(&task->before, ' ');
	text_add(&task->before, space->described->line.data, space->described->line.length);
	text_add(&task->line, space->described->argument.data, space->described->argument.length);
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
