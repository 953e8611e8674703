/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * One thread waits inside mlock, on a userfaultfd, until another one has made calls of its own.
 * Status 77: no userfaultfd here.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096 };

static void *lock_pages(void *area)
{
	return mlock(area, PAGE) == 0 ? NULL : area;
}

int main(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_zeropage zero = { 0 };
	struct uffd_msg message;
	pthread_t thread;
	void *area, *failed;
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0)
		return 77;
	area = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = zero.range.start = (unsigned long)area;
	range.range.len = zero.range.len = PAGE;
	if (ioctl(fd, UFFDIO_REGISTER, &range) < 0)
		return 77;
	if (pthread_create(&thread, NULL, lock_pages, area) != 0)
		return 1;
	if (read(fd, &message, sizeof(message)) != sizeof(message))
		return 2;
	for (int i = 0; i < 3; i++)
		munmap(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), PAGE);
	if (ioctl(fd, UFFDIO_ZEROPAGE, &zero) < 0)
		return 3;
	pthread_join(thread, &failed);
	return failed != NULL;
}
