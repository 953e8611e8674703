/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * mmap: checks in the kernel's order, a place, room made there, then a merge with the neighbours
 * or a new area.
 */

#include "map.h"

#include "base/assert.h"
#include "edit.h"
#include "limit.h"
#include "lock.h"
#include "populate.h"
#include "where.h"

/* Two splits where it replaces something, and itself. */
#define MAP_AREAS 1

/* What a mapping has become on its way through the checks. */
struct request {
	uint64_t address, length;
	uint64_t flags; /* of the area */
	uint64_t page;
	struct vas_file *file; /* as the area keeps it */
	bool populate;
	int late_error;	    /* found only when the place is empty */
	bool shared_memory; /* wants an object of its own */
};

uint64_t vas_prot_flags(uint32_t prot)
{
	return (uint64_t)(prot & (VAS_READ | VAS_WRITE | VAS_EXEC));
}

static uint64_t flag_bits(const struct vas_space *space, uint32_t flags)
{
	uint64_t bits = 0;

	if ((flags & VAS_GROWSDOWN) != 0)
		bits |= VAS_AREA_GROWS_DOWN;
	if ((flags & VAS_LOCKED) != 0)
		bits |= VAS_AREA_LOCKED;
	if ((flags & VAS_SYNC) != 0)
		bits |= VAS_AREA_SYNC;
	if ((flags & VAS_STACK) != 0 && space->settings->huge_pages &&
	    space->settings->kernel >= VAS_KERNEL(6, 7))
		bits |= VAS_AREA_NO_HUGE;
	return bits;
}

#define LEGACY_FLAGS                                                                               \
	((uint32_t)(VAS_SHARED | VAS_PRIVATE | VAS_FIXED | VAS_ANONYMOUS | VAS_DENYWRITE |         \
		    VAS_EXECUTABLE | VAS_GROWSDOWN | VAS_LOCKED | VAS_NORESERVE | VAS_POPULATE |   \
		    VAS_NONBLOCK | VAS_STACK | VAS_HUGETLB | VAS_32BIT | VAS_ABOVE4G |             \
		    0x7c000000u /* huge pages of 2 MiB and of 1 GiB */))

/* The part of the checks that shared mappings of a file have before private ones. */
static int check_shared(const struct vas_map *map, uint32_t flags, struct request *request)
{
	const struct vas_file *file = map->file;
	uint32_t known = LEGACY_FLAGS;

	if ((file->flags & VAS_FILE_SYNC) != 0)
		known |= VAS_SYNC;
	if ((flags & VAS_MAP_TYPE) == VAS_SHARED)
		flags &= LEGACY_FLAGS | VAS_MAP_TYPE;
	if ((flags & ~(known | VAS_MAP_TYPE)) != 0)
		return -VAS_EOPNOTSUPP;
	if ((map->prot & VAS_WRITE) != 0) {
		if ((file->flags & VAS_FILE_WRITE) == 0)
			return -VAS_EACCES;
		if ((file->flags & VAS_FILE_SWAP) != 0)
			return -VAS_ETXTBSY;
	}
	if ((file->flags & VAS_FILE_APPEND) != 0 && (file->flags & VAS_FILE_WRITE) != 0)
		return -VAS_EACCES;
	request->flags |= VAS_AREA_SHARED | VAS_AREA_MAY_SHARE;
	if ((file->flags & VAS_FILE_WRITE) == 0)
		request->flags &= ~(uint64_t)(VAS_AREA_MAY_WRITE | VAS_AREA_SHARED);
	return 0;
}

static int check_seals(const struct vas_space *space, const struct vas_file *file,
		       struct request *request)
{
	const uint32_t sealed = VAS_FILE_SEAL_WRITE | VAS_FILE_SEAL_FUTURE_WRITE;

