/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The workloads of `vas bench anon-rmap`. docs/anonymous-reverse-maps.md tells where each comes
 * from. */

#include <vas/space.h>

#include "bench_anon_rmap.h"
#include "bench_index.h"

#define READ_WRITE (VAS_READ | VAS_WRITE)
#define WALKS	   100000 /* at most, per workload */

#define DEPTH_ROUNDS 30

/* One parent, `size` children; one area of 1,000 pages, which every child writes to. */
static void many_children(struct bench_machine *machine, uint64_t size)
{
	struct bench_process *parent = bench_process_new(machine), *child;

	bench_map(parent, 0, 1000, READ_WRITE);
	bench_write(parent, 0, 1000, 1);
	while (machine->result->size < size && !bench_machine_late(machine)) {
		child = bench_process_fork(parent);
		bench_write(child, 0, 1000, 1);
		machine->result->size++;
	}
	bench_walk_all(machine, WALKS);
	while (machine->first->next != NULL)
		bench_process_exit(machine->first->next);
}

/* Each process forks, its child writes, it exits; the child forks. */
static void chain(struct bench_machine *machine, uint64_t size)
{
	struct bench_process *parent = bench_process_new(machine), *child;

	bench_map(parent, 0, 16, READ_WRITE);
	bench_map(parent, 32, 16, READ_WRITE);
	bench_write(parent, 0, 16, 1);
	bench_write(parent, 32, 16, 1);
	while (machine->result->size < size) {
		child = bench_process_fork(parent);
		bench_write(child, machine->result->size % 16, 1, 1);
		bench_write(child, 32, 4, 1);
		bench_process_exit(parent);
		parent = child;
		machine->result->size++;
		if (machine->result->size % 1024 == 0) {
			bench_measure(machine);
			if (bench_machine_late(machine))
				break;
		}
	}
	bench_walk_all(machine, WALKS);
}

/* A chain of `size` processes that all live on; each writes to every second page of what it got.
 * All of it again and again, or the clock would be what is timed. */
static void depth(struct bench_machine *machine, uint64_t size)
{
	for (int round = 0; round < DEPTH_ROUNDS; round++) {
		struct bench_process *process = bench_process_new(machine);

		for (uint64_t area = 0; area < 20; area++)
			bench_map(process, area * 128, 100, READ_WRITE);
		for (uint64_t area = 0; area < 20; area++)
			bench_write(process, area * 128, 100, 1);
		for (uint64_t i = 0; i < size; i++) {
			process = bench_process_fork(process);
			for (uint64_t area = 0; area < 20; area++)
				bench_write(process, area * 128 + i % 2, 99, 2);
		}
		bench_walk_all(machine, WALKS);
		while (machine->first != NULL)
			bench_process_exit(machine->first);
	}
	machine->result->size = size;
}

/* `size` areas of a page each, no two neighbours alike; each second one has been written to. Then
 * fork and exit, as often as there is time for in a tenth of it. */
static void spawn(struct bench_machine *machine, uint64_t size)
{
	struct bench_process *parent = bench_process_new(machine), *child;
	uint64_t rounds = 400000 / size + 2;

	bench_map(parent, 0, size, READ_WRITE);
	for (uint64_t i = 1; i < size; i += 2)
		bench_protect(parent, i, 1, VAS_READ);
	bench_write(parent, 0, size, 2);
	for (uint64_t i = 0; i < rounds; i++) {
		child = bench_process_fork(parent);
		if (i == rounds / 2)
			bench_walk_all(machine, 1000);
		bench_process_exit(child);
		machine->result->size++;
	}
}

/* Pages go one by one from one area to another, as a collector of garbage lets them. */
static void collector(struct bench_machine *machine, uint64_t size)
{
	struct bench_process *process = bench_process_new(machine);

	bench_map(process, 0, size, READ_WRITE);
	bench_map(process, 2 * size, size, READ_WRITE);
	for (int round = 0; round < 10; round++) {
		bench_write(process, 0, size, 1);
		for (uint64_t i = 0; i < size; i++)
			bench_move_page(process, i, 2 * size + i);
		bench_walk_all(machine, WALKS);
		for (uint64_t i = 0; i < size; i++)
			bench_move_page(process, 2 * size + i, i);
		machine->result->size++;
	}
}

/* A server with 30 areas forks its workers; each writes to a tenth of what it got and maps two
 * areas of its own. A hundred more come and go. */
static void server(struct bench_machine *machine, uint64_t size)
{
	struct bench_process *parent = bench_process_new(machine), *child;

	for (uint64_t area = 0; area < 30; area++) {
		bench_map(parent, area * 128, 64, READ_WRITE);
		bench_write(parent, area * 128, 64, 1);
	}
	for (uint64_t i = 0; i < size + 100; i++) {
		child = bench_process_fork(parent);
		bench_write(parent, i % 30 * 128, 4, 1);
		for (uint64_t area = 0; area < 30; area++)
			bench_write(child, area * 128, 64, 10);
		bench_map(child, 8192, 32, READ_WRITE);
		bench_map(child, 8192 + 32, 32, READ_WRITE);
		bench_write(child, 8192, 64, 1);
		machine->result->size++;
		if (i >= size)
			bench_process_exit(machine->first->next);
	}
	bench_walk_all(machine, WALKS);
	while (machine->first != NULL)
		bench_process_exit(machine->last);
}

/* The mother of all applications: 300 areas, of which two thirds hold pages. Each child unmaps some
 * that it has no use for, writes to a few, and maps and moves some of its own. */
