/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * A program without a C library that uses spaces, as a small kernel would: its own _start, its own
 * four memory functions, an arena instead of malloc, and two system calls to be heard.
 *
 * With every index design it maps, splits, moves and forks, and prints the design and its areas as
 * /proc/PID/maps does, and ends with status 0. Built for 64 and for 32 bits; both must print the
 * same.
 */

#include <vas/space.h>

void vas_pause(unsigned *rounds);

enum { ARENA_BYTES = 1 << 20 };

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	while (size-- != 0)
		*t++ = *f++;
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	unsigned char *t = to;
	const unsigned char *f = from;

	if (t <= f)
		return memcpy(to, from, size);
	while (size-- != 0)
		t[size] = f[size];
	return to;
}

void *memset(void *to, int value, size_t size)
{
	unsigned char *t = to;

	while (size-- != 0)
		*t++ = (unsigned char)value;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const unsigned char *x = a, *y = b;

	for (; size != 0; size--, x++, y++)
		if (*x != *y)
			return *x < *y ? -1 : 1;
	return 0;
}

/* One thread: nobody waits. */
void vas_pause(unsigned *rounds)
{
	(void)rounds;
}

static long system_call(long number, long a, long b, long c)
{
	long result;

#ifdef __x86_64__
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
#else
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c)
			 : "memory");
#endif
	return result;
}

#ifdef __x86_64__
enum { CALL_WRITE = 1, CALL_EXIT = 60 };
#else
enum { CALL_WRITE = 4, CALL_EXIT = 1 };
#endif

static void print(void *context, const char *text, size_t length)
{
	(void)context;
	(void)system_call(CALL_WRITE, 1, (long)(uintptr_t)text, (long)length);
}

static const struct vas_printer printer = { .print = print };

static void say(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0')
		length++;
	print(NULL, text, length);
}

/* Memory that is handed out once; one arena serves one design's run. */
struct arena {
	unsigned char *bytes;
	size_t used;
};

static void *arena_allocate(void *context, size_t size, size_t align)
{
	struct arena *arena = context;
	size_t at = (arena->used + align - 1) & ~(align - 1);

	if (size > ARENA_BYTES - at)
		return NULL;
	arena->used = at + size;
	return arena->bytes + at;
}

static void arena_release(void *context, void *memory, size_t size)
{
	(void)context;
	(void)memory;
	(void)size;
}

static int change(struct vas_space *space)
{
	const struct vas_map map = {
		.length = 16 * VAS_PAGE_SIZE,
		.prot = VAS_READ | VAS_WRITE,
		.flags = VAS_PRIVATE | VAS_ANONYMOUS,
	};
	const struct vas_map fixed = {
		.length = 2 * VAS_PAGE_SIZE,
		.prot = VAS_READ,
		.flags = VAS_PRIVATE | VAS_ANONYMOUS | VAS_FIXED,
	};
	uint64_t at = 0, inside, moved = 0;
	struct vas_remap remap;
	int err;

	err = vas_map(space, &map, &at);
	if (err != 0)
		return err;
	inside = at + 4 * VAS_PAGE_SIZE;
	err = vas_map(space, &fixed, &inside);
	if (err != 0)
		return err;
	err = vas_protect(space, at + 12 * VAS_PAGE_SIZE, VAS_PAGE_SIZE, VAS_NONE, -1);
	if (err != 0)
		return err;
	err = vas_unmap(space, at + 14 * VAS_PAGE_SIZE, VAS_PAGE_SIZE);
	if (err != 0)
		return err;
	remap = (struct vas_remap){
		.old = at,
		.old_length = 4 * VAS_PAGE_SIZE,
		.new_length = 64 * VAS_PAGE_SIZE,
		.flags = VAS_REMAP_MAYMOVE,
	};
	return vas_remap(space, &remap, &moved);
}

static int run(const char *design, struct arena *arena)
{
	const struct vas_allocator allocator = { arena_allocate, arena_release, arena };
	struct vas_space *space, *child;
	struct vas_settings settings;
	struct vas_space_config config;
	int err;

	vas_settings_default(&settings);
	vas_space_default(&config, &settings);
	config.allocator = &allocator;
	config.index = design;
	err = vas_space_create(&config, &space);
	if (err != 0)
		return err;
	err = change(space);
	if (err != 0)
		return err;
	err = vas_fork(space, &child);
	if (err != 0)
		return err;
	vas_space_print(child, &printer);
	if (!vas_space_validate(space, &printer) || !vas_space_validate(child, &printer))
		return -VAS_EINVAL;
	vas_space_destroy(child);
	vas_space_destroy(space);
	return 0;
}

__attribute__((used, noreturn)) static void start(void)
{
	static unsigned char bytes[ARENA_BYTES] __attribute__((aligned(64)));
	const char *const *design;
	long status = 0;

	for (design = vas_index_designs(); *design != NULL && status == 0; design++) {
		struct arena arena = { bytes, 0 };

		say(*design);
		say(":\n");
		if (run(*design, &arena) != 0)
			status = 1;
	}
	for (;;)
		(void)system_call(CALL_EXIT, status, 0, 0);
}

#ifdef __x86_64__
__asm__(".globl _start\n_start:\n\txorl %ebp, %ebp\n\tandq $-16, %rsp\n\tcall start\n");
#else
__asm__(".globl _start\n_start:\n\txorl %ebp, %ebp\n\tandl $-16, %esp\n\tcall start\n");
#endif
