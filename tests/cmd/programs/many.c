/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* As many processes at once as asked for, each with a call of its own, then all end. */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 100;
	int ends[2], status, failed = 0;
	char byte;

	if (pipe(ends) < 0)
		return 1;
	for (int i = 0; i < count; i++) {
		pid_t child = fork();

		if (child < 0)
			return 2;
		if (child == 0) {
			close(ends[1]);
			mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			_exit(read(ends[0], &byte, 1) != 0);
		}
	}
	close(ends[1]);
	while (wait(&status) > 0)
		failed |= status != 0;
	return failed;
}
