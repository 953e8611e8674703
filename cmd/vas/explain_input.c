/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * What the argument of `vas maps` and `vas explain` is: digits are a process; else a file, whose
 * first line tells a saved copy of maps from a trace. Standard input that cannot be read twice is
 * copied, so that it can be looked at first like a file.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "explain_picture.h"
#include "mapsfile.h"
#include "output.h"

/* Lines of saved files are no longer than this: a path, and what stands before it. */
enum { FIRST_LINE = 8192 };

bool picture_option(struct picture_options *options, const char *command, int option)
{
	uint64_t number;

	switch (option) {
	case OPTION_QUICK:
		options->quick = true;
		return true;
	case OPTION_PID:
		if (parse_number(optarg, INT_MAX, &number) && number > 0) {
			options->pid = (int)number;
			return true;
		}
		wrong_usage(command, "--pid wants the number of a process");
		return false;
	case OPTION_AT:
		options->at_peak = strcmp(optarg, "peak") == 0;
		options->at_line = 0;
		if (options->at_peak ||
		    (parse_number(optarg, ULONG_MAX, &options->at_line) && options->at_line > 0))
			return true;
		wrong_usage(command, "--at wants the number of a line, or 'peak'");
		return false;
	default:
		return false;
	}
}

static bool is_number(const char *text)
{
	return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

/* Copies what is left of standard input to memory that can be read again, in its place. */
static bool keep_input(void)
{
	static char block[65536];
	int copy;

	if (lseek(STDIN_FILENO, 0, SEEK_CUR) == 0)
		return true;
	copy = memfd_create("stdin", MFD_CLOEXEC);
	if (copy < 0)
		return false;
	for (;;) {
		ssize_t got = read(STDIN_FILENO, block, sizeof(block));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || (got > 0 && write(copy, block, (size_t)got) != got)) {
			close(copy);
			return false;
		}
		if (got == 0)
			break;
	}
	if (lseek(copy, 0, SEEK_SET) != 0 || dup2(copy, STDIN_FILENO) < 0) {
		close(copy);
		return false;
	}
	close(copy);
	return true;
}

/* Does the file begin with a line of maps? */
static bool looks_saved(int fd)
{
	char text[FIRST_LINE];
	ssize_t got = pread(fd, text, sizeof(text), 0);
	struct maps_line line;
	struct slice first = { text, got > 0 ? (size_t)got : 0 };
	const char *newline = memchr(text, '\n', first.length);

	if (newline != NULL)
		first.length = (size_t)(newline - text);
	return mapsfile_parse(first, &line) == NULL;
}

/* All of a file; NULL: errno tells. */
static char *read_all(int fd, size_t *length)
{
	char *text = NULL;
	size_t size = 0;

	*length = 0;
	for (;;) {
		ssize_t got;

		if (size - *length < FIRST_LINE) {
			char *more = realloc(text, size * 2 + 2 * FIRST_LINE);

			if (more == NULL)
				break;
			text = more;
			size = size * 2 + 2 * FIRST_LINE;
		}
		got = read(fd, text + *length, size - *length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			return text;
		if (got < 0)
			break;
		*length += (size_t)got;
	}
	free(text);
	return NULL;
}

static int picture_of_text(struct picture *picture, int fd, const char *name)
{
	size_t length;
	char *text = read_all(fd, &length);

	picture->origin = ORIGIN_SAVED;
	picture->max_map_count = DEFAULT_MAX_MAP_COUNT;
	picture->stack_limit = UINT64_C(8) << 20;
	if (text == NULL) {
		complain_errno("%s", name);
		return -1;
	}
	if (picture_parse(picture, text, length, name) != 0)
		return -1;
	if (!picture->flags_known)
		picture_note(picture, "The flags of the areas: they are in smaps, not in maps.");
	picture_classify(picture, NULL, 0);
	return 0;
}

static int take_file(struct picture *picture, const char *path,
		     const struct picture_options *options)
{
	bool input = strcmp(path, "-") == 0;
	int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int result;

	if (fd < 0 || (input && !keep_input())) {
		complain_errno("%s", input ? "standard input" : path);
		return -1;
	}
	if (looks_saved(fd))
		result = picture_of_text(picture, fd, input ? "standard input" : path);
	else
		result = picture_of_trace(picture, path, options);
	if (!input)
		close(fd);
	return result;
}

int picture_take(struct picture *picture, const char *argument,
		 const struct picture_options *options)
{
	uint64_t pid;

	picture->source = strcmp(argument, "-") == 0 ? "standard input" : argument;
	if (!is_number(argument))
		return take_file(picture, argument, options);
	if (options->pid != 0 || options->at_line != 0 || options->at_peak) {
		complain("--pid and --at are for traces; %s is the number of a process", argument);
		return -1;
	}
	if (!parse_number(argument, INT_MAX, &pid) || pid == 0) {
		complain("no process %s", argument);
		return -1;
	}
	return picture_of_process(picture, (pid_t)pid, options);
}
