/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Heads and links of anon-vma-chain: where they come from, who locks them, and the tree in which a
 * head keeps its links.
 *
 * A head's memory is never given back while the instance lives. A page that no entry maps any more
 * still names its head, and whoever is about to walk it (it waited for the page's lock) reads
 * head->root and takes that one's lock. By then the head may be free, or the head of others: the
 * walk finds no links, or links to places whose entries do not map the page. What must not happen
 * is that the lock named by a head changes under one who holds it: so `root` is changed with the
 * old lock held, and looked at again by whoever has got a lock.
 *
 * The tree is an interval tree, as Linux's (Michel Lespinasse, 2012), on the one that file maps
 * use: sorted by first page, each node with the largest last page below it, so that a walk passes
 * by links that do not cover the page it looks for.
 */

#include "anon_vma_chain.h"

#include "base/assert.h"

#include <string.h>

/* No way down a red-black tree of 2^48 nodes is longer. */
#define DEEPEST 100

/* The tree. */

static struct chain_link *of_node(const struct vas_red_black *node)
{
	return vas_container_of((uintptr_t)node, struct chain_link, node);
}

static bool update_max(struct vas_red_black *node)
{
	struct chain_link *link = of_node(node);
	uint64_t max = chain_last(link), old = link->max;

	if (node->left != NULL && of_node(node->left)->max > max)
		max = of_node(node->left)->max;
	if (node->right != NULL && of_node(node->right)->max > max)
		max = of_node(node->right)->max;
	link->max = max;
	return max != old;
}

static void copy_max(struct vas_red_black *to, const struct vas_red_black *from)
{
	of_node(to)->max = of_node(from)->max;
}

static const struct vas_red_black_figure figure = { update_max, copy_max };

/* Behind those with the same first page: they are older. */
static void insert(struct chain_head *head, struct chain_link *link)
{
	struct vas_red_black **place = &head->links, *parent = NULL;

	link->max = chain_last(link);
	while (*place != NULL) {
		parent = *place;
		if (of_node(parent)->max < link->max)
			of_node(parent)->max = link->max;
		place = link->first < of_node(parent)->first ? &parent->left : &parent->right;
	}
	vas_red_black_insert(&head->links, &link->node, parent, place, &figure);
}

struct stack {
	const struct vas_red_black *nodes[DEEPEST];
	unsigned count;
};

/* Pushes what may cover `index` in the subtree of `node`, down to its first one. */
static void push(struct stack *stack, const struct vas_red_black *node, uint64_t index)
{
	while (node != NULL && of_node(node)->max >= index) {
		if (of_node(node)->first <= index)
			stack->nodes[stack->count++] = node;
		node = node->left;
	}
}

void vas_chain_visit(const struct chain_head *head, uint64_t index, struct vas_anon_walk *walk)
{
	struct stack stack;

	stack.count = 0;
	push(&stack, head->links, index);
	while (stack.count > 0) {
		const struct vas_red_black *node = stack.nodes[--stack.count];
		const struct chain_link *link = of_node(node);
		const struct chain_area *of = link->of;

		walk->candidates++;
		if (chain_last(link) >= index &&
		    !walk->visit(walk->context, of->area->space,
				 of->start + ((index - of->first) << VAS_PAGE_SHIFT)))
			return;
		push(&stack, node->right, index);
	}
}

/* Memory. */

static void take_from_all(struct vas_anon_vma_chain *chain, struct chain_space *space, size_t count)
{
	vas_mutex_lock(&chain->lock, VAS_RANK_LEAF);
	while (space->spare_head_count < count && chain->free_heads != NULL) {
		struct chain_head *head = chain->free_heads;

		chain->free_heads = head->next_free;
		head->next_free = space->spare_heads;
		space->spare_heads = head;
		space->spare_head_count++;
	}
	vas_mutex_unlock(&chain->lock, VAS_RANK_LEAF);
}

static bool make_head(struct vas_anon_vma_chain *chain, struct chain_space *space)
{
	const struct vas_allocator *allocator = chain->allocator;
	struct chain_head *head =
		allocator->allocate(allocator->context, sizeof(*head), _Alignof(struct chain_head));

	if (head == NULL)
		return false;
	memset(head, 0, sizeof(*head));
	head->root = head;
	vas_mutex_lock(&chain->lock, VAS_RANK_LEAF);
	head->next_all = chain->heads;
	chain->heads = head;
	chain->made_count++;
	vas_mutex_unlock(&chain->lock, VAS_RANK_LEAF);
	head->next_free = space->spare_heads;
	space->spare_heads = head;
	space->spare_head_count++;
	return true;
}

static void note_spares(struct chain_space *space)
{
	__atomic_store_n(&space->spare_bytes, vas_pool_bytes(&space->pool), __ATOMIC_RELAXED);
}

int vas_chain_promise(struct vas_anon_vma_chain *chain, struct chain_space *space, size_t links,
		      size_t heads)
{
	int err = vas_pool_reserve(&space->pool, sizeof(struct chain_link), links);

	note_spares(space);
	if (err != 0)
		return err;
	space->promised_heads += heads;
	if (space->spare_head_count < space->promised_heads)
		take_from_all(chain, space, space->promised_heads);
	while (space->spare_head_count < space->promised_heads)
		if (!make_head(chain, space))
			return -VAS_ENOMEM;
	return 0;
}

void vas_chain_trim(struct vas_anon_vma_chain *chain, struct chain_space *space, size_t links,
		    size_t heads)
{
	vas_pool_trim(&space->pool, links);
	note_spares(space);
	space->promised_heads = 0;
	if (space->spare_head_count <= heads)
		return;
	vas_mutex_lock(&chain->lock, VAS_RANK_LEAF);
	while (space->spare_head_count > heads) {
		struct chain_head *head = space->spare_heads;

		space->spare_heads = head->next_free;
		space->spare_head_count--;
		head->next_free = chain->free_heads;
		chain->free_heads = head;
	}
	vas_mutex_unlock(&chain->lock, VAS_RANK_LEAF);
}

/* Locks. */

struct chain_head *vas_chain_lock(struct chain_head *head)
{
	for (;;) {
		struct chain_head *root = __atomic_load_n(&head->root, __ATOMIC_ACQUIRE);

		vas_mutex_lock(&root->lock, VAS_RANK_RMAP);
		if (__atomic_load_n(&head->root, __ATOMIC_RELAXED) == root)
			return root;
		vas_mutex_unlock(&root->lock, VAS_RANK_RMAP);
	}
}

void vas_chain_unlock(struct chain_head *root)
{
	vas_mutex_unlock(&root->lock, VAS_RANK_RMAP);
}

/* Heads. */

void vas_chain_plant(struct chain_space *space, struct chain_head *root)
{
	struct chain_head *head = space->spare_heads, *old;

	if (root == NULL)
		root = head;
	if (head->root == root)
		return;
	old = vas_chain_lock(head);
	__atomic_store_n(&head->root, root, __ATOMIC_RELEASE);
	vas_chain_unlock(old);
}

struct chain_head *vas_chain_new_head(struct vas_anon_vma_chain *chain, struct chain_space *space,
				      struct chain_head *parent)
{
	struct chain_head *head = space->spare_heads;

	vas_assert(space->promised_heads != 0);
	space->promised_heads--;
	space->spare_heads = head->next_free;
	space->spare_head_count--;
	vas_debug(head->id == 0 && head->links == NULL);
	vas_debug(head->root == (parent != NULL ? parent->root : head));
	head->parent = parent != NULL ? parent : head;
	head->parent->children++;
	vas_mutex_lock(&chain->lock, VAS_RANK_LEAF);
	head->id = ++chain->last_id;
	chain->head_count++;
	chain->inherited += parent != NULL;
	vas_mutex_unlock(&chain->lock, VAS_RANK_LEAF);
	return head;
}

/* To other heads that are free: they may be anyone's. */
static void free_heads(struct vas_anon_vma_chain *chain, struct chain_space *space,
		       struct chain_head *first, struct chain_head *last, size_t count)
{
	last->next_free = space->spare_heads;
	space->spare_heads = first;
	space->spare_head_count += count;
	vas_mutex_lock(&chain->lock, VAS_RANK_LEAF);
	chain->head_count -= count;
	vas_mutex_unlock(&chain->lock, VAS_RANK_LEAF);
}

/* Links. */

static void count_links(struct chain_space *space, size_t count)
{
	__atomic_store_n(&space->link_count, space->link_count + count, __ATOMIC_RELAXED);
}

struct chain_link *vas_chain_tie(struct chain_space *space, struct chain_area *area,
				 struct chain_head *head, struct chain_link **place)
{
	struct chain_link *link = vas_pool_take(&space->pool, sizeof(*link));

	link->first = area->first;
	link->head = head;
	link->of = area;
	link->older = *place;
	*place = link;
	insert(head, link);
	head->link_count++;
	area->links++;
	count_links(chain_space_of(area->area->space), 1);
	return link;
}

void vas_chain_cover(struct chain_area *mine, struct vas_area *area)
{
	vas_debug(mine->links == 0);
	mine->area = area;
	mine->start = area->range.start;
	mine->first = area->offset;
	mine->pages = vas_area_pages(area);
}

/* In each of the trees: where the link stands, or at least what is known about it. */
void vas_chain_follow(struct vas_area *area)
{
	struct chain_area *mine = chain_area_of(area);
	struct chain_head *root;
	bool stays = mine->first == area->offset;

	if (mine->links == 0 || (stays && mine->pages == vas_area_pages(area)))
		return;
	root = vas_chain_lock(mine->own);
	for (struct chain_link *link = mine->newest; !stays && link != NULL; link = link->older)
		vas_red_black_remove(&link->head->links, &link->node, &figure);
	mine->start = area->range.start;
	mine->first = area->offset;
	mine->pages = vas_area_pages(area);
	for (struct chain_link *link = mine->newest; link != NULL; link = link->older) {
		link->first = mine->first;
		if (stays)
			vas_red_black_propagate(&link->node, &figure);
		else
			insert(link->head, link);
	}
	vas_chain_unlock(root);
}

/* Descendants stand first in the chain and are tied to all their ancestors, so a parent outlives
 * its children. */
void vas_chain_untie(struct vas_anon_vma_chain *chain, struct vas_area *area)
{
	struct chain_space *space = chain_space_of(area->space);
	struct chain_area *mine = chain_area_of(area);
	struct chain_head *first = NULL, *last = NULL, *root;
	size_t count = 0;

	if (mine->own == NULL)
		return;
	root = vas_chain_lock(mine->own);
	mine->own->active--;
	for (struct chain_link *link = mine->newest, *older; link != NULL; link = older) {
		struct chain_head *head = link->head;

		older = link->older;
		vas_red_black_remove(&head->links, &link->node, &figure);
		vas_pool_give(&space->pool, link, sizeof(*link));
		if (--head->link_count != 0)
			continue;
		vas_debug(head->active == 0);
		head->parent->children--;
		head->id = 0;
		head->next_free = first;
		first = head;
		last = last == NULL ? head : last;
		count++;
	}
	vas_chain_unlock(root);
	count_links(space, 0 - mine->links);
	if (count != 0)
		free_heads(chain, space, first, last, count);
	*mine = (struct chain_area){ 0 };
}

void vas_chain_set_own(struct chain_area *area, struct chain_head *head)
{
	head->active++;
	__atomic_store_n(&area->own, head, __ATOMIC_RELEASE);
}
