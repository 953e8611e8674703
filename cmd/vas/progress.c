/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The bar is drawn with a carriage return and one "erase line", which every terminal knows. */

#include "progress.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"

enum {
	BAR_WIDTH = 30,
	BESIDE = 9, /* what stands on the line beside label and bar */
	DRAW_NS = 100 * 1000 * 1000,
	FIRST_DRAW_NS = 500 * 1000 * 1000, /* short work shows no bar at all */
};

static struct {
	const char *label; /* NULL: no bar */
	uint64_t total, done;
	uint64_t next; /* when to draw again */
	bool shown;
} bar;

static bool terminal(void)
{
	const char *name = getenv("TERM");

	return name != NULL && strcmp(name, "dumb") != 0 && isatty(STDERR_FILENO) == 1;
}

void progress_start(const char *label, uint64_t total)
{
	progress_end();
	if (!terminal())
		return;
	bar.label = label;
	bar.total = total;
	bar.done = 0;
	bar.next = wall_ns() + FIRST_DRAW_NS;
}

/* Of the terminal. */
static size_t columns(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* One line: of a label that is too long for that, its end. */
static void draw(void)
{
	char blocks[BAR_WIDTH + 1];
	uint64_t done = bar.done < bar.total ? bar.done : bar.total;
	size_t most = columns() > BESIDE ? columns() - BESIDE : 0, length = strlen(bar.label);
	size_t width = most / 2 < BAR_WIDTH ? most / 2 : BAR_WIDTH;
	const char *label = length > most - width ? bar.label + length - (most - width) : bar.label;
	double share;

	bar.shown = true;
	if (bar.total == 0) {
		fprintf(stderr, "\r\033[K%s %" PRIu64, label, bar.done);
		return;
	}
	share = (double)done / (double)bar.total;
	memset(blocks, '.', width);
	memset(blocks, '#', (size_t)(share * (double)width));
	blocks[width] = '\0';
	fprintf(stderr, "\r\033[K%s [%s] %3d%%", label, blocks, (int)(share * 100));
}

void progress_at(uint64_t done)
{
	uint64_t time;

	if (bar.label == NULL)
		return;
	bar.done = done;
	time = wall_ns();
	if (time < bar.next)
		return;
	bar.next = time + DRAW_NS;
	draw();
	fflush(stderr);
}

void progress_hide(void)
{
	if (bar.shown)
		fputs("\r\033[K", stderr);
	bar.shown = false;
	bar.next = 0;
}

void progress_end(void)
{
	progress_hide();
	bar.label = NULL;
}
