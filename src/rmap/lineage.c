/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * ESSAY
 */

#include "lineage.h"

#include "anon_designs.h"
#include "base/assert.h"

/* Records of moved areas that stay with a space between calls. */
#define SPARES_KEPT 16

static bool private_area(const struct vas_area *area)
{
	return (area->flags & (VAS_AREA_SHARED | VAS_AREA_MAY_SHARE)) == 0;
}

static void forget_call(struct lineage_space *mine)
{
	mine->fresh = NULL;
	mine->asked = NULL;
}

/* Is every page of the area this space's own? Asked of the machine once in a call. */
static bool held_alone(const struct lineage *lineage, struct lineage_space *mine,
		       const struct vas_area *area)
{
	if (!lineage_has_relatives(mine) && lineage->host.held_alone == NULL)
		return true;
	if (lineage->host.held_alone == NULL)
		return false;
	if (mine->asked != area) {
		mine->alone = lineage->host.held_alone(lineage->host.data, area);
		mine->asked = area;
	}
	return mine->alone;
}

/* What the file offset (or the like) of an area adds up to with the index of its pages: two areas
 * that continue each other by offset also do so by index, if these are equal. */
static uint64_t lie(const struct lineage_space *mine, const struct vas_area *area)
{
	return (area->range.start >> VAS_PAGE_SHIFT) - area->offset +
	       lineage_displacement(mine, area);
}

/* The listener. */

static int on_open(void *data, struct vas_space *space, struct vas_space *parent)
{
	struct lineage *lineage = data;
	struct lineage_space *mine = lineage_space_of(space);

	*mine = (struct lineage_space){ .node.space = space };
	if (parent != NULL) {
		struct lineage_space *from = lineage_space_of(parent);
		int err = lineage_tree_fork(lineage, from, mine);

		if (err != 0)
			return err;
		from->child = mine;
	}
	vas_mutex_lock(&lineage->lock, VAS_RANK_LEAF);
	vas_list_add_before(&lineage->spaces, &mine->all);
	vas_mutex_unlock(&lineage->lock, VAS_RANK_LEAF);
	return 0;
}

static void on_close(void *data, struct vas_space *space)
{
	struct lineage *lineage = data;
	struct lineage_space *mine = lineage_space_of(space);

	vas_assert(mine->moved == NULL);
	lineage_tree_leave(lineage, mine);
	lineage_moved_trim(lineage, mine, 0);
	vas_mutex_lock(&lineage->lock, VAS_RANK_LEAF);
	vas_list_remove(&mine->all);
	vas_mutex_unlock(&lineage->lock, VAS_RANK_LEAF);
}

/* Areas of which the child has nothing: not inherited, or wiped. */
static void leave_out(struct lineage *lineage, struct lineage_space *child,
		      const struct vas_area *area)
{
	if ((area->flags & (VAS_AREA_DONT_FORK | VAS_AREA_WIPE_ON_FORK)) == 0 ||
	    !private_area(area) || child->family == NULL)
		return;
	lineage_lock(child->family);
	lineage_gone_add(lineage, &child->node, area->range.start >> VAS_PAGE_SHIFT,
			 (area->range.end >> VAS_PAGE_SHIFT) - 1);
	lineage_unlock(child->family);
}

/*
 * The most that a call can use: a record for each clone of a displaced area, and, when something
 * may move, for each area that may be cloned: any of them may be what moves.
 */
static int on_reserve(void *data, struct vas_space *space, const struct vas_budget *budget)
{
	struct lineage *lineage = data;
	struct lineage_space *mine = lineage_space_of(space);
	size_t count = 0;

	mine->calling = true;
	if (budget->moved != 0)
		count = budget->count + 1;
	else if (mine->moved != NULL)
		for (size_t i = 0; i < budget->count; i++)
			count += *lineage_moved_of(budget->areas[i]) != NULL;
	if (count != 0 && !lineage_moved_reserve(lineage, mine, count)) {
		lineage_moved_trim(lineage, mine, SPARES_KEPT);
		return -VAS_ENOMEM;
	}
	if (budget->fork && mine->child != NULL)
		for (size_t i = 0; i < budget->count; i++)
			leave_out(lineage, mine->child, budget->areas[i]);
	return 0;
}

static void on_settle(void *data, struct vas_space *space)
{
	struct lineage_space *mine = lineage_space_of(space);

	mine->calling = false;
	mine->child = NULL;
	forget_call(mine);
	if (mine->promised != 0 || mine->spare_count > SPARES_KEPT)
		lineage_moved_trim(data, mine, SPARES_KEPT);
	if (mine->from != mine->from_end) {
		lineage_lock(mine->family);
		mine->from = mine->from_end = 0;
		lineage_unlock(mine->family);
	}
}

