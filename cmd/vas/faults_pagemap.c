/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Faults guessed from /proc/PID/pagemap: for users who may not read perf events.
 *
 * A look before each call gives the anonymous pages that came since the look after the call
 * before. File pages are left out: the kernel maps a whole neighbourhood of them at one fault, so
 * their presence says little, and they leave no mark on an area.
 *
 * Costs: each look is a walk over the page tables in use, twice for every call. Since Linux 6.7
 * one ioctl (PAGEMAP_SCAN) does it and returns ranges, and tells the zero page from others;
 * before, smaps says which areas have anonymous pages, and their entries are read one by one.
 */

#include "faults_pagemap.h"

#include "procfs.h"
#include "record_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	PAGE = 4096,
	RANGES_A_CALL = 512,
	ENTRIES_A_READ = 4096,
};

#define AREA_LIMIT    (UINT64_C(64) << 30) /* larger ones are not read entry by entry */
#define ENTRY_PRESENT (UINT64_C(3) << 62)  /* or swapped out */
#define ENTRY_FILE    (UINT64_C(1) << 61)

/* The interface of PAGEMAP_SCAN, for systems with older headers. */
struct scan_range {
	uint64_t start, end, categories;
};

struct scan_argument {
	uint64_t size, flags, start, end, walk_end, ranges, range_count, page_limit;
	uint64_t inverted, all_of, any_of, returned;
};

enum {
	SCAN_FILE = 1 << 2,
	SCAN_PRESENT = 1 << 3,
	SCAN_SWAPPED = 1 << 4,
	SCAN_ZERO_PAGE = 1 << 5,
};

#define SCAN _IOWR('f', 16, struct scan_argument)

struct page_range {
	uint64_t start, end;
};

struct range_list {
	struct page_range *list;
	size_t count, size;
};

struct pagemap {
	struct range_list pages; /* at the last look, in order of address */
	bool no_scan;		 /* this kernel lacks the ioctl */
};

static void add_range(struct range_list *ranges, uint64_t start, uint64_t end)
{
	if (ranges->count > 0 && ranges->list[ranges->count - 1].end == start) {
		ranges->list[ranges->count - 1].end = end;
		return;
	}
	if (ranges->count == ranges->size) {
		struct page_range *list = text_allocate((ranges->size * 2 + 64) * sizeof(*list));

		if (ranges->count > 0)
			memcpy(list, ranges->list, ranges->count * sizeof(*list));
		free(ranges->list);
		ranges->list = list;
		ranges->size = ranges->size * 2 + 64;
	}
	ranges->list[ranges->count++] = (struct page_range){ start, end };
}

struct pagemap *pagemap_create(const struct pagemap *from)
{
	struct pagemap *pagemap = text_allocate(sizeof(*pagemap));

	if (from) {
		pagemap->no_scan = from->no_scan;
		for (size_t i = 0; i < from->pages.count; i++)
			add_range(&pagemap->pages, from->pages.list[i].start,
				  from->pages.list[i].end);
	}
	return pagemap;
}

void pagemap_free(struct pagemap *pagemap)
{
	if (!pagemap)
		return;
	free(pagemap->pages.list);
	free(pagemap);
}

/* All written anonymous pages by one or a few ioctls. */
static int scan_by_ioctl(int fd, struct range_list *found)
{
	struct scan_range ranges[RANGES_A_CALL];
	struct scan_argument argument = {
		.size = sizeof(argument),
		.end = UINT64_C(0x7ffffffff000),
		.ranges = (uint64_t)(uintptr_t)ranges,
		.range_count = RANGES_A_CALL,
		.inverted = SCAN_FILE | SCAN_ZERO_PAGE,
		.all_of = SCAN_FILE | SCAN_ZERO_PAGE,
		.any_of = SCAN_PRESENT | SCAN_SWAPPED,
		.returned = SCAN_PRESENT,
	};
	int got;

	do {
		got = ioctl(fd, SCAN, &argument);
		if (got < 0)
			return -errno;
		for (int i = 0; i < got; i++)
			add_range(found, ranges[i].start, ranges[i].end);
		argument.start = argument.walk_end;
	} while (argument.walk_end < argument.end);
	return 0;
}

static int read_entries(int fd, const struct proc_area *area, struct range_list *found)
{
	uint64_t entries[ENTRIES_A_READ];
	uint64_t at = area->start;

	while (at < area->end) {
		size_t want = (size_t)((area->end - at) / PAGE);
		ssize_t got;

		if (want > ENTRIES_A_READ)
			want = ENTRIES_A_READ;
		got = pread(fd, entries, want * 8, (off_t)(at / PAGE * 8));
		if (got <= 0)
			return got < 0 ? -errno : 0;
		for (size_t i = 0; i < (size_t)got / 8; i++, at += PAGE) {
			if ((entries[i] & ENTRY_PRESENT) && !(entries[i] & ENTRY_FILE))
				add_range(found, at, at + PAGE);
		}
	}
	return 0;
}

static int scan_by_reading(int fd, pid_t tid, struct range_list *found)
{
	struct proc_areas areas;
	int error = proc_read_areas(tid, true, &areas);

	for (size_t i = 0; !error && i < areas.count; i++) {
		const struct proc_area *area = &areas.list[i];

		if ((area->anonymous_kb || area->swap_kb || (area->rss_kb && !area->inode)) &&
		    !area->shared && area->end - area->start < AREA_LIMIT)
			error = read_entries(fd, area, found);
	}
	proc_free_areas(&areas);
	return error;
}

/* Calls `each` for the pages of `now` that `before` lacks. */
static void report_new(const struct range_list *before, const struct range_list *now, char access,
		       pagemap_fn *each, void *context)
{
	size_t old = 0;

	for (size_t i = 0; i < now->count; i++) {
		for (uint64_t page = now->list[i].start; page < now->list[i].end; page += PAGE) {
			while (old < before->count && before->list[old].end <= page)
				old++;
			if (old == before->count || page < before->list[old].start)
				each(context, page, access);
		}
	}
}

int pagemap_scan(struct pagemap *pagemap, pid_t tid, pagemap_fn *each, void *context)
{
	struct range_list found = { 0 };
	char path[48];
	int fd, error;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = pagemap->no_scan ? -ENOTTY : scan_by_ioctl(fd, &found);
	if (error == -ENOTTY || error == -EINVAL) {
		pagemap->no_scan = true;
		found.count = 0;
		error = scan_by_reading(fd, tid, &found);
	}
	close(fd);
	if (error) {
		free(found.list);
		return error;
	}
	if (each)
		report_new(&pagemap->pages, &found, pagemap->no_scan ? '?' : 'w', each, context);
	free(pagemap->pages.list);
	pagemap->pages = found;
	return 0;
}
