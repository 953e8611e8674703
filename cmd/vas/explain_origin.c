/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Calls are told apart by what decides about merging, not by where: "mprotect(PROT_NONE)" is one
 * kind of call, whatever its addresses. There are some dozens of kinds in a trace; so they are
 * looked for one by one.
 *
 *	mmap       MMMMMMMMMMMM		mapped = made = the mmap
 *	mprotect       ****
 *	           MMMMPPPPQQQQ		P, Q: mapped by the mmap, made by the mprotect;
 *					P changed by it too
 */

#include "explain_origin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vas/anon_vma_chain.h>

#include "trace_value.h"

/* More kinds than this are put together. */
enum { SOURCES_MOST = 1000, SOURCE_TEXT = 160 };
static const char *const other_calls = "other calls";

/* Which arguments of a call say what kind it is: bits. */
static unsigned telling_arguments(enum call_kind kind)
{
	switch (kind) {
	case CALL_MMAP:
		return 1u << 2 | 1u << 3;
	case CALL_MPROTECT:
	case CALL_PKEY_MPROTECT:
	case CALL_MADVISE:
	case CALL_SHMAT:
	case CALL_MLOCK2:
	case CALL_MBIND:
		return 1u << 2;
	case CALL_PROCESS_MADVISE:
	case CALL_MREMAP:
		return 1u << 3;
	case CALL_MLOCKALL:
		return 1u << 0;
	case CALL_IOCTL:
	case CALL_PRCTL:
		return 1u << (kind == CALL_IOCTL) | (kind == CALL_PRCTL ? 1u << 1 : 0);
	default:
		return 0;
	}
}

static bool mapped_file(const struct trace_call *call)
{
	return call->kind == CALL_MMAP && call->count > 4 && call->arguments[4].length > 0 &&
	       call->arguments[4].at[0] != '-' && !slice_starts(call->arguments[4], "0xffffffff");
}

static void spell_call(const struct trace_call *call, char text[SOURCE_TEXT])
{
	unsigned telling = telling_arguments(call->kind);
	int used = snprintf(text, SOURCE_TEXT, "%.*s", SLICE_ARGS(call->name));
	const char *separator = "(";

	if (telling == 0)
		return;
	for (unsigned i = 0; i < call->count && i < CALL_ARGUMENTS && used < SOURCE_TEXT; i++) {
		if ((telling >> i & 1) == 0)
			continue;
		used += snprintf(text + used, (size_t)(SOURCE_TEXT - used), "%s%.*s", separator,
				 SLICE_ARGS(call->arguments[i]));
		separator = ", ";
	}
	if (used < SOURCE_TEXT)
		snprintf(text + used, (size_t)(SOURCE_TEXT - used), "%s)",
			 mapped_file(call) ? ", a file" : "");
}

static void spell(const struct origins *origins, char text[SOURCE_TEXT])
{
	const struct trace_event *event = origins->event;

	switch (event == NULL ? TRACE_NOTHING : event->kind) {
	case TRACE_CALL:
	case TRACE_START:
		if (event->call.kind == CALL_EXECVE || event->call.kind == CALL_EXECVEAT)
			snprintf(text, SOURCE_TEXT, "execve");
		else
			spell_call(&event->call, text);
		break;
	case TRACE_SNAPSHOT:
	case TRACE_AREA:
		snprintf(text, SOURCE_TEXT, "%s", origins->exec_snapshot ? "execve" : "a snapshot");
		break;
	case TRACE_TOUCH:
		snprintf(text, SOURCE_TEXT, "a page fault");
		break;
	default:
		snprintf(text, SOURCE_TEXT, "%s", other_calls);
		break;
	}
}

static bool is_stack_call(const struct trace_event *event)
{
	struct slice unknown;
	uint64_t flags;

	return event != NULL && event->kind == TRACE_CALL && event->call.kind == CALL_MMAP &&
	       event->call.count > 3 &&
	       value_flags(event->call.arguments[3], CONSTANTS_MAP, &flags, &unknown) &&
	       (flags & VAS_STACK) != 0;
}

