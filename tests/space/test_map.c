/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* mmap: what is checked, what an area becomes, what is replaced. Where it goes: test_where.c. */

#include "fixture.h"

static const struct vas_area *area_at(const struct fixture *f, uint64_t page)
{
	const struct vas_area *area = vas_find(f->space, at(page));

	assert_non_null(area);
	return area;
}

static void a_new_area(void **state)
{
	struct fixture *f = *state;
	const struct vas_area *area;

	assert_ok(map_pages(f, 3, 4, RW, 0));
	assert_ruler(f, "...AAAA");
	assert_told(f, "map 1 3-7\n");
	area = area_at(f, 3);
	assert_int_equal(area->range.start, at(3));
	assert_int_equal(area->range.end, at(7));
	assert_int_equal(area->offset, at(3) >> VAS_PAGE_SHIFT);
	assert_int_equal(area->flags, VAS_AREA_READ | VAS_AREA_WRITE | VAS_AREA_MAY_READ |
					      VAS_AREA_MAY_WRITE | VAS_AREA_MAY_EXEC |
					      VAS_AREA_ACCOUNT);
	assert_null(area->file);
	assert_ptr_equal(area->space, f->space);
	assert_int_equal(vas_area_pages(area), 4);
	assert_true(vas_area_anonymous(area));
	assert_string_equal(vas_area_name(area), "");
}

static void a_file_mapping(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x");
	const struct vas_area *area;

	assert_ok(map_file(f, 0, 4, RW, VAS_SHARED | VAS_FIXED, file, 3));
	area = area_at(f, 0);
	assert_ptr_equal(area->file, file);
	assert_int_equal(area->offset, 3);
	assert_int_equal(file->references, 2);
	assert_true((area->flags & VAS_AREA_SHARED) != 0);
	assert_false((area->flags & VAS_AREA_ACCOUNT) != 0);
	assert_ok(unmap_pages(f, 1, 2));
	assert_int_equal(file->references, 3);
	assert_int_equal(area_at(f, 3)->offset, 6);
	assert_ok(unmap_pages(f, 0, 4));
	assert_int_equal(file->references, 1);
}

static int released;

static void count_release(struct vas_file *file)
{
	(void)file;
	released++;
}

static void last_reference_releases_the_file(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x");

	released = 0;
	file->release = count_release;
	assert_ok(map_file(f, 0, 4, VAS_READ, VAS_PRIVATE | VAS_FIXED, file, 0));
	vas_file_put(file);
	assert_int_equal(released, 0);
	assert_ok(unmap_pages(f, 0, 4));
	assert_int_equal(released, 1);
	vas_file_get(file); /* which the fixture wants to see */
}

/*
 *	AAAABBBBCCCC
 *	  ********
 */
static void fixed_replaces_what_is_there(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 4, 4, VAS_READ, 0));
	assert_ok(map_pages(f, 8, 4, FULL, 0));
	assert_ok(map_pages(f, 2, 8, VAS_NONE, 0));
	assert_ruler(f, "AABBBBBBBBCC");
	assert_access(f, "ww--------XX");
}

/*
 *	AAAAAAAA
 *	  ****		the same once more: what was there is gone, the rest merges
 */
static void fixed_over_its_like(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 8, RW, VAS_POPULATE));
	assert_int_not_equal(twin_stamp(f->twin, f->space, at(3)), 0);
	twin_clear_log(f->twin);
	assert_ok(map_pages(f, 2, 4, RW, 0));
	assert_ruler(f, "AAAAAAAA");
	assert_int_not_equal(twin_stamp(f->twin, f->space, at(1)), 0);
	assert_int_equal(twin_stamp(f->twin, f->space, at(3)), 0);
	assert_told(f,
		    "split 1 2 2-8\n"
		    "split 2 3 6-8\n"
		    "unmap 2 2-6\n"
		    "free 2\n"
		    "map 1 2-6\n"
		    "merge 1 3 6-8\n"
		    "free 3\n");
}