/* [start, end) of the area is mapped no more; what the space had from its ancestors is gone there.
 */
static void unmap(struct lineage *lineage, struct lineage_space *mine, const struct vas_op *op)
{
	if (!mine->calling || !lineage_has_relatives(mine) || !private_area(op->area))
		return;
	lineage_lock(mine->family);
	if (mine->node.parent != NULL)
		lineage_gone_add(lineage, &mine->node, op->start >> VAS_PAGE_SHIFT,
				 (op->end >> VAS_PAGE_SHIFT) - 1);
	lineage_unlock(mine->family);
}

static void pass_on(struct lineage *lineage, struct lineage_space *mine, const struct vas_op *op)
{
	const struct vas_area *area = op->area, *other = op->other;
	const struct lineage_moved *moved;

	lineage_lock(mine->family);
	switch (op->kind) {
	case VAS_OP_SPLIT:
		moved = *lineage_moved_of(area);
		if (moved == NULL)
			break;
		lineage_moved_add(lineage, mine, mine, other, op->start, op->end,
				  moved->displacement);
		lineage_moved_shrink(lineage, mine, area, op->start, op->end);
		break;
	case VAS_OP_MERGE:
		lineage_moved_extend(mine, area, op->start, op->end);
		lineage_moved_shrink(lineage, mine, other, op->start, op->end);
		break;
	case VAS_OP_MAP:
		lineage_moved_extend(mine, area, op->start, op->end);
		break;
	case VAS_OP_FREE:
		lineage_moved_remove(lineage, mine, area);
		break;
	default:
		break;
	}
	lineage_unlock(mine->family);
}

static void fork_area(struct lineage *lineage, const struct vas_op *op)
{
	struct lineage_space *parent = lineage_space_of(op->other->space);
	struct lineage_space *child = lineage_space_of(op->area->space);
	const struct lineage_moved *moved;

	if (parent->moved == NULL)
		return;
	moved = *lineage_moved_of(op->other);
	if (moved == NULL)
		return;
	lineage_lock(child->family);
	lineage_moved_add(lineage, child, parent, op->area, op->start, op->end,
			  moved->displacement);
	lineage_unlock(child->family);
}

/*
 * mremap. Pages that are held alone get the indexes of their new place, or of the area that they
 * have become a part of. Others keep theirs, and then the area at the new place is displaced, unless
 * it has come home.
 */
static void move(struct lineage *lineage, struct lineage_space *mine, const struct vas_op *op)
{
	const struct vas_area *area = op->area;
	uint64_t start = op->start >> VAS_PAGE_SHIFT, last = (op->end >> VAS_PAGE_SHIFT) - 1;
	uint64_t from = op->from >> VAS_PAGE_SHIFT;
	uint64_t kept = lineage_displacement(mine, op->other) + from - start;

	if (!private_area(area))
		return;
	lineage_lock(mine->family);
	if (area == mine->fresh && kept != 0) {
		if (held_alone(lineage, mine, op->other)) {
			__atomic_fetch_add(&lineage->renumbered, 1, __ATOMIC_RELAXED);
		} else {
			lineage_moved_add(lineage, mine, mine, area, area->range.start,
					  area->range.end, kept);
			__atomic_fetch_add(&lineage->displaced, 1, __ATOMIC_RELAXED);
		}
	}
	if (lineage_displacement(mine, area) == 0)
		for (struct lineage_node *node = &mine->node; node != NULL; node = node->parent)
			lineage_gone_remove(node, start, last);
	mine->from = from;
	mine->from_end = from + (last - start) + 1;
	lineage_unlock(mine->family);
	forget_call(mine);
}

static void on_apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	struct lineage *lineage = data;
	struct lineage_space *mine = lineage_space_of(space);

	switch (op->kind) {
	case VAS_OP_UNMAP:
		unmap(lineage, mine, op);
		break;
	case VAS_OP_MAP:
		if (op->start == op->area->range.start && op->end == op->area->range.end)
			mine->fresh = op->area;
		if (mine->moved != NULL)
			pass_on(lineage, mine, op);
		break;
	case VAS_OP_FREE:
		if (mine->moved != NULL)
			pass_on(lineage, mine, op);
		if (lineage_has_relatives(mine) && vas_find_ge(space, 0) == NULL)
			lineage_tree_leave(lineage, mine);
		break;
	case VAS_OP_SPLIT:
	case VAS_OP_MERGE:
		if (mine->moved != NULL)
			pass_on(lineage, mine, op);
		break;
	case VAS_OP_MOVE:
		move(lineage, mine, op);
		break;
	case VAS_OP_FORK:
		fork_area(lineage, op);
		break;
	default:
		break;
	}
}

