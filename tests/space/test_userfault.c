/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* userfaultfd's registration of ranges. */

#include "fixture.h"

#define MISSING	      ((uint64_t)VAS_AREA_USERFAULT_MISSING)
#define WRITE_PROTECT ((uint64_t)VAS_AREA_USERFAULT_WP)
#define MINOR	      ((uint64_t)VAS_AREA_USERFAULT_MINOR)

static int set(struct fixture *f, uint64_t page, uint64_t count, uint64_t flags, uint64_t context)
{
	int err = vas_userfault(f->space, at(page), count * VAS_PAGE_SIZE, flags, context);

	fixture_check(f, f->space);
	return err;
}

/*
 *	AAAAAAAA  ->  AABBBBCC  ->  AAAAAAAA
 *	  ****
 */
static void register_and_unregister(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 8, RW, 0));
	assert_ok(set(f, 2, 4, MISSING, 1));
	assert_ruler(f, "AABBBBCC");
	assert_flagged(f, MISSING, "--####--");
	assert_ok(set(f, 4, 4, MISSING | WRITE_PROTECT, 1));
	assert_ruler(f, "AABBCCCC");
	assert_ok(set(f, 4, 4, MISSING, 1)); /* less than before: nothing changes */
	assert_ruler(f, "AABBCCCC");
	assert_error(VAS_EINVAL, set(f, 0, 8, 0, 2));
	assert_ok(set(f, 0, 8, 0, 1));
	assert_ruler(f, "AAAAAAAA");
	assert_flagged(f, VAS_AREA_CONTEXT, "--------");
}

/* Areas of two descriptors are two, and one cannot take what the other has. */
static void contexts(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 0, 8, RW, 0));
	assert_ok(set(f, 0, 4, MISSING, 1));
	assert_error(VAS_EBUSY, set(f, 0, 8, MISSING, 2));
	assert_ok(set(f, 4, 4, MISSING, 2));
	assert_ruler(f, "AAAABBBB");
}

/* Holes are passed over, but the range must begin or end somewhere. */
static void holes(void **state)
{
	struct fixture *f = *state;

	assert_ok(map_pages(f, 2, 2, RW, 0));
	assert_ok(map_pages(f, 6, 2, RW, 0));
	assert_ok(set(f, 0, 20, MISSING, 1));
	assert_flagged(f, MISSING, "..##..##");
	assert_error(VAS_EINVAL, set(f, 4, 2, MISSING, 1));
	assert_error(VAS_ENOMEM, set(f, 10, 2, MISSING, 1));
	/* A hole is not a lack of areas, even when there is one. */
	f->settings.max_map_count = 2;
	assert_ok(set(f, 0, 20, 0, 1));
	assert_ok(set(f, 0, 20, MISSING, 1));
	assert_error(VAS_ENOMEM, set(f, 0, 3, 0, 1));
}

static void what_can_be_registered(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x"), *memory = fixture_file(f, "/memfd:x");

	memory->flags |= VAS_FILE_SHARED_MEMORY;
	assert_ok(map_file(f, 0, 2, RW, VAS_SHARED | VAS_FIXED, file, 0));
	assert_ok(map_file(f, 2, 2, RW, VAS_SHARED | VAS_FIXED, memory, 0));
	assert_ok(map_pages(f, 4, 2, RW, 0));
	assert_error(VAS_EINVAL, set(f, 0, 2, MISSING, 1));
	assert_ok(set(f, 2, 4, MISSING, 1));
	assert_ok(set(f, 2, 2, MINOR, 1));
	assert_error(VAS_EINVAL, set(f, 4, 2, MINOR, 1));
}

/* Write protection alone, where nobody is waited for, may be had of any file. */
static void asynchronous(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = fixture_file(f, "/tmp/x");

	assert_ok(map_file(f, 0, 4, RW, VAS_SHARED | VAS_FIXED, file, 0));
	assert_error(VAS_EINVAL, set(f, 0, 2, WRITE_PROTECT, 1));
	assert_error(VAS_EINVAL, set(f, 0, 2, WRITE_PROTECT | MISSING | VAS_USERFAULT_ASYNC, 1));
	assert_ok(set(f, 1, 2, WRITE_PROTECT | VAS_USERFAULT_ASYNC, 1));
	assert_flagged(f, WRITE_PROTECT, "-##-");
	assert_error(VAS_EINVAL, set(f, 0, 4, 0, 1)); /* the others cannot be registered */
	assert_ok(set(f, 1, 2, 0, 1));
	assert_ruler(f, "AAAA");
}

static void arguments(void **state)
{
	struct fixture *f = *state;
	uint64_t end = f->config.layout.task_size;

	assert_ok(map_pages(f, 0, 2, RW, 0));
	assert_error(VAS_EINVAL, vas_userfault(f->space, at(0) + 1, VAS_PAGE_SIZE, MISSING, 1));
	assert_error(VAS_EINVAL, vas_userfault(f->space, at(0), 1, MISSING, 1));
	assert_error(VAS_EINVAL, set(f, 0, 0, MISSING, 1));
	assert_error(VAS_EINVAL, vas_userfault(f->space, 0, VAS_PAGE_SIZE, MISSING, 1));
	assert_error(VAS_EINVAL, vas_userfault(f->space, end, VAS_PAGE_SIZE, MISSING, 1));
	assert_error(VAS_EINVAL, vas_userfault(f->space, at(0), end, MISSING, 1));
	assert_error(VAS_EINVAL, set(f, 0, 1, MISSING, UINT64_C(1) << 24));
	assert_error(VAS_EINVAL, set(f, 0, 1, VAS_AREA_WRITE, 1));
	f->settings.userfault = false;
	assert_error(VAS_EINVAL, set(f, 0, 1, MISSING, 1));
}

/* Neither a child nor a moved area takes it along. */
static void fork_and_mremap_drop_it(void **state)
{
	struct fixture *f = *state;
	struct vas_space *child;
	uint64_t to = 10;

	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(set(f, 0, 4, MISSING, 1));
	assert_ok(vas_fork(f->space, &child));
	fixture_check(f, child);
	assert_int_equal(vas_find(child, at(0))->flags & (VAS_AREA_USERFAULT | VAS_AREA_CONTEXT),
			 0);
	vas_space_destroy(child);
	assert_ok(remap_pages(f, 0, 4, 4, VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED, &to));
	assert_flagged(f, MISSING, "..........----");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(register_and_unregister),
		fixture_test(contexts),
		fixture_test(holes),
		fixture_test(what_can_be_registered),
		fixture_test(asynchronous),
		fixture_test(arguments),
		fixture_test(fork_and_mremap_drop_it),
	};

	return fixture_run("userfault", tests);
}
