/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * vas record: what did this program do to its memory?
 *
 * The program runs under ptrace with a seccomp filter, so that only the calls that can change an
 * address space stop it, twice each: at entry, where the arguments are read, and at return. Page
 * faults come from perf's buffers without any stop. Both are put in one order by CLOCK_MONOTONIC
 * and written as text in strace's syntax, with lines of our own that begin with "@": the areas
 * after exec and at exit, the settings of the system, what a mapped descriptor is. vas-trace(5)
 * describes them.
 *
 * The files:
 *
 *     record.c            options, the program's start, the loop, the end
 *     record_filter.c     which calls stop the program
 *     record_stop.c       what is done at each stop
 *     record_turn.c       one call at a time in each space
 *     record_clone.c      new tasks and who announces them
 *     record_task.c       the table of tasks and spaces
 *     record_call.c       the table of calls, a line's begin and end
 *     record_arguments.c  arguments as strace prints them
 *     record_flags.c      names of flags
 *     record_signal.c     lines of signals
 *     record_memory.c     reading the program's memory
 *     record_file.c       @file and @shm
 *     record_snapshot.c   @snapshot, @area, @limits, @layout
 *     record_touch.c      @touch, put between the calls
 *     record_line.c       how a line starts and ends
 *     record_text.c       text that grows
 *     faults.c            page faults from perf's buffers
 *     faults_pagemap.c    page faults guessed from /proc/PID/pagemap
 *     procfs.c            reading /proc
 *     tracefile.c         the file, compressed or not
 *
 * The loop sleeps in epoll_pwait, which lets signals in and wakes up for full fault buffers. Two
 * stops and about ten system calls for each recorded call are what recording costs; a program
 * that computes is not slowed down.
 *
 * The filter outlives us: a call that it stops fails with ENOSYS when there is no tracer, so the
 * program is never let go; it is killed when the recorder is (PTRACE_O_EXITKILL).
 */

#include "record.h"
#include "cmd.h"
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	STATUS_CANNOT_RUN = 126,
	STATUS_NOT_FOUND = 127,
	STATUS_SIGNAL = 128, /* plus its number */
	IDLE_MS = 500,	     /* then what is buffered is written */
	HELD_MS = 20,	     /* how often threads that wait for another's call are looked at */
	KILL_MS = 2000,
	STOPS_A_ROUND = 100, /* then signals and full buffers have their turn */
};

static volatile sig_atomic_t snapshot_asked, end_asked, terminal_signal;

static void on_signal(int signal, siginfo_t *info, void *context)
{
	(void)context;
	if (signal == SIGUSR1)
		snapshot_asked = 1;
	else if (signal == SIGCHLD)
		return;
	else if (info->si_code == SI_KERNEL)
		terminal_signal = signal; /* the program has got one as well */
	else
		end_asked = signal;
}

static const int watched[] = { SIGCHLD, SIGUSR1, SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* They are let in while the loop sleeps, and only then. => the mask to sleep with */
static sigset_t catch_signals(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	sigset_t blocked, before;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(watched) / sizeof(*watched); i++) {
		struct sigaction old;

		sigaddset(&blocked, watched[i]);
		sigaction(watched[i], NULL, &old);
		if (watched[i] == SIGCHLD || old.sa_handler != SIG_IGN) /* as nohup(1) does */
			sigaction(watched[i], &action, NULL);
	}
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	for (size_t i = 0; i < sizeof(watched) / sizeof(*watched); i++)
		sigdelset(&before, watched[i]);
	return before;
}

static int help(void)
{
	puts("usage: vas record [-o TRACE] [--faults=SOURCE] [--] COMMAND [ARGUMENT]...\n"
	     "\n"
	     "Runs COMMAND and records what it and all that it starts do to their memory.\n"
	     "\n"
	     "  -o, --output=TRACE   the file to write (vas.trace); \"-\": standard output;\n"
	     "                       .gz and .zst at its end: compressed\n"
	     "      --faults=SOURCE  where page faults come from: tracepoint, software, pagemap,\n"
	     "                       none; default: the first of them that may be read\n"
	     "  -h, --help           this text\n"
	     "\n"
	     "Returns the status of COMMAND, 128 + N when signal N ended it, 127 when it is not\n"
	     "found, 126 when it cannot be run, 2 when it cannot be recorded.");
	return finish_output(STATUS_OK);
}

struct options {
	const char *output;
	char **command;
	bool source_chosen;
	enum fault_source source;
};

