/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* Looking at heads and links without changing them: figures, validator, printer. */

#include "anon_vma_chain.h"
#include "base/print.h"

void vas_anon_vma_chain_count(const struct vas_anon_vma_chain *chain,
			      struct vas_anon_vma_chain_stats *stats)
{
	*stats = (struct vas_anon_vma_chain_stats){
		.heads = chain->head_count,
		.links = chain->link_count,
		.bytes = chain->head_count * sizeof(struct chain_head) +
			 chain->link_count * sizeof(struct chain_link) + sizeof(*chain),
		.spare_bytes = chain->spare_head_count * sizeof(struct chain_head) +
			       chain->spare_link_count * sizeof(struct chain_link),
		.created = chain->created,
		.inherited = chain->inherited,
		.shared = chain->shared,
		.reused = chain->reused,
	};
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
		if (link->area != area)
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

static bool check_head(const struct chain_head *head, const struct vas_printer *printer)
{
	size_t links = 0;

	vas_list_for_each (at, &head->links) {
		const struct chain_link *link = vas_container_of(at, struct chain_link, at_head);

		links++;
		if (link->head != head)
			return broken(printer, "RMAP-3: head %llu lists a link of another\n",
				      vas_ll(head->id));
	}
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

static bool check_spares(const struct vas_anon_vma_chain *chain, const struct vas_printer *printer)
{
	size_t links = 0, heads = 0;

	for (const struct chain_link *link = chain->spare_links; link != NULL; link = link->older)
		links++;
	for (const struct chain_head *head = chain->spare_heads; head != NULL; head = head->parent)
		heads++;
	if (links != chain->spare_link_count || heads != chain->spare_head_count)
		return broken(printer,
			      "RMAP-8: %zu spare links and %zu spare heads are counted, "
			      "there are %zu and %zu\n",
			      chain->spare_link_count, chain->spare_head_count, links, heads);
	if (chain->promised_links != 0 || chain->promised_heads != 0)
		return broken(printer,
			      "RMAP-8: %zu links and %zu heads are promised between calls\n",
			      chain->promised_links, chain->promised_heads);
	return true;
}

static void start_counts(struct vas_anon_vma_chain *chain)
{
	vas_list_for_each (at, &chain->heads) {
		struct chain_head *head = vas_container_of(at, struct chain_head, all);

		head->seen_links = 0;
		head->seen_children = 0;
		head->seen_active = 0;
	}
	vas_list_for_each (at, &chain->heads)
		vas_container_of(at, struct chain_head, all)->parent->seen_children++;
}

bool vas_anon_vma_chain_validate(struct vas_anon_vma_chain *chain, struct vas_space *const *spaces,
				 size_t count, const struct vas_printer *printer)
{
	uint64_t heads = 0, links = 0;

	start_counts(chain);
	for (size_t i = 0; i < count; i++)
		for (const struct vas_area *area = vas_find_ge(spaces[i], 0); area != NULL;
		     area = vas_area_next(area))
			if (!check_area(area, printer))
				return false;
	vas_list_for_each (at, &chain->heads) {
		const struct chain_head *head = vas_container_of(at, struct chain_head, all);

		if (!check_head(head, printer))
			return false;
		heads++;
		links += head->link_count;
	}
	if (heads != chain->head_count || links != chain->link_count)
		return broken(printer,
			      "RMAP-7: %llu heads and %llu links are counted, "
			      "there are %llu and %llu\n",
			      vas_ll(chain->head_count), vas_ll(chain->link_count), vas_ll(heads),
			      vas_ll(links));
	return check_spares(chain, printer);
}

void vas_anon_vma_chain_print(const struct vas_anon_vma_chain *chain,
			      const struct vas_printer *printer)
{
	vas_list_for_each (at, &chain->heads) {
		const struct chain_head *head = vas_container_of(at, struct chain_head, all);

		vas_print(printer,
			  "head %llu parent %llu root %llu children %zu own %zu:", vas_ll(head->id),
			  vas_ll(head->parent->id), vas_ll(head->root->id), head->children,
			  head->active);
		vas_list_for_each (place, &head->links) {
			const struct chain_link *link =
				vas_container_of(place, struct chain_link, at_head);

			vas_print(printer, " " AREA_FORMAT "%s", AREA(link->area),
				  chain_area_of(link->area)->own == head ? "*" : "");
		}
		vas_print(printer, "\n");
	}
}
