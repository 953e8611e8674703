/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Arguments of calls, one printer each. They run while the task waits at the entry of the call,
 * since execve takes away what its arguments point to.
 */

#include "record_call.h"

#include "record_numbers.h"

#include <asm/prctl.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	STRING_LIMIT = 32, /* strace's default for strings that are no paths */
	PATH_LIMIT = 4095,
	ARGUMENTS_SHOWN = 32,
	NAME_LIMIT = 80, /* of an anonymous area */
};

static void comma(struct text *text)
{
	text_add(text, ", ", 2);
}

/* "3</usr/lib/libc.so.6>", "AT_FDCWD", "-1" */
static void add_descriptor(struct text *text, pid_t tid, uint64_t argument)
{
	if ((int)argument == AT_FDCWD)
		text_string(text, "AT_FDCWD");
	else
		file_print_descriptor(text, tid, (int)argument);
}

/* "ADDRESS, LENGTH": how most of them begin */
static void add_range(struct text *text, const uint64_t *arguments)
{
	text_pointer(text, arguments[0]);
	comma(text);
	text_decimal(text, arguments[1]);
}

void print_none(struct recorder *recorder, struct task *task)
{
	(void)recorder;
	(void)task;
}

void print_mmap(struct recorder *recorder, struct task *task)
{
	const uint64_t *arguments = task->arguments;
	struct text *text = &task->line;
	bool has_file = !(arguments[3] & MAP_ANONYMOUS) && (int)arguments[4] >= 0;

	add_range(text, arguments);
	comma(text);
	flags_prot(text, arguments[2]);
	comma(text);
	flags_map(text, arguments[3]);
	comma(text);
	if (has_file)
		file_describe(recorder, task, (int)arguments[4]);
	else
		text_signed(text, (int)arguments[4]);
	comma(text);
	if (arguments[5])
		text_hex(text, arguments[5]);
	else
		text_char(text, '0');
}

void print_range(struct recorder *recorder, struct task *task)
{
	(void)recorder;
	add_range(&task->line, task->arguments);
}

/* mprotect, and pkey_mprotect with its key */
void print_mprotect(struct recorder *recorder, struct task *task)
{
	print_range(recorder, task);
	comma(&task->line);
	flags_prot(&task->line, task->arguments[2]);
	if (task->call->number != SYS_pkey_mprotect)
		return;
	comma(&task->line);
	text_signed(&task->line, (int)task->arguments[3]);
}

void print_mremap(struct recorder *recorder, struct task *task)
{
	struct text *text = &task->line;

	print_range(recorder, task);
	comma(text);
	text_decimal(text, task->arguments[2]);
	comma(text);
	flags_mremap(text, task->arguments[3]);
	if (task->arguments[3] & (MREMAP_FIXED | MREMAP_DONTUNMAP)) {
		comma(text);
		text_pointer(text, task->arguments[4]);
	}
}

void print_brk(struct recorder *recorder, struct task *task)
{
	(void)recorder;
	text_pointer(&task->line, task->arguments[0]);
}

void print_madvise(struct recorder *recorder, struct task *task)
{
	print_range(recorder, task);
	comma(&task->line);
	flags_madvise(&task->line, task->arguments[2]);
}

void print_process_madvise(struct recorder *recorder, struct task *task)
{
	enum { SHOWN = 64 };
	const uint64_t *arguments = task->arguments;
	struct text *text = &task->line;
	uint64_t ranges[2 * SHOWN];
	uint64_t count = arguments[2] < SHOWN ? arguments[2] : SHOWN;
	size_t got = memory_read(task->tid, arguments[1], ranges, (size_t)count * 16) / 16;

	(void)recorder;
	add_descriptor(text, task->tid, arguments[0]);
	text_string(text, ", [");
	for (size_t i = 0; i < got; i++) {
		text_string(text, i ? ", {iov_base=" : "{iov_base=");
		text_pointer(text, ranges[2 * i]);
		text_format(text, ", iov_len=%" PRIu64 "}", ranges[2 * i + 1]);
	}
	text_string(text, arguments[2] > got ? ", ...], " : "], ");
	text_decimal(text, arguments[2]);
	comma(text);
	flags_madvise(text, arguments[3]);
	comma(text);
	text_decimal(text, arguments[4] & UINT32_MAX);
}

