/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Nonlinear areas: remap_file_pages has made them show pages of their object in another order.
 *
 *	area      |0 1 2 3 4 5 6 7|      page by page
 *	shows      0 1 6 7 4 5 6 7
 *	runs      |0 1|6 7|4 5 6 7|      each linear, as long as can be
 *
 * Each run has a link of its own in the object's map, as if it were an area: so walks of every file
 * design find nonlinear mappings, and truncation finds all that it has to unmap, with no word about
 * them in a design. That is the second half of Bligh's proposal of sub-objects (2003), never built:
 * one sub-object for each linear region within the area, against the kernel's way from 2.6 to 3.19,
 * which kept such areas on a list of their own and looked at all of their entries, or in 2.5 followed
 * a chain of entries kept for each page.
 *
 * Where Linux had nothing but the entries to tell which page is where, here the runs do. All runs of
 * a space stand in one index, by address: splitting an area cuts one run at most, and nothing need be
 * handed over. When a page leaves memory its entry keeps the page's offset, as Linux's did
 * (VAS_ENTRY_FILE): the fault that wants it back need not ask the index; and validators compare the
 * two.
 *
 * Costs: O(log n) for each remap with n runs in the space, and for a fault. A run takes about half of
 * what an area does, and with it go the limit on the number of areas and the longer searches for
 * areas and gaps. But it is taken for each run, touched or not, where a chain of entries costs
 * nothing for what was never touched; an area of single pages, in no order at all, takes more bytes
 * for runs than for page tables. fork and mremap copy runs.
 *
 * Locks: runs change with the space's lock held alone, their links under the object's, which is let go
 * after every BATCH of them. Meanwhile a range that is changed may have no link: it has no entries
 * either, those went first and come back after the call. All around it links are there all the time.
 */

#include "machine.h"

#include "base/assert.h"
#include "base/print.h"

#include <string.h>

#define BATCH 64

struct machine_run {
	struct vas_range range;
	struct vas_file_link link;
	/* The file design's fields follow. */
};

static struct machine_run *run_of(struct vas_range *range)
{
	return (struct machine_run *)(void *)range;
}

static size_t run_bytes(const struct vas_machine *machine)
{
	return vas_index_link_bytes(NULL) + offsetof(struct machine_run, link) +
	       machine->memory.rmap.file->link_bytes;
}

/* The run at an address, or the next above it; NULL: none. */
static struct machine_run *run_at(const struct machine_space *in, uint64_t address)
{
	return in->runs == NULL ? NULL : run_of(vas_index_find_ge(in->runs, address));
}

static uint64_t page_of(const struct machine_run *run, uint64_t address)
{
	return run->link.first + ((address - run->range.start) >> VAS_PAGE_SHIFT);
}

uint64_t vas_run_page(const struct machine_space *in, const struct vas_area *area, uint64_t address,
		      uint64_t *end)
{
	const struct machine_run *run;

	if (end != NULL)
		*end = area->range.end;
	if (!machine_nonlinear(area))
		return machine_index_of(area, address);
	run = run_at(in, address);
	vas_assert(run != NULL && run->range.start <= address);
	if (end != NULL)
		*end = run->range.end;
	return page_of(run, address);
}

/* ---- One step each. => the object's lock ---- */

/* What all steps need to know. */
struct edit {
	struct machine_space *in;
	struct vas_area *area;
	struct vas_object *object;
	struct vas_pool *pool; /* of the space whose call it is */
};

static void lock(const struct edit *edit)
{
	vas_mutex_lock(&edit->object->lock, VAS_RANK_OBJECT);
}

static void unlock(const struct edit *edit)
{
	vas_mutex_unlock(&edit->object->lock, VAS_RANK_OBJECT);
}

