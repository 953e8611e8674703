/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Page faults, as the kernel's perf events tell them.
 *
 * What a fault does to an area (an anonymous area gets its reverse-map head at the first write)
 * decides later whether two areas merge, so a trace without faults replays only in part. The
 * trace points exceptions:page_fault_user and exceptions:page_fault_kernel fire on entry of every
 * fault with its address and the processor's error code; perf's software event of the same place
 * has the address alone.
 *
 * The events are opened for one process on each processor, inherited by all that it starts, and
 * written by the kernel into one ring for each processor that we map: no stop and no system call
 * for a fault, some hundred nanoseconds for each.
 *
 *     processor 0   user event --+--> ring 0 --+
 *                   kernel event-+             |    heap by time    events in order,
 *     processor 1   user event --+--> ring 1 --+--> ------------->  up to a given time
 *                   kernel event-+
 *
 * Times are CLOCK_MONOTONIC, so the recorder can put its calls between them. A ring is in order
 * by itself. A fault that a processor writes at this moment may come out one round later than its
 * time says; faults of one thread and the stops of that thread are never swapped, since the fault
 * is in the ring before the thread can go on.
 *
 * Where several threads share a space, the time of a fault's entry is not yet its place: what it
 * does to the area happens under the space's lock (mmap_lock), and so does what a call does. The
 * trace point of that lock tells when a thread got it, and so which of the two came first.
 *
 * The exec mark: the kernel writes a COMM record at the point of no return of execve. What the
 * thread faults in between that and the stop after exec (the zeroed end of .bss) is in the new
 * space already.
 */

#include "faults.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum event { EVENT_USER, EVENT_KERNEL, EVENT_LOCK, EVENTS };

enum {
	RECORD_LIMIT = 256,
	/* Error code of a page fault on x86. */
	ERROR_WRITE = 2,
	ERROR_FETCH = 16,
};

#define RINGS_BYTES    (UINT64_C(64) << 20) /* for all processors together */
#define RING_BYTES_MAX (UINT64_C(4) << 20)
#define RING_BYTES_MIN (UINT64_C(32) << 10)
#define USER_END       (UINT64_C(1) << 56) /* above: the kernel's own addresses */

/* A trace point: its number, and where two fields stand in its raw data. */
struct tracepoint {
	uint32_t id;
	uint32_t fields[2];
};

static const struct {
	const char *path;
	const char *fields[2]; /* address and error code; for the lock: write and success */
} point_names[EVENTS] = {
	[EVENT_USER] = { "exceptions/page_fault_user", { " address;", " error_code;" } },
	[EVENT_KERNEL] = { "exceptions/page_fault_kernel", { " address;", " error_code;" } },
	[EVENT_LOCK] = { "mmap_lock/mmap_lock_acquire_returned", { " write;", " success;" } },
};

struct ring {
	int fd[EVENTS];
	struct perf_event_mmap_page *control;
	const unsigned char *data;
	uint64_t size, head, tail;
	struct fault next; /* the event before tail; its time is 0 when there is none */
};

struct faults {
	enum fault_source source;
	struct tracepoint points[EVENTS];
	int events; /* how many of them are there */
	bool counts_lost;
	uint64_t lost; /* as the rings have told so far */
	struct ring *rings;
	struct ring **heap; /* rings that have an event, smallest time first */
	size_t ring_count, heap_count;
	uint64_t page_size;
};

static const char *const names[] = {
	[FAULTS_TRACEPOINT] = "tracepoint",
	[FAULTS_SOFTWARE] = "software",
	[FAULTS_PAGEMAP] = "pagemap",
	[FAULTS_NONE] = "none",
};

const char *faults_name(enum fault_source source)
{
	return names[source];
}

bool faults_find(const char *name, enum fault_source *source)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(name, names[i]) == 0) {
			*source = (enum fault_source)i;
			return true;
		}
	}
	return false;
}

/* The directory of the trace points, mounted for us alone when it is not there. */
static int open_tracefs(void)
{
	static const char *const places[] = { "/sys/kernel/tracing/events",
					      "/sys/kernel/debug/tracing/events" };
	int context, mount_fd, fd, error;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		fd = open(places[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			return fd;
	}
	context = fsopen("tracefs", FSOPEN_CLOEXEC);
	if (context < 0)
		return -errno;
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ||
	    (mount_fd = fsmount(context, FSMOUNT_CLOEXEC, 0)) < 0) {
		error = -errno;
		close(context);
		return error;
	}
	close(context);
	fd = openat(mount_fd, "events", O_PATH | O_DIRECTORY | O_CLOEXEC);
	error = -errno;
	close(mount_fd);
	return fd < 0 ? error : fd;
}

static int read_at(int directory, const char *path, char *into, size_t size)
{
	int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = read(fd, into, size - 1);
	close(fd);
	if (got < 0)
		return -EIO;
	into[got] = '\0';
	return 0;
}

