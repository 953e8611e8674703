/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The subject: the process that does each call for real.
 *
 * It has no C library, no heap and hardly any mappings, so that what its /proc/PID/maps shows is
 * the work of the calls alone. Calls come from the generator, which works on a seed and on the
 * results so far, or from a script in the shared region. After each call a record with the result
 * and the text of /proc/self/maps goes into the ring; nobody answers, so the subject and the model
 * run side by side.
 *
 * A fork makes a further process of the run. One process runs at a time (`turn`), so that the run
 * as a whole is one sequence of calls. Before a process goes on after another has left, it waits
 * until that one's address space is gone for good.
 */

#include "call.h"
#include "generate.h"
#include "sys.h"

#include <asm/sigcontext.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/ioctl.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/signal.h>
#include <linux/userfaultfd.h>

#include <asm/ucontext.h>

#ifndef UFFD_FEATURE_SIGBUS
#define UFFD_FEATURE_SIGBUS (1 << 7)
#endif

static struct region *const region = (struct region *)REGION_ADDRESS;
static uint32_t self; /* this process' number */
static char own_stack[65536] __attribute__((aligned(4096), used));

/* The compiler calls these on its own. */
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);

void *memcpy(void *to, const void *from, size_t size)
{
	void *result = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
	return result;
}

void *memset(void *to, int byte, size_t size)
{
	void *result = to;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
	return result;
}

static void leave(int status) __attribute__((noreturn));
static void leave(int status)
{
	if (status != 0) {
		region->failure = status;
		region->stop = 1;
	}
	for (;;)
		sys1(__NR_exit_group, status);
}

/* Nobody reads the ring any more when the oracle is gone. */
static void check_oracle(void)
{
	if (sys2(__NR_kill, region->oracle_pid, 0) != 0)
		leave(3);
}

/*
 * Touching memory that may not be there.
 *
 * A fault moves the program counter to touch_back with the result in rax. To touch for execution,
 * the processor is put into single-step mode and sent to the address: it executes the one
 * instruction there (two zero bytes: add %al, (%rax), with rax at a scratch byte) and traps.
 */
static uint32_t traps;
static uint64_t scratch;

long touch_read(uint64_t address);
long touch_write(uint64_t address);
long touch_exec(uint64_t address, uint64_t *scratch);
extern char touch_back[];
void signal_return(void);
void start(void);

__asm__(".text\n"
	"touch_read:\n"
	"	movb (%rdi), %al\n"
	"	xorl %eax, %eax\n"
	"	ret\n"
	"touch_write:\n"
	"	lock orb $0, (%rdi)\n"
	"	xorl %eax, %eax\n"
	"	ret\n"
	"touch_exec:\n"
	"	movq %rsi, %rax\n"
	"	pushfq\n"
	"	orq $0x100, (%rsp)\n"
	"	popfq\n"
	"	jmp *%rdi\n"
	"touch_back:\n"
	"	ret\n"
	"signal_return:\n"
	"	movl $15, %eax\n"
	"	syscall\n"
	".globl _start\n"
	"_start:\n"
	"	leaq own_stack + 65536(%rip), %rsp\n"
	"	xorl %ebp, %ebp\n"
	"	call start\n");

static void on_fault(int number, struct siginfo *info, void *data)
{
	struct ucontext *context = data;

	if (number == SIGTRAP && traps++ == 0)
		return; /* after the jump; the target comes next */
	context->uc_mcontext.rip = (uint64_t)touch_back;
	context->uc_mcontext.eflags &= ~UINT64_C(0x100);
	if (number == SIGTRAP)
		context->uc_mcontext.rax = TOUCH_DONE;
	else if (number == SIGBUS)
		context->uc_mcontext.rax = TOUCH_BUS;
	else
		context->uc_mcontext.rax =
			info->si_code == SEGV_ACCERR ? TOUCH_NOT_ALLOWED : TOUCH_NO_AREA;
}

