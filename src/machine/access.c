/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Accesses: the walk that the hardware would do, and the fault handler's part when it fails.
 *
 *	look at the tables ---- fine: done
 *	     |  not so
 *	find the area, ask whether it allows this ---- no: the error
 *	     |                       \-- a stack could grow: do that, with the space's lock alone
 *	fault ---- no frame: let go of the space, reclaim, from the start
 *	     |
 *	from the start
 */

#include "machine.h"

#include "base/bytes.h"

#define BATCH	    32 /* frames that one who found none asks for */
#define ROUNDS_MAX  100000
#define SIGNAL_KILL 9
#define SIGNAL_BUS  7
#define SIGNAL_SEGV 11

/* What the caller wants at one page. */
struct wish {
	uint64_t address;
	enum vas_access access;
	unsigned char *bytes; /* copied while the entry is looked at; NULL: nothing */
	size_t length;
	bool cautious; /* no stack grows for it */
};

int vas_make_frames(struct vas_machine *machine, uint32_t wanted, unsigned *tries)
{
	(void)machine_note_peak(machine);
	if ((*tries)++ >= MACHINE_TRIES)
		return -VAS_ENOMEM;
	return vas_reclaim(&machine->memory, wanted < BATCH ? BATCH : wanted, NULL) > 0
		       ? 0
		       : -VAS_ENOMEM;
}

/* The hardware's part, for accesses that copy bytes: they hold the table's lock, so that the page
 * cannot go meanwhile. */
static bool copy(struct machine_space *in, const struct wish *wish)
{
	bool write = (wish->access & VAS_ACCESS_WRITE) != 0, done = false;
	struct vas_entry entry;
	unsigned char *page;
	uint64_t faulting;

	if (!vas_pmap_find(in->pmap, wish->address, &entry))
		return false;
	vas_pmap_lock(entry.table);
	uint64_t value = vas_pmap_access(in->pmap, wish->address, write, false, &faulting);

	if (value != 0) {
		page = vas_frame_bytes(in->machine->memory.frames,
				       entry_page(&in->machine->memory, value));
		page += wish->address & VAS_PAGE_MASK;
		if (write)
			vas_copy_bytes(page, wish->bytes, wish->length);
		else
			vas_copy_bytes(wish->bytes, page, wish->length);
		done = true;
	}
	vas_pmap_unlock(entry.table);
	return done;
}

static bool hardware(struct machine_space *in, const struct wish *wish)
{
	uint64_t faulting;

	if (wish->bytes != NULL)
		return copy(in, wish);
	return vas_pmap_access(in->pmap, wish->address, (wish->access & VAS_ACCESS_WRITE) != 0,
			       (wish->access & VAS_ACCESS_EXEC) != 0, &faulting) != 0;
}

enum { GROW = 1 };

/* One round with the lock shared: 1 (GROW), 0: done, -VAS_EINTR: again, or an error. */
static int attempt(struct machine_space *in, const struct wish *wish)
{
	struct vas_area *area;
	int err;

	if (hardware(in, wish))
		return 0;
	if (wish->address >= in->space->layout.task_size)
		return -VAS_EFAULT;
	area = vas_find_ge(in->space, wish->address);
	if (area == NULL)
		return -VAS_EFAULT;
	if (area->range.start > wish->address)
		return (area->flags & VAS_AREA_GROWS_DOWN) != 0 && !wish->cautious ? GROW
										   : -VAS_EFAULT;
	if (!vas_area_allows(area, wish->access))
		return -VAS_EACCES;
	err = vas_fault(in, area, wish->address, wish->access);
	if (err > 0 && (wish->bytes == NULL || hardware(in, wish)))
		return 0;
	return err >= 0 ? -VAS_EINTR : err;
}

static int access_page(struct machine_space *in, const struct wish *wish)
{
	unsigned tries = 0, rounds = 0;

	for (;;) {
		unsigned slot = vas_shared_lock_read(&in->lock);
		int err = attempt(in, wish);

		vas_shared_unlock_read(&in->lock, slot);
		if (err == -VAS_EINTR && rounds++ < ROUNDS_MAX)
			continue;
		if (err == -VAS_EAGAIN)
			err = vas_make_frames(in->machine, 1, &tries);
		else if (err == GROW)
			err = vas_touch(in->space, wish->address, wish->access);
		else
			return err;
		if (err != 0)
			return err;
	}
}

