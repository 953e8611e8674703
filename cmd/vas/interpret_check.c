/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Comparing results, and getting the model in step with the kernel.
 *
 * In a space that is known from its beginning every result counts. In a partial one only what
 * follows from the call itself and from areas that the trace has shown:
 *
 *	kernel    model     counted as
 *	ok        ok        the same
 *	error     the same  the same
 *	error     ok        not compared: limits, file modes and unseen areas can refuse a call
 *	ok        error     a divergence, unless the error is one that hangs on such things
 */

#include "interpret_inside.h"

#include <stdlib.h>

const char *skip_reason_text(enum skip_reason reason)
{
	static const char *const texts[SKIP_REASONS] = {
		[SKIP_ADDRESS] = "addresses: where the kernel's searches begin is not known",
		[SKIP_ERROR] = "errors that hang on things which the trace does not tell",
		[SKIP_UNKNOWN_AREA] = "calls on areas that were made unseen",
		[SKIP_NO_RESULT] = "calls whose result is not in the trace",
		[SKIP_POLICY] = "calls that are not modelled",
		[SKIP_FOREIGN] = "calls of 32-bit processes",
		[SKIP_DRIVER] = "calls that a driver or a special file system refused",
	};

	return (unsigned)reason < SKIP_REASONS ? texts[reason] : "?";
}

/* ---- arguments ---- */

bool argument_exists(const struct call_context *context, unsigned index)
{
	return index < context->call->count;
}

static int bad_argument(const struct call_context *context, unsigned index, struct slice what)
{
	return interpret_fail(context->in, context->event, "%s: argument %u cannot be read: '%.*s'",
			      call_name(context->call->kind), index + 1, SLICE_ARGS(what));
}

int argument_number(const struct call_context *context, unsigned index, uint64_t *value)
{
	if (!argument_exists(context, index))
		return interpret_fail(context->in, context->event, "%s: argument %u is missing",
				      call_name(context->call->kind), index + 1);
	if (!value_number(context->call->arguments[index], value))
		return bad_argument(context, index, context->call->arguments[index]);
	return 0;
}

int argument_flags(const struct call_context *context, unsigned index, enum constant_set set,
		   uint64_t *value)
{
	struct slice unknown;

	if (!argument_exists(context, index))
		return argument_number(context, index, value);
	if (!value_flags(context->call->arguments[index], set, value, &unknown))
		return bad_argument(context, index, unknown);
	return 0;
}

/* ---- outcomes ---- */

bool kernel_succeeded(const struct call_context *context)
{
	return context->call->result == RESULT_VALUE;
}

void outcome_skip(const struct call_context *context, enum skip_reason reason)
{
	context->in->counts.skipped[reason]++;
}

/* "mmap(NULL, 4096, PROT_READ, ...)" */
static void call_text(const struct trace_call *call, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "%.*s(", SLICE_ARGS(call->name));

	for (unsigned i = 0; i < call->count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%.*s", i == 0 ? "" : ", ",
					 SLICE_ARGS(call->arguments[i]));
	if (used + 2 > size)
		snprintf(text + size - 5, 5, "...)");
	else
		snprintf(text + used, size - used, ")");
}

static void outcome_text(struct outcome outcome, bool address, char *text, size_t size)
{
	if (outcome.error != 0)
		snprintf(text, size, "-1 %s", vas_error_name(outcome.error));
	else if (address)
		snprintf(text, size, "%#llx", (unsigned long long)outcome.value);
	else
		snprintf(text, size, "%llu", (unsigned long long)outcome.value);
}

static bool returns_address(enum call_kind kind)
{
	return kind == CALL_MMAP || kind == CALL_MREMAP || kind == CALL_BRK || kind == CALL_SHMAT;
}

