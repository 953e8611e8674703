/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Looking at heads and links without changing them: figures, validator, printer. */

#include "anon_vma_chain.h"
#include "base/print.h"

static size_t read_figure(const size_t *figure)
{
	return __atomic_load_n(figure, __ATOMIC_RELAXED);
}

void vas_anon_vma_chain_count(struct vas_anon_vma_chain *chain,
			      struct vas_anon_vma_chain_stats *stats)
{
	uint64_t spare_heads;

	vas_mutex_lock(&chain->lock, VAS_RANK_LEAF);
	*stats = (struct vas_anon_vma_chain_stats){
		.heads = chain->head_count,
		.created = chain->last_id,
		.inherited = chain->inherited,
		.shared = chain->shared,
		.reused = chain->reused,
	};
	spare_heads = chain->made_count - chain->head_count;
	vas_list_for_each (at, &chain->spaces) {
		const struct chain_space *space = vas_container_of(at, struct chain_space, all);

		stats->links += read_figure(&space->link_count);
		stats->shared += read_figure(&space->shared);
		stats->reused += read_figure(&space->reused);
		stats->spare_bytes += read_figure(&space->spare_bytes);
	}
	vas_mutex_unlock(&chain->lock, VAS_RANK_LEAF);
	stats->bytes = stats->heads * sizeof(struct chain_head) +
		       stats->links * vas_pool_size(sizeof(struct chain_link));
	stats->spare_bytes += spare_heads * sizeof(struct chain_head);
}

void vas_anon_vma_chain_look(const struct vas_area *area, struct vas_anon_vma_chain_view *view)
{
	const struct chain_area *mine = chain_area_of(area);
	const struct chain_head *head = mine->own;

	*view = (struct vas_anon_vma_chain_view){ .links = mine->links };
	if (head == NULL)
		return;
	view->has_head = true;
	view->id = head->id;
	view->parent_id = head->parent->id;
	view->root_id = head->root->id;
	view->head_links = head->link_count;
	view->head_children = head->children;
	view->head_active = head->active;
}

const char *vas_heads_verdict_text(enum vas_heads_verdict verdict)
{
	switch (verdict) {
	case VAS_HEADS_AGREE:
		return "their anonymous pages may be kept together";
	case VAS_HEADS_DIFFER:
		return "each has anonymous pages of its own, made apart (different anon_vma)";
	case VAS_HEADS_INHERITED:
		return "one has pages from before a fork, the other has none yet";
	case VAS_HEADS_FRESH:
		return "only one has anonymous pages (kernels before 6.16 keep such areas apart)";
	}
	return "unknown";
}

/* One broken invariant: the first one found stops the check. */
#define broken(printer, ...) (vas_print(printer, __VA_ARGS__), false)

#define AREA_FORMAT "%llx-%llx"
#define AREA(area)  vas_ll((area)->range.start), vas_ll((area)->range.end)

static bool linked_to(const struct chain_area *mine, const struct chain_head *head)
{
	for (const struct chain_link *link = mine->newest; link != NULL; link = link->older)
		if (link->head == head)
			return true;
	return false;
}

/* Ancestors must stand behind their descendants: RMAP-6. */
static bool older_has(const struct chain_link *link, const struct chain_head *head)
{
	for (link = link->older; link != NULL; link = link->older)
		if (link->head == head)
			return true;
	return false;
}

static bool check_area(const struct vas_area *area, const struct vas_printer *printer)
{
	const struct chain_area *mine = chain_area_of(area);
	size_t links = 0;

	for (const struct chain_link *link = mine->newest; link != NULL; link = link->older) {
		struct chain_head *head = link->head;

		links++;
		if (link->of != mine || mine->area != area)
			return broken(printer,
				      "RMAP-1: a link of " AREA_FORMAT " names another area\n",
				      AREA(area));
		if (head->parent != head && !older_has(link, head->parent))
			return broken(
				printer,
				"RMAP-6: " AREA_FORMAT
				" is tied to head %llu but not, behind it, to its parent %llu\n",
				AREA(area), vas_ll(head->id), vas_ll(head->parent->id));
		if (head->root != head->parent->root)
			return broken(
				printer,
				"RMAP-6: head %llu and its parent %llu have different roots\n",
				vas_ll(head->id), vas_ll(head->parent->id));
		head->seen_links++;
	}
	if (links != 0 && (mine->start != area->range.start || mine->first != area->offset ||
			   mine->pages != vas_area_pages(area)))
		return broken(printer,
			      "RMAP-9: the links of " AREA_FORMAT " cover %llu pages from %llx\n",
			      AREA(area), vas_ll(mine->pages), vas_ll(mine->start));
	if (links != mine->links)
		return broken(printer, "RMAP-1: " AREA_FORMAT " counts %zu links, has %zu\n",
			      AREA(area), mine->links, links);
	if ((mine->own == NULL) != (links == 0))
		return broken(printer, "RMAP-2: " AREA_FORMAT " has %zu links and %s head\n",
			      AREA(area), links, mine->own == NULL ? "no" : "a");
	if (mine->own == NULL)
		return true;
	if (!linked_to(mine, mine->own))
		return broken(printer, "RMAP-2: " AREA_FORMAT " is not tied to its own head %llu\n",
			      AREA(area), vas_ll(mine->own->id));
	mine->own->seen_active++;
	return true;
}

