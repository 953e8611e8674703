/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Embedding the spaces alone, as an emulator or a small kernel would: with an allocator of its
 * own, and with page tables of its own that the operation list keeps in step.
 *
 * The pieces:
 *	arena		one block of memory, handed out in power-of-two pieces; no malloc
 *	frames		"physical memory": a reference count and one word of contents for each frame
 *	page table	4 levels of 512 entries in the layout of x86-64, from the arena too
 *	listener	forgets, moves, protects and copies entries as the space tells it to
 *	access		what the processor does: looks into the table, and faults
 *
 * A mapped page has no entry until it is touched: a fault asks the space (vas_touch), and the space
 * tells the listener to fill the page in, if the area allows the access. fork shares the frames
 * and takes the write permission from both sides; the next write copies. Shared memory that nobody
 * touched before a fork is not shared here: its frames would have to hang on an object of its own,
 * as those of a machine do (<vas/machine.h>).
 *
 * After each call the whole table is compared with the areas: no entry may lie outside of them,
 * and none may allow more than its area does.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vas/space.h>

static void fail(const char *what)
{
	printf("embed: %s\n", what);
	exit(1);
}

/* ---- the arena ------------------------------------------------------------------------------- */

enum { ARENA_BYTES = 16 << 20, CLASSES = 32 };

struct free_piece {
	struct free_piece *next;
};

static struct arena {
	_Alignas(4096) unsigned char bytes[ARENA_BYTES];
	size_t used;
	size_t live; /* pieces that are out */
	struct free_piece *free[CLASSES];
} arena;

/* The smallest power of two (its logarithm) that holds `size` bytes aligned to `align`. */
static unsigned int class_of(size_t size, size_t align)
{
	unsigned int class = 4;

	while (((size_t)1 << class) < size || ((size_t)1 << class) < align)
		class ++;
	return class;
}

static void *arena_allocate(void *context, size_t size, size_t align)
{
	struct arena *from = context;
	unsigned int class = class_of(size, align);
	size_t bytes = (size_t)1 << class;
	struct free_piece *piece = from->free[class];
	size_t at;

	if (piece != NULL) {
		from->free[class] = piece->next;
		from->live++;
		return piece;
	}
	at = (from->used + bytes - 1) & ~(bytes - 1);
	if (at > ARENA_BYTES || bytes > ARENA_BYTES - at)
		return NULL;
	from->used = at + bytes;
	from->live++;
	return from->bytes + at;
}

/* `align` is not told again, and need not be: a piece goes where its size belongs, and every
 * piece of that size is aligned to it. */
static void arena_release(void *context, void *memory, size_t size)
{
	struct arena *to = context;
	unsigned int class = class_of(size, 1);
	struct free_piece *piece = memory;

	piece->next = to->free[class];
	to->free[class] = piece;
	to->live--;
}

static const struct vas_allocator allocator = { arena_allocate, arena_release, &arena };

/* ---- frames ---------------------------------------------------------------------------------- */

enum { FRAMES = 4096 };

static struct frame {
	uint32_t mapped; /* by so many entries */
	uint32_t word;	 /* what it holds */
} frames[FRAMES];	 /* number 0 is never used */

static uint64_t frame_new(uint32_t word)
{
	for (uint64_t number = 1; number < FRAMES; number++)
		if (frames[number].mapped == 0) {
			frames[number] = (struct frame){ 1, word };
			return number;
		}
	fail("out of frames");
	return 0;
}

static unsigned int frames_in_use(void)
{
	unsigned int count = 0;

	for (size_t i = 0; i < FRAMES; i++)
		count += frames[i].mapped != 0;
	return count;
}

/* ---- page tables ----------------------------------------------------------------------------- */

#define ENTRY_PRESENT  UINT64_C(1)
#define ENTRY_WRITE    UINT64_C(2)
#define ENTRY_USER     UINT64_C(4)
#define ENTRY_NO_EXEC  (UINT64_C(1) << 63)
#define ENTRY_FRAME(e) (((e) >> 12) & 0xffffffff)

