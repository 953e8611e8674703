/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_TRACE_WORDS_H
#define VAS_CMD_TRACE_WORDS_H

/* The lines that `vas record` adds to strace's, which begin with '@'. Used by trace.c only. */

#include "trace.h"

/* Parses "@word ..." into the event; NULL, or what is wrong. */
const char *trace_words_parse(struct slice text, struct trace_event *event);

#endif
