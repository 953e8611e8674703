/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* fork: the child has all that the parent has, but what was advised not to be inherited. */

#include "example.h"

int main(void)
{
	struct vas_space *parent = new_space(), *child;
	uint64_t shared = map_pages(parent, 2, VAS_READ | VAS_WRITE);
	uint64_t secret = map_pages(parent, 1, VAS_READ);

	must(vas_advise(parent, secret, VAS_PAGE_SIZE, VAS_ADVICE_DONTFORK), "advise");
	must(vas_fork(parent, &child), "fork");
	must(vas_unmap(child, shared, VAS_PAGE_SIZE), "unmap in the child");
	show("parent:", parent);
	show("child:", child);

	vas_space_destroy(child); /* exit */
	vas_space_destroy(parent);
	return 0;
}
