/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The parser of traces: lines, calls, values, and the text of /proc/PID/maps. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../cmd/vas/trace.h"
#include "../../cmd/vas/trace_value.h"

static struct trace_parser *parser;
static struct trace_event event;

static int set_up(void **state)
{
	(void)state;
	parser = trace_parser_create("log");
	return parser == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	trace_parser_destroy(parser);
	return 0;
}

/* The event's text is only valid until the next line, which the tests heed. */
static void parse(const char *line)
{
	if (trace_parse(parser, slice_of(line), &event) != 0)
		fail_msg("%s", trace_parser_error(parser));
}

static void assert_text(struct slice slice, const char *text)
{
	if (!slice_equal(slice, text))
		fail_msg("'%.*s' is not '%s'", SLICE_ARGS(slice), text);
}

static void assert_broken(const char *line, const char *error)
{
	assert_int_equal(trace_parse(parser, slice_of(line), &event), -1);
	assert_string_equal(trace_parser_error(parser), error);
}

/* ---- values ---- */

static void assert_number(const char *text, uint64_t expected)
{
	uint64_t value;

	assert_true(value_number(slice_of(text), &value));
	assert_int_equal(value, expected);
}

static void numbers_in_every_notation(void **state)
{
	static const char *const wrong[] = {
		"",
		"-",
		"0x",
		"x",
		"12z",
		"0x1g",
		"4096*",
		"18446744073709551616",
		"0x10000000000000000",
		"4294967296*4294967296",
		"PROT_READ",
		"09",
	};
	uint64_t value;

	(void)state;
	assert_number("4096", 4096);
	assert_number("0x7f00", 0x7f00);
	assert_number("0600", 0600);
	assert_number("NULL", 0);
	assert_number("0", 0);
	assert_number("-1", UINT64_MAX);
	assert_number("8192*1024", 8192 * 1024);
	assert_number("0x66 /* MADV_??? */", 0x66);
	assert_number("8388608 /* 8192*1024 */", 8388608);
	assert_number("18446744073709551615", UINT64_MAX);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(value_number(slice_of(wrong[i]), &value));
}

static void assert_flags(const char *text, enum constant_set set, uint64_t expected)
{
	struct slice unknown;
	uint64_t value;

	assert_true(value_flags(slice_of(text), set, &value, &unknown));
	assert_int_equal(value, expected);
}

static void flags_in_every_style(void **state)
{
	struct slice unknown;
	uint64_t value;

	(void)state;
	assert_flags("PROT_READ|PROT_WRITE", CONSTANTS_PROT, 3);
	assert_flags("PROT_NONE", CONSTANTS_PROT, 0);
	assert_flags("0x3", CONSTANTS_PROT, 3);
	assert_flags("0x3 /* PROT_READ|PROT_WRITE */", CONSTANTS_PROT, 3);
	assert_flags("PROT_READ|0x10", CONSTANTS_PROT, 0x11);
	assert_flags("MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|21<<MAP_HUGE_SHIFT", CONSTANTS_MAP,
		     0x22 | 0x40000 | 21u << 26);
	assert_flags("0 /* PER_LINUX */|0x400000 /* READ_IMPLIES_EXEC */", CONSTANTS_PERSONALITY,
		     0x400000);
	assert_flags("CLONE_VM|CLONE_VFORK|SIGCHLD", CONSTANTS_CLONE, 0x100 | 0x4000 | 17);
	assert_flags("CLONE_VM|SIGRT_3", CONSTANTS_CLONE, 0x100);
	assert_false(value_flags(slice_of("PROT_READ|PROT_X"), CONSTANTS_PROT, &value, &unknown));
	assert_text(unknown, "PROT_X");
	assert_false(value_flags(slice_of(""), CONSTANTS_PROT, &value, &unknown));
	assert_false(value_flags(slice_of("1<<99"), CONSTANTS_MAP, &value, &unknown));
}