static int find_tracepoint(int directory, enum event event, struct tracepoint *point)
{
	char path[64], text[4096];
	int error;

	snprintf(path, sizeof(path), "%s/id", point_names[event].path);
	error = read_at(directory, path, text, sizeof(text));
	if (error)
		return error;
	point->id = (uint32_t)strtoul(text, NULL, 10);
	snprintf(path, sizeof(path), "%s/format", point_names[event].path);
	error = read_at(directory, path, text, sizeof(text));
	for (int i = 0; i < 2 && !error; i++) {
		/* "field:unsigned long address;	offset:8;	size:8;" */
		const char *at = strstr(text, point_names[event].fields[i]);

		at = at ? strstr(at, "offset:") : NULL;
		if (!at)
			return -EOPNOTSUPP;
		point->fields[i] = (uint32_t)strtoul(at + strlen("offset:"), NULL, 10);
	}
	return error;
}

/* The lock's trace point is younger (5.10) and only makes the order better: it may lack. */
static int find_tracepoints(struct faults *faults)
{
	int directory = open_tracefs(), error = 0;

	if (directory < 0)
		return directory;
	for (enum event event = EVENT_USER; event < EVENTS && !error; event++) {
		error = find_tracepoint(directory, event, &faults->points[event]);
		if (!error)
			faults->events++;
	}
	close(directory);
	return faults->events >= EVENT_LOCK ? 0 : error;
}

static int perf_event_open(struct perf_event_attr *attr, pid_t pid, int processor)
{
	return (int)syscall(SYS_perf_event_open, attr, pid, processor, -1, PERF_FLAG_FD_CLOEXEC);
}

static int open_event(struct faults *faults, int event, pid_t pid, int processor,
		      uint64_t ring_bytes)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
		.inherit = 1,
		.watermark = 1,
		.wakeup_watermark = (uint32_t)(ring_bytes / 4),
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.comm = event == 0,
		.comm_exec = event == 0,
	};
	int fd;

	if (faults->source == FAULTS_TRACEPOINT) {
		attr.type = PERF_TYPE_TRACEPOINT;
		attr.config = faults->points[event].id;
		attr.sample_type |= PERF_SAMPLE_RAW;
	} else {
		attr.type = PERF_TYPE_SOFTWARE;
		attr.config = PERF_COUNT_SW_PAGE_FAULTS;
		attr.sample_type |= PERF_SAMPLE_ADDR;
	}
	attr.read_format = faults->counts_lost ? PERF_FORMAT_LOST : 0;
	fd = perf_event_open(&attr, pid, processor);
	if (fd < 0 && errno == EACCES && faults->source == FAULTS_SOFTWARE) {
		attr.exclude_kernel = 1;
		fd = perf_event_open(&attr, pid, processor);
	}
	if (fd < 0 && errno == EINVAL && faults->counts_lost) { /* younger than this kernel */
		faults->counts_lost = false;
		attr.read_format = 0;
		fd = perf_event_open(&attr, pid, processor);
	}
	return fd < 0 ? -errno : fd;
}

static int open_ring(struct faults *faults, struct ring *ring, pid_t pid, int processor,
		     uint64_t *bytes)
{
	void *mapping;

	for (int i = 0; i < faults->events; i++) {
		ring->fd[i] = open_event(faults, i, pid, processor, *bytes);
		if (ring->fd[i] < 0)
			return ring->fd[i];
	}
	/* Ordinary users may lock little memory: take what there is. */
	for (;;) {
		mapping = mmap(NULL, faults->page_size + *bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
			       ring->fd[0], 0);
		if (mapping != MAP_FAILED || errno != EPERM || *bytes <= RING_BYTES_MIN)
			break;
		*bytes /= 2;
	}
	if (mapping == MAP_FAILED)
		return -errno;
	ring->control = mapping;
	ring->data = (const unsigned char *)mapping + faults->page_size;
	ring->size = *bytes;
	for (int i = 1; i < faults->events; i++) {
		if (ioctl(ring->fd[i], PERF_EVENT_IOC_SET_OUTPUT, ring->fd[0]) < 0)
			return -errno;
	}
	return 0;
}

static int open_rings(struct faults *faults, pid_t pid)
{
	long processors = sysconf(_SC_NPROCESSORS_CONF);
	uint64_t bytes = RING_BYTES_MAX;
	int error;

	faults->rings = calloc((size_t)processors, sizeof(*faults->rings));
	faults->heap = calloc((size_t)processors, sizeof(*faults->heap));
	if (!faults->rings || !faults->heap)
		return -ENOMEM;
	while (bytes > RING_BYTES_MIN && bytes * (uint64_t)processors > RINGS_BYTES)
		bytes /= 2;
	for (int i = 0; i < processors; i++) {
		struct ring *ring = &faults->rings[faults->ring_count];

		memset(ring->fd, -1, sizeof(ring->fd));
		faults->ring_count++;
		error = open_ring(faults, ring, pid, i, &bytes);
		if (error == -ENODEV && ring->fd[0] == error)
			faults->ring_count--; /* this processor is switched off */
		else if (error)
			return error;
	}
	return faults->ring_count > 0 ? 0 : -ENODEV;
}

