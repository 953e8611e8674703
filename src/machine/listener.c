/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The machine as a listener: what the calls on a space do to its areas, done to page tables and to
 * the maps of objects. The anonymous reverse map is a listener of its own and hears of everything
 * first: new areas are known to it before they have entries, and entries are gone before an area is.
 * It may name a space to walkers until it has heard of its end; so a space's tables are there before
 * it hears of the space, and go after: they have a listener of their own, in front of all.
 *
 * A call takes the space's lock alone. What must not be done under it, since it needs frames or
 * waits for a disk, is remembered, and done when the call has let go: populating, and writing out.
 */

#include "machine.h"

#include "base/assert.h"

/* From now on others go through it: not before a fork has filled it. */
static void list_space(struct machine_space *in)
{
	struct vas_machine *machine = in->machine;

	vas_mutex_lock(&machine->lock, VAS_RANK_LEAF);
	vas_list_add_before(&machine->spaces, &in->all);
	in->listed = true;
	vas_mutex_unlock(&machine->lock, VAS_RANK_LEAF);
}

static int tables_open(void *data, struct vas_space *space, struct vas_space *parent)
{
	struct vas_machine *machine = data;
	struct machine_space *in = vas_space_data(space, &vas_machine_tables);
	int err;

	in->machine = machine;
	in->space = space;
	in->area_offset = vas_space_area_offset(space, &machine->listener);
	err = vas_pmap_create(machine->allocator, machine->memory.frames, space, machine->observer,
			      &in->pmap);
	if (err != 0) {
		if (parent != NULL)
			machine_space_of(parent)->wanted = 1;
		return err;
	}
	vas_pool_init(&in->pool, machine->allocator);
	space->home = in;
	return 0;
}

static void tables_close(void *data, struct vas_space *space)
{
	struct machine_space *in = machine_space_of(space);

	(void)data;
	vas_pmap_destroy(in->pmap);
	vas_index_destroy(in->runs);
	vas_pool_trim(&in->pool, 0);
	space->home = NULL;
}

const struct vas_listener vas_machine_tables = {
	.space_bytes = sizeof(struct machine_space),
	.open = tables_open,
	.close = tables_close,
};

static int machine_open(void *data, struct vas_space *space, struct vas_space *parent)
{
	struct machine_space *in = machine_space_of(space);

	(void)data;
	if (parent == NULL)
		list_space(in);
	else
		machine_space_of(parent)->child = in;
	return 0;
}

static void machine_close(void *data, struct vas_space *space)
{
	struct vas_machine *machine = data;
	struct machine_space *in = machine_space_of(space);
	unsigned rounds = 0;

	vas_mutex_lock(&machine->lock, VAS_RANK_LEAF);
	/* Who goes through the spaces is at this one: it wants to find the next. */
	while (in->pins != 0) {
		vas_mutex_unlock(&machine->lock, VAS_RANK_LEAF);
		vas_pause(&rounds);
		vas_mutex_lock(&machine->lock, VAS_RANK_LEAF);
	}
	if (in->listed)
		vas_list_remove(&in->all);
	vas_mutex_unlock(&machine->lock, VAS_RANK_LEAF);
}

static void machine_enter(void *data, struct vas_space *space)
{
	vas_shared_lock_write(&machine_space_of(space)->lock);
	(void)machine_note_peak(data);
}

/* What was remembered, out of reach of the next call. False: nothing, as by most calls. */
static bool take_later(struct machine_space *in, struct machine_later *later)
{
	if (in->later.populate_count == 0 && in->later.out.start == in->later.out.end)
		return false;
	*later = in->later;
	in->later = (struct machine_later){ 0 };
	return true;
}

/* => no lock is held. What the call is to return for it, or 0. */
static int do_later(struct machine_space *in, const struct machine_later *later)
{
	int err = 0;

	for (unsigned i = 0; i < later->populate_count && err == 0; i++)
		err = vas_populate_pages(in, &later->populate[i]);
	if (later->out.start < later->out.end)
		vas_age_pages(in, later->out, later->cold);
	return err;
}

