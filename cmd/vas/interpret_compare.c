/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Comparing a snapshot with the model.
 *
 * At level "exact" every area must be the same; at level "coverage" every page must be in an area
 * with the same permissions, file and offset, whatever the boundaries. Both are walks through the
 * two lists at once:
 *
 *	model     AAAAAAAA....BBBB
 *	kernel    aaaabbbb....cccc
 *	          ^ exact: A and a differ in their ends
 *	          ^   ^ coverage: pieces that no boundary cuts
 *
 * The inode of shared memory that has no name is not known before a snapshot shows it; the first
 * that does is believed.
 */

#include "interpret_inside.h"

#include <stdlib.h>

struct text {
	size_t length;
	char at[4400];
};

static void add_text(void *context, const char *piece, size_t length)
{
	struct text *text = context;
	size_t room = sizeof(text->at) - 1 - text->length;

	if (length > room)
		length = room;
	memcpy(text->at + text->length, piece, length);
	text->length += length;
	text->at[text->length] = '\0';
}

/* An area as a line of maps. */
static struct maps_line area_line(const struct vas_area *area, struct text *text)
{
	const struct vas_printer printer = { add_text, text };
	struct maps_line line;
	struct slice slice;

	text->length = 0;
	vas_area_print(area, &printer);
	slice = (struct slice){ text->at, text->length };
	if (slice_ends(slice, "\n"))
		slice.length--;
	if (mapsfile_parse(slice, &line) != NULL)
		line = (struct maps_line){ .range = area->range };
	return line;
}

static void line_text(const struct maps_line *line, char *text, size_t size)
{
	if (line == NULL) {
		snprintf(text, size, "no area there");
		return;
	}
	snprintf(text, size, "%llx-%llx %.4s %08llx %02x:%02x %llu%s%.*s",
		 (unsigned long long)line->range.start, (unsigned long long)line->range.end,
		 line->mode, (unsigned long long)line->offset, line->major, line->minor,
		 (unsigned long long)line->inode, line->name.length > 0 ? " " : "",
		 SLICE_ARGS(line->name));
}

/* Shared memory without a name: its inode is what the kernel shows first. */
static void learn_inode(struct vas_area *area, const struct maps_line *line)
{
	struct traced_file *traced;

	if (area->file == NULL || area->range.start != line->range.start)
		return;
	traced = area->file->data;
	if (traced == NULL || !traced->learn_inode)
		return;
	traced->file.major = line->major;
	traced->file.minor = line->minor;
	traced->file.inode = line->inode;
	traced->learn_inode = false;
}

static bool same_kind(const struct maps_line *a, const struct maps_line *b)
{
	return memcmp(a->mode, b->mode, 4) == 0 && a->major == b->major && a->minor == b->minor &&
	       a->inode == b->inode;
}

/* The offset at `address`; anonymous areas show 0 throughout. */
static uint64_t offset_at(const struct maps_line *line, uint64_t address)
{
	return mapsfile_has_file(line) ? line->offset + (address - line->range.start) : 0;
}

static struct slice without_deleted(struct slice name)
{
	if (slice_ends(name, " (deleted)"))
		name.length -= strlen(" (deleted)");
	return name;
}

/* A walk through both sides at once. */
struct comparison {
	struct interpreter *in;
	struct vas_walk walk;
	struct vas_area *area;
	struct maps_line model; /* of area */
	struct text text;
	size_t next; /* line */
	unsigned long different;
	bool names_differ;
	char model_text[512], kernel_text[512]; /* the first difference */
};

static void next_area(struct comparison *c)
{
	c->area = vas_walk_next(&c->walk);
	if (c->area == NULL)
		return;
	if (c->next < c->in->snapshot.count)
		learn_inode(c->area, &c->in->snapshot.lines[c->next]);
	c->model = area_line(c->area, &c->text);
}

static void differs(struct comparison *c, const struct maps_line *model,
		    const struct maps_line *kernel)
{
	if (c->different++ > 0)
		return;
	line_text(model, c->model_text, sizeof(c->model_text));
	line_text(kernel, c->kernel_text, sizeof(c->kernel_text));
}

static void compare_exact(struct comparison *c, const struct maps_line *line)
{
	learn_inode(c->area, line);
	c->model = area_line(c->area, &c->text);
	if (c->model.range.start != line->range.start || c->model.range.end != line->range.end ||
	    !same_kind(&c->model, line) || c->model.offset != line->offset)
		differs(c, &c->model, line);
	else if (!slice_same(without_deleted(c->model.name), without_deleted(line->name)))
		c->names_differ = true;
}

static void walk_exact(struct comparison *c)
{
	const struct snapshot *snapshot = &c->in->snapshot;

	while (c->area != NULL || c->next < snapshot->count) {
		const struct maps_line *line =
			c->next < snapshot->count ? &snapshot->lines[c->next] : NULL;

		if (line == NULL || (c->area != NULL && c->model.range.end <= line->range.start)) {
			differs(c, &c->model, NULL);
			next_area(c);
		} else if (c->area == NULL || line->range.end <= c->model.range.start) {
			differs(c, NULL, line);
			c->next++;
		} else {
			uint64_t end = line->range.end, model_end = c->model.range.end;

			compare_exact(c, line);
			if (end <= model_end)
				c->next++;
			if (model_end <= end)
				next_area(c);
		}
	}
}