void print_mlock2(struct recorder *recorder, struct task *task)
{
	print_range(recorder, task);
	comma(&task->line);
	flags_mlock2(&task->line, task->arguments[2] & UINT32_MAX);
}

void print_mlockall(struct recorder *recorder, struct task *task)
{
	(void)recorder;
	flags_mlockall(&task->line, task->arguments[0] & UINT32_MAX);
}

void print_mseal(struct recorder *recorder, struct task *task)
{
	print_range(recorder, task);
	comma(&task->line);
	text_decimal(&task->line, task->arguments[2]);
}

void print_remap_file_pages(struct recorder *recorder, struct task *task)
{
	print_range(recorder, task);
	comma(&task->line);
	flags_prot(&task->line, task->arguments[2]);
	comma(&task->line);
	text_decimal(&task->line, task->arguments[3]);
	comma(&task->line);
	flags_map(&task->line, task->arguments[4]);
}

void print_shmat(struct recorder *recorder, struct task *task)
{
	(void)recorder;
	text_signed(&task->line, (int)task->arguments[0]);
	comma(&task->line);
	text_pointer(&task->line, task->arguments[1]);
	comma(&task->line);
	flags_shmat(&task->line, task->arguments[2] & UINT32_MAX);
}

void print_shmdt(struct recorder *recorder, struct task *task)
{
	(void)recorder;
	text_pointer(&task->line, task->arguments[0]);
}

static void add_set_vma(struct task *task)
{
	static const struct flag_name options[] = { { 0, "PR_SET_VMA_ANON_NAME" }, { 0, NULL } };
	struct text *text = &task->line;

	comma(text);
	flags_one(text, options, "PR_SET_VMA_???", task->arguments[1]);
	comma(text);
	text_pointer(text, task->arguments[2]);
	comma(text);
	text_decimal(text, task->arguments[3]);
	comma(text);
	if (task->arguments[4])
		memory_print_string(text, task->tid, task->arguments[4], NAME_LIMIT);
	else
		text_string(text, "NULL");
}

static void add_set_mm(struct task *task)
{
	static const struct flag_name options[] = {
		{ 1, "PR_SET_MM_START_CODE" },	{ 2, "PR_SET_MM_END_CODE" },
		{ 3, "PR_SET_MM_START_DATA" },	{ 4, "PR_SET_MM_END_DATA" },
		{ 5, "PR_SET_MM_START_STACK" }, { 6, "PR_SET_MM_START_BRK" },
		{ 7, "PR_SET_MM_BRK" },		{ 8, "PR_SET_MM_ARG_START" },
		{ 9, "PR_SET_MM_ARG_END" },	{ 10, "PR_SET_MM_ENV_START" },
		{ 11, "PR_SET_MM_ENV_END" },	{ 12, "PR_SET_MM_AUXV" },
		{ 13, "PR_SET_MM_EXE_FILE" },	{ 14, "PR_SET_MM_MAP" },
		{ 15, "PR_SET_MM_MAP_SIZE" },	{ 0, NULL },
	};
	struct prctl_mm_map map;
	struct text *text = &task->line;

	comma(text);
	flags_one(text, options, "PR_SET_MM_???", task->arguments[1]);
	comma(text);
	if (task->arguments[1] == PR_SET_MM_MAP &&
	    memory_read(task->tid, task->arguments[2], &map, sizeof(map)) == sizeof(map)) {
		text_format(text, "{start_brk=%#llx, brk=%#llx, start_stack=%#llx}",
			    (unsigned long long)map.start_brk, (unsigned long long)map.brk,
			    (unsigned long long)map.start_stack);
	} else {
		text_pointer(text, task->arguments[2]);
	}
	comma(text);
	text_decimal(text, task->arguments[3]);
	comma(text);
	text_decimal(text, task->arguments[4]);
}

