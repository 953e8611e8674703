/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The fork tree of lineage: how families, nodes and labels come and go. lineage.c tells why. */

#include "lineage.h"

#include "base/assert.h"

/* Dead labels that are looked at when a new one is wanted. */
#define BURY_AT_ONCE 4

/* Labels that do not count: for each space that lives; and so many at a leaf and the node above it.
 * A child may have more: mostly it goes before its parent does, and its label with it. */
#define UNCOUNTED_PER_SPACE 4
#define FEW_LABELS	    4
#define FEW_OF_CHILD	    5

/* Labels. */

void vas_lineage_tree_bury(struct lineage *lineage, size_t most)
{
	struct vas_record *rest = NULL, **end = &rest;

	for (; most > 0 && lineage->dead != NULL; most--) {
		struct lineage_label *label = (struct lineage_label *)(void *)lineage->dead;

		lineage->dead = label->list.next;
		if (__atomic_load_n(&label->as.pages, __ATOMIC_ACQUIRE) == 0) {
			vas_record_put(&lineage->counted, label);
		} else {
			*end = &label->list;
			end = &label->list.next;
		}
	}
	/* Those that are still named stand first again: few, and soon gone. */
	*end = lineage->dead;
	lineage->dead = rest;
}

static struct lineage_label *next_label(const struct lineage_label *label)
{
	return (struct lineage_label *)(void *)label->list.next;
}

/* A record of either kind. => lineage.lock */
static struct lineage_label *make_label(struct vas_record_store *store)
{
	bool fresh = store->dead == NULL;
	struct lineage_label *label = vas_record_make(store);

	/* A walk for a page of long ago may hold the lock of one that is used again. */
	if (label != NULL && fresh)
		*label = (struct lineage_label){ 0 };
	return label;
}

static void set_family(struct lineage_label *label, const struct lineage_label *family,
		       bool counted)
{
	__atomic_store_n(&label->family, (uintptr_t)family | (counted ? LINEAGE_COUNTED : 0),
			 __ATOMIC_RELEASE);
}

/* The first leaf below a node is the space's that forked there; others are its children's. */
static bool is_child(const struct lineage_node *leaf)
{
	return leaf->parent != NULL && leaf->parent->first != leaf;
}

/* Are there so few labels at the leaf and above that a new one need not count? */
static bool few_labels(const struct lineage_node *leaf)
{
	unsigned count = 0, few = is_child(leaf) ? FEW_OF_CHILD : FEW_LABELS;

	for (const struct lineage_node *node = leaf; node != NULL;
	     node = node == leaf ? leaf->parent : NULL) {
		const struct lineage_label *label = node->labels;

		for (; label != NULL; label = next_label(label))
			if (++count == few)
				return false;
	}
	return true;
}

/* A label of the node above, for births in one of its two leaves, in which nothing is gone. NULL:
 * there is none, or this is the child of one that had forked before. */
static struct lineage_label *borrow_label(const struct lineage_space *mine)
{
	const struct lineage_node *leaf = &mine->node, *parent = leaf->parent;
	struct lineage_label *label;

	if (parent == NULL || leaf->gone != NULL || parent->first->next != parent->last ||
	    parent->first->space == NULL || parent->last->space == NULL ||
	    (is_child(leaf) && !mine->eldest))
		return NULL;
	label = parent->labels;
	while (label != NULL && lineage_counts(label))
		label = next_label(label);
	return label;
}

/* For births in a leaf. NULL: no memory. */
static struct lineage_label *new_label(struct lineage *lineage, struct lineage_space *mine)
{
	struct lineage_node *node = &mine->node;
	bool counted = !few_labels(node);
	struct lineage_label *label = counted ? borrow_label(mine) : NULL;

	if (label != NULL)
		return label;
	vas_mutex_lock(&lineage->lock, VAS_RANK_LEAF);
	counted = counted ||
		  lineage->labels.live >=
			  UNCOUNTED_PER_SPACE *
				  (uint64_t)__atomic_load_n(&lineage->spaces, __ATOMIC_RELAXED);
	vas_lineage_tree_bury(lineage, BURY_AT_ONCE);
	label = make_label(counted ? &lineage->counted : &lineage->labels);
	vas_mutex_unlock(&lineage->lock, VAS_RANK_LEAF);
	if (label == NULL)
		return NULL;
	label->node = node;
	set_family(label, mine->node.family, counted);
	label->list.next = (struct vas_record *)(void *)node->labels;
	node->labels = label;
	return label;
}

/* The label's node is gone, or no page names the label. */
static void drop_label(struct lineage *lineage, struct lineage_label *label)
{
	label->node = NULL;
	vas_mutex_lock(&lineage->lock, VAS_RANK_LEAF);
	if (!lineage_counts(label)) {
		vas_record_put(&lineage->labels, label);
	} else if (__atomic_load_n(&label->as.pages, __ATOMIC_ACQUIRE) == 0) {
		vas_record_put(&lineage->counted, label);
	} else {
		label->list.next = lineage->dead;
		lineage->dead = &label->list;
	}
	vas_mutex_unlock(&lineage->lock, VAS_RANK_LEAF);
}

