/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * A file behind a descriptor as a store. The system calls that it makes are wrapped here: they may
 * be interrupted, come up short, or fail.
 */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include <vas/store.h>

/* What the next calls do. */
static struct {
	unsigned interrupts; /* so many fail with EINTR first */
	int error;	     /* then one fails with this */
	size_t at_most;	     /* bytes in one call; 0: all */
	unsigned calls;
} system_calls;

static bool fails(void)
{
	system_calls.calls++;
	if (system_calls.interrupts > 0) {
		system_calls.interrupts--;
		errno = EINTR;
		return true;
	}
	if (system_calls.error != 0) {
		errno = system_calls.error;
		system_calls.error = 0;
		return true;
	}
	return false;
}

static size_t cut(size_t length)
{
	size_t most = system_calls.at_most;

	return most != 0 && length > most ? most : length;
}

ssize_t pread64(int descriptor, void *bytes, size_t length, off64_t offset)
{
	return fails() ? -1 : syscall(SYS_pread64, descriptor, bytes, cut(length), offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset)
{
	return fails() ? -1 : syscall(SYS_pwrite64, descriptor, bytes, cut(length), offset);
}

int fdatasync(int descriptor)
{
	return fails() ? -1 : (int)syscall(SYS_fdatasync, descriptor);
}

int ftruncate64(int descriptor, off64_t size)
{
	return fails() ? -1 : (int)syscall(SYS_ftruncate, descriptor, size);
}

int fallocate64(int descriptor, int mode, off64_t offset, off64_t length)
{
	return fails() ? -1 : (int)syscall(SYS_fallocate, descriptor, mode, offset, length);
}

static const struct vas_store *const store = &vas_descriptor_store;

struct file {
	int descriptor;
	void *data;
};

static int set_up(void **state)
{
	static struct file file;
	char name[] = "/tmp/vas-store-XXXXXX";

	file.descriptor = mkstemp(name);
	assert_true(file.descriptor >= 0);
	unlink(name);
	file.data = vas_store_descriptor(file.descriptor, true);
	memset(&system_calls, 0, sizeof(system_calls));
	*state = &file;
	return 0;
}

static int tear_down(void **state)
{
	const struct file *file = *state;

	store->close(file->data);
	assert_int_equal(fcntl(file->descriptor, F_GETFD), -1);
	return 0;
}

static void fill(unsigned char *bytes, unsigned char first)
{
	for (unsigned i = 0; i < VAS_PAGE_SIZE; i++)
		bytes[i] = (unsigned char)(first + i * 7);
}

static void pages_come_back(void **state)
{
	const struct file *file = *state;
	unsigned char out[VAS_PAGE_SIZE], in[VAS_PAGE_SIZE];
	uint64_t size;

	fill(out, 1);
	assert_int_equal(store->write(file->data, 3, out, VAS_PAGE_SIZE), 0);
	assert_int_equal(store->read(file->data, 3, in), 0);
	assert_memory_equal(in, out, VAS_PAGE_SIZE);
	assert_int_equal(store->size(file->data, &size), 0);
	assert_int_equal(size, 4 * VAS_PAGE_SIZE);
	assert_int_equal(store->sync(file->data), 0);
}

static void what_lies_past_the_end_reads_as_zeroes(void **state)
{
	const struct file *file = *state;
	unsigned char out[VAS_PAGE_SIZE], in[VAS_PAGE_SIZE], none[VAS_PAGE_SIZE] = { 0 };
	uint64_t size;

	fill(out, 2);
	assert_int_equal(store->write(file->data, 1, out, 100), 0);
	assert_int_equal(store->size(file->data, &size), 0);
	assert_int_equal(size, VAS_PAGE_SIZE + 100);
	memset(in, 0xff, sizeof(in));
	assert_int_equal(store->read(file->data, 1, in), 0);
	assert_memory_equal(in, out, 100);
	assert_memory_equal(in + 100, none, VAS_PAGE_SIZE - 100);
	memset(in, 0xff, sizeof(in));
	assert_int_equal(store->read(file->data, 1000, in), 0);
	assert_memory_equal(in, none, VAS_PAGE_SIZE);
}

static void short_and_interrupted_calls_go_on(void **state)
{
	const struct file *file = *state;
	unsigned char out[VAS_PAGE_SIZE], in[VAS_PAGE_SIZE];

	fill(out, 3);
	system_calls.at_most = 1000;
	system_calls.interrupts = 2;
	assert_int_equal(store->write(file->data, 2, out, VAS_PAGE_SIZE), 0);
	assert_int_equal(system_calls.calls, 2 + 5);
	system_calls.interrupts = 3;
	system_calls.calls = 0;
	assert_int_equal(store->read(file->data, 2, in), 0);
	assert_int_equal(system_calls.calls, 3 + 5);
	assert_memory_equal(in, out, VAS_PAGE_SIZE);
	system_calls.interrupts = 1;
	assert_int_equal(store->sync(file->data), 0);
	system_calls.interrupts = 1;
	assert_int_equal(store->resize(file->data, 100), 0);
	system_calls.interrupts = 1;
	assert_int_equal(store->punch(file->data, 0, 1), 0);
	assert_int_equal(system_calls.interrupts, 0);
}

static void each_error_has_its_number(void **state)
{
	static const struct {
		int host, ours;
	} errors[] = {
		{ EIO, -VAS_EIO },	 { ENOSPC, -VAS_ENOSPC }, { EDQUOT, -VAS_ENOSPC },
		{ EFBIG, -VAS_ENOSPC },	 { EBADF, -VAS_EBADF },	  { EPERM, -VAS_EPERM },
		{ ENOMEM, -VAS_ENOMEM }, { EINVAL, -VAS_EINVAL }, { EAGAIN, -VAS_EAGAIN },
		{ ESTALE, -VAS_EIO },	 { ENXIO, -VAS_EIO },	  { ETXTBSY, -VAS_ETXTBSY },
	};
	const struct file *file = *state;
	unsigned char bytes[VAS_PAGE_SIZE] = { 0 };

	for (unsigned i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		const int host = errors[i].host, ours = errors[i].ours;

		system_calls.error = host;
		assert_int_equal(store->read(file->data, 0, bytes), ours);
		system_calls.error = host;
		assert_int_equal(store->write(file->data, 0, bytes, VAS_PAGE_SIZE), ours);
		system_calls.error = host;
		assert_int_equal(store->sync(file->data), ours);
		system_calls.error = host;
		assert_int_equal(store->resize(file->data, 0), ours);
		system_calls.error = host;
		assert_int_equal(store->punch(file->data, 0, 1), ours);
	}
}

static void the_size_is_the_file_s(void **state)
{
	const struct file *file = *state;
	uint64_t size;

	assert_int_equal(store->resize(file->data, 12345), 0);
	assert_int_equal(store->size(file->data, &size), 0);
	assert_int_equal(size, 12345);
	assert_int_equal(store->resize(file->data, UINT64_MAX), -VAS_EINVAL);
	assert_int_equal(store->resize(file->data, 5), 0);
	assert_int_equal(store->size(file->data, &size), 0);
	assert_int_equal(size, 5);
}

/* Pages 1 and 2 of four, the last of which is there in part. */
static void check_hole(const struct file *file, bool known)
{
	unsigned char out[VAS_PAGE_SIZE], in[VAS_PAGE_SIZE], none[VAS_PAGE_SIZE] = { 0 };
	uint64_t size;

	fill(out, 4);
	for (unsigned page = 0; page < 4; page++)
		assert_int_equal(
			store->write(file->data, page, out, page == 3 ? 500 : VAS_PAGE_SIZE), 0);
	system_calls.error = known ? 0 : EOPNOTSUPP;
	assert_int_equal(store->punch(file->data, 1, 2), 0);
	for (unsigned page = 0; page < 4; page++) {
		assert_int_equal(store->read(file->data, page, in), 0);
		assert_memory_equal(in, page == 1 || page == 2 ? none : out, 500);
	}
	system_calls.error = known ? 0 : ENOSYS;
	assert_int_equal(store->punch(file->data, 3, 10), 0);
	assert_int_equal(store->read(file->data, 3, in), 0);
	assert_memory_equal(in, none, VAS_PAGE_SIZE);
	system_calls.error = known ? 0 : ENOSYS;
	assert_int_equal(store->punch(file->data, 9, 10), 0);
	assert_int_equal(store->size(file->data, &size), 0);
	assert_int_equal(size, 3 * VAS_PAGE_SIZE + 500);
}

static void holes_read_as_zeroes(void **state)
{
	check_hole(*state, true);
}

static void without_holes_zeroes_are_written(void **state)
{
	check_hole(*state, false);
}

static void no_file_reaches_so_far(void **state)
{
	const struct file *file = *state;
	unsigned char bytes[VAS_PAGE_SIZE] = { 0 };

	assert_int_equal(store->read(file->data, UINT64_C(1) << 52, bytes), -VAS_EINVAL);
	assert_int_equal(store->write(file->data, UINT64_C(1) << 52, bytes, 1), -VAS_ENOSPC);
	assert_int_equal(store->punch(file->data, UINT64_C(1) << 52, 1), -VAS_EINVAL);
	assert_int_equal(store->punch(file->data, 1, INT64_MAX >> VAS_PAGE_SHIFT), -VAS_EINVAL);
}

static void a_full_disk_says_so(void **state)
{
	unsigned char bytes[VAS_PAGE_SIZE] = { 0 };
	int full = open("/dev/full", O_RDWR);
	void *data = vas_store_descriptor(full, false);
	uint64_t size;

	(void)state;
	if (full < 0)
		skip();
	assert_int_equal(store->write(data, 0, bytes, VAS_PAGE_SIZE), -VAS_ENOSPC);
	assert_int_equal(store->size(data, &size), -VAS_ENODEV); /* not a file */
	store->close(data);
	assert_int_not_equal(fcntl(full, F_GETFD), -1); /* not owned */
	close(full);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pages_come_back),
		TEST(what_lies_past_the_end_reads_as_zeroes),
		TEST(short_and_interrupted_calls_go_on),
		TEST(each_error_has_its_number),
		TEST(the_size_is_the_file_s),
		TEST(holes_read_as_zeroes),
		TEST(without_holes_zeroes_are_written),
		TEST(no_file_reaches_so_far),
		TEST(a_full_disk_says_so),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
