/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Signals as strace prints them: "--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, ...} ---" */

#include "record.h"

#include "record_call.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/ptrace.h>

/* Codes above 0 mean something else for each signal. */
static const char *code_name(int signal, int code)
{
	static const struct {
		int signal; /* 0: any */
		int code;
		const char *name;
	} names[] = {
		{ 0, SI_USER, "SI_USER" },
		{ 0, SI_KERNEL, "SI_KERNEL" },
		{ 0, SI_QUEUE, "SI_QUEUE" },
		{ 0, SI_TIMER, "SI_TIMER" },
		{ 0, SI_TKILL, "SI_TKILL" },
		{ SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR" },
		{ SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR" },
		{ SIGSEGV, SEGV_PKUERR, "SEGV_PKUERR" },
		{ SIGBUS, BUS_ADRALN, "BUS_ADRALN" },
		{ SIGBUS, BUS_ADRERR, "BUS_ADRERR" },
		{ SIGBUS, BUS_OBJERR, "BUS_OBJERR" },
		{ SIGCHLD, CLD_EXITED, "CLD_EXITED" },
		{ SIGCHLD, CLD_KILLED, "CLD_KILLED" },
		{ SIGCHLD, CLD_DUMPED, "CLD_DUMPED" },
		{ SIGCHLD, CLD_TRAPPED, "CLD_TRAPPED" },
		{ SIGCHLD, CLD_STOPPED, "CLD_STOPPED" },
		{ SIGCHLD, CLD_CONTINUED, "CLD_CONTINUED" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i].code == code && (!names[i].signal || names[i].signal == signal))
			return names[i].name;
	}
	return NULL;
}

static void add_details(struct text *text, int signal, const siginfo_t *info)
{
	const char *code = code_name(signal, info->si_code);

	text_string(text, "si_code=");
	if (code)
		text_string(text, code);
	else
		text_signed(text, info->si_code);
	if (signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE ||
	    signal == SIGTRAP) {
		if (info->si_code > 0) {
			text_string(text, ", si_addr=");
			text_pointer(text, (uint64_t)(uintptr_t)info->si_addr);
			return;
		}
	}
	if (signal == SIGCHLD || info->si_code == SI_USER || info->si_code == SI_TKILL ||
	    info->si_code == SI_QUEUE)
		text_format(text, ", si_pid=%d, si_uid=%u", info->si_pid, info->si_uid);
	if (signal == SIGCHLD && info->si_code > 0) {
		text_string(text, ", si_status=");
		if (info->si_code == CLD_EXITED)
			text_signed(text, info->si_status);
		else
			flags_signal(text, (uint64_t)info->si_status);
	}
}

void signal_write(struct recorder *recorder, struct task *task, int signal)
{
	struct text *text = &recorder->text;
	siginfo_t info;

	line_start_timed(recorder, task->tid);
	text_string(text, "--- ");
	flags_signal(text, (uint64_t)signal);
	if (ptrace(PTRACE_GETSIGINFO, task->tid, 0, &info) == 0) {
		text_string(text, " {si_signo=");
		flags_signal(text, (uint64_t)signal);
		text_string(text, ", ");
		add_details(text, signal, &info);
		text_char(text, '}');
	}
	text_string(text, " ---");
	line_end(recorder);
}