static bool is_used(const struct lineage_label *label)
{
	return !lineage_counts(label) || __atomic_load_n(&label->as.pages, __ATOMIC_ACQUIRE) != 0;
}

/*
 * Hands the labels of `from` to `to`, but for those that no page names.
 *  => nothing is being bound to labels of `from`: it is an inner node, or the leaf of a space whose
 *     lock is held alone.
 */
static void move_labels(struct lineage *lineage, struct lineage_node *to, struct lineage_node *from)
{
	struct lineage_label *label = from->labels, *next;

	from->labels = NULL;
	for (; label != NULL; label = next) {
		next = next_label(label);
		if (!is_used(label)) {
			drop_label(lineage, label);
			continue;
		}
		label->node = to;
		label->list.next = (struct vas_record *)(void *)to->labels;
		to->labels = label;
	}
}

/* The same for a leaf itself; says whether any page is bound to it. */
static bool sweep(struct lineage *lineage, struct lineage_space *mine)
{
	struct lineage_node all = { .labels = mine->node.labels };

	mine->node.labels = NULL;
	mine->node.current = NULL;
	move_labels(lineage, &mine->node, &all);
	return mine->node.labels != NULL;
}

/* Nodes. */

/* Makes it the last child of `above`. */
static void link_below(struct lineage_node *above, struct lineage_node *node)
{
	node->next = NULL;
	node->prev = above->last;
	if (above->last != NULL)
		above->last->next = node;
	else
		above->first = node;
	above->last = node;
}

static void unlink_below(struct lineage_node *above, struct lineage_node *node)
{
	if (node->prev != NULL)
		node->prev->next = node->next;
	else
		above->first = node->next;
	if (node->next != NULL)
		node->next->prev = node->prev;
	else
		above->last = node->prev;
	node->next = NULL;
	node->prev = NULL;
}

static void hang(struct lineage_node *node, struct lineage_node *parent)
{
	link_below(parent, node);
	node->parent = parent;
}

static void unhang(struct lineage_node *node)
{
	unlink_below(node->parent, node);
	node->parent = NULL;
}

/* Puts `node` where `old` hangs. */
static void replace(struct lineage *lineage, struct lineage_node *old, struct lineage_node *node)
{
	bool root = old->parent == NULL;
	struct lineage_node *above = root ? &lineage->forest : old->parent;

	if (root)
		vas_mutex_lock(&lineage->lock, VAS_RANK_LEAF);
	node->parent = old->parent;
	node->next = old->next;
	node->prev = old->prev;
	if (node->prev != NULL)
		node->prev->next = node;
	else
		above->first = node;
	if (node->next != NULL)
		node->next->prev = node;
	else
		above->last = node;
	if (root)
		vas_mutex_unlock(&lineage->lock, VAS_RANK_LEAF);
}

static struct lineage_node *new_inner(struct lineage *lineage)
{
	struct lineage_node *inner = lineage->allocator->allocate(
		lineage->allocator->context, sizeof(*inner), _Alignof(struct lineage_node));

	if (inner == NULL)
		return NULL;
	*inner = (struct lineage_node){ 0 };
	__atomic_fetch_add(&lineage->inner_nodes, 1, __ATOMIC_RELAXED);
	return inner;
}

static void free_inner(struct lineage *lineage, struct lineage_node *inner)
{
	vas_lineage_gone_free(lineage, inner);
	__atomic_fetch_sub(&lineage->inner_nodes, 1, __ATOMIC_RELAXED);
	lineage->allocator->release(lineage->allocator->context, inner, sizeof(*inner));
}

/*
 * An inner node with one child is nobody but that child.
 *
 *	    n {1, 2}
 *	    |            ->    c {1, 2, 3}
 *	    c {3}
 */
static void collapse(struct lineage *lineage, struct lineage_node *inner)
{
	struct lineage_node *child = inner->first;
	struct lineage_space *mine;

	unhang(child);
	replace(lineage, inner, child);
	move_labels(lineage, child, inner);
	vas_lineage_gone_add_all(lineage, child, inner->gone);
	if (child->parent == NULL)
		vas_lineage_gone_free(lineage, child);
	free_inner(lineage, inner);
	__atomic_fetch_add(&lineage->collapses, 1, __ATOMIC_RELAXED);
	if (child->space == NULL)
		return;
	/* Births go on under a label that does not count, if there is one. */
	mine = lineage_space_at(child);
	for (struct lineage_label *label = child->labels; label != NULL; label = next_label(label))
		if (mine->node.current == NULL ||
		    (lineage_counts(mine->node.current) && !lineage_counts(label)))
			__atomic_store_n(&mine->node.current, label, __ATOMIC_RELEASE);
}

