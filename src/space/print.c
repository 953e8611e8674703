/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Areas in the text of /proc/PID/maps. */

#include "space.h"

#include "base/print.h"

/* Lines with a name are filled up to this column; then comes a blank, in any case. */
#define NAME_COLUMN 72

/* Until 6.5 an area that only touched the heap was called so too. */
static bool is_heap(const struct vas_area *area)
{
	const struct vas_layout *layout = &area->space->layout;

	if (area->space->settings->kernel < VAS_KERNEL(6, 6))
		return area->range.start <= layout->brk && area->range.end >= layout->start_brk;
	return area->range.start < layout->brk && area->range.end > layout->start_brk;
}

static bool is_stack(const struct vas_area *area)
{
	uint64_t at = area->space->layout.start_stack;

	return at != 0 && area->range.start <= at && area->range.end >= at;
}

/* The last column, in up to three pieces. */
static void print_name(const struct vas_area *area, const struct vas_printer *printer)
{
	const char *name = vas_area_name(area);

	if (area->file != NULL && name[0] != '\0')
		vas_print(printer, "[anon_shmem:%s]", name);
	else if (area->file != NULL)
		vas_print(printer, "%s", area->file->name == NULL ? "" : area->file->name);
	else if (name[0] == '[')
		vas_print(printer, "%s", name);
	else if (is_heap(area))
		vas_print(printer, "[heap]");
	else if (is_stack(area))
		vas_print(printer, "[stack]");
	else if (name[0] != '\0')
		vas_print(printer, "[anon:%s]", name);
}

static bool named(const struct vas_area *area)
{
	if (area->file != NULL)
		return area->file->name != NULL || area->name != NULL;
	return area->name != NULL || is_heap(area) || is_stack(area);
}

void vas_area_print(const struct vas_area *area, const struct vas_printer *printer)
{
	const struct vas_file *file = area->file;
	uint64_t flags = area->flags;
	char line[128];
	size_t length;

	length = vas_format(line, sizeof(line), "%08llx-%08llx %c%c%c%c %08llx %02x:%02x %llu ",
			    vas_ll(area->range.start), vas_ll(area->range.end),
			    (flags & VAS_AREA_READ) != 0 ? 'r' : '-',
			    (flags & VAS_AREA_WRITE) != 0 ? 'w' : '-',
			    (flags & VAS_AREA_EXEC) != 0 ? 'x' : '-',
			    (flags & VAS_AREA_MAY_SHARE) != 0 ? 's' : 'p',
			    file == NULL ? 0ULL : vas_ll(area->offset << VAS_PAGE_SHIFT),
			    file == NULL ? 0 : file->major, file == NULL ? 0 : file->minor,
			    file == NULL ? 0ULL : vas_ll(file->inode));
	vas_print(printer, "%s", line);
	if (named(area)) {
		vas_print(printer, "%*s ", length < NAME_COLUMN ? (int)(NAME_COLUMN - length) : 0,
			  "");
		print_name(area, printer);
	}
	vas_print(printer, "\n");
}

void vas_space_print(const struct vas_space *space, const struct vas_printer *printer)
{
	struct vas_walk walk;
	struct vas_area *area;

	vas_walk_start(&walk, space, 0);
	while ((area = vas_walk_next(&walk)) != NULL)
		vas_area_print(area, printer);
}
