/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* `vas maps --json`. */

#include "explain_pair.h"
#include "explain_report.h"
#include "maps_show.h"
#include "output.h"

static json_t *json_words(struct slice words)
{
	json_t *array = json_array();

	for (;;) {
		struct slice word = slice_word(&words);

		if (word.length == 0)
			return array;
		report_append(array, json_slice(word));
	}
}

/* The model's flags, in the words of smaps. */
static json_t *json_flags(uint64_t flags)
{
	json_t *array = json_array();

	for (; flags != 0; flags &= flags - 1) {
		const char *word = flag_word(flags & -flags);

		if (word[0] != '\0')
			report_append(array, json_string(word));
	}
	return array;
}

static json_t *json_area(const struct picture *picture, const struct picture_area *area)
{
	json_t *object = json_range(area->range.start, area->range.end);
	char mode[5];

	picture_area_mode(area, mode);
	report_set(object, "mode", json_string(mode));
	report_set(object, "offset", json_address(area->offset));
	report_set(object, "device", json_sprintf("%02x:%02x", area->major, area->minor));
	report_set(object, "inode", json_integer((json_int_t)area->inode));
	report_set(object, "kind", json_string(area_kind_name(area->kind)));
	report_set(object, "name", json_slice(area->name));
	if (area->words.length > 0)
		report_set(object, "flags", json_words(area->words));
	else if (picture->flags_known)
		report_set(object, "flags", json_flags(area->flags));
	else
		report_set(object, "flags", json_null());
	report_set(object, "resident_bytes",
		   area->has_figures ? json_integer((json_int_t)(area->resident_kb * 1024))
				     : json_null());
	return object;
}

void maps_json(json_t *report, const struct picture *picture, const struct vas_range *largest,
	       size_t largest_count)
{
	json_t *areas = json_array(), *gaps = json_array(), *large = json_array();
	struct vas_range gap;
	size_t at = 0;

	for (size_t i = 0; i < picture->count; i++)
		report_append(areas, json_area(picture, &picture->areas[i]));
	while (maps_next_gap(picture, &at, &gap))
		report_append(gaps, json_range(gap.start, gap.end));
	for (size_t i = 0; i < largest_count; i++)
		report_append(large, json_range(largest[i].start, largest[i].end));
	report_set(report, "area_list", areas);
	report_set(report, "gap_list", gaps);
	report_set(report, "largest_gaps", large);
}