static bool on_may_merge(void *data, const struct vas_area *target, const struct vas_area *source,
			 bool copied)
{
	struct lineage_space *mine = lineage_space_of(target->space);

	if (source == NULL || !private_area(target) || lie(mine, target) == lie(mine, source))
		return true;
	return copied && held_alone(data, mine, source);
}

static bool on_may_reindex(void *data, const struct vas_area *area)
{
	return held_alone(data, lineage_space_of(area->space), area);
}

const struct vas_listener lineage_listener = {
	.area_bytes = sizeof(struct lineage_moved *),
	.space_bytes = sizeof(struct lineage_space),
	.open = on_open,
	.close = on_close,
	.reserve = on_reserve,
	.settle = on_settle,
	.apply = on_apply,
	.may_merge = on_may_merge,
	.may_reindex = on_may_reindex,
};

/* Pages. */

static int prepare(void *instance, struct vas_area *area)
{
	struct lineage_space *mine = lineage_space_of(area->space);

	if (__builtin_expect(__atomic_load_n(&mine->current, __ATOMIC_ACQUIRE) != NULL, 1))
		return 0;
	return lineage_tree_prepare(instance, mine);
}

static void bind(void *instance, struct vas_page *page, struct vas_area *area, uint64_t address)
{
	struct lineage_space *mine = lineage_space_of(area->space);
	struct lineage_label *label = __atomic_load_n(&mine->current, __ATOMIC_ACQUIRE);

	(void)instance;
	lineage_hold(label);
	page->owner = label;
	page->index = (address >> VAS_PAGE_SHIFT) + lineage_displacement(mine, area);
}

/* Binds what names `*owner` to the space's own label, if it has one. */
static void adopt(const struct lineage_space *mine, void **owner)
{
	struct lineage_label *old = *owner;
	struct lineage_label *label = __atomic_load_n(&mine->current, __ATOMIC_ACQUIRE);

	if (label == NULL || label == old)
		return;
	lineage_hold(label);
	*owner = label;
	lineage_drop(old);
}

static void reuse(void *instance, struct vas_page *page, struct vas_area *area, uint64_t address)
{
	(void)instance;
	(void)address;
	adopt(lineage_space_of(area->space), &page->owner);
}

static void unbind(void *instance, struct vas_page *page)
{
	(void)instance;
	if (page->owner != NULL)
		lineage_drop(page->owner);
}

static void save(void *instance, struct vas_page *page, struct vas_binding *saved)
{
	(void)instance;
	*saved = (struct vas_binding){ page->owner, page->index };
	lineage_hold(page->owner);
}

static void restore(void *instance, struct vas_page *page, struct vas_area *area, uint64_t address,
		    bool alone, const struct vas_binding *saved)
{
	if (alone) {
		bind(instance, page, area, address);
		return;
	}
	page->owner = saved->owner;
	page->index = saved->index;
	lineage_hold(saved->owner);
}

static void forget(void *instance, struct vas_binding *saved)
{
	(void)instance;
	lineage_drop(saved->owner);
}

static bool follows(void *instance, const struct vas_op *op)
{
	const struct lineage_space *mine = lineage_space_of(op->area->space);

	(void)instance;
	return private_area(op->area) &&
	       (op->from >> VAS_PAGE_SHIFT) + lineage_displacement(mine, op->other) !=
		       (op->start >> VAS_PAGE_SHIFT) + lineage_displacement(mine, op->area);
}

static void moved(void *instance, struct vas_page *page, struct vas_binding *saved,
		  struct vas_area *area, uint64_t from, uint64_t to)
{
	const struct lineage_space *mine = lineage_space_of(area->space);
	uint64_t index = (to >> VAS_PAGE_SHIFT) + lineage_displacement(mine, area);

	(void)instance;
	(void)from;
	if (page != NULL) {
		adopt(mine, &page->owner);
		page->index = index;
	} else {
		adopt(mine, &saved->owner);
		saved->index = index;
	}
}

/* The walk. */

struct search {
	struct vas_anon_walk *walk;
	const struct lineage_space *mine;
	uint64_t index;
	bool leaving; /* only places that a move is taking pages away from, or only others */
};

