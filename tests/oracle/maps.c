/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "maps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vas/space.h>

static const struct {
	char word[3];
	uint64_t flag;
} words[] = {
	{ "rd", VAS_AREA_READ },	  { "wr", VAS_AREA_WRITE },
	{ "ex", VAS_AREA_EXEC },	  { "sh", VAS_AREA_SHARED },
	{ "mr", VAS_AREA_MAY_READ },	  { "mw", VAS_AREA_MAY_WRITE },
	{ "me", VAS_AREA_MAY_EXEC },	  { "ms", VAS_AREA_MAY_SHARE },
	{ "gd", VAS_AREA_GROWS_DOWN },	  { "pf", VAS_AREA_RAW_FRAMES },
	{ "lo", VAS_AREA_LOCKED },	  { "io", VAS_AREA_IO },
	{ "sr", VAS_AREA_SEQUENTIAL },	  { "rr", VAS_AREA_RANDOM },
	{ "dc", VAS_AREA_DONT_FORK },	  { "de", VAS_AREA_DONT_EXPAND },
	{ "lf", VAS_AREA_LOCK_ON_FAULT }, { "ac", VAS_AREA_ACCOUNT },
	{ "nr", VAS_AREA_NO_RESERVE },	  { "ht", VAS_AREA_HUGE_PAGES },
	{ "sf", VAS_AREA_SYNC },	  { "wf", VAS_AREA_WIPE_ON_FORK },
	{ "dd", VAS_AREA_DONT_DUMP },	  { "mm", VAS_AREA_MIXED },
	{ "hg", VAS_AREA_HUGE },	  { "nh", VAS_AREA_NO_HUGE },
	{ "mg", VAS_AREA_MERGEABLE },	  { "um", VAS_AREA_USERFAULT_MISSING },
	{ "uw", VAS_AREA_USERFAULT_WP },  { "ui", VAS_AREA_USERFAULT_MINOR },
	{ "sl", VAS_AREA_SEALED },	  { "dp", VAS_AREA_DROPPABLE },
};
#define WORDS (sizeof(words) / sizeof(words[0]))

uint64_t maps_known_flags(uint32_t kernel)
{
	uint64_t all = 0;
	size_t i;

	for (i = 0; i < WORDS; i++)
		all |= words[i].flag;
	/* 6.1 does not show this one, 6.12 does. */
	return kernel < VAS_KERNEL(6, 12) ? all & ~(uint64_t)VAS_AREA_LOCK_ON_FAULT : all;
}

char *maps_flags_text(uint64_t flags, char text[FLAGS_TEXT])
{
	size_t i, at = 0;

	text[0] = '\0';
	for (i = 0; i < WORDS; i++)
		if (flags & words[i].flag) {
			memcpy(text + at, words[i].word, 2);
			text[at + 2] = ' ';
			text[at + 3] = '\0';
			at += 3;
		}
	return text;
}

static uint64_t parse_flags(const char *text, const char *end)
{
	uint64_t flags = 0;
	size_t i;

	for (; text + 2 <= end; text++) {
		if (text[-1] != ' ')
			continue;
		for (i = 0; i < WORDS; i++)
			if (memcmp(words[i].word, text, 2) == 0)
				flags |= words[i].flag;
	}
	return flags;
}

static uint64_t parse_hex(const char **text)
{
	uint64_t value = 0;

	for (;; (*text)++) {
		if (**text >= '0' && **text <= '9')
			value = value << 4 | (uint64_t)(**text - '0');
		else if (**text >= 'a' && **text <= 'f')
			value = value << 4 | (uint64_t)(**text - 'a' + 10);
		else
			return value;
	}
}

/* 7f00-8f00 rw-p 00000000 fe:00 1234    /path */
static void parse_area(struct maps_line *line, const char *text, const char *end)
{
	line->line = text;
	line->length = (size_t)(end - text);
	line->start = parse_hex(&text);
	text++;
	line->end = parse_hex(&text);
	memcpy(line->permissions, text + 1, 4);
	line->permissions[4] = '\0';
	text += 6;
	line->offset = parse_hex(&text);
	text++;
	line->major = (uint32_t)parse_hex(&text);
	text++;
	line->minor = (uint32_t)parse_hex(&text);
	line->inode = strtoull(text + 1, (char **)&text, 10);
	while (text < end && *text == ' ')
		text++;
	line->name = text;
	line->name_length = (size_t)(end - text);
}

/* A line of figures, as smaps has below each area. */
static void parse_figure(struct maps_line *line, const char *text, const char *end)
{
	if (strncmp(text, "VmFlags:", 8) == 0)
		line->flags = parse_flags(text + 9, end);
	else if (strncmp(text, "Anonymous:", 10) == 0)
		line->anonymous = strtoull(text + 10, NULL, 10) != 0;
}

bool maps_next(const char **text, const char *end, struct maps_line *line)
{
	const char *next;
	bool found = false;

	while (*text < end) {
		next = memchr(*text, '\n', (size_t)(end - *text));
		if (!next)
			return found;
		if (**text >= 'A' && **text <= 'Z') {
			if (found)
				parse_figure(line, *text, next);
		} else if (found) {
			return true;
		} else if (strncmp(*text, "ffffffffff600000-", 17) != 0) {
			memset(line, 0, sizeof(*line));
			parse_area(line, *text, next);
			found = true;
		}
		*text = next + 1;
	}
	return found;
}

bool maps_find(const char *text, size_t length, uint64_t address, struct maps_line *line)
{
	const char *end = text + length;

	while (maps_next(&text, end, line))
		if (line->start <= address && address < line->end)
			return true;
	return false;
}

uint64_t status_pages(const char *text, size_t length, const char *key)
{
	const char *found = memmem(text, length, key, strlen(key));

	return found ? strtoull(found + strlen(key), NULL, 10) / 4 : UINT64_MAX;
}