enum { LEVELS = 4, SLOTS = 512 };

/* Inner nodes point down, the lowest level (0) holds entries. */
struct node {
	union {
		struct node *down[SLOTS];
		uint64_t entry[SLOTS];
	};
};

static unsigned int slot_of(uint64_t address, int level)
{
	return (unsigned int)(address >> (VAS_PAGE_SHIFT + 9 * level)) % SLOTS;
}

static struct node *node_new(void)
{
	struct node *node = allocator.allocate(allocator.context, sizeof(*node), sizeof(*node));

	if (node == NULL)
		fail("out of memory for page tables");
	memset(node, 0, sizeof(*node));
	return node;
}

static void node_free(struct node *node, int level)
{
	for (unsigned int slot = 0; level > 0 && slot < SLOTS; slot++)
		if (node->down[slot] != NULL)
			node_free(node->down[slot], level - 1);
	allocator.release(allocator.context, node, sizeof(*node));
}

/* The place of an address's entry; with `make`, missing nodes are made, else NULL. */
static uint64_t *entry_at(struct node *node, uint64_t address, bool make)
{
	for (int level = LEVELS - 1; level > 0; level--) {
		struct node **down = &node->down[slot_of(address, level)];

		if (*down == NULL && !make)
			return NULL;
		if (*down == NULL)
			*down = node_new();
		node = *down;
	}
	return &node->entry[slot_of(address, 0)];
}

typedef void entry_fn(void *context, uint64_t address, uint64_t *entry);

/* Calls `each` for the entries in [start, end) that are present; absent nodes cost one step. */
static void entries_walk(struct node *node, int level, uint64_t base, struct vas_range range,
			 entry_fn *each, void *context)
{
	uint64_t step = VAS_PAGE_SIZE << (9 * level);

	for (unsigned int slot = 0; slot < SLOTS; slot++, base += step) {
		if (!vas_ranges_overlap(range, (struct vas_range){ base, base + step }))
			continue;
		if (level > 0 && node->down[slot] != NULL)
			entries_walk(node->down[slot], level - 1, base, range, each, context);
		if (level == 0 && node->entry[slot] != 0)
			each(context, base, &node->entry[slot]);
	}
}

static void for_entries(struct node *root, uint64_t start, uint64_t end, entry_fn *each,
			void *context)
{
	entries_walk(root, LEVELS - 1, 0, (struct vas_range){ start, end }, each, context);
}

/* ---- the listener ---------------------------------------------------------------------------- */

enum { SPACES = 8 };

/* The page table of each space. */
static struct process {
	struct vas_space *space;
	struct node *root;
} processes[SPACES];

static struct node *table_of(struct vas_space *space)
{
	struct process *unused = NULL;

	for (size_t i = 0; i < SPACES; i++) {
		if (processes[i].space == space)
			return processes[i].root;
		if (processes[i].space == NULL)
			unused = &processes[i];
	}
	if (unused == NULL)
		fail("out of processes");
	*unused = (struct process){ space, node_new() };
	return unused->root;
}

/* What an area lets its entries allow, but for writing: that comes with a write fault. */
static uint64_t entry_flags(const struct vas_area *area)
{
	uint64_t flags = ENTRY_PRESENT;

	if ((area->flags & VAS_AREA_ACCESS) != 0)
		flags |= ENTRY_USER;
	if ((area->flags & VAS_AREA_EXEC) == 0)
		flags |= ENTRY_NO_EXEC;
	return flags;
}

static void forget(void *context, uint64_t address, uint64_t *entry)
{
	(void)context;
	(void)address;
	frames[ENTRY_FRAME(*entry)].mapped--;
	*entry = 0;
}

static void protect(void *context, uint64_t address, uint64_t *entry)
{
	const struct vas_area *area = context;
	uint64_t write = (area->flags & VAS_AREA_WRITE) != 0 ? *entry & ENTRY_WRITE : 0;

	(void)address;
	*entry = ENTRY_FRAME(*entry) << 12 | entry_flags(area) | write;
}

