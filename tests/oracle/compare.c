/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "compare.h"
#include "maps.h"
#include "show.h"

#include <err.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text that grows; kept from call to call. */
struct buffer {
	char *text;
	size_t length, room;
};

static void append(void *context, const char *text, size_t length)
{
	struct buffer *buffer = context;

	if (buffer->length + length > buffer->room) {
		buffer->room = (buffer->length + length) * 2;
		buffer->text = realloc(buffer->text, buffer->room);
		if (!buffer->text)
			err(2, "no memory");
	}
	memcpy(buffer->text + buffer->length, text, length);
	buffer->length += length;
}

static void say(struct difference *difference, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void say(struct difference *difference, const char *format, ...)
{
	va_list arguments;
	char *more, *all;

	va_start(arguments, format);
	if (vasprintf(&more, format, arguments) < 0)
		err(2, "no memory");
	va_end(arguments);
	if (asprintf(&all, "%s%s", difference->text ? difference->text : "", more) < 0)
		err(2, "no memory");
	free(difference->text);
	free(more);
	difference->text = all;
	difference->found = true;
}

/* The kernel's maps without the vsyscall page, which belongs to no space. */
static size_t without_gate(const char *text, size_t length)
{
	static const char gate[] = "ffffffffff600000-ffffffffff601000 ";
	const char *found = length > 200 ? text + length - 200 : text;

	found = memmem(found, (size_t)(text + length - found), gate, sizeof(gate) - 1);
	return found ? (size_t)(found - text) : length;
}

/* Goes through both texts, which are sorted by address, and tells what only one of them has. */
static void say_lines(struct difference *difference, const char *kernel, size_t kernel_length,
		      const char *model, size_t model_length)
{
	const char *kernel_end = kernel + kernel_length, *model_end = model + model_length;
	unsigned int count = 0;
	struct maps_line a, b;
	bool in_a = maps_next(&kernel, kernel_end, &a), in_b = maps_next(&model, model_end, &b);

	while ((in_a || in_b) && count < 16) {
		bool first = in_a && (!in_b || a.start <= b.start);
		bool second = in_b && (!in_a || b.start <= a.start);

		if (!first || !second || a.length != b.length ||
		    memcmp(a.line, b.line, a.length) != 0) {
			if (first)
				say(difference, "  kernel: %.*s\n", (int)a.length, a.line);
			if (second)
				say(difference, "  model : %.*s\n", (int)b.length, b.line);
			count++;
		}
		if (first)
			in_a = maps_next(&kernel, kernel_end, &a);
		if (second)
			in_b = maps_next(&model, model_end, &b);
	}
}

static void compare_maps(const struct vas_space *space, const struct record *record,
			 struct difference *difference)
{
	static struct buffer buffer;
	const struct vas_printer printer = { append, &buffer };
	const char *text = (const char *)(record + 1);
	size_t length = without_gate(text, record->maps_bytes);

	buffer.length = 0;
	vas_space_print(space, &printer);
	if (buffer.length == length && memcmp(buffer.text, text, length) == 0)
		return;
	say(difference, "the areas differ:\n");
	say_lines(difference, text, length, buffer.text, buffer.length);
}

/* => the areas themselves are equal. */
static void compare_flags(const struct vas_space *space, uint32_t kernel_version,
			  const struct record *record, struct difference *difference)
{
	const char *text = (const char *)(record + 1) + record->maps_bytes;
	const char *end = text + record->smaps_bytes;
	const uint64_t known = maps_known_flags(kernel_version);
	char kernel[FLAGS_TEXT], model[FLAGS_TEXT];
	const struct vas_area *area;
	struct maps_line line;

	while (maps_next(&text, end, &line)) {
		area = vas_find(space, line.start);
		if (!area || (area->flags & known) == line.flags)
			continue;
		say(difference, "the flags of %.*s differ:\n  kernel: %s\n  model : %s\n",
		    (int)line.length, line.line, maps_flags_text(line.flags, kernel),
		    maps_flags_text(area->flags & known, model));
	}
}

static void compare_counts(const struct vas_space *space, const struct record *record,
			   struct difference *difference)
{
	const char *text = (const char *)(record + 1) + record->maps_bytes + record->smaps_bytes;
	size_t length = record->status_bytes;
	struct vas_counts counts;
	size_t i;

	vas_space_count(space, &counts);
	const struct {
		const char *name;
		uint64_t kernel, model;
	} pairs[] = {
		{ "total", status_pages(text, length, "VmSize:"), counts.total },
		{ "locked", status_pages(text, length, "VmLck:"), counts.locked },
		{ "data", status_pages(text, length, "VmData:"), counts.data },
		{ "stack", status_pages(text, length, "VmStk:"), counts.stack },
		{ "exec",
		  status_pages(text, length, "VmExe:") + status_pages(text, length, "VmLib:"),
		  counts.exec },
	};

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pairs[i].kernel != pairs[i].model)
			say(difference,
			    "the %s pages differ: kernel %" PRIu64 ", model %" PRIu64 "\n",
			    pairs[i].name, pairs[i].kernel, pairs[i].model);
}