/* The place of a source; the last one stands for all when there are too many, or no memory. */
static uint32_t find_source(struct origins *origins, const char *text, bool stack)
{
	struct picture_source *sources;
	size_t i;

	for (i = 0; i < origins->count; i++)
		if (strcmp(origins->sources[i].text, text) == 0)
			return (uint32_t)i;
	if (i == SOURCES_MOST)
		return (uint32_t)(i - 1);
	if ((i & (i - 1)) == 0) {
		sources = realloc(origins->sources, (i == 0 ? 1 : i * 2) * sizeof(*sources));
		if (sources == NULL)
			return i == 0 ? 0 : (uint32_t)(i - 1);
		origins->sources = sources;
	}
	origins->sources[i] = (struct picture_source){
		.text = strdup(i == SOURCES_MOST - 1 ? other_calls : text),
		.stack = stack,
	};
	if (origins->sources[i].text == NULL)
		return i == 0 ? 0 : (uint32_t)(i - 1);
	origins->count++;
	return (uint32_t)i;
}

static struct picture_call present_call(struct origins *origins)
{
	char text[SOURCE_TEXT];

	if (origins->asked)
		return origins->call;
	spell(origins, text);
	origins->call = (struct picture_call){
		.source = find_source(origins, text, is_stack_call(origins->event)),
		.line = origins->event != NULL ? origins->event->line : 0,
	};
	origins->asked = true;
	return origins->call;
}

void origins_begin(struct origins *origins, const struct trace_event *event)
{
	origins->event = event;
	origins->asked = false;
	if (event->kind == TRACE_SNAPSHOT)
		origins->exec_snapshot = slice_equal(event->words, "exec");
}

/* ---- the listener ---- */

static bool same_call(struct picture_call a, struct picture_call b)
{
	return a.line == b.line && a.source == b.source;
}

static struct origin *origin_of(const struct vas_area *area)
{
	return vas_area_data(area, &origin_listener);
}

static void touched(struct origins *origins, const struct vas_area *area)
{
	struct origin *origin = origin_of(area);
	struct vas_anon_vma_chain_view view;

	if (origin->touched.line != 0)
		return;
	vas_anon_vma_chain_look(area, &view);
	if (view.has_head)
		origin->touched = present_call(origins);
}

/* The target was just told as mapped, unless it is an old area that has grown. */
static void moved(struct origins *origins, struct origin *to, const struct origin *from)
{
	struct picture_call call = present_call(origins);

	if (to == from || (to->made.line != 0 && !same_call(to->made, call)))
		return;
	*to = *from;
	to->made = call;
	to->forks = 0;
}

static void apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	struct origins *origins = data;
	struct origin *origin = origin_of(op->area);

	(void)space;
	switch (op->kind) {
	case VAS_OP_MAP:
		/* Grown areas, too: their end is cut off again by what follows, mostly. */
		origin->mapped = present_call(origins);
		if (origin->made.line == 0)
			origin->made = origin->mapped;
		break;
	case VAS_OP_SPLIT:
		*origin_of(op->other) = *origin;
		origin_of(op->other)->made = present_call(origins);
		origin_of(op->other)->forks = 0;
		break;
	case VAS_OP_MOVE:
		moved(origins, origin, origin_of(op->other));
		break;
	case VAS_OP_FORK:
		*origin = *origin_of(op->other);
		origin->forks++;
		break;
	case VAS_OP_FLAGS:
	case VAS_OP_REINDEX:
		origin->changed = present_call(origins);
		break;
	case VAS_OP_TOUCH:
	case VAS_OP_ADVISE:
		touched(origins, op->area);
		break;
	case VAS_OP_EMPTY:
		origin->touched.line = 0;
		break;
	case VAS_OP_MERGE:
	case VAS_OP_UNMAP:
	case VAS_OP_FREE:
		break;
	}
}

const struct vas_listener origin_listener = {
	.area_bytes = sizeof(struct origin),
	.apply = apply,
};