static void assert_descriptor(const char *text, int expected, const char *path, bool deleted)
{
	struct slice found;
	bool gone;
	int fd;

	assert_true(value_descriptor(slice_of(text), &fd, &found, &gone));
	assert_int_equal(fd, expected);
	assert_text(found, path);
	assert_int_equal(gone, deleted);
}

static void descriptors_with_and_without_paths(void **state)
{
	struct slice path;
	bool deleted;
	int fd;

	(void)state;
	assert_descriptor("3", 3, "", false);
	assert_descriptor("-1", -1, "", false);
	assert_descriptor("0xffffffff", -1, "", false);
	assert_descriptor("3</lib/x.so>", 3, "/lib/x.so", false);
	assert_descriptor("3</memfd:a, (\\\">(deleted)", 3, "/memfd:a, (\\\"", true);
	assert_descriptor("4<anon_inode:[userfaultfd]>", 4, "anon_inode:[userfaultfd]", false);
	assert_descriptor("1</dev/null<char 1:3>>", 1, "/dev/null<char 1:3>", false);
	assert_false(value_descriptor(slice_of("3</lib"), &fd, &path, &deleted));
	assert_false(value_descriptor(slice_of("4294967296"), &fd, &path, &deleted));
	assert_false(value_descriptor(slice_of("fd"), &fd, &path, &deleted));
}

static void fields_of_structures(void **state)
{
	const struct slice clone = slice_of(
		"{flags=CLONE_VM|CLONE_FS, child_tid=0x7f0a, stack_size=0x7fff80} => "
		"{parent_tid=[7108]}");
	const struct slice userfault = slice_of("{range={start=0x7000, len=0x1000}, mode=0x1}");
	struct slice value;

	(void)state;
	assert_true(value_field(clone, "flags", &value));
	assert_text(value, "CLONE_VM|CLONE_FS");
	assert_true(value_field(userfault, "len", &value));
	assert_text(value, "0x1000");
	assert_true(value_field(userfault, "mode", &value));
	assert_text(value, "0x1");
	assert_false(value_field(userfault, "flags", &value));
	assert_false(value_field(slice_of("0x7ffd"), "flags", &value));
}

static void strings_with_escapes(void **state)
{
	char text[32];

	(void)state;
	assert_int_equal(value_string(slice_of("\"a\\\"b\\\\\\n\\t\""), text, sizeof(text)), 6);
	assert_string_equal(text, "a\"b\\\n\t");
	value_string(slice_of("\"\\x2f\\x62\\57\\1\""), text, sizeof(text));
	assert_string_equal(text, "/b/\1");
	value_string(slice_of("\"abc\"..."), text, sizeof(text));
	assert_string_equal(text, "abc");
	assert_int_equal(value_string(slice_of("\"abcdef\""), text, 4), 6);
	assert_string_equal(text, "abc");
	assert_int_equal(value_string(slice_of("\"\\"), text, sizeof(text)), 1);
}

/* ---- what stands before a call ---- */

static void every_prefix_of_strace(void **state)
{
	static const struct {
		const char *prefix;
		bool has_pid, has_time;
		uint64_t time;
	} prefixes[] = {
		{ "", false, false, 0 },
		{ "7106 ", true, false, 0 },
		{ "7106  ", true, false, 0 },
		{ "7106<bash> ", true, false, 0 },
		{ "[pid  7106] ", true, false, 0 },
		{ "[pid 7106<a ]b>] ", true, false, 0 },
		{ "7106 01:56:03 ", true, true, UINT64_C(6963000000) },
		{ "7106 01:56:03.258240 ", true, true, UINT64_C(6963258240) },
		{ "7106 1795312563.298206 ", true, true, UINT64_C(1795312563298206) },
		{ "7106 1795312563.298206299 ", true, true, UINT64_C(1795312563298206) },
		{ "7106 1795312563 (+     0.000273) ", true, true, UINT64_C(1795312563000000) },
		{ "7106      0.000019 ", true, true, 19 },
		{ "7106      0 ", true, true, 0 },
		{ "     0.000019 ", false, true, 19 },
		{ "     0 ", false, true, 0 },
		{ "1795312563 ", false, true, UINT64_C(1795312563000000) },
		{ "7106 [   9] [00007f3aff881ca3] ", true, false, 0 },
		{ "[????????????????] ", false, false, 0 },
		{ "[pid  7106] 01:56:03 [  9] ", true, true, UINT64_C(6963000000) },
	};
	char line[128];

	(void)state;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		snprintf(line, sizeof(line), "%smunmap(0x7000, 4096) = 0", prefixes[i].prefix);
		parse(line);
		assert_int_equal(event.kind, TRACE_CALL);
		assert_int_equal(event.call.kind, CALL_MUNMAP);
		assert_int_equal(event.has_pid, prefixes[i].has_pid);
		assert_int_equal(event.pid, prefixes[i].has_pid ? 7106 : 0);
		assert_int_equal(event.has_time, prefixes[i].has_time);
		assert_int_equal(event.time, prefixes[i].time);
	}
}

