/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The machine of `vas bench anon-rmap`. */

#include <stdlib.h>
#include <string.h>

#include "bench_anon_rmap.h"
#include "clock.h"
#include "output.h"

#define TABLE 512u
#define WRITE 1u /* of an entry: the page number is above it */

#define WALKS_LEAST 50000

static const struct vas_listener machine_listener;

static void must(bool good)
{
	if (good)
		return;
	complain("a call failed that must not, or there is no memory");
	exit(2);
}

static struct bench_process *process_of(const struct vas_space *space)
{
	return *(struct bench_process **)vas_space_data(space, &machine_listener);
}

static uint64_t address_of(uint64_t page)
{
	return BENCH_WINDOW + (page << VAS_PAGE_SHIFT);
}

static uint64_t page_at(uint64_t address)
{
	return (address - BENCH_WINDOW) >> VAS_PAGE_SHIFT;
}

/* Times. */

/* The processor's time is asked for outside of what is timed: that costs more than the clock. It
 * is the lesser of both only when others have had the processor meanwhile. */
static uint64_t start_time(struct bench_machine *machine)
{
	machine->cpu = thread_ns();
	return wall_ns();
}

static void add_time(struct bench_machine *machine, enum bench_timer timer, uint64_t since,
		     uint64_t count)
{
	uint64_t ns = wall_ns() - since, cpu = thread_ns() - machine->cpu;

	machine->result->timers[timer].ns += (double)(ns < cpu ? ns : cpu);
	machine->result->timers[timer].count += count;
}

bool bench_machine_late(struct bench_machine *machine)
{
	if (wall_ns() > machine->deadline)
		machine->result->stopped = true;
	return machine->result->stopped;
}

/* Pages. */

static uint32_t new_page(struct bench_machine *machine)
{
	uint32_t number = machine->free;
	struct vas_page *page;

	if (number != 0)
		machine->free = machine->pages[number].next;
	else
		number = ++machine->used;
	must(number < machine->page_count);
	page = &machine->pages[number];
	*page = (struct vas_page){ .kind = VAS_PAGE_ANONYMOUS, .references = 1 };
	return number;
}

static void put_page(struct bench_machine *machine, uint32_t number)
{
	struct vas_page *page = &machine->pages[number];

	if (--page->mapcount != 0)
		return;
	if (machine->design != NULL && machine->design->unbind != NULL)
		machine->design->unbind(machine->instance, page);
	page->next = machine->free;
	machine->free = number;
}

/* Entries. */

static uint32_t *entry_find(const struct bench_process *process, uint64_t page)
{
	uint32_t *table = process->tables[page / TABLE];

	return table == NULL ? NULL : &table[page % TABLE];
}

static uint32_t *entry_make(struct bench_process *process, uint64_t page)
{
	uint32_t **table = &process->tables[page / TABLE];

	if (*table == NULL) {
		*table = calloc(TABLE, sizeof(**table));
		must(*table != NULL);
	}
	return &(*table)[page % TABLE];
}

/* Calls for each entry of [start, end) that is there. */
static void each_entry(struct bench_process *process, uint64_t start, uint64_t end,
		       void (*visit)(struct bench_process *process, uint32_t *entry, uint64_t page,
				     void *context),
		       void *context)
{
	uint64_t first = page_at(start), last = page_at(end);

	for (uint64_t page = first; page < last;) {
		uint64_t next = (page / TABLE + 1) * TABLE;
		uint32_t *table = process->tables[page / TABLE];

		next = next < last ? next : last;
		for (; table != NULL && page < next; page++)
			if (table[page % TABLE] != 0)
				visit(process, &table[page % TABLE], page, context);
		page = next;
	}
}

static void zap(struct bench_process *process, uint32_t *entry, uint64_t page, void *context)
{
	(void)page;
	(void)context;
	put_page(process->machine, *entry >> 1);
	*entry = 0;
}

static void share(struct bench_process *parent, uint32_t *entry, uint64_t page, void *context)
{
	*entry &= ~WRITE;
	parent->machine->pages[*entry >> 1].mapcount++;
	*entry_make(context, page) = *entry;
}

struct moving {
	const struct vas_op *op;
	bool tell;
};