void origins_read(const struct vas_area *from, struct picture_area *area)
{
	const struct origin *origin = origin_of(from);

	area->mapped = origin->mapped;
	area->made = origin->made;
	area->changed = origin->changed;
	area->touched = origin->touched;
	area->forks = origin->forks;
}

/* ---- figures ---- */

static void count_line(struct picture_source *source, uint64_t line)
{
	if (source->first_line == 0 || line < source->first_line)
		source->first_line = line;
	if (line > source->last_line)
		source->last_line = line;
}

static void count_area(struct picture_source *sources, const struct picture_area *area)
{
	if (area->mapped.line != 0) {
		sources[area->mapped.source].mapped++;
		count_line(&sources[area->mapped.source], area->mapped.line);
	}
	if (area->made.line != 0 && !same_call(area->made, area->mapped)) {
		sources[area->made.source].made++;
		count_line(&sources[area->made.source], area->made.line);
	}
	if (area->changed.line != 0) {
		sources[area->changed.source].changed++;
		count_line(&sources[area->changed.source], area->changed.line);
	}
	if (area->touched.line != 0)
		sources[area->touched.source].touched++;
}

struct ranked {
	size_t place, weight;
};

static int by_weight(const void *a, const void *b)
{
	const struct ranked *left = a, *right = b;

	if (left->weight != right->weight)
		return left->weight < right->weight ? 1 : -1;
	return (left->place > right->place) - (left->place < right->place);
}

static void renumber(struct picture_call *call, const size_t *places)
{
	call->source = (uint32_t)places[call->source];
}

static void sort_sources(struct picture *picture, struct ranked *order, size_t *places)
{
	struct picture_source *sorted = calloc(picture->source_count, sizeof(*sorted));

	if (sorted == NULL)
		return; /* in the order of the trace, then */
	for (size_t i = 0; i < picture->source_count; i++) {
		const struct picture_source *source = &picture->sources[i];

		order[i] = (struct ranked){ i, source->made + source->mapped + source->changed };
	}
	qsort(order, picture->source_count, sizeof(*order), by_weight);
	for (size_t i = 0; i < picture->source_count; i++) {
		sorted[i] = picture->sources[order[i].place];
		places[order[i].place] = i;
	}
	for (size_t i = 0; i < picture->count; i++) {
		renumber(&picture->areas[i].mapped, places);
		renumber(&picture->areas[i].made, places);
		renumber(&picture->areas[i].changed, places);
		renumber(&picture->areas[i].touched, places);
	}
	free(picture->sources);
	picture->sources = sorted;
	while (picture->source_count > 0 && order[picture->source_count - 1].weight == 0 &&
	       sorted[picture->source_count - 1].touched == 0)
		free(picture->sources[--picture->source_count].text);
}

void origins_give(const struct origins *origins, struct picture *picture)
{
	struct ranked *order = calloc(origins->count + 1, sizeof(*order));
	size_t *places = calloc(origins->count + 1, sizeof(*places));

	picture->sources = calloc(origins->count + 1, sizeof(*picture->sources));
	if (picture->sources != NULL && order != NULL && places != NULL) {
		for (size_t i = 0; i < origins->count; i++) {
			picture->sources[i].text = strdup(origins->sources[i].text);
			picture->sources[i].stack = origins->sources[i].stack;
			if (picture->sources[i].text == NULL)
				break;
			picture->source_count++;
		}
	}
	if (picture->source_count == origins->count && picture->source_count > 0) {
		for (size_t i = 0; i < picture->count; i++)
			count_area(picture->sources, &picture->areas[i]);
		sort_sources(picture, order, places);
	} else {
		/* Without the list no area may name a source. */
		for (size_t i = 0; i < picture->count; i++)
			picture->areas[i].mapped.line = picture->areas[i].made.line =
				picture->areas[i].changed.line = picture->areas[i].touched.line = 0;
	}
	free(order);
	free(places);
}

void origins_free(struct origins *origins)
{
	for (size_t i = 0; i < origins->count; i++)
		free(origins->sources[i].text);
	free(origins->sources);
	*origins = (struct origins){ 0 };
}