/* The number of black nodes on each way down, or -1 after it said what is broken. */
static int check_tree(const struct chain_head *head, const struct vas_red_black *node,
		      size_t *links, const struct vas_printer *printer)
{
	const struct chain_link *link;
	uint64_t max;
	int left, right;

	if (node == NULL)
		return 0;
	link = vas_container_of((uintptr_t)node, struct chain_link, node);
	max = chain_last(link);
	left = check_tree(head, node->left, links, printer);
	right = left < 0 ? -1 : check_tree(head, node->right, links, printer);
	if (right < 0)
		return -1;
	++*links;
	if (link->head != head)
		return broken(printer, "RMAP-3: head %llu lists a link of another\n",
			      vas_ll(head->id)) -
		       1;
	for (int side = 0; side < 2; side++) {
		const struct vas_red_black *below = side == 0 ? node->left : node->right;
		const struct chain_link *other;

		if (below == NULL)
			continue;
		other = vas_container_of((uintptr_t)below, struct chain_link, node);
		max = other->max > max ? other->max : max;
		if (vas_red_black_parent(below) != node ||
		    (side == 0 ? other->first > link->first : other->first < link->first))
			return broken(printer, "RMAP-10: a link of head %llu is out of order\n",
				      vas_ll(head->id)) -
			       1;
	}
	if (link->first != link->of->first || link->max != max || left != right)
		return broken(printer, "RMAP-10: the tree of head %llu is wrong at page %llx\n",
			      vas_ll(head->id), vas_ll(link->first)) -
		       1;
	return left + !vas_red_black_is_red(node);
}

static bool check_head(const struct chain_head *head, const struct vas_printer *printer)
{
	size_t links = 0;

	if (check_tree(head, head->links, &links, printer) < 0)
		return false;
	if (links != head->link_count || links != head->seen_links)
		return broken(printer,
			      "RMAP-3: head %llu counts %zu links, lists %zu, "
			      "and the areas have %zu\n",
			      vas_ll(head->id), head->link_count, links, head->seen_links);
	if (links == 0)
		return broken(printer, "RMAP-7: head %llu has no links\n", vas_ll(head->id));
	if (head->active != head->seen_active)
		return broken(printer,
			      "RMAP-4: head %llu counts %zu areas of its own, "
			      "there are %zu\n",
			      vas_ll(head->id), head->active, head->seen_active);
	if (head->children != head->seen_children)
		return broken(printer, "RMAP-5: head %llu counts %zu children, has %zu\n",
			      vas_ll(head->id), head->children, head->seen_children);
	return true;
}

static bool check_space(const struct chain_space *mine, uint64_t *links,
			const struct vas_printer *printer)
{
	size_t heads = 0;

	for (const struct vas_area *area = vas_find_ge(mine->space, 0); area != NULL;
	     area = vas_area_next(area))
		if (!check_area(area, printer))
			return false;
	for (const struct chain_head *head = mine->spare_heads; head; head = head->next_free)
		heads++;
	if (heads != mine->spare_head_count)
		return broken(printer, "RMAP-8: a space counts %zu spare heads, there are %zu\n",
			      mine->spare_head_count, heads);
	if (mine->promised_heads != 0)
		return broken(printer, "RMAP-8: %zu heads are promised between calls\n",
			      mine->promised_heads);
	*links += mine->link_count;
	return true;
}

static void start_counts(struct vas_anon_vma_chain *chain)
{
	for (struct chain_head *head = chain->heads; head != NULL; head = head->next_all) {
		head->seen_links = 0;
		head->seen_children = 0;
		head->seen_active = 0;
	}
	for (struct chain_head *head = chain->heads; head != NULL; head = head->next_all)
		if (head->id != 0)
			head->parent->seen_children++;
}

bool vas_anon_vma_chain_validate(struct vas_anon_vma_chain *chain,
				 const struct vas_printer *printer)
{
	uint64_t heads = 0, links = 0, counted = 0, made = 0;

	start_counts(chain);
	vas_list_for_each (at, &chain->spaces)
		if (!check_space(vas_container_of(at, struct chain_space, all), &counted, printer))
			return false;
	for (const struct chain_head *head = chain->heads; head != NULL; head = head->next_all) {
		made++;
		if (head->id == 0)
			continue;
		if (!check_head(head, printer))
			return false;
		heads++;
		links += head->link_count;
	}
	if (heads != chain->head_count || links != counted || made != chain->made_count)
		return broken(printer,
			      "RMAP-7: %llu heads and %llu links are counted, "
			      "there are %llu and %llu\n",
			      vas_ll(chain->head_count), vas_ll(counted), vas_ll(heads),
			      vas_ll(links));
	return true;
}

bool vas_chain_validate(void *instance, const struct vas_printer *printer)
{
	return vas_anon_vma_chain_validate(instance, printer);
}

static void print_head(const struct chain_head *head, const struct vas_printer *printer)
{
	vas_print(printer,
		  "head %llu parent %llu root %llu children %zu own %zu:", vas_ll(head->id),
		  vas_ll(head->parent->id), vas_ll(head->root->id), head->children, head->active);
	for (const struct vas_red_black *node = vas_red_black_first(head->links); node != NULL;
	     node = vas_red_black_next(node)) {
		const struct chain_link *link =
			vas_container_of((uintptr_t)node, struct chain_link, node);

		vas_print(printer, " " AREA_FORMAT "%s", AREA(link->of->area),
			  link->of->own == head ? "*" : "");
	}
	vas_print(printer, "\n");
}

/* Without memory to sort them in: looks for the next one again and again. */
void vas_anon_vma_chain_print(const struct vas_anon_vma_chain *chain,
			      const struct vas_printer *printer)
{
	const struct chain_head *next;
	uint64_t last = 0;

	do {
		next = NULL;
		for (const struct chain_head *head = chain->heads; head; head = head->next_all)
			if (head->id > last && (next == NULL || head->id < next->id))
				next = head;
		if (next != NULL) {
			print_head(next, printer);
			last = next->id;
		}
	} while (next != NULL);
}