static void noreplace(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 4, 4, RW, 0));
	assert_error(VAS_EEXIST, map_pages(f, 0, 5, RW, VAS_FIXED_NOREPLACE));
	assert_error(VAS_EEXIST, map_pages(f, 7, 5, RW, VAS_FIXED_NOREPLACE));
	assert_ok(map_pages(f, 0, 4, VAS_READ, VAS_FIXED_NOREPLACE));
	assert_ok(map_pages(f, 8, 4, VAS_READ, VAS_FIXED_NOREPLACE));
	assert_ruler(f, "AAAABBBBCCCC");
}

static void lengths_round_up_and_must_not_be_zero(void **state)
{
	struct fixture *f = *state;
	struct vas_map map = { .prot = RW, .flags = HERE };
	uint64_t address = at(0);

	assert_error(VAS_EINVAL, vas_map(f->space, &map, &address));
	map.length = 1;
	assert_ok(vas_map(f->space, &map, &address));
	map.length = VAS_PAGE_SIZE + 1;
	address = at(2);
	assert_ok(vas_map(f->space, &map, &address));
	assert_ruler(f, "A.BB");
	map.length = UINT64_MAX;
	assert_error(VAS_ENOMEM, vas_map(f->space, &map, &address));
	map.length = UINT64_MAX - VAS_PAGE_SIZE + 2;
	assert_error(VAS_ENOMEM, vas_map(f->space, &map, &address));
	map.length = f->config.layout.task_size + 1;
	assert_error(VAS_ENOMEM, vas_map(f->space, &map, &address));
	assert_int_equal(address, at(2));
	fixture_check(f, f->space);
}

static void fixed_addresses(void **state)
{
	struct fixture *f = *state;
	struct vas_map map = { .length = VAS_PAGE_SIZE, .prot = RW, .flags = HERE };
	uint64_t address = at(0) + 1, end = f->config.layout.task_size;

	assert_error(VAS_EINVAL, vas_map(f->space, &map, &address));
	address = end;
	assert_error(VAS_ENOMEM, vas_map(f->space, &map, &address));
	address = UINT64_MAX & ~VAS_PAGE_MASK;
	assert_error(VAS_ENOMEM, vas_map(f->space, &map, &address));
	address = end - VAS_PAGE_SIZE;
	assert_ok(vas_map(f->space, &map, &address));
	address = 0;
	assert_error(VAS_EPERM, vas_map(f->space, &map, &address));
	vas_space_set_privileges(f->space, VAS_MAY_RAWIO);
	assert_ok(vas_map(f->space, &map, &address));
	assert_int_equal(address, 0);
	fixture_check(f, f->space);
	assert_non_null(vas_find(f->space, 0));
	assert_ok(vas_unmap(f->space, 0, VAS_PAGE_SIZE));
}