static bool visit_page(void *context, uint64_t page)
{
	struct search *search = context;
	const struct lineage_space *mine = search->mine;

	if ((page - mine->from < mine->from_end - mine->from) != search->leaving)
		return true;
	if (page >= UINT64_C(1) << (64 - VAS_PAGE_SHIFT))
		return true;
	search->walk->candidates++;
	return search->walk->visit(search->walk->context, mine->node.space, page << VAS_PAGE_SHIFT);
}

/* The places in one space: the natural one unless it is known to be `gone`, and those in displaced
 * areas, which come first for pages of the space's own. */
static bool visit_places(struct search *search, bool gone, bool own)
{
	const struct lineage_space *mine = search->mine;

	if (!own && !gone && !visit_page(search, search->index))
		return false;
	if (mine->moved != NULL && !lineage_moved_each(mine, search->index, visit_page, search))
		return false;
	return !own || visit_page(search, search->index);
}

static bool visit_space(struct search *search, const struct lineage_node *leaf, bool gone, bool own)
{
	const struct lineage_space *mine = (const struct lineage_space *)(const void *)leaf;

	search->mine = mine;
	if (mine->from != mine->from_end) {
		search->leaving = true;
		if (!visit_places(search, gone, own))
			return false;
	}
	search->leaving = false;
	return visit_places(search, gone, own);
}

/* All leaves below `top`, a parent's own line before its children's. */
static void visit_below(const struct lineage_node *top, uint64_t index, struct vas_anon_walk *walk)
{
	struct search search = { .walk = walk, .index = index };
	const struct lineage_node *node = top, *gone = NULL;

	for (;;) {
		if (gone == NULL && node != top && lineage_gone_has(node->gone, index))
			gone = node;
		if (node->space != NULL && !visit_space(&search, node, gone != NULL, node == top))
			return;
		if (node->first != NULL) {
			node = node->first;
			continue;
		}
		while (node != top && node->next == NULL) {
			gone = gone == node ? NULL : gone;
			node = node->parent;
		}
		if (node == top)
			return;
		gone = gone == node ? NULL : gone;
		node = node->next;
	}
}

static void walk(void *instance, struct vas_page *page, struct vas_anon_walk *walk)
{
	struct lineage_label *label = page->owner, *family;

	(void)instance;
	if (label == NULL)
		return;
	for (;;) {
		family = __atomic_load_n(&label->family, __ATOMIC_ACQUIRE);
		lineage_lock(family);
		if (family == __atomic_load_n(&label->family, __ATOMIC_RELAXED))
			break;
		lineage_unlock(family);
	}
	if (label->node != NULL)
		visit_below(label->node, page->index, walk);
	lineage_unlock(family);
}

/* The instance. */

static int create(const struct vas_anon_rmap_config *config, void **instance)
{
	struct lineage *lineage;

	if (config->allocator == NULL)
		return -VAS_EINVAL;
	lineage = config->allocator->allocate(config->allocator->context, sizeof(*lineage),
					      _Alignof(struct lineage));
	if (lineage == NULL)
		return -VAS_ENOMEM;
	*lineage = (struct lineage){ .allocator = config->allocator, .host = config->host };
	vas_record_store_init(&lineage->labels, config->allocator, sizeof(struct lineage_label));
	vas_record_store_init(&lineage->families, config->allocator, sizeof(struct lineage_label));
	vas_list_init(&lineage->spaces);
	*instance = lineage;
	return 0;
}

static void destroy(void *instance)
{
	struct lineage *lineage = instance;

	if (lineage == NULL)
		return;
	vas_assert(vas_list_empty(&lineage->spaces));
	lineage_tree_bury(lineage, SIZE_MAX);
	vas_assert(lineage->dead == NULL && lineage->inner_nodes == 0);
	vas_record_store_finish(&lineage->labels);
	vas_record_store_finish(&lineage->families);
	lineage->allocator->release(lineage->allocator->context, lineage, sizeof(*lineage));
}

const struct vas_anon_rmap_design vas_lineage_design = {
	.name = "lineage",
	.source = "this library",
	.year = 2026,
	.listener = &lineage_listener,
	.create = create,
	.destroy = destroy,
	.prepare = prepare,
	.bind = bind,
	.reuse = reuse,
	.unbind = unbind,
	.save = save,
	.restore = restore,
	.forget = forget,
	.moved = moved,
	.follows = follows,
	.walk = walk,
	.count = lineage_count,
	.print = lineage_print,
	.validate = lineage_validate,
};