struct transfer {
	struct node *to;
	uint64_t distance;
	bool share; /* both keep it, and neither may write without a copy */
};

static void transfer(void *context, uint64_t address, uint64_t *entry)
{
	const struct transfer *transfer = context;
	uint64_t *to = entry_at(transfer->to, address + transfer->distance, true);

	if (transfer->share) {
		frames[ENTRY_FRAME(*entry)].mapped++;
		*entry &= ~ENTRY_WRITE;
		*to = *entry;
	} else {
		*to = *entry;
		*entry = 0;
	}
}

static void fill(struct node *root, const struct vas_area *area, uint64_t address, bool write)
{
	uint64_t *entry = entry_at(root, address, true);
	uint64_t frame = ENTRY_FRAME(*entry);

	if (frame == 0) {
		frame = frame_new(0);
	} else if (write && frames[frame].mapped > 1 && (area->flags & VAS_AREA_SHARED) == 0) {
		frames[frame].mapped--;
		frame = frame_new(frames[frame].word);
	}
	*entry = frame << 12 | entry_flags(area);
	if (write && (area->flags & VAS_AREA_WRITE) != 0)
		*entry |= ENTRY_WRITE;
}

static void apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	struct node *root = table_of(space);
	struct transfer move = { .to = root, .distance = op->start - op->from };
	struct transfer copy = { .to = root, .share = true };

	(void)data;
	switch (op->kind) {
	case VAS_OP_UNMAP:
	case VAS_OP_REINDEX:
		for_entries(root, op->start, op->end, forget, NULL);
		break;
	case VAS_OP_ADVISE:
		if (op->advice == VAS_ADVICE_DONTNEED)
			for_entries(root, op->start, op->end, forget, NULL);
		break;
	case VAS_OP_MOVE:
		for_entries(root, op->from, op->from + (op->end - op->start), transfer, &move);
		break;
	case VAS_OP_FLAGS:
		for_entries(root, op->start, op->end, protect, op->area);
		break;
	case VAS_OP_FORK:
		if ((op->area->flags & VAS_AREA_WIPE_ON_FORK) != 0)
			break; /* the child begins with nothing */
		for_entries(table_of(op->other->space), op->start, op->end, transfer, &copy);
		break;
	case VAS_OP_TOUCH:
		for (uint64_t at = op->start; at < op->end; at += VAS_PAGE_SIZE)
			fill(root, op->area, at, op->write);
		break;
	case VAS_OP_MAP:   /* filled in when it is touched */
	case VAS_OP_EMPTY: /* its entries were moved, one by one */
	case VAS_OP_SPLIT: /* page tables know no areas */
	case VAS_OP_MERGE:
	case VAS_OP_FREE:
		break;
	}
}

static const struct vas_listener page_tables = { .apply = apply };

/* ---- what programs do ------------------------------------------------------------------------ */

/* The word at an address, as the processor reaches it; NULL where the program would be killed. */
static uint32_t *reach(struct vas_space *space, uint64_t address, bool write)
{
	uint64_t needed = ENTRY_PRESENT | ENTRY_USER | (write ? ENTRY_WRITE : 0);
	uint64_t *entry = entry_at(table_of(space), address, false);

	if (entry == NULL || (*entry & needed) != needed) {
		if (vas_touch(space, address, write ? VAS_ACCESS_WRITE : VAS_ACCESS_READ) != 0)
			return NULL;
		entry = entry_at(table_of(space), address, false);
		if (entry == NULL || (*entry & needed) != needed)
			fail("a touch that was granted has left no entry");
	}
	return &frames[ENTRY_FRAME(*entry)].word;
}

struct check {
	const struct vas_space *space;
	uint64_t entries;
};

