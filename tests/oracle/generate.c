/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Random calls.
 *
 * Two windows of few pages make calls collide; what the kernel placed itself is met again through
 * a short memory of recent results. Memory in use stays bounded: where pages may be populated or
 * locked, lengths are small. No range that the generator draws holds the subject's own image: that
 * lies below all windows, and low ranges are kept short.
 */

#include "generate.h"
#include "distribution.h"

#include <linux/mman.h>

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif
#define MAP_ABOVE4G	   0x80
#define PAGE		   UINT64_C(4096)
#define TASK_SIZE	   UINT64_C(0x7ffffffff000)
#define READ_IMPLIES_EXEC  0x0400000
#define ADDR_NO_RANDOMIZE  0x0040000
#define ADDR_COMPAT_LAYOUT 0x0200000

struct draw {
	struct region *region;
	const struct distribution *how;
};

static uint64_t next_random(struct region *region)
{
	uint64_t z = region->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t below(const struct draw *draw, uint64_t limit)
{
	return next_random(draw->region) % limit;
}

static int percent(const struct draw *draw, uint32_t chance)
{
	return chance != 0 && below(draw, 100) < chance;
}

#define pick(draw, table) ((table)[below(draw, sizeof(table) / sizeof((table)[0]))])

/*
 * A guard page stops whoever populates memory, and no area shows where one is. So some runs have
 * guard pages, and the others have calls that populate.
 */
static int guards(const struct draw *draw)
{
	return draw->region->seed % 4 == 0;
}

static uint64_t odd_number(const struct draw *draw)
{
	static const uint64_t odd[] = {
		0,
		1,
		4095,
		4097,
		0x10000,
		0xfff,
		0x1000,
		0x7ffff000,
		0x80000000,
		0xfffff000,
		UINT64_C(0x100000000),
		TASK_SIZE - PAGE,
		TASK_SIZE,
		TASK_SIZE + PAGE,
		UINT64_C(1) << 47,
		UINT64_C(1) << 56,
		UINT64_C(1) << 63,
		UINT64_C(0xffffffffff600000),
		~UINT64_C(0),
		~UINT64_C(4095),
		~UINT64_C(8191),
	};

	return pick(draw, odd);
}

static uint64_t small_length(const struct draw *draw)
{
	uint64_t pages = 1 + below(draw, draw->how->length_pages);

	if (percent(draw, 40))
		pages = 1 + pages / 3;
	return pages * PAGE - (percent(draw, 6) ? below(draw, PAGE) : 0);
}

/* Memory that may be populated stays small. */
static uint64_t bounded(const struct draw *draw, uint64_t number, uint64_t from)
{
	if (!(draw->how->draw & DRAW_FAR) && number > from + (16 << 20) && number < TASK_SIZE)
		return from + PAGE;
	return number;
}

static uint64_t draw_length(const struct draw *draw)
{
	if (percent(draw, draw->how->odd_percent))
		return bounded(draw, odd_number(draw), 0);
	if (percent(draw, draw->how->large_percent))
		return (1 + below(draw, 3)) * (2 << 20) +
		       (percent(draw, 30) ? (below(draw, 5) - 2) * PAGE : 0);
	if (draw->how->draw & DRAW_FAR && percent(draw, 50))
		return (UINT64_C(1) << (28 + below(draw, 20))) +
		       (percent(draw, 50) ? (below(draw, 64) - 32) * PAGE : 0);
	return small_length(draw);
}

static uint64_t window_address(const struct draw *draw)
{
	uint64_t page = below(draw, draw->how->pages) * PAGE;

	if (draw->how->draw & DRAW_LARGE && percent(draw, 80))
		page *= (512 << 10) / PAGE;
	return (percent(draw, 70) ? WINDOW_A : WINDOW_B) + page;
}

static uint64_t recent_address(const struct draw *draw)
{
	uint32_t i = (uint32_t)below(draw, RECENT);
	uint64_t address = draw->region->recent[i].address;

	if (address == 0)
		return window_address(draw);
	if (percent(draw, 30))
		address += (draw->region->recent[i].length + PAGE - 1) & ~(PAGE - 1);
	else if (percent(draw, 40))
		address += (below(draw, 9) - 4) * PAGE;
	return address < WINDOW_LOW ? WINDOW_LOW : address;
}

static uint64_t draw_address(const struct draw *draw)
{
	static const uint64_t far[] = { WINDOW_LOW,
					UINT64_C(0x7ff00000),
					UINT64_C(0x80000000),
					UINT64_C(0x100000000),
					UINT64_C(0x2aaaaaaab000),
					UINT64_C(0x400000000000),
					TASK_SIZE - 64 * PAGE };
	uint32_t how = draw->how->draw;
	uint64_t address;

	if (percent(draw, draw->how->odd_percent))
		return odd_number(draw);
	if (how & DRAW_TOP && percent(draw, 15))
		address = draw->region->page_top - below(draw, 80) * PAGE;
	else if (how & DRAW_TOP && percent(draw, 4))
		address = TASK_SIZE - below(draw, 320) * PAGE;
	else if (how & DRAW_FILL && percent(draw, 30))
		address = WINDOW_FILL + below(draw, 24) * PAGE;
	else if (how & DRAW_BREAK && percent(draw, 30))
		address = BREAK_ADDRESS + (below(draw, 40) - 4) * PAGE;
	else if (how & DRAW_FAR && percent(draw, 30))
		address = pick(draw, far) + below(draw, 16) * PAGE;
	else if (percent(draw, how & (DRAW_TOP | DRAW_FAR) ? 50 : 25))
		address = recent_address(draw);
	else
		address = window_address(draw);
	if (percent(draw, draw->how->odd_percent ? 2 : 0))
		address += 1 + below(draw, PAGE - 1);
	return address;
}

/* A range that cannot hit the subject's own image. */
static void draw_range(const struct draw *draw, uint64_t *address, uint64_t *length)
{
	*address = draw_address(draw);
	*length = draw_length(draw);
	if (*address<WINDOW_LOW && * address + *length >= *address && * address + *length>
		    SAFE_BELOW -
	    PAGE) {
		*address &= 0xffff;
		*length = PAGE;
	}
}

static uint64_t draw_prot(const struct draw *draw)
{
	static const uint64_t common[] = { PROT_READ | PROT_WRITE,
					   PROT_READ | PROT_WRITE,
					   PROT_READ | PROT_WRITE,
					   PROT_READ,
					   PROT_READ,
					   PROT_NONE,
					   PROT_WRITE,
					   PROT_EXEC,
					   PROT_READ | PROT_EXEC,
					   PROT_READ | PROT_WRITE | PROT_EXEC,
					   8 | PROT_READ };
	uint64_t prot = pick(draw, common);

	if (percent(draw, draw->how->odd_percent))
		prot |= UINT64_C(1) << below(draw, 32);
	return prot;
}

static uint64_t draw_file(const struct draw *draw)
{
	uint32_t last = draw->how->draw & DRAW_BAD_FILES ? FILE_SLOTS : FILE_SEALED;
	uint64_t slot;

	do
		slot = 1 + below(draw, last - 1);
	while (!(draw->region->slots & 1u << slot) && slot < FILE_PIPE);
	return slot;
}

static uint64_t draw_offset(const struct draw *draw, uint64_t address)
{
	uint64_t match = address >= WINDOW_B ? address - WINDOW_B : address - WINDOW_A;

	if (percent(draw, draw->how->odd_percent))
		return odd_number(draw);
	if (draw->how->draw & DRAW_FAR && percent(draw, 10))
		return below(draw, UINT64_C(1) << 52) * PAGE;
	if (draw->how->draw & DRAW_OFFSETS && percent(draw, 30))
		return below(draw, 24) * PAGE;
	if (match < 1024 * PAGE)
		return match & ~(PAGE - 1);
	return (address / PAGE % 64) * PAGE;
}

/* MAP_FIXED and its like. */
static uint64_t draw_place(const struct draw *draw, uint64_t *address)
{
	uint32_t place = (uint32_t)below(draw, 100);
	const struct distribution *how = draw->how;

	if (place < how->fixed_percent)
		return MAP_FIXED;
	place -= how->fixed_percent;
	if (place < how->noreplace_percent)
		return MAP_FIXED_NOREPLACE | (percent(draw, 20) ? MAP_FIXED : 0);
	place -= how->noreplace_percent;
	if (place >= how->hint_percent)
		*address = 0;
	return 0;
}

static uint64_t draw_map_flags(const struct draw *draw)
{
	static const uint32_t usual[] = { MAP_STACK,	  MAP_NORESERVE, MAP_DENYWRITE,
					  MAP_EXECUTABLE, MAP_NONBLOCK,	 MAP_UNINITIALIZED,
					  MAP_ABOVE4G };
	uint32_t how = draw->how->draw;
	uint64_t flags = 0;

	if (how & DRAW_FLAGS && percent(draw, 25))
		flags |= pick(draw, usual);
	if (how & DRAW_LOW && percent(draw, 20))
		flags |= MAP_32BIT;
	if (how & DRAW_GROWS && percent(draw, 35))
		flags |= MAP_GROWSDOWN;
	if (how & DRAW_LOCKED && !guards(draw) && percent(draw, 15))
		flags |= percent(draw, 50) ? MAP_LOCKED : MAP_POPULATE;
	if (how & DRAW_HUGE_TLB && percent(draw, how & DRAW_HUGE_AREAS ? 60 : 4))
		flags |= MAP_HUGETLB |
			 (percent(draw, how & DRAW_HUGE_AREAS ? 10 : 50) ? below(draw, 64) << 26
									 : 0);
	if (percent(draw, draw->how->odd_percent / 2))
		flags ^= UINT64_C(1) << below(draw, 32);
	/* Without a reservation they succeed, and go by rules of their own from then on. */
	if (!(draw->region->features & FEATURE_HUGE_TLB))
		flags &= ~(uint64_t)MAP_HUGETLB;
	if (flags & MAP_HUGETLB)
		flags = how & DRAW_HUGE_AREAS ? flags | MAP_NORESERVE
					      : flags & ~(uint64_t)MAP_NORESERVE;
	if (guards(draw) || how & DRAW_FAR)
		flags &= ~(uint64_t)(MAP_LOCKED | MAP_POPULATE);
	return flags;
}

/* Private or shared, anonymous or a file. */
static uint64_t draw_kind(const struct draw *draw, uint64_t *slot)
{
	uint32_t how = draw->how->draw;
	uint64_t type = MAP_PRIVATE;

	*slot = FILE_NONE;
	if (how & DRAW_SHARED && percent(draw, 25))
		type = percent(draw, 80) ? MAP_SHARED : MAP_SHARED_VALIDATE;
	if (percent(draw, draw->how->odd_percent))
		type = below(draw, guards(draw) ? 8 : 16);
	/* mlock2 populates droppable memory whatever it is told. */
	if (how & DRAW_FLAGS && !guards(draw) && percent(draw, 1))
		type = MAP_DROPPABLE;
	if (how & DRAW_FILES && percent(draw, how & DRAW_OFFSETS ? 60 : 30)) {
		*slot = draw_file(draw);
		return type;
	}
	if (percent(draw, draw->how->odd_percent))
		return type; /* neither a file nor anonymous */
	return type | MAP_ANONYMOUS;
}

static void draw_mmap(const struct draw *draw, uint64_t *a)
{
	draw_range(draw, &a[0], &a[1]);
	a[2] = draw_prot(draw);
	a[3] = draw_place(draw, &a[0]);
	a[3] |= draw_kind(draw, &a[4]);
	a[5] = a[4] != FILE_NONE || percent(draw, 5) ? draw_offset(draw, a[0]) : 0;
	a[3] |= draw_map_flags(draw);
	/* What becomes of MAP_SYNC is the file system's choice. */
	if (a[4] >= FILE_DISK && a[4] <= FILE_WRITE_ONLY)
		a[3] &= ~(uint64_t)MAP_SYNC;
	if (a[0] < WINDOW_LOW && a[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE) && a[1] > PAGE &&
	    a[1] < TASK_SIZE)
		a[1] = PAGE;
}

static void draw_munmap(const struct draw *draw, uint64_t *a)
{
	uint64_t span = draw->how->draw & DRAW_FAR ? UINT64_C(1) << 45 : UINT64_C(1) << 36;

	draw_range(draw, &a[0], &a[1]);
	if (percent(draw, 97) || draw->region->fill)
		return;
	/* Now and then clear everything, so that spaces stay small. */
	a[0] = draw->region->page_top - (draw->region->setup.legacy ? 0 : span);
	a[1] = span;
	if (percent(draw, 30)) {
		a[0] = WINDOW_LOW;
		a[1] = TASK_SIZE - WINDOW_LOW - (256 << 20);
	}
}

static void draw_mremap(const struct draw *draw, uint64_t *a)
{
	static const uint8_t flags[] = { 0, 1, 1, 1, 3, 3, 3, 3, 5, 7, 7, 5 };
	uint64_t dummy;

	draw_range(draw, &a[0], &a[1]);
	a[2] = percent(draw, 60) ? a[1] : draw_length(draw);
	if (draw->how->draw & DRAW_FAR && a[1] > (UINT64_C(1) << 36) && percent(draw, 95))
		a[1] = a[2] = small_length(draw);
	if (percent(draw, 6))
		a[1] = 0;
	a[3] = pick(draw, flags);
	if (percent(draw, draw->how->odd_percent))
		a[3] = below(draw, 16);
	draw_range(draw, &a[4], &dummy);
	if (!(a[3] & 2) && percent(draw, 70))
		a[4] = 0;
	if (a[4] < WINDOW_LOW && a[3] & 2 && a[2] > PAGE)
		a[2] = PAGE;
	/* Linux 6.18 goes on counting what a fixed move cuts off as committed, for ever: not
	 * much of that. */
	if (a[3] & 2 && a[1] < TASK_SIZE && a[1] > a[2] + 8 * PAGE)
		a[1] = a[2];
}

static void draw_brk(const struct draw *draw, uint64_t *a)
{
	a[0] = BREAK_ADDRESS + (below(draw, 40) - 2) * PAGE;
	if (percent(draw, 20))
		a[0] += below(draw, PAGE);
	if (percent(draw, draw->how->odd_percent))
		a[0] = bounded(draw, odd_number(draw), BREAK_ADDRESS);
	if (draw->how->draw & DRAW_FAR && percent(draw, 20))
		a[0] = BREAK_ADDRESS + (UINT64_C(1) << (24 + below(draw, 23)));
}

static void draw_madvise(const struct draw *draw, uint64_t *a)
{
	static const uint8_t usual[] = { 1, 0, 10, 11, 16, 17, 14, 15, 18, 19, 12, 13, 4 };
	static const uint8_t all[] = { 0,  1,  2,  3,  4,  8,  9,  10, 11, 12,	13,  14, 15,
				       16, 17, 18, 19, 20, 21, 22, 23, 24, 102, 103, 102 };

	draw_range(draw, &a[0], &a[1]);
	if (percent(draw, 3))
		a[1] = 0;
	a[2] = draw->how->weights[CALL_MADVISE] > 3 && percent(draw, 60) ? pick(draw, all)
									 : pick(draw, usual);
	if (percent(draw, draw->how->odd_percent))
		a[2] = percent(draw, 50) ? below(draw, 28) : odd_number(draw);
	if (a[2] == 25)
		a[2] = 26; /* COLLAPSE depends on pages */
	if (a[2] == 102 && !guards(draw))
		a[2] = 4;
	if ((a[2] == 22 || a[2] == 23) && guards(draw))
		a[2] = 20;
	/* These go through pages, absent ones too, or ask the file system about far offsets. */
	if (draw->how->draw & DRAW_FAR && (a[2] == 3 || a[2] == 9 || a[2] >= 20))
		a[2] = 1;
}

static void draw_remap_file(const struct draw *draw, uint64_t *a)
{
	draw_range(draw, &a[0], &a[1]);
	a[2] = percent(draw, 10) ? draw_prot(draw) : 0;
	a[3] = below(draw, 24);
	a[4] = percent(draw, 10) ? MAP_NONBLOCK : 0;
	if (percent(draw, draw->how->odd_percent))
		a[3] = odd_number(draw);
	if (percent(draw, draw->how->odd_percent))
		a[4] = odd_number(draw);
}

static void draw_shmat(const struct draw *draw, uint64_t *a)
{
	a[0] = below(draw, SEGMENT_SLOTS);
	a[1] = percent(draw, 40) ? 0 : draw_address(draw);
	if (percent(draw, 10))
		a[1] += below(draw, PAGE);
	a[2] = (percent(draw, 30) ? 010000u : 0) | (percent(draw, 30) ? 020000u : 0) |
	       (percent(draw, 60) ? 040000u : 0) | (percent(draw, 10) ? 0100000u : 0);
	if (a[1] < WINDOW_LOW) {
		a[1] &= SAFE_BELOW / 2 - 1;
		a[0] %= 2; /* not the large one */
	}
}

static void draw_setrlimit(const struct draw *draw, uint64_t *a)
{
	static const uint8_t resources[] = { 9, 2, 3, 8 }; /* AS, DATA, STACK, MEMLOCK */
	const uint64_t base[] = { draw->region->size + (1 << 20), 0, 0, 0 };
	uint64_t which = below(draw, 4);

	a[0] = resources[which];
	a[1] = ~UINT64_C(0);
	if (percent(draw, 40))
		return;
	a[1] = base[which] + below(draw, 120) * PAGE;
	if (percent(draw, 10))
		a[1] += below(draw, PAGE);
	if (percent(draw, 5))
		a[1] = 0;
}

static void draw_touch(const struct draw *draw, uint64_t *a)
{
	static const uint8_t access[] = { 1, 1, 2, 2, 2, 2 };

	a[0] = draw_address(draw);
	a[1] = pick(draw, access);
	if (percent(draw, 3) && a[0] >= WINDOW_A && a[0] < WINDOW_B + 1024 * PAGE)
		a[1] = TOUCH_EXEC;
	if (a[0] < WINDOW_LOW)
		a[0] %= SAFE_BELOW;
	if (a[1] == TOUCH_EXEC)
		a[0] &= ~(PAGE - 1);
	if (a[0] >= TASK_SIZE)
		a[0] = window_address(draw);
}

static void draw_others(const struct draw *draw, struct call *call)
{
	uint64_t *a = call->args;

	switch (call->op) {
	case CALL_MLOCK2:
		a[2] = percent(draw, draw->how->odd_percent) ? odd_number(draw) : below(draw, 2);
		break;
	case CALL_MSEAL:
		a[2] = percent(draw, draw->how->odd_percent) ? odd_number(draw) : 0;
		break;
	case CALL_MLOCKALL:
		a[0] = percent(draw, draw->how->odd_percent) ? odd_number(draw) : below(draw, 8);
		break;
	case CALL_NAME:
		a[2] = below(draw, 4);
		break;
	case CALL_PERSONALITY:
		a[0] = ADDR_NO_RANDOMIZE | (draw->region->setup.legacy ? ADDR_COMPAT_LAYOUT : 0) |
		       (percent(draw, 30) ? READ_IMPLIES_EXEC : 0);
		break;
	case CALL_FORK:
		a[0] = draw->region->made;
		break;
	default:
		break;
	}
}

static void draw_protect(const struct draw *draw, struct call *call)
{
	uint64_t *a = call->args;

	a[2] = draw_prot(draw);
	if (draw->how->draw & DRAW_GROWS && percent(draw, 25))
		a[2] |= percent(draw, 80) ? PROT_GROWSDOWN : PROT_GROWSUP;
	if (call->op == CALL_PKEY)
		a[3] = below(draw, 5) - 2;
}

static void draw_arguments(const struct draw *draw, struct call *call)
{
	uint64_t *a = call->args;

	switch (call->op) {
	case CALL_MMAP:
		draw_mmap(draw, a);
		return;
	case CALL_MUNMAP:
		draw_munmap(draw, a);
		return;
	case CALL_MREMAP:
		draw_mremap(draw, a);
		return;
	case CALL_BRK:
		draw_brk(draw, a);
		return;
	case CALL_MADVISE:
		draw_madvise(draw, a);
		return;
	case CALL_REMAP_FILE:
		draw_remap_file(draw, a);
		return;
	case CALL_SHMAT:
		draw_shmat(draw, a);
		return;
	case CALL_SHMDT:
		a[0] = draw_address(draw);
		return;
	case CALL_SETRLIMIT:
		draw_setrlimit(draw, a);
		return;
	case CALL_TOUCH:
		draw_touch(draw, a);
		return;
	case CALL_REGISTER:
	case CALL_UNREGISTER:
		a[0] = below(draw, FAULT_SLOTS);
		draw_range(draw, &a[1], &a[2]);
		a[3] = 1 + below(draw, 7);
		return;
	case CALL_MPROTECT:
	case CALL_PKEY:
		draw_range(draw, &a[0], &a[1]);
		draw_protect(draw, call);
		return;
	case CALL_MLOCK:
	case CALL_MLOCK2:
	case CALL_MUNLOCK:
	case CALL_MSEAL:
	case CALL_NAME:
		draw_range(draw, &a[0], &a[1]);
		break;
	default:
		break;
	}
	draw_others(draw, call);
}

static uint16_t draw_op(const struct draw *draw)
{
	const uint16_t *weights = draw->how->weights;
	uint32_t total = 0, op;
	uint64_t at;

	for (op = 0; op < CALL_COUNT; op++)
		total += weights[op];
	at = below(draw, total);
	for (op = 0; at >= weights[op]; op++)
		at -= weights[op];
	return (uint16_t)op;
}

/* One mapping, then every other page of it gets another protection. */
static void generate_fill(const struct region *region, struct call *call)
{
	uint64_t *a = call->args;

	call->op = CALL_MPROTECT;
	a[0] = WINDOW_FILL + (uint64_t)(region->done_calls * 2 - 1) * PAGE;
	a[1] = PAGE;
	a[2] = PROT_READ;
	if (region->done_calls != 0)
		return;
	call->op = CALL_MMAP;
	a[0] = WINDOW_FILL;
	a[1] = region->fill * PAGE;
	a[2] = PROT_READ | PROT_WRITE;
	a[3] = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
}

void generate_call(struct region *region, struct call *call)
{
	const struct draw draw = { region, &distributions[region->setup.distribution] };
	uint32_t i;

	for (i = 0; i < CALL_ARGS; i++)
		call->args[i] = 0;
	call->reserved = 0;
	if (region->done_calls < region->fill / 2) {
		generate_fill(region, call);
		return;
	}
	do
		call->op = draw_op(&draw);
	while ((call->op == CALL_FORK &&
		(region->living == LIVING_MAX || region->made == PROCESSES_MAX)) ||
	       (call->op == CALL_EXIT && region->living == 1));
	if (guards(&draw) && call->op == CALL_MLOCK)
		call->op = CALL_MLOCK2;
	draw_arguments(&draw, call);
	if (guards(&draw) && call->op == CALL_MLOCK2)
		call->args[2] |= 1;
	if (guards(&draw) && call->op == CALL_MLOCKALL)
		call->args[0] |= 4;
}

uint32_t generate_turn(struct region *region, uint32_t self)
{
	const struct draw draw = { region, &distributions[region->setup.distribution] };

	if (region->living > 1 && percent(&draw, draw.how->turn_percent))
		return region->alive[below(&draw, region->living)];
	return self;
}

void generate_note(struct region *region, const struct call *call, int64_t result)
{
	uint64_t length;

	if (call->op == CALL_MMAP)
		length = call->args[1];
	else if (call->op == CALL_MREMAP)
		length = call->args[2];
	else if (call->op == CALL_SHMAT)
		length = PAGE;
	else
		return;
	if (result < 0 || (uint64_t)result < WINDOW_LOW)
		return;
	region->recent[region->recent_next % RECENT].address = (uint64_t)result;
	region->recent[region->recent_next % RECENT].length = length;
	region->recent_next++;
}