	if ((file->flags & sealed) == 0)
		return 0;
	if ((request->flags & VAS_AREA_SHARED) != 0) {
		if ((request->flags & VAS_AREA_WRITE) != 0) {
			/* Before 6.12 (seen in 6.1) the file itself refused future writes, later.
			 */
			if (space->settings->kernel >= VAS_KERNEL(6, 12) ||
			    (file->flags & VAS_FILE_SEAL_WRITE) != 0)
				return -VAS_EPERM;
			request->late_error = -VAS_EPERM;
		}
		request->flags &= ~(uint64_t)VAS_AREA_MAY_WRITE;
	}
	return 0;
}

static int check_file(const struct vas_space *space, const struct vas_map *map, uint32_t flags,
		      struct request *request)
{
	const struct vas_file *file = map->file;
	uint64_t limit = file->limit == 0 ? VAS_FILE_PAGES_MAX : file->limit >> VAS_PAGE_SHIFT;
	int err;

	if (request->page > limit || request->length >> VAS_PAGE_SHIFT > limit - request->page)
		return -VAS_EOVERFLOW;
	switch (flags & VAS_MAP_TYPE) {
	case VAS_SHARED:
	case VAS_SHARED_VALIDATE:
		err = check_shared(map, flags, request);
		if (err != 0)
			return err;
		break;
	case VAS_PRIVATE:
		break;
	default:
		return -VAS_EINVAL;
	}
	if ((file->flags & VAS_FILE_READ) == 0)
		return -VAS_EACCES;
	if ((file->flags & VAS_FILE_NO_EXEC) != 0) {
		if ((request->flags & VAS_AREA_EXEC) != 0)
			return -VAS_EPERM;
		request->flags &= ~(uint64_t)VAS_AREA_MAY_EXEC;
	}
	if ((file->flags & VAS_FILE_NO_MMAP) != 0)
		return -VAS_ENODEV;
	if ((request->flags & VAS_AREA_GROWS_DOWN) != 0)
		return -VAS_EINVAL;
	request->flags |= file->area_flags;
	if ((file->flags & VAS_FILE_HUGE_PAGES) != 0) {
		request->flags |= VAS_AREA_HUGE_PAGES | VAS_AREA_DONT_EXPAND;
		if ((request->page & ((file->huge_page >> VAS_PAGE_SHIFT) - 1)) != 0)
			request->late_error = -VAS_EINVAL;
	}
	return check_seals(space, file, request);
}

static int check_anonymous(const struct vas_space *space, uint32_t flags, struct request *request)
{
	switch (flags & VAS_MAP_TYPE) {
	case VAS_SHARED:
		if ((request->flags & VAS_AREA_GROWS_DOWN) != 0)
			return -VAS_EINVAL;
		request->page = 0;
		request->flags |= VAS_AREA_SHARED | VAS_AREA_MAY_SHARE;
		return 0;
	case VAS_DROPPABLE:
		if (space->settings->kernel < VAS_KERNEL(6, 11))
			return -VAS_EINVAL;
		if ((flags & (VAS_LOCKED | VAS_HUGETLB)) != 0 ||
		    (request->flags & VAS_AREA_GROWS_DOWN) != 0)
			return -VAS_EINVAL;
		request->flags |= VAS_AREA_DROPPABLE | VAS_AREA_NO_RESERVE | VAS_AREA_WIPE_ON_FORK |
				  VAS_AREA_DONT_DUMP;
		request->page = request->address >> VAS_PAGE_SHIFT;
		return 0;
	case VAS_PRIVATE:
		request->page = request->address >> VAS_PAGE_SHIFT;
		return 0;
	default:
		return -VAS_EINVAL;
	}
}

/* Does a shared mapping get an object of its own? So without a file, and of /dev/zero. */
static bool makes_object(const struct vas_file *file)
{
	return file == NULL || (file->flags & VAS_FILE_DEVICE_ZERO) != 0;
}

/* Everything up to the point where the space is changed. */
static int check(struct vas_space *space, const struct vas_map *map, uint64_t hint,
		 struct request *request)
{
	uint32_t flags = map->flags, prot = map->prot;
	struct vas_where where;
	int err;

