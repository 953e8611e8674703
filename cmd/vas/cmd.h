/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_H
#define VAS_CMD_H

/*
 * The sub-commands of `vas`, one source file each. Each gets its own arguments, argv[0] being its
 * name ("record"), and returns the exit status of the process.
 */

/* Exit statuses of all sub-commands but `record`, which returns that of the program it ran. */
enum {
	STATUS_OK = 0,
	STATUS_DIFFERENT = 1,  /* a difference was found */
	STATUS_TROUBLE = 2,    /* usage, unreadable input, no permission, no memory */
	STATUS_INCOMPLETE = 3, /* no difference, but not everything could be looked at */
};

int cmd_bench_anon_rmap(int argc, char **argv);
int cmd_bench_file_rmap(int argc, char **argv);
int cmd_bench_fault(int argc, char **argv);
int cmd_bench_fork(int argc, char **argv);
int cmd_bench_index(int argc, char **argv);
int cmd_bench_nonlinear(int argc, char **argv);
int cmd_bench_reclaim(int argc, char **argv);
int cmd_bench_space(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_designs(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_maps(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_replay(int argc, char **argv);

#endif
