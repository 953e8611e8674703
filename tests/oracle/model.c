/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "model.h"
#include "maps.h"

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#define HUGE_PAGES_STATE "/sys/kernel/mm/transparent_hugepage/enabled"

/* What the machine is like. */

static uint64_t read_number(const char *path, uint64_t otherwise)
{
	FILE *in = fopen(path, "r");
	unsigned long long value;
	int got;

	if (!in)
		return otherwise;
	got = fscanf(in, "%llu", &value);
	fclose(in);
	return got == 1 ? value : otherwise;
}

/* "VmFlags: 12 kB" and its like in a file of /proc; hexadecimal when `base` is 16. */
static uint64_t read_key(const char *path, const char *key, int base)
{
	FILE *in = fopen(path, "r");
	uint64_t value = 0;
	char line[256];

	while (in && fgets(line, sizeof(line), in))
		if (strncmp(line, key, strlen(key)) == 0)
			value = strtoull(line + strlen(key), NULL, base);
	if (in)
		fclose(in);
	return value;
}

static enum vas_huge_faults huge_faults(void)
{
	FILE *in = fopen(HUGE_PAGES_STATE, "r");
	char line[64] = "";

	if (!in || !fgets(line, sizeof(line), in))
		line[0] = '\0';
	if (in)
		fclose(in);
	if (strstr(line, "[always]"))
		return VAS_HUGE_FAULTS_ALWAYS;
	return strstr(line, "[madvise]") ? VAS_HUGE_FAULTS_ADVISED : VAS_HUGE_FAULTS_NEVER;
}

static bool has_names(void)
{
	return prctl(0x53564d41 /* PR_SET_VMA */, 0, 0, 0, "probe") == 0;
}

static bool has_keys(void)
{
	long key = syscall(SYS_pkey_alloc, 0, 0);

	if (key < 0)
		return false;
	syscall(SYS_pkey_free, key);
	return true;
}

