/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Counts. One pass over the areas, one over the pairs, and sorts of what was found. */

#include "explain_summary.h"

#include <stdlib.h>
#include <string.h>

#include "output.h"

static void extend(struct extent *extent, uint64_t bytes)
{
	if (extent->sum == 0 || bytes < extent->least)
		extent->least = bytes;
	if (bytes > extent->most)
		extent->most = bytes;
	extent->sum += bytes;
}

static void count_kinds(const struct picture *picture, struct summary *summary)
{
	for (size_t i = 0; i < picture->count; i++) {
		const struct picture_area *area = &picture->areas[i];
		struct kind_count *kind = &summary->kinds[area->kind];

		kind->areas++;
		kind->bytes += picture_area_bytes(area);
		kind->resident_kb += area->resident_kb;
		extend(&kind->size, picture_area_bytes(area));
		summary->bytes += picture_area_bytes(area);
		summary->resident_kb += area->resident_kb;
		summary->has_figures = summary->has_figures || area->has_figures;
	}
}

/* ---- groups ---- */

enum { BUCKETS = 1024 };

/* Groups by a hash of what they have in common; chains through next. */
struct grouping {
	struct summary *summary;
	size_t room;
	size_t *next; /* as long as groups; place + 1, 0: the end */
	size_t buckets[BUCKETS];
};

static bool side_before(const struct group_side *a, const struct group_side *b)
{
	return a->kind != b->kind ? a->kind < b->kind : memcmp(a->mode, b->mode, 4) < 0;
}

static bool same_side(const struct group_side *a, const struct group_side *b)
{
	return a->kind == b->kind && memcmp(a->mode, b->mode, 4) == 0;
}

static bool same_pair(struct pair a, struct pair b)
{
	return a.reasons == b.reasons && a.flags == b.flags;
}

static size_t hash_group(const struct group *group)
{
	uint64_t hash = group->pair.reasons ^ group->pair.flags * UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = 0; i < 2; i++) {
		uint32_t mode;

		memcpy(&mode, group->sides[i].mode, sizeof(mode));
		hash = (hash ^ mode ^ group->sides[i].kind) * UINT64_C(0x9e3779b97f4a7c15);
	}
	return (size_t)(hash >> 32) % BUCKETS;
}

/* The group like `wanted`, made if need be; NULL: no memory. */
static struct group *find_group(struct grouping *grouping, const struct group *wanted)
{
	struct summary *summary = grouping->summary;
	size_t *bucket = &grouping->buckets[hash_group(wanted)];

	for (size_t at = *bucket; at != 0; at = grouping->next[at - 1]) {
		struct group *group = &summary->groups[at - 1];

		if (same_pair(group->pair, wanted->pair) &&
		    same_side(&group->sides[0], &wanted->sides[0]) &&
		    same_side(&group->sides[1], &wanted->sides[1]))
			return group;
	}
	if (summary->group_count == grouping->room) {
		size_t room = grouping->room * 2 + 64;
		struct group *groups = realloc(summary->groups, room * sizeof(*groups));
		size_t *next;

		if (groups == NULL)
			return NULL;
		summary->groups = groups;
		next = realloc(grouping->next, room * sizeof(*next));
		if (next == NULL)
			return NULL;
		grouping->next = next;
		grouping->room = room;
	}
	summary->groups[summary->group_count] = *wanted;
	grouping->next[summary->group_count] = *bucket;
	*bucket = ++summary->group_count;
	return &summary->groups[summary->group_count - 1];
}

static void describe(const struct picture_area *area, struct group_side *side)
{
	side->kind = area->kind;
	picture_area_mode(area, side->mode);
}

static bool add_pair(struct grouping *grouping, const struct picture *picture, size_t i)
{
	const struct picture_area *below = &picture->areas[i], *above = below + 1;
	struct group wanted = { .pair = pair_look(picture, i) };
	struct group *group;
	bool turned;

	describe(below, &wanted.sides[0]);
	describe(above, &wanted.sides[1]);
	turned = side_before(&wanted.sides[1], &wanted.sides[0]);
	if (turned) {
		describe(above, &wanted.sides[0]);
		describe(below, &wanted.sides[1]);
	}
	group = find_group(grouping, &wanted);
	if (group == NULL)
		return false;
	extend(&group->sides[turned].size, picture_area_bytes(below));
	extend(&group->sides[!turned].size, picture_area_bytes(above));
	if ((group->pair.reasons & REASON_GAP) != 0)
		extend(&group->gap, above->range.start - below->range.end);
	if (group->count < GROUP_EXAMPLES)
		group->examples[group->count] = i;
	group->count++;
	return true;
}

static bool make_groups(const struct picture *picture, struct summary *summary)
{
	struct grouping grouping = { .summary = summary };
	bool well = true;

	for (size_t i = 0; well && i + 1 < picture->count; i++)
		well = add_pair(&grouping, picture, i);
	free(grouping.next);
	return well;
}

static bool has_kind(const struct group *group, enum area_kind kind)
{
	return group->sides[0].kind == kind || group->sides[1].kind == kind;
}

static bool of_files(const struct group *group)
{
	return group->sides[0].kind <= KIND_FILE && group->sides[1].kind <= KIND_FILE;
}