/* The program must keep its own limit, so this is done after it was forked. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int faults_open(enum fault_source source, pid_t pid, struct faults **result)
{
	struct faults *faults = calloc(1, sizeof(*faults));
	int error = 0;

	if (!faults)
		return -ENOMEM;
	raise_descriptor_limit();
	faults->source = source;
	faults->counts_lost = true;
	faults->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	if (source == FAULTS_TRACEPOINT)
		error = find_tracepoints(faults);
	else
		faults->events = 1;
	if (!error)
		error = open_rings(faults, pid);
	if (error) {
		faults_close(faults);
		return error;
	}
	*result = faults;
	return 0;
}

bool faults_tell_locks(const struct faults *faults)
{
	return faults->source == FAULTS_TRACEPOINT && faults->events == EVENTS;
}

int faults_watch(struct faults *faults, int epoll_fd)
{
	/* Edges: a ring whose first process has ended says so for ever. */
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };

	for (size_t i = 0; i < faults->ring_count; i++) {
		if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, faults->rings[i].fd[0], &event) < 0)
			return -errno;
	}
	return 0;
}

static void copy_out(const struct ring *ring, uint64_t at, void *into, size_t size)
{
	size_t offset = (size_t)(at & (ring->size - 1));
	size_t part = (size_t)ring->size - offset;

	if (part > size)
		part = size;
	memcpy(into, ring->data + offset, part);
	memcpy((char *)into + part, ring->data, size - part);
}

static char access_of(uint64_t error_code)
{
	return error_code & ERROR_FETCH ? 'x' : error_code & ERROR_WRITE ? 'w' : 'r';
}

