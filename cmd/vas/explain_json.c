/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* `vas explain --json`. */

#include "explain_report.h"
#include "output.h"

static json_t *json_kinds(const struct summary *summary)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < KINDS; i++) {
		const struct kind_count *kind = &summary->kinds[i];
		json_t *object;

		if (kind->areas == 0)
			continue;
		object = json_object();
		report_set(object, "kind", json_string(area_kind_name((enum area_kind)i)));
		report_set(object, "areas", json_count(kind->areas));
		report_set(object, "bytes", json_count(kind->bytes));
		report_set(object, "resident_bytes",
			   summary->has_figures ? json_count(kind->resident_kb * 1024)
						: json_null());
		report_set(object, "least_bytes", json_count(kind->size.least));
		report_set(object, "most_bytes", json_count(kind->size.most));
		report_append(array, object);
	}
	return array;
}

static json_t *json_call(const struct picture *picture, struct picture_call call)
{
	json_t *object = json_object();

	report_set(object, "line", json_count(call.line));
	report_set(object, "call", json_string(picture->sources[call.source].text));
	return object;
}

static json_t *json_area(const struct picture *picture, const struct picture_area *area)
{
	json_t *object = json_range(area->range.start, area->range.end);
	char mode[5];

	picture_area_mode(area, mode);
	report_set(object, "kind", json_string(area_kind_name(area->kind)));
	report_set(object, "mode", json_string(mode));
	report_set(object, "name", json_slice(area->name));
	if (area->mapped.line != 0)
		report_set(object, "mapped_by", json_call(picture, area->mapped));
	if (area->made.line != 0)
		report_set(object, "made_by", json_call(picture, area->made));
	if (area->changed.line != 0)
		report_set(object, "changed_by", json_call(picture, area->changed));
	if (area->touched.line != 0)
		report_set(object, "first_written_by", json_call(picture, area->touched));
	return object;
}

static json_t *json_examples(const struct picture *picture, const struct group *group)
{
	json_t *array = json_array();

	for (size_t i = 0; i < group->count && i < GROUP_EXAMPLES; i++) {
		const struct picture_area *below = &picture->areas[group->examples[i]];
		json_t *pair = json_object();

		report_set(pair, "below", json_area(picture, below));
		report_set(pair, "above", json_area(picture, below + 1));
		report_append(array, pair);
	}
	return array;
}

static json_t *json_group(const struct picture *picture, const struct group *group)
{
	json_t *object = json_object(), *sides = json_array();

	for (size_t i = 0; i < 2; i++) {
		const struct group_side *side = &group->sides[i];
		json_t *one = json_object();

		report_set(one, "kind", json_string(area_kind_name(side->kind)));
		report_set(one, "mode", json_string(side->mode));
		report_set(one, "least_bytes", json_count(side->size.least));
		report_set(one, "most_bytes", json_count(side->size.most));
		report_append(sides, one);
	}
	report_set(object, "pairs", json_count(group->count));
	report_set(object, "between", sides);
	if ((group->pair.reasons & REASON_GAP) != 0) {
		report_set(object, "least_gap_bytes", json_count(group->gap.least));
		report_set(object, "most_gap_bytes", json_count(group->gap.most));
	}
	report_set(object, "examples", json_examples(picture, group));
	return object;
}

static json_t *json_reasons(struct pair pair)
{
	json_t *array = json_array();

	for (uint32_t left = pair.reasons; left != 0; left &= left - 1)
		report_append(array, json_string(reason_name(left & -left)));
	return array;
}

static json_t *json_flags(struct pair pair)
{
	json_t *array = json_array();

	for (uint64_t left = pair.flags; left != 0; left &= left - 1) {
		const char *text = flag_text(left & -left);

		if (text != NULL)
			report_append(array, json_string(text));
	}
	return array;
}

static json_t *json_causes(const struct picture *picture, const struct summary *summary)
{
	json_t *array = json_array();
	size_t group = 0;

	for (size_t i = 0; i < summary->class_count; i++) {
		const struct reason_class *class = &summary->classes[i];
		json_t *object = json_object(), *groups = json_array();

		for (; group < summary->group_count && summary->groups[group].class == i; group++)
			report_append(groups, json_group(picture, &summary->groups[group]));
		report_set(object, "reasons", json_reasons(class->pair));
		report_set(object, "flags", json_flags(class->pair));
		report_set(object, "pairs", json_count(class->count));
		report_set(object, "alone", json_boolean(pair_near(class->pair)));
		report_set(object, "groups", groups);
		report_append(array, object);
	}
	return array;
}

static json_t *json_names(const struct name_count *list, size_t count, size_t rows)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count && i < rows; i++) {
		json_t *object = json_object();

		report_set(object, "name", json_slice(list[i].name));
		report_set(object, "areas", json_count(list[i].areas));
		report_set(object, "bytes", json_count(list[i].bytes));
		report_append(array, object);
	}
	return array;
}

static json_t *json_calls(const struct picture *picture)
{
	json_t *array = json_array();

	for (size_t i = 0; i < picture->source_count; i++) {
		const struct picture_source *source = &picture->sources[i];
		json_t *object = json_object();

		report_set(object, "call", json_slice(slice_of(source->text)));
		report_set(object, "mapped", json_count(source->mapped));
		report_set(object, "made", json_count(source->made));
		report_set(object, "changed", json_count(source->changed));
		report_set(object, "first_line", json_count(source->first_line));
		report_set(object, "last_line", json_count(source->last_line));
		report_append(array, object);
	}
	return array;
}

static json_t *json_advice(const struct advice *advice, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *object = json_object();

		report_set(object, "fewer_areas", json_count(advice[i].fewer));
		report_set(object, "text", json_string(advice[i].text));
		report_append(array, object);
	}
	return array;
}

void explain_json(json_t *report, const struct picture *picture, const struct summary *summary,
		  const struct advice *advice, size_t advice_count, size_t rows)
{
	picture_json_head(report, picture);
	report_set(report, "bytes", json_count(summary->bytes));
	report_set(report, "resident_bytes",
		   summary->has_figures ? json_count(summary->resident_kb * 1024) : json_null());
	report_set(report, "kinds", json_kinds(summary));
	report_set(report, "pairs", json_count(summary->pairs));
	report_set(report, "gaps", json_count(summary->gaps));
	report_set(report, "pairs_one_cause", json_count(summary->near));
	report_set(report, "gaps_between_alike", json_count(summary->alike));
	report_set(report, "areas_at_best", json_count(picture->count - summary->near));
	report_set(report, "causes", json_causes(picture, summary));
	report_set(report, "files", json_names(summary->files, summary->file_count, rows));
	report_set(report, "directories",
		   json_names(summary->directories, summary->directory_count, rows));
	report_set(report, "names", json_names(summary->names, summary->name_count, rows));
	if (picture->origin == ORIGIN_TRACE)
		report_set(report, "calls", json_calls(picture));
	report_set(report, "advice", json_advice(advice, advice_count));
}
