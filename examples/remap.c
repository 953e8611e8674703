/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* mremap: grows in place where there is room, else moves; and moves to a chosen address. */

#include <inttypes.h>

#include "example.h"

static uint64_t remap(struct vas_space *space, uint64_t old, uint64_t old_pages, uint64_t new_pages,
		      uint64_t flags, uint64_t new_address)
{
	const struct vas_remap call = {
		.old = old,
		.old_length = old_pages * VAS_PAGE_SIZE,
		.new_length = new_pages * VAS_PAGE_SIZE,
		.flags = flags,
		.new_address = new_address,
	};
	uint64_t address = 0;

	must(vas_remap(space, &call, &address), "remap");
	return address;
}

int main(void)
{
	struct vas_space *space = new_space();
	uint64_t first = map_pages(space, 4, VAS_READ | VAS_WRITE);
	uint64_t second = map_pages(space, 4, VAS_READ);
	uint64_t at;

	show("two areas, side by side:", space);

	at = remap(space, second, 4, 2, 0, 0);
	printf("the lower one shrinks to two pages, at %#" PRIx64 "\n", at);
	at = remap(space, second, 2, 4, 0, 0);
	printf("and grows in place, at %#" PRIx64 "\n", at);

	at = remap(space, second, 4, 16, VAS_REMAP_MAYMOVE, 0);
	printf("to grow more, it must move, to %#" PRIx64 "\n", at);
	show("now:", space);

	at = remap(space, first, 4, 4, VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED, UINT64_C(0x10000000));
	printf("the other is moved to a chosen place, %#" PRIx64 "\n", at);
	show("now:", space);
	vas_space_destroy(space);
	return 0;
}
