/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* A machine: spaces with memory. A fork shares it, a write copies it, and the reverse map tells who
 * has which page. */

#include <inttypes.h>

#include <vas/machine.h>

#include "example.h"

static void print_mapper(void *context, struct vas_space *space, uint64_t address)
{
	printf("  the %s at %" PRIx64 "\n", space == context ? "parent" : "child", address);
}

static void tell(const char *when, struct vas_space *space, struct vas_space *parent, uint64_t at)
{
	printf("%s:\n", when);
	must(vas_who(space, at, print_mapper, parent), "who");
}

int main(void)
{
	struct vas_machine_config config = { .frames = 4096 };
	struct vas_map map = {
		.length = 1 << 20,
		.prot = VAS_READ | VAS_WRITE,
		.flags = VAS_PRIVATE | VAS_ANONYMOUS,
	};
	struct vas_remap move = { .old_length = 1 << 20,
				  .new_length = 2 << 20,
				  .flags = VAS_REMAP_MAYMOVE };
	struct vas_machine *machine;
	struct vas_space *parent, *child;
	uint64_t at = 0, there;
	char text[6];

	must(vas_machine_create(&config, &machine), "machine");
	must(vas_machine_space(machine, NULL, &parent), "space");
	must(vas_map(parent, &map, &at), "map");
	must(vas_write(parent, at, "hello", 6, NULL), "write"); /* faults a frame in */
	must(vas_fork(parent, &child), "fork");			/* shares it */
	tell("after the fork", child, parent, at);

	must(vas_write(child, at, "HELLO", 6, NULL), "write"); /* copies it */
	tell("after a write", child, parent, at);

	move.old = at;
	must(vas_remap(child, &move, &there), "remap");
	tell("after mremap", child, parent, there);

	must(vas_read(parent, at, text, 6, NULL), "read");
	printf("the parent reads %s", text);
	must(vas_read(child, there, text, 6, NULL), "read");
	printf(", the child %s\n", text);

	vas_space_destroy(child);
	vas_space_destroy(parent);
	vas_machine_destroy(machine);
	return 0;
}