struct kernel_action {
	void *handler;
	uint64_t flags;
	void *restorer;
	uint64_t mask;
};

static void set_handler(int number, void *handler)
{
	struct kernel_action action = { handler, SA_SIGINFO | SA_NODEFER | 0x04000000,
					(void *)signal_return, 0 };

	sys4(__NR_rt_sigaction, number, &action, 0, 8);
}

static long touch(uint64_t address, uint64_t access)
{
	traps = 0;
	if (access == TOUCH_WRITE)
		return touch_write(address);
	if (access == TOUCH_EXEC)
		return touch_exec(address, &scratch);
	return touch_read(address);
}

/* Descriptors that belong to one address space: its files in /proc, its userfaultfds. */
static void open_at(const char *path, int wanted)
{
	long fd = sys3(__NR_open, path, 0x80000 /* O_CLOEXEC */, 0);

	if (fd < 0)
		leave(4);
	sys3(__NR_dup3, fd, wanted, 0x80000);
	sys1(__NR_close, fd);
}

static void open_own(void)
{
	struct uffdio_api api;
	int slot;
	long fd;

	open_at("/proc/self/maps", MAPS_FD);
	open_at("/proc/self/smaps", SMAPS_FD);
	open_at("/proc/self/status", STATUS_FD);
	if (!(region->features & FEATURE_FAULT) || !region->setup.privileged)
		return;
	for (slot = 0; slot < FAULT_SLOTS; slot++) {
		fd = sys1(__NR_userfaultfd, 0x80000 | 04000 /* O_CLOEXEC | O_NONBLOCK */);
		if (fd < 0)
			leave(5);
		api.api = UFFD_API;
		api.features = UFFD_FEATURE_SIGBUS;
		api.ioctls = 0;
		if (sys3(__NR_ioctl, fd, UFFDIO_API, &api) != 0)
			leave(6);
		sys3(__NR_dup3, fd, FAULT_FD + slot, 0x80000);
		sys1(__NR_close, fd);
	}
}

/* Reads all of a /proc file; returns its length. */
static uint32_t read_text(int fd, char *to, uint64_t room)
{
	uint64_t have = 0;
	long got;

	for (;;) {
		got = sys4(__NR_pread64, fd, to + have, room - have, have);
		if (got < 0)
			leave(7);
		if (got == 0)
			return (uint32_t)have;
		have += (uint64_t)got;
		if (have == room)
			leave(8);
	}
}

static void wait_for_room(uint64_t wanted)
{
	const struct {
		int64_t seconds, nanoseconds;
	} pause = { 0, 50000 };
	uint32_t tries = 0;

	while (region->head + wanted - __atomic_load_n(&region->tail, __ATOMIC_ACQUIRE) >
	       region->ring_size) {
		sys2(__NR_nanosleep, &pause, 0);
		if (++tries % 4096 == 0)
			check_oracle();
	}
}

/* Room for the longest record, in one piece. */
static struct record *ring_begin(void)
{
	char *ring = (char *)region + region->ring_offset;
	uint64_t at = region->head % region->ring_size;
	struct record *record;

	if (region->ring_size - at < region->text_max) {
		wait_for_room(region->ring_size - at);
		record = (struct record *)(ring + at);
		record->kind = RECORD_SKIP;
		record->size = (uint32_t)(region->ring_size - at);
		__atomic_store_n(&region->head, region->head + record->size, __ATOMIC_RELEASE);
		at = 0;
	}
	wait_for_room(region->text_max);
	return (struct record *)(ring + at);
}