static void move(struct bench_process *process, uint32_t *entry, uint64_t page, void *context)
{
	const struct moving *moving = context;
	struct bench_machine *machine = process->machine;
	uint64_t from = address_of(page), to = from - moving->op->from + moving->op->start;

	*entry_make(process, page_at(to)) = *entry;
	if (moving->tell)
		machine->design->moved(machine->instance, &machine->pages[*entry >> 1], NULL,
				       moving->op->area, from, to);
	*entry = 0;
}

/* The listener, which comes after the design's. */

static int on_open(void *data, struct vas_space *space, struct vas_space *parent)
{
	struct bench_machine *machine = data;
	struct bench_process *process = calloc(1, sizeof(*process));

	(void)parent;
	if (process == NULL)
		return -VAS_ENOMEM;
	process->machine = machine;
	process->space = space;
	process->prev = machine->last;
	if (machine->last != NULL)
		machine->last->next = process;
	else
		machine->first = process;
	machine->last = process;
	*(struct bench_process **)vas_space_data(space, &machine_listener) = process;
	return 0;
}

static void on_close(void *data, struct vas_space *space)
{
	struct bench_machine *machine = data;
	struct bench_process *process = process_of(space);

	if (process->next != NULL)
		process->next->prev = process->prev;
	else
		machine->last = process->prev;
	if (process->prev != NULL)
		process->prev->next = process->next;
	else
		machine->first = process->next;
	for (size_t i = 0; i < BENCH_WINDOW_PAGES / TABLE; i++)
		free(process->tables[i]);
	free(process);
}

static void on_apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	struct bench_machine *machine = data;
	const struct vas_anon_rmap_design *design = machine->design;
	struct moving moving = { .op = op };

	switch (op->kind) {
	case VAS_OP_UNMAP:
		each_entry(process_of(space), op->start, op->end, zap, NULL);
		break;
	case VAS_OP_FORK:
		each_entry(process_of(op->other->space), op->start, op->end, share,
			   process_of(space));
		break;
	case VAS_OP_MOVE:
		moving.tell = design != NULL && design->moved != NULL &&
			      (design->follows == NULL || design->follows(machine->instance, op));
		each_entry(process_of(space), op->from, op->from + (op->end - op->start), move,
			   &moving);
		break;
	default:
		break;
	}
}

static const struct vas_listener machine_listener = {
	.space_bytes = sizeof(struct bench_process *),
	.open = on_open,
	.close = on_close,
	.apply = on_apply,
};

/* What a design may ask. */

static bool held_alone(void *data, const struct vas_area *area)
{
	const struct bench_machine *machine = data;
	const struct bench_process *process = process_of(area->space);
	uint64_t page = page_at(area->range.start), last = page_at(area->range.end);

	while (page < last) {
		const uint32_t *table = process->tables[page / TABLE];
		uint64_t next = (page / TABLE + 1) * TABLE;

		next = next < last ? next : last;
		for (; table != NULL && page < next; page++)
			if (table[page % TABLE] != 0 &&
			    machine->pages[table[page % TABLE] >> 1].mapcount != 1)
				return false;
		page = next;
	}
	return true;
}

static size_t each_shared(void *data, const struct vas_area *area, uint64_t start, uint64_t end,
			  void (*visit)(void *context, struct vas_page *page, uint64_t address),
			  void *context)
{
	struct bench_machine *machine = data;
	const struct bench_process *process = process_of(area->space);
	size_t count = 0;

	for (uint64_t at = start; at < end; at += VAS_PAGE_SIZE) {
		const uint32_t *entry = entry_find(process, page_at(at));

		if (entry == NULL || *entry == 0 || machine->pages[*entry >> 1].mapcount == 1)
			continue;
		count++;
		if (visit != NULL)
			visit(context, &machine->pages[*entry >> 1], at);
	}
	return count;
}

/* Begin and end. */

bool bench_machine_open(struct bench_machine *machine, const struct vas_anon_rmap_design *design,
			uint32_t pages, double seconds, struct bench_anon_result *result)
{
	struct vas_anon_rmap_config config;

	*machine = (struct bench_machine){ .design = design,
					   .page_count = pages,
					   .result = result,
					   .deadline = wall_ns() + (uint64_t)(seconds * 1e9) };
	*result = (struct bench_anon_result){ 0 };
	vas_settings_default(&machine->settings);
	machine->settings.max_map_count = 1000000;
	machine->settings.overcommit_memory = 1;
	config = (struct vas_anon_rmap_config){
		.allocator = &vas_libc_allocator,
		.settings = &machine->settings,
		.host = { .held_alone = held_alone, .each_shared = each_shared, .data = machine },
	};
	machine->pages = calloc(pages, sizeof(*machine->pages));
	if (machine->pages == NULL)
		return false;
	/* Or the first design would pay for the first use of the memory. */
	memset(machine->pages, 0, pages * sizeof(*machine->pages));
	if (design == NULL || design->create(&config, &machine->instance) == 0)
		return true;
	free(machine->pages);
	return false;
}

