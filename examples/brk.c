/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* brk: the heap grows and shrinks, up to a limit. */

#include <inttypes.h>

#include "example.h"

static void try(struct vas_space *space, uint64_t wish)
{
	uint64_t now;

	must(vas_brk(space, wish, &now), "brk");
	printf("brk(%#" PRIx64 ") = %#" PRIx64 "%s\n", wish, now,
	       now == wish ? "" : ", not granted");
}

int main(void)
{
	struct vas_space *space = new_space();
	struct vas_layout *layout = vas_space_layout(space);

	/* Where a loader would put the heap: right after the program's data. */
	layout->start_brk = layout->brk = UINT64_C(0x555555559000);
	vas_space_limits(space)->data = 64 * VAS_PAGE_SIZE;

	try(space, layout->start_brk + 5000); /* not a page multiple: the area is */
	show("the heap:", space);
	try(space, layout->start_brk + 64 * VAS_PAGE_SIZE);
	try(space, layout->start_brk + 65 * VAS_PAGE_SIZE);
	try(space, layout->start_brk);
	show("nothing is left:", space);
	vas_space_destroy(space);
	return 0;
}