	if (map->length == 0)
		return -VAS_EINVAL;
	if ((prot & VAS_READ) != 0 && (space->personality & VAS_READ_IMPLIES_EXEC) != 0 &&
	    (map->file == NULL || (map->file->flags & VAS_FILE_NO_EXEC) == 0))
		prot |= VAS_EXEC;
	if ((flags & VAS_FIXED_NOREPLACE) != 0)
		flags |= VAS_FIXED;
	if ((flags & VAS_FIXED) == 0) {
		hint = vas_page_down(hint);
		if (hint != 0 && hint < space->settings->mmap_min_addr)
			hint = vas_page_up(space->settings->mmap_min_addr);
	}
	request->length = vas_page_up(map->length);
	if (request->length == 0)
		return -VAS_ENOMEM;
	request->page = map->offset >> VAS_PAGE_SHIFT;
	if (request->page + (request->length >> VAS_PAGE_SHIFT) < request->page)
		return -VAS_EOVERFLOW;
	if (vas_index_count(space->index) > space->settings->max_map_count)
		return -VAS_ENOMEM;
	request->flags = vas_prot_flags(prot) | flag_bits(space, flags) | space->future_flags |
			 VAS_AREA_MAY_READ | VAS_AREA_MAY_WRITE | VAS_AREA_MAY_EXEC;
	where = (struct vas_where){
		.length = request->length,
		.page = map->file == NULL || (flags & VAS_ANONYMOUS) != 0 ? 0 : request->page,
		.flags = flags,
		.file = (flags & VAS_ANONYMOUS) != 0 && (flags & VAS_HUGETLB) == 0 ? NULL
										   : map->file,
	};
	request->address = hint;
	err = vas_find_place(space, &where, &request->address);
	if (err != 0)
		return err;
	if ((map->flags & VAS_FIXED_NOREPLACE) != 0) {
		struct vas_area *area = vas_find_ge(space, request->address);

		if (area != NULL && area->range.start < request->address + request->length)
			return -VAS_EEXIST;
	}
	if ((flags & VAS_LOCKED) != 0 && !vas_may_lock_any(space))
		return -VAS_EPERM;
	if (!vas_may_lock_more(space, request->flags, request->length))
		return -VAS_EAGAIN;
	if (where.file != NULL)
		err = check_file(space, &(struct vas_map){ .prot = prot, .file = map->file }, flags,
				 request);
	else
		err = check_anonymous(space, flags, request);
	if (err != 0)
		return err;
	if (space->refuse_exec_gain &&
	    (request->flags & (VAS_AREA_WRITE | VAS_AREA_EXEC)) == (VAS_AREA_WRITE | VAS_AREA_EXEC))
		return -VAS_EACCES;
	if ((flags & VAS_NORESERVE) != 0 && space->settings->overcommit_memory != 2)
		request->flags |= VAS_AREA_NO_RESERVE;
	request->file = map->file;
	if (where.file == NULL && (flags & VAS_MAP_TYPE) != VAS_SHARED)
		request->file = NULL;
	request->shared_memory =
		(request->flags & VAS_AREA_MAY_SHARE) != 0 && makes_object(where.file);
	request->populate = (flags & (VAS_POPULATE | VAS_NONBLOCK)) == VAS_POPULATE;
	return 0;
}

/* Pages (and those charged) that the new mapping replaces. */
static void count_replaced(const struct vas_space *space, const struct request *request,
			   uint64_t *pages, uint64_t *charged)
{
	struct vas_walk walk;
	struct vas_area *area;
	uint64_t end = request->address + request->length;

	*pages = 0;
	*charged = 0;
	vas_walk_start(&walk, space, request->address);
	while ((area = vas_walk_next(&walk)) != NULL && area->range.start < end) {
		uint64_t from =
			area->range.start > request->address ? area->range.start : request->address;
		uint64_t to = area->range.end < end ? area->range.end : end;

		*pages += (to - from) >> VAS_PAGE_SHIFT;
		if ((area->flags & VAS_AREA_ACCOUNT) != 0)
			*charged += (to - from) >> VAS_PAGE_SHIFT;
	}
}