/* The kernel moves hints up to the higher of two limits, of which /proc shows one. */
static uint64_t lowest_hint(void)
{
	void *hint = mmap((void *)4096, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (hint == MAP_FAILED)
		err(2, "cannot map a page");
	munmap(hint, 4096);
	return (uint64_t)hint < 1 << 20 ? (uint64_t)hint
					: read_number("/proc/sys/vm/mmap_min_addr", 65536);
}

static uint32_t kernel_version(void)
{
	unsigned int major = 6, minor = 18;
	struct utsname name;

	uname(&name);
	sscanf(name.release, "%u.%u", &major, &minor);
	return VAS_KERNEL(major, minor);
}

static uint32_t own_privileges(void)
{
	uint64_t caps = read_key("/proc/self/status", "CapEff:", 16);

	return (caps & 1u << 14 ? VAS_MAY_LOCK : 0) | (caps & 1u << 17 ? VAS_MAY_RAWIO : 0) |
	       (caps & 1u << 24 ? VAS_MAY_RESOURCE : 0) | (caps & 1u << 21 ? VAS_MAY_ADMIN : 0);
}

void model_init(struct model *model, const struct files *files)
{
	struct vas_settings *settings = &model->settings;
	struct sysinfo info;
	struct rlimit limit;

	memset(model, 0, sizeof(*model));
	model->files = files;
	model->privileges = own_privileges();
	getrlimit(RLIMIT_DATA, &limit);
	model->data_hard = limit.rlim_max == RLIM_INFINITY ? VAS_UNLIMITED : limit.rlim_max;
	vas_settings_default(settings);
	settings->kernel = kernel_version();
	settings->max_map_count = (uint32_t)read_number("/proc/sys/vm/max_map_count", 65530);
	settings->mmap_min_addr = lowest_hint();
	settings->fixed_min_addr = read_number("/proc/sys/vm/mmap_min_addr", 65536);
	settings->overcommit_memory = (int)read_number("/proc/sys/vm/overcommit_memory", 0);
	settings->commit_limit = read_key("/proc/meminfo", "CommitLimit:", 10) / 4;
	if (sysinfo(&info) == 0)
		settings->total_pages =
			(info.totalram + info.totalswap) * info.mem_unit / VAS_PAGE_SIZE;
	settings->huge_pages = access(HUGE_PAGES_STATE, F_OK) == 0;
	settings->mergeable_pages = access("/sys/kernel/mm/ksm", F_OK) == 0;
	settings->area_names = has_names();
	settings->protection_keys = has_keys();
	settings->userfault = (files->features & FEATURE_FAULT) != 0;
	settings->huge_pages_free = read_key("/proc/meminfo", "HugePages_Free:", 10);
}

/* Files. */

static void release_file(struct vas_file *file)
{
	free((char *)file->name);
	free(file);
}

static struct vas_file *new_file(const struct vas_file *like, const char *name, size_t length)
{
	struct vas_file *file = malloc(sizeof(*file));

	if (!file)
		err(2, "no memory");
	*file = *like;
	file->references = 1;
	file->name = strndup(name, length);
	file->release = release_file;
	return file;
}

static struct vas_file *slot_file(struct model *model, uint64_t slot)
{
	const struct file_facts *facts = &model->files->facts[slot];
	struct vas_file like = { 0 };

	if (slot >= FILE_SLOTS || !(model->files->slots & 1u << slot) || slot == FILE_PATH)
		return NULL;
	if (!model->slots[slot]) {
		like.flags = facts->model_flags;
		like.major = facts->major;
		like.minor = facts->minor;
		like.inode = facts->inode;
		like.size = slot == FILE_ZERO ? UINT64_MAX : FILE_BYTES;
		/* Only regular files have a largest offset. */
		like.limit = slot == FILE_ZERO || slot == FILE_PIPE || slot == FILE_DIRECTORY
				     ? UINT64_MAX
				     : 0;
		model->slots[slot] = new_file(&like, facts->name, strlen(facts->name));
	}
	return vas_file_get(model->slots[slot]);
}

/* A file that the kernel made for this mapping, with the inode that it chose. */
static struct vas_file *kernel_file(const struct record *record, struct vas_file *like,
				    const char *name)
{
	struct maps_line line;

	like->limit = UINT64_MAX;
	if (record->result >= 0 && maps_find((const char *)(record + 1), record->maps_bytes,
					     (uint64_t)record->result, &line)) {
		like->major = line.major;
		like->minor = line.minor;
		like->inode = line.inode;
	}
	return new_file(like, name, strlen(name));
}

/* The object behind new shared memory. */
static struct vas_file *shared_memory(const struct record *record, uint64_t size, uint32_t flags)
{
	struct vas_file like = { .minor = 1, .size = size };

	like.flags = VAS_FILE_READ | VAS_FILE_WRITE | VAS_FILE_SHARED_MEMORY | flags;
	return kernel_file(record, &like, "/dev/zero (deleted)");
}

/* The first record. */

static void place_area(struct vas_space *space, const struct maps_line *line)
{
	struct vas_place place = { .range = { line->start, line->end }, .flags = line->flags };
	struct vas_file like = { .flags = VAS_FILE_READ | VAS_FILE_WRITE, .size = UINT64_MAX };

	place.offset = (line->inode ? line->offset : line->start) >> VAS_PAGE_SHIFT;
	if (line->inode) {
		like.major = line->major;
		like.minor = line->minor;
		like.inode = line->inode;
		if (line->flags & VAS_AREA_SHARED)
			like.flags |= VAS_FILE_SHARED_MEMORY;
		place.file = new_file(&like, line->name, line->name_length);
	}
	if (vas_place(space, &place) != 0)
		errx(2, "cannot place %.*s", (int)line->length, line->line);
	if (place.file)
		vas_file_put(place.file);
	if (line->anonymous && vas_touch(space, line->start, VAS_ACCESS_WRITE) != 0)
		errx(2, "cannot touch %.*s", (int)line->length, line->line);
}

static void fill_config(struct model *model, const struct region *region,
			const struct record *record, struct vas_space_config *config)
{
	vas_space_default(config, &model->settings);
	config->allocator = &vas_libc_allocator;
	config->index = model->index;
	config->layout.start_brk = config->layout.brk = record->call.args[1];
	config->layout.start_data = region->start_data;
	config->layout.end_data = region->end_data;
	config->layout.start_stack = region->start_stack;
	config->layout.direction = region->setup.legacy ? VAS_BOTTOM_UP : VAS_TOP_DOWN;
	if (region->setup.legacy)
		config->layout.legacy_base = region->page_top;
	else
		config->layout.map_base = region->page_top;
	config->limits.address_space = config->limits.data = VAS_UNLIMITED;
	config->limits.data_hard = model->data_hard;
	config->limits.stack = 8 << 20;
	config->limits.locked = 64 << 10;
	config->privileges = region->setup.privileged ? model->privileges : 0;
	config->listeners[0].listener = &vas_anon_vma_chain_listener;
	config->listeners[0].data = model->chain;
}

void model_start(struct model *model, const struct region *region, const struct record *record)
{
	const struct vas_anon_rmap_config chain = { .allocator = &vas_libc_allocator,
						    .settings = &model->settings,
						    .huge_faults = huge_faults() };
	const char *text = (const char *)(record + 1) + record->maps_bytes;
	const char *end = text + record->smaps_bytes;
	struct vas_space_config config;
	struct maps_line line;

	model->guards = false;
	if (vas_anon_vma_chain_create(&chain, &model->chain) != 0)
		errx(2, "no reverse map");
	fill_config(model, region, record, &config);
	if (vas_space_create(&config, &model->spaces[0]) != 0)
		errx(2, "cannot make a space");
	while (maps_next(&text, end, &line))
		place_area(model->spaces[0], &line);
}

void model_stop(struct model *model)
{
	int i;

	for (i = 0; i < PROCESSES_MAX; i++) {
		vas_space_destroy(model->spaces[i]);
		model->spaces[i] = NULL;
	}
	for (i = 0; i < FILE_SLOTS; i++) {
		if (model->slots[i])
			vas_file_put(model->slots[i]);
		model->slots[i] = NULL;
	}
	vas_anon_vma_chain_destroy(model->chain);
	model->chain = NULL;
}

/* The calls. */

static int64_t value_or(int error, uint64_t value)
{
	return error != 0 ? error : (int64_t)value;
}

/* Anonymous huge pages come from a file that the kernel makes for them; it has no bytes, as there
 * are no huge pages. NULL: no such size. */
static struct vas_file *huge_file(const struct record *record)
{
	struct vas_file like = { .flags = VAS_FILE_READ | VAS_FILE_WRITE | VAS_FILE_HUGE_PAGES,
				 .size = 0 };
	uint64_t flags = record->call.args[3];
	unsigned int shift = flags >> 26 & 63 ? flags >> 26 & 63 : 21;
	char path[64];

	like.huge_page = UINT64_C(1) << shift;
	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB",
		 like.huge_page >> 10);
	if (shift < 12 || access(path, F_OK) != 0)
		return NULL;
	return kernel_file(record, &like, "/anon_hugepage (deleted)");
}