static void validate(struct model *model, struct vas_space *space, struct difference *difference)
{
	struct buffer buffer = { 0 };
	const struct vas_printer printer = { append, &buffer };

	if (!vas_space_validate(space, &printer) ||
	    !vas_anon_vma_chain_validate(model->chain, &printer))
		say(difference, "the model is broken: %.*s\n", (int)buffer.length,
		    buffer.text ? buffer.text : "");
	free(buffer.text);
}

static void compare_state(struct model *model, const struct record *record,
			  struct difference *difference)
{
	struct vas_space *space = model->spaces[record->call.process];

	if (record->maps_bytes)
		compare_maps(space, record, difference);
	if (record->smaps_bytes && !difference->found) {
		compare_flags(space, vas_space_settings(space)->kernel, record, difference);
		compare_counts(space, record, difference);
		validate(model, space, difference);
	}
}

static void compare_call(struct model *model, const struct record *record,
			 struct difference *difference, struct totals *totals)
{
	char kernel[RESULT_TEXT], ours[RESULT_TEXT];
	int64_t result = model_apply(model, record);

	totals->calls++;
	totals->per_op[record->call.op]++;
	totals->failed += record->result < 0 && record->result > -4096;
	totals->maps += record->maps_bytes != 0;
	totals->flags += record->smaps_bytes != 0;
	totals->forks += record->call.op == CALL_FORK;
	if (result != record->result)
		say(difference, "the results differ: kernel %s, model %s\n",
		    show_result(&record->call, record->result, kernel),
		    show_result(&record->call, result, ours));
	if (record->call.op != CALL_EXIT)
		compare_state(model, record, difference);
}

static void start(struct run *run, struct model *model, const struct record *record,
		  struct difference *difference)
{
	if (run->region->layout_error != 0)
		errx(2, "cannot move the brk area: error %d", -run->region->layout_error);
	model_start(model, run->region, record);
	compare_state(model, record, difference);
	if (difference->found)
		say(difference, "(before the first call)\n");
}

/* The call that it died of has no record. */
static void say_death(struct run *run, struct script *calls, struct difference *difference)
{
	const struct region *region = run->region;
	char text[CALL_TEXT];

	say(difference, "the subject died: status 0x%x, failure %d\n", run->status,
	    region->failure);
	if (region->recorded || region->current.op >= CALL_COUNT)
		return;
	say(difference, "in %s\n", script_call_text(&region->current, text));
	if (calls)
		script_add(calls, &region->current);
}

void compare_run(struct run *run, struct model *model, const struct task *task,
		 struct script *calls, struct difference *difference, struct totals *totals)
{
	const struct record *record;

	memset(difference, 0, sizeof(*difference));
	run_start(run, task);
	while (!difference->found && (record = run_next(run)) && record->kind != RECORD_DONE) {
		if (record->kind == RECORD_START) {
			start(run, model, record, difference);
			continue;
		}
		if (record->kind == RECORD_CHILD) {
			compare_state(model, record, difference);
			continue;
		}
		if (calls)
			script_add(calls, &record->call);
		compare_call(model, record, difference, totals);
		difference->at++;
	}
	if (!difference->found && !record)
		say_death(run, calls, difference);
	run_stop(run);
	model_stop(model);
}