static void write_record(uint32_t kind, const struct call *call, int64_t result, uint32_t maps,
			 uint32_t smaps)
{
	struct record *record = ring_begin();
	char *text = (char *)(record + 1);
	uint64_t room = region->text_max - sizeof(*record) - 64;

	record->kind = kind;
	record->call = *call;
	record->result = result;
	record->maps_bytes = record->smaps_bytes = record->status_bytes = 0;
	if (maps)
		record->maps_bytes = read_text(MAPS_FD, text, room);
	text += record->maps_bytes;
	room -= record->maps_bytes;
	if (smaps) {
		record->smaps_bytes = read_text(SMAPS_FD, text, room);
		text += record->smaps_bytes;
		room -= record->smaps_bytes;
		record->status_bytes = read_text(STATUS_FD, text, room);
		text += record->status_bytes;
	}
	record->size = (uint32_t)((uint64_t)(text - (char *)record) + 63) & ~63u;
	__atomic_store_n(&region->head, region->head + record->size, __ATOMIC_RELEASE);
}

static void wait_gone(int32_t pid)
{
	struct pollfd poll;
	long fd = sys2(__NR_pidfd_open, pid, 0);

	if (fd < 0)
		return;
	poll.fd = (int)fd;
	poll.events = POLLIN;
	while (sys3(__NR_poll, &poll, 1, 1000) == 0)
		check_oracle();
	sys1(__NR_close, fd);
}

static void give_turn(uint32_t to)
{
	__atomic_store_n(&region->turn, to, __ATOMIC_RELEASE);
	sys6(__NR_futex, &region->turn, FUTEX_WAKE, 0x7fffffff, 0, 0, 0);
}

static void wait_turn(void)
{
	const struct {
		int64_t seconds, nanoseconds;
	} second = { 1, 0 };
	uint32_t turn;

	while ((turn = __atomic_load_n(&region->turn, __ATOMIC_ACQUIRE)) != self) {
		if (turn == TURN_END || region->stop)
			leave(0);
		if (sys6(__NR_futex, &region->turn, FUTEX_WAIT, turn, &second, 0, 0) == -110)
			check_oracle();
	}
	if (region->leaving != 0)
		wait_gone(region->leaving);
	region->leaving = 0;
}

static int is_alive(uint32_t process)
{
	uint32_t i;

	for (i = 0; i < region->living; i++)
		if (region->alive[i] == process)
			return 1;
	return 0;
}

static long do_fork(const struct call *call)
{
	const struct call none = { 0 };
	long pid;

	if (region->living == LIVING_MAX || call->args[0] >= PROCESSES_MAX ||
	    is_alive((uint32_t)call->args[0]))
		return -11;
	pid = sys5(__NR_clone, 17 /* SIGCHLD */, 0, 0, 0, 0);
	if (pid == 0) {
		struct call first = none;

		self = (uint32_t)call->args[0];
		wait_turn();
		open_own();
		first.process = (uint16_t)self;
		write_record(RECORD_CHILD, &first, 0, 1, region->smaps_every != 0);
		return 1;
	}
	if (pid < 0)
		return pid;
	region->alive[region->living++] = (uint32_t)call->args[0];
	if (region->made <= call->args[0])
		region->made = (uint32_t)call->args[0] + 1;
	return 0;
}

static void do_exit(const struct call *call)
{
	uint32_t i = 0;

	write_record(CALL_EXIT, call, 0, 0, 0);
	region->recorded = 1;
	while (region->alive[i] != self)
		i++;
	region->alive[i] = region->alive[--region->living];
	if (region->living == 0) {
		write_record(RECORD_DONE, call, 0, 0, 0);
		leave(0);
	}
	region->leaving = (int32_t)sys0(__NR_getpid);
	give_turn(region->alive[0]);
	leave(0);
}

static int64_t do_register(const struct call *call)
{
	const uint64_t *a = call->args;
	struct uffdio_register wish;

	wish.range.start = a[1];
	wish.range.len = a[2];
	wish.mode = a[3];
	wish.ioctls = 0;
	return sys3(__NR_ioctl, FAULT_FD + a[0], UFFDIO_REGISTER, &wish);
}

static int64_t do_unregister(const struct call *call)
{
	const uint64_t *a = call->args;
	struct uffdio_range range;

	range.start = a[1];
	range.len = a[2];
	return sys3(__NR_ioctl, FAULT_FD + a[0], UFFDIO_UNREGISTER, &range);
}

