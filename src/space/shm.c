/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* System V shared memory: shmat and shmdt. */

#include "edit.h"
#include "map.h"

enum { SHM_READ_ONLY = 010000, SHM_ROUND = 020000, SHM_REPLACE = 040000, SHM_EXECUTE = 0100000 };

static int do_attach(struct vas_space *space, struct vas_file *file, uint64_t size, uint32_t flags,
		     uint64_t *address)
{
	struct vas_map map = { .length = size, .flags = VAS_SHARED, .file = file };
	uint64_t at = *address, clear = 0;
	int err;

	if (at != 0) {
		if ((at & VAS_PAGE_MASK) != 0) {
			if ((flags & SHM_ROUND) == 0)
				return -VAS_EINVAL;
			at = vas_page_down(at);
			if (at == 0 && (flags & SHM_REPLACE) != 0)
				return -VAS_EINVAL;
		}
		map.flags |= VAS_FIXED;
	} else if ((flags & SHM_REPLACE) != 0) {
		return -VAS_EINVAL;
	}
	map.prot = (flags & SHM_READ_ONLY) != 0 ? VAS_READ : VAS_READ | VAS_WRITE;
	if ((flags & SHM_READ_ONLY) != 0) /* as if the file had been opened so */
		clear = VAS_AREA_SHARED | VAS_AREA_MAY_WRITE;
	if ((flags & SHM_EXECUTE) != 0)
		map.prot |= VAS_EXEC;
	if (at != 0 && (flags & SHM_REPLACE) == 0) {
		struct vas_area *area = vas_find_ge(space, at);

		if (at + size < at || (area != NULL && area->range.start < at + size))
			return -VAS_EINVAL;
	}
	err = vas_map_checked(space, &map, VAS_AREA_SYSV, clear, &at);
	if (err == 0)
		*address = at;
	return err;
}

int vas_attach(struct vas_space *space, struct vas_file *file, uint64_t size, uint32_t flags,
	       uint64_t *address)
{
	return VAS_CALL(space, do_attach(space, file, size, flags, address));
}

/* A piece of a segment attached at `address`, where it would be if nothing had moved it. */
static bool is_piece(const struct vas_area *area, uint64_t address)
{
	return (area->flags & VAS_AREA_SYSV) != 0 && area->range.start >= address &&
	       (area->range.start - address) >> VAS_PAGE_SHIFT == area->offset;
}

/* All its pieces go; -VAS_EINVAL when there is none. */
static int detach(struct vas_space *space, uint64_t address)
{
	struct vas_area *area = vas_find_ge(space, address);
	const struct vas_file *file;
	uint64_t size;

	while (area != NULL && !is_piece(area, address))
		area = vas_area_next(area);
	if (area == NULL)
		return -VAS_EINVAL;
	file = area->file;
	size = file->size == UINT64_MAX ? UINT64_MAX : vas_page_up(file->size);
	while (area != NULL) {
		uint64_t start = area->range.start, end = area->range.end;
		bool gone = is_piece(area, address) && area->file == file;
		int err = 0;

		if (gone)
			err = vas_clear_prepare(space, start, end);
		if (gone && err == 0)
			vas_clear_commit(space, start, end);
		area = vas_find_ge(space, end);
		if (area != NULL && area->range.end - address > size)
			break;
	}
	return 0;
}

static int do_detach(struct vas_space *space, uint64_t address)
{
	int err;

	if ((address & VAS_PAGE_MASK) != 0)
		return -VAS_EINVAL;
	err = detach(space, address);
	vas_space_settle(space);
	return err;
}

int vas_detach(struct vas_space *space, uint64_t address)
{
	return VAS_CALL(space, do_detach(space, address));
}