static void check_entry(void *context, uint64_t address, uint64_t *entry)
{
	struct check *check = context;
	const struct vas_area *area = vas_find(check->space, address);

	if (area == NULL)
		fail("an entry lies outside of all areas");
	if ((*entry & ENTRY_WRITE) != 0 && (area->flags & VAS_AREA_WRITE) == 0)
		fail("an entry may be written and its area may not");
	if ((*entry & ENTRY_USER) != 0 && (area->flags & VAS_AREA_ACCESS) == 0)
		fail("an entry may be reached and its area may not");
	if ((*entry & ENTRY_NO_EXEC) == 0 && (area->flags & VAS_AREA_EXEC) == 0)
		fail("an entry may be executed and its area may not");
	if (frames[ENTRY_FRAME(*entry)].mapped == 0)
		fail("an entry has a free frame");
	check->entries++;
}

/* Compares all page tables with the areas; returns how many entries there are. */
static uint64_t check_all(void)
{
	struct check check = { .entries = 0 };

	for (size_t i = 0; i < SPACES; i++) {
		check.space = processes[i].space;
		if (check.space != NULL)
			for_entries(processes[i].root, 0, UINT64_MAX, check_entry, &check);
	}
	return check.entries;
}

static void exit_process(struct vas_space *space)
{
	struct node *root = table_of(space);

	vas_space_destroy(space); /* the listener hears of every area */
	for (size_t i = 0; i < SPACES; i++)
		if (processes[i].root == root)
			processes[i] = (struct process){ 0 };
	node_free(root, LEVELS - 1);
}

static void must(int err, const char *what)
{
	if (err != 0) {
		printf("embed: %s: %s\n", what, vas_error_name(err));
		exit(1);
	}
	check_all();
}

static uint64_t map(struct vas_space *space, uint64_t pages)
{
	const struct vas_map call = {
		.length = pages * VAS_PAGE_SIZE,
		.prot = VAS_READ | VAS_WRITE,
		.flags = VAS_PRIVATE | VAS_ANONYMOUS,
	};
	uint64_t address = 0;

	must(vas_map(space, &call, &address), "map");
	return address;
}

static void store(struct vas_space *space, uint64_t address, uint32_t word)
{
	uint32_t *place = reach(space, address, true);

	if (place == NULL)
		fail("a write was refused");
	*place = word;
	check_all();
}

static uint32_t load(struct vas_space *space, uint64_t address)
{
	const uint32_t *place = reach(space, address, false);

	if (place == NULL)
		fail("a read was refused");
	return *place;
}

/* ---- a short story --------------------------------------------------------------------------- */

static void story(struct vas_space *parent)
{
	struct vas_remap grow = { .flags = VAS_REMAP_MAYMOVE };
	uint64_t at = map(parent, 5), moved; /* the fifth will be in the way */
	struct vas_space *child;

	printf("mapped 5 pages: %" PRIu64 " entries\n", check_all());
	store(parent, at, 1111);
	store(parent, at + VAS_PAGE_SIZE, 2222);
	printf("wrote to 2 of them: %" PRIu64 " entries, %u frames\n", check_all(),
	       frames_in_use());

	must(vas_fork(parent, &child), "fork");
	printf("forked: %" PRIu64 " entries, %u frames\n", check_all(), frames_in_use());
	store(child, at, 3333);
	printf("the child wrote to one: %" PRIu64 " entries, %u frames\n", check_all(),
	       frames_in_use());
	printf("parent reads %" PRIu32 ", child reads %" PRIu32 "\n", load(parent, at),
	       load(child, at));

	grow.old = at;
	grow.old_length = 4 * VAS_PAGE_SIZE;
	grow.new_length = 1024 * VAS_PAGE_SIZE;
	must(vas_remap(child, &grow, &moved), "remap");
	printf("the child's pages moved with their contents: %" PRIu32 ", %" PRIu32 "\n",
	       load(child, moved), load(child, moved + VAS_PAGE_SIZE));
	printf("at the old address the child is %s\n",
	       reach(child, at, false) == NULL ? "refused" : "served");

	must(vas_protect(parent, at, 4 * VAS_PAGE_SIZE, VAS_READ, -1), "protect");
	printf("read-only, the parent's write is %s\n",
	       reach(parent, at, true) == NULL ? "refused" : "granted");
	must(vas_advise(parent, at, 4 * VAS_PAGE_SIZE, VAS_ADVICE_DONTNEED), "advise");
	printf("dropped, the parent reads %" PRIu32 "\n", load(parent, at));
	exit_process(child);
	printf("the child has ended: %" PRIu64 " entries, %u frames\n", check_all(),
	       frames_in_use());
	must(vas_unmap(parent, at, 5 * VAS_PAGE_SIZE), "unmap");

	at = map(parent, 1);
	store(parent, at, 4444);
	must(vas_advise(parent, at, VAS_PAGE_SIZE, VAS_ADVICE_WIPEONFORK), "advise");
	must(vas_fork(parent, &child), "fork");
	printf("wiped on fork: parent reads %" PRIu32 ", child reads %" PRIu32 "\n",
	       load(parent, at), load(child, at));
	exit_process(child);
	must(vas_unmap(parent, at, VAS_PAGE_SIZE), "unmap");
}