static int64_t do_setrlimit(const struct call *call)
{
	struct {
		uint64_t soft, hard;
	} limit;

	sys4(__NR_prlimit64, 0, call->args[0], 0, &limit);
	limit.soft = call->args[1];
	return sys4(__NR_prlimit64, 0, call->args[0], &limit, 0);
}

static const char *const names[] = { "alpha", "beta", "with [brackets]" };

static int64_t perform(const struct call *call)
{
	static const int plain[CALL_COUNT] = {
		[CALL_MUNMAP] = __NR_munmap,
		[CALL_MPROTECT] = __NR_mprotect,
		[CALL_PKEY] = __NR_pkey_mprotect,
		[CALL_MREMAP] = __NR_mremap,
		[CALL_BRK] = __NR_brk,
		[CALL_MADVISE] = __NR_madvise,
		[CALL_MLOCK] = __NR_mlock,
		[CALL_MLOCK2] = __NR_mlock2,
		[CALL_MUNLOCK] = __NR_munlock,
		[CALL_MLOCKALL] = __NR_mlockall,
		[CALL_MUNLOCKALL] = __NR_munlockall,
		[CALL_MSEAL] = __NR_mseal,
		[CALL_SHMDT] = __NR_shmdt,
		[CALL_REMAP_FILE] = __NR_remap_file_pages,
		[CALL_PERSONALITY] = __NR_personality,
	};
	const uint64_t *a = call->args;

	switch (call->op) {
	case CALL_MMAP:
		return sys6(__NR_mmap, a[0], a[1], a[2], a[3],
			    a[4] == FILE_NONE ? -1 : (int64_t)(FILE_FD + a[4]), a[5]);
	case CALL_SHMAT:
		return sys3(__NR_shmat, region->segments[a[0]], a[1], a[2]);
	case CALL_NAME:
		return sys5(__NR_prctl, 0x53564d41, 0, a[0], a[1], a[2] ? names[a[2] - 1] : 0);
	case CALL_REGISTER:
		return do_register(call);
	case CALL_UNREGISTER:
		return do_unregister(call);
	case CALL_SETRLIMIT:
		return do_setrlimit(call);
	case CALL_TOUCH:
		return touch(a[0], a[1]);
	case CALL_FORK:
		return do_fork(call);
	case CALL_EXIT:
		do_exit(call);
		return 0;
	default:
		return sys5(plain[call->op], a[0], a[1], a[2], a[3], a[4]);
	}
}

/* Chooses the next call into `call`; false when the run is over. May wait for this process' turn.
 */
static int next_script_call(struct call *call)
{
	const struct call *script = (const struct call *)(region + 1);

	for (;;) {
		while (region->next_call < region->script_count &&
		       !is_alive(script[region->next_call].process))
			region->next_call++;
		if (region->next_call == region->script_count)
			return 0;
		*call = script[region->next_call];
		if (call->process == self) {
			region->next_call++;
			return 1;
		}
		give_turn(call->process);
		wait_turn();
	}
}

static int next_random_call(struct call *call)
{
	uint32_t to = generate_turn(region, self);

	if (region->done_calls >= region->calls)
		return 0;
	if (to != self) {
		give_turn(to);
		wait_turn();
	}
	generate_call(region, call);
	call->process = (uint16_t)self;
	return 1;
}

static void run(void)
{
	struct call call;
	uint32_t sample;
	int64_t result;

	while (region->calls ? next_random_call(&call) : next_script_call(&call)) {
		if (region->stop)
			leave(0);
		region->done_calls++;
		region->current = call;
		region->recorded = 0;
		result = perform(&call);
		if (call.op == CALL_FORK && result == 1)
			continue; /* the child, when its first turn came */
		sample = region->smaps_every && region->done_calls % region->smaps_every == 0;
		write_record(call.op, &call, result,
			     region->maps_every && region->done_calls % region->maps_every == 0,
			     sample);
		region->recorded = 1;
		generate_note(region, &call, result);
		if (call.op == CALL_FORK && result == 0) {
			give_turn((uint32_t)call.args[0]);
			wait_turn();
		}
	}
	call.op = 0;
	call.process = (uint16_t)self;
	write_record(RECORD_DONE, &call, 0, 0, 0);
	give_turn(TURN_END);
	leave(0);
}