static void walk_coverage(struct comparison *c)
{
	const struct snapshot *snapshot = &c->in->snapshot;
	uint64_t at = 0;

	while (c->area != NULL || c->next < snapshot->count) {
		const struct maps_line *line =
			c->next < snapshot->count ? &snapshot->lines[c->next] : NULL;
		const struct maps_line *model = c->area != NULL ? &c->model : NULL;
		uint64_t from = UINT64_MAX, model_from = UINT64_MAX;

		if (line != NULL)
			from = line->range.start > at ? line->range.start : at;
		if (model != NULL)
			model_from = model->range.start > at ? model->range.start : at;
		if (from < model_from) {
			differs(c, NULL, line);
			at = line->range.end < model_from ? line->range.end : model_from;
		} else if (model_from < from) {
			differs(c, model, NULL);
			at = model->range.end < from ? model->range.end : from;
		} else {
			learn_inode(c->area, line);
			c->model = area_line(c->area, &c->text);
			/* A private area of /dev/zero is numbered as its design of a reverse map
			 * likes it. */
			if (!same_kind(model, line) ||
			    (!vas_area_anonymous(c->area) &&
			     offset_at(model, from) != offset_at(line, from)))
				differs(c, model, line);
			at = line->range.end < model->range.end ? line->range.end
								: model->range.end;
		}
		if (line != NULL && line->range.end <= at)
			c->next++;
		if (model != NULL && model->range.end <= at)
			next_area(c);
	}
}

static void compare_with(struct comparison *c, struct interpreter *in, struct vas_space *space,
			 bool exact)
{
	memset(c, 0, sizeof(*c));
	c->in = in;
	vas_walk_start(&c->walk, space, 0);
	next_area(c);
	if (exact)
		walk_exact(c);
	else
		walk_coverage(c);
}

/* Why would the pages be the same, and the boundaries not? */
static const char *boundary_reason(const struct interpreter *in)
{
	if (in->counts.lost > 0)
		return "the same pages, cut differently; some touches of pages were lost, so whether "
		       "areas merge cannot be decided";
	if (!interpret_touches_known(in))
		return "the same pages, cut differently; which pages were touched is not all known, "
		       "so whether areas merge cannot be decided";
	return "the same pages, cut differently";
}

/*
 * No line tells when the last descriptor of a userfaultfd is closed, which ends what it watched:
 * areas that are watched here and not there show it.
 */
static void learn_closed(struct interpreter *in, struct vas_space *space)
{
	const struct snapshot *snapshot = &in->snapshot;
	struct vas_area *area;
	uint64_t at = 0;
	size_t next = 0;

	while ((area = vas_find_ge(space, at)) != NULL) {
		const struct vas_range range = area->range;
		const struct maps_line *line;

		at = range.end;
		if ((area->flags & VAS_AREA_USERFAULT) == 0)
			continue;
		while (next < snapshot->count && snapshot->lines[next].range.end <= range.start)
			next++;
		if (next == snapshot->count)
			return;
		line = &snapshot->lines[next];
		if (line->range.start > range.start || !line->has_words ||
		    (line->words & VAS_AREA_USERFAULT) != 0)
			continue;
		if (vas_userfault(space, range.start, vas_range_length(range), 0,
				  area->flags >> VAS_AREA_CONTEXT_SHIFT) == 0)
			in->counts.skipped[SKIP_ERROR]++;
	}
}

int interpret_compare(struct interpreter *in, const struct trace_event *event,
		      struct thread *thread)
{
	struct vas_space *space = thread->process->space->space;
	struct comparison *c = malloc(sizeof(*c));
	const char *reason = NULL;
	unsigned long different;
	char call[32];

	if (c == NULL)
		return interpret_no_memory(in, event);
	learn_closed(in, space);
	compare_with(c, in, space, in->options.level == COMPARE_EXACT);
	in->counts.snapshots++;
	in->counts.areas += in->snapshot.count;
	in->counts.notes += c->names_differ;
	different = c->different;
	if (different > 0 && in->options.level == COMPARE_EXACT) {
		struct comparison *coverage = malloc(sizeof(*coverage));

		if (coverage != NULL) {
			compare_with(coverage, in, space, false);
			if (coverage->different == 0)
				reason = boundary_reason(in);
		}
		free(coverage);
	}
	snprintf(call, sizeof(call), "snapshot at %s",
		 strcmp(in->snapshot.kind, "now") == 0 ? "this point" : in->snapshot.kind);
	if (different > 0) {
		in->counts.divergences++;
		if (in->options.diverged != NULL)
			in->options.diverged(in->options.context,
					     &(struct divergence){
						     .kind = DIVERGENCE_SNAPSHOT,
						     .file = event->file,
						     .line = in->snapshot.line,
						     .pid = thread->tid,
						     .call = call,
						     .model = c->model_text,
						     .kernel = c->kernel_text,
						     .reason = reason,
						     .more = different - 1,
					     });
	}
	free(c);
	return different > 0;
}