/* ---- and many random calls ------------------------------------------------------------------- */

static uint32_t random_below(uint32_t limit)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % limit;
}

/* One call on a window of 64 pages, whatever its result; the table is checked after it. */
static void random_call(struct vas_space *space)
{
	static const uint32_t prots[] = { VAS_NONE, VAS_READ, VAS_READ | VAS_WRITE,
					  VAS_READ | VAS_EXEC };
	uint64_t start = UINT64_C(0x100000000) + random_below(64) * VAS_PAGE_SIZE;
	uint64_t length = (1 + random_below(16)) * VAS_PAGE_SIZE;
	struct vas_map map = {
		.length = length,
		.prot = prots[random_below(4)],
		.flags = VAS_ANONYMOUS | VAS_FIXED | (random_below(4) ? VAS_PRIVATE : VAS_SHARED),
	};
	struct vas_remap remap = {
		.old = start,
		.old_length = length,
		.new_length = (1 + random_below(16)) * VAS_PAGE_SIZE,
		.flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED,
		.new_address = UINT64_C(0x100000000) + random_below(64) * VAS_PAGE_SIZE,
	};
	uint64_t address = start;
	int err = 0;

	switch (random_below(8)) {
	case 0:
	case 1:
		err = vas_map(space, &map, &address);
		break;
	case 2:
		err = vas_unmap(space, start, length);
		break;
	case 3:
		err = vas_protect(space, start, length, map.prot, -1);
		break;
	case 4:
		err = vas_remap(space, &remap, &address);
		break;
	case 5:
		err = vas_advise(space, start, length, VAS_ADVICE_DONTNEED);
		break;
	default:
		for (; address < start + length; address += VAS_PAGE_SIZE)
			(void)reach(space, address, random_below(2) != 0);
		break;
	}
	(void)err; /* a refused call is as good a test */
	check_all();
}

int main(void)
{
	struct vas_space *space, *child;
	struct vas_settings settings;
	struct vas_space_config config;
	unsigned int calls = 0;

	vas_settings_default(&settings);
	vas_space_default(&config, &settings);
	config.allocator = &allocator;
	config.listeners[0].listener = &page_tables;
	must(vas_space_create(&config, &space), "create a space");

	story(space);
	for (int generation = 0; generation < 20; generation++) {
		for (int i = 0; i < 100; i++, calls++)
			random_call(space);
		must(vas_fork(space, &child), "fork");
		for (int i = 0; i < 50; i++, calls++)
			random_call(i % 2 ? child : space);
		exit_process(space);
		space = child;
	}
	exit_process(space);
	printf("%u random calls, the tables checked after each\n", calls);
	printf("at the end: %u frames and %zu pieces of memory in use\n", frames_in_use(),
	       arena.live);
	return 0;
}