static void insert(const struct edit *edit, uint64_t start, uint64_t end, uint64_t first)
{
	size_t bytes = run_bytes(edit->in->machine);
	unsigned char *block = vas_pool_take(edit->pool, bytes);
	struct machine_run *run;

	memset(block, 0, bytes);
	run = (struct machine_run *)(void *)(block + vas_index_link_bytes(NULL));
	run->range = (struct vas_range){ start, end };
	run->link.space = edit->in->space;
	run->link.start = start;
	run->link.first = first;
	run->link.last = first + ((end - start) >> VAS_PAGE_SHIFT) - 1;
	vas_index_insert(edit->in->runs, &run->range);
	vas_file_map_insert(edit->object->map, &run->link, edit->pool);
}

static void erase(const struct edit *edit, struct machine_run *run)
{
	vas_file_map_remove(edit->object->map, &run->link, edit->pool);
	vas_index_erase(edit->in->runs, &run->range);
	vas_pool_give(edit->pool, (unsigned char *)run - vas_index_link_bytes(NULL),
		      run_bytes(edit->in->machine));
}

static void resize(const struct edit *edit, struct machine_run *run, uint64_t start, uint64_t end,
		   uint64_t first)
{
	uint64_t last = first + ((end - start) >> VAS_PAGE_SHIFT) - 1;

	if (start != run->range.start || end != run->range.end)
		vas_index_resize(edit->in->runs, &run->range, start, end);
	vas_file_map_resize(edit->object->map, &run->link, first, last, start, edit->pool);
}

/* No run has `at` inside any more. */
static void cut(const struct edit *edit, uint64_t at)
{
	struct machine_run *run = run_at(edit->in, at);
	uint64_t end, first;

	if (run == NULL || run->range.start >= at)
		return;
	end = run->range.end;
	first = page_of(run, at);
	resize(edit, run, run->range.start, at, run->link.first);
	insert(edit, at, end, first);
}

/* The area's run that ends at `at` and goes on with page `first` there, or NULL. */
static struct machine_run *run_before(const struct edit *edit, uint64_t at, uint64_t first)
{
	struct machine_run *run = at > edit->area->range.start ? run_at(edit->in, at - 1) : NULL;

	return run != NULL && run->range.end == at && run->link.last + 1 == first ? run : NULL;
}

/* Makes one of the runs below and above `at`, if they are the area's and go on in order. */
static void join(const struct edit *edit, uint64_t at)
{
	struct machine_run *above = at < edit->area->range.end ? run_at(edit->in, at) : NULL;
	struct machine_run *below;
	uint64_t end;

	if (above == NULL || above->range.start != at)
		return;
	below = run_before(edit, at, above->link.first);
	if (below == NULL)
		return;
	end = above->range.end;
	erase(edit, above);
	resize(edit, below, below->range.start, end, below->link.first);
}

/* [start, end) has no run any more. What lies around it has one all the time, although the lock is
 * let go now and then. */
static void clear(const struct edit *edit, uint64_t start, uint64_t end)
{
	struct machine_run *run = run_at(edit->in, start);
	unsigned erased = 0;

	if (run != NULL && run->range.start < start) {
		uint64_t stop = run->range.end, first = page_of(run, end);

		resize(edit, run, run->range.start, start, run->link.first);
		if (stop > end)
			insert(edit, end, stop, first);
		run = run_at(edit->in, start);
	}
	for (; run != NULL && run->range.end <= end; run = run_at(edit->in, start)) {
		erase(edit, run);
		if (++erased % BATCH == 0) {
			unlock(edit);
			lock(edit);
		}
	}
	if (run != NULL && run->range.start < end)
		resize(edit, run, end, run->range.end, page_of(run, end));
}

/* [start, end) shows the pages from `first` on. */
static void set(const struct edit *edit, uint64_t start, uint64_t end, uint64_t first)
{
	struct machine_run *run = run_at(edit->in, start), *before;

	lock(edit);
	if (run != NULL && run->range.start == start && run->range.end == end) {
		resize(edit, run, start, end, first);
		join(edit, start);
	} else {
		clear(edit, start, end);
		before = run_before(edit, start, first);
		if (before != NULL)
			resize(edit, before, before->range.start, end, before->link.first);
		else
			insert(edit, start, end, first);
	}
	join(edit, end);
	unlock(edit);
}

/* ---- Operations ---- */