static bool machine_leave(void *data, struct vas_space *space, int *err)
{
	struct vas_machine *machine = data;
	struct machine_space *in = machine_space_of(space);
	struct machine_later later;
	uint32_t wanted = in->wanted;
	unsigned tries = in->tries;
	bool again = *err == -VAS_ENOMEM && wanted > 0 && tries < MACHINE_TRIES;
	bool more = take_later(in, &later);

	if (in->refused != 0)
		*err = in->refused;
	in->refused = 0;
	in->wanted = 0;
	in->tries = again ? tries + 1 : 0;
	if (in->child != NULL && *err == 0) {
		list_space(in->child);
		__atomic_add_fetch(&machine->forks, 1, __ATOMIC_RELAXED);
	}
	in->child = NULL;
	vas_shared_unlock_write(&in->lock);
	if (again)
		return vas_make_frames(machine, wanted, &tries) == 0;
	if (more) {
		int told = do_later(in, &later);

		/* These pages lie below what stopped the call. */
		if (told != 0)
			*err = told;
	}
	return false;
}

/* Entries of a whole space, for designs that keep a record of each. */
static size_t count_entries(struct vas_pmap *pmap)
{
	uint64_t at = 0;
	size_t count = 0;

	while (vas_pmap_next(pmap, &at, UINT64_C(1) << 47)) {
		struct vas_entry entry;

		if (vas_pmap_find(pmap, at, &entry))
			count += (size_t)vas_page_mapcount(entry.table);
		at = (at | (TABLE_SPAN - 1)) + 1;
	}
	return count;
}

/* Only entries that are there move, and those of one table to two at most. */
static uint32_t tables_moved(const struct vas_pmap *pmap, uint64_t bytes)
{
	uint32_t worst = vas_pmap_worst(bytes), twice = 2 * vas_pmap_tables(pmap);

	return worst < twice ? worst : twice;
}

static int reserve_frames(struct machine_space *in, const struct vas_budget *budget)
{
	/* A fork's are for the child. */
	struct vas_pmap *pmap = budget->fork ? in->child->pmap : in->pmap;
	uint32_t tables = 0;

	if (budget->fork)
		tables = vas_pmap_tables(in->pmap);
	if (budget->moved > 0)
		tables += tables_moved(pmap, budget->moved);
	if (budget->guarded > 0)
		tables += vas_pmap_worst(budget->guarded);
	if (tables == 0)
		return 0;
	if (vas_pmap_reserve(pmap, tables) == 0)
		return 0;
	in->wanted = tables;
	return -VAS_ENOMEM;
}

/* Each clone of an area changes its object's map up to so many times in one call: it is split off,
 * grows, shrinks, and goes. */
#define CHANGES_EACH  4
#define CHANGES_FIXED 8

static int machine_reserve(void *data, struct vas_space *space, const struct vas_budget *budget)
{
	struct vas_machine *machine = data;
	struct machine_space *in = machine_space_of(space);
	int err = reserve_frames(in, budget);

	if (err == 0 && budget->moved > 0 && machine->memory.rmap.anon->copies_moved)
		err = vas_copies_reserve(in,
					 (struct vas_range){ budget->moved_from,
							     budget->moved_from + budget->moved });
	if (err == 0)
		err = vas_link_reserve(in, budget->count * CHANGES_EACH + CHANGES_FIXED);
	if (err == 0)
		err = vas_runs_reserve(in, budget);
	if (err == 0 && budget->fork && machine_chains(&machine->memory))
		err = vas_page_map_reserve(&machine->memory, &in->pool, count_entries(in->pmap));
	return err;
}

static void machine_settle(void *data, struct vas_space *space)
{
	struct machine_space *in = machine_space_of(space);

	(void)data;
	vas_pmap_settle(in->pmap);
	vas_copies_settle(in);
	vas_pool_trim(&in->pool, 8);
}

static void remember_touch(struct machine_space *in, const struct vas_op *op)
{
	struct machine_later *later = &in->later;
	unsigned count = later->populate_count;
	struct machine_populate *last = count == 0 ? NULL : &later->populate[count - 1];
	bool alike = last != NULL && last->range.end == op->start && last->write == op->write;

	if (op->start >= op->end)
		return;
	/* Calls go upwards. */
	if (alike || count == LATER_MAX) {
		last->range.end = op->end > last->range.end ? op->end : last->range.end;
		last->mixed |= !alike;
		last->write |= op->write;
		return;
	}
	later->populate[count] = (struct machine_populate){
		.range = { op->start, op->end },
		.write = op->write,
		.who = op->touch_for,
	};
	later->populate_count++;
}