int vas_access(struct vas_space *space, uint64_t address, enum vas_access access)
{
	struct wish wish = { .address = address, .access = access };

	return access_page(machine_space_of(space), &wish);
}

static int copy_pages(struct vas_space *space, uint64_t address, unsigned char *bytes,
		      size_t length, enum vas_access access, size_t *done)
{
	size_t at = 0;
	int err = 0;

	while (at < length && err == 0) {
		size_t room = (size_t)(VAS_PAGE_SIZE - ((address + at) & VAS_PAGE_MASK));
		struct wish wish = {
			.address = address + at,
			.access = access,
			.bytes = bytes + at,
			.length = room < length - at ? room : length - at,
		};

		err = access_page(machine_space_of(space), &wish);
		if (err == 0)
			at += wish.length;
	}
	if (done != NULL)
		*done = at;
	return err;
}

int vas_read(struct vas_space *space, uint64_t address, void *bytes, size_t length, size_t *done)
{
	return copy_pages(space, address, bytes, length, VAS_ACCESS_READ, done);
}

int vas_write(struct vas_space *space, uint64_t address, const void *bytes, size_t length,
	      size_t *done)
{
	/* Only read from: see copy(). */
	return copy_pages(space, address, (unsigned char *)(uintptr_t)bytes, length,
			  VAS_ACCESS_WRITE, done);
}

bool vas_signal_of(int error, int *signal, int *code)
{
	switch (error) {
	case -VAS_EFAULT:
		*signal = SIGNAL_SEGV;
		*code = 1;
		return true;
	case -VAS_EACCES:
		*signal = SIGNAL_SEGV;
		*code = 2;
		return true;
	case -VAS_ENOMEM:
		*signal = SIGNAL_KILL;
		*code = 0;
		return true;
	case 0:
		return false;
	default:
		*signal = SIGNAL_BUS;
		*code = 2;
		return true;
	}
}

/* The part of a range in one area, and how it is touched; false: there is none any more. */
static bool next_part(struct machine_space *in, const struct machine_populate *populate,
		      struct vas_range *range, struct vas_range *part, enum vas_access *access)
{
	unsigned slot = vas_shared_lock_read(&in->lock);
	struct vas_area *area = vas_find_ge(in->space, range->start);
	bool found = area != NULL && range->start < range->end && area->range.start < range->end;

	if (found) {
		uint64_t flags = area->flags;
		bool skip = (flags & (VAS_AREA_IO | VAS_AREA_RAW_FRAMES)) != 0 ||
			    ((flags & VAS_AREA_LOCK_ON_FAULT) != 0 &&
			     populate->who != VAS_TOUCH_FOR_POPULATE) ||
			    (flags & VAS_AREA_ACCESS) == 0;
		bool write = populate->write && (flags & VAS_AREA_WRITE) != 0 &&
			     (!populate->mixed || area_private(area));

		part->start = area->range.start > range->start ? area->range.start : range->start;
		part->end = area->range.end < range->end ? area->range.end : range->end;
		range->start = part->end;
		if (skip)
			part->start = part->end;
		*access = write ? VAS_ACCESS_WRITE : VAS_ACCESS_READ;
		/* Memory that may only be executed is fetched. */
		if ((flags & (VAS_AREA_READ | VAS_AREA_WRITE)) == 0)
			*access = VAS_ACCESS_EXEC;
	}
	vas_shared_unlock_read(&in->lock, slot);
	return found;
}

static int told(enum vas_touch_for who, int err)
{
	if (err == -VAS_ENOMEM)
		return who == VAS_TOUCH_FOR_LOCK ? -VAS_EAGAIN : -VAS_ENOMEM;
	return who == VAS_TOUCH_FOR_LOCK ? -VAS_ENOMEM : -VAS_EFAULT;
}

int vas_populate_pages(struct machine_space *in, const struct machine_populate *populate)
{
	struct vas_range range = populate->range, part;
	struct wish wish = { .cautious = true };

	while (next_part(in, populate, &range, &part, &wish.access)) {
		int err = 0;

		for (uint64_t at = part.start; at < part.end && err == 0; at += VAS_PAGE_SIZE) {
			wish.address = at;
			err = access_page(in, &wish);
		}
		if (err != 0 && populate->who != VAS_TOUCH_FOR_NOBODY)
			return told(populate->who, err);
	}
	return 0;
}