/*
 * The parent's leaf becomes an inner node with two new leaves:
 *
 *	  p {1, 2}    ->    n {1, 2}
 *	                    |       |
 *	                    p {}    c {}
 */
static int split(struct lineage *lineage, struct lineage_space *parent, struct lineage_space *child)
{
	struct lineage_node *inner = new_inner(lineage), *leaf = &parent->node;

	if (inner == NULL)
		return -VAS_ENOMEM;
	replace(lineage, leaf, inner);
	move_labels(lineage, inner, leaf);
	inner->gone = leaf->gone;
	leaf->gone = NULL;
	hang(leaf, inner);
	hang(&child->node, inner);
	__atomic_fetch_add(&lineage->splits, 1, __ATOMIC_RELAXED);
	return 0;
}

int vas_lineage_tree_fork(struct lineage *lineage, struct lineage_space *parent,
			  struct lineage_space *child)
{
	struct lineage_label *family = parent->node.family;
	int err = 0;

	if (family == NULL)
		return 0; /* the parent has never had a page */
	lineage_lock(family);
	if (sweep(lineage, parent)) {
		err = split(lineage, parent, child);
		/* The labels are all in use; any may go on. */
		if (err != 0)
			parent->node.current = parent->node.labels;
	} else {
		hang(&child->node, parent->node.parent);
		vas_lineage_gone_add_all(lineage, &child->node, parent->node.gone);
		__atomic_fetch_add(&lineage->siblings, 1, __ATOMIC_RELAXED);
	}
	if (err == 0) {
		child->node.family = family;
		lineage_set_spaces(family, family->as.own.spaces + 1);
		child->eldest = !parent->forked;
		parent->forked = true;
		/* So its first page mostly need not ask. */
		if (!few_labels(&child->node))
			child->node.current = borrow_label(child);
	}
	lineage_unlock(family);
	return err;
}

void vas_lineage_tree_leave(struct lineage *lineage, struct lineage_space *mine)
{
	struct lineage_label *family = mine->node.family, *label, *next;
	struct lineage_node *leaf = &mine->node, *parent = leaf->parent;

	if (family == NULL)
		return;
	lineage_lock(family);
	mine->node.current = NULL;
	for (label = leaf->labels; label != NULL; label = next) {
		next = next_label(label);
		if (label != family)
			drop_label(lineage, label);
	}
	leaf->labels = NULL;
	vas_lineage_gone_free(lineage, leaf);
	if (parent != NULL) {
		unhang(leaf);
		if (parent->first == parent->last)
			collapse(lineage, parent);
	}
	mine->node.family = NULL;
	mine->clock = 0;
	mine->came_home = 0;
	mine->forked = false;
	lineage_set_spaces(family, family->as.own.spaces - 1);
	if (family->as.own.spaces != 0) {
		lineage_unlock(family);
		return;
	}
	vas_assert(parent == NULL);
	family->node = NULL;
	/* Whoever waits for the lock now finds no node. */
	lineage_unlock(family);
	vas_mutex_lock(&lineage->lock, VAS_RANK_LEAF);
	unlink_below(&lineage->forest, leaf);
	vas_record_put(&lineage->labels, family);
	vas_mutex_unlock(&lineage->lock, VAS_RANK_LEAF);
}

/* The space's first page: it founds a family. */
static int found(struct lineage *lineage, struct lineage_space *mine)
{
	struct lineage_label *family;

	vas_mutex_lock(&lineage->lock, VAS_RANK_LEAF);
	family = mine->node.family;
	if (family == NULL) {
		family = make_label(&lineage->labels);
		if (family != NULL) {
			family->list.next = NULL;
			family->node = &mine->node;
			lineage_set_spaces(family, 1);
			set_family(family, family, false);
			mine->node.labels = family;
			link_below(&lineage->forest, &mine->node);
			__atomic_store_n(&mine->node.family, family, __ATOMIC_RELEASE);
			__atomic_store_n(&mine->node.current, family, __ATOMIC_RELEASE);
		}
	}
	vas_mutex_unlock(&lineage->lock, VAS_RANK_LEAF);
	return family != NULL ? 0 : -VAS_ENOMEM;
}

int vas_lineage_tree_prepare(struct lineage *lineage, struct lineage_space *mine)
{
	struct lineage_label *family, *label;

	family = __atomic_load_n(&mine->node.family, __ATOMIC_ACQUIRE);
	if (family == NULL)
		return found(lineage, mine);
	lineage_lock(family);
	label = mine->node.current;
	if (label == NULL) {
		label = new_label(lineage, mine);
		if (label != NULL)
			__atomic_store_n(&mine->node.current, label, __ATOMIC_RELEASE);
	}
	lineage_unlock(family);
	return label != NULL ? 0 : -VAS_ENOMEM;
}