/* => -1: go on; otherwise the exit status */
static int read_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "faults", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	*options = (struct options){ .output = "vas.trace" };
	while ((option = next_option(argc, argv, "+o:h", known)) != -1) {
		switch (option) {
		case 'o':
			options->output = optarg;
			break;
		case 'f':
			options->source_chosen = faults_find(optarg, &options->source);
			if (!options->source_chosen) {
				return wrong_usage(argv[0], "no source of faults is called '%s'",
						   optarg);
			}
			break;
		case 'h':
			return help();
		default:
			return STATUS_TROUBLE;
		}
	}
	options->command = argv + optind;
	if (optind == argc)
		return wrong_usage(argv[0], "a command is missing");
	return -1;
}

/* The file of a command, as execvp would find it. => 0, ENOENT or EACCES */
static int find_command(const char *name, char *path, size_t size)
{
	const char *directory = getenv("PATH");
	int error = ENOENT;

	if (strchr(name, '/')) {
		snprintf(path, size, "%s", name);
		return access(path, X_OK) == 0 ? 0 : errno;
	}
	if (!directory)
		directory = "/usr/local/bin:/bin:/usr/bin";
	for (;;) {
		int length = (int)strcspn(directory, ":");
		struct stat status;

		snprintf(path, size, "%.*s%s%s", length, directory, length ? "/" : "", name);
		if (stat(path, &status) == 0 && S_ISREG(status.st_mode)) {
			if (access(path, X_OK) == 0)
				return 0;
			error = EACCES;
		}
		if (!directory[length])
			return error;
		directory += length + 1;
	}
}