void print_prctl(struct recorder *recorder, struct task *task)
{
	static const struct flag_name options[] = {
		{ PR_SET_VMA, "PR_SET_VMA" },
		{ PR_SET_MM, "PR_SET_MM" },
		{ PR_SET_MDWE, "PR_SET_MDWE" },
		{ PR_SET_THP_DISABLE, "PR_SET_THP_DISABLE" },
		{ PR_SET_MEMORY_MERGE, "PR_SET_MEMORY_MERGE" },
		{ 0, NULL },
	};
	uint64_t option = task->arguments[0] & UINT32_MAX;

	(void)recorder;
	flags_one(&task->line, options, "PR_???", option);
	if (option == PR_SET_VMA) {
		add_set_vma(task);
	} else if (option == PR_SET_MM) {
		add_set_mm(task);
	} else {
		for (int i = 1; i < 5; i++) {
			comma(&task->line);
			text_decimal(&task->line, task->arguments[i]);
		}
	}
}

void print_arch_prctl(struct recorder *recorder, struct task *task)
{
	static const struct flag_name options[] = {
		{ ARCH_MAP_VDSO_X32, "ARCH_MAP_VDSO_X32" },
		{ ARCH_MAP_VDSO_32, "ARCH_MAP_VDSO_32" },
		{ ARCH_MAP_VDSO_64, "ARCH_MAP_VDSO_64" },
		{ ARCH_SHSTK_ENABLE, "ARCH_SHSTK_ENABLE" },
		{ ARCH_SHSTK_DISABLE, "ARCH_SHSTK_DISABLE" },
		{ 0, NULL },
	};

	(void)recorder;
	flags_one(&task->line, options, "ARCH_???", task->arguments[0] & UINT32_MAX);
	comma(&task->line);
	text_hex(&task->line, task->arguments[1]);
}

void print_clone(struct recorder *recorder, struct task *task)
{
	enum { SIGNAL_MASK = 0xff };
	const uint64_t *arguments = task->arguments;
	struct text *text = &task->line;
	uint64_t flags = arguments[0] & UINT32_MAX & ~(uint64_t)SIGNAL_MASK;

	(void)recorder;
	text_string(text, "child_stack=");
	text_pointer(text, arguments[1]);
	text_string(text, ", flags=");
	flags_clone(text, flags);
	if (arguments[0] & SIGNAL_MASK) {
		text_char(text, '|');
		flags_signal(text, arguments[0] & SIGNAL_MASK);
	}
	if (flags & CLONE_SETTLS) {
		text_string(text, ", tls=");
		text_hex(text, arguments[4]);
	}
	if (flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)) {
		text_string(text, ", child_tidptr=");
		text_hex(text, arguments[3]);
	}
}

void print_clone3(struct recorder *recorder, struct task *task)
{
	struct text *text = &task->line;
	struct clone_args clone = { 0 };
	size_t size =
		task->arguments[1] < sizeof(clone) ? (size_t)task->arguments[1] : sizeof(clone);

	(void)recorder;
	if (size == 0 || memory_read(task->tid, task->arguments[0], &clone, size) < size) {
		text_pointer(text, task->arguments[0]);
	} else {
		text_string(text, "{flags=");
		flags_clone(text, clone.flags);
		text_string(text, ", exit_signal=");
		flags_signal(text, clone.exit_signal);
		text_string(text, ", stack=");
		text_pointer(text, clone.stack);
		text_string(text, ", stack_size=");
		text_hex(text, clone.stack_size);
		if (clone.flags & CLONE_SETTLS) {
			text_string(text, ", tls=");
			text_hex(text, clone.tls);
		}
		text_char(text, '}');
	}
	comma(text);
	text_decimal(text, task->arguments[1]);
}

