/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * How much memory the processes of a trace hold, and share, as time goes by.
 *
 * A count looks at every page of every space that may be present, and writes down its frame:
 *
 *	frames   | space 0: 17 18 40 ...      | space 1: 17 18 55 ...     |
 *	seen     17: more than one    40: space 0    55: space 1
 *
 * From these come what each holds and how much of that others map too, and, for one space against
 * all others, how much it shares with each. Pages that may be present are known from what was
 * touched, populated, moved and forked: pages that are not are struck off when they are met.
 *
 * A count costs as many looks as there are pages. It is made each so many events, which double
 * when there are too many samples, and then every second sample is dropped: so they stay spread
 * over the trace, however long it is. Besides, each event pays in a few looks, and no count is made
 * before it is paid for: a trace of many processes that hold much is sampled less often. Right
 * after a fork and right before an end are the best moments to see what is shared.
 */

#include "timeline_inside.h"

#include <stdlib.h>
#include <string.h>

#include <vas/machine.h>

enum {
	FIRST_STEP = 16, /* events */
	EVENT_PAYS = 64, /* looks */
	FIRST_CREDIT = 1 << 22,
	SLOTS_A_LOOK = 8, /* empty places that cost as much as one look */
	MOST_SHARES = 1 << 17,
};

#define SEEN_BY_MANY UINT32_MAX

void timeline_memory_begin(struct timeline *timeline, uint32_t frames)
{
	struct timeline_sampler *sampler = &timeline->sampler;

	sampler->seen = calloc((size_t)frames + 1, sizeof(*sampler->seen));
	sampler->frame_count = sampler->seen == NULL ? 0 : frames + 1;
	sampler->credit = FIRST_CREDIT;
	sampler->step = FIRST_STEP;
	sampler->counted = TIMELINE_NONE;
}

void timeline_memory_end(struct timeline *timeline)
{
	free(timeline->sampler.seen);
	free(timeline->sampler.frames.list);
	free(timeline->sampler.samples.list);
}

/* ---- what may be present ---- */

void timeline_touched(struct timeline_space *in, uint64_t start, uint64_t end)
{
	for (uint64_t page = start >> VAS_PAGE_SHIFT; page < vas_page_up(end) >> VAS_PAGE_SHIFT;
	     page++)
		*(unsigned char *)page_map_make(&in->touched, page) = 1;
}

struct copying {
	struct timeline_space *to;
	uint64_t shift; /* pages */
};

static void copy_page(void *context, uint64_t page, void *record)
{
	const struct copying *copying = context;

	if (*(unsigned char *)record != 0)
		*(unsigned char *)page_map_make(&copying->to->touched, page + copying->shift) = 1;
}

static void copy_pages(const struct timeline_space *from, struct timeline_space *to, uint64_t start,
		       uint64_t end, uint64_t target)
{
	struct copying copying = { to, (target >> VAS_PAGE_SHIFT) - (start >> VAS_PAGE_SHIFT) };

	if (start < end)
		page_map_each(&from->touched, start >> VAS_PAGE_SHIFT, (end >> VAS_PAGE_SHIFT) - 1,
			      copy_page, &copying);
}

void timeline_memory_apply(struct timeline_space *in, const struct vas_op *op)
{
	switch (op->kind) {
	case VAS_OP_TOUCH:
		timeline_touched(in, op->start, op->end);
		break;
	case VAS_OP_MAP: /* of an area with pages in a snapshot the first is there */
		timeline_touched(in, op->start, op->start + VAS_PAGE_SIZE);
		break;
	case VAS_OP_MOVE:
		copy_pages(in, in, op->from, op->from + (op->end - op->start), op->start);
		break;
	case VAS_OP_FORK:
		copy_pages(timeline_space_of(op->other->space), in, op->area->range.start,
			   op->area->range.end, op->area->range.start);
		break;
	default:
		break;
	}
}

/* ---- a count ---- */

struct counting {
	struct timeline *timeline;
	struct timeline_space *in;
	uint64_t slots, looks;
};