/* Unmaps what the kernel gave besides the image and the stack. */
static void drop_extras(void)
{
	char *text = (char *)(region + 1) + region->script_count * sizeof(struct call);
	uint32_t length = read_text(MAPS_FD, text, 65536), at = 0, field;
	uint64_t value[2];

	while (at < length) {
		for (field = 0; field < 2; field++, at++)
			for (value[field] = 0; text[at] != '-' && text[at] != ' '; at++)
				value[field] = value[field] << 4 |
					       (uint64_t)(text[at] <= '9' ? text[at] - '0'
									  : text[at] - 'a' + 10);
		while (text[at - 1] != '\n' && text[at] != '[')
			at++;
		if (text[at] == '[' && text[at + 1] == 'v' && text[at + 2] != 's')
			sys2(__NR_munmap, value[0], value[1] - value[0]);
		while (text[at - 1] != '\n')
			at++;
	}
}

/* Moves the brk area to its own window; prctl wants all of these to be told at once. */
static void move_break(void)
{
	char *text = (char *)(region + 1) + region->script_count * sizeof(struct call);
	struct prctl_mm_map map;
	uint64_t fields[52];
	uint32_t length, at = 0, field = 2;

	open_at("/proc/self/stat", STATUS_FD);
	length = read_text(STATUS_FD, text, 65536);
	while (text[at] != ')')
		at++;
	for (at += 2; at < length && field < 52; at++, field++)
		for (fields[field] = 0; text[at] > ' '; at++)
			fields[field] = fields[field] * 10 + (uint64_t)(text[at] - '0');
	map.start_code = fields[25];
	map.end_code = fields[26];
	map.start_stack = fields[27];
	map.start_data = fields[44];
	map.end_data = fields[45];
	map.start_brk = map.brk = BREAK_ADDRESS;
	map.arg_start = fields[47];
	map.arg_end = fields[48];
	map.env_start = fields[49];
	map.env_end = fields[50];
	map.auxv = 0;
	map.auxv_size = 0;
	map.exe_fd = UINT32_MAX;
	region->layout_error =
		(int32_t)sys5(__NR_prctl, PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0);
	region->start_data = map.start_data;
	region->end_data = map.end_data;
	region->start_stack = map.start_stack;
}

static void drop_privileges(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[2] = { { 0 } };

	sys2(__NR_capset, &header, none);
}

void start(void)
{
	struct call call = { 0 };
	uint64_t page;

	/* The region's size stands in its first bytes' file: ask the descriptor. */
	page = (uint64_t)sys3(__NR_lseek, REGION_FD, 0, 2);
	if (sys6(__NR_mmap, REGION_ADDRESS, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		 REGION_FD, 0) != (long)REGION_ADDRESS)
		leave(9);
	set_handler(SIGSEGV, (void *)on_fault);
	set_handler(SIGBUS, (void *)on_fault);
	set_handler(SIGTRAP, (void *)on_fault);
	set_handler(SIGCHLD, (void *)1 /* SIG_IGN */);
	move_break();
	open_own();
	drop_extras();
	if (!region->setup.privileged)
		drop_privileges();
	page = (uint64_t)sys6(__NR_mmap, 0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sys2(__NR_munmap, page, 4096);
	region->page_top = region->setup.legacy ? page : page + 4096;
	region->random = region->seed;
	region->living = region->made = 1;
	call.args[0] = region->page_top;
	call.args[1] = (uint64_t)sys1(__NR_brk, 0);
	write_record(RECORD_START, &call, 0, 1, 1);
	run();
}