static int64_t apply_mmap(struct model *model, struct vas_space *space, const struct record *record)
{
	const uint64_t *a = record->call.args;
	struct vas_map map = {
		.length = a[1], .prot = (uint32_t)a[2], .flags = (uint32_t)a[3], .offset = a[5]
	};
	bool shared =
		(a[3] & VAS_MAP_TYPE) == VAS_SHARED || (a[3] & VAS_MAP_TYPE) == VAS_SHARED_VALIDATE;
	uint64_t address = a[0];
	int error;

	if ((a[5] & VAS_PAGE_MASK) == 0 && a[3] & VAS_ANONYMOUS && a[3] & VAS_HUGETLB) {
		map.file = huge_file(record);
		if (!map.file)
			return -VAS_EINVAL;
		map.length = (a[1] + map.file->huge_page - 1) & ~(map.file->huge_page - 1);
	} else if (shared && (a[3] & VAS_ANONYMOUS || a[4] == FILE_ZERO))
		map.file = shared_memory(record, vas_page_up(a[1]),
					 a[3] & VAS_ANONYMOUS ? 0 : VAS_FILE_DEVICE_ZERO);
	else if (!(a[3] & VAS_ANONYMOUS))
		map.file = slot_file(model, a[4]);
	error = vas_map(space, &map, &address);
	if (map.file)
		vas_file_put(map.file);
	return value_or(error, address);
}

