/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* A thread that is not the leader calls execve while others run. */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *spin(void *argument)
{
	(void)argument;
	for (;;)
		munmap(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096);
	return NULL;
}

static void *change(void *argument)
{
	execl(argument, argument, "again", NULL);
	_exit(1);
}

int main(int argc, char **argv)
{
	pthread_t threads[3];

	if (argc > 1)
		return strcmp(argv[1], "again") == 0 ? 5 : 1;
	pthread_create(&threads[0], NULL, spin, NULL);
	pthread_create(&threads[1], NULL, spin, NULL);
	usleep(2000);
	pthread_create(&threads[2], NULL, change, "/proc/self/exe");
	pthread_join(threads[0], NULL);
	return 1;
}