static void report(const struct call_context *context, struct outcome model, const char *reason)
{
	struct interpreter *in = context->in;
	char call[256], model_text[64], kernel_text[128];

	if (reason == NULL && model.error == VAS_ENOMEM && in->options.memory != NULL)
		reason = in->options.memory->full(in->options.memory_data);

	in->counts.divergences++;
	if (in->options.diverged == NULL)
		return;
	call_text(context->call, call, sizeof(call));
	outcome_text(model, returns_address(context->call->kind), model_text, sizeof(model_text));
	snprintf(kernel_text, sizeof(kernel_text), "%.*s", SLICE_ARGS(context->call->result_text));
	in->options.diverged(in->options.context, &(struct divergence){
							  .kind = DIVERGENCE_RESULT,
							  .file = context->event->file,
							  .line = context->event->line,
							  .pid = context->thread->tid,
							  .call = call,
							  .model = model_text,
							  .kernel = kernel_text,
							  .reason = reason,
						  });
}

/* Errors that hang on limits, files and neighbours which a partial space does not know. */
static bool uncertain(int error)
{
	return error == VAS_ENOMEM || error == VAS_EACCES || error == VAS_EPERM ||
	       error == VAS_EAGAIN || error == VAS_EEXIST || error == VAS_EBUSY ||
	       error == VAS_ENODEV || error == VAS_EFAULT;
}

bool outcome_check(const struct call_context *context, struct outcome model, const char *reason)
{
	const struct trace_call *call = context->call;
	bool same = kernel_succeeded(context) ? model.error == 0 && model.value == call->value
					      : model.error == call->error;

	if (!same && context->traced->partial &&
	    (!kernel_succeeded(context) || uncertain(model.error))) {
		outcome_skip(context, SKIP_ERROR);
		return false;
	}
	context->in->counts.results++;
	if (!same)
		report(context, model, reason);
	return same;
}

bool refused_by_driver(const struct call_context *context, uint64_t start, uint64_t length)
{
	struct vas_walk walk;
	struct vas_area *area;

	if (kernel_succeeded(context) || start + length < start)
		return false;
	vas_walk_start(&walk, context->space, start);
	while ((area = vas_walk_next(&walk)) != NULL && area->range.start < start + length) {
		const struct traced_file *traced = area->file == NULL ? NULL : area->file->data;

		if (traced == NULL || !traced->own_rules)
			continue;
		outcome_skip(context, SKIP_DRIVER);
		return true;
	}
	return false;
}

/* ---- what a partial space learns ---- */

static int learn_hole(const struct call_context *context, uint64_t start, uint64_t end)
{
	const struct vas_place place = {
		.range = { start, end },
		.flags = VAS_AREA_READ | VAS_AREA_WRITE | VAS_AREA_MAY_READ | VAS_AREA_MAY_WRITE |
			 VAS_AREA_MAY_EXEC,
		.offset = start >> VAS_PAGE_SHIFT,
		.name = "[unknown]",
	};
	int err = vas_place(context->space, &place);

	if (err == -VAS_ENOMEM)
		return interpret_no_memory(context->in, context->event);
	return 0;
}

int learn_areas(const struct call_context *context, uint64_t start, uint64_t end)
{
	uint64_t at = vas_page_down(start);
	bool learnt = false;

	if (!context->traced->partial || !kernel_succeeded(context))
		return 0;
	end = vas_page_up(end);
	if (end > vas_space_layout(context->space)->task_size)
		end = vas_space_layout(context->space)->task_size;
	while (at < end) {
		struct vas_area *area = vas_find_ge(context->space, at);
		uint64_t hole_end =
			area == NULL || area->range.start > end ? end : area->range.start;

		if (at < hole_end) {
			learnt = true;
			if (learn_hole(context, at, hole_end) < 0)
				return -1;
			at = hole_end;
		} else {
			at = area->range.end;
		}
	}
	if (learnt)
		outcome_skip(context, SKIP_UNKNOWN_AREA);
	return 0;
}

