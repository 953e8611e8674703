/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Changing the protection of a part splits an area; changing it back merges the parts again.
 *
 *	 0 1 2 3 4 5 6 7
 *	 A A A A A A A A     8 pages, rw-
 *	 A A * * * A A A     r-- for three of them: three areas
 *	 A A A A A A A A     rw- again: one
 */

#include "example.h"

int main(void)
{
	struct vas_space *space = new_space();
	uint64_t at = map_pages(space, 8, VAS_READ | VAS_WRITE);
	uint64_t part = at + 2 * VAS_PAGE_SIZE;

	show("mapped:", space);
	must(vas_protect(space, part, 3 * VAS_PAGE_SIZE, VAS_READ, -1), "protect");
	show("three pages made read-only:", space);
	must(vas_protect(space, part, 3 * VAS_PAGE_SIZE, VAS_READ | VAS_WRITE, -1), "protect");
	show("made writable again:", space);

	/* A hole in the range: what lies before it is changed, as in Linux, and ENOMEM comes. */
	must(vas_unmap(space, part, VAS_PAGE_SIZE), "unmap");
	printf("over a hole: %s\n",
	       vas_error_name(vas_protect(space, at, 8 * VAS_PAGE_SIZE, VAS_NONE, -1)));
	show("so this is left:", space);
	vas_space_destroy(space);
	return 0;
}