static void new_area(struct vas_space *space, const struct request *request)
{
	struct vas_area *area = vas_area_new(space);

	area->range = (struct vas_range){ request->address, request->address + request->length };
	area->flags = request->flags;
	area->offset = request->page;
	area->file = request->file == NULL ? NULL : vas_file_get(request->file);
	vas_link(area);
}

/* Shared anonymous memory is promised as a whole when its object is made, which is after the range
 * was cleared: a refusal leaves a hole there, as in Linux. */
static bool shared_memory_fits(struct vas_space *space, const struct request *request)
{
	uint64_t pages = request->length >> VAS_PAGE_SHIFT;

	if (!request->shared_memory || (request->flags & VAS_AREA_NO_RESERVE) != 0)
		return true;
	if (!vas_charge(space, pages))
		return false;
	vas_uncharge(space, pages);
	return true;
}

/* So are huge pages: all that the mapping may need are set aside, or it is refused. */
static bool huge_pages_fit(const struct vas_space *space, const struct request *request)
{
	const struct vas_file *file = request->file;

	if (file == NULL || (file->flags & VAS_FILE_HUGE_PAGES) == 0 ||
	    (request->flags & VAS_AREA_NO_RESERVE) != 0)
		return true;
	return request->length / file->huge_page <= space->settings->huge_pages_free;
}

/* Empties the place: splits what reaches in, looks at the limits, then drops what was there. */
static int make_room(struct vas_space *space, struct request *request)
{
	uint64_t end = request->address + request->length;
	uint64_t pages = request->length >> VAS_PAGE_SHIFT, replaced, charged;
	int err = vas_clear_prepare(space, request->address, end);

	if (err != 0)
		return err;
	count_replaced(space, request, &replaced, &charged);
	if (!vas_may_expand(space, request->flags, pages - replaced))
		return -VAS_ENOMEM;
	if (vas_accountable(request->file, request->flags)) {
		/* What is replaced is uncharged when it is dropped below. */
		if (pages > charged && !vas_charge(space, pages - charged))
			return -VAS_ENOMEM;
		if (pages > charged)
			vas_uncharge(space, pages - charged);
		request->flags |= VAS_AREA_ACCOUNT;
	}
	vas_clear_commit(space, request->address, end);
	return 0;
}

/* Before 6.12 (seen in 6.1): RLIMIT_AS first, and the promise only when the place is empty, so
 * that its refusal leaves a hole; any trouble there is -VAS_ENOMEM. */
static int make_room_before_6_12(struct vas_space *space, struct request *request)
{
	uint64_t end = request->address + request->length;
	uint64_t pages = request->length >> VAS_PAGE_SHIFT, replaced, charged;

	count_replaced(space, request, &replaced, &charged);
	if (!vas_may_expand(space, request->flags, pages - replaced) ||
	    vas_clear_prepare(space, request->address, end) != 0)
		return -VAS_ENOMEM;
	vas_clear_commit(space, request->address, end);
	if (!vas_accountable(request->file, request->flags))
		return 0;
	if (!vas_charge(space, pages))
		return -VAS_ENOMEM;
	vas_uncharge(space, pages);
	request->flags |= VAS_AREA_ACCOUNT;
	return 0;
}