bool apply_begun(const struct call_context *context, uint64_t start, uint64_t end)
{
	const struct vas_range wanted = { start, end };
	struct thread *thread;
	size_t position = 0;
	bool any = false;

	while ((thread = process_table_next(context->in->table, &position)) != NULL) {
		struct begun_call *begun = &thread->begun;

		if (thread == context->thread || thread->process->space != context->traced ||
		    begun->kind != BEGUN_UNMAP || begun->applied ||
		    !vas_ranges_overlap(begun->range, wanted))
			continue;
		begun->applied = vas_unmap(context->space, begun->range.start,
					   vas_range_length(begun->range)) == 0;
		any = any || begun->applied;
	}
	return any;
}

/* ---- undoing ---- */

static int save_area(struct saved_areas *saved, const struct vas_area *area, struct vas_range part)
{
	struct saved_area *list = realloc(saved->list, (saved->count + 1) * sizeof(*list));
	struct saved_area *one;
	const char *name = vas_area_name(area);

	if (list == NULL)
		return -1;
	saved->list = list;
	one = &list[saved->count];
	*one = (struct saved_area){
		.place = {
			.range = part,
			.flags = area->flags,
			.offset = area->offset +
				  ((part.start - area->range.start) >> VAS_PAGE_SHIFT),
			.file = area->file,
		},
		.name = name[0] == '\0' ? NULL : strdup(name),
	};
	if (name[0] != '\0' && one->name == NULL)
		return -1;
	one->place.name = one->name;
	one->whole = area->range;
	if (area->file != NULL)
		vas_file_get(area->file);
	saved->count++;
	return 0;
}

int save_areas(const struct call_context *context, uint64_t start, uint64_t length,
	       struct saved_areas *saved)
{
	uint64_t end = vas_page_up(start + length);
	uint64_t task_size = vas_space_layout(context->space)->task_size;
	struct vas_walk walk;
	struct vas_area *area;

	*saved = (struct saved_areas){ 0 };
	start = vas_page_down(start);
	end = end > task_size ? task_size : end;
	if (kernel_succeeded(context) || length > task_size || end <= start)
		return 0;
	saved->range = (struct vas_range){ start, end };
	vas_walk_start(&walk, context->space, start);
	while ((area = vas_walk_next(&walk)) != NULL && area->range.start < end) {
		struct vas_range part = area->range;

		part.start = part.start < start ? start : part.start;
		part.end = part.end > end ? end : part.end;
		if (save_area(saved, area, part) < 0) {
			drop_saved(saved);
			return interpret_no_memory(context->in, context->event);
		}
	}
	return 0;
}

void drop_saved(struct saved_areas *saved)
{
	for (size_t i = 0; i < saved->count; i++) {
		if (saved->list[i].place.file != NULL)
			vas_file_put(saved->list[i].place.file);
		free(saved->list[i].name);
	}
	free(saved->list);
	*saved = (struct saved_areas){ 0 };
}

/* Are the areas what they were, boundaries included? Then the call was one that changes nothing. */
static bool unchanged(const struct call_context *context, const struct saved_areas *saved)
{
	struct vas_walk walk;
	struct vas_area *area;
	size_t count = 0;

	vas_walk_start(&walk, context->space, saved->range.start);
	while ((area = vas_walk_next(&walk)) != NULL && area->range.start < saved->range.end) {
		const struct saved_area *one;

		if (count == saved->count)
			return false;
		one = &saved->list[count++];
		if (area->range.start != one->whole.start || area->range.end != one->whole.end ||
		    area->flags != one->place.flags || area->file != one->place.file)
			return false;
	}
	return count == saved->count;
}

/* What cannot be put back (a sealed area, no memory) shows at the next snapshot. */
void restore_areas(const struct call_context *context, struct saved_areas *saved)
{
	struct vas_range range = saved->range;

	if (range.end > range.start && !unchanged(context, saved) &&
	    vas_unmap(context->space, range.start, vas_range_length(range)) == 0) {
		for (size_t i = 0; i < saved->count; i++)
			(void)!vas_place(context->space, &saved->list[i].place);
	}
	drop_saved(saved);
}
