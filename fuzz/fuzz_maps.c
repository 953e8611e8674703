/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Fuzzes the parser of /proc/PID/maps: a line that it takes must say what the line says. Each is
 * put into a space and printed by the library; that must parse to the same again.
 */

#include <stdint.h>
#include <stdlib.h>

#include "mapsfile.h"

struct text {
	size_t length;
	char at[8192];
};

static void add_text(void *context, const char *piece, size_t length)
{
	struct text *text = context;

	if (length > sizeof(text->at) - text->length)
		abort();
	memcpy(text->at + text->length, piece, length);
	text->length += length;
}

/* Anonymous areas without a name of the kernel's: those are what they seem. */
static bool plain(const struct maps_line *line)
{
	return !mapsfile_has_file(line) && line->name.length == 0 && line->offset == 0 &&
	       line->mode[3] == 'p' && !line->has_words;
}

static void round_trip(const struct maps_line *line)
{
	const struct vas_place place = {
		.range = line->range,
		.flags = mapsfile_flags(line),
		.offset = line->range.start >> VAS_PAGE_SHIFT,
	};
	struct vas_settings settings;
	struct vas_space_config config;
	struct vas_space *space;
	struct maps_line again;
	struct text text = { 0 };
	const struct vas_printer printer = { add_text, &text };

	vas_settings_default(&settings);
	vas_space_default(&config, &settings);
	if (vas_space_create(&config, &space) != 0)
		abort();
	if (vas_place(space, &place) == 0) {
		vas_space_print(space, &printer);
		if (text.length == 0 ||
		    mapsfile_parse((struct slice){ text.at, text.length - 1 }, &again) != NULL)
			abort();
		if (again.range.start != line->range.start || again.range.end != line->range.end ||
		    memcmp(again.mode, line->mode, 4) != 0)
			abort();
	}
	vas_space_destroy(space);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1); /* of its own size, so that a sanitizer sees its end */
	struct slice rest = { copy, size };
	struct maps_line line;
	const char *error;
	int got;

	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	while ((got = mapsfile_next(&rest, &line, &error)) != 0)
		if (got > 0 && plain(&line))
			round_trip(&line);
	if (mapsfile_parse_area((struct slice){ copy, size }, &line) == NULL) {
		(void)mapsfile_flags(&line);
		if (plain(&line))
			round_trip(&line);
	}
	(void)mapsfile_words((struct slice){ copy, size });
	free(copy);
	return 0;
}
