/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * terminal BYTE COMMAND...: runs a command on a terminal of its own, types one byte (a number)
 * as soon as the command has printed something, and returns its status.
 */
#include <pty.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char buffer[256], byte;
	int terminal, status, typed = 0;
	pid_t child;

	if (argc < 3)
		return 1;
	byte = (char)atoi(argv[1]);
	child = forkpty(&terminal, NULL, NULL, NULL);
	if (child < 0)
		return 1;
	if (child == 0) {
		execvp(argv[2], argv + 2);
		_exit(1);
	}
	while (read(terminal, buffer, sizeof(buffer)) > 0) {
		if (!typed && write(terminal, &byte, 1) == 1)
			typed = 1;
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
