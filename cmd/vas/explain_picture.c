/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Pictures from the text of /proc/PID/maps and smaps. */

#include "explain_picture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mapsfile.h"
#include "output.h"

/* An area's first line begins with its address; smaps' other lines with a capital letter. */
static bool is_head(struct slice line)
{
	return line.length > 0 && ((line.at[0] >= '0' && line.at[0] <= '9') ||
				   (line.at[0] >= 'a' && line.at[0] <= 'f'));
}

static bool is_detail(struct slice line)
{
	return line.length > 0 && line.at[0] >= 'A' && line.at[0] <= 'Z' &&
	       memchr(line.at, ':', line.length) != NULL;
}

/* "Rss:         12 kB"; false: it is not the line of `key`. */
static bool take_figure(struct slice line, const char *key, uint64_t *value)
{
	if (!slice_starts(line, key))
		return false;
	*value = 0;
	for (line = slice_trim(slice_after(line, strlen(key)));
	     line.length > 0 && line.at[0] >= '0' && line.at[0] <= '9'; line = slice_after(line, 1))
		*value = *value * 10 + (uint64_t)(line.at[0] - '0');
	return true;
}

static void take_detail(struct picture_area *area, struct slice line)
{
	uint64_t key;

	switch (line.at[0]) {
	case 'R':
		if (take_figure(line, "Rss:", &area->resident_kb))
			area->has_figures = true;
		break;
	case 'A':
		(void)take_figure(line, "Anonymous:", &area->anonymous_kb);
		break;
	case 'S':
		(void)take_figure(line, "Swap:", &area->swap_kb);
		break;
	case 'P':
		if (take_figure(line, "ProtectionKey:", &key))
			area->flags |= (key << VAS_AREA_PKEY_SHIFT) & VAS_AREA_PKEY;
		break;
	case 'V':
		if (!slice_starts(line, "VmFlags:"))
			break;
		area->words = slice_trim(slice_after(line, strlen("VmFlags:")));
		area->flags = (area->flags & VAS_AREA_PKEY) | mapsfile_words(area->words);
		break;
	}
}

static bool take_head(struct picture *picture, struct slice text, size_t *room, const char **error)
{
	struct picture_area *area;
	struct maps_line line;

	*error = mapsfile_parse(text, &line);
	if (*error != NULL)
		return false;
	if (picture->count > 0 && line.range.start < picture->areas[picture->count - 1].range.end) {
		*error = "an area that begins before the one above it ends";
		return false;
	}
	if (picture->count == *room) {
		*room = *room * 2 + 64;
		area = realloc(picture->areas, *room * sizeof(*area));
		if (area == NULL) {
			*error = "out of memory";
			return false;
		}
		picture->areas = area;
	}
	area = &picture->areas[picture->count++];
	*area = (struct picture_area){
		.range = line.range,
		.flags = mapsfile_flags(&line),
		.offset = line.offset,
		.inode = line.inode,
		.major = line.major,
		.minor = line.minor,
		.name = line.name,
	};
	return true;
}

/* [vsyscall] is in maps, but is not one of the areas that the kernel counts. */
static void drop_vsyscall(struct picture *picture)
{
	if (picture->count == 0 ||
	    !slice_equal(picture->areas[picture->count - 1].name, "[vsyscall]"))
		return;
	picture->count--;
	picture->has_vsyscall = true;
}

static void find_top(struct picture *picture)
{
	const struct picture_area *last;

	picture->top = TOP_64;
	if (picture->count == 0)
		return;
	last = &picture->areas[picture->count - 1];
	if (last->range.end <= UINT64_C(1) << 32 && !picture->has_vsyscall)
		picture->top = TOP_32;
	if (picture->top < last->range.end)
		picture->top = last->range.end;
}

int picture_parse(struct picture *picture, char *text, size_t length, const char *name)
{
	struct slice rest = { text, length };
	const char *error = NULL;
	size_t room = 0;
	unsigned long number = 0;

	picture->text = text;
	picture->flags_known = true;
	while (rest.length > 0 && error == NULL) {
		const char *newline = memchr(rest.at, '\n', rest.length);
		struct slice line = rest;

		if (newline != NULL)
			line.length = (size_t)(newline - rest.at);
		rest = slice_after(rest, line.length + 1);
		number++;
		if (is_head(line)) {
			(void)take_head(picture, line, &room, &error);
		} else if (picture->count > 0 && is_detail(line)) {
			take_detail(&picture->areas[picture->count - 1], line);
		} else if (line.length > 0) {
			error = "not a line of maps or smaps";
		}
	}
	if (error != NULL) {
		complain("%s:%lu: %s", name, number, error);
		return -1;
	}
	drop_vsyscall(picture);
	find_top(picture);
	for (size_t i = 0; i < picture->count; i++)
		picture->flags_known = picture->flags_known && picture->areas[i].words.length > 0;
	return 0;
}

void picture_area_mode(const struct picture_area *area, char mode[5])
{
	mode[0] = (area->flags & VAS_AREA_READ) != 0 ? 'r' : '-';
	mode[1] = (area->flags & VAS_AREA_WRITE) != 0 ? 'w' : '-';
	mode[2] = (area->flags & VAS_AREA_EXEC) != 0 ? 'x' : '-';
	mode[3] = (area->flags & VAS_AREA_MAY_SHARE) != 0 ? 's' : 'p';
	mode[4] = '\0';
}

bool picture_area_has_file(const struct picture_area *area)
{
	return area->inode != 0 || area->major != 0 || area->minor != 0 || area->file != 0 ||
	       slice_starts(area->name, "/") || slice_starts(area->name, "[anon_shmem:") ||
	       slice_starts(area->name, "anon_inode:");
}

bool picture_area_anonymous(const struct picture_area *area)
{
	return !picture_area_has_file(area) && (area->flags & VAS_AREA_MAY_SHARE) == 0;
}

struct picture_area *picture_find(const struct picture *picture, uint64_t address)
{
	size_t low = 0, high = picture->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (picture->areas[middle].range.end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == picture->count || !vas_range_contains(picture->areas[low].range, address))
		return NULL;
	return &picture->areas[low];
}

void picture_note(struct picture *picture, const char *format, ...)
{
	va_list arguments;
	char *text, *note;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	if (text == NULL || picture->note == NULL) {
		picture->note = text != NULL ? text : picture->note;
		return;
	}
	if (asprintf(&note, "%s\n%s", picture->note, text) >= 0) {
		free(picture->note);
		picture->note = note;
	}
	free(text);
}

void picture_free(struct picture *picture)
{
	for (size_t i = 0; i < picture->source_count; i++)
		free(picture->sources[i].text);
	for (size_t i = 0; i < picture->process_count; i++)
		free(picture->processes[i].program);
	free(picture->sources);
	free(picture->processes);
	free(picture->program);
	free(picture->areas);
	free(picture->note);
	free(picture->text);
	free(picture->policy_text);
	*picture = (struct picture){ 0 };
}