static void prefixes_that_are_none(void **state)
{
	(void)state;
	assert_broken("[pid 99999999] munmap(0, 1) = 0", "log:1: a process id that cannot be read");
	assert_broken("[pid ] munmap(0, 1) = 0", "log:2: a process id that cannot be read");
	assert_int_equal(trace_parse(parser, slice_of("[pid 1"), &event), -1);
	assert_int_equal(trace_parse(parser, slice_of("12:34:56:78 brk(0) = 0"), &event), -1);
	assert_int_equal(trace_parse(parser,
				     slice_of("\x7f"
					      "ELF\x02"),
				     &event),
			 -1);
	assert_int_equal(trace_parse(parser, slice_of("hello"), &event), -1);
}

/* ---- calls ---- */

static void a_call_with_all_that_an_argument_can_have(void **state)
{
	(void)state;
	parse("7 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, "
	      "3</memfd:a, (\\\"b>(deleted), 0x1000) = 0x7f0a00001000 <0.000011>");
	assert_int_equal(event.call.count, 6);
	assert_text(event.call.arguments[0], "NULL");
	assert_text(event.call.arguments[3], "MAP_SHARED");
	assert_text(event.call.arguments[4], "3</memfd:a, (\\\"b>(deleted)");
	assert_text(event.call.arguments[5], "0x1000");
	assert_int_equal(event.call.result, RESULT_VALUE);
	assert_int_equal(event.call.value, UINT64_C(0x7f0a00001000));
	assert_text(event.call.result_text, "0x7f0a00001000");
	parse("7 execve(\"./a, )b\", [\"x\", \"y)\"], 0x7ffd /* 41 vars */) = 0");
	assert_int_equal(event.call.count, 3);
	assert_text(event.call.arguments[1], "[\"x\", \"y)\"]");
	parse("7 ioctl(4<TCP:[1.2.3.4:5->6.7.8.9:10]>, TCGETS, {a=1}) = -1 ENOTTY (x)");
	assert_int_equal(event.call.count, 3);
	parse("munlockall()                      = 0");
	assert_int_equal(event.call.count, 0);
}

static void every_kind_of_result(void **state)
{
	(void)state;
	parse("7 mmap(NULL, 0, PROT_NONE, MAP_PRIVATE, -1, 0) = -1 EINVAL (Invalid argument)");
	assert_int_equal(event.call.result, RESULT_ERROR);
	assert_int_equal(event.call.error, 22);
	parse("7 mmap(NULL, 1, PROT_NONE, 0x8, -1, 0) = -1 (errno 524)");
	assert_int_equal(event.call.error, 524);
	parse("7 munmap(NULL, 1) = -1 ESOMETHING (New error)");
	assert_int_equal(event.call.error, UNKNOWN_ERRNO);
	parse("7 exit_group(0)                     = ?");
	assert_int_equal(event.call.result, RESULT_NONE);
	parse("7 exit_group(0 <unfinished ...>) = ?");
	assert_int_equal(event.call.result, RESULT_NONE);
	assert_text(event.call.arguments[0], "0");
	parse("7 clone(child_stack=NULL, flags=SIGCHLD) = ? ERESTARTNOINTR (To be restarted)");
	assert_int_equal(event.call.result, RESULT_RESTART);
	parse("7 clone(child_stack=NULL, flags=SIGCHLD) = 12<child> <0.1>");
	assert_int_equal(event.call.value, 12);
	parse("7 openat(AT_FDCWD</home>, \"x\", O_RDONLY) = 3</home/x>");
	assert_int_equal(event.call.value, 3);
	assert_text(event.call.result_text, "3</home/x>");
	parse("7 personality(0xffffffff) = 0 (PER_LINUX)");
	assert_int_equal(event.call.value, 0);
}