static void count_page(void *context, uint64_t page, void *record)
{
	struct counting *counting = context;
	struct timeline_sampler *sampler = &counting->timeline->sampler;
	struct vas_view view;
	uint32_t *seen;

	counting->slots++;
	if (*(unsigned char *)record == 0)
		return;
	counting->looks++;
	vas_look(counting->in->space, page << VAS_PAGE_SHIFT, &view);
	if (!view.present && !view.swapped)
		*(unsigned char *)record = 0;
	if (!view.present || view.zero || view.frame >= sampler->frame_count)
		return;
	TIMELINE_ADD(&sampler->frames, view.frame);
	counting->in->count++;
	seen = &sampler->seen[view.frame];
	if (*seen == 0)
		*seen = counting->in->number;
	else if (*seen != counting->in->number)
		*seen = SEEN_BY_MANY;
}

static void forget_seen(struct timeline_sampler *sampler)
{
	for (size_t i = 0; i < sampler->frames.count; i++)
		sampler->seen[sampler->frames.list[i]] = 0;
}

static uint64_t count_shared(const struct timeline_sampler *sampler,
			     const struct timeline_space *in)
{
	uint64_t shared = 0;

	for (size_t i = 0; i < in->count; i++)
		if (sampler->seen[sampler->frames.list[in->first + i]] == SEEN_BY_MANY)
			shared++;
	return shared;
}

/* Every second sample goes. */
static void thin_out(struct timeline *timeline)
{
	struct timeline_sampler *sampler = &timeline->sampler;
	size_t rows = 0, kept = 0;

	for (size_t i = 0; i < sampler->samples.count; i += 2) {
		size_t first = sampler->samples.list[i];
		size_t end = i + 1 < sampler->samples.count ? sampler->samples.list[i + 1]
							    : timeline->memory.count;

		memmove(timeline->memory.list + rows, timeline->memory.list + first,
			(end - first) * sizeof(*timeline->memory.list));
		sampler->samples.list[kept++] = rows;
		rows += end - first;
	}
	sampler->samples.count = kept;
	timeline->memory.count = rows;
	sampler->step *= 2;
}

static void add_sample(struct timeline *timeline, uint32_t moment)
{
	struct timeline_sampler *sampler = &timeline->sampler;

	if (sampler->samples.count >= timeline->options.most_samples)
		thin_out(timeline);
	TIMELINE_ADD(&sampler->samples, timeline->memory.count);
	for (const struct timeline_space *in = timeline->spaces; in != NULL; in = in->next)
		if (in->owner != TIMELINE_NONE)
			TIMELINE_ADD(&timeline->memory,
				     (struct timeline_memory){ moment, in->owner, in->count,
							       count_shared(sampler, in) });
}

/* What was reclaimed would be missing: all has to be done again with more memory. */
static bool was_reclaimed(const struct timeline *timeline)
{
	struct vas_machine_counts counts;

	if (timeline->spaces == NULL || !timeline->may_try_again)
		return false;
	vas_machine_count(vas_space_machine(timeline->spaces->space), &counts);
	return counts.reclaimed > 0;
}

/* Counts the memory of all, for the present moment. */
static void count_all(struct timeline *timeline)
{
	struct timeline_sampler *sampler = &timeline->sampler;
	struct counting counting = { .timeline = timeline };
	uint32_t moment = timeline_now(timeline), number = 0;

	if (sampler->counted == moment)
		return;
	sampler->frames.count = 0;
	for (struct timeline_space *in = timeline->spaces; in != NULL; in = in->next) {
		in->number = ++number;
		in->first = sampler->frames.count;
		in->count = 0;
		counting.in = in;
		page_map_each(&in->touched, 0, PAGE_MAP_LAST, count_page, &counting);
	}
	add_sample(timeline, moment);
	forget_seen(sampler);
	timeline->crowded = timeline->crowded || was_reclaimed(timeline);
	sampler->counted = moment;
	sampler->since = 0;
	sampler->cost = counting.looks + counting.slots / SLOTS_A_LOOK;
	sampler->credit -= sampler->cost < sampler->credit ? sampler->cost : sampler->credit;
	if (timeline->options.sample != NULL)
		timeline->options.sample(timeline->options.context, timeline->interpreter, moment);
}