static int64_t apply_mremap(struct vas_space *space, const uint64_t *a)
{
	const struct vas_remap remap = { .old = a[0],
					 .old_length = a[1],
					 .new_length = a[2],
					 .flags = a[3],
					 .new_address = a[4] };
	uint64_t address = 0;
	int error = vas_remap(space, &remap, &address);

	return value_or(error, address);
}

static int64_t apply_shmat(struct model *model, struct vas_space *space, const uint64_t *a)
{
	struct vas_file like = { .flags = VAS_FILE_READ | VAS_FILE_WRITE | VAS_FILE_SHARED_MEMORY,
				 .minor = 1 };
	struct vas_file *file;
	uint64_t address = a[1];
	int error;

	like.inode = (uint64_t)model->files->segments[a[0]];
	like.size = model->files->segment_bytes[a[0]];
	file = new_file(&like, "/SYSV00000000 (deleted)", 23);
	error = vas_attach(space, file, like.size, (uint32_t)a[2], &address);
	vas_file_put(file);
	return value_or(error, address);
}

static int64_t apply_touch(struct model *model, struct vas_space *space,
			   const struct record *record)
{
	const uint64_t *a = record->call.args;
	struct vas_area *area;
	int error;

	/* A guard page is not known to the areas; the kernel did not get past it. */
	area = vas_find(space, a[0]);
	if (record->result == TOUCH_NO_AREA && model->guards && area)
		return TOUCH_NO_AREA;
	error = vas_touch(space, a[0], (enum vas_access)a[1]);
	if (error == -VAS_EFAULT)
		return TOUCH_NO_AREA;
	/* To execute, the processor first reads: past the end of a file, that is where it ends. */
	if (error == -VAS_EACCES && record->result == TOUCH_BUS && a[1] == TOUCH_EXEC &&
	    vas_find(space, a[0])->flags & VAS_AREA_ACCESS)
		return TOUCH_BUS;
	if (error == -VAS_EACCES)
		return TOUCH_NOT_ALLOWED;
	if (error != 0)
		return error;
	/* Past the end of the file, or missing by userfaultfd. */
	return record->result == TOUCH_BUS ? TOUCH_BUS : TOUCH_DONE;
}

static int64_t apply_register(struct vas_space *space, const struct call *call, bool on)
{
	static const uint64_t flags[] = { VAS_AREA_USERFAULT_MISSING, VAS_AREA_USERFAULT_WP,
					  VAS_AREA_USERFAULT_MINOR };
	const uint64_t *a = call->args;
	uint64_t mode = 0, context = 1 + a[0] + (uint64_t)call->process * FAULT_SLOTS;
	int i;

	if (on && (a[3] == 0 || a[3] > 7))
		return -VAS_EINVAL;
	for (i = 0; i < 3 && on; i++)
		mode |= a[3] & 1u << i ? flags[i] : 0;
	return vas_userfault(space, a[1], a[2], mode, context);
}

