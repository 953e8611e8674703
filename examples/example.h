/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLE_H
#define EXAMPLE_H

/* What the small examples share, so that each shows one thing. map.c does without. */

#include <stdio.h>
#include <stdlib.h>

#include <vas/space.h>

/* Ends the program when a call did not go as the example says. */
static inline void must(int err, const char *what)
{
	if (err == 0)
		return;
	fprintf(stderr, "%s: %s\n", what, vas_error_name(err));
	exit(1);
}

static inline void print_text(void *context, const char *text, size_t length)
{
	fwrite(text, 1, length, context);
}

/* Prints a title and the areas of a space as /proc/PID/maps does. */
static inline void show(const char *title, const struct vas_space *space)
{
	const struct vas_printer printer = { .print = print_text, .context = stdout };

	printf("%s\n", title);
	vas_space_print(space, &printer);
}

/* A space with Linux's defaults; the settings live as long as the program. */
static inline struct vas_space *new_space(void)
{
	static struct vas_settings settings;
	struct vas_space_config config;
	struct vas_space *space;

	vas_settings_default(&settings);
	vas_space_default(&config, &settings);
	must(vas_space_create(&config, &space), "create a space");
	return space;
}

/* Maps `pages` pages of private anonymous memory where the space likes; returns the address. */
static inline uint64_t map_pages(struct vas_space *space, uint64_t pages, uint32_t prot)
{
	const struct vas_map map = {
		.length = pages * VAS_PAGE_SIZE,
		.prot = prot,
		.flags = VAS_PRIVATE | VAS_ANONYMOUS,
	};
	uint64_t address = 0;

	must(vas_map(space, &map, &address), "map");
	return address;
}

#endif
