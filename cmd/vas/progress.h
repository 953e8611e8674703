/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_PROGRESS_H
#define VAS_CMD_PROGRESS_H

/*
 * One progress bar on stderr, when that is a terminal; nothing otherwise. Drawn at most ten times
 * a second, so it may be told of every step. One bar at a time; one thread.
 */

#include <stdint.h>

/* `total` 0: not known; then a count stands there instead of a bar. `label` must outlive the bar.
 */
void progress_start(const char *label, uint64_t total);

void progress_at(uint64_t done);

/* Wipes the line; the next progress_at draws it again. For messages in between. */
void progress_hide(void);

/* Wipes the bar away for good. Harmless when there is none. */
void progress_end(void);

#endif