/* Past the checks: makes room, charges, merges or links. */
static int commit(struct vas_space *space, struct request *request)
{
	uint64_t end = request->address + request->length;
	uint64_t pages = request->length >> VAS_PAGE_SHIFT;
	struct vas_candidate range;
	struct vas_area *area, *prev;
	int err;

	if (space->settings->kernel < VAS_KERNEL(6, 12))
		err = make_room_before_6_12(space, request);
	else
		err = make_room(space, request);
	if (err == 0)
		err = request->late_error;
	if (err != 0)
		return err;
	if ((request->flags & (VAS_AREA_SPECIAL | VAS_AREA_HUGE_PAGES | VAS_AREA_DROPPABLE)) != 0 &&
	    (request->flags & VAS_AREA_LOCKED) != 0) {
		request->flags &= ~VAS_LOCK_FLAGS; /* such memory stays anyway */
		request->populate = true;
	}
	if (!shared_memory_fits(space, request) || !huge_pages_fit(space, request))
		return -VAS_ENOMEM;
	if ((request->flags & VAS_AREA_ACCOUNT) != 0)
		vas_charge_always(space, pages);
	range = (struct vas_candidate){
		.start = request->address,
		.end = end,
		.flags = request->flags,
		.offset = request->page,
		.file = request->file,
	};
	area = vas_find_ge(space, request->address);
	prev = area == NULL ? vas_area_last(space) : vas_area_prev(area);
	vas_count_pages(space, request->flags, (int64_t)pages);
	/* Every shared anonymous mapping has an object of its own, named by a file or not. */
	if ((request->shared_memory && request->file == NULL) ||
	    vas_merge_new(&range, prev, area) == NULL)
		new_area(space, request);
	if ((request->flags & VAS_AREA_LOCKED) != 0)
		space->locked += pages;
	return 0;
}

int vas_map_checked(struct vas_space *space, const struct vas_map *map, uint64_t set,
		    uint64_t clear, uint64_t *address)
{
	struct vas_need need = { .areas = MAP_AREAS, .touches = 1 };
	struct request request = { 0 };
	struct vas_file *shared = NULL;
	struct vas_area *area;
	uint64_t end;
	int err;

	err = check(space, map, *address, &request);
	if (err == 0 && request.shared_memory && request.file == NULL)
		err = vas_share(space, request.length, &shared);
	if (err != 0)
		return err;
	if (shared != NULL)
		request.file = shared;
	request.flags = (request.flags | set) & ~clear;
	end = request.address + request.length;
	vas_clear_need(space, request.address, end, &need);
	area = vas_find_ge(space, end);
	if (area != NULL)
		vas_need_clone(&need, area); /* the one above may pass to the one below */
	err = vas_space_reserve(space, &need);
	if (err == 0) {
		err = commit(space, &request);
		if (err == 0) {
			*address = request.address;
			if (request.populate || (request.flags & VAS_AREA_LOCKED) != 0)
				(void)vas_populate(space, request.address, end,
						   VAS_TOUCH_FOR_NOBODY);
		}
		vas_space_settle(space);
	}
	if (shared != NULL)
		vas_file_put(shared);
	return err;
}

static int do_map(struct vas_space *space, const struct vas_map *map, uint64_t *address)
{
	struct vas_map rounded = *map;

	if ((map->offset & VAS_PAGE_MASK) != 0)
		return -VAS_EINVAL;
	if ((map->flags & VAS_ANONYMOUS) == 0 && map->file == NULL)
		return -VAS_EBADF;
	if ((map->flags & VAS_ANONYMOUS) != 0 && (map->flags & VAS_HUGETLB) != 0 &&
	    (map->file == NULL || (map->file->flags & VAS_FILE_HUGE_PAGES) == 0))
		return -VAS_EINVAL;
	if (map->file != NULL && (map->file->flags & VAS_FILE_HUGE_PAGES) != 0) {
		uint64_t mask = map->file->huge_page - 1;

		rounded.length = (map->length + mask) & ~mask;
	} else if ((map->flags & VAS_ANONYMOUS) == 0 && (map->flags & VAS_HUGETLB) != 0) {
		return -VAS_EINVAL;
	}
	return vas_map_checked(space, &rounded, 0, 0, address);
}

int vas_map(struct vas_space *space, const struct vas_map *map, uint64_t *address)
{
	return VAS_CALL(space, do_map(space, map, address));
}
