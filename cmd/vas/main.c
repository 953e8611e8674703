/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The command `vas`. This file chooses the sub-command; each has a source file of its own.
 *
 *	record		runs a program and writes down what it does to its memory
 *	replay		does the same calls in the library and compares
 *	maps, explain	show the areas of a process, and why there are so many
 *	designs, bench	list the designs, and time them
 *
 * Shared by several of them: output.c (errors, options, JSON), progress.c (the bar), and the
 * readers of traces and of /proc files.
 */

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <vas/base.h>

#include "cmd.h"
#include "output.h"

struct command {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
	bool runs_programs; /* which inherit what it does to its signals */
};

static int bench(int argc, char **argv);

static const struct command commands[] = {
	{ "record", "run a program and record what it does to its memory", cmd_record, true },
	{ "replay", "replay a trace in the library and compare with the kernel", cmd_replay,
	  false },
	{ "compare", "replay a trace under each design, and say what each costs", cmd_compare,
	  false },
	{ "maps", "show the areas and the gaps of a process or a trace", cmd_maps, false },
	{ "explain", "say why a process or a trace has so many areas", cmd_explain, false },
	{ "designs", "list the designs that can be chosen, with their sources", cmd_designs,
	  false },
	{ "bench", "time the designs", bench, false },
	{ NULL, NULL, NULL, false },
};

static const struct command benches[] = {
	{ "bench index", "the area-index designs, from 10 to 1,000,000 areas", cmd_bench_index,
	  false },
	{ "bench fault", "page faults by kind, beside the kernel's", cmd_bench_fault, false },
	{ "bench fork", "forks, per area and per page, beside the kernel's", cmd_bench_fork,
	  false },
	{ "bench reclaim", "reclaim, per page, beside the kernel's", cmd_bench_reclaim, false },
	{ "bench space", "calls on spaces, beside the same calls done by the kernel",
	  cmd_bench_space, false },
	{ "bench file-rmap", "the file reverse maps, on the workloads that judged them",
	  cmd_bench_file_rmap, false },
	{ "bench nonlinear", "remap_file_pages: nonlinear areas against split ones",
	  cmd_bench_nonlinear, false },
	{ "bench anon-rmap", "the anonymous reverse maps, on the workloads that judged them",
	  cmd_bench_anon_rmap, false },
	{ NULL, NULL, NULL, false },
};

static void print_commands(FILE *stream, const struct command *command)
{
	for (; command->name != NULL; command++)
		fprintf(stream, "  %-12s %s\n", command->name, command->summary);
}

static void print_help(FILE *stream)
{
	fputs("usage: vas COMMAND [OPTION...] [ARGUMENT...]\n"
	      "       vas --help | --version\n"
	      "\n"
	      "Linux address spaces: record what programs do to them, replay it, explain it.\n"
	      "\n",
	      stream);
	print_commands(stream, commands);
	fputs("\n"
	      "'vas COMMAND --help' tells more, and so do the manual pages: man vas-COMMAND.\n"
	      "\n"
	      "Exit status: 0 as expected, 1 a difference was found, 2 trouble, 3 an incomplete\n"
	      "answer; 'vas record' returns the status of the program that it ran.\n",
	      stream);
}

/* stdout's reader has gone: it has read what it wanted. */
static void broken_pipe(int signal)
{
	(void)signal;
	_exit(STATUS_OK);
}

static const struct command *find(const struct command *command, const char *name)
{
	for (; command->name != NULL; command++)
		if (strcmp(command->name, name) == 0)
			return command;
	return NULL;
}

static int bench(int argc, char **argv)
{
	static char name[64];
	const struct command *command;

	if (argc < 2)
		return wrong_usage(argv[0], "a name is missing");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		puts("usage: vas bench NAME [OPTION...]\n\nTimes the designs of one layer.\n");
		print_commands(stdout, benches);
		return finish_output(STATUS_OK);
	}
	snprintf(name, sizeof(name), "bench %s", argv[1]);
	command = find(benches, name);
	if (command == NULL)
		return wrong_usage(argv[0], "no benchmark is called '%s'", argv[1]);
	argv[1] = name;
	return command->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		print_help(stderr);
		return STATUS_TROUBLE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help(stdout);
		return finish_output(STATUS_OK);
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("vas %s\n", vas_version());
		return finish_output(STATUS_OK);
	}
	command = find(commands, argv[1]);
	if (command == NULL) {
		complain("unknown %s '%s'; see 'vas --help'",
			 argv[1][0] == '-' ? "option" : "command", argv[1]);
		return STATUS_TROUBLE;
	}
	if (!command->runs_programs) {
		signal(SIGPIPE, broken_pipe);
		signal(SIGXFSZ, SIG_IGN); /* a limit of file sizes is an error as a full disk is */
	}
	return command->run(argc - 1, argv + 1);
}