void bench_machine_close(struct bench_machine *machine)
{
	while (machine->last != NULL)
		vas_space_destroy(machine->last->space);
	if (machine->design != NULL)
		machine->design->destroy(machine->instance);
	free(machine->pages);
}

struct bench_process *bench_process_new(struct bench_machine *machine)
{
	struct vas_space_config config;
	struct vas_space *space;
	unsigned next = 0;

	vas_space_default(&config, &machine->settings);
	if (machine->design != NULL && machine->design->listener != NULL) {
		config.listeners[next].listener = machine->design->listener;
		config.listeners[next++].data = machine->instance;
	}
	config.listeners[next].listener = &machine_listener;
	config.listeners[next].data = machine;
	must(vas_space_create(&config, &space) == 0);
	return process_of(space);
}

struct bench_process *bench_process_fork(struct bench_process *parent)
{
	uint64_t start = start_time(parent->machine);
	struct vas_space *child;

	must(vas_fork(parent->space, &child) == 0);
	add_time(parent->machine, BENCH_FORKS, start, 1);
	return process_of(child);
}

void bench_process_exit(struct bench_process *process)
{
	struct bench_machine *machine = process->machine;
	uint64_t start = start_time(machine);

	vas_space_destroy(process->space);
	add_time(machine, BENCH_EXITS, start, 1);
}

/* Calls. */

void bench_map(struct bench_process *process, uint64_t page, uint64_t pages, uint32_t prot)
{
	const struct vas_map map = { .length = pages << VAS_PAGE_SHIFT,
				     .prot = prot,
				     .flags = VAS_PRIVATE | VAS_ANONYMOUS | VAS_FIXED };
	uint64_t address = address_of(page);

	must(vas_map(process->space, &map, &address) == 0);
}

void bench_unmap(struct bench_process *process, uint64_t page, uint64_t pages)
{
	must(vas_unmap(process->space, address_of(page), pages << VAS_PAGE_SHIFT) == 0);
}

void bench_protect(struct bench_process *process, uint64_t page, uint64_t pages, uint32_t prot)
{
	must(vas_protect(process->space, address_of(page), pages << VAS_PAGE_SHIFT, prot, -1) == 0);
}

/* A fault for writing; of an area whose pages are the process's own. */
static void fault(struct bench_process *process, struct vas_area *area, uint64_t page)
{
	struct bench_machine *machine = process->machine;
	const struct vas_anon_rmap_design *design = machine->design;
	uint32_t *entry = entry_make(process, page), old = *entry >> 1, number;

	if ((*entry & WRITE) != 0)
		return;
	if (design != NULL && design->prepare != NULL)
		must(design->prepare(machine->instance, area) == 0);
	if (old != 0 && machine->pages[old].mapcount == 1) {
		if (design != NULL && design->reuse != NULL)
			design->reuse(machine->instance, &machine->pages[old], area,
				      address_of(page));
		*entry |= WRITE;
		return;
	}
	number = new_page(machine);
	if (design != NULL)
		design->bind(machine->instance, &machine->pages[number], area, address_of(page));
	machine->pages[number].mapcount = 1;
	*entry = number << 1 | WRITE;
	if (old != 0)
		put_page(machine, old);
}

void bench_write(struct bench_process *process, uint64_t page, uint64_t pages, uint64_t step)
{
	uint64_t start = start_time(process->machine), count = 0;

	for (uint64_t at = page; at < page + pages; at += step, count++) {
		struct vas_area *area = vas_find(process->space, address_of(at));

		must(area != NULL);
		fault(process, area, at);
	}
	add_time(process->machine, BENCH_FAULTS, start, count);
}

/* Some designs cannot move a page that others share. */
static void copy_shared(struct bench_process *process, uint64_t page, uint64_t pages)
{
	for (uint64_t at = page; at < page + pages; at++) {
		uint32_t *entry = entry_find(process, at);

		if (entry != NULL && *entry != 0)
			fault(process, vas_find(process->space, address_of(at)), at);
	}
}

