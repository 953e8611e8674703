/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The walk of lineage: the places of a page in the spaces below its node. lineage.c tells why they
 * are all. A node's first children down to a leaf are a *line*: a space, and what it was between
 * its forks. The leaf comes first, then what hangs on the line, from its head down; so older spaces
 * come before younger ones mostly, and a parent before its children always. Here P forked A, B
 * and C:
 *
 *	      top
 *	     /   \
 *	    n     A		P, A, B, C
 *	   / \
 *	  n   B
 *	 / \
 *	P   C
 */

#include "lineage.h"

struct search {
	struct vas_anon_walk *walk;
	uint64_t index, number;
	uint32_t time;
	const struct lineage_node *top;
	/* The page is gone since then at that node, above all that is visited next. */
	uint32_t gone;
	const struct lineage_node *gone_at;
};

static bool visit_page(const struct search *search, const struct lineage_space *mine, uint64_t page)
{
	search->walk->candidates++;
	return search->walk->visit(search->walk->context, mine->node.space, page << VAS_PAGE_SHIFT);
}

/* The places in a space with moved parts, or of a page that was made in one. */
static bool visit_parts(const struct search *search, const struct lineage_space *mine,
			uint32_t gone)
{
	uint64_t number = search->number;
	uint32_t time = search->time;
	/* It was made in a part that had moved, and none has come home since. */
	bool stays = time % 2 != 0 && lineage_alone(mine, time);
	const struct lineage_moved *part = NULL;

	while (lineage_moved_reach(mine, number)) {
		part = vas_lineage_moved_find(mine, search->index, part);
		if (part == NULL)
			break;
		if ((stays && part->time != time) ||
		    (part->time > gone && part->time != LINEAGE_LAST_TIME))
			return true;
		if (!visit_page(search, mine, number - part->displacement))
			return false;
		if (lineage_alone(mine, part->time))
			return true;
	}
	return stays || gone != LINEAGE_NEVER || visit_page(search, mine, number);
}

/* The places in one space, of what is gone since `gone`. */
static bool visit_space(const struct search *search, const struct lineage_node *leaf, uint32_t gone)
{
	const struct lineage_space *mine = (const struct lineage_space *)(const void *)leaf;

	if (mine->moved != NULL || search->time % 2 != 0)
		return visit_parts(search, mine, gone);
	return gone != LINEAGE_NEVER || visit_page(search, mine, search->number);
}

/* Is the page gone at this node, or was it further up? */
static uint32_t gone_since(const struct search *search, const struct lineage_node *node,
			   uint32_t above)
{
	if (above != LINEAGE_NEVER || node->gone == NULL || node == search->top)
		return above;
	return vas_lineage_gone_since(node->gone, search->index);
}

/* What hangs first on this node of a line. */
static const struct lineage_node *enter(struct search *search, const struct lineage_node *node)
{
	if (search->gone == LINEAGE_NEVER) {
		search->gone = gone_since(search, node, LINEAGE_NEVER);
		search->gone_at = node;
	}
	return node->first->next;
}

static void leave(struct search *search, const struct lineage_node *node)
{
	if (search->gone_at == node)
		search->gone = LINEAGE_NEVER;
}

static const struct lineage_node *next_line(struct search *search, const struct lineage_node *head)
{
	const struct lineage_node *node = head;

	if (head->space == NULL)
		return enter(search, head);
	while (node != search->top) {
		leave(search, node);
		if (node->next != NULL)
			return node->next;
		node = node->parent;
		if (node->first->space == NULL)
			return enter(search, node->first);
		/* All that hangs on this line has been visited. */
		for (; node != search->top && node->parent->first == node; node = node->parent)
			leave(search, node);
	}
	return NULL;
}

/* All leaves below `top`. */
static void visit_below(const struct lineage_node *top, uint64_t index, struct vas_anon_walk *walk)
{
	struct search search = {
		.walk = walk,
		.index = index,
		.number = lineage_number(index),
		.time = lineage_time(index),
		.top = top,
		.gone = LINEAGE_NEVER,
	};

	for (const struct lineage_node *head = top; head != NULL; head = next_line(&search, head)) {
		const struct lineage_node *node = head;
		uint32_t gone = gone_since(&search, node, search.gone);

		while (node->space == NULL) {
			node = node->first;
			gone = gone_since(&search, node, gone);
		}
		if (!visit_space(&search, node, gone))
			return;
	}
}

void vas_lineage_walk(void *instance, struct vas_page *page, struct vas_anon_walk *walk)
{
	struct lineage_label *label = lineage_label_of(page->owner), *family;

	(void)instance;
	if (label == NULL)
		return;
	for (;;) {
		family = lineage_family_of(label);
		lineage_lock(family);
		if (family == lineage_family_of(label))
			break;
		lineage_unlock(family);
	}
	if (label->node != NULL)
		visit_below(label->node, page->index, walk);
	lineage_unlock(family);
}
