/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_TRACE_CALL_H
#define VAS_CMD_TRACE_CALL_H

/* One call's text, cut up. Used by trace.c only. */

#include "trace.h"

enum call_state {
	CALL_WHOLE,	 /* "name(arguments) = result" */
	CALL_UNFINISHED, /* "name(arguments <unfinished ...>" */
	CALL_RENAMED,	 /* "execve(arguments <pid changed to N ...>" */
	CALL_BROKEN,	 /* none of these: *error says why */
};

/*
 * Cuts up a call that begins at text.at[0].
 *  => CALL_RENAMED: call->value is N.
 *  => arguments are looked at only if the call is of interest (call->kind is not CALL_OTHER), and
 *     then they must be well formed.
 *  => CALL_UNFINISHED: *head is the text up to the remark, to be joined with what comes later.
 */
enum call_state trace_call_cut(struct slice text, struct trace_call *call, struct slice *head,
			       const char **error);

/* [A-Za-z_][A-Za-z0-9_]* at the front of the text. */
struct slice trace_call_name(struct slice text);

#endif