static void add_argument_vector(struct text *text, pid_t tid, uint64_t vector)
{
	uint64_t pointers[ARGUMENTS_SHOWN + 1];
	size_t count;

	if (vector == 0) {
		text_string(text, "NULL");
		return;
	}
	count = memory_read(tid, vector, pointers, sizeof(pointers)) / sizeof(*pointers);
	text_char(text, '[');
	for (size_t i = 0; i < count && pointers[i]; i++) {
		if (i)
			comma(text);
		if (i == ARGUMENTS_SHOWN)
			text_string(text, "...");
		else
			memory_print_string(text, tid, pointers[i], STRING_LIMIT);
	}
	text_char(text, ']');
}

/* The vector's address, and the number of its strings in a comment. */
static void add_environment(struct text *text, pid_t tid, uint64_t vector)
{
	enum { CHUNK = 64, MOST = 65536 };
	uint64_t pointers[CHUNK];
	unsigned count = 0;
	bool ended = vector == 0;

	text_pointer(text, vector);
	while (!ended && count < MOST) {
		/* Up to the end of a page: the list may end there. */
		uint64_t at = vector + 8 * (uint64_t)count;
		size_t want = (size_t)(4096 - at % 4096) / 8;
		size_t got;

		want = want == 0 ? 1 : want > CHUNK ? CHUNK : want;
		got = memory_read(tid, at, pointers, want * 8) / 8;
		for (size_t i = 0; i < got && !ended; i++) {
			ended = pointers[i] == 0;
			count += !ended;
		}
		if (got < want)
			break;
	}
	if (ended && vector)
		text_format(text, " /* %u var%s */", count, count == 1 ? "" : "s");
}

static void add_exec(struct task *task, const uint64_t *arguments)
{
	struct text *text = &task->line;

	memory_print_string(text, task->tid, arguments[0], PATH_LIMIT);
	comma(text);
	add_argument_vector(text, task->tid, arguments[1]);
	comma(text);
	add_environment(text, task->tid, arguments[2]);
}

void print_execve(struct recorder *recorder, struct task *task)
{
	(void)recorder;
	add_exec(task, task->arguments);
}

void print_execveat(struct recorder *recorder, struct task *task)
{
	(void)recorder;
	add_descriptor(&task->line, task->tid, task->arguments[0]);
	comma(&task->line);
	add_exec(task, task->arguments + 1);
	comma(&task->line);
	flags_execveat(&task->line, task->arguments[4]);
}

static void add_limit(struct text *text, pid_t tid, uint64_t address)
{
	struct rlimit64 limit;
	static const char *const names[] = { "{rlim_cur=", ", rlim_max=" };

	if (address == 0 || memory_read(tid, address, &limit, sizeof(limit)) < sizeof(limit)) {
		text_pointer(text, address);
		return;
	}
	for (int i = 0; i < 2; i++) {
		uint64_t value = i ? limit.rlim_max : limit.rlim_cur;

		text_string(text, names[i]);
		if (value == RLIM64_INFINITY)
			text_string(text, "RLIM64_INFINITY");
		else
			text_decimal(text, value);
	}
	text_char(text, '}');
}

void print_setrlimit(struct recorder *recorder, struct task *task)
{
	(void)recorder;
	flags_resource(&task->line, task->arguments[0]);
	comma(&task->line);
	add_limit(&task->line, task->tid, task->arguments[1]);
}

void print_prlimit(struct recorder *recorder, struct task *task)
{
	(void)recorder;
	text_signed(&task->line, (int)task->arguments[0]);
	comma(&task->line);
	flags_resource(&task->line, task->arguments[1]);
	comma(&task->line);
	add_limit(&task->line, task->tid, task->arguments[2]);
	comma(&task->line);
	text_pointer(&task->line, task->arguments[3]);
}

void print_personality(struct recorder *recorder, struct task *task)
{
	(void)recorder;
	flags_personality(&task->line, task->arguments[0]);
}

