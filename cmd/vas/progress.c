/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The bar is drawn with a carriage return and one "erase line", which every terminal knows. */

#include "progress.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	BAR_WIDTH = 30,
	DRAW_NS = 100 * 1000 * 1000,
	FIRST_DRAW_NS = 500 * 1000 * 1000, /* short work shows no bar at all */
};

static struct {
	const char *label; /* NULL: no bar */
	uint64_t total, done;
	int64_t next; /* when to draw again */
	bool shown;
} bar;

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

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
	bar.next = now() + FIRST_DRAW_NS;
}

static void draw(void)
{
	char blocks[BAR_WIDTH + 1];
	uint64_t done = bar.done < bar.total ? bar.done : bar.total;
	double share;
	size_t full;

	bar.shown = true;
	if (bar.total == 0) {
		fprintf(stderr, "\r\033[K%s %" PRIu64, bar.label, bar.done);
		return;
	}
	share = (double)done / (double)bar.total;
	full = (size_t)(share * BAR_WIDTH);
	memset(blocks, '.', BAR_WIDTH);
	memset(blocks, '#', full);
	blocks[BAR_WIDTH] = '\0';
	fprintf(stderr, "\r\033[K%s [%s] %3d%%", bar.label, blocks, (int)(share * 100));
}

void progress_at(uint64_t done)
{
	int64_t time;

	if (bar.label == NULL)
		return;
	bar.done = done;
	time = now();
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