/* [start, end), without runs, shows what [from, ...) of `source` does. */
static void copy(const struct edit *edit, uint64_t start, uint64_t end,
		 const struct machine_space *source, uint64_t from)
{
	uint64_t at = start;

	while (at < end) {
		lock(edit);
		for (int i = 0; i < BATCH && at < end; i++) {
			uint64_t there = from + (at - start), stop;
			const struct machine_run *run = run_at(source, there);

			vas_assert(run != NULL && run->range.start <= there);
			stop = at + (run->range.end - there);
			if (stop > end)
				stop = end;
			insert(edit, at, stop, page_of(run, there));
			at = stop;
		}
		unlock(edit);
	}
}

/* From a link for the whole area to runs: one, at first. */
static void become_nonlinear(const struct edit *edit)
{
	struct machine_area *data = machine_area_of(edit->in, edit->area);

	if (!data->linked)
		return;
	lock(edit);
	vas_file_map_remove(edit->object->map, &data->link, edit->pool);
	data->linked = false;
	insert(edit, edit->area->range.start, edit->area->range.end, edit->area->offset);
	unlock(edit);
}

static void apply_move(const struct edit *edit, const struct vas_op *op)
{
	if (op->start >= op->end)
		return;
	lock(edit);
	clear(edit, op->start, op->end);
	unlock(edit);
	copy(edit, op->start, op->end, edit->in, op->from);
	lock(edit);
	join(edit, op->end);
	unlock(edit);
}

static void apply_reindex(const struct edit *edit, const struct vas_op *op)
{
	vas_zap(&edit->in->machine->memory, edit->in->pmap,
		(struct vas_range){ op->start, op->end }, ZAP_ALL, false);
	become_nonlinear(edit);
	set(edit, op->start, op->end, op->from);
}

void vas_apply_runs(struct machine_space *in, const struct vas_op *op)
{
	struct edit edit = { in, op->area, machine_object_of(op->area), &in->pool };

	if (!machine_nonlinear(op->area) || edit.object == NULL)
		return;
	switch (op->kind) {
	case VAS_OP_MAP:
		set(&edit, op->start, op->end, machine_index_of(op->area, op->start));
		break;
	case VAS_OP_SPLIT:
		lock(&edit);
		cut(&edit, op->start);
		unlock(&edit);
		break;
	case VAS_OP_MOVE:
		apply_move(&edit, op);
		break;
	case VAS_OP_FORK:
		edit.pool = &machine_space_of(op->other->space)->pool;
		copy(&edit, op->start, op->end, machine_space_of(op->other->space), op->start);
		break;
	case VAS_OP_FREE:
		lock(&edit);
		clear(&edit, op->start, op->end);
		unlock(&edit);
		break;
	case VAS_OP_REINDEX:
		apply_reindex(&edit, op);
		break;
	default:
		break;
	}
}

/* ---- Before a call ---- */

static size_t count_runs(const struct machine_space *in, uint64_t start, uint64_t end)
{
	struct vas_cursor cursor;
	struct vas_range *range;
	size_t count = 0;

	if (in->runs == NULL)
		return 0;
	vas_cursor_seek(&cursor, in->runs, start);
	while ((range = vas_cursor_next(&cursor)) != NULL && range->start < end)
		count++;
	return count;
}

/* Each clone is cut at one place, or grows by a run; what is shown anew is one, and cut out of another,
 * of an area that may have been linear. */
#define RUNS_EACH    2
#define RUNS_REINDEX 3

static size_t runs_needed(const struct machine_space *in, const struct vas_budget *budget)
{
	size_t count = budget->reindex ? RUNS_REINDEX : 0;

	for (size_t i = 0; i < budget->count; i++) {
		const struct vas_area *area = budget->areas[i];

		if (!machine_nonlinear(area))
			continue;
		count += budget->fork ? count_runs(in, area->range.start, area->range.end)
				      : RUNS_EACH;
	}
	if (budget->moved > 0)
		count += count_runs(in, budget->moved_from, budget->moved_from + budget->moved);
	return count;
}

