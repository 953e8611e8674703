/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The figures of lineage and its validator:
 *
 *	LINEAGE-1  parents and children name each other, as roots do; an inner node has two children or
 *	           more
 *	LINEAGE-2  a label lies with the node that it names, and both are of one family
 *	LINEAGE-3  a family's own label is its root's
 *	LINEAGE-4  what a space binds births to is a label of its leaf's or, if it does not count and
 *	           nothing is gone at the leaf, of a node above
 *	LINEAGE-5  a family has as many spaces as it counts, and fewer inner nodes
 *	LINEAGE-6  the trees of moved parts are in order and hold the same; each part lies in areas
 *	           and moved before now
 *	LINEAGE-7  a root has nothing gone
 *	LINEAGE-8  no more spaces have a family than there are
 */

#include "lineage.h"

#include "base/print.h"

void vas_lineage_count(void *instance, struct vas_anon_rmap_counts *counts)
{
	struct lineage *lineage = instance;
	size_t inner = __atomic_load_n(&lineage->inner_nodes, __ATOMIC_RELAXED);
	size_t moved = __atomic_load_n(&lineage->moved_parts, __ATOMIC_RELAXED);

	*counts = (struct vas_anon_rmap_counts){ 0 };
	vas_mutex_lock(&lineage->lock, VAS_RANK_LEAF);
	vas_lineage_tree_bury(lineage, SIZE_MAX);
	vas_record_store_count(&lineage->labels, counts);
	vas_record_store_count(&lineage->counted, counts);
	vas_mutex_unlock(&lineage->lock, VAS_RANK_LEAF);
	counts->records += inner + moved;
	counts->bytes += inner * sizeof(struct lineage_node) +
			 moved * sizeof(struct lineage_moved) +
			 __atomic_load_n(&lineage->gone_bytes, __ATOMIC_RELAXED);
	counts->spare_bytes += __atomic_load_n(&lineage->spare_parts, __ATOMIC_RELAXED) *
			       sizeof(struct lineage_moved);
}

void vas_lineage_print(void *instance, const struct vas_printer *printer)
{
	const struct lineage *lineage = instance;

	vas_print(printer, "forks that split a leaf: %llu, that added a sibling: %llu\n",
		  (unsigned long long)lineage->splits, (unsigned long long)lineage->siblings);
	vas_print(printer, "nodes that collapsed: %llu\n", (unsigned long long)lineage->collapses);
	vas_print(printer, "moves that renumbered: %llu, that displaced an area: %llu\n",
		  (unsigned long long)lineage->renumbered, (unsigned long long)lineage->displaced);
}

static bool broken(const struct vas_printer *printer, const char *id, const char *what)
{
	vas_print(printer, "%s: %s\n", id, what);
	return false;
}

static bool check_labels(const struct lineage_node *node, const struct lineage_label *family,
			 const struct vas_printer *printer)
{
	const struct lineage_label *label = node->labels;

	for (; label != NULL;
	     label = (const struct lineage_label *)(const void *)label->list.next) {
		if (label->node != node || lineage_family_of(label) != family)
			return broken(printer, "LINEAGE-2", "a label of another node or family");
		if (label == family && node->parent != NULL)
			return broken(printer, "LINEAGE-3", "a family's label below its root");
	}
	return true;
}

/* An inner node's. */
static bool check_children(const struct lineage_node *node, const struct vas_printer *printer)
{
	const struct lineage_node *prev = NULL;

	if (node->first == node->last)
		return broken(printer, "LINEAGE-1", "a node's number of children");
	for (const struct lineage_node *child = node->first; child; child = child->next) {
		if (child->parent != node || child->prev != prev)
			return broken(printer, "LINEAGE-1", "a child of another parent");
		prev = child;
	}
	if (node->last != prev)
		return broken(printer, "LINEAGE-1", "a last child that is not the last");
	return true;
}

/* Moved parts lie in private areas. */
static bool check_moved(const struct lineage_space *mine, const struct vas_printer *printer)
{
	const struct lineage_moved *moved = vas_lineage_moved_seek(mine, 0);
	size_t count;

	if (!vas_lineage_moved_check(mine, &count))
		return broken(printer, "LINEAGE-6", "moved parts out of order");
	for (; moved != NULL; moved = vas_lineage_moved_next(moved)) {
		uint64_t at = (moved->first - moved->displacement) << VAS_PAGE_SHIFT;
		uint64_t end = (moved->last - moved->displacement + 1) << VAS_PAGE_SHIFT;

		while (at < end) {
			const struct vas_area *area = vas_find(mine->node.space, at);

			if (area == NULL ||
			    (area->flags & (VAS_AREA_SHARED | VAS_AREA_MAY_SHARE)) != 0)
				return broken(printer, "LINEAGE-6", "a moved part in no area");
			at = area->range.end;
		}
	}
	return true;
}

/* May births of this leaf be bound to `current`? */
static bool may_bind(const struct lineage_node *leaf, const struct lineage_label *current)
{
	const struct lineage_node *node = leaf;

	if (current == NULL)
		return true;
	while (node != NULL && node != current->node)
		node = node->parent;
	return node == leaf || (node != NULL && !lineage_counts(current) && leaf->gone == NULL);
}

static bool check_space(const struct lineage_space *mine, const struct lineage_label *family,
			const struct vas_printer *printer)
{
	if (mine->node.family != family)
		return broken(printer, "LINEAGE-2", "a space of another family");
	if (!may_bind(&mine->node, mine->node.current))
		return broken(printer, "LINEAGE-4", "births are bound to another node");
	return check_moved(mine, printer);
}

static const struct lineage_label *family_below(const struct lineage_node *node)
{
	while (node->space == NULL)
		node = node->first;
	return node->family;
}

/* Adds the tree's spaces. */
static bool check_family(struct lineage_node *root, const struct vas_printer *printer,
			 size_t *spaces)
{
	const struct lineage_label *family = family_below(root);
	struct lineage_node *at = root;
	size_t leaves = 0, inner = 0;

	if (root->space == NULL && root->gone != NULL && root->gone->count != 0)
		return broken(printer, "LINEAGE-7", "a root has lost what it cannot have had");
	if (family == NULL || family->node != root)
		return broken(printer, "LINEAGE-3", "a family's label is not its root's");
	for (;;) {
		if (!check_labels(at, family, printer))
			return false;
		if (at->space == NULL) {
			inner++;
			if (!check_children(at, printer))
				return false;
			at = at->first;
			continue;
		}
		leaves++;
		if (!check_space(lineage_space_at(at), family, printer))
			return false;
		while (at != root && at->next == NULL)
			at = at->parent;
		if (at == root)
			break;
		at = at->next;
	}
	*spaces += leaves;
	return leaves == family->as.own.spaces && inner < leaves
		       ? true
		       : broken(printer, "LINEAGE-5", "a family counts its spaces wrongly");
}

bool vas_lineage_validate(void *instance, const struct vas_printer *printer)
{
	const struct lineage *lineage = instance;
	const struct lineage_node *prev = NULL;
	size_t spaces = 0;

	for (struct lineage_node *root = lineage->forest.first; root != NULL; root = root->next) {
		if (root->parent != NULL || root->prev != prev)
			return broken(printer, "LINEAGE-1", "a root among others'");
		prev = root;
		if (!check_family(root, printer, &spaces))
			return false;
	}
	return spaces <= lineage->spaces
		       ? true
		       : broken(printer, "LINEAGE-8", "spaces are counted wrongly");
}