static uint64_t u64_at(const unsigned char *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static uint32_t u32_at(const unsigned char *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

/* What a trace point tells. */
static bool parse_raw(const struct faults *faults, uint16_t type, const unsigned char *raw,
		      size_t size, struct fault *fault)
{
	enum event event = EVENT_USER;
	const uint32_t *fields;
	size_t width;

	while (event < EVENTS && faults->points[event].id != type)
		event++;
	if (event == EVENTS)
		return false;
	fields = faults->points[event].fields;
	width = event == EVENT_LOCK ? 1 : 8;
	if (fields[0] + width > size || fields[1] + width > size)
		return false;
	if (event == EVENT_LOCK) {
		fault->kind = FAULT_LOCK;
		fault->access = raw[fields[0]] ? 'w' : 'r';
		return raw[fields[1]] != 0;
	}
	fault->in_kernel = event == EVENT_KERNEL;
	fault->address = u64_at(raw + fields[0]);
	fault->access = access_of(u64_at(raw + fields[1]));
	return fault->address < USER_END;
}

/* struct { header; u32 pid, tid; u64 time; then u64 address, or u32 size and raw data } */
static bool parse_sample(const struct faults *faults, const unsigned char *record, size_t size,
			 struct fault *fault)
{
	const unsigned char *raw = record + 28;
	uint16_t type;

	if (size < 32)
		return false;
	fault->kind = FAULT_TOUCH;
	fault->pid = (pid_t)u32_at(record + 8);
	fault->tid = (pid_t)u32_at(record + 12);
	fault->time = u64_at(record + 16);
	if (faults->source == FAULTS_SOFTWARE) {
		const struct perf_event_header *header = (const void *)record;

		fault->address = u64_at(record + 24);
		fault->access = '?';
		fault->in_kernel =
			(header->misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL;
		return fault->address < USER_END;
	}
	memcpy(&type, raw, sizeof(type));
	return parse_raw(faults, type, raw, size - 28, fault);
}

static bool parse_record(const struct faults *faults, const unsigned char *record, size_t size,
			 struct fault *fault)
{
	const struct perf_event_header *header = (const void *)record;

	*fault = (struct fault){ 0 };
	switch (header->type) {
	case PERF_RECORD_SAMPLE:
		return parse_sample(faults, record, size, fault);
	case PERF_RECORD_COMM:
		fault->kind = FAULT_EXEC;
		fault->pid = (pid_t)u32_at(record + 8);
		fault->tid = (pid_t)u32_at(record + 12);
		fault->time = u64_at(record + size - 8);
		return header->misc & PERF_RECORD_MISC_COMM_EXEC;
	case PERF_RECORD_LOST:
		fault->kind = FAULT_LOST;
		fault->address = u64_at(record + 16);
		fault->time = u64_at(record + size - 8);
		return true;
	default:
		return false;
	}
}

/* Steps to the ring's next event; false: it is empty. */
static bool advance(const struct faults *faults, struct ring *ring)
{
	_Alignas(8) unsigned char record[RECORD_LIMIT];
	struct perf_event_header header;

	while (ring->tail != ring->head) {
		uint64_t at = ring->tail;

		copy_out(ring, at, &header, sizeof(header));
		ring->tail += header.size;
		if (header.size > sizeof(record) || header.size < sizeof(header) + 8)
			continue;
		copy_out(ring, at, record, header.size);
		if (parse_record(faults, record, header.size, &ring->next))
			return true;
	}
	ring->next.time = 0;
	return false;
}

static void sift_down(struct faults *faults, size_t at)
{
	struct ring **heap = faults->heap, *moving = heap[at];

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= faults->heap_count)
			break;
		if (child + 1 < faults->heap_count &&
		    heap[child + 1]->next.time < heap[child]->next.time)
			child++;
		if (moving->next.time <= heap[child]->next.time)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moving;
}

/* Looks for new events and makes a heap of the rings that have one. */
static void collect(struct faults *faults)
{
	faults->heap_count = 0;
	for (size_t i = 0; i < faults->ring_count; i++) {
		struct ring *ring = &faults->rings[i];
		bool waiting = ring->next.time != 0;

		ring->head = __atomic_load_n(&ring->control->data_head, __ATOMIC_ACQUIRE);
		if (waiting || advance(faults, ring))
			faults->heap[faults->heap_count++] = ring;
	}
	for (size_t i = faults->heap_count / 2; i > 0; i--)
		sift_down(faults, i - 1);
}

static void give_back(struct ring *ring)
{
	if (ring->control->data_tail != ring->tail)
		__atomic_store_n(&ring->control->data_tail, ring->tail, __ATOMIC_RELEASE);
}

void faults_drain(struct faults *faults, uint64_t until, fault_fn *each, void *context)
{
	collect(faults);
	while (faults->heap_count > 0 && faults->heap[0]->next.time <= until) {
		struct ring *ring = faults->heap[0];

		if (ring->next.kind == FAULT_LOST)
			faults->lost += ring->next.address;
		each(context, &ring->next);
		if (!advance(faults, ring))
			faults->heap[0] = faults->heap[--faults->heap_count];
		if (faults->heap_count > 0)
			sift_down(faults, 0);
	}
	for (size_t i = 0; i < faults->ring_count; i++)
		give_back(&faults->rings[i]);
}

uint64_t faults_lost_untold(const struct faults *faults)
{
	uint64_t lost = 0, values[2]; /* a count that is of no use here, and the lost ones */

	for (size_t i = 0; i < faults->ring_count && faults->counts_lost; i++) {
		for (int event = 0; event < faults->events; event++) {
			if (read(faults->rings[i].fd[event], values, sizeof(values)) ==
			    sizeof(values))
				lost += values[1];
		}
	}
	return lost > faults->lost ? lost - faults->lost : 0;
}

/* Closes every descriptor but those of the rings. */
static void close_others(const struct faults *faults)
{
	int last = -1;

	for (size_t i = 0; i < faults->ring_count; i++) {
		for (int event = 0; event < EVENTS; event++) {
			if (faults->rings[i].fd[event] > last)
				last = faults->rings[i].fd[event];
		}
	}
	for (int fd = 0; fd < last; fd++) {
		bool ours = false;

		for (size_t i = 0; i < faults->ring_count && !ours; i++) {
			for (int event = 0; event < EVENTS; event++)
				ours |= faults->rings[i].fd[event] == fd;
		}
		if (!ours)
			close(fd);
	}
	close_range((unsigned)last + 1, ~0u, 0);
}

/*
 * The last close of a trace point waits until no processor can be inside it any more, 20 to 40
 * milliseconds for each: longer than a small program runs. A child that holds nothing else waits
 * in our place.
 */
static void leave_to_child(const struct faults *faults)
{
	if (fork() != 0)
		return;
	setsid();
	close_others(faults);
	_exit(0);
}

void faults_close(struct faults *faults)
{
	if (faults->source == FAULTS_TRACEPOINT && faults->ring_count > 0)
		leave_to_child(faults);
	for (size_t i = 0; i < faults->ring_count; i++) {
		struct ring *ring = &faults->rings[i];

		if (ring->control)
			munmap(ring->control, faults->page_size + ring->size);
		for (int event = 0; event < EVENTS; event++) {
			if (ring->fd[event] >= 0)
				close(ring->fd[event]);
		}
	}
	free(faults->rings);
	free(faults->heap);
	free(faults);
}
