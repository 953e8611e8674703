/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* shmat and shmdt. */

#include "fixture.h"

enum { READ_ONLY = 010000, ROUND = 020000, REPLACE = 040000, EXECUTE = 0100000 };

static struct vas_file *segment(struct fixture *f, uint64_t pages)
{
	struct vas_file *file = fixture_file(f, "/SYSV00000000 (deleted)");

	file->flags |= VAS_FILE_SHARED_MEMORY;
	file->size = pages * VAS_PAGE_SIZE;
	return file;
}

static int attach(struct fixture *f, struct vas_file *file, uint64_t page, uint32_t flags)
{
	uint64_t address = at(page);
	int err = vas_attach(f->space, file, file->size, flags, &address);

	assert_true(err != 0 || address == at(page));
	fixture_check(f, f->space);
	return err;
}

static int detach(struct fixture *f, uint64_t page)
{
	int err = vas_detach(f->space, at(page));

	fixture_check(f, f->space);
	return err;
}

static void attach_and_detach(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = segment(f, 4);
	uint64_t address = 0;

	assert_ok(attach(f, file, 2, 0));
	assert_ruler(f, "..AAAA");
	assert_flagged(f, VAS_AREA_SYSV, "..####");
	assert_access(f, "..wwww");
	assert_ok(vas_attach(f->space, file, file->size, READ_ONLY, &address));
	assert_int_equal(address + file->size, f->config.layout.map_base);
	assert_int_equal(file->references, 3);
	assert_ok(detach(f, 2));
	assert_ruler(f, "");
	assert_ok(vas_detach(f->space, address));
	assert_int_equal(file->references, 1);
	assert_error(VAS_EINVAL, detach(f, 2));
}

static void permissions(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = segment(f, 1);

	assert_ok(attach(f, file, 0, READ_ONLY));
	assert_ok(attach(f, file, 1, 0));
	assert_ok(attach(f, file, 2, EXECUTE));
	assert_ok(attach(f, file, 3, READ_ONLY | EXECUTE));
	assert_access(f, "rwXx");
}

static void addresses(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = segment(f, 2);
	uint64_t address = at(4) + 5;

	assert_error(VAS_EINVAL, vas_attach(f->space, file, file->size, 0, &address));
	assert_ok(vas_attach(f->space, file, file->size, ROUND, &address));
	assert_int_equal(address, at(4));
	assert_error(VAS_EINVAL, attach(f, file, 3, 0));
	assert_error(VAS_EINVAL, attach(f, file, 5, 0));
	assert_ok(attach(f, file, 5, REPLACE));
	assert_ruler(f, "....ABB");
	address = 0;
	assert_error(VAS_EINVAL, vas_attach(f->space, file, file->size, REPLACE, &address));
	address = 5;
	assert_error(VAS_EINVAL, vas_attach(f->space, file, file->size, REPLACE | ROUND, &address));
	address = UINT64_MAX & ~VAS_PAGE_MASK;
	assert_error(VAS_EINVAL, vas_attach(f->space, file, file->size, 0, &address));
	assert_error(VAS_EINVAL, vas_detach(f->space, at(4) + 1));
	fixture_check(f, f->space);
}

/*
 *	AAAAAA..	one segment with a hole in it, a part made read-only: all of it goes
 */
static void pieces_go_together(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = segment(f, 8), *other = segment(f, 8);

	assert_ok(attach(f, file, 0, 0));
	assert_ok(attach(f, other, 8, 0));
	assert_ok(unmap_pages(f, 0, 2));
	assert_ok(unmap_pages(f, 4, 1));
	assert_ok(protect_pages(f, 6, 1, VAS_READ));
	assert_ruler(f, "..AA.BCDEEEEEEEE");
	assert_ok(detach(f, 0));
	assert_ruler(f, "........AAAAAAAA");
	assert_error(VAS_EINVAL, detach(f, 4));
	assert_ok(detach(f, 8));
}

/* A piece that mremap took elsewhere is not at its place any more, and stays. */
static void moved_pieces_stay(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = segment(f, 8);
	uint64_t to = 20;

	assert_ok(attach(f, file, 0, 0));
	assert_ok(remap_pages(f, 2, 2, 2, VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED, &to));
	assert_ruler(f, "AA..BBBB............CC");
	assert_ok(detach(f, 0));
	assert_ruler(f, "....................AA");
	/* It hangs together with an address that it never had. */
	assert_ok(detach(f, 18));
	assert_ruler(f, "");
}

/* The segment's size ends the search; where it is not known, the space does. */
static void unknown_size(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = segment(f, 8);
	uint64_t address = at(0);

	file->size = UINT64_MAX;
	assert_ok(vas_attach(f->space, file, 8 * VAS_PAGE_SIZE, 0, &address));
	assert_ok(unmap_pages(f, 2, 2));
	assert_ok(detach(f, 0));
	assert_ruler(f, "");
}

/* Splits of a segment come together again, but it is never swallowed whole. */
static void never_swallowed(void **state)
{
	struct fixture *f = *state;
	struct vas_file *file = segment(f, 8);

	assert_ok(attach(f, file, 0, 0));
	assert_ok(protect_pages(f, 2, 2, VAS_READ));
	assert_ruler(f, "AABBCCCC");
	assert_ok(protect_pages(f, 2, 2, RW));
	assert_ruler(f, "AABBCCCC");
	assert_ok(unmap_pages(f, 2, 2));
	assert_ruler(f, "AA..BBBB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(attach_and_detach), fixture_test(permissions),
		fixture_test(addresses),	 fixture_test(pieces_go_together),
		fixture_test(moved_pieces_stay), fixture_test(unknown_size),
		fixture_test(never_swallowed),
	};

	return fixture_run("shm", tests);
}