static void zygote(struct bench_machine *machine, uint64_t size)
{
	struct bench_process *mother = bench_process_new(machine), *child;
	uint64_t random = 1;

	for (uint64_t area = 0; area < 300; area++) {
		bench_map(mother, area * 64, 32, READ_WRITE);
		if (area % 3 != 0)
			bench_write(mother, area * 64, 32, 2);
	}
	while (machine->result->size < size && !bench_machine_late(machine)) {
		child = bench_process_fork(mother);
		for (int i = 0; i < 10; i++)
			bench_unmap(child, bench_random(&random) % 100 * 64, 32);
		for (int i = 0; i < 40; i++)
			bench_write(child, (100 + bench_random(&random) % 200) * 64, 32, 4);
		for (uint64_t i = 0; i < 20; i++) {
			bench_map(child, 30000 + i * 64, 40, READ_WRITE);
			bench_write(child, 30000 + i * 64, 40, 1);
		}
		for (uint64_t i = 0; i < 10; i++)
			bench_move(child, 30000 + i * 128, 40, 40000 + i * 64);
		machine->result->size++;
	}
	bench_walk_all(machine, WALKS);
	while (machine->first != NULL)
		bench_process_exit(machine->last);
}

/* A shell: each child writes a little, then execs another program, and exits. */
static void shell(struct bench_machine *machine, uint64_t size)
{
	struct bench_process *parent = bench_process_new(machine), *child;
	struct vas_layout layout = *vas_space_layout(parent->space);

	for (uint64_t area = 0; area < 20; area++) {
		bench_map(parent, area * 64, 32, READ_WRITE);
		bench_write(parent, area * 64, 32, 1);
	}
	while (machine->result->size < size && !bench_machine_late(machine)) {
		child = bench_process_fork(parent);
		bench_write(parent, 0, 8, 1);
		bench_write(child, 0, 8, 1);
		vas_exec(child->space, &layout);
		for (uint64_t area = 0; area < 10; area++) {
			bench_map(child, area * 64, 16, READ_WRITE);
			bench_write(child, area * 64, 16, 1);
		}
		machine->result->size++;
		if (machine->result->size % 64 == 0)
			bench_walk_all(machine, 200);
		bench_process_exit(child);
	}
}

/* One area of 64 pages goes to and fro between two places, with neighbours at both. */
static void ping_pong(struct bench_machine *machine, uint64_t size, bool shared)
{
	struct bench_process *process = bench_process_new(machine);

	bench_map(process, 0, 192, READ_WRITE);
	bench_map(process, 1000, 64, READ_WRITE);
	bench_map(process, 1128, 64, READ_WRITE);
	bench_write(process, 0, 192, 1);
	bench_write(process, 1000, 64, 1);
	bench_write(process, 1128, 64, 1);
	if (shared)
		(void)bench_process_fork(process);
	while (machine->result->size < size && !bench_machine_late(machine)) {
		bench_move(process, 64, 64, 1064);
		if (machine->result->size % 128 == 0) {
			bench_map(process, 64, 64, READ_WRITE);
			bench_write(process, 64, 64, 8);
			bench_walk_all(machine, 1000);
			bench_unmap(process, 64, 64);
		}
		bench_move(process, 1064, 64, 64);
		machine->result->size++;
	}
}

static void ping_pong_alone(struct bench_machine *machine, uint64_t size)
{
	ping_pong(machine, size, false);
}

static void ping_pong_shared(struct bench_machine *machine, uint64_t size)
{
	ping_pong(machine, size, true);
}

/* A heap that is packed: `size` areas of 8 pages, with holes between them, are moved together. The
 * areas that are left could not merge. */
static void packing(struct bench_machine *machine, uint64_t size)
{
	struct bench_process *process = bench_process_new(machine);

	for (uint64_t i = 0; i < size; i++) {
		bench_map(process, i * 16, 8, READ_WRITE);
		bench_write(process, i * 16, 8, 1);
	}
	for (uint64_t i = 0; i < size; i++)
		bench_move(process, i * 16, 8, BENCH_WINDOW_PAGES / 2 + i * 8);
	machine->result->size = size;
	bench_walk_all(machine, WALKS);
}

const struct bench_anon_work bench_anon_works[] = {
	{ "children", "W11: 1,000 children that write to all 1,000 pages", 1000, 1100000,
	  many_children },
	{ "chain", "W12: 1,000,000 generations, each forks and exits", 1000000, 4096, chain },
	{ "depth-1", "W13: a process and its child", 1, 65536, depth },
	{ "depth-2", "W13: and a grandchild", 2, 65536, depth },
	{ "depth-3", "W13: 3 generations below the first", 3, 65536, depth },
	{ "depth-5", "W13: 5 generations", 5, 65536, depth },
	{ "depth-8", "W13: 8 generations", 8, 65536, depth },
	{ "spawn-21", "W17: fork and exit with 21 areas", 21, 131072, spawn },
	{ "spawn-134", "W18: with 134 areas", 134, 131072, spawn },
	{ "spawn-1001", "W17: with 1,001 areas", 1001, 131072, spawn },
	{ "spawn-12821", "W17: with 12,821 areas", 12821, 131072, spawn },
	{ "spawn-51221", "W17: with 51,221 areas", 51221, 131072, spawn },
	{ "collector", "W20: 10,000 pages moved one by one, to and fro", 10000, 65536, collector },
	{ "server", "a server with 200 workers, and 100 that came and went", 200, 131072, server },
	{ "zygote", "300 children of a process with 300 areas", 300, 1048576, zygote },
	{ "shell", "20,000 children that exec", 20000, 65536, shell },
	{ "ping-pong", "mremap to and fro, 64 pages, nobody shares them", 100000, 65536,
	  ping_pong_alone },
	{ "ping-pong-shared", "the same, a child shares them", 100000, 65536, ping_pong_shared },
	{ "packing", "1,000 areas moved together", 1000, 65536, packing },
	{ NULL, NULL, 0, 0, NULL },
};