static void calls_that_are_broken(void **state)
{
	static const char *const lines[] = {
		"7 munmap(0x7000, 4096)",
		"7 munmap(0x7000, 4096",
		"7 munmap(0x7000, 4096) =",
		"7 munmap(0x7000, 4096) = x",
		"7 munmap(0x7000, 4096] = 0",
		"7 munmap(\"0x7000, 4096) = 0",
		"7 munmap(0x7 /* , 4096) = 0",
		"7 munmap(1, 2, 3, 4, 5, 6, 7, 8, 9) = 0",
		"7 munmap(0x7000, 4096) = -1 x",
		"7 munmap(3</lib, 4096) = 0",
		"7 munmap(0, 1) = 99999999999999999999999",
		"7 <... munmap 4096) = 0",
		"7 +++ gone +++",
		"7 munmap",
		"7 (0) = 0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(trace_parse(parser, slice_of(lines[i]), &event), -1);
	assert_broken("7 munmap(0, 1)", "log:16: no result after the arguments");
}

static void calls_of_no_interest_are_not_looked_at(void **state)
{
	(void)state;
	parse("7 write(1, \"unfinished ((( ...\", 20) = 20");
	assert_int_equal(event.kind, TRACE_OTHER);
	parse("7 some_new_call({[(\" what = ever");
	assert_int_equal(event.kind, TRACE_OTHER);
	parse("7 read(3,  <unfinished ...>");
	assert_int_equal(event.kind, TRACE_OTHER);
	parse("7 <... read resumed>\"x\", 1) = 1");
	assert_int_equal(event.kind, TRACE_OTHER);
	assert_true(event.call.joined);
}

static void numbers_that_strace_has_no_name_for(void **state)
{
	(void)state;
	parse("7 syscall_0x1ce(0x7fae27461000, 0x1000, 0, 0x55, 0, 0x7ffd) = 0");
	assert_int_equal(event.call.kind, CALL_MSEAL);
}

/* ---- calls in two halves ---- */

static void halves_are_joined(void **state)
{
	(void)state;
	parse("7 munmap(0x7000, 4096 <unfinished ...>");
	assert_int_equal(event.kind, TRACE_START);
	assert_int_equal(event.call.count, 2);
	assert_text(event.call.arguments[1], "4096");
	parse("8 clone3({flags=CLONE_VM, stack=0x1} <unfinished ...>");
	assert_text(event.call.arguments[0], "{flags=CLONE_VM, stack=0x1}");
	parse("7 <... munmap resumed>)             = 0");
	assert_int_equal(event.kind, TRACE_CALL);
	assert_int_equal(event.call.count, 2);
	assert_true(event.call.joined);
	assert_int_equal(event.call.start_line, 1);
	assert_int_equal(event.line, 3);
	parse("8 <... clone3 resumed> => {parent_tid=[9]}, 88) = 9");
	assert_int_equal(event.call.kind, CALL_CLONE3);
	assert_int_equal(event.call.value, 9);
	parse("7 vfork( <unfinished ...>");
	parse("7 <... vfork resumed>)              = 10");
	assert_int_equal(event.call.kind, CALL_VFORK);
	parse("7 brk(NULL <unfinished ...>");
	parse("7 <... brk resumed> )              = 0x55000"); /* older straces */
	assert_int_equal(event.call.value, 0x55000);
}

static void a_half_finds_its_other_half_when_pids_come_and_go(void **state)
{
	(void)state;
	parse("munmap(0x7000, 4096 <unfinished ...>");
	parse("[pid 8] munmap(0x9000, 4096 <unfinished ...>");
	parse("[pid 7] <... munmap resumed>)         = 0");
	assert_text(event.call.arguments[0], "0x7000");
	parse("<... munmap resumed>)                   = 0");
	assert_text(event.call.arguments[0], "0x9000");
	assert_int_equal(event.pid, 8);
	parse("[pid 8] execve(\"x\", [], 0x1 <unfinished ...>");
	parse("[pid 7] +++ superseded by execve in pid 8 +++");
	assert_int_equal(event.kind, TRACE_SUPERSEDED);
	assert_int_equal(event.number, 8);
	parse("[pid 7] <... execve resumed>) = 0");
	assert_int_equal(event.call.kind, CALL_EXECVE);
	assert_int_equal(event.pid, 7);
}

static void the_end_of_a_call_that_began_before_the_log(void **state)
{
	(void)state;
	parse("7 <... mmap resumed>) = 0x7000");
	assert_int_equal(event.kind, TRACE_OTHER);
}

static void torn_lines_are_mended(void **state)
{
	(void)state;
	parse("clone(child_stack=NULL, flags=SIGCHLDstrace: Process 9 attached");
	assert_int_equal(event.kind, TRACE_ATTACHED);
	assert_int_equal(event.pid, 9);
	parse(", child_tidptr=0x7f) = 9");
	assert_int_equal(event.call.kind, CALL_CLONE);
	assert_text(event.call.arguments[1], "flags=SIGCHLD");
	assert_int_equal(event.call.value, 9);
	parse("[pid 7] vfork(strace: Process 10 attached");
	parse(" <unfinished ...>");
	assert_int_equal(event.kind, TRACE_START);
	assert_int_equal(event.pid, 7);
	parse("[pid 7] <... vfork resumed>strace: Process 11 attached");
	parse(") = 10");
	assert_int_equal(event.call.value, 10);
}

/* ---- other lines ---- */

static void lines_without_news(void **state)
{
	static const char *const lines[] = {
		"",
		" > /usr/lib/libc.so.6(mmap+0x37) [0x10a]",
		" | 00000  7f 45 4c 46  .ELF |",
		"strace: Process 7 detached",
		"strace: [ Process PID=7 runs in x32 mode. ]\r",
		"% time     seconds  usecs/call     calls    errors syscall",
		"------ ----------- ----------- --------- --------- ---------",
		"  0.00    0.000000           0        31         3 mmap",
		"100.00    0.000000           0       143        16 total",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		parse(lines[i]);
		if (event.kind != TRACE_BITS)
			assert_int_equal(event.kind, TRACE_NOTHING);
	}
	parse("7 brk(NULL) = 0x1000"); /* the table has ended */
	assert_int_equal(event.kind, TRACE_CALL);
}

static void ends_and_signals(void **state)
{
	(void)state;
	parse("7 +++ exited with 0 +++");
	assert_int_equal(event.kind, TRACE_EXITED);
	parse("[pid 7] +++ killed by SIGSEGV (core dumped) +++");
	assert_int_equal(event.kind, TRACE_EXITED);
	parse("7 --- SIGSEGV {si_signo=SIGSEGV, si_addr=0x8} ---");
	assert_int_equal(event.kind, TRACE_SIGNAL);
	assert_text(event.words, "SIGSEGV");
	parse("strace: [ Process PID=7 runs in 32 bit mode. ]");
	assert_int_equal(event.kind, TRACE_BITS);
	assert_int_equal(event.number, 32);
	parse("8 execve(\"x\", [], 0x1 <pid changed to 7 ...>");
	assert_int_equal(event.kind, TRACE_RENAMED);
	assert_int_equal(event.number, 7);
}

static void lines_of_the_recorder(void **state)
{
	struct slice value;
	uint64_t number;

	(void)state;
	parse("@vas-trace 1 kernel=6.18.44-x machine=x86_64");
	assert_int_equal(event.kind, TRACE_RECORD);
	assert_true(trace_word(event.words, "machine", &value));
	assert_text(value, "x86_64");
	parse("7 12.5 @layout start_brk=0x55000 caps=ipc_lock");
	assert_int_equal(event.kind, TRACE_LAYOUT);
	assert_true(trace_word_number(event.words, "start_brk", &number));
	assert_int_equal(number, 0x55000);
	assert_false(trace_word(event.words, "brk", &value));
	parse("7 @limits as=unlimited:unlimited stack=8388608:unlimited");
	assert_true(trace_word(event.words, "stack", &value));
	assert_text(value, "8388608:unlimited");
	parse("7 @file 3 dev=fe:00 ino=5 id=2 path=\"/a \\\" ino=6\" size=7");
	assert_int_equal(event.number, 3);
	assert_true(trace_word_number(event.words, "ino", &number));
	assert_int_equal(number, 5);
	assert_true(trace_word_number(event.words, "size", &number));
	assert_int_equal(number, 7);
	assert_true(trace_word(event.words, "path", &value));
	assert_text(value, "/a \\\" ino=6");
	parse("7 @touch w 0x7fae2745f000 k");
	assert_int_equal(event.access, 'w');
	assert_true(event.in_kernel);
	assert_int_equal(event.number, UINT64_C(0x7fae2745f000));
	parse("7 @snapshot exit 12");
	assert_text(event.words, "exit");
	assert_int_equal(event.number, 12);
	parse("7 @area 7f0000-7f1000 rw-p 00000000 00:00 0  [heap] @ rd wr mr mw me anon=4");
	assert_text(event.area.name, "[heap]");
	assert_int_equal(event.area.anon, 4);
	parse("@end exit");
	assert_int_equal(event.kind, TRACE_END);
}

static void lines_of_a_recorder_that_are_broken(void **state)
{
	static const char *const lines[] = {
		"@vas-trace 2",	       "@vas-trace",
		"@new thing",	       "@touch w 0x1000",
		"7 @touch q 0x1000",   "7 @touch w",
		"7 @touch w 0x1000 j", "7 @snapshot then 4",
		"7 @snapshot exec",    "7 @snapshot exec 99999999999",
		"7 @area 1-2",	       "7 @file x",
		"7 @shm -1",	       "@lost",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(trace_parse(parser, slice_of(lines[i]), &event), -1);
}

/* ---- /proc/PID/maps ---- */

static void lines_of_maps(void **state)
{
	struct maps_line line;

	(void)state;
	assert_null(mapsfile_parse(slice_of("55dabb940000-55dabb942000 r-xp 00002000 fe:01 247134 "
					    "                    /usr/bin/a b (deleted)"),
				   &line));
	assert_int_equal(line.range.start, UINT64_C(0x55dabb940000));
	assert_int_equal(line.range.end, UINT64_C(0x55dabb942000));
	assert_memory_equal(line.mode, "r-xp", 4);
	assert_int_equal(line.offset, 0x2000);
	assert_int_equal(line.major, 0xfe);
	assert_int_equal(line.minor, 1);
	assert_int_equal(line.inode, 247134);
	assert_text(line.name, "/usr/bin/a b (deleted)");
	assert_true(mapsfile_has_file(&line));
	assert_null(mapsfile_parse(slice_of("1000-2000 rw-p 00000000 00:00 0 "), &line));
	assert_text(line.name, "");
	assert_false(mapsfile_has_file(&line));
	assert_null(mapsfile_parse(slice_of("1000-2000 rw-p 00000000 00:00 0"), &line));
	assert_null(mapsfile_parse(slice_of("ffffffffff600000-ffffffffff601000 --xp 00000000 "
					    "00:00 0   [vsyscall]"),
				   &line));
}

static void lines_of_maps_that_are_broken(void **state)
{
	static const char *const lines[] = {
		"",
		"1000",
		"1000-",
		"1000-2000",
		"1000-2000 rw-",
		"1000-2000 rwxq 0 0:0 0",
		"2000-1000 rw-p 0 0:0 0",
		"1000-1000 rw-p 0 0:0 0",
		"1000-2001 rw-p 0 0:0 0",
		"1000-2000 rw-p 10 0:0 0",
		"1000-2000 rw-p 0 0 0",
		"1000-2000 rw-p 0 0:0",
		"1000-2000 rw-p 0 0:0 99999999999999999999",
		"1000-2000 rw-p 0 100000000:0 0",
		"1000-2000 rw-p 0 0:0 0x",
		"10000000000001000-2000 rw-p 0 0:0 0",
	};
	struct maps_line line;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (mapsfile_parse(slice_of(lines[i]), &line) == NULL)
			fail_msg("'%s' was taken", lines[i]);
}

static void words_of_smaps(void **state)
{
	struct maps_line line;

	(void)state;
	assert_int_equal(mapsfile_words(slice_of("rd wr mr mw me ac sd ?? ")),
			 VAS_AREA_READ | VAS_AREA_WRITE | VAS_AREA_MAY_READ | VAS_AREA_MAY_WRITE |
				 VAS_AREA_MAY_EXEC | VAS_AREA_ACCOUNT);
	assert_null(mapsfile_parse_area(slice_of("1000-2000 r--p 00000000 00:00 0 /a @ b @ rd mr "
						 "anon=8 locked=4 new=1"),
					&line));
	assert_text(line.name, "/a @ b");
	assert_true(line.has_words);
	assert_true(line.has_anon);
	assert_int_equal(line.anon, 8);
	assert_int_equal(line.locked, 4);
	assert_int_equal(mapsfile_flags(&line), VAS_AREA_READ | VAS_AREA_MAY_READ);
	assert_null(mapsfile_parse_area(slice_of("1000-2000 r--p 00000000 00:00 0  @ "), &line));
	assert_false(line.has_words);
	assert_text(line.name, "");
}

static void a_whole_text_of_maps(void **state)
{
	struct slice rest = slice_of(
		"1000-2000 rw-p 00000000 00:00 0 \n"
		"nonsense\n"
		"3000-4000 rw-p 00000000 00:00 0");
	struct maps_line line;
	const char *error;

	(void)state;
	assert_int_equal(mapsfile_next(&rest, &line, &error), 1);
	assert_int_equal(mapsfile_next(&rest, &line, &error), -1);
	assert_int_equal(mapsfile_next(&rest, &line, &error), -1);
	assert_string_equal(error, "the text ends within a line");
	assert_int_equal(mapsfile_next(&rest, &line, &error), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_in_every_notation),
		cmocka_unit_test(flags_in_every_style),
		cmocka_unit_test(descriptors_with_and_without_paths),
		cmocka_unit_test(fields_of_structures),
		cmocka_unit_test(strings_with_escapes),
		cmocka_unit_test_setup_teardown(every_prefix_of_strace, set_up, tear_down),
		cmocka_unit_test_setup_teardown(prefixes_that_are_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_call_with_all_that_an_argument_can_have, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(every_kind_of_result, set_up, tear_down),
		cmocka_unit_test_setup_teardown(calls_that_are_broken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(calls_of_no_interest_are_not_looked_at, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(numbers_that_strace_has_no_name_for, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(halves_are_joined, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_half_finds_its_other_half_when_pids_come_and_go,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_end_of_a_call_that_began_before_the_log, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(torn_lines_are_mended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lines_without_news, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ends_and_signals, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lines_of_the_recorder, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lines_of_a_recorder_that_are_broken, set_up,
						tear_down),
		cmocka_unit_test(lines_of_maps),
		cmocka_unit_test(lines_of_maps_that_are_broken),
		cmocka_unit_test(words_of_smaps),
		cmocka_unit_test(a_whole_text_of_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