static void apply_fork(struct machine_space *child, const struct vas_op *op)
{
	struct machine_space *parent = machine_space_of(op->other->space);
	struct machine_area *from = machine_area_of(parent, op->other);

	if (!child->linked)
		vas_link_all(child, &parent->pool, false);
	child->linked = true;
	if ((op->area->flags & VAS_AREA_WIPE_ON_FORK) != 0)
		return;
	machine_area_of(child, op->area)->has_private = from->has_private;
	if (from->has_private)
		vas_copy_entries(parent, child, op->other);
}

/* Who holds the other's pages now has held private ones if that one had. */
static void pass_private(struct machine_space *in, const struct vas_op *op)
{
	struct machine_area *area = machine_area_of(in, op->area);
	struct machine_area *other = machine_area_of(in, op->other);

	if (op->kind == VAS_OP_SPLIT)
		other->has_private |= area->has_private;
	else
		area->has_private |= other->has_private;
}

static void machine_apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	struct machine_space *in = machine_space_of(space);

	(void)data;
	vas_apply_runs(in, op);
	switch (op->kind) {
	case VAS_OP_UNMAP:
		vas_zap(&in->machine->memory, in->pmap, (struct vas_range){ op->start, op->end },
			ZAP_ALL, false);
		break;
	case VAS_OP_FREE:
		vas_link_area(in, op->area, &in->pool, true);
		vas_pmap_trim(in->pmap, op->start, op->end);
		return;
	case VAS_OP_FORK:
		apply_fork(in, op);
		return;
	case VAS_OP_SPLIT:
	case VAS_OP_MERGE:
	case VAS_OP_MOVE:
		pass_private(in, op);
		vas_link_area(in, op->other, &in->pool, false);
		if (op->kind == VAS_OP_MOVE)
			vas_move_entries(in, op);
		break;
	case VAS_OP_FLAGS:
		vas_protect_entries(in, op);
		break;
	case VAS_OP_TOUCH:
		remember_touch(in, op);
		return;
	case VAS_OP_ADVISE:
		vas_advise_entries(in, op);
		return;
	case VAS_OP_EMPTY:
		machine_area_of(in, op->area)->has_private = false;
		break;
	case VAS_OP_MAP:
	case VAS_OP_REINDEX:
		break;
	}
	vas_link_area(in, op->area, &in->pool, false);
}

/* Exit and exec: what all areas hold goes in one pass, and their links by object. */
static void machine_end(void *data, struct vas_space *space)
{
	const struct vas_range all = { 0, UINT64_C(1) << 47 };
	struct machine_space *in = machine_space_of(space);

	(void)data;
	vas_zap(&in->machine->memory, in->pmap, all, ZAP_ALL, false);
	vas_pmap_trim(in->pmap, all.start, all.end);
	vas_link_all(in, &in->pool, true);
}

static int machine_share(void *data, struct vas_space *space, uint64_t length,
			 struct vas_file **file)
{
	struct vas_machine *machine = data;
	struct vas_object_open open = {
		.size = length,
		.flags = VAS_FILE_READ | VAS_FILE_WRITE | VAS_FILE_SHARED_MEMORY,
		.minor = 1,
		.name = "/dev/zero (deleted)",
	};

	(void)space;
	open.inode = __atomic_add_fetch(&machine->next_inode, 1, __ATOMIC_RELAXED);
	return vas_object_open(machine, &open, file);
}

static bool machine_untouched(void *data, const struct vas_area *area)
{
	(void)data;
	return !machine_area_of(machine_space_of(area->space), area)->has_private;
}

const struct vas_listener vas_machine_listener = {
	.area_bytes = sizeof(struct machine_area),
	.open = machine_open,
	.close = machine_close,
	.enter = machine_enter,
	.leave = machine_leave,
	.end = machine_end,
	.share = machine_share,
	.reserve = machine_reserve,
	.settle = machine_settle,
	.apply = machine_apply,
	.untouched = machine_untouched,
};