static int64_t apply_setrlimit(struct vas_space *space, const struct record *record)
{
	struct vas_limits *limits = vas_space_limits(space);
	const uint64_t *a = record->call.args;

	if (record->result != 0)
		return record->result;
	if (a[0] == RLIMIT_AS)
		limits->address_space = a[1];
	else if (a[0] == RLIMIT_DATA)
		limits->data = a[1];
	else if (a[0] == RLIMIT_STACK)
		limits->stack = a[1];
	else if (a[0] == RLIMIT_MEMLOCK)
		limits->locked = a[1];
	return record->result;
}

static int64_t apply_fork(struct model *model, struct vas_space *space, const struct record *record)
{
	if (record->result < 0)
		return record->result; /* for want of something that is no business of spaces */
	return vas_fork(space, &model->spaces[record->call.args[0]]);
}

/* What is a plain call of the library. */
static int64_t apply_plain(struct vas_space *space, const struct call *call)
{
	static const char *const names[] = { NULL, "alpha", "beta", "with [brackets]" };
	const uint64_t *a = call->args;
	uint64_t now = 0;
	int error;

	switch (call->op) {
	case CALL_MUNMAP:
		return vas_unmap(space, a[0], a[1]);
	case CALL_MPROTECT:
		return vas_protect(space, a[0], a[1], (uint32_t)a[2], -1);
	case CALL_PKEY:
		return vas_protect(space, a[0], a[1], (uint32_t)a[2], (int)a[3]);
	case CALL_MREMAP:
		return apply_mremap(space, a);
	case CALL_BRK:
		error = vas_brk(space, a[0], &now);
		return value_or(error, now);
	case CALL_MADVISE:
		return vas_advise(space, a[0], a[1], (int)a[2]);
	case CALL_MLOCK:
		return vas_lock(space, a[0], a[1], 0);
	case CALL_MLOCK2:
		return vas_lock(space, a[0], a[1], (uint32_t)a[2]);
	case CALL_MUNLOCK:
		return vas_unlock(space, a[0], a[1]);
	case CALL_MLOCKALL:
		return vas_lock_all(space, (uint32_t)a[0]);
	case CALL_MUNLOCKALL:
		return vas_unlock_all(space);
	case CALL_MSEAL:
		return vas_seal(space, a[0], a[1], a[2]);
	case CALL_REMAP_FILE:
		return vas_remap_file_pages(space, a[0], a[1], (uint32_t)a[2], a[3],
					    (uint32_t)a[4]);
	case CALL_SHMDT:
		return vas_detach(space, a[0]);
	case CALL_NAME:
		return vas_set_name(space, a[0], a[1], names[a[2]]);
	default:
		errx(2, "unknown call %u", call->op);
	}
}

int64_t model_apply(struct model *model, const struct record *record)
{
	const struct call *call = &record->call;
	struct vas_space *space = model->spaces[call->process];

	switch (call->op) {
	case CALL_MMAP:
		return apply_mmap(model, space, record);
	case CALL_SHMAT:
		return apply_shmat(model, space, call->args);
	case CALL_TOUCH:
		return apply_touch(model, space, record);
	case CALL_REGISTER:
	case CALL_UNREGISTER:
		return apply_register(space, call, call->op == CALL_REGISTER);
	case CALL_SETRLIMIT:
		return apply_setrlimit(space, record);
	case CALL_PERSONALITY:
		vas_space_set_personality(space, (uint32_t)call->args[0]);
		return record->result;
	case CALL_FORK:
		return apply_fork(model, space, record);
	case CALL_EXIT:
		vas_space_destroy(space);
		model->spaces[call->process] = NULL;
		return 0;
	default:
		model->guards |=
			call->op == CALL_MADVISE && call->args[2] == VAS_ADVICE_GUARD_INSTALL;
		return apply_plain(space, call);
	}
}