/* In the order in which they win over each other. */
static void file_checks(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x");
	const uint32_t shared = VAS_SHARED | VAS_FIXED, private = VAS_PRIVATE | VAS_FIXED;
	struct vas_map map = { .length = VAS_PAGE_SIZE, .flags = VAS_PRIVATE, .offset = 1 };
	uint64_t address = 0;

	assert_error(VAS_EINVAL, vas_map(f->space, &map, &address));
	map.offset = 0;
	assert_error(VAS_EBADF, vas_map(f->space, &map, &address));

	file->limit = 4 * VAS_PAGE_SIZE;
	assert_error(VAS_EOVERFLOW, map_file(f, 0, 2, RW, shared, file, 3));
	assert_error(VAS_EOVERFLOW, map_file(f, 0, 1, RW, shared, file, 5));
	assert_ok(map_file(f, 0, 2, RW, shared, file, 2));
	file->limit = 0;
	assert_error(VAS_EOVERFLOW, map_file(f, 0, 1, RW, shared, file, UINT64_C(0x7ffffffffffff)));
	assert_error(VAS_EINVAL, map_file(f, 0, 1, RW, VAS_FIXED, file, 0));
	assert_error(VAS_EOPNOTSUPP,
		     map_file(f, 0, 1, RW, VAS_SHARED_VALIDATE | VAS_FIXED | VAS_SYNC, file, 0));

	file->flags = VAS_FILE_READ;
	assert_error(VAS_EACCES, map_file(f, 0, 1, RW, shared, file, 0));
	assert_ok(map_file(f, 0, 1, RW, private, file, 0));
	assert_ok(map_file(f, 0, 1, VAS_READ, shared, file, 0));
	assert_error(VAS_EACCES, protect_pages(f, 0, 1, RW));
	file->flags = VAS_FILE_WRITE;
	assert_error(VAS_EACCES, map_file(f, 0, 1, VAS_WRITE, shared, file, 0));
	assert_error(VAS_EACCES, map_file(f, 0, 1, VAS_NONE, private, file, 0));

	file->flags = VAS_FILE_READ | VAS_FILE_WRITE | VAS_FILE_NO_EXEC;
	assert_error(VAS_EPERM, map_file(f, 0, 1, RX, private, file, 0));
	assert_ok(map_file(f, 0, 1, VAS_READ, private, file, 0));
	assert_error(VAS_EACCES, protect_pages(f, 0, 1, RX));
	file->flags = VAS_FILE_READ | VAS_FILE_WRITE | VAS_FILE_NO_MMAP;
	assert_error(VAS_ENODEV, map_file(f, 0, 1, VAS_READ, private, file, 0));
	file->flags = VAS_FILE_READ | VAS_FILE_WRITE | VAS_FILE_APPEND;
	assert_error(VAS_EACCES, map_file(f, 0, 1, VAS_READ, shared, file, 0));
	file->flags = VAS_FILE_READ | VAS_FILE_WRITE;
	assert_error(VAS_EINVAL, map_file(f, 0, 1, VAS_READ, private | VAS_GROWSDOWN, file, 0));
}

static void sealed_files(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/memfd:x");

	file->flags |= VAS_FILE_SHARED_MEMORY | VAS_FILE_SEAL_WRITE;
	assert_error(VAS_EPERM, map_file(f, 0, 1, RW, VAS_SHARED | VAS_FIXED, file, 0));
	assert_ok(map_file(f, 0, 1, VAS_READ, VAS_SHARED | VAS_FIXED, file, 0));
	assert_error(VAS_EACCES, protect_pages(f, 0, 1, RW));
	assert_ok(map_file(f, 0, 1, RW, VAS_PRIVATE | VAS_FIXED, file, 0));
}

static void anonymous_checks(void **state)
{
	struct fixture *f = *state;
	const uint32_t here = VAS_ANONYMOUS | VAS_FIXED;

	assert_error(VAS_EINVAL, map_file(f, 0, 1, RW, here, NULL, 0));
	assert_error(VAS_EINVAL, map_file(f, 0, 1, RW, here | VAS_SHARED_VALIDATE, NULL, 0));
	assert_error(VAS_EINVAL, map_file(f, 0, 1, RW, here | VAS_SHARED | VAS_GROWSDOWN, NULL, 0));
	assert_error(VAS_EINVAL, map_file(f, 0, 1, RW, here | VAS_DROPPABLE | VAS_LOCKED, NULL, 0));
	assert_error(VAS_EINVAL,
		     map_file(f, 0, 1, RW, here | VAS_DROPPABLE | VAS_GROWSDOWN, NULL, 0));
	assert_ok(map_file(f, 0, 1, RW, here | VAS_DROPPABLE, NULL, 0));
	assert_flagged(f, VAS_AREA_DROPPABLE, "#");
	assert_flagged(f, VAS_AREA_WIPE_ON_FORK, "#");
	assert_flagged(f, VAS_AREA_DONT_DUMP, "#");
	assert_flagged(f, VAS_AREA_ACCOUNT, "-");
	f->settings.kernel = VAS_KERNEL(6, 10);
	assert_error(VAS_EINVAL, map_file(f, 0, 1, RW, here | VAS_DROPPABLE, NULL, 0));
}