void print_mbind(struct recorder *recorder, struct task *task)
{
	const uint64_t *arguments = task->arguments;
	struct text *text = &task->line;
	uint64_t mask;

	print_range(recorder, task);
	comma(text);
	flags_mbind_mode(text, arguments[2]);
	comma(text);
	if (arguments[3] && memory_read(task->tid, arguments[3], &mask, 8) == 8)
		text_format(text, "[%#018" PRIx64 "]", mask);
	else
		text_pointer(text, arguments[3]);
	comma(text);
	text_decimal(text, arguments[4]);
	comma(text);
	flags_mbind(text, arguments[5]);
}

void print_home_node(struct recorder *recorder, struct task *task)
{
	print_range(recorder, task);
	comma(&task->line);
	text_decimal(&task->line, task->arguments[2]);
	comma(&task->line);
	text_decimal(&task->line, task->arguments[3]);
}

void print_io_setup(struct recorder *recorder, struct task *task)
{
	(void)recorder;
	text_decimal(&task->line, task->arguments[0] & UINT32_MAX);
	comma(&task->line);
	text_pointer(&task->line, task->arguments[1]);
}

void print_io_destroy(struct recorder *recorder, struct task *task)
{
	(void)recorder;
	text_hex(&task->line, task->arguments[0]);
}

/* The argument of a userfaultfd call; all structures begin with one or two ranges. */
static void add_uffd_argument(struct text *text, pid_t tid, uint32_t command, uint64_t address)
{
	uint64_t words[4] = { 0 };
	size_t count = command == UFFDIO_UNREGISTER				  ? 2
		       : command == UFFDIO_REGISTER || command == UFFDIO_ZEROPAGE ? 3
										  : 4;

	if (memory_read(tid, address, words, count * 8) < count * 8) {
		text_pointer(text, address);
	} else if (command == UFFDIO_COPY || command == UFFDIO_MOVE) {
		text_format(text,
			    "{dst=%#" PRIx64 ", src=%#" PRIx64 ", len=%#" PRIx64 ", mode=%#" PRIx64
			    "}",
			    words[0], words[1], words[2], words[3]);
	} else if (command == UFFDIO_UNREGISTER) {
		text_format(text, "{start=%#" PRIx64 ", len=%#" PRIx64 "}", words[0], words[1]);
	} else {
		text_format(text, "{range={start=%#" PRIx64 ", len=%#" PRIx64 "}, mode=", words[0],
			    words[1]);
		if (command == UFFDIO_REGISTER)
			flags_uffd_mode(text, words[2]);
		else
			text_hex(text, words[2]);
		text_char(text, '}');
	}
}

void print_ioctl(struct recorder *recorder, struct task *task)
{
	static const struct flag_name commands[] = {
		{ UFFDIO_REGISTER, "UFFDIO_REGISTER" }, { UFFDIO_UNREGISTER, "UFFDIO_UNREGISTER" },
		{ UFFDIO_COPY, "UFFDIO_COPY" },		{ UFFDIO_ZEROPAGE, "UFFDIO_ZEROPAGE" },
		{ UFFDIO_MOVE, "UFFDIO_MOVE" },		{ 0, NULL },
	};
	uint32_t command = (uint32_t)task->arguments[1];

	(void)recorder;
	add_descriptor(&task->line, task->tid, task->arguments[0]);
	comma(&task->line);
	flags_one(&task->line, commands, "UFFDIO_???", command);
	comma(&task->line);
	add_uffd_argument(&task->line, task->tid, command, task->arguments[2]);
}

void print_shadow_stack(struct recorder *recorder, struct task *task)
{
	print_range(recorder, task);
	comma(&task->line);
	text_hex(&task->line, task->arguments[2]);
}

void print_pkey_alloc(struct recorder *recorder, struct task *task)
{
	(void)recorder;
	text_decimal(&task->line, task->arguments[0]);
	comma(&task->line);
	text_hex(&task->line, task->arguments[1]);
}

void print_pkey_free(struct recorder *recorder, struct task *task)
{
	(void)recorder;
	text_signed(&task->line, (int)task->arguments[0]);
}
