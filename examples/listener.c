/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* A listener hears what each call changed, step by step. Here it only prints the steps. */

#include <inttypes.h>

#include "example.h"

static void print_op(void *data, struct vas_space *space, const struct vas_op *op)
{
	static const char *const names[] = {
		[VAS_OP_MAP] = "map",	  [VAS_OP_UNMAP] = "unmap", [VAS_OP_SPLIT] = "split",
		[VAS_OP_MERGE] = "merge", [VAS_OP_MOVE] = "move",   [VAS_OP_FLAGS] = "flags",
		[VAS_OP_FORK] = "fork",	  [VAS_OP_TOUCH] = "touch", [VAS_OP_ADVISE] = "advise",
		[VAS_OP_EMPTY] = "empty", [VAS_OP_FREE] = "free",   [VAS_OP_REINDEX] = "reindex",
	};

	(void)data;
	(void)space;
	printf("    %-6s %#" PRIx64 "-%#" PRIx64 "\n", names[op->kind], op->start, op->end);
}

static const struct vas_listener printing_listener = { .apply = print_op };

int main(void)
{
	struct vas_settings settings;
	struct vas_space_config config;
	struct vas_space *space;
	uint64_t at;

	vas_settings_default(&settings);
	vas_space_default(&config, &settings);
	config.listeners[0].listener = &printing_listener;
	must(vas_space_create(&config, &space), "create a space");

	printf("map 8 pages\n");
	at = map_pages(space, 8, VAS_READ | VAS_WRITE);
	printf("map 8 more, which become one area with them\n");
	map_pages(space, 8, VAS_READ | VAS_WRITE);
	printf("take write permission from 2\n");
	must(vas_protect(space, at, 2 * VAS_PAGE_SIZE, VAS_READ, -1), "protect");
	printf("give it back\n");
	must(vas_protect(space, at, 2 * VAS_PAGE_SIZE, VAS_READ | VAS_WRITE, -1), "protect");
	printf("unmap 1 in the middle\n");
	must(vas_unmap(space, at, VAS_PAGE_SIZE), "unmap");
	printf("the process ends\n");
	vas_space_destroy(space);
	return 0;
}