void timeline_memory_event(struct timeline *timeline)
{
	struct timeline_sampler *sampler = &timeline->sampler;

	sampler->credit += EVENT_PAYS;
	if (++sampler->since >= sampler->step && sampler->credit >= sampler->cost &&
	    timeline->moments.count > 0)
		count_all(timeline);
}

/* ---- sharing ---- */

static void add_share(struct timeline *timeline, uint32_t a, uint32_t b, uint64_t pages)
{
	if (timeline->sharing.count >= MOST_SHARES) {
		timeline->sharing_cut = true;
		return;
	}
	TIMELINE_ADD(&timeline->sharing,
		     (struct timeline_share){ a < b ? a : b, a < b ? b : a,
					      timeline->sampler.counted, pages });
}

/* How many of the frames of one space each other maps too. => counted. `later`: only those that
 * come after it. */
static void share_counted(struct timeline *timeline, const struct timeline_space *one, bool later)
{
	struct timeline_sampler *sampler = &timeline->sampler;
	const struct timeline_space *in = later ? one->next : timeline->spaces;

	for (size_t i = 0; i < one->count; i++)
		sampler->seen[sampler->frames.list[one->first + i]] = one->number;
	for (; in != NULL; in = in->next) {
		uint64_t pages = 0;

		for (size_t i = 0; in != one && i < in->count; i++) {
			uint32_t *seen = &sampler->seen[sampler->frames.list[in->first + i]];

			if (*seen == 0 || *seen == in->number)
				continue; /* not the one's, or mapped twice */
			*seen = in->number;
			pages++;
		}
		if (pages > 0 && in->owner != TIMELINE_NONE)
			add_share(timeline, one->owner, in->owner, pages);
		sampler->credit -= in->count / SLOTS_A_LOOK < sampler->credit
					   ? in->count / SLOTS_A_LOOK
					   : sampler->credit;
	}
	forget_seen(sampler);
}

void timeline_share(struct timeline *timeline, struct timeline_space *in)
{
	struct timeline_sampler *sampler = &timeline->sampler;

	if (sampler->credit < sampler->cost || sampler->frame_count == 0)
		return;
	count_all(timeline);
	if (in->owner != TIMELINE_NONE)
		share_counted(timeline, in, false);
}

static int compare_shares(const void *left, const void *right)
{
	const struct timeline_share *a = left, *b = right;

	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	if (a->b != b->b)
		return a->b < b->b ? -1 : 1;
	return a->moment < b->moment ? -1 : a->moment > b->moment;
}

/* Of each pair only the largest and the last stay. */
static void sum_up_shares(struct timeline *timeline)
{
	struct timeline_share *list = timeline->sharing.list;
	size_t count = timeline->sharing.count, kept = 0, first, next;

	if (count > 0)
		qsort(list, count, sizeof(*list), compare_shares);
	for (first = 0; first < count; first = next) {
		size_t largest = first;

		for (next = first;
		     next < count && list[next].a == list[first].a && list[next].b == list[first].b;
		     next++)
			if (list[next].pages > list[largest].pages)
				largest = next;
		if (largest != next - 1 && list[largest].pages > list[next - 1].pages)
			list[kept++] = list[largest];
		list[kept++] = list[next - 1];
	}
	timeline->sharing.count = kept;
}

void timeline_memory_last(struct timeline *timeline)
{
	if (timeline->moments.count > 0 && timeline->sampler.frame_count > 0) {
		count_all(timeline);
		for (struct timeline_space *in = timeline->spaces; in != NULL; in = in->next)
			if (in->owner != TIMELINE_NONE)
				share_counted(timeline, in, true);
	}
	sum_up_shares(timeline);
}