static void flags_of_the_area(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 2, RW, VAS_GROWSDOWN));
	assert_ok(map_pages(f, 4, 2, RW, VAS_LOCKED));
	assert_ok(map_pages(f, 8, 2, RW, VAS_NORESERVE));
	assert_ok(map_pages(f, 12, 2, RW, VAS_STACK));
	assert_flagged(f, VAS_AREA_GROWS_DOWN, "##..--..--..--");
	assert_flagged(f, VAS_AREA_LOCKED, "--..##..--..--");
	assert_flagged(f, VAS_AREA_NO_RESERVE, "--..--..##..--");
	assert_flagged(f, VAS_AREA_NO_HUGE, "--..--..--..##");
	assert_flagged(f, VAS_AREA_ACCOUNT, "##..##..--..##");
}

static void read_implies_exec(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x");

	vas_space_set_personality(f->space, VAS_READ_IMPLIES_EXEC);
	file->flags |= VAS_FILE_NO_EXEC;
	assert_ok(map_pages(f, 0, 1, VAS_READ, 0));
	assert_ok(map_pages(f, 1, 1, VAS_WRITE, 0));
	assert_ok(map_file(f, 2, 1, VAS_READ, VAS_PRIVATE | VAS_FIXED, file, 0));
	assert_access(f, "xor");
}

/* Each shared anonymous mapping is an object of its own, and starts at its page 0. */
static void shared_anonymous_memory(void **state)
{
	struct fixture *f = *state;
	struct vas_file *object = fixture_file(f, "/dev/zero (deleted)");
	const uint32_t flags = VAS_SHARED | VAS_ANONYMOUS | VAS_FIXED;

	object->flags |= VAS_FILE_SHARED_MEMORY;
	assert_ok(map_file(f, 0, 8, RW, flags, NULL, 0));
	assert_int_equal(area_at(f, 0)->offset, 0);
	assert_ok(unmap_pages(f, 0, 4));
	assert_int_equal(area_at(f, 4)->offset, 4);
	assert_ok(map_file(f, 0, 4, RW, flags, NULL, 0));
	assert_ruler(f, "AAAABBBB");
	assert_ok(map_file(f, 8, 4, RW, flags, object, 5));
	assert_ruler(f, "AAAABBBBCCCC");
	assert_ptr_equal(area_at(f, 8)->file, object);
	assert_int_equal(area_at(f, 8)->offset, 0);
	assert_ok(unmap_pages(f, 8, 4));
}

static void private_dev_zero_is_anonymous(void **state)
{
	struct fixture *f = *state;
	struct vas_file *zero = fixture_file(f, "/dev/zero");

	zero->flags |= VAS_FILE_DEVICE_ZERO;
	assert_ok(map_file(f, 0, 2, RW, VAS_PRIVATE | VAS_FIXED, zero, 0));
	assert_true(vas_area_anonymous(area_at(f, 0)));
	assert_ptr_equal(area_at(f, 0)->file, zero);
	assert_ok(unmap_pages(f, 0, 2));
}

/* Device memory is never locked, and its neighbours do not swallow it. */
static void device_memory(void **state)
{
	struct fixture *f = *state;
	struct vas_file *device = fixture_file(f, "/dev/mem");

	device->flags |= VAS_FILE_DEVICE;
	device->area_flags = VAS_AREA_IO | VAS_AREA_RAW_FRAMES | VAS_AREA_DONT_EXPAND;
	assert_ok(map_file(f, 0, 2, RW, VAS_SHARED | VAS_FIXED | VAS_LOCKED, device, 0));
	assert_ok(map_file(f, 2, 2, RW, VAS_SHARED | VAS_FIXED | VAS_LOCKED, device, 2));
	assert_ruler(f, "AABB");
	assert_flagged(f, VAS_AREA_LOCKED, "----");
	assert_ok(unmap_pages(f, 0, 4));
}

