/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Dies of the signal that is asked for: a fault, an abort, SIGKILL with threads at work. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
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

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	pthread_t thread;

	if (strcmp(how, "segv") == 0) {
		static volatile char *volatile nowhere = (volatile char *)16;

		*nowhere = 1;
	} else if (strcmp(how, "abort") == 0) {
		abort();
	} else if (strcmp(how, "kill") == 0) {
		for (int i = 0; i < 4; i++)
			pthread_create(&thread, NULL, spin, NULL);
		usleep(5000);
		kill(getpid(), SIGKILL);
	}
	return 0;
}