int vas_runs_reserve(struct machine_space *in, const struct vas_budget *budget)
{
	struct machine_space *target = budget->fork ? in->child : in;
	size_t count = runs_needed(in, budget);
	int err = 0;

	if (count == 0)
		return 0;
	if (target->runs == NULL)
		err = vas_index_create(NULL, in->machine->allocator, &target->runs);
	if (err == 0)
		err = vas_index_reserve(target->runs, count);
	if (err == 0)
		err = vas_pool_reserve(&in->pool, run_bytes(in->machine), count);
	/* Each is put in, and changed once more. */
	return err != 0 ? err : vas_link_reserve(in, 2 * count);
}

/* ---- Figures ---- */

size_t vas_runs_bytes(const struct machine_space *in)
{
	size_t each = run_bytes(in->machine) - in->machine->memory.rmap.file->link_bytes +
		      sizeof(struct vas_file_link);

	if (in->runs == NULL)
		return 0;
	return vas_index_bytes(in->runs) + vas_index_count(in->runs) * each;
}

struct checking {
	const struct machine_space *in;
	const struct vas_printer *printer;
	bool good;
};

static bool broken(const struct checking *checking, const char *what, uint64_t address)
{
	vas_print(checking->printer, "MEMORY-8: %s at %llx\n", what, vas_ll(address));
	return false;
}

/* The runs of an area cover it, in order, and none could be one with the next. */
static bool check_area(const struct checking *checking, const struct vas_area *area, size_t *count)
{
	const struct machine_run *before = NULL, *run;
	uint64_t at = area->range.start;

	if (machine_area_of(checking->in, area)->linked)
		return broken(checking, "a nonlinear area has a link", at);
	while (at < area->range.end) {
		run = run_at(checking->in, at);
		if (run == NULL || run->range.start != at || run->range.end > area->range.end)
			return broken(checking, "runs do not cover the area", at);
		if (run->link.start != at || run->link.space != checking->in->space ||
		    run->link.last - run->link.first + 1 !=
			    vas_range_length(run->range) >> VAS_PAGE_SHIFT)
			return broken(checking, "a run's link differs from it", at);
		if (before != NULL && before->link.last + 1 == run->link.first)
			return broken(checking, "two runs go on in order", at);
		before = run;
		at = run->range.end;
		(*count)++;
	}
	return true;
}

static bool check_entry(void *data, uint64_t address, const struct vas_entry *entry)
{
	struct checking *checking = data;
	const struct machine_run *run = run_at(checking->in, address);
	uint64_t value = vas_entry_read(entry), page;
	uint32_t frame = vas_entry_maps(value);
	bool file = !vas_entry_present(value) && vas_entry_kind(value) == VAS_ENTRY_FILE;

	if (run == NULL || run->range.start > address) {
		if (file)
			checking->good = broken(checking, "an offset in a linear area", address);
		return checking->good;
	}
	page = page_of(run, address);
	if (file && vas_entry_payload(value) != page)
		checking->good = broken(checking, "an offset that is not the run's", address);
	if (frame != 0 &&
	    vas_frame_page(checking->in->machine->memory.frames, frame)->index != page)
		checking->good = broken(checking, "a page that is not the run's", address);
	return checking->good;
}

bool vas_runs_validate(const struct machine_space *in, const struct vas_printer *printer)
{
	struct checking checking = { in, printer, true };
	struct vas_walk walk;
	struct vas_area *area;
	size_t count = 0;

	vas_walk_start(&walk, in->space, 0);
	while ((area = vas_walk_next(&walk)) != NULL) {
		if (machine_nonlinear(area) && machine_object_of(area) != NULL &&
		    !check_area(&checking, area, &count))
			return false;
	}
	if (in->runs != NULL && vas_index_count(in->runs) != count)
		return broken(&checking, "runs outside of nonlinear areas", count);
	if (in->runs != NULL && !vas_index_validate(in->runs, printer))
		return false;
	vas_pmap_each(in->pmap, 0, UINT64_C(1) << 47, check_entry, &checking);
	return checking.good;
}