/* What is asked for may be populated: private writable memory with writes, all other with reads. */
static void populate(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x");

	assert_ok(map_pages(f, 0, 2, RW, VAS_POPULATE));
	assert_ok(map_pages(f, 4, 2, VAS_READ, VAS_POPULATE));
	assert_ok(map_pages(f, 8, 2, VAS_NONE, VAS_POPULATE));
	assert_ok(map_pages(f, 12, 2, RW, VAS_POPULATE | VAS_NONBLOCK));
	assert_ok(map_file(f, 16, 2, RW, VAS_SHARED | VAS_FIXED | VAS_POPULATE, file, 0));
	file->size = 1;
	assert_ok(map_file(f, 20, 2, RW, VAS_PRIVATE | VAS_FIXED | VAS_POPULATE, file, 0));
	assert_told(f,
		    "map 1 0-2\ntouch! 1 0-2\n"
		    "map 2 4-6\ntouch 2 4-6\n"
		    "map 3 8-10\n"
		    "map 4 12-14\n"
		    "map 5 16-18\ntouch 5 16-18\n"
		    "map 6 20-22\ntouch! 6 20-21\n");
	assert_ok(unmap_pages(f, 16, 6));
}

/* A refusal late in the call leaves the first split, or the range cleared. */
static void too_much_shared_memory_leaves_a_hole(void **state)
{
	struct fixture *f = *state;

	f->settings.total_pages = 1000;
	assert_ok(map_pages(f, 0, 8, RW, 0));
	assert_error(VAS_ENOMEM,
		     map_file(f, 2, 1001, RW, VAS_SHARED | VAS_ANONYMOUS | VAS_FIXED, NULL, 0));
	assert_ruler(f, "AA");
	assert_ok(map_pages(f, 2, 6, RW, 0));
	assert_error(VAS_ENOMEM, map_pages(f, 4, 1007, RW, 0));
	assert_ruler(f, "AAAABBBB");
}

static void write_xor_execute(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 2, RX, 0));
	vas_space_refuse_exec_gain(f->space, true);
	assert_error(VAS_EACCES, map_pages(f, 2, 2, FULL, 0));
	assert_ok(map_pages(f, 2, 2, RX, 0));
	assert_ok(map_pages(f, 4, 2, RW, 0));
	assert_error(VAS_EACCES, protect_pages(f, 4, 2, RX));
	assert_error(VAS_EACCES, protect_pages(f, 0, 2, FULL));
	assert_ok(protect_pages(f, 0, 2, RX));
	assert_ok(protect_pages(f, 0, 2, VAS_READ));
	assert_error(VAS_EACCES, protect_pages(f, 0, 2, RX));
}

/* A mapping over a part keeps what it did not reach, and a failed one changes nothing but splits.
 */
static void sealed_area_stops_it(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 4, 4, VAS_READ, 0));
	assert_ok(seal_pages(f, 4, 4));
	assert_error(VAS_EPERM, map_pages(f, 2, 4, VAS_NONE, 0));
	assert_ruler(f, "AABBCCCC");
	assert_access(f, "wwwwrrrr");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(a_new_area),
		fixture_test(a_file_mapping),
		fixture_test(last_reference_releases_the_file),
		fixture_test(fixed_replaces_what_is_there),
		fixture_test(fixed_over_its_like),
		fixture_test(noreplace),
		fixture_test(lengths_round_up_and_must_not_be_zero),
		fixture_test(fixed_addresses),
		fixture_test(file_checks),
		fixture_test(sealed_files),
		fixture_test(anonymous_checks),
		fixture_test(flags_of_the_area),
		fixture_test(read_implies_exec),
		fixture_test(shared_anonymous_memory),
		fixture_test(private_dev_zero_is_anonymous),
		fixture_test(device_memory),
		fixture_test(populate),
		fixture_test(too_much_shared_memory_leaves_a_hole),
		fixture_test(write_xor_execute),
		fixture_test(sealed_area_stops_it),
	};

	return fixture_run("map", tests);
}
