/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* vfork and exec, vfork and exit, posix_spawn: children that live in their parent's space. */
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	char *const arguments[] = { "true", NULL };
	static void *volatile seen;
	int status;
	pid_t child;

	child = vfork();
	if (child == 0) {
		execv("/bin/true", arguments);
		_exit(9);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		return 1;
	child = vfork();
	if (child == 0) {
		seen = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		_exit(3);
	}
	if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 3)
		return 2;
	/* The child mapped it into this very space. */
	if (munmap(seen, 4096) < 0)
		return 3;
	if (posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ) != 0)
		return 4;
	if (waitpid(child, &status, 0) != child || status != 0)
		return 5;
	return 0;
}