void bench_move(struct bench_process *process, uint64_t page, uint64_t pages, uint64_t to)
{
	const struct vas_remap remap = { .old = address_of(page),
					 .old_length = pages << VAS_PAGE_SHIFT,
					 .new_length = pages << VAS_PAGE_SHIFT,
					 .flags = VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED,
					 .new_address = address_of(to) };
	struct bench_machine *machine = process->machine;
	uint64_t address, start = start_time(machine);

	if (machine->design != NULL && machine->design->copies_moved)
		copy_shared(process, page, pages);
	must(vas_remap(process->space, &remap, &address) == 0);
	add_time(machine, BENCH_CALLS, start, 1);
}

void bench_move_page(struct bench_process *process, uint64_t page, uint64_t to)
{
	struct bench_machine *machine = process->machine;
	const struct vas_anon_rmap_design *design = machine->design;
	uint64_t start = start_time(machine);
	uint32_t *from = entry_find(process, page), *entry = entry_make(process, to);
	struct vas_area *area = vas_find(process->space, address_of(to));
	struct vas_page *moved = &machine->pages[*from >> 1];

	must(area != NULL && *from != 0 && *entry == 0 && moved->mapcount == 1);
	if (design != NULL) {
		if (design->prepare != NULL)
			must(design->prepare(machine->instance, area) == 0);
		if (design->unbind != NULL)
			design->unbind(machine->instance, moved);
		design->bind(machine->instance, moved, area, address_of(to));
	}
	*entry = *from;
	*from = 0;
	add_time(machine, BENCH_CALLS, start, 1);
}

/* Walks. */

struct looking {
	uint32_t number;
	int32_t wanted, hits;
};

static bool look(void *context, struct vas_space *space, uint64_t address)
{
	struct looking *looking = context;
	const uint32_t *entry;

	if (address < BENCH_WINDOW || page_at(address) >= BENCH_WINDOW_PAGES)
		return true;
	entry = entry_find(process_of(space), page_at(address));
	if (entry == NULL || *entry >> 1 != looking->number)
		return true;
	looking->hits++;
	return looking->hits < looking->wanted;
}

static void walk_page(struct bench_machine *machine, uint32_t number)
{
	struct vas_page *page = &machine->pages[number];
	struct looking looking = { .number = number, .wanted = page->mapcount };
	struct vas_anon_walk walk = { .visit = look, .context = &looking };

	machine->design->walk(machine->instance, page, &walk);
	must(looking.hits == looking.wanted);
	machine->result->candidates += walk.candidates;
	machine->result->hits += (uint64_t)looking.hits;
}

void bench_walk_all(struct bench_machine *machine, uint64_t most)
{
	uint64_t step = machine->used / most + 1, start, count = 0;
	bool again = true;

	bench_measure(machine);
	if (machine->design == NULL)
		return;
	start = start_time(machine);
	/* Few pages more than once, or the clock would be what is timed. */
	while (again) {
		for (uint64_t i = 1; i <= machine->used; i += step) {
			if (machine->pages[i].mapcount == 0)
				continue;
			walk_page(machine, (uint32_t)i);
			count++;
			if (count % 64 == 0 && bench_machine_late(machine))
				break;
		}
		again = count != 0 && count < WALKS_LEAST && !machine->result->stopped;
	}
	add_time(machine, BENCH_PAGE_WALKS, start, count);
}

void bench_measure(struct bench_machine *machine)
{
	const struct vas_listener *listener =
		machine->design != NULL ? machine->design->listener : NULL;
	struct bench_anon_result *result = machine->result;
	struct vas_anon_rmap_counts counts = { 0 };
	uint64_t areas = 0, spaces = 0;

	for (const struct bench_process *process = machine->first; process != NULL;
	     process = process->next) {
		struct vas_counts of;

		vas_space_count(process->space, &of);
		areas += of.areas;
		spaces++;
	}
	if (machine->design != NULL)
		machine->design->count(machine->instance, &counts);
	if (counts.bytes < result->bytes)
		return;
	result->bytes = counts.bytes;
	result->all_bytes = counts.bytes;
	if (listener != NULL)
		result->all_bytes += areas * listener->area_bytes + spaces * listener->space_bytes;
	result->areas = areas;
	result->spaces = spaces;
}