static bool make_classes(struct summary *summary)
{
	summary->classes = calloc(summary->group_count + 1, sizeof(*summary->classes));
	if (summary->classes == NULL)
		return false;
	for (size_t i = 0; i < summary->group_count; i++) {
		struct group *group = &summary->groups[i];
		struct reason_class *class;
		size_t at = 0;

		while (at < summary->class_count &&
		       !same_pair(summary->classes[at].pair, group->pair))
			at++;
		class = &summary->classes[at];
		if (at == summary->class_count) {
			class->pair = group->pair;
			summary->class_count++;
		}
		class->count += group->count;
		class->guards += has_kind(group, KIND_GUARD) ? group->count : 0;
		class->code += has_kind(group, KIND_CODE) ? group->count : 0;
		class->files += of_files(group) ? group->count : 0;
		class->threads += has_kind(group, KIND_THREAD_STACK) ? group->count : 0;
	}
	return true;
}

static int by_class_size(const void *a, const void *b)
{
	const struct reason_class *left = a, *right = b;

	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	if (left->pair.reasons != right->pair.reasons)
		return left->pair.reasons > right->pair.reasons ? 1 : -1;
	return (left->pair.flags > right->pair.flags) - (left->pair.flags < right->pair.flags);
}

static int by_group_place(const void *a, const void *b)
{
	const struct group *left = a, *right = b;

	if (left->class != right->class)
		return left->class > right->class ? 1 : -1;
	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	return (left->examples[0] > right->examples[0]) - (left->examples[0] < right->examples[0]);
}

static void sort_groups(struct summary *summary)
{
	if (summary->group_count == 0)
		return;
	qsort(summary->classes, summary->class_count, sizeof(*summary->classes), by_class_size);
	for (size_t i = 0; i < summary->group_count; i++) {
		struct group *group = &summary->groups[i];

		while (!same_pair(summary->classes[group->class].pair, group->pair))
			group->class ++;
	}
	qsort(summary->groups, summary->group_count, sizeof(*summary->groups), by_group_place);
}

static void count_pairs(struct summary *summary)
{
	for (size_t i = 0; i < summary->class_count; i++) {
		const struct reason_class *class = &summary->classes[i];

		summary->pairs += class->count;
		if ((class->pair.reasons & REASON_GAP) != 0)
			summary->gaps += class->count;
		if (pair_near(class->pair))
			summary->near += class->count;
		if (pair_alike_over_gap(class->pair))
			summary->alike += class->count;
	}
	summary->touching = summary->pairs - summary->gaps;
}

/* ---- names ---- */

static int by_name(const void *a, const void *b)
{
	const struct name_count *left = a, *right = b;
	size_t length =
		left->name.length < right->name.length ? left->name.length : right->name.length;
	int order = length > 0 ? memcmp(left->name.at, right->name.at, length) : 0;

	if (order != 0)
		return order;
	return (left->name.length > right->name.length) - (left->name.length < right->name.length);
}

static int by_areas(const void *a, const void *b)
{
	const struct name_count *left = a, *right = b;

	if (left->areas != right->areas)
		return left->areas < right->areas ? 1 : -1;
	return by_name(a, b);
}

/* Adds equal names up, most areas first; returns how many are left. */
static size_t add_up(struct name_count *list, size_t count)
{
	size_t kept = 0;

	if (count == 0)
		return 0;
	qsort(list, count, sizeof(*list), by_name);
	for (size_t i = 1; i < count; i++) {
		if (slice_same(list[i].name, list[kept].name)) {
			list[kept].areas += list[i].areas;
			list[kept].bytes += list[i].bytes;
		} else {
			list[++kept] = list[i];
		}
	}
	qsort(list, ++kept, sizeof(*list), by_areas);
	return kept;
}

/* "/usr/lib" of "/usr/lib/libc.so.6"; nothing of names that are no paths. */
static struct slice directory_of(struct slice path)
{
	size_t length = path.length;

	if (length == 0 || path.at[0] != '/')
		return (struct slice){ path.at, 0 };
	while (length > 1 && path.at[length - 1] != '/')
		length--;
	return (struct slice){ path.at, length > 1 ? length - 1 : 1 };
}

static bool count_names(const struct picture *picture, struct summary *summary)
{
	summary->files = calloc(picture->count + 1, sizeof(*summary->files));
	summary->directories = calloc(picture->count + 1, sizeof(*summary->directories));
	summary->names = calloc(picture->count + 1, sizeof(*summary->names));
	if (summary->files == NULL || summary->directories == NULL || summary->names == NULL)
		return false;
	for (size_t i = 0; i < picture->count; i++) {
		const struct picture_area *area = &picture->areas[i];
		struct name_count one = { area->name, 1, picture_area_bytes(area) };

		if (slice_starts(area->name, "[anon"))
			summary->names[summary->name_count++] = one;
		else if (picture_area_has_file(area))
			summary->files[summary->file_count++] = one;
	}
	summary->file_count = add_up(summary->files, summary->file_count);
	summary->name_count = add_up(summary->names, summary->name_count);
	for (size_t i = 0; i < summary->file_count; i++) {
		struct name_count one = summary->files[i];

		one.name = directory_of(one.name);
		if (one.name.length > 0)
			summary->directories[summary->directory_count++] = one;
	}
	summary->directory_count = add_up(summary->directories, summary->directory_count);
	return true;
}

int summarize(const struct picture *picture, struct summary *summary)
{
	*summary = (struct summary){ 0 };
	count_kinds(picture, summary);
	if (!make_groups(picture, summary) || !make_classes(summary) ||
	    !count_names(picture, summary)) {
		complain("out of memory");
		summary_free(summary);
		return -1;
	}
	sort_groups(summary);
	count_pairs(summary);
	return 0;
}

void summary_free(struct summary *summary)
{
	free(summary->classes);
	free(summary->groups);
	free(summary->files);
	free(summary->directories);
	free(summary->names);
	*summary = (struct summary){ 0 };
}