/* In the child: waits until it is watched, installs the filter, becomes the program. */
static _Noreturn void become_program(int go, const char *path, char **command)
{
	char byte;
	int error;

	if (read(go, &byte, 1) != 1)
		_exit(STATUS_TROUBLE);
	close(go);
	error = filter_install();
	if (error) {
		fprintf(stderr, "vas: record: cannot install a seccomp filter: %s\n",
			strerror(-error));
		_exit(STATUS_TROUBLE);
	}
	execv(path, command);
	fprintf(stderr, "vas: record: %s: %s\n", path, strerror(errno));
	_exit(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
}

static int trouble(const char *what, int error)
{
	errno = error;
	complain_errno("record: %s", what);
	return STATUS_TROUBLE;
}

/* The source that was asked for, or the first that may be read. => 0 or STATUS_TROUBLE */
static int open_faults(struct recorder *recorder, const struct options *options, pid_t child)
{
	int error = 0;

	recorder->source = options->source_chosen ? options->source : FAULTS_TRACEPOINT;
	for (; recorder->source < FAULTS_PAGEMAP; recorder->source++) {
		error = -faults_open(recorder->source, child, &recorder->faults);
		if (error && options->source_chosen)
			return trouble("cannot read the faults", error);
		if (!error)
			break;
	}
	return 0;
}

/* Starts the program. => 0 or STATUS_TROUBLE */
static int start_program(struct recorder *recorder, const struct options *options, const char *path)
{
	enum {
		TRACE = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP |
			PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
			PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT
	};
	struct task *task;
	int go[2], status;
	pid_t child;

	if (pipe2(go, O_CLOEXEC) < 0)
		return trouble("cannot make a pipe", errno);
	child = fork();
	if (child < 0)
		return trouble("cannot fork", errno);
	if (child == 0) {
		close(go[1]);
		become_program(go[0], path, options->command);
	}
	close(go[0]);
	if (ptrace(PTRACE_SEIZE, child, 0, TRACE) < 0) {
		status = trouble("cannot trace", errno);
		close(go[1]);
		return status;
	}
	task = task_create(recorder, child);
	task->announced = true;
	task_enter_space(task, space_create());
	task->space->silent = true;
	recorder->program = child;
	status = open_faults(recorder, options, child);
	if (status == 0) {
		line_header(recorder);
		if (write(go[1], "", 1) != 1)
			status = trouble("cannot start the program", errno);
	}
	close(go[1]);
	return status;
}

/* => true: all that waited were handled; false: there may be more */
static bool handle_stops(struct recorder *recorder)
{
	int status, count;
	pid_t tid = 1;

	while (stop_take_early(recorder))
		continue;
	for (count = 0; count < STOPS_A_ROUND && tid > 0; count++) {
		tid = waitpid(-1, &status, __WALL | WNOHANG);
		if (tid > 0)
			stop_handle(recorder, tid, status);
		while (stop_take_early(recorder))
			continue;
	}
	recorder->now = line_clock();
	return tid <= 0;
}

/* => true: go on; false: all processes have ended, or we were told to end */
static bool handle_all(struct recorder *recorder, bool *all)
{
	*all = handle_stops(recorder);
	touch_until(recorder, recorder->now);
	if (recorder->tasks.count == 0)
		return false;
	if (snapshot_asked) {
		snapshot_asked = 0;
		snapshot_all(recorder);
		trace_writer_flush(recorder->trace);
	}
	/* What comes from the terminal is the program's affair while there is one. */
	if (terminal_signal && recorder->program_ended)
		end_asked = terminal_signal;
	terminal_signal = 0;
	return !end_asked;
}

static int sleep_limit(const struct recorder *recorder, bool all, bool held)
{
	if (!all || recorder->early)
		return 0;
	if (held)
		return HELD_MS;
	return trace_writer_pending(recorder->trace) ? IDLE_MS : -1;
}

static void loop(struct recorder *recorder, int epoll_fd, const sigset_t *sleeping)
{
	struct epoll_event event;
	bool all;

	while (handle_all(recorder, &all)) {
		bool held = turn_release_late(recorder);
		int limit = sleep_limit(recorder, all, held);

		if (epoll_pwait(epoll_fd, &event, 1, limit, sleeping) == 0 && limit == IDLE_MS)
			trace_writer_flush(recorder->trace);
	}
}

/* Told to end: what is there now, then the end of all processes. */
static void interrupt(struct recorder *recorder, int epoll_fd, const sigset_t *sleeping)
{
	struct task_table *table = &recorder->tasks;
	uint64_t deadline = line_clock() + KILL_MS * UINT64_C(1000000);
	struct epoll_event event;

	recorder->interrupted = true;
	recorder->cut_short = !recorder->program_ended;
	snapshot_all(recorder);
	trace_writer_flush(recorder->trace);
	for (size_t i = 0; i < table->bucket_count; i++) {
		for (struct task *task = table->buckets[i]; task; task = task->next_in_bucket)
			kill(task->tgid, SIGKILL);
	}
	for (;;) {
		handle_stops(recorder);
		if (table->count == 0 || recorder->now > deadline)
			break;
		epoll_pwait(epoll_fd, &event, 1, HELD_MS, sleeping);
	}
}

static void write_end(struct recorder *recorder)
{
	int status = recorder->program_status;

	text_clear(&recorder->text);
	text_string(&recorder->text, "@end ");
	if (recorder->interrupted)
		text_string(&recorder->text, "interrupted");
	else if (WIFSIGNALED(status))
		text_format(&recorder->text, "signal SIG%s", sigabbrev_np(WTERMSIG(status)));
	else
		text_string(&recorder->text, "exit");
	line_end(recorder);
	text_free(&recorder->text);
}

static int exit_status(const struct recorder *recorder)
{
	int status = recorder->program_status;

	if (recorder->cut_short)
		return STATUS_SIGNAL + end_asked;
	if (WIFSIGNALED(status))
		return STATUS_SIGNAL + WTERMSIG(status);
	return WEXITSTATUS(status);
}

static void release_tasks(struct recorder *recorder)
{
	struct task_table *table = &recorder->tasks;

	for (size_t i = 0; i < table->bucket_count; i++) {
		while (table->buckets[i])
			task_destroy(recorder, table->buckets[i]);
	}
	free(table->buckets);
	touch_free(recorder);
	free(recorder->scratch.text);
}

static int record(struct recorder *recorder, const struct options *options, const char *path)
{
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC), status;
	sigset_t sleeping;

	if (epoll_fd < 0)
		return trouble("cannot make an epoll instance", errno);
	status = start_program(recorder, options, path);
	if (status)
		return status;
	sleeping = catch_signals();
	if (recorder->faults)
		faults_watch(recorder->faults, epoll_fd);
	loop(recorder, epoll_fd, &sleeping);
	if (end_asked)
		interrupt(recorder, epoll_fd, &sleeping);
	touch_finish(recorder);
	release_tasks(recorder);
	write_end(recorder);
	close(epoll_fd);
	return exit_status(recorder);
}

int cmd_record(int argc, char **argv)
{
	struct recorder recorder = { 0 };
	struct options options;
	char path[4096];
	int status, error;

	status = read_options(argc, argv, &options);
	if (status >= 0)
		return status;
	error = find_command(options.command[0], path, sizeof(path));
	if (error) {
		trouble(options.command[0], error);
		return error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
	}
	recorder.trace = trace_writer_open(options.output);
	if (!recorder.trace)
		return trouble(options.output, errno);
	status = record(&recorder, &options, path);
	error = trace_writer_close(recorder.trace);
	if (recorder.faults)
		faults_close(recorder.faults);
	if (error)
		fprintf(stderr, "vas: record: the trace %s is not complete: %s\n", options.output,
			strerror(error));
	return status;
}
